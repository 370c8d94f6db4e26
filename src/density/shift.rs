//! Pressure shifts of a list: how far they move lines where they are applied, what they would have done where they are not.
//!
//! A line lies at nu + delta P. The tier that takes lines one by one applies this exactly; everything that looks for lines by position
//! then looks further by the largest shift of the layer. By default shifts are left out, and the report says how large the largest of them
//! is in units of its line's half width.

use super::span::Span;
use crate::Error;
use crate::grid::TemperatureRange;
use crate::lines::{Line, Species};
use crate::settings::ProfileSettings;

/// A pressure shift moves no line by more than this part of its wavenumber. Shifts are measured near 1 bar and proportional to
/// pressure there; at hundreds of bar the law would move microwave lines below 0.
pub const MOST_SHIFT: f64 = 0.25;

/// The refusal of a density of lines that are to be moved.
pub(crate) fn refused_by_densities() -> Error {
    Error::invalid(
        "method",
        "density, with pressure shifts of lines",
        "lines or auto: a density holds each line at one place for all pressures; or leave out pressure shifts",
    )
}

/// Lines that are further outside the grid than this in ln nu have no near field on it, wherever their shift moves them: the largest near-field radius,
/// and ln(1 - [`MOST_SHIFT`]).
const NEAR: f64 = 0.35;
/// The same in steps, for near levels of coarse grids.
const NEAR_STEPS: f64 = 4096.0;

/// Relative pressure shifts of some lines \[bar-1\].
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Shifts {
    /// Of all lines.
    pub all: Span,
    /// Of those on the grid or near it. Far-away lines of small wavenumber have large relative shifts, and would make windows
    /// wide that no such line reaches into.
    pub near: Span,
}

impl Shifts {
    /// No line is moved.
    pub const NONE: Self = Self { all: Span { lo: 0.0, hi: 0.0 }, near: Span { lo: 0.0, hi: 0.0 } };

    /// Includes a line `outside` the grid by so much in ln nu, and by so many steps of it.
    pub fn include(&mut self, shift: f64, outside: f64, steps: f64) {
        self.all.include(shift);
        if outside <= NEAR || steps <= NEAR_STEPS {
            self.near.include(shift);
        }
    }

    /// True if no line is moved.
    pub fn is_none(&self) -> bool {
        self.all.lo == 0.0 && self.all.hi == 0.0
    }

    /// The most by which any line is moved at `pressure` \[bar\], in steps of the grid.
    pub fn steps(&self, pressure: f64, step: f64) -> f64 {
        most(self.all, pressure, step)
    }

    /// The same of lines on the grid or near it.
    pub fn near_steps(&self, pressure: f64, step: f64) -> f64 {
        most(self.near, pressure, step)
    }

    /// Factors 1/(1 + epsilon) by which relative widths change at `pressure` \[bar\], least and greatest.
    pub fn of_widths(&self, pressure: f64) -> (f64, f64) {
        let factor = |shift: f64| 1.0 / (1.0 + (shift * pressure).clamp(-MOST_SHIFT, MOST_SHIFT));
        (factor(self.all.hi), factor(self.all.lo))
    }
}

fn most(shift: Span, pressure: f64, step: f64) -> f64 {
    let moved = |shift: f64| (shift * pressure).clamp(-MOST_SHIFT, MOST_SHIFT).ln_1p().abs() / step;
    moved(shift.lo).max(moved(shift.hi))
}

/// Inverse pressures \[bar-1\] at which [`Neglected`] is known; between them it is bounded. The last is that of the lowest pressure allowed.
const INVERSE: [f64; 8] = [0.0, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e4, 1e14];

/// Half widths in units of shifts, least over some lines: (gamma + (natural + Doppler)/P) / |delta| at each of the inverse pressures. It is
/// concave in 1/P, so straight lines between these bound it from below, exactly where one line has the largest shift at all pressures.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Neglected([f64; 8]);

impl Neglected {
    /// No shift is left out.
    pub const NONE: Self = Self([f64::INFINITY; 8]);

    /// The largest shift that is left out at `pressure` \[bar\], in units of its line's half width: |delta| P / (gamma P + natural +
    /// Doppler). 0 if none is; at most, and mostly exactly, what is returned.
    pub fn at(&self, pressure: f64) -> f64 {
        if self.0[0] == f64::INFINITY {
            return 0.0;
        }
        let y = 1.0 / pressure;
        let above = INVERSE.partition_point(|i| *i <= y).min(INVERSE.len() - 1);
        let (a, b) = (INVERSE[above - 1], INVERSE[above]);
        1.0 / (self.0[above - 1] + (self.0[above] - self.0[above - 1]) * ((y - a) / (b - a)))
    }
}

