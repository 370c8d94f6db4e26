use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;
use crate::atmosphere::PressureGrid;
use crate::cross_section::Method;
use crate::grid::{Grid, TemperatureRange};
use crate::lines::carbon_monoxide::{Broadener, Isotopologue, line_list};
use crate::lines::{Line, LineList};
use crate::spectrum::{Coefficients, DerivativeSettings, Model, Retrieval};
use crate::{Backend, Cache, Resources, Settings};
use crate::{opacity::Absorber, progress::Progress};

const LAYERS: usize = 24;

fn list() -> LineList {
    line_list(Isotopologue::C12O16, Broadener::Hydrogen, Some((2080.0, 2150.0)), 1e-28).unwrap()
}

fn settings(method: Method) -> Settings {
    let temperature_range = TemperatureRange::new(500.0, 2500.0).unwrap();
    Settings { temperature_range, method, ..Settings::default() }
}

fn grid() -> Grid {
    Grid::with_resolution(2100.0, 2112.0, 300_000.0).unwrap()
}

fn build(settings: Settings, cache: &Cache) -> Result<Model> {
    let pressure = PressureGrid::logarithmic(1e-6, 100.0, LAYERS)?;
    let model = Model::emission(grid(), pressure).opacity(Absorber::new("CO", list())).settings(settings);
    model.build_with(&Resources::with_cache(cache, &()))
}

fn model(method: Method) -> Model {
    build(settings(method), &Cache::off()).unwrap()
}

fn table(model: &Model) -> &LayerTable {
    model.opacities().next().unwrap().as_any().downcast_ref().unwrap()
}

fn state(temperature: impl Fn(usize) -> f64) -> State {
    let all = (0..LAYERS).map(temperature).collect();
    State::new(all, vec![2500.0; LAYERS], vec![2.33; LAYERS]).with_mass_ratio("CO", 5e-3)
}

/// Optical depths \[layer\]\[point\] and slopes of a model's only opacity.
fn rows(model: &Model, state: &State) -> (Vec<f64>, Vec<f64>) {
    let count = LAYERS * model.grid().len();
    let (mut depth, mut slope) = (vec![0.0; count], vec![0.0; count]);
    let at = Layers { state, pressure: model.pressure(), range: 0..LAYERS };
    let opacity = model.opacities().next().unwrap().on_cpu(&at, true).unwrap();
    let points = 0..model.grid().len();
    opacity.add(&mut OpticalRows { points, depth: &mut depth, slope: Some(&mut slope), shape: &mut [] }).unwrap();
    (depth, slope)
}

/// What is told of the errors is what an independent check finds: at random temperatures in all layers, against the method that the nodes were made with.
#[test]
fn errors_told_are_errors_found() {
    let (tables, lines) = (model(Method::Table), model(Method::Lines));
    let told = table(&tables).table.nodes.worst().unwrap().1;
    let mut random = StdRng::seed_from_u64(7);
    let (mut largest, mut beyond, mut pairs, n) = (0.0f64, 0, 0, tables.grid().len());
    for _ in 0..60 {
        let temperatures: Vec<f64> = (0..LAYERS).map(|_| random.random_range(500.0..2500.0)).collect();
        let state = state(|layer| temperatures[layer]);
        let ((found, _), (exact, _)) = (rows(&tables, &state), rows(&lines, &state));
        for (found, exact) in found.chunks(n).zip(exact.chunks(n)) {
            let mut errors: Vec<f64> = found.iter().zip(exact).map(|(f, e)| (f / e - 1.0).abs()).collect();
            errors.sort_by(f64::total_cmp);
            largest = largest.max(errors[n - 1]);
            beyond += usize::from(errors[n - 1 - n / 100] > told.most_points);
            pairs += 1;
        }
    }
    let levels = &table(&tables).table.nodes.levels;
    eprintln!("told {told:?}, found {largest:.2e}, {beyond} of {pairs} beyond; levels {levels:?}");
    assert!(told.within(1e-3), "{told:?}");
    // Half way between nodes errors are largest, but not at every point.
    assert!(largest < 1.5 * told.largest && largest > 0.1 * told.largest, "{largest:e} {told:?}");
    assert!(100 * beyond <= pairs, "{beyond} of {pairs} layers and temperatures");
    assert!(levels.first() > levels.last(), "{levels:?}");
}

