//! Spectra and derivatives on the CPU backend, f64: the [`Schedule`] walked with opacities and a geometry.

use std::ops::Range;

use rayon::prelude::*;

use super::derivatives::{Coefficients, LayerGradient};
use super::model::Model;
use super::schedule::{Schedule, Step};
use crate::atmosphere::State;
use crate::opacity::{CpuOpacity, Layers, Opacity, OpticalRows};
use crate::stage::Stage;
use crate::timing::Stages;
use crate::transfer::{LayerJacobian, Order, Sensitivity};
use crate::{Progress, Result, interrupt};

/// Values that a thread sets or adds at a time.
const CHUNK: usize = 1 << 15;

/// Optical properties of a block, \[layer\]\[point\]; memory is kept from block to block.
#[derive(Debug, Default)]
struct Optics {
    /// Optical depth; empty where it is that of a single part.
    sum: Vec<f64>,
    /// Its derivative by temperature; empty without derivatives.
    slope: Vec<f64>,
    /// Each opacity's part, by amount and by its shape; empty without derivatives.
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    depth: Vec<f64>,
    shape: Vec<Vec<f64>>,
}

/// Refuses a job on a model that needs more host memory than there is; `needed` is told the number of threads.
fn check_memory(job: &str, model: &Model, needed: impl FnOnce(usize) -> u64) -> Result<()> {
    let what = format!("{job} of {} points and {} layers on the CPU", model.grid.len(), model.layers());
    crate::host_memory::require(&what, needed(rayon::current_num_threads()))
}

/// So many zeros. Memory that is new is zero as it comes, and is touched first by the threads that add to it.
fn zeros(values: &mut Vec<f64>, count: usize) {
    if values.capacity() < count {
        *values = vec![0.0; count];
        return;
    }
    values.truncate(count);
    values.par_chunks_mut(CHUNK).for_each(|chunk| chunk.fill(0.0));
    values.resize(count, 0.0);
}

impl Optics {
    /// For a model's opacities, with rows for derivatives or without.
    fn new(model: &Model, derivatives: bool) -> Self {
        let part = |o: &dyn Opacity| Part { depth: Vec::new(), shape: vec![Vec::new(); o.shape().len()] };
        Self { parts: if derivatives { model.opacities().map(part).collect() } else { Vec::new() }, ..Self::default() }
    }

    /// Empty rows of `count` values.
    fn clear(&mut self, count: usize) {
        if self.parts.is_empty() {
            return zeros(&mut self.sum, count);
        }
        zeros(&mut self.slope, count);
        self.parts
            .iter_mut()
            .flat_map(|p| p.shape.iter_mut().chain([&mut p.depth]))
            .for_each(|rows| zeros(rows, count));
    }

    /// Where an opacity adds itself.
    fn rows(&mut self, opacity: usize, points: Range<usize>) -> OpticalRows<'_> {
        match self.parts.get_mut(opacity) {
            Some(part) => {
                OpticalRows { points, depth: &mut part.depth, slope: Some(&mut self.slope), shape: &mut part.shape }
            }
            None => OpticalRows { points, depth: &mut self.sum, slope: None, shape: &mut [] },
        }
    }

    /// The whole optical depth from its parts.
    fn add_up(&mut self) {
        let [first, second, rest @ ..] = &self.parts[..] else { return };
        self.sum.resize(first.depth.len(), 0.0);
        self.sum.par_chunks_mut(CHUNK).enumerate().for_each(|(i, sum)| {
            let chunk = i * CHUNK..i * CHUNK + sum.len();
            let pairs = first.depth[chunk.clone()].iter().zip(&second.depth[chunk.clone()]);
            sum.iter_mut().zip(pairs).for_each(|(sum, (a, b))| *sum = a + b);
            for part in rest {
                sum.iter_mut().zip(&part.depth[chunk.clone()]).for_each(|(sum, d)| *sum += d);
            }
        });
    }

    /// Optical depth \[layer\]\[point\].
    fn depth(&self) -> &[f64] {
        match &self.parts[..] {
            [only] => &only.depth,
            _ => &self.sum,
        }
    }
}

/// The stage that an opacity's time is counted to.
fn stage(opacity: &dyn Opacity) -> Stage {
    if opacity.has_lines() { Stage::CrossSections } else { Stage::Continua }
}

