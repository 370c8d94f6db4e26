// Slant paths through layers, four wavenumbers by four angles at a time; needs math.wgsl.

// Layers between two computations of the transmissions from the optical depth.
const RESTART: u32 = 8u;

// Transmissions of four angles, each at four wavenumbers.
struct Four { a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32> }

fn transmissions(depth: vec4<f32>, inverse_mu: vec4<f32>) -> Four {
    return Four(
        exp_vec4(-depth * inverse_mu.x),
        exp_vec4(-depth * inverse_mu.y),
        exp_vec4(-depth * inverse_mu.z),
        exp_vec4(-depth * inverse_mu.w),
    );
}

fn weighted(t: Four, weight: vec4<f32>) -> vec4<f32> {
    return t.a * weight.x + t.b * weight.y + t.c * weight.z + t.d * weight.w;
}

// Carries the transmissions through a layer; the weighted sum of what the layer absorbs of them.
fn absorb(t: ptr<function, Four>, depth: vec4<f32>, inverse_mu: vec4<f32>, weight: vec4<f32>) -> vec4<f32> {
    let a = transmission_vec4(depth * inverse_mu.x);
    var absorbed = weight.x * (*t).a * a.absorbed;
    (*t).a *= a.through;
    let b = transmission_vec4(depth * inverse_mu.y);
    absorbed += weight.y * (*t).b * b.absorbed;
    (*t).b *= b.through;
    let c = transmission_vec4(depth * inverse_mu.z);
    absorbed += weight.z * (*t).c * c.absorbed;
    (*t).c *= c.through;
    let d = transmission_vec4(depth * inverse_mu.w);
    absorbed += weight.w * (*t).d * d.absorbed;
    (*t).d *= d.through;
    return absorbed;
}
