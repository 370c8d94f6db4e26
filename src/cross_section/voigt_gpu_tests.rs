//! Sweeps of `shaders/lib/voigt_derivative.wgsl` and of the channels' slopes in `shaders/lib/layer_slopes.wgsl` on the device against f64.

use super::voigt::{self, Shape};
use super::voigt_derivative::Change;
use crate::gpu::{Device, Element, HostLayout, Kernel, Limits, ProgramBuilder, Role, Workspace, host_struct};
use crate::grid::chebyshev::{ChebyshevAxis, MAX_NODES};

host_struct! {
    struct SweepParams { n: u32, value: f32, doppler: f32, lorentz: f32 }
}

static PROFILE: Kernel = Kernel::new(
    "test/voigt_derivative",
    &[
        include_str!("../../shaders/lib/math.wgsl"),
        include_str!("../../shaders/lib/turns.wgsl"),
        include_str!("../../shaders/lib/voigt.wgsl"),
        include_str!("../../shaders/lib/voigt_derivative.wgsl"),
        "struct SweepParams { n: u32, value: f32, doppler: f32, lorentz: f32 }
         @group(0) @binding(0) var<uniform> params: SweepParams;
         @group(0) @binding(1) var<storage, read> at: array<vec4<f32>>;
         @group(0) @binding(2) var<storage, read_write> y: array<f32>;
         @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
             let i = id.x;
             if i >= params.n { return; }
             let change = Change(params.value, params.doppler, params.lorentz);
             let x = at[i].x;
             let g = at[i].y;
             let radius = at[i].z;
             y[i] = change_of_voigt(vec4(x), g, change).y;
             y[params.n + i] = softened_inside(change_of_softening(radius, g, change), vec4(x * x)).z;
             y[2u * params.n + i] = voigt(vec4(x), g).x;
         }",
    ],
    &SweepParams::LAYOUT,
);

static WEIGHTS: Kernel = Kernel::new(
    "test/channel_slopes",
    &[
        include_str!("../../shaders/lib/math.wgsl"),
        include_str!("../../shaders/lib/turns.wgsl"),
        include_str!("../../shaders/lib/layer.wgsl"),
        include_str!("../../shaders/lib/layer_slopes.wgsl"),
        "struct WeightParams { n: u32, count: u32, pad0: u32, pad1: u32 }
         @group(0) @binding(0) var<uniform> params: WeightParams;
         @group(0) @binding(1) var<storage, read> at: array<f32>;
         @group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;
         @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
             let i = id.x;
             if i >= params.n { return; }
             for (var first = 0u; first < 32u; first += 4u) {
                 let both = channel_weights_and_slopes(at[i], first + vec4(0u, 1u, 2u, 3u), params.count);
                 y[8u * i + first / 4u] = both.weight;
                 y[8u * (params.n + i) + first / 4u] = both.slope;
             }
         }",
    ],
    &WeightParams::LAYOUT,
);

host_struct! {
    struct WeightParams { n: u32, count: u32, pad0: u32, pad1: u32 }
}

/// Runs a kernel of one input and one output.
fn run<P: HostLayout>(
    kernel: &'static Kernel,
    params: &P,
    input: &[f32],
    invocations: usize,
    floats: usize,
) -> Vec<f32> {
    let device =
        Device::from_env().unwrap_or_else(|e| panic!("{e}\nRun scripts/test, which installs a software driver."));
    let mut b = ProgramBuilder::new();
    let from = b.buffer("test.x", Element::F32, &[input.len() as u64], Role::Input);
    let to = b.buffer("test.y", Element::F32, &[floats as u64], Role::Output);
    b.dispatch(kernel, params, &[from, to], [invocations.div_ceil(64) as u32, 1, 1]);
    let mut workspace = Workspace::new(&device, b.finish(&Limits::default(), None).unwrap()).unwrap();
    workspace.write_slice(from, input).unwrap();
    workspace.run().unwrap();
    workspace.read_vec::<f32>(to).unwrap()
}

