//! Sensitivities, projections and reductions on the device, strung together segment by segment, against their twins.

use crate::constants::C2;
use crate::gpu::{Device, Element, Limits, ProgramBuilder, Role, Workspace};
use crate::grid::Segment;
use crate::transfer::blocks::SUM_BLOCK;
use crate::transfer::jacobian::device::{COLUMNS, blocks, pad_columns, sum_blocks};
use crate::transfer::test_case::{Case, f64s, worst};
use crate::transfer::{
    EmissionBuffers, LayerJacobian, LayerJacobianBuffers, ProjectBuffers, Projection, Quadrature, ReduceBuffers,
    SensitivityBuffers,
};
use std::ops::Range;

fn device() -> Device {
    Device::from_env().unwrap_or_else(|e| panic!("{e}\nRun scripts/test, which installs a software driver."))
}

/// What the device gives, in the shapes of the twin.
#[derive(Debug, PartialEq)]
struct Found {
    flux: Vec<f32>,
    /// Of the emission kernel.
    emission_flux: Vec<f32>,
    depth: Vec<f32>,
    source: Vec<f32>,
    /// \[column\]\[nu\]: by temperature with the surface, plus by the product.
    jacobian: Vec<f32>,
    /// \[row\]: by temperature, by the surface, by the product.
    gradient: Vec<f64>,
}

/// All kernels over segments of `segment` points, projections in chunks of `chunk` columns (a multiple of eight).
fn run(case: &Case, streams: usize, surface: bool, segment: usize, chunk: u32) -> Found {
    let quadrature = Quadrature::streams(streams).unwrap();
    let (n, layers, columns) = (case.wavenumber.len(), case.layers(), case.columns as u32);
    let rows = layers + usize::from(surface);
    let f = Element::F32;
    let mut b = ProgramBuilder::new();
    let wavenumber = b.buffer("test.wavenumber", f, &[n as u64], Role::Constant);
    let temperature = b.buffer("test.temperature", f, &[layers as u64 + 1], Role::Input);
    let weight = b.buffer("test.weight", f, &[n as u64], Role::Input);
    let padded = u64::from(columns.next_multiple_of(COLUMNS));
    let coefficient = b.buffer("test.coefficient", f, &[layers as u64 + 1, padded], Role::Input);
    let [dtau_all, slope_all] =
        ["dtau", "slope"].map(|name| b.buffer(format!("test.{name}"), f, &[layers as u64, n as u64], Role::Input));
    let flux = b.buffer("test.flux", f, &[n as u64], Role::Output);
    let (tau, emission_flux) =
        (b.buffer("test.tau", f, &[n as u64], Role::Scratch), b.buffer("test.emission", f, &[n as u64], Role::Output));
    let depth_all = b.buffer("test.depth", f, &[layers as u64, n as u64], Role::Output);
    let source_all = b.buffer("test.source", f, &[rows as u64, n as u64], Role::Output);
    let grid_blocks = blocks(n as u32);
    let partial_sum = b.buffer("test.partial_sum", f, &[(rows + layers) as u64, u64::from(grid_blocks)], Role::Output);
    let jacobians: Vec<_> = (0..columns)
        .step_by(chunk as usize)
        .map(|first| (first, chunk.min(columns - first)))
        .map(|(first, count)| {
            (
                first..first + count,
                b.buffer(format!("test.jacobian{first}"), f, &[u64::from(count), n as u64], Role::Output),
            )
        })
        .collect();

    let emission = EmissionBuffers { wavenumber, dtau: dtau_all, temperature, tau, flux: emission_flux };
    b.clear(tau).clear(emission_flux);
    jacobians.iter().for_each(|(_, jacobian)| _ = b.clear(*jacobian));
    let grid = Segment::whole(n as u32).unwrap();
    emission.dispatch(&mut b, grid, 0, layers as u32, surface.then_some(layers as u32), &quadrature);
    for first in (0..n).step_by(segment) {
        let points = segment.min(n - first);
        let part = Segment::new(first as u32, points as u32).unwrap();
        let [dtau, slope, depth] = ["dtau", "slope", "depth"]
            .map(|name| b.buffer(format!("segment{first}.{name}"), f, &[layers as u64, points as u64], Role::Scratch));
        let source = b.buffer(format!("segment{first}.source"), f, &[rows as u64, points as u64], Role::Scratch);
        let (whole, row) = (n as u64 * 4, points as u64 * 4);
        for layer in 0..layers as u64 {
            for (all, part) in [(dtau_all, dtau), (slope_all, slope)] {
                b.copy(all, layer * whole + first as u64 * 4, part, layer * row, row);
            }
        }
        let buffers = SensitivityBuffers { wavenumber, dtau, temperature, flux, depth, source };
        buffers.dispatch(&mut b, part, layers as u32, surface, &quadrature);
        for layer in 0..rows as u64 {
            for (part, all, last) in [(depth, depth_all, layers), (source, source_all, rows)] {
                if layer < last as u64 {
                    b.copy(part, layer * row, all, layer * whole + first as u64 * 4, row);
                }
            }
        }
        let by_temperature = LayerJacobianBuffers::Temperature { depth, derivative: slope, source };
        let by_product = LayerJacobianBuffers::Product { depth, derivative: dtau };
        let by_surface = LayerJacobianBuffers::Given(source);
        let all = layers as u32;
        let mut parts = vec![(by_temperature, 0..all, 0)];
        if surface {
            parts.push((by_surface, all..all + 1, all));
        }
        parts.push((by_product, 0..all, 0));
        for (columns, jacobian) in &jacobians {
            for (kind, rows, first_coefficient) in &parts {
                let projection = Projection {
                    rows: rows.clone(),
                    first_coefficient: *first_coefficient,
                    columns: columns.clone(),
                    all_columns: case.columns as u32,
                };
                let buffers = ProjectBuffers { coefficient, jacobian: *jacobian };
                kind.project(&mut b, part, n as u32, &buffers, &projection).unwrap();
            }
        }
        let mut target = 0;
        for (kind, rows, _) in &parts {
            let count = rows.end - rows.start;
            kind.reduce(&mut b, part, n as u32, &ReduceBuffers { weight, partial_sum }, rows.clone(), target).unwrap();
            target += count;
        }
    }
    let mut workspace = Workspace::new(&device(), b.finish(&Limits::default(), None).unwrap()).unwrap();
    let coefficients = pad_columns(&surface_coefficients(case), case.columns);
    workspace.write_slice(coefficient, &coefficients).unwrap();
    for (buffer, values) in [
        (wavenumber, &case.wavenumber),
        (temperature, &case.temperature),
        (weight, &case.weight),
        (dtau_all, &case.dtau),
        (slope_all, &case.slope),
    ] {
        workspace.write_slice(buffer, values).unwrap();
    }
    workspace.run().unwrap();
    let read = |buffer| workspace.read_vec::<f32>(buffer).unwrap();
    Found {
        flux: read(flux),
        emission_flux: read(emission_flux),
        depth: read(depth_all),
        source: read(source_all),
        jacobian: jacobians.iter().flat_map(|(_, buffer)| read(*buffer)).collect(),
        gradient: sum_blocks(&read(partial_sum), grid_blocks),
    }
}

