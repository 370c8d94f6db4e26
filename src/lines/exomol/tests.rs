use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::lines::{Cause, LineSource, test_data};

mod cases;

const DEF: &str = "EXOMOL.def # ID\n28.0 4.6e-26 # Isotopologue mass (Da) and (kg)\n\
    0.0700 # Default value of Lorentzian half-width for all lines (in cm-1/bar)\n\
    0.500 # Default value of temperature exponent for all lines\n";
const STATES: &str = "1 0.0 1 0\n2 2000.0 3 1\n3 4000.0 5 2\n";

/// A small data set in a folder of its own.
struct Set(tempfile::TempDir);

impl Set {
    fn new(transitions: &[(&str, &str)]) -> Self {
        let set = Self(tempfile::tempdir().unwrap());
        set.write("X__S.def", DEF);
        set.write("X__S.pf", "1.0 1.0\n296.0 100.0\n3000.0 1000.0\n");
        set.write("X__S.states", STATES);
        for (name, text) in transitions {
            set.write(&format!("X__S{name}"), text);
        }
        set
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.0.path().join(name), bytes).unwrap();
    }

    fn source(&self) -> ExomolSource {
        ExomolSource::new(self.0.path())
    }

    fn error(&self) -> String {
        self.source().load(&()).unwrap_err().to_string()
    }
}

