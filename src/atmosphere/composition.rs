//! Mixing ratios, mean molar mass and number densities.
//!
//! Mass mixing ratio X (mass of the species over total mass) and volume mixing ratio x (molecules over all molecules) are
//! related by X = x m / mu, with m the molar mass of the species and mu the mean molar mass of the gas.

use super::number::positive;
use super::{Number, ProfileTable};
use crate::constants::BOLTZMANN_CGS;
use crate::{Error, Result};

/// Ratio by mass or by number of molecules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abundance {
    /// Mass of the species over the total mass.
    Mass,
    /// Molecules of the species over all molecules.
    Volume,
}

/// How much of a species there is, as a function of pressure. Ratios lie between 0 and 1.
#[derive(Debug, Clone, PartialEq)]
pub enum MixingRatio<D = f64> {
    /// The same in every layer.
    Constant(D),
    /// Given at a few pressures, interpolated in ln P.
    Table(ProfileTable<D>),
}

impl<D: Number> MixingRatio<D> {
    /// The ratio in each layer, as it was given (mass or volume); `species` names it in errors.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a ratio is outside 0 to 1 or a pressure outside the table.
    pub fn at(&self, species: &str, pressure_bar: &[f64]) -> Result<Vec<D>> {
        let what = format!("mixing ratio of {species}");
        let ratio = match self {
            Self::Constant(ratio) => vec![ratio.clone(); pressure_bar.len()],
            Self::Table(table) => table.at(&what, pressure_bar)?,
        };
        match ratio.iter().map(|ratio| ratio.re()).find(|ratio| !(0.0..=1.0).contains(ratio)) {
            Some(bad) => Err(Error::invalid(what, bad, "a ratio from 0 to 1")),
            None => Ok(ratio),
        }
    }
}

impl Abundance {
    /// Mass mixing ratio of a species of `molar_mass` \[g mol-1\] in gas of `mean_molar_mass` \[g mol-1\].
    pub fn to_mass<D: Number>(self, ratio: &D, molar_mass: f64, mean_molar_mass: &D) -> D {
        match self {
            Self::Mass => ratio.clone(),
            Self::Volume => ratio.clone() * molar_mass / mean_molar_mass,
        }
    }

    /// Volume mixing ratio of a species of `molar_mass` \[g mol-1\] in gas of `mean_molar_mass` \[g mol-1\].
    pub fn to_volume<D: Number>(self, ratio: &D, molar_mass: f64, mean_molar_mass: &D) -> D {
        match self {
            Self::Mass => ratio.clone() * mean_molar_mass / molar_mass,
            Self::Volume => ratio.clone(),
        }
    }
}

/// Mean molar mass \[g mol-1\] of a mixture given as (ratio, molar mass \[g mol-1\]): the sum of x m by volume, or the
/// inverse of the sum of X / m by mass.
///
/// # Errors
/// [`Error::Invalid`] unless the ratios are at least 0 and sum to 1 within 1e-3 (rounded compositions are common; the
/// result is for the ratios scaled to sum to 1), and the molar masses are positive.
pub fn mean_molar_mass<D: Number>(mixture: &[(D, f64)], abundance: Abundance) -> Result<D> {
    for (i, (ratio, molar_mass)) in mixture.iter().enumerate() {
        if !(0.0..=1.0).contains(&ratio.re()) {
            let what = format!("mixing ratio of constituent {i}");
            return Err(Error::invalid(what, ratio.re(), "a ratio from 0 to 1"));
        }
        positive(&format!("molar mass of constituent {i} [g/mol]"), *molar_mass)?;
    }
    let total: D = mixture.iter().map(|(ratio, _)| ratio.clone()).sum();
    if (total.re() - 1.0).abs() > 1e-3 {
        return Err(Error::invalid("sum of the mixing ratios", total.re(), "1 within 0.001"));
    }
    Ok(match abundance {
        Abundance::Volume => mixture.iter().map(|(ratio, mass)| ratio.clone() * *mass).sum::<D>() / total,
        Abundance::Mass => total / mixture.iter().map(|(ratio, mass)| ratio.clone() / *mass).sum::<D>(),
    })
}

/// Number density of all molecules \[cm-3\] of an ideal gas, P / (k_B T).
pub fn number_density(pressure_bar: f64, temperature_k: f64) -> f64 {
    pressure_bar * 1e6 / (BOLTZMANN_CGS * temperature_k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mass_and_volume_ratios_agree() {
        // Solar-like H2 and He.
        let volume = [(0.85_f64, 2.016), (0.15, 4.0026)];
        let mu = mean_molar_mass(&volume, Abundance::Volume).unwrap();
        assert!((mu - 2.31399).abs() < 1e-12);
        let mass = volume.map(|(x, m)| (Abundance::Volume.to_mass(&x, m, &mu), m));
        assert!((mass[0].0 + mass[1].0 - 1.0).abs() < 1e-15);
        assert!((mean_molar_mass(&mass, Abundance::Mass).unwrap() - mu).abs() < 1e-14);
        assert!((Abundance::Mass.to_volume(&mass[0].0, 2.016, &mu) - 0.85).abs() < 1e-15);
        assert_eq!(Abundance::Mass.to_mass(&0.3, 2.0, &mu), 0.3);
    }

    #[test]
    fn number_density_at_standard_conditions_is_the_loschmidt_constant() {
        let loschmidt = 2.686780111e19;
        assert!((number_density(1.01325, 273.15) / loschmidt - 1.0).abs() < 1e-9);
    }

    #[test]
    fn ratios_per_layer() {
        assert_eq!(MixingRatio::Constant(1e-5_f64).at("CO", &[1e-3, 1.0]).unwrap(), [1e-5; 2]);
        let table = ProfileTable::new("CO", &[1e-4, 1.0], &[1e-3_f64, 3e-3]).unwrap();
        let found = MixingRatio::Table(table).at("CO", &[1e-2]).unwrap();
        assert!((found[0] - 2e-3).abs() < 1e-15);
    }

    #[test]
    fn impossible_compositions_are_refused() {
        for bad in [-1e-9, 1.1, f64::NAN] {
            let message = MixingRatio::Constant(bad).at("H2O", &[1.0]).unwrap_err().to_string();
            assert!(message.contains("mixing ratio of H2O"), "{message}");
        }
        assert!(mean_molar_mass(&[(0.5, 2.0)], Abundance::Volume).unwrap_err().to_string().contains("given 0.5"));
        assert!(mean_molar_mass::<f64>(&[], Abundance::Volume).is_err());
        assert!(mean_molar_mass(&[(1.0, 0.0)], Abundance::Mass).unwrap_err().to_string().contains("constituent 0"));
    }
}
