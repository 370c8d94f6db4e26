//! The objective of observed spectra.

use std::f64::consts::LN_10;

use super::blocks::plan;
use super::observation::Member;
use super::{
    BlockSummary, DataSet, LogDensity, Mode, Needs, Observable, Observation, Residuals, SpectrumModel, Summary,
};
use crate::grid::Grid;
use crate::instrument::{FreeParameter, Parameters};
use crate::{Error, Result};

/// The model at one data set.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Prediction {
    /// What the instrument would record \[point\].
    pub value: Vec<f64>,
    /// Standard deviations of the data, noise parameters included \[point\].
    pub sigma: Vec<f64>,
}

struct Block<M> {
    model: M,
    members: Vec<Member>,
}

/// Likelihood of one or several data sets as a function of the parameters of a model, of instruments and of noise.
///
/// The formulae are in the [module](super). Residuals and data sets keep the order of the observations.
pub struct SpectrumObjective<M> {
    blocks: Vec<Block<M>>,
    mode: Mode,
    names: Vec<String>,
    extra: Parameters,
    /// Whether each of these is given as its log10.
    log10: Vec<bool>,
    count: usize,
}

impl<M: SpectrumModel> SpectrumObjective<M> {
    /// An objective of `observations`. `build` makes a model for each of the [`Needs`], one for all data sets or one for each, on a grid of equal steps in ln
    /// nu. `resolution` is that of these grids, which enters the needs by a few steps.
    ///
    /// # Errors
    /// [`Error::Invalid`]: no observation, two of the same name, settings or data that an [`Instrument`](crate::instrument::Instrument) refuses, a grid that does not hold what
    /// the data need, models with different parameters, a name that stands for a parameter of both model and instrument. Errors of `build`.
    pub fn new(
        observations: Vec<Observation>,
        mode: Mode,
        resolution: f64,
        mut build: impl FnMut(&Needs) -> Result<M>,
    ) -> Result<Self> {
        let (mode, plan) = plan(&observations, mode, resolution)?;
        for (k, o) in observations.iter().enumerate() {
            if observations[..k].iter().any(|other| other.data.name() == o.data.name()) {
                return Err(Error::invalid(
                    "names of data sets",
                    format!("`{}` twice", o.data.name()),
                    "one name for each",
                ));
            }
        }
        let mut extra = Parameters::default();
        let mut blocks: Vec<Block<M>> = Vec::new();
        for (range, needs) in plan {
            let model = build(&needs)?;
            if let Some(first) = blocks.first().filter(|first| first.model.names() != model.names()) {
                let given = format!("{:?} and {:?}", first.model.names(), model.names());
                return Err(Error::invalid(
                    "parameters of the models of a blocked objective",
                    given,
                    "the same in the same order",
                ));
            }
            let grid = equal_steps(model.wavenumber())?;
            let member = |o: &Observation| Member::new(o, grid, &mut extra).map_err(|e| o.locate(e));
            let members = observations[range].iter().map(member).collect::<Result<Vec<_>>>()?;
            blocks.push(Block { model, members });
        }
        let mut names = blocks[0].model.names().to_vec();
        if let Some(both) = extra.all().iter().find(|p| names.contains(&p.name)) {
            let given = format!("`{}`, which is one of the model", both.name);
            return Err(Error::invalid("name of a parameter of instrument or noise", given, "another name"));
        }
        names.extend(extra.all().iter().map(|p| p.name.clone()));
        let log10 = vec![false; extra.all().len()];
        let count = observations.iter().map(|o| o.data.len()).sum();
        Ok(Self { blocks, mode, names, extra, log10, count })
    }

