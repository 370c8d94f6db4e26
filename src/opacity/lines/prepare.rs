//! From line lists to an opacity: the lines of a species, or a table made from them.

use std::sync::Arc;

use super::ways::{self, Costs, Known, Size};
use super::{Absorber, Lines};
use crate::cache::Key;
use crate::cross_section::Prepared;
use crate::cross_section::at_temperatures::AtTemperatures;
use crate::cross_section::remarks::{self, Seen, contributes_nothing};
use crate::density::grid_lines::GridLines;
use crate::grid::TemperatureRange;
use crate::lines::{LineSource, LoadReport};
use crate::opacity::table::{Found, LayerTable, LineNodes, summed_at};
use crate::opacity::traits::{Opacity, Setting, Source, Told};
use crate::settings::Method;
use crate::stage::Stage;
use crate::{Error, Result, Settings};

impl<S: LineSource> Source for Absorber<S> {
    fn prepare(&self, at: &Setting<'_>, told: &mut Told) -> Result<Box<dyn Opacity>> {
        if !(self.molar_mass.is_finite() && self.molar_mass > 0.0) {
            let what = format!("molar mass of {} [g/mol]", self.name);
            return Err(Error::invalid(what, self.molar_mass, "finite and positive"));
        }
        if self.lists.is_empty() {
            return Err(Error::invalid(format!("lines of {}", self.name), "no list", "at least one"));
        }
        if at.settings.method == Method::Table {
            LayerTable::check(at.settings)?;
        }
        let job = Job::new(at, told);
        let (told_before, ways_before) = (told.notes.len(), told.ways.len());
        let mut opened = Vec::new();
        for list in &self.lists {
            let list: &dyn LineSource = list;
            match job.open(list, told)? {
                Opened::Nothing(isotopologue, error) => {
                    told.notes.push(contributes_nothing(&self.part_name(&isotopologue), &error));
                    told.nothing.get_or_insert(error);
                }
                Opened::Found(part) => opened.push(part),
            }
        }
        match self.finish(&job, opened, told) {
            // A table is a choice: where there is no memory for it, or widths differ too much for sums, the lines are taken.
            Err(Error::HostMemory { .. } | Error::Invalid { .. }) if job.may_be_table && job.chooses => {
                told.notes.truncate(told_before);
                told.ways.truncate(ways_before);
                let without = Settings { evaluations: 0, ..*at.settings };
                self.prepare(&Setting { settings: &without, ..*at }, told)
            }
            done => done,
        }
    }
}

impl<S: LineSource> Source for &Absorber<S> {
    fn prepare(&self, at: &Setting<'_>, told: &mut Told) -> Result<Box<dyn Opacity>> {
        (**self).prepare(at, told)
    }
}

