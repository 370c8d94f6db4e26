use super::chords::tests::radii;
use super::device::{
    TransmissionBuffers, TransmissionSensitivityBuffers, chord_values, padded_rows, slope_values, vector_values,
    weight_values,
};
use super::*;
use crate::gpu::{Device, Element, Limits, ProgramBuilder, Role, Workspace};
use crate::grid::Segment;
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Optical depths over ten decades, some zero, growing downwards; f32 values, so that device and twin see the same.
fn depths(layers: usize, n: usize, seed: u64) -> Vec<f64> {
    let mut rng = StdRng::seed_from_u64(seed);
    let column: Vec<f64> = (0..n).map(|_| 10f64.powf(rng.random_range(-5.0..3.0))).collect();
    let each = |at: usize| {
        let (k, i) = (at / n, at % n);
        let depth =
            column[i] * 10f64.powf(6.0 * (k as f64 / layers as f64 - 1.0)) * (1.0 + (at as f64 * 0.7).sin() * 0.5);
        if at.is_multiple_of(97) { 0.0 } else { f64::from(depth as f32) }
    };
    (0..layers * n).map(each).collect()
}

fn evaluate(radii: &[f64], dtau: &[f64], n: usize) -> Vec<f64> {
    let mut values = vec![0.0; n];
    integral(&Chords::new(radii).unwrap(), dtau, &mut values).unwrap();
    values
}

/// Exponential integral E1, by its series and its continued fraction (Abramowitz & Stegun 5.1.11 and 5.1.22).
fn e1(x: f64) -> f64 {
    if x < 1.0 {
        let (mut sum, mut term) = (-0.577_215_664_901_532_9 - x.ln(), 1.0);
        for k in 1..40 {
            term *= -x / f64::from(k);
            sum -= term / f64::from(k);
        }
        return sum;
    }
    let fraction = (1..200).rev().fold(0.0, |f, k| f64::from(k) / (1.0 + f64::from(k) / (x + f)));
    (-x).exp() / (x + fraction)
}

#[test]
fn an_isothermal_atmosphere_has_the_analytic_radius() {
    // Heng & Kitzmann 2017, MNRAS 470, 2972: R = R0 + H (gamma + ln tau0 + E1(tau0)), for constant gravity and H << R0.
    let (r0, h, layers) = (1e10, 1e5, 400);
    let step = 25.0 / layers as f64;
    let radii: Vec<f64> = (0..=layers).map(|i| r0 + h * step * (layers - i) as f64).collect();
    let tau0 = [1e-3, 0.1, 3.0, 500.0, 1e5];
    // vertical optical depth below height z is tau_v e^(-z / H); the chord's is larger by sqrt(2 pi R0 / H)
    let vertical = tau0.map(|t| t / (2.0 * std::f64::consts::PI * r0 / h).sqrt());
    let dtau: Vec<f64> = (0..layers)
        .flat_map(|k| {
            let z = step * (layers - 1 - k) as f64;
            vertical.map(|v| v * (-z).exp() * -(-step).exp_m1())
        })
        .collect();
    let chords = Chords::new(&radii).unwrap();
    for (found, tau0) in evaluate(&radii, &dtau, 5).iter().zip(tau0) {
        let height = (chords.radius_cm(*found) - r0) / h;
        let expected = 0.577_215_664_9 + tau0.ln() + e1(tau0);
        // O(H / R0) of what the chord factor is, and O(step^2) of the layers
        assert!((height - expected).abs() < 2e-4 * expected.max(1.0), "tau0 {tau0}: {height}, {expected}");
    }
}

#[test]
fn opaque_layers_have_their_radius_and_nothing_has_that_of_the_bottom() {
    let (radii, layers) = (radii(20), 20);
    let chords = Chords::new(&radii).unwrap();
    for top in 0..=layers {
        let dtau: Vec<f64> = (0..layers).map(|k| if k < top { 0.0 } else { 1e9 }).collect();
        let found = chords.radius_cm(evaluate(&radii, &dtau, 1)[0]);
        // A chord that touches the opaque layers from above goes free: Simpson's rule gives a sixth of the first one's ring away.
        let free = if top < layers { (radii[top] - radii[top + 1]) / 6.0 } else { 0.0 };
        assert!((found - radii[top] + free).abs() < 2e-3 * (radii[0] - radii[1]), "{top}: {found}, {}", radii[top]);
    }
}

