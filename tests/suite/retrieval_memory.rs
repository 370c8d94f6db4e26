//! Device memory of retrievals as wholes: spectra, Jacobians and gradients of one or several models within one budget, as planned.

use photosphere::atmosphere::PressureGrid;
use photosphere::cross_section::{Method, Settings};
use photosphere::gpu::{Device, Limits, MemoryPolicy};
use photosphere::grid::{Grid, TemperatureRange};
use photosphere::lines::carbon_monoxide::{Broadener, Isotopologue, line_list};
use photosphere::objective::{DataSet, LogDensity, Mode, Needs, Observation, Residuals, SpectrumObjective};
use photosphere::spectrum::{Absorber, DerivativeSettings, Dual, GradientMode, Model, Retrieval, State};
use photosphere::{Backend, Error, Result};

const X: [f64; 2] = [900.0, -4.5];
const RESOLUTION: f64 = 4e5;

fn model(backend: &Backend, (lo, hi): (f64, f64), budget: Option<u64>) -> Result<Retrieval> {
    let grid = Grid::with_resolution(lo, hi, RESOLUTION)?;
    let co = line_list(Isotopologue::C12O16, Broadener::Air, Some((lo - 25.0, hi + 25.0)), 0.0)?;
    let absorber = Absorber { name: "CO".into(), molar_mass: co.species.molar_mass, lists: vec![co] };
    let range = TemperatureRange::new(500.0, 1500.0)?;
    let settings = Settings {
        tolerance: 1e-3,
        temperature_range: range,
        method: Method::Auto,
        line_margin: 25.0,
        ..Settings::default()
    };
    let pressure = PressureGrid::logarithmic(1e-5, 10.0, 15)?;
    let model = Model::emission(grid, pressure).opacity(absorber).settings(settings).build()?;
    let profiles = |x: &[Dual], pressure: &PressureGrid| {
        let layers = |value: Dual| vec![value; pressure.layers()];
        let temperature = |p: &f64| x[0].clone() * (Dual::from(0.05) * p.ln()).exp();
        let temperature = pressure.pressure_bar().iter().map(temperature).collect();
        let state = State::new(temperature, layers(2478.0.into()), layers(2.33.into()));
        Ok(state.with_mass_ratio("CO", x[1].clone().exp()))
    };
    let names = vec!["T0".into(), "ln_ratio".into()];
    // So that all three programs are needed.
    let settings = DerivativeSettings { budget, gradient: GradientMode::Reverse, ..Default::default() };
    Retrieval::new(model, backend, names, profiles, settings)
}

/// Two data sets, of which the second spans five times as much.
fn observations() -> Vec<Observation> {
    let data = |name: &str, lo: f64, hi: f64| {
        let nu: Vec<f64> = (0..40).map(|i| lo + (hi - lo) * f64::from(i) / 39.0).collect();
        DataSet::new(name, &nu, &[2e4; 40], &[300.0; 40]).unwrap()
    };
    [data("narrow", 2100.0, 2103.0), data("wide", 2140.0, 2155.0)]
        .map(|data| Observation {
            data,
            observable: Default::default(),
            instrument: Default::default(),
            noise: Default::default(),
        })
        .into()
}

fn objective(backend: &Backend, mode: Mode, budget: Option<u64>) -> Result<SpectrumObjective<Retrieval>> {
    let share = |needs: &Needs| budget.map(|bytes| (bytes as f64 * needs.share) as u64);
    SpectrumObjective::new(observations(), mode, RESOLUTION, |n| model(backend, n.range, share(n)))
}

/// The least budget under which all plans of all models fit.
fn least(mode: Mode) -> u64 {
    let mut total = 0;
    let count = |needs: &Needs, total: &mut u64| {
        let one_byte = model(&Backend::Cpu, needs.range, Some(1)).unwrap();
        let limits = Limits::default();
        let errors = [one_byte.plan_jacobian(&X, &limits).err(), one_byte.plan_gradient(&X, &limits).err()];
        for error in errors {
            let Some(Error::OutOfMemory { needed, .. }) = error else { panic!("{error:?}") };
            *total = (*total).max((needed as f64 / needs.share).ceil() as u64 + 1);
        }
    };
    SpectrumObjective::new(observations(), mode, RESOLUTION, |needs| {
        count(needs, &mut total);
        model(&Backend::Cpu, needs.range, None)
    })
    .unwrap();
    total
}

