//! `cross-section` by [`CrossSections`].

use super::{backend, describe, json, line_profile, lists, micrometres};
use std::sync::Arc;

use crate::cli::engine::{CrossSectionJob, CrossSectionResult, Summary};
use crate::cross_section::{CrossSections, Settings};
use crate::grid::Grid;
use crate::grid::TemperatureRange;
use crate::lines::LineSource;
use crate::timing::Stages;
use crate::{Progress, Resources, Result};

pub(super) fn compute(job: &CrossSectionJob, progress: &dyn Progress) -> Result<CrossSectionResult> {
    let (lo, hi) = job.range;
    let grid = Grid::new(lo, hi, job.points)?;
    let temperature_range = TemperatureRange::new(job.temperature_range.0, job.temperature_range.1)?;
    // A device that is not there is told before a long load.
    let cache = job.cache.open();
    let backend = backend(&job.device, job.method, &cache, job.memory_budget)?;
    let resources = Resources::with_cache(&cache, progress);
    let mut before = Stages::default();
    let settings = Settings {
        tolerance: job.tolerance,
        temperature_range,
        method: job.method.into(),
        line_margin: job.line_margin,
        profile: line_profile::settings(&job.profile)?,
    };
    let temperatures = (temperature_range.lo, temperature_range.hi);
    let needed = lists::Needed { grid: job.range, margin: job.line_margin, temperatures };
    let opened = before.time("load", || lists::open(&job.source, &needed, &resources));
    let opened = opened.map_err(|e| micrometres::hint(job.range, e))?;
    let sections = CrossSections::from_sources(grid, &opened.lists, &job.at, settings, &resources);
    let sections = sections.map_err(|e| micrometres::hint(job.range, e))?;
    let mut notes = opened.notes;
    notes.extend(sections.notes());
    notes.extend(micrometres::check(job.range, &spans(&opened.lists, &sections)?)?);
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
