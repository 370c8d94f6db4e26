//! Numbers out of text columns: no allocation, no panic on any bytes.

/// A finite number from a field with blanks around it. Fortran writes an exponent of three digits without its letter
/// (`1.234-101`) and may write `D` for `E`; both are read.
pub(crate) fn number(field: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(field.trim_ascii()).ok()?;
    text.parse().ok().or_else(|| fortran_number(text)).filter(|v: &f64| v.is_finite())
}

fn fortran_number(text: &str) -> Option<f64> {
    if text.contains(['D', 'd']) {
        return text.replace(['D', 'd'], "E").parse().ok();
    }
    let sign = text.rfind(['+', '-']).filter(|&i| i > 0 && text.as_bytes()[i - 1].is_ascii_digit())?;
    format!("{}E{}", &text[..sign], &text[sign..]).parse().ok()
}

/// A whole number without sign.
pub(crate) fn unsigned(field: &[u8]) -> Option<u64> {
    let digits = field.trim_ascii();
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    digits.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| 10 * n + u64::from(b - b'0')))
}

/// Words between blanks and tabs.
pub(crate) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|b| b.is_ascii_whitespace()).filter(|w| !w.is_empty())
}

/// Twice a total angular momentum quantum number (J = 2 or J = 2.5), if it is a half integer of at least 0.
pub(crate) fn twice_j(field: &[u8]) -> Option<u32> {
    let whole = unsigned(field).map(|j| 2.0 * j as f64);
    let twice = whole.or_else(|| number(field).map(|j| 2.0 * j))?;
    (twice.fract() == 0.0 && (0.0..=20_000.0).contains(&twice)).then_some(twice as u32)
}

/// What stood there, fit to be printed in a message: quoted, escaped, at most 40 characters.
pub(crate) fn quote(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(&field[..field.len().min(160)]).into_owned();
    let short: String = text.chars().take(40).collect();
    let dots = if short.len() < text.len() || field.len() > 160 { "..." } else { "" };
    format!("\"{}{dots}\"", short.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers() {
        for (text, value) in [
            ("  1.353E-29", 1.353e-29),
            (".0567", 0.0567),
            ("-0.5", -0.5),
            ("1.234-101", 1.234e-101),
            ("1.5D+02", 150.0),
            ("7.", 7.0),
        ] {
            assert_eq!(number(text.as_bytes()), Some(value), "{text}");
        }
        for text in ["", " ", "NaN", "inf", "1e999", "1.2.3", "-", "--1", "0x10", "1 2", "12-", "D", "1e5-3"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
        assert_eq!(unsigned(b" 42\t"), Some(42));
        for text in ["", "-1", "4.2", "99999999999999999999", "1 2"] {
            assert_eq!(unsigned(text.as_bytes()), None, "{text}");
        }
        assert_eq!(twice_j(b"2.5"), Some(5));
        assert_eq!(twice_j(b"   7"), Some(14));
        assert_eq!(twice_j(b"2.25"), None);
        assert_eq!(twice_j(b"-1"), None);
        assert_eq!(words(b" a\t bc  ").collect::<Vec<_>>(), [&b"a"[..], b"bc"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let (_, _, _) = (number(&bytes), unsigned(&bytes), twice_j(&bytes));
            prop_assert!(quote(&bytes).len() < 500);
        }
    }
}
