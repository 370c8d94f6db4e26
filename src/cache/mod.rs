//! What was computed before, kept on disk and found again by its content.
//!
//! An entry is a file in one folder. Its name is the [`Key`] of everything it was computed from (a BLAKE3 hash over named fields, this
//! library's version among them), so nothing ever has to be declared stale: other inputs have another key. An entry is written beside its
//! place and renamed onto it, so that any number of processes may share the folder; it is read into memory and its checksum
//! verified. The checksum is made with a secret of the user's, and entries of other users are refused. What is torn, truncated, foreign or corrupt is deleted and reported as [`Miss::Damaged`], and the caller computes
//! again. A folder that is missing, full or read-only means that nothing is kept, never an error.
//!
//! The folder is bounded: storing removes the entries that were not used for longest. This module knows no physics.
//!
//! | module | idea |
//! | --- | --- |
//! | `key`, `hasher` | what an entry was computed from, as 32 bytes |
//! | `entry` | the file: header, checksum, payload |
//! | `secret` | what makes a checksum a seal |
//! | `store` | the folder: find, store, list, clear, evict |
//! | `slice` | numbers of their own or in an entry |

mod entry;
#[cfg(test)]
mod forge;
mod hasher;
mod key;
mod secret;
mod slice;
mod store;

pub use entry::Entry;
#[cfg(test)]
pub(crate) use forge::{scramble, seeds};
pub use hasher::KeyHasher;
pub use key::Key;
pub use slice::Numbers;
pub use store::{Cache, DEFAULT_LIMIT, Item, Miss};
