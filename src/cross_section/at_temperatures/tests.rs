use std::sync::atomic::{AtomicUsize, Ordering};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::Progress;
use crate::cache::{Cache, KeyHasher};
use crate::cross_section::direct_sum;
use crate::cross_section::test_cases::{list, with_profiles};
use crate::lines::carbon_monoxide::{Broadener, Isotopologue, line_list};
use crate::lines::{Line, LineList};
use crate::settings::WingLaw;

const PRESSURES: [f64; 5] = [1e-6, 1e-4, 1e-2, 1.0, 100.0];

fn settings(lo: f64, hi: f64) -> Settings {
    Settings { temperature_range: TemperatureRange::new(lo, hi).unwrap(), ..Settings::default() }
}

fn at(grid: Grid, source: &dyn LineSource, t: &[f64], settings: &Settings) -> AtTemperatures {
    AtTemperatures::new(grid, source, t, &PRESSURES, settings, &Resources::new(&())).unwrap()
}

/// All values at one temperature.
fn values(xs: &AtTemperatures, t: usize) -> Vec<f64> {
    let mut values = vec![f64::NAN; xs.layers() * xs.grid().len()];
    xs.cross_sections(t, 0..xs.layers(), 0..xs.grid().len(), &mut values).unwrap();
    values
}

/// Compares with the exact sum at temperatures of a range and all pressures: 99th percentile and largest relative error
/// within the tolerance and ten times it.
fn check(what: &str, (grid, list): &(Grid, LineList), t: &[f64], settings: &Settings) {
    let xs = at(*grid, list, t, settings);
    let nu = grid.wavenumbers();
    for (k, t) in t.iter().enumerate() {
        for (values, p) in values(&xs, k).chunks(grid.len()).zip(PRESSURES) {
            let exact = direct_sum(&list.species, list.lines(), &nu, *t, p, &settings.profile).unwrap();
            let mut off: Vec<f64> = values.iter().zip(&exact).map(|(v, e)| (v / e - 1.0).abs()).collect();
            off.sort_by(f64::total_cmp);
            let (p99, worst) = (off[off.len() * 99 / 100], off[off.len() - 1]);
            eprintln!("{what}, {t} K, {p:e} bar: p99 {p99:.1e}, largest {worst:.1e}");
            let tolerance = settings.tolerance;
            assert!(
                p99 <= tolerance && worst <= 10.0 * tolerance,
                "{what}, {t} K, {p} bar: p99 {p99:e}, largest {worst:e}"
            );
        }
    }
}

#[test]
fn lists_of_every_kind_are_within_the_tolerance() {
    let range = settings(500.0, 1200.0);
    check("crowded", &list(3000, 500), &[500.0, 1100.0], &range);
    check("sparse", &list(25, 2000), &[700.0, 1200.0], &range);
    check("curved and natural widths", &with_profiles(list(1000, 300), false), &[500.0, 900.0], &range);
    let tight = Settings { tolerance: 1e-5, ..range };
    check("tight", &list(300, 200), &[600.0, 1200.0], &tight);
}

#[test]
fn carbon_monoxide_with_lines_far_outside_is_within_the_tolerance() {
    let grid = Grid::with_resolution(2050.0, 2062.0, 3e5).unwrap();
    let list = line_list(Isotopologue::C12O16, Broadener::Air, None, 0.0).unwrap();
    check("CO", &(grid, list), &[500.0, 2500.0], &settings(500.0, 2500.0));
}

/// Lines as they come from a file: in the order given, in pieces.
#[derive(Debug)]
struct Streamed {
    list: LineList,
    lines: Vec<Line>,
    piece: usize,
    passes: AtomicUsize,
}

impl Streamed {
    fn new(list: &LineList, lines: Vec<Line>, piece: usize) -> Self {
        Self { list: list.clone(), lines, piece, passes: AtomicUsize::new(0) }
    }

    fn passes(&self) -> usize {
        self.passes.load(Ordering::Relaxed)
    }
}

impl LineSource for Streamed {
    fn species(&self) -> Result<Species> {
        Ok(self.list.species.clone())
    }

    fn fingerprint(&self, _: (f64, f64), key: &mut KeyHasher) -> Result<()> {
        key.bytes("lines", bytemuck::cast_slice(&self.lines));
        Ok(())
    }

    fn stream(
        &self,
        _: (f64, f64),
        _: &dyn Progress,
        visit: &mut dyn FnMut(&[Line]) -> Result<()>,
    ) -> Result<LoadReport> {
        self.passes.fetch_add(1, Ordering::Relaxed);
        self.lines.chunks(self.piece).try_for_each(visit)?;
        Ok(LoadReport { read: self.lines.len() as u64, ..LoadReport::default() })
    }
}

