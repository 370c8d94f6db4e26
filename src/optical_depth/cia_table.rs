//! Collision-induced absorption as HITRAN tabulates it.
//!
//! A file holds blocks, each a header and (wavenumber, coefficient) rows at one temperature; a band is a wavenumber range with
//! blocks at several temperatures (Karman et al. 2019, Icarus 328, 160). The optical depth of a layer is
//! k(nu, T) n_1 n_2 dz, with k in cm5 molecule-2 and number densities in cm-3.
//!
//! At the wavenumbers of its rows, ln k is linear in T between temperatures, or k itself where it is 0 at either end; between
//! rows k is linear in wavenumber, at every temperature. Where the temperatures of a band have rows at different wavenumbers,
//! all of them count. Outside the bands k is 0. A band of one temperature serves all temperatures; otherwise a temperature outside is refused.

mod nodes;
mod parse;

use std::path::Path;

use crate::{Error, Result};
use nodes::{Nodes, Side, at_position};

/// Value that stands for zero in [`CiaGrid::ln_coefficient`] \[cm5 molecule-2\]: fifteen decades below what is measured.
pub const FLOOR: f64 = 1e-60;

/// Temperatures \[K\] of the two equal rows of a [`CiaGrid`] that does not depend on temperature.
pub const ANY_TEMPERATURE: [f64; 2] = [1.0, 1e6];

/// A coefficient on one wavenumber range at one temperature.
#[derive(Clone, Debug, PartialEq)]
pub struct CiaBlock {
    /// Temperature \[K\].
    pub temperature: f64,
    /// Wavenumbers, strictly ascending \[cm-1\].
    pub wavenumber: Vec<f64>,
    /// Coefficients, at least 0 \[cm5 molecule-2\].
    pub coefficient: Vec<f64>,
    /// Line of the header in the file, from 1.
    pub line: u64,
}

impl CiaBlock {
    fn range(&self) -> (f64, f64) {
        (self.wavenumber[0], self.wavenumber[self.wavenumber.len() - 1])
    }

    /// Whether the limit at `nu` from a side is the block's.
    fn contains(&self, nu: f64, side: Side) -> bool {
        let (lo, hi) = self.range();
        match side {
            Side::Below => lo < nu && nu <= hi,
            Side::At => lo <= nu && nu <= hi,
            Side::Above => lo <= nu && nu < hi,
        }
    }

    /// Linear in wavenumber; `nu` is inside.
    fn at(&self, nu: f64) -> f64 {
        let (x, y) = (&self.wavenumber, &self.coefficient);
        if x.len() == 1 {
            return y[0];
        }
        let i = x.partition_point(|v| *v <= nu).clamp(1, x.len() - 1);
        y[i - 1] + (y[i] - y[i - 1]) * (nu - x[i - 1]) / (x[i] - x[i - 1])
    }
}

/// A file of collision-induced absorption of one pair of molecules.
#[derive(Clone, Debug)]
pub struct CiaTable {
    /// The pair as the file names it, e.g. `H2-H2`.
    pub name: String,
    /// Coefficients that were negative (noise of a measurement) and were set to 0.
    pub negative_set_to_zero: u64,
    bands: Vec<Band>,
}

/// Blocks whose wavenumber ranges overlap.
#[derive(Clone, Debug)]
struct Band {
    range: (f64, f64),
    /// Ascending in temperature.
    slices: Vec<Slice>,
}

/// The blocks of a band at one temperature; their ranges do not overlap.
#[derive(Clone, Debug)]
struct Slice {
    temperature: f64,
    blocks: Vec<CiaBlock>,
}

impl Slice {
    fn at(&self, nu: f64, side: Side) -> f64 {
        self.blocks.iter().find(|b| b.contains(nu, side)).map_or(0.0, |b| b.at(nu))
    }
}

impl Band {
    fn temperatures(&self) -> (f64, f64) {
        (self.slices[0].temperature, self.slices[self.slices.len() - 1].temperature)
    }

    fn contains(&self, nu: f64) -> bool {
        (self.range.0..=self.range.1).contains(&nu)
    }

