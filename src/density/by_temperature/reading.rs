//! Reading a list once, and summing its lines as they come.
//!
//! Lines are collected to blocks of a fixed number, in the order in which the source hands them over, so that nothing
//! depends on the pieces they come in, nor on threads. The first lines say what the sums are planned for ([`Plan`]). A
//! list that turns out to span more is read again, to the end of this reading only for what it spans. Memory is that of
//! the sums and of one block.

use rayon::prelude::*;

use super::cells::Cells;
use super::classes::{Classes, NONE, Spans};
use super::plan::{Demand, Plan, changed, expected};
use super::sums::{Sums, Target};
use crate::density::distant::{DistantLines, WIDTHS};
use crate::density::shift::{Neglect, Neglected, refused_by_densities};
use crate::density::span::Span;
use crate::lines::{Line, LineSource, LoadReport};
use crate::{Resources, Result};

/// Lines that are looked at together as they come.
const RAW: usize = 1 << 18;
/// Lines from which a plan is made, at least, if the list has as many.
const FIRST: usize = 1 << 16;
/// Lines that are summed together. There must be many for each region of the sums, whose values are read and written
/// once for each block.
const BLOCK: usize = 1 << 20;
/// Bytes of a line on its way: as read, as collected, as sorted, and what its innermost loops take.
const LINE_BYTES: u64 = 2 * size_of::<Line>() as u64 + 64;

/// What a list is found to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// Lines that are summed; distant ones are counted elsewhere.
    pub count: u64,
    /// Pressure shifts that are left out.
    pub neglected: Neglected,
}

/// A list read: the sums at some temperatures, and what all of it is.
pub struct Read {
    pub found: Found,
    pub spans: Spans,
    /// At all temperatures.
    pub plans: Vec<Plan>,
    /// Sums at the temperatures asked for, by their indices; none if all lines had more span than planned for.
    pub sums: Vec<(usize, Target)>,
    pub records: LoadReport,
}

/// The state of reading.
struct Reading<'a, 'd> {
    demand: &'a Demand<'a>,
    name: &'a str,
    within: (f64, f64),
    distant: &'d mut DistantLines,
    /// Whether distant lines are to be added, or were at an earlier reading.
    add_distant: bool,
    neglect: Neglect,
    /// Temperatures over the range, for greatest widths \[K\].
    over: [f64; 3],
    raw: Vec<Line>,
    near: Vec<Line>,
    class: Vec<u32>,
    classes: Classes,
    wavenumbers: Span,
    spans: Spans,
    found: Found,
    plans: Option<Vec<Plan>>,
    /// Which temperatures are summed.
    group: &'a dyn Fn(&[Plan]) -> Vec<usize>,
    /// Each with the temperatures that it is of.
    sums: Option<Vec<(Vec<usize>, Sums)>>,
}

/// Reads all lines within `within` \[cm-1\] and sums them at the temperatures that `group` chooses of the plans; `plans`
/// if there are some already.
///
/// # Errors
/// What the source cannot read; lines that are none; shifts, if they are wanted; what [`Plan::new`] refuses.
pub fn read(
    demand: &Demand<'_>,
    source: &dyn LineSource,
    within: (f64, f64),
    distant: &mut DistantLines,
    plans: Option<Vec<Plan>>,
    group: &dyn Fn(&[Plan]) -> Vec<usize>,
    resources: &Resources<'_>,
) -> Result<Read> {
    let range = demand.settings.temperature_range;
    let planned = plans.is_some();
    let mut reading = Reading {
        demand,
        name: &demand.species.name,
        within,
        distant,
        add_distant: !planned,
        neglect: Neglect::new(demand.species, &range, &demand.settings.profile),
        over: [range.lo, (range.lo * range.hi).sqrt(), range.hi],
        raw: Vec::with_capacity(RAW),
        near: Vec::new(),
        class: Vec::new(),
        classes: Classes::default(),
        wavenumbers: Span::EMPTY,
        spans: Spans::empty(demand.temperatures.len()),
        found: Found { count: 0, neglected: Neglected::NONE },
        plans: None,
        group,
        sums: None,
    };
    if let Some(plans) = plans {
        reading.begin(plans)?;
    }
    let mut take = |mut lines: &[Line]| -> Result<()> {
        while !lines.is_empty() {
            let (now, rest) = lines.split_at(lines.len().min(RAW - reading.raw.len()));
            reading.raw.extend_from_slice(now);
            lines = rest;
            if reading.raw.len() == RAW {
                reading.sort_out()?;
                reading.sum(false)?;
            }
        }
        Ok(())
    };
    let records = match source.held() {
        Some((list, records)) => {
            take(list.between(within.0, within.1))?;
            records.cloned().unwrap_or_default()
        }
        None => source.stream(within, resources.progress, &mut take)?,
    };
    reading.sort_out()?;
    if reading.found.count == 0 && reading.distant.count > 0 {
        reading.stand_in();
    }
    if reading.found.count == 0 && reading.distant.count == 0 {
        return Err(source.nothing_found(within, &records));
    }
    reading.sum(true)?;
    let Reading { found, spans, plans, sums, .. } = reading;
    let plans = plans.ok_or_else(|| changed(demand.species))?;
    let of = |(at, sums): (Vec<usize>, Sums)| at.into_iter().zip(sums.into_targets());
    let sums = sums.into_iter().flatten().flat_map(of).collect();
    Ok(Read { found, spans, plans, sums, records })
}

