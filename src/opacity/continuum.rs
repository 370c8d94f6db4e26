//! Opacities that vary smoothly with wavenumber: scattering by molecules, H-, clouds, hazes, a user's own.
//!
//! A [`Continuum`] gives an amount in every layer and ln of a coefficient at given wavenumbers and conditions, with its derivatives by temperature and by parameters
//! of its shape: that is all its author has to write. The optical depth is amount times coefficient. The host evaluates the coefficient at nodes, which are every
//! s-th point of the model's grid, at most [`SPACING`] apart in ln(wavenumber); both backends interpolate ln of the optical depth linearly between them. A power of
//! wavenumber is met exactly; for a coefficient whose ln has a second derivative c by ln(wavenumber), the relative error is at most c SPACING^2 / 8, that is 5e-7 c.

pub mod device;

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::traits::{
    CpuOpacity, DeviceTables, Extinction, HostBytes, Layers, Opacity, OpticalRows, Setting, Source, Told,
};
use crate::atmosphere::{PressureGrid, State};
use crate::dual::Dual;
use crate::grid::Grid;
use crate::{Error, Note, Result, numerics};

/// Largest distance of two nodes in ln(wavenumber), if a continuum does not say otherwise.
pub const SPACING: f64 = 0.002;

/// ln of what stands for nothing: e^-1000 is zero in f64 and f32.
pub const LN_NOTHING: f64 = -1000.0;

/// ln of an optical depth that lets nothing through, whatever the angle; more is taken for this, so that sums and products stay finite in float32.
const LN_OPAQUE: f64 = 60.0;

/// A smooth opacity: an amount in each layer times a coefficient of wavenumber and conditions.
pub trait Continuum: fmt::Debug + Send + Sync {
    /// Its name in messages, reports and pictures.
    fn name(&self) -> &str;

    /// What it does to light.
    fn extinction(&self) -> Extinction {
        Extinction::Absorption
    }

    /// Names of the [parameters](State::parameters) on which the coefficient depends, in the order of [`Conditions::shape`].
    fn shape(&self) -> Vec<String> {
        Vec::new()
    }

    /// ln of the amount in each layer with its derivatives; [`LN_NOTHING`] where there is none.
    ///
    /// # Errors
    /// A species or a parameter that the state lacks, or that is out of range.
    fn ln_amount(&self, state: &State<Dual>, layers: &PressureGrid) -> Result<Vec<Dual>>;

    /// ln of the coefficient at wavenumbers \[cm-1\] in one layer.
    fn ln_coefficient(&self, at: &Conditions, wavenumber: &[f64], into: &mut LnCoefficient);

    /// Largest distance of two wavenumbers in ln at which the coefficient is evaluated.
    fn spacing(&self) -> f64 {
        SPACING
    }

    /// What a user must be told, for a grid from `lo` to `hi` cm-1 and layers at these temperatures \[K\].
    fn notes(&self, (lo, hi): (f64, f64), temperature_k: &[f64]) -> Vec<Note> {
        let _ = (lo, hi, temperature_k);
        Vec::new()
    }
}

/// A layer's conditions.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Conditions {
    /// \[K\].
    pub temperature_k: f64,
    /// At the layer's centre \[bar\].
    pub pressure_bar: f64,
    /// Parameters of the shape.
    pub shape: Vec<f64>,
}

/// ln of a coefficient at some wavenumbers, and its derivatives.
#[derive(Clone, Debug, PartialEq)]
pub struct LnCoefficient {
    /// \[nu\], at least [`LN_NOTHING`].
    pub value: Vec<f64>,
    /// By temperature \[K-1\], \[nu\].
    pub by_temperature: Vec<f64>,
    /// By each parameter of the shape, \[parameter\]\[nu\].
    pub by_shape: Vec<Vec<f64>>,
}

impl LnCoefficient {
    /// Zeros for so many wavenumbers and parameters.
    pub fn new(points: usize, parameters: usize) -> Self {
        Self {
            value: vec![0.0; points],
            by_temperature: vec![0.0; points],
            by_shape: vec![vec![0.0; points]; parameters],
        }
    }
}

impl<C: Continuum + Clone + 'static> Source for C {
    fn prepare(&self, at: &Setting<'_>, _: &mut Told) -> Result<Box<dyn Opacity>> {
        Ok(Box::new(Smooth::new(Arc::new(self.clone()), at.grid)))
    }
}

/// Every s-th point of a grid.
#[derive(Clone, Debug, PartialEq)]
struct Nodes {
    stride: usize,
    wavenumber: Vec<f64>,
}

impl Nodes {
    fn new(grid: Grid, spacing: f64) -> Self {
        let stride = ((spacing / grid.step()) as usize).clamp(1, grid.len().max(1));
        let count = (grid.len() - 1) / stride + 2;
        let wavenumber = (0..count).map(|k| grid.lo() * (grid.step() * (k * stride) as f64).exp()).collect();
        Self { stride, wavenumber }
    }

    fn len(&self) -> usize {
        self.wavenumber.len()
    }
}

/// A continuum on a model's grid.
#[derive(Clone, Debug)]
pub struct Smooth {
    continuum: Arc<dyn Continuum>,
    nodes: Arc<Nodes>,
    grid: Grid,
}

impl Smooth {
    fn new(continuum: Arc<dyn Continuum>, grid: Grid) -> Self {
        let nodes = Arc::new(Nodes::new(grid, continuum.spacing()));
        Self { continuum, nodes, grid }
    }

