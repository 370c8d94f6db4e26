//! The device side of [`emission`](super): kernel, parameters, dispatch.

use crate::gpu::{BufferId, HostLayout, Kernel, ProgramBuilder, host_struct};
use crate::grid::Segment;
use crate::transfer::Quadrature;

host_struct! {
    /// Parameters of one batch of layers.
    pub struct EmissionParams {
        /// Wavenumbers of the segment over four.
        quads: u32,
        /// Layers of this batch.
        layers: u32,
        /// Index of the batch's first layer in the atmosphere.
        first_layer: u32,
        /// Groups of four angles, 1 or 2.
        groups: u32,
        /// 1 if a surface follows this batch, else 0.
        surfaces: u32,
        /// Index of the surface's temperature.
        surface: u32,
        /// Wavenumber over four at which the segment starts.
        first_quad: u32,
        /// Zero.
        pad0: u32,
        /// 1 / mu of each angle, 0 where there is none.
        inverse_mu: [[f32; 4]; 2],
        /// 2 mu w of each angle, 0 where there is none.
        weight: [[f32; 4]; 2],
    }
}

/// Emission of a batch of layers: `shaders/transfer/emission.wgsl`.
pub static EMISSION: Kernel = Kernel::new(
    "transfer/emission",
    &[
        include_str!("../../../shaders/lib/math.wgsl"),
        include_str!("../../../shaders/lib/planck.wgsl"),
        include_str!("../../../shaders/lib/slant.wgsl"),
        include_str!("../../../shaders/transfer/emission.wgsl"),
    ],
    &EmissionParams::LAYOUT,
);

/// Invocations per workgroup, as in the shader.
const WORKGROUP: u32 = 64;

/// The buffers of the kernel, all f32; n is the padded length of a row. The padding of the wavenumbers repeats the last one (any positive
/// value will do), that of the optical depths may be anything but NaN.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct EmissionBuffers {
    /// \[n\] cm-1, read.
    pub wavenumber: BufferId,
    /// \[layers of a batch or more\]\[segment\], read.
    pub dtau: BufferId,
    /// \[layers of the atmosphere + 1\] K, the last that of the surface (anything if there is none), read.
    pub temperature: BufferId,
    /// \[n\], read and written; must be cleared before the first batch.
    pub tau: BufferId,
    /// \[n\] erg s-1 cm-2 / cm-1, read and written; must be cleared before the first batch.
    pub flux: BufferId,
}

impl EmissionBuffers {
    /// Adds the dispatch for the wavenumbers `segment` in the layers `first_layer .. first_layer + layers` of the atmosphere, whose optical
    /// depths are the first rows of `dtau`, each as long as the segment; `surface` is the number of layers of the atmosphere if this is the last batch and a surface lies below.
    /// Bits do not depend on the batches if each but the last is a multiple of `RESTART` layers.
    pub fn dispatch(
        &self,
        program: &mut ProgramBuilder,
        segment: Segment,
        first_layer: u32,
        layers: u32,
        surface: Option<u32>,
        quadrature: &Quadrature,
    ) {
        let (inverse_mu, weight) = groups_of_angles(quadrature);
        let params = EmissionParams {
            quads: segment.quads(),
            layers,
            first_layer,
            groups: quadrature.angles().div_ceil(4) as u32,
            surfaces: u32::from(surface.is_some()),
            surface: surface.unwrap_or(0),
            first_quad: segment.first_quad(),
            pad0: 0,
            inverse_mu,
            weight,
        };
        let bindings = [self.wavenumber, self.dtau, self.temperature, self.tau, self.flux];
        program.dispatch(&EMISSION, &params, &bindings, [segment.quads().div_ceil(WORKGROUP), 1, 1]);
    }
}

