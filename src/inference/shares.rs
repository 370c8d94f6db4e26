//! Densities that are products of powers of parts, as residuals.

/// A residual and its derivative by what it is of.
pub(super) type Term = (f64, f64);

/// sqrt(2 f) of a function f >= 0 of slope `slope`.
pub(super) fn root(f: f64, slope: f64) -> Term {
    let r = (2.0 * f).sqrt();
    // At the mode itself, which is outside the support, rounding may have led here.
    if r > 0.0 { (r, slope / r) } else { (0.0, 0.0) }
}

/// Residuals of a density that is the product of powers part^exponent of parts u that add up to 1, each with its derivative by its own part.
///
/// With n the sum of the exponents, the most probable parts are m = exponent / n, and ln p(m) - ln p(u) = n sum m h(u / m) with
/// h(t) = t - 1 - ln t >= 0, because parts and their modes have the same sum. Each part gives sqrt(2 n m h) with the sign of u - m; a part of
/// exponent 0 gives sqrt(2 n u). `None` where an exponent is below 0, so that the density has no largest value, or all are 0.
pub(super) fn shares<const N: usize>(exponents: &[f64; N], parts: &[f64; N]) -> Option<[Term; N]> {
    let each = shares_of(exponents, parts)?;
    each.try_into().ok()
}

/// As [`shares`], of any number of parts.
pub(super) fn shares_of(exponents: &[f64], parts: &[f64]) -> Option<Vec<Term>> {
    let n: f64 = exponents.iter().sum();
    if exponents.iter().any(|e| *e < 0.0) || n <= 0.0 {
        return None;
    }
    let share = |(e, u): (&f64, &f64)| {
        if *e == 0.0 {
            return root(n * u, n);
        }
        let d = (u - e / n) * n / e;
        // d - ln(1 + d), of which near d = 0 only rounding would be left.
        let h = if d.abs() < 1e-4 { d * d * (0.5 - d / 3.0 + d * d / 4.0) } else { d - d.ln_1p() };
        let r = (2.0 * e * h).sqrt().copysign(d);
        // h' = d / (1 + d); r' = e h' / r by d, and the limit at d = 0.
        let by_d = if d.abs() < 1e-9 { e.sqrt() } else { e * d / ((1.0 + d) * r) };
        (r, by_d * n / e)
    };
    Some(exponents.iter().zip(parts).map(share).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residuals_are_smooth_through_the_mode() {
        for (e, m) in [(1.5, 0.3), (0.5, 0.1)] {
            let exponents = [e, e * (1.0 - m) / m];
            let at = |d: f64| shares(&exponents, &[m * (1.0 + d), 1.0 - m * (1.0 + d)]).unwrap()[0];
            // On both sides of the place where the series takes over, and through zero.
            for d in [-2e-4, -1e-4, -1e-6, 0.0, 1e-9, 9.9e-5, 1.01e-4, 1e-3] {
                let h = 1e-6;
                let difference = (at(d + h).0 - at(d - h).0) / (2.0 * h * m);
                assert!((at(d).1 / difference - 1.0).abs() < 1e-4, "{d}: {} {difference}", at(d).1);
            }
        }
    }
}
