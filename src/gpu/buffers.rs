//! Device buffers that are on the ledger. The only place that creates any.

use super::handle::Handle;
use super::holding::Holding;
use super::ledger::Ticket;
use super::refused::Refused;

/// A buffer to create.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub name: String,
    pub bytes: u64,
    pub usage: wgpu::BufferUsages,
}

/// A buffer on the ledger, freed when dropped (by the driver: once the device is idle and was waited for).
#[derive(Debug)]
pub(super) struct Held {
    pub buffer: wgpu::Buffer,
    pub bytes: u64,
    pub usage: wgpu::BufferUsages,
    pub ticket: Ticket,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.buffer.destroy();
    }
}

/// Asks the driver for a buffer.
pub(super) fn create(handle: &Handle, request: &Request, holding: Holding) -> Result<Held, Refused> {
    let Request { name, bytes, usage } = request;
    if handle.faults.refuses_by_order(*bytes, holding == Holding::InUse, handle.ledger.allocated()) {
        return Err(Refused::Memory);
    }
    let label = Some(name.as_str());
    let descriptor = wgpu::BufferDescriptor { label, size: *bytes, usage: *usage, mapped_at_creation: false };
    let buffer = handle.scoped(name, || handle.device.create_buffer(&descriptor))?;
    Ok(Held { buffer, bytes: *bytes, usage: *usage, ticket: handle.ledger.allocate(name, *bytes, holding) })
}
