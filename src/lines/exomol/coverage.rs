//! Which ranges of a list that is cut into files are missing.
//!
//! The files of a list have equal widths, from 0 to the list's highest wavenumber, and are named by their ranges; the definition
//! states how many there are and where the list ends. A gap between two files is missing in any case. What lies above the list's
//! end is no gap: there are no lines.

use std::path::{Path, PathBuf};

use super::definition::Definition;
use super::names::{TransitionFile, TransitionFiles};
use crate::lines::reader::without_compression;
use crate::{Error, Result, input};

/// A line may lie this far outside of the range in its file's name, since names go by the wavenumbers of an earlier release \[cm-1\].
const SLACK: f64 = 5.0;
/// Names of ranges are rounded to whole numbers \[cm-1\].
const ROUNDING: f64 = 1.0;
/// Files named in a message.
const NAMED: usize = 6;

/// What of a list is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Lines are kept in here \[cm-1\].
    pub range: (f64, f64),
    /// Files must be there for all of this \[cm-1\].
    pub required: Option<(f64, f64)>,
    /// A gap there is a remark, not an error.
    pub allow_gaps: bool,
}

impl TransitionFiles {
    /// The files that may hold lines of the range, and remarks. None of them may meet it.
    pub fn select(
        &self,
        folder: &Path,
        stem: &str,
        definition: &Definition,
        wanted: Wanted,
    ) -> Result<(Vec<PathBuf>, Vec<String>)> {
        let (lo, hi) = wanted.range;
        let meets = |r: (f64, f64)| r.0 <= hi + SLACK && r.1 >= lo - SLACK;
        let chosen: Vec<_> = self.current.iter().filter(|f| f.range.is_none_or(meets)).collect();
        let mut notes = Vec::new();
        if !self.superseded.is_empty() {
            notes.push(format!("left out as superseded: {}", self.superseded.join(", ")));
        }
        let names = |additional: bool| {
            let of = chosen.iter().filter(|f| f.additional == additional);
            of.filter_map(|f| f.path.file_name()).map(|n| n.to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        if !names(true).is_empty() {
            notes.push(format!("additional transition files are read too: {}", names(true).join(", ")));
        }
        let gaps = Gaps::find(self, stem, definition);
        let inside = |(lo, hi): (f64, f64)| gaps.within(lo, hi);
        let required = wanted.required.map(|r| (r.0.max(lo), r.1.min(hi)));
        if let Some((lo, hi)) = required
            && let Some(missing) = inside((lo, hi))
            && !wanted.allow_gaps
        {
            let message = format!(
                "no transition file for {missing}, inside the range asked for, {lo} to {hi} cm-1; there are files for {}. \
                 Get the missing ones, or allow gaps (--allow-gaps, key `allow_gaps`)",
                spans(&gaps.present),
            );
            return Err(Error::parse(folder, None, message));
        }
        if let Some(missing) = inside((lo, hi)) {
            notes.push(format!("no transition file for {missing}: lines there contribute nothing"));
        }
        if let Some(beyond) = required.and_then(|r| gaps.beyond(r)) {
            notes.push(beyond);
        }
        if let (true, Some(n @ 2..), Some(file)) = (gaps.whole, definition.transition_files, names(false).first()) {
            notes.push(format!("the definition counts {n} transition files; {file} is taken as the whole list"));
        }
        let (empty, full): (Vec<&TransitionFile>, Vec<&TransitionFile>) =
            chosen.iter().partition(|f| f.range.is_some() && holds_nothing(&f.path));
        if !empty.is_empty() {
            let names: Vec<_> = empty.iter().filter_map(|f| f.path.file_name()).map(|n| n.to_string_lossy()).collect();
            notes.push(format!("no transition in {}", names.join(", ")));
        }
        Ok((full.iter().map(|f| f.path.clone()).collect(), notes))
    }
}

/// A part of a list without a line: an empty text, plain or as bzip2 writes it (its head, the mark of the end and a checksum of 0). A `.bz2`
/// of no bytes at all is a broken download.
fn holds_nothing(path: &Path) -> bool {
    const END: &[u8] = &[0x17, 0x72, 0x45, 0x38, 0x50, 0x90, 0, 0, 0, 0];
    let compressed = without_compression(path) != path;
    match std::fs::metadata(path).map(|m| m.len()) {
        Ok(0) => !compressed,
        Ok(14) => input::bytes(path, 14, "an empty archive")
            .is_ok_and(|bytes| bytes.starts_with(b"BZh") && bytes.ends_with(END)),
        _ => false,
    }
}

/// Ranges present and missing.
struct Gaps<'a> {
    stem: &'a str,
    /// There is a file without a range in its name.
    whole: bool,
    present: Vec<(f64, f64)>,
    missing: Vec<(f64, f64)>,
    /// Width of every file, if they agree \[cm-1\].
    width: Option<f64>,
    /// The definition leaves no doubt where the list begins, and where it ends.
    known_ends: (bool, bool),
}

impl<'a> Gaps<'a> {
    fn find(files: &TransitionFiles, stem: &'a str, definition: &Definition) -> Self {
        let proper: Vec<_> = files.current.iter().filter(|f| !f.additional).collect();
        let mut present: Vec<_> = proper.iter().filter_map(|f| f.range).collect();
        present.sort_by(|a, b| a.0.total_cmp(&b.0));
        let whole = present.len() < proper.len();
        let width =
            present.first().map(|r| r.1 - r.0).filter(|w| present.iter().all(|r| (r.1 - r.0 - w).abs() <= ROUNDING));
        let mut gaps = Self { stem, whole, missing: Vec::new(), width, present, known_ends: (false, false) };
        let (Some(first), Some(last)) = (gaps.present.first().copied(), gaps.present.last().copied()) else {
            return gaps;
        };
        let count = definition.transition_files.filter(|n| *n > 1);
        if count == Some(gaps.present.len() as u64) {
            gaps.known_ends = (true, true);
            return gaps;
        }
        let (mut start, mut end) = (first.0, last.1);
        if let Some(max) = definition.max_wavenumber {
            end = end.max(max);
            gaps.known_ends.1 = true;
            // Files of this width from 0 to the end: only if their number is the definition's.
            let fits = |n: u64, w: f64| ((max / w).ceil() - n as f64).abs() <= 1.0;
            if let (Some(n), Some(w)) = (count, width)
                && fits(n, w)
            {
                start = 0.0;
                gaps.known_ends.0 = true;
            }
        }
        let mut at = start;
        for (lo, hi) in gaps.present.iter().copied().chain([(end, end)]) {
            if lo - at > ROUNDING {
                gaps.missing.push((at, lo));
            }
            at = at.max(hi);
        }
        gaps
    }

