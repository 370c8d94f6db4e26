//! Wing laws on the ladder of grids: cutoffs, pedestals and chi factors.
//!
//! A law multiplies the profile by chi(d), d = |nu - nu_i| in cm-1, with a cutoff 0 from there on. On a grid of equal steps in ln nu that is no
//! convolution, because d depends on where the line is. But chi departs from 1 only at distances at which the profile is smooth: with g_L the
//! profile softened inside the radius of a level L that ends before,
//!
//! V chi = (V - g_L) + chi_far g_L + (chi - chi_far) g_L,
//!
//! where chi_far is chi beyond all rows (0 with a cutoff). The first two terms are ladders as ever: the levels below L, and those from L on times
//! chi_far. The third is summed on level L with a matrix of factors chi - chi_far that depends on the grid alone ([`LawMatrix`]), whatever
//! the temperature, the pressure and the profile. With a cutoff the levels above L are not needed.
//!
//! The nodes of L cannot hold a jump or a corner, so chi is rounded over [`LawMatrix::width`] cm-1 on either side of them ([`SmoothLaw`]), and what the
//! rounding changes is put right line by line at the output nodes concerned ([`add_corners`]), in either tier: with such a law a density keeps its
//! lines beside it. L is the level at which the matrix and these corrections cost least.
//!
//! With the pedestal taken away, chi = 1 and V becomes V - V(cutoff); V(cutoff) is a source of its own, sum over profiles of S_k V_k(cutoff / nu).

use multiversion::multiversion;

use super::voigt::Shapes;
use crate::density::layer_factors::LayerFactors;
use crate::density::lines::LineTable;
use crate::density::table_line::TableLine;
use crate::grid::Grid;
use crate::grid::level::nodes_per_radius;
use crate::grid::level::{GUARD, LevelNodes};
use crate::settings::WingLaw;
use crate::{Error, Result};

/// Most entries of a matrix: 48 MiB, so that those of some isotopologues fit beside each other.
const MOST_ENTRIES: f64 = 12.0 * 1024.0 * 1024.0;
/// Half width of the rounding in softening radii: what interpolation leaves of a step falls as the fifth power.
const ROUNDING: f64 = 1.5;
/// Cost in multiply-adds of an entry for all profiles, and of a corrected point of a line.
const ENTRY_COST: f64 = 8.0;
const CORNER_COST: f64 = 25.0;
/// Softening radii of the level between the centre and the first distance at which the law is not 1: one for the softened profile, one
/// for the rounding, and some room.
const RADII: f64 = 1.1 + ROUNDING;

/// A law whose jumps and corners are rounded.
#[derive(Clone, Debug, PartialEq)]
pub struct SmoothLaw {
    /// The law itself.
    pub law: WingLaw,
    /// Half width of the rounding \[cm-1\].
    pub width: f64,
    /// Distance of each corner of ln chi \[cm-1\], and by how much its slope rises there \[cm\].
    corners: Vec<(f64, f64)>,
}

/// Degree-9 step from -1 at u = -1 to 1 at u = 1, with four continuous derivatives.
#[inline(always)]
fn step(u: f64) -> f64 {
    let v = u * u;
    u * (315.0 + v * (-420.0 + v * (378.0 + v * (-180.0 + v * 35.0)))) / 128.0
}

/// Integral of (1 + step)/2 from -1 to u, less max(u, 0): what rounding adds to a corner of slope 1, in units of the half width.
#[inline(always)]
fn rounding(u: f64) -> f64 {
    if u.abs() >= 1.0 {
        return 0.0;
    }
    let v = u * u;
    let integral = v * (157.5 + v * (-105.0 + v * (63.0 + v * (-22.5 + v * 3.5)))) / 128.0;
    0.5 * (u + integral) + 0.5 * (1.0 - 96.5 / 128.0) - u.max(0.0)
}

impl SmoothLaw {
    fn new(law: WingLaw, width: f64) -> Self {
        let mut corners = Vec::new();
        let mut before = 0.0;
        if let Some(chi) = &law.chi {
            let rows = chi.rows();
            for (i, row) in rows.iter().enumerate() {
                let after = rows.get(i + 1).map_or(0.0, |next| (next.1 / row.1).ln() / (next.0 - row.0));
                corners.push((row.0, after - before));
                before = after;
            }
        }
        // Corners beyond the cutoff's own rounding do not exist.
        corners.retain(|c| law.cutoff.is_none_or(|cutoff| c.0 < cutoff + 2.0 * width));
        Self { law, width, corners }
    }

