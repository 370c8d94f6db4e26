//! The file of an entry: a header of fixed length, then the payload.
//!
//! | bytes | content |
//! | --- | --- |
//! | 0..8 | magic |
//! | 8..16 | format version, length of the description |
//! | 16..24 | length of the payload |
//! | 24..56 | key |
//! | 56..88 | BLAKE3 of the payload |
//! | 88..120 | BLAKE3 of the header, these bytes being 0 |
//! | 120..512 | description, UTF-8 |
//! | 512.. | payload |
//!
//! Whole numbers are little endian. Both checksums and the file's length must be right, so a change of any byte is found.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use memmap2::Mmap;

use super::Key;

/// Length of the header; the payload is aligned to it.
pub(super) const HEADER: usize = 512;
const MAGIC: &[u8; 8] = b"photosph";
const FORMAT: u32 = 1;
/// First byte of the description, and one past the header's own checksum.
const TEXT: usize = 120;
const CHECK: std::ops::Range<usize> = 88..TEXT;

/// What a header says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    pub key: Key,
    pub length: u64,
    pub payload_hash: [u8; 32],
    pub description: String,
}

impl Header {
    /// The header of a payload given in parts. Of the description, what fits is kept.
    pub fn of(key: Key, description: &str, parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        parts.iter().for_each(|p| {
            hasher.update_rayon(p);
        });
        let end = (0..=description.len().min(HEADER - TEXT)).rev().find(|i| description.is_char_boundary(*i));
        Self {
            key,
            length: parts.iter().map(|p| p.len() as u64).sum(),
            payload_hash: *hasher.finalize().as_bytes(),
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
        b[56..88].copy_from_slice(&self.payload_hash);
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
            payload_hash: bytes[56..88].try_into().unwrap_or_default(),
            description: String::from_utf8(text.to_vec()).map_err(|_| "the description is no text")?,
        })
    }

    /// The header of a file, its payload not looked at.
    pub fn read(path: &Path) -> std::io::Result<Result<Self, &'static str>> {
        let mut bytes = Vec::with_capacity(HEADER);
        File::open(path)?.take(HEADER as u64).read_to_end(&mut bytes)?;
        Ok(Self::decode(&bytes))
    }
}

/// A verified entry, mapped into memory. The map outlives the file's deletion and replacement.
#[derive(Debug)]
pub struct Entry {
    map: Mmap,
    header: Header,
}

impl Entry {
    /// Maps an open file and verifies all of it. The inner error says what is wrong with the file.
    pub(super) fn open(file: &File, key: &Key) -> std::io::Result<Result<Self, &'static str>> {
        // An empty file cannot be mapped everywhere.
        if file.metadata()?.len() < HEADER as u64 {
            return Ok(Err("truncated"));
        }
        // SAFETY: entries are replaced by renaming and deleted by unlinking, never written in place by this library, so what is mapped does
        // not change. Another program that writes into the folder could change it; then numbers would be wrong, as in
        // any mapped file, but all bytes are valid values of the types read from it.
        let map = unsafe { Mmap::map(file)? };
        Ok(Self::verify(map, key))
    }

    fn verify(map: Mmap, key: &Key) -> Result<Self, &'static str> {
        let header = Header::decode(&map)?;
        if header.key != *key {
            return Err("it has another key");
        }
        let payload = &map[HEADER..];
        if payload.len() as u64 != header.length {
            return Err("its length is wrong");
        }
        if *blake3::Hasher::new().update_rayon(payload).finalize().as_bytes() != header.payload_hash {
            return Err("its checksum is wrong");
        }
        Ok(Self { map, header })
    }

    /// The content, aligned to 512 bytes.
    pub fn payload(&self) -> &[u8] {
        &self.map[HEADER..]
    }

    /// What it is, in words.
    pub fn description(&self) -> &str {
        &self.header.description
    }
}
