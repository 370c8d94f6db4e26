//! Lorentz widths as smooth functions of the rotational quantum number.
//!
//! The laws below were fitted to tabulated widths. They have no theory behind them but that a width falls from the
//! first lines to a plateau, by a fast exponential and a later step. Beyond the tables they stay flat.

use crate::constants::ATM_IN_BAR;

/// The gas that broadens the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Broadener {
    /// Air: HITRAN 2020 (Gordon et al. 2022), |m| = 1 to 56, to 1.6 % in the width and 0.013 in the exponent.
    Air,
    /// Molecular hydrogen: ExoMol's `12C-16O__H2.broad`, J'' = 0 to 80, to 1.1 % and 0.012.
    Hydrogen,
    /// Helium: ExoMol's `12C-16O__He.broad`, J'' = 0 to 69, to 1 % in the width; exponent 0.6.
    Helium,
}

/// x -> height / (1 + exp((x - centre) / width)).
struct Step {
    height: f64,
    centre: f64,
    width: f64,
}

impl Step {
    fn at(&self, x: f64) -> f64 {
        self.height / (1.0 + ((x - self.centre) / self.width).exp())
    }
}

impl Broadener {
    /// Half width at 296 K \[cm-1 bar-1\] and temperature exponent of a line with lower J'' and m (J'' + 1 or -J'').
    pub(super) fn width(self, j_lower: usize, m: f64) -> (f64, f64) {
        let j = j_lower as f64;
        match self {
            // HITRAN's table is by |m|, in cm-1/atm.
            Self::Air => {
                let m = m.abs();
                let shoulder = Step { height: 0.0139343, centre: 22.4499, width: 4.08890 };
                let slope = Step { height: 0.0776456, centre: 15.1484, width: 1.42848 };
                let per_atm = 0.0418676 + 0.0305130 * (-m / 4.23973).exp() + shoulder.at(m);
                (per_atm / ATM_IN_BAR, 0.669842 + slope.at(m))
            }
            // ExoMol's tables are by J'', in cm-1/bar.
            Self::Hydrogen => {
                let shoulder = Step { height: 1.00354e-3, centre: 19.4465, width: 3.22803 };
                let gamma = 0.0687953 + 7.64953e-3 * (-j / 1.63439).exp() + shoulder.at(j);
                (gamma, 0.649586 + 0.0215972 * (-j / 1.08530).exp())
            }
            Self::Helium => {
                let shoulder = Step { height: 9.98151e-4, centre: 19.8114, width: 0.848465 };
                (0.0453984 + 2.56232e-3 * (-j / 1.22056).exp() + shoulder.at(j), 0.6)
            }
        }
    }
}
