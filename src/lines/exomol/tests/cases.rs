//! Data sets as they are published: term values replaced after the transitions were written, superseded files, recipes of widths,
//! lifetimes, definitions of either kind, gaps, bad rows.

use std::f64::consts::PI;

use super::*;
use crate::constants::SPEED_OF_LIGHT;

/// Levels and lines of CaH XAB (Owens et al. 2022, MNRAS 511, 5448; lines with measured levels).
const CAH_STATES: &str = "\
    10959  9677.053634    204    50.5     0.002970  1.4822E-02   0.019825 +  e X(2SIGMA+)     1   0  0.5  0.5 Ma  9677.063846\n\
    10868 24371.910191    200    49.5     0.030000  4.3461E-08  -0.019185 -  e A(2PI)         1  -1 -0.5 -1.5 Ma 24371.474971\n\
    11086 24363.693134    204    50.5     0.030000  4.3713E-08   0.018234 -  f A(2PI)         1  -1  0.5 -0.5 Ma 24363.359069\n";
const CAH_TRANS: &str = "11086 10959 2.1554E+07 14686.295224\n10868 10959 1.8182E+04 14694.411125\n";
/// NaH Rivlin (Rivlin et al. 2015, MNRAS 451, 634).
const NAH_STATES: &str = "\
    27  4315.546677     24     1.0  8.8266e-03   X           4\n\
    50  5316.600451     40     2.0  7.5733e-03   X           5\n\
    626  9960.944523    504    31.0  6.1677e-03   X           6\n\
    644 10961.311272    520    32.0  5.8272e-03   X           7\n\
    276 14017.750167    200    12.0  3.7369e-03   X          16\n\
    295 13017.540100    216    13.0  5.1366e-03   X          14\n";
const NAH_TRANS: &str =
    "276 295 8.4000e+01 1000.210100\n644 626 4.7245e+00 1000.366700\n50 27 3.4338e+01 1001.053800\n";
const LIFETIMES: &str = "1 # Lifetime availability (1=yes, 0=no)\n";

/// The NaH set with a table of widths in hydrogen.
fn nah(broad: &str) -> (LineList, LoadReport) {
    let set = set_of(NAH_STATES, NAH_TRANS);
    set.write("X__H2.broad", broad);
    let mut source = set.source();
    source.broadening = ExomolBroadening::H2;
    source.load(&()).unwrap()
}

fn set_of(states: &str, transitions: &str) -> Set {
    let set = Set::new(&[(".trans", transitions)]);
    set.write("X__S.states", states);
    set
}

#[test]
fn positions_are_those_of_the_states() {
    let set = set_of(CAH_STATES, CAH_TRANS);
    let (list, report) = set.source().load(&()).unwrap();
    let nu: Vec<f64> = list.lines().iter().map(|l| l.wavenumber).collect();
    assert!((nu[0] - 14686.6395).abs() < 1e-6 && (nu[1] - 14694.856557).abs() < 1e-6, "{nu:?}");
    let moved = &report.causes[&Cause::PositionFromStates];
    assert_eq!((moved.lines, moved.strength > 0.0), (2, true));
    assert!(
        moved.first.as_deref().unwrap().starts_with("X__S.trans, line 1: found 14686.295224 in column 4, E' - E''")
    );
    // Three columns, more than four, and a column 4 that is no wavenumber: the same lines.
    for form in ["11086 10959 2.1554E+07\n", "11086 10959 2.1554E+07 14686.6395 x 7\n", "11086 10959 2.1554E+07 NaN\n"]
    {
        let (other, report) = set_of(CAH_STATES, form).source().load(&()).unwrap();
        assert_eq!((other.lines()[0], report.count(Cause::PositionFromStates)), (list.lines()[0], 0), "{form}");
    }
    // The range of a file's name is that of the old positions.
    let set = set_of(CAH_STATES, "");
    std::fs::remove_file(set.0.path().join("X__S.trans")).unwrap();
    set.write("X__S__14000-14695.trans", CAH_TRANS.replace("14694.411125", "14695.0"));
    set.write("X__S__14695-15000.trans", "10868 10959 1.0\n");
    let mut source = set.source();
    source.range = Some((14700.0, 14710.0));
    assert_eq!(source.load(&()).unwrap().1.read, 3);
}

