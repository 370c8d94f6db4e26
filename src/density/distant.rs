//! Lines far outside the grid, by their wings alone.
//!
//! Seen from the grid, a line at a distance d of many widths is S gamma / (pi (d^2 + gamma^2)) = S (gamma/d^2 - gamma^3/d^4 + ...) / pi: the Doppler
//! width, at most 1e-5 of the result, is left out. Lines are summed while they are read: each side of the grid is divided into
//! bins a quarter wider each than the one before, and a bin keeps, at some temperatures, the moments of S gamma about its centre. In
//! powers of (nu_i - nu_bin) / (nu - nu_bin), at most 1/9, the sums over lines follow for any wavenumber of the grid:
//!
//! 1/(nu - nu_i)^2 = sum_m (m + 1) e^m / (nu - nu_bin)^(m + 2),  e = nu_i - nu_bin.
//!
//! The time and memory of a spectrum do not depend on the number of such lines; adding one costs some tens of exponentials once.
//! What comes out is smooth in wavenumber and in temperature: a layer needs it at the nodes of a coarse level only
//! ([`DistantField`]), as a cubic spline of its logarithm in ln T.

use std::collections::BTreeMap;

use multiversion::multiversion;
use rayon::prelude::*;

use crate::Result;
use crate::cache::KeyHasher;
use crate::constants::{C2, T_REF};
use crate::grid::level::GUARD;
use crate::grid::level::{FAR, nodes_per_radius};
use crate::grid::{Grid, TemperatureRange};
use crate::lines::{Line, Species};
use crate::numerics::exp;
use crate::settings::Settings;

/// Moments of a bin; the first one left out is 1e-6 of the sum.
const MOMENTS: usize = 7;
/// Ratio of the distances of a bin's ends from the grid.
const BIN_RATIO: f64 = 1.25;
/// Lines at least this far outside the grid may be distant \[cm-1\].
const LEAST_DISTANCE: f64 = 25.0;
/// A line is distant from this many half widths on: what the two terms leave out is the inverse fourth power, 5e-5.
pub const WIDTHS: f64 = 12.0;
/// Largest step in ln T between the temperatures of the sums. A change of the lower-state energies that matter, by 10^4 cm-1, takes about 0.2 in ln T
/// at 600 K; a cubic spline is then within 1e-4.
const LN_T_STEP: f64 = 0.06;
/// Lines whose sums are taken together; the order of sums does not depend on threads.
const BLOCK: usize = 2048;

/// What is summed: S gamma at 1 bar, S gamma^3 at 1 bar^3, S times the natural width.
const QUANTITIES: usize = 3;
const COLLISIONAL: usize = 0;
const CUBED: usize = 1;
const NATURAL: usize = 2;

/// Sums of one bin, \[quantity\]\[moment\]\[temperature\].
type Sums = Vec<f64>;

/// Which lines are distant, and their sums.
#[derive(Clone, Debug, PartialEq)]
pub struct DistantLines {
    /// First and last wavenumber of the grid \[cm-1\].
    grid: (f64, f64),
    /// No line closer than this is distant \[cm-1\].
    least: f64,
    /// Highest pressure \[bar\].
    pressure: f64,
    natural_width: bool,
    /// Ascending \[K\].
    temperatures: Vec<f64>,
    /// What does not depend on the line: ln Q(296 K)/Q(T).
    ln_partition: Vec<f64>,
    /// By bin: from 0 on above the grid, from -1 down below it.
    bins: BTreeMap<i32, Sums>,
    /// Number of lines summed.
    pub count: u64,
    /// ln of the largest S/nu at the highest temperature.
    pub ln_strength: f64,
    /// Collisional half widths at 1 bar over the temperature range, relative to the line centre: least and greatest.
    pub widths: (f64, f64),
}

