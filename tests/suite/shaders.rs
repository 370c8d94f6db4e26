//! Every kernel validates, keeps to the limits, and translates to what Vulkan, DX12 and Metal take.
//!
//! `spirv-val` checks the SPIR-V and `glslangValidator` the HLSL; there is no checker for MSL outside macOS.

use std::path::Path;
use std::process::Command;

use naga::back::{hlsl, msl, spv};
use photosphere::gpu::{Field, Kernel, Layout, Limits};
use photosphere::kernels::kernels;

use crate::structure::source::{files, read};

/// A kernel of our own, so that the checks run whatever the library registers: workgroup memory, integer division, a loop, arrayLength.
static SAMPLE: Kernel = Kernel::new("sample", &[SAMPLE_SOURCE], &SAMPLE_PARAMS);
const SAMPLE_PARAMS: Layout = Layout {
    name: "Params",
    size: 8,
    fields: &[Field { name: "n", offset: 0, size: 4 }, Field { name: "scale", offset: 4, size: 4 }],
};
const SAMPLE_SOURCE: &str = "
    struct Params { n: u32, scale: f32 }
    @group(0) @binding(0) var<uniform> params: Params;
    @group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
    @group(0) @binding(2) var<storage, read_write> y: array<f32>;
    var<workgroup> tile: array<f32, 64>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) i: u32) {
        tile[i] = params.scale * x[id.x % params.n].y;
        workgroupBarrier();
        var sum = 0.0;
        for (var k = 0u; k < 64u; k++) { sum += tile[k]; }
        if id.x < arrayLength(&y) { y[id.x] = sum; }
    }";

fn all() -> Vec<&'static Kernel> {
    std::iter::once(&SAMPLE).chain(kernels()).collect()
}

/// Runs `check` on every kernel and reports all failures at once.
fn for_every_kernel(check: impl Fn(&'static Kernel) -> Result<(), String>) {
    let failures: Vec<String> =
        all().into_iter().filter_map(|k| check(k).err().map(|e| format!("{}: {e}", k.name))).collect();
    assert!(failures.is_empty(), "{} kernels failed:\n{}", failures.len(), failures.join("\n\n"));
}

#[test]
fn names_are_unique_and_have_a_stage() {
    let mut names: Vec<_> = kernels().iter().map(|k| k.name).collect();
    assert!(names.iter().all(|n| n.split('/').count() == 2), "stage/file: {names:?}");
    names.sort_unstable();
    assert!(names.windows(2).all(|w| w[0] != w[1]), "twice the same name: {names:?}");
}

/// A file that no kernel is composed of is never validated, and has no twin.
#[test]
fn every_file_belongs_to_a_kernel() {
    let files = files("shaders", &["wgsl"]);
    assert!(files.len() > 40, "{} files", files.len());
    let used = |file: &str| {
        let text = read(file);
        kernels().iter().any(|kernel| kernel.fragments.contains(&text.as_str()))
    };
    let unused: Vec<_> = files.iter().filter(|file| !used(file)).collect();
    assert!(unused.is_empty(), "in no kernel: {unused:?}");
}

/// naga's validation, the binding conventions, host offsets against the shader's, WebGPU's default limits.
#[test]
fn kernels_validate_and_agree_with_the_host() {
    for_every_kernel(|kernel| {
        let interface = kernel.reflect().map_err(|e| e.to_string())?;
        interface.check(kernel.name, &Limits::default()).map_err(|e| e.to_string())
    });
}

#[test]
fn a_kernel_that_disagrees_with_the_host_is_caught() {
    const SWAPPED: Layout = Layout { fields: &[SAMPLE_PARAMS.fields[1], SAMPLE_PARAMS.fields[0]], ..SAMPLE_PARAMS };
    let kernel = Kernel::new("swapped", &[SAMPLE_SOURCE], &SWAPPED);
    let message = kernel.reflect().unwrap_err().to_string();
    assert!(message.contains("`n` at byte 0"), "{message}");
}

#[test]
fn spirv_is_accepted() {
    for_every_kernel(|kernel| check_spirv(&to_spirv(kernel)?));
    let broken: Vec<u8> = to_spirv(&SAMPLE).unwrap().into_iter().rev().collect();
    assert!(check_spirv(&broken).is_err(), "the checker accepts anything");
}

#[test]
fn hlsl_is_accepted() {
    for_every_kernel(|kernel| check_hlsl(&to_hlsl(kernel)?));
    let broken = to_hlsl(&SAMPLE).unwrap().replace("float sum", "float nothing");
    assert!(check_hlsl(&broken).is_err(), "the checker accepts anything");
}

#[test]
fn msl_is_written() {
    for_every_kernel(|kernel| {
        let (module, info) = kernel.validate().map_err(|e| e.to_string())?;
        let options = msl::Options { lang_version: (2, 4), ..Default::default() };
        let (text, translation) =
            msl::write_string(&module, &info, &options, &msl::PipelineOptions::default()).map_err(|e| e.to_string())?;
        let entry =
            translation.entry_point_names.first().ok_or("no entry point")?.as_ref().map_err(|e| e.to_string())?;
        text.contains(&format!("kernel void {entry}(")).then_some(()).ok_or_else(|| "no kernel function".to_owned())
    });
}

fn to_spirv(kernel: &Kernel) -> Result<Vec<u8>, String> {
    let (module, info) = kernel.validate().map_err(|e| e.to_string())?;
    let options = spv::Options { flags: spv::WriterFlags::empty(), ..Default::default() };
    let words = spv::write_vec(&module, &info, &options, None).map_err(|e| e.to_string())?;
    Ok(words.into_iter().flat_map(u32::to_le_bytes).collect())
}

fn check_spirv(bytes: &[u8]) -> Result<(), String> {
    run("spirv-val", &["--target-env", "vulkan1.0"], "spv", bytes)
}

fn to_hlsl(kernel: &Kernel) -> Result<String, String> {
    let (module, info) = kernel.validate().map_err(|e| e.to_string())?;
    // naga zeroes workgroup memory by `(float[64])0`, which DirectX's compilers take and glslang does not.
    let options = hlsl::Options { zero_initialize_workgroup_memory: false, ..Default::default() };
    let pipeline = hlsl::PipelineOptions::default();
    let mut text = String::new();
    hlsl::Writer::new(&mut text, &options, &pipeline).write(&module, &info, None).map_err(|e| e.to_string())?;
    Ok(text)
}

fn check_hlsl(text: &str) -> Result<(), String> {
    run("glslangValidator", &["-D", "-S", "comp", "-e", "main", "-V", "-o", "/dev/null"], "hlsl", text.as_bytes())
}

/// Writes `content` to a file and runs `program arguments file`.
fn run(program: &str, arguments: &[&str], extension: &str, content: &[u8]) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let file = folder.path().join(Path::new("kernel").with_extension(extension));
    std::fs::write(&file, content).map_err(|e| e.to_string())?;
    let output = Command::new(program)
        .args(arguments)
        .arg(&file)
        .output()
        .map_err(|e| format!("`{program}` cannot be run ({e}); scripts/test installs it"))?;
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    output.status.success().then_some(()).ok_or(said)
}
