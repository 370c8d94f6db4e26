//! Absorption by the negative hydrogen ion, bound-free and free-free (John 1988, A&A 193, 189).
//!
//! Both are given per hydrogen atom and unit electron pressure, k \[cm4 dyn-1\], with stimulated emission included, so that the optical depth of a layer is
//! k(nu, T) P_e N_H with the electron pressure P_e = x_e P and the column N_H of hydrogen atoms. Bound-free absorption begins at 1.6419 um; alpha = hc / k_B is 1.4388e4 um K
//! (the paper's printed 1.439e8 is of another unit). The species are `H` and `e-`.
//!
//! Bound-free is within 0.5 % of the cross sections of Wishart 1979 (MNRAS 187, 59P), to which it was fitted, from 0.225 to 1.5 um; free-free within 1.5 % of Bell & Berrington 1987.

use super::amount::ln_product;
use super::continuum::{Conditions, Continuum, LN_NOTHING, LnCoefficient};
use crate::atmosphere::{PressureGrid, State};
use crate::constants::ATOMIC_MASS_CGS;
use crate::dual::Dual;
use crate::{Note, Result};

/// Photo-detachment threshold \[um\].
const THRESHOLD_UM: f64 = 1.6419;

/// Shortest wavelength of the bound-free fit \[um\]; below lie the resonances of H-, which it leaves out.
const SHORTEST_BOUND_FREE_UM: f64 = 0.125;

/// hc / k_B \[um K\].
const ALPHA: f64 = 1.4388e4;

/// Below this temperature bound-free absorption is taken as it is here \[K\].
const COLDEST_K: f64 = 100.0;

/// Temperatures of the free-free fit \[K\]: 5040 / T of 0.5 to 3.6.
const FREE_FREE_K: (f64, f64) = (1400.0, 10_080.0);

/// Shortest wavelength of the free-free fit \[um\].
const SHORTEST_FREE_FREE_UM: f64 = 0.1823;

/// C_n of the bound-free cross section (table 2).
const BOUND_FREE: [f64; 6] = [152.519, 49.534, -118.858, 92.536, -34.194, 4.982];

/// A_n to F_n of the free-free coefficient, n = 1 to 6, at 0.3645 um and above (table 3a), and below (table 3b). C_5 is 8624.970: with 8642.970, as it is found copied, the
/// coefficient is up to six times that of Bell & Berrington at 0.3645 um.
const FREE_FREE: [[[f64; 6]; 6]; 2] = [
    [
        [0.0, 2483.346, -3449.889, 2200.040, -696.271, 88.283],
        [0.0, 285.827, -1158.382, 2427.719, -1841.400, 444.517],
        [0.0, -2054.291, 8746.523, -13651.105, 8624.970, -1863.864],
        [0.0, 2827.776, -11485.632, 16755.524, -10051.530, 2095.288],
        [0.0, -1341.537, 5303.609, -7510.494, 4400.067, -901.788],
        [0.0, 208.952, -812.939, 1132.738, -655.020, 132.985],
    ],
    [
        [518.1021, 473.2636, -482.2089, 115.5291, 0.0, 0.0],
        [-734.8666, 1443.4137, -737.1616, 169.6374, 0.0, 0.0],
        [1021.1775, -1977.3395, 1096.8827, -245.6490, 0.0, 0.0],
        [-479.0721, 922.3575, -521.1341, 114.2430, 0.0, 0.0],
        [93.1373, -178.9275, 101.7963, -21.9972, 0.0, 0.0],
        [-6.4285, 12.3600, -7.0571, 1.5097, 0.0, 0.0],
    ],
];

/// Photo-detachment cross section \[cm2\] of H- at a wavelength \[um\] (eqs. 4 and 5), zero from the threshold on. Below 0.125 um it is the value there, as the fit would rise without end.
fn photo_detachment(um: f64) -> f64 {
    let um = um.max(SHORTEST_BOUND_FREE_UM);
    let above = (1.0 / um - 1.0 / THRESHOLD_UM).max(0.0);
    let root = above.sqrt();
    let series = BOUND_FREE.iter().rev().fold(0.0, |sum, c| sum * root + c);
    1e-18 * um.powi(3) * above * root * series
}

