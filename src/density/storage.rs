//! How the values of a density are held, in memory and in the cache.

use std::sync::Arc;

use super::line_shape::Density;
use crate::cache::{Entry, Numbers};

/// How rows are held; the numbers are in memory or mapped from the cache.
#[derive(Clone, Debug)]
pub enum Storage {
    /// \[node\]\[column\].
    Dense(Numbers<f32>),
    /// Occupied entries by row: `start[row]..start[row + 1]` of `column` and `value`, of node `node[row]` after the first.
    Sparse {
        /// Node of each row, ascending.
        node: Numbers<u32>,
        /// First entry of each row, and one more.
        start: Numbers<u32>,
        /// Column of each entry.
        column: Numbers<u32>,
        /// Value of each entry.
        value: Numbers<f32>,
    },
}

/// Rows of consecutive nodes with their occupied entries.
#[derive(Debug, Default)]
pub(super) struct Rows {
    node: Vec<u32>,
    /// Entries of each row.
    count: Vec<u32>,
    column: Vec<u32>,
    value: Vec<f32>,
}

impl Rows {
    /// Adds a row; entries that are 0 in f32 are left out.
    pub fn push(&mut self, node: u32, sums: &[f64]) {
        let before = self.value.len();
        for (c, v) in sums.iter().enumerate().filter(|(_, v)| **v as f32 != 0.0) {
            self.column.push(c as u32);
            self.value.push(*v as f32);
        }
        self.node.push(node);
        self.count.push((self.value.len() - before) as u32);
    }

    pub fn entries(&self) -> usize {
        self.value.len()
    }
}

impl Storage {
    /// Dense or sparse, whichever is smaller. Fewer than 2^32 entries.
    pub(super) fn smaller(rows: Vec<Rows>, nodes: usize, columns: usize) -> Self {
        let entries: usize = rows.iter().map(Rows::entries).sum();
        let occupied: usize = rows.iter().map(|r| r.node.len()).sum();
        if 4 * nodes * columns <= 8 * entries + 8 * occupied {
            let mut dense = vec![0.0; nodes * columns];
            for rows in rows {
                let mut at = 0;
                for (n, count) in rows.node.iter().zip(&rows.count) {
                    for i in at..at + *count as usize {
                        dense[*n as usize * columns + rows.column[i] as usize] = rows.value[i];
                    }
                    at += *count as usize;
                }
            }
            return Self::Dense(dense.into());
        }
        let (mut node, mut start) = (Vec::with_capacity(occupied), Vec::with_capacity(occupied + 1));
        let (mut column, mut value) = (Vec::with_capacity(entries), Vec::with_capacity(entries));
        let mut at = 0;
        start.push(at);
        for rows in rows {
            node.extend_from_slice(&rows.node);
            start.extend(rows.count.iter().map(|c| {
                at += c;
                at
            }));
            column.extend_from_slice(&rows.column);
            value.extend_from_slice(&rows.value);
        }
        Self::Sparse { node: node.into(), start: start.into(), column: column.into(), value: value.into() }
    }
}

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

    /// From the stored form, its numbers left where they are; `None` if the entry is something else.
    pub fn decode(entry: &Arc<Entry>) -> Option<Self> {
        let head = entry.payload().get(..size_of::<Head>())?;
        let head: Head = bytemuck::try_pod_read_unaligned(head).ok()?;
        let size = |n: u64| usize::try_from(n).ok();
        let (nodes, columns) = (size(head.nodes)?, size(head.columns)?);
        let (rows, entries) = (size(head.rows)?, size(head.entries)?);
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
            Storage::Dense(Numbers::mapped(entry, take(entries)?)?)
        } else {
            let node: Numbers<u32> = Numbers::mapped(entry, take(rows)?)?;
            let start: Numbers<u32> = Numbers::mapped(entry, take(rows.checked_add(1)?)?)?;
            let column: Numbers<u32> = Numbers::mapped(entry, take(entries)?)?;
            let value = Numbers::mapped(entry, take(entries)?)?;
            let ordered = start.first() == Some(&0) && *start.last()? as usize == entries && start.is_sorted();
            let inside = node.is_sorted_by(|a, b| a < b) && node.last().is_none_or(|n| (*n as usize) < nodes);
            if !ordered || !inside || column.iter().any(|c| *c as usize >= columns) {
                return None;
            }
            Storage::Sparse { node, start, column, value }
        };
        let whole = at == entry.payload().len();
        whole.then_some(Self { level: i32::try_from(head.level).ok()?, first: head.first, nodes, columns, storage })
    }
}