/// The slopes are the derivatives of the values.
#[test]
fn slopes_are_derivatives() {
    let tables = model(Method::Table);
    let t = |layer: usize| 613.0 + 70.3 * layer as f64;
    let step = 1e-3;
    let (_, slope) = rows(&tables, &state(t));
    let [above, below] = [step, -step].map(|step| rows(&tables, &state(|layer| t(layer) + step)).0);
    let n = tables.grid().len();
    for (layer, ((slopes, above), below)) in slope.chunks(n).zip(above.chunks(n)).zip(below.chunks(n)).enumerate() {
        let largest = slopes.iter().fold(0.0f64, |m, s| m.max(s.abs()));
        for (i, s) in slopes.iter().enumerate() {
            let difference = (above[i] - below[i]) / (2.0 * step);
            assert!((s - difference).abs() < 1e-6 * largest, "layer {layer}, point {i}: {s:e} {difference:e}");
        }
    }
}

/// Derivatives of spectra, forward and reverse, are those of tables; and near those of lines.
#[test]
fn derivatives_of_spectra_are_those_of_differences() {
    let tables = model(Method::Table);
    let t = |layer: usize| 613.0 + 70.3 * layer as f64;
    let spectrum = |s: &State| tables.open(&Backend::Cpu).unwrap().spectrum(s, &()).unwrap().to_f64();
    let along = (0..LAYERS).map(|layer| 1.0 + 0.1 * layer as f64).collect();
    let tangent = State::new(along, vec![0.0; LAYERS], vec![0.0; LAYERS]).with_mass_ratio("CO", 0.0);
    let coefficients = Coefficients::along(&tables, &state(t), &[tangent]).unwrap();
    let unused = |_: &[Dual], _: &PressureGrid| Err(crate::Error::invalid("parameters", "some", "none"));
    let settings = DerivativeSettings::default();
    let mut derivatives = Retrieval::new(tables.clone(), &Backend::Cpu, vec!["none".into()], unused, settings).unwrap();
    let (_, column) = derivatives.jacobian(&state(t), &coefficients).unwrap();
    let along = |e: f64| spectrum(&state(|layer| t(layer) + e * (1.0 + 0.1 * layer as f64)));
    let (step, largest) = (1e-2, column.iter().fold(0.0f64, |m, c| m.max(c.abs())));
    let [a, b] = [along(step), along(-step)];
    for (i, c) in column.iter().enumerate() {
        let difference = (a[i] - b[i]) / (2.0 * step);
        assert!((c - difference).abs() < 1e-6 * largest, "point {i}: {c:e} {difference:e}");
    }
    let weights: Vec<f64> = (0..column.len()).map(|i| (i as f64).sin()).collect();
    let gradient = derivatives.layer_gradient(&state(t), &weights).unwrap();
    let reverse = coefficients.transpose(&gradient)[0];
    let forward: f64 = column.iter().zip(&weights).map(|(c, w)| c * w).sum();
    assert!((forward - reverse).abs() < 1e-9 * largest * weights.len() as f64, "{forward:e} {reverse:e}");
}

/// Neither the cut, nor what was computed before, nor the number of threads changes a bit.
#[test]
fn rows_do_not_depend_on_what_was_computed_before() {
    let first = |layer: usize| 613.0 + 70.3 * layer as f64;
    let fresh = rows(&model(Method::Table), &state(first));
    let used = model(Method::Table);
    for t in [500.0, 2500.0, 777.7] {
        rows(&used, &state(|_| t));
    }
    assert_eq!(rows(&used, &state(first)), fresh);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(pool.install(|| rows(&model(Method::Table), &state(first))), fresh);
    // Segments: the same rows whatever the points.
    let (whole, slopes) = fresh;
    let n = used.grid().len();
    let state = state(first);
    let opacity = used.opacities().next().unwrap();
    for layers in [0..LAYERS, 3..5] {
        let at = Layers { state: &state, pressure: used.pressure(), range: layers.clone() };
        let ready = opacity.on_cpu(&at, true).unwrap();
        for points in [0..1024, 1024..n] {
            let count = layers.len() * points.len();
            let (mut depth, mut slope) = (vec![0.0; count], vec![0.0; count]);
            let mut rows =
                OpticalRows { points: points.clone(), depth: &mut depth, slope: Some(&mut slope), shape: &mut [] };
            ready.add(&mut rows).unwrap();
            for (k, layer) in layers.clone().enumerate() {
                let part = layer * n + points.start..layer * n + points.end;
                assert_eq!(depth[k * points.len()..(k + 1) * points.len()], whole[part.clone()]);
                assert_eq!(slope[k * points.len()..(k + 1) * points.len()], slopes[part]);
            }
        }
    }
}

