//! An array of numbers in NumPy's NPY format, from bytes that may be anything.

use std::path::Path;

use npyz::{NpyFile, Order};

use crate::{Error, Result};

/// Longest header, NumPy's own limit \[bytes\].
const LONGEST_HEADER: usize = 10_000;
/// Brackets in each other: a shape in a dictionary needs two.
const DEEPEST: usize = 8;

/// Numbers in the order of the file.
#[derive(Debug)]
pub(crate) struct Array {
    pub shape: Vec<usize>,
    /// The first index runs fastest.
    pub fortran: bool,
    pub values: Vec<f64>,
}

/// The array of a file's bytes; float32 and float64 are taken. `path` is for messages.
///
/// # Errors
/// [`Error::Parse`]: no such array, one whose shape is not that of its bytes, or of other types.
pub(crate) fn array(path: &Path, bytes: &[u8]) -> Result<Array> {
    let wrong = |e: String| Error::parse(path, None, e);
    let start = check_header(bytes).map_err(|e| wrong(format!("not an NPY file: {e}")))?;
    let npy = NpyFile::new(bytes).map_err(|e| wrong(format!("not an NPY file: {e}")))?;
    let (shape, kind) = (npy.shape().to_vec(), npy.dtype().descr());
    let size = match kind.trim_matches('\'') {
        "<f8" | ">f8" => 8,
        "<f4" | ">f4" => 4,
        _ => return Err(wrong(format!("numbers of type {kind}; required: float64 or float32"))),
    };
    let needed = shape.iter().try_fold(size as u64, |n, side| n.checked_mul(*side));
    let there = (bytes.len() - start) as u64;
    if needed.is_none_or(|needed| needed > there) {
        let message =
            format!("cannot read the array: shape {shape:?} of {kind} needs more than the {there} bytes there");
        return Err(wrong(message));
    }
    let fortran = npy.order() == Order::Fortran;
    let values = if size == 8 {
        npy.into_vec::<f64>()
    } else {
        npy.into_vec::<f32>().map(|values| values.into_iter().map(f64::from).collect())
    };
    let values = values.map_err(|e| wrong(format!("cannot read the array: {e}")))?;
    Ok(Array { shape: shape.iter().map(|side| *side as usize).collect(), fortran, values })
}

/// Looks at the header before npyz does, which multiplies the sides of a shape unchecked and follows brackets as deep as they go. Gives where
/// the numbers begin.
fn check_header(bytes: &[u8]) -> Result<usize, String> {
    let no = |what: &str| Err(what.to_owned());
    if !bytes.starts_with(b"\x93NUMPY") || bytes.len() < 12 {
        return no("its first bytes are not those of NumPy");
    }
    let (length, start) = match bytes[6] {
        1 => (usize::from(u16::from_le_bytes([bytes[8], bytes[9]])), 10),
        _ => (u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize, 12),
    };
    if length > LONGEST_HEADER {
        return Err(format!("a header of {length} bytes; at most {LONGEST_HEADER} are required"));
    }
    let Some(header) = bytes.get(start..start + length) else { return no("the header is cut off") };
    let (mut depth, mut product) = (0usize, 1u64);
    for b in header {
        match b {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return no("brackets too deep in its header");
        }
    }
    // All whole numbers of the header: the sides of the shape, and the bytes of the type.
    for digits in header.split(|b| !b.is_ascii_digit()).filter(|d| !d.is_empty()) {
        let side = std::str::from_utf8(digits).ok().and_then(|d| d.parse::<u64>().ok());
        match side.and_then(|side| product.checked_mul(side.max(1))) {
            Some(all) => product = all,
            None => return no("its shape has more elements than can be counted"),
        }
    }
    Ok(start + length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(descr: &str, shape: &str, data: usize) -> Vec<u8> {
        let mut header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}");
        header += &" ".repeat(63 - (header.len() + 10) % 64);
        header.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(std::iter::repeat_n(0, data));
        bytes
    }

    #[test]
    fn shapes_must_be_those_of_the_bytes() {
        let read = |descr, shape, data| array(Path::new("a.npy"), &file(descr, shape, data));
        assert_eq!(read("'<f8'", "(2, 3)", 48).unwrap().shape, [2, 3]);
        assert_eq!(read("'<f4'", "(2, 3)", 24).unwrap().values, [0.0; 6]);
        for (shape, words) in [
            ("(9223372036854775808, 2)", "more elements than can be counted"),
            ("(1152921504606846976, 1)", "needs more than"),
            ("(0, 9223372036854775808, 4)", "more elements than can be counted"),
            ("(99999999999999999999,)", "more elements than can be counted"),
            ("(2, 4)", "needs more than the 48 bytes there"),
            ("((((((((((((1", "brackets too deep"),
            ("(-1,)", "not an NPY file"),
        ] {
            let message = read("'<f8'", shape, 48).unwrap_err().to_string();
            assert!(message.contains(words), "{shape}: {message}");
        }
        for kind in ["'<i8'", "'|O'", "[('a', '<f8'), ('b', '<f8')]"] {
            let message = read(kind, "(2,)", 48).unwrap_err().to_string();
            assert!(message.contains("required: float64 or float32"), "{message}");
        }
        let mut long = file("'<f8'", "(2, 3)", 48);
        long[6] = 2;
        long[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(array(Path::new("a.npy"), &long).unwrap_err().to_string().contains("at most 10000 are required"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0..200usize, b in any::<u8>()) {
            let _ = array(Path::new("a.npy"), &bytes);
            let mut good = file("'<f8'", "(2, 3)", 48);
            let at = at % good.len();
            good[at] = b;
            let _ = array(Path::new("a.npy"), &good);
            let _ = array(Path::new("a.npy"), &[b"\x93NUMPY\x01\x00", &bytes[..]].concat());
        }
    }
}
