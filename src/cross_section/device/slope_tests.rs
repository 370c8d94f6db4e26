//! dxs/dT of the device against the twin's, for ladders of every kind.

use super::{DeviceStage, Extent, LineTables, ROW_MULTIPLE, Target};
use crate::cross_section::cpu::add_layers_with_derivative;
use crate::cross_section::prepared::Prepared;
use crate::cross_section::test_cases::{Case, cases};
use crate::gpu::{Device, Element, Limits, ProgramBuilder, Role, Workspace};
use crate::settings::Settings;

const TEMPERATURES: [f64; 3] = [510.0, 801.0, 1190.0];

/// Values and derivatives \[row\]\[nu\], times exp(-ln_scale), on a device; the grid in `segments`.
fn on_device(device: &Device, prepared: &Prepared, segments: usize, derivative: bool) -> [Vec<Vec<f64>>; 2] {
    let (n, tables) = (prepared.grid.len(), LineTables::new(prepared));
    let extent = Extent::new(0..3, 3, n, segments, 32 << 20);
    let (mut builder, mut constants) = (ProgramBuilder::new(), Vec::new());
    let limits = Limits::default();
    let stage =
        DeviceStage::declare(&mut builder, "xs", prepared, &tables, &extent, derivative, &limits, &mut constants);
    let width = n.next_multiple_of(ROW_MULTIPLE);
    let mut output = |name: &str| builder.buffer(name, Element::F32, &[3, width as u64], Role::Output);
    let (buffer, slope) = (output("xs.value"), derivative.then(|| output("xs.slope")));
    let target = Target { buffer, slope, row_quads: width / 4, first_node: 0 };
    stage.far(&mut builder, prepared, &(0..3));
    for segment in &extent.segments {
        stage.near(&mut builder, prepared, &(0..3), segment, &target, false);
    }
    // once more, added: derivatives add up like values
    for segment in &extent.segments {
        stage.near(&mut builder, prepared, &(0..3), segment, &target, true);
    }
    stage.end_batch(&mut builder);
    let mut workspace = Workspace::new(device, builder.finish(&limits, None).unwrap()).unwrap();
    for (id, content) in &constants {
        workspace.write(*id, &content()).unwrap();
    }
    let unscaled = [-prepared.table.ln_scale() - 2f64.ln(); 3];
    stage.inputs.write(&mut workspace, prepared, &TEMPERATURES, &unscaled).unwrap();
    workspace.run().unwrap();
    [Some(buffer), slope].map(|id| {
        let values = id.map_or(Vec::new(), |id| workspace.read_vec::<f32>(id).unwrap());
        values.chunks(width).map(|row| row[..n].iter().map(|v| f64::from(*v)).collect()).collect()
    })
}

/// Errors relative to the column's largest derivative (rounding: 1e-7 to 2e-6 is found), and at the 99th percentile of points above 1e-4 of it
/// relative to the point's.
#[test]
fn gpu_derivatives_are_the_twins() {
    let device = Device::from_env().unwrap_or_else(|e| panic!("{e}\nscripts/test installs a software driver"));
    for Case { name, list: (grid, list), pressure, method, .. } in cases() {
        let prepared = Prepared::new(grid, &list, &[pressure; 3], Settings { method, ..Case::settings(1e-3) }).unwrap();
        let n = grid.len();
        let (mut xs, mut slopes) = (vec![0.0; 3 * n], vec![0.0; 3 * n]);
        let factors = [(-prepared.table.ln_scale()).exp(); 3];
        add_layers_with_derivative(&prepared, 0, &TEMPERATURES, &factors, &mut xs, &mut slopes).unwrap();
        let [values, derivatives] = on_device(&device, &prepared, 1, true);
        let [plain, _] = on_device(&device, &prepared, 1, false);
        assert_eq!(on_device(&device, &prepared, 3, true), [values.clone(), derivatives.clone()], "{name}: segments");
        for row in 0..3 {
            let of_row = row * n..(row + 1) * n;
            let worst = |a: &[f64], b: &[f64]| {
                let largest = b.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
                a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / largest
            };
            let (value, slope) = (worst(&values[row], &xs[of_row.clone()]), &slopes[of_row]);
            let off = worst(&derivatives[row], slope);
            let largest = slope.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
            let mut relative: Vec<f64> = (derivatives[row].iter().zip(slope))
                .filter(|(_, t)| t.abs() > 1e-4 * largest)
                .map(|(d, t)| (d / t - 1.0).abs())
                .collect();
            relative.sort_by(f64::total_cmp);
            let percentile = relative[relative.len() * 99 / 100];
            eprintln!(
                "{name} at {} K: value {value:.1e}, derivative {off:.1e}, 99% of points {percentile:.1e}",
                TEMPERATURES[row]
            );
            assert!(value < 2e-5 && worst(&values[row], &plain[row]) < 1e-6, "{name}: value {value:e}");
            assert!(off < 1e-5, "{name}: {off:e} of the largest derivative");
            assert!(percentile < 2e-5, "{name}: {percentile:e}");
        }
    }
}
