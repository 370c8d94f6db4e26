//! Profiles over pressure, responses over velocity, and factors on line wings, from files of two columns.

use std::path::Path;

use crate::atmosphere::ProfileTable;
use crate::cross_section::ChiFactor;
use crate::instrument::ResponseTable;
use crate::lines::fields::{number, quote, words};
use crate::lines::reader::{Chunk, read_whole};
use crate::{Error, Result};

/// What the second column must hold.
pub(super) struct Column {
    /// Its name and unit.
    pub name: &'static str,
    /// The requirement in words.
    pub required: &'static str,
    /// The requirement.
    pub holds: fn(f64) -> bool,
}

pub(super) const TEMPERATURE: Column = Column { name: "T [K]", required: "above 0", holds: |v| v > 0.0 };
pub(super) const RATIO: Column =
    Column { name: "mixing ratio", required: "from 0 to 1", holds: |v| (0.0..=1.0).contains(&v) };

/// Reads rows of a pressure \[bar\] and a value; lines that begin with `#` are comments, further columns are not used.
///
/// # Errors
/// An unreadable file; rows that are no numbers, out of range or out of order, by line; fewer than two rows.
pub(super) fn read(path: &Path, column: &Column) -> Result<ProfileTable> {
    let text = read_whole(path)?;
    let (mut pressures, mut values) = (Vec::new(), Vec::new());
    for row in rows(&text, &format!("P [bar] and {}", column.name)) {
        let (line, pressure, value) = row?;
        if pressure <= 0.0 {
            return Err(text.error(line, format!("a pressure above 0 bar is required, found {pressure}")));
        }
        if !(column.holds)(value) {
            return Err(text.error(line, format!("{} {} is required, found {value}", column.name, column.required)));
        }
        let ordered = match pressures[..] {
            [.., a, b] => (pressure > b) == (b > a) && pressure != b,
            [a] => pressure != a,
            [] => true,
        };
        if !ordered {
            return Err(text.error(line, "pressures must rise or fall throughout; this one breaks the order"));
        }
        pressures.push(pressure);
        values.push(value);
    }
    if pressures.len() < 2 {
        let message = format!("at least two rows of P [bar] and {} are required", column.name);
        return Err(Error::parse(path, None, message));
    }
    ProfileTable::new(&path.display().to_string(), &pressures, &values)
}

/// Reads rows of a velocity \[km s-1\], ascending, and the response there in any unit; comments as in [`read`].
///
/// # Errors
/// An unreadable file; rows that are no numbers, by line; what [`ResponseTable::new`] refuses.
pub(super) fn response(path: &Path) -> Result<ResponseTable> {
    let text = read_whole(path)?;
    let all = rows(&text, "velocity [km/s] and weight").collect::<Result<Vec<_>>>()?;
    let (velocities, weights): (Vec<f64>, Vec<f64>) = all.into_iter().map(|(_, v, w)| (v, w)).unzip();
    ResponseTable::new(&velocities, &weights).map_err(|e| Error::parse(path, None, e.to_string()))
}

/// Reads rows of a distance from the line's centre \[cm-1\], ascending, and chi; comments as in [`read`].
///
/// # Errors
/// An unreadable file; rows that are no numbers, by line; what [`ChiFactor::new`] refuses.
pub(super) fn chi(path: &Path) -> Result<ChiFactor> {
    let text = read_whole(path)?;
    let all = rows(&text, "distance from the centre [cm-1] and chi").collect::<Result<Vec<_>>>()?;
    let rows: Vec<(f64, f64)> = all.into_iter().map(|(_, distance, chi)| (distance, chi)).collect();
    ChiFactor::new(&rows).map_err(|e| Error::parse(path, None, e.to_string()))
}

/// Lines with their first two numbers; those that begin with `#` are comments. `what` names the columns.
fn rows<'a>(text: &'a Chunk, what: &'a str) -> impl Iterator<Item = Result<(u64, f64, f64)>> + use<'a> {
    let content = text.lines().filter(|(_, row)| !row.trim_ascii_start().starts_with(b"#"));
    content.map(move |(line, row)| {
        let mut columns = words(row).map(number);
        match (columns.next(), columns.next()) {
            (Some(Some(first)), Some(Some(second))) => Ok((line, first, second)),
            _ => Err(text.error(line, format!("two numbers, {what}, are required, found {}", quote(row)))),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str, column: &Column) -> Result<ProfileTable, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.txt");
        std::fs::write(&path, text).unwrap();
        read(&path, column).map_err(|e| e.to_string().replace(&folder.path().display().to_string(), ""))
    }

    #[test]
    fn rows_in_either_order_with_comments() {
        let t = read_text("# P T\n1e-4 500\n\n1 1000 extra\n", &TEMPERATURE).unwrap();
        assert!((t.at("T", &[1e-2]).unwrap()[0] - 750.0).abs() < 1e-9);
        assert_eq!(t, read_text("1 1000\n1e-4 500", &TEMPERATURE).unwrap());
    }

    #[test]
    fn wrong_rows_are_named_by_line() {
        for (text, message) in [
            ("1 1000\n", "/p.txt: at least two rows of P [bar] and T [K] are required"),
            ("", "/p.txt: the file is empty"),
            ("# x\n1 abc\n", "/p.txt, line 2: two numbers, P [bar] and T [K], are required, found \"1 abc\""),
            ("1 900\n2 nan\n", "/p.txt, line 2: two numbers, P [bar] and T [K], are required, found \"2 nan\""),
            ("1 900\n2 -5\n", "/p.txt, line 2: T [K] above 0 is required, found -5"),
            ("0 900\n", "/p.txt, line 1: a pressure above 0 bar is required, found 0"),
            (
                "1 900\n2 900\n1.5 900",
                "/p.txt, line 3: pressures must rise or fall throughout; this one breaks the order",
            ),
        ] {
            assert_eq!(read_text(text, &TEMPERATURE).unwrap_err(), message);
        }
        assert!(read_text("1 0.1\n2 1.5\n", &RATIO).unwrap_err().contains("line 2: mixing ratio from 0 to 1"));
    }

    #[test]
    fn factors_on_wings_are_read_and_refused_by_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.txt");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            chi(&path).map_err(|e| e.to_string())
        };
        assert_eq!(read("# cm-1 chi\n3 1\n30 0.1\n"), Ok(ChiFactor::new(&[(3.0, 1.0), (30.0, 0.1)]).unwrap()));
        for (text, words) in [
            ("3 1\n30 x\n", "c.txt, line 2: two numbers, distance from the centre [cm-1] and chi, are required"),
            ("3 0.5\n30 0.1\n", "c.txt: chi, row 1: given 0.5, required 1"),
            ("3 1\n", "c.txt: rows of chi: given 1, required 2 to 32"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn responses_are_read_and_refused_by_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.txt");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            response(&path).map_err(|e| e.to_string())
        };
        let table = ResponseTable::new(&[-2.0, 0.0, 3.0], &[0.0, 4.0, 1.0]).unwrap();
        assert_eq!(read("# v w\n-2 0\n0 4 more\n3 1\n"), Ok(table));
        for (text, words) in [
            ("-2 0\n0\n", "line 2: two numbers, velocity [km/s] and weight, are required, found \"0\""),
            ("0 4\n-2 0\n", "strictly ascending order"),
            ("0 0\n1 0\n", "integral of the weights"),
            ("1 1\n", "two or more"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains("r.txt") && message.contains(words), "{message}");
        }
    }
}
