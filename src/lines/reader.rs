//! Text files, plain or compressed, cut into chunks of whole lines and parsed on all cores.
//!
//! One thread reads (and decompresses) while the pool parses; a bounded queue between them keeps memory at a few MiB per core
//! however long the file is. Results come back in the order of the file, so that what is built from them does not
//! depend on the number of threads. bzip2 (several streams in a file too) and zip (every member) are told by their
//! first bytes, not by their names.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};

use rayon::prelude::*;

use super::bzip2_blocks::ParallelBzip2;
use super::fields::quote;
use crate::{Error, Progress, Result, input, interrupt, threads};

/// Bytes of text per chunk; also the longest line that is accepted.
const CHUNK: usize = 1 << 20;
/// Longest file that [`read_whole`] takes \[bytes\]: tables (partition functions, widths, definitions, CIA) are far below.
const WHOLE_LIMIT: u64 = 1 << 28;

/// Some whole lines of a file.
pub(crate) struct Chunk {
    /// The file, or `archive.zip/member`.
    pub label: PathBuf,
    /// Number of its first line, from 1.
    pub first_line: u64,
    /// The text, with line ends.
    pub bytes: Vec<u8>,
}

impl Chunk {
    /// Line numbers (from 1) and lines without their ends (LF or CRLF). Blank lines are left out.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let (mut rest, mut number) = (&self.bytes[..], self.first_line);
        std::iter::from_fn(move || {
            while !rest.is_empty() {
                let (line, next) = match memchr::memchr(b'\n', rest) {
                    Some(end) => (&rest[..end], &rest[end + 1..]),
                    None => (rest, &rest[rest.len()..]),
                };
                rest = next;
                number += 1;
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                if !line.iter().all(|b| b.is_ascii_whitespace()) {
                    return Some((number - 1, line));
                }
            }
            None
        })
    }

    /// An error at a line of this chunk's file.
    pub fn error(&self, line: u64, message: impl Into<String>) -> Error {
        Error::parse(&self.label, line, message)
    }
}

/// Reads `paths` one after the other, calls `parse` on chunks in parallel and `take` on its results in order.
/// `progress` counts bytes of the files as they are stored.
///
/// # Errors
/// Files that cannot be read, are empty, are not text or are corrupt; and the first error of `parse` or `take`.
pub(crate) fn for_each_chunk<T: Send>(
    paths: &[PathBuf],
    task: &str,
    progress: &dyn Progress,
    parse: &(dyn Fn(Chunk) -> Result<T> + Sync),
    take: &mut dyn FnMut(T) -> Result<()>,
) -> Result<()> {
    let mut total = 0;
    for p in paths {
        total += std::fs::metadata(p).map_err(|e| Error::io("read", p, e))?.len();
    }
    progress.begin(task, Some(total));
    let batch = 2 * rayon::current_num_threads();
    let result = std::thread::scope(|scope| {
        let (send, receive) = sync_channel(batch);
        threads::spawn(scope, "reading files", move || {
            for p in paths {
                // A closed channel means that the other side has met an error and wants no more.
                match read_file(p, progress, &send) {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(e) => {
                        let _ = send.send(Err(e));
                        return;
                    }
                }
            }
        })?;
        while let Ok(first) = receive.recv() {
            interrupt::check()?;
            let mut chunks = vec![first];
            chunks.extend(receive.try_iter().take(batch - 1));
            let parsed: Vec<Result<T>> = chunks.into_par_iter().map(|c| parse(c?)).collect();
            for p in parsed {
                take(p?)?;
            }
        }
        Ok(())
    });
    progress.finish();
    result
}

/// The whole text of one small file (decompressed) as a single chunk.
pub(crate) fn read_whole(path: &Path) -> Result<Chunk> {
    let too_long = || Error::parse(path, None, format!("longer than {WHOLE_LIMIT} bytes: this is no table"));
    if std::fs::metadata(path).map_err(|e| Error::io("read", path, e))?.len() > WHOLE_LIMIT {
        return Err(too_long());
    }
    let mut all = Chunk { label: path.to_owned(), first_line: 1, bytes: Vec::new() };
    let parts = [path.to_owned()];
    let mut take = |c: Chunk| {
        // A second member of a zip archive starts again at line 1: a table is one file.
        if c.first_line == 1 && !all.bytes.is_empty() {
            return Err(Error::parse(path, None, "the archive holds several files, one is required"));
        }
        if (all.bytes.len() + c.bytes.len()) as u64 > WHOLE_LIMIT {
            return Err(too_long());
        }
        all.bytes.extend_from_slice(&c.bytes);
        all.label = c.label;
        Ok(())
    };
    for_each_chunk(&parts, "reading", &(), &Ok, &mut take)?;
    Ok(all)
}

