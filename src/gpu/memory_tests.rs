//! Budgets, the pool, ballast, and faults, on the toy program. Tests named `gpu` need a device.

use super::tests::{chain, device, ramp, twin};
use super::*;
use crate::{Error, Result};

const N: u32 = 5000;
const LENGTH: usize = 6;
const MIB: u64 = 1 << 20;

/// Plans, allocates, writes, runs and reads the toy program.
fn job(device: &Device, n: u32) -> Result<Vec<f32>> {
    let (program, input, constant, output) = chain(n, LENGTH, None)?;
    let mut workspace = Workspace::new(device, program)?;
    workspace.write_slice(input, &ramp(n, 1.0))?;
    workspace.write_slice(constant, &ramp(n, 0.25))?;
    workspace.run()?;
    workspace.read_vec(output)
}

fn planned(n: u32) -> u64 {
    chain(n, LENGTH, None).unwrap().0.peak_bytes()
}

/// The job's result is right.
fn works(device: &Device, n: u32) {
    let y = job(device, n).unwrap();
    let expected = ramp(n, 1.0).iter().zip(ramp(n, 0.25)).map(|(x, c)| twin(*x, c, LENGTH)).collect::<Vec<_>>();
    let worst = y.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(y.len() == expected.len() && worst <= 0.0625, "differs by {worst}");
}

/// (needed, limit) of an out-of-memory error.
fn out_of_memory<T>(result: Result<T>) -> (u64, u64, String) {
    match result.err().expect("out of memory") {
        Error::OutOfMemory { what, needed, limit, .. } => (needed, limit, what),
        other => panic!("{other}"),
    }
}

/// The account and, on Vulkan, the driver's counter.
fn agree(device: &Device, baseline: u64) {
    if device.info().backend == "vulkan" {
        assert_eq!(device.counted_bytes() - baseline, device.ledger().allocated());
    }
}

/// A fraction that comes to about so many bytes.
fn fraction(device: &Device, bytes: u64) -> MemoryPolicy {
    MemoryPolicy::Fraction(bytes as f64 / device.memory().total.expect("the driver tells its memory") as f64)
}

#[test]
fn gpu_memory_is_told() {
    let device = device();
    let info = device.memory();
    println!("{info:?}");
    assert!(info.total.is_some_and(|n| n >= 256 * MIB), "{info:?}");
    assert!(info.free.is_none_or(|free| free <= info.total.unwrap()), "{info:?}");
    assert_eq!(info.free.is_some(), info.used_by_process.is_some());
    assert_eq!((info.allocated, info.in_use), (0, 0));
    assert_eq!(info.driver_counter.is_some(), device.info().backend == "vulkan");
    let workspace = Workspace::new(&device, chain(N, LENGTH, None).unwrap().0).unwrap();
    let with = device.memory();
    assert_eq!((with.allocated, with.in_use), (planned(N), planned(N)));
    if let (Some(before), Some(after)) = (info.driver_counter, with.driver_counter) {
        assert_eq!(after - before, planned(N));
    }
    drop(workspace);
    let listed = Device::list_with_memory();
    let own = listed.iter().find(|(i, _)| i == device.info()).expect("listed");
    assert_eq!(own.1.total, info.total);
    assert_eq!(own.0.memory_bytes, info.total);
}

#[test]
fn gpu_plan_ledger_and_driver_agree_after_each_stage() {
    let device = device();
    let baseline = device.counted_bytes();
    for (n, length) in [(1, 1), (1000, 4), (70_001, 9), (300_000, 130)] {
        let (program, input, constant, output) = chain(n, length, None).unwrap();
        let planned = program.peak_bytes();
        let mut workspace = Workspace::new(&device, program).unwrap();
        let same = |stage: &str| {
            assert_eq!(device.ledger().current(), planned, "{stage}");
            agree(&device, baseline);
        };
        same("setup");
        workspace.write_slice(input, &ramp(n, 1.0)).unwrap();
        workspace.write_slice(constant, &ramp(n, 1.0)).unwrap();
        same("upload");
        let mut stages = Vec::new();
        workspace
            .run_watched(|stage, _| {
                same(&stage.to_string());
                stages.push(stage.to_string());
                Ok(())
            })
            .unwrap();
        stages.dedup();
        assert_eq!(stages, ["map", "sum"]);
        let _: Vec<f32> = workspace.read_vec(output).unwrap();
        same("readback");
        let stop = workspace.run_watched(|stage, _| Err(Error::Internal(format!("stopped in {stage}"))));
        assert!(stop.unwrap_err().to_string().contains("stopped in map"));
        drop(workspace);
        assert_eq!((device.ledger().allocated(), device.counted_bytes()), (0, baseline));
    }
}

