//! What a figure needs of a canvas. Coordinates are pixels of the nominal size, x right, y down, fractions allowed.

use super::colour::Rgb;

/// An axis-aligned rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Rect {
    pub fn new(left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self { left, top, right, bottom }
    }

    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub fn centre(&self) -> (f64, f64) {
        (0.5 * (self.left + self.right), 0.5 * (self.top + self.bottom))
    }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stroke {
    pub colour: Rgb,
    pub width: f64,
    /// 0 (invisible) to 1.
    pub alpha: f64,
}

impl Stroke {
    pub fn new(colour: Rgb, width: f64) -> Self {
        Self { colour, width, alpha: 1.0 }
    }
}

/// Which point of a text lies at the given x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text is set; its y is the baseline.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextStyle {
    /// Size of the em square in pixels.
    pub size: f64,
    pub colour: Rgb,
    pub anchor: Anchor,
    /// Reads upward (turned by 90 degrees about the anchor).
    pub upward: bool,
}

impl TextStyle {
    pub fn new(size: f64, colour: Rgb, anchor: Anchor) -> Self {
        Self { size, colour, anchor, upward: false }
    }

    pub fn upward(self) -> Self {
        Self { upward: true, ..self }
    }
}

/// A canvas.
pub(super) trait Surface {
    /// Fills a rectangle; `alpha` 0 to 1.
    fn rect(&mut self, rect: Rect, fill: Rgb, alpha: f64);
    /// A line through all points, with round joins; nothing is drawn outside `clip`.
    fn polyline(&mut self, points: &[(f64, f64)], stroke: Stroke, clip: Option<Rect>);
    /// One line of text. Superscript digits and signs are set as small raised digits.
    fn text(&mut self, at: (f64, f64), text: &str, style: TextStyle);
    /// An image of `width` x (rgb.len() / 3 / width) pixels, first row on top, stretched over `rect`.
    fn image(&mut self, rect: Rect, width: usize, rgb: &[u8]);
}
