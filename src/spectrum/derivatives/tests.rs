//! Derivatives against differences of the f64 spectrum, each backend and mode against the other, in memory as planned.

use super::super::device::derivative_programs::{GradientProgram, Wanted};
use super::super::device::program::Tables;
use super::super::retrieval::Retrieval;
use super::super::tests::{LAYERS, crowded, device, has_surface, sparse, with_continuum, with_everything};
use super::*;
use crate::atmosphere::{Hydrostatic, ReferenceLevel};
use crate::backend::Backend;
use crate::cross_section::Method;
use crate::gpu::Device;
use crate::objective::SpectrumModel;
use crate::spectrum::{Dual, State};

/// Temperature scale and slope, the absorber's ratio, gravity, and what else the model has.
const NAMES: [&str; 5] = ["T0", "alpha", "ln_ratio", "gravity", "surface"];
const X: [f64; 5] = [903.37, 0.03, -7.0, 2500.0, 1400.0];

/// A state in which everything depends on the parameters.
fn profiles(model: &Model) -> impl Fn(&[Dual], &crate::atmosphere::PressureGrid) -> Result<State<Dual>> + use<> {
    let (surface, pairs) = (has_surface(model), model.opacities().len() > 1);
    let (everything, transmission) = (model.opacities().len() > 3, model.geometry().name() == "transmission");
    move |x, pressure| {
        let ln_p: Vec<f64> = pressure.pressure_bar().iter().map(|p| p.ln()).collect();
        let each = |f: &dyn Fn(f64) -> Dual| ln_p.iter().map(|l| f(*l)).collect::<Vec<Dual>>();
        let ratio = x[2].clone().exp();
        let constant = |v: f64| Dual::from(v);
        let temperature = each(&|l| x[0].clone() * (x[1].clone() * l).exp());
        let mean = each(&|_| ratio.clone() * 10.0 + 2.3);
        let mut state = State::new(temperature, vec![x[3].clone(); ln_p.len()], mean)
            .with_mass_profile("CO", each(&|l| ratio.clone() * constant((0.05 * l).exp())));
        if pairs {
            state = state
                .with_volume_profile("H2", each(&|_| -ratio.clone() + 0.85))
                .with_volume_ratio("He", constant(0.15));
        }
        if everything {
            state = state
                .with_volume_profile("H", each(&|l| constant(1e-4 * (-0.02 * l).exp())))
                .with_volume_ratio("e-", ratio.clone() * 1e-3)
                .with_parameter("deck.pressure_bar", (x[2].clone() * 0.3).exp() * 0.5)
                .with_parameter("haze.opacity_cm2_g", x[3].clone() * 1e-6)
                .with_parameter("slope.opacity_cm2_g", x[3].clone() * 2e-6)
                .with_parameter("slope.exponent", x[2].clone() * -0.5)
                .with_parameter("band.centre_cm", x[2].clone() * 10.0 + 6160.0)
                .with_parameter("band.strength", x[3].clone() * 1e-3);
        }
        if transmission {
            let reference =
                ReferenceLevel { radius_cm: x[4].clone() * 5e6, gravity: x[3].clone(), pressure_bar: Some(1e-2) };
            let (boundaries, t) = (pressure.boundaries_bar(), &state.temperature_k);
            let found = Hydrostatic::new(&boundaries, t, &state.mean_molar_mass, &reference)?;
            state.gravity = found.gravity;
            state = state.with_radii(found.radius_cm);
        }
        Ok(if surface { state.with_surface(x[4].clone()) } else { state })
    }
}

fn retrieval(model: Model, backend: &Backend, settings: DerivativeSettings) -> Retrieval {
    let names = NAMES.iter().map(|n| n.to_string()).collect();
    let profiles = profiles(&model);
    Retrieval::new(model, backend, names, profiles, settings).unwrap()
}

fn models() -> Vec<(&'static str, Model)> {
    vec![
        ("sparse", sparse()),
        ("crowded", crowded(Method::Lines)),
        ("density", crowded(Method::Density)),
        ("table", crowded(Method::Table)),
        ("continuum", with_continuum()),
        ("everything", with_everything(false)),
        ("transmission", with_everything(true)),
    ]
}

