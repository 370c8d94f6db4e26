//! Collision-induced absorption as HITRAN tabulates it.
//!
//! A file holds blocks, each a header and (wavenumber, coefficient) rows at one temperature (Karman et al. 2019, Icarus 328, 160). The
//! optical depth of a layer is k(nu, T) n_1 n_2 dz, with k in cm5 molecule-2 and number densities in cm-3.
//!
//! **Wavenumber.** Between rows k is linear in wavenumber, at every temperature; where the temperatures of a band have rows at different
//! wavenumbers, all of them count. Outside the bands k is 0. Only blocks in which a grid has a point are judged. Where blocks of several sources
//! overlap, the narrower band holds, of equally wide ones the later in the file (`cia_table/bands.rs` says what a band is), and a note says so.
//!
//! **Temperature.** At the wavenumbers of its rows, ln k runs smoothly in ln T through the rows and never beyond them (`cia_table/interpolant.rs`), with
//! each band's own temperatures. A coefficient of 0, or below (the noise of a measurement), stands as [`FLOOR`]: next to it, k falls to nothing within the
//! nearer part of the way. Where a block of a band ends before those at other temperatures, it is passed over; the lowest and the highest temperature
//! are replaced by the next one there, and a note says so. A temperature outside a band is refused, or, on request ([`CiaTable::clamped`]), takes the
//! coefficients of the nearest that the band has; a band of one temperature serves that temperature, or, clamped, all.

mod bands;
mod grid;
mod interpolant;
mod nodes;
mod parse;

use std::path::{Path, PathBuf};

use crate::{Error, Result};
use bands::{Band, Side, bands, shared};
use nodes::Nodes;

pub use grid::{BandLimits, CiaGrid, LN_NOTHING, TemperatureWeights};

/// Value that stands for zero in [`CiaGrid::ln_coefficient`] \[cm5 molecule-2\]: fifteen decades below what is measured.
pub const FLOOR: f64 = 1e-60;

/// Temperatures \[K\] of the two equal rows of a [`CiaGrid`] that does not depend on temperature.
pub const ANY_TEMPERATURE: [f64; 2] = [1.0, 1e6];

/// A coefficient on one wavenumber range at one temperature.
#[derive(Clone, Debug, PartialEq)]
pub struct CiaBlock {
    /// Temperature \[K\].
    pub temperature: f64,
    /// Wavenumbers, strictly ascending \[cm-1\].
    pub wavenumber: Vec<f64>,
    /// Coefficients, at least 0 \[cm5 molecule-2\].
    pub coefficient: Vec<f64>,
    /// Line of the header in the file, from 1.
    pub line: u64,
    /// The header's reference, which names the source; may be empty.
    pub reference: String,
    /// Coefficients that were negative and were set to 0.
    pub negative: u64,
}

impl CiaBlock {
    fn range(&self) -> (f64, f64) {
        (self.wavenumber[0], self.wavenumber[self.wavenumber.len() - 1])
    }

    /// Whether the limit at `nu` from a side is the block's.
    fn contains(&self, nu: f64, side: Side) -> bool {
        let (lo, hi) = self.range();
        match side {
            Side::Below => lo < nu && nu <= hi,
            Side::At => lo <= nu && nu <= hi,
            Side::Above => lo <= nu && nu < hi,
        }
    }

    /// Linear in wavenumber; `nu` is inside.
    fn at(&self, nu: f64) -> f64 {
        let (x, y) = (&self.wavenumber, &self.coefficient);
        if x.len() == 1 {
            return y[0];
        }
        let i = x.partition_point(|v| *v <= nu).clamp(1, x.len() - 1);
        y[i - 1] + (y[i] - y[i - 1]) * (nu - x[i - 1]) / (x[i] - x[i - 1])
    }
}

/// A file of collision-induced absorption of one pair of molecules.
#[derive(Clone, Debug)]
pub struct CiaTable {
    /// The pair as the file names it, e.g. `H2-H2`.
    pub name: String,
    /// Coefficients that were negative (noise of a measurement) and were set to 0.
    pub negative_set_to_zero: u64,
    path: PathBuf,
    /// In the order in which they hold.
    bands: Vec<Band>,
    faults: Vec<parse::Fault>,
    clamped: bool,
}

