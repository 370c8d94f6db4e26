//! Time per stage and end to end. The workload is `co_hitran` at 150 000 points and 200 layers.
//!
//! `cargo bench --bench spectrum`; `PHOTOSPHERE_DEVICE` selects the adapter (part of its name), else any is taken.

mod co_hitran;

use std::hint::black_box;

use co_hitran::{LAYERS, POINTS, list, settings, state};
use criterion::{Criterion, criterion_group, criterion_main};
use photosphere::Backend;
use photosphere::atmosphere::PressureGrid;
use photosphere::cross_section::{CrossSections, Method, cpu};
use photosphere::grid::Grid;
use photosphere::lines::{Line, LineList};
use photosphere::spectrum::{Coefficients, DerivativeSettings, Dual, Model, Retrieval, State};
use photosphere::transfer::{EmissionState, Quadrature};

fn model() -> Model {
    co_hitran::model(POINTS, LAYERS)
}

fn device() -> Option<Backend> {
    co_hitran::device().map(Backend::Device)
}

fn end_to_end(c: &mut Criterion) {
    let model = model();
    let state = state(&model);
    spectra(c, "emission", &model, &state);
    let transmission = co_hitran::transmission(POINTS, LAYERS);
    let state = co_hitran::with_radii(&transmission, state);
    spectra(c, "transmission", &transmission, &state);
}

fn spectra(c: &mut Criterion, name: &str, model: &Model, state: &State) {
    let mut group = c.benchmark_group(name);
    group.sample_size(10);
    for backend in [Some(Backend::Cpu), device()].into_iter().flatten() {
        let mut runner = model.open(&backend).unwrap();
        runner.spectrum(state, &()).unwrap(); // drivers compile at the first dispatch
        let name = backend.info().name;
        group.bench_function(&name, |b| b.iter(|| black_box(runner.spectrum(state, &()).unwrap())));
        let report = runner.report();
        println!("{name}: planned {} bytes, tracked {} bytes", report.planned_bytes, report.tracked_bytes);
        for (stage, seconds) in report.seconds.iter() {
            println!("  {stage}: {seconds:.3} s, all spectra together");
        }
    }
    group.finish();
}

/// Value and derivatives together, by 2 and 20 parameters and by all layers' temperatures.
fn derivatives(c: &mut Criterion) {
    let mut group = c.benchmark_group("derivatives");
    group.sample_size(10);
    for backend in [Some(Backend::Cpu), device()].into_iter().flatten() {
        let model = model();
        let state = state(&model);
        let points = model.grid().len();
        let bumps = |columns: usize| -> Vec<State> {
            let bump = |p: usize| {
                let bumps = (0..LAYERS).map(|n| ((n * (p + 1)) as f64 * 0.05).sin()).collect();
                State::new(bumps, vec![0.0; LAYERS], vec![0.0; LAYERS]).with_mass_ratio("CO", 0.0)
            };
            (0..columns).map(bump).collect()
        };
        let name = backend.info().name;
        let settings = DerivativeSettings { budget: Some(96 << 20), ..DerivativeSettings::default() };
        let none = |_: &[Dual], _: &PressureGrid| Err(photosphere::Error::invalid("parameters", 0, "none here"));
        let names = vec!["none".to_owned()];
        let mut retrieval = Retrieval::new(model.clone(), &backend, names, none, settings).unwrap();
        for columns in [2, 20] {
            let coefficients = Coefficients::along(&model, &state, &bumps(columns)).unwrap();
            retrieval.jacobian(&state, &coefficients).unwrap();
            group.bench_function(format!("value and Jacobian by {columns}, {name}"), |b| {
                b.iter(|| black_box(retrieval.jacobian(&state, &coefficients).unwrap()))
            });
            println!("{name}: {}", retrieval.plan());
        }
        let weights = vec![1.0; points];
        retrieval.layer_gradient(&state, &weights).unwrap();
        group.bench_function(format!("value and gradient by all layers, {name}"), |b| {
            b.iter(|| black_box(retrieval.layer_gradient(&state, &weights).unwrap()))
        });
        println!("{name}: {}", retrieval.plan());
    }
    group.finish();
}

