use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::cache::Cache;
use crate::lines::{LineList, PartitionFunction};
use crate::{Progress, Resources};

/// A list that is handed over in small pieces, out of order, and counts how often.
#[derive(Debug)]
struct Streamed {
    list: LineList,
    passes: AtomicUsize,
}

impl LineSource for Streamed {
    fn species(&self) -> Result<Species> {
        Ok(self.list.species.clone())
    }

    fn fingerprint(&self, range: (f64, f64), key: &mut KeyHasher) -> Result<()> {
        self.list.fingerprint(range, key)
    }

    fn stream(
        &self,
        (lo, hi): (f64, f64),
        _: &dyn Progress,
        visit: &mut dyn FnMut(&[Line]) -> Result<()>,
    ) -> Result<LoadReport> {
        self.passes.fetch_add(1, Ordering::Relaxed);
        let lines = self.list.between(lo, hi);
        let pieces: Vec<&[Line]> = lines.chunks(7).collect();
        // 7919 and the number of pieces share no factor unless it is a multiple
        for i in 0..pieces.len() {
            let piece: Vec<Line> = pieces[i * 7919 % pieces.len()].iter().rev().copied().collect();
            visit(&piece)?;
        }
        Ok(LoadReport { read: 11, kept: lines.len() as u64, ..LoadReport::default() })
    }
}

/// Keeps warnings.
#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl Progress for Warnings {
    fn begin(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn finish(&self) {}
    fn warn(&self, message: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }
}

fn list(scale: f64) -> LineList {
    let t: Vec<f64> = (1..=3000).map(f64::from).collect();
    let q = t.iter().map(|t| scale * (30.0 + t.powf(1.4))).collect();
    let species =
        Species { name: "made up".into(), molar_mass: 28.0, partition: PartitionFunction::new(t, q).unwrap().into() };
    let mut state = 1u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let line = |i: usize| Line {
        // some share a wavenumber; a gap in the middle
        wavenumber: [2000.0, 2006.0][i % 2]
            + (400.0 * uniform()).floor() / 100.0
            + if i.is_multiple_of(5) { uniform() * 0.01 } else { 0.0 },
        strength: 1e-22 * 10f64.powf(-6.0 * uniform()),
        lower_energy: 3000.0 * uniform(),
        gamma_ref: 0.04 + 0.04 * uniform(),
        temperature_exponent: 0.5 + 0.2 * uniform(),
        ..Line::default()
    };
    let lines = (0..3001).map(line).collect();
    LineList::new(species, lines).unwrap()
}

fn grid() -> Grid {
    Grid::new(2001.0, 2009.0, 4000).unwrap()
}

fn range() -> TemperatureRange {
    TemperatureRange::new(500.0, 1500.0).unwrap()
}

fn settings(line_margin: f64) -> Settings {
    Settings { temperature_range: range(), line_margin, ..Settings::default() }
}

const LEVELS: [i32; 4] = [-2, 0, 3, 9];

/// All densities as bytes, and whether they were found.
fn densities(lines: &GridLines<'_>, tolerance: f64) -> (Vec<Vec<u8>>, bool) {
    let axes = Axes::new(&lines.summary, &lines.range, 0.1, tolerance).unwrap();
    let (by_level, found) = lines.densities(&axes, LEVELS).unwrap();
    (by_level.values().map(|d| d.encode(|parts| parts.concat())).collect(), found)
}

#[test]
fn streamed_in_any_number_of_passes_is_loaded_bit_for_bit() {
    let list = list(1.0);
    let loaded = GridLines::open(grid(), &list, &settings(0.5), &[1.0], &Resources::new(&())).unwrap();
    let (expected, _) = densities(&loaded, 1e-3);
    let table = LineTable::new(list.between(2000.5, 2009.5), &grid(), &list.species, &settings(0.5)).unwrap();
    assert_eq!((&loaded.summary, table.lines.len()), (&table.summary, loaded.summary.count as usize));
    for (lines_held, passes, threads) in [(1 << 20, 1, 1), (1 << 20, 1, 3), (700, 5, 2), (40, 60, 1), (1, 300, 2)] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let source = Streamed { list: list.clone(), passes: AtomicUsize::new(0) };
            let resources = Resources { host_bytes: lines_held * LINE_BYTES, ..Resources::new(&()) };
            let lines = GridLines::open(grid(), &source, &settings(0.5), &[1.0], &resources).unwrap();
            assert_eq!(lines.summary, loaded.summary);
            assert!(densities(&lines, 1e-3).0 == expected, "{lines_held} lines at a time, {threads} threads");
            assert!(source.passes.load(Ordering::Relaxed) >= passes);
            let (streamed, _) = lines.table().unwrap();
            assert_eq!(format!("{:?}", streamed.lines), format!("{:?}", table.lines));
        });
    }
}

#[test]
fn a_warm_cache_needs_no_line_and_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(Some(folder.path()));
    let source = Streamed { list: list(1.0), passes: AtomicUsize::new(0) };
    let resources = Resources::with_cache(&cache, &());
    let open = || GridLines::open(grid(), &source, &settings(0.5), &[1.0], &resources).unwrap();
    let first = open();
    let (expected, found) = densities(&first, 1e-3);
    assert!(!found && source.passes.load(Ordering::Relaxed) == 1);
    let second = open();
    assert_eq!((&second.summary, &second.records), (&first.summary, &first.records));
    assert!(densities(&second, 1e-3) == (expected.clone(), true));
    assert_eq!(source.passes.load(Ordering::Relaxed), 1, "read although known");
    // the table of so few lines is not worth an entry
    assert!(!open().table().unwrap().1 && source.passes.load(Ordering::Relaxed) == 2);
    // one level that is gone is made again, from the source, and the others are found
    let level = cache.list().into_iter().find(|i| i.description.starts_with("density, level 3,")).unwrap();
    let path = std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path());
    std::fs::remove_file(path.into_iter().find(|p| p.to_string_lossy().contains(&level.key)).unwrap()).unwrap();
    assert!(densities(&open(), 1e-3) == (expected, false));
    assert_eq!((source.passes.load(Ordering::Relaxed), cache.list().len()), (3, 5));
}