impl DistantLines {
    /// No lines yet; for layers of at most `pressure` \[bar\].
    ///
    /// # Errors
    /// The partition function does not cover the temperature range.
    pub fn new(grid: &Grid, species: &Species, settings: &Settings, pressure: f64) -> Result<Self> {
        let TemperatureRange { lo, hi } = settings.temperature_range;
        let steps = ((hi / lo).ln() / LN_T_STEP).ceil() as usize;
        let at = |i: usize| if i == steps { hi } else { lo * ((hi / lo).ln() * i as f64 / steps as f64).exp() };
        let temperatures: Vec<f64> = if steps == 0 { vec![lo] } else { (0..=steps).map(at).collect() };
        let ln_partition =
            temperatures.iter().map(|t| species.partition_ratio(*t).map(f64::ln)).collect::<Result<_>>()?;
        // The finest level on which the field is put must resolve it, at its guard nodes too.
        let level = Self::spacings(settings.tolerance) * grid.step() * grid.hi() * 2f64.powi(FAR);
        Ok(Self {
            grid: (grid.lo(), grid.hi()),
            least: LEAST_DISTANCE.max(level).max(settings.profile.wings.end()),
            pressure,
            natural_width: settings.profile.natural_width,
            temperatures,
            ln_partition,
            bins: BTreeMap::new(),
            count: 0,
            ln_strength: f64::NEG_INFINITY,
            widths: (f64::INFINITY, 0.0),
        })
    }

    /// Spacings of a level's nodes between the grid and the closest line, for the level to resolve the field.
    pub fn spacings(tolerance: f64) -> f64 {
        nodes_per_radius(tolerance) + GUARD as f64
    }

    /// How far outside the grid a line lies \[cm-1\]; below it if negative.
    fn distance(&self, wavenumber: f64) -> f64 {
        if wavenumber < self.grid.0 { wavenumber - self.grid.0 } else { (wavenumber - self.grid.1).max(0.0) }
    }

    /// Feeds what decides which lines are distant, and what is summed, into a key.
    pub fn key(&self, key: &mut KeyHasher) {
        key.numbers("distant", &[self.least, self.pressure]).integers("natural", &[self.natural_width.into()]);
    }

    /// True for a line that belongs to these and not into the table of lines.
    pub fn holds(&self, line: &Line) -> bool {
        let distance = self.distance(line.wavenumber).abs();
        if distance <= self.least {
            return false;
        }
        let (lo, hi) = (self.temperatures[0], self.temperatures[self.temperatures.len() - 1]);
        let width = line.width();
        let natural = if self.natural_width { line.natural_width } else { 0.0 };
        // ln of the width is a parabola in ln T: the ends bound it but for its vertex.
        let middle = width.at((lo * hi).sqrt());
        let collisional = width.at(lo).max(width.at(hi)).max(middle) * self.pressure;
        // The shift moves a line by a small part of its width.
        distance > WIDTHS * (collisional + natural + line.shift.abs() * self.pressure)
    }

    /// No line closer to the grid than this is distant \[cm-1\].
    pub fn least_distance(&self) -> f64 {
        self.least
    }

    /// Adds lines that these hold.
    pub fn add(&mut self, lines: &[Line]) {
        let parts: Vec<BTreeMap<i32, Sums>> = lines.par_chunks(BLOCK).map(|block| self.sums(block)).collect();
        for part in parts {
            for (bin, sums) in part {
                match self.bins.entry(bin) {
                    std::collections::btree_map::Entry::Vacant(v) => drop(v.insert(sums)),
                    std::collections::btree_map::Entry::Occupied(mut o) => {
                        o.get_mut().iter_mut().zip(&sums).for_each(|(to, from)| *to += from);
                    }
                }
            }
        }
        self.count += lines.len() as u64;
        let hottest = self.temperatures[self.temperatures.len() - 1];
        let ln_q = self.ln_partition[self.ln_partition.len() - 1];
        // Least and greatest values: the order does not matter.
        let spans = lines.par_iter().with_min_len(BLOCK).fold(
            || (f64::NEG_INFINITY, self.widths),
            |(strongest, (mut least, mut greatest)), line| {
                let ln_s = line.strength.ln() + line.ln_strength_factor(hottest) + ln_q - line.wavenumber.ln();
                for t in [self.temperatures[0], hottest] {
                    let g = line.width().at(t) / line.wavenumber;
                    (least, greatest) = (least.min(g), greatest.max(g));
                }
                (strongest.max(ln_s), (least, greatest))
            },
        );
        for (strongest, (least, greatest)) in spans.collect::<Vec<_>>() {
            self.ln_strength = self.ln_strength.max(strongest);
            self.widths = (self.widths.0.min(least), self.widths.1.max(greatest));
        }
    }

