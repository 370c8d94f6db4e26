//! Gravity, constant or falling with height in hydrostatic equilibrium.
//!
//! dP/P = -(mu m_u g / k_B T) dr with g = g_0 (r_0 / r)^2 becomes d(1/r) = (k_B T / (mu m_u g_0 r_0^2)) d ln P: within an
//! isothermal layer 1/r is linear in ln P, so the integration from the reference level is exact layer by layer.

use super::Number;
use super::number::positive;
use crate::constants::{ATOMIC_MASS_CGS, BOLTZMANN_CGS};
use crate::{Error, Result};

/// Gravity of an atmosphere \[cm s-2\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Gravity<D = f64> {
    /// The same in every layer.
    Constant(D),
    /// Falling with the square of the distance from the centre.
    WithHeight {
        /// Gravity at the reference level \[cm s-2\].
        gravity: D,
        /// Distance of the reference level from the centre \[cm\].
        radius_cm: D,
        /// Pressure of the reference level \[bar\].
        pressure_bar: f64,
    },
}

impl<D: Number> Gravity<D> {
    /// Gravity at the centre of each layer \[cm s-2\].
    ///
    /// * `pressure_bar` \[layer\], increasing; `temperature_k` \[layer\]; `mean_molar_mass` \[layer\] in g mol-1.
    ///   Between two layer centres, T / mu is the mean of the two; beyond the ends it is that of the end.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a parameter is not positive, lengths differ, or the atmosphere is not bound: its scale
    /// height is so large that a layer would lie at infinity.
    pub fn at(&self, pressure_bar: &[f64], temperature_k: &[D], mean_molar_mass: &[D]) -> Result<Vec<D>> {
        let layers = pressure_bar.len();
        for (what, given) in [("temperatures", temperature_k.len()), ("mean molar masses", mean_molar_mass.len())] {
            if given != layers {
                return Err(Error::invalid(
                    format!("number of {what}"),
                    given,
                    format!("{layers}, one for each layer"),
                ));
            }
        }
        match self {
            Self::Constant(gravity) => {
                positive("gravity", gravity.re())?;
                Ok(vec![gravity.clone(); layers])
            }
            Self::WithHeight { gravity, radius_cm, pressure_bar: reference_bar } => {
                positive("gravity at the reference level", gravity.re())?;
                positive("reference radius", radius_cm.re())?;
                positive("reference pressure", *reference_bar)?;
                let ratio: Vec<D> = temperature_k.iter().zip(mean_molar_mass).map(|(t, mu)| t.clone() / mu).collect();
                for (layer, ratio) in ratio.iter().enumerate() {
                    positive(&format!("temperature over mean molar mass of layer {layer}"), ratio.re())?;
                }
                let per_ratio = D::from(BOLTZMANN_CGS) / (gravity.clone() * ATOMIC_MASS_CGS * radius_cm);
                let column = integrals(pressure_bar, &ratio, *reference_bar);
                let gravities = column.iter().enumerate().map(|(layer, column)| {
                    // r_0 / r, which is 1 + (r_0 x integral of d(1/r)).
                    let relative = per_ratio.clone() * column + 1.0;
                    if relative.re() > 0.0 {
                        return Ok(gravity.clone() * &relative * relative);
                    }
                    let what = format!("layer {layer} ({} bar)", pressure_bar[layer]);
                    let required =
                        "an atmosphere bound to the planet (higher gravity, lower temperature or larger radius)";
                    Err(Error::invalid(what, "no finite height in hydrostatic equilibrium", required))
                });
                gravities.collect()
            }
        }
    }
}