/// Lines in an order of chance, of some hundred widths or, if `many`, of more widths than there are classes for.
fn long(many: bool, count: i32) -> (Grid, LineList, Vec<Line>) {
    let (grid, list) = list(1, 1500);
    let mut rng = StdRng::seed_from_u64(5);
    let mut uniform = |lo: f64, hi: f64| lo + (hi - lo) * rng.random::<f64>();
    let reach = 0.1 * (grid.hi() - grid.lo());
    let lines = (0..count)
        .map(|i| Line {
            wavenumber: uniform(grid.lo() - reach, grid.hi() + reach),
            strength: 10f64.powf(uniform(-28.0, -22.0)),
            lower_energy: uniform(0.0, 12_000.0),
            gamma_ref: if many { uniform(0.02, 0.09) } else { 0.02 + 0.001 * f64::from(i % 70) },
            temperature_exponent: if many { 0.6 } else { 0.4 + 0.1 * f64::from(i % 4) },
            natural_width: uniform(0.0, 1e-8),
            ..Line::default()
        })
        .collect();
    (grid, list, lines)
}

#[test]
fn bits_depend_neither_on_threads_nor_on_pieces_nor_on_memory() {
    // more lines than one block takes
    let (grid, list, lines) = long(false, 1_200_000);
    let t = [500.0, 800.0, 1200.0];
    let with = |piece: usize, threads: usize, host_bytes: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let source = Streamed::new(&list, lines.clone(), piece);
        let resources = Resources { host_bytes, ..Resources::new(&()) };
        let make = || AtTemperatures::new(grid, &source, &t, &PRESSURES, &settings(500.0, 1200.0), &resources).unwrap();
        let xs = pool.install(make);
        let all: Vec<f64> = (0..t.len()).flat_map(|k| pool.install(|| values(&xs, k))).collect();
        (all, source.passes())
    };
    let (expected, passes) = with(30_000, 1, 1 << 30);
    assert_eq!(passes, 1);
    for (piece, threads, host_bytes, passes) in [(7, 3, 1 << 30, 1), (1_200_000, 2, 1 << 30, 1), (9_999, 2, 1, 3)] {
        let (found, read) = with(piece, threads, host_bytes);
        assert!(found == expected, "pieces of {piece}, {threads} threads, {host_bytes} bytes");
        assert_eq!(read, passes);
    }
}

#[test]
fn a_dense_list_is_within_the_tolerance_with_and_without_classes() {
    for many in [false, true] {
        let (grid, list, lines) = long(many, 60_000);
        let xs = at(grid, &Streamed::new(&list, lines.clone(), 20_000), &[600.0, 1200.0], &settings(500.0, 1200.0));
        // The exact sum at some points only.
        let points: Vec<usize> = (0..12).map(|i| 17 + 131 * i).collect();
        let nu: Vec<f64> = points.iter().map(|i| grid.wavenumber(*i)).collect();
        for (k, t) in [600.0, 1200.0].into_iter().enumerate() {
            for (values, p) in values(&xs, k).chunks(grid.len()).zip(PRESSURES) {
                let exact = direct_sum(&list.species, &lines, &nu, t, p, &Default::default()).unwrap();
                for (i, exact) in points.iter().zip(exact) {
                    let off = values[*i] / exact - 1.0;
                    assert!(off.abs() < 1e-3, "{many}, {t} K, {p} bar, point {i}: {off:e}");
                }
            }
        }
    }
}

#[test]
fn a_list_that_spans_more_than_its_first_lines_is_read_twice() {
    let (grid, list, mut lines) = long(false, 330_000);
    let narrow = |l: &mut Line| (l.gamma_ref, l.natural_width) = (0.03, 1e-10);
    lines[..300_000].iter_mut().for_each(narrow);
    let source = Streamed::new(&list, lines.clone(), 50_000);
    let xs = at(grid, &source, &[900.0], &settings(500.0, 1200.0));
    assert_eq!(source.passes(), 2);
    // From all that they span: what comes first does not matter but for rounding.
    lines.reverse();
    let other = at(grid, &Streamed::new(&list, lines, 50_000), &[900.0], &settings(500.0, 1200.0));
    let worst = values(&xs, 0).iter().zip(values(&other, 0)).map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max);
    assert!(worst < 1e-3, "{worst:e}");
}

#[test]
fn a_temperature_does_not_depend_on_others() {
    let (grid, list, mut lines) = long(false, 330_000);
    // at 1200 K these are narrower than all before, at 500 K hardly
    lines[300_000..].iter_mut().for_each(|l| l.temperature_exponent += 0.3);
    let source = Streamed::new(&list, lines, 50_000);
    let both = at(grid, &source, &[500.0, 1200.0], &settings(500.0, 1200.0));
    assert_eq!(source.passes(), 2);
    let [cold, hot] = [500.0, 1200.0].map(|t| at(grid, &source, &[t], &settings(500.0, 1200.0)));
    assert_eq!(source.passes(), 5);
    assert!(values(&both, 0) == values(&cold, 0) && values(&both, 1) == values(&hot, 0));
}

