//! A fit and a posterior of one's own model: an absorption line in a noisy spectrum, with Levenberg-Marquardt and NUTS.
//!
//! `cargo run --example fit_and_sample -- FOLDER` writes figures, the trace for ArviZ, and a checkpoint from which a second run
//! resumes. Anything that gives residuals with a Jacobian, or a log density with a gradient, can take the model's place.

use std::path::PathBuf;

use photosphere::Result;
use photosphere::inference::{
    Checkpoint, LeastSquaresSettings, NutsSettings, Prior, Priors, Summary, levenberg_marquardt, sample, write_zarr,
};
use photosphere::objective::{LogDensity, Residuals};
use photosphere::plot::{FittedData, Formats, Quantity, corner, fit, traces};
use photosphere::units::SpectralAxis;

/// Continuum, depth, centre and width of a Gaussian line, and the data.
struct AbsorptionLine {
    names: Vec<String>,
    wavenumber: Vec<f64>,
    data: Vec<f64>,
    error: Vec<f64>,
}

impl AbsorptionLine {
    fn mock(truth: &[f64]) -> Self {
        let wavenumber: Vec<f64> = (0..240).map(|i| 2149.0 + 2.0 * f64::from(i) / 239.0).collect();
        let names = ["continuum", "depth", "centre", "width"].map(String::from).to_vec();
        let mut line = Self { names, error: vec![400.0; wavenumber.len()], data: vec![], wavenumber };
        // A sum of incommensurate waves looks like noise and needs no generator.
        let noise =
            |i: usize| (1..9).map(|k| (i as f64 * 1.37 * f64::from(k) + f64::from(k * k)).sin()).sum::<f64>() / 2.0;
        line.data = line.model(truth).iter().enumerate().map(|(i, m)| m + 400.0 * noise(i)).collect();
        line
    }

    fn model(&self, x: &[f64]) -> Vec<f64> {
        let profile = |nu: &f64| (-0.5 * ((nu - x[2]) / x[3]).powi(2)).exp();
        self.wavenumber.iter().map(|nu| x[0] * (1.0 - x[1] * profile(nu))).collect()
    }
}

impl Residuals for AbsorptionLine {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn count(&self) -> usize {
        self.data.len()
    }

    fn residuals(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        Ok((0..self.data.len()).zip(self.model(x)).map(|(i, m)| (self.data[i] - m) / self.error[i]).collect())
    }

    fn residuals_and_jacobian(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let row = |(nu, error): (&f64, &f64)| {
            let d = (nu - x[2]) / x[3];
            let p = (-0.5 * d * d).exp();
            let by_centre = -x[0] * x[1] * p * d / x[3];
            [1.0 - x[1] * p, -x[0] * p, by_centre, by_centre * d].map(|v| -v / error)
        };
        let jacobian = self.wavenumber.iter().zip(&self.error).flat_map(row).collect();
        Ok((self.residuals(x)?, jacobian))
    }
}

impl LogDensity for AbsorptionLine {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn value_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64> {
        let (r, jacobian) = self.residuals_and_jacobian(x)?;
        for (i, g) in gradient.iter_mut().enumerate() {
            *g = -r.iter().zip(jacobian.iter().skip(i).step_by(x.len())).map(|(r, j)| r * j).sum::<f64>();
        }
        Ok(-0.5 * r.iter().map(|r| r * r).sum::<f64>())
    }
}

fn main() -> Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "fit_and_sample".into()));
    std::fs::create_dir_all(&folder).map_err(|e| photosphere::Error::io("create", &folder, e))?;

    let truth = [21_000.0, 0.12, 2150.02, 0.15];
    let mut line = AbsorptionLine::mock(&truth);
    let names = line.names.clone();
    let priors = Priors::new(
        &names,
        [
            ("continuum", Prior::Normal { mean: 20_000.0, sd: 3000.0 }),
            ("depth", Prior::Uniform { lower: 0.0, upper: 1.0 }),
            ("centre", Prior::Normal { mean: 2150.0, sd: 0.2 }),
            ("width", Prior::HalfNormal { sd: 1.0 }),
        ],
    )?;

    let start = [20_000.0, 0.05, 2150.0, 0.3];
    let best = levenberg_marquardt(&mut line, &priors, &start, &LeastSquaresSettings::default(), &())?;
    println!("{best}\n");
    let model = line.model(&best.parameters);
    let fitted = FittedData {
        wavenumber: &line.wavenumber,
        data: &line.data,
        error: &line.error,
        model: &model,
        axis: SpectralAxis::Wavenumber,
        quantity: "Flux",
        unit: "erg s⁻¹ cm⁻² / cm⁻¹",
    };
    fit(&folder.join("fit"), "An absorption line", &fitted, Formats::default())?;

    let checkpoint = Checkpoint { folder: folder.join("checkpoint"), run: "data: mock line".into(), resume: true };
    let settings = NutsSettings { seed: 1, ..NutsSettings::default() };
    let trace = sample(&mut line, &priors, &[best.parameters], &settings, Some(&checkpoint), &())?;
    println!("{}", Summary::of(&trace));
    write_zarr(&trace, &folder.join("trace.zarr"))?;

    let chains: Vec<_> = (0..names.len()).map(|i| trace.parameter(i)).collect();
    let quantities: Vec<Quantity> =
        (0..names.len()).map(|i| Quantity { name: &names[i], chains: &chains[i], truth: Some(truth[i]) }).collect();
    traces(&folder.join("trace"), "Chains", &quantities, Formats::default())?;
    corner(&folder.join("corner"), "Posterior", &quantities, Formats::default())?;
    Ok(())
}