/// Those of the layers, and ones for the surface.
fn surface_coefficients(case: &Case) -> Vec<f64> {
    let mut all = f64s(&case.coefficient);
    all.resize(all.len() + case.columns, 1.0);
    all
}

/// The same in f64: flux, depth, source, jacobian, gradient, and the sums of absolute values that errors of the last two go with.
struct Twin {
    sensitivity: crate::transfer::EmissionSensitivity,
    jacobian: Vec<f64>,
    gradient: Vec<f64>,
    jacobian_size: Vec<f64>,
    gradient_size: Vec<f64>,
}

fn twin(case: &Case, streams: usize, surface: bool) -> Twin {
    let quadrature = Quadrature::streams(streams).unwrap();
    let sensitivity = case.twin(surface, &quadrature);
    let (n, layers) = (case.wavenumber.len(), case.layers());
    let products = |absolute: bool| {
        let size =
            |values: Vec<f64>| values.into_iter().map(|v| if absolute { v.abs() } else { v }).collect::<Vec<_>>();
        let (depth, source) = (size(sensitivity.depth.clone()), size(sensitivity.source.clone()));
        let (slope, dtau) = (size(f64s(&case.slope)), f64s(&case.dtau));
        let (coefficient, weight) = (size(surface_coefficients(case)), size(f64s(&case.weight)));
        let (layer_source, surface_source) = source.split_at(layers * n);
        let depth = &depth[..];
        let parts: [(LayerJacobian, Range<usize>); 3] = [
            (LayerJacobian::Temperature { depth, derivative: &slope, source: layer_source }, 0..layers),
            (LayerJacobian::Given(surface_source), layers..layers + usize::from(surface)),
            (LayerJacobian::Product { depth, derivative: &dtau }, 0..layers),
        ];
        let (mut jacobian, mut gradient) = (vec![0.0; case.columns * n], Vec::new());
        for (part, rows) in parts {
            let coefficient = &coefficient[rows.start * case.columns..rows.end * case.columns];
            part.project(coefficient, &mut jacobian.chunks_mut(n).collect::<Vec<_>>()).unwrap();
            let mut sums = vec![0.0; rows.len()];
            part.reduce(&weight, &mut sums).unwrap();
            gradient.extend(sums);
        }
        [jacobian, gradient]
    };
    let [jacobian, gradient] = products(false);
    let [jacobian_size, gradient_size] = products(true);
    Twin { sensitivity, jacobian, gradient, jacobian_size, gradient_size }
}

