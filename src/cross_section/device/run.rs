//! The passes of one run of layers with equal ladders: sources, up the levels, down the levels, to the output grid.

use std::ops::Range;

use super::group::{Group, PartBuffers, Quantities, gather_levels, near_lines, near_window, padded, padded_reach};
use super::kernels::*;
use super::stage::{DeviceStage, Target};
use crate::cross_section::levels::BLOCK;
use crate::cross_section::prepared::{Layer, Prepared, Tier};
use crate::density::device::Lanes;
use crate::gpu::{BufferId, ProgramBuilder, groups64};
use crate::grid::ROW_MULTIPLE;
use crate::grid::level::LevelNodes;
use crate::stage::{PassStage, Stage};

/// A run about to be appended to a program.
pub(super) struct Run<'a> {
    pub stage: &'a DeviceStage,
    pub group: &'a Group,
    pub prepared: &'a Prepared,
    /// Layers, all alike.
    pub layers: Range<usize>,
    /// Row of the group's finest far result that the first layer has.
    pub far_row: usize,
}

impl DeviceStage {
    fn run<'a>(&'a self, prepared: &'a Prepared, (group, layers, far_row): (usize, Range<usize>, usize)) -> Run<'a> {
        Run { stage: self, group: &self.groups[group], prepared, layers, far_row }
    }

    /// Appends the passes of the far levels of a batch, over the whole range.
    pub fn far(&self, builder: &mut ProgramBuilder, prepared: &Prepared, batch: &Range<usize>) {
        for run in self.runs(batch, |g| g.far.rows) {
            self.run(prepared, run).far(builder);
        }
    }

    /// Appends the passes that put a segment of a batch's layers into the first rows of `target`, each times its factor; `add` adds to what
    /// is there. Derivatives by temperature \[K-1\], of the same factors held fixed, go to the target's `slope`. The batch's [`far`](Self::far) levels come before.
    pub fn near(
        &self,
        builder: &mut ProgramBuilder,
        prepared: &Prepared,
        batch: &Range<usize>,
        segment: &Range<usize>,
        target: &Target,
        add: bool,
    ) {
        for run in self.runs(batch, |g| g.rows) {
            let row = run.1.start - batch.start;
            self.run(prepared, run).near(builder, segment, target, row, add);
        }
    }
}

/// The result that a part continues: that of the next coarser level.
struct Upper<'a> {
    nodes: &'a LevelNodes,
    result: &'a Quantities,
    row: usize,
}

/// One of the quantities that a run computes.
#[derive(Clone, Copy)]
pub(super) enum Quantity {
    /// The cross section: K * S.
    Value,
    /// Its derivative by temperature: dK * S + K * dS.
    Slope,
}

impl Quantity {
    /// Its buffer among `quantities`.
    pub(super) fn of(self, quantities: &Quantities) -> BufferId {
        match self {
            Self::Value => quantities.value,
            Self::Slope => quantities.slope.expect("declared with derivatives"),
        }
    }
}

