// Sources of the next coarser level: even nodes kept, odd ones spread by the 6-point midpoint rule; twin: restrict in
// src/cross_section/convolve.rs.
//
// In:  fine [row][fine_nodes].   Out: coarse [row][coarse_nodes]; a row is one channel of one layer.
// Dispatch: one invocation per coarse node (x) and row (y).

struct RestrictParams { fine_first: i32, fine_nodes: i32, coarse_first: i32, coarse_nodes: u32 }
@group(0) @binding(0) var<uniform> params: RestrictParams;
@group(0) @binding(1) var<storage, read> fine: array<f32>;
@group(0) @binding(2) var<storage, read_write> coarse: array<f32>;

fn at(row: i32, j: i32) -> f32 {
    let i = j - params.fine_first;
    let inside = i >= 0 && i < params.fine_nodes;
    return select(0.0, fine[row * params.fine_nodes + clamp(i, 0, params.fine_nodes - 1)], inside);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.coarse_nodes { return; }
    let row = i32(id.y);
    let j = 2 * (params.coarse_first + i32(id.x));
    let sum = at(row, j)
        + 0.5859375 * (at(row, j - 1) + at(row, j + 1))
        - 0.09765625 * (at(row, j - 3) + at(row, j + 3))
        + 0.01171875 * (at(row, j - 5) + at(row, j + 5));
    coarse[id.y * params.coarse_nodes + id.x] = sum;
}
