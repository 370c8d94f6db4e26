//! Rotational broadening of a rigid sphere with quadratic limb darkening.
//!
//! Gray (2005), eq. 18.14, carried to the quadratic law I(mu) / I(1) = 1 - u1 (1 - mu) - u2 (1 - mu)^2. At x = u c / (v sin i) the disc's chord has the
//! half length sqrt(s), s = 1 - x^2, and on it mu^2 = s - y^2, so that
//!
//! ```text
//! G(x) = [2 (1 - u1 - u2) sqrt(s) + (u1 + 2 u2) (pi / 2) s - (4/3) u2 s^(3/2)] / [pi (1 - u1 / 3 - u2 / 6)]
//! ```
//!
//! With x = cos(theta) the integrand is analytic over (0, pi): Gauss-Legendre rules on panels there have no trouble with the vertical ends of G.

use std::f64::consts::{FRAC_PI_2, PI};

use super::LIGHT_KM_S;
use super::kernel::{Kernel, POINTS_PER_PANEL, Part, panels};
use super::setting::Slot;

/// The kernel with v sin i \[km s-1\] and limb darkening in slots.
#[derive(Clone, Debug)]
pub(super) struct RotationKernel {
    velocity: Slot,
    limb: [Slot; 2],
    /// x, sqrt(s) and dx of each node.
    nodes: Vec<(f64, f64, f64)>,
}

impl RotationKernel {
    /// For v sin i up to `highest` \[km s-1\], on a grid of steps `step` in ln nu.
    pub fn new(velocity: Slot, limb: [Slot; 2], highest: f64, step: f64) -> Self {
        // Nodes half a step of the grid apart at the centre of the widest kernel.
        let count = 2.0 * PI * highest / LIGHT_KM_S / step / POINTS_PER_PANEL as f64;
        let nodes = panels(0.0, PI, (count.ceil() as usize).max(4));
        let nodes = nodes.into_iter().map(|(theta, w)| (theta.cos(), theta.sin(), w * theta.sin())).collect();
        Self { velocity, limb, nodes }
    }

    /// Kernel and derivatives by those of v sin i, u1, u2 that are free.
    pub fn part(&self, x: &[f64], step: f64) -> Part {
        let [u1, u2] = self.limb.each_ref().map(|slot| slot.value(x));
        let per_km_s = 1.0 / (LIGHT_KM_S * step);
        let width = self.velocity.value(x) * per_km_s;
        let empty = || Kernel::zeros(-width, width);
        let mut value = empty();
        let mut by_velocity = self.velocity.index().map(|i| (i, empty()));
        let mut by_limb = self.limb.each_ref().map(|slot| slot.index().map(|i| (i, empty())));
        for &(node, root, dx) in &self.nodes {
            let (profile, by_u) = profile(root, u1, u2);
            value.add(width * node, dx * profile);
            if let Some((_, kernel)) = &mut by_velocity {
                kernel.add_slope(width * node, per_km_s * node * dx * profile);
            }
            for (kernel, slope) in by_limb.iter_mut().zip(by_u) {
                if let Some((_, kernel)) = kernel {
                    kernel.add(width * node, dx * slope);
                }
            }
        }
        Part { value, slopes: by_velocity.into_iter().chain(by_limb.into_iter().flatten()).collect() }
    }
}

/// Total light of a disc with limb darkening, relative to pi I(1).
pub(super) fn disc(u1: f64, u2: f64) -> f64 {
    1.0 - u1 / 3.0 - u2 / 6.0
}

/// G at sqrt(1 - x^2) = `root`, and its derivatives by u1 and u2.
pub(super) fn profile(root: f64, u1: f64, u2: f64) -> (f64, [f64; 2]) {
    let (flat, chord, cube) = (2.0 * root, FRAC_PI_2 * root * root, 4.0 / 3.0 * root.powi(3));
    let norm = PI * disc(u1, u2);
    let value = ((1.0 - u1 - u2) * flat + (u1 + 2.0 * u2) * chord - u2 * cube) / norm;
    let by_u1 = (chord - flat + value * PI / 3.0) / norm;
    let by_u2 = (2.0 * chord - flat - cube + value * PI / 6.0) / norm;
    (value, [by_u1, by_u2])
}
