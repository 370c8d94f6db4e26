//! `photosphere fit`

use serde_json::{Value, json};

use super::folder::ResultFolder;
use crate::cli::args::FitArgs;
use crate::cli::notes;
use crate::inference::Fit;
use crate::objective::Prediction;
use crate::output::{write_json, write_npy};
use crate::plot::{self, FittedData, Formats};
use crate::scenario::{Config, RetrievalSetup, retrieval};
use crate::{Error, Progress, Result};

/// Fits the parameters of a configuration to its data; writes the result and a figure for each data set.
///
/// # Errors
/// A wrong configuration and an unwritable folder, both found before anything is computed; whatever model and optimiser report.
pub fn run(args: &FitArgs, progress: &dyn Progress) -> Result<()> {
    super::set_quiet_for(args.run.source.json);
    let config = args.run.source.load()?;
    let mut setup = retrieval(&config, &args.run.source.device, progress)?;
    let method = setup.fit_method(&config)?;
    let written = written(&config, &setup);
    let written: Vec<&str> = written.iter().map(String::as_str).collect();
    let folder = ResultFolder::new(&args.run.out, written.iter().copied())?;
    folder.check_kinds(&written)?;
    let notes = notes::section(&setup.notes, config.method.tolerance);
    super::print(&format!("{}\n{notes}\n", setup.objective.summary()))?;
    let fit = setup.fit(method, progress)?;
    let predictions = setup.objective.predict(&fit.parameters)?;
    // The report goes first and comes last: where it lies, everything beside it is complete and its own.
    let earlier: Vec<String> = folder.between("prediction-", ".npy").iter().flat_map(|set| files(set)).collect();
    folder.clear(&earlier.iter().map(String::as_str).collect::<Vec<_>>(), &written, "fit.json")?;
    draw(&config, &folder, &setup, &predictions)?;
    let report = report(&config, &setup, &fit);
    write_json(&folder.at("fit.json"), &report)?;
    if args.run.source.json {
        super::print_json(&report)?;
    }
    if let Some(taken) = setup.device_bytes() {
        super::print(&format!("device memory {taken}\n"))?;
    }
    super::tell_losses(setup.device_losses())?;
    super::print(&format!("{fit}\nwritten to {}\n", args.run.out.display()))
}

/// Names of all files that a run writes.
fn written(config: &Config, setup: &RetrievalSetup) -> Vec<String> {
    let Formats { svg, png } = Formats { svg: config.output.svg, png: config.output.png };
    let of_set = |name: &str, points: usize| {
        let [array, svg_name, png_name] = files(name);
        let drawn = points > 1;
        [(true, array), (drawn && svg, svg_name), (drawn && png, png_name)]
    };
    let sets = setup.objective.data_sets().flat_map(|set| of_set(set.name(), set.len()));
    sets.filter(|(wanted, _)| *wanted).map(|(_, name)| name).chain(["fit.json".into()]).collect()
}

/// Names of the files of a data set.
fn files(set: &str) -> [String; 3] {
    [format!("prediction-{set}.npy"), format!("fit-{set}.svg"), format!("fit-{set}.png")]
}

fn draw(config: &Config, folder: &ResultFolder, setup: &RetrievalSetup, predictions: &[Prediction]) -> Result<()> {
    let formats = Formats { svg: config.output.svg, png: config.output.png };
    let computed = config.transfer.geometry.labels();
    let sets = setup.objective.data_sets().zip(setup.objective.observables());
    for ((set, observable), p) in sets.zip(predictions) {
        if let Some(v) = p.value.iter().chain(&p.sigma).find(|v| !v.is_finite()) {
            return Err(Error::invalid(format!("prediction of data set `{}`", set.name()), v, "finite numbers"));
        }
        let rows = [set.wavenumber(), set.value(), &p.value, &p.sigma].concat();
        write_npy(&folder.at(&format!("prediction-{}.npy", set.name())), &[4, set.len()], &rows)?;
        if set.len() < 2 || !(formats.svg || formats.png) {
            continue;
        }
        let (quantity, unit) = observable.label(computed);
        let fitted = FittedData {
            wavenumber: set.wavenumber(),
            data: set.value(),
            error: &p.sigma,
            model: &p.value,
            quantity,
            unit,
            axis: config.output.axis,
        };
        plot::fit(&folder.at(&format!("fit-{}", set.name())), set.name(), &fitted, formats)?;
    }
    Ok(())
}

fn report(config: &Config, setup: &RetrievalSetup, fit: &Fit) -> Value {
    let plans: Vec<_> = setup.objective.models().map(|m| m.plan()).collect();
    let priors: Vec<_> = setup
        .parameters
        .iter()
        .map(|p| json!({
            "name": p.name, "label": p.label(), "start": p.start, "prior": p.prior, "truth": p.truth, "log10": p.log10, "above": p.above,
        }))
        .collect();
    json!({
        "photosphere": env!("CARGO_PKG_VERSION"),
        "configuration": config.path,
        "notes": setup.notes,
        "device": setup.device,
        "parameters": priors,
        "fit": fit,
        "objective": setup.objective.summary(),
        "plans": plans,
        "device_bytes": setup.device_bytes(),
        "device_losses": setup.device_losses(),
    })
}
