// Sources from a sparse density: for each occupied node the product of its entries with the weights; twin: Density::sources in
// src/density/line_shape.rs.
//
// In:  occupied [rows], node of each row; start [rows + 1]; column and value of each entry.   Out: source (product.wgsl), cleared before.
// Dispatch: one invocation per row from first_row on (x) and 16 lanes (y).

@group(0) @binding(4) var<storage, read> occupied: array<u32>;
@group(0) @binding(5) var<storage, read> start: array<u32>;
@group(0) @binding(6) var<storage, read> entry_column: array<u32>;
@group(0) @binding(7) var<storage, read> value: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.count { return; }
    let row = params.first_row + id.x;
    var a = vec4(0.0);
    var b = vec4(0.0);
    var c = vec4(0.0);
    var d = vec4(0.0);
    let last = start[row + 1u];
    for (var i = start[row]; i < last; i++) {
        let v = value[i];
        let w = 4u * (entry_column[i] * params.groups + id.y);
        a += v * weights[w];
        b += v * weights[w + 1u];
        c += v * weights[w + 2u];
        d += v * weights[w + 3u];
    }
    let node = params.first_node + i32(occupied[row]);
    store(node, 16u * id.y, a);
    store(node, 16u * id.y + 4u, b);
    store(node, 16u * id.y + 8u, c);
    store(node, 16u * id.y + 12u, d);
}
