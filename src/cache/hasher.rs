//! Makes keys of entries from what they are computed from.
//!
//! BLAKE3 because it hashes a list of gigabytes on all cores at the speed of the disk.

use std::fs::Metadata;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{Cache, Key};
use crate::input::open_regular;
use crate::{Error, Result};

/// Version of how keys and payloads are made; to be raised when either changes within one version of the library.
const VERSION: u32 = 3;

/// Kind of the entries that remember the hash of a file's content.
const KIND: &str = "file";
/// Files shorter than this are hashed sooner than looked up.
const WORTH_KEEPING: u64 = 1 << 20;
/// Bytes of a file that are hashed at a time, on all cores.
const PIECE: usize = 4 << 20;
/// A file changed less long ago may change again without its time showing it.
const SETTLED: Duration = Duration::from_secs(3);

/// Makes a [`Key`] from named fields, in order. Names and values go in with their lengths, so that no two sequences of fields run together.
#[derive(Clone, Debug)]
pub struct KeyHasher {
    hasher: blake3::Hasher,
    named: bool,
    memory: Cache,
}

impl KeyHasher {
    /// A key for one kind of thing. This library's version and the byte order are its first fields.
    pub fn new(kind: &str) -> Self {
        let mut key = Self { hasher: blake3::Hasher::new(), named: true, memory: Cache::off() };
        key.bytes("kind", kind.as_bytes());
        key.bytes("photosphere", env!("CARGO_PKG_VERSION").as_bytes());
        key.bytes("version", &VERSION.to_ne_bytes());
        key
    }

    /// A field of bytes.
    pub fn bytes(&mut self, name: &str, value: &[u8]) -> &mut Self {
        self.hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        self.hasher.update(&(value.len() as u64).to_le_bytes()).update_rayon(value);
        self
    }

    /// A field of numbers; equal if all bits are.
    pub fn numbers(&mut self, name: &str, values: &[f64]) -> &mut Self {
        self.bytes(name, bytemuck::cast_slice(values))
    }

    /// A field of whole numbers.
    pub fn integers(&mut self, name: &str, values: &[i64]) -> &mut Self {
        self.bytes(name, bytemuck::cast_slice(values))
    }

    /// A field that is another key.
    pub fn key(&mut self, name: &str, key: &Key) -> &mut Self {
        self.bytes(name, &key.0)
    }

    /// Lets files that have been hashed before, and whose place, length, identity and times are the same as then, be known by that.
    pub fn remembering(mut self, cache: &Cache) -> Self {
        self.memory = cache.clone();
        self
    }

    /// A field that is the content of a file, hashed on all cores. Its name and place do not matter.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn file(&mut self, name: &str, path: &Path) -> Result<&mut Self> {
        let read = |e| Error::io("read", path, e);
        let (mut content, meta) = open_regular(path).map_err(read)?;
        let place = identity(path, &meta);
        let known = place.and_then(|place| self.memory.find(KIND, &place).ok());
        if let Some(content) = known.and_then(|entry| <[u8; 32]>::try_from(entry.payload()).ok()) {
            return Ok(self.bytes(name, &content));
        }
        let mut hasher = blake3::Hasher::new();
        // Read, not mapped: a file that is cut off meanwhile must not end the process.
        let mut piece = vec![0; PIECE];
        loop {
            let mut filled = 0;
            while filled < PIECE {
                match content.read(&mut piece[filled..]).map_err(read)? {
                    0 => break,
                    n => filled += n,
                }
            }
            hasher.update_rayon(&piece[..filled]);
            if filled < PIECE {
                break;
            }
        }
        let content = *hasher.finalize().as_bytes();
        // Only what did not change meanwhile is remembered; without an entry the file is hashed again.
        let after = std::fs::metadata(path).ok().and_then(|m| identity(path, &m));
        if let Some(place) = place.filter(|place| after == Some(*place)) {
            let _ = self.memory.store(KIND, &place, &format!("hash of {}", path.display()), &[&content]);
        }
        Ok(self.bytes(name, &content))
    }

    /// Says that something has no content to name it by, such as a function of the user's. There is then no key.
    pub fn nameless(&mut self) -> &mut Self {
        self.named = false;
        self
    }

    /// The key; `None` if something in it was [`nameless`](Self::nameless).
    pub fn finish(&self) -> Option<Key> {
        self.named.then(|| Key(*self.hasher.finalize().as_bytes()))
    }
}

/// What is the same as long as a file is, as far as its folder tells; `None` for short files and those changed just now.
fn identity(path: &Path, meta: &Metadata) -> Option<Key> {
    let modified = meta.modified().ok()?;
    let since = |t: SystemTime| t.duration_since(SystemTime::UNIX_EPOCH).ok();
    if meta.len() < WORTH_KEEPING || modified.elapsed().ok()? < SETTLED {
        return None;
    }
    let mut key = KeyHasher::new(KIND);
    key.bytes("place", std::fs::canonicalize(path).ok()?.as_os_str().as_encoded_bytes());
    key.bytes("length", &meta.len().to_ne_bytes()).bytes("modified", &since(modified)?.as_nanos().to_ne_bytes());
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        key.integers("changed", &[meta.ctime(), meta.ctime_nsec()]);
        key.bytes("file", &meta.ino().to_ne_bytes()).bytes("device", &meta.dev().to_ne_bytes());
    }
    key.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_run_together() {
        let of = |fields: &[(&str, &[u8])]| {
            let mut key = KeyHasher::new("test");
            fields.iter().for_each(|(n, v)| {
                key.bytes(n, v);
            });
            key.finish().unwrap()
        };
        let all = [
            of(&[]),
            of(&[("a", b"")]),
            of(&[("a", b"bc")]),
            of(&[("ab", b"c")]),
            of(&[("a", b"b"), ("c", b"")]),
            of(&[("c", b""), ("a", b"b")]),
            KeyHasher::new("other").finish().unwrap(),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|b| a != b), "{i}");
        }
        assert_eq!(of(&[("a", b"bc")]), of(&[("a", b"bc")]));
        assert_eq!(KeyHasher::new("test").bytes("a", b"b").nameless().finish(), None);
    }

    #[test]
    fn a_file_is_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            KeyHasher::new("test").file("f", &path).unwrap().finish().unwrap()
        };
        let long = vec![7u8; 1 << 20];
        assert_eq!(of("a", &long), of("b", &long));
        for at in [0, 1 << 19, (1 << 20) - 1] {
            let mut other = long.clone();
            other[at] ^= 1;
            assert_ne!(of("a", &long), of("c", &other), "{at}");
        }
        assert!(KeyHasher::new("test").file("f", &folder.path().join("none")).is_err());
    }

    #[test]
    fn a_remembered_file_is_known_until_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(Some(&folder.path().join("cache")));
        let path = folder.path().join("list");
        let of = || {
            let mut key = KeyHasher::new("test").remembering(&cache);
            key.file("f", &path).unwrap().finish().unwrap()
        };
        let write = |first: u8, age: u64| {
            let mut bytes = vec![7u8; 2 << 20];
            bytes[0] = first;
            std::fs::write(&path, bytes).unwrap();
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        };
        write(1, 0);
        let one = of();
        assert!(cache.list().is_empty(), "changed just now");
        write(1, 100);
        assert_eq!((of(), of(), cache.list().len()), (one, one, 1));
        write(2, 50);
        let two = of();
        assert!(two != one && cache.list().len() == 2);
        assert_eq!(KeyHasher::new("test").file("f", &path).unwrap().finish().unwrap(), two);
    }
}
