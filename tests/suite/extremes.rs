//! Jobs at the ends of what is allowed, against the exact sum.

use crate::precision::{Judge, What};
use crate::random_list::{Draw, Job, gpu, rng, settings, species};
use crate::unseen::judge;
use photosphere::Backend;
use photosphere::cross_section::Method;
use photosphere::grid::Grid;

const TIERS: &[Method] = &[Method::Lines, Method::Density];

/// A job, and the tiers that it is meant for.
struct Extreme {
    job: Job,
    tiers: &'static [Method],
}

/// `points` points of resolution `r` from `lo`.
fn grid(lo: f64, r: f64, points: usize) -> Grid {
    Grid::new(lo, lo * (points as f64 / r).exp(), points).unwrap()
}

/// From 1e-10 to 1000 bar at one temperature.
fn all_pressures(t: f64) -> Vec<(f64, f64)> {
    [1e-10, 1e-6, 1e-3, 0.1, 1.0, 10.0, 1000.0].map(|p| (t, p)).to_vec()
}

/// The same in three steps.
fn some_pressures(t: f64) -> Vec<(f64, f64)> {
    [1e-8, 0.1, 100.0].map(|p| (t, p)).to_vec()
}

fn extreme(name: &str, draw: Draw, grid: Grid, range: (f64, f64), at: &[(f64, f64)]) -> Extreme {
    let margin = (grid.lo() - draw.wavenumber.0).max(draw.wavenumber.1 - grid.hi()).max(0.0);
    let list = draw.list(&mut rng(42), species(28.0));
    let settings = settings(range, Method::Lines, 1e-3, margin);
    Extreme { job: Job { name: name.into(), list, grid, at: at.to_vec(), settings }, tiers: TIERS }
}

/// Few lines, narrow ranges, the least and greatest pressure, tiny grids.
fn small() -> Vec<Extreme> {
    let g = grid(2000.0, 1e6, 3000);
    let range = (500.0, 1500.0);
    let inside = |count| Draw::wide(count, (g.lo(), g.hi()));
    let same = Draw { gamma: (0.05, 0.05 * (1.0 + 9e-5)), exponent: (0.5, 0.5), ..inside(50) };
    // strong, so that its wing at 1e-10 bar is above 1e-38 cm2, where float32 begins to lose figures
    let outside =
        Draw { strength: (1e-16, 1e-15), energy: (0.0, 500.0), ..Draw::wide(1, (g.hi() + 1.0, g.hi() + 2.0)) };
    let mut jobs = vec![
        extreme("one line", inside(1), g, range, &all_pressures(700.0)),
        extreme("one line outside", outside, g, range, &all_pressures(500.0)),
        extreme("one temperature", inside(50), g, (700.0, 700.0), &all_pressures(700.0)),
        extreme("nearly one width", same, g, (700.0, 700.0), &all_pressures(700.0)),
        extreme("almost a vacuum", inside(10), g, range, &[(500.0, 1e-14), (1500.0, 1e-14)]),
        extreme("more than a planet", inside(10), g, range, &[(500.0, 1e5), (1500.0, 1e5)]),
    ];
    for points in [2, 3, 5, 17] {
        let name = format!("{points} points");
        let draw = Draw::wide(20, (1999.0, 2001.0));
        jobs.push(extreme(&name, draw, grid(2000.0, 1e6, points), range, &all_pressures(1000.0)));
    }
    jobs
}

/// Grids that do not resolve a line, by far, and one that resolves it by far.
fn resolutions() -> Vec<Extreme> {
    [(300.0, 50), (2e4, 600), (1e5, 1500), (3e7, 5000)]
        .into_iter()
        .map(|(r, points)| {
            let g = grid(2000.0, r, points);
            extreme(
                &format!("R = {r:.0e}"),
                Draw::wide(30, (g.lo(), g.hi())),
                g,
                (500.0, 1500.0),
                &some_pressures(1500.0),
            )
        })
        .collect()
}

