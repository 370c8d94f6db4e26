//! Logarithms of amounts, with derivatives.

use crate::dual::Dual;

/// ln of a product whose value is known, with its derivatives: those of the factors, relative to these.
pub(super) fn ln_product(ln_value: f64, numerators: &[&Dual], denominators: &[&Dual]) -> Dual {
    let all = || numerators.iter().chain(denominators);
    let columns = all().map(|d| d.derivatives().len()).max().unwrap_or(0);
    let derivative = |p: usize| {
        let relative = |d: &&Dual| if d.value() == 0.0 { 0.0 } else { d.derivative(p) / d.value() };
        // In this order: to the bit what it has been for lines and for pairs.
        let mut factors = numerators.iter().map(relative);
        let first = factors.next().unwrap_or(0.0);
        let sum = factors.fold(first, |sum, r| sum + r);
        denominators.iter().map(relative).fold(sum, |sum, r| sum - r)
    };
    Dual::new(ln_value, (0..columns).map(derivative).collect())
}
