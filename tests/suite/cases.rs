//! Files as people have them, and the right values for them: each case stands for a kind of failure (docs/validation.md).
//!
//! `tests/data/cases/NN-name` holds a few lines of real lists, and in `right*.txt` the arguments of the program and cross sections at some grid
//! points, by an independent sum over lines (scripts/case_values.py).

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

/// Largest relative error.
const TOLERANCE: f64 = 1e-3;

/// A case, copied to a folder of its own.
struct Case(tempfile::TempDir);

/// What a run wrote to the terminal, and its report.
struct Said {
    terminal: String,
    report: Value,
}

impl Said {
    #[track_caller]
    fn contains(&self, part: &str) -> &Self {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&self.terminal).contains(part), "no \"{part}\" in\n{}", self.terminal);
        self
    }

    fn notes(&self) -> String {
        self.report["notes"].to_string()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the case's folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("copied");
        }
    }
}

fn npy(path: &Path) -> Vec<f64> {
    let bytes = std::fs::read(path).expect("an array");
    npyz::NpyFile::new(&bytes[..]).expect("NPY").into_vec::<f64>().expect("float64")
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a report")).expect("JSON")
}

impl Case {
    fn new(name: &str) -> Self {
        let case = Self(tempfile::tempdir().expect("a temporary folder"));
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases").join(name), case.0.path());
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    #[track_caller]
    fn run(&self, arguments: &[&str], code: i32) -> (String, String) {
        let mut command = Command::cargo_bin("photosphere").expect("the program is built");
        let command = command.current_dir(self.0.path()).env("PHOTOSPHERE_CACHE_DIR", "").args(arguments);
        let output = command.args(["--device", "cpu"]).output().expect("it starts");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let (out, err) = (text(output.stdout), text(output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}{err}");
        (out, err)
    }

    /// Runs the program with the arguments in `right` and compares its values with those in there.
    #[track_caller]
    fn is_right(&self, right: &str) -> Said {
        let text = std::fs::read_to_string(self.path(right)).expect("right values");
        let (first, rows) = text.split_once('\n').expect("arguments, then rows");
        let arguments: Vec<&str> = first.trim_start_matches('#').split_whitespace().collect();
        let after = |option: &str| arguments.iter().skip_while(|a| **a != option).nth(1).expect("the option");
        let points: usize = after("--points").parse().expect("a number");
        let (terminal, _) =
            self.run(&[&["cross-section", "--no-cache", "--out", "xs.npy"], &arguments[..]].concat(), 0);
        let values = npy(&self.path("xs.npy"));
        let mut compared = 0;
        for row in rows.lines().filter(|row| !row.starts_with('#')) {
            let mut fields = row.split(' ').map(|field| field.parse::<f64>().expect("a number"));
            let point = fields.next().expect("a point") as usize;
            for (pair, expected) in fields.enumerate() {
                let ours = values[pair * points + point];
                let error = ours / expected - 1.0;
                assert!(
                    error.abs() < TOLERANCE,
                    "{right}, point {point}, pair {pair}: {ours:e}, right is {expected:e}"
                );
                compared += 1;
            }
        }
        assert_eq!((values.len() % points, compared >= 12), (0, true), "{right}");
        Said { terminal, report: json(&self.path("xs.json")) }
    }

    /// The flux of a configuration.
    #[track_caller]
    fn flux(&self, config: &str) -> (Vec<f64>, Said) {
        let (terminal, _) = self.run(&["spectrum", config, "--out", "out"], 0);
        (npy(&self.path("out/flux.npy")), Said { terminal, report: json(&self.path("out/report.json")) })
    }
}

/// CaH (Owens et al. 2022, MNRAS 511, 5448): term values were replaced by measured ones after the transitions had been written.
#[test]
fn positions_01() {
    let case = Case::new("01-positions");
    case.is_right("right.txt").contains(
        "25 of 25 lines: positions from the states, more than 0.01 cm-1 off the transition file's wavenumber",
    );
    // The highest point of the grid: 0.4 cm-1 and more from where column 4 has it.
    let values = npy(&case.path("xs.npy"));
    let highest = (0..values.len()).max_by(|a, b| values[*a].total_cmp(&values[*b])).expect("points");
    assert_eq!(highest, 16902);
}

/// NaH (Rivlin et al. 2015, MNRAS 451, 634) with a dated file that holds the same lines.
#[test]
fn superseded_files_03() {
    let case = Case::new("03-superseded");
    case.is_right("right.txt").contains("left out as superseded: 23Na-1H__Rivlin__20170330.trans");
}

/// The blocks of the official O2-O2 file that overlap lie elsewhere.
#[test]
fn cia_blocks_that_are_not_needed_04() {
    let case = Case::new("04-cia");
    let (one, _) = case.flux("one.toml");
    let (two, _) = case.flux("two.toml");
    assert_eq!(one, two);
    let without = std::fs::read_to_string(case.path("one.toml")).expect("a file");
    std::fs::write(case.path("none.toml"), without.split("[[cia]]").next().expect("a part")).expect("written");
    assert_ne!(case.flux("none.toml").0, one, "the continuum does something");
}

/// Lines of the A-X system of NaH, whose natural width is 250 times that of collisions at 1e-6 bar.
#[test]
fn natural_width_05() {
    let case = Case::new("05-natural-width");
    case.is_right("right.txt").contains("natural widths are lower bounds, from each line's own Einstein coefficient");
    let with = npy(&case.path("xs.npy"));
    case.is_right("right-without.txt");
    let without = npy(&case.path("xs.npy"));
    let largest = with.iter().zip(&without).map(|(a, b)| a / b).fold(0.0, f64::max);
    assert!(largest > 100.0, "{largest}");
}

/// Q of water at the 23 temperatures of Barklem & Collet (2016, A&A 588, A96).
#[test]
fn coarse_partition_sums_06() {
    Case::new("06-partition").is_right("right.txt");
}

/// CO; the narrow grid is a part of the wide one.
#[test]
fn values_do_not_depend_on_the_range_07() {
    let case = Case::new("07-range");
    case.is_right("right-wide.txt");
    let wide = npy(&case.path("xs.npy"));
    case.is_right("right-narrow.txt");
    let narrow = npy(&case.path("xs.npy"));
    for pair in 0..2 {
        for i in 0..2001 {
            let (a, b) = (narrow[pair * 2001 + i], wide[pair * 60_001 + 52_000 + i]);
            assert!((a / b - 1.0).abs() < TOLERANCE, "pair {pair}, point {i}: {a:e} {b:e}");
        }
    }
}

#[test]
fn losses_are_told_08() {
    let case = Case::new("08-losses");
    let said = case.is_right("right-known.txt");
    said.contains("7 lines of unknown lower-state energy left out (");
    assert!(said.report["notes"][0]["strength_share"].as_f64().is_some_and(|s| (0.1..0.9).contains(&s)));
    case.is_right("right-first.txt").contains("three_isotopologues.par: left out: isotopologues 13C-16O, 12C-18O");
    let said = case.is_right("right-all.txt");
    assert!(!said.notes().contains("left out: isotopologues"), "{}", said.terminal);
}

/// One file per code of a .broad file, and one with rows of two codes.
#[test]
fn recipes_of_widths_09() {
    let case = Case::new("09-recipes");
    for recipe in ["m0", "m1", "j", "jj", "a0m0"] {
        std::fs::copy(case.path(&format!("{recipe}.broad")), case.path("nah/23Na-1H__H2.broad")).expect("copied");
        let said = case.is_right(&format!("right-{recipe}.txt"));
        // The rows of jj are those of J' = J'' + 1.
        said.contains(match recipe {
            "jj" => "6 of 12 lines: widths from the default (",
            _ => "12 of 12 lines: widths from a row of the broadening table (",
        });
    }
}

/// Four isotopologues of water.
#[test]
fn partition_sums_of_all_isotopologues_10() {
    let case = Case::new("10-isotopologues");
    for number in 1..=4 {
        case.is_right(&format!("right-{number}.txt"));
    }
}

#[test]
fn a_name_is_checked_11() {
    let case = Case::new("11-name");
    let (_, error) = case.run(&["spectrum", "co2.toml", "--out", "out"], 3);
    assert!(error.contains("given CO2, required what co.par holds: CO, 12C-16O"), "{error}");
    assert!(!case.path("out").exists());
}

/// HAPI's files with columns after the 160th, without and with the header that names them.
#[test]
fn extra_columns_12() {
    let case = Case::new("12-extra-columns");
    case.is_right("right.txt")
        .contains("8 of 8 lines: records longer than 160 characters, of which the first 160 are used");
    let said = case.is_right("right-h2.txt");
    assert!(!said.notes().contains("160"), "{}", said.terminal);
}

/// The two strongest lines: one without the width by air, one without any.
#[test]
fn lines_without_width_14() {
    let said = Case::new("14-no-width").is_right("right.txt");
    said.contains("1 of 14 lines: widths of one partner missing, another partner's used (");
    said.contains("1 of 14 lines: widths from the default (");
}

/// Lines of water from 2000 cm-1 on, a grid from 1500 to 1600 cm-1.
#[test]
fn a_species_without_lines_here_15() {
    let case = Case::new("15-no-lines");
    let text = std::fs::read_to_string(case.path("two.toml")).expect("a file");
    let write = |name: &str, species: usize| {
        // Up to the species that is not taken; the margin takes away the wings of the others.
        let parts: Vec<&str> = text.split("[[species]]").take(species + 1).collect();
        let config = parts.join("[[species]]") + "\n[method]\nline_margin_cm = 25.0\n";
        std::fs::write(case.path(name), config).expect("written");
    };
    write("one.toml", 1);
    write("limited.toml", 2);
    let (alone, _) = case.flux("one.toml");
    let (both, said) = case.flux("limited.toml");
    said.contains("H2O: contributes nothing to the grid");
    assert_eq!(alone, both);
    // Without a margin the wings of all lines reach in.
    let (all, said) = case.flux("two.toml");
    assert!(!said.notes().contains("contributes nothing") && all.iter().all(|flux| flux.is_finite() && *flux > 0.0));
}

/// d flux / d mixing ratio at 0 against the difference of two fluxes.
#[test]
fn derivatives_at_abundance_0_17() {
    let case = Case::new("17-zero");
    let model = std::fs::read_to_string(case.path("model.toml")).expect("a file");
    let with = |x: &str| std::fs::write(case.path("m.toml"), model.replace("@X@", x)).expect("written");
    with("0.0");
    let (zero, _) = case.flux("m.toml");
    case.run(&["jacobian", "m.toml", "--out", "j"], 0);
    let jacobian = npy(&case.path("j/jacobian.npy"));
    let step = 1e-14;
    with("1e-14");
    let (more, _) = case.flux("m.toml");
    assert_eq!(jacobian.len(), 2 * zero.len());
    for (i, (a, b)) in zero.iter().zip(&more).enumerate() {
        let (ours, difference) = (jacobian[2 * i + 1], (b - a) / step);
        // Fluxes near 1e4 have 1e-12 of rounding, a derivative below 1e11 not three digits.
        let allowed = TOLERANCE * difference.abs() + 4e-16 * a / step;
        assert!((ours - difference).abs() < allowed, "point {i}: {ours:e} {difference:e}");
        assert!(ours < 0.0);
    }
}
