//! The command line's grammar and help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::parse::{self, word_of};
use crate::cross_section::Method;
use crate::gpu::MemoryPolicy;
use crate::lines::Width;
use crate::scenario::Config;
use crate::scenario::broadening::Broadening;
use crate::scenario::source::{CacheChoice, CachePlace, DeviceChoice, Format, Isotopologues, LineProfile, ListKeys};
use crate::scenario::words::Words;

const EXAMPLES: &str = "\
Examples:
  photosphere devices
      What this machine can compute on.

  photosphere cross-section --format builtin --range 2000:2200 --points 100000 \\
      --at 500:1e-3,1000:1 --out co.npy
      Cross sections of carbon monoxide at two temperatures and pressures.

  photosphere spectrum examples/emission.toml --out out
      An emission spectrum, as arrays and as pictures.

  photosphere plan examples/emission.toml --memory-budget 24MiB
      What it will take in memory, before it is computed.

Units: wavenumber cm-1, temperature K, pressure bar, cross section cm2/molecule,
flux erg s-1 cm-2 / cm-1.

Exit codes:
  0  success
  2  wrong usage of the command line
  3  an input file, configuration or value is wrong or missing
  4  the device is missing, failed, or has too little memory
  5  the output cannot be written
  130, 143, 129  ended by Ctrl-C, SIGTERM, or with the terminal; nothing half-written is left

`photosphere COMMAND --help` explains a command and its options.";

const CROSS_SECTION_EXAMPLES: &str = "\
Examples:
  The built-in CO list at several temperatures and pressures:
    photosphere cross-section --format builtin --range 4280:4370 --points 200000 \\
        --at 500:1e-5,500:1e-2,500:1,500:10,1000:1e-5 --out co.npy

  HITRAN records of all isotopologues, self-broadened, on the CPU in double precision:
    photosphere cross-section --lines CO.par --format hitran --isotopologue all --broadener self \\
        --range 2000:2200 --points 50000 --at 296:0.1 --device cpu --out co2.npy

  An ExoMol data set, to be used between 500 and 2000 K:
    photosphere cross-section --lines exomol/H2O/1H2-16O/POKAZATEL --format exomol \\
        --range 4000:4400 --points 100000 --at 1500:0.01 --temperature-range 500:2000 \\
        --broadener H2=0.85,He=0.15 --out water.npy

Output:
  FILE.npy   [pairs of --at][points] in cm2/molecule; float32, or float64 from `--device cpu` and
             `--method direct-sum`. Point i of n lies at LO (HI / LO)^(i / (n - 1)) cm-1.
  FILE.json  the grid, device, method, error budget, memory and time per stage.

Read it in Python: numpy.load('co.npy')";

const SPECTRUM_EXAMPLES: &str = "\
Examples:
  photosphere spectrum examples/emission.toml --out out
  photosphere spectrum planet.toml --out out --device cpu

Output, in DIR (created if missing):
  wavenumber.npy  [n] cm-1, float64
  flux.npy        [n] erg s-1 cm-2 / cm-1; float32, or float64 from `--device cpu`
  radius.npy      [n] cm, in its place with transfer.geometry = `transmission`
  report.json     grid, lines, device, method, error budget, memory and time per stage
  spectrum.svg, spectrum.png

docs/configuration.md lists every key of CONFIG.toml. Paths in it are relative to its folder.";

const PLAN_EXAMPLES: &str = "\
Examples:
  photosphere plan examples/emission.toml
  photosphere plan planet.toml --memory-budget 24MiB
  photosphere plan planet.toml --json > plan.json

No device is touched: the lists are read and prepared, and the device's memory is planned as `spectrum` would
do it. Host bytes are of arrays; the program itself and the driver (some 20 to 150 MiB) come on top.
docs/memory.md explains the table.";

const JACOBIAN_EXAMPLES: &str = "\
Examples:
  photosphere jacobian retrieval.toml --out out
  photosphere jacobian retrieval.toml --out out --mode reverse --weights weights.npy

