//! What the user chooses about accuracy and method.

mod profile;

pub use profile::{ChiFactor, ProfileSettings, WingLaw};

use crate::grid::TemperatureRange;
use crate::{Error, Result};

/// Where a layer's sources come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The library chooses between `Lines`, `Density` and, for models, `Table`: by what they cost for so many spectra as are expected, and by memory.
    Auto,
    /// Every line with its own strength and width at every layer.
    Lines,
    /// The line-shape density: cost independent of the number of lines.
    Density,
    /// Tables in temperature for the layers of a model, made from lines or their density: for many spectra on the same pressures.
    Table,
    /// Exact sum in f64 on the CPU: the oracle.
    DirectSum,
}

/// What the user chooses about accuracy.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Settings {
    /// Relative error aimed at, 1e-7 to 0.1. On the GPU (float32) below 1e-5 brings nothing more.
    pub tolerance: f64,
    /// Temperatures that may be asked for \[K\].
    pub temperature_range: TemperatureRange,
    /// Source tier.
    pub method: Method,
    /// Spectra that are expected of a model: what `Auto` weighs the making of a table against.
    pub evaluations: u32,
    /// Lines further outside the grid than this are not read \[cm-1\]; infinite: every line contributes wherever it lies.
    #[serde(serialize_with = "finite_or_null")]
    pub line_margin: f64,
    /// What a line's profile is made of.
    pub profile: ProfileSettings,
}

/// JSON has no infinity.
fn finite_or_null<S: serde::Serializer>(v: &f64, to: S) -> std::result::Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&v.is_finite().then_some(*v), to)
}

impl Default for Settings {
    /// A tolerance of 1e-3 between 100 and 3000 K, all lines, Voigt profiles with natural width, one spectrum.
    fn default() -> Self {
        Self {
            tolerance: 1e-3,
            temperature_range: TemperatureRange { lo: 100.0, hi: 3000.0 },
            method: Method::Auto,
            evaluations: 1,
            line_margin: f64::INFINITY,
            profile: ProfileSettings::default(),
        }
    }
}

impl Settings {
    /// Refuses a tolerance outside 1e-7 to 0.1 and a margin that is negative or not finite.
    pub fn check(&self) -> Result<()> {
        if !(1e-7..=0.1).contains(&self.tolerance) {
            return Err(Error::invalid("tolerance", self.tolerance, "1e-7 to 0.1"));
        }
        if self.line_margin.is_nan() || self.line_margin < 0.0 {
            return Err(Error::invalid("line margin [cm-1]", self.line_margin, "a number of at least 0"));
        }
        self.profile.wings.check()
    }
}
