//! Cross sections by multilevel convolution of line sources with Voigt profiles.

pub mod budget;
pub mod convolve;
pub mod cpu;
pub mod crowding;
pub mod device;
pub mod direct_sum;
#[cfg(test)]
mod distant_tests;
pub mod extent;
pub mod job;
pub mod levels;
pub mod near;
pub mod prepared;
pub mod profile_settings;
#[cfg(test)]
mod profile_tests;
pub(crate) mod remarks;
pub mod settings;
#[cfg(test)]
mod slope_tests;
#[cfg(test)]
mod test_cases;
pub mod voigt;
pub mod voigt_derivative;
#[cfg(test)]
mod voigt_gpu_tests;
pub mod widths;
pub mod wing_law;
#[cfg(test)]
mod wing_law_tests;

pub use direct_sum::direct_sum;
pub use job::{CrossSectionReport, CrossSections};
pub use prepared::Prepared;
pub use profile_settings::{ChiFactor, ProfileSettings, WingLaw};
pub use settings::{Method, Settings};
