//! The examples' numbers, rounded so far that no device and no choice of instructions changes them.

use std::fmt::Write;

use photosphere::Backend;
use photosphere::gpu::Device;

#[allow(dead_code)]
#[path = "../../examples/contribution.rs"]
mod contribution;
#[allow(dead_code)]
#[path = "../../examples/cross_sections.rs"]
mod cross_sections;
#[allow(dead_code)]
#[path = "../../examples/emission.rs"]
mod emission;
#[allow(dead_code)]
#[path = "../../examples/memory.rs"]
mod memory;

/// `value` in steps of `step`. A value within `error` of the middle between two steps is refused: there a device's rounding, or a change
/// within the tolerance, could decide, and such a number does not belong in a snapshot.
fn coarse(value: f64, step: f64, error: f64) -> String {
    let steps = value / step;
    let doubt = (steps.fract().abs() - 0.5).abs();
    assert!(doubt > error / step, "{value} is on the edge between two steps of {step}");
    format!("{:.*}", (-step.log10()).ceil().max(0.0) as usize, steps.round() * step)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Mean flux in 8 parts of the range, in 1e4 erg s-1 cm-2 / cm-1.
fn emission_numbers(backend: &Backend) -> String {
    let e = emission::compute(backend).expect("a spectrum");
    let parts = e.flux.chunks(e.flux.len().div_ceil(8)).map(|c| coarse(1e-4 * mean(c), 0.1, 1e-3));
    format!("{} points, {}", e.flux.len(), parts.collect::<Vec<_>>().join(" "))
}

/// Decimal logarithm of the mean and the lowest cross section at each pair.
fn cross_section_numbers(backend: &Backend) -> String {
    let c = cross_sections::compute(backend).expect("cross sections");
    let mut text = String::new();
    for (t, p, values) in &c.sections {
        let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let (mean, lowest) = (coarse(mean(values).log10(), 0.2, 1e-3), coarse(lowest.log10(), 0.2, 1e-3));
        writeln!(text, "{t} K {p:e} bar: mean {mean} lowest {lowest}").expect("in memory");
    }
    text
}

/// Decimal logarithm of the pressure [bar] that the light of 12 parts of the range comes from, on average.
fn contribution_numbers(backend: &Backend) -> String {
    let c = contribution::compute(backend).expect("a contribution function");
    let n = c.wavenumber.len();
    let part = n.div_ceil(12);
    let parts = (0..n).step_by(part).map(|first| {
        let range = first..(first + part).min(n);
        let (mut sum, mut weight) = (0.0, 0.0);
        for (row, p) in c.value.chunks(n).zip(&c.pressure_bar) {
            let emitted: f64 = row[range.clone()].iter().sum();
            sum += emitted * p.log10();
            weight += emitted;
        }
        coarse(sum / weight, 0.1, 5e-4)
    });
    parts.collect::<Vec<_>>().join(" ")
}

fn on_device() -> Backend {
    Backend::Device(Device::from_env().expect("a device; `scripts/test` installs one"))
}

#[test]
fn gpu_memory_example() {
    let device = Device::from_env().expect("a device; `scripts/test` installs one");
    let (plan, history) = memory::compute(&device).expect("a plan");
    let most = |bytes: fn(&photosphere::gpu::Event) -> u64| history.events.iter().map(bytes).max().unwrap_or(0);
    assert_eq!(most(|e| e.in_use), plan.peak_bytes);
    assert_eq!(most(|e| e.unused), plan.peak_bytes, "the pool keeps the first spectrum's buffers");
    let held = most(|e| e.in_use + e.unused + e.ballast);
    assert!(held.abs_diff(plan.peak_bytes / 2 * 3) <= 512, "{held} held of {}", plan.peak_bytes);
    assert!(history.dropped == 0 && history.events.last().is_some_and(|e| e.in_use + e.unused + e.ballast == 0));
}

#[test]
fn cpu_examples() {
    check(&Backend::Cpu);
}

#[test]
fn gpu_examples() {
    check(&on_device());
}

fn check(backend: &Backend) {
    insta::allow_duplicates! {
        insta::assert_snapshot!(emission_numbers(backend), @"44349 points, 5.8 5.4 5.5 5.4 4.6 5.2 4.8 7.2");
        insta::assert_snapshot!(cross_section_numbers(backend), @"
        500 K 1e-5 bar: mean -19.6 lowest -26.4
        1000 K 1e-5 bar: mean -19.8 lowest -26.8
        2000 K 1e-5 bar: mean -19.8 lowest -26.6
        500 K 1e-2 bar: mean -19.6 lowest -23.4
        1000 K 1e-2 bar: mean -19.8 lowest -23.8
        2000 K 1e-2 bar: mean -19.8 lowest -23.6
        500 K 1e0 bar: mean -19.6 lowest -21.4
        1000 K 1e0 bar: mean -19.8 lowest -21.8
        2000 K 1e0 bar: mean -19.8 lowest -21.6
        500 K 1e1 bar: mean -19.6 lowest -20.4
        1000 K 1e1 bar: mean -19.8 lowest -20.8
        2000 K 1e1 bar: mean -19.8 lowest -20.6
        ");
        insta::assert_snapshot!(contribution_numbers(backend), @"-1.0 -0.9 -0.5 -1.0 -0.9 -1.3 -1.1 -1.2 -1.2 -1.2 -1.1 -1.4");
    }
}
