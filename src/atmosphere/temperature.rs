//! Temperature profiles.
//!
//! Each profile is a plain formula of pressure; the functions [`power_law`], [`grey`] and [`guillot`] are public so
//! that a caller can build on them. Optical depth of the grey profiles: tau = kappa P / g.

use crate::atmosphere::ProfileTable;
use crate::grid::TemperatureRange;
use crate::{Error, Result};

/// 1 bar in dyn cm-2.
const BAR_CGS: f64 = 1e6;

/// Temperature as a function of pressure.
#[derive(Debug, Clone, PartialEq)]
pub enum TemperatureProfile {
    /// The same everywhere.
    Isothermal {
        /// \[K\].
        temperature_k: f64,
    },
    /// [`power_law`].
    PowerLaw {
        /// Temperature at 1 bar \[K\].
        temperature_k: f64,
        /// d ln T / d ln P.
        exponent: f64,
    },
    /// [`grey`].
    Grey {
        /// \[cm s-2\].
        gravity: f64,
        /// Thermal opacity \[cm2 g-1\].
        opacity: f64,
        /// Internal (here also effective) temperature \[K\].
        internal_k: f64,
    },
    /// [`guillot`].
    Guillot {
        /// \[cm s-2\].
        gravity: f64,
        /// Thermal opacity \[cm2 g-1\].
        opacity: f64,
        /// Visible over thermal opacity.
        gamma: f64,
        /// Internal temperature \[K\].
        internal_k: f64,
        /// Irradiation temperature at the substellar point \[K\].
        irradiation_k: f64,
        /// Redistribution f: 1 at the substellar point, 1/2 for the day side, 1/4 for the whole planet.
        redistribution: f64,
    },
    /// Values of the user's own \[K\], linear in ln P.
    Table(ProfileTable),
}

impl TemperatureProfile {
    /// Temperature of each layer \[K\] at its pressure \[bar\], limited to `clip` if given.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a parameter outside its range, a pressure outside a table, or a temperature that is not
    /// positive and finite (naming the layer).
    pub fn at(&self, pressure_bar: &[f64], clip: Option<TemperatureRange>) -> Result<Vec<f64>> {
        self.check()?;
        let each = |formula: &dyn Fn(f64) -> f64| pressure_bar.iter().map(|p| formula(*p)).collect::<Vec<_>>();
        let mut temperature = match self {
            Self::Isothermal { temperature_k } => vec![*temperature_k; pressure_bar.len()],
            Self::PowerLaw { temperature_k, exponent } => each(&|p| power_law(p, *temperature_k, *exponent)),
            Self::Grey { gravity, opacity, internal_k } => {
                each(&|p| grey(thermal_optical_depth(p, *gravity, *opacity), *internal_k))
            }
            Self::Guillot { gravity, opacity, gamma, internal_k, irradiation_k, redistribution } => each(&|p| {
                let tau = thermal_optical_depth(p, *gravity, *opacity);
                guillot(tau, *gamma, *internal_k, *irradiation_k, *redistribution)
            }),
            Self::Table(table) => table.at("temperature profile", pressure_bar)?,
        };
        for (layer, temperature) in temperature.iter_mut().enumerate() {
            // NaN must not be hidden by the limits.
            let limited = clip.map_or(*temperature, |range| temperature.clamp(range.lo, range.hi));
            if !(limited.is_finite() && limited > 0.0) {
                let what = format!("temperature of layer {layer} ({} bar)", pressure_bar[layer]);
                return Err(Error::invalid(what, format!("{limited} K"), "a positive, finite temperature"));
            }
            *temperature = limited;
        }
        Ok(temperature)
    }

