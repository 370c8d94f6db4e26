//! Reading values out of a TOML table with errors that name key and line.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::declared::Declared;
use super::unsupported::not_supported;
use crate::scenario::words::Words;
use crate::{Error, Result};

/// A configuration file's text and where it lies.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    pub path: &'a Path,
    pub text: &'a str,
    /// Parameters that numbers may be.
    pub parameters: &'a Declared,
}

impl Document<'_> {
    /// The line (from 1) of a byte offset.
    pub fn line(&self, offset: usize) -> u64 {
        1 + self.text.bytes().take(offset).filter(|b| *b == b'\n').count() as u64
    }

    /// A path as written, relative to the file's folder.
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }

    pub fn error(&self, key: impl Into<String>, message: impl Into<String>) -> Error {
        Error::Config { path: self.path.to_owned(), key: key.into(), message: message.into() }
    }
}

/// A requirement on a number: its words and its test.
pub(super) struct Require(pub &'static str, pub fn(f64) -> bool);

pub(super) const POSITIVE: Require = Require("a finite number above 0", |v| v.is_finite() && v > 0.0);
pub(super) const NOT_NEGATIVE: Require = Require("a finite number of at least 0", |v| v.is_finite() && v >= 0.0);
pub(super) const FINITE: Require = Require("a finite number", f64::is_finite);
pub(super) const RATIO: Require = Require("a number from 0 to 1", |v| (0.0..=1.0).contains(&v));

/// A value with its key, for messages.
#[derive(Clone)]
pub(super) struct Item<'a> {
    pub doc: Document<'a>,
    pub key: String,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Item<'a> {
    pub fn new(doc: Document<'a>, key: String, value: &'a Spanned<DeValue<'a>>) -> Self {
        Self { doc, key, value }
    }

    /// "line N: given X, required Y".
    pub fn wrong(&self, required: &str) -> Error {
        let span = self.value.span();
        let line = self.doc.line(span.start);
        // As written, shortened where it is long or spreads over lines.
        let mut given: String = self.doc.text.get(span).unwrap_or("").lines().next().unwrap_or("").to_owned();
        if given.chars().count() > 60 {
            given = given.chars().take(57).collect::<String>() + "...";
        }
        self.doc.error(&self.key, format!("line {line}: given `{given}`, required {required}"))
    }

    /// "line N: message", for a key that should not be there.
    pub fn refuse(&self, message: &str) -> Error {
        self.doc.error(&self.key, format!("line {}: {message}", self.doc.line(self.value.span().start)))
    }

    fn raw_number(&self) -> Option<f64> {
        match self.value.get_ref() {
            DeValue::Integer(i) => i128::from_str_radix(i.as_str(), i.radix()).ok().map(|v| v as f64),
            DeValue::Float(f) => f.as_str().parse().ok(),
            _ => None,
        }
    }

    pub fn number(&self, require: Require) -> Result<f64> {
        self.raw_number().filter(|v| require.1(*v)).ok_or_else(|| self.wrong(require.0))
    }

    pub fn integer(&self, (lo, hi): (usize, usize)) -> Result<usize> {
        let value = match self.value.get_ref() {
            DeValue::Integer(i) => usize::from_str_radix(i.as_str(), i.radix()).ok(),
            _ => None,
        };
        let fits = value.filter(|v| (lo..=hi).contains(v));
        fits.ok_or_else(|| self.wrong(&format!("a whole number from {lo} to {hi}")))
    }

    pub fn boolean(&self) -> Result<bool> {
        self.value.get_ref().as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    pub fn is_table(&self) -> bool {
        self.value.get_ref().is_table()
    }

    pub fn is_string(&self) -> bool {
        self.value.get_ref().is_str()
    }

    pub fn string(&self, required: &str) -> Result<&'a str> {
        self.value.get_ref().as_str().filter(|s| !s.trim().is_empty()).ok_or_else(|| self.wrong(required))
    }

    /// A text or a number in the form that a type is read from.
    pub fn parsed<T: FromStr<Err = Error>>(&self) -> Result<T> {
        let value = self.value.get_ref();
        let number = || self.doc.text.get(self.value.span()).filter(|_| self.raw_number().is_some());
        let text = value.as_str().or_else(number).unwrap_or("");
        text.parse().map_err(|e| match e {
            Error::Invalid { required, .. } => self.wrong(&required),
            other => other,
        })
    }

    pub fn path(&self) -> Result<PathBuf> {
        Ok(self.doc.resolve(self.string("a path in quotes")?))
    }

    /// One of a type's words.
    pub fn choice<T: Words>(&self) -> Result<T> {
        let names: Vec<String> = T::ALL.iter().map(|w| format!("\"{}\"", w.name)).collect();
        let required = format!("one of {}", names.join(", "));
        let given = self.string(&required)?;
        T::from_word(given).ok_or_else(|| self.wrong_word(given, &required))
    }

    /// An error about a word that is none of those known: what other codes have is answered as such.
    fn wrong_word(&self, given: &str, required: &str) -> Error {
        not_supported(given).map_or_else(|| self.wrong(required), |answer| self.refuse(&answer))
    }

    /// One of several words, each with what it stands for.
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T> {
        let quoted: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let required = match quoted.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => quoted.concat(),
        };
        let given = self.string(&required)?;
        words
            .iter()
            .find(|(word, _)| *word == given)
            .map(|(_, value)| *value)
            .ok_or_else(|| self.wrong_word(given, &required))
    }

    /// The entries of a table in the order of the file, or `None` if this is not one.
    pub fn entries(&self) -> Option<Vec<(&'a str, Item<'a>)>> {
        let mut entries: Vec<_> = self.value.get_ref().as_table()?.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let item = |name: &str, value| Item { doc: self.doc, key: format!("{}.{name}", self.key), value };
        Some(entries.into_iter().map(|(k, v)| (k.get_ref().as_ref(), item(k.get_ref(), v))).collect())
    }

    /// The elements of an array, or `None` if this is not one.
    pub fn elements(&self) -> Option<Vec<Item<'a>>> {
        let array = self.value.get_ref().as_array()?;
        let item = |(i, value)| Item { doc: self.doc, key: format!("{}[{i}]", self.key), value };
        Some(array.iter().enumerate().map(item).collect())
    }

    /// `[lo, hi]` with 0 < lo < hi.
    pub fn range(&self) -> Result<(f64, f64)> {
        let required = "[LO, HI], two finite numbers with 0 < LO < HI";
        match self.elements().as_deref() {
            Some([lo, hi]) => match (lo.raw_number(), hi.raw_number()) {
                (Some(a), Some(b)) if a > 0.0 && a < b && b.is_finite() => Ok((a, b)),
                _ => Err(self.wrong(required)),
            },
            _ => Err(self.wrong(required)),
        }
    }

    /// A table, with the keys it may have.
    pub fn section(&self, known: &[&'static str]) -> Result<Section<'a>> {
        match self.value.get_ref().as_table() {
            Some(table) => Section::new(self.doc, self.key.clone(), table, known),
            None => Err(self.wrong("a table")),
        }
    }
}

/// A table whose keys are all known.
pub(super) struct Section<'a> {
    pub doc: Document<'a>,
    pub name: String,
    table: &'a DeTable<'a>,
}

