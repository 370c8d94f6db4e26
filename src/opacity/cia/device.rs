//! The device side of [`cia`](super): kernel, parameters, scaled table, dispatch.
//!
//! A device holds the small table of the file and 4 bytes for each point of the grid.

use crate::gpu::{BufferId, HostLayout, Kernel, ProgramBuilder, host_struct};
use crate::grid::Segment;
use crate::opacity::cia::{CiaLayer, LN_NO_COLUMN};
use crate::opacity::cia_table::{CiaGrid, FLOOR};
use crate::{Error, Result};

host_struct! {
    /// Parameters of one batch of layers.
    pub struct CiaParams {
        /// Wavenumbers of the segment over four.
        quads: u32,
        /// Its first wavenumber in the grid over four.
        first_quad: u32,
        /// Layers of this batch.
        layers: u32,
        /// Index of the batch's first layer in the atmosphere.
        first_layer: u32,
        /// Nodes of a row of the table.
        nodes: u32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
        /// Zero.
        pad2: u32,
    }
}

host_struct! {
    /// [`CiaLayer`] in f32, an element of the kernel's `layer_state`.
    pub struct CiaLayerState {
        /// Row of the table below the layer's temperature.
        lower: u32,
        /// Weights of the rise to the next row and of both rows' slopes in ln k.
        value_rise: f32,
        /// See `value_rise`.
        value_slope0: f32,
        /// See `value_rise`.
        value_slope1: f32,
        /// Their derivatives by temperature \[K-1\].
        by_t_rise: f32,
        /// See `by_t_rise`.
        by_t_slope0: f32,
        /// See `by_t_rise`.
        by_t_slope1: f32,
        /// ln(n_1 n_2 dz) plus [`DeviceTable::ln_scale`].
        ln_column: f32,
        /// 1 / T \[K-1\].
        inverse_temperature: f32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
        /// Zero.
        pad2: u32,
    }
}

/// Absorption of a pair of species: `shaders/opacity/cia.wgsl`.
pub static CIA: Kernel = Kernel::new(
    "opacity/cia",
    &[
        include_str!("../../../shaders/lib/math.wgsl"),
        include_str!("../../../shaders/opacity/cia_add.wgsl"),
        include_str!("../../../shaders/opacity/cia.wgsl"),
    ],
    &CiaParams::LAYOUT,
)
.with_structs(&[&CiaLayerState::LAYOUT]);

/// The same and its derivative by temperature.
pub static CIA_WITH_DERIVATIVE: Kernel = Kernel::new(
    "opacity/cia_with_derivative",
    &[
        include_str!("../../../shaders/lib/math.wgsl"),
        include_str!("../../../shaders/opacity/cia_add_with_derivative.wgsl"),
        include_str!("../../../shaders/opacity/cia.wgsl"),
    ],
    &CiaParams::LAYOUT,
)
.with_structs(&[&CiaLayerState::LAYOUT]);

/// Wavenumbers of a workgroup.
const WORKGROUP: u32 = 256;

/// Rows are padded to a multiple of this.
const ROW_MULTIPLE: u32 = 4;

/// Most nodes of a table: their index has 16 bits.
pub const MAX_NODES: usize = 1 << 16;

/// Parts of the way from a node to the next that a position tells apart: 16 bits. Where k changes by a third from one node
/// to the next, that is an error of 2.5e-6.
const PARTS: f64 = 65536.0;

/// A [`CiaGrid`] packed and scaled for f32.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceTable {
    /// \[temperature\]\[node\]: ln k less `ln_scale`, at least -1000.
    pub ln_k: Vec<f32>,
    /// \[temperature\]\[node\]: d ln k / d ln T.
    pub ln_slope: Vec<f32>,
    /// Values of a row.
    pub points: usize,
    /// The largest ln k of the table.
    pub ln_scale: f64,
}

impl DeviceTable {
    /// For rows of `n` values. Logarithms near zero keep their figures in f32, those near -106 = ln 1e-46 would lose a factor
    /// 6e-6 in dtau.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the table has more than [`MAX_NODES`] nodes or `n` is not the padded length of a row.
    pub fn new(grid: &CiaGrid, n: usize) -> Result<Self> {
        let n_wavenumbers = grid.position.len();
        if grid.nodes() > MAX_NODES {
            let required = format!("at most {MAX_NODES}: a shorter range of wavenumbers or a coarser file");
            return Err(Error::invalid("wavenumbers of a CIA table in range", grid.nodes(), required));
        }
        if n < n_wavenumbers || !n.is_multiple_of(ROW_MULTIPLE as usize) {
            let required = format!("at least {n_wavenumbers} and a multiple of {ROW_MULTIPLE}");
            return Err(Error::invalid("length of a row", n, required));
        }
        // f64::max passes over NaN, which must not become the scale.
        let ln_scale = grid.ln_coefficient.iter().copied().fold(FLOOR.ln(), f64::max);
        let ln_k = grid.ln_coefficient.iter().map(|value| (value - ln_scale).max(LN_NO_COLUMN) as f32).collect();
        let ln_slope = grid.ln_slope.iter().map(|slope| *slope as f32).collect();
        Ok(Self { ln_k, ln_slope, points: n, ln_scale })
    }

