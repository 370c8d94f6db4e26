//! Chemical formulae: of an isotopologue's name, and whether two stand for the same molecule.
//!
//! ExoMol names isotopologues by atoms with mass numbers, `1H2-16O`, and marks ions by `_p` and `_n` (or `_m`) at the end.

use std::collections::BTreeMap;

/// The molecule of an isotopologue as ExoMol writes it: `H2O` of `1H2-16O`, `CO2` of `16O-12C-18O`, `H3+` of `1H3_p`. Atoms keep
/// their order where every element stands together; else carbon comes first and hydrogen second (Hill's order). What is no such
/// name is returned as it is.
pub fn molecule_of(slug: &str) -> String {
    let (name, charge) = match slug.rsplit_once('_') {
        Some((name, "p")) => (name, "+"),
        Some((name, "n" | "m")) => (name, "-"),
        _ => (slug, ""),
    };
    let Some(atoms) = name.split('-').map(isotope).collect::<Option<Vec<_>>>() else { return slug.to_owned() };
    let mut all: Vec<(&str, u32)> = Vec::new();
    let mut together = true;
    for (element, n) in atoms {
        let adjacent = all.last().is_some_and(|l| l.0 == element);
        match all.iter_mut().find(|a| a.0 == element) {
            Some(known) => {
                known.1 = known.1.saturating_add(n);
                together &= adjacent;
            }
            None => all.push((element, n)),
        }
    }
    if !together {
        let place = |element: &str| ["C", "H"].iter().position(|e| *e == element).unwrap_or(2);
        all.sort_by_key(|(element, _)| (place(element), *element));
    }
    let words = all.iter().map(|(element, n)| if *n == 1 { (*element).to_owned() } else { format!("{element}{n}") });
    words.collect::<String>() + charge
}

