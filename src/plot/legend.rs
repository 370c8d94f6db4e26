//! The key to the curves' colours, set beside the title so that it can never hide data.

use super::colour::{INK, Rgb};
use super::panel::SUBTITLE_SIZE;
use super::surface::{Anchor, Stroke, Surface, TextStyle};
use super::text;

const SWATCH: f64 = 34.0;
const GAP: f64 = 10.0;
const BETWEEN: f64 = 30.0;

/// Entries in rows that end at `right`, the last row's baseline at `baseline`, rows going up; `left` is the least x.
pub(super) fn legend(s: &mut dyn Surface, left: f64, right: f64, baseline: f64, entries: &[(Rgb, &str)]) {
    let width = |label: &str| SWATCH + GAP + text::width(label, SUBTITLE_SIZE);
    let mut rows: Vec<(f64, Vec<&(Rgb, &str)>)> = Vec::new();
    for entry in entries {
        let w = width(entry.1);
        match rows.last_mut() {
            Some((used, row)) if *used + BETWEEN + w <= right - left => {
                *used += BETWEEN + w;
                row.push(entry);
            }
            _ => rows.push((w, vec![entry])),
        }
    }
    let count = rows.len();
    for (i, (used, row)) in rows.into_iter().enumerate() {
        let y = baseline - (count - 1 - i) as f64 * 1.35 * SUBTITLE_SIZE;
        let mut x = right - used;
        for (colour, label) in row {
            let middle = y - 0.33 * SUBTITLE_SIZE;
            s.polyline(&[(x, middle), (x + SWATCH, middle)], Stroke::new(*colour, 4.0), None);
            s.text((x + SWATCH + GAP, y), label, TextStyle::new(SUBTITLE_SIZE, INK, Anchor::Start));
            x += width(label) + BETWEEN;
        }
    }
}
