//! Convergence of chains: rank-normalised split R-hat and effective sample sizes (Vehtari, Gelman, Simpson, Carpenter and Bürkner 2021,
//! Bayesian Analysis 16, 667; arXiv:1903.08008), E-BFMI (Betancourt 2016, arXiv:1604.00695), intervals.
//!
//! All take draws \[chain\]\[draw\] of one quantity, chains equally long, and give NaN where they are not defined: less than four draws,
//! values that are not finite.

use super::prior::normal_quantile;

/// Rank-normalised split R-hat: the larger of that of the location and that of the spread (section 4). Good below 1.01.
pub fn r_hat(chains: &[Vec<f64>]) -> f64 {
    let Some(halves) = split(chains) else { return f64::NAN };
    let median = quantile(&halves.concat(), 0.5);
    let folded: Vec<Vec<f64>> = halves.iter().map(|c| c.iter().map(|v| (v - median).abs()).collect()).collect();
    potential_scale_reduction(&rank_normalise(&halves)).max(potential_scale_reduction(&rank_normalise(&folded)))
}

/// Effective sample size for the centre of the distribution (section 4.1); good above 100 for each chain.
pub fn ess_bulk(chains: &[Vec<f64>]) -> f64 {
    split(chains).map_or(f64::NAN, |halves| effective_size(&rank_normalise(&halves)))
}

/// Effective sample size for the 5% and 95% quantiles, the smaller of the two (section 4.3).
pub fn ess_tail(chains: &[Vec<f64>]) -> f64 {
    let Some(halves) = split(chains) else { return f64::NAN };
    let all = chains.concat();
    let tail = |p| {
        let q = quantile(&all, p);
        let below: Vec<Vec<f64>> =
            halves.iter().map(|c| c.iter().map(|v| f64::from(u8::from(*v <= q))).collect()).collect();
        effective_size(&below)
    };
    tail(0.05).min(tail(0.95))
}

/// Energy fraction of missing information of each chain, from the energy of every draw; trouble below 0.3.
pub fn e_bfmi(energy: &[Vec<f64>]) -> Vec<f64> {
    let of = |e: &Vec<f64>| {
        let (_, variance) = moments(e);
        e.windows(2).map(|w| (w[1] - w[0]).powi(2)).sum::<f64>() / (variance * (e.len() as f64 - 1.0))
    };
    energy.iter().map(of).collect()
}

/// The shortest interval that holds a fraction `mass` of the draws.
pub fn hdi(draws: &[f64], mass: f64) -> (f64, f64) {
    let sorted = sorted(draws);
    let inside = (mass * sorted.len() as f64).floor() as usize;
    let widths = sorted.iter().zip(sorted.iter().skip(inside)).map(|(a, b)| (*a, *b));
    let narrower = |a: (f64, f64), b: (f64, f64)| if b.1 - b.0 < a.1 - a.0 { b } else { a };
    widths.reduce(narrower).unwrap_or((f64::NAN, f64::NAN))
}

/// Quantile by linear interpolation between order statistics (definition 7 of Hyndman and Fan 1996).
pub fn quantile(draws: &[f64], p: f64) -> f64 {
    let sorted = sorted(draws);
    let at = p * (sorted.len() as f64 - 1.0);
    if sorted.is_empty() || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let below = at.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (at - below as f64) * (sorted[above] - sorted[below])
}