/// Largest difference of a column from another over the largest value of the column.
fn off(found: &[f64], expected: &[f64]) -> f64 {
    let largest = expected.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let differ = found.iter().zip(expected).fold(0.0f64, |m, (f, e)| m.max((f - e).abs()));
    if largest == 0.0 { differ } else { differ / largest }
}

#[test]
fn the_jacobian_is_what_differences_give() {
    for (name, model) in models() {
        let n = model.grid.len();
        let mut retrieval = retrieval(model, &Backend::Cpu, DerivativeSettings::default());
        let (flux, jacobian) = retrieval.spectrum_and_jacobian(&X).unwrap();
        assert!(off(&flux, &retrieval.spectrum(&X).unwrap()) < 1e-12, "{name}");
        for (p, column) in jacobian.chunks(n).enumerate() {
            let mut at = |steps: f64| {
                let mut x = X;
                x[p] += steps * 1e-5 * X[p].abs();
                retrieval.spectrum(&x).unwrap()
            };
            // Small steps: partition functions have kinks, of which each crossed shows.
            let [a, b, c, d] = [-2.0, -1.0, 1.0, 2.0].map(&mut at);
            let h = 12.0 * 1e-5 * X[p].abs();
            let expected: Vec<f64> = (0..n).map(|i| (a[i] - 8.0 * b[i] + 8.0 * c[i] - d[i]) / h).collect();
            let brightest = flux.iter().fold(0.0f64, |m, f| m.max(*f)) / X[p].abs();
            if column.iter().chain(&expected).all(|v| v.abs() < 1e-9 * brightest) {
                continue; // not seen: an opaque atmosphere hides its surface
            }
            let error = off(column, &expected);
            eprintln!("{name}, {}: {error:.1e}", NAMES[p]);
            assert!(error < 1e-6, "{name}, {}: {error:e}", NAMES[p]);
        }
    }
}

/// u (J v) = (J^T u) v.
fn dot_product_test(retrieval: &mut Retrieval) -> f64 {
    let n = retrieval.wavenumber().len();
    let u: Vec<f64> = (0..n).map(|i| 1.0 + 0.5 * (i as f64 * 0.7).sin()).collect();
    let v = [0.3, -200.0, 5.0, 0.1, 0.7];
    let (flux, jacobian) = retrieval.spectrum_and_jacobian(&X).unwrap();
    let forward: f64 =
        jacobian.chunks(n).zip(v).map(|(c, v)| v * c.iter().zip(&u).map(|(c, u)| c * u).sum::<f64>()).sum();
    let mut seen = Vec::new();
    let (value, gradient) = retrieval
        .value_and_gradient(&X, &mut |flux| {
            seen = flux.to_vec();
            Ok((flux.iter().zip(&u).map(|(f, u)| f * u).sum(), u.clone()))
        })
        .unwrap();
    assert!(
        off(&seen, &flux) < 1e-6 && (value / flux.iter().zip(&u).map(|(f, u)| f * u).sum::<f64>() - 1.0).abs() < 1e-6
    );
    let (spectrum, product) = retrieval.spectrum_and_product(&X, &[u.clone(), u].concat()).unwrap();
    assert_eq!(spectrum, seen);
    let reverse: f64 = product.iter().zip(v).map(|(g, v)| g * v).sum();
    assert_eq!(product.len(), 2 * NAMES.len());
    assert!(off(&product[..5], &gradient) < 1e-6 && product[..5] == product[5..]);
    let scale: f64 = gradient.iter().zip(v).map(|(g, v)| (g * v).abs()).sum();
    (forward - reverse).abs() / scale
}

