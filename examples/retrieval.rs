//! The classic exercise: temperature at 1 bar and its exponent from a noisy emission spectrum of carbon monoxide.
//!
//! ```sh
//! cargo run --release --example retrieval                 # 4 000 points, 60 layers
//! cargo run --release --example retrieval -- 150000 200   # the full size; -- 150000 200 1: one chain of it
//! ```
//!
//! A mock spectrum of T0 = 900 K, alpha = 0.1 gets Gaussian noise of 1000 erg s-1 cm-2 / cm-1. Levenberg-Marquardt and AdamW start from
//! (800 K, 0.08); NUTS then samples T0, alpha and the noise. Written to `out/retrieval`: figures of fit, chains and posterior, the trace
//! for ArviZ, and `mock.txt`, which `examples/retrieval.toml` does the same with from the command line.

use std::path::Path;
use std::time::Instant;

use photosphere::atmosphere::{PressureGrid, TemperatureProfile};
use photosphere::cross_section::{Method, Settings};
use photosphere::grid::{Grid, TemperatureRange};
use photosphere::inference::{
    AdamWSettings, Fit, LeastSquaresSettings, NutsSettings, Prior, Priors, Summary, Trace, adamw, levenberg_marquardt,
    sample, write_zarr,
};
use photosphere::instrument::{Setting, Settings as Instrument};
use photosphere::lines::carbon_monoxide::{Broadener, Isotopologue, line_list};
use photosphere::objective::{DataSet, Noise, Observable, Observation, SpectrumModel, SpectrumObjective};
use photosphere::output::{prepare_folder, write_atomic};
use photosphere::plot::{FittedData, Formats, Quantity, corner, fit, traces};
use photosphere::spectrum::{Absorber, DerivativeSettings, Dual, Model, Retrieval, State};
use photosphere::{Backend, Progress, Result};
use rand::{Rng, SeedableRng};

/// T0 \[K\], alpha, and the noise \[erg s-1 cm-2 / cm-1\].
pub const TRUTH: [f64; 3] = [900.0, 0.1, 1000.0];
const START: [f64; 2] = [800.0, 0.08];

/// How large the exercise is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// First and last wavenumber \[cm-1\].
    pub range: (f64, f64),
    /// Points of the grid.
    pub points: usize,
    /// Layers.
    pub layers: usize,
}

/// What came of it.
pub struct Outcome {
    pub data: DataSet,
    pub least_squares: Fit,
    pub adamw: Fit,
    pub trace: Trace,
    /// What the chains took.
    pub sampling_seconds: f64,
    /// The spectrum of the least-squares fit at the data's wavenumbers.
    pub fitted: Vec<f64>,
}

/// The model: a power law between 500 and 1500 K, CO in hydrogen and helium.
pub fn model(backend: &Backend, size: Size) -> Result<Retrieval> {
    let grid = Grid::new(size.range.0, size.range.1, size.points)?;
    let pressure = PressureGrid::logarithmic(1e-5, 10.0, size.layers)?;
    let lines = Some((size.range.0 - 25.0, size.range.1 + 25.0));
    let co = line_list(Isotopologue::C12O16, Broadener::Air, lines, 0.0)?;
    let molar_mass = co.species.molar_mass;
    let absorber = Absorber { name: "CO".into(), lists: vec![co], molar_mass };
    let range = TemperatureRange::new(500.0, 1500.0)?;
    let settings = Settings {
        tolerance: 1e-3,
        temperature_range: range,
        method: Method::Auto,
        line_margin: 25.0,
        ..Settings::default()
    };
    let model = Model::emission(grid, pressure).opacity(absorber).settings(settings).build()?;

    // Written once: the same lines give values and derivatives.
    let profiles = move |x: &[Dual], grid: &PressureGrid| {
        let layers = |value: f64| vec![Dual::from(value); grid.layers()];
        let profile = TemperatureProfile::PowerLaw { temperature_k: x[0].clone(), exponent: x[1].clone() };
        let temperature = profile.at(grid.pressure_bar(), Some(range))?;
        let state = State::new(temperature, layers(24785.773), layers(2.33));
        Ok(state.with_mass_ratio("CO", Dual::from(0.01)))
    };
    let names = vec!["T0".into(), "alpha".into()];
    Retrieval::new(model, backend, names, profiles, DerivativeSettings::default())
}

/// A spectrum at `x` with Gaussian noise `sigma`; the data call their errors 1, so that an error scale is the noise itself.
pub fn mock(model: &mut Retrieval, x: &[f64], sigma: f64, seed: u64) -> Result<DataSet> {
    let flux = model.spectrum(x)?;
    let normal = Prior::Normal { mean: 0.0, sd: sigma };
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let mut noisy = |flux: f64| flux + normal.quantile(random.random_range(f64::EPSILON..1.0));
    // A few points at both ends are left to the interpolation between grid and data.
    let inner = 10..flux.len() - 10;
    let value: Vec<f64> = flux[inner.clone()].iter().map(|f| noisy(*f)).collect();
    DataSet::new("mock", &model.wavenumber()[inner], &value, &vec![1.0; value.len()])
}

