//! Copies between host and device through two staging buffers that are part of the plan.
//!
//! `queue.write_buffer` would allocate a hidden staging buffer of the full size per call; these two are in the plan and
//! in the ledger, and larger transfers go through them in chunks.

use std::sync::mpsc;

use super::Device;
use super::pool::Tracked;
use crate::{Error, Result};

/// Writes `bytes` to `target` at `offset`. Lengths and offset are multiples of 4 and inside the buffer.
pub(super) fn upload(
    device: &Device,
    staging: &Tracked,
    target: &wgpu::Buffer,
    offset: u64,
    bytes: &[u8],
) -> Result<()> {
    let mut at = offset;
    for chunk in bytes.chunks(staging.bytes as usize) {
        let length = chunk.len() as u64;
        fill(device, staging, chunk)?;
        copy(device, (&staging.buffer, 0), (target, at), length)?;
        at += length;
    }
    Ok(())
}

/// Writes `bytes`, no more than it holds, to the staging buffer. Waits for copies from it that are under way.
pub(super) fn fill(device: &Device, staging: &Tracked, bytes: &[u8]) -> Result<()> {
    let length = bytes.len() as u64;
    map(device, &staging.buffer, wgpu::MapMode::Write, length)?;
    let written = staging.buffer.slice(..length).get_mapped_range_mut().map(|mut view| view.copy_from_slice(bytes));
    staging.buffer.unmap();
    written.map_err(|e| Error::Rejected(format!("staging buffer: {e}")))
}

/// Reads `bytes` from `source` at `offset`. Lengths and offset are multiples of 4 and inside the buffer.
pub(super) fn read_back(
    device: &Device,
    staging: &Tracked,
    source: &wgpu::Buffer,
    offset: u64,
    bytes: &mut [u8],
) -> Result<()> {
    let mut at = offset;
    for chunk in bytes.chunks_mut(staging.bytes as usize) {
        let length = chunk.len() as u64;
        copy(device, (source, at), (&staging.buffer, 0), length)?;
        map(device, &staging.buffer, wgpu::MapMode::Read, length)?;
        let read = staging.buffer.slice(..length).get_mapped_range().map(|view| chunk.copy_from_slice(&view));
        staging.buffer.unmap();
        read.map_err(|e| Error::Rejected(format!("readback buffer: {e}")))?;
        at += length;
    }
    Ok(())
}

fn copy(device: &Device, source: (&wgpu::Buffer, u64), target: (&wgpu::Buffer, u64), bytes: u64) -> Result<()> {
    device.handle.lose_if_ordered();
    Ok(device.handle.scoped("copy", || {
        let mut encoder = device.handle.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(source.0, source.1, target.0, target.1, bytes);
        device.handle.queue.submit([encoder.finish()]);
    })?)
}

fn map(device: &Device, buffer: &wgpu::Buffer, mode: wgpu::MapMode, bytes: u64) -> Result<()> {
    device.handle.lose_if_ordered();
    let (sender, receiver) = mpsc::channel();
    device.handle.scoped("map", || {
        buffer.slice(..bytes).map_async(mode, move |result| {
            // The receiver outlives the wait below; if it is gone, nobody is interested.
            let _ = sender.send(result);
        });
    })?;
    device.handle.wait(None)?;
    match receiver.try_recv() {
        Ok(Ok(())) => Ok(()),
        _ => {
            device.handle.check()?;
            Err(Error::Rejected("a staging buffer could not be mapped".to_owned()))
        }
    }
}
