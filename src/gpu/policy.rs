//! How much device memory may be taken.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How much of a device's memory its workspaces may take. In text: `auto`, `exact`, a size such as `48MiB`, `1.5 GB` or
/// `50000000`, or a fraction of the device's memory such as `0.75`.
///
/// | coming from JAX | here |
/// | --- | --- |
/// | `XLA_PYTHON_CLIENT_PREALLOCATE=false` | [`Default`](Self::Default): as needed, within what the driver says is free |
/// | `XLA_PYTHON_CLIENT_MEM_FRACTION=.75` | [`Fraction(0.75)`](Self::Fraction): taken at start, held |
/// | `XLA_PYTHON_CLIENT_ALLOCATOR=platform` | [`Exact`](Self::Exact): each job takes and gives back exactly its own |
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum MemoryPolicy {
    /// What the driver says is free, less [a margin](Self::margin); 256 MiB in all where it does not say.
    #[default]
    Default,
    /// On demand, with no limit but the driver's.
    Exact,
    /// At most so many bytes in all.
    Bytes(u64),
    /// This fraction (0 to 1) of the device's memory in all, held from the start to the end.
    Fraction(f64),
}

/// The budget where nothing is asked for and the driver does not say what is free.
const UNKNOWN: u64 = 256 << 20;

impl MemoryPolicy {
    /// What [`Default`](Self::Default) leaves of `free` bytes: a tenth, and at least 64 MiB. Compiled kernels and command buffers take
    /// some, freed memory comes back in whole blocks, and other programs share the device.
    pub fn margin(free: u64) -> u64 {
        (free / 10).max(64 << 20)
    }

    /// The budget where no device is at hand: 256 MiB for [`Default`](Self::Default), none for [`Exact`](Self::Exact).
    ///
    /// # Errors
    /// A fraction, which is of a device.
    pub fn without_device(&self) -> Result<Option<u64>> {
        match self {
            Self::Fraction(x) => {
                Err(Error::invalid("memory budget", x, "a size such as `48MiB`: no device is asked here"))
            }
            _ => Ok(self.budget(None, 0, 0)),
        }
    }

    /// Bytes that may still be taken: `free` as the driver says, `taken` as the account says, `reserve` the bytes of a fraction.
    pub(super) fn budget(&self, free: Option<u64>, taken: u64, reserve: u64) -> Option<u64> {
        match *self {
            Self::Exact => None,
            Self::Bytes(n) => Some(n.saturating_sub(taken)),
            Self::Fraction(_) => Some(reserve.saturating_sub(taken)),
            Self::Default => Some(match free {
                Some(free) => free.saturating_sub(Self::margin(free)),
                None => UNKNOWN.saturating_sub(taken),
            }),
        }
    }
}

const REQUIRED: &str =
    "`auto`, `exact`, a size with a unit such as `48MiB`, a number of bytes, or a fraction such as `0.75`";

/// Units by their names in lower case.
const UNITS: [(&str, u64); 13] = [
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("k", 1 << 10),
    ("m", 1 << 20),
    ("g", 1 << 30),
    ("t", 1 << 40),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

impl FromStr for MemoryPolicy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let error = |why: &str| Err(Error::invalid("memory budget", format!("`{text}`{why}"), REQUIRED));
        let word = text.trim().to_ascii_lowercase();
        match word.as_str() {
            "auto" | "default" => return Ok(Self::Default),
            "exact" => return Ok(Self::Exact),
            _ => {}
        }
        let end = word.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(word.len());
        let (number, unit) = (&word[..end], word[end..].trim_start());
        if unit.is_empty()
            && let Ok(bytes) = number.parse::<u64>()
            && bytes > 1
        {
            return Ok(Self::Bytes(bytes));
        }
        let Ok(number) = number.parse::<f64>() else { return error("") };
        if unit.is_empty() {
            return match number > 0.0 && number <= 1.0 {
                true => Ok(Self::Fraction(number)),
                false => error(" (a fraction is above 0 and at most 1)"),
            };
        }
        match UNITS.iter().find(|u| u.0 == unit) {
            None => error(" (units are B, kB, MB, GB, TB and KiB, MiB, GiB, TiB)"),
            Some((_, factor)) => match number * *factor as f64 {
                // Beyond 2^53 a size is a typing error.
                bytes if (1.0..9e15).contains(&bytes) => Ok(Self::Bytes(bytes.round() as u64)),
                _ => error(" (a size is at least one byte and below 9 PB)"),
            },
        }
    }
}