/// Finds what leaving out shifts does.
#[derive(Clone, Copy, Debug)]
pub struct Neglect {
    natural_width: bool,
    /// (T \[K\], Doppler half width relative to the line centre).
    at: [(f64, f64); 3],
}

impl Neglect {
    /// At the ends and in the middle of a temperature range.
    pub fn new(species: &Species, range: &TemperatureRange, profile: &ProfileSettings) -> Self {
        let half_width = (2.0 * std::f64::consts::LN_2).sqrt();
        let at = [range.lo, range.mid(), range.hi].map(|t| (t, half_width * species.doppler_sigma(t)));
        Self { natural_width: profile.natural_width, at }
    }

    /// Includes a line.
    pub fn include(&self, neglected: &mut Neglected, line: &Line) {
        if line.shift == 0.0 {
            return;
        }
        let natural = if self.natural_width { line.natural_width } else { 0.0 };
        for (t, doppler) in self.at {
            let collisions = line.width().at(t) / line.shift.abs();
            let other = (natural + doppler * line.wavenumber) / line.shift.abs();
            for (least, y) in neglected.0.iter_mut().zip(INVERSE) {
                *least = least.min(collisions + other * y);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::PartitionFunction;

    #[test]
    fn neglected_shifts_are_bounded_closely() {
        let q = PartitionFunction::new(vec![100.0, 2000.0], vec![50.0, 900.0]).unwrap();
        let species = Species { name: "test".into(), molar_mass: 28.0, partition: q.into() };
        let range = TemperatureRange::new(500.0, 1200.0).unwrap();
        let neglect = Neglect::new(&species, &range, &ProfileSettings::default());
        let line = |shift: f64, gamma_ref: f64| Line {
            wavenumber: 2000.0,
            gamma_ref,
            shift,
            natural_width: 1e-6,
            temperature_exponent: 0.7,
            ..Line::default()
        };
        let ratio = |l: &Line, t: f64, p: f64| {
            let doppler = (2.0 * 2f64.ln()).sqrt() * species.doppler_sigma(t) * l.wavenumber;
            l.shift.abs() * p / (l.width().at(t) * p + 1e-6 + doppler)
        };
        let lines = [line(-0.003, 0.07), line(0.001, 0.01), line(0.0, 0.1)];
        let mut neglected = Neglected::NONE;
        assert_eq!(neglected.at(1.0), 0.0);
        neglect.include(&mut neglected, &lines[0]);
        for p in [1e-14, 1e-9, 3e-4, 0.05, 0.7, 1.0, 40.0, 1e5] {
            let one = [500.0, range.mid(), 1200.0].map(|t| ratio(&lines[0], t, p)).into_iter().fold(0.0, f64::max);
            assert!((neglected.at(p) / one - 1.0).abs() < 0.05 && neglected.at(p) >= one * (1.0 - 1e-12), "{p}");
        }
        lines.iter().for_each(|l| neglect.include(&mut neglected, l));
        for p in [1e-9, 3e-4, 0.05, 0.7, 1.0, 40.0, 1e4] {
            let worst = lines.iter().flat_map(|l| [500.0, 1200.0].map(|t| ratio(l, t, p))).fold(0.0, f64::max);
            let found = neglected.at(p);
            assert!(found >= worst * (1.0 - 1e-12) && found < 1.3 * worst, "{p}: {found:e} {worst:e}");
        }
    }

    #[test]
    fn windows_come_from_the_lines_near_the_grid() {
        let mut shifts = Shifts::NONE;
        assert!(shifts.is_none());
        shifts.include(-1e-6, -0.01, -1e4);
        shifts.include(1e-3, 4.0, 4e6);
        assert!(!shifts.is_none());
        assert!((shifts.near_steps(2.0, 1e-6) - 2.0).abs() < 1e-5);
        assert!((shifts.steps(2.0, 1e-6) - 2e3).abs() < 5.0);
        assert!((shifts.steps(1e5, 1e-6) - 1.25f64.ln() / 1e-6).abs() < 1.0);
    }
}
