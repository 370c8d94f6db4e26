//! The oracle: the exact line-by-line sum in f64.
//!
//! Every line at every point, Faddeeva function from a library, no cutoff. Slow (lines x points), exact; public so that users can
//! check the error of their own case.

use rayon::prelude::*;

use super::voigt;
use crate::Result;
use crate::lines::{Line, Species};

/// Cross section \[cm2 molecule-1\] of `lines` at `wavenumbers` \[cm-1\], `temperature` \[K\] and `pressure` \[bar\]; one value per
/// wavenumber.
///
/// sigma(nu) = sum_i S_i(T) V(nu - nu_i; nu_i s, gamma_i), S(T) after Rothman et al. 1998, eq. A11; no pressure shift, no natural
/// width.
///
/// # Errors
/// `temperature` is outside the partition function's table.
pub fn direct_sum(
    species: &Species,
    lines: &[Line],
    wavenumbers: &[f64],
    temperature: f64,
    pressure: f64,
) -> Result<Vec<f64>> {
    let ratio = species.partition_ratio(temperature)?;
    let s = species.doppler_sigma(temperature);
    let lines: Vec<(f64, f64, f64)> = lines
        .iter()
        .map(|l| {
            let strength = l.strength * l.ln_strength_factor(temperature).exp() * ratio;
            (l.wavenumber, strength / l.wavenumber, l.lorentz_gamma(temperature, pressure))
        })
        .collect();
    Ok(wavenumbers
        .par_iter()
        .map(|nu| lines.iter().map(|&(c, strength, g)| strength * voigt::exact((nu - c) / c, s, g)).sum())
        .collect())
}
