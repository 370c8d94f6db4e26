//! Collision-induced absorption of a pair of species, from a table on a model's grid.

mod device;

use std::any::Any;
use std::sync::Arc;

use super::amount::ln_product;
use super::cia::{CiaLayer, Pair, add_cia, add_cia_with_derivative};
use super::cia_table::{CiaGrid, CiaTable};
use super::traits::{CpuOpacity, DeviceTables, HostBytes, Layers, Opacity, OpticalRows, Setting, Source, Told};
use crate::atmosphere::{PressureGrid, State};
use crate::dual::Dual;
use crate::stage::Stage;
use crate::{Note, Result, host_memory};

/// A table, and what its partners are called in the composition.
#[derive(Clone, Debug)]
pub struct CollisionPair {
    /// The coefficients.
    pub table: CiaTable,
    /// The partners, in any order.
    pub partners: [String; 2],
}

impl From<CiaTable> for CollisionPair {
    /// Partners as the table names them: `H2-He`.
    fn from(table: CiaTable) -> Self {
        let (first, second) = table.name.split_once('-').unwrap_or((&table.name, &table.name));
        let partners = [first, second].map(|s| s.trim().to_owned());
        Self { table, partners }
    }
}

impl Source for CollisionPair {
    fn prepare(&self, at: &Setting<'_>, told: &mut Told) -> Result<Box<dyn Opacity>> {
        // The place of each wavenumber in the table.
        let what = format!("the table of {} at {} points", self.table.name, at.wavenumber.len());
        host_memory::require(&what, 8 * at.wavenumber.len() as u64)?;
        let grid = told.seconds.time(Stage::Continua, || self.table.resample(at.wavenumber))?;
        Ok(Box::new(Collisions {
            name: self.partners.join("-"),
            partners: self.partners.clone(),
            grid: Arc::new(grid),
            points: at.grid.len(),
        }))
    }
}

impl Source for &CollisionPair {
    fn prepare(&self, at: &Setting<'_>, told: &mut Told) -> Result<Box<dyn Opacity>> {
        (**self).prepare(at, told)
    }
}

impl Source for CiaTable {
    fn prepare(&self, at: &Setting<'_>, told: &mut Told) -> Result<Box<dyn Opacity>> {
        CollisionPair::from(self.clone()).prepare(at, told)
    }
}

/// A pair's absorption, made ready for a grid.
#[derive(Clone, Debug)]
pub struct Collisions {
    name: String,
    partners: [String; 2],
    grid: Arc<CiaGrid>,
    /// Points of the model's grid; of a plan's table only some of their places are worked out.
    points: usize,
}

impl Collisions {
    /// The layers' places in the table and their columns.
    fn layers(&self, state: &State, layers: &PressureGrid) -> Result<Vec<CiaLayer>> {
        let (first, second) = (state.volume_ratio(&self.partners[0])?, state.volume_ratio(&self.partners[1])?);
        let pair = Pair {
            first: &first,
            second: &second,
            pressure_bar: layers.pressure_bar(),
            dpressure_bar: layers.dpressure_bar(),
            temperature_k: &state.temperature_k,
            mean_molar_mass: &state.mean_molar_mass,
            gravity: &state.gravity,
        };
        pair.layers(&self.grid)
    }
}

impl Opacity for Collisions {
    fn name(&self) -> &str {
        &self.name
    }

    fn quantities(&self, state: &State<Dual>, _: &PressureGrid) -> Result<Vec<Vec<Dual>>> {
        let (first, second) = (state.volume_ratio(&self.partners[0])?, state.volume_ratio(&self.partners[1])?);
        let densities = first.iter().zip(&second).zip(state.mean_molar_mass.iter().zip(&state.gravity));
        // The value is `CiaLayer::ln_column`.
        Ok(vec![densities.map(|((a, b), (mean, g))| ln_product(0.0, &[a, b], &[mean, g])).collect()])
    }

    fn check(&self, state: &State, layers: &PressureGrid) -> Result<()> {
        self.layers(state, layers).map(drop)
    }

    fn on_cpu<'a>(&'a self, at: &Layers<'a>, _: bool) -> Result<Box<dyn CpuOpacity + 'a>> {
        let layers = self.layers(at.state, at.pressure)?[at.range.clone()].to_vec();
        Ok(Box::new(OnCpu { grid: &self.grid, layers }))
    }

    fn for_device(&self, points: usize) -> Result<Box<dyn DeviceTables>> {
        Ok(Box::new(device::Tables::new(self.clone(), points)?))
    }

    fn notes(&self, temperature_k: &[f64]) -> Vec<Note> {
        self.grid.told().chain(self.grid.clamp_notes(temperature_k)).collect()
    }

    fn host_bytes(&self) -> HostBytes {
        let (coefficients, points) = (self.grid.ln_coefficient.len(), self.points);
        HostBytes {
            // ln k and its slopes, positions
            prepared: 8 * (2 * coefficients + points) as u64,
            // the same in f32; places are packed when they go to the device
            device_tables: 8 * coefficients as u64,
            ..HostBytes::default()
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct OnCpu<'a> {
    grid: &'a CiaGrid,
    layers: Vec<CiaLayer>,
}

impl CpuOpacity for OnCpu<'_> {
    fn add(&self, rows: &mut OpticalRows<'_>) -> Result<()> {
        let first = rows.points.start;
        match &mut rows.slope {
            Some(slope) => add_cia_with_derivative(rows.depth, slope, self.grid, &self.layers, first),
            None => add_cia(rows.depth, self.grid, &self.layers, first),
        }
    }
}
