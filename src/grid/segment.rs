//! A run of neighbouring points of a grid.

use crate::{Error, Result};

/// Points of a vector that devices load at once; rows and segments are multiples of it.
pub const QUAD: u32 = 4;

/// Rows of the output are padded to a multiple of this: what one invocation computes.
pub const ROW_MULTIPLE: usize = 16;

/// The points `first .. first + len` of a grid: what a device works on at a time where memory is short. Arrays of the whole
/// range are indexed from the grid's first point, rows \[..\]\[segment\] from the segment's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    first: u32,
    len: u32,
}

impl Segment {
    /// # Errors
    /// [`Error::Invalid`] if `first` or `len` is no multiple of [`QUAD`], or `len` is zero.
    pub fn new(first: u32, len: u32) -> Result<Self> {
        if len == 0 || !first.is_multiple_of(QUAD) || !len.is_multiple_of(QUAD) {
            let required = format!("multiples of {QUAD}, the length not zero");
            return Err(Error::invalid("segment", format!("{len} points from point {first}"), required));
        }
        Ok(Self { first, len })
    }

    /// A whole grid of `len` points.
    ///
    /// # Errors
    /// As for [`Segment::new`].
    pub fn whole(len: u32) -> Result<Self> {
        Self::new(0, len)
    }

    /// Index of the first point.
    pub fn first(&self) -> u32 {
        self.first
    }

    /// Number of points.
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> u32 {
        self.len
    }

    /// [`Segment::first`] in quads.
    pub fn first_quad(&self) -> u32 {
        self.first / QUAD
    }

    /// [`Segment::len`] in quads.
    pub fn quads(&self) -> u32 {
        self.len / QUAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_quads_only() {
        let segment = Segment::new(1024, 20).unwrap();
        assert_eq!((segment.first_quad(), segment.quads()), (256, 5));
        assert_eq!(Segment::whole(8).unwrap(), Segment::new(0, 8).unwrap());
        for (first, len) in [(0, 0), (2, 4), (4, 2), (1, 3)] {
            assert!(Segment::new(first, len).unwrap_err().to_string().contains("multiples of 4"));
        }
    }
}
