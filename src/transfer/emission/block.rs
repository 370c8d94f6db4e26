//! The inner loops of [`emission`](super): one block of neighbouring wavenumbers through one batch of layers.
//!
//! The transmission of every angle, the source function and the sums of a block stay in the first-level cache while the
//! layers pass. Each loop over points is vector instructions (see [`numerics`]). Two short cuts change no bit of the
//! result, so it does not depend on how points fall into blocks: a layer that is thin for the whole block needs no range
//! reduction, and layers below an opaque one, whose emission would be lost in rounding, are not computed.

use crate::Result;
use crate::constants::C2;
use crate::numerics;
use crate::transfer::Quadrature;
use crate::transfer::blocks::{BLOCK, RESTART, check_length, check_temperature};
use crate::transfer::planck::{planck_from_parts, prefactor};

/// The arguments of one batch, checked.
pub(in crate::transfer) struct Batch<'a> {
    wavenumber: &'a [f64],
    dtau: &'a [f64],
    temperature_k: &'a [f64],
    quadrature: &'a Quadrature,
    first_layer: usize,
}

impl<'a> Batch<'a> {
    pub(in crate::transfer) fn new(
        wavenumber: &'a [f64],
        dtau: &'a [f64],
        temperature_k: &'a [f64],
        quadrature: &'a Quadrature,
        first_layer: usize,
    ) -> Result<Self> {
        let size = wavenumber.len().saturating_mul(temperature_k.len());
        check_length("optical depths", dtau.len(), size, "layers times wavenumbers")?;
        for (layer, temperature) in temperature_k.iter().enumerate() {
            check_temperature(&format!("temperature of layer {}", first_layer + layer), *temperature)?;
        }
        Ok(Self { wavenumber, dtau, temperature_k, quadrature, first_layer })
    }
}

/// Carries `tau` and `flux` of the points from `start` through a batch; `parts` \[layer\]\[point\] receives each layer's emission.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(in crate::transfer) fn accumulate_block(
    batch: &Batch,
    start: usize,
    tau: &mut [f64],
    flux: &mut [f64],
    parts: Option<&mut [f64]>,
) {
    multiversion::target::match_target! {
        "x86_64+avx2+fma" => block::<true>(batch, start, tau, flux, parts),
        "aarch64+neon" => block::<true>(batch, start, tau, flux, parts),
        _ => block::<false>(batch, start, tau, flux, parts),
    }
}

#[inline(always)]
fn block<const FMA: bool>(
    batch: &Batch,
    start: usize,
    tau: &mut [f64],
    flux: &mut [f64],
    mut parts: Option<&mut [f64]>,
) {
    let (n, points, layers) = (batch.wavenumber.len(), tau.len(), batch.temperature_k.len());
    let wavenumber = &batch.wavenumber[start..start + points];
    let angles = batch.quadrature.angles();
    let mut transmission = vec![[0.0; BLOCK]; angles];
    let mut source = [0.0; BLOCK];
    let mut absorbed = [0.0; BLOCK];
    let mut source_temperature = 0.0;
    let mut opaque = false;
    for (layer, &temperature) in batch.temperature_k.iter().enumerate() {
        let dtau = &batch.dtau[layer * n + start..][..points];
        if layer == 0 || (batch.first_layer + layer).is_multiple_of(RESTART) {
            for (through, mu) in transmission.iter_mut().zip(batch.quadrature.mu()) {
                transmit::<FMA>(&mut through[..points], tau, 1.0 / mu);
            }
            let group = layers.min(layer + RESTART - (batch.first_layer + layer) % RESTART);
            let hottest = batch.temperature_k[layer..group].iter().fold(0.0, |a: f64, b| a.max(*b));
            let vertical = &transmission[angles - 1][..points];
            opaque = parts.is_none() && is_opaque::<FMA>(vertical, flux, wavenumber, hottest);
        }
        if !opaque {
            // Isothermal stretches (clipped profiles) share one evaluation.
            if temperature != source_temperature {
                fill_source::<FMA>(&mut source[..points], wavenumber, C2 / temperature);
                source_temperature = temperature;
            }
            absorbed[..points].fill(0.0);
            let thickest = largest(dtau);
            for (angle, through) in transmission.iter_mut().enumerate() {
                let (mu, weight) = (batch.quadrature.mu()[angle], batch.quadrature.flux_weight()[angle]);
                let (absorbed, through) = (&mut absorbed[..points], &mut through[..points]);
                absorb::<FMA>(absorbed, through, dtau, thickest, mu, weight);
            }
            for (i, flux) in flux.iter_mut().enumerate() {
                *flux = numerics::mul_add::<FMA>(source[i], absorbed[i], *flux);
            }
            if let Some(parts) = parts.as_deref_mut() {
                let row = &mut parts[layer * points..][..points];
                for (i, part) in row.iter_mut().enumerate() {
                    *part = source[i] * absorbed[i];
                }
            }
        }
        for (tau, dtau) in tau.iter_mut().zip(dtau) {
            *tau += dtau;
        }
    }
}

