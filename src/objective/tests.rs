use super::*;
use crate::grid::Grid;
use crate::instrument::{Response, Rotation, Setting, Settings};
use crate::{Error, Result};

/// F = a + b (nu / 2000) - depth of three lines with depths proportional to a^2: nonlinear in a, linear in b.
struct Toy {
    wavenumber: Vec<f64>,
    names: Vec<String>,
    calls: usize,
}

impl Toy {
    fn new(low: f64, high: f64) -> Self {
        let wavenumber = Grid::with_resolution(low, high, 2e5).unwrap().wavenumbers();
        Self { wavenumber, names: vec!["a".into(), "b".into()], calls: 0 }
    }

    fn lines(nu: f64) -> f64 {
        [1999.0, 2000.3, 2030.5].iter().map(|nu0| 0.3 * (-0.5 * ((nu / nu0).ln() / 3e-5).powi(2)).exp()).sum()
    }
}

impl SpectrumModel for Toy {
    fn wavenumber(&self) -> &[f64] {
        &self.wavenumber
    }

    fn names(&self) -> &[String] {
        &self.names
    }

    fn spectrum(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        self.calls += 1;
        if x[0] < 0.0 {
            return Err(Error::invalid("a", x[0], "zero or more"));
        }
        let at = |nu: &f64| x[0] + x[1] * nu / 2000.0 - x[0] * x[0] * Self::lines(*nu);
        Ok(self.wavenumber.iter().map(at).collect())
    }

    fn spectrum_and_jacobian(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let by_a = self.wavenumber.iter().map(|nu| 1.0 - 2.0 * x[0] * Self::lines(*nu));
        let jacobian = by_a.chain(self.wavenumber.iter().map(|nu| nu / 2000.0)).collect();
        Ok((self.spectrum(x)?, jacobian))
    }

    fn value_and_gradient(
        &mut self,
        x: &[f64],
        scalar: &mut dyn FnMut(&[f64]) -> Result<(f64, Vec<f64>)>,
    ) -> Result<(f64, Vec<f64>)> {
        let (spectrum, jacobian) = self.spectrum_and_jacobian(x)?;
        // A model that asks twice must not count parameters of instruments twice.
        scalar(&vec![1.0; spectrum.len()])?;
        let (value, slopes) = scalar(&spectrum)?;
        let columns = jacobian.chunks_exact(spectrum.len());
        Ok((value, columns.map(|c| c.iter().zip(&slopes).map(|(c, s)| c * s).sum()).collect()))
    }
}

fn data(name: &str, low: f64, high: f64, points: usize) -> DataSet {
    let nu: Vec<f64> = (0..points).map(|k| low + (high - low) * k as f64 / (points - 1) as f64).collect();
    let value: Vec<f64> =
        nu.iter().enumerate().map(|(k, nu)| 3.0 - Toy::lines(*nu) + 0.05 * (7.1 * k as f64).sin()).collect();
    let error: Vec<f64> = (0..points).map(|k| 0.05 + 0.01 * (k % 3) as f64).collect();
    DataSet::new(name, &nu, &value, &error).unwrap()
}

/// Two data sets: the first broadened, with its own scale; the second in bins, with its own response; both share the velocity.
fn observations(noise: bool) -> Vec<Observation> {
    let velocity = Setting::free("rv", -20.0, 20.0);
    let rotation = Rotation { v_sin_i_km_s: Setting::free("vsini", 0.0, 20.0), u1: 0.3.into(), u2: 0.0.into() };
    let first = Settings {
        response: Response::Gaussian { resolving_power: Setting::free("R", 2e4, 1e5) },
        rotation: Some(rotation),
        radial_velocity_km_s: velocity.clone(),
        scale: Setting::free("scale", 0.1, 10.0),
        ..Settings::default()
    };
    let second = Settings {
        response: Response::Gaussian { resolving_power: 3e4.into() },
        radial_velocity_km_s: velocity,
        offset: Setting::free("offset", -1.0, 1.0),
        continuum: vec![Setting::free("slope", -1.0, 1.0)],
        ..Settings::default()
    };
    let free = Noise {
        jitter: Setting::free("jitter", 0.0, 1.0),
        error_scale: Setting::free("factor", 0.1, 10.0),
        ..Noise::default()
    };
    let other = Noise { jitter: 0.02.into(), error_scale: Setting::free("factor", 0.1, 10.0), ..Noise::default() };
    let fixed = Noise { jitter: 0.02.into(), error_scale: 1.1.into(), ..Noise::default() };
    vec![
        Observation {
            data: data("A", 1998.0, 2001.5, 70),
            observable: Observable::Computed,
            instrument: first,
            noise: if noise { free } else { fixed.clone() },
        },
        Observation {
            data: data("B", 2029.0, 2032.0, 31).contiguous().unwrap(),
            observable: Observable::Computed,
            instrument: second,
            noise: if noise { other } else { fixed },
        },
    ]
}

