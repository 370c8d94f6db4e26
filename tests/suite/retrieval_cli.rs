//! `photosphere jacobian`, `fit` and `sample` from a configuration, on the CPU.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use photosphere::scenario::source::DeviceChoice;
use photosphere::scenario::{Config, retrieval};
use serde_json::Value;

pub const CONFIG: &str = r#"
[grid]
range_cm = [2150.0, 2156.0]
points = 300

[atmosphere]
layers = 12
pressure_top_bar = 1e-4
pressure_bottom_bar = 10.0
gravity_cgs = 2478.6

[atmosphere.temperature]
kind = "power-law"
temperature_1bar_k = "T0"
alpha = "alpha"
clip_k = [400.0, 1600.0]

[[species]]
format = "builtin"
mass_mixing_ratio = 1e-5

[method]
temperature_range_k = [400.0, 1600.0]

[parameters.T0]
start = 850.0
prior = { kind = "uniform", lower = 700.0, upper = 1100.0 }
truth = 900.0

[parameters.alpha]
start = 0.08
prior = { kind = "uniform", lower = 0.02, upper = 0.2 }
truth = 0.1
"#;

pub const DATA: &str = r#"
[[data]]
name = "night"
file = "night.txt"
"#;

/// A folder with a configuration and mock data of T0 = 900 K, alpha = 0.1.
pub struct Bench(tempfile::TempDir);

impl Bench {
    pub fn new(config: &str) -> Self {
        let bench = Self(tempfile::tempdir().expect("a temporary folder"));
        bench.write(
            "truth.toml",
            &CONFIG.replace("start = 850.0", "start = 900.0").replace("start = 0.08", "start = 0.1"),
        );
        bench.good(&["spectrum", "truth.toml", "--out", "truth"]);
        let (nu, flux) = (bench.array("truth/wavenumber.npy"), bench.array("truth/flux.npy"));
        let mut text = String::from("# nu flux error\n");
        for (i, (nu, flux)) in nu.1.iter().zip(&flux.1).enumerate().skip(10).take(280).step_by(2) {
            // Incommensurate waves stand for noise: any generator would do, and these are the same everywhere.
            let noise: f64 =
                (1..9).map(|k| (i as f64 * 1.37 * f64::from(k) + f64::from(k * k)).sin()).sum::<f64>() / 2.0;
            text += &format!("{nu} {} 300\n", flux + 300.0 * noise);
        }
        bench.write("night.txt", &text);
        bench.write("c.toml", config);
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_photosphere"));
        command.current_dir(self.0.path()).env("PHOTOSPHERE_CACHE_DIR", "").args(arguments);
        // A plan asks no device.
        if arguments[0] != "plan" && !arguments.contains(&"--device") {
            command.args(["--device", "cpu"]);
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it starts")
    }

    #[track_caller]
    pub fn good(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    #[track_caller]
    pub fn refused(&self, arguments: &[&str], parts: &[&str]) {
        self.refused_as(3, arguments, parts);
    }

    #[track_caller]
    pub fn refused_as(&self, code: i32, arguments: &[&str], parts: &[&str]) {
        let output = self.run(arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{text}");
        assert!(text.starts_with("error: ") && !text.contains("panicked"), "{text}");
        for part in parts {
            assert!(text.contains(part), "`{part}` is not in\n{text}");
        }
    }

    pub fn array(&self, name: &str) -> (Vec<u64>, Vec<f64>) {
        let bytes = fs::read(self.path(name)).expect(name);
        let npy = npyz::NpyFile::new(&bytes[..]).expect(name);
        (npy.shape().to_vec(), npy.into_vec().expect(name))
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(name)).expect(name)).expect(name)
    }
}

/// Every file below a folder, with its content.
fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => all.extend(content(&path)),
            false => all.push((path.clone(), fs::read(&path).expect("a file"))),
        }
    }
    all.sort();
    all
}

