//! What changes from spectrum to spectrum: from Python's arguments to the state of an atmosphere, with any kind of numbers.

use photosphere::atmosphere::{Abundance, Gravity, Hydrostatic, Number, PressureGrid, ReferenceLevel, State};
use photosphere::{Dual, Result};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::Array;
use crate::errors::refused;

/// What some numbers are.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    Temperature,
    Gravity,
    MeanMolarMass,
    Surface,
    Radius,
    Ratio(String, Abundance),
    Parameter(String),
}

impl Key {
    /// The name of the argument, of the species, or of the parameter.
    pub fn name(&self) -> &str {
        match self {
            Self::Temperature => "temperature",
            Self::Gravity => "gravity",
            Self::MeanMolarMass => "mean_molar_mass",
            Self::Surface => "surface_temperature",
            Self::Radius => "radius",
            Self::Ratio(name, _) | Self::Parameter(name) => name,
        }
    }

    /// Whether it may have a value in each layer.
    fn has_layers(&self) -> bool {
        !matches!(self, Self::Surface | Self::Radius | Self::Parameter(_))
    }
}

/// Numbers of one kind for all spectra.
#[derive(Clone, Debug)]
struct Entry {
    key: Key,
    /// \[spectrum\]\[number\], or one row for all spectra.
    values: Vec<f64>,
    /// Numbers in a row: 1, or the layers.
    width: usize,
    /// Whether the row was given as a single number without an axis.
    scalar: bool,
}

/// The arguments of a spectrum, or of many, read and found to have the right shapes.
#[pyclass(frozen, module = "photosphere._photosphere")]
#[derive(Clone, Debug)]
pub struct Inputs {
    entries: Vec<Entry>,
    /// Number of spectra; none for a single one without an axis.
    spectra: Option<usize>,
    /// Pressure at which radius and gravity hold \[bar\].
    reference_pressure: Option<f64>,
}

/// What a model knows of its states.
#[derive(Clone, Debug)]
pub struct Layout {
    pub pressure: PressureGrid,
    pub transmission: bool,
    /// Molar masses of species with lines \[g mol-1\].
    pub molar_mass: Vec<(String, f64)>,
}

/// Numbers of one spectrum, by what they are.
pub type Numbers<D> = Vec<(Key, Vec<D>)>;

#[pymethods]
impl Inputs {
    /// Reads arguments. With `batch` every array has the spectra along its first axis.
    #[new]
    #[allow(clippy::too_many_arguments)] // they are those of a spectrum in Python
    #[pyo3(signature = (layers, batch, temperature, gravity, mean_molar_mass, vmr, mmr, surface_temperature, radius, reference_pressure, parameters))]
    fn new(
        layers: usize,
        batch: bool,
        temperature: &Bound<'_, PyAny>,
        gravity: &Bound<'_, PyAny>,
        mean_molar_mass: &Bound<'_, PyAny>,
        vmr: &Bound<'_, PyDict>,
        mmr: &Bound<'_, PyDict>,
        surface_temperature: Option<&Bound<'_, PyAny>>,
        radius: Option<&Bound<'_, PyAny>>,
        reference_pressure: Option<f64>,
        parameters: &Bound<'_, PyDict>,
    ) -> PyResult<Self> {
        let mut all = vec![(Key::Temperature, temperature.clone())];
        for (name, ratio) in vmr {
            all.push((Key::Ratio(name.extract()?, Abundance::Volume), ratio));
        }
        for (name, ratio) in mmr {
            all.push((Key::Ratio(name.extract()?, Abundance::Mass), ratio));
        }
        all.push((Key::Gravity, gravity.clone()));
        all.push((Key::MeanMolarMass, mean_molar_mass.clone()));
        all.extend(radius.map(|radius| (Key::Radius, radius.clone())));
        all.extend(surface_temperature.map(|t| (Key::Surface, t.clone())));
        for (name, value) in parameters {
            all.push((Key::Parameter(name.extract()?), value));
        }
        let mut spectra = None;
        let mut entries: Vec<Entry> = Vec::with_capacity(all.len());
        for (key, value) in all {
            let name = match &key {
                Key::Ratio(name, Abundance::Volume) => format!("vmr[{name:?}]"),
                Key::Ratio(name, Abundance::Mass) => format!("mmr[{name:?}]"),
                Key::Parameter(name) => format!("parameters[{name:?}]"),
                other => other.name().to_owned(),
            };
            if entries.iter().any(|e| e.key.name() == key.name()) {
                return Err(refused(&name, "given twice", "once"));
            }
            let array = Array::read(&name, &value)?;
            let (first, rest) = match (batch, array.shape.split_first()) {
                (true, Some((first, rest))) => (Some(*first), rest),
                _ => (None, &array.shape[..]),
            };
            let fits = match rest {
                [] => true,
                [n] => key.has_layers() && *n == layers,
                _ => false,
            };
            if !fits {
                let each = match (key.has_layers(), batch) {
                    (true, false) => format!("a number or an array of {layers}, one for each layer"),
                    (true, true) => {
                        format!("a number, or an array [spectrum] or [spectrum, layer] with {layers} layers")
                    }
                    (false, false) => "a number".to_owned(),
                    (false, true) => "a number, or an array [spectrum]".to_owned(),
                };
                return Err(refused(&name, format!("an array of shape {:?}", array.shape), each));
            }
            if let Some(n) = first.filter(|n| *n != 1) {
                match spectra {
                    Some(m) if m != n => {
                        return Err(refused(&name, format!("{n} spectra"), format!("{m}, as the arguments before it")));
                    }
                    _ => spectra = Some(n),
                }
            }
            let (width, scalar) = (if rest.is_empty() { 1 } else { layers }, rest.is_empty());
            entries.push(Entry { key, values: array.values, width, scalar });
        }
        let spectra = batch.then(|| spectra.unwrap_or(1));
        if spectra == Some(0) {
            return Err(refused("number of spectra", 0, "1 or more"));
        }
        Ok(Self { entries, spectra, reference_pressure })
    }

