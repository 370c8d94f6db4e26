//! `simulate` of `[[data]]`: points and errors of mock data.

use super::reader::{Item, POSITIVE};
use crate::Result;
use crate::scenario::limits;

/// Where a mock has points, and how large its errors are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimulationKeys {
    /// First and last wavenumber \[cm-1\].
    pub range: (f64, f64),
    /// Number of points, equally spaced in ln(wavenumber).
    pub points: usize,
    /// Their standard errors.
    pub error: ErrorKeys,
}

/// Standard errors of mock data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ErrorKeys {
    /// The same for all points, in the unit of the data.
    Constant(f64),
    /// What the data would be without noise, over this.
    SignalToNoise(f64),
}

impl SimulationKeys {
    /// Wavenumbers, ascending \[cm-1\].
    pub fn wavenumbers(&self) -> Vec<f64> {
        let ((lo, hi), last) = (self.range, (self.points - 1) as f64);
        (0..self.points).map(|i| lo * ((hi / lo).ln() * i as f64 / last).exp()).collect()
    }
}

pub(super) fn simulation(item: &Item) -> Result<SimulationKeys> {
    let s = item.section(&["range_cm", "range_um", "points", "resolution", "error", "signal_to_noise"])?;
    let (range, in_cm) = s.either("range_cm", "range_um", "[LO, HI], the first and last point of the mock")?;
    let (lo, hi) = range.range()?;
    let range = if in_cm { (lo, hi) } else { (1e4 / hi, 1e4 / lo) };
    let most = limits::POINTS.1.min(10_000_000);
    let (points, counted) = s.either("points", "resolution", "a number of points, or the resolution of neighbours")?;
    let points = match counted {
        true => points.integer((2, most))?,
        false => {
            let found = ((range.1 / range.0).ln() * points.number(POSITIVE)?).ceil().max(1.0) + 1.0;
            if found > most as f64 {
                return Err(points.wrong(&format!("a resolution with at most {most} points, not {found}")));
            }
            found as usize
        }
    };
    let (error, constant) = s.either("error", "signal_to_noise", "the points' error, in the unit of the data")?;
    let value = error.number(POSITIVE)?;
    let error = if constant { ErrorKeys::Constant(value) } else { ErrorKeys::SignalToNoise(value) };
    Ok(SimulationKeys { range, points, error })
}