/// Warnings of a set-up.
#[derive(Default)]
struct Warnings(std::sync::Mutex<Vec<String>>);

impl Progress for Warnings {
    fn begin(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn finish(&self) {}
    fn warn(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

/// A table from the disk has the bits of one that is made, goes on where the other ended, and a damaged one is made anew.
#[test]
fn what_is_kept_on_disk_is_what_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(Some(folder.path()));
    let entry = || {
        let all = cache.list();
        let item = all.iter().find(|i| i.kind == "table").unwrap();
        let is_it = |p: &std::path::PathBuf| p.to_string_lossy().contains(&item.key);
        (item.bytes, std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path()).find(is_it).unwrap())
    };
    let t = |layer: usize| 613.0 + 70.3 * layer as f64;
    let made = build(settings(Method::Table), &cache).unwrap();
    let surveyed = entry().0;
    let expected = rows(&made, &state(t));
    let held = table(&made).table.nodes.rows.all().count();
    drop(made);
    assert!(entry().0 > surveyed, "rows made since the survey");
    let again = build(settings(Method::Table), &cache).unwrap();
    assert_eq!(table(&again).table.nodes.rows.all().count(), held);
    assert_eq!(rows(&again, &state(t)), expected);
    assert_eq!(rows(&again, &state(|_| 900.0)), rows(&model(Method::Table), &state(|_| 900.0)));
    drop(again);
    // Torn: as a power cut might leave it.
    let (bytes, path) = entry();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(bytes / 2).unwrap();
    let warnings = Warnings::default();
    let pressure = PressureGrid::logarithmic(1e-6, 100.0, LAYERS).unwrap();
    let builder = Model::emission(grid(), pressure).opacity(Absorber::new("CO", list()));
    let anew = builder.settings(settings(Method::Table)).build_with(&Resources::with_cache(&cache, &warnings)).unwrap();
    let told = warnings.0.lock().unwrap().concat();
    assert!(told.contains("table-") && told.contains("deleted"), "{told}");
    assert_eq!(rows(&anew, &state(t)), expected);
    // Another tolerance is another table.
    drop(build(Settings { tolerance: 1e-2, ..settings(Method::Table) }, &cache).unwrap());
    assert_eq!(cache.list().iter().filter(|i| i.kind == "table").count(), 2);
}

/// What whoever has the secret may write is refused or possible; it comes to an end without a panic.
#[test]
fn forged_tables_neither_panic_nor_hang() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(Some(folder.path()));
    drop(rows(&build(settings(Method::Table), &cache).unwrap(), &state(|_| 900.0)));
    let of_table = |p: &std::path::PathBuf| p.to_string_lossy().contains("table-");
    let path = std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path()).find(of_table).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for seed in crate::cache::seeds(40) {
        std::fs::write(&path, &whole).unwrap();
        cache.forge(&path, |payload| crate::cache::scramble(payload, seed));
        if let Ok(model) = build(settings(Method::Table), &cache) {
            rows(&model, &state(|_| 900.0));
        }
    }
}

/// A cache that cannot be written is a remark, not a failure.
#[test]
fn a_cache_that_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    let cache = Cache::open(Some(&file));
    let model = build(settings(Method::Table), &cache).unwrap();
    let expected = rows(&build(settings(Method::Table), &Cache::off()).unwrap(), &state(|_| 900.0));
    assert_eq!(rows(&model, &state(|_| 900.0)), expected);
    let notes = model.notes_at(&[900.0; LAYERS]);
    assert!(notes.iter().any(|n| n.about == "CO" && n.text.contains("cannot write the table")), "{notes:?}");
}

