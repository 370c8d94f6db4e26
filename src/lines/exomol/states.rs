//! The states file (`.states`): identifier, term value, total degeneracy and J of every level, and what else is needed of it.

use std::path::Path;

use super::broadening::{NO_LABEL, label_number};
use super::definition::StateColumns;
use crate::lines::fields::{number, quote, twice_j, unsigned, words};
use crate::lines::physical::{ENERGY, RATE};
use crate::lines::reader::{Chunk, for_each_chunk};
use crate::lines::recognise::{STATES, recognise};
use crate::{Error, Progress, Result};

/// The lowest level is at 0; rounding may leave it a little below \[cm-1\].
const LOWEST_ENERGY: f64 = -0.01;

/// A level: 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct State {
    /// Term value \[cm-1\].
    pub energy: f64,
    /// Total degeneracy, nuclear spin included.
    pub degeneracy: u32,
    /// Twice the total angular momentum quantum number.
    pub twice_j: u32,
}

/// All levels, found by identifier.
///
/// Identifiers usually run from 1 without gaps; then the row is the identifier less the first one, and nothing but the levels
/// is stored. A selection of levels has gaps; then the identifiers are stored beside them, ascending.
#[derive(Debug)]
pub(crate) struct States {
    levels: Vec<State>,
    ids: Ids,
    /// Inverse lifetimes \[s-1\], NaN where unknown; empty if the file has none.
    rates: Vec<f32>,
    /// K and v, [`NO_LABEL`] where there is none; empty if not asked for.
    labels: Vec<[i16; 2]>,
    /// The lifetimes were there by the definition, but not in the file.
    pub lifetimes_missing: bool,
    /// Rows that cannot be read, and the first of them in words.
    pub unreadable: (u64, String),
}

#[derive(Debug)]
enum Ids {
    From(u64),
    Sorted(Vec<u64>),
}

/// A lifetime column that holds no lifetime, until it is known how many of these there are.
const NO_LIFETIME: f32 = -1.0;

/// Levels and what stands beside them, in the same order.
#[derive(Default)]
struct Rows {
    ids: Vec<u64>,
    levels: Vec<State>,
    rates: Vec<f32>,
    labels: Vec<[i16; 2]>,
    /// Rows that cannot be read, and the first of them: its line and what is wrong.
    unreadable: u64,
    first: Option<(u64, String)>,
}

impl States {
    /// Reads all levels. A row that cannot be read is left out and counted: transitions that name its level are told. Lifetimes are kept if there is a column of them, labels only if `labels` says that they are needed.
    pub fn read(path: &Path, columns: StateColumns, labels: bool, progress: &dyn Progress) -> Result<Self> {
        let mut all = Rows::default();
        let columns = if labels { columns } else { StateColumns { k: None, v: None, ..columns } };
        let parse = |c: Chunk| Ok(parse_chunk(&c, columns));
        for_each_chunk(&[path.to_owned()], "reading states", progress, &parse, &mut |part: Rows| {
            all.ids.extend(part.ids);
            all.levels.extend(part.levels);
            all.rates.extend(part.rates);
            all.labels.extend(part.labels);
            all.unreadable += part.unreadable;
            all.first = all.first.take().or(part.first);
            Ok(())
        })?;
        Self::index(all, path)
    }

