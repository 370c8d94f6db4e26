//! What is made of spectra, through the command line: depths and contrasts as files and as data, components, contributions, axes.

use crate::retrieval_cli::{Bench, CONFIG};

/// A planet of 1.1 radii of Jupiter at 1000 K with CO, H2 and a haze, in front of a star.
const PLANET: &str = r#"
[grid]
range_um = [2.30, 2.304]
points = 900

[atmosphere]
layers = 20
pressure_top_bar = 1e-6
pressure_bottom_bar = 1.0
gravity_cgs = 1500.0
radius_jupiter = "R"
reference_pressure_bar = 0.1
mean_molecular_weight = 2.33

[atmosphere.temperature]
kind = "isothermal"
temperature_k = "T"

[[species]]
name = "CO"
format = "builtin"
broadener = "h2"
volume_mixing_ratio = 1e-4

[[species]]
name = "H2"
volume_mixing_ratio = 0.85

[continua]
rayleigh = ["H2"]

[[cloud]]
kind = "grey-haze"
opacity_cm2_g = 1e-4

[transfer]
geometry = "transmission"

[method]
temperature_range_k = [700.0, 1400.0]

[star]
radius_sun = 0.8
temperature_k = 4800.0

[output]
axis = "um"
medium = "air"
atmosphere = true
components = true
contribution = true

[parameters.R]
start = 1.1
prior = { kind = "uniform", lower = 0.9, upper = 1.3 }

[parameters.T]
start = 1000.0
prior = { kind = "uniform", lower = 750.0, upper = 1350.0 }
"#;

/// Written as data with the errors given, all but the points near the ends.
fn data(x: &[f64], value: &[f64], error: f64) -> String {
    let rows = x.iter().zip(value).skip(30).step_by(3).take(280);
    rows.map(|(x, value)| format!("{x:.9} {value:.9e} {error}\n")).collect()
}

#[test]
fn depths_are_written_and_fitted() {
    let bench = Bench::new(CONFIG);
    bench.write("planet.toml", PLANET);
    let said = bench.good(&["spectrum", "planet.toml", "--out", "out"]);
    assert!(said.contains("time, components") && said.contains("time, contribution"), "{said}");
    let of = |name: &str| bench.array(&format!("out/{name}.npy")).1;
    let (nu, um, radius, depth) = (of("wavenumber"), of("wavelength"), of("radius"), of("depth"));
    let n = nu.len();
    for (((nu, um), radius), depth) in nu.iter().zip(&um).zip(&radius).zip(&depth) {
        assert!((um * nu / 1e4 * 1.000_273 - 1.0).abs() < 1e-6, "{um} um of {nu} cm-1");
        assert!((depth / (radius / (0.8 * 6.957e10)).powi(2) - 1.0).abs() < 1e-12);
    }
    // Each opacity alone blocks less than all of them, and what is taken out of a transparent place is missed least.
    let (shape, components) = bench.array("out/components.npy");
    assert_eq!(shape, [3, n as u64]);
    assert!(components.iter().zip(radius.iter().cycle()).all(|(alone, all)| alone < all));
    let report = bench.json("out/report.json");
    let names = &report["arrays"]["components.npy"]["opacities"];
    assert_eq!(names, &serde_json::json!(["CO", "Rayleigh H2", "grey-haze"]), "{names}");
    let (shape, contribution) = bench.array("out/contribution.npy");
    assert_eq!(shape, [20, n as u64]);
    assert!(contribution.iter().all(|v| *v >= 0.0 && *v < 1e8));
    let core = (0..n).max_by(|a, b| radius[*a].total_cmp(&radius[*b])).unwrap();
    let gap = (0..n).min_by(|a, b| radius[*a].total_cmp(&radius[*b])).unwrap();
    let height = |at: usize| (0..20).max_by(|a, b| contribution[a * n + at].total_cmp(&contribution[b * n + at]));
    assert!(height(core) < height(gap), "{:?} {:?}", height(core), height(gap));
    for picture in ["spectrum", "atmosphere", "components", "contribution"] {
        let svg = std::fs::read_to_string(bench.path(&format!("out/{picture}.svg"))).unwrap();
        let axis = if picture == "atmosphere" { "Temperature (K)" } else { "Wavelength in air (µm)" };
        // An embedded image may spell anything.
        let text = svg
            .split("base64,")
            .enumerate()
            .map(|(i, t)| if i > 0 { t.split_once('"').map_or("", |t| t.1) } else { t });
        assert!(svg.contains(axis) && !text.collect::<String>().contains("NaN"), "{picture}");
    }
    // The depths themselves, by wavelength in air, from other starts.
    bench.write("night.txt", &data(&um, &depth, 1e-7));
    let section = "[[data]]\nfile = \"night.txt\"\nunit = \"um\"\nmedium = \"air\"\nquantity = \"depth\"\n";
    let off = PLANET.replace("start = 1.1", "start = 1.15").replace("start = 1000.0", "start = 900.0");
    bench.write("fit.toml", &format!("{off}{section}"));
    bench.good(&["fit", "fit.toml", "--out", "fit"]);
    let fit = bench.json("fit/fit.json");
    let at = |i: usize| fit["fit"]["parameters"][i].as_f64().unwrap();
    assert!((at(0) / 1.1 - 1.0).abs() < 1e-6 && (at(1) / 1000.0 - 1.0).abs() < 1e-4, "{fit}");
    let svg = std::fs::read_to_string(bench.path("fit/fit-night.svg")).unwrap();
    assert!(svg.contains(">Transit depth") && svg.contains("Wavelength in air (µm)"));
}