/// Files named by `paths`: a file stands for itself, a folder for its files that end in one of `extensions` (with or
/// without `.bz2` or `.zip`), by name. Where a folder holds a file both plain and compressed, the plain one is taken. A file that is
/// named twice is refused: its lines would count twice.
pub(crate) fn expand(paths: &[PathBuf], extensions: &[&str]) -> Result<Vec<PathBuf>> {
    if paths.is_empty() {
        return Err(Error::invalid("line list", "no file", "at least one file or folder"));
    }
    let mut files = Vec::new();
    for p in paths {
        if !std::fs::metadata(p).map_err(|e| Error::io("read", p, e))?.is_dir() {
            files.push(p.clone());
            continue;
        }
        let mut found: Vec<(PathBuf, PathBuf)> = Vec::new();
        for entry in std::fs::read_dir(p).map_err(|e| Error::io("read", p, e))? {
            let path = entry.map_err(|e| Error::io("read", p, e))?.path();
            let plain = without_compression(&path);
            if path.is_file() && plain.extension().is_some_and(|e| extensions.iter().any(|x| e.eq_ignore_ascii_case(x)))
            {
                found.push((plain, path));
            }
        }
        // The plain path is shorter than its compressed twins, hence first among equals.
        found.sort();
        found.dedup_by(|b, a| a.0 == b.0);
        if found.is_empty() {
            let names: Vec<_> = extensions.iter().map(|x| format!("*.{x}[.bz2|.zip]")).collect();
            return Err(Error::parse(p, None, format!("the folder holds no {}", names.join(", "))));
        }
        files.extend(found.into_iter().map(|f| f.1));
    }
    let mut seen = BTreeSet::new();
    for file in &files {
        let place = std::fs::canonicalize(file).map_err(|e| Error::io("read", file, e))?;
        if !seen.insert(without_compression(&place)) {
            return Err(Error::invalid("line list", file.display(), "each file once: this one is named twice"));
        }
    }
    Ok(files)
}

/// The path without a final `.bz2` or `.zip`.
pub(crate) fn without_compression(path: &Path) -> PathBuf {
    match path.extension() {
        Some(e) if e.eq_ignore_ascii_case("bz2") || e.eq_ignore_ascii_case("zip") => path.with_extension(""),
        _ => path.to_owned(),
    }
}

/// Counts what is read from the disk.
struct Counted<'a> {
    file: File,
    progress: &'a dyn Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.progress.advance(n as u64);
        Ok(n)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Decompressed bytes, as long as they are not far more than were compressed: a bomb of blank lines would be read for days.
struct Expanding<'a, R> {
    source: R,
    left: &'a mut u64,
}

impl<R: Read> Read for Expanding<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(buffer)?;
        match self.left.checked_sub(n as u64) {
            Some(left) => *self.left = left,
            None => return Err(io::Error::new(io::ErrorKind::InvalidData, TOO_MUCH)),
        }
        Ok(n)
    }
}

const TOO_MUCH: &str = "it unpacks to more than 100 times its length, which no list or table does";

type Queue = SyncSender<Result<Chunk>>;

/// Sends the chunks of a file. `Ok(false)` if nobody listens any more.
fn read_file(path: &Path, progress: &dyn Progress, queue: &Queue) -> Result<bool> {
    let io_error = |e| Error::io("read", path, e);
    let (mut file, meta) = input::open_regular(path).map_err(io_error)?;
    let mut magic = Vec::new();
    (&mut file).take(4).read_to_end(&mut magic).map_err(io_error)?;
    file.rewind().map_err(io_error)?;
    let counted = Counted { file, progress };
    let mut most = input::expanded(meta.len());
    if magic.starts_with(b"BZh") {
        return send_text(path, &mut Expanding { source: ParallelBzip2::new(counted, path), left: &mut most }, queue);
    }
    if magic.starts_with(b"PK") {
        return send_zip(path, counted, &mut most, queue);
    }
    let named = |x: &str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(x));
    for (extension, kind) in [("bz2", "bzip2"), ("zip", "zip")] {
        if named(extension) && !magic.is_empty() {
            let message = format!("named .{extension}, but its first bytes are {}, not those of {kind}", quote(&magic));
            return Err(Error::parse(path, None, message));
        }
    }
    let mut counted = counted;
    send_text(path, &mut counted, queue)
}

