//! Programs: the whole list of passes and buffers of a computation, written down before a device is touched.
//!
//! **Theory.** The bytes a computation needs follow from its sizes alone. So a stage does not allocate: it declares
//! buffers (name, element, shape, role) and the dispatches that use them, in order. From the shaders' own interfaces
//! [`finish`](ProgramBuilder::finish) derives which pass reads and which writes each buffer, hence its life, hence which
//! buffers may share memory, hence the peak, before anything is allocated.
//!
//! **Practice.** One [`ProgramBuilder`] per job; all stages add to it. The finished [`Program`] is plain data; a
//! [`Workspace`](super::Workspace) turns it into buffers and runs it as often as wanted. Building costs microseconds per
//! dispatch, plus naga's parsing of each kernel once per process.

use std::collections::HashMap;

use super::declaration::Declared;
use super::layout::HostLayout;
use super::{BufferId, Element, Kernel, Role, Summary};
use crate::Error;
use crate::stage::{PassStage, Stage};

/// One step of a program.
#[derive(Clone, Debug)]
pub(super) enum Pass {
    Dispatch { kernel: &'static Kernel, params_offset: u32, bindings: Vec<BufferId>, workgroups: [u32; 3] },
    Copy { source: BufferId, source_offset: u64, target: BufferId, target_offset: u64, bytes: u64 },
    Clear { buffer: BufferId },
}

/// Number of workgroups of 64 for `n` invocations.
pub fn groups64(n: usize) -> u32 {
    n.div_ceil(64) as u32
}

/// Collects buffers and passes. Mistakes are remembered and reported by [`finish`](Self::finish).
#[derive(Debug, Default)]
pub struct ProgramBuilder {
    pub(super) buffers: Vec<Declared>,
    pub(super) stages: Vec<PassStage>,
    /// Each with the index of its stage.
    pub(super) passes: Vec<(usize, Pass)>,
    /// Number of passes before each retirement, ascending, and the buffer.
    pub(super) retired: Vec<(usize, BufferId)>,
    pub(super) params: Vec<u8>,
    offset_of: HashMap<Vec<u8>, u32>,
    keeps_all: bool,
    /// Number of passes before each pause.
    pub(super) pauses: Vec<usize>,
    pub(super) full_staging: bool,
    pub(super) multiply_adds: f64,
    pub(super) error: Option<Error>,
}

/// Parameters of one dispatch start at multiples of this, the alignment that WebGPU guarantees for uniforms.
const PARAMS_STEP: usize = 256;

impl ProgramBuilder {
    /// An empty program.
    pub fn new() -> Self {
        Self::default()
    }

    /// Declares a buffer. `name` is `stage.thing` and unique; `shape` is outermost first, every extent at least 1.
    pub fn buffer(&mut self, name: impl Into<String>, element: Element, shape: &[u64], role: Role) -> BufferId {
        let name = name.into();
        let bytes = shape.iter().try_fold(element.bytes(), |n, &extent| n.checked_mul(extent)).unwrap_or(u64::MAX);
        if shape.contains(&0) || shape.is_empty() {
            self.fail(Error::invalid(format!("buffer `{name}`"), format!("shape {shape:?}"), "extents of at least 1"));
        }
        if self.buffers.iter().any(|b| b.name == name) {
            self.fail(Error::invalid("buffer name", format!("`{name}` twice"), "a unique name"));
        }
        self.buffers.push(Declared { name, element, shape: shape.to_vec(), bytes, role });
        BufferId(self.buffers.len() - 1)
    }

    /// The passes that follow belong to `stage`, in timings and reports. A stage may be resumed.
    pub fn stage(&mut self, stage: impl Into<PassStage>) -> &mut Self {
        self.stages.push(stage.into());
        self
    }

    /// Adds a dispatch of `workgroups` workgroups. `bindings` are the storage buffers at bindings 1, 2, ...
    ///
    /// `params` must be the struct that the kernel was declared with. Equal parameters are stored once.
    pub fn dispatch<P: HostLayout>(
        &mut self,
        kernel: &'static Kernel,
        params: &P,
        bindings: &[BufferId],
        workgroups: [u32; 3],
    ) -> &mut Self {
        if P::LAYOUT != *kernel.params {
            let required = format!("`{}`", kernel.params.name);
            self.fail(Error::invalid(
                format!("params of `{}`", kernel.name),
                format!("`{}`", P::LAYOUT.name),
                required,
            ));
        }
        let params_offset = self.store_params(bytemuck::bytes_of(params));
        self.push(Pass::Dispatch { kernel, params_offset, bindings: bindings.to_vec(), workgroups })
    }