    fn bin(&self, distance: f64) -> i32 {
        let steps = ((distance.abs() / self.least).ln() / BIN_RATIO.ln()).floor() as i32;
        if distance < 0.0 { -1 - steps } else { steps }
    }

    /// Wavenumber of a bin's centre \[cm-1\].
    fn centre(&self, bin: i32) -> f64 {
        let middle = |steps: i32| 0.5 * self.least * (1.0 + BIN_RATIO) * BIN_RATIO.powi(steps);
        if bin < 0 { self.grid.0 - middle(-1 - bin) } else { self.grid.1 + middle(bin) }
    }

    fn sums(&self, lines: &[Line]) -> BTreeMap<i32, Sums> {
        let mut bins: BTreeMap<i32, Sums> = BTreeMap::new();
        let temperatures = Temperatures {
            inverse: self.temperatures.iter().map(|t| 1.0 / t).collect(),
            ln_ratio: self.temperatures.iter().map(|t| (t / T_REF).ln()).collect(),
            ln_partition: &self.ln_partition,
        };
        let mut scratch = vec![0.0; QUANTITIES * self.temperatures.len()];
        for line in lines {
            let bin = self.bin(self.distance(line.wavenumber));
            let length = QUANTITIES * MOMENTS * self.temperatures.len();
            let sums = bins.entry(bin).or_insert_with(|| vec![0.0; length]);
            let natural = if self.natural_width { line.natural_width } else { 0.0 };
            add_line(line, natural, line.wavenumber - self.centre(bin), &temperatures, &mut scratch, sums);
        }
        bins
    }

    /// The sums over all lines at a wavenumber of the grid \[cm-1\], \[quantity\]\[temperature\]: what pressures multiply, divided by pi.
    fn sums_at(&self, wavenumber: f64) -> [Vec<f64>; QUANTITIES] {
        let mut values = [(); QUANTITIES].map(|()| vec![0.0; self.temperatures.len()]);
        for (bin, sums) in &self.bins {
            let inverse = 1.0 / (wavenumber - self.centre(*bin));
            // (m + 1) / d^(m + 2), and for the cubes (m + 1)(m + 2)(m + 3)/6 / d^(m + 4)
            let (mut second, mut fourth) = ([0.0; MOMENTS], [0.0; MOMENTS]);
            let mut power = inverse * inverse / std::f64::consts::PI;
            for m in 0..MOMENTS {
                let n = m as f64;
                second[m] = (n + 1.0) * power;
                fourth[m] = (n + 1.0) * (n + 2.0) * (n + 3.0) / 6.0 * power * inverse * inverse;
                power *= inverse;
            }
            let weights = [(COLLISIONAL, second), (CUBED, fourth), (NATURAL, second)];
            for ((q, weights), sums) in weights.into_iter().zip(sums.chunks(MOMENTS * self.temperatures.len())) {
                for (weight, sums) in weights.into_iter().zip(sums.chunks(self.temperatures.len())) {
                    values[q].iter_mut().zip(sums).for_each(|(value, sum)| *value += weight * sum);
                }
            }
        }
        values
    }