/// What fits and chains ask for, in the order in which they might, twice.
fn all(objective: &mut SpectrumObjective<Retrieval>) -> Vec<(&'static str, Vec<f64>)> {
    let mut all = Vec::new();
    for _ in 0..2 {
        all.push(("residuals", objective.residuals(&X).unwrap()));
        let (residuals, jacobian) = objective.residuals_and_jacobian(&X).unwrap();
        all.extend([("residuals of the Jacobian", residuals), ("Jacobian", jacobian)]);
        let mut gradient = [0.0; 2];
        all.push(("likelihood", vec![objective.value_and_gradient(&X, &mut gradient).unwrap()]));
        all.push(("gradient", gradient.to_vec()));
    }
    all
}

/// The same bits.
#[track_caller]
fn equal(found: &[(&str, Vec<f64>)], expected: &[(&str, Vec<f64>)], why: &str) {
    for ((what, found), (_, expected)) in found.iter().zip(expected) {
        if let Some(i) = (0..found.len()).find(|i| found[*i].to_bits() != expected[*i].to_bits()) {
            panic!("{why} changes the {what}: number {i} is {}, was {}", found[i], expected[i]);
        }
    }
}

#[test]
fn gpu_an_objective_stays_within_its_budget_with_the_same_bits() {
    let device = Device::from_env().expect("a device; `scripts/test` installs one");
    let backend = Backend::Device(device.clone());
    for mode in [Mode::Blocked, Mode::Batched] {
        let unbounded = all(&mut objective(&backend, mode, None).unwrap());
        let least = least(mode);
        for budget in [least, 2 * least, 16 * least] {
            device.ledger().reset_peaks();
            let mut objective = objective(&backend, mode, Some(budget)).unwrap();
            equal(&all(&mut objective), &unbounded, &format!("{mode:?}: a budget of {budget} bytes"));
            let planned: u64 = objective.models().map(Retrieval::planned_bytes).sum();
            let held = device.ledger().peak();
            println!("{mode:?}: budget {budget}, planned {planned}, held at most {held}");
            assert!(held <= planned && planned <= budget, "{mode:?}: {held} of {planned} of {budget}");
            assert!(mode == Mode::Blocked || held == planned, "one model: {held} of {planned}");
            for model in objective.models() {
                // What was opened is what is planned without a device.
                assert_eq!(*model.plan(), model.plan_at(&X, &Limits::default()).unwrap());
            }
            drop(objective);
            assert_eq!(device.ledger().current(), 0);
        }
    }
}

/// Without a budget of its own, a retrieval shares the device's among its programs: each is planned as if it were alone.
#[test]
fn gpu_the_devices_budget_is_that_of_all_programs_together() {
    let device = Device::from_env().expect("a device; `scripts/test` installs one");
    let backend = Backend::Device(device.clone());
    let bytes = least(Mode::Batched);
    device.set_memory_policy(MemoryPolicy::Bytes(bytes)).unwrap();
    let mut objective = objective(&backend, Mode::Batched, None).unwrap();
    all(&mut objective);
    assert!(device.ledger().peak() <= bytes);
    // A driver that refuses memory beside what is held: that goes, and the rest is as before.
    device.set_memory_policy(MemoryPolicy::Exact).unwrap();
    let expected = all(&mut objective);
    let mut again = self::objective(&backend, Mode::Batched, None).unwrap();
    again.residuals(&X).unwrap();
    device.fail_allocation(2);
    equal(&all(&mut again), &expected, "a refusal");
    drop((objective, again));
    assert_eq!(device.ledger().current(), 0);
}

#[cfg(feature = "cli")]
mod command_line {
    use serde_json::Value;

    use crate::retrieval_cli::{Bench, CONFIG, DATA};

    const TWO: &str = "\n[[data]]\nname = \"morning\"\nfile = \"night.txt\"\n[retrieval]\nmode = \"blocked\"\n";

    fn plan(bench: &Bench, extra: &[&str]) -> Value {
        let text = bench.good(&[&["plan", "c.toml", "--json"], extra].concat());
        serde_json::from_str(&text).expect("JSON")
    }

