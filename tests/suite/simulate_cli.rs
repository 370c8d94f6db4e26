//! `photosphere simulate`, `photosphere example`, and what all commands on a configuration take: `--set`, `-`, `--json`, `--quiet`, `--progress`.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::retrieval_cli::CONFIG;

const DATA: &str = r#"
[parameters.shift]
scale = "log10"
label = "log10 offset"
start = 1.5
prior = { kind = "student_t", location = 1.5, scale = 0.5, degrees_of_freedom = 5.0 }
truth = 2.0

[[data]]
name = "night"
file = "night.txt"
unit = "um"
range_cm = [2150.2, 2155.8]
instrument = { resolving_power = 60000.0, offset = "shift" }
noise = { process = { kernel = "matern-3/2", length_km_s = 20.0, amplitude = 100.0 } }
simulate = { range_cm = [2150.3, 2155.7], points = 120, signal_to_noise = 100.0 }
"#;

fn run(folder: &Path, arguments: &[&str], input: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_photosphere"));
    command.current_dir(folder).env("PHOTOSPHERE_CACHE_DIR", "").args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program");
    child.stdin.take().expect("its input").write_all(input.unwrap_or("").as_bytes()).expect("input");
    child.wait_with_output().expect("its end")
}

fn good(folder: &Path, arguments: &[&str], input: Option<&str>) -> String {
    let output = run(folder, arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn bad(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = run(folder, arguments, None);
    (output.status.code().expect("a code"), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn mock_data_are_made_read_and_fitted() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("c.toml"), format!("{CONFIG}{DATA}")).unwrap();
    let simulate = |out: &str, seed: &str| {
        good(at, &["simulate", "c.toml", "--out", out, "--seed", seed, "--device", "cpu"], None);
        fs::read_to_string(at.join(out)).unwrap()
    };
    // Before there are data, a fit says how to come by them.
    let (code, message) = bad(at, &["fit", "c.toml", "--out", "fit", "--device", "cpu"]);
    assert!(code == 3 && message.contains("night.txt; `photosphere simulate` makes it"), "{message}");
    let text = simulate("night.txt", "1");
    assert!(text.starts_with("# photosphere simulate: mock data `night` of c.toml, seed 1\n# made with T0 = 900; alpha = 0.1; shift = 2\n"), "{text}");
    assert!(simulate("other.txt", "1") == text && simulate("other.txt", "2") != text);
    // A second run may replace its own file, and no other.
    fs::write(at.join("mine.txt"), "1 2 3\n").unwrap();
    let (code, message) = bad(at, &["simulate", "c.toml", "--out", "mine.txt", "--device", "cpu"]);
    assert!(code == 3 && message.contains("mine.txt, which is there and was not made by `simulate`"), "{message}");
    assert_eq!(fs::read_to_string(at.join("mine.txt")).unwrap(), "1 2 3\n");

    let report: Value =
        serde_json::from_str(&good(at, &["fit", "c.toml", "--out", "fit", "--device", "cpu", "--json"], None)).unwrap();
    assert_eq!(report, serde_json::from_str::<Value>(&fs::read_to_string(at.join("fit/fit.json")).unwrap()).unwrap());
    let fit = &report["fit"];
    assert_eq!((&fit["names"][2], &fit["labels"][2]), (&"shift".into(), &"log10 offset".into()));
    for (i, truth) in [900.0, 0.1, 2.0].into_iter().enumerate() {
        let (value, error) = (fit["parameters"][i].as_f64().unwrap(), fit["standard_errors"][i].as_f64().unwrap());
        assert!((value - truth).abs() < 4.0 * error, "{i}: {value} +- {error}");
    }
    assert!((fit["reduced_chi_square"].as_f64().unwrap() - 1.0).abs() < 0.5, "{fit}");
}

#[test]
fn keys_are_set_and_configurations_come_from_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let base = ["spectrum", "-", "--out", "out", "--device", "cpu", "--set"];
    let report =
        good(at, &[&base[..], &["grid.points=50", "--set", "output.title=Two words", "--json"]].concat(), Some(CONFIG));
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["grid"]["points"], 50, "{report}");
    assert!(fs::read_to_string(at.join("out/spectrum.svg")).unwrap().contains("Two words"));
    let output = run(at, &[&base[..], &["grid.points=60", "--quiet"]].concat(), Some(CONFIG));
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty());
    let output = run(at, &[&base[..], &["grid.pionts=60"]].concat(), Some(CONFIG));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("standard input: key `grid.pionts`: unknown key; did you mean `points`?"), "{message}");
    let (code, message) = bad(at, &["plan", "c.toml", "--set", "grid"]);
    assert!(code == 2 && message.contains("required KEY=VALUE, such as grid.points=2000"), "{message}");
    let plan = good(at, &["plan", "-", "--set", "grid.points=1000", "--json", "--progress", "none"], Some(CONFIG));
    assert_eq!(serde_json::from_str::<Value>(&plan).unwrap()["points"], 1000);
}

