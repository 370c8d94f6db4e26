//! What users of other codes ask for and this program does not do: answered by name, not as a typing error.

/// Beginnings of words, or whole ones where they end in `$`, and what they ask for. Words are compared in small letters, without what
/// separates their parts.
const WISHES: &[(&str, &str)] = &[
    ("reflect", "reflected light"),
    ("albedo", "reflected light"),
    ("phasecurve", "phase curves"),
    ("aerosol", "aerosols"),
    ("mie$", "Mie scattering"),
    ("scatter", "scattering"),
    ("chemi", "chemistry"),
    ("equilibrium", "chemical equilibrium"),
    ("disequilibrium", "chemistry out of equilibrium"),
    ("quench", "chemistry out of equilibrium"),
    ("metallicity", "chemistry"),
    ("ctoo", "chemistry"),
    ("opacit", "opacity tables"),
    ("crosssectiontable", "opacity tables"),
    ("ktable", "correlated-k tables"),
    ("correlatedk", "correlated-k tables"),
    ("ck$", "correlated-k tables"),
    ("petitradtrans", "opacity tables of other codes"),
    ("stellar", "light of the star that the planet reflects"),
    ("linemixing", "line mixing"),
    ("speeddependent", "speed-dependent profiles"),
    ("nonlte", "non-LTE populations"),
    ("nlte", "non-LTE populations"),
    ("magnetic", "Zeeman splitting"),
    ("geisa", "line lists of GEISA"),
    ("cdsd", "line lists of CDSD"),
    ("exomolhr", "tables of ExoMolHR"),
    ("vald", "line lists of VALD"),
    ("kurucz", "line lists of Kurucz"),
    ("jpl$", "catalogues of JPL"),
    ("cdms", "catalogues of CDMS"),
    ("marvel", "lists of MARVEL"),
    ("wavelength", "keys in wavelength, but for `grid.range_um` and `output.axis`; 1e4 / micrometres gives cm-1"),
];

/// The answer to a key, section, option or command that asks for something that is not there.
pub fn not_supported(name: &str) -> Option<String> {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).take(64).collect::<String>().to_lowercase();
    let asks = |word: &str| match word.strip_suffix('$') {
        Some(whole) => plain == whole,
        None => plain.starts_with(word),
    };
    let wish = WISHES.iter().find(|(word, _)| asks(word))?.1;
    Some(format!("`{name}` ({wish}) is not supported yet: see docs/limits.md"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_answered_by_name() {
        insta::assert_snapshot!(not_supported("albedo").unwrap(), @"`albedo` (reflected light) is not supported yet: see docs/limits.md");
        for asked in ["k-table", "opacity_table", "C_to_O", "GEISA", "wavelength_um", "mie"] {
            assert!(not_supported(asked).is_some(), "{asked}");
        }
        for other in ["layer", "start", "mielke", "colour", "streams", "ckp", ""] {
            assert_eq!(not_supported(other), None, "{other}");
        }
    }
}
