//! The surface that becomes a PNG: anti-aliased strokes and text on an 8-bit RGB image.

use std::io;

use ab_glyph::ScaleFont;

use super::colour::Rgb;
use super::surface::{Anchor, Rect, Stroke, Surface, TextStyle};
use super::text;

/// An RGB image, rows from the top.
pub(super) struct Raster {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
    /// Coverage of the stroke being drawn, so that overlapping segments of one line do not darken each other.
    coverage: Vec<f32>,
}

impl Raster {
    /// A white image.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, rgb: vec![255; width * height * 3], coverage: vec![0.0; width * height] }
    }

    /// The image as a PNG file.
    pub fn encode(&self) -> io::Result<Vec<u8>> {
        encode_png(self.width, self.height, &self.rgb)
    }

    fn blend(&mut self, x: usize, y: usize, colour: Rgb, alpha: f64) {
        let p = &mut self.rgb[(y * self.width + x) * 3..][..3];
        for (p, c) in p.iter_mut().zip([colour.0, colour.1, colour.2]) {
            *p = (f64::from(*p) + (f64::from(c) - f64::from(*p)) * alpha).round() as u8;
        }
    }

    /// Pixel columns and rows that a region touches, cut to the image: (x0, x1, y0, y1), ends exclusive.
    fn pixels(&self, r: Rect) -> (usize, usize, usize, usize) {
        let cut = |v: f64, n: usize| v.clamp(0.0, n as f64) as usize;
        (
            cut(r.left.floor(), self.width),
            cut(r.right.ceil(), self.width),
            cut(r.top.floor(), self.height),
            cut(r.bottom.ceil(), self.height),
        )
    }

    /// Raises the coverage to that of one segment with round ends: distance to the segment, softened over one pixel.
    fn cover_segment(&mut self, a: (f64, f64), b: (f64, f64), half: f64, clip: Rect) {
        let pad = half + 1.0;
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length2 = dx * dx + dy * dy;
        let (top, bottom) = (a.1.min(b.1) - pad, a.1.max(b.1) + pad);
        let (_, _, y0, y1) = self.pixels(Rect::new(0.0, top.max(clip.top), 0.0, bottom.min(clip.bottom)));
        for y in y0..y1 {
            let cy = y as f64 + 0.5;
            // The piece of the segment within `pad` of this row, and hence the columns it can touch.
            let at = |edge: f64| if dy == 0.0 { 0.0 } else { ((edge - a.1) / dy).clamp(0.0, 1.0) };
            let (t0, t1) = if dy == 0.0 { (0.0, 1.0) } else { (at(cy - pad), at(cy + pad)) };
            let (xa, xb) = (a.0 + t0 * dx, a.0 + t1 * dx);
            let (left, right) = (xa.min(xb) - pad, xa.max(xb) + pad);
            let (x0, x1, ..) = self.pixels(Rect::new(left.max(clip.left), 0.0, right.min(clip.right), 0.0));
            for x in x0..x1 {
                let (px, py) = (x as f64 + 0.5 - a.0, cy - a.1);
                let t = if length2 > 0.0 { ((px * dx + py * dy) / length2).clamp(0.0, 1.0) } else { 0.0 };
                let distance = (px - t * dx).hypot(py - t * dy);
                let c = (half + 0.5 - distance).clamp(0.0, 1.0) as f32;
                let cell = &mut self.coverage[y * self.width + x];
                *cell = cell.max(c);
            }
        }
    }
}

impl Surface for Raster {
    fn rect(&mut self, r: Rect, fill: Rgb, alpha: f64) {
        let (x0, x1, y0, y1) = self.pixels(r);
        for y in y0..y1 {
            let v = (r.bottom.min(y as f64 + 1.0) - r.top.max(y as f64)).clamp(0.0, 1.0);
            for x in x0..x1 {
                let h = (r.right.min(x as f64 + 1.0) - r.left.max(x as f64)).clamp(0.0, 1.0);
                self.blend(x, y, fill, alpha * v * h);
            }
        }
    }

