// Cross sections of a species from a table in temperature; twin: src/opacity/table/kernel.rs.
//
//   dtau[layer][nu] += exp(L + ln_column),   L = y[2] + sum over k of w[k] (y[k] - y[2]),   y[k] = ln_xs[row k of the layer][nu],
//   and with the derivative d dtau/dT, dtau times the sum over k of dw[k]/dT (y[k] - y[2])
//
// (both sums of weights are 1 and 0: differences keep their figures in f32). L is kept within `beyond` of the values at the two nodes next to the temperature, as where one of the rows
// holds points that have nothing; there it does not change with temperature.
//
// In:     ln_xs [row][segment], of the layers of a group; layer_state [layers of the atmosphere].
// In/out: dtau, and dtau_dt per K, [layers of the batch][segment] (table_add*.wgsl).
// Dispatch: one invocation per four wavenumbers and layer, (ceil(quads / 64), layers) workgroups.

struct TableParams {
    quads: u32,        // of the segment
    first_layer: u32,  // index of the first of these layers in the atmosphere
    first_row: u32,    // the same in the rows of the batch
    pad0: u32,
}
struct TableLayer {
    row0: u32, row1: u32, row2: u32, row3: u32, row4: u32, row5: u32,
    below: u32, above: u32,              // rows of the two nodes next to the temperature
    w0: f32, w1: f32, w3: f32, w4: f32, w5: f32,
    by_t0: f32, by_t1: f32, by_t3: f32, by_t4: f32, by_t5: f32,
    ln_column: f32,
    beyond: f32,
}

@group(0) @binding(0) var<uniform> params: TableParams;
@group(0) @binding(1) var<storage, read> ln_xs: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> layer_state: array<TableLayer>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.quads { return; }
    let s = layer_state[params.first_layer + id.y];
    let quads = params.quads;
    let y2 = ln_xs[s.row2 * quads + id.x];
    let d0 = ln_xs[s.row0 * quads + id.x] - y2;
    let d1 = ln_xs[s.row1 * quads + id.x] - y2;
    let d3 = ln_xs[s.row3 * quads + id.x] - y2;
    let d4 = ln_xs[s.row4 * quads + id.x] - y2;
    let d5 = ln_xs[s.row5 * quads + id.x] - y2;
    let ln = y2 + (s.w0 * d0 + s.w1 * d1 + s.w3 * d3 + s.w4 * d4 + s.w5 * d5);
    let a = ln_xs[s.below * quads + id.x];
    let b = ln_xs[s.above * quads + id.x];
    let lowest = min(a, b) - s.beyond;
    let highest = max(a, b) + s.beyond;
    let value = exp_vec4(clamp(ln, lowest, highest) + s.ln_column);
    let slope = value * (s.by_t0 * d0 + s.by_t1 * d1 + s.by_t3 * d3 + s.by_t4 * d4 + s.by_t5 * d5);
    let inside = (ln >= lowest) & (ln <= highest);
    emit((params.first_row + id.y) * quads + id.x, value, select(vec4(0.0), slope, inside));
}
