//! `photosphere cross-section`

use serde_json::{Value, json};

use crate::cli::args::CrossSectionArgs;
use crate::cli::engine::{CrossSectionJob, CrossSectionResult, Engine};
use crate::cli::source::name_of;
use crate::cli::table::count;
use crate::output::{check_file, write_json};
use crate::{Error, Progress, Result};

/// Computes cross sections and writes `FILE.npy` and `FILE.json`.
///
/// # Errors
/// Unwritable outputs, found before anything is computed; missing files; whatever the engine reports.
pub fn run(args: &CrossSectionArgs, engine: &dyn Engine, progress: &dyn Progress) -> Result<()> {
    let job = job(args)?;
    let report_path = args.out.with_extension("json");
    check_file(&args.out)?;
    check_file(&report_path)?;
    let result = engine.cross_section(&job, progress)?;
    let shape = [job.at.len(), job.points];
    result.values.write(&args.out, &shape)?;
    // The report goes last: where it lies, the array beside it is complete.
    write_json(&report_path, &report(&job, &result))?;
    let first = [
        ("cross sections", format!("{} at {} points, {}", shape[0], count(shape[1] as u64), result.values.dtype())),
        ("written", format!("{}, {}", args.out.display(), report_path.display())),
    ];
    super::print(&super::summary_table(&result.summary, &first, job.tolerance))
}

/// The arguments as a job, their files found to exist.
fn job(args: &CrossSectionArgs) -> Result<CrossSectionJob> {
    for path in args.lines.iter().chain(&args.partition).chain(&args.profile.chi) {
        std::fs::metadata(path).map_err(|e| Error::io("read", path, e))?;
    }
    Ok(CrossSectionJob {
        source: args.source(),
        range: args.range,
        points: args.points,
        at: args.at.clone(),
        temperature_range: args.temperatures()?,
        tolerance: args.tolerance,
        method: args.method,
        line_margin: args.line_margin.unwrap_or(f64::INFINITY),
        profile: args.profile.profile(),
        device: args.device.clone(),
        memory_budget: args.memory_budget,
        cache: args.cache.choice().unwrap_or_default(),
    })
}

/// The request, the array's layout, and what the engine reports.
fn report(job: &CrossSectionJob, result: &CrossSectionResult) -> Value {
    let (lo, hi) = job.range;
    let resolution = (job.points - 1) as f64 / (hi / lo).ln();
    let at: Vec<Value> = job.at.iter().map(|(t, p)| json!({ "temperature_k": t, "pressure_bar": p })).collect();
    json!({
        "photosphere": env!("CARGO_PKG_VERSION"),
        "notes": result.summary.notes,
        "array": { "shape": [job.at.len(), job.points], "dtype": result.values.dtype(), "unit": "cm2 molecule-1" },
        "grid": { "first_cm": lo, "last_cm": hi, "points": job.points, "spacing": "ln", "resolution": resolution },
        "at": at,
        "lines": {
            "format": name_of(&job.source.format),
            "paths": job.source.paths,
            "isotopologue": job.source.isotopologues,
        },
        "requested": {
            "tolerance": job.tolerance,
            "method": name_of(&job.method),
            "memory_budget": job.memory_budget,
            "temperature_range_k": job.temperature_range,
        },
        "result": result.report,
    })
}
