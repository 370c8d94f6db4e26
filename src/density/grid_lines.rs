//! The lines of one source that matter for a grid: summarised, tabulated, or summed into densities, by way of the cache.
//!
//! With a warm cache neither the summary nor the densities need a line of the source. Otherwise lines are read once if they fit
//! in the host memory allowed, and else in passes: a first one for the summary, whose histogram then cuts the lines into windows of
//! ascending wavenumber that do fit, one pass each. Within a window lines are sorted, so the order of the file does not matter,
//! and the densities have the same bits whatever the number of passes ([`DensityBuilder`]). Sources that know which of their files hold
//! a range (ExoMol's) read each file about once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::build::DensityBuilder;
use super::conversion::Conversion;
use super::distant::DistantLines;
use super::kept;
use super::line_shape::{Axes, Density};
use super::lines::LineTable;
use super::summary::LineSummary;
use super::table_line::TableLine;
use crate::cache::{Entry, Key, KeyHasher};
use crate::grid::{Grid, TemperatureRange};
use crate::lines::{Line, LineSource, LoadReport, Species};
use crate::settings::Settings;
use crate::{Error, Resources, Result};

/// Kinds of cache entries.
const SUMMARY: &str = "lines";
const DENSITY: &str = "density";
const TABLE: &str = "table";
/// Fewer lines than this are read again sooner than looked up.
const WORTH_KEEPING: u64 = 10_000;
/// Host bytes per line in flight: as read, and as tabulated.
const LINE_BYTES: u64 = (size_of::<Line>() + size_of::<TableLine>()) as u64;
/// Lines that are tabulated at a time where they are in memory anyway.
const PORTION: usize = 1 << 18;

/// Lines of a source within reach of a grid.
#[derive(Debug)]
pub struct GridLines<'a> {
    /// The grid.
    pub grid: Grid,
    /// The isotopologue.
    pub species: Species,
    /// Temperatures.
    pub range: TemperatureRange,
    /// All that tier, axes and ladders are chosen from.
    pub summary: LineSummary,
    /// What became of the records, where there were any.
    pub records: Option<LoadReport>,
    /// The lines far outside the grid, by their wings; the summary, tables and densities are of the others.
    pub distant: DistantLines,
    /// True if there are none but distant lines: a line of no strength stands for the others.
    pub only_distant: bool,
    source: &'a dyn LineSource,
    resources: Resources<'a>,
    conversion: Conversion,
    /// First and last wavenumber that is read \[cm-1\].
    within: (f64, f64),
    /// Ascending; `None` if they were not read or are too many to be held.
    lines: Option<Cow<'a, [Line]>>,
    /// Of the source, the grid and the temperatures.
    key: Option<Key>,
}

impl<'a> GridLines<'a> {
    /// Finds or makes the summary of the lines of `source` on the grid and up to `settings.line_margin` \[cm-1\] outside.
    ///
    /// # Errors
    /// What the source cannot read; a partition function that does not cover the range.
    pub fn open(
        grid: Grid,
        source: &'a dyn LineSource,
        settings: &Settings,
        pressures: &[f64],
        resources: &Resources<'a>,
    ) -> Result<Self> {
        let range = settings.temperature_range;
        let within = kept::within(&grid, settings);
        let species = source.species()?;
        let conversion = Conversion::new(&grid, &species, settings)?;
        let pressure = pressures.iter().copied().fold(0.0, f64::max);
        let distant = DistantLines::new(&grid, &species, settings, pressure)?;
        let (summary, resources) = (LineSummary::empty(), *resources);
        let mut new = Self {
            grid,
            species,
            range,
            summary,
            records: None,
            distant,
            only_distant: false,
            source,
            resources,
            conversion,
            within,
            lines: None,
            key: None,
        };
        if resources.cache.folder().is_some() {
            let Self { species, distant, .. } = &new;
            new.key = kept::key_of_inputs(SUMMARY, source, &grid, species, settings, distant, &resources)?;
        }
        if !new.find_summary() {
            new.first_pass()?;
        }
        if new.distant.count > 0 {
            new.only_distant = new.summary.count == 0;
            if new.only_distant {
                let stand_in = new.stand_in();
                new.conversion.include(&mut new.summary, &[stand_in]);
                new.lines = Some(vec![stand_in].into());
            }
            // float32 holds what is e^60 times the scale, and nothing is left of lines e^60 weaker than those far away.
            new.summary.ln_strength.hi = new.summary.ln_strength.hi.max(new.distant.ln_strength - 60.0);
        }
        Ok(new)
    }

    /// A line in the middle of the grid, as wide as the distant ones, whose strength is nothing beside theirs.
    fn stand_in(&self) -> Line {
        let wavenumber = (self.grid.lo() * self.grid.hi()).sqrt();
        let (least, greatest) = self.distant.widths;
        let strength = (self.distant.ln_strength - 600.0).exp().max(f64::MIN_POSITIVE);
        let gamma_ref = (least * greatest).sqrt() * wavenumber;
        Line { wavenumber, strength, gamma_ref, ..Line::default() }
    }

