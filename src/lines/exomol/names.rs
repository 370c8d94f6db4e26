//! What the name of a transition file says: the whole list, a range of it, a superseded version, or something additional.
//!
//! ExoMol writes `ISO__SET.trans.bz2`, or `ISO__SET__00000-01000.trans.bz2` where a list is cut by wavenumber (Tennyson et al. 2020,
//! JQSRT 255, 107228). Superseded files stay in the folder as `ISO__SET_v2.trans.bz2` or `ISO__SET__20170330.trans.bz2`, also with a
//! range; any other tag (`ISO__SET__E2.trans.bz2`: quadrupole lines) is a part of its own.

use std::path::{Path, PathBuf};

use super::definition::Definition;
use crate::lines::fields::unsigned;
use crate::lines::reader::without_compression;
use crate::{Error, Result};

/// Names widths of ranges may differ by, since they are rounded \[cm-1\].
const ROUNDING: f64 = 1.0;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Whole,
    Range(f64, f64),
    Superseded,
    Additional(Option<(f64, f64)>),
}

/// A file's name, the name without compression, and what it says.
type Found = (String, String, Kind);

/// One transition file that is read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TransitionFile {
    pub path: PathBuf,
    /// Wavenumbers that its name states \[cm-1\].
    pub range: Option<(f64, f64)>,
    /// Beside the list proper.
    pub additional: bool,
}

/// The transition files of a data set.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct TransitionFiles {
    /// Those that belong to it, by name.
    pub current: Vec<TransitionFile>,
    /// Names of those left out.
    pub superseded: Vec<String>,
}

impl TransitionFiles {
    /// Sorts the file names of a folder, ascending. Where a file is there both plain and compressed, the plain one is taken.
    pub fn sort(folder: &Path, stem: &str, names: &[String], definition: &Definition) -> Result<Self> {
        let (mut found, mut superseded): (Vec<Found>, Vec<String>) = (Vec::new(), Vec::new());
        let mut seen = std::collections::BTreeSet::new();
        for name in names {
            let plain = without_compression(Path::new(name)).to_string_lossy().into_owned();
            let tags = plain.strip_suffix(".trans").and_then(|p| p.strip_prefix(stem));
            // A plain file sorts before its compressed twin.
            let twin = !seen.insert(plain.clone());
            match tags.and_then(kind) {
                None => {}
                Some(_) if twin => {}
                Some(Kind::Superseded) => superseded.push(name.clone()),
                Some(kind) => found.push((name.clone(), plain, kind)),
            }
        }
        let mut leave = |name: &String| superseded.push(name.clone());
        // The same range written twice (0-1000 and 00000-01000): ExoMol fills up with zeros.
        let twice = |a: &Found, b: &Found| {
            matches!(a.2, Kind::Range(..)) && a.2 == b.2 && (a.1.len(), &b.1) < (b.1.len(), &a.1)
        };
        let (dropped, mut kept): (Vec<_>, Vec<_>) =
            found.iter().cloned().partition(|f| found.iter().any(|other| twice(f, other)));
        dropped.iter().for_each(|f| leave(&f.0));
        let is_range = |f: &Found| matches!(f.2, Kind::Range(..));
        let ambiguous = |a: &str, b: &str| {
            let message = format!("{a} and {b} both hold the same part of the list; remove the one that is superseded");
            Error::parse(folder, None, message)
        };
        // A list in one piece beside the same list in several: the definition says how many there are.
        if let (Some(whole), Some(part)) = (kept.iter().find(|f| f.2 == Kind::Whole), kept.iter().find(|f| is_range(f)))
        {
            let one = match definition.transition_files {
                Some(n) => n <= 1,
                None => return Err(ambiguous(&whole.0, &part.0)),
            };
            kept.retain(|f| {
                let drop = if one { is_range(f) } else { f.2 == Kind::Whole };
                if drop {
                    leave(&f.0);
                }
                !drop
            });
        }
        // Ranges that overlap are of two versions, of which one has the width that the definition states.
        if let Some((a, b)) = overlap(&kept) {
            let (a, b) = (a.0.clone(), b.0.clone());
            let width =
                definition.max_wavenumber.zip(definition.transition_files).map(|(max, n)| max / n.max(1) as f64);
            let Some(width) = width else { return Err(ambiguous(&a, &b)) };
            kept.retain(|f| {
                let other = matches!(f.2, Kind::Range(lo, hi) if (hi - lo - width).abs() > ROUNDING);
                if other {
                    leave(&f.0);
                }
                !other
            });
            if overlap(&kept).is_some() || !kept.iter().any(is_range) {
                return Err(ambiguous(&a, &b));
            }
        }
        let current: Vec<_> = kept
            .into_iter()
            .map(|(name, _, kind)| TransitionFile {
                path: folder.join(name),
                range: match kind {
                    Kind::Range(lo, hi) => Some((lo, hi)),
                    Kind::Additional(range) => range,
                    _ => None,
                },
                additional: matches!(kind, Kind::Additional(_)),
            })
            .collect();
        superseded.sort();
        if current.is_empty() {
            let mut message = format!("no {stem}*.trans or {stem}*.trans.bz2");
            if !superseded.is_empty() {
                message +=
                    &format!(" but superseded ones: {}; rename one to {stem}.trans to read it", superseded.join(", "));
            }
            return Err(Error::parse(folder, None, message));
        }
        Ok(Self { current, superseded })
    }
}

