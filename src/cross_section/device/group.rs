//! Scratch memory of layers with equal ladders.

use std::ops::Range;

use crate::cross_section::extent::Extent;
use crate::cross_section::levels::Ladder;
use crate::cross_section::prepared::{Layer, Prepared, Tier};
use crate::density::device::{Lanes, LineBins};
use crate::gpu::{BufferId, Element, ProgramBuilder, Role};
use crate::grid::level::LevelNodes;

/// Most lines that one invocation of the gathering kernel should meet: long loops trip watchdogs.
const GATHERED_LINES: usize = 2048;

/// A buffer for values and, if derivatives are wanted, one of the same shape for derivatives by temperature.
#[derive(Clone, Debug)]
pub struct Quantities {
    /// Of the cross section.
    pub value: BufferId,
    /// Of its derivative.
    pub slope: Option<BufferId>,
}

impl Quantities {
    /// Both buffers.
    pub fn all(&self) -> impl Iterator<Item = BufferId> + use<> {
        [self.value].into_iter().chain(self.slope)
    }
}

/// Scratch of the levels of a part, far or near.
#[derive(Clone, Debug)]
pub struct PartBuffers {
    /// Layers of one run at most.
    pub rows: usize,
    /// Levels finer than the finest, on which lines are gathered where many lines meet a node of the finest; the finest of them first.
    pub gather: Vec<BufferId>,
    /// \[level\] of \[row\]\[lane\]\[source node\]: channels S, then derivatives dS.
    pub source: Vec<BufferId>,
    /// By level one after the other \[row\]\[lane\]\[tap\]: derivatives dK if there are some, then channels K. So dK meets S, and K meets dS.
    pub taps: BufferId,
    /// \[level\]: where its taps begin, in vectors of four.
    pub level_taps: Vec<u32>,
    /// \[level\] of \[row\]\[evaluated node\]; none below level 0.
    pub result: Vec<Option<Quantities>>,
    /// Lines tier: strengths by lane; density tier: weights of the columns.
    pub weights: BufferId,
    /// For the far levels with a wing law without cutoff: \[row\]\[lane\]\[tap\] of the law's level.
    pub law_taps: Option<BufferId>,
    /// For the far levels with a pedestal: \[row\]\[source node\] of the law's level.
    pub pedestal: Option<Quantities>,
}

impl PartBuffers {
    /// What a run leaves behind, but for the finest result.
    pub fn scratch(&self) -> impl Iterator<Item = BufferId> {
        let one = self.gather.iter().chain(&self.source).chain([&self.taps, &self.weights]).chain(&self.law_taps);
        one.copied().chain(self.pedestal.iter().flat_map(Quantities::all))
    }
}

/// Buffers of layers with equal ladders.
#[derive(Clone, Debug)]
pub struct Group {
    /// Levels computed once for the whole range. The finest result has a row for each of the group's layers in a batch, and is kept.
    pub far: PartBuffers,
    /// Levels computed segment by segment.
    pub near: Option<PartBuffers>,
    /// Profiles: as many as any of its layers needs.
    pub channels: usize,
    /// Layers of a run to the output at most.
    pub rows: usize,
    /// Output nodes by which pressure moves lines at most.
    pub moved: i64,
    /// The same of lines on the grid or near it.
    pub moved_near: i64,
    /// \[row\]\[line\]: what the near field needs of every line, if there is one.
    pub near_field: Option<Quantities>,
}

/// Taps of a level, a multiple of 4.
pub fn padded(nodes: &LevelNodes) -> u64 {
    padded_reach(nodes.reach)
}

/// Taps that reach so many nodes, a multiple of 4.
pub fn padded_reach(reach: i64) -> u64 {
    (2 * reach as u64 + 1).next_multiple_of(4)
}

/// The level `finest` preceded by `count` finer ones on which lines are gathered, finest first.
pub fn gather_levels(finest: &LevelNodes, count: usize) -> Vec<LevelNodes> {
    let mut levels = vec![*finest];
    for _ in 0..count {
        levels.push(levels[levels.len() - 1].finer());
    }
    levels.reverse();
    levels
}

/// Number of levels on which lines are gathered before the finest convolved one; 0 if few enough lines meet a node.
fn gather_count(prepared: &Prepared, finest: i32, moved: i64) -> usize {
    let meets = |level: i32| prepared.table.most_lines_within(8.0 * 2f64.powi(level) + 32.0 + 2.0 * moved as f64);
    (0..finest.max(0)).rev().take_while(|level| meets(level + 1) > GATHERED_LINES).count()
}

/// Output nodes within the near-field radius of lines that pressure moves by `moved` at most.
pub fn near_window(ladder: &Ladder, step: f64, moved: i64) -> i64 {
    (-(-ladder.radius[0]).ln_1p() / step).ceil() as i64 + 1 + moved
}

/// Lines of the near field of a segment.
pub fn near_lines(ladder: &Ladder, step: f64, moved: i64, bins: &LineBins, segment: &Range<usize>) -> Range<u32> {
    let window = near_window(ladder, step, moved);
    bins.lines(segment.start as i64 - window, segment.end as i64 - 1 + window)
}

