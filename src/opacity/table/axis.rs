//! Temperatures of a table, and how values between them follow.
//!
//! Nodes are equally spaced in ln T. A table of level k has 2^k + 1 of them over the range, so that a finer level keeps the nodes of a coarser one, and its other nodes lie
//! half way between these: there the coarser one is checked. All levels name their nodes by the same numbers, steps of the finest one.
//!
//! Between nodes i and i + 1, at the fraction t, p = (1 - t) L_i + t L_(i+1), where L_i is the polynomial of degree four through the five nodes about i (at the ends of the range the
//! outermost five). Both pass through both nodes, so p and its first derivative are continuous. It is a sum over six nodes with weights that are the same for all wavenumbers, and needs no slopes:
//! its error falls with the fifth power of the spacing, and is at most that of a cubic spline through the same nodes, which depends on all of them. (Overhauser 1968 blends parabolas in the same way.)

use crate::grid::TemperatureRange;
use crate::{Error, Result};

/// The coarsest level: five nodes.
pub const COARSEST: u32 = 2;
/// The finest level: 129 nodes.
pub const FINEST: u32 = 7;
/// Steps of the range by which nodes are named: those of one level more, so that the finest one can be checked.
pub const STEPS: usize = 2 << FINEST;
/// Nodes that a value follows from.
pub const STENCIL: usize = 6;
/// How far ln of a cross section may lie outside those at the two nearest nodes, where there is a node with nothing: beyond such a jump a polynomial overshoots.
pub const MOST_BEYOND: f64 = 1.0;
/// Nodes of one of the polynomials.
const DEGREE: usize = 5;
/// Least ratio of the temperatures at the ends, less 1: nodes closer together have differences that float32 does not hold.
const LEAST_WIDTH: f64 = 0.01;

/// The range that a table's nodes lie in.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    range: TemperatureRange,
    /// ln of the ratio of its ends.
    width: f64,
}

/// The nodes that a value follows from, and their weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stencil {
    /// Names of the nodes.
    pub nodes: [usize; STENCIL],
    /// Which two of them the temperature lies between.
    pub nearest: (usize, usize),
    /// Weights of ln of the cross sections there.
    pub value: [f64; STENCIL],
    /// Derivatives of the weights by temperature \[K-1\].
    pub by_temperature: [f64; STENCIL],
}

impl Axis {
    /// For a range of temperatures.
    ///
    /// # Errors
    /// A range narrower than 1 %.
    pub fn new(range: TemperatureRange) -> Result<Self> {
        match range.hi / range.lo - 1.0 >= LEAST_WIDTH {
            true => Ok(Self { range, width: (range.hi / range.lo).ln() }),
            false => Err(Error::invalid(
                "temperature range of a table [K]",
                format!("{} to {}", range.lo, range.hi),
                "ends that differ by 1 % or more, those of all states that are to be computed; or the method lines, density or auto",
            )),
        }
    }

    /// The temperature of a node \[K\].
    pub fn temperature(&self, node: usize) -> f64 {
        let TemperatureRange { lo, hi } = self.range;
        match node {
            0 => lo,
            STEPS => hi,
            _ => (lo * (self.width * node as f64 / STEPS as f64).exp()).clamp(lo, hi),
        }
    }

    /// Temperatures of all nodes of a level, ascending \[K\].
    pub fn temperatures(&self, level: u32) -> Vec<f64> {
        Self::nodes(level).map(|node| self.temperature(node)).collect()
    }

    /// Names of all nodes of a level.
    pub fn nodes(level: u32) -> impl Iterator<Item = usize> {
        (0..=STEPS).step_by(STEPS >> level)
    }

    /// Names of the nodes that the next finer level has besides.
    pub fn between(level: u32) -> impl Iterator<Item = usize> {
        let step = STEPS >> level;
        (step / 2..STEPS).step_by(step)
    }

    /// The node half way between those of a level that a temperature lies between.
    pub fn check_node(&self, level: u32, temperature: f64) -> usize {
        let step = STEPS >> level;
        self.interval(level, temperature).0 * step + step / 2
    }

    /// The interval of a level that a temperature lies in, and the place in units of the spacing.
    fn interval(&self, level: u32, temperature: f64) -> (usize, f64) {
        let intervals = 1usize << level;
        let x = ((temperature / self.range.lo).ln() / self.width).clamp(0.0, 1.0) * intervals as f64;
        ((x as usize).min(intervals - 1), x)
    }

