//! The definition file (`.def`) of an ExoMol data set.
//!
//! Every line is `value # what it is`. Versions differ in which lines there are and in their order, so each is known by
//! its comment, and only what is used here is looked for.

use std::path::Path;

use crate::lines::Width;
use crate::lines::fields::{number, quote, words};
use crate::lines::reader::read_whole;
use crate::{Error, Result};

/// Width of ExoMol's data sets whose definition gives none (Tennyson et al. 2016, J. Mol. Spectrosc. 327, 73, section 4).
pub const FALLBACK_WIDTH: Width = Width::power_law(0.07, 0.5);

/// What is used of a definition file.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Isotopologue, e.g. `12C-16O`.
    pub slug: Option<String>,
    /// Molar mass \[g mol-1\].
    pub molar_mass: Option<f64>,
    /// Highest temperature that the list is made for \[K\].
    pub max_temperature: Option<f64>,
    /// Width of lines without another; per bar.
    pub default_width: Option<Width>,
    /// Broadeners with a width for J'' above the tables' end.
    pub broadeners: Vec<Broadener>,
}

/// A broadening gas in the definition file.
#[derive(Clone, Debug, PartialEq)]
pub struct Broadener {
    /// Label, e.g. `H2`.
    pub label: String,
    /// Twice the highest J'' of its table.
    pub twice_j_max: Option<u32>,
    /// Width of lines with higher J''; per bar.
    pub beyond: Option<Width>,
}

impl Definition {
    /// From a `.def` file.
    ///
    /// # Errors
    /// A file that cannot be read or has no `# comment` lines; a value that is used and is not what it should be.
    pub fn read(path: &Path) -> Result<Self> {
        let text = read_whole(path)?;
        let mut def =
            Self { slug: None, molar_mass: None, max_temperature: None, default_width: None, broadeners: Vec::new() };
        let (mut gamma, mut exponent) = (None, None);
        let mut beyond: Vec<(Option<f64>, Option<f64>)> = Vec::new();
        let mut any = false;
        for (line, row) in text.lines() {
            let Some(hash) = memchr::memchr(b'#', row) else { continue };
            any = true;
            let (value, label) = (&row[..hash], String::from_utf8_lossy(&row[hash + 1..]).trim().to_ascii_lowercase());
            let first = words(value).next();
            let float = |positive: bool| {
                let v = first.and_then(number).filter(|v| !positive || *v > 0.0);
                v.map(Some).ok_or_else(|| {
                    let kind = if positive { "a positive number" } else { "a number" };
                    text.error(line, format!("{label}: {kind} is required, found {}", quote(value)))
                })
            };
            let word = || first.map(|w| String::from_utf8_lossy(w).into_owned());
            if label.starts_with("iso-slug") {
                def.slug = word();
            } else if label.starts_with("isotopologue mass") {
                def.molar_mass = float(true)?;
            } else if label.starts_with("maximum temperature of linelist") {
                def.max_temperature = first.and_then(number);
            } else if label.starts_with("default value of lorentzian half-width") {
                gamma = float(true)?;
            } else if label.starts_with("default value of temperature exponent") {
                exponent = float(false)?;
            } else if label.starts_with("label for a particular broadener") {
                let label = word().unwrap_or_default();
                def.broadeners.push(Broadener { label, twice_j_max: None, beyond: None });
                beyond.push((None, None));
            } else if let (Some(b), Some(w)) = (def.broadeners.last_mut(), beyond.last_mut()) {
                if label.starts_with("maximum j for which") {
                    b.twice_j_max = first.and_then(number).filter(|j| (0.0..1e4).contains(j)).map(|j| (2.0 * j) as u32);
                } else if label.starts_with("value of lorentzian half-width") {
                    w.0 = float(true)?;
                } else if label.starts_with("value of temperature exponent") {
                    w.1 = float(false)?;
                }
            }
        }
        if !any {
            return Err(Error::parse(
                path,
                None,
                "this is no ExoMol definition file: no line has the form `value # label`",
            ));
        }
        if let (Some(gamma), exponent) = (gamma, exponent.unwrap_or(FALLBACK_WIDTH.exponent)) {
            def.default_width = Some(Width::power_law(gamma, exponent));
        }
        for (b, w) in def.broadeners.iter_mut().zip(beyond) {
            b.beyond = w.0.zip(w.1).map(|(gamma, exponent)| Width::power_law(gamma, exponent));
        }
        Ok(def)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::test_data;
    use proptest::prelude::*;

    fn read(text: impl AsRef<[u8]>) -> Result<Definition> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Definition::read(file.path())
    }

    #[test]
    fn samples() {
        let Some(folder) = test_data("exomol") else { return };
        let co = Definition::read(&folder.join("CO/12C-16O/SAMPLE/12C-16O__SAMPLE.def")).unwrap();
        assert_eq!((co.slug.as_deref(), co.molar_mass), (Some("12C-12O"), Some(28.0101)));
        assert_eq!((co.default_width, co.max_temperature), (Some(FALLBACK_WIDTH), Some(9000.0)));
        assert!(co.broadeners.is_empty());
        let water = Definition::read(&folder.join("H2O/1H2-16O/SAMPLE/1H2-16O__SAMPLE.def")).unwrap();
        assert_eq!((water.slug.as_deref(), water.molar_mass), (Some("1H2-16O"), Some(18.010565)));
        let [h2, he] = &water.broadeners[..] else { panic!() };
        assert_eq!(
            (h2.label.as_str(), h2.twice_j_max, h2.beyond),
            ("H2", Some(100), Some(Width::power_law(0.0209, 0.027)))
        );
        assert_eq!((he.label.as_str(), he.beyond), ("He", Some(Width::power_law(0.0042, 0.02))));
    }

    #[test]
    fn missing_and_bad_values() {
        let d = read("EXOMOL.def # ID\n1H2 # Iso-slug\n").unwrap();
        assert_eq!((d.molar_mass, d.default_width), (None, None));
        let message = read("x # ID\n-3 kg # Isotopologue mass (Da) and (kg)\n").unwrap_err().to_string();
        assert!(message.contains("line 2") && message.contains("positive"), "{message}");
        assert!(read("# Default value of Lorentzian half-width for all lines (in cm-1/bar)").is_err());
        assert!(read("hello\n").unwrap_err().to_string().contains("no ExoMol definition"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_bytes_are_taken(
            value in prop::collection::vec(any::<u8>(), 0..60),
            label in prop::sample::select(vec![
                "Iso-slug", "Isotopologue mass (Da)", "Label for a particular broadener", "Maximum J for which",
                "Value of Lorentzian half-width", "Value of temperature exponent", "Default value of Lorentzian half-width",
            ]),
        ) {
            let mut text = b"H2 # Label for a particular broadener\n".to_vec();
            text.extend(value);
            text.extend(format!(" # {label}\n").bytes());
            let _ = read(text);
        }
    }
}
