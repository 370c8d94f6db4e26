//! Cross sections of pairs of temperature and pressure on a device, in portions that fit it.

use std::cell::RefCell;
use std::ops::Range;

use super::{DeviceStage, Extent, LineTables, StageInputs, Target};
use crate::cross_section::prepared::Prepared;
use crate::gpu::{
    BufferId, Constant, Device, Element, Limits, Program, ProgramBuilder, Role, Workspace, first_that_fits, open_within,
};
use crate::grid::{Grid, ROW_MULTIPLE};
use crate::output::Values;
use crate::stage::Stage;
use crate::timing::Stages;
use crate::{Error, Progress, Result};

/// Output bytes of one program; larger jobs run pair by pair in portions.
const OUTPUT_BYTES: usize = 32 << 20;

/// Lists made ready for the pressures of some pairs.
#[derive(Clone, Copy, Debug)]
pub struct Pairs<'a> {
    /// The grid.
    pub grid: &'a Grid,
    /// (temperature \[K\], pressure \[bar\]).
    pub at: &'a [(f64, f64)],
    /// The lists; their cross sections add up.
    pub prepared: &'a [Prepared],
}

/// A program for some of the pairs.
struct Portion<'a> {
    program: Program,
    constants: Vec<Constant<'a>>,
    /// \[list\]: the pairs' state.
    layers: Vec<StageInputs>,
    /// \[pair\]\[nu\].
    output: BufferId,
}

/// What the host reads and writes of a program that was opened.
struct Opened<'a> {
    constants: Vec<Constant<'a>>,
    /// \[list\]: the pairs' state.
    layers: Vec<StageInputs>,
    output: BufferId,
}

/// Values in units of e^`ln_scale` cm2 in cm2.
fn in_cm2(mut values: Vec<f32>, ln_scale: f64) -> Values {
    let scale = ln_scale.exp();
    let largest = values.iter().fold(0.0f32, |a, v| a.max(v.abs()));
    if largest == 0.0 || SINGLE.contains(&(f64::from(largest) * scale)) {
        values.iter_mut().for_each(|v| *v = (f64::from(*v) * scale) as f32);
        return Values::F32(values);
    }
    // The scale by itself may be beyond f64.
    let [half, rest] = [(0.5 * ln_scale).exp(), (ln_scale - 0.5 * ln_scale).exp()];
    Values::F64(values.into_iter().map(|v| f64::from(v) * half * rest).collect())
}

/// Largest cross sections \[cm2\] that f32 holds with eight orders of magnitude below them.
const SINGLE: std::ops::RangeInclusive<f64> = 1e-30..=1e37;

impl Pairs<'_> {
    /// Cross sections \[pair\]\[nu\] in cm2: in f32, or in f64 where f32's range does not hold them; `planned` becomes the most bytes that a program of them takes.
    ///
    /// # Errors
    /// The device refuses memory or is lost.
    pub fn compute(
        &self,
        device: &Device,
        progress: &dyn Progress,
        seconds: &mut Stages,
        planned: &mut u64,
    ) -> Result<Values> {
        let (n, padded) = (self.grid.len(), self.grid.len().next_multiple_of(ROW_MULTIPLE));
        let batch = (OUTPUT_BYTES / (4 * padded)).clamp(1, 16);
        let temperatures: Vec<f64> = self.at.iter().map(|a| a.0).collect();
        // On the device the largest list's scale is 1: cross sections in cm2 do not fit float32's range.
        let ln_scale = self.prepared.iter().map(|p| p.table.ln_scale()).fold(f64::NEG_INFINITY, f64::max);
        let ln_factors = vec![-ln_scale; self.at.len()];
        let tables: Vec<LineTables> = seconds.time(Stage::Plan, || self.prepared.iter().map(LineTables::new).collect());
        let mut values = Vec::with_capacity(n * self.at.len());
        for first in (0..self.at.len()).step_by(batch) {
            let pairs = first..(first + batch).min(self.at.len());
            let rows = pairs.len();
            let budget = device.budget()?;
            let stages = RefCell::new(&mut *seconds);
            let choose = |budget| {
                stages.borrow_mut().time(Stage::Plan, || self.choose(&tables, pairs.clone(), &device.limits(), budget))
            };
            let (mut workspace, job) = open_within(budget, choose, |portion: Portion<'_>| {
                let Portion { program, constants, layers, output } = portion;
                let workspace = stages.borrow_mut().time(Stage::Pipelines, || Workspace::new(device, program))?;
                Ok((workspace, Opened { constants, layers, output }))
            })?;
            *planned = (*planned).max(workspace.program().peak_bytes());
            seconds.time(Stage::Upload, || {
                job.constants.iter().try_for_each(|(id, content)| workspace.write(*id, &content()))?;
                for (layers, prepared) in job.layers.iter().zip(self.prepared) {
                    layers.write(&mut workspace, prepared, &temperatures, &ln_factors)?;
                }
                Ok::<(), Error>(())
            })?;
            for (stage, time) in seconds.watch(Stage::Forward, || workspace.run_told())? {
                seconds.add(stage.stage, time);
            }
            let scaled: Vec<f32> = seconds.time(Stage::Readback, || workspace.read_vec(job.output))?;
            for row in scaled.chunks(padded) {
                values.extend_from_slice(&row[..n]);
            }
            progress.advance(rows as u64);
        }
        Ok(in_cm2(values, ln_scale))
    }

    /// The fastest program of the pairs `pairs` within `budget` bytes.
    fn choose<'a>(
        &'a self,
        tables: &'a [LineTables],
        pairs: Range<usize>,
        limits: &Limits,
        budget: Option<u64>,
    ) -> Result<Portion<'a>> {
        let points = self.grid.len();
        let finest = self.prepared.iter().flat_map(|p| &p.layers[pairs.clone()]).map(|l| l.ladder.finest).min();
        let cost = |e: &Extent| {
            e.cost(limits.class, 1) + self.prepared.iter().map(|p| e.cost_of(limits.class, p, points)).sum::<f64>()
        };
        let extents = Extent::candidates(points, pairs.clone(), pairs.len(), finest, limits.class, cost);
        first_that_fits(extents, |extent| self.build(tables, &extent, limits, budget))
    }

    fn build<'a>(
        &'a self,
        tables: &'a [LineTables],
        extent: &Extent,
        limits: &Limits,
        budget: Option<u64>,
    ) -> Result<Portion<'a>> {
        let (rows, nodes) = (extent.layers.len(), self.grid.len().next_multiple_of(ROW_MULTIPLE));
        let mut builder = ProgramBuilder::new();
        let mut constants = Vec::new();
        let shape = [rows as u64, nodes as u64];
        let output = builder.buffer("cross_section.output", Element::F32, &shape, Role::Output);
        let target = Target { buffer: output, slope: None, row_quads: nodes / 4, first_node: 0 };
        let mut layers = Vec::new();
        for (i, (prepared, tables)) in self.prepared.iter().zip(tables).enumerate() {
            let name = format!("cross_section{i}");
            let stage =
                DeviceStage::declare(&mut builder, &name, prepared, tables, extent, false, limits, &mut constants);
            stage.far(&mut builder, prepared, &extent.layers);
            for segment in &extent.segments {
                stage.near(&mut builder, prepared, &extent.layers, segment, &target, i > 0);
            }
            stage.end_batch(&mut builder);
            layers.push(stage.inputs);
        }
        Ok(Portion { program: builder.finish(limits, budget)?, constants, layers, output })
    }
}
