//! Files and folders that are not whole yet: where they lie, and who removes them.
//!
//! A temporary file lies beside its target under the name `.photosphere-PID-XXXXXX.tmp` and is locked as long as it is written. It goes when its writing fails, when a
//! signal ends the process ([`abandon_all`]), and at the latest when a later run uses the folder ([`sweep`]): its process is gone by then, and so is the lock,
//! which other computers that share the folder, and other containers, see as well.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::{Builder, NamedTempFile, TempDir};

const PREFIX: &str = ".photosphere-";
const SUFFIX: &str = ".tmp";
/// Of what no living process is known to be the writer, although its number is in use: removed after this time.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);
/// Folders have no lock: those of a process that is not known here may be another computer's for this time.
const FOLDERS: Duration = Duration::from_secs(60);

/// What a signal has to remove.
#[derive(Debug, PartialEq)]
enum Held {
    /// With all that is in it.
    Temporary(PathBuf),
    /// If it is empty.
    Folder(PathBuf),
}

static HELD: Mutex<Vec<Held>> = Mutex::new(Vec::new());

fn held() -> MutexGuard<'static, Vec<Held>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As long as it lives no temporary file is made, and none takes its place.
#[must_use]
#[derive(Debug)]
pub struct Abandoned(#[allow(dead_code, reason = "held, not read")] MutexGuard<'static, Vec<Held>>);

/// Removes all that is not whole, for a process that is about to end; other threads wait at their next file for as long as the result lives.
pub fn abandon_all() -> Abandoned {
    let mut held = held();
    for one in held.drain(..) {
        // Nobody is left to tell of what cannot be removed: the next run tries again.
        match one {
            Held::Temporary(path) => drop(fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path))),
            Held::Folder(path) => drop(fs::remove_dir(&path)),
        }
    }
    Abandoned(held)
}

/// A folder that was made for results: it goes again with a signal if none came.
pub(crate) fn made_folder(path: &Path) {
    held().push(Held::Folder(path.to_owned()));
}

/// Of a folder that was [made](made_folder): signals no longer have to see to it.
pub(crate) fn settled_folder(path: &Path) {
    forget(&Held::Folder(path.to_owned()));
}

fn forget(what: &Held) {
    held().retain(|one| one != what);
}

/// A file that is not whole yet. Dropped, it is gone.
#[derive(Debug)]
pub(super) struct Unfinished {
    /// `None` once it is in its place.
    file: Option<NamedTempFile>,
}

impl Unfinished {
    /// An empty file in `folder`, with the permissions `mode` less the user's umask.
    pub fn new(folder: &Path, mode: u32) -> io::Result<Self> {
        let mut held = held();
        let name = format!("{PREFIX}{}-", std::process::id());
        let mut builder = Builder::new();
        builder.prefix(&name).suffix(SUFFIX);
        // Temporary files are private by default; results follow the user's umask like any other file.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
        #[cfg(not(unix))]
        let _ = mode;
        // The library's message would name the temporary file, which means nothing to the user.
        let file = builder.tempfile_in(folder).map_err(|e| e.raw_os_error().map_or(e, io::Error::from_raw_os_error))?;
        // Where locks are not there, the process's number has to do.
        let _ = file.as_file().try_lock();
        held.push(Held::Temporary(file.path().to_owned()));
        Ok(Self { file: Some(file) })
    }

    pub fn file(&mut self) -> io::Result<&mut File> {
        self.file.as_mut().map(NamedTempFile::as_file_mut).ok_or_else(|| io::Error::other("the file is in its place"))
    }

    /// Renames it onto `target`.
    pub fn finish(mut self, target: &Path) -> io::Result<()> {
        // A signal's removal comes before or after, never between.
        let mut held = held();
        let Some(file) = self.file.take() else { return Ok(()) };
        held.retain(|one| !matches!(one, Held::Temporary(path) if path == file.path()));
        file.persist(target).map(drop).map_err(|e| e.error)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            let path = file.path().to_owned();
            drop(file);
            forget(&Held::Temporary(path));
        }
    }
}

/// A folder that is not whole yet, and takes the place of an older one as a whole. Dropped, it is gone.
#[derive(Debug)]
pub(crate) struct UnfinishedFolder {
    folder: TempDir,
}