/// t = e^(-tau / mu).
#[inline(always)]
pub(in crate::transfer) fn transmit<const FMA: bool>(transmission: &mut [f64], tau: &[f64], inverse_mu: f64) {
    for (through, tau) in transmission.iter_mut().zip(tau) {
        *through = numerics::transmission::<FMA>(tau * inverse_mu).0;
    }
}

/// Adds w t (1 - e^(-dtau / mu)) to `absorbed` and carries t to the bottom of the layer; `thickest` is the [`largest`] dtau.
#[inline(always)]
pub(in crate::transfer) fn absorb<const FMA: bool>(
    absorbed: &mut [f64],
    transmission: &mut [f64],
    dtau: &[f64],
    thickest: f64,
    mu: f64,
    weight: f64,
) {
    if thickest / mu < numerics::THIN_LIMIT {
        absorb_with::<FMA>(absorbed, transmission, dtau, 1.0 / mu, weight, numerics::transmission_thin::<FMA>);
    } else {
        absorb_with::<FMA>(absorbed, transmission, dtau, 1.0 / mu, weight, numerics::transmission::<FMA>);
    }
}

#[inline(always)]
fn absorb_with<const FMA: bool>(
    absorbed: &mut [f64],
    transmission: &mut [f64],
    dtau: &[f64],
    inverse_mu: f64,
    weight: f64,
    function: impl Fn(f64) -> (f64, f64),
) {
    for ((sum, t), dtau) in absorbed.iter_mut().zip(transmission).zip(dtau) {
        let (through, lost) = function(dtau * inverse_mu);
        *sum = numerics::mul_add::<FMA>(weight * *t, lost, *sum);
        *t *= through;
    }
}

/// The largest of non-negative numbers; NaN if there is one. Their bit patterns are in the order of their values.
#[inline(always)]
pub(in crate::transfer) fn largest(values: &[f64]) -> f64 {
    let bits = values.iter().fold(0, |largest: i64, value| largest.max(value.to_bits() as i64));
    f64::from_bits(bits as u64)
}

#[inline(always)]
fn fill_source<const FMA: bool>(source: &mut [f64], wavenumber: &[f64], c2_over_temperature: f64) {
    for (source, nu) in source.iter_mut().zip(wavenumber) {
        *source = planck_from_parts::<FMA>(prefactor(*nu), *nu, c2_over_temperature);
    }
}

/// Whether nothing below can change a bit of the flux of any point: an addition below 2^-54 of the flux is lost in
/// rounding, and each layer adds less than pi B(hottest) times the largest transmission. False where anything is NaN.
#[inline(always)]
fn is_opaque<const FMA: bool>(transmission: &[f64], flux: &[f64], wavenumber: &[f64], hottest_k: f64) -> bool {
    const LOST: f64 = 1.0 / (1u64 << 55) as f64;
    let thick = transmission.iter().all(|t| *t < 1e-10);
    thick
        && transmission
            .iter()
            .zip(flux)
            .zip(wavenumber)
            .all(|((t, flux), nu)| t * planck_from_parts::<FMA>(prefactor(*nu), *nu, C2 / hottest_k) <= flux * LOST)
}
