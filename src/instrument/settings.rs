//! What stands between spectrum and data, checked against a grid.

use super::bins::BinRule;
use super::gaussian::{Gaussian, REACH};
use super::response::ResponseTable;
use super::rotation::{RotationKernel, disc};
use super::{Allowed, FreeParameter, LIGHT_KM_S, Parameters, Setting, Slot};
use crate::grid::Grid;
use crate::{Error, Result};

/// Response of the spectrograph to a narrow line.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Response {
    /// The spectrograph resolves all that the grid does.
    #[default]
    None,
    /// Gaussian in ln nu with full width at half maximum 1/R.
    Gaussian {
        /// R = nu / FWHM.
        resolving_power: Setting,
    },
    /// A table of the response.
    Table(ResponseTable),
}

/// Rotational broadening; limb darkening I(mu) / I(1) = 1 - u1 (1 - mu) - u2 (1 - mu)^2.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotation {
    /// Projected equatorial velocity v sin i \[km s-1\].
    pub v_sin_i_km_s: Setting,
    /// Linear coefficient.
    pub u1: Setting,
    /// Quadratic coefficient.
    pub u2: Setting,
}

/// All parts of an instrument. The default leaves a spectrum as it is and samples it.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Response of the spectrograph.
    pub response: Response,
    /// Rotation of the source.
    pub rotation: Option<Rotation>,
    /// Radial velocity of the source \[km s-1\], positive when it recedes; relativistic, ln nu shifts by artanh(v/c).
    pub radial_velocity_km_s: Setting,
    /// Factor on the spectrum.
    pub scale: Setting,
    /// Added after the factor, in the unit of the data.
    pub offset: Setting,
    /// Coefficients c_k, k = 1, 2, ..., of the continuum 1 + sum c_k T_k(x), Chebyshev polynomials with x from -1 to 1 over the range of the data, linear in
    /// wavenumber. It multiplies the spectrum, before the offset.
    pub continuum: Vec<Setting>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            response: Response::None,
            rotation: None,
            radial_velocity_km_s: Setting::Fixed(0.0),
            scale: Setting::Fixed(1.0),
            offset: Setting::Fixed(0.0),
            continuum: Vec::new(),
        }
    }
}

/// Where the broadened spectrum is taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Sampling {
    /// At wavenumbers \[cm-1\].
    Points(Vec<f64>),
    /// As the mean over bins from low to high wavenumber \[cm-1\], each wavenumber with the same weight.
    Bins(Vec<[f64; 2]>),
}

impl Sampling {
    /// Number of data points.
    pub fn len(&self) -> usize {
        match self {
            Self::Points(points) => points.len(),
            Self::Bins(bins) => bins.len(),
        }
    }

    /// True without any data point.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lower and upper end of each data point \[cm-1\].
    pub(super) fn ends(&self) -> Vec<[f64; 2]> {
        match self {
            Self::Points(points) => points.iter().map(|nu| [*nu; 2]).collect(),
            Self::Bins(bins) => bins.clone(),
        }
    }

    /// Smallest and largest wavenumber \[cm-1\].
    fn range(&self) -> Result<(f64, f64)> {
        if self.is_empty() {
            return Err(Error::invalid("number of data points", 0, "one or more"));
        }
        let ends = self.ends();
        let points = matches!(self, Self::Points(_));
        if let Some([a, b]) = ends.iter().find(|[a, b]| !(*a > 0.0 && b.is_finite() && (a < b || points))) {
            let given = if points { a.to_string() } else { format!("{a} to {b}") };
            let required = if points { "a finite number above zero" } else { "0 < low < high, both finite" };
            return Err(Error::invalid("wavenumber of a data point [cm-1]", given, required));
        }
        let low = ends.iter().map(|e| e[0]).fold(f64::INFINITY, f64::min);
        Ok((low, ends.iter().map(|e| e[1]).fold(0.0, f64::max)))
    }
}

