//! What the library refuses, with a message that names what was given, before any device is asked.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::random_list::{Draw, rng, settings, species};
use photosphere::cross_section::{CrossSections, Method, Prepared, Settings, direct_sum};
use photosphere::density::layer_factors::LayerFactors;
use photosphere::grid::{Grid, TemperatureRange};
use photosphere::lines::{Line, LineList};
use photosphere::{Backend, Error};
use proptest::prelude::*;

fn grid() -> Grid {
    Grid::new(2000.0, 2001.0, 500).unwrap()
}

fn list() -> LineList {
    Draw::wide(5, (2000.0, 2001.0)).list(&mut rng(3), species(28.0))
}

fn good() -> Settings {
    settings((500.0, 1500.0), Method::Lines, 1e-3, 0.0)
}

fn set_up(lists: &[LineList], at: &[(f64, f64)], settings: Settings) -> photosphere::Result<CrossSections> {
    CrossSections::new(grid(), lists, at, settings, &())
}

/// The call ends in `Error::Invalid` whose message has every one of `parts`.
fn refused<T>(result: photosphere::Result<T>, parts: &[&str]) {
    match result {
        Err(e @ Error::Invalid { .. }) => {
            let message = e.to_string();
            assert!(parts.iter().all(|p| message.contains(p)), "{parts:?} are not all in: {message}");
        }
        Err(e) => panic!("{parts:?}: another kind of error: {e:?}"),
        Ok(_) => panic!("{parts:?}: accepted"),
    }
}

#[test]
fn temperatures_and_pressures() {
    for (t, given) in [(f64::NAN, "NaN"), (499.9, "499.9"), (1500.1, "1500.1"), (-1.0, "-1"), (f64::INFINITY, "inf")] {
        refused(set_up(&[list()], &[(700.0, 1.0), (t, 1.0)], good()), &["temperature [K]", given, "500 to 1500"]);
    }
    for (p, given) in
        [(f64::NAN, "NaN"), (0.0, "0"), (-1.0, "-1"), (f64::INFINITY, "inf"), (1e-15, "0.000"), (2e5, "200000")]
    {
        refused(set_up(&[list()], &[(700.0, 1.0), (700.0, p)], good()), &["pressure [bar]", given, "1e-14 to 1e5"]);
        refused(Prepared::new(grid(), &list(), &[1.0, p], good()), &["pressure [bar]", given]);
    }
    for (lo, hi) in [(f64::NAN, 1.0), (1.0, f64::NAN), (0.0, 1.0), (-1.0, 1.0), (2.0, 1.0), (1.0, f64::INFINITY)] {
        refused(TemperatureRange::new(lo, hi), &["temperature range [K]", "0 < LO <= HI"]);
    }
    // a range that the partition function does not cover, 1 K to 6000 K
    for range in [(0.5, 1000.0), (500.0, 7000.0)] {
        let at = [(f64::max(range.0, 500.0), 1.0)];
        refused(
            set_up(&[list()], &at, settings(range, Method::Lines, 1e-3, 0.0)),
            &["partition function", "1 to 6000"],
        );
    }
    let prepared = Prepared::new(grid(), &list(), &[1.0], good()).unwrap();
    for t in [f64::NAN, 400.0] {
        refused(prepared.factors(0, t), &["temperature [K]"]);
        refused(
            LayerFactors::new(&prepared.species, &prepared.settings.temperature_range, t, 1.0),
            &["temperature [K]"],
        );
    }
}

#[test]
fn settings_out_of_bounds() {
    let at = [(700.0, 1.0)];
    for tolerance in [f64::NAN, 0.0, -1e-3, 0.2, 1e-8] {
        refused(set_up(&[list()], &at, Settings { tolerance, ..good() }), &["tolerance", "1e-7 to 0.1"]);
    }
    for line_margin in [f64::NAN, -1.0, f64::NEG_INFINITY] {
        refused(set_up(&[list()], &at, Settings { line_margin, ..good() }), &["line margin [cm-1]"]);
        let direct = Settings { line_margin, method: Method::DirectSum, ..good() };
        refused(set_up(&[list()], &at, direct), &["line margin [cm-1]"]);
    }
    refused(set_up(&[], &at, good()), &["line lists", "at least one"]);
    refused(set_up(&[list()], &[], good()), &["pairs", "at least one"]);
    let elsewhere = Draw::wide(5, (3000.0, 3001.0)).list(&mut rng(3), species(28.0));
    refused(set_up(&[elsewhere], &at, good()), &["lines in range", "from 3000", "between 2000 and 2001"]);
    refused(
        set_up(&[LineList::new(species(28.0), Vec::new()).unwrap()], &at, good()),
        &["lines in range", "empty list"],
    );
    refused(Prepared::new(grid(), &list(), &[1.0], Settings { method: Method::DirectSum, ..good() }), &["direct-sum"]);
}

