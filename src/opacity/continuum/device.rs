//! The device side of [`continuum`](super): ln of optical depths at nodes, written for each spectrum, and two kernels.

use std::ops::Range;

use super::Smooth;
use crate::Result;
use crate::atmosphere::{PressureGrid, State};
use crate::cross_section::extent::Extent;
use crate::gpu::{BufferId, Element, HostLayout, Kernel, Limits, ProgramBuilder, Role, Workspace, host_struct};
use crate::opacity::device::points;
use crate::opacity::traits::{Constant, DeviceOpacity, DeviceTables, Inputs, OpticalBuffers};
use crate::stage::Stage;

host_struct! {
    /// Parameters of one batch of layers at a segment.
    pub struct ContinuumParams {
        /// Wavenumbers of the segment over four.
        quads: u32,
        /// Its first wavenumber in the grid over four.
        first_quad: u32,
        /// Index of the batch's first layer in the atmosphere.
        first_layer: u32,
        /// Nodes of a row.
        nodes: u32,
        /// Points from node to node.
        stride: u32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
        /// Zero.
        pad2: u32,
    }
}

/// Optical depths: `shaders/opacity/continuum.wgsl`.
pub static CONTINUUM: Kernel = Kernel::new(
    "opacity/continuum",
    &[
        include_str!("../../../shaders/lib/math.wgsl"),
        include_str!("../../../shaders/lib/nodes.wgsl"),
        include_str!("../../../shaders/opacity/continuum.wgsl"),
    ],
    &ContinuumParams::LAYOUT,
);

/// Their derivatives: `shaders/opacity/continuum_derivative.wgsl`.
pub static CONTINUUM_DERIVATIVE: Kernel = Kernel::new(
    "opacity/continuum_derivative",
    &[
        include_str!("../../../shaders/lib/math.wgsl"),
        include_str!("../../../shaders/lib/nodes.wgsl"),
        include_str!("../../../shaders/opacity/continuum_derivative.wgsl"),
    ],
    &ContinuumParams::LAYOUT,
);

/// Wavenumbers over four of a workgroup.
const WORKGROUP: u32 = 64;

/// Nothing is constant on the device.
#[derive(Debug)]
pub struct Tables(pub Smooth);

impl DeviceTables for Tables {
    fn declare<'a>(
        &'a self,
        builder: &mut ProgramBuilder,
        name: &str,
        layers: usize,
        _: &Extent,
        slopes: bool,
        _: &Limits,
        _: &mut Vec<Constant<'a>>,
    ) -> Box<dyn DeviceOpacity + 'a> {
        let shape = [layers as u64, self.0.nodes.len() as u64];
        let mut rows = |thing: String| builder.buffer(format!("{name}.{thing}"), Element::F32, &shape, Role::Input);
        let ln = rows("ln_depth".into());
        let by_temperature = slopes.then(|| rows("by_temperature".into()));
        let parameters = if slopes { self.0.continuum.shape().len() } else { 0 };
        let by_shape = (0..parameters).map(|k| rows(format!("by_shape{k}"))).collect();
        Box::new(OnDevice { smooth: &self.0, rows: Rows { ln, by_temperature, by_shape } })
    }
}

/// What the host writes, each \[layer\]\[node\].
#[derive(Clone, Debug)]
struct Rows {
    ln: BufferId,
    by_temperature: Option<BufferId>,
    by_shape: Vec<BufferId>,
}

#[derive(Clone)]
struct OnDevice<'a> {
    smooth: &'a Smooth,
    rows: Rows,
}

impl DeviceOpacity for OnDevice<'_> {
    fn inputs(&self) -> Box<dyn Inputs> {
        Box::new(NodeRows { smooth: self.smooth.clone(), rows: self.rows.clone() })
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
        let segment = points(segment)?;
        let params = ContinuumParams {
            quads: segment.quads(),
            first_quad: segment.first_quad(),
            first_layer: layers.start as u32,
            nodes: self.smooth.nodes.len() as u32,
            stride: self.smooth.nodes.stride as u32,
            pad0: 0,
            pad1: 0,
            pad2: 0,
        };
        let workgroups = [segment.quads().div_ceil(WORKGROUP), layers.len() as u32, 1];
        let ln = self.rows.ln;
        builder.dispatch(&CONTINUUM, &params, &[ln, into.depth], workgroups);
        let slope = self.rows.by_temperature.zip(into.slope);
        let shapes = self.rows.by_shape.iter().copied().zip(into.shape.iter().copied());
        for (factor, target) in slope.into_iter().chain(shapes) {
            builder.dispatch(&CONTINUUM_DERIVATIVE, &params, &[ln, factor, target], workgroups);
        }
        Ok(())
    }
}

#[derive(Debug)]
struct NodeRows {
    smooth: Smooth,
    rows: Rows,
}

impl Inputs for NodeRows {
    fn write(&self, workspace: &mut Workspace, state: &State, layers: &PressureGrid) -> Result<()> {
        let all = self.smooth.at_nodes(state, layers, &(0..state.layers()))?;
        let mut write = |buffer: BufferId, of: &dyn Fn(usize) -> Vec<f32>| {
            workspace.write_slice(buffer, &(0..all.len()).flat_map(of).collect::<Vec<f32>>())
        };
        let single = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<f32>>();
        write(self.rows.ln, &|layer| single(&all[layer].value))?;
        if let Some(buffer) = self.rows.by_temperature {
            write(buffer, &|layer| single(&all[layer].by_temperature))?;
        }
        for (k, buffer) in self.rows.by_shape.iter().enumerate() {
            write(*buffer, &|layer| single(&all[layer].by_shape[k]))?;
        }
        Ok(())
    }
}
