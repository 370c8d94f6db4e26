//! Grids that look like micrometres.

use crate::lines::{LineSource, LoadReport};
use crate::{Error, Note, Result};

/// A grid that ends below this \[cm-1\] may be one in micrometres: 333 um is far from what most people look at, 1 to 30 um is not.
const LOOKS_LIKE_MICROMETRES: f64 = 30.0;

/// A list's name, and its first and last wavenumber where known \[cm-1\].
pub(super) type Span = (String, Option<(f64, f64)>);

/// What the same numbers are if they are micrometres; `None` for a grid that nobody would give in these.
fn advice((lo, hi): (f64, f64)) -> Option<String> {
    let text = || format!("if {lo} to {hi} are micrometres, give {:.4} to {:.4} cm-1 (1e4 / x)", 1e4 / hi, 1e4 / lo);
    (hi < LOOKS_LIKE_MICROMETRES).then(text)
}

/// The remark on a grid that looks like micrometres.
///
/// # Errors
/// None of the lists has a line on such a grid.
pub(super) fn check(grid: (f64, f64), spans: &[Span]) -> Result<Option<Note>> {
    let Some(advice) = advice(grid) else { return Ok(None) };
    let outside = |(a, b): (f64, f64)| b < grid.0 || a > grid.1;
    if !spans.is_empty() && spans.iter().all(|(_, span)| span.is_some_and(outside)) {
        let known = spans.iter().filter_map(|(name, span)| span.map(|(a, b)| format!("{name} has {a} to {b} cm-1")));
        let given = format!("{} to {} cm-1, where no list has a line", grid.0, grid.1);
        let required = format!("a range with lines ({}); {advice}", known.collect::<Vec<_>>().join(", "));
        return Err(Error::invalid("wavenumber range", given, required));
    }
    Ok(Some(Note::new("grid", advice, None)))
}

/// An error that no line was found, with the advice where the grid looks like micrometres.
pub(super) fn hint(grid: (f64, f64), error: Error) -> Error {
    let Some(advice) = advice(grid) else { return error };
    let about_lines = |text: &str| ["no line", "no transition", "lines in range"].iter().any(|w| text.contains(w));
    match error {
        Error::Parse { path, line, message } if about_lines(&message) => {
            Error::Parse { path, line, message: format!("{message}; {advice}") }
        }
        Error::Invalid { what, given, required } if about_lines(&what) => {
            Error::Invalid { what, given, required: format!("{required}; {advice}") }
        }
        other => other,
    }
}

/// First and last wavenumber of a list's lines, in or out of the grid, as far as they are known \[cm-1\].
pub(super) fn span(list: &dyn LineSource, record: Option<&LoadReport>) -> Option<(f64, f64)> {
    let held = || {
        let lines = list.held()?.0.lines();
        Some((lines.first()?.wavenumber, lines.last()?.wavenumber))
    };
    record.and_then(|r| r.wavenumber_range).or_else(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_below_30_cm_are_remarked_on_and_refused_where_there_is_no_line() {
        let co = |span| [("CO".to_owned(), span)];
        assert_eq!(check((2000.0, 2100.0), &co(Some((1.0, 2.0)))).unwrap(), None);
        let note = check((2.0, 2.5), &co(Some((2.3, 4000.0)))).unwrap().unwrap();
        assert_eq!(note.text, "if 2 to 2.5 are micrometres, give 4000.0000 to 5000.0000 cm-1 (1e4 / x)");
        assert!(check((2.0, 2.5), &co(None)).unwrap().is_some());
        let e = check((2.0, 2.5), &co(Some((1400.0, 4360.0)))).unwrap_err().to_string();
        assert_eq!(
            e,
            "wavenumber range: given 2 to 2.5 cm-1, where no list has a line, required a range with lines (CO has 1400 \
             to 4360 cm-1); if 2 to 2.5 are micrometres, give 4000.0000 to 5000.0000 cm-1 (1e4 / x)"
        );
        let e = hint((2.0, 2.5), Error::parse("x.par", None, "no line of 1 to 3 cm-1")).to_string();
        assert!(e.starts_with("x.par: no line of 1 to 3 cm-1; if 2 to 2.5 are micrometres"), "{e}");
        assert_eq!(hint((2.0, 2.5), Error::parse("x", 1, "y")).to_string(), "x, line 1: y");
    }
}
