//! From what a record says of gases to the width and shift of its line.

use std::sync::Arc;

use super::layout::{AIR, Layout, SELF};
use super::record::{Fault, HitranRecord, PartnerValues};
use crate::constants::ATM_IN_BAR;
use crate::lines::width::check_fractions;
use crate::lines::{Cause, LoadReport, Width};
use crate::{Error, Result};

/// Temperature exponent of a record that has none.
pub const DEFAULT_EXPONENT: f64 = 0.5;
/// Width of a line of which nothing is known, unless the user has another: that of ExoMol's definition files.
pub const LAST_WIDTH: Width = Width::power_law(0.07, DEFAULT_EXPONENT);
/// Temperatures between which the width in a mixture is right, unless told otherwise \[K\].
pub const MIXTURE_TEMPERATURES: (f64, f64) = (100.0, 3000.0);

/// A user's own rule from a record to its width.
pub type WidthRule = Arc<dyn Fn(&HitranRecord<'_>) -> Width + Send + Sync>;

/// A gas that broadens lines.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Partner {
    /// Air: gamma_air, n_air, delta_air.
    Air,
    /// The absorbing gas itself: gamma_self; n_self and delta_self where a header file has them, else n_air and no shift.
    SelfGas,
    /// Another gas that the header file has columns of: `H2` for gamma_h2, n_h2, delta_h2.
    Gas(String),
}

impl Partner {
    /// The partner of a name: `air`, `self`, or a formula.
    pub fn named(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "air" => Self::Air,
            "self" => Self::SelfGas,
            _ => Self::Gas(name.to_owned()),
        }
    }

    /// Its name: `air`, `self`, or the formula as given.
    pub fn name(&self) -> &str {
        match self {
            Self::Air => "air",
            Self::SelfGas => "self",
            Self::Gas(name) => name,
        }
    }
}

/// Which gas broadens the lines.
///
/// A line without the width asked for takes that of the other gases of the mixture, scaled to their fractions; failing that of air, of
/// the gas itself, the source's `default_width`, and last [`LAST_WIDTH`]. Each is counted in the report with its share of the strength.
#[derive(Clone, Default)]
pub enum HitranBroadening {
    /// Air.
    #[default]
    Air,
    /// The gas itself.
    SelfBroadening,
    /// Another gas, by its formula, that the header file beside the list has columns of.
    Partner(String),
    /// Gases and their mole fractions, which add up to 1.
    Mixture(Vec<(Partner, f64)>),
    /// The same width for all lines.
    Fixed(Width),
    /// A function of the record; its widths are **per bar**.
    Custom(WidthRule),
}

impl std::fmt::Debug for HitranBroadening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Air => write!(f, "Air"),
            Self::SelfBroadening => write!(f, "SelfBroadening"),
            Self::Partner(gas) => write!(f, "Partner({gas:?})"),
            Self::Mixture(parts) => write!(f, "Mixture({parts:?})"),
            Self::Fixed(width) => write!(f, "Fixed({width:?})"),
            Self::Custom(_) => write!(f, "Custom(..)"),
        }
    }
}

impl HitranBroadening {
    /// The gases and their fractions; none for a fixed width or a user's rule.
    pub(super) fn parts(&self) -> Vec<(Partner, f64)> {
        match self {
            Self::Air => vec![(Partner::Air, 1.0)],
            Self::SelfBroadening => vec![(Partner::SelfGas, 1.0)],
            Self::Partner(gas) => vec![(Partner::named(gas), 1.0)],
            Self::Mixture(parts) => parts.clone(),
            Self::Fixed(_) | Self::Custom(_) => Vec::new(),
        }
    }

    /// Refuses fractions that are none, and gases that none of the files has.
    pub(super) fn check(&self, layouts: &[Layout]) -> Result<()> {
        let parts = self.parts();
        if let Self::Mixture(parts) = self {
            let fractions: Vec<f64> = parts.iter().map(|p| p.1).collect();
            check_fractions("mixture of broadening gases", &fractions)?;
        }
        for (partner, _) in parts.iter().filter(|p| p.1 > 0.0) {
            let has = |layout: &Layout| layout.partners().any(|name| name.eq_ignore_ascii_case(partner.name()));
            if matches!(partner, Partner::Gas(_)) && !layouts.iter().any(has) {
                let mut names: Vec<&str> = layouts.iter().flat_map(Layout::partners).collect();
                names.sort_unstable();
                names.dedup();
                let header = if layouts.iter().any(|l| l.header.is_some()) {
                    ""
                } else {
                    "; other gases stand in columns after the 160th, which a HAPI header (NAME.header) beside the list must name"
                };
                let required = format!("a gas that the records have a width for: {}{header}", names.join(", "));
                return Err(Error::invalid("broadening gas", partner.name(), required));
            }
        }
        Ok(())
    }
}

