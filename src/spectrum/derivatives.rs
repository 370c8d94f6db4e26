//! Derivatives of a spectrum by everything in its layers, forward and reverse, without a tape.
//!
//! What a layer adds to the spectrum depends on its own quantities only, so the Jacobian by layers is pointwise in wavenumber
//! (`transfer::sensitivity`): with K_n = dF/d dtau_n, E_n = dF/dT_n at fixed optical depths, A_n = d dtau_n/dT_n and D_n an opacity's part
//! of dtau_n, dF/dT_n = K_n A_n + E_n and dF/d ln(amount) = K_n D_n; a parameter of an opacity's shape has its own d dtau_n. One evaluation of the opacities with
//! their derivatives by temperature gives them all. Parameters enter by the derivatives of temperatures and amounts, the [`Coefficients`]: forward, the rows of the
//! layer Jacobian are multiplied by them; reverse, they are summed over wavenumber first.
//!
//! All layers of a segment of the grid are held at once, in memory that is planned like that of a spectrum; neither time nor memory grows
//! with layers times parameters.

use serde::Serialize;

use super::model::Model;
use crate::atmosphere::State;
use crate::dual::Dual;
use crate::transfer::OwnRows;
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

/// What some rows of the layer Jacobian are derivatives by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum RowKey {
    /// The layers' temperatures \[K\].
    Temperature,
    /// What the geometry has of its own: a surface's temperature, radii.
    Own(OwnRows),
    /// ln of an opacity's amount in each layer, by its name.
    LnAmount(String),
    /// A parameter of an opacity's shape in each layer.
    Shape(String),
}

/// The rows of a model's layer Jacobian in order, and how many there are of each.
pub(super) fn row_keys(model: &Model) -> Vec<(RowKey, usize)> {
    let layers = model.layers();
    let mut keys = vec![(RowKey::Temperature, layers)];
    keys.extend(model.geometry().own_rows(layers).map(|(own, count)| (RowKey::Own(own), count)));
    for opacity in model.opacities() {
        keys.push((RowKey::LnAmount(opacity.name().to_owned()), layers));
        keys.extend(opacity.shape().into_iter().map(|name| (RowKey::Shape(name), layers)));
    }
    keys
}

/// Derivatives of the layers' quantities by the columns of a Jacobian, each \[row\]\[column\].
#[derive(Clone, Debug, PartialEq)]
pub struct Coefficients {
    /// Number of columns.
    pub(super) columns: usize,
    kinds: Vec<(RowKey, Vec<f64>)>,
}

impl Coefficients {
    /// From a state with its derivatives by `columns` parameters.
    ///
    /// Mixing ratios below 1e-26, 0 among them, count as 1e-26: derivatives by them are one-sided.
    ///
    /// # Errors
    /// A state that lacks what the model needs; derivatives that are not finite.
    pub fn new(model: &Model, state: &State<Dual>, columns: usize) -> Result<Self> {
        let state = &state.clone().with_least_ratios();
        let rows = |values: &[Dual]| -> Vec<f64> {
            values.iter().flat_map(|v| (0..columns).map(move |p| v.derivative(p))).collect()
        };
        let mut all = vec![rows(&state.temperature_k)];
        if model.geometry().own_rows(model.layers()).is_some() {
            all.push(rows(&model.geometry().own_quantities(state)));
        }
        for opacity in model.opacities() {
            all.extend(opacity.quantities(state, model.pressure())?.iter().map(|q| rows(q)));
        }
        let kinds: Vec<(RowKey, Vec<f64>)> =
            row_keys(model).into_iter().zip(all).map(|((key, _), rows)| (key, rows)).collect();
        for (key, rows) in &kinds {
            if let Some(at) = rows.iter().position(|v| !v.is_finite()) {
                let what = format!("derivative of a layer's {key:?} by parameter {}", at % columns);
                return Err(Error::invalid(what, rows[at], "a finite number"));
            }
        }
        Ok(Self { columns, kinds })
    }

    /// From a state and its derivatives along directions, the columns.
    ///
    /// # Errors
    /// As [`new`](Self::new); tangents of another shape.
    pub fn along(model: &Model, state: &State, tangents: &[State]) -> Result<Self> {
        Self::new(model, &State::with_tangents(state, tangents)?, tangents.len())
    }

    /// Rows by what they are derivatives of.
    pub(super) fn kinds(&self) -> &[(RowKey, Vec<f64>)] {
        &self.kinds
    }

    /// True if neither amounts nor shapes change, so that the opacities' parts need not be told apart.
    pub(super) fn only_transfer(&self) -> bool {
        let of_opacity = |key: &RowKey| matches!(key, RowKey::LnAmount(_) | RowKey::Shape(_));
        self.kinds.iter().filter(|(key, _)| of_opacity(key)).flat_map(|(_, rows)| rows).all(|v| *v == 0.0)
    }

    /// All rows, one after the other.
    pub(super) fn rows(&self) -> Vec<f64> {
        self.kinds.iter().flat_map(|(_, rows)| rows.iter().copied()).collect()
    }

    /// The row at an index among all.
    pub(super) fn row(&self, index: usize) -> Vec<f64> {
        self.rows().chunks(self.columns.max(1)).nth(index).map(<[f64]>::to_vec).unwrap_or_default()
    }

    /// Derivatives by the columns' parameters from those by the layers.
    pub fn transpose(&self, gradient: &LayerGradient) -> Vec<f64> {
        let mut sums = vec![0.0; self.columns];
        let rows = gradient.kinds.iter().flat_map(|(_, rows)| rows);
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
    kinds: Vec<(RowKey, Vec<f64>)>,
}

impl LayerGradient {
    /// From all rows, one after the other.
    pub(super) fn from_rows(model: &Model, rows: &[f64]) -> Self {
        let mut rest = rows;
        let kinds = row_keys(model).into_iter().map(|(key, count)| {
            let (of_kind, others) = rest.split_at(count);
            rest = others;
            (key, of_kind.to_vec())
        });
        Self { kinds: kinds.collect() }
    }

    /// Number of rows for a model.
    pub(crate) fn row_count(model: &Model) -> usize {
        row_keys(model).iter().map(|(_, count)| count).sum()
    }

    /// Adds to one row.
    pub(super) fn add_to_row(&mut self, index: usize, value: f64) {
        if let Some(row) = self.kinds.iter_mut().flat_map(|(_, rows)| rows).nth(index) {
            *row += value;
        }
    }

    /// The rows of a kind.
    pub fn by(&self, key: &RowKey) -> Option<&[f64]> {
        self.kinds.iter().find(|(k, _)| k == key).map(|(_, rows)| &rows[..])
    }

    /// By temperature \[layer\], K-1. In transmission at fixed radii.
    pub fn temperature_k(&self) -> &[f64] {
        self.by(&RowKey::Temperature).unwrap_or_default()
    }

    /// By the surface's temperature, if the model has one \[K-1\].
    pub fn surface_temperature_k(&self) -> Option<f64> {
        self.by(&RowKey::Own(OwnRows::Surface)).and_then(|rows| rows.first().copied())
    }

    /// By ln of an opacity's amount \[layer\], for lines by ln of the mixing ratio. Where that is below 1e-26, 0 among them, it is the derivative at
    /// 1e-26: divided by 1e-26, the one-sided derivative by the mixing ratio.
    pub fn ln_amount(&self, opacity: &str) -> Option<&[f64]> {
        self.by(&RowKey::LnAmount(opacity.to_owned()))
    }
}

#[cfg(test)]
mod tests;