/// Both fits and the posterior.
pub fn exercise(backend: &Backend, size: Size, nuts: &NutsSettings, progress: &dyn Progress) -> Result<Outcome> {
    let mut first = model(backend, size)?;
    let data = mock(&mut first, &TRUTH[..2], TRUTH[2], 42)?;
    let observation = |error_scale: Setting| Observation {
        data: data.clone(),
        observable: Observable::default(),
        instrument: Instrument::default(),
        noise: Noise { error_scale, ..Noise::default() },
    };

    // The noise is known to the fits. Their priors are wide: a start at the end of a support would be outside it.
    let mut objective = SpectrumObjective::with_model(vec![observation(TRUTH[2].into())], first)?;
    println!("{}\n", objective.summary());
    let names = objective.names().to_vec();
    let wide = [Prior::Uniform { lower: 500.0, upper: 1500.0 }, Prior::Uniform { lower: 0.0, upper: 0.3 }];
    let priors = Priors::new(&names, names.iter().zip(wide))?;
    let start = Instant::now();
    let settings = LeastSquaresSettings::default();
    let least_squares = levenberg_marquardt(&mut objective, &priors, &START, &settings, progress)?;
    println!("{least_squares}");
    println!("{:.1} s\n", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let settings = AdamWSettings { steps: 200, ..AdamWSettings::default() };
    let mut descended = adamw(&mut objective, &priors, &START, &settings, progress)?;
    descended.assess(&mut objective, &priors)?;
    println!("{descended}");
    println!("{:.1} s\n", start.elapsed().as_secs_f64());
    let fitted = objective.predict(&least_squares.parameters)?.swap_remove(0).value;

    let sigma = Setting::free("sigma", 1.0, 1e5);
    let mut posterior = SpectrumObjective::with_model(vec![observation(sigma)], model(backend, size)?)?;
    let names = posterior.names().to_vec();
    let narrow = [
        Prior::Uniform { lower: 800.0, upper: 1000.0 },
        Prior::Uniform { lower: 0.05, upper: 0.15 },
        Prior::Exponential { rate: 0.001 },
    ];
    let priors = Priors::new(&names, names.iter().zip(narrow))?;
    let start = [least_squares.parameters[0], least_squares.parameters[1], 800.0];
    let begun = Instant::now();
    let trace = sample(&mut posterior, &priors, &[start.to_vec()], nuts, None, progress)?;
    let sampling_seconds = begun.elapsed().as_secs_f64();
    Ok(Outcome { data, least_squares, adamw: descended, trace, sampling_seconds, fitted })
}

fn main() -> Result<()> {
    let given: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let size = match given[..] {
        [points, layers, ..] => Size { range: (1950.0, 2250.0), points, layers },
        _ => Size { range: (2140.0, 2150.0), points: 4000, layers: 60 },
    };
    let chains = given.get(2).copied().unwrap_or(4);
    // So many data leave little room: chains start close to the fit.
    let nuts = NutsSettings { chains, warmup: 100, draws: 200, seed: 1, jitter: 0.01, ..NutsSettings::default() };
    let outcome = exercise(&Backend::select("auto")?, size, &nuts, &())?;
    println!("{}", Summary::of(&outcome.trace));
    println!("{:.1} s", outcome.sampling_seconds);

    let folder = Path::new("out/retrieval");
    prepare_folder(folder)?;
    let (data, trace) = (&outcome.data, &outcome.trace);
    write_atomic(&folder.join("mock.txt"), |w| {
        writeln!(w, "# wavenumber [cm-1], flux, error")?;
        let mut rows = data.wavenumber().iter().zip(data.value());
        rows.try_for_each(|(nu, value)| writeln!(w, "{nu} {value} 1"))
    })?;
    let fitted = FittedData {
        wavenumber: data.wavenumber(),
        data: data.value(),
        error: &vec![TRUTH[2]; data.len()],
        model: &outcome.fitted,
        quantity: "Flux",
        axis: photosphere::units::SpectralAxis::Wavenumber,
        unit: "erg s⁻¹ cm⁻² / cm⁻¹",
    };
    fit(&folder.join("fit"), "Carbon monoxide, mock spectrum", &fitted, Formats::default())?;
    write_zarr(trace, &folder.join("trace.zarr"))?;
    let chains: Vec<_> = (0..trace.names.len()).map(|i| trace.parameter(i)).collect();
    let quantity = |i: usize| Quantity { name: &trace.names[i], chains: &chains[i], truth: Some(TRUTH[i]) };
    let quantities: Vec<Quantity> = (0..trace.names.len()).map(quantity).collect();
    traces(&folder.join("traces"), "Chains", &quantities, Formats::default())?;
    corner(&folder.join("corner"), "Posterior", &quantities, Formats::default())?;
    println!("written to {}", folder.display());
    Ok(())
}
