//! The passes of one run of layers with equal ladders: sources, up the ladder, down the ladder, to the output grid.

use std::ops::Range;

use super::group::{Group, padded};
use super::kernels::*;
use super::stage::{DeviceStage, ROW_MULTIPLE};
use crate::cross_section::levels::BLOCK;
use crate::cross_section::prepared::{Layer, Prepared, Tier};
use crate::density::gpu::{ProductGrid, groups64};
use crate::gpu::{BufferId, ProgramBuilder};
use crate::grid::level::LevelNodes;

/// A run about to be appended to a program.
pub struct Run<'a> {
    stage: &'a DeviceStage,
    group: &'a Group,
    prepared: &'a Prepared,
    layer: &'a Layer,
    layers: Range<usize>,
    output: BufferId,
    /// Row of the output that the first layer goes to.
    row: usize,
    add: bool,
}

impl<'a> Run<'a> {
    /// Layers `layers`, all alike, into the rows of `output` from `row` on.
    pub fn new(
        stage: &'a DeviceStage,
        group: &'a Group,
        prepared: &'a Prepared,
        layers: Range<usize>,
        output: BufferId,
        row: usize,
        add: bool,
    ) -> Self {
        Self { stage, group, prepared, layer: &prepared.layers[layers.start], layers, output, row, add }
    }

    /// Appends all passes.
    pub fn append(&self, builder: &mut ProgramBuilder) {
        builder.stage(format!("{}.sources", self.stage.name));
        self.sources(builder);
        builder.stage(format!("{}.convolution", self.stage.name));
        self.up(builder);
        self.down(builder);
        builder.stage(format!("{}.output", self.stage.name));
        self.to_output(builder);
        self.below_zero(builder);
    }

    fn rows(&self) -> u32 {
        self.layers.len() as u32
    }

    fn first(&self) -> u32 {
        self.layers.start as u32
    }

    fn channels(&self) -> usize {
        self.layer.ladder.channels.count()
    }

    /// Output nodes over 4, padding included.
    fn quads(&self) -> usize {
        self.prepared.grid.len().next_multiple_of(ROW_MULTIPLE) / 4
    }

    /// Sources on the finest level.
    fn sources(&self, builder: &mut ProgramBuilder) {
        let (stage, group, finest) = (self.stage, self.group, &self.layer.nodes[0]);
        match (&stage.lines, &self.prepared.tier) {
            (Some(lines), Tier::Lines) => {
                let (nodes, source) = group.gather.first().map_or((finest, group.source[0]), |(n, b)| (n, *b));
                let (channels, layers) = (self.channels(), self.layers.clone());
                lines.spread(builder, stage.layers, group.weights, source, nodes, channels, layers);
                let below = group.gather.iter().map(|(n, b)| (n, *b)).chain([(finest, group.source[0])]);
                for (fine, coarse) in below.clone().zip(below.skip(1)) {
                    self.restrict(builder, fine, coarse);
                }
            }
            (_, Tier::Density { axes, .. }) => {
                let grid = ProductGrid {
                    nodes: finest,
                    ln_first_wavenumber: self.prepared.grid.lo().ln(),
                    step: self.prepared.grid.step() * 2f64.powi(finest.level),
                };
                let axes_buffer = stage.axes.expect("declared with the density");
                let buffers = [axes_buffer, stage.layers, group.weights, group.source[0]];
                let density = &stage.density[&finest.level];
                density.product(builder, axes, buffers, &grid, self.channels(), self.layers.clone());
            }
            (None, Tier::Lines) => unreachable!("declared with the lines"),
        }
    }

    fn restrict(&self, builder: &mut ProgramBuilder, fine: (&LevelNodes, BufferId), coarse: (&LevelNodes, BufferId)) {
        let params = RestrictParams {
            fine_first: fine.0.source.0 as i32,
            fine_nodes: fine.0.sources() as i32,
            coarse_first: coarse.0.source.0 as i32,
            coarse_nodes: coarse.0.sources() as u32,
        };
        let groups = [groups64(coarse.0.sources()), self.rows() * self.channels() as u32, 1];
        builder.dispatch(&RESTRICT, &params, &[fine.1, coarse.1], groups);
    }

    /// Sources of all coarser levels.
    fn up(&self, builder: &mut ProgramBuilder) {
        for (nodes, source) in self.layer.nodes.windows(2).zip(self.group.source.windows(2)) {
            self.restrict(builder, (&nodes[0], source[0]), (&nodes[1], source[1]));
        }
    }

    fn taps(&self, builder: &mut ProgramBuilder, k: usize) {
        let (ladder, nodes) = (&self.layer.ladder, &self.layer.nodes[k]);
        let params = TapsParams {
            first_layer: self.first(),
            reach: nodes.reach as i32,
            padded: padded(nodes) as u32,
            channels: self.channels() as u32,
            step: (self.prepared.grid.step() * 2f64.powi(nodes.level)) as f32,
            inner_radius: ladder.radius[k] as f32,
            outer_radius: ladder.radius.get(k + 1).map_or(0.0, |r| *r as f32),
            pad0: 0.0,
        };
        let groups = [groups64(padded(nodes) as usize / 4), self.channels() as u32, self.rows()];
        builder.dispatch(&TAPS, &params, &[self.stage.layers, self.group.taps[k]], groups);
    }

