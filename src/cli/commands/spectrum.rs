//! `photosphere spectrum`

use std::time::Instant;

use serde_json::{Value, json};

use super::folder::ResultFolder;
use crate::cli::args::SpectrumArgs;
use crate::cli::table::count;
use crate::output::{write_json, write_npy};
use crate::plot::{AtmosphereProfile, ContributionMap, Formats, Series, SpectrumOptions, Zoom};
use crate::scenario::config::GeometryKeys;
use crate::scenario::{self, Config, Layers, Observed, SpectrumResult};
use crate::units::SpectralAxis;
use crate::{Progress, Result, Stage, plot};

/// Computes a spectrum and writes arrays, report and pictures into a folder.
///
/// # Errors
/// A wrong configuration and an unwritable folder, both found before anything is computed; whatever the model reports.
pub fn run(args: &SpectrumArgs, progress: &dyn Progress) -> Result<()> {
    let args = &args.run;
    super::set_quiet_for(args.source.json);
    let config = args.source.load()?;
    let folder = ResultFolder::new(&args.out, outputs(&config))?;
    let mut result = scenario::spectrum(&config, &args.source.device, progress)?;
    let n = result.wavenumber.len();
    let started = Instant::now();
    folder.clear(&EVERY, &outputs(&config), "report.json")?;
    write_npy(&folder.at("wavenumber.npy"), &[n], &result.wavenumber)?;
    result.values.write(&folder.at(config.transfer.geometry.file()), &[n])?;
    for derived in &result.derived {
        write_npy(&folder.at(derived.file), &[n], &derived.values)?;
    }
    if let Some(observed) = &result.observed {
        let m = observed.values.len();
        write_npy(&folder.at("observed_wavenumber.npy"), &[m], &observed.wavenumber)?;
        write_npy(&folder.at("observed.npy"), &[m], &observed.values)?;
    }
    if !result.components.is_empty() {
        let all: Vec<f64> = result.components.iter().flat_map(|c| c.values.iter().copied()).collect();
        write_npy(&folder.at("components.npy"), &[result.components.len(), n], &all)?;
    }
    if let Some(contribution) = &result.contribution {
        write_npy(&folder.at("contribution.npy"), &[config.atmosphere.layers, n], contribution)?;
    }
    draw(&config, &folder, &result)?;
    result.summary.seconds.add(Stage::Files, started.elapsed().as_secs_f64());
    // The report goes last: where it lies, everything beside it is complete.
    let report = report(&config, &result);
    write_json(&folder.at("report.json"), &report)?;
    if args.source.json {
        super::print_json(&report)?;
    }
    let first = [
        ("wavenumbers", count(n as u64)),
        ("layers", config.atmosphere.layers.to_string()),
        ("written", format!("{} in {}", outputs(&config).join(", "), args.out.display())),
    ];
    super::print(&super::summary_table(&result.summary, &first, config.method.tolerance))
}

/// Names of all files that some run writes.
const EVERY: [&str; 19] = [
    "wavenumber.npy",
    "flux.npy",
    "radius.npy",
    "wavelength.npy",
    "contrast.npy",
    "depth.npy",
    "flux_at_observer.npy",
    "observed_wavenumber.npy",
    "observed.npy",
    "components.npy",
    "contribution.npy",
    "spectrum.svg",
    "spectrum.png",
    "atmosphere.svg",
    "atmosphere.png",
    "components.svg",
    "components.png",
    "contribution.svg",
    "contribution.png",
];

