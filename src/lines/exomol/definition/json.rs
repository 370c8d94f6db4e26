//! ExoMol's newer definition file, `.def.json` (Tennyson et al. 2024, JQSRT 326, 109083).
//!
//! Its keys have moved between releases, so a key is looked for by its name wherever it stands, without regard to case, dashes and
//! underscores; numbers may be text; what is `null` is not there.

use std::path::Path;

use serde_json::Value;

use super::{Broadener, Definition, FALLBACK_WIDTH, HIGHEST_WAVENUMBER, StateColumns, short, twice_j_max};
use crate::lines::Width;
use crate::lines::fields;
use crate::lines::reader::read_whole;
use crate::{Error, Result};

impl Definition {
    /// From a `.def.json` file.
    ///
    /// # Errors
    /// A file that cannot be read or is not JSON, by line; a value that is used and is not what it should be, by key.
    pub fn read_json(path: &Path) -> Result<Self> {
        let text = read_whole(path)?;
        let all: Value = serde_json::from_slice(&text.bytes)
            .map_err(|e| Error::parse(path, e.line() as u64, format!("this is no JSON: {e}")))?;
        if !all.is_object() {
            return Err(Error::parse(path, None, "a JSON object with the definition of a data set is required"));
        }
        let positive = |names: &[&str]| match find(&all, names) {
            None => Ok(None),
            Some((key, value)) => number(value).filter(|v| *v > 0.0).map(Some).ok_or_else(|| {
                Error::parse(path, None, format!("{key}: a positive number is required, found {value}"))
            }),
        };
        let plain = |names: &[&str]| find(&all, names).and_then(|(_, v)| number(v));
        let gamma =
            positive(&["defaultlorentzianhalfwidth", "defaultlorentzhalfwidth", "defaulthalfwidth", "defaultgamma"])?;
        let exponent = plain(&["defaulttemperatureexponent", "nldefault", "defaultexponent", "defaultn"]);
        Ok(Self {
            slug: find(&all, &["isoslug"]).and_then(|(_, v)| v.as_str()).map(str::to_owned),
            molar_mass: positive(&["massinda", "massda", "isotopologuemass"])?,
            max_temperature: plain(&["maxtemperature", "maximumtemperature"]),
            default_width: gamma.map(|gamma| Width::power_law(gamma, exponent.unwrap_or(FALLBACK_WIDTH.exponent))),
            broadeners: broadeners(&all),
            transition_files: plain(&["numberoftransitionfiles", "numtransitionfiles", "nooftransitionfiles"])
                .filter(|n| (1.0..1e6).contains(n))
                .map(|n| n as u64),
            max_wavenumber: plain(&["maxwavenumber", "maximumwavenumber", "maxwavenumberincm1"])
                .filter(|v| *v > 0.0 && *v < HIGHEST_WAVENUMBER),
            columns: columns(&all),
        })
    }
}

/// Columns of the states file. Uncertainty, lifetime and Lande factor stand after J; some files list them among the fields,
/// others only say that they are there.
fn columns(all: &Value) -> Option<StateColumns> {
    let (_, fields) = find(all, &["statesfilefields", "statesfields"])?;
    let names: Vec<&str> = fields
        .as_array()?
        .iter()
        .map(|f| f.get("name").or(Some(f)).and_then(Value::as_str).unwrap_or_default())
        .collect();
    let flag = |names: &[&str]| find(all, names).and_then(|(_, v)| truth(v));
    let lifetime = flag(&["lifetimeavailable", "lifetimesavailable"]);
    let is = |name: &str, of: &[&str]| of.contains(&squeeze(name).as_str());
    const LIFETIME: &[&str] = &["tau", "lifetime", "lifetimes"];
    const UNCERTAINTY: &[&str] = &["unc", "uncertainty"];
    const LANDE: &[&str] = &["gfac", "gfactor", "landeg", "landegfactor", "gfactorlande"];
    // "tau" is a quantum number's name too; that one carries the name of its set.
    let listed = |of: &[&str]| names.iter().skip(4).position(|n| is(n, of)).map(|i| i + 4);
    if [UNCERTAINTY, LIFETIME, LANDE].iter().any(|of| listed(of).is_some()) || names.len() <= 4 {
        let place = |of: &[&str]| names.iter().skip(4).position(|n| of.contains(&short(n))).map(|i| i + 4);
        let lifetime = listed(LIFETIME).filter(|_| lifetime != Some(false));
        return Some(StateColumns { lifetime, k: place(&["K", "k"]), v: place(&["v"]) });
    }
    let there = |names: &[&str]| flag(names) == Some(true);
    let labels: Vec<String> = names.iter().skip(4).map(|n| n.to_string()).collect();
    Some(StateColumns::from_labels(
        there(&["uncertaintiesavailable", "uncertaintyavailable"]),
        lifetime == Some(true),
        there(&["landegavailable", "landegfactoravailable"]),
        &labels,
    ))
}

