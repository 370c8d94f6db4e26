//! Who gets device memory: the policy's budget, a reserve held from the start, and buffers kept for the next workspace.
//!
//! **How this differs from an arena.** A GPU arena takes one large allocation and hands out ranges of it. wgpu forbids to read one range
//! of a buffer and write another in the same dispatch, so ranges of a common buffer would be of little use. The reserve of a
//! [`Fraction`](super::MemoryPolicy::Fraction) is therefore *ballast*: buffers that nobody uses and that keep the memory from other
//! programs. When a workspace allocates, as much ballast is freed as it needs and its buffers are created in that room. When a workspace is dropped, its buffers stay in the pool, and the next one that needs a buffer of the same
//! size takes it: a sequence of equal programs allocates nothing. What no longer fits is freed again, oldest first.
//!
//! Two things follow. The bytes held (in use, unused and ballast together) are the same from start to end. And in the moment between freeing
//! ballast and allocating, another program could take the memory; then the workspace fails with an error, and the reserve is smaller until
//! memory can be had again.
//!
//! Under the other policies the reserve is empty and nothing is kept: a dropped workspace's memory goes back to the driver.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard};

use super::MemoryPolicy;
use super::buffers::{Held, Request, create};
use super::handle::Handle;
use super::holding::Holding;
use super::refused::Refused;
use crate::{Error, Result};

/// The pool of a device.
#[derive(Debug, Default)]
pub(super) struct Pool {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    policy: MemoryPolicy,
    /// Bytes to hold in all; 0 except under a fraction.
    reserve: u64,
    /// Buffers of dropped workspaces, oldest first.
    unused: Vec<Held>,
    /// Makes up what the reserve lacks.
    ballast: Vec<Held>,
    /// Most bytes in use that each [`Ballast`](super::Ballast) allows.
    caps: BTreeMap<u64, u64>,
    next_cap: u64,
}

/// A buffer of a workspace; goes back to the pool when dropped.
#[derive(Debug)]
pub(super) struct Tracked {
    /// Always there until the drop.
    held: Option<Held>,
    pool: Arc<Pool>,
}

impl Deref for Tracked {
    type Target = Held;

    fn deref(&self) -> &Held {
        self.held.as_ref().expect("held until dropped")
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        let Some(mut held) = self.held.take() else { return };
        let mut state = self.pool.lock();
        if state.reserve > 0 {
            held.ticket.turn("pool.unused", Holding::Unused);
            state.unused.push(held);
        }
    }
}

impl Pool {
    pub fn policy(&self) -> MemoryPolicy {
        self.lock().policy
    }

    /// Sets the policy, and gives up or builds up the reserve. Where that fails the policy is the old one.
    pub fn set_policy(&self, handle: &Handle, policy: MemoryPolicy) -> Result<()> {
        let mut state = self.lock();
        let before = (state.policy, state.reserve);
        let reserve = match policy {
            MemoryPolicy::Fraction(fraction) => reserve(handle, fraction)?,
            _ => 0,
        };
        (state.policy, state.reserve) = (policy, reserve);
        state.release(handle, u64::MAX)?;
        state.fill(handle, 0).map_err(|refused| {
            (state.policy, state.reserve) = before;
            let _ = state.release(handle, u64::MAX);
            let _ = state.fill(handle, 0);
            match refused {
                Refused::Other(error) => error,
                Refused::Memory => {
                    let what = format!("a reserve of {policy} of the device's memory (the driver refused it)");
                    Error::out_of_memory(what, reserve, handle.ledger.allocated())
                }
            }
        })
    }

    /// Bytes that a workspace may take now.
    pub fn budget(&self, handle: &Handle) -> Option<u64> {
        self.lock().budget(handle)
    }

    /// Lets at most `bytes` more come into use until [`uncap`](Self::uncap) is called with the number returned; fails with the budget if
    /// that is less.
    pub fn cap(&self, handle: &Handle, bytes: u64) -> Result<u64, Option<u64>> {
        let mut state = self.lock();
        match state.budget(handle) {
            Some(budget) if budget >= bytes => {
                let number = state.next_cap;
                state.next_cap += 1;
                state.caps.insert(number, handle.ledger.current() + bytes);
                Ok(number)
            }
            other => Err(other),
        }
    }

    pub fn uncap(&self, number: u64) {
        self.lock().caps.remove(&number);
    }

