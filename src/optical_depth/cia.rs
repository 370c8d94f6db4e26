//! Collision-induced absorption, f64.
//!
//! A pair of species absorbs with a binary coefficient k(T, nu) \[cm5 molecule-2\]: dtau = k n_1 n_2 dz. With ideal gas,
//! n_i = x_i P / (k_B T), and hydrostatic equilibrium, dz = dP / (rho g), rho = mu m_u P / (k_B T):
//!
//! dtau = k(T, nu) x_1 x_2 P dP / (k_B T mu m_u g),   P and dP in dyn cm-2.
//!
//! k is about 1e-46 and its factor 1e46, so that neither fits f32, while dtau does: the factor is kept as its
//! logarithm and added to ln k, which is interpolated linearly in temperature. x_i are volume mixing ratios.

use crate::constants::{ATOMIC_MASS_CGS, BOLTZMANN_CGS};
use crate::numerics;
use crate::{Error, Result};
use rayon::prelude::*;

/// ln k where a table has no absorption. e^-200 = 1e-87 cm5 is nothing next to k = 1e-46, and it is finite, so that
/// interpolation towards it is too.
pub const LN_ZERO: f64 = -200.0;

/// ln(n_1 n_2 dz) of a layer without one of the species: e^-1000 is zero in f64 and f32.
pub(super) const LN_NO_COLUMN: f64 = -1000.0;

/// What a pair of species needs of a layer besides its coefficients.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CiaLayer {
    /// Row of the table at or below the layer's temperature; the one after it is used as well.
    pub lower: usize,
    /// Position between the two rows, 0 to 1.
    pub fraction: f64,
    /// ln(n_1 n_2 dz) \[ln(molecule2 cm-5)\], -1000 where a species is absent.
    pub ln_column: f64,
}

/// The state of each layer, all \[layer\].
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// Volume mixing ratio of the first species.
    pub first: &'a [f64],
    /// Volume mixing ratio of the second species (the same for a species with itself).
    pub second: &'a [f64],
    /// \[bar\].
    pub pressure_bar: &'a [f64],
    /// \[bar\].
    pub dpressure_bar: &'a [f64],
    /// \[K\].
    pub temperature_k: &'a [f64],
    /// \[g mol-1\].
    pub mean_molar_mass: &'a [f64],
    /// \[cm s-2\].
    pub gravity: &'a [f64],
}

impl Pair<'_> {
    /// Rows, fractions and columns of all layers for a table at the temperatures `table_k` (increasing, two or more).
    ///
    /// # Errors
    /// [`Error::Invalid`] if lengths differ, a layer's temperature is outside the table, or a column is negative or not finite.
    pub fn layers(&self, table_k: &[f64]) -> Result<Vec<CiaLayer>> {
        let layers = self.temperature_k.len();
        let lengths = [
            ("first mixing ratios", self.first.len()),
            ("second mixing ratios", self.second.len()),
            ("pressures", self.pressure_bar.len()),
            ("pressure thicknesses", self.dpressure_bar.len()),
            ("mean molar masses", self.mean_molar_mass.len()),
            ("gravities", self.gravity.len()),
        ];
        if let Some((what, given)) = lengths.iter().find(|(_, length)| *length != layers) {
            return Err(Error::invalid(format!("number of {what}"), given, format!("{layers}, one for each layer")));
        }
        let increasing = table_k.windows(2).all(|pair| pair[0] < pair[1]);
        if table_k.len() < 2 || !increasing || !table_k.iter().all(|t| t.is_finite()) {
            let required = "two or more, finite and increasing";
            return Err(Error::invalid("temperatures of the CIA table", format!("{table_k:?}"), required));
        }
        (0..layers).map(|layer| self.layer(layer, table_k)).collect()
    }

    fn layer(&self, layer: usize, table_k: &[f64]) -> Result<CiaLayer> {
        let temperature = self.temperature_k[layer];
        let last = table_k.len() - 1;
        if !(table_k[0]..=table_k[last]).contains(&temperature) {
            let required = format!("{} to {} K, the range of the CIA table", table_k[0], table_k[last]);
            return Err(Error::invalid(format!("temperature of layer {layer}"), format!("{temperature} K"), required));
        }
        let lower = table_k.partition_point(|t| *t <= temperature).clamp(1, last) - 1;
        let fraction = (temperature - table_k[lower]) / (table_k[lower + 1] - table_k[lower]);
        let pressures = self.pressure_bar[layer] * self.dpressure_bar[layer] * 1e12;
        let weight = BOLTZMANN_CGS * temperature * self.mean_molar_mass[layer] * ATOMIC_MASS_CGS * self.gravity[layer];
        let column = self.first[layer] * self.second[layer] * pressures / weight;
        if !column.is_finite() || column < 0.0 {
            let required = "positive pressures, molar masses and gravities, mixing ratios of zero or more";
            return Err(Error::invalid(format!("collision column of layer {layer}"), column, required));
        }
        Ok(CiaLayer { lower, fraction, ln_column: column.ln().max(LN_NO_COLUMN) })
    }
}

