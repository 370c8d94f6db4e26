//! What a run that succeeds says of losses and substitutions, on the terminal and in its report; choices about lists and profiles.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

/// A HITRAN record of CO, line by line: isotopologue, wavenumber \[cm-1\], strength, lower-state energy \[cm-1\].
fn co(isotopologue: char, wavenumber: f64, strength: f64, energy: f64) -> String {
    let head = format!(
        " 5{isotopologue}{wavenumber:12.6}{strength:10.3E} 2.960E+01.0600.0700{energy:10.4}0.67{:8.5}",
        -0.0029
    );
    format!("{head:160}\n")
}

/// Lines of three isotopologues; the strengths of all but the first are 2 % of the whole.
fn three() -> String {
    let mut text = String::new();
    for i in 0..10 {
        let nu = 2020.0 + 7.0 * f64::from(i);
        text += &co('1', nu, 9.8e-21, 100.0);
        text += &co('2', nu + 1.3, 1.0e-22, 100.0);
        text += &co('3', nu + 2.7, 1.0e-22, 100.0);
    }
    text
}

struct Bench(tempfile::TempDir);

/// What a run said.
struct Said {
    terminal: String,
    report: Value,
}

impl Said {
    /// The section "notes", with its lines joined.
    fn notes(&self) -> String {
        let (_, notes) = self.terminal.split_once("\nnotes\n").unwrap_or_default();
        notes.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        std::fs::create_dir_all(self.path(name).parent().expect("a folder")).expect("a folder");
        std::fs::write(self.path(name), text).expect("a file");
        self
    }

