//! A species that absorbs by lines: its isotopologues' cross sections times its column.
//!
//! The optical depth of a layer is the cross section times the molecules cm-2 of the species, dP X / (m g) with its mass mixing ratio X and its molar mass m.

mod device;
mod prepare;
mod ways;

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

use self::ways::Size;
use super::amount::ln_product;
use super::traits::{CpuOpacity, DeviceTables, HostBytes, Layers, Opacity, OpticalRows};
use crate::Result;
use crate::atmosphere::{PressureGrid, State};
use crate::constants::ATOMIC_MASS_CGS;
use crate::cross_section::Prepared;
use crate::cross_section::cpu::{FarLevels, batch_work, far_bytes};
use crate::cross_section::extent::Extent;
use crate::dual::Dual;
use crate::gpu::DeviceClass;
use crate::lines::{Line, LineList};

/// A species that absorbs by lines, as its user describes it: lists in memory or any other source.
///
/// ```no_run
/// use photosphere::prelude::*;
/// use photosphere::lines::hitran::HitranSource;
///
/// // Water from a HITRAN file, all that it has of the main isotopologue; read when the model is built.
/// let water = HitranSource::new("01_hit20.par");
/// let absorber = Absorber { name: "H2O".into(), lists: vec![water], molar_mass: 18.015 };
/// # let _ = absorber;
/// ```
#[derive(Clone, Debug)]
pub struct Absorber<S = LineList> {
    /// Name for messages and reports, and in the composition.
    pub name: String,
    /// Its isotopologues' lists; their cross sections add up.
    pub lists: Vec<S>,
    /// Molar mass that turns a mass mixing ratio into molecules \[g mol-1\].
    pub molar_mass: f64,
}

impl Absorber {
    /// A species of one list in memory, with the list's molar mass.
    pub fn new(name: impl Into<String>, list: LineList) -> Self {
        let molar_mass = list.species.molar_mass;
        Self { name: name.into(), lists: vec![list], molar_mass }
    }
}

impl<S> Absorber<S> {
    /// The absorber's name, with the isotopologue where it has several.
    fn part_name(&self, isotopologue: &str) -> String {
        match self.lists.len() {
            1 => self.name.clone(),
            _ => format!("{} ({isotopologue})", self.name),
        }
    }
}

/// A species' lines, made ready for a grid and its layers.
#[derive(Clone, Debug)]
pub struct Lines {
    name: String,
    molar_mass: f64,
    /// One for each isotopologue that has lines here.
    parts: Arc<Vec<Prepared>>,
}

impl Lines {
    /// ln of molecules cm-2 in each layer (`reference`: layer optical depth = xs times it).
    fn ln_columns(&self, state: &State, layers: &PressureGrid) -> Result<Vec<f64>> {
        let mass = self.molar_mass * ATOMIC_MASS_CGS;
        let ratio = state.mass_ratio(&self.name, self.molar_mass)?;
        let layers = layers.dpressure_bar().iter().zip(&ratio).zip(&state.gravity);
        Ok(layers.map(|((dp, mmr), g)| (dp * 1e6 * mmr / (mass * g)).ln()).collect())
    }

    fn layers(&self, range: &Range<usize>) -> impl Iterator<Item = &crate::cross_section::prepared::Layer> {
        self.parts.iter().flat_map(|p| &p.layers[range.clone()])
    }
}

impl Opacity for Lines {
    fn name(&self) -> &str {
        &self.name
    }

    fn quantities(&self, state: &State<Dual>, layers: &PressureGrid) -> Result<Vec<Vec<Dual>>> {
        let values = self.ln_columns(&state.values(), layers)?;
        let ratio = state.mass_ratio(&self.name, self.molar_mass)?;
        let each = values.into_iter().zip(&ratio).zip(&state.gravity);
        Ok(vec![each.map(|((ln, mmr), g)| ln_product(ln, &[mmr], &[g])).collect()])
    }

    fn check(&self, state: &State, _: &PressureGrid) -> Result<()> {
        state.species(&self.name).map(drop)
    }

    fn on_cpu<'a>(&'a self, at: &Layers<'a>, slopes: bool) -> Result<Box<dyn CpuOpacity + 'a>> {
        let columns = self.columns(at)?;
        let temperature = &at.state.temperature_k[at.range.clone()];
        let far = self.parts.iter().map(|part| FarLevels::new(part, at.range.start, temperature, slopes));
        Ok(Box::new(OnCpu { far: far.collect::<Result<_>>()?, columns }))
    }

    fn add_to_grid(&self, at: &Layers<'_>, rows: &mut OpticalRows<'_>) -> Result<()> {
        let columns = self.columns(at)?;
        let temperature = &at.state.temperature_k[at.range.clone()];
        for part in self.parts.iter() {
            let far = vec![FarLevels::new(part, at.range.start, temperature, rows.slope.is_some())?];
            OnCpu { far, columns: columns.clone() }.add(rows)?;
        }
        Ok(())
    }

    fn for_device(&self, _: usize) -> Result<Box<dyn DeviceTables>> {
        Ok(Box::new(device::Tables::new(self.clone())))
    }

    fn has_lines(&self) -> bool {
        true
    }

    fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    fn lists(&self) -> &[Prepared] {
        &self.parts
    }

    fn finest_level(&self, layers: &Range<usize>) -> Option<i32> {
        self.layers(layers).map(|l| l.ladder.finest).min()
    }

    fn cost(&self, extent: &Extent, points: usize, class: DeviceClass) -> f64 {
        self.parts.iter().map(|part| extent.cost_of(class, part, points)).sum()
    }

    fn multiply_adds(&self) -> f64 {
        let size = |p: &Prepared| Size { points: p.grid.len(), layers: p.layers.len() };
        self.parts.iter().map(|p| ways::multiply_adds(size(p), p)).sum()
    }

    fn host_bytes(&self) -> HostBytes {
        let each = |prepared: &Prepared| HostBytes {
            lists: (size_of::<Line>() * prepared.table.lines.len()) as u64,
            prepared: prepared.host_bytes(),
            building: prepared.largest_density(),
            device_tables: 0,
        };
        self.parts.iter().map(each).sum()
    }

    fn cpu_held(&self, layers: Range<usize>, slopes: bool) -> u64 {
        self.parts.iter().map(|p| far_bytes(p, layers.clone(), slopes)).sum()
    }

    fn cpu_work(&self, layers: Range<usize>, points: usize, threads: usize, slopes: bool) -> u64 {
        self.parts.iter().map(|p| batch_work(p, layers.clone(), threads, points, slopes)).max().unwrap_or(0)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Lines {
    /// Molecules cm-2 in the layers.
    fn columns(&self, at: &Layers<'_>) -> Result<Vec<f64>> {
        let all = self.ln_columns(at.state, at.pressure)?;
        Ok(all[at.range.clone()].iter().map(|ln| ln.exp()).collect())
    }
}

/// The far levels of some layers.
struct OnCpu<'a> {
    far: Vec<FarLevels<'a>>,
    columns: Vec<f64>,
}

impl CpuOpacity for OnCpu<'_> {
    fn add(&self, rows: &mut OpticalRows<'_>) -> Result<()> {
        let n = rows.points.len();
        for far in &self.far {
            let values = rows.depth.chunks_mut(n);
            let outputs = match &mut rows.slope {
                Some(slopes) => values.zip(slopes.chunks_mut(n)).map(|(value, slope)| vec![value, slope]).collect(),
                None => values.map(|value| vec![value]).collect(),
            };
            far.add(rows.points.clone(), &self.columns, outputs);
        }
        Ok(())
    }
}
