//! The files of a data set.

use std::path::{Path, PathBuf};

use super::ExomolBroadening;
use super::definition::Definition;
use super::names::{TransitionFiles, is_superseded};
use crate::lines::reader::without_compression;
use crate::lines::recognise::{STATES, recognise};
use crate::{Error, Result};

/// Where everything is.
pub(super) struct Files {
    pub folder: PathBuf,
    /// `12C-16O__Li2015`.
    pub stem: String,
    /// `12C-16O`.
    pub isotopologue: String,
    /// `.def.json`, then `.def`: what the first has goes before the second.
    pub definitions: Vec<PathBuf>,
    pub partition: Option<PathBuf>,
    pub states: PathBuf,
    /// All file names in the folder, ascending.
    names: Vec<String>,
}

impl Files {
    /// Finds the one data set in a folder, by the name of its definition file, without one by that of its states file.
    pub fn find(folder: &Path) -> Result<Self> {
        let fail = |message: String| Error::parse(folder, None, message);
        if folder.is_file() {
            let parent = folder.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let known = recognise(folder).filter(|kind| *kind != STATES);
            let known = known.map(|kind| format!("; {kind}")).unwrap_or_default();
            let required =
                format!("an ExoMol data set is a folder, such as {}: all its files are needed", parent.display());
            return Err(fail(format!("a file; {required}{known}")));
        }
        let names = names_in(folder)?;
        let plain = |suffix: &str| {
            let all = names.iter().map(|n| without_compression(Path::new(n)).to_string_lossy().into_owned());
            let mut stems: Vec<_> = all.filter_map(|n| n.strip_suffix(suffix).map(str::to_owned)).collect();
            stems.dedup();
            stems
        };
        let mut stems: Vec<_> = names
            .iter()
            .filter_map(|n| n.strip_suffix(".def").or(n.strip_suffix(".def.json")))
            .map(str::to_owned)
            .collect();
        stems.sort();
        stems.dedup();
        if stems.is_empty() {
            let lists = plain(".trans");
            stems = plain(".states");
            stems.retain(|stem| lists.iter().any(|l| l == stem || l.starts_with(&format!("{stem}__"))));
        }
        // The states of a superseded version beside the current ones.
        let current = stems.clone();
        stems.retain(|s| !current.iter().any(|c| s != c && s.strip_prefix(c.as_str()).is_some_and(is_superseded)));
        let stem = match &stems[..] {
            [one] => one.clone(),
            [] => {
                let required = "an ExoMol data set is a folder with ISO__SET.states, ISO__SET*.trans and ISO__SET.pf";
                return Err(fail(format!(
                    "no .def or .def.json, and no .states beside a .trans of the same name: {required}"
                )));
            }
            _ => return Err(fail(format!("several data sets: {}; one is required", stems.join(", ")))),
        };
        let one = |suffix: &str| {
            let plain = format!("{stem}{suffix}");
            names.iter().find(|n| without_compression(Path::new(n)) == Path::new(&plain)).map(|n| folder.join(n))
        };
        let states = one(".states").ok_or_else(|| fail(format!("no {stem}.states or {stem}.states.bz2")))?;
        let definitions = [".def.json", ".def"].iter().map(|suffix| format!("{stem}{suffix}"));
        Ok(Self {
            folder: folder.to_owned(),
            isotopologue: stem.split("__").next().unwrap_or(&stem).to_owned(),
            definitions: definitions.filter(|n| names.contains(n)).map(|n| folder.join(n)).collect(),
            partition: one(".pf"),
            states,
            stem,
            names,
        })
    }

    /// What the definition files say; nothing if there is none.
    pub fn definition(&self) -> Result<Definition> {
        let mut all = Definition::default();
        for path in &self.definitions {
            let json = path.extension().is_some_and(|e| e == "json");
            all = all.or(if json { Definition::read_json(path)? } else { Definition::read(path)? });
        }
        Ok(all)
    }

    /// The transition files that belong to the set.
    pub fn transitions(&self, definition: &Definition) -> Result<TransitionFiles> {
        TransitionFiles::sort(&self.folder, &self.stem, &self.names, definition)
    }

    /// The file of a gas' widths; `None` if they come from no file of their own.
    pub fn table_path(&self, gas: &ExomolBroadening) -> Result<Option<PathBuf>> {
        match gas {
            ExomolBroadening::File(path) => Ok(Some(path.clone())),
            _ => label(gas).map(|label| self.broadening_file(label)).transpose(),
        }
    }

    /// `12C-16O__H2.broad`, or `12C-16O__SET__H2.broad`, in the folder or the one above, the gas in upper or lower case. Whether it
    /// exists decides, not the definition file's count.
    fn broadening_file(&self, label: &str) -> Result<PathBuf> {
        let above = self.folder.parent().map(Path::to_owned).filter(|p| !p.as_os_str().is_empty());
        let above = above.unwrap_or_else(|| self.folder.join(".."));
        let mut there = Vec::new();
        for (folder, names) in [(&self.folder, self.names.clone()), (&above, names_in(&above).unwrap_or_default())] {
            for prefix in [&self.stem, &self.isotopologue] {
                let gas = |name: &str| {
                    Some(name.strip_suffix(".broad")?.strip_prefix(prefix.as_str())?.strip_prefix("__")?.to_owned())
                };
                let gases: Vec<_> = names.iter().filter_map(|n| Some((n, gas(n)?))).collect();
                let exact = gases.iter().find(|(_, gas)| gas == label);
                if let Some((name, _)) = exact.or_else(|| gases.iter().find(|(_, gas)| gas.eq_ignore_ascii_case(label)))
                {
                    return Ok(folder.join(name));
                }
                there.extend(gases.into_iter().map(|g| g.1));
            }
        }
        let has =
            if there.is_empty() { "there is none at all".into() } else { format!("there are: {}", there.join(", ")) };
        let message = format!(
            "no {}__{label}.broad here or in the folder above ({has}); without it use the default width",
            self.isotopologue
        );
        Err(Error::parse(&self.folder, None, message))
    }
}

fn names_in(folder: &Path) -> Result<Vec<String>> {
    if folder.is_file() {
        let message = "a file: an ExoMol data set is a folder with ISO__SET.states, ISO__SET*.trans and ISO__SET.pf";
        return Err(Error::parse(folder, None, message));
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| Error::io("read", folder, e))? {
        let entry = entry.map_err(|e| Error::io("read", folder, e))?;
        names.extend(entry.file_name().into_string().ok());
    }
    // A plain file sorts before its compressed twin.
    names.sort();
    Ok(names)
}

/// A gas' label in the names of files and in the definition file.
pub(super) fn label(gas: &ExomolBroadening) -> Option<&str> {
    match gas {
        ExomolBroadening::H2 => Some("H2"),
        ExomolBroadening::He => Some("He"),
        ExomolBroadening::Named(name) => Some(name),
        _ => None,
    }
}
