//! Choices that the command line and configuration files share.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use serde::Serialize;

pub use super::broadening::{Broadener, Broadening};
use crate::Cache;
use crate::cross_section::ProfileSettings;
use crate::lines::Width;

/// Formats of line lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// HITRAN or HITEMP 160-character records: .par, .par.bz2 or .zip (`hitemp` is the same)
    #[value(alias = "hitemp")]
    Hitran,
    /// An ExoMol data set folder: .def, .pf, .states, .trans, .broad
    Exomol,
    /// The list built into the program: CO
    Builtin,
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

/// Which isotopologues of a list are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Isotopologues {
    /// All that the files hold, each with its own partition function and mass.
    All,
    /// One, by HITRAN's number (1 is the most abundant).
    #[serde(untagged)]
    Number(u32),
}

/// What a line's profile is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineProfile {
    /// All but chi from a file.
    pub settings: ProfileSettings,
    /// A file of two columns, distance from the centre \[cm-1\] and chi, in place of `settings.wings.chi`.
    pub chi_file: Option<PathBuf>,
}

/// A line list and what to take from it.
#[derive(Clone, Debug, PartialEq)]
pub struct LineSource {
    /// Name for messages and reports.
    pub name: String,
    /// Whether the name is the user's own, which the files must not contradict.
    pub named: bool,
    /// The list's format.
    pub format: Format,
    /// Files, or the one folder of an ExoMol data set; empty for the built-in list.
    pub paths: Vec<PathBuf>,
    /// `None`: the list's only or most abundant one.
    pub isotopologues: Option<Isotopologues>,
    /// Line widths; `None`: air for HITRAN, the list's default otherwise.
    pub broadening: Option<Broadening>,
    /// Width of lines that have none in the list.
    pub default_width: Option<Width>,
    /// Whether transition files of an ExoMol data set may be missing.
    pub allow_gaps: bool,
    /// Partition function, two columns T \[K\] and Q; `None`: the list's or the built-in one.
    pub partition: Option<PathBuf>,
    /// Molar mass \[g mol-1\]; `None`: known from the isotopologue or the list.
    pub molar_mass: Option<f64>,
}