#[test]
fn contrasts_and_fluxes_per_wavelength_are_fitted() {
    let bench = Bench::new(CONFIG);
    let planet = PLANET
        .replace("geometry = \"transmission\"", "")
        .replace("axis = \"um\"\nmedium = \"air\"", "flux = \"W m-2 um-1\"")
        .replace("radius_jupiter = \"R\"", "radius_jupiter = 1.1")
        .replace("[parameters.R]\nstart = 1.1\nprior = { kind = \"uniform\", lower = 0.9, upper = 1.3 }", "");
    bench.write("planet.toml", &planet);
    bench.good(&["spectrum", "planet.toml", "--out", "out"]);
    let of = |name: &str| bench.array(&format!("out/{name}.npy")).1;
    let (nu, flux, contrast) = (of("wavenumber"), of("flux"), of("contrast"));
    // A black body of 1000 K has 1.12e4 W m-2 um-1 at 2.3 um.
    assert!(flux.iter().all(|f| *f > 1e3 && *f < 1.14e4), "{}", flux[0]);
    let n = nu.len();
    let sum: f64 = of("contribution").iter().skip(n / 2).step_by(n).sum();
    assert!((sum / flux[n / 2] - 1.0).abs() < 1e-9, "{sum}");
    for (quantity, value, error) in [("contrast", &contrast, 1e-8), ("flux_per_um", &flux, 0.1)] {
        bench.write("night.txt", &data(&nu, value, error));
        let section = format!("[[data]]\nfile = \"night.txt\"\nquantity = \"{quantity}\"\n");
        bench.write("fit.toml", &format!("{}{section}", planet.replace("start = 1000.0", "start = 900.0")));
        bench.good(&["fit", "fit.toml", "--out", "fit"]);
        let fit = bench.json("fit/fit.json");
        let t = fit["fit"]["parameters"][0].as_f64().unwrap();
        assert!((t / 1000.0 - 1.0).abs() < 1e-5, "{quantity}: {fit}");
    }
}

