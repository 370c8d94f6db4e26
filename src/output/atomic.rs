//! Files that appear whole or not at all.

use std::fs;
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::temporary::{Unfinished, sweep};
use crate::{Error, Result};

/// Permissions of results before the umask.
const RESULTS: u32 = 0o666;

/// Writes a file through `write`: a temporary file in the same folder, synchronised, then renamed onto `path`.
///
/// An existing file is replaced only once the new one is complete. Where a symbolic link lies nothing is written: what it leads to may be anybody's.
///
/// # Errors
/// [`Error::Io`] with action `"write"`: the folder is missing or read-only, `path` is a folder, a link or a device, the disk is full.
pub fn write_atomic(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    replace_file(path, true, RESULTS, write).map_err(|e| Error::io("write", path, e))
}

/// As [`write_atomic`], with the system's own error and permissions (before the umask). Without `synchronise` a loss of power may leave half a file.
pub(crate) fn replace_file(
    path: &Path,
    synchronise: bool,
    permissions: u32,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = destination(path)?;
    let mut unfinished = Unfinished::new(&folder, permissions)?;
    let file = unfinished.file()?;
    let mut buffered = BufWriter::with_capacity(1 << 18, &mut *file);
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    if synchronise {
        file.sync_all()?;
    }
    unfinished.finish(path)
}

/// Checks, before a long computation, that [`write_atomic`] will be able to create `path`. Temporary files that dead processes left in the folder are removed.
///
/// # Errors
/// As [`write_atomic`].
pub fn check_file(path: &Path) -> Result<()> {
    destination(path).map(|folder| sweep(&folder)).map_err(|e| Error::io("write", path, e))?;
    check_place(path)
}

/// As [`check_file`], in a folder that was [prepared](prepare_folder).
pub(crate) fn check_place(path: &Path) -> Result<()> {
    let check = || destination(path).and_then(|folder| Unfinished::new(&folder, RESULTS)).map(drop);
    check().map_err(|e| Error::io("write", path, e))
}

/// Checks that what lies at `path` may be replaced: nothing, or a file of the kind that its name ends in, as an earlier run wrote it.
///
/// # Errors
/// [`Error::Io`] with action `"write"`: a file of another kind.
pub fn check_kind(path: &Path) -> Result<()> {
    own_kind(path).map_err(|e| Error::io("write", path, e))
}

/// Creates a folder for results, with its parents, and checks that files can be created in it. Temporary files that dead processes left there are removed.
///
/// # Errors
/// [`Error::Io`] with action `"create folder"`, or `"write"` if the folder exists and is read-only.
pub fn prepare_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|e| Error::io("create folder", path, e))?;
    sweep(path);
    Unfinished::new(path, RESULTS).map(drop).map_err(|e| Error::io("write", path, e))
}

/// Removes a file of an earlier run, such as its report before the first of the new files; nothing but a regular file goes.
///
/// # Errors
/// [`Error::Io`] with action `"remove"`.
pub fn retire(path: &Path) -> Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|m| m.is_file()) {
        fs::remove_file(path).map_err(|e| Error::io("remove", path, e))?;
    }
    Ok(())
}

/// The folder of a file that may be made or replaced: nothing lies there, or a regular file (a rename would replace a device, and what a link leads to
/// may be anybody's).
fn destination(path: &Path) -> io::Result<PathBuf> {
    let invalid = |text: String| Err(io::Error::new(ErrorKind::InvalidInput, text));
    match fs::symlink_metadata(path) {
        Ok(m) if m.is_dir() => {
            return Err(io::Error::new(ErrorKind::IsADirectory, "it is a folder; a file name is required"));
        }
        Ok(m) if m.is_symlink() => {
            let to = fs::read_link(path).unwrap_or_default();
            return invalid(format!(
                "it is a link to {}, which is not touched; give that name, or remove the link",
                to.display()
            ));
        }
        Ok(m) if !m.is_file() => return invalid("it is not a regular file".into()),
        Ok(_) => {}
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    if path.file_name().is_none() {
        return invalid("it does not name a file".into());
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(io::Error::new(ErrorKind::NotFound, format!("there is no folder {}", folder.display())));
    }
    Ok(folder.to_owned())
}

/// Refuses a file that is there and is not of the kind that its name says, or a report that is not this program's.
fn own_kind(path: &Path) -> io::Result<()> {
    let mut head = Vec::new();
    match crate::input::open_regular(path) {
        Ok((file, _)) => file.take(256).read_to_end(&mut head)?,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        // A file that may be replaced need not be readable.
        Err(_) => return Ok(()),
    };
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let holds = |text: &[u8]| memchr::memmem::find(&head, text).is_some();
    let (own, kind) = match extension {
        "npy" => (head.starts_with(b"\x93NUMPY"), "an array of an earlier run"),
        "json" => (holds(b"\"photosphere\""), "a report of an earlier run"),
        "png" => (head.starts_with(b"\x89PNG"), "a picture of an earlier run"),
        "svg" => (holds(b"<svg"), "a picture of an earlier run"),
        "tex" => (holds(b"% photosphere "), "a table of an earlier run"),
        _ => (true, ""),
    };
    if own || head.is_empty() {
        return Ok(());
    }
    Err(io::Error::new(
        ErrorKind::AlreadyExists,
        format!("the file there is not {kind}; move it, or choose another name"),
    ))
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
    fn links_and_devices_are_refused_and_permissions_ordinary() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        for outcome in [check_file(&link), write_atomic(&link, |w| w.write_all(b"new"))] {
            let message = outcome.unwrap_err().to_string();
            assert!(message.contains("it is a link to"), "{message}");
        }
        assert_eq!(fs::read(&real).unwrap(), b"old");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        write_atomic(&real, |w| w.write_all(b"new")).unwrap();
        let plain = folder.path().join("plain");
        fs::write(&plain, "").unwrap();
        let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode();
        assert_eq!(mode(&real), mode(&plain));
        assert!(check_file(Path::new("/dev/null")).unwrap_err().to_string().contains("not a regular file"));
    }

    #[test]
    fn files_of_other_kinds_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for (name, own) in [("a.npy", &b"\x93NUMPY\x01\0"[..]), ("a.json", b"{\n  \"photosphere\": \"0.1.0\"")] {
            let path = folder.path().join(name);
            for earlier in [own, b""] {
                fs::write(&path, earlier).unwrap();
                check_kind(&path).unwrap();
            }
            fs::write(&path, "a chapter of my thesis").unwrap();
            let message = check_kind(&path).unwrap_err().to_string();
            assert!(message.contains("of an earlier run; move it"), "{message}");
        }
    }
}
