//! A spectrum as a function of a retrieval's parameters, with derivatives in both modes.
//!
//! The user's closure turns parameters into a [`State`], written once over [`Dual`] numbers: its values make the spectrum, its derivatives the
//! Jacobian or the gradient. Programs for a device are planned and made ready when they are first asked for, and kept as long as all of them
//! are within the budget.

use std::fmt;

use super::cpu::{self, CpuSpectrum};
use super::derivatives::{Coefficients, DerivativeSettings, LayerGradient};
use super::device::DeviceSpectrum;
use super::device::derivative_programs::Wanted;
use super::device::derivatives::{DeviceGradient, DeviceJacobian, Programs};
use super::device::program::Tables;
use super::finite::check_finite;
use super::model::Model;
use super::retrieval_plan::RetrievalPlan;
use crate::atmosphere::{PressureGrid, State};
use crate::backend::Backend;
use crate::dual::Dual;
use crate::gpu::Device;
use crate::objective::SpectrumModel;
use crate::output::Values;
use crate::stage::Stage;
use crate::timing::Stages;
use crate::{Error, Result};

/// From parameters to a state.
type Profiles = dyn Fn(&[Dual], &PressureGrid) -> Result<State<Dual>> + Send + Sync;

/// From a spectrum \[nu\] to rows of weights \[nu\].
type WeightsOf<'a> = dyn FnMut(&[f64]) -> Result<Vec<Vec<f64>>> + 'a;

/// A model on a backend, and the parameters it is a function of.
///
/// ```
/// use photosphere::objective::SpectrumModel;
/// use photosphere::prelude::*;
///
/// let grid = Grid::with_resolution(4300.0, 4305.0, 1e5)?;
/// let pressure = PressureGrid::logarithmic(1e-4, 10.0, 20)?;
/// let range = TemperatureRange::new(500.0, 2000.0)?;
/// let co = carbon_monoxide::line_list(Isotopologue::C12O16, Broadener::Hydrogen, None, 1e-24)?;
/// let settings = Settings { temperature_range: range, ..Settings::default() };
/// let model = Model::emission(grid, pressure).opacity(Absorber::new("CO", co)).settings(settings).build()?;
///
/// // Parameters to a state, in dual numbers: T(P) = T0 (P / bar)^alpha.
/// let profiles = move |x: &[Dual], layers: &PressureGrid| {
///     let constant = |value: f64| vec![Dual::from(value); layers.layers()];
///     let profile = TemperatureProfile::PowerLaw { temperature_k: x[0].clone(), exponent: x[1].clone() };
///     let temperature = profile.at(layers.pressure_bar(), Some(range))?;
///     Ok(State::new(temperature, constant(2500.0), constant(2.33)).with_mass_ratio("CO", Dual::from(1e-3)))
/// };
/// let names = vec!["T0".into(), "alpha".into()];
/// let mut retrieval = Retrieval::new(model, &Backend::Cpu, names, profiles, DerivativeSettings::default())?;
///
/// let (flux, jacobian) = retrieval.spectrum_and_jacobian(&[1200.0, 0.1])?; // [nu], [parameter][nu]
/// let (_, gradient) = retrieval.spectrum_and_product(&[1200.0, 0.1], &vec![1.0; flux.len()])?; // of the sum
/// let sum: f64 = jacobian[..flux.len()].iter().sum();
/// assert!((sum / gradient[0] - 1.0).abs() < 1e-9);
/// # Ok::<(), photosphere::Error>(())
/// ```
pub struct Retrieval {
    pub(crate) model: Model,
    pub(crate) backend: Backend,
    pub(crate) names: Vec<String>,
    profiles: Box<Profiles>,
    settings: DerivativeSettings,
    tables: Option<Tables>,
    programs: Programs,
    plan: RetrievalPlan,
    pub(crate) seconds: Stages,
    /// The driver's counter before anything was allocated.
    pub(crate) counted_before: u64,
    /// Most rows of weights at a time in reverse mode.
    pub(crate) weights: usize,
    /// How often the device was lost and opened again.
    losses: u32,
}

impl fmt::Debug for Retrieval {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Retrieval").field("names", &self.names).field("backend", &self.backend).finish()
    }
}