/// Integral of (T / mu) d ln P from the reference pressure to each layer centre.
fn integrals<D: Number>(pressure_bar: &[f64], ratio: &[D], reference_bar: f64) -> Vec<D> {
    // Trapezoids from the first layer, then the value at the reference is taken off.
    let mut sums = vec![D::from(0.0); pressure_bar.len()];
    for i in 1..pressure_bar.len() {
        let step = (pressure_bar[i] / pressure_bar[i - 1]).ln();
        sums[i] = sums[i - 1].clone() + (ratio[i].clone() + &ratio[i - 1]) * 0.5 * step;
    }
    let Some(last) = pressure_bar.len().checked_sub(1) else { return sums };
    let below = pressure_bar.partition_point(|p| *p <= reference_bar);
    let at_reference = match below {
        0 => ratio[0].clone() * (reference_bar / pressure_bar[0]).ln(),
        i if i > last => sums[last].clone() + ratio[last].clone() * (reference_bar / pressure_bar[last]).ln(),
        i => {
            let fraction = (reference_bar / pressure_bar[i - 1]).ln() / (pressure_bar[i] / pressure_bar[i - 1]).ln();
            sums[i - 1].clone() + (sums[i].clone() - &sums[i - 1]) * fraction
        }
    };
    sums.into_iter().map(|sum| sum - &at_reference).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atmosphere::PressureGrid;

    const JUPITER_CM: f64 = 7e9;

    fn with_height(pressure_bar: f64) -> Gravity {
        Gravity::WithHeight { gravity: 2500.0, radius_cm: JUPITER_CM, pressure_bar }
    }

    #[test]
    fn isothermal_atmosphere_has_the_exact_height() {
        // r_0 / r = 1 + (H_0 / r_0) ln(P / P_0), H_0 the scale height at the reference.
        let grid = PressureGrid::logarithmic(1e-6, 10.0, 71).unwrap();
        let scale_height = BOLTZMANN_CGS * 1200.0 / (2.3 * ATOMIC_MASS_CGS * 2500.0);
        for reference in [1e-7, 3e-3, 10.0, 40.0] {
            let g = with_height(reference).at(grid.pressure_bar(), &[1200.0; 71], &[2.3; 71]).unwrap();
            for (pressure, g) in grid.pressure_bar().iter().zip(g) {
                let relative = 1.0 + scale_height / JUPITER_CM * (pressure / reference).ln();
                assert!((g / (2500.0 * relative * relative) - 1.0).abs() < 1e-13, "{pressure} bar");
            }
        }
    }

    #[test]
    fn gravity_falls_outward_and_a_huge_planet_has_constant_gravity() {
        let grid = PressureGrid::logarithmic(1e-6, 10.0, 50).unwrap();
        let temperature: Vec<f64> = grid.pressure_bar().iter().map(|p| 900.0 * p.powf(0.1)).collect();
        let g = with_height(1.0).at(grid.pressure_bar(), &temperature, &[2.3; 50]).unwrap();
        assert!(g.windows(2).all(|pair| pair[0] < pair[1]));
        let flat = Gravity::WithHeight { gravity: 2500.0, radius_cm: 1e20, pressure_bar: 1.0 };
        for g in flat.at(grid.pressure_bar(), &temperature, &[2.3; 50]).unwrap() {
            assert!((g / 2500.0 - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn unbound_atmospheres_and_bad_input_are_refused() {
        let pressure = [1e-9, 1e-3, 1.0];
        let puffy = Gravity::WithHeight { gravity: 1.0, radius_cm: 1e9, pressure_bar: 1.0 };
        let message = puffy.at(&pressure, &[2000.0; 3], &[2.3; 3]).unwrap_err().to_string();
        assert!(message.contains("layer 0") && message.contains("bound"), "{message}");
        for bad in [0.0, -1.0, f64::NAN] {
            assert!(Gravity::Constant(bad).at(&pressure, &[500.0; 3], &[2.3; 3]).is_err());
            assert!(with_height(bad).at(&pressure, &[500.0; 3], &[2.3; 3]).is_err());
            assert!(with_height(1.0).at(&pressure, &[500.0, bad, 500.0], &[2.3; 3]).is_err());
        }
        assert!(with_height(1.0).at(&pressure, &[500.0; 2], &[2.3; 3]).unwrap_err().to_string().contains("given 2"));
    }
}
