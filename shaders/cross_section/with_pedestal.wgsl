// The profile's value at the cutoff is taken away inside of it; pedestal [row][nodes] as pedestal.wgsl leaves it.
@group(0) @binding(5) var<storage, read> pedestal: array<f32>;

fn pedestal_sum(row: u32, node: u32) -> f32 {
    let start = row * params.nodes + node + params.offset;
    var sum = 0.0;
    for (var t = params.first; t < params.last; t++) {
        sum += factors[node * params.width + t] * pedestal[start + t];
    }
    return sum;
}
