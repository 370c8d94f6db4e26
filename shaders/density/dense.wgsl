// Sources from a dense density: for each node the product of its row with the weights; twin: Density::sources in
// src/density/line_shape.rs.
//
// In:  values [column][4 quads], the rows of this part padded to a multiple of 4.   Out: source (product.wgsl).
// Dispatch: one invocation per four rows from first_row on (x) and 16 lanes (y): five loads of vectors serve 16 vector multiply-adds.

@group(0) @binding(4) var<storage, read> values: array<vec4<f32>>;

// Four rows of one lane; those beyond the last row and lane are padding.
fn put(row: u32, lane: u32, sum: vec4<f32>) {
    for (var k = 0u; k < 4u; k++) {
        if row + k < params.rows { store_lane(params.first_node + i32(row + k), lane, sum[k]); }
    }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let quads = (params.rows + 3u) / 4u;
    if 4u * id.x >= params.count { return; }
    let quad = params.first_row / 4u + id.x;
    let columns = params.columns;
    let groups = params.groups;
    var s0 = vec4(0.0);
    var s1 = vec4(0.0);
    var s2 = vec4(0.0);
    var s3 = vec4(0.0);
    var s4 = vec4(0.0);
    var s5 = vec4(0.0);
    var s6 = vec4(0.0);
    var s7 = vec4(0.0);
    var s8 = vec4(0.0);
    var s9 = vec4(0.0);
    var s10 = vec4(0.0);
    var s11 = vec4(0.0);
    var s12 = vec4(0.0);
    var s13 = vec4(0.0);
    var s14 = vec4(0.0);
    var s15 = vec4(0.0);
    for (var column = 0u; column < columns; column++) {
        let v = values[column * quads + quad];
        let w = 4u * (column * groups + id.y);
        let w0 = weights[w];
        s0 += v * w0.x;
        s1 += v * w0.y;
        s2 += v * w0.z;
        s3 += v * w0.w;
        let w1 = weights[w + 1u];
        s4 += v * w1.x;
        s5 += v * w1.y;
        s6 += v * w1.z;
        s7 += v * w1.w;
        let w2 = weights[w + 2u];
        s8 += v * w2.x;
        s9 += v * w2.y;
        s10 += v * w2.z;
        s11 += v * w2.w;
        let w3 = weights[w + 3u];
        s12 += v * w3.x;
        s13 += v * w3.y;
        s14 += v * w3.z;
        s15 += v * w3.w;
    }
    let row = 4u * quad;
    let lane = 16u * id.y;
    put(row, lane, s0);
    put(row, lane + 1u, s1);
    put(row, lane + 2u, s2);
    put(row, lane + 3u, s3);
    put(row, lane + 4u, s4);
    put(row, lane + 5u, s5);
    put(row, lane + 6u, s6);
    put(row, lane + 7u, s7);
    put(row, lane + 8u, s8);
    put(row, lane + 9u, s9);
    put(row, lane + 10u, s10);
    put(row, lane + 11u, s11);
    put(row, lane + 12u, s12);
    put(row, lane + 13u, s13);
    put(row, lane + 14u, s14);
    put(row, lane + 15u, s15);
}
