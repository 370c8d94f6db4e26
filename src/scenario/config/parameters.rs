//! `[parameters.NAME]`: what a retrieval varies, and where it stands in the rest of the configuration.

use std::cell::RefCell;

use serde_json::{Map, Value, json};
use toml::de::DeTable;

use super::declared::{Declared, Parameter, Quantity, Uses};
use super::joint;
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
        if let Err((i, message)) = joint::check(&declared.list) {
            let (name, line) = (&declared.list[i].name, declared.lines[i]);
            return Err(doc.error(format!("parameters.{name}"), format!("line {line}: {message}")));
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
    let s = item.section(&["start", "prior", "truth", "scale", "above", "label", "unit"])?;
    let log10 = s.get("scale").map_or(Ok(false), |i| i.word(&[("linear", false), ("log10", true)]))?;
    let start_item = s.need("start", "the value to start from")?;
    let start = start_item.number(FINITE)?;
    let prior_item =
        s.need("prior", "what is known beforehand, such as { kind = \"uniform\", lower = 0.0, upper = 1.0 }")?;
    let prior = prior(&prior_item, name, log10)?;
    if !prior.contains(start) {
        let (lower, upper) = prior.support();
        return Err(
            start_item.wrong(&format!("a value above {lower} and below {upper}, where the prior {prior} is not zero"))
        );
    }
    let truth = s.get("truth").map(|i| i.number(FINITE)).transpose()?;
    let above = s.get("above").map(|i| i.string("the name of a parameter")).transpose()?.map(str::to_owned);
    let text = |key: &str, what: &str| s.get(key).map_or(Ok(""), |i| i.string(what)).map(str::trim);
    let (label, unit) = (text("label", "a text in quotes")?, text("unit", "a unit in quotes")?);
    let mut parameter = Parameter {
        name: name.into(),
        start,
        prior,
        truth,
        log10,
        above,
        label: label.into(),
        of_model: false,
        of_data: false,
    };
    if !unit.is_empty() {
        parameter.label = format!("{} [{unit}]", parameter.label());
    }
    Ok(parameter)
}

fn prior(item: &Item, name: &str, log10: bool) -> Result<Prior> {
    let s = item.section(&[
        "kind",
        "lower",
        "upper",
        "mean",
        "sd",
        "mu",
        "sigma",
        "rate",
        "alpha",
        "beta",
        "location",
        "scale",
        "degrees_of_freedom",
        "concentration",
        "rest",
    ])?;
    let kind = s.need("kind", "the prior's name, such as \"uniform\"")?;
    let mut fields = Map::new();
    fields.insert("kind".into(), json!(kind.string("the prior's name in quotes")?));
    for (key, item) in item.entries().unwrap_or_default() {
        if key != "kind" {
            fields.insert(key.into(), json!(item.number(FINITE)?));
        }
    }
    let mut prior: Prior = serde_json::from_value(Value::Object(fields)).map_err(|e| item.refuse(&e.to_string()))?;
    // Of a part of a whole the prior is always that of the part itself.
    if let Prior::Dirichlet { log10: of_log10, .. } = &mut prior {
        *of_log10 = log10;
    }
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
        if !require.1(parameter.value(&parameter.start)) {
            let power = if parameter.log10 { "10^" } else { "" };
            let given = format!("`{}` with start = {power}{}", parameter.name, parameter.start);
            return Err(self.refuse(&format!("given the parameter {given}, required {}", require.0)));
        }
        self.doc.parameters.uses.borrow_mut()[index].model = true;
        Ok(Quantity::Parameter(index))
    }

    /// A number of an instrument or of noise, or the name of a parameter. The range of what it stands for is the prior's support, where that has an end, and
    /// leaves out a probability of 1e-9 where it has none, or where that is zero.
    pub fn setting(&self) -> Result<Setting> {
        if !self.is_string() {
            return self.number(FINITE).map(Setting::Fixed);
        }
        let (index, parameter) = self.declared(FINITE.0)?;
        let (lower, upper) = parameter.prior.support();
        // Zero is the end of what many settings may be, and no value of theirs.
        let ends = lower.is_finite() && (lower != 0.0 || parameter.log10);
        let low = if ends { lower } else { parameter.prior.quantile(TAIL) };
        let high = if upper.is_finite() { upper } else { parameter.prior.quantile(1.0 - TAIL) };
        if !(low.is_finite() && high.is_finite()) {
            let given = format!("`{}` with the prior {}", parameter.name, parameter.prior);
            return Err(
                self.refuse(&format!("given the parameter {given}, required a proper prior: instruments need a range"))
            );
        }
        let [low, high] = [low, high].map(|x| parameter.value(&x));
        if !(low < high && high.is_finite()) {
            let given = format!("`{}` with the prior {}, from {low} to {high}", parameter.name, parameter.prior);
            return Err(self.refuse(&format!("given the parameter {given}, required a range of finite numbers")));
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

/// A number of an instrument or of noise, or the name of a parameter; `otherwise` where the key is not there.
pub(super) fn setting(s: &Section, key: &str, otherwise: f64) -> Result<Setting> {
    s.get(key).map_or(Ok(Setting::Fixed(otherwise)), |item| item.setting())
}