/// Names of all files a run writes.
fn outputs(config: &Config) -> Vec<&'static str> {
    let mut names = vec!["wavenumber.npy", config.transfer.geometry.file(), "report.json"];
    names.extend((config.output.axis != SpectralAxis::Wavenumber).then_some("wavelength.npy"));
    let emission = config.transfer.geometry == GeometryKeys::Emission;
    names.extend(config.star.as_ref().map(|_| if emission { "contrast.npy" } else { "depth.npy" }));
    names.extend(config.distance_cm.map(|_| "flux_at_observer.npy"));
    if config.instrument.is_some() {
        names.extend(["observed_wavenumber.npy", "observed.npy"]);
    }
    let output = &config.output;
    names.extend(output.components.then_some("components.npy"));
    names.extend(output.contribution.then_some("contribution.npy"));
    for (wanted, [svg, png]) in [
        (true, ["spectrum.svg", "spectrum.png"]),
        (output.atmosphere, ["atmosphere.svg", "atmosphere.png"]),
        (output.components, ["components.svg", "components.png"]),
        (output.contribution, ["contribution.svg", "contribution.png"]),
    ] {
        names.extend((wanted && output.svg).then_some(svg));
        names.extend((wanted && output.png).then_some(png));
    }
    names
}

fn draw(config: &Config, folder: &ResultFolder, result: &SpectrumResult) -> Result<()> {
    let formats = Formats { svg: config.output.svg, png: config.output.png };
    let values = result.values.to_f64();
    let label = if result.observed.is_some() { "model" } else { "" };
    let mut series = vec![Series { label, wavenumber: &result.wavenumber, value: &values, reference: false }];
    if let Some(Observed { wavenumber, values }) = &result.observed {
        series.push(Series { label: "as observed", wavenumber, value: values, reference: false });
    }
    let zoom = config.output.zoom.map_or(Zoom::Auto, |(a, b)| Zoom::Range(a, b));
    let (quantity, unit) = scenario::figure_labels(config);
    let axis = config.output.axis;
    let (q, u) = (quantity.to_owned(), unit.to_owned());
    let options = SpectrumOptions { zoom, formats, quantity: q, unit: u, axis, ..Default::default() };
    let title = title(config);
    plot::spectrum(&folder.at("spectrum"), &title, &series, &options)?;
    if !result.components.is_empty() {
        let alone = result.components.iter().map(|c| (c.name.as_str(), &c.values));
        let all = alone.chain([("all", &values)]);
        let series =
            all.map(|(label, value)| Series { label, wavenumber: &result.wavenumber, value, reference: false });
        let options = SpectrumOptions { subtitle: "each opacity alone".into(), ..options };
        plot::spectrum(&folder.at("components"), &title, &series.collect::<Vec<_>>(), &options)?;
    }
    let Layers { pressure_bar, temperature_k, ratios } = &result.atmosphere;
    if let Some(value) = &result.contribution {
        let (wavenumber, pressure) = (&result.wavenumber, pressure_bar);
        let map = ContributionMap { wavenumber, pressure, value, spectrum: &values, quantity, unit, axis };
        plot::contribution(&folder.at("contribution"), &title, &map, formats)?;
    }
    if config.output.atmosphere {
        let named: Vec<(String, Vec<f64>)> = ratios.iter().map(|(name, r)| (formula(name), r.clone())).collect();
        let profile = AtmosphereProfile { pressure: pressure_bar, temperature: temperature_k, ratios: &named };
        plot::atmosphere(&folder.at("atmosphere"), "Temperature and composition", &profile, formats)?;
    }
    Ok(())
}

/// The configured title, or one made from the species.
fn title(config: &Config) -> String {
    config.output.title.clone().unwrap_or_else(|| {
        let absorbers = config.species.iter().filter(|s| s.lines.is_some());
        let names: Vec<String> = absorbers.map(|s| formula(&s.name)).collect();
        let title = config.transfer.geometry.title();
        if names.is_empty() { title.to_owned() } else { format!("{title}: {}", names.join(", ")) }
    })
}

/// `H2O` as it is printed, with its digits lowered; a name that is no plain formula (`12C-16O`) as it is.
fn formula(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric());
    let lowered = |c: char| c.to_digit(10).and_then(|d| char::from_u32(0x2080 + d)).unwrap_or(c);
    if plain { name.chars().map(lowered).collect() } else { name.to_owned() }
}

