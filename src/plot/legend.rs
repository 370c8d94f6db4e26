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
    // Above the page's edge nothing is seen: what is left out is told.
    let most = ((baseline / (1.35 * SUBTITLE_SIZE)) as usize).max(1);
    // One entry makes room for that.
    let left_out = 1 + rows.iter().skip(most).map(|(_, row)| row.len()).sum::<usize>();
    let more = format!("and {left_out} more");
    let more = (INK, more.as_str());
    if rows.len() > most {
        rows.truncate(most);
        if let Some((used, row)) = rows.last_mut() {
            let dropped = row.pop();
            *used += width(more.1) - dropped.map_or(0.0, |entry| width(entry.1));
            row.push(&more);
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

#[cfg(test)]
mod tests {
    use super::super::svg::Svg;
    use super::*;

    #[test]
    fn no_entry_is_above_the_page() {
        let names: Vec<String> = (0..80).map(|i| format!("species number {i}")).collect();
        let entries: Vec<(Rgb, &str)> = names.iter().map(|name| (INK, name.as_str())).collect();
        let drawn = |entries: &[(Rgb, &str)]| {
            let mut s = Svg::new(1600, 1000);
            legend(&mut s, 400.0, 1500.0, 130.0, entries);
            s.finish()
        };
        let (few, many) = (drawn(&entries[..4]), drawn(&entries));
        assert!(few.contains("species number 3") && !few.contains(" more"), "{few}");
        let shown = many.matches("species number").count();
        assert!(shown > 4 && many.contains(&format!("and {} more", 80 - shown)), "{shown}");
    }
}