/// Adds the absorption of a pair to optical depths.
///
/// * `dtau` \[layer\]\[nu\], added to;
/// * `ln_k` \[temperature\]\[nu\]: logarithm of the coefficient \[cm5 molecule-2\], [`LN_ZERO`] where there is none, finite;
/// * `layers` \[layer\], from [`Pair::layers`].
///
/// # Errors
/// [`Error::Invalid`] if the shapes do not agree.
pub fn add_cia(dtau: &mut [f64], ln_k: &[f64], layers: &[CiaLayer], n_wavenumbers: usize) -> Result<()> {
    if dtau.len() != layers.len() * n_wavenumbers {
        let required = format!("{} layers times {n_wavenumbers} wavenumbers", layers.len());
        return Err(Error::invalid("number of optical depths", dtau.len(), required));
    }
    let rows = layers.iter().map(|layer| layer.lower + 2).max().unwrap_or(0);
    if n_wavenumbers == 0 || ln_k.len() < rows * n_wavenumbers {
        let required = format!("at least {rows} temperatures times {n_wavenumbers} wavenumbers, not empty");
        return Err(Error::invalid("number of CIA coefficients", ln_k.len(), required));
    }
    dtau.par_chunks_mut(n_wavenumbers).zip(layers).for_each(|(row, layer)| {
        let (lower, upper) = ln_k[layer.lower * n_wavenumbers..][..2 * n_wavenumbers].split_at(n_wavenumbers);
        add_layer(row, lower, upper, layer.fraction, layer.ln_column);
    });
    Ok(())
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn add_layer(dtau: &mut [f64], lower: &[f64], upper: &[f64], fraction: f64, ln_column: f64) {
    multiversion::target::match_target! {
        "x86_64+avx2+fma" => add::<true>(dtau, lower, upper, fraction, ln_column),
        "aarch64+neon" => add::<true>(dtau, lower, upper, fraction, ln_column),
        _ => add::<false>(dtau, lower, upper, fraction, ln_column),
    }
}

#[inline(always)]
fn add<const FMA: bool>(dtau: &mut [f64], lower: &[f64], upper: &[f64], fraction: f64, ln_column: f64) {
    for ((dtau, lower), upper) in dtau.iter_mut().zip(lower).zip(upper) {
        let ln_k = numerics::mul_add::<FMA>(fraction, upper - lower, *lower);
        *dtau += numerics::exp::<FMA>(ln_k + ln_column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atmosphere::number_density;

    fn pair<'a>(state: &'a [[f64; 3]; 7]) -> Pair<'a> {
        Pair {
            first: &state[0],
            second: &state[1],
            pressure_bar: &state[2],
            dpressure_bar: &state[3],
            temperature_k: &state[4],
            mean_molar_mass: &state[5],
            gravity: &state[6],
        }
    }

    const STATE: [[f64; 3]; 7] = [
        [0.85, 0.8, 0.0],
        [0.15, 0.1, 0.2],
        [1e-3, 10.0, 1.0],
        [1e-4, 1.0, 0.1],
        [300.0, 1000.0, 550.0],
        [2.3, 2.2, 2.3],
        [2500.0, 1000.0, 980.0],
    ];

    #[test]
    fn equals_the_formula_with_densities_and_height() {
        let table = [200.0, 400.0, 600.0, 1000.0];
        let n = 3;
        let ln_k: Vec<f64> = (0..4 * n).map(|i| -107.0 + 0.3 * i as f64).collect();
        let layers = pair(&STATE).layers(&table).unwrap();
        let mut dtau = vec![0.5; 3 * n];
        add_cia(&mut dtau, &ln_k, &layers, n).unwrap();
        for layer in 0..3 {
            let (p, t) = (STATE[2][layer], STATE[4][layer]);
            let density = number_density(p, t);
            let rho = density * STATE[5][layer] * ATOMIC_MASS_CGS;
            let dz = STATE[3][layer] * 1e6 / (rho * STATE[6][layer]);
            for i in 0..n {
                // ln k is linear in the row number here: row 0.5, 3 and 1.75 at these temperatures.
                let k = (-107.0 + 0.3 * (i as f64 + [0.5, 3.0, 1.75][layer] * n as f64)).exp();
                let expected = 0.5 + k * STATE[0][layer] * density * STATE[1][layer] * density * dz;
                let found = dtau[layer * n + i];
                assert!((found / expected - 1.0).abs() < 1e-12, "layer {layer}: {found}, expected {expected}");
            }
        }
        // Not only the 0.5: the second layer is thick.
        assert!(dtau[n] > 1.0);
    }

    #[test]
    fn absent_species_and_missing_coefficients_add_nothing() {
        let layers = pair(&STATE).layers(&[100.0, 1000.0]).unwrap();
        assert_eq!(layers[2].ln_column, LN_NO_COLUMN);
        assert_eq!((layers[1].lower, layers[1].fraction), (0, 1.0));
        let mut dtau = vec![0.25; 6];
        add_cia(&mut dtau, &[LN_ZERO, -100.0, LN_ZERO, -100.0], &layers, 2).unwrap();
        assert_eq!((dtau[0], dtau[2], dtau[4], dtau[5]), (0.25, 0.25, 0.25, 0.25));
        assert!(dtau[1] > 0.25 && dtau[3] > 0.25);
    }

    #[test]
    fn poison_stays_where_it_is() {
        let layers = pair(&STATE).layers(&[100.0, 1000.0]).unwrap();
        let mut dtau = vec![0.0; 9];
        add_cia(&mut dtau, &[-100.0, f64::NAN, -100.0, -99.0, -99.0, -99.0], &layers, 3).unwrap();
        let spoilt: Vec<usize> = (0..9).filter(|i| dtau[*i].is_nan()).collect();
        assert_eq!(spoilt, [1, 4, 7]);
    }

    #[test]
    fn bad_input_is_refused() {
        let message = pair(&STATE).layers(&[400.0, 1000.0]).unwrap_err().to_string();
        assert!(message.contains("layer 0") && message.contains("400 to 1000 K"), "{message}");
        for table in [&[300.0][..], &[], &[500.0, 100.0], &[100.0, f64::NAN]] {
            assert!(pair(&STATE).layers(table).unwrap_err().to_string().contains("increasing"));
        }
        let mut state = STATE;
        state[6][1] = 0.0;
        assert!(pair(&state).layers(&[100.0, 1000.0]).unwrap_err().to_string().contains("column of layer 1"));
        let short = Pair { gravity: &[1.0], ..pair(&STATE) };
        assert!(short.layers(&[100.0, 1000.0]).unwrap_err().to_string().contains("number of gravities"));
        let layers = pair(&STATE).layers(&[100.0, 1000.0]).unwrap();
        assert!(add_cia(&mut [0.0; 5], &[0.0; 4], &layers, 2).is_err());
        assert!(add_cia(&mut [0.0; 6], &[0.0; 3], &layers, 2).is_err());
    }
}
