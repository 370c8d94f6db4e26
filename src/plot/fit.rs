//! The figure of a fit: data with errors and model above, residuals below.

use std::path::{Path, PathBuf};

use super::axis::{Axis, common_exponent, number};
use super::colour::{self, GRID, MUTED, Rgb};
use super::envelope::{extent, visible};
use super::figure::{Formats, HEIGHT, WIDTH, check_curve, save};
use super::legend::legend;
use super::panel::{Panel, SUBTITLE_SIZE, heading, quantity_label, tick_label_width, x_label, y_label};
use super::spectral::{label, reversed, upper_scale, wavelengths};
use super::surface::{Rect, Stroke, Surface};
use super::text::{power_of_ten, width};
use crate::units::SpectralAxis;
use crate::{Error, Result};

/// Data and the model fitted to them.
#[derive(Clone, Copy, Debug)]
pub struct FittedData<'a> {
    /// Wavenumbers, ascending \[cm-1\].
    pub wavenumber: &'a [f64],
    /// Data, as many as wavenumbers.
    pub data: &'a [f64],
    /// Their standard deviations, above zero, as many.
    pub error: &'a [f64],
    /// The model at the data's wavenumbers, as many.
    pub model: &'a [f64],
    /// What was measured, without its unit.
    pub quantity: &'a str,
    /// Its unit.
    pub unit: &'a str,
    /// The spectral axis.
    pub axis: SpectralAxis,
}

/// More points than this are drawn as a curve; fewer are drawn one by one, with their errors.
const MOST_POINTS: usize = 1500;
const DATA: Rgb = MUTED;

/// Draws data, fit and residuals in units of the errors, and writes `STEM.svg` and `STEM.png`.
///
/// The line of particulars gives the number of points and the mean square of the residuals.
///
/// # Errors
/// Unequal lengths, wavenumbers not ascending, errors not above zero, no finite value, or an unwritable file.
pub fn fit(stem: &Path, title: &str, fitted: &FittedData, formats: Formats) -> Result<Vec<PathBuf>> {
    check_curve("data of a fit", fitted.wavenumber, fitted.data)?;
    check_curve("model of a fit", fitted.wavenumber, fitted.model)?;
    if fitted.error.len() != fitted.data.len() {
        let given = format!("{} for {} data", fitted.error.len(), fitted.data.len());
        return Err(Error::invalid("errors of a fit", given, "one for each"));
    }
    if let Some(i) = fitted.error.iter().position(|e| !(e.is_finite() && *e > 0.0)) {
        return Err(Error::invalid(format!("error {i} of a fit"), fitted.error[i], "a finite number above 0"));
    }
    let Some(x) = wavelengths(fitted.axis, fitted.wavenumber) else {
        return save(stem, formats, |s| draw(s, title, fitted));
    };
    let [data, error, model] = [fitted.data, fitted.error, fitted.model].map(reversed);
    let turned = FittedData { wavenumber: &x, data: &data, error: &error, model: &model, ..*fitted };
    save(stem, formats, |s| draw(s, title, &turned))
}