fn batched(noise: bool) -> SpectrumObjective<Toy> {
    SpectrumObjective::with_model(observations(noise), Toy::new(1990.0, 2040.0)).unwrap()
}

const X: [f64; 8] = [1.2, 1.9, 4e4, 6.0, 3.0, 0.98, 0.03, -0.01];

fn with_noise() -> Vec<f64> {
    // Parameters are in the order of the data sets: noise of the first comes before the instrument of the second.
    [&X[..6], &[0.04, 1.3], &X[6..]].concat()
}

fn gradient(objective: &mut impl LogDensity, x: &[f64]) -> (f64, Vec<f64>) {
    let mut gradient = vec![f64::NAN; x.len()];
    let value = objective.value_and_gradient(x, &mut gradient).unwrap();
    (value, gradient)
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    let size = expected.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    for (k, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!((f - e).abs() <= tolerance * e.abs().max(1e-3 * size), "{k}: {f}, expected {e}");
    }
}

/// Fourth-order central differences of `f` by each parameter: \[parameter\]\[value\].
fn differences(x: &[f64], mut f: impl FnMut(&[f64]) -> Vec<f64>) -> Vec<Vec<f64>> {
    let column = |p: usize| {
        let e = 1e-3 * x[p].abs();
        let mut at = |k: f64| {
            let mut x = x.to_vec();
            x[p] += k * e;
            f(&x)
        };
        let (a, b, c, d) = (at(-2.0), at(-1.0), at(1.0), at(2.0));
        (0..a.len()).map(|j| (a[j] - 8.0 * b[j] + 8.0 * c[j] - d[j]) / (12.0 * e)).collect()
    };
    (0..x.len()).map(column).collect()
}

#[test]
fn parameters_follow_the_data_sets_and_shared_ones_stand_once() {
    let objective = batched(true);
    let expected = ["a", "b", "R", "vsini", "rv", "scale", "jitter", "factor", "offset", "slope"];
    assert_eq!(objective.names(), expected);
    assert_eq!(objective.instrument_parameters().len(), 8);
    assert_eq!(Residuals::count(&objective), 101);
}

#[test]
fn the_jacobian_is_that_of_the_residuals() {
    let mut objective = batched(false);
    let (residuals, jacobian) = objective.residuals_and_jacobian(&X).unwrap();
    assert_eq!(residuals, objective.residuals(&X).unwrap());
    for (p, column) in differences(&X, |x| objective.residuals(x).unwrap()).iter().enumerate() {
        let found: Vec<f64> = jacobian.iter().skip(p).step_by(X.len()).copied().collect();
        assert!(column.iter().any(|d| d.abs() > 0.0));
        let size = column.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        for (f, d) in found.iter().zip(column) {
            assert!((f - d).abs() < 1e-6 * size, "parameter {p}: {f} {d}");
        }
    }
}