#[test]
fn the_shipped_example_runs_and_is_what_the_program_makes() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let told = good(at, &["example", "try"], None);
    assert!(told.contains("photosphere fit try/retrieval.toml --out try/fit"), "{told}");
    good(at, &["example", "try"], None);
    let toml = "try/retrieval.toml";
    good(at, &["simulate", toml, "--out", "again.txt", "--seed", "1", "--device", "cpu"], None);
    let numbers = |name: &str| -> Vec<f64> {
        let text = fs::read_to_string(at.join(name)).unwrap();
        text.lines()
            .filter(|l| !l.starts_with('#'))
            .flat_map(str::split_whitespace)
            .map(|n| n.parse().unwrap())
            .collect()
    };
    let (shipped, made) = (numbers("try/retrieval-mock.txt"), numbers("again.txt"));
    assert_eq!(shipped.len(), 1500);
    // Another processor may round otherwise.
    assert!(shipped.iter().zip(&made).all(|(a, b)| (a - b).abs() <= 1e-8 * a.abs()));
    let report = good(at, &["fit", toml, "--out", "try/fit", "--device", "cpu", "--json", "--progress", "json"], None);
    let fit = serde_json::from_str::<Value>(&report).unwrap()["fit"].clone();
    for (i, truth) in [900.0, 0.1, 1000.0].into_iter().enumerate() {
        let (value, error) = (fit["parameters"][i].as_f64().unwrap(), fit["standard_errors"][i].as_f64().unwrap());
        assert!((value - truth).abs() < 4.0 * error, "{i}: {value} +- {error}");
    }
    fs::write(at.join(toml), "mine").unwrap();
    let (code, message) = bad(at, &["example", "try"]);
    assert!(code == 3 && message.contains("retrieval.toml, which is there and is another"), "{message}");
    assert_eq!(fs::read_to_string(at.join(toml)).unwrap(), "mine");
}

/// Logarithms, parts of a whole with gases that fill the rest, ordered knots, correlated noise: from the file to a gradient.
const EVERYTHING: &str = r#"
[grid]
range_cm = [2150.0, 2156.0]
points = 240

[atmosphere]
layers = 12
pressure_top_bar = 1e-4
pressure_bottom_bar = 10.0
gravity_cgs = 2478.6

[atmosphere.temperature]
kind = "knots"
pressure_bar = [1e-4, 1e-1, 10.0]
temperature_k = ["top", "middle", "bottom"]

[[species]]
format = "builtin"
volume_mixing_ratio = "CO"

[[species]]
name = "N2"
volume_mixing_ratio = "N2"

[[species]]
name = "H2"
volume_mixing_ratio = { rest = 0.85 }

[[species]]
name = "He"
volume_mixing_ratio = { rest = 0.15 }

[continua]
rayleigh = ["H2", "He", "N2"]

[[cloud]]
kind = "grey-haze"
opacity_cm2_g = "haze"

[method]
method = "lines"
temperature_range_k = [300.0, 2500.0]

[parameters.CO]
scale = "log10"
start = -4.0
prior = { kind = "dirichlet" }

[parameters.N2]
start = 0.2
prior = { kind = "dirichlet", concentration = 2.0 }

[parameters.haze]
scale = "log10"
start = -3.0
prior = { kind = "uniform", lower = -6.0, upper = 0.0 }

[parameters.top]
start = 700.0
prior = { kind = "uniform", lower = 400.0, upper = 2000.0 }

[parameters.middle]
above = "top"
start = 900.0
prior = { kind = "uniform", lower = 400.0, upper = 2000.0 }

[parameters.bottom]
above = "middle"
start = 1400.0
prior = { kind = "uniform", lower = 400.0, upper = 2000.0 }

[parameters.amplitude]
scale = "log10"
start = 2.0
prior = { kind = "student_t", location = 2.0, scale = 0.3, degrees_of_freedom = 4.0 }

[[data]]
name = "night"
file = "night.txt"
instrument = { resolving_power = 50000.0 }
noise = { process = { kernel = "matern-3/2", length_cm = 0.3, amplitude = "amplitude" } }
simulate = { range_cm = [2150.5, 2155.5], points = 60, error = 150.0 }
"#;

#[test]
fn gradients_through_every_kind_of_parameter_are_those_of_differences() {
    use photosphere::inference::Posterior;
    use photosphere::objective::{LogDensity, ReadOptions};
    use photosphere::scenario::{Config, retrieval, simulate, source::DeviceChoice};
    let folder = tempfile::tempdir().unwrap();
    let config = Config::parse(&folder.path().join("c.toml"), EVERYTHING).expect("a configuration");
    let mock = simulate(&config, &DeviceChoice::Cpu, 3, &()).expect("a mock");
    let text = mock.sets[0].to_text(&[], &ReadOptions::default()).expect("text");
    fs::write(folder.path().join("night.txt"), text).unwrap();
    let mut setup = retrieval(&config, &DeviceChoice::Cpu, &()).expect("a retrieval");
    assert_eq!(setup.objective.data_sets().next().expect("a set"), &mock.sets[0]);
    assert_eq!(setup.priors.labels()[0], "log10 CO");
    let temperature = setup.temperature(&setup.start()).expect("temperatures");
    assert!(temperature.is_sorted() && temperature[0] > 699.9 && temperature[11] < 1400.1, "{temperature:?}");
    let z = setup.priors.to_unconstrained(&setup.start()).expect("a start");
    let mut posterior = Posterior::new(&mut setup.objective, setup.priors.clone()).expect("a posterior");
    let mut gradient = vec![0.0; z.len()];
    posterior.value_and_gradient(&z, &mut gradient).expect("a gradient");
    for k in 0..z.len() {
        let mut at = |d: f64| {
            let mut z = z.clone();
            z[k] += d;
            posterior.value_and_gradient(&z, &mut vec![0.0; z.len()]).expect("a value")
        };
        let h = 1e-3;
        let expected = (at(-2.0 * h) - 8.0 * at(-h) + 8.0 * at(h) - at(2.0 * h)) / (12.0 * h);
        let size = 1e-3 * gradient.iter().fold(0.0f64, |m, g| m.max(g.abs()));
        assert!((gradient[k] - expected).abs() < 1e-4 * expected.abs().max(size), "{k}: {} {expected}", gradient[k]);
    }
}
