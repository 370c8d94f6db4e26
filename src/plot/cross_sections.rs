//! The cross-section figure: a panel per pressure, a colour per temperature.

use std::path::{Path, PathBuf};

use super::axis::Axis;
use super::colour::{INK, Rgb, ordered};
use super::figure::{Formats, HEIGHT, WIDTH, check_curve, save};
use super::legend::legend;
use super::panel::{Panel, SUBTITLE_SIZE, TICK_SIZE, heading, tick_label_width, x_label, y_label};
use super::surface::{Anchor, Rect, Stroke, Surface, TextStyle};
use super::text::{power_of_ten, width};
use crate::{Error, Result};

/// Panels a page holds.
const MOST_PANELS: usize = 12;
/// Decades below the largest value that are shown.
const DECADES: f64 = 14.0;

/// The cross section at one temperature and pressure.
#[derive(Clone, Copy, Debug)]
pub struct CrossSectionCurve<'a> {
    /// Temperature \[K\].
    pub temperature: f64,
    /// Pressure \[bar\].
    pub pressure: f64,
    /// Wavenumbers, ascending \[cm-1\].
    pub wavenumber: &'a [f64],
    /// Cross sections \[cm2 molecule-1\], as many as wavenumbers.
    pub value: &'a [f64],
}

/// Draws cross sections on logarithmic axes common to all panels and writes `STEM.svg` and `STEM.png`.
///
/// Of more than twelve pressures, twelve spread over the list are shown, and the subtitle says so.
///
/// # Errors
/// No curve, curves of unequal lengths or without positive values, or an unwritable file.
pub fn cross_sections(
    stem: &Path,
    title: &str,
    curves: &[CrossSectionCurve],
    formats: Formats,
) -> Result<Vec<PathBuf>> {
    for c in curves {
        check_curve(&format!("cross section at {} K, {} bar", c.temperature, c.pressure), c.wavenumber, c.value)?;
    }
    let largest = curves.iter().flat_map(|c| c.value).copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    if largest <= 0.0 {
        return Err(Error::invalid("cross-section figure", "no positive value", "at least one positive cross section"));
    }
    let positive = curves.iter().flat_map(|c| c.value).copied().filter(|v| v.is_finite() && *v > 0.0);
    let smallest = positive.fold(largest, f64::min);
    // Headroom of a third of a decade above; the floor is the data's own, unless that is absurdly deep.
    let y = Axis::log((smallest / 1.5).max(largest * 10f64.powf(-DECADES)), largest * 2.0);
    save(stem, formats, |s| draw(s, title, curves, y))
}

