// Lines spread onto the nodes of one level by the 8-point Lagrange rule, gathered node by node; twin: LineTable::spread in
// src/density/lines.rs.
//
// In:  lines [all lines], ascending in position; bins, the first line at or after every 16th output node; channel as strength.wgsl leaves it
//      for `lines` lines from first_line on, which are all that the nodes visit; layers [all layers].
// Out: source [row][channel][node], set or added to: the composed kernel has `put`. Where lines are many, the first dispatch sets and
//      further ones add.
// Dispatch: one invocation per node (x), row (y), four channels (z).

struct GatherParams {
    lines: u32,
    channels: u32,
    first_node: i32,  // of the level's source nodes
    nodes: u32,
    level: i32,
    first_bin: i32,   // output node at which bin 0 starts
    bins: u32,
    skip: u32,        // lines that earlier dispatches have visited, of each node's
    most: u32,        // lines to visit
    first_line: u32,
    first_layer: u32, // of the rows
    moved: i32,       // output nodes by which pressure moves lines, at most
}
@group(0) @binding(0) var<uniform> params: GatherParams;
@group(0) @binding(1) var<storage, read> lines: array<Line>;
@group(0) @binding(2) var<storage, read> bins: array<u32>;
@group(0) @binding(3) var<storage, read> channel: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> layers: array<LayerState>;
@group(0) @binding(5) var<storage, read_write> source: array<f32>;

// Weight of the node at distance -u from a line at u, |u| < 4.
fn spread_weight(u: f32) -> f32 {
    let cell = floor(u);
    let t = u - cell;
    let m = 3 - i32(cell);  // which of the eight nodes -3..4 about the line's cell
    if m < 0 || m > 7 { return 0.0; }
    var weight = 1.0;
    for (var r = 0; r < 8; r++) {
        if r != m { weight *= (t + f32(3 - r)) / f32(m - r); }
    }
    return weight;
}

fn bin_of(node: i32) -> u32 {
    return u32(clamp((node - params.first_bin) >> 4u, 0, i32(params.bins)));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.nodes { return; }
    let node = params.first_node + i32(id.x);
    // The node's place among output nodes, and how far its lines may be.
    var near = 0;
    var reach = 4;
    if params.level >= 0 {
        near = node << u32(params.level);
        reach = 4 << u32(params.level);
    } else {
        near = node >> u32(-params.level);
    }
    let groups = (params.channels + 3u) / 4u;
    let row = (id.y * groups + id.z) * params.lines;
    let scale = exp2_level(-params.level);
    let pressure = layers[params.first_layer + id.y].pressure;
    let inverse_step = layers[params.first_layer + id.y].inverse_step;
    var sum = vec4(0.0);
    let begin = bins[bin_of(near - reach - 1 - params.moved)] + params.skip;
    let last = min(bins[bin_of(near + reach + 16 + params.moved)], begin + params.most);
    for (var i = begin; i < last; i++) {
        let line = lines[i];
        let fraction = moved_fraction(line.fraction, line.shift, pressure, inverse_step);
        // Difference of whole numbers first: it is exact.
        var u = 0.0;
        if params.level >= 0 {
            u = (f32(line.node - near) + fraction) * scale;
        } else {
            u = f32((line.node << u32(-params.level)) - node) + fraction * scale;
        }
        if abs(u) <= 4.0 { sum += spread_weight(u) * channel[row + i - params.first_line]; }
    }
    for (var k = 0u; k < min(4u, params.channels - 4u * id.z); k++) {
        put((id.y * params.channels + 4u * id.z + k) * params.nodes + id.x, sum[k]);
    }
}

// 2^level, exactly.
fn exp2_level(level: i32) -> f32 {
    return bitcast<f32>((level + 127) << 23u);
}