#[test]
fn the_gradient_is_minus_the_jacobian_times_the_residuals() {
    let mut objective = batched(false);
    let (residuals, jacobian) = objective.residuals_and_jacobian(&X).unwrap();
    let (value, gradient) = gradient(&mut objective, &X);
    let product: Vec<f64> = (0..X.len())
        .map(|p| -residuals.iter().zip(jacobian.chunks(X.len())).map(|(r, row)| r * row[p]).sum::<f64>())
        .collect();
    assert_close(&gradient, &product, 1e-10);
    let chi_square: f64 = residuals.iter().map(|r| r * r).sum();
    assert!((objective.chi_square(&X).unwrap() / chi_square - 1.0).abs() < 1e-12);
    let sigmas = objective.predict(&X).unwrap().into_iter().flat_map(|p| p.sigma);
    let norm: f64 = sigmas.map(|s| (2.0 * std::f64::consts::PI).sqrt() * s).map(f64::ln).sum();
    assert!((value - (-0.5 * chi_square - norm)).abs() < 1e-9 * value.abs(), "{value}");
}

#[test]
fn the_gradient_agrees_with_differences_for_noise_too() {
    let mut objective = batched(true);
    let x = with_noise();
    let (value, found) = gradient(&mut objective, &x);
    assert!((value - objective.log_likelihood(&x).unwrap()).abs() < 1e-9 * value.abs());
    let expected: Vec<f64> =
        differences(&x, |x| vec![objective.log_likelihood(x).unwrap()]).into_iter().map(|d| d[0]).collect();
    assert_close(&found, &expected, 1e-6);
}

#[test]
fn parameters_on_a_logarithmic_scale_are_derived_by_their_logarithm() {
    let places = [2, 5, 6, 7];
    let mut objective = batched(true).on_log10(["R", "scale", "jitter", "factor"]);
    let mut x = with_noise();
    let plain = batched(true).log_likelihood(&x).unwrap();
    places.iter().for_each(|i| x[*i] = x[*i].log10());
    let (value, found) = gradient(&mut objective, &x);
    assert!((value - plain).abs() < 1e-9 * plain.abs());
    let expected: Vec<f64> =
        differences(&x, |x| vec![objective.log_likelihood(x).unwrap()]).into_iter().map(|d| d[0]).collect();
    assert_close(&found, &expected, 1e-6);
    let mut objective = batched(false).on_log10(["R", "scale"]);
    let mut x = X;
    [2, 5].iter().for_each(|i| x[*i] = x[*i].log10());
    let (_, jacobian) = objective.residuals_and_jacobian(&x).unwrap();
    for (p, column) in differences(&x, |x| objective.residuals(x).unwrap()).iter().enumerate() {
        let size = column.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        for (found, d) in jacobian.iter().skip(p).step_by(x.len()).zip(column) {
            assert!((found - d).abs() < 1e-6 * size, "parameter {p}: {found} {d}");
        }
    }
    // The ends of a range belong to it, whatever rounding makes of their powers.
    x[2] = 1e5f64.log10();
    assert!(objective.predict(&x).is_ok());
}