#[test]
fn gpu_budget_is_kept_without_asking_the_driver() {
    let device = device();
    let planned = planned(N);
    device.set_memory_policy(MemoryPolicy::Bytes(planned - 1)).unwrap();
    assert_eq!(device.budget().unwrap(), Some(planned - 1));
    device.fail_allocation(1); // would be used up by any buffer
    let (needed, limit, what) = out_of_memory(job(&device, N));
    assert_eq!((needed, limit), (planned, planned - 1));
    assert!(what.contains("`toy.input`") && !what.contains("driver"), "{what}");
    assert_eq!(device.ledger().peak(), 0);
    device.fail_allocation(0);

    device.set_memory_policy(MemoryPolicy::Bytes(planned + 100)).unwrap();
    let first = Workspace::new(&device, chain(N, LENGTH, None).unwrap().0).unwrap();
    assert_eq!(device.budget().unwrap(), Some(100));
    assert_eq!(out_of_memory(job(&device, N)).1, 100);
    drop(first);
    works(&device, N);
    device.set_memory_policy(MemoryPolicy::Exact).unwrap();
    assert_eq!((device.budget().unwrap(), device.memory_policy()), (None, MemoryPolicy::Exact));
    works(&device.clone(), N);
}

#[test]
fn gpu_default_budget_follows_the_driver() {
    let device = device();
    let budget = device.budget().unwrap().expect("a limit");
    match device.memory().free {
        None => assert_eq!(budget, 256 * MIB),
        // Other programs take and give memory meanwhile.
        Some(free) => assert!(budget <= free && budget >= free / 2, "{budget} of {free}"),
    }
}

#[test]
fn gpu_threads_together_keep_the_budget() {
    let device = device();
    let budget = 2 * planned(N) + 100;
    device.set_memory_policy(MemoryPolicy::Bytes(budget)).unwrap();
    let done: Vec<bool> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| (0..5).all(|_| job(&device, N).is_ok()))).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    println!("all five jobs done, by thread: {done:?}");
    assert!(device.ledger().peak() <= budget);
    assert_eq!(device.ledger().allocated(), 0);
    works(&device, N);
}

#[test]
fn gpu_fraction_is_held_from_start_to_end() {
    let device = device();
    let baseline = device.counted_bytes();
    device.set_memory_policy(fraction(&device, 8 * MIB)).unwrap();
    let reserve = device.ledger().allocated();
    assert!(reserve.abs_diff(8 * MIB) <= 256, "{reserve}");
    let held = || {
        assert_eq!(device.memory().allocated, reserve);
        agree(&device, baseline);
    };
    held();
    assert_eq!((device.memory().in_use, device.budget().unwrap()), (0, Some(reserve)));
    let expected = job(&device, N).unwrap();
    held();
    let report = device.ledger().report();
    assert_eq!((report.current, report.unused), (0, planned(N)), "buffers stay in the pool");
    // The same program again creates no buffer, so the fault stays unused; and what the first left behind changes nothing.
    device.fail_allocation(1);
    assert_eq!(job(&device, N).unwrap(), expected);
    held();
    let (_, _, what) = out_of_memory(job(&device, 2 * N));
    assert!(what.contains("the driver refused"), "{what}");
    held();
    // Others make room for themselves.
    for n in [2 * N, 9 * N, 1, 30 * N, N] {
        let (program, ..) = chain(n, LENGTH, None).unwrap();
        let workspace = Workspace::new(&device, program).unwrap();
        assert_eq!((device.ledger().current(), device.budget().unwrap()), (planned(n), Some(reserve - planned(n))));
        held();
        drop(workspace);
        works(&device, n);
        held();
    }
    let (needed, limit, _) = out_of_memory(job(&device, 200 * N));
    assert_eq!((needed, limit), (planned(200 * N), reserve));
    held();
    device.set_memory_policy(MemoryPolicy::Default).unwrap();
    assert_eq!((device.ledger().allocated(), device.counted_bytes()), (0, baseline));
}

