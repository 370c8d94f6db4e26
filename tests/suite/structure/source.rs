//! Reading the project's own sources: files, code without strings and tests, comments.

use std::path::{Path, PathBuf};

/// The folder of the project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files under `folder` of the project whose names end with one of `extensions`, in order, as paths from the project's folder.
pub fn files(folder: &str, extensions: &[&str]) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    let mut names: Vec<String> = found
        .iter()
        .filter(|p| p.extension().is_some_and(|e| extensions.iter().any(|wanted| e == *wanted)))
        .map(|p| p.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/"))
        .collect();
    names.sort();
    names
}

/// The text of a file of the project.
pub fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// Rust or WGSL taken apart: code, in which strings and characters are empty, and the text of comments.
pub fn parts(text: &str) -> (String, String) {
    let bytes = text.as_bytes();
    let (mut code, mut comments, mut i) = (Vec::with_capacity(bytes.len()), String::new(), 0);
    let starts = |i: usize, what: &str| bytes[i..].starts_with(what.as_bytes());
    let find = |i: usize, what: &str| text[i..].find(what).map_or(bytes.len(), |n| i + n);
    while i < bytes.len() {
        let in_word = i > 0 && (bytes[i - 1].is_ascii_alphanumeric() || bytes[i - 1] == b'_');
        let hashes = bytes[i + 1..].iter().take_while(|b| **b == b'#').count();
        if starts(i, "//") || starts(i, "/*") {
            let end = find(i, if starts(i, "//") { "\n" } else { "*/" });
            comments.push_str(&text[i..end]);
            comments.push('\n');
            i = if starts(i, "//") { end } else { end + 2 };
        } else if bytes[i] == b'r' && !in_word && bytes.get(i + 1 + hashes) == Some(&b'"') {
            let quote = format!("\"{}", "#".repeat(hashes));
            i = find(i + 2 + hashes, &quote) + quote.len();
            code.extend(b"\"\"");
        } else if bytes[i] == b'"' {
            i += 1;
            while i < bytes.len() && bytes[i] != b'"' {
                i += if bytes[i] == b'\\' { 2 } else { 1 };
            }
            i += 1;
            code.extend(b"\"\"");
        } else if bytes[i] == b'\'' && (bytes.get(i + 1) == Some(&b'\\') || text[i + 1..].chars().nth(1) == Some('\''))
        {
            // A character: an escape, or one that a quote follows; all else is a lifetime.
            i += if bytes[i + 1] == b'\\' { 3 } else { 2 };
            i += bytes[i..].iter().take_while(|b| **b != b'\'').count() + 1;
            code.extend(b"' '");
        } else {
            code.push(bytes[i]);
            i += 1;
        }
    }
    (String::from_utf8(code).unwrap(), comments)
}

/// Code without modules and items that only tests compile.
pub fn without_tests(code: &str) -> String {
    let (mut out, mut rest) = (String::new(), code);
    while let Some(at) = rest.find("#[cfg(test)]") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // The item ends with its block, or with a semicolon before any block.
        let open = rest.find('{').unwrap_or(rest.len());
        let end = match rest.find(';') {
            Some(semicolon) if semicolon < open => semicolon + 1,
            _ => block_end(rest, open),
        };
        rest = &rest[end..];
    }
    out + rest
}

/// Where the block that opens at `open` ends.
fn block_end(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (i, b) in code.bytes().enumerate().skip(open) {
        match b {
            b'{' => depth += 1,
            b'}' if depth == 1 => return i + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn comments_strings_and_tests_are_left_out() {
    let text = "use a::b; // use c::d\nlet s = \"use e::f \\\" x\"; let r = r#\"g::h\"#; let c = '\"'; fn f<'a>(x: &'a str) {}\n\
        #[cfg(test)]\nmod tests { use i::j; fn g() {} }\n#[cfg(test)] mod more;\nuse k::l; /* m::n */";
    let (code, comments) = parts(text);
    let left = without_tests(&code);
    assert_eq!(comments, "// use c::d\n/* m::n \n");
    for kept in ["a::b", "fn f<'a>(x: &'a str) {}", "k::l"] {
        assert!(left.contains(kept), "{kept} is lost: {left}");
    }
    for gone in ["c::d", "e::f", "g::h", "i::j", "more", "m::n"] {
        assert!(!left.contains(gone), "{gone} is still there: {left}");
    }
}
