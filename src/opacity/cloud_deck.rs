//! A grey cloud deck: opaque below the pressure of its top.
//!
//! Its vertical optical depth from above is tau(P) = tau_0 (P / P_top)^k, so that a layer between P_up and P_low has tau(P_low) - tau(P_up). The steepness k is as large as the layers
//! resolve, 4 / (step of ln P), if nothing is said: the deck is then as sharp as a layer and still a smooth function of its pressure, which a retrieval can vary. tau_0 = 0.05 at
//! P_top lies between what makes the top opaque seen from above (1) and along a chord (about 1/200): seen either way the top is within a layer of P_top, and the nearer the more layers there
//! are.

use super::amount::parameter;
use super::continuum::{Conditions, Continuum, LN_NOTHING, LnCoefficient};
use crate::atmosphere::{PressureGrid, State};
use crate::dual::Dual;
use crate::{Error, Result};

/// Vertical optical depth above the top.
const TOP_DEPTH: f64 = 0.05;

/// Largest ln of a layer's optical depth: opaque in any view, and far from overflow in f32.
const LN_OPAQUE: f64 = 25.0;

/// A deck whose top pressure \[bar\] is the state's [parameter](State::parameters) `NAME.pressure_bar`.
///
/// ```
/// use photosphere::atmosphere::State;
/// use photosphere::opacity::CloudDeck;
///
/// // Opaque below 0.1 bar; `deck.pressure_bar` is a parameter of the state, free in retrievals.
/// let deck = CloudDeck::new("deck");
/// let state = State::constant(50, 1000.0, 2500.0, 2.33).with_parameter("deck.pressure_bar", 0.1);
/// # let _ = (deck, state);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CloudDeck {
    name: String,
    pressure: String,
    steepness: Option<f64>,
}

impl CloudDeck {
    /// A deck as sharp as the layers are.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self { pressure: format!("{name}.pressure_bar"), name, steepness: None }
    }

    /// With d ln tau / d ln P = `steepness`.
    ///
    /// # Errors
    /// Not positive, or not finite.
    pub fn with_steepness(self, steepness: f64) -> Result<Self> {
        match steepness.is_finite() && steepness > 0.0 {
            true => Ok(Self { steepness: Some(steepness), ..self }),
            false => Err(Error::invalid(format!("steepness of {}", self.name), steepness, "a positive number")),
        }
    }
}

impl Continuum for CloudDeck {
    fn name(&self) -> &str {
        &self.name
    }

    fn ln_amount(&self, state: &State<Dual>, layers: &PressureGrid) -> Result<Vec<Dual>> {
        let top = parameter(state, &self.pressure, "a positive pressure [bar]", |p| p > 0.0)?;
        let boundaries = layers.boundaries_bar();
        let (first, last) = (boundaries[0], boundaries[boundaries.len() - 1]);
        if !(first..=last).contains(&top.value()) {
            let required = format!("{first:.4e} to {last:.4e} bar, where there are layers");
            return Err(Error::invalid(format!("parameter {}", self.pressure), top.value(), required));
        }
        let steps = (last / first).ln() / layers.layers() as f64;
        let k = self.steepness.unwrap_or(4.0 / steps);
        let each = boundaries.windows(2).map(|b| {
            // ln of tau_0 (x^k - y^k) without overflow
            let (below, above) = (k * (b[1] / top.value()).ln(), k * (b[0] / top.value()).ln());
            let ln = TOP_DEPTH.ln() + below + (-(above - below).exp()).ln_1p();
            // d ln tau / d P_top = -k / P_top; at its largest it does not change any more
            let slope = if ln < LN_OPAQUE && ln > LN_NOTHING { -k / top.value() } else { 0.0 };
            let derivatives = top.derivatives().iter().map(|d| d * slope).collect();
            Dual::new(ln.clamp(LN_NOTHING, LN_OPAQUE), derivatives)
        });
        Ok(each.collect())
    }

    fn ln_coefficient(&self, _: &Conditions, _: &[f64], into: &mut LnCoefficient) {
        into.value.fill(0.0);
    }

    fn spacing(&self) -> f64 {
        f64::INFINITY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn optical_depths_add_up_to_the_law_and_tops_below_the_bottom_are_refused() {
        let layers = PressureGrid::logarithmic(1e-6, 10.0, 50).unwrap();
        let state = |p: f64| State::constant(50, 1000.0, 1000.0, 2.3).with_parameter("deck.pressure_bar", p).as_dual();
        let deck = CloudDeck::new("deck").with_steepness(3.0).unwrap();
        let amounts = deck.ln_amount(&state(1e-3), &layers).unwrap();
        let bottom = layers.boundaries_bar()[40];
        let above: f64 = amounts[..40].iter().map(|a| a.value().exp()).sum();
        let top = layers.boundaries_bar()[0];
        let expected = TOP_DEPTH * ((bottom / 1e-3).powi(3) - (top / 1e-3).powi(3));
        assert!((above / expected - 1.0).abs() < 1e-12, "{above:e} {expected:e}");
        for (p, words) in [
            (100.0, "where there are layers"),
            (1e-8, "where there are layers"),
            (0.0, "a positive pressure"),
            (f64::NAN, "positive"),
        ] {
            let message = deck.ln_amount(&state(p), &layers).unwrap_err().to_string();
            assert!(message.contains("deck.pressure_bar") && message.contains(words), "{message}");
        }
        assert!(CloudDeck::new("deck").with_steepness(-1.0).is_err());
    }
}
