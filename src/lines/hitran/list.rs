//! One isotopologue of a [`HitranSource`], as a [`LineSource`].

use std::sync::OnceLock;

use super::{HitranBroadening, HitranId, HitranSource};
use crate::cache::{Cache, Key, KeyHasher};
use crate::lines::reader::expand;
use crate::lines::source::{LineSource, width_key, within};
use crate::lines::{Cause, Line, LineList, LoadReport, Species};
use crate::{Error, Progress, Resources, Result};

/// Fewer records than this are read again sooner than looked up.
const WORTH_KEEPING: u64 = 10_000;
/// Kind of the entries that say which isotopologues files hold.
const KIND: &str = "isotopologues";

/// One isotopologue of HITRAN files. Its lines are read when they are asked for, unless finding it had to read them already.
#[derive(Debug)]
pub struct HitranList {
    source: HitranSource,
    id: HitranId,
    held: Option<(LineList, LoadReport)>,
    strength_share: Option<f64>,
    content: OnceLock<Option<Key>>,
}

impl HitranSource {
    /// The isotopologues that have lines within the source's range, in the order of their numbers. If the cache knows them, no record is
    /// read; else their lines are kept, up to `resources.host_bytes`.
    ///
    /// # Errors
    /// See [`stream`](Self::stream) and [`load`](Self::load).
    pub fn isotopologues(&self, resources: &Resources<'_>) -> Result<Vec<HitranList>> {
        let content = match resources.cache.folder() {
            Some(_) => self.content(resources.cache)?,
            None => None,
        };
        let list = |id, held, strength_share| HitranList {
            source: self.clone(),
            id,
            held,
            strength_share,
            content: OnceLock::from(content),
        };
        if let Some(ids) = content.and_then(|key| known(resources.cache, &key)) {
            return Ok(ids.into_iter().map(|id| list(id, None, None)).collect());
        }
        let mut found: Vec<(HitranId, u64, Vec<Line>)> = Vec::new();
        let (mut bytes, mut keep) = (0, true);
        let report = self.stream(resources.progress, &mut |id, lines| {
            let at = found.iter().position(|f| f.0 == id).unwrap_or_else(|| {
                found.push((id, 0, Vec::new()));
                found.len() - 1
            });
            found[at].1 += lines.len() as u64;
            bytes += size_of_val(lines) as u64;
            if keep && bytes > resources.host_bytes {
                keep = false;
                found.iter_mut().for_each(|f| f.2 = Vec::new());
            }
            if keep {
                found[at].2.extend_from_slice(lines);
            }
            Ok(())
        })?;
        if found.is_empty() {
            return Err(self.nothing_found(&report));
        }
        found.sort_by_key(|f| f.0);
        if let Some(key) = content.filter(|_| report.read >= WORTH_KEEPING) {
            let ids: Vec<u8> = found.iter().flat_map(|f| [f.0.0, f.0.1 as u8]).collect();
            let about = format!("isotopologues in {}", self.paths[0].display());
            // Without an entry the next start reads the records again.
            let _ = resources.cache.store(KIND, &key, &about, &[&ids]);
        }
        let strength = |lines: &[Line]| lines.iter().map(|l| l.strength).sum::<f64>();
        let of_molecule = |molecule| found.iter().filter(|f| f.0.0 == molecule).map(|f| strength(&f.2)).sum::<f64>();
        let shares: Vec<f64> = found.iter().map(|f| strength(&f.2) / of_molecule(f.0.0)).collect();
        found
            .into_iter()
            .zip(shares)
            .map(|((id, count, lines), share)| {
                let report = of_one(report.clone(), count);
                // An isotopologue that nobody knows hinders only those who ask for it.
                let held = match keep.then(|| self.species(id)) {
                    Some(Ok(species)) => Some((LineList::new(species, lines)?, report)),
                    _ => None,
                };
                Ok(list(id, held, keep.then_some(share)))
            })
            .collect()
    }

    /// Key of the files' contents and all options; `None` if a function of the user's is among them.
    fn content(&self, cache: &Cache) -> Result<Option<Key>> {
        let mut key = KeyHasher::new("HITRAN").remembering(cache);
        for path in expand(&self.paths, super::EXTENSIONS)? {
            key.file("file", &path)?;
        }
        let number = |v: Option<char>| v.map_or(-1, |v| i64::from(u32::from(v)));
        key.integers("filter", &[self.molecule.map_or(-1, i64::from), number(self.isotopologue)]);
        let (lo, hi) = self.range.unwrap_or((0.0, f64::INFINITY));
        key.numbers("range", &[lo, hi]);
        match &self.broadening {
            HitranBroadening::Air => key.bytes("broadening", b"air"),
            HitranBroadening::SelfBroadening => key.bytes("broadening", b"self"),
            HitranBroadening::Partner(gas) => key.bytes("partner", gas.as_bytes()),
            HitranBroadening::Mixture(parts) => {
                let gases: Vec<_> = parts.iter().map(|p| &p.0).collect();
                let fractions: Vec<_> = parts.iter().map(|p| p.1).collect();
                key.bytes("gases", format!("{gases:?}").as_bytes()).numbers("mixture", &fractions)
            }
            HitranBroadening::Fixed(width) => key.numbers("fixed", &[width.gamma, width.exponent]),
            HitranBroadening::Custom(_) => key.nameless(),
        };
        if let Some(width) = self.default_width {
            width_key(&mut key, "default width", width);
        }
        Ok(key.finish())
    }
}

/// The isotopologues in an entry.
fn known(cache: &Cache, key: &Key) -> Option<Vec<HitranId>> {
    let entry = cache.find(KIND, key).ok()?;
    let ids = entry.payload().chunks_exact(2).map(|c| (c[0], char::from(c[1]))).collect::<Vec<_>>();
    (!ids.is_empty()).then_some(ids)
}

/// A report of all isotopologues as one of `kept` lines of one of them.
fn of_one(mut report: LoadReport, kept: u64) -> LoadReport {
    report.causes.entry(Cause::DroppedOtherSpecies).or_default().lines += report.kept - kept;
    report.kept = kept;
    report
}

impl HitranList {
    /// Molecule and isotopologue numbers.
    pub fn id(&self) -> HitranId {
        self.id
    }

    /// The part of the strength at 296 K of all lines of its molecule that are in range, 0 to 1; `None` if lines were not read.
    pub fn strength_share(&self) -> Option<f64> {
        self.strength_share
    }
}

impl LineSource for HitranList {
    fn species(&self) -> Result<Species> {
        self.source.species(self.id)
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
        let source = HitranSource { range: within(self.source.range, range), ..self.source.clone() };
        let mut kept = 0;
        let report = source.stream(progress, &mut |id, lines| {
            if id != self.id {
                return Ok(());
            }
            kept += lines.len() as u64;
            visit(lines)
        })?;
        Ok(of_one(report, kept))
    }

    fn held(&self) -> Option<(&LineList, Option<&LoadReport>)> {
        self.held.as_ref().map(|(list, report)| (list, Some(report)))
    }

    fn nothing_found(&self, range: (f64, f64), report: &LoadReport) -> Error {
        HitranSource { range: Some(range), ..self.source.clone() }.nothing_found(report)
    }
}
