//! Chords through spherical layers.
//!
//! Layers are counted from the top; layer k lies between rho_k and rho_(k+1) < rho_k, radii in units of the lowest boundary's. Two impact parameters belong to each layer m: row 2m
//! its middle, row 2m + 1 its lower boundary. A chord of impact parameter b goes through layer k twice, on a length 2 (sqrt(rho_k^2 - b^2) - sqrt(rho_(k+1)^2 - b^2)), the
//! second root being 0 in the layer that holds b; over the thickness h_k it is the factor C by which the chord's optical depth is larger than the vertical one.
//!
//! **Weights.** int (1 - T) b db by Simpson's rule in each layer is the sum over rows of w (1 - T), the transmission being 1 at the top.
//!
//! **Derivatives** are by the thicknesses h_l, boundaries being put up from the lowest: raising h_l moves all above it. With fixed b, C of layer k changes by `own` for its own
//! thickness and by `lift` when the whole layer is moved up; when the chord moves with it, by `shift`, which is only what curvature does. All three are worked out in f64 without
//! differences of large numbers, so that f32 can hold them.

use crate::{Error, Result};

/// Geometry of the chords of an atmosphere.
#[derive(Debug, Clone, PartialEq)]
pub struct Chords {
    /// Number of layers.
    pub layers: usize,
    /// Radius of the lowest boundary \[cm\], the unit of all other lengths.
    pub bottom_cm: f64,
    /// Boundaries \[layer + 1\], from the top; the last is 1.
    pub rho: Vec<f64>,
    /// Thicknesses \[layer\].
    pub thickness: Vec<f64>,
    /// C \[layer\]\[row\], 0 where the chord does not meet the layer.
    pub length: Vec<f64>,
    /// w \[row\].
    pub weight: Vec<f64>,
}

/// Derivatives of [`Chords`].
#[derive(Debug, Clone, PartialEq)]
pub struct ChordSlopes {
    /// By the layer's own thickness, its lower boundary and the chord held \[layer\]\[row\]; in the row of a layer's own middle, which moves by half, what that does to its C
    /// is included.
    pub own: Vec<f64>,
    /// By the height of the whole layer, the chord held \[layer\]\[row\]; 0 in the layer that holds the chord.
    pub lift: Vec<f64>,
    /// By the height of layer and chord together \[layer\]\[row\].
    pub shift: Vec<f64>,
    /// Of w by the height of everything \[row\].
    pub weight_shift: Vec<f64>,
    /// Of the weights by a layer's own thickness \[layer\]\[3\]: of its middle, of its lower boundary, and of the boundary above beyond `weight_shift`.
    pub weight_own: Vec<[f64; 3]>,
}

impl Chords {
    /// Rows: impact parameters.
    pub fn rows(&self) -> usize {
        2 * self.layers
    }

    /// From the radii of the layers' boundaries \[layer + 1\] cm, from the top.
    ///
    /// # Errors
    /// Radii that are not positive, finite and falling; no layer.
    pub fn new(radius_cm: &[f64]) -> Result<Self> {
        let layers = radius_cm.len().saturating_sub(1);
        if layers == 0 {
            return Err(Error::invalid("radii of boundaries", radius_cm.len(), "two or more"));
        }
        for (i, r) in radius_cm.iter().enumerate() {
            if !(r.is_finite() && *r > 0.0) || i > 0 && *r >= radius_cm[i - 1] {
                let required = "positive, finite, and less than the one above";
                return Err(Error::invalid(format!("radius of boundary {i} [cm]"), r, required));
            }
        }
        let bottom_cm = radius_cm[layers];
        let rho: Vec<f64> = radius_cm.iter().map(|r| r / bottom_cm).collect();
        let thickness: Vec<f64> = radius_cm.windows(2).map(|r| (r[0] - r[1]) / bottom_cm).collect();
        let mut chords = Self {
            layers,
            bottom_cm,
            rho,
            thickness,
            length: vec![0.0; 2 * layers * layers],
            weight: vec![0.0; 2 * layers],
        };
        for row in 0..chords.rows() {
            let (m, b) = (row / 2, chords.impact(row));
            for k in 0..=m {
                let (up, low) = (chords.rho[k], chords.rho[k + 1]);
                let a = root(up, b);
                let c = if k == m { 2.0 * a / chords.thickness[k] } else { 2.0 * (up + low) / (a + root(low, b)) };
                chords.length[k * 2 * layers + row] = c;
            }
            let h = |k: usize| chords.thickness.get(k).copied().unwrap_or(0.0);
            chords.weight[row] = if row.is_multiple_of(2) { 4.0 * h(m) * b } else { (h(m) + h(m + 1)) * b } / 6.0;
        }
        Ok(chords)
    }

    /// The impact parameter of a row.
    fn impact(&self, row: usize) -> f64 {
        let (m, h) = (row / 2, self.thickness[row / 2]);
        if row.is_multiple_of(2) { self.rho[m + 1] + 0.5 * h } else { self.rho[m + 1] }
    }

