//! The shape of the house: no circles of imports, backends that do not know each other, no names of files that are gone.

mod modules;
mod pointers;
pub mod source;

use std::collections::BTreeSet;

use modules::{Graph, Modules, Place, circles};
use source::{files, parts, read};

/// Modules that bring both backends together: they implement a trait of both, so they name the device side of their own folder.
const BOTH_BACKENDS: &[&str] = &[
    "opacity::collisions",
    "opacity::continuum",
    "opacity::lines",
    "opacity::table",
    "transfer::emission::geometry",
    "transfer::transmission::geometry",
];

/// Parts of a stage that belong to neither side: what both start from.
const SHARED_PARTS: &[&str] = &["opacity::table::axis", "transfer::transmission::chords"];

fn show(place: &Place) -> String {
    if place.is_empty() { "the crate".to_owned() } else { place.join("::") }
}

/// Circles of imports that are none of a module and its own parts.
fn forbidden(graph: &Graph) -> Vec<BTreeSet<Place>> {
    let related = |a: &Place, b: &Place| a.starts_with(b) || b.starts_with(a);
    let between: Graph = graph
        .iter()
        .map(|(from, all)| (from.clone(), all.iter().filter(|to| !related(from, to)).cloned().collect()))
        .collect();
    // A circle of the whole graph is allowed if one of its modules holds all others.
    let held = |circle: &BTreeSet<Place>| circle.iter().any(|root| circle.iter().all(|p| p.starts_with(root)));
    let all: BTreeSet<_> = circles(graph).into_iter().filter(|c| !held(c)).chain(circles(&between)).collect();
    all.into_iter().collect()
}

#[test]
fn no_module_is_in_a_circle_of_imports() {
    let found: Vec<String> = forbidden(&Modules::read().imports())
        .iter()
        .map(|circle| circle.iter().map(show).collect::<Vec<_>>().join(" <-> "))
        .collect();
    assert!(found.is_empty(), "{} circles:\n{}", found.len(), found.join("\n"));
}

/// The folders and files of `src/`, with what they import of each other. The crate's root, which re-exports, is left out.
fn rooms(graph: &Graph) -> Graph {
    let room = |place: &Place| place.iter().take(1).cloned().collect::<Place>();
    let mut rooms = Graph::new();
    for (from, all) in graph.iter().filter(|(from, _)| !from.is_empty()) {
        let others = all.iter().map(room).filter(|to| !to.is_empty() && *to != room(from));
        rooms.entry(room(from)).or_default().extend(others);
    }
    rooms
}

#[test]
fn rooms_depend_upstream_only() {
    let graph = Modules::read().imports();
    let found: Vec<String> = circles(&rooms(&graph))
        .iter()
        .map(|circle| {
            let links = graph.iter().flat_map(|(from, all)| all.iter().map(move |to| (from, to)));
            let inside = |p: &Place| p.first().is_some_and(|room| circle.contains(&vec![room.clone()]));
            let links = links.filter(|(from, to)| inside(from) && inside(to) && from[0] != to[0]);
            let links: Vec<String> = links.map(|(from, to)| format!("  {} -> {}", show(from), show(to))).collect();
            format!("{}\n{}", circle.iter().map(show).collect::<Vec<_>>().join(" <-> "), links.join("\n"))
        })
        .collect();
    assert!(found.is_empty(), "{} circles:\n{}", found.len(), found.join("\n"));
}

/// The device side of a stage: `x/device.rs` or `x/device/`. The room `gpu` knows no stage.
fn is_device(place: &[String]) -> bool {
    place.first().is_some_and(|room| room != "gpu") && place.iter().any(|name| name == "device")
}

/// The CPU side of a stage: `cpu.rs`, a module with a device side of its own, what is in its folder, and the twin of a shader (by its name).
fn is_cpu(place: &Place, modules: &Modules, shaders: &[String]) -> bool {
    if is_device(place) || BOTH_BACKENDS.contains(&show(place).as_str()) {
        return false;
    }
    let has_device = |place: &[String]| modules.places().any(|p| *p == [place, &["device".to_owned()]].concat());
    // Folders of several stages hold what both sides share.
    let is_stage = |place: &[String]| place.len() > 1 && has_device(place);
    let (Some(room), Some(name)) = (place.first(), place.last()) else { return false };
    let is_twin = place.len() == 2 && shaders.contains(&format!("shaders/{room}/{name}.wgsl"));
    let in_stage = (2..=place.len()).any(|n| is_stage(&place[..n]));
    place.iter().any(|name| name == "cpu") || in_stage || is_twin
}

