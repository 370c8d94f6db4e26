//! Everything of a cross-section job that is frozen before a temperature is known.
//!
//! A [`Prepared`] is plain host data, made once per line list, grid, set of pressures, temperature range and tolerance. Both
//! backends run from it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::crowding::Crowding;
use super::levels::{Ladder, LadderInput, LawLevel};
use super::wing_law::LawMatrix;
use crate::density::distant::{DistantField, DistantLines};
use crate::density::grid_lines::GridLines;
use crate::density::layer_factors::LayerFactors;
use crate::density::line_shape::{Axes, Density};
use crate::density::lines::LineTable;
use crate::density::shift::refused_by_densities;
use crate::density::span::Span;
use crate::density::summary::LineSummary;
use crate::density::table_line::TableLine;
use crate::gpu::DeviceClass;
use crate::grid::Grid;
use crate::grid::lagrange::SPREAD;
use crate::grid::level::{GUARD, LevelNodes};
use crate::lines::{LineList, LineSource, LoadReport, Species};
use crate::settings::{Method, Settings};
use crate::{Error, Resources, Result};
use rayon::prelude::*;

/// Refuses a pressure \[bar\] outside 1e-14 to 1e5. Below, the kernels' profile loses the Gaussian beyond 9 standard deviations, which no
/// Lorentzian wing covers any more; above, no line would be left of a line.
pub fn check_pressure(pressure: f64) -> Result<()> {
    match (1e-14..=1e5).contains(&pressure) {
        true => Ok(()),
        false => Err(Error::invalid("pressure [bar]", pressure, "1e-14 to 1e5")),
    }
}

/// What the sources of the convolution are made from.
#[derive(Clone, Debug)]
pub enum Tier {
    /// The lines themselves.
    Lines,
    /// The line-shape density on every level that some layer's lines are put on.
    Density {
        /// Axes of all densities.
        axes: Box<Axes>,
        /// By level.
        by_level: BTreeMap<i32, Density>,
    },
}

/// A layer: its pressure, its ladder, its level nodes.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Pressure \[bar\].
    pub pressure: f64,
    /// Output nodes by which any line is moved at most, rounded up.
    pub moved: i64,
    /// The same of lines on the grid or near it.
    pub moved_near: i64,
    /// Levels and profiles.
    pub ladder: Ladder,
    /// Nodes of the far levels, finest first.
    pub far: Vec<LevelNodes>,
    /// What lines far outside the grid add to the result of one of the far levels.
    pub distant: Option<DistantTerm>,
}

impl Layer {
    /// True if two layers may share dispatches of a device.
    pub fn is_like(&self, other: &Self, class: DeviceClass) -> bool {
        let profiles = |l: &Ladder| if class.pads_profiles() { 0 } else { l.channels.count() };
        let key = |l: &Ladder| (l.finest, l.near_field, profiles(l));
        let radius = self.ladder.radius == other.ladder.radius;
        key(&self.ladder) == key(&other.ladder) && radius && self.far == other.far
    }
}

/// What distant lines add to a layer.
#[derive(Clone, Debug)]
pub struct DistantTerm {
    /// The far level, as an index of [`Layer::far`].
    pub index: usize,
    /// At the level's evaluated nodes; shared by layers with equal nodes.
    pub field: Arc<DistantField>,
}

/// A job ready to run at any temperatures in its range.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Prepared {
    /// Output grid.
    pub grid: Grid,
    /// The isotopologue.
    pub species: Species,
    /// Accuracy.
    pub settings: Settings,
    /// Lines; in the density tier their summary only.
    pub table: LineTable,
    /// Source tier.
    pub tier: Tier,
    /// Layers, in the order given.
    pub layers: Vec<Layer>,
    /// Number of lines that contribute, those far outside the grid included.
    pub lines_used: u64,
    /// Of these, lines so far outside the grid that only their wings are known.
    pub distant_lines: u64,
    /// The wing law, if there is one.
    pub law: Option<Arc<LawMatrix>>,
    /// The largest pressure shift that is left out, in units of its line's half width (Lorentz and Doppler half widths added), at the pressures given
    /// and over the temperature range; 0 if none is. At most, and mostly exactly, this.
    pub neglected_shift: f64,
    /// At most this is the natural width of any line in units of its width from collisions, at the lowest pressure and over the temperature range.
    pub natural_share: f64,
    /// What became of the records of the list's files, where it has any.
    pub records: Option<LoadReport>,
    /// True if the cache had the densities, or the table of lines.
    pub cached: bool,
}