#[test]
fn forward_and_reverse_agree() {
    for (name, model) in models() {
        for gradient in [GradientMode::Auto, GradientMode::Forward, GradientMode::Reverse] {
            let settings = DerivativeSettings { gradient, ..DerivativeSettings::default() };
            let error = dot_product_test(&mut retrieval(model.clone(), &Backend::Cpu, settings));
            assert!(error < 1e-10, "{name}, {gradient:?}: {error:e}");
        }
    }
    assert!(GradientMode::Auto.is_forward(2) && !GradientMode::Auto.is_forward(200));
}

#[test]
fn gpu_derivatives_are_the_twins() {
    let device = device();
    for (name, model) in models() {
        let n = model.grid.len();
        let (flux, expected) =
            retrieval(model.clone(), &Backend::Cpu, DerivativeSettings::default()).spectrum_and_jacobian(&X).unwrap();
        let settings = DerivativeSettings { gradient: GradientMode::Reverse, ..DerivativeSettings::default() };
        let mut on_device = retrieval(model, &Backend::Device(device.clone()), settings);
        let before = device.counted_bytes();
        let (found_flux, found) = on_device.spectrum_and_jacobian(&X).unwrap();
        let plan = on_device.plan().jacobian.clone().unwrap();
        let bytes = plan.bytes_without_columns + plan.bytes_per_column * plan.chunk as u64;
        assert_eq!(bytes, plan.plan.memory.peak_bytes);
        assert_eq!((bytes, bytes), (device.ledger().current(), device.counted_bytes() - before));
        assert!(off(&found_flux, &flux) < 2e-4, "{name}");
        for (p, (found, expected)) in found.chunks(n).zip(expected.chunks(n)).enumerate() {
            let largest = expected.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            let brightest = flux.iter().fold(0.0f64, |m, f| m.max(*f)) / X[p].abs();
            let largest = largest.max(1e-9 * brightest);
            let mut errors: Vec<f64> =
                found.iter().zip(expected).map(|(f, e)| (f - e).abs() / largest.max(1e-300)).collect();
            errors.sort_by(f64::total_cmp);
            let p99 = errors[(errors.len() * 99) / 100];
            eprintln!(
                "{name}, {}: 99th percentile {p99:.1e}, largest {:.1e} of the column's",
                NAMES[p],
                errors[errors.len() - 1]
            );
            assert!(p99 < 2e-3, "{name}, {}: {p99:e}", NAMES[p]);
        }
        let error = dot_product_test(&mut on_device);
        assert!(error < 1e-4, "{name}: {error:e}");
    }
}

#[test]
fn gpu_chunks_and_budgets_do_not_change_results() {
    let device = device();
    let model = with_continuum();
    let limits = device.limits();
    let all = |settings| {
        let mut retrieval = retrieval(model.clone(), &Backend::Device(device.clone()), settings);
        // 20 columns: the five directions, four times over
        let state = retrieval.state(&X).unwrap();
        let tangents: Vec<State> = (0..20).map(|p| state.derivatives(p % 5)).collect();
        let coefficients = Coefficients::along(&model, &state.values(), &tangents).unwrap();
        let (flux, jacobian) = retrieval.jacobian(&state.values(), &coefficients).unwrap();
        let n = model.grid.len();
        assert!(jacobian[..5 * n] == jacobian[15 * n..], "equal columns differ");
        let gradient = retrieval.layer_gradient(&state.values(), &vec![1.0; n]).unwrap();
        (flux, jacobian, gradient, retrieval.plan().clone())
    };
    let unbounded = all(DerivativeSettings::default());
    assert!(unbounded.3.gradient.as_ref().unwrap().stored, "{:?}", unbounded.3);
    let eight = DerivativeSettings { chunk: ChunkSize::Columns(3), ..DerivativeSettings::default() };
    let found = all(eight);
    assert_eq!(found.3.jacobian.as_ref().unwrap().chunk, 8);
    assert!((&found.0, &found.1) == (&unbounded.0, &unbounded.1), "a chunk changes the Jacobian");

    let within = |bytes: u64| DerivativeSettings { budget: Some(bytes), ..DerivativeSettings::default() };
    let fits = |b: &u64| model.plan_derivatives(20, &within(*b), &limits).is_ok();
    let budget = (1..).map(|k| k << 16).find(fits).unwrap();
    let found = all(within(budget));
    let plan = found.3.jacobian.unwrap();
    assert!(plan.plan.memory.peak_bytes <= budget && plan.plan.segments > 1);
    assert!((&found.0, &found.1) == (&unbounded.0, &unbounded.1), "a budget changes the Jacobian");

    let tables = Tables::new(&model).unwrap();
    let fits = |b: &u64| {
        GradientProgram::choose(&model, &tables, Wanted { columns: true }, GradientProgram::WAYS, &limits, Some(*b))
            .is_ok()
    };
    let budget = (1..).map(|k| k << 16).find(fits).unwrap();
    let mut retrieval = retrieval(model.clone(), &Backend::Device(device), within(budget));
    let state = retrieval.state(&X).unwrap().values();
    let gradient = retrieval.layer_gradient(&state, &vec![1.0; model.grid.len()]).unwrap();
    let plan = retrieval.plan().gradient.clone().unwrap();
    assert!(plan.plan.memory.peak_bytes <= budget && !plan.stored, "{plan:?}");
    assert!(gradient == unbounded.2, "a budget changes the gradient");
}

