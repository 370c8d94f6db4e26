use super::*;
use crate::transfer::test_case::{Case, f64s};
use crate::transfer::{EmissionState, LayerJacobian, planck_flux};

fn flux(case: &Case, dtau: &[f64], temperature: &[f64], surface: bool, quadrature: &Quadrature) -> Vec<f64> {
    let (nu, layers) = (f64s(&case.wavenumber), case.layers());
    let mut state = EmissionState::new(nu.len());
    state.accumulate(&nu, dtau, &temperature[..layers], quadrature).unwrap();
    if surface {
        state.add_surface(&nu, temperature[layers], quadrature).unwrap();
    }
    state.flux
}

#[test]
fn flux_has_the_bits_of_the_emission() {
    for (streams, surface) in [(8, true), (8, false), (2, true), (16, false)] {
        let quadrature = Quadrature::streams(streams).unwrap();
        let case = Case::random(700, 53, 1, streams as u64);
        let expected = flux(&case, &f64s(&case.dtau), &f64s(&case.temperature), surface, &quadrature);
        for (found, expected) in case.twin(surface, &quadrature).flux.iter().zip(&expected) {
            // The surface is added by another loop there, whose products are not fused.
            let tolerance = if surface { 1e-14 } else { 0.0 };
            assert!(
                (found / expected - 1.0).abs() <= tolerance,
                "{streams} streams, surface {surface}: {found}, {expected}"
            );
        }
    }
}

#[test]
fn sensitivities_equal_central_differences() {
    let (n, layers) = (300, 21);
    for (streams, surface) in [(8, true), (8, false), (4, true)] {
        let quadrature = Quadrature::streams(streams).unwrap();
        let case = Case::random(n, layers, 1, 31);
        let (dtau, temperature) = (f64s(&case.dtau), f64s(&case.temperature));
        let found = case.twin(surface, &quadrature);
        let (mut largest, mut compared) = (0.0f64, 0);
        for layer in 0..=layers {
            // By the optical depth: the difference's error is (h / mu)^2 / 6 and 1e-15 F / h.
            if layer < layers {
                let moved = |step: f64| {
                    let mut dtau = dtau.clone();
                    dtau[layer * n..][..n].iter_mut().for_each(|dtau| *dtau += step);
                    flux(&case, &dtau, &temperature, surface, &quadrature)
                };
                let h = 3e-6;
                // One-sided to second order, for dtau may be zero.
                let (near, far) = (moved(h), moved(2.0 * h));
                for i in 0..n {
                    let difference = (4.0 * near[i] - far[i] - 3.0 * found.flux[i]) / (2.0 * h);
                    let scale = planck_flux(f64::from(case.wavenumber[i]), 2500.0);
                    largest = largest.max((found.depth[layer * n + i] - difference).abs() / scale);
                }
            }
            if layer < layers || surface {
                let moved = |factor: f64| {
                    let mut temperature = temperature.clone();
                    temperature[layer] *= factor;
                    flux(&case, &dtau, &temperature, surface, &quadrature)
                };
                let h = 1e-5;
                let (up, down) = (moved(1.0 + h), moved(1.0 - h));
                for i in 0..n {
                    let difference = (up[i] - down[i]) / (2.0 * h * temperature[layer]);
                    let source = found.source[layer * n + i];
                    if source * temperature[layer] > 1e-3 * found.flux[i] {
                        assert!(
                            (source / difference - 1.0).abs() < 1e-7,
                            "layer {layer}, point {i}: {source} {difference}"
                        );
                        compared += 1;
                    }
                }
            }
        }
        eprintln!(
            "{streams} streams: by optical depth {largest:.1e} of the hottest Planck function, {compared} by temperature"
        );
        assert!(largest < 2e-8, "{largest}");
        assert!(compared > n);
    }
}

