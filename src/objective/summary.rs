//! The size of an objective.

use std::fmt;

use super::Mode;

/// What an objective consists of.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Batched or blocked.
    pub mode: Mode,
    /// Number of parameters of the model.
    pub model_parameters: usize,
    /// Number of free parameters of instruments and noise.
    pub instrument_parameters: usize,
    /// Number of residuals.
    pub residuals: usize,
    /// Size of the Jacobian of the residuals \[bytes\].
    pub jacobian_bytes: usize,
    /// The models.
    pub blocks: Vec<BlockSummary>,
}

/// One model of an objective.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct BlockSummary {
    /// Data sets it serves, with their numbers of points.
    pub data_sets: Vec<(String, usize)>,
    /// First and last wavenumber of its grid \[cm-1\].
    pub range: (f64, f64),
    /// Number of grid points.
    pub grid_points: usize,
    /// Size of the Jacobian of its spectrum in host memory \[bytes\].
    pub spectrum_jacobian_bytes: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.model_parameters + self.instrument_parameters;
        let mode = if self.mode == Mode::Blocked { "blocked" } else { "batched" };
        writeln!(
            f,
            "parameters   {total} ({} of the model, {} of instruments and noise)",
            self.model_parameters, self.instrument_parameters
        )?;
        writeln!(f, "residuals    {}", self.residuals)?;
        writeln!(f, "Jacobian     {} x {total}, {} bytes", self.residuals, self.jacobian_bytes)?;
        write!(f, "mode         {mode}, {} model{}", self.blocks.len(), if self.blocks.len() == 1 { "" } else { "s" })?;
        for block in &self.blocks {
            let sets: Vec<_> =
                block.data_sets.iter().map(|(name, points)| format!("{name} ({points} points)")).collect();
            write!(f, "\n  {} to {} cm-1, {} points, ", block.range.0, block.range.1, block.grid_points)?;
            write!(f, "Jacobian of the spectrum {} bytes: {}", block.spectrum_jacobian_bytes, sets.join(", "))?;
        }
        Ok(())
    }
}
