//! Time of the derivatives' kernels beside the emission's: 150 000 points, 200 layers, 8 streams, in segments of 4096 points.
//!
//! `cargo bench --bench derivatives`; `PHOTOSPHERE_DEVICE` selects the adapter (part of its name), else any is taken.

use photosphere::gpu::{BufferId, Device, Element, Limits, ProgramBuilder, Role, Workspace};
use photosphere::grid::Segment;
use photosphere::opacity::cia::device::{CiaBuffers, DeviceTable};
use photosphere::opacity::{CiaGrid, Pair};
use photosphere::transfer::jacobian::device::{COLUMNS, blocks};
use photosphere::transfer::{
    EmissionBuffers, EmissionSensitivity, EmissionState, LayerJacobian, LayerJacobianBuffers, ProjectBuffers,
    Projection, Quadrature, ReduceBuffers, SensitivityBuffers,
};
use std::time::Instant;

const N: u32 = 150_016;
const LAYERS: u32 = 200;
const SEGMENT: u32 = 4096;
const TIMES: usize = 5;

/// Shortest time of a few \[s\].
fn best(mut work: impl FnMut()) -> f64 {
    let mut shortest = f64::INFINITY;
    for _ in 0..TIMES {
        let started = Instant::now();
        work();
        shortest = shortest.min(started.elapsed().as_secs_f64());
    }
    shortest
}

/// Optical depths of one segment, reused for all: thin above, thick below.
fn dtau() -> Vec<f32> {
    let value =
        |k: u32| 10f32.powf(-6.0 + 7.0 * (k / SEGMENT) as f32 / LAYERS as f32 + ((k % SEGMENT) as f32 * 0.1).sin());
    (0..LAYERS * SEGMENT).map(value).collect()
}

fn temperatures() -> Vec<f32> {
    (0..=LAYERS).map(|layer| 500.0 + 5.0 * layer as f32).collect()
}

/// A program that does one thing to every segment, and its inputs.
struct Job {
    builder: ProgramBuilder,
    inputs: Vec<(BufferId, Vec<f32>)>,
}

impl Job {
    fn new() -> Self {
        Self { builder: ProgramBuilder::new(), inputs: Vec::new() }
    }

    fn input(&mut self, name: &str, values: Vec<f32>) -> BufferId {
        let id = self.builder.buffer(format!("bench.{name}"), Element::F32, &[values.len() as u64], Role::Input);
        self.inputs.push((id, values));
        id
    }

    fn buffer(&mut self, name: &str, length: u32, role: Role) -> BufferId {
        self.builder.buffer(format!("bench.{name}"), Element::F32, &[u64::from(length)], role)
    }

    fn run(self, name: &str, device: &Device) -> f64 {
        let program = self.builder.finish(&Limits::default(), None).unwrap();
        let mut workspace = Workspace::new(device, program).unwrap();
        for (id, values) in &self.inputs {
            workspace.write_slice(*id, values).unwrap();
        }
        // Drivers compile at the first dispatch.
        workspace.run().unwrap();
        let seconds = best(|| workspace.run().unwrap());
        println!("{name:40} {:8.1} ms", 1e3 * seconds);
        seconds
    }
}

fn segments() -> impl Iterator<Item = Segment> {
    (0..N).step_by(SEGMENT as usize).map(|first| Segment::new(first, SEGMENT.min(N - first)).unwrap())
}

