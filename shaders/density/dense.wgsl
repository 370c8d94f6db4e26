// Sources from a dense density: for each node the product of its row with the weights; twin: Density::sources in
// src/density/line_shape.rs.
//
// In:  values [column][row of this part].   Out: source (product.wgsl).
// Dispatch: one invocation per row (x) and 16 lanes (y).

@group(0) @binding(4) var<storage, read> values: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.rows { return; }
    var a = vec4(0.0);
    var b = vec4(0.0);
    var c = vec4(0.0);
    var d = vec4(0.0);
    for (var column = 0u; column < params.columns; column++) {
        let v = values[column * params.rows + id.x];
        let w = 4u * (column * params.groups + id.y);
        a += v * weights[w];
        b += v * weights[w + 1u];
        c += v * weights[w + 2u];
        d += v * weights[w + 3u];
    }
    let node = params.first_node + id.x;
    store(node, 16u * id.y, a);
    store(node, 16u * id.y + 4u, b);
    store(node, 16u * id.y + 8u, c);
    store(node, 16u * id.y + 12u, d);
}
