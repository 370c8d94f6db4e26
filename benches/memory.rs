//! What a budget and what segments cost. The workload is `co_hitran` at 150 000 points and 200 layers.
//!
//! `cargo bench --bench memory`; `PHOTOSPHERE_DEVICE` selects the adapter (part of its name), else any is taken. Every spectrum must
//! have the same bits as the unbounded one. `PHOTOSPHERE_BENCH_POINTS=5000000 PHOTOSPHERE_BENCH_LAYERS=100` changes the size.

mod co_hitran;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use photosphere::Backend;
use photosphere::gpu::MemoryPolicy;
use photosphere::output::Values;
use photosphere::spectrum::{Runner, State};

fn size(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// Measures one way of computing, and compares its bits.
fn measure(c: &mut Criterion, name: &str, emission: Runner, state: &State, reference: &mut Option<Vec<u32>>) {
    let mut emission = emission;
    let Values::F32(flux) = emission.spectrum(state, &()).unwrap() else { unreachable!("a device gives float32") };
    let bits: Vec<u32> = flux.iter().map(|f| f.to_bits()).collect();
    assert_eq!(reference.get_or_insert(bits.clone()), &bits, "{name}: other bits than the first");
    let plan = emission.plan().unwrap();
    println!(
        "{name}: {:.2} MiB, batches of {} layers, {} segments, {} passes",
        plan.memory.peak_bytes as f64 / f64::from(1 << 20),
        plan.batch,
        plan.segments,
        plan.memory.passes
    );
    let mut group = c.benchmark_group("memory");
    group.sample_size(10);
    group.bench_function(name, |b| b.iter(|| black_box(emission.spectrum(state, &()).unwrap())));
    group.finish();
}

fn budgets(c: &mut Criterion) {
    let Some(device) = co_hitran::device() else { return };
    let backend = Backend::Device(device.clone());
    let model = co_hitran::model(
        size("PHOTOSPHERE_BENCH_POINTS", co_hitran::POINTS),
        size("PHOTOSPHERE_BENCH_LAYERS", co_hitran::LAYERS),
    );
    let state = co_hitran::state(&model);
    let mut reference = None;
    device.set_memory_policy(MemoryPolicy::Exact).unwrap();
    measure(c, "all at once", model.open_cut(&device, model.layers(), 1).unwrap(), &state, &mut reference);
    measure(c, "unbounded", model.open(&backend).unwrap(), &state, &mut reference);
    for mib in [256, 64, 32, 24, 16, 8] {
        device.set_memory_policy(MemoryPolicy::Bytes(mib << 20)).unwrap();
        match model.open(&backend) {
            Ok(emission) => measure(c, &format!("{mib} MiB"), emission, &state, &mut reference),
            Err(error) => println!("{mib} MiB: {error}"),
        }
    }
    device.set_memory_policy(MemoryPolicy::Exact).unwrap();
    for (batch, segments) in [(40, 1), (40, 4), (40, 16), (40, 64), (8, 1), (8, 16)] {
        let name = format!("{segments} segments, batches of {batch} layers");
        measure(c, &name, model.open_cut(&device, batch, segments).unwrap(), &state, &mut reference);
    }
}

criterion_group!(benches, budgets);
criterion_main!(benches);
