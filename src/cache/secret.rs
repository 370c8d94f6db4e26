//! What makes a checksum a seal: 32 random bytes that only this user can read.
//!
//! A plain checksum can be made right by whoever changes an entry. Entries are therefore hashed with a secret that is made at the first use and lies in the user's own
//! folder of data (`~/.local/share/photosphere/cache-key` on Linux), or in the file that the environment variable `PHOTOSPHERE_CACHE_KEY` names. Entries
//! for [everybody](super::Cache::shared) have one that is no secret; so have those of a user without a place for it, whose only guard is the entry's owner.

use std::fs::{self, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::input::open_regular;

/// Name of the environment variable for the secret's file.
const VARIABLE: &str = "PHOTOSPHERE_CACHE_KEY";

/// With what entries are sealed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Secret([u8; 32]);

impl Secret {
    /// What everybody knows.
    pub const PUBLIC: Self = Self(*b"photosphere: entries for anybody");

    /// This user's, made if there is none.
    pub fn own() -> Self {
        static OWN: OnceLock<Secret> = OnceLock::new();
        *OWN.get_or_init(|| {
            let named = std::env::var_os(VARIABLE).filter(|v| !v.is_empty()).map(PathBuf::from);
            let place = named.or_else(|| Some(dirs::data_local_dir()?.join("photosphere").join("cache-key")));
            place.and_then(|path| read(&path).or_else(|_| make(&path)).ok()).unwrap_or(Self::PUBLIC)
        })
    }

    /// A hasher whose results nobody has who does not know it.
    pub fn hasher(&self) -> blake3::Hasher {
        blake3::Hasher::new_keyed(&self.0)
    }

    /// Tells secrets apart and tells nothing of them.
    pub fn name(&self) -> [u8; 8] {
        let all = blake3::derive_key("photosphere 2026 name of a cache key", &self.0);
        std::array::from_fn(|i| all[i])
    }
}

fn read(path: &Path) -> io::Result<Secret> {
    let (file, meta) = open_regular(path)?;
    if !is_private(&meta) {
        return Err(io::Error::other("others can read it"));
    }
    let mut bytes = Vec::new();
    file.take(33).read_to_end(&mut bytes)?;
    bytes.try_into().map(Secret).map_err(|_| io::Error::other("it is no key"))
}

/// Only where nothing lies: another process may be faster, and then its secret is the user's.
fn make(path: &Path) -> io::Result<Secret> {
    let folder = path.parent().ok_or_else(|| io::Error::other("no folder"))?;
    fs::create_dir_all(folder)?;
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    // Private from the start: temporary files are.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&bytes)?;
    file.as_file().sync_all()?;
    let _ = file.persist_noclobber(path);
    read(path)
}

#[cfg(unix)]
fn is_private(meta: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    meta.uid() == rustix::process::geteuid().as_raw() && meta.mode() & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(_: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_only_for_its_user() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/key");
        let one = make(&path).unwrap();
        assert!(one == make(&path).unwrap() && one == read(&path).unwrap() && one != Secret::PUBLIC);
        assert!(one.name() != Secret::PUBLIC.name());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            assert!(read(&path).is_err() && make(&path).is_err());
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        fs::write(&path, "short").unwrap();
        assert!(read(&path).is_err());
    }
}