impl Group {
    /// Declares the buffers of layers like `all`, of which a batch has at most `layers`.
    #[allow(clippy::too_many_arguments)] // what the layers are, and what is wanted of them
    pub fn declare(
        builder: &mut ProgramBuilder,
        name: &str,
        prepared: &Prepared,
        all: &[&Layer],
        layers: usize,
        bins: Option<&LineBins>,
        extent: &Extent,
        slopes: bool,
    ) -> Self {
        let (layer, step) = (all[0], prepared.grid.step());
        let ladder = &layer.ladder;
        let most = |moved: fn(&Layer) -> i64| all.iter().map(|l| moved(l)).max().unwrap_or(0);
        let (moved, moved_near) = (most(|l| l.moved), most(|l| l.moved_near));
        let channels = all.iter().map(|l| l.ladder.channels.count()).max().unwrap_or(1);
        let part = |builder: &mut ProgramBuilder, name: String, windows: &[Vec<LevelNodes>], kept: bool| {
            let moved = if kept { moved } else { moved_near };
            // All but the last segment are alike, and that one is shorter.
            let nodes = &windows[0];
            let lanes = Lanes { channels, slopes }.count() as u64;
            let extra = if bins.is_some() { gather_count(prepared, nodes[0].level, moved) } else { 0 };
            let gather = gather_levels(&nodes[0], extra);
            let met = |w: &Vec<LevelNodes>| {
                bins.map_or(0, |b| b.spread_onto(&gather_levels(&w[0], extra)[0], moved).len().max(1) as u64)
            };
            let lines = windows.iter().map(met).max().unwrap_or(0);
            let sources = gather.iter().chain(nodes).map(|n| n.sources() as u64).max().unwrap_or(0);
            let law = ladder.law.filter(|_| kept);
            let law_nodes = law.and_then(|law| nodes.iter().find(|n| n.level == law.level));
            let law_taps = law.filter(|law| !law.is_cutoff).map_or(0, |law| padded_reach(law.reach));
            let per_row = 4 * (lines * lanes.next_multiple_of(4)).max(sources * lanes).max(law_taps * lanes);
            let rows = layers.min((extent.scratch_bytes / per_row).max(1) as usize);
            let rows64 = rows as u64;
            let level_taps =
                (0..nodes.len()).map(|k| (rows64 * lanes * nodes[..k].iter().map(padded).sum::<u64>() / 4) as u32);
            let mut scratch = |thing: &str, level: Option<i32>, shape: &[u64]| {
                let level = level.map_or(String::new(), |l| format!(".l{l}"));
                builder.buffer(format!("{name}.{thing}{level}"), Element::F32, shape, Role::Scratch)
            };
            let pedestal = law_nodes.filter(|_| prepared.settings.profile.wings.subtract_pedestal).map(|n| {
                let shape = [rows64, n.sources() as u64];
                Quantities {
                    value: scratch("pedestal", None, &shape),
                    slope: slopes.then(|| scratch("pedestal_slope", None, &shape)),
                }
            });
            PartBuffers {
                law_taps: (law_taps > 0).then(|| scratch("law_taps", None, &[rows64, lanes, law_taps])),
                pedestal,
                rows,
                weights: match &prepared.tier {
                    Tier::Lines => scratch("strength", None, &[rows64, lanes.div_ceil(4), lines, 4]),
                    Tier::Density { axes, .. } => {
                        scratch("weights", None, &[axes.columns() as u64, (rows64 * lanes).div_ceil(16), 16])
                    }
                },
                gather: gather[..extra]
                    .iter()
                    .map(|n| scratch("gather", Some(n.level), &[rows64, lanes, n.sources() as u64]))
                    .collect(),
                source: nodes
                    .iter()
                    .map(|n| scratch("source", Some(n.level), &[rows64, lanes, n.sources() as u64]))
                    .collect(),
                taps: scratch("taps", None, &[rows64, lanes, nodes.iter().map(padded).sum()]),
                level_taps: level_taps.collect(),
                result: nodes
                    .iter()
                    .enumerate()
                    .map(|(k, n)| {
                        let rows = if kept && k == 0 { layers as u64 } else { rows64 };
                        let shape = [rows, n.outputs() as u64];
                        (n.level >= 0).then(|| Quantities {
                            value: scratch("result", Some(n.level), &shape),
                            slope: slopes.then(|| scratch("result_slope", Some(n.level), &shape)),
                        })
                    })
                    .collect(),
            }
        };
        let far = part(builder, format!("{name}.far"), std::slice::from_ref(&layer.far), true);
        let windows: Vec<_> = extent.segments.iter().map(|s| LevelNodes::near(ladder, step, s)).collect();
        let near = (!windows[0].is_empty()).then(|| part(builder, format!("{name}.near"), &windows, false));
        let mut rows = near.as_ref().map_or(layers, |n| n.rows);
        let near_field = bins.filter(|_| ladder.near_field).map(|bins| {
            let met = |s: &Range<usize>| near_lines(ladder, step, moved_near, bins, s).len().max(1) as u64;
            let lines = extent.segments.iter().map(met).max().unwrap_or(1);
            rows = rows.min((extent.scratch_bytes / (32 * lines)).max(1) as usize);
            let mut scratch = |thing: &str, floats: u64| {
                builder.buffer(format!("{name}.{thing}"), Element::F32, &[rows as u64, lines, floats], Role::Scratch)
            };
            Quantities { value: scratch("near_field", 8), slope: slopes.then(|| scratch("near_field_slope", 12)) }
        });
        Self { far, near, channels, rows, moved, moved_near, near_field }
    }
}
