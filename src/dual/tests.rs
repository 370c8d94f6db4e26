//! Dual numbers against those of the crate num-dual, to the bit, and by their own rules.

use num_dual::{DualDVec64, DualNum};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::Dual;

const PARAMETERS: usize = 3;

/// The same number of either kind.
#[derive(Clone)]
struct Both(Dual, DualDVec64);

impl Both {
    fn check(&self, how: &str) {
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        let theirs: Vec<f64> = self.1.eps.0.iter().flat_map(|eps| eps.iter().copied()).collect();
        let ours = self.0.derivatives();
        let equal = same(self.0.value(), self.1.re)
            && ours.len() == theirs.len()
            && ours.iter().zip(&theirs).all(|(a, b)| same(*a, *b));
        assert!(equal, "{how}: {:?} and {:?}", self.0, self.1);
    }
}

fn leaf(random: &mut StdRng) -> Both {
    let value = match random.random_range(0..12) {
        0 => 0.0,
        1 => -0.0,
        2 => 1.0,
        3 => 1e200,
        _ => random.random_range(-3.0..5.0),
    };
    match random.random_range(0..=PARAMETERS) {
        PARAMETERS => Both(Dual::constant(value), DualDVec64::from_re(value)),
        i => Both(Dual::variable(value, i, PARAMETERS), DualDVec64::from_re(value).derivative(PARAMETERS, i)),
    }
}

/// One operation on numbers made before; its name.
fn step(random: &mut StdRng, a: Both, b: Both) -> (&'static str, Both) {
    let c = random.random_range(-4.0..4.0);
    let n = random.random_range(-4..7);
    let (Both(x, u), Both(y, v)) = (a, b);
    match random.random_range(0..34) {
        0 => ("+", Both(x + y, u + v)),
        1 => ("+ &", Both(x + &y, u + &v)),
        2 => ("-", Both(x - y, u - v)),
        3 => ("& -", Both(&x - y, &u - v)),
        4 => ("*", Both(x * y, u * v)),
        5 => ("& * &", Both(&x * &y, &u * &v)),
        6 => ("/", Both(x / y, u / v)),
        7 => ("/ &", Both(x / &y, u / &v)),
        8 => ("+ c", Both(x + c, u + c)),
        9 => ("- c", Both(&x - c, u - c)),
        10 => ("* c", Both(x * c, u * c)),
        11 => ("/ c", Both(&x / c, u / c)),
        12 => ("c +", Both(c + x, DualDVec64::from(c) + u)),
        13 => ("c -", Both(c - &x, DualDVec64::from(c) - u)),
        14 => ("c *", Both(c * x, DualDVec64::from(c) * u)),
        15 => ("c /", Both(c / x, DualDVec64::from(c) / u)),
        16 => ("negative", Both(-x, -u)),
        17 => ("exp", Both(x.exp(), u.exp())),
        18 => ("ln", Both(x.ln(), u.ln())),
        19 => ("log10", Both(x.log10(), u.log10())),
        20 => ("sqrt", Both(x.sqrt(), u.sqrt())),
        21 => ("recip", Both(x.recip(), u.recip())),
        22 => ("powi", Both(x.powi(n), u.powi(n))),
        23 => ("powf", Both(x.powf(c), u.powf(c))),
        24 => ("powf of a whole number", Both(x.powf(f64::from(n)), u.powf(f64::from(n)))),
        25 => ("powd", Both(x.powd(y), u.powd(v))),
        26 => ("abs", Both(x.abs(), num_dual_abs(u))),
        27 => ("sum", Both([x.clone(), y, x].into_iter().sum(), [u.clone(), v, u].into_iter().sum())),
        28 => ("sum of references", Both([x.clone(), y, x].iter().sum(), [u.clone(), v, u].iter().sum())),
        29 => assigned("+=", x, u, |x| *x += y, |u| *u += v),
        30 => assigned("-=", x, u, |x| *x -= &y, |u| *u -= v),
        31 => assigned("*=", x, u, |x| *x *= &y, |u| *u *= v),
        32 => assigned("/=", x, u, |x| *x /= y, |u| *u /= v),
        _ => assigned(
            "with c",
            x,
            u,
            |x| ((*x += c, *x -= 0.5, *x *= c), *x /= 3.0).1,
            |u| {
                *u += c;
                *u -= 0.5;
                *u *= c;
                *u /= 3.0;
            },
        ),
    }
}