#[test]
fn gpu_refused_reserve_leaves_the_old_policy() {
    let device = device();
    let policy = fraction(&device, 4 * MIB);
    device.set_memory_policy(policy).unwrap();
    let before = device.ledger().allocated();
    device.simulate_capacity(6 * MIB);
    let (needed, _, what) = out_of_memory(device.set_memory_policy(fraction(&device, 8 * MIB)));
    assert!(needed.abs_diff(8 * MIB) <= 256 && what.contains("reserve"), "{needed} {what}");
    assert_eq!((device.memory_policy(), device.ledger().allocated()), (policy, before));
    assert!(matches!(device.set_memory_policy(MemoryPolicy::Fraction(f64::NAN)), Err(Error::Invalid { .. })));
    works(&device, N);
}

#[test]
fn gpu_ballast_leaves_exactly_what_it_is_told() {
    let device = device();
    let planned = planned(N);
    for policy in [MemoryPolicy::Bytes(64 * MIB), MemoryPolicy::Default, fraction(&device, 8 * MIB)] {
        device.set_memory_policy(policy).unwrap();
        let allocated = device.ledger().allocated();
        for _ in 0..2 {
            let ballast = Ballast::leave_free(&device, planned - 1).unwrap();
            assert_eq!(device.budget().unwrap(), Some(planned - 1));
            let (needed, limit, _) = out_of_memory(job(&device, N));
            assert_eq!((needed, limit), (planned, planned - 1));
            works(&device, N / 2);
            drop(ballast);
        }
        let ballast = Ballast::leave_free(&device, planned).unwrap();
        let first = Workspace::new(&device, chain(N, LENGTH, None).unwrap().0).unwrap();
        assert_eq!(device.budget().unwrap(), Some(0));
        assert_eq!(out_of_memory(job(&device, 1)).1, 0);
        let more = Ballast::leave_free(&device, 1).unwrap_err().to_string();
        assert!(more.contains("at most the budget, 0 bytes"), "{more}");
        drop(first);
        works(&device, N);
        drop(ballast);
        works(&device, 2 * N);
        assert_eq!(device.ledger().allocated(), allocated);
    }
    device.set_memory_policy(MemoryPolicy::Exact).unwrap();
    if !device.info().is_gpu {
        let endless = Ballast::leave_free(&device, planned).unwrap_err().to_string();
        assert!(endless.contains("`exact`") && endless.contains("budget"), "{endless}");
    }
}

#[test]
fn gpu_ballast_fills_a_device_until_its_driver_refuses() {
    let device = device();
    let baseline = device.counted_bytes();
    let planned = planned(N);
    device.set_memory_policy(MemoryPolicy::Exact).unwrap();
    let capacity = 300 * MIB + 12_344;
    device.simulate_capacity(capacity);
    let ballast = Ballast::leave_free(&device, planned).unwrap();
    let left = capacity - ballast.bytes();
    assert!((planned..planned + (64 << 10)).contains(&left), "{left}");
    agree(&device, baseline);
    works(&device, N);
    let (_, _, what) = out_of_memory(job(&device, 4 * N));
    assert!(what.contains("the driver refused"), "{what}");
    assert_eq!(device.ledger().current(), 0);
    agree(&device, baseline);
    let more = Ballast::leave_free(&device, 10 * planned).unwrap_err().to_string();
    assert!(more.contains("at most what is free"), "{more}");
    drop(ballast);
    works(&device, 4 * N);
    assert_eq!((device.ledger().allocated(), device.counted_bytes()), (0, baseline));
}

#[test]
fn gpu_every_refused_allocation_ends_cleanly() {
    let device = device();
    let baseline = device.counted_bytes();
    works(&device, N / 2);
    for policy in [MemoryPolicy::Default, MemoryPolicy::Exact, fraction(&device, 4 * MIB)] {
        let mut k = 1;
        loop {
            // Set anew, so that the pool is empty.
            device.set_memory_policy(policy).unwrap();
            let before = device.ledger().allocated();
            device.fail_allocation(k);
            let result = job(&device, N);
            device.fail_allocation(0);
            agree(&device, baseline);
            assert_eq!((device.ledger().current(), device.ledger().allocated()), (0, before), "{policy}, {k}");
            works(&device, N / 2);
            if result.is_ok() {
                break;
            }
            let (needed, _, what) = out_of_memory(result);
            assert!(needed == planned(N) && what.contains("the driver refused"), "{what}");
            k += 1;
        }
        // Input, constant, output, two shared slots, parameters, upload, readback.
        assert_eq!(k, 9, "{policy}: each of the eight buffers was refused once");
    }
    device.set_memory_policy(MemoryPolicy::Default).unwrap();
    assert_eq!((device.ledger().allocated(), device.counted_bytes()), (0, baseline));
}