    /// The field at some wavenumbers \[cm-1\].
    pub fn field(&self, wavenumbers: &[f64]) -> DistantField {
        let nodes: Vec<[Vec<(f64, f64)>; QUANTITIES]> = wavenumbers
            .par_iter()
            .map(|nu| {
                self.sums_at(*nu).map(|values| {
                    // A value of 0 at some temperature (the Boltzmann factor underflows) has no logarithm.
                    let ln: Vec<f64> = values.iter().map(|v| v.max(f64::MIN_POSITIVE).ln()).collect();
                    let second = spline(&ln);
                    ln.into_iter().zip(second).collect()
                })
            })
            .collect();
        DistantField { ln_t: self.temperatures.iter().map(|t| t.ln()).collect(), nodes }
    }
}

/// What depends on the temperatures of the sums alone.
struct Temperatures<'a> {
    /// 1/T \[K-1\].
    inverse: Vec<f64>,
    /// ln(T / 296 K).
    ln_ratio: Vec<f64>,
    /// ln Q(296 K)/Q(T).
    ln_partition: &'a [f64],
}

/// Adds the moments about a bin's centre of a line `e` \[cm-1\] from it; `scratch` holds \[quantity\]\[temperature\].
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn add_line(line: &Line, natural: f64, e: f64, temperatures: &Temperatures, scratch: &mut [f64], sums: &mut [f64]) {
    let count = temperatures.inverse.len();
    // ln of the strength without Boltzmann factor, stimulated emission and partition function
    let (energy, x) = (C2 * line.lower_energy, C2 * line.wavenumber);
    let ln_s = line.strength.ln() + energy / T_REF - (-(-x / T_REF).exp_m1()).ln();
    let ln_g = line.gamma_ref.ln();
    let (collisional, rest) = scratch.split_at_mut(count);
    let (cubed, natural_part) = rest.split_at_mut(count);
    let (inverse, ln_ratio, ln_partition) =
        (&temperatures.inverse[..count], &temperatures.ln_ratio[..count], &temperatures.ln_partition[..count]);
    for t in 0..count {
        let stimulated = 1.0 - exp::<false>((-x * inverse[t]).max(-700.0));
        let strength = exp::<false>((ln_s - energy * inverse[t] + ln_partition[t]).max(-700.0)) * stimulated;
        let u = ln_ratio[t];
        let gamma = exp::<false>(ln_g + (line.width_curvature * u - line.temperature_exponent) * u);
        collisional[t] = strength * gamma;
        cubed[t] = strength * gamma * gamma * gamma;
        natural_part[t] = strength * natural;
    }
    for (amplitudes, sums) in scratch.chunks_exact(count).zip(sums.chunks_exact_mut(MOMENTS * count)) {
        let mut power = 1.0;
        for sums in sums.chunks_exact_mut(count) {
            for (sum, amplitude) in sums.iter_mut().zip(amplitudes) {
                *sum += amplitude * power;
            }
            power *= e;
        }
    }
}

/// Second differences of the natural cubic spline through equidistant values, in units of their step.
fn spline(values: &[f64]) -> Vec<f64> {
    let n = values.len();
    let mut second = vec![0.0; n];
    if n < 3 {
        return second;
    }
    // (M_{i-1} + 4 M_i + M_{i+1}) / 6 = y_{i-1} - 2 y_i + y_{i+1}; the ends continue the curvature of their neighbours, which is
    // more accurate than a curvature of 0.
    let mut diagonal = vec![4.0; n];
    let rhs: Vec<f64> = (1..n - 1).map(|i| 6.0 * (values[i - 1] - 2.0 * values[i] + values[i + 1])).collect();
    let mut d: Vec<f64> = rhs;
    (diagonal[1], diagonal[n - 2]) = (5.0, 5.0);
    if n == 3 {
        second.fill(d[0] / 6.0);
        return second;
    }
    for i in 2..n - 1 {
        let w = 1.0 / diagonal[i - 1];
        diagonal[i] -= w;
        d[i - 1] -= w * d[i - 2];
    }
    second[n - 2] = d[n - 3] / diagonal[n - 2];
    for i in (1..n - 2).rev() {
        second[i] = (d[i - 1] - second[i + 1]) / diagonal[i];
    }
    (second[0], second[n - 1]) = (second[1], second[n - 2]);
    second
}