    /// Derivatives by the thicknesses.
    pub fn slopes(&self) -> ChordSlopes {
        let (layers, rows) = (self.layers, self.rows());
        let zeros = || vec![0.0; layers * rows];
        let mut slopes = ChordSlopes {
            own: zeros(),
            lift: zeros(),
            shift: zeros(),
            weight_shift: vec![0.0; rows],
            weight_own: vec![[0.0; 3]; layers],
        };
        let h = |k: usize| self.thickness.get(k).copied().unwrap_or(0.0);
        for row in 0..rows {
            let (m, b) = (row / 2, self.impact(row));
            for k in 0..=m {
                let (at, up, low) = (k * rows + row, self.rho[k], self.rho[k + 1]);
                let (a, c) = (root(up, b), self.length[k * rows + row]);
                // d root / d up = up / root, d root / d b = -b / root
                let by_up = 2.0 * up / (a * h(k)) - c / h(k);
                if k == m {
                    let by_b = -2.0 * b / (a * h(k));
                    // The middle goes up by half of what its layer grows.
                    slopes.own[at] = if row.is_multiple_of(2) { by_up + 0.5 * by_b } else { by_up };
                    // up and b move together: (up - b)(up + b) grows by 2 (up - b)
                    slopes.shift[at] = 2.0 * (up - b) / (a * h(k));
                } else {
                    let d = root(low, b);
                    slopes.own[at] = by_up;
                    // up / a - low / d = ((up d)^2 - (low a)^2) / (a d (up d + low a)), and the numerator is -b^2 (up^2 - low^2)
                    slopes.lift[at] = -2.0 * b * b * (up + low) / (a * d * (up * d + low * a));
                    // (up - b) / a - (low - b) / d with (x - b) / root = root / (x + b)
                    slopes.shift[at] = 2.0 * (a / (up + b) - d / (low + b)) / h(k);
                }
            }
            slopes.weight_shift[row] = if row.is_multiple_of(2) { 4.0 * h(m) } else { h(m) + h(m + 1) } / 6.0;
            if row.is_multiple_of(2) {
                slopes.weight_own[m][0] = 4.0 * (b + 0.5 * h(m)) / 6.0;
            } else {
                slopes.weight_own[m][1] = b / 6.0;
                if m + 1 < layers {
                    slopes.weight_own[m + 1][2] = b / 6.0;
                }
            }
        }
        slopes
    }

    /// The radius \[cm\] of a planet with this integral, R0 sqrt(1 + 2 I).
    pub fn radius_cm(&self, integral: f64) -> f64 {
        self.bottom_cm * (1.0 + 2.0 * integral).sqrt()
    }
}

/// sqrt(x^2 - b^2).
fn root(x: f64, b: f64) -> f64 {
    ((x - b) * (x + b)).sqrt()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Layers of a hot Jupiter's atmosphere, thinner and thicker ones.
    pub fn radii(layers: usize) -> Vec<f64> {
        let mut radii = vec![7e9];
        for i in 0..layers {
            let height = 6e7 * (1.0 + 0.4 * (i as f64 * 1.7).sin()) * (20.0 / layers as f64);
            radii.push(radii[i] + height);
        }
        radii.reverse();
        radii
    }

    #[test]
    fn chords_have_their_lengths() {
        let chords = Chords::new(&radii(20)).unwrap();
        for row in 0..chords.rows() {
            let total: f64 = (0..20).map(|k| chords.length[k * 40 + row] * chords.thickness[k]).sum();
            let expected = 2.0 * root(chords.rho[0], chords.impact(row));
            assert!((total / expected - 1.0).abs() < 1e-12, "row {row}");
        }
        // Simpson's rule is exact for int b db.
        let area: f64 = chords.weight.iter().sum();
        let top = chords.thickness[0] * chords.rho[0] / 6.0;
        assert!((2.0 * (area + top) / (chords.rho[0].powi(2) - 1.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn slopes_are_what_differences_give() {
        let radii = radii(6);
        let (chords, slopes) = (Chords::new(&radii).unwrap(), Chords::new(&radii).unwrap().slopes());
        let rows = chords.rows();
        for l in 0..6 {
            let step = 1e-4 * chords.thickness[l];
            let moved = |steps: f64| {
                let raised = radii.iter().enumerate();
                let raised = raised.map(|(i, r)| if i <= l { r + steps * step * 7e9 } else { *r });
                Chords::new(&raised.collect::<Vec<_>>()).unwrap()
            };
            let [a, b, c, d] = [-2.0, -1.0, 1.0, 2.0].map(moved);
            let slope = |of: &dyn Fn(&Chords) -> f64| (of(&a) - 8.0 * of(&b) + 8.0 * of(&c) - of(&d)) / (12.0 * step);
            for row in 0..rows {
                let m = row / 2;
                for k in 0..=m {
                    let at = k * rows + row;
                    let found = if l > m {
                        slopes.shift[at]
                    } else if k == l {
                        slopes.own[at]
                    } else if k > l {
                        0.0
                    } else if l == m && row.is_multiple_of(2) {
                        // the chord goes up by half
                        0.5 * (slopes.lift[at] + slopes.shift[at])
                    } else {
                        slopes.lift[at]
                    };
                    let expected = slope(&|x| x.length[at]);
                    let scale = chords.length[at] / chords.thickness[l];
                    assert!((found - expected).abs() < 1e-8 * scale, "{l} {row} {k}: {found} {expected}");
                }
                let mut found = if l > m { slopes.weight_shift[row] } else { 0.0 };
                found += if l == m { slopes.weight_own[l][row % 2] } else { 0.0 };
                found += if row % 2 == 1 && l == m + 1 { slopes.weight_own[l][2] } else { 0.0 };
                let expected = slope(&|x| x.weight[row]);
                assert!((found - expected).abs() < 1e-9, "{l} {row}: {found} {expected}");
            }
        }
    }

    #[test]
    fn impossible_radii_are_refused() {
        for bad in [vec![], vec![1.0], vec![1.0, 1.0], vec![1.0, 2.0], vec![2.0, f64::NAN], vec![2.0, -1.0]] {
            assert!(Chords::new(&bad).is_err(), "{bad:?}");
        }
    }
}