#[test]
fn lines_with_poison() {
    let line = list().lines()[0];
    type Poison = fn(&mut Line, f64);
    let poisoned: [(&str, Poison); 8] = [
        ("wavenumber", |l, v| l.wavenumber = v),
        ("line strength", |l, v| l.strength = v),
        ("half width", |l, v| l.gamma_ref = v),
        ("lower-state energy", |l, v| l.lower_energy = v),
        ("temperature exponent", |l, v| l.temperature_exponent = v),
        ("curvature of the width", |l, v| l.width_curvature = v),
        ("natural half width", |l, v| l.natural_width = v),
        ("pressure shift", |l, v| l.shift = v),
    ];
    for (name, poison) in poisoned {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut bad = line;
            poison(&mut bad, value);
            refused(LineList::new(species(28.0), vec![line, bad]), &[name, "line 1"]);
        }
    }
    // Too different for any set of profiles: right where each line is summed by itself, refused where that cannot be.
    let outlier = Line { gamma_ref: line.gamma_ref * 1e-9, ..line };
    let lines = LineList::new(species(28.0), vec![line, outlier]).unwrap();
    let set = |method| set_up(std::slice::from_ref(&lines), &[(700.0, 1.0)], Settings { method, ..good() });
    refused(set(Method::Density), &["range of Lorentz widths"]);
    let (found, _) = set(Method::Lines).unwrap().compute(&Backend::Cpu, &()).unwrap();
    let nu = grid().wavenumbers();
    let exact = direct_sum(&lines.species, lines.lines(), &nu, 700.0, 1.0, &Default::default()).unwrap();
    let worst = found.to_f64().iter().zip(&exact).map(|(f, e)| (f / e - 1.0).abs()).fold(0.0, f64::max);
    assert!(worst < 1e-3, "{worst:e}");
}

/// Numbers as a user may give them: within `usual` (uniform in the logarithm), and extreme ones, and none.
fn number(usual: (f64, f64)) -> impl Strategy<Value = f64> {
    let special = vec![0.0, -0.0, f64::NAN, f64::INFINITY, -1.0, f64::MIN_POSITIVE, f64::MAX, usual.0, usual.1];
    let usual = (usual.0.ln()..usual.1.ln()).prop_map(f64::exp);
    prop_oneof![12 => usual, 1 => any::<f64>(), 1 => prop::sample::select(special)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Any numbers are either computed with or refused.
    #[test]
    fn any_settings_are_taken(
        lo in number((1.0, 3000.0)), ratio in number((1.0, 4.0)), within in number((0.01, 1.0)), p in number((1e-14, 1e5)),
        tolerance in number((1e-7, 0.1)), margin in 0.0..2000.0f64, density in any::<bool>(),
    ) {
        let (hi, t) = (lo * ratio, lo + within * (ratio - 1.0) * lo);
        let Ok(temperature_range) = TemperatureRange::new(lo, hi) else {
            prop_assert!(!(lo > 0.0 && hi >= lo && hi.is_finite()));
            return Ok(());
        };
        let method = if density { Method::Density } else { Method::Lines };
        let settings = Settings { tolerance, temperature_range, method, line_margin: margin, ..Settings::default() };
        let compute = || set_up(&[list()], &[(t, p)], settings)?.compute(&Backend::Cpu, &());
        let result = catch_unwind(AssertUnwindSafe(compute));
        let valid = (lo..=hi).contains(&t) && (1e-14..=1e5).contains(&p) && (1e-7..=0.1).contains(&tolerance)
            && lo >= 1.0 && hi <= 6000.0;
        match result {
            Ok(Ok((values, _))) => {
                // at a few kelvins the lines really are weaker than the smallest number
                let sound = |v: &f64| v.is_finite() && (*v > 0.0 || t < 100.0 && *v == 0.0);
                prop_assert!(valid && values.to_f64().iter().all(sound));
            }
            // at some tolerances and ranges of temperature the lines of this list are too different
            Ok(Err(e)) => prop_assert!(
                !valid || ["range of Lorentz widths", "line-shape density"].iter().any(|w| e.to_string().contains(w)),
                "{e}"
            ),
            Err(_) => prop_assert!(false, "a panic"),
        }
    }
}
