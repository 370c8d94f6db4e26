//! Derivatives of every profile by every parameter, against central differences.

// One text for f64, which is Copy, and dual numbers, which are not.
#![allow(clippy::clone_on_copy)]

use super::*;
use crate::grid::TemperatureRange;
use crate::spectrum::Dual;

/// `x` as independent variables.
fn variables(x: &[f64]) -> Vec<Dual> {
    x.iter().enumerate().map(|(i, v)| Dual::variable(*v, i, x.len())).collect()
}

/// Checks the derivatives of `profile` at `x`: f64 values and dual values agree, and so do derivatives and differences.
fn check(name: &str, x: &[f64], plain: impl Fn(&[f64]) -> Vec<f64>, dual: impl Fn(&[Dual]) -> Vec<Dual>) {
    let (value, with) = (plain(x), dual(&variables(x)));
    for (v, d) in value.iter().zip(&with) {
        assert!((d.re() / v - 1.0).abs() < 4e-15, "{name}: {v} and {}", d.re());
    }
    for (k, xk) in x.iter().enumerate() {
        let step = 1e-5 * xk.abs();
        let moved = |sign: f64| {
            let mut x = x.to_vec();
            x[k] += sign * step;
            plain(&x)
        };
        let (high, low) = (moved(1.0), moved(-1.0));
        let exact: Vec<f64> = with.iter().map(|d| d.derivative(k)).collect();
        let largest = exact.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        assert!(largest > 0.0, "{name}: parameter {k} has no influence");
        for (layer, exact) in exact.iter().enumerate() {
            let difference = (high[layer] - low[layer]) / (2.0 * step);
            let allowed = 1e-8 * largest + 1e-15 * value[layer].abs() / step;
            assert!((exact - difference).abs() < allowed, "{name}, parameter {k}, layer {layer}: {exact} {difference}");
        }
    }
}

/// One closure for both kinds of numbers.
macro_rules! check {
    ($name:expr, $x:expr, $profile:expr) => {
        check($name, $x, $profile, $profile)
    };
}

fn pressures() -> Vec<f64> {
    PressureGrid::logarithmic(1e-5, 10.0, 23).unwrap().pressure_bar().to_vec()
}

#[test]
fn every_temperature_profile() {
    let p = pressures();
    check!("isothermal", &[850.0], |x| TemperatureProfile::Isothermal { temperature_k: x[0].clone() }
        .at(&p, None)
        .unwrap());
    check!("power law", &[900.0, 0.1], |x| {
        TemperatureProfile::PowerLaw { temperature_k: x[0].clone(), exponent: x[1].clone() }.at(&p, None).unwrap()
    });
    // Limits between layers: the layers beyond them have no derivatives.
    let range = TemperatureRange::new(480.0, 1075.0).unwrap();
    check!("clipped power law", &[900.0, 0.1], |x| {
        TemperatureProfile::PowerLaw { temperature_k: x[0].clone(), exponent: x[1].clone() }
            .at(&p, Some(range))
            .unwrap()
    });
    check!("grey", &[2500.0, 0.01, 700.0], |x| {
        let [gravity, opacity, internal_k] = [0, 1, 2].map(|i| x[i].clone());
        TemperatureProfile::Grey { gravity, opacity, internal_k }.at(&p, None).unwrap()
    });
    check!("Guillot", &[2500.0, 0.01, 0.4, 300.0, 1500.0, 0.25], |x| {
        let [gravity, opacity, gamma, internal_k, irradiation_k, redistribution] =
            [0, 1, 2, 3, 4, 5].map(|i| x[i].clone());
        let profile =
            TemperatureProfile::Guillot { gravity, opacity, gamma, internal_k, irradiation_k, redistribution };
        profile.at(&p, None).unwrap()
    });
    for interpolation in [Interpolation::Linear, Interpolation::Cubic] {
        check!("temperatures at knots", &[600.0, 750.0, 700.0, 1100.0], |x| {
            let table = ProfileTable::new("knots", &[1e-5, 1e-3, 0.2, 10.0], x).unwrap().with(interpolation);
            TemperatureProfile::Table(table).at(&p, None).unwrap()
        });
    }
}