    /// The layers' conditions.
    fn conditions(&self, state: &State, layers: &PressureGrid) -> Result<Vec<Conditions>> {
        let shape = self.continuum.shape();
        let shape = shape.iter().map(|name| state.parameter(name).copied()).collect::<Result<Vec<_>>>()?;
        let all = state.temperature_k.iter().zip(layers.pressure_bar());
        let conditions =
            |(t, p): (&f64, &f64)| Conditions { temperature_k: *t, pressure_bar: *p, shape: shape.clone() };
        Ok(all.map(conditions).collect())
    }

    /// ln of the optical depth at all nodes of some layers, and its derivatives.
    fn at_nodes(&self, state: &State, layers: &PressureGrid, range: &Range<usize>) -> Result<Vec<LnCoefficient>> {
        let amount = self.continuum.ln_amount(&state.as_dual(), layers)?;
        let conditions = self.conditions(state, layers)?;
        let all = conditions[range.clone()].par_iter().zip(&amount[range.clone()]);
        let each = |(conditions, amount): (&Conditions, &Dual)| {
            let mut row = LnCoefficient::new(self.nodes.len(), conditions.shape.len());
            self.continuum.ln_coefficient(conditions, &self.nodes.wavenumber, &mut row);
            row.value.iter_mut().for_each(|ln| *ln = (*ln + amount.value()).clamp(LN_NOTHING, LN_OPAQUE));
            row
        };
        Ok(all.map(each).collect())
    }

    /// Bytes of all nodes of some layers, each number in so many bytes.
    fn node_bytes(&self, layers: usize, each: usize) -> u64 {
        (each * layers * self.nodes.len() * (2 + self.continuum.shape().len())) as u64
    }
}

impl Opacity for Smooth {
    fn name(&self) -> &str {
        self.continuum.name()
    }

    fn extinction(&self) -> Extinction {
        self.continuum.extinction()
    }

    fn shape(&self) -> Vec<String> {
        self.continuum.shape()
    }

    fn quantities(&self, state: &State<Dual>, layers: &PressureGrid) -> Result<Vec<Vec<Dual>>> {
        let mut all = vec![self.continuum.ln_amount(state, layers)?];
        for name in self.continuum.shape() {
            all.push(vec![state.parameter(&name)?.clone(); state.layers()]);
        }
        Ok(all)
    }

    fn check(&self, state: &State, layers: &PressureGrid) -> Result<()> {
        self.conditions(state, layers)?;
        let amount = self.continuum.ln_amount(&state.as_dual(), layers)?;
        match amount.iter().position(|a| a.value().is_nan() || a.value() == f64::INFINITY) {
            Some(layer) => {
                let what = format!("ln of the amount of {} in layer {layer}", self.name());
                Err(Error::invalid(what, amount[layer].value(), "a number"))
            }
            None => Ok(()),
        }
    }

    fn on_cpu<'a>(&'a self, at: &Layers<'a>, _: bool) -> Result<Box<dyn CpuOpacity + 'a>> {
        let rows = self.at_nodes(at.state, at.pressure, &at.range)?;
        Ok(Box::new(OnCpu { stride: self.nodes.stride, rows }))
    }

    fn for_device(&self, _: usize) -> Result<Box<dyn DeviceTables>> {
        Ok(Box::new(device::Tables(self.clone())))
    }

    fn notes(&self, temperature_k: &[f64]) -> Vec<Note> {
        self.continuum.notes((self.grid.lo(), self.grid.hi()), temperature_k)
    }

    fn host_bytes(&self) -> HostBytes {
        HostBytes { prepared: 8 * self.nodes.len() as u64, ..HostBytes::default() }
    }

    fn cpu_held(&self, layers: Range<usize>, _: bool) -> u64 {
        self.node_bytes(layers.len(), 8)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct OnCpu {
    stride: usize,
    /// \[layer\].
    rows: Vec<LnCoefficient>,
}

impl CpuOpacity for OnCpu {
    fn add(&self, into: &mut OpticalRows<'_>) -> Result<()> {
        let (n, first) = (into.points.len(), into.points.start);
        // Every target with its factor at the nodes; the optical depth itself has none.
        let mut targets: Vec<(&mut [f64], Factor)> = vec![(&mut *into.depth, Factor::One)];
        targets.extend(into.slope.as_deref_mut().map(|slope| (slope, Factor::Temperature)));
        targets.extend(into.shape.iter_mut().enumerate().map(|(k, rows)| (&mut rows[..], Factor::Shape(k))));
        for (target, factor) in targets {
            target.par_chunks_mut(n).zip(&self.rows).for_each(|(row, nodes)| {
                let factor = match factor {
                    Factor::One => None,
                    Factor::Temperature => Some(&nodes.by_temperature[..]),
                    Factor::Shape(k) => Some(&nodes.by_shape[k][..]),
                };
                interpolate(&nodes.value, factor, self.stride, first, row);
            });
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Factor {
    One,
    Temperature,
    Shape(usize),
}

/// Adds exp(ln) times a factor, both linear between nodes, to the points from `first`.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn interpolate(ln: &[f64], factor: Option<&[f64]>, stride: usize, first: usize, row: &mut [f64]) {
    let (mut at, end) = (first, first + row.len());
    while at < end {
        let (node, within) = (at / stride, at % stride);
        let count = (stride - within).min(end - at);
        let part = &mut row[at - first..][..count];
        let (a, rise) = (ln[node], (ln[node + 1] - ln[node]) / stride as f64);
        match factor {
            None => {
                for (i, value) in part.iter_mut().enumerate() {
                    *value += numerics::exp::<false>(a + rise * (within + i) as f64);
                }
            }
            Some(factor) => {
                let (f, f_rise) = (factor[node], (factor[node + 1] - factor[node]) / stride as f64);
                for (i, value) in part.iter_mut().enumerate() {
                    let x = (within + i) as f64;
                    *value += numerics::exp::<false>(a + rise * x) * (f + f_rise * x);
                }
            }
        }
        at += count;
    }
}
