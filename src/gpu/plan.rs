//! From declarations to a program: lives, checks, slots, peak.

use std::ops::Range;

use super::declaration::Declared;
use super::program::{Pass, Program, ProgramBuilder};
use super::slots::{Tenant, assign};
use super::summary::{BufferSummary, StageSummary, Summary, five_largest};
use super::{BufferId, DeviceClass, Kernel, Limits, Role};
use crate::stage::PassStage;
use crate::{Error, Result};

/// Submissions that may wait for the device at a time; more would only hold command memory.
pub(super) const IN_FLIGHT: usize = 4;

/// Passes in pieces of at most `portion`.
pub(super) fn pieces(passes: Range<usize>, portion: usize) -> impl Iterator<Item = Range<usize>> {
    passes.clone().step_by(portion).map(move |first| first..(first + portion).min(passes.end))
}

/// A pass's use of a buffer.
struct Use {
    buffer: BufferId,
    reads: bool,
    writes: bool,
}

impl ProgramBuilder {
    /// Plans memory. Pure: equal declarations give equal programs.
    ///
    /// Errors: [`Error::OutOfMemory`] if the device bytes exceed `budget`, naming the five largest buffers;
    /// [`Error::Invalid`] for anything that `limits` or the rules of [`Role`] forbid, naming kernel and buffer.
    pub fn finish(mut self, limits: &Limits, budget: Option<u64>) -> Result<Program> {
        match self.error.take() {
            Some(error) => Err(error),
            None => finish(self, limits, budget),
        }
    }
}

