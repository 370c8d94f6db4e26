//! The section "notes" of what commands print: losses, substitutions, physics left out.

use crate::Note;

/// Columns of a line of text.
const COLUMNS: usize = 110;

/// The remarks that matter at a tolerance, each once: all but those that concern too small a part of the strength to move a result.
/// The report file has all.
pub fn that_matter(notes: &[Note], tolerance: f64) -> Vec<&Note> {
    let matters = |note: &&Note| note.strength_share.is_none_or(|share| share >= 0.1 * tolerance);
    let mut told: Vec<&Note> = Vec::new();
    for note in notes.iter().filter(matters) {
        if !told.contains(&note) {
            told.push(note);
        }
    }
    told
}

/// The section as text, with an empty line before it; nothing if there is nothing to tell.
pub fn section(notes: &[Note], tolerance: f64) -> String {
    let told = that_matter(notes, tolerance);
    if told.is_empty() {
        return String::new();
    }
    let lines: String = told.iter().map(|note| wrapped(&note.to_string())).collect();
    format!("\nnotes\n{lines}")
}

/// A paragraph of lines of at most [`COLUMNS`], cut at spaces; the second and later ones are set in.
fn wrapped(text: &str) -> String {
    let (mut out, mut line) = (String::new(), String::from(" "));
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > COLUMNS && !line.trim().is_empty() {
            out += &format!("{line}\n");
            line = "   ".into();
        }
        line.push(' ');
        line += word;
    }
    out + &line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_shares_are_left_to_the_report_and_nothing_is_told_twice() {
        let note = |text: &str, share| Note::new("CO", text, share);
        let notes = [note("a", None), note("b", Some(0.5)), note("c", Some(0.9e-4)), note("a", None)];
        let told = |tolerance| that_matter(&notes, tolerance).iter().map(|n| n.text.as_str()).collect::<String>();
        assert_eq!((told(1e-3).as_str(), told(1e-4).as_str()), ("ab", "abc"));
        assert_eq!(section(&notes[..2], 1e-3), "\nnotes\n  CO: a\n  CO: b (50.000 % of the strength at 296 K)\n");
        assert_eq!(section(&[], 1e-3), "");
    }

    #[test]
    fn long_remarks_are_cut_at_spaces() {
        let text = section(&[Note::new("CO", "word ".repeat(40), None)], 1e-3);
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].starts_with("  CO: word") && lines[1].starts_with("    word"), "{text}");
        assert!(lines.iter().all(|l| l.chars().count() <= COLUMNS && !l.ends_with(' ')), "{text}");
        // A word without end stays whole.
        assert!(section(&[Note::new("CO", "x".repeat(300), None)], 1e-3).contains(&"x".repeat(300)));
    }
}
