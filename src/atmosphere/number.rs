//! What profiles are computed with.

use num_dual::DualNum;

/// `f64`, or a number that carries derivatives ([`Dual`](crate::spectrum::Dual)).
pub trait Number: DualNum<Primitive = f64> {}

impl<D: DualNum<Primitive = f64>> Number for D {}

/// Refuses a value that is not positive and finite; `what` names it.
pub(super) fn positive(what: &str, value: f64) -> crate::Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(crate::Error::invalid(what, value, "a positive, finite number"))
}

/// Refuses a value that is negative or not finite; `what` names it.
pub(super) fn not_negative(what: &str, value: f64) -> crate::Result<()> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(crate::Error::invalid(what, value, "a finite number, zero or more"))
}