fn error(transitions: &str) -> String {
    Set::new(&[(".trans", transitions)]).error()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Width of the last row of the sample's table for CO in H2.
const LAST_OF_CO: (f64, f64) = (0.0688, 0.650);

#[test]
fn the_sample_gives_the_reference_table() {
    let (Some(folder), Some(reference)) =
        (test_data("exomol/CO/12C-16O/SAMPLE"), test_data("../reference/co_exomol/lines.npz"))
    else {
        return;
    };
    let mut npz = npyz::npz::NpzArchive::open(reference).unwrap();
    let mut column = |name: &str| -> Vec<f64> { npz.by_name(name).unwrap().unwrap().into_vec().unwrap() };
    let columns = ["nu", "S_ref", "E", "gamma_ref", "n_Texp"].map(&mut column);

    let mut source = ExomolSource::new(folder);
    source.broadening = ExomolBroadening::H2;
    let (list, report) = source.load(&()).unwrap();
    assert_eq!((list.len(), list.species.name.as_str()), (columns[0].len(), "12C-16O"));
    assert_eq!(list.species.molar_mass, column("molmass")[0]);
    let (rows, ends) = (report.count(Cause::WidthFromTable), report.count(Cause::WidthFromLastRow));
    assert_eq!((report.read, report.kept, rows, ends), (259, 259, 131, 128));
    let last = list.lines().iter().filter(|l| (l.gamma_ref, l.temperature_exponent) == LAST_OF_CO).count();
    assert!(last >= 128, "{last}");
    for (i, l) in list.lines().iter().enumerate() {
        let ours = [l.wavenumber, l.strength, l.lower_energy, l.gamma_ref, l.temperature_exponent];
        // The states have four decimals. The strengths reach down to 1e-190; the reference took constants of seven figures for the exponents.
        let beyond = (l.gamma_ref, l.temperature_exponent) == LAST_OF_CO;
        for (k, (ours, tolerance)) in ours.iter().zip([3e-8, 3e-7, 1e-14, 1e-14, 1e-14]).enumerate() {
            // The reference gave lines with J'' above the table the default width.
            assert!(
                (k >= 3 && beyond) || (ours - columns[k][i]).abs() <= tolerance * ours.abs(),
                "line {i}, column {k}: {ours} {}",
                columns[k][i]
            );
        }
    }
}

#[test]
fn water_in_hydrogen_and_helium() {
    let Some(folder) = test_data("exomol/H2O/1H2-16O/SAMPLE") else { return };
    let load = |broadening| {
        let mut source = ExomolSource::new(&folder);
        source.broadening = broadening;
        source.range = Some((4330.0, 4360.0));
        source.load(&()).unwrap()
    };
    let (h2, report) = load(ExomolBroadening::H2);
    assert_eq!((report.read, report.count(Cause::WidthDefault)), (197, 0));
    assert_eq!((report.kept, report.kept + report.count(Cause::DroppedOutOfRange)), (h2.len() as u64, 197));
    let (he, mixed) = (load(ExomolBroadening::He).0, load(ExomolBroadening::h2_he(0.85, 0.15)).0);
    for ((a, b), m) in h2.lines().iter().zip(he.lines()).zip(mixed.lines()) {
        for t in [100.0, 296.0, 1000.0, 3000.0] {
            let exact = 0.85 * a.width().at(t) + 0.15 * b.width().at(t);
            assert!((m.width().at(t) / exact - 1.0).abs() < 2e-3, "{} at {t}", m.wavenumber);
        }
        assert!(a.gamma_ref > b.gamma_ref);
    }
    let mut source = ExomolSource::new(&folder);
    source.range = Some((1000.0, 1100.0));
    let message = source.load(&()).unwrap_err().to_string();
    assert!(message.contains("4300 to 4400") && message.contains("allow_gaps"), "{message}");
    source.allow_gaps = true;
    let (list, report) = source.load(&()).unwrap();
    assert!(list.is_empty() && report.notes[0].contains("01000-01100"), "{report}");
}

#[test]
fn strength_from_three_or_four_columns() {
    // g' = 5, A = 2 s-1, E'' = 2000 cm-1, nu = 2000 cm-1, Q = 100, by hand.
    let t = 1.438776877 * 2000.0 / 296.0f64;
    let s = 5.0 * 2.0 / (8.0 * std::f64::consts::PI * 2.99792458e10 * 4e6 * 100.0) * (-t).exp() * (1.0 - (-t).exp());
    for text in ["3 2 2.0", "3 2 2.0 2000.0", "\r\n 3\t2\t2.0  2000.0 \r\n"] {
        let (list, _) = Set::new(&[(".trans", text)]).source().load(&()).unwrap();
        let l = list.lines()[0];
        assert_eq!((l.wavenumber, l.lower_energy, l.gamma_ref, l.temperature_exponent), (2000.0, 2000.0, 0.07, 0.5));
        assert!((l.strength / s - 1.0).abs() < 1e-12, "{} {s}", l.strength);
    }
}

#[test]
fn files_out_of_range_are_not_opened() {
    let set = Set::new(&[("__00000-01000.trans", "not read"), ("__03000-05000.trans", "3 1 1.0 4000.0\n")]);
    set.write("X__S__01000-03000.trans.bz2", bzip2(b"2 1 1.0 2000.0\n4 2 1.0 500.0\n"));
    set.write("X__S.states", format!("{STATES}4 4500.0 3 1\n"));
    set.write("X__S__03000-05000.trans.bz2", "a twin that is not read");
    set.write("X__Other.trans", "another data set's");
    let mut source = set.source();
    source.range = Some((1900.0, 4500.0));
    let (list, report) = source.load(&()).unwrap();
    assert_eq!((list.len(), report.files), (3, 3));
    source.range = Some((1200.0, 1300.0));
    let (list, report) = source.load(&()).unwrap();
    assert_eq!((list.len(), report.count(Cause::DroppedOutOfRange)), (0, 2));
    let message = LineSource::nothing_found(&source, (1200.0, 1300.0), &report).to_string();
    assert!(message.contains("2000 to 2500"), "{message}");
    source.range = Some((6000.0, 7000.0));
    assert_eq!(source.load(&()).unwrap().1.files, 0);
    assert!(set.error().contains("1 of 1 rows are no transitions: X__S__00000-01000.trans, line 1"), "{}", set.error());
}

#[test]
fn transitions_without_absorption_are_counted() {
    let text = "2 1 1.0 2000.0\n1 2 1.0 -2000.0\n1 1 1.0\n2 1 0.0 2000.0\n3 1 1.0 4000.0\n";
    let set = Set::new(&[(".trans", text)]);
    let mut source = set.source();
    source.range = Some((1.0, 3000.0));
    let (_, r) = source.load(&()).unwrap();
    assert_eq!((r.read, r.kept, r.dropped()), (5, 1, 4));
    assert_eq!(
        (r.count(Cause::DroppedZeroWavenumber), r.count(Cause::DroppedZeroStrength), r.count(Cause::DroppedOutOfRange)),
        (2, 1, 1)
    );
}

#[test]
fn bad_input_is_a_clear_error() {
    assert!(error("2 1 x 2000.0\n").contains("line 1"));
    assert!(error("2 1 -1.0\n").contains("none of 1 rows is a usable transition; X__S.trans, line 1"));
    assert!(error("2 77 1.0 2000.0\n").contains("line 1: the state 77 is not in the states file"));
    assert!(error("2 1 1.0\n2 1 x\n2 1 y\n").contains("2 of 3 rows are no transitions: X__S.trans, line 2"));
    assert!(error("2 1").contains("line 1"));
    assert!(error("").contains("empty"));
    assert!(error("\n").contains("no transition"));
    assert!(error("1 2 1.0 -2000.0\n").contains("no line is left"));
    assert!(error("<html>").contains("web page"));

    let good = [(".trans", "2 1 1.0 2000.0\n")];
    let without = |name: &str| {
        let set = Set::new(&good);
        std::fs::remove_file(set.0.path().join(name)).unwrap();
        set.error()
    };
    assert!(without("X__S.pf").contains("no X__S.pf"));
    assert!(without("X__S.states").contains("no X__S.states"));
    assert!(without("X__S.trans").contains("no X__S*.trans"));
    let set = Set::new(&good);
    set.write("Y__S.def", DEF);
    let file = ExomolSource::new(set.0.path().join("X__S.states"));
    assert!(file.load(&()).unwrap_err().to_string().contains("X__S.states: a file: an ExoMol data set is a folder"));
    assert!(set.error().contains("several data sets"));
    let set = Set::new(&good);
    set.write("X__S.def", "a # ID\n");
    assert!(set.error().contains("--molar-mass"));
    let mut source = set.source();
    source.molar_mass = Some(28.0);
    let (_, report) = source.load(&()).unwrap();
    assert!(report.to_string().contains("no definition file states one"), "{report}");
    source.broadening = ExomolBroadening::H2;
    assert!(source.load(&()).unwrap_err().to_string().contains("X__H2.broad"));
    source.broadening = ExomolBroadening::h2_he(0.9, 0.9);
    assert!(source.load(&()).unwrap_err().to_string().contains("sum 1"));
    set.write("mine.broad", "a0 0.05 0.4 0\nm0 0.1 0.2 1\n");
    source.broadening = ExomolBroadening::File(set.0.path().join("mine.broad"));
    let (list, report) = source.load(&()).unwrap();
    assert_eq!((list.lines()[0].gamma_ref, report.count(Cause::WidthFromTable)), (0.1, 1));
    // A file of the set in place of its folder.
    let message = ExomolSource::new(set.0.path().join("X__S.trans")).load(&()).unwrap_err().to_string();
    assert!(message.contains("X__S.trans: a file; an ExoMol data set is a folder, such as"), "{message}");
    set.write("X__S.trans", crate::lines::hitran::RECORDS.join("\n"));
    assert!(source.load(&()).unwrap_err().to_string().contains("give the format hitran"));
    assert!(matches!(ExomolSource::new("/nowhere").load(&()), Err(Error::Io { .. })));
    set.write("X__S.states", "1 0.0 1 0\n1 2000.0 3 1\n");
    assert!(source.load(&()).unwrap_err().to_string().contains("twice"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_bytes_are_taken(head in 0..3usize, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut text = [&b""[..], b"2 1 1.0 2000.0\n3 ", b"2 1 "][head].to_vec();
        text.extend(bytes);
        let set = Set::new(&[]);
        set.write("X__S.trans", text);
        let _ = set.source().load(&());
    }

    #[test]
    fn mutated_transitions_are_taken(at in 0..42usize, byte in any::<u8>()) {
        let mut text = b"2 1 1.0e-3 2000.0\n3 2 2.0 2000.0\n3 2 1e300".to_vec();
        text[at] = byte;
        let set = Set::new(&[]);
        set.write("X__S.trans", text);
        let _ = set.source().load(&());
    }
}
