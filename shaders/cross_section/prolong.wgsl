// Result of the next coarser level on four nodes: even ones lie on its nodes, odd ones get the 6-point midpoint rule. Both levels start
// GUARD = 8 nodes before the first output node of their segment (the coarser one's may start earlier), so fine node `first` (a multiple of 4)
// lies on coarse node upper_first + (first - 8)/2 + 8.
@group(0) @binding(4) var<storage, read> upper: array<f32>;

fn from_above(row: u32, first: u32) -> vec4<f32> {
    let limit = params.upper_outputs - 1u;
    let base = (params.upper_row + row) * params.upper_outputs;
    // fine nodes past the evaluated ones only pad the row; they may meet the end of the coarse one
    let j = params.upper_first + first / 2u + 4u;
    let a = upper[base + min(j - 2u, limit)];
    let b = upper[base + min(j - 1u, limit)];
    let c = upper[base + min(j, limit)];
    let d = upper[base + min(j + 1u, limit)];
    let e = upper[base + min(j + 2u, limit)];
    let f = upper[base + min(j + 3u, limit)];
    let g = upper[base + min(j + 4u, limit)];
    return vec4(
        c,
        0.5859375 * (c + d) - 0.09765625 * (b + e) + 0.01171875 * (a + f),
        d,
        0.5859375 * (d + e) - 0.09765625 * (c + f) + 0.01171875 * (b + g),
    );
}
