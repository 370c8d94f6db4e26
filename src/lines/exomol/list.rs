//! An [`ExomolSource`] as a [`LineSource`].

use super::files::Files;
use super::{ExomolBroadening, ExomolSource};
use crate::cache::KeyHasher;
use crate::lines::source::{LineSource, width_key, within};
use crate::lines::{Line, LoadReport, Species};
use crate::{Error, Progress, Result};

impl LineSource for ExomolSource {
    fn species(&self) -> Result<Species> {
        ExomolSource::species(self)
    }

    /// Of the transition files, those that may hold lines of the range are read.
    fn fingerprint(&self, range: (f64, f64), key: &mut KeyHasher) -> Result<()> {
        let source = self.within(range);
        let files = Files::find(&self.folder)?;
        let definition = files.definition()?;
        // The number counts changes in how lines are made of the same files.
        key.bytes("ExoMol", files.stem.as_bytes()).integers("rules", &[2]);
        key.integers("definitions", &[files.definitions.len() as i64]);
        for path in &files.definitions {
            key.file("definition", path)?;
        }
        key.file("states", &files.states)?;
        broadening(&files, &self.broadening, key)?;
        if let Some(width) = self.default_width {
            width_key(key, "default width", width);
        }
        if let Some((lo, hi)) = self.temperatures {
            key.numbers("temperatures", &[lo, hi]);
        }
        let (lo, hi) = source.checked_range()?;
        key.numbers("range", &[lo, hi]);
        // Gaps are refused here too, before a result made with them is found.
        for path in source.selected(&files, &definition)?.0 {
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            key.bytes("transition file", name).file("transitions", &path)?;
        }
        Ok(())
    }

    fn stream(
        &self,
        range: (f64, f64),
        progress: &dyn Progress,
        visit: &mut dyn FnMut(&[Line]) -> Result<()>,
    ) -> Result<LoadReport> {
        ExomolSource::stream(&self.within(range), progress, visit)
    }

    fn nothing_found(&self, range: (f64, f64), report: &LoadReport) -> Error {
        Self { range: Some(range), ..self.clone() }.no_line_left(report)
    }
}

impl ExomolSource {
    /// The source for a part of its range.
    fn within(&self, range: (f64, f64)) -> Self {
        Self { range: within(self.range, range), ..self.clone() }
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
