//! Which module of the library imports which, from `use` declarations and from paths in the code.
//!
//! A module is a file. A name that a module re-exports leads to the module that defines it, so that imports through `mod.rs` are
//! seen for what they are.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{files, parts, read, without_tests};

/// A module's place: `["cross_section", "device", "run"]`; the crate's root is empty.
pub type Place = Vec<String>;

/// A `use` of one name.
struct Use {
    /// The path, from the root of the crate.
    path: Place,
    /// What it is called here; `*` for all of a module.
    alias: String,
    /// Visible outside of the module.
    exported: bool,
}

struct Module {
    uses: Vec<Use>,
    /// The code without `use` declarations.
    code: String,
}

/// The modules of the library, without those of tests.
pub struct Modules {
    modules: BTreeMap<Place, Module>,
}

/// Imports by module.
pub type Graph = BTreeMap<Place, BTreeSet<Place>>;

impl Modules {
    /// Reads the library.
    pub fn read() -> Self {
        let texts = files("src", &["rs"]).into_iter().filter(|f| f != "src/main.rs").map(|f| (place(&f), read(&f)));
        Self::parse(texts.collect())
    }

    /// From texts by place.
    pub fn parse(texts: BTreeMap<Place, String>) -> Self {
        let codes: BTreeMap<Place, String> = texts.into_iter().map(|(place, text)| (place, parts(&text).0)).collect();
        let mut tests = BTreeSet::new();
        for (place, code) in &codes {
            for (at, found) in code.match_indices("#[cfg(test)]") {
                let item = code[at + found.len()..].trim_start();
                let item = item.strip_prefix("#[path = \"\"]").unwrap_or(item).trim_start();
                let item = item.strip_prefix("pub(crate) ").unwrap_or(item);
                if let Some(name) = item.strip_prefix("mod ").and_then(|rest| rest.split_once(';')) {
                    tests.insert([place.as_slice(), &[name.0.to_owned()]].concat());
                }
            }
        }
        let is_test = |place: &Place| {
            // `#[path]` gives a file another name than its module's.
            let named = place.last().is_some_and(|name| name.ends_with("_tests"));
            named || tests.iter().any(|test| place.starts_with(test))
        };
        let places: BTreeSet<Place> = codes.keys().filter(|p| !is_test(p)).cloned().collect();
        let parse = |(place, code): (Place, String)| {
            let (uses, code) = uses(&without_tests(&code), &place, &places);
            (place, Module { uses, code })
        };
        let modules = codes.into_iter().filter(|(place, _)| !is_test(place)).map(parse).collect();
        Self { modules }
    }

    /// Places of all modules.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.modules.keys()
    }

    /// What each module imports.
    pub fn imports(&self) -> Graph {
        self.modules.iter().map(|(place, module)| (place.clone(), self.imports_of(place, module))).collect()
    }

    fn imports_of(&self, place: &Place, module: &Module) -> BTreeSet<Place> {
        let mut found = BTreeSet::new();
        // Modules that a path can begin with: parts of this one, and those that it imports as such.
        let mut starts: BTreeMap<String, Place> = BTreeMap::new();
        for part in self.modules.keys().filter(|p| p.len() == place.len() + 1 && p.starts_with(place)) {
            starts.insert(part.last().unwrap().clone(), part.clone());
        }
        for one in &module.uses {
            let defined = self.definer(&one.path, 0);
            if self.modules.contains_key(&one.path) {
                starts.insert(one.alias.clone(), one.path.clone());
            }
            // A re-export of a part's name makes no use of it.
            if !(one.exported && defined.starts_with(place)) {
                found.insert(defined);
            }
        }
        for path in paths(&module.code) {
            let absolute = match (from_root(&path, place), starts.get(&path[0])) {
                (Some(absolute), _) => absolute,
                (None, Some(start)) => [start.as_slice(), &path[1..]].concat(),
                (None, None) => continue,
            };
            found.insert(self.definer(&absolute, 0));
        }
        found.remove(place);
        found
    }

    /// The module that defines what a path names, through re-exports.
    fn definer(&self, path: &[String], depth: usize) -> Place {
        assert!(depth < 20, "re-exports go round at {path:?}");
        let length = (0..=path.len()).rev().find(|n| self.modules.contains_key(&path[..*n])).unwrap_or(0);
        let module = &path[..length];
        let Some(name) = path.get(length) else { return module.to_vec() };
        let exports = self.modules[module].uses.iter().filter(|u| u.exported);
        match exports.into_iter().find(|u| u.alias == *name) {
            Some(export) if export.path.as_slice() != path => self.definer(&export.path, depth + 1),
            _ => module.to_vec(),
        }
    }
}