    /// Coefficients at nodes and a temperature; `None` if it is outside.
    fn at_nodes(&self, nodes: &Nodes, temperature: f64) -> Option<Vec<f64>> {
        let (a, b, w) = self.bracket(temperature)?;
        Some(nodes.nodes.iter().map(|(nu, side)| between(a.at(*nu, *side), b.at(*nu, *side), w)).collect())
    }

    fn meets(&self, nu: &[f64]) -> bool {
        nu.iter().any(|nu| self.contains(*nu))
    }

    /// The two slices around a temperature and the weight of the second; `None` if it is outside.
    fn bracket(&self, temperature: f64) -> Option<(&Slice, &Slice, f64)> {
        if let [only] = &self.slices[..] {
            return Some((only, only, 0.0));
        }
        let (lo, hi) = self.temperatures();
        if !(lo..=hi).contains(&temperature) {
            return None;
        }
        let i = self.slices.partition_point(|s| s.temperature <= temperature).clamp(1, self.slices.len() - 1);
        let (a, b) = (&self.slices[i - 1], &self.slices[i]);
        Some((a, b, (temperature - a.temperature) / (b.temperature - a.temperature)))
    }
}

/// Between k1 and k2 at weight w: ln k linear in T, or k where one is 0.
fn between(k1: f64, k2: f64, w: f64) -> f64 {
    if k1 > 0.0 && k2 > 0.0 { k1 * (w * (k2 / k1).ln()).exp() } else { k1 + w * (k2 - k1) }
}

