// A part of the optical depth added to the whole; twin: the sum in src/spectrum/cpu.rs.
//
// In:     part [layers][quads].
// In/out: total [layers][quads].
// Dispatch: one invocation per four wavenumbers (x) and layer (y).

struct SumParams { quads: u32, pad0: u32, pad1: u32, pad2: u32 }
@group(0) @binding(0) var<uniform> params: SumParams;
@group(0) @binding(1) var<storage, read> part: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> total: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.quads { return; }
    let at = id.y * params.quads + id.x;
    total[at] += part[at];
}