impl fmt::Display for MemoryPolicy {
    /// As [`FromStr`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Default => write!(f, "auto"),
            Self::Exact => write!(f, "exact"),
            Self::Fraction(x) => write!(f, "{x}"),
            Self::Bytes(n) => {
                let units = [("TiB", 1u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
                match units.iter().find(|u| n > 0 && n.is_multiple_of(u.1)) {
                    Some((unit, factor)) => write!(f, "{}{unit}", n / factor),
                    None => write!(f, "{n}B"),
                }
            }
        }
    }
}

impl TryFrom<String> for MemoryPolicy {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<MemoryPolicy> for String {
    fn from(policy: MemoryPolicy) -> Self {
        policy.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_sizes_and_fractions() {
        let parse = |text: &str| text.parse::<MemoryPolicy>().map_err(|e| e.to_string());
        for (text, policy) in [
            ("auto", MemoryPolicy::Default),
            (" Exact ", MemoryPolicy::Exact),
            ("48MiB", MemoryPolicy::Bytes(48 << 20)),
            ("48 mib", MemoryPolicy::Bytes(48 << 20)),
            ("1.5 GB", MemoryPolicy::Bytes(1_500_000_000)),
            ("2g", MemoryPolicy::Bytes(2 << 30)),
            ("50000000", MemoryPolicy::Bytes(50_000_000)),
            ("0.75", MemoryPolicy::Fraction(0.75)),
            ("1.0", MemoryPolicy::Fraction(1.0)),
            ("1", MemoryPolicy::Fraction(1.0)),
        ] {
            assert_eq!(parse(text), Ok(policy), "{text}");
        }
        for (text, word) in [
            ("", "given ``"),
            ("lots", "given `lots`"),
            ("-1", "given `-1`"),
            ("0", "a fraction is above 0"),
            ("1.5", "at most 1"),
            ("0MiB", "at least one byte"),
            ("9e9", "units are"),
            ("3 parsecs", "units are"),
            ("1..2MiB", "given `1..2MiB`"),
            ("99999999TiB", "below 9 PB"),
            ("MiB", "given `MiB`"),
        ] {
            let message = parse(text).expect_err(text);
            assert!(message.contains(word) && message.contains("required `auto`, `exact`"), "{text}: {message}");
        }
    }

    #[test]
    fn budgets_are_what_is_left() {
        let mib = |n: u64| n << 20;
        let left = |policy: MemoryPolicy, free| policy.budget(free, mib(100), mib(300));
        assert_eq!(left(MemoryPolicy::Exact, Some(mib(1))), None);
        assert_eq!(left(MemoryPolicy::Bytes(mib(150)), Some(0)), Some(mib(50)));
        assert_eq!(left(MemoryPolicy::Bytes(mib(50)), None), Some(0));
        assert_eq!(left(MemoryPolicy::Fraction(0.5), None), Some(mib(200)));
        assert_eq!(left(MemoryPolicy::Default, None), Some(mib(156)));
        assert_eq!(left(MemoryPolicy::Default, Some(mib(1000))), Some(mib(900)));
        assert_eq!(left(MemoryPolicy::Default, Some(mib(100))), Some(mib(36)));
        assert_eq!(left(MemoryPolicy::Default, Some(mib(10))), Some(0));
    }

    proptest! {
        #[test]
        fn text_and_json_bring_back_the_same(kind in 0..4, bytes in 1u64..1 << 52, fraction in 1e-9f64..1.0) {
            let policy = [MemoryPolicy::Default, MemoryPolicy::Exact, MemoryPolicy::Bytes(bytes), MemoryPolicy::Fraction(fraction)][kind as usize];
            prop_assert_eq!(policy.to_string().parse::<MemoryPolicy>().unwrap(), policy);
            prop_assert_eq!(serde_json::from_str::<MemoryPolicy>(&serde_json::to_string(&policy).unwrap()).unwrap(), policy);
        }

        #[test]
        fn no_text_panics(text in ".{0,12}") {
            let _ = text.parse::<MemoryPolicy>();
        }
    }
}
