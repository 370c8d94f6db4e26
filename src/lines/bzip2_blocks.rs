//! bzip2 on all cores.
//!
//! ExoMol's lists come as bzip2, which one core unpacks at some 20 MB/s of text. But a bzip2 stream is a row of blocks (up to 900 kB of
//! text each) that do not depend on each other: each begins, at any bit, with a 48-bit mark and the CRC of its text. They are cut out
//! here, made streams of their own, and decoded by several threads; block and stream CRCs are checked.
//!
//! Whatever is not as expected (damage, a mark that occurs by chance, which takes some 10 TB of data) ends the shortcut: the
//! file is opened anew and read on by the plain decoder, whose word on damage is final.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use crate::input::open_regular;
use bzip2::read::{BzDecoder, MultiBzDecoder};

use crate::threads;

/// First 48 bits of a block: pi.
const BLOCK: u64 = 0x3141_5926_5359;
/// First 48 bits of the end of a stream: the root of pi.
const END: u64 = 0x1772_4538_5090;
const MASK: u64 = (1 << 48) - 1;
/// Bytes that stand third from the end of a mark in one of its eight alignments: 15 in 16 places need no closer look.
const MAY_BE_MARK: [bool; 256] = {
    let mut table = [false; 256];
    let mut shift = 0;
    while shift < 8 {
        table[((BLOCK << shift) >> 16) as u8 as usize] = true;
        table[((END << shift) >> 16) as u8 as usize] = true;
        shift += 1;
    }
    table
};
/// Mark and CRC.
const MARK_BITS: usize = 80;
/// A block of 900 kB takes at most little more than that \[bytes\]; beyond twice that something is wrong.
const LONGEST: usize = 1_800_000;

/// Decompressed bytes of a bzip2 file of any number of streams.
pub(crate) struct ParallelBzip2<R> {
    source: R,
    path: PathBuf,
    threads: usize,
    /// Compressed bytes from the first that is still needed.
    buffer: Vec<u8>,
    /// Next bit of the buffer to look at.
    bit: usize,
    at_end_of_file: bool,
    /// Level digit and CRC of the stream so far; `None` between streams.
    stream: Option<(u8, u32)>,
    /// Decompressed, not yet handed out, last piece first.
    ready: Vec<io::Cursor<Vec<u8>>>,
    handed_out: u64,
    plain: Option<MultiBzDecoder<File>>,
}

/// The data are not what this shortcut can deal with.
struct Surprise;