/// Mean and variance (over n - 1).
pub(super) fn moments(v: &[f64]) -> (f64, f64) {
    let n = v.len() as f64;
    let mean = v.iter().sum::<f64>() / n;
    (mean, v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

fn sorted(v: &[f64]) -> Vec<f64> {
    let mut sorted = v.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// First and second half of each chain; of an odd number of draws the middle one is left out.
fn split(chains: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let n = chains.first()?.len();
    let sound = n >= 4 && chains.iter().all(|c| c.len() == n && c.iter().all(|v| v.is_finite()));
    sound.then(|| chains.iter().flat_map(|c| [c[..n / 2].to_vec(), c[n - n / 2..].to_vec()]).collect())
}

/// Normal scores of the ranks among all draws, ties sharing their mean rank (equation 14).
fn rank_normalise(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = chains[0].len();
    let flat = chains.concat();
    let mut order: Vec<usize> = (0..flat.len()).collect();
    order.sort_by(|a, b| flat[*a].total_cmp(&flat[*b]));
    let mut score = vec![0.0; flat.len()];
    let mut below = 0;
    for tied in order.chunk_by(|a, b| flat[*a] == flat[*b]) {
        let rank = below as f64 + 0.5 * (tied.len() as f64 + 1.0);
        below += tied.len();
        let z = normal_quantile((rank - 0.375) / (flat.len() as f64 + 0.25));
        tied.iter().for_each(|i| score[*i] = z);
    }
    score.chunks(n).map(<[f64]>::to_vec).collect()
}

/// Mean within-chain variance W, and the estimate var+ of the variance of the whole (equations 1 to 3).
fn variances(chains: &[Vec<f64>]) -> (f64, f64) {
    let n = chains[0].len() as f64;
    let each: Vec<(f64, f64)> = chains.iter().map(|c| moments(c)).collect();
    let within = each.iter().map(|m| m.1).sum::<f64>() / each.len() as f64;
    let means: Vec<f64> = each.iter().map(|m| m.0).collect();
    (within, within * (n - 1.0) / n + if means.len() > 1 { moments(&means).1 } else { 0.0 })
}

/// R-hat (equation 4).
fn potential_scale_reduction(chains: &[Vec<f64>]) -> f64 {
    let (within, whole) = variances(chains);
    // Constant draws: nothing differs.
    if whole == 0.0 { 1.0 } else { (whole / within).sqrt() }
}

/// Effective sample size (equations 10 to 13): autocorrelations of all chains together, summed in pairs as long as the pairs are
/// positive, made monotonically decreasing (Geyer 1992).
fn effective_size(chains: &[Vec<f64>]) -> f64 {
    let n = chains[0].len();
    let total = (n * chains.len()) as f64;
    let (within, whole) = variances(chains);
    if whole == 0.0 {
        return total;
    }
    let means: Vec<f64> = chains.iter().map(|c| moments(c).0).collect();
    // Autocovariance at a lag, over n, of each chain about its own mean.
    let covariance = |lag: usize| {
        let of = |(c, m): (&Vec<f64>, &f64)| c[lag..].iter().zip(c).map(|(a, b)| (a - m) * (b - m)).sum::<f64>();
        chains.iter().zip(&means).map(of).sum::<f64>() / total
    };
    let correlation = |lag: usize| 1.0 - (within - covariance(lag)) / whole;
    let mut sum = 1.0 + correlation(1);
    let mut last = sum;
    let mut even: f64 = 0.0;
    let mut lag = 2;
    while lag + 2 < n && last > 0.0 {
        even = correlation(lag);
        let pair = even + correlation(lag + 1);
        if pair <= 0.0 {
            break;
        }
        last = pair.min(last);
        sum += last;
        even = 0.0;
        lag += 2;
    }
    // The even member of the first pair left out lowers the variance of the estimate for antithetic chains.
    let tau = (2.0 * sum - 1.0 + even.max(0.0)).max(1.0 / total.log10());
    total / tau
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four chains of 250 draws from x <- 0.5 x + u + shift, u from a linear congruential generator, the last chain shifted.
    fn chains() -> Vec<Vec<f64>> {
        let mut state: u64 = 1;
        let mut uniform = || {
            state = (state * 1_103_515_245 + 12_345) % (1 << 31);
            state as f64 / f64::from(1u32 << 31) - 0.5
        };
        (0..4)
            .map(|c| {
                let mut x = 0.0;
                let mut next = || {
                    x = 0.5 * x + uniform() + if c == 3 { 0.02 } else { 0.0 };
                    x
                };
                (0..250).map(|_| next()).collect()
            })
            .collect()
    }

    #[test]
    fn values_of_an_independent_implementation() {
        let chains = chains();
        // ArviZ 0.23.4: rhat, ess(method="bulk"), ess(method="tail"), bfmi, hdi(0.94), on the same draws.
        let expected = [
            1.0194637824346973,
            313.23432210666857,
            457.00337028072875,
            0.9186526111743062,
            1.0243447611096799,
            -0.5430084737596108,
            0.6696001591170173,
        ];
        let bfmi = e_bfmi(&chains);
        let (low, high) = hdi(&chains.concat(), 0.94);
        let found = [r_hat(&chains), ess_bulk(&chains), ess_tail(&chains), bfmi[0], bfmi[3], low, high];
        for (f, e) in found.iter().zip(expected) {
            assert!((f / e - 1.0).abs() < 1e-9, "{found:?} {expected:?}");
        }
    }

    #[test]
    fn integers_with_ties_share_their_ranks() {
        let chains: Vec<Vec<f64>> = chains().iter().map(|c| c.iter().map(|v| (4.0 * v).round()).collect()).collect();
        let expected = [1.0189091138903514, 319.06997209814205, 506.13015594394903];
        let found = [r_hat(&chains), ess_bulk(&chains), ess_tail(&chains)];
        for (f, e) in found.iter().zip(expected) {
            assert!((f / e - 1.0).abs() < 1e-9, "{found:?} {expected:?}");
        }
    }

    #[test]
    fn chains_in_different_places_or_of_different_width_are_noticed() {
        let mut apart = chains();
        assert!(r_hat(&apart[..3]) < 1.05);
        apart[0].iter_mut().for_each(|v| *v += 3.0);
        assert!(r_hat(&apart) > 1.5 && ess_bulk(&apart) < 10.0);
        let mut wider = chains();
        wider[0].iter_mut().for_each(|v| *v *= 10.0);
        assert!(r_hat(&wider) > 1.1);
    }

    #[test]
    fn what_is_not_defined_is_nan() {
        assert!(r_hat(&[]).is_nan() && ess_bulk(&[vec![1.0; 3]]).is_nan());
        assert!(ess_tail(&[vec![1.0, f64::NAN, 2.0, 3.0]]).is_nan());
        assert!(quantile(&[], 0.5).is_nan() && hdi(&[], 0.9).0.is_nan());
        assert_eq!((r_hat(&[vec![2.0; 8]]), ess_bulk(&[vec![2.0; 8]])), (1.0, 8.0));
        assert_eq!(quantile(&[3.0, 1.0, 2.0, 4.0], 0.5), 2.5);
    }
}
