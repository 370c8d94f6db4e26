//! Host memory of the program, estimated beside measured, each time in a process of its own; and plans as they are printed.

use assert_cmd::Command;
use serde_json::Value;

/// With temperatures that are parameters or numbers.
fn config(points: usize, layers: usize, parameters: bool) -> String {
    let (temperature, alpha, rest) = match parameters {
        true => ("\"T0\"", "\"alpha\"", PARAMETERS),
        false => ("1000.0", "0.1", ""),
    };
    format!(
        r#"[grid]
range_cm = [2000.0, 2300.0]
points = {points}
[atmosphere]
layers = {layers}
pressure_top_bar = 1e-4
pressure_bottom_bar = 10.0
mean_molecular_weight = 2.33
gravity_cgs = 2500.0
[atmosphere.temperature]
kind = "power-law"
temperature_1bar_k = {temperature}
alpha = {alpha}
[[species]]
name = "CO"
format = "builtin"
mass_mixing_ratio = 1e-4
[output]
svg = false
png = false
{rest}"#
    )
}

const PARAMETERS: &str = "[parameters.T0]\nstart = 1000.0\nprior = { kind = \"uniform\", lower = 500.0, upper = 2000.0 }\n\
    [parameters.alpha]\nstart = 0.1\nprior = { kind = \"uniform\", lower = 0.0, upper = 1.0 }\n";

fn photosphere() -> Command {
    let mut command = Command::cargo_bin("photosphere").expect("the program is built");
    command.env("PHOTOSPHERE_CACHE_DIR", "");
    command
}

/// The memory part of the report.
fn measure(points: usize, layers: usize, device: &str) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (path, out) = (folder.path().join("c.toml"), folder.path().join("out"));
    std::fs::write(&path, config(points, layers, false)).expect("a file");
    photosphere().arg("spectrum").arg(&path).arg("--out").arg(&out).args(["--device", device]).assert().success();
    let report = std::fs::read(out.join("report.json")).expect("report");
    serde_json::from_slice::<Value>(&report).expect("JSON")["result"]["memory"].clone()
}

/// The memory part of what `jacobian` reports, forward or reverse.
fn measure_derivatives(points: usize, layers: usize, device: &str, reverse: bool) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (path, out, weights) = (folder.path().join("c.toml"), folder.path().join("out"), folder.path().join("w.npy"));
    std::fs::write(&path, config(points, layers, true)).expect("a file");
    let mut command = photosphere();
    command.arg("jacobian").arg(&path).arg("--out").arg(&out).args(["--device", device]);
    if reverse {
        photosphere::output::write_npy(&weights, &[points], &vec![1.0; points]).expect("a file");
        command.args(["--mode", "reverse", "--weights"]).arg(&weights);
    }
    command.assert().success();
    let report = std::fs::read(out.join("parameters.json")).expect("report");
    serde_json::from_slice::<Value>(&report).expect("JSON")["memory"].clone()
}

/// Peaks over all stages, within 10% of the resident bytes.
fn within_a_tenth(memory: &Value) {
    let Some(baseline) = memory["host_baseline"].as_u64() else {
        return eprintln!("LEFT OUT: host memory: this system does not say");
    };
    let most = |of: &dyn Fn(&Value) -> Option<u64>| {
        memory["stages"].as_array().expect("stages").iter().filter_map(of).max().expect("a stage")
    };
    let estimated = baseline + most(&|s| s["host"]["peak"].as_u64());
    let measured = baseline + most(&|s| s["host_measured"]["peak"].as_u64());
    println!("baseline {baseline}, estimated {estimated}, measured {measured}: {memory:#}");
    let ratio = estimated as f64 / measured as f64;
    assert!((0.9..1.1).contains(&ratio), "estimated {estimated} bytes, measured {measured}");
    assert!(measured > 2 * baseline, "arrays matter here");
}

#[cfg(target_os = "linux")]
#[test]
fn cpu_peak_is_as_estimated() {
    within_a_tenth(&measure(1_000_000, 8, "cpu"));
}

#[cfg(target_os = "linux")]
#[test]
fn gpu_peak_is_as_estimated() {
    let device = std::env::var("PHOTOSPHERE_DEVICE").unwrap_or_else(|_| "gpu-any".into());
    let memory = measure(3_000_000, 8, &device);
    within_a_tenth(&memory);
    device_bytes_agree(&memory);
}