#[test]
fn superseded_files_are_left_out_and_named() {
    let (alone, _) = set_of(NAH_STATES, NAH_TRANS).source().load(&()).unwrap();
    let set = set_of(NAH_STATES, NAH_TRANS);
    set.write("X__S__20170330.trans", NAH_TRANS);
    set.write("X__S_v2.trans.bz2", bzip2(NAH_TRANS.as_bytes()));
    set.write("X__Sea.trans", "not read");
    let (list, report) = set.source().load(&()).unwrap();
    assert_eq!((list.lines(), report.read), (alone.lines(), 3));
    assert!(
        report.notes.iter().any(|n| n == "left out as superseded: X__S__20170330.trans, X__S_v2.trans.bz2"),
        "{report}"
    );
    // Additional lines are taken and named.
    set.write("X__S__E2.trans", "644 27 1.0e-6\n");
    let (list, report) = set.source().load(&()).unwrap();
    assert_eq!(list.len(), 4);
    assert!(report.to_string().contains("additional transition files are read too: X__S__E2.trans"), "{report}");
}

#[test]
fn every_recipe_gives_its_rows() {
    // J'' = 1 and 31 (R), 13 (P): m = 2, 32 and -13.
    for (text, gammas) in [
        ("j 0.091 0.5 1\nj 0.093 0.5 13\nj 0.095 0.5 31\n", [0.093, 0.095, 0.091]),
        ("m0 0.092 0.5 2\nm0 0.094 0.5 13\nm0 0.096 0.5 32\n", [0.094, 0.096, 0.092]),
        ("m1 0.092 0.5 2\nm1 0.094 0.5 -13\nm1 0.02 0.5 13\nm1 0.096 0.5 32\n", [0.094, 0.096, 0.092]),
        ("jj 0.092 0.5 1 2\njj 0.094 0.5 13 12\njj 0.096 0.5 31 32\n", [0.094, 0.096, 0.092]),
        ("a0 0.05 0.5 0\nm0 0.092 0.5 2\nm0 0.094 0.5 13\nm0 0.096 0.5 32\n", [0.094, 0.096, 0.092]),
    ] {
        let (list, report) = nah(text);
        let ours: Vec<f64> = list.lines().iter().map(|l| l.gamma_ref).collect();
        assert_eq!((&ours[..], report.count(Cause::WidthFromTable)), (&gammas[..], 3), "{text}");
        assert!((report.causes[&Cause::WidthFromTable].strength / report.strength - 1.0).abs() < 1e-12);
    }
    let (list, report) = nah("m0 0.092 0.5 1\nm0 0.093 0.5 2\n");
    assert_eq!((report.count(Cause::WidthFromTable), report.count(Cause::WidthFromLastRow)), (1, 2));
    assert!(list.lines().iter().all(|l| l.gamma_ref == 0.093));
    let (list, report) = nah("x9 0.02 0.5 1\nx9 0.02 0.5 2\n");
    assert!(list.lines()[0].gamma_ref == 0.07 && report.count(Cause::WidthDefault) == 3);
    assert!(report.notes.iter().any(|n| n.contains("X__H2.broad: 2 rows of code x9")), "{report}");
    assert!(report.notes.iter().any(|n| n.contains("no row that can be used")), "{report}");
}

#[test]
fn labels_come_from_the_definition() {
    let set = set_of(NAH_STATES, NAH_TRANS);
    set.write("X__S__H2.broad", "v1 0.09 0.5 31 7\nv0 0.08 0.5 5\na0 0.06 0.5 1\n");
    let mut source = set.source();
    source.broadening = ExomolBroadening::Named("h2".into());
    let without = source.load(&()).unwrap();
    assert!(without.1.notes.iter().any(|n| n.contains("2 rows of code v0, v1")), "{}", without.1);
    set.write("X__S.def", format!("{DEF}{LIFETIMES}State # Quantum label 1\nhunda:v # Quantum label 2\n"));
    let (list, report) = source.load(&()).unwrap();
    // 276-295 has v' = 16 and lies beyond the row of a0.
    let gammas: Vec<f64> = list.lines().iter().map(|l| l.gamma_ref).collect();
    assert_eq!((gammas, report.count(Cause::WidthFromTable)), (vec![0.06, 0.09, 0.08], 2));
}

