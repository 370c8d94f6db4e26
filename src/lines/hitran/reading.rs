//! From the files of a [`HitranSource`] to lines, and what became of every record.

use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::path::PathBuf;

use super::broadening::{Broadened, MIXTURE_TEMPERATURES, Rule, broaden};
use super::layout::{Layout, header_of};
use super::record::{self, Fault, HitranRecord};
use super::{EXTENSIONS, HitranId, HitranSource};
use crate::constants::SPEED_OF_LIGHT;
use crate::lines::reader::{Chunk, expand, for_each_chunk};
use crate::lines::recognise::{HITRAN, recognise_lines};
use crate::lines::width::check_range;
use crate::lines::{Cause, Line, LoadReport, Width};
use crate::{Error, Progress, Result};

/// Records of a file after which it is given up if none of them can be read.
const PATIENCE: u64 = 1000;
/// Lines of a file from which a foreign format is recognised.
const SAMPLE: usize = 20;

/// Lines by isotopologue, in the order of their first appearance.
type Groups = Vec<(HitranId, Vec<Line>)>;

/// What became of the records of all files.
#[derive(Default)]
pub(super) struct Reading {
    /// Records of the isotopologues asked for, in or out of range.
    pub by_id: BTreeMap<HitranId, LoadReport>,
    /// Records of others, and those that cannot be told.
    pub rest: LoadReport,
}

impl Reading {
    /// All records.
    pub fn total(&self) -> LoadReport {
        self.by_id.values().fold(self.rest.clone(), |mut all, one| {
            all.add(one);
            all
        })
    }

    /// All records as seen by one isotopologue: those of the others are of other species.
    pub fn of(&self, id: HitranId) -> LoadReport {
        let mut report = self.rest.clone();
        if let Some(own) = self.by_id.get(&id) {
            report.add(own);
        }
        for other in self.by_id.iter().filter(|other| *other.0 != id).map(|other| other.1) {
            report.read += other.read;
            let out = other.count(Cause::DroppedOutOfRange);
            let (lines, strength) = in_range(other);
            if out > 0 {
                report.causes.entry(Cause::DroppedOutOfRange).or_default().lines += out;
            }
            if lines > 0 {
                let tally = report.causes.entry(Cause::DroppedOtherSpecies).or_default();
                tally.lines += lines;
                tally.strength += strength;
            }
        }
        report
    }

    fn add(&mut self, part: &Self) {
        self.rest.add(&part.rest);
        for (id, report) in &part.by_id {
            self.by_id.entry(*id).or_default().add(report);
        }
    }
}

/// Records of one isotopologue within the range, and the sum of their strengths, kept or dropped.
pub(super) fn in_range(report: &LoadReport) -> (u64, f64) {
    let dropped = report.causes.iter().filter(|(c, _)| c.is_dropped() && **c != Cause::DroppedOutOfRange);
    dropped.fold((report.kept, report.strength), |(lines, strength), (_, t)| (lines + t.lines, strength + t.strength))
}

/// What one chunk gives.
struct Part {
    file: PathBuf,
    lines: Groups,
    reading: Reading,
    read: u64,
    /// Records that cannot be read, and the first of them.
    unreadable: u64,
    first: Option<(u64, String)>,
    /// The first lines of the chunk, if there is one that cannot be read.
    sample: Vec<u8>,
}

/// How one file fares.
#[derive(Default)]
struct File {
    name: PathBuf,
    read: u64,
    unreadable: u64,
    first: Option<(u64, String)>,
    sample: Vec<u8>,
}

impl File {
    fn add(&mut self, part: Part) {
        self.read += part.read;
        self.unreadable += part.unreadable;
        if self.first.is_none() && part.first.is_some() {
            self.first = part.first;
            self.sample = part.sample;
        }
    }