/// Widths and distances in units of s, 1e-6 to 1e3 and 0 to 3e4; with them softening radii.
fn points() -> Vec<[f32; 4]> {
    let mut points = Vec::new();
    for e in -24..=12 {
        let g = 10f64.powf(f64::from(e) / 4.0);
        for i in 0..600 {
            let x = if i < 300 { 0.04 * f64::from(i) } else { 1.03f64.powi(i - 300) * 10.0 };
            for radius in [9.0, 60.0] {
                points.push([x as f32, g as f32, radius as f32, 0.0]);
            }
        }
    }
    points
}

/// Errors relative to V and the magnitude of the changes; in a Gaussian flank the rounding of x counts (x/s)^2 times.
#[test]
fn gpu_changes_of_the_profile_are_the_twins() {
    let points = points();
    let n = points.len();
    for (value, doppler, lorentz) in [(0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (3.0, 0.5, -0.7)] {
        let params = SweepParams { n: n as u32, value, doppler, lorentz };
        let y = run(&PROFILE, &params, points.as_flattened(), n, 3 * n);
        let change = Change { value: f64::from(value), doppler: f64::from(doppler), lorentz: f64::from(lorentz) };
        let mut worst = [(0.0, [0.0; 4]); 3];
        for (i, p) in points.iter().enumerate() {
            let [x, g, radius, _] = p.map(f64::from);
            let v = voigt::profile(x, 1.0, g);
            let magnitude = |c: f64, shape: Change| (c * shape.profile(x, 1.0, g)).abs();
            let scale = v
                + magnitude(change.doppler, Change { value: 0.0, doppler: 1.0, lorentz: 0.0 })
                + magnitude(change.lorentz, Change { value: 0.0, doppler: 0.0, lorentz: 1.0 });
            let mut note = |k: usize, expected: f64, scale: f64| {
                let got = f64::from(y[k * n + i]);
                let off = if got.is_finite() { (got - expected).abs() / scale.max(1e-34) } else { f64::INFINITY };
                if off > worst[k].0 {
                    worst[k] = (off, p.map(f64::from));
                }
            };
            note(0, change.profile(x, 1.0, g), scale);
            if x < radius {
                note(1, change.softening(radius, 1.0, g).inside(x), voigt::Softening::new(radius, 1.0, g).inside(x));
            }
            note(2, v, v);
        }
        eprintln!("profile {:?}, softened {:?}, value {:?}", worst[0], worst[1], worst[2]);
        assert!(worst[0].0 < 1e-5 && worst[1].0 < 5e-6 && worst[2].0 < 1e-5);
    }
}

/// On nodes, beside nodes and anywhere: relative to the largest possible slope, that at the ends, count^2.
#[test]
fn gpu_channel_slopes_are_the_twins() {
    for count in [1usize, 2, 3, 5, 8, 13, 32] {
        let axis = ChebyshevAxis::spanning(count, -1.0, 1.0);
        let beside = axis.nodes().flat_map(|u| [0.0, 1e-7, -1e-6, 1e-5, -1e-3].map(|e| (u + e) as f32));
        let t: Vec<f32> = (-50..=50).map(|i| i as f32 / 50.0).chain(beside).chain([1e-30]).collect();
        let n = t.len();
        let params = WeightParams { n: n as u32, count: count as u32, pad0: 0, pad1: 0 };
        let y = run(&WEIGHTS, &params, &t, n, 64 * n);
        let (mut weights, mut slopes) = ([0.0; MAX_NODES], [0.0; MAX_NODES]);
        for (i, t) in t.iter().enumerate() {
            axis.weights_and_slopes(f64::from(*t), &mut weights, &mut slopes);
            for k in 0..MAX_NODES {
                let [w, s] = [y[32 * i + k], y[32 * (n + i) + k]].map(f64::from);
                let (weight, slope) = if k < count { (weights[k], slopes[k]) } else { (0.0, 0.0) };
                let scale = (count * count) as f64;
                assert!((w - weight).abs() < 4e-6 * scale, "{count} {t}: weight {k} is {w}, not {weight}");
                assert!((s - slope).abs() < 4e-6 * scale * scale, "{count} {t}: slope {k} is {s}, not {slope}");
            }
        }
    }
}