impl<R: Read> ParallelBzip2<R> {
    /// `source` reads the file at `path` from its beginning.
    pub fn new(source: R, path: impl Into<PathBuf>) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            source,
            path: path.into(),
            threads,
            buffer: Vec::new(),
            bit: 0,
            at_end_of_file: false,
            stream: None,
            ready: Vec::new(),
            handed_out: 0,
            plain: None,
        }
    }

    /// Reads on; false at the end of the file.
    fn read_more(&mut self) -> io::Result<bool> {
        const STEP: u64 = 1 << 18;
        let got = (&mut self.source).take(STEP).read_to_end(&mut self.buffer)?;
        self.at_end_of_file = (got as u64) < STEP;
        Ok(got > 0)
    }

    /// Some bits (at most 48) from a bit of the buffer on; `None` beyond the end of the file.
    fn bits(&mut self, from: usize, count: usize) -> io::Result<Option<u64>> {
        while self.buffer.len() * 8 < from + count {
            if self.at_end_of_file || !self.read_more()? {
                return Ok(None);
            }
        }
        let bytes = &self.buffer[from / 8..(from + count).div_ceil(8)];
        let all = bytes.iter().fold(0u64, |all, b| (all << 8) | u64::from(*b));
        let below = bytes.len() * 8 - from % 8 - count;
        Ok(Some((all >> below) & ((1 << count) - 1)))
    }

    /// The first bit, not before `from`, at which a block or the end of the stream begins.
    fn find_mark(&mut self, from: usize) -> io::Result<Result<usize, Surprise>> {
        let (mut window, mut next) = (0u64, from / 8);
        loop {
            while next < self.buffer.len() {
                window = (window << 8) | u64::from(self.buffer[next]);
                next += 1;
                if !MAY_BE_MARK[(window >> 16) as u8 as usize] {
                    continue;
                }
                for shift in 0..8 {
                    let candidate = (window >> shift) & MASK;
                    if (candidate == BLOCK || candidate == END) && next * 8 >= from + 48 + shift {
                        return Ok(Ok(next * 8 - shift - 48));
                    }
                }
            }
            let too_long = next - from / 8 > LONGEST;
            if too_long || self.at_end_of_file || !self.read_more()? {
                return Ok(Err(Surprise));
            }
        }
    }

    /// The next block as a stream of its own; `None` at the end of the file.
    fn next_block(&mut self) -> io::Result<Result<Option<Vec<u8>>, Surprise>> {
        loop {
            let Some((level, crc)) = self.stream else {
                if self.buffer.len() * 8 == self.bit && (self.at_end_of_file || !self.read_more()?) {
                    return Ok(Ok(None));
                }
                match self.bits(self.bit, 32)? {
                    Some(head) if head >> 8 == 0x42_5a68 && (0x31..=0x39).contains(&(head & 0xff)) => {
                        self.stream = Some(((head & 0xff) as u8, 0));
                        self.bit += 32;
                    }
                    _ => return Ok(Err(Surprise)),
                }
                continue;
            };
            let start = self.bit;
            let (Some(mark), Some(value)) = (self.bits(start, 48)?, self.bits(start + 48, 32)?) else {
                return Ok(Err(Surprise));
            };
            let value = value as u32;
            if mark == END && value == crc {
                self.stream = None;
                self.bit = (start + MARK_BITS).next_multiple_of(8);
            } else if mark == BLOCK {
                let Ok(end) = self.find_mark(start + MARK_BITS)? else { return Ok(Err(Surprise)) };
                self.stream = Some((level, crc.rotate_left(1) ^ value));
                self.bit = end;
                return Ok(Ok(Some(stream_of_block(&self.buffer, start, end, level, value))));
            } else {
                return Ok(Err(Surprise));
            }
        }
    }

    /// Decodes the next blocks, two per thread. False at the end of the file.
    fn decode_more(&mut self) -> io::Result<Result<bool, Surprise>> {
        let mut blocks = Vec::new();
        while blocks.len() < 2 * self.threads {
            match self.next_block()? {
                Ok(Some(block)) => blocks.push(block),
                Ok(None) => break,
                Err(Surprise) => return Ok(Err(Surprise)),
            }
        }
        self.buffer.drain(..self.bit / 8);
        self.bit %= 8;
        let decode = |blocks: &[Vec<u8>]| -> Vec<io::Result<Vec<u8>>> {
            let one = |block: &Vec<u8>| {
                let mut text = Vec::new();
                BzDecoder::new(&block[..]).read_to_end(&mut text).map(|_| text)
            };
            blocks.iter().map(one).collect()
        };
        // Threads of our own: the pool's may all be waiting for this very text.
        let decoded: Vec<_> = std::thread::scope(|scope| {
            let share = blocks.len().div_ceil(self.threads).max(1);
            // Where there is no thread for a share, this one decodes it.
            let worker = |part| threads::spawn(scope, "decoding bzip2", move || decode(part)).map_err(|_| decode(part));
            let workers: Vec<_> = blocks.chunks(share).map(worker).collect();
            workers.into_iter().map(|w| w.map_or_else(Ok, std::thread::ScopedJoinHandle::join)).collect()
        });
        for text in decoded.into_iter().rev() {
            let Ok(part) = text else { return Ok(Err(Surprise)) };
            for text in part.into_iter().rev() {
                let Ok(text) = text else { return Ok(Err(Surprise)) };
                self.ready.push(io::Cursor::new(text));
            }
        }
        Ok(Ok(!blocks.is_empty()))
    }

    /// The plain decoder at the place that has been reached.
    fn plain(&self) -> io::Result<MultiBzDecoder<File>> {
        let mut plain = MultiBzDecoder::new(open_regular(&self.path)?.0);
        io::copy(&mut (&mut plain).take(self.handed_out), &mut io::sink())?;
        Ok(plain)
    }
}

