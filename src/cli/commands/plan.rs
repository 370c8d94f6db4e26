//! `photosphere plan`

use crate::cli::args::PlanArgs;
use crate::cli::config::Config;
use crate::cli::engine::{Engine, Planned};
use crate::cli::table::{Table, bytes, count};
use crate::gpu::Limits;
use crate::{Error, Progress, Result};

/// Plans a spectrum and prints what it will take.
///
/// # Errors
/// A wrong configuration; files that cannot be read; no plan fits the budget.
pub fn run(args: &PlanArgs, engine: &dyn Engine, progress: &dyn Progress) -> Result<()> {
    let mut config = Config::load(&args.config)?;
    config.memory_budget = args.memory_budget.unwrap_or(config.memory_budget);
    config.check_files()?;
    let planned = engine.plan(&config, &limits(&args.device_limits)?, progress)?;
    match args.json {
        false => super::print(&render(&planned)),
        true => {
            let json = serde_json::to_string_pretty(&planned);
            super::print(&(json.map_err(|e| Error::invalid("plan", e, "a form that JSON can hold"))? + "\n"))
        }
    }
}

/// `webgpu`, or a file.
fn limits(text: &str) -> Result<Limits> {
    if text == "webgpu" {
        return Ok(Limits::default());
    }
    let content = std::fs::read_to_string(text).map_err(|e| Error::io("read", text, e))?;
    serde_json::from_str(&content).map_err(|e| Error::parse(text, e.line() as u64, e.to_string()))
}

/// The plan as text.
fn render(planned: &Planned) -> String {
    let memory = &planned.plan.memory;
    let mut out = Table::default();
    out.row(["wavenumbers", &count(planned.points as u64)]).row(["layers", &planned.layers.to_string()]);
    for (species, lines) in &planned.lines {
        out.row([format!("lines, {species}"), count(*lines)]);
    }
    out.row(["budget".to_owned(), planned.budget.map_or("none".into(), bytes)]);
    let plan = &planned.plan;
    out.row(["batch".to_owned(), format!("{} layers", plan.batch)]);
    out.row(["segments".to_owned(), format!("{} of {} points", plan.segments, count(plan.segment_points as u64))]);
    out.row(["passes".to_owned(), count(memory.passes as u64)]);
    out.row(["cost".to_owned(), format!("{:.2e} multiply-adds", planned.cost)]);

    let mut stages = Table::new(&["stage", "host, kept", "host, peak", "device, kept", "device, peak"]);
    for s in &planned.estimate.stages {
        let sizes = [s.host.kept, s.host.peak, s.device.kept, s.device.peak].map(bytes);
        stages.row([s.stage, &sizes[0], &sizes[1], &sizes[2], &sizes[3]]);
    }
    let mut largest: Vec<_> = memory.buffers.iter().collect();
    largest.sort_by_key(|b| std::cmp::Reverse(b.bytes));
    let mut buffers = Table::new(&["largest buffers", "bytes", "shape", "role"]);
    for b in largest.into_iter().take(5) {
        let shape: Vec<String> = b.shape.iter().map(u64::to_string).collect();
        buffers.row([b.name.clone(), bytes(b.bytes), shape.join(" x "), format!("{:?}", b.role).to_lowercase()]);
    }
    let mut ways = Table::new(&["instead", "batch", "segments", "host", "device", "cost"]);
    for a in &planned.alternatives {
        let cost = |c: f64| format!("{:.2} of the plan's", c / planned.cost);
        match a.cost {
            Some(c) => ways.row([
                a.change.clone(),
                a.batch.to_string(),
                a.segments.to_string(),
                bytes(a.host_bytes),
                bytes(a.device_bytes),
                cost(c),
            ]),
            None => ways.row([
                a.change.clone(),
                String::new(),
                String::new(),
                String::new(),
                format!("{} needed", bytes(a.device_bytes)),
                "does not fit".into(),
            ]),
        };
    }
    format!("{out}\n{stages}\n{buffers}\n{ways}\nhost bytes are of arrays: the program and its driver come on top\n")
}