/// An instrument on a grid: checked, and with the quadrature rules of its kernels. Evaluate it with [`at`](Self::at).
///
/// ```
/// use photosphere::grid::Grid;
/// use photosphere::instrument::{Instrument, Response, Sampling, Setting, Settings};
///
/// // A Gaussian response of R = 50 000, and a radial velocity that is free.
/// let grid = Grid::with_resolution(4300.0, 4320.0, 3e5)?;
/// let settings = Settings {
///     response: Response::Gaussian { resolving_power: Setting::Fixed(5e4) },
///     radial_velocity_km_s: Setting::free("v", -50.0, 50.0),
///     ..Settings::default()
/// };
/// let points = Sampling::Points((0..40).map(|i| 4304.0 + 0.3 * f64::from(i)).collect());
/// let instrument = Instrument::new(&settings, grid, &points)?;
/// let flat = vec![1.0; grid.len()];
/// let (observed, by_velocity) = instrument.at(&[12.0])?.apply_with_derivatives(&flat)?;
/// assert!(observed.iter().all(|y| (y - 1.0).abs() < 1e-12) && by_velocity.iter().all(|d| d.abs() < 1e-9));
/// # Ok::<(), photosphere::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Instrument {
    pub(super) grid: Grid,
    pub(super) parameters: Parameters,
    pub(super) response: ResponsePart,
    pub(super) rotation: Option<RotationKernel>,
    pub(super) velocity: Slot,
    pub(super) scale: Slot,
    pub(super) offset: Slot,
    pub(super) continuum: Vec<Slot>,
    /// Chebyshev polynomials \[k\]\[point\] from k = 1.
    pub(super) basis: Vec<Vec<f64>>,
    /// Lower and upper end of each data point in steps of the grid.
    pub(super) ends: Vec<[f64; 2]>,
    /// For means over bins.
    pub(super) bins: Option<BinRule>,
}

/// The response, ready to be evaluated.
#[derive(Clone, Debug)]
pub(super) enum ResponsePart {
    None,
    Gaussian(Gaussian),
    Table(ResponseTable),
}

impl Instrument {
    /// An instrument between `grid` and the data points of `sampling`.
    ///
    /// # Errors
    /// [`Error::Invalid`]: a setting outside what it may be, a data point that is not a positive number or a bin with its ends in the wrong order, a grid
    /// that does not hold [what is needed](Self::required_range) for all values of the free parameters.
    pub fn new(settings: &Settings, grid: Grid, sampling: &Sampling) -> Result<Self> {
        let needed = Self::required_range(settings, sampling, grid.step())?;
        if needed.0 < grid.lo() || needed.1 > grid.hi() {
            let (low, high) = sampling.range()?;
            let required = format!(
                "{:.6} to {:.6} or wider: the data span {low:.6} to {high:.6}, and response, rotation and radial velocity reach beyond them",
                needed.0, needed.1
            );
            return Err(Error::invalid(
                "range of the model's grid [cm-1]",
                format!("{} to {}", grid.lo(), grid.hi()),
                required,
            ));
        }
        let step = grid.step();
        let mut parameters = Parameters::default();
        let response = match &settings.response {
            Response::None => ResponsePart::None,
            Response::Gaussian { resolving_power } => {
                let slot = parameters.place("resolving power", resolving_power, &Allowed::Positive)?;
                ResponsePart::Gaussian(Gaussian::new(slot, resolving_power.range().0, step))
            }
            Response::Table(table) => ResponsePart::Table(table.clone()),
        };
        let rotation = match &settings.rotation {
            None => None,
            Some(rotation) => {
                let velocity = parameters.place("v sin i [km s-1]", &rotation.v_sin_i_km_s, &Allowed::NotNegative)?;
                let u1 = parameters.place("limb darkening u1", &rotation.u1, &Allowed::Finite)?;
                let u2 = parameters.place("limb darkening u2", &rotation.u2, &Allowed::Finite)?;
                Some(RotationKernel::new(velocity, [u1, u2], rotation.v_sin_i_km_s.range().1, step))
            }
        };
        let velocity = &settings.radial_velocity_km_s;
        let velocity = parameters.place("radial velocity [km s-1]", velocity, &Allowed::Within(LIGHT_KM_S))?;
        let scale = parameters.place("scale", &settings.scale, &Allowed::Finite)?;
        let offset = parameters.place("offset", &settings.offset, &Allowed::Finite)?;
        let place = |(k, c)| parameters.place(&format!("continuum coefficient {}", k + 1), c, &Allowed::Finite);
        let continuum = settings.continuum.iter().enumerate().map(place).collect::<Result<Vec<_>>>()?;
        Ok(Self {
            grid,
            parameters,
            response,
            rotation,
            velocity,
            scale,
            offset,
            basis: chebyshev(&sampling.ends(), continuum.len()),
            continuum,
            ends: sampling.ends().into_iter().map(|e| e.map(|nu| grid.position(nu))).collect(),
            bins: matches!(sampling, Sampling::Bins(_)).then(|| BinRule::new(step)),
        })
    }

