//! The priors of all parameters of a model, and the coordinates they lead to.

use super::joint::{Joint, Kind};
use super::ordered::Ordered;
use super::parts::Parts;
use super::prior::Prior;
use crate::{Error, Result};

/// One prior per parameter, in the order of the model's parameters.
///
/// Parameters with [`Prior::Dirichlet`] are parts of one whole; [`ordered`](Self::ordered) puts parameters in ascending order. Both have joint priors.
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
    labels: Vec<String>,
    priors: Vec<Prior>,
    /// Joint priors of some of them, in place of their own.
    joint: Vec<Joint>,
}

impl Priors {
    /// Priors by parameter name, in the order of the model's parameters `names`.
    ///
    /// # Errors
    /// A parameter without a prior, a prior without a parameter or given twice, numbers that define no distribution, parts of a whole that do not agree about its rest.
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
        let priors: Vec<Prior> = found.collect::<Result<_>>()?;
        let parts = priors.iter().enumerate().filter_map(|(i, prior)| prior.part().map(|(part, rest)| (i, part, rest)));
        let parts: Vec<(usize, (f64, bool), f64)> = parts.collect();
        let mut joint = Vec::new();
        if let Some((first, _, rest)) = parts.first() {
            if let Some((other, _, given)) = parts.iter().find(|(_, _, other)| other != rest) {
                let given = format!("rest {given}, and {rest} as of `{}`", names[*first]);
                return Err(Error::invalid(
                    format!("prior of `{}`", names[*other]),
                    given,
                    "one concentration of the rest",
                ));
            }
            let kind = Kind::Parts(Parts::new(&parts.iter().map(|p| p.1).collect::<Vec<_>>(), *rest));
            joint.push(Joint { members: parts.iter().map(|p| p.0).collect(), kind });
        }
        Ok(Self { labels: names.to_vec(), names: names.to_vec(), priors, joint })
    }

    /// No information on any parameter: fits without priors or bounds.
    pub fn flat(names: &[String]) -> Self {
        let priors = vec![Prior::Flat {}; names.len()];
        Self { names: names.to_vec(), labels: names.to_vec(), priors, joint: Vec::new() }
    }

    /// The same, with the named parameters in ascending order. They have one prior in common; their joint density is that of as many draws from it, put in order.
    ///
    /// # Errors
    /// Fewer than two, a name that is not known or stands in an order already, priors that differ, parts of a whole.
    pub fn ordered<S: AsRef<str>>(mut self, ascending: &[S]) -> Result<Self> {
        let listed = || ascending.iter().map(|n| format!("`{}`", n.as_ref())).collect::<Vec<_>>().join(", ");
        let wrong = |given: String, required: &str| Err(Error::invalid("order of parameters", given, required));
        let mut members = Vec::new();
        for name in ascending {
            let name = name.as_ref();
            match self.names.iter().position(|n| n == name) {
                Some(i) if !members.contains(&i) && self.joint.iter().all(|j| !j.members.contains(&i)) => {
                    members.push(i)
                }
                Some(_) => return wrong(format!("`{name}` twice, or of another joint prior"), "each parameter once"),
                None => return wrong(format!("`{name}`"), "names of parameters"),
            }
        }
        match members[..] {
            [] | [_] => return wrong(listed(), "two parameters or more"),
            [first, ..] if members.iter().any(|i| self.priors[*i] != self.priors[first]) => {
                return wrong(format!("{} with different priors", listed()), "the same prior for all");
            }
            [first, ..] => {
                let kind = Kind::Ordered(Ordered::new(self.priors[first]));
                self.joint.push(Joint { members, kind });
            }
        }
        Ok(self)
    }

    /// The same, with names for people (`log10 X(H2O)`), one per parameter; others are left out.
    pub fn with_labels(mut self, labels: impl IntoIterator<Item = String>) -> Self {
        self.labels.iter_mut().zip(labels).for_each(|(old, new)| *old = new);
        self
    }

    /// Names of the parameters.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Names of the parameters as people read them; the names themselves, unless others were given.
    pub fn labels(&self) -> &[String] {
        &self.labels
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

    /// The joint prior that a parameter belongs to.
    fn joint_of(&self, i: usize) -> Option<&Joint> {
        self.joint.iter().find(|joint| joint.members.contains(&i))
    }

    /// Parameters that have a prior of their own.
    fn single(&self) -> impl Iterator<Item = (usize, &Prior)> {
        self.priors.iter().enumerate().filter(|(i, _)| self.joint_of(*i).is_none())
    }

    /// ln of the density at `x`; its derivatives are added to `gradient` \[parameter\].
    pub fn ln_pdf(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let mut total = 0.0;
        for (i, prior) in self.single() {
            let (value, slope) = prior.ln_pdf(x[i]);
            total += value;
            gradient[i] += slope;
        }
        for joint in &self.joint {
            let (value, slopes) = joint.ln_pdf(&joint.of(x));
            total += value;
            joint.members.iter().zip(slopes).for_each(|(i, slope)| gradient[*i] += slope);
        }
        total
    }

    /// Parameters x of the probabilities `u` \[parameter\], each from 0 to 1: uniform numbers become draws from the prior, the unit cube of nested
    /// sampling. Of a joint prior each is conditional on those before it. NaN for a flat prior and for numbers outside 0..=1.
    pub fn quantiles(&self, u: &[f64]) -> Vec<f64> {
        let mut x: Vec<f64> = self.priors.iter().zip(u).map(|(prior, u)| prior.quantile(*u)).collect();
        for joint in &self.joint {
            let u = joint.of(u);
            let inside = u.iter().all(|u| (0.0..=1.0).contains(u));
            let values = if inside { joint.quantiles(&u) } else { vec![f64::NAN; u.len()] };
            joint.members.iter().zip(values).for_each(|(i, value)| x[*i] = value);
        }
        x
    }

    /// The first parameter whose value is outside the support of its prior, and what is required of it.
    pub(super) fn outside(&self, x: &[f64]) -> Option<(usize, String)> {
        let single = self.single().find(|(i, prior)| !prior.contains(x[*i]));
        let alone = single.map(|(i, prior)| {
            let (lower, upper) = prior.support();
            (i, format!("above {lower} and below {upper}"))
        });
        let mut joint = self.joint.iter().filter(|joint| !joint.contains(&joint.of(x)));
        alone.or_else(|| {
            joint.next().map(|joint| {
                let names: Vec<String> = joint.members.iter().map(|i| format!("`{}`", self.names[*i])).collect();
                (joint.members[0], format!("of {} {}", names.join(", "), joint.required()))
            })
        })
    }

    /// Unconstrained coordinates z of the parameters `x`.
    ///
    /// # Errors
    /// [`Error::Invalid`]: a value outside its prior's support, with the parameter's name, the value and the support.
    pub fn to_unconstrained(&self, x: &[f64]) -> Result<Vec<f64>> {
        if x.len() != self.len() {
            return Err(Error::invalid("start", format!("{} values", x.len()), format!("{} parameters", self.len())));
        }
        let mut z = vec![0.0; x.len()];
        for (i, prior) in self.single() {
            z[i] = prior.bijection().to_unconstrained(x[i]);
            if !prior.contains(x[i]) || !z[i].is_finite() {
                let (lower, upper) = prior.support();
                let required = format!("a value above {lower} and below {upper}, where its prior {prior} is not zero");
                return Err(Error::invalid(format!("start of parameter `{}`", self.names[i]), x[i], required));
            }
        }
        for joint in &self.joint {
            let values = joint.of(x);
            let coordinates = joint.to_unconstrained(&values);
            if !joint.contains(&values) || coordinates.iter().any(|z| !z.is_finite()) {
                let names: Vec<String> = joint.members.iter().map(|i| format!("`{}`", self.names[*i])).collect();
                let what = format!("starts of parameters {}", names.join(", "));
                return Err(Error::invalid(what, format!("{values:?}"), joint.required()));
            }
            joint.members.iter().zip(coordinates).for_each(|(i, value)| z[*i] = value);
        }
        Ok(z)
    }

    /// Parameters x at the unconstrained coordinates `z`.
    pub fn to_constrained(&self, z: &[f64]) -> Vec<f64> {
        let mut x = z.to_vec();
        for (i, prior) in self.single() {
            x[i] = prior.bijection().to_constrained(z[i]);
        }
        for joint in &self.joint {
            let values = joint.to_constrained(&joint.of(z));
            joint.members.iter().zip(values).for_each(|(i, value)| x[*i] = value);
        }
        x
    }

    /// dx/dz at the coordinates `z`: parameter, coordinate and value of each entry that may not be zero.
    pub fn slopes(&self, z: &[f64]) -> Vec<(usize, usize, f64)> {
        let mut slopes: Vec<_> = self.single().map(|(i, prior)| (i, i, prior.bijection().derivative(z[i]))).collect();
        for joint in &self.joint {
            let n = joint.members.len();
            let each = joint.slopes(&joint.of(z)).into_iter().enumerate();
            slopes.extend(each.map(|(at, slope)| (joint.members[at / n], joint.members[at % n], slope)));
        }
        slopes
    }

    /// Adds ln |det dx/dz| at the coordinates `z` to `value`, term by term, and its derivatives by them to `gradient`.
    pub(super) fn add_ln_jacobian(&self, z: &[f64], value: &mut f64, gradient: &mut [f64]) {
        for (i, prior) in self.single() {
            let (ln, slope) = prior.bijection().ln_jacobian(z[i]);
            *value += ln;
            gradient[i] += slope;
        }
        for joint in &self.joint {
            let (ln, slopes) = joint.ln_jacobian(&joint.of(z));
            *value += ln;
            joint.members.iter().zip(slopes).for_each(|(i, slope)| gradient[*i] += slope);
        }
    }

    /// All priors as residuals with their derivatives \[parameter\]: see [`prior_term`](super::prior_term).
    pub(super) fn terms(&self, x: &[f64]) -> Vec<(f64, Vec<f64>)> {
        let at = |i: usize, slope: f64| (0..x.len()).map(|k| if k == i { slope } else { 0.0 }).collect();
        let single = self.single().flat_map(|(i, prior)| prior.terms(x[i]).into_iter().map(move |t| (i, t)));
        let mut terms: Vec<(f64, Vec<f64>)> = single.map(|(i, (r, slope))| (r, at(i, slope))).collect();
        for joint in &self.joint {
            for (r, slopes) in joint.terms(&joint.of(x)) {
                let mut row = vec![0.0; x.len()];
                joint.members.iter().zip(slopes).for_each(|(i, slope)| row[*i] = slope);
                terms.push((r, row));
            }
        }
        terms
    }

    /// -d^2 ln pdf of the priors that count as residuals: parameter, parameter and value of each entry that may not be zero.
    pub(super) fn curvature(&self, x: &[f64]) -> Vec<(usize, usize, f64)> {
        let mut entries: Vec<_> = self.single().map(|(i, prior)| (i, i, prior.curvature(x[i]))).collect();
        for joint in &self.joint {
            let n = joint.members.len();
            let each = joint.curvature(&joint.of(x)).into_iter().enumerate();
            entries.extend(each.map(|(at, value)| (joint.members[at / n], joint.members[at % n], value)));
        }
        entries
    }

    /// Lines that tell the joint priors of ordered parameters, for fingerprints.
    pub(super) fn orders(&self) -> impl Iterator<Item = String> {
        let ordered = self.joint.iter().filter(|joint| matches!(joint.kind, Kind::Ordered(_)));
        ordered.map(|joint| {
            let names: Vec<&str> = joint.members.iter().map(|i| self.names[*i].as_str()).collect();
            format!("order: {}", names.join(" < "))
        })
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