fn draw(s: &mut dyn Surface, title: &str, f: &FittedData) {
    let n = f.wavenumber.len();
    let (lo, hi) = (f.wavenumber[0], f.wavenumber[n - 1]);
    // Half a step of room, so that the first and last points stand inside the frame.
    let margin = 0.01 * (hi - lo);
    let x = Axis::linear(lo - margin, hi + margin);
    let of = |v| extent(f.wavenumber, v, lo, hi).unwrap_or((0.0, 1.0));
    let ((a, b), (c, d)) = (of(f.data), of(f.model));
    let (least, most) = (a.min(c), b.max(d));
    let exponent = common_exponent(least.abs().max(most.abs()));
    let scale = 10f64.powi(-exponent);
    let room = 0.07 * (most - least);
    let y = Axis::linear((least - room) * scale, (most + room) * scale);
    let residual: Vec<f64> = (0..n).map(|i| (f.data[i] - f.model[i]) / f.error[i]).collect();
    let largest = residual.iter().copied().filter(|r| r.is_finite()).fold(3.0, |m: f64, r| m.max(r.abs()));

    let (right, bottom) = (WIDTH - 45.0, HEIGHT - 108.0);
    let mut upper = Panel::new(Rect::new(150.0, 178.0, right, 650.0), x, y);
    let mut lower =
        Panel::new(Rect::new(150.0, 672.0, right, bottom), x, Axis::linear(-1.12 * largest, 1.12 * largest));
    let left = 62.0 + 18.0 + tick_label_width(&[&upper, &lower]);
    (upper.rect.left, lower.rect.left) = (left, left);

    upper.grid(s);
    lower.grid(s);
    let band = Rect::new(left, lower.py(1.0), right, lower.py(-1.0));
    s.rect(band, GRID, 0.8);
    if n <= MOST_POINTS {
        points(s, &upper, f.wavenumber, f.data, f.error, scale);
        points(s, &lower, f.wavenumber, &residual, &vec![1.0; n], 1.0);
    } else {
        upper.curve(s, f.wavenumber, f.data, scale, Stroke::new(DATA, 1.2));
        lower.curve(s, f.wavenumber, &residual, 1.0, Stroke::new(DATA, 0.8));
    }
    upper.curve(s, f.wavenumber, f.model, scale, Stroke::new(colour::curve(1), 2.2));
    let zero = lower.py(0.0);
    s.polyline(&[(left, zero), (right, zero)], Stroke::new(colour::curve(1), 2.2), None);
    upper.frame(s, false, true);
    upper_scale(&upper, f.axis, s);
    lower.frame(s, true, true);

    let finite: Vec<f64> = residual.into_iter().filter(|r| r.is_finite()).collect();
    let mean_square = finite.iter().map(|r| r * r).sum::<f64>() / finite.len() as f64;
    let subtitle = format!("{} points · mean squared residual {mean_square:.3}", number(n as f64, 0));
    heading(s, left, title, &subtitle);
    let keys = [(DATA, "data"), (colour::curve(1), "fit")];
    legend(s, left + width(&subtitle, SUBTITLE_SIZE) + 60.0, right, 87.0, &keys);
    x_label(s, lower.rect, label(f.axis));
    let factor = if exponent == 0 { String::new() } else { format!("{} ", power_of_ten(exponent)) };
    y_label(s, 48.0, upper.rect, &quantity_label(f.quantity, &factor, f.unit));
    y_label(s, 48.0, lower.rect, "Residual (σ)");
}

/// Dots with bars of one standard deviation either way.
fn points(s: &mut dyn Surface, panel: &Panel, x: &[f64], y: &[f64], error: &[f64], scale: f64) {
    let crowded = (visible(x, panel.x.lo, panel.x.hi).len() as f64 / panel.rect.width() * 8.0).min(1.0);
    let dot = Stroke::new(DATA, 7.0 - 3.5 * crowded);
    let bar = Stroke { colour: DATA, width: 1.2, alpha: 0.75 - 0.35 * crowded };
    for i in (0..x.len()).filter(|&i| y[i].is_finite()) {
        let at = |v: f64| (panel.px(x[i]), panel.py(v * scale));
        s.polyline(&[at(y[i] - error[i]), at(y[i] + error[i])], bar, Some(panel.rect));
        s.polyline(&[at(y[i]), at(y[i])], dot, Some(panel.rect));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_figure_are_written() {
        let folder = tempfile::tempdir().unwrap();
        for n in [200, 20_000] {
            let wavenumber: Vec<f64> = (0..n).map(|i| 2100.0 + 100.0 * f64::from(i) / f64::from(n)).collect();
            let model: Vec<f64> = wavenumber.iter().map(|v| 2e4 + 1e3 * (v / 3.0).sin()).collect();
            let data: Vec<f64> = model.iter().zip(0..).map(|(m, i)| m + 300.0 * (f64::from(i) * 1.7).sin()).collect();
            let error = vec![300.0; n as usize];
            let fitted = FittedData {
                wavenumber: &wavenumber,
                data: &data,
                error: &error,
                model: &model,
                quantity: "Flux",
                unit: "erg s⁻¹ cm⁻² / cm⁻¹",
                axis: SpectralAxis::Wavenumber,
            };
            let written = fit(&folder.path().join("f"), "CO", &fitted, Formats::default()).unwrap();
            let svg = std::fs::read_to_string(&written[0]).unwrap();
            for piece in ["Residual (", "mean squared residual 0.", "Flux (10", ">fit<"] {
                assert!(svg.contains(piece), "{piece}");
            }
            assert!(svg.len() < 2_000_000 && !svg.contains("NaN"), "{}", svg.len());
        }
    }

    #[test]
    fn impossible_fits_are_refused() {
        let (x, y) = ([1.0, 2.0], [1.0, 1.0]);
        let of = |data, error| FittedData {
            wavenumber: &x,
            data,
            error,
            model: &y,
            quantity: "",
            unit: "",
            axis: SpectralAxis::Wavenumber,
        };
        for (fitted, word) in [
            (of(&y[..1], &y), "2 wavenumbers and 1 values"),
            (of(&y, &y[..1]), "1 for 2 data"),
            (of(&y, &[1.0, 0.0]), "error 1 of a fit: given 0"),
        ] {
            let e = fit(Path::new("unused"), "t", &fitted, Formats::default()).unwrap_err().to_string();
            assert!(e.contains(word), "{e}");
        }
    }
}
