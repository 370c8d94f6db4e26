//! Cross sections of a line list as a user names it, by [`CrossSections`].

use std::sync::Arc;

use serde_json::Value;

use super::source::{CacheChoice, DeviceChoice, LineProfile, ListKeys};
use super::{RunSummary, describe, json, lists, micrometres};
use crate::cross_section::{CrossSections, Method, Settings};
use crate::gpu::MemoryPolicy;
use crate::grid::{Grid, TemperatureRange};
use crate::lines::LineSource;
use crate::output::Values;
use crate::timing::Stages;
use crate::{Progress, Resources, Result, Stage};

/// Cross sections to compute.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossSectionJob {
    /// The line list.
    pub source: ListKeys,
    /// First and last grid point \[cm-1\].
    pub range: (f64, f64),
    /// Number of grid points.
    pub points: usize,
    /// Temperatures \[K\] and pressures \[bar\].
    pub at: Vec<(f64, f64)>,
    /// Temperatures to prepare for \[K\].
    pub temperature_range: (f64, f64),
    /// Relative error aimed at.
    pub tolerance: f64,
    /// Tier.
    pub method: Method,
    /// Lines this far outside the grid still count \[cm-1\]; infinite: all do.
    pub line_margin: f64,
    /// What line profiles are made of.
    pub profile: LineProfile,
    /// Where to compute.
    pub device: DeviceChoice,
    /// Device memory to use.
    pub memory_budget: MemoryPolicy,
    /// Which cache to use.
    pub cache: CacheChoice,
}

/// Computed cross sections.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CrossSectionResult {
    /// \[pair\]\[point\], cm2 molecule-1.
    pub values: Values,
    /// What was done and how: the report of [`CrossSections::compute`], and what became of the records of the lists.
    pub report: Value,
    /// Time and memory.
    pub summary: RunSummary,
}

/// Cross sections of one species.
///
/// # Errors
/// Unreadable or unsuitable input, a failing device.
pub fn cross_section(job: &CrossSectionJob, progress: &dyn Progress) -> Result<CrossSectionResult> {
    let (lo, hi) = job.range;
    let grid = Grid::new(lo, hi, job.points)?;
    let temperature_range = TemperatureRange::new(job.temperature_range.0, job.temperature_range.1)?;
    // A device that is not there is told before a long load.
    let cache = job.cache.open();
    let backend = job.device.open(job.method, &cache, job.memory_budget, progress)?;
    let resources = Resources::with_cache(&cache, progress);
    let mut seconds = Stages::default();
    let settings = Settings {
        tolerance: job.tolerance,
        temperature_range,
        method: job.method,
        line_margin: job.line_margin,
        profile: job.profile.read()?,
        ..Settings::default()
    };
    let temperatures = (temperature_range.lo, temperature_range.hi);
    let needed = lists::Needed { grid: job.range, margin: job.line_margin, temperatures };
    let opened = seconds.time(Stage::Load, || lists::open(&job.source, &needed, &resources));
    let opened = opened.map_err(|e| micrometres::hint(job.range, e))?;
    let sections = CrossSections::from_sources(grid, &opened.lists, &job.at, settings, &resources);
    let sections = sections.map_err(|e| micrometres::hint(job.range, e))?;
    let mut notes = opened.notes;
    notes.extend(sections.notes());
    notes.extend(micrometres::check(job.range, &spans(&opened.lists, &sections)?)?);
    let (values, report) = sections.compute(&backend, progress)?;
    seconds.add_all(&report.seconds);
    let summary = RunSummary {
        device: describe(&report.device),
        lines: report.lists.iter().map(|l| (l.species.clone(), l.lines as u64)).collect(),
        errors: super::error_bounds(&report.lists),
        device_bytes: (report.tracked_bytes > 0).then_some(report.tracked_bytes),
        seconds,
        memory: None,
        notes,
    };
    let mut value = json(&report)?;
    let names = report.lists.iter().map(|l| l.species.as_str());
    let records = names.zip(sections.records()).map(|(name, record)| (job.source.name.as_str(), name, record.as_ref()));
    value["records"] = super::records(records)?;
    Ok(CrossSectionResult { values, report: value, summary })
}

/// Where each list has lines, as far as that is known.
fn spans(lists: &[Arc<dyn LineSource>], sections: &CrossSections) -> Result<Vec<micrometres::Span>> {
    let mut spans = Vec::new();
    for list in lists {
        let name = list.species()?.name;
        let record = sections.record_of(&name);
        spans.push((name, micrometres::span(list, record)));
    }
    Ok(spans)
}
