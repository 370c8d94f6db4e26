//! The parameters of a configuration: what is known of each, and who uses it.

use std::cell::RefCell;
use std::f64::consts::LN_10;

use crate::atmosphere::Number;
use crate::inference::Prior;

/// A parameter of a retrieval.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where fits and chains start, and what `photosphere spectrum` takes.
    pub start: f64,
    /// What is known of it beforehand.
    pub prior: Prior,
    /// Its true value where that is known: for mock data, and for figures.
    pub truth: Option<f64>,
    /// Whether it is log10 of what the keys that name it take: start, prior and truth are of the logarithm.
    pub log10: bool,
    /// The parameter that it lies above, which has the same prior.
    pub above: Option<String>,
    /// What people read in its place in tables and figures, with its unit; empty where nothing was said.
    pub label: String,
    /// Whether the model depends on it.
    pub of_model: bool,
    /// Whether an instrument or the noise of `[[data]]` does. One that neither depends on is of `[instrument]`.
    pub of_data: bool,
}

impl Parameter {
    /// What the keys that name it take, at a value `x` of the parameter: x, or 10^x.
    pub fn value<D: Number>(&self, x: &D) -> D {
        if self.log10 { (x.clone() * LN_10).exp() } else { x.clone() }
    }

    /// Its name, and whether it is a logarithm.
    pub fn scaled_name(&self) -> String {
        format!("{}{}", self.name, if self.log10 { " (log10)" } else { "" })
    }

    /// Its name as people read it: as declared, else the name.
    pub fn label(&self) -> String {
        match (self.label.is_empty(), self.log10) {
            (false, _) => self.label.clone(),
            (true, true) => format!("log10 {}", self.name),
            (true, false) => self.name.clone(),
        }
    }

    /// The true value, or the start where none is declared.
    pub fn truth_or_start(&self) -> f64 {
        self.truth.unwrap_or(self.start)
    }
}

/// A number of the model: known, or a parameter of the retrieval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quantity {
    /// A known value.
    Fixed(f64),
    /// By its place among the parameters of the configuration.
    Parameter(usize),
}

impl Quantity {
    /// The number, at what each parameter of the configuration stands for ([`Parameter::value`]).
    pub fn at<D: Number>(&self, x: &[D]) -> D {
        match self {
            Self::Fixed(value) => D::from(*value),
            Self::Parameter(index) => x[*index].clone(),
        }
    }
}

/// Who uses a parameter.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Uses {
    pub model: bool,
    pub data: bool,
    /// `[instrument]`, with which spectra are observed.
    pub instrument: bool,
}

/// The parameters of a document, with a note of who uses them.
#[derive(Debug, Default)]
pub(super) struct Declared {
    pub list: Vec<Parameter>,
    pub lines: Vec<u64>,
    pub uses: RefCell<Vec<Uses>>,
}

impl Declared {
    /// The place of a parameter, if it is one.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.list.iter().position(|p| p.name == name)
    }

    /// Their names, in words.
    pub fn names(&self) -> String {
        match self.list.len() {
            0 => "no [parameters.NAME] is declared".into(),
            _ => format!("declared: {}", self.list.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ")),
        }
    }
}