#[test]
fn quantities_that_cannot_be_are_refused_before_anything_is_computed() {
    let bench = Bench::new(CONFIG);
    bench.write("night.txt", "2.302 1e-2 1e-6\n2.303 1e-2 1e-6\n");
    let with = |name: &str, config: String, parts: &[&str]| {
        bench.write("c.toml", &config);
        bench.refused(&[name, "c.toml", "--out", "out"], parts);
        assert!(!bench.path("out").exists());
    };
    let data = |keys: &str| format!("{PLANET}[[data]]\nfile = \"night.txt\"\nunit = \"um\"\n{keys}\n");
    with("fit", data("quantity = \"flux\""), &["data[0].quantity", "\"radius\" or \"depth\""]);
    with(
        "fit",
        data("quantity = \"depth\"").replace("[star]\nradius_sun = 0.8\ntemperature_k = 4800.0\n", ""),
        &["data[0].quantity", "a section [star]"],
    );
    with(
        "fit",
        data("medium = \"air\"").replace("unit = \"um\"\n", ""),
        &["data[0].medium", "wavenumbers are in vacuum"],
    );
    let emission = data("quantity = \"contrast\"").replace("geometry = \"transmission\"", "");
    with("fit", emission.clone(), &["data[0].quantity", "radius of the planet", "a parameter"]);
    let emission = PLANET.replace("geometry = \"transmission\"", "");
    let bare = emission.replace("radius_jupiter = \"R\"\nreference_pressure_bar = 0.1\n", "");
    let bare =
        bare.replace("[parameters.R]\nstart = 1.1\nprior = { kind = \"uniform\", lower = 0.9, upper = 1.3 }", "");
    with("spectrum", bare, &["atmosphere.radius_cm", "a contrast with the star"]);
    bench.write("star.txt", "2.302 1e3\n2.5 1e3\n");
    let star = PLANET.replace("temperature_k = 4800.0", "spectrum = \"star.txt\"");
    with("spectrum", star, &["star.spectrum", "the range of the star's table"]);
    bench.refused(&["plan", "c.toml"], &["star.spectrum", "the range of the star's table"]);
    with(
        "spectrum",
        PLANET.replace("axis = \"um\"", "zoom_um = [2.2, 2.301]\naxis = \"um\""),
        &["output.zoom_um", "within the grid"],
    );
}

#[test]
fn derivatives_have_the_unit_of_the_spectrum() {
    let bench = Bench::new(CONFIG);
    bench.write("um.toml", &format!("{CONFIG}[output]\nflux = \"W m-2 um-1\"\n"));
    let weights: Vec<f64> = (0..300).map(|i| (f64::from(i) * 0.7).cos()).collect();
    photosphere::output::write_npy(&bench.path("w.npy"), &[300], &weights).expect("an array");
    bench.good(&["jacobian", "c.toml", "--out", "cm"]);
    bench.good(&["jacobian", "um.toml", "--out", "um"]);
    bench.good(&["jacobian", "um.toml", "--out", "w", "--mode", "reverse", "--weights", "w.npy"]);
    let of = |name: &str| bench.array(name).1;
    let (nu, jacobian) = (of("um/wavenumber.npy"), of("um/jacobian.npy"));
    for (name, columns) in [("flux", 1), ("jacobian", 2)] {
        let (cm, um) = (of(&format!("cm/{name}.npy")), of(&format!("um/{name}.npy")));
        for (i, (cm, um)) in cm.iter().zip(&um).enumerate() {
            let expected = cm * nu[i / columns].powi(2) * 1e-7;
            assert!((um - expected).abs() <= 1e-12 * expected.abs(), "{name} {i}: {um} {expected}");
        }
    }
    for (p, found) in of("w/product.npy").iter().enumerate() {
        let expected: f64 = (0..300).map(|i| weights[i] * jacobian[2 * i + p]).sum();
        assert!((found / expected - 1.0).abs() < 1e-10, "{p}: {found} {expected}");
    }
    let unit = |folder: &str| bench.json(&format!("{folder}/parameters.json"))["unit"].clone();
    assert_eq!([unit("cm"), unit("um")], ["erg s-1 cm-2 / cm-1", "W m-2 um-1"]);
}

#[test]
fn results_of_an_earlier_run_do_not_lie_beside_those_of_a_later() {
    let bench = Bench::new(CONFIG);
    let (stale, kept) = (["radius.npy", "depth.npy", "components.npy", "contribution.svg"], "mine.txt");
    for name in stale.iter().chain([&kept, &"product.npy"]) {
        bench.write(&format!("truth/{name}"), "earlier");
    }
    bench.good(&["spectrum", "truth.toml", "--out", "truth"]);
    let there = |name: &str| bench.path(&format!("truth/{name}")).exists();
    assert!(stale.iter().all(|name| !there(name)));
    assert!([kept, "product.npy", "flux.npy", "report.json", "spectrum.svg"].iter().all(|name| there(name)));
    bench.write("truth/radius.npy", "earlier");
    bench.good(&["jacobian", "truth.toml", "--out", "truth"]);
    assert!(!there("radius.npy") && !there("product.npy") && there("flux.npy") && there("parameters.json"));
}
