//! `[[data]]` and `[retrieval]`.

use std::path::PathBuf;

use super::geometry::GeometryKeys;
use super::noise::noise;
use super::parameters::setting;
use super::reader::{Item, NOT_NEGATIVE, POSITIVE, RATIO, Require, Section};
use super::simulation::{SimulationKeys, simulation};
use crate::Result;
use crate::inference::{AdamWSettings, LbfgsSettings, LeastSquaresSettings, NutsSettings};
use crate::instrument::{Response, Rotation, Settings};
use crate::objective::{Column, Mode, Noise, ReadOptions};
use crate::spectrum::GradientMode;

/// A data set, its instrument and its noise.
#[derive(Clone, Debug, PartialEq)]
pub struct DataKeys {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// How to read it.
    pub read: ReadOptions,
    /// What its values are.
    pub observable: ObservableKeys,
    /// What stands between spectrum and data, but for a response from a file.
    pub instrument: Settings,
    /// Response of the spectrograph: a file of two columns, velocity \[km s-1\] and weight.
    pub response_file: Option<PathBuf>,
    /// The points that are taken \[cm-1\]; `None`: all.
    pub range: Option<(f64, f64)>,
    /// Noise beyond the errors of the data, but for a covariance from a file.
    pub noise: Noise,
    /// The covariance of the data: a file of as many rows and columns as there are points.
    pub covariance_file: Option<PathBuf>,
    /// Points and errors of mock data, which need no file.
    pub simulation: Option<SimulationKeys>,
}

/// What the values of a data set are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ObservableKeys {
    /// What the geometry computes: a flux \[erg s-1 cm-2 / cm-1\] or a radius \[cm\].
    #[default]
    Computed,
    /// A flux per wavelength \[W m-2 um-1\].
    FluxPerMicrometre,
    /// A transit depth.
    Depth,
    /// The planet's light over its star's.
    Contrast,
}

/// The instrument that `photosphere spectrum` observes with.
#[derive(Clone, Debug, PartialEq)]
pub struct InstrumentKeys {
    /// What stands between spectrum and observation, but for a response from a file.
    pub settings: Settings,
    /// Response of the spectrograph: a file of two columns, velocity \[km s-1\] and weight.
    pub response_file: Option<PathBuf>,
}

/// How to fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FitMethod {
    /// Least squares.
    LevenbergMarquardt(LeastSquaresSettings),
    /// Quasi-Newton on the posterior.
    Lbfgs(LbfgsSettings),
    /// Stochastic descent on the posterior.
    AdamW(AdamWSettings),
}

/// `[retrieval]`
#[derive(Clone, Debug, PartialEq)]
pub struct RetrievalKeys {
    /// Whether data sets share a model.
    pub mode: Mode,
    /// Columns of the Jacobian at a time; `None`: as many as fit.
    pub jac_chunk_size: Option<usize>,
    /// How gradients are made.
    pub gradient: GradientMode,
    /// How to fit; `None`: Levenberg-Marquardt, or L-BFGS where noise is free.
    pub fit: Option<FitMethod>,
    /// How to sample.
    pub sampler: NutsSettings,
    /// Draws whose spectra and temperatures make the bands of a posterior.
    pub predictions: usize,
    /// Whether the trace gets the probability of each datum at each draw.
    pub pointwise: bool,
    /// Where chains are kept while they run; `None`: in the folder of the results.
    pub checkpoint: Option<PathBuf>,
}

const FRACTION: Require = Require("a number above 0 and below 1", |v| v > 0.0 && v < 1.0);
const BELOW_1: Require = Require("a number from 0, below 1", |v| (0.0..1.0).contains(&v));
/// The largest count that the sections take.
const MOST: usize = 1_000_000_000;

pub(super) fn data(top: &Section, geometry: GeometryKeys) -> Result<Vec<DataKeys>> {
    let Some(item) = top.get("data") else { return Ok(Vec::new()) };
    let Some(items) = item.elements() else { return Err(item.wrong("sections [[data]], with double brackets")) };
    let sets = items.iter().map(|item| one_set(item, geometry)).collect::<Result<Vec<_>>>()?;
    for (i, set) in sets.iter().enumerate() {
        if sets[..i].iter().any(|other| other.name == set.name) {
            return Err(items[i].refuse(&format!("a second data set `{}`; required one `name` for each", set.name)));
        }
    }
    Ok(sets)
}

