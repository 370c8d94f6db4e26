//! A density as the cache keeps it.

use std::sync::Arc;

use super::build::DensityBuilder;
use super::line_shape::{Density, Storage};
use crate::cache::{Entry, Numbers};

/// What precedes the numbers in the stored form.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Head {
    level: i64,
    first: i64,
    nodes: u64,
    columns: u64,
    dense: u64,
    rows: u64,
    entries: u64,
    pad: u64,
}

impl Density {
    /// Calls `store` with the stored form, in parts.
    pub fn encode<T>(&self, store: impl FnOnce(&[&[u8]]) -> T) -> T {
        let (rows, entries) = match &self.storage {
            Storage::Dense(values) => (0, values.len()),
            Storage::Sparse { node, value, .. } => (node.len(), value.len()),
        };
        let head = Head {
            level: self.level.into(),
            first: self.first,
            nodes: self.nodes as u64,
            columns: self.columns as u64,
            dense: self.is_dense().into(),
            rows: rows as u64,
            entries: entries as u64,
            pad: 0,
        };
        let head = bytemuck::bytes_of(&head);
        match &self.storage {
            Storage::Dense(values) => store(&[head, bytemuck::cast_slice(values)]),
            Storage::Sparse { node, start, column, value } => {
                let whole = [node, start, column].map(|v| bytemuck::cast_slice(v));
                store(&[head, whole[0], whole[1], whole[2], bytemuck::cast_slice(value)])
            }
        }
    }

    /// From the stored form, its numbers left where they are; `None` if the entry is anything else than what `wanted` would make of some lines.
    pub fn decode(entry: &Arc<Entry>, wanted: &DensityBuilder<'_>) -> Option<Self> {
        let head = entry.payload().get(..size_of::<Head>())?;
        let head: Head = bytemuck::try_pod_read_unaligned(head).ok()?;
        let size = |n: u64| usize::try_from(n).ok();
        let (nodes, columns) = (size(head.nodes)?, size(head.columns)?);
        let (rows, entries) = (size(head.rows)?, size(head.entries)?);
        let (first, end) = wanted.range();
        let same = head.level == i64::from(wanted.level()) && head.first == first && columns == wanted.columns();
        if !same || first.checked_add_unsigned(head.nodes) != Some(end) {
            return None;
        }
        let mut at = size_of::<Head>();
        let mut take = |count: usize| {
            let range = at..at.checked_add(count.checked_mul(4)?)?;
            at = range.end;
            Some(range)
        };
        let storage = if head.dense == 1 {
            if entries != nodes.checked_mul(columns)? {
                return None;
            }
            Storage::Dense(Numbers::of_entry(entry, take(entries)?)?)
        } else {
            let node: Numbers<u32> = Numbers::of_entry(entry, take(rows)?)?;
            let start: Numbers<u32> = Numbers::of_entry(entry, take(rows.checked_add(1)?)?)?;
            let column: Numbers<u32> = Numbers::of_entry(entry, take(entries)?)?;
            let value = Numbers::of_entry(entry, take(entries)?)?;
            let ordered = start.first() == Some(&0) && *start.last()? as usize == entries && start.is_sorted();
            let inside = node.is_sorted_by(|a, b| a < b) && node.last().is_none_or(|n| (*n as usize) < nodes);
            if !ordered || !inside || column.iter().any(|c| *c as usize >= columns) {
                return None;
            }
            Storage::Sparse { node, start, column, value }
        };
        let values = match &storage {
            Storage::Dense(values) | Storage::Sparse { value: values, .. } => values,
        };
        let whole = at == entry.payload().len() && all_finite(values);
        whole.then_some(Self { level: i32::try_from(head.level).ok()?, first: head.first, nodes, columns, storage })
    }
}

/// Whether all numbers are finite. The loop has no exit: it runs at the speed of the memory.
pub(super) fn all_finite(values: &[f32]) -> bool {
    values.chunks(1 << 16).all(|part| part.iter().fold(true, |all, v| all & v.is_finite()))
}