    /// What derivatives can be by: `(name, how many numbers, whether it is one without an axis)`.
    fn names(&self) -> Vec<(&str, usize, bool)> {
        self.entries.iter().map(|e| (e.key.name(), e.width, e.scalar)).collect()
    }

    /// Number of spectra; none for a single one.
    #[getter]
    fn spectra(&self) -> Option<usize> {
        self.spectra
    }
}

impl Inputs {
    /// Number of spectra, 1 for a single one.
    pub fn count(&self) -> usize {
        self.spectra.unwrap_or(1)
    }

    /// Whether they have an axis of spectra.
    pub fn is_batch(&self) -> bool {
        self.spectra.is_some()
    }

    fn row(entry: &Entry, spectrum: usize) -> &[f64] {
        match entry.values.len() == entry.width {
            true => &entry.values,
            false => &entry.values[spectrum * entry.width..][..entry.width],
        }
    }

    /// The state of one of them.
    pub fn state(&self, spectrum: usize, layout: &Layout) -> Result<State> {
        let numbers = self.entries.iter().map(|e| (e.key.clone(), Self::row(e, spectrum).to_vec())).collect();
        state(numbers, self.reference_pressure, layout)
    }

    /// The state of a single one with its derivatives: `seeds` \[number\]\[column\] are those of the numbers of the entries called `wrt`, in this order.
    ///
    /// # Errors
    /// As [`state`]; a name of none of them is the caller's fault.
    pub fn dual_state(
        &self,
        wrt: &[String],
        columns: usize,
        seeds: &Seeds<'_>,
        layout: &Layout,
    ) -> Result<State<Dual>> {
        let first: Vec<usize> = self.firsts(wrt);
        let numbers = self.entries.iter().map(|entry| {
            let place = wrt.iter().position(|name| name == entry.key.name());
            let dual = |(i, v): (usize, &f64)| match place {
                None => Dual::constant(*v),
                Some(p) => seeds.dual(*v, first[p] + i, columns),
            };
            (entry.key.clone(), Self::row(entry, 0).iter().enumerate().map(dual).collect())
        });
        state(numbers.collect(), self.reference_pressure, layout)
    }

    /// The place of the first number of each of `wrt` among all of them.
    fn firsts(&self, wrt: &[String]) -> Vec<usize> {
        let widths = wrt.iter().map(|name| self.width(name));
        widths.scan(0, |first, width| Some(std::mem::replace(first, *first + width))).collect()
    }

    fn width(&self, name: &str) -> usize {
        self.entries.iter().find(|e| e.key.name() == name).map_or(0, |e| e.width)
    }

