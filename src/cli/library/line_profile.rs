//! Line profiles as a user describes them.

use super::profiles;
use crate::Result;
use crate::cli::source::LineProfile;
use crate::cross_section::ProfileSettings;

/// The description with chi read from its file, where it has one.
///
/// # Errors
/// What [`profiles::chi`] refuses.
pub(super) fn settings(profile: &LineProfile) -> Result<ProfileSettings> {
    let mut settings = profile.settings;
    if let Some(path) = &profile.chi_file {
        settings.wings.chi = Some(profiles::chi(path)?);
    }
    Ok(settings)
}