    /// Results of all levels at or above 0, coarsest first.
    fn down(&self, builder: &mut ProgramBuilder) {
        let (nodes, group) = (&self.layer.nodes, self.group);
        for k in (0..nodes.len()).rev() {
            let Some(result) = group.result[k] else { continue };
            self.taps(builder, k);
            let upper = group.result.get(k + 1).copied().flatten();
            let params = ConvolveParams {
                outputs: nodes[k].outputs() as u32,
                nodes: nodes[k].sources() as u32,
                offset: nodes[k].offset() as u32,
                padded: padded(&nodes[k]) as u32,
                channels: self.channels() as u32,
                upper_outputs: if upper.is_some() { nodes[k + 1].outputs() as u32 } else { 0 },
                pad0: 0,
                pad1: 0,
            };
            let mut bindings = vec![group.taps[k], group.source[k], result];
            bindings.extend(upper);
            let kernel = if upper.is_some() { &CONVOLVE } else { &CONVOLVE_TOP };
            let blocks = nodes[k].outputs().div_ceil(BLOCK as usize).div_ceil(32) as u32;
            builder.dispatch(kernel, &params, &bindings, [blocks, self.rows(), 1]);
        }
    }

    /// The finest result at or above level 0 on the output grid, with the near field.
    fn to_output(&self, builder: &mut ProgramBuilder) {
        let (stage, step) = (self.stage, self.prepared.grid.step());
        let finest = (-self.layer.ladder.finest).max(0) as usize;
        let (nodes, result) = (&self.layer.nodes[finest], self.group.result[finest].expect("level 0 or above"));
        let near = self.group.near.zip(stage.lines.as_ref());
        let radius = self.layer.ladder.radius[0];
        let params = OutputParams {
            quads: self.quads() as u32,
            evaluated: nodes.outputs() as u32,
            level: nodes.level as u32,
            first_layer: self.first(),
            first_row: self.row as u32,
            lines: near.map_or(0, |(_, l)| l.count as u32),
            first_bin: near.map_or(0, |(_, l)| l.first_bin as i32),
            bins: near.map_or(0, |(_, l)| l.bin_count as u32),
            window: (-(-radius).ln_1p() / step).ceil() as i32 + 1,
            radius: radius as f32,
            step: step as f32,
            pad0: 0.0,
        };
        let mut bindings = vec![stage.layers, result, self.output];
        if let Some((near, lines)) = near {
            let count = lines.count as u32;
            let params = NearParams { lines: count, first_layer: self.first(), radius: radius as f32, pad0: 0 };
            let groups = [groups64(lines.count), self.rows(), 1];
            builder.dispatch(&NEAR_TERMS, &params, &[lines.lines, stage.layers, near], groups);
            bindings.extend([lines.lines, lines.bins, near]);
        }
        let kernel = match (near.is_some(), self.add) {
            (false, false) => &OUTPUT_SET,
            (false, true) => &OUTPUT_ADD,
            (true, false) => &OUTPUT_NEAR_SET,
            (true, true) => &OUTPUT_NEAR_ADD,
        };
        builder.dispatch(kernel, &params, &bindings, [groups64(self.quads() / 4), self.rows(), 1]);
        if let (Some((near, lines)), Some(core)) = (near, stage.core) {
            let params = CoreParams {
                quads: self.quads() as u32,
                count: core.count as u32,
                first_layer: self.first(),
                first_row: self.row as u32,
                lines: lines.count as u32,
                first_bin: lines.first_bin as i32,
                bins: lines.bin_count as u32,
                window: core.window,
                step: step as f32,
                pad0: 0.0,
                pad1: 0.0,
                pad2: 0.0,
            };
            let bindings = [stage.layers, lines.lines, lines.bins, near, core.quads, self.output];
            builder.dispatch(&CORE, &params, &bindings, [groups64(core.count), self.rows(), 1]);
        }
    }

    /// Levels finer than the output: added at the output nodes.
    fn below_zero(&self, builder: &mut ProgramBuilder) {
        let nodes = &self.layer.nodes;
        for k in (0..nodes.len()).rev().filter(|&k| nodes[k].level < 0) {
            self.taps(builder, k);
            let params = BelowParams {
                quads: self.quads() as u32,
                nodes: nodes[k].sources() as u32,
                offset: nodes[k].offset() as u32,
                padded: padded(&nodes[k]) as u32,
                channels: self.channels() as u32,
                stride: nodes[k].stride as u32,
                first_layer: self.first(),
                first_row: self.row as u32,
            };
            let bindings = [self.group.taps[k], self.group.source[k], self.stage.layers, self.output];
            builder.dispatch(&CONVOLVE_BELOW, &params, &bindings, [groups64(self.quads()), self.rows(), 1]);
        }
    }
}
