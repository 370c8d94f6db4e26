//! The whole plumbing on toy kernels. Tests named `gpu` need a device; `scripts/test` sees to one.

use super::*;
use crate::Error;

host_struct! {
    /// y = factor x + summand
    struct Affine { n: u32, factor: f32, summand: f32, pad: u32 }
}

const PARAMS: &str = "
    struct Affine { n: u32, factor: f32, summand: f32, pad: u32 }
    @group(0) @binding(0) var<uniform> params: Affine;";

static AFFINE: Kernel = Kernel::new(
    "toy/affine",
    &[
        PARAMS,
        "@group(0) @binding(1) var<storage, read> x: array<f32>;
         @group(0) @binding(2) var<storage, read_write> y: array<f32>;
         @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
             if id.x < params.n { y[id.x] = params.factor * x[id.x] + params.summand; }
         }",
    ],
    &Affine::LAYOUT,
);

static ADD: Kernel = Kernel::new(
    "toy/add",
    &[
        PARAMS,
        "@group(0) @binding(1) var<storage, read> x: array<f32>;
         @group(0) @binding(2) var<storage, read_write> y: array<f32>;
         @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
             if id.x < params.n { y[id.x] += x[id.x]; }
         }",
    ],
    &Affine::LAYOUT,
);

fn affine(n: u32, factor: f32, summand: f32) -> Affine {
    Affine { n, factor, summand, pad: 0 }
}

/// out = constant + the affine map applied `length` times to the input, in scratch buffers; returns (program, input, constant, output).
pub(super) fn chain(
    n: u32,
    length: usize,
    budget: Option<u64>,
) -> crate::Result<(Program, BufferId, BufferId, BufferId)> {
    let mut b = ProgramBuilder::new();
    let (shape, groups) = ([u64::from(n)], [n.div_ceil(64), 1, 1]);
    let input = b.buffer("toy.input", Element::F32, &shape, Role::Input);
    let constant = b.buffer("toy.constant", Element::F32, &shape, Role::Constant);
    let output = b.buffer("toy.output", Element::F32, &shape, Role::Output);
    b.stage("map");
    let mut last = input;
    for i in 0..length {
        let next = b.buffer(format!("toy.link{i}"), Element::F32, &shape, Role::Scratch);
        b.dispatch(&AFFINE, &affine(n, 0.5, i as f32), &[last, next], groups);
        last = next;
    }
    b.stage("sum");
    b.copy(last, 0, output, 0, u64::from(n) * 4);
    b.dispatch(&ADD, &affine(n, 1.0, 0.0), &[constant, output], groups);
    Ok((b.finish(&Limits::default(), budget)?, input, constant, output))
}

pub(super) fn twin(x: f32, c: f32, length: usize) -> f32 {
    (0..length).fold(x, |x, i| 0.5 * x + i as f32) + c
}

pub(super) fn device() -> Device {
    Device::from_env().unwrap_or_else(|e| panic!("{e}\nRun scripts/test, which installs a software driver."))
}

pub(super) fn ramp(n: u32, scale: f32) -> Vec<f32> {
    (0..n).map(|i| scale * (i as f32 - 100.0)).collect()
}

#[test]
fn plan_is_what_was_worked_out_by_hand() {
    let (program, ..) = chain(1000, 4, None).unwrap();
    let summary = program.summary();
    assert_eq!(summary.schedule, [(0, 0), (4, 1)]);
    let lives: Vec<_> = summary.buffers.iter().map(|b| (b.name.as_str(), b.lives[0], b.slot)).collect();
    assert_eq!(
        lives,
        [
            ("toy.input", (0, 0), 0),
            ("toy.constant", (5, 5), 1),
            ("toy.output", (4, 5), 2),
            ("toy.link0", (0, 1), 3),
            ("toy.link1", (1, 2), 4),
            ("toy.link2", (2, 3), 3),
            ("toy.link3", (3, 4), 4),
        ]
    );
    assert_eq!(summary.slots, [4000; 5]);
    assert_eq!((summary.params_bytes, summary.upload_bytes, summary.readback_bytes), (5 * 256, 4000, 4000));
    assert_eq!(program.peak_bytes(), 5 * 4000 + 5 * 256 + 2 * 4000);
    assert_eq!((summary.dispatches, summary.passes), (5, 6));
    let stages: Vec<_> = summary.stages.iter().map(|s| (s.name.as_str(), s.passes, s.live_bytes)).collect();
    assert_eq!(stages, [("map", 4, 5 * 4000), ("sum", 2, 4 * 4000)]);
    assert_eq!(chain(1000, 4, None).unwrap().0.summary(), summary, "planning is deterministic");
    let text = serde_json::to_string(summary).unwrap();
    assert_eq!(serde_json::from_str::<Summary>(&text).unwrap(), *summary);
}

