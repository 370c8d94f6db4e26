//! A spectrum as a function of a retrieval's parameters, with derivatives in both modes.
//!
//! The user's closure turns parameters into a [`State`], written once over [`Dual`] numbers: its values make the spectrum, its derivatives the
//! Jacobian or the gradient. Programs for a device are planned and made ready when they are first asked for, and kept as long as all of them
//! are within the budget.

use std::fmt;

use super::derivatives::device::{DeviceGradient, DeviceJacobian, Programs};
use super::derivatives::program::Wanted;
use super::derivatives::{Coefficients, DerivativeSettings, LayerGradient, cpu};
use super::device::DeviceEmission;
use super::model::{Dual, EmissionModel, State};
use super::program::Tables;
use super::retrieval_plan::RetrievalPlan;
use crate::atmosphere::PressureGrid;
use crate::backend::Backend;
use crate::gpu::Device;
use crate::objective::SpectrumModel;
use crate::timing::Stages;
use crate::{Error, Result};

/// From parameters to a state.
type Profiles = dyn Fn(&[Dual], &PressureGrid) -> Result<State<Dual>> + Send + Sync;

/// From a spectrum \[nu\] to rows of weights \[nu\].
type WeightsOf<'a> = dyn FnMut(&[f64]) -> Result<Vec<Vec<f64>>> + 'a;

/// A model on a backend, and the parameters it is a function of.
pub struct EmissionRetrieval {
    pub(super) model: EmissionModel,
    pub(super) backend: Backend,
    pub(super) names: Vec<String>,
    profiles: Box<Profiles>,
    settings: DerivativeSettings,
    tables: Option<Tables>,
    programs: Programs,
    plan: RetrievalPlan,
    pub(super) seconds: Stages,
    /// The driver's counter before anything was allocated.
    pub(super) counted_before: u64,
    /// Most rows of weights at a time in reverse mode.
    pub(super) weights: usize,
}

impl fmt::Debug for EmissionRetrieval {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("EmissionRetrieval").field("names", &self.names).field("backend", &self.backend).finish()
    }
}

impl EmissionRetrieval {
    /// A model whose states `profiles` makes of parameters called `names`.
    ///
    /// # Errors
    /// No parameters.
    pub fn new(
        model: EmissionModel,
        backend: &Backend,
        names: Vec<String>,
        profiles: impl Fn(&[Dual], &PressureGrid) -> Result<State<Dual>> + Send + Sync + 'static,
        settings: DerivativeSettings,
    ) -> Result<Self> {
        if names.is_empty() {
            return Err(Error::invalid("parameters of a retrieval", 0, "at least one"));
        }
        Ok(Self {
            model,
            backend: backend.clone(),
            names,
            profiles: Box::new(profiles),
            settings,
            tables: None,
            programs: Programs::default(),
            plan: RetrievalPlan::default(),
            seconds: Stages::default(),
            counted_before: match backend {
                Backend::Cpu => 0,
                Backend::Device(device) => device.counted_bytes(),
            },
            weights: 1,
        })
    }

    /// The model.
    pub fn model(&self) -> &EmissionModel {
        &self.model
    }

    /// How derivatives are to be computed.
    pub fn settings(&self) -> &DerivativeSettings {
        &self.settings
    }

    /// Whether gradients of a scalar are made from the Jacobian.
    pub fn goes_forward(&self) -> bool {
        self.settings.gradient.is_forward(self.names.len())
    }

    /// How spectra and derivatives are computed: what has been made ready so far.
    pub fn plan(&self) -> &RetrievalPlan {
        &self.plan
    }

    /// Most bytes of device memory that its programs took together so far, by their plans.
    pub fn planned_bytes(&self) -> u64 {
        self.programs.most()
    }

    /// Seconds of spectra, Jacobians and gradients so far, their programs' making included, and memory where it was
    /// [watched](crate::host_memory::watch_stages).
    pub fn seconds(&self) -> &Stages {
        &self.seconds
    }

    /// Runs `work` as part of `stage`.
    fn time<T>(&mut self, stage: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let mut seconds = std::mem::take(&mut self.seconds);
        let result = seconds.time(stage, || work(self));
        self.seconds = seconds;
        result
    }

