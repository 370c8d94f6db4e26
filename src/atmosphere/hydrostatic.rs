//! Radii of layers in hydrostatic equilibrium, with gravity falling as the square of the distance.
//!
//! dP/P = -(mu m_u g / k_B T) dr with g = g_0 (R_0 / r)^2 becomes d(1/r) = (k_B T / (mu m_u g_0 R_0^2)) d ln P: within an isothermal layer 1/r is linear in ln P, so that the
//! radii of its boundaries are exact,
//!
//! 1/r_up = 1/r_low - k_B T ln(P_low / P_up) / (mu m_u g_0 R_0^2).
//!
//! An atmosphere whose 1/r would not stay positive has no top: it is not bound.

use super::Number;
use super::number::positive;
use super::pressure::check_increasing;
use crate::constants::{ATOMIC_MASS_CGS, BOLTZMANN_CGS};
use crate::{Error, Result};

/// Where radius and gravity are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReferenceLevel<D = f64> {
    /// Distance from the planet's centre \[cm\].
    pub radius_cm: D,
    /// Gravity there \[cm s-2\].
    pub gravity: D,
    /// Its pressure \[bar\], within the layers; `None` for the lowest boundary.
    pub pressure_bar: Option<f64>,
}

/// Radii and gravities of layers in hydrostatic equilibrium.
///
/// ```
/// use photosphere::atmosphere::{Hydrostatic, PressureGrid, ReferenceLevel};
///
/// let pressure = PressureGrid::logarithmic(1e-6, 1.0, 50)?; // bar
/// let level = ReferenceLevel { radius_cm: 7e9, gravity: 1000.0, pressure_bar: Some(0.1) };
/// let layers = Hydrostatic::new(&pressure.boundaries_bar(), &[1000.0; 50], &[2.3; 50], &level)?;
/// // Fifty-one boundaries from the top down; gravity falls as the inverse square of the radius.
/// assert!(layers.radius_cm[0] > 7e9 && layers.radius_cm[50] < 7e9);
/// assert!(layers.gravity[0] < layers.gravity[49]);
/// # Ok::<(), photosphere::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Hydrostatic<D = f64> {
    /// Radii of the layers' boundaries \[layer + 1\] cm, from the top.
    pub radius_cm: Vec<D>,
    /// Gravity at the middle of each layer, (r_up + r_low) / 2 \[layer\] cm s-2.
    pub gravity: Vec<D>,
}