#[test]
fn anything_that_matters_is_another_key() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(Some(folder.path()));
    let resources = Resources::with_cache(&cache, &());
    let try_with = |list: &LineList, grid: Grid, range: TemperatureRange, margin: f64, tolerance: f64| {
        let lines = GridLines::open(
            grid,
            list,
            &Settings { temperature_range: range, line_margin: margin, ..Settings::default() },
            &[1.0],
            &resources,
        )
        .unwrap();
        densities(&lines, tolerance).1
    };
    let usual = list(1.0);
    assert!(!try_with(&usual, grid(), range(), 0.5, 1e-3));
    assert!(try_with(&usual, grid(), range(), 0.5, 1e-3));
    for grid in [(2001.0, 2009.0, 4001), (2001.5, 2009.0, 4000), (2001.0, 2008.5, 4000)] {
        assert!(!try_with(&usual, Grid::new(grid.0, grid.1, grid.2).unwrap(), range(), 0.5, 1e-3), "{grid:?}");
    }
    for (lo, hi) in [(501.0, 1500.0), (500.0, 1501.0)] {
        assert!(!try_with(&usual, grid(), TemperatureRange::new(lo, hi).unwrap(), 0.5, 1e-3), "{lo} {hi}");
    }
    assert!(!try_with(&usual, grid(), range(), 0.6, 1e-3), "margin");
    assert!(!try_with(&usual, grid(), range(), 0.5, 1.1e-3), "tolerance");
    assert!(!try_with(&list(2.0), grid(), range(), 0.5, 1e-3), "partition function");
    type Change = fn(&mut Line);
    let changes: [Change; 8] = [
        |l| l.wavenumber *= 1.0 + 1e-15,
        |l| l.strength *= 1.0 + 1e-15,
        |l| l.lower_energy += 1e-9,
        |l| l.gamma_ref *= 1.0 + 1e-15,
        |l| l.temperature_exponent += 1e-15,
        |l| l.width_curvature += 1e-15,
        |l| l.natural_width += 1e-15,
        |l| l.shift += 1e-15,
    ];
    for (i, change) in changes.iter().enumerate() {
        let mut lines = usual.lines().to_vec();
        change(&mut lines[1500]);
        assert!(
            !try_with(&LineList::new(usual.species.clone(), lines).unwrap(), grid(), range(), 0.5, 1e-3),
            "change {i}"
        );
    }
    let profiles = [(false, false), (true, true)];
    for (natural_width, pressure_shift) in profiles {
        let mut settings = settings(0.5);
        (settings.profile.natural_width, settings.profile.pressure_shift) = (natural_width, pressure_shift);
        let lines = GridLines::open(grid(), &usual, &settings, &[1.0], &resources).unwrap();
        assert!(!densities(&lines, 1e-3).1, "natural width {natural_width}, shift {pressure_shift}");
    }
    // neither order nor lines out of reach matter
    let mut lines = usual.lines().to_vec();
    lines.reverse();
    lines.push(Line { wavenumber: 2100.0, ..lines[0] });
    assert!(try_with(&LineList::new(usual.species.clone(), lines).unwrap(), grid(), range(), 0.5, 1e-3));
}

#[test]
fn damage_is_told_once_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(Some(folder.path()));
    let (list, warnings) = (list(1.0), Warnings::default());
    let resources = Resources::with_cache(&cache, &warnings);
    let run = || densities(&GridLines::open(grid(), &list, &settings(0.5), &[1.0], &resources).unwrap(), 1e-3);
    let (expected, _) = run();
    for path in std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path()) {
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }
    assert!(run() == (expected.clone(), false));
    assert_eq!(warnings.0.lock().unwrap().len(), LEVELS.len() + 1);
    assert!(run() == (expected, true));
    assert_eq!(warnings.0.lock().unwrap().len(), LEVELS.len() + 1);
}

/// Whoever has the secret may write anything: each content is looked at in full before it is used. What is not refused is possible, and comes to an end.
#[test]
fn forged_contents_neither_panic_nor_hang() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(Some(folder.path()));
    let (list, warnings) = (list(1.0), Warnings::default());
    let resources = Resources::with_cache(&cache, &warnings);
    let run = || {
        let lines = GridLines::open(grid(), &list, &settings(0.5), &[1.0], &resources).ok()?;
        let axes = Axes::new(&lines.summary, &range(), 0.5, 1e-3).ok()?;
        lines.table().ok()?;
        let (densities, cached) = lines.densities(&axes, LEVELS).ok()?;
        lines.store_summary();
        Some((densities.into_values().map(|d| (d.first, d.nodes)).collect::<Vec<_>>(), cached))
    };
    let expected = run();
    let whole: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path()).collect();
    assert!(whole.len() > LEVELS.len());
    let mut refused = 0;
    let seeds = crate::cache::seeds(120);
    for seed in seeds.clone() {
        let told = warnings.0.lock().unwrap().len();
        for path in whole.iter().filter(|p| p.exists()) {
            cache.forge(path, |payload| crate::cache::scramble(payload, seed));
        }
        run();
        refused += usize::from(warnings.0.lock().unwrap().len() > told);
        cache.clear().unwrap();
        assert_eq!(run(), expected);
    }
    assert!(seeds.count() < 20 * (refused + 1), "{refused} told");
}
