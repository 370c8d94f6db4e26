//! The broadening axes of the line-shape density: ln of the width from collisions at the middle temperature, its exponent, its curvature, and
//! the natural width.
//!
//! With v = ln(t_mid/T) a profile depends on the width from collisions through u = ln g = ln gamma + n v + c v^2 + ln P alone. The most demanding case is
//! the Lorentzian, g/(x^2 + g^2) ~ sech(u - ln|x|); a Gaussian core only weakens the dependence. So the number of nodes is found by
//! interpolating sech over the range of u. Nodes are Chebyshev's over the whole range: 4 to 5 in ln gamma and 2 to 3 in n where
//! local 4-point rules would take two to four times as many for the same error. Referring widths to the middle temperature keeps
//! |ln(t_mid/T)| small, hence the few nodes in n, and one or two in c.
//!
//! The natural width adds to g. Where it is far below the Doppler width or far below the width from collisions a profile is linear in it, so
//! its axis has two nodes at most, the least and the greatest, with weights 1 - f and f. How far from linear it is follows from the
//! Doppler width and the pressure, and is found where these are known
//! ([`Axes::natural_error`](super::line_shape::Axes::natural_error)).

use super::width::Broadening;
use crate::grid::TemperatureRange;
use crate::grid::chebyshev::{ChebyshevAxis, MAX_NODES};
use crate::{Error, Result};

/// The natural widths of a list, relative, as an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NaturalAxis {
    /// One width stands for all.
    One([f64; 1]),
    /// The least and the greatest.
    Two([f64; 2]),
}

impl NaturalAxis {
    /// For widths from `lo` to `hi`; one node if they differ by less than `negligible`.
    pub fn new(lo: f64, hi: f64, negligible: f64) -> Self {
        if hi - lo <= negligible { Self::One([0.5 * (lo + hi)]) } else { Self::Two([lo, hi]) }
    }

    /// The nodes, ascending.
    pub fn nodes(&self) -> &[f64] {
        match self {
            Self::One(nodes) => nodes,
            Self::Two(nodes) => nodes,
        }
    }

    /// Weight of each node for a line of width `natural`, the second 0 if there is one node.
    fn weights(&self, natural: f64) -> [f64; 2] {
        match self {
            Self::One(_) => [1.0, 0.0],
            Self::Two([lo, hi]) => {
                let f = (natural - lo) / (hi - lo);
                [1.0 - f, f]
            }
        }
    }
}

/// Cells (a, b, c, d) of nodes in ln gamma, in n, in c and in the natural width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BroadeningAxes {
    /// ln of the relative width at 1 bar and the middle temperature.
    pub ln_gamma: ChebyshevAxis,
    /// Temperature exponent there.
    pub exponent: ChebyshevAxis,
    /// Second-order term of ln of the width in ln T.
    pub curvature: ChebyshevAxis,
    /// Natural width, relative.
    pub natural: NaturalAxis,
    /// Largest relative error of any profile through the axes but the last.
    pub error: f64,
}

/// Largest relative error of interpolating sech(u - v) for u in \[-half, half\], any v, on `count` nodes.
fn sech_error(half: f64, count: usize) -> f64 {
    let axis = ChebyshevAxis::spanning(count, -half, half);
    let sech = |v: f64| 1.0 / v.cosh();
    let mut weights = [0.0; MAX_NODES];
    let mut worst = 0.0f64;
    for p in 0..=16 {
        let u = half * (p as f64 / 8.0 - 1.0);
        axis.weights(u, &mut weights);
        for q in -12..=12 {
            let v = (half + 2.0) * q as f64 / 12.0;
            let sum: f64 = axis.nodes().zip(weights).map(|(n, w)| w * sech(n - v)).sum();
            worst = worst.max((sum / sech(u - v) - 1.0).abs());
        }
    }
    worst
}

/// Fewest nodes for a range of u of the given half length, and their error.
pub(super) fn fewest(half: f64, tolerance: f64) -> Result<(usize, f64)> {
    (1..=MAX_NODES).map(|count| (count, sech_error(half, count))).find(|(_, e)| *e < tolerance).ok_or_else(|| {
        Error::invalid(
            "range of Lorentz widths",
            format!("a factor {:.1e} at tolerance {tolerance:.1e}", (2.0 * half).exp()),
            format!("one that {MAX_NODES} nodes can interpolate: narrow the temperature range, raise the tolerance, or use the lines tier"),
        )
    })
}

