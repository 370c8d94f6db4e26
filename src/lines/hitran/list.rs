//! One isotopologue of a [`HitranSource`], as a [`LineSource`].

use std::sync::{Arc, OnceLock};

use super::reading::{Reading, in_range};
use super::{HitranBroadening, HitranId, HitranSource};
use crate::cache::{Cache, Key, KeyHasher};
use crate::lines::reader::expand;
use crate::lines::source::{LineSource, width_key, within};
use crate::lines::{Line, LineList, LoadReport, Species};
use crate::{Error, Progress, Resources, Result};

/// Fewer records than this are read again sooner than looked up.
const WORTH_KEEPING: u64 = 10_000;
/// Kind of the entries that say which isotopologues files hold, and how much of each.
const KIND: &str = "isotopologues with strengths";
/// Bytes of one isotopologue in an entry: its numbers and padding, records, strength.
const ENTRY: usize = 24;

/// An isotopologue that files hold.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Found {
    /// Molecule and isotopologue numbers.
    pub id: HitranId,
    /// Records within the range, whether their lines are kept or dropped. 0 if it has records outside the range only.
    pub lines: u64,
    /// Sum of the strengths of those at 296 K, as far as they are known \[cm molecule-1\].
    pub strength: f64,
}

/// One isotopologue of HITRAN files. Its lines are read when they are asked for, unless finding it had to read them already.
#[derive(Debug)]
pub struct HitranList {
    source: HitranSource,
    id: HitranId,
    found: Arc<[Found]>,
    held: Option<(LineList, LoadReport)>,
    content: OnceLock<Option<Key>>,
}

impl HitranSource {
    /// The isotopologues that have lines within the source's range, in the order of their numbers; if none has, those that have lines
    /// outside it, each as an empty list. If the cache knows them, no record is read; else their lines are kept, up to
    /// `resources.host_bytes`.
    ///
    /// # Errors
    /// See [`stream`](Self::stream); also files without a record of the molecule and isotopologue asked for.
    pub fn isotopologues(&self, resources: &Resources<'_>) -> Result<Vec<HitranList>> {
        let content = match resources.cache.folder() {
            Some(_) => self.content(resources.cache)?,
            None => None,
        };
        if let Some(found) = content.and_then(|key| known(resources.cache, &key)) {
            return Ok(self.lists(&found, content, |_| None));
        }
        let mut kept: Vec<(HitranId, Vec<Line>)> = Vec::new();
        let (mut bytes, mut keep) = (0, true);
        let reading = self.read(resources.progress, &mut |id, lines| {
            bytes += size_of_val(lines) as u64;
            if keep && bytes > resources.host_bytes {
                keep = false;
                kept = Vec::new();
            }
            if keep {
                match kept.iter_mut().find(|k| k.0 == id) {
                    Some(list) => list.1.extend_from_slice(lines),
                    None => kept.push((id, lines.to_vec())),
                }
            }
            Ok(())
        })?;
        let found = found(&reading);
        if found.is_empty() {
            return Err(self.nothing_found(&reading.total()));
        }
        let total = reading.total();
        if let Some(key) = content.filter(|_| total.read >= WORTH_KEEPING) {
            let about = format!("isotopologues in {}", self.paths[0].display());
            // Without an entry the next start reads the records again.
            let _ = resources.cache.store(KIND, &key, &about, &[&encode(&found)]);
        }
        Ok(self.lists(&found, content, |id| {
            let lines = kept.iter_mut().find(|k| k.0 == id).map(|k| std::mem::take(&mut k.1)).unwrap_or_default();
            // An isotopologue that nobody knows hinders only those who ask for it.
            let species = keep.then(|| self.species(id))?.ok()?;
            Some((LineList::new(species, lines).ok()?, reading.of(id)))
        }))
    }

    fn lists(
        &self,
        found: &[Found],
        content: Option<Key>,
        mut held: impl FnMut(HitranId) -> Option<(LineList, LoadReport)>,
    ) -> Vec<HitranList> {
        let all: Arc<[Found]> = found.into();
        let some_inside = all.iter().any(|f| f.lines > 0);
        all.iter()
            .filter(|f| f.lines > 0 || !some_inside)
            .map(|f| HitranList {
                source: self.clone(),
                id: f.id,
                found: all.clone(),
                held: held(f.id),
                content: OnceLock::from(content),
            })
            .collect()
    }

