//! High-resolution molecular spectra of exoplanets and brown dwarfs on any GPU.
//!
//! # The way of the data
//!
//! ```text
//! line list -> line-shape density -> cross section -> optical depth -> radiative transfer -> spectrum
//!   lines          density          cross_section    optical_depth         transfer          spectrum
//! ```
//!
//! One module per stage; dependencies point upstream only. Each stage exists twice: as plain f64 Rust, which is the CPU backend
//! and the tests' yardstick, and as WGSL kernels. [`gpu`] plans and holds device memory and knows no physics; [`Backend`]
//! chooses where to compute.
//!
//! - [`cross_section::CrossSections`]: cross sections at given temperatures and pressures.
//! - [`spectrum::EmissionModel`]: emission spectra; set up once, then one [`spectrum::State`] after another.
//! - [`lines`]: HITRAN, ExoMol, and a built-in list of CO; [`atmosphere`]: pressures, temperatures, gravity, composition.
//! - `cli` and `plot`: the command line and pictures, features that a library user may switch off.
//!
//! # Example
//!
//! The emission of an isothermal layer of CO in front of a hot surface:
//!
//! ```
//! use photosphere::Backend;
//! use photosphere::atmosphere::PressureGrid;
//! use photosphere::cross_section::{Method, Settings};
//! use photosphere::density::lines::TemperatureRange;
//! use photosphere::grid::Grid;
//! use photosphere::lines::carbon_monoxide::{Broadener, Isotopologue, line_list};
//! use photosphere::spectrum::{Absorber, EmissionModel, State};
//! use photosphere::transfer::planck_flux;
//!
//! let grid = Grid::new(2140.0, 2160.0, 5_000)?;
//! let co = line_list(Isotopologue::C12O16, Broadener::Air, Some((2115.0, 2185.0)), 0.0)?;
//! let absorber = Absorber { name: "CO".into(), molar_mass: co.species.molar_mass, lists: vec![co] };
//! let settings = Settings {
//!     tolerance: 1e-3,
//!     temperature_range: TemperatureRange::new(600.0, 1000.0)?,
//!     method: Method::Auto,
//!     line_margin: 25.0,
//! };
//! let layers = 10;
//! let pressure = PressureGrid::logarithmic(1e-4, 1.0, layers)?;
//! let model = EmissionModel::new(grid, pressure, &[absorber], &[], settings, 8, true, &())?;
//! let state = State {
//!     temperature_k: vec![800.0; layers],
//!     gravity: vec![2.5e3; layers],
//!     mean_molar_mass: vec![2.33; layers],
//!     mass_mixing_ratio: vec![vec![1e-3; layers]],
//!     collision_mixing_ratio: vec![],
//!     surface_temperature_k: Some(1200.0),
//! };
//! let flux = model.open(&Backend::Cpu)?.flux(&state, &())?.to_f64();
//!
//! // Between the black body of the layers, where lines are thick, and that of the surface.
//! for (nu, flux) in grid.wavenumbers().iter().zip(&flux) {
//!     assert!(*flux > 0.99 * planck_flux(*nu, 800.0) && *flux < 1.01 * planck_flux(*nu, 1200.0));
//! }
//! # Ok::<(), photosphere::Error>(())
//! ```

#![warn(missing_docs)]

pub mod atmosphere;
pub mod backend;
#[cfg(feature = "cli")]
pub mod cli;
pub mod constants;
pub mod cross_section;
pub mod density;
pub mod error;
pub mod gpu;
pub mod grid;
pub mod kernels;
pub mod lines;
pub mod numerics;
#[cfg(test)]
mod numerics_gpu;
pub mod optical_depth;
pub mod output;
#[cfg(feature = "plot")]
pub mod plot;
pub mod progress;
pub mod spectrum;
pub mod timing;
pub mod transfer;

pub use backend::Backend;
pub use error::{Error, Result};
pub use progress::Progress;

/// The README's snippet, compiled and run with the documentation's examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
