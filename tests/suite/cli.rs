//! The program as a person or a script meets it: help, usage errors, exit codes, messages.

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::{contains, starts_with};

fn photosphere(arguments: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("photosphere").expect("the program is built").args(arguments).assert()
}

/// A complete `cross-section` command with one option replaced or added.
fn cross_section(option: &str, value: &str) -> assert_cmd::assert::Assert {
    let mut options = vec![
        ("--format", "builtin"),
        ("--range", "2000:2100"),
        ("--points", "10"),
        ("--at", "500:1"),
        ("--out", "/nonexistent/a.npy"),
    ];
    options.retain(|o| o.0 != option);
    options.push((option, value));
    let flat: Vec<&str> = std::iter::once("cross-section").chain(options.iter().flat_map(|o| [o.0, o.1])).collect();
    photosphere(&flat)
}

#[test]
fn help_explains_units_exit_codes_and_gives_examples() {
    let commands = contains("devices").and(contains("cross-section")).and(contains("spectrum"));
    let all = commands.and(contains("Exit codes:")).and(contains("Units:")).and(contains("Examples:"));
    photosphere(&["--help"]).success().stdout(all).stderr("");
    let options =
        ["--lines <PATH>", "--range <LO:HI>", "--at <T:P[,T:P...]>", "--temperature-range <LO:HI>", "--out <FILE.npy>"];
    let output = photosphere(&["cross-section", "--help"]).success().get_output().stdout.clone();
    let help = String::from_utf8(output).expect("help is text");
    for piece in options.iter().chain(&[
        "air",
        "self",
        "h2",
        "H2=0.85,He=0.15",
        "--isotopologue <N|all>",
        "--default-width <G[,N]>",
        "--allow-gaps",
        "--chi <FILE>",
        "--wing-cutoff <X>",
        "--subtract-pedestal",
        "--pressure-shift",
        "--no-natural-width",
        "--line-margin <X>",
        "hitemp",
        "direct-sum",
        "cm-1",
        "in K",
        "in bar",
        "g/mol",
        "[default: 1e-3]",
    ]) {
        assert!(help.contains(piece), "{piece} is not in\n{help}");
    }
    photosphere(&["spectrum", "--help"]).success().stdout(contains("<CONFIG.toml>").and(contains("flux.npy")));
    photosphere(&["--version"]).success().stdout(starts_with("photosphere "));
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_required() {
    photosphere(&[]).code(2).stderr(contains("Usage: photosphere"));
    photosphere(&["spectra"]).code(2).stderr(contains("unrecognized subcommand 'spectra'").and(contains("'spectrum'")));
    for (option, value, words) in [
        ("--range", "2100:2000", "given `2100:2000`, where LO is not below HI"),
        ("--range", "2000-2100", "given `2000-2100` without a colon, required LO:HI"),
        ("--at", "500", "given `500` without a colon, required T:P"),
        ("--at", "500:1,700:", "given `700:`, where `` is not a number above 0"),
        ("--points", "1", "given `1`, required a whole number from 2"),
        ("--tolerance", "0", "given `0`, required a number from 1e-7 to 0.1"),
        ("--molar-mass", "-3", "given -3, required a number above 0"),
        ("--molar-mass", "nan", "given nan, required a number above 0"),
        ("--isotopologue", "0", "given `0`, required a whole number from 1 to 12, or all"),
        ("--broadener", "H2=0.85,He=0.25", "given `H2=0.85,He=0.25`: fractions with sum 1.1, required mole fractions"),
        ("--broadener", "H2/He", "given `H2/He`, required air, self, default, h2, he or another gas"),
        (
            "--default-width",
            "-0.07",
            "given `-0.07`, required G or G,N: the half width at 296 K in cm-1 bar-1, above 0",
        ),
        ("--line-margin", "-1", "given `-1`, required a finite number of at least 0"),
        ("--wing-cutoff", "0", "given 0, required a number above 0"),
        ("--method", "fast", "[possible values: auto, lines, density, table, direct-sum]"),
        ("--format", "geisa", "`geisa` (line lists of GEISA) is not supported yet"),
        ("--format", "mine", "[possible values: hitran, exomol, builtin]"),
        ("--format", "hitemp", "--lines <PATH>"),
        ("--format", "hitran", "--lines <PATH>"),
        ("--out", "a.json", "required a file name that ends in .npy"),
    ] {
        cross_section(option, value).code(2).stdout("").stderr(contains(words));
    }
}

#[test]
fn what_is_not_there_yet_is_answered_by_name() {
    for (arguments, words) in [
        (&["reflection"][..], "error: `reflection` (reflected light) is not supported yet: see docs/limits.md\n"),
        (&["chemistry", "x.toml"], "error: `chemistry` (chemistry) is not supported yet: see docs/limits.md\n"),
        (
            &["spectrum", "c.toml", "--out", "o", "--scattering"],
            "error: `scattering` (scattering) is not supported yet",
        ),
        (&["spectrum", "c.toml", "--out", "o", "--albedo=1"], "error: `albedo` (reflected light) is not"),
    ] {
        photosphere(arguments).code(2).stdout("").stderr(starts_with(words));
    }
    assert!(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/limits.md")).exists());
}

#[test]
fn wrong_input_ends_with_3() {
    photosphere(&["spectrum", "/nonexistent/c.toml", "--out", "/nonexistent"])
        .code(3)
        .stderr(starts_with("error: cannot read /nonexistent/c.toml: "));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = folder.path().join("c.toml");
    std::fs::write(&config, "[grid]\nrange_cm = [1, 2]\npoint = 5\n").expect("a file");
    photosphere(&["spectrum", config.to_str().expect("text"), "--out", "out"])
        .code(3)
        .stdout("")
        .stderr(contains("c.toml: key `grid.point`: line 3: unknown key; did you mean `points`?\nhint: docs/"));
    cross_section("--temperature-range", "600:900")
        .code(3)
        .stderr(contains("--at: given 500:1, required temperatures within --temperature-range 600:900"));
    cross_section("--partition", "/nonexistent/q.txt").code(3).stderr(contains("cannot read /nonexistent/q.txt"));
}

#[test]
fn unwritable_output_ends_with_5_before_anything_is_computed() {
    cross_section("--device", "auto")
        .code(5)
        .stdout("")
        .stderr(starts_with("error: cannot write /nonexistent/a.npy: there is no folder /nonexistent\nhint: "));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/emission.toml");
    photosphere(&["spectrum", example, "--out", file.to_str().expect("text")])
        .code(5)
        .stderr(starts_with("error: cannot create folder "));
}
