//! The check on the way out: whatever went in, a result that is no number is an error and not a result.

use crate::{Error, Result};

/// Refuses values that are not finite; `what` they are, one row for each wavenumber \[cm-1\] after the other.
///
/// # Errors
/// [`Error::Invalid`]: other parameters may do better.
pub(crate) fn check_finite(what: &str, wavenumber: &[f64], values: &[f64]) -> Result<()> {
    // Without an exit the loop is one of vector instructions: it takes less than the values took to be written.
    if values.iter().fold(true, |all, v| all & v.is_finite()) {
        return Ok(());
    }
    let mut wrong = values.iter().zip(wavenumber.iter().cycle()).filter(|(value, _)| !value.is_finite());
    let (value, nu) = wrong.next().unwrap_or((&f64::NAN, &f64::NAN));
    let given = format!("{value} at {nu} cm-1, and {} points more that are not finite", wrong.count());
    let required = "finite numbers: an opacity, a table or a profile has values that no gas has";
    Err(Error::invalid(what, given, required))
}