/// Bound-free absorption per hydrogen atom and electron pressure \[cm4 dyn-1\], and its derivative by temperature \[cm4 dyn-1 K-1\], at a wavenumber \[cm-1\] (eq. 3).
pub fn bound_free(wavenumber: f64, temperature_k: f64) -> (f64, f64) {
    let um = 1e4 / wavenumber;
    let cross_section = photo_detachment(um);
    if cross_section == 0.0 {
        return (0.0, 0.0);
    }
    // Colder gas has no H-, and the formula no number.
    let t = temperature_k.max(COLDEST_K);
    let x = ALPHA / (um * t);
    let value = 0.750 * t.powf(-2.5) * (ALPHA / (THRESHOLD_UM * t)).exp() * -(-x).exp_m1() * cross_section;
    let slope = -2.5 / t - ALPHA / (THRESHOLD_UM * t * t) - x / t / x.exp_m1();
    (value, if t == temperature_k { value * slope } else { 0.0 })
}

/// Free-free absorption per hydrogen atom and electron pressure \[cm4 dyn-1\], and its derivative by temperature \[cm4 dyn-1 K-1\], at a wavenumber \[cm-1\] (eq. 6). Temperatures and wavelengths
/// beyond the fit (1400 to 10 080 K, 0.1823 um) count as its end.
pub fn free_free(wavenumber: f64, temperature_k: f64) -> (f64, f64) {
    let um = (1e4 / wavenumber).max(SHORTEST_FREE_FREE_UM);
    let t = temperature_k.clamp(FREE_FREE_K.0, FREE_FREE_K.1);
    let table = &FREE_FREE[usize::from(um < 0.3645)];
    let (theta, inverse) = (5040.0 / t, 1.0 / um);
    let (mut value, mut slope) = (0.0, 0.0);
    let [a, b, c, d, e, f] = table;
    for (n, ((a, b), ((c, d), (e, f)))) in a.iter().zip(b).zip(c.iter().zip(d).zip(e.iter().zip(f))).enumerate() {
        let shape = um * um * a + b + inverse * (c + inverse * (d + inverse * (e + inverse * f)));
        let power = 0.5 * (n as f64 + 2.0);
        let term = 1e-29 * theta.powf(power) * shape;
        value += term;
        slope -= power / t * term;
    }
    (value, if t == temperature_k { slope } else { 0.0 })
}

/// H- in the composition's hydrogen atoms `H` and electrons `e-`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HMinus;

impl Continuum for HMinus {
    fn name(&self) -> &str {
        "H-"
    }

    fn ln_amount(&self, state: &State<Dual>, layers: &PressureGrid) -> Result<Vec<Dual>> {
        let (hydrogen, electrons) = (state.volume_ratio("H")?, state.volume_ratio("e-")?);
        let pressures = layers.pressure_bar().iter().zip(layers.dpressure_bar());
        let each = pressures.enumerate().map(|(i, (p, dp))| {
            let (h, e, mean, g) = (&hydrogen[i], &electrons[i], &state.mean_molar_mass[i], &state.gravity[i]);
            let electron_pressure = e.value() * p * 1e6;
            let column = h.value() * dp * 1e6 / (mean.value() * ATOMIC_MASS_CGS * g.value());
            ln_product((electron_pressure * column).ln().max(LN_NOTHING), &[h, e], &[mean, g])
        });
        Ok(each.collect())
    }

    fn ln_coefficient(&self, at: &Conditions, wavenumber: &[f64], into: &mut LnCoefficient) {
        for (i, nu) in wavenumber.iter().enumerate() {
            let (bound, free) = (bound_free(*nu, at.temperature_k), free_free(*nu, at.temperature_k));
            let sum = bound.0 + free.0;
            into.value[i] = sum.ln().max(LN_NOTHING);
            into.by_temperature[i] = if sum > 0.0 { (bound.1 + free.1) / sum } else { 0.0 };
        }
    }

