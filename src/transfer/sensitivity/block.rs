//! The inner loops of [`sensitivity`](super): one block of neighbouring wavenumbers through all layers and back.

use crate::constants::C2;
use crate::numerics;
use crate::transfer::Quadrature;
use crate::transfer::blocks::{BLOCK, RESTART};
use crate::transfer::emission::{absorb, largest, transmit};
use crate::transfer::planck::{planck_slope_from_parts, prefactor};

/// What is evaluated, checked.
pub(super) struct Atmosphere<'a> {
    pub wavenumber: &'a [f64],
    pub dtau: &'a [f64],
    pub temperature_k: &'a [f64],
    pub surface_temperature_k: Option<f64>,
    pub quadrature: &'a Quadrature,
}

/// The block's rows of the results.
pub(super) struct Rows<'r, 'a> {
    pub depth: &'r mut [&'a mut [f64]],
    pub source: &'r mut [&'a mut [f64]],
}

/// pi B and its derivative by T at the points of a block.
struct Source {
    value: [f64; BLOCK],
    slope: [f64; BLOCK],
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn sensitivity_block(atmosphere: &Atmosphere, start: usize, flux: &mut [f64], rows: Rows) {
    multiversion::target::match_target! {
        "x86_64+avx2+fma" => block::<true>(atmosphere, start, flux, rows),
        "aarch64+neon" => block::<true>(atmosphere, start, flux, rows),
        _ => block::<false>(atmosphere, start, flux, rows),
    }
}

#[inline(always)]
fn block<const FMA: bool>(atmosphere: &Atmosphere, start: usize, flux: &mut [f64], rows: Rows) {
    let (n, points, layers) = (atmosphere.wavenumber.len(), flux.len(), atmosphere.temperature_k.len());
    let wavenumber = &atmosphere.wavenumber[start..start + points];
    let (mu, weight) = (atmosphere.quadrature.mu(), atmosphere.quadrature.flux_weight());
    // Of the layers, then of the surface.
    let temperature = |layer: usize| atmosphere.temperature_k.get(layer).copied().or(atmosphere.surface_temperature_k);
    let mut transmission = vec![[0.0; BLOCK]; mu.len()];
    let mut tau = [0.0; BLOCK];
    let (mut absorbed, mut seen) = ([0.0; BLOCK], [0.0; BLOCK]);
    let mut here = Source { value: [0.0; BLOCK], slope: [0.0; BLOCK] };
    let mut below = Source { value: [0.0; BLOCK], slope: [0.0; BLOCK] };
    fill::<FMA>(&mut here, wavenumber, temperature(0));
    flux.fill(0.0);
    let mut dark = false;
    for layer in 0..layers {
        let dtau = &atmosphere.dtau[layer * n + start..][..points];
        if layer.is_multiple_of(RESTART) {
            for (through, mu) in transmission.iter_mut().zip(mu) {
                transmit::<FMA>(&mut through[..points], &tau[..points], 1.0 / mu);
            }
            // Exact zeros: to skip them changes no bit, whatever else is in the block.
            dark = transmission.iter().all(|through| through[..points].iter().all(|t| *t == 0.0));
        }
        let (depth, source) = (&mut *rows.depth[layer], &mut *rows.source[layer]);
        if dark {
            depth.fill(0.0);
            source.fill(0.0);
            add(&mut tau, dtau);
            continue;
        }
        if temperature(layer + 1) == temperature(layer) {
            (below.value, below.slope) = (here.value, here.slope);
        } else {
            fill::<FMA>(&mut below, wavenumber, temperature(layer + 1));
        }
        absorbed.fill(0.0);
        seen.fill(0.0);
        let thickest = largest(dtau);
        for (angle, through) in transmission.iter_mut().enumerate() {
            let through = &mut through[..points];
            absorb::<FMA>(&mut absorbed[..points], through, dtau, thickest, mu[angle], weight[angle]);
            for (seen, t) in seen.iter_mut().zip(&*through) {
                *seen = numerics::mul_add::<FMA>(weight[angle] / mu[angle], *t, *seen);
            }
        }
        for i in 0..points {
            flux[i] = numerics::mul_add::<FMA>(here.value[i], absorbed[i], flux[i]);
            depth[i] = (here.value[i] - below.value[i]) * seen[i];
            source[i] = here.slope[i] * absorbed[i];
        }
        add(&mut tau, dtau);
        std::mem::swap(&mut here, &mut below);
    }
    if atmosphere.surface_temperature_k.is_some() {
        let source = &mut *rows.source[layers];
        for (i, source) in source.iter_mut().enumerate() {
            let angles = mu.iter().zip(weight);
            let seen: f64 = angles.map(|(mu, weight)| weight * numerics::exp::<FMA>(-tau[i] / mu)).sum();
            // Where all is dark, `here` is that of an earlier layer and what is seen of it zero.
            flux[i] += seen * here.value[i];
            *source = seen * here.slope[i];
        }
    }
    absorbed.fill(0.0);
    for row in rows.depth.iter_mut().rev() {
        for (sum, s) in absorbed.iter_mut().zip(row.iter_mut()) {
            *sum += *s;
            *s = *sum;
        }
    }
}

#[inline(always)]
fn add(tau: &mut [f64], dtau: &[f64]) {
    for (tau, dtau) in tau.iter_mut().zip(dtau) {
        *tau += dtau;
    }
}

/// Zero where there is no temperature: no surface.
#[inline(always)]
fn fill<const FMA: bool>(source: &mut Source, wavenumber: &[f64], temperature_k: Option<f64>) {
    let Some(temperature) = temperature_k else {
        source.value.fill(0.0);
        source.slope.fill(0.0);
        return;
    };
    for (i, nu) in wavenumber.iter().enumerate() {
        let (value, slope) = planck_slope_from_parts::<FMA>(prefactor(*nu), *nu, C2 / temperature, 1.0 / temperature);
        (source.value[i], source.slope[i]) = (value, slope);
    }
}
