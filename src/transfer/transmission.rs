//! Transmission through spherical layers, f64: the radius of a planet that an absorber makes larger.
//!
//! A chord of impact parameter b crosses layers whose absorbers are spread evenly over their thickness: with the vertical optical depths dtau of the layers,
//! tau(b) = sum over k of C_k dtau_k ([`Chords`]). What is blocked of the star is the disk below the lowest boundary R0 and, above, the part 1 - exp(-tau) of every ring
//! (Brown 2001, ApJ 553, 1006):
//!
//! (R / R0)^2 = 1 + 2 I,   I = (1 / R0^2) int (1 - exp(-tau)) b db = sum over j of w_j (1 - T_j),   T_j = exp(-tau_j).
//!
//! Light goes straight, and what is scattered counts as lost. Layers are isothermal, radii from hydrostatic equilibrium ([`Hydrostatic`](crate::atmosphere::Hydrostatic)).
//!
//! Derivatives of I: by optical depths, K_k = sum over j of w_j T_j C_jk; by the thicknesses of the layers and by the lowest radius, as [`chords`] counts them.
//!
//! Cost: for N layers 2 N chords of N/2 layers on average, N^2 multiply-adds a wavenumber, in tiles that stay in registers; derivatives take four times as much.

mod block;
pub mod chords;
pub mod device;
pub mod geometry;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

pub use chords::{ChordSlopes, Chords};
pub use geometry::Transmission;

use self::block::{LANES, Slopes, contribution_block, integral_block, sensitivity_block};
use super::blocks::{check_length, split};
use crate::Result;

/// Points of a task: a layer's optical depths of a block stay in the second-level cache.
const BLOCK: usize = 8 * LANES;

/// The integral I at neighbouring wavenumbers, from the optical depths of all layers.
///
/// * `dtau` \[layer\]\[nu\], at least zero (NaN spoils its own wavenumber only);
/// * `integral` \[nu\], overwritten.
///
/// Bits do not depend on which wavenumbers are evaluated together.
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) if the shapes do not agree.
pub fn integral(chords: &Chords, dtau: &[f64], integral: &mut [f64]) -> Result<()> {
    let n = integral.len();
    check_length("optical depths", dtau.len(), n.saturating_mul(chords.layers), "layers times wavenumbers")?;
    integral.par_chunks_mut(BLOCK).enumerate().for_each(|(i, integral)| {
        integral_block(chords, dtau, n, i * BLOCK, integral);
    });
    Ok(())
}

/// Integral and derivatives of neighbouring wavenumbers. Keeps its memory between evaluations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TransmissionSensitivity {
    /// I \[nu\].
    pub integral: Vec<f64>,
    /// K, dI / d dtau \[layer\]\[nu\].
    pub depth: Vec<f64>,
    /// By the thickness of each layer in units of R0, then by the lowest radius in the same unit, thicknesses held \[layer + 1\]\[nu\].
    pub radii: Vec<f64>,
}

impl TransmissionSensitivity {
    /// Evaluates integral and derivatives; arguments and errors as for [`integral`].
    pub fn evaluate(&mut self, chords: &Chords, slopes: &ChordSlopes, dtau: &[f64], points: usize) -> Result<()> {
        let (n, layers) = (points, chords.layers);
        check_length("optical depths", dtau.len(), n.saturating_mul(layers), "layers times wavenumbers")?;
        self.integral.resize(n, 0.0);
        self.depth.resize(layers * n, 0.0);
        self.radii.resize((layers + 1) * n, 0.0);
        if n == 0 {
            return Ok(());
        }
        let depth = split(self.depth.chunks_mut(n), BLOCK);
        let radii = split(self.radii.chunks_mut(n), BLOCK);
        let tasks = self.integral.par_chunks_mut(BLOCK).zip(depth).zip(radii).enumerate();
        tasks.for_each(|(i, ((integral, mut depth), mut radii))| {
            let rows = Slopes { slopes, depth: &mut depth, radii: &mut radii };
            sensitivity_block(chords, dtau, n, i * BLOCK, integral, rows);
        });
        Ok(())
    }
}

/// What each layer adds to the radius: by how much it falls if the layer is taken out, \[layer\]\[nu\] cm.
///
/// This is the contribution function of transmission in Mollière et al. 2019 (A&A 627, A67, section 2.3), not normalised. Without layer k, I is smaller by the sum over j of
/// w_j exp(-(tau_j - C_jk dtau_k)) (1 - exp(-C_jk dtau_k)).
///
/// # Errors
/// As for [`integral`].
pub fn contribution(chords: &Chords, dtau: &[f64], points: usize) -> Result<Vec<f64>> {
    let (n, layers) = (points, chords.layers);
    check_length("optical depths", dtau.len(), n.saturating_mul(layers), "layers times wavenumbers")?;
    let (mut whole, mut parts) = (vec![0.0; n], vec![0.0; layers * n]);
    integral(chords, dtau, &mut whole)?;
    if n == 0 {
        return Ok(parts);
    }
    let blocks = split(parts.chunks_mut(n), BLOCK);
    blocks
        .into_par_iter()
        .enumerate()
        .for_each(|(i, mut rows)| contribution_block(chords, dtau, n, i * BLOCK, &mut rows));
    for row in parts.chunks_mut(n) {
        for (part, whole) in row.iter_mut().zip(&whole) {
            *part = chords.radius_cm(*whole) - chords.radius_cm(whole - *part);
        }
    }
    Ok(parts)
}