impl Prepared {
    /// Chooses ladders for `pressures` \[bar\], from a list in memory and without a cache.
    ///
    /// # Errors
    /// No lines within the grid and margin; pressures that [`check_pressure`] refuses; a tolerance outside 1e-7..0.1; a
    /// temperature range that the partition function does not cover or that needs too many profiles; with [`Method::Density`]
    /// pressure shifts, or natural widths too different for a density.
    pub fn new(grid: Grid, list: &LineList, pressures: &[f64], settings: Settings) -> Result<Self> {
        Self::from_source(grid, list, pressures, settings, &Resources::new(&()))
    }

    /// As [`new`](Self::new), from any source. If the line-shape density is chosen and the cache has it, the source is not read.
    ///
    /// # Errors
    /// As [`new`](Self::new), and what the source cannot read.
    pub fn from_source(
        grid: Grid,
        source: &dyn LineSource,
        pressures: &[f64],
        settings: Settings,
        resources: &Resources<'_>,
    ) -> Result<Self> {
        settings.check()?;
        let lines = GridLines::open(grid, source, &settings, pressures, resources)?;
        Self::of(lines, pressures, settings)
    }

    /// From the lines that matter for the grid.
    pub(crate) fn of(grid_lines: GridLines<'_>, pressures: &[f64], settings: Settings) -> Result<Self> {
        Self::make(grid_lines, pressures, settings, true)
    }

    /// As if lines were taken one by one, without any: what a plan and a report want to know.
    pub(crate) fn without_lines(grid_lines: GridLines<'_>, pressures: &[f64], settings: Settings) -> Result<Self> {
        Self::make(grid_lines, pressures, Settings { method: Method::Lines, ..settings }, false)
    }

    fn make(grid_lines: GridLines<'_>, pressures: &[f64], settings: Settings, with_lines: bool) -> Result<Self> {
        pressures.iter().try_for_each(|p| check_pressure(*p))?;
        let (grid, summary) = (grid_lines.grid, &grid_lines.summary);
        if summary.count == 0 {
            return Err(grid_lines.nothing_found());
        }
        let margin = summary.margin(grid.len());
        let (t, species) = (settings.temperature_range, grid_lines.species.clone());
        let crowding = Crowding::of(summary, grid.len() as f64 + 2.0 * margin);
        let lines_per_node = crowding.lines_per_node;
        let sigma = (species.doppler_sigma(t.lo), species.doppler_sigma(t.hi));
        let wings = &settings.profile.wings;
        let choose = |widths: &(dyn Fn(f64) -> (f64, f64) + Sync), near: Option<&Crowding>| -> Result<Vec<Layer>> {
            let law =
                LawMatrix::choose_level(&grid, wings, settings.tolerance, lines_per_node)?.map(|level| LawLevel {
                    level,
                    reach: LawMatrix::reach(&grid, wings, settings.tolerance, level),
                    is_cutoff: wings.cutoff.is_some(),
                });
            pressures
                .par_iter()
                .map(|&pressure| {
                    let moved = summary.shift.steps(pressure, grid.step());
                    let moved_near = summary.shift.near_steps(pressure, grid.step());
                    let input = LadderInput {
                        step: grid.step(),
                        points: grid.len(),
                        margin: margin + moved,
                        moved: moved_near,
                        sigma,
                        gamma: widths(pressure),
                        tolerance: settings.tolerance,
                        near,
                        law,
                    };
                    let ladder = Ladder::choose(&input)?;
                    let far = LevelNodes::far(&ladder, &input);
                    let [moved, moved_near] = [moved, moved_near].map(|m| m.ceil() as i64);
                    Ok(Layer { pressure, moved, moved_near, ladder, far, distant: None })
                })
                .collect()
        };
        let lines = || {
            let layers = choose(&|pressure| summary.widths_at(pressure), Some(&crowding))?;
            Ok::<_, Error>((Choice::Lines, layers))
        };
        let density = || {
            let axes = density_axes(summary, &species, pressures, &settings)?;
            let widths = axes.widths(&t);
            let layers = choose(&|pressure| widths.at(pressure, axes.natural()), None)?;
            Ok::<_, Error>((Choice::Density(Box::new(axes)), layers))
        };
        let (choice, mut layers) = match settings.method {
            Method::Lines => lines()?,
            Method::Density => density()?,
            Method::Auto if summary.count < AUTO_LINES => lines()?,
            Method::Auto => match (lines(), density()) {
                (Ok(lines), Ok(density)) => {
                    let cost = |of: &(Choice, Vec<Layer>)| of.0.cost(&of.1, lines_per_node);
                    if cost(&density) < cost(&lines) { density } else { lines }
                }
                (Err(_), Ok(density)) => density,
                (lines, Err(_)) => lines?,
            },
            Method::Table => return Err(table_needs_a_model()),
            Method::DirectSum => {
                return Err(Error::invalid(
                    "method",
                    "direct-sum",
                    "lines, density or auto; the direct sum needs no preparation",
                ));
            }
        };
        let (tier, table, cached) = match choice {
            Choice::Lines if !with_lines => (Tier::Lines, grid_lines.table_without_lines(), false),
            Choice::Lines => {
                let (table, cached) = grid_lines.table()?;
                (Tier::Lines, table, cached)
            }
            Choice::Density(axes) => {
                let levels: BTreeSet<i32> = layers.iter().flat_map(|l| l.ladder.source_levels()).collect();
                let (by_level, cached) = grid_lines.densities(&axes, levels)?;
                // A wing law is put right line by line.
                let table = match wings.is_voigt() {
                    true => grid_lines.table_without_lines(),
                    false => grid_lines.table()?.0,
                };
                (Tier::Density { axes, by_level }, table, cached)
            }
        };
        add_distant(&mut layers, &grid_lines.distant, &grid, settings.tolerance);
        let law = layers.first().and_then(|l| {
            let law = l.ladder.law?;
            let nodes = l.far.iter().find(|n| n.level == law.level)?;
            Some(Arc::new(LawMatrix::new(&grid, wings, settings.tolerance, nodes, law.reach)))
        });
        let distant_lines = grid_lines.distant.count;
        let lines_used = distant_lines + if grid_lines.only_distant { 0 } else { table.summary.count };
        let neglected_shift = pressures.iter().map(|p| table.summary.neglected.at(*p)).fold(0.0, f64::max);
        let least = pressures.iter().copied().fold(f64::INFINITY, f64::min);
        let natural_share = table.summary.natural.hi / table.summary.widths.at(least, Span { lo: 0.0, hi: 0.0 }).0;
        let records = grid_lines.records;
        Ok(Self {
            grid,
            species,
            settings,
            table,
            tier,
            layers,
            lines_used,
            distant_lines,
            law,
            neglected_shift,
            natural_share,
            records,
            cached,
        })
    }

