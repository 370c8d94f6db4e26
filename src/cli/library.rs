//! The library as the commands' engine.

use super::config::Config;
use super::engine::{CrossSectionJob, CrossSectionResult, DeviceInfo, Engine, SpectrumResult};
use super::source::DeviceChoice;
use crate::{Error, Progress, Result};

/// Computes with this library.
#[derive(Clone, Copy, Debug, Default)]
pub struct Library;

/// What this build cannot do yet.
fn missing(what: &str) -> Error {
    Error::Device(format!("this build cannot compute {what} yet"))
}

impl Engine for Library {
    fn devices(&self) -> Result<Vec<DeviceInfo>> {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        let cpu = DeviceInfo {
            name: "cpu".into(),
            backend: "cpu".into(),
            kind: "processor".into(),
            driver: format!("{cores} cores, double precision"),
            max_binding: None,
            max_buffer: None,
            memory: None,
            chosen: true,
        };
        Ok(vec![cpu])
    }

    fn cross_section(&self, _: &CrossSectionJob, _: &dyn Progress) -> Result<CrossSectionResult> {
        Err(missing("cross sections"))
    }

    fn spectrum(&self, _: &Config, _: &DeviceChoice, _: &dyn Progress) -> Result<SpectrumResult> {
        Err(missing("spectra"))
    }
}