fn send_zip(path: &Path, file: Counted<'_>, left: &mut u64, queue: &Queue) -> Result<bool> {
    let broken = |e: &dyn std::fmt::Display| Error::parse(path, None, format!("zip archive: {e}"));
    let mut archive = zip::ZipArchive::new(io::BufReader::new(file)).map_err(|e| broken(&e))?;
    let mut members = 0;
    for i in 0..archive.len() {
        let member = archive.by_index(i).map_err(|e| broken(&e))?;
        let name = member.name().map(|n| n.into_owned()).unwrap_or_else(|_| format!("member {}", i + 1));
        // Resource forks that macOS adds are no data.
        if member.is_dir() || name.starts_with("__MACOSX") {
            continue;
        }
        members += 1;
        if !send_text(&path.join(name), &mut Expanding { source: member, left: &mut *left }, queue)? {
            return Ok(false);
        }
    }
    if members == 0 {
        return Err(broken(&"it holds no file"));
    }
    Ok(true)
}

/// Cuts decompressed text at line ends.
fn send_text(label: &Path, source: &mut dyn Read, queue: &Queue) -> Result<bool> {
    let (mut carry, mut first_line) = (Vec::new(), 1);
    loop {
        let mut bytes = Vec::with_capacity(CHUNK + 1);
        bytes.append(&mut carry);
        let wanted = (CHUNK - bytes.len()) as u64;
        let got = (&mut *source).take(wanted).read_to_end(&mut bytes).map_err(|e| match e.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => Error::parse(
                label,
                first_line,
                format!("compressed data truncated or corrupt in the text that follows: {e}"),
            ),
            _ => Error::io("read", label, e),
        })?;
        if first_line == 1 {
            check_is_text(label, &bytes)?;
        }
        let at_end = (got as u64) < wanted;
        if !at_end {
            let Some(cut) = memchr::memrchr(b'\n', &bytes) else {
                let message = format!("no line end within {CHUNK} bytes: this is no text table");
                return Err(Error::parse(label, first_line, message));
            };
            carry = bytes.split_off(cut + 1);
        }
        if bytes.is_empty() {
            return Ok(true);
        }
        let lines = newlines(&bytes);
        if queue.send(Ok(Chunk { label: label.to_owned(), first_line, bytes })).is_err() {
            return Ok(false);
        }
        if at_end {
            return Ok(true);
        }
        first_line += lines;
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Catches what people feed in by mistake, before a parser complains of a column.
fn check_is_text(label: &Path, bytes: &[u8]) -> Result<()> {
    let head = &bytes[..bytes.len().min(1024)];
    let text = head.trim_ascii_start();
    let what = if bytes.is_empty() {
        "the file is empty"
    } else if head.starts_with(&[0x1f, 0x8b]) {
        "gzip data; plain text, bzip2 or zip is required (run gunzip first)"
    } else if text.starts_with(b"<!") || text.starts_with(b"<html") || text.starts_with(b"<?xml") {
        "a web page (HTML or XML), not data: was it saved from a log-in or error page?"
    } else if head.contains(&0) {
        "binary data, text is required"
    } else {
        return Ok(());
    };
    Err(Error::parse(label, None, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_without_ends_and_blanks() {
        let text = b"one\r\n\n  \ntwo \nthree".to_vec();
        let chunk = Chunk { label: "x".into(), first_line: 7, bytes: text };
        let lines: Vec<_> = chunk.lines().collect();
        assert_eq!(lines, [(7, &b"one"[..]), (10, b"two "), (11, b"three")]);
    }

    #[test]
    fn chunks_join_to_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text: String = (1..400_000).map(|i| format!("{i}\n")).collect();
        std::fs::write(file.path(), &text).unwrap();
        let mut next = 1;
        for_each_chunk(
            &[file.path().to_owned()],
            "test",
            &(),
            &|c| {
                for (number, line) in c.lines() {
                    assert_eq!(number.to_string().as_bytes(), line);
                }
                Ok(c.lines().map(|l| l.0).collect::<Vec<_>>())
            },
            &mut |numbers| {
                assert!(numbers.iter().copied().eq(next..next + numbers.len() as u64), "chunks in order");
                next += numbers.len() as u64;
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(next, 400_000);
        assert!(text.len() > 2 * CHUNK && read_whole(file.path()).unwrap().bytes == text.as_bytes());
    }
}