#[test]
fn backends_do_not_import_each_other() {
    let modules = Modules::read();
    let shaders = files("shaders", &["wgsl"]);
    let mut found = Vec::new();
    let (mut cpu, mut device) = (0, 0);
    for (from, imported) in modules.imports() {
        let (from_cpu, from_device) = (is_cpu(&from, &modules, &shaders), is_device(&from));
        cpu += usize::from(from_cpu);
        device += usize::from(from_device);
        for to in imported {
            // What a module of both sides shares with its device side is in the module itself.
            let shared = from.starts_with(&to) || SHARED_PARTS.contains(&show(&to).as_str());
            let wrong = from_cpu && is_device(&to) || from_device && is_cpu(&to, &modules, &shaders) && !shared;
            if wrong {
                found.push(format!("{} imports {}", show(&from), show(&to)));
            }
        }
    }
    assert!(cpu > 10 && device > 10, "{cpu} modules of the CPU, {device} of devices: the rules find none");
    assert!(found.is_empty(), "{} imports:\n{}", found.len(), found.join("\n"));
}

#[test]
fn only_one_folder_names_wgpu() {
    let named = |file: &String| parts(&read(file)).0.contains("wgpu::");
    let found: Vec<_> = files("src", &["rs"]).into_iter().filter(|f| !f.starts_with("src/gpu/") && named(f)).collect();
    assert!(found.is_empty(), "{found:?}");
    assert!(files("src/gpu", &["rs"]).iter().any(named));
}

#[test]
fn scenarios_know_no_command_line() {
    let named = |file: &String| ["clap", "crate::cli"].iter().any(|n| parts(&read(file)).0.contains(n));
    let found: Vec<_> = files("src/scenario", &["rs"]).into_iter().filter(named).collect();
    assert!(found.is_empty(), "{found:?}");
    assert!(files("src/cli", &["rs"]).iter().any(named));
}

#[test]
fn names_of_source_files_are_those_of_files() {
    let stale = pointers::stale();
    assert!(stale.is_empty(), "{} names of no file:\n{}", stale.len(), stale.join("\n"));
}

/// The graph of a few texts by the names of their files.
fn graph(texts: &[(&str, &str)]) -> Graph {
    Modules::parse(texts.iter().map(|(file, text)| (modules::place(file), (*text).to_owned())).collect()).imports()
}

#[test]
fn circles_are_found_however_they_are_written() {
    let lib = ("src/lib.rs", "pub mod a; pub mod b;");
    let is_circle = |texts: &[(&str, &str)]| {
        let found = forbidden(&graph(&[&[lib], texts].concat()));
        let names: Vec<String> = found.iter().map(|c| c.iter().map(show).collect::<Vec<_>>().join(" ")).collect();
        names.join("; ")
    };
    // by `use`, by a path in the code, through a re-export, by the name of an imported module
    let a = [("src/a/mod.rs", "mod x; pub use x::X;"), ("src/a/x.rs", "use crate::b::{self, Y as Z}; pub struct X;")];
    for b in ["use crate::a::X; pub struct Y;", "fn f() -> crate::a::X {}", "use crate::a; fn f() -> a::X {}"] {
        assert_eq!(is_circle(&[a[0], a[1], ("src/b.rs", b)]), "a::x b", "{b}");
    }
    // comments, strings, tests and other crates are no imports
    for b in [
        "// crate::a::X",
        "const S: &str = \"crate::a::X\";",
        "#[cfg(test)] mod tests { use crate::a::X; }",
        "use a1::X;",
    ] {
        assert_eq!(is_circle(&[a[0], a[1], ("src/b.rs", b)]), "", "{b}");
    }
    // a module and its part, but not two parts of one
    let part = ("src/b/p.rs", "use super::f;");
    assert_eq!(is_circle(&[("src/b.rs", "mod p; use p::g; fn f() {}"), part]), "");
    let parts = [("src/b.rs", "mod p; mod q;"), ("src/b/p.rs", "use super::q::g;"), ("src/b/q.rs", "use super::p::f;")];
    assert_eq!(is_circle(&parts), "b::p b::q");
    // a part that leads back to its module by way of another room
    let around = [
        ("src/b.rs", "mod p; use crate::a::X;"),
        ("src/b/p.rs", ""),
        ("src/a.rs", "use crate::b::p::f; pub struct X;"),
    ];
    assert_eq!(is_circle(&around), "");
    let around = [("src/b.rs", "mod p; use crate::a::X; fn g() {}"), ("src/b/p.rs", "use super::g;"), around[2]];
    assert_eq!(is_circle(&around), "a b b::p");
}