impl<S: LineSource> Absorber<S> {
    /// The species' lines, or a table of them.
    fn finish(&self, job: &Job<'_>, opened: Vec<Part<'_>>, told: &mut Told) -> Result<Box<dyn Opacity>> {
        let size = job.size;
        let at = &Setting { settings: &job.of_table, ..*job.at };
        let has_long = opened.iter().any(Part::is_long);
        let temperatures = summed_at(at.settings.temperature_range).len();
        let costs = Costs::of(size, opened.iter().map(|part| part.known(temperatures)));
        let pays = costs.table_pays(at.settings.evaluations);
        let wanted = job.may_be_table && !opened.is_empty() && (has_long || !job.chooses || pays);
        let found = match wanted {
            true => {
                let keys: Vec<_> = opened.iter().map(Part::key).collect();
                Some(Found::look(&self.name, LineNodes::key(&keys), at)?)
            }
            false => None,
        };
        let is_kept = found.as_ref().is_some_and(Found::is_whole);
        let parts = told.seconds.time(Stage::SetUp, || {
            let each = opened.into_iter().map(|part| part.ready(at, is_kept));
            each.collect::<Result<Vec<_>>>()
        })?;
        let (prepared, summed): (Vec<Prepared>, Vec<_>) = parts.into_iter().unzip();
        let prepared = Arc::new(prepared);
        let lists = prepared.iter().map(|p| (self.part_name(&p.species.name), Seen::of(p), p.records.as_ref()));
        told.notes.extend(remarks::told(&lists.collect::<Vec<_>>(), job.at.settings));
        let lines = Lines { name: self.name.clone(), molar_mass: self.molar_mass, parts: prepared.clone() };
        let Some(found) = found else {
            told.ways.extend(costs.ways(&self.name, false));
            return Ok(Box::new(lines));
        };
        let mut notes = Vec::new();
        let source = LineNodes { parts: prepared, summed };
        let table = || LayerTable::new(Arc::new(lines.clone()), Box::new(source), found, has_long, at, &mut notes);
        let table = told.seconds.time(Stage::SetUp, table)?;
        // A table that was not asked for must be as accurate as the lines that are there, and must still have room.
        let tables = told.tables.saturating_add(table.bytes());
        let suits = table.is_accurate(at.settings.tolerance) && tables <= at.resources.host_bytes;
        let takes_lines = job.chooses && !has_long && !suits;
        told.ways.extend(costs.ways(&self.name, !takes_lines));
        if takes_lines {
            return Ok(Box::new(lines));
        }
        told.notes.extend(notes);
        told.tables = tables;
        Ok(Box::new(table))
    }
}

/// What all lists of a species are made ready for.
struct Job<'a> {
    at: &'a Setting<'a>,
    size: Size,
    /// Those of lists that are taken one by one, or by their density.
    settings: Settings,
    /// Those of a table.
    of_table: Settings,
    may_be_table: bool,
    /// True if the method is to be chosen.
    chooses: bool,
}

impl<'a> Job<'a> {
    fn new(at: &'a Setting<'a>, told: &Told) -> Self {
        let size = Size { points: at.grid.len(), layers: at.pressure.layers() };
        let chooses = at.settings.method == Method::Auto;
        let has_room = told.tables.saturating_add(size.table_bytes()) <= at.resources.host_bytes;
        let may_be_table = at.settings.method == Method::Table || chooses && at.settings.evaluations > 0 && has_room;
        let of_table = if chooses { with_width(at.settings) } else { *at.settings };
        let method = if at.settings.method == Method::Table { Method::Auto } else { at.settings.method };
        Self { at, size, settings: Settings { method, ..*at.settings }, of_table, may_be_table, chooses }
    }

    /// Finds a list's lines, and whether they are to be summed.
    fn open<'l>(&self, list: &'l dyn LineSource, told: &mut Told) -> Result<Opened<'l>>
    where
        'a: 'l,
    {
        let Setting { grid, pressure, resources, .. } = *self.at;
        let open = || GridLines::open(grid, list, &self.settings, pressure.pressure_bar(), resources);
        let lines = told.seconds.time(Stage::Load, open)?;
        let (summary, wings) = (&lines.summary, &self.settings.profile.wings);
        if summary.count == 0 {
            let error = lines.nothing_found();
            return Ok(Opened::Nothing(lines.species.name, error));
        }
        let can_be_summed = ways::is_long(summary.count) && summary.shift.is_none() && wings.is_voigt();
        let count = summary.count;
        let pays = || {
            let temperatures = summed_at(self.of_table.temperature_range).len();
            ways::sums_pay(self.size, count, temperatures, self.at.settings)
        };
        if !(self.may_be_table && can_be_summed && (!self.chooses || pays())) {
            let prepare = || {
                let key = lines.key();
                let prepared = Prepared::of(lines, pressure.pressure_bar(), self.settings)?;
                Ok::<_, Error>(Part::Ready { key, prepared: Box::new(prepared) })
            };
            return told.seconds.time(Stage::SetUp, prepare).map(Opened::Found);
        }
        lines.store_summary();
        let (key, records) = (lines.key(), lines.records.clone());
        // A plan asks for nothing that takes long. What was read so far is not needed in the second reading.
        let sketch = match self.at.sketch {
            true => Some(Box::new(Prepared::without_lines(lines, pressure.pressure_bar(), self.settings)?)),
            false => None,
        };
        Ok(Opened::Found(Part::Long { list, count, key, records, sketch }))
    }
}

