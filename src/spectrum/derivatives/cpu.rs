//! Derivatives on the CPU, f64: all layers of one segment of the grid after the other.

use std::ops::Range;

use super::{Coefficients, LayerGradient};
use crate::Result;
use crate::cross_section::cpu::FarLevels;
use crate::cross_section::levels::SEGMENT_MULTIPLE;
use crate::optical_depth::add_cia_with_derivative;
use crate::spectrum::cpu::pair;
use crate::spectrum::model::{EmissionModel, State};
use crate::transfer::{EmissionSensitivity, LayerJacobian};

/// Bytes of a segment's rows, if fewer points help.
const ROW_BYTES: usize = 48 << 20;

/// What is known of a segment's layers.
struct SegmentRows<'a> {
    points: Range<usize>,
    /// \[absorbers, then pairs\] of \[layer\]\[point\]: parts of the optical depth.
    parts: &'a [Vec<f64>],
    /// d dtau / dT \[layer\]\[point\].
    slope: &'a [f64],
    sensitivity: &'a EmissionSensitivity,
    layers: usize,
}

impl SegmentRows<'_> {
    /// Rows by temperature, by the surface's, by the columns of each part.
    fn kinds(&self) -> impl Iterator<Item = LayerJacobian<'_>> {
        let depth = &self.sensitivity.depth[..];
        let (source, surface) = self.sensitivity.source.split_at(self.layers * self.points.len());
        let temperature = LayerJacobian::Temperature { depth, derivative: self.slope, source };
        let surface = (!surface.is_empty()).then_some(LayerJacobian::Given(surface));
        let parts = self.parts.iter().map(move |part| LayerJacobian::Product { depth, derivative: part });
        std::iter::once(temperature).chain(surface).chain(parts)
    }
}

/// Points of a segment.
pub fn segment_points(model: &EmissionModel) -> usize {
    let kinds = model.absorbers.len() + model.collisions.len();
    let fits = ROW_BYTES / (8 * model.layers() * (kinds + 4)) / SEGMENT_MULTIPLE * SEGMENT_MULTIPLE;
    fits.max(SEGMENT_MULTIPLE).min(model.grid.len())
}

/// Calls `each` for one segment after the other.
fn sweep(model: &EmissionModel, state: &State, mut each: impl FnMut(&SegmentRows) -> Result<()>) -> Result<()> {
    let (n, layers) = (model.grid.len(), model.layers());
    let kinds = model.absorbers.len() + model.collisions.len();
    let longest = segment_points(model);
    let columns: Vec<Vec<f64>> =
        (0..model.absorbers.len()).map(|a| model.ln_columns(a, state).into_iter().map(f64::exp).collect()).collect();
    let mut tables = Vec::new();
    for (grid, (first, second)) in model.collisions.iter().zip(&state.collision_mixing_ratio) {
        tables.push(pair(model, state, first, second).layers(grid)?);
    }
    let far: Vec<FarLevels> = (model.parts.iter())
        .map(|part| FarLevels::new(&part.prepared, 0, &state.temperature_k, true))
        .collect::<Result<_>>()?;
    let mut parts = vec![vec![0.0; layers * longest]; kinds];
    let (mut slope, mut dtau) = (vec![0.0; layers * longest], vec![0.0; layers * longest]);
    let mut sensitivity = EmissionSensitivity::new();
    for first in (0..n).step_by(longest) {
        let points = first..(first + longest).min(n);
        let (count, used) = (points.len(), layers * points.len());
        parts.iter_mut().for_each(|p| {
            p.truncate(used);
            p.fill(0.0);
        });
        slope.truncate(used);
        slope.fill(0.0);
        for (far, part) in far.iter().zip(&model.parts) {
            let rows = parts[part.absorber].chunks_mut(count).zip(slope.chunks_mut(count));
            let outputs = rows.map(|(value, slope)| vec![value, slope]).collect();
            far.add(points.clone(), &columns[part.absorber], outputs);
        }
        for ((grid, states), part) in model.collisions.iter().zip(&tables).zip(&mut parts[model.absorbers.len()..]) {
            add_cia_with_derivative(part, &mut slope, grid, states, first)?;
        }
        dtau.truncate(used);
        dtau.fill(0.0);
        for part in &parts {
            dtau.iter_mut().zip(part).for_each(|(sum, d)| *sum += d);
        }
        let nu = &model.wavenumber[points.clone()];
        let surface = state.surface_temperature_k;
        sensitivity.evaluate(nu, &dtau, &state.temperature_k, surface, &model.quadrature)?;
        each(&SegmentRows { points, parts: &parts, slope: &slope, sensitivity: &sensitivity, layers })?;
    }
    Ok(())
}

/// Flux \[nu\] and its Jacobian \[column\]\[nu\].
pub fn jacobian(model: &EmissionModel, state: &State, coefficients: &Coefficients) -> Result<(Vec<f64>, Vec<f64>)> {
    let n = model.grid.len();
    let (mut flux, mut jacobian) = (vec![0.0; n], vec![0.0; n * coefficients.columns]);
    let surface = coefficients.surface.iter();
    let kinds: Vec<&Vec<f64>> = std::iter::once(&coefficients.temperature)
        .chain(surface)
        .chain(&coefficients.absorbers)
        .chain(&coefficients.pairs)
        .collect();
    sweep(model, state, |rows| {
        flux[rows.points.clone()].copy_from_slice(&rows.sensitivity.flux);
        let mut columns: Vec<&mut [f64]> =
            jacobian.chunks_mut(n).map(|column| &mut column[rows.points.clone()]).collect();
        for (kind, coefficient) in rows.kinds().zip(&kinds).filter(|(_, c)| c.iter().any(|v| *v != 0.0)) {
            kind.project(coefficient, &mut columns)?;
        }
        Ok(())
    })?;
    Ok((flux, jacobian))
}

/// Derivatives by the layers of the sums over wavenumber of `weights` \[output\]\[nu\] times the flux.
pub fn layer_gradients(model: &EmissionModel, state: &State, weights: &[f64]) -> Result<Vec<LayerGradient>> {
    let n = model.grid.len();
    let mut sums = vec![vec![0.0; LayerGradient::row_count(model)]; weights.len() / n];
    sweep(model, state, |rows| {
        for (weight, sums) in weights.chunks(n).zip(&mut sums) {
            let mut rest = &mut sums[..];
            for kind in rows.kinds() {
                let count = match kind {
                    LayerJacobian::Given(_) => 1,
                    _ => rows.layers,
                };
                let (of_kind, others) = rest.split_at_mut(count);
                kind.reduce(&weight[rows.points.clone()], of_kind)?;
                rest = others;
            }
        }
        Ok(())
    })?;
    Ok(sums.iter().map(|rows| LayerGradient::from_rows(model, rows)).collect())
}
