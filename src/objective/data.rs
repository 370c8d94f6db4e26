//! Measured spectra.

use crate::instrument::Sampling;
use crate::{Error, Result, units};

/// What the spectral axis of a table holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub enum SpectralUnit {
    /// Wavenumber \[cm-1\].
    #[default]
    WavenumberPerCm,
    /// Vacuum wavelength \[um\].
    Micron,
    /// Vacuum wavelength \[nm\].
    Nanometre,
    /// Wavelength in standard air \[um\] ([`units::air_index`]).
    MicronInAir,
    /// Wavelength in standard air \[nm\].
    NanometreInAir,
}

impl SpectralUnit {
    /// Wavenumber \[cm-1\] of a value in this unit.
    pub fn to_wavenumber(self, value: f64) -> f64 {
        match self {
            Self::WavenumberPerCm => value,
            Self::Micron => 1e4 / value,
            Self::Nanometre => 1e7 / value,
            Self::MicronInAir => units::wavenumber_of_air_um(value),
            Self::NanometreInAir => units::wavenumber_of_air_um(value * 1e-3),
        }
    }

    /// Refuses wavelengths in air that are shorter than 0.2 um, where its refractive index is not known and where by custom wavelengths are in vacuum.
    ///
    /// # Errors
    /// Such a wavelength.
    pub(super) fn check(self, values: &[f64]) -> Result<()> {
        let scale = match self {
            Self::MicronInAir => 1.0,
            Self::NanometreInAir => 1e-3,
            _ => return Ok(()),
        };
        match values.iter().find(|value| **value * scale < units::SHORTEST_IN_AIR_UM) {
            None => Ok(()),
            Some(value) => Err(Error::invalid(
                "wavelength in air [um]",
                value * scale,
                format!("{} or more; shorter ones are in vacuum (medium = \"vacuum\")", units::SHORTEST_IN_AIR_UM),
            )),
        }
    }

    /// The same unit for wavelengths in air; `None` for wavenumbers, which are in vacuum.
    pub fn in_air(self) -> Option<Self> {
        match self {
            Self::WavenumberPerCm => None,
            Self::Micron | Self::MicronInAir => Some(Self::MicronInAir),
            Self::Nanometre | Self::NanometreInAir => Some(Self::NanometreInAir),
        }
    }
}

impl std::str::FromStr for SpectralUnit {
    type Err = Error;

    fn from_str(unit: &str) -> Result<Self> {
        match unit {
            "cm-1" => Ok(Self::WavenumberPerCm),
            "um" => Ok(Self::Micron),
            "nm" => Ok(Self::Nanometre),
            _ => Err(Error::invalid("unit of the spectral axis", format!("`{unit}`"), "`cm-1`, `um` or `nm`")),
        }
    }
}

/// A measured spectrum: ascending wavenumbers \[cm-1\], values in the unit of the model and their standard errors.
#[derive(Clone, Debug)]
pub struct DataSet {
    name: String,
    wavenumber: Vec<f64>,
    value: Vec<f64>,
    error: Vec<f64>,
    bins: Option<Vec<[f64; 2]>>,
    /// Where each point stood as it was given.
    order: Vec<usize>,
}

/// The same data are equal, whatever the order in which they were given.
impl PartialEq for DataSet {
    fn eq(&self, other: &Self) -> bool {
        let Self { name, wavenumber, value, error, bins, order: _ } = self;
        (name, wavenumber, value, error, bins)
            == (&other.name, &other.wavenumber, &other.value, &other.error, &other.bins)
    }
}

impl DataSet {
    /// A data set called `name`, with one `value` and `error` at each `wavenumber` \[cm-1\], in any order; it is sorted.
    ///
    /// # Errors
    /// [`Error::Invalid`]: no point, lengths that differ, a wavenumber that is not a positive number or stands twice, a value that is not finite, an
    /// error that is not a positive number.
    pub fn new(name: &str, wavenumber: &[f64], value: &[f64], error: &[f64]) -> Result<Self> {
        let fail = |what: String, given: String, required: &str| {
            Err(Error::invalid(format!("data set `{name}`: {what}"), given, required))
        };
        if name.trim().is_empty() {
            return fail("name".into(), format!("`{name}`"), "a name");
        }
        let n = wavenumber.len();
        if n == 0 {
            return fail("number of points".into(), "0".into(), "one or more");
        }
        if (value.len(), error.len()) != (n, n) {
            let given = format!("{n} wavenumbers, {} values, {} errors", value.len(), error.len());
            return fail("lengths".into(), given, "as many of each");
        }
        for k in 0..n {
            let (nu, v, e) = (wavenumber[k], value[k], error[k]);
            if !(nu.is_finite() && nu > 0.0) {
                return fail(format!("wavenumber {k} [cm-1]"), nu.to_string(), "a finite number above zero");
            }
            if !v.is_finite() {
                return fail(format!("value {k}, at {nu} cm-1"), v.to_string(), "a finite number");
            }
            if !(e.is_finite() && e > 0.0) {
                return fail(format!("error {k}, at {nu} cm-1"), e.to_string(), "a finite number above zero");
            }
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| wavenumber[*a].total_cmp(&wavenumber[*b]));
        if let Some(pair) = order.windows(2).find(|p| wavenumber[p[0]] == wavenumber[p[1]]) {
            let what = format!("points {} and {}", pair[0].min(pair[1]), pair[0].max(pair[1]));
            return fail(what, format!("the same wavenumber {} cm-1", wavenumber[pair[0]]), "each wavenumber once");
        }
        let sorted = |column: &[f64]| order.iter().map(|k| column[*k]).collect();
        let (wavenumber, value, error) = (sorted(wavenumber), sorted(value), sorted(error));
        Ok(Self { name: name.into(), wavenumber, value, error, bins: None, order })
    }