Output, in DIR (created if missing); derivatives at the parameters' start values:
  wavenumber.npy   [n_nu] cm-1
  flux.npy         [n_nu] erg s-1 cm-2 / cm-1, or radius.npy, cm, with transfer.geometry = `transmission`
  jacobian.npy     [n_nu][n_parameter], forward mode
  product.npy      W^T J, reverse mode: [n_parameter] for W [n_nu]; [k][n_parameter] for W [n_nu][k] or [k][n_nu]
  parameters.json  names and values of the parameters in the order of the columns, the device, the memory plan";

const FIT_EXAMPLES: &str = "\
Examples:
  photosphere fit retrieval.toml --out out

Output, in DIR (created if missing):
  fit.json              best parameters, covariance, chi-square, the steps
  fit-NAME.svg, .png    data, model and residuals of each data set
  prediction-NAME.npy   [4][point]: wavenumber, data, model, standard deviation";

const SAMPLE_EXAMPLES: &str = "\
Examples:
  photosphere sample retrieval.toml --out out
  photosphere sample retrieval.toml --out out --resume      (after an interruption: same result to the last bit)

Output, in DIR (created if missing):
  trace.zarr            all draws, for ArviZ (docs/inference.md)
  summary.json          mean, standard deviation, R-hat, effective sample size of each parameter
  traces.svg, .png      the chains
  corner.svg, .png      the posterior
  table.tex             medians with 68% and 95% intervals, for papers
  bands-NAME.npy        [6][point]: wavenumber, and below which 2.5, 16, 50, 84, 97.5% of predicted spectra lie
  temperature.npy       [6][layer]: pressure in bar, and the same of temperatures in K
  checkpoint            evaluations of each chain, to resume from; retrieval.checkpoint chooses another folder";

const SIMULATE_EXAMPLES: &str = "\
Examples:
  photosphere simulate retrieval.toml --out data.txt --seed 1

Parameters have their `truth`, or their `start` where none is declared. Points and errors are those of
`simulate` in [[data]], or of its file. The table is read by [[data]] with file = \"data.txt\".";

/// Arguments of the program.
#[derive(Debug, Parser)]
#[command(
    name = "photosphere",
    version,
    about = "High-resolution molecular spectra of exoplanets and brown dwarfs on any GPU",
    long_about = "High-resolution molecular spectra of exoplanets and brown dwarfs on any GPU.\n\n\
                  Line lists (HITRAN, ExoMol, or the built-in CO list) go in; cross sections, emission and\n\
                  transmission spectra come out, computed on any graphics processor, or on the CPU in double precision.",
    after_help = EXAMPLES,
    arg_required_else_help = true,
    max_term_width = 110
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Print nothing but errors and warnings
    #[arg(long, global = true)]
    pub quiet: bool,
    /// How progress is shown on standard error: bars, or a line every ten seconds, in words or in JSON; `auto`: bars on a terminal, lines elsewhere
    #[arg(long, global = true, value_enum, default_value_t)]
    pub progress: ProgressChoice,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ProgressChoice {
    /// Bars on a terminal, lines elsewhere
    #[default]
    Auto,
    /// Bars that are redrawn
    Bar,
    /// A line every ten seconds
    Lines,
    /// The same as JSON, one object a line
    Json,
    /// None
    None,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List what this machine can compute on: adapters, drivers, limits, memory
    Devices,
    /// Compute cross sections of one species at given temperatures and pressures
    CrossSection(Box<CrossSectionArgs>),
    /// Compute an emission or transmission spectrum from a configuration file
    Spectrum(SpectrumArgs),
    /// Say what a spectrum will take in memory, and what would change that, without touching a device
    Plan(PlanArgs),
    /// Compute a spectrum and its derivatives by the parameters of a configuration
    Jacobian(JacobianArgs),
    /// Fit the parameters of a configuration to its data
    Fit(FitArgs),
    /// Sample the posterior of the parameters of a configuration (NUTS)
    Sample(SampleArgs),
    /// Measure how fast this machine computes spectra and derivatives; plans then tell seconds
    Bench(BenchArgs),
    /// Make mock data of a configuration: what its instruments would record at the true parameters, with noise
    Simulate(SimulateArgs),
    /// Write a complete example to a folder: a retrieval with its mock data, an emission and a transmission spectrum
    Example(ExampleArgs),
    /// List or delete what earlier runs computed and kept: line-shape densities, compiled kernels
    Cache(CacheArgs),
}