#[test]
fn what_a_table_cannot_do_is_refused() {
    let narrow = TemperatureRange::new(1000.0, 1000.0).unwrap();
    let error = build(Settings { temperature_range: narrow, ..settings(Method::Table) }, &Cache::off()).unwrap_err();
    assert!(error.to_string().contains("1000 to 1000") && error.to_string().contains("1 % or more"), "{error}");
    let model = model(Method::Table);
    let mut runner = model.open(&Backend::Cpu).unwrap();
    for t in [499.0, 2501.0] {
        let error = runner.spectrum(&state(|_| t), &()).unwrap_err().to_string();
        assert!(error.contains("500 to 2500") && error.contains(&t.to_string()), "{error}");
    }
    let error =
        crate::cross_section::CrossSections::new(grid(), &[list()], &[(900.0, 1.0)], settings(Method::Table), &());
    assert!(error.unwrap_err().to_string().contains("table"));
}

/// Of an absent species nothing is added, and derivatives are finite.
#[test]
fn an_absent_species_adds_nothing() {
    let without = State::new(vec![900.0; LAYERS], vec![2500.0; LAYERS], vec![2.33; LAYERS]).with_mass_ratio("CO", 0.0);
    let (depth, slope) = rows(&model(Method::Table), &without);
    assert!(depth.iter().chain(&slope).all(|v| *v == 0.0));
}

/// Cross sections by formula: where every seventh point has nothing below 1000 K, as beyond a cutoff or where interpolation leaves nothing.
#[derive(Debug)]
struct Formula;

const POINTS: usize = 70;

fn formula(t: f64, point: usize) -> f64 {
    match point % 7 {
        0 if t < 1000.0 => 0.0,
        _ => 1e-22 * (t / 1000.0).powf(point as f64 / 20.0 - 1.0),
    }
}

impl NodeSource for Formula {
    fn cross_sections(&self, temperature_k: f64, layers: Range<usize>) -> Result<Vec<f64>> {
        Ok(layers.flat_map(|_| (0..POINTS).map(|point| formula(temperature_k, point))).collect())
    }

    fn work_bytes(&self, layers: Range<usize>) -> u64 {
        (8 * layers.len() * POINTS) as u64
    }
}

/// Points that have something at one temperature and nothing at the next: tables make neither much nor nonsense of them, and the others are none the worse.
#[test]
fn points_without_anything_stay_so() {
    let axis = Axis::new(settings(Method::Table).temperature_range).unwrap();
    let nodes = Nodes::survey(&Formula, axis, POINTS, &[1.0], 1e-3).unwrap();
    let mut random = StdRng::seed_from_u64(3);
    for _ in 0..2000 {
        let t: f64 = random.random_range(500.0..2500.0);
        let (stencils, _) = nodes.fill(&Formula, 0..1, &[t]).unwrap();
        let (mut values, mut slopes) = (vec![0.0; POINTS], vec![0.0; POINTS]);
        nodes.layer(0, &stencils[0], 0.0).unwrap().add_with_slopes(&mut values, &mut slopes);
        for (point, (value, slope)) in values.iter().zip(&slopes).enumerate() {
            let exact = formula(t, point);
            let power = point as f64 / 20.0 - 1.0;
            assert!(
                value.is_finite() && slope.is_finite() && *value < 4e-22 * 2.5f64.powf(power.abs()),
                "{t}, {point}"
            );
            if point % 7 != 0 || t > 1100.0 {
                assert!((value / exact - 1.0).abs() < 1e-4, "{t}, {point}: {value:e} {exact:e}");
                assert!((slope * t / exact - power).abs() < 1e-3, "{t}, {point}: {slope:e}");
            }
            if point % 7 == 0 && t < 900.0 {
                assert!(*value < 2e-60, "{t}, {point}: {value:e}");
            }
        }
    }
}