    /// The same with the named parameters of instruments and noise on a logarithmic scale: x holds log10 of them, and derivatives are by that. Their ranges
    /// stay those of the values themselves.
    #[must_use]
    pub fn on_log10<'n>(mut self, names: impl IntoIterator<Item = &'n str>) -> Self {
        for name in names {
            if let Some(i) = self.extra.all().iter().position(|p| p.name == name) {
                self.log10[i] = true;
            }
        }
        self
    }

    /// Parameters of the model, those of instruments and noise, which are checked, and their derivatives by those in `x`.
    #[allow(clippy::type_complexity)] // three slices of numbers
    fn split<'x>(&self, x: &'x [f64]) -> Result<(&'x [f64], Vec<f64>, Vec<f64>)> {
        if x.len() != self.names.len() {
            return Err(Error::invalid("number of parameters", x.len(), self.names.len().to_string()));
        }
        let (model_x, extra_x) = x.split_at(self.names.len() - self.extra.all().len());
        // The same power as of parameters of the model; a rounding error beyond the ends of a range is none of the user's.
        let value = |((x, log), p): ((&f64, &bool), &FreeParameter)| {
            let power = (x * LN_10).exp();
            let at_end = |end: f64| (power / end - 1.0).abs() < 1e-12;
            match log {
                false => *x,
                true if at_end(p.low) => p.low,
                true if at_end(p.high) => p.high,
                true => power,
            }
        };
        let values: Vec<f64> = extra_x.iter().zip(&self.log10).zip(self.extra.all()).map(value).collect();
        self.extra.all().iter().zip(&values).try_for_each(|(parameter, x)| parameter.check(*x))?;
        let slopes = values.iter().zip(&self.log10).map(|(v, log)| if *log { LN_10 * v } else { 1.0 }).collect();
        Ok((model_x, values, slopes))
    }

    /// An objective of `observations` that share `model`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_model(observations: Vec<Observation>, model: M) -> Result<Self> {
        let resolution = equal_steps(model.wavenumber())?.resolution();
        let mut model = Some(model);
        let once = |_: &Needs| model.take().ok_or_else(|| Error::invalid("number of models", 1, "one for each block"));
        Self::new(observations, Mode::Batched, resolution, once)
    }

    /// Names of all parameters: those of the model, then those of instruments and noise.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The free parameters of instruments and noise, which follow those of the model, with their ranges.
    pub fn instrument_parameters(&self) -> &[FreeParameter] {
        self.extra.all()
    }

    /// The models: one, or one for each data set.
    pub fn models(&self) -> impl Iterator<Item = &M> {
        self.blocks.iter().map(|block| &block.model)
    }

    /// The data sets, in the order given.
    pub fn data_sets(&self) -> impl Iterator<Item = &DataSet> {
        self.blocks.iter().flat_map(|block| block.members.iter().map(|member| &member.data))
    }

    /// What the values of the data sets are, in the order given.
    pub fn observables(&self) -> impl Iterator<Item = &Observable> {
        self.blocks.iter().flat_map(|block| block.members.iter().map(|member| &member.observable))
    }

    /// Its size.
    pub fn summary(&self) -> Summary {
        let model_parameters = self.names.len() - self.extra.all().len();
        let block = |block: &Block<M>| {
            let nu = block.model.wavenumber();
            BlockSummary {
                data_sets: block.members.iter().map(|m| (m.data.name().to_owned(), m.data.len())).collect(),
                range: (nu[0], nu[nu.len() - 1]),
                grid_points: nu.len(),
                spectrum_jacobian_bytes: nu.len() * model_parameters * size_of::<f64>(),
            }
        };
        Summary {
            mode: self.mode,
            model_parameters,
            instrument_parameters: self.extra.all().len(),
            residuals: self.count,
            jacobian_bytes: self.count * self.names.len() * size_of::<f64>(),
            blocks: self.blocks.iter().map(block).collect(),
        }
    }

    /// What the instruments would record at `x`, one prediction for each data set.
    ///
    /// # Errors
    /// Parameters outside their ranges or the model, device failures.
    pub fn predict(&mut self, x: &[f64]) -> Result<Vec<Prediction>> {
        self.predict_by(x, |model, x| model.spectrum(x))
    }

    /// As [`predict`](Self::predict), by the way in which gradients are computed: slower, but after a sampling no device memory is needed for another program.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn predict_by_gradient(&mut self, x: &[f64]) -> Result<Vec<Prediction>> {
        self.predict_by(x, |model, x| {
            let mut found = Vec::new();
            model.value_and_gradient(x, &mut |spectrum| {
                found = spectrum.to_vec();
                Ok((0.0, vec![0.0; spectrum.len()]))
            })?;
            Ok(found)
        })
    }

    fn predict_by(
        &mut self,
        x: &[f64],
        mut spectrum: impl FnMut(&mut M, &[f64]) -> Result<Vec<f64>>,
    ) -> Result<Vec<Prediction>> {
        let (model_x, extra_x, _) = self.split(x)?;
        let extra_x = &extra_x;
        let mut predictions = Vec::new();
        for block in &mut self.blocks {
            let spectrum = spectrum(&mut block.model, model_x)?;
            for member in &block.members {
                let value = member.predict(extra_x, &spectrum)?;
                predictions.push(Prediction { value, sigma: member.sigma(extra_x) });
            }
        }
        Ok(predictions)
    }

    /// Sum of squared residuals at `x`.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn chi_square(&mut self, x: &[f64]) -> Result<f64> {
        Ok(self.whitened(x)?.iter().map(|r| r * r).sum())
    }

    /// ln L at `x`, without its gradient.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn log_likelihood(&mut self, x: &[f64]) -> Result<f64> {
        let (_, extra_x, _) = self.split(x)?;
        let predictions = self.predict(x)?;
        let each = self.members().zip(&predictions);
        each.map(|(member, p)| member.ln_likelihood_of(&extra_x, &p.value)).sum()
    }

    /// ln of each point's probability at `x` given all other points, for what the instruments would record there: \[data set\]\[point\]. With independent noise
    /// they add up to ln L; they are what leave-one-out cross validation asks for (Vehtari et al. 2017).
    ///
    /// # Errors
    /// Parameters outside their ranges; predictions of other data.
    pub fn pointwise(&self, x: &[f64], predictions: &[Prediction]) -> Result<Vec<Vec<f64>>> {
        let (_, extra_x, _) = self.split(x)?;
        let fits = |(member, p): (&Member, &Prediction)| member.data.len() == p.value.len();
        if self.members().count() != predictions.len() || !self.members().zip(predictions).all(fits) {
            return Err(Error::invalid("predictions", format!("{} sets", predictions.len()), "those of the data sets"));
        }
        self.members().zip(predictions).map(|(member, p)| member.pointwise(&extra_x, &p.value)).collect()
    }

    /// Noise of each data set at `x`: independent standard normal numbers, which `normal` gives, with the standard deviations or the covariance that it has there.
    ///
    /// # Errors
    /// Parameters outside their ranges.
    pub fn draw_noise(&self, x: &[f64], normal: &mut dyn FnMut() -> f64) -> Result<Vec<Vec<f64>>> {
        let (_, extra_x, _) = self.split(x)?;
        let draw = |member: &Member| {
            let numbers = (0..member.data.len()).map(|_| normal()).collect();
            member.draw_noise(&extra_x, numbers)
        };
        self.members().map(draw).collect()
    }

    /// Takes other values and errors, at the same points, in the order of the data sets: further mocks, without another model.
    ///
    /// # Errors
    /// [`Error::Invalid`]: another number of sets, other points.
    pub fn replace_data(&mut self, sets: &[DataSet]) -> Result<()> {
        let members: Vec<&mut Member> = self.blocks.iter_mut().flat_map(|block| &mut block.members).collect();
        if members.len() != sets.len() {
            return Err(Error::invalid("number of data sets", sets.len(), members.len().to_string()));
        }
        members.into_iter().zip(sets).try_for_each(|(member, set)| member.replace_data(set))
    }

    fn members(&self) -> impl Iterator<Item = &Member> {
        self.blocks.iter().flat_map(|block| &block.members)
    }

    /// Checks that the objective suits least squares.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a noise parameter is free: larger noise would always fit better.
    pub fn check_least_squares(&self) -> Result<()> {
        match self.members().flat_map(Member::free_noise).next() {
            None => Ok(()),
            Some(index) => {
                let given = format!("free noise parameter `{}`", self.extra.all()[index].name);
                let required = "fixed noise, or a method that maximises the likelihood (L-BFGS, AdamW, NUTS)";
                Err(Error::invalid("least squares", given, required))
            }
        }
    }

    fn whitened(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        let (_, extra_x, _) = self.split(x)?;
        let predictions = self.predict(x)?;
        let mut all = Vec::with_capacity(self.count);
        for (member, p) in self.members().zip(&predictions) {
            all.extend(member.whiten(&extra_x, member.residuals(&p.value), 1)?);
        }
        Ok(all)
    }
}