#[test]
fn natural_widths() {
    let per_second = 1.0 / (4.0 * PI * 100.0 * SPEED_OF_LIGHT);
    let set = set_of(CAH_STATES, CAH_TRANS);
    let (list, report) = set.source().load(&()).unwrap();
    assert!((list.lines()[0].natural_width / (2.1554e7 * per_second) - 1.0).abs() < 1e-12);
    assert!(report.to_string().contains("lower bounds"), "{report}");
    set.write("X__S.def", format!("{DEF}{LIFETIMES}1 # Uncertainty availability\n"));
    let (list, report) = set.source().load(&()).unwrap();
    let exact = (1.0 / 4.3713e-8 + 1.0 / 1.4822e-2) * per_second;
    assert!((list.lines()[0].natural_width / exact - 1.0).abs() < 1e-6);
    // The lines of an upper level share its lifetime, whatever their own A.
    assert!((list.lines()[1].natural_width / ((1.0 / 4.3461e-8 + 1.0 / 1.4822e-2) * per_second) - 1.0).abs() < 1e-6);
    assert!(!report.to_string().contains("lower bound"), "{report}");
    // A stable lower level adds nothing; an unknown upper one leaves the line's own coefficient.
    set.write("X__S.states", CAH_STATES.replace("1.4822E-02", "Inf").replace("4.3713E-08", "NaN"));
    let (list, _) = set.source().load(&()).unwrap();
    assert!((list.lines()[0].natural_width / (2.1554e7 * per_second) - 1.0).abs() < 1e-12);
    // No lifetimes where the definition announces them.
    set.write(
        "X__S.states",
        CAH_STATES.replace("1.4822E-02", "+").replace("4.3713E-08", "-").replace("4.3461E-08", "-"),
    );
    assert!(set.source().load(&()).unwrap().1.to_string().contains("announces lifetimes"));
}

#[test]
fn the_newer_definition_and_none() {
    let json = r#"{"isotopologue": {"mass_in_Da": 23.9976}, "dataset": {"states": {"lifetime_available": true,
        "states_file_fields": [{"name": "ID"}, {"name": "E"}, {"name": "gtot"}, {"name": "J"}, {"name": "tau"}, {"name": "v"}]},
        "transitions": {"number_of_transition_files": 1}}}"#;
    let set = set_of(NAH_STATES, NAH_TRANS);
    set.write("X__S.def.json", json);
    let (both, _) = set.source().load(&()).unwrap();
    // The mass is the newer file's, the width, which that lacks, the older one's.
    assert_eq!((both.species.molar_mass, both.lines()[0].gamma_ref), (23.9976, 0.07));
    assert!(both.lines()[2].natural_width > 1.0 / 7.5733e-3 / (4.0 * PI * 100.0 * SPEED_OF_LIGHT));
    std::fs::remove_file(set.0.path().join("X__S.def")).unwrap();
    let (alone, report) = set.source().load(&()).unwrap();
    assert_eq!(alone.lines(), both.lines());
    assert!(report.to_string().contains("no definition file states one"), "{report}");
    std::fs::remove_file(set.0.path().join("X__S.def.json")).unwrap();
    assert!(set.error().contains("--molar-mass"));
    let mut source = set.source();
    source.molar_mass = Some(24.0);
    let (list, report) = source.load(&()).unwrap();
    assert_eq!((list.species.name.as_str(), list.len(), report.notes.len()), ("X", 3, 3));
    assert!(report.notes[0].contains("X__S by the names of its files"), "{report}");
    source.default_width = Some(Width::power_law(0.05, 0.6));
    let (list, report) = source.load(&()).unwrap();
    assert_eq!((list.lines()[0].gamma_ref, list.lines()[0].temperature_exponent), (0.05, 0.6));
    // Asked for, it is information; it substitutes nothing.
    assert!(report.notes.contains(&"default width 0.05 cm-1/bar, n = 0.6, for all lines".to_owned()), "{report}");
    assert_eq!((report.count(Cause::WidthDefault), report.notes.len()), (0, 3));
    source.default_width = Some(Width::power_law(0.0, 0.6));
    assert!(source.load(&()).is_err());
    set.write("Y__S.states", NAH_STATES);
    set.write("Y__S.trans", NAH_TRANS);
    assert!(source.load(&()).unwrap_err().to_string().contains("several data sets: X__S, Y__S"));
}

