//! `[parameters.NAME]`: scales, labels, joint priors, and what fills the volume.

use std::path::Path;

use super::*;
use crate::inference::Prior;

const CONFIG: &str = r#"
[grid]
range_cm = [2140.0, 2150.0]
points = 100

[atmosphere]
layers = 10
pressure_top_bar = 1e-5
pressure_bottom_bar = 10.0
gravity_cgs = 1000.0

[atmosphere.temperature]
kind = "knots"
pressure_bar = [1e-5, 1e-2, 10.0]
temperature_k = ["T1", "T2", 1500.0]

[[species]]
format = "builtin"
volume_mixing_ratio = "CO"

[[species]]
name = "H2O"
volume_mixing_ratio = "H2O"

[[species]]
name = "H2"
volume_mixing_ratio = { rest = 0.85 }

[[species]]
name = "He"
volume_mixing_ratio = { rest = 0.15 }

[parameters.CO]
scale = "log10"
label = "log10 X(CO)"
start = -3.0
prior = { kind = "dirichlet" }

[parameters.H2O]
start = 0.01
prior = { kind = "dirichlet", concentration = 2.0 }

[parameters.T1]
unit = "K"
start = 600.0
prior = { kind = "log_uniform", lower = 300.0, upper = 3000.0 }

[parameters.T2]
above = "T1"
start = 900.0
prior = { kind = "log_uniform", lower = 300.0, upper = 3000.0 }
"#;

fn parse(text: &str) -> crate::Result<Config> {
    Config::parse(Path::new("c.toml"), text)
}

#[test]
fn scales_labels_and_joint_priors_are_read() {
    let config = parse(CONFIG).unwrap();
    let labels: Vec<String> = config.parameters.iter().map(Parameter::label).collect();
    assert_eq!(labels, ["log10 X(CO)", "H2O", "T1 [K]", "T2"]);
    assert_eq!(orders(&config.parameters), [["T1", "T2"]]);
    let start = config.start();
    assert!((start[0] - 1e-3).abs() < 1e-15 && start[1..] == [0.01, 600.0, 900.0], "{start:?}");
    assert_eq!(config.parameters[0].prior, Prior::Dirichlet { concentration: 1.0, rest: 1.0, log10: true });
    assert_eq!(config.species[2].mixing.profile, ProfileKeys::Rest(0.85));
}

#[test]
fn what_cannot_be_is_refused_with_its_key() {
    for (from, to, words) in [
        (
            "scale = \"log10\"",
            "scale = \"ln\"",
            "key `parameters.CO.scale`: line 34: given `\"ln\"`, required \"linear\" or \"log10\"",
        ),
        ("start = -3.0", "start = 0.1", "a value above -inf and below 0"),
        ("start = 0.01", "start = 0.9995", "the starts of all parts with a Dirichlet prior add up to 1.0005"),
        ("concentration = 2.0", "rest = 2.0", "required rest = 1 in its prior, as of `CO`"),
        ("above = \"T1\"", "above = \"T9\"", "given above = \"T9\", required the name of another parameter"),
        ("above = \"T1\"", "above = \"T2\"", "required one above that of `T2`"),
        ("above = \"T1\"", "above = \"H2O\"", "required that of `H2O`, above which it lies"),
        ("start = 900.0", "start = 500.0", "given start 500, required one above that of `T1`, 600"),
        ("rest = 0.85", "rest = 0.5", "the shares of the rest of all species add up to 0.65"),
        (
            "volume_mixing_ratio = \"CO\"",
            "mass_mixing_ratio = \"CO\"",
            "given by mass where another species takes the rest",
        ),
        ("volume_mixing_ratio = { rest = 0.85 }", "mass_mixing_ratio = { rest = 0.85 }", "is by volume"),
        ("rest = 0.85", "other = 0.85", "unknown key"),
        ("kind = \"dirichlet\" }", "kind = \"dirichlet\", sd = 1.0 }", "unknown field `sd`"),
        (
            "kind = \"dirichlet\" }",
            "kind = \"student_t\", location = -3.0, scale = -1.0, degrees_of_freedom = 3.0 }",
            "a scale and degrees of freedom above 0",
        ),
    ] {
        assert!(CONFIG.contains(from), "{from}");
        let message = parse(&CONFIG.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn instruments_take_the_power_of_a_logarithm() {
    let data = |parameter: &str| {
        let text = format!(
            "{CONFIG}\n[parameters.s]\n{parameter}\n[[data]]\nfile = \"d.txt\"\nnoise = {{ jitter = \"s\" }}\n"
        );
        parse(&text).map(|c| c.data[0].noise.jitter.range())
    };
    let prior = "start = 0.0\nprior = { kind = \"uniform\", lower = -2.0, upper = 3.0 }";
    let (low, high) = data(&format!("scale = \"log10\"\n{prior}")).unwrap();
    assert!((low / 1e-2 - 1.0).abs() < 1e-14 && (high / 1e3 - 1.0).abs() < 1e-14, "{low} {high}");
    assert_eq!(data(prior).unwrap(), (-2.0, 3.0));
    let wide = "scale = \"log10\"\nstart = 0.0\nprior = { kind = \"normal\", mean = 0.0, sd = 100.0 }";
    assert!(data(wide).unwrap_err().to_string().contains("required a range of finite numbers"));
}