impl Reading<'_, '_> {
    /// Sums go on from here by these plans.
    ///
    /// # Errors
    /// More memory than there is.
    fn begin(&mut self, plans: Vec<Plan>) -> Result<()> {
        let group = (self.group)(&plans);
        let bytes: u64 = group.iter().map(|i| &plans[*i]).map(Sums::bytes).sum();
        // The result in f32, and the last of the sums beside it, take no more than half of the sums.
        let what = format!("sums over the lines of {} at {} temperatures", self.name, group.len());
        crate::host_memory::require(&what, bytes + bytes / 2 + LINE_BYTES * (RAW + BLOCK) as u64)?;
        let mut alike: Vec<Vec<usize>> = Vec::new();
        for i in group {
            let same = |j: usize| (plans[i].level, plans[i].positions) == (plans[j].level, plans[j].positions);
            match alike.iter_mut().find(|some| same(some[0])) {
                Some(some) => some.push(i),
                None => alike.push(vec![i]),
            }
        }
        let sums = alike.into_iter().map(|at| {
            let cells: Vec<Cells> = at.iter().map(|i| plans[*i].cells).collect();
            let first = &plans[at[0]];
            let sums = Sums::new(self.demand.grid, first.level, &cells, first.positions);
            (at, sums)
        });
        self.sums = Some(sums.collect());
        self.plans = Some(plans);
        Ok(())
    }

    /// Divides the raw lines in distant ones, which are added, and others, whose widths are noted.
    fn sort_out(&mut self) -> Result<()> {
        let profile = &self.demand.settings.profile;
        let raw = &self.raw[..];
        raw.par_chunks(1 << 13).try_for_each(|lines| Line::check(lines, self.name))?;
        let distant = &*self.distant;
        let looked_up: Vec<Option<u32>> = raw
            .par_iter()
            .with_min_len(1 << 12)
            .map(|line| (!distant.holds(line)).then(|| self.classes.of(line)))
            .collect();
        let mut far = Vec::new();
        for (line, class) in raw.iter().zip(looked_up) {
            let Some(mut class) = class else {
                far.push(*line);
                continue;
            };
            if line.shift != 0.0 {
                if profile.pressure_shift {
                    return Err(refused_by_densities());
                }
                self.neglect.include(&mut self.found.neglected, line);
            }
            if class == NONE {
                let known = self.classes.widths.len();
                class = self.classes.find_or_add(line);
                if class == NONE || self.classes.widths.len() > known {
                    self.spans.include_width(&line.width(), self.demand.temperatures, &self.over);
                }
            }
            self.wavenumbers.include(line.wavenumber);
            if profile.natural_width {
                self.spans.natural = self.spans.natural.max(line.natural_width);
            }
            self.near.push(*line);
            self.class.push(class);
        }
        if self.add_distant && !far.is_empty() {
            self.distant.add(&far);
        }
        self.found.count = self.found.count.saturating_add((raw.len() - far.len()) as u64);
        self.raw.clear();
        if self.wavenumbers.lo <= self.wavenumbers.hi {
            let Span { lo, hi } = self.wavenumbers;
            self.spans.position = Span { lo: self.demand.grid.position(lo), hi: self.demand.grid.position(hi) };
        }
        Ok(())
    }

    /// Sums the lines collected, if they make a block or are the last. Without a plan one is made, once there are
    /// enough.
    fn sum(&mut self, last: bool) -> Result<()> {
        if self.plans.is_none() && (last || self.near.len() >= FIRST) {
            let plans = if last {
                Plan::all(self.demand, &self.spans, true)?
            } else {
                let beyond = (WIDTHS, self.distant.least_distance());
                Plan::all(self.demand, &expected(self.demand, &self.spans, beyond, self.within), false)?
            };
            self.begin(plans)?;
        }
        let Some(plans) = &self.plans else { return Ok(()) };
        let useful = |(at, _): &(Vec<usize>, Sums)| at.iter().any(|i| plans[*i].covers(*i, &self.spans));
        if !self.sums.iter().flatten().any(useful) {
            self.sums = None;
        }
        let Some(sums) = &mut self.sums else {
            self.near.clear();
            self.class.clear();
            return Ok(());
        };
        if last || self.near.len() >= BLOCK {
            let natural = self.demand.settings.profile.natural_width;
            sums.iter_mut().for_each(|(_, sums)| sums.add(&self.near, &self.class, &self.classes, natural));
            self.near.clear();
            self.class.clear();
        }
        Ok(())
    }

    /// Where all lines are distant: a width like theirs in the middle of the grid, of no line.
    fn stand_in(&mut self) {
        let grid = &self.demand.grid;
        let (least, greatest) = self.distant.widths;
        let gamma = (least * greatest * grid.lo() * grid.hi()).sqrt();
        let width = crate::lines::Width::power_law(gamma, 0.0);
        self.spans.include_width(&width, self.demand.temperatures, &self.over);
        let middle = 0.5 * (grid.len() - 1) as f64;
        self.spans.position = Span { lo: middle, hi: middle };
    }
}