/// A likelihood follows from the spectrum: it must not depend on how much memory there is.
#[test]
fn gpu_gradients_have_the_same_spectrum_stored_and_recomputed() {
    let device = device();
    for (name, model) in models() {
        let limits = device.limits();
        let within = |backend: &Backend, budget: Option<u64>| {
            let settings = DerivativeSettings { budget, gradient: GradientMode::Reverse, ..Default::default() };
            retrieval(model.clone(), backend, settings)
        };
        let on_device = Backend::Device(device.clone());
        let value_and_gradient = |retrieval: &mut Retrieval| {
            let mut seen = Vec::new();
            let mut weights = |flux: &[f64]| {
                seen = flux.to_vec();
                Ok((0.0, flux.iter().map(|f| 1e-8 * f).collect()))
            };
            let (_, gradient) = retrieval.value_and_gradient(&X, &mut weights).unwrap();
            (retrieval.plan().gradient.as_ref().unwrap().stored, seen, gradient)
        };
        let mut unbounded = within(&on_device, None);
        let expected = value_and_gradient(&mut unbounded);
        // The smallest plan that there is.
        let refused = within(&Backend::Cpu, Some(1)).plan_gradient(&X, &limits).unwrap_err();
        let Error::OutOfMemory { needed, .. } = refused else { panic!("{refused}") };
        let found = value_and_gradient(&mut within(&on_device, Some(needed)));
        eprintln!("{name}: within {needed} bytes, stored: {} {}", expected.0, found.0);
        assert!(expected.0, "{name}");
        assert!(found.1 == expected.1, "{name}: the spectrum of the gradient");
        assert!(found.2 == expected.2, "{name}: the gradient");
        assert!(unbounded.spectrum_and_jacobian(&X).unwrap().0 == expected.1, "{name}: the spectrum of the Jacobian");
    }
}

