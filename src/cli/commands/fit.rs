//! `photosphere fit`

use serde_json::{Value, json};

use super::folder::ResultFolder;
use crate::cli::args::FitArgs;
use crate::cli::config::{Config, FitMethod};
use crate::cli::engine::{Engine, RetrievalSetup};
use crate::cli::memory::Derivative;
use crate::cli::notes;
use crate::inference::{Fit, LbfgsSettings, LeastSquaresSettings, adamw, lbfgs, levenberg_marquardt};
use crate::objective::Prediction;
use crate::output::{write_json, write_npy};
use crate::plot::{self, FittedData, Formats};
use crate::{Error, Progress, Result};

/// Fits the parameters of a configuration to its data; writes the result and a figure for each data set.
///
/// # Errors
/// A wrong configuration and an unwritable folder, both found before anything is computed; whatever engine and optimiser report.
pub fn run(args: &FitArgs, engine: &dyn Engine, progress: &dyn Progress) -> Result<()> {
    let config = args.run.load()?;
    let mut setup = engine.retrieval(&config, &args.run.device, progress)?;
    let method = method(&config, &setup)?;
    // L-BFGS and AdamW follow the gradient; errors of the parameters come from the Jacobian, where residuals are defined.
    if !matches!(method, FitMethod::LevenbergMarquardt(_)) {
        setup.check_memory(Derivative::Gradient)?;
    }
    if setup.objective.check_least_squares().is_ok() {
        setup.check_memory(Derivative::Jacobian)?;
    }
    let folder = ResultFolder::new(&args.run.out, ["fit.json"])?;
    let notes = notes::section(&setup.notes, config.method.tolerance);
    super::print(&format!("{}\n{notes}\n", setup.objective.summary()))?;
    let fit = fit(method, &mut setup, progress)?;
    let predictions = setup.objective.predict(&fit.parameters)?;
    draw(&config, &folder, &setup, &predictions)?;
    write_json(&folder.at("fit.json"), &report(&config, &setup, &fit))?;
    if let Some(taken) = setup.device_bytes() {
        super::print(&format!("device memory {taken}\n"))?;
    }
    super::print(&format!("{fit}\nwritten to {}\n", args.run.out.display()))
}

/// The method asked for, or the one that suits.
fn method(config: &Config, setup: &RetrievalSetup) -> Result<FitMethod> {
    match (config.retrieval.fit, setup.objective.check_least_squares()) {
        (Some(FitMethod::LevenbergMarquardt(_)), Err(e)) => {
            let key = "retrieval.fit.method".into();
            Err(Error::Config { path: config.path.clone(), key, message: e.to_string() })
        }
        (Some(method), _) => Ok(method),
        (None, Ok(())) => Ok(FitMethod::LevenbergMarquardt(LeastSquaresSettings::default())),
        (None, Err(_)) => Ok(FitMethod::Lbfgs(LbfgsSettings::default())),
    }
}

fn fit(method: FitMethod, setup: &mut RetrievalSetup, progress: &dyn Progress) -> Result<Fit> {
    let start: Vec<f64> = setup.parameters.iter().map(|p| p.start).collect();
    let (objective, priors) = (&mut setup.objective, &setup.priors);
    let mut fit = match method {
        FitMethod::LevenbergMarquardt(settings) => {
            return levenberg_marquardt(objective, priors, &start, &settings, progress);
        }
        FitMethod::Lbfgs(settings) => lbfgs(objective, priors, &start, &settings, progress)?,
        FitMethod::AdamW(settings) => adamw(objective, priors, &start, &settings, progress)?,
    };
    if objective.check_least_squares().is_ok() {
        fit.assess(objective, priors)?;
    } else {
        fit.chi_square = Some(objective.chi_square(&fit.parameters)?);
        fit.data = Some(objective.data_sets().map(|set| set.len()).sum());
    }
    Ok(fit)
}

fn draw(config: &Config, folder: &ResultFolder, setup: &RetrievalSetup, predictions: &[Prediction]) -> Result<()> {
    let formats = Formats { svg: config.output.svg, png: config.output.png };
    for (set, p) in setup.objective.data_sets().zip(predictions) {
        let rows = [set.wavenumber(), set.value(), &p.value, &p.sigma].concat();
        write_npy(&folder.at(&format!("prediction-{}.npy", set.name())), &[4, set.len()], &rows)?;
        if set.len() < 2 || !(formats.svg || formats.png) {
            continue;
        }
        let fitted = FittedData {
            wavenumber: set.wavenumber(),
            data: set.value(),
            error: &p.sigma,
            model: &p.value,
            quantity: "Flux",
            unit: "erg s⁻¹ cm⁻² / cm⁻¹",
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
        .map(|p| json!({ "name": p.name, "start": p.start, "prior": p.prior, "truth": p.truth }))
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
