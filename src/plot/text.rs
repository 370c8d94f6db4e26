//! The built-in font, text widths, and superscripts.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScaleFont};

/// The font of all figures.
static FONT: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT).expect("the font built into the program is whole")
});

/// Size and rise of a superscript, relative to the text it belongs to.
pub(super) const SUPERSCRIPT_SIZE: f64 = 0.70;
pub(super) const SUPERSCRIPT_RISE: f64 = 0.36;

/// The font with an em square of `size` pixels.
pub(super) fn font(size: f64) -> PxScaleFont<&'static FontRef<'static>> {
    let em = f64::from(FONT.units_per_em().unwrap_or(1000.0));
    FONT.as_scaled((size * f64::from(FONT.height_unscaled()) / em) as f32)
}

/// A stretch of text that is set on the line or raised.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub raised: bool,
    pub text: String,
}

/// Splits at Unicode superscripts, which become raised plain characters: few fonts have all of them, and those that do
/// draw them unevenly.
pub(super) fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for c in text.chars() {
        let plain = match c {
            '⁻' => Some('−'),
            '⁺' => Some('+'),
            '¹' => Some('1'),
            '²' => Some('2'),
            '³' => Some('3'),
            '⁰' | '⁴'..='⁹' => char::from_digit(c as u32 - 0x2070, 10),
            _ => None,
        };
        match runs.last_mut() {
            Some(run) if run.raised == plain.is_some() => run.text.push(plain.unwrap_or(c)),
            _ => runs.push(Run { raised: plain.is_some(), text: plain.unwrap_or(c).to_string() }),
        }
    }
    runs
}

/// Width of a text whose em square is `size` pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    runs(text).iter().map(|run| run_width(run, size)).sum()
}

fn run_width(run: &Run, size: f64) -> f64 {
    use ab_glyph::ScaleFont;
    let font = font(if run.raised { size * SUPERSCRIPT_SIZE } else { size });
    let ids: Vec<_> = run.text.chars().map(|c| font.glyph_id(c)).collect();
    let advance: f32 = ids.iter().map(|&id| font.h_advance(id)).sum();
    let kern: f32 = ids.windows(2).map(|p| font.kern(p[0], p[1])).sum();
    f64::from(advance + kern)
}

/// `10` to an integer power, as `10⁻⁵`.
pub(super) fn power_of_ten(exponent: i32) -> String {
    let digits = exponent.unsigned_abs().to_string();
    let sign = if exponent < 0 { "⁻" } else { "" };
    let raised = digits.chars().map(|d| match d {
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        d => char::from_u32(0x2070 + d as u32 - '0' as u32).unwrap_or(d),
    });
    format!("10{sign}{}", raised.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn superscripts_become_raised_runs() {
        let run = |raised, text: &str| Run { raised, text: text.into() };
        assert_eq!(runs("a cm⁻¹ b²"), [run(false, "a cm"), run(true, "−1"), run(false, " b"), run(true, "2")]);
        assert_eq!(runs(&power_of_ten(-307)), [run(false, "10"), run(true, "−307")]);
        assert_eq!(power_of_ten(0), "10⁰");
        assert!(runs("").is_empty());
    }

    #[test]
    fn every_character_of_our_labels_is_in_the_font() {
        for c in
            "Wavenumber (cm−1) Wavelength µm Flux 10× erg s Pressure bar · τ λ ν ° σ α ± – 0123456789+,./=%₀₁₂₃₄₅₆₇₈₉"
                .chars()
        {
            assert_ne!(FONT.glyph_id(c).0, 0, "{c:?} is missing");
        }
    }

    #[test]
    fn widths_add_and_scale() {
        let w = width("Flux", 20.0);
        assert!(w > 20.0 && w < 60.0, "{w}");
        assert!((width("Flux", 40.0) - 2.0 * w).abs() < 0.1);
        assert!(width("10⁵", 20.0) < width("105", 20.0));
    }
}