    /// Corners for the device: (distance, ln chi, slope after it, rise of the slope there).
    pub fn device_rows(&self) -> Vec<[f32; 4]> {
        let mut slope = 0.0;
        let row = |&(at, rise): &(f64, f64)| {
            slope += rise;
            [at as f32, self.chi(at).ln() as f32, slope as f32, rise as f32]
        };
        self.corners.iter().map(row).collect()
    }

    /// chi without the cutoff, at a distance \[cm-1\].
    fn chi(&self, distance: f64) -> f64 {
        self.law.chi.as_ref().map_or(1.0, |chi| chi.at(distance))
    }

    /// What is left of 1 by the rounded cutoff.
    #[inline(always)]
    fn window(&self, distance: f64) -> f64 {
        match self.law.cutoff {
            Some(cutoff) => 0.5 * (1.0 - step(((distance - cutoff) / self.width).clamp(-1.0, 1.0))),
            None => 1.0,
        }
    }

    /// The rounded law at a distance \[cm-1\].
    pub fn at(&self, distance: f64) -> f64 {
        let rounded: f64 =
            self.corners.iter().map(|(at, rise)| rise * self.width * rounding((distance - at) / self.width)).sum();
        let chi = if self.corners.is_empty() { 1.0 } else { self.chi(distance) * rounded.exp() };
        chi * self.window(distance)
    }

    /// Factors on V, and on the pedestal, that make the rounded law the true one.
    #[inline(always)]
    fn missing(&self, distance: f64) -> (f64, f64) {
        let inside = if self.law.cutoff.is_some_and(|cutoff| distance > cutoff) { 0.0 } else { 1.0 };
        if self.corners.is_empty() {
            let missing = inside - self.window(distance);
            return (missing, missing);
        }
        (self.chi(distance) * inside - self.at(distance), 0.0)
    }

    /// Where the rounded law differs from the true one: ranges of distance that do not meet \[cm-1\].
    pub fn zones(&self) -> Vec<(f64, f64)> {
        let mut at: Vec<f64> = self.corners.iter().map(|c| c.0).chain(self.law.cutoff).collect();
        at.sort_by(f64::total_cmp);
        let mut zones: Vec<(f64, f64)> = Vec::new();
        for d in at {
            let zone = ((d - self.width).max(0.0), d + self.width);
            match zones.last_mut() {
                Some(last) if zone.0 <= last.1 => last.1 = zone.1,
                _ => zones.push(zone),
            }
        }
        zones
    }

    /// The distance from which on the rounded law is [`WingLaw::factor_far_away`] \[cm-1\].
    fn end(&self) -> f64 {
        self.law.end() + self.width
    }
}

/// A wing law on one level of a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct LawMatrix {
    /// The level.
    pub level: i32,
    /// The law, rounded.
    pub smooth: SmoothLaw,
    /// Evaluated nodes of the level, half open.
    pub output: (i64, i64),
    /// Source nodes on either side that a node meets.
    pub reach: i64,
    /// \[output\]\[2 reach + 1\]: chi - chi_far between a node and the sources around it, in ascending order of these.
    pub factors: Vec<f32>,
    /// chi beyond all rows: what the ladder from this level on is multiplied by.
    pub far: f64,
}

impl LawMatrix {
    /// Half width of the rounding \[cm-1\].
    pub fn width(&self) -> f64 {
        self.smooth.width
    }