impl<'a> Section<'a> {
    /// # Errors
    /// A key that is not in `known`.
    pub fn new(doc: Document<'a>, name: String, table: &'a DeTable<'a>, known: &[&'static str]) -> Result<Self> {
        let section = Self { doc, name, table };
        // The first in the file, not in the alphabet.
        let unknown = table.keys().filter(|k| !known.contains(&k.get_ref().as_ref())).min_by_key(|k| k.span().start);
        if let Some(key) = unknown {
            let name = key.get_ref().as_ref();
            let advice = match (nearest(name, known), not_supported(name)) {
                // One letter off is a typing error; all else that looks like a wish is one.
                (Some(near), _) if distance(name, near) <= 1 => format!("unknown key; did you mean `{near}`?"),
                (_, Some(answer)) => answer,
                (Some(near), None) => format!("unknown key; did you mean `{near}`?"),
                (None, None) => format!("unknown key; known keys are {}", known.join(", ")),
            };
            let line = doc.line(key.span().start);
            return Err(doc.error(section.dotted(name), format!("line {line}: {advice}")));
        }
        Ok(section)
    }

    pub fn dotted(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    pub fn get(&self, key: &str) -> Option<Item<'a>> {
        let value = self.table.get(key)?;
        Some(Item { doc: self.doc, key: self.dotted(key), value })
    }

    pub fn need(&self, key: &str, required: &str) -> Result<Item<'a>> {
        self.get(key).ok_or_else(|| self.missing(key, required))
    }

    pub fn missing(&self, key: &str, required: &str) -> Error {
        self.doc.error(self.dotted(key), format!("missing; required {required}"))
    }

    /// The only one present of two keys that exclude each other.
    ///
    /// # Errors
    /// Both or neither.
    pub fn either(&self, a: &str, b: &str, required: &str) -> Result<(Item<'a>, bool)> {
        match (self.get(a), self.get(b)) {
            (Some(item), None) => Ok((item, true)),
            (None, Some(item)) => Ok((item, false)),
            (None, None) => Err(self.missing(a, required)),
            (Some(_), Some(second)) => Err(second.refuse(&format!("given besides `{a}`; required only one of them"))),
        }
    }
}

/// The known key that a typing error most likely meant: at most a third of it differs.
pub(super) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let best = known.iter().map(|k| (distance(name, k), *k)).min()?;
    // A key with its unit or first part left out counts as near, too.
    let part = known.iter().find(|k| name.len() >= 3 && k.starts_with(name));
    if best.0 <= best.1.len().div_ceil(3).min(3) { Some(best.1) } else { part.copied() }
}

/// Levenshtein distance in characters; long names are cut, since no key is long.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// A value that must be given.
pub(super) fn needed(s: &Section, key: &str, what: &str, require: Require) -> Result<f64> {
    s.need(key, what)?.number(require)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_and_nearest_keys() {
        assert_eq!([distance("kitten", "sitting"), distance("", "ab"), distance("ab", "ab")], [3, 2, 0]);
        let known = ["layers", "pressure_top_bar", "gravity_cgs"];
        assert_eq!(nearest("layer", &known), Some("layers"));
        assert_eq!(nearest("gravity", &known), Some("gravity_cgs"));
        assert_eq!(nearest("pressure_topbar", &known), Some("pressure_top_bar"));
        assert_eq!(nearest("colour", &known), None);
        assert_eq!(nearest(&"é".repeat(5000), &known), None);
    }
}
