//! Line lists of other formats, told by their first lines, so that an error can name them and say what to do.

use std::io::Read;
use std::path::Path;

use super::fields::{number, unsigned, words};
use crate::input;

/// Bytes of a file that are looked at.
const HEAD: u64 = 1 << 14;

const GEISA: &str = "these look like GEISA records, which have other columns than HITRAN's and are not read: \
                     take the same molecule from HITRAN (hitran.org) or HITEMP";
const CDSD: &str = "these look like records of CDSD (CDSD-HITEMP, CDSD-4000), which have columns of their own for the exponent in CO2 \
                    and are not read: take CO2 from HITRAN or HITEMP, or ExoMol's UCL-4000";
const HITRAN_OLD: &str = "these look like records of 100 characters, the format of HITRAN2000 and before, which is not read: \
                          download the molecule anew from hitran.org (records of 160 characters)";
const EXOMOL_HR: &str = "this looks like a CSV table of ExoMolHR, which holds strengths at one temperature and is not read: \
                         take the isotopologue's ExoMol data set (.states, .trans, .pf, .def) from exomol.com";
const VALD: &str = "this looks like a list of VALD (atomic lines, wavelengths and log gf), which is not read: \
                    the program reads molecular lists of HITRAN, HITEMP and ExoMol";
const KURUCZ: &str = "this looks like a gf list of Kurucz (wavelength in nm, log gf, element code), which is not read: \
                      the program reads molecular lists of HITRAN, HITEMP and ExoMol";
const MARVEL: &str = "this looks like a list of measured transitions of MARVEL, which has no strengths and is not read: \
                      take the ExoMol data set that was updated with it";
const CATALOGUE: &str = "this looks like a catalogue of JPL or CDMS (.cat: frequencies in MHz, logarithms of intensities at 300 K), which \
                         is not read: take the molecule from HITRAN or ExoMol";
pub(crate) const STATES: &str = "this looks like a file of an ExoMol data set: give its folder, with the format exomol";
pub(crate) const HITRAN: &str = "these look like HITRAN records: give the format hitran";
const PAGE: &str = "this is a web page (HTML), not data: was it saved from a log-in or error page?";
const CSV: &str = "this looks like a table of comma-separated values, which is not read: HITRAN lists are records of 160 characters \
                   (or HAPI's .data with its .header), ExoMol lists a folder with .states and .trans";

/// The format that a file seems to have, and what to do, if it is one that is known and not read (or read under another name).
/// The file may be compressed. `None` if it is not known or cannot be read.
pub fn recognise(path: impl AsRef<Path>) -> Option<&'static str> {
    let file = input::open(path.as_ref()).ok()?;
    let mut head = Vec::new();
    let _ = (&file).take(HEAD).read_to_end(&mut head);
    if head.starts_with(b"BZh") {
        let mut text = Vec::new();
        // What has come before an error is enough.
        let again = std::io::Seek::rewind(&mut (&file)).ok().map(|()| bzip2::read::MultiBzDecoder::new(&file));
        let _ = again?.take(HEAD).read_to_end(&mut text);
        head = text;
    } else if head.starts_with(b"PK") {
        let mut archive = zip::ZipArchive::new(&file).ok()?;
        let mut text = Vec::new();
        let _ = archive.by_index(0).ok()?.take(HEAD).read_to_end(&mut text);
        head = text;
    }
    let lines: Vec<&[u8]> = head.split(|b| *b == b'\n').collect();
    recognise_lines(&lines)
}

/// Whether a line is of a kind.
type Test = fn(&[u8]) -> bool;

/// As [`recognise`], of the first lines of a file.
pub(crate) fn recognise_lines(lines: &[&[u8]]) -> Option<&'static str> {
    let strip = |line: &[u8]| line.strip_suffix(b"\r").map(<[u8]>::to_vec).unwrap_or_else(|| line.to_vec());
    let lines: Vec<Vec<u8>> = lines.iter().map(|l| strip(l)).filter(|l| !l.trim_ascii().is_empty()).collect();
    let first = lines.first()?;
    let start = first.trim_ascii_start();
    if start.starts_with(b"<!") || start.starts_with(b"<html") || start.starts_with(b"<HTML") {
        return Some(PAGE);
    }
    let title = String::from_utf8_lossy(first).to_lowercase();
    if title.contains(',') && !title.starts_with('\'') && !lines.iter().any(|l| is_vald(l)) {
        let names: Vec<&str> = title.split(',').map(|n| n.trim().trim_matches('"')).collect();
        let has = |name: &str| names.contains(&name);
        if has("nu") && (has("e'") || names.iter().any(|n| n.starts_with("e\"") || *n == "e") || has("gtot'")) {
            return Some(EXOMOL_HR);
        }
    }
    let tests: [(Test, &str); 9] = [
        (is_cdsd, CDSD),
        (is_geisa, GEISA),
        (is_kurucz, KURUCZ),
        (is_catalogue, CATALOGUE),
        (is_vald, VALD),
        (is_marvel, MARVEL),
        (is_hitran, HITRAN),
        (is_old_hitran, HITRAN_OLD),
        (is_states, STATES),
    ];
    // Lists have titles, comments and broken lines: most of what was looked at must be of the kind, VALD's every fourth line.
    for (test, name) in tests {
        let hits = lines.iter().filter(|l| test(l)).count();
        let enough = if name == VALD { hits > 0 } else { 2 * hits > lines.len() };
        if enough {
            return Some(name);
        }
    }
    let commas = |l: &[u8]| l.iter().filter(|b| **b == b',').count();
    let csv =
        lines.len() > 1 && commas(first) > 0 && lines[..lines.len() - 1].iter().all(|l| commas(l) == commas(first));
    csv.then_some(CSV)
}

