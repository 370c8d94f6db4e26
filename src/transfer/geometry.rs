//! What a geometry is: how light goes through the layers, and what is seen of it.
//!
//! A [`Geometry`] takes optical depths \[layer\]\[nu\] and gives one value for each wavenumber. It states in which order it wants the layers, which
//! rows of derivatives it has of its own (a surface's temperature, the radii of boundaries), and how what it computes becomes what is observed. It knows no opacity.
//! A new one is one folder here and one entry in a configuration.

use std::fmt;
use std::ops::Range;

use crate::Result;
use crate::atmosphere::{PressureGrid, State};
use crate::dual::Dual;
use crate::gpu::{BufferId, ProgramBuilder, Workspace};
use crate::grid::Segment;
use crate::output::Values;
use crate::transfer::jacobian::device::LayerJacobianBuffers;

/// In which order a geometry takes the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// In batches from the top down; what a batch hands to the next is carried along.
    TopDown {
        /// Batches that are multiples of so many layers change no bit of the result.
        multiple: usize,
    },
    /// All layers of a wavenumber at once.
    AllLayers,
}

/// Rows of derivatives that a geometry has besides those by temperature and by optical depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum OwnRows {
    /// By the temperature of a surface: one row.
    Surface,
    /// By the thickness of each layer and by the radius of the lowest boundary, all in units of that radius: one row more than there are layers.
    Radii,
}

/// A way of light through the layers.
pub trait Geometry: fmt::Debug + Send + Sync {
    /// Its name in configurations and reports.
    fn name(&self) -> &'static str;

    /// Its name and what was chosen of it, for reports.
    fn describe(&self) -> serde_json::Value {
        serde_json::json!({ "name": self.name() })
    }

    /// What is observed, with its unit: for axes and reports.
    fn quantity(&self) -> &'static str;

    /// The order of the layers.
    fn order(&self) -> Order;

    /// Whether what scatters takes light away for good, as it does from a beam; otherwise it counts as absorption, for want of better.
    fn scattering_is_loss(&self) -> bool {
        false
    }

    /// What a spectrum costs for each point and layer, with so many layers, in multiply-adds.
    fn multiply_adds(&self, layers: usize) -> f64 {
        let _ = layers;
        0.0
    }

    /// Rows of a segment that are held for each layer while derivatives are computed: optical depths, their slopes, and its own.
    fn rows_held(&self) -> usize;

    /// Its own rows and their number, for so many layers.
    fn own_rows(&self, layers: usize) -> Option<(OwnRows, usize)>;

    /// The quantities of its own rows, with their derivatives.
    fn own_quantities(&self, state: &State<Dual>) -> Vec<Dual>;

    /// Refuses a state that lacks what it needs, or has what it does not know.
    ///
    /// # Errors
    /// Such a state.
    fn check(&self, state: &State, layers: &PressureGrid) -> Result<()>;

    /// Ready for spectra of a state on the CPU.
    ///
    /// # Errors
    /// A state that is none.
    fn on_cpu<'a>(&'a self, state: &'a State, wavenumber: &'a [f64]) -> Result<Box<dyn CpuTransfer + 'a>>;

    /// Declares its buffers for a program over rows of `points` values.
    fn declare(
        &self,
        builder: &mut ProgramBuilder,
        layers: usize,
        points: u64,
        wavenumber: BufferId,
    ) -> Box<dyn DeviceTransfer>;

    /// From what is computed to what is observed.
    fn observe(&self, state: &State, computed: Values) -> Values {
        let _ = state;
        computed
    }

    /// The derivative of what is observed by what is computed, at observed values; `None` where they are the same.
    fn observed_slope(&self, state: &State, observed: &[f64]) -> Option<Vec<f64>> {
        let _ = (state, observed);
        None
    }

    /// The own row on which what is observed depends directly as well, with a derivative of 1 by what is computed.
    fn direct_row(&self, layers: usize) -> Option<usize> {
        let _ = layers;
        None
    }

    /// Work arrays of the CPU backend \[bytes\], for so many points at a time: without derivatives, or with them.
    fn cpu_work(&self, layers: usize, points: usize, derivatives: bool) -> u64;
}