fn on_device(device: &Device) {
    let quadrature = Quadrature::streams(8).unwrap();
    let wavenumber: Vec<f32> = (0..N).map(|i| 1950.0 + 2e-3 * i as f32).collect();
    let ones = |length: u32| vec![1.0f32; length as usize];

    let mut job = Job::new();
    let (nu, depth) = (job.input("wavenumber", wavenumber[..SEGMENT as usize].to_vec()), job.input("dtau", dtau()));
    let temperature = job.input("temperature", temperatures());
    let (tau, flux) = (job.buffer("tau", SEGMENT, Role::Scratch), job.buffer("flux", SEGMENT, Role::Output));
    let emission = EmissionBuffers { wavenumber: nu, dtau: depth, temperature, tau, flux };
    for segment in segments() {
        job.builder.clear(tau).clear(flux);
        let whole = Segment::whole(segment.len()).unwrap();
        emission.dispatch(&mut job.builder, whole, 0, LAYERS, None, &quadrature);
    }
    let forward = job.run("emission", device);

    let mut job = Job::new();
    let (nu, depth) = (job.input("wavenumber", wavenumber), job.input("dtau", dtau()));
    let temperature = job.input("temperature", temperatures());
    let flux = job.buffer("flux", N, Role::Output);
    let [by_depth, by_source] = ["depth", "source"].map(|name| job.buffer(name, LAYERS * SEGMENT, Role::Output));
    let buffers =
        SensitivityBuffers { wavenumber: nu, dtau: depth, temperature, flux, depth: by_depth, source: by_source };
    for segment in segments() {
        buffers.dispatch(&mut job.builder, segment, LAYERS, false, &quadrature);
    }
    let seconds = job.run("sensitivity", device);
    println!("{:40} {:8.2}", "  over emission", seconds / forward);

    for columns in [2u32, 8, 20] {
        let mut job = Job::new();
        let [depth, derivative, source] = ["k", "a", "e"].map(|name| job.input(name, ones(LAYERS * SEGMENT)));
        let coefficient = job.input("coefficient", ones(LAYERS * columns.next_multiple_of(COLUMNS)));
        let jacobian = job.buffer("jacobian", columns * N, Role::Output);
        job.builder.clear(jacobian);
        let rows = LayerJacobianBuffers::Temperature { depth, derivative, source };
        let projection =
            Projection { rows: 0..LAYERS, first_coefficient: 0, columns: 0..columns, all_columns: columns };
        for segment in segments() {
            let buffers = ProjectBuffers { coefficient, jacobian };
            rows.project(&mut job.builder, segment, N, &buffers, &projection).unwrap();
        }
        job.run(&format!("projection onto {columns} columns"), device);
    }

    let mut job = Job::new();
    let [depth, derivative, source] = ["k", "a", "e"].map(|name| job.input(name, ones(LAYERS * SEGMENT)));
    let (weight, partial_sum) = (job.input("weight", ones(N)), job.buffer("sums", LAYERS * blocks(N), Role::Output));
    let rows = LayerJacobianBuffers::Temperature { depth, derivative, source };
    for segment in segments() {
        let buffers = ReduceBuffers { weight, partial_sum };
        rows.reduce(&mut job.builder, segment, N, &buffers, 0..LAYERS, 0).unwrap();
    }
    job.run("reduction of 200 rows", device);

    for derivative in [false, true] {
        let (grid, layers) = continuum();
        let table = DeviceTable::new(&grid, N as usize).unwrap();
        let mut job = Job::new();
        let ln_k = job.input("ln_k", table.ln_k.clone());
        let ln_slope = job.input("ln_slope", table.ln_slope.clone());
        let position = job.builder.buffer("bench.position", Element::U32, &[u64::from(N)], Role::Input);
        job.inputs.push((position, table.position(&grid).iter().map(|p| f32::from_bits(*p)).collect()));
        let state = DeviceTable::layer_states(table.ln_scale, &layers);
        let layer_state = job.builder.buffer("bench.state", Element::UVec4, &[u64::from(LAYERS), 3], Role::Input);
        let [dtau, slope] = ["dtau", "dtau_dt"].map(|name| job.buffer(name, LAYERS * SEGMENT, Role::Output));
        job.builder.clear(dtau).clear(slope);
        let dtau_dt = derivative.then_some(slope);
        for segment in segments() {
            let buffers = CiaBuffers { ln_k, ln_slope, position, layer_state, dtau, dtau_dt };
            buffers.dispatch(&mut job.builder, segment, grid.nodes() as u32, 0, LAYERS);
        }
        job.inputs.push((layer_state, bytemuck::cast_slice(&state).to_vec()));
        job.run(if derivative { "continuum and derivative" } else { "continuum" }, device);
    }
}

/// A table of 20 temperatures and 300 nodes.
fn continuum() -> (CiaGrid, Vec<photosphere::opacity::CiaLayer>) {
    let temperatures: Vec<f64> = (0..20).map(|i| 400.0 + 70.0 * f64::from(i)).collect();
    let ln_coefficient = (0..20 * 300).map(|i| -105.0 + (0.01 * f64::from(i)).sin()).collect();
    let position = (0..N).map(|i| 1.0 + 297.0 * f64::from(i) / f64::from(N)).collect();
    let grid = CiaGrid::new("H2-He", temperatures, ln_coefficient, position);
    let row = |value: f64| vec![value; LAYERS as usize];
    let pressure: Vec<f64> = (0..LAYERS).map(|i| 10f64.powf(-5.0 + 0.03 * f64::from(i))).collect();
    let dpressure: Vec<f64> = pressure.iter().map(|p| 0.07 * p).collect();
    let temperature: Vec<f64> = temperatures_f64();
    let pair = Pair {
        first: &row(0.8),
        second: &row(0.1),
        pressure_bar: &pressure,
        dpressure_bar: &dpressure,
        temperature_k: &temperature,
        mean_molar_mass: &row(2.3),
        gravity: &row(2500.0),
    };
    let layers = pair.layers(&grid).unwrap();
    (grid, layers)
}

fn temperatures_f64() -> Vec<f64> {
    temperatures()[..LAYERS as usize].iter().map(|t| f64::from(*t)).collect()
}

fn on_the_host() {
    let quadrature = Quadrature::streams(8).unwrap();
    let nu: Vec<f64> = (0..SEGMENT).map(|i| 1950.0 + 2e-3 * f64::from(i)).collect();
    let dtau: Vec<f64> = dtau().into_iter().map(f64::from).collect();
    let temperature = temperatures_f64();
    let scale = f64::from(N) / f64::from(SEGMENT);
    let report = |name: &str, seconds: f64| println!("{name:40} {:8.1} ms", 1e3 * scale * seconds);
    report(
        "host: emission",
        best(|| {
            let mut state = EmissionState::new(nu.len());
            state.accumulate(&nu, &dtau, &temperature, &quadrature).unwrap();
        }),
    );
    let mut found = EmissionSensitivity::new();
    report("host: sensitivity", best(|| found.evaluate(&nu, &dtau, &temperature, None, &quadrature).unwrap()));
    let rows = LayerJacobian::Temperature { depth: &found.depth, derivative: &dtau, source: &found.source };
    for columns in [2, 20] {
        let (coefficient, mut jacobian) = (vec![1.0; LAYERS as usize * columns], vec![0.0; columns * nu.len()]);
        report(
            &format!("host: projection onto {columns} columns"),
            best(|| {
                rows.project(&coefficient, &mut jacobian.chunks_mut(nu.len()).collect::<Vec<_>>()).unwrap();
            }),
        );
    }
    let (weight, mut gradient) = (vec![1.0; nu.len()], vec![0.0; LAYERS as usize]);
    report("host: reduction of 200 rows", best(|| rows.reduce(&weight, &mut gradient).unwrap()));
}

fn main() {
    match Device::from_env() {
        Ok(device) => on_device(&device),
        Err(error) => eprintln!("{error}"),
    }
    on_the_host();
}
