//! Tables of HAPI with columns of further gases, records of other lengths, foreign formats, and reports by isotopologue.

use std::path::PathBuf;

use super::*;
use crate::constants::ATM_IN_BAR;
use crate::lines::LineSource;
use crate::{Cache, Resources};

const STANDARD_ORDER: &str = r#""order": ["molec_id", "local_iso_id", "nu", "sw", "a", "gamma_air", "gamma_self", "elower", "n_air", "delta_air", "gpp"],
  "format": {"molec_id": "%2d", "local_iso_id": "%1d", "nu": "%12.6f", "sw": "%10.3E", "a": "%10.3E", "gamma_air": "%5.4f",
    "gamma_self": "%5.3f", "elower": "%10.4f", "n_air": "%4.2f", "delta_air": "%8.6f", "gpp": "%7.1f"},
  "position": {"molec_id": 0, "local_iso_id": 2, "nu": 3, "sw": 15, "a": 25, "gamma_air": 35, "gamma_self": 40, "elower": 45,
    "n_air": 55, "delta_air": 59, "gpp": 153}"#;

/// A folder with files of these names and contents.
fn folder(files: &[(&str, String)]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let first = folder.path().join(files[0].0);
    (folder, first)
}

fn broadened(files: &[(&str, String)], broadening: HitranBroadening) -> Result<(Vec<Line>, LoadReport)> {
    let (_folder, path) = folder(files);
    let source = HitranSource { broadening, isotopologue: Some('1'), ..HitranSource::new(path) };
    let (lists, report) = source.load(&())?;
    Ok((lists[0].lines().to_vec(), report))
}

/// A record of CO with these extra fields, and the header that names them.
fn hapi(extra: &str, fields: &[&str]) -> Vec<(&'static str, String)> {
    let names: Vec<String> = extra.split(',').map(|n| format!("\"{n}\"")).collect();
    let header = format!("{{{STANDARD_ORDER}, \"extra\": [{}], \"extra_separator\": \",\"}}", names.join(", "));
    let text = fields.iter().map(|f| format!("{},{f}\n", RECORDS[1])).collect();
    vec![("CO.data", text), ("CO.HEADER", header)]
}

fn gas(name: &str) -> HitranBroadening {
    HitranBroadening::Partner(name.into())
}

#[test]
fn columns_of_other_gases_are_read_through_the_header() {
    let files =
        hapi("gamma_h2,n_h2,delta_h2,gamma_he,n_he,gamma_h2-err,n_self", &["0.0695,0.71,-0.0012,0.0472,0.51,4,0.66"]);
    let width = |b| {
        let (lines, report) = broadened(&files, b).unwrap();
        // Nothing is filled in, but the shifts that helium and the gas itself do not have.
        let others = report.causes.keys().filter(|cause| **cause != Cause::ShiftUnknown).count();
        assert_eq!(others, 0, "{report}");
        (lines[0], report.count(Cause::ShiftUnknown))
    };
    let unknown = |b| width(b).1;
    assert_eq!([unknown(gas("H2")), unknown(HitranBroadening::Air)], [0, 0]);
    assert_eq!([unknown(gas("he")), unknown(HitranBroadening::SelfBroadening)], [1, 1]);
    let width = |b| width(b).0;
    let h2 = width(gas("H2"));
    assert_eq!((h2.gamma_ref, h2.temperature_exponent, h2.shift), (0.0695 / ATM_IN_BAR, 0.71, -0.0012 / ATM_IN_BAR));
    let air = width(HitranBroadening::Air);
    assert_eq!((air.gamma_ref, air.temperature_exponent, air.shift), (0.0457 / ATM_IN_BAR, 0.67, -0.0029 / ATM_IN_BAR));
    let own = width(HitranBroadening::SelfBroadening);
    assert_eq!((own.gamma_ref, own.temperature_exponent, own.shift), (0.047 / ATM_IN_BAR, 0.66, 0.0));
    let mixture = vec![(Partner::named("h2"), 0.85), (Partner::named("HE"), 0.15)];
    let both = width(HitranBroadening::Mixture(mixture));
    for t in [296.0, 500.0, 1500.0] {
        let exact =
            (0.85 * 0.0695 * f64::powf(296.0 / t, 0.71) + 0.15 * 0.0472 * f64::powf(296.0 / t, 0.51)) / ATM_IN_BAR;
        assert!((both.width().at(t) / exact - 1.0).abs() < 1e-3, "{t}");
    }
    assert!((both.shift - 0.85 * -0.0012 / ATM_IN_BAR).abs() < 1e-18);
    let message = broadened(&files, gas("CO2")).unwrap_err().to_string();
    assert!(message.contains("given CO2, required") && message.contains("air, h2, he, self"), "{message}");
    // A rule of the user's sees the same values.
    let rule: WidthRule = std::sync::Arc::new(|r| Width::power_law(r.partner("he").gamma.unwrap(), 0.3));
    assert_eq!(width(HitranBroadening::Custom(rule)).gamma_ref, 0.0472);
}

