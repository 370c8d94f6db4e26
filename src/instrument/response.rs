//! Response of a spectrograph as a table.

use super::LIGHT_KM_S;
use super::kernel::{Kernel, POINTS_PER_PANEL, Part, panels};
use crate::{Error, Result};

/// Response at offsets in velocity, linear between them and zero outside; it is normalised, and neither centred nor made symmetric.
///
/// A narrow line at rest is recorded with the shape weight(velocity): positive velocities are to the red, smaller wavenumbers.
#[derive(Clone, Debug, PartialEq)]
pub struct ResponseTable {
    velocity_km_s: Vec<f64>,
    /// Per km/s; the integral is one.
    weight: Vec<f64>,
}

impl ResponseTable {
    /// A table of `weight` (any unit) at `velocity_km_s`.
    ///
    /// # Errors
    /// [`Error::Invalid`]: lengths that differ, fewer than two rows, velocities that are not strictly ascending or not within 0.1 c, weights
    /// that are negative, not finite or all zero.
    pub fn new(velocity_km_s: &[f64], weight: &[f64]) -> Result<Self> {
        let fail = |what: &str, given: String, required: &str| {
            Err(Error::invalid(format!("response: {what}"), given, required))
        };
        if velocity_km_s.len() != weight.len() || weight.len() < 2 {
            let given = format!("{} velocities and {} weights", velocity_km_s.len(), weight.len());
            return fail("rows of the table", given, "two or more, as many weights as velocities");
        }
        if let Some(v) = velocity_km_s.iter().find(|v| v.is_nan() || v.abs() >= 0.1 * LIGHT_KM_S) {
            return fail("velocity [km s-1]", v.to_string(), "a finite number within a tenth of the speed of light");
        }
        if let Some(pair) = velocity_km_s.windows(2).find(|v| v[0] >= v[1]) {
            return fail("velocities [km s-1]", format!("{} before {}", pair[0], pair[1]), "strictly ascending order");
        }
        if let Some(w) = weight.iter().find(|w| !(w.is_finite() && **w >= 0.0)) {
            return fail("weight", w.to_string(), "a finite number, zero or more");
        }
        let area: f64 = segments(velocity_km_s, weight).map(|[v0, v1, w0, w1]| 0.5 * (v1 - v0) * (w0 + w1)).sum();
        if !(area > 0.0 && area.is_finite()) {
            return fail("integral of the weights", area.to_string(), "a positive number");
        }
        Ok(Self { velocity_km_s: velocity_km_s.to_vec(), weight: weight.iter().map(|w| w / area).collect() })
    }

    /// Offsets in velocity \[row\], km s-1.
    pub fn velocity_km_s(&self) -> &[f64] {
        &self.velocity_km_s
    }

    /// The normalised response at the offsets \[row\], per km s-1.
    pub fn weight(&self) -> &[f64] {
        &self.weight
    }

    /// Reach in ln nu to both sides, as signed numbers.
    pub(super) fn reach(&self) -> (f64, f64) {
        let shift = |v: f64| (v / LIGHT_KM_S).atanh();
        (shift(self.velocity_km_s[0]), shift(self.velocity_km_s[self.velocity_km_s.len() - 1]))
    }

    /// The kernel on a grid of steps `step` in ln nu.
    pub(super) fn part(&self, step: f64) -> Part {
        let (low, high) = self.reach();
        let mut kernel = Kernel::zeros(low / step, high / step);
        for [v0, v1, w0, w1] in segments(&self.velocity_km_s, &self.weight) {
            // Nodes half a step of the grid apart.
            let count = 2.0 * (v1 - v0) / LIGHT_KM_S / step / POINTS_PER_PANEL as f64;
            for (v, dv) in panels(v0, v1, (count.ceil() as usize).max(1)) {
                // What is recorded at q left the source at q + u for a shift to the red by v.
                let weight = w0 + (w1 - w0) * (v - v0) / (v1 - v0);
                kernel.add((v / LIGHT_KM_S).atanh() / step, weight * dv);
            }
        }
        Part::fixed(kernel)
    }
}

/// \[v0, v1, w0, w1\] of each stretch between rows.
fn segments(velocity: &[f64], weight: &[f64]) -> impl Iterator<Item = [f64; 4]> {
    velocity.windows(2).zip(weight.windows(2)).map(|(v, w)| [v[0], v[1], w[0], w[1]])
}
