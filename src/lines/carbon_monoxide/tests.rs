//! The list against HITRAN's records, ExoMol's overtone and measured band intensities.

use std::collections::HashMap;
use std::path::PathBuf;

use super::*;

/// Text of a file of the data folder, or `None` (said aloud) where it is missing; on CI it must be there.
pub(super) fn shared_data(name: &str) -> Option<String> {
    let folder = std::env::var_os("PHOTOSPHERE_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = folder.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(e) if std::env::var_os("CI").is_some() => panic!("{}: {e}", path.display()),
        Err(_) => {
            eprintln!("SKIPPED: {} not found", path.display());
            None
        }
    }
}

/// What these tests need of a HITRAN record of CO.
struct Record {
    isotopologue: Isotopologue,
    transition: Transition,
    wavenumber: f64,
    strength: f64,
    einstein_a: f64,
    gamma_air: f64,
    n_air: f64,
    lower_energy: f64,
}

fn hitran() -> Option<Vec<Record>> {
    let text = shared_data("hitran/CO_2000-2300.par")?;
    let parse = |line: &str| {
        let number = |a: usize, b: usize| line[a..b].trim().parse::<f64>().unwrap();
        let branch: Vec<&str> = line[112..127].split_whitespace().collect();
        let j_lower: usize = branch[1].parse().unwrap();
        let j_upper = if branch[0] == "R" { j_lower + 1 } else { j_lower - 1 };
        let (v_upper, v_lower) = (number(67, 82) as usize, number(82, 97) as usize);
        Record {
            isotopologue: Isotopologue::from_hitran(number(2, 3) as usize).unwrap(),
            transition: Transition { v_lower, v_upper, j_lower, j_upper },
            wavenumber: number(3, 15),
            strength: number(15, 25),
            einstein_a: number(25, 35),
            gamma_air: number(35, 40),
            n_air: number(55, 59),
            lower_energy: number(45, 55),
        }
    };
    let records: Vec<Record> = text.lines().map(parse).collect();
    assert_eq!(records.len(), 573);
    Some(records)
}

/// The line of `list` that is nearest to `wavenumber` \[cm-1\].
fn nearest(list: &LineList, wavenumber: f64) -> &Line {
    let distance = |l: &&Line| (l.wavenumber - wavenumber).abs();
    list.between(wavenumber - 0.5, wavenumber + 0.5)
        .iter()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
        .unwrap_or_else(|| panic!("no line near {wavenumber}"))
}

#[test]
fn every_hitran_line_is_matched() {
    let Some(records) = hitran() else { return };
    let mut lists = HashMap::new();
    let (mut position, mut strength, mut energy, mut gamma, mut exponent) = (0.0f64, 0.0f64, 0.0f64, 0.0f64, 0.0f64);
    for r in &records {
        let list = lists
            .entry(r.isotopologue)
            .or_insert_with(|| line_list(r.isotopologue, Broadener::Air, None, 0.0).unwrap());
        let line = nearest(list, r.wavenumber);
        position = position.max((line.wavenumber - r.wavenumber).abs());
        strength = strength.max((line.strength / r.strength - 1.0).abs());
        energy = energy.max((line.lower_energy - r.lower_energy).abs());
        gamma = gamma.max((line.gamma_ref * crate::constants::ATM_IN_BAR / r.gamma_air - 1.0).abs());
        exponent = exponent.max((line.temperature_exponent - r.n_air).abs());
    }
    eprintln!(
        "573 HITRAN lines, worst: position {position:.1e} cm-1, strength {:.2} %, energy {energy:.1e} cm-1, \
         air width {:.1} %, exponent {exponent:.3}",
        100.0 * strength,
        100.0 * gamma
    );
    // All lines of all three isotopologues, weak ones included: far inside 0.02 cm-1 and 5 %.
    assert!(position < 2e-4, "{position}");
    assert!(strength < 0.01, "{strength}");
    assert!(energy < 1e-3, "{energy}");
    assert!(gamma < 0.02, "{gamma}");
    assert!(exponent < 0.015, "{exponent}");
}

