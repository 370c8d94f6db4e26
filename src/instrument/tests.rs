use std::f64::consts::PI;

use super::*;
use crate::grid::Grid;

/// R = 1e6 around 2000 cm-1; 12 steps of it are one km/s divided by 0.28.
fn grid() -> Grid {
    Grid::with_resolution(1995.0, 2005.0, 1e6).unwrap()
}

fn points(n: usize) -> Sampling {
    Sampling::Points((0..n).map(|k| 1998.0 + 4.0 * (k as f64 + 0.3) / n as f64).collect())
}

fn bins(n: usize) -> Sampling {
    let edge = |k: usize| 1998.0 + 4.0 * (k as f64 + 0.3) / n as f64;
    Sampling::Bins((0..n).map(|k| [edge(k), edge(k + 1)]).collect())
}

/// exp(-(q - q0)^2 / 2 s^2) with q0 = ln nu0.
fn line(grid: &Grid, nu0: f64, s: f64) -> Vec<f64> {
    grid.wavenumbers().iter().map(|nu| (-0.5 * ((nu / nu0).ln() / s).powi(2)).exp()).collect()
}

/// Several lines on a continuum.
fn spectrum(grid: &Grid) -> Vec<f64> {
    let mut sum = vec![2.0; grid.len()];
    for (nu0, s, depth) in [(1998.6, 4e-6, 0.9), (1999.9, 1e-5, 0.5), (2000.13, 6e-6, 0.7), (2001.3, 3e-5, 0.4)] {
        sum.iter_mut().zip(line(grid, nu0, s)).for_each(|(sum, line)| *sum -= depth * line);
    }
    sum
}

fn table() -> ResponseTable {
    ResponseTable::new(&[-4.0, -1.0, 0.5, 3.0], &[0.0, 2.0, 5.0, 1.0]).unwrap()
}

/// Every part, every number free.
fn everything(table_response: bool) -> (Settings, Vec<f64>) {
    let rotation = Rotation {
        v_sin_i_km_s: Setting::free("vsini", 0.0, 12.0),
        u1: Setting::free("u1", 0.0, 1.0),
        u2: Setting::free("u2", 0.0, 1.0),
    };
    let gaussian = Response::Gaussian { resolving_power: Setting::free("R", 5e4, 1e6) };
    let settings = Settings {
        response: if table_response { Response::Table(table()) } else { gaussian },
        rotation: Some(rotation),
        radial_velocity_km_s: Setting::free("rv", -60.0, 60.0),
        scale: Setting::free("scale", 0.5, 2.0),
        offset: Setting::free("offset", -1.0, 1.0),
        continuum: vec![Setting::free("c1", -0.5, 0.5), Setting::free("c2", -0.5, 0.5)],
    };
    let power = if table_response { vec![] } else { vec![9e4] };
    (settings, [power, vec![5.3, 0.4, 0.2, 17.3, 1.3, -0.2, 0.1, -0.05]].concat())
}

fn record(settings: &Settings, grid: Grid, sampling: &Sampling, spectrum: &[f64]) -> Vec<f64> {
    Instrument::new(settings, grid, sampling).unwrap().at(&[]).unwrap().apply(spectrum).unwrap()
}

fn gaussian(power: f64) -> Settings {
    Settings { response: Response::Gaussian { resolving_power: power.into() }, ..Settings::default() }
}

fn rotation(v: f64, u1: f64, u2: f64) -> Settings {
    let rotation = Rotation { v_sin_i_km_s: v.into(), u1: u1.into(), u2: u2.into() };
    Settings { rotation: Some(rotation), ..Settings::default() }
}

fn close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len());
    for (k, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!((f - e).abs() <= tolerance, "{what}, {k}: {f}, expected {e}, difference {:e}", f - e);
    }
}

/// Repeatable numbers in (-1, 1).
fn noise(n: usize) -> Vec<f64> {
    (0..n).map(|k| ((k as f64 + 1.0) * 12.9898).sin() * 43758.5453 % 1.0).collect()
}

