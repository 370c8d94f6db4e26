//! The broadening axes of the line-shape density: ln of the width at the middle temperature, and its exponent.
//!
//! A profile depends on a line's broadening through u = ln g = ln gamma + n ln(t_mid/T) + ln P alone. The most demanding case is
//! the Lorentzian, g/(x^2 + g^2) ~ sech(u - ln|x|); a Gaussian core only weakens the dependence. So the number of nodes is found by
//! interpolating sech over the range of u. Nodes are Chebyshev's over the whole range: 4 to 5 in ln gamma and 2 to 3 in n where
//! local 4-point rules would take two to four times as many for the same error. Referring widths to the middle temperature keeps
//! |ln(t_mid/T)| small, hence the few nodes in n.

use super::chebyshev::{ChebyshevAxis, MAX_NODES};
use crate::grid::TemperatureRange;
use crate::{Error, Result};

/// Cells (a, b) of nodes in ln gamma and in n.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BroadeningAxes {
    /// ln of the relative width at 1 bar and the middle temperature.
    pub ln_gamma: ChebyshevAxis,
    /// Temperature exponent.
    pub exponent: ChebyshevAxis,
    /// Largest relative error of any profile through both axes.
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
fn fewest(half: f64, tolerance: f64) -> Result<(usize, f64)> {
    (1..=MAX_NODES).map(|count| (count, sech_error(half, count))).find(|(_, e)| *e < tolerance).ok_or_else(|| {
        Error::invalid(
            "range of Lorentz widths",
            format!("a factor {:.1e} at tolerance {tolerance:.1e}", (2.0 * half).exp()),
            format!("one that {MAX_NODES} nodes can interpolate: narrow the temperature range, raise the tolerance, or use the lines tier"),
        )
    })
}

impl BroadeningAxes {
    /// Axes for ln gamma and n in the given closed ranges.
    ///
    /// # Errors
    /// A range too wide for [`MAX_NODES`] nodes.
    pub fn new(ln_gamma: (f64, f64), exponent: (f64, f64), range: &TemperatureRange, tolerance: f64) -> Result<Self> {
        let lever = (range.mid() / range.lo).ln().max((range.hi / range.mid()).ln());
        let (a, error_a) = fewest(0.5 * (ln_gamma.1 - ln_gamma.0), 0.5 * tolerance)?;
        let (b, error_b) = fewest(0.5 * (exponent.1 - exponent.0) * lever, 0.5 * tolerance)?;
        Ok(Self {
            ln_gamma: ChebyshevAxis::spanning(a, ln_gamma.0, ln_gamma.1),
            exponent: ChebyshevAxis::spanning(b, exponent.0, exponent.1),
            error: error_a + error_b,
        })
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.ln_gamma.count * self.exponent.count
    }

    /// Weight of every cell for a line, \[a\]\[b\], into `weights[..cells]`.
    pub fn weights(&self, ln_gamma: f64, exponent: f64, weights: &mut [f64]) {
        let (mut wa, mut wb) = ([0.0; MAX_NODES], [0.0; MAX_NODES]);
        self.ln_gamma.weights(ln_gamma, &mut wa);
        self.exponent.weights(exponent, &mut wb);
        for a in 0..self.ln_gamma.count {
            for b in 0..self.exponent.count {
                weights[a * self.exponent.count + b] = wa[a] * wb[b];
            }
        }
    }

    /// (ln gamma, n) of a cell.
    pub fn cell(&self, cell: usize) -> (f64, f64) {
        (self.ln_gamma.node(cell / self.exponent.count), self.exponent.node(cell % self.exponent.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_cells_for_carbon_monoxide() {
        let range = TemperatureRange::new(500.0, 1500.0).unwrap();
        let axes = BroadeningAxes::new((0.04f64.ln(), 0.08f64.ln()), (0.5, 0.75), &range, 2.5e-4).unwrap();
        assert!(axes.cells() <= 18, "{axes:?}");
        assert!(axes.error < 2.5e-4);
        let mut w = vec![0.0; axes.cells()];
        axes.weights(0.05f64.ln(), 0.61, &mut w);
        for (t, x) in [(500.0, 0.01), (1500.0, 0.2), (900.0, 0.0)] {
            let lorentz = |l: f64, n: f64| {
                let g = (l + n * (range.mid() / t).ln()).exp();
                g / (x * x + g * g)
            };
            let sum: f64 = (0..axes.cells()).map(|c| w[c] * lorentz(axes.cell(c).0, axes.cell(c).1)).sum();
            assert!((sum / lorentz(0.05f64.ln(), 0.61) - 1.0).abs() < 2.5e-4);
        }
    }
}
