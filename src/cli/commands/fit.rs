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
use crate::{Progress, Result};

/// Fits the parameters of a configuration to its data; writes the result and a figure for each data set.
///
/// # Errors
/// A wrong configuration and an unwritable folder, both found before anything is computed; whatever model and optimiser report.
pub fn run(args: &FitArgs, progress: &dyn Progress) -> Result<()> {
    super::set_quiet_for(args.run.source.json);
    let config = args.run.source.load()?;
    let mut setup = retrieval(&config, &args.run.source.device, progress)?;
    let method = setup.fit_method(&config)?;
    let folder = ResultFolder::new(&args.run.out, ["fit.json"])?;
    let notes = notes::section(&setup.notes, config.method.tolerance);
    super::print(&format!("{}\n{notes}\n", setup.objective.summary()))?;
    let fit = setup.fit(method, progress)?;
    let predictions = setup.objective.predict(&fit.parameters)?;
    draw(&config, &folder, &setup, &predictions)?;
    let report = report(&config, &setup, &fit);
    write_json(&folder.at("fit.json"), &report)?;
    if args.run.source.json {
        super::print_json(&report)?;
    }
    if let Some(taken) = setup.device_bytes() {
        super::print(&format!("device memory {taken}\n"))?;
    }
    super::print(&format!("{fit}\nwritten to {}\n", args.run.out.display()))
}

fn draw(config: &Config, folder: &ResultFolder, setup: &RetrievalSetup, predictions: &[Prediction]) -> Result<()> {
    let formats = Formats { svg: config.output.svg, png: config.output.png };
    let computed = config.transfer.geometry.labels();
    let sets = setup.objective.data_sets().zip(setup.objective.observables());
    for ((set, observable), p) in sets.zip(predictions) {
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
    })
}
