//! A chain on disk: every evaluation of ln p, in order, so that an interrupted chain can be lived through again.
//!
//! A sampler is a deterministic function of its settings, its seed, and the values and gradients that it was given. Its inner state
//! (step size, mass matrix, generator) is therefore not saved: resuming starts it afresh and answers its questions from the log,
//! without calling the model, until the log ends. It is then in the state in which it was interrupted, to the last bit. The
//! arithmetic of a sampler takes microseconds a step; the model, which takes milliseconds to seconds, does nothing twice.
//!
//! Layout, little endian: 8 bytes magic; length of the fingerprint (u32); fingerprint (UTF-8); CRC-32 of all that. Then records of
//! 20 + 8 n bytes for n parameters: outcome (u32; 0 value, 1 refused); CRC-32 of the n coordinates asked for (u32); ln p (f64);
//! gradient (n f64); CRC-32 of the record (u32). A record that is not whole, or does not match its checksum, was being written when
//! the process or the machine died: it and what follows are cut off.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::{Error, Result};

const MAGIC: &[u8; 8] = b"PHSPLOG1";
/// Records reach the operating system at once, which outlives the process; the disk, which outlives a power cut, this often.
const SYNC_EVERY: Duration = Duration::from_secs(10);

/// Bytes of a record.
pub(super) fn record_bytes(parameters: usize) -> usize {
    20 + 8 * parameters
}

/// What the model answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer {
    /// ln p; the gradient goes where the caller says.
    Value(f64),
    /// Parameters outside the model, or a result that is not finite.
    Refused,
}

/// An open log.
#[derive(Debug)]
pub(super) struct EvaluationLog {
    path: PathBuf,
    file: File,
    parameters: usize,
    /// The records that were there when it was opened; `None` once they are used up. It shares the file's position, so
    /// nothing is written before that.
    replay: Option<BufReader<File>>,
    /// Records in the file when it was opened.
    recorded: u64,
    replayed: u64,
    synced: Instant,
}