/// The module of a file.
pub fn place(file: &str) -> Place {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" { Place::new() } else { path.split('/').map(str::to_owned).collect() }
}

/// The path from the crate's root, if it begins with `crate`, `self` or `super`.
fn from_root(path: &[String], place: &Place) -> Option<Place> {
    let supers = path.iter().take_while(|s| *s == "super").count();
    match path[0].as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => {
            let rest = &path[1..];
            let up = rest.iter().take_while(|s| *s == "super").count();
            Some([&place[..place.len() - up], &rest[up..]].concat())
        }
        "super" => Some([&place[..place.len().saturating_sub(supers)], &path[supers..]].concat()),
        _ => None,
    }
}

/// All paths of at least two names in some code.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = code;
    while let Some(at) = rest.find(is_word) {
        rest = &rest[at..];
        let mut path = Vec::new();
        loop {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            path.push(rest[..end].to_owned());
            rest = &rest[end..];
            match rest.strip_prefix("::") {
                Some(next) if next.starts_with(is_word) => rest = next,
                _ => break,
            }
        }
        if path.len() > 1 {
            found.push(path);
        }
    }
    found
}

/// The `use` declarations of some code, and the rest of it.
fn uses(code: &str, place: &Place, places: &BTreeSet<Place>) -> (Vec<Use>, String) {
    let (mut found, mut left, mut rest) = (Vec::new(), String::new(), code);
    while let Some(at) = rest.find("use ") {
        let before = rest[..at].trim_end();
        let in_word = rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let captures = before.ends_with('+'); // `impl Trait + use<'a>`
        left.push_str(&rest[..at]);
        rest = &rest[at + 4..];
        if in_word || captures {
            continue;
        }
        let end = rest.find(';').unwrap_or(rest.len());
        let exported = before.ends_with("pub")
            || before.ends_with(')') && before.rfind("pub(").is_some_and(|p| !before[p..].contains('\n'));
        let mut tree = Vec::new();
        expand(&rest[..end], &[], &mut tree);
        for (path, alias) in tree {
            let own = || places.contains(&[place.as_slice(), &path[..1]].concat());
            let path = match from_root(&path, place) {
                Some(path) => path,
                None if own() => [place.as_slice(), &path].concat(),
                None => continue,
            };
            found.push(Use { path, alias, exported });
        }
        rest = &rest[end..];
    }
    left.push_str(rest);
    (found, left)
}

/// Names of a tree of imports: `a::{b, c as d, self}`.
fn expand(tree: &str, before: &[String], found: &mut Vec<(Vec<String>, String)>) {
    let tree = tree.trim();
    let brace = tree.find('{');
    let (head, group) = match brace {
        Some(open) => (&tree[..open], Some(&tree[open + 1..tree.rfind('}').unwrap_or(tree.len())])),
        None => (tree, None),
    };
    let (head, renamed) = match head.split_once(" as ") {
        Some((head, name)) => (head, Some(name.trim().to_owned())),
        None => (head, None),
    };
    let names = head.split("::").map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned);
    let mut path: Vec<String> = before.iter().cloned().chain(names).collect();
    if let Some(group) = group {
        let (mut depth, mut start) = (0, 0);
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    expand(&group[start..i], &path, found);
                    start = i + 1;
                }
                _ => {}
            }
        }
        return expand(&group[start..], &path, found);
    }
    match path.last().map(String::as_str) {
        None => return,
        _ if head.trim().is_empty() => return,
        Some("self") if path.len() > 1 => drop(path.pop()),
        Some("*") => {
            path.pop();
            return found.push((path, "*".to_owned()));
        }
        _ => {}
    }
    let alias = renamed.unwrap_or_else(|| path.last().unwrap().clone());
    found.push((path, alias));
}

/// Sets of modules of which each leads to each other (strongly connected components of more than one).
pub fn circles(graph: &Graph) -> Vec<BTreeSet<Place>> {
    let reach = |from: &Place| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(at) = open.pop() {
            open.extend(graph.get(at).into_iter().flatten().filter(|to| seen.insert((*to).clone())));
        }
        seen
    };
    let reached: BTreeMap<&Place, BTreeSet<Place>> = graph.keys().map(|place| (place, reach(place))).collect();
    let mut found = BTreeSet::new();
    for (place, to) in &reached {
        if to.contains(*place) {
            let circle = to.iter().filter(|p| reached.get(p).is_some_and(|back| back.contains(*place)));
            found.insert(circle.cloned().collect::<BTreeSet<_>>());
        }
    }
    found.into_iter().collect()
}
