//! Sweeps of `shaders/lib/math.wgsl` and `planck.wgsl` on the device against f64. The errors printed here stand in the shaders.

use crate::gpu::{Device, Element, HostLayout, Kernel, Limits, ProgramBuilder, Role, Workspace, host_struct};
use crate::transfer::planck_flux;

host_struct! {
    struct SweepParams { n: u32, pad0: u32, pad1: u32, pad2: u32 }
}

static SWEEP: Kernel = Kernel::new(
    "test/math",
    &[
        include_str!("../../shaders/lib/math.wgsl"),
        include_str!("../../shaders/lib/planck.wgsl"),
        "struct SweepParams { n: u32, pad0: u32, pad1: u32, pad2: u32 }
         @group(0) @binding(0) var<uniform> params: SweepParams;
         @group(0) @binding(1) var<storage, read> x: array<f32>;
         @group(0) @binding(2) var<storage, read_write> y: array<f32>;
         @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
             let i = id.x;
             if i >= params.n { return; }
             let v = x[i];
             let slant = transmission_f32(v);
             let slant4 = transmission_vec4(vec4(v));
             y[i] = exp_f32(v);
             y[params.n + i] = exp_vec4(vec4(v)).y;
             y[2u * params.n + i] = expm1_f32(v);
             y[3u * params.n + i] = expm1_vec4(vec4(v)).z;
             y[4u * params.n + i] = slant.through;
             y[5u * params.n + i] = slant4.through.w;
             y[6u * params.n + i] = slant.absorbed;
             y[7u * params.n + i] = slant4.absorbed.x;
             y[8u * params.n + i] = log_f32(v);
             y[9u * params.n + i] = planck_f32(v, 1000.0);
             y[10u * params.n + i] = planck_vec4(vec4(v), 1000.0).x;
         }",
    ],
    &SweepParams::LAYOUT,
);

const FUNCTIONS: usize = 11;

/// The functions above at each of `x`: `[function][x]`.
fn sweep(x: &[f32]) -> Vec<Vec<f32>> {
    let device =
        Device::from_env().unwrap_or_else(|e| panic!("{e}\nRun scripts/test, which installs a software driver."));
    let n = x.len();
    let mut b = ProgramBuilder::new();
    let input = b.buffer("test.x", Element::F32, &[n as u64], Role::Input);
    let output = b.buffer("test.y", Element::F32, &[FUNCTIONS as u64, n as u64], Role::Output);
    let params = SweepParams { n: n as u32, pad0: 0, pad1: 0, pad2: 0 };
    b.dispatch(&SWEEP, &params, &[input, output], [n.div_ceil(64) as u32, 1, 1]);
    let mut workspace = Workspace::new(&device, b.finish(&Limits::default(), None).unwrap()).unwrap();
    workspace.write_slice(input, x).unwrap();
    workspace.run().unwrap();
    workspace.read_vec::<f32>(output).unwrap().chunks(n).map(<[f32]>::to_vec).collect()
}

/// The largest error in units of the last place of the f32 next to the exact value.
fn worst_ulp(name: &str, x: &[f32], found: &[f32], exact: impl Fn(f64) -> f64) -> f64 {
    let mut worst = (0.0, 0.0);
    for (x, found) in x.iter().zip(found) {
        let exact = exact(f64::from(*x));
        let nearest = (exact.abs() as f32).max(f32::MIN_POSITIVE);
        let ulp = f64::from(f32::from_bits(nearest.to_bits() + 1)) - f64::from(nearest);
        let error = (f64::from(*found) - exact).abs() / ulp;
        if error > worst.0 || !error.is_finite() {
            worst = (error, *x);
        }
    }
    eprintln!("{name}: {:.2} ulp at {:e}", worst.0, worst.1);
    worst.0
}

/// `points` values over a range, evenly.
fn even(low: f64, high: f64, points: usize) -> impl Iterator<Item = f32> {
    (0..points).map(move |i| (low + (high - low) * i as f64 / (points - 1) as f64) as f32)
}

/// `points` values from 10^`low` to 10^`high`, evenly in the logarithm.
fn decades(low: f64, high: f64, points: usize) -> impl Iterator<Item = f32> {
    even(low, high, points).map(|x| 10f64.powf(f64::from(x)) as f32)
}

