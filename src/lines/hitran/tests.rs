use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::lines::test_data;

/// A record with some columns (from 1) overwritten.
fn changed(changes: &[(usize, &str)]) -> String {
    let mut line = RECORDS[1].as_bytes().to_vec();
    for (column, text) in changes {
        line[column - 1..column - 1 + text.len()].copy_from_slice(text.as_bytes());
    }
    String::from_utf8(line).unwrap()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn load_text(text: impl AsRef<[u8]>, set: impl FnOnce(&mut HitranSource)) -> Result<(Vec<LineList>, LoadReport)> {
    let folder = Folder::new();
    let mut source = HitranSource::new(folder.write("x.par", text));
    set(&mut source);
    source.load(&())
}

fn error(text: impl AsRef<[u8]>) -> String {
    load_text(text, |_| {}).unwrap_err().to_string()
}

#[test]
fn the_sample_gives_the_reference_table() {
    let (Some(par), Some(reference)) =
        (test_data("hitran/CO_2000-2300.par"), test_data("../reference/co_hitran/lines.npz"))
    else {
        return;
    };
    let mut npz = npyz::npz::NpzArchive::open(reference).unwrap();
    let mut column = |name: &str| -> Vec<f64> { npz.by_name(name).unwrap().unwrap().into_vec().unwrap() };
    let columns = ["nu", "S_ref", "E", "gamma_ref", "n_Texp"].map(&mut column);

    let mut source = HitranSource::new(par);
    source.isotopologue = Some('1');
    source.range = Some((1950.0, 2250.0));
    let (lists, report) = source.load(&()).unwrap();
    assert_eq!((report.read, report.kept, report.dropped()), (573, 194, 573 - 194));
    // Other isotopologues are counted where they are in range, with their part of the strength.
    let other = &report.causes[&Cause::DroppedOtherSpecies];
    assert!(other.lines > 200 && (0.01..0.05).contains(&(other.strength / report.strength)), "{other:?}");
    let [list] = &lists[..] else { panic!("{} lists", lists.len()) };
    assert_eq!((list.species.name.as_str(), list.len()), ("12C-16O", columns[0].len()));
    assert!((list.species.molar_mass - column("molmass")[0]).abs() < 2e-2);
    for (i, l) in list.lines().iter().enumerate() {
        let ours = [l.wavenumber, l.strength, l.lower_energy, l.gamma_ref, l.temperature_exponent];
        for (k, ours) in ours.iter().enumerate() {
            assert!(
                (ours - columns[k][i]).abs() <= 1e-12 * ours.abs(),
                "line {i}, column {k}: {ours} {}",
                columns[k][i]
            );
        }
    }
}

#[test]
fn isotopologues_become_lists_of_their_own() {
    let Some(par) = test_data("hitran/CO_2000-2300.par") else { return };
    let (lists, report) = HitranSource::new(&par).load(&()).unwrap();
    let got: Vec<_> = lists.iter().map(|l| (l.species.name.as_str(), l.len())).collect();
    assert_eq!(got, [("12C-16O", 221), ("13C-16O", 181), ("12C-18O", 171)]);
    assert_eq!((report.kept, report.dropped()), (573, 0));
    let mut source = HitranSource::new(par);
    source.molar_mass = Some(28.0);
    assert!(source.load(&()).unwrap_err().to_string().contains("3 isotopologues"));
    source.isotopologue = Some('2');
    assert_eq!(source.load(&()).unwrap().0[0].species.molar_mass, 28.0);
}

#[test]
fn compressed_and_split_files_give_the_same_lines() {
    let text: String =
        (0..40_000).map(|i| changed(&[(4, &format!("{:12.6}", 2000.0 + 0.001 * f64::from(i)))]) + "\r\n").collect();
    let (first, second) = text.split_at(162 * 17_001);
    let folder = Folder::new();
    let plain = folder.write("all.par", &text);
    let mut two_streams = bzip2(first.as_bytes());
    two_streams.extend(bzip2(second.as_bytes()));
    let members = [("b/1.par", first.as_bytes()), ("b/2.par", second.as_bytes())];
    let sub = Folder::new();
    sub.write("1.par.bz2", bzip2(first.as_bytes()));
    sub.write("2.par", second);
    sub.write("2.par.bz2", bzip2(second.as_bytes()));
    sub.write("readme.md", "not a list");
    let want = HitranSource::new(plain).load(&()).unwrap().0;
    assert_eq!(want[0].len(), 40_000);
    for path in
        [folder.write("two.par.bz2", two_streams), folder.write("two.zip", zip(&members)), sub.0.path().to_owned()]
    {
        let got = HitranSource::new(&path).load(&()).unwrap().0;
        assert!(got[0].lines() == want[0].lines(), "{}", path.display());
    }
}

#[test]
fn a_file_that_is_named_twice_is_refused() {
    let folder = Folder::new();
    let file = folder.write("1.par", format!("{}\n", RECORDS[1]));
    let twin = folder.write("1.par.bz2", bzip2(RECORDS[1].as_bytes()));
    for paths in [[file.clone(), file.clone()], [file.clone(), folder.0.path().to_owned()], [twin, file.clone()]] {
        let mut source = HitranSource::new(&file);
        source.paths = paths.to_vec();
        let message = source.load(&()).unwrap_err().to_string();
        assert!(message.contains("1.par") && message.contains("named twice"), "{message}");
    }
    let mut source = HitranSource::new(&file);
    source.range = Some((f64::MIN_POSITIVE, 35.0));
    assert!(source.load(&()).unwrap_err().to_string().contains("no line up to 35 cm-1"));
}

#[test]
fn broadening() {
    let gamma = |set: &dyn Fn(&mut HitranSource), line: &str| {
        load_text(line, |s| set(s)).map(|(l, r)| (l[0].lines()[0].gamma_ref, l[0].lines()[0].temperature_exponent, r))
    };
    let air = |_: &mut HitranSource| {};
    let own = |s: &mut HitranSource| s.broadening = HitranBroadening::SelfBroadening;
    let full = RECORDS[1];
    assert_eq!(gamma(&air, full).unwrap().0, 0.0457 / 1.01325);
    assert_eq!(gamma(&own, full).unwrap().0, 0.047 / 1.01325);
    let mixture = |x: f64| HitranBroadening::Mixture(vec![(Partner::Air, 1.0 - x), (Partner::SelfGas, x)]);
    let mixed = gamma(&|s| s.broadening = mixture(0.25), full).unwrap();
    assert!((mixed.0 - (0.75 * 0.0457 + 0.25 * 0.047) / 1.01325).abs() < 1e-15);
    let fixed = Width::new(0.1, 0.3).unwrap();
    assert_eq!(gamma(&|s| s.broadening = HitranBroadening::Fixed(fixed), full).unwrap().0, 0.1);
    let rule: WidthRule = Arc::new(|r| Width::power_law(2.0 * r.gamma_air, 0.9));
    assert_eq!(gamma(&|s| s.broadening = HitranBroadening::Custom(rule.clone()), full).unwrap().0, 2.0 * 0.0457);
    let nan: WidthRule = Arc::new(|_| Width::power_law(f64::NAN, 0.9));
    assert!(gamma(&|s| s.broadening = HitranBroadening::Custom(nan.clone()), full).is_err());
    assert!(gamma(&|s| s.broadening = mixture(1.5), full).is_err());
    let no_gas = gamma(&|s| s.broadening = HitranBroadening::Partner("H2".into()), full).unwrap_err().to_string();
    assert!(no_gas.contains("given H2") && no_gas.contains("air, self") && no_gas.contains("header"), "{no_gas}");

    let no_self = changed(&[(41, "0.000")]);
    let (g, _, report) = gamma(&own, &no_self).unwrap();
    assert_eq!((g, report.count(Cause::WidthFromAir)), (0.0457 / 1.01325, 1));
    // Air's missing: self's; of a mixture the other's; both missing: the default, the user's or the last.
    let no_air = changed(&[(36, ".0000")]);
    for set in [&air as &dyn Fn(&mut HitranSource), &|s: &mut HitranSource| s.broadening = mixture(0.25)] {
        let (g, n, report) = gamma(set, &no_air).unwrap();
        assert_eq!((g, n, report.count(Cause::WidthFromOtherPartner)), (0.047 / 1.01325, 0.67, 1));
    }
    let none = changed(&[(36, ".00000.000")]);
    for set in [&air as &dyn Fn(&mut HitranSource), &own, &|s: &mut HitranSource| s.broadening = mixture(0.25)] {
        let (g, n, report) = gamma(set, &none).unwrap();
        assert_eq!((g, n, report.count(Cause::WidthDefault)), (0.07, 0.5, 1));
        assert_eq!(report.causes[&Cause::WidthDefault].strength, report.strength);
        let with_default = |s: &mut HitranSource| {
            set(s);
            s.default_width = Some(fixed);
        };
        let (g, n, report) = gamma(&with_default, &none).unwrap();
        assert_eq!((g, n, report.count(Cause::WidthDefault)), (0.1, 0.3, 1));
    }
    let no_n = changed(&[(56, "    ")]);
    let (_, n, report) = gamma(&air, &no_n).unwrap();
    assert_eq!((n, report.count(Cause::ExponentDefault)), (DEFAULT_EXPONENT, 1));
}

#[test]
fn records_without_absorption_are_dropped_and_counted() {
    let text = [
        changed(&[]),
        changed(&[(16, " 0.000E+00")]),
        changed(&[(46, "   -1.0000")]),
        changed(&[(4, "    0.000000")]),
        changed(&[(4, " 2400.000000")]),
        changed(&[(3, "2")]),
    ]
    .join("\n");
    let (_, r) = load_text(text, |s| {
        s.range = Some((0.0, 2300.0));
        s.isotopologue = Some('1');
        s.molecule = Some(5);
    })
    .unwrap();
    assert_eq!((r.read, r.kept, r.dropped()), (6, 1, 5));
    assert_eq!(
        (
            r.count(Cause::DroppedZeroStrength),
            r.count(Cause::DroppedUnknownEnergy),
            r.count(Cause::DroppedZeroWavenumber)
        ),
        (1, 1, 1)
    );
    assert_eq!((r.count(Cause::DroppedOutOfRange), r.count(Cause::DroppedOtherSpecies)), (1, 1));
    assert_eq!(r.causes[&Cause::DroppedUnknownEnergy].strength, 1.322e-25);
    assert_eq!(r.causes[&Cause::DroppedOtherSpecies].strength, 1.322e-25);
    assert_eq!(r.wavenumber_range, Some((0.0, 2400.0)));
}

#[test]
fn nothing_in_range_says_what_there_is() {
    let message = load_text(RECORDS.join("\n"), |s| s.range = Some((3000.0, 4000.0))).unwrap_err().to_string();
    assert!(
        message.contains("between 3000 and 4000 cm-1") && message.contains("2000.052539 to 2002.114985"),
        "{message}"
    );
    let message = load_text(RECORDS.join("\n"), |s| s.isotopologue = Some('9')).unwrap_err().to_string();
    assert!(message.contains("isotopologue 9"), "{message}");
    assert!(load_text(RECORDS[0], |s| s.range = Some((2.0, 1.0))).is_err());
}

#[test]
fn unknown_species_are_errors() {
    let unknown = load_text(changed(&[(1, "99")]), |_| {}).unwrap_err().to_string();
    assert!(unknown.contains("molecule 99"), "{unknown}");
    let own = Arc::new(PartitionFunction::new(vec![1.0, 5000.0], vec![1.0, 5000.0]).unwrap());
    let (lists, _) = load_text(changed(&[(1, "99")]), |s| {
        s.partition = Some(own);
        s.molar_mass = Some(50.0);
    })
    .unwrap();
    assert_eq!(lists[0].species.name, "HITRAN 99/1");
}

#[test]
fn bad_files_are_clear_errors() {
    let many = RECORDS.join("\n");
    assert!(error("").contains("empty"));
    assert!(error("\n \n").contains("no HITRAN record"));
    assert!(error("<!DOCTYPE html>\n<html>").contains("web page"));
    assert!(error([0u8; 300]).contains("binary"));
    assert!(error([0x1f, 0x8b, 8, 0, 1]).contains("gzip"));
    assert!(error(&many[..30]).contains("line 1: a HITRAN record has 160 characters, this line has 30"));
    let cut: String = RECORDS.iter().map(|r| format!("{}\n", &r[..66])).collect();
    assert!(error(&cut).contains("2 of 2 records cannot be read"), "{}", error(&cut));
    assert!(error(vec![b'1'; 3 << 20]).contains("no line end"));
    let latin = many.replace("2000.052539", "2000,052539").replace("P 25", "P\u{2019}\u{2019}");
    let (lists, report) = load_text(latin, |_| {}).unwrap();
    let tally = &report.causes[&Cause::DroppedUnreadable];
    assert_eq!((lists[0].len(), tally.lines), (1, 1));
    let first = tally.first.as_ref().unwrap();
    assert!(first.contains("x.par, line 1: columns 4 to 15") && first.contains("2000,052539"), "{first}");
    assert!(matches!(HitranSource::new("/nowhere/x.par").load(&()), Err(Error::Io { .. })));

    let folder = Folder::new();
    let message = |path: PathBuf| HitranSource::new(path).load(&()).unwrap_err().to_string();
    assert!(message(folder.0.path().to_owned()).contains("*.par"));
    let text: String =
        (0..20_000).map(|i| changed(&[(4, &format!("{:12.6}", 2000.0 + 0.001 * f64::from(i)))]) + "\n").collect();
    let packed = bzip2(text.as_bytes());
    let cut = message(folder.write("cut.par.bz2", &packed[..packed.len() / 2]));
    assert!(cut.contains("truncated or corrupt"), "{cut}");
    let mut broken = packed.clone();
    let middle = broken.len() / 2;
    broken[middle..middle + 20].fill(0x55);
    let broken = message(folder.write("broken.par.bz2", broken));
    assert!(broken.contains("truncated or corrupt"), "{broken}");
    assert!(message(folder.write("empty.par.bz2", b"")).contains("empty"));
    assert!(message(folder.write("none.par.bz2", bzip2(b""))).contains("empty"));
    assert!(message(folder.write("fake.par.bz2", RECORDS[0])).contains("named .bz2"));
    let archive = zip(&[("a.par", text.as_bytes())]);
    assert!(message(folder.write("cut.zip", &archive[..archive.len() / 2])).contains("zip archive"));
    let mut broken = archive.clone();
    let middle = broken.len() / 2;
    broken[middle..middle + 20].fill(0x55);
    // Damaged deflate data may still inflate to something: then the records are what is wrong.
    let broken = message(folder.write("broken.zip", broken));
    assert!(broken.contains("broken.zip/a.par, line"), "{broken}");
    let mut checksum = archive.clone();
    let at = checksum.windows(4).position(|w| w == b"PK\x01\x02").unwrap() + 16;
    checksum[at] ^= 1;
    let checksum = message(folder.write("checksum.zip", checksum));
    assert!(checksum.contains("truncated or corrupt"), "{checksum}");
    assert!(message(folder.write("none.zip", zip(&[]))).contains("holds no file"));
    let member = message(folder.write("bad.zip", zip(&[("sub/a.par", RECORDS[0].as_bytes()), ("b.par", b"oops")])));
    assert!(member.contains("bad.zip/b.par, line 1"), "{member}");
}

#[test]
fn line_numbers_hold_beyond_the_first_chunk() {
    let mut text: String = (0..20_000).map(|_| changed(&[]) + "\n").collect();
    for at in [15_000, 17_000] {
        text.replace_range(161 * at..161 * at + 2, "??");
    }
    let (lists, report) = load_text(text, |_| {}).unwrap();
    let tally = &report.causes[&Cause::DroppedUnreadable];
    assert_eq!((lists[0].len(), report.kept, tally.lines), (19_998, 19_998, 2));
    assert!(tally.first.as_ref().unwrap().contains("line 15001: columns 1 to 2"));
}

#[test]
fn a_visitor_may_stop_the_stream() {
    let text: String = (0..200_000).map(|_| changed(&[]) + "\n").collect();
    let folder = Folder::new();
    let source = HitranSource::new(folder.write("x.par", text));
    let mut calls = 0;
    let result = source.stream(&(), &mut |_, lines| {
        assert!(lines.len() <= 1 << 13);
        calls += 1;
        Err(Error::Internal("enough".into()))
    });
    assert!(matches!(result, Err(Error::Internal(_))) && calls == 1);
}

#[test]
fn progress_counts_every_byte() {
    use std::sync::atomic::{AtomicU64, Ordering};
    #[derive(Default)]
    struct Count(AtomicU64, AtomicU64);
    impl Progress for Count {
        fn begin(&self, _: &str, total: Option<u64>) {
            self.0.store(total.unwrap(), Ordering::SeqCst);
        }
        fn advance(&self, amount: u64) {
            self.1.fetch_add(amount, Ordering::SeqCst);
        }
        fn finish(&self) {}
    }
    let folder = Folder::new();
    let text: String = (0..20_000).map(|_| changed(&[]) + "\n").collect();
    for path in [folder.write("x.par", &text), folder.write("x.par.bz2", bzip2(text.as_bytes()))] {
        let count = Count::default();
        HitranSource::new(path).load(&count).unwrap();
        assert_eq!(count.0.into_inner(), count.1.into_inner());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_file_is_taken(head in 0..4usize, bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut text = [&b""[..], b"BZh9", b"PK\x03\x04", b"BZh91AY&SY"][head].to_vec();
        text.extend(bytes);
        let _ = load_text(text, |_| {});
    }

    #[test]
    fn damaged_archives_are_taken(packed in any::<bool>(), at in 0..400usize, byte in any::<u8>()) {
        let text = RECORDS.join("\n").repeat(3);
        let mut bytes = if packed { bzip2(text.as_bytes()) } else { zip(&[("a.par", text.as_bytes())]) };
        let at = at % bytes.len();
        bytes[at] ^= byte;
        let _ = load_text(bytes, |_| {});
    }
}
