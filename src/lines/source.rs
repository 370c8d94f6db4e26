//! Where lines come from: a list in memory, or files that need not be read when what is made from them is known already.

use std::sync::Arc;

use super::{Cause, Line, LineList, LoadReport, Species};
use crate::cache::KeyHasher;
use crate::{Error, Progress, Result};

/// Lines of **one isotopologue**. A set-up asks for the [`fingerprint`](Self::fingerprint) first and for lines only if the cache does not
/// have what it would make from them.
pub trait LineSource: std::fmt::Debug + Send + Sync {
    /// Name, mass and partition function, without reading lines.
    ///
    /// # Errors
    /// They are not known, or their files cannot be used.
    fn species(&self) -> Result<Species>;

    /// Feeds everything that the lines within `range` \[cm-1\] depend on into `key`: contents of files, options.
    /// Called only if there is a cache.
    ///
    /// # Errors
    /// Files that cannot be read.
    fn fingerprint(&self, range: (f64, f64), key: &mut KeyHasher) -> Result<()>;

    /// Hands over the lines within `range` \[cm-1\], both ends included, in pieces and in any order.
    ///
    /// # Errors
    /// Files that cannot be read or understood, and what `visit` returns.
    fn stream(
        &self,
        range: (f64, f64),
        progress: &dyn Progress,
        visit: &mut dyn FnMut(&[Line]) -> Result<()>,
    ) -> Result<LoadReport>;

    /// The lines, if they are in memory, and how they were read.
    fn held(&self) -> Option<(&LineList, Option<&LoadReport>)> {
        None
    }

    /// What to tell if there is no line within `range` \[cm-1\]; `report` is of the search.
    fn nothing_found(&self, range: (f64, f64), report: &LoadReport) -> Error {
        let span = match report.wavenumber_range {
            Some((a, b)) => format!("lines from {a} to {b} cm-1"),
            None => "an empty list".into(),
        };
        Error::invalid("lines in range", span, format!("at least one {}", in_words(range)))
    }

    /// All lines within `range` \[cm-1\].
    ///
    /// # Errors
    /// As [`stream`](Self::stream).
    fn load(&self, range: (f64, f64), progress: &dyn Progress) -> Result<(LineList, LoadReport)> {
        let mut all = Vec::new();
        let report = self.stream(range, progress, &mut |lines| {
            all.extend_from_slice(lines);
            Ok(())
        })?;
        Ok((LineList::new(self.species()?, all)?, report))
    }
}

impl LineSource for LineList {
    fn species(&self) -> Result<Species> {
        Ok(self.species.clone())
    }

    fn fingerprint(&self, (lo, hi): (f64, f64), key: &mut KeyHasher) -> Result<()> {
        key.bytes("lines in memory", bytemuck::cast_slice(self.between(lo, hi)));
        Ok(())
    }

    fn stream(
        &self,
        (lo, hi): (f64, f64),
        _: &dyn Progress,
        visit: &mut dyn FnMut(&[Line]) -> Result<()>,
    ) -> Result<LoadReport> {
        let (read, lines) = (self.len() as u64, self.between(lo, hi));
        visit(lines)?;
        let ends = self.lines().first().zip(self.lines().last());
        let wavenumber_range = ends.map(|(a, b)| (a.wavenumber, b.wavenumber));
        let mut report = LoadReport { read, wavenumber_range, ..LoadReport::default() };
        lines.iter().for_each(|l| report.keep(l.strength));
        if report.kept < read {
            report.causes.entry(Cause::DroppedOutOfRange).or_default().lines = read - report.kept;
        }
        Ok(report)
    }

    fn held(&self) -> Option<(&LineList, Option<&LoadReport>)> {
        Some((self, None))
    }

    fn nothing_found(&self, range: (f64, f64), _: &LoadReport) -> Error {
        let span = match (self.lines().first(), self.lines().last()) {
            (Some(a), Some(b)) => {
                format!("lines of {} from {} to {} cm-1", self.species.name, a.wavenumber, b.wavenumber)
            }
            _ => format!("an empty list of {}", self.species.name),
        };
        Error::invalid("lines in range", span, format!("at least one {}", in_words(range)))
    }
}

/// A shared source is a source.
impl<T: LineSource + ?Sized> LineSource for Arc<T> {
    fn species(&self) -> Result<Species> {
        (**self).species()
    }

    fn fingerprint(&self, range: (f64, f64), key: &mut KeyHasher) -> Result<()> {
        (**self).fingerprint(range, key)
    }

    fn stream(
        &self,
        range: (f64, f64),
        progress: &dyn Progress,
        visit: &mut dyn FnMut(&[Line]) -> Result<()>,
    ) -> Result<LoadReport> {
        (**self).stream(range, progress, visit)
    }

    fn held(&self) -> Option<(&LineList, Option<&LoadReport>)> {
        (**self).held()
    }

    fn nothing_found(&self, range: (f64, f64), report: &LoadReport) -> Error {
        (**self).nothing_found(range, report)
    }
}

/// The part of `range` within `limit`, if a source has one.
pub(super) fn within(limit: Option<(f64, f64)>, range: (f64, f64)) -> Option<(f64, f64)> {
    let (lo, hi) = limit.unwrap_or((0.0, f64::MAX));
    Some((lo.max(range.0).max(0.0), hi.min(range.1)))
}

/// `between 2000 and 2300 cm-1`, or the like for a range that is open at an end: the smallest and largest doubles stand for none.
pub(super) fn in_words((lo, hi): (f64, f64)) -> String {
    match (lo > f64::MIN_POSITIVE, hi < f64::MAX) {
        (true, true) => format!("between {lo} and {hi} cm-1"),
        (true, false) => format!("above {lo} cm-1"),
        (false, true) => format!("up to {hi} cm-1"),
        (false, false) => "at any wavenumber".into(),
    }
}

/// Feeds a width into a key.
pub(super) fn width_key(key: &mut KeyHasher, name: &str, width: super::Width) {
    key.numbers(name, &[width.gamma, width.exponent, width.curvature]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_ranges_are_told_in_words() {
        assert_eq!(in_words((2000.0, 2300.5)), "between 2000 and 2300.5 cm-1");
        assert_eq!(in_words((2000.0, f64::INFINITY)), "above 2000 cm-1");
        assert_eq!(in_words((0.0, 30.0)), "up to 30 cm-1");
        for range in [(0.0, f64::MAX), (f64::MIN_POSITIVE, f64::INFINITY)] {
            assert_eq!(in_words(range), "at any wavenumber");
        }
    }
}
