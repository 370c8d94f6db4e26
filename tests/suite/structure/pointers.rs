//! Names of source files in comments and pages, and whether there are such files.

use std::collections::BTreeSet;

use super::source::{files, parts, read};

/// Files that may be named.
fn existing() -> BTreeSet<String> {
    let folders = ["src", "shaders", "tests", "benches", "examples", "docs", "scripts"];
    folders.iter().flat_map(|folder| files(folder, &["rs", "wgsl", "md", "py", "toml", "txt"])).collect()
}

/// What a reader takes for the name of a file or of a folder of sources: a word that ends in `.rs` or `.wgsl`, or begins with
/// the name of a folder here and ends as its files do, or with `src/` or `shaders/`.
fn named(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_/.{},-".contains(c);
    let words = text.split(|c| !is_part(c)).flat_map(braces);
    let words = words.map(|w| w.trim_end_matches(['.', ',', '-']).trim_start_matches("../").to_owned());
    let is_named = |w: &String| {
        let ends = |endings: &[&str]| endings.iter().any(|e| w.ends_with(e));
        let begins = |folders: &[&str]| folders.iter().any(|f| w.starts_with(f));
        let file = ends(&[".rs", ".wgsl"]) && !begins(&["."]) && !w.contains("//");
        let other = begins(&["docs/", "tests/", "benches/", "examples/", "scripts/"]) && ends(&[".md", ".py", ".toml"]);
        file || other || begins(&["src/", "shaders/"])
    };
    // Placeholders: `x/device.rs`, `STAGE/NAME.wgsl`.
    let is_any = |w: &String| {
        let mut parts = w.split('/').map(|part| part.split('.').next().unwrap_or(""));
        parts.any(|part| part.len() == 1 || part.len() > 1 && part.chars().all(|c| c.is_ascii_uppercase()))
    };
    words.filter(|w| is_named(w) && !is_any(w)).collect()
}

/// `a/{b,c}.rs` as `a/b.rs` and `a/c.rs`; other words as they are, cut at commas.
fn braces(word: &str) -> Vec<String> {
    if let Some((before, (among, after))) = word.split_once('{').and_then(|(b, rest)| Some((b, rest.split_once('}')?)))
    {
        return among.split(',').map(|one| format!("{before}{one}{after}")).collect();
    }
    word.split(',').map(str::to_owned).collect()
}

/// True if `name` is a file or a folder, from the project's folder or from any other.
fn exists(name: &str, files: &BTreeSet<String>) -> bool {
    let whole = ["src/", "shaders/"].iter().any(|folder| name.starts_with(folder));
    let name = name.trim_end_matches('/');
    files.iter().any(|file| {
        let (file, folder) = (file.as_str(), format!("{name}/"));
        match whole {
            true => file == name || file.starts_with(&folder),
            false => file == name || file.ends_with(&format!("/{name}")),
        }
    })
}

/// Names of files that do not exist, each with the place that names it.
pub fn stale() -> Vec<String> {
    let existing = existing();
    let sources =
        ["src", "shaders", "tests", "benches", "examples"].map(|folder| files(folder, &["rs", "wgsl"])).concat();
    // These files speak of files that there could be.
    let sources = sources.into_iter().filter(|file| !file.starts_with("tests/suite/structure"));
    let pages = files("docs", &["md"]).into_iter().chain(["README.md".to_owned()]);
    let comments = sources.map(|file| (parts(&read(&file)).1, file));
    let texts = comments.chain(pages.map(|file| (read(&file), file)));
    let mut found = Vec::new();
    for (text, file) in texts {
        found.extend(named(&text).iter().filter(|n| !exists(n, &existing)).map(|n| format!("{file}: {n}")));
    }
    found
}

#[test]
fn names_of_files_are_found_in_text() {
    let text =
        "Twin of `shaders/density/{dense,sparse}.wgsl`; see near.rs, or src/gpu/. Not e.g. 3.5, a.b, x/device.rs.";
    assert_eq!(named(text), ["shaders/density/dense.wgsl", "shaders/density/sparse.wgsl", "near.rs", "src/gpu/"]);
    let existing = existing();
    assert!(exists("shaders/density/dense.wgsl", &existing) && exists("src/gpu/", &existing));
    assert!(exists("density/dense.wgsl", &existing) && exists("dense.wgsl", &existing));
    for gone in ["shaders/dense.wgsl", "src/gpu_code", "densest.wgsl", "gpu/dense.wgsl"] {
        assert!(!exists(gone, &existing), "{gone}");
    }
}
