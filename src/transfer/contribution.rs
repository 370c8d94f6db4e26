//! Where in the atmosphere the flux comes from.

use crate::Result;
use crate::transfer::Quadrature;
use crate::transfer::blocks::BLOCK;
use crate::transfer::emission::{Batch, accumulate_block};
use rayon::prelude::*;

/// The part dF_n of the emergent flux that each layer emits, \[layer\]\[nu\]: the sum over layers is the flux without
/// surface. Arguments and errors as for [`EmissionState::accumulate`](super::EmissionState::accumulate), with the whole atmosphere at once.
pub fn contribution_function(
    wavenumber: &[f64],
    dtau: &[f64],
    temperature_k: &[f64],
    quadrature: &Quadrature,
) -> Result<Vec<f64>> {
    let batch = Batch::new(wavenumber, dtau, temperature_k, quadrature, 0)?;
    let (n, layers) = (wavenumber.len(), temperature_k.len());
    let starts: Vec<_> = (0..n).step_by(BLOCK).collect();
    let blocks = starts.into_par_iter().map(|start| {
        let points = BLOCK.min(n - start);
        let mut parts = vec![0.0; layers * points];
        accumulate_block(&batch, start, &mut vec![0.0; points], &mut vec![0.0; points], Some(&mut parts));
        (start, points, parts)
    });
    let mut contribution = vec![0.0; layers * n];
    for (start, points, parts) in blocks.collect::<Vec<_>>() {
        for (row, part) in contribution.chunks_exact_mut(n).zip(parts.chunks_exact(points)) {
            row[start..start + points].copy_from_slice(part);
        }
    }
    Ok(contribution)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::EmissionState;

    #[test]
    fn contributions_sum_to_the_flux() {
        let quadrature = Quadrature::streams(6).unwrap();
        let (n, layers) = (2 * BLOCK + 5, 30);
        let wavenumber: Vec<f64> = (0..n).map(|i| 2000.0 + i as f64).collect();
        let temperature: Vec<f64> = (0..layers).map(|layer| 500.0 + 40.0 * layer as f64).collect();
        let dtau: Vec<f64> = (0..layers * n)
            .map(|k| 10f64.powf(-6.0 + 0.2 * (k / n) as f64 + 3.0 * (0.1 * (k % n) as f64).sin()))
            .collect();
        let parts = contribution_function(&wavenumber, &dtau, &temperature, &quadrature).unwrap();
        let mut state = EmissionState::new(n);
        state.accumulate(&wavenumber, &dtau, &temperature, &quadrature).unwrap();
        for (i, flux) in state.flux.iter().enumerate() {
            let sum: f64 = parts.iter().skip(i).step_by(n).sum();
            assert!((sum / flux - 1.0).abs() < 1e-13, "point {i}: {sum}, flux {flux}");
        }
        assert!(parts.iter().all(|part| *part >= 0.0));
        assert!(contribution_function(&wavenumber, &dtau[1..], &temperature, &quadrature).is_err());
    }

    #[test]
    fn a_thick_layer_hides_all_below() {
        let quadrature = Quadrature::streams(8).unwrap();
        let parts = contribution_function(&[2000.0], &[1e-3, 50.0, 1.0], &[800.0; 3], &quadrature).unwrap();
        assert!(parts[1] > 400.0 * parts[0] && parts[2] < 1e-20 * parts[1], "{parts:?}");
    }
}