#[test]
fn nothing_that_hitran_has_is_missing_and_nothing_strong_is_invented() {
    let Some(records) = hitran() else { return };
    // HITRAN keeps different cutoffs per band; above 1e-24 it is complete.
    let (lo, hi) = records.iter().fold((f64::MAX, 0.0f64), |(a, b), r| (a.min(r.wavenumber), b.max(r.wavenumber)));
    for number in 1..=3 {
        let isotopologue = Isotopologue::from_hitran(number).unwrap();
        let ours = line_list(isotopologue, Broadener::Air, Some((lo - 1e-3, hi + 1e-3)), 1e-24).unwrap();
        let theirs = records.iter().filter(|r| r.isotopologue == isotopologue && r.strength >= 1e-24).count();
        // A line may fall to either side of the cutoff.
        assert!(ours.len().abs_diff(theirs) <= 1, "isotopologue {number}: {} against {theirs}", ours.len());
    }
}

#[test]
fn mass_scaling_of_einstein_coefficients() {
    let Some(records) = hitran() else { return };
    // Ratio to HITRAN per isotopologue and lower v: were the scaling wrong in rho^dv, 13C16O would stand out by 2.2 %.
    let mut mean: HashMap<(Isotopologue, usize), (f64, f64)> = HashMap::new();
    for r in &records {
        let ratio = intensity::einstein_a(r.isotopologue, r.transition, r.wavenumber) / r.einstein_a;
        assert!((ratio - 1.0).abs() < 0.01, "{:?} {:?}: {ratio}", r.isotopologue, r.transition);
        let entry = mean.entry((r.isotopologue, r.transition.v_lower)).or_default();
        *entry = (entry.0 + ratio, entry.1 + 1.0);
    }
    for v in 0..3 {
        let of = |i| mean[&(i, v)].0 / mean[&(i, v)].1;
        for heavy in [Isotopologue::C13O16, Isotopologue::C12O18] {
            let against_main = of(heavy) / of(Isotopologue::C12O16);
            assert!((against_main - 1.0).abs() < 1e-3, "{heavy:?} v = {v}: {against_main}");
        }
    }
}

#[test]
fn first_lines_of_the_fundamental() {
    // P(1) empties v = 1, J = 0 alone, so its A is that of the band; HITRAN 2020 has 35.46 and, for R(0), 11.95 s-1.
    let line = |j_lower, j_upper| Transition { v_lower: 0, v_upper: 1, j_lower, j_upper };
    let p1 = intensity::einstein_a(Isotopologue::C12O16, line(1, 0), 2139.426073);
    let r0 = intensity::einstein_a(Isotopologue::C12O16, line(0, 1), 2147.081134);
    assert!((p1 / 35.46 - 1.0).abs() < 0.01, "{p1}");
    assert!((r0 / 11.95 - 1.0).abs() < 0.01, "{r0}");
}

#[test]
fn first_overtone_of_exomol() {
    // A [s-1] of 2-0 R lines, Li et al. (2015): (J'', wavenumber [cm-1], A).
    let published = [(35, 4350.7176, 0.6729), (41, 4356.526, 0.7043), (47, 4359.5944, 0.7362), (78, 4330.5788, 0.9097)];
    for (j_lower, wavenumber, a) in published {
        let t = Transition { v_lower: 0, v_upper: 2, j_lower, j_upper: j_lower + 1 };
        let levels = levels::Levels::new(Isotopologue::C12O16, 2, J_MAX);
        let computed = levels.at(2, j_lower + 1) - levels.at(0, j_lower);
        assert!((computed - wavenumber).abs() < 0.01, "R({j_lower}): {computed}");
        let ours = intensity::einstein_a(Isotopologue::C12O16, t, wavenumber);
        assert!((ours / a - 1.0).abs() < 0.02, "R({j_lower}): {ours} against {a}");
    }
}

