//! The device side of [`lines`](super): one [`DeviceStage`] for each isotopologue.

use std::ops::Range;

use super::Lines;
use crate::Result;
use crate::atmosphere::{PressureGrid, State};
use crate::cross_section::device::{DeviceStage, LineTables, StageInputs, Target};
use crate::cross_section::extent::Extent;
use crate::gpu::{Limits, ProgramBuilder, Workspace};
use crate::opacity::device::points;
use crate::opacity::traits::{Constant, DeviceOpacity, DeviceTables, Inputs, OpticalBuffers};

/// Bins of the lines of every isotopologue.
#[derive(Debug)]
pub struct Tables {
    lines: Lines,
    tables: Vec<LineTables>,
}

impl Tables {
    pub fn new(lines: Lines) -> Self {
        let tables = lines.parts.iter().map(LineTables::new).collect();
        Self { lines, tables }
    }
}

impl DeviceTables for Tables {
    fn declare<'a>(
        &'a self,
        builder: &mut ProgramBuilder,
        name: &str,
        _: usize,
        extent: &Extent,
        slopes: bool,
        limits: &Limits,
        constants: &mut Vec<Constant<'a>>,
    ) -> Box<dyn DeviceOpacity + 'a> {
        let several = self.tables.len() > 1;
        let parts = self.lines.parts.iter().zip(&self.tables).enumerate().map(|(i, (part, tables))| {
            let name = if several { format!("{name}_{i}") } else { name.to_owned() };
            DeviceStage::declare(builder, &name, part, tables, extent, slopes, limits, constants)
        });
        Box::new(OnDevice { lines: &self.lines, stages: parts.collect() })
    }
}

struct OnDevice<'a> {
    lines: &'a Lines,
    stages: Vec<DeviceStage>,
}

impl DeviceOpacity for OnDevice<'_> {
    fn inputs(&self) -> Box<dyn Inputs> {
        let stages = self.stages.iter().map(|s| s.inputs.clone()).collect();
        Box::new(LayerStates { lines: self.lines.clone(), stages })
    }

    fn overwrites(&self) -> bool {
        !self.stages.is_empty()
    }

    fn values(&self) -> Box<dyn DeviceOpacity + '_> {
        Box::new(OnDevice { lines: self.lines, stages: self.stages.iter().map(DeviceStage::values).collect() })
    }

    fn begin_batch(&self, builder: &mut ProgramBuilder, layers: &Range<usize>) {
        for (stage, part) in self.stages.iter().zip(self.lines.parts.iter()) {
            stage.far(builder, part, layers);
        }
    }

    fn segment(
        &self,
        builder: &mut ProgramBuilder,
        layers: &Range<usize>,
        segment: &Range<usize>,
        into: &OpticalBuffers,
        add: bool,
    ) -> Result<()> {
        let row_quads = points(segment)?.quads() as usize;
        for (i, (stage, part)) in self.stages.iter().zip(self.lines.parts.iter()).enumerate() {
            let target = Target { buffer: into.depth, slope: into.slope, row_quads, first_node: segment.start };
            stage.near(builder, part, layers, segment, &target, add || i > 0);
        }
        Ok(())
    }

    fn end_batch(&self, builder: &mut ProgramBuilder) {
        self.stages.iter().for_each(|s| s.end_batch(builder));
    }
}

/// The layers' temperatures and columns.
#[derive(Debug)]
struct LayerStates {
    lines: Lines,
    stages: Vec<StageInputs>,
}

impl Inputs for LayerStates {
    fn write(&self, workspace: &mut Workspace, state: &State, layers: &PressureGrid) -> Result<()> {
        let columns = self.lines.ln_columns(state, layers)?;
        for (stage, part) in self.stages.iter().zip(self.lines.parts.iter()) {
            stage.write(workspace, part, &state.temperature_k, &columns)?;
        }
        Ok(())
    }
}