#[test]
fn quantities_made_of_spectra_have_derivatives_as_well() {
    let star = crate::star::Star { radius_cm: 7e10, spectrum: crate::star::StellarSpectrum::BlackBody(4000.0) };
    // as large as makes contrasts of about 1
    let contrast = Observable::Contrast { star: star.clone(), radius_cm: 2e13 };
    for second in [Observable::Depth { star_radius_cm: 0.8 }, contrast] {
        let mut all = observations(false);
        all[0].observable = Observable::FluxPerMicrometre;
        all[1].observable = second.clone();
        let mut objective = SpectrumObjective::with_model(all, Toy::new(1990.0, 2040.0)).unwrap();
        let (residuals, jacobian) = objective.residuals_and_jacobian(&X).unwrap();
        assert_eq!(residuals, objective.residuals(&X).unwrap());
        for (p, column) in differences(&X, |x| objective.residuals(x).unwrap()).iter().enumerate() {
            let found: Vec<f64> = jacobian.iter().skip(p).step_by(X.len()).copied().collect();
            let size = column.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            for (f, d) in found.iter().zip(column) {
                assert!((f - d).abs() < 1e-6 * size, "{second:?}, parameter {p}: {f} {d}");
            }
        }
        let product: Vec<f64> = (0..X.len())
            .map(|p| -residuals.iter().zip(jacobian.chunks(X.len())).map(|(r, row)| r * row[p]).sum::<f64>())
            .collect();
        assert_close(&gradient(&mut objective, &X).1, &product, 1e-10);
    }
    // Through an instrument that changes nothing, each is the spectrum converted.
    let mut toy = Toy::new(1990.0, 2040.0);
    let (nu, spectrum) = (toy.wavenumber[500..600].to_vec(), toy.spectrum(&X[..2]).unwrap()[500..600].to_vec());
    let data = DataSet::new("s", &nu, &vec![1.0; nu.len()], &vec![1.0; nu.len()]).unwrap();
    let as_observed = |observable| {
        let observation =
            Observation { data: data.clone(), observable, instrument: Settings::default(), noise: Noise::default() };
        let mut objective = SpectrumObjective::with_model(vec![observation], Toy::new(1990.0, 2040.0)).unwrap();
        objective.predict(&X[..2]).unwrap().remove(0).value
    };
    let each = |f: fn(f64, f64) -> f64| spectrum.iter().zip(&nu).map(|(v, nu)| f(*v, *nu)).collect::<Vec<_>>();
    assert_close(&as_observed(Observable::FluxPerMicrometre), &each(crate::units::flux_per_um), 1e-9);
    assert_close(&as_observed(Observable::Depth { star_radius_cm: 0.5 }), &each(|v, _| 4.0 * v * v), 1e-9);
    let contrast = star.contrast(&nu, &spectrum, 7e9).unwrap();
    assert_close(&as_observed(Observable::Contrast { star, radius_cm: 7e9 }), &contrast, 1e-9);
}

#[test]
fn one_model_or_two_give_the_same() {
    let mut one = batched(true);
    let mut asked = Vec::new();
    let mut two = SpectrumObjective::new(observations(true), Mode::Auto, 2e5, |needs| {
        asked.push(needs.clone());
        Ok(Toy::new(needs.range.0, needs.range.1))
    })
    .unwrap();
    assert_eq!((two.summary().mode, two.names()), (Mode::Blocked, one.names()));
    assert_eq!(asked.iter().map(|n| n.data_sets.concat()).collect::<Vec<_>>(), ["A", "B"]);
    assert!(asked[0].range.0 < 1998.0 && asked[0].range.1 > 2001.5 && asked[0].range.1 < 2003.0, "{asked:?}");
    // Half in equal parts, half by width.
    let widths: Vec<f64> = asked.iter().map(|n| (n.range.1 / n.range.0).ln()).collect();
    for (needs, width) in asked.iter().zip(&widths) {
        let share = 0.25 + 0.5 * width / widths.iter().sum::<f64>();
        assert!((needs.share - share).abs() < 1e-15, "{needs:?}");
    }
    let x = with_noise();
    let ((v1, g1), (v2, g2)) = (gradient(&mut one, &x), gradient(&mut two, &x));
    // Other grids, other interpolation errors.
    assert!((v1 / v2 - 1.0).abs() < 1e-5, "{v1} {v2}");
    assert_close(&g1, &g2, 1e-3);
    let (p1, p2) = (one.predict(&x).unwrap(), two.predict(&x).unwrap());
    for (p1, p2) in p1.iter().zip(&p2) {
        assert_eq!(p1.sigma, p2.sigma);
        assert_close(&p1.value, &p2.value, 1e-5);
    }
    // Near each other, data sets share a model.
    let mut near = observations(false);
    near[1].data = data("B", 2000.0, 2003.0, 31);
    let near = SpectrumObjective::new(near, Mode::Auto, 2e5, |n| Ok(Toy::new(n.range.0, n.range.1))).unwrap();
    assert_eq!((near.summary().mode, near.summary().blocks.len()), (Mode::Batched, 1));
}