fn one_set(item: &Item, geometry: GeometryKeys) -> Result<DataKeys> {
    let s = item.section(&[
        "name",
        "file",
        "unit",
        "medium",
        "quantity",
        "columns",
        "binned",
        "range_cm",
        "instrument",
        "noise",
        "simulate",
    ])?;
    let file = s.need("file", "the path of a table, .npy or .npz")?.path()?;
    let name = match s.get("name") {
        Some(item) => item.string("a name in quotes")?.to_owned(),
        None => file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()),
    };
    if !name.chars().all(|c| c.is_alphanumeric() || "_-. ".contains(c)) {
        return Err(s
            .get("name")
            .unwrap_or(item.clone())
            .refuse("required a name of letters, digits, -, _, . and blanks"));
    }
    let mut read = ReadOptions::default();
    if let Some(item) = s.get("unit") {
        read.unit = item.parsed()?;
    }
    if let Some(item) = s.get("medium")
        && item.word(&[("vacuum", false), ("air", true)])?
    {
        let refuse = || item.refuse("a key of wavelengths: wavenumbers are in vacuum; add unit = \"um\" or \"nm\"");
        read.unit = read.unit.in_air().ok_or_else(refuse)?;
    }
    let quantities = match geometry {
        GeometryKeys::Emission => {
            let flux = [("flux", ObservableKeys::Computed), ("flux_per_um", ObservableKeys::FluxPerMicrometre)];
            [&flux[..], &[("contrast", ObservableKeys::Contrast)]].concat()
        }
        GeometryKeys::Transmission => vec![("radius", ObservableKeys::Computed), ("depth", ObservableKeys::Depth)],
    };
    let observable = s.get("quantity").map_or(Ok(ObservableKeys::default()), |item| item.word(&quantities))?;
    if let Some(item) = s.get("columns") {
        let required = "three columns, [SPECTRAL, VALUE, ERROR], each a place from 0 or a name in quotes";
        read.columns = match item.elements().as_deref() {
            Some([a, b, c]) => [column(a)?, column(b)?, column(c)?],
            _ => return Err(item.wrong(required)),
        };
    }
    if let Some(item) = s.get("binned") {
        read.binned = item.boolean()?;
    }
    let (instrument, response_file) = s.get("instrument").map_or(Ok(Default::default()), |i| instrument(&i))?;
    let range = s.get("range_cm").map(|i| i.range()).transpose()?;
    let (noise, covariance_file) = s.get("noise").map_or(Ok(Default::default()), |i| noise(&i))?;
    let simulation = s.get("simulate").map(|i| simulation(&i)).transpose()?;
    Ok(DataKeys { name, file, read, range, observable, instrument, response_file, noise, covariance_file, simulation })
}

fn column(item: &Item) -> Result<Column> {
    if item.is_string() {
        return Ok(Column::Name(item.string("the name of a column")?.to_owned()));
    }
    item.integer((0, 999)).map(Column::Index)
}

/// `[instrument]`: the same keys as in a data set.
pub(super) fn of_spectrum(top: &Section) -> Result<Option<InstrumentKeys>> {
    let Some(item) = top.get("instrument") else { return Ok(None) };
    let (settings, response_file) = instrument(&item)?;
    Ok(Some(InstrumentKeys { settings, response_file }))
}

/// The settings, and the file of a tabulated response.
fn instrument(item: &Item) -> Result<(Settings, Option<PathBuf>)> {
    let s = item.section(&[
        "resolving_power",
        "response",
        "v_sin_i_km_s",
        "u1",
        "u2",
        "radial_velocity_km_s",
        "scale",
        "offset",
        "continuum",
    ])?;
    let (response, file) = match (s.get("resolving_power"), s.get("response")) {
        (Some(_), Some(second)) => {
            return Err(second.refuse("given besides `resolving_power`; required only one of them"));
        }
        (Some(item), None) => (Response::Gaussian { resolving_power: item.setting()? }, None),
        (None, Some(item)) => (Response::None, Some(item.path()?)),
        (None, None) => (Response::None, None),
    };
    let rotation = match s.get("v_sin_i_km_s") {
        Some(item) => {
            Some(Rotation { v_sin_i_km_s: item.setting()?, u1: setting(&s, "u1", 0.0)?, u2: setting(&s, "u2", 0.0)? })
        }
        None => match s.get("u1").or(s.get("u2")) {
            Some(stray) => return Err(stray.refuse("given without `v_sin_i_km_s`, to which it belongs")),
            None => None,
        },
    };
    let continuum = match s.get("continuum") {
        None => Vec::new(),
        Some(item) => match item.elements() {
            Some(items) => items.iter().map(|i| i.setting()).collect::<Result<_>>()?,
            None => return Err(item.wrong("a list of coefficients, [c1, c2, ...]")),
        },
    };
    let settings = Settings {
        response,
        rotation,
        radial_velocity_km_s: setting(&s, "radial_velocity_km_s", 0.0)?,
        scale: setting(&s, "scale", 1.0)?,
        offset: setting(&s, "offset", 0.0)?,
        continuum,
    };
    Ok((settings, file))
}