#[test]
fn composition() {
    let p = pressures();
    check!("constant ratio", &[1e-4], |x| MixingRatio::Constant(x[0].clone()).at("CO", &p).unwrap());
    check!("ratio at knots", &[1e-4, 3e-4], |x| {
        MixingRatio::Table(ProfileTable::new("CO", &[1e-5, 10.0], x).unwrap()).at("CO", &p).unwrap()
    });
    check!("mass from volume", &[1e-4, 2.3], |x| vec![Abundance::Volume.to_mass(&x[0], 28.0, &x[1])]);
    check!("volume from mass", &[1e-4, 2.3], |x| vec![Abundance::Mass.to_volume(&x[0], 28.0, &x[1])]);
    for by in [Abundance::Volume, Abundance::Mass] {
        check!("mean molar mass", &[0.85, 0.1499, 1e-4], |x| {
            let mixture = [(x[0].clone(), 2.016), (x[1].clone(), 4.0026), (x[2].clone(), 28.0)];
            vec![mean_molar_mass(&mixture, by).unwrap()]
        });
    }
}

#[test]
fn gravity_with_height_by_its_own_parameters_and_by_temperature_and_mean_molar_mass() {
    let p = pressures();
    check!("constant gravity", &[2500.0], |x| {
        let flat = vec![x[0].clone(); p.len()];
        Gravity::Constant(x[0].clone()).at(&p, &flat, &flat).unwrap()
    });
    for pressure_bar in [1e-6, 0.03, 10.0] {
        check!("gravity with height", &[2500.0, 7e9, 900.0, 0.1, 2.3], |x| {
            let temperature = TemperatureProfile::PowerLaw { temperature_k: x[2].clone(), exponent: x[3].clone() };
            let mu = vec![x[4].clone(); p.len()];
            let gravity = Gravity::WithHeight { gravity: x[0].clone(), radius_cm: x[1].clone(), pressure_bar };
            gravity.at(&p, &temperature.at(&p, None).unwrap(), &mu).unwrap()
        });
    }
}

#[test]
fn hydrostatic_radii_and_gravities() {
    let layers = PressureGrid::logarithmic(1e-5, 10.0, 23).unwrap();
    let (p, boundaries) = (layers.pressure_bar(), layers.boundaries_bar());
    fn of<D: Number>(p: &[f64], boundaries: &[f64], at: Option<f64>, x: &[D]) -> Hydrostatic<D> {
        let temperature = TemperatureProfile::PowerLaw { temperature_k: x[2].clone(), exponent: x[3].clone() };
        let reference = ReferenceLevel { radius_cm: x[0].clone(), gravity: x[1].clone(), pressure_bar: at };
        let mean = vec![x[4].clone(); p.len()];
        Hydrostatic::new(boundaries, &temperature.at(p, None).unwrap(), &mean, &reference).unwrap()
    }
    // At the lowest boundary, within a layer, and at a boundary between two.
    for at in [None, Some(0.03), Some(boundaries[7])] {
        check!("radii", &[7e9, 2500.0, 900.0, 0.1, 2.3], |x| of(p, &boundaries, at, x).radius_cm);
        check!("gravities at mid radius", &[7e9, 2500.0, 900.0, 0.1, 2.3], |x| of(p, &boundaries, at, x).gravity);
    }
}

#[test]
fn the_derivative_at_a_limit_is_that_from_inside() {
    let range = TemperatureRange::new(500.0, 1500.0).unwrap();
    let slope = |t: f64| clip(variables(&[t])[0].clone(), range).derivative(0);
    assert_eq!([499.9, 500.0, 1000.0, 1500.0, 1500.1].map(slope), [0.0, 1.0, 1.0, 1.0, 0.0]);
    assert!(clip(f64::NAN, range).is_nan());
    assert_eq!(clip(Dual::constant(1e9), range).re(), 1500.0);
}
