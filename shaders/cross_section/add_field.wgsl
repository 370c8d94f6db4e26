// What lines far outside the grid add to the result of one level; twin: Levels::add_distant in src/cross_section/cpu.rs.
//
// In:  field [layer][stride], evaluated by the host at the level's nodes.
// Out: result [result_row + row][nodes], added to.
// Dispatch: one invocation per node (x) and row (y).

struct FieldParams { nodes: u32, stride: u32, first_layer: u32, result_row: u32 }
@group(0) @binding(0) var<uniform> params: FieldParams;
@group(0) @binding(1) var<storage, read> field: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.nodes { return; }
    result[(params.result_row + id.y) * params.nodes + id.x] += field[(params.first_layer + id.y) * params.stride + id.x];
}
