//! Cells of Lorentz widths at one temperature, and what a layer's profiles take from each.
//!
//! At a temperature t a line's half width per bar from collisions, gamma, is a number, and its profile at any pressure
//! P a smooth function of u = ln gamma: interpolation on a few Chebyshev nodes of u is within the tolerance, the
//! Lorentzian gamma/(x^2 + gamma^2) ~ sech(u - ln|x|) being the most demanding case. Widths here are absolute \[cm-1\],
//! not relative to the line's centre: then lines of equal reference width and exponent have equal weights wherever they
//! lie. The relative width of a cell depends on where its node lies, smoothly ([`Cells::matrix`]).
//!
//! A natural width adds to that from collisions: V(gamma P + natural) = V(gamma P) + f (V(gamma P + greatest) - V(gamma
//! P)) with f = natural / greatest, as long as V is linear in it. What f multiplies is a small correction, smoother in
//! u than V itself, and has an axis of its own with fewer nodes.

use crate::constants::T_REF;
use crate::density::broadening::fewest;
use crate::grid::channels::{Channels, MAX_CHANNELS};
use crate::grid::chebyshev::{ChebyshevAxis, MAX_NODES};
use crate::lines::Width;
use crate::numerics::voigt;
use crate::{Error, Result};

/// Most values that a line adds to at a node: those of both axes.
pub const MAX_LANES: usize = 2 * MAX_NODES;

/// The widths and the natural widths that cells must represent at one temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Widths {
    /// ln of the least and the greatest half width from collisions \[cm-1 bar-1\].
    pub ln_gamma: (f64, f64),
    /// The greatest natural half width \[cm-1\]; the least is 0.
    pub natural: f64,
}

/// The cells at one temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cells {
    /// Temperature \[K\].
    pub temperature: f64,
    /// Nodes in ln of the half width from collisions \[cm-1 bar-1\].
    pub ln_gamma: ChebyshevAxis,
    /// Nodes of what natural widths add, in the same; none where one natural width stands for all.
    pub correction: Option<ChebyshevAxis>,
    /// Natural half widths \[cm-1\]: the one that stands for all, twice, or 0 and the greatest.
    pub natural: (f64, f64),
    /// Largest relative error of a profile through the nodes in ln gamma.
    pub error: f64,
    /// Largest relative error of a profile through its natural width, at the pressures these were chosen for.
    pub natural_error: f64,
}

/// ln of a half width \[cm-1 bar-1\] at `temperature` \[K\].
pub fn ln_gamma(width: &Width, temperature: f64) -> f64 {
    let u = (temperature / T_REF).ln();
    width.gamma.ln() + (width.curvature * u - width.exponent) * u
}

impl Cells {
    /// Cells for `widths` at `temperature` \[K\]: an eighth of the tolerance goes to ln gamma, and at most a quarter to
    /// natural widths at `pressures` \[bar\]; `sigma` is the Doppler standard deviation relative to the line's centre,
    /// `wavenumber` \[cm-1\] the middle of the grid.
    ///
    /// # Errors
    /// Widths too different; natural widths among which profiles are too far from linear.
    pub fn new(
        temperature: f64,
        widths: Widths,
        pressures: &[f64],
        sigma: f64,
        wavenumber: f64,
        tolerance: f64,
    ) -> Result<Self> {
        let (lo, hi) = widths.ln_gamma;
        let (count, error) = fewest(0.5 * (hi - lo), 0.125 * tolerance)?;
        let one = 0.5 * widths.natural;
        let mut cells = Self {
            temperature,
            ln_gamma: ChebyshevAxis::spanning(count, lo, hi),
            correction: None,
            natural: (one, one),
            error,
            natural_error: 0.0,
        };
        let least = pressures.iter().copied().fold(f64::INFINITY, f64::min);
        // dV/V is at most dg/g
        cells.natural_error = one / (lo.exp() * least);
        if cells.natural_error <= 0.05 * tolerance {
            return Ok(cells);
        }
        cells.natural = (0.0, widths.natural);
        for nodes in 1..=count {
            cells.correction = Some(ChebyshevAxis::spanning(nodes, lo, hi));
            cells.natural_error = cells.sampled_natural_error(pressures, sigma, wavenumber);
            if cells.natural_error <= 0.25 * tolerance {
                return Ok(cells);
            }
        }
        Err(Error::invalid(
            "natural widths",
            format!(
                "up to {:.2e} cm-1, among which a density would interpolate with an error of {:.1e}",
                widths.natural, cells.natural_error
            ),
            format!("an error of at most {:.1e}: use the lines tier, or raise the tolerance", 0.25 * tolerance),
        ))
    }

