//! Correlated noise as a Gaussian process: a covariance that falls with the distance of two points.

use crate::Result;
use crate::constants::SPEED_OF_LIGHT;
use crate::instrument::{Allowed, Parameters, Setting, Slot};

/// Shape of the covariance with the distance d of two points, over the square of the amplitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CovarianceShape {
    /// (1 + u) exp(-u), u = sqrt(3) d / length (Matérn's of order 3/2): continuous once, as instruments' ripples are.
    Matern32,
    /// exp(-d^2 / (2 length^2)): smooth.
    SquaredExponential,
}

/// What distances of points are measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// Wavenumbers \[cm-1\].
    Wavenumber,
    /// Velocities, c |ln nu_1 - ln nu_2| \[km s-1\].
    Velocity,
}

/// A Gaussian process added to the noise of a data set (Rasmussen & Williams 2006, chapter 4).
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// Shape of the covariance.
    pub shape: CovarianceShape,
    /// What `length` is in.
    pub distance: Distance,
    /// Length, above zero \[cm-1 or km s-1\].
    pub length: Setting,
    /// Standard deviation of a point, zero or more, in the unit of the data.
    pub amplitude: Setting,
}

/// The same with places among free parameters, and the points' coordinates.
#[derive(Clone, Debug)]
pub(super) struct PlacedProcess {
    shape: CovarianceShape,
    pub length: Slot,
    pub amplitude: Slot,
    coordinate: Vec<f64>,
}

impl PlacedProcess {
    pub fn new(process: &Process, wavenumber: &[f64], parameters: &mut Parameters) -> Result<Self> {
        let coordinate = |nu: &f64| match process.distance {
            Distance::Wavenumber => *nu,
            Distance::Velocity => SPEED_OF_LIGHT * 1e-3 * nu.ln(),
        };
        Ok(Self {
            shape: process.shape,
            length: parameters.place("length of correlated noise", &process.length, &Allowed::Positive)?,
            amplitude: parameters.place("amplitude of correlated noise", &process.amplitude, &Allowed::NotNegative)?,
            coordinate: wavenumber.iter().map(coordinate).collect(),
        })
    }

    /// Covariance of two points over the square of the amplitude, and its derivative by the length.
    pub fn shape(&self, i: usize, k: usize, length: f64) -> (f64, f64) {
        let d = (self.coordinate[i] - self.coordinate[k]).abs() / length;
        match self.shape {
            CovarianceShape::Matern32 => {
                let u = 3f64.sqrt() * d;
                ((1.0 + u) * (-u).exp(), u * u * (-u).exp() / length)
            }
            CovarianceShape::SquaredExponential => {
                let value = (-0.5 * d * d).exp();
                (value, value * d * d / length)
            }
        }
    }
}
