//! A configuration with some of its keys replaced: `species[0].mass_mixing_ratio`, `grid.points`.

use std::path::Path;

use toml::{Table, Value};

use super::Config;
use crate::{Error, Result};

impl Config {
    /// Reads a configuration file and replaces some of its keys: dotted keys, and values as TOML text. Sections that are not there are made, elements of lists must be.
    ///
    /// # Errors
    /// As [`load`](Self::load); a key that cannot be, a value that is not TOML. Messages about a changed configuration name keys, but no lines.
    pub fn load_with(path: &Path, overrides: &[(String, String)]) -> Result<Self> {
        if overrides.is_empty() {
            return Self::load(path);
        }
        Self::parse_with(path, &Self::text(path)?, overrides)
    }

    /// As [`parse`](Self::parse), with keys replaced as [`load_with`](Self::load_with) does.
    ///
    /// # Errors
    /// As [`load_with`](Self::load_with).
    pub fn parse_with(path: &Path, text: &str, overrides: &[(String, String)]) -> Result<Self> {
        if overrides.is_empty() {
            return Self::parse(path, text);
        }
        let keyed = |key: &str, message: String| Error::Config { path: path.to_owned(), key: key.to_owned(), message };
        let Ok(mut table) = text.parse::<Table>() else {
            // What is wrong with it is told with its line.
            return Self::parse(path, text);
        };
        for (key, value) in overrides {
            let wrong = |why: &str| keyed(key, format!("given `{value}`: {}", why.trim()));
            let parsed: Table = format!("value = {value}").parse().map_err(|e: toml::de::Error| wrong(e.message()))?;
            let new = parsed.get("value").filter(|_| parsed.len() == 1).cloned();
            set(&mut table, key, new.ok_or_else(|| wrong("required one value"))?)
                .map_err(|message| keyed(key, message))?;
        }
        let changed = Self::parse(path, &table.to_string());
        changed.map_err(|e| match e {
            // Lines are those of a text that nobody wrote.
            Error::Config { path, key, message } => {
                Error::Config { path, key, message: without_line(&message).to_owned() }
            }
            other => other,
        })
    }
}

/// A message without `line N: ` at its beginning.
fn without_line(message: &str) -> &str {
    let rest = message.strip_prefix("line ").and_then(|rest| rest.split_once(": "));
    rest.filter(|(number, _)| number.bytes().all(|b| b.is_ascii_digit())).map_or(message, |(_, rest)| rest)
}

/// Sets a value at a dotted key.
fn set(table: &mut Table, key: &str, value: Value) -> std::result::Result<(), String> {
    let (first, rest) = key.split_once('.').map_or((key, None), |(first, rest)| (first, Some(rest)));
    let (name, index) = match first.split_once('[') {
        None => (first, None),
        Some((name, index)) => {
            let index = index.strip_suffix(']').and_then(|i| i.parse::<usize>().ok());
            (name, Some(index.ok_or_else(|| format!("given `{first}`, required NAME or NAME[NUMBER]"))?))
        }
    };
    if name.is_empty() {
        return Err(format!("given `{key}`, required names between the dots"));
    }
    let place = match index {
        None => table.entry(name).or_insert_with(|| Value::Table(Table::new())),
        Some(i) => {
            let list = table.get_mut(name).and_then(Value::as_array_mut).ok_or(format!("there is no list `{name}`"))?;
            let count = list.len();
            list.get_mut(i).ok_or(format!("`{name}` has {count} elements, counted from 0"))?
        }
    };
    match rest {
        None => {
            *place = value;
            Ok(())
        }
        Some(rest) => set(place.as_table_mut().ok_or(format!("`{first}` is no section"))?, rest, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../examples/emission.toml");

    fn with(overrides: &[(&str, &str)]) -> Result<Config> {
        let overrides: Vec<_> = overrides.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Config::parse_with(Path::new("dir/c.toml"), EXAMPLE, &overrides)
    }

    #[test]
    fn keys_are_replaced_and_sections_made() {
        let plain = with(&[]).unwrap();
        let c = with(&[
            ("atmosphere.layers", "7"),
            ("species[0].mass_mixing_ratio", "2e-5"),
            ("star.radius_sun", "1.0"),
            ("star.temperature_k", "5000"),
        ])
        .unwrap();
        assert_eq!((c.atmosphere.layers, c.grid), (7, plain.grid));
        assert!(c.star.is_some() && c.species != plain.species);
        assert_eq!(
            Config { atmosphere: plain.atmosphere.clone(), species: plain.species.clone(), star: None, ..c },
            plain
        );
    }

    #[test]
    fn what_cannot_be_set_is_named() {
        for (key, value, words) in [
            ("species[3].name", "\"CO\"", "key `species[3].name`: `species` has 1 elements"),
            ("lists[0].name", "1", "there is no list `lists`"),
            ("species[x]", "1", "given `species[x]`, required NAME or NAME[NUMBER]"),
            ("grid.points.x", "1", "`points` is no section"),
            ("grid.points", "[", "key `grid.points`: given `[`:"),
            ("grid.points", "1\nx = 2", "required one value"),
            ("", "1", "required names between the dots"),
            ("grid..points", "1", "required names between the dots"),
            ("grid.points", "0", "key `grid.points`: given `0`, required a whole number from 2"),
            ("grid.pionts", "10", "key `grid.pionts`: unknown key; did you mean `points`?"),
        ] {
            let message = with(&[(key, value)]).expect_err(key).to_string();
            assert!(message.contains(words) && !message.contains("line "), "{message}");
        }
    }
}