#[test]
fn the_transpose_of_every_part_is_exact() {
    let grid = grid();
    let (all, x) = everything(false);
    let (tabulated, y) = everything(true);
    let moved = Settings { radial_velocity_km_s: 33.3.into(), ..Settings::default() };
    let none = vec![];
    let cases = [
        (Settings::default(), none.clone()),
        (gaussian(1e5), none.clone()),
        (rotation(7.0, 0.5, 0.1), none.clone()),
        (Settings { response: Response::Table(table()), ..Settings::default() }, none.clone()),
        (moved, none),
        (all, x),
        (tabulated, y),
    ];
    for (k, (settings, x)) in cases.iter().enumerate() {
        for sampling in [points(300), bins(150)] {
            let instrument = Instrument::new(settings, grid, &sampling).unwrap();
            let operator = instrument.at(x).unwrap();
            let (a, b) = (noise(grid.len()), noise(sampling.len() + 7)[7..].to_vec());
            let forward: f64 = operator.apply_tangents(&a).unwrap().iter().zip(&b).map(|(y, b)| y * b).sum();
            let back: f64 = operator.transpose(&b).unwrap().iter().zip(&a).map(|(y, a)| y * a).sum();
            let size: f64 = operator.apply_tangents(&a).unwrap().iter().zip(&b).map(|(y, b)| (y * b).abs()).sum();
            assert!(size > 0.0 && (forward - back).abs() < 1e-12 * size, "case {k}: {forward} {back}");
        }
    }
}

#[test]
fn derivatives_by_every_parameter_agree_with_differences() {
    let grid = grid();
    let spectrum = spectrum(&grid);
    for sampling in [points(211), bins(97)] {
        for tabulated in [false, true] {
            let (settings, x) = everything(tabulated);
            let instrument = Instrument::new(&settings, grid, &sampling).unwrap();
            let (values, derivatives) = instrument.at(&x).unwrap().apply_with_derivatives(&spectrum).unwrap();
            assert_eq!(values, instrument.at(&x).unwrap().apply(&spectrum).unwrap());
            for (p, parameter) in instrument.parameters().iter().enumerate() {
                // Fourth-order differences: their own error is below the tolerance.
                let e = 1e-3 * x[p].abs();
                let at = |shift: f64| {
                    let mut x = x.clone();
                    x[p] += shift;
                    instrument.at(&x).unwrap().apply(&spectrum).unwrap()
                };
                let (m2, m1, p1, p2) = (at(-2.0 * e), at(-e), at(e), at(2.0 * e));
                let columns = instrument.parameters().len();
                let column: Vec<f64> = (0..instrument.count()).map(|j| derivatives[j * columns + p]).collect();
                let largest = column.iter().fold(0.0f64, |m, v| m.max(v.abs()));
                let differences: Vec<f64> =
                    (0..column.len()).map(|j| (m2[j] - 8.0 * m1[j] + 8.0 * p1[j] - p2[j]) / (12.0 * e)).collect();
                assert!(largest > 0.0);
                close(&column, &differences, 1e-6 * largest, &parameter.name);
            }
        }
    }
}

#[test]
fn tangents_of_several_columns_are_those_of_each() {
    let grid = grid();
    let (settings, x) = everything(false);
    let instrument = Instrument::new(&settings, grid, &points(40)).unwrap();
    let operator = instrument.at(&x).unwrap();
    let (a, b) = (spectrum(&grid), noise(grid.len()));
    let both = operator.apply_tangents(&[a.clone(), b.clone()].concat()).unwrap();
    let (first, second) = (operator.apply_tangents(&a).unwrap(), operator.apply_tangents(&b).unwrap());
    for k in 0..40 {
        assert_eq!(both[2 * k..2 * k + 2], [first[k], second[k]]);
    }
    assert!(operator.apply_tangents(&[]).unwrap().is_empty());
    let offset: f64 = operator.apply(&a).unwrap()[3] - first[3];
    assert!((offset - -0.2).abs() < 1e-12, "{offset}");
}

#[test]
fn a_gaussian_line_gets_the_analytic_width() {
    let grid = grid();
    // The narrowest line has three steps per standard deviation: interpolation at its worst.
    for (s, power, tolerance) in [(5e-6, 1e5, 2e-6), (3e-6, 3e5, 4e-5), (2e-5, 2e4, 3e-9)] {
        let sigma = 1.0 / (2.0 * (2.0 * 2f64.ln()).sqrt() * power);
        let wide = f64::hypot(s, sigma);
        let Sampling::Points(at) = points(400) else { unreachable!() };
        let expected: Vec<f64> =
            at.iter().map(|nu| s / wide * (-0.5 * ((nu / 2000.0).ln() / wide).powi(2)).exp()).collect();
        let found = record(&gaussian(power), grid, &Sampling::Points(at), &line(&grid, 2000.0, s));
        close(&found, &expected, tolerance, &format!("s = {s}, R = {power}"));
    }
}

