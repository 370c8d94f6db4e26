//! Parts of a whole: mixing ratios that leave a rest, with Dirichlet's density.
//!
//! With parts r_1 ... r_k above zero and the rest r_0 = 1 - sum r, the density is Gamma(sum a) / prod Gamma(a_i) prod r_i^(a_i - 1), i from 0.
//! Optimisers and samplers move in the centred log ratios xi_i = ln(r_i / g), g the geometric mean of all k + 1 parts (Aitchison 1986; for
//! atmospheres Benneke & Seager 2012, ApJ 753, 100), of which k are free: xi_0 = -sum xi, r_i = exp(xi_i) / sum exp(xi).
//! A parameter is a part, or log10 of it.

use std::f64::consts::LN_10;

use statrs::function::gamma::ln_gamma;

use super::quantiles::beta_quantile;
use super::shares::shares_of;

/// The joint prior of all parts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parts {
    concentration: Vec<f64>,
    rest: f64,
    /// Whether each parameter is log10 of its part.
    log10: Vec<bool>,
}

impl Parts {
    /// Parts with their concentrations, and whether each parameter is log10 of its part; `rest` is the concentration of the rest.
    pub fn new(parts: &[(f64, bool)], rest: f64) -> Self {
        let (concentration, log10) = parts.iter().copied().unzip();
        Self { concentration, rest, log10 }
    }

    /// The parts, and last the rest, of parameters `x`.
    fn parts(&self, x: &[f64]) -> Vec<f64> {
        let mut r: Vec<f64> =
            x.iter().zip(&self.log10).map(|(x, log)| if *log { 10f64.powf(*x) } else { *x }).collect();
        r.push(1.0 - r.iter().sum::<f64>());
        r
    }

    /// ln of the parts, and last of the rest, at centred log ratios.
    fn ln_parts(z: &[f64]) -> Vec<f64> {
        let mut xi = z.to_vec();
        xi.push(-z.iter().sum::<f64>());
        let top = xi.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total = top + xi.iter().map(|v| (v - top).exp()).sum::<f64>().ln();
        xi.iter().map(|v| v - total).collect()
    }

    /// Whether all parts and the rest are above zero.
    pub fn contains(&self, x: &[f64]) -> bool {
        self.parts(x).iter().all(|r| *r > 0.0 && *r < 1.0)
    }

    pub fn to_constrained(&self, z: &[f64]) -> Vec<f64> {
        let each = Self::ln_parts(z).into_iter().zip(&self.log10);
        each.map(|(ln, log)| if *log { ln / LN_10 } else { ln.exp() }).collect()
    }

    pub fn to_unconstrained(&self, x: &[f64]) -> Vec<f64> {
        let ln: Vec<f64> = self.parts(x).iter().map(|r| r.ln()).collect();
        let mean = ln.iter().sum::<f64>() / ln.len() as f64;
        ln[..x.len()].iter().map(|ln| ln - mean).collect()
    }

    /// d ln r_i / d xi_k: of a part i, or of the rest with i the number of parts.
    fn ln_slope(r: &[f64], i: usize, k: usize) -> f64 {
        let rest = r.len() - 1;
        let own = if i == rest { -1.0 } else { f64::from(u8::from(i == k)) };
        own - r[k] + r[rest]
    }

    /// dx/dz \[parameter\]\[coordinate\].
    pub fn slopes(&self, z: &[f64]) -> Vec<f64> {
        let n = z.len();
        let r: Vec<f64> = Self::ln_parts(z).into_iter().map(f64::exp).collect();
        let by_ln = |i: usize| if self.log10[i] { LN_10.recip() } else { r[i] };
        (0..n * n).map(|at| by_ln(at / n) * Self::ln_slope(&r, at / n, at % n)).collect()
    }

