//! The folder of entries.
//!
//! An entry is taken only if it is this user's own (or the administrator's), nobody else may write it, and it is sealed with the user's secret;
//! where a group shares a folder, [`Cache::shared`] takes everybody's. Windows tells no owners: there the seal alone decides.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::entry::{HEADER, Header, OTHER_SECRET};
use super::secret::Secret;
use super::{Entry, Key};
use crate::input::open_regular;
use crate::output::{replace_file, sweep};

/// Bytes that a cache may take unless told otherwise: 4 GiB.
pub const DEFAULT_LIMIT: u64 = 4 << 30;
/// Name of the environment variable for the folder; an empty value: no cache.
const VARIABLE: &str = "PHOTOSPHERE_CACHE_DIR";
/// What the names of entries end in.
const EXTENSION: &str = "photosphere";
/// Name of the environment variable that says, with any value but an empty one or 0, that other users' entries are taken.
const SHARED: &str = "PHOTOSPHERE_CACHE_SHARED";
/// Permissions of entries before the umask: others may read them, and nobody else write.
const ENTRIES: u32 = 0o644;

/// A folder of entries, or none. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: Option<Arc<Path>>,
    limit: u64,
    shared: bool,
}

/// Why there is no entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
    /// Nothing is stored under this key, or nothing can be read there.
    Absent,
    /// What was stored was torn, truncated, foreign or corrupt; it has been deleted. The text says which file and what was wrong.
    Damaged(String),
    /// What is stored is another user's, or others may write it. The text says which file and whose.
    Foreign(String),
}

impl Miss {
    /// What a user is to be told; nothing where there is just no entry.
    pub fn told(self) -> Option<String> {
        match self {
            Self::Absent => None,
            Self::Damaged(what) | Self::Foreign(what) => Some(format!("cache entry {what}")),
        }
    }
}

/// An entry as [`Cache::list`] finds it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Item {
    /// Kind of content.
    pub kind: String,
    /// First 12 digits of its key.
    pub key: String,
    /// Length of the file.
    pub bytes: u64,
    /// Time since it was last used (or stored).
    pub unused: Duration,
    /// What it is; of a damaged file, what is wrong with it.
    pub description: String,
}

impl Cache {
    /// No cache: nothing is found, nothing is kept.
    pub const fn off() -> Self {
        Self { folder: None, limit: DEFAULT_LIMIT, shared: false }
    }

    /// The cache in `folder`; `None`: in the folder that the environment variable `PHOTOSPHERE_CACHE_DIR` names (no cache if it is empty), else in
    /// the platform's own (`~/.cache/photosphere` on Linux). The folder is made when something is stored.
    pub fn open(folder: Option<&Path>) -> Self {
        let folder = match (folder, std::env::var_os(VARIABLE)) {
            (Some(folder), _) => Some(folder.to_owned()),
            (None, Some(named)) if named.is_empty() => None,
            (None, Some(named)) => Some(PathBuf::from(named)),
            (None, None) => dirs::cache_dir().map(|d| d.join("photosphere")),
        };
        let shared = std::env::var_os(SHARED).is_some_and(|value| !value.is_empty() && value != "0");
        Self { folder: folder.map(Arc::from), limit: DEFAULT_LIMIT, shared }
    }

    /// The same with a limit for the bytes of all entries together.
    pub fn with_limit(self, bytes: u64) -> Self {
        Self { limit: bytes, ..self }
    }

    /// The same with entries for everybody and of everybody, as the environment variable `PHOTOSPHERE_CACHE_SHARED` says: for a folder that only people
    /// write whose numbers are as good as one's own. Entries that were made without are not taken.
    pub fn shared(self) -> Self {
        Self { shared: true, ..self }
    }

