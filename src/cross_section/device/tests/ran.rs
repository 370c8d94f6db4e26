//! A run of the stage whose buffers can all be looked at.

pub use crate::cross_section::test_cases::list;

use super::super::group::{near_lines, padded};
use super::super::{DeviceStage, Extent, LineTables, ROW_MULTIPLE, Target};
use crate::cross_section::convolve;
use crate::cross_section::levels::Ladder;
use crate::cross_section::near;
use crate::cross_section::prepared::{Prepared, Tier};
use crate::cross_section::voigt;
use crate::density::layer_factors::LayerFactors;
use crate::gpu::{BufferId, Device, Element, Limits, ProgramBuilder, Role, Workspace};
use crate::grid::Grid;
use crate::grid::TemperatureRange;
use crate::grid::level::LevelNodes;
use crate::lines::LineList;
use crate::settings::{Method, Settings};

/// Temperatures of the three layers, all at one pressure \[K\].
pub const TEMPERATURES: [f64; 3] = [500.0, 801.0, 1200.0];

/// A set-up, and what every buffer of the stage held after a run of its three layers.
pub struct Ran {
    pub prepared: Prepared,
    pub states: Vec<LayerFactors>,
    /// All levels, finest first; the first `near_levels` are near, whose sources are not those of the far ones.
    nodes: Vec<LevelNodes>,
    pub near_levels: usize,
    /// Lines of the near field.
    pub near_lines: std::ops::Range<u32>,
    source: Vec<Vec<f64>>,
    taps: Vec<Vec<f64>>,
    /// Empty below level 0.
    result: Vec<Vec<f64>>,
    pub weights: Vec<f64>,
    pub near: Vec<f64>,
    /// \[row\]\[nu\], times exp(-ln_scale).
    output: Vec<Vec<f64>>,
}

impl Ran {
    pub fn new((grid, list): (Grid, LineList), pressure: f64, method: Method, limits: Limits) -> Self {
        let temperature_range = TemperatureRange::new(500.0, 1200.0).unwrap();
        let settings = Settings { tolerance: 1e-3, temperature_range, method, line_margin: 1.0, ..Settings::default() };
        let prepared = Prepared::new(grid, &list, &[pressure; 3], settings).unwrap();
        let device = Device::from_env().unwrap_or_else(|e| panic!("{e}\nscripts/test installs a software driver"));
        let (tables, extent) = (LineTables::new(&prepared), Extent::new(0..3, 3, grid.len(), 1, 32 << 20));
        let (mut builder, mut constants) = (ProgramBuilder::new(), Vec::new());
        builder.keep_all();
        let stage =
            DeviceStage::declare(&mut builder, "xs", &prepared, &tables, &extent, false, &limits, &mut constants);
        let width = grid.len().next_multiple_of(ROW_MULTIPLE);
        let output = builder.buffer("xs.output", Element::F32, &[3, width as u64], Role::Output);
        let target = Target { buffer: output, slope: None, row_quads: width / 4, first_node: 0 };
        stage.far(&mut builder, &prepared, &(0..3));
        stage.near(&mut builder, &prepared, &(0..3), &(0..grid.len()), &target, false);
        // Copies at the end keep every buffer alive, and readable.
        let mut copies = 0..;
        let mut copy_from = |buffer: BufferId, first: u64, floats: u64| {
            let name = format!("copy{}", copies.next().expect("endless"));
            let to = builder.buffer(name, Element::F32, &[floats], Role::Output);
            builder.copy(buffer, 4 * first, to, 0, 4 * floats);
            to
        };
        let [group] = &stage.groups[..] else { panic!("three equal layers in {} groups", stage.groups.len()) };
        let layer = &prepared.layers[0];
        let mut nodes = LevelNodes::near(&layer.ladder, grid.step(), &(0..grid.len()));
        let near_levels = nodes.len();
        nodes.extend(&layer.far);
        let count = layer.ladder.channels.count() as u64;
        let parts = || group.near.iter().chain([&group.far]);
        let sources = nodes.iter().zip(parts().flat_map(|p| &p.source));
        let taps = nodes.iter().zip(parts().flat_map(|p| p.level_taps.iter().map(|first| (p.taps, *first))));
        let results = nodes.iter().zip(parts().flat_map(|p| &p.result));
        let source: Vec<_> = sources.map(|(n, b)| copy_from(*b, 0, 3 * count * n.sources() as u64)).collect();
        let taps: Vec<_> =
            taps.map(|(n, (b, first))| copy_from(b, 4 * u64::from(first), 3 * count * padded(n))).collect();
        let mut copy = |buffer: BufferId, floats: u64| copy_from(buffer, 0, floats);
        let result: Vec<_> = results.map(|(n, b)| b.as_ref().map(|b| copy(b.value, 3 * n.outputs() as u64))).collect();
        let lines = prepared.table.lines.len() as u64;
        let weights = copy(
            group.far.weights,
            match &prepared.tier {
                Tier::Lines => 3 * count.div_ceil(4) * lines * 4,
                Tier::Density { axes, .. } => axes.columns() as u64 * (3 * count).div_ceil(16) * 16,
            },
        );
        let near_lines = match &stage.lines {
            Some(lines) => near_lines(&layer.ladder, grid.step(), 0, &lines.bins, &(0..grid.len())),
            None => 0..0,
        };
        let near = group.near_field.as_ref().map(|b| copy(b.value, 3 * near_lines.len() as u64 * 8));
        let program = builder.finish(&Limits::default(), None).unwrap();
        let mut workspace = Workspace::new(&device, program).unwrap();
        for (id, content) in &constants {
            workspace.write(*id, &content()).unwrap();
        }
        let unscaled = [-prepared.table.ln_scale(); 3];
        stage.inputs.write(&mut workspace, &prepared, &TEMPERATURES, &unscaled).unwrap();
        workspace.run().unwrap();
        let read =
            |id: &BufferId| workspace.read_vec::<f32>(*id).unwrap().into_iter().map(f64::from).collect::<Vec<_>>();
        let states = (0..3).map(|i| prepared.factors(i, TEMPERATURES[i]).unwrap()).collect();
        drop(constants);
        Self {
            nodes,
            near_levels,
            near_lines,
            states,
            source: source.iter().map(read).collect(),
            taps: taps.iter().map(read).collect(),
            result: result.iter().map(|id| id.as_ref().map(read).unwrap_or_default()).collect(),
            weights: read(&weights),
            near: near.as_ref().map(read).unwrap_or_default(),
            output: read(&output).chunks(width).map(|row| row[..grid.len()].to_vec()).collect(),
            prepared,
        }
    }

