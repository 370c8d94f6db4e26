//! The oracle: the exact line-by-line sum in f64.
//!
//! Every line at every point, Faddeeva function from a library, no cutoff but that of a wing law. Slow (lines x points), exact; public so that users can
//! check the error of their own case.

use rayon::prelude::*;

use super::voigt;
use crate::Result;
use crate::density::shift::MOST_SHIFT;
use crate::lines::{Line, Species};
use crate::settings::ProfileSettings;

/// Cross section \[cm2 molecule-1\] of `lines` at `wavenumbers` \[cm-1\], `temperature` \[K\] and `pressure` \[bar\]; one value per
/// wavenumber.
///
/// sigma(nu) = sum_i S_i(T) V(nu - c_i; c_i s, gamma_i), S(T) after Rothman et al. 1998, eq. A11. If `profile` wants them, the natural width is
/// part of gamma_i and the centre c_i = nu_i + delta_i P, which differs from nu_i by [`MOST_SHIFT`] of it at most. A wing law multiplies V by its
/// factor at |nu - c_i|, and takes the pedestal away.
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
    let law = &profile.wings;
    let lines: Vec<(f64, f64, f64, f64)> = lines
        .iter()
        .map(|l| {
            let strength = l.strength * l.ln_strength_factor(temperature).exp() * ratio;
            let natural = if profile.natural_width { l.natural_width } else { 0.0 };
            let shift = if profile.pressure_shift { l.shift } else { 0.0 };
            let moved = (shift * pressure / l.wavenumber).clamp(-MOST_SHIFT, MOST_SHIFT);
            let centre = l.wavenumber * (1.0 + moved);
            let gamma = l.width().at(temperature) * pressure + natural;
            let g = gamma / centre;
            let pedestal = match law.cutoff {
                Some(cutoff) if law.subtract_pedestal => voigt::exact(cutoff / centre, s, g),
                _ => 0.0,
            };
            (centre, strength / centre, g, pedestal)
        })
        .collect();
    Ok(wavenumbers
        .par_iter()
        .map(|nu| {
            let of = |&(c, strength, g, pedestal): &(f64, f64, f64, f64)| {
                if law.is_voigt() {
                    return strength * voigt::exact((nu - c) / c, s, g);
                }
                let distance = (nu - c).abs();
                match law.cutoff {
                    Some(cutoff) if distance > cutoff => 0.0,
                    _ => strength * (voigt::exact((nu - c) / c, s, g) * law.factor(distance) - pedestal),
                }
            };
            lines.iter().map(of).sum()
        })
        .collect())
}