    /// Largest relative error that natural widths add, beyond that of the nodes in ln gamma, sampled.
    fn sampled_natural_error(&self, pressures: &[f64], s: f64, wavenumber: f64) -> f64 {
        let Some(correction) = &self.correction else { return 0.0 };
        let greatest = self.natural.1;
        let (axis, mut worst) = (&self.ln_gamma, 0.0f64);
        let mut weights = [0.0; MAX_NODES];
        let relative = |u: f64, p: f64, natural: f64| (u.exp() * p + natural) / wavenumber;
        // Pressures half a decade apart, the least and the greatest among them.
        let mut chosen: Vec<f64> = pressures.to_vec();
        chosen.sort_by(f64::total_cmp);
        let last = chosen.last().copied();
        chosen.dedup_by(|b, a| *b < 3.0 * *a);
        for p in chosen.into_iter().chain(last) {
            let far = 30.0 * (s + relative(axis.mid + axis.half, p, greatest));
            let near = 0.02 * s;
            let x = (0..32).map(|i| near * (far / near).powf(f64::from(i) / 31.0));
            for x in std::iter::once(0.0).chain(x) {
                let v = |u: f64, natural: f64| voigt::profile(x, s, relative(u, p, natural));
                let added: Vec<f64> = correction.nodes().map(|u| v(u, greatest) - v(u, 0.0)).collect();
                for place in [-1.0, -0.6, 0.0, 0.6, 1.0] {
                    let u = axis.mid + place * axis.half;
                    correction.weights(u, &mut weights);
                    let added: f64 = added.iter().zip(&weights).map(|(v, w)| v * w).sum();
                    let plain = v(u, 0.0);
                    for f in [0.03, 0.15, 0.5, 1.0] {
                        worst = worst.max(((plain + f * added) / v(u, f * greatest) - 1.0).abs());
                    }
                }
            }
        }
        worst
    }

    /// Values that a line adds to at a node.
    pub fn lanes(&self) -> usize {
        self.ln_gamma.count + self.correction.map_or(0, |axis| axis.count)
    }

    /// Weights of a line's strength, and after them those of its strength times [`natural_part`](Self::natural_part),
    /// into `lanes[..self.lanes()]`.
    pub fn weights(&self, width: &Width, lanes: &mut [f64]) {
        let u = ln_gamma(width, self.temperature);
        self.ln_gamma.weights(u, lanes);
        if let Some(correction) = &self.correction {
            correction.weights(u, &mut lanes[self.ln_gamma.count..]);
        }
    }

    /// The part of the greatest natural width that a line has, 0 to 1.
    pub fn natural_part(&self, natural: f64) -> f64 {
        if self.correction.is_some() { natural / self.natural.1 } else { 0.0 }
    }

    /// Narrowest and widest Lorentz half width \[cm-1\] of any line at `pressure` \[bar\].
    pub fn widths_at(&self, pressure: f64) -> (f64, f64) {
        let ends = [-1.0, 1.0].map(|end| (self.ln_gamma.mid + end * self.ln_gamma.half).exp() * pressure);
        (ends[0] + self.natural.0, ends[1] + self.natural.1)
    }