    /// The level of least cost for a law on a grid, if there is a law.
    ///
    /// # Errors
    /// A law that begins within a few grid steps of the centre.
    pub fn choose_level(grid: &Grid, law: &WingLaw, tolerance: f64, lines_per_node: f64) -> Result<Option<i32>> {
        if law.is_voigt() {
            return Ok(None);
        }
        let step = grid.step();
        let widest = grid.hi() + law.end();
        let radius = nodes_per_radius(tolerance) * step * widest;
        let most = (law.untouched() / (RADII * radius)).log2().floor();
        if most < 0.0 {
            return Err(Error::invalid(
                "wing law: distance from the centre at which it begins [cm-1]",
                law.untouched(),
                format!(
                    "at least {:.3}, {:.0} steps of the grid: a finer grid, or the method direct-sum",
                    RADII * radius,
                    RADII * nodes_per_radius(tolerance)
                ),
            ));
        }
        let zones = SmoothLaw::new(*law, 0.0).zones().len() as f64;
        let points = grid.len() as f64;
        let entries = |level: i32| {
            let taps =
                2.0 * (law.end() + ROUNDING * radius * 2f64.powi(level)) / (step * grid.lo() * 2f64.powi(level)) + 1.0;
            (points / 2f64.powi(level) + 2.0 * GUARD as f64 + 16.0)
                * taps.min(2.0 * points / 2f64.powi(level) + taps.min(64.0))
        };
        let allowed = (0..=most as i32).filter(|level| entries(*level) <= MOST_ENTRIES);
        let cost = |level: i32| {
            let points_of_a_line = zones * 4.0 * ROUNDING * nodes_per_radius(tolerance) * 2f64.powi(level);
            let corners = lines_per_node * points * points_of_a_line * CORNER_COST;
            entries(level) * ENTRY_COST + corners
        };
        let best = allowed.min_by(|a, b| cost(*a).total_cmp(&cost(*b)));
        best.map(Some).ok_or_else(|| {
            Error::invalid(
                "wing law",
                format!("from {} to {} cm-1 from the centre, on {} points", law.untouched(), law.end(), grid.len()),
                "a law that begins further out or ends closer, a smaller grid, or the method direct-sum",
            )
        })
    }

    /// Nodes of the level that the law reaches on either side.
    pub fn reach(grid: &Grid, law: &WingLaw, tolerance: f64, level: i32) -> i64 {
        let width = Self::rounding_width(grid, law, tolerance, level);
        let step = grid.step() * 2f64.powi(level);
        // The lowest evaluated node lies some guard nodes below the grid.
        let lowest = grid.lo() * (-(GUARD as f64 + 1.0) * step).exp();
        let far = ((law.end() + width) / lowest).min(0.999);
        (-(-far).ln_1p() / step).ceil() as i64 + 1
    }

    fn rounding_width(grid: &Grid, law: &WingLaw, tolerance: f64, level: i32) -> f64 {
        ROUNDING * nodes_per_radius(tolerance) * grid.step() * 2f64.powi(level) * (grid.hi() + law.end())
    }

    /// The matrix on the nodes of its level.
    pub fn new(grid: &Grid, law: &WingLaw, tolerance: f64, nodes: &LevelNodes, reach: i64) -> Self {
        let smooth = SmoothLaw::new(*law, Self::rounding_width(grid, law, tolerance, nodes.level));
        let step = grid.step() * 2f64.powi(nodes.level);
        let wavenumber = |j: i64| grid.lo() * (step * j as f64).exp();
        let (far, end) = (law.factor_far_away(), smooth.end());
        let mut factors = Vec::with_capacity(nodes.outputs() * (2 * reach + 1) as usize);
        for o in nodes.output.0..nodes.output.1 {
            let own = wavenumber(o);
            factors.extend((o - reach..=o + reach).map(|j| {
                let distance = (wavenumber(j) - own).abs();
                if distance < end { (smooth.at(distance) - far) as f32 } else { 0.0 }
            }));
        }
        Self { level: nodes.level, smooth, output: nodes.output, reach, factors, far }
    }

    /// Taps of a row.
    pub fn taps(&self) -> usize {
        (2 * self.reach + 1) as usize
    }

    /// Adds to `output[j]` the sum over sources around node j of factor x taps x source; `taps` as [`super::convolve::taps`] has them for this reach.
    pub fn convolve(&self, nodes: &LevelNodes, taps: &[f64], source: &[f64], output: &mut [f64]) {
        let first = (self.output.0 - self.reach - nodes.source.0) as usize;
        convolve(&self.factors, taps, &source[first..], output);
    }

