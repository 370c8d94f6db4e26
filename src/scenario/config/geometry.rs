//! `transfer.geometry`: how light goes through the layers.

/// What is seen of the atmosphere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GeometryKeys {
    /// The flux at its top.
    #[default]
    Emission,
    /// The radius of the planet in front of its star.
    Transmission,
}

impl GeometryKeys {
    /// What is computed and its unit, as figures call them.
    pub fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Emission => ("Flux", "erg s⁻¹ cm⁻² / cm⁻¹"),
            Self::Transmission => ("Radius", "cm"),
        }
    }

    /// Unit of a spectrum in files, unless another is wanted.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Emission => "erg s-1 cm-2 / cm-1",
            Self::Transmission => "cm",
        }
    }

    /// The file that it is written to.
    pub fn file(self) -> &'static str {
        match self {
            Self::Emission => "flux.npy",
            Self::Transmission => "radius.npy",
        }
    }

    /// What a spectrum is called.
    pub fn title(self) -> &'static str {
        match self {
            Self::Emission => "Emission spectrum",
            Self::Transmission => "Transmission spectrum",
        }
    }
}