/// The request, the arrays' layout, and what the model reports.
fn report(config: &Config, result: &SpectrumResult) -> Value {
    let n = result.wavenumber.len();
    let (lo, hi) = config.grid.range;
    let species: Vec<&str> = config.species.iter().map(|s| s.name.as_str()).collect();
    let mut report = json!({
        "photosphere": env!("CARGO_PKG_VERSION"),
        "configuration": config.path,
        "notes": result.summary.notes,
        "arrays": {
            "wavenumber.npy": { "shape": [n], "dtype": "float64", "unit": "cm-1" },
        },
        "grid": {
            "first_cm": lo, "last_cm": hi, "points": n, "spacing": "ln",
            "resolution": (n.max(1) - 1) as f64 / (hi / lo).ln(),
        },
        "layers": config.atmosphere.layers,
        "species": species,
        "device": result.summary.device,
        "memory_budget": config.memory_budget,
        "lines": result.summary.lines.iter().map(|(s, n)| json!({ "species": s, "lines": n })).collect::<Vec<_>>(),
        "device_bytes": result.summary.device_bytes,
        "seconds": result.summary.seconds,
        "result": result.report,
    });
    let geometry = config.transfer.geometry;
    let unit = scenario::spectrum_unit(config);
    report["arrays"][geometry.file()] = json!({ "shape": [n], "dtype": result.values.dtype(), "unit": unit });
    if let Some(observed) = &result.observed {
        let m = observed.values.len();
        report["arrays"]["observed_wavenumber.npy"] = json!({ "shape": [m], "dtype": "float64", "unit": "cm-1" });
        report["arrays"]["observed.npy"] = json!({ "shape": [m], "dtype": "float64", "unit": unit });
    }
    if !result.components.is_empty() {
        let names: Vec<&str> = result.components.iter().map(|c| c.name.as_str()).collect();
        report["arrays"]["components.npy"] =
            json!({ "shape": [names.len(), n], "dtype": "float64", "unit": unit, "opacities": names });
    }
    if result.contribution.is_some() {
        let shape = [config.atmosphere.layers, n];
        report["arrays"]["contribution.npy"] = json!({ "shape": shape, "dtype": "float64", "unit": unit });
    }
    for derived in &result.derived {
        report["arrays"][derived.file] = json!({ "shape": [n], "dtype": "float64", "unit": derived.unit });
    }
    report
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_is_known() {
        let text = include_str!("../../../examples/emission.toml");
        let all = "[output]\ncomponents = true\ncontribution = true\natmosphere = true\naxis = \"um\"";
        let star = "[star]\nradius_sun = 1.0\ntemperature_k = 5000.0\n[instrument]\nresolving_power = 1e5\n";
        let emission = text.replace("[output]", &format!("{star}[observer]\ndistance_pc = 10.0\n{all}"));
        let transmission = emission
            .replace("[observer]\ndistance_pc = 10.0\n", "")
            .replace("streams = 8", "geometry = \"transmission\"");
        let lines: Vec<&str> = transmission.lines().filter(|l| !l.starts_with("surface_temperature_k")).collect();
        let mut written = Vec::new();
        for text in [emission, lines.join("\n")] {
            written.extend(outputs(&Config::parse(Path::new("c.toml"), &text).unwrap()));
        }
        for name in &written {
            assert!(EVERY.contains(name) || *name == "report.json", "{name}");
        }
        assert!(EVERY.iter().all(|name| written.contains(name)), "{written:?}");
    }

    #[test]
    fn formulae_have_lowered_digits() {
        assert_eq!(
            ["H2O", "C2H6", "CO", "12C-16O", "my list 2"].map(formula),
            ["H₂O", "C₂H₆", "CO", "12C-16O", "my list 2"]
        );
    }
}
