//! How the values of a density are held.

use crate::cache::Numbers;

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
