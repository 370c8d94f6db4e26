//! Collision-induced absorption, f64.
//!
//! A pair of species absorbs with a binary coefficient k(T, nu) \[cm5 molecule-2\]: dtau = k n_1 n_2 dz. With ideal gas,
//! n_i = x_i P / (k_B T), and hydrostatic equilibrium, dz = dP / (rho g), rho = mu m_u P / (k_B T):
//!
//! dtau = k(T, nu) x_1 x_2 P dP / (k_B T mu m_u g),   P and dP in dyn cm-2.
//!
//! k is about 1e-46 and its factor 1e46, so that neither fits f32, while dtau does: the factor is kept as its
//! logarithm and added to ln k, which is interpolated smoothly in ln T at the table's wavenumbers ([`CiaGrid`]). x_i are volume mixing ratios.
//!
//! Derivatives: d ln k / dT is that of the interpolating polynomial, w' · (L_1 - L_0, m_0, m_1) with the derivatives w' of the weights, and the column
//! goes as 1 / T, so that
//!
//! d dtau / dT = dtau (d ln k / dT - 1 / T).
//!
//! It is continuous. Where a clamped table is held at its end, d ln k / dT = 0. By ln x_1 and ln x_2 the derivative is dtau, by ln mu and ln g it is
//! -dtau: [`Pair::ln_column_tangent`].

use crate::constants::{ATOMIC_MASS_CGS, BOLTZMANN_CGS};
use crate::numerics;
use crate::opacity::CiaGrid;
use crate::opacity::cia_table::TemperatureWeights;
use crate::{Error, Result};
use rayon::prelude::*;
use std::ops::Range;

pub mod device;

/// ln(n_1 n_2 dz) of a layer without one of the species: e^-1000 is zero in f64 and f32.
pub(super) const LN_NO_COLUMN: f64 = -1000.0;

/// What a pair of species needs of a layer besides its coefficients.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CiaLayer {
    /// Place of the layer's temperature among the rows of the table.
    pub weights: TemperatureWeights,
    /// ln(n_1 n_2 dz) \[ln(molecule2 cm-5)\], -1000 where a species is absent.
    pub ln_column: f64,
    /// 1 / T \[K-1\].
    pub inverse_temperature: f64,
}

/// Derivatives of a pair's state by one parameter, all \[layer\], in the units of [`Pair`]. Temperature is not among them:
/// its part is in [`add_cia_with_derivative`].
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct PairTangent<'a> {
    /// Of the first species' volume mixing ratio.
    pub first: &'a [f64],
    /// Of the second species' volume mixing ratio.
    pub second: &'a [f64],
    /// Of the mean molar mass.
    pub mean_molar_mass: &'a [f64],
    /// Of the gravity.
    pub gravity: &'a [f64],
}

/// Derivatives of a scalar by a pair's state, all \[layer\], per unit of [`Pair`].
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq)]
pub struct PairGradient {
    /// By the first species' volume mixing ratio.
    pub first: Vec<f64>,
    /// By the second species' volume mixing ratio.
    pub second: Vec<f64>,
    /// By the mean molar mass.
    pub mean_molar_mass: Vec<f64>,
    /// By the gravity.
    pub gravity: Vec<f64>,
}

