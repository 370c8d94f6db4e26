//! The surface that becomes an SVG document.

use std::fmt::Write;

use super::colour::Rgb;
use super::surface::{Anchor, Rect, Stroke, Surface, TextStyle};
use super::{raster, text};

/// Fonts to try, in order: the one the layout was measured with, then its like.
const FONTS: &str = "Ubuntu, 'Open Sans', 'Helvetica Neue', Arial, sans-serif";

/// An SVG document under construction.
pub(super) struct Svg {
    body: String,
    clips: Vec<Rect>,
}

impl Svg {
    /// An empty white page, `width` x `height` pixels.
    pub fn new(width: usize, height: usize) -> Self {
        let body = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"{FONTS}\">\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
        );
        Self { body, clips: Vec::new() }
    }

    /// The finished document.
    pub fn finish(mut self) -> String {
        self.body.push_str("</svg>\n");
        self.body
    }

    /// The identifier of a clipping rectangle, defined at its first use.
    fn clip(&mut self, rect: Rect) -> usize {
        if let Some(i) = self.clips.iter().position(|c| *c == rect) {
            return i;
        }
        let i = self.clips.len();
        self.clips.push(rect);
        self.push(format_args!(
            "<clipPath id=\"c{i}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\n",
            short(rect.left),
            short(rect.top),
            short(rect.width()),
            short(rect.height())
        ));
        i
    }

    fn push(&mut self, piece: std::fmt::Arguments) {
        self.body.write_fmt(piece).expect("writing to a string");
    }
}

/// A coordinate to a tenth of a pixel, without a trailing zero.
fn short(v: f64) -> String {
    let s = format!("{:.1}", v.clamp(-1e6, 1e6));
    s.strip_suffix(".0").map(str::to_owned).unwrap_or(s)
}

fn hex(c: Rgb) -> String {
    format!("#{:02x}{:02x}{:02x}", c.0, c.1, c.2)
}

/// Text as XML can hold it: markup escaped, control characters (which XML 1.0 forbids) left out.
fn escape(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control() && !('\u{fffe}'..='\u{ffff}').contains(c)).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Base 64 (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word = group.iter().enumerate().fold(0u32, |w, (i, b)| w | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * i)) as usize & 63];
            out.push(if i <= group.len() { digit as char } else { '=' });
        }
    }
    out
}

impl Surface for Svg {
    fn rect(&mut self, r: Rect, fill: Rgb, alpha: f64) {
        self.push(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\" fill-opacity=\"{alpha}\"/>\n",
            short(r.left),
            short(r.top),
            short(r.width()),
            short(r.height()),
            hex(fill)
        ));
    }

    fn polyline(&mut self, points: &[(f64, f64)], stroke: Stroke, clip: Option<Rect>) {
        if points.len() < 2 {
            return;
        }
        let clip = clip.map(|c| format!(" clip-path=\"url(#c{})\"", self.clip(c))).unwrap_or_default();
        self.push(format_args!(
            "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-opacity=\"{}\" \
             stroke-linejoin=\"round\" stroke-linecap=\"round\"{clip} points=\"",
            hex(stroke.colour),
            stroke.width,
            stroke.alpha
        ));
        for (x, y) in points {
            self.push(format_args!("{},{} ", short(*x), short(*y)));
        }
        self.body.push_str("\"/>\n");
    }

    fn text(&mut self, at: (f64, f64), content: &str, style: TextStyle) {
        let anchor = match style.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y) = (short(at.0), short(at.1));
        let turn = if style.upward { format!(" transform=\"rotate(-90 {x} {y})\"") } else { String::new() };
        self.push(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" fill=\"{}\" text-anchor=\"{anchor}\"{turn}>",
            style.size,
            hex(style.colour)
        ));
        let rise = short(style.size * text::SUPERSCRIPT_RISE);
        let mut raised = false;
        for run in text::runs(content) {
            let shift = match (raised, run.raised) {
                (false, true) => {
                    format!(" dy=\"-{rise}\" font-size=\"{}\"", short(style.size * text::SUPERSCRIPT_SIZE))
                }
                (true, false) => format!(" dy=\"{rise}\""),
                _ => String::new(),
            };
            raised = run.raised;
            self.push(format_args!("<tspan{shift}>{}</tspan>", escape(&run.text)));
        }
        self.body.push_str("</text>\n");
    }

    fn image(&mut self, r: Rect, width: usize, rgb: &[u8]) {
        let height = rgb.len() / 3 / width.max(1);
        let Ok(png) = raster::encode_png(width, height, rgb) else { return };
        self.push(format_args!(
            "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
             href=\"data:image/png;base64,{}\"/>\n",
            short(r.left),
            short(r.top),
            short(r.width()),
            short(r.height()),
            base64(&png)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::colour::INK;
    use super::*;

    #[test]
    fn base64_of_the_standards_examples() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn text_is_escaped_and_superscripts_come_back_to_the_line() {
        let mut s = Svg::new(10, 10);
        s.text((1.0, 2.0), "<A & B> cm⁻¹ x", TextStyle::new(10.0, INK, Anchor::Start));
        let s = s.finish();
        assert!(s.contains("&lt;A &amp; B&gt; cm"), "{s}");
        assert!(s.contains("<tspan dy=\"-3.6\" font-size=\"7\">−1</tspan><tspan dy=\"3.6\"> x</tspan>"), "{s}");
    }
}
