//! Whether a species' name and what its files hold are the same molecule.
//!
//! A name is a formula (`CO2`, `HDO`, `H3+`, also `CO₂`, and `co2` of a molecule that HITRAN has), an isotopologue as ExoMol writes it
//! (`12C-16O2`, `1H3_p`), or anything else (`my water`, `x.par`), which says nothing and is right for every file.

use std::borrow::Cow;

use crate::lines::formula::{molecule_of, same_formula};
use crate::lines::isotopologues;
use crate::{Error, Result};

/// Symbols of the elements, and D for heavy hydrogen.
const ELEMENTS: &str = " H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb \
    Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po \
    At Rn Fr Ra Ac Th Pa U D ";

/// Whether a text is made of nothing but elements' symbols, their numbers and a charge.
fn is_formula(text: &str) -> bool {
    let mut rest = text.trim_end_matches(['+', '-']);
    let some = !rest.is_empty();
    while !rest.is_empty() {
        let small = rest.chars().skip(1).take_while(char::is_ascii_lowercase).count();
        match rest.get(..1 + small) {
            Some(symbol) if ELEMENTS.contains(&format!(" {symbol} ")) => rest = &rest[symbol.len()..],
            _ => return false,
        }
        rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    some
}

/// The formula that a name is, if it is one.
fn formula(name: &str) -> Option<Cow<'_, str>> {
    let name = match name.contains(|c: char| ('₀'..='₉').contains(&c)) {
        false => Cow::Borrowed(name),
        true => {
            let plain =
                |c: char| ('₀'..='₉').contains(&c).then(|| (c as u32 - '₀' as u32) as u8 + b'0').map_or(c, char::from);
            Cow::Owned(name.chars().map(plain).collect())
        }
    };
    if is_formula(&name) {
        return Some(name);
    }
    let known = isotopologues::all().iter().map(|i| i.molecule).chain(["HDO"]);
    known.into_iter().find(|molecule| molecule.eq_ignore_ascii_case(&name)).map(Cow::Borrowed)
}

/// Whether a text is a formula, and that of a molecule.
pub(super) fn same_molecule(text: &str, molecule: &str) -> bool {
    formula(text).is_some_and(|formula| same_formula(&formula, molecule))
}

/// Refuses a name that is a formula of something else than the isotopologue `held`; `files` is where that was found.
pub(super) fn check(name: &str, held: &str, molecule: Option<&str>, files: &str) -> Result<()> {
    let name = name.trim();
    let found = molecule_of(held);
    let (is_isotopologue, known) = (molecule_of(name) != name, found != held);
    let wrong = if is_isotopologue { name != held } else { formula(name).is_some_and(|f| !same_formula(&f, &found)) };
    if !known || !wrong {
        return Ok(());
    }
    let molecule = molecule.map_or(found, str::to_owned);
    Err(Error::invalid("name", name, format!("what {files} holds: {molecule}, {held}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulae_name_molecules() {
        for (text, molecule) in [
            ("CO", "CO"),
            ("HDO", "H2O"),
            ("H3+", "H3+"),
            ("HClO", "HOCl"),
            ("CH3D", "CH4"),
            ("co2", "CO2"),
            ("hdo", "H2O"),
            ("CO₂", "CO2"),
            ("hcl", "HCl"),
        ] {
            assert!(same_molecule(text, molecule), "{text}");
        }
        for (text, molecule) in [("CO", "CO2"), ("Co", "CO"), ("H3+", "H3"), ("x", "x"), ("", ""), ("+", "+")] {
            assert!(!same_molecule(text, molecule), "{text}");
        }
    }

    #[test]
    fn only_what_is_a_formula_can_be_wrong() {
        let said = |name: &str, held: &str| check(name, held, None, "x").err().map(|e| e.to_string());
        for name in ["CO", "12C-16O", "my water", "x.par", "CO_hot", "water", "é", "", "12C16O", "HITRAN"] {
            assert_eq!(said(name, "12C-16O"), None, "{name}");
        }
        for name in ["co2", "h2o", "CO₂", "Hdo"] {
            assert!(
                said(name, "12C-16O").unwrap().starts_with(&format!("name: given {name}, required what x holds: CO"))
            );
        }
        assert_eq!(said("co2", "12C-16O2"), None);
        assert_eq!(said("CO2", "12C-16O").unwrap(), "name: given CO2, required what x holds: CO, 12C-16O");
        for (name, held) in [("13C-16O", "12C-16O"), ("H2O", "23Na-1H"), ("Co", "12C-16O"), ("H3", "1H3_p")] {
            assert!(said(name, held).is_some(), "{name}");
        }
        for (name, held) in [("NaH", "23Na-1H"), ("H3+", "1H3_p"), ("HDO", "1H-2H-16O"), ("1H3_p", "1H3_p")] {
            assert_eq!(said(name, held), None);
        }
        assert_eq!(said("CO2", "HITRAN 5/7"), None);
    }
}
