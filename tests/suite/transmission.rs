//! Transmission spectra against exact results, and their limits.

use photosphere::atmosphere::{Hydrostatic, PressureGrid, ReferenceLevel};
use photosphere::gpu::{Device, Limits};
use photosphere::grid::{Grid, TemperatureRange};
use photosphere::lines::carbon_monoxide::{self, Broadener, Isotopologue};
use photosphere::opacity::{Absorber, GreyHaze};
use photosphere::spectrum::{DerivativeSettings, Model, State};
use photosphere::{Backend, Settings};

use crate::reference::{case, npz, quantile, shared};

/// (R - R0) in scale heights off the exact one: sorted.
fn against_reference(backend: &Backend, tolerance: f64) -> Option<Vec<f64>> {
    let (case, shared) = (case("co_exomol")?, shared()?);
    let file = shared.join("reference/co_exomol/transmission_lbl.npz");
    let of = |name: &str| npz(&file, name);
    let (pressure, t) = (of("pressure"), of("temperature"));
    let layers = PressureGrid::logarithmic(pressure[0], pressure[pressure.len() - 1], pressure.len()).unwrap();
    let (mean, ratio) = (of("mean_molar_mass")[0], of("mass_mixing_ratio")[0]);
    let (radius, gravity) = (of("radius_bottom")[0], of("gravity_bottom")[0]);
    let reference = ReferenceLevel { radius_cm: radius, gravity, pressure_bar: None };
    let means = vec![mean; t.len()];
    let hydrostatic = Hydrostatic::new(&layers.boundaries_bar(), &t, &means, &reference).unwrap();
    for (found, exact) in hydrostatic.radius_cm.iter().zip(of("radius_upper")) {
        assert!((found / exact - 1.0).abs() < 1e-9, "{found} {exact}");
    }
    let state =
        State::new(t, hydrostatic.gravity, means).with_mass_ratio("CO", ratio).with_radii(hydrostatic.radius_cm);
    let range = TemperatureRange::new(500.0, 1500.0).unwrap();
    let settings = Settings { tolerance, temperature_range: range, line_margin: 0.0, ..Settings::default() };
    let model = Model::transmission(case.grid, layers).opacity(Absorber::new("CO", case.list)).settings(settings);
    let model = model.build().unwrap();
    let mut runner = model.open(backend).unwrap();
    let found = runner.spectrum(&state, &()).unwrap().to_f64();
    let report = runner.report();
    assert_eq!(report.planned_bytes, report.tracked_bytes);
    // k_B T / (mu m_u g) at the bottom
    let height = 1.380649e-16 * 1100.0 / (mean * 1.66053906660e-24 * gravity);
    let mut off: Vec<f64> = found.iter().zip(of("radius")).map(|(f, e)| (f - e).abs() / height).collect();
    assert!(off.iter().all(|v| !v.is_nan()) && off.len() == case.grid.len());
    off.sort_by(f64::total_cmp);
    println!(
        "{}: max {:.1e}, p99 {:.1e}, p50 {:.1e} scale heights",
        backend.info().name,
        off[off.len() - 1],
        quantile(&off, 0.99),
        quantile(&off, 0.5)
    );
    Some(off)
}

#[test]
fn full_size_is_planned_within_256_mib() {
    let (grid, layers) = (Grid::new(1950.0, 2250.0, 150_000).unwrap(), 200);
    let pressure = PressureGrid::logarithmic(1e-8, 10.0, layers).unwrap();
    let co = carbon_monoxide::line_list(Isotopologue::C12O16, Broadener::Hydrogen, None, 0.0).unwrap();
    let settings = Settings { temperature_range: TemperatureRange::new(500.0, 1500.0).unwrap(), ..Settings::default() };
    let model =
        Model::transmission(grid, pressure).opacity(Absorber::new("CO", co)).settings(settings).build().unwrap();
    let budget = 256 << 20;
    let limits = Limits::default();
    let plans = model
        .plan_derivatives(4, &DerivativeSettings { budget: Some(budget), ..DerivativeSettings::default() }, &limits)
        .unwrap();
    let values = plans.spectrum.as_ref().unwrap();
    assert!(values.memory.peak_bytes < 64 << 20, "{} bytes", values.memory.peak_bytes);
    for bytes in [
        plans.jacobian.as_ref().map(|p| p.plan.memory.peak_bytes),
        plans.gradient.as_ref().map(|p| p.plan.memory.peak_bytes),
    ] {
        assert!(bytes.is_some_and(|bytes| bytes <= budget), "{bytes:?}");
    }
    // What is too little is said, and not tried.
    assert!(model.plan(&limits, Some(1 << 20)).unwrap_err().to_string().contains("device memory"));
}

#[test]
fn cpu_radii_are_the_exact_ones() {
    let Some(off) = against_reference(&Backend::Cpu, 1e-5) else { return };
    assert!(quantile(&off, 0.99) < 1e-4, "p99 {:e}", quantile(&off, 0.99));
}

#[test]
fn gpu_radii_are_the_exact_ones() {
    let backend = Backend::Device(Device::from_env().unwrap());
    let Some(off) = against_reference(&backend, 1e-3) else { return };
    assert!(quantile(&off, 0.99) < 1e-3, "p99 {:e}", quantile(&off, 0.99));
}

#[test]
fn what_is_of_emission_is_refused() {
    let grid = Grid::new(2100.0, 2110.0, 100).unwrap();
    let layers = PressureGrid::logarithmic(1e-6, 1.0, 10).unwrap();
    let model = || Model::transmission(grid, layers.clone()).opacity(GreyHaze::new("haze"));
    assert!(model().surface(false).build().is_ok());
    for (builder, given) in [(model().streams(8), "streams"), (model().surface(true), "a surface")] {
        let message = builder.build().unwrap_err().to_string();
        assert!(message.contains(given) && message.contains("for emission"), "{message}");
    }
}
