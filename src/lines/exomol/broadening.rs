//! Widths by quantum numbers: ExoMol's `.broad` files.
//!
//! A row is `code gamma n q1 [q2]`: gamma in cm-1/bar at 296 K, n its temperature exponent, and the quantum numbers that the code
//! stands for (Barton et al. 2017, JQSRT 203, 490; Tennyson et al. 2024, JQSRT 326, 109083; as ExoCross and PyExoCross read them):
//!
//! | code | q1 | q2 | |
//! |---|---|---|---|
//! | v1 | J'' | v' | v of the upper state |
//! | k1 | J'' | K' | K of the upper state |
//! | v0 | v' | | |
//! | k0 | K' | | |
//! | m1 | m | | J'' + 1 if J' = J'' + 1; -J'' if J' = J'' - 1; J'' if J' = J'' |
//! | m0 | \|m\| | | |
//! | a1, jj | J'' | J' | |
//! | a0, j | J'' | | |
//!
//! The best row that a line has is the first in this order. A line that has none, because its J'' (or m) lies beyond the ends of a
//! table, takes the width that the definition file states for J'' above a limit; without one the end row of the first code in this
//! order that has rows for it (of a1 and jj with the same J' - J'', if there is any; of v1 and k1 with the same v' or K'). All other lines take the default. Rows
//! of other codes need quantum numbers that vary from molecule to molecule; they are counted, named and not used.

use std::collections::BTreeMap;
use std::path::Path;

use crate::Result;
use crate::lines::Width;
use crate::lines::fields::{number, quote, twice_j, words};
use crate::lines::physical::{EXPONENT, WIDTH};
use crate::lines::reader::read_whole;

/// Label v or K of a state that has none.
pub(super) const NO_LABEL: i16 = i16::MIN;

/// What widths depend on. J is held twice, so that halves are whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Numbers {
    /// 2 J''.
    pub lower: u32,
    /// 2 J'.
    pub upper: u32,
    /// K' and v', or [`NO_LABEL`].
    pub k: i16,
    pub v: i16,
}

/// Where a width comes from, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// The user's, for all lines.
    Fixed,
    /// A row of a table.
    Row,
    /// The end row of a table.
    End,
    /// The definition's width for J'' beyond the table.
    Beyond,
    /// The default.
    Default,
}

/// Widths of all lines in one gas.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WidthTable {
    /// For lines that the table does not have.
    default: Width,
    constant: Option<Origin>,
    /// For lines with 2 J'' above the first.
    beyond: Option<(u32, Width)>,
    /// One row without quantum numbers, for all lines.
    all: Option<Width>,
    /// At (v' or K', 2 J'').
    v1: BTreeMap<(i16, u32), Width>,
    k1: BTreeMap<(i16, u32), Width>,
    v0: BTreeMap<i16, Width>,
    k0: BTreeMap<i16, Width>,
    /// At 2 m and 2 |m|.
    m1: BTreeMap<i64, Width>,
    m0: BTreeMap<i64, Width>,
    /// At (2 J' - 2 J'', 2 J'').
    a1: BTreeMap<(i64, u32), Width>,
    a0: BTreeMap<u32, Width>,
    /// No J or m in it is a half.
    whole: bool,
    /// Rows of codes that are not known, or whose quantum numbers the states do not have.
    pub skipped: BTreeMap<String, u64>,
    /// Rows whose width is 0.
    pub zero: u64,
    /// Rows with the quantum numbers of an earlier one, whose width is not the same.
    pub repeated: u64,
}

impl WidthTable {
    /// The same width for every line.
    pub fn constant(default: Width, origin: Origin) -> Self {
        Self {
            default,
            constant: Some(origin),
            beyond: None,
            all: None,
            v1: BTreeMap::new(),
            k1: BTreeMap::new(),
            v0: BTreeMap::new(),
            k0: BTreeMap::new(),
            m1: BTreeMap::new(),
            m0: BTreeMap::new(),
            a1: BTreeMap::new(),
            a0: BTreeMap::new(),
            whole: true,
            skipped: BTreeMap::new(),
            zero: 0,
            repeated: 0,
        }
    }

