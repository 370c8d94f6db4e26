//! `photosphere plan`

use crate::cli::args::{PlanArgs, read_config};
use crate::cli::notes;
use crate::cli::table::{Table, bytes, count, short_time};
use crate::gpu::{DeviceClass, Limits};
use crate::memory::StageEstimate;
use crate::scenario::{self, Planned, PlannedModel, PlannedRetrieval};
use crate::{Error, Progress, Result, input};

/// Plans a spectrum, and where parameters are declared its derivatives, a fit and a sampling, and prints what they will take.
///
/// # Errors
/// A wrong configuration; files that cannot be read; no plan fits the budget. Where only derivatives do not fit, the spectrum's plan is printed
/// first.
pub fn run(args: &PlanArgs, progress: &dyn Progress) -> Result<()> {
    let mut config = read_config(&args.config, &args.set)?;
    config.memory_budget = args.memory_budget.unwrap_or(config.memory_budget);
    config.check_files()?;
    let planned = scenario::plan(&config, &limits(&args.device_limits)?, progress)?;
    match args.json {
        false => super::print(&(render(&planned) + &notes::section(&planned.notes, config.method.tolerance)))?,
        true => super::print_json(&planned)?,
    }
    planned.refused.map_or(Ok(()), Err)
}

/// Those of a class, or of a file.
fn limits(text: &str) -> Result<Limits> {
    match text {
        "webgpu" => return Ok(Limits::default()),
        "integrated" => return Ok(Limits::of_class(DeviceClass::Integrated)),
        "discrete" => return Ok(Limits::of_class(DeviceClass::Discrete)),
        _ => {}
    }
    let content = input::text(text.as_ref(), input::CONFIGURATION, "limits of a device in JSON")?;
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
    let (passes, dispatches) = (count(memory.passes as u64), count(memory.dispatches as u64));
    out.row(["passes".to_owned(), format!("{passes}, {dispatches} of them dispatches")]);
    out.row(["submissions".to_owned(), format!("{}, waits {}", memory.submissions, memory.waits)]);
    out.row(["cost".to_owned(), format!("{:.2e} multiply-adds", planned.cost)]);
    let measured = match &planned.device_speed.measured_on {
        Some(device) => format!("at the speed measured on {device}"),
        None => "at a usual speed: `photosphere bench` measures this machine's".into(),
    };
    out.row(["a spectrum".to_owned(), format!("about {}, {measured}", short_time(planned.seconds))]);

    let retrieval = planned.retrieval.as_ref();
    // Without data there is one model, that of the spectrum.
    let derivatives = retrieval.filter(|r| r.objective.is_none()).and_then(|r| r.models.first());
    let stages = stages(planned.estimate.stages.iter().chain(derivatives.iter().flat_map(|m| &m.stages)));
    let mut largest: Vec<_> = memory.buffers.iter().collect();
    largest.sort_by_key(|b| std::cmp::Reverse(b.bytes));
    let mut buffers = Table::new(&["largest buffers", "bytes", "shape", "role"]);
    for b in largest.into_iter().take(5) {
        let shape: Vec<String> = b.shape.iter().map(u64::to_string).collect();
        buffers.row([b.name.clone(), bytes(b.bytes), shape.join(" x "), format!("{:?}", b.role).to_lowercase()]);
    }
    let mut ways = Table::new(&["instead", "batch", "segments", "host", "device", "time"]);
    for a in &planned.alternatives {
        let speed = if a.on_cpu { &planned.cpu_speed } else { &planned.device_speed };
        let cost = |c: f64| format!("{:.2} of the plan's", speed.seconds(c) / planned.seconds);
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
    let retrieval = retrieval.map_or(String::new(), render_retrieval);
    let methods = methods(planned);
    format!(
        "{out}\n{methods}{stages}\n{buffers}\n{ways}\n{retrieval}host bytes are of arrays: the program and its driver come on top\n"
    )
}

/// The ways of computing each species' cross sections, the ones taken marked.
fn methods(planned: &Planned) -> String {
    if planned.ways.is_empty() {
        return String::new();
    }
    let n = planned.evaluations.max(1);
    let all = if n == 1 { "in all".into() } else { format!("{} spectra", count(n.into())) };
    let mut table = Table::new(&["", "species", "method", "set-up", "a spectrum", &all, "memory"]);
    for way in &planned.ways {
        table.row([
            if way.taken { "*" } else { "" }.to_owned(),
            way.species.clone(),
            way.name.to_owned(),
            short_time(way.set_up_seconds),
            short_time(way.spectrum_seconds),
            short_time(way.set_up_seconds + f64::from(n) * way.spectrum_seconds),
            if way.table_bytes > 0 { bytes(way.table_bytes) } else { "-".into() },
        ]);
    }
    format!("{table}\n")
}

/// Rows of stages.
fn stages<'a>(estimates: impl Iterator<Item = &'a StageEstimate>) -> Table {
    let mut stages = Table::new(&["stage", "host, kept", "host, peak", "device, kept", "device, peak"]);
    for s in estimates {
        let sizes = [s.host.kept, s.host.peak, s.device.kept, s.device.peak].map(bytes);
        stages.row([s.stage.name(), &sizes[0], &sizes[1], &sizes[2], &sizes[3]]);
    }
    stages
}