fn broadeners(all: &Value) -> Vec<Broadener> {
    let Some(Value::Object(broad)) = find(all, &["broad", "broadening", "broadeners"]).map(|f| f.1) else {
        return Vec::new();
    };
    let each = broad.iter().filter(|(_, v)| v.is_object()).map(|(label, v)| {
        let value = |names: &[&str]| find(v, names).and_then(|(_, v)| number(v));
        let gamma = value(&["lorentzianhalfwidth", "lorentzhalfwidth", "halfwidth", "gamma"]).filter(|g| *g > 0.0);
        let exponent = value(&["temperatureexponent", "exponent", "n"]);
        Broadener {
            label: label.clone(),
            twice_j_max: value(&["maxj", "jmax", "maximumj"]).and_then(twice_j_max),
            beyond: gamma.zip(exponent).map(|(gamma, exponent)| Width::power_law(gamma, exponent)),
        }
    });
    each.collect()
}

/// The first value that is not null under one of the names (without case and punctuation), from the top down.
fn find<'a>(value: &'a Value, names: &[&str]) -> Option<(&'a str, &'a Value)> {
    let Value::Object(map) = value else { return None };
    let here = map.iter().find(|(key, v)| !v.is_null() && names.contains(&squeeze(key).as_str()));
    here.map(|(key, v)| (key.as_str(), v)).or_else(|| map.values().find_map(|v| find(v, names)))
}

fn squeeze(key: &str) -> String {
    key.chars().filter(|c| c.is_ascii_alphanumeric() || *c == ':').map(|c| c.to_ascii_lowercase()).collect()
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| fields::number(value.as_str()?.as_bytes()))
}

fn truth(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| number(value).map(|v| v == 1.0)).or_else(|| match value.as_str()? {
        "true" | "yes" => Some(true),
        "false" | "no" => Some(false),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: impl AsRef<[u8]>) -> Result<Definition> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Definition::read_json(file.path())
    }

    /// The keys of ExoMol's files, shortened.
    const AS_PUBLISHED: &str = r#"{
        "isotopologue": {"iso_slug": "27Al-1H", "mass_in_Da": 27.98948},
        "dataset": {"name": "AloHa", "max_temperature": 5000.0,
            "states": {"uncertainties_available": true, "lifetime_available": true, "lande_g_available": false,
                "states_file_fields": [{"name": "ID"}, {"name": "E"}, {"name": "gtot"}, {"name": "J"}, {"name": "unc"},
                    {"name": "tau"}, {"name": "hunda:v"}, {"name": "Auxiliary:SourceType"}]},
            "transitions": {"number_of_transition_files": 3, "max_wavenumber": 30000.0}},
        "partition_function": {"max_partition_function_temperature": 5000.0},
        "broad": {"default_Lorentzian_half-width": 0.06, "default_temperature_exponent": 0.4,
            "H2": {"filename": "27Al-1H__H2.broad", "max_J": 50, "Lorentzian_half_width": 0.02, "temperature_exponent": 0.1}}
    }"#;

    #[test]
    fn as_published() {
        let d = read(AS_PUBLISHED).unwrap();
        assert_eq!(
            (d.slug.as_deref(), d.molar_mass, d.max_temperature),
            (Some("27Al-1H"), Some(27.98948), Some(5000.0))
        );
        assert_eq!((d.transition_files, d.max_wavenumber), (Some(3), Some(30000.0)));
        assert_eq!(d.default_width, Some(Width::power_law(0.06, 0.4)));
        assert_eq!(d.columns, Some(StateColumns { lifetime: Some(5), k: None, v: Some(6) }));
        let [h2] = &d.broadeners[..] else { panic!() };
        assert_eq!(
            (h2.label.as_str(), h2.twice_j_max, h2.beyond),
            ("H2", Some(100), Some(Width::power_law(0.02, 0.1)))
        );
    }

    #[test]
    fn other_spellings() {
        let text = AS_PUBLISHED
            .replace(
                r#""transitions": {"number_of_transition_files": 3, "max_wavenumber": 30000.0}"#,
                r#""max_wavenumber": "30000""#,
            )
            .replace("default_Lorentzian_half-width", "default_lorentzian_half_width")
            .replace(r#"{"name": "unc"},"#, "")
            .replace(r#"{"name": "tau"},"#, "")
            .replace("27.98948", "\"27.98948\"");
        let d = read(text).unwrap();
        assert_eq!((d.transition_files, d.max_wavenumber, d.molar_mass), (None, Some(30000.0), Some(27.98948)));
        assert_eq!(d.columns, Some(StateColumns { lifetime: Some(5), k: None, v: Some(6) }));
        assert!(d.default_width.is_some());
        let none =
            read(AS_PUBLISHED.replace(r#""lifetime_available": true"#, r#""lifetime_available": false"#)).unwrap();
        assert_eq!(none.columns.unwrap().lifetime, None);
        assert_eq!(read("{}").unwrap(), Definition::default());
    }

    #[test]
    fn bad_input_is_a_clear_error() {
        for (text, part) in [
            ("{\n  \"a\": 1,,\n}", "line 2"),
            ("[1, 2]", "a JSON object"),
            (r#"{"isotopologue": {"mass_in_Da": -1}}"#, "mass_in_Da: a positive number is required, found -1"),
            (r#"{"broad": {"default_Lorentzian_half-width": "x"}}"#, "default_Lorentzian_half-width"),
        ] {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_bytes_are_taken(at in 0..AS_PUBLISHED.len(), byte in any::<u8>()) {
            let mut text = AS_PUBLISHED.as_bytes().to_vec();
            text[at] = byte;
            let _ = read(text);
        }
    }
}
