//! `photosphere bench`

use crate::benchmark::{Benchmark, Workload};
use crate::cli::args::BenchArgs;
use crate::cli::table::{Table, bytes, count, short_time};
use crate::cross_section::Method;
use crate::gpu::MemoryPolicy;
use crate::scenario::source::CacheChoice;
use crate::{Progress, Result};

/// Runs the workloads and prints their figures.
///
/// # Errors
/// No such device; it is lost, or has too little memory.
pub fn run(args: &BenchArgs, progress: &dyn Progress) -> Result<()> {
    let cache = args.cache.over(CacheChoice::default()).open();
    let backend = args.device.open(Method::Auto, &cache, MemoryPolicy::Default, progress)?;
    let found = Benchmark::run(&backend, args.quick, &cache, progress)?;
    match args.json {
        false => super::print(&render(&found)),
        true => super::print_json(&found),
    }
}

fn render(found: &Benchmark) -> String {
    let mut about = Table::default();
    let device = &found.device;
    about.row(["version", found.version]);
    about.row(["device", &[&device.name, &device.api, &device.driver].map(String::as_str).join(" ")]);
    about.row(["arithmetic".to_owned(), device.precision.into()]);
    about.row(["cores".to_owned(), found.cores.to_string()]);
    about.row(["copies".to_owned(), format!("{:.1} GB/s", 1e-9 * found.peak.bytes_per_second)]);
    about.row(["multiply-adds".to_owned(), format!("{:.2e} s-1", found.peak.multiply_adds_per_second)]);
    let mut times =
        Table::new(&["", "points", "layers", "lines", "set-up", "spectrum", "with Jacobian (2)", "with gradient"]);
    let mut schedules =
        Table::new(&["", "device", "dispatches", "submissions", "waits", "multiply-adds", "of the most possible"]);
    for w in &found.workloads {
        let seconds = [w.set_up_seconds, w.spectrum_seconds, w.jacobian_seconds, w.gradient_seconds].map(short_time);
        let [a, b, c, d] = seconds;
        times.row([w.name.into(), count(w.points as u64), w.layers.to_string(), count(w.lines), a, b, c, d]);
        schedules.row([
            w.name.into(),
            if w.device_bytes > 0 { bytes(w.device_bytes) } else { "-".into() },
            w.dispatches.to_string(),
            w.submissions.to_string(),
            w.waits.to_string(),
            format!("{:.1e}", w.multiply_adds),
            format!("{:.0} %", 100.0 * w.part_of_peak),
        ]);
    }
    let what: String = found.workloads.iter().map(|w: &Workload| format!("{}: {}\n", w.name, w.about)).collect();
    format!("{about}\n{times}\n{schedules}\n{what}")
}