/// Derivatives, fit and sampling as text.
fn render_retrieval(planned: &PlannedRetrieval) -> String {
    let mut text = planned.objective.as_ref().map_or(String::new(), |summary| format!("{summary}\n\n"));
    for model in &planned.models {
        text += &render_model(model, planned.objective.is_some());
    }
    if let (Some(stage), Some(size)) = (&planned.sampling_stage, &planned.sampling) {
        let mut more = Table::default();
        more.row(["draws".to_owned(), format!("{} in memory", bytes(size.trace_bytes))]);
        let (record, most) = (size.checkpoint_bytes_per_evaluation, bytes(size.checkpoint_bytes));
        let evaluations = format!("at most {} a draw", count(size.evaluations_per_draw));
        let checkpoint = format!("{record} bytes on disk for each evaluation, {evaluations}: at most {most}");
        more.row(["checkpoint".to_owned(), checkpoint]);
        text += &format!("{}\n{more}\n", stages(std::iter::once(stage)));
    }
    text
}

/// A model's derivatives as text, with their stages where these stand in no other table.
fn render_model(model: &PlannedModel, with_stages: bool) -> String {
    let mut out = Table::default();
    if with_stages {
        let (lo, hi) = model.range;
        let points = count(model.points as u64);
        out.row([
            "model".to_owned(),
            format!("{lo:.3} to {hi:.3} cm-1, {points} points: {}", model.data_sets.join(", ")),
        ]);
        out.row(["budget".to_owned(), model.budget.map_or("none".into(), bytes)]);
    }
    if let Some(plan) = &model.plan.jacobian {
        out.row(["Jacobian".to_owned(), plan.to_string()]);
    }
    if let Some(plan) = &model.plan.gradient {
        out.row(["gradient".to_owned(), plan.to_string()]);
    }
    if with_stages {
        out.row(["likelihood", if model.forward { "forward, by the Jacobian" } else { "reverse, by the gradient" }]);
    }
    let mut ways = Table::new(&["instead", "columns", "opacities", "segments", "device"]);
    for a in &model.alternatives {
        let opacities = if a.stored { "stored" } else { "recomputed" };
        let device = bytes(a.device_bytes);
        match (a.fits, a.chunk) {
            (false, _) => ways.row([a.change.as_str(), "", "", "", &format!("{device} needed: does not fit")]),
            (true, 0) => ways.row([a.change.as_str(), "", opacities, &a.segments.to_string(), &device]),
            (true, n) => ways.row([a.change.as_str(), &n.to_string(), "", &a.segments.to_string(), &device]),
        };
    }
    let stages = if with_stages { format!("{}\n", stages(model.stages.iter())) } else { String::new() };
    format!("{out}\n{stages}{ways}\n")
}
