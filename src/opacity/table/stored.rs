//! A table on disk: as much of it as there is, in one entry of the cache.
//!
//! | bytes | content |
//! | --- | --- |
//! | 0..8 | length of the index, little endian |
//! | 8.. | the index, JSON: layers, rows |
//! | from the next multiple of 64 | the rows, float32, in the order of the index |
//!
//! An entry is written beside its place and renamed onto it, so that whoever reads it has a whole one; rows that it lacks are made when they are wanted, as without it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::axis::{Axis, COARSEST, FINEST, STEPS};
use super::errors::Measured;
use super::nodes::Nodes;
use super::rows::{Place, Row, Rows};
use crate::cache::{Entry, Key, KeyHasher, Miss, Numbers};
use crate::settings::Method;
use crate::{Cache, Settings};

/// Kind of the entries.
const KIND: &str = "table";
/// To be raised when what a table holds changes.
const VERSION: i64 = 2;
const ALIGNED: usize = 64;

#[derive(Serialize, Deserialize)]
struct Index {
    points: usize,
    levels: Vec<u32>,
    measured: Vec<Option<Measured>>,
    /// Layer, node, whether it holds points that have nothing.
    rows: Vec<(usize, usize, bool)>,
}

/// Where a table is kept.
#[derive(Debug)]
pub struct Shelf {
    cache: Cache,
    key: Key,
    about: String,
    /// Rows that the entry has.
    kept: AtomicUsize,
}

impl Shelf {
    /// For a table whose nodes are known by `nodes`; `None` without a cache.
    pub fn new(cache: &Cache, nodes: &Key, pressure_bar: &[f64], settings: &Settings, about: String) -> Option<Self> {
        cache.folder()?;
        let mut key = KeyHasher::new(KIND);
        key.integers("table", &[VERSION, STEPS as i64]).key("nodes", nodes).numbers("pressures", pressure_bar);
        // Who chose a table, and for how many spectra, changes nothing in it.
        let settings = Settings { method: Method::Table, evaluations: 1, ..*settings };
        key.bytes("settings", &serde_json::to_vec(&settings).ok()?);
        Some(Self { cache: cache.clone(), key: key.finish()?, about, kept: AtomicUsize::new(0) })
    }

    /// What is kept for a table of this shape. The text says what was wrong with an entry, which is deleted.
    pub fn find(&self, axis: Axis, points: usize, layers: usize) -> Result<Nodes, Option<String>> {
        let entry = self.cache.find(KIND, &self.key).map_err(Miss::told)?;
        let nodes = decode(&entry, axis, points, layers).ok_or_else(|| {
            self.cache.discard(KIND, &self.key);
            format!("cache entry {KIND} {}: its content is not what it should be; deleted", self.key.to_hex())
        })?;
        self.kept.store(nodes.rows.all().count(), Ordering::Relaxed);
        Ok(nodes)
    }

    /// Keeps a table if it has `growth` times the rows that are kept, or more, and at least one more.
    ///
    /// # Errors
    /// The cache cannot be written: in words.
    pub fn keep(&self, nodes: &Nodes, growth: usize) -> Result<(), String> {
        let (rows, kept) = (nodes.rows.all().count(), self.kept.load(Ordering::Relaxed));
        if rows < (growth * kept).max(kept + 1) {
            return Ok(());
        }
        self.kept.store(rows, Ordering::Relaxed);
        self.write(nodes).map_err(|e| {
            let folder = self.cache.folder().unwrap_or("cache".as_ref());
            format!("cannot write the table to the cache {}: {e}", folder.display())
        })
    }

    fn write(&self, nodes: &Nodes) -> std::io::Result<()> {
        let held: Vec<(Place, &Row)> = nodes.rows.all().collect();
        let index = Index {
            points: nodes.points,
            levels: nodes.levels.clone(),
            measured: nodes.measured.iter().map(|m| m.get().copied()).collect(),
            rows: held.iter().map(|(place, row)| (place.layer, place.node, row.nothing)).collect(),
        };
        let json = serde_json::to_vec(&index)?;
        let mut head = (json.len() as u64).to_le_bytes().to_vec();
        head.extend(json);
        head.resize(head.len().next_multiple_of(ALIGNED), 0);
        let rows = held.iter().map(|(_, row)| bytemuck::cast_slice(&row.ln));
        let parts: Vec<&[u8]> = std::iter::once(&head[..]).chain(rows).collect();
        self.cache.store(KIND, &self.key, &self.about, &parts)
    }
}

/// The table of an entry, if it is one of this shape.
fn decode(entry: &Arc<Entry>, axis: Axis, points: usize, layers: usize) -> Option<Nodes> {
    let (length, rest) = entry.payload().split_at_checked(8)?;
    let length = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
    let index: Index = serde_json::from_slice(rest.get(..length)?).ok()?;
    let levels = &index.levels;
    let known = levels.len() == layers && levels.iter().all(|l| (COARSEST..=FINEST).contains(l));
    if !(known && index.points == points && index.measured.len() == layers) {
        return None;
    }
    let rows = Rows::new(layers);
    let mut start = (8 + length).next_multiple_of(ALIGNED);
    for (layer, node, nothing) in index.rows {
        let is_node = layer < layers && node <= STEPS && node.is_multiple_of(STEPS >> levels[layer]);
        let ln: Numbers<f32> = Numbers::of_entry(entry, start..start + 4 * points).filter(|_| is_node)?;
        if !ln.iter().fold(true, |all, v| all & v.is_finite()) {
            return None;
        }
        rows.keep(Place { node, layer }, Row { ln, nothing });
        start += 4 * points;
    }
    let measured = index.measured.into_iter().map(|m| m.map_or_else(OnceLock::new, OnceLock::from)).collect();
    (start == entry.payload().len()).then_some(Nodes { axis, points, levels: index.levels, rows, measured })
}
