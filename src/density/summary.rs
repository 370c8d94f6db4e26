//! What a line list is to a grid, without its lines: enough to choose tier, axes and ladders.
//!
//! Everything here is a count, a least or a greatest value, so it does not depend on the order in which lines come, nor on how
//! they are divided among passes and threads.

use std::collections::VecDeque;

use super::shift::{Neglected, Shifts};
use super::span::Span;
use super::table_line::TableLine;
use super::width::WidthRange;
use crate::grid::TemperatureRange;

/// Counts and spans of the lines of one list that matter for a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct LineSummary {
    /// Number of lines.
    pub count: u64,
    /// Positions in steps of the output grid, from its first node.
    pub position: Span,
    /// ln of S/nu at the range's highest temperature; its greatest is what strengths are divided by.
    pub ln_strength: Span,
    /// Lower-state energies \[cm-1\].
    pub energy: Span,
    /// ln of the relative Lorentz widths at 1 bar and the middle temperature.
    pub ln_gamma: Span,
    /// Temperature exponents there.
    pub exponent: Span,
    /// Second-order terms of ln of the width in ln T.
    pub curvature: Span,
    /// Natural widths, relative.
    pub natural: Span,
    /// Relative Lorentz widths from collisions at 1 bar over the temperature range.
    pub widths: WidthRange,
    /// Pressure shifts that are applied.
    pub shift: Shifts,
    /// Pressure shifts that are left out.
    pub neglected: Neglected,
    /// Where the lines are.
    pub places: Places,
}

impl LineSummary {
    /// Of no lines.
    pub fn empty() -> Self {
        let none = Span::EMPTY;
        let widths = WidthRange::EMPTY;
        let places = Places::default();
        Self {
            count: 0,
            position: none,
            ln_strength: none,
            energy: none,
            ln_gamma: none,
            exponent: none,
            curvature: none,
            natural: none,
            widths,
            shift: Shifts::NONE,
            neglected: Neglected::NONE,
            places,
        }
    }

    /// Includes a line whose strength is not yet scaled and whose energy is the list's own.
    pub fn include(&mut self, line: &TableLine, range: &TemperatureRange) {
        self.count += 1;
        self.position.include(line.position);
        self.ln_strength.include(line.ln_strength);
        self.energy.include(line.energy);
        self.ln_gamma.include(line.ln_gamma);
        self.exponent.include(line.exponent);
        self.curvature.include(line.curvature);
        self.natural.include(line.natural);
        self.widths.include(&line.broadening(), range);
        self.places.include(line.position);
    }

    /// Narrowest and widest relative Lorentz width of any line at `pressure` \[bar\] over the temperature range.
    pub fn widths_at(&self, pressure: f64) -> (f64, f64) {
        let (least, greatest) = self.shift.of_widths(pressure);
        let (min, max) = self.widths.at(pressure, self.natural);
        (min * least, max * greatest)
    }

    /// Steps of the grid by which lines lie outside its `points` nodes, at most.
    pub fn margin(&self, points: usize) -> f64 {
        0.0f64.max(-self.position.lo).max(self.position.hi - (points - 1) as f64)
    }
}

/// Most bins that [`Places`] holds: 4 MiB.
const MOST_BINS: usize = 1 << 20;
/// Furthest that a line lies from a grid's first point, in ln of the wavenumber: e^100 is more than the numbers of all lists span.
pub const MOST_LN_DISTANCE: f64 = 100.0;

/// How many lines lie where: a histogram over output nodes, or over 2^k of them where the range is wide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// log2 of the nodes in a bin.
    pub scale: u32,
    /// Bin of the first count; bin b starts at node b 2^scale.
    pub first: i64,
    /// Lines of each bin.
    pub counts: VecDeque<u32>,
}

impl Places {
    /// The bin of a position.
    pub fn bin(&self, position: f64) -> i64 {
        (position * 0.5f64.powi(self.scale as i32)).floor() as i64
    }

    fn include(&mut self, position: f64) {
        let mut bin = self.bin(position);
        if self.counts.is_empty() {
            self.first = bin;
        }
        let span =
            |first: i64, counts: usize, bin: i64| (first + counts as i64).max(bin + 1).saturating_sub(first.min(bin));
        while span(self.first, self.counts.len(), bin) > MOST_BINS as i64 {
            self.coarsen();
            bin = self.bin(position);
        }
        while bin < self.first {
            self.counts.push_front(0);
            self.first -= 1;
        }
        while bin >= self.first + self.counts.len() as i64 {
            self.counts.push_back(0);
        }
        let count = &mut self.counts[(bin - self.first) as usize];
        *count = count.saturating_add(1);
    }

