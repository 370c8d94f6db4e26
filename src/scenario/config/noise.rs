//! `noise` of `[[data]]`.

use std::path::PathBuf;

use super::parameters::setting;
use super::reader::Item;
use crate::Result;
use crate::objective::{CovarianceShape, Distance, Noise, Process};

/// The noise, and the file of its covariance.
pub(super) fn noise(item: &Item) -> Result<(Noise, Option<PathBuf>)> {
    let s = item.section(&["jitter", "error_scale", "covariance", "process"])?;
    let noise = Noise {
        jitter: setting(&s, "jitter", 0.0)?,
        error_scale: setting(&s, "error_scale", 1.0)?,
        covariance: None,
        process: s.get("process").map(|i| process(&i)).transpose()?,
    };
    Ok((noise, s.get("covariance").map(|i| i.path()).transpose()?))
}

fn process(item: &Item) -> Result<Process> {
    let s = item.section(&["kernel", "length_cm", "length_km_s", "amplitude"])?;
    let kernels =
        [("matern-3/2", CovarianceShape::Matern32), ("squared-exponential", CovarianceShape::SquaredExponential)];
    let kernel = s.need("kernel", "\"matern-3/2\" or \"squared-exponential\"")?;
    let shape = kernel.word(&kernels)?;
    let need = "the length over which noise is alike, in cm-1; or `length_km_s`, a velocity, in its place";
    let (length, in_cm) = s.either("length_cm", "length_km_s", need)?;
    let distance = if in_cm { Distance::Wavenumber } else { Distance::Velocity };
    let amplitude = s.need("amplitude", "the standard deviation of a point, in the unit of the data")?.setting()?;
    Ok(Process { shape, distance, length: length.setting()?, amplitude })
}
