//! Wrong configurations and what is said about them.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::atmosphere::Abundance;
use crate::cross_section::Method;
use crate::gpu::MemoryPolicy;
use crate::lines::Width;
use crate::scenario::broadening::{Broadener, Broadening};
use crate::scenario::source::{Format, Isotopologues};

const EXAMPLE: &str = include_str!("../../../examples/emission.toml");

/// The example with `from` replaced, which must occur in it.
fn changed(from: &str, to: &str) -> String {
    assert!(EXAMPLE.contains(from), "{from} is not in the example");
    EXAMPLE.replacen(from, to, 1)
}

fn parse(text: &str) -> crate::Result<Config> {
    Config::parse(Path::new("dir/c.toml"), text)
}

/// What is said about the example with `from` replaced by `to`.
fn message(from: &str, to: &str) -> String {
    parse(&changed(from, to)).expect_err(to).to_string()
}

#[test]
fn unknown_keys_name_the_nearest_known_one() {
    insta::assert_snapshot!(message("layers = 200", "layer = 200"), @"dir/c.toml: key `atmosphere.layer`: line 9: unknown key; did you mean `layers`?");
    insta::assert_snapshot!(message("[transfer]", "[transfers]"), @"dir/c.toml: key `transfers`: line 27: unknown key; did you mean `transfer`?");
    insta::assert_snapshot!(message("streams = 8", r#"colour = "red""#), @"dir/c.toml: key `transfer.colour`: line 28: unknown key; known keys are geometry, streams, surface_temperature_k");
    insta::assert_snapshot!(message("temperature_1bar_k = 900.0", "temperature_1bar = 900.0"), @"dir/c.toml: key `atmosphere.temperature.temperature_1bar`: line 17: unknown key; did you mean `temperature_1bar_k`?");
}

#[test]
fn missing_keys_say_what_belongs_there() {
    insta::assert_snapshot!(message("layers = 200", ""), @"dir/c.toml: key `atmosphere.layers`: missing; required the number of layers");
    insta::assert_snapshot!(message(r#"kind = "power-law" "#, ""), @r#"dir/c.toml: key `atmosphere.temperature.kind`: missing; required one of "power-law", "guillot", "grey", "isothermal", "table", "knots""#);
    insta::assert_snapshot!(message("alpha = 0.1", ""), @"dir/c.toml: key `atmosphere.temperature.alpha`: missing; required the exponent of (P / 1 bar)");
    insta::assert_snapshot!(message("mass_mixing_ratio = 1e-5", ""), @"dir/c.toml: key `species[0].mass_mixing_ratio`: missing; required how much there is, as a number or a file; or `volume_mixing_ratio` in its place");
}

#[test]
fn values_out_of_range_say_the_range() {
    insta::assert_snapshot!(message("layers = 200", "layers = 0"), @"dir/c.toml: key `atmosphere.layers`: line 9: given `0`, required a whole number from 2 to 10000");
    insta::assert_snapshot!(message("layers = 200", "layers = 1e3"), @"dir/c.toml: key `atmosphere.layers`: line 9: given `1e3`, required a whole number from 2 to 10000");
    insta::assert_snapshot!(message("layers = 200", "layers = 99999999999999999999"), @"dir/c.toml: key `atmosphere.layers`: line 9: given `99999999999999999999`, required a whole number from 2 to 10000");
    insta::assert_snapshot!(message("points = 150000", "points = 1"), @"dir/c.toml: key `grid.points`: line 6: given `1`, required a whole number from 2 to 100000000");
    insta::assert_snapshot!(message("points = 150000", "resolution = 1e12"), @"dir/c.toml: key `grid.resolution`: line 6: given `1e12`, required a resolution with at most 100000000 points, not 143100843642");
    insta::assert_snapshot!(message("points = 150000", "points = 100\nresolution = 1e5"), @"dir/c.toml: key `grid.resolution`: line 7: given besides `points`; required only one of them");
    insta::assert_snapshot!(message("points = 150000", ""), @"dir/c.toml: key `grid.points`: missing; required a number of points, or `sampling` in its place");
    insta::assert_snapshot!(message("[1950.0, 2250.0]", "[2250.0, 1950.0]"), @"dir/c.toml: key `grid.range_cm`: line 5: given `[2250.0, 1950.0]`, required [LO, HI], two finite numbers with 0 < LO < HI");
    insta::assert_snapshot!(message("[1950.0, 2250.0]", "[1950.0]"), @"dir/c.toml: key `grid.range_cm`: line 5: given `[1950.0]`, required [LO, HI], two finite numbers with 0 < LO < HI");
    insta::assert_snapshot!(message("[1950.0, 2250.0]", r#""1950-2250""#), @r#"dir/c.toml: key `grid.range_cm`: line 5: given `"1950-2250"`, required [LO, HI], two finite numbers with 0 < LO < HI"#);
    insta::assert_snapshot!(message("pressure_top_bar = 1e-5", "pressure_top_bar = nan"), @"dir/c.toml: key `atmosphere.pressure_top_bar`: line 10: given `nan`, required a finite number above 0");
    insta::assert_snapshot!(message("pressure_bottom_bar = 10.0", "pressure_bottom_bar = 1e-6"), @"dir/c.toml: key `atmosphere.pressure_bottom_bar`: line 11: given `1e-6`, required a pressure above pressure_top_bar = 1e-5");
    insta::assert_snapshot!(message("gravity_cgs = 24785.773", "gravity_cgs = -1"), @"dir/c.toml: key `atmosphere.gravity_cgs`: line 12: given `-1`, required a finite number above 0");
    insta::assert_snapshot!(message("gravity_cgs = 24785.773", "gravity_cgs = 1\nmass_jupiter = 1"), @"dir/c.toml: key `atmosphere.mass_jupiter`: line 13: given besides `gravity_cgs`; required only one of them");
    insta::assert_snapshot!(message("gravity_cgs = 24785.773", "mass_jupiter = 1"), @"dir/c.toml: key `atmosphere.radius_jupiter`: missing; required the radius in Jupiter radii besides mass_jupiter; or radius_earth or radius_cm in its place");
    insta::assert_snapshot!(message("gravity_cgs = 24785.773", ""), @"dir/c.toml: key `atmosphere.gravity_cgs`: missing; required the gravity in cm s-2, or mass_jupiter and radius_jupiter in its place");
}

#[test]
fn memory_budgets_are_words_sizes_or_fractions() {
    let with = |value: &str| parse(&changed("[output]", &format!("[device]\nmemory_budget = {value}\n[output]")));
    assert_eq!(parse(EXAMPLE).unwrap().memory_budget, MemoryPolicy::Default);
    for (value, policy) in [
        (r#""48MiB""#, MemoryPolicy::Bytes(48 << 20)),
        (r#""0.75""#, MemoryPolicy::Fraction(0.75)),
        ("0.75", MemoryPolicy::Fraction(0.75)),
        ("50000000", MemoryPolicy::Bytes(50_000_000)),
        (r#""exact""#, MemoryPolicy::Exact),
    ] {
        assert_eq!(with(value).unwrap().memory_budget, policy, "{value}");
    }
    for value in [r#""plenty""#, "1.5", "-3", "true", "[]", "0"] {
        let e = with(value).expect_err(value).to_string();
        let expected =
            format!("key `device.memory_budget`: line 36: given `{value}`, required `auto`, `exact`, a size");
        assert!(e.contains(&expected), "{e}");
    }
}

#[test]
fn wrong_choices_list_the_right_ones() {
    insta::assert_snapshot!(message(r#"kind = "power-law" "#, r#"kind = "powerlaw" "#), @r#"dir/c.toml: key `atmosphere.temperature.kind`: line 16: given `"powerlaw"`, required one of "power-law", "guillot", "grey", "isothermal", "table", "knots""#);
    insta::assert_snapshot!(message("alpha = 0.1", "alpha = 0.1\ngamma = 0.1"), @r#"dir/c.toml: key `atmosphere.temperature.gamma`: line 19: not a key of kind = "power-law", whose keys are temperature_1bar_k, alpha"#);
    insta::assert_snapshot!(message("alpha = 0.1", "alpha = inf"), @"dir/c.toml: key `atmosphere.temperature.alpha`: line 18: given `inf`, required a finite number");
    insta::assert_snapshot!(message("clip_k = [500.0, 1500.0]", "clip_k = 500"), @"dir/c.toml: key `atmosphere.temperature.clip_k`: line 19: given `500`, required [LO, HI], two finite numbers with 0 < LO < HI");
    insta::assert_snapshot!(message(r#"format = "builtin""#, r#"format = "geisa""#), @"dir/c.toml: key `species[0].format`: line 23: `geisa` (line lists of GEISA) is not supported yet: see docs/limits.md");
    insta::assert_snapshot!(message(r#"format = "builtin""#, r#"format = "mine""#), @r#"dir/c.toml: key `species[0].format`: line 23: given `"mine"`, required one of "hitran", "exomol", "builtin""#);
    insta::assert_snapshot!(message(r#"format = "builtin""#, r#"format = "hitemp""#), @"dir/c.toml: key `species[0].lines`: missing; required the path of a HITRAN file, or a list of paths");
    insta::assert_snapshot!(message(r#"format = "builtin""#, r#"format = "hitran""#), @"dir/c.toml: key `species[0].lines`: missing; required the path of a HITRAN file, or a list of paths");
    insta::assert_snapshot!(message(r#"format = "builtin""#, "format = \"exomol\"\nlines = [\"a\", \"b\"]"), @r#"dir/c.toml: key `species[0].lines`: line 24: given `["a", "b"]`, required the path of one ExoMol data set folder"#);
    insta::assert_snapshot!(message(r#"format = "builtin""#, "format = \"builtin\"\nlines = \"a.par\""), @r#"dir/c.toml: key `species[0].lines`: line 24: not a key of format = "builtin", which has no file"#);
    insta::assert_snapshot!(message(r#"format = "builtin""#, "format = \"hitran\"\nlines = []"), @"dir/c.toml: key `species[0].lines`: line 24: given `[]`, required the path of a HITRAN file, or a list of paths");
    insta::assert_snapshot!(message(r#"format = "builtin""#, "format = \"builtin\"\nbroadener = 3"), @"dir/c.toml: key `species[0].broadener`: line 24: given `3`, required air, self, default, h2, he or another gas that the list has widths for, in quotes; a mixture { H2 = 0.85, He = 0.15 }; or { half_width_cm_bar = G, temperature_exponent = N }");
    insta::assert_snapshot!(message(r#"format = "builtin""#, "format = \"builtin\"\nbroadener = { half_width = 0.07 }"), @"dir/c.toml: key `species[0].broadener.half_width`: line 24: unknown key; did you mean `half_width_cm_bar`?");
    insta::assert_snapshot!(message("isotopologue = 1", "isotopologue = 13"), @r#"dir/c.toml: key `species[0].isotopologue`: line 24: given `13`, required a whole number from 1 to 12, or "all""#);
    insta::assert_snapshot!(message("mass_mixing_ratio = 1e-5", "mass_mixing_ratio = 1.5"), @"dir/c.toml: key `species[0].mass_mixing_ratio`: line 25: given `1.5`, required a number from 0 to 1, or the path of a file in quotes");
    insta::assert_snapshot!(message("mass_mixing_ratio = 1e-5", "mass_mixing_ratio = 0.1\nvolume_mixing_ratio = 0.1"), @"dir/c.toml: key `species[0].volume_mixing_ratio`: line 26: given besides `mass_mixing_ratio`; required only one of them");
}

#[test]
fn wrong_structures_show_the_right_one() {
    insta::assert_snapshot!(message("[[species]]", "[species]"), @"dir/c.toml: key `species`: line 21: given `[species]`, required one or more sections [[species]]");
    insta::assert_snapshot!(message("[transfer]", "[[cia]]\nfile = \"a.cia\"\npair = [\"H2\"]\n[transfer]"), @r#"dir/c.toml: key `cia[0].pair`: line 29: given `["H2"]`, required two names, such as ["H2", "He"]"#);
    insta::assert_snapshot!(message("[transfer]", "[[cia]]\nfile = \"a.cia\"\npair = [\"H2\", \"He\"]\nvolume_mixing_ratios = [0.9, -0.1]\n[transfer]"), @"dir/c.toml: key `cia[0].volume_mixing_ratios[1]`: line 30: given `-0.1`, required a number from 0 to 1, or the path of a file in quotes");
}

#[test]
fn settings_are_checked() {
    insta::assert_snapshot!(message("streams = 8", "streams = 7"), @"dir/c.toml: key `transfer.streams`: line 28: given `7`, required an even number (half of the streams go up)");
    insta::assert_snapshot!(message("tolerance = 1e-3", "tolerance = 1.0"), @"dir/c.toml: key `method.tolerance`: line 32: given `1.0`, required a number from 1e-7 to 0.1");
    insta::assert_snapshot!(message("tolerance = 1e-3", r#"method = "fast""#), @r#"dir/c.toml: key `method.method`: line 32: given `"fast"`, required one of "auto", "lines", "density", "table", "direct-sum""#);
    insta::assert_snapshot!(message("[output]", "[output]\npng = \"yes\""), @r#"dir/c.toml: key `output.png`: line 36: given `"yes"`, required true or false"#);
    insta::assert_snapshot!(message("[output]", "[output]\nzoom_cm = [1900, 2000]"), @"dir/c.toml: key `output.zoom_cm`: line 36: given `[1900, 2000]`, required [LO, HI] within the grid, 1950 to 2250 cm-1");
}

/// The example's species with further keys.
fn species(keys: &str) -> String {
    changed("mass_mixing_ratio = 1e-5", &format!("mass_mixing_ratio = 1e-5\n{keys}"))
}

#[test]
fn choices_about_a_list() {
    let lines = |keys: &str| parse(&species(keys)).map(|c| c.species[0].lines.clone().unwrap());
    let said = |keys: &str| lines(keys).expect_err(keys).to_string();
    let gas = |name: &str| lines(&format!("broadener = \"{name}\"")).unwrap().broadening.unwrap();
    assert_eq!(gas("H2"), Broadening::From(Broadener::H2));
    assert_eq!(gas("CO2"), Broadening::From(Broadener::Gas("CO2".into())));
    let mixed = lines("broadener = { H2 = 0.8, He = 0.15, CH4 = 0.05 }").unwrap().broadening.unwrap();
    let parts = vec![(Broadener::H2, 0.8), (Broadener::He, 0.15), (Broadener::Gas("CH4".into()), 0.05)];
    assert_eq!(mixed, Broadening::Mixture(parts));
    insta::assert_snapshot!(said("broadener = { H2 = 0.8, He = 0.1 }"), @"dir/c.toml: key `species[0].broadener`: line 26: given fractions with sum 0.9, required mole fractions from 0 to 1 with sum 1, such as H2 and He with 0.85 and 0.15");
    insta::assert_snapshot!(said("broadener = { H2 = 1.2, He = -0.2 }"), @"dir/c.toml: key `species[0].broadener.H2`: line 26: given `1.2`, required a number from 0 to 1");
    insta::assert_snapshot!(said("broadener = {}"), @"dir/c.toml: key `species[0].broadener`: line 26: given fractions with sum 0, required mole fractions from 0 to 1 with sum 1, such as H2 and He with 0.85 and 0.15");
    insta::assert_snapshot!(said("broadener = \"H2/He\""), @r#"dir/c.toml: key `species[0].broadener`: line 26: given `"H2/He"`, required air, self, default, h2, he or another gas that the list has widths for"#);
    insta::assert_snapshot!(said("default_width = 0.07"), @r#"dir/c.toml: key `species[0].default_width`: line 26: not a key of format = "builtin", where every line has a width"#);
    insta::assert_snapshot!(said("allow_gaps = true"), @r#"dir/c.toml: key `species[0].allow_gaps`: line 26: a key of format = "exomol" only, whose transitions lie in one file or many"#);
    let with = |keys: &str| changed("format = \"builtin\"\nisotopologue = 1", &format!("lines = \"x\"\n{keys}"));
    let all = parse(&with("format = \"hitemp\"\nisotopologue = \"all\"")).unwrap();
    assert_eq!(
        (all.species[0].lines.as_ref().unwrap().format, all.species[0].lines.as_ref().unwrap().isotopologues),
        (Format::Hitran, Some(Isotopologues::All))
    );
    let own = parse(&with(
        "format = \"exomol\"\nallow_gaps = true\ndefault_width = { half_width_cm_bar = 0.05, temperature_exponent = 0.6 }",
    ));
    let own = own.unwrap().species[0].lines.clone().unwrap();
    assert_eq!((own.allow_gaps, own.default_width), (true, Some(Width::power_law(0.05, 0.6))));
    let e = parse(&with("format = \"exomol\"\ndefault_width = 0.05")).unwrap_err().to_string();
    insta::assert_snapshot!(e, @"dir/c.toml: key `species[0].default_width`: line 25: given `0.05`, required { half_width_cm_bar = G, temperature_exponent = N }");
}

#[test]
fn choices_about_profiles() {
    let method = |keys: &str| parse(&changed("tolerance = 1e-3", keys)).map(|c| c.method);
    let said = |keys: &str| method(keys).expect_err(keys).to_string();
    let m = method("natural_width = false\npressure_shift = true\nline_margin_cm = 0").unwrap();
    let p = m.profile.settings;
    assert_eq!((p.natural_width, p.pressure_shift, m.line_margin), (false, true, 0.0));
    let m = method("wings.cutoff_cm = 25\nwings.chi = \"chi.txt\"").unwrap();
    assert_eq!(m.profile.chi_file, Some("dir/chi.txt".into()));
    let m = method("wings.cutoff_cm = 25\nwings.subtract_pedestal = true").unwrap();
    assert!(m.profile.settings.wings.subtract_pedestal);
    let both = said("wings.cutoff_cm = 25\nwings.subtract_pedestal = true\nwings.chi = \"chi.txt\"");
    assert!(
        both.contains("key `method.wings.chi`") && both.contains("required none beside `subtract_pedestal`"),
        "{both}"
    );
    insta::assert_snapshot!(said("wings.cutoff_cm = 0"), @"dir/c.toml: key `method.wings.cutoff_cm`: line 32: given `0`, required a finite number above 0");
    insta::assert_snapshot!(said("wings.subtract_pedestal = true"), @"dir/c.toml: key `method.wings.subtract_pedestal`: line 32: given `true`, required false, or `cutoff_cm` besides it: the pedestal is the profile's value there");
    insta::assert_snapshot!(said("wings.chi = [[3, 0.5], [30, 0.1]]"), @"dir/c.toml: key `method.wings.chi`: line 32: given `[[3, 0.5], [30, 0.1]]`, required rows [[DISTANCE, CHI], ...] with distances in cm-1, the first with chi = 1; or a file in quotes (chi, row 1: given 0.5, required 1: closer to the centre the profile is left alone)");
    insta::assert_snapshot!(said("wings.chi = [3, 1]"), @"dir/c.toml: key `method.wings.chi[0]`: line 32: given `3`, required two numbers, [DISTANCE, CHI]");
    insta::assert_snapshot!(said("natural_width = 1"), @"dir/c.toml: key `method.natural_width`: line 32: given `1`, required true or false");
    let cia = "[[cia]]\nfile = \"a\"\npair = [\"H2\", \"He\"]\nvolume_mixing_ratios = [0.9, 0.1]\n";
    let e = parse(&changed("[transfer]", &format!("{cia}temperature = \"nearest\"\n[transfer]"))).unwrap_err();
    insta::assert_snapshot!(e.to_string(), @r#"dir/c.toml: key `cia[0].temperature`: line 31: given `"nearest"`, required "error" or "clamp""#);
}

#[test]
fn what_is_not_there_yet_is_answered_by_name() {
    insta::assert_snapshot!(message("[transfer]", "[chemistry]\n[transfer]"), @"dir/c.toml: key `chemistry`: line 27: `chemistry` (chemistry) is not supported yet: see docs/limits.md");
    for key in ["[aerosols]", "[quench]", "[opacity_table]"] {
        assert!(
            message("[transfer]", &format!("{key}\n[transfer]")).ends_with("is not supported yet: see docs/limits.md")
        );
    }
    for key in ["scattering = true", "ktable = \"x\"", "equilibrium = true", "reflection = 1"] {
        assert!(message("streams = 8", key).ends_with("is not supported yet: see docs/limits.md"), "{key}");
    }
    // A typing error is one.
    assert!(message("streams = 8", "stream = 8").ends_with("did you mean `streams`?"));
}

#[test]
fn text_that_is_not_toml_names_the_line() {
    insta::assert_snapshot!(message("[grid]", "[grid"), @"dir/c.toml, line 4: not valid TOML: unclosed table, expected `]`");
    insta::assert_snapshot!(message("layers = 200", "layers = 200\nlayers = 100"), @"dir/c.toml, line 10: not valid TOML: duplicate key");
}

#[test]
fn the_example_says_what_it_means() {
    let c = parse(EXAMPLE).unwrap();
    assert_eq!((c.grid.range, c.grid.points()), ((1950.0, 2250.0), 150_000));
    assert_eq!(
        c.atmosphere.temperature,
        TemperatureKeys::PowerLaw { at_1_bar: Quantity::Fixed(900.0), alpha: Quantity::Fixed(0.1) }
    );
    assert_eq!((c.atmosphere.layers, c.atmosphere.pressure), (200, (1e-5, 10.0)));
    assert_eq!(c.atmosphere.planet.gravity, GravityKeys::Given(Quantity::Fixed(24785.773)));
    assert_eq!(c.atmosphere.clip, Some((500.0, 1500.0)));
    assert_eq!(c.species[0].lines.as_ref().unwrap().format, Format::Builtin);
    assert_eq!(
        c.species[0].mixing,
        MixingKeys { unit: Abundance::Mass, profile: ProfileKeys::Constant(Quantity::Fixed(1e-5)) }
    );
    assert_eq!(
        c.method,
        MethodKeys {
            tolerance: 1e-3,
            temperature_range: Some((500.0, 1500.0)),
            method: Method::Auto,
            ..MethodKeys::default()
        }
    );
    let surface_temperature = Some(Quantity::Fixed(1133.0));
    assert_eq!(c.transfer, TransferKeys { geometry: GeometryKeys::Emission, streams: 8, surface_temperature });
    assert!(c.files().is_empty());
}

#[test]
fn the_documented_example_is_read_and_its_paths_are_relative_to_it() {
    let page = include_str!("../../../docs/configuration.md");
    let text = page.split("```toml\n").nth(1).and_then(|t| t.split("```").next()).expect("an example in the page");
    let c = parse(text).unwrap();
    assert_eq!(
        c.species[1].lines.as_ref().unwrap().broadening,
        Some(Broadening::Constant(Width::power_law(0.065, 0.6)))
    );
    assert_eq!(
        c.species[0].lines.as_ref().unwrap().broadening,
        Some(Broadening::Mixture(vec![(Broadener::H2, 0.85), (Broadener::He, 0.15)]))
    );
    assert_eq!(c.species[0].lines.as_ref().unwrap().default_width, Some(Width::power_law(0.07, 0.5)));
    assert_eq!([c.cia[0].clamped, c.cia[1].clamped], [false, true]);
    let wings = c.method.profile.settings.wings;
    assert_eq!((c.method.line_margin, wings.cutoff, wings.subtract_pedestal), (200.0, Some(100.0), false));
    assert_eq!(wings.chi.unwrap().rows(), [(3.0, 1.0), (30.0, 0.1), (100.0, 0.02)]);
    assert_eq!(
        c.atmosphere.planet,
        PlanetKeys {
            gravity: GravityKeys::Mass(Scaled { quantity: Quantity::Fixed(0.73), unit: 1.2668653e23 }),
            radius: Some(Scaled { quantity: Quantity::Fixed(1.36), unit: 7.1492e9 }),
            reference_pressure: None,
        }
    );
    assert_eq!(c.cia[1].pair, ["H2", "He"]);
    let files: Vec<String> = c.files().iter().map(|(k, p)| format!("{k} {}", p.display())).collect();
    assert_eq!(files[0], "species[0].lines dir/exomol/H2O/1H2-16O/POKAZATEL");
    assert_eq!(files[1], "species[0].volume_mixing_ratio dir/profiles/water.txt");
    assert_eq!(files.len(), 7);
    let error = c.check_files().unwrap_err().to_string();
    assert!(error.starts_with("dir/c.toml: key `species[0].lines`: there is no file or folder dir/exomol"), "{error}");
}

#[test]
fn every_known_key_is_documented() {
    let page = include_str!("../../../docs/configuration.md");
    let sources = [
        include_str!("sections.rs"),
        include_str!("atmosphere.rs"),
        include_str!("species.rs"),
        include_str!("continua.rs"),
        include_str!("method.rs"),
        include_str!("parameters.rs"),
        include_str!("retrieval.rs"),
        include_str!("noise.rs"),
        include_str!("simulation.rs"),
    ];
    for source in sources {
        let calls = source.split("section(&[").skip(1).map(|s| s.split(']').next().unwrap_or(""));
        for key in calls.flat_map(|list| list.split('"').skip(1).step_by(2)) {
            assert!(
                ["`{key}`", "{key} =", ".{key}]", ".{key}`", "`{key}."]
                    .iter()
                    .any(|form| page.contains(&form.replace("{key}", key))),
                "{key} is not documented"
            );
        }
    }
}

#[test]
fn files_that_are_not_text_name_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    std::fs::write(&path, b"[grid]\npoints = \xff\xfe\n").unwrap();
    let error = Config::load(&path).unwrap_err().to_string();
    assert!(error.ends_with("c.toml, line 2: not UTF-8 text; a configuration in TOML is required"), "{error}");
    let missing = Config::load(&folder.path().join("none.toml")).unwrap_err().to_string();
    assert!(missing.starts_with("cannot read ") && missing.contains("none.toml"), "{missing}");
}

/// A TOML value of any kind, most of them wrong wherever they are put.
fn any_value() -> impl Strategy<Value = String> {
    let number = prop_oneof![any::<f64>().prop_map(|v| format!("{v:?}")), any::<i64>().prop_map(|v| v.to_string())];
    let leaf = prop_oneof![
        number,
        "[a-zé-]{0,12}".prop_map(|s| format!("\"{s}\"")),
        Just("true".to_owned()),
        Just("1979-05-27T07:32:00Z".to_owned()),
        Just("{ half_width_cm_bar = 1 }".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop::collection::vec(inner, 0..4).prop_map(|v| format!("[{}]", v.join(", ")))
    })
}

proptest! {
    #[test]
    fn random_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_damaged_example_is_answered(at in 0..EXAMPLE.len(), cut in 0usize..40, noise in "\\PC{0,8}|[\\[\\]{}=\"#\n]{0,6}") {
        let keep = |i: usize| (i..=EXAMPLE.len()).find(|i| EXAMPLE.is_char_boundary(*i)).unwrap_or(EXAMPLE.len());
        let (a, b) = (keep(at), keep((at + cut).min(EXAMPLE.len())));
        let _ = parse(&format!("{}{noise}{}", &EXAMPLE[..a], &EXAMPLE[b..]));
    }

    #[test]
    fn any_value_of_any_key_is_answered(line in 0usize..60, value in any_value()) {
        let lines: Vec<&str> = EXAMPLE.lines().collect();
        let target = line % lines.len();
        let changed = |(i, l): (usize, &&str)| match l.split_once(" = ") {
            Some((key, _)) if i == target => format!("{key} = {value}"),
            _ => l.to_string(),
        };
        if let Ok(c) = parse(&lines.iter().enumerate().map(changed).collect::<Vec<_>>().join("\n")) {
            prop_assert!(c.grid.points() >= 2 && c.grid.range.0 > 0.0 && c.atmosphere.pressure.0 < c.atmosphere.pressure.1);
        }
    }
}

#[test]
fn opacities_have_names_of_their_own() {
    let cloud =
        |name: &str| format!("[[cloud]]\nkind = \"grey-haze\"\nopacity_cm2_g = 1.0\nname = \"{name}\"\n[transfer]");
    insta::assert_snapshot!(message("[transfer]", &cloud("CO")), @"dir/c.toml: key `cloud[0]`: line 27: CO absorbs already; required a `name` of its own");
    let pair = "[[cia]]\nfile = \"x\"\npair = [\"H2\", \"He\"]\n";
    for name in ["H2-He", "He-H2"] {
        assert!(message("[transfer]", &format!("{pair}{}", cloud(name))).contains("absorbs already"));
    }
    assert!(message("[transfer]", &format!("[continua]\nh_minus = true\n{}", cloud("H-"))).contains("absorbs already"));
    assert!(parse(&changed("[transfer]", &cloud("haze"))).is_ok());
}

#[test]
fn transmission_clouds_and_species_by_name_are_read() {
    let text = r#"
[grid]
range_um = [1.0, 2.0]
sampling = 1e4
[atmosphere]
layers = 10
pressure_top_bar = 1e-6
pressure_bottom_bar = 10.0
mass_earth = 5.0
radius_earth = 2.0
reference_pressure_bar = 0.01
[atmosphere.temperature]
kind = "isothermal"
temperature_k = 800.0
[[species]]
name = "H2"
volume_mixing_ratio = 0.85
[[species]]
name = "He"
volume_mixing_ratio = 0.15
[continua]
rayleigh = ["H2", "He"]
[[cloud]]
kind = "deck"
pressure_bar = 0.1
[[cloud]]
kind = "power-law-haze"
opacity_cm2_g = 1e-3
exponent = 4.0
reference_um = 0.5
[transfer]
geometry = "transmission"
"#;
    let parse = |text: &str| Config::parse(Path::new("dir/c.toml"), text).map_err(|e| e.to_string());
    let c = parse(text).unwrap();
    assert_eq!(c.grid.range, (5000.0, 10_000.0));
    assert_eq!((c.species.len(), c.clouds.len(), c.transfer.geometry), (2, 2, GeometryKeys::Transmission));
    assert!(
        (c.atmosphere.planet.gravity::<f64>(&[]) / (5.0 * 3.986004e20 / (2.0f64 * 6.3781e8).powi(2)) - 1.0).abs()
            < 1e-14
    );
    let names: Vec<String> = c.clouds.iter().flat_map(|c| c.parameters()).map(|p| p.0).collect();
    assert_eq!(names, ["deck.pressure_bar", "power-law-haze.opacity_cm2_g", "power-law-haze.exponent"]);
    for (from, to, words) in [
        ("name = \"He\"", "name = \"H2\"", "H2 is species[0] already; required each species once"),
        ("reference_pressure_bar = 0.01", "reference_pressure_bar = 100.0", "a pressure within the layers"),
        ("radius_earth = 2.0\n", "", "radius_jupiter`: missing"),
        ("radius_earth = 2.0", "radius_earth = 2.0\nradius_cm = 1e9", "only one of them"),
        ("\"H2\", \"He\"]", "\"Ar\"]", "a list of gases whose scattering is known: H2, He"),
        ("kind = \"deck\"", "kind = \"fog\"", "\"deck\", \"grey-haze\" or \"power-law-haze\""),
        ("exponent = 4.0\n", "", "exponent`: missing"),
        ("kind = \"power-law-haze\"", "name = \"deck\"\nkind = \"power-law-haze\"", "a second cloud called deck"),
        (
            "geometry = \"transmission\"",
            "geometry = \"transmission\"\nstreams = 8",
            "a key of geometry = \"emission\" only",
        ),
        ("geometry = \"transmission\"", "geometry = \"reflection\"", "not supported yet"),
        ("[transfer]", "[observer]\ndistance_pc = 10.0\n[transfer]", "`observer`: line 31: a section of geometry"),
        (
            "[transfer]",
            "[output]\nflux = \"W m-2 um-1\"\n[transfer]",
            "`output.flux`: line 32: a key of geometry = \"emission\" only",
        ),
        ("kind = \"deck\"", "kind = \"deck\"\nname = \"Rayleigh H2\"", "Rayleigh H2 absorbs already"),
        ("reference_um = 0.5", "reference_um = 1e-310", "a wavelength whose wavenumber"),
        ("range_um = [1.0, 2.0]", "range_um = [1e-310, 2.0]", "`grid.range_um`: line 3"),
        ("sampling = 1e4", "sampling = 1e300", "at most 100000000 points"),
        (
            "pressure_top_bar = 1e-6",
            "pressure_top_bar = 1e-300",
            "given `1e-300`, required a pressure from 1e-100 to 1e100",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        let message = parse(&text.replacen(from, to, 1)).unwrap_err();
        assert!(message.contains(words), "{message}");
    }
}