    /// All buffers of a workspace, or none. `what` names it in errors.
    pub fn allocate(self: &Arc<Self>, handle: &Handle, requests: &[Request], what: &str) -> Result<Vec<Tracked>> {
        // The lock is held throughout, so that two threads cannot both be granted the same bytes.
        let held = self.lock().allocate(handle, requests, what)?;
        Ok(held.into_iter().map(|held| Tracked { held: Some(held), pool: self.clone() }).collect())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    fn budget(&self, handle: &Handle) -> Option<u64> {
        let taken = handle.ledger.current();
        // What is unused would be freed first, so it is not taken; but the driver does not know that.
        let idle = handle.ledger.allocated() - taken;
        let free = || handle.driver_memory().free.map(|free| free + idle);
        let free = (self.policy == MemoryPolicy::Default).then(free).flatten();
        let cap = self.caps.values().map(|cap| cap.saturating_sub(taken)).min();
        self.policy.budget(free, taken, self.reserve).into_iter().chain(cap).min()
    }

    fn allocate(&mut self, handle: &Handle, requests: &[Request], what: &str) -> Result<Vec<Held>> {
        let needed = requests.iter().map(|r| r.bytes).sum();
        if let Some(limit) = self.budget(handle).filter(|&limit| needed > limit) {
            return Err(Error::out_of_memory(what, needed, limit));
        }
        let mut found: Vec<Option<Held>> = requests.iter().map(|r| self.reuse(r)).collect();
        let missing: u64 = requests.iter().zip(&found).filter(|(_, f)| f.is_none()).map(|(r, _)| r.bytes).sum();
        let result = self.make_room(handle, missing).and_then(|()| {
            for (request, found) in requests.iter().zip(&mut found).filter(|(_, f)| f.is_none()) {
                *found = Some(create(handle, request, Holding::InUse).map_err(|refused| match refused {
                    Refused::Memory => {
                        let what = format!("{what}; the driver refused `{}`, {} bytes", request.name, request.bytes);
                        Error::out_of_memory(what, needed, handle.ledger.current())
                    }
                    Refused::Other(error) => error,
                })?);
            }
            Ok(())
        });
        if result.is_err() {
            found.clear();
            // The driver frees what was created before the error once it is asked.
            let _ = handle.wait(None);
        }
        // Where the reserve cannot be filled up now, the next allocation tries again.
        let _ = self.fill(handle, 0);
        result.map(|()| found.into_iter().flatten().collect())
    }

    /// An unused buffer that is exactly what is asked for.
    fn reuse(&mut self, request: &Request) -> Option<Held> {
        let at = self.unused.iter().position(|h| (h.bytes, h.usage) == (request.bytes, request.usage))?;
        let mut held = self.unused.remove(at);
        held.ticket.turn(&request.name, Holding::InUse);
        Some(held)
    }

    /// Frees ballast and unused buffers until `bytes` can be allocated within the reserve.
    fn make_room(&mut self, handle: &Handle, bytes: u64) -> Result<()> {
        if self.reserve == 0 || bytes == 0 {
            return Ok(());
        }
        let room = self.reserve.saturating_sub(handle.ledger.allocated());
        self.release(handle, bytes.saturating_sub(room))?;
        // Ballast comes in large pieces; what was freed beyond need is taken back at once. If that fails, what is needed may still be there.
        let _ = self.fill(handle, bytes);
        Ok(())
    }

    /// Frees `bytes` of ballast, then of unused buffers, or all there is.
    fn release(&mut self, handle: &Handle, bytes: u64) -> Result<()> {
        let mut freed = 0;
        while freed < bytes {
            // The smallest that is large enough, else the largest: few buffers are touched, and little has to be filled up again.
            let order = |h: &Held| if h.bytes >= bytes - freed { h.bytes } else { u64::MAX - h.bytes };
            let ballast = (0..self.ballast.len()).min_by_key(|&i| order(&self.ballast[i]));
            let held = match ballast {
                Some(at) => self.ballast.swap_remove(at),
                None if !self.unused.is_empty() => self.unused.remove(0),
                None => break,
            };
            freed += held.bytes;
        }
        if freed > 0 { handle.wait(None) } else { Ok(()) }
    }

    /// Fills the reserve up, except for `room` bytes.
    fn fill(&mut self, handle: &Handle, room: u64) -> Result<(), Refused> {
        let wanted = self.reserve.saturating_sub(room);
        let missing = |handle: &Handle| wanted.saturating_sub(handle.ledger.allocated()) / 4 * 4;
        while missing(handle) > 0 {
            let bytes = missing(handle).min(handle.limits.buffer_bytes);
            self.ballast.push(create(handle, &ballast_request("gpu.reserve", bytes), Holding::Ballast)?);
        }
        Ok(())
    }
}

/// Ballast of a size.
pub(super) fn ballast_request(name: &str, bytes: u64) -> Request {
    Request { name: name.to_owned(), bytes, usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST }
}

/// A fraction in bytes.
fn reserve(handle: &Handle, fraction: f64) -> Result<u64> {
    if !(fraction > 0.0 && fraction <= 1.0) {
        return Err(Error::invalid("memory budget", fraction, "a fraction above 0 and at most 1"));
    }
    match handle.driver_memory().total {
        Some(total) => Ok((total as f64 * fraction) as u64 / 256 * 256),
        None => Err(Error::invalid(
            "memory budget",
            format!("{fraction} of the memory of `{}`, whose driver does not say how much it has", handle.info.name),
            "a size such as `48MiB`",
        )),
    }
}
