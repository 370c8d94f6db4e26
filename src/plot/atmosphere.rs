//! The atmosphere figure: temperature and mixing ratios over pressure.

use std::path::{Path, PathBuf};

use super::axis::Axis;
use super::colour::{self, INK};
use super::figure::{Formats, HEIGHT, WIDTH, check_pressure, save};
use super::legend::legend;
use super::panel::{LABEL_SIZE, Panel, heading, tick_label_width, x_label};
use super::surface::{Anchor, Rect, Stroke, Surface, TextStyle};
use crate::{Error, Result};

/// Ratios below this part of the largest are beyond the axis.
const LEAST_RATIO: f64 = 1e-14;

/// Layers of an atmosphere, from the top.
#[derive(Clone, Copy, Debug)]
pub struct AtmosphereProfile<'a> {
    /// \[layer\] bar, ascending.
    pub pressure: &'a [f64],
    /// \[layer\] K.
    pub temperature: &'a [f64],
    /// Names and volume mixing ratios \[layer\].
    pub ratios: &'a [(String, Vec<f64>)],
}

/// Draws temperature and mixing ratios over pressure, which grows downward, and writes `STEM.svg` and `STEM.png`.
///
/// # Errors
/// Lengths that differ, pressures not positive and ascending, values that are not finite, or an unwritable file.
pub fn atmosphere(stem: &Path, title: &str, profile: &AtmosphereProfile, formats: Formats) -> Result<Vec<PathBuf>> {
    check_pressure(profile.pressure)?;
    let layers = profile.pressure.len();
    let all = std::iter::once(("temperature", profile.temperature));
    for (name, values) in all.chain(profile.ratios.iter().map(|(name, ratio)| (name.as_str(), &ratio[..]))) {
        if values.len() != layers || values.iter().any(|v| !v.is_finite()) {
            let given = format!("{} values, {layers} pressures", values.len());
            return Err(Error::invalid(format!("profile of {name}"), given, "as many finite values as pressures"));
        }
    }
    save(stem, formats, |s| draw(s, title, profile))
}

/// Lowest and highest of some values.
fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)))
}

fn draw(s: &mut dyn Surface, title: &str, profile: &AtmosphereProfile) {
    let pressure = profile.pressure;
    let depth = Axis::log(pressure[pressure.len() - 1], pressure[0]);
    let (coldest, hottest) = extent(profile.temperature.iter().copied());
    let room = 0.06 * (hottest - coldest);
    let warmth = Axis::linear((coldest - room).max(0.0), hottest + room);
    let present = profile.ratios.iter().flat_map(|(_, ratio)| ratio.iter().copied()).filter(|r| *r > 0.0);
    let (least, most) = extent(present);
    let (right, bottom) = (WIDTH - 45.0, HEIGHT - 108.0);
    let end = if least.is_finite() { 0.5 * WIDTH } else { right };
    let mut first = Panel::new(Rect::new(150.0, 150.0, end, bottom), warmth, depth);
    let left = 62.0 + 18.0 + tick_label_width(&[&first]);
    first.rect.left = left;
    first.grid(s);
    line(s, &first, profile.temperature, pressure, Stroke::new(colour::curve(1), 3.0));
    first.frame(s, true, true);
    x_label(s, first.rect, "Temperature (K)");
    let label = TextStyle::new(LABEL_SIZE, INK, Anchor::Middle).upward();
    s.text((48.0, first.rect.centre().1), "Pressure (bar)", label);
    heading(s, left, title, &format!("{} layers", pressure.len()));
    if !least.is_finite() {
        return;
    }
    let decade = |v: f64, up: bool| 10f64.powf(if up { v.log10().ceil() } else { (v.log10() - 0.2).floor() });
    let amount = Axis::log(decade(least.max(LEAST_RATIO * most), false), decade(most, true).max(most));
    let second = Panel::new(Rect::new(end + 40.0, 150.0, right, bottom), amount, depth);
    second.grid(s);
    let mut entries = Vec::new();
    for (i, (name, ratio)) in profile.ratios.iter().enumerate() {
        line(s, &second, ratio, pressure, Stroke::new(colour::curve(i), 3.0));
        entries.push((colour::curve(i), name.as_str()));
    }
    second.frame(s, true, false);
    x_label(s, second.rect, "Volume mixing ratio");
    legend(s, second.rect.left, right, 130.0, &entries);
}

/// Values over pressure; where a value is 0 the axis' end is left.
fn line(s: &mut dyn Surface, panel: &Panel, values: &[f64], pressure: &[f64], stroke: Stroke) {
    let x = |v: f64| panel.px(v).max(panel.rect.left - 200.0);
    let points: Vec<(f64, f64)> = values.iter().zip(pressure).map(|(v, p)| (x(*v), panel.py(*p))).collect();
    s.polyline(&points, stroke, Some(panel.rect));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_drawn_and_wrong_ones_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (pressure, temperature) = ([1e-4, 1e-2, 1.0], [900.0, 700.0, 1500.0]);
        let ratios = [("H2".to_owned(), vec![0.85; 3]), ("H2O".to_owned(), vec![0.0, 1e-6, 1e-3])];
        let profile = AtmosphereProfile { pressure: &pressure, temperature: &temperature, ratios: &ratios };
        let svg = Formats { svg: true, png: false };
        let written = atmosphere(&folder.path().join("a"), "t", &profile, svg).unwrap();
        let text = std::fs::read_to_string(&written[0]).unwrap();
        assert!(text.contains("Temperature (K)") && text.contains("H2O") && text.contains("Volume mixing ratio"));
        // Temperature alone takes the whole page.
        let alone = AtmosphereProfile { ratios: &[], ..profile };
        let written = atmosphere(&folder.path().join("b"), "t", &alone, svg).unwrap();
        assert!(!std::fs::read_to_string(&written[0]).unwrap().contains("mixing"));
        for (pressure, temperature, word) in [
            (&[1.0, 2.0][..], &[900.0][..], "profile of temperature"),
            (&[2.0, 1.0], &[1.0, 2.0], "layer 1"),
            (&[1.0, 2.0], &[900.0, f64::NAN], "finite"),
        ] {
            let wrong = AtmosphereProfile { pressure, temperature, ratios: &[] };
            let e = atmosphere(Path::new("unused"), "t", &wrong, svg).unwrap_err().to_string();
            assert!(e.contains(word), "{e}");
        }
    }
}
