//! Cross sections against exact line-by-line sums.

use crate::reference::{case, quantile, relative_errors};
use photosphere::cross_section::{Method, Prepared, Settings, cpu, prepared::Tier};
use photosphere::density::lines::TemperatureRange;

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
