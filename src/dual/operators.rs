//! Arithmetic of dual numbers, with each other and with `f64`, by value and by reference.
//!
//! Every derivative is computed in one fixed order of operations, whichever form is used; a constant's part is left out, not added as zero.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use super::Dual;

/// The derivatives of a result from those of two operands; of one alone where the other is constant.
fn combine(
    a: &[f64],
    b: &[f64],
    both: impl Fn(f64, f64) -> f64,
    left: impl Fn(f64) -> f64,
    right: impl Fn(f64) -> f64,
) -> Vec<f64> {
    match (a.is_empty(), b.is_empty()) {
        (_, true) => a.iter().map(|x| left(*x)).collect(),
        (true, false) => b.iter().map(|y| right(*y)).collect(),
        (false, false) => {
            assert_eq!(a.len(), b.len(), "dual numbers with derivatives by different numbers of parameters");
            a.iter().zip(b).map(|(x, y)| both(*x, *y)).collect()
        }
    }
}

fn add(a: &Dual, b: &Dual) -> Dual {
    Dual { re: a.re + b.re, eps: combine(&a.eps, &b.eps, |x, y| x + y, |x| x, |y| y) }
}

fn sub(a: &Dual, b: &Dual) -> Dual {
    Dual { re: a.re - b.re, eps: combine(&a.eps, &b.eps, |x, y| x - y, |x| x, |y| -y) }
}

fn mul(a: &Dual, b: &Dual) -> Dual {
    let eps = combine(&a.eps, &b.eps, |x, y| x * b.re + y * a.re, |x| x * b.re, |y| y * a.re);
    Dual { re: a.re * b.re, eps }
}

fn div(a: &Dual, b: &Dual) -> Dual {
    let inverse = b.re.recip();
    let eps = combine(
        &a.eps,
        &b.eps,
        |x, y| (x * b.re - y * a.re) * inverse * inverse,
        |x| x * b.re * inverse * inverse,
        |y| -(y * a.re) * inverse * inverse,
    );
    Dual { re: a.re * inverse, eps }
}

/// An operator in all its forms, from what it does with two dual numbers, and with a dual number and an `f64` after it.
macro_rules! operator {
    ($op:ident, $method:ident, $assign:ident, $assign_method:ident, $with_number:expr) => {
        operator!(@pair $op, $method, Dual, Dual);
        operator!(@pair $op, $method, Dual, &Dual);
        operator!(@pair $op, $method, &Dual, Dual);
        operator!(@pair $op, $method, &Dual, &Dual);

        impl $op<f64> for Dual {
            type Output = Dual;
            fn $method(mut self, other: f64) -> Dual {
                $with_number(&mut self, other);
                self
            }
        }

        impl $op<f64> for &Dual {
            type Output = Dual;
            fn $method(self, other: f64) -> Dual {
                self.clone().$method(other)
            }
        }

        impl $op<Dual> for f64 {
            type Output = Dual;
            fn $method(self, other: Dual) -> Dual {
                $method(&Dual::constant(self), &other)
            }
        }

        impl $op<&Dual> for f64 {
            type Output = Dual;
            fn $method(self, other: &Dual) -> Dual {
                $method(&Dual::constant(self), other)
            }
        }

        impl $assign for Dual {
            fn $assign_method(&mut self, other: Dual) {
                *self = $method(self, &other);
            }
        }

        impl $assign<&Dual> for Dual {
            fn $assign_method(&mut self, other: &Dual) {
                *self = $method(self, other);
            }
        }

        impl $assign<f64> for Dual {
            fn $assign_method(&mut self, other: f64) {
                $with_number(self, other);
            }
        }
    };
    (@pair $op:ident, $method:ident, $left:ty, $right:ty) => {
        impl $op<$right> for $left {
            type Output = Dual;
            #[allow(clippy::needless_borrow, reason = "one text for values and references")]
            fn $method(self, other: $right) -> Dual {
                $method(&self, &other)
            }
        }
    };
}

operator!(Add, add, AddAssign, add_assign, |x: &mut Dual, c: f64| x.re += c);
operator!(Sub, sub, SubAssign, sub_assign, |x: &mut Dual, c: f64| x.re -= c);
operator!(Mul, mul, MulAssign, mul_assign, |x: &mut Dual, c: f64| {
    x.re *= c;
    x.eps.iter_mut().for_each(|e| *e *= c);
});
operator!(Div, div, DivAssign, div_assign, |x: &mut Dual, c: f64| {
    x.re /= c;
    x.eps.iter_mut().for_each(|e| *e /= c);
});

impl Neg for &Dual {
    type Output = Dual;
    fn neg(self) -> Dual {
        Dual { re: -self.re, eps: self.eps.iter().map(|e| -e).collect() }
    }
}

impl Neg for Dual {
    type Output = Dual;
    fn neg(self) -> Dual {
        -&self
    }
}

impl Sum for Dual {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self::constant(0.0), |sum, x| sum + x)
    }
}

impl<'a> Sum<&'a Dual> for Dual {
    fn sum<I: Iterator<Item = &'a Self>>(numbers: I) -> Self {
        numbers.fold(Self::constant(0.0), |sum, x| sum + x)
    }
}