    #[test]
    fn plans_cover_derivatives_fits_and_sampling() {
        let bench = Bench::new(CONFIG);
        let text = bench.good(&["plan", "c.toml"]);
        for words in [
            "\nJacobian ",
            "\ngradient ",
            "8 columns held at a time for 2 parameters, ",
            " x 8 = ",
            "opacities stored, ",
            "gradient, opacities recomputed",
        ] {
            assert!(text.contains(words), "no `{words}` in\n{text}");
        }
        assert!(!text.contains("sampling") && !text.contains("residuals"), "{text}");
        let planned = &plan(&bench, &["--memory-budget", "8MiB"])["retrieval"]["models"][0];
        let jacobian = &planned["plan"]["jacobian"];
        let number = |key: &str| jacobian[key].as_u64().expect(key);
        let (m0, m1, chunk) = (number("bytes_without_columns"), number("bytes_per_column"), number("chunk"));
        assert_eq!(jacobian["plan"]["memory"]["peak_bytes"], m0 + m1 * chunk);
        assert_eq!((planned["budget"].as_u64(), planned["points"].as_u64()), (Some(8 << 20), Some(300)));
        assert_eq!(planned["stages"][0]["device"]["peak"], m0 + m1 * chunk);

        bench.write(
            "c.toml",
            &format!("{CONFIG}{DATA}{TWO}[retrieval.sampler]\nchains = 2\nwarmup = 10\ndraws = 100\n"),
        );
        let text = bench.good(&["plan", "c.toml"]);
        for words in [
            "residuals    280",
            "280 x 2, 4480 bytes",
            "blocked, 2 models",
            "292 points: night",
            "292 points: morning",
            "sampling ",
            "36 bytes on disk for each evaluation, at most 1 023 a draw: at most 7.7 MiB",
        ] {
            assert!(text.contains(words), "no `{words}` in\n{text}");
        }
        let planned = plan(&bench, &["--memory-budget", "8MiB"])["retrieval"].clone();
        let models = planned["models"].as_array().expect("models");
        let budgets: Vec<_> = models.iter().map(|m| m["budget"].as_u64()).collect();
        assert_eq!(budgets, [Some(4 << 20); 2]);
        let peaks = |planned: &Value, which: &str| -> (Option<u64>, Option<u64>) {
            let models = planned["models"].as_array().expect("models");
            let peaks = models.iter().map(|m| m["plan"][which]["plan"]["memory"]["peak_bytes"].as_u64().unwrap());
            (planned["sampling_stage"]["device"]["peak"].as_u64(), Some(peaks.sum()))
        };
        let (sampling, jacobians) = peaks(&planned, "jacobian");
        assert_eq!(sampling, jacobians);
        assert!(
            planned["sampling_stage"]["host"]["peak"].as_u64() > planned["sampling_stage"]["host"]["kept"].as_u64()
        );
        assert!(text.contains("forward, by the Jacobian"), "{text}");
        bench.write("r.toml", &format!("{CONFIG}{DATA}{TWO}gradient = \"reverse\"\n"));
        let text = bench.good(&["plan", "r.toml"]);
        assert!(text.contains("reverse, by the gradient"), "{text}");
        let text = bench.good(&["plan", "r.toml", "--memory-budget", "8MiB", "--json"]);
        let (sampling, gradients) = peaks(&serde_json::from_str::<Value>(&text).unwrap()["retrieval"], "gradient");
        assert_eq!(sampling, gradients);
    }

    /// A budget for a spectrum and not for its derivatives: the one is planned, what the others lack is said.
    #[test]
    fn spectra_are_planned_where_derivatives_do_not_fit() {
        let bench = Bench::new(&format!("{CONFIG}{DATA}"));
        let needed = plan(&bench, &[])["plan"]["memory"]["peak_bytes"].as_u64().expect("bytes");
        let run =
            |more: &[&str]| bench.run(&[&["plan", "c.toml", "--memory-budget", &needed.to_string()], more].concat());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let printed = run(&[]);
        let (table, message) = (text(&printed.stdout), text(&printed.stderr));
        assert_eq!(printed.status.code(), Some(4), "{message}");
        assert!(table.contains("forward") && !table.contains("Jacobian"), "{table}");
        for words in ["bytes needed for derivatives: ", "largest: `", "a memory budget of "] {
            assert!(message.contains(words), "no `{words}` in\n{message}");
        }
        let json: Value = serde_json::from_slice(&run(&["--json"]).stdout).expect("JSON");
        assert_eq!(json["plan"]["memory"]["peak_bytes"], needed);
        let refused = json["refused"].as_str().expect("words");
        assert!(json["retrieval"].is_null() && message.contains(refused), "{refused}\n{message}");
    }

