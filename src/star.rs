//! A star: what a planet is compared with.
//!
//! In transit a planet of radius R hides the part (R / R_s)^2 of the star, its depth. In emission it adds (F / F_s) (R / R_s)^2 to the star's light, with the fluxes at both
//! surfaces; and at a distance d its flux is F (R / d)^2.
//!
//! A table of the star's light is taken as it stands, a power law between its rows, at each wavenumber of the planet's spectrum: nothing is averaged. Where both are seen by an instrument that
//! resolves neither, give a table that is already smoothed to it.

use std::path::Path;

use crate::lines::fields::{number, words};
use crate::transfer::planck_flux;
use crate::{Error, Result, input};

/// Light of a star's surface.
#[derive(Clone, Debug, PartialEq)]
pub enum StellarSpectrum {
    /// A black body \[K\].
    BlackBody(f64),
    /// Wavenumbers \[cm-1\], ascending, and fluxes there \[erg s-1 cm-2 / cm-1\]. Between them a power law, so that it does not matter whether a table is per wavenumber or per wavelength;
    /// linear where one of both is 0.
    Table {
        /// \[n\] cm-1.
        wavenumber: Vec<f64>,
        /// \[n\] erg s-1 cm-2 / cm-1.
        flux: Vec<f64>,
    },
}

/// A star.
///
/// ```
/// use photosphere::star::{Star, StellarSpectrum};
///
/// let sun = Star { radius_cm: 6.957e10, spectrum: StellarSpectrum::BlackBody(5772.0) };
/// // Transit depths of Jupiter and of the Earth
/// let depth = sun.depth(&[7.1492e9, 6.3781e8]);
/// assert!((depth[0] - 0.01056).abs() < 1e-5 && depth[1] < 1e-4);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Star {
    /// Its radius \[cm\].
    pub radius_cm: f64,
    /// Its light.
    pub spectrum: StellarSpectrum,
}

impl StellarSpectrum {
    /// Reads a table of two columns, wavelength in vacuum \[um\] and flux at the star's surface per wavelength \[W m-2 um-1\]; lines that begin with `#` are comments.
    ///
    /// # Errors
    /// [`Error::Parse`] with the line of what is no such row, of wavelengths that do not rise or fall throughout; fewer than two rows.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = input::bytes(path, input::TABLE, "a table of wavelengths and fluxes")?;
        let mut rows: Vec<(f64, f64)> = Vec::new();
        for (i, line) in bytes.split(|b| *b == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let mut columns = words(line).map(number);
            let at = i as u64 + 1;
            let (Some(Some(um)), Some(Some(flux))) = (columns.next(), columns.next()) else {
                let message = "two numbers are required: wavelength in um and flux in W m-2 um-1";
                return Err(Error::parse(path, at, message));
            };
            if !(um.is_finite() && um > 0.0 && flux.is_finite() && flux >= 0.0) {
                let message =
                    format!("a positive wavelength and a flux of 0 or more are required, found {um} and {flux}");
                return Err(Error::parse(path, at, message));
            }
            let nu = 1e4 / um;
            let per_cm = flux / crate::units::flux_per_um(1.0, nu);
            if !(nu.is_finite() && per_cm.is_finite()) {
                let message = format!("wavelengths and fluxes of stars are required, found {um} um and {flux}");
                return Err(Error::parse(path, at, message));
            }
            rows.push((nu, per_cm));
        }
        if rows.len() < 2 {
            return Err(Error::parse(path, None, "two or more rows are required"));
        }
        if rows[0].0 > rows[1].0 {
            rows.reverse();
        }
        if rows.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return Err(Error::parse(path, None, "wavelengths must rise or fall throughout"));
        }
        let (wavenumber, flux) = rows.into_iter().unzip();
        Ok(Self::Table { wavenumber, flux })
    }

    /// Refuses what is no spectrum, so that none can be built that [`flux`](Self::flux) would stumble over.
    fn check(&self) -> Result<()> {
        let (wavenumber, flux) = match self {
            Self::BlackBody(temperature) if temperature.is_finite() && *temperature > 0.0 => return Ok(()),
            Self::BlackBody(temperature) => {
                return Err(Error::invalid("temperature of the star [K]", temperature, "a positive, finite number"));
            }
            Self::Table { wavenumber, flux } => (wavenumber, flux),
        };
        let (n, fluxes) = (wavenumber.len(), flux.len());
        if n < 2 || fluxes != n {
            let given = format!("{n} wavenumbers and {fluxes} fluxes");
            return Err(Error::invalid("table of the star", given, "two or more wavenumbers, and a flux for each"));
        }
        for (i, (nu, flux)) in wavenumber.iter().zip(flux).enumerate() {
            if !nu.is_finite() || *nu <= 0.0 || (i > 0 && *nu <= wavenumber[i - 1]) {
                let required = "positive, finite wavenumbers in ascending order";
                return Err(Error::invalid(format!("wavenumber {i} of the star's table [cm-1]"), nu, required));
            }
            if !flux.is_finite() || *flux < 0.0 {
                let required = "a finite number, zero or more";
                return Err(Error::invalid(format!("flux {i} of the star's table"), flux, required));
            }
        }
        Ok(())
    }

    /// Flux at the surface \[erg s-1 cm-2 / cm-1\] at wavenumbers \[cm-1\].
    ///
    /// # Errors
    /// A temperature that is not positive; a table of fewer than two rows, out of order, or with values that are negative or not finite; a wavenumber that is not within the table.
    pub fn flux(&self, at: &[f64]) -> Result<Vec<f64>> {
        self.check()?;
        match self {
            Self::BlackBody(temperature) => Ok(at.iter().map(|nu| planck_flux(*nu, *temperature)).collect()),
            Self::Table { wavenumber, flux } => at
                .iter()
                .map(|nu| {
                    let i = wavenumber.partition_point(|w| w < nu);
                    let (lo, hi) = (wavenumber[0], wavenumber[wavenumber.len() - 1]);
                    if !(lo..=hi).contains(nu) {
                        let required = format!("{lo} to {hi} cm-1, the range of the star's table");
                        return Err(Error::invalid("wavenumber of the star's spectrum [cm-1]", nu, required));
                    }
                    let i = i.clamp(1, wavenumber.len() - 1);
                    let (x, y) = ((wavenumber[i - 1], wavenumber[i]), (flux[i - 1], flux[i]));
                    // Of next to nothing and something a quotient is none, and the line of a light that is hardly there will do.
                    let quotient = y.1 / y.0;
                    Ok(match quotient > 0.0 && quotient < f64::INFINITY {
                        true => y.0 * (quotient.ln() * (nu / x.0).ln() / (x.1 / x.0).ln()).exp(),
                        false => y.0 + (nu - x.0) / (x.1 - x.0) * (y.1 - y.0),
                    })
                })
                .collect(),
        }
    }
}