#[test]
fn the_summary_counts() {
    let summary = batched(true).summary();
    assert_eq!((summary.residuals, summary.model_parameters, summary.instrument_parameters), (101, 2, 8));
    let points = Toy::new(1990.0, 2040.0).wavenumber.len();
    assert_eq!((summary.jacobian_bytes, summary.blocks[0].spectrum_jacobian_bytes), (101 * 10 * 8, points * 2 * 8));
    let text = summary.to_string();
    for part in [
        "parameters   10 (2 of the model, 8 of",
        "101 x 10, 8080 bytes",
        "batched, 1 model\n",
        "A (70 points), B (31 points)",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_model_in_a_box_is_a_model() {
    let boxed: Box<dyn SpectrumModel> = Box::new(Toy::new(1990.0, 2040.0));
    let mut objective = SpectrumObjective::with_model(observations(false), boxed).unwrap();
    assert_eq!(objective.residuals(&X).unwrap(), batched(false).residuals(&X).unwrap());
}

#[test]
fn errors_say_what_to_change() {
    let fail = |observations: Vec<Observation>, low: f64, high: f64| {
        SpectrumObjective::with_model(observations, Toy::new(low, high)).err().unwrap().to_string()
    };
    let message = fail(observations(false), 1990.0, 2020.0);
    assert!(
        message.contains("data set `B`: range of the model's grid [cm-1]: given 1990 to 2020, required 2028."),
        "{message}"
    );
    assert!(fail(vec![], 1990.0, 2040.0).contains("number of data sets: given 0"));
    let twice = vec![observations(false)[0].clone(), observations(false)[0].clone()];
    assert!(fail(twice, 1990.0, 2040.0).contains("names of data sets: given `A` twice"));
    let mut clash = observations(false);
    clash[0].instrument.scale = Setting::free("a", 0.0, 2.0);
    assert!(fail(clash, 1990.0, 2040.0).contains("given `a`, which is one of the model, required another name"));
    let mut range = observations(false);
    range[1].instrument.radial_velocity_km_s = Setting::free("rv", -10.0, 10.0);
    assert!(fail(range, 1990.0, 2040.0).contains("data set `B`: range of the shared parameter `rv`"));
    let mut jitter = observations(false);
    jitter[0].noise.jitter = (-1.0).into();
    assert!(
        fail(jitter, 1990.0, 2040.0).contains("data set `A`: jitter: given -1, required a finite number, zero or more")
    );
    let mut scale = observations(false);
    scale[0].noise.error_scale = 0.0.into();
    assert!(fail(scale, 1990.0, 2040.0).contains("error scale: given 0, required a finite number above zero"));
    let mut power = observations(false);
    power[0].instrument.response = Response::Gaussian { resolving_power: (-5.0).into() };
    assert!(fail(power, 1990.0, 2040.0).contains("data set `A`: resolving power: given -5"));

    let mut uneven = Toy::new(1990.0, 2040.0);
    uneven.wavenumber[7] += 0.01;
    let message = SpectrumObjective::with_model(observations(false), uneven).err().unwrap().to_string();
    assert!(
        message.contains("wavenumber 7 of the model [cm-1]") && message.contains("equal steps in ln nu"),
        "{message}"
    );
    let mut count = 0;
    let others = SpectrumObjective::new(observations(false), Mode::Blocked, 2e5, |n| {
        let mut toy = Toy::new(n.range.0, n.range.1);
        count += 1;
        toy.names[1] = format!("b{count}");
        Ok(toy)
    });
    assert!(others.err().unwrap().to_string().contains("required the same in the same order"));

    let mut free = batched(true);
    let message = free.residuals(&with_noise()).unwrap_err().to_string();
    assert!(
        message.starts_with("least squares: given free noise parameter `jitter`, required fixed noise"),
        "{message}"
    );
    assert!(free.residuals_and_jacobian(&with_noise()).is_err() && batched(false).check_least_squares().is_ok());
    assert!(free.predict(&X).unwrap_err().to_string().contains("number of parameters: given 8, required 10"));
    let mut outside = with_noise();
    outside[4] = 20.5;
    assert!(free.predict(&outside).unwrap_err().to_string().contains("parameter `rv`: given 20.5, required -20 to 20"));
    let mut model = with_noise();
    model[0] = -1.0;
    let refused = free.value_and_gradient(&model, &mut [0.0; 10]).unwrap_err().to_string();
    assert!(refused.contains("a: given -1"), "{refused}");
    assert!(free.value_and_gradient(&with_noise(), &mut [0.0; 3]).is_err());
}