#[test]
fn band_intensities_are_the_measured_ones() {
    let isotopologue = Isotopologue::C12O16;
    let q = partition_function(isotopologue).unwrap().at(T_REF).unwrap();
    let levels = levels::Levels::new(isotopologue, 2, J_MAX);
    for (dv, measured) in [(1, intensity::BAND_INTENSITIES[0]), (2, intensity::BAND_INTENSITIES[1])] {
        let band: f64 = transitions()
            .filter(|t| t.v_lower == 0 && t.dv() == dv)
            .map(|t| {
                let e = levels.at(0, t.j_lower);
                intensity::line_strength(isotopologue, t, levels.at(dv, t.j_upper) - e, e, q)
            })
            .sum();
        assert!((band / measured - 1.0).abs() < 1e-4, "{dv}-0: {band:e} against {measured:e}");
    }
}

#[test]
fn selection_rules_and_size() {
    let all: Vec<Transition> = transitions().collect();
    // 20 bands; R(0)..R(99) and P(1)..P(100) in each.
    assert_eq!(all.len(), 20 * 200);
    for (i, t) in all.iter().enumerate() {
        assert_eq!(t.j_upper.abs_diff(t.j_lower), 1);
        assert!(t.dv() == 1 || t.dv() == 2);
        assert!(t.v_lower <= 9 && t.j_upper.max(t.j_lower) <= 100);
        assert!(!all[..i].contains(t), "{t:?} twice");
    }
    for isotopologue in Isotopologue::ALL {
        let list = line_list(isotopologue, Broadener::Hydrogen, None, 0.0).unwrap();
        assert_eq!(list.len(), all.len());
        assert!(list.lines().iter().all(|l| l.strength > 0.0 && l.gamma_ref > 0.03 && l.gamma_ref < 0.1));
        let (first, last) = (list.lines()[0].wavenumber, list.lines()[list.len() - 1].wavenumber);
        assert!(first > 1100.0 && last < 4361.0, "{isotopologue:?}: {first} to {last}");
    }
}

#[test]
fn exomol_broadening() {
    for (gas, file) in [(Broadener::Hydrogen, "H2"), (Broadener::Helium, "He")] {
        let name = format!("exomol/CO/12C-16O/SAMPLE/12C-16O__{file}.broad");
        let Some(text) = shared_data(&name) else { continue };
        for line in text.lines() {
            let field: Vec<&str> = line.split_whitespace().collect();
            let (gamma, n, j): (f64, f64, usize) =
                (field[1].parse().unwrap(), field[2].parse().unwrap(), field[3].parse().unwrap());
            let ours = gas.width(j, -(j as f64));
            assert!((ours.0 / gamma - 1.0).abs() < 0.015, "{file} J'' = {j}: {} against {gamma}", ours.0);
            assert!((ours.1 - n).abs() < 0.015, "{file} J'' = {j}: n {} against {n}", ours.1);
        }
    }
}

#[test]
fn cutoff_and_range_are_kept_and_the_result_is_the_same_every_time() {
    let all = line_list(Isotopologue::C12O16, Broadener::Air, None, 0.0).unwrap();
    let some = line_list(Isotopologue::C12O16, Broadener::Air, Some((2100.0, 2200.0)), 1e-22).unwrap();
    let expected: Vec<Line> = all.between(2100.0, 2200.0).iter().filter(|l| l.strength >= 1e-22).copied().collect();
    assert_eq!(some.lines(), expected);
    assert!(some.len() < all.len() && some.len() > 20);
    assert_eq!(all.lines(), line_list(Isotopologue::C12O16, Broadener::Air, None, 0.0).unwrap().lines());
}

#[test]
fn bad_input_is_an_error() {
    let list = |range, cutoff| line_list(Isotopologue::C12O16, Broadener::Air, range, cutoff);
    for range in [(2200.0, 2100.0), (f64::NAN, 2100.0), (2000.0, f64::INFINITY), (-5.0, 2100.0), (2000.0, 2000.0)] {
        assert!(matches!(list(Some(range), 0.0), Err(Error::Invalid { .. })), "{range:?}");
    }
    for cutoff in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(list(None, cutoff), Err(Error::Invalid { .. })), "{cutoff}");
    }
    let message = list(Some((2900.0, 3000.0)), 0.0).unwrap_err().to_string();
    assert!(message.contains("2900 to 3000") && message.contains("12C-16O"), "{message}");
    assert!(list(None, 1.0).is_err());
    assert!(Isotopologue::from_hitran(0).is_err() && Isotopologue::from_hitran(7).is_err());
}
