//! Widths by rotational quantum number: ExoMol's `.broad` files.
//!
//! A row is `code gamma n J'' [J' ...]`, gamma in cm-1/bar at 296 K (Barton et al. 2017, JQSRT 203, 490). Code a0 depends on J'', a1 on
//! J'' and J'; a line takes its a1 width where there is one, else a0, else the default. Rows of other codes (m0, a5, ...)
//! need quantum numbers that vary from molecule to molecule; they are counted and not used.

use std::path::Path;

use crate::lines::Width;
use crate::lines::fields::{number, quote, twice_j, words};
use crate::lines::reader::read_whole;
use crate::{Error, Result};

/// Widths of all lines in one gas.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WidthTable {
    /// For lines that the table does not have.
    default: Width,
    /// For lines with 2 J'' above the first.
    beyond: Option<(u32, Width)>,
    /// At 2 J''.
    a0: Vec<Option<Width>>,
    /// At 5 (2 J'') + (2 J' - 2 J'' + 2).
    a1: Vec<Option<Width>>,
    /// Rows not used.
    pub skipped: u64,
}

impl WidthTable {
    /// The same width for every line.
    pub fn constant(default: Width) -> Self {
        Self { default, beyond: None, a0: Vec::new(), a1: Vec::new(), skipped: 0 }
    }

    /// From a `.broad` file. `beyond` is the definition file's width for J'' above a limit (2 J'').
    pub fn read(path: &Path, default: Width, beyond: Option<(u32, Width)>) -> Result<Self> {
        let text = read_whole(path)?;
        let mut table = Self { beyond, ..Self::constant(default) };
        for (line, row) in text.lines().filter(|(_, row)| !row.trim_ascii_start().starts_with(b"#")) {
            let mut columns = words(row);
            let code = columns.next().unwrap_or_default();
            let upper_too = match code {
                b"a0" => false,
                b"a1" => true,
                _ if code.len() <= 4 && code[0].is_ascii_alphabetic() => {
                    table.skipped += 1;
                    continue;
                }
                _ => return Err(text.error(line, format!("a code such as a0 or a1 is required, found {}", quote(row)))),
            };
            let width = (columns.next().and_then(number), columns.next().and_then(number));
            let (Some(gamma), Some(exponent)) = width else {
                return Err(text.error(line, format!("`code gamma n J'' ...` is required, found {}", quote(row))));
            };
            if gamma <= 0.0 {
                return Err(text.error(line, format!("a positive half width is required, found {gamma}")));
            }
            let width = Some(Width::power_law(gamma, exponent));
            let Some(lower) = columns.next().and_then(twice_j) else {
                return Err(text.error(line, format!("J'' (whole or half) is required after n, found {}", quote(row))));
            };
            if !upper_too {
                *slot(&mut table.a0, lower as usize) = width;
                continue;
            }
            let Some(upper) = columns.next().and_then(twice_j) else {
                return Err(text.error(line, format!("J' (whole or half) is required after J'', found {}", quote(row))));
            };
            match a1_index(lower, upper) {
                Some(i) => *slot(&mut table.a1, i) = width,
                None => table.skipped += 1,
            }
        }
        if table.a0.is_empty() && table.a1.is_empty() {
            let message = format!("no row of code a0 or a1 ({} rows of other codes)", table.skipped);
            return Err(Error::parse(path, None, message));
        }
        Ok(table)
    }

    /// Width of a line from 2 J'' and 2 J', and whether the table has it.
    pub fn width(&self, lower: u32, upper: u32) -> (Width, bool) {
        let a1 = || a1_index(lower, upper).and_then(|i| *self.a1.get(i)?);
        let a0 = || *self.a0.get(lower as usize)?;
        match (a1().or_else(a0), self.beyond) {
            (Some(width), _) => (width, true),
            (None, Some((limit, width))) if lower > limit => (width, false),
            (None, _) => (self.default, false),
        }
    }
}

/// Dipole transitions change J by at most 1.
fn a1_index(lower: u32, upper: u32) -> Option<usize> {
    (upper + 2).checked_sub(lower).filter(|d| *d <= 4).map(|d| 5 * lower as usize + d as usize)
}

fn slot(table: &mut Vec<Option<Width>>, index: usize) -> &mut Option<Width> {
    if table.len() <= index {
        table.resize(index + 1, None);
    }
    &mut table[index]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::test_data;
    use proptest::prelude::*;

    const DEFAULT: Width = Width::power_law(0.07, 0.5);

    fn read(text: impl AsRef<[u8]>, beyond: Option<(u32, Width)>) -> Result<WidthTable> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        WidthTable::read(file.path(), DEFAULT, beyond)
    }

    #[test]
    fn the_more_special_width_wins() {
        let far = Width::power_law(0.01, 0.1);
        let text = "a0 0.05 0.4 1\na1 0.06 0.6 1 2\na0 0.03 0.2 2.5\nm0 0.1 0.5 7\na1 0.1 0.5 1 9\n";
        let t = read(text, Some((10, far))).unwrap();
        let gamma = |lower, upper| t.width(lower, upper).0.gamma;
        assert_eq!((gamma(2, 4), gamma(2, 2), gamma(2, 0)), (0.06, 0.05, 0.05));
        assert_eq!((gamma(5, 7), gamma(4, 4)), (0.03, 0.07));
        assert_eq!((t.width(10, 12), t.width(12, 12)), ((DEFAULT, false), (far, false)));
        assert_eq!((t.width(2, 4).1, t.skipped), (true, 2));
        assert_eq!(read(text, None).unwrap().width(12, 12).0, DEFAULT);
    }

    #[test]
    fn samples() {
        let Some(folder) = test_data("exomol") else { return };
        let co = WidthTable::read(&folder.join("CO/12C-16O/SAMPLE/12C-16O__H2.broad"), DEFAULT, None).unwrap();
        assert_eq!(co.width(0, 2).0, Width::power_law(0.0772, 0.671));
        let water = WidthTable::read(&folder.join("H2O/1H2-16O/SAMPLE/1H2-16O__H2.broad"), DEFAULT, None).unwrap();
        assert_eq!(water.width(0, 2).0, Width::power_law(0.0916, 0.790));
        assert_eq!(water.width(10, 8).0, Width::power_law(0.0699, 0.502));
        assert_eq!(water.width(4, 4).0, Width::power_law(0.0824, 0.602));
    }

    #[test]
    fn bad_rows_name_the_line() {
        for (text, part) in [
            ("a0 0.05 0.4 1\na0 x 0.4 2", "line 2"),
            ("a0 0.05 0.4", "J''"),
            ("a1 0.05 0.4 1", "J'"),
            ("a0 -0.05 0.4 1", "positive"),
            ("a0 NaN 0.4 1", "gamma n"),
            ("a0 0.05 0.4 1.3", "J''"),
            ("0.05 0.4 1", "code"),
            ("m0 0.05 0.4 1", "1 rows of other codes"),
        ] {
            let message = read(text, None).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_bytes_are_taken(head in 0..3usize, bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut text = [&b""[..], b"a0 ", b"a1 0.1 0.2 "][head].to_vec();
            text.extend(bytes);
            let _ = read(text, None);
        }
    }
}