fn finish(builder: ProgramBuilder, limits: &Limits, budget: Option<u64>) -> Result<Program> {
    let ProgramBuilder { buffers, stages, passes, retired, params, pauses, full_staging, multiply_adds, .. } = builder;
    for buffer in &buffers {
        let limit = limits.storage_binding_bytes.min(limits.buffer_bytes);
        if buffer.bytes > limit {
            let error = Error::out_of_memory(format!("buffer `{}`", buffer.name), buffer.bytes, limit);
            return Err(error.with_hint("the limit is the device's for one buffer, whatever the budget"));
        }
    }
    let mut lives: Vec<Vec<(usize, usize)>> = vec![Vec::new(); buffers.len()];
    let mut written: Vec<bool> = buffers.iter().map(|b| matches!(b.role, Role::Input | Role::Constant)).collect();
    let mut retired = retired.into_iter().peekable();
    for (number, (_, pass)) in passes.iter().enumerate() {
        while let Some((_, buffer)) = retired.next_if(|(before, _)| *before <= number) {
            if buffers.get(buffer.0).is_none_or(|b| b.role != Role::Scratch) {
                return Err(Error::invalid(
                    "retired buffer",
                    format!("{buffer:?}"),
                    "a scratch buffer of this program",
                ));
            }
            written[buffer.0] = false;
        }
        for Use { buffer, reads, writes } in uses(pass, &buffers, limits)? {
            let declared = &buffers[buffer.0];
            let host_only = matches!(declared.role, Role::Input | Role::Constant);
            if reads && !written[buffer.0] {
                return Err(misuse(declared, pass, "reads it, but no earlier pass has written it"));
            }
            if writes && host_only {
                return Err(misuse(declared, pass, "writes it, but only the host may (a second run would differ)"));
            }
            let life = &mut lives[buffer.0];
            match life.last_mut() {
                Some(last) if written[buffer.0] => last.1 = number,
                _ => life.push((number, number)),
            }
            written[buffer.0] |= writes;
        }
    }
    for (buffer, lives) in buffers.iter().zip(&lives) {
        if lives.is_empty() && !matches!(buffer.role, Role::Scratch | Role::Constant) {
            let what = format!("{:?} buffer `{}`", buffer.role, buffer.name);
            return Err(Error::invalid(what, "no pass uses it", "a use, or no declaration"));
        }
    }
    let used = |lives: &[(usize, usize)]| !lives.is_empty();
    let tenants: Vec<Tenant> = buffers
        .iter()
        .zip(lives)
        .map(|(b, lives)| Tenant {
            bytes: if used(&lives) { b.bytes } else { 0 },
            exclusive: used(&lives) && b.role != Role::Scratch,
            lives,
        })
        .collect();
    let (slot_of, mut slots) = assign(&tenants);
    // a slot of unused buffers only
    slots.iter_mut().for_each(|bytes| *bytes = (*bytes).max(4));

    let largest =
        |roles: &[Role]| buffers.iter().filter(|b| roles.contains(&b.role)).map(|b| b.bytes).max().unwrap_or(0);
    let params_bytes = params.len() as u64;
    if params_bytes > limits.buffer_bytes {
        return Err(Error::out_of_memory("the parameters of all dispatches", params_bytes, limits.buffer_bytes));
    }
    let chunk = limits.class.transfer_bytes();
    let staging = |largest: u64| if full_staging { chunk } else { largest.min(chunk) };
    // All inputs of a run go together, where they are no more than a chunk.
    let is_input = |b: &Declared, t: &Tenant| b.role == Role::Input && used(t.lives.as_slice());
    let inputs: u64 = buffers.iter().zip(&tenants).filter(|(b, t)| is_input(b, t)).map(|(b, _)| b.bytes).sum();
    let packed = if inputs <= chunk { inputs } else { 0 };
    let upload_bytes = staging(largest(&[Role::Input, Role::Constant]).max(params_bytes)).max(packed);
    let largest_output = largest(&[Role::Output]);
    let readback_bytes = staging(largest_output);
    let peak_bytes = slots.iter().sum::<u64>() + params_bytes + upload_bytes + readback_bytes;
    if let Some(limit) = budget.filter(|&b| peak_bytes > b) {
        let largest = five_largest(buffers.iter().map(|b| (b.name.as_str(), b.bytes)));
        return Err(Error::out_of_memory(largest, peak_bytes, limit));
    }
    let (stage_summaries, schedule) = stage_summaries(&stages, &passes, &tenants);
    let buffers = buffers
        .into_iter()
        .zip(tenants.into_iter().zip(slot_of))
        .map(|(Declared { name, element, shape, bytes, role }, (Tenant { lives, .. }, slot))| BufferSummary {
            name,
            element,
            shape,
            bytes,
            role,
            lives,
            slot,
        })
        .collect();
    let portion = limits.class.portion(passes.len(), multiply_adds);
    let mut parts = vec![0];
    parts.extend(pauses.into_iter().filter(|p| *p > 0 && *p < passes.len()));
    parts.push(passes.len());
    parts.dedup();
    let is_timed = limits.class == DeviceClass::Processor;
    let runs: usize = match is_timed {
        true => passes.chunk_by(|a, b| a.0 == b.0).map(|stage| stage.len().div_ceil(portion)).sum(),
        false => parts.windows(2).map(|part| (part[1] - part[0]).div_ceil(portion)).sum(),
    };
    let reads = largest_output.div_ceil(readback_bytes.max(1)) as usize;
    let waited = if is_timed { runs } else { runs.saturating_sub(IN_FLIGHT) };
    let dispatches = passes.iter().filter(|(_, p)| matches!(p, Pass::Dispatch { .. })).count();
    let summary = Summary {
        buffers,
        slots,
        stages: stage_summaries,
        schedule,
        params_bytes,
        upload_bytes,
        readback_bytes,
        peak_bytes,
        dispatches,
        passes: passes.len(),
        submissions: runs + reads,
        waits: waited + reads,
    };
    Ok(Program { passes, params, stages, parts, portion, is_timed, packs_inputs: packed > 0, multiply_adds, summary })
}

fn misuse(buffer: &Declared, pass: &Pass, how: &str) -> Error {
    let by = match pass {
        Pass::Dispatch { kernel, .. } => format!("kernel `{}`", kernel.name),
        Pass::Copy { .. } => "a copy".to_owned(),
        Pass::Clear { .. } => "a clear".to_owned(),
    };
    let required = match buffer.role {
        Role::Input | Role::Constant => "only reads by passes",
        Role::Scratch | Role::Output => "a write before the first read",
    };
    Error::invalid(format!("{:?} buffer `{}`", buffer.role, buffer.name), format!("{by} {how}"), required)
}