/// A broadening resolved for the records of one file.
pub(super) enum Rule<'a> {
    Fixed(Width),
    Custom(&'a WidthRule),
    /// Index of the gas in the layout, if it is there, and fraction.
    Gases(Vec<(Option<usize>, f64)>),
}

impl<'a> Rule<'a> {
    pub fn new(broadening: &'a HitranBroadening, layout: &Layout) -> Self {
        match broadening {
            HitranBroadening::Fixed(width) => Self::Fixed(*width),
            HitranBroadening::Custom(rule) => Self::Custom(rule),
            gases => {
                let index = |p: &Partner| layout.gases.iter().position(|g| g.name.eq_ignore_ascii_case(p.name()));
                let parts = gases.parts().into_iter().filter(|p| p.1 > 0.0);
                Self::Gases(parts.map(|(partner, x)| (index(&partner), x)).collect())
            }
        }
    }
}

/// What a line gets from its broadening gases, and what had to be filled in for it.
pub(super) struct Broadened {
    pub width: Width,
    /// Pressure shift \[cm-1 bar-1\].
    pub shift: f64,
    causes: [Option<Cause>; 3],
}

impl Broadened {
    /// A width that the user says; the shift \[cm-1 atm-1\] is the record's.
    pub fn fixed(width: Width, shift: f64) -> Self {
        Self { width, shift: shift / ATM_IN_BAR, causes: [None; 3] }
    }

    /// Counts what was filled in.
    pub fn tally(&self, strength: f64, report: &mut LoadReport) {
        for cause in self.causes.iter().flatten() {
            report.tally(*cause, strength);
        }
    }
}

/// Width and shift of a record's line in a mixture.
pub(super) fn broaden(
    record: &HitranRecord<'_>,
    gases: &[(Option<usize>, f64)],
    default: Option<Width>,
    temperatures: (f64, f64),
) -> Result<Broadened, Fault> {
    let (mut exponents, mut shifts) = (None, None);
    let mut width_of = |index: usize, values: &PartnerValues| {
        let gamma = values.gamma? / ATM_IN_BAR;
        let exponent = values.exponent.unwrap_or_else(|| match record.n_air {
            // HITRAN has no exponent for the gas itself: that of air is the custom.
            Some(n) => {
                if index != SELF {
                    exponents = exponents.max(Some(Cause::ExponentFromAir));
                }
                n
            }
            None => {
                exponents = Some(Cause::ExponentDefault);
                DEFAULT_EXPONENT
            }
        });
        let shift = values.shift.unwrap_or_else(|| {
            shifts = Some(Cause::ShiftUnknown);
            0.0
        });
        Some((Width::power_law(gamma, exponent), shift / ATM_IN_BAR))
    };
    let mut parts: Vec<(Width, f64)> = Vec::with_capacity(gases.len());
    let (mut shift, mut found) = (0.0, 0.0);
    for (index, fraction) in gases {
        let Some(index) = *index else { continue };
        if let Some((width, delta)) = width_of(index, &record.gas(index)?) {
            parts.push((width, *fraction));
            shift += fraction * delta;
            found += fraction;
        }
    }
    if found > 0.0 {
        let missing = parts.len() < gases.len();
        if missing {
            parts.iter_mut().for_each(|p| p.1 /= found);
            shift /= found;
        }
        let width = match &parts[..] {
            [(one, _)] => *one,
            _ => Width::mixture(&parts, temperatures),
        };
        let causes = [missing.then_some(Cause::WidthFromOtherPartner), exponents, shifts];
        return Ok(Broadened { width, shift, causes });
    }
    for (index, cause) in [(AIR, Cause::WidthFromAir), (SELF, Cause::WidthFromOtherPartner)] {
        if let Some((width, shift)) = width_of(index, &record.gas(index)?) {
            return Ok(Broadened { width, shift, causes: [Some(cause), exponents, shifts] });
        }
    }
    let causes = [Some(Cause::WidthDefault), None, Some(Cause::ShiftUnknown)];
    Ok(Broadened { width: default.unwrap_or(LAST_WIDTH), shift: 0.0, causes })
}
