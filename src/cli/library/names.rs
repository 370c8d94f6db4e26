//! Whether a species' name and what its files hold are the same molecule.
//!
//! A name is a formula (`CO2`, `HDO`, `H3+`), an isotopologue as ExoMol writes it (`12C-16O2`, `1H3_p`), or anything else (`my water`,
//! `x.par`), which says nothing and is right for every file.

use std::collections::BTreeMap;

use crate::{Error, Result};

/// Symbols of the elements, and D for heavy hydrogen.
const ELEMENTS: &str = " H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb \
    Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po \
    At Rn Fr Ra Ac Th Pa U D ";

/// Atoms of a molecule by element, and its charge.
#[derive(Debug, PartialEq, Eq)]
struct Formula {
    atoms: BTreeMap<String, u32>,
    charge: i32,
}

impl Formula {
    /// Of a formula or an isotopologue's name; `None` if it is neither.
    fn of(name: &str) -> Option<Self> {
        let ends = [("_p", 1), ("+", 1), ("_m", -1), ("-", -1)];
        let ion = ends.iter().find_map(|(end, charge)| Some((name.strip_suffix(end)?, *charge)));
        let (neutral, charge) = ion.unwrap_or((name, 0));
        let mut atoms = BTreeMap::new();
        if is_isotopologue(neutral) {
            for part in neutral.split('-') {
                let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
                // One element, of one mass.
                if rest.len() == part.len() || !atom(rest, &mut atoms)?.is_empty() {
                    return None;
                }
            }
        } else {
            let mut rest = neutral;
            while !rest.is_empty() {
                rest = atom(rest, &mut atoms)?;
            }
        }
        (!atoms.is_empty()).then_some(Self { atoms, charge })
    }
}

/// Takes `Na2` off the front; what is left.
fn atom<'t>(text: &'t str, atoms: &mut BTreeMap<String, u32>) -> Option<&'t str> {
    let small = text.chars().skip(1).take_while(char::is_ascii_lowercase).count();
    let symbol = text.get(..1 + small).filter(|s| ELEMENTS.contains(&format!(" {s} ")))?;
    let rest = &text[symbol.len()..];
    let digits = rest.chars().take_while(char::is_ascii_digit).count();
    let count = if digits == 0 { 1 } else { rest[..digits].parse().ok().filter(|n| *n > 0)? };
    *atoms.entry(if symbol == "D" { "H" } else { symbol }.to_owned()).or_default() += count;
    Some(&rest[digits..])
}

/// Whether a name begins with a mass number, as isotopologues' names do.
pub(super) fn is_isotopologue(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether two names are formulae of the same molecule.
pub(super) fn same_molecule(a: &str, b: &str) -> bool {
    Formula::of(a).is_some_and(|a| Formula::of(b) == Some(a))
}

/// Refuses a name that is a formula of something else than the isotopologue `held`; `files` is where that was found.
pub(super) fn check(name: &str, held: &str, molecule: Option<&str>, files: &str) -> Result<()> {
    let name = name.trim();
    let (Some(given), Some(found)) = (Formula::of(name), Formula::of(held)) else { return Ok(()) };
    let same = if is_isotopologue(name) { name == held } else { given == found };
    if same {
        return Ok(());
    }
    let molecule = molecule.map_or(String::new(), |m| format!("{m}, "));
    Err(Error::invalid("name", name, format!("what {files} holds: {molecule}{held}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulae_and_isotopologues_name_molecules() {
        for (a, b) in [
            ("CO", "12C-16O"),
            ("CO2", "16O-12C-18O"),
            ("HDO", "H2O"),
            ("H3+", "1H3_p"),
            ("HOCl", "1H-16O-35Cl"),
            ("NaH", "23Na-1H"),
            ("CH3D", "12C-1H4"),
        ] {
            assert!(same_molecule(a, b), "{a} {b}");
        }
        for (a, b) in [("CO", "CO2"), ("Co", "CO"), ("H3+", "H3"), ("x", "x"), ("12C16O", "CO")] {
            assert!(!same_molecule(a, b), "{a} {b}");
        }
    }

    #[test]
    fn only_what_is_a_formula_can_be_wrong() {
        let said = |name: &str, held: &str| check(name, held, None, "x").err().map(|e| e.to_string());
        for name in ["CO", "12C-16O", "my water", "x.par", "CO_hot", "water", "é", "", "12C16O", "HITRAN"] {
            assert_eq!(said(name, "12C-16O"), None, "{name}");
        }
        assert_eq!(said("CO2", "12C-16O").unwrap(), "name: given CO2, required what x holds: 12C-16O");
        assert!(said("13C-16O", "12C-16O").is_some() && said("H2O", "23Na-1H").is_some());
        assert_eq!(said("CO2", "HITRAN 5/7"), None);
    }
}