#[test]
fn a_missing_range_is_an_error_only_where_it_is_needed() {
    let set = set_of("1 0.0 1 0\n2 500.0 3 1\n3 2500.0 3 1\n", "");
    std::fs::remove_file(set.0.path().join("X__S.trans")).unwrap();
    set.write("X__S__00000-01000.trans", "2 1 1.0\n");
    set.write("X__S__02000-03000.trans", "3 1 1.0\n");
    let mut source = set.source();
    assert_eq!(source.load(&()).unwrap().0.len(), 2);
    source.range = Some((0.0, f64::INFINITY));
    source.required = Some((100.0, 900.0));
    let (list, report) = source.load(&()).unwrap();
    assert!(list.len() == 2 && report.to_string().contains("no transition file for 1000 to 2000 cm-1"), "{report}");
    source.required = Some((800.0, 1200.0));
    let message = source.load(&()).unwrap_err().to_string();
    assert!(
        message.contains("1000 to 2000 cm-1 (X__S__01000-02000.trans), inside the range asked for, 800 to 1200 cm-1")
    );
    let mut key = crate::cache::KeyHasher::new("test");
    assert!(LineSource::fingerprint(&source, (0.0, f64::MAX), &mut key).is_err(), "the cache must not hide it");
    source.allow_gaps = true;
    assert_eq!(source.load(&()).unwrap().0.len(), 2);
    (source.required, source.range) = (None, Some((100.0, 2600.0)));
    source.allow_gaps = false;
    assert!(source.load(&()).is_err());
}

#[test]
fn one_bad_row_never_stops_a_list() {
    let text = format!("{NAH_TRANS}garbage\n50 99 1.0\n50 27 -1.0\n50 27 1e40\n27 50 1.0\n");
    let (list, report) = set_of(NAH_STATES, &text).source().load(&()).unwrap();
    assert_eq!((list.len(), report.read, report.dropped()), (3, 8, 5));
    let first = |cause| report.causes[&cause].first.clone().unwrap();
    assert!(
        first(Cause::DroppedUnreadable).contains("X__S.trans, line 4")
            && first(Cause::DroppedUnreadable).contains("\"garbage\"")
    );
    assert!(first(Cause::DroppedUnknownState).contains("line 5: the state 99"));
    assert!(first(Cause::DroppedUnphysical).contains("line 6: an Einstein coefficient of -1 s-1"));
    assert_eq!((report.count(Cause::DroppedUnphysical), report.count(Cause::DroppedZeroWavenumber)), (2, 1));
    // Levels in the wrong order, though the file has a wavenumber above 0: states of another release.
    let (_, report) = set_of(NAH_STATES, &format!("27 50 1.0 1000.0\n{NAH_TRANS}")).source().load(&()).unwrap();
    let wrong = report.causes[&Cause::DroppedUnphysical].first.clone().unwrap();
    assert!(wrong.contains("line 1: E' - E'' is -1001.05") && wrong.contains("column 4 holds 1000"), "{wrong}");
    // A file that is mostly unreadable is none of transitions, even beside a good one.
    let set = set_of(NAH_STATES, NAH_TRANS);
    set.write("X__S__E2.trans", "1 x\n2 y\n50 27 1.0\n");
    assert!(set.error().contains("X__S__E2.trans: 2 of 3 rows are no transitions"), "{}", set.error());
}

