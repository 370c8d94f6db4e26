//! Mock data: what the instruments of a configuration would record at the true parameters, with its noise.

use nuts_rs::rand::rngs::ChaCha8Rng;
use nuts_rs::rand::{RngExt, SeedableRng};

use super::config::{Config, DataKeys, ErrorKeys};
use super::retrieval::{device_budget, objective, observations_of};
use super::scene::Scene;
use super::source::DeviceChoice;
use super::{describe, in_config};
use crate::inference::Prior;
use crate::objective::DataSet;
use crate::{Note, Progress, Result};

/// Mock data of a configuration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Simulated {
    /// One for each `[[data]]`, in their order.
    pub sets: Vec<DataSet>,
    /// Parameters and the values that the data were made with.
    pub truth: Vec<(String, f64)>,
    /// Where it ran.
    pub device: String,
    /// What the user must be told.
    pub notes: Vec<Note>,
}

/// Simulates the data of a configuration at the truth of its parameters, or at their start where no truth is declared. Points and errors are those of `simulate` of each
/// `[[data]]`, or of its file. Equal seeds give equal data.
///
/// # Errors
/// As [`retrieval`](fn@super::retrieval).
pub fn simulate(config: &Config, device: &DeviceChoice, seed: u64, progress: &dyn Progress) -> Result<Simulated> {
    let observations = observations_of(config, template)?;
    let scene = Scene::open(config, Some(device), 1, progress)?;
    let mut objective = objective(&scene, observations, device_budget(&scene.backend)?, progress)?;
    let of_name = |name: &String| config.parameters.iter().find(|p| p.name == *name);
    let parameters: Vec<_> = objective.names().iter().filter_map(of_name).collect();
    let truth: Vec<(String, f64)> = parameters.iter().map(|p| (p.name.clone(), p.truth_or_start())).collect();
    let x: Vec<f64> = truth.iter().map(|t| t.1).collect();
    let mut notes = Vec::new();
    for model in objective.models() {
        for note in scene.notes(model.model())? {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }

    // Without noise first: errors may be a part of the signal.
    let predictions = objective.predict(&x)?;
    let clean = objective.data_sets().zip(&predictions).zip(&config.data).enumerate();
    let clean = clean.map(|(i, ((set, prediction), keys))| {
        let errors = match keys.simulation.map(|s| s.error) {
            Some(ErrorKeys::SignalToNoise(ratio)) => prediction.value.iter().map(|v| (v / ratio).abs()).collect(),
            _ => set.error().to_vec(),
        };
        let made = set.with_values(&prediction.value, &errors);
        made.map_err(|e| in_config(config, &format!("data[{i}].simulate"), e))
    });
    let clean = clean.collect::<Result<Vec<_>>>()?;
    objective.replace_data(&clean)?;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let standard = Prior::Normal { mean: 0.0, sd: 1.0 };
    let mut normal = || standard.quantile(random.random_range(f64::EPSILON..1.0));
    let noise = objective.draw_noise(&x, &mut normal)?;
    let noisy = clean.iter().zip(noise).map(|(set, noise)| {
        let values: Vec<f64> = set.value().iter().zip(noise).map(|(v, n)| v + n).collect();
        set.with_values(&values, set.error())
    });
    Ok(Simulated { sets: noisy.collect::<Result<_>>()?, truth, device: describe(&scene.backend.info()), notes })
}

/// The points of a data set, with no values yet.
fn template(data: &DataKeys) -> Result<DataSet> {
    let Some(keys) = &data.simulation else { return DataSet::read(&data.name, &data.file, &data.read) };
    let error = if let ErrorKeys::Constant(error) = keys.error { error } else { 1.0 };
    let n = keys.points;
    let set = DataSet::new(&data.name, &keys.wavenumbers(), &vec![1.0; n], &vec![error; n])?;
    if data.read.binned { set.contiguous() } else { Ok(set) }
}
