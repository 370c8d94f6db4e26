//! The text of a HITRAN CIA file.
//!
//! Header in fixed columns: pair (20 characters), lowest and highest wavenumber (10 each), number of rows (7), temperature (7),
//! largest coefficient (10), resolution (6), comment (27), reference (3) (Karman et al. 2019, table 2). Pair and temperature are required; the rows
//! tell wavenumbers and their number where the header does not; the reference tells sources apart. Files written by other programs shift columns:
//! then the first five values are taken as words. Lines that begin with `!` or `#` are comments. What is wrong with a block is kept with it, for
//! those who need the block.

use std::path::{Path, PathBuf};

use super::CiaBlock;
use crate::lines::fields::{number, quote, unsigned, words};
use crate::lines::physical::WAVENUMBER;
use crate::lines::reader::{Chunk, read_whole};
use crate::{Error, Result};

/// Temperatures that a header may hold \[K\]: what is outside is another column.
const TEMPERATURES: std::ops::RangeInclusive<f64> = 0.1..=1e5;

/// Coefficients \[cm5 molecule-2\]: the largest known are 1e-42.
const LARGEST: f64 = 1e10;

struct Header {
    name: String,
    /// \[cm-1\].
    range: Option<(f64, f64)>,
    rows: Option<u64>,
    temperature: f64,
    reference: String,
}

/// A block that cannot be used.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// Where it would have been \[cm-1\]; everywhere if nothing tells.
    pub range: (f64, f64),
    pub line: u64,
    pub message: String,
}

/// What a file holds.
pub(super) struct Content {
    /// The file, or `archive.zip/member`.
    pub path: PathBuf,
    /// The pair of the first block.
    pub name: String,
    /// In the order of the file.
    pub blocks: Vec<CiaBlock>,
    pub faults: Vec<Fault>,
}

/// A block while its rows are read.
struct Open {
    header: Option<Header>,
    line: u64,
    rows: u64,
    wavenumber: Vec<f64>,
    coefficient: Vec<f64>,
    negative: u64,
    fault: Option<(u64, String)>,
}

impl Open {
    fn new(line: u64, header: Option<Header>) -> Self {
        let (wavenumber, coefficient) = (Vec::new(), Vec::new());
        Self { header, line, rows: 0, wavenumber, coefficient, negative: 0, fault: None }
    }

    fn fail(&mut self, line: u64, message: impl FnOnce() -> String) {
        self.fault.get_or_insert_with(|| (line, message()));
    }

    fn declared(&self) -> Option<u64> {
        self.header.as_ref().and_then(|h| h.rows)
    }

    /// Whether the header announces more rows.
    fn wants_more(&self) -> bool {
        self.declared().is_some_and(|declared| self.rows < declared)
    }

    fn of(&self) -> String {
        self.declared().map_or(String::new(), |rows| format!(" of {rows}"))
    }

    fn row(&mut self, line: u64, row: &[u8]) {
        self.rows += 1;
        if self.declared().is_some_and(|declared| self.rows > declared) {
            let (declared, header) = (self.rows - 1, self.line);
            self.fail(line, || format!("a row beyond the {declared} that the header of line {header} declares"));
        }
        let Some((nu, k)) = values(row) else {
            let message = format!("row {}{}: wavenumber and coefficient are required", self.rows, self.of());
            return self.fail(line, || format!("{message}, found {}", quote(row)));
        };
        if nu > WAVENUMBER || k.abs() > LARGEST {
            self.fail(line, || format!("wavenumbers of at most {WAVENUMBER:e} and coefficients of at most {LARGEST:e} are required, found {nu} and {k}"));
        }
        if nu < 0.0 || self.wavenumber.last().is_some_and(|last| nu <= *last) {
            self.fail(line, || format!("wavenumbers must be at least 0 and ascend, found {nu}"));
        }
        self.negative += u64::from(k < 0.0);
        self.wavenumber.push(nu);
        self.coefficient.push(k.max(0.0));
    }

    /// Adds it to the content; `next` is the line of the header after it.
    fn close(mut self, next: Option<u64>, content: &mut Content) {
        if self.wants_more() {
            let (rows, of) = (self.rows, self.declared().unwrap_or(0));
            match next {
                Some(line) => {
                    let header = self.line;
                    self.fail(line, || format!("a header after {rows} of the {of} rows of the block of line {header}"));
                }
                None => {
                    self.fail(self.line, || format!("the file ends after {rows} of the {of} rows of this block"));
                }
            }
        }
        if self.rows == 0 {
            self.fail(self.line, || "a block without rows".into());
        }
        let name = self.header.as_ref().map(|h| h.name.clone());
        match &name {
            Some(name) if content.name.is_empty() => content.name.clone_from(name),
            Some(name) if pair(name) != pair(&content.name) => {
                let message = format!("a block of {name} in a file of {}", content.name);
                self.fail(self.line, || message);
            }
            _ => {}
        }
        let Some((line, message)) = self.fault else {
            let Some(header) = self.header else { return };
            let Self { wavenumber, coefficient, line, negative, .. } = self;
            let (temperature, reference) = (header.temperature, header.reference);
            return content.blocks.push(CiaBlock { temperature, wavenumber, coefficient, line, reference, negative });
        };
        let all = (f64::NEG_INFINITY, f64::INFINITY);
        let start = self.header.and_then(|h| h.range).unwrap_or((f64::INFINITY, f64::NEG_INFINITY));
        let range = self.wavenumber.iter().fold(start, |(lo, hi), nu| (lo.min(*nu), hi.max(*nu)));
        content.faults.push(Fault { range: if range.0 <= range.1 { range } else { all }, line, message });
    }
}

