//! What formulae of profiles are written over.

use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use super::Dual;

/// `f64`, or a number that carries derivatives ([`Dual`]): a formula over it serves both.
///
/// All four operations, with another number (by value or reference) or an `f64` after it, and the functions below.
///
/// ```
/// use photosphere::atmosphere::Number;
/// use photosphere::Dual;
///
/// /// Pressure scale height \[cm\] of a gas of 2.3 g mol-1 at T \[K\] under gravity \[cm s-2\].
/// fn scale_height<D: Number>(temperature_k: &D, gravity: &D) -> D {
///     temperature_k.clone() * 8.314462618e7 / (gravity.clone() * 2.3)
/// }
/// let plain = scale_height(&1000.0, &2500.0);
/// let with = scale_height(&Dual::variable(1000.0, 0, 1), &Dual::constant(2500.0));
/// assert!((with.value() / plain - 1.0).abs() < 1e-15 && (with.derivative(0) * 1000.0 / plain - 1.0).abs() < 1e-15);
/// ```
pub trait Number:
    Clone
    + Debug
    + Send
    + Sync
    + 'static
    + From<f64>
    + PartialOrd
    + PartialOrd<f64>
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + for<'a> Add<&'a Self, Output = Self>
    + for<'a> Sub<&'a Self, Output = Self>
    + for<'a> Mul<&'a Self, Output = Self>
    + for<'a> Div<&'a Self, Output = Self>
    + Add<f64, Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
    + Div<f64, Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + AddAssign<f64>
    + SubAssign<f64>
    + MulAssign<f64>
    + DivAssign<f64>
    + for<'a> AddAssign<&'a Self>
    + for<'a> SubAssign<&'a Self>
    + for<'a> MulAssign<&'a Self>
    + for<'a> DivAssign<&'a Self>
    + Sum
    + for<'a> Sum<&'a Self>
{
    /// The value, without derivatives.
    fn re(&self) -> f64;

    /// 1 / x.
    #[must_use]
    fn recip(&self) -> Self;

    /// x^n.
    #[must_use]
    fn powi(&self, n: i32) -> Self;

    /// x^n.
    #[must_use]
    fn powf(&self, n: f64) -> Self;

    /// x^y, for positive x.
    #[must_use]
    fn powd(&self, y: Self) -> Self;

    /// e^x.
    #[must_use]
    fn exp(&self) -> Self;

    /// Natural logarithm.
    #[must_use]
    fn ln(&self) -> Self;

    /// Decimal logarithm.
    #[must_use]
    fn log10(&self) -> Self;

    /// Square root.
    #[must_use]
    fn sqrt(&self) -> Self;

    /// Absolute value.
    #[must_use]
    fn abs(&self) -> Self;

    /// The larger of two numbers by value; NaN gives way to a number.
    #[must_use]
    fn max(self, other: Self) -> Self;

    /// The smaller of two numbers by value; NaN gives way to a number.
    #[must_use]
    fn min(self, other: Self) -> Self;
}

impl Number for f64 {
    fn re(&self) -> f64 {
        *self
    }
    fn recip(&self) -> Self {
        f64::recip(*self)
    }
    fn powi(&self, n: i32) -> Self {
        f64::powi(*self, n)
    }
    fn powf(&self, n: f64) -> Self {
        f64::powf(*self, n)
    }
    fn powd(&self, y: Self) -> Self {
        f64::powf(*self, y)
    }
    fn exp(&self) -> Self {
        f64::exp(*self)
    }
    fn ln(&self) -> Self {
        f64::ln(*self)
    }
    fn log10(&self) -> Self {
        f64::log10(*self)
    }
    fn sqrt(&self) -> Self {
        f64::sqrt(*self)
    }
    fn abs(&self) -> Self {
        f64::abs(*self)
    }
    fn max(self, other: Self) -> Self {
        f64::max(self, other)
    }
    fn min(self, other: Self) -> Self {
        f64::min(self, other)
    }
}

impl Number for Dual {
    fn re(&self) -> f64 {
        self.value()
    }
    fn recip(&self) -> Self {
        Dual::recip(self)
    }
    fn powi(&self, n: i32) -> Self {
        Dual::powi(self, n)
    }
    fn powf(&self, n: f64) -> Self {
        Dual::powf(self, n)
    }
    fn powd(&self, y: Self) -> Self {
        Dual::powd(self, y)
    }
    fn exp(&self) -> Self {
        Dual::exp(self)
    }
    fn ln(&self) -> Self {
        Dual::ln(self)
    }
    fn log10(&self) -> Self {
        Dual::log10(self)
    }
    fn sqrt(&self) -> Self {
        Dual::sqrt(self)
    }
    fn abs(&self) -> Self {
        Dual::abs(self)
    }
    fn max(self, other: Self) -> Self {
        Dual::max(self, other)
    }
    fn min(self, other: Self) -> Self {
        Dual::min(self, other)
    }
}
