//! The definition of an ExoMol data set: `.def`, and `.def.json` in its [own file](json).
//!
//! Every line of a `.def` is `value # what it is`. Versions differ in which lines there are and in their order, so each is known by
//! its comment, and only what is used here is looked for (Tennyson et al. 2020, JQSRT 255, 107228, section 4).

mod json;

use std::path::Path;

use crate::lines::Width;
use crate::lines::fields::{number, quote, words};
use crate::lines::reader::read_whole;
use crate::{Error, Result};

/// Width of ExoMol's data sets whose definition gives none (Tennyson et al. 2016, J. Mol. Spectrosc. 327, 73, section 4).
pub const FALLBACK_WIDTH: Width = Width::power_law(0.07, 0.5);
/// Wavenumbers above this are no ones of a line list \[cm-1\].
pub(super) const HIGHEST_WAVENUMBER: f64 = 1e7;

/// What is used of a definition file.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
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
    /// Number of transition files.
    pub transition_files: Option<u64>,
    /// Highest wavenumber of a transition \[cm-1\].
    pub max_wavenumber: Option<f64>,
    /// What the columns of the states file are after the fourth, if the definition says so.
    pub columns: Option<StateColumns>,
}

/// Columns of the states file that are used, counted from 0. The first four are always identifier, term value, degeneracy and J.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateColumns {
    /// Lifetime \[s\].
    pub lifetime: Option<usize>,
    /// Rotational quantum number K (label `K` or `k`).
    pub k: Option<usize>,
    /// Vibrational quantum number v (label `v`).
    pub v: Option<usize>,
}

impl StateColumns {
    /// From what is there between J and the quantum numbers, in the order uncertainty, lifetime, Lande factor
    /// (Tennyson et al. 2020, table 3), and the quantum numbers' labels.
    fn from_labels(uncertainty: bool, lifetime: bool, lande: bool, labels: &[String]) -> Self {
        let first = 4 + [uncertainty, lifetime, lande].iter().filter(|c| **c).count();
        let place = |names: &[&str]| labels.iter().position(|l| names.contains(&short(l))).map(|i| first + i);
        Self { lifetime: lifetime.then_some(4 + usize::from(uncertainty)), k: place(&["K", "k"]), v: place(&["v"]) }
    }
}

/// `v` of `hunda:v`.
fn short(label: &str) -> &str {
    label.rsplit(':').next().unwrap_or(label).trim()
}

/// A broadening gas in the definition file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Broadener {
    /// Label, e.g. `H2`.
    pub label: String,
    /// Twice the highest J'' of its table.
    pub twice_j_max: Option<u32>,
    /// Width of lines with higher J''; per bar.
    pub beyond: Option<Width>,
}

/// Twice a highest J'' as a definition states it.
fn twice_j_max(j: f64) -> Option<u32> {
    (0.0..1e4).contains(&j).then_some((2.0 * j) as u32)
}