    /// That the range asked for reaches beyond the first or last file, where nothing says that the list goes no further.
    fn beyond(&self, (lo, hi): (f64, f64)) -> Option<String> {
        let (first, last) = (self.present.first()?.0, self.present.last()?.1);
        let below = !self.whole && !self.known_ends.0 && first > ROUNDING && lo < first;
        let above = !self.whole && !self.known_ends.1 && hi > last;
        let place = match (below, above) {
            (false, false) => return None,
            (true, false) => format!("below {first} cm-1"),
            (false, true) => format!("above {last} cm-1"),
            (true, true) => format!("below {first} and above {last} cm-1"),
        };
        Some(format!(
            "no transition file for what lies {place}, and no definition says whether the list has lines there"
        ))
    }

    /// In words, what is missing between two wavenumbers.
    fn within(&self, lo: f64, hi: f64) -> Option<String> {
        let of: Vec<_> = self.missing.iter().copied().filter(|g| g.0 < hi && g.1 > lo).collect();
        if of.is_empty() {
            return None;
        }
        let mut text = spans(&of);
        if let Some(width) = self.width {
            let files = of.iter().flat_map(|g| {
                // Whole files from the start of the gap.
                (0..((g.1 - g.0) / width).ceil() as usize)
                    .map(move |i| (g.0 + i as f64 * width, g.0 + (i + 1) as f64 * width))
            });
            let files: Vec<_> = files.filter(|f| f.0 < hi && f.1 > lo).take(NAMED + 1).collect();
            let name = |f: &(f64, f64)| format!("{}__{:05}-{:05}.trans", self.stem, f.0.round(), f.1.round());
            let names: Vec<_> = files.iter().take(NAMED).map(name).collect();
            let more = if files.len() > NAMED { ", ..." } else { "" };
            text += &format!(" ({}{more})", names.join(", "));
        }
        Some(text)
    }
}

/// `0 to 1000, 2000 to 5000 cm-1`; neighbours are joined.
fn spans(ranges: &[(f64, f64)]) -> String {
    let mut joined: Vec<(f64, f64)> = Vec::new();
    for r in ranges {
        match joined.last_mut() {
            Some(last) if r.0 - last.1 <= ROUNDING => last.1 = last.1.max(r.1),
            _ => joined.push(*r),
        }
    }
    let words: Vec<_> = joined.iter().take(NAMED).map(|(a, b)| format!("{a} to {b}")).collect();
    format!("{}{} cm-1", words.join(", "), if joined.len() > NAMED { ", ..." } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(
        files: &[&str],
        definition: &Definition,
        range: (f64, f64),
        required: Option<(f64, f64)>,
    ) -> Result<(usize, String), String> {
        let names: Vec<String> = files.iter().map(|f| format!("X__S{f}.trans")).collect();
        let sorted = TransitionFiles::sort(Path::new("f"), "X__S", &names, definition).unwrap();
        let wanted = |allow_gaps| Wanted { range, required, allow_gaps };
        let allowed = sorted.select(Path::new("f"), "X__S", definition, wanted(true)).unwrap();
        let (paths, notes) =
            sorted.select(Path::new("f"), "X__S", definition, wanted(false)).map_err(|e| e.to_string())?;
        assert_eq!(allowed.1, notes, "only an error is turned into a remark");
        Ok((paths.len(), notes.join("; ")))
    }

    #[test]
    fn a_range_that_is_missing_inside_what_was_asked_for_is_an_error() {
        let none = Definition::default();
        let files = ["__00000-01000", "__02000-03000", "__03000-04000"];
        let all = (0.0, f64::INFINITY);
        let message = select(&files, &none, all, Some((500.0, 2500.0))).unwrap_err();
        assert!(message.contains("no transition file for 1000 to 2000 cm-1 (X__S__01000-02000.trans)"), "{message}");
        assert!(message.contains("there are files for 0 to 1000, 2000 to 4000 cm-1") && message.contains("allow_gaps"));
        // Outside of what was asked for it is a remark, and out of the range it is nothing.
        let (n, notes) = select(&files, &none, all, Some((2000.0, 3500.0))).unwrap();
        assert!(n == 3 && notes.contains("1000 to 2000"), "{notes}");
        assert_eq!(select(&files, &none, (2000.0, 9000.0), Some((3500.0, 4000.0))).unwrap(), (2, String::new()));
        assert!(select(&files, &none, all, None).unwrap().1.contains("1000 to 2000"));
    }

    #[test]
    fn the_definition_says_where_the_list_begins_and_ends() {
        let water = Definition { transition_files: Some(412), max_wavenumber: Some(41200.0), ..Definition::default() };
        let one = ["__04300-04400"];
        assert_eq!(select(&one, &water, (4330.0, 4360.0), Some((4330.0, 4360.0))).unwrap(), (1, String::new()));
        for required in [(1000.0, 1100.0), (4390.0, 4410.0), (41000.0, 41100.0)] {
            let message = select(&one, &water, required, Some(required)).unwrap_err();
            assert!(message.contains("4300 to 4400"), "{message}");
        }
        assert_eq!(select(&one, &water, (41300.0, 42000.0), Some((41300.0, 42000.0))).unwrap(), (0, String::new()));
        // As many files as there are: complete, whatever their widths.
        let three = Definition { transition_files: Some(2), max_wavenumber: Some(3000.0), ..Definition::default() };
        assert_eq!(select(&["__00100-00200", "__01000-03000"], &three, (0.0, 5e3), Some((0.0, 5e3))).unwrap().1, "");
    }

    #[test]
    fn without_a_definition_nobody_knows_where_a_list_ends() {
        let none = Definition::default();
        let files = ["__01000-02000", "__02000-03000"];
        let notes = |lo: f64, hi: f64| select(&files, &none, (0.0, f64::INFINITY), Some((lo, hi))).unwrap().1;
        assert_eq!(notes(1500.0, 2500.0), "");
        assert!(notes(2500.0, 3500.0).starts_with("no transition file for what lies above 3000 cm-1"));
        assert!(notes(500.0, 900.0).starts_with("no transition file for what lies below 1000 cm-1"));
        let ends = Definition { max_wavenumber: Some(3000.0), ..Definition::default() };
        assert_eq!(select(&files, &ends, (0.0, 4e3), Some((2500.0, 3500.0))).unwrap().1, "");
    }

    #[test]
    fn a_part_without_lines_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<String> =
            ["0-1.trans", "1-2.trans.bz2", "2-3.trans.bz2"].iter().map(|n| format!("X__S__{n}")).collect();
        let empty = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast()).finish().unwrap();
        for (name, content) in names.iter().zip([&[][..], &empty, &[]]) {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let sorted = TransitionFiles::sort(folder.path(), "X__S", &names, &Definition::default()).unwrap();
        let wanted = Wanted { range: (0.0, 3.0), required: None, allow_gaps: false };
        let (paths, notes) = sorted.select(folder.path(), "X__S", &Definition::default(), wanted).unwrap();
        // The last is a download that failed.
        assert!(paths.len() == 1 && paths[0].ends_with("X__S__2-3.trans.bz2"), "{paths:?}");
        assert_eq!(notes, ["no transition in X__S__0-1.trans, X__S__1-2.trans.bz2"]);
    }

    #[test]
    fn lines_may_lie_beside_the_range_of_their_file() {
        let files = ["__00000-01000", "__01000-02000"];
        assert_eq!(select(&files, &Definition::default(), (1002.0, 1500.0), None).unwrap().0, 2);
        assert_eq!(select(&files, &Definition::default(), (1010.0, 1500.0), None).unwrap().0, 1);
    }
}
