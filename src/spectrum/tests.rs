//! A spectrum does not depend on how the job is cut; and every cut takes the bytes that were planned.

use super::device::DeviceSpectrum;
use super::*;
use crate::Settings;
use crate::atmosphere::{Hydrostatic, PressureGrid, ReferenceLevel};
use crate::backend::Backend;
use crate::cross_section::Method;
use crate::cross_section::device::Extent;
use crate::dual::Dual;
use crate::gpu::{Device, DeviceClass};
use crate::grid::{Grid, TemperatureRange};
use crate::lines::carbon_monoxide::{Broadener, Isotopologue, line_list};
use crate::lines::{Line, LineList};
use crate::opacity::{Amount, CiaTable, CloudDeck, Custom, GreyHaze, HMinus, PowerLawHaze, Rayleigh, RayleighGas};
use crate::timing::Stages;

pub const LAYERS: usize = 21;

/// Carbon monoxide's few lines, over 9 decades of pressure: near fields, far levels only, and the surface below.
pub fn sparse() -> Model {
    let grid = Grid::new(2050.0, 2065.0, 7_000).unwrap();
    let list = line_list(Isotopologue::C12O16, Broadener::Air, Some((2025.0, 2090.0)), 0.0).unwrap();
    model(grid, vec![list], Method::Lines, true)
}

/// Thousands of lines on a coarse grid: levels finer than the output.
pub fn crowded(method: Method) -> Model {
    let grid = Grid::new(2000.0, 2020.0, 3001).unwrap();
    let species = line_list(Isotopologue::C12O16, Broadener::Air, None, 1e-24).unwrap().species.clone();
    let line = |i: u32| Line {
        wavenumber: 1998.0 + 24.0 * (f64::from(i) * 0.618_034).fract(),
        strength: 1e-21 * (0.1 + (f64::from(i) * 0.414_214).fract()),
        lower_energy: 2000.0 * (f64::from(i) * 0.732_051).fract(),
        gamma_ref: 0.05 + 0.03 * (f64::from(i) * 0.236_068).fract(),
        temperature_exponent: 0.5 + 0.25 * (f64::from(i) * 0.645_751).fract(),
        ..Line::default()
    };
    let list = LineList::new(species, (0..2000).map(line).collect()).unwrap();
    model(grid, vec![list], method, false)
}

