//! What stays the same from spectrum to spectrum.

use std::sync::Arc;

use crate::atmosphere::{PressureGrid, State};
use crate::grid::Grid;
use crate::lines::LoadReport;
use crate::opacity::{HostBytes, Opacity, Way};
use crate::timing::Stages;
use crate::transfer::{Geometry, Order};
use crate::{Error, Note, Result, Settings};

/// Everything of a spectrum that does not depend on temperatures and abundances: grid, pressures, opacities, and the way of light through them.
///
/// A model is cheap to clone: clones share what they hold.
///
/// ```
/// use photosphere::prelude::*;
///
/// // radius of a warm Jupiter [cm]: Rayleigh scattering of H2 above a cloud deck
/// let pressure = PressureGrid::logarithmic(1e-6, 1.0, 30)?; // bar
/// let (temperature, mean) = (vec![1100.0; 30], vec![2.33; 30]); // K, g mol-1
/// let level = ReferenceLevel { radius_cm: 8e9, gravity: 1000.0, pressure_bar: Some(0.1) };
/// let layers = Hydrostatic::new(&pressure.boundaries_bar(), &temperature, &mean, &level)?;
/// let state = State::new(temperature, layers.gravity, mean)
///     .with_radii(layers.radius_cm)
///     .with_volume_ratio("H2", 0.85)
///     .with_parameter("deck.pressure_bar", 0.02);
/// let model = Model::transmission(Grid::with_resolution(2e4, 2.1e4, 1e4)?, pressure)
///     .opacity(Rayleigh::new(RayleighGas::H2))
///     .opacity(CloudDeck::new("deck"))
///     .for_state(&state)
///     .build()?;
/// let radius = model.open(&Backend::Cpu)?.spectrum(&state, &())?.to_f64();
/// assert!(radius.iter().all(|r| *r > 8e9 && *r < 9e9));
/// # Ok::<(), photosphere::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Model {
    pub(super) grid: Grid,
    pub(super) wavenumber: Arc<Vec<f64>>,
    pub(super) pressure: PressureGrid,
    pub(super) opacities: Vec<Arc<dyn Opacity>>,
    pub(super) geometry: Arc<dyn Geometry>,
    pub(super) settings: Settings,
    pub(super) notes: Vec<Note>,
    pub(super) ways: Vec<Way>,
    pub(crate) seconds: Stages,
}

impl Model {
    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The grid's points \[cm-1\].
    pub fn wavenumber(&self) -> &[f64] {
        &self.wavenumber
    }

    /// The layers' pressures.
    pub fn pressure(&self) -> &PressureGrid {
        &self.pressure
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.pressure.layers()
    }

    /// What absorbs and scatters, in the order in which optical depths are added up.
    pub fn opacities(&self) -> impl ExactSizeIterator<Item = &dyn Opacity> {
        self.opacities.iter().map(|o| &**o)
    }

    /// The way of light through the layers.
    pub fn geometry(&self) -> &dyn Geometry {
        &*self.geometry
    }

    /// Accuracy, temperatures, line profiles.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Lines of an opacity within range, and what became of the records of its lists' files.
    pub fn lines_of(&self, name: &str) -> (u64, Vec<Option<LoadReport>>) {
        let parts = || self.opacities().filter(|o| o.name() == name).flat_map(Opacity::lists);
        (parts().map(|p| p.lines_used).sum(), parts().map(|p| p.records.clone()).collect())
    }

    /// The lists that have lines within range: the opacity's name, the isotopologue, and what became of the records of its files.
    pub fn records(&self) -> impl Iterator<Item = (&str, &str, Option<&LoadReport>)> {
        self.opacities().flat_map(|o| o.lists().iter().map(|p| (o.name(), p.species.name.as_str(), p.records.as_ref())))
    }

    /// The ways in which each species' cross sections could be computed, and which is taken.
    pub fn ways(&self) -> &[Way] {
        &self.ways
    }

    /// What a user must be told: opacities that contribute nothing, and what became of lines that were read.
    pub fn notes(&self) -> Vec<Note> {
        self.notes.clone()
    }

    /// What a user must be told of the opacities of a spectrum with layers at these temperatures \[K\]: blocks chosen among several, tables that add
    /// nothing, coefficients taken from the end of a clamped table.
    pub fn notes_at(&self, temperature_k: &[f64]) -> Vec<Note> {
        self.opacities().flat_map(|o| o.notes(temperature_k)).collect()
    }

    /// Refuses a state of the wrong shape, with values that no atmosphere has, or without what an opacity or the geometry needs.
    ///
    /// # Errors
    /// Such a state.
    pub fn check(&self, state: &State) -> Result<()> {
        state.check(self.layers())?;
        self.geometry.check(state, &self.pressure)?;
        self.opacities.iter().try_for_each(|o| o.check(state, &self.pressure))
    }

    /// The model with one of its opacities alone, by its place in [`opacities`](Self::opacities): what that one makes of the spectrum.
    ///
    /// # Errors
    /// A place beyond the last.
    pub fn only(&self, opacity: usize) -> Result<Self> {
        let count = self.opacities.len();
        let alone = self
            .opacities
            .get(opacity)
            .ok_or_else(|| Error::invalid("opacity", opacity, format!("less than {count}")))?;
        Ok(Self { opacities: vec![alone.clone()], ..self.clone() })
    }

    /// Rows \[layer\]\[nu\] of derivatives that opacities have: by amounts and by parameters of shapes.
    pub(crate) fn rows_of_opacities(&self) -> usize {
        self.opacities.iter().map(|o| 1 + o.shape().len()).sum()
    }

    /// Layers of a batch on a device come in multiples of this.
    pub(crate) fn batch_multiple(&self) -> usize {
        match self.geometry.order() {
            Order::TopDown { multiple } => multiple,
            Order::AllLayers => self.layers(),
        }
    }

    /// Host memory of the opacities.
    pub(crate) fn host_bytes(&self) -> HostBytes {
        self.opacities.iter().map(|o| o.host_bytes()).sum()
    }
}
