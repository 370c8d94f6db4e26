//! What a configuration says, as plain data.

use std::path::{Path, PathBuf};

use super::continua::{CloudKeys, ContinuaKeys};
use super::declared::{Parameter, Quantity};
use super::geometry::GeometryKeys;
use super::planet::PlanetKeys;
use super::retrieval::{DataKeys, InstrumentKeys, RetrievalKeys};
use crate::atmosphere::{Abundance, Interpolation};
use crate::cross_section::Method;
use crate::gpu::MemoryPolicy;
use crate::scenario::source::{CacheChoice, LineProfile, ListKeys};
use crate::units::SpectralAxis;
use crate::{Error, Result};

/// A whole configuration. All paths are resolved against the configuration's folder.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// The file it came from.
    pub path: PathBuf,
    /// `cache`
    pub cache: CacheChoice,
    /// `[grid]`
    pub grid: GridKeys,
    /// `[atmosphere]`
    pub atmosphere: AtmosphereKeys,
    /// `[[species]]`.
    pub species: Vec<SpeciesKeys>,
    /// `[[cia]]`, none or more.
    pub cia: Vec<CiaKeys>,
    /// `[continua]`
    pub continua: ContinuaKeys,
    /// `[[cloud]]`, none or more.
    pub clouds: Vec<CloudKeys>,
    /// `[transfer]`
    pub transfer: TransferKeys,
    /// `[method]`
    pub method: MethodKeys,
    /// `[parameters]`, in the order of the file.
    pub parameters: Vec<Parameter>,
    /// `[instrument]`
    pub instrument: Option<InstrumentKeys>,
    /// `[[data]]`, none or more.
    pub data: Vec<DataKeys>,
    /// `[retrieval]`
    pub retrieval: RetrievalKeys,
    /// `[device]`, its only key.
    pub memory_budget: MemoryPolicy,
    /// `[star]`
    pub star: Option<StarKeys>,
    /// `[observer]`, its only key: distance \[cm\].
    pub distance_cm: Option<f64>,
    /// `[output]`
    pub output: OutputKeys,
}

/// The star that a planet is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct StarKeys {
    /// \[cm\].
    pub radius_cm: f64,
    /// A black body \[K\], or a file of two columns: wavelength \[um\] and flux at its surface \[W m-2 um-1\].
    pub spectrum: StarSpectrumKeys,
}

/// Light of a star.
#[derive(Clone, Debug, PartialEq)]
pub enum StarSpectrumKeys {
    /// A black body \[K\].
    BlackBody(f64),
    /// A file.
    Table(PathBuf),
}

/// Wavenumber grid, equal steps in ln(wavenumber).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GridKeys {
    /// First and last point \[cm-1\].
    pub range: (f64, f64),
    /// How fine.
    pub sampling: GridSampling,
}

/// How fine a grid is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GridSampling {
    /// Number of points.
    Points(usize),
    /// Least resolution R = nu / dnu.
    Resolution(f64),
}

impl GridKeys {
    /// Number of points; for a resolution, the fewest that reach it with both ends on the grid.
    pub fn points(&self) -> usize {
        match self.sampling {
            GridSampling::Points(n) => n,
            GridSampling::Resolution(r) => {
                (((self.range.1 / self.range.0).ln() * r).ceil().max(1.0) as usize).saturating_add(1)
            }
        }
    }
}

/// Layers, gravity, temperature.
#[derive(Clone, Debug, PartialEq)]
pub struct AtmosphereKeys {
    /// Number of layers, equal steps in ln P.
    pub layers: usize,
    /// Pressure at the top and at the bottom \[bar\].
    pub pressure: (f64, f64),
    /// Radius and gravity.
    pub planet: PlanetKeys,
    /// Mean molecular weight \[g mol-1\].
    pub mean_molecular_weight: Quantity,
    /// Temperature profile.
    pub temperature: TemperatureKeys,
    /// Lowest and highest temperature allowed; the profile is cut there \[K\].
    pub clip: Option<(f64, f64)>,
}