impl CiaTable {
    /// From a HITRAN CIA file, plain or compressed (`.bz2`, `.zip`).
    ///
    /// # Errors
    /// A file that cannot be read or understood, by line; blocks of several pairs; two blocks of the same temperature whose ranges
    /// overlap.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (name, blocks, negative_set_to_zero) = parse::read(path)?;
        Ok(Self { bands: bands(blocks, path)?, name, negative_set_to_zero })
    }

    /// Wavenumber ranges that the file covers, ascending \[cm-1\].
    pub fn wavenumber_ranges(&self) -> impl Iterator<Item = (f64, f64)> {
        self.bands.iter().map(|b| b.range)
    }

    /// The blocks of all bands, ascending in wavenumber, then temperature.
    pub fn blocks(&self) -> impl Iterator<Item = &CiaBlock> {
        self.bands.iter().flat_map(|b| b.slices.iter().flat_map(|s| &s.blocks))
    }

    /// Lowest and highest temperature \[K\] at which all bands that meet `nu_cm` \[cm-1\] have values; `None` if there is no
    /// limit (no such band, or all of a single temperature).
    pub fn temperature_range(&self, nu_cm: &[f64]) -> Option<(f64, f64)> {
        let limited = self.bands.iter().filter(|b| b.slices.len() > 1 && b.meets(nu_cm)).map(Band::temperatures);
        limited.reduce(|a, b| (a.0.max(b.0), a.1.min(b.1)))
    }

    /// Coefficients at wavenumbers `nu_cm` \[cm-1\] in any order, in cm5 molecule-2, at a `temperature` \[K\].
    ///
    /// # Errors
    /// A temperature outside a band that is needed (of more than one temperature), and a wavenumber that is not finite.
    pub fn coefficient(&self, nu_cm: &[f64], temperature: f64) -> Result<Vec<f64>> {
        let (lo, hi) = self.ends(nu_cm)?;
        if !(temperature.is_finite() && temperature > 0.0) {
            return Err(Error::invalid(format!("{}: temperature [K]", self.name), temperature, "a positive number"));
        }
        let mut k = vec![0.0; nu_cm.len()];
        for band in self.bands.iter().filter(|b| b.meets(nu_cm)) {
            let nodes = Nodes::of(band, lo, hi);
            let Some(values) = band.at_nodes(&nodes, temperature) else {
                let ((lo, hi), (t0, t1)) = (band.range, band.temperatures());
                return Err(Error::invalid(
                    format!("{} collision-induced absorption, {lo} to {hi} cm-1: temperature [K]", self.name),
                    temperature,
                    format!("{t0} to {t1}"),
                ));
            };
            // Bands meet in a point at most; there the upper one holds.
            for (k, nu) in k.iter_mut().zip(nu_cm).filter(|(_, nu)| band.contains(**nu)) {
                *k = at_position(&values, nodes.position(*nu));
            }
        }
        Ok(k)
    }

    /// Lowest and highest of some wavenumbers.
    fn ends(&self, nu_cm: &[f64]) -> Result<(f64, f64)> {
        if let Some(nu) = nu_cm.iter().find(|nu| !nu.is_finite()) {
            return Err(Error::invalid(format!("{}: wavenumber [cm-1]", self.name), nu, "a finite number"));
        }
        Ok(nu_cm.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), nu| (lo.min(*nu), hi.max(*nu))))
    }

    /// The table for a wavenumber grid `nu_cm` \[cm-1\], at every temperature at which some band has values and all have.
    ///
    /// # Errors
    /// A wavenumber that is not finite, and bands without a common range of temperatures.
    pub fn resample(&self, nu_cm: &[f64]) -> Result<CiaGrid> {
        let ends = self.ends(nu_cm)?;
        let (lo, hi) = self.temperature_range(nu_cm).unwrap_or((0.0, f64::INFINITY));
        if lo >= hi {
            let given = format!("bands that start at {lo} K and end at {hi} K");
            return Err(Error::invalid(
                format!("{} collision-induced absorption", self.name),
                given,
                "a common range of temperatures",
            ));
        }
        let near = self.bands.iter().filter(|b| b.meets(nu_cm));
        let limited = self.bands.iter().any(|b| b.slices.len() > 1 && b.meets(nu_cm));
        let slices = near.flat_map(|b| if limited && b.slices.len() == 1 { &[][..] } else { &b.slices[..] });
        let mut temperatures: Vec<f64> = slices.map(|s| s.temperature).filter(|t| (lo..=hi).contains(t)).collect();
        temperatures.sort_by(f64::total_cmp);
        temperatures.dedup();
        if !limited {
            // Bands of a single temperature each, or none: the same at all temperatures.
            temperatures = ANY_TEMPERATURE.to_vec();
        }
        let bands: Vec<_> = self.bands.iter().filter(|b| b.meets(nu_cm)).collect();
        let nodes: Vec<_> = bands.iter().map(|band| Nodes::of(band, ends.0, ends.1)).collect();
        let mut position = vec![0.0; nu_cm.len()];
        let mut first = 1;
        for (band, nodes) in bands.iter().zip(&nodes) {
            for (position, nu) in position.iter_mut().zip(nu_cm).filter(|(_, nu)| band.contains(**nu)) {
                *position = first as f64 + nodes.position(*nu);
            }
            first += nodes.nodes.len();
        }
        let mut ln_coefficient = Vec::with_capacity(temperatures.len() * (first + 1));
        for t in &temperatures {
            ln_coefficient.push(LN_NOTHING);
            for (band, nodes) in bands.iter().zip(&nodes) {
                // The rows lie in the range of every band that is limited, and a band of one temperature takes all.
                let values = band.at_nodes(nodes, *t).unwrap_or_else(|| vec![0.0; nodes.nodes.len()]);
                ln_coefficient.extend(values.iter().map(|k| k.max(FLOOR).ln()));
            }
            ln_coefficient.push(LN_NOTHING);
        }
        let mut grid = CiaGrid { temperatures, ln_coefficient, position };
        grid.silence_empty_nodes();
        Ok(grid)
    }
}

/// ln k at a node where no temperature has absorption: exp of it is exactly zero, next to any column and in f32 as well.
pub const LN_NOTHING: f64 = -1000.0;

/// Coefficients for a wavenumber grid, in the form that a device wants: their logarithms, linear in T, at the file's own
/// wavenumbers, and each grid point's place among those. A file has a few hundred to some ten thousand rows, a grid may have millions of points.
#[derive(Clone, Debug, PartialEq)]
pub struct CiaGrid {
    /// Two or more, ascending \[K\]; where the table has the same values for all temperatures, [`ANY_TEMPERATURE`].
    pub temperatures: Vec<f64>,
    /// ln of the coefficient in cm5 molecule-2, `[temperature][node]`, node fastest; at least ln([`FLOOR`]), which stands for 0, or
    /// [`LN_NOTHING`] at nodes without any absorption, such as the first and the last.
    pub ln_coefficient: Vec<f64>,
    /// Of each wavenumber of the grid: the node at or below it plus the fraction of the way to the next, between which k is linear.
    /// Outside all bands 0.
    pub position: Vec<f64>,
}

