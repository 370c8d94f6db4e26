//! `photosphere sample`

use serde_json::json;

use super::folder::ResultFolder;
use crate::cli::args::SampleArgs;
use crate::cli::{notes, signals};
use crate::inference::{Checkpoint, Summary, check_zarr, latex_table, plain_intervals, sample, write_zarr};
use crate::output::{write_atomic, write_json, write_npy};
use crate::plot::{Formats, Quantity, corner, traces};
use crate::scenario::{Derivative, EVALUATIONS_OF_SAMPLING, Predictive, RetrievalSetup, retrieval};
use crate::{Error, Progress, Result};

/// Samples the posterior of the parameters of a configuration; writes draws, summary and figures.
///
/// # Errors
/// A wrong configuration and an unwritable folder, both found before anything is computed; a checkpoint of another run; whatever model
/// and sampler report.
pub fn run(args: &SampleArgs, progress: &dyn Progress) -> Result<()> {
    super::set_quiet_for(args.run.source.json);
    let mut config = args.run.source.load()?;
    config.method.evaluations.get_or_insert(EVALUATIONS_OF_SAMPLING);
    let out = &args.run.out;
    let mut setup = retrieval(&config, &args.run.source.device, progress)?;
    setup.check_memory(Derivative::Gradient)?;
    let pictures = [("svg", config.output.svg), ("png", config.output.png)];
    let wanted =
        pictures.iter().filter(|(_, wanted)| *wanted).flat_map(|(e, _)| [format!("traces.{e}"), format!("corner.{e}")]);
    let bands = setup.objective.data_sets().map(|set| bands_file(set.name())).chain(["temperature.npy".into()]);
    let bands = bands.filter(|_| config.retrieval.predictions > 0);
    let written: Vec<String> = wanted.chain(bands).chain(["table.tex".into(), "summary.json".into()]).collect();
    let written: Vec<&str> = written.iter().map(String::as_str).collect();
    let results = ResultFolder::new(out, written.iter().copied())?;
    results.check_kinds(&written)?;
    check_zarr(&results.at("trace.zarr"))?;
    let notes = notes::section(&setup.notes, config.method.tolerance);
    super::print(&format!("{}\n{notes}\n", setup.objective.summary()))?;
    let folder = config.retrieval.checkpoint.clone().unwrap_or_else(|| results.at("checkpoint"));
    if args.resume && !folder.exists() {
        let given = format!("no folder {}", folder.display());
        return Err(Error::invalid("--resume", given, "the checkpoint of an interrupted run"));
    }
    signals::kept(format!(
        "evaluations so far are kept in {}: the same command with --resume goes on from there, to the same result",
        folder.display()
    ));
    let checkpoint = Checkpoint { folder, run: setup.run.clone(), resume: args.resume };
    let (start, settings) = (setup.start(), config.retrieval.sampler);
    let mut trace = sample(&mut setup.objective, &setup.priors, &[start], &settings, Some(&checkpoint), progress)?;

    if config.retrieval.pointwise {
        setup.add_pointwise(&mut trace, progress)?;
    }
    // The summary goes first and comes last: where it lies, everything beside it is complete and its own.
    let pictures = ["traces.svg", "traces.png", "corner.svg", "corner.png"].map(str::to_owned);
    let earlier = results.between("bands-", ".npy").iter().map(|set| bands_file(set)).collect::<Vec<_>>();
    let every: Vec<&str> = pictures.iter().chain(&earlier).map(String::as_str).chain(["temperature.npy"]).collect();
    results.clear(&every, &written, "summary.json")?;
    write_zarr(&trace, &results.at("trace.zarr"))?;
    let table = latex_table(&trace);
    write_atomic(&results.at("table.tex"), |w| w.write_all(table.as_bytes()))?;
    let predictive = setup.predictive(&trace, config.retrieval.predictions, progress)?;
    write_bands(&results, &setup, &predictive)?;
    let chains: Vec<_> = (0..trace.names.len()).map(|i| trace.parameter(i)).collect();
    let quantity = |i: usize| Quantity { name: trace.label(i), chains: &chains[i], truth: setup.parameters[i].truth };
    let quantities: Vec<Quantity> = (0..trace.names.len()).map(quantity).collect();
    let formats = Formats { svg: config.output.svg, png: config.output.png };
    traces(&results.at("traces"), "Chains", &quantities, formats)?;
    corner(&results.at("corner"), "Posterior", &quantities, formats)?;
    let summary = Summary::of(&trace);
    let about = json!({
        "photosphere": env!("CARGO_PKG_VERSION"),
        "configuration": config.path,
        "notes": setup.notes,
        "device": setup.device,
        "summary": summary,
        "warnings": summary.warnings(),
        "objective": setup.objective.summary(),
        "plans": setup.objective.models().map(|m| m.plan()).collect::<Vec<_>>(),
        "device_bytes": setup.device_bytes(),
        "device_losses": setup.device_losses(),
    });
    write_json(&results.at("summary.json"), &about)?;
    if args.run.source.json {
        super::print_json(&about)?;
    }
    if let Some(taken) = setup.device_bytes() {
        super::print(&format!("device memory {taken}\n"))?;
    }
    super::tell_losses(setup.device_losses())?;
    super::print(&format!("{summary}\n{}\nwritten to {}\n", plain_intervals(&trace), out.display()))
}

/// The name of a data set's file of bands.
fn bands_file(set: &str) -> String {
    format!("bands-{set}.npy")
}

/// The bands of each data set and of the temperature, each below its axis.
fn write_bands(folder: &ResultFolder, setup: &RetrievalSetup, predictive: &Predictive) -> Result<()> {
    if predictive.draws == 0 {
        return Ok(());
    }
    for (set, (name, band)) in setup.objective.data_sets().zip(&predictive.spectra) {
        let rows = [set.wavenumber(), &band.concat()].concat();
        write_npy(&folder.at(&bands_file(name)), &[6, set.len()], &rows)?;
    }
    let rows = [&predictive.pressure_bar[..], &predictive.temperature_k.concat()].concat();
    write_npy(&folder.at("temperature.npy"), &[6, predictive.pressure_bar.len()], &rows)
}
