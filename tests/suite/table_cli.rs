//! Tables in temperature, through the command line.

use crate::retrieval_cli::{Bench, CONFIG, DATA};

/// The configuration with tables, kept in a folder of its own.
fn tables() -> String {
    format!("cache = \"kept\"\n{}", CONFIG.replace("[method]", "[method]\nmethod = \"table\""))
}

/// Spectra, Jacobians and fits from tables are those from lines within the tolerance; what is kept changes no bit.
#[test]
fn spectra_and_fits_from_tables() {
    let bench = Bench::new(CONFIG);
    bench.write("tables.toml", &tables());
    bench.write("fit.toml", &(tables() + DATA));
    bench.write("lines.toml", &(CONFIG.replace("[method]", "[method]\nmethod = \"lines\"") + DATA));
    bench.good(&["spectrum", "lines.toml", "--out", "lines"]);
    let said = bench.good(&["spectrum", "tables.toml", "--out", "first"]);
    assert!(said.contains("table of ") && said.contains("99 % of points within"), "{said}");
    let kept = std::fs::read_dir(bench.path("kept")).expect("a folder").filter_map(Result::ok);
    let is_table = |file: &std::fs::DirEntry| file.file_name().to_string_lossy().starts_with("table-");
    assert_eq!(kept.filter(is_table).count(), 1);
    let table = |said: &str| said.lines().find(|l| l.contains("table of ")).map(str::to_owned);
    assert_eq!(table(&bench.good(&["plan", "tables.toml"])), table(&said), "as large as planned");
    bench.good(&["spectrum", "tables.toml", "--out", "again"]);
    let of = |name: &str| bench.array(&format!("{name}/flux.npy")).1;
    assert_eq!(of("first"), of("again"));
    let off = of("first").iter().zip(of("lines")).map(|(t, l)| (t / l - 1.0).abs()).fold(0.0, f64::max);
    assert!(off < 2e-3 && off > 0.0, "{off:e}");
    for config in ["fit.toml", "lines.toml"] {
        bench.good(&["fit", config, "--out", &format!("fit_{config}")]);
    }
    let [from_tables, from_lines] =
        ["fit.toml", "lines.toml"].map(|c| bench.json(&format!("fit_{c}/fit.json"))["fit"].clone());
    assert_ne!(from_tables, from_lines, "one of them took the other's method");
    for i in 0..2 {
        let [tables, lines] = [&from_tables, &from_lines].map(|fit| fit["parameters"][i].as_f64().expect("a number"));
        let error = from_lines["standard_errors"][i].as_f64().expect("a number");
        assert!((tables - lines).abs() < 0.1 * error, "{tables} {lines}, standard error {error}");
    }
}

#[test]
fn what_tables_cannot_do_is_refused() {
    let bench = Bench::new(CONFIG);
    let isothermal = tables()
        .replace("kind = \"power-law\"", "kind = \"isothermal\"\ntemperature_k = \"T0\"")
        .replace("temperature_1bar_k = \"T0\"\nalpha = \"alpha\"\nclip_k = [400.0, 1600.0]\n", "")
        .replace("temperature_range_k = [400.0, 1600.0]\n", "");
    let isothermal = isothermal.split("[parameters.alpha]").next().unwrap_or_default().to_owned();
    bench.write("isothermal.toml", &isothermal);
    bench.refused(
        &["spectrum", "isothermal.toml", "--out", "o"],
        &["temperature range of a table", "850", "1 % or more"],
    );
}