fn draw(s: &mut dyn Surface, title: &str, curves: &[CrossSectionCurve], y: Axis) {
    let temperatures = distinct(curves.iter().map(|c| c.temperature));
    let all_pressures = distinct(curves.iter().map(|c| c.pressure));
    let shown = all_pressures.len().min(MOST_PANELS);
    let pick = |i: usize| if shown > 1 { i * (all_pressures.len() - 1) / (shown - 1) } else { 0 };
    let pressures: Vec<f64> = (0..shown).map(|i| all_pressures[pick(i)]).collect();
    let lo = curves.iter().map(|c| c.wavenumber[0]).fold(f64::INFINITY, f64::min);
    let hi = curves.iter().filter_map(|c| c.wavenumber.last()).copied().fold(0.0, f64::max);

    let columns = match shown {
        1..=3 => 1,
        4..=8 => 2,
        _ => 3,
    };
    let rows = shown.div_ceil(columns);
    let (top, bottom, right) = (150.0, HEIGHT - 108.0, WIDTH - 45.0);
    let between_y = 52.0;
    let height = (bottom - top - between_y * (rows - 1) as f64) / rows as f64;
    let probe = Panel::new(Rect::new(0.0, 0.0, 400.0, height), Axis::linear(lo, hi), y);
    // Labels at the ends of neighbouring axes stay apart.
    let labels = probe.x.ticks(probe.counts.0).into_iter().filter_map(|t| t.label);
    let between_x = 18.0 + labels.map(|l| width(&l, TICK_SIZE)).fold(0.0, f64::max);
    let left = 62.0 + 18.0 + tick_label_width(&[&probe]);
    let span = (right - left - between_x * (columns - 1) as f64) / columns as f64;

    for (i, pressure) in pressures.iter().enumerate() {
        let (row, column) = (i / columns, i % columns);
        let (x0, y0) = (left + column as f64 * (span + between_x), top + row as f64 * (height + between_y));
        let mut panel = Panel::new(Rect::new(x0, y0, x0 + span, y0 + height), Axis::linear(lo, hi), y);
        panel.counts.0 = (span / 125.0).max(2.0) as usize;
        panel.grid(s);
        // Hottest first: its raised floor would cover the cooler curves otherwise.
        for (k, t) in temperatures.iter().enumerate().rev() {
            let stroke = Stroke { colour: ordered(k, temperatures.len()), width: 1.6, alpha: 0.9 };
            for c in curves.iter().filter(|c| c.pressure == *pressure && c.temperature == *t) {
                panel.curve(s, c.wavenumber, c.value, 1.0, stroke);
            }
        }
        // The lowest panel of each column carries the wavenumbers.
        panel.frame(s, i + columns >= shown, column == 0);
        let name = format!("{} bar", pressure_text(*pressure));
        s.text((x0, y0 - 12.0), &name, TextStyle::new(SUBTITLE_SIZE, INK, Anchor::Start));
    }

    let subtitle = if shown < all_pressures.len() {
        format!("{shown} of {} pressures shown", all_pressures.len())
    } else {
        format!("{} temperatures, {} pressures", temperatures.len(), shown)
    };
    heading(s, left, title, &subtitle);
    let names: Vec<String> = temperatures.iter().map(|t| format!("{t} K")).collect();
    let keys: Vec<(Rgb, &str)> = names.iter().enumerate().map(|(k, n)| (ordered(k, names.len()), n.as_str())).collect();
    legend(s, left + width(&subtitle, SUBTITLE_SIZE) + 60.0, right, 87.0, &keys);
    x_label(s, Rect::new(left, top, right, bottom), "Wavenumber (cm⁻¹)");
    y_label(s, 48.0, Rect::new(0.0, top, 0.0, bottom), "Cross section (cm² / molecule)");
}

/// A pressure as text: powers of ten as such, everyday numbers plainly.
fn pressure_text(bar: f64) -> String {
    let exponent = bar.log10().round();
    let exact = (bar / 10f64.powf(exponent) - 1.0).abs() < 1e-6;
    match exact {
        true if (-2.0..=3.0).contains(&exponent) => format!("{bar}"),
        true => power_of_ten(exponent as i32),
        false if (1e-3..1e4).contains(&bar) => format!("{bar}"),
        false => {
            let e = bar.log10().floor() as i32;
            format!("{:.2}×{}", bar / 10f64.powi(e), power_of_ten(e))
        }
    }
}

/// The distinct values in ascending order.
fn distinct(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressures_read_well() {
        let texts: Vec<String> = [1e-5, 0.01, 1.0, 100.0, 0.3, 3.2e-7].map(pressure_text).into();
        assert_eq!(texts, ["10⁻⁵", "0.01", "1", "100", "0.3", "3.20×10⁻⁷"]);
    }

    #[test]
    fn impossible_curves_are_refused() {
        let x = [1.0, 2.0];
        let curve = |value| CrossSectionCurve { temperature: 500.0, pressure: 1.0, wavenumber: &x, value };
        let stem = Path::new("unused");
        for (curves, word) in [
            (vec![], "positive"),
            (vec![curve(&[0.0, -1.0])], "positive"),
            (vec![curve(&[1.0])], "1 values"),
            (vec![curve(&[f64::NAN, f64::NAN])], "finite"),
        ] {
            let e = cross_sections(stem, "t", &curves, Formats::default()).unwrap_err().to_string();
            assert!(e.contains(word), "{e}");
        }
    }
}
