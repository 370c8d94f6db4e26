//! What stays the same from spectrum to spectrum, and what changes.

use crate::atmosphere::PressureGrid;
use crate::constants::ATOMIC_MASS_CGS;
use crate::cross_section::remarks::{self, Seen, contributes_nothing};
use crate::cross_section::{Prepared, Settings};
use crate::density::grid_lines::GridLines;
use crate::grid::Grid;
use crate::lines::{LineList, LineSource, LoadReport};
use crate::optical_depth::{CiaGrid, CiaTable};
use crate::timing::Stages;
use crate::transfer::Quadrature;
use crate::{Error, Note, Progress, Resources, Result};

/// A species that absorbs by lines, which are lists in memory or any other source.
#[derive(Clone, Debug)]
pub struct Absorber<S = LineList> {
    /// Name for messages and reports.
    pub name: String,
    /// Its isotopologues' lists; their cross sections add up.
    pub lists: Vec<S>,
    /// Molar mass that turns a mass mixing ratio into molecules \[g mol-1\].
    pub molar_mass: f64,
}

/// Mixing ratio that stands for all smaller ones, 0 among them, where derivatives are computed. Derivatives travel as those by ln of a column times
/// dx / x, and a column of 0 has neither. An absorber of unit mixing ratio has optical depths of up to 1e10, so that this one's are below 1e-16 and
/// change no other derivative; those by it are the one-sided ones at 0 to the same 1e-16. In f32 (1e-38 to 1e38) depths of 1e-12 per unit mixing
/// ratio are still told, and dx / x is far from overflow.
pub(super) const LEAST_RATIO: f64 = 1e-26;

/// A number with its derivatives by all parameters of a retrieval.
pub type Dual = num_dual::DualDVec64;

/// What may change from spectrum to spectrum; with [`Dual`] numbers, and how it changes with the parameters of a retrieval.
#[derive(Clone, Debug)]
pub struct State<D = f64> {
    /// \[layer\] K, from the top.
    pub temperature_k: Vec<D>,
    /// \[layer\] cm s-2.
    pub gravity: Vec<D>,
    /// \[layer\] g mol-1; used by collision-induced absorption.
    pub mean_molar_mass: Vec<D>,
    /// \[absorber\]\[layer\].
    pub mass_mixing_ratio: Vec<Vec<D>>,
    /// \[continuum\] of (\[layer\], \[layer\]): volume mixing ratios of the two species that collide.
    pub collision_mixing_ratio: Vec<(Vec<D>, Vec<D>)>,
    /// Black surface below the last layer \[K\], if the model has one.
    pub surface_temperature_k: Option<D>,
}

impl State<Dual> {
    /// The values without their derivatives.
    pub fn values(&self) -> State {
        self.map(|d| d.re)
    }

    /// The derivatives by parameter `p`; 0 where a number does not depend on any.
    pub fn derivatives(&self, p: usize) -> State {
        self.map(|d| d.eps.0.as_ref().map_or(0.0, |eps| eps[p]))
    }
}

impl State {
    /// The state at which derivatives are computed: with every mixing ratio at least [`LEAST_RATIO`].
    pub(super) fn with_least_ratios(&self) -> Self {
        let least = |ratios: &mut Vec<f64>| ratios.iter_mut().for_each(|x| *x = x.max(LEAST_RATIO));
        let mut state = self.clone();
        state.mass_mixing_ratio.iter_mut().for_each(least);
        state.collision_mixing_ratio.iter_mut().for_each(|(first, second)| {
            least(first);
            least(second);
        });
        state
    }
}

impl<D> State<D> {
    /// Every number changed.
    pub fn map<E>(&self, f: impl Fn(&D) -> E) -> State<E> {
        let each = |values: &Vec<D>| values.iter().map(&f).collect::<Vec<E>>();
        State {
            temperature_k: each(&self.temperature_k),
            gravity: each(&self.gravity),
            mean_molar_mass: each(&self.mean_molar_mass),
            mass_mixing_ratio: self.mass_mixing_ratio.iter().map(each).collect(),
            collision_mixing_ratio: self.collision_mixing_ratio.iter().map(|(a, b)| (each(a), each(b))).collect(),
            surface_temperature_k: self.surface_temperature_k.as_ref().map(&f),
        }
    }
}

/// One isotopologue's list, prepared, and the absorber it belongs to.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub absorber: usize,
    pub prepared: Prepared,
}

/// Everything of an emission spectrum that does not depend on temperatures and abundances.
#[derive(Clone, Debug)]
pub struct EmissionModel {
    pub(super) grid: Grid,
    pub(super) wavenumber: Vec<f64>,
    pub(super) pressure: PressureGrid,
    pub(super) absorbers: Vec<(String, f64)>,
    pub(super) parts: Vec<Part>,
    pub(super) collisions: Vec<CiaGrid>,
    pub(super) quadrature: Quadrature,
    pub(super) surface: bool,
    pub(super) notes: Vec<Note>,
    pub(super) seconds: Stages,
}

