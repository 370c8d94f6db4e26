//! An atmosphere layer by layer: temperature, gravity, and how much there is of each species, by name.
//!
//! Lines, collision pairs and continua ask for species by name, so that each is stated once. A ratio is kept as it was given, by mass or by volume, and
//! converted where an opacity needs the other: x = X mu / m, with m the molar mass of the species and mu that of the gas.

use super::{Abundance, Number};
use crate::dual::Dual;
use crate::lines::formula::molar_mass;
use crate::{Error, Result};

/// Mixing ratio that stands for all smaller ones, 0 among them, where derivatives are computed. Derivatives travel as those by ln of a column times
/// dx / x, and a column of 0 has neither. An absorber of unit mixing ratio has optical depths of up to 1e10, so that this one's are below 1e-16 and
/// change no other derivative; those by it are the one-sided ones at 0 to the same 1e-16. In f32 (1e-38 to 1e38) depths of 1e-12 per unit mixing
/// ratio are still told, and dx / x is far from overflow.
pub(crate) const LEAST_RATIO: f64 = 1e-26;

/// Rounded compositions add up to a little more than one.
const SUM_TOLERANCE: f64 = 1e-3;

/// How much there is of one species.
#[derive(Clone, Debug, PartialEq)]
pub struct Species<D = f64> {
    /// Its name, as opacities ask for it.
    pub name: String,
    /// Mixing ratio \[layer\].
    pub ratio: Vec<D>,
    /// What the ratio counts.
    pub unit: Abundance,
    /// Molar mass \[g mol-1\], where it is known.
    pub molar_mass: Option<f64>,
}

/// What may change from spectrum to spectrum; with [`Dual`] numbers, and how it changes with the parameters of a retrieval.
///
/// ```
/// use photosphere::atmosphere::State;
///
/// // 100 layers at 1200 K with a gravity of 2500 cm s-2, in a gas of 2.33 g mol-1
/// let state = State::constant(100, 1200.0, 2500.0, 2.33)
///     .with_volume_ratio("H2", 0.85)
///     .with_volume_ratio("He", 0.15)
///     .with_mass_ratio("CO", 1e-3);
/// assert_eq!(state.layers(), 100);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct State<D = f64> {
    /// \[layer\] K, from the top.
    pub temperature_k: Vec<D>,
    /// \[layer\] cm s-2.
    pub gravity: Vec<D>,
    /// \[layer\] g mol-1.
    pub mean_molar_mass: Vec<D>,
    /// Each once.
    pub species: Vec<Species<D>>,
    /// Black surface below the last layer \[K\], if the model has one.
    pub surface_temperature_k: Option<D>,
    /// Radii of the layers' boundaries \[layer + 1\] cm, from the top; for transmission
    /// ([`Hydrostatic`](super::Hydrostatic) gives them).
    pub radius_cm: Option<Vec<D>>,
    /// Parameters of opacities by name, such as the pressure of a cloud deck.
    pub parameters: Vec<(String, D)>,
}

impl<D: Clone> State<D> {
    /// An atmosphere of these profiles, all \[layer\] from the top, without any species.
    ///
    /// * `temperature_k` in K, `gravity` in cm s-2, `mean_molar_mass` in g mol-1.
    pub fn new(temperature_k: Vec<D>, gravity: Vec<D>, mean_molar_mass: Vec<D>) -> Self {
        Self {
            temperature_k,
            gravity,
            mean_molar_mass,
            species: Vec::new(),
            surface_temperature_k: None,
            radius_cm: None,
            parameters: Vec::new(),
        }
    }

    /// `layers` equal layers, without any species: temperature \[K\], gravity \[cm s-2\], mean molar mass \[g mol-1\].
    pub fn constant(layers: usize, temperature_k: D, gravity: D, mean_molar_mass: D) -> Self {
        Self::new(vec![temperature_k; layers], vec![gravity; layers], vec![mean_molar_mass; layers])
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.temperature_k.len()
    }

    /// Adds a species with the same mass mixing ratio in every layer.
    #[must_use]
    pub fn with_mass_ratio(self, name: impl Into<String>, ratio: D) -> Self {
        let ratio = vec![ratio; self.layers()];
        self.with_mass_profile(name, ratio)
    }

