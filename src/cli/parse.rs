//! Values of command-line options that are more than a word: ranges, temperature-pressure pairs.
//!
//! Messages say what was given and what is required; clap puts the option's name before them.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::gpu::MemoryPolicy;
use crate::lines::Width;
use crate::scenario::limits;
use crate::scenario::source::Isotopologues;
use crate::scenario::words::Words;

/// One of a type's words.
pub(super) fn word_of<T: Words + Send + Sync>() -> impl TypedValueParser<Value = T> {
    let values = T::ALL.iter().map(|w| PossibleValue::new(w.name).aliases(w.alias).help(w.help));
    PossibleValuesParser::new(values).try_map(|word| T::from_word(&word).ok_or("not a known word"))
}

/// Bytes.
pub(super) fn size(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(MemoryPolicy::Bytes(bytes)) => Ok(bytes),
        _ => Err(format!("given `{text}`, required a size such as 500MiB or 10GiB, or a number of bytes")),
    }
}

/// Finite and above zero.
pub(super) fn positive(text: &str) -> Result<f64, String> {
    let required = "required a number above 0, such as 900 or 1e-3";
    let value: f64 = text.trim().parse().map_err(|_| format!("given `{text}`, {required}"))?;
    if value.is_finite() && value > 0.0 { Ok(value) } else { Err(format!("given {text}, {required}")) }
}

/// `KEY=VALUE` of a configuration; a value that is no TOML is a text.
pub(super) fn assignment(text: &str) -> Result<(String, String), String> {
    let required = "required KEY=VALUE, such as grid.points=2000";
    let (key, value) = text.split_once('=').ok_or_else(|| format!("given `{text}`, {required}"))?;
    let (key, value) = (key.trim(), value.trim());
    if key.is_empty() || value.is_empty() {
        return Err(format!("given `{text}`, {required}"));
    }
    let is_toml = format!("value = {value}").parse::<toml::Table>().is_ok_and(|table| table.len() == 1);
    // JSON's quotation is one of TOML's.
    let value = if is_toml { value.to_owned() } else { serde_json::Value::from(value).to_string() };
    Ok((key.to_owned(), value))
}

/// Finite and at least zero.
pub(super) fn not_negative(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(v) if v.is_finite() && v >= 0.0 => Ok(v),
        _ => Err(format!("given `{text}`, required a finite number of at least 0, such as 25")),
    }
}

/// A number of HITRAN's, or `all`.
pub(super) fn isotopologues(text: &str) -> Result<Isotopologues, String> {
    let (lo, hi) = limits::ISOTOPOLOGUES;
    match text.trim().parse::<u32>() {
        Ok(v) if (lo..=hi).contains(&v) => Ok(Isotopologues::Number(v)),
        _ if text.trim().eq_ignore_ascii_case("all") => Ok(Isotopologues::All),
        _ => Err(format!("given `{text}`, required a whole number from {lo} to {hi}, or all")),
    }
}

/// `LO:HI` with 0 < LO < HI.
pub(super) fn range(text: &str) -> Result<(f64, f64), String> {
    let required = "required LO:HI, two numbers with 0 < LO < HI, such as 1950:2250";
    let error = |why: &str| format!("given `{text}`{why}, {required}");
    let (lo, hi) = text.split_once(':').ok_or_else(|| error(" without a colon"))?;
    let number = |t: &str| positive(t).map_err(|_| error(&format!(", where `{t}` is not a number above 0")));
    let (lo, hi) = (number(lo)?, number(hi)?);
    if lo < hi { Ok((lo, hi)) } else { Err(error(", where LO is not below HI")) }
}

/// `T:P`, a temperature \[K\] and a pressure \[bar\].
pub(super) fn temperature_pressure(text: &str) -> Result<(f64, f64), String> {
    let required = "required T:P, a temperature in K and a pressure in bar, both above 0, such as 1000:1e-3";
    let error = |why: &str| format!("given `{text}`{why}, {required}");
    let (t, p) = text.split_once(':').ok_or_else(|| error(" without a colon"))?;
    let number = |t: &str| positive(t).map_err(|_| error(&format!(", where `{t}` is not a number above 0")));
    Ok((number(t)?, number(p)?))
}

/// A relative tolerance.
pub(super) fn tolerance(text: &str) -> Result<f64, String> {
    let (lo, hi) = limits::TOLERANCE;
    match text.trim().parse::<f64>() {
        Ok(v) if (lo..=hi).contains(&v) => Ok(v),
        _ => Err(format!("given `{text}`, required a number from {lo:e} to {hi}, such as 1e-3")),
    }
}

/// Grid points.
pub(super) fn points(text: &str) -> Result<usize, String> {
    let (lo, hi) = limits::POINTS;
    match text.trim().parse::<usize>() {
        Ok(v) if (lo..=hi).contains(&v) => Ok(v),
        _ => Err(format!("given `{text}`, required a whole number from {lo} to {hi}")),
    }
}