impl CiaTable {
    /// From a HITRAN CIA file, plain or compressed (`.bz2`, `.zip`).
    ///
    /// # Errors
    /// A file that cannot be read, or without a single block that can be used. What is wrong with other blocks, by line, is the error of those who
    /// need them: [`resample`](Self::resample) and [`coefficient`](Self::coefficient).
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let parse::Content { path, name, blocks, faults } = parse::read(path.as_ref())?;
        let negative_set_to_zero = blocks.iter().map(|b| b.negative).sum();
        Ok(Self { bands: bands(blocks), name, negative_set_to_zero, path, faults, clamped: false })
    }

    /// The same table; if `clamped`, a temperature outside a band takes the coefficients of the nearest that the band has, in place of an error.
    #[must_use]
    pub fn clamped(self, clamped: bool) -> Self {
        Self { clamped, ..self }
    }

    /// Wavenumber ranges of its bands, ascending \[cm-1\]; they may overlap.
    pub fn wavenumber_ranges(&self) -> impl Iterator<Item = (f64, f64)> {
        let mut ranges: Vec<_> = self.bands.iter().map(|b| b.range).collect();
        ranges.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        ranges.into_iter()
    }

    /// The blocks of all bands that can be used.
    pub fn blocks(&self) -> impl Iterator<Item = &CiaBlock> {
        self.bands.iter().flat_map(Band::blocks)
    }

    /// Lowest and highest temperature \[K\] at which all bands that hold at some of `nu_cm` \[cm-1\] have values; `None` if there is no such band.
    /// The first is above the second if the bands have no temperature in common.
    pub fn temperature_range(&self, nu_cm: &[f64]) -> Option<(f64, f64)> {
        self.used(nu_cm).into_iter().map(|i| self.bands[i].temperatures()).reduce(|a, b| (a.0.max(b.0), a.1.min(b.1)))
    }

    /// Coefficients at wavenumbers `nu_cm` \[cm-1\] in any order, in cm5 molecule-2, at a `temperature` \[K\].
    ///
    /// # Errors
    /// As for [`resample`](Self::resample); a temperature outside a band that is needed, if the table is not clamped.
    pub fn coefficient(&self, nu_cm: &[f64], temperature: f64) -> Result<Vec<f64>> {
        self.resample(nu_cm)?.coefficient(temperature)
    }

    /// The band that holds at a wavenumber.
    fn holding(&self, nu: f64) -> Option<usize> {
        self.bands.iter().position(|b| b.contains(nu))
    }

    /// The bands that hold at some wavenumber, in their order.
    fn used(&self, nu_cm: &[f64]) -> Vec<usize> {
        let mut used = vec![false; self.bands.len()];
        nu_cm.iter().filter_map(|nu| self.holding(*nu)).for_each(|i| used[i] = true);
        (0..used.len()).filter(|i| used[*i]).collect()
    }

    /// The table for a wavenumber grid `nu_cm` \[cm-1\], at the temperatures of all bands that hold at some point of it. A grid that no band meets has
    /// coefficients of 0, which a note says.
    ///
    /// # Errors
    /// A wavenumber that is not finite; a block with a point of the grid that cannot be used, by line; bands without a common temperature, if the table
    /// is not clamped.
    pub fn resample(&self, nu_cm: &[f64]) -> Result<CiaGrid> {
        if let Some(nu) = nu_cm.iter().find(|nu| !nu.is_finite()) {
            return Err(Error::invalid(format!("{}: wavenumber [cm-1]", self.name), nu, "a finite number"));
        }
        let meets = |range: (f64, f64)| nu_cm.iter().any(|nu| (range.0..=range.1).contains(nu));
        if let Some(fault) = self.faults.iter().find(|fault| meets(fault.range)) {
            return Err(Error::parse(&self.path, fault.line, fault.message.as_str()));
        }
        let (lo, hi) = nu_cm.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), nu| (lo.min(*nu), hi.max(*nu)));
        let used = self.used(nu_cm);
        let bands: Vec<&Band> = used.iter().map(|i| &self.bands[*i]).collect();
        let of = |b: &&Band| BandLimits { wavenumber: b.range, temperature: b.temperatures() };
        let limits: Vec<BandLimits> = bands.iter().map(of).collect();
        self.check_common(&limits)?;
        let rows = rows(&bands);
        let nodes: Vec<_> = bands.iter().map(|band| Nodes::of(band, lo, hi)).collect();
        let mut first = vec![1]; // node of each band
        first.extend(nodes.iter().scan(1, |first, nodes| {
            *first += nodes.nodes.len();
            Some(*first)
        }));
        let count = first[bands.len()] + 1;
        let place = |nu: &f64| match self.holding(*nu).and_then(|band| used.binary_search(&band).ok()) {
            Some(i) => first[i] as f64 + nodes[i].position(*nu),
            None => 0.0,
        };
        let position = nu_cm.iter().map(place).collect();
        let mut ln_coefficient = vec![LN_NOTHING; rows.len() * count];
        let mut ln_slope = vec![0.0; rows.len() * count];
        for ((band, nodes), first) in bands.iter().zip(&nodes).zip(&first) {
            for (node, curve) in nodes.curves(band).enumerate() {
                let Some(curve) = curve else { continue };
                for (i, (t, upward)) in rows.iter().enumerate() {
                    (ln_coefficient[i * count + first + node], ln_slope[i * count + first + node]) =
                        curve.at(t.ln(), *upward);
                }
            }
        }
        let temperatures = rows.into_iter().map(|(t, _)| t).collect();
        let notes = self.notes(nu_cm, &used);
        let (name, clamped) = (self.name.clone(), self.clamped);
        Ok(CiaGrid { name, temperatures, ln_coefficient, ln_slope, position, limits, clamped, notes })
    }

    fn check_common(&self, limits: &[BandLimits]) -> Result<()> {
        let ends = limits.iter().map(|l| l.temperature).reduce(|a, b| (a.0.max(b.0), a.1.min(b.1)));
        match ends {
            Some((lo, hi)) if lo > hi && !self.clamped => Err(Error::invalid(
                format!("{} collision-induced absorption", self.name),
                format!("bands that start at {lo} K and end at {hi} K"),
                "a common range of temperatures on the grid, or coefficients held at their ends (temperature = \"clamp\")",
            )),
            _ => Ok(()),
        }
    }

    /// What a user must be told of a grid.
    fn notes(&self, nu_cm: &[f64], used: &[usize]) -> Vec<String> {
        let mut notes = Vec::new();
        if used.is_empty() {
            let mut ranges: Vec<String> =
                self.wavenumber_ranges().map(|(lo, hi)| format!("{lo} to {hi} cm-1")).collect();
            ranges.dedup();
            let file = self.path.display();
            notes.push(format!("{file} has nothing on the grid and adds nothing: it covers {}", ranges.join(", ")));
        }
        notes.extend(self.uncovered(nu_cm).filter(|_| !used.is_empty()));
        for i in used {
            let band = &self.bands[*i];
            let here = |range: (f64, f64)| {
                nu_cm.iter().any(|nu| (range.0..=range.1).contains(nu) && self.holding(*nu) == Some(*i))
            };
            // Bands come in the order in which they hold: those after this one give way.
            for other in &self.bands[i + 1..] {
                let both = (band.range.0.max(other.range.0), band.range.1.min(other.range.1));
                if shared(band.range, other.range) > 0.0 && here(both) {
                    notes.push(format!(
                        "where they overlap, {} taken and not {}: the narrower band, of equally wide ones the later in the file, holds",
                        band.describe(),
                        other.describe()
                    ));
                }
            }
            for slice in &band.slices {
                notes.extend(overlapping(slice, &here));
            }
            notes.extend(self.unreached(band, &here));
            let negative: u64 = band.blocks().map(|b| b.negative).sum();
            if negative > 0 {
                let all: usize = band.blocks().map(|b| b.coefficient.len()).sum();
                notes.push(format!(
                    "{negative} of {all} coefficients of {} are below 0, noise of the measurement, and were taken as 0",
                    band.describe()
                ));
            }
        }
        notes
    }

    /// The parts of an ascending grid in which no band lies.
    fn uncovered(&self, nu_cm: &[f64]) -> Option<String> {
        let mut parts: Vec<(f64, f64)> = Vec::new();
        let mut open = false;
        for nu in nu_cm {
            let bare = self.holding(*nu).is_none();
            match parts.last_mut() {
                Some(last) if bare && open => last.1 = *nu,
                _ if bare => parts.push((*nu, *nu)),
                _ => {}
            }
            open = bare;
        }
        let in_words =
            |(lo, hi): &(f64, f64)| if lo == hi { format!("{lo:.2}") } else { format!("{lo:.2} to {hi:.2}") };
        let words: Vec<_> = parts.iter().map(in_words).collect();
        let text =
            || format!("the file has no coefficients on {} cm-1 of the grid, where it adds nothing", words.join(", "));
        (!parts.is_empty()).then(text)
    }

    /// Where blocks of a band end before those of other temperatures.
    fn unreached(&self, band: &Band, here: &dyn Fn((f64, f64)) -> bool) -> Option<String> {
        let missing = |slice: &&bands::Slice| {
            let mut ranges: Vec<_> = slice.blocks.iter().map(CiaBlock::range).collect();
            ranges.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut from = band.range.0;
            let mut gaps = Vec::new();
            for (lo, hi) in ranges.into_iter().chain([(band.range.1, band.range.1)]) {
                // Open at both ends, which belong to blocks.
                gaps.push((from.next_up(), lo.next_down()));
                from = from.max(hi);
            }
            let first = slice.blocks.iter().map(|b| b.range().0).fold(f64::INFINITY, f64::min);
            let last = slice.blocks.iter().map(|b| b.range().1).fold(f64::NEG_INFINITY, f64::max);
            if first > band.range.0 {
                gaps.push((band.range.0, band.range.0));
            }
            if last < band.range.1 {
                gaps.push((band.range.1, band.range.1));
            }
            gaps.into_iter().any(|gap| gap.0 <= gap.1 && here(gap))
        };
        let temperatures: Vec<String> =
            band.slices.iter().filter(missing).map(|s| format!("{} K", s.temperature)).collect();
        (!temperatures.is_empty()).then(|| {
            let at = temperatures.join(", ");
            format!(
                "the blocks of {} at {at} do not reach all of the grid there; beside them the other temperatures serve",
                band.describe()
            )
        })
    }
}