    /// Adds a species with a mass mixing ratio \[layer\].
    #[must_use]
    pub fn with_mass_profile(self, name: impl Into<String>, ratio: Vec<D>) -> Self {
        self.with_species(name, Abundance::Mass, ratio)
    }

    /// Adds a species with the same volume mixing ratio in every layer.
    #[must_use]
    pub fn with_volume_ratio(self, name: impl Into<String>, ratio: D) -> Self {
        let ratio = vec![ratio; self.layers()];
        self.with_volume_profile(name, ratio)
    }

    /// Adds a species with a volume mixing ratio \[layer\].
    #[must_use]
    pub fn with_volume_profile(self, name: impl Into<String>, ratio: Vec<D>) -> Self {
        self.with_species(name, Abundance::Volume, ratio)
    }

    /// Adds a species, with the molar mass of its name's formula.
    #[must_use]
    pub fn with_species(mut self, name: impl Into<String>, unit: Abundance, ratio: Vec<D>) -> Self {
        let name = name.into();
        let molar_mass = molar_mass(&name);
        self.species.push(Species { name, ratio, unit, molar_mass });
        self
    }

    /// Sets the molar mass of the species added last \[g mol-1\], where its name is no formula.
    #[must_use]
    pub fn of_molar_mass(mut self, molar_mass: f64) -> Self {
        if let Some(species) = self.species.last_mut() {
            species.molar_mass = Some(molar_mass);
        }
        self
    }

    /// Adds a black surface below the last layer \[K\].
    #[must_use]
    pub fn with_surface(mut self, temperature_k: D) -> Self {
        self.surface_temperature_k = Some(temperature_k);
        self
    }

    /// Sets the radii of the layers' boundaries \[layer + 1\] cm, from the top.
    #[must_use]
    pub fn with_radii(mut self, radius_cm: Vec<D>) -> Self {
        self.radius_cm = Some(radius_cm);
        self
    }

    /// Sets a parameter of an opacity, in place of an earlier value.
    #[must_use]
    pub fn with_parameter(mut self, name: impl Into<String>, value: D) -> Self {
        let name = name.into();
        match self.parameters.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.parameters.push((name, value)),
        }
        self
    }

    /// Every number changed.
    pub fn map<E>(&self, f: impl Fn(&D) -> E) -> State<E> {
        let each = |values: &Vec<D>| values.iter().map(&f).collect::<Vec<E>>();
        let species = self.species.iter().map(|s| Species {
            name: s.name.clone(),
            ratio: each(&s.ratio),
            unit: s.unit,
            molar_mass: s.molar_mass,
        });
        State {
            temperature_k: each(&self.temperature_k),
            gravity: each(&self.gravity),
            mean_molar_mass: each(&self.mean_molar_mass),
            species: species.collect(),
            surface_temperature_k: self.surface_temperature_k.as_ref().map(&f),
            radius_cm: self.radius_cm.as_ref().map(each),
            parameters: self.parameters.iter().map(|(name, value)| (name.clone(), f(value))).collect(),
        }
    }

    /// The species of a name.
    ///
    /// # Errors
    /// There is none: the message lists those that there are.
    pub fn species(&self, name: &str) -> Result<&Species<D>> {
        self.species.iter().find(|s| s.name == name).ok_or_else(|| {
            let names = self.species.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
            let given = if names.is_empty() { "no species".to_owned() } else { format!("mixing ratios of {names}") };
            Error::invalid(format!("composition: {name}"), given, format!("a mixing ratio of {name}"))
        })
    }

    /// The value of an opacity's parameter.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn parameter(&self, name: &str) -> Result<&D> {
        let found = self.parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value);
        found.ok_or_else(|| Error::invalid(format!("parameter {name} of an opacity"), "none", "a value in the state"))
    }
}

