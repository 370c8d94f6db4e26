//! The spectrum figure: the whole range, and a part of it enlarged.

use std::path::{Path, PathBuf};

use super::axis::{Axis, common_exponent, number};
use super::colour::{self, HIGHLIGHT, MUTED, Rgb};
use super::envelope::{extent, visible};
use super::figure::{Formats, HEIGHT, WIDTH, check_curve, save};
use super::legend::legend;
use super::panel::{Panel, heading, quantity_label, tick_label_width, x_label, y_label};
use super::spectral::{label, reversed, upper_scale, wavelengths};
use super::surface::{Rect, Stroke, Surface};
use super::text::{power_of_ten, width};
use crate::units::SpectralAxis;
use crate::{Error, Result};

/// One curve of a figure.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// Name in the key; the key is left out when there is one unnamed curve.
    pub label: &'a str,
    /// Wavenumbers, ascending \[cm-1\].
    pub wavenumber: &'a [f64],
    /// Values, as many as wavenumbers. NaN is left out.
    pub value: &'a [f64],
    /// A thin grey curve to compare with (a black body, say).
    pub reference: bool,
}

/// The enlarged part.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Zoom {
    /// The most structured fortieth of the range.
    #[default]
    Auto,
    /// None: one large panel.
    Off,
    /// From, to \[cm-1\].
    Range(f64, f64),
}

/// What a spectrum figure shows besides the curves.
#[derive(Clone, Debug)]
pub struct SpectrumOptions {
    /// The enlarged part.
    pub zoom: Zoom,
    /// What is plotted, without its unit.
    pub quantity: String,
    /// Its unit.
    pub unit: String,
    /// A line of particulars below the title; empty: number of points and resolution.
    pub subtitle: String,
    /// The spectral axis.
    pub axis: SpectralAxis,
    /// Files to write.
    pub formats: Formats,
}

impl Default for SpectrumOptions {
    fn default() -> Self {
        Self {
            zoom: Zoom::Auto,
            quantity: "Flux".into(),
            unit: "erg s⁻¹ cm⁻² / cm⁻¹".into(),
            subtitle: String::new(),
            axis: SpectralAxis::Wavenumber,
            formats: Formats::default(),
        }
    }
}

/// Draws spectra over wavenumber, with wavelengths along the top, or the other way round, and writes `STEM.svg` and `STEM.png`.
///
/// `stem` is the path without its suffix. Returns the files written.
///
/// # Errors
/// Curves of unequal lengths or without finite values, a zoom outside the range, or an unwritable file.
pub fn spectrum(stem: &Path, title: &str, series: &[Series], options: &SpectrumOptions) -> Result<Vec<PathBuf>> {
    for s in series {
        check_curve(&format!("curve `{}`", s.label), s.wavenumber, s.value)?;
    }
    let Some(main) = series.iter().find(|s| !s.reference) else {
        return Err(Error::invalid(
            "spectrum figure",
            format!("{} curves", series.len()),
            "at least one curve that is not a reference",
        ));
    };
    let data = || series.iter().filter(|s| !s.reference);
    let lo = data().map(|s| s.wavenumber[0]).fold(f64::INFINITY, f64::min);
    let hi = data().filter_map(|s| s.wavenumber.last()).copied().fold(0.0, f64::max);
    let zoom = match options.zoom {
        Zoom::Off => None,
        Zoom::Auto => Some(most_structured(main.wavenumber, main.value)),
        Zoom::Range(a, b) if a < b && a >= lo && b <= hi => Some((a, b)),
        Zoom::Range(a, b) => {
            return Err(Error::invalid("zoom [cm-1]", format!("{a} to {b}"), format!("a range within {lo} to {hi}")));
        }
    };
    let axis = options.axis;
    let Some(all) = series.iter().map(|c| wavelengths(axis, c.wavenumber)).collect::<Option<Vec<_>>>() else {
        return save(stem, options.formats, |s| draw(s, title, series, options, (lo, hi), zoom));
    };
    // Wavelengths ascend where wavenumbers fall.
    let values: Vec<Vec<f64>> = series.iter().map(|c| reversed(c.value)).collect();
    let along = series.iter().zip(all.iter().zip(&values));
    let series: Vec<Series> = along.map(|(c, (x, y))| Series { wavenumber: x, value: y, ..*c }).collect();
    let turned = |(a, b): (f64, f64)| (axis.of(b), axis.of(a));
    save(stem, options.formats, |s| draw(s, title, &series, options, turned((lo, hi)), zoom.map(turned)))
}