#[test]
fn missing_values_of_a_gas_are_filled_in_and_counted() {
    let files =
        hapi("gamma_h2,n_h2,gamma_he,n_he", &["0.07,0.7,0.05,0.4", "#,#,0.05,0.4", " ,,#####, ", "0.07,#,0.05,0.4"]);
    let (lines, report) = broadened(&files, gas("H2")).unwrap();
    assert_eq!((lines.len(), report.count(Cause::WidthFromAir), report.count(Cause::ExponentFromAir)), (4, 2, 1));
    let mixture = HitranBroadening::Mixture(vec![(Partner::named("H2"), 0.85), (Partner::named("He"), 0.15)]);
    let (_, report) = broadened(&files, mixture).unwrap();
    let counts = [Cause::WidthFromOtherPartner, Cause::WidthFromAir, Cause::ExponentFromAir].map(|c| report.count(c));
    assert_eq!(counts, [1, 1, 1]);
    assert!((report.causes[&Cause::WidthFromAir].strength - 1.322e-25).abs() < 1e-31);
    // What cannot be read or has no sense.
    let files = hapi("gamma_h2,n_h2", &["0.07,0.7", "0.07,0.7", "0.0x,0.7", "-0.1,0.7", "0.07,7.5"]);
    let (lines, report) = broadened(&files, gas("H2")).unwrap();
    assert_eq!(
        (lines.len(), report.count(Cause::DroppedUnreadable), report.count(Cause::DroppedUnphysical)),
        (2, 1, 2)
    );
    let first = report.causes[&Cause::DroppedUnreadable].first.clone().unwrap();
    assert!(first.contains("CO.data, line 3: separated field 1") && first.contains("0.0x"), "{first}");
}

