//! Emission as a geometry: flux at the top of plane-parallel layers without scattering, from the top down.

use std::ops::Range;

use super::EmissionState;
use super::device::EmissionBuffers;
use crate::atmosphere::{PressureGrid, State};
use crate::dual::Dual;
use crate::gpu::{BufferId, Element, ProgramBuilder, Role, Workspace};
use crate::grid::Segment;
use crate::transfer::blocks::RESTART;
use crate::transfer::contribution::contribution_function;
use crate::transfer::geometry::{
    CpuTransfer, DeviceTransfer, Geometry, Order, OwnRows, Sensitivity, SensitivityRows, TransferInputs,
};
use crate::transfer::sensitivity::device::SensitivityBuffers;
use crate::transfer::{EmissionSensitivity, Quadrature};
use crate::{Error, Result};

/// Thermal emission, over a black surface or over nothing.
#[derive(Clone, Debug)]
pub struct Emission {
    quadrature: Quadrature,
    surface: bool,
}

impl Emission {
    /// `streams` is twice the number of angles; `surface` says whether states have a surface temperature.
    ///
    /// # Errors
    /// What [`Quadrature::streams`] refuses.
    pub fn new(streams: usize, surface: bool) -> Result<Self> {
        Ok(Self { quadrature: Quadrature::streams(streams)?, surface })
    }

    /// Twice the number of angles.
    pub fn streams(&self) -> usize {
        2 * self.quadrature.angles()
    }

    /// Whether there is a surface below the last layer.
    pub fn has_surface(&self) -> bool {
        self.surface
    }
}

impl Geometry for Emission {
    fn name(&self) -> &'static str {
        "emission"
    }

    fn describe(&self) -> serde_json::Value {
        serde_json::json!({ "name": self.name(), "streams": self.streams(), "surface": self.surface })
    }

    fn quantity(&self) -> &'static str {
        "flux [erg s-1 cm-2 / cm-1]"
    }

    fn order(&self) -> Order {
        Order::TopDown { multiple: RESTART }
    }

    fn multiply_adds(&self, _: usize) -> f64 {
        // an exponential and its use for each stream
        8.0 * self.streams() as f64
    }

    fn rows_held(&self) -> usize {
        // dtau, its slope, sensitivities to depth and to source
        4
    }

    fn own_rows(&self, _: usize) -> Option<(OwnRows, usize)> {
        self.surface.then_some((OwnRows::Surface, 1))
    }

    fn own_quantities(&self, state: &State<Dual>) -> Vec<Dual> {
        state.surface_temperature_k.iter().filter(|_| self.surface).cloned().collect()
    }

    fn check(&self, state: &State, _: &PressureGrid) -> Result<()> {
        match (self.surface, state.surface_temperature_k) {
            (true, None) => Err(Error::invalid("surface temperature [K]", "none", "one: the model has a surface")),
            (false, Some(t)) => {
                Err(Error::invalid("surface temperature [K]", t, "none: the model was set up without a surface"))
            }
            _ => Ok(()),
        }
    }

    fn on_cpu<'a>(&'a self, state: &'a State, wavenumber: &'a [f64]) -> Result<Box<dyn CpuTransfer + 'a>> {
        Ok(Box::new(OnCpu {
            geometry: self,
            state,
            wavenumber,
            carried: None,
            sensitivity: EmissionSensitivity::new(),
        }))
    }

    fn declare(
        &self,
        builder: &mut ProgramBuilder,
        layers: usize,
        points: u64,
        wavenumber: BufferId,
    ) -> Box<dyn DeviceTransfer> {
        let temperature = builder.buffer("transfer.temperature", Element::F32, &[layers as u64 + 1], Role::Input);
        let flux = builder.buffer("transfer.flux", Element::F32, &[points], Role::Output);
        Box::new(OnDevice { geometry: self.clone(), layers, points, wavenumber, temperature, flux, tau: None })
    }

    fn cpu_work(&self, layers: usize, points: usize, derivatives: bool) -> u64 {
        let rows = match derivatives {
            // sensitivities by depth and by source, the surface's included; flux
            true => 2 * layers + 2,
            // optical depth above and flux
            false => 2,
        };
        8 * (rows * points) as u64
    }
}

struct OnCpu<'a> {
    geometry: &'a Emission,
    state: &'a State,
    wavenumber: &'a [f64],
    /// What one batch hands to the next; none before the first.
    carried: Option<EmissionState>,
    sensitivity: EmissionSensitivity,
}