    /// Twice as many nodes a bin. Bins are aligned to their width, so the result is that of counting with the wider ones from the start.
    fn coarsen(&mut self) {
        let mut coarse = Self { scale: self.scale + 1, first: self.first.div_euclid(2), counts: VecDeque::new() };
        for (bin, count) in (self.first..).zip(&self.counts) {
            let at = (bin.div_euclid(2) - coarse.first) as usize;
            if at == coarse.counts.len() {
                coarse.counts.push_back(0);
            }
            coarse.counts[at] = coarse.counts[at].saturating_add(*count);
        }
        *self = coarse;
    }

    /// A bound on the lines within any `width` consecutive nodes: those of the bins that such a stretch can touch.
    pub fn most_within(&self, width: f64) -> usize {
        let bins = (width * 0.5f64.powi(self.scale as i32)).ceil() as usize + 1;
        let (mut sum, mut most) = (0u64, 0);
        if bins >= self.counts.len() {
            return self.counts.iter().map(|c| *c as usize).sum();
        }
        for (i, count) in self.counts.iter().enumerate() {
            sum += u64::from(*count);
            if i >= bins {
                sum -= u64::from(self.counts[i - bins]);
            }
            most = most.max(sum);
        }
        most as usize
    }

    /// Consecutive ranges of bins with at most `lines` lines each, or one bin; together all of them.
    pub fn windows(&self, lines: u64) -> Vec<std::ops::Range<i64>> {
        let mut windows = Vec::new();
        let (mut start, mut held) = (self.first, 0u64);
        for (bin, count) in (self.first..).zip(&self.counts) {
            if held > 0 && held + u64::from(*count) > lines {
                windows.push(start..bin);
                (start, held) = (bin, 0);
            }
            held += u64::from(*count);
        }
        windows.push(start..self.first + self.counts.len() as i64);
        windows
    }
}

/// Fixed part of the stored form.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Fixed {
    spans: [Span; 7],
    widths: [f64; 2],
    shift: Shifts,
    neglected: Neglected,
    count: u64,
    scale: u64,
    first: i64,
    bins: u64,
}