impl BroadeningAxes {
    /// Axes for ln gamma, n and c in the given closed ranges. Half of `tolerance` goes to each of the first two, and a quarter on top to the third.
    ///
    /// # Errors
    /// A range too wide for [`MAX_NODES`] nodes.
    pub fn new(
        [ln_gamma, exponent, curvature]: [(f64, f64); 3],
        natural: NaturalAxis,
        range: &TemperatureRange,
        tolerance: f64,
    ) -> Result<Self> {
        let lever = (range.mid() / range.lo).ln().max((range.hi / range.mid()).ln());
        let (a, error_a) = fewest(0.5 * (ln_gamma.1 - ln_gamma.0), 0.5 * tolerance)?;
        let (b, error_b) = fewest(0.5 * (exponent.1 - exponent.0) * lever, 0.5 * tolerance)?;
        let (c, error_c) = fewest(0.5 * (curvature.1 - curvature.0) * lever * lever, 0.25 * tolerance)?;
        Ok(Self {
            ln_gamma: ChebyshevAxis::spanning(a, ln_gamma.0, ln_gamma.1),
            exponent: ChebyshevAxis::spanning(b, exponent.0, exponent.1),
            curvature: ChebyshevAxis::spanning(c, curvature.0, curvature.1),
            natural,
            error: error_a + error_b + error_c,
        })
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.ln_gamma.count * self.exponent.count * self.curvature.count * self.natural.nodes().len()
    }

    /// Weight of every cell for a line, \[a\]\[b\]\[c\]\[d\], into `weights[..cells]`.
    pub fn weights(&self, line: &Broadening, weights: &mut [f64]) {
        let (mut wa, mut wb, mut wc) = ([0.0; MAX_NODES], [0.0; MAX_NODES], [0.0; MAX_NODES]);
        self.ln_gamma.weights(line.ln_gamma, &mut wa);
        self.exponent.weights(line.exponent, &mut wb);
        self.curvature.weights(line.curvature, &mut wc);
        let wd = self.natural.weights(line.natural);
        let wd = &wd[..self.natural.nodes().len()];
        let mut cell = weights.iter_mut();
        for wa in &wa[..self.ln_gamma.count] {
            for wb in &wb[..self.exponent.count] {
                for wc in &wc[..self.curvature.count] {
                    // In this order: a zip takes from the first before it finds the second at its end.
                    for (wd, weight) in wd.iter().zip(cell.by_ref()) {
                        *weight = wa * wb * wc * wd;
                    }
                }
            }
        }
    }

    /// The broadening that a cell stands for.
    pub fn cell(&self, cell: usize) -> Broadening {
        let natural = self.natural.nodes();
        let (d, rest) = (cell % natural.len(), cell / natural.len());
        let (c, rest) = (rest % self.curvature.count, rest / self.curvature.count);
        let (b, a) = (rest % self.exponent.count, rest / self.exponent.count);
        Broadening {
            ln_gamma: self.ln_gamma.node(a),
            exponent: self.exponent.node(b),
            curvature: self.curvature.node(c),
            natural: natural[d],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_cells_for_carbon_monoxide() {
        let range = TemperatureRange::new(500.0, 1500.0).unwrap();
        let ranges = [(0.04f64.ln(), 0.08f64.ln()), (0.5, 0.75), (-0.005, 0.02)];
        let one = NaturalAxis::new(0.0, 0.0, 0.0);
        let axes = BroadeningAxes::new([ranges[0], ranges[1], (0.0, 0.0)], one, &range, 2.5e-4).unwrap();
        assert!(axes.cells() <= 18, "{axes:?}");
        assert!(axes.error < 2.5e-4);
        let axes = BroadeningAxes::new(ranges, NaturalAxis::new(0.0, 2e-6, 1e-9), &range, 2.5e-4).unwrap();
        assert_eq!((axes.curvature.count, axes.natural.nodes()), (2, &[0.0, 2e-6][..]));
        let mut w = vec![0.0; axes.cells()];
        let line = Broadening { ln_gamma: 0.05f64.ln(), exponent: 0.61, curvature: 0.013, natural: 1.3e-6 };
        axes.weights(&line, &mut w);
        for (t, x) in [(500.0, 0.01), (1500.0, 0.2), (900.0, 0.0)] {
            let lorentz = |b: Broadening| {
                let v = (range.mid() / t).ln();
                let g = (b.ln_gamma + b.exponent * v + b.curvature * v * v).exp() + b.natural;
                g / (x * x + g * g)
            };
            let sum: f64 = (0..axes.cells()).map(|c| w[c] * lorentz(axes.cell(c))).sum();
            assert!((sum / lorentz(line) - 1.0).abs() < 2.5e-4);
        }
    }
}
