//! What was done, and how: the content of `report.json`.

use serde::Serialize;

use super::model::EmissionModel;
use crate::backend::BackendInfo;
use crate::cross_section::job::ListReport;
use crate::grid::Grid;
use crate::timing::Stages;

/// One absorber.
#[derive(Clone, Debug, Serialize)]
pub struct AbsorberReport {
    /// Its name.
    pub name: String,
    /// Its lists.
    pub lists: Vec<ListReport>,
}

/// An emission model and its runs.
#[derive(Clone, Debug, Serialize)]
pub struct EmissionReport {
    /// The grid.
    pub grid: Grid,
    /// Number of layers.
    pub layers: usize,
    /// Twice the number of angles.
    pub streams: usize,
    /// The backend.
    pub device: BackendInfo,
    /// By absorber.
    pub absorbers: Vec<AbsorberReport>,
    /// Number of collision pairs.
    pub collisions: usize,
    /// Device bytes planned; 0 on the CPU.
    pub planned_bytes: u64,
    /// Most device bytes that the ledger saw; 0 on the CPU.
    pub tracked_bytes: u64,
    /// Seconds by stage.
    pub seconds: Stages,
}

impl EmissionReport {
    pub(super) fn new(
        model: &EmissionModel,
        device: BackendInfo,
        planned_bytes: u64,
        tracked_bytes: u64,
        seconds: Stages,
    ) -> Self {
        let single = device.precision == "float32";
        let absorbers = model
            .absorbers
            .iter()
            .enumerate()
            .map(|(i, (name, _))| AbsorberReport {
                name: name.clone(),
                lists: model.parts.iter().filter(|p| p.absorber == i).map(|p| p.prepared.report(single)).collect(),
            })
            .collect();
        Self {
            grid: model.grid,
            layers: model.layers(),
            streams: 2 * model.quadrature.angles(),
            device,
            absorbers,
            collisions: model.collisions.len(),
            planned_bytes,
            tracked_bytes,
            seconds,
        }
    }
}
