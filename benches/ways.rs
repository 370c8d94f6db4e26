//! Whether `auto` takes the quickest way: lines, density or table, for short and long lists, small and large grids, few and many spectra.
//!
//! `cargo bench --bench ways [-- LINES]`: lists of up to so many lines, 1e6 if nothing is said. Prints the seconds of every way, those of the one chosen, and ends with an error where
//! that is slower than another by more than a quarter (and by more than a tenth of a second, which timing is uncertain by).

use std::time::Instant;

use photosphere::cross_section::Method;
use photosphere::grid::TemperatureRange;
use photosphere::lines::carbon_monoxide::{self, Broadener, Isotopologue};
use photosphere::lines::{Line, LineList};
use photosphere::prelude::*;
use photosphere::{Resources, Result, Settings};
use rand::{Rng, SeedableRng, rngs::StdRng};

const LAYERS: usize = 50;
const RANGE: (f64, f64) = (4100.0, 4400.0);
/// Spectra: one, a fit, a sampling.
const EVALUATIONS: [u32; 3] = [1, 50, 5000];

/// Lines all over the range, with strengths over ten decades.
fn list(lines: usize) -> Result<LineList> {
    let range = Some((4200.0, 4250.0));
    let template = carbon_monoxide::line_list(Isotopologue::C12O16, Broadener::Hydrogen, range, 1e-25)?;
    let mut random = StdRng::seed_from_u64(lines as u64);
    let line = |_| {
        let wavenumber = random.random_range(RANGE.0..RANGE.1);
        let strength = 10f64.powf(random.random_range(-30.0..-20.0));
        let lower_energy = random.random_range(0.0..8000.0);
        let gamma_ref = random.random_range(0.04..0.12);
        let temperature_exponent = random.random_range(0.4..0.8);
        Line { wavenumber, strength, lower_energy, gamma_ref, temperature_exponent, ..template.lines()[0] }
    };
    LineList::new(template.species.clone(), (0..lines).map(line).collect())
}

/// Seconds of set-up, and of one spectrum more, the quickest of three.
fn seconds(list: &LineList, points: usize, method: Method, evaluations: u32) -> Result<(f64, f64)> {
    let grid = Grid::new(RANGE.0, RANGE.1, points)?;
    let pressure = PressureGrid::logarithmic(1e-6, 100.0, LAYERS)?;
    let temperature = |step: f64| (0..LAYERS).map(|i| 700.0 + 30.0 * i as f64 + step).collect::<Vec<_>>();
    let state =
        |step| State::new(temperature(step), vec![2500.0; LAYERS], vec![2.33; LAYERS]).with_mass_ratio("CO", 1e-3);
    let settings = Settings {
        temperature_range: TemperatureRange::new(500.0, 2500.0)?,
        method,
        evaluations,
        ..Settings::default()
    };
    let begin = Instant::now();
    let model = Model::emission(grid, pressure).opacity(Absorber::new("CO", list.clone())).settings(settings);
    let model = model.build_with(&Resources::new(&()))?;
    let mut runner = model.open(&Backend::Cpu)?;
    runner.spectrum(&state(0.0), &())?;
    let first = begin.elapsed().as_secs_f64();
    let mut next = f64::INFINITY;
    for _ in 0..3 {
        let begin = Instant::now();
        runner.spectrum(&state(1.0), &())?;
        next = next.min(begin.elapsed().as_secs_f64());
    }
    Ok(((first - next).max(0.0), next))
}

fn main() -> Result<()> {
    let most = std::env::args().skip(1).find_map(|a| a.parse::<f64>().ok()).unwrap_or(1e6);
    let sizes = [
        (1e2, 1_000),
        (1e2, 100_000),
        (1e3, 10_000),
        (1e3, 1_000_000),
        (1e4, 1_000),
        (1e4, 20_000),
        (1e5, 20_000),
        (3e5, 20_000),
        (1e6, 20_000),
        (3e6, 20_000),
        (1e7, 20_000),
    ];
    println!("lines     points  spectra      lines    density      table       auto   auto / best");
    let mut worst = 0.0f64;
    for (lines, points) in sizes.into_iter().filter(|(lines, _)| *lines <= most) {
        let list = list(lines as usize)?;
        // What is larger than a set-up may hold does not fit.
        let fits = (4 * 9 * LAYERS * points) as u64 <= photosphere::resources::DEFAULT_HOST_BYTES;
        let ways = [Method::Lines, Method::Density, Method::Table].map(|method| {
            let measured = (fits || method != Method::Table).then(|| seconds(&list, points, method, 1));
            measured.and_then(Result::ok)
        });
        for evaluations in EVALUATIONS {
            let total = |(set_up, spectrum): (f64, f64)| set_up + spectrum * f64::from(evaluations);
            let auto = total(seconds(&list, points, Method::Auto, evaluations)?);
            let best = ways.iter().flatten().map(|way| total(*way)).fold(f64::INFINITY, f64::min);
            let told: String =
                ways.iter().map(|way| way.map_or("         -".into(), |way| format!(" {:9.3}", total(way)))).collect();
            println!("{lines:.0e} {points:>9} {evaluations:>8} {told} {auto:>9.3} {:>9.2}", auto / best);
            if auto - best > 0.1 {
                worst = worst.max(auto / best);
            }
        }
        let each: Vec<String> =
            ways.iter().map(|w| w.map_or("-".into(), |(a, b)| format!("{a:.3} + {b:.4}"))).collect();
        println!("                   set-up + spectrum [s]: {}", each.join(", "));
    }
    println!("slower than the quickest way by a factor of {worst:.2} at most");
    if worst > 1.25 {
        return Err(photosphere::Error::invalid(
            "choice of a way",
            format!("{worst:.2} times the quickest"),
            "at most 1.25 times",
        ));
    }
    Ok(())
}