/// A geometry with a state, on the CPU.
pub trait CpuTransfer {
    /// Takes the optical depths \[layer\]\[point\] of some layers at some points: in the geometry's order.
    ///
    /// # Errors
    /// Shapes that do not agree.
    fn add(&mut self, layers: Range<usize>, points: Range<usize>, dtau: &[f64]) -> Result<()>;

    /// What was computed \[nu\], once all layers are done.
    ///
    /// # Errors
    /// A state that is none.
    fn finish(self: Box<Self>) -> Result<Vec<f64>>;

    /// Value and derivatives at some points, from the optical depths of all layers.
    ///
    /// # Errors
    /// Shapes that do not agree.
    fn sensitivity(&mut self, points: Range<usize>, dtau: &[f64]) -> Result<Sensitivity<'_>>;

    /// What each layer contributes to what is observed at some points, \[layer\]\[point\], from the optical depths of all layers.
    ///
    /// # Errors
    /// Shapes that do not agree.
    fn contribution(&self, points: Range<usize>, dtau: &[f64]) -> Result<Vec<f64>>;
}

/// What is computed at some points, and its derivatives.
#[derive(Clone, Copy, Debug)]
pub struct Sensitivity<'a> {
    /// \[point\].
    pub value: &'a [f64],
    /// By the optical depth of a layer, \[layer\]\[point\].
    pub depth: &'a [f64],
    /// By the temperature of a layer at fixed optical depths, \[layer\]\[point\], where there is such a thing.
    pub source: Option<&'a [f64]>,
    /// By the geometry's own quantities, \[own row\]\[point\].
    pub own: &'a [f64],
}

/// A geometry's buffers, and the passes that it appends to a program.
pub trait DeviceTransfer: fmt::Debug {
    /// What is computed, f32 \[nu\].
    fn result(&self) -> BufferId;

    /// What the host writes for each spectrum.
    fn inputs(&self) -> Box<dyn TransferInputs>;

    /// Before the first layers of a spectrum without derivatives.
    fn begin(&mut self, builder: &mut ProgramBuilder);

    /// Takes the optical depths of a batch of layers at a segment.
    ///
    /// # Errors
    /// A segment that is none.
    fn add(&self, builder: &mut ProgramBuilder, layers: &Range<usize>, segment: Segment, dtau: BufferId) -> Result<()>;

    /// After the last layers of a spectrum without derivatives.
    fn end(&mut self, builder: &mut ProgramBuilder);

    /// Declares rows for derivatives, named `name.*`, of `nodes` points.
    fn rows(&mut self, builder: &mut ProgramBuilder, name: &str, nodes: u64) -> SensitivityRows;

    /// Value and derivatives at a segment, from the optical depths of all layers.
    ///
    /// # Errors
    /// A segment that is none.
    fn sensitivity(
        &self,
        builder: &mut ProgramBuilder,
        segment: Segment,
        dtau: BufferId,
        rows: &SensitivityRows,
    ) -> Result<()>;
}

/// Rows of derivatives on a device, f32 \[row\]\[point of the segment\].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SensitivityRows {
    /// By optical depths.
    pub depth: BufferId,
    /// By temperatures at fixed optical depths.
    pub source: Option<BufferId>,
    /// The buffer with the geometry's own rows, and which of its rows they are.
    pub own: Option<(BufferId, Range<u32>)>,
    /// What the geometry needs besides.
    pub scratch: Vec<BufferId>,
}

impl SensitivityRows {
    /// All buffers.
    pub fn all(&self) -> impl Iterator<Item = BufferId> + '_ {
        let own = self.own.as_ref().map(|o| o.0).filter(|own| Some(*own) != self.source);
        std::iter::once(self.depth).chain(self.source).chain(own).chain(self.scratch.iter().copied())
    }

    /// The derivatives by temperature, with those of the optical depths.
    pub fn by_temperature(&self, slope: BufferId) -> LayerJacobianBuffers {
        match self.source {
            Some(source) => LayerJacobianBuffers::Temperature { depth: self.depth, derivative: slope, source },
            None => LayerJacobianBuffers::Product { depth: self.depth, derivative: slope },
        }
    }
}

/// What the host writes of a geometry for each spectrum.
pub trait TransferInputs: fmt::Debug + Send {
    /// Writes it for a state.
    ///
    /// # Errors
    /// A state that is none; a lost device.
    fn write(&self, workspace: &mut Workspace, state: &State) -> Result<()>;
}
