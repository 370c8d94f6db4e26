//! One drawing, two files.

use std::path::{Path, PathBuf};

use super::raster::Raster;
use super::surface::Surface;
use super::svg::Svg;
use crate::output::write_atomic;
use crate::{Error, Result};

/// Size of every figure in pixels.
pub(super) const WIDTH: f64 = 1600.0;
pub(super) const HEIGHT: f64 = 1000.0;

/// Which files a figure is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formats {
    /// `STEM.svg`, for papers.
    pub svg: bool,
    /// `STEM.png`, 1600 x 1000 pixels unless the figure says otherwise, for slides and screens.
    pub png: bool,
}

impl Default for Formats {
    fn default() -> Self {
        Self { svg: true, png: true }
    }
}

/// Draws onto each surface and writes `STEM.svg`, `STEM.png`; returns what was written.
pub(super) fn save(stem: &Path, formats: Formats, draw: impl Fn(&mut dyn Surface)) -> Result<Vec<PathBuf>> {
    save_sized(stem, formats, (WIDTH, HEIGHT), draw)
}

/// As [`save`], on a page of `size` pixels.
pub(super) fn save_sized(
    stem: &Path,
    formats: Formats,
    size: (f64, f64),
    draw: impl Fn(&mut dyn Surface),
) -> Result<Vec<PathBuf>> {
    let (width, height) = (size.0 as usize, size.1 as usize);
    let mut written = Vec::new();
    if formats.svg {
        let mut svg = Svg::new(width, height);
        draw(&mut svg);
        write(&with_suffix(stem, "svg"), svg.finish().as_bytes(), &mut written)?;
    }
    if formats.png {
        let mut raster = Raster::new(width, height);
        draw(&mut raster);
        let path = with_suffix(stem, "png");
        let bytes = raster.encode().map_err(|e| Error::io("write", &path, e))?;
        write(&path, &bytes, &mut written)?;
    }
    Ok(written)
}

fn write(path: &Path, bytes: &[u8], written: &mut Vec<PathBuf>) -> Result<()> {
    write_atomic(path, |w| w.write_all(bytes))?;
    written.push(path.to_owned());
    Ok(())
}

/// The stem with `.suffix` appended; a dot within the stem stays (`co_1.5bar` is a stem, not a file with a suffix).
fn with_suffix(stem: &Path, suffix: &str) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

/// Checks pressures of layers from the top: positive, finite, ascending.
pub(super) fn check_pressure(pressure: &[f64]) -> Result<()> {
    let above = |i: usize| if i > 0 { pressure[i - 1] } else { 0.0 };
    match (0..pressure.len()).find(|&i| !(pressure[i].is_finite() && pressure[i] > above(i))) {
        None if pressure.len() > 1 => Ok(()),
        None => Err(Error::invalid("number of layers of a figure", pressure.len(), "two or more")),
        Some(i) => {
            let what = format!("pressure of layer {i} [bar]");
            Err(Error::invalid(what, pressure[i], "positive pressures in ascending order"))
        }
    }
}

/// Checks that a curve can be drawn: equal lengths, two points or more, x finite and ascending, some finite y.
pub(super) fn check_curve(what: &str, x: &[f64], y: &[f64]) -> Result<()> {
    if x.len() != y.len() || x.len() < 2 {
        let given = format!("{} wavenumbers and {} values", x.len(), y.len());
        return Err(Error::invalid(what, given, "as many values as wavenumbers, two or more"));
    }
    if let Some(i) = (0..x.len()).find(|&i| !x[i].is_finite() || i > 0 && x[i] <= x[i - 1]) {
        return Err(Error::invalid(format!("{what}, wavenumber {i}"), x[i], "finite wavenumbers in ascending order"));
    }
    if !y.iter().any(|v| v.is_finite()) {
        return Err(Error::invalid(what, "no finite value", "at least one finite value"));
    }
    Ok(())
}
