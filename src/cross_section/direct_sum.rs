//! The oracle: the exact line-by-line sum in f64.
//!
//! Every line at every point, Faddeeva function from a library, no cutoff. Slow (lines x points), exact; public so that users can
//! check the error of their own case.

use rayon::prelude::*;

use super::profile_settings::ProfileSettings;
use super::voigt;
use crate::Result;
use crate::density::lines::MOST_SHIFT;
use crate::lines::{Line, Species};

/// Cross section \[cm2 molecule-1\] of `lines` at `wavenumbers` \[cm-1\], `temperature` \[K\] and `pressure` \[bar\]; one value per
/// wavenumber.
///
/// sigma(nu) = sum_i S_i(T) V(nu - c_i; c_i s, gamma_i), S(T) after Rothman et al. 1998, eq. A11. If `profile` wants them, the natural width is
/// part of gamma_i and the centre c_i = nu_i + delta_i P, which differs from nu_i by [`MOST_SHIFT`] of it at most.
///
/// # Errors
/// `temperature` is outside the partition function's table.
pub fn direct_sum(
    species: &Species,
    lines: &[Line],
    wavenumbers: &[f64],
    temperature: f64,
    pressure: f64,
    profile: &ProfileSettings,
) -> Result<Vec<f64>> {
    let ratio = species.partition_ratio(temperature)?;
    let s = species.doppler_sigma(temperature);
    let lines: Vec<(f64, f64, f64)> = lines
        .iter()
        .map(|l| {
            let strength = l.strength * l.ln_strength_factor(temperature).exp() * ratio;
            let natural = if profile.natural_width { l.natural_width } else { 0.0 };
            let shift = if profile.pressure_shift { l.shift } else { 0.0 };
            let moved = (shift * pressure / l.wavenumber).clamp(-MOST_SHIFT, MOST_SHIFT);
            let centre = l.wavenumber * (1.0 + moved);
            let gamma = l.width().at(temperature) * pressure + natural;
            (centre, strength / centre, gamma / centre)
        })
        .collect();
    Ok(wavenumbers
        .par_iter()
        .map(|nu| lines.iter().map(|&(c, strength, g)| strength * voigt::exact((nu - c) / c, s, g)).sum())
        .collect())
}
