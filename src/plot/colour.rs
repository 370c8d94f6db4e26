//! Colours and colour maps.

/// Red, green, blue, 0 to 255 (sRGB).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rgb(pub u8, pub u8, pub u8);

pub(super) const WHITE: Rgb = Rgb(255, 255, 255);
/// Text and frames.
pub(super) const INK: Rgb = Rgb(34, 38, 46);
/// Secondary text, connectors.
pub(super) const MUTED: Rgb = Rgb(107, 114, 128);
/// Grid lines.
pub(super) const GRID: Rgb = Rgb(228, 231, 235);
/// Shade of the part that is shown enlarged.
pub(super) const HIGHLIGHT: Rgb = Rgb(255, 236, 200);

/// Colours of unordered curves: Okabe and Ito (2008), blue and vermilion first, the yellow left out (too pale on white).
const CURVES: [Rgb; 7] = [
    Rgb(0, 114, 178),
    Rgb(213, 94, 0),
    Rgb(0, 158, 115),
    Rgb(204, 121, 167),
    Rgb(230, 159, 0),
    Rgb(86, 180, 233),
    Rgb(60, 60, 60),
];

/// Colour of the `i`-th curve; repeats after seven.
pub(super) fn curve(i: usize) -> Rgb {
    CURVES[i % CURVES.len()]
}

/// Nine samples of matplotlib's magma (CC0), dark to pale.
const MAGMA: [Rgb; 9] = [
    Rgb(0, 0, 4),
    Rgb(28, 16, 68),
    Rgb(79, 18, 123),
    Rgb(129, 37, 129),
    Rgb(181, 54, 122),
    Rgb(229, 80, 100),
    Rgb(251, 135, 97),
    Rgb(254, 194, 135),
    Rgb(252, 253, 191),
];

/// Magma, linear between samples; `t` in 0..=1 from dark to pale.
fn magma(t: f64) -> Rgb {
    let x = t.clamp(0.0, 1.0) * (MAGMA.len() - 1) as f64;
    let i = (x as usize).min(MAGMA.len() - 2);
    mix(MAGMA[i], MAGMA[i + 1], x - i as f64)
}

/// A map's colour for `t` in 0..=1: white where there is nothing, dark where there is most. NaN is white.
pub(super) fn map(t: f64) -> Rgb {
    if t.is_nan() {
        return WHITE;
    }
    // The palest sample is yellowish; fade from white over the first twelfth so that empty is paper.
    let t = t.clamp(0.0, 1.0);
    mix(WHITE, magma(1.0 - t), (t * 12.0).min(1.0))
}

/// Colour of item `i` of `n` in an ordered family of curves (temperatures), dark to warm; never paler than readable.
pub(super) fn ordered(i: usize, n: usize) -> Rgb {
    let t = if n > 1 { i as f64 / (n - 1) as f64 } else { 0.3 };
    magma(0.2 + 0.55 * t)
}

/// `a` and `b` mixed, `t` = 1 being all `b`.
pub(super) fn mix(a: Rgb, b: Rgb, t: f64) -> Rgb {
    let m = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * t.clamp(0.0, 1.0)).round() as u8;
    Rgb(m(a.0, b.0), m(a.1, b.1), m(a.2, b.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, enough to order colours.
    fn light(c: Rgb) -> f64 {
        0.2126 * f64::from(c.0) + 0.7152 * f64::from(c.1) + 0.0722 * f64::from(c.2)
    }

    #[test]
    fn map_darkens_monotonically_from_white() {
        assert_eq!(map(0.0), WHITE);
        assert_eq!(map(f64::NAN), WHITE);
        let l: Vec<f64> = (0..=50).map(|i| light(map(f64::from(i) / 50.0))).collect();
        assert!(l.windows(2).all(|w| w[1] < w[0]), "{l:?}");
        assert_eq!(map(7.0), Rgb(0, 0, 4));
    }

    #[test]
    fn ordered_colours_differ_and_contrast_with_paper() {
        for n in 1..=6 {
            for i in 0..n {
                assert!(light(ordered(i, n)) < 190.0, "{i} of {n} is too pale");
                if i > 0 {
                    assert_ne!(ordered(i, n), ordered(i - 1, n));
                }
            }
        }
    }
}
