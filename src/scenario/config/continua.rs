//! `[continua]` and `[[cloud]]`: what absorbs and scatters besides lines and pairs.

use super::declared::Quantity;
use super::parameters::needed_quantity;
use super::reader::{FINITE, Item, NOT_NEGATIVE, POSITIVE, Require, Section, needed};
use crate::Result;
use crate::opacity::RayleighGas;

/// Continua of gases.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContinuaKeys {
    /// Gases that scatter.
    pub rayleigh: Vec<RayleighGas>,
    /// Whether H- absorbs.
    pub h_minus: bool,
}

/// A cloud or a haze.
#[derive(Clone, Debug, PartialEq)]
pub struct CloudKeys {
    /// Its name, unique.
    pub name: String,
    /// What it is.
    pub kind: CloudKind,
}

/// Kinds of clouds and hazes.
#[derive(Clone, Debug, PartialEq)]
pub enum CloudKind {
    /// Opaque below a pressure.
    Deck {
        /// Pressure of its top \[bar\].
        pressure: Quantity,
        /// d ln tau / d ln P; `None`: as the layers resolve.
        steepness: Option<f64>,
    },
    /// The same opacity everywhere \[cm2 g-1\].
    GreyHaze(Quantity),
    /// An opacity that is a power of wavenumber.
    PowerLaw {
        /// At the reference wavenumber \[cm2 g-1\].
        opacity: Quantity,
        /// d ln kappa / d ln nu.
        exponent: Quantity,
        /// \[cm-1\].
        reference_cm: f64,
    },
}

impl CloudKeys {
    /// Its parameters: the names under which a state has them, and their values.
    pub fn parameters(&self) -> Vec<(String, Quantity)> {
        let name = |parameter: &str| format!("{}.{parameter}", self.name);
        match &self.kind {
            CloudKind::Deck { pressure, .. } => vec![(name("pressure_bar"), *pressure)],
            CloudKind::GreyHaze(opacity) => vec![(name("opacity_cm2_g"), *opacity)],
            CloudKind::PowerLaw { opacity, exponent, .. } => {
                vec![(name("opacity_cm2_g"), *opacity), (name("exponent"), *exponent)]
            }
        }
    }
}

pub(super) fn continua(item: Option<&Item>) -> Result<ContinuaKeys> {
    let Some(item) = item else { return Ok(ContinuaKeys::default()) };
    let s = item.section(&["rayleigh", "h_minus"])?;
    let mut keys = ContinuaKeys::default();
    if let Some(item) = s.get("rayleigh") {
        let all = RayleighGas::ALL.map(RayleighGas::name).join(", ");
        let required = format!("a list of gases whose scattering is known: {all}");
        let Some(gases) = item.elements() else { return Err(item.wrong(&required)) };
        for gas in gases {
            let name = gas.string(&required)?;
            let gas_of = RayleighGas::from_name(name).map_err(|_| gas.wrong(&required))?;
            if keys.rayleigh.contains(&gas_of) {
                return Err(gas.wrong("each gas once"));
            }
            keys.rayleigh.push(gas_of);
        }
    }
    if let Some(item) = s.get("h_minus") {
        keys.h_minus = item.boolean()?;
    }
    Ok(keys)
}

pub(super) fn clouds(top: &Section) -> Result<Vec<CloudKeys>> {
    let Some(item) = top.get("cloud") else { return Ok(Vec::new()) };
    let Some(items) = item.elements() else { return Err(item.wrong("sections [[cloud]], with double brackets")) };
    let mut all: Vec<CloudKeys> = Vec::new();
    for item in items {
        let cloud = one_cloud(&item)?;
        if all.iter().any(|c| c.name == cloud.name) {
            return Err(item.refuse(&format!("a second cloud called {}; required a `name` of its own", cloud.name)));
        }
        all.push(cloud);
    }
    Ok(all)
}

/// Refuses a cloud with the name of another opacity: results are told by these names.
pub(super) fn check_names(top: &Section, clouds: &[CloudKeys], others: &[String]) -> Result<()> {
    let items = top.get("cloud").and_then(|item| item.elements()).unwrap_or_default();
    match clouds.iter().zip(items).find(|(cloud, _)| others.contains(&cloud.name)) {
        Some((cloud, item)) => {
            Err(item.refuse(&format!("{} absorbs already; required a `name` of its own", cloud.name)))
        }
        None => Ok(()),
    }
}

/// Keys besides `kind` and `name`, per kind.
const KINDS: [(&str, &[&str]); 3] = [
    ("deck", &["pressure_bar", "steepness"]),
    ("grey-haze", &["opacity_cm2_g"]),
    ("power-law-haze", &["opacity_cm2_g", "exponent", "reference_um"]),
];

const WAVELENGTH: Require =
    Require("a wavelength whose wavenumber, 1e4 / um, is finite and above 0", |v| v > 0.0 && (1e4 / v).is_normal());

fn one_cloud(item: &Item) -> Result<CloudKeys> {
    let all: Vec<&str> = ["kind", "name"].into_iter().chain(KINDS.iter().flat_map(|k| k.1.iter().copied())).collect();
    let kind_item = item.section(&all)?.need("kind", "one of \"deck\", \"grey-haze\", \"power-law-haze\"")?;
    let words: Vec<(&str, usize)> = KINDS.iter().enumerate().map(|(i, (word, _))| (*word, i)).collect();
    let (word, keys) = KINDS[kind_item.word(&words)?];
    let s = item.section(&["kind", "name"].into_iter().chain(keys.iter().copied()).collect::<Vec<_>>())?;
    let name = match s.get("name") {
        Some(item) => item.string("a name in quotes")?.to_owned(),
        None => word.to_owned(),
    };
    let kind = match word {
        "deck" => CloudKind::Deck {
            pressure: needed_quantity(&s, "pressure_bar", "the pressure of the deck's top in bar", POSITIVE)?,
            steepness: s.get("steepness").map(|i| i.number(POSITIVE)).transpose()?,
        },
        "grey-haze" => {
            CloudKind::GreyHaze(needed_quantity(&s, "opacity_cm2_g", "the opacity in cm2 g-1", NOT_NEGATIVE)?)
        }
        _ => CloudKind::PowerLaw {
            opacity: needed_quantity(&s, "opacity_cm2_g", "the opacity in cm2 g-1 at reference_um", NOT_NEGATIVE)?,
            exponent: needed_quantity(&s, "exponent", "d ln(opacity) / d ln(wavenumber), 4 of Rayleigh's law", FINITE)?,
            reference_cm: 1e4
                / needed(&s, "reference_um", "the wavelength in micrometres where the opacity is given", WAVELENGTH)?,
        },
    };
    Ok(CloudKeys { name, kind })
}
