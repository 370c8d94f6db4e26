//! What a budget and what segments cost. The workload is `co_hitran` (see `benches/spectrum.rs`): 150 000 points, 200 layers, 8 streams.
//!
//! `cargo bench --bench memory`; `PHOTOSPHERE_DEVICE` selects the adapter (part of its name), else any is taken. Every spectrum must
//! have the same bits as the unbounded one. `PHOTOSPHERE_BENCH_POINTS=5000000 PHOTOSPHERE_BENCH_LAYERS=100` changes the size.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use photosphere::Backend;
use photosphere::atmosphere::{PressureGrid, TemperatureProfile};
use photosphere::cross_section::{Method, Settings};
use photosphere::gpu::{Device, MemoryPolicy};
use photosphere::grid::{Grid, TemperatureRange};
use photosphere::lines::carbon_monoxide::{self, Broadener, Isotopologue};
use photosphere::lines::{HitranSource, LineList};
use photosphere::output::Values;
use photosphere::spectrum::{Absorber, Emission, EmissionModel, State};

fn size(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

fn list() -> LineList {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hitran/CO_2000-2300.par");
    if file.exists() {
        let mut source = HitranSource::new(file);
        source.isotopologue = Some('1');
        source.range = Some((1950.0, 2250.0));
        return source.load(&()).unwrap().0.remove(0);
    }
    eprintln!("{} not found: the built-in CO list stands in for it", file.display());
    carbon_monoxide::line_list(Isotopologue::C12O16, Broadener::Air, Some((1950.0, 2250.0)), 1e-30).unwrap()
}

fn model() -> (EmissionModel, State) {
    let layers = size("PHOTOSPHERE_BENCH_LAYERS", 200);
    let range = TemperatureRange::new(500.0, 1500.0).unwrap();
    let settings = Settings { tolerance: 1e-3, temperature_range: range, method: Method::Lines, line_margin: 0.0 };
    let pressure = PressureGrid::logarithmic(1e-5, 10.0, layers).unwrap();
    let grid = Grid::new(1950.0, 2250.0, size("PHOTOSPHERE_BENCH_POINTS", 150_000)).unwrap();
    let list = list();
    let absorber = Absorber { name: "CO".into(), molar_mass: list.species.molar_mass, lists: vec![list] };
    let profile = TemperatureProfile::PowerLaw { temperature_k: 900.0, exponent: 0.1 };
    let state = State {
        temperature_k: profile.at(pressure.pressure_bar(), Some(range)).unwrap(),
        gravity: vec![24785.7730044555; layers],
        mean_molar_mass: vec![2.33; layers],
        mass_mixing_ratio: vec![vec![1e-5; layers]],
        collision_mixing_ratio: vec![],
        surface_temperature_k: None,
    };
    (EmissionModel::new(grid, pressure, &[absorber], &[], settings, 8, false, &()).unwrap(), state)
}

/// Measures one way of computing, and compares its bits.
fn measure(c: &mut Criterion, name: &str, emission: Emission<'_>, state: &State, reference: &mut Option<Vec<u32>>) {
    let mut emission = emission;
    let Values::F32(flux) = emission.flux(state, &()).unwrap() else { unreachable!("a device gives float32") };
    let bits: Vec<u32> = flux.iter().map(|f| f.to_bits()).collect();
    assert_eq!(reference.get_or_insert(bits.clone()), &bits, "{name}: other bits than the first");
    let plan = emission.plan().unwrap();
    println!(
        "{name}: {:.2} MiB, batches of {} layers, {} segments, {} passes",
        plan.memory.peak_bytes as f64 / f64::from(1 << 20),
        plan.batch,
        plan.segments,
        plan.memory.passes
    );
    let mut group = c.benchmark_group("memory");
    group.sample_size(10);
    group.bench_function(name, |b| b.iter(|| black_box(emission.flux(state, &()).unwrap())));
    group.finish();
}

fn budgets(c: &mut Criterion) {
    let device = match Device::from_env() {
        Ok(device) => device,
        Err(e) => return eprintln!("LEFT OUT: {e}"),
    };
    let backend = Backend::Device(device.clone());
    let (model, state) = model();
    let mut reference = None;
    device.set_memory_policy(MemoryPolicy::Exact).unwrap();
    measure(c, "all at once", model.open_cut(&device, model.layers(), 1).unwrap(), &state, &mut reference);
    measure(c, "unbounded", model.open(&backend).unwrap(), &state, &mut reference);
    for mib in [256, 64, 32, 24, 16, 8] {
        device.set_memory_policy(MemoryPolicy::Bytes(mib << 20)).unwrap();
        match model.open(&backend) {
            Ok(emission) => measure(c, &format!("{mib} MiB"), emission, &state, &mut reference),
            Err(error) => println!("{mib} MiB: {error}"),
        }
    }
    device.set_memory_policy(MemoryPolicy::Exact).unwrap();
    for segments in [1, 4, 16, 64] {
        let name = format!("{segments} segments, batches of 8 layers");
        measure(c, &name, model.open_cut(&device, 8, segments).unwrap(), &state, &mut reference);
        let name = format!("{segments} segments, batches of 40 layers");
        measure(c, &name, model.open_cut(&device, 40, segments).unwrap(), &state, &mut reference);
    }
}

criterion_group!(benches, budgets);
criterion_main!(benches);