#[test]
fn jacobians_forward_reverse_and_by_differences() {
    let bench = Bench::new(CONFIG);
    bench.good(&["jacobian", "c.toml", "--out", "j"]);
    let (shape, jacobian) = bench.array("j/jacobian.npy");
    assert_eq!(shape, [300, 2]);
    assert_eq!(bench.json("j/parameters.json")["names"], serde_json::json!(["T0", "alpha"]));
    bench.good(&["spectrum", "c.toml", "--out", "s"]);
    // Dual numbers take powers as exponentials, which rounds differently.
    for (a, b) in bench.array("j/flux.npy").1.iter().zip(bench.array("s/flux.npy").1) {
        assert!((a / b - 1.0).abs() < 1e-12, "{a} {b}");
    }
    for (p, start, step) in [(0, 850.0, 1e-2), (1, 0.08, 1e-6)] {
        let at = |side: f64| {
            let text = CONFIG.replacen(&format!("start = {start:?}"), &format!("start = {:?}", start + side * step), 1);
            bench.write("moved.toml", &text);
            bench.good(&["spectrum", "moved.toml", "--out", "moved"]);
            bench.array("moved/flux.npy").1
        };
        let (high, low) = (at(1.0), at(-1.0));
        let largest = jacobian.iter().skip(p).step_by(2).fold(0.0, |m: f64, v| m.max(v.abs()));
        for i in 0..300 {
            let difference = (high[i] - low[i]) / (2.0 * step);
            let exact = jacobian[2 * i + p];
            assert!((exact - difference).abs() < 1e-6 * largest, "parameter {p}, point {i}: {exact} {difference}");
        }
    }
    // W^T J of two columns of weights, [nu][output].
    let weights: Vec<f64> = (0..600).map(|i| (f64::from(i) * 0.7).cos()).collect();
    photosphere::output::write_npy(&bench.path("w.npy"), &[300, 2], &weights).expect("an array");
    bench.good(&["jacobian", "c.toml", "--out", "r", "--mode", "reverse", "--weights", "w.npy"]);
    let (shape, product) = bench.array("r/product.npy");
    assert_eq!(shape, [2, 2]);
    for (k, found) in product.iter().enumerate() {
        let (output, p) = (k / 2, k % 2);
        let expected: f64 = (0..300).map(|i| weights[2 * i + output] * jacobian[2 * i + p]).sum();
        assert!((found / expected - 1.0).abs() < 1e-10, "{k}: {found} {expected}");
    }
    bench.refused(
        &["jacobian", "truth.toml", "--out", "x", "--mode", "reverse", "--weights", "j/parameters.json"],
        &["NPY"],
    );
}

#[test]
fn fits_find_the_truth_with_every_method() {
    let free = "[data.noise]\nerror_scale = \"sigma\"\n[parameters.sigma]\nstart = 0.7\nprior = { kind = \"log_normal\", mu = 0.0, sigma = 1.0 }\n";
    let velocity = "instrument = { radial_velocity_km_s = \"rv\" }\n[parameters.rv]\nstart = 0.5\nprior = { kind = \"normal\", mean = 0.0, sd = 2.0 }\n";
    for (name, more, method) in [
        ("least squares", velocity, ""),
        ("lbfgs", free, ""),
        ("adamw", "[instrument]\nresolving_power = 5e4\n", "[retrieval.fit]\nmethod = \"adamw\"\nsteps = 150\n"),
    ] {
        let bench = Bench::new(&format!("{CONFIG}{DATA}{more}{method}"));
        let text = bench.good(&["fit", "c.toml", "--out", "f"]);
        assert!(text.contains("parameters") && text.contains("residuals    140"), "{name}: {text}");
        assert_eq!(text.contains("[instrument]: is for `spectrum`"), name == "adamw", "{text}");
        let fit = &bench.json("f/fit.json")["fit"];
        for (i, truth) in [900.0, 0.1].into_iter().enumerate() {
            let (value, error) = (&fit["parameters"][i], &fit["standard_errors"][i]);
            let (value, error) = (value.as_f64().expect("a number"), error.as_f64().expect("an error"));
            assert!((value - truth).abs() < 3.0 * error, "{name}: {value} +- {error}");
        }
        for file in ["fit-night.svg", "fit-night.png", "prediction-night.npy"] {
            assert!(bench.path("f").join(file).exists(), "{name}: {file}");
        }
    }
}