fn stages(c: &mut Criterion) {
    let mut group = c.benchmark_group("stages");
    group.sample_size(10);
    group.bench_function("set-up of 200 layers", |b| b.iter(|| black_box(model())));
    let model = model();
    if let Some(backend) = device() {
        model.open(&backend).unwrap();
        group.bench_function("open on the device, kernels compiled", |b| {
            b.iter(|| black_box(model.open(&backend).unwrap()))
        });
    }
    let state = state(&model);
    let list = list();
    let prepared = photosphere::cross_section::Prepared::new(
        *model.grid(),
        &list,
        model.pressure().pressure_bar(),
        settings(Method::Lines),
    )
    .unwrap();
    let n = POINTS;
    let mut dtau = vec![0.0; 8 * n];
    group.bench_function("cross sections of 200 layers, cpu", |b| {
        b.iter(|| {
            for first in (0..LAYERS).step_by(8) {
                dtau.fill(0.0);
                cpu::add_layers(&prepared, first, &state.temperature_k[first..first + 8], &[1.0; 8], &mut dtau)
                    .unwrap();
            }
        })
    });
    let (nu, quadrature) = (model.grid().wavenumbers(), Quadrature::streams(8).unwrap());
    dtau.iter_mut().enumerate().for_each(|(i, d)| *d = 0.01 * (1.0 + (i as f64).sin()));
    group.bench_function("transfer of 200 layers, 8 streams, cpu", |b| {
        b.iter(|| {
            let mut emission = EmissionState::new(n);
            for first in (0..LAYERS).step_by(8) {
                emission.accumulate(&nu, &dtau, &state.temperature_k[first..first + 8], &quadrature).unwrap();
            }
            black_box(emission.flux)
        })
    });
    group.finish();
}

/// Lines on the grid, spread evenly by a multiplicative hash, with ten decades of strength.
fn synthetic(lines: usize) -> LineList {
    let unit = |i: usize, k: u64| ((i as u64).wrapping_mul(k).wrapping_add(k >> 7) >> 11) as f64 / (1u64 << 53) as f64;
    let species = list().species;
    let lines = (0..lines)
        .map(|i| Line {
            wavenumber: 2000.0 * (1.005f64).powf(unit(i, 0x9e3779b97f4a7c15)),
            strength: 10f64.powf(-30.0 + 10.0 * unit(i, 0xd1b54a32d192ed03)),
            lower_energy: 12000.0 * unit(i, 0x8cb92ba72f3d8dd7),
            gamma_ref: 0.03 + 0.07 * unit(i, 0xabc98388fb8fac03),
            temperature_exponent: 0.4 + 0.4 * unit(i, 0x139408dcbbf7a44d),
            ..Line::default()
        })
        .collect();
    LineList::new(species, lines).unwrap()
}

fn density(c: &mut Criterion) {
    let mut group = c.benchmark_group("density tier, 5 000 points at R = 1e6, 20 layers");
    group.sample_size(10);
    let grid = Grid::new(2000.0, 2010.0, 5_000).unwrap();
    let at: Vec<(f64, f64)> = (0..20).map(|i| (600.0 + 40.0 * i as f64, 10f64.powf(-2.0 + 0.1 * i as f64))).collect();
    for lines in [10_000, 100_000, 1_000_000] {
        let list = synthetic(lines);
        let job = CrossSections::new(grid, &[list], &at, settings(Method::Density), &()).unwrap();
        for backend in [Some(Backend::Cpu), device()].into_iter().flatten() {
            let name = format!("{lines} lines, {}", backend.info().name);
            group.bench_function(name, |b| b.iter(|| black_box(job.compute(&backend, &()).unwrap())));
        }
    }
    group.finish();
}

criterion_group!(benches, end_to_end, derivatives, stages, density);
criterion_main!(benches);
