//! An [`ExomolSource`] as a [`LineSource`].

use super::source::Files;
use super::{ExomolBroadening, ExomolSource};
use crate::cache::KeyHasher;
use crate::lines::source::{LineSource, width_key, within};
use crate::lines::width::check_range;
use crate::lines::{Line, LoadReport, Species};
use crate::{Error, Progress, Result};

impl LineSource for ExomolSource {
    fn species(&self) -> Result<Species> {
        ExomolSource::species(self)
    }

    /// Of the transition files, those that may hold lines of the range are read.
    fn fingerprint(&self, range: (f64, f64), key: &mut KeyHasher) -> Result<()> {
        let files = Files::find(&self.folder)?;
        key.bytes("ExoMol", files.stem.as_bytes());
        key.file("definition", &files.definition)?.file("states", &files.states)?;
        broadening(&files, &self.broadening, key)?;
        let range = within(self.range, range);
        let (lo, hi) = check_range(range)?;
        key.numbers("range", &[lo, hi]);
        for path in files.transitions_in((lo, hi))? {
            key.file("transitions", &path)?;
        }
        Ok(())
    }

    fn stream(
        &self,
        range: (f64, f64),
        progress: &dyn Progress,
        visit: &mut dyn FnMut(&[Line]) -> Result<()>,
    ) -> Result<LoadReport> {
        let source = Self { range: within(self.range, range), ..self.clone() };
        ExomolSource::stream(&source, progress, visit)
    }

    fn nothing_found(&self, range: (f64, f64), report: &LoadReport) -> Error {
        Self { range: Some(range), ..self.clone() }.no_line_left(report)
    }
}

/// Files and numbers of a broadening.
fn broadening(files: &Files, gas: &ExomolBroadening, key: &mut KeyHasher) -> Result<()> {
    match gas {
        ExomolBroadening::Fixed(width) => width_key(key, "fixed", *width),
        ExomolBroadening::Mixture(parts) => {
            key.integers("mixture", &[parts.len() as i64]);
            for (gas, fraction) in parts {
                key.numbers("fraction", &[*fraction]);
                broadening(files, gas, key)?;
            }
        }
        _ => {
            // the label chooses a part of the definition file, the file may lie anywhere
            key.bytes("gas", format!("{gas:?}").as_bytes());
            if let Some(path) = files.table_path(gas)? {
                key.file("widths", &path)?;
            }
        }
    }
    Ok(())
}
