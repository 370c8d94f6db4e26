//! Every line contributes wherever it lies: grids in gaps and beyond the ends of a band against the exact sum of all lines.

use super::cpu;
use super::{CrossSections, ProfileSettings, direct_sum};
use super::{Method, Prepared, Settings};
use crate::backend::Backend;
use crate::gpu::Device;
use crate::grid::{Grid, TemperatureRange};
use crate::lines::LineList;
use crate::lines::carbon_monoxide::{Broadener, Isotopologue, line_list};

fn list() -> LineList {
    line_list(Isotopologue::C12O16, Broadener::Air, None, 0.0).unwrap()
}

fn settings(method: Method) -> Settings {
    let temperature_range = TemperatureRange::new(300.0, 2000.0).unwrap();
    Settings { temperature_range, method, ..Settings::default() }
}

/// A narrow grid among lines, one beyond the band's head, one with no line within hundreds of cm-1, a coarse one over much.
fn grids() -> [Grid; 4] {
    [(2256.8, 2267.3, 3000), (2330.0, 2340.0, 1000), (3000.0, 3050.0, 2000), (2500.0, 3600.0, 4000)]
        .map(|(lo, hi, n)| Grid::new(lo, hi, n).unwrap())
}

const AT: [(f64, f64); 5] = [(300.0, 1.0), (450.0, 1e-6), (1000.0, 10.0), (2000.0, 1e-3), (2000.0, 100.0)];

fn worst(backend: &Backend, method: Method) -> f64 {
    let list = list();
    let mut worst = 0.0f64;
    for grid in grids() {
        let job = CrossSections::new(grid, std::slice::from_ref(&list), &AT, settings(method), &()).unwrap();
        let (values, report) = job.compute(backend, &()).unwrap();
        assert_eq!(report.lists[0].lines, list.len());
        let nu = grid.wavenumbers();
        for ((t, p), found) in AT.iter().zip(values.to_f64().chunks(grid.len())) {
            let exact = direct_sum(&list.species, list.lines(), &nu, *t, *p, &ProfileSettings::default()).unwrap();
            let off = found.iter().zip(&exact).map(|(f, e)| (f / e - 1.0).abs()).fold(0.0, f64::max);
            println!("{method:?} {} to {} cm-1, {t} K, {p} bar: {off:.1e}", grid.lo(), grid.hi());
            worst = worst.max(off);
        }
    }
    worst
}

#[test]
fn lines_anywhere_contribute() {
    for method in [Method::Lines, Method::Density] {
        let worst = worst(&Backend::Cpu, method);
        assert!(worst < 6e-4, "{method:?}: {worst:e}");
    }
}

#[test]
fn gpu_lines_anywhere_contribute() {
    let device = Backend::Device(Device::from_env().unwrap());
    for method in [Method::Lines, Method::Density] {
        let worst = worst(&device, method);
        assert!(worst < 6e-4, "{method:?}: {worst:e}");
    }
}

#[test]
fn derivatives_of_distant_lines_equal_differences() {
    let list = list();
    assert!(ProfileSettings::default().wings.is_voigt());
    for grid in grids() {
        for pressure in [1e-4, 1.0] {
            let prepared = Prepared::new(grid, &list, &[pressure], settings(Method::Lines)).unwrap();
            let n = grid.len();
            let at = |t: f64| {
                let mut xs = vec![0.0; n];
                cpu::add_layers(&prepared, 0, &[t], &[1.0], &mut xs).unwrap();
                xs
            };
            let (mut xs, mut slope) = (vec![0.0; n], vec![0.0; n]);
            let t = 777.0;
            cpu::add_layers_with_derivative(&prepared, 0, &[t], &[1.0], &mut xs, &mut slope).unwrap();
            assert_eq!(xs, at(t));
            let (above, below) = (at(t + 0.01), at(t - 0.01));
            for i in 0..n {
                let difference = (above[i] - below[i]) / 0.02;
                assert!((slope[i] - difference).abs() < 2e-6 * xs[i] / t.sqrt() + 1e-6 * difference.abs(), "{i}");
            }
        }
    }
}