#[test]
fn a_warm_cache_needs_no_line_and_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(Some(folder.path()));
    let resources = Resources::with_cache(&cache, &());
    let (grid, list) = list(2000, 400);
    let source = Streamed::new(&list, list.lines().to_vec(), 100);
    let open =
        |t: &[f64]| AtTemperatures::new(grid, &source, t, &PRESSURES, &settings(500.0, 1200.0), &resources).unwrap();
    let first = open(&[600.0, 1000.0]);
    assert!(!first.cached() && source.passes() == 1);
    assert_eq!((first.index_of(1000.0), first.index_of(1000.5)), (Some(1), None));
    let second = open(&[600.0, 1000.0]);
    assert!(second.cached() && source.passes() == 1, "read although known");
    assert_eq!((second.lines(), second.records()), (first.lines(), first.records()));
    for t in 0..2 {
        assert!(values(&second, t) == values(&first, t));
    }
    // another temperature is made, and those known are found
    let third = open(&[1000.0, 700.0]);
    assert!(!third.cached() && source.passes() == 2);
    assert!(values(&third, 0) == values(&first, 1));
    let alone = at(grid, &source, &[700.0], &settings(500.0, 1200.0));
    assert!(values(&third, 1) == values(&alone, 0), "a temperature depends on others");
    // damage is mended
    for path in std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path()) {
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }
    let fourth = open(&[600.0, 1000.0]);
    assert!(!fourth.cached() && values(&fourth, 0) == values(&first, 0));
    assert!(open(&[600.0, 1000.0]).cached());
}

/// What whoever has the secret may write is refused or possible; it comes to an end without a panic, and the next run is right again.
#[test]
fn forged_contents_neither_panic_nor_hang() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(Some(folder.path()));
    let resources = Resources::with_cache(&cache, &());
    let (grid, list) = list(2000, 400);
    let open = || AtTemperatures::new(grid, &list, &[600.0], &PRESSURES, &settings(500.0, 1200.0), &resources);
    let expected = values(&open().unwrap(), 0);
    for seed in crate::cache::seeds(150) {
        for path in std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path()) {
            cache.forge(&path, |payload| crate::cache::scramble(payload, seed));
        }
        if let Ok(forged) = open() {
            values(&forged, 0);
        }
        cache.clear().unwrap();
        assert!(values(&open().unwrap(), 0) == expected);
    }
}

#[test]
fn segments_and_single_layers_have_the_bits_of_the_whole() {
    let (grid, list) = list(3000, 3000);
    let xs = at(grid, &list, &[800.0], &settings(500.0, 1200.0));
    let whole = values(&xs, 0);
    for points in [0..1024, 1024..3000, 2048..2050] {
        for layer in 0..PRESSURES.len() {
            let mut part = vec![0.0; points.len()];
            xs.cross_sections(0, layer..layer + 1, points.clone(), &mut part).unwrap();
            assert!(part == whole[layer * grid.len()..][points.clone()], "layer {layer}, points {points:?}");
        }
    }
    let mut out = vec![0.0; 10];
    for (t, layers, points) in
        [(1, 0..1, 0..10), (0, 4..6, 0..5), (0, 0..1, 2048..3001), (0, 0..1, 5..15), (0, 0..1, 0..9)]
    {
        assert!(xs.cross_sections(t, layers, points, &mut out).is_err());
    }
}

#[test]
fn what_a_density_cannot_hold_is_refused() {
    let (grid, list) = list(100, 300);
    let message = |list: &LineList, t: &[f64], settings: &Settings| {
        AtTemperatures::new(grid, list, t, &PRESSURES, settings, &Resources::new(&())).unwrap_err().to_string()
    };
    let usual = settings(500.0, 1200.0);
    assert!(message(&list, &[], &usual).contains("temperatures"));
    assert!(message(&list, &[400.0], &usual).contains("500 to 1200"));
    let mut law = usual;
    law.profile.wings = WingLaw { cutoff: Some(25.0), ..WingLaw::default() };
    assert!(message(&list, &[600.0], &law).contains("wing law"));
    let shifted = with_profiles((grid, list.clone()), true).1;
    let mut shift = usual;
    shift.profile.pressure_shift = true;
    assert!(message(&shifted, &[600.0], &shift).contains("pressure shifts"));
    assert!(at(grid, &shifted, &[600.0], &usual).prepared(0).neglected_shift > 0.0);
    let far = Grid::new(9000.0, 9001.0, 300).unwrap();
    let narrow = Settings { line_margin: 5.0, ..usual };
    let nothing = AtTemperatures::new(far, &list, &[600.0], &PRESSURES, &narrow, &Resources::new(&()));
    assert!(nothing.unwrap_err().to_string().contains("lines in range"));
}

#[test]
fn a_list_of_distant_lines_alone_is_their_wings() {
    let (_, list) = list(200, 500);
    let grid = Grid::new(2300.0, 2301.0, 400).unwrap();
    check("distant alone", &(grid, list), &[600.0, 1100.0], &settings(500.0, 1200.0));
}