/// Planned, tracked, and by the driver's counter.
fn device_bytes_agree(memory: &Value) {
    for stage in memory["stages"].as_array().expect("stages") {
        assert_eq!(stage["device"]["peak"], stage["device_tracked"], "{stage}");
        if let Some(counted) = stage["device_counted"].as_u64() {
            assert_eq!(stage["device"]["peak"].as_u64(), Some(counted), "{stage}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn cpu_peaks_of_derivatives_are_as_estimated() {
    within_a_tenth(&measure_derivatives(2_000_000, 8, "cpu", false));
    within_a_tenth(&measure_derivatives(1_000_000, 8, "cpu", true));
    // Here the spectrum takes more than its derivatives.
    within_a_tenth(&measure_derivatives(3_000_000, 8, "cpu", true));
}

#[cfg(target_os = "linux")]
#[test]
fn gpu_peaks_of_derivatives_are_as_estimated() {
    let device = std::env::var("PHOTOSPHERE_DEVICE").unwrap_or_else(|_| "gpu-any".into());
    let memory = measure_derivatives(2_000_000, 8, &device, true);
    within_a_tenth(&memory);
    device_bytes_agree(&memory);
    // Host bytes of a forward run are mostly the software driver's compiler's.
    let memory = measure_derivatives(100_000, 8, &device, false);
    device_bytes_agree(&memory);
    assert!(memory["stages"].as_array().expect("stages").iter().any(|s| s["stage"] == "Jacobian"), "{memory}");
}

/// The command prints the plan without a device, keeps a budget, and says what would do if none fits.
#[test]
fn plans_are_printed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("c.toml");
    std::fs::write(&path, config(50_000, 40, false)).expect("a file");
    let run = |extra: &[&str]| {
        // No driver to be found: the command needs none.
        let mut command = photosphere();
        command.env("VK_ICD_FILENAMES", "/nowhere").env("VK_DRIVER_FILES", "/nowhere");
        command.arg("plan").arg(&path).args(extra).output().expect("it runs")
    };
    let text = String::from_utf8(run(&[]).stdout).expect("text");
    for word in [
        "batch",
        "load",
        "set-up",
        "upload",
        "forward",
        "readback",
        "largest buffers",
        "tolerance 1e-4",
        "float64 on the CPU",
        "16 segments",
    ] {
        assert!(text.contains(word), "no `{word}` in\n{text}");
    }
    let plan: Value = serde_json::from_slice(&run(&["--json", "--memory-budget", "4MiB"]).stdout).expect("JSON");
    let bytes = plan["plan"]["memory"]["peak_bytes"].as_u64().expect("bytes");
    assert!(bytes <= 4 << 20 && plan["budget"] == 4 << 20, "{bytes}");
    assert_eq!(plan["estimate"]["stages"].as_array().expect("stages").len(), 5);

    let refused = run(&["--memory-budget", "1MiB"]);
    let message = String::from_utf8(refused.stderr).expect("text");
    assert_eq!(refused.status.code(), Some(4));
    for word in ["1048576 bytes is the limit", "largest: `", "a budget of ", " points in the same range"] {
        assert!(message.contains(word), "no `{word}` in\n{message}");
    }
    // What the hint says is true.
    let points: String = message
        .split("would do, or ")
        .nth(1)
        .expect("points")
        .chars()
        .take_while(|c| *c != 'p')
        .filter(char::is_ascii_digit)
        .collect();
    std::fs::write(&path, config(points.parse().expect("a number"), 40, false)).expect("a file");
    assert!(run(&["--memory-budget", "1MiB"]).status.success(), "{message}");
    let fraction = String::from_utf8(run(&["--memory-budget", "0.5"]).stderr).expect("text");
    assert!(fraction.contains("a size such as `48MiB`"), "{fraction}");
}

/// With half a gibibyte of address space; what is refused is told with both figures, before anything is computed or written.
#[cfg(target_os = "linux")]
#[test]
fn jobs_larger_than_the_memory_are_refused_beforehand() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (path, out) = (folder.path().join("c.toml"), folder.path().join("out.npy"));
    std::fs::write(&path, config(10_000_000, 6, false)).expect("a file");
    let program = photosphere().get_program().to_owned();
    let options = "--format builtin --range 2000:2300 --points 20000000 --at 500:1,600:1,700:1,800:1";
    let spectrum: Vec<&std::ffi::OsStr> = vec!["spectrum".as_ref(), path.as_os_str()];
    let sections = std::iter::once("cross-section").chain(options.split(' ')).map(AsRef::as_ref).collect();
    for (arguments, what) in
        [(spectrum, "a spectrum of 10000000 points"), (sections, "cross sections of 20000000 points and 4 pairs")]
    {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -v 524288; exec \"$@\"", "sh"]).arg(&program).args(arguments);
        command.args(["--device", "cpu", "--out"]).arg(&out).env("PHOTOSPHERE_CACHE_DIR", "");
        let found = command.assert().code(4).get_output().clone();
        let text = String::from_utf8_lossy(&found.stderr).into_owned();
        assert!(
            text.contains("host memory: ") && text.contains(what) && text.contains("bytes are available"),
            "{text}"
        );
        assert!(text.contains("hint: fewer points"), "{text}");
        assert!(!out.exists());
    }
}