    /// What a layer's profiles take from each value at a node of wavenumber `wavenumber` \[cm-1\], \[lane\]\[channel\],
    /// at `pressure` \[bar\].
    pub fn matrix(&self, wavenumber: f64, pressure: f64, channels: &Channels) -> Vec<f64> {
        let count = channels.count();
        let (mut matrix, mut other) = (Vec::with_capacity(self.lanes() * count), [0.0; MAX_CHANNELS]);
        let mut weights = [0.0; MAX_CHANNELS];
        let relative = |u: f64, natural: f64| (u.exp() * pressure + natural) / wavenumber;
        for u in self.ln_gamma.nodes() {
            channels.weights(relative(u, self.natural.0), &mut weights);
            matrix.extend_from_slice(&weights[..count]);
        }
        for u in self.correction.iter().flat_map(ChebyshevAxis::nodes) {
            channels.weights(relative(u, self.natural.0), &mut weights);
            channels.weights(relative(u, self.natural.1), &mut other);
            matrix.extend(other[..count].iter().zip(&weights).map(|(with, without)| with - without));
        }
        matrix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: f64 = 2e-6;

    /// The profile that cells give a line, without channels, relative to the exact one: largest error.
    fn worst(cells: &Cells, widths: &[(Width, f64)], pressures: &[f64], nu: f64) -> f64 {
        let (mut lanes, mut worst) = ([0.0; MAX_LANES], 0.0f64);
        for p in pressures {
            for (width, natural) in widths {
                cells.weights(width, &mut lanes);
                let exact = |x: f64| voigt::profile(x, S, (width.at(cells.temperature) * p + natural) / nu);
                for x in [0.0, S, 3.0 * S, 20.0 * S, 1e3 * S] {
                    let v = |u: f64, natural: f64| voigt::profile(x, S, (u.exp() * p + natural) / nu);
                    let (a, b) = cells.natural;
                    let plain: f64 = cells.ln_gamma.nodes().zip(&lanes).map(|(u, w)| w * v(u, a)).sum();
                    let corrections = cells.correction.iter().flat_map(ChebyshevAxis::nodes);
                    let added: f64 =
                        corrections.zip(&lanes[cells.ln_gamma.count..]).map(|(u, w)| w * (v(u, b) - v(u, a))).sum();
                    let sum = plain + cells.natural_part(*natural) * added;
                    worst = worst.max((sum / exact(x) - 1.0).abs());
                }
            }
        }
        worst
    }

    #[test]
    fn few_cells_stand_for_all_widths() {
        let pressures: Vec<f64> = (-6..=2).map(|k| 10f64.powi(k)).collect();
        let (nu, t) = (2000.0, 1500.0);
        let line = |gamma: f64, n: f64, natural: f64| (Width::power_law(gamma, n), natural);
        let lines = |natural: f64| {
            [line(0.02, 0.7, natural), line(0.05, 0.4, 0.3 * natural), line(0.11, 0.55, 0.01 * natural)].to_vec()
        };
        for (natural, corrections) in [(0.0, 0), (1e-13, 0), (3e-8, 1), (1e-5, 3)] {
            let lines = lines(natural);
            let of = |w: &(Width, f64)| ln_gamma(&w.0, t);
            let span = lines.iter().map(of).fold((f64::INFINITY, f64::NEG_INFINITY), |a, u| (a.0.min(u), a.1.max(u)));
            let cells = Cells::new(t, Widths { ln_gamma: span, natural }, &pressures, S, nu, 1e-3).unwrap();
            assert!(cells.ln_gamma.count <= 9, "{cells:?}");
            let nodes = cells.lanes() - cells.ln_gamma.count;
            assert!(nodes <= corrections && (nodes > 0) == (corrections > 0), "{natural}: {nodes}");
            let off = worst(&cells, &lines, &pressures, nu);
            assert!(off < 4e-4, "natural width {natural}: {off:e}");
        }
    }

    #[test]
    fn natural_widths_that_no_density_has_are_refused() {
        let widths = Widths { ln_gamma: (0.02f64.ln(), 0.1f64.ln()), natural: 0.5 };
        let message = Cells::new(1000.0, widths, &[1e-4, 1.0], S, 2000.0, 1e-3).unwrap_err().to_string();
        assert!(message.contains("natural widths") && message.contains("lines tier"), "{message}");
    }
}