/// A list of many lines is summed at the nodes in one reading: values are those of its lines taken one by one, within what is told.
#[test]
fn many_lines_are_summed_beforehand() {
    let mut random = StdRng::seed_from_u64(3);
    let line = |_| Line {
        wavenumber: random.random_range(2099.0..2104.0),
        strength: 10f64.powf(random.random_range(-26.0..-20.0)),
        lower_energy: random.random_range(0.0..8000.0),
        gamma_ref: 0.07,
        temperature_exponent: [0.5, 0.7][random.random_range(0..2)],
        ..Line::default()
    };
    let list = LineList::new(list().species, (0..200_000).map(line).collect()).unwrap();
    let build_with = |settings, list: &LineList, cache: &Cache| {
        let pressure = PressureGrid::logarithmic(1e-4, 10.0, 4).unwrap();
        let grid = Grid::with_resolution(2100.0, 2103.0, 300_000.0).unwrap();
        let model = Model::emission(grid, pressure).opacity(Absorber::new("CO", list.clone()));
        model.settings(settings).build_with(&Resources::with_cache(cache, &())).unwrap()
    };
    let build = |method, list: &LineList| build_with(settings(method), list, &Cache::off());
    let depths_at = |model: &Model, temperatures: [f64; 4]| {
        let state = State::new(temperatures.to_vec(), vec![2500.0; 4], vec![2.33; 4]).with_mass_ratio("CO", 5e-3);
        let points = 0..model.grid().len();
        let mut depth = vec![0.0; 4 * points.len()];
        let at = Layers { state: &state, pressure: model.pressure(), range: 0..4 };
        let opacity = model.opacities().next().unwrap().on_cpu(&at, false).unwrap();
        opacity.add(&mut OpticalRows { points, depth: &mut depth, slope: None, shape: &mut [] }).unwrap();
        depth
    };
    let depths = |model: &Model| depths_at(model, [730.0, 911.0, 1408.0, 2221.0]);
    let tables = build(Method::Table, &list);
    let needs_lines = |model: &Model| table(model).table.source.work_bytes(0..1) > 0;
    assert!(table(&tables).table.nodes.is_whole() && !needs_lines(&tables), "lines are summed, and let go");
    assert_eq!(tables.opacities().next().unwrap().lists()[0].lines_used, 200_000);
    let exact = depths(&build(Method::Lines, &list));
    let mut errors: Vec<f64> = depths(&tables).iter().zip(&exact).map(|(f, e)| (f / e - 1.0).abs()).collect();
    errors.sort_by(f64::total_cmp);
    let (most, largest) = (errors[errors.len() * 99 / 100], errors[errors.len() - 1]);
    eprintln!("99 % of points within {most:.1e}, at most {largest:.1e}");
    assert!(most < 1e-3 && largest < 1e-2, "{most:e} {largest:e}");
    // A few lines less, and they are taken one by one.
    let few = LineList::new(list.species.clone(), list.lines()[..1000].to_vec()).unwrap();
    assert!(needs_lines(&build(Method::Table, &few)));
    // The next start finds the table, whoever asked for it.
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(Some(folder.path()));
    drop(build_with(settings(Method::Table), &list, &cache));
    let chosen = build_with(Settings { evaluations: 1000, ..settings(Method::Auto) }, &list, &cache);
    assert!(!needs_lines(&chosen));
    assert_eq!(depths(&chosen), depths(&tables));
    // An isothermal atmosphere has a range without width.
    let range = TemperatureRange::new(911.0, 911.0).unwrap();
    let isothermal = |method| {
        let settings = Settings { temperature_range: range, evaluations: 1000, ..settings(method) };
        build_with(settings, &list, &Cache::off())
    };
    let (chosen, lines) = (isothermal(Method::Auto), isothermal(Method::Lines));
    assert!(!needs_lines(&chosen));
    for (found, exact) in depths_at(&chosen, [911.0; 4]).iter().zip(depths_at(&lines, [911.0; 4])) {
        assert!((found / exact - 1.0).abs() < 3e-3, "{found:e} {exact:e}");
    }
    // One spectrum is not worth a table.
    let once = build_with(settings(Method::Auto), &few, &cache);
    assert!(once.opacities().next().unwrap().as_any().downcast_ref::<LayerTable>().is_none());
}
