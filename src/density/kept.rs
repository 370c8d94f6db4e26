//! What is made of a list's lines, as the cache keeps it: keys, entries found and stored.

use std::sync::Arc;

use super::distant::DistantLines;
use crate::cache::{Entry, Key, KeyHasher};
use crate::grid::Grid;
use crate::lines::{LineSource, Species};
use crate::settings::Settings;
use crate::{Resources, Result};

/// First and last wavenumber \[cm-1\] of the lines that matter for a grid: beyond a cutoff nothing is left of a line.
pub(super) fn within(grid: &Grid, settings: &Settings) -> (f64, f64) {
    let margin = settings.line_margin.min(settings.profile.wings.cutoff.unwrap_or(f64::INFINITY));
    ((grid.lo() - margin).max(f64::MIN_POSITIVE), (grid.hi() + margin).min(f64::MAX))
}

/// Everything that positions, strengths and widths of the lines on a grid depend on; `None` if the source has no
/// content to name it by.
///
/// # Errors
/// Files of the source that cannot be read.
pub(super) fn key_of_inputs(
    kind: &str,
    source: &dyn LineSource,
    grid: &Grid,
    species: &Species,
    settings: &Settings,
    distant: &DistantLines,
    resources: &Resources<'_>,
) -> Result<Option<Key>> {
    let (within, range, profile) = (within(grid, settings), settings.temperature_range, &settings.profile);
    let mut key = KeyHasher::new(kind).remembering(resources.cache);
    source.fingerprint(within, &mut key)?;
    let partition: Vec<f64> = species.partition.entries().flat_map(|(t, q)| [t, q]).collect();
    key.numbers("partition function", &partition);
    key.numbers("within", &[within.0, within.1]);
    key.numbers("grid", &[grid.lo(), grid.hi()]).integers("points", &[grid.len() as i64]);
    key.numbers("temperatures", &[range.lo, range.hi]);
    key.integers("natural width, shift", &[profile.natural_width.into(), profile.pressure_shift.into()]);
    distant.key(&mut key);
    Ok(key.finish())
}

/// An entry, decoded; one that is damaged is reported and deleted.
pub(super) fn find<T>(
    resources: &Resources<'_>,
    kind: &str,
    key: &Key,
    decode: impl FnOnce(&Arc<Entry>) -> Option<T>,
) -> Option<T> {
    let found = match resources.cache.find(kind, key) {
        Ok(entry) => decode(&entry).ok_or_else(|| {
            resources.cache.discard(kind, key);
            format!("cache entry {kind} {}: its content is not what it should be; deleted", key.to_hex())
        }),
        Err(miss) => Err(miss.told()?),
    };
    found.map_err(|what| resources.progress.warn(&what)).ok()
}

/// Stores an entry; where that fails it is told, and all goes on.
pub(super) fn store(resources: &Resources<'_>, kind: &str, key: &Key, about: &str, parts: &[&[u8]]) {
    if let Err(e) = resources.cache.store(kind, key, about, parts) {
        let folder = resources.cache.folder().unwrap_or("cache".as_ref());
        resources.progress.warn(&format!("cannot write to the cache {}: {e}", folder.display()));
    }
}
