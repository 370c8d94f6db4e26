//! A function between equally spaced nodes: quintic in each cell, twice continuously differentiable, from six nodes.
//!
//! In the cell between nodes 0 and 1 it is the quintic Hermite polynomial whose values are those of the nodes and whose first and second derivatives
//! there are the five-point central differences. Neighbouring cells share these, so that the whole is C2 and a shift can be differentiated
//! everywhere. Polynomials up to degree 4 are exact; the error is at most 0.0047 h^5 |f'''''|, odd about the middle of a cell.

/// Nodes that a cell draws on: -2 to 3, counted from its left node.
pub(super) const NODES: usize = 6;
/// The first of them.
pub(super) const FIRST: isize = -2;

/// Coefficients \[node\]\[power of t\] of the weights, times 24.
const COEFFICIENTS: [[f64; 6]; NODES] = [
    [0.0, 2.0, -1.0, -9.0, 13.0, -5.0],
    [0.0, -16.0, 16.0, 39.0, -64.0, 25.0],
    [24.0, 0.0, -30.0, -70.0, 126.0, -50.0],
    [0.0, 16.0, 16.0, 66.0, -124.0, 50.0],
    [0.0, -2.0, -1.0, -33.0, 61.0, -25.0],
    [0.0, 0.0, 0.0, 7.0, -12.0, 5.0],
];

/// Weights of the six nodes at `t` in \[0, 1\].
pub(super) fn weights(t: f64) -> [f64; NODES] {
    COEFFICIENTS.map(|c| c.iter().rev().fold(0.0, |sum, c| sum * t + c) / 24.0)
}

/// Derivatives of [`weights`] by `t` (per step).
pub(super) fn slopes(t: f64) -> [f64; NODES] {
    COEFFICIENTS.map(|c| (1..6).rev().fold(0.0, |sum, k| sum * t + k as f64 * c[k]) / 24.0)
}

/// The cell of a position \[steps\]: its left node and the rest in \[0, 1).
pub(super) fn cell(position: f64) -> (isize, f64) {
    let left = position.floor();
    (left as isize, position - left)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The interpolant of `f` at `x`, with the derivative by x.
    fn at(f: impl Fn(f64) -> f64, x: f64) -> (f64, f64) {
        let (left, t) = cell(x);
        let sum = |w: [f64; NODES]| (0..NODES).map(|k| w[k] * f((left + FIRST + k as isize) as f64)).sum::<f64>();
        (sum(weights(t)), sum(slopes(t)))
    }

    #[test]
    fn quartics_are_exact_and_quintics_as_stated() {
        for x in (0..=40).map(|i| f64::from(i) / 10.0) {
            for degree in 0..=4 {
                let (value, slope) = at(|x| x.powi(degree), x);
                assert!((value - x.powi(degree)).abs() < 1e-11, "x^{degree} at {x}");
                let exact = f64::from(degree) * x.powi((degree - 1).max(0));
                assert!((slope - exact).abs() < 1e-10, "x^{degree} at {x}: {slope} {exact}");
            }
            assert!((at(|x| x.powi(5), x).0 - x.powi(5)).abs() <= 0.0048 * 120.0, "x^5 at {x}");
        }
    }

    #[test]
    fn second_derivatives_are_continuous() {
        let f = |x: f64| (1.3 * x).sin();
        let (e, node) = (1e-5, 2.0);
        let bend = |x: f64| (at(f, x + e).1 - at(f, x).1) / e;
        assert!((bend(node) - bend(node - e)).abs() < 1e-3);
        assert!((at(f, node).1 - at(f, node - 1e-9).1).abs() < 1e-7);
    }
}
