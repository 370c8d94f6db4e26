//! Files that appear whole or not at all.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::{Error, Result};

const PREFIX: &str = ".photosphere-";
const SUFFIX: &str = ".tmp";

/// Writes a file through `write`: a temporary file in the same folder, synchronised, then renamed onto `path`.
///
/// An existing file is replaced only once the new one is complete; a symbolic link is followed, not replaced.
///
/// # Errors
/// [`Error::Io`] with action `"write"`: the folder is missing or read-only, `path` is a folder or a device, the disk is full.
pub fn write_atomic(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    replace_file(path, true, write).map_err(|e| Error::io("write", path, e))
}

/// As [`write_atomic`], with the system's own error. Without `synchronise` a loss of power may leave half a file.
pub(crate) fn replace_file(
    path: &Path,
    synchronise: bool,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let target = destination(path)?;
    let mut file = temporary_beside(&target)?;
    let mut buffered = BufWriter::with_capacity(1 << 18, file.as_file_mut());
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    if synchronise {
        file.as_file().sync_all()?;
    }
    file.persist(&target).map_err(|e| e.error)?;
    Ok(())
}

/// Whether a file's name is that of a temporary file of [`write_atomic`].
pub(crate) fn is_temporary(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

/// Checks, before a long computation, that [`write_atomic`] will be able to create `path`. Leaves nothing behind.
///
/// # Errors
/// As [`write_atomic`].
pub fn check_file(path: &Path) -> Result<()> {
    destination(path).and_then(|target| temporary_beside(&target)).map(drop).map_err(|e| Error::io("write", path, e))
}

/// Creates a folder for results, with its parents, and checks that files can be created in it.
///
/// # Errors
/// [`Error::Io`] with action `"create folder"`, or `"write"` if the folder exists and is read-only.
pub fn prepare_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|e| Error::io("create folder", path, e))?;
    temporary_beside(&path.join("x")).map(drop).map_err(|e| Error::io("write", path, e))
}

/// Where a file really goes: links followed, anything but a regular file refused (a rename would replace a device).
fn destination(path: &Path) -> io::Result<PathBuf> {
    match fs::metadata(path) {
        Ok(m) if m.is_dir() => {
            Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder; a file name is required"))
        }
        Ok(m) if !m.is_file() => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
        Ok(_) => fs::canonicalize(path),
        Err(e) if e.kind() == io::ErrorKind::NotFound => match path.file_name() {
            Some(_) => Ok(path.to_owned()),
            None => Err(io::Error::new(io::ErrorKind::InvalidInput, "it does not name a file")),
        },
        Err(e) => Err(e),
    }
}

fn temporary_beside(target: &Path) -> io::Result<NamedTempFile> {
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no folder {}", folder.display())));
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    // Temporary files are private by default; results follow the user's umask like any other file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // The library's message would name the temporary file, which means nothing to the user.
    builder.tempfile_in(folder).map_err(|e| e.raw_os_error().map_or(e, io::Error::from_raw_os_error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_atomic(&path, |w| w.write_all(b"old")).unwrap();
        let failed = write_atomic(&path, |w| {
            w.write_all(&[b'x'; 1 << 20])?;
            Err(io::Error::other("the disk is full"))
        });
        assert_eq!(failed.unwrap_err().to_string(), format!("cannot write {}: the disk is full", path.display()));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["a.txt"]);
        write_atomic(&path, |w| w.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn unwritable_targets_are_told_before_and_at_writing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plain");
        fs::write(&file, "").unwrap();
        for (path, why) in [
            (folder.path().join("no/such/a.npy"), "there is no folder"),
            (folder.path().to_owned(), "it is a folder"),
            (file.join("a.npy"), ""),
        ] {
            for outcome in [check_file(&path), write_atomic(&path, |w| w.write_all(b"x"))] {
                let message = outcome.unwrap_err().to_string();
                assert!(message.starts_with("cannot write ") && message.contains(why), "{message}");
            }
        }
        assert!(prepare_folder(&file.join("sub")).is_err());
        check_file(&folder.path().join("fine.npy")).unwrap();
        prepare_folder(&folder.path().join("x/y")).unwrap();
        assert_eq!(names(folder.path()), ["plain", "x"]);
        assert_eq!(names(&folder.path().join("x/y")), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_devices_refused_and_permissions_ordinary() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_atomic(&link, |w| w.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let plain = folder.path().join("plain");
        fs::write(&plain, "").unwrap();
        let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode();
        assert_eq!(mode(&real), mode(&plain));
        assert!(check_file(Path::new("/dev/null")).unwrap_err().to_string().contains("not a regular file"));
    }
}
