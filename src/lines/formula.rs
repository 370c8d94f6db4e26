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
