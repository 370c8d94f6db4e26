//! What kernels of several stages share: the fragments in `shaders/lib/` by name, the records that they read as the host has
//! them, and how a kernel is declared.
//!
//! A kernel is composed of lists of fragments from here, in the order in which they are named, and of files of its own stage
//! after them, the last of which has the entry point.

use crate::gpu::{HostLayout, Layout, host_struct};
use crate::grid::channels::MAX_CHANNELS;

host_struct! {
    /// A layer as shaders/lib/layer.wgsl reads it.
    pub(crate) struct LayerState {
        inverse_sigma: f32, boltzmann: f32, c2_over_t: f32, ln_t_ratio: f32, ln_pressure: f32, strength_factor: f32,
        output_factor: f32, channel_mid: f32, channel_inverse_half: f32, channel_scale: u32,
        inverse_temperature: f32, common_slope: f32, pressure: f32, inverse_step: f32, channels: u32, pad0: f32,
        profile: [[f32; 4]; MAX_CHANNELS / 4],
    }
}

host_struct! {
    /// A line as shaders/lib/lines.wgsl reads it.
    pub(crate) struct Line {
        node: i32, fraction: f32, ln_strength: f32, energy: f32, ln_gamma: f32, exponent: f32, wavenumber: f32, natural: f32,
        curvature: f32, shift: f32, pad0: f32, pad1: f32,
    }
}
/// Records that storage buffers of the kernels hold.
pub(crate) const STRUCTS: &[&Layout] = &[&Line::LAYOUT, &LayerState::LAYOUT];

/// Fragments of kernels.
pub(crate) type Fragments = &'static [&'static str];

/// The text of a file under `shaders/`.
macro_rules! wgsl {
    ($file:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $file))
    };
}
pub(crate) use wgsl;

/// Elementary functions, and loops that drivers do not cut short.
pub(crate) const MATH: Fragments = &[wgsl!("lib/math.wgsl"), wgsl!("lib/turns.wgsl")];
/// The state of layers. After [`MATH`].
pub(crate) const LAYER: Fragments = &[wgsl!("lib/layer.wgsl")];
/// Derivatives of what layers make of lines. After [`LAYER`] and, if they are wanted, [`LINES`].
pub(crate) const LAYER_SLOPES: Fragments = &[wgsl!("lib/layer_slopes.wgsl")];
/// The table of lines. After [`LAYER`].
pub(crate) const LINES: Fragments = &[wgsl!("lib/lines.wgsl")];
/// The Voigt profile. After [`MATH`].
pub(crate) const SHAPE_VALUE: Fragments = &[wgsl!("lib/voigt.wgsl"), wgsl!("lib/shape_value.wgsl")];
/// Its derivative by temperature, under the same names.
pub(crate) const SHAPE_SLOPE: Fragments =
    &[wgsl!("lib/voigt.wgsl"), wgsl!("lib/voigt_derivative.wgsl"), wgsl!("lib/shape_slope.wgsl")];
/// Both the profile and its derivative, under their own names.
pub(crate) const VOIGT: Fragments = &[wgsl!("lib/voigt.wgsl"), wgsl!("lib/voigt_derivative.wgsl")];

/// Number of fragments in some lists.
pub(crate) const fn count(lists: &[Fragments]) -> usize {
    let (mut sum, mut i) = (0, 0);
    while i < lists.len() {
        sum += lists[i].len();
        i += 1;
    }
    sum
}

/// All fragments of some lists, `N` of them.
pub(crate) const fn joined<const N: usize>(lists: &[Fragments]) -> [&'static str; N] {
    let (mut all, mut at, mut i) = ([""; N], 0, 0);
    while i < lists.len() {
        let mut k = 0;
        while k < lists[i].len() {
            all[at] = lists[i][k];
            at += 1;
            k += 1;
        }
        i += 1;
    }
    all
}

/// Declares a kernel: what it does as a comment, then its parameters, its name, lists of fragments, and files of its stage:
/// `TAPS: TapsParams = "cross_section/taps", [MATH, SHAPE_VALUE, LAYER], ["cross_section/taps.wgsl"]`.
macro_rules! kernel {
    ($(#[$doc:meta])* $name:ident: $params:ty = $path:literal, [$($list:expr),* $(,)?], [$($file:literal),+ $(,)?]) => {
        $(#[$doc])*
        pub static $name: $crate::gpu::Kernel = {
            const LISTS: &[$crate::shader_lib::Fragments] = &[$($list,)* &[$($crate::shader_lib::wgsl!($file)),+]];
            const ALL: [&str; $crate::shader_lib::count(LISTS)] = $crate::shader_lib::joined(LISTS);
            $crate::gpu::Kernel::new($path, &ALL, &<$params as $crate::gpu::HostLayout>::LAYOUT)
                .with_structs($crate::shader_lib::STRUCTS)
        };
    };
}
pub(crate) use kernel;
