//! A model put together: what absorbs, how accurately, and what is seen of it.

use std::sync::Arc;

use super::model::Model;
use crate::atmosphere::{PressureGrid, State};
use crate::cross_section::{Method, Prepared};
use crate::grid::{Grid, TemperatureRange};
use crate::opacity::{Extinction, Opacity, Setting, Source, Told};
use crate::stage::Stage;
use crate::transfer::{Emission, Geometry, Transmission};
use crate::{Error, Note, Resources, Result, Settings};

/// Wavenumbers of a long grid that stand for all of them in a plan: finer than any table of coefficients.
const SAMPLES: usize = 1 << 16;

/// Collects what a [`Model`] is made of.
///
/// ```
/// use photosphere::prelude::*;
///
/// let grid = Grid::with_resolution(4300.0, 4310.0, 1e5)?;
/// let pressure = PressureGrid::logarithmic(1e-5, 10.0, 40)?;
/// let state = State::constant(40, 1200.0, 2500.0, 2.33).with_mass_ratio("CO", 1e-3);
/// let co = carbon_monoxide::line_list(Isotopologue::C12O16, Broadener::Hydrogen, None, 1e-24)?;
/// let model = Model::emission(grid, pressure).opacity(Absorber::new("CO", co)).for_state(&state).build()?;
/// let flux = model.open(&Backend::Cpu)?.spectrum(&state, &())?;
/// assert_eq!(flux.len(), grid.len());
/// # Ok::<(), photosphere::Error>(())
/// ```
pub struct ModelBuilder<'a> {
    grid: Grid,
    pressure: PressureGrid,
    sources: Vec<Box<dyn Source + 'a>>,
    geometry: Chosen,
    /// What was said of emission where the geometry is another.
    misplaced: Option<&'static str>,
    settings: Settings,
    sketch: bool,
    samples: bool,
}

enum Chosen {
    Emission {
        streams: usize,
        surface: bool,
    },
    /// Any geometry.
    Given(Arc<dyn Geometry>),
}

impl Model {
    /// Emission of layers at these pressures: the flux at the top of the atmosphere.
    pub fn emission<'a>(grid: Grid, pressure: PressureGrid) -> ModelBuilder<'a> {
        ModelBuilder::emission(grid, pressure)
    }

    /// Transmission of layers at these pressures: the planet's radius in front of its star. States give the radii of the layers' boundaries
    /// ([`State::with_radii`]).
    pub fn transmission<'a>(grid: Grid, pressure: PressureGrid) -> ModelBuilder<'a> {
        ModelBuilder::with_geometry(grid, pressure, Transmission)
    }

    /// Any geometry.
    pub fn with_geometry<'a>(
        grid: Grid,
        pressure: PressureGrid,
        geometry: impl Geometry + 'static,
    ) -> ModelBuilder<'a> {
        ModelBuilder::with_geometry(grid, pressure, geometry)
    }
}

impl<'a> ModelBuilder<'a> {
    pub(super) fn emission(grid: Grid, pressure: PressureGrid) -> Self {
        Self::new(grid, pressure, Chosen::Emission { streams: 8, surface: false })
    }

    pub(super) fn with_geometry(grid: Grid, pressure: PressureGrid, geometry: impl Geometry + 'static) -> Self {
        Self::new(grid, pressure, Chosen::Given(Arc::new(geometry)))
    }

    fn new(grid: Grid, pressure: PressureGrid, geometry: Chosen) -> Self {
        Self {
            grid,
            pressure,
            sources: Vec::new(),
            geometry,
            misplaced: None,
            settings: Settings::default(),
            sketch: false,
            samples: false,
        }
    }

    /// Adds what absorbs or scatters.
    #[must_use]
    pub fn opacity(mut self, source: impl Source + 'a) -> Self {
        self.sources.push(Box::new(source));
        self
    }

    /// Adds several of one kind.
    #[must_use]
    pub fn opacities(self, sources: impl IntoIterator<Item = impl Source + 'a>) -> Self {
        sources.into_iter().fold(self, Self::opacity)
    }

    /// Twice the number of angles of emission; 8 if nothing is said. [`build`](Self::build) refuses it for other geometries.
    #[must_use]
    pub fn streams(mut self, number: usize) -> Self {
        match &mut self.geometry {
            Chosen::Emission { streams, .. } => *streams = number,
            Chosen::Given(_) => self.misplaced = Some("streams"),
        }
        self
    }

    /// Whether emission has a black surface below the last layer; states then have its temperature. [`build`](Self::build) refuses one for
    /// other geometries.
    #[must_use]
    pub fn surface(mut self, there: bool) -> Self {
        match &mut self.geometry {
            Chosen::Emission { surface, .. } => *surface = there,
            Chosen::Given(_) if there => self.misplaced = Some("a surface"),
            Chosen::Given(_) => (),
        }
        self
    }

