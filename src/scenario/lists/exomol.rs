//! ExoMol data sets as a user names them.

use std::sync::Arc;

use super::{Needed, Opened, Own, number};
use crate::lines::{ExomolBroadening, ExomolSource, isotopologues};
use crate::scenario::broadening::{Broadener, Broadening};
use crate::scenario::names;
use crate::scenario::source::{Isotopologues, ListKeys};
use crate::{Error, Result};

pub(super) fn open(source: &ListKeys, needed: &Needed, own: Own) -> Result<Opened> {
    let [folder] = &source.paths[..] else {
        return Err(Error::invalid("ExoMol data set", format!("{} paths", source.paths.len()), "one folder"));
    };
    let broadening = match &source.broadening {
        None => ExomolBroadening::Default,
        Some(Broadening::From(gas)) => partner(gas),
        Some(Broadening::Mixture(parts)) => {
            ExomolBroadening::Mixture(parts.iter().map(|(gas, x)| (partner(gas), *x)).collect())
        }
        Some(Broadening::Constant(width)) => ExomolBroadening::Fixed(*width),
    };
    let reader = ExomolSource {
        range: Some(needed.range()),
        required: Some(needed.grid),
        allow_gaps: source.allow_gaps,
        broadening,
        default_width: source.default_width,
        temperatures: Some(needed.temperatures),
        partition: own.partition,
        molar_mass: own.molar_mass,
        ..ExomolSource::new(folder)
    };
    let species = reader.species()?;
    if let Some(choice @ Isotopologues::Number(given)) = source.isotopologues {
        let known = isotopologues::by_slug(&species.name);
        if known.is_some_and(|i| Some(i.number) != super::hitran::character(given)) {
            let required = format!("none, or that of {}, which is what {} holds", species.name, folder.display());
            return Err(Error::invalid("isotopologue", number(choice), required));
        }
    }
    if source.named {
        names::check(&source.name, &species.name, None, &folder.display().to_string())?;
    }
    Ok(Opened { lists: vec![Arc::new(reader)], molar_mass: species.molar_mass, notes: Vec::new() })
}

fn partner(gas: &Broadener) -> ExomolBroadening {
    match gas {
        Broadener::Default => ExomolBroadening::Default,
        Broadener::H2 => ExomolBroadening::H2,
        Broadener::He => ExomolBroadening::He,
        Broadener::Air => ExomolBroadening::Named("air".into()),
        Broadener::SelfBroadening => ExomolBroadening::Named("self".into()),
        Broadener::Gas(name) => ExomolBroadening::Named(name.clone()),
    }
}
