//! What is told of cross sections: how lists were set up, which levels were chosen.

use serde::Serialize;

use super::budget::ErrorBudget;
use super::prepared::{Prepared, Tier};
use crate::backend::BackendInfo;
use crate::grid::Grid;
use crate::lines::LineList;
use crate::settings::{Method, Settings};
use crate::timing::Stages;

/// Levels and profiles chosen for one list at one pair.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct PairReport {
    /// Temperature \[K\].
    pub temperature_k: f64,
    /// Pressure \[bar\].
    pub pressure_bar: f64,
    /// The isotopologue.
    pub species: String,
    /// Finest convolved level; the grid's own is 0, negative ones are finer.
    pub finest_level: i32,
    /// Coarsest level.
    pub coarsest_level: i32,
    /// True if lines near a point are summed exactly.
    pub near_field: bool,
    /// Profiles that stand for all widths.
    pub profiles: usize,
    /// Multiply-adds per point.
    pub multiply_adds_per_point: f64,
}

/// What is known of one list's set-up.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ListReport {
    /// The isotopologue.
    pub species: String,
    /// Lines used.
    pub lines: usize,
    /// `lines`, `density`, `density by temperature` (nodes of a table) or `direct-sum`.
    pub tier: &'static str,
    /// Bytes of the line-shape density, all levels; 0 in the lines tier.
    pub density_bytes: u64,
    /// True if the cache had the density, or the table of lines, so that no file of lines was parsed.
    pub cached: bool,
    /// Of the lines, those so far outside the grid that only their wings count.
    pub distant_lines: u64,
    /// The largest pressure shift that is left out, in units of its line's half width; see [`Prepared::neglected_shift`].
    pub neglected_shift: f64,
    /// Error by cause.
    pub error_budget: ErrorBudget,
}

/// What was done, and how.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CrossSectionReport {
    /// The grid.
    pub grid: Grid,
    /// The backend.
    pub device: BackendInfo,
    /// Settings as given.
    pub settings: Settings,
    /// By list.
    pub lists: Vec<ListReport>,
    /// By pair and list.
    pub pairs: Vec<PairReport>,
    /// Device bytes planned; 0 on the CPU.
    pub planned_bytes: u64,
    /// Most device bytes that the ledger saw; 0 on the CPU.
    pub tracked_bytes: u64,
    /// Seconds by stage.
    pub seconds: Stages,
}

impl PairReport {
    /// Of layer `i` of a list.
    pub(super) fn of(prepared: &Prepared, i: usize, temperature_k: f64, pressure_bar: f64) -> Self {
        let ladder = &prepared.layers[i].ladder;
        Self {
            temperature_k,
            pressure_bar,
            species: prepared.species.name.clone(),
            finest_level: ladder.finest,
            coarsest_level: ladder.top,
            near_field: ladder.near_field,
            profiles: ladder.channels.count(),
            multiply_adds_per_point: ladder.cost,
        }
    }
}

impl ListReport {
    /// Of a list that is summed line by line, which leaves out shifts of at most `neglected_shift` half widths.
    pub(super) fn of_direct_sum(list: &LineList, neglected_shift: f64) -> Self {
        Self {
            species: list.species.name.clone(),
            lines: list.len(),
            tier: "direct-sum",
            density_bytes: 0,
            cached: false,
            distant_lines: 0,
            neglected_shift,
            error_budget: ErrorBudget::default(),
        }
    }
}

impl Prepared {
    /// Lines, tier and error budget.
    pub fn report(&self, single_precision: bool) -> ListReport {
        let (tier, density_bytes) = match &self.tier {
            Tier::Lines if self.settings.method == Method::Density => ("density by temperature", 0),
            Tier::Lines => ("lines", 0),
            Tier::Density { by_level, .. } => ("density", by_level.values().map(|d| d.bytes()).sum()),
        };
        ListReport {
            species: self.species.name.clone(),
            lines: self.lines_used as usize,
            tier,
            density_bytes,
            cached: self.cached,
            distant_lines: self.distant_lines,
            neglected_shift: self.neglected_shift,
            error_budget: ErrorBudget::of(self, single_precision),
        }
    }
}
