//! What profiles are computed with, and what their parameters may be.

pub use crate::dual::Number;

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