    pub fn ladder(&self) -> &Ladder {
        &self.prepared.layers[0].ladder
    }

    pub fn nodes(&self) -> &[LevelNodes] {
        &self.nodes
    }

    pub fn channels(&self) -> usize {
        self.ladder().channels.count()
    }

    /// Row `row`, channel `k` of a buffer \[row\]\[channel\]\[..\].
    fn of<'a>(&self, buffer: &'a [f64], row: usize, k: usize) -> &'a [f64] {
        let size = buffer.len() / (3 * self.channels());
        &buffer[(row * self.channels() + k) * size..][..size]
    }

    fn rows_and_channels(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let channels = self.channels();
        (0..3).flat_map(move |row| (0..channels).map(move |k| (row, k)))
    }

    /// Sources on the finest near and the finest far level against the twin's, given row and nodes. A node is made of lines up to 8 nodes away, in weights of either sign that sum to 1
    /// over the channels.
    pub fn check_sources(&self, twin: impl Fn(usize, &LevelNodes) -> Vec<Vec<f64>>) {
        for (row, level) in (0..3).flat_map(|row| [(row, 0), (row, self.near_levels)]) {
            let twin = twin(row, &self.nodes[level]);
            let largest = |j: usize| twin.iter().fold(0.0, |m: f64, channel| m.max(largest_about(channel, j, 8)));
            let scale: Vec<f64> = (0..twin[0].len()).map(largest).collect();
            for (k, expected) in twin.iter().enumerate() {
                compare("source", self.of(&self.source[level], row, k), expected, &scale, 2e-5);
            }
        }
    }

    /// Every level's sources from those of the next finer one.
    pub fn check_restrict(&self) {
        for (level, pair) in self.nodes().windows(2).enumerate().filter(|(level, _)| level + 1 != self.near_levels) {
            for (row, k) in self.rows_and_channels() {
                let fine = self.of(&self.source[level], row, k);
                let expected = convolve::restrict(&pair[0], &pair[1], fine);
                let below = |j: usize| (2 * (pair[1].source.0 + j as i64) - pair[0].source.0).max(0) as usize;
                let scale: Vec<f64> = (0..expected.len()).map(|j| largest_about(fine, below(j), 5)).collect();
                compare("restricted", self.of(&self.source[level + 1], row, k), &expected, &scale, 5e-7);
            }
        }
    }

    /// Taps; in the Gaussian's flank a rounding of x counts (x/s)^2 = 81 times.
    pub fn check_taps(&self) {
        let step = self.prepared.grid.step();
        for (nodes, taps) in self.nodes().iter().zip(&self.taps) {
            for (row, k) in self.rows_and_channels() {
                let (s, g) = (self.states[row].sigma, self.ladder().channels.nodes()[k]);
                let expected: Vec<f64> =
                    convolve::taps(self.ladder(), nodes, step, s, g, voigt::Value).into_iter().map(|v| s * v).collect();
                let h = step * 2f64.powi(nodes.level);
                let scale: Vec<f64> = (-nodes.reach..=nodes.reach)
                    .rev()
                    .map(|j| s * voigt::profile((j as f64 * h).exp_m1(), s, g))
                    .collect();
                let got = self.of(taps, row, k);
                compare("tap", &got[..expected.len()], &expected, &scale, 3e-5);
                assert!(got[expected.len()..].iter().all(|v| *v == 0.0), "padding taps are not 0");
            }
        }
    }

    /// Result of every level from its taps, its sources and the next coarser level's result.
    pub fn check_convolve(&self) {
        for (level, nodes) in self.nodes().iter().enumerate().filter(|(_, n)| n.level >= 0) {
            for row in 0..3 {
                let result = |level: usize| self.result[level].chunks(self.nodes()[level].outputs()).nth(row).unwrap();
                let (mut expected, mut scale) = self.convolved(level, row);
                if let Some(coarse) = self.nodes().get(level + 1) {
                    convolve::prolong(coarse, result(level + 1), nodes, &mut expected);
                    let magnitude: Vec<f64> = result(level + 1).iter().map(|v| v.abs()).collect();
                    convolve::prolong(coarse, &magnitude, nodes, &mut scale);
                }
                // the last block may be padding
                let used = ((self.prepared.grid.len() - 1) >> nodes.level) + 10;
                compare("result", &result(level)[..used], &expected[..used], &scale[..used], 2e-6);
            }
        }
    }

    /// The twin's convolution of one level with the device's taps and sources, and the same of their magnitudes.
    fn convolved(&self, level: usize, row: usize) -> (Vec<f64>, Vec<f64>) {
        let nodes = &self.nodes()[level];
        let (mut sum, mut scale) = (vec![0.0; nodes.outputs()], vec![0.0; nodes.outputs()]);
        for k in 0..self.channels() {
            let taps = &self.of(&self.taps[level], row, k)[..2 * nodes.reach as usize + 1];
            let source = self.of(&self.source[level], row, k);
            let magnitudes = |v: &[f64]| v.iter().map(|v| v.abs()).collect::<Vec<_>>();
            convolve::convolve(nodes, taps, source, &mut sum);
            convolve::convolve(nodes, &magnitudes(taps), &magnitudes(source), &mut scale);
        }
        (sum, scale)
    }

    /// The output from the finest result at or above level 0, the levels below and the near field.
    pub fn check_output(&self) {
        let zero = (-self.ladder().finest).max(0) as usize;
        for (row, state) in self.states.iter().enumerate() {
            let factor = (-state.boltzmann * self.prepared.table.summary.energy.lo).exp();
            let mut expected = vec![0.0; self.prepared.grid.len()];
            let result = self.result[zero].chunks(self.nodes()[zero].outputs()).nth(row).unwrap();
            convolve::interpolate(&self.nodes()[zero], result, 0, factor / state.sigma, &mut expected);
            for level in 0..zero {
                for (out, v) in expected.iter_mut().zip(self.convolved(level, row).0) {
                    *out += factor / state.sigma * v;
                }
            }
            if self.ladder().near_field {
                let radius = self.ladder().radius[0];
                near::add(
                    &self.prepared.table,
                    state,
                    radius,
                    self.prepared.grid.step(),
                    factor,
                    0,
                    &mut [&mut expected],
                );
            }
            assert!(expected.iter().all(|v| *v > 0.0));
            compare("output", &self.output[row], &expected, &expected, 2e-5);
        }
    }
}

/// Largest magnitude at most `reach` places from `at`.
fn largest_about(values: &[f64], at: usize, reach: usize) -> f64 {
    let end = (at + reach + 1).min(values.len());
    values[at.saturating_sub(reach).min(end)..end].iter().fold(0.0, |m, v| v.abs().max(m))
}

pub fn compare(what: &str, got: &[f64], expected: &[f64], scale: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let off = |i: usize| (got[i] - expected[i]).abs() / scale[i].max(1e-30);
    let worst = (0..got.len()).max_by(|a, b| off(*a).total_cmp(&off(*b))).unwrap();
    assert!(got.iter().all(|v| v.is_finite()), "{what} is not finite");
    let (g, e, o) = (got[worst], expected[worst], off(worst));
    assert!(o <= tolerance, "{what} {worst} of {}: device {g:e}, twin {e:e}, off by {o:.1e}", got.len());
}
