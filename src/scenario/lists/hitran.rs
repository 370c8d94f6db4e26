//! HITRAN files as a user names them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Needed, Opened, Own, left_out};
use crate::lines::hitran::{HitranId, Partner};
use crate::lines::{HitranBroadening, HitranList, HitranSource, LineSource as Lines, isotopologues};
use crate::scenario::broadening::{Broadener, Broadening};
use crate::scenario::names;
use crate::scenario::source::{Isotopologues, ListKeys};
use crate::{Error, Note, Resources, Result};

pub(super) fn open(source: &ListKeys, needed: &Needed, own: Own, resources: &Resources<'_>) -> Result<Opened> {
    let number = match source.isotopologues {
        Some(Isotopologues::Number(n)) => character(n),
        _ => None,
    };
    let reader = HitranSource {
        paths: source.paths.clone(),
        range: Some(needed.range()),
        isotopologue: number,
        broadening: broadening(source.broadening.as_ref()),
        default_width: source.default_width,
        temperatures: Some(needed.temperatures),
        partition: own.partition.clone(),
        molar_mass: own.molar_mass,
        ..HitranSource::new("")
    };
    // Lines elsewhere make lists that contribute nothing; files without any of what is asked for are an error.
    let found = reader.isotopologues(resources)?;
    let ids: Vec<HitranId> = found.iter().map(HitranList::id).collect();
    let mut chosen = choose(source, &ids)?;
    let mut notes = Vec::new();
    let share =
        |ids: &[HitranId]| found.iter().filter(|l| ids.contains(&l.id())).map(HitranList::strength_share).sum::<f64>();
    // One of several that nobody knows does not hinder the others; alone, it is an error before lists are prepared.
    let (known, unknown): (Vec<HitranId>, Vec<HitranId>) = chosen.iter().partition(|id| reader.species(**id).is_ok());
    if !known.is_empty() && !unknown.is_empty() {
        let names: Vec<String> = unknown.iter().map(|id| name(*id)).collect();
        let all = share(&chosen);
        let text =
            format!("left out: isotopologues {}, of which mass or partition function are not known", names.join(", "));
        notes.push(Note::new(&source.name, text, (all > 0.0).then(|| share(&unknown) / all)));
        chosen = known;
    }
    let species = chosen.iter().map(|id| reader.species(*id)).collect::<Result<Vec<_>>>()?;
    let held: Vec<&str> = species.iter().map(|s| s.name.as_str()).collect();
    own.check(&held)?;
    let molecule = chosen[0].0;
    if source.named {
        let files = source.paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
        held.iter().try_for_each(|name| names::check(&source.name, name, formula(molecule), &files))?;
    }
    // Strengths contain abundances, so molecules are those of all isotopologues, and nearly all of them are the first.
    let main = isotopologues::by_number(molecule, '1').filter(|_| source.isotopologues == Some(Isotopologues::All));
    let molar_mass = own.molar_mass.or(main.map(|i| i.molar_mass)).unwrap_or(species[0].molar_mass);
    let others: Vec<&HitranList> = found.iter().filter(|l| l.id().0 == molecule && !chosen.contains(&l.id())).collect();
    // Who names an isotopologue has chosen it.
    let is_choice = source.isotopologues.is_some() || isotopologues::by_slug(source.name.trim()).is_some();
    if !is_choice && !others.is_empty() {
        let others: Vec<HitranId> = others.iter().map(|l| l.id()).collect();
        let all = share(&others) + share(&chosen);
        let share = (all > 0.0).then(|| share(&others) / all);
        let names: Vec<String> = others.iter().map(|id| name(*id)).collect();
        notes.push(left_out(source, &names.iter().map(String::as_str).collect::<Vec<_>>(), share));
    }
    let is_chosen = |list: &HitranList| chosen.contains(&list.id());
    let lists = found.into_iter().filter(is_chosen).map(|list| Arc::new(list) as Arc<dyn Lines>).collect();
    Ok(Opened { lists, molar_mass, notes })
}

