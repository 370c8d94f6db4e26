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

/// As [`first_that_fits`] for a budget, where `bound` tells at once how many bytes a candidate needs at least: those beyond the budget are only built to
/// learn what the smallest plan needs.
///
/// # Errors
/// As [`first_that_fits`].
pub fn first_within<C, T>(
    candidates: Vec<C>,
    budget: Option<u64>,
    bound: impl Fn(&C) -> u64,
    mut build: impl FnMut(C) -> Result<T>,
) -> Result<T> {
    let (may_fit, mut beyond): (Vec<C>, Vec<C>) =
        candidates.into_iter().partition(|c| budget.is_none_or(|budget| bound(c) <= budget));
    let mut least = match may_fit.is_empty() && !beyond.is_empty() {
        true => None,
        false => match first_that_fits(may_fit, &mut build) {
            Err(error @ Error::OutOfMemory { .. }) => Some(error),
            other => return other,
        },
    };
    beyond.sort_by_key(&bound);
    for candidate in beyond {
        let needed = |error: &Error| if let Error::OutOfMemory { needed, .. } = error { *needed } else { u64::MAX };
        if least.as_ref().is_some_and(|least| bound(&candidate) >= needed(least)) {
            break;
        }
        match build(candidate) {
            Err(error @ Error::OutOfMemory { .. }) => {
                if least.as_ref().is_none_or(|least| needed(&error) < needed(least)) {
                    least = Some(error);
                }
            }
            other => return other,
        }
    }
    Err(least.unwrap_or_else(|| Error::invalid("plans to choose from", 0, "at least one")))
}

/// Chooses a plan within `budget` and opens it. A driver may refuse what the budget allows: then the next smaller plan is chosen, at least a
/// sixteenth smaller if there is one (each try asks the driver for all of a plan's memory).
///
/// # Errors
/// What `choose` and `open` refuse for another reason than memory; if no plan can be had, the last [`Error::OutOfMemory`] of `open`, or of `choose`
/// if none was opened.
pub fn open_within<P, T>(
    budget: Option<u64>,
    mut choose: impl FnMut(Option<u64>) -> Result<P>,
    mut open: impl FnMut(P) -> Result<T>,
) -> Result<T> {
    let mut plan = choose(budget)?;
    loop {
        let refused = match open(plan) {
            Err(error @ Error::OutOfMemory { .. }) => error,
            other => return other,
        };
        let Error::OutOfMemory { needed, .. } = refused else { return Err(refused) };
        let smaller = choose(Some(needed - needed.div_ceil(16))).or_else(|_| choose(Some(needed.saturating_sub(1))));
        plan = match smaller {
            Ok(plan) => plan,
            Err(Error::OutOfMemory { .. }) => return Err(refused),
            Err(other) => return Err(other),
        };
    }
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
    fn bounds_spare_what_cannot_fit() {
        let tried = |limit: u64| {
            let mut built = Vec::new();
            let chosen = first_within(
                vec![100u64, 30, 50, 20, 60],
                Some(limit),
                |c| c - 5,
                |bytes| {
                    built.push(bytes);
                    needs(bytes, limit)
                },
            );
            (chosen.map_err(|e| e.to_string()), built)
        };
        assert_eq!(tried(100), (Ok(100), vec![100]));
        assert_eq!(tried(60), (Ok(30), vec![30]));
        assert_eq!(tried(22), (Ok(20), vec![20]));
        let (none, built) = tried(10);
        assert!(none.unwrap_err().contains("20 bytes needed"));
        assert_eq!(built, [20], "the others need more than 20 by their bounds");
        let (none, built) = tried(18);
        assert!(none.unwrap_err().contains("20 bytes needed"));
        assert_eq!(built, [20]);
    }

    #[test]
    fn what_the_driver_refuses_is_tried_smaller() {
        let attempt = |budget: Option<u64>, driver: u64| {
            let mut asked = Vec::new();
            let choose =
                |budget: Option<u64>| first_that_fits([100, 98, 50, 49], |b| needs(b, budget.unwrap_or(u64::MAX)));
            let opened = open_within(budget, choose, |bytes| {
                asked.push(bytes);
                needs(bytes, driver)
            });
            (opened.ok(), asked)
        };
        assert_eq!(attempt(None, 200), (Some(100), vec![100]));
        assert_eq!(attempt(Some(99), 60), (Some(50), vec![98, 50]));
        assert_eq!(attempt(None, 49), (Some(49), vec![100, 50, 49]), "a little smaller, if nothing else is left");
        assert_eq!(attempt(None, 10), (None, vec![100, 50, 49]));
        assert_eq!(attempt(Some(10), 200), (None, vec![]));
    }

    #[test]
    fn other_errors_end_the_search() {
        let error = first_that_fits([1, 2], |_| Err::<(), _>(Error::DeviceLost("lost".into()))).unwrap_err();
        assert!(matches!(error, Error::DeviceLost(_)));
        assert!(first_that_fits(Vec::<u8>::new(), Ok).is_err());
    }
}
