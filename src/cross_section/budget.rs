//! Where the error comes from: bounds by cause.

use super::prepared::{Prepared, Tier};
use crate::grid::level::nodes_per_radius;

/// Largest relative errors by cause, as found or bounded at set-up. They meet at few points and have either sign; the sum is a bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct ErrorBudget {
    /// Interpolation of Boltzmann factors in lower-state energy (density tier).
    pub energy: f64,
    /// Interpolation over broadening cells: width, exponent and curvature (density tier).
    pub broadening: f64,
    /// Interpolation in the natural width (density tier).
    pub natural_width: f64,
    /// Few profiles standing for all widths of a layer.
    pub widths: f64,
    /// Spreading lines onto nodes and prolonging the finest level.
    pub spreading: f64,
    /// Interpolation in the table of the partition function.
    pub partition: f64,
    /// Lines far outside the grid: what their expansion and its interpolation in temperature leave out, of their own share.
    pub distant: f64,
    /// What the nodes of a level leave of the jump of a wing law, of the profile there.
    pub wing_law: f64,
    /// Softened profiles on the coarser levels: 4.1e-4 at 8 nodes a radius, falling as the fifth power (measured).
    pub softening: f64,
    /// Arithmetic and the profile's formula: 3e-6 in f64 (the wing series). In f32, measured against the twin, 2e-5 where lines near a
    /// point are summed exactly; 1e-4 where all are spread, because in a Gaussian flank a value is what is left of larger neighbours.
    pub arithmetic: f64,
}

impl ErrorBudget {
    /// The budget of a set-up.
    pub fn of(prepared: &Prepared, single_precision: bool) -> Self {
        let (energy, broadening, natural_width) = match &prepared.tier {
            Tier::Lines => (0.0, 0.0, 0.0),
            Tier::Density { axes, .. } => (axes.energy.error, axes.broadening.error, axes.natural_error),
        };
        let worst =
            |f: fn(&super::levels::Ladder) -> f64| prepared.layers.iter().map(|l| f(&l.ladder)).fold(0.0, f64::max);
        Self {
            energy,
            broadening,
            natural_width,
            widths: worst(|l| l.channels.error),
            spreading: worst(|l| l.spreading_error),
            partition: {
                let range = prepared.settings.temperature_range;
                prepared.species.partition.interpolation_error(range.lo, range.hi)
            },
            distant: if prepared.distant_lines > 0 { 2e-4 } else { 0.0 },
            wing_law: if prepared.law.is_some() { 5e-5 } else { 0.0 },
            softening: 4.1e-4 * (8.0 / nodes_per_radius(prepared.settings.tolerance)).powi(5),
            arithmetic: match single_precision {
                false => 3e-6,
                true if prepared.layers.iter().all(|l| l.ladder.near_field) => 2e-5,
                true => 1e-4,
            },
        }
    }

    /// Sum of all causes.
    pub fn total(&self) -> f64 {
        self.energy
            + self.broadening
            + self.natural_width
            + self.widths
            + self.spreading
            + self.partition
            + self.distant
            + self.wing_law
            + self.softening
            + self.arithmetic
    }
}
