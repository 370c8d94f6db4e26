//! Plans of what a retrieval will make ready on a device: pure, without a device.

use super::derivatives::{ChunkSize, DerivativeSettings};
use super::device::derivative_programs::{GradientPlan, GradientProgram, JacobianPlan, JacobianProgram, Wanted};
use super::device::program::Tables;
use super::model::Model;
use super::retrieval::Retrieval;
use super::retrieval_plan::{DerivativeAlternative, RetrievalPlan};
use crate::Result;
use crate::gpu::Limits;

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
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory) if the smallest plan needs more.
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
    /// As [`state`](Self::state); [`Error::OutOfMemory`](crate::Error::OutOfMemory) if the smallest plan needs more.
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
