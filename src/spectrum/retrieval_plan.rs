//! What spectra, Jacobians and gradients of a retrieval take on a device, and what would change that: pure, without a device.

use std::fmt;

use serde::Serialize;

use super::derivatives::{ChunkSize, DerivativeSettings};
use super::device::derivative_programs::{GradientPlan, GradientProgram, JacobianPlan, JacobianProgram, Wanted};
use super::device::program::{SpectrumPlan, Tables};
use super::model::Model;
use super::retrieval::Retrieval;
use crate::gpu::Limits;
use crate::{Error, Result};

/// How spectra and derivatives are computed, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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

    fn jacobian(change: String, plan: Result<JacobianPlan>) -> Result<Self> {
        match plan {
            Ok(JacobianPlan { chunk, plan: SpectrumPlan { segments, memory, .. }, .. }) => {
                Ok(Self { change, chunk, stored: false, segments, device_bytes: memory.peak_bytes, fits: true })
            }
            Err(Error::OutOfMemory { needed, .. }) => Ok(Self::nothing(change, needed)),
            Err(other) => Err(other),
        }
    }

    fn gradient(change: String, plan: Result<GradientPlan>) -> Result<Self> {
        match plan {
            Ok(GradientPlan { stored, plan: SpectrumPlan { segments, memory, .. } }) => {
                Ok(Self { change, chunk: 0, stored, segments, device_bytes: memory.peak_bytes, fits: true })
            }
            Err(Error::OutOfMemory { needed, .. }) => Ok(Self::nothing(change, needed)),
            Err(other) => Err(other),
        }
    }
}

/// What plans are made from.
struct Planner<'a> {
    model: &'a Model,
    tables: Tables,
    wanted: Wanted,
    columns: usize,
    limits: &'a Limits,
}

impl Planner<'_> {
    fn jacobian(&self, chunk: ChunkSize, budget: Option<u64>) -> Result<JacobianPlan> {
        let Self { model, tables, wanted, columns, limits } = self;
        Ok(JacobianProgram::choose(model, tables, *wanted, *columns, chunk, limits, budget)?.plan())
    }

    fn gradient(&self, ways: &[bool], budget: Option<u64>) -> Result<GradientPlan> {
        let Self { model, tables, wanted, limits, .. } = self;
        Ok(GradientProgram::choose(model, tables, *wanted, ways, limits, budget)?.plan())
    }

    fn all(&self, settings: &DerivativeSettings) -> Result<RetrievalPlan> {
        let budget = settings.budget;
        Ok(RetrievalPlan {
            jacobian: Some(self.jacobian(settings.chunk, budget)?),
            gradient: Some(self.gradient(GradientProgram::WAYS, budget)?),
            spectrum: Some(self.model.plan(self.limits, budget)?),
        })
    }
}

impl Model {
    /// The plans of a spectrum, of a Jacobian by `columns` parameters of any kind, and of a gradient, on a device with `limits`, each within the settings'
    /// budget.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] if the smallest plan needs more.
    pub fn plan_derivatives(
        &self,
        columns: usize,
        settings: &DerivativeSettings,
        limits: &Limits,
    ) -> Result<RetrievalPlan> {
        let (tables, wanted) = (Tables::new(self)?, Wanted { columns: true });
        Planner { model: self, tables, wanted, columns, limits }.all(settings)
    }
}

impl Retrieval {
    /// What it will make ready on a device with `limits` for parameters like `x`: each plan is within the settings' budget, whatever the backend.
    /// Where temperatures alone depend on the parameters, less is held.
    ///
    /// # Errors
    /// As [`state`](Self::state); [`Error::OutOfMemory`] if the smallest plan needs more.
    pub fn plan_at(&self, x: &[f64], limits: &Limits) -> Result<RetrievalPlan> {
        self.planner(x, limits)?.all(self.settings())
    }

    /// The plan of a gradient alone, as [`plan_at`](Self::plan_at) gives it.
    ///
    /// # Errors
    /// As [`plan_at`](Self::plan_at).
    pub fn plan_gradient(&self, x: &[f64], limits: &Limits) -> Result<GradientPlan> {
        self.planner(x, limits)?.gradient(GradientProgram::WAYS, self.settings().budget)
    }

    /// The plan of a Jacobian alone, as [`plan_at`](Self::plan_at) gives it.
    ///
    /// # Errors
    /// As [`plan_at`](Self::plan_at).
    pub fn plan_jacobian(&self, x: &[f64], limits: &Limits) -> Result<JacobianPlan> {
        self.planner(x, limits)?.jacobian(self.settings().chunk, self.settings().budget)
    }

    /// The neighbours of the `plan` at `x`: fewest and all columns at a time, opacities stored or recomputed, half and twice the budget (of the plan's own
    /// bytes if there is none). `name` writes bytes.
    ///
    /// # Errors
    /// Planning fails for another reason than memory.
    pub fn alternatives(
        &self,
        x: &[f64],
        plan: &RetrievalPlan,
        limits: &Limits,
        name: impl Fn(u64) -> String,
    ) -> Result<Vec<DerivativeAlternative>> {
        type Way = DerivativeAlternative;
        let (planner, settings) = (self.planner(x, limits)?, self.settings());
        let mut all = Vec::new();
        if let Some(plan) = &plan.jacobian {
            let whole = plan.columns.next_multiple_of(8);
            for (chunk, words) in [(8, "8 columns at a time"), (whole, "all columns at once")] {
                if chunk != plan.chunk {
                    let other = planner.jacobian(ChunkSize::Columns(chunk), settings.budget);
                    all.push(Way::jacobian(format!("Jacobian, {words}"), other)?);
                }
            }
            let budget = settings.budget.unwrap_or(plan.plan.memory.peak_bytes);
            for budget in [budget / 2, budget.saturating_mul(2)] {
                let other = planner.jacobian(settings.chunk, Some(budget));
                all.push(Way::jacobian(format!("Jacobian, budget {}", name(budget)), other)?);
            }
        }
        if let Some(plan) = &plan.gradient {
            let how = if plan.stored { "recomputed" } else { "stored" };
            let other = planner.gradient(&[!plan.stored], settings.budget);
            all.push(Way::gradient(format!("gradient, opacities {how}"), other)?);
            let budget = settings.budget.unwrap_or(plan.plan.memory.peak_bytes);
            for budget in [budget / 2, budget.saturating_mul(2)] {
                let other = planner.gradient(GradientProgram::WAYS, Some(budget));
                all.push(Way::gradient(format!("gradient, budget {}", name(budget)), other)?);
            }
        }
        Ok(all)
    }

    fn planner<'a>(&'a self, x: &[f64], limits: &'a Limits) -> Result<Planner<'a>> {
        let coefficients = self.coefficients(&self.state(x)?)?;
        let wanted = Wanted { columns: !coefficients.only_transfer() };
        let (model, tables) = (&self.model, Tables::new(&self.model)?);
        Ok(Planner { model, tables, wanted, columns: coefficients.columns, limits })
    }
}
