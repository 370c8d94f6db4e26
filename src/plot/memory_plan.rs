//! The plan of a program's device memory: which buffer lives where, from which pass to which.

use std::path::{Path, PathBuf};

use super::axis::Axis;
use super::colour::{self, GRID, INK, MUTED, Rgb, WHITE, mix};
use super::figure::{Formats, WIDTH, save};
use super::legend::legend;
use super::panel::{Panel, heading, x_label};
use super::surface::{Anchor, Rect, Stroke, Surface, TextStyle};
use super::text;
use super::timeline::{Layout, memory_label, quantity, stage_rows, unit_of};
use crate::gpu::{BufferSummary, Role, Summary};
use crate::{Error, Result};

/// Room at the right for the groups' names.
const RIGHT: f64 = 290.0;
const GROUP_SIZE: f64 = 19.0;
/// Lives of less than this many pixels in both directions are not drawn; the SVG stays small.
const INVISIBLE: f64 = 0.05;

/// Draws a plan: bytes upward, slot on slot; passes to the right; a buffer's lives as bands within its slot, in the colour of its group (its
/// name up to the first dot). Writes `STEM.svg` and `STEM.png`.
///
/// Pale bands are bytes that a constant, input or output holds while no pass uses them; grey is memory that no buffer needs at
/// that pass.
///
/// # Errors
/// A plan without passes, or an unwritable file.
pub fn memory_plan(stem: &Path, title: &str, plan: &Summary, formats: Formats) -> Result<Vec<PathBuf>> {
    if plan.passes == 0 || plan.peak_bytes == 0 {
        return Err(Error::invalid("memory plan", "no pass", "the plan of a program with passes"));
    }
    save(stem, formats, |s| draw(s, title, plan))
}

/// A slot, or one of the buffers that every program has.
struct Lane<'a> {
    group: &'a str,
    bytes: u64,
    tenants: Vec<&'a BufferSummary>,
}

/// Parameters and staging at the bottom, then slots by group, groups in the order of declaration.
fn lanes(plan: &Summary) -> Vec<Lane<'_>> {
    let common = plan.params_bytes + plan.upload_bytes + plan.readback_bytes;
    let mut lanes = vec![Lane { group: "parameters and staging", bytes: common, tenants: Vec::new() }];
    lanes.extend(plan.slots.iter().enumerate().map(|(slot, &bytes)| {
        let tenants: Vec<&BufferSummary> = plan.buffers.iter().filter(|b| b.slot == slot).collect();
        Lane { group: tenants.first().map_or("", |b| group(b)), bytes, tenants }
    }));
    let mut order: Vec<&str> = lanes.iter().map(|l| l.group).collect();
    let mut seen = Vec::new();
    order.retain(|g| !seen.contains(g) && (seen.push(g), true).1);
    lanes.sort_by_key(|lane| order.iter().position(|g| *g == lane.group));
    lanes
}

fn group(buffer: &BufferSummary) -> &str {
    buffer.name.split('.').next().unwrap_or("")
}