/// Gray (2005), eq. 18.14, as printed, per unit of x.
fn gray(x: f64, epsilon: f64) -> f64 {
    let s = (1.0 - x * x).max(0.0);
    (2.0 * (1.0 - epsilon) * s.sqrt() + 0.5 * PI * epsilon * s) / (PI * (1.0 - epsilon / 3.0))
}

#[test]
fn rotation_gives_grays_profile_and_keeps_the_equivalent_width() {
    let grid = grid();
    // A line far narrower than the rotation, one that the grid just resolves.
    let (v, s) = (15.0, 3e-6);
    let spectrum = line(&grid, 2000.0, s);
    let reach = v / LIGHT_KM_S;
    let at: Vec<f64> = (0..201).map(|k| 2000.0 * ((k as f64 - 100.0) / 100.0 * 1.2 * reach).exp()).collect();
    for epsilon in [0.0, 0.6, 1.0] {
        let found = record(&rotation(v, epsilon, 0.0), grid, &Sampling::Points(at.clone()), &spectrum);
        for (nu, found) in at.iter().zip(&found) {
            // G seen through the line itself, by the trapezoidal rule.
            let x = (nu / 2000.0).ln() / reach;
            let node = |k: i32| f64::from(k) * 2e-3;
            let seen = |k: i32| gray(x + node(k) * s / reach, epsilon) * (-0.5 * node(k).powi(2)).exp();
            let expected = (-4000..=4000).map(seen).sum::<f64>() * 2e-3 * s / reach;
            assert!((found - expected).abs() < 1e-5, "x = {x}: {found} {expected}");
        }
    }
    // Equivalent width: all grid points of the broadened line against those of the line.
    for settings in [rotation(v, 0.5, 0.3), rotation(2.0, 0.0, 0.0), gaussian(5e4)] {
        let inner: Vec<f64> = grid.wavenumbers().into_iter().filter(|nu| (1998.0..2002.0).contains(nu)).collect();
        let area: f64 = record(&settings, grid, &Sampling::Points(inner), &spectrum).iter().sum();
        let before: f64 = spectrum.iter().sum();
        assert!((area / before - 1.0).abs() < 1e-9, "{area} {before}");
    }
}

#[test]
fn quadratic_limb_darkening_is_the_integral_over_the_disc() {
    for (u1, u2) in [(0.3, 0.4), (0.0, 0.7), (0.9, -0.2)] {
        let law = |mu: f64| 1.0 - u1 * (1.0 - mu) - u2 * (1.0 - mu).powi(2);
        for x in [0.0, 0.3, 0.8, 0.99] {
            let root = f64::sqrt(1.0 - x * x);
            // y = root sin(phi): the integrand is smooth in phi.
            let chord: f64 = kernel::panels(-PI / 2.0, PI / 2.0, 4)
                .iter()
                .map(|(phi, w)| w * root * phi.cos() * law(root * phi.cos()))
                .sum();
            let disc = PI * (1.0 - u1 / 3.0 - u2 / 6.0);
            let (found, _) = rotation::profile(root, u1, u2);
            assert!((found - chord / disc).abs() < 1e-12, "u1 = {u1}, u2 = {u2}, x = {x}: {found}");
        }
    }
}

#[test]
fn a_radial_velocity_shifts_a_smooth_function_exactly() {
    let grid = grid();
    let f = |nu: f64| (0.02 * nu).sin() + 0.1 * (3.0 * nu).cos();
    let spectrum: Vec<f64> = grid.wavenumbers().into_iter().map(f).collect();
    let Sampling::Points(at) = points(50) else { unreachable!() };
    for v in [-100.0, 0.0, 0.1, 250.0] {
        let settings = Settings { radial_velocity_km_s: v.into(), ..Settings::default() };
        let beta = v / LIGHT_KM_S;
        let emitted = |nu: &f64| f(nu * ((1.0 + beta) / (1.0 - beta)).sqrt());
        let expected: Vec<f64> = at.iter().map(emitted).collect();
        close(&record(&settings, grid, &Sampling::Points(at.clone()), &spectrum), &expected, 1e-10, "shift");
    }
    // A line of a receding source is seen at smaller wavenumbers.
    let settings = Settings { radial_velocity_km_s: 30.0.into(), ..Settings::default() };
    let seen = Sampling::Points(vec![2000.0 * (1.0 - 1e-4), 2000.0, 2000.0 * (1.0 + 1e-4)]);
    let found = record(&settings, grid, &seen, &line(&grid, 2000.0, 1e-5));
    assert!(found[0] > 0.99 && found[1] < 1e-3 && found[2] < 1e-3, "{found:?}");
}

