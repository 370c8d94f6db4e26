//! What must hold for any list, whatever is in it: order and files do not matter, strengths and lists add, and the value at a wavenumber does
//! not depend on the grid. Lists are made from a seed and read from files, as HITRAN records and as ExoMol data sets.

use std::fmt::Write;
use std::path::Path;

use photosphere::Backend;
use photosphere::cross_section::{CrossSections, Method, Settings};
use photosphere::grid::{Grid, TemperatureRange};
use photosphere::lines::{ExomolSource, HitranSource, Line, LineList};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Temperatures \[K\] and pressures \[bar\].
const AT: [(f64, f64); 3] = [(300.0, 1e-3), (1000.0, 0.1), (700.0, 5.0)];
/// The wide grid \[cm-1\] and its points; lines reach 60 cm-1 beyond it.
const GRID: (f64, f64, usize) = (2120.0, 2160.0, 4001);
const LINES: (f64, f64) = (2060.0, 2220.0);

/// A format that lists are published in.
#[derive(Clone, Copy, Debug)]
enum Format {
    Hitran,
    Exomol,
}

/// Rows of a list, ascending in wavenumber, and the states that they refer to.
struct Rows {
    format: Format,
    rows: Vec<String>,
    states: String,
}

impl Rows {
    fn new(format: Format, seed: u64, count: usize) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut positions: Vec<f64> = (0..count).map(|_| rng.random_range(LINES.0..LINES.1)).collect();
        positions.sort_by(f64::total_cmp);
        let (mut rows, mut states) = (Vec::new(), String::new());
        for (i, nu) in positions.into_iter().enumerate() {
            let energy = rng.random_range(0.0..3000.0);
            rows.push(match format {
                Format::Hitran => {
                    let strength = 10f64.powf(rng.random_range(-24.0..-19.0));
                    let (a, shift) = (rng.random_range(0.1..50.0), rng.random_range(-0.01..0.01));
                    let (air, own, n) =
                        (rng.random_range(0.04..0.09), rng.random_range(0.05..0.1), rng.random_range(0.5..0.8));
                    let head = format!(
                        " 51{nu:12.6}{strength:10.3e}{a:10.3e}{air:5.3}{own:5.3}{energy:10.4}{n:4.2}{shift:8.5}"
                    );
                    format!("{head:160}")
                }
                Format::Exomol => {
                    let (lower, upper, j) = (2 * i + 1, 2 * i + 2, rng.random_range(0..40));
                    writeln!(states, "{lower} {energy:.6} {} {j}", 2 * j + 1).expect("written");
                    writeln!(states, "{upper} {:.6} {} {}", energy + nu, 2 * j + 3, j + 1).expect("written");
                    format!("{upper} {lower} {:.4e} {nu:.6}", 10f64.powf(rng.random_range(-2.0..2.0)))
                }
            });
        }
        Self { format, rows, states }
    }

    /// The list, read from files that hold these rows.
    fn load(&self, files: &[&[String]]) -> LineList {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        let text = |rows: &[String]| rows.join("\n") + "\n";
        match self.format {
            Format::Hitran => {
                let names: Vec<String> = (0..files.len()).map(|i| format!("{i}.par")).collect();
                names.iter().zip(files).for_each(|(name, rows)| write(name, &text(rows)));
                let mut source = HitranSource::new(folder.path());
                source.paths = names.iter().map(|name| folder.path().join(name)).collect();
                source.load(&()).expect("a list").0.remove(0)
            }
            Format::Exomol => {
                write("X__S.states", &self.states);
                write("X__S.pf", &(1..=150).map(|i| format!("{} {}\n", 10 * i, 5 * i * i)).collect::<String>());
                write("X__S.def", EXOMOL_DEF);
                // Ranges in the names: each file claims one, whatever is in it.
                for (i, rows) in files.iter().enumerate() {
                    let name = match files.len() {
                        1 => "X__S.trans".to_owned(),
                        _ => format!("X__S__0{}000-0{}000.trans", 2 * i, 2 * i + 2),
                    };
                    write(&name, &text(rows));
                }
                load_exomol(folder.path())
            }
        }
    }

    fn list(&self) -> LineList {
        self.load(&[&self.rows])
    }
}

const EXOMOL_DEF: &str = "EXOMOL.def # ID\n28.0 4.6e-26 # Isotopologue mass (Da) and (kg)\n\
    0.0700 # Default value of Lorentzian half-width for all lines (in cm-1/bar)\n\
    0.500 # Default value of temperature exponent for all lines\n";

fn load_exomol(folder: &Path) -> LineList {
    ExomolSource::new(folder).load(&()).expect("a list").0
}