impl<D: Number> State<D> {
    /// Mass mixing ratio of a species \[layer\], taken as one of `molar_mass` \[g mol-1\].
    ///
    /// # Errors
    /// The state does not have it.
    pub fn mass_ratio(&self, name: &str, molar_mass: f64) -> Result<Vec<D>> {
        let species = self.species(name)?;
        let layers = species.ratio.iter().zip(&self.mean_molar_mass);
        match species.unit {
            Abundance::Mass => Ok(species.ratio.clone()),
            Abundance::Volume => Ok(layers.map(|(x, mean)| species.unit.to_mass(x, molar_mass, mean)).collect()),
        }
    }

    /// Volume mixing ratio of a species \[layer\].
    ///
    /// # Errors
    /// The state does not have it, or has it by mass and its molar mass is not known.
    pub fn volume_ratio(&self, name: &str) -> Result<Vec<D>> {
        let species = self.species(name)?;
        match (species.unit, species.molar_mass) {
            (Abundance::Volume, _) => Ok(species.ratio.clone()),
            (Abundance::Mass, Some(m)) => {
                let layers = species.ratio.iter().zip(&self.mean_molar_mass);
                Ok(layers.map(|(x, mean)| species.unit.to_volume(x, m, mean)).collect())
            }
            (Abundance::Mass, None) => {
                let required = "a volume mixing ratio, or its molar mass (the name is no formula)";
                Err(Error::invalid(format!("composition: {name}"), "a mass mixing ratio", required))
            }
        }
    }
}

impl State<Dual> {
    /// A state with its derivatives along given directions, the tangents.
    ///
    /// # Errors
    /// A tangent whose shape is not the state's.
    pub fn with_tangents(state: &State, tangents: &[State]) -> Result<Self> {
        let values = state.numbers();
        let rows: Vec<Vec<f64>> = tangents.iter().map(State::numbers).collect();
        if let Some(row) = rows.iter().find(|row| row.len() != values.len()) {
            let required = format!("{}, as the state has", values.len());
            return Err(Error::invalid("numbers of a tangent", row.len(), required));
        }
        let at = std::cell::Cell::new(0);
        // `map` visits numbers in the order of `numbers`.
        Ok(state.map(|value| {
            let i = at.replace(at.get() + 1);
            Dual::new(*value, rows.iter().map(|row| row[i]).collect())
        }))
    }

    /// The values without their derivatives.
    pub fn values(&self) -> State {
        self.map(|d| d.value())
    }

    /// The derivatives by parameter `p`; 0 where a number does not depend on any.
    pub fn derivatives(&self, p: usize) -> State {
        self.map(|d| d.derivative(p))
    }

    /// The state at which derivatives are computed: with every mixing ratio at least [`LEAST_RATIO`].
    pub(crate) fn with_least_ratios(mut self) -> Self {
        let ratios = self.species.iter_mut().flat_map(|s| &mut s.ratio);
        ratios.filter(|x| x.value() < LEAST_RATIO).for_each(|x| *x = Dual::new(LEAST_RATIO, x.derivatives().to_vec()));
        self
    }
}

impl State {
    /// The state as numbers without derivatives.
    pub fn as_dual(&self) -> State<Dual> {
        self.map(|value| Dual::constant(*value))
    }

    /// All numbers, one after the other.
    fn numbers(&self) -> Vec<f64> {
        let numbers = std::cell::RefCell::new(Vec::new());
        self.map(|value| numbers.borrow_mut().push(*value));
        numbers.into_inner()
    }