/// The absorber's name, with the isotopologue where it has several.
fn part_name<S>(absorber: &Absorber<S>, isotopologue: &str) -> String {
    match absorber.lists.len() {
        1 => absorber.name.clone(),
        _ => format!("{} ({isotopologue})", absorber.name),
    }
}

impl EmissionModel {
    /// Prepares all lists for all layers, without a cache.
    ///
    /// `streams` is twice the number of angles; `surface` says whether states will have a surface temperature.
    ///
    /// # Errors
    /// Nothing that absorbs; an absorber without any line in range; what [`Prepared::new`], [`Quadrature::streams`] and
    /// [`CiaTable::resample`] refuse.
    #[allow(clippy::too_many_arguments)] // each is one thing the user decides
    pub fn new(
        grid: Grid,
        pressure: PressureGrid,
        absorbers: &[Absorber],
        collisions: &[CiaTable],
        settings: Settings,
        streams: usize,
        surface: bool,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let resources = Resources::new(progress);
        Self::from_sources(grid, pressure, absorbers, collisions, settings, streams, surface, &resources)
    }

    /// As [`new`](Self::new), from any sources; see [`Prepared::from_source`].
    ///
    /// # Errors
    /// As [`new`](Self::new), and what the sources cannot read.
    #[allow(clippy::too_many_arguments)] // each is one thing the user decides
    pub fn from_sources<S: LineSource>(
        grid: Grid,
        pressure: PressureGrid,
        absorbers: &[Absorber<S>],
        collisions: &[CiaTable],
        settings: Settings,
        streams: usize,
        surface: bool,
        resources: &Resources<'_>,
    ) -> Result<Self> {
        if absorbers.is_empty() && collisions.is_empty() && !surface {
            return Err(Error::invalid(
                "emission model",
                "nothing that absorbs and no surface",
                "at least one of them",
            ));
        }
        let quadrature = Quadrature::streams(streams)?;
        let mut seconds = Stages::default();
        settings.check()?;
        let (mut parts, mut notes, mut nothing) = (Vec::new(), Vec::new(), None);
        for (absorber, a) in absorbers.iter().enumerate() {
            if !(a.molar_mass.is_finite() && a.molar_mass > 0.0) {
                return Err(Error::invalid(
                    format!("molar mass of {} [g/mol]", a.name),
                    a.molar_mass,
                    "finite and positive",
                ));
            }
            if a.lists.is_empty() {
                return Err(Error::invalid(format!("lines of {}", a.name), "no list", "at least one"));
            }
            for list in &a.lists {
                let open = || GridLines::open(grid, list, &settings, pressure.pressure_bar(), resources);
                let lines = seconds.time("load", open)?;
                if lines.summary.count == 0 {
                    let error = lines.nothing_found();
                    notes.push(contributes_nothing(&part_name(a, &lines.species.name), &error));
                    nothing.get_or_insert(error);
                    continue;
                }
                let prepare = || Prepared::of(lines, pressure.pressure_bar(), settings);
                parts.push(Part { absorber, prepared: seconds.time("set-up", prepare)? });
            }
        }
        // An absorber without lines here is a remark, a spectrum of nothing is none.
        if let (true, true, false, Some(error)) = (parts.is_empty(), collisions.is_empty(), surface, nothing) {
            return Err(error);
        }
        let wavenumber = seconds.time("set-up", || grid.wavenumbers());
        let collisions =
            collisions.iter().map(|t| seconds.time("continua", || t.resample(&wavenumber))).collect::<Result<_>>()?;
        for (i, absorber) in absorbers.iter().enumerate() {
            let lists = parts.iter().filter(|part: &&Part| part.absorber == i).map(|Part { prepared, .. }| {
                (part_name(absorber, &prepared.species.name), Seen::of(prepared), prepared.records.as_ref())
            });
            notes.extend(remarks::told(&lists.collect::<Vec<_>>(), &settings));
        }
        let absorbers = absorbers.iter().map(|a| (a.name.clone(), a.molar_mass)).collect();
        Ok(Self { grid, wavenumber, pressure, absorbers, parts, collisions, quadrature, surface, notes, seconds })
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The layers' pressures.
    pub fn pressure(&self) -> &PressureGrid {
        &self.pressure
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.pressure.layers()
    }

    /// Lines of an absorber within range, and what became of the records of its lists' files.
    pub fn lines_of(&self, absorber: usize) -> (u64, Vec<Option<LoadReport>>) {
        let parts = || self.parts.iter().filter(|p| p.absorber == absorber).map(|p| &p.prepared);
        (parts().map(|p| p.lines_used).sum(), parts().map(|p| p.records.clone()).collect())
    }

    /// The lists that have lines within range: the absorber's index, the isotopologue, and what became of the records of its files.
    pub fn records(&self) -> impl Iterator<Item = (usize, &str, Option<&LoadReport>)> {
        self.parts.iter().map(|p| (p.absorber, p.prepared.species.name.as_str(), p.prepared.records.as_ref()))
    }

    /// What a user must be told: absorbers that contribute nothing, and what became of lines that were read.
    pub fn notes(&self) -> Vec<Note> {
        self.notes.clone()
    }

    /// ln of molecules cm-2 of an absorber in each layer, dP mmr / (m g) (`reference`: layer optical depth = xs times it).
    pub(super) fn ln_columns(&self, absorber: usize, state: &State) -> Vec<f64> {
        let mass = self.absorbers[absorber].1 * ATOMIC_MASS_CGS;
        self.pressure
            .dpressure_bar()
            .iter()
            .zip(&state.mass_mixing_ratio[absorber])
            .zip(&state.gravity)
            .map(|((dp, mmr), g)| (dp * 1e6 * mmr / (mass * g)).ln())
            .collect()
    }

    /// What a user must be told of the continua of a spectrum with layers at these temperatures \[K\]: blocks chosen among several, tables that add
    /// nothing, coefficients taken from the end of a clamped table.
    pub fn continuum_notes(&self, temperature_k: &[f64]) -> Vec<Note> {
        self.collisions.iter().flat_map(|c| c.told().chain(c.clamp_notes(temperature_k))).collect()
    }

    /// Refuses a state of the wrong shape.
    pub(super) fn check_shape(&self, state: &State) -> Result<()> {
        let layers = self.layers();
        let length = |what: &str, values: &[f64]| match values.len() == layers {
            true => Ok(()),
            false => {
                let required = format!("{layers}, one for each layer");
                Err(Error::invalid(format!("number of {what}"), values.len(), required))
            }
        };
        length("temperatures [K]", &state.temperature_k)?;
        length("gravities [cm s-2]", &state.gravity)?;
        if !self.collisions.is_empty() {
            length("mean molar masses [g/mol]", &state.mean_molar_mass)?;
        }
        let count = |what: &str, given: usize, required: usize| match given == required {
            true => Ok(()),
            false => Err(Error::invalid(format!("number of {what}"), given, format!("{required}, as the model has"))),
        };
        count("absorbers' mixing ratios", state.mass_mixing_ratio.len(), self.absorbers.len())?;
        for (profile, (name, _)) in state.mass_mixing_ratio.iter().zip(&self.absorbers) {
            length(&format!("mass mixing ratios of {name}"), profile)?;
        }
        count("collision pairs' mixing ratios", state.collision_mixing_ratio.len(), self.collisions.len())?;
        for (first, second) in &state.collision_mixing_ratio {
            length("volume mixing ratios of a collision's first species", first)?;
            length("volume mixing ratios of a collision's second species", second)?;
        }
        match (self.surface, state.surface_temperature_k) {
            (true, None) => Err(Error::invalid("surface temperature [K]", "none", "one: the model has a surface")),
            (false, Some(t)) => {
                Err(Error::invalid("surface temperature [K]", t, "none: the model was set up without a surface"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a state of the wrong shape or with values that are no physical ones.
    pub(super) fn check(&self, state: &State) -> Result<()> {
        self.check_shape(state)?;
        let each = |what: &str, values: &[f64], required: &str, holds: fn(f64) -> bool| match values
            .iter()
            .position(|v| !holds(*v))
        {
            Some(i) => Err(Error::invalid(format!("{what}, layer {i}"), values[i], required)),
            None => Ok(()),
        };
        let positive =
            |what: &str, values: &[f64]| each(what, values, "finite and positive", |v| v.is_finite() && v > 0.0);
        let ratio = |what: &str, values: &[f64]| each(what, values, "0 to 1", |v| (0.0..=1.0).contains(&v));
        positive("temperatures [K]", &state.temperature_k)?;
        positive("gravities [cm s-2]", &state.gravity)?;
        if !self.collisions.is_empty() {
            positive("mean molar masses [g/mol]", &state.mean_molar_mass)?;
        }
        for (profile, (name, _)) in state.mass_mixing_ratio.iter().zip(&self.absorbers) {
            ratio(&format!("mass mixing ratios of {name}"), profile)?;
        }
        for (first, second) in &state.collision_mixing_ratio {
            ratio("volume mixing ratios of a collision's first species", first)?;
            ratio("volume mixing ratios of a collision's second species", second)?;
        }
        match state.surface_temperature_k {
            Some(t) if !(t.is_finite() && t > 0.0) => {
                Err(Error::invalid("surface temperature [K]", t, "finite and positive"))
            }
            _ => Ok(()),
        }
    }
}
