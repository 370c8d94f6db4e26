//! Derivatives of the emission spectrum `co_hitran` by a power law's two parameters, against differences of the exact line-by-line
//! spectrum, and against ExoJAX's in float64.
//!
//! ExoJAX's own are up to 2.6e-2 of a column's maximum off the exact ones (99th percentile of its points 9e-3 and 1.2e-2, measured here), as
//! its flux is off by up to 6e-2: agreement to 2e-3 holds for its median only.

use photosphere::Backend;
use photosphere::atmosphere::PressureGrid;
use photosphere::cross_section::{Method, ProfileSettings, Settings, direct_sum};
use photosphere::gpu::Device;
use photosphere::grid::TemperatureRange;
use photosphere::objective::SpectrumModel;
use photosphere::spectrum::{Absorber, DerivativeSettings, Dual, Model, Retrieval, State};
use photosphere::transfer::{EmissionState, Quadrature};
use rayon::prelude::*;

use crate::reference::{Case, case, npz, quantile, shared};

/// T = clip(T0 (P / 1 bar)^alpha, 500, 1500); derivatives are 0 where it is clipped.
fn profile(x: &[Dual], pressure: &PressureGrid) -> photosphere::Result<State<Dual>> {
    let layers = pressure.layers();
    let temperature = |p: &f64| {
        let t = x[0].clone() * (x[1].clone() * p.ln()).exp();
        if (500.0..=1500.0).contains(&t.value()) { t } else { Dual::from(t.value().clamp(500.0, 1500.0)) }
    };
    let temperature = pressure.pressure_bar().iter().map(temperature).collect();
    let (gravity, mean) = (vec![Dual::from(24785.7730044555); layers], vec![Dual::from(2.33); layers]);
    Ok(State::new(temperature, gravity, mean).with_mass_ratio("CO", Dual::from(1e-5)))
}

fn against_reference(backend: &Backend) {
    let (Some(case), Some(shared)) = (case("co_hitran"), shared()) else { return };
    let folder = shared.join("reference/co_hitran");
    let p = npz(&folder.join("emission_lbl.npz"), "pressure");
    let exojax = npz32(&folder.join("jacobian_exojax.npz"), "dflux_dT0_dalpha");
    let pressure = PressureGrid::logarithmic(p[0], p[p.len() - 1], p.len()).unwrap();
    let settings = Settings {
        tolerance: 1e-3,
        temperature_range: TemperatureRange::new(500.0, 1500.0).unwrap(),
        method: Method::Auto,
        line_margin: 0.0,
        ..Settings::default()
    };
    let molar_mass = case.list.species.molar_mass;
    let absorber = Absorber { name: "CO".into(), lists: vec![case.list.clone()], molar_mass };
    let model = Model::emission(case.grid, pressure).opacity(absorber).settings(settings).build().unwrap();
    let names = vec!["T0".to_owned(), "alpha".to_owned()];
    let derivative = DerivativeSettings { budget: Some(96 << 20), ..DerivativeSettings::default() };
    let mut retrieval = Retrieval::new(model, backend, names, profile, derivative).unwrap();
    let (_, jacobian) = retrieval.spectrum_and_jacobian(&[900.0, 0.1]).unwrap();
    for (p, column) in jacobian.chunks(case.grid.len()).enumerate() {
        let peer: Vec<f64> = exojax.iter().skip(p).step_by(2).copied().collect();
        let largest = peer.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        let off: Vec<f64> = column.iter().zip(&peer).map(|(c, e)| (c - e).abs() / largest).collect();
        // every 751st point, and the 50 that differ most from the peer's
        let mut worst: Vec<usize> = (0..off.len()).collect();
        worst.sort_by(|a, b| off[*b].total_cmp(&off[*a]));
        let mut points: Vec<usize> = (0..off.len()).step_by(751).chain(worst[..50].iter().copied()).collect();
        points.sort_unstable();
        let exact = exact_derivative(&case, retrieval.model().pressure(), &points, p);
        let of = |values: &dyn Fn(usize) -> f64| {
            let mut errors: Vec<f64> =
                points.iter().zip(&exact).map(|(i, e)| (values(*i) - e).abs() / largest).collect();
            errors.sort_by(f64::total_cmp);
            errors
        };
        let (ours, theirs) = (of(&|i| column[i]), of(&|i| peer[i]));
        let mut off = off;
        off.sort_by(f64::total_cmp);
        println!("parameter {p}, of the column's maximum {largest:.3e}:");
        println!("  off the exact: p99 {:.1e} max {:.1e}", quantile(&ours, 0.99), ours[ours.len() - 1]);
        println!("  ExoJAX off the exact: max {:.1e}", theirs[theirs.len() - 1]);
        println!("  off ExoJAX: p50 {:.1e} p99 {:.1e}", quantile(&off, 0.5), quantile(&off, 0.99));
        // promised: 2e-3 at the 99th percentile; measured: largest 4.9e-5
        assert!(ours[ours.len() - 1] < 2e-4, "parameter {p}: {:e}", ours[ours.len() - 1]);
        assert!(quantile(&off, 0.5) < 2e-3 && quantile(&off, 0.99) < 1.5e-2, "parameter {p}");
    }
    println!("{}", retrieval.plan());
}

/// Central differences of the exact spectrum at some points of the grid.
fn exact_derivative(case: &Case, pressure: &PressureGrid, points: &[usize], p: usize) -> Vec<f64> {
    let all = case.grid.wavenumbers();
    let nu: Vec<f64> = points.iter().map(|i| all[*i]).collect();
    let quadrature = Quadrature::streams(8).unwrap();
    let column = 1e6 * 1e-5 / (case.list.species.molar_mass * 1.66053906660e-24 * 24785.7730044555);
    let flux = |x: [f64; 2]| {
        let layers = pressure.pressure_bar().par_iter().zip(pressure.dpressure_bar());
        let of_layer = layers.map(|(p, dp)| {
            let t = (x[0] * p.powf(x[1])).clamp(500.0, 1500.0);
            let xs =
                direct_sum(&case.list.species, case.list.lines(), &nu, t, *p, &ProfileSettings::default()).unwrap();
            (t, xs.into_iter().map(|v| v * dp * column).collect::<Vec<f64>>())
        });
        let (t, dtau): (Vec<f64>, Vec<Vec<f64>>) = of_layer.unzip();
        let mut state = EmissionState::new(nu.len());
        state.accumulate(&nu, &dtau.concat(), &t, &quadrature).unwrap();
        state.flux
    };
    let step = [0.05, 2e-5][p];
    let at = |sign: f64| {
        let mut x = [900.0, 0.1];
        x[p] += sign * step;
        flux(x)
    };
    at(1.0).iter().zip(at(-1.0)).map(|(a, b)| (a - b) / (2.0 * step)).collect()
}

/// An array of float32 of an `.npz` file, flattened.
fn npz32(path: &std::path::Path, name: &str) -> Vec<f64> {
    let mut archive = npyz::npz::NpzArchive::open(path).unwrap();
    let array = archive.by_name(name).unwrap().unwrap();
    array.into_vec::<f32>().unwrap().into_iter().map(f64::from).collect()
}

#[test]
fn cpu_jacobian_against_reference() {
    against_reference(&Backend::Cpu);
}

#[test]
fn gpu_jacobian_against_reference() {
    against_reference(&Backend::Device(Device::from_env().unwrap()));
}