/// Two files of the list proper whose ranges overlap.
fn overlap(files: &[Found]) -> Option<(&Found, &Found)> {
    let mut ranges: Vec<_> = files
        .iter()
        .filter_map(|f| match f.2 {
            Kind::Range(lo, hi) => Some((lo, hi, f)),
            _ => None,
        })
        .collect();
    ranges.sort_by(|a, b| (a.0, a.1).partial_cmp(&(b.0, b.1)).unwrap_or(std::cmp::Ordering::Equal));
    ranges.windows(2).find(|w| w[1].0 + ROUNDING < w[0].1).map(|w| (w[0].2, w[1].2))
}

/// From what follows the stem; `None` if the file is of another data set.
fn kind(tags: &str) -> Option<Kind> {
    let (tags, mut superseded) = without_version(tags);
    let (mut range, mut additional) = (None, false);
    if !tags.is_empty() {
        for tag in tags.strip_prefix("__")?.split("__") {
            let (tag, versioned) = without_version(tag);
            superseded |= versioned;
            if tag.is_empty() {
                // `_v2__00000-01000`, or nothing at all.
            } else if is_version(tag) || is_date(tag) {
                superseded = true;
            } else if let Some(r) = range_of(tag) {
                range = Some(r);
            } else {
                additional = true;
            }
        }
    }
    Some(match (superseded, additional, range) {
        (true, ..) => Kind::Superseded,
        (_, true, range) => Kind::Additional(range),
        (_, _, Some((lo, hi))) => Kind::Range(lo, hi),
        (_, _, None) => Kind::Whole,
    })
}

/// Whether what follows the stem of a file's name says that it is of an earlier version.
pub(super) fn is_superseded(tags: &str) -> bool {
    kind(tags) == Some(Kind::Superseded)
}

/// Cuts `_v2` off the end, or off the front if tags follow.
fn without_version(tag: &str) -> (&str, bool) {
    if let Some((rest, version)) = tag.rsplit_once('_')
        && is_version(version)
    {
        // `__v2` is a tag of its own.
        return (rest.strip_suffix('_').unwrap_or(rest), true);
    }
    if let Some((version, _)) = tag.strip_prefix('_').and_then(|t| t.split_once("__"))
        && is_version(version)
    {
        return (&tag[1 + version.len()..], true);
    }
    (tag, false)
}