impl UnfinishedFolder {
    /// An empty folder beside `target`.
    pub fn beside(target: &Path) -> io::Result<Self> {
        let mut held = held();
        let folder = temporary_folder(target)?;
        held.push(Held::Temporary(folder.path().to_owned()));
        Ok(Self { folder })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Renames it to `target`; what was there goes. In between there is none of that name, never half of one.
    pub fn finish(self, target: &Path) -> io::Result<()> {
        let held = held();
        if target.exists() {
            let old = temporary_folder(target)?;
            fs::rename(target, old.path().join("old"))?;
        }
        fs::rename(self.folder.path(), target)?;
        drop(held);
        Ok(())
    }
}

impl Drop for UnfinishedFolder {
    fn drop(&mut self) {
        // A folder that was renamed is no longer there for the inner one's removal.
        forget(&Held::Temporary(self.folder.path().to_owned()));
    }
}

fn temporary_folder(target: &Path) -> io::Result<TempDir> {
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = format!("{PREFIX}{}-", std::process::id());
    let mut builder = Builder::new();
    builder.prefix(&name).suffix(SUFFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    builder.tempdir_in(folder).map_err(|e| e.raw_os_error().map_or(e, io::Error::from_raw_os_error))
}

/// Removes temporary files and folders of processes that are gone from `folder`.
pub(crate) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let (Some(writer), Ok(meta)) = (writer(&name), entry.metadata()) else { continue };
        let path = entry.path();
        if is_held(&name) || !is_abandoned(&path, &meta, writer) {
            continue;
        }
        // Another process may have been faster.
        let _ = if meta.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    }
}

/// Of a temporary file's name, its process, if it says so; `None` for other files.
fn writer(name: &OsStr) -> Option<Option<u32>> {
    let rest = name.to_str()?.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    Some(rest.split_once('-').and_then(|(process, _)| process.parse().ok()))
}

fn is_held(name: &OsStr) -> bool {
    held().iter().any(|one| matches!(one, Held::Temporary(path) if path.file_name() == Some(name)))
}

fn is_abandoned(path: &Path, meta: &Metadata, writer: Option<u32>) -> bool {
    let age = meta.modified().ok().and_then(|t| t.elapsed().ok()).unwrap_or_default();
    // What this process does not hold and has its number is of an earlier one, in a container perhaps.
    let gone = writer.is_some_and(|process| process == std::process::id() || !is_alive(process));
    if meta.is_dir() {
        return age >= if gone { FOLDERS } else { ABANDONED };
    }
    let unlocked = || crate::input::open_regular(path).is_ok_and(|(file, _)| file.try_lock().is_ok());
    meta.is_file() && (gone || age >= ABANDONED) && unlocked()
}

/// Whether a process of this number runs; true where that cannot be found out.
fn is_alive(process: u32) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        use rustix::process::{Pid, test_kill_process};
        let process = i32::try_from(process).ok().and_then(Pid::from_raw);
        process.is_some_and(|process| test_kill_process(process) != Err(Errno::SRCH))
    }
    #[cfg(not(unix))]
    {
        let _ = process;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number that no process has: beyond Linux's largest.
    const NOBODY: u32 = 99_999_999;

    #[test]
    fn what_dead_processes_left_goes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: String| folder.path().join(name);
        let own = Unfinished::new(folder.path(), 0o666).unwrap();
        let dead = at(format!("{PREFIX}{NOBODY}-abc{SUFFIX}"));
        let others = at(format!("{PREFIX}{NOBODY}-locked{SUFFIX}"));
        // Process 1 lives.
        let alive = at(format!("{PREFIX}1-abc{SUFFIX}"));
        let reused = at(format!("{PREFIX}{}-abc{SUFFIX}", std::process::id()));
        let nameless = at(format!("{PREFIX}abc{SUFFIX}"));
        let foreign = at("mine.tmp".into());
        for path in [&dead, &others, &alive, &reused, &nameless, &foreign] {
            fs::write(path, "x").unwrap();
        }
        let lock = File::open(&others).unwrap();
        lock.lock().unwrap();
        sweep(folder.path());
        let own = own.file.as_ref().unwrap().path();
        let there = [&dead, &others, &alive, &reused, &nameless, &foreign, own].map(|p| p.exists());
        assert_eq!(there, [false, true, true, false, true, true, true]);
        File::options().write(true).open(&nameless).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        sweep(folder.path());
        assert!(!nameless.exists());
    }

    #[test]
    fn folders_take_a_place_as_a_whole() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("store");
        for text in ["one", "two"] {
            let folder = UnfinishedFolder::beside(&target).unwrap();
            fs::write(folder.path().join(text), text).unwrap();
            folder.finish(&target).unwrap();
        }
        drop(UnfinishedFolder::beside(&target).unwrap());
        assert!(target.join("two").exists() && !target.join("one").exists());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
    }
}