    /// From a `.broad` file. `beyond` is the definition file's width for J'' above a limit (2 J''); `has_k` and `has_v` say which
    /// labels the states have.
    pub fn read(
        path: &Path,
        default: Width,
        beyond: Option<(u32, Width)>,
        (has_k, has_v): (bool, bool),
    ) -> Result<Self> {
        let text = read_whole(path)?;
        let mut table = Self { constant: None, beyond, ..Self::constant(default, Origin::Default) };
        let rows: Vec<_> = text.lines().filter(|(_, row)| !row.trim_ascii_start().starts_with(b"#")).collect();
        for (line, row) in &rows {
            let fail = |what: &str| Err(text.error(*line, format!("{what}, found {}", quote(row))));
            let mut columns = words(row);
            let written = columns.next().unwrap_or_default();
            let code = written.to_ascii_lowercase();
            let used = match &code[..] {
                b"a0" | b"j" | b"a1" | b"jj" | b"m0" | b"m1" => true,
                b"k0" | b"k1" => has_k,
                b"v0" | b"v1" => has_v,
                _ if code.len() <= 4 && code[0].is_ascii_alphabetic() => false,
                _ => return fail("a code such as a0 or a1 is required"),
            };
            if !used {
                *table.skipped.entry(String::from_utf8_lossy(written).into_owned()).or_default() += 1;
                continue;
            }
            let (Some(gamma), Some(exponent)) = (columns.next().and_then(number), columns.next().and_then(number))
            else {
                return fail("`code gamma n J'' ...` is required");
            };
            // Not known, as in HITRAN: the line takes what it would take without the row.
            if gamma == 0.0 {
                table.zero += 1;
                continue;
            }
            if !(0.0..=WIDTH).contains(&gamma) {
                let message = format!("a positive half width of at most {WIDTH} cm-1/bar is required, found {gamma}");
                return Err(text.error(*line, message));
            }
            if exponent.abs() > EXPONENT {
                let message = format!("a temperature exponent within {EXPONENT} of 0 is required, found {exponent}");
                return Err(text.error(*line, message));
            }
            let width = Width::power_law(gamma, exponent);
            let first = columns.next();
            let j = || first.and_then(twice_j);
            let second = columns.next();
            let earlier = match &code[..] {
                b"a0" | b"j" if first.is_none() && rows.len() == 1 => table.all.replace(width),
                b"a0" | b"j" => match j() {
                    Some(j) => table.a0.insert(j, width),
                    None => return fail("J'' (whole or half) is required after n"),
                },
                b"a1" | b"jj" => match (j(), second.and_then(twice_j)) {
                    (Some(lower), Some(upper)) => table.a1.insert((i64::from(upper) - i64::from(lower), lower), width),
                    (None, _) => return fail("J'' (whole or half) is required after n"),
                    (_, None) => return fail("J' (whole or half) is required after J''"),
                },
                b"m0" => match j() {
                    Some(m) => table.m0.insert(i64::from(m), width),
                    None => return fail("|m| (whole or half, at least 0) is required after n"),
                },
                b"m1" => match first.and_then(twice_m) {
                    Some(m) => table.m1.insert(m, width),
                    None => return fail("m (whole or half) is required after n"),
                },
                b"k0" | b"v0" => match first.and_then(label_number) {
                    Some(q) => if code[0] == b'k' { &mut table.k0 } else { &mut table.v0 }.insert(q, width),
                    None => return fail("a quantum number of the upper state (whole) is required after n"),
                },
                _ => match (j(), second.and_then(label_number)) {
                    (Some(lower), Some(q)) => {
                        if code[0] == b'k' { &mut table.k1 } else { &mut table.v1 }.insert((q, lower), width)
                    }
                    (None, _) => return fail("J'' (whole or half) is required after n"),
                    (_, None) => return fail("a quantum number of the upper state (whole) is required after J''"),
                },
            };
            table.repeated += u64::from(earlier.is_some_and(|w| w != width));
        }
        let labelled = table.v1.keys().chain(table.k1.keys()).map(|k| &k.1);
        let j = table.a0.keys().chain(table.a1.keys().map(|k| &k.1)).chain(labelled);
        table.whole = j.copied().all(|j| j % 2 == 0) && table.m0.keys().chain(table.m1.keys()).all(|m| m % 2 == 0);
        Ok(table)
    }

    /// True if it has no row that can be used.
    pub fn is_empty(&self) -> bool {
        let rows = self.v1.len() + self.k1.len() + self.v0.len() + self.k0.len() + self.m1.len();
        self.constant.is_none() && self.all.is_none() && rows + self.m0.len() + self.a1.len() + self.a0.len() == 0
    }

