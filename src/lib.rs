//! High-resolution molecular spectra of exoplanets and brown dwarfs on any GPU (Vulkan, Metal, DX12) in portable WGSL, and on the
//! CPU in f64, with one tolerance that the user chooses.
//!
//! ```text
//! line list -> line-shape density -> cross section -> opacity -> radiative transfer -> instrument -> objective -> inference
//!  lines/       density/             cross_section/   opacity/   transfer/             instrument/   objective/   inference/
//! ```
//!
//! Dependencies point upstream only. [`gpu`] knows no physics: it plans device memory to the byte, compiles kernels and runs programs.
//! Every kernel under `shaders/` has a twin in plain f64 Rust, which is the tests' oracle and the backend for
//! machines without a GPU. `docs/architecture.md` shows the house and where things are added to it.
//!
//! - [`spectrum::Model`] computes emission and transmission spectra: set up once, then one call per spectrum. Whatever absorbs or scatters is an
//!   [`opacity`].
//! - [`spectrum::Retrieval`] is a model as a function of parameters, with derivatives.
//! - [`cross_section::CrossSections`] computes cross sections at given temperatures and pressures.
//! - [`inference`] fits models to data and samples posteriors, given an [`objective`].
//! - [`direct_sum`](fn@cross_section::direct_sum) is the exact line-by-line sum, to check either against.
//!
//! The [`prelude`] has what a first spectrum needs (`examples/first_spectrum.rs`).
//!
//! # Example
//!
//! Cross sections of the built-in carbon monoxide list at two pressures, against the exact sum:
//!
//! ```
//! use photosphere::cross_section::{CrossSections, Method, Settings, direct_sum};
//! use photosphere::grid::TemperatureRange;
//! use photosphere::lines::carbon_monoxide::{Broadener, Isotopologue, line_list};
//! use photosphere::{Backend, grid::Grid};
//!
//! let grid = Grid::with_resolution(2150.0, 2160.0, 1e6)?; // cm-1
//! let list = line_list(Isotopologue::C12O16, Broadener::Hydrogen, Some((2145.0, 2165.0)), 1e-30)?;
//! let settings = Settings {
//!     tolerance: 1e-3,
//!     temperature_range: TemperatureRange::new(500.0, 1500.0)?, // K
//!     method: Method::Auto,
//!     line_margin: 5.0, // cm-1
//!     ..Settings::default()
//! };
//! let at = [(1000.0, 1e-3), (1000.0, 1.0)]; // K, bar
//! let job = CrossSections::new(grid, &[list.clone()], &at, settings, &())?;
//! let (values, report) = job.compute(&Backend::select("cpu")?, &())?;
//!
//! let exact = direct_sum(&list.species, list.lines(), &grid.wavenumbers(), 1000.0, 1.0, &settings.profile)?;
//! let second = &values.to_f64()[grid.len()..];
//! let worst = second.iter().zip(&exact).map(|(v, e)| (v / e - 1.0).abs()).fold(0.0, f64::max);
//! assert!(worst < report.settings.tolerance);
//! # Ok::<(), photosphere::Error>(())
//! ```

#![warn(missing_docs)]
#![deny(unsafe_code)]

pub mod atmosphere;
pub mod backend;
pub mod benchmark;
pub mod cache;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod constants;
pub mod cross_section;
#[doc(hidden)]
pub mod density;
pub mod dual;
pub mod error;
pub mod gpu;
pub mod grid;
#[doc(hidden)]
pub mod host_memory;
#[cfg(feature = "inference")]
pub mod inference;
#[doc(hidden)]
pub mod input;
pub mod instrument;
pub mod interrupt;
#[doc(hidden)]
pub mod kernels;
pub mod lines;
pub mod memory;
pub mod note;
#[doc(hidden)]
pub mod numerics;
pub mod objective;
pub mod opacity;
pub mod output;
#[cfg(feature = "plot")]
pub mod plot;
pub mod prelude;
pub mod progress;
pub mod resources;
#[cfg(feature = "scenario")]
pub mod scenario;
#[doc(hidden)]
pub mod settings;
pub(crate) mod shader_lib;
pub mod spectrum;
pub mod speed;
pub mod stage;
pub mod star;
pub mod threads;
pub mod timing;
pub mod transfer;
pub mod units;

pub use backend::Backend;
pub use cache::Cache;
pub use dual::Dual;
pub use error::{Error, Result};
pub use note::Note;
pub use progress::Progress;
pub use resources::Resources;
pub use settings::Settings;
pub use stage::Stage;

/// The README's snippet, compiled and run with the documentation's examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
