//! The device side of [`collisions`](super): the table, packed, and its kernel.

use std::borrow::Cow;
use std::ops::Range;

use super::Collisions;
use crate::Result;
use crate::atmosphere::{PressureGrid, State};
use crate::cross_section::extent::Extent;
use crate::gpu::{BufferId, Element, Limits, ProgramBuilder, Role, Workspace};
use crate::opacity::cia::device::{CiaBuffers, DeviceTable};
use crate::opacity::device::points;
use crate::opacity::traits::{Constant, DeviceOpacity, DeviceTables, Inputs, OpticalBuffers};
use crate::stage::Stage;

/// The table in f32.
#[derive(Debug)]
pub struct Tables {
    pair: Collisions,
    table: DeviceTable,
}

impl Tables {
    pub fn new(pair: Collisions, points: usize) -> Result<Self> {
        let table = DeviceTable::new(&pair.grid, points)?;
        Ok(Self { pair, table })
    }
}

impl DeviceTables for Tables {
    fn declare<'a>(
        &'a self,
        builder: &mut ProgramBuilder,
        name: &str,
        layers: usize,
        _: &Extent,
        _: bool,
        _: &Limits,
        constants: &mut Vec<Constant<'a>>,
    ) -> Box<dyn DeviceOpacity + 'a> {
        let (grid, table) = (&self.pair.grid, &self.table);
        let shape = [grid.temperatures.len() as u64, grid.nodes() as u64];
        let ln_k = builder.buffer(format!("{name}.ln_k"), Element::F32, &shape, Role::Constant);
        constants.push((ln_k, Box::new(|| Cow::Borrowed(bytemuck::cast_slice(&table.ln_k)))));
        let ln_slope = builder.buffer(format!("{name}.ln_slope"), Element::F32, &shape, Role::Constant);
        constants.push((ln_slope, Box::new(|| Cow::Borrowed(bytemuck::cast_slice(&table.ln_slope)))));
        let shape = [table.points as u64];
        let position = builder.buffer(format!("{name}.position"), Element::U32, &shape, Role::Constant);
        constants.push((position, Box::new(|| Cow::Owned(bytemuck::cast_slice(&table.position(grid)).to_vec()))));
        let layer_state = builder.buffer(format!("{name}.layers"), Element::UVec4, &[layers as u64, 3], Role::Input);
        Box::new(OnDevice { tables: self, constants: [ln_k, ln_slope, position], layer_state })
    }
}

#[derive(Clone)]
struct OnDevice<'a> {
    tables: &'a Tables,
    constants: [BufferId; 3],
    layer_state: BufferId,
}

impl DeviceOpacity for OnDevice<'_> {
    fn inputs(&self) -> Box<dyn Inputs> {
        let (pair, ln_scale) = (self.tables.pair.clone(), self.tables.table.ln_scale);
        Box::new(LayerStates { pair, ln_scale, buffer: self.layer_state })
    }

    fn values(&self) -> Box<dyn DeviceOpacity + '_> {
        Box::new(self.clone())
    }

    fn segment(
        &self,
        builder: &mut ProgramBuilder,
        layers: &Range<usize>,
        segment: &Range<usize>,
        into: &OpticalBuffers,
        _: bool,
    ) -> Result<()> {
        builder.stage(Stage::Continua);
        let ([ln_k, ln_slope, position], layer_state) = (self.constants, self.layer_state);
        let dtau_dt = into.slope;
        let buffers = CiaBuffers { ln_k, ln_slope, position, layer_state, dtau: into.depth, dtau_dt };
        let nodes = self.tables.pair.grid.nodes() as u32;
        buffers.dispatch(builder, points(segment)?, nodes, layers.start as u32, layers.len() as u32);
        Ok(())
    }
}

/// The layers' places in the table and their columns.
#[derive(Debug)]
struct LayerStates {
    pair: Collisions,
    ln_scale: f64,
    buffer: BufferId,
}

impl Inputs for LayerStates {
    fn write(&self, workspace: &mut Workspace, state: &State, layers: &PressureGrid) -> Result<()> {
        let layers = self.pair.layers(state, layers)?;
        workspace.write_slice(self.buffer, &DeviceTable::layer_states(self.ln_scale, &layers))
    }
}