    fn check(&self) -> Result<()> {
        match self {
            Self::Isothermal { temperature_k } => positive("temperature_k", *temperature_k),
            Self::PowerLaw { temperature_k, exponent } => {
                positive("temperature_k", *temperature_k)?;
                if exponent.is_finite() {
                    return Ok(());
                }
                Err(Error::invalid("exponent", exponent, "a finite number"))
            }
            Self::Grey { gravity, opacity, internal_k } => {
                positive("gravity", *gravity)?;
                positive("opacity", *opacity)?;
                positive("internal_k", *internal_k)
            }
            Self::Guillot { gravity, opacity, gamma, internal_k, irradiation_k, redistribution } => {
                positive("gravity", *gravity)?;
                positive("opacity", *opacity)?;
                positive("gamma", *gamma)?;
                not_negative("internal_k", *internal_k)?;
                not_negative("irradiation_k", *irradiation_k)?;
                not_negative("redistribution", *redistribution)
            }
            Self::Table(_) => Ok(()),
        }
    }
}

/// T = T_1 (P / 1 bar)^alpha.
pub fn power_law(pressure_bar: f64, temperature_k: f64, exponent: f64) -> f64 {
    temperature_k * pressure_bar.powf(exponent)
}

/// tau = kappa P / g of a layer of constant opacity \[cm2 g-1\] under gravity \[cm s-2\].
pub fn thermal_optical_depth(pressure_bar: f64, gravity: f64, opacity: f64) -> f64 {
    opacity * pressure_bar * BAR_CGS / gravity
}

/// Grey atmosphere in the Eddington approximation: T^4 = 3/4 T_int^4 (tau + 2/3).
pub fn grey(tau: f64, internal_k: f64) -> f64 {
    (0.75 * internal_k.powi(4) * (tau + 2.0 / 3.0)).sqrt().sqrt()
}

/// Irradiated semi-grey atmosphere, Guillot (2010, A&A 520, A27), equation 29:
///
/// T^4 = 3/4 T_int^4 (2/3 + tau) + 3/4 T_irr^4 f \[2/3 + 1/(gamma sqrt 3) + (gamma/sqrt 3 - 1/(gamma sqrt 3)) e^(-gamma tau sqrt 3)\].
pub fn guillot(tau: f64, gamma: f64, internal_k: f64, irradiation_k: f64, redistribution: f64) -> f64 {
    let root3 = 3f64.sqrt();
    let heating =
        2.0 / 3.0 + 1.0 / (gamma * root3) + (gamma / root3 - 1.0 / (gamma * root3)) * (-gamma * tau * root3).exp();
    let internal = internal_k.powi(4) * (2.0 / 3.0 + tau);
    (0.75 * (internal + irradiation_k.powi(4) * redistribution * heating)).sqrt().sqrt()
}

fn positive(what: &str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(Error::invalid(what, value, "a positive, finite number"))
}

fn not_negative(what: &str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(Error::invalid(what, value, "a finite number, zero or more"))
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
        let profile = TemperatureProfile::PowerLaw { temperature_k: 900.0, exponent: 0.1 };
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
        let tau = thermal_optical_depth(1e6, 1000.0, 0.01);
        assert_eq!(tau, 1e7);
        assert!((deep / (300.0 * (0.75 * tau).powf(0.25)) - 1.0).abs() < 1e-4, "{deep}");
        // Without irradiation it is the grey profile.
        let pressure = [1e-4, 1e-2, 1.0, 100.0];
        let grey = TemperatureProfile::Grey { gravity: 1000.0, opacity: 0.01, internal_k: 700.0 };
        assert_eq!(guillot_profile(700.0, 0.0).at(&pressure, None).unwrap(), grey.at(&pressure, None).unwrap());
    }

    #[test]
    fn grey_profile_is_the_effective_temperature_at_two_thirds() {
        assert!((grey(2.0 / 3.0, 1000.0) - 1000.0).abs() < 1e-9);
        assert!((grey(0.0, 1000.0) - 1000.0 * 0.5f64.powf(0.25)).abs() < 1e-9);
    }

    #[test]
    fn table_and_isothermal() {
        let table = ProfileTable::new("T(P)", &[1e-4, 1.0], &[400.0, 800.0]).unwrap();
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