    fn polyline(&mut self, points: &[(f64, f64)], stroke: Stroke, clip: Option<Rect>) {
        let page = Rect::new(0.0, 0.0, self.width as f64, self.height as f64);
        let clip = clip.unwrap_or(page);
        // Hairlines keep their one-pixel footprint and lose strength instead.
        let (half, strength) = (0.5 * stroke.width.max(1.0), stroke.width.min(1.0));
        let mut touched: Option<Rect> = None;
        for pair in points.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            self.cover_segment(a, b, half, clip);
            let t = touched.get_or_insert(Rect::new(a.0, a.1, a.0, a.1));
            *t = Rect::new(
                t.left.min(a.0).min(b.0),
                t.top.min(a.1).min(b.1),
                t.right.max(a.0).max(b.0),
                t.bottom.max(a.1).max(b.1),
            );
        }
        let Some(t) = touched else { return };
        let pad = half + 2.0;
        let (x0, x1, y0, y1) = self.pixels(Rect::new(t.left - pad, t.top - pad, t.right + pad, t.bottom + pad));
        for y in y0..y1 {
            for x in x0..x1 {
                let c = std::mem::take(&mut self.coverage[y * self.width + x]);
                if c > 0.0 {
                    self.blend(x, y, stroke.colour, f64::from(c) * stroke.alpha * strength);
                }
            }
        }
    }

    fn text(&mut self, at: (f64, f64), content: &str, style: TextStyle) {
        let width = text::width(content, style.size);
        let mut along = match style.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -0.5 * width,
            Anchor::End => -width,
        };
        for run in text::runs(content) {
            let (size, rise) = if run.raised {
                (style.size * text::SUPERSCRIPT_SIZE, style.size * text::SUPERSCRIPT_RISE)
            } else {
                (style.size, 0.0)
            };
            let font = text::font(size);
            let mut previous = None;
            for c in run.text.chars() {
                let id = font.glyph_id(c);
                along += previous.map_or(0.0, |p| f64::from(font.kern(p, id)));
                previous = Some(id);
                // Upward text is drawn level about the origin and turned pixel by pixel, so sub-pixel shifts are kept
                // in the direction of reading only.
                let (origin, level) = if style.upward { ((0.0, 0.0), at) } else { (at, (0.0, 0.0)) };
                let position = ab_glyph::point((origin.0 + along) as f32, (origin.1 - rise) as f32);
                let glyph = id.with_scale_and_position(font.scale(), position);
                if let Some(outline) = font.outline_glyph(glyph) {
                    let bounds = outline.px_bounds();
                    outline.draw(|gx, gy, c| {
                        let (x, y) = (f64::from(bounds.min.x) + f64::from(gx), f64::from(bounds.min.y) + f64::from(gy));
                        let (x, y) = if style.upward { (level.0 + y, level.1 - x - 1.0) } else { (x, y) };
                        if x >= 0.0 && y >= 0.0 && x < self.width as f64 && y < self.height as f64 {
                            self.blend(x as usize, y as usize, style.colour, f64::from(c.clamp(0.0, 1.0)));
                        }
                    });
                }
                along += f64::from(font.h_advance(id));
            }
        }
    }

    fn image(&mut self, r: Rect, width: usize, rgb: &[u8]) {
        let height = rgb.len() / 3 / width.max(1);
        if width == 0 || height == 0 {
            return;
        }
        let (x0, x1, y0, y1) = self.pixels(Rect::new(r.left.round(), r.top.round(), r.right.round(), r.bottom.round()));
        for y in y0..y1 {
            let v = (((y as f64 + 0.5 - r.top) / r.height()).clamp(0.0, 1.0) * height as f64) as usize;
            for x in x0..x1 {
                let u = (((x as f64 + 0.5 - r.left) / r.width()).clamp(0.0, 1.0) * width as f64) as usize;
                let from = (v.min(height - 1) * width + u.min(width - 1)) * 3;
                self.rgb[(y * self.width + x) * 3..][..3].copy_from_slice(&rgb[from..from + 3]);
            }
        }
    }
}

/// An 8-bit RGB image as a PNG file.
pub(super) fn encode_png(width: usize, height: usize, rgb: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Flat areas compress well whatever is tried; the best that can be had takes as long as the spectrum.
    encoder.set_compression(png::Compression::Fast);
    encoder.set_filter(png::FilterType::Sub);
    encoder.write_header()?.write_image_data(rgb)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::colour::{INK, WHITE};
    use super::*;

    fn dark(r: &Raster, x: usize, y: usize) -> f64 {
        (255.0 - f64::from(r.rgb[(y * r.width + x) * 3])) / (255.0 - f64::from(INK.0))
    }

    #[test]
    fn a_stroke_covers_its_width_once() {
        let mut r = Raster::new(40, 40);
        // Back and forth over itself at half strength: drawn once, not twice.
        let stroke = Stroke { colour: INK, width: 4.0, alpha: 0.5 };
        r.polyline(&[(5.0, 20.0), (35.0, 20.0), (5.0, 20.0)], stroke, None);
        let column: f64 = (0..40).map(|y| dark(&r, 20, y)).sum();
        assert!((column - 2.0).abs() < 0.05, "{column} pixels of ink across a line of width 4 at half strength");
        assert!(r.coverage.iter().all(|c| *c == 0.0));
    }

    #[test]
    fn steep_and_flat_lines_have_equal_ink_and_clips_hold() {
        let ink = |a, b, clip| {
            let mut r = Raster::new(60, 60);
            r.polyline(&[a, b], Stroke::new(INK, 3.0), clip);
            (0..3600).map(|i| dark(&r, i % 60, i / 60)).sum::<f64>()
        };
        let (flat, steep) = (ink((10.0, 30.0), (50.0, 33.0), None), ink((30.0, 10.0), (33.0, 50.0), None));
        assert!((flat - steep).abs() < 0.5 && flat > 120.0, "{flat} {steep}");
        let half = ink((10.0, 30.0), (50.0, 33.0), Some(Rect::new(0.0, 0.0, 30.0, 60.0)));
        assert!((half / flat - 0.5).abs() < 0.03, "{half} of {flat}");
    }

    #[test]
    fn drawing_far_outside_is_harmless() {
        let mut r = Raster::new(20, 10);
        r.polyline(&[(-1e9, -1e9), (1e9, 1e9)], Stroke::new(INK, 2.0), None);
        r.rect(Rect::new(-5.0, -5.0, 500.0, 500.0), WHITE, 1.0);
        r.text((-50.0, 400.0), "out", TextStyle::new(20.0, INK, Anchor::End));
        r.text((5.0, 500.0), "out", TextStyle::new(20.0, INK, Anchor::Middle).upward());
        r.image(Rect::new(-10.0, -10.0, 900.0, 900.0), 0, &[]);
        assert!(r.rgb.iter().all(|v| *v == 255));
        assert_eq!(&r.encode().unwrap()[..4], b"\x89PNG");
    }
}
