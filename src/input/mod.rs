//! Files that users name, and text out of them.
//!
//! Whatever the library reads is opened by [`open`]: a regular file and nothing else. A named pipe would let the program wait for ever, a device may do
//! something by being opened. What is read as a whole has a limit of size, which is looked at before anything is allocated, and again while it is read.
//!
//! | module | idea |
//! | --- | --- |
//! | `npy` | an array of numbers in NumPy's format |
//! | `printable` | text that does nothing to a terminal |

mod npy;
mod printable;

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use crate::{Error, Result};

pub(crate) use npy::{Array, array};
pub use printable::printable;

/// Longest configuration \[bytes\].
pub const CONFIGURATION: u64 = 16 << 20;
/// Longest table of numbers as text: data, profiles, spectra of stars \[bytes\].
pub const TABLE: u64 = 256 << 20;
/// Longest file of arrays, and longest array in an archive \[bytes\].
pub const ARRAYS: u64 = 4 << 30;

/// Most bytes that a compressed file of so many may hold: text and numbers shrink to a tenth, a file of nothing but one byte to a thousandth and less.
pub(crate) fn expanded(stored: u64) -> u64 {
    stored.saturating_mul(100).max(64 << 20)
}

/// Opens a regular file for reading.
///
/// # Errors
/// [`Error::Io`] with action `"read"`: it is not there, is a folder, a named pipe, a device, or may not be read.
pub fn open(path: &Path) -> Result<File> {
    open_regular(path).map(|(file, _)| file).map_err(|e| Error::io("read", path, e))
}

/// As [`open`], with the system's own error, and what it says of the open file.
pub(crate) fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    // Before, since opening a device may wind a tape; after, since another file may have taken its place. In between nothing waits for a writer.
    regular(&std::fs::metadata(path)?)?;
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(flags.bits() as i32);
    }
    let file = options.open(path)?;
    let meta = file.metadata()?;
    regular(&meta)?;
    Ok((file, meta))
}

fn regular(meta: &Metadata) -> io::Result<()> {
    if meta.is_file() {
        Ok(())
    } else if meta.is_dir() {
        Err(io::Error::new(ErrorKind::IsADirectory, "it is a folder, a file is required"))
    } else {
        Err(io::Error::new(ErrorKind::InvalidInput, "it is no regular file but a pipe, a socket or a device"))
    }
}

/// The content of a file of at most `limit` bytes; `what` it should be is for the message.
///
/// # Errors
/// As [`open`]; [`Error::Parse`] for longer files, [`Error::HostMemory`] where there is no memory for it.
pub fn bytes(path: &Path, limit: u64, what: &str) -> Result<Vec<u8>> {
    let fail = |e| Error::io("read", path, e);
    let (file, meta) = open_regular(path).map_err(fail)?;
    let too_long = |n: u64| {
        let message = format!("{n} bytes or more; {what} of at most {limit} bytes is required");
        Err(Error::parse(path, None, message))
    };
    if meta.len() > limit {
        return too_long(meta.len());
    }
    let mut content = Vec::new();
    // The system's own files (/proc) have no length.
    let needed = meta.len() as usize + 1;
    content.try_reserve_exact(needed).map_err(|_| Error::HostMemory {
        what: path.display().to_string(),
        needed: meta.len(),
        available: crate::host_memory::available_memory().unwrap_or(0),
    })?;
    file.take(limit + 1).read_to_end(&mut content).map_err(fail)?;
    if content.len() as u64 > limit { too_long(content.len() as u64) } else { Ok(content) }
}

/// As [`bytes()`], of UTF-8 text.
///
/// # Errors
/// As [`bytes()`]; [`Error::Parse`] with the line that is no UTF-8.
pub fn text(path: &Path, limit: u64, what: &str) -> Result<String> {
    String::from_utf8(bytes(path, limit, what)?).map_err(|e| {
        let valid = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let line = 1 + memchr::memchr_iter(b'\n', valid).count() as u64;
        Error::parse(path, line, format!("not UTF-8 text; {what} is required"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_right_length_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        std::fs::write(&path, "123\n\u{fc}5").unwrap();
        assert_eq!(bytes(&path, 7, "a table").unwrap().len(), 7);
        let message = bytes(&path, 6, "a table").unwrap_err().to_string();
        assert!(message.contains("a table of at most 6 bytes is required"), "{message}");
        assert_eq!(text(&path, 7, "a table").unwrap(), "123\n\u{fc}5");
        std::fs::write(&path, b"123\n\xff").unwrap();
        let message = text(&path, 7, "a table").unwrap_err().to_string();
        assert!(message.contains("line 2: not UTF-8 text"), "{message}");
        let message = open(folder.path()).unwrap_err().to_string();
        assert!(message.starts_with("cannot read ") && message.contains("it is a folder"), "{message}");
        assert!(open(&folder.path().join("none")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn what_would_wait_or_has_no_end_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
        for path in [pipe.as_path(), Path::new("/dev/zero")] {
            let message = bytes(path, 10, "a table").unwrap_err().to_string();
            assert!(message.contains("it is no regular file"), "{message}");
        }
    }
}