    /// What the lines are known by: their content, the grid, the temperatures. `None` without a cache, or if the source has no content to be named by.
    pub fn key(&self) -> Option<Key> {
        self.key
    }

    /// Key of the density of one level.
    fn key_of_density(&self, axes: &Axes, level: i32) -> Option<Key> {
        let mut key = KeyHasher::new(DENSITY);
        key.key("lines", &self.key?).integers("level", &[level.into()]);
        let (energy, broadening) = (&axes.energy, &axes.broadening);
        // The axes are made from the lines and the tolerance.
        key.numbers("energies", &[energy.first, energy.spacing, energy.error])
            .integers("count", &[energy.count as i64]);
        for axis in [&broadening.ln_gamma, &broadening.exponent, &broadening.curvature] {
            key.numbers("axis", &[axis.mid, axis.half]).integers("count", &[axis.count as i64]);
        }
        key.numbers("natural widths", broadening.natural.nodes());
        key.finish()
    }

    fn find<T>(&self, kind: &str, key: &Key, decode: impl FnOnce(&Arc<Entry>) -> Option<T>) -> Option<T> {
        kept::find(&self.resources, kind, key, decode)
    }

    fn store(&self, kind: &str, key: &Key, about: &str, parts: &[&[u8]]) {
        kept::store(&self.resources, kind, key, about, parts);
    }

    fn find_summary(&mut self) -> bool {
        let Some(key) = self.key else { return false };
        let decode = |entry: &Arc<Entry>| {
            let (summary, rest) = LineSummary::decode(entry.payload(), self.grid.step())?;
            let mut distant = self.distant.clone();
            let rest = distant.decode(rest)?;
            Some((summary, distant, serde_json::from_slice(rest).ok()?))
        };
        let Some((summary, distant, records)) = self.find(SUMMARY, &key, decode) else { return false };
        (self.summary, self.distant, self.records) = (summary, distant, records);
        true
    }

    /// Keeps what is known of the lines, where there is a cache, so that the next start need not read them for it.
    pub fn store_summary(&self) {
        let (Some(key), Ok(records)) = (self.key, serde_json::to_vec(&self.records)) else { return };
        let summary = if self.only_distant { &LineSummary::empty() } else { &self.summary };
        self.store(
            SUMMARY,
            &key,
            &format!("summary of {}", self.about()),
            &[&summary.encode(), &self.distant.encode(), &records],
        );
    }

    /// In words, for the list of entries.
    fn about(&self) -> String {
        let (g, t) = (&self.grid, &self.range);
        let (name, lines) = (&self.species.name, self.summary.count);
        format!("{lines} lines of {name}, {} points {} to {} cm-1, {} to {} K", g.len(), g.lo(), g.hi(), t.lo, t.hi)
    }

    /// Summarises the lines, and keeps them if they fit.
    fn first_pass(&mut self) -> Result<()> {
        let (lo, hi) = self.within;
        if let Some((list, records)) = self.source.held() {
            let lines = list.between(lo, hi);
            let (far, near) = divide(&self.distant, lines);
            self.distant.add(&far);
            self.conversion.include(&mut self.summary, &near);
            (self.lines, self.records) = (Some(near), records.cloned());
            return Ok(());
        }
        let mut kept = Some(Vec::new());
        let (summary, conversion, name) = (&mut self.summary, &self.conversion, &self.species.name);
        let distant = &mut self.distant;
        let most = self.resources.host_bytes / LINE_BYTES;
        let records = self.source.stream(self.within, self.resources.progress, &mut |lines| {
            Line::check(lines, name)?;
            let (far, near) = divide(distant, lines);
            distant.add(&far);
            conversion.include(summary, &near);
            if summary.count > most {
                kept = None;
            }
            if let Some(kept) = &mut kept {
                kept.extend_from_slice(&near);
            }
            Ok(())
        })?;
        self.lines = kept.map(|mut lines| {
            lines.par_sort_unstable_by(Line::order);
            lines.into()
        });
        self.records = Some(records);
        Ok(())
    }

    /// What to tell where there is no line.
    pub fn nothing_found(&self) -> Error {
        self.source.nothing_found(self.within, &self.records.clone().unwrap_or_default())
    }