impl Retrieval {
    /// A model whose states `profiles` makes of parameters called `names`.
    ///
    /// # Errors
    /// No parameters.
    pub fn new(
        model: Model,
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
            losses: 0,
        })
    }

    /// The model.
    pub fn model(&self) -> &Model {
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

    /// How often the device was lost, and opened again.
    pub fn device_losses(&self) -> u32 {
        self.losses
    }

    /// Runs `work`; if the device is lost meanwhile, once more on the same one opened again. What was made ready on it is made anew, and results have the same
    /// bits.
    fn once_more_if_lost<T>(&mut self, mut work: impl FnMut(&mut Self) -> Result<T>) -> Result<T> {
        let lost = match work(self) {
            Err(error @ Error::DeviceLost(_)) => error,
            other => return other,
        };
        let Backend::Device(device) = &self.backend else { return Err(lost) };
        let Ok(device) = device.reopened() else { return Err(lost) };
        self.programs.release();
        self.counted_before = device.counted_bytes();
        self.backend = Backend::Device(device);
        self.losses += 1;
        work(self)
    }

    /// Runs `work` as part of `stage`.
    fn time<T>(&mut self, stage: Stage, work: impl FnOnce(&mut Self) -> T) -> T {
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
        let duals: Vec<Dual> = x.iter().enumerate().map(|(i, v)| Dual::variable(*v, i, x.len())).collect();
        let state = (self.profiles)(&duals, &self.model.pressure)?;
        self.model.check(&state.values())?;
        Ok(state)
    }

    pub(super) fn coefficients(&self, state: &State<Dual>) -> Result<Coefficients> {
        Coefficients::new(&self.model, state, self.names.len())
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
        let state = &state.as_dual().with_least_ratios().values();
        let (computed, mut jacobian) =
            self.time(Stage::Jacobian, |s| s.once_more_if_lost(|s| s.jacobian_of(state, coefficients)))?;
        let (layers, geometry) = (self.model.layers(), &self.model.geometry);
        if let Some(row) = geometry.direct_row(layers) {
            let direct = coefficients.row(layers + row);
            let columns = jacobian.chunks_mut(computed.len()).zip(direct);
            columns.for_each(|(column, d)| column.iter_mut().for_each(|j| *j += d));
        }
        let observed = self.observe(state, computed);
        if let Some(slope) = geometry.observed_slope(state, &observed) {
            let columns = jacobian.chunks_mut(observed.len());
            columns.for_each(|column| column.iter_mut().zip(&slope).for_each(|(j, s)| *j *= s));
        }
        self.check("spectrum", &observed)?;
        self.check("Jacobian", &jacobian)?;
        Ok((observed, jacobian))
    }

    fn jacobian_of(&mut self, state: &State, coefficients: &Coefficients) -> Result<(Vec<f64>, Vec<f64>)> {
        let Backend::Device(device) = self.backend.clone() else {
            return cpu::jacobian(&self.model, state, coefficients);
        };
        let wanted = Wanted { columns: !coefficients.only_transfer() };
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
        program.compute(&self.model, state, coefficients)
    }

    fn check(&self, what: &str, values: &[f64]) -> Result<()> {
        check_finite(what, &self.model.wavenumber, values)
    }

    /// What is observed of what was computed.
    fn observe(&self, state: &State, computed: Vec<f64>) -> Vec<f64> {
        self.model.geometry.observe(state, Values::F64(computed)).into_f64()
    }

    /// Spectrum \[nu\] of a state; then, for each of the `weights` \[nu\] that `next` gives, the derivatives by the layers of the sum of weights
    /// times spectrum.
    fn gradients(&mut self, state: &State, wanted: Wanted, next: &mut WeightsOf) -> Result<Vec<LayerGradient>> {
        self.model.check(state)?;
        let state = &state.as_dual().with_least_ratios().values();
        let model = self.model.clone();
        // Weights of what is observed are those of what is computed, times the slope between them.
        let mut sums = Vec::new();
        let mut of_computed = |computed: &[f64]| {
            let observed = model.geometry.observe(state, Values::F64(computed.to_vec())).into_f64();
            let mut rows = next(&observed)?;
            if let Some(slope) = model.geometry.observed_slope(state, &observed) {
                rows.iter_mut().for_each(|row| row.iter_mut().zip(&slope).for_each(|(w, s)| *w *= s));
            }
            sums = rows.iter().map(|row| row.iter().sum()).collect();
            Ok(rows)
        };
        let mut gradients =
            self.time(Stage::Gradient, |s| s.once_more_if_lost(|s| s.gradients_of(state, wanted, &mut of_computed)))?;
        if let Some(row) = model.geometry.direct_row(model.layers()) {
            let all = gradients.iter_mut().zip(&sums);
            all.for_each(|(gradient, sum): (_, &f64)| gradient.add_to_row(model.layers() + row, *sum));
        }
        Ok(gradients)
    }

    fn gradients_of(&mut self, state: &State, wanted: Wanted, next: &mut WeightsOf) -> Result<Vec<LayerGradient>> {
        let Backend::Device(device) = self.backend.clone() else {
            let computed = self.cpu_values(state)?;
            return cpu::layer_gradients(&self.model, state, &next(&computed)?.concat());
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
        let computed = program.values(&self.model, state)?;
        next(&computed)?.iter().map(|weights| program.layer_gradient(&self.model, weights)).collect()
    }

    /// What is computed \[nu\] for a state.
    fn values(&mut self, state: &State) -> Result<Vec<f64>> {
        let Backend::Device(device) = self.backend.clone() else { return self.cpu_values(state) };
        if self.programs.values.is_none() {
            let (budget, model) = (self.budget(&device)?, &self.model);
            let made = self
                .programs
                .open(budget, |room| DeviceSpectrum::new(model, &device, budget, room, &mut Stages::default()))?;
            self.plan.spectrum = Some(made.plan().clone());
            self.programs.hold(|p| p.values = Some(made));
        }
        let spectrum = self.programs.values.as_mut().expect("just made");
        let values = spectrum.values(&self.model, state, &mut Stages::default())?;
        Ok(values.into_iter().map(f64::from).collect())
    }

    fn cpu_values(&self, state: &State) -> Result<Vec<f64>> {
        CpuSpectrum::default().values(&self.model, state, &mut Stages::default(), &())
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

    /// As [`layer_gradient`](Self::layer_gradient) for several rows of weights \[output\]\[nu\], one result for each.
    ///
    /// # Errors
    /// As [`layer_gradient`](Self::layer_gradient).
    pub fn layer_gradients(&mut self, state: &State, weights: &[f64]) -> Result<Vec<LayerGradient>> {
        let n = self.model.grid.len();
        self.check_weights(weights.len(), weights.len().div_ceil(n).max(1))?;
        self.weights = self.weights.max(weights.len() / n);
        let rows = |_: &[f64]| Ok(weights.chunks(n).map(<[f64]>::to_vec).collect());
        self.gradients(state, Wanted { columns: true }, &mut { rows })
    }

    /// Spectrum \[nu\]; and in reverse mode from `weights` \[output\]\[nu\] their product with the Jacobian \[output\]\[parameter\].
    ///
    /// # Errors
    /// As [`spectrum`](SpectrumModel::spectrum); weights that are not whole rows.
    pub fn spectrum_and_product(&mut self, x: &[f64], weights: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let n = self.model.grid.len();
        self.check_weights(weights.len(), weights.len().div_ceil(n).max(1))?;
        let state = self.state(x)?;
        let (coefficients, state) = (self.coefficients(&state)?, state.values());
        let wanted = Wanted { columns: !coefficients.only_transfer() };
        self.weights = self.weights.max(weights.len() / n);
        let mut spectrum = Vec::new();
        let gradients = self.gradients(&state, wanted, &mut |flux| {
            spectrum = flux.to_vec();
            Ok(weights.chunks(n).map(<[f64]>::to_vec).collect())
        })?;
        let products: Vec<f64> = gradients.iter().flat_map(|g| coefficients.transpose(g)).collect();
        self.check("spectrum", &spectrum)?;
        if let Some(i) = products.iter().position(|v| !v.is_finite()) {
            return Err(Error::invalid(format!("product {i} of weights and Jacobian"), products[i], "a finite number"));
        }
        Ok((spectrum, products))
    }

    fn check_weights(&self, given: usize, rows: usize) -> Result<()> {
        let n = self.model.grid.len();
        match given == rows * n {
            true => Ok(()),
            false => Err(Error::invalid("number of weights", given, format!("rows of {n}, one for each wavenumber"))),
        }
    }
}

impl SpectrumModel for Retrieval {
    fn wavenumber(&self) -> &[f64] {
        &self.model.wavenumber
    }

    fn names(&self) -> &[String] {
        &self.names
    }

    fn spectrum(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        let state = self.state(x)?.values();
        let computed = self.time(Stage::Forward, |s| s.once_more_if_lost(|s| s.values(&state)))?;
        let observed = self.observe(&state, computed);
        self.check("spectrum", &observed)?;
        Ok(observed)
    }

    fn spectrum_and_jacobian(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let state = self.state(x)?;
        let (coefficients, state) = (self.coefficients(&state)?, state.values());
        self.jacobian(&state, &coefficients)
    }

    fn value_and_gradient(
        &mut self,
        x: &[f64],
        scalar: &mut dyn FnMut(&[f64]) -> Result<(f64, Vec<f64>)>,
    ) -> Result<(f64, Vec<f64>)> {
        let state = self.state(x)?;
        let (coefficients, state) = (self.coefficients(&state)?, state.values());
        if self.goes_forward() {
            let (flux, jacobian) = self.jacobian(&state, &coefficients)?;
            let (value, weights) = scalar(&flux)?;
            let product = |column: &[f64]| column.iter().zip(&weights).map(|(j, w)| j * w).sum();
            return Ok((value, jacobian.chunks(weights.len()).map(product).collect()));
        }
        let wanted = Wanted { columns: !coefficients.only_transfer() };
        let mut value = 0.0;
        let gradients = self.gradients(&state, wanted, &mut |flux| {
            let (found, weights) = scalar(flux)?;
            value = found;
            Ok(vec![weights])
        })?;
        Ok((value, coefficients.transpose(&gradients[0])))
    }
}
