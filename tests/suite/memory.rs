//! Device and host memory of emission spectra: as planned, within budgets, through refusals, over many spectra.

use photosphere::Backend;
use photosphere::atmosphere::PressureGrid;
use photosphere::cross_section::{CrossSections, Method, Settings};
use photosphere::gpu::{Ballast, Device, Limits, MemoryPolicy, Summary};
use photosphere::grid::{Grid, TemperatureRange};
use photosphere::host_memory::host_memory;
use photosphere::lines::{Line, LineList};
use photosphere::opacity::CiaTable;
use photosphere::spectrum::{Absorber, Model, SpectrumPlan, State};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::random_list::species;
use crate::reference::shared;

fn device() -> Device {
    Device::from_env().unwrap_or_else(|e| panic!("{e}\nRun scripts/test, which installs a software driver."))
}

/// Lines over the grid, from a seed.
fn list(rng: &mut StdRng, lines: usize, (lo, hi): (f64, f64)) -> LineList {
    let mass = rng.random_range(2.0..60.0);
    let line = |rng: &mut StdRng| Line {
        wavenumber: rng.random_range(lo..hi),
        strength: 10f64.powf(rng.random_range(-26.0..-20.0)),
        lower_energy: rng.random_range(0.0..5000.0),
        gamma_ref: rng.random_range(0.03..0.1),
        temperature_exponent: rng.random_range(0.4..0.8),
        ..Line::default()
    };
    LineList::new(species(mass), (0..lines).map(|_| line(rng)).collect()).unwrap()
}

/// What a configuration is made of.
#[derive(Clone, Copy, Debug)]
struct Case {
    points: usize,
    layers: usize,
    species: usize,
    lines: usize,
    method: Method,
    continuum: bool,
}

fn model(case: &Case, seed: u64) -> Model {
    let mut rng = StdRng::seed_from_u64(seed);
    // Resolutions from 1e5 to 1e6, whatever the number of points.
    let lo = 2100.0;
    let hi = lo * (case.points as f64 / 10f64.powf(rng.random_range(5.0..6.0))).exp().min(1.5);
    let grid = Grid::new(lo, hi, case.points).unwrap();
    let pressure = PressureGrid::logarithmic(1e-6, 30.0, case.layers).unwrap();
    let absorbers: Vec<Absorber> = (0..case.species)
        .map(|i| {
            let list = list(&mut rng, case.lines, (lo, hi));
            Absorber { name: format!("species {i}"), molar_mass: list.species.molar_mass, lists: vec![list] }
        })
        .collect();
    let temperature_range = TemperatureRange::new(500.0, 1500.0).unwrap();
    let settings =
        Settings { tolerance: 1e-3, temperature_range, method: case.method, line_margin: 25.0, ..Settings::default() };
    let continua: Vec<CiaTable> = match shared().filter(|_| case.continuum) {
        Some(shared) => vec![CiaTable::read(shared.join("data/cia/H2-H2_Borysow.cia")).unwrap()],
        None => Vec::new(),
    };
    let model = Model::emission(grid, pressure).opacities(absorbers).opacities(continua);
    model.settings(settings).surface(true).build().unwrap()
}

fn state(_: &Model, case: &Case, warmer: f64) -> State {
    let layers = case.layers;
    let step = 700.0 / layers as f64;
    let temperature = (0..layers).map(|i| 600.0 + warmer + step * i as f64).collect();
    let state = State::new(temperature, vec![2500.0; layers], vec![2.3; layers]).with_surface(1400.0);
    let state = state.with_volume_ratio("H2", 0.85);
    (0..case.species).fold(state, |state, i| state.with_mass_ratio(format!("species {i}"), 1e-4))
}