/// The error of a Planck function relative to it at the coldest layer, with room for the transmissions' (see `emission_gpu`).
fn relative(case: &Case, i: usize) -> f64 {
    let coldest = f64::from(case.temperature.iter().copied().fold(f32::MAX, f32::min));
    1e-6 + 1e-7 * C2 * f64::from(case.wavenumber[i]) / coldest
}

#[test]
fn kernels_equal_their_twins() {
    for (streams, surface, n, columns) in
        [(8, false, 1000, 2), (8, true, 1204, 20), (16, true, 516, 9), (2, true, 4, 1)]
    {
        let layers = 37;
        let case = Case::random(n, layers, columns, 40 + streams as u64);
        let found = run(&case, streams, surface, 4096, 8);
        let expected = twin(&case, streams, surface);
        let twin = &expected.sensitivity;
        assert_eq!(found.flux, found.emission_flux, "the bits of the emission kernel");
        let flux = worst(&found.flux, &twin.flux, |i| relative(&case, i) * twin.flux[i]);
        // K sums differences of Planck functions, each with the error of its terms, under transmissions that sum of W / mu <= 2
        // bounds; the sum of t_k over layers is what the errors of many terms can reach, their root is enough at random.
        let hottest = |i: usize| crate::transfer::planck_flux(f64::from(case.wavenumber[i % n]), 2500.0);
        let depth = worst(&found.depth, &twin.depth, |k| 4.0 * relative(&case, k % n) * hottest(k));
        // e^-tau magnifies the rounding of tau, which matters for what is hardly seen.
        let above = |k: usize| (0..k / n).map(|layer| f64::from(case.dtau[layer * n + k % n])).sum::<f64>();
        let source =
            worst(&found.source, &twin.source, |k| 2.0 * relative(&case, k % n) * twin.source[k] * (1.0 + above(k)));
        // Products: the errors of E go with its terms, those of K with the largest K at the wavenumber.
        let scale = |k: usize| {
            let (i, column) = (k % n, k / n);
            let largest = twin.depth.iter().skip(i).step_by(n).fold(0.0, |a: f64, b| a.max(b.abs()));
            let weights = (0..layers).map(|layer| {
                let depths = case.slope[layer * n + i].abs() + case.dtau[layer * n + i];
                f64::from((case.coefficient[layer * columns + column] * depths).abs())
            });
            4.0 * relative(&case, i) * (largest * weights.sum::<f64>() + expected.jacobian_size[k])
        };
        let jacobian = worst(&found.jacobian, &expected.jacobian, scale);
        // Layers that are hardly seen have the errors that e^-tau magnifies.
        let largest = expected.gradient_size.iter().copied().fold(0.0, f64::max);
        let gradients = found.gradient.iter().zip(&expected.gradient).zip(&expected.gradient_size);
        let gradient =
            gradients.map(|((a, b), size)| (a - b).abs() / (4e-6 * size + 1e-7 * largest)).fold(0.0, f64::max);
        eprintln!(
            "{streams} streams, surface {surface}: of the tolerances {flux:.2} flux, {depth:.2} by depth, {source:.2} by source, {jacobian:.2} Jacobian, {gradient:.2} gradient"
        );
        for (name, error) in
            [("flux", flux), ("depth", depth), ("source", source), ("Jacobian", jacobian), ("gradient", gradient)]
        {
            assert!(error < 1.0, "{streams} streams, surface {surface}, {name}: {error} times the tolerance");
        }
    }
}

