//! Layers in pressure.
//!
//! A logarithmic grid has layers at equal steps of log P whose boundaries lie half a step (in log P) above and below:
//! with k = P_(i-1) / P_i, layer i reaches from k^(1/2) P_i to k^(-1/2) P_i, so dP_i = (k^(-1/2) - k^(1/2)) P_i.
//! The first and last layer centres are the given top and bottom pressures.

use crate::{Error, Result};

/// Centre pressure and pressure thickness of each layer \[bar\], top first.
#[derive(Debug, Clone, PartialEq)]
pub struct PressureGrid {
    pressure_bar: Vec<f64>,
    dpressure_bar: Vec<f64>,
}

impl PressureGrid {
    /// `layers` layers (two or more) equally spaced in log P, centred from `top_bar` to `bottom_bar` inclusive.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless 0 < top < bottom, both finite, and there are at least two layers.
    pub fn logarithmic(top_bar: f64, bottom_bar: f64, layers: usize) -> Result<Self> {
        check_pressure("pressure at the top", top_bar)?;
        check_pressure("pressure at the bottom", bottom_bar)?;
        if bottom_bar <= top_bar {
            let required = format!("more than the pressure at the top, {top_bar} bar");
            return Err(Error::invalid("pressure at the bottom", format!("{bottom_bar} bar"), required));
        }
        if layers < 2 {
            return Err(Error::invalid("number of layers", layers, "two or more"));
        }
        let step = (bottom_bar / top_bar).log10() / (layers - 1) as f64;
        let half_step = 10f64.powf(0.5 * step);
        let thickness = half_step - 1.0 / half_step;
        let top = top_bar.log10();
        let mut pressure_bar: Vec<f64> = (0..layers).map(|i| 10f64.powf(top + step * i as f64)).collect();
        // The ends are as given, to the bit.
        pressure_bar[0] = top_bar;
        pressure_bar[layers - 1] = bottom_bar;
        let dpressure_bar = pressure_bar.iter().map(|pressure| pressure * thickness).collect();
        Ok(Self { pressure_bar, dpressure_bar })
    }

    /// Layers between the given boundaries \[bar\], top first; each centre is the geometric mean of its boundaries.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless there are two or more positive, finite, strictly increasing boundaries.
    pub fn from_boundaries(boundary_bar: &[f64]) -> Result<Self> {
        if boundary_bar.len() < 2 {
            return Err(Error::invalid("number of pressure boundaries", boundary_bar.len(), "two or more"));
        }
        check_increasing("pressure boundary", boundary_bar)?;
        Ok(Self {
            pressure_bar: boundary_bar.windows(2).map(|pair| (pair[0] * pair[1]).sqrt()).collect(),
            dpressure_bar: boundary_bar.windows(2).map(|pair| pair[1] - pair[0]).collect(),
        })
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.pressure_bar.len()
    }

    /// Pressure at the centre of each layer \[bar\], increasing.
    pub fn pressure_bar(&self) -> &[f64] {
        &self.pressure_bar
    }

    /// Pressures of the layers' boundaries \[bar\], from the top, one more than there are layers. Each layer's centre is the geometric mean of its boundaries,
    /// and their difference is its thickness.
    pub fn boundaries_bar(&self) -> Vec<f64> {
        // P_up P_low = P^2 and P_low - P_up = dP; a boundary between two layers is the mean of what they say, which differ in rounding.
        let half = |i: usize| 0.5 * self.dpressure_bar[i];
        let low = |i: usize| half(i) + half(i).hypot(self.pressure_bar[i]);
        let up = |i: usize| self.pressure_bar[i].powi(2) / low(i);
        let last = self.layers() - 1;
        let between = (0..last).map(|i| (low(i) * up(i + 1)).sqrt());
        std::iter::once(up(0)).chain(between).chain([low(last)]).collect()
    }

    /// Pressure thickness of each layer \[bar\].
    pub fn dpressure_bar(&self) -> &[f64] {
        &self.dpressure_bar
    }
}