    /// An error if most of the file cannot be read.
    fn judge(&self) -> Result<()> {
        let Some((line, message)) = self.first.as_ref().filter(|_| 2 * self.unreadable > self.read) else {
            return Ok(());
        };
        let count = match self.unreadable {
            1 => String::new(),
            n => format!("; {n} of {} records cannot be read", self.read),
        };
        let lines: Vec<&[u8]> = self.sample.split(|b| *b == b'\n').collect();
        let format = recognise_lines(&lines).filter(|f| *f != HITRAN && f != message);
        let format = format.map(|f| format!("; {f}")).unwrap_or_default();
        Err(Error::parse(&self.name, *line, format!("{message}{count}{format}")))
    }
}

impl HitranSource {
    /// The files, and for each its layout.
    pub(super) fn files(&self) -> Result<Vec<(PathBuf, Layout)>> {
        let files = expand(&self.paths, EXTENSIONS)?;
        files.into_iter().map(|file| Layout::of(&file).map(|layout| (file, layout))).collect()
    }

    /// The files that say what the lists' columns are.
    pub(super) fn headers(&self) -> Result<Vec<PathBuf>> {
        let found: Result<Vec<_>> = expand(&self.paths, EXTENSIONS)?.iter().map(|file| header_of(file)).collect();
        Ok(found?.into_iter().flatten().collect())
    }

    /// [`HitranSource::stream`], with the fate of the records by isotopologue.
    pub(super) fn read(
        &self,
        progress: &dyn Progress,
        visit: &mut dyn FnMut(HitranId, &[Line]) -> Result<()>,
    ) -> Result<Reading> {
        let range = check_range(self.range)?;
        if let Some((lo, hi)) = self.temperatures.filter(|(lo, hi)| !(*lo > 0.0 && hi >= lo && hi.is_finite())) {
            return Err(Error::invalid("temperatures of a mixture [K]", format!("{lo} to {hi}"), "0 < low <= high"));
        }
        let (files, layouts): (Vec<PathBuf>, Vec<Layout>) = self.files()?.into_iter().unzip();
        self.broadening.check(&layouts)?;
        let mut reading = Reading::default();
        reading.rest.files = files.len() as u64;
        let parse = |chunk: Chunk| {
            // A member of an archive is named by the archive's path and its own.
            let at = files.iter().position(|f| chunk.label.starts_with(f)).unwrap_or(0);
            self.parse_chunk(&chunk, &layouts[at], range)
        };
        let mut file = File::default();
        for_each_chunk(&files, "reading HITRAN records", progress, &parse, &mut |mut part: Part| {
            if part.file != file.name {
                file.judge()?;
                file = File { name: part.file.clone(), ..File::default() };
            }
            reading.add(&part.reading);
            let lines = std::mem::take(&mut part.lines);
            file.add(part);
            if file.unreadable == file.read && file.read >= PATIENCE {
                file.judge()?;
            }
            lines.iter().try_for_each(|(id, lines)| visit(*id, lines))
        })?;
        file.judge()?;
        if reading.total().read == 0 {
            return Err(Error::parse(&files[0], None, "no HITRAN record in it, only blank lines"));
        }
        Ok(reading)
    }

