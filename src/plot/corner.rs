//! The corner figure: the distribution of each quantity, and of each pair.

use std::path::{Path, PathBuf};

use super::axis::Axis;
use super::colour::{self, INK, Rgb, WHITE, mix};
use super::contour::contour;
use super::density::{Density, histogram};
use super::figure::{Formats, save_sized};
use super::panel::{Panel, TITLE_SIZE, heading};
use super::quantity::Quantity;
use super::surface::{Anchor, Rect, Stroke, Surface, TextStyle};
use super::traces::fitting;
use crate::{Error, Result};

/// Quantities that a page holds.
const MOST: usize = 10;
/// Nodes of the two-dimensional density along each axis.
const NODES: usize = 80;
/// Pixels of its shade along each axis.
const SHADE: usize = 200;
const BINS: usize = 32;
const GAP: f64 = 14.0;
const BLUE: Rgb = Rgb(0, 114, 178);

/// Draws histograms with median and 68% interval on the diagonal, and below it each pair's density with the contours that hold 68% and
/// 95% of the draws; known true values as lines. Writes `STEM.svg` and `STEM.png`, which grow with the number of quantities.
///
/// Of more than 10 quantities the first 10 are shown, and the subtitle says so.
///
/// # Errors
/// No quantity, draws that are not finite or of unequal number, or an unwritable file.
pub fn corner(stem: &Path, title: &str, quantities: &[Quantity], formats: Formats) -> Result<Vec<PathBuf>> {
    let Some(first) = quantities.first() else {
        return Err(Error::invalid("corner figure", "no quantity", "at least one"));
    };
    quantities.iter().try_for_each(Quantity::check)?;
    let draws = |q: &Quantity| q.chains.iter().map(Vec::len).sum::<usize>();
    if let Some(other) = quantities.iter().find(|q| draws(q) != draws(first)) {
        let given = format!("{} draws of `{}`", draws(other), other.name);
        return Err(Error::invalid("corner figure", given, format!("{} as of `{}`", draws(first), first.name)));
    }
    let shown = &quantities[..quantities.len().min(MOST)];
    let n = shown.len() as f64;
    let cell = (1250.0 / n).clamp(190.0, 420.0);
    let (left, top) = (170.0, 160.0);
    let side = n * cell + (n - 1.0) * GAP;
    let size = (left + side + 60.0, top + side + 150.0);
    save_sized(stem, formats, size, |s| draw(s, title, shown, quantities.len(), (left, top), cell))
}

/// What all panels of one quantity share.
struct Column {
    draws: Vec<f64>,
    sorted: Vec<f64>,
    range: (f64, f64),
    scale: f64,
    label: String,
    axis: Axis,
}

impl Column {
    fn of(q: &Quantity) -> Self {
        let sorted = q.sorted();
        let range = q.range(&sorted);
        let (scale, label) = q.label(range);
        let axis = Axis::linear(range.0 * scale, range.1 * scale);
        Self { draws: q.chains.concat(), sorted, range, scale, label, axis }
    }

    fn unit(&self, v: f64) -> f64 {
        (v - self.range.0) / (self.range.1 - self.range.0)
    }
}

