//! Logarithms of amounts in layers, with derivatives.

use super::continuum::LN_NOTHING;
use crate::Result;
use crate::atmosphere::state::LEAST_RATIO;
use crate::atmosphere::{PressureGrid, State};
use crate::constants::ATOMIC_MASS_CGS;
use crate::dual::Dual;

/// ln of a product whose value is known, with its derivatives: those of the factors, relative to these.
pub(super) fn ln_product(ln_value: f64, numerators: &[&Dual], denominators: &[&Dual]) -> Dual {
    let all = || numerators.iter().chain(denominators);
    let columns = all().map(|d| d.derivatives().len()).max().unwrap_or(0);
    let derivative = |p: usize| {
        let relative = |d: &&Dual| if d.value() == 0.0 { 0.0 } else { d.derivative(p) / d.value() };
        // In this order: to the bit what it has been for lines and for pairs.
        let mut factors = numerators.iter().map(relative);
        let first = factors.next().unwrap_or(0.0);
        let sum = factors.fold(first, |sum, r| sum + r);
        denominators.iter().map(relative).fold(sum, |sum, r| sum - r)
    };
    Dual::new(ln_value, (0..columns).map(derivative).collect())
}

/// ln of the molecules cm-2 of a species in each layer, x dP / (mu m_u g).
pub(super) fn ln_column(state: &State<Dual>, layers: &PressureGrid, species: &str) -> Result<Vec<Dual>> {
    let ratio = state.volume_ratio(species)?;
    let each = layers.dpressure_bar().iter().zip(&ratio).zip(state.mean_molar_mass.iter().zip(&state.gravity));
    let column = |((dp, x), (mean, g)): ((&f64, &Dual), (&Dual, &Dual))| {
        let value = dp * 1e6 * x.value() / (mean.value() * ATOMIC_MASS_CGS * g.value());
        ln_product(value.ln().max(LN_NOTHING), &[x], &[mean, g])
    };
    Ok(each.map(column).collect())
}

/// ln of the mass of all gas above a cm2 in each layer, dP / g \[g cm-2\], times a factor.
pub(super) fn ln_mass(state: &State<Dual>, layers: &PressureGrid, factor: &Dual) -> Vec<Dual> {
    let each = layers.dpressure_bar().iter().zip(&state.gravity);
    // At nothing the derivative by the factor is one-sided, like that by a mixing ratio.
    let factor = Dual::new(factor.value().max(LEAST_RATIO), factor.derivatives().to_vec());
    let mass = |(dp, g): (&f64, &Dual)| {
        ln_product((factor.value() * dp * 1e6 / g.value()).ln().max(LN_NOTHING), &[&factor], &[g])
    };
    each.map(mass).collect()
}

/// The value of an opacity's parameter, refused where `holds` does not.
pub(super) fn parameter<'s>(
    state: &'s State<Dual>,
    name: &str,
    required: &str,
    holds: impl Fn(f64) -> bool,
) -> Result<&'s Dual> {
    let value = state.parameter(name)?;
    match value.value().is_finite() && holds(value.value()) {
        true => Ok(value),
        false => Err(crate::Error::invalid(format!("parameter {name}"), value.value(), required)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_no_haze_the_derivative_by_its_strength_is_the_mass() {
        let layers = PressureGrid::logarithmic(1e-3, 1.0, 5).unwrap();
        let state = State::constant(5, 1000.0, 2000.0, 2.3).as_dual();
        for strength in [0.0, 1e-3] {
            let ln = ln_mass(&state, &layers, &Dual::new(strength, vec![1.0]));
            for (ln, dp) in ln.iter().zip(layers.dpressure_bar()) {
                let (mass, slope) = (dp * 1e6 / 2000.0, ln.value().exp() * ln.derivatives()[0]);
                assert!((slope / mass - 1.0).abs() < 1e-12, "{strength}: {slope:e} {mass:e}");
                assert!((ln.value().exp() - strength * mass).abs() < 1e-12 * strength * mass + 1e-20);
            }
        }
    }
}
