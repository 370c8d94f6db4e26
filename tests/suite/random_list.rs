//! Line lists and jobs made from a seed: what no constant of the library was tuned on.

use photosphere::Backend;
use photosphere::constants::{C2, T_REF};
use photosphere::cross_section::{CrossSectionReport, CrossSections, Method, Settings, direct_sum};
use photosphere::grid::Grid;
use photosphere::grid::TemperatureRange;
use photosphere::lines::{Line, LineList, PartitionFunction, Species};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// A job and what it is called in messages.
#[derive(Clone)]
pub struct Job {
    pub name: String,
    pub list: LineList,
    pub grid: Grid,
    /// (T \[K\], P \[bar\]).
    pub at: Vec<(f64, f64)>,
    pub settings: Settings,
}

/// A made-up molecule: Q is a smooth function of T, linear between whole kelvins as from a table.
pub fn species(molar_mass: f64) -> Species {
    let t: Vec<f64> = (1..=6000).map(f64::from).collect();
    let q = t.iter().map(|t| 30.0 + t.powf(1.4)).collect();
    Species { name: "made up".into(), molar_mass, partition: PartitionFunction::new(t, q).unwrap().into() }
}

/// How lines are drawn.
#[derive(Clone, Copy)]
pub struct Draw {
    pub count: usize,
    /// Wavenumbers \[cm-1\], uniform.
    pub wavenumber: (f64, f64),
    /// Strengths \[cm/molecule\] at `temperature`, uniform in the logarithm.
    pub strength: (f64, f64),
    /// \[K\]
    pub temperature: f64,
    /// Half widths \[cm-1/bar\], uniform in the logarithm.
    pub gamma: (f64, f64),
    /// Temperature exponents, uniform.
    pub exponent: (f64, f64),
    /// Lower-state energies \[cm-1\], uniform.
    pub energy: (f64, f64),
}

impl Draw {
    /// Ten decades of strength, a decade and a half of width, exponents 0 to 1, energies 0 to 20 000 cm-1. The strongest are stronger than
    /// real lines, so that no value leaves float32's range in cm2.
    pub fn wide(count: usize, wavenumber: (f64, f64)) -> Self {
        let (strength, temperature) = ((1e-26, 1e-16), 1000.0);
        Self {
            count,
            wavenumber,
            strength,
            temperature,
            gamma: (0.003, 0.1),
            exponent: (0.0, 1.0),
            energy: (0.0, 20_000.0),
        }
    }

    pub fn list(&self, rng: &mut StdRng, species: Species) -> LineList {
        let mut uniform = |(lo, hi): (f64, f64)| lo + (hi - lo) * rng.random::<f64>();
        let mut lines = Vec::with_capacity(self.count);
        for _ in 0..self.count {
            let [strength, gamma_ref] = [self.strength, self.gamma].map(|(lo, hi)| uniform((lo.ln(), hi.ln())).exp());
            let lower_energy = uniform(self.energy);
            let to_reference = C2 * lower_energy * (1.0 / self.temperature - 1.0 / T_REF);
            lines.push(Line {
                wavenumber: uniform(self.wavenumber),
                strength: strength * to_reference.exp(),
                lower_energy,
                gamma_ref,
                temperature_exponent: uniform(self.exponent),
                ..Line::default()
            });
        }
        LineList::new(species, lines).unwrap()
    }
}

/// The device that `PHOTOSPHERE_DEVICE` selects, or any.
pub fn gpu() -> Backend {
    let device = photosphere::gpu::Device::from_env();
    Backend::Device(device.unwrap_or_else(|e| panic!("{e}\nscripts/test installs a software driver")))
}

pub fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// Settings of a job over a range of temperatures.
pub fn settings(range: (f64, f64), method: Method, tolerance: f64, line_margin: f64) -> Settings {
    Settings {
        tolerance,
        temperature_range: TemperatureRange::new(range.0, range.1).unwrap(),
        method,
        line_margin,
        ..Settings::default()
    }
}

