//! Commands with an engine that computes nothing.

use std::cell::Cell;
use std::path::Path;

use clap::Parser;
use serde_json::json;

use super::config::Config;
use super::engine::*;
use super::source::DeviceChoice;
use super::*;
use crate::Note;
use crate::gpu::Limits;
use crate::output::Values;

/// Answers with simple numbers and counts how often it was asked to compute.
#[derive(Default)]
struct Stub {
    computed: Cell<usize>,
    fails: Option<fn() -> Error>,
}

impl Stub {
    fn asked(&self) -> Result<Summary> {
        self.computed.set(self.computed.get() + 1);
        match self.fails {
            Some(error) => Err(error()),
            None => Ok(Summary {
                device: "stub".into(),
                lines: vec![("CO".into(), 194)],
                errors: vec![("CO".into(), 4.5e-4)],
                device_bytes: Some(24 << 20),
                stages: vec![("transfer".into(), 0.25)],
                memory: None,
                notes: vec![Note::new("CO", "half of it", Some(0.5)), Note::new("CO", "a little", Some(1e-6))],
            }),
        }
    }
}

impl Engine for Stub {
    fn devices(&self) -> Result<Vec<DeviceInfo>> {
        self.asked().map(|_| Vec::new())
    }

    fn cross_section(&self, job: &CrossSectionJob, _: &dyn Progress) -> Result<CrossSectionResult> {
        let summary = self.asked()?;
        let values = (0..job.points * job.at.len()).map(|i| 1e-20 * (i + 1) as f32).collect();
        Ok(CrossSectionResult { values: Values::F32(values), report: json!({ "tier": "stub" }), summary })
    }

    fn jacobian(&self, _: &Config, _: &DeviceChoice, _: Option<&[f64]>, _: &dyn Progress) -> Result<JacobianResult> {
        Err(Error::Internal("computes nothing".into()))
    }

    fn retrieval(&self, _: &Config, _: &DeviceChoice, _: &dyn Progress) -> Result<RetrievalSetup> {
        Err(Error::Internal("computes nothing".into()))
    }

    fn spectrum(&self, config: &Config, _: &DeviceChoice, _: &dyn Progress) -> Result<SpectrumResult> {
        let summary = self.asked()?;
        let n = config.grid.points();
        let (lo, hi) = config.grid.range;
        let wavenumber: Vec<f64> = (0..n).map(|i| lo * (hi / lo).powf(i as f64 / (n - 1) as f64)).collect();
        let flux = wavenumber.iter().map(|v| 2e4 + 1e3 * v.sin()).collect();
        Ok(SpectrumResult { wavenumber, flux: Values::F64(flux), report: json!({ "levels": [1, 2] }), summary })
    }

    fn plan(&self, _: &Config, _: &Limits, _: &dyn Progress) -> Result<Planned> {
        Err(Error::out_of_memory("the program", 2, 1))
    }
}

fn run_stub(stub: &Stub, arguments: &[&str]) -> Result<()> {
    let cli = Cli::try_parse_from(std::iter::once(&"photosphere").chain(arguments)).expect("valid usage");
    run_with(cli, stub, &())
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// `cross-section` with the built-in list and the given output.
fn cross_section(stub: &Stub, out: &Path) -> Result<()> {
    let out = out.to_str().unwrap();
    let options = ["--format", "builtin", "--range", "2000:2100", "--points", "50", "--at", "500:1,900:0.1"];
    run_stub(stub, &[&["cross-section"], &options[..], &["--out", out]].concat())
}

#[test]
fn cross_section_writes_array_and_report() {
    let folder = tempfile::tempdir().unwrap();
    cross_section(&Stub::default(), &folder.path().join("co.npy")).unwrap();
    assert_eq!(names(folder.path()), ["co.json", "co.npy"]);
    let bytes = std::fs::read(folder.path().join("co.npy")).unwrap();
    assert_eq!(npyz::NpyFile::new(&bytes[..]).unwrap().shape(), [2, 50]);
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("co.json")).unwrap()).unwrap();
    assert_eq!(report["array"], json!({ "shape": [2, 50], "dtype": "float32", "unit": "cm2 molecule-1" }));
    assert_eq!(report["at"][1], json!({ "temperature_k": 900.0, "pressure_bar": 0.1 }));
    assert_eq!((&report["result"]["tier"], &report["requested"]["method"]), (&json!("stub"), &json!("auto")));
    assert_eq!(report["requested"]["temperature_range_k"], json!([500.0, 900.0]));
    // All notes, those that are too small to print as well.
    assert_eq!(report["notes"][1], json!({ "about": "CO", "text": "a little", "strength_share": 1e-6 }));
}