fn draw(
    s: &mut dyn Surface,
    title: &str,
    series: &[Series],
    options: &SpectrumOptions,
    (lo, hi): (f64, f64),
    zoom: Option<(f64, f64)>,
) {
    let extent_of = |a: f64, b: f64| {
        let each = series.iter().filter(|s| !s.reference).filter_map(|c| extent(c.wavenumber, c.value, a, b));
        each.reduce(|p, q| (p.0.min(q.0), p.1.max(q.1))).unwrap_or((0.0, 1.0))
    };
    let whole = extent_of(lo, hi);
    let exponent = common_exponent(whole.0.abs().max(whole.1.abs()));
    let scale = 10f64.powi(-exponent);
    let full_y = padded(whole, scale);

    // Left margin from the labels' widths, measured with a provisional panel.
    let right = WIDTH - 45.0;
    let (top, bottom) = (178.0, HEIGHT - 108.0);
    let middle = if zoom.is_some() { 470.0 } else { bottom };
    let mut full = Panel::new(Rect::new(150.0, top, right, middle), Axis::linear(lo, hi), full_y);
    let mut part = zoom.map(|(a, b)| {
        Panel::new(Rect::new(150.0, middle + 105.0, right, bottom), Axis::linear(a, b), padded(extent_of(a, b), scale))
    });
    let labels = tick_label_width(&std::iter::once(&full).chain(&part).collect::<Vec<_>>());
    let left = 62.0 + 18.0 + labels;
    full.rect.left = left;

    if let Some(part) = &mut part {
        part.rect.left = left;
        connect(s, &full, part);
    }
    for panel in std::iter::once(&full).chain(&part) {
        panel.grid(s);
        for (c, (colour, thick)) in series.iter().zip(styles(series)) {
            panel.curve(s, c.wavenumber, c.value, scale, Stroke::new(colour, thick));
        }
        panel.frame(s, true, true);
    }
    upper_scale(&full, options.axis, s);

    let first = &series[0];
    let n = first.wavenumber.len();
    let resolution = (n - 1) as f64 / (hi / lo).ln();
    let subtitle = if options.subtitle.is_empty() {
        format!("{} points · R = {}", number(n as f64, 0), number(resolution, 0))
    } else {
        options.subtitle.clone()
    };
    heading(s, left, title, &subtitle);
    let keys: Vec<(Rgb, &str)> = series
        .iter()
        .zip(styles(series))
        .filter(|(c, _)| !c.label.is_empty())
        .map(|(c, (k, _))| (k, c.label))
        .collect();
    if keys.len() > 1 || series.len() > 1 {
        legend(s, left + width(&subtitle, 23.0) + 60.0, right, 87.0, &keys);
    }
    let lowest = part.as_ref().map_or(full.rect, |p| p.rect);
    x_label(s, lowest, label(options.axis));
    let factor = if exponent == 0 { String::new() } else { format!("{} ", power_of_ten(exponent)) };
    let text = quantity_label(&options.quantity, &factor, &options.unit);
    y_label(s, 48.0, Rect::new(0.0, full.rect.top, 0.0, lowest.bottom), &text);
}

/// Colour and width of each curve: data in order, references grey.
fn styles(series: &[Series]) -> Vec<(Rgb, f64)> {
    let mut next = 0..;
    series
        .iter()
        .map(|c| if c.reference { (MUTED, 1.5) } else { (colour::curve(next.next().unwrap_or(0)), 1.7) })
        .collect()
}

/// An axis with a little room above and below; zero stays the floor where the data come near it.
fn padded((lo, hi): (f64, f64), scale: f64) -> Axis {
    let (lo, hi) = (lo * scale, hi * scale);
    let room = 0.06 * (hi - lo);
    let floor = if lo >= 0.0 && lo < 0.25 * hi { 0.0 } else { lo - room };
    Axis::linear(floor, hi + room)
}

