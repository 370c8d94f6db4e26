//! The least and the greatest of some numbers.

/// Least and greatest of some numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Span {
    /// Least.
    pub lo: f64,
    /// Greatest.
    pub hi: f64,
}

impl Span {
    /// Of no numbers.
    pub const EMPTY: Self = Self { lo: f64::INFINITY, hi: f64::NEG_INFINITY };

    /// Includes a number.
    pub fn include(&mut self, v: f64) {
        *self = Self { lo: self.lo.min(v), hi: self.hi.max(v) };
    }

    /// Includes another span.
    pub fn join(&mut self, other: Self) {
        *self = Self { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) };
    }
}
