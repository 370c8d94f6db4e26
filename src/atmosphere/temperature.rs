//! Temperature profiles.
//!
//! Each profile is a plain formula of pressure; the functions [`power_law`], [`grey`] and [`guillot`] are public so
//! that a caller can build on them. Optical depth of the grey profiles: tau = kappa P / g.

use super::number::{not_negative, positive};
use super::{Number, ProfileTable, clip};
use crate::grid::TemperatureRange;
use crate::{Error, Result};

/// 1 bar in dyn cm-2.
const BAR_CGS: f64 = 1e6;

/// Temperature as a function of pressure.
#[derive(Debug, Clone, PartialEq)]
pub enum TemperatureProfile<D = f64> {
    /// The same everywhere.
    Isothermal {
        /// \[K\].
        temperature_k: D,
    },
    /// [`power_law`].
    PowerLaw {
        /// Temperature at 1 bar \[K\].
        temperature_k: D,
        /// d ln T / d ln P.
        exponent: D,
    },
    /// [`grey`].
    Grey {
        /// \[cm s-2\].
        gravity: D,
        /// Thermal opacity \[cm2 g-1\].
        opacity: D,
        /// Internal (here also effective) temperature \[K\].
        internal_k: D,
    },
    /// [`guillot`].
    Guillot {
        /// \[cm s-2\].
        gravity: D,
        /// Thermal opacity \[cm2 g-1\].
        opacity: D,
        /// Visible over thermal opacity.
        gamma: D,
        /// Internal temperature \[K\].
        internal_k: D,
        /// Irradiation temperature at the substellar point \[K\].
        irradiation_k: D,
        /// Redistribution f: 1 at the substellar point, 1/2 for the day side, 1/4 for the whole planet.
        redistribution: D,
    },
    /// Values at given pressures \[K\], interpolated in ln P: a table of the user's own, or the free temperatures of a retrieval.
    Table(ProfileTable<D>),
}

impl<D: Number> TemperatureProfile<D> {
    /// Temperature of each layer \[K\] at its pressure \[bar\], limited to `limits` if given (see [`clip()`]).
    ///
    /// # Errors
    /// [`Error::Invalid`] for a parameter outside its range, a pressure outside a table, or a temperature that is not
    /// positive and finite (naming the layer).
    pub fn at(&self, pressure_bar: &[f64], limits: Option<TemperatureRange>) -> Result<Vec<D>> {
        self.check()?;
        let each = |formula: &dyn Fn(f64) -> D| pressure_bar.iter().map(|p| formula(*p)).collect::<Vec<_>>();
        let mut temperature = match self {
            Self::Isothermal { temperature_k } => vec![temperature_k.clone(); pressure_bar.len()],
            Self::PowerLaw { temperature_k, exponent } => each(&|p| power_law(p, temperature_k, exponent)),
            Self::Grey { gravity, opacity, internal_k } => {
                each(&|p| grey(&thermal_optical_depth(p, gravity, opacity), internal_k))
            }
            Self::Guillot { gravity, opacity, gamma, internal_k, irradiation_k, redistribution } => each(&|p| {
                let tau = thermal_optical_depth(p, gravity, opacity);
                guillot(&tau, gamma, internal_k, irradiation_k, redistribution)
            }),
            Self::Table(table) => table.at("temperature profile", pressure_bar)?,
        };
        for (layer, temperature) in temperature.iter_mut().enumerate() {
            if let Some(range) = limits {
                *temperature = clip(temperature.clone(), range);
            }
            let value = temperature.re();
            if !(value.is_finite() && value > 0.0) {
                let what = format!("temperature of layer {layer} ({} bar)", pressure_bar[layer]);
                return Err(Error::invalid(what, format!("{value} K"), "a positive, finite temperature"));
            }
        }
        Ok(temperature)
    }

