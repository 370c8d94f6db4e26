//! Line lists as a user names them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cli::source::{Broadener, Broadening, Format, LineSource, name_of};
use crate::lines::hitran::HitranId;
use crate::lines::{
    ExomolBroadening, ExomolSource, HitranBroadening, HitranList, HitranSource, LineList, LineSource as Lines,
    PartitionFunction, Width, carbon_monoxide, isotopologues,
};
use crate::{Error, Resources, Result};

/// The lines within `range` \[cm-1\] of one isotopologue; of files, what is needed to choose it is read.
///
/// # Errors
/// Unreadable or unsuitable files; a range without lines; options that the format does not have.
pub(super) fn open(source: &LineSource, range: (f64, f64), resources: &Resources<'_>) -> Result<Arc<dyn Lines>> {
    let own = Own {
        partition: source.partition.as_ref().map(|p| PartitionFunction::read(p).map(Arc::new)).transpose()?,
        molar_mass: source.molar_mass,
    };
    match source.format {
        Format::Hitran => Ok(Arc::new(hitran(source, range, own, resources)?)),
        Format::Exomol => Ok(Arc::new(exomol(source, range, own)?)),
        Format::Builtin => Ok(Arc::new(builtin(source, range, own)?)),
    }
}

/// The user's own values in place of the list's.
struct Own {
    partition: Option<Arc<PartitionFunction>>,
    molar_mass: Option<f64>,
}

fn hitran(source: &LineSource, range: (f64, f64), own: Own, resources: &Resources<'_>) -> Result<HitranList> {
    let broadening = match source.broadening {
        None | Some(Broadening::From(Broadener::Air | Broadener::Default)) => HitranBroadening::Air,
        Some(Broadening::From(Broadener::SelfBroadening)) => HitranBroadening::SelfBroadening,
        Some(Broadening::Constant { half_width, temperature_exponent }) => {
            HitranBroadening::Fixed(Width::new(half_width, temperature_exponent)?)
        }
        Some(Broadening::From(other)) => {
            return Err(no_such_broadener(other, "HITRAN records have widths for air and self"));
        }
    };
    let reader = HitranSource {
        paths: source.paths.clone(),
        range: Some(range),
        isotopologue: source.isotopologue.map(hitran_character),
        broadening,
        partition: own.partition,
        molar_mass: own.molar_mass,
        ..HitranSource::new("")
    };
    let found = reader.isotopologues(resources)?;
    let id = one_isotopologue(source, found.iter().map(HitranList::id).collect())?;
    reader.species(id)?;
    let list = found.into_iter().find(|l| l.id() == id);
    list.ok_or_else(|| Error::invalid("isotopologue", format!("{}/{}", id.0, id.1), "one that was found"))
}

/// HITRAN's third column: `1` to `9`, then `0`, `A`, `B`.
fn hitran_character(number: u32) -> char {
    match number {
        1..=9 => char::from_digit(number, 10).unwrap_or('1'),
        10 => '0',
        11 => 'A',
        _ => 'B',
    }
}

/// The isotopologue to use of those that were found: of the molecule with the species' name if there are several
/// molecules; the only one, or the most abundant.
fn one_isotopologue(source: &LineSource, found: Vec<HitranId>) -> Result<HitranId> {
    let named: BTreeSet<u8> = isotopologues::of_molecule(&source.name).map(|i| i.molecule_id).collect();
    let molecules: BTreeSet<u8> = found.iter().map(|id| id.0).collect();
    let molecule = match molecules.intersection(&named).next() {
        Some(id) => *id,
        None if molecules.len() == 1 => found[0].0,
        None => {
            let names: Vec<_> =
                molecules.iter().map(|m| isotopologues::by_number(*m, '1').map_or("?", |i| i.molecule)).collect();
            let required = "a file of one molecule, or the molecule's formula as the name of the species";
            return Err(Error::invalid(format!("lines of {}", source.name), names.join(", "), required));
        }
    };
    let of_it: Vec<HitranId> = found.into_iter().filter(|id| id.0 == molecule).collect();
    match &of_it[..] {
        [only] => Ok(*only),
        several => several.iter().copied().find(|id| id.1 == '1').ok_or_else(|| {
            let numbers: Vec<String> = several.iter().map(|id| id.1.to_string()).collect();
            let given = format!("none, and the lines in range are of isotopologues {}", numbers.join(", "));
            Error::invalid(format!("isotopologue of {}", source.name), given, "one of them")
        }),
    }
}

