//! The passes of a wing law: what it leaves of the profile on its level, and its corners at the output.

use super::group::{PartBuffers, padded_reach};
use super::kernels::*;
use super::run::{Place, Quantity, Run};
use super::stage::LawBuffers;
use crate::cross_section::wing_law::LawMatrix;
use crate::gpu::{ProgramBuilder, groups64};
use crate::grid::level::LevelNodes;
use crate::stage::{PassStage, Stage};

impl Run<'_> {
    /// What the wing law leaves of the softened profile on its level, number `k` of the part; the finest level's result goes to its rows from
    /// `row` on.
    pub(super) fn law(
        &self,
        builder: &mut ProgramBuilder,
        law: &LawMatrix,
        part: &PartBuffers,
        nodes: &LevelNodes,
        (k, row): (usize, usize),
        quantity: Quantity,
    ) {
        let buffers = self.stage.law.as_ref().expect("declared with the law");
        let (channels, first_tap) = self.convolved(quantity);
        let grid = &self.prepared.grid;
        let step = grid.step() * 2f64.powi(nodes.level);
        let pedestal = part.pedestal.as_ref().zip(law.smooth.law.cutoff).map(|(pedestal, cutoff)| {
            let first = grid.lo() * (step * nodes.source.0 as f64).exp();
            let params = PedestalParams {
                nodes: nodes.sources() as u32,
                channels: self.channels() as u32,
                row_channels: self.lanes().count() as u32,
                first_layer: self.first(),
                slope: u32::from(matches!(quantity, Quantity::Slope)),
                cutoff: (cutoff / first) as f32,
                step: step as f32,
                pad0: 0,
            };
            let buffer = quantity.of(pedestal);
            let groups = [groups64(nodes.sources()), self.rows(), 1];
            builder.dispatch(&PEDESTAL, &params, &[self.stage.inputs.layers, part.source[k], buffer], groups);
            buffer
        });
        let result = part.result[k].as_ref().expect("far levels are at or above 0");
        let (taps, level_taps) = part.law_taps.map_or((part.taps, part.level_taps[k]), |taps| (taps, 0));
        let mut bindings = vec![buffers.factors, taps, part.source[k], quantity.of(result)];
        bindings.extend(pedestal);
        // Some drivers give up on an invocation's loops after 65 535 turns.
        let most = 32_768 / (channels as usize + 1);
        for first in (0..law.taps()).step_by(most) {
            let params = LawParams {
                outputs: nodes.outputs() as u32,
                nodes: nodes.sources() as u32,
                offset: (nodes.output.0 - law.reach - nodes.source.0) as u32,
                width: law.taps() as u32,
                padded: padded_reach(law.reach) as u32,
                channels,
                row_channels: self.lanes().count() as u32,
                first_tap,
                result_row: if k == 0 { row as u32 } else { 0 },
                first: first as u32,
                last: (first + most).min(law.taps()) as u32,
                keep: if first > 0 { 1.0 } else { law.far as f32 },
                level_taps,
                pad0: 0,
                pad1: 0,
                pad2: 0,
            };
            let kernel = match (pedestal.is_some(), params.keep == 0.0) {
                (false, true) => &LAW_SET,
                (false, false) => &LAW_ADD,
                (true, true) => &LAW_PEDESTAL_SET,
                (true, false) => &LAW_PEDESTAL_ADD,
            };
            builder.dispatch(kernel, &params, &bindings, [groups64(nodes.outputs()), self.rows(), 1]);
        }
    }

    /// Puts right what rounding the wing law has changed, where lines are at hand; what a law leaves is not negative.
    pub(super) fn corners(&self, builder: &mut ProgramBuilder, law: &LawMatrix, buffers: &LawBuffers, place: &Place) {
        builder.stage(PassStage::of(&self.stage.name, Stage::Output));
        let (stage, grid, smooth) = (self.stage, &self.prepared.grid, &law.smooth);
        let groups = [groups64(place.quads()), self.rows(), 1];
        if let Some(lines) = &stage.lines {
            let params = CornersParams {
                quads: place.quads() as u32,
                first_node: place.segment.start as u32,
                first_layer: self.first(),
                first_row: place.row as u32,
                row_quads: place.target.row_quads as u32,
                first_quad: place.first_quad() as u32,
                first_bin: lines.bins.first as i32,
                bins: lines.bins.count() as u32,
                zones: smooth.zones().len() as u32,
                rows: smooth.device_rows().len() as u32,
                pedestal: u32::from(smooth.law.subtract_pedestal),
                step: grid.step() as f32,
                start: grid.wavenumber(place.segment.start) as f32,
                cutoff: smooth.law.cutoff.unwrap_or(1e30) as f32,
                width: smooth.width as f32,
                moved: self.group.moved as f32,
            };
            for quantity in self.quantities() {
                let kernel = match quantity {
                    Quantity::Value => &CORNERS,
                    Quantity::Slope => &CORNERS_SLOPE,
                };
                let (zones, rows) = (buffers.zones, buffers.rows);
                let output = place.buffer(quantity);
                let bindings = [stage.inputs.layers, lines.lines, lines.starts, zones, rows, output];
                builder.dispatch(kernel, &params, &bindings, groups);
            }
        }
        let params = NotNegativeParams {
            quads: place.quads() as u32,
            first_row: place.row as u32,
            row_quads: place.target.row_quads as u32,
            first_quad: place.first_quad() as u32,
        };
        builder.dispatch(&NOT_NEGATIVE, &params, &[place.buffer(Quantity::Value)], groups);
    }
}
