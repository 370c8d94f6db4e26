//! From transitions to lines.
//!
//! A line's wavenumber is E' - E'' of the states. Column 4 of the transitions holds the wavenumber of the release that the file was
//! made for; where term values have been replaced by measured ones since, it is off by up to some cm-1, so it is compared, not used.
//!
//! Natural half width: (1/tau' + 1/tau'') / (4 pi c) from the lifetimes of both levels where the states file has them, else
//! A / (4 pi c) of the line alone, which is a lower bound, since a level decays by other lines too. (To sum A over all lines of a
//! level takes a pass of its own over the whole list, whatever range is asked for; lists that have electronic bands, where it
//! matters, have lifetimes.)

use std::collections::HashMap;
use std::f64::consts::PI;
use std::path::{Path, PathBuf};

use super::broadening::{Numbers, Origin};
use super::states::{State, States};
use super::widths::Widths;
use crate::constants::{C2, SPEED_OF_LIGHT, T_REF};
use crate::lines::fields::{number, quote, unsigned, words};
use crate::lines::physical::{RATE, STRENGTH};
use crate::lines::reader::{Chunk, for_each_chunk};
use crate::lines::recognise::{STATES, recognise};
use crate::lines::{Cause, Line, LoadReport, Tally};
use crate::{Error, Progress, Result};

/// A wavenumber of the transition file that differs by more is told \[cm-1\].
const POSITION_TOLERANCE: f64 = 0.01;
/// Speed of light \[cm s-1\].
const C_CGS: f64 = 100.0 * SPEED_OF_LIGHT;

/// All that a transition needs to become a line.
pub(super) struct Transitions<'a> {
    pub states: &'a States,
    pub widths: &'a Widths,
    /// Wavenumbers to keep, both ends included \[cm-1\].
    pub range: (f64, f64),
    /// Q(296 K).
    pub q_ref: f64,
}

/// Why a row is no line.
enum Rejected {
    Unreadable,
    UnknownState(u64),
    ZeroWavenumber,
    OutOfRange,
    ZeroStrength,
    /// In words, what it has.
    Unphysical(String),
}

/// Rows whose levels are looked up together.
const BATCH: usize = 64;

/// The columns of a row.
struct Fields {
    /// Rows of the upper and the lower level among the states.
    rows: (usize, usize),
    /// Einstein coefficient \[s-1\].
    a: f64,
    /// Wavenumber \[cm-1\], if there is one.
    given: Option<f64>,
}

