//! Plain tables for people to read on a terminal.

use std::fmt;

pub use crate::scenario::quantities::{bytes, count};

/// Rows of text in aligned columns; a column whose cells all start with a digit or sign is set flush right.
#[derive(Clone, Debug, Default)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with column titles; none: no title line.
    pub fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|h| h.to_string()).collect(), rows: Vec::new() }
    }

    /// Adds a row; it may be shorter or longer than others.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) -> &mut Self {
        self.rows.push(cells.into_iter().map(Into::into).collect());
        self
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = || std::iter::once(&self.header).filter(|h| !h.is_empty()).chain(&self.rows);
        let columns = lines().map(Vec::len).max().unwrap_or(0);
        let cell = |row: &Vec<String>, c: usize| row.get(c).cloned().unwrap_or_default();
        let width = |c: usize| lines().map(|r| cell(r, c).chars().count()).max().unwrap_or(0);
        let numeric = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || c == '-') || text.is_empty();
        let right = |c: usize| self.rows.iter().all(|r| numeric(&cell(r, c)));
        for row in lines() {
            let mut line = String::new();
            for c in 0..columns {
                let (text, width) = (cell(row, c), width(c));
                line += &if right(c) { format!("{text:>width$}  ") } else { format!("{text:<width$}  ") };
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A duration \[s\] with three significant digits: `0.0123 s`, `12.3 s`.
pub fn seconds(s: f64) -> String {
    let digits = if s > 0.0 { (2 - s.log10().floor() as i32).clamp(0, 6) as usize } else { 0 };
    format!("{s:.digits$} s")
}

/// A time \[s\] in the unit that suits it.
pub fn short_time(s: f64) -> String {
    match s {
        s if s < 1e-3 => format!("{:.0} us", 1e6 * s),
        s if s < 1.0 => format!("{:.1} ms", 1e3 * s),
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align() {
        let mut t = Table::new(&["stage", "time"]);
        t.row(["lines", "0.5 s"]).row(["transfer", "12.0 s"]).row(["note"]);
        assert_eq!(t.to_string(), "stage       time\nlines      0.5 s\ntransfer  12.0 s\nnote\n");
        assert_eq!(Table::default().to_string(), "");
    }

    #[test]
    fn durations_have_three_digits() {
        assert_eq!([0.0, 0.01234, 1.0, 123.4, 5e-9].map(seconds), ["0 s", "0.0123 s", "1.00 s", "123 s", "0.000000 s"]);
    }
}