    /// Copies bytes between two buffers. Offsets and length in bytes, multiples of 4.
    pub fn copy(
        &mut self,
        source: BufferId,
        source_offset: u64,
        target: BufferId,
        target_offset: u64,
        bytes: u64,
    ) -> &mut Self {
        self.push(Pass::Copy { source, source_offset, target, target_offset, bytes })
    }

    /// Fills a buffer with zeros.
    pub fn clear(&mut self, buffer: BufferId) -> &mut Self {
        self.push(Pass::Clear { buffer })
    }

    /// From here on the content of a [`Role::Scratch`] buffer is not needed: its memory may serve others until its next write.
    pub fn retire(&mut self, buffer: BufferId) -> &mut Self {
        if !self.keeps_all {
            self.retired.push((self.passes.len(), buffer));
        }
        self
    }

    /// Ends a part of the program: [`Workspace::run_part`](super::Workspace::run_part) stops here, and the host may read and write.
    pub fn pause(&mut self) -> &mut Self {
        self.pauses.push(self.passes.len());
        self
    }

    /// Says what all passes together cost, in multiply-adds: on GPUs submissions are cut by it.
    pub fn multiply_adds(&mut self, cost: f64) -> &mut Self {
        self.multiply_adds = cost;
        self
    }

    /// Gives both staging buffers their full size, that of the device's class, however small the largest transfer is: bytes then grow linearly with an output.
    pub fn full_staging(&mut self) -> &mut Self {
        self.full_staging = true;
        self
    }

    /// Ignores retirements, so that tests can look at every buffer after a run.
    #[cfg(test)]
    pub(crate) fn keep_all(&mut self) {
        self.keeps_all = true;
    }

    fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }

    fn push(&mut self, pass: Pass) -> &mut Self {
        if self.stages.is_empty() {
            self.stages.push(Stage::Forward.into());
        }
        self.passes.push((self.stages.len() - 1, pass));
        self
    }

    fn store_params(&mut self, bytes: &[u8]) -> u32 {
        if let Some(&offset) = self.offset_of.get(bytes) {
            return offset;
        }
        let offset = self.params.len();
        self.params.extend_from_slice(bytes);
        self.params.resize(self.params.len().next_multiple_of(PARAMS_STEP), 0);
        // A buffer may not exceed 256 MiB, which `finish` checks; offsets beyond u32 never get that far.
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        self.offset_of.insert(bytes.to_vec(), offset);
        offset
    }
}

/// A finished program: passes, buffers with their lives and slots, parameters. Plain data.
#[derive(Clone, Debug)]
pub struct Program {
    pub(super) passes: Vec<(usize, Pass)>,
    pub(super) params: Vec<u8>,
    pub(super) stages: Vec<PassStage>,
    /// First pass of each part, and the number of passes.
    pub(super) parts: Vec<usize>,
    /// Passes of a submission at most.
    pub(super) portion: usize,
    /// True where each stage's time is taken, with a wait: on a software driver that costs next to nothing.
    pub(super) is_timed: bool,
    /// True if all inputs fit into the staging buffer together.
    pub(super) packs_inputs: bool,
    pub(super) multiply_adds: f64,
    pub(super) summary: Summary,
}

impl Program {
    /// Buffers, lives, slots and bytes, for printing and comparing.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Number of parts that [pauses](ProgramBuilder::pause) divide it into.
    pub fn parts(&self) -> usize {
        self.parts.len() - 1
    }

    /// What all passes together cost, in multiply-adds, as far as that was said.
    pub fn multiply_adds(&self) -> f64 {
        self.multiply_adds
    }

    /// Its kernels, each once, in order of first use.
    pub(super) fn kernels(&self) -> Vec<&'static Kernel> {
        let mut kernels: Vec<&'static Kernel> = Vec::new();
        for (_, pass) in &self.passes {
            if let Pass::Dispatch { kernel, .. } = pass
                && !kernels.iter().any(|k| k.name == kernel.name)
            {
                kernels.push(kernel);
            }
        }
        kernels
    }

    pub(super) fn stage(&self, stage: usize) -> &PassStage {
        &self.stages[stage]
    }

    /// Device memory that a workspace of this program takes, everything included \[bytes\].
    pub fn peak_bytes(&self) -> u64 {
        self.summary.peak_bytes
    }
}