    /// \[point\]: node in the upper 16 bits, way to the next in the lower; padded with zeros, outside all bands.
    pub fn position(&self, grid: &CiaGrid) -> Vec<u32> {
        // A fraction that rounds to one becomes the next node, where the way from this one ends.
        let mut position: Vec<u32> = grid.position.iter().map(|p| (p * PARTS).round() as u32).collect();
        position.resize(self.points, 0);
        position
    }

    /// The layers' states for a table of this [`ln_scale`](Self::ln_scale).
    pub fn layer_states(ln_scale: f64, layers: &[CiaLayer]) -> Vec<CiaLayerState> {
        let state = |layer: &CiaLayer| CiaLayerState {
            lower: layer.weights.lower as u32,
            value_rise: layer.weights.value[0] as f32,
            value_slope0: layer.weights.value[1] as f32,
            value_slope1: layer.weights.value[2] as f32,
            by_t_rise: layer.weights.by_temperature[0] as f32,
            by_t_slope0: layer.weights.by_temperature[1] as f32,
            by_t_slope1: layer.weights.by_temperature[2] as f32,
            ln_column: (layer.ln_column + ln_scale).max(LN_NO_COLUMN) as f32,
            inverse_temperature: layer.inverse_temperature as f32,
            pad0: 0,
            pad1: 0,
            pad2: 0,
        };
        layers.iter().map(state).collect()
    }
}

/// The buffers of the kernel.
#[derive(Debug, Clone, Copy)]
pub struct CiaBuffers {
    /// \[temperature\]\[node\] f32, read.
    pub ln_k: BufferId,
    /// \[temperature\]\[node\] f32, read.
    pub ln_slope: BufferId,
    /// \[n of the grid\] u32, read.
    pub position: BufferId,
    /// \[layers of the atmosphere\] of 48 bytes, [`CiaLayerState`], read.
    pub layer_state: BufferId,
    /// \[layers of a batch or more\]\[segment\] f32, read and written.
    pub dtau: BufferId,
    /// Its derivative by temperature, if wanted, of the same shape, per K, read and written.
    pub dtau_dt: Option<BufferId>,
}

