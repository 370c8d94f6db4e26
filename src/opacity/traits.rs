//! What an opacity is: it adds itself to a layer.
//!
//! An [`Opacity`] knows its own coefficients and which species they go with; it knows nothing of radiative transfer. Its optical depth in a layer is an
//! *amount* (a column of molecules, the square of a density, the strength of a haze) times a coefficient of wavenumber, temperature, and perhaps parameters of
//! its own, its *shape*. So derivatives need few rows: by temperature, by ln of the amount (the optical depth itself), and by each parameter of the shape.
//!
//! On the CPU an opacity adds to [`OpticalRows`]; on a device it declares buffers and appends passes that add to an [`OpticalBuffers`]. The host writes
//! what changes from spectrum to spectrum through [`Inputs`].

use std::any::Any;
use std::fmt;
use std::ops::Range;

use crate::atmosphere::{PressureGrid, State};
use crate::cross_section::Prepared;
use crate::cross_section::extent::Extent;
use crate::dual::Dual;
pub use crate::gpu::Constant;
use crate::gpu::{BufferId, DeviceClass, Limits, ProgramBuilder, Workspace};
use crate::grid::Grid;
use crate::opacity::way::Way;
use crate::{Note, Resources, Result, Settings};

/// What an opacity does to light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extinction {
    /// It absorbs, and emits as much.
    Absorption,
    /// It scatters. Geometries without scattering count it as absorption.
    Scattering,
}

/// A source of extinction on a model's grid and layers.
///
/// Quantities are what its optical depth in a layer depends on besides temperature: ln of the amount first, then the parameters of its shape. Each has a
/// value in every layer and a row of derivatives \[layer\]\[nu\].
pub trait Opacity: fmt::Debug + Send + Sync {
    /// Its name in messages, reports and pictures, such as `CO` or `H2-He`.
    fn name(&self) -> &str;

    /// What it does to light.
    fn extinction(&self) -> Extinction {
        Extinction::Absorption
    }

    /// Names of the parameters of its shape.
    fn shape(&self) -> Vec<String> {
        Vec::new()
    }

    /// Its quantities in every layer, \[quantity\]\[layer\], with their derivatives: ln of the amount, then the shape's. Values may lack where the opacity
    /// works out its own in [`on_cpu`](Self::on_cpu) and [`Inputs::write`]; derivatives count.
    ///
    /// # Errors
    /// A species or a parameter that the state lacks.
    fn quantities(&self, state: &State<Dual>, layers: &PressureGrid) -> Result<Vec<Vec<Dual>>>;

    /// Refuses a state that it cannot be computed for.
    ///
    /// # Errors
    /// A species or a parameter that the state lacks; temperatures outside its range.
    fn check(&self, state: &State, layers: &PressureGrid) -> Result<()>;

    /// Ready to add itself to some layers on the CPU; with `slopes`, its derivative by temperature as well.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    fn on_cpu<'a>(&'a self, at: &Layers<'a>, slopes: bool) -> Result<Box<dyn CpuOpacity + 'a>>;

    /// Adds itself to all points of the grid in some layers. What is held for one part of it is released before the next.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    fn add_to_grid(&self, at: &Layers<'_>, rows: &mut OpticalRows<'_>) -> Result<()> {
        self.on_cpu(at, rows.slope.is_some())?.add(rows)
    }

    /// What is worked out once for all programs on a device, for rows of `points` values.
    ///
    /// # Errors
    /// What a device cannot hold.
    fn for_device(&self, points: usize) -> Result<Box<dyn DeviceTables>>;

    /// True if it is one of lines.
    fn has_lines(&self) -> bool {
        !self.lists().is_empty()
    }

    /// True if it adds nothing to any point of the grid.
    fn is_empty(&self) -> bool {
        false
    }

    /// Its line lists, if it is one of lines: for reports and notes.
    fn lists(&self) -> &[Prepared] {
        &[]
    }

    /// What a user must be told of it, for layers at these temperatures \[K\].
    fn notes(&self, temperature_k: &[f64]) -> Vec<Note> {
        let _ = temperature_k;
        Vec::new()
    }

    /// The finest level of its ladders in some layers, which bounds the points of a segment.
    fn finest_level(&self, layers: &Range<usize>) -> Option<i32> {
        let _ = layers;
        None
    }

    /// Cost of a spectrum's passes on a device in multiply-adds, beyond the price of a pass that every opacity has.
    fn cost(&self, extent: &Extent, points: usize, class: DeviceClass) -> f64 {
        let _ = (extent, points, class);
        0.0
    }

    /// Multiply-adds of a spectrum on the CPU, as far as they are told apart.
    fn multiply_adds(&self) -> f64 {
        0.0
    }

    /// Host memory that it takes.
    fn host_bytes(&self) -> HostBytes;

    /// What the CPU backend holds of it from segment to segment in some layers \[bytes\], with slopes or without.
    fn cpu_held(&self, layers: Range<usize>, slopes: bool) -> u64 {
        let _ = (layers, slopes);
        0
    }

    /// Work arrays of the CPU backend \[bytes\]: for these layers at so many points of the grid, on so many threads, with slopes or without.
    fn cpu_work(&self, layers: Range<usize>, points: usize, threads: usize, slopes: bool) -> u64 {
        let _ = (layers, points, threads, slopes);
        0
    }

    /// For implementations that look for one of their own kind.
    fn as_any(&self) -> &dyn Any;
}

