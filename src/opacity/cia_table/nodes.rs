//! The points between which every coefficient of a band is linear in wavenumber, and where a grid's points lie among them.

use super::FLOOR;
use super::bands::{Band, Side};
use super::interpolant::Curve;

/// The nodes of a band: the wavenumbers of all its blocks, three times (below, at, above) where a block begins or ends, for there the
/// coefficient jumps.
#[derive(Debug)]
pub(super) struct Nodes {
    /// \[node\]
    pub nodes: Vec<(f64, Side)>,
    /// The different wavenumbers.
    wavenumber: Vec<f64>,
    /// The node at each of them, and the one from which the way up starts.
    at: Vec<(usize, usize)>,
}

impl Nodes {
    /// Those needed between `lo` and `hi` \[cm-1\].
    pub fn of(band: &Band, lo: f64, hi: f64) -> Self {
        let mut wavenumber: Vec<f64> = band.blocks().flat_map(|block| block.wavenumber.iter().copied()).collect();
        wavenumber.sort_by(f64::total_cmp);
        wavenumber.dedup();
        let start = wavenumber.partition_point(|x| *x <= lo).saturating_sub(1);
        wavenumber.truncate(wavenumber.partition_point(|x| *x < hi) + 1);
        wavenumber.drain(..start.min(wavenumber.len()));
        let mut ends: Vec<f64> = band.blocks().flat_map(|block| [block.range().0, block.range().1]).collect();
        ends.sort_by(f64::total_cmp);
        let (mut nodes, mut at) = (Vec::new(), Vec::new());
        for x in &wavenumber {
            if ends.binary_search_by(|end| end.total_cmp(x)).is_ok() {
                nodes.extend([(*x, Side::Below), (*x, Side::At), (*x, Side::Above)]);
                at.push((nodes.len() - 2, nodes.len() - 1));
            } else {
                nodes.push((*x, Side::At));
                at.push((nodes.len() - 1, nodes.len() - 1));
            }
        }
        Self { nodes, wavenumber, at }
    }

    /// Index of the node at or below a wavenumber of the band, plus the fraction of the way to the next.
    pub fn position(&self, nu: f64) -> f64 {
        let i = self.wavenumber.partition_point(|x| *x <= nu).max(1) - 1;
        let (x, (at, from)) = (self.wavenumber[i], self.at[i]);
        match self.wavenumber.get(i + 1) {
            Some(next) if nu > x => from as f64 + (nu - x) / (next - x),
            _ => at as f64,
        }
    }

    /// ln k by ln T at each node; `None` where it is 0 at all temperatures. A temperature whose block does not reach the node is passed over;
    /// if it is the lowest or highest of the band, the next one's coefficient stands in for it.
    pub fn curves<'a>(&'a self, band: &'a Band) -> impl Iterator<Item = Option<Curve>> + 'a {
        self.nodes.iter().map(|(nu, side)| {
            let (mut x, mut y) = (Vec::new(), Vec::new());
            let (mut largest, mut below) = (0.0f64, None);
            for slice in &band.slices {
                let ln_t = slice.temperature.ln();
                match slice.at(*nu, *side) {
                    Some(k) => {
                        let ln_k = k.max(FLOOR).ln();
                        largest = largest.max(k);
                        if let Some(first) = below.take().filter(|_| x.is_empty()) {
                            (x, y) = (vec![first], vec![ln_k]);
                        }
                        x.push(ln_t);
                        y.push(ln_k);
                    }
                    None if x.is_empty() => _ = below.get_or_insert(ln_t),
                    None => below = Some(ln_t),
                }
            }
            // Above the last block that reaches here.
            if let (Some(beyond), Some(last)) = (below, y.last().copied()) {
                x.push(beyond);
                y.push(last);
            }
            (largest > FLOOR).then(|| Curve::new(x, y))
        })
    }
}

/// Linear between nodes.
pub(super) fn at_position(values: &[f64], position: f64) -> f64 {
    let node = position as usize;
    let next = values[(node + 1).min(values.len() - 1)];
    values[node] + (position - node as f64) * (next - values[node])
}