/// Shades the enlarged part in the upper panel and leads the eye from it to the lower one.
fn connect(s: &mut dyn Surface, full: &Panel, part: &Panel) {
    let (a, b) = (full.px(part.x.lo), full.px(part.x.hi));
    // A sliver of a range is still to be seen.
    let (a, b) = if b - a < 6.0 { (0.5 * (a + b) - 3.0, 0.5 * (a + b) + 3.0) } else { (a, b) };
    s.rect(Rect::new(a, full.rect.top, b, full.rect.bottom), HIGHLIGHT, 1.0);
    // The lines start below the tick labels, which they would cross otherwise.
    let (y0, y1) = (full.rect.bottom + 44.0, part.rect.top);
    let line = Stroke { colour: MUTED, width: 1.2, alpha: 0.7 };
    s.polyline(&[(a, full.rect.bottom), (a, y0), (part.rect.left, y1)], line, None);
    s.polyline(&[(b, full.rect.bottom), (b, y0), (part.rect.right, y1)], line, None);
}

/// The window of a fortieth of the range over which the curve varies most, cut at the ends of the range.
fn most_structured(x: &[f64], y: &[f64]) -> (f64, f64) {
    let (lo, hi) = (x[0], x[x.len() - 1]);
    let span = (hi - lo) / 40.0;
    let variation = |a: f64| {
        let r = visible(x, a, a + span);
        let steps = y[r].windows(2).map(|w| (w[1] - w[0]).abs());
        steps.filter(|d| d.is_finite()).sum::<f64>()
    };
    let starts = (0..=196).map(|i| lo + (hi - lo - span) * f64::from(i) / 196.0);
    let best = starts.map(|a| (a, variation(a))).fold((lo, -1.0), |m, c| if c.1 > m.1 { c } else { m });
    // Round numbers read better; they may not leave the range.
    let unit = super::axis::nice_step(span / 50.0);
    let round = |v: f64| ((v / unit).round() * unit).clamp(lo, hi);
    (round(best.0), round(best.0 + span))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A flat continuum of 3e4 with one narrow line at 2100 cm-1, 150 000 points.
    fn sample() -> (Vec<f64>, Vec<f64>) {
        let x: Vec<f64> = (0..150_000).map(|i| 1950.0 + 0.002 * f64::from(i)).collect();
        let y = x.iter().map(|v| 3e4 * (1.0 - 0.8 / (1.0 + ((v - 2100.0) / 0.02).powi(2)))).collect();
        (x, y)
    }

    #[test]
    fn both_files_are_written_small_and_labelled() {
        let folder = tempfile::tempdir().unwrap();
        let stem = folder.path().join("co_1.5bar");
        let (x, y) = sample();
        let series = [Series { label: "", wavenumber: &x, value: &y, reference: false }];
        let written = spectrum(&stem, "CO <test>", &series, &SpectrumOptions::default()).unwrap();
        assert_eq!(written, [folder.path().join("co_1.5bar.svg"), folder.path().join("co_1.5bar.png")]);
        let svg = std::fs::read_to_string(&written[0]).unwrap();
        assert!(svg.len() < 1_000_000 && svg.ends_with("</svg>\n"), "{} bytes", svg.len());
        // Title escaped, the power of ten taken out of the axis, both axes named.
        for piece in ["CO &lt;test&gt;", "Flux (10", "Wavenumber (cm", "Wavelength (µm)", "150\u{a0}000 points"] {
            assert!(svg.contains(piece), "{piece}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        assert!(std::fs::metadata(&written[1]).unwrap().len() > 10_000);
    }

    #[test]
    fn the_enlarged_part_finds_the_line() {
        let (x, y) = sample();
        let (a, b) = most_structured(&x, &y);
        assert!(a < 2100.0 && 2100.0 < b && b - a < 10.0, "{a} to {b}");
    }

    #[test]
    fn impossible_figures_are_refused() {
        let (x, y) = ([1.0, 2.0, 3.0], [1.0, 1.0, 1.0]);
        let curve = |wavenumber, reference| Series { label: "c", wavenumber, value: &y, reference };
        let zoomed = SpectrumOptions { zoom: Zoom::Range(0.5, 2.0), ..Default::default() };
        for (series, options, word) in [
            (vec![], SpectrumOptions::default(), "0 curves"),
            (vec![curve(&x, true)], SpectrumOptions::default(), "not a reference"),
            (vec![curve(&[3.0, 2.0, 1.0], false)], SpectrumOptions::default(), "ascending"),
            (vec![curve(&x[..2], false)], SpectrumOptions::default(), "2 wavenumbers and 3 values"),
            (vec![curve(&x, false)], zoomed, "given 0.5 to 2, required a range within 1 to 3"),
        ] {
            let e = spectrum(Path::new("unused"), "t", &series, &options).unwrap_err().to_string();
            assert!(e.contains(word), "{e}");
        }
    }
}