/// Configurations of all kinds, small ones mostly.
fn cases() -> Vec<Case> {
    let mut rng = StdRng::seed_from_u64(2);
    let mut cases: Vec<Case> = (0..29)
        .map(|i| Case {
            points: 10f64.powf(rng.random_range(3.0..4.5)) as usize,
            layers: [2, 3, 7, 8, 9, 20, 33][i % 7],
            species: 1 + i % 4,
            lines: [1, 30, 300, 1500][rng.random_range(0..4)],
            method: if i % 3 == 2 { Method::Density } else { Method::Lines },
            continuum: i % 2 == 0,
        })
        .collect();
    let lines = |points, layers, species, continuum| Case {
        points,
        layers,
        species,
        lines: 100,
        method: Method::Lines,
        continuum,
    };
    cases.push(lines(1_000, 300, 1, false));
    cases.push(lines(200_000, 100, 2, true));
    cases.push(lines(2_000_000, 12, 1, true));
    cases
}

/// What must hold of any plan: no two live buffers share a slot, and the peak is the sum of the slots and staging buffers.
fn is_sound(plan: &Summary) {
    let sum = plan.slots.iter().sum::<u64>() + plan.params_bytes + plan.upload_bytes + plan.readback_bytes;
    assert_eq!(plan.peak_bytes, sum);
    for (i, a) in plan.buffers.iter().enumerate() {
        assert!(a.lives.is_empty() || plan.slots[a.slot] >= a.bytes, "{}", a.name);
        for b in plan.buffers[..i].iter().filter(|b| b.slot == a.slot) {
            let meet = a.lives.iter().any(|x| b.lives.iter().any(|y| x.0 <= y.1 && y.0 <= x.1));
            assert!(!meet, "`{}` and `{}` share slot {}", a.name, b.name, a.slot);
        }
    }
    let live = plan.stages.iter().map(|s| s.live_bytes).max().unwrap_or(0);
    assert!(live <= plan.slots.iter().sum::<u64>());
}

/// Planned, on the ledger, and by the driver's counter.
fn agree(device: &Device, before: u64, plan: &SpectrumPlan, what: &str) {
    assert_eq!(device.ledger().current(), plan.memory.peak_bytes, "{what}");
    if device.info().backend == "vulkan" {
        assert_eq!(device.counted_bytes() - before, plan.memory.peak_bytes, "{what}");
    }
}

#[test]
fn gpu_thirty_configurations_take_what_was_planned() {
    let device = device();
    let backend = Backend::Device(device.clone());
    let before = device.counted_bytes();
    let limits = Limits::default();
    for (i, case) in cases().iter().enumerate() {
        let model = model(case, i as u64);
        let unbounded = model.plan(&limits, None).unwrap();
        let (mut budget, mut last) = (unbounded.memory.peak_bytes, 0.0);
        // Three budgets: all that is wanted, two thirds of it, a third.
        for cut in 0..3 {
            let what = format!("configuration {i}, {case:?}, budget {budget}");
            let plan = match model.plan(&limits, Some(budget)) {
                Ok(plan) => plan,
                Err(error) => {
                    let message = error.to_string();
                    assert!(cut > 0 && message.contains("largest: `"), "{what}: {message}");
                    break;
                }
            };
            assert!(plan.memory.peak_bytes <= budget, "{what}");
            assert!(plan.cost >= last, "{what}: a larger budget gave a slower plan");
            is_sound(&plan.memory);
            device.set_memory_policy(MemoryPolicy::Bytes(budget)).unwrap();
            let mut emission = model.open(&backend).unwrap();
            assert_eq!(emission.plan(), Some(&plan), "{what}");
            agree(&device, before, &plan, &what);
            if cut == 1 && case.points * case.layers < 100_000 {
                emission.spectrum(&state(&model, case, 0.0), &()).unwrap();
                agree(&device, before, &plan, &what);
                assert_eq!(device.ledger().report().peak_by_stage.values().max(), Some(&device.ledger().peak()));
            }
            drop(emission);
            assert_eq!((device.ledger().allocated(), device.counted_bytes()), (0, before), "{what}");
            last = plan.cost;
            budget = unbounded.memory.peak_bytes * (2 - cut) / 3;
        }
    }
}