/// Arguments of `bench`.
#[derive(Args, Clone, Debug)]
pub struct BenchArgs {
    /// What to measure: auto (a GPU if there is one, else the CPU), cpu, or a number, PCI address or part of a name that `devices` lists
    #[arg(long, value_name = "auto|cpu|NAME", default_value = "auto")]
    pub device: DeviceChoice,
    /// The small workloads alone
    #[arg(long)]
    pub quick: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The cache, where the speed is kept
    #[command(flatten)]
    pub cache: CacheOptions,
}

/// Arguments of `cache`.
#[derive(Args, Clone, Debug)]
pub struct CacheArgs {
    /// What to do
    #[command(subcommand)]
    pub action: CacheAction,
    /// The cache's folder [default: $PHOTOSPHERE_CACHE_DIR, else the system's folder for caches]
    #[arg(long, global = true, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
}

/// What to do with a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum CacheAction {
    /// List all entries: kind, size, time since the last use, content
    List,
    /// Delete all entries, and nothing else in the folder
    Clear,
}

/// Which cache a computation uses.
#[derive(Args, Clone, Debug, Default)]
pub struct CacheOptions {
    /// Folder where line-shape densities and compiled kernels are kept [default: $PHOTOSPHERE_CACHE_DIR, else the system's folder for caches]
    #[arg(long, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    /// Neither use nor keep what can be computed again
    #[arg(long, conflicts_with = "cache_dir")]
    pub no_cache: bool,
    /// Most that all entries together take, such as 10GiB; those unused for longest go first [default: 4GiB]
    #[arg(long, value_name = "SIZE", env = "PHOTOSPHERE_CACHE_LIMIT", hide_env_values = true, value_parser = parse::size)]
    pub cache_limit: Option<u64>,
    /// Take entries that other users made or may change, too: their numbers are then as good as they are
    #[arg(long)]
    pub cache_shared: bool,
}

impl CacheOptions {
    /// What the options say, and where they say nothing what was chosen otherwise.
    #[must_use]
    pub fn over(&self, chosen: CacheChoice) -> CacheChoice {
        let place = match (&self.cache_dir, self.no_cache) {
            (_, true) => CachePlace::Off,
            (Some(folder), _) => CachePlace::Folder(folder.clone()),
            (None, false) => chosen.place,
        };
        CacheChoice { place, limit: self.cache_limit.or(chosen.limit), shared: self.cache_shared || chosen.shared }
    }
}

