use super::*;
use clap::CommandFactory;

fn cross_section(extra: &[&str]) -> Result<CrossSectionArgs, String> {
    let base = ["photosphere", "cross-section", "--range", "2000:2100", "--points", "10", "--out", "a.npy"];
    match Cli::try_parse_from(base.iter().chain(extra)).map_err(|e| e.to_string())?.command {
        Command::CrossSection(args) => Ok(*args),
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn the_grammar_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn lists_of_pairs_and_defaults() {
    let a = cross_section(&["--format", "builtin", "--at", "500:1e-5,1000:1", "--at", "1500:10"]).unwrap();
    assert_eq!(a.at, [(500.0, 1e-5), (1000.0, 1.0), (1500.0, 10.0)]);
    assert_eq!((a.tolerance, a.method, a.device.clone()), (1e-3, Method::Auto, DeviceChoice::Auto));
    assert_eq!(a.temperatures().unwrap(), (500.0, 1500.0));
    assert_eq!(a.source().name, "builtin");
}

#[test]
fn files_need_a_path_and_the_built_in_list_does_not() {
    let e = cross_section(&["--format", "hitran", "--at", "500:1"]).unwrap_err();
    assert!(e.contains("--lines <PATH>"), "{e}");
    let a = cross_section(&["--format", "hitran", "--lines", "d/a.par", "--lines", "b.par", "--at", "500:1"]).unwrap();
    assert_eq!((a.source().paths.len(), a.source().name.as_str()), (2, "a.par"));
}

#[test]
fn profiles_are_put_together() {
    let base = ["--format", "hitemp", "--lines", "a.par", "--at", "500:1"];
    let with = |extra: &[&str]| cross_section(&[&base[..], extra].concat());
    let a = with(&[]).unwrap();
    assert_eq!((a.format, a.line_margin, a.profile.profile()), (Format::Hitran, None, LineProfile::default()));
    let all = ["--no-natural-width", "--pressure-shift", "--wing-cutoff", "25", "--chi", "c.txt"];
    let p = with(&all).unwrap().profile.profile();
    let wings = p.settings.wings;
    assert_eq!((p.settings.natural_width, p.settings.pressure_shift), (false, true));
    assert_eq!((wings.cutoff, wings.subtract_pedestal, p.chi_file), (Some(25.0), false, Some("c.txt".into())));
    let p = with(&["--wing-cutoff", "25", "--subtract-pedestal"]).unwrap().profile.profile();
    assert!(p.settings.wings.subtract_pedestal);
    assert!(with(&[&all[..], &["--subtract-pedestal"]].concat()).unwrap_err().contains("cannot be used with"));
    assert!(with(&["--subtract-pedestal"]).unwrap_err().contains("--wing-cutoff <X>"));
}

#[test]
fn declared_temperatures_hold_all_pairs() {
    let with = |range: &str| {
        let a = cross_section(&["--format", "builtin", "--at", "500:1,900:2", "--temperature-range", range]);
        a.unwrap().temperatures().map_err(|e| e.to_string())
    };
    assert_eq!(with("400:1000"), Ok((400.0, 1000.0)));
    assert_eq!(
        with("600:1000").unwrap_err(),
        "--at: given 500:1, required temperatures within --temperature-range 600:1000"
    );
}

#[test]
fn memory_budgets_are_words_sizes_or_fractions() {
    let with = |budget: &str| {
        let a = cross_section(&["--format", "builtin", "--at", "500:1", "--memory-budget", budget]);
        a.map(|a| a.memory_budget)
    };
    assert_eq!(cross_section(&["--format", "builtin", "--at", "500:1"]).unwrap().memory_budget, MemoryPolicy::Default);
    assert_eq!(with("48MiB"), Ok(MemoryPolicy::Bytes(48 << 20)));
    assert_eq!(with("0.75"), Ok(MemoryPolicy::Fraction(0.75)));
    for wrong in ["much", "-1", "1.5", ""] {
        let e = with(wrong).unwrap_err();
        assert!(e.contains("--memory-budget") && e.contains("required `auto`, `exact`, a size"), "{e}");
    }
}

#[test]
fn devices_are_words_or_names() {
    assert_eq!("CPU".parse(), Ok(DeviceChoice::Cpu));
    assert_eq!("llvmpipe".parse(), Ok(DeviceChoice::Named("llvmpipe".into())));
    assert!(" ".parse::<DeviceChoice>().is_err());
}
