//! The second start of the program: what the first has computed is found, and nothing changes.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

use crate::par_file;

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        par_file::write(&folder.path().join("co.par"), 25_000, (2040.0, 2110.0));
        Self { folder }
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    fn command(&self, arguments: &[&str]) -> (String, String) {
        let mut command = Command::cargo_bin("photosphere").expect("the program is built");
        command.current_dir(self.folder.path()).env("PHOTOSPHERE_CACHE_DIR", self.cache()).args(arguments);
        let output = command.assert().success().get_output().clone();
        (String::from_utf8(output.stdout).expect("text"), String::from_utf8(output.stderr).expect("text"))
    }

    /// Cross sections with further options: the array's bytes, the report, and what was written to standard error.
    fn cross_section(&self, options: &[&str]) -> (Vec<u8>, Value, String) {
        let usual = "cross-section --format hitran --lines co.par --range 2070:2080 --points 20000 --at 700:1e-3,1100:1 \
                     --device cpu --out xs.npy";
        let method = if options.contains(&"--method") { &[][..] } else { &["--method", "density"] };
        let arguments: Vec<&str> = usual.split_whitespace().chain(method.iter().chain(options).copied()).collect();
        let (_, warnings) = self.command(&arguments);
        let read = |name: &str| std::fs::read(self.folder.path().join(name)).expect("a result");
        (read("xs.npy"), serde_json::from_slice(&read("xs.json")).expect("JSON"), warnings)
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).map(|f| f.map(|f| f.expect("an entry").path()).collect()).unwrap_or_default()
}

#[test]
fn a_second_start_gives_the_same_bytes_without_reading_records() {
    let bench = Bench::new();
    let cached = |report: &Value| report["result"]["lists"][0]["cached"].as_bool().expect("a report of the cache");
    let (first, report, warnings) = bench.cross_section(&[]);
    assert!(!cached(&report) && warnings.is_empty(), "{warnings}");
    let (second, again, _) = bench.cross_section(&[]);
    assert!(cached(&again) && second == first);
    assert_eq!(again["result"]["records"], report["result"]["records"]);
    assert_eq!(again["result"]["records"][0]["read"], 25_000);
    assert_eq!(again["result"]["lists"][0]["lines"], report["result"]["lists"][0]["lines"]);
    // `auto` chooses the same with the cache as without
    let tier = |report: &Value| report["result"]["lists"][0]["tier"].clone();
    let auto = |options: &[&str]| bench.cross_section(&[&["--method", "auto"], options].concat());
    assert_eq!(auto(&[]).0, auto(&["--no-cache"]).0);
    assert_eq!(tier(&auto(&[]).1), tier(&auto(&["--no-cache"]).1));

    // each line by itself: a table is kept instead
    let lines = |options: &[&str]| bench.cross_section(&[&["--method", "lines"], options].concat());
    let (table, _, _) = lines(&["--no-cache"]);
    assert_eq!([lines(&[]).0, lines(&[]).0], [table.clone(), table]);
    assert!(cached(&lines(&[]).1));

    let (listed, _) = bench.command(&["cache", "list"]);
    for part in
        ["density", "level 0", "lines of 12C-16O", "20000 points 2070 to 2080 cm-1, 700 to 1100 K", "isotopologues"]
    {
        assert!(listed.contains(part), "{part} is not in\n{listed}");
    }
    // another file of the same name, and the same content under another name
    std::fs::rename(bench.folder.path().join("co.par"), bench.folder.path().join("b.par")).expect("renamed");
    par_file::write(&bench.folder.path().join("co.par"), 25_001, (2040.0, 2110.0));
    let (other, report, _) = bench.cross_section(&[]);
    assert!(!cached(&report) && other != first);
    std::fs::rename(bench.folder.path().join("b.par"), bench.folder.path().join("co.par")).expect("renamed");
    assert!(cached(&bench.cross_section(&[]).1));

    let (cleared, _) = bench.command(&["cache", "clear"]);
    assert!(cleared.contains("entries") && files(&bench.cache()).is_empty(), "{cleared}");
    assert!(!cached(&bench.cross_section(&[]).1));
}

#[test]
fn damaged_entries_are_told_and_mended() {
    let bench = Bench::new();
    let (first, _, _) = bench.cross_section(&[]);
    for damage in [|b: &mut Vec<u8>| b.truncate(b.len() / 2), |b: &mut Vec<u8>| b[600] ^= 4] {
        for path in files(&bench.cache()) {
            let mut bytes = std::fs::read(&path).expect("an entry");
            bytes.resize(bytes.len().max(601), 0);
            damage(&mut bytes);
            std::fs::write(&path, bytes).expect("written");
        }
        let (second, report, warnings) = bench.cross_section(&[]);
        assert!(second == first && report["result"]["lists"][0]["cached"] == false);
        assert!(warnings.contains("warning: cache entry ") && warnings.contains("deleted"), "{warnings}");
        let (third, report, warnings) = bench.cross_section(&[]);
        assert!(third == first && report["result"]["lists"][0]["cached"] == true && warnings.is_empty(), "{warnings}");
    }
}

#[test]
fn the_cache_is_where_it_is_said_to_be_or_nowhere() {
    let bench = Bench::new();
    let (first, _, _) = bench.cross_section(&["--no-cache"]);
    assert!(files(&bench.cache()).is_empty());
    let elsewhere = bench.folder.path().join("else/where");
    assert_eq!(bench.cross_section(&["--cache-dir", "else/where"]).0, first);
    assert!(files(&bench.cache()).is_empty() && files(&elsewhere).len() > 2);
    // a folder that cannot be made: the result is the same, and it is said why nothing is kept
    let (same, _, warnings) = bench.cross_section(&["--cache-dir", "co.par/x"]);
    assert!(same == first && warnings.contains("warning: cannot write to the cache"), "{warnings}");

    let config = "[grid]\nrange_cm = [2070, 2072]\npoints = 4000\n[atmosphere]\nlayers = 5\npressure_top_bar = 1e-3\n\
         pressure_bottom_bar = 1.0\ngravity_cgs = 1000.0\n[atmosphere.temperature]\nkind = \"isothermal\"\n\
         temperature_k = 900.0\n[[species]]\nname = \"CO\"\nformat = \"hitran\"\nlines = \"co.par\"\nmass_mixing_ratio = 1e-4\n\
         [method]\nmethod = \"density\"\n[output]\npng = false\nsvg = false\n";
    for (key, kept) in [("cache = false\n", false), ("cache = \"own\"\n", true)] {
        std::fs::write(bench.folder.path().join("c.toml"), format!("{key}{config}")).expect("a file");
        bench.command(&["spectrum", "c.toml", "--out", "out", "--device", "cpu"]);
        assert_eq!(files(&bench.folder.path().join("own")).is_empty(), !kept, "{key}");
    }
    assert!(files(&bench.cache()).is_empty());
}
