//! Numbers with derivatives.

use num_dual::{Derivative, DualDVec64};

/// A number with its derivatives by all parameters of a retrieval.
pub type Dual = DualDVec64;

/// Temporary.
pub trait DualExt {
    /// Constant.
    fn constant(re: f64) -> Self;
    /// Variable.
    fn variable(re: f64, index: usize, count: usize) -> Self;
    /// From parts.
    fn new_from(re: f64, eps: Vec<f64>) -> Self;
    /// Value.
    fn value(&self) -> f64;
    /// Derivative.
    fn derivative(&self, i: usize) -> f64;
    /// All.
    fn derivatives(&self) -> &[f64];
}

impl DualExt for Dual {
    fn constant(re: f64) -> Self {
        Self::from(re)
    }
    fn variable(re: f64, index: usize, count: usize) -> Self {
        Self::new(re, Derivative::derivative_generic(dual_nalgebra::Dyn(count), dual_nalgebra::U1, index))
    }
    fn new_from(re: f64, eps: Vec<f64>) -> Self {
        if eps.is_empty() {
            Self::from(re)
        } else {
            Self::new(re, Derivative::some(dual_nalgebra::DVector::from_vec(eps)))
        }
    }
    fn value(&self) -> f64 {
        self.re
    }
    fn derivative(&self, i: usize) -> f64 {
        self.eps.0.as_ref().map_or(0.0, |eps| eps[i])
    }
    fn derivatives(&self) -> &[f64] {
        self.eps.0.as_ref().map_or(&[], |eps| eps.as_slice())
    }
}