/// Arguments of `cross-section`.
#[derive(Args, Clone, Debug)]
#[command(after_help = CROSS_SECTION_EXAMPLES)]
pub struct CrossSectionArgs {
    /// Line list: a HITRAN file (repeat the option for several) or an ExoMol data set folder
    #[arg(long, value_name = "PATH", required_if_eq_any = [("format", "hitran"), ("format", "hitemp"), ("format", "exomol")])]
    pub lines: Vec<PathBuf>,
    /// Format of the line list
    #[arg(long, value_parser = word_of::<Format>())]
    pub format: Format,
    /// Formula of the molecule, such as CO2, or an isotopologue as ExoMol writes it, such as 12C-16O2: what to take of a file with several
    /// molecules, and a check of any other
    #[arg(long, value_name = "FORMULA")]
    pub species: Option<String>,
    /// First and last grid point, in cm-1; both are part of the grid
    #[arg(long, value_name = "LO:HI", value_parser = parse::range)]
    pub range: (f64, f64),
    /// Number of grid points, equally spaced in ln(wavenumber)
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = parse::points)]
    pub points: usize,
    /// Temperatures in K and pressures in bar
    #[arg(long, value_name = "T:P[,T:P...]", required = true, value_delimiter = ',', value_parser = parse::temperature_pressure)]
    pub at: Vec<(f64, f64)>,
    /// HITRAN's number of the isotopologue, 1 to 12 (1 is the most abundant), or all that the files hold [default: 1, or the list's only one]
    #[arg(long, value_name = "N|all", value_parser = parse::isotopologues)]
    pub isotopologue: Option<Isotopologues>,
    /// Whose collisions broaden the lines: air, self, default, h2, he, another gas that the list has widths for, or a mixture with mole
    /// fractions such as H2=0.85,He=0.15 [default: air for hitran, default for the others]
    #[arg(long, value_name = "GAS|GAS=X,GAS=X...")]
    pub broadener: Option<Broadening>,
    /// Half width at 296 K in cm-1 bar-1, and temperature exponent (0.5 if not given), of lines that have none in the list
    #[arg(long, value_name = "G[,N]", allow_hyphen_values = true, value_parser = parse::width)]
    pub default_width: Option<Width>,
    /// Compute without transition files that an ExoMol data set lacks within --range; without this they are an error
    #[arg(long)]
    pub allow_gaps: bool,
    /// Partition function, two columns, T in K and Q [default: the list's, or the built-in one]
    #[arg(long, value_name = "PATH")]
    pub partition: Option<PathBuf>,
    /// Molar mass in g/mol [default: known for HITRAN's isotopologues and from ExoMol's .def]
    #[arg(long, value_name = "M", allow_negative_numbers = true, value_parser = parse::positive)]
    pub molar_mass: Option<f64>,
    /// Temperatures in K that the method is prepared for [default: the lowest to the highest of --at]
    #[arg(long, value_name = "LO:HI", value_parser = parse::range)]
    pub temperature_range: Option<(f64, f64)>,
    /// Relative error aimed at
    #[arg(long, value_name = "E", default_value = "1e-3", allow_negative_numbers = true, value_parser = parse::tolerance)]
    pub tolerance: f64,
    /// How to compute
    #[arg(long, value_parser = word_of::<Method>(), default_value = Method::Auto.word())]
    pub method: Method,
    /// Leave out lines further than this outside --range, in cm-1 [default: every line of the list contributes, wherever it lies]
    #[arg(long, value_name = "X", allow_negative_numbers = true, value_parser = parse::not_negative)]
    pub line_margin: Option<f64>,
    /// What line profiles are made of
    #[command(flatten)]
    pub profile: ProfileOptions,
    /// Where to compute: auto (a GPU if there is one, else the CPU), cpu, or a number, PCI address or part of a name that `devices` lists
    #[arg(long, value_name = "auto|cpu|NAME", default_value = "auto")]
    pub device: DeviceChoice,
    /// Device memory to use: auto (what is free), exact (no limit), a size such as 48MiB, or a fraction such as 0.75, taken at start
    #[arg(long, value_name = "SIZE", default_value = "auto", allow_hyphen_values = true)]
    pub memory_budget: MemoryPolicy,
    /// Cache
    #[command(flatten)]
    pub cache: CacheOptions,
    /// Result file; the report goes beside it, to FILE.json
    #[arg(long, value_name = "FILE.npy", value_parser = parse::npy_path)]
    pub out: PathBuf,
}

/// What line profiles are made of.
#[derive(Args, Clone, Debug, Default)]
pub struct ProfileOptions {
    /// Leave out the natural width, where the list has it
    #[arg(long)]
    pub no_natural_width: bool,
    /// Move lines by their pressure shift, where the list has it
    #[arg(long)]
    pub pressure_shift: bool,
    /// No line contributes further from its centre than this, in cm-1 [default: wings have no end]
    #[arg(long, value_name = "X", allow_negative_numbers = true, value_parser = parse::positive)]
    pub wing_cutoff: Option<f64>,
    /// Take the value at the cutoff away from each line, as continuum models such as MT_CKD want
    #[arg(long, requires = "wing_cutoff", conflicts_with = "chi")]
    pub subtract_pedestal: bool,
    /// Factor on the wings: a file of two columns, distance from the centre in cm-1 and chi, the first row with chi = 1
    #[arg(long, value_name = "FILE")]
    pub chi: Option<PathBuf>,
}

