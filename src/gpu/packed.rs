//! Inputs that wait on the host for the next run, and go to the device with it: no submission and no wait of their own.

use super::pool::Tracked;
use super::transfer::fill;
use super::{BufferId, Device, Role, Summary};
use crate::Result;

/// A program's inputs, one after the other as they lie in the staging buffer.
#[derive(Debug, Default)]
pub(super) struct Packed {
    bytes: Vec<u8>,
    /// By buffer: where its bytes start, if it is an input that is used.
    place: Vec<Option<usize>>,
    /// Those written since the last run.
    waiting: Vec<BufferId>,
}

impl Packed {
    /// None waits.
    pub fn new(summary: &Summary) -> Self {
        let mut end = 0;
        let place = summary.buffers.iter().map(|b| {
            let place = (b.role == Role::Input && !b.lives.is_empty()).then_some(end);
            end += place.map_or(0, |_| b.bytes as usize);
            place
        });
        let place = place.collect();
        Self { bytes: vec![0; end], place, waiting: Vec::new() }
    }

    /// Keeps what is written to an input; false if the buffer is none.
    pub fn keep(&mut self, buffer: BufferId, bytes: &[u8]) -> bool {
        let Some(start) = self.place.get(buffer.0).copied().flatten() else { return false };
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        if !self.waiting.contains(&buffer) {
            self.waiting.push(buffer);
        }
        true
    }

    /// Fills the staging buffer with what waits, and says what is to be copied from it before the passes: buffer, and the first byte.
    pub fn stage(&mut self, device: &Device, staging: Option<&Tracked>) -> Result<Vec<(BufferId, u64)>> {
        let (Some(staging), false) = (staging, self.waiting.is_empty()) else { return Ok(Vec::new()) };
        fill(device, staging, &self.bytes)?;
        let copy = |buffer: BufferId| (buffer, self.place[buffer.0].unwrap_or_default() as u64);
        Ok(self.waiting.drain(..).map(copy).collect())
    }
}
