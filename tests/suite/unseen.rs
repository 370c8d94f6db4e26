//! Lists that nothing was tuned on.

use crate::random_list::{Job, unseen};
use crate::reference::{quantile, relative_errors};
use photosphere::Backend;
use photosphere::cross_section::Method;

pub fn probe(job: &Job, backend: &Backend) {
    std::panic::set_hook(Box::new(|i| println!("{}", i.to_string().replace("\n", " | "))));
    let points = job.sample(200);
    let exact = job.exact(&points);
    let r = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job.compute(backend)));
    let Ok((values, report)) = r else {
        println!("{} {:?} {:.0e} PANIC", job.name, job.settings.method, job.settings.tolerance);
        return;
    };
    let budget = report.lists[0].error_budget;
    for (i, (t, p)) in job.at.iter().enumerate() {
        let got: Vec<f64> = points.iter().map(|&j| values[i][j]).collect();
        let r = relative_errors(&got, &exact[i]);
        let l = &report.pairs[i];
        let max = r[r.len() - 1];
        println!(
            "{} {:?} {:.0e} T {t:.0} P {p:.1e} max {max:.1e} p99 {:.1e} p50 {:.1e} budget {:.1e} near {} {}..{} k {} min {:.0e} {}",
            job.name,
            job.settings.method,
            job.settings.tolerance,
            quantile(&r, 0.99),
            quantile(&r, 0.5),
            budget.total(),
            l.near_field,
            l.finest_level,
            l.coarsest_level,
            l.profiles,
            exact[i].iter().fold(f64::INFINITY, |a, b| a.min(*b)),
            if max > budget.total() {
                "OVERBUDGET"
            } else if max > job.settings.tolerance {
                "OVERTOL"
            } else {
                ""
            }
        );
    }
}

#[test]
fn probe_cpu() {
    for seed in range() {
        let job = unseen(seed);
        println!(
            "R {:.1e} n {} lines {} range {:?} nu {}",
            job.grid.resolution(),
            job.grid.len(),
            job.list.len(),
            job.settings.temperature_range,
            job.grid.lo()
        );
        for (m, tol) in [(Method::Lines, 1e-3), (Method::Density, 1e-3), (Method::Lines, 1e-5), (Method::Density, 1e-5)]
        {
            let start = std::time::Instant::now();
            probe(&job.with(m, tol), &Backend::Cpu);
            println!("   {:.2} s", start.elapsed().as_secs_f64());
        }
    }
}

#[test]
fn probe_gpu() {
    let backend = Backend::Device(photosphere::gpu::Device::from_env().unwrap());
    for seed in range() {
        for (m, tol) in [(Method::Lines, 1e-3), (Method::Density, 1e-3)] {
            probe(&unseen(seed).with(m, tol), &backend);
        }
    }
}
fn range() -> std::ops::Range<u64> {
    let get = |k| std::env::var(k).ok().and_then(|v| v.parse().ok());
    get("SEED0").unwrap_or(0)..get("SEED1").unwrap_or(12)
}

#[test]
fn time_setup() {
    let case = crate::reference::case("co_hitran").unwrap();
    let p: Vec<f64> = (0..200).map(|i| 1e-8 * 1e10f64.powf(i as f64 / 199.0)).collect();
    for m in [Method::Lines, Method::Density] {
        let start = std::time::Instant::now();
        photosphere::cross_section::Prepared::new(
            case.grid,
            &case.list,
            &p,
            crate::random_list::settings((500.0, 1500.0), m, 1e-3, 0.0),
        )
        .unwrap();
        println!("max set-up {:.3}", start.elapsed().as_secs_f64());
    }
}
