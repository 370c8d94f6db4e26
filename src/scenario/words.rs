//! Words that stand for values: stated once, understood in configuration files and on the command line.

/// A word.
#[derive(Clone, Copy, Debug)]
pub struct Word<T: 'static> {
    /// As users write it.
    pub name: &'static str,
    /// Another spelling that is understood.
    pub alias: Option<&'static str>,
    /// What it stands for.
    pub value: T,
    /// What helps to choose it, in one line.
    pub help: &'static str,
}

impl<T> Word<T> {
    /// A word without another spelling.
    pub const fn new(name: &'static str, value: T, help: &'static str) -> Self {
        Self { name, alias: None, value, help }
    }
}

/// Values that are chosen by a word.
pub trait Words: Copy + PartialEq + 'static {
    /// All words, one for each value.
    const ALL: &'static [Word<Self>];

    /// The value that a word stands for, in capitals or not.
    fn from_word(text: &str) -> Option<Self> {
        let is_it = |name: &str| name.eq_ignore_ascii_case(text);
        Self::ALL.iter().find(|w| is_it(w.name) || w.alias.is_some_and(is_it)).map(|w| w.value)
    }

    /// The word by which users choose this value.
    fn word(self) -> &'static str {
        Self::ALL.iter().find(|w| w.value == self).map_or("", |w| w.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cross_section::Method;
    use crate::scenario::source::Format;

    #[test]
    fn every_value_has_one_word_and_is_found_by_it() {
        fn check<T: Words + std::fmt::Debug>(values: &[T]) {
            assert_eq!(T::ALL.len(), values.len());
            for value in values {
                assert_eq!(T::from_word(value.word()), Some(*value));
                assert_eq!(T::from_word(&value.word().to_uppercase()), Some(*value));
            }
            assert_eq!(T::from_word(""), None);
        }
        check(&[Method::Auto, Method::Lines, Method::Density, Method::Table, Method::DirectSum]);
        check(&[Format::Hitran, Format::Exomol, Format::Builtin]);
        assert_eq!(Format::from_word("hitemp"), Some(Format::Hitran));
        // Reports write a method with the same word.
        for word in Method::ALL {
            assert_eq!(serde_json::to_value(word.value).unwrap(), word.name);
        }
    }
}
