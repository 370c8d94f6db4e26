//! Memory taken away on purpose, so that running out of it can be reproduced.

use super::buffers::{Held, create};
use super::holding::Holding;
use super::pool::ballast_request;
use super::refused::Refused;
use super::{Device, MemoryPolicy};
use crate::{Error, Result};

/// Leaves an exact number of bytes of a device; gives the rest back when dropped.
///
/// Under a policy with a budget the *budget* is filled: for as long as the ballast lives, workspaces in sum may grow by exactly
/// that many bytes, on any device, whatever other programs do and however much memory its driver pretends to have.
///
/// Under [`MemoryPolicy::Exact`] there is no budget, and the *device* is filled with buffers until its driver refuses the smallest;
/// then it is the driver that says no. That is refused on software drivers, which promise more memory than the computer has. A driver gives
/// memory in blocks, so what is left to it differs from `bytes` by up to a block for each buffer that is then created.
#[derive(Debug)]
pub struct Ballast {
    device: Device,
    buffers: Vec<Held>,
    cap: Option<u64>,
}

/// Where filling a device ends \[bytes\]; drivers give memory in blocks of about this size or a few times it.
const SMALLEST: u64 = 64 << 10;

impl Ballast {
    /// Leaves `bytes` of the device.
    ///
    /// Errors: [`Error::Invalid`] if there is less already, or under [`MemoryPolicy::Exact`] on a software driver.
    pub fn leave_free(device: &Device, bytes: u64) -> Result<Self> {
        device.handle.check()?;
        if device.memory_policy() == MemoryPolicy::Exact {
            if !device.info().is_gpu && device.handle.faults.capacity_by_order().is_none() {
                let given = format!("the policy `exact` on `{}`, whose memory has no end", device.info().name);
                return Err(Error::invalid("ballast", given, "a policy with a budget on a software driver"));
            }
            return Self::fill(device, bytes);
        }
        match device.pool.cap(&device.handle, bytes) {
            Ok(cap) => Ok(Self { device: device.clone(), buffers: Vec::new(), cap: Some(cap) }),
            Err(budget) => {
                let required = format!("at most the budget, {} bytes now", budget.unwrap_or(0));
                Err(Error::invalid("bytes that ballast leaves free", bytes, required))
            }
        }
    }

    /// Device memory that this holds, as buffers \[bytes\]; 0 where a budget is filled.
    pub fn bytes(&self) -> u64 {
        self.buffers.iter().map(|b| b.bytes).sum()
    }

    fn fill(device: &Device, bytes: u64) -> Result<Self> {
        // What is to stay free is taken first and given back last, so that it is there, however the driver rounds.
        let largest = device.limits().buffer_bytes;
        let mut hole = Self { device: device.clone(), buffers: Vec::new(), cap: None };
        let mut left = bytes.next_multiple_of(4);
        while left > 0 {
            let size = left.min(largest);
            match create(&device.handle, &ballast_request("gpu.ballast", size), Holding::Ballast) {
                Ok(held) => hole.buffers.push(held),
                Err(Refused::Other(error)) => return Err(error),
                Err(Refused::Memory) => {
                    let required = format!("at most what is free, {} bytes or a little more", hole.bytes());
                    return Err(Error::invalid("bytes that ballast leaves free", bytes, required));
                }
            }
            left -= size;
        }
        let mut ballast = Self { device: device.clone(), buffers: Vec::new(), cap: None };
        let mut size = largest;
        while size >= SMALLEST {
            match create(&device.handle, &ballast_request("gpu.ballast", size), Holding::Ballast) {
                Ok(held) => ballast.buffers.push(held),
                Err(Refused::Memory) => size /= 2,
                Err(Refused::Other(error)) => return Err(error),
            }
        }
        Ok(ballast)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        if let Some(cap) = self.cap {
            self.device.pool.uncap(cap);
        }
        if !self.buffers.is_empty() {
            self.buffers.clear();
            let _ = self.device.handle.wait(None);
        }
    }
}