fn assigned(
    name: &'static str,
    mut x: Dual,
    mut u: DualDVec64,
    ours: impl FnOnce(&mut Dual),
    theirs: impl FnOnce(&mut DualDVec64),
) -> (&'static str, Both) {
    ours(&mut x);
    theirs(&mut u);
    (name, Both(x, u))
}

/// As `Signed::abs`, whose trait is not ours to name.
fn num_dual_abs(u: DualDVec64) -> DualDVec64 {
    if u.re.is_sign_positive() { u } else { -u }
}

#[test]
fn random_expressions_have_the_bits_of_another_implementation() {
    let mut random = StdRng::seed_from_u64(7);
    let mut finite = 0;
    for expression in 0..600 {
        let mut numbers: Vec<Both> = (0..4).map(|_| leaf(&mut random)).collect();
        let mut text = String::new();
        for _ in 0..8 {
            let [a, b] = [0, 1].map(|_| numbers[random.random_range(0..numbers.len())].clone());
            let (name, result) = step(&mut random, a, b);
            text += name;
            text += ", ";
            result.check(&format!("expression {expression}: {text}"));
            finite += usize::from(result.0.derivatives().iter().any(|d| d.is_finite() && *d != 0.0));
            numbers.push(result);
        }
    }
    // Not all is NaN or constant.
    assert!(finite > 2000, "{finite} of 4800 results have derivatives");
}

#[test]
fn derivatives_are_those_of_calculus() {
    let [x, y] = [Dual::variable(2.0, 0, 2), Dual::variable(3.0, 1, 2)];
    let product = &x * &y + x.powi(3) / 4.0;
    assert_eq!((product.value(), product.derivatives()), (8.0, &[6.0, 2.0][..]));
    let power = x.clone().powd(y.clone());
    assert!((power.derivative(0) - 12.0).abs() < 1e-13 && (power.derivative(1) - 8.0 * 2f64.ln()).abs() < 1e-13);
    let sine = x.chain(2f64.sin(), 2f64.cos());
    assert_eq!((sine.value(), sine.derivatives()), (2f64.sin(), &[2f64.cos(), 0.0][..]));
}

#[test]
fn constants_have_no_derivatives_and_mix_with_variables() {
    let c = Dual::from(5.0);
    assert!(c.derivatives().is_empty() && c.derivative(3) == 0.0);
    let x = Dual::variable(2.0, 1, 3);
    assert_eq!((c.clone() * &x).derivatives(), [0.0, 5.0, 0.0]);
    assert_eq!((&c / &x).derivatives(), [-0.0, -1.25, -0.0]);
    assert!((c.clone() + 1.0).derivatives().is_empty() && c.exp().derivatives().is_empty());
    assert_eq!((x.derivative(1), x.derivative(7)), (1.0, 0.0));
}

#[test]
fn comparisons_and_extremes_look_at_values() {
    let (x, c) = (Dual::variable(2.0, 0, 1), Dual::constant(2.0));
    assert!(x == c && x == 2.0 && x < 2.5 && x <= c && x > Dual::constant(-1.0));
    assert_eq!(x.clone().max(c.clone()).derivative(0), 1.0);
    assert_eq!(c.clone().min(x.clone()).derivative(0), 0.0);
    assert_eq!(x.clone().max(Dual::constant(3.0)), 3.0);
    assert_eq!(x.clone().min(Dual::constant(3.0)).derivative(0), 1.0);
    let nan = Dual::constant(f64::NAN);
    assert_eq!((nan.clone().max(x.clone()), x.clone().min(nan)), (x.clone(), x));
}

#[test]
#[should_panic(expected = "different numbers of parameters")]
fn numbers_of_different_retrievals_do_not_mix() {
    let _ = Dual::variable(1.0, 0, 2) + Dual::variable(1.0, 0, 3);
}
