//! Cross sections against exact line-by-line sums.

use crate::reference::{case, quantile, relative_errors};
use photosphere::cross_section::{Method, Prepared, Settings, cpu};
use photosphere::density::lines::TemperatureRange;

#[test]
fn cpu_against_reference() {
    for name in ["co_hitran", "co_exomol"] {
        let Some(case) = case(name) else { return };
        for tolerance in [1e-3, 1e-5] {
            let settings = Settings {
                tolerance,
                temperature_range: TemperatureRange::new(500.0, 1500.0).unwrap(),
                method: Method::Lines,
                line_margin: 0.0,
            };
            let p: Vec<f64> = case.at.iter().map(|a| a.1).collect();
            let prepared = Prepared::new(case.grid, &case.list, &p, settings).unwrap();
            for (i, (t, p)) in case.at.iter().enumerate() {
                let mut out = vec![0.0; case.grid.len()];
                cpu::layer(&prepared, i, *t, 1.0, &mut out).unwrap();
                let r = relative_errors(&out[case.first..case.first + case.exact[i].len()], &case.exact[i]);
                let l = &prepared.layers[i].ladder;
                println!("{name} tol {tolerance:.0e} T {t} P {p:.0e} max {:.1e} p99 {:.1e} p50 {:.1e} | near {} finest {} top {} k {} cost {:.1}",
                    r[r.len() - 1], quantile(&r, 0.99), quantile(&r, 0.5), l.near_field, l.finest, l.top, l.channels.count, l.cost);
            }
        }
    }
}
