//! The house in order: comments point at files that exist, twins and devices stay apart.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder with one of these endings.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path, endings));
        } else if path.extension().is_some_and(|e| endings.iter().any(|known| e == *known)) {
            all.push(path);
        }
    }
    all.sort();
    all
}

/// Words of a text that look like paths of the project.
fn pointers(text: &str) -> impl Iterator<Item = &str> {
    let word = |c: char| c.is_alphanumeric() || "_-./".contains(c);
    let words = text.split(move |c: char| !word(c)).map(|w| w.trim_matches(|c| c == '.' || c == '/'));
    words.filter(|w| {
        let of_us = ["src/", "shaders/", "docs/", "tests/", "benches/", "examples/", "scripts/"]
            .iter()
            .any(|f| w.starts_with(f));
        of_us && [".rs", ".wgsl", ".md", ".py", ".toml"].iter().any(|e| w.ends_with(e))
    })
}

#[test]
fn comments_and_pages_point_at_files_that_exist() {
    let root = root();
    let mut all: Vec<PathBuf> = ["src", "shaders", "docs", "benches", "examples", "tests/suite"]
        .iter()
        .flat_map(|folder| files(&root.join(folder), &["rs", "wgsl", "md"]))
        .collect();
    all.push(root.join("README.md"));
    let (mut seen, mut stale) = (0, Vec::new());
    for path in &all {
        let text = std::fs::read_to_string(path).unwrap();
        for pointer in pointers(&text) {
            seen += 1;
            if !root.join(pointer).exists() {
                stale.push(format!("{}: {pointer}", path.strip_prefix(&root).unwrap().display()));
            }
        }
    }
    stale.dedup();
    assert!(stale.is_empty(), "pointers to files that are not there:\n{}", stale.join("\n"));
    assert!(seen > 50, "the test reads pointers: {seen}");
}

/// What a file imports, tests aside.
fn imports(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
    code.lines()
        .map(str::trim)
        .filter(|l| l.starts_with("use ") || l.starts_with("pub use "))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_twin_does_not_import_what_it_is_to_judge() {
    let root = root().join("src");
    let twins = [
        "cross_section/cpu.rs",
        "cross_section/convolve.rs",
        "cross_section/near.rs",
        "cross_section/voigt.rs",
        "cross_section/wing_law.rs",
        "density/lines.rs",
        "density/line_shape.rs",
        "opacity/cia.rs",
        "transfer/emission.rs",
        "transfer/emission/block.rs",
        "transfer/sensitivity.rs",
        "transfer/sensitivity/block.rs",
        "transfer/jacobian.rs",
        "transfer/planck.rs",
        "transfer/transmission.rs",
        "transfer/transmission/block.rs",
        "transfer/transmission/chords.rs",
    ];
    for twin in twins {
        for line in imports(&root.join(twin)) {
            assert!(!line.contains("device"), "{twin}: {line}");
        }
    }
    // And no device file takes the inner loops of a twin.
    for path in files(&root, &["rs"])
        .into_iter()
        .filter(|p| p.components().any(|c| c.as_os_str().to_string_lossy().starts_with("device")))
    {
        let tests = path.components().any(|c| c.as_os_str().to_string_lossy().contains("tests"));
        for line in imports(&path).iter().filter(|_| !tests) {
            assert!(!line.contains("::block::") && !line.contains("cross_section::cpu"), "{}: {line}", path.display());
        }
    }
}

#[test]
fn only_the_gpu_room_names_wgpu() {
    let root = root().join("src");
    for path in files(&root, &["rs"]).into_iter().filter(|p| !p.starts_with(root.join("gpu"))) {
        for line in imports(&path) {
            assert!(!line.contains("wgpu"), "{}: {line}", path.display());
        }
    }
}

#[test]
fn scenarios_know_no_command_line() {
    for path in files(&root().join("src/scenario"), &["rs"]) {
        for line in imports(&path) {
            assert!(!line.contains("clap") && !line.contains("crate::cli"), "{}: {line}", path.display());
        }
    }
}