    /// ln |det dx/dz| and its derivatives: the product of all parts times k + 1; of log10 of a part, dx = d ln r / ln 10.
    pub fn ln_jacobian(&self, z: &[f64]) -> (f64, Vec<f64>) {
        let ln = Self::ln_parts(z);
        let r: Vec<f64> = ln.iter().map(|v| v.exp()).collect();
        let (mut value, mut slopes) = ((ln.len() as f64).ln(), vec![0.0; z.len()]);
        for (i, ln) in ln.iter().enumerate() {
            if self.log10.get(i) == Some(&true) {
                value -= LN_10.ln();
                continue;
            }
            value += ln;
            slopes.iter_mut().enumerate().for_each(|(k, s)| *s += Self::ln_slope(&r, i, k));
        }
        (value, slopes)
    }

    /// Powers of the parts and of the rest in the density of the parameters.
    fn exponents(&self) -> Vec<f64> {
        let each = self.concentration.iter().zip(&self.log10);
        each.map(|(a, log)| if *log { *a } else { a - 1.0 }).chain([self.rest - 1.0]).collect()
    }

    /// dr_i / dx_i.
    fn by_parameter(&self, r: &[f64], i: usize) -> f64 {
        if self.log10[i] { r[i] * LN_10 } else { 1.0 }
    }

    /// ln pdf inside the support, and its derivatives.
    pub fn ln_pdf(&self, x: &[f64]) -> (f64, Vec<f64>) {
        let (r, e, n) = (self.parts(x), self.exponents(), x.len());
        let all = self.concentration.iter().chain([&self.rest]);
        let mut value = ln_gamma(all.clone().sum()) - all.map(|a| ln_gamma(*a)).sum::<f64>();
        value += self.log10.iter().filter(|log| **log).count() as f64 * LN_10.ln();
        // 0 ln 0 is 0.
        let power = |(e, r): (&f64, &f64)| if *e == 0.0 { 0.0 } else { e * r.ln() };
        value += e.iter().zip(&r).map(power).sum::<f64>();
        (value, (0..n).map(|i| self.by_parameter(&r, i) * (e[i] / r[i] - e[n] / r[n])).collect())
    }

    /// Parameters of the probabilities `u`, each part's given those before it: what is left of the whole is broken like a stick.
    pub fn quantiles(&self, u: &[f64]) -> Vec<f64> {
        let mut left = 1.0;
        let each = u.iter().enumerate().map(|(i, u)| {
            let after: f64 = self.concentration[i + 1..].iter().sum::<f64>() + self.rest;
            let part = left * beta_quantile(self.concentration[i], after, *u);
            left -= part;
            if self.log10[i] { part.log10() } else { part }
        });
        each.collect()
    }

    /// The prior as residuals with their derivatives \[parameter\]; none where the density has no largest value.
    pub fn terms(&self, x: &[f64]) -> Vec<(f64, Vec<f64>)> {
        let (r, n) = (self.parts(x), x.len());
        let shares = shares_of(&self.exponents(), &r).unwrap_or_default();
        let row = |(i, (value, by_part)): (usize, (f64, f64))| {
            let slope = |k: usize| match i {
                _ if i == n => -by_part * self.by_parameter(&r, k),
                _ if i == k => by_part * self.by_parameter(&r, k),
                _ => 0.0,
            };
            (value, (0..n).map(slope).collect())
        };
        shares.into_iter().enumerate().map(row).collect()
    }

    /// -d^2 ln pdf \[parameter\]\[parameter\]; zero where the prior has no terms.
    pub fn curvature(&self, x: &[f64]) -> Vec<f64> {
        let (r, e, n) = (self.parts(x), self.exponents(), x.len());
        if e.iter().any(|e| *e < 0.0) {
            return vec![0.0; n * n];
        }
        let entry = |at: usize| {
            let (i, k) = (at / n, at % n);
            let mixed = e[n] / (r[n] * r[n]) * self.by_parameter(&r, i) * self.by_parameter(&r, k);
            match (i == k, self.log10[i]) {
                (false, _) => mixed,
                (true, false) => mixed + e[i] / (r[i] * r[i]),
                // ln r is linear in the parameter, the rest is not.
                (true, true) => mixed + e[n] / r[n] * r[i] * LN_10 * LN_10,
            }
        };
        (0..n * n).map(entry).collect()
    }
}
