//! Device memory over time, and the rows of stages that both memory figures have above them.

use std::path::{Path, PathBuf};

use super::axis::Axis;
use super::colour::{self, GRID, INK, MUTED, Rgb, WHITE, mix};
use super::figure::{Formats, HEIGHT, WIDTH, save};
use super::legend::legend;
use super::panel::{Panel, heading, tick_label_width, x_label, y_label};
use super::surface::{Anchor, Rect, Stroke, Surface, TextStyle};
use super::text;
use crate::gpu::Timeline;
use crate::stage::PassStage;
use crate::{Error, Result};

/// Steps of a curve at most; more would not be seen.
const STEPS: usize = 1200;

/// Draws the account's history, change by change (in use, kept unused, ballast), below its stages, and writes `STEM.svg` and `STEM.png`.
///
/// # Errors
/// A timeline without events, or an unwritable file.
pub fn memory_history(stem: &Path, title: &str, timeline: &Timeline, formats: Formats) -> Result<Vec<PathBuf>> {
    if timeline.events.is_empty() {
        return Err(Error::invalid("memory history", "no event", "a timeline that was recorded"));
    }
    save(stem, formats, |s| draw(s, title, timeline))
}

fn draw(s: &mut dyn Surface, title: &str, timeline: &Timeline) {
    let events = &timeline.events;
    let n = events.len();
    let peak = events.iter().map(|e| e.in_use + e.unused + e.ballast).max().unwrap_or(0);
    let in_use = events.iter().map(|e| e.in_use).max().unwrap_or(0);
    let mut stages: Vec<&PassStage> = Vec::new();
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (i, event) in events.iter().enumerate() {
        let at = stages.iter().position(|stage| **stage == event.stage).unwrap_or_else(|| {
            stages.push(&event.stage);
            stages.len() - 1
        });
        if runs.last().is_none_or(|last| last.1 != at) {
            runs.push((i, at));
        }
    }
    let (unit, scale) = unit_of(peak);
    let names: Vec<String> = stages.iter().map(|stage| stage.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let layout = Layout::new(&names, 60.0);
    let y = Axis::linear(0.0, 1.1 * peak.max(1) as f64 * scale);
    let panel = Panel::new(layout.panel, Axis::linear(0.0, n as f64), y);
    panel.grid(s);
    // The largest of the changes that share a step.
    let (steps, base) = (n.min(STEPS), panel.py(0.0));
    let colours = [mix(colour::curve(0), WHITE, 0.15), mix(colour::curve(5), WHITE, 0.3), mix(MUTED, WHITE, 0.6)];
    for step in 0..steps {
        let (a, b) = (step * n / steps, (step + 1) * n / steps);
        let largest = events[a..b].iter().max_by_key(|e| e.in_use + e.unused + e.ballast);
        let mut below = 0;
        for (bytes, colour) in largest.into_iter().flat_map(|e| [e.in_use, e.unused, e.ballast]).zip(colours) {
            let level = |bytes: u64| panel.py(bytes as f64 * scale).min(base);
            // Whole pixels: between neighbours with blurred edges the paper would shine through.
            let (left, right) = (panel.px(a as f64).round(), panel.px(b as f64).round());
            if bytes > 0 {
                s.rect(Rect::new(left, level(below + bytes), right, level(below)), colour, 1.0);
            }
            below += bytes;
        }
    }
    panel.frame(s, true, true);
    stage_rows(s, &layout, &panel, &names, &runs, n);
    let lost = if timeline.dropped > 0 { format!(", after {} earlier ones", timeline.dropped) } else { String::new() };
    heading(s, layout.left_edge, title, &format!("{n} changes{lost} · at most {} in use", quantity(in_use)));
    let kinds = [(colours[0], "in use"), (colours[1], "kept for reuse"), (colours[2], "ballast")];
    let there = [true, events.iter().any(|e| e.unused > 0), events.iter().any(|e| e.ballast > 0)];
    let entries: Vec<(Rgb, &str)> = kinds.into_iter().zip(there).filter(|(_, there)| *there).map(|(k, _)| k).collect();
    legend(s, WIDTH / 2.0, layout.panel.right, 87.0, &entries);
    x_label(s, layout.panel, "Change of the account");
    memory_label(s, &panel, unit);
}

/// The y label, close to its numbers.
pub(super) fn memory_label(s: &mut dyn Surface, panel: &Panel, unit: &str) {
    let x = panel.rect.left - tick_label_width(&[panel]) - 26.0;
    y_label(s, x, panel.rect, &format!("Device memory ({unit})"));
}

/// Bytes in one unit for an axis: its name, and units per byte.
pub(super) fn unit_of(largest: u64) -> (&'static str, f64) {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let unit = units.iter().find(|u| largest >> u.1 > 0).unwrap_or(&("bytes", 0));
    (unit.0, 1.0 / (1u64 << unit.1) as f64)
}

/// `3.74 MiB`
pub(super) fn quantity(bytes: u64) -> String {
    match unit_of(bytes) {
        (unit, 1.0) => format!("{bytes} {unit}"),
        (unit, scale) => format!("{:.2} {unit}", bytes as f64 * scale),
    }
}

/// Where things stand in a memory figure.
pub(super) struct Layout {
    pub left_edge: f64,
    /// Height of a row of stages, and of its text.
    row: f64,
    text: f64,
    top: f64,
    pub panel: Rect,
}

impl Layout {
    /// For stages of these names, with room at the right.
    pub fn new(names: &[&str], right: f64) -> Self {
        let row = (190.0 / names.len().max(1) as f64).clamp(9.0, 25.0);
        let text = (0.8 * row).min(19.0);
        let widest = names.iter().map(|n| text::width(n, text)).fold(0.0, f64::max);
        let (left_edge, top) = (48.0, 116.0);
        let left = left_edge + widest.clamp(110.0, 300.0) + 16.0;
        let panel_top = top + row * names.len() as f64 + 16.0;
        Self { left_edge, row, text, top, panel: Rect::new(left, panel_top, WIDTH - right, HEIGHT - 104.0) }
    }
}

/// A row per stage that shows when it runs, above the panel; `runs` are first position and stage, `end` is where the last ends.
pub(super) fn stage_rows(
    s: &mut dyn Surface,
    layout: &Layout,
    panel: &Panel,
    names: &[&str],
    runs: &[(usize, usize)],
    end: usize,
) {
    for (i, name) in names.iter().enumerate() {
        let middle = layout.top + (i as f64 + 0.5) * layout.row;
        let style = TextStyle::new(layout.text, INK, Anchor::End);
        s.text((layout.panel.left - 10.0, middle + 0.34 * layout.text), name, style);
        s.polyline(&[(layout.panel.left, middle), (layout.panel.right, middle)], Stroke::new(GRID, 1.0), None);
    }
    // Many short runs would cover the panel with lines.
    let lines = runs.len() <= 60;
    for (k, &(first, stage)) in runs.iter().enumerate() {
        let last = runs.get(k + 1).map_or(end, |next| next.0);
        let (left, right) = (panel.px(first as f64), panel.px(last as f64));
        let top = layout.top + stage as f64 * layout.row + 0.2 * layout.row;
        let bar = Rect::new(left, top, right.max(left + 1.0), top + 0.6 * layout.row);
        s.rect(bar, mix(INK, WHITE, 0.25), 1.0);
        if lines && k > 0 {
            let boundary = Stroke { colour: INK, width: 1.0, alpha: 0.18 };
            s.polyline(&[(left, layout.top), (left, layout.panel.bottom)], boundary, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::{Event, Holding};

    #[test]
    fn quantities_have_a_fitting_unit() {
        assert_eq!([0, 1023, 1024, 3 << 20].map(quantity), ["0 bytes", "1023 bytes", "1.00 KiB", "3.00 MiB"]);
        assert_eq!(unit_of(5 << 30).0, "GiB");
    }

    #[test]
    fn a_history_is_drawn_and_an_empty_one_refused() {
        let event = |i: u64| Event {
            seconds: i as f64,
            stage: if i < 5 { "setup" } else { "run" }.into(),
            name: "a".into(),
            holding: Holding::InUse,
            bytes: 100,
            taken: i < 5,
            in_use: 100 * i.min(10 - i),
            unused: 7,
            ballast: 50,
        };
        let timeline = Timeline { events: (0..10).map(event).collect(), dropped: 3 };
        let folder = tempfile::tempdir().unwrap();
        let written = memory_history(&folder.path().join("h"), "t", &timeline, Formats::default()).unwrap();
        let svg = std::fs::read_to_string(&written[0]).unwrap();
        for words in ["setup", "run", "10 changes, after 3 earlier ones", "500 bytes in use", "ballast"] {
            assert!(svg.contains(words), "{words} is not in the figure");
        }
        assert_eq!(written.len(), 2);
        assert!(memory_history(Path::new("unused"), "t", &Timeline::default(), Formats::default()).is_err());
    }
}
