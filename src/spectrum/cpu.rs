//! Emission on the CPU, f64.

use super::model::{EmissionModel, State};
use crate::cross_section::cpu::add_layers;
use crate::optical_depth::{Pair, add_cia};
use crate::timing::Stages;
use crate::transfer::EmissionState;
use crate::{Progress, Result};

/// Layers of a batch per thread.
const LAYERS_PER_THREAD: usize = 4;

/// Buffers of the CPU backend.
#[derive(Debug)]
pub struct CpuEmission {
    /// \[layer of the batch\]\[nu\].
    dtau: Vec<f64>,
    batch: usize,
}

impl CpuEmission {
    pub fn new(model: &EmissionModel) -> Self {
        let batch = Self::batch_of(model, rayon::current_num_threads());
        Self { dtau: vec![0.0; batch * model.grid.len()], batch }
    }

    /// Layers computed at a time on so many threads.
    pub fn batch_of(model: &EmissionModel, threads: usize) -> usize {
        (LAYERS_PER_THREAD * threads).min(model.layers())
    }

    pub fn flux(
        &mut self,
        model: &EmissionModel,
        state: &State,
        seconds: &mut Stages,
        progress: &dyn Progress,
    ) -> Result<Vec<f64>> {
        let n = model.grid.len();
        let columns: Vec<Vec<f64>> = (0..model.absorbers.len())
            .map(|a| model.ln_columns(a, state).into_iter().map(f64::exp).collect())
            .collect();
        let mut tables = Vec::new();
        for (grid, (first, second)) in model.collisions.iter().zip(&state.collision_mixing_ratio) {
            tables.push(pair(model, state, first, second).layers(grid)?);
        }
        let mut emission = EmissionState::new(n);
        progress.begin("spectrum", Some(model.layers() as u64));
        for first in (0..model.layers()).step_by(self.batch) {
            let layers = first..(first + self.batch).min(model.layers());
            let temperature = &state.temperature_k[layers.clone()];
            let dtau = &mut self.dtau[..temperature.len() * n];
            dtau.fill(0.0);
            for part in &model.parts {
                let factors = &columns[part.absorber][layers.clone()];
                seconds.time("cross sections", || add_layers(&part.prepared, first, temperature, factors, dtau))?;
            }
            for (grid, states) in model.collisions.iter().zip(&tables) {
                seconds.time("continua", || add_cia(dtau, grid, &states[layers.clone()], 0))?;
            }
            seconds
                .time("transfer", || emission.accumulate(&model.wavenumber, dtau, temperature, &model.quadrature))?;
            progress.advance(temperature.len() as u64);
        }
        if let Some(t) = state.surface_temperature_k {
            seconds.time("transfer", || emission.add_surface(&model.wavenumber, t, &model.quadrature))?;
        }
        progress.finish();
        Ok(emission.flux)
    }
}

/// The layers' columns of one collision pair.
pub fn pair<'a>(model: &'a EmissionModel, state: &'a State, first: &'a [f64], second: &'a [f64]) -> Pair<'a> {
    Pair {
        first,
        second,
        pressure_bar: model.pressure.pressure_bar(),
        dpressure_bar: model.pressure.dpressure_bar(),
        temperature_k: &state.temperature_k,
        mean_molar_mass: &state.mean_molar_mass,
        gravity: &state.gravity,
    }
}