impl CiaBuffers {
    /// Adds the dispatch for the layers `first_layer .. first_layer + layers`, the first rows of `dtau`, at the points of a segment;
    /// `nodes` is [`CiaGrid::nodes`].
    pub fn dispatch(&self, program: &mut ProgramBuilder, segment: Segment, nodes: u32, first_layer: u32, layers: u32) {
        let params = CiaParams {
            quads: segment.quads(),
            first_quad: segment.first_quad(),
            layers,
            first_layer,
            nodes,
            pad0: 0,
            pad1: 0,
            pad2: 0,
        };
        let mut bindings = vec![self.ln_k, self.ln_slope, self.position, self.layer_state, self.dtau];
        bindings.extend(self.dtau_dt);
        let kernel = if self.dtau_dt.is_some() { &CIA_WITH_DERIVATIVE } else { &CIA };
        program.dispatch(kernel, &params, &bindings, [segment.len().div_ceil(WORKGROUP), 1, 1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::{Device, Element, Limits, Role, Workspace};
    use crate::opacity::cia::{Pair, add_cia, add_cia_with_derivative};
    use crate::opacity::cia_table::LN_NOTHING;

    fn device() -> Device {
        Device::from_env().unwrap_or_else(|e| panic!("{e}\nRun scripts/test, which installs a software driver."))
    }

    const LAYERS: usize = 40;
    const TABLE_K: [f64; 5] = [200.0, 400.0, 700.0, 1200.0, 2000.0];

    /// H2-H2-like layers from 1e-5 to 100 bar, with helium absent in the topmost.
    fn layers() -> Vec<CiaLayer> {
        let pressure: Vec<f64> = (0..LAYERS).map(|i| 10f64.powf(-5.0 + 7.0 * i as f64 / 39.0)).collect();
        let dpressure: Vec<f64> = pressure.iter().map(|p| 0.4 * p).collect();
        let temperature: Vec<f64> = (0..LAYERS).map(|i| 200.0 + 1800.0 * ((i * 17) % 40) as f64 / 39.0).collect();
        let mut second = vec![0.15; LAYERS];
        second[0] = 0.0;
        let pair = Pair {
            first: &[0.85; LAYERS],
            second: &second,
            pressure_bar: &pressure,
            dpressure_bar: &dpressure,
            temperature_k: &temperature,
            mean_molar_mass: &[2.3; LAYERS],
            gravity: &[2500.0; LAYERS],
        };
        pair.layers(&CiaGrid::new("A-B", TABLE_K.to_vec(), vec![0.0; 10], Vec::new())).unwrap()
    }

    /// Coefficients from 1e-60 to 1e-44 at `nodes` wavenumbers, some absent, and `n` points between them.
    fn table(nodes: usize, n: usize) -> CiaGrid {
        let value = |k: usize| {
            let node = k % nodes;
            if node.is_multiple_of(31) || node == nodes - 1 {
                LN_NOTHING
            } else {
                -120.0 + 18.0 * (0.05 * k as f64).sin() + 1e-3 * k as f64
            }
        };
        let place = |i: usize| if i % 50 < 3 { 0.0 } else { (i + 1) as f64 * (nodes - 2) as f64 / (n + 1) as f64 };
        let ln_coefficient = (0..TABLE_K.len() * nodes).map(value).collect();
        CiaGrid::new("A-B", TABLE_K.to_vec(), ln_coefficient, (0..n).map(place).collect())
    }

    /// dtau and its derivative, in batches of layers and segments of points.
    fn run(grid: &CiaGrid, start: f32, batch: usize, segment: usize, derivative: bool) -> [Vec<f32>; 2] {
        let n_wavenumbers = grid.position.len();
        let n = n_wavenumbers.next_multiple_of(4);
        let scaled = DeviceTable::new(grid, n).unwrap();
        let mut b = ProgramBuilder::new();
        let shape = [TABLE_K.len() as u64, grid.nodes() as u64];
        let table = b.buffer("cia.ln_k", Element::F32, &shape, Role::Constant);
        let slopes = b.buffer("cia.ln_slope", Element::F32, &shape, Role::Constant);
        let position = b.buffer("cia.position", Element::U32, &[n as u64], Role::Constant);
        let layer_state = b.buffer("cia.layer_state", Element::UVec4, &[LAYERS as u64, 3], Role::Input);
        let source = b.buffer("test.start", Element::F32, &[(batch * n) as u64], Role::Input);
        let all = ["dtau", "dtau_dt"]
            .map(|name| b.buffer(format!("test.{name}"), Element::F32, &[LAYERS as u64, n as u64], Role::Output));
        all.iter().for_each(|all| _ = b.clear(*all));
        for (i, at) in (0..n).step_by(segment).enumerate() {
            let points = segment.min(n - at);
            let names = &["dtau", "dtau_dt"][..if derivative { 2 } else { 1 }];
            let shape = [batch as u64, points as u64];
            let row = |name| b.buffer(format!("optical_depth.{name}{i}"), Element::F32, &shape, Role::Scratch);
            let rows: Vec<_> = names.iter().map(row).collect();
            let dtau_dt = rows.get(1).copied();
            let buffers = CiaBuffers { ln_k: table, ln_slope: slopes, position, layer_state, dtau: rows[0], dtau_dt };
            for first in (0..LAYERS).step_by(batch) {
                let count = batch.min(LAYERS - first);
                rows.iter().for_each(|row| _ = b.copy(source, 0, *row, 0, (count * points * 4) as u64));
                let segment = Segment::new(at as u32, points as u32).unwrap();
                buffers.dispatch(&mut b, segment, grid.nodes() as u32, first as u32, count as u32);
                for layer in 0..count {
                    for (row, all) in rows.iter().zip(all) {
                        let target = ((first + layer) * n + at) * 4;
                        b.copy(*row, (layer * points * 4) as u64, all, target as u64, points as u64 * 4);
                    }
                }
            }
        }
        let mut workspace = Workspace::new(&device(), b.finish(&Limits::default(), None).unwrap()).unwrap();
        workspace.write_slice(table, &scaled.ln_k).unwrap();
        workspace.write_slice(slopes, &scaled.ln_slope).unwrap();
        workspace.write_slice(position, &scaled.position(grid)).unwrap();
        workspace.write_slice(layer_state, &DeviceTable::layer_states(scaled.ln_scale, &layers())).unwrap();
        workspace.write_slice(source, &vec![start; batch * n]).unwrap();
        workspace.run().unwrap();
        all.map(|all| {
            let padded = workspace.read_vec::<f32>(all).unwrap();
            padded.chunks(n).flat_map(|row| row[..n_wavenumbers].to_vec()).collect()
        })
    }

    #[test]
    fn kernel_equals_twin() {
        for (nodes, n, start, batch) in [(700, 1000, 0.0, 40), (1300, 1001, 0.0, 16), (9, 3, 0.125, 7)] {
            let grid = table(nodes, n);
            let mut twin = vec![f64::from(start); LAYERS * n];
            let mut slope = twin.clone();
            add_cia_with_derivative(&mut twin, &mut slope, &grid, &layers(), 0).unwrap();
            // What the layers of either side of a point have; the position is rounded by 1 / 131072 of the difference.
            let mut whole = grid.clone();
            let nearest = |p: &f64| if *p == 0.0 { 0.0 } else { p.floor() };
            whole.position = grid.position.iter().map(nearest).collect();
            let mut beside = vec![0.0; LAYERS * n];
            add_cia(&mut beside, &whole, &layers(), 0).unwrap();
            whole.position.iter_mut().for_each(|p| *p += if *p > 0.0 { 1.0 } else { 0.0 });
            add_cia(&mut beside, &whole, &layers(), 0).unwrap();
            let [dtau, dtau_dt] = run(&grid, start, batch, 256, true);
            assert_eq!(run(&grid, start, batch, 1024, false)[0], dtau, "the same bits without the derivative");
            let mut worst = [0.0f64; 2];
            for i in 0..twin.len() {
                // Logarithms up to 40 in size are rounded to 2e-6 five times. Below 1e-30 the kernel may end in zero.
                let tolerance = 1e-5 * (twin[i] + beside[i]) + 1e-30;
                worst[0] = worst[0].max((f64::from(dtau[i]) - twin[i]).abs() / tolerance);
                // ln k changes by up to 900 within 200 K where it vanishes, by 20 elsewhere, at most twice as fast
                // as on average between two rows; 1 / T is below 0.005.
                let steepest = if beside[i] > 0.0 { 0.4 } else { 0.0 };
                let tolerance = steepest * tolerance + 1e-6 * f64::from(start) + 1e-30;
                worst[1] = worst[1].max((f64::from(dtau_dt[i]) - slope[i]).abs() / tolerance);
            }
            eprintln!("{n} wavenumbers: {worst:.2?} of the tolerances");
            assert!(worst.iter().all(|w| *w < 1.0), "{n} wavenumbers: {worst:?} times the tolerances");
            assert!(n < 1000 || twin.iter().any(|dtau| *dtau > 1.0), "the case reaches thick layers");
            assert!(
                dtau.iter().zip(&twin).all(|(a, b)| *b != f64::from(start) || *a == start),
                "exact outside the bands"
            );
        }
    }

    #[test]
    fn batches_and_segments_give_the_same_bits_and_poison_stays_where_it_is() {
        let mut grid = table(150, 200);
        let clean = run(&grid, 0.0, 40, 200, true);
        for (batch, segment) in [(1, 200), (7, 40), (16, 4)] {
            assert_eq!(run(&grid, 0.0, batch, segment, true), clean, "batches of {batch}, segments of {segment}");
        }
        for row in 0..TABLE_K.len() {
            grid.ln_coefficient[row * 150 + 33] = f64::NAN;
        }
        let poisoned = run(&grid, 0.0, 40, 200, true);
        let near = |i: usize| (32.0..=34.0).contains(&grid.position[i % 200]);
        for i in (0..LAYERS * 200).filter(|i| !near(*i)) {
            assert_eq!((poisoned[0][i], poisoned[1][i]), (clean[0][i], clean[1][i]), "value {i}");
        }
    }

    #[test]
    fn positions_are_packed_and_wrong_shapes_refused() {
        let ln_coefficient =
            [[LN_NOTHING, -110.0, -100.0, LN_NOTHING], [LN_NOTHING, -105.0, -104.0, LN_NOTHING]].concat();
        let position = vec![0.0, 1.0, 1.5, 1.9999999];
        let grid = CiaGrid::new("A-B", vec![100.0, 200.0], ln_coefficient, position);
        let table = DeviceTable::new(&grid, 8).unwrap();
        assert_eq!(table.ln_k, [-900.0, -10.0, 0.0, -900.0, -900.0, -5.0, -4.0, -900.0]);
        assert_eq!(table.position(&grid), [0, 1 << 16, (1 << 16) + (1 << 15), 2 << 16, 0, 0, 0, 0]);
        assert!(DeviceTable::new(&grid, 3).is_err());
        assert!(DeviceTable::new(&grid, 6).is_err());
        let large = CiaGrid { ln_coefficient: vec![-100.0; 2 * (MAX_NODES + 1)], ..grid };
        assert!(DeviceTable::new(&large, 8).unwrap_err().to_string().contains("at most 65536"));
    }
}