    /// Accuracy, temperatures, line profiles: all at once.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Relative error aimed at, 1e-7 to 0.1; 1e-3 if nothing is said.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.settings.tolerance = tolerance;
        self
    }

    /// Temperatures that states may have \[K\]; 100 to 3000 if nothing is said. The narrower, the faster.
    #[must_use]
    pub fn temperatures(mut self, range: TemperatureRange) -> Self {
        self.settings.temperature_range = range;
        self
    }

    /// The temperatures that `state` has: right for a single spectrum. A retrieval needs the range of all its states.
    #[must_use]
    pub fn for_state(mut self, state: &State) -> Self {
        let (lo, hi) = state.temperature_k.iter().fold((f64::INFINITY, 0.0f64), |(lo, hi), t| (lo.min(*t), hi.max(*t)));
        if let Ok(range) = TemperatureRange::new(lo, hi) {
            self.settings.temperature_range = range;
        }
        self
    }

    /// Whether lines are taken one by one or by their density; chosen by cost if nothing is said.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.settings.method = method;
        self
    }

    /// Whether only plans are to be made with the model: then nothing that takes long is computed, and it has no spectrum.
    #[must_use]
    #[cfg_attr(not(feature = "scenario"), allow(dead_code))]
    pub(crate) fn sketch(mut self, only: bool) -> Self {
        self.sketch = only;
        self
    }

    /// Whether some wavenumbers of a long grid stand for all of them: for plans that need none of them in particular.
    #[must_use]
    #[cfg_attr(not(feature = "scenario"), allow(dead_code))]
    pub(crate) fn samples(mut self, only: bool) -> Self {
        self.samples = only;
        self
    }

    /// Makes all opacities ready for the grid and the layers, without a cache.
    ///
    /// # Errors
    /// Streams or a surface where there is no emission; nothing that absorbs; lists without any line in range and nothing else; what an opacity or a geometry refuses; more points than the host has
    /// memory for.
    pub fn build(self) -> Result<Model> {
        self.build_with(&Resources::new(&()))
    }

    /// As [`build`](Self::build), with a cache and a bar of progress.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_with(self, resources: &Resources<'_>) -> Result<Model> {
        let Self { grid, pressure, sources, geometry, misplaced, settings, sketch, samples } = self;
        if let Some(given) = misplaced {
            return Err(Error::invalid("model", given, "none: that is for emission"));
        }
        let surface = matches!(geometry, Chosen::Emission { surface: true, .. });
        if sources.is_empty() && !surface {
            return Err(Error::invalid("model", "nothing that absorbs and no surface", "at least one of them"));
        }
        let geometry: Arc<dyn Geometry> = match geometry {
            Chosen::Emission { streams, surface } => Arc::new(Emission::new(streams, surface)?),
            Chosen::Given(geometry) => geometry,
        };
        settings.check()?;
        let mut told = Told::default();
        let wavenumber = if samples {
            grid.sampled(SAMPLES)
        } else {
            // Wavenumbers and a spectrum are the least that any model takes.
            let what = format!("a grid of {} points", grid.len());
            crate::host_memory::require(&what, (grid.len() as u64).saturating_mul(16))?;
            told.seconds.time(Stage::SetUp, || grid.wavenumbers())
        };
        let at = Setting { grid, wavenumber: &wavenumber, pressure: &pressure, settings: &settings, resources, sketch };
        let mut opacities: Vec<Arc<dyn Opacity>> = Vec::new();
        let mut empty = true;
        for source in &sources {
            let opacity = source.prepare(&at, &mut told)?;
            empty &= opacity.is_empty();
            opacities.push(opacity.into());
        }
        // An absorber without lines here is a remark, a spectrum of nothing is none.
        if let (true, false, Some(error)) = (empty, surface, told.nothing) {
            return Err(error);
        }
        for opacity in opacities.iter().filter(|o| o.extinction() == Extinction::Scattering) {
            if !geometry.scattering_is_loss() {
                let text = format!("scatters; {} counts that as absorption", geometry.name());
                told.notes.push(Note::new(opacity.name(), text, None));
            }
        }
        told.notes.extend(opacities.iter().filter_map(|o| coarse(&**o, &grid, &settings)));
        let wavenumber = Arc::new(wavenumber);
        let Told { notes, seconds, ways, .. } = told;
        Ok(Model { grid, wavenumber, pressure, opacities, geometry, settings, notes, ways, seconds })
    }
}

/// The remark on lines that are narrower than the steps of the grid: its values are then samples of the spectrum, right at their points, and means over them are not those of
/// the spectrum.
fn coarse(opacity: &dyn Opacity, grid: &Grid, settings: &Settings) -> Option<Note> {
    // Full width at half maximum of the Doppler profile at the lowest temperature; pressure only makes lines wider.
    let width = |p: &Prepared| 8f64.ln().sqrt() * 2f64.sqrt() * p.species.doppler_sigma(settings.temperature_range.lo);
    let narrowest = opacity.lists().iter().map(width).fold(f64::INFINITY, f64::min);
    let points = narrowest / grid.step();
    let text = || {
        format!(
            "{points:.2} grid points per Doppler width (FWHM) of its narrowest lines: values are samples, not means"
        )
    };
    (points < 1.0).then(|| Note::new(opacity.name(), text(), None))
}