#[test]
fn bits_do_not_depend_on_blocks_and_a_poisoned_point_stays_alone() {
    let (layers, n) = (13, 700);
    let (radii, mut dtau) = (radii(layers), depths(layers, n, 3));
    let whole = evaluate(&radii, &dtau, n);
    let part: Vec<f64> = (0..layers).flat_map(|k| dtau[k * n + 101..][..333].to_vec()).collect();
    assert!(evaluate(&radii, &part, 333) == whole[101..434]);
    dtau[5 * n + 200] = f64::NAN;
    let poisoned = evaluate(&radii, &dtau, n);
    assert!(poisoned.iter().zip(&whole).enumerate().all(|(i, (p, w))| if i == 200 { p.is_nan() } else { p == w }));
}

#[test]
fn derivatives_are_what_differences_give() {
    let (layers, n) = (11, 60);
    let (radii, dtau) = (radii(layers), depths(layers, n, 5));
    let chords = Chords::new(&radii).unwrap();
    let mut found = TransmissionSensitivity::default();
    found.evaluate(&chords, &chords.slopes(), &dtau, n).unwrap();
    assert!(found.integral == evaluate(&radii, &dtau, n));
    let five = |at: &dyn Fn(f64) -> Vec<f64>, step: f64| {
        let [a, b, c, d] = [-2.0, -1.0, 1.0, 2.0].map(at);
        (0..n).map(|i| (a[i] - 8.0 * b[i] + 8.0 * c[i] - d[i]) / (12.0 * step)).collect::<Vec<f64>>()
    };
    let largest = |row: &[f64]| row.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    for k in 0..layers {
        let moved = |steps: f64| {
            let mut dtau = dtau.clone();
            dtau[k * n..][..n].iter_mut().for_each(|d| *d *= 1.0 + 1e-3 * steps);
            evaluate(&radii, &dtau, n)
        };
        for (i, expected) in five(&moved, 1e-3).into_iter().enumerate() {
            let by_ln = found.depth[k * n + i] * dtau[k * n + i];
            assert!((by_ln - expected).abs() < 1e-9 * found.integral[i].max(1e-6), "{k} {i}: {by_ln:e} {expected:e}");
        }
    }
    for l in 0..=layers {
        let step = 1e-3 * chords.thickness[l.min(layers - 1)];
        let moved = |steps: f64| {
            let by = steps * step * chords.bottom_cm;
            let moved: Vec<f64> = radii.iter().enumerate().map(|(i, r)| if i <= l { r + by } else { *r }).collect();
            // in units of the radius that is held
            let unit = (moved[layers] / chords.bottom_cm).powi(2);
            evaluate(&moved, &dtau, n).iter().map(|i| i * unit).collect()
        };
        let (row, expected) = (&found.radii[l * n..][..n], five(&moved, step));
        let off = row.iter().zip(&expected).fold(0.0f64, |m, (f, e)| m.max((f - e).abs()));
        assert!(off < 1e-8 * largest(&expected), "{l}: {off:e} of {:e}", largest(&expected));
    }
}

#[test]
fn contributions_are_what_taking_a_layer_out_costs() {
    let (layers, n) = (9, 20);
    let (radii, dtau) = (radii(layers), depths(layers, n, 7));
    let chords = Chords::new(&radii).unwrap();
    let found = contribution(&chords, &dtau, n).unwrap();
    assert!(found.len() == dtau.len() && found.iter().all(|v| *v >= 0.0));
    // Where all is thin, they add up to the height.
    let thin: Vec<f64> = dtau.iter().map(|d| d * 1e-9).collect();
    let (found, whole) = (contribution(&chords, &thin, n).unwrap(), evaluate(&radii, &thin, n));
    for i in 0..n {
        let sum: f64 = (0..layers).map(|k| found[k * n + i]).sum();
        let height = chords.radius_cm(whole[i]) - chords.bottom_cm;
        assert!((sum - height).abs() <= 1e-3 * height + 1e-5, "{i}: {sum:e} {height:e}");
    }
}

fn device() -> Device {
    Device::from_env().unwrap_or_else(|e| panic!("{e}\nRun scripts/test, which installs a software driver."))
}

fn single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|v| *v as f32).collect()
}