#[test]
fn retired_memory_serves_others_until_the_next_write() {
    let build = |retire: bool, read_again: bool| {
        let mut b = ProgramBuilder::new();
        let input = b.buffer("toy.input", Element::F32, &[64], Role::Input);
        let output = b.buffer("toy.output", Element::F32, &[64], Role::Output);
        let [first, second] =
            ["toy.first", "toy.second"].map(|name| b.buffer(name, Element::F32, &[64], Role::Scratch));
        let map = |b: &mut ProgramBuilder, x, y| {
            b.dispatch(&AFFINE, &affine(64, 1.0, 0.0), &[x, y], [1, 1, 1]);
        };
        for _ in 0..2 {
            for scratch in [first, second] {
                map(&mut b, input, scratch);
                map(&mut b, scratch, output);
                if retire {
                    b.retire(scratch);
                }
            }
        }
        if read_again {
            map(&mut b, first, output);
        }
        b.finish(&Limits::default(), None)
    };
    let kept = build(false, false).unwrap();
    let summary = kept.summary();
    assert_eq!((&summary.buffers[2].lives, summary.slots.len()), (&vec![(0, 5)], 4));
    let retired = build(true, false).unwrap();
    let summary = retired.summary();
    assert_eq!((&summary.buffers[2].lives, summary.slots.len()), (&vec![(0, 1), (4, 5)], 3));
    assert_eq!(summary.stages[0].live_bytes, 3 * 256);
    let message = build(true, true).unwrap_err().to_string();
    assert!(message.contains("toy.first") && message.contains("no earlier pass has written it"), "{message}");
}

#[test]
fn budget_one_byte_short_is_refused() {
    let needed = chain(1000, 4, None).unwrap().0.peak_bytes();
    assert!(chain(1000, 4, Some(needed)).is_ok());
    let error = chain(1000, 4, Some(needed - 1)).unwrap_err();
    assert!(matches!(&error, Error::OutOfMemory { needed: n, limit, .. } if *n == needed && *limit == needed - 1));
    let message = error.to_string();
    assert_eq!(message.matches("`toy.").count(), 5, "five largest buffers: {message}");
}

#[test]
fn forbidden_programs_are_refused_by_name() {
    let limits = Limits::default();
    type Build = fn(&mut ProgramBuilder, [BufferId; 3]);
    fn map(b: &mut ProgramBuilder, bindings: &[BufferId], workgroups: [u32; 3]) {
        b.dispatch(&AFFINE, &affine(8, 1.0, 0.0), bindings, workgroups);
    }
    fn copy(b: &mut ProgramBuilder, from: BufferId, to: BufferId, offset: u64, bytes: u64) {
        b.copy(from, offset, to, 0, bytes);
    }
    fn only_scratch(b: &mut ProgramBuilder, s: BufferId, o: BufferId) {
        b.clear(s).clear(o);
    }
    fn declare(b: &mut ProgramBuilder, name: &str, shape: &[u64]) {
        b.buffer(name, Element::Vec4, shape, Role::Scratch);
    }
    fn accumulate_in_unwritten(b: &mut ProgramBuilder, [i, _, o]: [BufferId; 3]) {
        b.dispatch(&ADD, &affine(8, 1.0, 0.0), &[i, o], [1, 1, 1]);
    }
    let cases: [(Build, &str); 13] = [
        (|b, [_, s, o]| map(b, &[s, o], [1, 1, 1]), "Scratch buffer `t.s`"),
        (accumulate_in_unwritten, "Output buffer `t.o`"),
        (|b, [i, s, _]| (copy(b, i, s, 0, 32), map(b, &[s, i], [1, 1, 1])).0, "Input buffer `t.i`"),
        (|b, [i, ..]| map(b, &[i, i], [1, 1, 1]), "bound twice"),
        (|b, [i, ..]| map(b, &[i], [1, 1, 1]), "1 buffers, required 2"),
        (|b, [i, s, _]| map(b, &[i, s], [1, 0, 1]), "[1, 0, 1] workgroups"),
        (|b, [i, s, _]| map(b, &[i, s], [65_536, 1, 1]), "[65536, 1, 1] workgroups"),
        (|b, [i, _, o]| copy(b, i, o, 4, 32), "copy from `t.i`"),
        (|b, [i, _, o]| copy(b, i, o, 0, 6), "multiples of 4"),
        (|b, [_, s, o]| only_scratch(b, s, o), "Input buffer `t.i`: given no pass uses it"),
        (|b, _| declare(b, "t.i", &[1]), "`t.i` twice"),
        (|b, _| declare(b, "t.none", &[4, 0]), "`t.none`"),
        (|b, _| declare(b, "t.huge", &[1 << 40, 1 << 40]), "`t.huge`"),
    ];
    for (build, expected) in cases {
        let mut b = ProgramBuilder::new();
        let ids = [("t.i", Role::Input), ("t.s", Role::Scratch), ("t.o", Role::Output)]
            .map(|(name, role)| b.buffer(name, Element::F32, &[8], role));
        build(&mut b, ids);
        let message = b.finish(&limits, None).unwrap_err().to_string();
        assert!(message.contains(expected), "{expected:?} is not in {message:?}");
    }
}