impl EvaluationLog {
    /// Opens or creates the log of one chain. `fingerprint` says in words what the run is: lines of `key: value`.
    ///
    /// With `resume` false, an existing log is replaced.
    ///
    /// # Errors
    /// The file cannot be written, is in use by another process, is no log, or is that of another run (the message names the first
    /// line that differs).
    pub fn open(path: &Path, fingerprint: &str, parameters: usize, resume: bool) -> Result<Self> {
        let io = |e| Error::io("write", path, e);
        Self::check(path)?;
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(false).open(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let given = format!("{}, which another process is writing", path.display());
                return Err(Error::invalid("checkpoint", given, "a checkpoint of its own for every run"));
            }
            Err(TryLockError::Error(e)) => return Err(io(e)),
        }
        let mut header = Vec::with_capacity(16 + fingerprint.len());
        header.extend_from_slice(MAGIC);
        header.extend_from_slice(&(fingerprint.len() as u32).to_le_bytes());
        header.extend_from_slice(fingerprint.as_bytes());
        header.extend_from_slice(&crc32fast::hash(&header).to_le_bytes());
        let length = file.metadata().map_err(io)?.len();
        // A header that is only begun: the run died before its first evaluation.
        let begun = length < header.len() as u64 && {
            let mut found = Vec::new();
            file.read_to_end(&mut found).map_err(io)?;
            header.starts_with(&found)
        };
        let mut log = Self {
            path: path.to_owned(),
            file,
            parameters,
            replay: None,
            recorded: 0,
            replayed: 0,
            synced: Instant::now(),
        };
        if !resume || begun {
            log.restart(&header).map_err(|e| Error::io("write", path, e))?;
        } else {
            log.check_header(fingerprint)?;
            log.cut_torn_end(header.len() as u64, length).map_err(io)?;
        }
        Ok(log)
    }

    /// Checks that a log can be kept at `path`: nothing is there, or a log.
    ///
    /// # Errors
    /// [`Error::Io`] with action `"write"`: a folder, a link, a device, a file that is no log, a place that cannot be written.
    pub fn check(path: &Path) -> Result<()> {
        let no = |kind, text: &str| Err(Error::io("write", path, io::Error::new(kind, text)));
        match fs::symlink_metadata(path) {
            Ok(meta) if meta.is_dir() => no(ErrorKind::IsADirectory, "it is a folder; a file is required"),
            Ok(meta) if !meta.is_file() => {
                no(ErrorKind::InvalidInput, "it is a link or a device, which is not touched")
            }
            Ok(_) => {
                let mut head = Vec::new();
                let file =
                    OpenOptions::new().read(true).write(true).open(path).map_err(|e| Error::io("write", path, e))?;
                file.take(MAGIC.len() as u64).read_to_end(&mut head).map_err(|e| Error::io("read", path, e))?;
                // The first bytes of a log may be all of it that was written.
                match MAGIC.starts_with(&head) {
                    true => Ok(()),
                    false => no(
                        ErrorKind::AlreadyExists,
                        "it is not a log of evaluations, or one of another version; remove it to begin anew",
                    ),
                }
            }
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
            Err(e) => Err(Error::io("write", path, e)),
        }
    }

    /// Answers given from the log so far.
    pub fn replayed(&self) -> u64 {
        self.replayed
    }

    fn restart(&mut self, header: &[u8]) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(header)?;
        self.file.sync_all()
    }

    fn check_header(&mut self, fingerprint: &str) -> Result<()> {
        let foreign = |message: String| Error::parse(&self.path, None, message);
        let mut start = [0; 12];
        let mut file = &self.file;
        let mut found = Vec::new();
        let whole = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_exact(&mut start)).is_ok()
            && start[..8] == *MAGIC
            && {
                let length = u32::from_le_bytes([start[8], start[9], start[10], start[11]]);
                file.take(u64::from(length) + 4).read_to_end(&mut found).is_ok_and(|n| n == length as usize + 4)
            }
            && {
                let mut all = start.to_vec();
                all.extend_from_slice(&found);
                let (body, sum) = all.split_at(all.len() - 4);
                crc32fast::hash(body).to_le_bytes() == *sum
            };
        if !whole {
            return Err(foreign("not a log of evaluations, or one of another version; remove it to begin anew".into()));
        }
        found.truncate(found.len() - 4);
        let found = String::from_utf8_lossy(&found);
        if found == fingerprint {
            return Ok(());
        }
        let mut lines = found.lines().zip(fingerprint.lines());
        let message = match lines.find(|(a, b)| a != b) {
            Some((there, here)) => format!("it was begun with `{there}`, this run has `{here}`"),
            None => "it was begun with other settings".into(),
        };
        Err(foreign(format!("the checkpoint is of another run: {message}; use another folder, or do not resume")))
    }

    /// Finds the end of the whole records, cuts off the rest, and makes the records ready to be replayed.
    fn cut_torn_end(&mut self, header: u64, length: u64) -> std::io::Result<()> {
        let size = self.record_size();
        let mut reader = BufReader::new(self.file.try_clone()?);
        reader.seek(SeekFrom::Start(header))?;
        let mut record = vec![0; size];
        while header + (self.recorded + 1) * size as u64 <= length {
            reader.read_exact(&mut record)?;
            if !is_whole(&record) {
                break;
            }
            self.recorded += 1;
        }
        self.file.set_len(header + self.recorded * size as u64)?;
        reader.seek(SeekFrom::Start(header))?;
        self.replay = Some(reader);
        Ok(())
    }

    fn record_size(&self) -> usize {
        record_bytes(self.parameters)
    }

    /// The recorded answer to the next question, if the log still has one; its gradient goes to `gradient`.
    ///
    /// # Errors
    /// The record was made at other coordinates than `z`: the model, the program or the processor has changed.
    pub fn replay(&mut self, z: &[f64], gradient: &mut [f64]) -> Result<Option<Answer>> {
        if self.replayed == self.recorded && self.replay.take().is_some() {
            self.file.seek(SeekFrom::End(0)).map_err(|e| Error::io("read", &self.path, e))?;
        }
        let size = self.record_size();
        let Some(reader) = &mut self.replay else { return Ok(None) };
        let mut record = vec![0; size];
        reader.read_exact(&mut record).map_err(|e| Error::io("read", &self.path, e))?;
        self.replayed += 1;
        if record[4..8] != digest(z).to_le_bytes() {
            let message = format!(
                "record {} was made at other parameters than this run arrives at; the program, the processor or the start \
                 has changed since",
                self.replayed
            );
            return Err(Error::parse(&self.path, None, message));
        }
        let number = |i: usize| f64::from_le_bytes(std::array::from_fn(|k| record[8 + 8 * i + k]));
        gradient.iter_mut().enumerate().for_each(|(i, g)| *g = number(i + 1));
        Ok(Some(if record[0] == 0 { Answer::Value(number(0)) } else { Answer::Refused }))
    }

    /// Appends what the model answered at `z`, once [`replay`](Self::replay) has no more answers. It survives the end of the process
    /// from here on.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append(&mut self, z: &[f64], answer: Answer, gradient: &[f64]) -> Result<()> {
        let (outcome, value) = match answer {
            Answer::Value(v) => (0u32, v),
            Answer::Refused => (1, f64::NAN),
        };
        let mut record = Vec::with_capacity(self.record_size());
        record.extend_from_slice(&outcome.to_le_bytes());
        record.extend_from_slice(&digest(z).to_le_bytes());
        record.extend_from_slice(&value.to_le_bytes());
        gradient.iter().for_each(|g| record.extend_from_slice(&g.to_le_bytes()));
        record.extend_from_slice(&crc32fast::hash(&record).to_le_bytes());
        let mut write = || {
            self.file.write_all(&record)?;
            if self.synced.elapsed() >= SYNC_EVERY {
                self.file.sync_data()?;
                self.synced = Instant::now();
            }
            Ok(())
        };
        write().map_err(|e| Error::io("write", &self.path, e))
    }
}

