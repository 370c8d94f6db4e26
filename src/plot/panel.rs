//! A frame with two axes, and curves inside it.

use super::axis::{Axis, Tick};
use super::colour::{GRID, INK, MUTED};
use super::envelope::envelope;
use super::surface::{Anchor, Rect, Stroke, Surface, TextStyle};
use super::text;

/// Text sizes in pixels, for a page about 1000 pixels high.
pub(super) const TITLE_SIZE: f64 = 36.0;
pub(super) const SUBTITLE_SIZE: f64 = 23.0;
pub(super) const LABEL_SIZE: f64 = 27.0;
pub(super) const TICK_SIZE: f64 = 23.0;

pub(super) const MAJOR: f64 = 9.0;
pub(super) const MINOR: f64 = 5.0;
/// Between a frame and its tick labels.
pub(super) const GAP: f64 = 10.0;

/// A frame; x from left to right, y from bottom (`lo`) to top (`hi`).
pub(super) struct Panel {
    pub rect: Rect,
    pub x: Axis,
    pub y: Axis,
    /// Labelled ticks wanted on x and y.
    pub counts: (usize, usize),
    /// Labels that would reach beyond the frame are left out: other panels stand close by.
    pub tight: bool,
}

impl Panel {
    pub fn new(rect: Rect, x: Axis, y: Axis) -> Self {
        let counts = ((rect.width() / 190.0).ceil() as usize, (rect.height() / 75.0).ceil().max(4.0) as usize);
        Self { rect, x, y, counts, tight: false }
    }

    pub fn px(&self, x: f64) -> f64 {
        self.rect.left + self.x.unit(x) * self.rect.width()
    }

    pub fn py(&self, y: f64) -> f64 {
        self.rect.bottom - self.y.unit(y) * self.rect.height()
    }

    /// Grid lines at the labelled ticks; to be drawn before the curves.
    pub fn grid(&self, s: &mut dyn Surface) {
        let line = Stroke::new(GRID, 1.0);
        for t in self.x.ticks(self.counts.0).iter().filter(|t| t.label.is_some()) {
            let x = self.px(t.value);
            s.polyline(&[(x, self.rect.top), (x, self.rect.bottom)], line, None);
        }
        for t in self.y.ticks(self.counts.1).iter().filter(|t| t.label.is_some()) {
            let y = self.py(t.value);
            s.polyline(&[(self.rect.left, y), (self.rect.right, y)], line, None);
        }
    }

    /// Frame, inward ticks, and tick labels where wanted; to be drawn after the curves.
    pub fn frame(&self, s: &mut dyn Surface, x_labels: bool, y_labels: bool) {
        self.outline(s);
        self.x_ticks(s, x_labels);
        self.y_ticks(s, y_labels);
    }

    /// A frame whose vertical axis needs no ticks (counts).
    pub fn frame_without_y(&self, s: &mut dyn Surface, x_labels: bool) {
        self.outline(s);
        self.x_ticks(s, x_labels);
    }

    /// A frame whose horizontal axis needs no ticks (counts).
    pub fn frame_without_x(&self, s: &mut dyn Surface) {
        self.outline(s);
        self.y_ticks(s, true);
    }

    fn outline(&self, s: &mut dyn Surface) {
        let r = self.rect;
        let corners = [(r.left, r.top), (r.right, r.top), (r.right, r.bottom), (r.left, r.bottom), (r.left, r.top)];
        s.polyline(&corners, Stroke::new(INK, 1.4), None);
    }