    /// Refuses a state whose profiles do not have `layers` layers, or whose values no atmosphere has.
    pub(crate) fn check(&self, layers: usize) -> Result<()> {
        let length = |what: &str, values: &[f64]| match values.len() == layers {
            true => Ok(()),
            false => {
                let required = format!("{layers}, one for each layer");
                Err(Error::invalid(format!("number of {what}"), values.len(), required))
            }
        };
        let each = |what: &str, values: &[f64], required: &str, holds: fn(f64) -> bool| match values
            .iter()
            .position(|v| !holds(*v))
        {
            Some(i) => Err(Error::invalid(format!("{what}, layer {i}"), values[i], required)),
            None => Ok(()),
        };
        for (what, values) in [
            ("temperatures [K]", &self.temperature_k),
            ("gravities [cm s-2]", &self.gravity),
            ("mean molar masses [g/mol]", &self.mean_molar_mass),
        ] {
            length(what, values)?;
            each(what, values, "finite and positive", |v| v.is_finite() && v > 0.0)?;
        }
        for (i, species) in self.species.iter().enumerate() {
            let what = match species.unit {
                Abundance::Mass => format!("mass mixing ratios of {}", species.name),
                Abundance::Volume => format!("volume mixing ratios of {}", species.name),
            };
            length(&what, &species.ratio)?;
            each(&what, &species.ratio, "0 to 1", |v| (0.0..=1.0).contains(&v))?;
            if self.species[..i].iter().any(|s| s.name == species.name) {
                let required = "each species once";
                return Err(Error::invalid("composition", format!("{} twice", species.name), required));
            }
        }
        self.check_sums()?;
        match self.surface_temperature_k {
            Some(t) if !(t.is_finite() && t > 0.0) => {
                return Err(Error::invalid("surface temperature [K]", t, "finite and positive"));
            }
            _ => (),
        }
        if let Some((name, value)) = self.parameters.iter().find(|(_, v)| !v.is_finite()) {
            return Err(Error::invalid(format!("parameter {name} of an opacity"), value, "a finite number"));
        }
        Ok(())
    }

    /// Refuses mixing ratios that add up to more than the whole gas in any layer: those by mass, those by volume, and where there are both, those
    /// by volume and the others turned into such, as far as molar masses are known.
    pub(crate) fn check_sums(&self) -> Result<()> {
        let of = |unit| move |s: &&Species| s.unit == unit;
        let by_mass = self.species.iter().filter(of(Abundance::Mass));
        let by_volume = self.species.iter().filter(of(Abundance::Volume));
        let both = by_volume.clone().next().is_some() && by_mass.clone().next().is_some();
        for layer in 0..self.layers() {
            let given = |s: &Species| s.ratio[layer];
            let turned = |s: &Species| match (s.unit, s.molar_mass) {
                (Abundance::Mass, None) => 0.0,
                (unit, m) => unit.to_volume(&s.ratio[layer], m.unwrap_or(1.0), &self.mean_molar_mass[layer]),
            };
            at_most_one("mass", layer, by_mass.clone(), given)?;
            at_most_one("volume", layer, by_volume.clone(), given)?;
            if both {
                at_most_one("volume", layer, self.species.iter(), turned)?;
            }
        }
        Ok(())
    }

    /// The largest sum over the layers of all ratios by mass, those by volume turned into such, as far as molar masses are known.
    #[cfg(feature = "scenario")]
    pub(crate) fn largest_mass(&self) -> f64 {
        let mass = |s: &Species, layer: usize| match (s.unit, s.molar_mass) {
            (Abundance::Volume, None) => 0.0,
            (unit, m) => unit.to_mass(&s.ratio[layer], m.unwrap_or(0.0), &self.mean_molar_mass[layer]),
        };
        let sum = |layer| self.species.iter().map(|s| mass(s, layer)).sum::<f64>();
        (0..self.layers()).map(sum).fold(0.0, f64::max)
    }
}

fn at_most_one<'s>(
    word: &str,
    layer: usize,
    species: impl Iterator<Item = &'s Species> + Clone,
    ratio: impl Fn(&Species) -> f64,
) -> Result<()> {
    let sum: f64 = species.clone().map(&ratio).sum();
    if sum <= 1.0 + SUM_TOLERANCE {
        return Ok(());
    }
    let all = species.map(|s| format!("{} {}", s.name, ratio(s))).collect::<Vec<_>>().join(", ");
    Err(Error::invalid(format!("sum of {word} mixing ratios, layer {layer}"), format!("{sum} ({all})"), "1 at most"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_set_again_has_the_new_value() {
        let state = State::constant(3, 1000.0, 2000.0, 2.3).with_parameter("deck.pressure_bar", 0.1);
        let state = state.with_parameter("haze.exponent", 4.0).with_parameter("deck.pressure_bar", 0.2);
        assert_eq!((*state.parameter("deck.pressure_bar").unwrap(), state.parameters.len()), (0.2, 2));
    }
}