#[test]
fn tables_without_the_160_columns_are_read_by_their_header() {
    let header = r#"{"extra": ["molec_id", "local_iso_id", "nu", "sw", "elower", "gamma_air", "n_air", "gamma_h2"], "extra_separator": ","}"#;
    let text = "5,1,2002.114985,1.322e-25,3579.9751,0.0457,0.67,0.06\n5,1,2003.0,1e-25,100.0,0.05,0.7,#\n".to_owned();
    let (lines, report) = broadened(&[("t.data", text), ("t.header", header.into())], gas("H2")).unwrap();
    assert_eq!(
        (lines[0].strength, lines[0].gamma_ref, lines[0].temperature_exponent),
        (1.322e-25, 0.06 / ATM_IN_BAR, 0.67)
    );
    assert_eq!((report.kept, report.count(Cause::WidthFromAir)), (2, 1));
    // Columns in an order of one's own.
    let header = r#"{"order": ["nu", "molec_id", "local_iso_id", "elower", "sw", "gamma_air"],
        "format": {"nu": "%12.6f", "molec_id": "%3d", "local_iso_id": "%2d", "elower": "%10.4f", "sw": "%10.3E", "gamma_air": "%6.4f"}}"#;
    let text = " 2002.114985  5 1 3579.9751 1.322E-250.0457\n".to_owned();
    let (lines, _) = broadened(&[("t.data", text), ("t.header", header.into())], HitranBroadening::Air).unwrap();
    assert_eq!(
        (lines[0].wavenumber, lines[0].lower_energy, lines[0].gamma_ref),
        (2002.114985, 3579.9751, 0.0457 / ATM_IN_BAR)
    );
    for (header, part) in [
        ("", "the file is empty"),
        ("order: nu", "line 1: a HAPI header is JSON"),
        ("{}", "neither `order` nor `extra`"),
        (r#"{"order": 3}"#, "`order`: a list of names"),
        (r#"{"order": ["nu"], "format": {"nu": "wide"}}"#, "`nu`: a format with a width"),
        (r#"{"extra": ["nu", "sw"]}"#, "not among `order` and `extra`: molec_id, local_iso_id, elower"),
    ] {
        let files = [("t.data", RECORDS[1].to_owned()), ("t.header", header.into())];
        let message = broadened(&files, HitranBroadening::Air).unwrap_err().to_string();
        assert!(message.contains("t.header") && message.contains(part), "{header}: {message}");
    }
}

#[test]
fn records_of_other_lengths_are_read_and_told() {
    let text = format!("{}\n{},0.0695, 3, 1345 \n{}\n", RECORDS[1], RECORDS[1], &RECORDS[1][..67]);
    let (lines, report) = broadened(&[("x.par", text)], HitranBroadening::Air).unwrap();
    assert_eq!(lines[0], lines[1]);
    assert_eq!(lines[0], lines[2]);
    assert_eq!((report.count(Cause::LongRecord), report.count(Cause::ShortRecord)), (1, 1));
    let told = report.told("CO").iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(told.contains("1 of 3 lines: records longer than 160") && told.contains("x.par, line 2"), "{told}");
}

#[test]
fn natural_width_and_shift() {
    let (lines, _) = broadened(&[("x.par", RECORDS[1].to_owned())], HitranBroadening::Air).unwrap();
    assert!((lines[0].natural_width - 29.6 / (4.0 * std::f64::consts::PI * 2.99792458e10)).abs() < 1e-20);
    assert_eq!(lines[0].shift, -0.0029 / 1.01325);
    let mut record = RECORDS[1].to_owned();
    record.replace_range(25..35, "          ");
    record.replace_range(59..67, "        ");
    let (lines, report) = broadened(&[("x.par", record)], HitranBroadening::Air).unwrap();
    assert_eq!((lines[0].natural_width, lines[0].shift, report.causes.len()), (0.0, 0.0, 0));
}

#[test]
fn foreign_formats_are_named() {
    let cdsd = " 21 2250.000290 3.993E-38 2.283E-01.0558.0665 8560.51690.62-.004602 0.65  1 3 3 11       1 3 3 01  8 1  20  5 2   5  Q114f 1000\n";
    let geisa = "    3.845033 3.3000D-240.0797    0.0000                        0                        0                          R  00.76 26  5L19 51 7.207E-08 0.0860-0.000265-.9999 -0.999999-9.9999D-01-.9999-.99 0.000000-.9999-9.9999-.99-.990.0000000.000000-.99-.99\n";
    for (text, name) in [(cdsd, "CDSD"), (geisa, "GEISA")] {
        let message = broadened(&[("x.par", text.repeat(3))], HitranBroadening::Air).unwrap_err().to_string();
        assert!(message.contains("x.par, line 1") && message.contains(name), "{message}");
        assert_eq!(message.matches(name).count(), if name == "CDSD" { 3 } else { 1 }, "{message}");
    }
    let old = RECORDS[1][..100].to_owned();
    let message = broadened(&[("x.par", old)], HitranBroadening::Air).unwrap_err().to_string();
    assert!(message.contains("HITRAN2000"), "{message}");
}

/// Records of three isotopologues, one of them unknown to the tables, with one of unknown energy and one that cannot be read.
fn several() -> String {
    let change = |column: usize, text: &str| {
        let mut record = RECORDS[1].to_owned();
        record.replace_range(column - 1..column - 1 + text.len(), text);
        record
    };
    let unknown_energy = change(46, "   -1.0000");
    let records = [
        change(3, "1"),
        change(3, "1"),
        unknown_energy,
        change(3, "2"),
        change(3, "9"),
        change(4, " 2400.000000"),
        change(16, "   1.0E-xx"),
        change(1, "??"),
    ];
    records.join("\n")
}

#[test]
fn every_isotopologue_has_a_report_and_a_share_of_its_own() {
    let (_folder, path) = folder(&[("x.par", several())]);
    let source = HitranSource { range: Some((2000.0, 2100.0)), ..HitranSource::new(path) };
    let lists = source.isotopologues(&Resources::new(&())).unwrap();
    let strength = 1.322e-25;
    let found: Vec<_> = lists[0].found().iter().map(|f| (f.id, f.lines, (f.strength / strength).round())).collect();
    assert_eq!(found, [((5, '1'), 4, 3.0), ((5, '2'), 1, 1.0), ((5, '9'), 1, 1.0)]);
    let shares: Vec<f64> = lists.iter().map(|l| (100.0 * l.strength_share()).round()).collect();
    assert_eq!(shares, [60.0, 20.0, 20.0]);
    let nobody = lists[2].species().unwrap_err().to_string();
    assert!(nobody.contains("isotopologue 9, which has 20.000 % of the strength found"), "{nobody}");
    for (list, kept, counts) in [(&lists[0], 2, [2, 1, 1, 2]), (&lists[1], 1, [5, 0, 1, 1])] {
        let held = list.held().unwrap();
        let streamed = list.stream((0.0, f64::INFINITY), &(), &mut |_| Ok(())).unwrap();
        assert_eq!(held.0.len() as u64, kept);
        for report in [held.1.unwrap(), &streamed] {
            use Cause::{DroppedOtherSpecies, DroppedOutOfRange, DroppedUnknownEnergy, DroppedUnreadable};
            let causes = [DroppedOtherSpecies, DroppedUnknownEnergy, DroppedOutOfRange, DroppedUnreadable];
            assert_eq!((report.read, report.kept, report.read - report.dropped()), (8, kept, kept));
            let got = causes.map(|c| report.count(c));
            // A record of another isotopologue that is garbled behind its head counts among the others.
            assert_eq!(got, counts, "{report}");
        }
        let own = list.held().unwrap().1.unwrap();
        assert!((own.strength - kept as f64 * strength).abs() < 1e-6 * strength);
    }
}

#[test]
fn a_range_without_lines_gives_empty_lists_of_what_there_is() {
    let (_folder, path) = folder(&[("x.par", several())]);
    let source = HitranSource { range: Some((10.0, 20.0)), ..HitranSource::new(path) };
    let lists = source.isotopologues(&Resources::new(&())).unwrap();
    assert_eq!(lists.iter().map(HitranList::id).collect::<Vec<_>>(), [(5, '1'), (5, '2'), (5, '9')]);
    assert!(lists[0].held().unwrap().0.is_empty() && lists[0].species().is_ok() && lists[0].strength_share() == 1.0);
    assert!(source.load(&()).unwrap_err().to_string().contains("no line between 10 and 20 cm-1"));
}

#[test]
fn the_cache_knows_strengths_and_sees_a_changed_header() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(Some(&folder.path().join("cache")));
    let path = folder.path().join("x.data");
    let header = folder.path().join("x.header");
    let text: String = (0..12_000).map(|i| format!("{},0.0{}\n", RECORDS[i % 2], 5 + i % 3)).collect();
    std::fs::write(&path, text).unwrap();
    let write = |names: &str| std::fs::write(&header, format!("{{{STANDARD_ORDER}, \"extra\": [{names}]}}")).unwrap();
    write("\"gamma_h2\"");
    let source = HitranSource { broadening: gas("H2"), ..HitranSource::new(&path) };
    let resources = Resources::with_cache(&cache, &());
    let first = source.isotopologues(&resources).unwrap();
    let second = source.isotopologues(&resources).unwrap();
    assert!(first[0].held().is_some() && second[0].held().is_none(), "the second time no record is read");
    assert_eq!(first[0].found(), second[0].found());
    assert_eq!(second[1].found()[0].lines, 6000);
    assert!(second.iter().map(HitranList::strength_share).sum::<f64>() > 1.0 - 1e-12);
    write("\"gamma_he\"");
    assert!(source.isotopologues(&resources).is_err(), "another header is another content");
    let other = HitranSource { default_width: Some(Width::power_law(0.1, 0.5)), broadening: gas("He"), ..source };
    assert!(other.isotopologues(&resources).unwrap()[0].held().is_some());
}