#[test]
fn spectrum_writes_arrays_report_and_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("c.toml");
    std::fs::write(&config, include_str!("../../examples/emission.toml").replace("150000", "2000")).unwrap();
    let out = folder.path().join("a/b");
    run_stub(&Stub::default(), &["spectrum", config.to_str().unwrap(), "--out", out.to_str().unwrap()]).unwrap();
    assert_eq!(names(&out), ["flux.npy", "report.json", "spectrum.png", "spectrum.svg", "wavenumber.npy"]);
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("report.json")).unwrap()).unwrap();
    assert_eq!(report["arrays"]["flux.npy"]["dtype"], "float64");
    assert_eq!(report["grid"]["points"], 2000);
    assert!(report["seconds"]["files and pictures"].as_f64().unwrap() > 0.0);
}

#[test]
fn memory_budgets_of_the_command_line_come_before_the_configurations() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("c.toml");
    let text = include_str!("../../examples/emission.toml").replace("150000", "2000");
    std::fs::write(&config, text + "\n[device]\nmemory_budget = 0.5\n").unwrap();
    let out = folder.path().join("out");
    let budget = |extra: &[&str]| {
        let base = ["spectrum", config.to_str().unwrap(), "--out", out.to_str().unwrap()];
        run_stub(&Stub::default(), &[&base[..], extra].concat()).unwrap();
        let report: serde_json::Value =
            serde_json::from_slice(&std::fs::read(out.join("report.json")).unwrap()).unwrap();
        report["memory_budget"].clone()
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
    let stub = Stub::default();
    let error = cross_section(&stub, &folder.path().join("missing/co.npy")).unwrap_err();
    assert_eq!((exit_code(&error), stub.computed.get()), (5, 0), "{error}");
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/emission.toml");
    let error = run_stub(&stub, &["spectrum", config, "--out", file.to_str().unwrap()]).unwrap_err();
    assert_eq!((exit_code(&error), stub.computed.get()), (5, 0), "{error}");
    // A folder where the report should go.
    std::fs::create_dir(folder.path().join("co.json")).unwrap();
    let error = cross_section(&stub, &folder.path().join("co.npy")).unwrap_err();
    assert_eq!((exit_code(&error), stub.computed.get()), (5, 0), "{error}");
}

#[test]
fn a_failed_computation_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let stub = Stub { fails: Some(|| Error::DeviceLost("lost".into())), ..Default::default() };
    let error = cross_section(&stub, &folder.path().join("co.npy")).unwrap_err();
    assert_eq!((exit_code(&error), stub.computed.get()), (4, 1));
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn missing_inputs_are_found_before_anything_is_computed() {
    let folder = tempfile::tempdir().unwrap();
    let stub = Stub::default();
    let out = folder.path().join("o.npy");
    let options = ["--format", "hitran", "--lines", "no/such.par", "--range", "1:2", "--points", "9", "--at", "9:1"];
    let error = run_stub(&stub, &[&["cross-section"], &options[..], &["--out", out.to_str().unwrap()]].concat());
    let error = error.unwrap_err();
    assert!(error.to_string().starts_with("cannot read no/such.par: "), "{error}");
    let config = folder.path().join("c.toml");
    let text = include_str!("../../examples/emission.toml").replace(
        "[transfer]",
        "[[cia]]\nfile = \"x.cia\"\npair = [\"H2\", \"H2\"]\nvolume_mixing_ratios = [0.8, 0.8]\n[transfer]",
    );
    std::fs::write(&config, text).unwrap();
    let other = run_stub(&stub, &["spectrum", config.to_str().unwrap(), "--out", out.to_str().unwrap()]).unwrap_err();
    assert!(other.to_string().contains("key `cia[0].file`: there is no file or folder"), "{other}");
    assert_eq!([exit_code(&error), exit_code(&other), stub.computed.get() as u8], [3, 3, 0]);
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