/// What distant lines add to cross sections at the nodes of one level, at any pressure.
#[derive(Clone, Debug, PartialEq)]
pub struct DistantField {
    /// Logarithms of the temperatures, equidistant.
    ln_t: Vec<f64>,
    /// \[node\]\[quantity\]\[temperature\] of the logarithm and its spline's second difference.
    nodes: Vec<[Vec<(f64, f64)>; QUANTITIES]>,
}

impl DistantField {
    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True without nodes.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        (self.len() * QUANTITIES * self.ln_t.len() * size_of::<(f64, f64)>()) as u64
    }

    /// The cross section \[cm2 molecule-1\] at a temperature \[K\] of the range and a pressure \[bar\], and its derivative by temperature
    /// \[cm2 molecule-1 K-1\], at each node.
    pub fn at(&self, temperature: f64, pressure: f64) -> Vec<(f64, f64)> {
        let count = self.ln_t.len();
        let (lo, hi) = (self.ln_t[0], self.ln_t[count - 1]);
        let step = if count > 1 { (hi - lo) / (count - 1) as f64 } else { 1.0 };
        let place = (temperature.ln() - lo) / step;
        let i = (place.floor().max(0.0) as usize).min(count.saturating_sub(2));
        let b = place - i as f64;
        let a = 1.0 - b;
        let quantity = |rows: &[(f64, f64)]| {
            let [(y0, m0), (y1, m1)] = match rows {
                [one] => return (one.0.exp(), 0.0),
                _ => [rows[i], rows[i + 1]],
            };
            let ln = a * y0 + b * y1 + ((a * a * a - a) * m0 + (b * b * b - b) * m1) / 6.0;
            let slope = y1 - y0 + ((1.0 - 3.0 * a * a) * m0 + (3.0 * b * b - 1.0) * m1) / 6.0;
            let value = ln.exp();
            (value, value * slope / (step * temperature))
        };
        let cube = pressure.powi(3);
        self.nodes
            .iter()
            .map(|node| {
                let [(one, one_slope), (cubed, cubed_slope), (natural, natural_slope)] =
                    [COLLISIONAL, CUBED, NATURAL].map(|q| quantity(&node[q]));
                let value = pressure * one + natural - cube * cubed;
                (value, pressure * one_slope + natural_slope - cube * cubed_slope)
            })
            .collect()
    }
}

/// Fixed part of the stored form.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Fixed {
    count: u64,
    bins: u64,
    ln_strength: f64,
    widths: [f64; 2],
}

impl DistantLines {
    /// The sums as bytes; what they are sums of is not among them.
    pub fn encode(&self) -> Vec<u8> {
        let fixed = Fixed {
            count: self.count,
            bins: self.bins.len() as u64,
            ln_strength: self.ln_strength,
            widths: [self.widths.0, self.widths.1],
        };
        let mut bytes = bytemuck::bytes_of(&fixed).to_vec();
        for (bin, sums) in &self.bins {
            bytes.extend(i64::from(*bin).to_ne_bytes());
            bytes.extend_from_slice(bytemuck::cast_slice(sums));
        }
        bytes
    }