/// Temperature profile; P in bar, T in K.
#[derive(Clone, Debug, PartialEq)]
pub enum TemperatureKeys {
    /// T = T1 (P / 1 bar)^alpha.
    PowerLaw {
        /// T1, the temperature at 1 bar \[K\].
        at_1_bar: Quantity,
        /// Exponent.
        alpha: Quantity,
    },
    /// Guillot (2010), eq. 29.
    Guillot {
        /// Internal temperature \[K\].
        internal: Quantity,
        /// Irradiation temperature \[K\].
        irradiation: Quantity,
        /// Infrared opacity \[cm2 g-1\].
        kappa: Quantity,
        /// Ratio of visible to infrared opacity.
        gamma: Quantity,
        /// Redistribution: 1 sub-stellar point, 1/2 day side, 1/4 whole planet.
        redistribution: Quantity,
    },
    /// T^4 = 3/4 Tint^4 (tau + 2/3), tau = kappa P / g.
    Grey {
        /// Internal temperature \[K\].
        internal: Quantity,
        /// Infrared opacity \[cm2 g-1\].
        kappa: Quantity,
    },
    /// The same everywhere \[K\].
    Isothermal(Quantity),
    /// A file of two columns, pressure \[bar\] and temperature \[K\], interpolated linearly in ln P.
    Table(PathBuf),
    /// Temperatures at a few pressures.
    Knots {
        /// Pressures, in ascending or descending order \[bar\].
        pressure: Vec<f64>,
        /// As many temperatures \[K\].
        temperature: Vec<Quantity>,
        /// How the profile runs between them.
        interpolation: Interpolation,
    },
}

/// A number for all layers, or a file of two columns: pressure \[bar\] and value, interpolated linearly in ln P.
#[derive(Clone, Debug, PartialEq)]
pub enum ProfileKeys {
    /// The same in every layer.
    Constant(Quantity),
    /// From a file.
    Table(PathBuf),
    /// This share of what the other species leave of the volume.
    Rest(f64),
}

/// How much of a species there is.
#[derive(Clone, Debug, PartialEq)]
pub struct MixingKeys {
    /// By mass or by volume.
    pub unit: Abundance,
    /// How much.
    pub profile: ProfileKeys,
}

/// A species of the composition.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeciesKeys {
    /// Its name, by which pairs and continua ask for it.
    pub name: String,
    /// Its line list, if it absorbs in lines.
    pub lines: Option<ListKeys>,
    /// Its molar mass, where it has no list and its name is no formula \[g mol-1\].
    pub molar_mass: Option<f64>,
    /// How much of it there is.
    pub mixing: MixingKeys,
}

/// Collision-induced absorption of a pair.
#[derive(Clone, Debug, PartialEq)]
pub struct CiaKeys {
    /// HITRAN CIA file.
    pub file: PathBuf,
    /// Names of the partners.
    pub pair: [String; 2],
    /// Volume mixing ratios of the partners; `None`: those of the species of these names.
    pub volume_mixing_ratios: Option<[ProfileKeys; 2]>,
    /// At a temperature outside the table its nearest is taken; otherwise that is an error.
    pub clamped: bool,
}

/// Radiative transfer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransferKeys {
    /// What is seen.
    pub geometry: GeometryKeys,
    /// Streams, half of them upward.
    pub streams: usize,
    /// Temperature of a black surface below the lowest layer \[K\]; `None`: no surface.
    pub surface_temperature: Option<Quantity>,
}

/// How cross sections are computed.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodKeys {
    /// Relative error aimed at.
    pub tolerance: f64,
    /// Temperatures the method is prepared for \[K\]; `None`: what the profile needs.
    pub temperature_range: Option<(f64, f64)>,
    /// Tier.
    pub method: Method,
    /// Spectra that are expected; `None`: what the command expects.
    pub evaluations: Option<u32>,
    /// Lines this far outside the grid still count \[cm-1\]; infinite: all do.
    pub line_margin: f64,
    /// What line profiles are made of.
    pub profile: LineProfile,
}

impl Default for MethodKeys {
    fn default() -> Self {
        Self {
            tolerance: 1e-3,
            temperature_range: None,
            method: Method::Auto,
            evaluations: None,
            line_margin: f64::INFINITY,
            profile: LineProfile::default(),
        }
    }
}

/// Pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputKeys {
    /// Title of the figure; `None`: made from the species.
    pub title: Option<String>,
    /// Write `spectrum.svg`.
    pub svg: bool,
    /// Write `spectrum.png`.
    pub png: bool,
    /// Range of the enlarged panel \[cm-1\]; `None`: chosen from the spectrum.
    pub zoom: Option<(f64, f64)>,
    /// Which spectral axis is written besides wavenumbers.
    pub axis: SpectralAxis,
    /// Whether fluxes are per wavelength \[W m-2 um-1\] instead of per wavenumber.
    pub flux_per_um: bool,
    /// Draw temperature and composition over pressure.
    pub atmosphere: bool,
    /// Write and draw the spectrum of each opacity alone.
    pub components: bool,
    /// Write and draw what each layer contributes.
    pub contribution: bool,
}

