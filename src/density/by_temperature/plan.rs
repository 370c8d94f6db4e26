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

/// Cells and levels.
#[derive(Clone, Debug)]
pub struct Plan {
    /// At each temperature.
    pub at: Vec<(Cells, i32)>,
    /// Positions in output nodes, least and greatest.
    pub positions: (f64, f64),
    natural: f64,
}

impl Plan {
    /// For a list of which all is known, or `reach` \[half widths\] and \[cm-1\] if only its first lines are: how far
    /// outside the grid a line may lie, the greater of the two, and within which wavenumbers \[cm-1\] all lines are.
    ///
    /// # Errors
    /// What [`Cells::new`] refuses, and what the demand's `levels` do.
    pub fn new(demand: &Demand<'_>, spans: &Spans, beyond: Option<(f64, f64)>, within: (f64, f64)) -> Result<Self> {
        let (grid, mut spans) = (&demand.grid, spans.clone());
        if let Some((half_widths, least)) = beyond {
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
        }
        let positions = (spans.position.lo, spans.position.hi);
        let middle = (grid.lo() * grid.hi()).sqrt();
        let at = |(t, span): (&f64, &Span)| {
            let widths = Widths { ln_gamma: (span.lo, span.hi), natural: spans.natural };
            let sigma = demand.species.doppler_sigma(*t);
            let cells = Cells::new(*t, widths, demand.pressures, sigma, middle, demand.settings.tolerance)?;
            Ok((cells, demand.levels.finest(demand.species, &cells, positions)?))
        };
        let at = demand.temperatures.iter().zip(&spans.ln_gamma).map(at).collect::<Result<_>>()?;
        Ok(Self { at, positions, natural: spans.natural })
    }

    /// True if everything that lines span is within what this was made for.
    pub fn covers(&self, spans: &Spans) -> bool {
        const ROUNDING: f64 = 1e-9;
        let width = |((cells, _), span): (&(Cells, i32), &Span)| {
            let axis = &cells.ln_gamma;
            span.lo >= axis.mid - axis.half - ROUNDING && span.hi <= axis.mid + axis.half + ROUNDING
        };
        let position = spans.position.lo >= self.positions.0 && spans.position.hi <= self.positions.1;
        position && spans.natural <= self.natural && self.at.iter().zip(&spans.ln_gamma).all(width)
    }
}

/// The refusal of a list that was another one when it was read again.
pub fn changed(species: &Species) -> Error {
    Error::invalid(
        format!("lines of {}", species.name),
        "other widths or wavenumbers than when it was read first",
        "a list that does not change while it is read",
    )
}