impl ProfileOptions {
    /// The same as a configuration has it.
    pub fn profile(&self) -> LineProfile {
        let mut profile = LineProfile { chi_file: self.chi.clone(), ..LineProfile::default() };
        profile.settings.natural_width = !self.no_natural_width;
        profile.settings.pressure_shift = self.pressure_shift;
        profile.settings.wings.cutoff = self.wing_cutoff;
        profile.settings.wings.subtract_pedestal = self.subtract_pedestal;
        profile
    }
}

/// Arguments of `spectrum`.
#[derive(Args, Clone, Debug)]
#[command(after_help = SPECTRUM_EXAMPLES)]
pub struct SpectrumArgs {
    /// What all runs take
    #[command(flatten)]
    pub run: RunArgs,
}

/// Arguments of `plan`.
#[derive(Args, Clone, Debug)]
#[command(after_help = PLAN_EXAMPLES)]
pub struct PlanArgs {
    /// Configuration file; `-` reads it from standard input
    #[arg(value_name = "CONFIG.toml")]
    pub config: PathBuf,
    /// Replace a key of the configuration, such as grid.points=2000; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse::assignment)]
    pub set: Vec<(String, String)>,
    /// Device memory to plan for: exact (no limit), a size such as 48MiB, or auto (256 MiB: no driver is asked what is free)
    /// [default: the configuration's, or auto]
    #[arg(long, value_name = "SIZE", visible_alias = "budget", allow_hyphen_values = true)]
    pub memory_budget: Option<MemoryPolicy>,
    /// Device to plan for: `webgpu` (what every device has, on a software driver), `integrated` or `discrete` (a usual GPU of that class), or limits in a JSON
    /// file as in the report
    #[arg(long, value_name = "webgpu|integrated|discrete|FILE.json", default_value = "webgpu")]
    pub device_limits: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `simulate`.
#[derive(Args, Clone, Debug)]
#[command(after_help = SIMULATE_EXAMPLES)]
pub struct SimulateArgs {
    /// The configuration
    #[command(flatten)]
    pub source: SourceArgs,
    /// Text table for the data; with several data sets a folder, which gets NAME.txt for each
    #[arg(long, value_name = "FILE.txt")]
    pub out: PathBuf,
    /// Seed of the noise: equal seeds give equal data
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

/// Arguments of `example`.
#[derive(Args, Clone, Debug)]
pub struct ExampleArgs {
    /// The folder, created if missing; files in it that are not of an example stay as they are
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
}

/// What all commands on a configuration take.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// The configuration
    #[command(flatten)]
    pub source: SourceArgs,
    /// Folder for the results, created if missing; files of an earlier run are replaced
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// A configuration, and what is changed in it.
#[derive(Args, Clone, Debug)]
pub struct SourceArgs {
    /// Configuration file; `-` reads it from standard input, and paths in it are relative to the working folder
    #[arg(value_name = "CONFIG.toml")]
    pub config: PathBuf,
    /// Replace a key of the configuration, such as grid.points=2000 or parameters.T0.start=900; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse::assignment)]
    pub set: Vec<(String, String)>,
    /// Print the final report as JSON on standard output, and nothing else there
    #[arg(long)]
    pub json: bool,
    /// Where to compute: auto (a GPU if there is one, else the CPU), cpu, or a number, PCI address or part of a name that `devices` lists
    #[arg(long, value_name = "auto|cpu|NAME", default_value = "auto")]
    pub device: DeviceChoice,
    /// Device memory to use: auto (what is free), exact (no limit), a size such as 48MiB, or a fraction such as 0.75, taken at start
    /// [default: the configuration's, or auto]
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true)]
    pub memory_budget: Option<MemoryPolicy>,
    /// Cache
    #[command(flatten)]
    pub cache: CacheOptions,
}

/// How derivatives are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum DerivativeMode {
    /// The whole Jacobian, column by column
    #[default]
    Forward,
    /// Products of weights with the Jacobian, without the Jacobian
    Reverse,
}

/// Arguments of `jacobian`.
#[derive(Args, Clone, Debug)]
#[command(after_help = JACOBIAN_EXAMPLES)]
pub struct JacobianArgs {
    /// What all runs take
    #[command(flatten)]
    pub run: RunArgs,
    /// How derivatives are taken
    #[arg(long, value_enum, default_value_t)]
    pub mode: DerivativeMode,
    /// Weights of reverse mode: one number for each wavenumber, or an array of several such columns
    #[arg(long, value_name = "W.npy", required_if_eq("mode", "reverse"))]
    pub weights: Option<PathBuf>,
}

