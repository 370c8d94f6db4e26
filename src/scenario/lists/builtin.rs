//! The built-in list of carbon monoxide as a user names it.

use std::sync::Arc;

use super::{Needed, Opened, Own, left_out, no_such_broadener};
use crate::lines::carbon_monoxide::{Broadener as Gas, Isotopologue, line_list};
use crate::lines::{Line, LineList, LineSource as Lines, Width};
use crate::scenario::broadening::{Broadener, Broadening};
use crate::scenario::names;
use crate::scenario::source::{Isotopologues, ListKeys};
use crate::{Error, Result};

/// All lines of the isotopologues asked for: they are few, and what a grid does not need is left out later.
pub(super) fn open(source: &ListKeys, needed: &Needed, own: Own) -> Result<Opened> {
    if source.default_width.is_some() {
        return Err(Error::invalid("default width", "one", "a list from files: all built-in lines have a width"));
    }
    let by_name = Isotopologue::ALL.into_iter().find(|i| i.name() == source.name.trim());
    let chosen = match (source.isotopologues, by_name) {
        (Some(Isotopologues::All), _) => Isotopologue::ALL.to_vec(),
        (Some(Isotopologues::Number(n)), _) => vec![Isotopologue::from_hitran(n as usize)?],
        (None, Some(named)) if source.named => vec![named],
        (None, _) => vec![Isotopologue::C12O16],
    };
    let held: Vec<&str> = chosen.iter().map(|i| i.name()).collect();
    own.check(&held)?;
    if source.named {
        held.iter().try_for_each(|name| names::check(&source.name, name, Some("CO"), "the built-in list"))?;
    }
    let mut lists: Vec<Arc<dyn Lines>> = Vec::new();
    for isotopologue in &chosen {
        lists.push(Arc::new(list(*isotopologue, source.broadening.as_ref(), needed, &own)?));
    }
    let molar_mass = own.molar_mass.unwrap_or_else(|| chosen[0].molar_mass());
    let mut notes = Vec::new();
    if source.isotopologues.is_none() && by_name.is_none() {
        let others: Vec<Isotopologue> = Isotopologue::ALL.into_iter().filter(|i| !chosen.contains(i)).collect();
        let names: Vec<&str> = others.iter().map(|i| i.name()).collect();
        // Strengths contain the abundance, and differ little else.
        let share = others.iter().map(|i| i.terrestrial_abundance()).sum();
        notes.push(left_out(source, &names, Some(share)));
    }
    Ok(Opened { lists, molar_mass, notes })
}

/// One isotopologue with the user's widths, mass and partition function.
fn list(isotopologue: Isotopologue, widths: Option<&Broadening>, needed: &Needed, own: &Own) -> Result<LineList> {
    let with = |gas| line_list(isotopologue, gas, None, 0.0);
    let mut list = match widths {
        None => with(Gas::Air)?,
        Some(Broadening::From(partner)) => with(gas(partner)?)?,
        Some(Broadening::Constant(width)) => {
            let plain = with(Gas::Air)?;
            LineList::new(plain.species.clone(), plain.lines().iter().map(|l| l.with_width(*width)).collect())?
        }
        Some(Broadening::Mixture(parts)) => {
            let of_gas = |(partner, x): &(Broadener, f64)| Ok((with(gas(partner)?)?, *x));
            let lists = parts.iter().map(of_gas).collect::<Result<Vec<_>>>()?;
            let mixed = |i: usize, line: &Line| {
                let widths: Vec<(Width, f64)> = lists.iter().map(|(list, x)| (list.lines()[i].width(), *x)).collect();
                line.with_width(Width::mixture(&widths, needed.temperatures))
            };
            let first = &lists[0].0;
            let lines = first.lines().iter().enumerate().map(|(i, line)| mixed(i, line)).collect();
            LineList::new(first.species.clone(), lines)?
        }
    };
    list.species.molar_mass = own.molar_mass.unwrap_or(list.species.molar_mass);
    if let Some(partition) = &own.partition {
        list.species.partition = partition.clone();
    }
    Ok(list)
}

fn gas(partner: &Broadener) -> Result<Gas> {
    match partner {
        Broadener::Air | Broadener::Default => Ok(Gas::Air),
        Broadener::H2 => Ok(Gas::Hydrogen),
        Broadener::He => Ok(Gas::Helium),
        other => Err(no_such_broadener(other, "the built-in list has air, h2 and he")),
    }
}