#[test]
fn isothermal_over_its_surface_knows_no_optical_depth() {
    let quadrature = Quadrature::streams(8).unwrap();
    let mut case = Case::random(300, 30, 1, 4);
    case.temperature.fill(900.0);
    let found = case.twin(true, &quadrature);
    assert!(found.depth.iter().all(|depth| *depth == 0.0));
    // Without the surface, K is what lies in the dark below.
    assert!(case.twin(false, &quadrature).depth.iter().all(|depth| *depth >= 0.0));
    // All sources together are the derivative of a black body.
    for i in 0..300 {
        let sum: f64 = found.source.iter().skip(i).step_by(300).sum();
        let nu = f64::from(case.wavenumber[i]);
        let exact = (planck_flux(nu, 900.001) - planck_flux(nu, 899.999)) / 0.002;
        assert!((sum / exact - 1.0).abs() < 1e-8, "point {i}: {sum}, {exact}");
    }
}

#[test]
fn thin_atmosphere_emits_its_optical_depth() {
    // F -> 2 B dtau (sum of W / mu = 2), and the surface loses 2 B_s dtau.
    let quadrature = Quadrature::streams(8).unwrap();
    let (nu, dtau, temperature) = ([2000.0; 3], [1e-20, 1e-30, 1e-200, 1e-21, 1e-31, 1e-201], [1000.0, 700.0]);
    let mut found = EmissionSensitivity::new();
    for surface in [None, Some(1300.0)] {
        found.evaluate(&nu, &dtau, &temperature, surface, &quadrature).unwrap();
        for (k, depth) in found.depth.iter().enumerate() {
            let exact =
                2.0 * (planck_flux(2000.0, temperature[k / 3]) - surface.map_or(0.0, |t| planck_flux(2000.0, t)));
            assert!((depth / exact - 1.0).abs() < 1e-14, "value {k}: {depth}, {exact}");
        }
    }
    let slope = |t: f64| (planck_flux(2000.0, t * 1.00001) - planck_flux(2000.0, t * 0.99999)) / (2e-5 * t);
    for (k, source) in found.source.iter().enumerate() {
        let exact = if k < 6 { 2.0 * dtau[k] * slope(temperature[k / 3]) } else { slope(1300.0) };
        assert!((source / exact - 1.0).abs() < 1e-8, "value {k}: {source:e}, {exact:e}");
    }
}

#[test]
fn segments_give_the_same_bits_and_poison_stays_where_it_is() {
    let quadrature = Quadrature::streams(8).unwrap();
    let (n, layers) = (600, 20);
    let mut case = Case::random(n, layers, 1, 9);
    // Points that are dark from layer 8 on, among others that are not.
    (0..layers * n).filter(|k| k % n >= 256 && k % n < 550).for_each(|k| case.dtau[k] = 800.0);
    let (nu, dtau, temperature) = (f64s(&case.wavenumber), f64s(&case.dtau), f64s(&case.temperature));
    let whole = case.twin(true, &quadrature);
    let mut part = EmissionSensitivity::new();
    for (first, count) in [(0, 256), (256, 256), (300, 200), (511, 89)] {
        let rows: Vec<f64> = dtau.chunks(n).flat_map(|row| row[first..first + count].to_vec()).collect();
        let surface = Some(temperature[layers]);
        part.evaluate(&nu[first..first + count], &rows, &temperature[..layers], surface, &quadrature).unwrap();
        assert_eq!(part.flux, whole.flux[first..first + count]);
        for (part, whole) in [(&part.depth, &whole.depth), (&part.source, &whole.source)] {
            for (part, whole) in part.chunks(count).zip(whole.chunks(n)) {
                assert_eq!(part, &whole[first..first + count]);
            }
        }
    }
    case.dtau[5 * n + 17] = f32::NAN;
    case.dtau[6 * n + 300] = f32::INFINITY;
    let spoilt = case.twin(true, &quadrature);
    assert!(spoilt.flux[17].is_nan() && spoilt.depth[17].is_nan() && spoilt.source[5 * n + 17].is_nan());
    assert!(spoilt.depth.iter().skip(300).step_by(n).all(|depth| depth.is_finite()));
    for k in (0..layers * n).filter(|k| ![17, 300].contains(&(k % n))) {
        assert_eq!((spoilt.depth[k], spoilt.source[k]), (whole.depth[k], whole.source[k]), "value {k}");
    }
}