/// Every public call on a lost device says so.
fn is_lost(device: &Device, workspace: &mut Workspace, ids: [BufferId; 2]) {
    let errors = [
        workspace.write(ids[0], &[0; 4 * N as usize]).err(),
        workspace.run().err(),
        workspace.run_timed().err(),
        workspace.read_vec::<f32>(ids[1]).err(),
        workspace.read_range(ids[1], 0, &mut [0; 8]).err(),
        job(device, N).err(),
        device.set_memory_policy(MemoryPolicy::Exact).err(),
        device.budget().err(),
        Ballast::leave_free(device, 1).err(),
    ];
    for (i, error) in errors.into_iter().enumerate() {
        match error {
            Some(Error::DeviceLost(message)) if message.contains("was lost") => {}
            other => panic!("call {i}: {other:?}"),
        }
    }
    // These have no error to give, and do not panic.
    let _ = (device.memory(), device.counted_bytes(), device.ledger().report(), device.memory_policy());
}

#[test]
fn gpu_loss_at_any_call_is_an_error() {
    let mut lost_at = 0;
    for k in 1.. {
        let device = device();
        if k % 2 == 0 {
            device.set_memory_policy(fraction(&device, 4 * MIB)).unwrap();
        }
        let (program, input, constant, output) = chain(N, LENGTH, None).unwrap();
        let mut standing = Workspace::new(&device, program).unwrap();
        standing.write_slice(input, &ramp(N, 1.0)).unwrap();
        standing.write_slice(constant, &ramp(N, 1.0)).unwrap();
        device.fail_submission(k);
        match job(&device, N) {
            Ok(_) => break,
            Err(error) => assert!(error.to_string().contains("was lost: reset"), "{k}: {error}"),
        }
        is_lost(&device, &mut standing, [input, output]);
        drop(standing);
        assert_eq!(device.ledger().current(), 0);
        lost_at = k;
    }
    // Parameters and constant: a mapping and a copy each; the input: a mapping, its copy goes with the submission; a copy and a mapping back.
    assert_eq!(lost_at, 8);
    works(&device(), N);
}

#[test]
fn gpu_destroyed_device_is_an_error_everywhere() {
    let device = device();
    device.set_memory_policy(fraction(&device, 4 * MIB)).unwrap();
    let (program, input, constant, output) = chain(N, LENGTH, None).unwrap();
    let mut workspace = Workspace::new(&device, program).unwrap();
    workspace.write_slice(input, &ramp(N, 1.0)).unwrap();
    workspace.write_slice(constant, &ramp(N, 1.0)).unwrap();
    device.clone().destroy();
    is_lost(&device, &mut workspace, [input, output]);
    drop(workspace);
    assert_eq!(device.ledger().current(), 0);
    drop(device);
    works(&super::tests::device(), N);
}

#[test]
fn gpu_errors_outside_any_call_are_kept_and_told_once() {
    let device = device();
    works(&device, N);
    // A buffer beyond the device's limits, created outside any error scope.
    let usage = wgpu::BufferUsages::STORAGE;
    let descriptor = wgpu::BufferDescriptor { label: Some("huge"), size: 1 << 40, usage, mapped_at_creation: false };
    drop(device.handle.device.create_buffer(&descriptor));
    let message = device.budget().unwrap_err().to_string();
    assert!(message.contains("huge"), "{message}");
    works(&device, N);
}

#[test]
fn gpu_memory_is_flat_over_many_jobs() {
    let device = device();
    let baseline = device.counted_bytes();
    for policy in [MemoryPolicy::Default, fraction(&device, 4 * MIB)] {
        device.set_memory_policy(policy).unwrap();
        let held = device.ledger().allocated();
        for i in 0..60 {
            job(&device, 1 + 777 * (i % 13)).unwrap();
            assert_eq!(device.ledger().allocated(), held);
            agree(&device, baseline);
        }
    }
}

#[test]
fn gpu_timeline_ends_where_it_began() {
    let device = device();
    device.ledger().record(1000);
    works(&device, N);
    let timeline = device.ledger().timeline();
    assert_eq!((timeline.events.len(), timeline.dropped), (16, 0), "eight buffers come and go");
    assert_eq!(timeline.events[7].in_use, planned(N));
    assert_eq!(timeline.events.iter().map(|e| e.in_use).max(), Some(device.ledger().peak()));
    assert_eq!(timeline.events[15].in_use, 0);
    assert_eq!(
        (timeline.events[0].stage.to_string(), timeline.events[15].stage.to_string()),
        ("upload".into(), "sum".into())
    );
}