/// The state of each layer, all \[layer\].
#[doc(hidden)]
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
    /// Places in temperature and columns of all layers for a table.
    ///
    /// # Errors
    /// [`Error::Invalid`] if lengths differ, a layer's temperature is outside the table (unless that is clamped), or a column is negative or not
    /// finite.
    pub fn layers(&self, table: &CiaGrid) -> Result<Vec<CiaLayer>> {
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
        let table_k = &table.temperatures;
        // Two equal ones are those of a band's end, between two others.
        let ascending = table_k.windows(2).all(|pair| pair[0] <= pair[1]) && table_k.first() < table_k.last();
        if !ascending || !table_k.iter().all(|t| t.is_finite() && *t > 0.0) {
            let required = "two or more, finite, positive and increasing";
            return Err(Error::invalid("temperatures of the CIA table", format!("{table_k:?}"), required));
        }
        (0..layers).map(|layer| self.layer(layer, table)).collect()
    }

    fn layer(&self, layer: usize, table: &CiaGrid) -> Result<CiaLayer> {
        let temperature = self.temperature_k[layer];
        let weights = table.weights_at(temperature, || format!("temperature of layer {layer} [K]"))?;
        let pressures = self.pressure_bar[layer] * self.dpressure_bar[layer] * 1e12;
        let weight = BOLTZMANN_CGS * temperature * self.mean_molar_mass[layer] * ATOMIC_MASS_CGS * self.gravity[layer];
        let column = self.first[layer] * self.second[layer] * pressures / weight;
        if !column.is_finite() || column < 0.0 {
            let required = "positive pressures, molar masses and gravities, mixing ratios of zero or more";
            return Err(Error::invalid(format!("collision column of layer {layer}"), column, required));
        }
        Ok(CiaLayer { weights, ln_column: column.ln().max(LN_NO_COLUMN), inverse_temperature: 1.0 / temperature })
    }

    /// d ln(dtau) by a parameter at fixed temperature \[layer\]: dx_1 / x_1 + dx_2 / x_2 - dmu / mu - dg / g. Times the pair's own
    /// dtau, it is d dtau. Where a species is absent, so is dtau, and its part is left out.
    ///
    /// # Errors
    /// [`Error::Invalid`] if lengths differ.
    pub fn ln_column_tangent(&self, tangent: &PairTangent) -> Result<Vec<f64>> {
        let layers = self.temperature_k.len();
        for given in [tangent.first, tangent.second, tangent.mean_molar_mass, tangent.gravity].map(<[f64]>::len) {
            if given != layers {
                return Err(Error::invalid(
                    "number of derivatives of a pair",
                    given,
                    format!("{layers}, one for each layer"),
                ));
            }
        }
        let at = |i: usize| {
            relative(tangent.first[i], self.first[i]) + relative(tangent.second[i], self.second[i])
                - tangent.mean_molar_mass[i] / self.mean_molar_mass[i]
                - tangent.gravity[i] / self.gravity[i]
        };
        Ok((0..layers).map(at).collect())
    }

    /// The transpose of [`Pair::ln_column_tangent`]: from derivatives by ln(dtau) of the pair \[layer\].
    ///
    /// # Errors
    /// [`Error::Invalid`] if lengths differ.
    pub fn ln_column_gradient(&self, by_ln_column: &[f64]) -> Result<PairGradient> {
        let layers = self.temperature_k.len();
        if by_ln_column.len() != layers {
            let required = format!("{layers}, one for each layer");
            return Err(Error::invalid("number of derivatives by a pair", by_ln_column.len(), required));
        }
        let by =
            |state: &[f64], sign: f64| by_ln_column.iter().zip(state).map(|(g, x)| sign * relative(*g, *x)).collect();
        Ok(PairGradient {
            first: by(self.first, 1.0),
            second: by(self.second, 1.0),
            mean_molar_mass: by(self.mean_molar_mass, -1.0),
            gravity: by(self.gravity, -1.0),
        })
    }
}

/// dx / x, zero for x = 0.
fn relative(dx: f64, x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { dx / x }
}

/// Adds the absorption of a pair to optical depths.
///
/// * `dtau` \[layer\]\[point\], added to: the grid's points from `first`;
/// * `layers` \[layer\], from [`Pair::layers`] with the grid's temperatures.
///
/// # Errors
/// [`Error::Invalid`] if the shapes do not agree.
pub fn add_cia(dtau: &mut [f64], grid: &CiaGrid, layers: &[CiaLayer], first: usize) -> Result<()> {
    let Some(part) = Part::new(dtau.len(), grid, layers, first)? else { return Ok(()) };
    dtau.par_chunks_mut(part.position.len()).zip(layers).for_each(|(row, layer)| {
        let k = part.at_nodes(layer).0;
        part.interpolate(row, &k);
    });
    Ok(())
}