impl Config {
    /// Checks that every file the configuration names exists, so that a run fails before it starts.
    ///
    /// # Errors
    /// [`Error::Config`] with the key of the first that does not.
    pub fn check_files(&self) -> Result<()> {
        self.check_files_but(|_| false)
    }

    /// As [`check_files`](Self::check_files), but for data sets that are to be left out.
    ///
    /// # Errors
    /// As [`check_files`](Self::check_files).
    pub fn check_files_but(&self, without: impl Fn(&DataKeys) -> bool) -> Result<()> {
        let left_out: Vec<String> =
            (0..self.data.len()).filter(|i| without(&self.data[*i])).map(|i| format!("data[{i}].file")).collect();
        for (key, path) in self.files() {
            if !path.exists() && !left_out.contains(&key) {
                let mock = self.data.iter().any(|d| d.file == path && d.simulation.is_some());
                let how = if mock { "; `photosphere simulate` makes it (docs/retrieval.md)" } else { "" };
                let message = format!("there is no file or folder {}{how}", path.display());
                return Err(Error::Config { path: self.path.clone(), key, message });
            }
        }
        Ok(())
    }

    /// Every file and folder named, with its key.
    pub fn files(&self) -> Vec<(String, &Path)> {
        let mut files: Vec<(String, &Path)> = Vec::new();
        if let TemperatureKeys::Table(p) = &self.atmosphere.temperature {
            files.push(("atmosphere.temperature.file".into(), p));
        }
        for (i, s) in self.species.iter().enumerate() {
            let lines = s.lines.iter();
            files.extend(lines.clone().flat_map(|l| &l.paths).map(|p| (format!("species[{i}].lines"), p.as_path())));
            let partition = lines.flat_map(|l| &l.partition);
            files.extend(partition.map(|p| (format!("species[{i}].partition"), p.as_path())));
            if let ProfileKeys::Table(p) = &s.mixing.profile {
                let unit = if s.mixing.unit == Abundance::Mass { "mass" } else { "volume" };
                files.push((format!("species[{i}].{unit}_mixing_ratio"), p));
            }
        }
        for (i, c) in self.cia.iter().enumerate() {
            files.push((format!("cia[{i}].file"), &c.file));
            for (k, p) in c.volume_mixing_ratios.iter().flatten().enumerate() {
                if let ProfileKeys::Table(p) = p {
                    files.push((format!("cia[{i}].volume_mixing_ratios[{k}]"), p));
                }
            }
        }
        if let Some(StarKeys { spectrum: StarSpectrumKeys::Table(p), .. }) = &self.star {
            files.push(("star.spectrum".into(), p));
        }
        files.extend(self.method.profile.chi_file.iter().map(|p| ("method.wings.chi".into(), p.as_path())));
        let response = self.instrument.iter().flat_map(|i| &i.response_file);
        files.extend(response.map(|p| ("instrument.response".into(), p.as_path())));
        for (i, d) in self.data.iter().enumerate() {
            files.push((format!("data[{i}].file"), &d.file));
            files.extend(d.covariance_file.iter().map(|p| (format!("data[{i}].noise.covariance"), p.as_path())));
            files.extend(d.response_file.iter().map(|p| (format!("data[{i}].instrument.response"), p.as_path())));
        }
        files
    }

    /// What all parameters stand for at their start values ([`Parameter::value`]).
    pub fn start(&self) -> Vec<f64> {
        self.parameters.iter().map(|p| p.value(&p.start)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolution_is_reached_with_both_ends_on_the_grid() {
        let grid = |sampling| GridKeys { range: (1950.0, 2250.0), sampling };
        assert_eq!(grid(GridSampling::Points(150_000)).points(), 150_000);
        let n = grid(GridSampling::Resolution(1e6)).points();
        let resolution = |n: usize| (n - 1) as f64 / (2250f64 / 1950.0).ln();
        assert!(resolution(n) >= 1e6 && resolution(n - 1) < 1e6, "{n}");
        assert_eq!(grid(GridSampling::Resolution(1e-3)).points(), 2);
        assert_eq!(grid(GridSampling::Resolution(1e300)).points(), usize::MAX);
    }
}
