// Jacobian of the flux by parameters from that by layers, up to eight columns; twin: src/transfer/jacobian.rs.
//
//   jacobian[column][nu] += sum over rows of layer_jacobian[row][nu] coefficient[row][column]
//
// In:     coefficient [rows][columns, padded to a multiple of 8], d(state of the row) / d(parameter); the buffers of
//         layer_jacobian(at), rows of [rows][segment] (rows_*.wgsl).
// In/out: jacobian [columns][n of the grid], only the segment's points.
// Dispatch: one invocation per four wavenumbers, ceil(segment / 256) workgroups, for each eight columns. The sum of a column runs
// over the rows in order, whichever columns go with it: its bits do not depend on the chunk.

struct ProjectParams {
    quads: u32,              // of the segment
    first_quad: u32,         // of the segment in the grid
    grid_quads: u32,         // of a row of the Jacobian
    rows: u32,               // to sum over
    first_row: u32,          // of the layer Jacobian
    first_coefficient: u32,  // the row of the coefficients that goes with it
    stride: u32,             // vec4s of a row of coefficients
    offset: u32,             // of the eight columns in it, in vec4s
    columns: u32,            // 1 to 8
    first_column: u32,       // row of the Jacobian that the first goes to
    pad0: u32, pad1: u32,
}
@group(0) @binding(0) var<uniform> params: ProjectParams;
@group(0) @binding(1) var<storage, read> coefficient: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> jacobian: array<vec4<f32>>;

fn add(i: u32, column: u32, value: vec4<f32>) {
    for (var once = column < params.columns; once; once = false) {
        jacobian[(params.first_column + column) * params.grid_quads + params.first_quad + i] += value;
    }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if i >= params.quads { return; }
    // Named, so that they are registers.
    var a = vec4(0.0); var b = vec4(0.0); var c = vec4(0.0); var d = vec4(0.0);
    var e = vec4(0.0); var f = vec4(0.0); var g = vec4(0.0); var h = vec4(0.0);
    for (var row = 0u; row < params.rows; row++) {
        let by_layer = layer_jacobian((params.first_row + row) * params.quads + i);
        let at = (params.first_coefficient + row) * params.stride + params.offset;
        let left = coefficient[at];
        a += by_layer * left.x;
        b += by_layer * left.y;
        c += by_layer * left.z;
        d += by_layer * left.w;
        // Loads are what this costs: not for columns that are not there.
        for (var once = params.columns > 4u; once; once = false) {
            let right = coefficient[at + 1u];
            e += by_layer * right.x;
            f += by_layer * right.y;
            g += by_layer * right.z;
            h += by_layer * right.w;
        }
    }
    add(i, 0u, a); add(i, 1u, b); add(i, 2u, c); add(i, 3u, d);
    add(i, 4u, e); add(i, 5u, f); add(i, 6u, g); add(i, 7u, h);
}
