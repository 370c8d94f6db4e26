//! The output grid: equal steps in q = ln(wavenumber) ("ESLOG").
//!
//! On such a grid the profile of every line is the same function of q - q_i, wings included, apart from the factor
//! 1/nu_i that belongs to the strength. That shift invariance is what all convolutions of this library rest on.

use crate::{Error, Result};

/// `n` wavenumbers from `lo` to `hi` \[cm-1\], both included, with equal steps h = 1/R in ln nu.
///
/// ```
/// use photosphere::grid::Grid;
///
/// // Equal steps in ln nu: 1e5 points per e-fold of wavenumber, 4300 to 4310 cm-1
/// let grid = Grid::with_resolution(4300.0, 4310.0, 1e5)?;
/// let nu = grid.wavenumbers();
/// assert_eq!((nu.len(), nu[0]), (grid.len(), 4300.0));
/// # Ok::<(), photosphere::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Grid {
    lo: f64,
    hi: f64,
    points: usize,
}

impl Grid {
    /// A grid of `points` wavenumbers, the ends included.
    ///
    /// # Errors
    /// Ends that are not finite, positive and ascending; fewer than 2 or more than 2^28 points; a resolution h above
    /// 1e-2 (profiles would not be sampled at all) or below 1e-12 (f64 positions would round).
    pub fn new(lo: f64, hi: f64, points: usize) -> Result<Self> {
        if !(lo.is_finite() && hi.is_finite() && lo > 0.0 && lo < hi) {
            return Err(Error::invalid("wavenumber range [cm-1]", format!("{lo}:{hi}"), "0 < LO < HI, both finite"));
        }
        if !(2..=1 << 28).contains(&points) {
            return Err(Error::invalid("number of grid points", points, "2 to 268435456"));
        }
        let grid = Self { lo, hi, points };
        if !(1e-12..=1e-2).contains(&grid.step()) {
            return Err(Error::invalid(
                "grid resolution R = nu / d nu",
                format!("{:.3e} ({points} points from {lo} to {hi} cm-1)", grid.resolution()),
                "100 to 1e12",
            ));
        }
        Ok(grid)
    }

    /// A grid from `lo` to `hi` \[cm-1\] whose resolution nu / d nu is at least `resolution`.
    pub fn with_resolution(lo: f64, hi: f64, resolution: f64) -> Result<Self> {
        let points = (resolution * (hi / lo).ln()).ceil() + 1.0;
        if !(2.0..=268435456.0).contains(&points) {
            return Err(Error::invalid("resolution", resolution, "one that gives 2 to 268435456 points in the range"));
        }
        Self::new(lo, hi, points as usize)
    }

    /// Number of points.
    #[allow(clippy::len_without_is_empty)] // a grid has at least two points
    pub fn len(&self) -> usize {
        self.points
    }

    /// First wavenumber \[cm-1\].
    pub fn lo(&self) -> f64 {
        self.lo
    }

    /// Last wavenumber \[cm-1\].
    pub fn hi(&self) -> f64 {
        self.hi
    }

    /// Step h in ln nu.
    pub fn step(&self) -> f64 {
        (self.hi / self.lo).ln() / (self.points - 1) as f64
    }

    /// R = nu / d nu = 1/h.
    pub fn resolution(&self) -> f64 {
        1.0 / self.step()
    }

    /// Wavenumber of point `i` \[cm-1\].
    pub fn wavenumber(&self, i: usize) -> f64 {
        if i + 1 == self.points { self.hi } else { self.lo * (self.step() * i as f64).exp() }
    }

    /// All wavenumbers \[cm-1\], ascending.
    pub fn wavenumbers(&self) -> Vec<f64> {
        (0..self.points).map(|i| self.wavenumber(i)).collect()
    }

    /// Wavenumbers \[cm-1\] of at most `most` points (at least 2), the first and the last among them, in equal steps but for the last.
    pub fn sampled(&self, most: usize) -> Vec<f64> {
        let step = (self.points - 1).div_ceil(most.max(2) - 1).max(1);
        let inner = (0..self.points - 1).step_by(step).map(|i| self.wavenumber(i));
        inner.chain([self.hi]).collect()
    }

    /// Position of a wavenumber \[cm-1\] in steps from the first point; any real number.
    pub fn position(&self, wavenumber: f64) -> f64 {
        (wavenumber / self.lo).ln() / self.step()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_points_and_positions_invert() {
        let g = Grid::new(1950.0, 2250.0, 150_000).unwrap();
        assert_eq!((g.wavenumber(0), g.wavenumber(149_999)), (1950.0, 2250.0));
        for i in [0, 1, 77_777, 149_999] {
            assert!((g.position(g.wavenumber(i)) - i as f64).abs() < 1e-6);
        }
        assert!((g.resolution() - 1.048e6).abs() < 1e3);
    }

    #[test]
    fn impossible_grids_are_refused() {
        for (lo, hi, n) in [(0.0, 1.0, 10), (2.0, 1.0, 10), (1.0, f64::NAN, 10), (1.0, 2.0, 1), (1.0, 2.0, 5)] {
            assert!(Grid::new(lo, hi, n).is_err(), "{lo} {hi} {n}");
        }
        assert!(Grid::with_resolution(1.0, 2.0, f64::INFINITY).is_err());
    }
}
