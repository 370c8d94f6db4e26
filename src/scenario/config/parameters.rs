//! `[parameters.NAME]`: what a retrieval varies, and where it stands in the rest of the configuration.

use std::cell::RefCell;

use serde_json::{Map, Value, json};
use toml::de::DeTable;

use super::declared::{Declared, Parameter, Quantity, Uses};
use super::reader::{Document, FINITE, Item, Section};
use crate::Result;
use crate::inference::Prior;
use crate::instrument::Setting;

/// The probability beyond each end of the range of an instrument's parameter whose prior has no end.
const TAIL: f64 = 1e-9;

impl Declared {
    /// Reads `[parameters]`; `doc` belongs to no parameters yet.
    pub fn read(doc: Document, top: &DeTable) -> Result<Self> {
        let mut declared = Self::default();
        let Some(all) = top.get("parameters") else { return Ok(declared) };
        let item = Item::new(doc, "parameters".into(), all);
        let Some(table) = all.get_ref().as_table() else { return Err(item.wrong("sections [parameters.NAME]")) };
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let name = key.get_ref().as_ref();
            let item = Item::new(doc, format!("parameters.{name}"), value);
            let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
            if !plain || ["chain", "draw"].contains(&name) {
                return Err(item.refuse("required a name of letters, digits, - and _, other than `chain` and `draw`"));
            }
            declared.lines.push(doc.line(key.span().start));
            declared.list.push(parameter(&item, name)?);
        }
        declared.uses = RefCell::new(vec![Uses::default(); declared.list.len()]);
        Ok(declared)
    }

    /// All parameters, each found to be used: by the model, or by what observes it.
    pub fn finish(self, doc: Document) -> Result<Vec<Parameter>> {
        let uses = self.uses.into_inner();
        for ((parameter, line), uses) in self.list.iter().zip(&self.lines).zip(&uses) {
            let message = match (uses.model, uses.data, uses.instrument) {
                (false, false, false) => "declared, but no key names it",
                (true, true, _) => "named by the model and by [[data]]; required one of them",
                (true, false, true) => "named by the model and by [instrument]; required one of them",
                _ => continue,
            };
            return Err(doc.error(format!("parameters.{}", parameter.name), format!("line {line}: {message}")));
        }
        let used = |(p, uses): (Parameter, Uses)| Parameter { of_model: uses.model, of_data: uses.data, ..p };
        Ok(self.list.into_iter().zip(uses).map(used).collect())
    }
}

fn parameter(item: &Item, name: &str) -> Result<Parameter> {
    let s = item.section(&["start", "prior", "truth"])?;
    let start_item = s.need("start", "the value to start from")?;
    let start = start_item.number(FINITE)?;
    let prior_item =
        s.need("prior", "what is known beforehand, such as { kind = \"uniform\", lower = 0.0, upper = 1.0 }")?;
    let prior = prior(&prior_item, name)?;
    if !prior.contains(start) {
        let (lower, upper) = prior.support();
        return Err(
            start_item.wrong(&format!("a value above {lower} and below {upper}, where the prior {prior} is not zero"))
        );
    }
    let truth = s.get("truth").map(|i| i.number(FINITE)).transpose()?;
    Ok(Parameter { name: name.into(), start, prior, truth, of_model: false, of_data: false })
}

fn prior(item: &Item, name: &str) -> Result<Prior> {
    let s = item.section(&["kind", "lower", "upper", "mean", "sd", "mu", "sigma", "rate"])?;
    let kind = s.need("kind", "the prior's name, such as \"uniform\"")?;
    let mut fields = Map::new();
    fields.insert("kind".into(), json!(kind.string("the prior's name in quotes")?));
    for key in ["lower", "upper", "mean", "sd", "mu", "sigma", "rate"] {
        if let Some(item) = s.get(key) {
            fields.insert(key.into(), json!(item.number(FINITE)?));
        }
    }
    let prior: Prior = serde_json::from_value(Value::Object(fields)).map_err(|e| item.refuse(&e.to_string()))?;
    prior.check(name).map_err(|e| item.refuse(&e.to_string()))?;
    Ok(prior)
}

impl Item<'_> {
    /// The declared parameter that this text names.
    fn declared(&self, required: &str) -> Result<(usize, &Parameter)> {
        let declared = self.doc.parameters;
        let name = self.string(required)?;
        match declared.find(name) {
            Some(index) => Ok((index, &declared.list[index])),
            None => Err(self.wrong(&format!("{required}, or the name of a parameter ({})", declared.names()))),
        }
    }

    /// Whether this is the name of a declared parameter.
    pub fn names_parameter(&self) -> bool {
        self.is_string() && self.string("").is_ok_and(|name| self.doc.parameters.find(name).is_some())
    }

    /// A number of the model, or the name of a parameter whose start fulfils the requirement.
    pub fn quantity(&self, require: super::reader::Require) -> Result<Quantity> {
        if !self.is_string() {
            return self.number(require).map(Quantity::Fixed);
        }
        let (index, parameter) = self.declared(require.0)?;
        if !require.1(parameter.start) {
            let given = format!("`{}` with start = {}", parameter.name, parameter.start);
            return Err(self.refuse(&format!("given the parameter {given}, required {}", require.0)));
        }
        self.doc.parameters.uses.borrow_mut()[index].model = true;
        Ok(Quantity::Parameter(index))
    }

    /// A number of an instrument or of noise, or the name of a parameter. Its range is the prior's support, where that has an end, and
    /// leaves out a probability of 1e-9 where it has none, or where that is zero.
    pub fn setting(&self) -> Result<Setting> {
        if !self.is_string() {
            return self.number(FINITE).map(Setting::Fixed);
        }
        let (index, parameter) = self.declared(FINITE.0)?;
        let (lower, upper) = parameter.prior.support();
        // Zero is the end of what many settings may be, and no value of theirs.
        let low = if lower.is_finite() && lower != 0.0 { lower } else { parameter.prior.quantile(TAIL) };
        let high = if upper.is_finite() { upper } else { parameter.prior.quantile(1.0 - TAIL) };
        if !(low.is_finite() && high.is_finite()) {
            let given = format!("`{}` with the prior {}", parameter.name, parameter.prior);
            return Err(
                self.refuse(&format!("given the parameter {given}, required a proper prior: instruments need a range"))
            );
        }
        let uses = &mut self.doc.parameters.uses.borrow_mut()[index];
        match self.key.starts_with("instrument") {
            true => uses.instrument = true,
            false => uses.data = true,
        }
        Ok(Setting::free(parameter.name.clone(), low, high))
    }
}

/// A quantity that must be given.
pub(super) fn needed_quantity(s: &Section, key: &str, what: &str, require: super::reader::Require) -> Result<Quantity> {
    s.need(key, what)?.quantity(require)
}
