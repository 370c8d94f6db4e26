//! A table on a wavenumber grid.

use super::interpolant::{hermite, limited_slopes};
use super::nodes::at_position;
use super::{ANY_TEMPERATURE, FLOOR};
use crate::note::Note;
use crate::{Error, Result};

/// ln k at a node where no temperature has absorption: exp of it is exactly zero, next to any column and in f32 as well.
pub const LN_NOTHING: f64 = -1000.0;

/// The temperatures at which a band has values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BandLimits {
    /// Lowest and highest wavenumber of the band \[cm-1\].
    pub wavenumber: (f64, f64),
    /// Lowest and highest temperature \[K\]; equal for a band of a single temperature.
    pub temperature: (f64, f64),
}

impl BandLimits {
    /// Whether a temperature is within, but for rounding.
    fn contain(&self, temperature: f64) -> bool {
        let (lo, hi) = self.temperature;
        (lo * (1.0 - 1e-9)..=hi * (1.0 + 1e-9)).contains(&temperature)
    }

    fn temperatures(&self) -> String {
        let (lo, hi) = self.temperature;
        if lo == hi { format!("{lo} K alone") } else { format!("{lo} to {hi} K") }
    }
}

/// Coefficients for a wavenumber grid, in the form that a device wants: their logarithms and slopes at the file's own
/// wavenumbers, and each grid point's place among those. A file has a few hundred to some ten thousand rows, a grid may have millions of points.
#[derive(Clone, Debug, PartialEq)]
pub struct CiaGrid {
    /// The pair, for messages.
    pub name: String,
    /// Two or more, ascending \[K\]: those of all bands that the grid meets. One that lies inside, but at the end of a band, is there twice:
    /// the first with the slopes below it, the second with those above. Without any band of several temperatures, [`ANY_TEMPERATURE`].
    pub temperatures: Vec<f64>,
    /// ln of the coefficient in cm5 molecule-2, `[temperature][node]`, node fastest; at least ln([`FLOOR`]), which stands for 0, or
    /// [`LN_NOTHING`] at nodes without any absorption, such as the first and the last.
    pub ln_coefficient: Vec<f64>,
    /// d ln k / d ln T, `[temperature][node]`: a band's own, so that cubic polynomials between the rows are the band's, whatever its temperatures.
    pub ln_slope: Vec<f64>,
    /// Of each wavenumber of the grid: the node at or below it plus the fraction of the way to the next, between which k is linear.
    /// Outside all bands 0.
    pub position: Vec<f64>,
    /// Of the bands that the grid meets.
    pub limits: Vec<BandLimits>,
    /// Whether a temperature outside takes the coefficients of the nearest that a band has; refused if not.
    pub clamped: bool,
    /// What a user must be told: which blocks were taken, what was left out.
    pub notes: Vec<String>,
}

/// A temperature's place in a [`CiaGrid`]: ln k = L_0 + w · (L_1 - L_0, m_0, m_1) with the values L and slopes m of two rows.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct TemperatureWeights {
    /// The lower row; the one after it is used as well.
    pub lower: usize,
    /// w.
    pub value: [f64; 3],
    /// dw / dT \[K-1\].
    pub by_temperature: [f64; 3],
}

impl CiaGrid {
    /// From values `[temperature][node]` at all `temperatures`, with slopes as a file's are made; nothing is checked.
    pub fn new(name: &str, temperatures: Vec<f64>, ln_coefficient: Vec<f64>, position: Vec<f64>) -> Self {
        let nodes = ln_coefficient.len() / temperatures.len().max(1);
        let ln_t: Vec<f64> = temperatures.iter().map(|t| t.ln()).collect();
        let mut ln_slope = vec![0.0; ln_coefficient.len()];
        for node in 0..nodes {
            let ln_k: Vec<f64> = ln_coefficient.iter().skip(node).step_by(nodes).copied().collect();
            let slopes = limited_slopes(&ln_t, &ln_k);
            ln_slope.iter_mut().skip(node).step_by(nodes).zip(slopes).for_each(|(to, slope)| *to = slope);
        }
        let ends = temperatures.first().copied().zip(temperatures.last().copied());
        let limits = ends.map(|temperature| BandLimits { wavenumber: (0.0, f64::INFINITY), temperature });
        let limits = limits.into_iter().collect();
        let (name, notes) = (name.to_owned(), Vec::new());
        Self { name, temperatures, ln_coefficient, ln_slope, position, limits, clamped: false, notes }
    }

    /// Nodes in wavenumber, two or more.
    pub fn nodes(&self) -> usize {
        self.ln_coefficient.len() / self.temperatures.len()
    }

