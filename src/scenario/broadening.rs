//! Whose collisions broaden lines, as users write it: a partner's name, a mixture, a width.

use std::fmt;
use std::str::FromStr;

use crate::lines::Width;

/// Fractions of a mixture add up to 1 within this.
const SUM_TOLERANCE: f64 = 1e-6;

/// A collision partner by its name; `Default` is the list's own choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broadener {
    /// Air (HITRAN's gamma_air, n_air).
    Air,
    /// The molecule itself (HITRAN's gamma_self).
    SelfBroadening,
    /// The list's own default width and exponent (ExoMol's definition file); air for HITRAN.
    Default,
    /// Molecular hydrogen.
    H2,
    /// Helium.
    He,
    /// Any other gas that the list's files have widths for, such as `CO2`.
    Gas(String),
}

impl FromStr for Broadener {
    type Err = String;

    /// A name; those of this program in capitals or not.
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim();
        let known = [
            ("air", Self::Air),
            ("self", Self::SelfBroadening),
            ("default", Self::Default),
            ("h2", Self::H2),
            ("he", Self::He),
        ];
        if let Some((_, gas)) = known.into_iter().find(|(word, _)| name.eq_ignore_ascii_case(word)) {
            return Ok(gas);
        }
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "+-_".contains(c));
        if is_name { Ok(Self::Gas(name.to_owned())) } else { Err(format!("given `{text}`, required {REQUIRED_NAME}")) }
    }
}

impl fmt::Display for Broadener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Air => "air",
            Self::SelfBroadening => "self",
            Self::Default => "default",
            Self::H2 => "H2",
            Self::He => "He",
            Self::Gas(name) => name,
        })
    }
}

/// What a partner's name may be.
pub(super) const REQUIRED_NAME: &str = "air, self, default, h2, he or another gas that the list has widths for";

/// Line widths: of collision partners, or the same for all lines.
#[derive(Clone, Debug, PartialEq)]
pub enum Broadening {
    /// Of one partner, from the line list.
    From(Broadener),
    /// Of several, with their mole fractions.
    Mixture(Vec<(Broadener, f64)>),
    /// The user's own.
    Constant(Width),
}

impl Broadening {
    /// A mixture of partners with mole fractions.
    ///
    /// # Errors
    /// A fraction outside 0 to 1, a partner named twice, a sum other than 1, in words that follow what was given.
    pub fn mixture(parts: Vec<(Broadener, f64)>) -> Result<Self, String> {
        let required = "mole fractions from 0 to 1 with sum 1, such as H2 and He with 0.85 and 0.15";
        if let Some((gas, fraction)) = parts.iter().find(|(_, x)| !(0.0..=1.0).contains(x)) {
            return Err(format!("the fraction {fraction} of {gas}, required {required}"));
        }
        if let Some((i, (gas, _))) = parts.iter().enumerate().find(|(i, p)| parts[..*i].iter().any(|q| q.0 == p.0)) {
            return Err(format!("{gas} again as partner {}, required every partner once", i + 1));
        }
        let sum = parts.iter().fold(0.0, |sum, p| sum + p.1);
        if (sum - 1.0).abs() > SUM_TOLERANCE {
            return Err(format!("fractions with sum {}, required {required}", (sum * 1e9).round() / 1e9));
        }
        Ok(Self::Mixture(parts))
    }
}

impl FromStr for Broadening {
    type Err = String;

    /// `h2` or `H2=0.85,He=0.15`.
    fn from_str(text: &str) -> Result<Self, String> {
        if !text.contains(['=', ',']) {
            return text.parse().map(Self::From);
        }
        let part = |part: &str| {
            let required = "required NAME or NAME=FRACTION,NAME=FRACTION,..., such as h2 or H2=0.85,He=0.15";
            let wrong = || format!("given `{text}`, where `{part}` is not NAME=FRACTION, {required}");
            let (name, fraction) = part.split_once('=').ok_or_else(wrong)?;
            Ok((name.parse::<Broadener>().map_err(|_| wrong())?, fraction.trim().parse::<f64>().map_err(|_| wrong())?))
        };
        let parts = text.split(',').map(part).collect::<Result<Vec<_>, String>>()?;
        Self::mixture(parts).map_err(|e| format!("given `{text}`: {e}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_program_are_known_in_capitals_or_not() {
        let read = |t: &str| t.parse::<Broadener>();
        assert_eq!(
            ["H2", "HE", "Self", " air "].map(|t| read(t).unwrap()),
            [Broadener::H2, Broadener::He, Broadener::SelfBroadening, Broadener::Air]
        );
        assert_eq!(read("CO2"), Ok(Broadener::Gas("CO2".into())));
        for wrong in ["", "0.5", "H2 He", "a/b", "../x"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn mixtures_are_read_and_refused() {
        assert_eq!(
            "H2=0.85, He=0.15".parse(),
            Ok(Broadening::Mixture(vec![(Broadener::H2, 0.85), (Broadener::He, 0.15)]))
        );
        assert_eq!("co2".parse(), Ok(Broadening::From(Broadener::Gas("co2".into()))));
        let said = |t: &str| t.parse::<Broadening>().unwrap_err();
        insta::assert_snapshot!(said("H2=0.85,He=0.25"), @"given `H2=0.85,He=0.25`: fractions with sum 1.1, required mole fractions from 0 to 1 with sum 1, such as H2 and He with 0.85 and 0.15");
        insta::assert_snapshot!(said("H2=1.5,He=-0.5"), @"given `H2=1.5,He=-0.5`: the fraction 1.5 of H2, required mole fractions from 0 to 1 with sum 1, such as H2 and He with 0.85 and 0.15");
        insta::assert_snapshot!(said("H2,He"), @"given `H2,He`, where `H2` is not NAME=FRACTION, required NAME or NAME=FRACTION,NAME=FRACTION,..., such as h2 or H2=0.85,He=0.15");
        insta::assert_snapshot!(said("H2=0.5,h2=0.5"), @"given `H2=0.5,h2=0.5`: H2 again as partner 2, required every partner once");
        assert!("H2=nan,He=0.15".parse::<Broadening>().is_err() && "=1".parse::<Broadening>().is_err());
    }
}
