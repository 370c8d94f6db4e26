use crate::cli::config::Config;
use crate::cli::engine::SpectrumResult;
use crate::cli::source::DeviceChoice;
use crate::{Error, Progress, Result};
pub(super) fn compute(_: &Config, _: &DeviceChoice, _: &dyn Progress) -> Result<SpectrumResult> {
    Err(Error::Device("this build cannot compute spectra yet".into()))
}