    fn notes(&self, (_, hi): (f64, f64), temperature_k: &[f64]) -> Vec<Note> {
        let mut notes = Vec::new();
        let outside = temperature_k.iter().filter(|t| !(FREE_FREE_K.0..=FREE_FREE_K.1).contains(*t)).count();
        if outside > 0 {
            let (lo, hi) = FREE_FREE_K;
            let text = format!(
                "free-free absorption is known from {lo} to {hi} K; {outside} layers take the value at the end"
            );
            notes.push(Note::new("H-", text, None));
        }
        if 1e4 / hi < SHORTEST_FREE_FREE_UM {
            let text = format!(
                "free-free absorption is known from {SHORTEST_FREE_FREE_UM} um; shorter wavelengths take the value there"
            );
            notes.push(Note::new("H-", text, None));
        }
        if 1e4 / hi < SHORTEST_BOUND_FREE_UM {
            let text = format!(
                "bound-free absorption is known from {SHORTEST_BOUND_FREE_UM} um; shorter wavelengths take the cross section there"
            );
            notes.push(Note::new("H-", text, None));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cold_gas_has_numbers_too() {
        for t in [1.0, 9.0, 99.0, 101.0] {
            let mut into = LnCoefficient::new(1, 0);
            HMinus.ln_coefficient(
                &Conditions { temperature_k: t, pressure_bar: 1.0, shape: vec![] },
                &[10_000.0],
                &mut into,
            );
            assert!(into.value[0].is_finite() && into.by_temperature[0].is_finite(), "{t} K: {into:?}");
        }
    }

    #[test]
    fn reference_values_are_met() {
        let nu = 1e4 / 1.4;
        assert!((bound_free(nu, 3000.0).0 / 4.065769e-25 - 1.0).abs() < 1e-4, "{:e}", bound_free(nu, 3000.0).0);
        assert!((free_free(nu, 3000.0).0 / 2.0075e-26 - 1.0).abs() < 1e-4, "{:e}", free_free(nu, 3000.0).0);
    }

    #[test]
    fn free_free_is_bell_and_berrington() {
        // Bell & Berrington 1987, J. Phys. B 20, 801, table 1, in 1e-26 cm4 dyn-1 by wavelength and 5040 / T; John's fit is within 1 % of these.
        for (angstrom, theta, expected) in [
            (1823.0, 1.0, 0.0402),
            (2604.0, 2.8, 0.199),
            (3038.0, 1.0, 0.0789),
            (3645.0, 3.6, 0.418),
            (5063.0, 2.0, 0.390),
            (9113.0, 1.0, 0.576),
            (15_189.0, 1.0, 1.52),
            (30_378.0, 1.6, 8.67),
            (91_134.0, 0.5, 27.0),
        ] {
            let found = free_free(1e8 / angstrom, 5040.0 / theta).0 * 1e26;
            assert!((found / expected - 1.0).abs() < 0.01, "{angstrom} A, {theta}: {found}");
        }
    }

    #[test]
    fn bound_free_is_wisharts_and_ends_at_its_threshold() {
        // Wishart 1979, MNRAS 187, 59P, in 1e-18 cm2. John's fit is within 0.5 %, and 0.9 % at 0.2 um.
        for (um, expected) in
            [(0.25, 12.75), (0.4, 23.02), (0.5, 29.23), (0.7, 37.91), (0.85, 40.01), (1.0, 37.89), (1.4, 14.85)]
        {
            let found = photo_detachment(um) * 1e18;
            assert!((found / expected - 1.0).abs() < 5e-3, "{um} um: {found}");
        }
        assert!((photo_detachment(0.2) / 9.453e-18 - 1.0).abs() < 0.01);
        assert_eq!(bound_free(1e4 / 1.65, 3000.0), (0.0, 0.0));
        assert_eq!(photo_detachment(0.05), photo_detachment(0.125));
    }

    #[test]
    fn what_is_not_known_is_told() {
        let notes = |hi: f64, t: f64| HMinus.notes((1e3, hi), &[t]).iter().map(|n| n.text.clone()).collect::<Vec<_>>();
        assert!(notes(1e4 / 0.19, 2000.0).is_empty());
        assert!(notes(1e4 / 0.19, 1300.0)[0].contains("1400 to 10080 K; 1 layers"));
        assert!(notes(1e4 / 0.15, 2000.0)[0].contains("free-free absorption is known from 0.1823 um"));
        assert!(notes(1e4 / 0.12, 2000.0)[1].contains("bound-free absorption is known from 0.125 um"));
    }

    #[test]
    fn slopes_are_what_differences_give() {
        for um in [0.2, 0.5, 1.0, 1.5, 1.7, 5.0] {
            for t in [1500.0, 3000.0, 6000.0] {
                for of in [bound_free, free_free] {
                    let (nu, h) = (1e4 / um, 1e-3 * t);
                    let at = |steps: f64| of(nu, t + steps * h).0;
                    let expected = (at(-2.0) - 8.0 * at(-1.0) + 8.0 * at(1.0) - at(2.0)) / (12.0 * h);
                    let scale = of(nu, t).0 / t;
                    assert!((of(nu, t).1 - expected).abs() <= 1e-8 * scale, "{um} um, {t} K");
                }
            }
        }
        assert_eq!(free_free(1e4, 500.0).1, 0.0);
    }
}