impl Star {
    /// Transit depths (R / R_s)^2 of radii \[cm\].
    pub fn depth(&self, radius_cm: &[f64]) -> Vec<f64> {
        radius_cm.iter().map(|r| (r / self.radius_cm).powi(2)).collect()
    }

    /// Contrast (F / F_s) (R / R_s)^2 of a planet of radius R \[cm\] with a flux \[erg s-1 cm-2 / cm-1\] at wavenumbers \[cm-1\].
    ///
    /// # Errors
    /// As many fluxes as wavenumbers are required; a star without light at one of them; a wavenumber outside the star's table; what [`StellarSpectrum::flux`] refuses.
    pub fn contrast(&self, wavenumber: &[f64], flux: &[f64], radius_cm: f64) -> Result<Vec<f64>> {
        if flux.len() != wavenumber.len() {
            let required = format!("{}, one for each wavenumber", wavenumber.len());
            return Err(Error::invalid("number of the planet's fluxes", flux.len(), required));
        }
        let area = (radius_cm / self.radius_cm).powi(2);
        let of_star = self.spectrum.flux(wavenumber)?;
        // Darker than this a quotient has no figures, or is none.
        if let Some(dark) = of_star.iter().position(|star| *star < f64::MIN_POSITIVE / f64::EPSILON) {
            let what = format!("flux of the star at {} cm-1", wavenumber[dark]);
            return Err(Error::invalid(what, of_star[dark], "more than nothing, for a contrast"));
        }
        Ok(flux.iter().zip(of_star).map(|(planet, star)| planet / star * area).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_a_black_body_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("star.txt");
        let row = |i: i32| {
            let um = 1.0 + 0.001 * f64::from(i);
            let flux = crate::units::flux_per_um(planck_flux(1e4 / um, 5000.0), 1e4 / um);
            format!("{um} {flux}\n")
        };
        std::fs::write(&path, format!("# um W/m2/um\n{}", (0..4000).map(row).collect::<String>())).unwrap();
        let table = StellarSpectrum::read(&path).unwrap();
        let at: Vec<f64> = (0..50).map(|i| 2100.0 + 150.0 * f64::from(i)).collect();
        let exact = StellarSpectrum::BlackBody(5000.0).flux(&at).unwrap();
        for (found, exact) in table.flux(&at).unwrap().iter().zip(&exact) {
            assert!((found / exact - 1.0).abs() < 1e-6);
        }
        // A light that is the same at each wavelength is so between rows however far apart, and in the dark there is no contrast.
        std::fs::write(&path, "0.5 1000\n10 1000\n").unwrap();
        let flat = StellarSpectrum::read(&path).unwrap().flux(&[4291.8]).unwrap()[0];
        assert!((crate::units::flux_per_um(flat, 4291.8) / 1000.0 - 1.0).abs() < 1e-12);
        std::fs::write(&path, "0.5 0\n10 0\n").unwrap();
        let dark = Star { radius_cm: 7e10, spectrum: StellarSpectrum::read(&path).unwrap() };
        let message = dark.contrast(&[4291.8], &[1.0], 7e9).unwrap_err().to_string();
        assert!(message.contains("flux of the star at 4291.8 cm-1"), "{message}");
        let message = table.flux(&[100.0]).unwrap_err().to_string();
        assert!(message.contains("the range of the star's table"), "{message}");
        for (text, words) in [
            ("1 2\nx 3\n", "line 2"),
            ("1 2\n", "two or more"),
            ("1 2\n3 4\n2 5\n", "throughout"),
            ("1 -2\n2 3\n", "line 1"),
        ] {
            std::fs::write(&path, text).unwrap();
            let message = StellarSpectrum::read(&path).unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn what_is_no_spectrum_is_refused() {
        let table = |wavenumber: &[f64], flux: &[f64]| StellarSpectrum::Table {
            wavenumber: wavenumber.to_vec(),
            flux: flux.to_vec(),
        };
        for (spectrum, words) in [
            (table(&[], &[]), "0 wavenumbers and 0 fluxes"),
            (table(&[1.0], &[1.0]), "two or more"),
            (table(&[1.0, 2.0], &[1.0]), "2 wavenumbers and 1 fluxes"),
            (table(&[2.0, 1.0], &[1.0, 1.0]), "wavenumber 1"),
            (table(&[1.0, f64::NAN], &[1.0, 1.0]), "wavenumber 1"),
            (table(&[0.0, 1.0], &[1.0, 1.0]), "wavenumber 0"),
            (table(&[1.0, 2.0], &[1.0, -1.0]), "flux 1"),
            (table(&[1.0, 2.0], &[f64::INFINITY, 1.0]), "flux 0"),
            (StellarSpectrum::BlackBody(0.0), "temperature of the star"),
            (StellarSpectrum::BlackBody(f64::NAN), "temperature of the star"),
        ] {
            let message = spectrum.flux(&[1.5]).unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
        }
        let good = table(&[1.0, 2.0], &[3.0, 5.0]);
        let middle = 3.0 * (5.0f64 / 3.0).powf(1.5f64.log2());
        for (found, expected) in good.flux(&[1.0, 1.5, 2.0]).unwrap().iter().zip([3.0, middle, 5.0]) {
            assert!((found / expected - 1.0).abs() < 1e-12, "{found} {expected}");
        }
        assert_eq!(table(&[1.0, 2.0], &[3.0, 0.0]).flux(&[1.5]).unwrap(), [1.5]);
        assert_eq!(table(&[1.0, 2.0], &[1e-320, 3.0]).flux(&[1.5]).unwrap(), [1.5]);
        for outside in [0.999, 2.001, f64::NAN] {
            assert!(good.flux(&[outside]).is_err(), "{outside}");
        }
        let star = Star { radius_cm: 7e10, spectrum: good };
        assert!(star.contrast(&[1.0, 1.5], &[1.0], 7e9).unwrap_err().to_string().contains("one for each wavenumber"));
    }

    #[test]
    fn a_planet_as_hot_and_as_large_as_its_star_shines_as_much() {
        let star = Star { radius_cm: 7e10, spectrum: StellarSpectrum::BlackBody(3000.0) };
        let nu = [1000.0, 5000.0];
        let flux = nu.map(|nu| planck_flux(nu, 3000.0));
        assert_eq!(star.contrast(&nu, &flux, 7e10).unwrap(), [1.0, 1.0]);
        assert_eq!(star.depth(&[7e9]), [(7e9f64 / 7e10).powi(2)]);
    }
}
