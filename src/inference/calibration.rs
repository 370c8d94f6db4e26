//! Simulation-based calibration (Talts et al. 2018, arXiv:1804.06788).
//!
//! Parameters drawn from the prior, data simulated from them, a posterior sampled from the data: the rank of the true value among
//! independent draws is then uniform, if and only if model, derivatives and sampler agree.

use statrs::function::gamma::gamma_ur;

use crate::{Error, Result};

/// Rank of the true value among every `thin`-th draw: how many of them lie below it, 0 to their number.
///
/// Thin by the number of draws over the effective sample size, so that the draws are about independent.
pub fn rank(draws: &[f64], truth: f64, thin: usize) -> usize {
    draws.iter().step_by(thin.max(1)).filter(|d| **d < truth).count()
}

/// Probability that ranks drawn from 0..=`most` uniformly spread over `bins` equal bins at least as unevenly as these (chi-square
/// test with `bins` - 1 degrees of freedom; five ranks or more per bin make it trustworthy).
///
/// # Errors
/// No rank, a rank above `most`, less than two bins, or a number of bins that does not divide `most` + 1.
pub fn uniformity(ranks: &[usize], most: usize, bins: usize) -> Result<f64> {
    if bins < 2 || !(most + 1).is_multiple_of(bins) {
        let required = format!("at least 2, and a divisor of the {} possible ranks", most + 1);
        return Err(Error::invalid("bins of ranks", bins, required));
    }
    if let Some(rank) = ranks.iter().find(|r| **r > most) {
        return Err(Error::invalid("rank", rank, format!("0 to {most}")));
    }
    if ranks.is_empty() {
        return Err(Error::invalid("ranks", "none", "at least one"));
    }
    let mut counts = vec![0.0; bins];
    ranks.iter().for_each(|r| counts[r * bins / (most + 1)] += 1.0);
    let expected = ranks.len() as f64 / bins as f64;
    let chi_square: f64 = counts.iter().map(|c: &f64| (c - expected).powi(2) / expected).sum();
    Ok(if chi_square == 0.0 { 1.0 } else { gamma_ur(0.5 * (bins as f64 - 1.0), 0.5 * chi_square) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_count_what_lies_below() {
        let draws = [5.0, 0.0, 3.0, 0.0, 1.0, 0.0];
        assert_eq!((rank(&draws, 2.0, 1), rank(&draws, 2.0, 2), rank(&draws, 9.0, 2)), (4, 1, 3));
    }

    #[test]
    fn probabilities_are_those_of_the_chi_square_distribution() {
        // Counts 8, 12, 10, 10 of 40: chi-square 0.8 with 3 degrees of freedom, p = 0.849467 (scipy.stats.chi2.sf).
        let ranks: Vec<usize> = [(0, 8), (1, 12), (2, 10), (3, 10)].iter().flat_map(|&(r, n)| vec![r; n]).collect();
        let p = uniformity(&ranks, 3, 4).unwrap();
        assert!((p - 0.849_467_034_3).abs() < 1e-9, "{p}");
        assert!(uniformity(&vec![0; 40], 3, 4).unwrap() < 1e-10);
        assert!(uniformity(&[4], 3, 4).is_err() && uniformity(&[1], 3, 3).is_err() && uniformity(&[], 3, 4).is_err());
    }
}