fn draw(s: &mut dyn Surface, title: &str, shown: &[Quantity], all: usize, (left, top): (f64, f64), cell: f64) {
    let columns: Vec<Column> = shown.iter().map(Column::of).collect();
    let n = columns.len();
    for (row, y) in columns.iter().enumerate() {
        for (column, x) in columns.iter().enumerate().take(row + 1) {
            let at = (left + column as f64 * (cell + GAP), top + row as f64 * (cell + GAP));
            let rect = Rect::new(at.0, at.1, at.0 + cell, at.1 + cell);
            let (bottom, first) = (row + 1 == n, column == 0);
            if row == column {
                diagonal(s, rect, x, &shown[row], bottom);
            } else {
                let mut panel = Panel::new(rect, x.axis, y.axis);
                (panel.counts, panel.tight) = ((ticks(cell), 3), true);
                pair(s, &panel, x, y);
                truth(s, &panel, x.scale, shown[column].truth, true);
                truth(s, &panel, y.scale, shown[row].truth, false);
                panel.frame(s, bottom, first);
            }
            if bottom {
                let size = fitting(&x.label, cell);
                s.text((rect.centre().0, rect.bottom + 84.0), &x.label, TextStyle::new(size, INK, Anchor::Middle));
            }
            if first && row > 0 {
                let style = TextStyle::new(fitting(&y.label, cell), INK, Anchor::Middle).upward();
                s.text((left - 118.0, rect.centre().1), &y.label, style);
            }
        }
    }
    let draws = columns[0].draws.len();
    let subtitle = if n < all { format!("first {n} of {all} quantities · ") } else { String::new() };
    let contours = if n > 1 { " · contours hold 68% and 95%" } else { "" };
    heading(s, left - 110.0, title, &format!("{subtitle}{draws} draws{contours}"));
}

/// Labelled ticks that fit on an axis of this length.
fn ticks(cell: f64) -> usize {
    if cell < 260.0 { 2 } else { 3 }
}

fn truth(s: &mut dyn Surface, panel: &Panel, scale: f64, value: Option<f64>, upright: bool) {
    let Some(value) = value else { return };
    let r = panel.rect;
    let line = if upright {
        let x = panel.px(value * scale);
        [(x, r.top), (x, r.bottom)]
    } else {
        let y = panel.py(value * scale);
        [(r.left, y), (r.right, y)]
    };
    s.polyline(&line, Stroke::new(colour::curve(1), 2.2), Some(r));
}

/// The histogram of one quantity, its middle 68% in full colour, its median marked.
fn diagonal(s: &mut dyn Surface, rect: Rect, column: &Column, q: &Quantity, labels: bool) {
    let counts = histogram(column.draws.iter().copied(), column.range, BINS);
    let most = counts.iter().copied().fold(1.0, f64::max);
    let mut panel = Panel::new(rect, column.axis, Axis::linear(0.0, 1.1 * most));
    (panel.counts, panel.tight) = ((ticks(rect.width()), 3), true);
    // On whole pixels, so that no seams show between the bars.
    let edge = |b: usize| (rect.left + rect.width() * b as f64 / BINS as f64).round();
    let quantile = |p: f64| column.sorted[(p * (column.sorted.len() - 1) as f64).round() as usize];
    let place = |p: f64| panel.px(quantile(p) * column.scale);
    let (low, high) = (place(0.16).round(), place(0.84).round());
    let mut outline = vec![(edge(0), rect.bottom)];
    for (b, c) in counts.iter().enumerate() {
        let (x0, x1, y) = (edge(b), edge(b + 1), panel.py(*c));
        s.rect(Rect::new(x0, y, x1, rect.bottom), mix(WHITE, BLUE, 0.18), 1.0);
        let (a, b) = (x0.max(low), x1.min(high));
        if a < b {
            s.rect(Rect::new(a, y, b, rect.bottom), mix(WHITE, BLUE, 0.45), 1.0);
        }
        outline.extend([(x0, y), (x1, y)]);
    }
    outline.push((edge(BINS), rect.bottom));
    s.polyline(&outline, Stroke::new(BLUE, 2.0), Some(rect));
    let median = place(0.5);
    s.polyline(&[(median, rect.top), (median, rect.bottom)], Stroke { colour: INK, width: 1.6, alpha: 0.75 }, None);
    truth(s, &panel, column.scale, q.truth, true);
    panel.frame_without_y(s, labels);
    let text = q.value_text(&column.sorted, column.scale);
    let size = fitting(&text, rect.width()).min(0.64 * TITLE_SIZE);
    s.text((rect.centre().0, rect.top - 10.0), &text, TextStyle::new(size, INK, Anchor::Middle));
}

