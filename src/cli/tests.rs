//! Commands on small inputs: the built-in list on a few points, on the CPU.

use std::path::Path;

use clap::Parser;
use serde_json::{Value, json};

use super::*;

/// A device that is not there: a command that gets as far as to compute fails with [`Error::NoAdapter`].
const NO_DEVICE: [&str; 2] = ["--device", "no such device"];

fn run_command(arguments: &[&str]) -> Result<()> {
    let cli = Cli::try_parse_from(std::iter::once(&"photosphere").chain(arguments)).expect("valid usage");
    run_with(cli, &())
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn json_at(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// `cross-section` with the built-in list and the given output.
fn cross_section(device: [&str; 2], out: &Path) -> Result<()> {
    let options = ["--format", "builtin", "--range", "2000:2100", "--points", "50", "--at", "500:1,900:0.1"];
    run_command(&[&["cross-section"], &options[..], &device, &["--no-cache", "--out", out.to_str().unwrap()]].concat())
}

/// The emission example on few points and layers, with more text at its end.
fn small_example(folder: &Path, more: &str) -> String {
    let text = include_str!("../../examples/emission.toml");
    let text = text.replace("points = 150000", "points = 60").replace("layers = 200", "layers = 6");
    let path = folder.join("c.toml");
    std::fs::write(&path, text + more).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn cross_section_writes_array_and_report() {
    let folder = tempfile::tempdir().unwrap();
    cross_section(["--device", "cpu"], &folder.path().join("co.npy")).unwrap();
    assert_eq!(names(folder.path()), ["co.json", "co.npy"]);
    let bytes = std::fs::read(folder.path().join("co.npy")).unwrap();
    let array = npyz::NpyFile::new(&bytes[..]).unwrap();
    assert_eq!(array.shape(), [2, 50]);
    assert!(array.into_vec::<f64>().unwrap().iter().all(|v| (1e-30..1e-15).contains(v)));
    let report = json_at(&folder.path().join("co.json"));
    assert_eq!(report["array"], json!({ "shape": [2, 50], "dtype": "float64", "unit": "cm2 molecule-1" }));
    assert_eq!(report["at"][1], json!({ "temperature_k": 900.0, "pressure_bar": 0.1 }));
    assert_eq!(report["requested"]["method"], "auto");
    assert_eq!(report["lines"]["format"], "builtin");
    assert_eq!(report["requested"]["temperature_range_k"], json!([500.0, 900.0]));
    assert_eq!(report["notes"][0]["about"], "builtin");
    let seconds = report["result"]["seconds"].as_object().unwrap();
    assert!(["load", "set-up", "cross sections"].iter().all(|stage| seconds.contains_key(*stage)), "{seconds:?}");
}

#[test]
fn spectrum_writes_arrays_report_and_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let config = small_example(folder.path(), "");
    let out = folder.path().join("a/b");
    run_command(&["spectrum", &config, "--device", "cpu", "--out", out.to_str().unwrap()]).unwrap();
    assert_eq!(names(&out), ["flux.npy", "report.json", "spectrum.png", "spectrum.svg", "wavenumber.npy"]);
    let report = json_at(&out.join("report.json"));
    assert_eq!(report["arrays"]["flux.npy"]["dtype"], "float64");
    assert_eq!((&report["grid"]["points"], &report["layers"]), (&json!(60), &json!(6)));
    let stages: Vec<&str> = report["seconds"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(stages, ["load", "set-up", "cross sections", "transfer", "files and pictures"]);
    assert!(report["seconds"]["files and pictures"].as_f64().unwrap() > 0.0);
}

#[test]
fn memory_budgets_of_the_command_line_come_before_the_configurations() {
    let folder = tempfile::tempdir().unwrap();
    let config = small_example(folder.path(), "svg = false\npng = false\n[device]\nmemory_budget = 0.5\n");
    let out = folder.path().join("out");
    let budget = |extra: &[&str]| {
        let base = ["spectrum", &config, "--device", "cpu", "--out", out.to_str().unwrap()];
        run_command(&[&base[..], extra].concat()).unwrap();
        assert_eq!(names(&out), ["flux.npy", "report.json", "wavenumber.npy"]);
        json_at(&out.join("report.json"))["memory_budget"].clone()
    };
    assert_eq!(budget(&[]), "0.5");
    assert_eq!(budget(&["--memory-budget", "48MiB"]), "48MiB");
    assert_eq!(budget(&["--memory-budget", "auto"]), "auto");
}

#[test]
fn outputs_are_checked_before_anything_is_computed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = cross_section(NO_DEVICE, &folder.path().join("missing/co.npy")).unwrap_err();
    assert_eq!(exit_code(&error), 5, "{error}");
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/emission.toml");
    let arguments = [&["spectrum", config], &NO_DEVICE[..], &["--out", file.to_str().unwrap()]].concat();
    let error = run_command(&arguments).unwrap_err();
    assert_eq!(exit_code(&error), 5, "{error}");
    // A folder where the report should go.
    std::fs::create_dir(folder.path().join("co.json")).unwrap();
    let error = cross_section(NO_DEVICE, &folder.path().join("co.npy")).unwrap_err();
    assert_eq!(exit_code(&error), 5, "{error}");
}

#[test]
fn a_failed_computation_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let error = cross_section(NO_DEVICE, &folder.path().join("co.npy")).unwrap_err();
    assert_eq!(exit_code(&error), 4, "{error}");
    assert_eq!(names(folder.path()), [""; 0]);
    let config = small_example(folder.path(), "");
    let out = folder.path().join("out");
    let arguments = [&["spectrum", &config], &NO_DEVICE[..], &["--out", out.to_str().unwrap()]].concat();
    assert_eq!(exit_code(&run_command(&arguments).unwrap_err()), 4);
    assert!(!out.exists());
}

#[test]
fn missing_inputs_are_found_before_anything_is_computed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("o.npy");
    let out_options = [&NO_DEVICE[..], &["--out", out.to_str().unwrap()]].concat();
    let options = ["--format", "hitran", "--lines", "no/such.par", "--range", "1:2", "--points", "9", "--at", "9:1"];
    let error = run_command(&[&["cross-section"], &options[..], &out_options].concat()).unwrap_err();
    assert!(error.to_string().starts_with("cannot read no/such.par: "), "{error}");
    let cia = "\n[[cia]]\nfile = \"x.cia\"\npair = [\"H2\", \"H2\"]\nvolume_mixing_ratios = [0.8, 0.8]\n";
    let config = small_example(folder.path(), cia);
    let other = run_command(&[&["spectrum", &config], &out_options[..]].concat()).unwrap_err();
    assert!(other.to_string().contains("key `cia[0].file`: there is no file or folder"), "{other}");
    assert_eq!([exit_code(&error), exit_code(&other)], [3, 3]);
    assert!(!out.exists());
}