const SMALL: Case = Case { points: 6000, layers: 24, species: 2, lines: 60, method: Method::Lines, continuum: true };

#[test]
fn gpu_refused_memory_leads_to_a_smaller_plan_with_the_same_bits() {
    let device = device();
    let backend = Backend::Device(device.clone());
    let before = device.counted_bytes();
    let model = model(&SMALL, 7);
    let state = state(&model, &SMALL, 0.0);
    let whole = model.open(&backend).unwrap().spectrum(&state, &()).unwrap().to_f64();
    let largest = model.plan(&Limits::default(), None).unwrap().memory.peak_bytes;
    let mut smaller = 0;
    for k in 1.. {
        device.fail_allocation(k);
        let mut emission = model.open(&backend).unwrap_or_else(|e| panic!("{k}: {e}"));
        let plan = emission.plan().unwrap().clone();
        agree(&device, before, &plan, "after a refusal");
        let flux = emission.spectrum(&state, &()).unwrap().to_f64();
        device.fail_allocation(0);
        assert_eq!(flux, whole, "{k}");
        drop(emission);
        assert_eq!((device.ledger().allocated(), device.counted_bytes()), (0, before), "{k}");
        if plan.memory.peak_bytes == largest {
            break; // there was no k-th allocation
        }
        assert!(plan.memory.peak_bytes < largest);
        smaller += 1;
    }
    assert!(smaller > 5, "{smaller} allocations refused");

    // Nothing left: an error, everything released, and the device goes on.
    device.set_memory_policy(MemoryPolicy::Bytes(64 << 20)).unwrap();
    let ballast = Ballast::leave_free(&device, 1 << 10).unwrap();
    let held = device.ledger().allocated();
    let error = model.open(&backend).unwrap_err().to_string();
    assert!(error.contains("largest: `") && error.contains("1024 bytes is the limit"), "{error}");
    assert_eq!(device.ledger().allocated(), held);
    drop(ballast);
    let small = Case { points: 1000, layers: 3, species: 1, ..SMALL };
    let other = super::memory::model(&small, 1);
    other.open(&backend).unwrap().spectrum(&super::memory::state(&other, &small, 0.0), &()).unwrap();
    assert_eq!((device.ledger().allocated(), device.counted_bytes()), (0, before));
}

#[test]
fn gpu_refused_memory_leads_to_the_same_cross_sections() {
    let device = device();
    let backend = Backend::Device(device.clone());
    let before = device.counted_bytes();
    let range = (2100.0, 2112.0);
    let list = list(&mut StdRng::seed_from_u64(5), 80, range);
    let temperature_range = TemperatureRange::new(500.0, 1500.0).unwrap();
    let settings = Settings {
        tolerance: 1e-3,
        temperature_range,
        method: Method::Lines,
        line_margin: 25.0,
        ..Settings::default()
    };
    let at: Vec<(f64, f64)> = (0..10).map(|i| (600.0 + 80.0 * f64::from(i), 10f64.powi(i / 2 - 4))).collect();
    let grid = Grid::new(range.0, range.1, 8000).unwrap();
    let job = CrossSections::new(grid, &[list], &at, settings, &()).unwrap();
    let compute = || job.compute(&backend, &()).map(|(values, report)| (values.to_f64(), report.planned_bytes));
    let (whole, largest) = compute().unwrap();
    let mut smaller = 0;
    for k in 1.. {
        device.fail_allocation(k);
        let (values, planned) = compute().unwrap_or_else(|e| panic!("{k}: {e}"));
        device.fail_allocation(0);
        assert!(values == whole, "{k}");
        assert_eq!((device.ledger().allocated(), device.counted_bytes()), (0, before), "{k}");
        if planned == largest {
            break;
        }
        smaller += 1;
    }
    assert!(smaller > 5, "{smaller} allocations refused");
    device.set_memory_policy(MemoryPolicy::Bytes(10_000)).unwrap();
    let error = compute().unwrap_err().to_string();
    assert!(error.contains("largest: `") && error.contains("10000 bytes is the limit"), "{error}");
    assert_eq!(device.ledger().allocated(), 0);
}

