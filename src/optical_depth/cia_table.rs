//! Collision-induced absorption as HITRAN tabulates it.
//!
//! A file holds blocks, each a header and (wavenumber, coefficient) rows at one temperature; a band is a wavenumber range with
//! blocks at several temperatures (Karman et al. 2019, Icarus 328, 160). The optical depth of a layer is
//! k(nu, T) n_1 n_2 dz, with k in cm5 molecule-2 and number densities in cm-3.
//!
//! Between rows k is linear in wavenumber; between temperatures ln k is linear in T, or k itself where it is 0 at either end. Outside
//! the bands k is 0. A band of one temperature serves all temperatures; otherwise a temperature outside is refused.

mod parse;

use std::path::Path;

use crate::{Error, Result};

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

    fn contains(&self, nu: f64) -> bool {
        let (lo, hi) = self.range();
        (lo..=hi).contains(&nu)
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
    fn at(&self, nu: f64) -> f64 {
        self.blocks.iter().find(|b| b.contains(nu)).map_or(0.0, |b| b.at(nu))
    }
}

impl Band {
    fn temperatures(&self) -> (f64, f64) {
        (self.slices[0].temperature, self.slices[self.slices.len() - 1].temperature)
    }

    fn meets(&self, nu: &[f64]) -> bool {
        nu.iter().any(|nu| (self.range.0..=self.range.1).contains(nu))
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
        if let Some(nu) = nu_cm.iter().find(|nu| !nu.is_finite()) {
            return Err(Error::invalid(format!("{}: wavenumber [cm-1]", self.name), nu, "a finite number"));
        }
        if !(temperature.is_finite() && temperature > 0.0) {
            return Err(Error::invalid(format!("{}: temperature [K]", self.name), temperature, "a positive number"));
        }
        let mut k = vec![0.0; nu_cm.len()];
        for band in self.bands.iter().filter(|b| b.meets(nu_cm)) {
            let Some((a, b, w)) = band.bracket(temperature) else {
                let ((lo, hi), (t0, t1)) = (band.range, band.temperatures());
                return Err(Error::invalid(
                    format!("{} collision-induced absorption, {lo} to {hi} cm-1: temperature [K]", self.name),
                    temperature,
                    format!("{t0} to {t1}"),
                ));
            };
            for (k, nu) in k.iter_mut().zip(nu_cm) {
                if (band.range.0..=band.range.1).contains(nu) {
                    // Bands meet in a point at most; there the upper one holds.
                    *k = between(a.at(*nu), b.at(*nu), w);
                }
            }
        }
        Ok(k)
    }

    /// The table on a wavenumber grid `nu_cm` \[cm-1\], at every temperature at which some band has values and all have.
    ///
    /// # Errors
    /// A wavenumber that is not finite, and bands without a common range of temperatures.
    pub fn resample(&self, nu_cm: &[f64]) -> Result<CiaGrid> {
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
        let mut ln_coefficient = Vec::with_capacity(temperatures.len() * nu_cm.len());
        for t in &temperatures {
            ln_coefficient.extend(self.coefficient(nu_cm, *t)?.iter().map(|k| k.max(FLOOR).ln()));
        }
        Ok(CiaGrid { temperatures, ln_coefficient, n_nu: nu_cm.len() })
    }
}

/// Coefficients on a wavenumber grid, in the form that a device wants: logarithms, linear in T between rows.
#[derive(Clone, Debug, PartialEq)]
pub struct CiaGrid {
    /// Two or more, ascending \[K\]; where the table has the same values for all temperatures, [`ANY_TEMPERATURE`].
    pub temperatures: Vec<f64>,
    /// ln of the coefficient in cm5 molecule-2, `[temperature][nu]`, nu fastest; at least ln([`FLOOR`]), which stands for 0.
    pub ln_coefficient: Vec<f64>,
    /// Number of wavenumbers.
    pub n_nu: usize,
}

impl CiaGrid {
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
        let at = |row: usize| &self.ln_coefficient[row * self.n_nu..(row + 1) * self.n_nu];
        let above = at((row + 1).min(self.temperatures.len() - 1));
        let floor = FLOOR.ln();
        let k = at(row).iter().zip(above).map(|(a, b)| {
            let ln_k = a + w * (b - a);
            if ln_k <= floor { 0.0 } else { ln_k.exp() }
        });
        Ok(k.collect())
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
