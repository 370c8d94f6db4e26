//! The source tier is the memory plan's choice too: what is quickest may be too large.

use crate::cross_section::Method;
use crate::{Error, Result};

/// A model whose plan fits. `make` prepares a model with a method, `fits` plans it.
///
/// With [`Method::Auto`] the quicker tier of each list comes first. If memory is what its plan lacks, all lists are taken line by line, or else by
/// their densities; whichever fits first is taken. If none does, it is the first model, so that its own plan says what is needed. Any other
/// method is the user's choice and stays.
///
/// # Errors
/// Those of `make`, and those of `fits` but [`Error::OutOfMemory`].
pub fn choose_tier<M>(
    method: Method,
    make: impl Fn(Method) -> Result<M>,
    fits: impl Fn(&M) -> Result<()>,
) -> Result<M> {
    let preferred = make(method)?;
    let has_room = |model: &M| match fits(model) {
        Ok(()) => Ok(true),
        Err(Error::OutOfMemory { .. }) => Ok(false),
        Err(other) => Err(other),
    };
    if method != Method::Auto || has_room(&preferred)? {
        return Ok(preferred);
    }
    for other in [Method::Lines, Method::Density] {
        // A list may have no density at all.
        if let Ok(model) = make(other)
            && has_room(&model)?
        {
            return Ok(model);
        }
    }
    Ok(preferred)
}

#[cfg(test)]
mod tests {
    use super::super::Model;
    use super::super::tests::crowded;
    use super::*;
    use crate::gpu::Limits;

    #[test]
    fn the_tier_that_fits_is_taken() {
        let limits = Limits::default();
        let needed = |method| match crowded(method).plan(&limits, Some(1)) {
            Err(Error::OutOfMemory { needed, .. }) => needed,
            other => panic!("{other:?}"),
        };
        let (lines, density) = (needed(Method::Lines), needed(Method::Density));
        assert_ne!(lines, density);
        let (smaller, larger) =
            if lines < density { (Method::Lines, Method::Density) } else { (Method::Density, Method::Lines) };
        // As if the larger one were the quicker one.
        let make = |method| Ok((method, crowded(if method == Method::Auto { larger } else { method })));
        let taken = |method: Method, budget: u64| {
            let fits = |(_, model): &(Method, Model)| model.plan(&limits, Some(budget)).map(|_| ());
            choose_tier(method, make, fits).unwrap().0
        };
        let least = lines.min(density);
        assert_eq!(taken(Method::Auto, u64::MAX), Method::Auto);
        assert_eq!(taken(Method::Auto, least), smaller);
        assert_eq!(taken(Method::Auto, least - 1), Method::Auto);
        assert_eq!(taken(larger, least), larger);
        let broken = choose_tier(Method::Auto, make, |_| Err(Error::DeviceLost("lost".into())));
        assert!(matches!(broken, Err(Error::DeviceLost(_))));
    }
}