#[test]
fn errors_have_codes_and_hints() {
    let io = |action| Error::io(action, "x", std::io::Error::other("why"));
    let oom = Error::out_of_memory("a", 2, 1);
    let host = Error::HostMemory { what: "a".into(), needed: 2, available: 1 };
    let errors = [io("read"), io("open"), io("write"), io("create folder"), oom, host];
    assert_eq!(errors.each_ref().map(exit_code), [3, 3, 5, 5, 4, 4]);
    assert_eq!(errors.each_ref().map(|e| hint(e).is_some()), [false, false, true, true, true, true]);
    let device = [Error::NoAdapter, Error::DeviceLost, Error::Rejected, Error::Internal].map(|kind| kind("d".into()));
    assert_eq!(device.each_ref().map(exit_code), [4; 4]);
    // Each kind has advice of its own.
    let mut advice: Vec<_> = device.iter().chain(&errors[4..]).filter_map(hint).collect();
    advice.dedup();
    assert_eq!(advice.len(), 6);
    assert_eq!(exit_code(&Error::invalid("a", 1, "b")), 3);
    // A hint that the error brings along is told once.
    let own = Error::out_of_memory("a", 2, 1).with_hint("fewer layers");
    assert_eq!(own.to_string(), "device memory: 2 bytes needed for a, 1 bytes is the limit; fewer layers");
    assert_eq!((hint(&own), exit_code(&own)), (None, 4));
    assert_eq!(io("read").with_hint("h").to_string(), io("read").to_string());
}