impl<D: Number> Hydrostatic<D> {
    /// From the pressures of the layers' boundaries \[layer + 1\] bar, from the top, and \[layer\] temperatures \[K\] and mean molar masses \[g mol-1\].
    ///
    /// # Errors
    /// [`Error::Invalid`] if lengths differ, a value is not positive and finite, the reference pressure is outside the layers, or the atmosphere has no top: the first
    /// layer that would reach infinity is named.
    pub fn new(
        boundary_bar: &[f64],
        temperature_k: &[D],
        mean_molar_mass: &[D],
        reference: &ReferenceLevel<D>,
    ) -> Result<Self> {
        let layers = temperature_k.len();
        if layers == 0 {
            return Err(Error::invalid("number of layers", layers, "one or more"));
        }
        for (what, given, required) in [
            ("pressures of boundaries", boundary_bar.len(), layers + 1),
            ("mean molar masses", mean_molar_mass.len(), layers),
        ] {
            if given != required {
                return Err(Error::invalid(
                    format!("number of {what}"),
                    given,
                    format!("{required}, for {layers} layers"),
                ));
            }
        }
        check_increasing("pressure boundary", boundary_bar)?;
        positive("reference radius [cm]", reference.radius_cm.re())?;
        positive("gravity at the reference radius [cm s-2]", reference.gravity.re())?;
        for (layer, (t, mean)) in temperature_k.iter().zip(mean_molar_mass).enumerate() {
            positive(&format!("temperature of layer {layer} [K]"), t.re())?;
            positive(&format!("mean molar mass of layer {layer} [g/mol]"), mean.re())?;
        }
        let (top, bottom) = (boundary_bar[0], boundary_bar[layers]);
        let at = reference.pressure_bar.unwrap_or(bottom);
        if !(top..=bottom).contains(&at) {
            return Err(Error::invalid(
                "reference pressure [bar]",
                at,
                format!("{top} to {bottom}, within the layers"),
            ));
        }
        // s = R_0 / r falls upwards by k_B T / (mu m_u g_0 R_0) for each unit of ln P.
        let scale = D::from(BOLTZMANN_CGS / ATOMIC_MASS_CGS) / (reference.gravity.clone() * &reference.radius_cm);
        let rate = |layer: usize| scale.clone() * &temperature_k[layer] / &mean_molar_mass[layer];
        let inside = boundary_bar.partition_point(|p| *p < at).clamp(1, layers) - 1;
        let mut s: Vec<D> = vec![D::from(1.0); layers + 1];
        s[inside] = -rate(inside) * (at / boundary_bar[inside]).ln() + 1.0;
        s[inside + 1] = rate(inside) * (boundary_bar[inside + 1] / at).ln() + 1.0;
        for layer in inside + 1..layers {
            s[layer + 1] = s[layer].clone() + rate(layer) * (boundary_bar[layer + 1] / boundary_bar[layer]).ln();
        }
        for layer in (0..inside).rev() {
            s[layer] = s[layer + 1].clone() - rate(layer) * (boundary_bar[layer + 1] / boundary_bar[layer]).ln();
        }
        if let Some(layer) = (0..layers).rev().find(|layer| s[*layer].re() <= 0.0) {
            let what = format!("layer {layer} ({} bar)", boundary_bar[layer]);
            let required = "an atmosphere bound to the planet (higher gravity or mean molecular weight, larger radius, lower temperature, or a \
                            top at a higher pressure)";
            return Err(Error::invalid(what, "no finite height in hydrostatic equilibrium", required));
        }
        let radius_cm: Vec<D> = s.iter().map(|s| reference.radius_cm.clone() / s).collect();
        let gravity = radius_cm.windows(2).map(|r| {
            let middle = (r[0].clone() + &r[1]) * 0.5;
            let ratio = reference.radius_cm.clone() / middle;
            reference.gravity.clone() * &ratio * ratio
        });
        let gravity = gravity.collect();
        Ok(Self { radius_cm, gravity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atmosphere::PressureGrid;

    fn earth(temperature: f64, pressure_bar: Option<f64>) -> Result<Hydrostatic> {
        let layers = PressureGrid::logarithmic(1e-8, 1e2, 20)?;
        let reference = ReferenceLevel { radius_cm: 6.5e8, gravity: 980.0, pressure_bar };
        Hydrostatic::new(&layers.boundaries_bar(), &[temperature; 20], &[28.8; 20], &reference)
    }

    #[test]
    fn the_top_is_where_it_was_worked_out_to_be() {
        // 300 K, mu = 28.8, R0 = 6500 km, g0 = 980: r_top / R0 = 1.0340775783, computed outside this project.
        let found = earth(300.0, None).unwrap();
        assert!((found.radius_cm[0] / 6.5e8 - 1.0340775783).abs() < 1e-9, "{}", found.radius_cm[0] / 6.5e8);
        assert_eq!(found.radius_cm[20], 6.5e8);
        let middle = 0.5 * (found.radius_cm[3] + found.radius_cm[4]);
        assert!((found.gravity[3] / (980.0 * (6.5e8 / middle).powi(2)) - 1.0).abs() < 1e-14);
    }

    #[test]
    fn a_reference_anywhere_gives_the_same_planet() {
        let whole = earth(300.0, None).unwrap();
        for at in [1e-7, 3e-4, 1.0, 99.0] {
            // The radius and the gravity that the first planet has at this pressure.
            let s = 1.0
                - BOLTZMANN_CGS * 300.0 / (28.8 * ATOMIC_MASS_CGS * 980.0 * 6.5e8)
                    * (PressureGrid::logarithmic(1e-8, 1e2, 20).unwrap().boundaries_bar()[20] / at).ln();
            let reference = ReferenceLevel { radius_cm: 6.5e8 / s, gravity: 980.0 * s * s, pressure_bar: Some(at) };
            let layers = PressureGrid::logarithmic(1e-8, 1e2, 20).unwrap();
            let same = Hydrostatic::new(&layers.boundaries_bar(), &[300.0; 20], &[28.8; 20], &reference).unwrap();
            for (a, b) in same.radius_cm.iter().zip(&whole.radius_cm) {
                assert!((a / b - 1.0).abs() < 1e-13, "{at} bar");
            }
        }
    }

    #[test]
    fn unbound_atmospheres_and_levels_outside_are_refused() {
        let message = earth(20_000.0, None).unwrap_err().to_string();
        assert!(message.contains("layer") && message.contains("bound to the planet"), "{message}");
        for at in [1e-10, 1e4, f64::NAN] {
            let message = earth(300.0, Some(at)).unwrap_err().to_string();
            assert!(message.contains("reference pressure") && message.contains("within the layers"), "{message}");
        }
    }

    #[test]
    fn layers_of_their_own_temperatures_and_masses() {
        // Two layers, worked out by hand: H = k_B T / (mu m_u g0), r = R0 / (1 - H ln(P_low / P_up) / R0) layer by layer.
        let reference = ReferenceLevel { radius_cm: 7e9, gravity: 1000.0, pressure_bar: None };
        let found = Hydrostatic::new(&[1e-2, 1e-1, 1.0], &[800.0, 1200.0], &[2.0, 2.5], &reference).unwrap();
        let first = 1.0 - 8.314462618e7 * 1200.0 / (2.5 * 1000.0 * 7e9) * 10f64.ln();
        let second = first - 8.314462618e7 * 800.0 / (2.0 * 1000.0 * 7e9) * 10f64.ln();
        for (found, expected) in found.radius_cm.iter().zip([7e9 / second, 7e9 / first, 7e9]) {
            assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn bad_values_are_refused() {
        let reference = ReferenceLevel { radius_cm: 7e9, gravity: 1000.0, pressure_bar: None };
        let of = |boundaries: &[f64], t: &[f64], mean: &[f64], reference: &ReferenceLevel| {
            Hydrostatic::new(boundaries, t, mean, reference).unwrap_err().to_string()
        };
        let good = [0.1, 1.0, 10.0];
        assert!(of(&[1.0], &[], &[], &reference).contains("number of layers"));
        assert!(of(&[], &[], &[], &reference).contains("number of layers"));
        assert!(of(&good, &[500.0], &[2.3], &reference).contains("pressures of boundaries"));
        assert!(of(&good, &[500.0; 2], &[2.3], &reference).contains("mean molar masses"));
        assert!(of(&[0.1, f64::NAN, 10.0], &[500.0; 2], &[2.3; 2], &reference).contains("pressure boundary 1"));
        assert!(of(&[0.1, 10.0, 1.0], &[500.0; 2], &[2.3; 2], &reference).contains("pressure boundary 2"));
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(of(&good, &[500.0, bad], &[2.3; 2], &reference).contains("temperature of layer 1"));
            assert!(of(&good, &[500.0; 2], &[bad, 2.3], &reference).contains("mean molar mass of layer 0"));
            let at = |radius_cm, gravity| ReferenceLevel { radius_cm, gravity, pressure_bar: None };
            assert!(of(&good, &[500.0; 2], &[2.3; 2], &at(bad, 1000.0)).contains("reference radius"));
            assert!(of(&good, &[500.0; 2], &[2.3; 2], &at(7e9, bad)).contains("gravity at the reference"));
        }
    }
}
