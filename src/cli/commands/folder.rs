//! The folder of a command's results.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::output::{check_file, prepare_folder};

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
        let folder = prepare_folder(path).map(|()| Self { path: path.to_owned(), made })?;
        names.into_iter().try_for_each(|name| check_file(&folder.at(name)))?;
        Ok(folder)
    }

    /// A file's path.
    pub fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for ResultFolder {
    fn drop(&mut self) {
        if self.made {
            // The system refuses if anything lies in it.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
