//! What data are: the spectrum as it is computed, or a observable made of it point by point, before the instrument.

use std::borrow::Cow;

use crate::star::Star;
use crate::{Result, units};

/// What the values of a data set are.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Observable {
    /// What the model computes: a flux \[erg s-1 cm-2 / cm-1\] or a radius \[cm\].
    #[default]
    Computed,
    /// A flux per wavelength \[W m-2 um-1\] ([`units::flux_per_um`]).
    FluxPerMicrometre,
    /// A transit depth (R / R_star)^2 of a radius R ([`Star::depth`]).
    Depth {
        /// Radius of the star \[cm\].
        star_radius_cm: f64,
    },
    /// The planet's light over its star's, (F / F_star) (R / R_star)^2 ([`Star::contrast`]).
    Contrast {
        /// The star.
        star: Star,
        /// Radius R of the planet \[cm\].
        radius_cm: f64,
    },
}

impl Observable {
    /// Its name and its unit, for figures; `computed` where it is the spectrum itself.
    pub fn label(&self, computed: (&'static str, &'static str)) -> (&'static str, &'static str) {
        match self {
            Self::Computed => computed,
            Self::FluxPerMicrometre => ("Flux", "W m⁻² µm⁻¹"),
            Self::Depth { .. } => ("Transit depth", ""),
            Self::Contrast { .. } => ("Planet / star", ""),
        }
    }

    /// Ready for spectra at these wavenumbers \[cm-1\]; `None` where the spectrum stays as it is.
    ///
    /// # Errors
    /// What [`Star::contrast`] refuses.
    pub(super) fn at(&self, wavenumber: &[f64]) -> Result<Option<Conversion>> {
        Ok(match self {
            Self::Computed => None,
            Self::FluxPerMicrometre => {
                let factor = wavenumber.iter().map(|nu| units::flux_per_um(1.0, *nu)).collect();
                Some(Conversion { factor, squared: false })
            }
            Self::Depth { star_radius_cm } => {
                Some(Conversion { factor: vec![star_radius_cm.powi(-2); wavenumber.len()], squared: true })
            }
            Self::Contrast { star, radius_cm } => {
                let factor = star.contrast(wavenumber, &vec![1.0; wavenumber.len()], *radius_cm)?;
                Some(Conversion { factor, squared: false })
            }
        })
    }
}

/// y = factor times the spectrum, or times its square.
#[derive(Clone, Debug)]
pub(super) struct Conversion {
    /// \[nu\].
    factor: Vec<f64>,
    squared: bool,
}

impl Conversion {
    fn value(&self, spectrum: &[f64]) -> Vec<f64> {
        let power = |v: &f64| if self.squared { v * v } else { *v };
        self.factor.iter().zip(spectrum).map(|(f, v)| f * power(v)).collect()
    }

    /// dy by the spectrum, times rows \[row\]\[nu\].
    fn slope(&self, spectrum: &[f64], rows: &[f64]) -> Vec<f64> {
        let slope = |(f, v): (&f64, &f64)| if self.squared { 2.0 * f * v } else { *f };
        let slopes: Vec<f64> = self.factor.iter().zip(spectrum).map(slope).collect();
        rows.iter().zip(slopes.iter().cycle()).map(|(row, slope)| row * slope).collect()
    }
}

/// The observable \[nu\] of a spectrum.
pub(super) fn converted<'s>(conversion: &Option<Conversion>, spectrum: &'s [f64]) -> Cow<'s, [f64]> {
    conversion.as_ref().map_or(Cow::Borrowed(spectrum), |c| Cow::Owned(c.value(spectrum)))
}

/// Rows \[row\]\[nu\] times the observable's derivative by the spectrum: tangents of the spectrum to those of the observable, and weights the other way.
pub(super) fn converted_rows<'r>(conversion: &Option<Conversion>, spectrum: &[f64], rows: &'r [f64]) -> Cow<'r, [f64]> {
    conversion.as_ref().map_or(Cow::Borrowed(rows), |c| Cow::Owned(c.slope(spectrum, rows)))
}