    /// Planned, tracked, and as `plan` said without a device.
    #[test]
    fn gpu_runs_take_what_was_planned() {
        let device = std::env::var("PHOTOSPHERE_DEVICE").unwrap_or_else(|_| "gpu-any".into());
        let bench = Bench::new(&format!(
            "{CONFIG}{DATA}{TWO}[retrieval.sampler]\nchains = 1\nwarmup = 2\ndraws = 2\nmax_depth = 2\n"
        ));
        let at = |command: &str| -> Value {
            let file = match command {
                "jacobian" => "parameters.json",
                "fit" => "fit.json",
                _ => "summary.json",
            };
            bench.good(&[command, "c.toml", "--out", command, "--memory-budget", "8MiB", "--device", &device]);
            bench.json(&format!("{command}/{file}"))
        };
        let planned = plan(&bench, &["--memory-budget", "8MiB"])["retrieval"].clone();
        let bytes = |about: &Value| {
            let bytes = &about["device_bytes"];
            (bytes["planned"].as_u64().expect("planned"), bytes["tracked"].as_u64().expect("tracked"))
        };
        let sampled = at("sample");
        let gradients = planned["sampling_stage"]["device"]["peak"].as_u64().expect("bytes");
        assert_eq!(bytes(&sampled), (gradients, gradients));
        let (planned_fit, tracked) = bytes(&at("fit"));
        assert!(tracked <= planned_fit && planned_fit <= 8 << 20, "{tracked} of {planned_fit}");

        // A single Jacobian is not worth a table, which a sampling takes.
        let config = std::fs::read_to_string(bench.path("c.toml")).expect("a configuration");
        bench.write("c.toml", &config.replace("[method]", "[method]\nevaluations = 1"));
        let planned = plan(&bench, &["--memory-budget", "8MiB"])["retrieval"]["models"][0]["plan"].clone();
        let jacobian = at("jacobian");
        let (planned_bytes, tracked) = bytes(&jacobian);
        assert_eq!(
            (jacobian["plan"]["jacobian"]["chunk"].clone(), tracked),
            (planned["jacobian"]["chunk"].clone(), planned_bytes)
        );
    }

    #[test]
    fn gpu_impossible_budgets_are_refused_and_leave_nothing() {
        let device = std::env::var("PHOTOSPHERE_DEVICE").unwrap_or_else(|_| "gpu-any".into());
        let bench = Bench::new(&format!("{CONFIG}{DATA}"));
        for command in ["jacobian", "fit", "sample"] {
            let run = |budget: &str| {
                let arguments = [command, "c.toml", "--out", command, "--device", &device, "--memory-budget", budget];
                let output = bench.run(&arguments);
                (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
            };
            let (code, message) = run("1KiB");
            assert_eq!(code, Some(4), "{command}: {message}");
            for words in ["bytes needed", "1024 bytes is the limit", "largest: `", "a memory budget of "] {
                assert!(message.contains(words), "{command}: no `{words}` in\n{message}");
            }
            assert!(!bench.path(command).exists(), "{command}: something was left behind");
            if command == "jacobian" {
                // What the hint says is true.
                let needed =
                    message.split("a memory budget of ").nth(1).and_then(|m| m.split(' ').next()).expect("bytes");
                assert_eq!(run(needed).0, Some(0), "{message}");
            }
        }
    }

    #[test]
    fn tabulated_responses_count_by_their_content() {
        let respond = "instrument = { response = \"response.txt\" }\n";
        let bench = Bench::new(&format!("{CONFIG}{DATA}{respond}"));
        let table = |width: f64| {
            let row = |i: i32| format!("{} {}\n", f64::from(i) * width / 4.0, (-0.05 * f64::from(i * i)).exp());
            bench.write("response.txt", &format!("# km/s, weight\n{}", (-12..=12).map(row).collect::<String>()));
        };
        let fit = |name: &str| {
            bench.good(&["fit", "c.toml", "--out", name]);
            bench.json(&format!("{name}/fit.json"))["fit"]["chi_square"].as_f64().expect("a number")
        };
        table(0.05);
        let narrow = fit("narrow");
        table(1.7);
        let wide = fit("wide");
        // The data were not broadened.
        assert!(wide > narrow + 5.0, "{narrow} {wide}");

        let sampler = "[retrieval.sampler]\nchains = 1\nwarmup = 2\ndraws = 2\n";
        bench.write("c.toml", &format!("{CONFIG}{DATA}{respond}{sampler}"));
        bench.good(&["sample", "c.toml", "--out", "s"]);
        bench.good(&["sample", "c.toml", "--out", "s", "--resume"]);
        table(1.8);
        bench.refused(&["sample", "c.toml", "--out", "s", "--resume"], &["instrument of night", "response"]);

        let refused = |instrument: &str, words: &[&str]| {
            bench.write("c.toml", &format!("{CONFIG}{DATA}instrument = {{ {instrument} }}\n"));
            bench.refused(&["fit", "c.toml", "--out", "x"], words);
        };
        let both = "resolving_power = 1e5, response = \"response.txt\"";
        refused(both, &["key `data[0].instrument.response`", "given besides `resolving_power`"]);
        refused("response = \"none.txt\"", &["key `data[0].instrument.response`", "there is no file"]);
        refused("response = 3", &["key `data[0].instrument.response`", "a path in quotes"]);
        bench.write("response.txt", "0 1\n0 2\n");
        refused("response = \"response.txt\"", &["response.txt", "strictly ascending order"]);
    }
}
