//! A set of workloads that is the same everywhere: what a device takes for spectra and their derivatives, beside what it could do at most.
//!
//! `photosphere bench` runs it. The first workload's speed is kept in the cache, for the seconds that a plan tells.

mod peak;

use serde::Serialize;

pub(crate) use self::peak::PEAK;
pub use self::peak::Peak;
use self::peak::shortest;
use crate::atmosphere::{Hydrostatic, PressureGrid, ReferenceLevel, State, TemperatureProfile};
use crate::backend::BackendInfo;
use crate::dual::Dual;
use crate::grid::{Grid, TemperatureRange};
use crate::lines::carbon_monoxide::{Broadener, Isotopologue, line_list};
use crate::lines::{Line, LineList};
use crate::opacity::Absorber;
use crate::settings::Method;
use crate::spectrum::{Coefficients, DerivativeSettings, Model, Retrieval};
use crate::speed::{Speed, Worker};
use crate::timing::Stages;
use crate::{Backend, Cache, Error, Progress, Resources, Result, Settings};

/// A workload's figures.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Workload {
    /// What it is called.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Grid points.
    pub points: usize,
    /// Layers.
    pub layers: usize,
    /// Lines.
    pub lines: u64,
    /// Seconds from the list to a model that is ready.
    pub set_up_seconds: f64,
    /// Seconds of one spectrum, the shortest of some.
    pub spectrum_seconds: f64,
    /// Seconds of a spectrum with its derivatives by two parameters.
    pub jacobian_seconds: f64,
    /// Seconds of a spectrum with its gradient by the temperatures and abundances of all layers.
    pub gradient_seconds: f64,
    /// Device bytes of the spectrum; 0 on the CPU.
    pub device_bytes: u64,
    /// Dispatches of a spectrum; 0 on the CPU, as are the two that follow.
    pub dispatches: usize,
    /// Submissions of a spectrum.
    pub submissions: usize,
    /// Waits of a spectrum.
    pub waits: usize,
    /// Modelled multiply-adds of a spectrum.
    pub multiply_adds: f64,
    /// These in a second, in units of what the device does at most.
    pub part_of_peak: f64,
    /// Seconds of the spectra by stage, where stages are timed.
    pub stages: Stages,
}

/// What was measured, and on what.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Benchmark {
    /// Version of the program.
    pub version: &'static str,
    /// The device.
    pub device: BackendInfo,
    /// Logical cores of the machine.
    pub cores: usize,
    /// Bandwidth and arithmetic.
    pub peak: Peak,
    /// The workloads.
    pub workloads: Vec<Workload>,
}

/// A workload before it is run.
struct Job {
    name: &'static str,
    about: &'static str,
    grid: Grid,
    layers: usize,
    list: LineList,
    method: Method,
    transmission: bool,
}

const GRAVITY: f64 = 24785.8;
const MEAN_MOLAR_MASS: f64 = 2.33;
/// Times that each thing is done, of which the shortest counts.
const TIMES: usize = 5;

impl Benchmark {
    /// Runs all workloads, or with `quick` the small ones. The speed of the first is kept in the cache.
    ///
    /// # Errors
    /// A lost device; too little memory.
    pub fn run(backend: &Backend, quick: bool, cache: &Cache, progress: &dyn Progress) -> Result<Self> {
        let peak = Peak::measure(backend)?;
        let mut workloads = Vec::new();
        for job in jobs(quick)? {
            workloads.push(job.run(backend, &peak, progress)?);
        }
        let device = backend.info();
        if let Some(first) = workloads.first() {
            let worker = match backend {
                Backend::Cpu => Worker::Cpu,
                Backend::Device(device) => Worker::Device(device.limits().class),
            };
            Speed::keep(worker, &device.name, first.spectrum_seconds, first.multiply_adds, cache);
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self { version: env!("CARGO_PKG_VERSION"), device, cores, peak, workloads })
    }
}

fn jobs(quick: bool) -> Result<Vec<Job>> {
    let carbon_monoxide = |range| line_list(Isotopologue::C12O16, Broadener::Hydrogen, Some(range), 1e-30);
    let large = Job {
        name: "high-resolution",
        about: "emission of CO, lines one by one",
        grid: Grid::new(1950.0, 2250.0, 150_000)?,
        layers: 200,
        list: carbon_monoxide((1925.0, 2275.0))?,
        method: Method::Lines,
        transmission: false,
    };
    let small = Job {
        name: "small",
        about: "emission of CO at R = 1e6, lines one by one",
        grid: Grid::new(2100.0, 2115.8, 7500)?,
        layers: 100,
        list: carbon_monoxide((2075.0, 2141.0))?,
        method: Method::Lines,
        transmission: false,
    };
    let table = Job {
        name: "table",
        about: "emission from a table of 30 000 lines",
        grid: Grid::new(4100.0, 4400.0, 21_187)?,
        layers: 100,
        list: dense((4100.0, 4400.0), 30_000)?,
        method: Method::Table,
        transmission: false,
    };
    let transmission = Job {
        name: "transmission",
        about: "transmission of CO, lines one by one",
        grid: Grid::new(1950.0, 2250.0, 20_000)?,
        layers: 100,
        list: carbon_monoxide((1925.0, 2275.0))?,
        method: Method::Lines,
        transmission: true,
    };
    Ok(if quick { vec![small, transmission] } else { vec![large, small, table, transmission] })
}