/// A number in columns `from..to` (from 0), with a decimal point.
fn decimal(line: &[u8], from: usize, to: usize) -> Option<f64> {
    let field = line.get(from..to)?;
    field.contains(&b'.').then(|| number(field)).flatten()
}

fn whole(line: &[u8], from: usize, to: usize) -> Option<i64> {
    std::str::from_utf8(line.get(from..to)?).ok()?.trim().parse().ok()
}

/// Molecule, isotopologue, wavenumber, strength and lower-state energy where HITRAN has them.
fn has_hitran_head(line: &[u8]) -> bool {
    let molecule = line.get(..2).and_then(unsigned).is_some_and(|m| (1..=99).contains(&m));
    let isotopologue = line.get(2).is_some_and(u8::is_ascii_alphanumeric);
    molecule
        && isotopologue
        && decimal(line, 3, 15).is_some()
        && decimal(line, 15, 25).is_some()
        && decimal(line, 45, 55).is_some()
}

fn is_hitran(line: &[u8]) -> bool {
    line.len() >= 160 && has_hitran_head(line)
}

fn is_old_hitran(line: &[u8]) -> bool {
    line.len() == 100 && has_hitran_head(line)
}

/// CO2 in shorter records: after the exponent in air stands that in CO2, at once (CDSD-4000) or behind the shift (CDSD-HITEMP), where
/// HITRAN has quantum numbers without a decimal point.
fn is_cdsd(line: &[u8]) -> bool {
    if line.len() >= 160 || !has_hitran_head(line) || whole(line, 0, 2) != Some(2) {
        return false;
    }
    let exponent = |from: usize, to: usize| decimal(line, from, to).is_some_and(|n| (0.0..2.0).contains(&n));
    exponent(67, 72) || (exponent(59, 63) && decimal(line, 59, 67).is_none())
}

/// Wavenumber first, then a strength with the letter D, half width, energy.
fn is_geisa(line: &[u8]) -> bool {
    let strength = line.get(12..23).is_some_and(|f| f.contains(&b'D')) && decimal(line, 12, 23).is_some();
    line.len() >= 120 && decimal(line, 0, 12).is_some() && strength && decimal(line, 29, 39).is_some()
}

/// Wavelength \[nm\] (F11.4), log gf (F7.3), element code (F6.2), energy (F12.3), J (F5.1).
fn is_kurucz(line: &[u8]) -> bool {
    let code = line.get(18..24).map(<[u8]>::trim_ascii).unwrap_or_default();
    let two_places = code.len() >= 4 && code[code.len() - 3] == b'.';
    line.len() >= 60
        && decimal(line, 0, 11).is_some()
        && decimal(line, 11, 18).is_some()
        && two_places
        && number(code).is_some()
        && decimal(line, 24, 36).is_some()
        && decimal(line, 36, 41).is_some()
}

/// FREQ F13.4, ERR F8.4, LGINT F8.4, DR I2, ELO F10.4, GUP I3, TAG I7, QNFMT I4.
fn is_catalogue(line: &[u8]) -> bool {
    decimal(line, 0, 13).is_some()
        && decimal(line, 13, 21).is_some()
        && decimal(line, 21, 29).is_some_and(|v| v < 0.0)
        && whole(line, 29, 31).is_some_and(|d| (0..=3).contains(&d))
        && decimal(line, 31, 41).is_some()
        && whole(line, 44, 51).is_some()
        && whole(line, 51, 55).is_some()
}

/// A quoted species with its ionisation stage, then numbers: `'Fe 1',  16400.045, -4.131, ...`.
fn is_vald(line: &[u8]) -> bool {
    let Some(rest) = line.trim_ascii_start().strip_prefix(b"'") else { return false };
    let mut parts = rest.splitn(2, |b| *b == b'\'');
    let (Some(species), Some(after)) = (parts.next(), parts.next()) else { return false };
    let mut names = words(species);
    let stage = names.next().is_some() && names.next().and_then(unsigned).is_some() && names.next().is_none();
    let Some(numbers) = after.strip_prefix(b",") else { return false };
    stage && numbers.split(|b| *b == b',').take(2).all(|f| number(f).is_some())
}