pub(super) fn retrieval(item: Option<&Item>) -> Result<RetrievalKeys> {
    let mut out = RetrievalKeys {
        mode: Mode::Auto,
        jac_chunk_size: None,
        gradient: GradientMode::Auto,
        fit: None,
        sampler: NutsSettings::default(),
        predictions: 200,
        pointwise: false,
        checkpoint: None,
    };
    let Some(item) = item else { return Ok(out) };
    let s = item.section(&[
        "mode",
        "jac_chunk_size",
        "gradient",
        "fit",
        "sampler",
        "predictions",
        "pointwise",
        "checkpoint",
    ])?;
    if let Some(item) = s.get("mode") {
        out.mode = item.word(&[("auto", Mode::Auto), ("batched", Mode::Batched), ("blocked", Mode::Blocked)])?;
    }
    if let Some(item) = s.get("gradient") {
        use GradientMode::{Auto, Forward, Reverse};
        out.gradient = item.word(&[("auto", Auto), ("forward", Forward), ("reverse", Reverse)])?;
    }
    if let Some(item) = s.get("jac_chunk_size") {
        let auto = item.is_string() && item.string("")? == "auto";
        let number = || item.integer((1, MOST)).map_err(|_| item.wrong("\"auto\" or a number of columns from 1"));
        out.jac_chunk_size = if auto { None } else { Some(number()?) };
    }
    out.fit = s.get("fit").map(|i| fit(&i)).transpose()?;
    if let Some(item) = s.get("sampler") {
        out.sampler = sampler(&item)?;
    }
    if let Some(item) = s.get("predictions") {
        out.predictions = item.integer((0, MOST))?;
    }
    if let Some(item) = s.get("pointwise") {
        out.pointwise = item.boolean()?;
    }
    out.checkpoint = s.get("checkpoint").map(|i| i.path()).transpose()?;
    Ok(out)
}

/// Keys besides `method`, per method.
const METHODS: [(&str, &[&str]); 3] = [
    ("levenberg-marquardt", &["tolerance", "patience", "priors_as_data"]),
    ("lbfgs", &["steps", "gradient_tolerance", "value_tolerance", "memory"]),
    ("adamw", &["steps", "learning_rate", "beta1", "beta2", "weight_decay"]),
];

fn fit(item: &Item) -> Result<FitMethod> {
    let every: Vec<&'static str> = std::iter::once("method").chain(METHODS.iter().flat_map(|m| m.1).copied()).collect();
    let s = item.section(&every)?;
    let required = format!("one of {}", METHODS.map(|m| format!("\"{}\"", m.0)).join(", "));
    let method = s.need("method", &required)?;
    let word = method.string(&required)?;
    let Some((_, own)) = METHODS.iter().find(|m| m.0 == word) else { return Err(method.wrong(&required)) };
    if let Some(stray) = every[1..].iter().filter(|k| !own.contains(k)).find_map(|k| s.get(k)) {
        return Err(stray.refuse(&format!("not a key of method = \"{word}\", whose keys are {}", own.join(", "))));
    }
    let number = |key: &str, require: Require, otherwise: f64| s.get(key).map_or(Ok(otherwise), |i| i.number(require));
    let count = |key: &str, otherwise: usize| s.get(key).map_or(Ok(otherwise), |i| i.integer((1, MOST)));
    Ok(match word {
        "levenberg-marquardt" => {
            let d = LeastSquaresSettings::default();
            FitMethod::LevenbergMarquardt(LeastSquaresSettings {
                tolerance: number("tolerance", FRACTION, d.tolerance)?,
                patience: count("patience", d.patience)?,
                priors_as_data: s.get("priors_as_data").map_or(Ok(d.priors_as_data), |i| i.boolean())?,
            })
        }
        "lbfgs" => {
            let d = LbfgsSettings::default();
            FitMethod::Lbfgs(LbfgsSettings {
                steps: count("steps", d.steps)?,
                gradient_tolerance: number("gradient_tolerance", POSITIVE, d.gradient_tolerance)?,
                value_tolerance: number("value_tolerance", POSITIVE, d.value_tolerance)?,
                memory: count("memory", d.memory)?,
                ..d
            })
        }
        _ => {
            let d = AdamWSettings::default();
            FitMethod::AdamW(AdamWSettings {
                steps: count("steps", d.steps)?,
                learning_rate: number("learning_rate", POSITIVE, d.learning_rate)?,
                betas: (number("beta1", BELOW_1, d.betas.0)?, number("beta2", BELOW_1, d.betas.1)?),
                weight_decay: number("weight_decay", RATIO, d.weight_decay)?,
                ..d
            })
        }
    })
}

fn sampler(item: &Item) -> Result<NutsSettings> {
    let s = item.section(&["chains", "warmup", "draws", "seed", "target_acceptance", "max_depth", "start_spread"])?;
    let d = NutsSettings::default();
    let count = |key: &str, range, otherwise: usize| s.get(key).map_or(Ok(otherwise), |i| i.integer(range));
    let number = |key: &str, require: Require, otherwise: f64| s.get(key).map_or(Ok(otherwise), |i| i.number(require));
    Ok(NutsSettings {
        chains: count("chains", (1, 1000), d.chains)?,
        warmup: count("warmup", (0, MOST), d.warmup)?,
        draws: count("draws", (2, MOST), d.draws)?,
        target_acceptance: number("target_acceptance", FRACTION, d.target_acceptance)?,
        max_depth: count("max_depth", (1, 30), d.max_depth as usize)? as u64,
        seed: count("seed", (0, usize::MAX), d.seed as usize)? as u64,
        jitter: number("start_spread", NOT_NEGATIVE, d.jitter)?,
    })
}
