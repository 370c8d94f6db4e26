//! Cross sections by multilevel convolution of line sources with Voigt profiles.

#[doc(hidden)]
pub mod at_temperatures;
#[doc(hidden)]
pub mod budget;
#[doc(hidden)]
pub mod convolve;
#[doc(hidden)]
pub mod cpu;
#[doc(hidden)]
pub mod crowding;
#[doc(hidden)]
pub mod device;
#[doc(hidden)]
pub mod direct_sum;
#[cfg(test)]
mod distant_tests;
#[doc(hidden)]
pub mod extent;
#[doc(hidden)]
pub mod job;
#[doc(hidden)]
pub mod levels;
#[doc(hidden)]
pub mod near;
#[doc(hidden)]
pub mod prepared;
#[cfg(test)]
mod profile_tests;
pub(crate) mod remarks;
#[doc(hidden)]
pub mod report;
#[cfg(test)]
mod slope_tests;
#[cfg(test)]
mod test_cases;
#[doc(hidden)]
pub mod voigt_derivative;
#[cfg(test)]
mod voigt_gpu_tests;
#[doc(hidden)]
pub mod widths;
#[doc(hidden)]
pub mod wing_law;
#[cfg(test)]
mod wing_law_tests;

#[doc(hidden)]
pub use crate::numerics::voigt;
pub use crate::settings::{ChiFactor, Method, ProfileSettings, Settings, WingLaw};
pub use direct_sum::direct_sum;
pub use job::CrossSections;
pub use prepared::Prepared;
pub use report::CrossSectionReport;
