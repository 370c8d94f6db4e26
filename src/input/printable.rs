//! Text that does nothing to a terminal.

use std::borrow::Cow;

/// The text with every character that a terminal would act on, or that would turn other text around, written as its code (`\u{1b}`). Line ends and tabs
/// stay. For whatever goes to a terminal and may hold a word out of a file, or a file's name.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Control characters, and the marks of direction (Unicode TR9, "Trojan source").
fn acts(c: char) -> bool {
    let direction =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && c != '\n' && c != '\t') || direction || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_written_out() {
        assert!(matches!(printable("H\u{2082}O, 5 \u{b5}m\n\ttwo"), Cow::Borrowed(_)));
        assert_eq!(printable("a\u{1b}[2Jb\r\u{7}\u{9b}c"), "a\\u{1b}[2Jb\\u{d}\\u{7}\\u{9b}c");
        assert_eq!(printable("x\u{202e}y"), "x\\u{202e}y");
    }
}
