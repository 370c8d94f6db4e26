//! What a user must be told of a computation that succeeded: losses, substitutions, physics left out.

use serde::{Deserialize, Serialize};

/// One remark. Printed in the section "notes" of the summary, and written to the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Note {
    /// The species, file or key that it is about.
    pub about: String,
    /// The remark in words.
    pub text: String,
    /// The part of the strength of the species' lines that it concerns, 0 to 1, where that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub strength_share: Option<f64>,
}

impl Note {
    /// A remark about something.
    pub fn new(about: impl Into<String>, text: impl Into<String>, strength_share: Option<f64>) -> Self {
        Self { about: about.into(), text: text.into(), strength_share }
    }
}

impl std::fmt::Display for Note {
    /// `CO: 20 lines of unknown lower-state energy left out (53 % of the strength at 296 K)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.about, self.text)?;
        match self.strength_share {
            Some(share) if share >= 1e-3 => write!(f, " ({:.3} % of the strength at 296 K)", 100.0 * share),
            Some(share) => write!(f, " ({share:.1e} of the strength at 296 K)"),
            None => Ok(()),
        }
    }
}