#[test]
fn no_broadening_is_the_limit_of_little() {
    let grid = grid();
    let spectrum = spectrum(&grid);
    for sampling in [points(60), bins(60)] {
        let bare = record(&Settings::default(), grid, &sampling, &spectrum);
        close(&record(&gaussian(1e12), grid, &sampling, &spectrum), &bare, 1e-10, "R");
        close(&record(&rotation(0.0, 0.5, 0.2), grid, &sampling, &spectrum), &bare, 1e-13, "v sin i");
        close(&record(&rotation(1e-6, 0.5, 0.2), grid, &sampling, &spectrum), &bare, 1e-10, "v sin i");
    }
    // The derivatives exist there and vanish: all kernels are even.
    let (mut settings, _) = everything(false);
    settings.response = Response::Gaussian { resolving_power: Setting::free("R", 1e4, 1e13) };
    let instrument = Instrument::new(&settings, grid, &points(9)).unwrap();
    let x = [1e12, 0.0, 0.5, 0.2, 0.0, 1.0, 0.0, 0.0, 0.0];
    let (_, derivatives) = instrument.at(&x).unwrap().apply_with_derivatives(&spectrum).unwrap();
    for row in derivatives.chunks_exact(9) {
        assert!(row[..4].iter().all(|d| d.abs() < 1e-12), "{row:?}");
    }
}

#[test]
fn bins_are_means_over_wavenumber() {
    let coarse = Grid::with_resolution(1000.0, 3000.0, 3000.0).unwrap();
    let edges = Sampling::Bins(vec![[1500.0, 2500.0], [1500.1, 1500.2], [2000.0, 2000.9], [1999.0, 2011.7]]);
    let spectrum: Vec<f64> = coarse.wavenumbers().into_iter().map(|nu| nu * nu).collect();
    let found = record(&Settings::default(), coarse, &edges, &spectrum);
    let Sampling::Bins(bins) = &edges else { unreachable!() };
    for ([a, b], found) in bins.iter().zip(found) {
        let mean = (b.powi(3) - a.powi(3)) / 3.0 / (b - a);
        assert!((found / mean - 1.0).abs() < 1e-11, "{a} {b}: {found} {mean}");
    }
    let ones = vec![1.0; coarse.len()];
    close(&record(&gaussian(1000.0), coarse, &edges, &ones), &[1.0; 4], 1e-12, "constant");
}

#[test]
fn a_table_has_its_own_shape_and_sense() {
    let grid = grid();
    let v: Vec<f64> = (-240..=240).map(|k| f64::from(k) * 0.05).collect();
    let sigma = LIGHT_KM_S / (gaussian::FWHM_PER_SIGMA * 1e5);
    let w: Vec<f64> = v.iter().map(|v| 7.0 * (-0.5 * (v / sigma).powi(2)).exp()).collect();
    let table = Settings { response: Response::Table(ResponseTable::new(&v, &w).unwrap()), ..Settings::default() };
    let spectrum = spectrum(&grid);
    let expected = record(&gaussian(1e5), grid, &points(100), &spectrum);
    close(&record(&table, grid, &points(100), &spectrum), &expected, 2e-4, "a Gaussian as a table");
    // All weight about +3 km/s: the line appears to the red.
    let red = ResponseTable::new(&[2.9, 3.0, 3.1], &[0.0, 1.0, 0.0]).unwrap();
    let red = Settings { response: Response::Table(red), ..Settings::default() };
    let seen = Sampling::Points(vec![2000.0 * (1.0 - 1e-5), 2000.0, 2000.0 * (1.0 + 1e-5)]);
    let found = record(&red, grid, &seen, &line(&grid, 2000.0, 3e-6));
    assert!(found[0] > 0.99 && found[1] < 0.02 && found[2] < 1e-6, "{found:?}");
}

