//! Limits on temperature.

use super::Number;
use crate::grid::TemperatureRange;

/// `temperature` \[K\], or the limit of `range` that it exceeds. NaN stays NaN.
///
/// Beyond a limit the derivatives are zero. Exactly at a limit they are the one-sided ones from inside the range.
pub fn clip<D: Number>(temperature: D, range: TemperatureRange) -> D {
    let value = temperature.re();
    match () {
        () if value < range.lo => D::from(range.lo),
        () if value > range.hi => D::from(range.hi),
        () => temperature,
    }
}