/// What a pass does to which buffers; checks everything that can be known about the pass alone.
fn uses(pass: &Pass, buffers: &[Declared], limits: &Limits) -> Result<Vec<Use>> {
    let get = |id: BufferId| {
        buffers.get(id.0).ok_or_else(|| Error::invalid("buffer", format!("{id:?}"), "a buffer of this program"))
    };
    match pass {
        Pass::Dispatch { kernel, bindings, workgroups, .. } => {
            dispatch_uses(kernel, bindings, *workgroups, get, limits)
        }
        Pass::Clear { buffer } => {
            get(*buffer)?;
            Ok(vec![Use { buffer: *buffer, reads: false, writes: true }])
        }
        Pass::Copy { source, source_offset, target, target_offset, bytes } => {
            let (from, to) = (get(*source)?, get(*target)?);
            let inside = |offset: &u64, b: &Declared| offset.checked_add(*bytes).is_some_and(|end| end <= b.bytes);
            let aligned = [source_offset, target_offset, bytes].iter().all(|n| *n % 4 == 0);
            if source == target || *bytes == 0 || !aligned || !inside(source_offset, from) || !inside(target_offset, to)
            {
                let what =
                    format!("copy from `{}` ({} bytes) to `{}` ({} bytes)", from.name, from.bytes, to.name, to.bytes);
                let given = format!("{bytes} bytes from offset {source_offset} to {target_offset}");
                return Err(Error::invalid(what, given, "two buffers, and multiples of 4 bytes inside both"));
            }
            Ok(vec![
                Use { buffer: *source, reads: true, writes: false },
                Use { buffer: *target, reads: false, writes: true },
            ])
        }
    }
}

fn dispatch_uses<'a>(
    kernel: &Kernel,
    bindings: &[BufferId],
    workgroups: [u32; 3],
    get: impl Fn(BufferId) -> Result<&'a Declared>,
    limits: &Limits,
) -> Result<Vec<Use>> {
    let invalid =
        |given: String, required: String| Err(Error::invalid(format!("kernel `{}`", kernel.name), given, required));
    let interface = kernel.reflect()?;
    interface.check(kernel.name, limits)?;
    if workgroups.iter().any(|n| !(1..=limits.workgroups).contains(n)) {
        return invalid(format!("{workgroups:?} workgroups"), format!("1 to {} in each dimension", limits.workgroups));
    }
    if bindings.len() != interface.storage.len() {
        return invalid(format!("{} buffers", bindings.len()), format!("{} buffers", interface.storage.len()));
    }
    let mut uses = Vec::with_capacity(bindings.len());
    for (i, (&id, storage)) in bindings.iter().zip(&interface.storage).enumerate() {
        let buffer = get(id)?;
        if bindings[..i].contains(&id) {
            return invalid(format!("buffer `{}` bound twice", buffer.name), "every buffer once".to_owned());
        }
        if buffer.bytes < storage.min_bytes || buffer.bytes % storage.stride != 0 {
            let required = format!(
                "`{}` holds multiples of {} bytes, at least {}",
                storage.name, storage.stride, storage.min_bytes
            );
            return invalid(format!("`{}` of {} bytes as `{}`", buffer.name, buffer.bytes, storage.name), required);
        }
        uses.push(Use { buffer: id, reads: storage.reads, writes: storage.writes });
    }
    Ok(uses)
}

/// Each stage's size, and the first pass of each run of a stage with its number.
fn stage_summaries(
    names: &[PassStage],
    passes: &[(usize, Pass)],
    tenants: &[Tenant],
) -> (Vec<StageSummary>, Vec<(usize, usize)>) {
    // Bytes that come alive and die at each pass; their running sum is what lives in it.
    let (mut born, mut dead) = (vec![0; passes.len()], vec![0; passes.len() + 1]);
    for tenant in tenants.iter().filter(|t| !t.exclusive) {
        for (first, last) in &tenant.lives {
            born[*first] += tenant.bytes;
            dead[last + 1] += tenant.bytes;
        }
    }
    let mut live: u64 = tenants.iter().filter(|t| t.exclusive).map(|t| t.bytes).sum();
    let mut stages: Vec<StageSummary> = Vec::new();
    let mut schedule: Vec<(usize, usize)> = Vec::new();
    for (number, (stage, _)) in passes.iter().enumerate() {
        live = live + born[number] - dead[number];
        let name = names[*stage].to_string();
        let at = stages.iter().position(|s| s.name == name).unwrap_or_else(|| {
            stages.push(StageSummary { name, passes: 0, live_bytes: 0 });
            stages.len() - 1
        });
        if schedule.last().is_none_or(|last| last.1 != at) {
            schedule.push((number, at));
        }
        stages[at].passes += 1;
        stages[at].live_bytes = stages[at].live_bytes.max(live);
    }
    (stages, schedule)
}
