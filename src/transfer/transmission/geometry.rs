//! Transmission as a geometry: the radius of a planet in front of its star, all layers of a wavenumber at once.

use std::ops::Range;

use super::device::{
    TransmissionBuffers, TransmissionSensitivityBuffers, chord_values, padded_rows, slope_values, vector_values,
    weight_values,
};
use super::{ChordSlopes, Chords, TransmissionSensitivity, contribution, integral};
use crate::atmosphere::{PressureGrid, State};
use crate::dual::Dual;
use crate::gpu::{BufferId, Element, ProgramBuilder, Role, Workspace};
use crate::grid::Segment;
use crate::output::Values;
use crate::transfer::geometry::{
    CpuTransfer, DeviceTransfer, Geometry, Order, OwnRows, Sensitivity, SensitivityRows, TransferInputs,
};
use crate::{Error, Result};

/// Transmission through the layers between the radii that states give ([`State::with_radii`]); below the lowest the planet is opaque.
#[derive(Clone, Copy, Debug, Default)]
pub struct Transmission;

/// The chords of a state.
fn chords(state: &State) -> Result<Chords> {
    let radii = state.radius_cm.as_deref().ok_or_else(|| {
        let required = "radii of the layers' boundaries, from hydrostatic equilibrium";
        Error::invalid("state of a transmission spectrum", "no radii", required)
    })?;
    Chords::new(radii)
}

/// The lowest radius \[cm\].
fn bottom(state: &State) -> f64 {
    state.radius_cm.as_ref().and_then(|r| r.last().copied()).unwrap_or(f64::NAN)
}

impl Geometry for Transmission {
    fn name(&self) -> &'static str {
        "transmission"
    }

    fn quantity(&self) -> &'static str {
        "radius [cm]"
    }

    fn order(&self) -> Order {
        Order::AllLayers
    }

    fn scattering_is_loss(&self) -> bool {
        true
    }

    fn multiply_adds(&self, layers: usize) -> f64 {
        // two chords a layer, each through half of the layers, and their exponentials
        layers as f64 + 16.0
    }

    fn rows_held(&self) -> usize {
        // dtau, its slope, sensitivities to depth and to radii, three rows for each of two chords a layer
        10
    }

    fn own_rows(&self, layers: usize) -> Option<(OwnRows, usize)> {
        Some((OwnRows::Radii, layers + 1))
    }

    fn own_quantities(&self, state: &State<Dual>) -> Vec<Dual> {
        let Some(radii) = &state.radius_cm else { return Vec::new() };
        let unit = 1.0 / radii[radii.len() - 1].value();
        let thickness = radii.windows(2).map(|r| (r[0].clone() - &r[1]) * unit);
        thickness.chain(radii.last().map(|r| r.clone() * unit)).collect()
    }

    fn check(&self, state: &State, layers: &PressureGrid) -> Result<()> {
        if let Some(t) = state.surface_temperature_k {
            return Err(Error::invalid("surface temperature [K]", t, "none: a transmission spectrum has no surface"));
        }
        let chords = chords(state)?;
        match chords.layers == layers.layers() {
            true => Ok(()),
            false => {
                let required = format!("{}, one more than there are layers", layers.layers() + 1);
                Err(Error::invalid("number of radii of boundaries", chords.layers + 1, required))
            }
        }
    }

    fn on_cpu<'a>(&'a self, state: &'a State, wavenumber: &'a [f64]) -> Result<Box<dyn CpuTransfer + 'a>> {
        let chords = chords(state)?;
        let (values, sensitivity) = (vec![0.0; wavenumber.len()], TransmissionSensitivity::default());
        Ok(Box::new(OnCpu { chords, slopes: None, values, sensitivity }))
    }

    fn declare(
        &self,
        builder: &mut ProgramBuilder,
        layers: usize,
        points: u64,
        _: BufferId,
    ) -> Box<dyn DeviceTransfer> {
        let integral = builder.buffer("transfer.integral", Element::F32, &[points], Role::Output);
        Box::new(OnDevice { layers, integral, values: None, slopes: None })
    }

    fn observe(&self, state: &State, computed: Values) -> Values {
        let bottom = bottom(state);
        Values::F64(computed.into_f64().iter().map(|i| bottom * (1.0 + 2.0 * i).sqrt()).collect())
    }

    fn observed_slope(&self, state: &State, observed: &[f64]) -> Option<Vec<f64>> {
        let bottom = bottom(state);
        Some(observed.iter().map(|r| bottom * bottom / r).collect())
    }

    fn direct_row(&self, layers: usize) -> Option<usize> {
        // (R / R0)^2 = rho^2 + 2 I with the lowest radius rho = 1 in its own unit
        Some(layers)
    }

    fn cpu_work(&self, layers: usize, points: usize, derivatives: bool) -> u64 {
        // chords through all layers below each; with derivatives, those of a chord by the two radii and their transpose
        let chords = 16 * (layers * layers) as u64 * if derivatives { 4 } else { 1 };
        // the integral; sensitivities by depth and by radii
        chords + 8 * (points * if derivatives { 2 * layers + 2 } else { 1 }) as u64
    }
}