    /// Takes sums over from the front of `bytes`; the rest of them is returned.
    pub fn decode<'b>(&mut self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let (fixed, mut rest) = bytes.split_at_checked(size_of::<Fixed>())?;
        let fixed: Fixed = bytemuck::try_pod_read_unaligned(fixed).ok()?;
        let mut bins = BTreeMap::new();
        let length = self.temperatures.len() * QUANTITIES * MOMENTS * 8;
        for _ in 0..fixed.bins {
            let (bin, after) = rest.split_at_checked(8)?;
            let (sums, after) = after.split_at_checked(length)?;
            let bin = i32::try_from(i64::from_ne_bytes(bin.try_into().ok()?)).ok()?;
            let numbers: Vec<f64> = bytemuck::pod_collect_to_vec(sums);
            if bin.unsigned_abs() > 1000 || numbers.iter().any(|n| !n.is_finite()) {
                return None;
            }
            bins.insert(bin, numbers);
            rest = after;
        }
        let [least, greatest] = fixed.widths;
        let some = fixed.ln_strength.is_finite() && 0.0 <= least && least <= greatest && greatest < f64::INFINITY;
        let none = fixed.ln_strength == f64::NEG_INFINITY && bins.is_empty();
        if !(if fixed.count > 0 { some } else { none }) {
            return None;
        }
        self.bins = bins;
        (self.count, self.ln_strength) = (fixed.count, fixed.ln_strength);
        self.widths = (fixed.widths[0], fixed.widths[1]);
        Some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cross_section::direct_sum;
    use crate::lines::carbon_monoxide::{Broadener, Isotopologue, line_list};

    fn case(range: (f64, f64)) -> (Grid, DistantLines, Vec<Line>, Species) {
        let grid = Grid::new(2300.0, 2330.0, 2000).unwrap();
        let list = line_list(Isotopologue::C12O16, Broadener::Air, None, 0.0).unwrap();
        let temperature_range = TemperatureRange::new(range.0, range.1).unwrap();
        let settings = Settings { temperature_range, ..Settings::default() };
        let mut distant = DistantLines::new(&grid, &list.species, &settings, 10.0).unwrap();
        let lines: Vec<Line> = list.lines().iter().filter(|l| distant.holds(l)).copied().collect();
        assert!(lines.len() > 500);
        distant.add(&lines);
        (grid, distant, lines, list.species)
    }

    #[test]
    fn equals_the_sum_over_lines() {
        let (grid, distant, lines, species) = case((300.0, 3000.0));
        for (t, p) in [(300.0, 1e-6), (450.0, 1.0), (777.0, 10.0), (2000.0, 1e-3), (3000.0, 10.0)] {
            let nu: Vec<f64> = (0..7).map(|i| grid.lo() + 5.0 * f64::from(i)).collect();
            let exact = direct_sum(&species, &lines, &nu, t, p, &Default::default()).unwrap();
            let field = distant.field(&nu).at(t, p);
            for (i, (value, exact)) in field.iter().zip(&exact).enumerate() {
                let off = value.0 / exact - 1.0;
                assert!(off.abs() < 2e-4, "{t} K, {p} bar, point {i}: {off:e}");
            }
        }
    }

    #[test]
    fn slopes_are_those_of_the_values() {
        let (_, distant, ..) = case((300.0, 3000.0));
        let field = distant.field(&[2310.0]);
        for t in [301.0, 777.7, 1500.0, 2990.0] {
            let at = |t: f64| field.at(t, 1.0)[0].0;
            let difference = (at(t + 0.01) - at(t - 0.01)) / 0.02;
            let slope = field.at(t, 1.0)[0].1;
            assert!((slope / difference - 1.0).abs() < 1e-5, "{t}: {slope} {difference}");
        }
    }

    #[test]
    fn parts_and_bytes_give_the_same_sums() {
        let (grid, distant, lines, species) = case((500.0, 500.0));
        let settings =
            Settings { temperature_range: TemperatureRange::new(500.0, 500.0).unwrap(), ..Settings::default() };
        let mut parts = DistantLines::new(&grid, &species, &settings, 10.0).unwrap();
        let mut decoded = parts.clone();
        lines.chunks(100).for_each(|c| parts.add(c));
        let (a, b) = (parts.sums_at(2310.0)[0][0], distant.sums_at(2310.0)[0][0]);
        assert!((a / b - 1.0).abs() < 1e-13 && parts.count == distant.count);
        let mut bytes = distant.encode();
        bytes.extend(b"more");
        assert_eq!(decoded.decode(&bytes), Some(&b"more"[..]));
        assert_eq!(decoded, distant);
        assert!(decoded.decode(&bytes[..bytes.len() - 5]).is_none());
    }
}
