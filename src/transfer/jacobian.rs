//! From derivatives by layers to derivatives by parameters, f64.
//!
//! The flux depends on a layer's quantity (temperature, ln of a mixing ratio, ln of gravity) at its own wavenumber only, so the
//! layer Jacobian G is one row \[nu\] per layer and quantity. It is never stored: [`LayerJacobian`] forms it from the rows
//! that the transfer and the opacities give, while it is used. With the derivatives C of the layers' quantities by parameters,
//!
//! forward: J\[column\]\[nu\] = sum over rows of G\[row\]\[nu\] C\[row\]\[column\];   reverse: g\[row\] = sum over nu of w\[nu\] G\[row\]\[nu\].
//!
//! A device forms G once for each 8 columns, the host once for all. To store it would save a device up to two loads per row and 8
//! columns, at the price of a pass with as many loads and a store: no gain below 20 columns.

use crate::Result;
use crate::numerics;
use crate::transfer::blocks::{SUM_BLOCK, check_length, split};
use rayon::prelude::*;

pub mod device;

/// Points of a task of a projection.
const BLOCK: usize = 256;

/// Rows of derivatives of the flux by layer quantities; all slices \[row\]\[nu\] of equal length.
#[derive(Debug, Clone, Copy)]
pub enum LayerJacobian<'a> {
    /// As they stand, e.g. the surface's row of [`EmissionSensitivity::source`](super::EmissionSensitivity::source).
    Given(&'a [f64]),
    /// dF / d dtau times a derivative of dtau: by ln of a mixing ratio the absorber's own dtau, by ln of gravity -dtau.
    Product {
        /// dF / d dtau.
        depth: &'a [f64],
        /// d dtau / d(quantity).
        derivative: &'a [f64],
    },
    /// By temperature: dF / d dtau times d dtau / dT, plus dF / dT at fixed optical depths.
    Temperature {
        /// dF / d dtau.
        depth: &'a [f64],
        /// d dtau / dT.
        derivative: &'a [f64],
        /// dF / dT at fixed optical depths.
        source: &'a [f64],
    },
}

impl LayerJacobian<'_> {
    fn check(&self, length: usize) -> Result<()> {
        let meaning = "rows times wavenumbers";
        match self {
            Self::Given(rows) => check_length("rows of a layer Jacobian", rows.len(), length, meaning),
            Self::Product { depth, derivative } => {
                check_length("sensitivities to optical depth", depth.len(), length, meaning)?;
                check_length("derivatives of optical depth", derivative.len(), length, meaning)
            }
            Self::Temperature { depth, derivative, source } => {
                Self::Product { depth, derivative }.check(length)?;
                check_length("sensitivities to the source", source.len(), length, meaning)
            }
        }
    }

    /// The values from index `at`.
    #[inline(always)]
    fn fill<const FMA: bool>(&self, at: usize, values: &mut [f64]) {
        let end = at + values.len();
        match self {
            Self::Given(rows) => values.copy_from_slice(&rows[at..end]),
            Self::Product { depth, derivative } => {
                for ((value, k), a) in values.iter_mut().zip(&depth[at..end]).zip(&derivative[at..end]) {
                    *value = k * a;
                }
            }
            Self::Temperature { depth, derivative, source } => {
                let rows = depth[at..end].iter().zip(&derivative[at..end]).zip(&source[at..end]);
                for (value, ((k, a), e)) in values.iter_mut().zip(rows) {
                    *value = numerics::mul_add::<FMA>(*k, *a, *e);
                }
            }
        }
    }

    /// Adds the products with `coefficient` \[row\]\[column\], d(quantity of the row) / d(parameter), to the Jacobian's columns, each \[nu\].
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) if shapes do not agree.
    pub fn project(&self, coefficient: &[f64], columns: &mut [&mut [f64]]) -> Result<()> {
        let count = columns.len();
        let Some(n) = columns.first().map(|column| column.len()) else { return Ok(()) };
        for column in columns.iter() {
            check_length("points of a column", column.len(), n, "as in the first")?;
        }
        let rows = coefficient.len() / count;
        check_length("coefficients", coefficient.len(), rows * count, "rows times columns")?;
        self.check(rows * n)?;
        let blocks = split(columns.iter_mut().map(|column| &mut **column), BLOCK);
        blocks.into_par_iter().enumerate().for_each(|(i, mut columns)| {
            project_block(self, coefficient, n, i * BLOCK, &mut columns);
        });
        Ok(())
    }

    /// Adds the sums over wavenumber with `weight` \[nu\] to `gradient` \[row\]. Bits do not depend on the segments that a grid comes in, if
    /// those are multiples of 1024 points.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) if shapes do not agree.
    pub fn reduce(&self, weight: &[f64], gradient: &mut [f64]) -> Result<()> {
        self.check(gradient.len().saturating_mul(weight.len()))?;
        gradient.par_iter_mut().enumerate().for_each(|(row, sum)| {
            for (block, part) in weight.chunks(SUM_BLOCK).enumerate() {
                *sum += reduce_block(self, row * weight.len() + block * SUM_BLOCK, part);
            }
        });
        Ok(())
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn project_block(jacobian: &LayerJacobian, coefficient: &[f64], n: usize, start: usize, columns: &mut [&mut [f64]]) {
    multiversion::target::match_target! {
        "x86_64+avx2+fma" => project::<true>(jacobian, coefficient, n, start, columns),
        "aarch64+neon" => project::<true>(jacobian, coefficient, n, start, columns),
        _ => project::<false>(jacobian, coefficient, n, start, columns),
    }
}

#[inline(always)]
fn project<const FMA: bool>(
    jacobian: &LayerJacobian,
    coefficient: &[f64],
    n: usize,
    start: usize,
    columns: &mut [&mut [f64]],
) {
    let mut values = [0.0; BLOCK];
    let points = columns[0].len();
    for (row, coefficients) in coefficient.chunks(columns.len()).enumerate() {
        jacobian.fill::<FMA>(row * n + start, &mut values[..points]);
        for (column, factor) in columns.iter_mut().zip(coefficients) {
            for (sum, value) in column.iter_mut().zip(&values) {
                *sum = numerics::mul_add::<FMA>(*value, *factor, *sum);
            }
        }
    }
}

/// The sum of one block of a row, from index `at`.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn reduce_block(jacobian: &LayerJacobian, at: usize, weight: &[f64]) -> f64 {
    multiversion::target::match_target! {
        "x86_64+avx2+fma" => reduce::<true>(jacobian, at, weight),
        "aarch64+neon" => reduce::<true>(jacobian, at, weight),
        _ => reduce::<false>(jacobian, at, weight),
    }
}

#[inline(always)]
fn reduce<const FMA: bool>(jacobian: &LayerJacobian, at: usize, weight: &[f64]) -> f64 {
    /// Sums side by side, so that the compiler may use vectors.
    const LANES: usize = 16;
    let mut values = [0.0; SUM_BLOCK];
    jacobian.fill::<FMA>(at, &mut values[..weight.len()]);
    let mut sums = [0.0; LANES];
    for (values, weights) in values.chunks(LANES).zip(weight.chunks(LANES)) {
        for ((sum, value), weight) in sums.iter_mut().zip(values).zip(weights) {
            *sum = numerics::mul_add::<FMA>(*value, *weight, *sum);
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests;