impl LineSummary {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let fixed = Fixed {
            spans: [
                self.position,
                self.ln_strength,
                self.energy,
                self.ln_gamma,
                self.exponent,
                self.curvature,
                self.natural,
            ],
            widths: [self.widths.min, self.widths.max],
            shift: self.shift,
            neglected: self.neglected,
            count: self.count,
            scale: u64::from(self.places.scale),
            first: self.places.first,
            bins: self.places.counts.len() as u64,
        };
        let mut bytes = bytemuck::bytes_of(&fixed).to_vec();
        let (a, b) = self.places.counts.as_slices();
        bytes.extend_from_slice(bytemuck::cast_slice(a));
        bytes.extend_from_slice(bytemuck::cast_slice(b));
        bytes
    }

    /// From the front of `bytes`, and the rest of them; `None` if they are no summary of lines on a grid of step `step` in ln nu.
    pub fn decode(bytes: &[u8], step: f64) -> Option<(Self, &[u8])> {
        let (fixed, rest) = bytes.split_at_checked(size_of::<Fixed>())?;
        let fixed: Fixed = bytemuck::try_pod_read_unaligned(fixed).ok()?;
        let (counts, rest) = rest.split_at_checked(usize::try_from(fixed.bins.checked_mul(4)?).ok()?)?;
        let counts: Vec<u32> = bytemuck::pod_collect_to_vec(counts);
        let [position, ln_strength, energy, ln_gamma, exponent, curvature, natural] = fixed.spans;
        let widths = WidthRange { min: fixed.widths[0], max: fixed.widths[1] };
        let places = Places { scale: u32::try_from(fixed.scale).ok()?, first: fixed.first, counts: counts.into() };
        let Fixed { count, shift, neglected, .. } = fixed;
        let summary = Self {
            count,
            position,
            ln_strength,
            energy,
            ln_gamma,
            exponent,
            curvature,
            natural,
            widths,
            shift,
            neglected,
            places,
        };
        (summary == Self::empty() || summary.is_possible(step)).then_some((summary, rest))
    }

    /// Whether some lines may have it: bounds far beyond what is known of any, within which nothing overflows and no loop is long.
    fn is_possible(&self, step: f64) -> bool {
        let within = |span: Span, lo: f64, hi: f64| lo <= span.lo && span.lo <= span.hi && span.hi <= hi;
        let furthest = MOST_LN_DISTANCE / step;
        let spans = within(self.position, -furthest, furthest)
            && within(self.ln_strength, -1e6, 1e6)
            && within(self.energy, -1e7, 1e7)
            && within(self.ln_gamma, -200.0, 200.0)
            && within(self.exponent, -100.0, 100.0)
            && within(self.curvature, -100.0, 100.0)
            && within(self.natural, 0.0, 1e9);
        let widths = self.widths.min > 0.0 && self.widths.min <= self.widths.max && self.widths.max < f64::INFINITY;
        let shift = |span: Span| span == Span::EMPTY || within(span, -1e12, 1e12);
        let Places { scale, first, counts } = &self.places;
        let known = (1..=MOST_BINS).contains(&counts.len()) && *scale < 62;
        if !(spans && widths && shift(self.shift.all) && shift(self.shift.near) && known) {
            return false;
        }
        // Counts stop at their largest.
        let sum: u64 = counts.iter().map(|c| u64::from(*c)).sum();
        let counted = sum == self.count || (sum < self.count && counts.contains(&u32::MAX));
        let ends = [self.position.lo, self.position.hi].map(|p| self.places.bin(p));
        counted && *first == ends[0] && first.checked_add(counts.len() as i64 - 1) == Some(ends[1])
    }

    /// Whether a line of a table may be one of these.
    pub fn holds(&self, line: &TableLine) -> bool {
        // What sums and differences round off.
        let within = |v: f64, span: Span| {
            let slack = 1e-6 * (1.0 + span.lo.abs().max(span.hi.abs()));
            span.lo - slack <= v && v <= span.hi + slack
        };
        let energies = Span { lo: 0.0, hi: self.energy.hi - self.energy.lo };
        let no_shift = Span { lo: self.shift.all.lo.min(0.0), hi: self.shift.all.hi.max(0.0) };
        self.position.lo <= line.position
            && line.position <= self.position.hi
            && (-1e6..=1e6).contains(&line.ln_strength)
            && within(line.energy, energies)
            && within(line.ln_gamma, self.ln_gamma)
            && within(line.exponent, self.exponent)
            && within(line.curvature, self.curvature)
            && within(line.natural, self.natural)
            && within(line.shift, no_shift)
            && line.wavenumber > 0.0
            && line.wavenumber < f64::INFINITY
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places(positions: &[f64]) -> Places {
        let mut places = Places::default();
        positions.iter().for_each(|p| places.include(*p));
        places
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        /// Any order gives the same histogram, however wide; no stretch holds more lines than the bound; windows hold what they may.
        #[test]
        fn places_are_those_of_the_lines(
            mut positions in prop::collection::vec(prop_oneof![-50.0..50.0f64, -1e9..1e9f64], 1..60), width in 0.1..100.0f64, lines in 1..20u64,
        ) {
            let found = places(&positions);
            positions.sort_by(f64::total_cmp);
            prop_assert_eq!(&places(&positions), &found);
            prop_assert!(found.counts.len() <= MOST_BINS);
            let most = found.most_within(width);
            for a in &positions {
                prop_assert!(most >= positions.iter().filter(|b| (*a..=a + width).contains(*b)).count());
            }
            let windows = found.windows(lines);
            prop_assert!(windows.windows(2).all(|w| w[0].end == w[1].start));
            let mut sum = 0;
            for w in &windows {
                let held = positions.iter().filter(|p| w.contains(&found.bin(**p))).count();
                prop_assert!(held as u64 <= lines || w.clone().filter(|b| found.counts[(b - found.first) as usize] > 0).count() == 1);
                sum += held;
            }
            prop_assert_eq!(sum, positions.len());
        }
    }

    #[test]
    fn bytes_are_the_summary() {
        let mut summary = LineSummary::empty();
        for (i, p) in [3.0, -7.5, 1e8].into_iter().enumerate() {
            let line = TableLine {
                position: p,
                ln_strength: -p / 1e3,
                energy: 10.0 * i as f64,
                ln_gamma: -3.0 - p / 1e8,
                exponent: 0.5,
                curvature: 0.01 * p / 1e8,
                natural: 1e-9 * (1.0 + p.abs()),
                shift: 1e-6,
                wavenumber: 2000.0,
            };
            summary.include(&line, &TemperatureRange::new(500.0, 1500.0).unwrap());
            summary.shift.include(line.shift, 0.0, 0.0);
        }
        let mut bytes = summary.encode();
        bytes.extend(b"more");
        assert_eq!(LineSummary::decode(&bytes, 1e-6), Some((summary.clone(), &b"more"[..])));
        assert_eq!(summary.count, 3);
        assert!(LineSummary::decode(&summary.encode()[..200], 1e-6).is_none());
        let whole = summary.encode().len();
        assert!(LineSummary::decode(&summary.encode()[..whole - 1], 1e-6).is_none());
    }
}