/// Integral, derivatives by depth and by radii at some points.
fn on_device(device: &Device, chords: &Chords, dtau: &[f64], n: usize) -> [Vec<f32>; 4] {
    let (layers, rows) = (chords.layers as u64, padded_rows(chords.layers) as u64);
    let mut b = ProgramBuilder::new();
    let mut buffer = |name: &str, element, shape: &[u64], role| b.buffer(format!("test.{name}"), element, shape, role);
    let n64 = n as u64;
    let depths = buffer("dtau", Element::F32, &[layers, n64], Role::Input);
    let chord = buffer("chord", Element::F32, &[layers, rows], Role::Input);
    let weight = buffer("weight", Element::F32, &[rows], Role::Input);
    let slopes = buffer("slopes", Element::Vec4, &[layers, rows], Role::Input);
    let vectors = buffer("vectors", Element::Vec4, &[rows + layers], Role::Input);
    let alone = buffer("alone", Element::F32, &[n64], Role::Output);
    let integral = buffer("integral", Element::F32, &[n64], Role::Output);
    let depth = buffer("depth", Element::F32, &[layers, n64], Role::Output);
    let radii = buffer("radii", Element::F32, &[layers + 1, n64], Role::Output);
    let scratch = ["a", "b", "c"].map(|name| buffer(name, Element::F32, &[rows, n64], Role::Scratch));
    b.stage("transfer");
    let (segment, count) = (Segment::whole(n as u32).unwrap(), chords.layers as u32);
    TransmissionBuffers { dtau: depths, chord, weight, integral: alone }.dispatch(&mut b, segment, count);
    let buffers =
        TransmissionSensitivityBuffers { dtau: depths, chord: slopes, vectors, integral, scratch, depth, radii };
    buffers.dispatch(&mut b, segment, count);
    let mut workspace = Workspace::new(device, b.finish(&Limits::default(), None).unwrap()).unwrap();
    let of = chords.slopes();
    workspace.write_slice(depths, &single(dtau)).unwrap();
    workspace.write_slice(chord, &chord_values(chords)).unwrap();
    workspace.write_slice(weight, &weight_values(chords)).unwrap();
    workspace.write_slice(slopes, &slope_values(chords, &of)).unwrap();
    workspace.write_slice(vectors, &vector_values(chords, &of)).unwrap();
    workspace.run().unwrap();
    [alone, integral, depth, radii].map(|buffer| workspace.read_vec(buffer).unwrap())
}

#[test]
fn gpu_kernels_equal_their_twins() {
    let device = device();
    for layers in [1, 3, 4, 13, 50] {
        let n = 512;
        let (chords, dtau) = (Chords::new(&radii(layers)).unwrap(), depths(layers, n, 11));
        let mut twin = TransmissionSensitivity::default();
        twin.evaluate(&chords, &chords.slopes(), &dtau, n).unwrap();
        let [alone, integral, depth, radii] = on_device(&device, &chords, &dtau, n);
        // Sums of up to 100 positive terms in f32, and exponentials of 1.3 ulp.
        for (found, expected) in [(&alone, &twin.integral), (&integral, &twin.integral), (&depth, &twin.depth)] {
            let off = found
                .iter()
                .zip(expected)
                .fold(0.0f64, |m, (f, e)| if *e < 1e-20 { m } else { m.max((f64::from(*f) / e - 1.0).abs()) });
            eprintln!("{layers} layers: {off:.1e}");
            assert!(off < 2e-5, "{layers} layers: {off:e}");
        }
        // Terms of both signs: relative to the largest of a wavenumber.
        for i in 0..n {
            let column = (0..=layers).map(|l| (f64::from(radii[l * n + i]), twin.radii[l * n + i]));
            let largest = column.clone().fold(0.0f64, |m, (_, e)| m.max(e.abs()));
            let off = column.fold(0.0f64, |m, (f, e)| m.max((f - e).abs()));
            assert!(off <= 2e-5 * largest + 1e-12, "{layers} layers, {i}: {off:e} of {largest:e}");
        }
    }
}

#[test]
fn gpu_poison_stays_in_its_own_wavenumber() {
    let device = device();
    let (layers, n) = (5, 64);
    let (chords, mut dtau) = (Chords::new(&radii(layers)).unwrap(), depths(layers, n, 13));
    let clean = on_device(&device, &chords, &dtau, n);
    dtau[2 * n + 17] = f64::NAN;
    let poisoned = on_device(&device, &chords, &dtau, n);
    for (clean, poisoned) in clean.iter().zip(&poisoned) {
        for (at, (c, p)) in clean.iter().zip(poisoned).enumerate() {
            assert!(at % n == 17 || c.to_bits() == p.to_bits(), "{at}");
        }
    }
    assert!(poisoned[0][17].is_nan() || poisoned[0][17] != clean[0][17]);
}
