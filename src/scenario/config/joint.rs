//! Parameters with joint priors: in ascending order (`above`), and parts of a whole (Dirichlet's prior).

use super::declared::Parameter;
use crate::inference::Prior;

/// The names of parameters in ascending order, one list for each chain of `above`, in the order in which their first ones are declared.
pub fn orders(parameters: &[Parameter]) -> Vec<Vec<&str>> {
    let next = |name: &str| parameters.iter().find(|p| p.above.as_deref() == Some(name)).map(|p| p.name.as_str());
    let firsts = parameters.iter().filter(|p| p.above.is_none() && next(&p.name).is_some());
    let chain = |first: &Parameter| {
        let mut names = vec![parameters.iter().find(|p| p.name == first.name).map_or("", |p| p.name.as_str())];
        // Without circles, which are refused, there are no more links than parameters.
        while let Some(name) = names.last().and_then(|last| next(last)).filter(|_| names.len() < parameters.len()) {
            names.push(name);
        }
        names
    };
    firsts.map(chain).collect()
}

/// Finds that what `above` and Dirichlet's priors say can be; else the place of a parameter, and what is wrong with it.
pub(super) fn check(parameters: &[Parameter]) -> Result<(), (usize, String)> {
    for (i, p) in parameters.iter().enumerate() {
        let Some(name) = &p.above else { continue };
        let Some(other) = parameters.iter().find(|o| o.name == *name) else {
            return Err((i, format!("given above = \"{name}\", required the name of another parameter")));
        };
        if parameters[..i].iter().any(|o| o.above.as_ref() == Some(name)) {
            return Err((
                i,
                format!(
                    "given above = \"{name}\", which another has already; required a chain, each above the one before"
                ),
            ));
        }
        if (other.prior, other.log10) != (p.prior, p.log10) {
            return Err((
                i,
                format!("given prior {}, required that of `{name}`, above which it lies: {}", p.prior, other.prior),
            ));
        }
        if matches!(p.prior, Prior::Dirichlet { .. }) {
            return Err((i, "given `above` with a Dirichlet prior, required one of both".into()));
        }
        if p.start <= other.start {
            return Err((i, format!("given start {}, required one above that of `{name}`, {}", p.start, other.start)));
        }
    }
    let part = |p: &Parameter| if let Prior::Dirichlet { rest, .. } = p.prior { Some(rest) } else { None };
    let parts: Vec<usize> = (0..parameters.len()).filter(|i| part(&parameters[*i]).is_some()).collect();
    let Some(first) = parts.first() else { return Ok(()) };
    if let Some(i) = parts.iter().find(|i| part(&parameters[**i]) != part(&parameters[*first])) {
        let (rest, of) = (part(&parameters[*first]).unwrap_or(1.0), &parameters[*first].name);
        return Err((*i, format!("required rest = {rest} in its prior, as of `{of}`: it is one rest of all parts")));
    }
    let sum: f64 = parts.iter().map(|i| parameters[*i].value(&parameters[*i].start)).sum();
    if sum >= 1.0 {
        return Err((
            *first,
            format!("the starts of all parts with a Dirichlet prior add up to {sum}; required less than 1"),
        ));
    }
    Ok(())
}
