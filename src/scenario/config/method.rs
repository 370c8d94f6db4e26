//! `[method]`: accuracy, way of computing, line profiles.

use super::model::MethodKeys;
use super::reader::{Item, NOT_NEGATIVE, POSITIVE};
use crate::Result;
use crate::cross_section::ChiFactor;
use crate::scenario::limits;
use crate::scenario::source::LineProfile;

pub(super) fn settings(item: Option<&Item>) -> Result<MethodKeys> {
    let mut settings = MethodKeys::default();
    let Some(item) = item else { return Ok(settings) };
    let s = item.section(&[
        "tolerance",
        "temperature_range_k",
        "method",
        "evaluations",
        "line_margin_cm",
        "natural_width",
        "pressure_shift",
        "wings",
    ])?;
    if let Some(item) = s.get("tolerance") {
        let (lo, hi) = limits::TOLERANCE;
        let value = item.number(POSITIVE)?;
        if !(lo..=hi).contains(&value) {
            return Err(item.wrong(&format!("a number from {lo:e} to {hi}")));
        }
        settings.tolerance = value;
    }
    if let Some(item) = s.get("temperature_range_k") {
        settings.temperature_range = Some(item.range()?);
    }
    if let Some(item) = s.get("method") {
        settings.method = item.choice()?;
    }
    if let Some(item) = s.get("evaluations") {
        settings.evaluations = Some(item.integer((1, u32::MAX as usize))? as u32);
    }
    if let Some(item) = s.get("line_margin_cm") {
        settings.line_margin = item.number(NOT_NEGATIVE)?;
    }
    if let Some(item) = s.get("natural_width") {
        settings.profile.settings.natural_width = item.boolean()?;
    }
    if let Some(item) = s.get("pressure_shift") {
        settings.profile.settings.pressure_shift = item.boolean()?;
    }
    if let Some(item) = s.get("wings") {
        wings(&item, &mut settings.profile)?;
    }
    Ok(settings)
}

/// `[method.wings]`.
fn wings(item: &Item, profile: &mut LineProfile) -> Result<()> {
    let s = item.section(&["cutoff_cm", "subtract_pedestal", "chi"])?;
    let wings = &mut profile.settings.wings;
    if let Some(item) = s.get("cutoff_cm") {
        wings.cutoff = Some(item.number(POSITIVE)?);
    }
    if let Some(item) = s.get("subtract_pedestal") {
        wings.subtract_pedestal = item.boolean()?;
        if wings.subtract_pedestal && wings.cutoff.is_none() {
            return Err(item.wrong("false, or `cutoff_cm` besides it: the pedestal is the profile's value there"));
        }
    }
    match s.get("chi") {
        Some(item) if wings.subtract_pedestal => {
            return Err(
                item.wrong("none beside `subtract_pedestal`: continua with a pedestal are made for lines without chi")
            );
        }
        Some(item) if item.is_string() => profile.chi_file = Some(item.path()?),
        Some(item) => wings.chi = Some(chi(&item)?),
        None => {}
    }
    Ok(())
}

/// `[[DISTANCE, CHI], ...]`.
fn chi(item: &Item) -> Result<ChiFactor> {
    let required = "rows [[DISTANCE, CHI], ...] with distances in cm-1, the first with chi = 1; or a file in quotes";
    let row = |row: &Item| match row.elements().as_deref() {
        Some([a, b]) => Ok((a.number(POSITIVE)?, b.number(POSITIVE)?)),
        _ => Err(row.wrong("two numbers, [DISTANCE, CHI]")),
    };
    let rows = item.elements().ok_or_else(|| item.wrong(required))?;
    let rows = rows.iter().map(row).collect::<Result<Vec<_>>>()?;
    ChiFactor::new(&rows).map_err(|e| item.wrong(&format!("{required} ({e})")))
}