    /// First and last wavenumber \[cm-1\] that a grid of steps `step` in ln nu must hold, for all values of the free parameters.
    ///
    /// # Errors
    /// [`Error::Invalid`] as [`new`](Self::new), but for the grid.
    pub fn required_range(settings: &Settings, sampling: &Sampling, step: f64) -> Result<(f64, f64)> {
        let (mut low, mut high) = (0.0, 0.0);
        let mut parts = 0;
        match &settings.response {
            Response::None => {}
            Response::Gaussian { resolving_power } => {
                Parameters::default().place("resolving power", resolving_power, &Allowed::Positive)?;
                let reach = REACH * Gaussian::sigma(resolving_power.range().0);
                (low, high, parts) = (low - reach, high + reach, parts + 1);
            }
            Response::Table(table) => {
                let reach = table.reach();
                (low, high, parts) = (low + reach.0, high + reach.1, parts + 1);
            }
        }
        if let Some(rotation) = &settings.rotation {
            for allowed in [Allowed::NotNegative, Allowed::Within(0.1 * LIGHT_KM_S)] {
                Parameters::default().place("v sin i [km s-1]", &rotation.v_sin_i_km_s, &allowed)?;
            }
            let reach = rotation.v_sin_i_km_s.range().1 / LIGHT_KM_S;
            (low, high, parts) = (low - reach, high + reach, parts + 1);
            let limb = [rotation.u1.range(), rotation.u2.range()];
            if disc(limb[0].1, limb[1].1) <= 0.0 {
                let given = format!("u1 = {}, u2 = {}", limb[0].1, limb[1].1);
                return Err(Error::invalid("limb darkening", given, "1 - u1/3 - u2/6 > 0, a disc that shines"));
            }
        }
        let velocity = &settings.radial_velocity_km_s;
        Parameters::default().place("radial velocity [km s-1]", velocity, &Allowed::Within(LIGHT_KM_S))?;
        low += (velocity.range().0 / LIGHT_KM_S).atanh();
        high += (velocity.range().1 / LIGHT_KM_S).atanh();
        // Three nodes beyond the ends of each kernel, and up to four beyond a data point, one to spare.
        let margin = step * f64::from(3 * parts + 5);
        let (first, last) = sampling.range()?;
        Ok((first * (low - margin).exp(), last * (high + margin).exp()))
    }

    /// The free parameters, in the order of every `x`.
    pub fn parameters(&self) -> &[FreeParameter] {
        self.parameters.all()
    }

    /// Number of data points.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The grid of the spectra it takes.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }
}

/// T_1 to T_`order` at the middle of each data point, on -1 to 1 over their range.
fn chebyshev(ends: &[[f64; 2]], order: usize) -> Vec<Vec<f64>> {
    let middle: Vec<f64> = ends.iter().map(|[a, b]| 0.5 * (a + b)).collect();
    let low = middle.iter().copied().fold(f64::INFINITY, f64::min);
    let high = middle.iter().copied().fold(0.0, f64::max);
    // A single data point stands in the middle.
    let scale = if high > low { 2.0 / (high - low) } else { 0.0 };
    let x: Vec<f64> = middle.iter().map(|nu| (nu - 0.5 * (low + high)) * scale).collect();
    (1..=order).map(|k| x.iter().map(|x| (k as f64 * x.clamp(-1.0, 1.0).acos()).cos()).collect()).collect()
}
