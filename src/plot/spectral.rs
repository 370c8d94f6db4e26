//! The spectral axis of a figure: wavenumbers, or wavelengths, with the other along the top.

use super::axis::{Axis, Tick};
use super::colour::{INK, MUTED};
use super::panel::{GAP, MAJOR, MINOR, Panel, SUBTITLE_SIZE, TICK_SIZE};
use super::surface::{Anchor, Stroke, Surface, TextStyle};
use crate::units::SpectralAxis;

/// What stands below a figure.
pub(super) fn label(axis: SpectralAxis) -> &'static str {
    match axis {
        SpectralAxis::Wavenumber => "Wavenumber (cm⁻¹)",
        SpectralAxis::VacuumMicrometre => "Wavelength (µm)",
        SpectralAxis::AirMicrometre => "Wavelength in air (µm)",
    }
}

/// Places of ascending wavenumbers \[cm-1\] on an axis of wavelengths, ascending; `None` where wavenumbers are the axis. [`reversed`] puts values into the same order.
pub(super) fn wavelengths(axis: SpectralAxis, wavenumber: &[f64]) -> Option<Vec<f64>> {
    (axis != SpectralAxis::Wavenumber).then(|| wavenumber.iter().rev().map(|nu| axis.of(*nu)).collect())
}

/// Values in the order of falling wavenumbers.
pub(super) fn reversed(values: &[f64]) -> Vec<f64> {
    values.iter().rev().copied().collect()
}

/// Ticks and labels on a panel's upper edge: wavelengths in vacuum over wavenumbers, wavenumbers over wavelengths.
pub(super) fn upper_scale(panel: &Panel, axis: SpectralAxis, s: &mut dyn Surface) {
    let (other, unit) = match axis {
        SpectralAxis::Wavenumber => (SpectralAxis::VacuumMicrometre, label(SpectralAxis::VacuumMicrometre)),
        _ => (SpectralAxis::Wavenumber, label(SpectralAxis::Wavenumber)),
    };
    let there = |x: f64| other.of(axis.wavenumber(x));
    let (a, b) = (there(panel.x.hi), there(panel.x.lo));
    if !(a.is_finite() && b.is_finite() && a > 0.0) {
        return;
    }
    let line = Stroke::new(INK, 1.4);
    let style = TextStyle::new(TICK_SIZE, MUTED, Anchor::Middle);
    for Tick { value, label } in Axis::linear(a, b).ticks(panel.counts.0) {
        let x = panel.px(axis.of(other.wavenumber(value)));
        let length = if label.is_some() { MAJOR } else { MINOR };
        s.polyline(&[(x, panel.rect.top), (x, panel.rect.top + length)], line, None);
        if let Some(label) = label {
            s.text((x, panel.rect.top - GAP), &label, style);
        }
    }
    let at = (panel.rect.centre().0, panel.rect.top - GAP - 1.45 * TICK_SIZE);
    s.text(at, unit, TextStyle::new(SUBTITLE_SIZE, MUTED, Anchor::Middle));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wavelengths_ascend_with_their_values() {
        let wavenumber = [4000.0, 5000.0, 10_000.0];
        assert_eq!(wavelengths(SpectralAxis::Wavenumber, &wavenumber), None);
        assert_eq!(wavelengths(SpectralAxis::VacuumMicrometre, &wavenumber).unwrap(), [1.0, 2.0, 2.5]);
        let air = wavelengths(SpectralAxis::AirMicrometre, &wavenumber).unwrap();
        assert!(air[0] < 0.99975 && air[0] > 0.9997 && air.is_sorted());
        assert_eq!(reversed(&wavenumber), [10_000.0, 5000.0, 4000.0]);
    }
}