/// Walks a schedule; `each` is given the layers and the points of every block, and their optical properties.
fn walk(
    model: &Model,
    state: &State,
    schedule: &Schedule,
    optics: &mut Optics,
    seconds: &mut Stages,
    mut each: impl FnMut(&Range<usize>, &Range<usize>, &Optics, &mut Stages) -> Result<()>,
) -> Result<()> {
    let derivatives = !optics.parts.is_empty();
    // What serves several segments is computed once; for a single one each opacity is done with before the next begins.
    let several = schedule.segments.len() > 1 || derivatives;
    let mut ready: Vec<Box<dyn CpuOpacity + '_>> = Vec::new();
    for step in schedule.steps() {
        interrupt::check()?;
        match step {
            Step::Begin(layers) if several => {
                let at = Layers { state, pressure: &model.pressure, range: layers.clone() };
                for opacity in model.opacities() {
                    ready.push(seconds.time(stage(opacity), || opacity.on_cpu(&at, derivatives))?);
                }
            }
            Step::Begin(_) => (),
            Step::Block { layers, points, .. } => {
                optics.clear(layers.len() * points.len());
                for (i, opacity) in model.opacities().enumerate() {
                    let mut rows = optics.rows(i, points.clone());
                    let at = Layers { state, pressure: &model.pressure, range: layers.clone() };
                    seconds.time(stage(opacity), || match ready.get(i) {
                        Some(ready) => ready.add(&mut rows),
                        None => opacity.add_to_grid(&at, &mut rows),
                    })?;
                }
                optics.add_up();
                each(layers, points, optics, seconds)?;
            }
            Step::End => ready.clear(),
        }
    }
    Ok(())
}

/// What the CPU backend keeps between spectra.
#[derive(Debug, Default)]
pub struct CpuSpectrum {
    optics: Optics,
}

impl CpuSpectrum {
    /// What is computed \[nu\], as it is observed.
    pub fn values(
        &mut self,
        model: &Model,
        state: &State,
        seconds: &mut Stages,
        progress: &dyn Progress,
    ) -> Result<Vec<f64>> {
        // Later spectra take what the first one took.
        if self.optics.sum.is_empty() {
            check_memory("a spectrum", model, |threads| model.cpu_spectrum(threads))?;
        }
        let schedule = Schedule::cpu_values(model, rayon::current_num_threads());
        let mut transfer = model.geometry.on_cpu(state, &model.wavenumber)?;
        let by_layer = matches!(model.geometry.order(), Order::TopDown { .. });
        progress.begin("spectrum", Some(if by_layer { model.layers() } else { model.grid.len() } as u64));
        walk(model, state, &schedule, &mut self.optics, seconds, |layers, points, optics, seconds| {
            seconds.time(Stage::Transfer, || transfer.add(layers.clone(), points.clone(), optics.depth()))?;
            progress.advance(if by_layer { layers.len() } else { points.len() } as u64);
            Ok(())
        })?;
        let computed = seconds.time(Stage::Transfer, || transfer.finish())?;
        progress.finish();
        Ok(computed)
    }
}

/// What is known of a segment's layers.
struct SegmentRows<'a> {
    points: Range<usize>,
    optics: &'a Optics,
    sensitivity: Sensitivity<'a>,
    layers: usize,
}

impl SegmentRows<'_> {
    /// Rows by temperature, by what is the geometry's own, by the quantities of each opacity; and how many of each there are.
    fn kinds(&self) -> impl Iterator<Item = (LayerJacobian<'_>, usize)> {
        let Sensitivity { depth, source, own, .. } = self.sensitivity;
        let temperature = match source {
            Some(source) => LayerJacobian::Temperature { depth, derivative: &self.optics.slope, source },
            None => LayerJacobian::Product { depth, derivative: &self.optics.slope },
        };
        let own_rows = own.len() / self.points.len();
        let own = (own_rows > 0).then_some((LayerJacobian::Given(own), own_rows));
        let rows = self.optics.parts.iter().flat_map(|p| std::iter::once(&p.depth).chain(&p.shape));
        let rows = rows.map(move |row| (LayerJacobian::Product { depth, derivative: row }, self.layers));
        std::iter::once((temperature, self.layers)).chain(own).chain(rows)
    }
}