impl<M: SpectrumModel> Residuals for SpectrumObjective<M> {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn count(&self) -> usize {
        self.count
    }

    fn residuals(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        self.check_least_squares()?;
        self.whitened(x)
    }

    fn residuals_and_jacobian(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        self.check_least_squares()?;
        let (model_x, extra_x, scale) = self.split(x)?;
        let extra_x = &extra_x;
        let (columns, first_extra) = (self.names.len(), model_x.len());
        let (mut residuals, mut jacobian) = (Vec::with_capacity(self.count), vec![0.0; self.count * columns]);
        for block in &mut self.blocks {
            let (spectrum, tangents) = block.model.spectrum_and_jacobian(model_x)?;
            for member in &block.members {
                let [values, slopes, tangents] = member.linearized(extra_x, &spectrum, &tangents)?;
                let first = residuals.len();
                residuals.extend(member.whiten(extra_x, member.residuals(&values), 1)?);
                let tangents = member.whiten(extra_x, tangents, first_extra)?;
                let slopes = member.whiten(extra_x, slopes, member.places.len())?;
                for j in 0..member.data.len() {
                    let row = &mut jacobian[(first + j) * columns..][..columns];
                    row[..first_extra].copy_from_slice(&tangents[j * first_extra..][..first_extra]);
                    let slope = &slopes[j * member.places.len()..];
                    for (place, slope) in member.places.iter().zip(slope) {
                        row[first_extra + place] += scale[*place] * slope;
                    }
                }
            }
        }
        Ok((residuals, jacobian))
    }
}

