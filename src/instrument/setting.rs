//! Numbers that are fixed or free.

use crate::{Error, Result};

/// A number of an instrument or of its noise: known, or a parameter of the retrieval.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A known value.
    Fixed(f64),
    /// A parameter. Settings with the same name are one parameter: this is how data sets share it.
    Free {
        /// Name of the parameter.
        name: String,
        /// Smallest value that may be asked for.
        low: f64,
        /// Largest value that may be asked for.
        high: f64,
    },
}

impl Setting {
    /// A free parameter between `low` and `high`, both included.
    pub fn free(name: impl Into<String>, low: f64, high: f64) -> Self {
        Self::Free { name: name.into(), low, high }
    }

    /// Smallest and largest value.
    pub fn range(&self) -> (f64, f64) {
        match self {
            Self::Fixed(value) => (*value, *value),
            Self::Free { low, high, .. } => (*low, *high),
        }
    }
}

impl From<f64> for Setting {
    fn from(value: f64) -> Self {
        Self::Fixed(value)
    }
}

/// A free parameter and the range in which the objective is defined.
#[derive(Clone, Debug, PartialEq)]
pub struct FreeParameter {
    /// Its name.
    pub name: String,
    /// Smallest value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
}

impl FreeParameter {
    /// Checks a value.
    ///
    /// # Errors
    /// [`Error::Invalid`] outside the range, or NaN.
    pub fn check(&self, value: f64) -> Result<()> {
        if (self.low..=self.high).contains(&value) {
            return Ok(());
        }
        let required = format!("{} to {}, the range declared for it", self.low, self.high);
        Err(Error::invalid(format!("parameter `{}`", self.name), value, required))
    }
}

/// Where a number comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Slot {
    Fixed(f64),
    /// Place among the free parameters.
    Free(usize),
}

impl Slot {
    /// The number, at the free parameters `x`.
    pub fn value(&self, x: &[f64]) -> f64 {
        match self {
            Self::Fixed(value) => *value,
            Self::Free(index) => x[*index],
        }
    }

    /// Its place among the free parameters.
    pub fn index(&self) -> Option<usize> {
        match self {
            Self::Fixed(_) => None,
            Self::Free(index) => Some(*index),
        }
    }
}

/// Values that a setting may have.
pub(crate) enum Allowed {
    /// Any finite number.
    Finite,
    /// Zero or more.
    NotNegative,
    /// Above zero.
    Positive,
    /// Absolute value below this.
    Within(f64),
}

/// Free parameters in the order in which they are first named.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Parameters(Vec<FreeParameter>);

impl Parameters {
    /// All of them.
    pub fn all(&self) -> &[FreeParameter] {
        &self.0
    }

    /// Checks a setting and gives it a place. `what` names it in errors.
    pub fn place(&mut self, what: &str, setting: &Setting, allowed: &Allowed) -> Result<Slot> {
        let (low, high) = setting.range();
        let (fits, required): (fn(f64, f64) -> bool, String) = match allowed {
            Allowed::Finite => (|_, _| true, "a finite number".into()),
            Allowed::NotNegative => (|v, _| v >= 0.0, "a finite number, zero or more".into()),
            Allowed::Positive => (|v, _| v > 0.0, "a finite number above zero".into()),
            Allowed::Within(limit) => (|v, limit| v.abs() < limit, format!("a number between -{limit} and {limit}")),
        };
        let limit = if let Allowed::Within(limit) = allowed { *limit } else { 0.0 };
        if let Some(value) = [low, high].into_iter().find(|v| !(v.is_finite() && fits(*v, limit))) {
            return Err(Error::invalid(what, value, required));
        }
        match setting {
            Setting::Fixed(value) => Ok(Slot::Fixed(*value)),
            Setting::Free { name, .. } if name.trim().is_empty() => {
                Err(Error::invalid(format!("{what}: name of the free parameter"), format!("`{name}`"), "a name"))
            }
            Setting::Free { .. } if low >= high => {
                let given = format!("{low} to {high}");
                Err(Error::invalid(format!("{what}: range of the free parameter"), given, "low < high"))
            }
            Setting::Free { name, .. } => self.merge(&FreeParameter { name: name.clone(), low, high }).map(Slot::Free),
        }
    }

    /// Place of a parameter, which may be there already.
    pub fn merge(&mut self, new: &FreeParameter) -> Result<usize> {
        match self.0.iter().position(|p| p.name == new.name) {
            Some(index) if self.0[index] == *new => Ok(index),
            Some(index) => {
                let given = format!("{} to {} and {} to {}", self.0[index].low, self.0[index].high, new.low, new.high);
                Err(Error::invalid(
                    format!("range of the shared parameter `{}`", new.name),
                    given,
                    "the same range everywhere",
                ))
            }
            None => {
                self.0.push(new.clone());
                Ok(self.0.len() - 1)
            }
        }
    }
}
