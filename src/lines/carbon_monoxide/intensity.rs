//! Dipole matrix elements, Einstein coefficients and line strengths.
//!
//! Chackerian & Tipping (1983), J. Mol. Spectrosc. 99, 431, solved the Schroedinger equation with an RKR potential and
//! a Pade dipole-moment function and fitted the squared matrix elements of v, J -> v + d, J' by
//!
//! `M^2(v, d, m) = M^2(0, d, 0) C(v + d, d) H_d(v) F_d(v, m)`,
//!
//! C the binomial coefficient (the harmonic oscillator), H the anharmonicity, F the effect of rotation (Herman & Wallis
//! 1955), m = J + 1 in the R branch and -J in the P branch. H and F are theirs. M(0, d, 0) is set by newer
//! measurements, the band intensities of Zou & Varanasi (2002), JQSRT 75, 63; theirs were 2.3 % and 2.1 % stronger.
//!
//! Isotopologues: to leading order M^2 goes as rho^d and the coefficient of m^i as rho^i, with
//! rho = sqrt(mu(12C16O) / mu). This meets HITRAN's 13C16O and 12C18O within 0.1 %.

use super::levels::polynomial;
use super::{Isotopologue, Transition};
use crate::constants::{C2, SPEED_OF_LIGHT, T_REF};

/// Band intensities at 296 K \[cm/molecule\] of 1-0 and 2-0, Zou & Varanasi (2002), +-0.7 and +-0.9 %. Taken to be
/// those of 12C16O in natural CO, the convention of HITRAN (if they were the pure isotopologue's, ours would be 1.3 %
/// too strong).
#[cfg(test)]
pub(super) const BAND_INTENSITIES: [f64; 2] = [1.013e-17, 7.532e-20];

/// 64 pi^4 / (3 h) \[s-1 cm3 Debye-2\]: A = this nu^3 |m| M^2 / (2J' + 1).
const EINSTEIN_A: f64 = 3.136189e-7;

/// Squared matrix elements of v, J -> v + d, J' for one d.
struct BandSequence {
    /// |M(0, d, 0)| \[Debye\].
    first: f64,
    /// H: coefficients of v^0, v^1, ...
    vibration: [f64; 10],
    /// F: one row per power of v, along it the coefficients of m^0, m^1, ...
    rotation: [[f64; 7]; 4],
}

const FUNDAMENTAL: BandSequence = BandSequence {
    first: 0.107187,
    vibration: [
        1.0,
        -1.4243e-3,
        -1.8776e-4,
        2.5099e-6,
        -7.0693e-7,
        7.1219e-8,
        -4.3129e-9,
        1.4553e-10,
        -2.5841e-12,
        1.8832e-14,
    ],
    rotation: [
        [1.0, 1.9027e-4, 7.0112e-6, -2.1784e-8, -8.2485e-12, -2.0811e-13, -8.3958e-17],
        [0.0, -5.0303e-5, -2.0387e-7, -7.3577e-10, -1.9716e-12, 1.5967e-15, -1.1501e-17],
        [0.0, -3.2773e-7, -1.1501e-9, -1.6314e-12, 7.6882e-16, -9.0972e-16, -1.8261e-18],
        [0.0, -6.6337e-9, -1.3006e-10, -4.1434e-14, -5.3066e-15, 3.5135e-17, -4.4716e-20],
    ],
};

const OVERTONE: BandSequence = BandSequence {
    first: 6.53148e-3,
    vibration: [
        1.0,
        2.3035e-2,
        1.5977e-5,
        -1.5246e-5,
        2.7701e-6,
        -3.0533e-7,
        2.0163e-8,
        -7.5946e-10,
        1.5284e-11,
        -1.2803e-13,
    ],
    rotation: [
        [1.0, 5.1206e-3, 3.4079e-5, 7.8730e-8, 3.3385e-10, 4.1807e-13, 3.0415e-15],
        [-3.8840e-10, -9.6144e-5, -5.7521e-7, -2.9083e-9, -9.5081e-12, -1.0206e-13, 7.3446e-18],
        [-4.4289e-8, 7.4737e-7, 4.8188e-9, -1.9733e-11, -3.8067e-13, 1.4492e-14, -5.2711e-18],
        [2.7195e-9, -2.2463e-8, 1.0095e-10, 2.0817e-12, 5.2529e-14, -8.0869e-16, 6.2062e-19],
    ],
};

/// Squared matrix element \[Debye2\], without the Hoenl-London factor |m|.
fn squared_dipole(isotopologue: Isotopologue, t: Transition) -> f64 {
    let rho = (Isotopologue::C12O16.reduced_mass() / isotopologue.reduced_mass()).sqrt();
    let v = t.v_lower as f64;
    let (sequence, binomial) = match t.dv() {
        1 => (&FUNDAMENTAL, v + 1.0),
        _ => (&OVERTONE, (v + 1.0) * (v + 2.0) / 2.0),
    };
    let rotation = sequence.rotation.map(|row| polynomial(&row, rho * t.m()));
    sequence.first.powi(2)
        * binomial
        * polynomial(&sequence.vibration, v)
        * polynomial(&rotation, v)
        * rho.powi(t.dv() as i32)
}

/// Einstein coefficient A \[s-1\] of a transition at `wavenumber` \[cm-1\].
pub(super) fn einstein_a(isotopologue: Isotopologue, t: Transition, wavenumber: f64) -> f64 {
    let degeneracy = (2 * t.j_upper + 1) as f64;
    EINSTEIN_A * wavenumber.powi(3) * t.m().abs() / degeneracy * squared_dipole(isotopologue, t)
}

/// Line strength at 296 K with terrestrial abundance \[cm/molecule\] (Simeckova et al. 2006, JQSRT 98, 130).
/// `wavenumber` and `lower_energy` in cm-1; `partition_sum` is Q(296 K) with the spin degeneracy.
pub(super) fn line_strength(
    isotopologue: Isotopologue,
    t: Transition,
    wavenumber: f64,
    lower_energy: f64,
    partition_sum: f64,
) -> f64 {
    let degeneracy = isotopologue.spin_degeneracy() * (2 * t.j_upper + 1) as f64;
    let boltzmann = (-C2 * lower_energy / T_REF).exp() * -(-C2 * wavenumber / T_REF).exp_m1();
    let light = SPEED_OF_LIGHT * 100.0;
    isotopologue.terrestrial_abundance() * einstein_a(isotopologue, t, wavenumber) * degeneracy * boltzmann
        / (8.0 * std::f64::consts::PI * light * wavenumber.powi(2) * partition_sum)
}
