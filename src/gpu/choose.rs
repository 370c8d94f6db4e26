//! The first of several ways to do a job that fits.

use crate::{Error, Result};

/// Tries `candidates`, the fastest first, and gives the first that `build` does not refuse for want of memory.
///
/// # Errors
/// What `build` refuses for another reason; if nothing fits, the [`Error::OutOfMemory`] of the candidate that needs least.
pub fn first_that_fits<C, T>(
    candidates: impl IntoIterator<Item = C>,
    mut build: impl FnMut(C) -> Result<T>,
) -> Result<T> {
    let mut least: Option<(u64, Error)> = None;
    for candidate in candidates {
        match build(candidate) {
            Err(error @ Error::OutOfMemory { .. }) => {
                let Error::OutOfMemory { needed, .. } = error else { continue };
                if least.as_ref().is_none_or(|(n, _)| needed < *n) {
                    least = Some((needed, error));
                }
            }
            other => return other,
        }
    }
    Err(least.map_or_else(|| Error::invalid("plans to choose from", 0, "at least one"), |(_, error)| error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(bytes: u64, limit: u64) -> Result<u64> {
        match bytes <= limit {
            true => Ok(bytes),
            false => Err(Error::out_of_memory("test", bytes, limit)),
        }
    }

    #[test]
    fn the_first_that_fits_and_else_the_least() {
        let chosen = |limit| first_that_fits([100, 30, 50, 20], |bytes| needs(bytes, limit));
        assert_eq!(chosen(100).unwrap(), 100);
        assert_eq!(chosen(60).unwrap(), 30);
        assert_eq!(chosen(25).unwrap(), 20);
        assert!(matches!(chosen(10), Err(Error::OutOfMemory { needed: 20, .. })));
    }

    #[test]
    fn other_errors_end_the_search() {
        let error = first_that_fits([1, 2], |_| Err::<(), _>(Error::Device("lost".into()))).unwrap_err();
        assert!(matches!(error, Error::Device(_)));
        assert!(first_that_fits(Vec::<u8>::new(), Ok).is_err());
    }
}
