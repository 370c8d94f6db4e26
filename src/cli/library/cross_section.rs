//! `cross-section` by [`CrossSections`].

use serde_json::json;

use super::{backend, describe, json, lists};
use crate::cli::engine::{CrossSectionJob, CrossSectionResult, Summary};
use crate::cross_section::{CrossSections, Settings};
use crate::grid::Grid;
use crate::grid::TemperatureRange;
use crate::timing::Stages;
use crate::{Progress, Resources, Result};

/// Lines this far outside the grid still contribute \[cm-1\].
const LINE_MARGIN: f64 = 25.0;

pub(super) fn compute(job: &CrossSectionJob, progress: &dyn Progress) -> Result<CrossSectionResult> {
    let (lo, hi) = job.range;
    let grid = Grid::new(lo, hi, job.points)?;
    let temperature_range = TemperatureRange::new(job.temperature_range.0, job.temperature_range.1)?;
    // A device that is not there is told before a long load.
    let cache = job.cache.open();
    let backend = backend(&job.device, job.method, &cache, job.memory_budget)?;
    let resources = Resources::with_cache(&cache, progress);
    let mut before = Stages::default();
    let range = ((lo - LINE_MARGIN).max(0.0), hi + LINE_MARGIN);
    let list = [before.time("load", || lists::open(&job.source, range, &resources))?];
    let settings = Settings {
        tolerance: job.tolerance,
        temperature_range,
        method: job.method.into(),
        line_margin: LINE_MARGIN,
        ..Settings::default()
    };
    let sections = CrossSections::from_sources(grid, &list, &job.at, settings, &resources)?;
    let (values, report) = sections.compute(&backend, progress)?;
    before.add_all(&report.seconds);
    let stages = before.iter().map(|(name, s)| (name.to_owned(), s)).collect();
    let summary = Summary {
        device: describe(&report.device),
        lines: report.lists.iter().map(|l| (l.species.clone(), l.lines as u64)).collect(),
        errors: super::error_bounds(&report.lists),
        device_bytes: (report.tracked_bytes > 0).then_some(report.tracked_bytes),
        stages,
        memory: None,
    };
    let mut value = json(&report)?;
    value["records"] = json!(sections.records()[0]);
    Ok(CrossSectionResult { values, report: value, summary })
}