struct OnCpu {
    chords: Chords,
    /// Made when they are first wanted.
    slopes: Option<ChordSlopes>,
    values: Vec<f64>,
    sensitivity: TransmissionSensitivity,
}

impl CpuTransfer for OnCpu {
    fn add(&mut self, _: Range<usize>, points: Range<usize>, dtau: &[f64]) -> Result<()> {
        integral(&self.chords, dtau, &mut self.values[points])
    }

    fn finish(self: Box<Self>) -> Result<Vec<f64>> {
        Ok(self.values)
    }

    fn sensitivity(&mut self, points: Range<usize>, dtau: &[f64]) -> Result<Sensitivity<'_>> {
        let slopes = self.slopes.get_or_insert_with(|| self.chords.slopes());
        self.sensitivity.evaluate(&self.chords, slopes, dtau, points.len())?;
        let TransmissionSensitivity { integral, depth, radii } = &self.sensitivity;
        Ok(Sensitivity { value: integral, depth, source: None, own: radii })
    }

    fn contribution(&self, points: Range<usize>, dtau: &[f64]) -> Result<Vec<f64>> {
        contribution(&self.chords, dtau, points.len())
    }
}

/// Buffers are declared when something needs them.
#[derive(Debug)]
struct OnDevice {
    layers: usize,
    integral: BufferId,
    /// Chords and weights.
    values: Option<[BufferId; 2]>,
    /// Chords with their slopes, vectors.
    slopes: Option<[BufferId; 2]>,
}

impl DeviceTransfer for OnDevice {
    fn result(&self) -> BufferId {
        self.integral
    }

    fn inputs(&self) -> Box<dyn TransferInputs> {
        Box::new(ChordInputs { values: self.values, slopes: self.slopes })
    }

    fn begin(&mut self, builder: &mut ProgramBuilder) {
        let (layers, rows) = (self.layers as u64, padded_rows(self.layers) as u64);
        let chord = builder.buffer("transfer.chord", Element::F32, &[layers, rows], Role::Input);
        let weight = builder.buffer("transfer.weight", Element::F32, &[rows], Role::Input);
        self.values = Some([chord, weight]);
    }

    fn add(&self, builder: &mut ProgramBuilder, _: &Range<usize>, segment: Segment, dtau: BufferId) -> Result<()> {
        let Some([chord, weight]) = self.values else {
            return Err(Error::invalid("transmission", "no buffers for chords", "a begun spectrum"));
        };
        let buffers = TransmissionBuffers { dtau, chord, weight, integral: self.integral };
        buffers.dispatch(builder, segment, self.layers as u32);
        Ok(())
    }

    fn end(&mut self, _: &mut ProgramBuilder) {}

    fn rows(&mut self, builder: &mut ProgramBuilder, name: &str, nodes: u64) -> SensitivityRows {
        let (layers, rows) = (self.layers as u64, padded_rows(self.layers) as u64);
        self.slopes.get_or_insert_with(|| {
            let chord = builder.buffer("transfer.chord_slopes", Element::Vec4, &[layers, rows], Role::Input);
            [chord, builder.buffer("transfer.vectors", Element::Vec4, &[rows + layers], Role::Input)]
        });
        let mut of = |thing: &str, rows: u64| {
            builder.buffer(format!("{name}.{thing}"), Element::F32, &[rows, nodes], Role::Scratch)
        };
        let (depth, radii) = (of("by_depth", layers), of("by_radius", layers + 1));
        let scratch = ["slant", "moved", "lifted"].map(|thing| of(thing, rows)).to_vec();
        SensitivityRows { depth, source: None, own: Some((radii, 0..self.layers as u32 + 1)), scratch }
    }

    fn sensitivity(
        &self,
        builder: &mut ProgramBuilder,
        segment: Segment,
        dtau: BufferId,
        rows: &SensitivityRows,
    ) -> Result<()> {
        let (Some([chord, vectors]), Some((radii, _)), [slant, moved, lifted]) =
            (self.slopes, &rows.own, &rows.scratch[..])
        else {
            return Err(Error::invalid("transmission", "no rows", "those of its own"));
        };
        let (scratch, radii) = ([*slant, *moved, *lifted], *radii);
        let (depth, integral) = (rows.depth, self.integral);
        let buffers = TransmissionSensitivityBuffers { dtau, chord, vectors, integral, scratch, depth, radii };
        buffers.dispatch(builder, segment, self.layers as u32);
        for buffer in scratch {
            builder.retire(buffer);
        }
        Ok(())
    }
}

/// Chords as the kernels take them.
#[derive(Debug)]
struct ChordInputs {
    values: Option<[BufferId; 2]>,
    slopes: Option<[BufferId; 2]>,
}

impl TransferInputs for ChordInputs {
    fn write(&self, workspace: &mut Workspace, state: &State) -> Result<()> {
        let chords = chords(state)?;
        if let Some([chord, weight]) = self.values {
            workspace.write_slice(chord, &chord_values(&chords))?;
            workspace.write_slice(weight, &weight_values(&chords))?;
        }
        if let Some([chord, vectors]) = self.slopes {
            let slopes = chords.slopes();
            workspace.write_slice(chord, &slope_values(&chords, &slopes))?;
            workspace.write_slice(vectors, &vector_values(&chords, &slopes))?;
        }
        Ok(())
    }
}
