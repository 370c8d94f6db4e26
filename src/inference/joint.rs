//! Parameters whose prior is a joint one, and the coordinates they move in together.

use super::ordered::Ordered;
use super::parts::Parts;

/// A joint prior and the places of its parameters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Joint {
    /// Places among all parameters.
    pub members: Vec<usize>,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Parts(Parts),
    Ordered(Ordered),
}

/// The same call on whichever kind it is.
macro_rules! each {
    ($kind:expr, $joint:ident => $call:expr) => {
        match $kind {
            Kind::Parts($joint) => $call,
            Kind::Ordered($joint) => $call,
        }
    };
}

impl Joint {
    /// The members' values among those of all parameters.
    pub fn of(&self, all: &[f64]) -> Vec<f64> {
        self.members.iter().map(|i| all[*i]).collect()
    }

    /// Whether the members' values `x` are in the support.
    pub fn contains(&self, x: &[f64]) -> bool {
        each!(&self.kind, joint => joint.contains(x))
    }

    pub fn to_constrained(&self, z: &[f64]) -> Vec<f64> {
        each!(&self.kind, joint => joint.to_constrained(z))
    }

    pub fn to_unconstrained(&self, x: &[f64]) -> Vec<f64> {
        each!(&self.kind, joint => joint.to_unconstrained(x))
    }

    /// dx/dz \[member\]\[member\].
    pub fn slopes(&self, z: &[f64]) -> Vec<f64> {
        each!(&self.kind, joint => joint.slopes(z))
    }

    /// ln |det dx/dz| and its derivatives by the members' coordinates.
    pub fn ln_jacobian(&self, z: &[f64]) -> (f64, Vec<f64>) {
        each!(&self.kind, joint => joint.ln_jacobian(z))
    }

    /// ln pdf and its derivatives by the members; minus infinity and zeros outside the support.
    pub fn ln_pdf(&self, x: &[f64]) -> (f64, Vec<f64>) {
        if !self.contains(x) {
            return (f64::NEG_INFINITY, vec![0.0; x.len()]);
        }
        each!(&self.kind, joint => joint.ln_pdf(x))
    }

    /// The members at the probabilities `u`, each given those before it.
    pub fn quantiles(&self, u: &[f64]) -> Vec<f64> {
        each!(&self.kind, joint => joint.quantiles(u))
    }

    /// The prior as residuals with their derivatives by the members.
    pub fn terms(&self, x: &[f64]) -> Vec<(f64, Vec<f64>)> {
        each!(&self.kind, joint => joint.terms(x))
    }

    /// -d^2 ln pdf \[member\]\[member\], where the prior counts as residuals.
    pub fn curvature(&self, x: &[f64]) -> Vec<f64> {
        each!(&self.kind, joint => joint.curvature(x))
    }

    /// What the support requires of the members, in words.
    pub fn required(&self) -> &'static str {
        match &self.kind {
            Kind::Parts(_) => "parts above 0 that leave a rest above 0",
            Kind::Ordered(_) => "values within the prior's support, each above the one before",
        }
    }
}

#[cfg(test)]
#[path = "joint_tests.rs"]
mod tests;