/// Arguments of `fit`.
#[derive(Args, Clone, Debug)]
#[command(after_help = FIT_EXAMPLES)]
pub struct FitArgs {
    /// What all runs take
    #[command(flatten)]
    pub run: RunArgs,
}

/// Arguments of `sample`.
#[derive(Args, Clone, Debug)]
#[command(after_help = SAMPLE_EXAMPLES)]
pub struct SampleArgs {
    /// What all runs take
    #[command(flatten)]
    pub run: RunArgs,
    /// Go on from the checkpoint of an interrupted run of the same configuration; without it, a checkpoint is replaced
    #[arg(long)]
    pub resume: bool,
}

impl SourceArgs {
    /// The configuration, with what the options say put in.
    ///
    /// # Errors
    /// A configuration that cannot be read; files that it names and that are not there.
    pub fn load(&self) -> crate::Result<Config> {
        let config = self.read()?;
        config.check_files()?;
        Ok(config)
    }

    /// As [`load`](Self::load), for a mock: data that are simulated need no file.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_for_mock(&self) -> crate::Result<Config> {
        let config = self.read()?;
        config.check_files_but(|data| data.simulation.is_some())?;
        Ok(config)
    }

    fn read(&self) -> crate::Result<Config> {
        let mut config = read_config(&self.config, &self.set)?;
        config.memory_budget = self.memory_budget.unwrap_or(config.memory_budget);
        config.cache = self.cache.over(config.cache);
        Ok(config)
    }
}

/// A configuration from a file or, as `-`, from standard input.
///
/// # Errors
/// As [`Config::load_with`].
pub fn read_config(path: &std::path::Path, set: &[(String, String)]) -> crate::Result<Config> {
    if path.as_os_str() != "-" {
        return Config::load_with(path, set);
    }
    let (mut text, most) = (String::new(), crate::input::CONFIGURATION);
    let mut input = std::io::Read::take(std::io::stdin(), most + 1);
    let read = std::io::Read::read_to_string(&mut input, &mut text);
    read.map_err(|e| crate::Error::io("read", "standard input", e))?;
    if text.len() as u64 > most {
        let message = format!("longer than {most} bytes; a configuration in TOML is required");
        return Err(crate::Error::parse("standard input", None, message));
    }
    Config::parse_with("standard input".as_ref(), &text, set)
}

impl CrossSectionArgs {
    /// The line list these arguments describe.
    pub fn source(&self) -> ListKeys {
        let name = match self.lines.first().and_then(|p| p.file_name()) {
            Some(name) if self.format != Format::Builtin => name.to_string_lossy().into_owned(),
            _ => self.format.word().to_owned(),
        };
        ListKeys {
            name: self.species.clone().unwrap_or(name),
            named: self.species.is_some(),
            format: self.format,
            paths: self.lines.clone(),
            isotopologues: self.isotopologue,
            broadening: self.broadener.clone(),
            default_width: self.default_width,
            allow_gaps: self.allow_gaps,
            partition: self.partition.clone(),
            molar_mass: self.molar_mass,
        }
    }

    /// The temperatures to prepare for: as declared, else those of `--at` \[K\].
    ///
    /// # Errors
    /// A temperature of `--at` outside the declared range.
    pub fn temperatures(&self) -> crate::Result<(f64, f64)> {
        let coldest = self.at.iter().map(|a| a.0).fold(f64::INFINITY, f64::min);
        let hottest = self.at.iter().map(|a| a.0).fold(0.0, f64::max);
        let Some((lo, hi)) = self.temperature_range else { return Ok((coldest, hottest)) };
        match self.at.iter().find(|a| !(lo..=hi).contains(&a.0)) {
            Some((t, p)) => Err(crate::Error::invalid(
                "--at",
                format!("{t}:{p}"),
                format!("temperatures within --temperature-range {lo}:{hi}"),
            )),
            None => Ok((lo, hi)),
        }
    }
}

#[cfg(test)]
mod tests;