#[test]
fn exponentials_are_within_two_ulp() {
    let x: Vec<f32> = even(-87.0, 88.0, 200_000)
        .chain(even(-3.0, 3.0, 100_000))
        .chain(decades(-37.0, 0.0, 20_000))
        .chain(decades(-37.0, 0.0, 20_000).map(|x| -x))
        .filter(|x| (-87.0..=88.0).contains(x))
        .collect();
    let y = sweep(&x);
    let positive: Vec<usize> = (0..x.len()).filter(|i| x[*i] >= 0.0 && x[*i] <= 87.0).collect();
    let pick = |values: &[f32]| positive.iter().map(|i| values[*i]).collect::<Vec<_>>();
    for (name, k, exact) in [
        ("exp_f32", 0, f64::exp as fn(f64) -> f64),
        ("exp_vec4", 1, f64::exp),
        ("expm1_f32", 2, f64::exp_m1),
        ("expm1_vec4", 3, f64::exp_m1),
    ] {
        assert!(worst_ulp(name, &x, &y[k], exact) <= 2.0, "{name}");
    }
    for (name, k, exact) in [
        ("transmission_f32, through", 4, (|x| (-x).exp()) as fn(f64) -> f64),
        ("transmission_vec4, through", 5, |x| (-x).exp()),
        ("transmission_f32, absorbed", 6, |x| -(-x).exp_m1()),
        ("transmission_vec4, absorbed", 7, |x| -(-x).exp_m1()),
    ] {
        assert!(worst_ulp(name, &pick(&x), &pick(&y[k]), exact) <= 2.0, "{name}");
    }
}

#[test]
fn logarithm_is_within_one_and_a_half_ulp() {
    let x: Vec<f32> = decades(-37.9, 38.5, 200_000)
        .chain(even(0.5, 2.0, 100_000))
        .chain((-500..500).map(|k| f32::from_bits((1f32.to_bits() as i32 + k) as u32)))
        .filter(|x| x.is_normal())
        .collect();
    let y = sweep(&x);
    assert!(worst_ulp("log_f32", &x, &y[8], f64::ln) <= 1.5);
}

#[test]
fn planck_function_is_as_accurate_as_its_argument() {
    // T = 1000 K: c2 nu / T = 87 at 60 468 cm-1.
    let x: Vec<f32> = even(1.0, 60_000.0, 100_000).chain(decades(-3.0, 4.0, 20_000)).collect();
    let y = sweep(&x);
    for found in [&y[9], &y[10]] {
        let mut worst: f64 = 0.0;
        for (nu, found) in x.iter().zip(found) {
            let exact = planck_flux(f64::from(*nu), 1000.0);
            let argument = 1.438776877e-3 * f64::from(*nu);
            worst = worst.max((f64::from(*found) / exact - 1.0).abs() / (3e-7 + 1.5e-7 * argument));
        }
        eprintln!("planck: {worst:.2} of 3e-7 + 1.5e-7 x");
        assert!(worst <= 1.0);
    }
}

#[test]
fn extremes_are_finite_and_defined() {
    let x = [0.0, -87.5, -1e4, -f32::MAX, 88.5, 1e4, f32::MAX, 1e-38];
    let y = sweep(&x);
    for y in &y[0..2] {
        assert_eq!(&y[..4], &[1.0, 0.0, 0.0, 0.0], "exp");
        assert!(y[4..7].iter().all(|v| (v / 1.6516363e38 - 1.0).abs() < 3e-6), "exp is held: {:?}", y);
    }
    for y in &y[2..4] {
        assert_eq!(&y[..4], &[0.0, -1.0, -1.0, -1.0], "expm1");
        assert!(y[4..7].iter().all(|v| v.is_finite()), "expm1 is held: {:?}", y);
    }
    for y in &y[4..6] {
        assert_eq!((y[0], y[4], y[5], y[6]), (1.0, 0.0, 0.0, 0.0), "through");
    }
    for y in &y[6..8] {
        assert_eq!((y[0], y[4], y[5], y[6]), (0.0, 1.0, 1.0, 1.0), "absorbed");
    }
    for i in [0, 1, 2, 3, 7] {
        assert!((y[8][i] + 87.3365).abs() < 1e-3, "log({:e}) = {}", x[i], y[8][i]);
    }
    assert!((y[8][6] - 88.72284).abs() < 1e-4, "log of the largest number: {}", y[8][6]);
}
