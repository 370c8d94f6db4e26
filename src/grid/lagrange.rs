//! Lagrange rules on equidistant nodes: spreading a line, and going between levels.

/// 6-point Lagrange rule for the middle of six equidistant nodes: weights of the pairs at distance 1/2, 3/2, 5/2.
pub const MIDPOINT: [f64; 3] = [150.0 / 256.0, -25.0 / 256.0, 3.0 / 256.0];

/// Weights of the 6-point Lagrange rule for a position `t` in \[0, 1) past the third of six nodes (at -2, -1, 0, 1, 2, 3).
#[inline(always)]
pub fn lagrange6(t: f64) -> [f64; 6] {
    let (a, b, c, d, e, f) = (t + 2.0, t + 1.0, t, t - 1.0, t - 2.0, t - 3.0);
    let (ab, ef, cd) = (a * b, e * f, c * d);
    [
        -b * cd * ef / 120.0,
        a * cd * ef / 24.0,
        -ab * d * ef / 12.0,
        ab * c * ef / 12.0,
        -ab * cd * f / 24.0,
        ab * cd * e / 120.0,
    ]
}

/// Number of nodes a line is spread to.
pub const SPREAD: usize = 8;

/// Weights of the 8-point Lagrange rule for a position `t` in \[0, 1) past the fourth of eight nodes (at -3 .. 4). Spreading to eight
/// nodes in place of six lets the finest level be up to twice as coarse where a Gaussian flank must be met.
#[inline(always)]
pub fn lagrange8(t: f64) -> [f64; SPREAD] {
    const INVERSE: [f64; SPREAD] =
        [-1.0 / 5040.0, 1.0 / 720.0, -1.0 / 240.0, 1.0 / 144.0, -1.0 / 144.0, 1.0 / 240.0, -1.0 / 720.0, 1.0 / 5040.0];
    let d: [f64; SPREAD] = std::array::from_fn(|m| t + 3.0 - m as f64);
    let (mut left, mut right) = ([1.0; SPREAD], [1.0; SPREAD]);
    for m in 1..SPREAD {
        left[m] = left[m - 1] * d[m - 1];
        right[SPREAD - 1 - m] = right[SPREAD - m] * d[SPREAD - m];
    }
    std::array::from_fn(|m| left[m] * right[m] * INVERSE[m])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lagrange_rules_keep_moments() {
        for t in [0.0, 0.3, 0.77] {
            for p in 0..6 {
                let sum: f64 = lagrange6(t).iter().zip(-2..).map(|(w, o)| w * (o as f64).powi(p)).sum();
                assert!((sum - t.powi(p)).abs() < 1e-13);
            }
            for p in 0..8 {
                let sum: f64 = lagrange8(t).iter().zip(-3..).map(|(w, o)| w * (o as f64).powi(p)).sum();
                assert!((sum - t.powi(p)).abs() < 1e-11);
            }
        }
    }
}