    fn check(&self) -> Result<()> {
        match self {
            Self::Isothermal { temperature_k } => positive("temperature_k", temperature_k.re()),
            Self::PowerLaw { temperature_k, exponent } => {
                positive("temperature_k", temperature_k.re())?;
                if exponent.re().is_finite() {
                    return Ok(());
                }
                Err(Error::invalid("exponent", exponent.re(), "a finite number"))
            }
            Self::Grey { gravity, opacity, internal_k } => {
                positive("gravity", gravity.re())?;
                positive("opacity", opacity.re())?;
                positive("internal_k", internal_k.re())
            }
            Self::Guillot { gravity, opacity, gamma, internal_k, irradiation_k, redistribution } => {
                positive("gravity", gravity.re())?;
                positive("opacity", opacity.re())?;
                positive("gamma", gamma.re())?;
                not_negative("internal_k", internal_k.re())?;
                not_negative("irradiation_k", irradiation_k.re())?;
                not_negative("redistribution", redistribution.re())
            }
            Self::Table(_) => Ok(()),
        }
    }
}

/// T = T_1 (P / 1 bar)^alpha.
pub fn power_law<D: Number>(pressure_bar: f64, temperature_k: &D, exponent: &D) -> D {
    D::from(pressure_bar).powd(exponent.clone()) * temperature_k
}

/// tau = kappa P / g of a layer of constant opacity \[cm2 g-1\] under gravity \[cm s-2\].
pub fn thermal_optical_depth<D: Number>(pressure_bar: f64, gravity: &D, opacity: &D) -> D {
    opacity.clone() * pressure_bar * BAR_CGS / gravity
}

/// Grey atmosphere in the Eddington approximation: T^4 = 3/4 T_int^4 (tau + 2/3).
pub fn grey<D: Number>(tau: &D, internal_k: &D) -> D {
    fourth_root(internal_k.powi(4) * 0.75 * (tau.clone() + 2.0 / 3.0))
}

/// Irradiated semi-grey atmosphere, Guillot (2010, A&A 520, A27), equation 29:
///
/// T^4 = 3/4 T_int^4 (2/3 + tau) + 3/4 T_irr^4 f \[2/3 + 1/(gamma sqrt 3) + (gamma/sqrt 3 - 1/(gamma sqrt 3)) e^(-gamma tau sqrt 3)\].
pub fn guillot<D: Number>(tau: &D, gamma: &D, internal_k: &D, irradiation_k: &D, redistribution: &D) -> D {
    let root3 = 3f64.sqrt();
    let inverse = D::from(1.0) / (gamma.clone() * root3);
    let decay = (-gamma.clone() * tau * root3).exp();
    let heating = inverse.clone() + 2.0 / 3.0 + (gamma.clone() / root3 - inverse) * decay;
    let internal = internal_k.powi(4) * (tau.clone() + 2.0 / 3.0);
    fourth_root((internal + irradiation_k.powi(4) * redistribution * heating) * 0.75)
}