fn draw(s: &mut dyn Surface, title: &str, plan: &Summary) {
    let names: Vec<&str> = plan.stages.iter().map(|stage| stage.name.as_str()).collect();
    let layout = Layout::new(&names, RIGHT);
    let (unit, scale) = unit_of(plan.peak_bytes);
    let y = Axis::linear(0.0, 1.06 * plan.peak_bytes as f64 * scale);
    let panel = Panel::new(layout.panel, Axis::linear(0.0, plan.passes as f64), y);
    panel.grid(s);

    let lanes = lanes(plan);
    let mut groups: Vec<(&str, u64, u64)> = Vec::new();
    let mut base = 0;
    for (number, lane) in lanes.iter().enumerate() {
        match groups.last_mut().filter(|g| g.0 == lane.group) {
            Some(last) => last.2 += lane.bytes,
            None => groups.push((lane.group, base, base + lane.bytes)),
        }
        base += lane.bytes;
        draw_lane(s, &panel, &lanes, number, (base - lane.bytes, scale));
    }
    let top = panel.py(plan.peak_bytes as f64 * scale);
    s.polyline(&[(layout.panel.left, top), (layout.panel.right, top)], Stroke::new(INK, 3.0), None);
    panel.frame(s, true, true);
    stage_rows(s, &layout, &panel, &names, &plan.schedule, plan.passes);
    brackets(s, &panel, &lanes, &groups, scale);

    let alone: u64 = plan.buffers.iter().map(|b| b.bytes).sum::<u64>() + lanes[0].bytes;
    let peak = format!(
        "{} buffers in {} slots · {} passes · peak {}, {} without sharing",
        plan.buffers.len(),
        plan.slots.len(),
        plan.passes,
        quantity(plan.peak_bytes),
        quantity(alone)
    );
    heading(s, layout.left_edge, title, &peak);
    let entries = [(INK, "peak"), (mix(GRID, MUTED, 0.15), "not needed at this pass")];
    legend(s, 0.6 * WIDTH, WIDTH - 48.0, 87.0, &entries);
    x_label(s, layout.panel, "Pass (dispatch, copy or clear)");
    memory_label(s, &panel, unit);
}

