//! For tests: entries whose payload is another one, and whose checksums are right.

use std::fs;
use std::path::Path;

use super::Cache;
use super::entry::{HEADER, Header};

impl Cache {
    /// Changes an entry's payload and makes its checksums right, as whoever has the secret can.
    pub(crate) fn forge(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let bytes = fs::read(path).unwrap();
        let Ok(header) = Header::decode(&bytes) else { return };
        let mut payload = bytes[HEADER..].to_vec();
        change(&mut payload);
        let header = Header::of(header.key, &header.description, &[&payload], &self.secret()).encode();
        fs::write(path, [&header[..], &payload].concat()).unwrap();
    }
}

/// Seeds of as many changes as a test usually makes, or as `scripts/fuzz` asks for.
pub(crate) fn seeds(usual: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    let first = number("PHOTOSPHERE_FUZZ_SEED").unwrap_or(0);
    first..first + number("PHOTOSPHERE_FUZZ").unwrap_or(usual)
}

/// Some change of bytes that a seed decides: of one, of a word to one of those that programs stumble over, a cut, something more, or one part over another.
pub(crate) fn scramble(bytes: &mut Vec<u8>, seed: u64) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below.max(1)
    };
    const WORDS: [u64; 8] =
        [0, 1, u64::MAX, 1 << 63, 0x7ff0_0000_0000_0000, 0x7ff8_0000_0000_0001, 0x7fef_ffff_ffff_ffff, 0x8000_0000];
    for _ in 0..1 + next(3) {
        // Heads decide more than numbers: half of the changes are there.
        let length = if next(2) == 0 { bytes.len().min(256) } else { bytes.len() };
        match next(6) {
            0 | 1 => {
                let word = WORDS[next(8)].to_ne_bytes();
                let at = next(length.div_ceil(8)) * 8;
                bytes.iter_mut().skip(at).zip(word).for_each(|(b, w)| *b = w);
            }
            2 => {
                let (at, word) = (next(length.div_ceil(4)) * 4, [0, 1, u32::MAX, 0x7f80_0000, 0x7fff_ffff][next(5)]);
                bytes.iter_mut().skip(at).zip(word.to_ne_bytes()).for_each(|(b, w)| *b = w);
            }
            3 => {
                let (at, flip) = (next(length), 1 << next(8));
                bytes.iter_mut().skip(at).take(1).for_each(|b| *b ^= flip);
            }
            4 => {
                let to = next(bytes.len() + 1) / 4 * 4;
                bytes.truncate(to);
            }
            _ => {
                let (from, to, n) = (next(length) / 4 * 4, next(length) / 4 * 4, 4 * next(64));
                let part: Vec<u8> = bytes.iter().skip(from).take(n).copied().collect();
                bytes.iter_mut().skip(to).zip(part).for_each(|(b, p)| *b = p);
            }
        }
    }
}
