// Where a wing law leaves nothing, interpolation leaves some 1e-4 of what was there, of either sign: values below 0 become 0. Twin:
// Levels::corners in src/cross_section/cpu.rs.
//
// Out: output [first_row + row][first_quad + ..] of rows of row_quads vectors.
// Dispatch: one invocation per four output nodes of the segment (x) and row (y).

struct NotNegativeParams { quads: u32, first_row: u32, row_quads: u32, first_quad: u32 }
@group(0) @binding(0) var<uniform> params: NotNegativeParams;
@group(0) @binding(1) var<storage, read_write> output: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.quads { return; }
    let at = (params.first_row + id.y) * params.row_quads + params.first_quad + id.x;
    output[at] = max(output[at], vec4(0.0));
}