/// \[pair\]\[point\], all lines contributing.
fn values(grid: Grid, lists: &[LineList], method: Method) -> Vec<f64> {
    let settings = Settings {
        // Two results differ by both of their errors.
        tolerance: 5e-4,
        temperature_range: TemperatureRange::new(250.0, 1100.0).expect("a range"),
        method,
        ..Settings::default()
    };
    let job = CrossSections::new(grid, lists, &AT, settings, &()).expect("a job");
    job.compute(&Backend::Cpu, &()).expect("cross sections").0.to_f64()
}

fn wide() -> Grid {
    Grid::new(GRID.0, GRID.1, GRID.2).expect("a grid")
}

/// Largest relative difference.
fn difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max)
}

fn formats() -> impl Strategy<Value = (Rows, Method)> {
    let format = prop_oneof![Just(Format::Hitran), Just(Format::Exomol)];
    let method = prop_oneof![Just(Method::Lines), Just(Method::Density)];
    (format, method, any::<u64>(), 4..40usize)
        .prop_map(|(format, method, seed, count)| (Rows::new(format, seed, count), method))
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}:\n{}\n{}", self.format, self.rows.join("\n"), self.states)
    }
}

/// The list with other strengths.
fn with_strengths(list: &LineList, strength: impl Fn(usize, &Line) -> f64) -> LineList {
    let lines =
        list.lines().iter().enumerate().map(|(i, line)| Line { strength: strength(i, line), ..*line }).collect();
    LineList::new(list.species.clone(), lines).expect("a list")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn order_and_files_do_not_matter((rows, method) in formats(), seed in any::<u64>(), at in 0.0..1.0f64) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut mixed = rows.rows.clone();
        for i in (1..mixed.len()).rev() {
            mixed.swap(i, rng.random_range(0..=i));
        }
        let cut = 1 + (at * (mixed.len() - 2) as f64) as usize;
        let list = rows.list();
        prop_assert_eq!(list.len(), rows.rows.len());
        let expected = values(wide(), std::slice::from_ref(&list), method);
        for files in [&[&mixed[..]][..], &[&rows.rows[..cut], &rows.rows[cut..]], &[&mixed[..cut], &mixed[cut..]]] {
            let other = rows.load(files);
            prop_assert_eq!(other.lines(), list.lines());
            prop_assert!(difference(&values(wide(), &[other], method), &expected) < 1e-12);
        }
    }

    #[test]
    fn strengths_and_lists_add((rows, method) in formats()) {
        let list = rows.list();
        let one = values(wide(), std::slice::from_ref(&list), method);
        let doubled = values(wide(), &[with_strengths(&list, |_, line| 2.0 * line.strength)], method);
        let half: Vec<f64> = doubled.iter().map(|v| 0.5 * v).collect();
        prop_assert!(difference(&half, &one) < 1e-9, "doubled: {}", difference(&half, &one));

        // Every other line.
        let part = |odd: usize| {
            let lines = list.lines().iter().enumerate().filter(|(i, _)| i % 2 == odd).map(|(_, line)| *line).collect();
            LineList::new(list.species.clone(), lines).expect("a list")
        };
        let parts = [part(0), part(1)];
        let each = [0, 1].map(|i| values(wide(), &parts[i..=i], method));
        let sum: Vec<f64> = each[0].iter().zip(&each[1]).map(|(a, b)| a + b).collect();
        let both = values(wide(), &parts, method);
        prop_assert!(difference(&both, &sum) < 1e-9, "two lists: {}", difference(&both, &sum));
        prop_assert!(difference(&one, &sum) < 1e-3, "one list: {}", difference(&one, &sum));
    }

    #[test]
    fn the_grid_does_not_matter((rows, method) in formats(), from in 0.0..1.0f64, width in 0.02..0.3f64) {
        let list = [rows.list()];
        let all = values(wide(), &list, method);
        let points = (width * GRID.2 as f64) as usize;
        let first = (from * (GRID.2 - points) as f64) as usize;
        let (lo, hi) = (wide().wavenumber(first), wide().wavenumber(first + points - 1));
        let narrow = values(Grid::new(lo, hi, points).expect("a grid"), &list, method);
        for pair in 0..AT.len() {
            let same = &all[pair * GRID.2 + first..][..points];
            let worst = difference(&narrow[pair * points..][..points], same);
            prop_assert!(worst < 1e-3, "{:?}: {worst:e}", AT[pair]);
        }
        // Every third point of the narrow grid, by a grid of three times the step.
        let coarse = 1 + (points - 1) / 3;
        let hi = wide().wavenumber(first + 3 * (coarse - 1));
        let thinned = values(Grid::new(lo, hi, coarse).expect("a grid"), &list, method);
        for pair in 0..AT.len() {
            let same: Vec<f64> = narrow[pair * points..][..points].iter().step_by(3).copied().take(coarse).collect();
            let worst = difference(&thinned[pair * coarse..][..coarse], &same);
            prop_assert!(worst < 1e-3, "{:?}, thinned: {worst:e}", AT[pair]);
        }
    }
}
