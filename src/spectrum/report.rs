//! What was done, and how: the content of `report.json`.

use serde::Serialize;

use super::model::Model;
use crate::backend::BackendInfo;
use crate::cross_section::report::ListReport;
use crate::grid::Grid;
use crate::opacity::Opacity;
use crate::timing::Stages;

/// One absorber.
#[derive(Clone, Debug, Serialize)]
pub struct AbsorberReport {
    /// Its name.
    pub name: String,
    /// Its lists.
    pub lists: Vec<ListReport>,
}

/// A model and its runs.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SpectrumReport {
    /// The grid.
    pub grid: Grid,
    /// Number of layers.
    pub layers: usize,
    /// The geometry: its name and what was chosen of it.
    pub geometry: serde_json::Value,
    /// The backend.
    pub device: BackendInfo,
    /// By absorber.
    pub absorbers: Vec<AbsorberReport>,
    /// What absorbs or scatters besides lines.
    pub continua: Vec<String>,
    /// Device bytes planned; 0 on the CPU.
    pub planned_bytes: u64,
    /// Most device bytes that the ledger saw; 0 on the CPU.
    pub tracked_bytes: u64,
    /// Seconds by stage.
    pub seconds: Stages,
}

impl SpectrumReport {
    pub(super) fn new(
        model: &Model,
        device: BackendInfo,
        planned_bytes: u64,
        tracked_bytes: u64,
        seconds: Stages,
    ) -> Self {
        let single = device.precision == "float32";
        let of = |o: &dyn Opacity| AbsorberReport {
            name: o.name().to_owned(),
            lists: o.lists().iter().map(|prepared| prepared.report(single)).collect(),
        };
        let (mut absorbers, mut continua) = (Vec::new(), Vec::new());
        for opacity in model.opacities() {
            match opacity.has_lines() {
                true => absorbers.push(of(opacity)),
                false => continua.push(opacity.name().to_owned()),
            }
        }
        Self {
            grid: model.grid,
            layers: model.layers(),
            geometry: model.geometry.describe(),
            device,
            absorbers,
            continua,
            planned_bytes,
            tracked_bytes,
            seconds,
        }
    }
}