#[test]
fn wrong_parameters_are_refused() {
    let mut r = retrieval(sparse(), &Backend::Cpu, DerivativeSettings::default());
    for (x, expected) in [
        (&X[..4], "T0, alpha, ln_ratio, gravity, surface"),
        (&[900.0, f64::NAN, -7.0, 2500.0, 1400.0], "alpha"),
        (&[9000.0, 0.03, -7.0, 2500.0, 1400.0], "500"),
        (&[900.0, 0.03, -7.0, -1.0, 1400.0], "gravities"),
    ] {
        let message = r.spectrum_and_jacobian(x).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    let message = r.spectrum_and_product(&X, &[1.0; 7]).unwrap_err().to_string();
    assert!(message.contains("number of weights"), "{message}");
    assert_eq!(LAYERS, r.model().layers());
}

/// Mixing ratios as they stand: of the absorber, and of the partners of each pair; all the same in every layer.
fn by_ratios(model: Model, backend: &Backend, gradient: GradientMode) -> Retrieval {
    let (surface, pairs) = (has_surface(&model), model.opacities().len() > 1);
    let profiles = move |x: &[Dual], pressure: &crate::atmosphere::PressureGrid| {
        let layers = pressure.layers();
        let ln_p = pressure.pressure_bar().iter().map(|p| p.ln());
        let temperature = ln_p.map(|l| Dual::from(903.37 * (0.03 * l).exp())).collect();
        let (gravity, mean) = (vec![Dual::from(2500.0); layers], vec![Dual::from(2.3); layers]);
        let mut state = State::new(temperature, gravity, mean).with_mass_ratio("CO", x[0].clone());
        if pairs {
            state = state.with_volume_ratio("H2", x[1].clone()).with_volume_ratio("He", x[2].clone());
        }
        Ok(if surface { state.with_surface(Dual::from(1400.0)) } else { state })
    };
    let names = ["X", "x1", "x2"].map(String::from).to_vec();
    let settings = DerivativeSettings { gradient, ..DerivativeSettings::default() };
    Retrieval::new(model, backend, names, profiles, settings).unwrap()
}

#[test]
fn derivatives_at_abundance_0_are_one_sided() {
    for (name, model) in [("sparse", sparse()), ("continuum", with_continuum())] {
        let n = model.grid.len();
        let mut retrieval = by_ratios(model, &Backend::Cpu, GradientMode::Forward);
        // Each ratio 0 alone, and with others; where pairs absorb, too little to be thick (k is 3e-46 in them).
        for at in
            [[0.0, 0.4, 0.3], [1e-6, 0.0, 0.3], [1e-6, 0.4, 0.0], [0.0, 0.0, 0.3], [1e-300, 0.4, 0.3], [0.0, 0.0, 0.0]]
        {
            let (flux, jacobian) = retrieval.spectrum_and_jacobian(&at).unwrap();
            let plain = retrieval.spectrum(&at).unwrap();
            assert!(off(&flux, &plain) < 1e-12, "{name}, {at:?}: the spectrum");
            for (p, column) in jacobian.chunks(n).enumerate().filter(|(p, _)| at[*p] < 1e-20) {
                // Forward differences extrapolated to a step of 0: exact to its cube.
                let step = if p == 0 { 1e-11 } else { 1e-6 };
                let moved = [1.0, 2.0, 4.0].map(|steps| {
                    let mut x = at;
                    x[p] = steps * step;
                    retrieval.spectrum(&x).unwrap()
                });
                let slope = |k: usize, i: usize| (moved[k][i] - plain[i]) / (step * f64::from(1 << k));
                let expected: Vec<f64> =
                    (0..n).map(|i| (8.0 * slope(0, i) - 6.0 * slope(1, i) + slope(2, i)) / 3.0).collect();
                let brightest = plain.iter().fold(0.0f64, |m, f| m.max(*f));
                if expected.iter().all(|v| v.abs() < 1e-7 * brightest) {
                    // Nothing absorbs: no pair, or its other partner is absent too.
                    assert!(column.iter().all(|v| v.abs() < 1e-12 * brightest), "{name}, {at:?}, {p}");
                    continue;
                }
                let error = off(column, &expected);
                eprintln!("{name}, {at:?}, parameter {p}: {error:.1e}");
                assert!(error < 1e-5, "{name}, {at:?}, parameter {p}: {error:e}");
            }
            // The limit: what a small ratio has, to 1e-6.
            let small = at.map(|x| if x < 1e-20 { 1e-18 } else { x });
            let near = retrieval.spectrum_and_jacobian(&small).unwrap().1;
            for (column, near) in jacobian.chunks(n).zip(near.chunks(n)) {
                let brightest = plain.iter().fold(0.0f64, |m, f| m.max(*f));
                let error = off(column, near);
                assert!(error < 1e-6 || near.iter().all(|v| v.abs() < 1e-12 * brightest), "{name}, {at:?}: {error:e}");
            }
        }
    }
}

#[test]
fn gpu_derivatives_at_abundance_0_are_the_twins_forward_and_reverse() {
    let device = Backend::Device(device());
    for (name, model) in [("sparse", sparse()), ("continuum", with_continuum())] {
        let n = model.grid.len();
        let u: Vec<f64> = (0..n).map(|i| 1.0 + 0.5 * (i as f64 * 0.7).sin()).collect();
        for at in [[0.0, 0.4, 0.3], [1e-6, 0.0, 0.3], [0.0, 0.0, 0.0]] {
            let mut twin = by_ratios(model.clone(), &Backend::Cpu, GradientMode::Forward);
            let (flux, expected) = twin.spectrum_and_jacobian(&at).unwrap();
            let brightest = flux.iter().fold(0.0f64, |m, f| m.max(*f));
            for backend in [&Backend::Cpu, &device] {
                let mut there = by_ratios(model.clone(), backend, GradientMode::Reverse);
                let (found_flux, found) = there.spectrum_and_jacobian(&at).unwrap();
                assert!(off(&found_flux, &there.spectrum(&at).unwrap()) < 1e-6, "{name}, {at:?}: the spectrum");
                let (_, gradient) = there.value_and_gradient(&at, &mut |_| Ok((0.0, u.clone()))).unwrap();
                for (p, (found, expected)) in found.chunks(n).zip(expected.chunks(n)).enumerate() {
                    let largest = expected.iter().fold(1e-9 * brightest, |m, v| m.max(v.abs()));
                    let mut errors: Vec<f64> =
                        found.iter().zip(expected).map(|(f, e)| (f - e).abs() / largest).collect();
                    errors.sort_by(f64::total_cmp);
                    let p99 = errors[errors.len() * 99 / 100];
                    assert!(p99 < 2e-3, "{name}, {at:?}, parameter {p}: {p99:e}");
                    let forward: f64 = found.iter().zip(&u).map(|(j, u)| j * u).sum();
                    let scale: f64 = found.iter().zip(&u).map(|(j, u)| (j * u).abs()).sum();
                    assert!(
                        (gradient[p] - forward).abs() <= 1e-4 * scale,
                        "{name}, {at:?}, {p}: {} {forward}",
                        gradient[p]
                    );
                }
            }
        }
    }
}

/// A device that is lost at any submission or mapping of an evaluation is opened again, and the results have the bits of one that was not; where the fresh one is lost as well,
/// that is an error.
#[test]
fn gpu_lost_devices_are_opened_again_within_an_evaluation() {
    let all = |retrieval: &mut Retrieval| {
        let (flux, jacobian) = retrieval.spectrum_and_jacobian(&X)?;
        let (_, gradient) = retrieval.spectrum_and_product(&X, &vec![1.0; flux.len()])?;
        Ok::<_, crate::Error>((retrieval.spectrum(&X)?, flux, jacobian, gradient))
    };
    let on = |device: &Device| retrieval(sparse(), &Backend::Device(device.clone()), DerivativeSettings::default());
    let expected = all(&mut on(&device())).unwrap();
    let (mut k, mut tried) = (1, 0);
    loop {
        let device = device();
        let mut retrieval = on(&device);
        device.fail_submission(k);
        let found = all(&mut retrieval).unwrap_or_else(|e| panic!("{k}: {e}"));
        assert!(found == expected, "lost at {k}");
        if retrieval.device_losses() == 0 {
            break;
        }
        assert_eq!(retrieval.device_losses(), 1, "lost at {k}");
        tried += 1;
        // The first calls one by one, then every seventh.
        k += if k < 8 { 1 } else { 7 };
    }
    assert!(tried > 8, "only {tried} calls");
    // Both are lost: an error, and the one after it goes on with what is left.
    let device = device();
    let mut retrieval = on(&device);
    device.fail_submission(1);
    device.reopened().unwrap().fail_submission(1);
    assert!(matches!(all(&mut retrieval), Err(crate::Error::DeviceLost(_))));
    assert!(all(&mut retrieval).unwrap() == expected);
}