    fn index(rows: Rows, path: &Path) -> Result<Self> {
        let Rows { mut ids, mut levels, mut rates, mut labels, unreadable, first } = rows;
        // A few bad rows are an accident; a file of them is none of states.
        if let Some((line, what)) = first.as_ref().filter(|_| unreadable > ids.len() as u64) {
            let known = recognise(path).filter(|kind| *kind != STATES);
            let known = known.map(|kind| format!("; {kind}")).unwrap_or_default();
            return Err(Error::parse(path, *line, format!("{what}{known}")));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let unreadable =
            (unreadable, first.map_or_else(String::new, |(line, what)| format!("{name}, line {line}: {what}")));
        let Some(first) = ids.first().copied() else {
            return Err(Error::parse(path, None, "no state in it, only blank lines"));
        };
        // A column of words or dashes is not what the definition says it is.
        let strange = rates.iter().filter(|r| **r == NO_LIFETIME).count();
        let lifetimes_missing = 2 * strange > rates.len();
        if lifetimes_missing {
            rates.clear();
        }
        rates.iter_mut().filter(|r| **r == NO_LIFETIME).for_each(|r| *r = f32::NAN);
        if ids.windows(2).all(|w| w[0].checked_add(1) == Some(w[1])) {
            return Ok(Self { levels, ids: Ids::From(first), rates, labels, lifetimes_missing, unreadable });
        }
        if !ids.is_sorted() {
            let mut order: Vec<usize> = (0..ids.len()).collect();
            order.sort_by_key(|i| ids[*i]);
            levels = order.iter().map(|i| levels[*i]).collect();
            rates = order.iter().filter_map(|i| rates.get(*i).copied()).collect();
            labels = order.iter().filter_map(|i| labels.get(*i).copied()).collect();
            ids.sort_unstable();
        }
        match ids.windows(2).find(|w| w[0] == w[1]) {
            Some(w) => Err(Error::parse(path, None, format!("the state {} is there twice", w[0]))),
            None => Ok(Self { levels, ids: Ids::Sorted(ids), rates, labels, lifetimes_missing, unreadable }),
        }
    }

    /// The row of the level with an identifier.
    pub fn row(&self, id: u64) -> Option<usize> {
        let row = match &self.ids {
            Ids::From(first) => usize::try_from(id.checked_sub(*first)?).ok()?,
            Ids::Sorted(ids) => ids.binary_search(&id).ok()?,
        };
        (row < self.levels.len()).then_some(row)
    }

    /// The level of a row.
    pub fn level(&self, row: usize) -> &State {
        &self.levels[row]
    }

    /// Inverse lifetime of a row's level \[s-1\], 0 for a stable one, NaN if unknown; `None` if the file has no lifetimes.
    pub fn rate(&self, row: usize) -> Option<f64> {
        self.rates.get(row).map(|r| f64::from(*r))
    }

    /// True if the file has lifetimes.
    pub fn has_lifetimes(&self) -> bool {
        !self.rates.is_empty()
    }

    /// K and v of a row's level, [`NO_LABEL`] where there is none.
    pub fn labels(&self, row: usize) -> [i16; 2] {
        self.labels.get(row).copied().unwrap_or([NO_LABEL; 2])
    }

    /// The highest 2 J.
    pub fn twice_j_max(&self) -> u32 {
        self.levels.iter().map(|l| l.twice_j).max().unwrap_or(0)
    }

    /// True if a J is a half.
    pub fn any_half(&self) -> bool {
        self.levels.iter().any(|l| l.twice_j % 2 == 1)
    }
}

fn parse_chunk(chunk: &Chunk, columns: StateColumns) -> Rows {
    let mut rows = Rows::default();
    for (line, row) in chunk.lines() {
        let (id, state) = match parse_row(row) {
            Ok(state) => state,
            Err(what) => {
                rows.unreadable += 1;
                rows.first.get_or_insert_with(|| (line, format!("{what} is required, found {}", quote(row))));
                continue;
            }
        };
        rows.ids.push(id);
        rows.levels.push(state);
        if columns != StateColumns::default() {
            let column = |place: Option<usize>| place.map(|i| words(row).nth(i).unwrap_or_default());
            rows.rates.extend(column(columns.lifetime).map(rate));
            if columns.k.is_some() || columns.v.is_some() {
                let label = |place| column(place).and_then(label_number).unwrap_or(NO_LABEL);
                rows.labels.push([label(columns.k), label(columns.v)]);
            }
        }
    }
    rows
}

/// Inverse of a lifetime in s. `Inf` is a stable level; `NaN`, 0 and less, and what no level lives as short as, are unknown.
fn rate(field: &[u8]) -> f32 {
    if let Some(tau) = number(field) {
        let rate = (1.0 / tau) as f32;
        return if rate > 0.0 && f64::from(rate) <= RATE { rate } else { f32::NAN };
    }
    match field.to_ascii_lowercase().trim_ascii() {
        b"inf" | b"+inf" | b"infinity" | b"+infinity" => 0.0,
        b"nan" | b"-nan" => f32::NAN,
        _ => NO_LIFETIME,
    }
}

/// The first four columns; the error says what is missing.
fn parse_row(row: &[u8]) -> Result<(u64, State), &'static str> {
    let mut columns = words(row);
    let mut next = || columns.next().unwrap_or_default();
    let id = unsigned(next()).ok_or("a state identifier (whole number) in column 1")?;
    let energy = number(next())
        .filter(|e| (LOWEST_ENERGY..=ENERGY).contains(e))
        .ok_or("a term value [cm-1] of at least 0 (-0.01 by rounding), and at most 1e6, in column 2")?;
    let degeneracy = number(next())
        .filter(|g| *g >= 1.0 && *g <= f64::from(u32::MAX) && g.fract() == 0.0)
        .ok_or("a total degeneracy (whole number of at least 1) in column 3")?;
    let twice_j = twice_j(next()).ok_or("J (whole or half) in column 4")?;
    Ok((id, State { energy, degeneracy: degeneracy as u32, twice_j }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_with(text: impl AsRef<[u8]>, columns: StateColumns) -> Result<States> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        States::read(file.path(), columns, true, &())
    }

    fn read(text: impl AsRef<[u8]>) -> Result<States> {
        read_with(text, StateColumns::default())
    }

    #[test]
    fn lifetimes_and_labels() {
        let columns = StateColumns { lifetime: Some(4), k: Some(5), v: Some(6) };
        let text = "3 5.0 1 0 2.0e-8 1 4\n1 0.0 1 0 Inf 2 e\n7 9.0 1 0 NaN x 3.0\n8 10.0 1 0 0.0 1\n";
        let states = read_with(text, columns).unwrap();
        let of = |id: u64| (states.rate(states.row(id).unwrap()).unwrap(), states.labels(states.row(id).unwrap()));
        assert_eq!(of(1), (0.0, [2, NO_LABEL]));
        assert!((of(3).0 / 5e7 - 1.0).abs() < 1e-6 && of(3).1 == [1, 4]);
        assert!(of(7).0.is_nan() && of(7).1 == [NO_LABEL, 3] && of(8).0.is_nan());
        // The definition promises lifetimes, the file has parities there.
        let strange = read_with("1 0.0 1 0 + 1\n2 1.0 1 0 - 1\n", columns).unwrap();
        assert!(strange.lifetimes_missing && !strange.has_lifetimes() && strange.rate(0).is_none());
    }

    #[test]
    fn states_are_found_by_identifier() {
        let close = read("1 0.0 1 0 e\n2 3.8 6 0.5\n3 11.5 5 2 Inf NaN\n").unwrap();
        assert!(matches!(close.ids, Ids::From(1)));
        assert_eq!(close.level(close.row(2).unwrap()), &State { energy: 3.8, degeneracy: 6, twice_j: 1 });
        assert!(close.row(0).is_none() && close.row(4).is_none());
        let gaps = read("7 2.0 3 1\n3 1.0 1 0\n90000000000 5.0 5 2").unwrap();
        assert_eq!([3, 7, 90_000_000_000].map(|i| gaps.level(gaps.row(i).unwrap()).energy), [1.0, 2.0, 5.0]);
        assert!(gaps.row(4).is_none());
        assert_eq!(gaps.levels.len(), 3);
    }

    #[test]
    fn bad_rows_are_left_out_and_the_first_is_named() {
        for (row, part) in [
            ("x 1.0 1 0", "column 1"),
            ("2 NaN 1 0", "column 2"),
            ("2 -1.0 1 0", "column 2"),
            ("2 NaN 1 0", "found \"2 NaN 1 0\""),
            ("2 1.0 0 0", "column 3"),
            ("2 1.0 1.5 0", "column 3"),
            ("2 1.0 1 0.3", "column 4"),
            ("2 1.0 1", "column 4"),
        ] {
            let states = read(format!("1 0.0 1 0\n{row}\n3 2.0 1 0\n")).unwrap();
            let (n, message) = &states.unreadable;
            assert!(*n == 1 && message.contains("line 2") && message.contains(part), "{row}: {message}");
            assert!(states.row(2).is_none() && states.level(states.row(3).unwrap()).energy == 2.0);
        }
        // More than half of them are no states file.
        let message = read("1 0.0 1 0\nx\ny\n").unwrap_err().to_string();
        assert!(message.contains("line 2") && message.contains("column 1"), "{message}");
        assert!(read("5 0 1 0\n9 1 1 0\n5 2 1 0").unwrap_err().to_string().contains("state 5 is there twice"));
        assert!(read("\n\n").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_with(bytes, StateColumns { lifetime: Some(4), k: Some(5), v: Some(6) });
        }
    }
}
