//! Few profiles for many widths.
//!
//! Lines of one layer have Lorentz widths g between g_min and g_max. A Voigt profile as a function of g (or sqrt g, or ln g) is
//! analytic, so its interpolation polynomial on k Chebyshev nodes converges geometrically: every line's profile is a
//! combination of the same k profiles, its weights being Lagrange polynomials at its own width. At low pressure, where fine
//! grids make each profile dear, the wings are proportional to g and k is 2; k grows to 8 or so where pressure broadens the
//! lines and the grids are coarse.
//!
//! The nodes are *frozen*: they span the widths over the whole declared temperature range, never the current one, so the
//! spectrum stays a smooth function of temperature.

use crate::grid::channels::{Channels, MAX_CHANNELS, WidthScale};
use crate::numerics::voigt::{self, Softening};
use crate::{Error, Result};

impl Channels {
    /// Fewest profiles that give every width in \[`g_min`, `g_max`\] to the relative error `tolerance` at the Doppler width `s`, at every
    /// distance from the centre. With `softened_inside` the combination is of profiles softened within that radius; what stands for
    /// a line there is then its own softened profile, and the error is relative to the line's true one.
    ///
    /// # Errors
    /// More than [`MAX_CHANNELS`] would be needed.
    pub fn choose(s: f64, g_min: f64, g_max: f64, softened_inside: Option<f64>, tolerance: f64) -> Result<Self> {
        if g_max <= g_min * (1.0 + tolerance) {
            // dV/V is at most dg/g, and the one profile is in the middle
            let mut one = Self::spanning(WidthScale::Linear, 1, g_min, g_max);
            one.error = 0.5 * (g_max / g_min - 1.0);
            return Ok(one);
        }
        const PROBES: usize = 17;
        let radius = softened_inside.unwrap_or(0.0);
        let far = 30.0 * (s + g_max) + 3.0 * radius;
        let near = (0.02 * s).max(radius);
        let inside = (0..8).map(|i| radius * i as f64 / 8.0).take_while(|_| radius > 0.0);
        let x: Vec<f64> = std::iter::once(radius)
            .chain((0..48).map(|i| near * (far / near).powf(i as f64 / 47.0)))
            .chain(inside)
            .collect();
        let represented = |g: f64| -> Vec<f64> {
            let soft = (radius > 0.0).then(|| Softening::new(radius, s, g));
            let value = |&x: &f64| match &soft {
                Some(soft) if x < radius => soft.inside(x),
                _ => voigt::profile(x, s, g),
            };
            x.iter().map(value).collect()
        };
        let mut best: Option<Self> = None;
        let ratio = g_max / g_min;
        let wanted: Vec<(f64, Vec<f64>, Vec<f64>)> = (0..PROBES)
            .map(|p| g_min * ratio.powf(p as f64 / (PROBES - 1) as f64))
            .map(|g| (g, represented(g), x.iter().map(|&x| voigt::profile(x, s, g)).collect()))
            .collect();
        for count in 2..=MAX_CHANNELS {
            for scale in WidthScale::ALL {
                let mut channels = Self::spanning(scale, count, g_min, g_max);
                let basis: Vec<Vec<f64>> = channels.nodes().into_iter().map(represented).collect();
                let mut weights = [0.0; MAX_CHANNELS];
                for (g, wanted, exact) in &wanted {
                    channels.weights(*g, &mut weights);
                    for (i, (wanted, exact)) in wanted.iter().zip(exact).enumerate() {
                        let v: f64 = (0..count).map(|k| weights[k] * basis[k][i]).sum();
                        channels.error = channels.error.max(((v - wanted) / exact).abs());
                    }
                }
                if channels.error < tolerance && best.is_none_or(|b| channels.error < b.error) {
                    best = Some(channels);
                }
            }
            if let Some(best) = best {
                return Ok(best);
            }
        }
        Err(Error::invalid(
            "range of Lorentz widths in a layer",
            format!("widest/narrowest = {ratio:.3e} at tolerance {tolerance:.1e}"),
            format!(
                "a ratio that {MAX_CHANNELS} profiles can represent: narrow the range of temperatures or wavenumbers, raise the tolerance, or remove outliers in width"
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_width_in_the_range_is_a_combination() {
        let s = 1.5e-6;
        for (p, expected) in [(1e-6, 2), (1e-1, 3), (1.0, 5), (30.0, 6)] {
            let (lo, hi) = (3.0 * s * p, 12.0 * s * p);
            let c = Channels::choose(s, lo, hi, None, 5e-4).unwrap();
            assert!(c.count() <= expected + 1, "{p}: {c:?}");
            let mut w = [0.0; MAX_CHANNELS];
            for g in [lo, 1.7 * lo, 0.9 * hi, hi] {
                c.weights(g, &mut w);
                assert!((w[..c.count()].iter().sum::<f64>() - 1.0).abs() < 1e-12);
                for x in [0.0, s, 5.0 * s, 1e3 * s] {
                    let v: f64 = c.nodes().iter().zip(&w).map(|(&n, w)| w * voigt::exact(x, s, n)).sum();
                    assert!((v / voigt::exact(x, s, g) - 1.0).abs() < 1.2e-3);
                }
            }
        }
    }

    /// Natural widths of long-lived and of predissociated levels in one list, at a pressure that hardly widens the former.
    #[test]
    fn widths_of_eight_decades_are_few_profiles_beyond_a_radius() {
        let c = Channels::choose(2.4e-6, 1e-12, 1e-4, Some(1e-3), 2.5e-4).unwrap();
        assert!(c.count() <= 10, "{c:?}");
        // far below the Doppler width even the cores are
        let c = Channels::choose(2.4e-6, 1e-12, 1e-9, None, 2.5e-4).unwrap();
        assert_eq!((c.count(), c.scale), (2, WidthScale::Linear));
    }

    #[test]
    fn a_hopeless_range_is_refused() {
        let message = Channels::choose(1e-6, 1e-9, 1e-1, None, 1e-8).unwrap_err().to_string();
        assert!(message.contains("widest/narrowest"), "{message}");
    }
}
