//! `photosphere cross-section`

use serde_json::{Value, json};

use crate::cli::args::CrossSectionArgs;
use crate::cli::table::count;
use crate::output::{check_file, check_kind, retire, write_json};
use crate::scenario::source::CacheChoice;
use crate::scenario::words::Words;
use crate::scenario::{self, CrossSectionJob, CrossSectionResult};
use crate::{Error, Progress, Result};

/// Computes cross sections and writes `FILE.npy` and `FILE.json`.
///
/// # Errors
/// Unwritable outputs, found before anything is computed; missing files; whatever the computation reports.
pub fn run(args: &CrossSectionArgs, progress: &dyn Progress) -> Result<()> {
    let job = job(args)?;
    let report_path = args.out.with_extension("json");
    check_file(&args.out)?;
    check_file(&report_path)?;
    check_kind(&args.out)?;
    check_kind(&report_path)?;
    let result = scenario::cross_section(&job, progress)?;
    let shape = [job.at.len(), job.points];
    // The report goes first and comes last: where it lies, the array beside it is complete and its own.
    retire(&report_path)?;
    result.values.write(&args.out, &shape)?;
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
        cache: args.cache.over(CacheChoice::default()),
    })
}

/// The request, the array's layout, and what the computation reports.
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
            "format": job.source.format.word(),
            "paths": job.source.paths,
            "isotopologue": job.source.isotopologues,
        },
        "requested": {
            "tolerance": job.tolerance,
            "method": job.method.word(),
            "memory_budget": job.memory_budget,
            "temperature_range_k": job.temperature_range,
        },
        "result": result.report,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Note;
    use crate::cli::args::{Cli, Command};
    use crate::output::Values;
    use crate::scenario::RunSummary;
    use clap::Parser;

    #[test]
    fn reports_have_all_notes_and_the_table_those_that_matter() {
        let options =
            ["--format", "builtin", "--range", "2000:2100", "--points", "3", "--at", "500:1", "--out", "a.npy"];
        let cli = Cli::try_parse_from([&["photosphere", "cross-section"], &options[..]].concat()).unwrap();
        let Command::CrossSection(args) = cli.command else { panic!("another command") };
        let notes = vec![Note::new("CO", "half of it", Some(0.5)), Note::new("CO", "a little", Some(1e-6))];
        let summary =
            RunSummary { device: "llvmpipe".into(), device_bytes: Some(24 << 20), notes, ..Default::default() };
        let values = Values::F32(vec![1e-20; 3]);
        let result = CrossSectionResult { values, report: json!({ "lists": [] }), summary };
        let job = job(&args).unwrap();
        let told = report(&job, &result);
        assert_eq!(told["notes"][1], json!({ "about": "CO", "text": "a little", "strength_share": 1e-6 }));
        assert_eq!((&told["result"]["lists"], &told["array"]["dtype"]), (&json!([]), &json!("float32")));
        let table = super::super::summary_table(&result.summary, &[], job.tolerance);
        assert!(table.contains("24.0 MiB") && table.contains("half of it") && !table.contains("a little"), "{table}");
    }
}
