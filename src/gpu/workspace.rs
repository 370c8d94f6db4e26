//! A program's buffers on a device, and its runs.
//!
//! The only place that creates bind groups, and that asks the pool for buffers. All of them are made in [`Workspace::new`]; writing, running and reading
//! allocate nothing. The bytes are those of [`Program::peak_bytes`], which tests compare with the ledger and the driver's counter.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::buffers::Request;
use super::packed::Packed;
use super::pipelines::Pipeline;
use super::plan::{IN_FLIGHT, pieces};
use super::pool::Tracked;
use super::program::Pass;
use super::summary::five_largest;
use super::transfer::{read_back, upload};
use super::{BufferId, BufferSummary, Device, Program, Role, Summary};
use crate::stage::{PassStage, Stage};
use crate::{Error, Result, interrupt};

/// A program made ready on a device.
#[derive(Debug)]
pub struct Workspace {
    device: Device,
    program: Program,
    /// By pass, if it is a dispatch: which of the pipelines and bind groups.
    dispatches: Vec<Option<(usize, usize)>>,
    pipelines: Vec<Arc<Pipeline>>,
    /// One per kernel and list of buffers.
    bind_groups: Vec<wgpu::BindGroup>,
    inputs: Packed,
    slots: Vec<Tracked>,
    params: Option<Tracked>,
    upload: Option<Tracked>,
    readback: Option<Tracked>,
    written: Vec<bool>,
}

impl Workspace {
    /// Compiles the kernels (once per device), creates all buffers and bind groups, uploads the parameters.
    ///
    /// Errors: [`Error::OutOfMemory`] if the program needs more than [`Device::budget`] (the driver is then not asked), or the driver
    /// refuses a buffer; [`Error::DeviceLost`]; [`Error::Rejected`] for a shader. Everything is released then.
    pub fn new(device: &Device, program: Program) -> Result<Self> {
        Self::allocate(device, program).inspect_err(|_| {
            // The driver frees what was created before the error once it is asked.
            let _ = device.handle.wait(None);
        })
    }