    /// A temperature's \[K\] place among the rows.
    ///
    /// # Errors
    /// A temperature that is no positive number, or outside a band that the grid meets, if the table is not clamped.
    pub fn weights(&self, temperature: f64) -> Result<TemperatureWeights> {
        self.weights_at(temperature, || format!("{} collision-induced absorption: temperature [K]", self.name))
    }

    /// [`weights`](Self::weights); errors are about `what`.
    pub(in crate::opacity) fn weights_at(
        &self,
        temperature: f64,
        what: impl Fn() -> String,
    ) -> Result<TemperatureWeights> {
        if !(temperature.is_finite() && temperature > 0.0) {
            return Err(Error::invalid(what(), temperature, "a positive number"));
        }
        if let Some(limits) = self.limits.iter().find(|l| !self.clamped && !l.contain(temperature)) {
            let (lo, hi) = limits.wavenumber;
            let place = if hi.is_finite() { format!(" at {lo} to {hi} cm-1") } else { String::new() };
            let required = format!(
                "{}, the range of the CIA table of {}{place}, unless its ends are held (temperature = \"clamp\")",
                limits.temperatures(),
                self.name
            );
            return Err(Error::invalid(what(), temperature, required));
        }
        let t = &self.temperatures;
        let last = t.len() - 1;
        let inside = temperature.clamp(t[0], t[last]);
        // Of two equal ones the second; a step is never 0.
        let lower = t.partition_point(|row| *row <= inside).clamp(1, last) - 1;
        let step = (t[lower + 1] / t[lower]).ln();
        let (value, by_ln) = hermite((inside / t[lower]).ln() / step, step);
        let held = temperature != inside || *t == ANY_TEMPERATURE;
        let by_temperature = by_ln.map(|w| if held { 0.0 } else { w / temperature });
        Ok(TemperatureWeights { lower, value, by_temperature })
    }

    /// Coefficients at all wavenumbers \[cm5 molecule-2\].
    ///
    /// # Errors
    /// As for [`weights`](Self::weights).
    pub fn coefficient(&self, temperature: f64) -> Result<Vec<f64>> {
        let TemperatureWeights { lower, value: [rise, m0, m1], .. } = self.weights(temperature)?;
        let row = |all: &'_ [f64], row: usize| -> Vec<f64> { all[row * self.nodes()..][..self.nodes()].to_vec() };
        let (y0, y1) = (row(&self.ln_coefficient, lower), row(&self.ln_coefficient, lower + 1));
        let (s0, s1) = (row(&self.ln_slope, lower), row(&self.ln_slope, lower + 1));
        let floor = FLOOR.ln();
        let at = |i: usize| {
            let ln_k = y0[i] + rise * (y1[i] - y0[i]) + m0 * s0[i] + m1 * s1[i];
            if ln_k <= floor { 0.0 } else { ln_k.exp() }
        };
        let k: Vec<f64> = (0..self.nodes()).map(at).collect();
        Ok(self.position.iter().map(|position| at_position(&k, *position)).collect())
    }

    /// What was taken at the ends of a clamped table for layers at some temperatures \[K\]: a note for each band concerned.
    pub fn clamp_notes(&self, temperature_k: &[f64]) -> Vec<Note> {
        let mut notes = Vec::new();
        for limits in self.limits.iter().filter(|_| self.clamped) {
            let outside = |t: &&f64| !limits.contain(**t);
            let count = temperature_k.iter().filter(outside).count();
            if count == 0 {
                continue;
            }
            let (lo, hi) = temperature_k
                .iter()
                .filter(outside)
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), t| (lo.min(*t), hi.max(*t)));
            let first = temperature_k.iter().position(|t| !limits.contain(*t)).unwrap_or(0);
            let last = temperature_k.iter().rposition(|t| !limits.contain(*t)).unwrap_or(0);
            let (nu_lo, nu_hi) = limits.wavenumber;
            let text = format!(
                "{count} of {} layers (from layer {first} to layer {last}; {lo:.1} to {hi:.1} K) lie outside {}, the temperatures of the table at \
                 {nu_lo} to {nu_hi} cm-1: the coefficients of the nearest one were taken, as asked for",
                temperature_k.len(),
                limits.temperatures(),
            );
            notes.push(Note::new(self.about(), text, None));
        }
        notes
    }

    /// The remarks on how the table was made.
    pub fn told(&self) -> impl Iterator<Item = Note> + '_ {
        self.notes.iter().map(|text| Note::new(self.about(), text.as_str(), None))
    }

    fn about(&self) -> String {
        format!("{} collisions", self.name)
    }
}
