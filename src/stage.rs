//! Stages of a computation: what time and memory are told by.

use std::fmt;

use serde::{Serialize, Serializer};

/// A stage. It is printed, and written to reports, by its [name](Stage::name).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stage {
    /// Lists and tables are read.
    Load,
    /// Ladders, densities and all else that does not change from spectrum to spectrum.
    SetUp,
    /// A device's memory is planned.
    Plan,
    /// Kernels are compiled, memory is allocated.
    Pipelines,
    /// Constants and states go to the device. What is allocated there before any pass runs is counted here.
    #[default]
    Upload,
    /// A spectrum, as a whole.
    Forward,
    /// Cross sections by the exact line-by-line sum.
    DirectSum,
    /// Cross sections on the CPU backend.
    CrossSections,
    /// Sources of lines on the ladder's grids, on a device.
    Sources,
    /// Sources convolved with profiles, on a device.
    Convolution,
    /// Cross sections put together on the output grid, on a device.
    Output,
    /// Opacities without lines.
    Continua,
    /// Radiative transfer.
    Transfer,
    /// Results come from the device.
    Readback,
    /// Derivatives by all parameters.
    Jacobian,
    /// Derivatives of one number, or of a few.
    Gradient,
    /// Draws of a posterior.
    Sampling,
    /// Spectra of each opacity alone.
    Components,
    /// What each layer contributes.
    Contribution,
    /// Arrays, reports and pictures are written.
    Files,
    /// Another, by its name: kernels of an opacity or a geometry that is not of this library.
    Other(String),
}

/// All stages of this library with their names, each once.
const NAMES: [(Stage, &str); 20] = [
    (Stage::Load, "load"),
    (Stage::SetUp, "set-up"),
    (Stage::Plan, "plan"),
    (Stage::Pipelines, "pipelines"),
    (Stage::Upload, "upload"),
    (Stage::Forward, "forward"),
    (Stage::DirectSum, "direct sum"),
    (Stage::CrossSections, "cross sections"),
    (Stage::Sources, "sources"),
    (Stage::Convolution, "convolution"),
    (Stage::Output, "output"),
    (Stage::Continua, "continua"),
    (Stage::Transfer, "transfer"),
    (Stage::Readback, "readback"),
    (Stage::Jacobian, "Jacobian"),
    (Stage::Gradient, "gradient"),
    (Stage::Sampling, "sampling"),
    (Stage::Components, "components"),
    (Stage::Contribution, "contribution"),
    (Stage::Files, "files and pictures"),
];

impl Stage {
    /// Its name, as on the terminal and in reports.
    pub fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => NAMES.iter().find(|(stage, _)| stage == known).map_or("", |(_, name)| name),
        }
    }
}

/// The stage of that name; [`Stage::Other`] if this library has none.
#[cfg(test)]
impl From<&str> for Stage {
    fn from(name: &str) -> Self {
        let known = NAMES.iter().find(|(_, known)| *known == name).map(|(stage, _)| stage.clone());
        known.unwrap_or_else(|| Self::Other(name.to_owned()))
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Stage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The stage of some passes of a device's program, and which of several lists or opacities they work on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PassStage {
    /// The list or the opacity; empty for what is there once.
    pub part: String,
    /// The stage.
    pub stage: Stage,
}

impl PassStage {
    /// The stage of one of several parts.
    pub fn of(part: &str, stage: Stage) -> Self {
        Self { part: part.to_owned(), stage }
    }
}

impl<S: Into<Stage>> From<S> for PassStage {
    fn from(stage: S) -> Self {
        Self { part: String::new(), stage: stage.into() }
    }
}

/// `part.stage`, or the stage alone.
impl fmt::Display for PassStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part.as_str() {
            "" => write!(f, "{}", self.stage),
            part => write!(f, "{part}.{}", self.stage),
        }
    }
}

impl Serialize for PassStage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_stages_belong_together() {
        for (stage, name) in &NAMES {
            assert_eq!((stage.name(), Stage::from(*name)), (*name, stage.clone()));
            assert_eq!(NAMES.iter().filter(|(other, text)| other == stage || text == name).count(), 1, "{name}");
        }
        let own = Stage::from("clouds");
        assert_eq!((own.name(), &own), ("clouds", &Stage::Other("clouds".into())));
        assert_eq!(format!("{:>8}|{own}", Stage::Load), "    load|clouds");
        assert_eq!(serde_json::to_string(&[Stage::Files, own]).unwrap(), r#"["files and pictures","clouds"]"#);
        // Names tell capitals apart.
        assert_eq!(Stage::from("jacobian"), Stage::Other("jacobian".into()));
        let of_list = PassStage::of("cross_section0", Stage::Output);
        assert_eq!(
            (of_list.to_string(), PassStage::from(Stage::Transfer).to_string()),
            ("cross_section0.output".into(), "transfer".into())
        );
    }
}
