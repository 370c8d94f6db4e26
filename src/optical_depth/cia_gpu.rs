//! The device side of [`cia`](super::cia): kernel, parameters, scaled table, dispatch.

use std::ops::Range;

use crate::gpu::{BufferId, HostLayout, Kernel, ProgramBuilder, host_struct};
use crate::optical_depth::cia::{CiaLayer, LN_NO_COLUMN, LN_ZERO};
use crate::{Error, Result};

host_struct! {
    /// Parameters of one batch of layers.
    pub struct CiaParams {
        /// Wavenumbers of the segment over four.
        quads: u32,
        /// Layers of this batch.
        layers: u32,
        /// Index of the batch's first layer in the atmosphere.
        first_layer: u32,
        /// Wavenumber over four at which the segment starts.
        first_quad: u32,
        /// Wavenumbers of the table over four.
        table_quads: u32,
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
        /// Row of the table at or below the layer's temperature.
        lower: u32,
        /// Position between this row and the next.
        fraction: f32,
        /// ln(n_1 n_2 dz) plus [`DeviceTable::ln_scale`].
        ln_column: f32,
        /// Zero.
        pad0: u32,
    }
}

/// Absorption of a pair of species: `shaders/optical_depth/cia.wgsl`.
pub static CIA: Kernel = Kernel::new(
    "optical_depth/cia",
    &[include_str!("../../shaders/lib/math.wgsl"), include_str!("../../shaders/optical_depth/cia.wgsl")],
    &CiaParams::LAYOUT,
)
.with_structs(&[&CiaLayerState::LAYOUT]);

/// Invocations per workgroup, as in the shader.
const WORKGROUP: u32 = 64;

/// Rows are padded to a multiple of this.
const ROW_MULTIPLE: usize = 4;

/// A table of ln k scaled for f32.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceTable {
    /// \[temperature\]\[n\]: ln k less `ln_scale`, at least [`LN_ZERO`]; rows padded with copies of their last value.
    pub ln_k: Vec<f32>,
    /// The largest ln k of the table.
    pub ln_scale: f64,
}

impl DeviceTable {
    /// From `ln_k` \[temperature\]\[`n_wavenumbers`\], to rows of `n` values. Values near zero keep their figures in f32, those
    /// near -106 = ln 1e-46 would lose a factor 6e-6 in dtau.
    ///
    /// # Errors
    /// [`Error::Invalid`] if `ln_k` is empty or not whole rows, or `n` is not the padded length of a row.
    pub fn new(ln_k: &[f64], n_wavenumbers: usize, n: usize) -> Result<Self> {
        if ln_k.is_empty() || n_wavenumbers == 0 || !ln_k.len().is_multiple_of(n_wavenumbers) {
            let required = format!("a positive multiple of {n_wavenumbers} wavenumbers");
            return Err(Error::invalid("number of CIA coefficients", ln_k.len(), required));
        }
        if n < n_wavenumbers || !n.is_multiple_of(ROW_MULTIPLE) {
            let required = format!("at least {n_wavenumbers} and a multiple of {ROW_MULTIPLE}");
            return Err(Error::invalid("length of a row", n, required));
        }
        // f64::max passes over NaN, which must not become the scale.
        let ln_scale = ln_k.iter().copied().fold(LN_ZERO, f64::max);
        let scaled = |value: f64| (value - ln_scale).max(LN_NO_COLUMN) as f32;
        let rows = ln_k.chunks_exact(n_wavenumbers).flat_map(|row| {
            let padding = std::iter::repeat_n(row[n_wavenumbers - 1], n - n_wavenumbers);
            row.iter().copied().chain(padding).map(scaled)
        });
        Ok(Self { ln_k: rows.collect(), ln_scale })
    }

    /// The layers' states for this table.
    pub fn layer_states(&self, layers: &[CiaLayer]) -> Vec<CiaLayerState> {
        let state = |layer: &CiaLayer| CiaLayerState {
            lower: layer.lower as u32,
            fraction: layer.fraction as f32,
            ln_column: (layer.ln_column + self.ln_scale).max(LN_NO_COLUMN) as f32,
            pad0: 0,
        };
        layers.iter().map(state).collect()
    }
}

/// The buffers of the kernel; n is the padded length of a row.
#[derive(Debug, Clone, Copy)]
pub struct CiaBuffers {
    /// \[temperature\]\[n\] f32, read.
    pub ln_k: BufferId,
    /// \[layers of the atmosphere\] of 16 bytes, [`CiaLayerState`], read.
    pub layer_state: BufferId,
    /// \[layers of a batch or more\]\[segment\] f32, read and written.
    pub dtau: BufferId,
}