/// `v2`.
fn is_version(tag: &str) -> bool {
    tag.strip_prefix(['v', 'V']).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// `20170330`.
fn is_date(tag: &str) -> bool {
    let part = |range: std::ops::Range<usize>| tag.get(range).and_then(|t| unsigned(t.as_bytes())).unwrap_or(0);
    tag.len() == 8
        && tag.bytes().all(|b| b.is_ascii_digit())
        && (1990..2100).contains(&part(0..4))
        && (1..=12).contains(&part(4..6))
        && (1..=31).contains(&part(6..8))
}

/// `04300-04400` \[cm-1\].
fn range_of(tag: &str) -> Option<(f64, f64)> {
    let (lo, hi) = tag.split_once('-')?;
    Some((unsigned(lo.as_bytes())? as f64, unsigned(hi.as_bytes())? as f64)).filter(|(lo, hi)| lo < hi)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sort(names: &[&str], definition: &Definition) -> Result<(Vec<String>, Vec<String>)> {
        let mut names: Vec<String> = names.iter().map(|n| n.to_string()).collect();
        names.sort();
        let files = TransitionFiles::sort(Path::new("f"), "X__S", &names, definition)?;
        let name = |f: &TransitionFile| f.path.file_name().unwrap().to_string_lossy().into_owned();
        Ok((files.current.iter().map(name).collect(), files.superseded))
    }

    fn split(n: u64, max: f64) -> Definition {
        Definition { transition_files: Some(n), max_wavenumber: Some(max), ..Definition::default() }
    }

    #[test]
    fn names() {
        for (tags, expected) in [
            ("", Some(Kind::Whole)),
            ("__00000-01000", Some(Kind::Range(0.0, 1000.0))),
            ("_v2", Some(Kind::Superseded)),
            ("__v2", Some(Kind::Superseded)),
            ("_v2__00000-01000", Some(Kind::Superseded)),
            ("__00000-01000_v11", Some(Kind::Superseded)),
            ("__20170330", Some(Kind::Superseded)),
            ("__00000-01000__20170330", Some(Kind::Superseded)),
            ("__20170330__00000-01000", Some(Kind::Superseded)),
            ("__E2", Some(Kind::Additional(None))),
            ("__E2__00000-01000", Some(Kind::Additional(Some((0.0, 1000.0))))),
            ("__E2__20170330", Some(Kind::Superseded)),
            ("__20171399", Some(Kind::Additional(None))),
            ("__1000-0", Some(Kind::Additional(None))),
            ("2", None),
            ("_new", None),
            ("-E2", None),
        ] {
            assert_eq!(kind(tags), expected, "{tags}");
        }
    }

    #[test]
    fn only_the_current_files_are_taken() {
        let none = Definition::default();
        let (current, old) = sort(
            &[
                "X__S.trans",
                "X__S.trans.bz2",
                "X__S_v2.trans.bz2",
                "X__S__20170330.trans",
                "X__S__E2.trans",
                "X__Sea.trans",
            ],
            &none,
        )
        .unwrap();
        assert_eq!(current, ["X__S.trans", "X__S__E2.trans"]);
        assert_eq!(old, ["X__S__20170330.trans", "X__S_v2.trans.bz2"]);
        let (current, old) =
            sort(&["X__S__00000-01000.trans", "X__S__0-1000.trans", "X__S__01000-02000.trans"], &none).unwrap();
        assert_eq!((current.len(), old), (2, vec!["X__S__0-1000.trans".to_owned()]));
        let message = sort(&["X__S__20170330.trans"], &none).unwrap_err().to_string();
        assert!(message.contains("superseded ones: X__S__20170330.trans"), "{message}");
    }

    #[test]
    fn the_definition_tells_two_versions_apart() {
        let both = ["X__S.trans", "X__S__00000-01000.trans", "X__S__01000-02000.trans"];
        assert_eq!(sort(&both, &split(1, 2000.0)).unwrap().0, ["X__S.trans"]);
        assert_eq!(sort(&both, &split(2, 2000.0)).unwrap().1, ["X__S.trans"]);
        assert!(sort(&both, &Definition::default()).unwrap_err().to_string().contains("the same part of the list"));
        let cut = ["X__S__00000-02000.trans", "X__S__00000-01000.trans", "X__S__01000-02000.trans"];
        assert_eq!(sort(&cut, &split(2, 2000.0)).unwrap().1, ["X__S__00000-02000.trans"]);
        assert!(sort(&cut, &Definition::default()).is_err() && sort(&cut, &split(40, 2000.0)).is_err());
    }

    proptest! {
        #[test]
        fn any_name_is_taken(tags in "[_vE0-9a-z-]{0,24}|\\PC{0,12}") {
            let _ = kind(&tags);
        }
    }
}
