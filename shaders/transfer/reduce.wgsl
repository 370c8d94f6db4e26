// Weighted sums of a layer Jacobian over wavenumber, in blocks; twin: src/transfer/jacobian.rs.
//
//   partial_sum[row][block] = sum over the 1024 points of the block of weight[nu] layer_jacobian[row][nu]
//
// The host adds the blocks, in f64. Blocks are counted from the grid's first point and each is summed in one fixed order, so the
// bits do not depend on segments that are whole blocks.
//
// In:  weight [n of the grid]; the buffers of layer_jacobian(at), rows of [rows][segment] (rows_*.wgsl).
// Out: partial_sum [rows][blocks of the grid], only the segment's.
// Dispatch: one workgroup per block and four rows, (ceil(segment / 1024), ceil(rows / 4)). Each of 64 invocations adds four quads of
// four rows (the last row again where there are fewer), then a tree in workgroup memory, both sums and barriers for four rows at once.

struct ReduceParams {
    quads: u32,        // of the segment
    first_quad: u32,   // of the segment in the grid, the first of a block
    rows: u32,         // to reduce
    first_row: u32,    // of the layer Jacobian
    target_row: u32,   // of the partial sums that it goes to
    grid_blocks: u32,  // of a row of partial sums
    pad0: u32, pad1: u32,
}
@group(0) @binding(0) var<uniform> params: ReduceParams;
@group(0) @binding(1) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> partial_sum: array<f32>;

const INVOCATIONS: u32 = 64u;
const BLOCK_QUADS: u32 = 256u;

var<workgroup> four_rows: array<vec4<f32>, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = 4u * group.y;
    let last = params.rows - 1u;
    let rows = (params.first_row + min(vec4(row, row + 1u, row + 2u, row + 3u), vec4(last))) * params.quads;
    let end = min(params.quads, (group.x + 1u) * BLOCK_QUADS);
    var sum = vec4(0.0);
    for (var i = group.x * BLOCK_QUADS + local; i < end; i += INVOCATIONS) {
        let w = weight[params.first_quad + i];
        sum += vec4(
            dot(w, layer_jacobian(rows.x + i)),
            dot(w, layer_jacobian(rows.y + i)),
            dot(w, layer_jacobian(rows.z + i)),
            dot(w, layer_jacobian(rows.w + i)),
        );
    }
    four_rows[local] = sum;
    for (var half = INVOCATIONS / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        for (var once = local < half; once; once = false) {
            four_rows[local] += four_rows[local + half];
        }
    }
    // The last step was done by the invocation that goes on.
    if local == 0u {
        let sums = four_rows[0];
        let at = (params.target_row + row) * params.grid_blocks + params.first_quad / BLOCK_QUADS + group.x;
        for (var k = 0u; k < min(4u, params.rows - row); k++) {
            partial_sum[at + k * params.grid_blocks] = sums[k];
        }
    }
}