enum Opened<'l> {
    Nothing(String, Error),
    Found(Part<'l>),
}

/// A list on its way.
enum Part<'l> {
    Ready {
        key: Option<Key>,
        prepared: Box<Prepared>,
    },
    /// To be summed.
    Long {
        list: &'l dyn LineSource,
        /// Lines within range.
        count: u64,
        key: Option<Key>,
        records: Option<LoadReport>,
        /// What is known of it without its lines.
        sketch: Option<Box<Prepared>>,
    },
}

impl Part<'_> {
    fn is_long(&self) -> bool {
        matches!(self, Self::Long { .. })
    }

    /// What its cost depends on, if long lists are summed at so many temperatures.
    fn known(&self, temperatures: usize) -> Known<'_> {
        match self {
            Self::Ready { prepared, .. } => Known::Ready(prepared),
            Self::Long { count, .. } => Known::Long(*count, temperatures),
        }
    }

    /// What its cross sections depend on, and how they are computed.
    fn key(&self) -> (Option<Key>, i64) {
        match self {
            Self::Ready { key, prepared } => (*key, prepared.tier.is_lines().into()),
            Self::Long { key, .. } => (*key, 2),
        }
    }

    /// Ready to be computed, with the sums of a long list, unless a whole table `is_kept`.
    fn ready(self, at: &Setting<'_>, is_kept: bool) -> Result<(Prepared, Option<AtTemperatures>)> {
        match self {
            Self::Ready { prepared, .. } => Ok((*prepared, None)),
            Self::Long { sketch: Some(prepared), .. } => Ok((*prepared, None)),
            Self::Long { list, records, .. } => {
                let all = summed_at(at.settings.temperature_range);
                let middle = all[all.len() / 2];
                let wanted = if is_kept { vec![middle] } else { all };
                let pressures = at.pressure.pressure_bar();
                let sums = AtTemperatures::new(at.grid, list, &wanted, pressures, at.settings, at.resources)?;
                let node = sums.prepared(wanted.len() / 2).clone();
                Ok((Prepared { records, ..node }, (!is_kept).then_some(sums)))
            }
        }
    }
}

/// Least ratio of the ends of a range, less 1, that a table is made for.
const WIDTH: f64 = 0.02;

/// The settings with a range of temperatures that a table can be made for: an isothermal atmosphere has none.
fn with_width(settings: &Settings) -> Settings {
    let TemperatureRange { lo, hi } = settings.temperature_range;
    let missing = (1.0 + WIDTH) * lo / hi;
    if missing <= 1.0 {
        return *settings;
    }
    let (lo, hi) = (lo / missing.sqrt(), hi * missing.sqrt());
    Settings { temperature_range: TemperatureRange { lo, hi }, ..*settings }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_without_width_gets_one() {
        let of = |lo, hi| {
            let temperature_range = TemperatureRange { lo, hi };
            with_width(&Settings { temperature_range, ..Settings::default() }).temperature_range
        };
        let (narrow, wide) = (of(1000.0, 1000.0), of(500.0, 2500.0));
        assert!((narrow.hi / narrow.lo - 1.02).abs() < 1e-12 && narrow.lo < 1000.0 && narrow.hi > 1000.0);
        assert_eq!((wide.lo, wide.hi), (500.0, 2500.0));
        let some = of(1000.0, 1015.0);
        assert!(some.lo < 1000.0 && some.hi > 1015.0 && (some.hi / some.lo - 1.02).abs() < 1e-12);
    }
}
