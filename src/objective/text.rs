//! Tables of numbers as text. Rows hold numbers only, so that splitting lines is all there is to it.

use std::path::Path;

use crate::{Error, Result};

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// By its place, counted from 0.
    Index(usize),
    /// By its name in the header of a text table, or the name of an array in an NPZ file.
    Name(String),
}

impl std::fmt::Display for Column {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Index(index) => write!(f, "{index}"),
            Self::Name(name) => write!(f, "`{name}`"),
        }
    }
}

/// Cells of a table with their lines, and the names of the columns where there is a header.
pub(super) struct Table<'a> {
    header: Option<Vec<&'a str>>,
    /// Line, counted from 1, and cells.
    rows: Vec<(u64, Vec<&'a str>)>,
}

impl<'a> Table<'a> {
    /// Splits the text of the file `path`.
    pub fn parse(path: &Path, text: &'a str) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut table = Self { header: None, rows: Vec::new() };
        // A comment may be the header of the rows that follow it.
        let mut comment = Vec::new();
        for (line, number) in text.lines().zip(1u64..) {
            let (content, remark) = line.split_once('#').map_or((line, None), |(a, b)| (a, Some(b)));
            let row = cells(content);
            if row.is_empty() {
                if let Some(remark) = remark.filter(|_| table.rows.is_empty()) {
                    comment = cells(remark);
                }
                continue;
            }
            if table.rows.is_empty() && table.header.is_none() && row.iter().all(|cell| cell.parse::<f64>().is_err()) {
                table.header = Some(row);
                continue;
            }
            let columns = table.rows.first().map_or(row.len(), |(_, first)| first.len());
            if row.len() != columns {
                let message = format!("{} columns; the first row has {columns}", row.len());
                return Err(Error::parse(path, number, message));
            }
            table.rows.push((number, row));
        }
        let Some((_, first)) = table.rows.first() else {
            return Err(Error::parse(path, None, "no row of numbers"));
        };
        if table.header.is_none() && comment.len() == first.len() {
            table.header = Some(comment);
        }
        Ok(table)
    }

    /// The numbers of three columns.
    pub fn columns(&self, path: &Path, columns: &[Column; 3]) -> Result<[Vec<f64>; 3]> {
        let mut out = [const { Vec::new() }; 3];
        for (out, column) in out.iter_mut().zip(columns) {
            let index = self.find(column).map_err(|message| Error::parse(path, None, message))?;
            let number = |(line, row): &(u64, Vec<&str>)| {
                let wrong = || Error::parse(path, *line, format!("column {column}: `{}` is not a number", row[index]));
                row[index].parse::<f64>().map_err(|_| wrong())
            };
            *out = self.rows.iter().map(number).collect::<Result<_>>()?;
        }
        Ok(out)
    }

    fn find(&self, column: &Column) -> std::result::Result<usize, String> {
        let count = self.rows[0].1.len();
        match (column, &self.header) {
            (Column::Index(index), _) if *index < count => Ok(*index),
            (Column::Index(_), _) => Err(format!("no column {column}; the table has {count} columns, counted from 0")),
            (Column::Name(_), None) => Err(format!("no column {column}; the table has no header")),
            (Column::Name(name), Some(header)) => {
                let quoted = || header.iter().map(|h| format!("`{h}`")).collect::<Vec<_>>().join(", ");
                let found = header.iter().position(|h| h == name).filter(|index| *index < count);
                found.ok_or_else(|| format!("no column {column}; the header has {}", quoted()))
            }
        }
    }
}

/// Cells of a line: between commas or semicolons where there are any, else between white space.
fn cells(line: &str) -> Vec<&str> {
    let line = line.trim();
    fn bare(cell: &str) -> &str {
        cell.trim().trim_matches('"')
    }
    match line {
        "" => Vec::new(),
        _ if line.contains(',') => line.split(',').map(bare).collect(),
        _ if line.contains(';') => line.split(';').map(bare).collect(),
        _ => line.split_whitespace().map(bare).collect(),
    }
}
