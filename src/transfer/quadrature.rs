//! Quadrature over the emission angle.
//!
//! A flux is 2 pi times the integral of I(mu) mu over mu in (0, 1). Gauss-Legendre nodes on (0, 1) turn it into
//! pi times the sum of 2 mu w I(mu). "n streams" counts both hemispheres, n / 2 upward angles: eight streams are four mu.

use crate::{Error, Result};
use std::num::NonZeroUsize;

/// Cosines of the upward angles, ascending, and their flux weights 2 mu w, which sum to one.
#[derive(Debug, Clone, PartialEq)]
pub struct Quadrature {
    mu: Vec<f64>,
    flux_weight: Vec<f64>,
}

impl Quadrature {
    /// Most upward angles: sixteen streams. The error of eight is below 1e-5 for plane-parallel emission.
    pub const MAX_ANGLES: usize = 8;

    /// Gauss-Legendre nodes for an even number of streams, 2 to 16.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an odd number or one outside 2 to 16.
    pub fn streams(streams: usize) -> Result<Self> {
        let required = || format!("an even number from 2 to {}", 2 * Self::MAX_ANGLES);
        if streams % 2 == 1 || streams > 2 * Self::MAX_ANGLES {
            return Err(Error::invalid("streams", streams, required()));
        }
        let angles = NonZeroUsize::new(streams / 2).ok_or_else(|| Error::invalid("streams", streams, required()))?;
        let mut pairs: Vec<_> = gauss_quad::GaussLegendre::new(angles)
            .into_iter()
            .map(|(node, weight)| (0.5 * (1.0 + node), 0.5 * weight))
            .collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(Self {
            mu: pairs.iter().map(|(mu, _)| *mu).collect(),
            flux_weight: pairs.iter().map(|(mu, weight)| 2.0 * mu * weight).collect(),
        })
    }

    /// Number of upward angles.
    pub fn angles(&self) -> usize {
        self.mu.len()
    }

    /// Cosines of the angles, ascending, each in (0, 1).
    pub fn mu(&self) -> &[f64] {
        &self.mu
    }

    /// 2 mu w of each angle; the sum is one.
    pub fn flux_weight(&self) -> &[f64] {
        &self.flux_weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_streams_have_the_textbook_nodes() {
        let quadrature = Quadrature::streams(8).unwrap();
        // Abramowitz and Stegun table 25.4, n = 4, moved from (-1, 1) to (0, 1).
        let nodes = [-0.861136311594053, -0.339981043584856, 0.339981043584856, 0.861136311594053];
        let weights = [0.347854845137454, 0.652145154862546, 0.652145154862546, 0.347854845137454];
        for i in 0..4 {
            let mu = 0.5 * (1.0 + nodes[i]);
            assert!((quadrature.mu()[i] - mu).abs() < 1e-14);
            assert!((quadrature.flux_weight()[i] - mu * weights[i]).abs() < 1e-14);
        }
    }

    #[test]
    fn weights_sum_to_one_and_moments_are_exact() {
        for angles in 1..=Quadrature::MAX_ANGLES {
            let quadrature = Quadrature::streams(2 * angles).unwrap();
            assert_eq!(quadrature.angles(), angles);
            for power in 0..(2 * angles - 1) as i32 {
                let pairs = quadrature.mu().iter().zip(quadrature.flux_weight());
                let sum: f64 = pairs.map(|(mu, weight)| weight * mu.powi(power)).sum();
                assert!((sum - 2.0 / f64::from(power + 2)).abs() < 1e-15, "{angles} angles, moment {power}");
            }
        }
    }

    #[test]
    fn impossible_numbers_are_refused() {
        for streams in [0, 1, 7, 18, usize::MAX] {
            let message = Quadrature::streams(streams).unwrap_err().to_string();
            assert!(message.contains("an even number from 2 to 16"), "{message}");
        }
    }
}