/// Everything drawn: resolution from 2e5 to 3e6, temperatures with the range's ends, pressures from 1e-8 to 100 bar, lines up to the margin
/// outside the grid.
pub fn unseen(seed: u64) -> Job {
    let mut rng = rng(seed);
    let lo = 300.0 * 30f64.powf(rng.random::<f64>());
    let points = 2000 + rng.random_range(0..4000);
    let resolution = 2e5 * 15f64.powf(rng.random::<f64>());
    let hi = lo * (points as f64 / resolution).exp();
    let margin = 0.3 * (hi - lo);
    let count = 10 + (500.0 * rng.random::<f64>().powi(2)) as usize;
    let species = species(2.0 + 60.0 * rng.random::<f64>());
    let t_lo = 150.0 + 600.0 * rng.random::<f64>();
    let t_hi = t_lo * (1.0 + 3.0 * rng.random::<f64>());
    let draw = Draw { temperature: t_hi, ..Draw::wide(count, (lo - margin, hi + margin)) };
    let list = draw.list(&mut rng, species);
    let mut at = vec![(t_lo, 1e-8), (t_hi, 1e-8), (t_lo, 100.0), (t_hi, 100.0)];
    for _ in 0..4 {
        at.push((t_lo + (t_hi - t_lo) * rng.random::<f64>(), 1e-8 * 1e10f64.powf(rng.random::<f64>())));
    }
    let settings = settings((t_lo, t_hi), Method::Lines, 1e-3, margin);
    Job { name: format!("seed {seed}"), list, grid: Grid::new(lo, hi, points).unwrap(), at, settings }
}

impl Job {
    pub fn with(&self, method: Method, tolerance: f64) -> Self {
        let settings = Settings { method, tolerance, ..self.settings };
        Self { settings, ..self.clone() }
    }

    /// \[pair\]\[nu\] in cm2, and the report.
    pub fn compute(&self, backend: &Backend) -> (Vec<Vec<f64>>, CrossSectionReport) {
        let lists = std::slice::from_ref(&self.list);
        let job = CrossSections::new(self.grid, lists, &self.at, self.settings, &())
            .unwrap_or_else(|e| panic!("{}: {e}", self.name));
        let (values, report) = job.compute(backend, &()).unwrap_or_else(|e| panic!("{}: {e}", self.name));
        (values.to_f64().chunks(self.grid.len()).map(<[f64]>::to_vec).collect(), report)
    }

    /// Indices of grid points to compare at: the ends, `count` evenly drawn, and the points about some of the lines.
    pub fn sample(&self, count: usize) -> Vec<usize> {
        let (n, mut rng) = (self.grid.len(), rng(7));
        let mut points: Vec<usize> = (0..count).map(|_| rng.random_range(0..n)).chain([0, 1, n - 2, n - 1]).collect();
        for _ in 0..count / 4 {
            let line = &self.list.lines()[rng.random_range(0..self.list.len())];
            let at = self.grid.position(line.wavenumber).round() as i64;
            points.extend(
                [-7, -1, 0, 1, 4].iter().map(|d| at + d).filter(|i| (0..n as i64).contains(i)).map(|i| i as usize),
            );
        }
        points.sort_unstable();
        points.dedup();
        points
    }

    /// The exact sum at some grid points, \[pair\]\[point\].
    pub fn exact(&self, points: &[usize]) -> Vec<Vec<f64>> {
        let nu: Vec<f64> = points.iter().map(|&i| self.grid.wavenumber(i)).collect();
        let margin = self.settings.line_margin;
        let lines = self.list.between(self.grid.lo() - margin, self.grid.hi() + margin);
        let profile = &self.settings.profile;
        let exact = |(t, p): &(f64, f64)| direct_sum(&self.list.species, lines, &nu, *t, *p, profile).unwrap();
        self.at.iter().map(exact).collect()
    }
}