/// True if two formulae have the same atoms and charge, in whatever order: `HCN` and `HNC`, but not `CO` and `Co`. Deuterium and tritium
/// (`D`, `T`) count as hydrogen.
pub fn same_formula(a: &str, b: &str) -> bool {
    match (atoms(a), atoms(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// Standard atomic weights \[g mol-1\], abridged (IUPAC 2021; for elements without one, the longest-lived isotope's mass is left out); D is deuterium.
const WEIGHTS: [(&str, f64); 62] = [
    ("H", 1.008),
    ("D", 2.0141),
    ("He", 4.0026),
    ("Li", 6.94),
    ("Be", 9.0122),
    ("B", 10.81),
    ("C", 12.011),
    ("N", 14.007),
    ("O", 15.999),
    ("F", 18.998),
    ("Ne", 20.180),
    ("Na", 22.990),
    ("Mg", 24.305),
    ("Al", 26.982),
    ("Si", 28.085),
    ("P", 30.974),
    ("S", 32.06),
    ("Cl", 35.45),
    ("Ar", 39.95),
    ("K", 39.098),
    ("Ca", 40.078),
    ("Sc", 44.956),
    ("Ti", 47.867),
    ("V", 50.942),
    ("Cr", 51.996),
    ("Mn", 54.938),
    ("Fe", 55.845),
    ("Co", 58.933),
    ("Ni", 58.693),
    ("Cu", 63.546),
    ("Zn", 65.38),
    ("Ga", 69.723),
    ("Ge", 72.630),
    ("As", 74.922),
    ("Se", 78.971),
    ("Br", 79.904),
    ("Kr", 83.798),
    ("Rb", 85.468),
    ("Sr", 87.62),
    ("Y", 88.906),
    ("Zr", 91.224),
    ("Nb", 92.906),
    ("Mo", 95.95),
    ("Ru", 101.07),
    ("Rh", 102.91),
    ("Pd", 106.42),
    ("Ag", 107.87),
    ("Cd", 112.41),
    ("In", 114.82),
    ("Sn", 118.71),
    ("Sb", 121.76),
    ("Te", 127.60),
    ("I", 126.90),
    ("Xe", 131.29),
    ("Cs", 132.91),
    ("Ba", 137.33),
    ("La", 138.91),
    ("Hg", 200.59),
    ("Pb", 207.2),
    ("Bi", 208.98),
    ("Th", 232.04),
    ("U", 238.03),
];

/// Mass of an electron \[g mol-1\].
const ELECTRON: f64 = 5.48580e-4;

/// Molar mass of a formula \[g mol-1\], of the elements as they are found on Earth; `e-` is the electron. `None` for what is no formula.
pub fn molar_mass(formula: &str) -> Option<f64> {
    if formula == "e-" {
        return Some(ELECTRON);
    }
    let name = formula.trim_end_matches(['+', '-']);
    let (mut sum, mut rest) = (0.0, name);
    while !rest.is_empty() {
        let (symbol, after) = element(rest)?;
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let n: f64 = if digits == 0 { 1.0 } else { after[..digits].parse().ok()? };
        sum += n * WEIGHTS.iter().find(|(s, _)| *s == symbol)?.1;
        rest = &after[digits..];
    }
    (sum > 0.0).then_some(sum)
}

/// `1H2`: element and number.
fn isotope(text: &str) -> Option<(&str, u32)> {
    let mass = text.bytes().take_while(u8::is_ascii_digit).count();
    let (element, rest) = element(&text[mass..])?;
    let n = if rest.is_empty() { 1 } else { rest.parse().ok()? };
    (mass > 0 && n > 0).then_some((element, n))
}

/// An element's symbol and what follows.
fn element(text: &str) -> Option<(&str, &str)> {
    if !text.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let end = 1 + text[1..].bytes().take_while(u8::is_ascii_lowercase).count();
    Some(text.split_at(end))
}

/// Atoms by element, and the charge.
fn atoms(formula: &str) -> Option<(BTreeMap<&str, u32>, i32)> {
    let name = formula.trim_end_matches(['+', '-']);
    let charge = formula[name.len()..].bytes().map(|b| if b == b'+' { 1 } else { -1 }).sum();
    let (mut all, mut rest) = (BTreeMap::new(), name);
    while !rest.is_empty() {
        let (symbol, after) = element(rest)?;
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let n: u32 = if digits == 0 { 1 } else { after[..digits].parse().ok()? };
        let total = all.entry(if matches!(symbol, "D" | "T") { "H" } else { symbol }).or_insert(0u32);
        *total = total.saturating_add(n);
        rest = &after[digits..];
    }
    (!all.is_empty()).then_some((all, charge))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::isotopologues;
    use proptest::prelude::*;

    #[test]
    fn every_isotopologue_is_of_its_molecule() {
        for i in isotopologues::all() {
            let ours = molecule_of(i.slug);
            assert!(same_formula(&ours, i.molecule), "{}: {ours}, {}", i.slug, i.molecule);
        }
    }

    #[test]
    fn names() {
        for (slug, molecule) in [
            ("1H2-16O", "H2O"),
            ("1H-2H-16O", "H2O"),
            ("12C-16O", "CO"),
            ("16O-12C-18O", "CO2"),
            ("23Na-1H", "NaH"),
            ("40Ca-16O-1H", "CaOH"),
            ("1H3_p", "H3+"),
            ("1H2-2H_p", "H3+"),
            ("12C2_n", "C2-"),
            ("14N-15N-16O", "N2O"),
            ("12C-1H3-35Cl", "CH3Cl"),
            ("X", "X"),
            ("Na_I", "Na_I"),
        ] {
            assert_eq!(molecule_of(slug), molecule, "{slug}");
        }
    }

    #[test]
    fn molar_masses_of_formulae() {
        // HITRAN's masses of the main isotopologues differ from those of natural mixtures by up to 0.5 % (HCl: chlorine has two; germanium has five, 1.7 %).
        for i in isotopologues::all().iter().filter(|i| i.number == '1') {
            if let Some(m) = molar_mass(i.molecule) {
                assert!((m / i.molar_mass - 1.0).abs() < 0.02, "{}: {m}, {}", i.molecule, i.molar_mass);
            }
        }
        assert_eq!(molar_mass("H2O").map(|m| (m * 1e3).round()), Some(18_015.0));
        assert_eq!(
            (molar_mass("my water"), molar_mass(""), molar_mass("X2"), molar_mass("-")),
            (None, None, None, None)
        );
        assert!(molar_mass("e-").unwrap() < 1e-3 && molar_mass("H-") == molar_mass("H"));
    }

    #[test]
    fn same_atoms() {
        for (a, b) in
            [("H2O", "OH2"), ("HDO", "H2O"), ("HCN", "HNC"), ("CH3OH", "CH4O"), ("H3O+", "OH3+"), ("e-", "e-")]
        {
            assert!(same_formula(a, b), "{a} {b}");
        }
        for (a, b) in
            [("CO", "Co"), ("CO", "CO2"), ("NO", "NO+"), ("H2O", "h2o"), ("H-", "H"), ("CO", ""), ("CO", "co.par")]
        {
            assert!(!same_formula(a, b), "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken(a in "\\PC{0,20}|[0-9A-Za-z_+-]{0,20}", b in "[0-9A-Za-z+-]{0,12}") {
            let _ = (molecule_of(&a), same_formula(&a, &b));
            prop_assert!(same_formula(&b, &b));
        }
    }
}
