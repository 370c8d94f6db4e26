//! Vibration-rotation levels of the X 1Sigma+ state, and the partition function as their sum.
//!
//! E(v, J) = sum over k, l of Y_kl (v + 1/2)^k \[J(J+1)\]^l (Dunham 1932). One set of mass-independent parameters
//! serves all isotopologues (Watson 1980), with M the atomic masses, mu the reduced mass and m_e the electron's:
//!
//! Y_kl = U_kl mu^-(k/2 + l) \[1 + m_e (Delta_kl^C / M_C + Delta_kl^O / M_O)\].
//!
//! U and Delta are those of George, Urban & Le Floch (1994), J. Mol. Spectrosc. 165, 500.

use super::Isotopologue;
use crate::constants::{C2, SPEED_OF_LIGHT};
use crate::lines::PartitionFunction;

/// Electron mass \[u\], as in the fit.
const ELECTRON: f64 = 5.48579903e-4;
/// One wavenumber \[cm-1\] in MHz.
const WAVENUMBER_IN_MHZ: f64 = SPEED_OF_LIGHT * 1e-4;

/// U_kl \[MHz u^(k/2 + l)\]: one row per power l of J(J+1), along it the power k of v + 1/2.
const U: [&[f64]; 7] = [
    &[
        0.0,
        1.703231494924e8,
        -2.7313142748e6,
        5.6137102e3,
        95.07155,
        1.217222,
        -0.0565173,
        -0.0158669,
        6.01350e-4,
        -1.07034e-5,
    ],
    &[3.97029019829e5, -9.422092076e3, 0.8790883, -0.02603192, 0.03374105, -2.752925e-3, 6.317853e-5, -3.686248e-6],
    &[-8.6293759048, 3.7595887e-3, -1.7588271e-3, 4.487467e-5, -6.912644e-6],
    &[5.687165421e-5, -3.627044e-6, -6.903992e-8],
    &[-2.3964487e-9, -1.26055e-10, -2.2958e-12],
    &[-2.08015e-14, -7.04332e-15],
    &[-4.73222e-18],
];

/// Breakdown of the Born-Oppenheimer approximation: (l, k, Delta_kl of carbon, Delta_kl of oxygen), dimensionless.
const DELTA: [(usize, usize, f64, f64); 6] = [
    (0, 1, 0.694412285, -0.167780221),
    (0, 2, 0.3159935, -1.09806),
    (0, 3, -12.2868, -3.534),
    (1, 0, -2.0563695, -2.0976665),
    (1, 1, -1.666043, -1.706614),
    (2, 0, -7.39681645, 1.35),
];

/// Levels summed into the partition function: v and J up to these. At 7000 K the rest adds less than 0.05 %.
const SUM_TO: (usize, usize) = (25, 180);
/// Temperatures of the partition function \[K\]: first, last, ratio of neighbours. Interpolation then errs by less than 1e-6.
const TEMPERATURES: (f64, f64, f64) = (1.0, 7000.0, 1.01);

/// Energies \[cm-1\] above the level v = 0, J = 0.
pub(super) struct Levels {
    energy: Vec<f64>,
    j_count: usize,
}

impl Levels {
    /// Levels of `isotopologue` with v and J from 0 to the given ones, inclusive.
    pub(super) fn new(isotopologue: Isotopologue, v_max: usize, j_max: usize) -> Self {
        let y = dunham_coefficients(isotopologue);
        let mut energy = Vec::with_capacity((v_max + 1) * (j_max + 1));
        for v in 0..=v_max {
            // Powers of J(J+1) at this v: origin, B, -D, H, ...
            let rotation = y.each_ref().map(|row| polynomial(row, v as f64 + 0.5));
            energy.extend((0..=j_max).map(|j| polynomial(&rotation, (j * (j + 1)) as f64)));
        }
        let zero = energy[0];
        energy.iter_mut().for_each(|e| *e -= zero);
        Self { energy, j_count: j_max + 1 }
    }

    /// E(v, J) - E(0, 0) \[cm-1\].
    pub(super) fn at(&self, v: usize, j: usize) -> f64 {
        self.energy[v * self.j_count + j]
    }

    /// Sum of (2J + 1) exp(-c2 E / T) over all levels. The spin degeneracy is left out. `temperature` in K.
    fn boltzmann_sum(&self, temperature: f64) -> f64 {
        // Terms beyond exp(-40) = 4e-18 of the first are below the rounding of the sum; E grows with J.
        let cut = 40.0 * temperature / C2;
        let in_one_state = |levels: &[f64]| -> f64 {
            let kept = levels.iter().take_while(|e| **e < cut);
            kept.enumerate().map(|(j, e)| (2 * j + 1) as f64 * (-C2 * e / temperature).exp()).sum()
        };
        self.energy.chunks(self.j_count).map(in_one_state).sum()
    }
}