#[test]
fn every_derivative_of_an_atmosphere_equals_central_differences() {
    // dtau = dtau_0 (T / T_0)^a, different in each layer; all layer temperatures, one absorber and the gravity move at once.
    let quadrature = Quadrature::streams(8).unwrap();
    let (n, layers, surface) = (200, 16, true);
    let case = Case::random(n, layers, 1, 77);
    let (base, t0) = (f64s(&case.dtau), f64s(&case.temperature));
    let power = |layer: usize| 1.5 - 0.2 * layer as f64;
    let direction: Vec<f64> = (0..=layers).map(|i| 40.0 * (i as f64).sin()).collect();
    let (mixing, gravity) = (0.4, -0.3);
    let moved = |step: f64| {
        let t: Vec<f64> = t0.iter().zip(&direction).map(|(t, d)| t + step * d).collect();
        let factor = |layer: usize| {
            // A third of dtau is the absorber's, all of it goes as 1 / g.
            (1.0 / 3.0 * (step * mixing).exp() + 2.0 / 3.0)
                * (-step * gravity).exp()
                * (t[layer] / t0[layer]).powf(power(layer))
        };
        let dtau: Vec<f64> = base.iter().enumerate().map(|(k, dtau)| dtau * factor(k / n)).collect();
        flux(&case, &dtau, &t, surface, &quadrature)
    };
    let found = case.twin(surface, &quadrature);
    let slope: Vec<f64> = base.iter().enumerate().map(|(k, dtau)| dtau * power(k / n) / t0[k / n]).collect();
    let own: Vec<f64> = base.iter().map(|dtau| dtau / 3.0).collect();
    let mut tangent = vec![0.0; n];
    let (depth, source) = (&found.depth[..], &found.source[..]);
    let layer_source = &source[..layers * n];
    let by_temperature = LayerJacobian::Temperature { depth, derivative: &slope, source: layer_source };
    by_temperature.project(&direction[..layers], &mut [&mut tangent]).unwrap();
    LayerJacobian::Given(&source[layers * n..]).project(&direction[layers..], &mut [&mut tangent]).unwrap();
    LayerJacobian::Product { depth, derivative: &own }.project(&[mixing; 16], &mut [&mut tangent]).unwrap();
    LayerJacobian::Product { depth, derivative: &base }.project(&[-gravity; 16], &mut [&mut tangent]).unwrap();
    let h = 1e-5;
    let (up, down) = (moved(h), moved(-h));
    for i in 0..n {
        let difference = (up[i] - down[i]) / (2.0 * h);
        let error = (tangent[i] - difference).abs();
        assert!(error < 1e-7 * difference.abs() + 1e-9 * found.flux[i], "point {i}: {} {difference}", tangent[i]);
    }
}

#[test]
fn wrong_shapes_and_temperatures_are_refused() {
    let quadrature = Quadrature::streams(8).unwrap();
    let mut found = EmissionSensitivity::new();
    let nu = [1.0, 2.0, 3.0];
    let mut message =
        |dtau: &[f64], t: &[f64], surface| found.evaluate(&nu, dtau, t, surface, &quadrature).unwrap_err().to_string();
    assert!(message(&[0.0; 5], &[500.0; 2], None).contains("given 5, required 6"));
    assert!(message(&[0.0; 6], &[500.0, -1.0], None).contains("temperature of layer 1"));
    assert!(message(&[0.0; 6], &[500.0; 2], Some(f64::NAN)).contains("surface temperature"));
    // No layer: the surface alone, or nothing.
    found.evaluate(&nu, &[], &[], Some(700.0), &quadrature).unwrap();
    assert!((found.flux[1] / planck_flux(2.0, 700.0) - 1.0).abs() < 1e-14 && found.depth.is_empty());
    found.evaluate(&nu, &[], &[], None, &quadrature).unwrap();
    assert_eq!(found.flux, [0.0; 3]);
    found.evaluate(&[], &[], &[500.0], None, &quadrature).unwrap();
}
