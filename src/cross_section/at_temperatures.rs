//! Cross sections of a list at node temperatures, from its density by temperature.
//!
//! For each temperature there is a [`Prepared`] job whose range is that temperature alone, with a ladder for each
//! pressure, and a density that its sources come from. The list may have any number of lines: what is held, and the
//! time of a layer, do not depend on it.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::cpu::{FarLevels, batch_work, far_bytes};
use super::levels::{Ladder, LadderInput, SEGMENT_MULTIPLE};
use super::prepared::{Layer, Prepared, Tier, add_distant, check_pressure};
use crate::density::by_temperature::cells::Cells;
use crate::density::by_temperature::plan::FinestLevel;
use crate::density::by_temperature::{Densities, TemperatureDensity, densities};
use crate::density::lines::LineTable;
use crate::density::span::Span;
use crate::density::summary::LineSummary;
use crate::density::width::WidthRange;
use crate::grid::level::LevelNodes;
use crate::grid::{Grid, TemperatureRange};
use crate::lines::{LineSource, LoadReport, Species};
use crate::settings::{Method, Settings};
use crate::{Error, Resources, Result};

/// Cross sections of the lines of one list, on a grid, at some temperatures and at the pressures of some layers.
#[derive(Debug)]
pub struct AtTemperatures {
    grid: Grid,
    temperatures: Vec<f64>,
    /// By temperature.
    nodes: Vec<Node>,
    records: LoadReport,
    cached: bool,
}

/// One temperature.
#[derive(Debug)]
struct Node {
    prepared: Prepared,
    density: TemperatureDensity,
}