impl Run<'_> {
    /// Appends the far levels.
    pub fn far(&self, builder: &mut ProgramBuilder) {
        let part = &self.group.far;
        self.part(builder, part, &self.layer().far, self.group.moved, self.far_row, None);
        let results = part.result.iter().skip(1).flatten().flat_map(Quantities::all);
        part.scratch().chain(results).for_each(|b| {
            builder.retire(b);
        });
    }

    /// Appends the near levels of a segment, and brings all to the rows of `target` from `row` on.
    pub fn near(&self, builder: &mut ProgramBuilder, segment: &Range<usize>, target: &Target, row: usize, add: bool) {
        let (layer, step) = (self.layer(), self.prepared.grid.step());
        let nodes = LevelNodes::near(&layer.ladder, step, segment);
        let far = Upper {
            nodes: &layer.far[0],
            result: self.group.far.result[0].as_ref().expect("far levels are at or above 0"),
            row: self.far_row,
        };
        let mut finest = Upper { ..far };
        if let Some(part) = &self.group.near {
            self.part(builder, part, &nodes, self.group.moved_near, 0, Some(&far));
            if let Some((nodes, Some(result))) = nodes.iter().zip(&part.result).find(|(n, _)| n.level >= 0) {
                finest = Upper { nodes, result, row: 0 };
            }
        }
        builder.stage(PassStage::of(&self.stage.name, Stage::Output));
        let place = Place { target, row, segment };
        for quantity in self.quantities() {
            self.to_output(builder, &finest, &place, add, quantity);
        }
        if let Some(part) = &self.group.near {
            self.below_zero(builder, part, &nodes, &place);
        }
        if let (Some(law), Some(buffers)) = (self.prepared.law.as_deref(), &self.stage.law) {
            self.corners(builder, law, buffers, &place);
        }
        if let Some(part) = &self.group.near {
            let results = part.result.iter().flatten().flat_map(Quantities::all);
            part.scratch().chain(results).for_each(|b| {
                builder.retire(b);
            });
        }
        if let Some(near) = &self.group.near_field {
            near.all().for_each(|b| {
                builder.retire(b);
            });
        }
    }

    pub(super) fn layer(&self) -> &Layer {
        &self.prepared.layers[self.layers.start]
    }

    pub(super) fn rows(&self) -> u32 {
        self.layers.len() as u32
    }

    pub(super) fn first(&self) -> u32 {
        self.layers.start as u32
    }

    pub(super) fn channels(&self) -> usize {
        self.group.channels
    }

    pub(super) fn lanes(&self) -> Lanes {
        Lanes { channels: self.channels(), slopes: self.stage.slopes }
    }

    /// What is computed.
    pub(super) fn quantities(&self) -> impl Iterator<Item = Quantity> + use<> {
        [Quantity::Value].into_iter().chain(self.stage.slopes.then_some(Quantity::Slope))
    }

    /// Channels convolved for a quantity, and the first of the taps that they meet; see [`PartBuffers::taps`].
    pub(super) fn convolved(&self, quantity: Quantity) -> (u32, u32) {
        let lanes = self.lanes();
        match quantity {
            Quantity::Value => (lanes.channels as u32, (lanes.count() - lanes.channels) as u32),
            Quantity::Slope => (lanes.count() as u32, 0),
        }
    }

    /// Sources, up and down the levels of a part. The finest result goes to its rows from `row` on.
    fn part(
        &self,
        builder: &mut ProgramBuilder,
        part: &PartBuffers,
        nodes: &[LevelNodes],
        moved: i64,
        row: usize,
        upper: Option<&Upper>,
    ) {
        // Nothing lies above the far levels.
        let is_far = upper.is_none();
        builder.stage(PassStage::of(&self.stage.name, Stage::Sources));
        self.sources(builder, part, &nodes[0], moved);
        builder.stage(PassStage::of(&self.stage.name, Stage::Convolution));
        for (nodes, source) in nodes.windows(2).zip(part.source.windows(2)) {
            self.restrict(builder, (&nodes[0], source[0]), (&nodes[1], source[1]));
        }
        self.taps(builder, part, nodes);
        for k in (0..nodes.len()).rev() {
            let Some(result) = &part.result[k] else { continue };
            let own = part.result.get(k + 1).and_then(Option::as_ref);
            let own = own.map(|result| Upper { nodes: &nodes[k + 1], result, row: 0 });
            let upper = own.as_ref().or(upper);
            let law = self.prepared.law.as_deref().filter(|law| is_far && law.level == nodes[k].level);
            if let (Some(law), Some(taps)) = (law, part.law_taps) {
                // The softened profile alone, as far as a law without cutoff reaches.
                self.make_taps(builder, taps, &[Taps { level: law.level, reach: law.reach, outer: 0.0, first: 0 }]);
            }
            for quantity in self.quantities() {
                let (channels, first_tap) = self.convolved(quantity);
                if let Some(law) = law.filter(|law| law.far == 0.0) {
                    // With a cutoff this is the coarsest level, and nothing but the law is on it.
                    self.law(builder, law, part, &nodes[k], (k, row), quantity);
                    continue;
                }
                let params = ConvolveParams {
                    outputs: nodes[k].outputs() as u32,
                    nodes: nodes[k].sources() as u32,
                    offset: nodes[k].offset() as u32,
                    padded: padded(&nodes[k]) as u32,
                    channels,
                    upper_outputs: upper.map_or(0, |u| u.nodes.outputs() as u32),
                    result_row: if k == 0 { row as u32 } else { 0 },
                    upper_row: upper.map_or(0, |u| u.row as u32),
                    upper_first: upper.map_or(0, |u| (nodes[k].start() / 2 - u.nodes.start()) as u32),
                    row_channels: self.lanes().count() as u32,
                    first_tap,
                    level_taps: part.level_taps[k],
                };
                let mut bindings = vec![part.taps, part.source[k], quantity.of(result)];
                bindings.extend(upper.map(|u| quantity.of(u.result)));
                let kernel = if upper.is_some() { &CONVOLVE } else { &CONVOLVE_TOP };
                let blocks = nodes[k].outputs().div_ceil(BLOCK as usize).div_ceil(32) as u32;
                builder.dispatch(kernel, &params, &bindings, [blocks, self.rows(), 1]);
                if let Some(law) = law {
                    self.law(builder, law, part, &nodes[k], (k, row), quantity);
                }
                let distant = self.stage.inputs.distant.as_ref().filter(|_| is_far);
                if let (Some(field), Some(term)) = (distant, &self.layer().distant)
                    && term.index == k
                {
                    let params = FieldParams {
                        nodes: nodes[k].outputs() as u32,
                        stride: field.stride as u32,
                        first_layer: self.first(),
                        result_row: if k == 0 { row as u32 } else { 0 },
                    };
                    let field = match quantity {
                        Quantity::Value => field.value,
                        Quantity::Slope => field.slope.expect("declared with derivatives"),
                    };
                    let groups = [groups64(nodes[k].outputs()), self.rows(), 1];
                    builder.dispatch(&ADD_FIELD, &params, &[field, quantity.of(result)], groups);
                }
            }
        }
    }

    /// Sources on the finest level of a part, from lines that pressure moves by `moved` output nodes at most.
    fn sources(&self, builder: &mut ProgramBuilder, part: &PartBuffers, finest: &LevelNodes, moved: i64) {
        let stage = self.stage;
        match (&stage.lines, &self.prepared.tier) {
            (Some(lines), Tier::Lines) => {
                let levels = gather_levels(finest, part.gather.len());
                let buffers: Vec<BufferId> = part.gather.iter().copied().chain([part.source[0]]).collect();
                let (lanes, rows) = (self.lanes(), self.layers.clone());
                lines.spread(builder, stage.inputs.layers, part.weights, buffers[0], &levels[0], moved, lanes, rows);
                for (nodes, buffers) in levels.windows(2).zip(buffers.windows(2)) {
                    self.restrict(builder, (&nodes[0], buffers[0]), (&nodes[1], buffers[1]));
                }
            }
            (_, Tier::Density { axes, by_level }) => {
                let axes_buffer = stage.axes.expect("declared with the density");
                let buffers = [axes_buffer, stage.inputs.layers, part.weights, part.source[0]];
                let (lanes, rows) = (self.lanes(), self.layers.clone());
                let density = &by_level[&finest.level];
                let grid = &self.prepared.grid;
                stage.density[&finest.level].product(builder, density, axes, buffers, grid, finest, lanes, rows);
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
        let groups = [groups64(coarse.0.sources()), self.rows() * self.lanes().count() as u32, 1];
        builder.dispatch(&RESTRICT, &params, &[fine.1, coarse.1], groups);
    }

    /// Taps of all levels of a part.
    fn taps(&self, builder: &mut ProgramBuilder, part: &PartBuffers, nodes: &[LevelNodes]) {
        let ladder = &self.layer().ladder;
        let outer = |level: i32| ladder.radius.get((level - ladder.finest) as usize + 1).map_or(0.0, |r| *r as f32);
        let level = |(n, first): (&LevelNodes, &u32)| Taps {
            level: n.level,
            reach: n.reach,
            outer: outer(n.level),
            first: *first,
        };
        let levels: Vec<Taps> = nodes.iter().zip(&part.level_taps).map(level).collect();
        for some in levels.chunks(TAPS_LEVELS) {
            self.make_taps(builder, part.taps, some);
        }
    }

    /// Taps of at most [`TAPS_LEVELS`] levels.
    fn make_taps(&self, builder: &mut ProgramBuilder, taps: BufferId, levels: &[Taps]) {
        let ladder = &self.layer().ladder;
        let mut params = TapsParams {
            first_layer: self.first(),
            channels: self.lanes().count() as u32,
            first_channel: self.convolved(Quantity::Value).1,
            levels: levels.len() as u32,
            shape: [[0.0; 4]; TAPS_LEVELS],
            place: [[0; 4]; TAPS_LEVELS],
        };
        let mut end = 0;
        for (i, of) in levels.iter().enumerate() {
            let padded = padded_reach(of.reach) as u32;
            end += padded / 4;
            let step = (self.prepared.grid.step() * 2f64.powi(of.level)) as f32;
            let inner = ladder.radius[(of.level - ladder.finest) as usize] as f32;
            params.shape[i] = [step, inner, of.outer, 0.0];
            params.place[i] = [end, of.first, padded, of.reach as u32];
        }
        let groups = [groups64(end as usize), self.channels() as u32, self.rows()];
        builder.dispatch(&TAPS, &params, &[self.stage.inputs.layers, taps], groups);
        if self.stage.slopes {
            params.first_channel = 0;
            builder.dispatch(&TAPS_SLOPE, &params, &[self.stage.inputs.layers, taps], groups);
        }
    }

    /// The finest result at or above level 0 on the output grid, with the near field.
    fn to_output(&self, builder: &mut ProgramBuilder, finest: &Upper, place: &Place, add: bool, quantity: Quantity) {
        let (stage, step, ladder) = (self.stage, self.prepared.grid.step(), &self.layer().ladder);
        let near = self.group.near_field.as_ref().zip(stage.lines.as_ref()).and_then(|(near, lines)| {
            let met = near_lines(ladder, step, self.group.moved_near, &lines.bins, place.segment);
            (!met.is_empty()).then_some((quantity.of(near), lines, met))
        });
        let (lines, first_line) = near.as_ref().map_or((0, 0), |(_, _, met)| (met.len() as u32, met.start));
        let params = OutputParams {
            quads: place.quads() as u32,
            evaluated: finest.nodes.outputs() as u32,
            level: finest.nodes.level as u32,
            first_layer: self.first(),
            first_row: place.row as u32,
            lines,
            first_bin: near.as_ref().map_or(0, |(_, l, _)| l.bins.first as i32),
            bins: near.as_ref().map_or(0, |(_, l, _)| l.bins.count() as u32),
            window: near_window(ladder, step, self.group.moved_near) as i32,
            radius: ladder.radius[0] as f32,
            step: step as f32,
            first_node: place.segment.start as u32,
            first_line,
            result_row: finest.row as u32,
            result_first: finest.nodes.start() as u32,
            row_quads: place.target.row_quads as u32,
            first_quad: place.first_quad() as u32,
            pad0: 0,
            pad1: 0,
            pad2: 0,
        };
        let mut bindings = vec![stage.inputs.layers, quantity.of(finest.result), place.buffer(quantity)];
        if let Some((near, line_buffers, _)) = &near {
            let radius = ladder.radius[0] as f32;
            let params = NearParams { lines, first_layer: self.first(), radius, first_line };
            let groups = [groups64(lines as usize), self.rows(), 1];
            let kernel = match quantity {
                Quantity::Value => &NEAR_TERMS,
                Quantity::Slope => &NEAR_TERMS_SLOPE,
            };
            builder.dispatch(kernel, &params, &[line_buffers.lines, stage.inputs.layers, *near], groups);
            bindings.extend([line_buffers.lines, line_buffers.starts, *near]);
        }
        let kernel = match (near.is_some(), add, quantity) {
            (false, false, _) => &OUTPUT_SET,
            (false, true, _) => &OUTPUT_ADD,
            (true, false, Quantity::Value) => &OUTPUT_NEAR_SET,
            (true, true, Quantity::Value) => &OUTPUT_NEAR_ADD,
            (true, false, Quantity::Slope) => &OUTPUT_NEAR_SLOPE_SET,
            (true, true, Quantity::Slope) => &OUTPUT_NEAR_SLOPE_ADD,
        };
        builder.dispatch(kernel, &params, &bindings, [groups64(place.quads() / 4), self.rows(), 1]);
        let Some(((near, line_buffers, _), core)) = near.zip(stage.core.as_ref()) else { return };
        let active = core.within(place.segment);
        if !active.is_empty() {
            let params = CoreParams {
                first_active: active.start as u32,
                count: active.len() as u32,
                first_layer: self.first(),
                first_row: place.row as u32,
                lines,
                first_bin: line_buffers.bins.first as i32,
                bins: line_buffers.bins.count() as u32,
                window: core.window,
                step: step as f32,
                first_line,
                row_quads: place.target.row_quads as u32,
                first_quad: place.first_quad() as i32 - place.segment.start as i32 / 4,
            };
            let output = place.buffer(quantity);
            let bindings = [stage.inputs.layers, line_buffers.lines, line_buffers.starts, near, core.buffer, output];
            let kernel = match quantity {
                Quantity::Value => &CORE,
                Quantity::Slope => &CORE_SLOPE,
            };
            builder.dispatch(kernel, &params, &bindings, [groups64(active.len()), self.rows(), 1]);
        }
    }

    /// Levels finer than the output: added at the output nodes.
    fn below_zero(&self, builder: &mut ProgramBuilder, part: &PartBuffers, nodes: &[LevelNodes], place: &Place) {
        for k in (0..nodes.len()).rev().filter(|&k| nodes[k].level < 0) {
            for quantity in self.quantities() {
                let (channels, first_tap) = self.convolved(quantity);
                let params = BelowParams {
                    quads: place.quads() as u32,
                    nodes: nodes[k].sources() as u32,
                    offset: nodes[k].offset() as u32,
                    padded: padded(&nodes[k]) as u32,
                    channels,
                    stride: nodes[k].stride as u32,
                    first_layer: self.first(),
                    first_row: place.row as u32,
                    row_quads: place.target.row_quads as u32,
                    first_quad: place.first_quad() as u32,
                    row_channels: self.lanes().count() as u32,
                    first_tap,
                    level_taps: part.level_taps[k],
                    pad0: 0,
                    pad1: 0,
                    pad2: 0,
                };
                let bindings = [part.taps, part.source[k], self.stage.inputs.layers, place.buffer(quantity)];
                builder.dispatch(&CONVOLVE_BELOW, &params, &bindings, [groups64(place.quads()), self.rows(), 1]);
            }
        }
    }
}

/// Taps of a level as far as `reach` nodes, less the profile softened at the radius `outer` if that is not 0, from the vector `first` of their buffer on.
struct Taps {
    level: i32,
    reach: i64,
    outer: f32,
    first: u32,
}

/// Where a segment of a run goes.
pub(super) struct Place<'a> {
    pub target: &'a Target,
    /// Row of the target that the first layer goes to.
    pub row: usize,
    pub segment: &'a Range<usize>,
}

impl Place<'_> {
    pub fn buffer(&self, quantity: Quantity) -> BufferId {
        match quantity {
            Quantity::Value => self.target.buffer,
            Quantity::Slope => self.target.slope.expect("a stage with derivatives has a target for them"),
        }
    }

    /// Output nodes over 4, padding included.
    pub fn quads(&self) -> usize {
        self.segment.len().next_multiple_of(ROW_MULTIPLE) / 4
    }

    /// Place in a row over 4 at which the segment starts.
    pub fn first_quad(&self) -> usize {
        (self.segment.start - self.target.first_node) / 4
    }
}