    /// Key of the files' contents and all options; `None` if a function of the user's is among them.
    fn content(&self, cache: &Cache) -> Result<Option<Key>> {
        let mut key = KeyHasher::new("HITRAN").remembering(cache);
        for path in expand(&self.paths, super::EXTENSIONS)? {
            key.file("file", &path)?;
        }
        for path in self.headers()? {
            key.file("header", &path)?;
        }
        let number = |v: Option<char>| v.map_or(-1, |v| i64::from(u32::from(v)));
        key.integers("filter", &[self.molecule.map_or(-1, i64::from), number(self.isotopologue)]);
        let (lo, hi) = self.range.unwrap_or((0.0, f64::INFINITY));
        key.numbers("range", &[lo, hi]);
        match &self.broadening {
            HitranBroadening::Fixed(width) => width_key(&mut key, "fixed", *width),
            HitranBroadening::Custom(_) => {
                key.nameless();
            }
            gases => {
                for (partner, fraction) in gases.parts() {
                    key.bytes("partner", partner.name().to_ascii_lowercase().as_bytes())
                        .numbers("fraction", &[fraction]);
                }
            }
        };
        let (lo, hi) = self.temperatures.unwrap_or(super::MIXTURE_TEMPERATURES);
        key.numbers("temperatures", &[lo, hi]);
        width_key(&mut key, "default width", self.default_width.unwrap_or(super::LAST_WIDTH));
        Ok(key.finish())
    }
}

/// What was found of each isotopologue.
fn found(reading: &Reading) -> Vec<Found> {
    let one = |(id, report): (&HitranId, &LoadReport)| {
        let (lines, strength) = in_range(report);
        Found { id: *id, lines, strength }
    };
    let mut found: Vec<Found> = reading.by_id.iter().map(one).collect();
    // HITRAN counts 1 to 9, 0, A, B.
    found.sort_by_key(|f| (f.id.0, f.id.1 == '0' || f.id.1.is_ascii_alphabetic(), f.id.1));
    found
}

fn encode(found: &[Found]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ENTRY * found.len());
    for f in found {
        bytes.extend([f.id.0, f.id.1 as u8, 0, 0, 0, 0, 0, 0]);
        bytes.extend(f.lines.to_le_bytes());
        bytes.extend(f.strength.to_le_bytes());
    }
    bytes
}

/// The isotopologues in an entry.
fn known(cache: &Cache, key: &Key) -> Option<Vec<Found>> {
    let entry = cache.find(KIND, key).ok()?;
    let one = |b: &[u8]| {
        let word = |at: usize| b[at..at + 8].try_into().ok();
        Some(Found {
            id: (b[0], char::from(b[1])),
            lines: u64::from_le_bytes(word(8)?),
            strength: f64::from_le_bytes(word(16)?),
        })
    };
    let (rows, []) = entry.payload().as_chunks::<ENTRY>() else { return None };
    let found: Vec<Found> = rows.iter().map(|row| one(row)).collect::<Option<_>>()?;
    let possible = |f: &Found| {
        let strength = f.strength.is_finite() && f.strength >= 0.0;
        f.id.0 > 0 && (f.id.1.is_ascii_digit() || f.id.1.is_ascii_uppercase()) && strength
    };
    (!found.is_empty() && found.iter().all(possible)).then_some(found)
}

impl HitranList {
    /// Molecule and isotopologue numbers.
    pub fn id(&self) -> HitranId {
        self.id
    }

    /// All isotopologues that the files hold (of the molecule and isotopologue that the source asks for), in the order of their numbers.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// This one's part of the strength of all lines found in range at 296 K, 0 to 1; 1 if no strength is known.
    pub fn strength_share(&self) -> f64 {
        let all: f64 = self.found.iter().map(|f| f.strength).sum();
        let own: f64 = self.found.iter().filter(|f| f.id == self.id).map(|f| f.strength).sum();
        if all > 0.0 { own / all } else { 1.0 }
    }

    /// The source of this isotopologue alone.
    fn alone(&self) -> HitranSource {
        HitranSource { molecule: Some(self.id.0), isotopologue: Some(self.id.1), ..self.source.clone() }
    }
}

impl LineSource for HitranList {
    fn species(&self) -> Result<Species> {
        self.source.species(self.id).map_err(|e| match e {
            Error::Invalid { what, given, required } => {
                let share = 100.0 * self.strength_share();
                Error::Invalid {
                    what,
                    given: format!("{given}, which has {share:.3} % of the strength found"),
                    required,
                }
            }
            other => other,
        })
    }

    fn fingerprint(&self, _: (f64, f64), key: &mut KeyHasher) -> Result<()> {
        let content = match self.content.get() {
            Some(Some(known)) => Some(*known),
            _ => self.source.content(&Cache::off())?,
        };
        match content {
            Some(content) => key.key("HITRAN", &content),
            None => key.nameless(),
        };
        key.integers("isotopologue", &[self.id.0.into(), u32::from(self.id.1).into()]);
        Ok(())
    }

    fn stream(
        &self,
        range: (f64, f64),
        progress: &dyn Progress,
        visit: &mut dyn FnMut(&[Line]) -> Result<()>,
    ) -> Result<LoadReport> {
        HitranSource { range: within(self.source.range, range), ..self.alone() }
            .stream(progress, &mut |_, lines| visit(lines))
    }

    fn held(&self) -> Option<(&LineList, Option<&LoadReport>)> {
        self.held.as_ref().map(|(list, report)| (list, Some(report)))
    }

    fn nothing_found(&self, range: (f64, f64), report: &LoadReport) -> Error {
        HitranSource { range: Some(range), ..self.source.clone() }.nothing_found(report)
    }
}