/// Wavenumber, uncertainty, quantum numbers, and a label such as `85FlBlJo.12`: year, authors, running number.
fn is_marvel(line: &[u8]) -> bool {
    let all: Vec<&[u8]> = words(line).collect();
    let [position, uncertainty, .., label] = &all[..] else { return false };
    let year = label.len() > 6 && label[..2].iter().all(u8::is_ascii_digit) && label[2].is_ascii_uppercase();
    let running =
        label.split(|b| *b == b'.').next_back().is_some_and(|n| unsigned(n).is_some()) && label.contains(&b'.');
    all.len() >= 5
        && number(position).is_some()
        && number(uncertainty).is_some_and(|u| (0.0..10.0).contains(&u))
        && year
        && running
}

/// ExoMol: a state (number, energy, degeneracy, J) or a transition (upper, lower, A).
fn is_states(line: &[u8]) -> bool {
    let all: Vec<&[u8]> = words(line).take(5).collect();
    match &all[..] {
        [id, energy, g, j, ..] if energy.contains(&b'.') => {
            unsigned(id).is_some()
                && number(energy).is_some()
                && unsigned(g).is_some()
                && super::fields::twice_j(j).is_some()
        }
        [upper, lower, a, ..] => {
            unsigned(upper).is_some() && unsigned(lower).is_some() && a.contains(&b'E') && number(a).is_some()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLES: &[(&str, &str)] = &[
        // GEISA 2020, CO
        (
            "GEISA",
            "    3.705026 2.3540D-440.0797 8414.4697                        4                        4                          R  00.76 26  5L19 51 2.868E-10 0.0860-0.000265-.9999 -0.999999-9.9999D-01-.9999-.99 0.000000-.9999-9.9999-.99-.990.0000000.000000-.99-.99",
        ),
        // CDSD-HITEMP, 2250 cm-1
        (
            "CDSD",
            " 21 2250.000290 3.993E-38 2.283E-01.0558.0665 8560.51690.62-.004602 0.65  1 3 3 11       1 3 3 01  8 1  20  5 2   5  Q114f 1000",
        ),
        // Kurucz, gf4000.all (Zr I)
        (
            "Kurucz",
            "   192.6805 -3.566 40.00       0.000  2.0 d2s2 a3F     51899.400  1.0 v1P         7.69 -3.33 -7.10K17  0 0  0 0.000  0 0.000                      660 1148     0",
        ),
        // VALD3, long format: a title, then four lines a transition
        (
            "VALD",
            "                                                                   Lande factors      Damping parameters\nElm Ion      WL_air(A)   log gf* E_low(eV) J lo  E_up(eV) J up  lower  upper   mean   Rad.  Stark  Waals\n'Fe 1',       16400.045,  -4.131,  6.5922,  6.0,  7.3480,  5.0, 1.320, 1.090, 1.910, 8.140,-3.840,-7.330,\n'  LS                                                                       3d7.(4F).4d f5G'",
        ),
        (
            "VALD",
            " Damping parameters Lande\n'FE 3', 5701.0710, 25.0490, 0.118, 9.296,-4.877,-7.712, 1.290,'GFIRON ext. (Ca-Ni) 5000-6000'",
        ),
        // JPL, CO J = 1-0
        ("JPL", "  115271.2018  0.0005 -5.0105 2    0.0000  3  28001 101 1           0          "),
        // MARVEL, NH3
        ("MARVEL", "  968.121990  0.000500  0 1 0 0 0 1 0 0 0 0 0 0 0 0 85UrDaRa.12"),
        ("ExoMolHR", "nu,S,A,gtot',\"E\"\"\",E',J',J\"\n1.0,2.0,3.0,4,5.0,6.0,7,8\n"),
        ("HTML", "<!DOCTYPE html>\n<html>"),
        ("comma-separated", "wavelength,flux,error\n1.0,2.0,3.0\n1.1,2.0,3.0\n"),
        ("ExoMol", "1    0.000000     12   0   inf\n2    3.845033     36    1  1.39E+07"),
        (
            "100 characters",
            " 51 2002.114985 1.322E-25 2.960E-04.0457.0470 3579.97510.67-.002900  2  1            P 25  466 5 8 2",
        ),
    ];

    #[test]
    fn samples_are_named() {
        for (name, text) in SAMPLES {
            let lines: Vec<&[u8]> = text.split('\n').map(str::as_bytes).collect();
            let got = recognise_lines(&lines).unwrap_or_else(|| panic!("{name}: not recognised"));
            assert!(got.contains(name), "{name}: {got}");
        }
    }

    #[test]
    fn hitran_records_are_no_others_and_files_may_be_compressed() {
        for record in crate::lines::hitran::RECORDS {
            let cut = &record.as_bytes()[..90];
            assert_eq!(recognise_lines(&[record.as_bytes()]), Some(HITRAN));
            assert_eq!(recognise_lines(&[cut]), None);
        }
        assert_eq!(recognise_lines(&[]), None);
        assert_eq!(recognise_lines(&[b"1 2 3", b"words"]), None);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.par.bz2");
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        std::io::Write::write_all(&mut encoder, SAMPLES[0].1.as_bytes()).unwrap();
        std::fs::write(&path, encoder.finish().unwrap()).unwrap();
        assert_eq!(recognise(&path), Some(GEISA));
        assert_eq!(recognise(folder.path().join("none")), None);
    }
}