/// The density of a pair: shade, contours, and the draws outside the outer one.
fn pair(s: &mut dyn Surface, panel: &Panel, x: &Column, y: &Column) {
    let units = |c: &Column| c.draws.iter().map(|v| c.unit(*v)).collect::<Vec<f64>>();
    let (u, v) = (units(x), units(y));
    let density = Density::of(&u, &v, NODES);
    let most = density.value.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let (inner, outer) = (density.level(0.68), density.level(0.95));
    let mut image = Vec::with_capacity(3 * SHADE * SHADE);
    let pixel = |k: usize| (k as f64 + 0.5) / SHADE as f64;
    for r in 0..SHADE {
        for c in 0..SHADE {
            let d = density.at(pixel(c), 1.0 - pixel(r));
            // Below the outer contour the shade fades out, so that lone draws make no clouds.
            let t = (d / most).sqrt() * (d / outer).min(1.0);
            let shade = mix(WHITE, BLUE, 0.62 * t);
            image.extend([shade.0, shade.1, shade.2]);
        }
    }
    let rect = panel.rect;
    s.image(rect, SHADE, &image);
    let place = |u: f64, v: f64| (rect.left + u * rect.width(), rect.bottom - v * rect.height());
    let outside: Vec<usize> = (0..u.len()).filter(|&i| density.at(u[i], v[i]) < outer).collect();
    for &i in outside.iter().step_by(outside.len().div_ceil(400).max(1)) {
        let at = place(u[i], v[i]);
        s.polyline(&[at, at], Stroke { colour: BLUE, width: 2.6, alpha: 0.45 }, Some(rect));
    }
    for (level, width) in [(outer, 1.6), (inner, 2.2)] {
        for line in contour(&density.value, NODES, level) {
            let node = |v: f64| (v + 0.5) / NODES as f64;
            let points: Vec<(f64, f64)> = line.into_iter().map(|(c, r)| place(node(c), node(r))).collect();
            s.polyline(&points, Stroke::new(mix(BLUE, INK, 0.35), width), Some(rect));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_of_any_size_are_written() {
        let of = |k: i32| vec![(0..900).map(|i| (f64::from(i * k) * 0.37).sin() * 1e-6).collect::<Vec<f64>>()];
        let chains: Vec<_> = (1..13).map(of).collect();
        let quantities: Vec<Quantity> =
            chains.iter().map(|c| Quantity { name: "mmr", chains: c, truth: Some(2e-7) }).collect();
        let folder = tempfile::tempdir().unwrap();
        for n in [1, 3, 12] {
            let stem = folder.path().join(format!("{n}"));
            let written = corner(&stem, "Posterior", &quantities[..n], Formats { svg: true, png: n == 3 }).unwrap();
            let svg = std::fs::read_to_string(&written[0]).unwrap();
            assert!(svg.contains("900 draws") && !svg.contains("NaN,") && svg.len() < 8_000_000, "{}", svg.len());
            assert_eq!(svg.contains("first 10 of 12"), n == 12);
            assert_eq!(svg.matches("<image").count(), n.min(10) * (n.min(10) - 1) / 2);
        }
    }

    #[test]
    fn impossible_corners_are_refused() {
        let (a, b) = (vec![vec![1.0, 2.0]], vec![vec![1.0, 2.0, 3.0]]);
        let of = |chains| Quantity { name: "a", chains, truth: None };
        for (quantities, word) in [(vec![], "no quantity"), (vec![of(&a), of(&b)], "3 draws of `a`")] {
            let e = corner(Path::new("unused"), "t", &quantities, Formats::default()).unwrap_err().to_string();
            assert!(e.contains(word), "{e}");
        }
        let constant = vec![vec![5.0; 10]];
        let folder = tempfile::tempdir().unwrap();
        corner(&folder.path().join("c"), "t", &[of(&constant), of(&constant)], Formats::default()).unwrap();
    }
}