/// Lines of strengths that differ by e^200 between the ends of the range of temperatures.
fn temperatures() -> Vec<Extreme> {
    let g = grid(2000.0, 3e5, 800);
    let warm = Draw { energy: (0.0, 30_000.0), temperature: 3000.0, ..Draw::wide(100, (g.lo(), g.hi())) };
    let hot = Draw { energy: (29_000.0, 30_000.0), ..warm };
    let both = |lo| [some_pressures(lo), some_pressures(3000.0)].concat();
    vec![
        extreme("100 K to 3000 K", warm, g, (100.0, 3000.0), &both(100.0)),
        // at 100 K these lines are too weak for float32 in cm2
        extreme("only hot lines", hot, g, (100.0, 3000.0), &both(1500.0)),
    ]
}

/// Many lines on few nodes, so that lines are spread, and all lines in one place.
fn crowds() -> Vec<Extreme> {
    let g = grid(2000.0, 1e6, 1000);
    let at = some_pressures(1000.0);
    // more lines than the 65 535 turns after which some drivers stop a loop
    let head = Draw::wide(70_000, (2001.0, 2001.02));

    // few lines a node but for one place: by cost alone a near field would be summed
    let sparse = Draw::wide(25_000, (2100.0, 2100.02));
    let sparse = extreme("band head on a large grid", sparse, grid(2000.0, 1e6, 100_000), (800.0, 1200.0), &at[..1]);
    vec![
        Extreme { tiers: &[Method::Lines], ..sparse },
        extreme("dense", Draw::wide(5000, (g.lo(), g.hi())), g, (800.0, 1200.0), &at),
        extreme("band head", head, grid(2000.0, 1e6, 4000), (800.0, 1200.0), &at),
    ]
}

/// Two decades of wavenumber: the distance from line to point is not small against the wavenumber.
fn wide() -> Vec<Extreme> {
    let draw = Draw { gamma: (0.03, 0.1), exponent: (0.4, 0.8), ..Draw::wide(200, (200.0, 20_000.0)) };
    let job = extreme("wide grid", draw, grid(200.0, 2e4, 92_000), (500.0, 1500.0), &all_pressures(1000.0));
    // levels down to 2^-9 of a coarse grid over a wide range take more than one binding
    vec![Extreme { tiers: &[Method::Lines], ..job }]
}

fn on(backend: &Backend, what: What, tolerance: f64, jobs: Vec<Extreme>) {
    let mut result = Judge::new(what, tolerance);
    for Extreme { job, tiers } in jobs {
        let points = job.sample(if job.list.len() > 1000 { 60 } else { 120 });
        let exact = job.exact(&points);
        for method in tiers {
            judge(&job.with(*method, tolerance), backend, &points, &exact, &mut result);
        }
    }
    result.finish(&backend.info().name);
}

#[test]
fn small_jobs_on_the_cpu() {
    on(&Backend::Cpu, What::CpuUnseen, 1e-3, small());
    on(&Backend::Cpu, What::CpuUnseen, 1e-5, small());
}

#[test]
fn gpu_small_jobs() {
    on(&gpu(), What::DeviceUnseen, 1e-3, small());
}

#[test]
fn resolutions_on_the_cpu() {
    on(&Backend::Cpu, What::CpuUnseen, 1e-3, resolutions());
    on(&Backend::Cpu, What::CpuUnseen, 1e-5, resolutions());
}

#[test]
fn gpu_resolutions() {
    on(&gpu(), What::DeviceUnseen, 1e-3, resolutions());
}

#[test]
fn wide_ranges_of_temperature_on_the_cpu() {
    on(&Backend::Cpu, What::CpuUnseen, 1e-3, temperatures());
}

#[test]
fn gpu_wide_ranges_of_temperature() {
    on(&gpu(), What::DeviceUnseen, 1e-3, temperatures());
}

#[test]
fn crowded_lines_on_the_cpu() {
    on(&Backend::Cpu, What::CpuUnseen, 1e-3, crowds());
}

#[test]
fn gpu_crowded_lines() {
    on(&gpu(), What::DeviceUnseen, 1e-3, crowds());
}

#[test]
fn wide_grids_on_the_cpu() {
    on(&Backend::Cpu, What::CpuUnseen, 1e-3, wide());
    on(&Backend::Cpu, What::CpuUnseen, 1e-5, wide());
}

#[test]
fn gpu_wide_grids() {
    on(&gpu(), What::DeviceUnseen, 1e-3, wide());
}
