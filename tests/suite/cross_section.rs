//! Cross sections against exact line-by-line sums.

use crate::reference::{case, quantile, relative_errors};
use photosphere::cross_section::gpu::DeviceStage;
use photosphere::cross_section::{Method, Prepared, Settings, cpu, prepared::Tier};
use photosphere::gpu::{Device, Element, ProgramBuilder, Role, Workspace};
use photosphere::grid::TemperatureRange;

#[test]
fn cpu_against_reference() {
    for name in ["co_hitran", "co_exomol"] {
        let Some(case) = case(name) else { return };
        for (method, tolerance) in
            [(Method::Lines, 1e-3), (Method::Lines, 1e-5), (Method::Density, 1e-3), (Method::Density, 1e-5)]
        {
            let settings = Settings {
                tolerance,
                temperature_range: TemperatureRange::new(500.0, 1500.0).unwrap(),
                method,
                line_margin: 0.0,
            };
            let p: Vec<f64> = case.at.iter().map(|a| a.1).collect();
            let prepared = Prepared::new(case.grid, &case.list, &p, settings).unwrap();
            let t: Vec<f64> = case.at.iter().map(|a| a.0).collect();
            let mut all = vec![0.0; t.len() * case.grid.len()];
            cpu::add_layers(&prepared, 0, &t, &vec![1.0; t.len()], &mut all).unwrap();
            if let Tier::Density { axes, by_level } = &prepared.tier {
                println!("{axes:?}");
                for d in by_level.values() {
                    println!("level {} nodes {} dense {} bytes {}", d.level, d.nodes, d.is_dense(), d.bytes());
                }
            }
            for (i, (t, p)) in case.at.iter().enumerate() {
                let out = &all[i * case.grid.len()..(i + 1) * case.grid.len()];
                let r = relative_errors(&out[case.first..case.first + case.exact[i].len()], &case.exact[i]);
                let l = &prepared.layers[i].ladder;
                println!(
                    "{name} {method:?} tol {tolerance:.0e} T {t} P {p:.0e} max {:.1e} p99 {:.1e} p50 {:.1e} | near {} finest {} top {} k {} cost {:.1}",
                    r[r.len() - 1],
                    quantile(&r, 0.99),
                    quantile(&r, 0.5),
                    l.near_field,
                    l.finest,
                    l.top,
                    l.channels.count(),
                    l.cost
                );
            }
        }
    }
}

#[test]
fn gpu_against_reference() {
    let device = Device::from_env().unwrap();
    println!("{:?}", device.info());
    for name in ["co_hitran", "co_exomol"] {
        let Some(case) = case(name) else { return };
        for (method, tolerance) in [(Method::Lines, 1e-3), (Method::Density, 1e-3)] {
            let settings = Settings {
                tolerance,
                temperature_range: TemperatureRange::new(500.0, 1500.0).unwrap(),
                method,
                line_margin: 0.0,
            };
            let (t, p): (Vec<f64>, Vec<f64>) = case.at.iter().copied().unzip();
            let prepared = Prepared::new(case.grid, &case.list, &p, settings).unwrap();
            let (rows, n) = (t.len(), case.grid.len());
            let mut builder = ProgramBuilder::new();
            let mut constants = Vec::new();
            let stage =
                DeviceStage::declare(&mut builder, "xs", &prepared, 0..rows, rows, &device.limits(), &mut constants);
            let output =
                builder.buffer("output", Element::F32, &[rows as u64, n.next_multiple_of(16) as u64], Role::Output);
            stage.add_batch(&mut builder, &prepared, 0, rows, output, false);
            let program = builder.finish(&device.limits(), None).unwrap();
            println!("peak {} MiB", program.peak_bytes() >> 20);
            let mut workspace = Workspace::new(&device, program).unwrap();
            for (id, bytes) in &constants {
                workspace.write(*id, bytes).unwrap();
            }
            let ln = vec![-prepared.table.ln_scale; rows];
            workspace.write(stage.layers, &DeviceStage::state(&prepared, &t, &ln).unwrap()).unwrap();
            println!("{:?}", workspace.run_timed().unwrap());
            let all: Vec<f32> = workspace.read_vec(output).unwrap();
            println!("{:?}", workspace.run_timed().unwrap());
            for (i, (t, p)) in case.at.iter().enumerate() {
                let out: Vec<f64> = all[i * n.next_multiple_of(16)..][..n]
                    .iter()
                    .map(|v| *v as f64 * prepared.table.ln_scale.exp())
                    .collect();
                let r = relative_errors(&out[case.first..case.first + case.exact[i].len()], &case.exact[i]);
                let l = &prepared.layers[i].ladder;
                println!(
                    "{name} {method:?} tol {tolerance:.0e} T {t} P {p:.0e} max {:.1e} p99 {:.1e} p50 {:.1e} neg {} | near {} finest {} top {} k {} cost {:.1}",
                    r[r.len() - 1],
                    quantile(&r, 0.99),
                    quantile(&r, 0.5),
                    out.iter().filter(|v| **v <= 0.0).count(),
                    l.near_field,
                    l.finest,
                    l.top,
                    l.channels.count(),
                    l.cost
                );
            }
        }
    }
}
