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
use crate::optical_depth::CiaGrid;
use crate::optical_depth::cia_table::TemperatureWeights;
use crate::{Error, Result};
use rayon::prelude::*;
use std::ops::Range;

/// ln(n_1 n_2 dz) of a layer without one of the species: e^-1000 is zero in f64 and f32.
pub(super) const LN_NO_COLUMN: f64 = -1000.0;

/// What a pair of species needs of a layer besides its coefficients.
#[derive(Debug, Clone, Copy, PartialEq)]
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
mod tests {
    use super::*;
    use crate::atmosphere::number_density;
    use crate::optical_depth::cia_table::LN_NOTHING;

    /// A table whose nodes are the grid's points, all inside a band.
    fn grid(temperatures: &[f64], ln_k: &[f64]) -> CiaGrid {
        let n = ln_k.len() / temperatures.len();
        let rows = ln_k.chunks(n).flat_map(|row| [&[LN_NOTHING], row, &[LN_NOTHING]].concat());
        let position = (1..=n).map(|i| i as f64).collect();
        CiaGrid::new("A-B", temperatures.to_vec(), rows.collect(), position)
    }

    /// A table of some temperatures whose content does not matter.
    fn at(temperatures: &[f64]) -> CiaGrid {
        grid(temperatures, &vec![0.0; temperatures.len()])
    }

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
        // ln k falls as a line in ln T, which the interpolation keeps.
        let ln_k: Vec<f64> =
            (0..4 * n).map(|i| -99.0 + 0.1 * (i % n) as f64 - 3.0 * (table[i / n] / 200.0f64).ln()).collect();
        let layers = pair(&STATE).layers(&at(&table)).unwrap();
        let mut dtau = vec![0.5; 3 * n];
        add_cia(&mut dtau, &grid(&table, &ln_k), &layers, 0).unwrap();
        for layer in 0..3 {
            let (p, t) = (STATE[2][layer], STATE[4][layer]);
            let density = number_density(p, t);
            let rho = density * STATE[5][layer] * ATOMIC_MASS_CGS;
            let dz = STATE[3][layer] * 1e6 / (rho * STATE[6][layer]);
            for i in 0..n {
                let k = (-99.0 + 0.1 * i as f64 - 3.0 * (t / 200.0f64).ln()).exp();
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
        let layers = pair(&STATE).layers(&at(&[100.0, 1000.0])).unwrap();
        assert_eq!(layers[2].ln_column, LN_NO_COLUMN);
        assert_eq!((layers[1].weights.lower, layers[1].weights.value), (0, [1.0, 0.0, 0.0]));
        let mut dtau = vec![0.25; 6];
        let table = grid(&[100.0, 1000.0], &[LN_NOTHING, -100.0, LN_NOTHING, -100.0]);
        add_cia(&mut dtau, &table, &layers, 0).unwrap();
        assert_eq!((dtau[0], dtau[2], dtau[4], dtau[5]), (0.25, 0.25, 0.25, 0.25));
        assert!(dtau[1] > 0.25 && dtau[3] > 0.25);
    }

    #[test]
    fn poison_stays_where_it_is() {
        let layers = pair(&STATE).layers(&at(&[100.0, 1000.0])).unwrap();
        let mut dtau = vec![0.0; 9];
        let table = grid(&[100.0, 1000.0], &[-100.0, f64::NAN, -100.0, -99.0, -99.0, -99.0]);
        // The first point lies next to the spoilt node, but on its own.
        add_cia(&mut dtau, &CiaGrid { position: vec![0.0, 2.0, 3.0], ..table }, &layers, 0).unwrap();
        let spoilt: Vec<usize> = (0..9).filter(|i| dtau[*i].is_nan()).collect();
        assert_eq!(spoilt, [1, 4, 7]);
    }

    #[test]
    fn bad_input_is_refused() {
        let message = pair(&STATE).layers(&at(&[400.0, 1000.0])).unwrap_err().to_string();
        assert!(message.contains("layer 0") && message.contains("400 to 1000 K"), "{message}");
        for table in [&[300.0][..], &[500.0, 100.0], &[100.0, f64::NAN], &[0.0, 1000.0]] {
            assert!(pair(&STATE).layers(&at(table)).unwrap_err().to_string().contains("increasing"));
        }
        let mut state = STATE;
        state[6][1] = 0.0;
        assert!(pair(&state).layers(&at(&[100.0, 1000.0])).unwrap_err().to_string().contains("column of layer 1"));
        let short = Pair { gravity: &[1.0], ..pair(&STATE) };
        assert!(short.layers(&at(&[100.0, 1000.0])).unwrap_err().to_string().contains("number of gravities"));
        let layers = pair(&STATE).layers(&at(&[100.0, 1000.0])).unwrap();
        let table = grid(&[100.0, 1000.0], &[0.0; 4]);
        assert!(add_cia(&mut [0.0; 5], &table, &layers, 0).is_err());
        assert!(add_cia(&mut [0.0; 6], &table, &layers, 1).is_err());
        assert!(add_cia_with_derivative(&mut [0.0; 6], &mut [0.0; 5], &table, &layers, 0).is_err());
        let mut above = [layers[0]];
        above[0].weights.lower = 1;
        assert!(add_cia(&mut [0.0; 2], &table, &above, 0).unwrap_err().to_string().contains("at least 3"));
        assert!(pair(&STATE).ln_column_gradient(&[1.0]).is_err());
        let tangent = PairTangent { first: &[0.0; 3], second: &[0.0; 3], mean_molar_mass: &[0.0; 3], gravity: &[0.0] };
        assert!(pair(&STATE).ln_column_tangent(&tangent).is_err());
    }

    /// dtau of a fractured table at a state.
    fn dtau(state: &[[f64; 3]; 7], with: Option<&mut [f64]>) -> Vec<f64> {
        let temperatures = [200.0, 400.0, 600.0, 1100.0];
        let ln_k: Vec<f64> = (0..20).map(|i| -107.0 + 3.0 * (1.7 * f64::from(i)).sin()).collect();
        let mut table = grid(&temperatures, &ln_k);
        table.position = vec![0.0, 1.0, 1.25, 3.5, 4.999, 5.0, 5.5, 0.0];
        let layers = pair(state).layers(&table).unwrap();
        let mut dtau = vec![0.0; 3 * 8];
        match with {
            Some(slope) => add_cia_with_derivative(&mut dtau, slope, &table, &layers, 0).unwrap(),
            None => add_cia(&mut dtau, &table, &layers, 0).unwrap(),
        }
        dtau
    }

    #[test]
    fn derivatives_equal_differences() {
        let mut slope = vec![0.0; 3 * 8];
        let mut state = STATE;
        state[0][2] = 0.5;
        let base = dtau(&state, Some(&mut slope));
        assert_eq!(base, dtau(&state, None));
        let tangents = [[0.3, -0.1, 0.2], [0.1, 0.2, 0.0], [0.1, 0.3, -0.2], [30.0, 10.0, -20.0]];
        let [first, second, mean_molar_mass, gravity] = &tangents;
        let tangent = PairTangent { first, second, mean_molar_mass, gravity };
        let by_ln = pair(&state).ln_column_tangent(&tangent).unwrap();
        let moved = |step: f64, fields: &[(usize, [f64; 3])]| {
            let mut state = state;
            for (field, direction) in fields {
                (0..3).for_each(|i| state[*field][i] += step * direction[i]);
            }
            dtau(&state, None)
        };
        let check = |fields: &[(usize, [f64; 3])], step: f64, found: &dyn Fn(usize) -> f64| {
            let (up, down) = (moved(step, fields), moved(-step, fields));
            for i in 0..base.len() {
                let difference = (up[i] - down[i]) / (2.0 * step);
                let error = (found(i) - difference).abs();
                assert!(error <= 1e-7 * difference.abs(), "{fields:?}, value {i}: {}, {difference}", found(i));
            }
        };
        check(&[(4, [1.0; 3])], 1e-3, &|i| slope[i]);
        let fields = [(0, tangents[0]), (1, tangents[1]), (5, tangents[2]), (6, tangents[3])];
        check(&fields, 1e-5, &|i| base[i] * by_ln[i / 8]);
        // The transpose: u . (J v) = (J^T u) . v.
        let u = [0.7, -1.3, 0.4];
        let gradient = pair(&state).ln_column_gradient(&u).unwrap();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let back = dot(&gradient.first, first)
            + dot(&gradient.second, second)
            + dot(&gradient.mean_molar_mass, mean_molar_mass)
            + dot(&gradient.gravity, gravity);
        assert!((back / dot(&u, &by_ln) - 1.0).abs() < 1e-13);
    }

    #[test]
    fn the_derivative_is_continuous_at_a_row() {
        let mut state = STATE;
        state[0][2] = 0.5;
        let slopes = |temperature: [f64; 3]| {
            let (mut slope, mut state) = (vec![0.0; 3 * 8], state);
            state[4] = temperature;
            dtau(&state, Some(&mut slope));
            slope
        };
        let at = slopes([400.0, 600.0, 1100.0]);
        let largest = at.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        // The ends of the table are approached from inside.
        for step in [-1e-6, 1e-6] {
            let near = slopes([400.0 + step, 600.0 + step, 1100.0 - step.abs()]);
            for (i, (near, at)) in near.iter().zip(&at).enumerate() {
                assert!((near - at).abs() <= 1e-5 * at.abs().max(1e-6 * largest), "value {i}: {near} {at}");
            }
        }
    }

    #[test]
    fn a_clamped_table_keeps_its_ends() {
        let temperatures = [400.0, 600.0, 1000.0];
        let ln_k: Vec<f64> = (0..9).map(|i| -107.0 + (1.7 * f64::from(i)).sin()).collect();
        let table = CiaGrid { clamped: true, ..grid(&temperatures, &ln_k) };
        let at = |t: f64| {
            let mut state = STATE;
            (state[4], state[0][2]) = ([t; 3], 0.5);
            let (mut dtau, mut slope) = (vec![0.0; 9], vec![0.0; 9]);
            add_cia_with_derivative(&mut dtau, &mut slope, &table, &pair(&state).layers(&table).unwrap(), 0).unwrap();
            (dtau, slope)
        };
        for (outside, end) in [(200.0, 400.0), (399.9, 400.0), (1500.0, 1000.0)] {
            let ((found, slope), (expected, _)) = (at(outside), at(end));
            for i in 0..9 {
                // The column goes as 1 / T.
                assert!((found[i] * outside / (expected[i] * end) - 1.0).abs() < 1e-13);
                assert!((slope[i] * outside / found[i] + 1.0).abs() < 1e-13);
            }
        }
        let notes = table.clamp_notes(&[300.0, 500.0, 1200.0, 700.0]);
        assert_eq!(notes.len(), 1);
        let text = notes[0].to_string();
        assert!(
            text.contains("2 of 4 layers (from layer 0 to layer 2; 300.0 to 1200.0 K)")
                && text.contains("400 to 1000 K"),
            "{text}"
        );
        assert!(table.clamp_notes(&[500.0]).is_empty());
        let refused = CiaGrid { clamped: false, ..table };
        assert!(refused.clamp_notes(&[300.0]).is_empty() && refused.weights(300.0).is_err());
    }

    #[test]
    fn segments_give_the_same_bits() {
        let temperatures = [100.0, 1000.0];
        let ln_k: Vec<f64> = (0..200).map(|i| -107.0 + 3.0 * (0.7 * f64::from(i)).sin()).collect();
        let mut table = grid(&temperatures, &ln_k);
        table.position = (0..90).map(|i| if i % 30 < 10 { 0.0 } else { 1.0 + 1.1 * f64::from(i) }).collect();
        let layers = pair(&STATE).layers(&table).unwrap();
        let mut whole = vec![0.0; 3 * 90];
        add_cia(&mut whole, &table, &layers, 0).unwrap();
        for first in [0, 5, 20, 60] {
            let mut part = vec![0.0; 3 * 30];
            add_cia(&mut part, &table, &layers, first).unwrap();
            for layer in 0..3 {
                assert_eq!(part[layer * 30..][..30], whole[layer * 90 + first..][..30]);
            }
        }
        add_cia(&mut [], &table, &layers, 0).unwrap();
    }
}
