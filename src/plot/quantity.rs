//! A sampled quantity, as the figures of posteriors take it.

use super::axis::{Axis, common_exponent, number};
use super::text::power_of_ten;
use crate::{Error, Result};

/// Draws of one parameter.
#[derive(Clone, Copy, Debug)]
pub struct Quantity<'a> {
    /// Name, with its unit.
    pub name: &'a str,
    /// Draws \[chain\]\[draw\].
    pub chains: &'a [Vec<f64>],
    /// The true value, where it is known.
    pub truth: Option<f64>,
}

impl Quantity<'_> {
    /// All draws in ascending order.
    pub(super) fn sorted(&self) -> Vec<f64> {
        let mut all = self.chains.concat();
        all.sort_by(f64::total_cmp);
        all
    }

    /// Checks that there is something to draw: chains equally long, of two draws or more, all finite.
    pub(super) fn check(&self) -> Result<()> {
        let n = self.chains.first().map_or(0, Vec::len);
        if n < 2 || self.chains.iter().any(|c| c.len() != n || c.iter().any(|v| !v.is_finite())) {
            let given = format!("{} chains, the first of {n} draws", self.chains.len());
            return Err(Error::invalid(
                format!("draws of `{}`", self.name),
                given,
                "chains equally long, of two finite draws or more",
            ));
        }
        Ok(())
    }

    /// The middle 99.5% of the draws and the truth, with room at both ends.
    pub(super) fn range(&self, sorted: &[f64]) -> (f64, f64) {
        let at = |p: f64| sorted[(p * (sorted.len() - 1) as f64).round() as usize];
        let (lo, hi) = (at(0.0025), at(0.9975));
        let (lo, hi) = self.truth.map_or((lo, hi), |t| (lo.min(t), hi.max(t)));
        let room = 0.08 * (hi - lo);
        // Equal draws still need an interval around them.
        let axis = Axis::linear(lo - room, hi + room);
        (axis.lo, axis.hi)
    }

    /// The power of ten taken out of the axis, and the name with it.
    pub(super) fn label(&self, (lo, hi): (f64, f64)) -> (f64, String) {
        let exponent = common_exponent(lo.abs().max(hi.abs()));
        if exponent == 0 {
            (1.0, self.name.to_owned())
        } else {
            (10f64.powi(-exponent), format!("{} / {}", self.name, power_of_ten(exponent)))
        }
    }

    /// Median with the distances to the 16% and 84% quantiles, to two digits of the smaller distance.
    pub(super) fn value_text(&self, sorted: &[f64], scale: f64) -> String {
        let at = |p: f64| scale * sorted[(p * (sorted.len() - 1) as f64).round() as usize];
        let (low, middle, high) = (at(0.16), at(0.5), at(0.84));
        let (minus, plus) = (middle - low, high - middle);
        let digits = (1.0 - minus.min(plus).log10().floor()).clamp(0.0, 8.0) as usize;
        let digits = if minus.min(plus) > 0.0 { digits } else { 3 };
        format!("{}  (+{} −{})", number(middle, digits), number(plus, digits), number(minus, digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_given_to_two_digits_of_their_uncertainty() {
        let chains = vec![(0..101).map(|i| 900.0 + 0.1 * f64::from(i)).collect::<Vec<_>>()];
        let q = Quantity { name: "T0 (K)", chains: &chains, truth: None };
        assert_eq!(q.value_text(&q.sorted(), 1.0), "905.0  (+3.4 −3.4)");
        assert_eq!(q.label((900.0, 910.0)), (1.0, "T0 (K)".into()));
        assert_eq!(q.label((0.0, 3e-6)).1, "T0 (K) / 10⁻⁶");
        assert_eq!(q.range(&q.sorted()).0, 899.2);
    }

    #[test]
    fn draws_that_cannot_be_drawn_are_refused() {
        for chains in [vec![], vec![vec![1.0]], vec![vec![1.0, 2.0], vec![1.0]], vec![vec![1.0, f64::NAN]]] {
            let e = Quantity { name: "alpha", chains: &chains, truth: None }.check().unwrap_err().to_string();
            assert!(e.contains("draws of `alpha`"), "{e}");
        }
    }
}