/// [`add_cia`], and its derivative by the layer's temperature \[K-1\] to `dtau_dt`, of the same shape.
///
/// # Errors
/// As for [`add_cia`].
pub fn add_cia_with_derivative(
    dtau: &mut [f64],
    dtau_dt: &mut [f64],
    grid: &CiaGrid,
    layers: &[CiaLayer],
    first: usize,
) -> Result<()> {
    if dtau_dt.len() != dtau.len() {
        return Err(Error::invalid(
            "number of derivatives of optical depths",
            dtau_dt.len(),
            format!("{}, one for each", dtau.len()),
        ));
    }
    let Some(part) = Part::new(dtau.len(), grid, layers, first)? else { return Ok(()) };
    let n = part.position.len();
    dtau.par_chunks_mut(n).zip(dtau_dt.par_chunks_mut(n)).zip(layers).for_each(|((row, slope_row), layer)| {
        let (k, slope) = part.at_nodes(layer);
        part.interpolate(row, &k);
        part.interpolate(slope_row, &slope);
    });
    Ok(())
}

/// A run of the grid's points, and the nodes that it needs.
struct Part<'a> {
    grid: &'a CiaGrid,
    position: &'a [f64],
    nodes: Range<usize>,
}

impl<'a> Part<'a> {
    /// `None` if there is nothing to do.
    fn new(values: usize, grid: &'a CiaGrid, layers: &[CiaLayer], first: usize) -> Result<Option<Self>> {
        let points = values / layers.len().max(1);
        let all = grid.position.len();
        if values != points * layers.len() || first.saturating_add(points) > all {
            let required = format!("{} layers times points, up to {all} with the first, {first}", layers.len());
            return Err(Error::invalid("number of optical depths", values, required));
        }
        let rows = layers.iter().map(|layer| layer.weights.lower + 2).max().unwrap_or(0);
        if rows > grid.temperatures.len() {
            let required = format!("at least {rows}, for these layers");
            return Err(Error::invalid("temperatures of a CIA grid", grid.temperatures.len(), required));
        }
        let position = &grid.position[first..first + points];
        // Points outside the bands lie at the first node; those inside may be far from it.
        let inside = || position.iter().map(|p| *p as usize).filter(|node| *node > 0);
        let nodes = inside().min().unwrap_or(1)..inside().max().map_or(1, |last| last + 2).min(grid.nodes());
        Ok((points > 0).then_some(Self { grid, position, nodes }))
    }

    /// dtau of a layer at the first node and the needed ones, and its derivative by T.
    fn at_nodes(&self, layer: &CiaLayer) -> (Vec<f64>, Vec<f64>) {
        let TemperatureWeights { lower, value, by_temperature } = layer.weights;
        let row = |all: &'a [f64], row: usize| &all[row * self.grid.nodes()..][self.nodes.clone()];
        let (values, slopes) = (&self.grid.ln_coefficient, &self.grid.ln_slope);
        let (y0, y1) = (row(values, lower), row(values, lower + 1));
        let (m0, m1) = (row(slopes, lower), row(slopes, lower + 1));
        let (mut k, mut slope) = (vec![0.0; 1 + y0.len()], vec![0.0; 1 + y0.len()]);
        for i in 0..y0.len() {
            let of = [y1[i] - y0[i], m0[i], m1[i]];
            let dot = |w: [f64; 3]| w[0] * of[0] + w[1] * of[1] + w[2] * of[2];
            k[i + 1] = numerics::exp::<false>(y0[i] + dot(value) + layer.ln_column);
            slope[i + 1] = k[i + 1] * (dot(by_temperature) - layer.inverse_temperature);
        }
        (k, slope)
    }

    /// Adds what is linear between the values of [`Part::at_nodes`].
    fn interpolate(&self, row: &mut [f64], values: &[f64]) {
        let shift = self.nodes.start - 1;
        for (sum, position) in row.iter_mut().zip(self.position) {
            let node = *position as usize;
            if node > 0 {
                let (fraction, i) = (position - node as f64, node - shift);
                // A point may be at the last node of all.
                let next = values.get(i + 1).unwrap_or(&values[i]);
                *sum += values[i] + fraction * (next - values[i]);
            }
        }
    }
}

#[cfg(test)]
mod tests;