/// 1 / mu and 2 mu w in groups of four angles, zero where there is none.
pub(in crate::transfer) fn groups_of_angles(quadrature: &Quadrature) -> ([[f32; 4]; 2], [[f32; 4]; 2]) {
    let (mut inverse_mu, mut weight) = ([[0.0; 4]; 2], [[0.0; 4]; 2]);
    let angles = quadrature.mu().iter().zip(quadrature.flux_weight());
    for ((mu, w), (inverse_mu, weight)) in
        angles.zip(inverse_mu.as_flattened_mut().iter_mut().zip(weight.as_flattened_mut()))
    {
        (*inverse_mu, *weight) = ((1.0 / mu) as f32, *w as f32);
    }
    (inverse_mu, weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants::C2;
    use crate::gpu::{Device, Element, Limits, Role, Workspace};
    use crate::transfer::EmissionState;
    use crate::transfer::blocks::RESTART;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    fn device() -> Device {
        Device::from_env().unwrap_or_else(|e| panic!("{e}\nRun scripts/test, which installs a software driver."))
    }

    /// Optical depths over thirteen decades, some zero, some opaque; f32 values, so that device and twin see the same.
    struct Case {
        wavenumber: Vec<f32>,
        dtau: Vec<f32>,
        /// Of the layers, then of the surface.
        temperature: Vec<f32>,
    }

    impl Case {
        fn random(n: usize, layers: usize, seed: u64) -> Self {
            let mut rng = StdRng::seed_from_u64(seed);
            let column: Vec<f32> = (0..n).map(|_| 10f32.powf(rng.random_range(-9.0..2.0))).collect();
            let mut dtau: Vec<f32> =
                (0..layers * n).map(|k| column[k % n] * 10f32.powf(rng.random_range(-3.0..1.0))).collect();
            dtau.iter_mut().step_by(97).for_each(|dtau| *dtau = 0.0);
            Self {
                wavenumber: (0..n).map(|i| 500.0 + 5000.0 * i as f32 / n as f32).collect(),
                dtau,
                temperature: (0..=layers).map(|_| rng.random_range(300.0..2500.0)).collect(),
            }
        }

        fn layers(&self) -> usize {
            self.temperature.len() - 1
        }

        fn device(&self, device: &Device, quadrature: &Quadrature, batch: usize, surface: bool) -> [Vec<f32>; 2] {
            let (n, layers) = (self.wavenumber.len(), self.layers());
            let mut b = ProgramBuilder::new();
            let wavenumber = b.buffer("test.wavenumber", Element::F32, &[n as u64], Role::Constant);
            let source = b.buffer("test.dtau", Element::F32, &[layers as u64, n as u64], Role::Input);
            let temperature = b.buffer("test.temperature", Element::F32, &[layers as u64 + 1], Role::Input);
            let dtau = b.buffer("transfer.dtau", Element::F32, &[batch as u64, n as u64], Role::Scratch);
            let tau = b.buffer("transfer.tau", Element::F32, &[n as u64], Role::Output);
            let flux = b.buffer("transfer.flux", Element::F32, &[n as u64], Role::Output);
            let buffers = EmissionBuffers { wavenumber, dtau, temperature, tau, flux };
            b.stage("transfer").clear(tau).clear(flux);
            for first in (0..layers).step_by(batch) {
                let count = batch.min(layers - first);
                b.copy(source, (first * n * 4) as u64, dtau, 0, (count * n * 4) as u64);
                let last = (surface && first + count == layers).then_some(layers as u32);
                buffers.dispatch(
                    &mut b,
                    Segment::whole(n as u32).unwrap(),
                    first as u32,
                    count as u32,
                    last,
                    quadrature,
                );
            }
            let mut workspace = Workspace::new(device, b.finish(&Limits::default(), None).unwrap()).unwrap();
            workspace.write_slice(wavenumber, &self.wavenumber).unwrap();
            workspace.write_slice(source, &self.dtau).unwrap();
            workspace.write_slice(temperature, &self.temperature).unwrap();
            workspace.run().unwrap();
            [tau, flux].map(|buffer| workspace.read_vec(buffer).unwrap())
        }

        fn twin(&self, quadrature: &Quadrature, surface: bool) -> EmissionState {
            let f64s = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
            let (nu, temperature) = (f64s(&self.wavenumber), f64s(&self.temperature));
            let mut state = EmissionState::new(nu.len());
            state.accumulate(&nu, &f64s(&self.dtau), &temperature[..self.layers()], quadrature).unwrap();
            if surface {
                state.add_surface(&nu, temperature[self.layers()], quadrature).unwrap();
            }
            state
        }

        /// The largest error of the flux over its tolerance, 1e-6 + 1e-7 x. In f32, pi B is good to 2e-7 + 1e-7 x (x = c2 nu / T,
        /// whose rounding the exponential magnifies; x of the coldest layer is the largest), the transmissions and the
        /// sum of 50 layers to a few 1e-7 each.
        fn worst(&self, found: &[f32], expected: &[f64]) -> f64 {
            let coldest = f64::from(self.temperature.iter().copied().fold(f32::MAX, f32::min));
            let errors = found.iter().zip(expected).zip(&self.wavenumber).map(|((found, expected), nu)| {
                let tolerance = 1e-6 + 1e-7 * C2 * f64::from(*nu) / coldest;
                (f64::from(*found) / expected - 1.0).abs() / tolerance
            });
            errors.fold(0.0, |a, b| if b > a || b.is_nan() { b } else { a })
        }
    }

    #[test]
    fn kernel_equals_twin() {
        let device = device();
        for (streams, surface, n) in [(8, false, 1000), (8, true, 1004), (2, true, 64), (16, true, 516), (10, false, 4)]
        {
            let quadrature = Quadrature::streams(streams).unwrap();
            let case = Case::random(n, 50, streams as u64);
            let [tau, flux] = case.device(&device, &quadrature, 16, surface);
            let twin = case.twin(&quadrature, surface);
            let worst = case.worst(&flux, &twin.flux);
            eprintln!("{streams} streams, surface {surface}: {worst:.2} of the tolerance");
            assert!(worst < 1.0, "{streams} streams, surface {surface}: {worst} times the tolerance");
            for (found, expected) in tau.iter().zip(&twin.tau) {
                assert!((f64::from(*found) / expected - 1.0).abs() < 50.0 * 6e-8, "tau {found}, expected {expected}");
            }
        }
    }

    #[test]
    fn batches_that_are_multiples_of_the_restart_give_the_same_bits() {
        let device = device();
        let quadrature = Quadrature::streams(8).unwrap();
        let case = Case::random(700, 45, 11);
        let whole = case.device(&device, &quadrature, 45, true);
        for batch in [RESTART, 2 * RESTART, 3 * RESTART] {
            assert_eq!(case.device(&device, &quadrature, batch, true), whole, "batches of {batch}");
        }
        let twin = case.twin(&quadrature, true);
        for batch in [1, 5, 13] {
            let [_, flux] = case.device(&device, &quadrature, batch, true);
            assert!(case.worst(&flux, &twin.flux) < 1.0, "batches of {batch}");
        }
    }

    #[test]
    fn isothermal_atmosphere_over_its_surface_is_a_black_body() {
        let device = device();
        let quadrature = Quadrature::streams(8).unwrap();
        let mut case = Case::random(800, 30, 12);
        case.temperature.fill(1100.0);
        let [_, flux] = case.device(&device, &quadrature, 16, true);
        let black: Vec<f64> =
            case.wavenumber.iter().map(|nu| crate::transfer::planck_flux(f64::from(*nu), 1100.0)).collect();
        assert!(case.worst(&flux, &black) < 1.0);
    }

    #[test]
    fn poison_stays_where_it_is() {
        let device = device();
        let quadrature = Quadrature::streams(8).unwrap();
        let mut case = Case::random(300, 20, 13);
        let [_, clean] = case.device(&device, &quadrature, 16, false);
        case.dtau[5 * 300 + 17] = f32::NAN;
        case.dtau[6 * 300 + 18] = f32::INFINITY;
        case.dtau[7 * 300 + 19] = f32::MAX;
        let [_, flux] = case.device(&device, &quadrature, 16, false);
        for i in (0..300).filter(|i| !(17..=19).contains(i)) {
            assert_eq!(flux[i], clean[i], "point {i}");
        }
        // The largest number is merely opaque.
        assert!(flux[19].is_finite() && flux[19] > 0.0);
    }
}