/// `G[,N]`: the half width at 296 K \[cm-1 bar-1\] and the temperature exponent, 0.5 if it is not given.
pub(super) fn width(text: &str) -> Result<Width, String> {
    let required = "required G or G,N: the half width at 296 K in cm-1 bar-1, above 0, and the exponent of (296 K / T) \
                    (0.5 if not given), such as 0.07,0.5";
    let wrong = || format!("given `{text}`, {required}");
    let (gamma, exponent) = text.split_once(',').unwrap_or((text, "0.5"));
    let number = |t: &str| t.trim().parse::<f64>().map_err(|_| wrong());
    Width::new(number(gamma)?, number(exponent)?).map_err(|_| wrong())
}

/// A file name that ends in `.npy`: the report takes the same name with `.json`.
pub(super) fn npy_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let named = path.file_stem().is_some_and(|s| !s.is_empty());
    if named && path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy")) {
        Ok(path)
    } else {
        Err(format!(
            "given `{text}`, required a file name that ends in .npy (the report goes to the same name with .json)"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn good_values() {
        assert_eq!(range("1950:2250"), Ok((1950.0, 2250.0)));
        assert_eq!(range(" 1e3 : 2e3 "), Ok((1000.0, 2000.0)));
        assert_eq!(temperature_pressure("1000:1e-3"), Ok((1000.0, 1e-3)));
        assert_eq!((tolerance("1e-4"), points("2")), (Ok(1e-4), Ok(2)));
        assert_eq!(npy_path("a/co.npy"), Ok("a/co.npy".into()));
        assert_eq!(
            [isotopologues("12"), isotopologues("All")],
            [Ok(Isotopologues::Number(12)), Ok(Isotopologues::All)]
        );
        assert_eq!(not_negative("0"), Ok(0.0));
    }

    #[test]
    fn messages_say_what_was_given_and_required() {
        insta::assert_snapshot!(range("2250").unwrap_err(), @"given `2250` without a colon, required LO:HI, two numbers with 0 < LO < HI, such as 1950:2250");
        insta::assert_snapshot!(range("2250:1950").unwrap_err(), @"given `2250:1950`, where LO is not below HI, required LO:HI, two numbers with 0 < LO < HI, such as 1950:2250");
        insta::assert_snapshot!(range("1:x").unwrap_err(), @"given `1:x`, where `x` is not a number above 0, required LO:HI, two numbers with 0 < LO < HI, such as 1950:2250");
        insta::assert_snapshot!(temperature_pressure("-5:1").unwrap_err(), @"given `-5:1`, where `-5` is not a number above 0, required T:P, a temperature in K and a pressure in bar, both above 0, such as 1000:1e-3");
        insta::assert_snapshot!(temperature_pressure("nan:1").unwrap_err(), @"given `nan:1`, where `nan` is not a number above 0, required T:P, a temperature in K and a pressure in bar, both above 0, such as 1000:1e-3");
        insta::assert_snapshot!(points("1").unwrap_err(), @"given `1`, required a whole number from 2 to 100000000");
        insta::assert_snapshot!(tolerance("0.5").unwrap_err(), @"given `0.5`, required a number from 1e-7 to 0.1, such as 1e-3");
        insta::assert_snapshot!(npy_path("co.json").unwrap_err(), @"given `co.json`, required a file name that ends in .npy (the report goes to the same name with .json)");
        insta::assert_snapshot!(isotopologues("13").unwrap_err(), @"given `13`, required a whole number from 1 to 12, or all");
        insta::assert_snapshot!(not_negative("inf").unwrap_err(), @"given `inf`, required a finite number of at least 0, such as 25");
        assert!(npy_path(".npy").is_err() && npy_path("").is_err());
    }

    #[test]
    fn widths_have_an_exponent_of_a_half_if_none_is_given() {
        assert_eq!(width("0.07"), Ok(Width::power_law(0.07, 0.5)));
        assert_eq!(width("0.05, 0.6"), Ok(Width::power_law(0.05, 0.6)));
        for wrong in ["", "0", "-1,0.5", "0.05,x", "nan", "0.05,inf"] {
            assert!(width(wrong).unwrap_err().starts_with(&format!("given `{wrong}`, required G or G,N")), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC*|[0-9:.,eE+-]*") {
            for r in [range(&text), temperature_pressure(&text)].into_iter().flatten() {
                prop_assert!(r.0 > 0.0 && r.1.is_finite());
            }
            let _ = (points(&text), tolerance(&text), positive(&text), npy_path(&text));
            let _ = (isotopologues(&text), not_negative(&text), text.parse::<crate::scenario::broadening::Broadening>());
        }
    }
}
