// Multiply-adds and nothing else, for the speed of a device; no twin.
//
// Out: result [invocation], so that no driver leaves them out.
// Dispatch: one invocation per vector of four; each does 16 `turns` of vector multiply-adds, in four chains that do not wait for each other.

struct PeakParams { invocations: u32, turns: u32, factor: f32, term: f32 }
@group(0) @binding(0) var<uniform> params: PeakParams;
@group(0) @binding(1) var<storage, read_write> result: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.invocations { return; }
    let f = vec4(params.factor);
    let g = vec4(params.term);
    var a = vec4(f32(id.x));
    var b = a + 1.0;
    var c = a + 2.0;
    var d = a + 3.0;
    for (var turn = 0u; turn < params.turns; turn++) {
        a = fma(a, f, g); b = fma(b, f, g); c = fma(c, f, g); d = fma(d, f, g);
        a = fma(a, f, g); b = fma(b, f, g); c = fma(c, f, g); d = fma(d, f, g);
        a = fma(a, f, g); b = fma(b, f, g); c = fma(c, f, g); d = fma(d, f, g);
        a = fma(a, f, g); b = fma(b, f, g); c = fma(c, f, g); d = fma(d, f, g);
    }
    result[id.x] = a + b + c + d;
}
