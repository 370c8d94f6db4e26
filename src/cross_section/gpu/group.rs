//! Scratch memory of layers with equal ladders.

use crate::cross_section::prepared::{Layer, Prepared, Tier};
use crate::gpu::{BufferId, Element, ProgramBuilder, Role};
use crate::grid::level::LevelNodes;

/// Most bytes that one scratch buffer takes if fewer layers at a time help: well below the largest binding, 128 MiB.
const SCRATCH_BYTES: u64 = 32 << 20;
/// Most lines that one invocation of the gathering kernel should meet: long loops trip watchdogs.
const GATHERED_LINES: usize = 2048;

/// Scratch of layers with equal ladders.
#[derive(Clone, Debug)]
pub struct Group {
    /// Layers of one run at most.
    pub rows: usize,
    /// Levels finer than the finest, on which lines are gathered where many lines meet a node of the finest, the finest of them first.
    pub gather: Vec<(LevelNodes, BufferId)>,
    /// \[level\] of \[row\]\[channel\]\[source node\].
    pub source: Vec<BufferId>,
    /// \[level\] of \[row\]\[channel\]\[tap\].
    pub taps: Vec<BufferId>,
    /// \[level\] of \[row\]\[evaluated node\]; none below level 0.
    pub result: Vec<Option<BufferId>>,
    /// Lines tier: strengths by channel; density tier: weights of the columns.
    pub weights: BufferId,
    /// What the near field needs of every line, if there is one.
    pub near: Option<BufferId>,
}

/// True if two layers may share dispatches.
pub fn alike(a: &Layer, b: &Layer) -> bool {
    a.ladder.near_field == b.ladder.near_field
        && a.ladder.channels.count() == b.ladder.channels.count()
        && a.ladder.radius == b.ladder.radius
        && a.nodes == b.nodes
}

/// Taps of a level, a multiple of 4.
pub fn padded(nodes: &LevelNodes) -> u64 {
    (2 * nodes.reach as u64 + 1).next_multiple_of(4)
}

/// Levels on which lines are gathered before the finest convolved one, finest first; empty if few enough lines meet a node.
fn gather_levels(prepared: &Prepared, finest: &LevelNodes) -> Vec<LevelNodes> {
    let mut levels = Vec::new();
    let mut level = *finest;
    let meets = |l: &LevelNodes| prepared.table.most_lines_within(8.0 * 2f64.powi(l.level) + 32.0);
    while level.level > 0 && meets(&level) > GATHERED_LINES {
        level = level.finer();
        levels.push(level);
    }
    levels.reverse();
    levels
}

impl Group {
    /// Declares the scratch of layers like `layer`, for at most `rows` of them at a time.
    pub fn declare(builder: &mut ProgramBuilder, name: &str, prepared: &Prepared, layer: &Layer, rows: usize) -> Self {
        let channels = layer.ladder.channels.count() as u64;
        let lines = prepared.table.lines.len() as u64; // none in the density tier
        let nodes = &layer.nodes;
        let gather = if matches!(prepared.tier, Tier::Lines) { gather_levels(prepared, &nodes[0]) } else { Vec::new() };
        let per_line = if matches!(prepared.tier, Tier::Lines) { lines * channels.next_multiple_of(8) } else { 0 };
        let sources = gather.iter().chain(nodes).map(|n| n.sources() as u64).max().unwrap_or(0);
        let per_row = 4 * per_line.max(sources * channels);
        let rows = rows.min((SCRATCH_BYTES / per_row).max(1) as usize);
        let rows64 = rows as u64;
        let mut scratch = |thing: &str, level: Option<i32>, shape: &[u64]| {
            let level = level.map_or(String::new(), |l| format!(".l{l}"));
            builder.buffer(format!("{name}.{thing}{level}"), Element::F32, shape, Role::Scratch)
        };
        let weights = match &prepared.tier {
            Tier::Lines => scratch("strength", None, &[rows64, channels.div_ceil(4), lines, 4]),
            Tier::Density { axes, .. } => {
                scratch("weights", None, &[axes.columns() as u64, (rows64 * channels).div_ceil(16), 16])
            }
        };
        Self {
            rows,
            weights,
            near: layer.ladder.near_field.then(|| scratch("near", None, &[rows64, lines, 8])),
            gather: gather
                .into_iter()
                .map(|n| (n, scratch("gather", Some(n.level), &[rows64, channels, n.sources() as u64])))
                .collect(),
            source: nodes
                .iter()
                .map(|n| scratch("source", Some(n.level), &[rows64, channels, n.sources() as u64]))
                .collect(),
            taps: nodes.iter().map(|n| scratch("taps", Some(n.level), &[rows64, channels, padded(n)])).collect(),
            result: nodes
                .iter()
                .map(|n| (n.level >= 0).then(|| scratch("result", Some(n.level), &[rows64, n.outputs() as u64])))
                .collect(),
        }
    }
}
