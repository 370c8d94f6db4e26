//! The program on real files, from configuration to pictures, on the CPU and on a device.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

use crate::reference::shared;

const ATMOSPHERE: &str = r#"
[atmosphere]
layers = 60
pressure_top_bar = 1e-6
pressure_bottom_bar = 50.0
mass_jupiter = 1.5
radius_jupiter = 1.2
[atmosphere.temperature]
kind = "guillot"
internal_k = 300.0
irradiation_k = 1700.0
kappa_cm2_g = 0.01
gamma = 0.4
clip_k = [400.0, 2500.0]
"#;

/// Runs a configuration; the folder's flux, wavenumbers and report.
fn run(folder: &Path, config: &str, device: &str) -> (Vec<f64>, Vec<f64>, Value) {
    let (path, out) = (folder.join("c.toml"), folder.join(device.split_whitespace().next().unwrap_or("any")));
    std::fs::write(&path, config).expect("a file");
    let mut command = Command::cargo_bin("photosphere").expect("the program is built");
    command
        .env("PHOTOSPHERE_CACHE_DIR", "")
        .arg("spectrum")
        .arg(&path)
        .arg("--out")
        .arg(&out)
        .args(["--device", device])
        .assert()
        .success();
    let names = ["wavenumber.npy", "flux.npy", "report.json", "spectrum.svg", "spectrum.png"];
    assert!(names.iter().all(|n| std::fs::metadata(out.join(n)).is_ok_and(|m| m.len() > 1000)), "{}", out.display());
    let report = serde_json::from_slice(&std::fs::read(out.join("report.json")).expect("report")).expect("JSON");
    (npy(out.join("flux.npy")), npy(out.join("wavenumber.npy")), report)
}

fn npy(path: PathBuf) -> Vec<f64> {
    let bytes = std::fs::read(&path).expect("an array");
    let array = npyz::NpyFile::new(&bytes[..]).expect("NPY");
    match array.dtype().descr().as_str() {
        "'<f4'" => array.into_vec::<f32>().expect("f32").into_iter().map(f64::from).collect(),
        _ => array.into_vec::<f64>().expect("f64"),
    }
}

/// The same spectrum on the CPU and on a device, within the tolerance; bytes as planned.
fn both(config: &str, lines: &[(&str, u64)]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (cpu, wavenumber, report) = run(folder.path(), config, "cpu");
    assert!(cpu.len() == wavenumber.len() && cpu.iter().all(|f| f.is_finite() && *f > 0.0));
    assert!(wavenumber.windows(2).all(|w| w[0] < w[1]));
    for (i, (species, count)) in lines.iter().enumerate() {
        assert_eq!(report["lines"][i], serde_json::json!({ "species": species, "lines": count }));
        assert_eq!(report["result"]["records"][i]["kept"], *count);
    }
    assert!(report["device_bytes"].is_null() && report["device"].as_str().is_some_and(|d| d.starts_with("cpu")));

    let device = std::env::var("PHOTOSPHERE_DEVICE").unwrap_or_else(|_| "gpu-any".into());
    let (gpu, _, report) = run(folder.path(), config, &device);
    let planned = &report["result"]["planned_bytes"];
    assert!(planned == &report["result"]["tracked_bytes"] && planned == &report["device_bytes"], "{report}");
    assert_eq!(report["arrays"]["flux.npy"]["dtype"], "float32");
    let worst = gpu.iter().zip(&cpu).map(|(g, c)| (g / c - 1.0).abs()).fold(0.0, f64::max);
    assert!(worst < 1e-3, "{worst:e}");
}

#[test]
fn gpu_and_cpu_agree_on_the_hitran_sample_with_a_continuum() {
    let Some(shared) = shared() else { return };
    let data = shared.join("data");
    let config = format!(
        r#"[grid]
range_cm = [2050.0, 2150.0]
points = 20000
{ATMOSPHERE}
[[species]]
name = "CO"
format = "hitran"
lines = '{0}/hitran/CO_2000-2300.par'
volume_mixing_ratio = 1e-4
[[cia]]
file = '{0}/cia/H2-H2_Borysow.cia'
pair = ["H2", "H2"]
volume_mixing_ratios = [0.85, 0.85]
[method]
line_margin_cm = 25.0
"#,
        data.display()
    );
    both(&config, &[("CO", 114)]);
}

#[test]
fn gpu_and_cpu_agree_on_two_exomol_samples_with_a_continuum() {
    let Some(shared) = shared() else { return };
    let data = shared.join("data");
    let config = format!(
        r#"[grid]
range_cm = [4329.0, 4363.0]
resolution = 600000
{ATMOSPHERE}
[[species]]
name = "CO"
format = "exomol"
lines = '{0}/exomol/CO/12C-16O/SAMPLE'
broadener = "h2"
volume_mixing_ratio = 4e-4
[[species]]
name = "H2O"
format = "exomol"
lines = '{0}/exomol/H2O/1H2-16O/SAMPLE'
broadener = "h2"
volume_mixing_ratio = 4e-4
[[cia]]
file = '{0}/cia/H2-H2_Borysow.cia'
pair = ["H2", "H2"]
volume_mixing_ratios = [0.85, 0.85]
[transfer]
surface_temperature_k = 2500.0
[method]
line_margin_cm = 25.0
"#,
        data.display()
    );
    both(&config, &[("CO", 259), ("H2O", 197)]);
}