    /// True if widths depend on K' or v'.
    pub fn needs_labels(&self) -> bool {
        !(self.v1.is_empty() && self.k1.is_empty() && self.v0.is_empty() && self.k0.is_empty())
    }

    /// True if the table has rows at whole J only.
    pub fn is_whole(&self) -> bool {
        self.constant.is_none() && self.whole && !self.is_empty()
    }

    /// The width of a line and where it comes from. In a table for whole J only, a half-integer J stands for J - 1/2.
    pub fn width(&self, line: &Numbers) -> (Width, Origin) {
        if let Some(origin) = self.constant {
            return (self.default, origin);
        }
        let mut q = *line;
        if self.whole && q.lower % 2 == 1 {
            (q.lower, q.upper) = (q.lower - 1, q.upper.saturating_sub(1));
        }
        if let Some(width) = self.row(&q).or(self.all) {
            return (width, Origin::Row);
        }
        match self.beyond {
            Some((limit, width)) if line.lower > limit => (width, Origin::Beyond),
            _ => self.end(&q).map_or((self.default, Origin::Default), |width| (width, Origin::End)),
        }
    }

    fn row(&self, q: &Numbers) -> Option<Width> {
        let m = q.m();
        let step = i64::from(q.upper) - i64::from(q.lower);
        let found = self.v1.get(&(q.v, q.lower)).or_else(|| self.k1.get(&(q.k, q.lower)));
        let found = found.or_else(|| self.v0.get(&q.v)).or_else(|| self.k0.get(&q.k));
        let found = found.or_else(|| self.m1.get(&m?)).or_else(|| self.m0.get(&m?.abs()));
        found.or_else(|| self.a1.get(&(step, q.lower))).or_else(|| self.a0.get(&q.lower)).copied()
    }

    /// The row at the end of a table that the line lies beyond.
    fn end(&self, q: &Numbers) -> Option<Width> {
        let step = i64::from(q.upper) - i64::from(q.lower);
        let labelled = |table: &BTreeMap<(i16, u32), Width>, label: i16| {
            beyond_end(table.range((label, 0)..=(label, u32::MAX)).map(|((_, j), w)| (*j, w)), q.lower)
        };
        let a1 = || beyond_end(self.a1.range((step, 0)..=(step, u32::MAX)).map(|((_, j), w)| (*j, w)), q.lower);
        // Of a1 alone, without a row of this J' - J'': the last one, once J'' is above them all.
        let last_of_a1 = || {
            let last = self.a1.iter().max_by_key(|((_, j), _)| *j);
            let none = self.a0.is_empty() && !self.a1.keys().any(|(s, _)| *s == step);
            last.filter(|((_, j), _)| none && q.lower > *j).map(|(_, w)| *w)
        };
        let found = labelled(&self.v1, q.v).or_else(|| labelled(&self.k1, q.k));
        let found = found.or_else(|| beyond_end(self.m1.iter().map(|(m, w)| (*m, w)), q.m()?));
        let found = found.or_else(|| beyond_end(self.m0.iter().map(|(m, w)| (*m, w)), q.m()?.abs()));
        let found = found.or_else(a1).or_else(|| beyond_end(self.a0.iter().map(|(j, w)| (*j, w)), q.lower));
        found.or_else(last_of_a1)
    }
}

impl Numbers {
    /// 2 m; none for lines that change J by more than 1.
    fn m(&self) -> Option<i64> {
        let (lower, upper) = (i64::from(self.lower), i64::from(self.upper));
        match upper - lower {
            2 => Some(upper),
            -2 => Some(-lower),
            0 => Some(lower),
            _ => None,
        }
    }
}

/// The first or last of ascending rows if `at` lies before or after them.
fn beyond_end<'a, K: Ord + Copy>(
    rows: impl DoubleEndedIterator<Item = (K, &'a Width)> + Clone,
    at: K,
) -> Option<Width> {
    let (first, last) = (rows.clone().next()?, rows.clone().next_back()?);
    if at > last.0 {
        Some(*last.1)
    } else if at < first.0 {
        Some(*first.1)
    } else {
        None
    }
}

/// Twice m, which has a sign.
fn twice_m(field: &[u8]) -> Option<i64> {
    let twice = 2.0 * number(field)?;
    (twice.fract() == 0.0 && twice.abs() <= 20_000.0).then_some(twice as i64)
}