impl AtTemperatures {
    /// Reads `source` once and sums its lines at `temperatures` \[K\], or finds the sums in the cache, for layers of
    /// `pressures` \[bar\]. Temperatures lie within `settings.temperature_range`; `settings.method` does not matter.
    ///
    /// # Errors
    /// No temperature or pressure, or one out of range; a tolerance outside 1e-7 to 0.1; a wing law; pressure shifts,
    /// if they are wanted; widths too different for the tolerance; no line within reach; more host memory than there
    /// is; what the source cannot read.
    pub fn new(
        grid: Grid,
        source: &dyn LineSource,
        temperatures: &[f64],
        pressures: &[f64],
        settings: &Settings,
        resources: &Resources<'_>,
    ) -> Result<Self> {
        settings.check()?;
        pressures.iter().try_for_each(|p| check_pressure(*p))?;
        if !settings.profile.wings.is_voigt() {
            return Err(Error::invalid(
                "wing law",
                "a cutoff or chi factor, with a density by temperature",
                "Voigt profiles; or the lines or density tier, which keep the lines that a law is put right for",
            ));
        }
        let layers = LayersAt { grid, pressures, tolerance: settings.tolerance };
        let found = densities(grid, source, temperatures, pressures, settings, &layers, resources)?;
        let Densities { species, at, distant, found, records, cached } = found;
        let chosen: Vec<Vec<Layer>> =
            at.iter().map(|density| layers.all(&species, &density.cells, density.positions)).collect::<Result<_>>()?;
        // Fields of distant lines do not depend on the temperature: all layers share them.
        let mut all: Vec<Layer> = chosen.into_iter().flatten().collect();
        add_distant(&mut all, &distant, &grid, settings.tolerance);
        let mut all = all.into_iter();
        let neglected_shift = pressures.iter().map(|p| found.neglected.at(*p)).fold(0.0, f64::max);
        let least = pressures.iter().copied().fold(f64::INFINITY, f64::min);
        let made = at.into_iter().map(|density| {
            let layers: Vec<Layer> = all.by_ref().take(pressures.len()).collect();
            let levels = layers.iter().flat_map(|l| l.ladder.source_levels());
            let (finest, coarsest) = levels.fold((i32::MAX, i32::MIN), |(lo, hi), l| (lo.min(l), hi.max(l)));
            if finest < density.finest() {
                return Err(Error::invalid(
                    "density by temperature",
                    format!("level {}", density.finest()),
                    format!("level {finest}: the entry in the cache is of other pressures"),
                ));
            }
            let temperature = density.cells.temperature;
            let range = TemperatureRange::new(temperature, temperature)?;
            let summary = summary_of(&density, found.count, &grid);
            let natural_share = density.cells.natural.1 / (density.cells.widths_at(least).0 - density.cells.natural.0);
            let prepared = Prepared {
                grid,
                species: species.clone(),
                settings: Settings { temperature_range: range, method: Method::Density, ..*settings },
                table: LineTable { lines: Vec::new(), summary, step: grid.step() },
                tier: Tier::Lines,
                layers,
                lines_used: found.count + distant.count,
                distant_lines: distant.count,
                law: None,
                neglected_shift,
                natural_share,
                records: None,
                cached,
            };
            Ok((prepared, density, coarsest))
        });
        let made: Vec<(Prepared, TemperatureDensity, i32)> = made.collect::<Result<_>>()?;
        let node = |(prepared, density, coarsest): (_, TemperatureDensity, _)| Node {
            prepared,
            density: density.up_to(coarsest),
        };
        let nodes = made.into_par_iter().map(node).collect();
        Ok(Self { grid, temperatures: temperatures.to_vec(), nodes, records, cached })
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Node temperatures \[K\], as given.
    pub fn temperatures(&self) -> &[f64] {
        &self.temperatures
    }

    /// Index of a node temperature \[K\], if it is one.
    pub fn index_of(&self, temperature: f64) -> Option<usize> {
        self.temperatures.iter().position(|t| *t == temperature)
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.nodes[0].prepared.layers.len()
    }

    /// Number of lines, those far outside the grid included.
    pub fn lines(&self) -> u64 {
        self.nodes[0].prepared.lines_used
    }

    /// What became of the records of the list's files.
    pub fn records(&self) -> &LoadReport {
        &self.records
    }

    /// True if all was found in the cache, so that no line was read.
    pub fn cached(&self) -> bool {
        self.cached
    }

    /// The job at one temperature, for reports: its layers' ladders, shifts that are left out, lines far outside the
    /// grid.
    pub fn prepared(&self, temperature: usize) -> &Prepared {
        &self.nodes[temperature].prepared
    }

    /// Largest relative errors by cause at any temperature: (broadening, natural widths).
    pub fn cell_errors(&self) -> (f64, f64) {
        let cells = self.nodes.iter().map(|n| &n.density.cells);
        cells.fold((0.0, 0.0), |(a, b), c| (a.max(c.error), b.max(c.natural_error)))
    }

    /// Host bytes held: densities on all levels, and the fields of distant lines.
    pub fn host_bytes(&self) -> u64 {
        let densities: u64 = self.nodes.iter().map(|n| n.density.bytes()).sum();
        let mut fields: Vec<_> =
            self.nodes.iter().flat_map(|n| &n.prepared.layers).filter_map(|l| l.distant.as_ref()).collect();
        fields.sort_by_key(|d| Arc::as_ptr(&d.field));
        fields.dedup_by(|a, b| Arc::ptr_eq(&a.field, &b.field));
        densities + fields.iter().map(|d| d.field.bytes()).sum::<u64>()
    }

    /// Host bytes of [`cross_sections`](Self::cross_sections) beside its result.
    pub fn work_bytes(&self, temperature: usize, layers: Range<usize>) -> u64 {
        let prepared = &self.nodes[temperature].prepared;
        let threads = rayon::current_num_threads();
        far_bytes(prepared, layers.clone(), false) + batch_work(prepared, layers, threads, self.grid.len(), false)
    }

    /// Cross sections \[cm2 molecule-1\] at node temperature `temperature` (an index of
    /// [`temperatures`](Self::temperatures)), at the pressures of `layers` and the points `points` of the grid, into
    /// `values` \[layer\]\[point\]. Layers are computed in parallel; what does not depend on the points is computed
    /// anew with every call. `points` starts at a multiple of 1024; then values have the same bits however a grid is
    /// divided.
    ///
    /// # Errors
    /// Ranges outside the temperatures, layers or points; a start that is no multiple; `values` of another length.
    pub fn cross_sections(
        &self,
        temperature: usize,
        layers: Range<usize>,
        points: Range<usize>,
        values: &mut [f64],
    ) -> Result<()> {
        let Some(node) = self.nodes.get(temperature) else {
            let required = format!("below {}", self.nodes.len());
            return Err(Error::invalid("index of a node temperature", temperature, required));
        };
        let inside = |range: &Range<usize>, end: usize| range.start <= range.end && range.end <= end;
        if !inside(&layers, self.layers()) || !inside(&points, self.grid.len()) {
            let given = format!("layers {layers:?}, points {points:?}");
            let required = format!("within {} layers and {} points", self.layers(), self.grid.len());
            return Err(Error::invalid("cross sections at a node temperature", given, required));
        }
        if !points.start.is_multiple_of(SEGMENT_MULTIPLE) {
            return Err(Error::invalid("first point", points.start, format!("a multiple of {SEGMENT_MULTIPLE}")));
        }
        if values.len() != layers.len() * points.len() {
            let required = format!("{} layers x {} points", layers.len(), points.len());
            return Err(Error::invalid("length of the values", values.len(), required));
        }
        if values.is_empty() {
            return Ok(());
        }
        values.fill(0.0);
        let temperatures = vec![self.temperatures[temperature]; layers.len()];
        let far = FarLevels::of_density(&node.prepared, &node.density, layers.start, &temperatures)?;
        let outputs = values.chunks_mut(points.len()).map(|row| vec![row]).collect();
        far.add(points, &vec![1.0; layers.len()], outputs);
        Ok(())
    }
}

/// What a job's ladder needs to know of its lines.
fn summary_of(density: &TemperatureDensity, count: u64, grid: &Grid) -> LineSummary {
    let (nearest, furthest) = wavenumbers(grid, density.positions);
    let cells = &density.cells;
    let per_bar = cells.widths_at(1.0);
    let natural = Span { lo: cells.natural.0 / furthest, hi: cells.natural.1 / nearest };
    LineSummary {
        count,
        position: Span { lo: density.positions.0, hi: density.positions.1 },
        ln_strength: Span { lo: density.ln_scale, hi: density.ln_scale },
        energy: Span { lo: 0.0, hi: 0.0 },
        natural,
        widths: WidthRange {
            min: (per_bar.0 - cells.natural.0) / furthest,
            max: (per_bar.1 - cells.natural.1) / nearest,
        },
        ..LineSummary::empty()
    }
}

/// Wavenumbers of positions \[cm-1\].
fn wavenumbers(grid: &Grid, (lo, hi): (f64, f64)) -> (f64, f64) {
    let at = |p: f64| grid.lo() * (grid.step() * p).exp();
    (at(lo), at(hi))
}

/// Chooses ladders.
struct LayersAt<'a> {
    grid: Grid,
    pressures: &'a [f64],
    tolerance: f64,
}