    #[track_caller]
    fn run(&self, arguments: &[&str], code: i32) -> (String, String) {
        let mut command = Command::cargo_bin("photosphere").expect("the program is built");
        let command = command.current_dir(self.0.path()).env("PHOTOSPHERE_CACHE_DIR", "").args(arguments);
        let output = command.output().expect("it starts");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let (out, err) = (text(output.stdout), text(output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}{err}");
        (out, err)
    }

    /// Cross sections on the CPU, and what was said.
    #[track_caller]
    fn cross_section(&self, options: &[&str]) -> (Vec<f64>, Said) {
        let mut all = vec!["cross-section", "--device", "cpu", "--out", "xs.npy"];
        for (name, value) in [("--range", "2000:2100"), ("--points", "20000"), ("--at", "296:0.1")] {
            if !options.contains(&name) {
                all.extend([name, value]);
            }
        }
        all.extend(options);
        let (terminal, _) = self.run(&all, 0);
        (npy(&self.path("xs.npy")), Said { terminal, report: json(&self.path("xs.json")) })
    }

    /// A spectrum on the CPU, and what was said.
    #[track_caller]
    fn spectrum(&self, config: &str) -> (Vec<f64>, Said) {
        self.write("c.toml", config);
        let (terminal, _) = self.run(&["spectrum", "c.toml", "--out", "out", "--device", "cpu"], 0);
        (npy(&self.path("out/flux.npy")), Said { terminal, report: json(&self.path("out/report.json")) })
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a report")).expect("JSON")
}

fn npy(path: &Path) -> Vec<f64> {
    let bytes = std::fs::read(path).expect("an array");
    npyz::NpyFile::new(&bytes[..]).expect("NPY").into_vec::<f64>().expect("float64")
}

fn config(species: &str) -> String {
    format!(
        "[grid]\nrange_cm = [2000.0, 2100.0]\npoints = 20000\n\
         [atmosphere]\nlayers = 10\npressure_top_bar = 1e-5\npressure_bottom_bar = 1.0\ngravity_cgs = 2500.0\n\
         [atmosphere.temperature]\nkind = \"power-law\"\ntemperature_1bar_k = 900.0\nalpha = 0.05\n{species}"
    )
}

const BUILTIN: &str = "[[species]]\nformat = \"builtin\"\nisotopologue = 1\nmass_mixing_ratio = 1e-4\n";
const HITRAN: &str = "[[species]]\nname = \"CO\"\nformat = \"hitemp\"\nlines = \"co.par\"\nmass_mixing_ratio = 1e-4\n";

/// Largest relative difference.
fn difference(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max)
}

#[test]
fn isotopologues_are_all_taken_or_told() {
    let b = Bench::new();
    b.write("co.par", three());
    let list = ["--format", "hitemp", "--lines", "co.par"];
    let run = |more: &[&str]| b.cross_section(&[&list[..], more].concat());
    let (one, said) = run(&[]);
    let expected = "co.par: left out: isotopologues 13C-16O, 12C-18O (isotopologue `all` takes them) (2.000 % of the \
                    strength at 296 K)";
    assert!(said.notes().contains(expected), "{}", said.terminal);
    let share = said.report["notes"][0]["strength_share"].as_f64().expect("a share");
    assert!((share - 0.02).abs() < 1e-3, "{share}");

    let (all, said) = run(&["--isotopologue", "all"]);
    assert!(!said.notes().contains("isotopologue"), "{}", said.terminal);
    assert_eq!(said.report["lines"]["isotopologue"], "all");
    let records = said.report["result"]["records"].as_array().expect("records");
    assert_eq!(
        records.iter().map(|r| r["isotopologue"].as_str().unwrap()).collect::<Vec<_>>(),
        ["12C-16O", "13C-16O", "12C-18O"]
    );
    assert!(records.iter().all(|r| r["kept"] == 10), "{records:?}");
    // Each with its own partition function and mass: the sum of the three.
    let parts = ["1", "2", "3"].map(|n| run(&["--isotopologue", n]).0);
    let sum: Vec<f64> = (0..all.len()).map(|i| parts.iter().map(|p| p[i]).sum()).collect();
    assert!(difference(&all, &sum) < 1e-6);
    assert!(difference(&one, &parts[0]) < 1e-12 && difference(&all, &one) > 0.5);

    let (_, error) = b.run(
        &[
            &[
                "cross-section",
                "--device",
                "cpu",
                "--out",
                "xs.npy",
                "--range",
                "2000:2100",
                "--points",
                "20000",
                "--at",
                "296:1",
                "--isotopologue",
                "all",
                "--molar-mass",
                "28",
            ],
            &list[..],
        ]
        .concat(),
        3,
    );
    assert!(
        error.starts_with("error: molar mass: given one for 3 isotopologues: 12C-16O, 13C-16O, 12C-18O"),
        "{error}"
    );
}

#[test]
fn all_isotopologues_in_a_spectrum() {
    let b = Bench::new();
    b.write("co.par", three());
    let (one, said) = b.spectrum(&config(HITRAN));
    assert!(said.notes().contains("CO: left out: isotopologues 13C-16O, 12C-18O"), "{}", said.terminal);
    let (all, said) = b.spectrum(&config(&format!("{HITRAN}isotopologue = \"all\"\n")));
    assert_eq!(said.report["lines"][0], serde_json::json!({ "species": "CO", "lines": 30 }));
    assert_eq!(said.report["result"]["records"].as_array().map(Vec::len), Some(3));
    assert!(difference(&all, &one) > 1e-3);
}

#[test]
fn lost_lines_are_told_with_their_share() {
    let b = Bench::new();
    let unknown: String = (0..5).map(|i| co('1', 2030.5 + f64::from(i), 9.8e-21, -1.0)).collect();
    b.write("co.par", three() + &unknown);
    let (_, said) = b.cross_section(&["--format", "hitran", "--lines", "co.par", "--isotopologue", "1"]);
    assert!(said.notes().contains("5 lines of unknown lower-state energy"), "{}", said.terminal);
    let (_, said) = b.spectrum(&config(HITRAN));
    assert!(said.notes().contains("CO: 5 lines of unknown lower-state energy"), "{}", said.terminal);
    let told = |report: &Value| report["notes"].to_string().contains("unknown lower-state energy");
    assert!(told(&said.report));
    let (plan, _) = b.run(&["plan", "c.toml"], 0);
    assert!(plan.contains("\nnotes\n  CO: "), "{plan}");
    let (plan, _) = b.run(&["plan", "c.toml", "--json"], 0);
    assert!(told(&serde_json::from_str(&plan).expect("JSON")));
    let parameter = config(&HITRAN.replace("1e-4", "\"x\""))
        + "[parameters.x]\nstart = 1e-4\nprior = { kind = \"uniform\", lower = 0.0, upper = 1.0 }\n";
    b.write("j.toml", parameter);
    let (text, _) = b.run(&["jacobian", "j.toml", "--out", "j", "--device", "cpu"], 0);
    assert!(text.contains("\nnotes\n") && told(&json(&b.path("j/parameters.json"))), "{text}");
}

#[test]
fn a_species_is_what_its_files_hold() {
    let b = Bench::new();
    b.write("co.par", three());
    let wrong = |species: &str, parts: &[&str]| {
        b.write("c.toml", config(species));
        let (_, error) = b.run(&["spectrum", "c.toml", "--out", "out", "--device", "cpu"], 3);
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    };
    wrong(
        &HITRAN.replace("\"CO\"", "\"CO2\""),
        &["c.toml: key `species[0]`: name: given CO2, required what co.par holds: CO, 12C-16O"],
    );
    wrong(&BUILTIN.replace("format", "name = \"H2O\"\nformat"), &["given H2O", "the built-in list holds: CO"]);
    wrong(&format!("{}isotopologue = 2\n", HITRAN.replace("\"CO\"", "\"12C-16O\"")), &["given 12C-16O", "13C-16O"]);
    for name in ["my gas", "x.par", "12C-16O"] {
        b.spectrum(&config(&HITRAN.replace("\"CO\"", &format!("\"{name}\""))));
    }
    let (_, said) = b.spectrum(&config(&HITRAN.replace("\"CO\"", "\"13C-16O\"")));
    assert_eq!(said.report["result"]["records"][0]["isotopologue"], "13C-16O");
}

#[test]
fn a_species_without_lines_here_is_a_remark() {
    let b = Bench::new();
    b.write("co.par", (0..5).map(|i| co('1', 1200.5 + f64::from(i), 1e-21, 10.0)).collect::<String>());
    let other = HITRAN.replace("\"CO\"", "\"other\"");
    let margin = "[method]\nline_margin_cm = 25.0\n";
    let (alone, _) = b.spectrum(&config(&format!("{BUILTIN}{margin}")));
    let (both, said) = b.spectrum(&config(&format!("{BUILTIN}{other}{margin}")));
    assert_eq!(alone, both);
    assert!(said.notes().contains("other: contributes nothing to the grid: "), "{}", said.terminal);
    // Without a margin its wings reach in, however little.
    let (_, said) = b.spectrum(&config(&format!("{BUILTIN}{other}")));
    assert!(!said.notes().contains("contributes nothing"), "{}", said.terminal);
    // A spectrum of nothing is none.
    b.write("c.toml", config(&format!("{HITRAN}{margin}")));
    let (_, error) = b.run(&["spectrum", "c.toml", "--out", "out2", "--device", "cpu"], 3);
    assert!(error.contains("co.par") || error.contains("between 1975 and 2125"), "{error}");
}

#[test]
fn grids_that_look_like_micrometres_are_remarked_on() {
    let b = Bench::new();
    b.write("co.par", (0..5).map(|i| co('1', 3.8 + 3.8 * f64::from(i), 1e-21, 10.0)).collect::<String>());
    let (_, said) =
        b.cross_section(&["--format", "hitran", "--lines", "co.par", "--range", "2.5:25", "--points", "20000"]);
    let expected = "grid: if 2.5 to 25 are micrometres, give 400.0000 to 4000.0000 cm-1 (1e4 / x)";
    assert!(said.notes().contains(expected), "{}", said.terminal);
}

#[test]
fn profiles_widths_and_margins_do_something() {
    let b = Bench::new();
    b.write("co.par", three());
    b.write("chi.txt", "# cm-1 chi\n3 1\n30 0.1\n");
    let run = |more: &[&str]| {
        let list = ["--format", "hitran", "--lines", "co.par", "--isotopologue", "1", "--method", "direct-sum"];
        b.cross_section(&[&list[..], more].concat())
    };
    let (plain, said) = run(&["--at", "296:10"]);
    assert_eq!(said.report["result"]["settings"]["profile"]["natural_width"], true);
    assert!(said.report["result"]["settings"]["line_margin"].is_null());
    let settings = |more: &[&str]| run(&[&["--at", "296:10"], more].concat()).1.report["result"]["settings"].clone();
    let profile = settings(&["--no-natural-width", "--pressure-shift"])["profile"].clone();
    assert_eq!((&profile["natural_width"], &profile["pressure_shift"]), (&false.into(), &true.into()));
    assert_eq!(settings(&["--line-margin", "12"])["line_margin"], 12.0);
    let wings = |more: &[&str]| settings(&[&["--wing-cutoff", "25"], more].concat())["profile"]["wings"].clone();
    let chi = serde_json::json!([[3.0, 1.0], [30.0, 0.1]]);
    let expected = serde_json::json!({ "cutoff": 25.0, "subtract_pedestal": false, "chi": chi });
    assert_eq!(wings(&["--chi", "chi.txt"]), expected);
    let expected = serde_json::json!({ "cutoff": 25.0, "subtract_pedestal": true, "chi": null });
    assert_eq!(wings(&["--subtract-pedestal"]), expected);
    // Air's shift is -.0029 per atmosphere, a twentieth of the width.
    assert!(said.notes().contains("pressure shifts are left out; the largest is 0.04"), "{}", said.terminal);
    let (moved, said) = run(&["--at", "296:10", "--pressure-shift"]);
    assert!(!said.notes().contains("shift") && difference(&moved, &plain) > 0.01, "{}", said.terminal);
    let (self_broadened, _) = run(&["--at", "296:10", "--broadener", "self"]);
    let (mixed, _) = run(&["--at", "296:10", "--broadener", "self=0.5,air=0.5"]);
    // In the wings a cross section is proportional to the width: .06 and .07 per atmosphere.
    let (a, s, m) = (plain[0], self_broadened[0], mixed[0]);
    assert!((s / a - 7.0 / 6.0).abs() < 1e-3 && (m / a - 6.5 / 6.0).abs() < 1e-3, "{a:e} {s:e} {m:e}");
    let wrong = ["--wing-cutoff", "25", "--chi", "no.txt"];
    let base = [
        "cross-section",
        "--format",
        "builtin",
        "--range",
        "2000:2100",
        "--points",
        "20000",
        "--at",
        "500:1",
        "--out",
        "x.npy",
    ];
    let (_, error) = b.run(&[&base[..], &wrong].concat(), 3);
    assert!(error.starts_with("error: cannot read no.txt"), "{error}");
    let (_, error) = b.run(&[&base[..], &["--allow-gaps"]].concat(), 3);
    assert!(error.starts_with("error: allow gaps: given yes, required format exomol"), "{error}");
}

#[test]
fn lines_without_a_width_take_the_users() {
    let b = Bench::new();
    let bare = co('1', 2050.0, 1e-21, 100.0).replace(".0600.0700", ".0000.0000");
    b.write("co.par", three() + &bare);
    let run = |more: &[&str]| {
        b.cross_section(&[&["--format", "hitran", "--lines", "co.par", "--isotopologue", "1"], more].concat())
    };
    let (plain, said) = run(&[]);
    assert!(said.notes().contains("1 of 11 lines: widths from the default"), "{}", said.terminal);
    let (wide, _) = run(&["--default-width", "0.5,0.6"]);
    assert!(difference(&wide, &plain) > 0.5);
}

#[test]
fn what_concerns_all_isotopologues_is_told_once() {
    let b = Bench::new();
    b.write("co.par", three());
    let (_, said) = b.cross_section(&["--format", "hitran", "--lines", "co.par", "--isotopologue", "all"]);
    assert_eq!(said.notes().matches("pressure shifts are left out").count(), 1, "{}", said.terminal);
    assert!(!said.notes().contains("no line lies on the grid"), "{}", said.terminal);
    let far = ["--format", "hitran", "--lines", "co.par", "--isotopologue", "all", "--range", "4000:4100"];
    let (values, said) = b.cross_section(&far);
    assert!(values.iter().all(|v| *v > 0.0));
    assert_eq!(said.notes().matches("no line lies on the grid (the list has 2020 to 2085.7 cm-1)").count(), 1);
    let (_, said) = b.cross_section(&[&far[..], &["--method", "direct-sum"]].concat());
    assert!(said.notes().contains("no line lies on the grid (the list has 2020 to 2085.7 cm-1)"), "{}", said.terminal);
}

#[test]
fn an_isotopologue_that_nobody_knows_does_not_hinder_the_others() {
    let b = Bench::new();
    b.write("three.par", three());
    b.write("co.par", three() + &co('E', 2050.0, 1e-20, 100.0));
    let all = ["--format", "hitran", "--isotopologue", "all", "--lines"];
    let (expected, _) = b.cross_section(&[&all[..], &["three.par"]].concat());
    let (values, said) = b.cross_section(&[&all[..], &["co.par"]].concat());
    assert_eq!(difference(&values, &expected), 0.0);
    let text = "co.par: left out: isotopologues 5/E, of which mass or partition function are not known (9.091 % of the strength";
    assert!(said.notes().contains(text), "{}", said.terminal);
    b.write("alone.par", co('E', 2050.0, 1e-20, 100.0));
    let base = ["cross-section", "--range", "2000:2100", "--points", "100", "--at", "296:0.1", "--out", "x.npy"];
    let (_, error) = b.run(&[&base[..], &all[..], &["alone.par"]].concat(), 3);
    assert!(error.contains("HITRAN molecule 5 isotopologue E"), "{error}");
}

#[test]
fn a_file_of_several_molecules_needs_the_species() {
    let b = Bench::new();
    b.write("co.par", three());
    b.write("mixed.par", three() + &co('1', 2050.0, 1e-20, 100.0).replacen(" 51", " 21", 1));
    let run = |file: &str, more: &[&str]| b.cross_section(&[&["--format", "hitran", "--lines", file], more].concat());
    let (co, _) = run("co.par", &[]);
    assert_eq!(difference(&run("mixed.par", &["--species", "CO"]).0, &co), 0.0);
    // Who names an isotopologue has chosen it.
    let (one, said) = run("mixed.par", &["--species", "13C-16O"]);
    assert!(difference(&one, &co) > 0.5 && !said.notes().contains("left out: isotopologues"), "{}", said.terminal);
    let base = ["cross-section", "--range", "2000:2100", "--points", "100", "--at", "296:0.1", "--out", "x.npy"];
    let refused = |more: &[&str]| b.run(&[&base[..], &["--format", "hitran", "--lines"], more].concat(), 3).1;
    let error = refused(&["mixed.par"]);
    assert!(error.contains("given several molecules: CO2, CO") && error.contains("--species"), "{error}");
    assert!(refused(&["co.par", "--species", "co2"]).contains("name: given co2, required what co.par holds: CO"));
}

#[test]
fn shifts_that_were_asked_for_and_are_not_known_are_told() {
    let b = Bench::new();
    b.write("co.par", three());
    let run = |more: &[&str]| {
        let base = ["--format", "hitran", "--lines", "co.par", "--isotopologue", "1"];
        b.cross_section(&[&base[..], more].concat())
    };
    let text = "10 of 10 lines: pressure shifts of the gas, or of one of the mixture, missing, 0 used";
    let (_, said) = run(&["--broadener", "self", "--pressure-shift"]);
    assert!(said.notes().contains(text), "{}", said.terminal);
    assert!(!run(&["--broadener", "self"]).1.notes().contains("missing, 0 used"));
    assert!(!run(&["--pressure-shift"]).1.notes().contains("shift"));
}

#[test]
fn species_without_a_purpose_and_means_that_do_not_fit_are_told() {
    let b = Bench::new();
    let species = |name: &str, ratio: f64| format!("[[species]]\nname = \"{name}\"\nvolume_mixing_ratio = {ratio:?}\n");
    let text = format!("{BUILTIN}{}{}", species("H2", 0.8), species("He", 0.15));
    let (_, said) = b.spectrum(&config(&format!("{text}[continua]\nrayleigh = [\"H2\"]\n")));
    assert!(said.notes().contains("He: has no lines, and no pair and no continuum asks for it"), "{}", said.terminal);
    assert!(!said.notes().contains("H2: has no lines") && !said.notes().contains("CO: has no"), "{}", said.terminal);
    assert!(!said.notes().contains("mean_molecular_weight"), "{}", said.terminal);
    let (_, said) = b.spectrum(&config(&BUILTIN.replace("mass_mixing_ratio = 1e-4", "volume_mixing_ratio = 1.0")));
    let expected =
        "atmosphere.mean_molecular_weight: does not go with the composition: with it mixing ratios mean 12.0";
    assert!(said.notes().contains(expected), "{}", said.terminal);
}