impl Drop for EvaluationLog {
    /// The end of a chain reaches the disk. A failure costs no more than the last seconds after a power cut.
    fn drop(&mut self) {
        let _ = self.file.sync_data();
    }
}

/// Whether a record matches its own checksum.
fn is_whole(record: &[u8]) -> bool {
    let (body, sum) = record.split_at(record.len() - 4);
    crc32fast::hash(body).to_le_bytes() == *sum
}

/// CRC-32 of the bits of the coordinates.
fn digest(z: &[f64]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    z.iter().for_each(|v| hasher.update(&v.to_le_bytes()));
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "seed: 1\ndata: abc";

    /// A log with three records and its path.
    fn written(folder: &Path) -> PathBuf {
        let path = folder.join("chain.log");
        let mut log = EvaluationLog::open(&path, RUN, 2, false).unwrap();
        for i in 0..3 {
            let x = f64::from(i);
            let answer = if i == 1 { Answer::Refused } else { Answer::Value(-x) };
            log.append(&[x, 0.5], answer, &[x, f64::NAN]).unwrap();
        }
        path
    }

    /// Answers that a log still gives.
    fn replayed(path: &Path) -> Vec<Answer> {
        let mut log = EvaluationLog::open(path, RUN, 2, true).unwrap();
        let answers = (0..9).map_while(|i| log.replay(&[f64::from(i), 0.5], &mut [0.0; 2]).unwrap()).collect();
        assert_eq!(log.replay(&[9.0, 9.0], &mut [0.0; 2]).unwrap(), None);
        answers
    }

    #[test]
    fn answers_come_back_and_more_can_follow() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let three = [Answer::Value(-0.0), Answer::Refused, Answer::Value(-2.0)];
        assert_eq!(replayed(&path), three);
        let mut log = EvaluationLog::open(&path, RUN, 2, true).unwrap();
        let mut gradient = [0.0; 2];
        for i in 0..3 {
            log.replay(&[f64::from(i), 0.5], &mut gradient).unwrap();
        }
        assert_eq!(log.replayed(), 3);
        assert!(gradient[0] == 2.0 && gradient[1].is_nan());
        assert_eq!(log.replay(&[3.0, 0.5], &mut gradient).unwrap(), None);
        log.append(&[3.0, 0.5], Answer::Value(7.0), &[0.0; 2]).unwrap();
        drop(log);
        assert_eq!(replayed(&path)[3..], [Answer::Value(7.0)]);
    }

    #[test]
    fn a_torn_end_is_cut_off_wherever_it_tears() {
        let folder = tempfile::tempdir().unwrap();
        let whole = std::fs::read(written(folder.path())).unwrap();
        let path = folder.path().join("torn.log");
        let size = 36;
        let header = whole.len() - 3 * size;
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(replayed(&path).len(), cut.saturating_sub(header) / size, "cut at {cut}");
            assert_eq!(
                std::fs::metadata(&path).unwrap().len() as usize,
                header + cut.saturating_sub(header) / size * size
            );
        }
        let mut flipped = whole.clone();
        flipped[header + size + 11] ^= 4;
        std::fs::write(&path, &flipped).unwrap();
        assert_eq!(replayed(&path).len(), 1);
    }

    #[test]
    fn logs_of_other_runs_and_other_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let message = |fingerprint| EvaluationLog::open(&path, fingerprint, 2, true).unwrap_err().to_string();
        let other = message("seed: 1\ndata: xyz");
        assert!(other.contains("begun with `data: abc`, this run has `data: xyz`"), "{other}");
        let mut log = EvaluationLog::open(&path, RUN, 2, true).unwrap();
        assert!(
            log.replay(&[0.25, 0.5], &mut [0.0; 2]).unwrap_err().to_string().contains("record 1 was made at other")
        );
        assert!(message(RUN).contains("another process is writing"));
        drop(log);
        std::fs::write(&path, "these are a user's notes, not a log of evaluations at all").unwrap();
        assert!(message(RUN).contains("not a log"));
        assert!(EvaluationLog::open(&folder.path().join("none/chain.log"), RUN, 2, true).is_err());
    }
}