#[test]
fn params_of_another_kernel_are_refused() {
    host_struct! {
        struct Other { n: u32 }
    }
    let mut b = ProgramBuilder::new();
    b.dispatch(&AFFINE, &Other { n: 1 }, &[], [1, 1, 1]);
    let message = b.finish(&Limits::default(), None).unwrap_err().to_string();
    assert!(message.contains("`Other`") && message.contains("`Affine`"), "{message}");
}

#[test]
fn gpu_equals_twin_and_memory_is_reused() {
    let device = device();
    // 200 passes: more than one submission; 300 000 values: more than one chunk of staging.
    let (n, length) = (300_000, 200);
    let (program, input, constant, output) = chain(n, length, None).unwrap();
    assert_eq!(program.summary().slots.len(), 5, "200 scratch buffers share two slots");
    let mut workspace = Workspace::new(&device, program).unwrap();
    assert!(workspace.run().unwrap_err().to_string().contains("toy.input"), "inputs must be written");
    workspace.write_slice(constant, &ramp(n, 0.25)).unwrap();
    for scale in [1.0, -3.0] {
        let x = ramp(n, scale);
        workspace.write_slice(input, &x).unwrap();
        workspace.run().unwrap();
        let y: Vec<f32> = workspace.read_vec(output).unwrap();
        let worst =
            y.iter().zip(&x).zip(ramp(n, 0.25)).map(|((y, x), c)| (y - twin(*x, c, length)).abs()).fold(0.0, f32::max);
        // The host rounds the product and the sum; a device may fuse them. Values are below 8e4, one ulp is 2^-7.
        assert!(worst <= 0.0625, "scale {scale}: differs by {worst}");
        let mut part = [0u8; 8];
        workspace.read_range(output, 4 * 777, &mut part).unwrap();
        assert_eq!(bytemuck::cast::<_, [f32; 2]>(part), y[777..779]);
        let times = workspace.run_timed().unwrap();
        assert_eq!(times.iter().map(|t| t.0.to_string()).collect::<Vec<_>>(), ["map", "sum"]);
        assert!(times.iter().all(|t| t.1 > 0.0 && t.1 < 60.0), "{times:?}");
        assert_eq!(workspace.read_vec::<f32>(output).unwrap(), y, "the same run gives the same bits");
    }
}

#[test]
fn gpu_planned_equals_ledger_equals_driver_counter() {
    let device = device();
    let before = device.counted_bytes();
    let (program, input, constant, output) = chain(70_001, 9, None).unwrap();
    let planned = program.peak_bytes();
    let mut workspace = Workspace::new(&device, program).unwrap();
    workspace.write_slice(input, &ramp(70_001, 1.0)).unwrap();
    workspace.write_slice(constant, &ramp(70_001, 1.0)).unwrap();
    for _ in 0..3 {
        workspace.run().unwrap();
        let _: Vec<f32> = workspace.read_vec(output).unwrap();
        assert_eq!(device.ledger().current(), planned);
        if device.info().backend == "vulkan" {
            assert_eq!(device.counted_bytes() - before, planned);
        }
    }
    let report = device.ledger().report();
    assert_eq!(report.peak_by_name["gpu.params"], workspace.program().summary().params_bytes);
    assert_eq!(report.by_name["toy.link0 (+4)"], 4 * 70_001, "nine links share two slots");
    assert_eq!(report.peak_by_stage[&"map".into()], planned);
    drop(workspace);
    assert_eq!((device.ledger().current(), device.ledger().peak()), (0, planned));
    assert_eq!(device.counted_bytes(), before);
}

#[test]
fn gpu_carries_a_poisoned_input_to_its_place_only() {
    let device = device();
    let n = 1000;
    let (program, input, constant, output) = chain(n, 3, None).unwrap();
    let mut workspace = Workspace::new(&device, program).unwrap();
    let mut x = ramp(n, 1.0);
    x[321] = f32::NAN;
    workspace.write_slice(input, &x).unwrap();
    workspace.write_slice(constant, &ramp(n, 0.0)).unwrap();
    workspace.run().unwrap();
    let y: Vec<f32> = workspace.read_vec(output).unwrap();
    let poisoned: Vec<usize> = (0..y.len()).filter(|&i| !y[i].is_finite()).collect();
    assert_eq!(poisoned, [321]);
}

