//! Numbers that carry their derivatives by the parameters of a retrieval.
//!
//! **Theory.** Forward differentiation: a [`Dual`] is a value x and its gradient e, and every operation applies the chain rule,
//! f(x, e) = (f(x), f'(x) e) (Griewank & Walther 2008, *Evaluating Derivatives*, chapter 3). A formula that is written over dual numbers gives its value
//! and its exact derivatives by all parameters at once, in a time proportional to their number.
//!
//! **Practice.** A retrieval gives its closure one [variable](Dual::variable) for each parameter; what comes out of the closure's formulae has the
//! derivatives. Known numbers are [constants](Dual::constant) and plain `f64`: both mix with variables. Formulae that are to serve values alone as
//! well are written over a [`Number`], which is an `f64` or a `Dual`. Dual numbers hold a vector and are not `Copy`: clone them, or calculate with
//! references.
//!
//! ```
//! use photosphere::Dual;
//!
//! // T = T0 P^alpha at 0.1 bar and its derivatives by T0 and alpha
//! let [t0, alpha] = [Dual::variable(900.0, 0, 2), Dual::variable(0.1, 1, 2)];
//! let t = t0 * (alpha * 0.1f64.ln()).exp();
//! assert_eq!(t.derivative(0), t.value() / 900.0);
//! assert!((t.derivative(1) / (t.value() * 0.1f64.ln()) - 1.0).abs() < 1e-15);
//! ```

mod number;
mod operators;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

pub use number::Number;

/// A number and its derivatives by all parameters of a retrieval.
///
/// Comparisons look at values alone, so that a formula takes the same branches as with plain numbers.
///
/// Numbers that meet in a formula have derivatives by the same parameters, or none: those without are constants. **Panics:** arithmetic of two
/// numbers with different numbers of derivatives, neither zero, is a mistake of the program that made them, and panics.
#[derive(Clone, Debug, Default)]
pub struct Dual {
    re: f64,
    /// By each parameter; empty for constants.
    eps: Vec<f64>,
}

impl Dual {
    /// A number that depends on no parameter.
    pub fn constant(re: f64) -> Self {
        Self { re, eps: Vec::new() }
    }

    /// Parameter `index` of `count`, at the value `re`: its derivative by itself is 1, by the others 0.
    ///
    /// # Panics
    /// `index` is not below `count`.
    pub fn variable(re: f64, index: usize, count: usize) -> Self {
        let mut eps = vec![0.0; count];
        eps[index] = 1.0;
        Self { re, eps }
    }

    /// A value and its derivatives by each parameter; none for a constant.
    pub fn new(re: f64, eps: Vec<f64>) -> Self {
        Self { re, eps }
    }

    /// The value.
    pub fn value(&self) -> f64 {
        self.re
    }

    /// The derivative by parameter `i`; 0 for constants, and for parameters beyond the last.
    pub fn derivative(&self, i: usize) -> f64 {
        self.eps.get(i).copied().unwrap_or(0.0)
    }

    /// The derivatives by each parameter; empty for constants.
    pub fn derivatives(&self) -> &[f64] {
        &self.eps
    }

    /// f(x) of this number x, for any function f that has no method here: given its value f(x) and its derivative f'(x) there.
    #[must_use]
    pub fn chain(&self, value: f64, slope: f64) -> Self {
        Self { re: value, eps: self.eps.iter().map(|e| e * slope).collect() }
    }

    /// The value, as [`value`](Self::value).
    pub fn re(&self) -> f64 {
        self.re
    }

    /// 1 / x.
    #[must_use]
    pub fn recip(&self) -> Self {
        let inverse = self.re.recip();
        self.chain(inverse, -inverse * inverse)
    }

    /// x^n.
    #[must_use]
    pub fn powi(&self, n: i32) -> Self {
        match n {
            0 => Self::constant(1.0),
            1 => self.clone(),
            2 => self * self,
            _ => self.power(self.re.powi(n.saturating_sub(3)), f64::from(n)),
        }
    }

    /// x^n.
    #[must_use]
    pub fn powf(&self, n: f64) -> Self {
        match n {
            0.0 => Self::constant(1.0),
            1.0 => self.clone(),
            _ if (n - 1.0 - 1.0).abs() < f64::EPSILON => self * self,
            _ => self.power(self.re.powf(n - 1.0 - 1.0 - 1.0), n),
        }
    }

    /// x^n, from x^(n - 3).
    fn power(&self, three_less: f64, n: f64) -> Self {
        let x = self.re;
        self.chain(three_less * x * x * x, three_less * x * x * n)
    }

    /// x^y = e^(y ln x), for positive x.
    #[must_use]
    pub fn powd(&self, y: Self) -> Self {
        (self.ln() * y).exp()
    }

    /// e^x.
    #[must_use]
    pub fn exp(&self) -> Self {
        let value = self.re.exp();
        self.chain(value, value)
    }

    /// Natural logarithm.
    #[must_use]
    pub fn ln(&self) -> Self {
        self.chain(self.re.ln(), self.re.recip())
    }

    /// Decimal logarithm.
    #[must_use]
    pub fn log10(&self) -> Self {
        self.chain(self.re.log10(), self.re.recip() / std::f64::consts::LN_10)
    }

    /// Square root.
    #[must_use]
    pub fn sqrt(&self) -> Self {
        let value = self.re.sqrt();
        self.chain(value, value * self.re.recip() * 0.5)
    }

    /// Absolute value; at 0 the derivative is that of x (of -x at -0).
    #[must_use]
    pub fn abs(&self) -> Self {
        if self.re.is_sign_positive() { self.clone() } else { -self }
    }

    /// The larger of two numbers by value, with its derivatives; this one where they are equal. NaN gives way to a number.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if other.re > self.re || self.re.is_nan() { other } else { self }
    }

    /// The smaller of two numbers by value, with its derivatives; this one where they are equal. NaN gives way to a number.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        if other.re < self.re || self.re.is_nan() { other } else { self }
    }
}

impl From<f64> for Dual {
    fn from(value: f64) -> Self {
        Self::constant(value)
    }
}

impl PartialEq for Dual {
    fn eq(&self, other: &Self) -> bool {
        self.re == other.re
    }
}

impl PartialEq<f64> for Dual {
    fn eq(&self, other: &f64) -> bool {
        self.re == *other
    }
}

impl PartialOrd for Dual {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.re.partial_cmp(&other.re)
    }
}

impl PartialOrd<f64> for Dual {
    fn partial_cmp(&self, other: &f64) -> Option<Ordering> {
        self.re.partial_cmp(other)
    }
}