    /// The folder; `None`: no cache.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    pub(super) fn secret(&self) -> Secret {
        if self.shared { Secret::PUBLIC } else { Secret::own() }
    }

    fn path(&self, kind: &str, key: &Key) -> Option<PathBuf> {
        Some(self.folder()?.join(format!("{kind}-{}.{EXTENSION}", key.to_hex())))
    }

    /// The entry of a key, read and verified.
    ///
    /// # Errors
    /// See [`Miss`]; none of them hinders computing again.
    pub fn find(&self, kind: &str, key: &Key) -> Result<Arc<Entry>, Miss> {
        let path = self.path(kind, key).ok_or(Miss::Absent)?;
        // A pipe, a device, a folder of this name is no entry.
        let (file, meta) = open_regular(&path).map_err(|_| Miss::Absent)?;
        if let Some(whose) = foreign(&meta).filter(|_| !self.shared) {
            let allow = "--cache-shared (PHOTOSPHERE_CACHE_SHARED=1) takes such entries";
            return Err(Miss::Foreign(format!("{}: {whose}; not used; {allow}", path.display())));
        }
        match Entry::open(&file, key, self.limit, &self.secret()) {
            Ok(Ok(entry)) => {
                // The time of last use, for eviction. Where it cannot be set, the time of storing serves.
                let _ = file.set_modified(SystemTime::now());
                Ok(Arc::new(entry))
            }
            Ok(Err(OTHER_SECRET)) => Err(Miss::Foreign(format!("{}: {OTHER_SECRET}; not used", path.display()))),
            Ok(Err(what)) => {
                self.discard(kind, key);
                Err(Miss::Damaged(format!("{}: {what}; deleted", path.display())))
            }
            Err(_) => Err(Miss::Absent),
        }
    }

    /// Removes an entry: one whose checksums are right and whose payload is not what its kind requires.
    pub fn discard(&self, kind: &str, key: &Key) {
        if let Some(path) = self.path(kind, key) {
            let _ = fs::remove_file(path);
        }
    }

    /// Stores a payload, given in parts, and removes the entries unused for longest until all keep within the limit. What alone exceeds
    /// the limit is not stored. `description` says in words what it is (384 bytes at most are kept).
    ///
    /// # Errors
    /// The folder cannot be made or written. Callers go on without.
    pub fn store(&self, kind: &str, key: &Key, description: &str, parts: &[&[u8]]) -> io::Result<()> {
        let (Some(folder), Some(path)) = (self.folder(), self.path(kind, key)) else { return Ok(()) };
        let bytes = HEADER as u64 + parts.iter().map(|p| p.len() as u64).sum::<u64>();
        if bytes > self.limit {
            return Ok(());
        }
        fs::create_dir_all(folder)?;
        self.shrink(self.limit - bytes);
        let header = Header::of(*key, description, parts, &self.secret()).encode();
        // Not synchronised: what a loss of power leaves half written is found by its checksum.
        let write = |w: &mut dyn io::Write| {
            w.write_all(&header)?;
            parts.iter().try_for_each(|p| w.write_all(p))
        };
        replace_file(&path, false, ENTRIES, write)
    }

    /// All entries, those used last first.
    pub fn list(&self) -> Vec<Item> {
        let item = |(path, kind, bytes, used): (PathBuf, String, u64, SystemTime)| {
            let header = Header::read(&path).ok()?;
            let name = path.file_stem()?.to_str()?;
            Some(Item {
                key: name.strip_prefix(&kind)?.trim_start_matches('-').chars().take(12).collect(),
                kind,
                bytes,
                unused: SystemTime::now().duration_since(used).unwrap_or_default(),
                description: header.map_or_else(|what| format!("damaged: {what}"), |h| h.description),
            })
        };
        let mut items: Vec<Item> = self.entries().into_iter().filter_map(item).collect();
        items.sort_by(|a, b| a.unused.cmp(&b.unused).then_with(|| a.key.cmp(&b.key)));
        items
    }

    /// Deletes all entries, and nothing else that lies in the folder. Returns their number and bytes.
    ///
    /// # Errors
    /// An entry cannot be deleted.
    pub fn clear(&self) -> crate::Result<(usize, u64)> {
        self.folder().map(sweep).unwrap_or_default();
        let (mut count, mut sum) = (0, 0);
        for (path, _, bytes, _) in self.entries() {
            match fs::remove_file(&path) {
                Ok(()) => (count, sum) = (count + 1, sum + bytes),
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                Err(e) => return Err(crate::Error::io("remove", path, e)),
            }
        }
        Ok((count, sum))
    }

    /// Removes entries, those unused for longest first, until all others take at most `bytes`.
    fn shrink(&self, bytes: u64) {
        self.folder().map(sweep).unwrap_or_default();
        let mut entries = self.entries();
        let mut sum: u64 = entries.iter().map(|e| e.2).sum();
        entries.sort_by_key(|e| e.3);
        for (path, _, length, _) in entries {
            if sum <= bytes {
                return;
            }
            // Another process may have been faster.
            let _ = fs::remove_file(path);
            sum -= length;
        }
    }

    /// (path, kind, bytes, last use) of every file that is named as an entry.
    fn entries(&self) -> Vec<(PathBuf, String, u64, SystemTime)> {
        let one = |file: fs::DirEntry| {
            let path = file.path();
            let hex = |k: &str| k.len() == 64 && k.bytes().all(|b| b.is_ascii_hexdigit());
            let (kind, _) = path.file_stem()?.to_str()?.rsplit_once('-').filter(|(_, key)| hex(key))?;
            let kind = kind.to_owned();
            let meta =
                file.metadata().ok().filter(|m| m.is_file() && path.extension() == Some(OsStr::new(EXTENSION)))?;
            Some((path, kind, meta.len(), meta.modified().unwrap_or(SystemTime::UNIX_EPOCH)))
        };
        let Some(Ok(folder)) = self.folder().map(fs::read_dir) else { return Vec::new() };
        folder.flatten().filter_map(one).collect()
    }
}

/// Of an entry that is not this user's alone: whose it is, in words.
#[cfg(unix)]
fn foreign(meta: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let (owner, me) = (meta.uid(), rustix::process::geteuid().as_raw());
    if owner != me && owner != 0 {
        return Some(format!("it belongs to another user (number {owner})"));
    }
    (meta.mode() & 0o022 != 0).then(|| "others than its owner may write it".to_owned())
}

#[cfg(not(unix))]
fn foreign(_: &Metadata) -> Option<String> {
    None
}

impl Default for Cache {
    fn default() -> Self {
        Self::open(None)
    }
}

#[cfg(test)]
mod tests;