/// Q(T) of `isotopologue` from 1 to 7000 K by direct summation over its levels, nuclear spin counted as in TIPS.
pub(super) fn partition_function(isotopologue: Isotopologue) -> crate::Result<PartitionFunction> {
    let levels = Levels::new(isotopologue, SUM_TO.0, SUM_TO.1);
    let (first, last, ratio) = TEMPERATURES;
    let mut temperature: Vec<f64> =
        std::iter::successors(Some(first), |t| Some(t * ratio)).take_while(|t| *t < last).collect();
    temperature.push(last);
    let value = temperature.iter().map(|t| isotopologue.spin_degeneracy() * levels.boltzmann_sum(*t)).collect();
    PartitionFunction::new(temperature, value)
}

/// Y_kl \[cm-1\], laid out as `U`.
fn dunham_coefficients(isotopologue: Isotopologue) -> [Vec<f64>; 7] {
    let (carbon, oxygen) = isotopologue.masses();
    let mu = isotopologue.reduced_mass();
    let mut y = U.map(<[f64]>::to_vec);
    for (l, k, of_carbon, of_oxygen) in DELTA {
        y[l][k] *= 1.0 + ELECTRON * (of_carbon / carbon + of_oxygen / oxygen);
    }
    for (l, row) in y.iter_mut().enumerate() {
        for (k, value) in row.iter_mut().enumerate() {
            *value *= mu.powf(-(0.5 * k as f64 + l as f64)) / WAVENUMBER_IN_MHZ;
        }
    }
    y
}

/// sum of `coefficients[i]` x^i.
pub(super) fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_constants_of_the_main_isotopologue() {
        let y = dunham_coefficients(Isotopologue::C12O16);
        // Huber & Herzberg (1979): omega_e, omega_e x_e, B_e, alpha_e, D_e.
        let known = [(0, 1, 2169.8136, 1e-6), (0, 2, -13.2883, 5e-5), (1, 0, 1.931281, 1e-5), (2, 0, -6.1215e-6, 1e-3)];
        for (l, k, value, relative) in known {
            assert!((y[l][k] / value - 1.0).abs() < relative, "Y_{k}{l} = {}", y[l][k]);
        }
        // Zero-point energy above the potential's minimum.
        let zero_point = polynomial(&y[0], 0.5);
        assert!((zero_point - 1081.586).abs() < 1e-3, "{zero_point}");
    }

    #[test]
    fn energy_rises_with_v_and_j_in_all_that_is_summed() {
        for isotopologue in Isotopologue::ALL {
            let levels = Levels::new(isotopologue, SUM_TO.0, SUM_TO.1);
            for v in 0..=SUM_TO.0 {
                for j in 0..=SUM_TO.1 {
                    assert!(j == 0 || levels.at(v, j) > levels.at(v, j - 1), "{isotopologue:?} v = {v}, J = {j}");
                    assert!(v == 0 || levels.at(v, j) > levels.at(v - 1, j), "{isotopologue:?} v = {v}, J = {j}");
                }
            }
        }
    }

    #[test]
    fn partition_function_matches_tips() {
        let mut compared = 0;
        for (code, isotopologue) in [
            (26, Isotopologue::C12O16),
            (36, Isotopologue::C13O16),
            (28, Isotopologue::C12O18),
            (27, Isotopologue::C12O17),
        ] {
            let Some(text) = super::super::tests::shared_data(&format!("partition/CO_{code}.txt")) else { continue };
            let q = partition_function(isotopologue).unwrap();
            let (mut worst, mut worst_t) = (0.0f64, 0.0);
            for row in text.lines().filter(|l| !l.starts_with('#')) {
                let (t, tips) = row.trim().split_once(' ').expect("two columns");
                let (t, tips): (f64, f64) = (t.parse().unwrap(), tips.trim().parse().unwrap());
                if t > q.range().1 {
                    break;
                }
                let error = (q.at(t).unwrap() / tips - 1.0).abs();
                // TIPS-2021 is rounded to 1e-6; the rest is interpolation, and above 5000 K the levels left out.
                assert!(error < if t <= 5000.0 { 7e-5 } else { 5e-4 }, "CO_{code} at {t} K: off by {error:e}");
                if error > worst {
                    (worst, worst_t) = (error, t);
                }
                compared += 1;
            }
            eprintln!("CO_{code}: Q(T) within {worst:.1e} of TIPS-2021 (worst at {worst_t} K)");
        }
        assert!(compared == 0 || compared > 5000, "{compared}");
    }

    #[test]
    fn interpolation_of_the_table_is_harmless() {
        let levels = Levels::new(Isotopologue::C12O16, SUM_TO.0, SUM_TO.1);
        let q = partition_function(Isotopologue::C12O16).unwrap();
        for t in [1.013, 3.3, 17.7, 123.4, 296.0, 1000.0, 2345.6, 4996.0, 6950.0] {
            let error = (q.at(t).unwrap() / levels.boltzmann_sum(t) - 1.0).abs();
            assert!(error < 3e-5, "{t} K: {error:e}");
        }
        assert!((q.at(296.0).unwrap() / levels.boltzmann_sum(296.0) - 1.0).abs() < 1e-5);
    }
}