    /// What the field of distant lines is to be multiplied by on a level: a wing law beyond all its rows, unless the law's own level does so.
    pub fn distant_factor(&self, level: i32) -> f64 {
        match &self.law {
            Some(law) if level <= law.level => law.far,
            _ => 1.0,
        }
    }

    /// Factors of layer `i` at `temperature` \[K\].
    ///
    /// # Errors
    /// The temperature is outside the declared range.
    pub fn factors(&self, i: usize, temperature: f64) -> Result<LayerFactors> {
        LayerFactors::new(&self.species, &self.settings.temperature_range, temperature, self.layers[i].pressure)
    }
}

/// What is told where single cross sections are asked from tables.
pub fn table_needs_a_model() -> Error {
    Error::invalid(
        "method",
        "table",
        "lines, density or auto: a table is for many spectra of a model, not for cross sections",
    )
}

/// Gives each layer the field of the distant lines, on the coarsest of its far levels that resolves it.
pub(super) fn add_distant(layers: &mut [Layer], distant: &DistantLines, grid: &Grid, tolerance: f64) {
    if distant.count == 0 {
        return;
    }
    let spacing = distant.least_distance() / (DistantLines::spacings(tolerance) * grid.step() * grid.hi());
    let mut fields: Vec<(LevelNodes, Arc<DistantField>)> = Vec::new();
    for layer in layers {
        let resolves = |nodes: &LevelNodes| 2f64.powi(nodes.level) <= spacing;
        let index = layer.far.iter().rposition(resolves).unwrap_or(0);
        let nodes = layer.far[index];
        // The field depends on where the nodes are, not on what they hold.
        let alike = |n: &LevelNodes| n.level == nodes.level && n.output == nodes.output;
        let field = match fields.iter().find(|(n, _)| alike(n)) {
            Some((_, field)) => field.clone(),
            None => {
                // Padding beyond the guard nodes is never interpolated from.
                let last = nodes.output.0 + (((grid.len() - 1) as i64) >> nodes.level) + 1 + 2 * GUARD;
                let wavenumber = |j: i64| grid.lo() * (grid.step() * 2f64.powi(nodes.level) * j.min(last) as f64).exp();
                let at: Vec<f64> = (nodes.output.0..nodes.output.1).map(wavenumber).collect();
                let field = Arc::new(distant.field(&at));
                fields.push((nodes, field.clone()));
                field
            }
        };
        layer.distant = Some(DistantTerm { index, field });
    }
}

