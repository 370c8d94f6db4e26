//! The trace figure: for each quantity its distribution in each chain, and the chains themselves.

use std::path::{Path, PathBuf};

use super::axis::Axis;
use super::colour::{self, INK, Rgb};
use super::density::histogram;
use super::figure::{Formats, WIDTH, save_sized};
use super::legend::legend;
use super::panel::{LABEL_SIZE, Panel, SUBTITLE_SIZE, heading, tick_label_width, x_label};
use super::quantity::Quantity;
use super::surface::{Anchor, Rect, Stroke, Surface, TextStyle};
use super::text;
use crate::{Error, Result};

/// Rows that a page holds.
const MOST_ROWS: usize = 16;
const ROW: f64 = 170.0;
const BETWEEN: f64 = 28.0;
const TOP: f64 = 130.0;
const BELOW: f64 = 108.0;

/// Draws the chains of each quantity over the draws, beside their distributions, and writes `STEM.svg` and `STEM.png`, 1600 pixels wide
/// and as high as the rows ask for. Of more than 16 quantities the first 16 are shown, and the subtitle says so.
///
/// # Errors
/// No quantity, draws that are not finite or of unequal number, or an unwritable file.
pub fn traces(stem: &Path, title: &str, quantities: &[Quantity], formats: Formats) -> Result<Vec<PathBuf>> {
    if quantities.is_empty() {
        return Err(Error::invalid("trace figure", "no quantity", "at least one"));
    }
    quantities.iter().try_for_each(Quantity::check)?;
    let shown = &quantities[..quantities.len().min(MOST_ROWS)];
    let rows = shown.len() as f64;
    let size = (WIDTH, TOP + rows * ROW + (rows - 1.0) * BETWEEN + BELOW);
    save_sized(stem, formats, size, |s| draw(s, title, shown, quantities.len()))
}