#[test]
fn gpu_cuts_to_order_have_the_same_bits() {
    let device = device();
    let model = model(&SMALL, 3);
    let state = state(&model, &SMALL, 0.0);
    let flux = |batch, segments| {
        let mut emission = model.open_cut(&device, batch, segments).unwrap();
        let plan = emission.plan().unwrap();
        assert_eq!(plan, &model.plan_cut(&Limits::default(), batch, segments).unwrap());
        (plan.batch, plan.segments, emission.spectrum(&state, &()).unwrap().to_f64())
    };
    let whole = flux(24, 1);
    assert_eq!((whole.0, whole.1), (24, 1));
    for (batch, segments) in [(1, 1), (8, 3), (16, 5)] {
        let cut = flux(batch, segments);
        assert_eq!((cut.0, cut.2), (batch.max(8), whole.2.clone()));
        assert!(cut.1 <= segments);
    }
    for (batch, segments) in [(0, 1), (8, 0)] {
        assert!(model.open_cut(&device, batch, segments).unwrap_err().to_string().contains("at least one"));
    }
}

/// In a process of its own, where no other test allocates.
#[test]
fn gpu_soak_memory_stays_flat() {
    let arguments = ["--exact", "memory::soak_in_this_process", "--ignored", "--nocapture"];
    let out = std::process::Command::new(std::env::current_exe().unwrap()).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    println!("{text}");
    assert!(out.status.success() && text.contains("spectra: resident"), "{text}");
}

/// 50 spectra with changing profiles on two grids in turn, or as many as `PHOTOSPHERE_SOAK` says: device memory is flat to the byte, and host
/// memory within 1% once drivers and allocators have warmed up.
#[test]
#[ignore = "part of another test"]
fn soak_in_this_process() {
    let spectra: usize = std::env::var("PHOTOSPHERE_SOAK").ok().and_then(|n| n.parse().ok()).unwrap_or(50);
    let device = device();
    let backend = Backend::Device(device.clone());
    let before = device.counted_bytes();
    let cases = [Case { points: 3000, ..SMALL }, Case { points: 5000, ..SMALL }];
    let models = cases.map(|c| model(&c, 11));
    let resident = || host_memory().map(|m| m.current);
    let mut warm = None;
    let mut done = 0u32;
    // Two changes of grid after the warm-up, which sees both.
    for (part, which) in [(10, 0), (10, 1), (spectra / 3, 0), (spectra / 3, 1), (spectra - 2 * (spectra / 3), 0)] {
        let (model, case) = (&models[which], &cases[which]);
        let mut emission = model.open(&backend).unwrap();
        let bytes = device.ledger().current();
        for _ in 0..part {
            let state = state(model, case, 100.0 * (f64::from(done) * 0.618_034).fract());
            let flux = emission.spectrum(&state, &()).unwrap().to_f64();
            assert!(flux.iter().all(|f| f.is_finite() && *f > 0.0));
            assert_eq!((device.ledger().current(), device.ledger().allocated()), (bytes, bytes));
            agree(&device, before, emission.plan().unwrap(), "soak");
            done += 1;
        }
        drop(emission);
        assert_eq!((device.ledger().allocated(), device.counted_bytes()), (0, before));
        if done == 20 {
            warm = resident();
        }
    }
    println!("{done} spectra: resident {warm:?} bytes after 20, {:?} at the end", resident());
    if let (Some(warm), Some(now)) = (warm, resident()) {
        assert!(now as f64 <= 1.01 * warm as f64, "resident {warm} bytes after 20 spectra, {now} after {done}");
    }
}
