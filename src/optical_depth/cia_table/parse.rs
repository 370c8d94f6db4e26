//! The text of a HITRAN CIA file.
//!
//! Header in fixed columns: pair (20 characters), lowest and highest wavenumber (10 each), number of rows (7), temperature (7),
//! largest coefficient (10), resolution (6), comment (27), reference (3). What follows the temperature is not used. Files written by
//! other programs shift columns: then the same five values are taken as words. Lines that begin with `!` or `#` are comments.

use std::path::Path;

use super::CiaBlock;
use crate::lines::fields::{number, quote, unsigned, words};
use crate::lines::reader::read_whole;
use crate::{Error, Result};

struct Header {
    name: String,
    rows: u64,
    temperature: f64,
}

/// Name of the pair, blocks in the order of the file, and the number of negative coefficients that became 0.
pub(super) fn read(path: &Path) -> Result<(String, Vec<CiaBlock>, u64)> {
    let text = read_whole(path)?;
    let mut rows = text.lines().filter(|(_, row)| !matches!(row.trim_ascii_start().first(), Some(b'!' | b'#')));
    let mut name: Option<String> = None;
    let (mut blocks, mut negative) = (Vec::new(), 0);
    while let Some((line, row)) = rows.next() {
        let header = header(row).ok_or_else(|| {
            let required = "a header (pair, lowest and highest wavenumber, number of rows, temperature) is required";
            text.error(line, format!("{required}, found {}", quote(row)))
        })?;
        if name.as_ref().is_some_and(|n| *n != header.name) {
            let message = format!("a block of {} in a file of {}", header.name, name.unwrap_or_default());
            return Err(text.error(line, message));
        }
        let mut block =
            CiaBlock { temperature: header.temperature, wavenumber: Vec::new(), coefficient: Vec::new(), line };
        for done in 0..header.rows {
            let Some((line, row)) = rows.next() else {
                let message = format!("the file ends after {done} of the {} rows of this block", header.rows);
                return Err(text.error(line, message));
            };
            let mut columns = words(row).map(number);
            let (Some(Some(nu)), Some(Some(k))) = (columns.next(), columns.next()) else {
                let message = format!("row {} of {}: wavenumber and coefficient are required", done + 1, header.rows);
                return Err(text.error(line, format!("{message}, found {}", quote(row))));
            };
            if nu < 0.0 || block.wavenumber.last().is_some_and(|last| nu <= *last) {
                return Err(text.error(line, format!("wavenumbers must be at least 0 and ascend, found {nu}")));
            }
            negative += u64::from(k < 0.0);
            block.wavenumber.push(nu);
            block.coefficient.push(k.max(0.0));
        }
        name = Some(header.name);
        blocks.push(block);
    }
    match name {
        Some(name) => Ok((name, blocks, negative)),
        None => Err(Error::parse(path, None, "no block in it, only blank lines and comments")),
    }
}

fn header(row: &[u8]) -> Option<Header> {
    fixed_columns(row).or_else(|| {
        let mut w = words(row);
        let mut next = || w.next().unwrap_or_default();
        check([next(), next(), next(), next(), next()])
    })
}

fn fixed_columns(row: &[u8]) -> Option<Header> {
    let mut at = 0;
    let mut next = |width: usize| {
        let field = row.get(at..at + width);
        at += width;
        field
    };
    check([next(20)?, next(10)?, next(10)?, next(7)?, next(7)?])
}

fn check([name, lo, hi, rows, temperature]: [&[u8]; 5]) -> Option<Header> {
    let name = String::from_utf8_lossy(name.trim_ascii()).into_owned();
    let (lo, hi) = (number(lo)?, number(hi)?);
    let rows = unsigned(rows).filter(|n| *n > 0)?;
    let temperature = number(temperature).filter(|t| *t > 0.0)?;
    // A row of two numbers is no header, whatever its columns look like.
    let is_pair = name.bytes().any(|b| b.is_ascii_alphabetic());
    (is_pair && lo <= hi).then_some(Header { name, rows, temperature })
}
