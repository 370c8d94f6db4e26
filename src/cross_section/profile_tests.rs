//! Natural widths, pressure shifts and curved widths against the exact sum, in both tiers and on both backends.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::cpu::{FarLevels, add_layers};
use super::prepared::{Prepared, Tier};
use super::{CrossSections, direct_sum};
use crate::Backend;
use crate::gpu::Device;
use crate::grid::{Grid, TemperatureRange};
use crate::lines::{Line, LineList, PartitionFunction, Species};
use crate::settings::{Method, Settings};

/// Half width of a level of decay rate `a` \[s-1\]: a/(4 pi c) \[cm-1\].
fn natural(a: f64) -> f64 {
    a / (4.0 * std::f64::consts::PI * crate::constants::SPEED_OF_LIGHT * 100.0)
}

/// How lines are drawn, besides wavenumber, strength and energy.
#[derive(Clone, Copy)]
struct Draw {
    lines: usize,
    points: usize,
    gamma: (f64, f64),
    /// Decay rates \[s-1\], uniform in the logarithm.
    decay: (f64, f64),
    curvature: (f64, f64),
    shift: (f64, f64),
}

/// The case of an electronic system in the visible: sodium hydride's A-X, a heavy molecule with natural widths of 1e-6 to 1e-5 cm-1.
const VISIBLE: Draw = Draw {
    lines: 40,
    points: 4000,
    gamma: (0.03, 0.09),
    decay: (1e5, 3.1e6),
    curvature: (-0.01, 0.05),
    shift: (-0.01, 0.003),
};

impl Draw {
    fn list(&self) -> (Grid, LineList) {
        let mut rng = StdRng::seed_from_u64(3);
        let grid = Grid::new(22030.0, 22030.0 * (self.points as f64 / 1e6).exp(), self.points).unwrap();
        let margin = 0.1 * (grid.hi() - grid.lo());
        let mut uniform = |(lo, hi): (f64, f64)| lo + (hi - lo) * rng.random::<f64>();
        let lines = (0..self.lines)
            .map(|_| Line {
                wavenumber: uniform((grid.lo() - margin, grid.hi() + margin)),
                strength: 1e-20 * uniform((0.1, 1.0)),
                lower_energy: uniform((0.0, 3000.0)),
                gamma_ref: uniform(self.gamma),
                temperature_exponent: uniform((0.4, 0.8)),
                width_curvature: uniform(self.curvature),
                natural_width: natural(uniform((self.decay.0.ln(), self.decay.1.ln())).exp()),
                shift: uniform(self.shift),
            })
            .collect();
        let t: Vec<f64> = (1..=3000).map(f64::from).collect();
        let q = t.iter().map(|t| 30.0 + t.powf(1.4)).collect();
        let species = Species {
            name: "test".into(),
            molar_mass: 23.9977,
            partition: PartitionFunction::new(t, q).unwrap().into(),
        };
        (grid, LineList::new(species, lines).unwrap())
    }
}

fn settings(method: Method, shift: bool) -> Settings {
    let mut settings = Settings {
        temperature_range: TemperatureRange::new(500.0, 1600.0).unwrap(),
        method,
        line_margin: 1e3,
        ..Settings::default()
    };
    settings.profile.pressure_shift = shift;
    settings
}

/// Compares each pair with the exact sum on a backend: 99th percentile and largest relative error.
fn check(what: &str, (grid, list): &(Grid, LineList), at: &[(f64, f64)], settings: Settings, device: bool) {
    let backend = match device {
        true => Backend::Device(
            Device::from_env().unwrap_or_else(|e| panic!("{e}\nscripts/test installs a software driver")),
        ),
        false => Backend::Cpu,
    };
    let job = CrossSections::new(*grid, std::slice::from_ref(list), at, settings, &()).unwrap();
    let (values, report) = job.compute(&backend, &()).unwrap();
    let wanted = if settings.method == Method::Density { "density" } else { "lines" };
    assert_eq!(report.lists[0].tier, wanted, "{what}");
    for (values, (t, p)) in values.to_f64().chunks(grid.len()).zip(at) {
        let sum =
            |s: &Settings| direct_sum(&list.species, list.lines(), &grid.wavenumbers(), *t, *p, &s.profile).unwrap();
        let exact = sum(&settings);
        let mut off: Vec<f64> = values.iter().zip(&exact).map(|(v, e)| (v / e - 1.0).abs()).collect();
        off.sort_by(f64::total_cmp);
        let (p99, worst) = (off[off.len() * 99 / 100], off[off.len() - 1]);
        eprintln!("{what}, {t} K, {p:e} bar, device {device}: p99 {p99:.1e}, largest {worst:.1e}");
        assert!(p99 < 1e-3 && worst < 2e-3, "{what}, {t} K, {p} bar: p99 {p99:e}, largest {worst:e}");
    }
}

const AT: [(f64, f64); 6] =
    [(1500.0, 1e-6), (600.0, 1e-4), (1500.0, 1e-2), (900.0, 1.0), (500.0, 30.0), (1600.0, 100.0)];

#[test]
fn natural_widths_and_curvature_in_the_lines_tier() {
    check("lines", &VISIBLE.list(), &AT, settings(Method::Lines, false), false);
    check(
        "crowded lines",
        &Draw { lines: 4000, points: 700, ..VISIBLE }.list(),
        &AT,
        settings(Method::Lines, false),
        false,
    );
}

