//! Choices that the command line and configuration files share.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

use crate::Cache;

/// Formats of line lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// HITRAN or HITEMP 160-character records: .par, .par.bz2 or .zip
    Hitran,
    /// An ExoMol data set folder: .def, .pf, .states, .trans, .broad
    Exomol,
    /// The list built into the program: CO
    Builtin,
}

/// Which collision partner broadens the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Broadener {
    /// Air (HITRAN's gamma_air, n_air)
    Air,
    /// The molecule itself (HITRAN's gamma_self)
    #[value(name = "self")]
    SelfBroadening,
    /// The list's own default width and exponent (ExoMol .def)
    Default,
    /// Molecular hydrogen (ExoMol H2.broad)
    H2,
    /// Helium (ExoMol He.broad)
    He,
}

/// How cross sections are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// Whichever of `lines` and `density` is cheaper
    #[default]
    Auto,
    /// Every line by itself: up to about a million lines
    Lines,
    /// Line-shape density: time independent of the number of lines
    Density,
    /// The exact line-by-line sum in double precision: slow, to check the others
    DirectSum,
}

/// The name by which users choose a variant.
pub fn name_of(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|v| v.get_name().to_owned()).unwrap_or_default()
}

/// Where to compute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A GPU if there is one, the CPU otherwise.
    #[default]
    Auto,
    /// All CPU cores, double precision.
    Cpu,
    /// The adapter whose name contains this text.
    Named(String),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "" => Err("given nothing, required auto, cpu or part of an adapter's name".into()),
            t if t.eq_ignore_ascii_case("auto") => Ok(Self::Auto),
            t if t.eq_ignore_ascii_case("cpu") => Ok(Self::Cpu),
            t => Ok(Self::Named(t.to_owned())),
        }
    }
}

/// Which cache to use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CacheChoice {
    /// The environment's or the platform's folder.
    #[default]
    Default,
    /// This folder.
    Folder(PathBuf),
    /// None.
    Off,
}

impl CacheChoice {
    /// The cache itself.
    pub fn open(&self) -> Cache {
        match self {
            Self::Default => Cache::open(None),
            Self::Folder(folder) => Cache::open(Some(folder)),
            Self::Off => Cache::off(),
        }
    }
}

/// Line widths: a collision partner's, or the same for all lines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Broadening {
    /// From the line list.
    From(Broadener),
    /// The user's own.
    Constant {
        /// Half width at half maximum at 296 K \[cm-1 bar-1\].
        half_width: f64,
        /// Exponent n of (296 K / T)^n.
        temperature_exponent: f64,
    },
}

/// A line list and what to take from it.
#[derive(Clone, Debug, PartialEq)]
pub struct LineSource {
    /// Name for messages and reports.
    pub name: String,
    /// The list's format.
    pub format: Format,
    /// Files, or the one folder of an ExoMol data set; empty for the built-in list.
    pub paths: Vec<PathBuf>,
    /// HITRAN's number of the isotopologue (1 is the most abundant); `None`: the list's only or most abundant one.
    pub isotopologue: Option<u32>,
    /// Line widths; `None`: air for HITRAN, the list's default otherwise.
    pub broadening: Option<Broadening>,
    /// Partition function, two columns T \[K\] and Q; `None`: the list's or the built-in one.
    pub partition: Option<PathBuf>,
    /// Molar mass \[g mol-1\]; `None`: known from the isotopologue or the list.
    pub molar_mass: Option<f64>,
}