/// x^(1/4). At zero, where the derivative is infinite, it is 0 without derivatives: such a temperature is refused anyway.
fn fourth_root<D: Number>(x: D) -> D {
    if x.re() == 0.0 { D::from(0.0) } else { x.sqrt().sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atmosphere::PressureGrid;

    fn guillot_profile(internal_k: f64, irradiation_k: f64) -> TemperatureProfile {
        TemperatureProfile::Guillot {
            gravity: 1000.0,
            opacity: 0.01,
            gamma: 0.4,
            internal_k,
            irradiation_k,
            redistribution: 0.25,
        }
    }

    #[test]
    fn power_law_with_clipping() {
        let grid = PressureGrid::logarithmic(1e-5, 10.0, 200).unwrap();
        let profile = TemperatureProfile::PowerLaw { temperature_k: 900.0_f64, exponent: 0.1 };
        let clip = TemperatureRange::new(500.0, 1500.0).unwrap();
        let temperature = profile.at(grid.pressure_bar(), Some(clip)).unwrap();
        // Values of the 200-layer grid of the reference spectra.
        for (layer, expected) in [(0, 500.0), (198, 1125.194068401127), (199, 1133.0328706147507)] {
            assert!((temperature[layer] / expected - 1.0).abs() < 1e-13, "layer {layer}: {}", temperature[layer]);
        }
        let free = profile.at(grid.pressure_bar(), None).unwrap();
        assert!((free[0] - 900.0 * 10f64.powf(-0.5)).abs() < 1e-10);
    }

    #[test]
    fn guillot_has_its_limits() {
        // Deep down with T_int: 3/4 T_int^4 tau dominates. At the top without T_int:
        // T^4 = 3/4 f T_irr^4 (2/3 + gamma / sqrt 3).
        let top = guillot_profile(0.0, 2000.0).at(&[1e-12], None).unwrap()[0];
        let expected = 2000.0 * (0.75 * 0.25 * (2.0 / 3.0 + 0.4 / 3f64.sqrt())).powf(0.25);
        assert!((top / expected - 1.0).abs() < 1e-9, "{top} {expected}");
        let deep = guillot_profile(300.0, 1500.0).at(&[1e6], None).unwrap()[0];
        let tau: f64 = thermal_optical_depth(1e6, &1000.0, &0.01);
        assert_eq!(tau, 1e7);
        assert!((deep / (300.0 * (0.75 * tau).powf(0.25)) - 1.0).abs() < 1e-4, "{deep}");
        // Without irradiation it is the grey profile.
        let pressure = [1e-4, 1e-2, 1.0, 100.0];
        let grey = TemperatureProfile::Grey { gravity: 1000.0, opacity: 0.01, internal_k: 700.0 };
        assert_eq!(guillot_profile(700.0, 0.0).at(&pressure, None).unwrap(), grey.at(&pressure, None).unwrap());
    }

    #[test]
    fn grey_profile_is_the_effective_temperature_at_two_thirds() {
        assert!((grey::<f64>(&(2.0 / 3.0), &1000.0) - 1000.0).abs() < 1e-9);
        assert!((grey::<f64>(&0.0, &1000.0) - 1000.0 * 0.5f64.powf(0.25)).abs() < 1e-9);
    }

    #[test]
    fn table_and_isothermal() {
        let table = ProfileTable::new("T(P)", &[1e-4, 1.0], &[400.0_f64, 800.0]).unwrap();
        let found = TemperatureProfile::Table(table.clone()).at(&[1e-2], None).unwrap();
        assert!((found[0] - 600.0).abs() < 1e-10);
        assert!(
            TemperatureProfile::Table(table).at(&[2.0], None).unwrap_err().to_string().contains("range of the table")
        );
        let isothermal = TemperatureProfile::Isothermal { temperature_k: 700.0 };
        assert_eq!(isothermal.at(&[1.0; 3], None).unwrap(), [700.0; 3]);
    }

    #[test]
    fn bad_parameters_are_named() {
        let error = |profile: TemperatureProfile| profile.at(&[1e-3, 1.0], None).unwrap_err().to_string();
        for bad in [0.0, -5.0, f64::NAN, f64::INFINITY] {
            assert!(error(TemperatureProfile::Isothermal { temperature_k: bad }).contains("temperature_k"));
            assert!(
                error(TemperatureProfile::Grey { gravity: bad, opacity: 1.0, internal_k: 1.0 }).contains("gravity")
            );
        }
        assert!(error(TemperatureProfile::PowerLaw { temperature_k: 1.0, exponent: f64::NAN }).contains("exponent"));
        assert!(error(guillot_profile(-1.0, 1000.0)).contains("internal_k"));
        // Neither heat source, and an overflow: the layer is named.
        assert!(error(guillot_profile(0.0, 0.0)).contains("layer 0"));
        assert!(error(TemperatureProfile::PowerLaw { temperature_k: 1e300, exponent: -9.0 }).contains("layer 0"));
        assert!(TemperatureRange::new(1500.0, 500.0).unwrap_err().to_string().contains("1500:500"));
        assert!(TemperatureRange::new(f64::NAN, 500.0).is_err());
    }
}