impl Definition {
    /// From a `.def` file.
    ///
    /// # Errors
    /// A file that cannot be read or has no `# comment` lines; a value that is used and is not what it should be.
    pub fn read(path: &Path) -> Result<Self> {
        let text = read_whole(path)?;
        let mut def = Self::default();
        let (mut gamma, mut exponent) = (None, None);
        let mut beyond: Vec<(Option<f64>, Option<f64>)> = Vec::new();
        let (mut uncertainty, mut lifetime, mut lande, mut labels) = (None, None, None, Vec::new());
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
            let flag = || first.and_then(number).map(|v| v == 1.0);
            if label.starts_with("iso-slug") {
                def.slug = word();
            } else if label.starts_with("isotopologue mass") {
                def.molar_mass = float(true)?;
            } else if label.starts_with("maximum temperature of linelist") {
                def.max_temperature = first.and_then(number);
            } else if label.starts_with("no. of transition files") || label.starts_with("number of transition files") {
                def.transition_files = first.and_then(number).filter(|n| (1.0..1e6).contains(n)).map(|n| n as u64);
            } else if label.starts_with("maximum wavenumber") {
                def.max_wavenumber = first.and_then(number).filter(|v| *v > 0.0 && *v < HIGHEST_WAVENUMBER);
            } else if label.starts_with("uncertainty availab") {
                uncertainty = flag();
            } else if label.starts_with("lifetime availab") {
                lifetime = flag();
            } else if label.starts_with("lande g-factor availab") {
                lande = flag();
            } else if label.starts_with("quantum label") {
                labels.push(word().unwrap_or_default());
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
                    b.twice_j_max = first.and_then(number).and_then(twice_j_max);
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
        def.default_width = gamma.map(|gamma| Width::power_law(gamma, exponent.unwrap_or(FALLBACK_WIDTH.exponent)));
        for (b, w) in def.broadeners.iter_mut().zip(beyond) {
            b.beyond = w.0.zip(w.1).map(|(gamma, exponent)| Width::power_law(gamma, exponent));
        }
        if lifetime.is_some() || !labels.is_empty() {
            let there = |flag: Option<bool>| flag == Some(true);
            def.columns = Some(StateColumns::from_labels(there(uncertainty), there(lifetime), there(lande), &labels));
        }
        Ok(def)
    }

    /// This definition, and what it lacks from another one.
    pub fn or(self, other: Self) -> Self {
        Self {
            slug: self.slug.or(other.slug),
            molar_mass: self.molar_mass.or(other.molar_mass),
            max_temperature: self.max_temperature.or(other.max_temperature),
            default_width: self.default_width.or(other.default_width),
            broadeners: if self.broadeners.is_empty() { other.broadeners } else { self.broadeners },
            transition_files: self.transition_files.or(other.transition_files),
            max_wavenumber: self.max_wavenumber.or(other.max_wavenumber),
            columns: self.columns.or(other.columns),
        }
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
        assert_eq!((co.transition_files, co.max_wavenumber), (Some(1), Some(22000.0)));
        assert_eq!(co.columns, Some(StateColumns { lifetime: None, k: None, v: Some(4) }));
        let water = Definition::read(&folder.join("H2O/1H2-16O/SAMPLE/1H2-16O__SAMPLE.def")).unwrap();
        assert_eq!((water.slug.as_deref(), water.molar_mass), (Some("1H2-16O"), Some(18.010565)));
        let [h2, he] = &water.broadeners[..] else { panic!() };
        assert_eq!(
            (h2.label.as_str(), h2.twice_j_max, h2.beyond),
            ("H2", Some(100), Some(Width::power_law(0.0209, 0.027)))
        );
        assert_eq!((he.label.as_str(), he.beyond), ("He", Some(Width::power_law(0.0042, 0.02))));
        assert_eq!((water.transition_files, water.max_wavenumber), (Some(412), Some(41200.0)));
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

    #[test]
    fn columns_of_the_states_file() {
        let text = "1 # Lifetime availability (1=yes, 0=no)\n1 # Lande g-factor availability (1=yes, 0=no)\n\
            2 # No. of quanta defined\nK # Quantum label 1\nI2 %2d # Format quantum label 1\nhunda:v # Quantum label 2\n";
        let columns = |text: &str| read(text).unwrap().columns;
        assert_eq!(columns(text), Some(StateColumns { lifetime: Some(4), k: Some(6), v: Some(7) }));
        let with = format!("{text}1 # Uncertainty availability (1=yes, 0=no)\n");
        assert_eq!(columns(&with), Some(StateColumns { lifetime: Some(5), k: Some(7), v: Some(8) }));
        assert_eq!(columns("0 # Lifetime availability"), Some(StateColumns::default()));
        assert_eq!(columns("28 # Isotopologue mass"), None);
    }

    #[test]
    fn one_definition_fills_what_the_other_lacks() {
        let a = read("28.0 # Isotopologue mass\n3 # No. of transition files\n").unwrap();
        let b = read("29.0 # Isotopologue mass\n0.05 # Default value of Lorentzian half-width\n").unwrap();
        let both = a.or(b);
        assert_eq!((both.molar_mass, both.transition_files), (Some(28.0), Some(3)));
        assert_eq!(both.default_width, Some(Width::power_law(0.05, 0.5)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_bytes_are_taken(
            value in prop::collection::vec(any::<u8>(), 0..60),
            label in prop::sample::select(vec![
                "Iso-slug", "Isotopologue mass (Da)", "Label for a particular broadener", "Maximum J for which",
                "Value of Lorentzian half-width", "Value of temperature exponent", "Default value of Lorentzian half-width",
                "No. of transition files", "Maximum wavenumber", "Lifetime availability", "Quantum label 1",
            ]),
        ) {
            let mut text = b"H2 # Label for a particular broadener\n".to_vec();
            text.extend(value);
            text.extend(format!(" # {label}\n").bytes());
            let _ = read(text);
        }
    }
}