#[test]
fn forward_and_reverse_agree() {
    let (n, layers, columns) = (1500, 30, 5);
    let case = Case::random(n, layers, columns, 8);
    let found = run(&case, 8, true, 2048, 8);
    let weight = f64s(&case.weight);
    let coefficient = f64s(&case.coefficient);
    let (by_temperature, rest) = found.gradient.split_at(layers);
    for column in 0..columns {
        let left: f64 = (0..n).map(|i| weight[i] * f64::from(found.jacobian[column * n + i])).sum();
        let row = |layer: usize| by_temperature[layer] + rest[1 + layer];
        let right: f64 =
            rest[0] + (0..layers).map(|layer| row(layer) * coefficient[layer * columns + column]).sum::<f64>();
        // Not a small difference of large sums, or the case would be no test.
        let size: f64 = (0..n).map(|i| (weight[i] * f64::from(found.jacobian[column * n + i])).abs()).sum();
        assert!(
            (left - right).abs() < 1e-5 * size.min(100.0 * left.abs()),
            "column {column}: {left}, {right} of {size}"
        );
    }
}

#[test]
fn segments_and_chunks_give_the_same_bits() {
    let case = Case::random(2600, 19, 20, 12);
    let whole = run(&case, 8, true, 4096, 24);
    assert_eq!(whole.flux, whole.emission_flux);
    for (segment, chunk) in [(SUM_BLOCK, 24), (2 * SUM_BLOCK, 8), (4096, 16)] {
        assert_eq!(run(&case, 8, true, segment, chunk), whole, "segments of {segment}, chunks of {chunk}");
    }
}

#[test]
fn poison_stays_where_it_is() {
    let (n, layers) = (300, 20);
    let mut case = Case::random(n, layers, 3, 13);
    let clean = run(&case, 8, true, 512, 8);
    case.dtau[5 * n + 17] = f32::NAN;
    case.dtau[6 * n + 18] = f32::MAX;
    case.weight[17] = 0.0;
    let found = run(&case, 8, true, 1024, 8);
    let away = |k: &usize| ![17, 18].contains(&(k % n));
    for k in (0..layers * n).filter(away) {
        assert_eq!((found.depth[k], found.source[k]), (clean.depth[k], clean.source[k]), "value {k}");
    }
    for k in (0..3 * n).filter(away) {
        assert_eq!(found.jacobian[k], clean.jacobian[k], "value {k}");
    }
    // The largest number is merely opaque.
    assert!(found.depth.iter().skip(18).step_by(n).all(|depth| depth.is_finite()));
}

#[test]
fn isothermal_over_its_surface_knows_no_optical_depth() {
    let mut case = Case::random(400, 30, 1, 14);
    case.temperature.fill(1100.0);
    assert!(run(&case, 8, true, 512, 8).depth.iter().all(|depth| *depth == 0.0));
}

#[test]
fn wrong_segments_and_columns_are_refused() {
    let mut b = ProgramBuilder::new();
    let buffer = b.buffer("test.any", Element::F32, &[4096], Role::Scratch);
    let rows = LayerJacobianBuffers::Given(buffer);
    let reduce = ReduceBuffers { weight: buffer, partial_sum: buffer };
    let mut reduced = |first, len, count: u32| {
        let segment = Segment::new(first, len).unwrap();
        rows.reduce(&mut b, segment, 2400, &reduce, 0..count, 0).map_err(|e| e.to_string())
    };
    assert!(reduced(512, 512, 1).unwrap_err().contains("whole blocks of 1024"));
    assert!(reduced(0, 1000, 1).unwrap_err().contains("points 0 to 1000"));
    assert!(reduced(0, 1024, 0).unwrap_err().contains("at least one"));
    assert!(reduced(2048, 352, 1).is_ok());
    let projection = Projection { rows: 0..1, first_coefficient: 0, columns: 4..8, all_columns: 8 };
    let buffers = ProjectBuffers { coefficient: buffer, jacobian: buffer };
    assert!(rows.project(&mut b, Segment::whole(8).unwrap(), 8, &buffers, &projection).is_err());
}
