//! The six stable isotopologues of CO and their constants.

/// A stable isotopologue of carbon monoxide, in HITRAN's order (by terrestrial abundance).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isotopologue {
    /// 12C 16O.
    C12O16,
    /// 13C 16O.
    C13O16,
    /// 12C 18O.
    C12O18,
    /// 12C 17O.
    C12O17,
    /// 13C 18O.
    C13O18,
    /// 13C 17O.
    C13O17,
}

/// Atomic masses \[u\]; those of carbon 12 and oxygen 16 are the ones that the Dunham coefficients were fitted with.
const CARBON: [f64; 2] = [12.0, 13.003354838];
const OXYGEN: [f64; 3] = [15.99491463, 16.9991312, 17.9991604];

impl Isotopologue {
    /// All six, in HITRAN's order.
    pub const ALL: [Self; 6] = [Self::C12O16, Self::C13O16, Self::C12O18, Self::C12O17, Self::C13O18, Self::C13O17];

    /// The isotopologue with HITRAN's local number (1 to 6), as in column 3 of its records.
    ///
    /// # Errors
    /// Any other number.
    pub fn from_hitran(number: usize) -> crate::Result<Self> {
        number
            .checked_sub(1)
            .and_then(|i| Self::ALL.get(i).copied())
            .ok_or_else(|| crate::Error::invalid("CO isotopologue", number, "HITRAN's number, 1 to 6"))
    }

    /// ExoMol's name, such as `12C-16O`.
    pub fn name(self) -> &'static str {
        match self {
            Self::C12O16 => "12C-16O",
            Self::C13O16 => "13C-16O",
            Self::C12O18 => "12C-18O",
            Self::C12O17 => "12C-17O",
            Self::C13O18 => "13C-18O",
            Self::C13O17 => "13C-17O",
        }
    }

    /// Masses of the carbon and the oxygen atom \[u\].
    pub(super) fn masses(self) -> (f64, f64) {
        match self {
            Self::C12O16 => (CARBON[0], OXYGEN[0]),
            Self::C13O16 => (CARBON[1], OXYGEN[0]),
            Self::C12O18 => (CARBON[0], OXYGEN[2]),
            Self::C12O17 => (CARBON[0], OXYGEN[1]),
            Self::C13O18 => (CARBON[1], OXYGEN[2]),
            Self::C13O17 => (CARBON[1], OXYGEN[1]),
        }
    }

    /// Reduced mass \[u\].
    pub(super) fn reduced_mass(self) -> f64 {
        let (carbon, oxygen) = self.masses();
        carbon * oxygen / (carbon + oxygen)
    }

    /// Molar mass \[g mol-1\].
    pub fn molar_mass(self) -> f64 {
        let (carbon, oxygen) = self.masses();
        carbon + oxygen
    }

    /// Terrestrial abundance, as contained in HITRAN's line strengths and in those of this list (De Bievre et al.
    /// 1984).
    pub fn terrestrial_abundance(self) -> f64 {
        match self {
            Self::C12O16 => 0.986544,
            Self::C13O16 => 0.0110836,
            Self::C12O18 => 1.97822e-3,
            Self::C12O17 => 3.67867e-4,
            Self::C13O18 => 2.22250e-5,
            Self::C13O17 => 4.13292e-6,
        }
    }

    /// Nuclear spin degeneracy (2 I_C + 1)(2 I_O + 1), counted in full as TIPS does: 13C has I = 1/2, 17O has I = 5/2.
    pub(super) fn spin_degeneracy(self) -> f64 {
        match self {
            Self::C12O16 | Self::C12O18 => 1.0,
            Self::C13O16 | Self::C13O18 => 2.0,
            Self::C12O17 => 6.0,
            Self::C13O17 => 12.0,
        }
    }
}