fn draw(s: &mut dyn Surface, title: &str, shown: &[Quantity], all: usize) {
    let (chains, draws) = (shown[0].chains.len(), shown[0].chains[0].len());
    let right = WIDTH - 45.0;
    let mut rows = Vec::new();
    for (i, q) in shown.iter().enumerate() {
        let sorted = q.sorted();
        // All draws are to be seen here, outliers too.
        let (lo, hi) = (sorted[0], sorted[sorted.len() - 1]);
        let (lo, hi) = q.truth.map_or((lo, hi), |t| (lo.min(t), hi.max(t)));
        let (scale, name) = q.label((lo, hi));
        let room = 0.06 * (hi - lo);
        let top = TOP + i as f64 * (ROW + BETWEEN);
        let y = Axis::linear((lo - room) * scale, (hi + room) * scale);
        let mut panel =
            Panel::new(Rect::new(500.0, top, right, top + ROW), Axis::linear(0.0, (q.chains[0].len()) as f64), y);
        panel.counts = (6, 4);
        rows.push((panel, scale, name));
    }
    let labels = tick_label_width(&rows.iter().map(|r| &r.0).collect::<Vec<_>>());
    let left = 62.0 + 18.0 + labels;
    let middle = left + 300.0;
    // Chains beyond the palette would repeat colours that are then told apart by nothing.
    let colour = |k: usize| -> Rgb { if chains <= 7 { colour::curve(k) } else { colour::ordered(k, chains) } };
    for (i, (q, (panel, scale, name))) in shown.iter().zip(&mut rows).enumerate() {
        let last = i + 1 == shown.len();
        let range = (panel.y.lo / *scale, panel.y.hi / *scale);
        let bins = 40;
        let counts: Vec<Vec<f64>> = q.chains.iter().map(|c| histogram(c.iter().copied(), range, bins)).collect();
        let most = counts.concat().into_iter().fold(0.0, f64::max);
        // The distribution, sideways, on the same vertical axis as the chains.
        let mut side = Panel::new(
            Rect::new(left, panel.rect.top, middle - 18.0, panel.rect.bottom),
            Axis::linear(0.0, 1.08 * most.max(1.0)),
            panel.y,
        );
        side.counts = (0, 4);
        panel.rect.left = middle;
        panel.grid(s);
        for (k, counts) in counts.iter().enumerate() {
            let edge = |b: usize| panel.y.lo + (panel.y.hi - panel.y.lo) * b as f64 / bins as f64;
            let mut steps = vec![(side.px(0.0), side.py(panel.y.lo))];
            for (b, c) in counts.iter().enumerate() {
                steps.extend([(side.px(*c), side.py(edge(b))), (side.px(*c), side.py(edge(b + 1)))]);
            }
            steps.push((side.px(0.0), side.py(panel.y.hi)));
            s.polyline(&steps, Stroke { colour: colour(k), width: 1.8, alpha: 0.9 }, Some(side.rect));
        }
        let at: Vec<f64> = (0..q.chains[0].len()).map(|d| d as f64 + 0.5).collect();
        let alpha = if chains > 1 { 0.65 } else { 0.9 };
        for (k, chain) in q.chains.iter().enumerate() {
            panel.curve(s, &at, chain, *scale, Stroke { colour: colour(k), width: 1.2, alpha });
        }
        if let Some(truth) = q.truth {
            let y = panel.py(truth * *scale);
            s.polyline(&[(left, y), (side.rect.right, y)], Stroke::new(INK, 1.8), None);
            s.polyline(&[(middle, y), (right, y)], Stroke::new(INK, 1.8), None);
        }
        side.frame_without_x(s);
        panel.frame(s, last, false);
        let style = TextStyle::new(fitting(name, ROW + 0.8 * BETWEEN), INK, Anchor::Middle).upward();
        s.text((48.0, panel.rect.centre().1), name, style);
    }
    let subtitle =
        if shown.len() < all { format!("first {} of {all} quantities · ", shown.len()) } else { String::new() };
    let subtitle = format!("{subtitle}{chains} chains of {draws} draws");
    heading(s, left, title, &subtitle);
    let names: Vec<String> = (0..chains).map(|k| format!("chain {}", k + 1)).collect();
    let mut keys: Vec<(Rgb, &str)> = names.iter().enumerate().map(|(k, n)| (colour(k), n.as_str())).collect();
    if shown.iter().any(|q| q.truth.is_some()) {
        keys.push((INK, "truth"));
    }
    if keys.len() > 1 && chains <= 7 {
        legend(s, left + text::width(&subtitle, SUBTITLE_SIZE) + 60.0, right, 87.0, &keys);
    }
    if let Some((panel, ..)) = rows.last() {
        x_label(s, panel.rect, "Draw");
        let at = Rect::new(left, panel.rect.top, middle - 18.0, panel.rect.bottom);
        x_label(s, at, "Distribution");
    }
}

/// A text size at which `label` fits into `room`, at most that of axis labels.
pub(super) fn fitting(label: &str, room: f64) -> f64 {
    LABEL_SIZE.min(LABEL_SIZE * room / text::width(label, LABEL_SIZE).max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_drawn_and_too_many_are_said() {
        let chains: Vec<Vec<f64>> =
            (0..4).map(|c| (0..300).map(|i| 900.0 + (f64::from(i * (c + 2)) * 1.3).sin()).collect()).collect();
        let one = Quantity { name: "T₀ (K)", chains: &chains, truth: Some(900.2) };
        let folder = tempfile::tempdir().unwrap();
        let written = traces(&folder.path().join("t"), "Chains", &[one; 18], Formats::default()).unwrap();
        let svg = std::fs::read_to_string(&written[0]).unwrap();
        for piece in ["first 16 of 18 quantities", "4 chains of 300 draws", ">truth<", ">chain 4<", "T₀ (K)"] {
            assert!(svg.contains(piece), "{piece}");
        }
        assert!(!svg.contains("NaN") && svg.len() < 3_000_000, "{}", svg.len());
        assert!(traces(&folder.path().join("t"), "t", &[], Formats::default()).is_err());
    }
}