/// Blocks of one temperature that overlap where the grid has points.
fn overlapping(slice: &bands::Slice, here: &dyn Fn((f64, f64)) -> bool) -> Vec<String> {
    let mut notes = Vec::new();
    for (i, taken) in slice.blocks.iter().enumerate() {
        for other in &slice.blocks[i + 1..] {
            let ((a, b), (c, d)) = (taken.range(), other.range());
            if shared((a, b), (c, d)) > 0.0 && here((a.max(c), b.min(d))) {
                notes.push(format!(
                    "at {} K the block of line {} ({a} to {b} cm-1) was taken where it overlaps that of line {} ({c} to {d} cm-1): the narrower, of \
                     equally wide ones the later in the file, holds",
                    slice.temperature, taken.line, other.line
                ));
            }
        }
    }
    notes
}

/// Rows of a grid: temperature \[K\], and whether the slopes are those towards higher temperatures.
fn rows(bands: &[&Band]) -> Vec<(f64, bool)> {
    let several = || bands.iter().filter(|b| b.slices.len() > 1);
    let mut temperatures: Vec<f64> = several().flat_map(|b| &b.slices).map(|s| s.temperature).collect();
    temperatures.sort_by(f64::total_cmp);
    temperatures.dedup();
    let [Some(lo), Some(hi)] = [temperatures.first().copied(), temperatures.last().copied()] else {
        return ANY_TEMPERATURE.map(|t| (t, true)).to_vec();
    };
    let mut rows = Vec::new();
    for t in temperatures {
        let ends_here = several().any(|b| [b.temperatures().0, b.temperatures().1].contains(&t));
        if t == lo || (t < hi && !ends_here) {
            rows.push((t, true));
        } else if t == hi {
            rows.push((t, false));
        } else {
            rows.extend([(t, false), (t, true)]);
        }
    }
    rows
}

#[cfg(test)]
mod tests;
