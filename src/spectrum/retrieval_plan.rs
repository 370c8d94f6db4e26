//! How spectra, Jacobians and gradients of a retrieval are computed on a device, and what would change that: plain data.

use std::fmt;

use serde::Serialize;

use super::device::derivative_programs::{GradientPlan, JacobianPlan};
use super::device::program::SpectrumPlan;
use crate::{Error, Result};

/// How spectra and derivatives are computed, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RetrievalPlan {
    /// Of the spectrum alone; none on the CPU.
    pub spectrum: Option<SpectrumPlan>,
    /// Of the Jacobian; none on the CPU.
    pub jacobian: Option<JacobianPlan>,
    /// Of the gradient; none on the CPU.
    pub gradient: Option<GradientPlan>,
}

impl fmt::Display for JacobianPlan {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (chunk, peak) = (self.chunk, self.plan.memory.peak_bytes);
        let (m0, m1) = (self.bytes_without_columns, self.bytes_per_column);
        write!(
            f,
            "{chunk} columns held at a time for {} parameters, {m0} + {m1} x {chunk} = {peak} bytes",
            self.columns
        )?;
        write!(f, ", {}", Segments(self.plan.segments))
    }
}

impl fmt::Display for GradientPlan {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let how = if self.stored { "stored" } else { "recomputed" };
        write!(f, "opacities {how}, {} bytes, {}", self.plan.memory.peak_bytes, Segments(self.plan.segments))
    }
}

/// Their number in words.
struct Segments(usize);

impl fmt::Display for Segments {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} segment{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

impl fmt::Display for RetrievalPlan {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.jacobian {
            Some(plan) => writeln!(f, "Jacobian: {plan}")?,
            None => writeln!(f, "Jacobian: none on a device")?,
        }
        match &self.gradient {
            Some(plan) => writeln!(f, "gradient: {plan}"),
            None => writeln!(f, "gradient: none on a device"),
        }
    }
}

/// Another way to a Jacobian or a gradient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DerivativeAlternative {
    /// What is different, such as `gradient, opacities recomputed`.
    pub change: String,
    /// Columns held at a time; 0 for a gradient, or if nothing fits.
    pub chunk: usize,
    /// Whether a gradient's opacities are stored.
    pub stored: bool,
    /// Segments of the grid; 0 if nothing fits.
    pub segments: usize,
    /// Device bytes: taken, or if nothing fits what the smallest plan needs.
    pub device_bytes: u64,
    /// Whether it fits.
    pub fits: bool,
}

impl DerivativeAlternative {
    fn nothing(change: String, needed: u64) -> Self {
        Self { change, chunk: 0, stored: false, segments: 0, device_bytes: needed, fits: false }
    }

    pub(super) fn jacobian(change: String, plan: Result<JacobianPlan>) -> Result<Self> {
        match plan {
            Ok(JacobianPlan { chunk, plan: SpectrumPlan { segments, memory, .. }, .. }) => {
                Ok(Self { change, chunk, stored: false, segments, device_bytes: memory.peak_bytes, fits: true })
            }
            Err(Error::OutOfMemory { needed, .. }) => Ok(Self::nothing(change, needed)),
            Err(other) => Err(other),
        }
    }

    pub(super) fn gradient(change: String, plan: Result<GradientPlan>) -> Result<Self> {
        match plan {
            Ok(GradientPlan { stored, plan: SpectrumPlan { segments, memory, .. } }) => {
                Ok(Self { change, chunk: 0, stored, segments, device_bytes: memory.peak_bytes, fits: true })
            }
            Err(Error::OutOfMemory { needed, .. }) => Ok(Self::nothing(change, needed)),
            Err(other) => Err(other),
        }
    }
}
