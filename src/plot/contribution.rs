//! The contribution-function figure: which pressures the light of each wavenumber comes from.

use std::path::{Path, PathBuf};

use super::axis::{Axis, common_exponent};
use super::colour::{self, INK, MUTED};
use super::envelope::extent;
use super::figure::{Formats, HEIGHT, WIDTH, check_curve, check_pressure, save};
use super::panel::{LABEL_SIZE, Panel, SUBTITLE_SIZE, TICK_SIZE, heading, tick_label_width, x_label};
use super::spectral::{label, reversed, upper_scale, wavelengths};
use super::surface::{Anchor, Rect, Stroke, Surface, TextStyle};
use super::text::power_of_ten;
use crate::units::SpectralAxis;
use crate::{Error, Result};

/// Resolution of the map: enough for the page, small enough for an SVG.
const COLUMNS: usize = 660;
const ROWS: usize = 240;

/// A contribution function, and the spectrum it explains.
#[derive(Clone, Copy, Debug)]
pub struct ContributionMap<'a> {
    /// Wavenumbers, ascending \[cm-1\], n of them.
    pub wavenumber: &'a [f64],
    /// Pressures of the layers from the top \[bar\], ascending, m of them.
    pub pressure: &'a [f64],
    /// Contribution \[m\]\[n\], wavenumber fastest, in any unit: each wavenumber is shown relative to its own largest.
    pub value: &'a [f64],
    /// The spectrum, n values, drawn above the map.
    pub spectrum: &'a [f64],
    /// What the spectrum is, without its unit.
    pub quantity: &'a str,
    /// Its unit.
    pub unit: &'a str,
    /// The spectral axis.
    pub axis: SpectralAxis,
}

/// Draws a contribution function (pressure growing downward) below its spectrum and writes `STEM.svg` and `STEM.png`.
///
/// Wavenumbers that share a column of the picture are averaged before the largest is taken.
///
/// # Errors
/// Sizes that do not match, pressures not positive and ascending, no finite value, or an unwritable file.
pub fn contribution(stem: &Path, title: &str, map: &ContributionMap, formats: Formats) -> Result<Vec<PathBuf>> {
    check_curve("spectrum of a contribution figure", map.wavenumber, map.spectrum)?;
    let (n, m) = (map.wavenumber.len(), map.pressure.len());
    if m < 2 || map.value.len() != n * m {
        let given = format!("{} values for {m} layers and {n} wavenumbers", map.value.len());
        return Err(Error::invalid("contribution function", given, "two layers or more and a value for each pair"));
    }
    check_pressure(map.pressure)?;
    let Some(x) = wavelengths(map.axis, map.wavenumber) else {
        let image = shade(map);
        return save(stem, formats, |s| draw(s, title, map, &image));
    };
    let (spectrum, value) = (reversed(map.spectrum), map.value.chunks(n).flat_map(reversed).collect::<Vec<_>>());
    let turned = ContributionMap { wavenumber: &x, spectrum: &spectrum, value: &value, ..*map };
    let image = shade(&turned);
    save(stem, formats, |s| draw(s, title, &turned, &image))
}

/// The map as an image of `COLUMNS` x `ROWS` RGB pixels, rows equally spaced in ln P.
fn shade(map: &ContributionMap) -> Vec<u8> {
    let (n, m) = (map.wavenumber.len(), map.pressure.len());
    let (lo, hi) = (map.wavenumber[0], map.wavenumber[n - 1]);
    // Mean of each column's wavenumbers per layer; a column between two sparse wavenumbers takes the nearest.
    let edge = |c: usize| map.wavenumber.partition_point(|v| *v < lo + (hi - lo) * c as f64 / COLUMNS as f64);
    let mut columns = vec![0.0; COLUMNS * m];
    for c in 0..COLUMNS {
        let (a, b) = (edge(c), if c + 1 == COLUMNS { n } else { edge(c + 1) });
        let (a, b) = if a < b { (a, b) } else { (a.min(n - 1), a.min(n - 1) + 1) };
        let column = &mut columns[c * m..(c + 1) * m];
        for (k, cell) in column.iter_mut().enumerate() {
            let row = &map.value[k * n..][a..b];
            *cell = row.iter().filter(|v| v.is_finite()).sum::<f64>() / (b - a) as f64;
        }
        let largest = column.iter().copied().fold(0.0, f64::max);
        column.iter_mut().for_each(|v| *v = if largest > 0.0 { (*v / largest).max(0.0) } else { 0.0 });
    }
    let depth: Vec<f64> = map.pressure.iter().map(|p| p.ln()).collect();
    let mut image = Vec::with_capacity(3 * ROWS * COLUMNS);
    for r in 0..ROWS {
        let at = depth[0] + (depth[m - 1] - depth[0]) * (r as f64 + 0.5) / ROWS as f64;
        let below = depth.partition_point(|d| *d <= at).clamp(1, m - 1);
        let t = ((at - depth[below - 1]) / (depth[below] - depth[below - 1])).clamp(0.0, 1.0);
        for c in 0..COLUMNS {
            let column = &columns[c * m..];
            let colour = colour::map(column[below - 1] * (1.0 - t) + column[below] * t);
            image.extend([colour.0, colour.1, colour.2]);
        }
    }
    image
}