impl Transitions<'_> {
    /// Reads the files one after the other.
    ///
    /// # Errors
    /// Files that cannot be read; a file of which more than half of the rows are no transitions; files without a usable row;
    /// and what `visit` returns.
    pub fn stream(
        &self,
        files: &[PathBuf],
        progress: &dyn Progress,
        visit: &mut dyn FnMut(&[Line]) -> Result<()>,
        report: &mut LoadReport,
    ) -> Result<()> {
        let mut file = FileTally::default();
        let parse = |c: Chunk| Ok((self.parse_chunk(&c), c.label));
        for_each_chunk(files, "reading transitions", progress, &parse, &mut |((lines, part), label)| {
            if label != file.label {
                std::mem::replace(&mut file, FileTally { label, ..FileTally::default() }).check()?;
            }
            file.add(&part);
            report.add(&part);
            if lines.is_empty() { Ok(()) } else { visit(&lines) }
        })?;
        file.check()?;
        if report.read == 0 {
            return Err(Error::parse(&files[0], None, "no transition in it, only blank lines"));
        }
        let bad = [Cause::DroppedUnreadable, Cause::DroppedUnknownState, Cause::DroppedUnphysical];
        if bad.iter().map(|c| report.count(*c)).sum::<u64>() == report.read {
            let mut first = bad.iter().find_map(|c| report.causes.get(c)?.first.clone()).unwrap_or_default();
            let (n, state) = &self.states.unreadable;
            if *n > 0 {
                first += &format!("; {n} rows of the states file cannot be read, first: {state}");
            }
            return Err(Error::parse(
                &files[0],
                None,
                format!("none of {} rows is a usable transition; {first}", report.read),
            ));
        }
        Ok(())
    }

    fn parse_chunk(&self, chunk: &Chunk) -> (Vec<Line>, LoadReport) {
        let (mut lines, mut report, mut memory) = (Vec::new(), LoadReport::default(), HashMap::new());
        let mut origins: [Tally; 5] = Default::default();
        let (mut rows, mut batch, mut levels) = (chunk.lines(), Vec::new(), Vec::new());
        loop {
            batch.clear();
            batch.extend(rows.by_ref().take(BATCH).map(|(number, row)| (number, row, self.fields(row))));
            if batch.is_empty() {
                break;
            }
            // Levels lie anywhere in memory: many loads on their way at a time.
            levels.clear();
            levels.extend(batch.iter().map(|(_, _, fields)| {
                let (upper, lower) = fields.as_ref().map_or((0, 0), |f| f.rows);
                (*self.states.level(upper), *self.states.level(lower))
            }));
            for ((number, row, fields), levels) in batch.drain(..).zip(&levels) {
                report.read += 1;
                match fields.and_then(|fields| self.line(&fields, levels, &mut report, &mut memory)) {
                    Ok((line, origin, given)) => {
                        report.keep(line.strength);
                        let tally = &mut origins[origin as usize];
                        (tally.lines, tally.strength) = (tally.lines + 1, tally.strength + line.strength);
                        if given.is_some_and(|g| (g - line.wavenumber).abs() > POSITION_TOLERANCE) {
                            let what = || {
                                format!(
                                    "found {} in column 4, E' - E'' is {}",
                                    given.unwrap_or_default(),
                                    line.wavenumber
                                )
                            };
                            note(report.tally(Cause::PositionFromStates, line.strength), chunk, number, what);
                        }
                        lines.push(line);
                    }
                    Err(why) => reject(why, row, &mut report, chunk, number),
                }
            }
        }
        for (origin, tally) in
            [Origin::Row, Origin::End, Origin::Beyond, Origin::Default].into_iter().zip(&origins[1..])
        {
            let cause = match origin {
                Origin::Row => Cause::WidthFromTable,
                Origin::End => Cause::WidthFromLastRow,
                Origin::Beyond => Cause::WidthBeyondTable,
                Origin::Fixed | Origin::Default => Cause::WidthDefault,
            };
            if tally.lines > 0 {
                report.causes.insert(cause, tally.clone());
            }
        }
        (lines, report)
    }

    /// The columns of `upper lower A [nu ...]`.
    fn fields(&self, row: &[u8]) -> Result<Fields, Rejected> {
        let mut columns = words(row);
        let ids = (columns.next().and_then(unsigned), columns.next().and_then(unsigned));
        let ((Some(upper), Some(lower)), Some(a)) = (ids, columns.next().and_then(number)) else {
            return Err(Rejected::Unreadable);
        };
        let find = |id: u64| self.states.row(id).ok_or(Rejected::UnknownState(id));
        Ok(Fields { rows: (find(upper)?, find(lower)?), a, given: columns.next().and_then(number) })
    }

    /// The line of a row's columns and levels, where its width comes from, and the file's own wavenumber.
    fn line(
        &self,
        &Fields { rows, a, given }: &Fields,
        (upper, lower): &(State, State),
        report: &mut LoadReport,
        memory: &mut HashMap<Numbers, super::widths::Chosen>,
    ) -> Result<(Line, Origin, Option<f64>), Rejected> {
        let nu = upper.energy - lower.energy;
        report.see(nu);
        if nu <= 0.0 {
            // Levels in the wrong order are usual in computed lists, but the file must agree.
            return Err(match given.filter(|g| *g > POSITION_TOLERANCE) {
                Some(g) => Rejected::Unphysical(format!("E' - E'' is {nu} cm-1, column 4 holds {g}")),
                None => Rejected::ZeroWavenumber,
            });
        }
        if !(self.range.0..=self.range.1).contains(&nu) {
            return Err(Rejected::OutOfRange);
        }
        if !(0.0..=RATE).contains(&a) {
            return Err(Rejected::Unphysical(format!("an Einstein coefficient of {a} s-1")));
        }
        // The lowest level may be a little below 0 by rounding.
        let energy = lower.energy.max(0.0);
        let strength = f64::from(upper.degeneracy) * a / (8.0 * PI * C_CGS * nu * nu * self.q_ref)
            * (-C2 * energy / T_REF).exp()
            * -(-C2 * nu / T_REF).exp_m1();
        // A = 0, or a level so high that 296 K leaves nothing of it in a double.
        if strength <= 0.0 {
            return Err(Rejected::ZeroStrength);
        }
        let natural_width = (match self.states.rate(rows.0) {
            // A level decays at least as fast as by this line.
            Some(rate) => rate.max(a) + self.states.rate(rows.1).filter(|r| r.is_finite()).unwrap_or(0.0),
            None => a,
        }) / (4.0 * PI * C_CGS);
        if strength.is_nan() || strength > STRENGTH || a / (4.0 * PI * C_CGS) > nu {
            let what = format!("an Einstein coefficient of {a} s-1 at {nu} cm-1, a natural width above the wavenumber");
            return Err(Rejected::Unphysical(what));
        }
        let [k, v] = self.states.labels(rows.0);
        let numbers = Numbers { lower: lower.twice_j, upper: upper.twice_j, k, v };
        let (width, origin) = self.widths.of(&numbers, memory);
        let line = Line { wavenumber: nu, strength, lower_energy: energy, natural_width, ..Line::default() };
        Ok((line.with_width(width), origin, given))
    }
}