#[test]
fn mixtures_are_right_in_the_temperatures_asked_for() {
    let set = set_of(NAH_STATES, NAH_TRANS);
    set.write("X__H2.broad", "a0 0.08 0.75 1\na0 0.07 0.7 13\n");
    set.write("X__CO2.broad", "a0 0.10 0.3 1\n");
    let mut source = set.source();
    source.broadening =
        ExomolBroadening::Mixture(vec![(ExomolBroadening::H2, 0.6), (ExomolBroadening::Named("CO2".into()), 0.4)]);
    source.temperatures = Some((1000.0, 1500.0));
    let (list, report) = source.load(&()).unwrap();
    for t in [1000.0, 1200.0, 1500.0] {
        let exact = |w: Width| 0.6 * w.at(t) + 0.4 * Width::power_law(0.10, 0.3).at(t);
        let rows = [(0.07, 0.7), (0.07, 0.7), (0.08, 0.75)].map(|(g, n)| exact(Width::power_law(g, n)));
        for (l, exact) in list.lines().iter().zip(rows) {
            assert!((l.width().at(t) / exact - 1.0).abs() < 2e-5, "{} at {t}", l.wavenumber);
        }
    }
    // One of the gases at the end of its table counts for the line.
    assert_eq!((report.count(Cause::WidthFromTable), report.count(Cause::WidthFromLastRow)), (1, 2));
    source.temperatures = Some((0.0, 100.0));
    assert!(source.load(&()).unwrap_err().to_string().contains("temperatures of a mixture"));
    source.broadening = ExomolBroadening::Named("N2".into());
    source.temperatures = None;
    assert!(source.load(&()).unwrap_err().to_string().contains("there are: CO2, H2"));
}

#[test]
fn what_changes_lines_changes_the_key() {
    let set = set_of(NAH_STATES, NAH_TRANS);
    set.write("X__H2.broad", "a0 0.08 0.75 1\n");
    let key = |source: &ExomolSource| {
        let mut key = crate::cache::KeyHasher::new("test");
        LineSource::fingerprint(source, (0.0, f64::MAX), &mut key).unwrap();
        key.finish()
    };
    let source = set.source();
    let mut keys = vec![key(&source)];
    keys.push(key(&ExomolSource { default_width: Some(Width::power_law(0.05, 0.5)), ..source.clone() }));
    keys.push(key(&ExomolSource { temperatures: Some((300.0, 400.0)), ..source.clone() }));
    keys.push(key(&ExomolSource { broadening: ExomolBroadening::H2, ..source.clone() }));
    set.write("X__S__20170330.trans", NAH_TRANS);
    assert_eq!(key(&source), keys[0], "a file that is not read");
    set.write("X__S__E2.trans", "644 27 1.0\n");
    keys.push(key(&source));
    set.write("X__S.def.json", "{}");
    keys.push(key(&source));
    for (i, a) in keys.iter().enumerate() {
        assert!(keys[i + 1..].iter().all(|b| a != b), "{i}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The order of rows and the way a list is cut into files are of no consequence.
    #[test]
    fn permuting_rows_and_splitting_files_give_the_same_lines(
        order in Just((0..40usize).collect::<Vec<_>>()).prop_shuffle(),
        cut in 1..39usize,
    ) {
        let states: String = (1..=41).map(|i| format!("{i} {} {} {}\n", 10 * i * i, 2 * i + 1, i)).collect();
        let row = |i: usize| format!("{} {} {}e-3\n", i + 2, i + 1, i + 1);
        let sorted: String = (0..40).map(row).collect();
        let (one, report) = set_of(&states, &sorted).source().load(&()).unwrap();
        let set = set_of(&states, &order[..cut].iter().map(|i| row(*i)).collect::<String>());
        set.write("X__S__more.trans", order[cut..].iter().map(|i| row(*i)).collect::<String>());
        let mut rows: Vec<&str> = states.lines().collect();
        rows.rotate_left(cut);
        set.write("X__S.states", rows.join("\n"));
        let (two, other) = set.source().load(&()).unwrap();
        prop_assert_eq!(one.lines(), two.lines());
        prop_assert!((report.strength / other.strength - 1.0).abs() < 1e-12 && report.kept == other.kept);
    }
}