    /// The state at `x`, with its derivatives by all parameters.
    ///
    /// # Errors
    /// A wrong number of parameters; values that make no atmosphere.
    pub fn state(&self, x: &[f64]) -> Result<State<Dual>> {
        if x.len() != self.names.len() {
            let required = format!("{}: {}", self.names.len(), self.names.join(", "));
            return Err(Error::invalid("number of parameters", x.len(), required));
        }
        if let Some(i) = x.iter().position(|v| !v.is_finite()) {
            return Err(Error::invalid(format!("parameter {}", self.names[i]), x[i], "a finite number"));
        }
        let count = dual_nalgebra::Dyn(x.len());
        let derivative = |i| num_dual::Derivative::derivative_generic(count, dual_nalgebra::U1, i);
        let duals: Vec<Dual> = x.iter().enumerate().map(|(i, v)| Dual::new(*v, derivative(i))).collect();
        let state = (self.profiles)(&duals, &self.model.pressure)?;
        self.model.check(&state.values())?;
        Ok(state)
    }

    pub(super) fn coefficients(&self, state: &State<Dual>) -> Result<(State, Coefficients)> {
        let values = state.values();
        let tangents: Vec<State> = (0..self.names.len()).map(|p| state.derivatives(p)).collect();
        let coefficients = Coefficients::new(&self.model, &values, &tangents)?;
        Ok((values, coefficients))
    }

    /// Bytes that its programs may take in all: those that the settings give it, and no more than what the device has left and it holds itself.
    fn budget(&self, device: &Device) -> Result<Option<u64>> {
        let left = device.budget()?.map(|left| left.saturating_add(self.programs.bytes()));
        Ok(self.settings.budget.into_iter().chain(left).min())
    }

    fn tables(&mut self) -> Result<()> {
        if self.tables.is_none() {
            self.tables = Some(Tables::new(&self.model)?);
        }
        Ok(())
    }

    /// Spectrum \[nu\] and Jacobian \[column\]\[nu\] of a state by any directions in it.
    ///
    /// # Errors
    /// A state that is none of the model's, no memory, a lost device.
    pub fn jacobian(&mut self, state: &State, coefficients: &Coefficients) -> Result<(Vec<f64>, Vec<f64>)> {
        self.model.check(state)?;
        self.time("Jacobian", |s| s.jacobian_of(&state.with_least_ratios(), coefficients))
    }

    fn jacobian_of(&mut self, state: &State, coefficients: &Coefficients) -> Result<(Vec<f64>, Vec<f64>)> {
        let Backend::Device(device) = self.backend.clone() else {
            return cpu::jacobian(&self.model, state, coefficients);
        };
        let wanted = Wanted { columns: !coefficients.only_temperature() };
        let columns = coefficients.columns;
        self.tables()?;
        if self.programs.jacobian.as_ref().is_none_or(|j| !j.serves(wanted, columns)) {
            // Its memory goes first.
            self.programs.jacobian = None;
            let (budget, chunk) = (self.budget(&device)?, self.settings.chunk);
            let (model, tables) = (&self.model, self.tables.as_ref().expect("just made"));
            let made = self.programs.open(budget, |room| {
                DeviceJacobian::new(model, tables, &device, wanted, columns, chunk, budget, room)
            })?;
            self.plan.jacobian = Some(made.plan.clone());
            self.programs.hold(|p| p.jacobian = Some(made));
        }
        let program = self.programs.jacobian.as_mut().expect("just made");
        let tables = self.tables.as_ref().expect("just made");
        program.compute(&self.model, tables, state, coefficients)
    }

    /// Spectrum \[nu\] of a state; then, for each of the `weights` \[nu\] that `next` gives, the derivatives by the layers of the sum of weights
    /// times spectrum.
    fn gradients(&mut self, state: &State, wanted: Wanted, next: &mut WeightsOf) -> Result<Vec<LayerGradient>> {
        self.model.check(state)?;
        self.time("gradient", |s| s.gradients_of(&state.with_least_ratios(), wanted, next))
    }

    fn gradients_of(&mut self, state: &State, wanted: Wanted, next: &mut WeightsOf) -> Result<Vec<LayerGradient>> {
        let Backend::Device(device) = self.backend.clone() else {
            let flux = self.cpu_flux(state)?;
            return cpu::layer_gradients(&self.model, state, &next(&flux)?.concat());
        };
        self.tables()?;
        if self.programs.gradient.as_ref().is_none_or(|g| !g.serves(wanted)) {
            self.programs.gradient = None;
            let budget = self.budget(&device)?;
            let (model, tables) = (&self.model, self.tables.as_ref().expect("just made"));
            let made =
                self.programs.open(budget, |room| DeviceGradient::new(model, tables, &device, wanted, budget, room))?;
            self.plan.gradient = Some(made.plan.clone());
            self.programs.hold(|p| p.gradient = Some(made));
        }
        let program = self.programs.gradient.as_mut().expect("just made");
        let tables = self.tables.as_ref().expect("just made");
        let flux = program.flux(&self.model, tables, state)?;
        next(&flux)?.iter().map(|weights| program.layer_gradient(&self.model, weights)).collect()
    }