impl CiaGrid {
    /// Nodes in wavenumber, two or more.
    pub fn nodes(&self) -> usize {
        self.ln_coefficient.len() / self.temperatures.len()
    }

    /// Marks nodes at which all temperatures have the coefficient 0.
    fn silence_empty_nodes(&mut self) {
        let (nodes, floor) = (self.nodes(), FLOOR.ln());
        for node in 0..nodes {
            if self.ln_coefficient.iter().skip(node).step_by(nodes).all(|ln_k| *ln_k <= floor) {
                self.ln_coefficient.iter_mut().skip(node).step_by(nodes).for_each(|ln_k| *ln_k = LN_NOTHING);
            }
        }
    }

    /// Row below `temperature` \[K\] and weight of the row above it.
    ///
    /// # Errors
    /// A temperature outside the grid's.
    pub fn bracket(&self, temperature: f64) -> Result<(usize, f64)> {
        let t = &self.temperatures;
        let (lo, hi) = (t[0], t[t.len() - 1]);
        if !(lo..=hi).contains(&temperature) {
            let required = format!("{lo} to {hi}");
            return Err(Error::invalid("collision-induced absorption: temperature [K]", temperature, required));
        }
        let i = t.partition_point(|v| *v <= temperature).clamp(1, t.len() - 1);
        Ok((i - 1, (temperature - t[i - 1]) / (t[i] - t[i - 1])))
    }

    /// Coefficients at all wavenumbers \[cm5 molecule-2\]. Where the table has a 0 on one side in temperature, the logarithm
    /// falls to [`FLOOR`] there, faster than [`CiaTable::coefficient`], which is linear in k.
    ///
    /// # Errors
    /// A temperature outside the grid's.
    pub fn coefficient(&self, temperature: f64) -> Result<Vec<f64>> {
        let (row, w) = self.bracket(temperature)?;
        let at = |row: usize| &self.ln_coefficient[row * self.nodes()..][..self.nodes()];
        let floor = FLOOR.ln();
        let k = at(row).iter().zip(at(row + 1)).map(|(a, b)| {
            let ln_k = a + w * (b - a);
            if ln_k <= floor { 0.0 } else { ln_k.exp() }
        });
        let k: Vec<f64> = k.collect();
        Ok(self.position.iter().map(|position| at_position(&k, *position)).collect())
    }
}

/// Sorts blocks into bands of overlapping ranges and slices of equal temperature.
fn bands(mut blocks: Vec<CiaBlock>, path: &Path) -> Result<Vec<Band>> {
    blocks.sort_by(|a, b| a.range().0.total_cmp(&b.range().0));
    let mut grouped: Vec<((f64, f64), Vec<CiaBlock>)> = Vec::new();
    for block in blocks {
        let (lo, hi) = block.range();
        match grouped.last_mut() {
            Some((range, band)) if lo < range.1 || (lo == range.0 && hi == range.1) => {
                range.1 = range.1.max(hi);
                band.push(block);
            }
            _ => grouped.push(((lo, hi), vec![block])),
        }
    }
    let band = |(range, mut blocks): ((f64, f64), Vec<CiaBlock>)| {
        blocks.sort_by(|a, b| a.temperature.total_cmp(&b.temperature).then(a.range().0.total_cmp(&b.range().0)));
        let mut slices: Vec<Slice> = Vec::new();
        for block in blocks {
            match slices.last_mut().filter(|s| s.temperature == block.temperature) {
                None => slices.push(Slice { temperature: block.temperature, blocks: vec![block] }),
                Some(slice) => {
                    let before = &slice.blocks[slice.blocks.len() - 1];
                    if block.range().0 < before.range().1 || block.range() == before.range() {
                        let message = format!(
                            "a second block at {} K overlaps the one of line {}: keep one of them",
                            block.temperature, before.line
                        );
                        return Err(Error::parse(path, block.line, message));
                    }
                    slice.blocks.push(block);
                }
            }
        }
        Ok(Band { range, slices })
    };
    grouped.into_iter().map(band).collect()
}

#[cfg(test)]
mod tests;