#[test]
fn natural_widths_and_curvature_in_the_density_tier() {
    check("density", &Draw { lines: 300, points: 700, ..VISIBLE }.list(), &AT, settings(Method::Density, false), false);
}

#[test]
fn pressure_shifts_in_the_lines_tier() {
    check("shifted", &VISIBLE.list(), &AT, settings(Method::Lines, true), false);
    check(
        "crowded, shifted",
        &Draw { lines: 4000, points: 700, ..VISIBLE }.list(),
        &AT,
        settings(Method::Lines, true),
        false,
    );
}

#[test]
fn batches_have_the_bits_of_the_whole_and_segments_its_values() {
    let (grid, list) = VISIBLE.list();
    let pressures = AT.map(|at| at.1);
    let prepared = Prepared::new(grid, &list, &pressures, settings(Method::Lines, true)).unwrap();
    assert!(prepared.layers[5].moved_near > 40, "{} nodes", prepared.layers[5].moved_near);
    let n = grid.len();
    let mut whole = vec![0.0; AT.len() * n];
    add_layers(&prepared, 0, &AT.map(|at| at.0), &[1.0; 6], &mut whole).unwrap();
    for (layer, (t, _)) in AT.iter().enumerate() {
        let far = FarLevels::new(&prepared, layer, &[*t], false).unwrap();
        let mut row = vec![0.0; n];
        for first in (0..n).step_by(1024) {
            let segment = first..(first + 1024).min(n);
            far.add(segment.clone(), &[1.0], vec![vec![&mut row[segment]]]);
        }
        // a line's first point in a segment is where its distances are counted from, so the last bits are not those of the whole
        let off = row.iter().zip(&whole[layer * n..]).map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max);
        assert!(off < 1e-10, "layer {layer}: {off:e}");
        let mut alone = vec![0.0; n];
        add_layers(&prepared, layer, &[*t], &[1.0], &mut alone).unwrap();
        assert!(alone == whole[layer * n..][..n], "layer {layer}");
    }
}

#[test]
fn gpu_profiles_are_those_of_the_exact_sum() {
    let crowded = Draw { lines: 4000, points: 700, ..VISIBLE };
    for shift in [false, true] {
        check("lines", &VISIBLE.list(), &AT, settings(Method::Lines, shift), true);
        check("crowded lines", &crowded.list(), &AT, settings(Method::Lines, shift), true);
    }
    check("density", &Draw { lines: 300, ..crowded }.list(), &AT, settings(Method::Density, false), true);
}

/// Levels that live for a microsecond and such that fall apart in picoseconds: natural widths over nine decades, up to 40 times the Doppler width.
const PREDISSOCIATED: Draw = Draw { decay: (1e3, 1e12), ..VISIBLE };

#[test]
fn predissociated_levels_beside_long_lived_ones() {
    let list = PREDISSOCIATED.list();
    for device in [false, true] {
        check("predissociated", &list, &AT, settings(Method::Auto, false), device);
    }
    let crowded = Draw { lines: 300, points: 700, ..PREDISSOCIATED }.list();
    let message =
        Prepared::new(crowded.0, &crowded.1, &[1e-4], settings(Method::Density, false)).unwrap_err().to_string();
    assert!(message.contains("natural widths"), "{message}");
}

/// At 1e-6 bar the wings of this system are a hundred times those of collisions alone.
#[test]
fn the_natural_width_makes_the_wings_where_pressure_is_low() {
    let (grid, list) = VISIBLE.list();
    let at = [(1500.0, 1e-6), (1500.0, 1e-4)];
    let values = |natural: bool| {
        let mut settings = settings(Method::Auto, false);
        settings.profile.natural_width = natural;
        let job = CrossSections::new(grid, std::slice::from_ref(&list), &at, settings, &()).unwrap();
        job.compute(&Backend::Cpu, &()).unwrap().0.to_f64()
    };
    let mut ratio: Vec<f64> = values(true).iter().zip(values(false)).map(|(a, b)| a / b).collect();
    for (ratio, range) in ratio.chunks_mut(grid.len()).zip([20.0..120.0, 1.2..3.0]) {
        ratio.sort_by(f64::total_cmp);
        let median = ratio[ratio.len() / 2];
        assert!(range.contains(&median) && ratio[0] > 0.99, "median {median}, least {}", ratio[0]);
    }
}

#[test]
fn a_density_has_no_shifts_and_says_so() {
    let (grid, list) = Draw { lines: 300, points: 700, ..VISIBLE }.list();
    let prepared = |method, shift| Prepared::new(grid, &list, &[1.0], settings(method, shift));
    let message = prepared(Method::Density, true).unwrap_err().to_string();
    assert!(message.contains("pressure shifts"), "{message}");
    assert!(matches!(prepared(Method::Auto, true).unwrap().tier, Tier::Lines));
    let left_out = prepared(Method::Density, false).unwrap();
    assert!(left_out.neglected_shift > 0.05 && left_out.neglected_shift < 0.5, "{}", left_out.neglected_shift);
    assert_eq!(prepared(Method::Lines, true).unwrap().neglected_shift, 0.0);
}