fn draw(s: &mut dyn Surface, title: &str, map: &ContributionMap, image: &[u8]) {
    let (lo, hi) = (map.wavenumber[0], map.wavenumber[map.wavenumber.len() - 1]);
    let (y_lo, y_hi) = extent(map.wavenumber, map.spectrum, lo, hi).unwrap_or((0.0, 1.0));
    let exponent = common_exponent(y_lo.abs().max(y_hi.abs()));
    let scale = 10f64.powi(-exponent);
    let room = 0.07 * (y_hi - y_lo);
    let floor = if y_lo >= 0.0 && y_lo < 0.25 * y_hi { 0.0 } else { y_lo - room };
    let flux_axis = Axis::linear(floor * scale, (y_hi + room) * scale);
    // Depth grows downward, so the axis starts at the bottom with the highest pressure.
    let depth_axis = Axis::log(map.pressure[map.pressure.len() - 1], map.pressure[0]);
    let (right, bottom) = (WIDTH - 190.0, HEIGHT - 108.0);
    let x = Axis::linear(lo, hi);
    let mut upper = Panel::new(Rect::new(150.0, 178.0, right, 385.0), x, flux_axis);
    let mut lower = Panel::new(Rect::new(150.0, 405.0, right, bottom), x, depth_axis);
    let left = 62.0 + 18.0 + tick_label_width(&[&upper, &lower]) + 34.0;
    upper.rect.left = left;
    lower.rect.left = left;

    upper.grid(s);
    upper.curve(s, map.wavenumber, map.spectrum, scale, Stroke::new(colour::curve(0), 1.5));
    upper.frame(s, false, true);
    upper_scale(&upper, map.axis, s);
    s.image(lower.rect, COLUMNS, image);
    lower.frame(s, true, true);
    colour_bar(s, Rect::new(right + 34.0, lower.rect.top, right + 64.0, bottom));

    let layers = format!("{} layers · each wavenumber relative to its largest layer", map.pressure.len());
    heading(s, left, title, &layers);
    x_label(s, lower.rect, label(map.axis));
    let style = TextStyle::new(LABEL_SIZE, INK, Anchor::Middle).upward();
    s.text((48.0, lower.rect.centre().1), "Pressure (bar)", style);
    let factor = if exponent == 0 { String::new() } else { format!("{} ", power_of_ten(exponent)) };
    s.text((48.0, upper.rect.centre().1), map.quantity, style);
    let unit = TextStyle::new(0.68 * LABEL_SIZE, MUTED, Anchor::Middle).upward();
    s.text((78.0, upper.rect.centre().1), &format!("{factor}{}", map.unit), unit);
}

/// The key to the map's colours, 0 to 1.
fn colour_bar(s: &mut dyn Surface, rect: Rect) {
    let steps = 256;
    let ramp: Vec<u8> = (0..steps)
        .flat_map(|i| {
            let c = colour::map(1.0 - (f64::from(i) + 0.5) / f64::from(steps));
            [c.0, c.1, c.2]
        })
        .collect();
    s.image(rect, 1, &ramp);
    let line = Stroke::new(INK, 1.4);
    let corners = [
        (rect.left, rect.top),
        (rect.right, rect.top),
        (rect.right, rect.bottom),
        (rect.left, rect.bottom),
        (rect.left, rect.top),
    ];
    s.polyline(&corners, line, None);
    for i in 0..=5 {
        let y = rect.bottom - rect.height() * f64::from(i) / 5.0;
        s.polyline(&[(rect.right, y), (rect.right - 7.0, y)], line, None);
        let style = TextStyle::new(TICK_SIZE, INK, Anchor::Start);
        s.text((rect.right + 10.0, y + 0.35 * TICK_SIZE), &format!("{:.1}", f64::from(i) / 5.0), style);
    }
    let at = (rect.right + 82.0, rect.centre().1);
    s.text(at, "Contribution", TextStyle::new(SUBTITLE_SIZE + 2.0, INK, Anchor::Middle).upward());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_is_darkest_at_the_layer_that_contributes_most() {
        // Three layers over four decades; all light from the middle one.
        let wavenumber: Vec<f64> = (0..1000).map(|i| 2000.0 + f64::from(i)).collect();
        let mut value = vec![0.0; 3000];
        value[1000..2000].fill(5.0);
        let map = ContributionMap {
            wavenumber: &wavenumber,
            pressure: &[1e-4, 1e-2, 1.0],
            value: &value,
            spectrum: &[1.0; 1000],
            quantity: "Flux",
            unit: "",
            axis: SpectralAxis::Wavenumber,
        };
        let image = shade(&map);
        let light = |row: usize| image[(row * COLUMNS + COLUMNS / 3) * 3 + 1];
        assert_eq!(image.len(), 3 * ROWS * COLUMNS);
        assert!(light(0) > 250 && light(ROWS - 1) > 250 && light(ROWS / 2) < 10);
        assert!(light(ROWS / 4) > light(ROWS / 3));

        let folder = tempfile::tempdir().unwrap();
        let written = contribution(&folder.path().join("c"), "t", &map, Formats { svg: true, png: false }).unwrap();
        assert_eq!(written, [folder.path().join("c.svg")]);
        assert!(std::fs::metadata(&written[0]).unwrap().len() < 1_000_000);
    }

    #[test]
    fn sizes_that_do_not_match_are_refused() {
        let x = [1.0, 2.0];
        for (pressure, value, word) in [
            (&[1.0, 2.0][..], &[0.0; 3][..], "3 values for 2 layers"),
            (&[2.0, 1.0], &[0.0; 4], "layer 1"),
            (&[0.0, 1.0], &[0.0; 4], "layer 0"),
            (&[1.0], &[0.0; 2], "1 layers"),
        ] {
            let map = ContributionMap {
                wavenumber: &x,
                pressure,
                value,
                spectrum: &x,
                quantity: "Flux",
                unit: "",
                axis: SpectralAxis::Wavenumber,
            };
            let e = contribution(Path::new("unused"), "t", &map, Formats::default()).unwrap_err().to_string();
            assert!(e.contains(word), "{e}");
        }
    }
}
