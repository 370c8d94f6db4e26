//! Classes of lines of equal width, and what all lines of a list span.
//!
//! Line lists have few distinct pairs of reference width and exponent: tables of widths go by quantum numbers or have
//! few digits. What depends on the width alone is computed once for each class and temperature. A list with more
//! classes than are held has the rest of its lines without class: what depends on their widths is then computed line by
//! line, with the same result.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::cells::ln_gamma;
use crate::density::span::Span;
use crate::lines::{Line, Width};

/// Most classes that are held: the weights of a class take some hundred bytes at each temperature.
const MOST: usize = 1 << 14;
/// The class of a line that has none.
pub const NONE: u32 = u32::MAX;

/// Bits of a width's three numbers.
type Bits = [u64; 3];

/// A hasher for three numbers that are not chosen by an adversary.
#[derive(Default)]
struct BitsHasher(u64);

impl Hasher for BitsHasher {
    fn write(&mut self, bytes: &[u8]) {
        // Numbers come as the bytes of all of them.
        let (words, rest) = bytes.as_chunks();
        words.iter().for_each(|word| self.write_u64(u64::from_ne_bytes(*word)));
        rest.iter().for_each(|b| self.write_u64(u64::from(*b)));
    }

    fn write_u64(&mut self, v: u64) {
        // The golden ratio's bits; the rotation brings the products' high bits, which depend on all of v, where the map
        // looks.
        self.0 = (self.0 ^ v).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(27);
    }

    fn write_usize(&mut self, v: usize) {
        self.write_u64(v as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The classes met so far.
#[derive(Debug, Default)]
pub struct Classes {
    index: HashMap<Bits, u32, BuildHasherDefault<BitsHasher>>,
    /// Their widths.
    pub widths: Vec<Width>,
}

impl Classes {
    fn bits(line: &Line) -> Bits {
        [line.gamma_ref, line.temperature_exponent, line.width_curvature].map(f64::to_bits)
    }

    /// The class of a line, if it is known; else [`NONE`].
    pub fn of(&self, line: &Line) -> u32 {
        self.index.get(&Self::bits(line)).copied().unwrap_or(NONE)
    }

    /// The class of a line, a new one if it is not known; [`NONE`] if there are too many.
    pub fn find_or_add(&mut self, line: &Line) -> u32 {
        let known = self.of(line);
        if known != NONE || self.widths.len() == MOST {
            return known;
        }
        let new = self.widths.len() as u32;
        self.index.insert(Self::bits(line), new);
        self.widths.push(line.width());
        new
    }
}

/// What the lines of a list span. Everything here is a least or a greatest value: it does not depend on the order of
/// the lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Spans {
    /// ln of half widths from collisions \[cm-1 bar-1\], \[temperature\].
    pub ln_gamma: Vec<Span>,
    /// Greatest half width from collisions over the temperature range \[cm-1 bar-1\].
    pub widest: f64,
    /// Greatest natural half width that is wanted \[cm-1\].
    pub natural: f64,
    /// Positions in steps of the output grid, from its first node.
    pub position: Span,
}

impl Spans {
    /// Of no lines, at so many temperatures.
    pub fn empty(temperatures: usize) -> Self {
        Self { ln_gamma: vec![Span::EMPTY; temperatures], widest: 0.0, natural: 0.0, position: Span::EMPTY }
    }

    /// Includes a width, at `temperatures` \[K\] and over a range of which some temperatures are `over` \[K\].
    pub fn include_width(&mut self, width: &Width, temperatures: &[f64], over: &[f64]) {
        self.ln_gamma.iter_mut().zip(temperatures).for_each(|(span, t)| span.include(ln_gamma(width, *t)));
        self.widest = over.iter().map(|t| width.at(*t)).fold(self.widest, f64::max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(gamma: f64, n: f64, c: f64) -> Line {
        Line { gamma_ref: gamma, temperature_exponent: n, width_curvature: c, ..Line::default() }
    }

    #[test]
    fn a_class_is_its_width() {
        let mut classes = Classes::default();
        let lines = [line(0.05, 0.5, 0.0), line(0.05, 0.6, 0.0), line(0.06, 0.5, 0.0), line(0.05, 0.5, 0.01)];
        let found: Vec<u32> = lines.iter().chain(&lines).map(|l| classes.find_or_add(l)).collect();
        assert_eq!(found, [0, 1, 2, 3, 0, 1, 2, 3]);
        assert_eq!(classes.of(&line(0.07, 0.5, 0.0)), NONE);
        for i in 0..2 * MOST {
            classes.find_or_add(&line(1.0 + i as f64, 0.5, 0.0));
        }
        assert_eq!(
            (classes.widths.len(), classes.find_or_add(&line(0.01, 0.0, 0.0)), classes.of(&lines[2])),
            (MOST, NONE, 2)
        );
    }
}