    fn flux(&mut self, state: &State) -> Result<Vec<f64>> {
        let Backend::Device(device) = self.backend.clone() else { return self.cpu_flux(state) };
        if self.programs.flux.is_none() {
            let (budget, model) = (self.budget(&device)?, &self.model);
            let made = self
                .programs
                .open(budget, |room| DeviceEmission::new(model, &device, budget, room, &mut Stages::default()))?;
            self.plan.spectrum = Some(made.plan().clone());
            self.programs.hold(|p| p.flux = Some(made));
        }
        let emission = self.programs.flux.as_mut().expect("just made");
        let flux = emission.flux(&self.model, state, &mut Stages::default())?;
        Ok(flux.into_iter().map(f64::from).collect())
    }

    fn cpu_flux(&self, state: &State) -> Result<Vec<f64>> {
        super::cpu::CpuEmission::new(&self.model).flux(&self.model, state, &mut Stages::default(), &())
    }

    /// Spectrum's derivatives by everything in the layers, summed with `weights` \[nu\].
    ///
    /// # Errors
    /// A state that is none of the model's, weights of another length, no memory, a lost device.
    pub fn layer_gradient(&mut self, state: &State, weights: &[f64]) -> Result<LayerGradient> {
        self.check_weights(weights.len(), 1)?;
        let mut all = self.gradients(state, Wanted { columns: true }, &mut |_| Ok(vec![weights.to_vec()]))?;
        Ok(all.swap_remove(0))
    }

    /// Spectrum \[nu\]; and in reverse mode from `weights` \[output\]\[nu\] their product with the Jacobian \[output\]\[parameter\].
    ///
    /// # Errors
    /// As [`spectrum`](SpectrumModel::spectrum); weights that are not whole rows.
    pub fn spectrum_and_product(&mut self, x: &[f64], weights: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let n = self.model.grid.len();
        self.check_weights(weights.len(), weights.len().div_ceil(n).max(1))?;
        let (state, coefficients) = self.coefficients(&self.state(x)?)?;
        let wanted = Wanted { columns: !coefficients.only_temperature() };
        self.weights = self.weights.max(weights.len() / n);
        let mut spectrum = Vec::new();
        let gradients = self.gradients(&state, wanted, &mut |flux| {
            spectrum = flux.to_vec();
            Ok(weights.chunks(n).map(<[f64]>::to_vec).collect())
        })?;
        Ok((spectrum, gradients.iter().flat_map(|g| coefficients.transpose(g)).collect()))
    }

    fn check_weights(&self, given: usize, rows: usize) -> Result<()> {
        let n = self.model.grid.len();
        match given == rows * n {
            true => Ok(()),
            false => Err(Error::invalid("number of weights", given, format!("rows of {n}, one for each wavenumber"))),
        }
    }
}

impl SpectrumModel for EmissionRetrieval {
    fn wavenumber(&self) -> &[f64] {
        &self.model.wavenumber
    }

    fn names(&self) -> &[String] {
        &self.names
    }

    fn spectrum(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        let state = self.state(x)?.values();
        self.time("forward", |s| s.flux(&state))
    }

    fn spectrum_and_jacobian(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let (state, coefficients) = self.coefficients(&self.state(x)?)?;
        self.jacobian(&state, &coefficients)
    }

    fn value_and_gradient(
        &mut self,
        x: &[f64],
        scalar: &mut dyn FnMut(&[f64]) -> Result<(f64, Vec<f64>)>,
    ) -> Result<(f64, Vec<f64>)> {
        let (state, coefficients) = self.coefficients(&self.state(x)?)?;
        if self.goes_forward() {
            let (flux, jacobian) = self.jacobian(&state, &coefficients)?;
            let (value, weights) = scalar(&flux)?;
            let product = |column: &[f64]| column.iter().zip(&weights).map(|(j, w)| j * w).sum();
            return Ok((value, jacobian.chunks(weights.len()).map(product).collect()));
        }
        let wanted = Wanted { columns: !coefficients.only_temperature() };
        let mut value = 0.0;
        let gradients = self.gradients(&state, wanted, &mut |flux| {
            let (found, weights) = scalar(flux)?;
            value = found;
            Ok(vec![weights])
        })?;
        Ok((value, coefficients.transpose(&gradients[0])))
    }
}
