//! What is fixed before lines are summed: cells and level at each temperature, and where lines may lie.
//!
//! A list is read once, so that this must be known from its first lines. What they span is widened, and if the whole
//! list turns out to span more, it is read again with what it does span.

use super::cells::{Cells, Widths};
use super::classes::Spans;
use crate::density::span::Span;
use crate::grid::Grid;
use crate::lines::Species;
use crate::settings::Settings;
use crate::{Error, Result};

/// Room on either side of the span of ln gamma of a list's first lines, and by how much their greatest natural width
/// may be exceeded.
const ROOM: f64 = 0.1;
const NATURAL_ROOM: f64 = 4.0;

/// What a plan is made from, besides lines.
pub struct Demand<'a> {
    /// Output grid.
    pub grid: Grid,
    /// The isotopologue.
    pub species: &'a Species,
    /// Temperatures \[K\].
    pub temperatures: &'a [f64],
    /// Pressures \[bar\].
    pub pressures: &'a [f64],
    /// Tolerance and profile.
    pub settings: &'a Settings,
    /// What chooses levels.
    pub levels: &'a dyn FinestLevel,
}

/// What knows the levels on which layers put lines.
pub trait FinestLevel: Sync {
    /// The finest of them, for lines of a species with these cells' widths, within `positions` in output nodes.
    ///
    /// # Errors
    /// Widths that no level's profiles can represent.
    fn finest(&self, species: &Species, cells: &Cells, positions: (f64, f64)) -> Result<i32>;
}

/// What is fixed at one temperature.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Cells, and the temperature.
    pub cells: Cells,
    /// The level that lines are spread to.
    pub level: i32,
    /// Positions in output nodes that lines may have, least and greatest.
    pub positions: (f64, f64),
    /// Greatest natural width \[cm-1\].
    natural: f64,
    /// True if it was made from all lines.
    pub exact: bool,
}

impl Plan {
    /// For temperature `i` of a list that spans so much; `exact` if that is all of it.
    ///
    /// # Errors
    /// What [`Cells::new`] refuses, and what the demand's `levels` do.
    pub fn new(demand: &Demand<'_>, i: usize, spans: &Spans, exact: bool) -> Result<Self> {
        let (grid, t, span) = (&demand.grid, demand.temperatures[i], spans.ln_gamma[i]);
        let positions = (spans.position.lo, spans.position.hi);
        let middle = (grid.lo() * grid.hi()).sqrt();
        let widths = Widths { ln_gamma: (span.lo, span.hi), natural: spans.natural };
        let sigma = demand.species.doppler_sigma(t);
        let cells = Cells::new(t, widths, demand.pressures, sigma, middle, demand.settings.tolerance)?;
        let level = demand.levels.finest(demand.species, &cells, positions)?;
        Ok(Self { cells, level, positions, natural: spans.natural, exact })
    }

    /// For all temperatures.
    ///
    /// # Errors
    /// See [`new`](Self::new).
    pub fn all(demand: &Demand<'_>, spans: &Spans, exact: bool) -> Result<Vec<Self>> {
        (0..demand.temperatures.len()).map(|i| Self::new(demand, i, spans, exact)).collect()
    }

    /// True if everything that lines span at temperature `i`, that of this plan, is within what it was made for.
    pub fn covers(&self, i: usize, spans: &Spans) -> bool {
        const ROUNDING: f64 = 1e-9;
        let (axis, span) = (&self.cells.ln_gamma, spans.ln_gamma[i]);
        let width = span.lo >= axis.mid - axis.half - ROUNDING && span.hi <= axis.mid + axis.half + ROUNDING;
        let position = spans.position.lo >= self.positions.0 && spans.position.hi <= self.positions.1;
        width && position && spans.natural <= self.natural
    }
}

/// What a list may be expected to span whose first lines span so much. A line lies outside the grid by at most
/// `half_widths` of its own half widths or `least` \[cm-1\], the greater of the two, and within `within` \[cm-1\].
pub fn expected(demand: &Demand<'_>, spans: &Spans, (half_widths, least): (f64, f64), within: (f64, f64)) -> Spans {
    let (grid, mut spans) = (&demand.grid, spans.clone());
    for span in &mut spans.ln_gamma {
        let room = ROOM + ROOM * (span.hi - span.lo);
        *span = Span { lo: span.lo - room, hi: span.hi + room };
    }
    spans.natural *= NATURAL_ROOM;
    let greatest = demand.pressures.iter().copied().fold(0.0, f64::max);
    let widest = (1.0 + ROOM) * spans.widest * greatest + spans.natural;
    let far = least.max(half_widths * widest);
    // A little more than what decides: positions have a rounding error.
    let ends = ((grid.lo() - far).max(within.0), (grid.hi() + far).min(within.1));
    spans.position = Span { lo: grid.position(ends.0) - 1.0, hi: grid.position(ends.1) + 1.0 };
    spans
}

/// The refusal of a list that was another one when it was read again.
pub fn changed(species: &Species) -> Error {
    Error::invalid(
        format!("lines of {}", species.name),
        "other widths or wavenumbers than when it was read first",
        "a list that does not change while it is read",
    )
}