impl<M: SpectrumModel> LogDensity for SpectrumObjective<M> {
    fn names(&self) -> &[String] {
        &self.names
    }

    /// ln L, without priors; not a number where the spectrum is none.
    fn value_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64> {
        let (model_x, extra_x, scale) = self.split(x)?;
        let extra_x = &extra_x;
        if gradient.len() != x.len() {
            return Err(Error::invalid("length of the gradient", gradient.len(), x.len().to_string()));
        }
        gradient.fill(0.0);
        let (by_model, by_extra) = gradient.split_at_mut(model_x.len());
        let mut total = 0.0;
        for Block { model, members } in &mut self.blocks {
            // Set anew in each call: a model may ask for the scalar more than once.
            let mut block_extra = vec![0.0; extra_x.len()];
            let (value, slopes) = model.value_and_gradient(model_x, &mut |spectrum| {
                block_extra.fill(0.0);
                let (mut value, mut slopes) = (0.0, vec![0.0; spectrum.len()]);
                for member in members.iter() {
                    let (part, back) = member.log_likelihood(extra_x, spectrum, &mut block_extra)?;
                    value += part;
                    slopes.iter_mut().zip(back).for_each(|(sum, part)| *sum += part);
                }
                Ok((value, slopes))
            })?;
            total += value;
            by_model.iter_mut().zip(slopes).for_each(|(sum, part)| *sum += part);
            let block_extra = block_extra.iter().zip(&scale).map(|(part, scale)| part * scale);
            by_extra.iter_mut().zip(block_extra).for_each(|(sum, part)| *sum += part);
        }
        Ok(total)
    }
}

/// The grid of a model's wavenumbers.
fn equal_steps(wavenumber: &[f64]) -> Result<Grid> {
    let (Some(first), Some(last)) = (wavenumber.first(), wavenumber.last()) else {
        return Err(Error::invalid("points of the model's grid", 0, "two or more"));
    };
    let grid = Grid::new(*first, *last, wavenumber.len())?;
    // Instruments interpolate to far below this part of a step.
    let strays = |(k, nu): &(usize, &f64)| nu.is_nan() || (grid.position(**nu) - *k as f64).abs() > 1e-4;
    match wavenumber.iter().enumerate().find(strays) {
        None => Ok(grid),
        Some((k, nu)) => {
            let required = format!("{}, equal steps in ln nu", grid.wavenumber(k));
            Err(Error::invalid(format!("wavenumber {k} of the model [cm-1]"), nu, required))
        }
    }
}
