//! Derivatives of an emission spectrum by everything in its layers, forward and reverse, without a tape.
//!
//! What a layer adds to the spectrum depends on its own temperature and columns only, so the Jacobian by layers is pointwise in wavenumber
//! (`transfer::sensitivity`): with K_n = dF/d dtau_n, E_n = dF/dT_n at fixed optical depths, A_n = d dtau_n/dT_n and D_n an absorber's part
//! of dtau_n, dF/dT_n = K_n A_n + E_n and dF/d ln(column) = K_n D_n. One evaluation of the opacities with their derivatives by
//! temperature gives them all. Parameters enter by the derivatives of temperatures and columns, the [`Coefficients`]: forward, the rows of the
//! layer Jacobian are multiplied by them; reverse, they are summed over wavenumber first.
//!
//! All layers of a segment of the grid are held at once, in memory that is planned like that of a spectrum; neither time nor memory grows
//! with layers times parameters.

pub(super) mod cpu;
pub(super) mod device;
pub(super) mod program;

use serde::Serialize;

use super::cpu::pair;
use super::model::{EmissionModel, State};
use crate::optical_depth::PairTangent;
use crate::{Error, Result};

/// How many columns of a Jacobian are held on the device at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum ChunkSize {
    /// As many as fit.
    #[default]
    Auto,
    /// So many (rounded up to a multiple of 8, what one dispatch computes), or all if there are fewer.
    Columns(usize),
}

/// How the gradient of a scalar of the spectrum is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum GradientMode {
    /// Forward for up to 16 parameters, else reverse. A Jacobian by so few costs less than a gradient by all layers (`docs/benchmarks.md`).
    #[default]
    Auto,
    /// From the Jacobian by the parameters.
    Forward,
    /// From the derivatives by all layers.
    Reverse,
}

impl GradientMode {
    /// Whether a gradient by so many parameters goes forward.
    pub fn is_forward(self, columns: usize) -> bool {
        match self {
            Self::Auto => columns <= 16,
            Self::Forward => true,
            Self::Reverse => false,
        }
    }
}

/// How derivatives are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DerivativeSettings {
    /// Columns of a Jacobian at a time on a device. Results do not depend on it.
    pub chunk: ChunkSize,
    /// How a scalar's gradient is made. Both ways agree but for rounding.
    pub gradient: GradientMode,
    /// Device memory for all of a model's programs \[bytes\]; `None` for what the device's policy allows.
    pub budget: Option<u64>,
}

/// Derivatives of the layers' temperatures and columns by the columns of a Jacobian, each \[layer\]\[column\].
#[derive(Clone, Debug, PartialEq)]
pub struct Coefficients {
    /// Number of columns.
    pub columns: usize,
    /// Of temperature \[K\].
    pub temperature: Vec<f64>,
    /// Of the surface's temperature \[column\], if the model has one.
    pub surface: Option<Vec<f64>>,
    /// \[absorber\]: of ln of its column.
    pub absorbers: Vec<Vec<f64>>,
    /// \[collision pair\]: of ln of its column at fixed temperature.
    pub pairs: Vec<Vec<f64>>,
}