    fn allocate(device: &Device, program: Program) -> Result<Self> {
        device.handle.check()?;
        device.ledger().enter(&Stage::Upload.into());
        let summary = program.summary();
        let pipelines = device.pipelines(&program.kernels())?;
        let what = five_largest(summary.buffers.iter().map(|b| (b.name.as_str(), b.bytes)));
        let mut slots = device.pool.allocate(&device.handle, &requests(summary), &what)?;
        // In the order of `requests`; those that take no bytes are left out there.
        let mut take = |bytes: u64| (bytes > 0).then(|| slots.pop()).flatten();
        let readback = take(summary.readback_bytes);
        let staging = take(summary.upload_bytes);
        let params = take(summary.params_bytes);
        if let (Some(params), Some(staging)) = (&params, &staging) {
            upload(device, staging, &params.buffer, 0, &program.params)?;
        }
        let written = vec![false; summary.buffers.len()];
        let device = device.clone();
        let inputs = if program.packs_inputs { Packed::new(summary) } else { Packed::default() };
        let (dispatches, bind_groups) = (Vec::new(), Vec::new());
        let mut workspace = Self {
            device,
            program,
            dispatches,
            pipelines,
            bind_groups,
            inputs,
            slots,
            params,
            upload: staging,
            readback,
            written,
        };
        workspace.create_bind_groups()?;
        Ok(workspace)
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Writes a whole [`Role::Input`] or [`Role::Constant`] buffer; `bytes` has exactly its size. Small inputs go to the device with the next run.
    pub fn write(&mut self, buffer: BufferId, bytes: &[u8]) -> Result<()> {
        let summary = self.buffer(buffer, "written by the host", &[Role::Input, Role::Constant])?;
        if bytes.len() as u64 != summary.bytes {
            return Err(Error::invalid(
                format!("data for buffer `{}`", summary.name),
                format!("{} bytes", bytes.len()),
                format!("{} bytes, {:?} of {:?}", summary.bytes, summary.shape, summary.element),
            ));
        }
        if summary.lives.is_empty() {
            self.written[buffer.0] = true;
            return Ok(());
        }
        let slot = summary.slot;
        self.device.handle.check()?;
        if self.inputs.keep(buffer, bytes) {
            self.written[buffer.0] = true;
            return Ok(());
        }
        let staging = self.upload.as_ref().ok_or_else(|| Error::Internal("no upload buffer".to_owned()))?;
        upload(&self.device, staging, &self.slots[slot].buffer, 0, bytes)?;
        self.written[buffer.0] = true;
        Ok(())
    }

    /// [`write`](Self::write) from a slice of plain data.
    pub fn write_slice<T: bytemuck::Pod>(&mut self, buffer: BufferId, values: &[T]) -> Result<()> {
        self.write(buffer, bytemuck::cast_slice(values))
    }

    /// Hands all passes to the device; reading waits for them. Every input must have been written.
    pub fn run(&mut self) -> Result<()> {
        self.run_passes(0, self.program.passes.len())
    }

    /// Runs part `part` of the program, from one [pause](super::ProgramBuilder::pause) to the next. Parts go in their order; what an
    /// earlier one left is there until a later one overwrites it.
    pub fn run_part(&mut self, part: usize) -> Result<()> {
        let parts = &self.program.parts;
        match parts.get(part..part + 2) {
            Some(&[first, end]) => self.run_passes(first, end),
            _ => Err(Error::invalid("part of a program", part, format!("less than {}", parts.len() - 1))),
        }
    }

    fn run_passes(&mut self, first: usize, end: usize) -> Result<()> {
        self.check_inputs()?;
        let mut in_flight = VecDeque::new();
        for portion in pieces(first..end, self.program.portion) {
            interrupt::check()?;
            for stage in self.program.passes[portion.clone()].chunk_by(|a, b| a.0 == b.0) {
                self.device.ledger().enter(self.program.stage(stage[0].0));
            }
            in_flight.push_back(self.submit(portion)?);
            if in_flight.len() > IN_FLIGHT {
                self.device.handle.wait(in_flight.pop_front())?;
            }
        }
        self.device.handle.check()
    }

    /// Runs all passes. On a software driver the stages' wall-clock seconds are given, as [`run_timed`](Self::run_timed) does; on GPUs, which would idle
    /// meanwhile, none are.
    pub fn run_told(&mut self) -> Result<Vec<(PassStage, f64)>> {
        match self.program.is_timed {
            true => self.run_timed(),
            false => self.run().map(|()| Vec::new()),
        }
    }

    /// Like [`run`](Self::run), but waits after each portion; gives the stages in order of first appearance, with wall-clock seconds.
    pub fn run_timed(&mut self) -> Result<Vec<(PassStage, f64)>> {
        let mut times: Vec<(PassStage, f64)> = Vec::new();
        self.run_watched(|stage, elapsed| {
            match times.iter_mut().find(|(known, _)| known == stage) {
                Some((_, seconds)) => *seconds += elapsed,
                None => times.push((stage.clone(), elapsed)),
            }
            Ok(())
        })?;
        Ok(times)
    }

    /// Like [`run`](Self::run), but waits after each submission (passes of one stage) and then calls `watch` with the stage and the
    /// portion's wall-clock seconds. An error of `watch` ends the run and is returned.
    pub fn run_watched(&mut self, mut watch: impl FnMut(&PassStage, f64) -> Result<()>) -> Result<()> {
        self.check_inputs()?;
        let mut first = 0;
        while first < self.program.passes.len() {
            let stage = self.program.passes[first].0;
            let end = first + self.program.passes[first..].iter().take_while(|p| p.0 == stage).count();
            let stage = self.program.stage(stage).clone();
            for portion in pieces(first..end, self.program.portion) {
                self.device.ledger().enter(&stage);
                let start = Instant::now();
                let submission = self.submit(portion)?;
                self.device.handle.wait(Some(submission))?;
                watch(&stage, start.elapsed().as_secs_f64())?;
                interrupt::check()?;
            }
            first = end;
        }
        Ok(())
    }

    /// Reads a whole [`Role::Output`] buffer; `bytes` has exactly its size.
    pub fn read(&self, buffer: BufferId, bytes: &mut [u8]) -> Result<()> {
        let size = self.buffer(buffer, "read by the host", &[Role::Output])?.bytes;
        if bytes.len() as u64 != size {
            let name = &self.program.summary().buffers[buffer.0].name;
            return Err(Error::invalid(format!("space for buffer `{name}`"), bytes.len(), format!("{size} bytes")));
        }
        self.read_range(buffer, 0, bytes)
    }

    /// Reads a part of a [`Role::Output`] buffer, from byte `offset`; offset and length are multiples of 4.
    pub fn read_range(&self, buffer: BufferId, offset: u64, bytes: &mut [u8]) -> Result<()> {
        let summary = self.buffer(buffer, "read by the host", &[Role::Output])?;
        let length = bytes.len() as u64;
        let inside = offset.checked_add(length).is_some_and(|end| end <= summary.bytes);
        if !inside || !offset.is_multiple_of(4) || !length.is_multiple_of(4) {
            let required = format!("multiples of 4 within its {} bytes", summary.bytes);
            let given = format!("{length} bytes from {offset}");
            return Err(Error::invalid(format!("range of buffer `{}`", summary.name), given, required));
        }
        let staging = self.readback.as_ref().ok_or_else(|| Error::Internal("no readback buffer".to_owned()))?;
        read_back(&self.device, staging, &self.slots[summary.slot].buffer, offset, bytes)
    }

    /// A whole [`Role::Output`] buffer as values of 4 bytes or multiples of it: `workspace.read_vec::<f32>(flux)`.
    pub fn read_vec<T: bytemuck::Pod>(&self, buffer: BufferId) -> Result<Vec<T>> {
        let bytes = self.buffer(buffer, "read by the host", &[Role::Output])?.bytes as usize;
        let mut values = vec![T::zeroed(); bytes / size_of::<T>()];
        self.read(buffer, bytemuck::cast_slice_mut(&mut values))?;
        Ok(values)
    }

    fn buffer(&self, id: BufferId, how: &str, roles: &[Role]) -> Result<&BufferSummary> {
        let buffers = &self.program.summary().buffers;
        let buffer =
            buffers.get(id.0).ok_or_else(|| Error::invalid("buffer", format!("{id:?}"), "one of this program"))?;
        match roles.contains(&buffer.role) {
            true => Ok(buffer),
            false => Err(Error::invalid(
                format!("buffer `{}` {how}", buffer.name),
                format!("{:?}", buffer.role),
                format!("one of {roles:?}"),
            )),
        }
    }

    fn check_inputs(&self) -> Result<()> {
        for (buffer, written) in self.program.summary().buffers.iter().zip(&self.written) {
            if matches!(buffer.role, Role::Input | Role::Constant) && !written {
                let what = format!("{:?} buffer `{}`", buffer.role, buffer.name);
                return Err(Error::invalid(what, "a run before any data", "a write by the host first"));
            }
        }
        self.device.handle.check()
    }

    /// Hands in inputs that wait, and some passes.
    fn submit(&mut self, passes: Range<usize>) -> Result<wgpu::SubmissionIndex> {
        let staged = self.inputs.stage(&self.device, self.upload.as_ref())?;
        self.device.handle.lose_if_ordered();
        let submission = self.device.handle.scoped("submission", || {
            let mut encoder =
                self.device.handle.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            for (buffer, first) in staged {
                let Some(staging) = &self.upload else { continue };
                let summary = &self.program.summary().buffers[buffer.0];
                let target = &self.slots[summary.slot].buffer;
                encoder.copy_buffer_to_buffer(&staging.buffer, first, target, 0, summary.bytes);
            }
            // Consecutive dispatches share a compute pass; wgpu puts the barriers between them.
            let (mut first, passes) = (passes.start, &self.program.passes[passes]);
            let is_dispatch = |p: &(usize, Pass)| matches!(p.1, Pass::Dispatch { .. });
            for run in passes.chunk_by(|a, b| is_dispatch(a) && is_dispatch(b)) {
                self.encode(&mut encoder, first, run);
                first += run.len();
            }
            self.device.handle.queue.submit([encoder.finish()])
        })?;
        Ok(submission)
    }

    /// Either one copy or clear, or dispatches only; `first` is the number of the first of them.
    fn encode(&self, encoder: &mut wgpu::CommandEncoder, first: usize, passes: &[(usize, Pass)]) {
        let summary = |id: &BufferId| &self.program.summary().buffers[id.0];
        let raw = |id: &BufferId| &self.slots[summary(id).slot].buffer;
        match &passes[0].1 {
            Pass::Clear { buffer } => encoder.clear_buffer(raw(buffer), 0, Some(summary(buffer).bytes)),
            Pass::Copy { source, source_offset, target, target_offset, bytes } => {
                encoder.copy_buffer_to_buffer(raw(source), *source_offset, raw(target), *target_offset, *bytes);
            }
            Pass::Dispatch { .. } => {
                let mut compute = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
                for ((_, pass), ready) in passes.iter().zip(&self.dispatches[first..]) {
                    let (Pass::Dispatch { params_offset, workgroups: [x, y, z], .. }, Some((pipeline, group))) =
                        (pass, ready)
                    else {
                        continue;
                    };
                    compute.set_pipeline(&self.pipelines[*pipeline].pipeline);
                    compute.set_bind_group(0, &self.bind_groups[*group], &[*params_offset]);
                    compute.dispatch_workgroups(*x, *y, *z);
                }
            }
        }
    }

    fn create_bind_groups(&mut self) -> Result<()> {
        let Some(params) = &self.params else { return Ok(()) };
        let kernels = self.program.kernels();
        let mut known: HashMap<(usize, &[BufferId]), usize> = HashMap::new();
        for (_, pass) in &self.program.passes {
            let Pass::Dispatch { kernel, bindings, .. } = pass else {
                self.dispatches.push(None);
                continue;
            };
            let at = kernels.iter().position(|k| k.name == kernel.name).unwrap_or_default();
            let next = self.bind_groups.len();
            let group = *known.entry((at, bindings)).or_insert(next);
            self.dispatches.push(Some((at, group)));
            if group < next {
                continue;
            }
            let pipeline = &self.pipelines[at];
            let entry = |binding, buffer, bytes| wgpu::BindGroupEntry {
                binding,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer,
                    offset: 0,
                    size: wgpu::BufferSize::new(bytes),
                }),
            };
            let mut entries = vec![entry(0, &params.buffer, pipeline.params_bytes)];
            entries.extend(bindings.iter().zip(1..).map(|(id, binding)| {
                // Exactly the buffer's bytes, not the slot's, so that the shader's arrayLength is right.
                let summary = &self.program.summary().buffers[id.0];
                entry(binding, &self.slots[summary.slot].buffer, summary.bytes)
            }));
            let layout = &pipeline.bind_group_layout;
            let group = self.device.handle.scoped(kernel.name, || {
                self.device.handle.device.create_bind_group(&wgpu::BindGroupDescriptor {
                    label: Some(kernel.name),
                    layout,
                    entries: &entries,
                })
            })?;
            self.bind_groups.push(group);
        }
        Ok(())
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // Bind groups hold their buffers; once both are gone and the device is idle the driver frees the memory.
        self.bind_groups.clear();
        self.slots.clear();
        (self.params, self.upload, self.readback) = (None, None, None);
        let _ = self.device.handle.wait(None);
    }
}

/// All buffers of a workspace, slots first.
fn requests(summary: &Summary) -> Vec<Request> {
    use wgpu::BufferUsages as U;
    let request = |name: &str, bytes, usage| Request { name: name.to_owned(), bytes, usage };
    let slot = |(slot, &bytes): (usize, &u64)| {
        let mut tenants = summary.buffers.iter().filter(|b| b.slot == slot).map(|b| b.name.as_str());
        let first = tenants.next().unwrap_or("slot");
        let name = match tenants.count() {
            0 => first.to_owned(),
            others => format!("{first} (+{others})"),
        };
        request(&name, bytes, U::STORAGE | U::COPY_SRC | U::COPY_DST)
    };
    let others = [
        request("gpu.params", summary.params_bytes, U::UNIFORM | U::COPY_DST),
        request("gpu.upload", summary.upload_bytes, U::MAP_WRITE | U::COPY_SRC),
        request("gpu.readback", summary.readback_bytes, U::MAP_READ | U::COPY_DST),
    ];
    summary.slots.iter().enumerate().map(slot).chain(others.into_iter().filter(|r| r.bytes > 0)).collect()
}
