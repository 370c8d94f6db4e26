//! Densities by temperature, and what their list was found to be, as the cache keeps them.

use std::sync::Arc;

use super::cells::Cells;
use super::reading::Found;
use super::sources::{LevelSums, TemperatureDensity};
use crate::cache::{Entry, Numbers};
use crate::density::distant::DistantLines;
use crate::density::shift::Neglected;
use crate::density::stored::all_finite;
use crate::density::summary::MOST_LN_DISTANCE;
use crate::grid::chebyshev::{ChebyshevAxis, MAX_NODES};
use crate::lines::LoadReport;

/// The level on which cells' lines within two positions are put; none if there is no such level.
pub type Finest<'a> = dyn Fn(&Cells, (f64, f64)) -> Option<i32> + 'a;

/// Most nodes below the first line and above the last.
const MOST_BEYOND: i64 = 1 << 12;

/// What precedes the numbers of a density.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Head {
    temperature: f64,
    ln_gamma: [f64; 2],
    natural: [f64; 2],
    errors: [f64; 2],
    ln_scale: f64,
    positions: [f64; 2],
    cells: u64,
    corrections: u64,
    level: i64,
    first: i64,
}

impl TemperatureDensity {
    /// Calls `store` with the stored form of the finest level, in parts; the others follow from it.
    pub fn encode<T>(&self, store: impl FnOnce(&[&[u8]]) -> T) -> T {
        let (cells, finest) = (&self.cells, &self.levels[0]);
        let axis = &cells.ln_gamma;
        let head = Head {
            temperature: cells.temperature,
            ln_gamma: [axis.mid, axis.half],
            natural: [cells.natural.0, cells.natural.1],
            errors: [cells.error, cells.natural_error],
            ln_scale: self.ln_scale,
            positions: [self.positions.0, self.positions.1],
            cells: axis.count as u64,
            corrections: cells.correction.map_or(0, |c| c.count as u64),
            level: finest.level.into(),
            first: finest.first,
        };
        store(&[bytemuck::bytes_of(&head), bytemuck::cast_slice(&finest.values)])
    }

    /// From the stored form, its numbers left where they are; `None` if the entry is something else than sums at `temperature` \[K\] on a grid of
    /// step `step` in ln nu, of lines that `finest` puts on the entry's level.
    pub fn decode(entry: &Arc<Entry>, temperature: f64, step: f64, finest: &Finest<'_>) -> Option<Self> {
        let bytes = entry.payload();
        let head: Head = bytemuck::try_pod_read_unaligned(bytes.get(..size_of::<Head>())?).ok()?;
        let count = |n: u64, least: u64| usize::try_from(n).ok().filter(|_| (least..=MAX_NODES as u64).contains(&n));
        let (nodes, corrections) = (count(head.cells, 1)?, count(head.corrections, 0)?);
        let [mid, half] = head.ln_gamma;
        let ([natural_lo, natural_hi], [position_lo, position_hi]) = (head.natural, head.positions);
        let furthest = MOST_LN_DISTANCE / step;
        let possible = head.temperature == temperature
            && mid.abs() <= 200.0
            && (0.0..=200.0).contains(&half)
            && (-1e6..=1e6).contains(&head.ln_scale)
            && (0.0..=natural_hi).contains(&natural_lo)
            && natural_hi <= 1e9
            && head.errors.iter().all(|e| e.is_finite() && *e >= 0.0)
            && -furthest <= position_lo
            && position_lo <= position_hi
            && position_hi <= furthest;
        if !possible {
            return None;
        }
        let axis = |count| {
            let mut axis = ChebyshevAxis::spanning(count, mid - half, mid + half);
            (axis.mid, axis.half) = (mid, half);
            axis
        };
        let cells = Cells {
            temperature: head.temperature,
            ln_gamma: axis(nodes),
            correction: (corrections > 0).then(|| axis(corrections)),
            natural: (head.natural[0], head.natural[1]),
            error: head.errors[0],
            natural_error: head.errors[1],
        };
        let values: Numbers<f32> = Numbers::of_entry(entry, size_of::<Head>()..bytes.len())?;
        if values.is_empty() || !values.len().is_multiple_of(cells.lanes()) {
            return None;
        }
        let positions = (position_lo, position_hi);
        let level = LevelSums { level: i32::try_from(head.level).ok()?, first: head.first, values };
        if finest(&cells, positions) != Some(level.level) || !all_finite(&level.values) {
            return None;
        }
        // Nodes hold all lines, and not many more.
        let nodes = (level.values.len() / cells.lanes()) as i64;
        let scale = 2f64.powi(-level.level);
        let (lo, hi) = ((position_lo * scale).floor() as i64, (position_hi * scale).floor() as i64);
        let end = level.first.checked_add(nodes)?;
        if !(lo - MOST_BEYOND..=lo).contains(&level.first) || !(hi + 1..=hi + MOST_BEYOND).contains(&end) {
            return None;
        }
        Some(Self { cells, ln_scale: head.ln_scale, positions, levels: vec![level] })
    }
}

/// The stored form of what a list was found to be, in parts.
pub fn summary_parts(found: &Found, distant: &DistantLines, records: &LoadReport) -> [Vec<u8>; 4] {
    let records = serde_json::to_vec(records).unwrap_or_default();
    [found.count.to_ne_bytes().to_vec(), bytemuck::bytes_of(&found.neglected).to_vec(), distant.encode(), records]
}

/// What a list was found to be, from the stored form; distant lines are summed as in `like`.
pub fn summary(bytes: &[u8], like: &DistantLines) -> Option<(Found, DistantLines, LoadReport)> {
    let (count, rest) = bytes.split_at_checked(8)?;
    let (neglected, rest) = rest.split_at_checked(size_of::<Neglected>())?;
    let found = Found {
        count: u64::from_ne_bytes(count.try_into().ok()?),
        neglected: bytemuck::try_pod_read_unaligned(neglected).ok()?,
    };
    let mut distant = like.clone();
    let rest = distant.decode(rest)?;
    Some((found, distant, serde_json::from_slice(rest).ok()?))
}