    /// V at the cutoff of a line at each source node, for a profile of widths `s` and `g`; none without a pedestal.
    pub fn pedestal<const K: usize>(
        &self,
        grid: &Grid,
        nodes: &LevelNodes,
        s: f64,
        g: f64,
        shapes: impl Shapes<K>,
    ) -> Option<Vec<[f64; K]>> {
        let cutoff = self.smooth.law.cutoff.filter(|_| self.smooth.law.subtract_pedestal)?;
        let step = grid.step() * 2f64.powi(nodes.level);
        let at = |j: i64| {
            let x = cutoff / (grid.lo() * (step * j as f64).exp());
            shapes.wings(x * x + g * g, s, g)
        };
        Some((nodes.source.0..nodes.source.1).map(at).collect())
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        size_of_val(&self.factors[..]) as u64
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn convolve(factors: &[f32], taps: &[f64], source: &[f64], output: &mut [f64]) {
    const LANES: usize = 8;
    for ((j, out), row) in output.iter_mut().enumerate().zip(factors.chunks_exact(taps.len())) {
        let window = &source[j..j + taps.len()];
        let mut sum = [0.0; LANES];
        let (f, t, s) = (row.chunks_exact(LANES), taps.chunks_exact(LANES), window.chunks_exact(LANES));
        let rest: f64 =
            (f.remainder().iter().zip(t.remainder()).zip(s.remainder())).map(|((f, t), s)| f64::from(*f) * t * s).sum();
        for ((f, t), s) in f.zip(t).zip(s) {
            for lane in 0..LANES {
                sum[lane] += f64::from(f[lane]) * t[lane] * s[lane];
            }
        }
        *out += rest + sum.iter().sum::<f64>();
    }
}

/// Puts right, line by line, what rounding the law has changed, at the output nodes from `start` on: adds to each output, as the
/// near field does. `grid` is the output grid.
#[allow(clippy::too_many_arguments)] // a line's profile, and where it goes
pub fn add_corners<S: Shapes<K>, const K: usize>(
    smooth: &SmoothLaw,
    table: &LineTable,
    layer: &LayerFactors,
    grid: &Grid,
    factor: f64,
    start: usize,
    outputs: &mut [&mut [f64]; K],
    shapes_of: impl Fn(&TableLine) -> S,
) {
    let (lo, h) = (grid.lo(), grid.step());
    let (first, last) = (start as f64, (start + outputs[0].len()) as f64 - 1.0);
    let (lowest, highest) = (lo * (h * first).exp(), lo * (h * last).exp());
    let pressure = layer.pressure;
    for zone in smooth.zones() {
        // Lines are in the order of their positions without shift.
        let moved = table.summary.shift.steps(pressure, h) + 1.0;
        let before = |node: f64| table.lines.partition_point(|l| l.position < node);
        let reach = (lowest - zone.1).max(f64::MIN_POSITIVE);
        let reached = before(grid.position(reach) - moved)..before(grid.position(highest + zone.1) + moved);
        for line in &table.lines[reached] {
            let position = line.position_at(pressure, h);
            let centre = line.wavenumber * (1.0 + line.moved(pressure));
            for (from, to) in [(centre - zone.1, centre - zone.0), (centre + zone.0, centre + zone.1)] {
                if to <= 0.0 || to < lowest || from > highest {
                    continue;
                }
                let begin = grid.position(from.max(lowest)).ceil().max(first) as usize;
                let end = (grid.position(to.min(highest)).floor() as usize + 1).min(last as usize + 1);
                let amplitude = factor * line.strength(layer);
                let (s, g) = (layer.sigma, line.gamma(layer));
                let shapes = shapes_of(line);
                let pedestal = match smooth.law.cutoff {
                    Some(cutoff) if smooth.law.subtract_pedestal => {
                        let x = cutoff / centre;
                        shapes.wings(x * x + g * g, s, g)
                    }
                    _ => [0.0; K],
                };
                for n in begin..end.max(begin) {
                    let x = (h * (n as f64 - position)).exp_m1();
                    let (of_profile, of_pedestal) = smooth.missing(centre * x.abs());
                    let wings = shapes.wings(x * x + g * g, s, g);
                    for ((output, wing), pedestal) in outputs.iter_mut().zip(wings).zip(pedestal) {
                        output[n - start] += amplitude * (wing * of_profile - pedestal * of_pedestal);
                    }
                }
            }
        }
    }
}