    /// Nodes and weights for a temperature.
    ///
    /// # Errors
    /// The temperature is outside the range.
    pub fn stencil(&self, level: u32, temperature: f64) -> Result<Stencil> {
        self.range.check(temperature)?;
        let (interval, x) = self.interval(level, temperature);
        let (last, fraction) = (1usize << level, x - interval as f64);
        let first_of = |centre: usize| centre.saturating_sub(DEGREE / 2).min(last + 1 - DEGREE);
        let first = first_of(interval);
        let (mut value, mut slope) = ([0.0; STENCIL], [0.0; STENCIL]);
        for (centre, part, change) in [(interval, 1.0 - fraction, -1.0), (interval + 1, fraction, 1.0)] {
            let start = first_of(centre);
            let (weights, derivatives) = lagrange(x - start as f64);
            for k in 0..DEGREE {
                value[start - first + k] += part * weights[k];
                slope[start - first + k] += part * derivatives[k] + change * weights[k];
            }
        }
        let step = STEPS >> level;
        // With five nodes the sixth has no weight, and may be any.
        let nodes = std::array::from_fn(|k| (first + k).min(last) * step);
        let per_kelvin = last as f64 / (self.width * temperature);
        let nearest = (interval - first, interval + 1 - first);
        Ok(Stencil { nodes, nearest, value, by_temperature: slope.map(|s| s * per_kelvin) })
    }
}

/// Lagrange weights of the nodes 0 to 4 for a place, and their derivatives.
fn lagrange(x: f64) -> ([f64; DEGREE], [f64; DEGREE]) {
    let factor = |j: usize, k: usize| (x - k as f64) / (j as f64 - k as f64);
    let others = |j: usize| (0..DEGREE).filter(move |k| *k != j);
    let weight = |j: usize| others(j).map(|k| factor(j, k)).product();
    let derivative = |j: usize| {
        let without = |m: usize| others(j).filter(move |k| *k != m).map(|k| factor(j, k)).product::<f64>();
        others(j).map(|m| without(m) / (j as f64 - m as f64)).sum()
    };
    (std::array::from_fn(weight), std::array::from_fn(derivative))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis() -> Axis {
        Axis::new(TemperatureRange { lo: 500.0, hi: 2500.0 }).unwrap()
    }

    fn sum(stencil: &Stencil, of: impl Fn(f64) -> f64) -> (f64, f64) {
        let at = |k: usize| of(axis().temperature(stencil.nodes[k]));
        let dot = |w: &[f64; STENCIL]| (0..STENCIL).map(|k| w[k] * at(k)).sum();
        (dot(&stencil.value), dot(&stencil.by_temperature))
    }

    #[test]
    fn polynomials_of_degree_four_in_ln_t_are_exact_with_their_derivatives() {
        let u = |t: f64| (t / 900.0).ln();
        let f = |t: f64| 3.0 - 2.0 * u(t) + 1.5 * u(t).powi(2) - 4.0 * u(t).powi(3) + 0.7 * u(t).powi(4);
        let df = |t: f64| (-2.0 + 3.0 * u(t) - 12.0 * u(t).powi(2) + 2.8 * u(t).powi(3)) / t;
        for level in COARSEST..=FINEST {
            for i in 0..=300 {
                let t = (500.0 + 2000.0 * f64::from(i) / 300.0).min(2500.0);
                let (value, slope) = sum(&axis().stencil(level, t).unwrap(), f);
                assert!((value - f(t)).abs() < 1e-12, "{level}, {t}: {value} {}", f(t));
                assert!((slope - df(t)).abs() < 1e-12, "{level}, {t}: {slope} {}", df(t));
            }
        }
    }

    /// A function that no polynomial is near: value and derivative do not jump at nodes.
    #[test]
    fn values_and_derivatives_are_continuous_at_nodes() {
        let f = |t: f64| (t / 37.0).sin();
        for level in COARSEST..=FINEST {
            for node in Axis::nodes(level).filter(|n| (1..STEPS).contains(n)) {
                let t = axis().temperature(node);
                let [below, above] = [1.0 - 1e-12, 1.0 + 1e-12].map(|r| sum(&axis().stencil(level, t * r).unwrap(), f));
                assert!((below.0 - above.0).abs() < 1e-9 && (below.0 - f(t)).abs() < 1e-9, "{level}, {node}");
                assert!((below.1 - above.1).abs() < 1e-9 * (1.0 + below.1.abs()), "{level}, {node}");
            }
        }
    }

    #[test]
    fn nodes_are_nested_and_between_them_lie_the_checks() {
        for level in COARSEST..=FINEST {
            let mut both: Vec<usize> = Axis::nodes(level).chain(Axis::between(level)).collect();
            both.sort_unstable();
            assert_eq!(both.len(), (2 << level) + 1);
            assert!(both.windows(2).all(|w| w[1] - w[0] == STEPS >> (level + 1)));
            if level < FINEST {
                assert_eq!(both, Axis::nodes(level + 1).collect::<Vec<_>>());
            }
        }
        assert_eq!((axis().temperature(0), axis().temperature(STEPS)), (500.0, 2500.0));
        let check = axis().check_node(COARSEST, 2500.0);
        assert_eq!(Axis::between(COARSEST).last(), Some(check));
    }

    #[test]
    fn narrow_ranges_and_temperatures_outside_are_refused() {
        for (lo, hi) in [(1000.0, 1000.0), (1000.0, 1009.0)] {
            let error = Axis::new(TemperatureRange { lo, hi }).unwrap_err().to_string();
            assert!(error.contains("1 % or more") && error.contains(&hi.to_string()), "{error}");
        }
        for t in [499.9, 2500.1, f64::NAN] {
            assert!(axis().stencil(3, t).unwrap_err().to_string().contains("500 to 2500"));
        }
    }
}