impl Coefficients {
    /// From a state and its derivatives by each column's parameter.
    ///
    /// Mixing ratios below 1e-26, 0 among them, count as 1e-26: derivatives by them are one-sided.
    ///
    /// # Errors
    /// Shapes that are not the model's.
    pub fn new(model: &EmissionModel, state: &State, tangents: &[State]) -> Result<Self> {
        let (layers, columns) = (model.layers(), tangents.len());
        for tangent in tangents {
            model.check_shape(tangent)?;
        }
        let state = &state.with_least_ratios();
        // [layer][column] from [column] of [layer]
        let by_layer = |of: &dyn Fn(&State, usize) -> f64| -> Vec<f64> {
            (0..layers).flat_map(|layer| tangents.iter().map(move |t| of(t, layer))).collect()
        };
        let absorbers = (0..model.absorbers.len())
            .map(|a| {
                by_layer(&|t, layer| {
                    t.mass_mixing_ratio[a][layer] / state.mass_mixing_ratio[a][layer]
                        - t.gravity[layer] / state.gravity[layer]
                })
            })
            .collect();
        let mut pairs = Vec::new();
        for (c, (first, second)) in state.collision_mixing_ratio.iter().enumerate() {
            let pair = pair(model, state, first, second);
            let of_column = |t: &State| {
                pair.ln_column_tangent(&PairTangent {
                    first: &t.collision_mixing_ratio[c].0,
                    second: &t.collision_mixing_ratio[c].1,
                    mean_molar_mass: &t.mean_molar_mass,
                    gravity: &t.gravity,
                })
            };
            let by_column: Vec<Vec<f64>> = tangents.iter().map(of_column).collect::<Result<_>>()?;
            pairs.push((0..layers).flat_map(|layer| by_column.iter().map(move |c| c[layer])).collect());
        }
        let surface = |t: &State| t.surface_temperature_k.unwrap_or(0.0);
        let coefficients = Self {
            columns,
            temperature: by_layer(&|t, layer| t.temperature_k[layer]),
            surface: model.surface.then(|| tangents.iter().map(surface).collect()),
            absorbers,
            pairs,
        };
        let rows = coefficients.rows();
        match rows.iter().position(|v| !v.is_finite()) {
            None => Ok(coefficients),
            Some(at) => Err(Error::invalid(
                format!("derivative of a layer by parameter {}", at % columns),
                rows[at],
                "a finite number",
            )),
        }
    }

    /// True if temperatures alone change, so that the absorbers' parts need not be told apart.
    pub fn only_temperature(&self) -> bool {
        self.absorbers.iter().chain(&self.pairs).flatten().all(|v| *v == 0.0)
    }

    /// All rows, one after the other: temperatures, surface, absorbers, pairs.
    pub fn rows(&self) -> Vec<f64> {
        let mut rows = self.temperature.clone();
        rows.extend(self.surface.iter().flatten());
        self.absorbers.iter().chain(&self.pairs).for_each(|r| rows.extend(r));
        rows
    }

    /// Derivatives by the columns' parameters from those by the layers.
    pub fn transpose(&self, gradient: &LayerGradient) -> Vec<f64> {
        let mut sums = vec![0.0; self.columns];
        let mut rows = gradient.temperature_k.clone();
        rows.extend(gradient.surface_temperature_k);
        gradient.ln_column.iter().chain(&gradient.ln_collision).for_each(|r| rows.extend(r));
        if self.columns > 0 {
            for (coefficients, g) in self.rows().chunks(self.columns).zip(rows) {
                sums.iter_mut().zip(coefficients).for_each(|(sum, c)| *sum += c * g);
            }
        }
        sums
    }
}

/// Derivatives of a scalar by the layers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerGradient {
    /// By temperature \[layer\], K-1.
    pub temperature_k: Vec<f64>,
    /// By the surface's temperature, if the model has one \[K-1\].
    pub surface_temperature_k: Option<f64>,
    /// \[absorber\]\[layer\]: by ln of its column, hence of its mixing ratio. Where that is below 1e-26, 0 among them, it is the derivative at
    /// 1e-26: divided by 1e-26, the one-sided derivative by the mixing ratio.
    pub ln_column: Vec<Vec<f64>>,
    /// \[collision pair\]\[layer\]: by ln of its column.
    pub ln_collision: Vec<Vec<f64>>,
}

impl LayerGradient {
    /// From all rows, one after the other: temperatures, surface, absorbers, pairs.
    fn from_rows(model: &EmissionModel, rows: &[f64]) -> Self {
        let layers = model.layers();
        let (temperature, rest) = rows.split_at(layers);
        let (surface, rest) = rest.split_at(usize::from(model.surface));
        let mut kinds = rest.chunks(layers).map(<[f64]>::to_vec);
        Self {
            temperature_k: temperature.to_vec(),
            surface_temperature_k: surface.first().copied(),
            ln_column: kinds.by_ref().take(model.absorbers.len()).collect(),
            ln_collision: kinds.collect(),
        }
    }

    /// Number of rows for a model.
    pub(super) fn row_count(model: &EmissionModel) -> usize {
        let kinds = 1 + model.absorbers.len() + model.collisions.len();
        kinds * model.layers() + usize::from(model.surface)
    }
}

#[cfg(test)]
mod tests;