    /// How many numbers there are in all of `wrt`.
    ///
    /// # Errors
    /// ValueError for a name of none, or one that comes twice.
    pub fn columns(&self, wrt: &[String]) -> PyResult<usize> {
        for (i, name) in wrt.iter().enumerate() {
            if self.width(name) == 0 {
                let known = self.entries.iter().map(|e| e.key.name()).collect::<Vec<_>>().join(", ");
                return Err(refused("wrt", name, format!("names of what was given: {known}")));
            }
            if wrt[..i].contains(name) {
                return Err(refused("wrt", format!("{name} twice"), "each once"));
            }
        }
        match wrt.iter().map(|name| self.width(name)).sum() {
            0 => Err(refused("wrt", "no name", "one or more")),
            n => Ok(n),
        }
    }
}

/// Derivatives of the numbers by the columns.
pub enum Seeds<'a> {
    /// Each number is a column.
    Identity,
    /// \[column\]\[number\].
    Tangents(&'a [f64]),
}

impl Seeds<'_> {
    fn dual(&self, value: f64, place: usize, columns: usize) -> Dual {
        match self {
            Self::Identity => Dual::variable(value, place, columns),
            Self::Tangents(rows) => {
                let numbers = rows.len() / columns;
                Dual::new(value, (0..columns).map(|c| rows[c * numbers + place]).collect())
            }
        }
    }
}

/// A state from its numbers, as a configuration's is made from its keys.
fn state<D: Number>(numbers: Numbers<D>, reference_pressure: Option<f64>, layout: &Layout) -> Result<State<D>> {
    let layers = layout.pressure.layers();
    let spread = |values: &[D]| if values.len() == layers { values.to_vec() } else { vec![values[0].clone(); layers] };
    let find = |key: Key| numbers.iter().find(|(k, _)| *k == key).map(|(_, values)| &values[..]);
    let needed = |key: Key| {
        find(key.clone())
            .ok_or_else(|| photosphere::Error::invalid(key.name(), "none", "a value, or one for each layer"))
    };
    let (temperature, mean) = (spread(needed(Key::Temperature)?), spread(needed(Key::MeanMolarMass)?));
    let given = needed(Key::Gravity)?;
    let in_layers = given.len() == layers && layers > 1;
    let radius = find(Key::Radius).map(|r| r[0].clone());
    let alone = |radius: &D| {
        let level =
            ReferenceLevel { radius_cm: radius.clone(), gravity: given[0].clone(), pressure_bar: reference_pressure };
        match in_layers {
            false => Ok(level),
            true => {
                Err(photosphere::Error::invalid("gravity", "one for each layer", "one number where there is a radius"))
            }
        }
    };
    let (gravity, radii) = match (layout.transmission, &radius) {
        (true, None) => {
            return Err(photosphere::Error::invalid("radius", "none", "the planet's radius in cm, for transmission"));
        }
        (true, Some(radius)) => {
            let found = Hydrostatic::new(&layout.pressure.boundaries_bar(), &temperature, &mean, &alone(radius)?)?;
            (found.gravity, Some(found.radius_cm))
        }
        (false, None) if in_layers => (given.to_vec(), None),
        (false, radius) => {
            let pressure = layout.pressure.pressure_bar();
            let gravity = match radius {
                None => Gravity::Constant(given[0].clone()),
                Some(radius) => {
                    let level = alone(radius)?;
                    let bottom = pressure[layers - 1];
                    Gravity::WithHeight {
                        gravity: level.gravity,
                        radius_cm: level.radius_cm,
                        pressure_bar: level.pressure_bar.unwrap_or(bottom),
                    }
                }
            };
            (gravity.at(pressure, &temperature, &mean)?, None)
        }
    };
    let mut state = State::new(temperature, gravity, mean);
    state.radius_cm = radii;
    for (key, values) in &numbers {
        state = match key {
            Key::Parameter(name) => state.with_parameter(name, values[0].clone()),
            Key::Surface => state.with_surface(values[0].clone()),
            Key::Ratio(name, unit) => {
                let state = state.with_species(name, *unit, spread(values));
                match layout.molar_mass.iter().find(|(of, _)| of == name) {
                    Some((_, mass)) => state.of_molar_mass(*mass),
                    None => state,
                }
            }
            _ => state,
        };
    }
    Ok(state)
}