/// Colour of a group: grey for what every program has.
fn colour_of(lanes: &[Lane], group: &str) -> Rgb {
    let mut names: Vec<&str> = Vec::new();
    for lane in lanes.iter().skip(1) {
        for name in lane.tenants.iter().map(|b| self::group(b)).chain([lane.group]) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names.iter().position(|name| *name == group).map_or(MUTED, |i| colour::curve([0, 4, 2, 3, 1, 5, 6][i % 7]))
}

fn draw_lane(s: &mut dyn Surface, panel: &Panel, lanes: &[Lane], number: usize, (base, scale): (u64, f64)) {
    let lane = &lanes[number];
    let (left, right) = (panel.rect.left, panel.rect.right);
    let level = |bytes: u64| panel.py(bytes as f64 * scale);
    let (bottom, top) = (level(base), level(base + lane.bytes));
    let idle = if number == 0 { mix(MUTED, WHITE, 0.45) } else { mix(GRID, MUTED, 0.15) };
    s.rect(Rect::new(left, top, right, bottom), idle, 1.0);
    for (k, buffer) in lane.tenants.iter().enumerate() {
        let own = colour_of(lanes, group(buffer));
        // Neighbours in time and in memory are told apart by lightness.
        let shade = mix(own, WHITE, [0.12, 0.38, 0.25][(k + number) % 3]);
        let band = |first: usize, end: usize| {
            Rect::new(panel.px(first as f64), level(base + buffer.bytes), panel.px(end as f64), bottom)
        };
        if buffer.role != Role::Scratch {
            s.rect(Rect { left, right, ..band(0, 0) }, mix(own, WHITE, 0.72), 1.0);
        }
        for &(first, last) in &buffer.lives {
            let rect = band(first, last + 1);
            if rect.height() < INVISIBLE || rect.width() < INVISIBLE {
                continue;
            }
            s.rect(rect, shade, 1.0);
            name(s, rect, buffer.name.split_once('.').map_or(buffer.name.as_str(), |n| n.1));
        }
    }
    if bottom - top > 3.0 {
        s.polyline(&[(left, top), (right, top)], Stroke::new(WHITE, 1.0), None);
    }
}

/// A buffer's name inside its band, where it fits.
fn name(s: &mut dyn Surface, rect: Rect, name: &str) {
    let size = (0.72 * rect.height()).min(18.0);
    if size >= 9.0 && text::width(name, size) + 12.0 <= rect.width() {
        let at = (rect.left + 6.0, rect.centre().1 + 0.34 * size);
        s.text(at, name, TextStyle::new(size, INK, Anchor::Start));
    }
}

/// Each group's name and bytes at the right, beside its slots.
fn brackets(s: &mut dyn Surface, panel: &Panel, lanes: &[Lane], groups: &[(&str, u64, u64)], scale: f64) {
    let level = |bytes: u64| panel.py(bytes as f64 * scale);
    let spacing = 1.25 * GROUP_SIZE;
    // From the bottom up, each label at its group's middle or above the one before; then down from the top where they ran over.
    let mut at: Vec<f64> = groups.iter().map(|g| 0.5 * (level(g.1) + level(g.2))).collect();
    for i in 1..at.len() {
        at[i] = at[i].min(at[i - 1] - spacing);
    }
    let mut limit = panel.rect.top + 0.5 * GROUP_SIZE;
    for y in at.iter_mut().rev() {
        *y = y.max(limit);
        limit = *y + spacing;
    }
    let x = panel.rect.right + 8.0;
    for ((group, from, to), y) in groups.iter().zip(at) {
        let colour = if *group == lanes[0].group { MUTED } else { colour_of(lanes, group) };
        let (low, high) = (level(*from) - 1.0, level(*to) + 1.0);
        s.polyline(&[(x, low), (x, high.min(low - 1.0))], Stroke::new(colour, 4.0), None);
        s.polyline(&[(x + 2.0, 0.5 * (low + high)), (x + 16.0, y)], Stroke::new(colour, 1.2), None);
        let at = |row: f64| (x + 21.0, y + 0.34 * GROUP_SIZE + row);
        let label = format!("{group}  {}", quantity(to - from));
        let size = (GROUP_SIZE * (RIGHT - 40.0) / text::width(&label, GROUP_SIZE)).min(GROUP_SIZE);
        s.text(at(0.0), &label, TextStyle::new(size, INK, Anchor::Start));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::{Element, StageSummary};

    fn plan() -> Summary {
        let buffer = |name: &str, bytes, role, lives: &[(usize, usize)], slot| BufferSummary {
            name: name.into(),
            element: Element::F32,
            shape: vec![bytes / 4],
            bytes,
            role,
            lives: lives.to_vec(),
            slot,
        };
        let stage = |name: &str| StageSummary { name: name.into(), passes: 4, live_bytes: 0 };
        Summary {
            buffers: vec![
                buffer("a.input", 4000, Role::Input, &[(0, 3)], 0),
                buffer("b.first", 8000, Role::Scratch, &[(0, 1), (5, 6)], 1),
                buffer("a.second", 6000, Role::Scratch, &[(2, 4)], 1),
                buffer("a.output", 4000, Role::Output, &[(7, 7)], 2),
            ],
            slots: vec![4000, 8000, 4000],
            stages: vec![stage("map"), stage("sum")],
            schedule: vec![(0, 0), (4, 1)],
            params_bytes: 256,
            upload_bytes: 4000,
            readback_bytes: 4000,
            peak_bytes: 24_256,
            dispatches: 8,
            passes: 8,
            submissions: 3,
            waits: 3,
        }
    }

    #[test]
    fn lanes_are_grouped_and_add_up_to_the_peak() {
        let plan = plan();
        let lanes = lanes(&plan);
        let seen: Vec<_> = lanes.iter().map(|l| (l.group, l.bytes, l.tenants.len())).collect();
        assert_eq!(seen, [("parameters and staging", 8256, 0), ("a", 4000, 1), ("a", 4000, 1), ("b", 8000, 2)]);
        assert_eq!(lanes.iter().map(|l| l.bytes).sum::<u64>(), plan.peak_bytes);
    }

    #[test]
    fn a_plan_is_drawn_with_all_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let written = memory_plan(&folder.path().join("p"), "Title", &plan(), Formats::default()).unwrap();
        let svg = std::fs::read_to_string(&written[0]).unwrap();
        for words in ["Title", "map", "sum", "first", "second", "input", "output", "staging", "4 buffers in 3 slots"] {
            assert!(svg.contains(words), "{words} is not in the figure");
        }
        let empty = Summary { passes: 0, ..plan() };
        assert!(memory_plan(Path::new("unused"), "t", &empty, Formats::default()).is_err());
    }
}