    /// All lines of the table, ascending.
    ///
    /// # Errors
    /// What the source cannot read.
    pub fn lines(&self) -> Result<Cow<'_, [Line]>> {
        match &self.lines {
            Some(lines) => Ok(Cow::Borrowed(&lines[..])),
            None => Ok(Cow::Owned(self.read(self.within, |_| true)?)),
        }
    }

    /// All lines, for the tier that takes them one by one, from the cache or made and, if they are many, stored there; and whether they
    /// were found.
    ///
    /// # Errors
    /// What the source cannot read.
    pub fn table(&self) -> Result<(LineTable, bool)> {
        let summary = self.summary.clone();
        let key = self.key.and_then(|key| KeyHasher::new(TABLE).key("lines", &key).finish());
        let decode = |entry: &Arc<Entry>| {
            let lines: &[TableLine] = bytemuck::try_cast_slice(entry.payload()).ok()?;
            let ordered = lines.is_sorted_by(|a, b| a.position <= b.position);
            let whole = lines.len() as u64 == summary.count && ordered && lines.iter().all(|line| summary.holds(line));
            whole.then(|| lines.to_vec())
        };
        if let Some(lines) = key.and_then(|key| self.find(TABLE, &key, decode)) {
            return Ok((LineTable { lines, summary, step: self.grid.step() }, true));
        }
        let lines = self.tabulate(&self.lines()?);
        if let Some(key) = key.filter(|_| summary.count >= WORTH_KEEPING) {
            self.store(TABLE, &key, &format!("table of {}", self.about()), &[bytemuck::cast_slice(&lines)]);
            self.store_summary();
        }
        Ok((LineTable { lines, summary, step: self.grid.step() }, false))
    }

    /// A table without lines, for the tier that takes densities.
    pub fn table_without_lines(&self) -> LineTable {
        LineTable { lines: Vec::new(), summary: self.summary.clone(), step: self.grid.step() }
    }

    /// Densities by level, from the cache or made and stored there; and whether all were found.
    ///
    /// # Errors
    /// What the source cannot read; more than 2^32 nodes or entries.
    pub fn densities(
        &self,
        axes: &Axes,
        levels: impl IntoIterator<Item = i32>,
    ) -> Result<(BTreeMap<i32, Density>, bool)> {
        let (mut found, mut missing) = (BTreeMap::new(), Vec::new());
        for level in levels {
            let wanted = DensityBuilder::new(axes, level, self.summary.position);
            let stored = |key| self.find(DENSITY, &key, |entry| Density::decode(entry, &wanted));
            match self.key_of_density(axes, level).and_then(stored) {
                Some(density) => drop(found.insert(level, density)),
                None => missing.push(wanted),
            }
        }
        if missing.is_empty() {
            return Ok((found, true));
        }
        self.feed(&mut missing)?;
        for builder in missing {
            let density = builder.finish()?;
            if let Some(key) = self.key_of_density(axes, density.level) {
                let about = format!("density, level {}, {}", density.level, self.about());
                density.encode(|parts| self.store(DENSITY, &key, &about, parts));
            }
            found.insert(density.level, density);
        }
        self.store_summary();
        Ok((found, false))
    }

    /// Adds all lines to every builder.
    fn feed(&self, builders: &mut [DensityBuilder<'_>]) -> Result<()> {
        let mut add = |lines: &[Line]| {
            for portion in lines.chunks(PORTION) {
                let table = self.tabulate(portion);
                builders.iter_mut().for_each(|b| b.add(&table));
            }
        };
        if let Some(lines) = &self.lines {
            add(lines);
            return Ok(());
        }
        let mut seen = 0;
        for bins in self.summary.places.windows((self.resources.host_bytes / LINE_BYTES).max(1)) {
            let nodes = [bins.start, bins.end].map(|b| b as f64 * 2f64.powi(self.summary.places.scale as i32));
            // A little wider than the window: the position decides, and it has a rounding error.
            let nu = |node: f64, room: f64| self.grid.lo() * (self.grid.step() * node).exp() * (1.0 + room);
            let range = (nu(nodes[0], -1e-9).max(self.within.0), nu(nodes[1], 1e-9).min(self.within.1));
            let inside = |l: &Line| bins.contains(&self.summary.places.bin(self.conversion.position(l.wavenumber)));
            let lines = self.read(range, inside)?;
            seen += lines.len() as u64;
            add(&lines);
        }
        match seen == self.summary.count {
            true => Ok(()),
            false => Err(Error::invalid(
                format!("lines of {}", self.species.name),
                format!("{} at first, then {seen}", self.summary.count),
                "a list that does not change while it is read",
            )),
        }
    }

    /// Lines of the source that are not distant and that `wanted` takes, ascending.
    fn read(&self, range: (f64, f64), wanted: impl Fn(&Line) -> bool) -> Result<Vec<Line>> {
        let mut all = Vec::new();
        self.source.stream(range, self.resources.progress, &mut |lines| {
            all.extend(lines.iter().filter(|l| !self.distant.holds(l) && wanted(l)));
            Ok(())
        })?;
        Line::check(&all, &self.species.name)?;
        all.par_sort_unstable_by(Line::order);
        Ok(all)
    }

    fn tabulate(&self, lines: &[Line]) -> Vec<TableLine> {
        lines.par_iter().with_min_len(1 << 12).map(|l| self.conversion.line(l, &self.summary)).collect()
    }
}

/// Distant lines, and the others.
fn divide<'l>(distant: &DistantLines, lines: &'l [Line]) -> (Vec<Line>, Cow<'l, [Line]>) {
    let far: Vec<Line> = lines.iter().filter(|l| distant.holds(l)).copied().collect();
    if far.is_empty() {
        return (far, lines.into());
    }
    let near: Vec<Line> = lines.iter().filter(|l| !distant.holds(l)).copied().collect();
    (far, near.into())
}

#[cfg(test)]
mod tests;
