use super::hitran::{character, choose};
use super::*;
use crate::lines::hitran::HitranId;
use crate::lines::{LineList, Width};
use crate::scenario::broadening::{Broadener, Broadening};

const NEEDED: Needed = Needed { grid: (2100.0, 2200.0), margin: f64::INFINITY, temperatures: (300.0, 2000.0) };

fn source(format: Format) -> ListKeys {
    ListKeys {
        name: "CO".into(),
        named: true,
        format,
        paths: Vec::new(),
        isotopologues: None,
        broadening: None,
        default_width: None,
        allow_gaps: false,
        partition: None,
        molar_mass: None,
    }
}

fn opened(source: &ListKeys) -> Result<Opened, String> {
    open(source, &NEEDED, &Resources::new(&())).map_err(|e| e.to_string())
}

fn list(opened: &Opened, i: usize) -> LineList {
    opened.lists[i].held().unwrap().0.clone()
}

#[test]
fn the_built_in_list_takes_isotopologue_widths_and_mass() {
    let plain = opened(&source(Format::Builtin)).unwrap();
    let own = ListKeys {
        isotopologues: Some(Isotopologues::Number(2)),
        broadening: Some(Broadening::Constant(Width::power_law(0.03, 0.4))),
        molar_mass: Some(29.0),
        ..source(Format::Builtin)
    };
    let heavy = opened(&own).unwrap();
    assert_eq!([&list(&plain, 0).species.name, &list(&heavy, 0).species.name], ["12C-16O", "13C-16O"]);
    assert_eq!((list(&heavy, 0).species.molar_mass, heavy.molar_mass), (29.0, 29.0));
    assert!(list(&heavy, 0).lines().iter().all(|l| (l.gamma_ref, l.temperature_exponent) == (0.03, 0.4)));
    let given = |b| ListKeys { broadening: Some(Broadening::From(b)), ..source(Format::Builtin) };
    let e = opened(&given(Broadener::SelfBroadening)).unwrap_err();
    assert_eq!(e, "broadener: given self, required one that the list has: the built-in list has air, h2 and he");
    let wrong = ListKeys { isotopologues: Some(Isotopologues::Number(9)), ..source(Format::Builtin) };
    assert!(opened(&wrong).unwrap_err().contains("given 9"));
}

#[test]
fn all_isotopologues_are_lists_of_their_own_and_what_is_left_out_is_told() {
    let one = opened(&source(Format::Builtin)).unwrap();
    assert_eq!(
        one.notes[0].text,
        "left out: isotopologues 13C-16O, 12C-18O, 12C-17O, 13C-18O, 13C-17O (isotopologue `all` takes them)"
    );
    assert!((one.notes[0].strength_share.unwrap() - 0.013456).abs() < 1e-5);
    let all = ListKeys { isotopologues: Some(Isotopologues::All), ..source(Format::Builtin) };
    let six = opened(&all).unwrap();
    assert_eq!((six.lists.len(), six.molar_mass, six.notes.len()), (6, one.molar_mass, 0));
    let names: Vec<String> = (0..6).map(|i| list(&six, i).species.name).collect();
    assert_eq!((names[0].as_str(), names[5].as_str()), ("12C-16O", "13C-17O"));
    let own = ListKeys { molar_mass: Some(28.0), ..all };
    let e = opened(&own).unwrap_err();
    assert!(
        e.starts_with("molar mass: given one for 6 isotopologues: 12C-16O, ") && e.contains("by its number"),
        "{e}"
    );
}

#[test]
fn a_mixture_has_the_widths_of_its_parts_by_fraction() {
    let with = |b| opened(&ListKeys { broadening: Some(b), ..source(Format::Builtin) }).map(|o| list(&o, 0));
    let gas = |g| with(Broadening::From(g)).unwrap();
    let (h2, he) = (gas(Broadener::H2), gas(Broadener::He));
    let mixed = with(Broadening::mixture(vec![(Broadener::H2, 0.85), (Broadener::He, 0.15)]).unwrap()).unwrap();
    for t in [300.0, 900.0, 2000.0] {
        for i in [0, 1000, 3000] {
            let [m, a, b] = [&mixed, &h2, &he].map(|l| l.lines()[i].width().at(t));
            assert!((m / (0.85 * a + 0.15 * b) - 1.0).abs() < 1e-3, "{i} {t}");
        }
    }
    assert!(with(Broadening::Mixture(vec![(Broadener::Gas("CO2".into()), 1.0)])).unwrap_err().contains("given CO2"));
}

#[test]
fn a_name_that_is_another_molecule_is_refused() {
    let named = |name: &str| opened(&ListKeys { name: name.into(), ..source(Format::Builtin) });
    assert_eq!(named("CO2").unwrap_err(), "name: given CO2, required what the built-in list holds: CO, 12C-16O");
    assert!(named("my gas").is_ok());
    let heavy = named("13C-16O").unwrap();
    assert_eq!((list(&heavy, 0).species.name.as_str(), heavy.notes.len()), ("13C-16O", 0));
    let all = ListKeys { name: "13C-16O".into(), isotopologues: Some(Isotopologues::All), ..source(Format::Builtin) };
    assert!(opened(&all).unwrap_err().starts_with("name: given 13C-16O"));
}

#[test]
fn options_of_other_formats_are_refused() {
    let e = opened(&ListKeys { allow_gaps: true, ..source(Format::Builtin) }).unwrap_err();
    assert!(e.starts_with("allow gaps: given yes, required format exomol"), "{e}");
    let e = opened(&ListKeys { default_width: Some(Width::power_law(0.1, 0.5)), ..source(Format::Builtin) });
    assert!(e.unwrap_err().starts_with("default width: given one, required a list from files"));
}

#[test]
fn the_isotopologue_is_the_only_one_or_the_most_abundant_of_the_named_molecule() {
    let pick = |name: &str, found: &[HitranId]| {
        choose(&ListKeys { name: name.into(), ..source(Format::Hitran) }, found)
            .map(|chosen| chosen[0])
            .map_err(|e| e.to_string())
    };
    assert_eq!(pick("x.par", &[(5, '1'), (5, '2')]), Ok((5, '1')));
    assert_eq!(pick("x.par", &[(5, '3')]), Ok((5, '3')));
    assert_eq!(pick("CO", &[(1, '1'), (5, '1'), (5, '2')]), Ok((5, '1')));
    assert_eq!(pick("13C-16O", &[(1, '1'), (5, '1'), (5, '2')]), Ok((5, '2')));
    assert!(pick("x.par", &[(1, '1'), (5, '1')]).unwrap_err().contains("given several molecules: H2O, CO"));
    assert!(pick("CO", &[(5, '2'), (5, '3')]).unwrap_err().contains("isotopologues 2, 3"));
    let all = ListKeys { isotopologues: Some(Isotopologues::All), ..source(Format::Hitran) };
    assert_eq!(choose(&all, &[(1, '1'), (5, '2'), (5, '3')]).unwrap(), [(5, '2'), (5, '3')]);
    assert_eq!([1, 9, 10, 11, 12].map(|n| character(n).unwrap()), ['1', '9', '0', 'A', 'B']);
}