#[test]
fn gpu_wrong_sizes_and_roles_are_refused() {
    let device = device();
    let (program, input, _, output) = chain(100, 2, None).unwrap();
    let mut workspace = Workspace::new(&device, program).unwrap();
    let refusals = [
        workspace.write(input, &[0; 396]).unwrap_err(),
        workspace.write(output, &[0; 400]).unwrap_err(),
        workspace.read(input, &mut [0; 400]).unwrap_err(),
        workspace.read(output, &mut [0; 404]).unwrap_err(),
        workspace.read_range(output, 396, &mut [0; 8]).unwrap_err(),
        workspace.read_range(output, 2, &mut [0; 4]).unwrap_err(),
        workspace.read_range(output, u64::MAX - 3, &mut [0; 8]).unwrap_err(),
    ];
    assert!(refusals.iter().all(|e| matches!(e, Error::Invalid { .. })), "{refusals:?}");
}

#[test]
fn gpu_lost_device_is_an_error_and_another_goes_on() {
    let lost = device();
    let (program, input, ..) = chain(100, 2, None).unwrap();
    let mut workspace = Workspace::new(&lost, program.clone()).unwrap();
    lost.destroy();
    assert!(matches!(workspace.write(input, &[0; 400]), Err(Error::DeviceLost(_))));
    assert!(matches!(Workspace::new(&lost, program.clone()), Err(Error::DeviceLost(_))));
    drop(workspace);
    assert_eq!(lost.ledger().current(), 0);
    Workspace::new(&device(), program).unwrap();
}

/// `scripts/test` runs this one first, and shows what it prints.
#[test]
fn gpu_is_found() {
    let device = device();
    let info = device.info();
    println!("device: {} ({}, {} {}, {})", info.name, info.backend, info.driver, info.driver_info, info.device_type);
    assert!(!info.name.is_empty() && !info.backend.is_empty());
}

#[test]
fn gpu_list_has_the_opened_device_and_its_guarantees() {
    let list = Device::list();
    let device = device();
    let info = list.iter().find(|i| *i == device.info()).expect("the opened device is listed");
    assert!(info.limits.storage_buffers >= Limits::default().storage_buffers);
    assert!(list.windows(2).all(|w| w[0].is_gpu >= w[1].is_gpu), "real GPUs come first");
    let part = info.name.to_uppercase();
    assert_eq!(Device::open(&part).unwrap().info().name, info.name);
}

#[test]
fn gpu_unknown_device_is_refused_with_the_list() {
    let message = Device::open("no such device").unwrap_err().to_string();
    assert!(message.contains("no such device") && message.contains(&device().info().name), "{message}");
}

#[test]
fn no_device_at_all_is_an_error_that_says_what_to_do() {
    let message = super::adapter::select(Vec::new(), "gpu-any").unwrap_err().to_string();
    assert!(message.contains("mesa-vulkan-drivers") && message.contains("scripts/test"), "{message}");
}

/// Compiled kernels are kept where the driver gives them out, and nothing that lies in the cache can break a device.
#[test]
fn gpu_compiled_kernels_are_kept_and_a_wrong_blob_is_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let cache = crate::Cache::open(Some(folder.path()));
    let selector = std::env::var("PHOTOSPHERE_DEVICE").unwrap_or_default();
    let open = || {
        let device = Device::open_with(&selector, &cache).unwrap();
        drop(device.pipelines(&[&AFFINE, &ADD]).unwrap());
        device
    };
    let supported = open().pipelines.driver_cache.is_some();
    let paths = || std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path()).collect::<Vec<_>>();
    if !supported {
        assert!(paths().is_empty());
        return;
    }
    let [path] = &paths()[..] else { panic!("{:?}", paths()) };
    let good = std::fs::read(path).unwrap();
    drop(open());
    // Nothing new was compiled; some drivers write the same kernels in another form (SwiftShader).
    let key = open().pipelines.driver_cache.as_ref().unwrap().key();
    assert!(cache.find("pipelines", &key).is_ok() && paths().len() == 1, "one whole entry stays");
    // torn: found by its checksum
    std::fs::write(path, &good[..good.len() - 1]).unwrap();
    let torn = open();
    assert!(torn.cache_remark().unwrap().contains("its length is wrong; deleted"), "{:?}", torn.cache_remark());
    drop(torn);
    assert_eq!(open().cache_remark(), None);
    // whole, and not what the driver made: refused by wgpu or the driver, and replaced
    cache.store("pipelines", &key, "noise", &[&[7u8; 5000]]).unwrap();
    drop(open());
    assert_ne!(cache.list()[0].description, "noise");
}