/// Two isotopologues and two pairs' collision-induced absorption.
pub fn with_continuum() -> Model {
    let grid = Grid::new(2050.0, 2065.0, 5_000).unwrap();
    let list = |i| line_list(i, Broadener::Hydrogen, Some((2025.0, 2090.0)), 0.0).unwrap();
    let table = |scale: f64| {
        let band = |t: f64| {
            let k = |nu: f64| scale * (1.0 + (t / 1000.0) * (nu / 300.0).sin().powi(2));
            let points = (0..40).map(|i| 1990.0 + 5.0 * f64::from(i));
            let rows: String = points.map(|nu| format!("{nu:10.4} {:10.3E}\n", k(nu))).collect();
            format!(
                "{:>20}{:10.3}{:10.3}{:7}{t:7.1}{:>10} -.999{:27}{:>3}\n{rows}",
                "H2-He", 1990.0, 2185.0, 40, "1.0E-45", "", 1
            )
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pair.cia");
        std::fs::write(&path, [300.0, 800.0, 1500.0, 2500.0].map(band).concat()).unwrap();
        CiaTable::read(&path).unwrap()
    };
    let tables = [table(3e-46), table(1e-46)];
    let lists = vec![list(Isotopologue::C12O16), list(Isotopologue::C13O16)];
    build(grid, lists, &tables, Method::Auto, true)
}

/// Carbon monoxide, every smooth opacity, and a user's own, seen in emission or in transmission.
pub fn with_everything(transmission: bool) -> Model {
    let grid = Grid::new(6050.0, 6130.0, 5_000).unwrap();
    let species = line_list(Isotopologue::C12O16, Broadener::Air, None, 1e-24).unwrap().species.clone();
    let line = |i: u32| Line {
        wavenumber: 6045.0 + 90.0 * (f64::from(i) * 0.618_034).fract(),
        strength: 1e-21 * (0.1 + (f64::from(i) * 0.414_214).fract()),
        lower_energy: 2000.0 * (f64::from(i) * 0.732_051).fract(),
        gamma_ref: 0.05 + 0.03 * (f64::from(i) * 0.236_068).fract(),
        temperature_exponent: 0.6,
        ..Line::default()
    };
    let list = LineList::new(species, (0..50).map(line).collect()).unwrap();
    let temperature_range = TemperatureRange::new(500.0, 1500.0).unwrap();
    let settings = Settings { temperature_range, line_margin: 25.0, ..Settings::default() };
    let pressure = PressureGrid::logarithmic(1e-7, 30.0, LAYERS).unwrap();
    let builder = match transmission {
        true => Model::transmission(grid, pressure),
        false => Model::emission(grid, pressure).surface(true),
    };
    let band = Custom::new("band", Amount::Molecules("He".into()), ["band.centre_cm", "band.strength"], |layer, nu| {
        let from_centre = (-layer.parameters[0].clone() + nu) / 15.0;
        let shape = (from_centre.clone() * from_centre * -0.5).exp();
        shape * &layer.parameters[1] * layer.temperature_k.ln() * 1e-26
    });
    builder
        .opacity(Absorber::new("CO", list))
        .opacity(Rayleigh::new(RayleighGas::H2))
        .opacity(HMinus)
        .opacity(CloudDeck::new("deck"))
        .opacity(GreyHaze::new("haze"))
        .opacity(PowerLawHaze::new("slope", 6100.0).unwrap())
        .opacity(band.with_resolution(2e4).unwrap())
        .settings(settings)
        .build()
        .unwrap()
}

fn model(grid: Grid, lists: Vec<LineList>, method: Method, surface: bool) -> Model {
    build(grid, lists, &[], method, surface)
}

fn build(grid: Grid, lists: Vec<LineList>, tables: &[CiaTable], method: Method, surface: bool) -> Model {
    let temperature_range = TemperatureRange::new(500.0, 1500.0).unwrap();
    let settings = Settings { tolerance: 1e-3, temperature_range, method, line_margin: 25.0, ..Settings::default() };
    let pressure = PressureGrid::logarithmic(1e-7, 30.0, LAYERS).unwrap();
    let absorber = Absorber { name: "CO".into(), lists, molar_mass: 28.0 };
    let model = Model::emission(grid, pressure).opacity(absorber).opacities(tables.iter().cloned());
    model.settings(settings).streams(8).surface(surface).build().unwrap()
}

fn state(model: &Model) -> State {
    let temperature = (0..LAYERS).map(|i| 600.0 + 40.0 * i as f64).collect();
    let state = State::new(temperature, vec![2500.0; LAYERS], vec![2.3; LAYERS]).with_mass_ratio("CO", 1e-3);
    let state = match model.opacities().len() > 3 {
        true => state
            .with_volume_ratio("H2", 0.85)
            .with_volume_ratio("He", 0.14)
            .with_volume_ratio("H", 1e-4)
            .with_volume_ratio("e-", 1e-5)
            .with_parameter("deck.pressure_bar", 0.1)
            .with_parameter("haze.opacity_cm2_g", 2e-3)
            .with_parameter("slope.opacity_cm2_g", 5e-3)
            .with_parameter("slope.exponent", 3.5)
            .with_parameter("band.centre_cm", 6090.0)
            .with_parameter("band.strength", 2.5),
        false => state,
    };
    let state = match model.geometry().name() {
        "transmission" => {
            let reference = ReferenceLevel { radius_cm: 7e9, gravity: 2500.0, pressure_bar: None };
            let (boundaries, t) = (model.pressure().boundaries_bar(), &state.temperature_k);
            let found = Hydrostatic::new(&boundaries, t, &state.mean_molar_mass, &reference).unwrap();
            state.with_radii(found.radius_cm)
        }
        _ => state,
    };
    if has_surface(model) { state.with_surface(1400.0) } else { state }
}

#[test]
fn gpu_transmission_does_not_depend_on_segments() {
    let (device, model) = (device(), with_everything(true));
    let n = model.grid.len();
    let (whole, bytes) = flux(&model, &device, Extent::new(0..LAYERS, LAYERS, n, 1, 32 << 20));
    let runner = model.open(&Backend::Cpu).unwrap().spectrum(&state(&model), &()).unwrap().to_f64();
    let on_device = model.geometry().observe(&state(&model), crate::output::Values::F32(whole.clone())).into_f64();
    // In heights above the lowest boundary: f32 holds what lies above it, not the radius.
    let off = on_device.iter().zip(&runner).map(|(g, c)| (g - c).abs() / (c - 7e9)).fold(0.0, f64::max);
    assert!(off < 2e-4, "{off:e} off the CPU");
    for (segments, scratch) in [(5, 1 << 20), (3, 1)] {
        let (cut, less) = flux(&model, &device, Extent::new(0..LAYERS, LAYERS, n, segments, scratch));
        assert!(less < bytes, "{less} bytes of {bytes}");
        let differ = cut.iter().zip(&whole).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
        assert_eq!(differ, 0, "{segments} segments, {less} bytes: points that differ");
    }
}

/// Opacities add up: the spectrum of all is that of the sum of their optical depths, and each makes the planet larger.
#[test]
fn every_opacity_makes_the_planet_larger() {
    let model = with_everything(true);
    let state = state(&model);
    let all = model.open(&Backend::Cpu).unwrap().spectrum(&state, &()).unwrap().to_f64();
    for i in 0..model.opacities().len() {
        let mut without = model.clone();
        let name = without.opacities.remove(i).name().to_owned();
        let less = without.open(&Backend::Cpu).unwrap().spectrum(&state, &()).unwrap().to_f64();
        let most = all.iter().zip(&less).map(|(a, l)| a - l).fold(0.0, f64::max);
        assert!(all.iter().zip(&less).all(|(a, l)| a >= l) && most > 1e3, "{name}: {most:e} cm at most");
    }
}

/// An opaque deck gives the planet the deck's radius: within a layer, and the nearer the more layers there are.
#[test]
fn a_deck_has_its_own_radius() {
    let grid = Grid::new(5000.0, 5010.0, 20).unwrap();
    let off = |layers: usize| {
        let pressure = PressureGrid::logarithmic(1e-7, 10.0, layers).unwrap();
        let reference = ReferenceLevel { radius_cm: 7e9, gravity: 2000.0, pressure_bar: None };
        let (t, mean) = (vec![1000.0; layers], vec![2.3; layers]);
        let found = Hydrostatic::new(&pressure.boundaries_bar(), &t, &mean, &reference).unwrap();
        // The radius at a pressure, by the law that is exact for equal temperatures.
        let scale = 1.380649e-16 * 1000.0 / (2.3 * 1.66053906660e-24 * 2000.0 * 7e9);
        let bottom = *pressure.boundaries_bar().last().unwrap();
        let exact = 7e9 / (1.0 - scale * (bottom / 1e-3f64).ln());
        let state =
            State::new(t, found.gravity, mean).with_radii(found.radius_cm).with_parameter("deck.pressure_bar", 1e-3);
        let model = Model::transmission(grid, pressure).opacity(CloudDeck::new("deck")).build().unwrap();
        let radius = model.open(&Backend::Cpu).unwrap().spectrum(&state, &()).unwrap().to_f64()[0];
        let height = scale * 7e9;
        (radius - exact).abs() / height
    };
    let [few, more, many] = [40, 160, 640].map(off);
    eprintln!("off the deck's radius in scale heights: {few:.3} {more:.3} {many:.4}");
    assert!(few < 0.45 && more < 0.12 && many < 0.034 && many < more && more < few, "{few} {more} {many}");
}

pub fn has_surface(model: &Model) -> bool {
    model.geometry().own_rows(LAYERS).is_some_and(|rows| rows.1 == 1)
}

pub fn device() -> Device {
    Device::from_env().unwrap_or_else(|e| panic!("{e}\nRun scripts/test, which installs a software driver."))
}

fn flux(model: &Model, device: &Device, extent: Extent) -> (Vec<f32>, u64) {
    let before = device.counted_bytes();
    let mut emission =
        DeviceSpectrum::cut(model, device, vec![extent], None, &mut |_| (), &mut Stages::default()).unwrap();
    let counted = device.counted_bytes() - before;
    let planned = emission.plan().memory.peak_bytes;
    assert_eq!((planned, planned), (device.ledger().current(), counted), "planned, ledger, driver");
    (emission.values(model, &state(model), &mut Stages::default()).unwrap(), planned)
}

#[test]
fn gpu_spectra_do_not_depend_on_batches_and_segments() {
    let device = device();
    for (name, model) in [
        ("sparse", sparse()),
        ("crowded", crowded(Method::Lines)),
        ("density", crowded(Method::Density)),
        ("table", crowded(Method::Table)),
    ] {
        let levels: Vec<_> =
            model.opacities().next().unwrap().lists()[0].layers.iter().map(|l| l.ladder.finest).collect();
        eprintln!("{name}: finest levels {levels:?}");
        let n = model.grid.len();
        let (whole, bytes) = flux(&model, &device, Extent::new(0..LAYERS, LAYERS, n, 1, 32 << 20));
        let cpu = model.open(&Backend::Cpu).unwrap().spectrum(&state(&model), &()).unwrap().to_f64();
        let worst = whole.iter().zip(&cpu).map(|(g, c)| (f64::from(*g) / c - 1.0).abs()).fold(0.0, f64::max);
        assert!(worst < 2e-4, "{name}: {worst:e} off the CPU");
        for (batch, segments, scratch) in [(8, 1, 32 << 20), (LAYERS, 16, 1 << 20), (16, 3, 1)] {
            let extent = Extent::new(0..LAYERS, batch, n, segments, scratch);
            let cuts = extent.segments.len();
            let (cut, less) = flux(&model, &device, extent);
            assert!(less < bytes, "{less} bytes of {bytes}");
            let differ = cut.iter().zip(&whole).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
            assert_eq!(differ, 0, "{name}: batches of {batch}, {cuts} segments, {less} bytes: points that differ");
        }
    }
}

/// A card's schedule: all layers at once, profiles shared, inputs packed, one wait. It changes nothing of any value.
#[test]
fn gpu_schedules_of_cards_give_the_same_bits() {
    let selector = std::env::var("PHOTOSPHERE_DEVICE").unwrap_or_default();
    let card = Device::open_in_class(&selector, DeviceClass::Discrete).unwrap();
    assert_eq!(card.limits().class, DeviceClass::Discrete);
    for (name, model) in [
        ("sparse", sparse()),
        ("crowded", crowded(Method::Lines)),
        ("density", crowded(Method::Density)),
        ("table", crowded(Method::Table)),
        ("continuum", with_continuum()),
    ] {
        let state = state(&model).with_volume_ratio("H2", 0.8).with_volume_ratio("He", 0.1);
        let of = |device: &Device| {
            let backend = Backend::Device(device.clone());
            let mut runner = model.open(&backend).unwrap();
            let flux = runner.spectrum(&state, &()).unwrap().to_f64();
            let again = runner.spectrum(&state, &()).unwrap().to_f64();
            assert_eq!(flux, again, "{name}");
            let memory = runner.plan().unwrap().memory.clone();
            drop(runner);
            let none = |_: &[Dual], _: &PressureGrid| Err(crate::Error::invalid("parameters", 0, "none here"));
            let (names, options) = (vec!["none".to_owned()], DerivativeSettings::default());
            let mut retrieval = Retrieval::new(model.clone(), &backend, names, none, options).unwrap();
            let weights: Vec<f64> = flux.iter().enumerate().map(|(i, _)| (i as f64 * 0.01).sin()).collect();
            let gradient = retrieval.layer_gradient(&state, &weights).unwrap();
            (flux, gradient.temperature_k().to_vec(), memory)
        };
        let (flux, gradient, memory) = of(&device());
        let (card_flux, card_gradient, card_memory) = of(&card);
        assert!(flux.iter().zip(&card_flux).all(|(a, b)| a.to_bits() == b.to_bits()), "{name}: flux");
        let largest = gradient.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        let off = gradient.iter().zip(&card_gradient).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off <= 1e-6 * largest, "{name}: gradient off by {off:e} of {largest:e}");
        assert!(card_memory.dispatches <= memory.dispatches, "{name}");
        assert_eq!((card_memory.submissions, card_memory.waits), (2, 1), "{name}");
    }
}

/// Budgets from all that is wanted down to what is not enough: each is kept, and a larger one never costs more.
#[test]
fn plans_keep_their_budgets_and_larger_ones_are_no_slower() {
    let model = sparse();
    let limits = crate::gpu::Limits::default();
    let unbounded = model.plan(&limits, None).unwrap();
    let mut budget = unbounded.memory.peak_bytes;
    let mut last = 0.0;
    let error = loop {
        match model.plan(&limits, Some(budget)) {
            Ok(plan) => {
                assert!(plan.memory.peak_bytes <= budget);
                assert!(plan.cost >= last, "{plan:?}");
                last = plan.cost;
                assert_eq!(model.plan(&limits, Some(budget)).unwrap(), plan, "planning is deterministic");
                budget = plan.memory.peak_bytes * 9 / 10;
            }
            Err(error) => break error,
        }
    };
    let message = error.to_string();
    assert!(message.contains("optical_depth.dtau") && message.contains(&budget.to_string()), "{message}");
}