/// Lines all over a range with strengths over ten decades, the same everywhere.
fn dense((lo, hi): (f64, f64), lines: u32) -> Result<LineList> {
    let template = line_list(Isotopologue::C12O16, Broadener::Hydrogen, Some((4200.0, 4250.0)), 1e-25)?;
    let first = template.lines()[0];
    let line = |i: u32| {
        // parts of multiples of irrational numbers: spread evenly, without order
        let part = |irrational: f64| (f64::from(i) * irrational).fract();
        Line {
            wavenumber: lo + (hi - lo) * part(0.618_033_988_7),
            strength: 10f64.powf(-30.0 + 10.0 * part(0.414_213_562_4)),
            lower_energy: 8000.0 * part(0.732_050_807_6),
            gamma_ref: 0.04 + 0.08 * part(0.236_067_977_5),
            temperature_exponent: 0.4 + 0.4 * part(0.645_751_311_1),
            ..first
        }
    };
    LineList::new(template.species.clone(), (0..lines).map(line).collect())
}

impl Job {
    fn run(self, backend: &Backend, peak: &Peak, progress: &dyn Progress) -> Result<Workload> {
        let Self { name, about, grid, layers, list, method, transmission } = self;
        let begin = std::time::Instant::now();
        let pressure = PressureGrid::logarithmic(1e-5, 10.0, layers)?;
        let range = TemperatureRange::new(500.0, 1500.0)?;
        let settings = Settings { method, temperature_range: range, ..Settings::default() };
        let builder = if transmission { Model::transmission } else { Model::emission };
        let model = builder(grid, pressure).opacity(Absorber::new("CO", list)).settings(settings);
        let model = model.build_with(&Resources::new(progress))?;
        let set_up_seconds = begin.elapsed().as_secs_f64();
        let state = state(&model, transmission)?;

        let mut runner = model.open(backend)?;
        let spectrum_seconds = shortest(TIMES, || runner.spectrum(&state, progress).map(drop))?;
        let plan = runner.plan().cloned();
        let multiply_adds = plan.as_ref().map_or_else(|| model.multiply_adds(), |plan| plan.cost);
        let stages = runner.report().seconds;
        let lines = model.lines_of("CO").0;
        drop(runner);

        let none = |_: &[Dual], _: &PressureGrid| Err(Error::invalid("parameters", 0, "none here"));
        let (names, options) = (vec!["none".to_owned()], DerivativeSettings::default());
        let mut retrieval = Retrieval::new(model.clone(), backend, names, none, options)?;
        let bump = |p: usize| {
            let of = |n: usize| ((n * (p + 1)) as f64 * 0.05).sin();
            let nothing = vec![0.0; layers];
            let bump = State::new((0..layers).map(of).collect(), nothing.clone(), nothing).with_mass_ratio("CO", 0.0);
            if transmission { bump.with_radii(vec![0.0; layers + 1]) } else { bump }
        };
        let coefficients = Coefficients::along(&model, &state, &[bump(0), bump(1)])?;
        let jacobian_seconds = shortest(TIMES, || retrieval.jacobian(&state, &coefficients).map(drop))?;
        let weights = vec![1.0; model.grid().len()];
        let gradient_seconds = shortest(TIMES, || retrieval.layer_gradient(&state, &weights).map(drop))?;
        let memory = plan.as_ref().map(|plan| &plan.memory);
        Ok(Workload {
            name,
            about,
            points: model.grid().len(),
            layers,
            lines,
            set_up_seconds,
            spectrum_seconds,
            jacobian_seconds,
            gradient_seconds,
            device_bytes: memory.map_or(0, |m| m.peak_bytes),
            dispatches: memory.map_or(0, |m| m.dispatches),
            submissions: memory.map_or(0, |m| m.submissions),
            waits: memory.map_or(0, |m| m.waits),
            multiply_adds,
            part_of_peak: multiply_adds / spectrum_seconds / peak.multiply_adds_per_second,
            stages,
        })
    }
}

fn state(model: &Model, transmission: bool) -> Result<State> {
    let profile = TemperatureProfile::PowerLaw { temperature_k: 900.0, exponent: 0.1 };
    let (layers, range) = (model.layers(), model.settings().temperature_range);
    let temperature = profile.at(model.pressure().pressure_bar(), Some(range))?;
    let (gravity, mean) = (vec![GRAVITY; layers], vec![MEAN_MOLAR_MASS; layers]);
    let state = State::new(temperature, gravity, mean).with_mass_ratio("CO", 1e-5);
    if !transmission {
        return Ok(state);
    }
    let level = ReferenceLevel { radius_cm: 7.1492e9, gravity: GRAVITY, pressure_bar: None };
    let boundaries = model.pressure().boundaries_bar();
    let layers = Hydrostatic::new(&boundaries, &state.temperature_k, &state.mean_molar_mass, &level)?;
    Ok(state.with_radii(layers.radius_cm))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_run_and_the_speed_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(Some(folder.path()));
        let found = Benchmark::run(&Backend::Cpu, true, &cache, &()).unwrap();
        assert!(found.peak.bytes_per_second > 0.0 && found.peak.multiply_adds_per_second > 0.0, "{:?}", found.peak);
        assert_eq!(found.workloads.len(), 2);
        for w in &found.workloads {
            assert!(w.spectrum_seconds > 0.0 && w.jacobian_seconds > 0.0 && w.gradient_seconds > 0.0, "{w:?}");
        }
        let speed = Speed::of(Worker::Cpu, &cache);
        assert_eq!(speed.measured_on.as_deref(), Some("cpu"));
        let first = &found.workloads[0];
        assert!((speed.seconds(first.multiply_adds) / first.spectrum_seconds - 1.0).abs() < 1e-9);
    }
}