fn check_pressure(what: &str, pressure_bar: f64) -> Result<()> {
    if pressure_bar.is_finite() && pressure_bar > 0.0 {
        return Ok(());
    }
    Err(Error::invalid(what, format!("{pressure_bar} bar"), "a positive, finite pressure"))
}

/// Whether pressures are positive, finite and strictly increasing; the error names the first that is not, from 0.
pub(super) fn check_increasing(what: &str, pressure_bar: &[f64]) -> Result<()> {
    for (i, pressure) in pressure_bar.iter().enumerate() {
        check_pressure(&format!("{what} {i}"), *pressure)?;
        if i > 0 && *pressure <= pressure_bar[i - 1] {
            let required = format!("more than the one before, {} bar (top first)", pressure_bar[i - 1]);
            return Err(Error::invalid(format!("{what} {i}"), format!("{pressure} bar"), required));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_published_grids() {
        // First, second and last layer of a 200- and a 100-layer grid from 1e-5 to 10 bar, of the reference spectra.
        let cases = [
            (200, [1.0718913192051286e-5, 9.329304026284676], [6.94386191797921e-7, 0.694386191797921]),
            (100, [1.1497569953977357e-5, 8.697490026177835], [1.3966387512710342e-6, 1.3966387512710343]),
        ];
        for (layers, pressure, thickness) in cases {
            let grid = PressureGrid::logarithmic(1e-5, 10.0, layers).unwrap();
            let (p, dp) = (grid.pressure_bar(), grid.dpressure_bar());
            assert_eq!((p.len(), dp.len(), grid.layers()), (layers, layers, layers));
            let found = [p[0], p[1], p[layers - 2], p[layers - 1], dp[0], dp[layers - 1]];
            let expected = [1e-5, pressure[0], pressure[1], 10.0, thickness[0], thickness[1]];
            for (found, expected) in found.iter().zip(expected) {
                assert!((found / expected - 1.0).abs() < 1e-13, "{layers} layers: {found}, expected {expected}");
            }
        }
    }

    #[test]
    fn layers_meet_at_their_boundaries() {
        let grid = PressureGrid::logarithmic(1e-4, 100.0, 61).unwrap();
        // Six decades in 60 steps; half a step beyond each end.
        let boundaries: Vec<f64> = (0..62).map(|i| 10f64.powf(-4.05 + 0.1 * f64::from(i))).collect();
        let same = PressureGrid::from_boundaries(&boundaries).unwrap();
        for i in 0..61 {
            assert!((same.pressure_bar()[i] / grid.pressure_bar()[i] - 1.0).abs() < 1e-13);
            assert!((grid.boundaries_bar()[i] / boundaries[i] - 1.0).abs() < 1e-13);
            assert!((same.boundaries_bar()[i + 1] / boundaries[i + 1] - 1.0).abs() < 1e-13);
            assert!((same.dpressure_bar()[i] / grid.dpressure_bar()[i] - 1.0).abs() < 1e-12);
        }
        let total: f64 = grid.dpressure_bar().iter().sum();
        assert!((total / (boundaries[61] - boundaries[0]) - 1.0).abs() < 1e-13);
    }

    #[test]
    fn impossible_grids_are_refused() {
        for (top, bottom, layers, word) in [
            (0.0, 1.0, 10, "at the top"),
            (-1.0, 1.0, 10, "at the top"),
            (f64::NAN, 1.0, 10, "at the top"),
            (1e-5, f64::INFINITY, 10, "at the bottom"),
            (1.0, 1.0, 10, "more than the pressure at the top, 1 bar"),
            (1.0, 0.1, 10, "more than the pressure at the top"),
            (1e-5, 1.0, 1, "two or more"),
            (1e-5, 1.0, 0, "two or more"),
        ] {
            let message = PressureGrid::logarithmic(top, bottom, layers).unwrap_err().to_string();
            assert!(message.contains(word), "{message}");
        }
        assert!(PressureGrid::from_boundaries(&[1.0]).is_err());
        let message = PressureGrid::from_boundaries(&[1.0, 2.0, 2.0]).unwrap_err().to_string();
        assert!(message.contains("pressure boundary 2: given 2 bar"), "{message}");
    }
}