impl CiaBuffers {
    /// Adds the dispatch for the wavenumbers `segment` of `n` in the layers `first_layer .. first_layer + layers`, the first rows of `dtau`,
    /// each as long as the segment.
    ///
    /// # Errors
    /// [`Error::Invalid`] if `n` or an end of the segment is not a multiple of 4.
    pub fn dispatch(
        &self,
        program: &mut ProgramBuilder,
        n: usize,
        segment: &Range<usize>,
        first_layer: u32,
        layers: u32,
    ) -> Result<()> {
        if [n, segment.start, segment.end].iter().any(|n| !n.is_multiple_of(ROW_MULTIPLE)) {
            let given = format!("{n}, segment {segment:?}");
            return Err(Error::invalid("length of a row", given, format!("multiples of {ROW_MULTIPLE}")));
        }
        let quads = |n: usize| (n / ROW_MULTIPLE) as u32;
        let params = CiaParams {
            quads: quads(segment.len()),
            layers,
            first_layer,
            first_quad: quads(segment.start),
            table_quads: quads(n),
            pad0: 0,
            pad1: 0,
            pad2: 0,
        };
        let bindings = [self.ln_k, self.layer_state, self.dtau];
        program.dispatch(&CIA, &params, &bindings, [params.quads.div_ceil(WORKGROUP), 1, 1]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::{Device, Element, Limits, Role, Workspace};
    use crate::optical_depth::cia::{Pair, add_cia};

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
        pair.layers(&TABLE_K).unwrap()
    }

    /// Coefficients from 1e-60 to 1e-44, some absent.
    fn table(n: usize) -> Vec<f64> {
        let value = |i: usize| {
            if (i % n).is_multiple_of(31) { LN_ZERO } else { -120.0 + 18.0 * (0.05 * i as f64).sin() + 1e-3 * i as f64 }
        };
        (0..TABLE_K.len() * n).map(value).collect()
    }

    fn run(n_wavenumbers: usize, ln_k: &[f64], start: f32, batch: usize) -> Vec<f32> {
        let n = n_wavenumbers.next_multiple_of(4);
        let scaled = DeviceTable::new(ln_k, n_wavenumbers, n).unwrap();
        let mut b = ProgramBuilder::new();
        let table = b.buffer("cia.ln_k", Element::F32, &[TABLE_K.len() as u64, n as u64], Role::Constant);
        let layer_state = b.buffer("cia.layer_state", Element::UVec4, &[LAYERS as u64], Role::Input);
        let source = b.buffer("test.start", Element::F32, &[batch as u64, n as u64], Role::Input);
        let dtau = b.buffer("optical_depth.dtau", Element::F32, &[batch as u64, n as u64], Role::Scratch);
        let all = b.buffer("test.dtau", Element::F32, &[LAYERS as u64, n as u64], Role::Output);
        let row = n as u64 * 4;
        for first in (0..LAYERS).step_by(batch) {
            let count = batch.min(LAYERS - first);
            b.copy(source, 0, dtau, 0, count as u64 * row);
            let buffers = CiaBuffers { ln_k: table, layer_state, dtau };
            buffers.dispatch(&mut b, n, &(0..n), first as u32, count as u32).unwrap();
            b.copy(dtau, 0, all, first as u64 * row, count as u64 * row);
        }
        let mut workspace = Workspace::new(&device(), b.finish(&Limits::default(), None).unwrap()).unwrap();
        workspace.write_slice(table, &scaled.ln_k).unwrap();
        workspace.write_slice(layer_state, &scaled.layer_states(&layers())).unwrap();
        workspace.write_slice(source, &vec![start; batch * n]).unwrap();
        workspace.run().unwrap();
        let padded = workspace.read_vec::<f32>(all).unwrap();
        padded.chunks(n).flat_map(|row| row[..n_wavenumbers].to_vec()).collect()
    }

    #[test]
    fn kernel_equals_twin() {
        for (n, start, batch) in [(1000, 0.0, 40), (1001, 0.0, 16), (3, 0.125, 7)] {
            let ln_k = table(n);
            let mut twin = vec![f64::from(start); LAYERS * n];
            add_cia(&mut twin, &ln_k, &layers(), n).unwrap();
            let mut worst: f64 = 0.0;
            for (found, expected) in run(n, &ln_k, start, batch).iter().zip(&twin) {
                // Logarithms up to 40 in size are rounded to 2e-6 five times. Below 1e-30 the kernel may end in zero.
                let error = (f64::from(*found) - expected).abs();
                worst = worst.max(error / (1e-5 * expected + 1e-30));
            }
            eprintln!("{n} wavenumbers: {worst:.2} of the tolerance");
            assert!(worst < 1.0, "{n} wavenumbers: {worst} times the tolerance");
            assert!(n < 1000 || twin.iter().any(|dtau| *dtau > 1.0), "the case reaches thick layers");
        }
    }

    #[test]
    fn batches_give_the_same_bits_and_poison_stays_where_it_is() {
        let mut ln_k = table(200);
        let clean = run(200, &ln_k, 0.0, 40);
        for batch in [1, 7, 16] {
            assert_eq!(run(200, &ln_k, 0.0, batch), clean, "batches of {batch}");
        }
        for row in 0..TABLE_K.len() {
            ln_k[row * 200 + 33] = f64::NAN;
        }
        let poisoned = run(200, &ln_k, 0.0, 40);
        for i in (0..LAYERS * 200).filter(|i| i % 200 != 33) {
            assert_eq!(poisoned[i], clean[i], "value {i}");
        }
    }

    #[test]
    fn wrong_shapes_are_refused() {
        assert!(DeviceTable::new(&[], 2, 4).is_err());
        assert!(DeviceTable::new(&[0.0; 5], 2, 4).is_err());
        assert!(DeviceTable::new(&[0.0; 4], 2, 3).is_err());
        assert!(DeviceTable::new(&[0.0; 16], 8, 4).is_err());
        let table = DeviceTable::new(&[-110.0, -100.0, LN_ZERO, -105.0, -104.0, -103.0], 3, 4).unwrap();
        assert_eq!(table.ln_k, [-10.0, 0.0, -100.0, -100.0, -5.0, -4.0, -3.0, -3.0]);
    }
}