/// Calls `each` for one segment after the other.
fn sweep(model: &Model, state: &State, mut each: impl FnMut(&SegmentRows) -> Result<()>) -> Result<()> {
    let (schedule, mut optics) = (Schedule::cpu_derivatives(model), Optics::new(model, true));
    let mut transfer = model.geometry.on_cpu(state, &model.wavenumber)?;
    walk(model, state, &schedule, &mut optics, &mut Stages::default(), |layers, points, optics, _| {
        let sensitivity = transfer.sensitivity(points.clone(), optics.depth())?;
        each(&SegmentRows { points: points.clone(), optics, sensitivity, layers: layers.len() })
    })
}

/// What is computed \[nu\] and its Jacobian \[column\]\[nu\].
pub fn jacobian(model: &Model, state: &State, coefficients: &Coefficients) -> Result<(Vec<f64>, Vec<f64>)> {
    let n = model.grid.len();
    let results = 8 * (n as u64).saturating_mul(1 + coefficients.columns as u64);
    check_memory("a Jacobian", model, |threads| results.saturating_add(model.cpu_sweep(threads)))?;
    let (mut values, mut jacobian) = (vec![0.0; n], vec![0.0; n * coefficients.columns]);
    sweep(model, state, |rows| {
        values[rows.points.clone()].copy_from_slice(rows.sensitivity.value);
        let mut columns: Vec<&mut [f64]> =
            jacobian.chunks_mut(n).map(|column| &mut column[rows.points.clone()]).collect();
        let kinds = rows.kinds().zip(coefficients.kinds());
        for ((kind, _), (_, coefficient)) in kinds.filter(|(_, (_, c))| c.iter().any(|v| *v != 0.0)) {
            kind.project(coefficient, &mut columns)?;
        }
        Ok(())
    })?;
    Ok((values, jacobian))
}

/// Derivatives by the layers of the sums over wavenumber of `weights` \[output\]\[nu\] times what is computed.
pub fn layer_gradients(model: &Model, state: &State, weights: &[f64]) -> Result<Vec<LayerGradient>> {
    let n = model.grid.len();
    check_memory("a gradient", model, |threads| model.cpu_sweep(threads))?;
    let mut sums = vec![vec![0.0; LayerGradient::row_count(model)]; weights.len() / n];
    sweep(model, state, |rows| {
        for (weight, sums) in weights.chunks(n).zip(&mut sums) {
            let mut rest = &mut sums[..];
            for (kind, count) in rows.kinds() {
                let (of_kind, others) = rest.split_at_mut(count);
                kind.reduce(&weight[rows.points.clone()], of_kind)?;
                rest = others;
            }
        }
        Ok(())
    })?;
    Ok(sums.iter().map(|rows| LayerGradient::from_rows(model, rows)).collect())
}

impl Model {
    /// What each layer contributes to what is observed, \[layer\]\[nu\], from the top; computed on the CPU. In emission the part of the flux that the layer emits, so that the sum
    /// over layers is the flux without a surface's; in transmission by how much the radius falls if the layer is taken out \[cm\] (Mollière et al. 2019, A&A 627, A67, section 2.3).
    ///
    /// # Errors
    /// As for [`Runner::spectrum`](super::Runner::spectrum); more memory than the host has.
    pub fn contribution(&self, state: &State, progress: &dyn Progress) -> Result<Vec<f64>> {
        self.check(state)?;
        contribution(self, state, progress)
    }
}

/// What each layer contributes to what is observed, \[layer\]\[nu\].
fn contribution(model: &Model, state: &State, progress: &dyn Progress) -> Result<Vec<f64>> {
    let (n, layers) = (model.grid.len(), model.layers());
    let results = 8 * (n as u64).saturating_mul(layers as u64);
    check_memory("a contribution function", model, |threads| results.saturating_add(model.cpu_sweep(threads)))?;
    let schedule = Schedule::cpu_derivatives(model);
    let transfer = model.geometry.on_cpu(state, &model.wavenumber)?;
    let (mut all, mut seconds) = (vec![0.0; n * layers], Stages::default());
    progress.begin("contribution", Some(n as u64));
    walk(model, state, &schedule, &mut Optics::new(model, false), &mut seconds, |_, points, optics, _| {
        let parts = transfer.contribution(points.clone(), optics.depth())?;
        for (row, part) in all.chunks_mut(n).zip(parts.chunks(points.len())) {
            row[points.clone()].copy_from_slice(part);
        }
        progress.advance(points.len() as u64);
        Ok(())
    })?;
    progress.finish();
    Ok(all)
}
