//! What a device can do at most: bytes copied and multiply-adds in a second, measured.

use std::hint::black_box;
use std::time::Instant;

use rayon::prelude::*;
use serde::Serialize;

use crate::gpu::{BufferId, Device, Element, ProgramBuilder, Role, Workspace, groups64, host_struct};
use crate::shader_lib::kernel;
use crate::{Backend, Result};

host_struct! {
    pub(crate) struct PeakParams { invocations: u32, turns: u32, factor: f32, term: f32 }
}
kernel! {
    /// Multiply-adds and nothing else.
    PEAK: PeakParams = "benchmark/peak", [], ["lib/peak.wgsl"]
}

/// Speeds of a device.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Peak {
    /// Bytes read and written in a second by copies of 64 MiB.
    pub bytes_per_second: f64,
    /// Multiply-adds in a second: float32 on a device, float64 on the CPU.
    pub multiply_adds_per_second: f64,
}

/// Bytes of a copy.
const COPY_BYTES: u64 = 64 << 20;
/// Copies of a measurement.
const COPIES: usize = 8;
/// Invocations of the kernel.
const INVOCATIONS: u32 = 1 << 20;

/// The shortest time of a few \[s\]; the first one warms up.
pub(super) fn shortest(times: usize, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    work()?;
    let mut seconds = f64::INFINITY;
    for _ in 0..times {
        let begin = Instant::now();
        work()?;
        seconds = seconds.min(begin.elapsed().as_secs_f64());
    }
    Ok(seconds)
}

impl Peak {
    /// Measures it.
    ///
    /// # Errors
    /// The device is lost, or refuses 128 MiB.
    pub fn measure(backend: &Backend) -> Result<Self> {
        match backend {
            Backend::Cpu => Self::of_cpu(),
            Backend::Device(device) => Self::of_device(device),
        }
    }

    fn of_cpu() -> Result<Self> {
        let n = (COPY_BYTES / 8) as usize;
        let (source, mut target) = (vec![1f64; n], vec![0f64; n]);
        let copy = shortest(3, || {
            let chunks = target.par_chunks_mut(1 << 16).zip(source.par_chunks(1 << 16));
            chunks.for_each(|(to, from)| to.copy_from_slice(from));
            black_box(&mut target);
            Ok(())
        })?;
        let (turns, threads) = (1 << 22, rayon::current_num_threads());
        let seconds = shortest(3, || {
            (0..threads).into_par_iter().for_each(|i| {
                black_box(chains(i as f64, turns));
            });
            Ok(())
        })?;
        let multiply_adds = (threads * turns * LANES) as f64;
        Ok(Self { bytes_per_second: 2.0 * COPY_BYTES as f64 / copy, multiply_adds_per_second: multiply_adds / seconds })
    }

    fn of_device(device: &Device) -> Result<Self> {
        let mut builder = ProgramBuilder::new();
        let mut buffer = |name: &str, role| builder.buffer(name, Element::F32, &[COPY_BYTES / 4], role);
        let buffers: [BufferId; 2] = [buffer("peak.a", Role::Scratch), buffer("peak.b", Role::Scratch)];
        let read = builder.buffer("peak.read", Element::F32, &[64], Role::Output);
        builder.clear(buffers[0]);
        for i in 0..COPIES {
            builder.copy(buffers[i % 2], 0, buffers[(i + 1) % 2], 0, COPY_BYTES);
        }
        builder.copy(buffers[COPIES % 2], 0, read, 0, 256);
        let copy = Self::run(device, builder, read)? / COPIES as f64;
        // Few turns first: a slow device must not be taken for a hung one.
        let mut turns = 16;
        loop {
            let mut builder = ProgramBuilder::new();
            let shape = [u64::from(INVOCATIONS), 4];
            let result = builder.buffer("peak.result", Element::F32, &shape, Role::Scratch);
            let read = builder.buffer("peak.read", Element::F32, &[64], Role::Output);
            let params = PeakParams { invocations: INVOCATIONS, turns, factor: 0.999, term: 0.001 };
            builder.dispatch(&PEAK, &params, &[result], [groups64(INVOCATIONS as usize), 1, 1]);
            builder.copy(result, 0, read, 0, 256);
            let seconds = Self::run(device, builder, read)?;
            if seconds > 0.05 || turns >= 1 << 16 {
                let multiply_adds = 64.0 * f64::from(turns) * f64::from(INVOCATIONS);
                return Ok(Self {
                    bytes_per_second: 2.0 * COPY_BYTES as f64 / copy,
                    multiply_adds_per_second: multiply_adds / seconds,
                });
            }
            turns *= 4;
        }
    }

    fn run(device: &Device, builder: ProgramBuilder, read: BufferId) -> Result<f64> {
        let program = builder.finish(&device.limits(), device.budget()?)?;
        let mut workspace = Workspace::new(device, program)?;
        shortest(3, || {
            workspace.run()?;
            workspace.read_vec::<f32>(read).map(drop)
        })
    }
}

/// Numbers of the chains of [`chains`].
const LANES: usize = 64;

/// So many turns of multiply-adds on numbers that do not wait for each other.
#[multiversion::multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn chains(start: f64, turns: usize) -> f64 {
    let mut lanes: [f64; LANES] = std::array::from_fn(|i| start + i as f64);
    for _ in 0..turns {
        for lane in &mut lanes {
            *lane = lane.mul_add(0.999, 0.001);
        }
    }
    lanes.iter().sum()
}