    fn parse_chunk(&self, chunk: &Chunk, layout: &Layout, range: (f64, f64)) -> Result<Part> {
        let rule = Rule::new(&self.broadening, layout);
        let mut part = Part {
            file: chunk.label.clone(),
            lines: Groups::new(),
            reading: Reading::default(),
            read: 0,
            unreadable: 0,
            first: None,
            sample: Vec::new(),
        };
        for (number, text) in chunk.lines() {
            part.read += 1;
            let mut drop_record = |report: &mut LoadReport, fault: Fault, strength: f64| {
                let tally = report.tally(fault.cause, strength);
                tally.first.get_or_insert_with(|| chunk.error(number, &fault.message).to_string());
                if fault.cause == Cause::DroppedUnreadable {
                    part.unreadable += 1;
                    part.first.get_or_insert((number, fault.message));
                }
            };
            let head = match foreign(text, layout).map_or_else(|| record::parse_head(text, layout), Err) {
                Ok(head) => head,
                Err(fault) => {
                    part.reading.rest.read += 1;
                    drop_record(&mut part.reading.rest, fault, 0.0);
                    continue;
                }
            };
            let (molecule, isotopologue, wavenumber) = head;
            let inside = (range.0..=range.1).contains(&wavenumber);
            let id = (molecule, isotopologue);
            if self.molecule.is_some_and(|m| m != molecule) || self.isotopologue.is_some_and(|i| i != isotopologue) {
                part.reading.rest.read += 1;
                if inside {
                    part.reading.rest.tally(Cause::DroppedOtherSpecies, record::strength(text, layout));
                } else {
                    part.reading.rest.tally(Cause::DroppedOutOfRange, 0.0);
                }
                continue;
            }
            let report = part.reading.by_id.entry(id).or_default();
            report.read += 1;
            report.see(wavenumber);
            if !inside {
                report.tally(Cause::DroppedOutOfRange, record::strength(text, layout));
                continue;
            }
            let record = match record::parse_rest(text, head, layout) {
                Ok(record) => record,
                Err(fault) => {
                    drop_record(report, fault, record::strength(text, layout));
                    continue;
                }
            };
            if let Some(cause) = without_absorption(&record) {
                report.tally(cause, record.strength);
                continue;
            }
            let broadened = match &rule {
                Rule::Fixed(width) => Ok(Broadened::fixed(*width, record.delta_air)),
                Rule::Custom(rule) => {
                    let width = rule(&record);
                    let checked = Width::new(width.gamma, width.exponent);
                    checked.map_err(|e| chunk.error(number, format!("from the user's width rule: {e}")))?;
                    Ok(Broadened::fixed(width, record.delta_air))
                }
                Rule::Gases(gases) => {
                    let temperatures = self.temperatures.unwrap_or(MIXTURE_TEMPERATURES);
                    broaden(&record, gases, self.default_width, temperatures)
                }
            };
            let broadened = match broadened {
                Ok(broadened) => broadened,
                Err(fault) => {
                    drop_record(report, fault, record.strength);
                    continue;
                }
            };
            broadened.tally(record.strength, report);
            if let Some(cause) = odd_length(text, layout) {
                let tally = report.tally(cause, record.strength);
                tally.first.get_or_insert_with(|| format!("{}, line {number}", chunk.label.display()));
            }
            report.keep(record.strength);
            let line = Line {
                wavenumber: record.wavenumber,
                strength: record.strength,
                lower_energy: record.lower_energy,
                natural_width: record.einstein_a / (4.0 * PI * LIGHT_CM),
                shift: broadened.shift,
                ..Line::default()
            };
            let line = line.with_width(broadened.width);
            match part.lines.iter_mut().find(|g| g.0 == id) {
                Some(group) => group.1.push(line),
                None => part.lines.push((id, vec![line])),
            }
        }
        if part.unreadable > 0 {
            for (_, text) in chunk.lines().take(SAMPLE) {
                part.sample.extend_from_slice(text);
                part.sample.push(b'\n');
            }
        }
        Ok(part)
    }
}

/// Speed of light \[cm s-1\].
const LIGHT_CM: f64 = 100.0 * SPEED_OF_LIGHT;

/// Why a record that can be read is no line.
fn without_absorption(record: &HitranRecord<'_>) -> Option<Cause> {
    if record.wavenumber == 0.0 {
        Some(Cause::DroppedZeroWavenumber)
    } else if record.strength == 0.0 {
        Some(Cause::DroppedZeroStrength)
    } else if record.lower_energy < 0.0 {
        Some(Cause::DroppedUnknownEnergy)
    } else {
        None
    }
}

/// A record of another length than its layout's.
fn odd_length(text: &[u8], layout: &Layout) -> Option<Cause> {
    if text.len() < layout.length {
        Some(Cause::ShortRecord)
    } else if layout.ends_with_columns() && text[layout.length..].iter().any(|b| !b.is_ascii_whitespace()) {
        Some(Cause::LongRecord)
    } else {
        None
    }
}

/// Records that begin as HITRAN's do but are not.
fn foreign(text: &[u8], layout: &Layout) -> Option<Fault> {
    let short = layout.header.is_none() && text.len() < layout.length;
    let name = short.then(|| recognise_lines(&[text])).flatten().filter(|f| *f != HITRAN)?;
    Some(Fault { cause: Cause::DroppedUnreadable, message: name.to_owned() })
}
