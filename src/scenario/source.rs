//! What to compute from, how and where: choices that configuration files and the command line share.

use std::path::PathBuf;
use std::str::FromStr;

use serde::Serialize;

use super::broadening::Broadening;
use super::profiles;
use super::words::{Word, Words};
use crate::cross_section::{Method, ProfileSettings};
use crate::gpu::MemoryPolicy;
use crate::lines::Width;
use crate::{Backend, Cache, Progress};

/// Formats of line lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// HITRAN or HITEMP 160-character records.
    Hitran,
    /// An ExoMol data set folder.
    Exomol,
    /// The list built into the program.
    Builtin,
}

impl Words for Format {
    const ALL: &'static [Word<Self>] = &[
        Word {
            alias: Some("hitemp"),
            ..Word::new(
                "hitran",
                Self::Hitran,
                "HITRAN or HITEMP 160-character records: .par, .par.bz2 or .zip (`hitemp` is the same)",
            )
        },
        Word::new("exomol", Self::Exomol, "An ExoMol data set folder: .def, .pf, .states, .trans, .broad"),
        Word::new("builtin", Self::Builtin, "The list built into the program: CO"),
    ];
}

impl Words for Method {
    const ALL: &'static [Word<Self>] = &[
        Word::new("auto", Self::Auto, "Whichever of `lines` and `density` is cheaper"),
        Word::new("lines", Self::Lines, "Every line by itself: up to about a million lines"),
        Word::new("density", Self::Density, "Line-shape density: time independent of the number of lines"),
        Word::new("table", Self::Table, "Tables in temperature for the layers of a model: for many spectra"),
        Word::new(
            "direct-sum",
            Self::DirectSum,
            "The exact line-by-line sum in double precision: slow, to check the others",
        ),
    ];
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

impl DeviceChoice {
    /// Opens it, with a memory budget; `progress` hears of kernels in the cache that are damaged. The exact sum runs on the CPU, whatever there is besides.
    ///
    /// # Errors
    /// [`Error::NoAdapter`](crate::Error::NoAdapter) if no adapter has the name, or the one that does cannot be opened or refuses the budget.
    pub fn open(
        &self,
        method: Method,
        cache: &Cache,
        memory: MemoryPolicy,
        progress: &dyn Progress,
    ) -> crate::Result<Backend> {
        let backend = match self {
            Self::Auto if method == Method::DirectSum => Ok(Backend::Cpu),
            Self::Auto => Backend::select_with("auto", cache),
            Self::Cpu => Ok(Backend::Cpu),
            Self::Named(name) => Backend::select_with(name, cache),
        }?;
        if let Some(remark) = backend.cache_remark() {
            progress.warn(remark);
        }
        backend.set_memory_policy(memory)?;
        Ok(backend)
    }
}

/// Which cache to use, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheChoice {
    /// Where it is.
    pub place: CachePlace,
    /// Bytes that all entries together may take; the library's default if nothing is said.
    pub limit: Option<u64>,
    /// Whether entries of other users are taken ([`Cache::shared`]); the environment may say so as well.
    pub shared: bool,
}

impl From<CachePlace> for CacheChoice {
    fn from(place: CachePlace) -> Self {
        Self { place, ..Self::default() }
    }
}

/// Where a cache is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CachePlace {
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
        let cache = match &self.place {
            CachePlace::Default => Cache::open(None),
            CachePlace::Folder(folder) => Cache::open(Some(folder)),
            CachePlace::Off => Cache::off(),
        };
        let cache = self.limit.into_iter().fold(cache, Cache::with_limit);
        if self.shared { cache.shared() } else { cache }
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

impl LineProfile {
    /// All of it, with chi read from its file where it has one.
    ///
    /// # Errors
    /// A file that cannot be read or does not hold a factor on wings.
    pub fn read(&self) -> crate::Result<ProfileSettings> {
        let mut settings = self.settings;
        if let Some(path) = &self.chi_file {
            settings.wings.chi = Some(profiles::chi(path)?);
        }
        Ok(settings)
    }
}

/// A line list as users name it, and what to take from it.
#[derive(Clone, Debug, PartialEq)]
pub struct ListKeys {
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
