//! The folder of a command's results.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::output::{check_kind, check_place, made_folder, prepare_folder, retire, settled_folder};

/// A folder for results. Dropped, it goes again if it was made for them and none came.
#[derive(Debug)]
#[must_use]
pub struct ResultFolder {
    path: PathBuf,
    made: bool,
}

impl ResultFolder {
    /// Makes the folder where there is none, and finds that files of these names can be written to it.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io).
    pub fn new<'a>(path: &Path, names: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let made = !path.exists();
        let folder = Self { path: path.to_owned(), made };
        prepare_folder(path)?;
        if made {
            made_folder(path);
        }
        names.into_iter().try_for_each(|name| check_place(&folder.at(name)))?;
        Ok(folder)
    }

    /// Finds that what lies under these names is of an earlier run, and may be replaced.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io).
    pub fn check_kinds(&self, names: &[&str]) -> Result<()> {
        names.iter().try_for_each(|name| check_kind(&self.at(name)))
    }

    /// Removes those of `every` file that a command may write which it does not write now: results of an earlier run, which do not belong
    /// to those that come. `last`, which is written when all else is there, goes first. Only regular files go, and none if one that is written would replace
    /// what is of no earlier run.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io).
    pub fn clear(&self, every: &[&str], written: &[&str], last: &str) -> Result<()> {
        self.check_kinds(written)?;
        let stale = every.iter().filter(|name| !written.contains(name));
        std::iter::once(&last).chain(stale).try_for_each(|name| retire(&self.at(name)))
    }

    /// What stands between `prefix` and `suffix` in the names of the files that lie there: data sets of earlier runs.
    pub fn between(&self, prefix: &str, suffix: &str) -> Vec<String> {
        let names = fs::read_dir(&self.path).into_iter().flatten().flatten().map(|entry| entry.file_name());
        let inner = |name: OsString| Some(name.to_str()?.strip_prefix(prefix)?.strip_suffix(suffix)?.to_owned());
        names.filter_map(inner).collect()
    }

    /// A file's path.
    pub fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for ResultFolder {
    fn drop(&mut self) {
        if self.made {
            settled_folder(&self.path);
            // The system refuses if anything lies in it.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_earlier_runs_go_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let at = |name: &str| parent.path().join(name);
        for name in ["old.npy", "new.npy", "report.json", "mine.txt"] {
            fs::write(at(name), "").unwrap();
        }
        fs::create_dir(at("folder.npy")).unwrap();
        let folder = ResultFolder::new(parent.path(), ["new.npy", "report.json"]).unwrap();
        let every = ["new.npy", "old.npy", "folder.npy", "none.npy"];
        folder.clear(&every, &["new.npy", "report.json"], "report.json").unwrap();
        let there = ["old.npy", "new.npy", "report.json", "mine.txt", "folder.npy"].map(|name| at(name).exists());
        assert_eq!(there, [false, true, false, true, true]);
    }

    #[test]
    fn folders_made_for_results_go_if_none_come() {
        let parent = tempfile::tempdir().unwrap();
        let (new, old) = (parent.path().join("x/y"), parent.path().join("old"));
        let folder = ResultFolder::new(&new, ["a.txt"]).unwrap();
        assert!(new.is_dir());
        drop(folder);
        assert!(!new.exists());

        let folder = ResultFolder::new(&new, ["a.txt"]).unwrap();
        fs::write(folder.at("a.txt"), "a").unwrap();
        drop(folder);
        assert!(new.join("a.txt").exists());

        fs::create_dir(&old).unwrap();
        drop(ResultFolder::new(&old, []).unwrap());
        assert!(old.exists());

        fs::create_dir(new.join("taken")).unwrap();
        let message = ResultFolder::new(&new, ["a.txt", "taken"]).unwrap_err().to_string();
        assert!(message.contains("taken") && message.contains("it is a folder"), "{message}");
    }
}