    /// A data set of means over `bins`, from low to high wavenumber \[cm-1\]; the wavenumber of a point is the middle of its bin.
    ///
    /// # Errors
    /// As [`new`](Self::new), and for bins that are not 0 < low < high.
    pub fn binned(name: &str, bins: &[[f64; 2]], value: &[f64], error: &[f64]) -> Result<Self> {
        if let Some((k, [a, b])) = bins.iter().enumerate().find(|(_, [a, b])| !(*a > 0.0 && a < b && b.is_finite())) {
            let what = format!("data set `{name}`: bin {k} [cm-1]");
            return Err(Error::invalid(what, format!("{a} to {b}"), "0 < low < high, both finite"));
        }
        let middle: Vec<f64> = bins.iter().map(|[a, b]| 0.5 * (a + b)).collect();
        let mut set = Self::new(name, &middle, value, error)?;
        let mut bins = bins.to_vec();
        bins.sort_by(|a, b| (a[0] + a[1]).total_cmp(&(b[0] + b[1])));
        set.bins = Some(bins);
        Ok(set)
    }

    /// The same points as means over bins that meet half-way between neighbours; the first and the last are symmetric.
    ///
    /// # Errors
    /// [`Error::Invalid`] for fewer than two points.
    pub fn contiguous(mut self) -> Result<Self> {
        let nu = &self.wavenumber;
        let n = nu.len();
        if n < 2 {
            let what = format!("data set `{}`: points to make bins of", self.name);
            return Err(Error::invalid(what, n, "two or more"));
        }
        let mut edges: Vec<f64> = nu.windows(2).map(|p| 0.5 * (p[0] + p[1])).collect();
        edges.insert(0, 2.0 * nu[0] - edges[0]);
        edges.push(2.0 * nu[n - 1] - edges[n - 1]);
        self.bins = Some(edges.windows(2).map(|p| [p[0], p[1]]).collect());
        Ok(self)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of points.
    #[allow(clippy::len_without_is_empty)] // there is at least one
    pub fn len(&self) -> usize {
        self.wavenumber.len()
    }

    /// Wavenumbers \[cm-1\], ascending.
    pub fn wavenumber(&self) -> &[f64] {
        &self.wavenumber
    }

    /// Values, in the unit of the model.
    pub fn value(&self) -> &[f64] {
        &self.value
    }

    /// Standard errors, in the unit of the values.
    pub fn error(&self) -> &[f64] {
        &self.error
    }

    /// The place of each point among those given, which may have been in any order \[point\].
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The same points with other values and errors, in ascending wavenumber.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_values(&self, value: &[f64], error: &[f64]) -> Result<Self> {
        let other = Self::new(&self.name, &self.wavenumber, value, error)?;
        Ok(Self { value: other.value, error: other.error, ..self.clone() })
    }

    /// The points from `low` to `high` \[cm-1\].
    ///
    /// # Errors
    /// [`Error::Invalid`]: none.
    pub fn within(self, (low, high): (f64, f64)) -> Result<Self> {
        let keep: Vec<usize> = (0..self.len()).filter(|k| (low..=high).contains(&self.wavenumber[*k])).collect();
        if keep.is_empty() {
            let given = format!(
                "{low} to {high} cm-1, of data from {} to {}",
                self.wavenumber[0],
                self.wavenumber[self.len() - 1]
            );
            return Err(Error::invalid(format!("data set `{}`: range", self.name), given, "a range with points in it"));
        }
        let of = |column: &[f64]| keep.iter().map(|k| column[*k]).collect();
        let (wavenumber, value, error) = (of(&self.wavenumber), of(&self.value), of(&self.error));
        // Rows of a covariance are those of the points that are left.
        let mut given: Vec<usize> = keep.iter().map(|k| self.order[*k]).collect();
        let order = given.clone();
        given.sort_unstable();
        let order = order.iter().map(|place| given.partition_point(|g| g < place)).collect();
        let bins = self.bins.map(|bins| keep.iter().map(|k| bins[*k]).collect());
        Ok(Self { name: self.name, wavenumber, value, error, bins, order })
    }

    /// Points or bins, for the instrument.
    pub fn sampling(&self) -> Sampling {
        match &self.bins {
            None => Sampling::Points(self.wavenumber.clone()),
            Some(bins) => Sampling::Bins(bins.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wavelengths_in_air_end_at_200_nm() {
        assert!(
            SpectralUnit::MicronInAir.check(&[0.2, 1.0]).is_ok() && SpectralUnit::Nanometre.check(&[132.0]).is_ok()
        );
        let message = SpectralUnit::NanometreInAir.check(&[500.0, 132.0]).unwrap_err().to_string();
        assert!(message.contains("wavelength in air [um]: given 0.132") && message.contains("vacuum"), "{message}");
    }

    #[test]
    fn any_order_is_sorted() {
        let set = DataSet::new("a", &[3.0, 1.0, 2.0], &[30.0, 10.0, 20.0], &[0.3, 0.1, 0.2]).unwrap();
        assert_eq!(set.wavenumber(), [1.0, 2.0, 3.0]);
        assert_eq!((set.value(), set.error()), (&[10.0, 20.0, 30.0][..], &[0.1, 0.2, 0.3][..]));
        let bins = DataSet::binned("b", &[[5.0, 6.0], [1.0, 3.0]], &[50.0, 10.0], &[0.5, 0.1]).unwrap();
        assert_eq!((bins.wavenumber(), bins.value()), (&[2.0, 5.5][..], &[10.0, 50.0][..]));
        assert_eq!(bins.sampling(), Sampling::Bins(vec![[1.0, 3.0], [5.0, 6.0]]));
        assert_eq!(set.contiguous().unwrap().sampling(), Sampling::Bins(vec![[0.5, 1.5], [1.5, 2.5], [2.5, 3.5]]));
    }

    #[test]
    fn parts_of_a_set_keep_the_order_of_their_rows() {
        let set = DataSet::new("a", &[4.0, 1.0, 3.0, 2.0], &[40.0, 10.0, 30.0, 20.0], &[0.1; 4]).unwrap();
        let part = set.clone().within((1.5, 4.0)).unwrap();
        assert_eq!((part.wavenumber(), part.value()), (&[2.0, 3.0, 4.0][..], &[20.0, 30.0, 40.0][..]));
        assert_eq!((set.order(), part.order()), (&[1, 3, 2, 0][..], &[2, 1, 0][..]));
        let bins = set.clone().contiguous().unwrap().within((2.5, 9.0)).unwrap();
        assert_eq!(bins.sampling(), Sampling::Bins(vec![[2.5, 3.5], [3.5, 4.5]]));
        let message = set.within((5.0, 6.0)).unwrap_err().to_string();
        assert!(message.contains("given 5 to 6 cm-1, of data from 1 to 4, required a range with points"), "{message}");
    }

    #[test]
    fn errors_name_the_set_and_the_point() {
        let error = |nu: &[f64], v: &[f64], e: &[f64]| DataSet::new("night 1", nu, v, e).unwrap_err().to_string();
        assert_eq!(error(&[], &[], &[]), "data set `night 1`: number of points: given 0, required one or more");
        assert!(error(&[1.0], &[1.0, 2.0], &[1.0]).contains("given 1 wavenumbers, 2 values, 1 errors"));
        assert!(error(&[1.0, -2.0], &[1.0; 2], &[1.0; 2]).contains("wavenumber 1 [cm-1]: given -2"));
        assert!(error(&[1.0, 2.0], &[1.0, f64::NAN], &[1.0; 2]).contains("value 1, at 2 cm-1: given NaN"));
        for e in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let message = error(&[1.0, 2.0], &[1.0; 2], &[e, 1.0]);
            assert!(
                message.contains(&format!("error 0, at 1 cm-1: given {e}, required a finite number above zero")),
                "{message}"
            );
        }
        assert!(
            error(&[2.0, 1.0, 2.0], &[1.0; 3], &[1.0; 3]).contains("points 0 and 2: given the same wavenumber 2 cm-1")
        );
        assert!(DataSet::new(" ", &[1.0], &[1.0], &[1.0]).is_err());
        let bad = DataSet::binned("b", &[[1.0, 2.0], [3.0, 3.0]], &[1.0; 2], &[1.0; 2]).unwrap_err().to_string();
        assert!(bad.contains("bin 1 [cm-1]: given 3 to 3"), "{bad}");
        let one = DataSet::new("a", &[1.0], &[1.0], &[1.0]).unwrap();
        assert!(one.contiguous().unwrap_err().to_string().contains("given 1, required two or more"));
        assert!(
            "mm".parse::<SpectralUnit>().unwrap_err().to_string().contains("given `mm`, required `cm-1`, `um` or `nm`")
        );
    }
}
