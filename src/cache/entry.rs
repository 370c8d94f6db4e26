//! The file of an entry: a header of fixed length, then the payload.
//!
//! | bytes | content |
//! | --- | --- |
//! | 0..8 | magic |
//! | 8..16 | format version, length of the description |
//! | 16..24 | length of the payload |
//! | 24..56 | key |
//! | 56..88 | BLAKE3 of key and payload, keyed with the user's secret |
//! | 88..120 | BLAKE3 of the header, these bytes being 0 |
//! | 120..128 | name of the secret |
//! | 128..512 | description, UTF-8 |
//! | 512.. | payload |
//!
//! Whole numbers are little endian. Both checksums and the file's length must be right, so a change of any byte by accident is
//! found; and one on purpose by whoever does not have the [secret](super::secret).

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use bytemuck::allocation::try_zeroed_vec;

use super::Key;
use super::secret::Secret;
use crate::input::open_regular;

/// Length of the header.
pub(super) const HEADER: usize = 512;
const MAGIC: &[u8; 8] = b"photosph";
const FORMAT: u32 = 2;
/// First byte of the description.
const TEXT: usize = 128;
/// The header's own checksum.
const CHECK: std::ops::Range<usize> = 88..120;
/// What is said of an entry that was sealed with another secret.
pub(super) const OTHER_SECRET: &str = "it was made by another user, or with another PHOTOSPHERE_CACHE_KEY";

/// What a header says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    pub key: Key,
    pub length: u64,
    pub seal: [u8; 32],
    /// Name of the secret.
    pub secret: [u8; 8],
    pub description: String,
}

impl Header {
    /// The header of a payload given in parts. Of the description, what fits is kept.
    pub fn of(key: Key, description: &str, parts: &[&[u8]], secret: &Secret) -> Self {
        let end = (0..=description.len().min(HEADER - TEXT)).rev().find(|i| description.is_char_boundary(*i));
        Self {
            key,
            length: parts.iter().map(|p| p.len() as u64).sum(),
            seal: seal(&key, parts, secret),
            secret: secret.name(),
            description: description[..end.unwrap_or(0)].to_owned(),
        }
    }

    pub fn encode(&self) -> [u8; HEADER] {
        let mut b = [0; HEADER];
        b[..8].copy_from_slice(MAGIC);
        b[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        b[12..16].copy_from_slice(&(self.description.len() as u32).to_le_bytes());
        b[16..24].copy_from_slice(&self.length.to_le_bytes());
        b[24..56].copy_from_slice(&self.key.0);
        b[56..88].copy_from_slice(&self.seal);
        b[120..TEXT].copy_from_slice(&self.secret);
        b[TEXT..TEXT + self.description.len()].copy_from_slice(self.description.as_bytes());
        let check = *blake3::hash(&b).as_bytes();
        b[CHECK].copy_from_slice(&check);
        b
    }

    /// The header in the first bytes of a file, or what is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        let bytes: &[u8; HEADER] = bytes.get(..HEADER).and_then(|b| b.try_into().ok()).ok_or("truncated")?;
        if &bytes[..8] != MAGIC {
            return Err("not an entry of this cache");
        }
        let mut unsigned = *bytes;
        unsigned[CHECK].fill(0);
        if blake3::hash(&unsigned).as_bytes()[..] != bytes[CHECK] {
            return Err("the header's checksum is wrong");
        }
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap_or_default());
        if word(8) != FORMAT {
            return Err("another version of the format");
        }
        let text = bytes.get(TEXT..TEXT + word(12) as usize).ok_or("the description is too long")?;
        Ok(Self {
            key: Key(bytes[24..56].try_into().unwrap_or_default()),
            length: u64::from_le_bytes(bytes[16..24].try_into().unwrap_or_default()),
            seal: bytes[56..88].try_into().unwrap_or_default(),
            secret: bytes[120..TEXT].try_into().unwrap_or_default(),
            description: String::from_utf8(text.to_vec()).map_err(|_| "the description is no text")?,
        })
    }

    /// The header of a file, its payload not looked at.
    pub fn read(path: &Path) -> io::Result<Result<Self, &'static str>> {
        let mut bytes = Vec::with_capacity(HEADER);
        open_regular(path)?.0.take(HEADER as u64).read_to_end(&mut bytes)?;
        Ok(Self::decode(&bytes))
    }
}

/// Of a key and a payload in parts: an entry cannot be passed off as another one either.
fn seal(key: &Key, parts: &[&[u8]], secret: &Secret) -> [u8; 32] {
    let mut hasher = secret.hasher();
    hasher.update(&key.0);
    parts.iter().for_each(|part| {
        hasher.update_rayon(part);
    });
    *hasher.finalize().as_bytes()
}

/// Memory aligned for any numbers, and for whole lines of a processor's cache.
#[repr(C, align(64))]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Block([u8; 64]);

/// A verified entry, in memory. It outlives the file's deletion, replacement and change.
///
/// Entries are read, not mapped: what is mapped changes with the file, and is gone with it (SIGBUS) where another program, or another computer of a
/// network file system, cuts the file off. That takes 1.4 to 2 s per GiB (measured on two busy cores, file in memory), three times what the checksum takes.
pub struct Entry {
    /// The payload, and what fills the last block.
    blocks: Vec<Block>,
    header: Header,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "an entry of {} bytes, {}", self.header.length, self.header.description)
    }
}

impl Entry {
    /// Reads an open file of at most `limit` bytes and verifies all of it. The inner error says what is wrong with the file.
    pub(super) fn open(
        mut file: &File,
        key: &Key,
        limit: u64,
        secret: &Secret,
    ) -> io::Result<Result<Self, &'static str>> {
        let length = file.metadata()?.len();
        let mut head = [0; HEADER];
        match file.read_exact(&mut head) {
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Ok(Err("truncated")),
            other => other?,
        }
        let header = match Header::decode(&head) {
            Ok(header) if header.key != *key => return Ok(Err("it has another key")),
            Ok(header) if header.length.checked_add(HEADER as u64) != Some(length) => {
                return Ok(Err("its length is wrong"));
            }
            Ok(header) if header.secret != secret.name() => return Ok(Err(OTHER_SECRET)),
            Ok(header) => header,
            Err(what) => return Ok(Err(what)),
        };
        if length > limit {
            return Err(io::Error::new(ErrorKind::FileTooLarge, "longer than the cache may be"));
        }
        let bytes = usize::try_from(header.length).map_err(|_| ErrorKind::OutOfMemory)?;
        let mut blocks: Vec<Block> = try_zeroed_vec(bytes.div_ceil(64)).map_err(|()| ErrorKind::OutOfMemory)?;
        match file.read_exact(&mut bytemuck::cast_slice_mut(&mut blocks)[..bytes]) {
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Ok(Err("truncated")),
            other => other?,
        }
        let entry = Self { blocks, header };
        let right = seal(key, &[entry.payload()], secret) == entry.header.seal;
        Ok(if right { Ok(entry) } else { Err("its checksum is wrong") })
    }

    /// The content, aligned to 64 bytes.
    pub fn payload(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.blocks)[..self.header.length as usize]
    }

    /// What it is, in words.
    pub fn description(&self) -> &str {
        &self.header.description
    }
}