impl CpuTransfer for OnCpu<'_> {
    fn add(&mut self, layers: Range<usize>, _: Range<usize>, dtau: &[f64]) -> Result<()> {
        let emission = self.carried.get_or_insert_with(|| EmissionState::new(self.wavenumber.len()));
        emission.accumulate(self.wavenumber, dtau, &self.state.temperature_k[layers], &self.geometry.quadrature)
    }

    fn finish(self: Box<Self>) -> Result<Vec<f64>> {
        let mut emission = self.carried.unwrap_or_else(|| EmissionState::new(self.wavenumber.len()));
        if let Some(t) = self.state.surface_temperature_k.filter(|_| self.geometry.surface) {
            emission.add_surface(self.wavenumber, t, &self.geometry.quadrature)?;
        }
        Ok(emission.flux)
    }

    fn sensitivity(&mut self, points: Range<usize>, dtau: &[f64]) -> Result<Sensitivity<'_>> {
        let Self { geometry, state, .. } = self;
        let (nu, surface) = (&self.wavenumber[points], state.surface_temperature_k);
        self.sensitivity.evaluate(nu, dtau, &state.temperature_k, surface, &geometry.quadrature)?;
        let EmissionSensitivity { flux, depth, source } = &self.sensitivity;
        let (source, own) = source.split_at(depth.len());
        Ok(Sensitivity { value: flux, depth, source: Some(source), own })
    }

    fn contribution(&self, points: Range<usize>, dtau: &[f64]) -> Result<Vec<f64>> {
        let temperature = &self.state.temperature_k;
        contribution_function(&self.wavenumber[points], dtau, temperature, &self.geometry.quadrature)
    }
}

#[derive(Debug)]
struct OnDevice {
    geometry: Emission,
    layers: usize,
    points: u64,
    wavenumber: BufferId,
    /// \[layer + 1\], the last the surface's.
    temperature: BufferId,
    flux: BufferId,
    /// Optical depth above the batch.
    tau: Option<BufferId>,
}

impl DeviceTransfer for OnDevice {
    fn result(&self) -> BufferId {
        self.flux
    }

    fn inputs(&self) -> Box<dyn TransferInputs> {
        Box::new(Temperatures(self.temperature))
    }

    fn begin(&mut self, builder: &mut ProgramBuilder) {
        let tau = builder.buffer("transfer.tau", Element::F32, &[self.points], Role::Scratch);
        builder.clear(tau).clear(self.flux);
        self.tau = Some(tau);
    }

    fn add(&self, builder: &mut ProgramBuilder, layers: &Range<usize>, segment: Segment, dtau: BufferId) -> Result<()> {
        let Some(tau) = self.tau else {
            return Err(Error::invalid("emission", "no buffer for tau", "a begun spectrum"));
        };
        let (wavenumber, temperature, flux) = (self.wavenumber, self.temperature, self.flux);
        let buffers = EmissionBuffers { wavenumber, dtau, temperature, tau, flux };
        let surface = (self.geometry.surface && layers.end == self.layers).then_some(self.layers as u32);
        let (first, rows) = (layers.start as u32, layers.len() as u32);
        buffers.dispatch(builder, segment, first, rows, surface, &self.geometry.quadrature);
        Ok(())
    }

    fn end(&mut self, builder: &mut ProgramBuilder) {
        self.tau.take().into_iter().for_each(|tau| {
            builder.retire(tau);
        });
    }

    fn rows(&mut self, builder: &mut ProgramBuilder, name: &str, nodes: u64) -> SensitivityRows {
        let surface = u64::from(self.geometry.surface);
        let mut rows = |thing: &str, rows: u64| {
            builder.buffer(format!("{name}.{thing}"), Element::F32, &[rows, nodes], Role::Scratch)
        };
        let layers = self.layers as u64;
        let (depth, source) = (rows("by_depth", layers), rows("by_temperature", layers + surface));
        let own = self.geometry.surface.then_some((source, layers as u32..layers as u32 + 1));
        SensitivityRows { depth, source: Some(source), own, scratch: Vec::new() }
    }

    fn sensitivity(
        &self,
        builder: &mut ProgramBuilder,
        segment: Segment,
        dtau: BufferId,
        rows: &SensitivityRows,
    ) -> Result<()> {
        let Some(source) = rows.source else { return Err(Error::invalid("emission", "no rows", "those of its own")) };
        let (wavenumber, temperature, flux) = (self.wavenumber, self.temperature, self.flux);
        let buffers = SensitivityBuffers { wavenumber, dtau, temperature, flux, depth: rows.depth, source };
        buffers.dispatch(builder, segment, self.layers as u32, self.geometry.surface, &self.geometry.quadrature);
        Ok(())
    }
}

/// Temperatures of the layers, then of the surface.
#[derive(Debug)]
struct Temperatures(BufferId);

impl TransferInputs for Temperatures {
    fn write(&self, workspace: &mut Workspace, state: &State) -> Result<()> {
        let mut temperature: Vec<f32> = state.temperature_k.iter().map(|t| *t as f32).collect();
        temperature.push(state.surface_temperature_k.unwrap_or(1.0) as f32);
        workspace.write_slice(self.0, &temperature)
    }
}