const SAMPLER: &str = "[retrieval.sampler]\nchains = 2\nwarmup = 40\ndraws = 40\nseed = 5\n[retrieval]\njac_chunk_size = 8\npredictions = 20\npointwise = true\n";

#[test]
fn a_killed_run_resumes_with_the_same_bytes_and_a_changed_one_does_not() {
    let bench = Bench::new(&format!("{CONFIG}{DATA}{SAMPLER}"));
    bench.good(&["sample", "c.toml", "--out", "whole"]);
    for name in
        ["summary.json", "traces.svg", "corner.svg", "trace.zarr/posterior/T0", "trace.zarr/log_likelihood/night"]
    {
        assert!(bench.path("whole").join(name).exists(), "{name}");
    }
    let table = fs::read_to_string(bench.path("whole/table.tex")).expect("a table");
    assert!(table.contains("T0 & $") && table.contains("alpha & $"), "{table}");
    // Bands do not cross, and the truth lies within those of 95%.
    let (shape, temperature) = bench.array("whole/temperature.npy");
    assert_eq!(shape, [6, 12]);
    for layer in 0..12 {
        let band: Vec<f64> = (1..6).map(|row| temperature[row * 12 + layer]).collect();
        let truth = (900.0 * temperature[layer].powf(0.1)).clamp(400.0, 1600.0);
        assert!(band.is_sorted() && band[0] <= truth && truth <= band[4], "{band:?} {truth}");
    }
    assert_eq!(bench.array("whole/bands-night.npy").0[0], 6);
    let whole = fs::metadata(bench.path("whole/checkpoint/chain-0.log")).expect("a log").len();
    let mut killed = 0;
    for attempt in 0..4 {
        let mut arguments = vec!["sample", "c.toml", "--out", "cut", "--progress", "none"];
        arguments.extend((attempt > 0).then_some("--resume"));
        let mut child =
            bench.command(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        let enough = whole * (attempt + 1) / 5;
        let started = Instant::now();
        let ended = loop {
            let length = fs::metadata(bench.path("cut/checkpoint/chain-0.log")).map_or(0, |m| m.len());
            let ended = child.try_wait().expect("a child").is_some();
            if ended || (length >= enough && length > 0) || started.elapsed() > Duration::from_secs(120) {
                break ended;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        if !ended {
            child.kill().expect("SIGKILL");
            killed += 1;
        }
        child.wait().expect("a child");
        let mut text = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut text).expect("text");
        assert!(text.is_empty(), "{text}");
    }
    assert!(killed > 0, "every run was over before it could be killed");
    bench.good(&["sample", "c.toml", "--out", "cut", "--resume"]);
    let of = |folder: &str| {
        let all = content(&bench.path(folder).join("trace.zarr"));
        all.into_iter()
            .map(|(path, bytes)| (path.strip_prefix(bench.path(folder)).expect("inside").to_owned(), bytes))
            .collect::<Vec<_>>()
    };
    assert!(of("whole") == of("cut"), "the traces differ");

    for (from, to, word) in [
        ("mass_mixing_ratio = 1e-5", "mass_mixing_ratio = 2e-5", "species CO"),
        ("lower = 700.0", "lower = 600.0", "parameter T0"),
        ("seed = 5", "seed = 6", "seed"),
        ("layers = 12", "layers = 13", "atmosphere"),
    ] {
        bench.write("changed.toml", &format!("{CONFIG}{DATA}{SAMPLER}").replace(from, to));
        bench.refused(&["sample", "changed.toml", "--out", "cut", "--resume"], &[word]);
    }
    bench.refused(&["sample", "c.toml", "--out", "new", "--resume"], &["--resume: given no folder"]);
}

/// A planet in transmission with something of everything that a likelihood depends on.
const EVERYTHING: &str = r#"
[grid]
range_cm = [2150.0, 2156.0]
points = 300
[atmosphere]
layers = 12
pressure_top_bar = 1e-6
pressure_bottom_bar = 1.0
mass_jupiter = 0.6
radius_jupiter = 1.2
reference_pressure_bar = 0.1
mean_molecular_weight = 2.33
[atmosphere.temperature]
kind = "isothermal"
temperature_k = "T"
[[species]]
format = "builtin"
isotopologue = 1
broadener = "h2"
mass_mixing_ratio = 1e-4
[[species]]
name = "H2"
molar_mass = 2.016
mass_mixing_ratio = 0.7
[[cia]]
file = "p.cia"
pair = ["H2", "H2"]
temperature = "clamp"
[continua]
rayleigh = ["H2"]
[[cloud]]
kind = "deck"
pressure_bar = 0.05
steepness = 3.0
[[cloud]]
kind = "power-law-haze"
opacity_cm2_g = 1e-4
exponent = 4.0
reference_um = 0.5
[transfer]
geometry = "transmission"
[method]
temperature_range_k = [700.0, 1400.0]
wings.cutoff_cm = 100.0
[star]
radius_sun = 0.8
temperature_k = 4800.0
[[data]]
file = "depths.txt"
unit = "um"
quantity = "depth"
instrument.resolving_power = 5e4
[parameters.T]
start = 1000.0
prior = { kind = "uniform", lower = 750.0, upper = 1350.0 }
"#;

#[test]
fn what_changes_a_likelihood_is_told_apart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let head = |t: f64| {
        let (pair, reference) = ("H2-H2", "1.0E-45");
        format!(
            "{pair:>20}{:10.3}{:10.3}{:7}{t:7.1}{reference:>10}{:>6}{:27}{:>3}\n",
            1900.0, 2200.0, 2, "-.999", "", 1
        )
    };
    let blocks = [300.0, 2000.0].map(|t| head(t) + " 1900.0 1e-45\n 2200.0 1e-45\n");
    fs::write(at("p.cia"), blocks.concat()).expect("a file");
    fs::write(at("depths.txt"), "4.6430 0.024 1e-5\n4.6440 0.024 1e-5\n4.6450 0.024 1e-5\n").expect("a file");
    let run = |text: &str| {
        let config = Config::parse(&at("c.toml"), text).expect("a configuration");
        retrieval(&config, &DeviceChoice::Cpu, &()).expect(text).run
    };
    let first = run(EVERYTHING);
    for (from, to) in [
        ("points = 300", "points = 301"),
        ("mass_jupiter = 0.6", "mass_jupiter = 0.7"),
        ("reference_pressure_bar = 0.1", "reference_pressure_bar = 0.2"),
        ("mean_molecular_weight = 2.33", "mean_molecular_weight = 2.34"),
        ("isotopologue = 1", "isotopologue = 1\nmolar_mass = 14.0"),
        ("broadener = \"h2\"", "broadener = \"he\""),
        ("molar_mass = 2.016", "molar_mass = 4.0"),
        ("temperature = \"clamp\"", "temperature = \"error\""),
        ("rayleigh = [\"H2\"]", ""),
        ("steepness = 3.0", "steepness = 3.5"),
        ("reference_um = 0.5", "reference_um = 0.6"),
        ("kind = \"power-law-haze\"", "name = \"haze\"\nkind = \"power-law-haze\""),
        ("cutoff_cm = 100.0", "cutoff_cm = 90.0"),
        ("radius_sun = 0.8", "radius_sun = 0.9"),
        ("unit = \"um\"", "unit = \"um\"\nmedium = \"air\""),
        ("quantity = \"depth\"", ""),
        ("resolving_power = 5e4", "resolving_power = 6e4"),
        ("[star]", "tolerance = 1e-4\n[star]"),
    ] {
        assert!(EVERYTHING.contains(from), "{from}");
        assert!(run(&EVERYTHING.replacen(from, to, 1)) != first, "{to}: the run is taken to be the same");
    }
    assert_eq!(run(&format!("{EVERYTHING}[output]\npng = false\n")), first);
}

#[test]
fn wrong_retrievals_are_refused_by_key() {
    let bench = Bench::new("");
    let good = format!("{CONFIG}{DATA}");
    let refused = |from: &str, to: &str, parts: &[&str]| {
        assert!(good.contains(from), "{from}");
        bench.write("c.toml", &good.replacen(from, to, 1));
        bench.refused(&["fit", "c.toml", "--out", "out"], parts);
    };
    refused(
        "start = 850.0",
        "start = 600.0",
        &["key `parameters.T0.start`", "given `600.0`", "above 700 and below 1100"],
    );
    refused("start = 850.0", "start = 700.0", &["key `parameters.T0.start`"]);
    refused("alpha = \"alpha\"", "alpha = \"alhpa\"", &["atmosphere.temperature.alpha", "declared: T0, alpha"]);
    refused("alpha = \"alpha\"", "alpha = 0.1", &["key `parameters.alpha`", "declared, but no key names it"]);
    refused("lower = 700.0", "lowest = 700.0", &["parameters.T0.prior.lowest", "did you mean `lower`?"]);
    refused("kind = \"uniform\"", "kind = \"unifrom\"", &["parameters.T0.prior", "unknown variant `unifrom`"]);
    refused("lower = 700.0", "lower = 1700.0", &["parameters.T0.prior"]);
    refused("mass_mixing_ratio = 1e-5", "mass_mixing_ratio = \"T0\"", &["species[0].mass_mixing_ratio"]);
    refused("temperature_range_k = [400.0, 1600.0]", "", &["method.temperature_range_k"]);
    refused(
        "range_cm = [2150.0, 2156.0]",
        "range_cm = [2152.0, 2156.0]",
        &["key `data[0].instrument`", "the data span"],
    );
    refused("file = \"night.txt\"", "file = \"day.txt\"", &["key `data[0].file`", "there is no file"]);
    refused("file = ", "files = ", &["key `data[0].files`", "did you mean `file`?"]);
    refused(DATA, "", &["key `data`: missing"]);
    refused(
        DATA,
        &format!("{DATA}\n[retrieval.fit]\nmethod = \"newton\""),
        &["retrieval.fit.method", "levenberg-marquardt"],
    );
    refused(
        DATA,
        &format!("{DATA}\n[retrieval.fit]\nmethod = \"lbfgs\"\nbeta1 = 0.9"),
        &["retrieval.fit.beta1", "not a key of"],
    );
    refused(
        DATA,
        &format!("{DATA}noise = {{ jitter = \"T0\" }}\n"),
        &["key `parameters.T0`", "by the model and by [[data]]"],
    );
    let parameter = "[parameters.R]\nstart = 5e4\nprior = { kind = \"uniform\", lower = 1e4, upper = 1e5 }\n";
    let of_spectrum = format!("{DATA}[instrument]\nresolving_power = \"R\"\n{parameter}");
    refused(DATA, &of_spectrum, &["key `parameters.R`", "named by [instrument] only", "[[data]]"]);
    bench.refused(&["plan", "c.toml"], &["key `parameters.R`", "named by [instrument] only"]);
    let both = format!("{DATA}[instrument]\nscale = \"alpha\"\n");
    refused(DATA, &both, &["key `parameters.alpha`", "by the model and by [instrument]"]);
    refused(
        DATA,
        &format!("{DATA}noise = {{ jitter = \"s\" }}\n[parameters.s]\nstart = 1.0\nprior = {{ kind = \"flat\" }}\n"),
        &["data[0].noise.jitter", "a proper prior"],
    );
    refused(
        DATA,
        &format!(
            "{DATA}noise = {{ jitter = \"s\" }}\n[retrieval.fit]\nmethod = \"levenberg-marquardt\"\n[parameters.s]\nstart = 1.0\nprior = {{ kind = \"half_normal\", sd = 9.0 }}\n"
        ),
        &["retrieval.fit.method", "free noise parameter `s`"],
    );
    for (row, words) in [("2151.0 1.0 0", "given 0"), ("2151.0 1.0 nan", "given NaN"), ("2151.0 inf 1.0", "value 0")] {
        bench.write("night.txt", row);
        bench.write("c.toml", &good);
        bench.refused(&["fit", "c.toml", "--out", "out"], &["data set `night`", words]);
    }
    assert!(!bench.path("out").exists(), "something was left behind");
}