/// The two species in either order.
fn pair(name: &str) -> Vec<String> {
    let mut species: Vec<String> = name.split('-').map(|s| s.trim().to_lowercase()).collect();
    species.sort();
    species
}

/// The content of a file, with at least one block that can be used.
pub(super) fn read(path: &Path) -> Result<Content> {
    let text = read_whole(path)?;
    let content = content(&text);
    match content.faults.first().filter(|_| content.blocks.is_empty()) {
        Some(fault) => Err(text.error(fault.line, fault.message.as_str())),
        None if content.blocks.is_empty() => {
            Err(Error::parse(path, None, "no block in it, only blank lines and comments"))
        }
        None => Ok(content),
    }
}

fn content(text: &Chunk) -> Content {
    let mut content = Content { path: text.label.clone(), name: String::new(), blocks: Vec::new(), faults: Vec::new() };
    let mut open: Option<Open> = None;
    for (line, row) in text.lines() {
        if matches!(row.trim_ascii_start().first(), None | Some(b'!' | b'#')) {
            continue;
        }
        let no_header = || {
            let required = "a header (pair, lowest and highest wavenumber, number of rows, temperature) is required";
            format!("{required}, found {}", quote(row))
        };
        let header = if begins_with_number(row) { None } else { header(row) };
        match &mut open {
            // A row, or what stands in its place.
            Some(block) if header.is_none() && (begins_with_number(row) || block.wants_more()) => block.row(line, row),
            _ => {
                if let Some(block) = open.take() {
                    block.close(Some(line), &mut content);
                }
                let mut block = Open::new(line, header);
                if block.header.is_none() {
                    block.fail(line, no_header);
                    if begins_with_number(row) {
                        block.row(line, row);
                    }
                }
                open = Some(block);
            }
        }
    }
    if let Some(block) = open {
        block.close(None, &mut content);
    }
    content
}

/// Rows begin with a number, headers with a formula.
fn begins_with_number(row: &[u8]) -> bool {
    let first = words(row).next().unwrap_or_default();
    matches!(first.first(), Some(b'0'..=b'9' | b'.' | b'+' | b'-'))
        && first.iter().all(|b| !b.is_ascii_alphabetic() || b"EeDd".contains(b))
}

/// Wavenumber and coefficient of a row: words, or columns of 10 and 11 characters that a minus sign may leave without a blank between.
fn values(row: &[u8]) -> Option<(f64, f64)> {
    let mut words = words(row).map(number);
    if let (Some(Some(nu)), Some(Some(k))) = (words.next(), words.next()) {
        return Some((nu, k));
    }
    let (nu, rest) = row.split_at_checked(10)?;
    number(nu).zip(number(&rest[..rest.len().min(11)]))
}

fn header(row: &[u8]) -> Option<Header> {
    by_words(row).or_else(|| by_columns(row))
}

fn by_words(row: &[u8]) -> Option<Header> {
    let words: Vec<&[u8]> = words(row).collect();
    // A pair's name may be followed by a remark.
    (1..=3.min(words.len())).find_map(|n| {
        let fields = words.get(n..n + 4)?;
        let name: Vec<_> = words[..n].iter().map(|w| String::from_utf8_lossy(w)).collect();
        let range = (number(fields[0])?, number(fields[1])?);
        let rows = unsigned(fields[2])?;
        check(name.join(" "), Some(range), Some(rows), number(fields[3])?, reference(row))
    })
}

/// Fields left blank are not known.
fn by_columns(row: &[u8]) -> Option<Header> {
    let mut at = 0;
    let mut next = |width: usize| {
        let field = row.get(at..)?;
        at += width;
        Some(field[..field.len().min(width)].trim_ascii())
    };
    let name = String::from_utf8_lossy(next(20)?).into_owned();
    let (lo, hi, rows, temperature) = (next(10)?, next(10)?, next(7)?, next(7)?);
    let range = if lo.is_empty() || hi.is_empty() { None } else { Some((number(lo)?, number(hi)?)) };
    let rows = if rows.is_empty() { None } else { Some(unsigned(rows)?) };
    check(name, range, rows, number(temperature)?, reference(row))
}

/// The last of the fixed columns, a number. In lines of another length it may be anything, a part of the comment among them.
fn reference(row: &[u8]) -> String {
    let field = row.get(97..).map(<[u8]>::trim_ascii).filter(|_| row.trim_ascii_end().len() <= 100);
    field.filter(|f| unsigned(f).is_some()).map_or(String::new(), |f| String::from_utf8_lossy(f).into_owned())
}

fn check(
    name: String,
    range: Option<(f64, f64)>,
    rows: Option<u64>,
    temperature: f64,
    reference: String,
) -> Option<Header> {
    let is_pair = name.bytes().any(|b| b.is_ascii_alphabetic());
    let ascends = range.is_none_or(|(lo, hi)| lo <= hi);
    let holds = is_pair && ascends && rows != Some(0) && TEMPERATURES.contains(&temperature);
    holds.then_some(Header { name, range, rows, temperature, reference })
}