/// Host memory of an opacity \[bytes\].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostBytes {
    /// Lists as they were read.
    pub lists: u64,
    /// What is held for spectra besides.
    pub prepared: u64,
    /// Held beside that for a while during set-up.
    pub building: u64,
    /// Held besides once it is ready on a device.
    pub device_tables: u64,
}

impl std::iter::Sum for HostBytes {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |a, b| Self {
            lists: a.lists + b.lists,
            prepared: a.prepared + b.prepared,
            building: a.building.max(b.building),
            device_tables: a.device_tables + b.device_tables,
        })
    }
}

/// Layers of an atmosphere.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Layers<'a> {
    /// The whole atmosphere.
    pub state: &'a State,
    /// Its pressures.
    pub pressure: &'a PressureGrid,
    /// The layers wanted of it.
    pub range: Range<usize>,
}

/// An opacity in some layers, on the CPU.
pub trait CpuOpacity {
    /// Adds its optical depth and, where the rows are there, its derivatives.
    ///
    /// # Errors
    /// Rows whose shape is not that of the layers.
    fn add(&self, rows: &mut OpticalRows<'_>) -> Result<()>;
}

/// Where an opacity adds itself on the CPU, each \[layer\]\[point\].
#[derive(Debug)]
#[non_exhaustive]
pub struct OpticalRows<'a> {
    /// The points of the grid, from a multiple of 1024.
    pub points: Range<usize>,
    /// Optical depth.
    pub depth: &'a mut [f64],
    /// Its derivative by temperature \[K-1\], if wanted.
    pub slope: Option<&'a mut [f64]>,
    /// Its derivatives by the parameters of the shape, if wanted.
    pub shape: &'a mut [Vec<f64>],
}

/// What an opacity holds for all programs on a device.
pub trait DeviceTables: fmt::Debug + Send + Sync {
    /// Declares its buffers, named `name.*`. What constant buffers hold is added to `constants`. With `slopes` derivatives are computed as well.
    #[allow(clippy::too_many_arguments)] // what it is called, where it runs, and what is wanted of it
    fn declare<'a>(
        &'a self,
        builder: &mut ProgramBuilder,
        name: &str,
        layers: usize,
        extent: &Extent,
        slopes: bool,
        limits: &Limits,
        constants: &mut Vec<Constant<'a>>,
    ) -> Box<dyn DeviceOpacity + 'a>;
}

/// An opacity's buffers, and the passes that it appends to a program.
pub trait DeviceOpacity {
    /// What the host writes for each spectrum.
    fn inputs(&self) -> Box<dyn Inputs>;

    /// True if its first pass of a segment can overwrite what is in the rows, so that nobody has to clear them.
    fn overwrites(&self) -> bool {
        false
    }

    /// The same buffers for values without derivatives.
    fn values(&self) -> Box<dyn DeviceOpacity + '_>;

    /// Appends what is computed once for a batch of layers, over the whole grid.
    fn begin_batch(&self, builder: &mut ProgramBuilder, layers: &Range<usize>) {
        let _ = (builder, layers);
    }

    /// Appends the passes that add a segment of a batch to the first rows of `into`; without `add`, they overwrite.
    ///
    /// # Errors
    /// A segment that is none.
    fn segment(
        &self,
        builder: &mut ProgramBuilder,
        layers: &Range<usize>,
        segment: &Range<usize>,
        into: &OpticalBuffers,
        add: bool,
    ) -> Result<()>;

    /// Says that what was computed for the batch is not needed any more.
    fn end_batch(&self, builder: &mut ProgramBuilder) {
        let _ = builder;
    }
}

/// Where an opacity adds itself on a device, each f32 \[layer of the batch\]\[point of the segment\].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpticalBuffers {
    /// Optical depth.
    pub depth: BufferId,
    /// Its derivative by temperature \[K-1\], if wanted.
    pub slope: Option<BufferId>,
    /// Its derivatives by the parameters of the shape, if wanted.
    pub shape: Vec<BufferId>,
}

/// Buffers that the host writes for each spectrum.
pub trait Inputs: fmt::Debug + Send {
    /// Writes them for a state.
    ///
    /// # Errors
    /// As [`Opacity::check`]; a lost device.
    fn write(&self, workspace: &mut Workspace, state: &State, layers: &PressureGrid) -> Result<()>;
}

/// What an opacity is made ready for.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Setting<'a> {
    /// The grid.
    pub grid: Grid,
    /// Its points \[cm-1\].
    pub wavenumber: &'a [f64],
    /// The layers' pressures.
    pub pressure: &'a PressureGrid,
    /// Accuracy, temperatures, line profiles.
    pub settings: &'a Settings,
    /// Cache and progress.
    pub resources: &'a Resources<'a>,
    /// True if only the size of what would be made is wanted, for a plan: long lists are not summed.
    pub sketch: bool,
}

/// An opacity as its user describes it: line lists, a table, a formula. A model makes it ready for its grid and its layers.
pub trait Source {
    /// Makes it ready; adds to `notes` what a user must be told, and to `seconds` what it took.
    ///
    /// # Errors
    /// What cannot be read, or does not cover the grid or the temperatures.
    fn prepare(&self, at: &Setting<'_>, told: &mut Told) -> Result<Box<dyn Opacity>>;
}

/// What is told while opacities are made ready.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Told {
    /// What a user must be told.
    pub notes: Vec<Note>,
    /// Seconds by stage.
    pub seconds: crate::timing::Stages,
    /// The reason why lists contribute nothing, if there is such a list.
    pub nothing: Option<crate::Error>,
    /// Bytes of the tables so far.
    pub tables: u64,
    /// The ways of computing each species' cross sections.
    pub ways: Vec<Way>,
}