fn reject(why: Rejected, row: &[u8], report: &mut LoadReport, chunk: &Chunk, number: u64) {
    match why {
        Rejected::Unreadable => note(report.tally(Cause::DroppedUnreadable, 0.0), chunk, number, || {
            let required = "two state identifiers and an Einstein coefficient [s-1] are required";
            format!("{required}, found {}", quote(row))
        }),
        Rejected::UnknownState(id) => note(report.tally(Cause::DroppedUnknownState, 0.0), chunk, number, || {
            format!("the state {id} is not in the states file")
        }),
        Rejected::Unphysical(what) => note(report.tally(Cause::DroppedUnphysical, 0.0), chunk, number, || what),
        Rejected::ZeroWavenumber => drop(report.tally(Cause::DroppedZeroWavenumber, 0.0)),
        Rejected::OutOfRange => drop(report.tally(Cause::DroppedOutOfRange, 0.0)),
        Rejected::ZeroStrength => drop(report.tally(Cause::DroppedZeroStrength, 0.0)),
    }
}

/// Notes the first of its kind.
fn note(tally: &mut Tally, chunk: &Chunk, line: u64, what: impl FnOnce() -> String) {
    tally.first.get_or_insert_with(|| format!("{}, line {line}: {}", short_name(&chunk.label), what()));
}

fn short_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Rows of one file.
#[derive(Default)]
struct FileTally {
    label: PathBuf,
    read: u64,
    unreadable: u64,
    first: Option<String>,
}

impl FileTally {
    fn add(&mut self, part: &LoadReport) {
        self.read += part.read;
        self.unreadable += part.count(Cause::DroppedUnreadable);
        if self.first.is_none() {
            self.first = part.causes.get(&Cause::DroppedUnreadable).and_then(|t| t.first.clone());
        }
    }

    /// A few bad rows are an accident; a file of them is none of transitions.
    fn check(self) -> Result<()> {
        if 2 * self.unreadable <= self.read {
            return Ok(());
        }
        let first = self.first.unwrap_or_default();
        let known = recognise(&self.label).filter(|kind| *kind != STATES);
        let known = known.map(|kind| format!("; {kind}")).unwrap_or_default();
        let message = format!("{} of {} rows are no transitions: {first}{known}", self.unreadable, self.read);
        Err(Error::parse(&self.label, None, message))
    }
}