/// K or v: a whole number, also written as `3.0`.
pub(super) fn label_number(field: &[u8]) -> Option<i16> {
    number(field).filter(|q| q.fract() == 0.0 && q.abs() < 32_000.0).map(|q| q as i16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::test_data;
    use proptest::prelude::*;

    const DEFAULT: Width = Width::power_law(0.07, 0.5);

    fn read_with(text: impl AsRef<[u8]>, beyond: Option<(u32, Width)>, labels: (bool, bool)) -> Result<WidthTable> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        WidthTable::read(file.path(), DEFAULT, beyond, labels)
    }

    fn read(text: impl AsRef<[u8]>, beyond: Option<(u32, Width)>) -> Result<WidthTable> {
        read_with(text, beyond, (false, false))
    }

    /// J'' and J', doubled.
    fn at(lower: u32, upper: u32) -> Numbers {
        Numbers { lower, upper, k: NO_LABEL, v: NO_LABEL }
    }

    #[test]
    fn the_more_special_width_wins() {
        let far = Width::power_law(0.01, 0.1);
        let text = "a0 0.05 0.4 1\na1 0.06 0.6 1 2\na0 0.03 0.2 2.5\nb7 0.1 0.5 7\n";
        let t = read(text, Some((10, far))).unwrap();
        let gamma = |lower, upper| t.width(&at(lower, upper)).0.gamma;
        assert_eq!((gamma(2, 4), gamma(2, 2), gamma(2, 0)), (0.06, 0.05, 0.05));
        assert_eq!((gamma(5, 7), t.width(&at(4, 4))), (0.03, (DEFAULT, Origin::Default)));
        assert_eq!((t.width(&at(12, 12)), t.width(&at(10, 12)).1), ((far, Origin::Beyond), Origin::End));
        assert_eq!((t.width(&at(2, 4)).1, t.skipped["b7"]), (Origin::Row, 1));
    }

    #[test]
    fn widths_of_0_are_unknown_and_second_rows_are_counted() {
        let t = read("a0 0.05 0.4 1\na1 0.0 0.0 1 2\na0 0.06 0.4 2\na0 0.07 0.4 2\na0 0.05 0.4 1\n", None).unwrap();
        assert_eq!((t.zero, t.repeated), (1, 1));
        assert_eq!((t.width(&at(2, 4)).0.gamma, t.width(&at(4, 4)).0.gamma), (0.05, 0.07));
    }

    #[test]
    fn every_code_and_its_ends() {
        let m0 = read("m0 0.05 0.4 1\nm0 0.06 0.4 2\nm0 0.07 0.4 3\n", None).unwrap();
        // R(1), P(2) and Q(2) have |m| = 2.
        for line in [at(2, 4), at(4, 2), at(4, 4)] {
            assert_eq!((m0.width(&line).0.gamma, m0.width(&line).1), (0.06, Origin::Row));
        }
        assert_eq!((m0.width(&at(40, 42)).0.gamma, m0.width(&at(40, 42)).1), (0.07, Origin::End));
        let m1 = read("m1 0.01 0.4 -2\nm1 0.02 0.4 -1\nm1 0.03 0.4 1\nm1 0.04 0.4 2\n", None).unwrap();
        let gamma = |lower, upper| (m1.width(&at(lower, upper)).0.gamma, m1.width(&at(lower, upper)).1);
        assert_eq!(
            (gamma(4, 2), gamma(2, 4), gamma(2, 2)),
            ((0.01, Origin::Row), (0.04, Origin::Row), (0.03, Origin::Row))
        );
        assert_eq!((gamma(20, 18), gamma(20, 22)), ((0.01, Origin::End), (0.04, Origin::End)));
        // Of an S branch there is no m.
        assert_eq!(gamma(2, 6), (0.07, Origin::Default));
        let jj = read("JJ 0.05 0.4 0 1\njj 0.06 0.4 1 2\n", None).unwrap();
        let gamma = |lower, upper| (jj.width(&at(lower, upper)).0.gamma, jj.width(&at(lower, upper)).1);
        assert_eq!((gamma(2, 4), gamma(2, 0)), ((0.06, Origin::Row), (0.07, Origin::Default)));
        assert_eq!((gamma(6, 8), gamma(6, 4)), ((0.06, Origin::End), (0.06, Origin::End)));
        let both = read("jj 0.06 0.4 1 2\nJ 0.01 0.4 4\nJ 0.02 0.4 5\n", None).unwrap();
        let gamma = |lower, upper| (both.width(&at(lower, upper)).0.gamma, both.width(&at(lower, upper)).1);
        assert_eq!((gamma(10, 8), gamma(12, 10)), ((0.02, Origin::Row), (0.02, Origin::End)));
        assert_eq!((gamma(12, 14), gamma(0, 2)), ((0.06, Origin::End), (0.06, Origin::End)));
        let one = read("a0 0.05 0.4\n", None).unwrap();
        assert_eq!(one.width(&at(14, 16)), (Width::power_law(0.05, 0.4), Origin::Row));
    }

    #[test]
    fn labels_of_the_upper_state() {
        let text = "k1 0.01 0.4 3 2\nv1 0.02 0.4 3 1\nk0 0.03 0.4 2\nv0 0.04 0.4 1\na0 0.05 0.4 3\n";
        let t = read_with(text, None, (true, true)).unwrap();
        let gamma = |lower, k, v| t.width(&Numbers { lower, upper: lower, k, v }).0.gamma;
        assert_eq!([gamma(6, 2, 1), gamma(6, 2, 0), gamma(8, 2, 1), gamma(8, 2, 0)], [0.02, 0.01, 0.04, 0.03]);
        assert_eq!((gamma(6, 7, NO_LABEL), t.needs_labels()), (0.05, true));
        // J'' beyond the rows of this v'.
        let t = read_with("v1 0.02 0.4 3 1\nv1 0.03 0.4 4 1\n", None, (false, true)).unwrap();
        let line = |lower, v| t.width(&Numbers { lower, upper: lower, k: NO_LABEL, v });
        assert_eq!((line(10, 1).0.gamma, line(10, 1).1, line(10, 2).1), (0.03, Origin::End, Origin::Default));
        // Without the labels the rows are counted.
        let t = read(text, None).unwrap();
        assert_eq!((t.skipped.len(), t.needs_labels(), t.width(&at(6, 6)).0.gamma), (4, false, 0.05));
    }

    #[test]
    fn half_integer_j_in_a_table_of_whole_j() {
        let whole = read("a0 0.05 0.4 0\na0 0.06 0.4 1\nm0 0.03 0.4 2\n", None).unwrap();
        assert!(whole.is_whole());
        let gamma = |lower, upper| whole.width(&at(lower, upper)).0.gamma;
        // J'' = 1.5 stands for 1, whose R line has m = 2.
        assert_eq!((gamma(3, 3), gamma(1, 1), gamma(3, 5)), (0.06, 0.05, 0.03));
        assert!(!read("a0 0.05 0.4 0.5\n", None).unwrap().is_whole());
    }

    #[test]
    fn samples() {
        let Some(folder) = test_data("exomol") else { return };
        let read = |name: &str| WidthTable::read(&folder.join(name), DEFAULT, None, (false, false)).unwrap();
        let co = read("CO/12C-16O/SAMPLE/12C-16O__H2.broad");
        assert_eq!(co.width(&at(0, 2)).0, Width::power_law(0.0772, 0.671));
        let water = read("H2O/1H2-16O/SAMPLE/1H2-16O__H2.broad");
        assert_eq!(water.width(&at(0, 2)).0, Width::power_law(0.0916, 0.790));
        assert_eq!(water.width(&at(10, 8)).0, Width::power_law(0.0699, 0.502));
        assert_eq!(water.width(&at(4, 4)).0, Width::power_law(0.0824, 0.602));
    }

    #[test]
    fn bad_rows_name_the_line() {
        for (text, part) in [
            ("a0 0.05 0.4 1\na0 x 0.4 2", "line 2"),
            ("a0 0.05 0.4\na0 0.05 0.4 1", "J''"),
            ("a1 0.05 0.4 1", "J'"),
            ("a0 -0.05 0.4 1", "positive"),
            ("a0 NaN 0.4 1", "gamma n"),
            ("a0 0.05 0.4 1.3", "J''"),
            ("0.05 0.4 1", "code"),
            ("m0 0.05 0.4 -1", "|m|"),
            ("m1 0.05 0.4", "m (whole"),
            ("k1 0.05 0.4 1", "upper state"),
            ("v0 0.05 0.4 x", "upper state"),
        ] {
            let message = read_with(text, None, (true, true)).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_bytes_are_taken(head in 0..4usize, bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut text = [&b""[..], b"a0 ", b"a1 0.1 0.2 ", b"k1 0.1 0.2 "][head].to_vec();
            text.extend(bytes);
            if let Ok(table) = read_with(text, None, (true, true)) {
                let _ = table.width(&at(3, 5));
            }
        }
    }
}
