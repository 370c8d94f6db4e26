//! Jobs at the ends of what is allowed.

use crate::random_list::{Draw, Job, rng, settings, species};
use photosphere::Backend;
use photosphere::cross_section::Method;
use photosphere::grid::Grid;

fn job(name: &str, draw: Draw, grid: Grid, range: (f64, f64), at: &[(f64, f64)]) -> Job {
    let margin = (grid.lo() - draw.wavenumber.0).max(draw.wavenumber.1 - grid.hi()).max(0.0);
    let list = draw.list(&mut rng(42), species(28.0));
    Job { name: name.into(), list, grid, at: at.to_vec(), settings: settings(range, Method::Lines, 1e-3, margin) }
}

fn extremes() -> Vec<Job> {
    let grid = |lo: f64, r: f64, n: usize| Grid::new(lo, lo * (n as f64 / r).exp(), n).unwrap();
    let draw = Draw::wide;
    let mut jobs = Vec::new();
    let g = grid(2000.0, 1e6, 5000);
    let all = |t: f64| -> Vec<(f64, f64)> { [1e-10, 1e-6, 1e-3, 0.1, 1.0, 10.0, 1000.0].map(|p| (t, p)).to_vec() };
    jobs.push(job("one line", draw(1, (g.lo(), g.hi())), g, (500.0, 1500.0), &all(700.0)));
    jobs.push(job("one line outside", draw(1, (g.hi() + 1.0, g.hi() + 2.0)), g, (500.0, 1500.0), &all(700.0)));
    jobs.push(job("one temperature", draw(100, (g.lo(), g.hi())), g, (700.0, 700.0), &all(700.0)));
    let mut same = draw(100, (g.lo(), g.hi()));
    same.gamma = (0.05, 0.05 * (1.0 + 9e-5));
    same.exponent = (0.5, 0.5);
    jobs.push(job("nearly one width", same, g, (700.0, 700.0), &all(700.0)));
    for r in [300.0, 2e4, 1e5] {
        let g = grid(2000.0, r, 3000.min((r / 2.0) as usize));
        jobs.push(job(&format!("coarse {r:.0e}"), draw(100, (g.lo(), g.hi())), g, (500.0, 1500.0), &all(1500.0)));
    }
    jobs.push(job("dense", draw(20_000, (g.lo(), g.hi())), g, (500.0, 1500.0), &all(1000.0)));
    let w = grid(2000.0, 1e6, 200_000);
    jobs.push(job("band head", draw(40_000, (2100.0, 2100.2)), w, (500.0, 1500.0), &all(1000.0)));
    let mut hot = draw(300, (g.lo(), g.hi()));
    hot.energy = (0.0, 30_000.0);
    hot.temperature = 3000.0;
    let mut at = all(100.0);
    at.extend(all(3000.0));
    jobs.push(job("wide temperatures", hot, g, (100.0, 3000.0), &at));
    hot.energy = (29_000.0, 30_000.0);
    let mut at = all(1500.0);
    at.extend(all(3000.0));
    jobs.push(job("only hot lines", hot, g, (100.0, 3000.0), &at));
    let mut wide = draw(300, (200.0, 20_000.0));
    (wide.gamma, wide.exponent) = ((0.03, 0.1), (0.4, 0.8));
    jobs.push(job("wide grid", wide, grid(200.0, 2e4, 92_000), (500.0, 1500.0), &all(1000.0)));
    jobs.push(job("margin to zero", draw(300, (0.5, 400.0)), grid(200.0, 1e5, 5000), (500.0, 1500.0), &all(1000.0)));
    jobs.push(job("fine 3e7", draw(30, (g.lo(), g.hi())), grid(2000.0, 3e7, 20_000), (500.0, 1500.0), &all(1000.0)));
    for n in [2, 3, 5, 17] {
        jobs.push(job(
            &format!("{n} points"),
            draw(20, (1999.0, 2001.0)),
            grid(2000.0, 1e6, n),
            (500.0, 1500.0),
            &all(1000.0),
        ));
    }
    for j in &mut jobs {
        for a in &mut j.at {
            a.0 = a.0.max(j.settings.temperature_range.lo);
        }
    }
    jobs
}

fn selected() -> Vec<Job> {
    let only = std::env::var("ONLY").unwrap_or_default();
    extremes().into_iter().filter(|j| j.name.contains(&only)).collect()
}

#[test]
fn probe_extremes_cpu() {
    for j in selected() {
        for (m, t) in [(Method::Lines, 1e-3), (Method::Density, 1e-3), (Method::Lines, 1e-5), (Method::Density, 1e-5)] {
            let s = std::time::Instant::now();
            crate::unseen::probe(&j.with(m, t), &Backend::Cpu);
            println!("   {:.2} s", s.elapsed().as_secs_f64());
        }
    }
}

#[test]
fn probe_extremes_gpu() {
    let backend = Backend::Device(photosphere::gpu::Device::from_env().unwrap());
    for j in selected() {
        for (m, t) in [(Method::Lines, 1e-3), (Method::Density, 1e-3)] {
            crate::unseen::probe(&j.with(m, t), &backend);
        }
    }
}

#[test]
fn probe_tolerances() {
    for j in selected() {
        for t in [0.1, 0.01, 1e-4, 1e-6, 1e-7] {
            for m in [Method::Lines, Method::Density] {
                crate::unseen::probe(&j.with(m, t), &Backend::Cpu);
            }
        }
    }
}
#[test]
fn probe_pressures() {
    for (lo, p) in [(2000.0, 1e-14), (2000.0, 1e5), (10.0, 1e5)] {
        let g = Grid::new(lo, lo * 1.005, 5000).unwrap();
        let j = job("pressure", Draw::wide(3, (lo, lo * 1.005)), g, (500.0, 1500.0), &[(1000.0, p)]);
        for m in [Method::Lines, Method::Density] {
            println!("p {p:e} {m:?}");
            crate::unseen::probe(&j.with(m, 1e-3), &Backend::Cpu);
            if let Ok(d) = photosphere::gpu::Device::from_env() {
                crate::unseen::probe(&j.with(m, 1e-3), &Backend::Device(d));
            }
        }
    }
}