fn broadening(choice: Option<&Broadening>) -> HitranBroadening {
    let partner = |gas: &Broadener| match gas {
        Broadener::Air | Broadener::Default => Partner::Air,
        Broadener::SelfBroadening => Partner::SelfGas,
        Broadener::H2 | Broadener::He | Broadener::Gas(_) => Partner::Gas(gas.to_string()),
    };
    match choice {
        None => HitranBroadening::Air,
        Some(Broadening::From(gas)) => match partner(gas) {
            Partner::Air => HitranBroadening::Air,
            Partner::SelfGas => HitranBroadening::SelfBroadening,
            Partner::Gas(name) => HitranBroadening::Partner(name),
        },
        Some(Broadening::Mixture(parts)) => {
            HitranBroadening::Mixture(parts.iter().map(|(gas, x)| (partner(gas), *x)).collect())
        }
        Some(Broadening::Constant(width)) => HitranBroadening::Fixed(*width),
    }
}

/// HITRAN's third column: `1` to `9`, then `0`, `A`, `B`.
pub(super) fn character(number: u32) -> Option<char> {
    match number {
        1..=9 => char::from_digit(number, 10),
        10 => Some('0'),
        11 => Some('A'),
        12 => Some('B'),
        _ => None,
    }
}

/// The molecule's formula, where HITRAN has it.
fn formula(molecule: u8) -> Option<&'static str> {
    isotopologues::by_number(molecule, '1').map(|i| i.molecule)
}

/// The isotopologue's name, or its numbers.
fn name((molecule, number): HitranId) -> String {
    isotopologues::by_number(molecule, number).map_or_else(|| format!("{molecule}/{number}"), |i| i.slug.to_owned())
}

/// The isotopologues to use of those that were found: of the molecule with the species' name if there are several
/// molecules; all, or the one that the name is, the only one, or the most abundant.
pub(super) fn choose(source: &ListKeys, found: &[HitranId]) -> Result<Vec<HitranId>> {
    let wanted = source.name.trim();
    let by_slug = isotopologues::by_slug(wanted);
    let is_named = |molecule: u8| match by_slug {
        Some(i) => i.molecule_id == molecule,
        None => formula(molecule).is_some_and(|f| names::same_molecule(wanted, f)),
    };
    let molecules: BTreeSet<u8> = found.iter().map(|id| id.0).collect();
    let molecule = match molecules.iter().find(|m| is_named(**m)) {
        Some(id) => *id,
        None if molecules.len() == 1 => found[0].0,
        None => {
            let names: Vec<_> = molecules.iter().map(|m| formula(*m).unwrap_or("?")).collect();
            let required =
                "a file of this molecule alone, or the formula of one of these as the species (--species, key `name`)";
            return Err(Error::invalid(
                format!("lines of {wanted}"),
                format!("several molecules: {}", names.join(", ")),
                required,
            ));
        }
    };
    let of_it: Vec<HitranId> = found.iter().copied().filter(|id| id.0 == molecule).collect();
    if source.isotopologues == Some(Isotopologues::All) {
        return Ok(of_it);
    }
    let named = by_slug.map(|i| (i.molecule_id, i.number)).filter(|id| of_it.contains(id));
    let one = match (named, &of_it[..]) {
        (Some(id), _) => Some(id),
        (None, [only]) => Some(*only),
        (None, several) => several.iter().copied().find(|id| id.1 == '1'),
    };
    one.map(|id| vec![id]).ok_or_else(|| {
        let numbers: Vec<String> = of_it.iter().map(|id| id.1.to_string()).collect();
        let given = format!("none, and the lines in range are of isotopologues {}", numbers.join(", "));
        Error::invalid(format!("isotopologue of {wanted}"), given, "one of them, or all")
    })
}
