//! What the twins of radiative transfer share: how rows \[row\]\[nu\] are cut into blocks of neighbouring wavenumbers, so that each can be worked on by its
//! own thread, and which arguments are refused.

use crate::{Error, Result};

/// Layers between two computations of the transmissions from the optical depth; the quantum of a layer batch.
pub const RESTART: usize = 8;

/// Points that one task carries through a batch.
pub(super) const BLOCK: usize = 256;

/// Wavenumbers that one partial sum of a reduction covers, on both backends; segments to be reduced begin at multiples of it.
pub const SUM_BLOCK: usize = 1024;

pub(super) fn check_length(what: &str, given: usize, required: usize, meaning: &str) -> Result<()> {
    if given == required {
        return Ok(());
    }
    Err(Error::invalid(format!("number of {what}"), given, format!("{required}, {meaning}")))
}

pub(super) fn check_temperature(what: &str, temperature_k: f64) -> Result<()> {
    if temperature_k.is_finite() && temperature_k > 0.0 {
        return Ok(());
    }
    Err(Error::invalid(what, format!("{temperature_k} K"), "a positive, finite temperature"))
}

/// `[block][row]` slices of `rows`, blocks of `block` points (the last may be shorter).
pub(super) fn split<'a>(rows: impl IntoIterator<Item = &'a mut [f64]>, block: usize) -> Vec<Vec<&'a mut [f64]>> {
    let mut blocks: Vec<Vec<&'a mut [f64]>> = Vec::new();
    for row in rows {
        for (i, part) in row.chunks_mut(block).enumerate() {
            if i == blocks.len() {
                blocks.push(Vec::new());
            }
            blocks[i].push(part);
        }
    }
    blocks
}
