//! The priors of all parameters of a model, and the coordinates they lead to.

use super::bijection::Bijection;
use super::prior::Prior;
use crate::{Error, Result};

/// One prior per parameter, in the order of the model's parameters.
///
/// ```
/// use photosphere::inference::{Prior, Priors};
///
/// let names = ["T0".to_owned(), "alpha".to_owned()];
/// let priors = Priors::new(
///     &names,
///     [("alpha", Prior::Normal { mean: 0.1, sd: 0.02 }), ("T0", Prior::Uniform { lower: 500.0, upper: 1500.0 })],
/// )?;
/// # let _ = priors;
/// # Ok::<(), photosphere::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Priors {
    names: Vec<String>,
    priors: Vec<Prior>,
}

impl Priors {
    /// Priors by parameter name, in the order of the model's parameters `names`.
    ///
    /// # Errors
    /// A parameter without a prior, a prior without a parameter or given twice, numbers that define no distribution.
    pub fn new<S: AsRef<str>>(names: &[String], priors: impl IntoIterator<Item = (S, Prior)>) -> Result<Self> {
        let listed = || names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
        let mut slots: Vec<Option<Prior>> = vec![None; names.len()];
        for (name, prior) in priors {
            let name = name.as_ref();
            prior.check(name)?;
            match names.iter().position(|n| n == name) {
                Some(i) if slots[i].is_none() => slots[i] = Some(prior),
                Some(_) => return Err(Error::invalid(format!("prior of `{name}`"), "two of them", "one")),
                None => return Err(Error::invalid("prior", format!("`{name}`"), format!("one of {}", listed()))),
            }
        }
        let found = names.iter().zip(slots).map(|(name, slot)| {
            slot.ok_or_else(|| {
                Error::invalid(format!("prior of `{name}`"), "none", format!("one each for {}", listed()))
            })
        });
        Ok(Self { priors: found.collect::<Result<_>>()?, names: names.to_vec() })
    }

    /// No information on any parameter: fits without priors or bounds.
    pub fn flat(names: &[String]) -> Self {
        Self { names: names.to_vec(), priors: vec![Prior::Flat {}; names.len()] }
    }

    /// Names of the parameters.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The priors, one per parameter.
    pub fn priors(&self) -> &[Prior] {
        &self.priors
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no parameter.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Sum of ln pdf at `x`; its derivatives are added to `gradient` \[parameter\].
    pub fn ln_pdf(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let terms = self.priors.iter().zip(x).zip(gradient);
        terms
            .map(|((prior, x), g)| {
                let (value, slope) = prior.ln_pdf(*x);
                *g += slope;
                value
            })
            .sum()
    }

    /// Unconstrained coordinates z of the parameters `x`.
    ///
    /// # Errors
    /// [`Error::Invalid`]: a value outside its prior's support, with the parameter's name, the value and the support.
    pub fn to_unconstrained(&self, x: &[f64]) -> Result<Vec<f64>> {
        if x.len() != self.len() {
            return Err(Error::invalid("start", format!("{} values", x.len()), format!("{} parameters", self.len())));
        }
        let each = self.names.iter().zip(&self.priors).zip(x);
        each.map(|((name, prior), &x)| {
            let z = prior.bijection().to_unconstrained(x);
            if prior.contains(x) && z.is_finite() {
                return Ok(z);
            }
            let (lower, upper) = prior.support();
            let required = format!("a value above {lower} and below {upper}, where its prior {prior} is not zero");
            Err(Error::invalid(format!("start of parameter `{name}`"), x, required))
        })
        .collect()
    }

    /// Parameters x at the unconstrained coordinates `z`.
    pub fn to_constrained(&self, z: &[f64]) -> Vec<f64> {
        self.bijections().zip(z).map(|(b, z)| b.to_constrained(*z)).collect()
    }

    /// The bijection of each parameter.
    pub fn bijections(&self) -> impl Iterator<Item = Bijection> {
        self.priors.iter().map(Prior::bijection)
    }

    /// Checks that an objective has these parameters in this order.
    pub(super) fn check_names(&self, names: &[String]) -> Result<()> {
        if names == self.names {
            return Ok(());
        }
        Err(Error::invalid("priors", format!("for {:?}", self.names), format!("the objective's parameters {names:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        vec!["T0".into(), "alpha".into()]
    }

    fn example() -> Priors {
        let alpha = ("alpha", Prior::Normal { mean: 0.1, sd: 0.02 });
        Priors::new(&names(), [alpha, ("T0", Prior::Uniform { lower: 800.0, upper: 1000.0 })]).unwrap()
    }

    #[test]
    fn priors_are_put_in_the_models_order() {
        assert_eq!(example().priors()[0].support(), (800.0, 1000.0));
        let z = example().to_unconstrained(&[850.0, 0.3]).unwrap();
        let x = example().to_constrained(&z);
        assert!((x[0] - 850.0).abs() < 1e-9 && x[1] == 0.3);
    }

    #[test]
    fn missing_unknown_and_double_priors_are_refused() {
        let flat = Prior::Flat {};
        for (given, words) in [
            (vec![("T0", flat)], "prior of `alpha`: given none, required one each for `T0`, `alpha`"),
            (vec![("T0", flat), ("T0", flat)], "given two of them"),
            (vec![("T0", flat), ("beta", flat)], "given `beta`, required one of `T0`, `alpha`"),
        ] {
            let message = Priors::new(&names(), given).unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn a_start_outside_the_support_is_named() {
        let message = example().to_unconstrained(&[800.0, 0.1]).unwrap_err().to_string();
        assert_eq!(
            message,
            "start of parameter `T0`: given 800, required a value above 800 and below 1000, where its prior \
             uniform(800, 1000) is not zero"
        );
        assert!(example().to_unconstrained(&[900.0]).unwrap_err().to_string().contains("1 values"));
        assert!(example().to_unconstrained(&[900.0, f64::NAN]).is_err());
    }
}