impl<R: Read> Read for ParallelBzip2<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(plain) = &mut self.plain {
                return plain.read(out);
            }
            if let Some(text) = self.ready.last_mut() {
                let n = text.read(out)?;
                self.handed_out += n as u64;
                if n > 0 || out.is_empty() {
                    return Ok(n);
                }
                self.ready.pop();
                continue;
            }
            match self.decode_more()? {
                Ok(true) => {}
                Ok(false) => return Ok(0),
                Err(Surprise) => {
                    self.ready.clear();
                    self.plain = Some(self.plain()?);
                }
            }
        }
    }
}

/// Bits `start..end` of `buffer` (one block) with the head and end that make them a stream.
fn stream_of_block(buffer: &[u8], start: usize, end: usize, level: u8, crc: u32) -> Vec<u8> {
    let (first, shift) = (start / 8, start % 8);
    let mut stream = Vec::with_capacity((end - start) / 8 + 16);
    stream.extend_from_slice(&[b'B', b'Z', b'h', level]);
    let whole = (end - start) / 8;
    let byte = |i: usize| {
        let next = if shift == 0 { 0 } else { u16::from(buffer.get(i + 1).copied().unwrap_or(0)) >> (8 - shift) };
        ((u16::from(buffer[i]) << shift) | next) as u8
    };
    stream.extend((first..first + whole).map(byte));
    // The bits that are left, then mark and CRC, then zeros to the next byte.
    let left = (end - start) % 8;
    let mut tail: u128 = if left == 0 { 0 } else { u128::from(byte(first + whole) >> (8 - left)) };
    tail = (tail << 48) | u128::from(END);
    tail = (tail << 32) | u128::from(crc);
    let bits = left + MARK_BITS;
    tail <<= 128 - bits;
    stream.extend_from_slice(&tail.to_be_bytes()[..bits.div_ceil(8)]);
    stream
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn pack(text: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(level));
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// What comes out, and whether the shortcut held to the end.
    fn unpack(packed: &[u8], threads: usize) -> (io::Result<Vec<u8>>, bool) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), packed).unwrap();
        let mut reader = ParallelBzip2::new(File::open(file.path()).unwrap(), file.path());
        reader.threads = threads;
        let mut text = Vec::new();
        let result = reader.read_to_end(&mut text).map(|_| text);
        (result, reader.plain.is_none())
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut x = 1u32;
        let mut next = || {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b'0' + (x >> 24) as u8 % 10
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn blocks_and_streams_come_back() {
        let text = noise(1_000_000);
        for level in [1, 9] {
            for threads in [1, 3] {
                let (got, parallel) = unpack(&pack(&text, level), threads);
                assert!(got.unwrap() == text && parallel, "level {level}, {threads} threads");
            }
        }
        let mut two = pack(&text[..350_000], 1);
        two.extend(pack(b"", 5));
        two.extend(pack(&text[350_000..], 2));
        let (got, parallel) = unpack(&two, 2);
        assert!(got.unwrap() == text && parallel);
        assert!(matches!(unpack(&pack(b"", 9), 2), (Ok(t), true) if t.is_empty()));
    }

    #[test]
    fn damage_is_found() {
        let packed = pack(&noise(600_000), 1);
        for at in [packed.len() / 2, packed.len() - 3] {
            let mut broken = packed.clone();
            broken[at] ^= 0x10;
            assert!(unpack(&broken, 2).0.is_err(), "byte {at}");
            assert!(unpack(&packed[..at], 2).0.is_err(), "cut at {at}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn it_agrees_with_the_plain_decoder(
            length in 0..250_000usize, at in any::<prop::sample::Index>(), flip in any::<u8>(), cut in any::<prop::sample::Index>(),
        ) {
            let mut packed = pack(&noise(length), 1);
            let i = at.index(packed.len());
            packed[i] ^= if flip < 128 { 0 } else { flip };
            if flip % 3 == 0 {
                packed.truncate(cut.index(packed.len()));
            }
            let mut plain = Vec::new();
            let want = MultiBzDecoder::new(&packed[..]).read_to_end(&mut plain);
            match (unpack(&packed, 2).0, want) {
                (Ok(got), Ok(_)) => prop_assert!(got == plain),
                (got, want) => prop_assert_eq!(got.is_err(), want.is_err()),
            }
        }
    }
}