#[test]
fn shared_names_are_one_parameter() {
    let both = Setting::free("u", 0.0, 1.0);
    let one = Rotation { v_sin_i_km_s: 5.0.into(), u1: both.clone(), u2: both };
    let settings = Settings { rotation: Some(one), ..Settings::default() };
    let instrument = Instrument::new(&settings, grid(), &points(20)).unwrap();
    assert_eq!(instrument.parameters().len(), 1);
    let spectrum = spectrum(instrument.grid());
    let at = |u: f64| instrument.at(&[u]).unwrap().apply_with_derivatives(&spectrum).unwrap();
    let slope = at(0.3).1;
    let differences: Vec<f64> = at(0.301).0.iter().zip(at(0.299).0).map(|(a, b)| (a - b) / 0.002).collect();
    close(&slope, &differences, 1e-6, "u1 = u2");
}

#[test]
fn errors_give_the_ranges() {
    let error =
        |settings: &Settings, sampling: &Sampling| Instrument::new(settings, grid(), sampling).unwrap_err().to_string();
    let at = |nu: f64| Sampling::Points(vec![2000.0, nu]);
    let message = error(&gaussian(1e4), &at(2004.9));
    assert!(message.contains("range of the model's grid [cm-1]: given 1995 to 2005, required 1999.46"), "{message}");
    assert!(message.contains("to 2005.4") && message.contains("the data span 2000.000000 to 2004.900000"), "{message}");
    // A free velocity counts with its whole range.
    let moving = Settings { radial_velocity_km_s: Setting::free("rv", -800.0, 0.0), ..Settings::default() };
    assert!(error(&moving, &at(2001.0)).contains("required 1994.6"), "{}", error(&moving, &at(2001.0)));
    assert!(error(&Settings::default(), &Sampling::Points(vec![])).contains("number of data points: given 0"));
    assert!(error(&Settings::default(), &at(f64::NAN)).contains("given NaN, required a finite number above zero"));
    let reversed = Sampling::Bins(vec![[2001.0, 2000.0]]);
    assert!(error(&Settings::default(), &reversed).contains("given 2001 to 2000, required 0 < low < high"));
    for power in [0.0, -1.0, f64::INFINITY] {
        assert!(error(&gaussian(power), &points(3)).contains("resolving power: given"));
    }
    assert!(error(&rotation(-1.0, 0.0, 0.0), &points(3)).contains("v sin i [km s-1]: given -1, required"));
    assert!(error(&rotation(1.0, 3.0, 1.0), &points(3)).contains("a disc that shines"));
    let light = Settings { radial_velocity_km_s: 3e5.into(), ..Settings::default() };
    assert!(error(&light, &points(3)).contains("radial velocity [km s-1]: given 300000"));
    let empty = Settings { scale: Setting::free("a", 1.0, 1.0), ..Settings::default() };
    assert!(
        error(&empty, &points(3)).contains("scale: range of the free parameter: given 1 to 1, required low < high")
    );
    let two = (Setting::free("a", 0.0, 1.0), Setting::free("a", 0.0, 2.0));
    let two = Settings { scale: two.0, offset: two.1, ..Settings::default() };
    assert!(error(&two, &points(3)).contains("shared parameter `a`: given 0 to 1 and 0 to 2"));

    let (settings, mut x) = everything(false);
    let instrument = Instrument::new(&settings, grid(), &points(3)).unwrap();
    assert!(instrument.at(&x[1..]).unwrap_err().to_string().contains("given 8, required 9"));
    assert!(instrument.at(&x).unwrap().apply(&[1.0]).unwrap_err().to_string().contains("points of the spectrum"));
    assert!(instrument.at(&x).unwrap().transpose(&[1.0]).unwrap_err().to_string().contains("given 1, required 3"));
    x[4] = 61.0;
    let message = instrument.at(&x).unwrap_err().to_string();
    assert_eq!(message, "parameter `rv`: given 61, required -60 to 60, the range declared for it");

    let table = |v: &[f64], w: &[f64]| ResponseTable::new(v, w).unwrap_err().to_string();
    assert!(table(&[1.0, 2.0], &[1.0]).contains("2 velocities and 1 weights"));
    assert!(table(&[1.0, 1.0], &[1.0; 2]).contains("1 before 1, required strictly ascending"));
    assert!(table(&[1.0, 2.0], &[1.0, -1.0]).contains("weight: given -1"));
    assert!(table(&[1.0, 2.0], &[0.0; 2]).contains("integral of the weights: given 0"));
    assert!(table(&[1.0, f64::NAN], &[0.0; 2]).contains("velocity [km s-1]: given NaN"));
}