    fn x_ticks(&self, s: &mut dyn Surface, labels: bool) {
        let (r, line) = (self.rect, Stroke::new(INK, 1.4));
        for Tick { value, label } in self.x.ticks(self.counts.0) {
            let (x, length) = (self.px(value), if label.is_some() { MAJOR } else { MINOR });
            s.polyline(&[(x, r.bottom), (x, r.bottom - length)], line, None);
            let half = if self.tight { 0.5 * label.as_deref().map_or(0.0, |l| text::width(l, TICK_SIZE)) } else { 0.0 };
            let fits = r.left <= x - half && x + half <= r.right;
            if let (Some(label), true) = (label, labels && (fits || !self.tight)) {
                let at = (x, r.bottom + GAP + 0.78 * TICK_SIZE);
                s.text(at, &label, TextStyle::new(TICK_SIZE, INK, Anchor::Middle));
            }
        }
    }

    fn y_ticks(&self, s: &mut dyn Surface, labels: bool) {
        let (r, line) = (self.rect, Stroke::new(INK, 1.4));
        for Tick { value, label } in self.y.ticks(self.counts.1) {
            let (y, length) = (self.py(value), if label.is_some() { MAJOR } else { MINOR });
            s.polyline(&[(r.left, y), (r.left + length, y)], line, None);
            s.polyline(&[(r.right, y), (r.right - length, y)], line, None);
            let half = if self.tight { 0.4 * TICK_SIZE } else { 0.0 };
            let fits = r.top <= y - half && y + half <= r.bottom;
            if let (Some(label), true) = (label, labels && (fits || !self.tight)) {
                let at = (r.left - GAP, y + 0.35 * TICK_SIZE);
                s.text(at, &label, TextStyle::new(TICK_SIZE, INK, Anchor::End));
            }
        }
    }

    /// A curve (x ascending), reduced to the panel's resolution and cut at its frame. `scale` multiplies y.
    pub fn curve(&self, s: &mut dyn Surface, x: &[f64], y: &[f64], scale: f64, stroke: Stroke) {
        // 1.5 columns per pixel: the reduction is invisible in the PNG and holds up when an SVG is enlarged a little.
        let columns = (1.5 * self.rect.width()) as usize;
        let points: Vec<(f64, f64)> = envelope(x, y, self.x.lo, self.x.hi, columns)
            .into_iter()
            .map(|i| (self.px(x[i]), self.py(y[i] * scale)))
            .map(|(px, py)| (px, py.clamp(self.rect.top - 200.0, self.rect.bottom + 200.0)))
            .collect();
        s.polyline(&points, stroke, Some(self.rect));
    }
}

/// Title, and below it a line of particulars.
pub(super) fn heading(s: &mut dyn Surface, left: f64, title: &str, subtitle: &str) {
    s.text((left, 52.0), title, TextStyle::new(TITLE_SIZE, INK, Anchor::Start));
    s.text((left, 87.0), subtitle, TextStyle::new(SUBTITLE_SIZE, MUTED, Anchor::Start));
}

/// The x label of the lowest panel.
pub(super) fn x_label(s: &mut dyn Surface, rect: Rect, label: &str) {
    let at = (rect.centre().0, rect.bottom + GAP + TICK_SIZE + 14.0 + 0.75 * LABEL_SIZE);
    s.text(at, label, TextStyle::new(LABEL_SIZE, INK, Anchor::Middle));
}

/// A y label centred on `rect`, its baseline at `x`.
pub(super) fn y_label(s: &mut dyn Surface, x: f64, rect: Rect, label: &str) {
    s.text((x, rect.centre().1), label, TextStyle::new(LABEL_SIZE, INK, Anchor::Middle).upward());
}

/// A quantity with its power of ten and its unit, as far as there are any.
pub(super) fn quantity_label(quantity: &str, factor: &str, unit: &str) -> String {
    match format!("{factor}{unit}").trim() {
        "" => quantity.to_owned(),
        unit => format!("{quantity} ({unit})"),
    }
}

/// Width of the widest y tick label of these panels.
pub(super) fn tick_label_width(panels: &[&Panel]) -> f64 {
    let ticks = panels.iter().flat_map(|p| p.y.ticks(p.counts.1));
    ticks.filter_map(|t| t.label).map(|l| text::width(&l, TICK_SIZE)).fold(0.0, f64::max) + GAP
}
