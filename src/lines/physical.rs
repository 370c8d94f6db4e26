//! What no line of any molecule has. The bounds lie orders of magnitude beyond what is known, so that nothing which may be right is refused; within them no
//! result overflows in float64.

/// Wavenumber \[cm-1\]: gamma rays begin at 1e9.
pub(crate) const WAVENUMBER: f64 = 1e8;
/// Lower-state energy \[cm-1\]: molecules fall apart at 1e5, hydrogen's electron is free at 1.1e5.
pub(crate) const ENERGY: f64 = 1e6;
/// Line strength at 296 K \[cm molecule-1\]: the strongest known are 1e-15; units in which lists are scaled go further.
pub(crate) const STRENGTH: f64 = 1e30;
/// Einstein coefficient, or inverse lifetime \[s-1\]: X-ray lines have 1e16.
pub(crate) const RATE: f64 = 1e18;
/// Half width at 296 K \[cm-1 atm-1 or cm-1 bar-1\]: the broadest known are 1.
pub(crate) const WIDTH: f64 = 1e3;
/// Pressure shift at 296 K, in either direction \[cm-1 atm-1\].
pub(crate) const SHIFT: f64 = 1e3;
/// Temperature exponent of a half width, in either direction: those known lie between -1 and 2.
pub(crate) const EXPONENT: f64 = 5.0;
