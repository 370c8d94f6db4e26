//! The states file (`.states`): identifier, term value, total degeneracy and J of every level.

use std::path::Path;

use crate::lines::fields::{number, quote, twice_j, unsigned, words};
use crate::lines::reader::{Chunk, for_each_chunk};
use crate::{Error, Progress, Result};

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
}

#[derive(Debug)]
enum Ids {
    From(u64),
    Sorted(Vec<u64>),
}

impl States {
    pub fn read(path: &Path, progress: &dyn Progress) -> Result<Self> {
        let (mut ids, mut levels) = (Vec::new(), Vec::new());
        for_each_chunk(&[path.to_owned()], "reading states", progress, &|c| parse_chunk(&c), &mut |part| {
            let part: Vec<(u64, State)> = part;
            ids.extend(part.iter().map(|p| p.0));
            levels.extend(part.iter().map(|p| p.1));
            Ok(())
        })?;
        Self::index(ids, levels, path)
    }

    fn index(mut ids: Vec<u64>, mut levels: Vec<State>, path: &Path) -> Result<Self> {
        let Some(first) = ids.first().copied() else {
            return Err(Error::parse(path, None, "no state in it, only blank lines"));
        };
        if ids.windows(2).all(|w| w[0].checked_add(1) == Some(w[1])) {
            return Ok(Self { levels, ids: Ids::From(first) });
        }
        if !ids.is_sorted() {
            let mut order: Vec<usize> = (0..ids.len()).collect();
            order.sort_by_key(|i| ids[*i]);
            levels = order.iter().map(|i| levels[*i]).collect();
            ids.sort_unstable();
        }
        match ids.windows(2).find(|w| w[0] == w[1]) {
            Some(w) => Err(Error::parse(path, None, format!("the state {} is there twice", w[0]))),
            None => Ok(Self { levels, ids: Ids::Sorted(ids) }),
        }
    }

    /// The level with an identifier.
    pub fn get(&self, id: u64) -> Option<&State> {
        let row = match &self.ids {
            Ids::From(first) => usize::try_from(id.checked_sub(*first)?).ok()?,
            Ids::Sorted(ids) => ids.binary_search(&id).ok()?,
        };
        self.levels.get(row)
    }

    /// Number of levels.
    pub fn len(&self) -> usize {
        self.levels.len()
    }
}

fn parse_chunk(chunk: &Chunk) -> Result<Vec<(u64, State)>> {
    chunk
        .lines()
        .map(|(line, row)| {
            parse_row(row).map_err(|what| chunk.error(line, format!("{what} is required, found {}", quote(row))))
        })
        .collect()
}

/// The first four columns; the error says what is missing.
fn parse_row(row: &[u8]) -> Result<(u64, State), &'static str> {
    let mut columns = words(row);
    let mut next = || columns.next().unwrap_or_default();
    let id = unsigned(next()).ok_or("a state identifier (whole number) in column 1")?;
    let energy = number(next()).filter(|e| *e >= 0.0).ok_or("a term value [cm-1] of at least 0 in column 2")?;
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

    fn read(text: impl AsRef<[u8]>) -> Result<States> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        States::read(file.path(), &())
    }

    #[test]
    fn states_are_found_by_identifier() {
        let close = read("1 0.0 1 0 e\n2 3.8 6 0.5\n3 11.5 5 2 Inf NaN\n").unwrap();
        assert!(matches!(close.ids, Ids::From(1)));
        assert_eq!(close.get(2), Some(&State { energy: 3.8, degeneracy: 6, twice_j: 1 }));
        assert!(close.get(0).is_none() && close.get(4).is_none());
        let gaps = read("7 2.0 3 1\n3 1.0 1 0\n90000000000 5.0 5 2").unwrap();
        assert_eq!([3, 7, 90_000_000_000].map(|i| gaps.get(i).unwrap().energy), [1.0, 2.0, 5.0]);
        assert!(gaps.get(4).is_none());
        assert_eq!(gaps.len(), 3);
    }

    #[test]
    fn bad_rows_name_the_line() {
        for (row, part) in [
            ("x 1.0 1 0", "column 1"),
            ("2 NaN 1 0", "column 2"),
            ("2 -1.0 1 0", "column 2"),
            ("2 1.0 0 0", "column 3"),
            ("2 1.0 1.5 0", "column 3"),
            ("2 1.0 1 0.3", "column 4"),
            ("2 1.0 1", "column 4"),
        ] {
            let message = read(format!("1 0.0 1 0\n{row}\n")).unwrap_err().to_string();
            assert!(message.contains("line 2") && message.contains(part), "{row}: {message}");
        }
        assert!(read("5 0 1 0\n9 1 1 0\n5 2 1 0").unwrap_err().to_string().contains("state 5 is there twice"));
        assert!(read("\n\n").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(bytes);
        }
    }
}