/// Axes of the density of a list, if it has one.
///
/// # Errors
/// Shifts, which depend on the pressure and are each line's own; natural widths among which profiles are too far from linear; what
/// [`Axes::new`] refuses.
fn density_axes(summary: &LineSummary, species: &Species, pressures: &[f64], settings: &Settings) -> Result<Axes> {
    if !summary.shift.is_none() {
        return Err(refused_by_densities());
    }
    let (t, tolerance) = (&settings.temperature_range, settings.tolerance);
    let least = pressures.iter().copied().fold(f64::INFINITY, f64::min);
    let mut axes = Axes::new(summary, t, least, tolerance)?;
    let sigma = (species.doppler_sigma(t.lo), species.doppler_sigma(t.hi));
    let narrowest = axes.widths(t).min;
    let errors = pressures.iter().map(|p| axes.natural_error(summary.natural, sigma, narrowest * p));
    axes.natural_error = errors.fold(0.0, f64::max);
    if axes.natural_error > 0.25 * tolerance {
        return Err(Error::invalid(
            "natural widths",
            format!(
                "{:.2e} to {:.2e} of the wavenumber, among which a density would interpolate with an error of {:.1e}",
                summary.natural.lo, summary.natural.hi, axes.natural_error
            ),
            format!("an error of at most {:.1e}: use the lines tier, or raise the tolerance", 0.25 * tolerance),
        ));
    }
    Ok(axes)
}

/// Below this number of lines the density is not even considered.
const AUTO_LINES: u64 = 20_000;
/// Cost of one line's strength, width and weights in multiply-adds.
const LINE_COST: f64 = 60.0;

/// A tier not yet built.
enum Choice {
    Lines,
    Density(Box<Axes>),
}

impl Choice {
    /// Multiply-adds per output node, summed over layers.
    fn cost(&self, layers: &[Layer], lines_per_node: f64) -> f64 {
        let ladders: f64 = layers.iter().map(|l| l.ladder.cost).sum();
        ladders
            + match self {
                Self::Lines => LINE_COST * lines_per_node * layers.len() as f64,
                Self::Density(axes) => density_cost(axes, layers, lines_per_node),
            }
    }
}

/// Multiply-adds of a density per output node, summed over layers.
fn density_cost(axes: &Axes, layers: &[Layer], lines_per_node: f64) -> f64 {
    let of_layer = |l: &Layer| {
        // rows that no line touches cost nothing
        let nodes = 2f64.powi(-l.ladder.finest).min(SPREAD as f64 * lines_per_node);
        (axes.columns() * l.ladder.channels.count()) as f64 * nodes
    };
    layers.iter().map(of_layer).sum()
}

impl Tier {
    /// True if lines are taken one by one.
    pub fn is_lines(&self) -> bool {
        matches!(self, Self::Lines)
    }
}

impl Prepared {
    /// Multiply-adds of its density per output node, summed over layers; none where lines are taken one by one.
    pub fn density_cost(&self) -> f64 {
        let lines_per_node = self.table.summary.count as f64 / self.grid.len() as f64;
        match &self.tier {
            Tier::Lines => 0.0,
            Tier::Density { axes, .. } => density_cost(axes, &self.layers, lines_per_node),
        }
    }

    /// Host memory beside the list: table, densities, distant lines, wing law \[bytes\].
    pub fn host_bytes(&self) -> u64 {
        let densities: u64 = match &self.tier {
            Tier::Lines => 0,
            Tier::Density { by_level, .. } => by_level.values().map(|d| d.bytes()).sum(),
        };
        // Layers with equal nodes share a field.
        let mut fields: Vec<_> = self.layers.iter().filter_map(|l| l.distant.as_ref()).map(|d| &d.field).collect();
        fields.dedup_by(|a, b| Arc::ptr_eq(a, b));
        let distant: u64 = fields.iter().map(|field| field.bytes()).sum();
        let law = self.law.as_ref().map_or(0, |law| law.bytes());
        size_of::<TableLine>() as u64 * self.table.lines.len() as u64 + densities + distant + law
    }

    /// What is held for a while during set-up: while a density is put together its rows are held beside it \[bytes\].
    pub fn largest_density(&self) -> u64 {
        match &self.tier {
            Tier::Lines => 0,
            Tier::Density { by_level, .. } => by_level.values().map(|d| d.bytes()).max().unwrap_or(0),
        }
    }
}
