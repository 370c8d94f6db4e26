//! Smooth interpolation of ln k in ln T: cubic Hermite polynomials with limited slopes.
//!
//! Between two knots x_0 and x_1 (x = ln T, y = ln k, m = dy/dx at the knots), with h = x_1 - x_0 and u = (x - x_0) / h,
//!
//! y = y_0 + u^2 (3 - 2 u) (y_1 - y_0) + h u (1 - u)^2 m_0 - h u^2 (1 - u) m_1.
//!
//! Slopes are those of Steffen (1990, A&A 239, 443): the parabola's through a knot and its neighbours, held so small that the curve
//! has its extrema at knots. So it is continuous with its first derivative, runs through the knots, and never beyond them; k = e^y is positive.

/// Slopes at knots `x` (ascending) with values `y`.
pub(crate) fn limited_slopes(x: &[f64], y: &[f64]) -> Vec<f64> {
    let n = x.len();
    if n < 2 {
        return vec![0.0; n];
    }
    let step: Vec<f64> = x.windows(2).map(|x| x[1] - x[0]).collect();
    let chord: Vec<f64> = y.windows(2).zip(&step).map(|(y, h)| (y[1] - y[0]) / h).collect();
    if n == 2 {
        return vec![chord[0]; 2];
    }
    // Equation 11, and 24 to 26 at the ends.
    let inside = |i: usize| {
        let (h, s) = ([step[i - 1], step[i]], [chord[i - 1], chord[i]]);
        let parabola = (s[0] * h[1] + s[1] * h[0]) / (h[0] + h[1]);
        let sign = 0.5 * (s[0].signum() + s[1].signum());
        if s[0] * s[1] <= 0.0 { 0.0 } else { 2.0 * sign * s[0].abs().min(s[1].abs()).min(0.5 * parabola.abs()) }
    };
    let end = |s: [f64; 2], h: [f64; 2]| {
        let parabola = s[0] + (s[0] - s[1]) * h[0] / (h[0] + h[1]);
        if parabola * s[0] <= 0.0 { 0.0 } else { s[0].signum() * parabola.abs().min(2.0 * s[0].abs()) }
    };
    let mut slopes = Vec::with_capacity(n);
    slopes.push(end([chord[0], chord[1]], [step[0], step[1]]));
    slopes.extend((1..n - 1).map(inside));
    slopes.push(end([chord[n - 2], chord[n - 3]], [step[n - 2], step[n - 3]]));
    slopes
}

/// Weights of (y_1 - y_0, m_0, m_1): with y_0, the value at u = `fraction` of the way between knots `step` apart; and the derivative by x.
pub(crate) fn hermite(fraction: f64, step: f64) -> ([f64; 3], [f64; 3]) {
    let (u, v) = (fraction, 1.0 - fraction);
    let value = [u * u * (3.0 - 2.0 * u), step * u * v * v, -step * u * u * v];
    (value, [6.0 * u * v / step, v * (1.0 - 3.0 * u), u * (3.0 * u - 2.0)])
}

/// A curve through knots, constant beyond its ends.
#[derive(Debug)]
pub(super) struct Curve {
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    slope: Vec<f64>,
}

impl Curve {
    pub fn new(x: Vec<f64>, y: Vec<f64>) -> Self {
        let slope = limited_slopes(&x, &y);
        Self { x, y, slope }
    }

    /// Value, and slope towards lower or higher x, which differ where the curve ends.
    pub fn at(&self, x: f64, upward: bool) -> (f64, f64) {
        let last = self.x.len() - 1;
        let slope = |i: usize, outward: bool| if outward || last == 0 { 0.0 } else { self.slope[i] };
        if x <= self.x[0] {
            return (self.y[0], slope(0, x < self.x[0] || !upward));
        }
        if x >= self.x[last] {
            return (self.y[last], slope(last, x > self.x[last] || upward));
        }
        let i = self.x.partition_point(|knot| *knot <= x) - 1;
        if x == self.x[i] {
            return (self.y[i], self.slope[i]); // to the bit
        }
        let step = self.x[i + 1] - self.x[i];
        let (value, by_x) = hermite((x - self.x[i]) / step, step);
        let of = [self.y[i + 1] - self.y[i], self.slope[i], self.slope[i + 1]];
        let dot = |w: [f64; 3]| w[0] * of[0] + w[1] * of[1] + w[2] * of[2];
        (self.y[i] + dot(value), dot(by_x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_through_its_knots_smoothly_and_not_beyond_them() {
        let x = vec![0.0, 1.0, 1.5, 3.0, 3.1, 5.0];
        let y = vec![0.0, 2.0, -40.0, -41.0, -41.0, 3.0];
        let curve = Curve::new(x.clone(), y.clone());
        for i in 0..x.len() {
            assert_eq!(curve.at(x[i], true).0, y[i]);
            // Both sides have the knot's slope.
            for step in [-1e-7, 1e-7] {
                let (inside, at) = ((0.0..=5.0).contains(&(x[i] + step)), curve.at(x[i], step > 0.0));
                let near = curve.at(x[i] + step, true);
                let expected = if inside { at.1 } else { 0.0 };
                assert!((near.1 - expected).abs() < 1e-3 && (near.0 - at.0).abs() < 1e-4, "knot {i}: {near:?} {at:?}");
            }
        }
        for i in 0..5 {
            let mut before = y[i];
            for k in 1..=100 {
                let now = curve.at(x[i] + (x[i + 1] - x[i]) * f64::from(k) / 100.0, true).0;
                assert!((now - before) * (y[i + 1] - y[i]) >= -1e-12, "between knots {i} and {}: not monotone", i + 1);
                before = now;
            }
        }
    }

    #[test]
    fn slopes_are_derivatives_and_parabolas_are_reproduced() {
        let x: Vec<f64> = (0..7).map(|i| 1.0 + 0.3 * f64::from(i)).collect();
        let curve = Curve::new(x.clone(), x.iter().map(|x| x * x).collect());
        for at in [1.0, 1.07, 1.6, 2.2, 2.79, 2.8] {
            let (value, slope) = curve.at(at, at < 2.0);
            assert!((value - at * at).abs() < 1e-12 && (slope - 2.0 * at).abs() < 1e-12, "{at}: {value} {slope}");
        }
        // A knot put in with the curve's own value and slope changes nothing.
        let rough = Curve::new(vec![0.0, 1.0, 2.0, 4.0], vec![0.0, 3.0, 2.0, 7.0]);
        let (a, b) = (rough.at(2.7, true), rough.at(4.0, false));
        let (value, _) = hermite(0.4, 1.3);
        let between = a.0 + value[0] * (b.0 - a.0) + value[1] * a.1 + value[2] * b.1;
        assert!((between - rough.at(2.7 + 0.4 * 1.3, true).0).abs() < 1e-12);
    }
}