impl LayersAt<'_> {
    fn input(&self, species: &Species, cells: &Cells, positions: (f64, f64), pressure: f64) -> LadderInput<'static> {
        let sigma = species.doppler_sigma(cells.temperature);
        let (nearest, furthest) = wavenumbers(&self.grid, positions);
        let (narrowest, widest) = cells.widths_at(pressure);
        // Nodes that lines are spread to, and on which cells stand for relative widths, lie some nodes further out.
        const ROOM: f64 = 1e-3;
        LadderInput {
            step: self.grid.step(),
            points: self.grid.len(),
            margin: 0f64.max(-positions.0).max(positions.1 - (self.grid.len() - 1) as f64),
            moved: 0.0,
            sigma: (sigma, sigma),
            gamma: (narrowest / furthest * (1.0 - ROOM), widest / nearest * (1.0 + ROOM)),
            tolerance: self.tolerance,
            near: None,
            law: None,
        }
    }

    /// All layers at one temperature.
    fn all(&self, species: &Species, cells: &Cells, positions: (f64, f64)) -> Result<Vec<Layer>> {
        let one = |&pressure: &f64| {
            let input = self.input(species, cells, positions, pressure);
            let ladder = Ladder::choose(&input)?;
            let far = LevelNodes::far(&ladder, &input);
            Ok(Layer { pressure, moved: 0, moved_near: 0, ladder, far, distant: None })
        };
        self.pressures.par_iter().map(one).collect()
    }
}

impl FinestLevel for LayersAt<'_> {
    /// That of the lowest pressure, where profiles are narrowest.
    fn finest(&self, species: &Species, cells: &Cells, positions: (f64, f64)) -> Result<i32> {
        let least = self.pressures.iter().copied().fold(f64::INFINITY, f64::min);
        Ok(Ladder::choose(&self.input(species, cells, positions, least))?.finest)
    }
}

#[cfg(test)]
mod tests;
