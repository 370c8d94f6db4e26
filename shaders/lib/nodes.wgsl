// Linear interpolation between nodes that are every stride-th point of the grid.

// The four points from 4 quad: the node at or below each, and the way to the next.
struct Between { node: vec4<u32>, part: vec4<f32> }

fn between(quad: u32, stride: u32) -> Between {
    let point = vec4(4u * quad) + vec4(0u, 1u, 2u, 3u);
    let node = point / stride;
    return Between(node, vec4<f32>(point - node * stride) / f32(stride));
}