fn exomol(source: &LineSource, range: (f64, f64), own: Own) -> Result<ExomolSource> {
    let [folder] = &source.paths[..] else {
        return Err(Error::invalid("ExoMol data set", format!("{} paths", source.paths.len()), "one folder"));
    };
    let broadening = match source.broadening {
        None | Some(Broadening::From(Broadener::Default)) => ExomolBroadening::Default,
        Some(Broadening::From(Broadener::H2)) => ExomolBroadening::H2,
        Some(Broadening::From(Broadener::He)) => ExomolBroadening::He,
        Some(Broadening::From(Broadener::Air)) => ExomolBroadening::Named("air".into()),
        Some(Broadening::From(Broadener::SelfBroadening)) => ExomolBroadening::Named("self".into()),
        Some(Broadening::Constant { half_width, temperature_exponent }) => {
            ExomolBroadening::Fixed(Width::new(half_width, temperature_exponent)?)
        }
    };
    let reader = ExomolSource {
        range: Some(range),
        broadening,
        partition: own.partition,
        molar_mass: own.molar_mass,
        ..ExomolSource::new(folder)
    };
    if let Some(number) = source.isotopologue {
        let name = reader.species()?.name;
        if isotopologues::by_slug(&name).is_some_and(|i| i.number != hitran_character(number)) {
            let required = format!("none, or that of {name}, which is what {} holds", folder.display());
            return Err(Error::invalid("isotopologue", number, required));
        }
    }
    Ok(reader)
}

fn builtin(source: &LineSource, range: (f64, f64), own: Own) -> Result<LineList> {
    use carbon_monoxide::{Broadener as Gas, Isotopologue};
    let isotopologue = Isotopologue::from_hitran(source.isotopologue.unwrap_or(1) as usize)?;
    let (gas, fixed) = match source.broadening {
        None | Some(Broadening::From(Broadener::Air | Broadener::Default)) => (Gas::Air, None),
        Some(Broadening::From(Broadener::H2)) => (Gas::Hydrogen, None),
        Some(Broadening::From(Broadener::He)) => (Gas::Helium, None),
        Some(Broadening::Constant { half_width, temperature_exponent }) => {
            (Gas::Air, Some(Width::new(half_width, temperature_exponent)?))
        }
        Some(Broadening::From(other)) => return Err(no_such_broadener(other, "the built-in list has air, h2 and he")),
    };
    let list = carbon_monoxide::line_list(isotopologue, gas, Some(range), 0.0)?;
    let mut species = list.species.clone();
    species.molar_mass = own.molar_mass.unwrap_or(species.molar_mass);
    species.partition = own.partition.unwrap_or(species.partition);
    let mut lines = list.lines().to_vec();
    if let Some(width) = fixed {
        for line in &mut lines {
            (line.gamma_ref, line.temperature_exponent) = (width.gamma, width.exponent);
        }
    }
    LineList::new(species, lines)
}

fn no_such_broadener(given: Broadener, has: &str) -> Error {
    Error::invalid("broadener", name_of(&given), format!("one that the list has: {has}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(format: Format) -> LineSource {
        LineSource {
            name: "CO".into(),
            format,
            paths: Vec::new(),
            isotopologue: None,
            broadening: None,
            partition: None,
            molar_mass: None,
        }
    }

    #[test]
    fn the_built_in_list_takes_isotopologue_widths_and_mass() {
        let load = |s: &LineSource, range| open(s, range, &Resources::new(&())).map(|l| l.held().unwrap().0.clone());
        let plain = load(&source(Format::Builtin), (2100.0, 2200.0)).unwrap();
        let own = LineSource {
            isotopologue: Some(2),
            broadening: Some(Broadening::Constant { half_width: 0.03, temperature_exponent: 0.4 }),
            molar_mass: Some(29.0),
            ..source(Format::Builtin)
        };
        let heavy = load(&own, (2000.0, 2100.0)).unwrap();
        assert_eq!([plain.species.name.as_str(), &heavy.species.name], ["12C-16O", "13C-16O"]);
        assert_eq!(heavy.species.molar_mass, 29.0);
        assert!(heavy.lines().iter().all(|l| (l.gamma_ref, l.temperature_exponent) == (0.03, 0.4)));
        let given = |b| LineSource { broadening: Some(Broadening::From(b)), ..source(Format::Builtin) };
        let e = load(&given(Broadener::SelfBroadening), (2000.0, 2100.0)).unwrap_err().to_string();
        assert!(e.starts_with("broadener: given self, required"), "{e}");
        let wrong = LineSource { isotopologue: Some(9), ..source(Format::Builtin) };
        assert!(load(&wrong, (2000.0, 2100.0)).unwrap_err().to_string().contains("given 9"));
    }

    #[test]
    fn the_isotopologue_is_the_only_one_or_the_most_abundant_of_the_named_molecule() {
        let pick = |name: &str, found: &[HitranId]| {
            one_isotopologue(&LineSource { name: name.into(), ..source(Format::Hitran) }, found.to_vec())
                .map_err(|e| e.to_string())
        };
        assert_eq!(pick("x.par", &[(5, '1'), (5, '2')]), Ok((5, '1')));
        assert_eq!(pick("x.par", &[(5, '3')]), Ok((5, '3')));
        assert_eq!(pick("CO", &[(1, '1'), (5, '1'), (5, '2')]), Ok((5, '1')));
        assert!(pick("x.par", &[(1, '1'), (5, '1')]).unwrap_err().contains("given H2O, CO"));
        assert!(pick("CO", &[(5, '2'), (5, '3')]).unwrap_err().contains("isotopologues 2, 3"));
        assert_eq!([1, 9, 10, 11, 12].map(hitran_character), ['1', '9', '0', 'A', 'B']);
    }
}
