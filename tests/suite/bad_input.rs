//! What the program says to wrong input: a message that names file and line, or the key, and what was expected; an exit
//! code; no panic; and nothing left behind that could be taken for a result.

use std::io::Write;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// Input files in a folder of their own.
struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
        self
    }

    /// All files and folders, relative, sorted.
    fn names(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, names: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    walk(&path, names);
                }
                names.push(path);
            }
        }
        let mut names = Vec::new();
        walk(self.0.path(), &mut names);
        names.sort();
        names
    }

    /// Runs the program in the folder; it must fail with `code`, say all of `parts`, and leave nothing new behind.
    #[track_caller]
    fn refused(&self, arguments: &[&str], code: i32, parts: &[&str]) {
        let before = self.names();
        let mut command = Command::cargo_bin("photosphere").expect("the program is built");
        let output = command
            .current_dir(self.0.path())
            .env("PHOTOSPHERE_CACHE_DIR", "")
            .args(arguments)
            .output()
            .expect("it starts");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}{err}");
        assert!(out.is_empty(), "{out}");
        assert!(err.starts_with("error: ") && !err.contains("panicked"), "{err}");
        for part in parts {
            assert!(err.contains(part), "`{part}` is not in\n{err}");
        }
        assert_eq!(self.names(), before, "something was left behind");
    }

    /// `cross-section` on the CPU with these further options.
    #[track_caller]
    fn cross_section(&self, options: &[&str], parts: &[&str]) {
        let mut all: Vec<&str> = vec!["cross-section", "--device", "cpu", "--out", "xs.npy"];
        for (name, value) in [("--range", "2000:2100"), ("--points", "20000"), ("--at", "500:1")] {
            if !options.contains(&name) {
                all.extend([name, value]);
            }
        }
        all.extend(options);
        self.refused(&all, 3, parts);
    }

    /// As [`cross_section`](Self::cross_section) with a HITRAN file of this content.
    #[track_caller]
    fn hitran(&self, name: &str, content: impl AsRef<[u8]>, parts: &[&str]) {
        self.write(name, content);
        self.cross_section(&["--format", "hitran", "--lines", name], parts);
    }

    /// `spectrum` on the CPU with this configuration. The folder for results exists beforehand and must stay empty.
    #[track_caller]
    fn spectrum(&self, config: &str, parts: &[&str]) {
        self.write("c.toml", config);
        std::fs::create_dir_all(self.path("out")).expect("a folder");
        self.refused(&["spectrum", "c.toml", "--out", "out", "--device", "cpu"], 3, parts);
    }
}

/// A HITRAN record of CO; fields as text, so that they may be wrong.
fn record(wavenumber: &str, strength: &str, gamma_air: &str, energy: &str) -> String {
    let head = format!(" 51{wavenumber:>12}{strength:>10} 2.960E+01{gamma_air:>5}.0470{energy:>10}0.67-.002900");
    format!("{head:160}\n")
}

fn good_record() -> String {
    record("2050.123456", "1.322E-21", ".0457", "100.0000")
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

#[test]
fn hitran_files() {
    let b = Bench::new();
    let good = good_record();
    b.hitran("empty.par", "", &["empty.par: the file is empty"]);
    b.hitran("blank.par", "\n \n", &["blank.par", "no HITRAN record"]);
    b.hitran("cut.par", &good[..40], &["cut.par, line 1: ", "160 characters", "has 40"]);
    b.hitran(
        "nan.par",
        format!("{good}{}", record("2050.1", "NaN", ".05", "1.0").repeat(2)),
        &["nan.par, line 2", "columns 16 to 25", "NaN", "2 of 3 records"],
    );
    b.hitran(
        "negative.par",
        record("2050.1", "-1.0E-21", ".05", "1.0"),
        &["negative.par, line 1", "line strength", "at least 0"],
    );
    b.hitran(
        "energy.par",
        record("2050.1", "1.0E-21", ".05", "-7.0"),
        &["energy.par, line 1", "lower-state energy", "-1 for unknown"],
    );
    b.hitran("position.par", record("-2050.1", "1.0E-21", ".05", "7.0"), &["position.par, line 1", "wavenumber"]);
    b.hitran("text.par", "wavenumber, strength\n2000, 1e-20\n", &["text.par, line 1", "160 characters"]);
    b.hitran("picture.par", [0x89, b'P', b'N', b'G', 0, 1, 2, 3].repeat(50), &["picture.par"]);
    b.write("far.par", record("900.1", "1.0E-21", ".05", "7.0"));
    b.cross_section(
        &["--format", "hitran", "--lines", "far.par", "--line-margin", "25"],
        &["far.par", "no line", "between 1975 and 2125 cm-1", "900.1"],
    );
    b.cross_section(&["--format", "hitran", "--lines", "missing.par"], &["cannot read missing.par"]);
    b.write("good.par", &good);
    b.cross_section(
        &["--format", "hitran", "--lines", "good.par", "--isotopologue", "3"],
        &["good.par", "isotopologue 3"],
    );
    b.cross_section(&["--format", "hitran", "--lines", "good.par", "--broadener", "h2"], &["given H2"]);
    std::fs::create_dir(b.path("none")).expect("a folder");
    b.cross_section(&["--format", "hitran", "--lines", "none"], &["none", "the folder holds no"]);
}

#[test]
fn compressed_files() {
    let b = Bench::new();
    let packed = bzip2(good_record().repeat(500).as_bytes());
    b.hitran("cut.par.bz2", &packed[..packed.len() / 2], &["cut.par.bz2"]);
    let mut broken = packed.clone();
    let middle = broken.len() / 2;
    broken[middle] ^= 0x55;
    b.hitran("broken.par.bz2", broken, &["broken.par.bz2"]);
    b.hitran("plain.par.bz2", good_record(), &["plain.par.bz2"]);
    b.hitran("plain.zip", good_record(), &["plain.zip"]);
    b.hitran("empty.par.bz2", "", &["empty.par.bz2"]);
    b.hitran("inner.par.bz2", bzip2(b"not a record\n"), &["inner.par.bz2, line 1", "160 characters"]);
}

/// A small ExoMol data set, with some files replaced; `None` leaves one out.
fn exomol(b: &Bench, changes: &[(&str, Option<&str>)]) {
    let _ = std::fs::remove_dir_all(b.path("set"));
    let files = [
        (
            "12C-16O__T.def",
            "EXOMOL.def # ID\n27.99 4.6e-26 # Isotopologue mass (Da) and (kg)\n0.07 # Default value of Lorentzian half-width for all lines (in cm-1/bar)\n0.5 # Default value of temperature exponent for all lines\n",
        ),
        ("12C-16O__T.pf", "1 1\n296 107\n3000 1500\n"),
        ("12C-16O__T.states", "1 0.0 1 0\n2 2050.0 3 1\n3 2060.0 5 2\n"),
        ("12C-16O__T.trans", "2 1 30.0\n3 1 20.0\n"),
    ];
    for (name, text) in files {
        let text = changes.iter().find(|c| c.0 == name).map_or(Some(text), |c| c.1);
        text.map(|t| b.write(&format!("set/{name}"), t));
    }
}

#[test]
fn exomol_folders() {
    let b = Bench::new();
    let run = |changes: &[(&str, Option<&str>)], parts: &[&str]| {
        exomol(&b, changes);
        b.cross_section(&["--format", "exomol", "--lines", "set"], parts);
    };
    run(&[("12C-16O__T.def", None), ("12C-16O__T.pf", None)], &["set", "no 12C-16O__T.pf"]);
    run(&[("12C-16O__T.def", Some(""))], &["12C-16O__T.def"]);
    run(&[("12C-16O__T.def", Some("x"))], &["12C-16O__T.def", "no ExoMol definition file"]);
    run(&[("12C-16O__T.def", Some("-3 # Isotopologue mass (Da)\n"))], &["12C-16O__T.def, line 1", "a positive number"]);
    run(&[("12C-16O__T.pf", None)], &["no 12C-16O__T.pf"]);
    run(&[("12C-16O__T.pf", Some("1 1\n296 NaN\n"))], &["12C-16O__T.pf", "line 2", "found \"296 NaN\""]);
    run(&[("12C-16O__T.pf", Some("1 1\n296 -5\n"))], &["12C-16O__T.pf", "line 2", "Q > 0"]);
    run(&[("12C-16O__T.states", None)], &["no 12C-16O__T.states"]);
    run(&[("12C-16O__T.states", Some(""))], &["12C-16O__T.states"]);
    run(&[("12C-16O__T.states", Some("1 0.0 1 0\n2 nan 3 1\n"))], &["12C-16O__T.states, line 2", "term value"]);
    run(&[("12C-16O__T.states", Some("1 0.0 1 0\n2 2050"))], &["12C-16O__T.states, line 2", "degeneracy"]);
    run(&[("12C-16O__T.trans", None)], &["no 12C-16O__T*.trans"]);
    run(&[("12C-16O__T.trans", Some("2 1 30.0\n3 1\nx\n"))], &["12C-16O__T.trans, line 2"]);
    run(&[("12C-16O__T.trans", Some("2 1 -3.0\n"))], &["12C-16O__T.trans, line 1"]);
    run(&[("12C-16O__T.trans", Some("9 1 30.0\n"))], &["12C-16O__T.trans, line 1", "9"]);
    exomol(&b, &[]);
    let good = ["--format", "exomol", "--lines", "set"];
    b.cross_section(
        &[&good[..], &["--range", "5000:5100", "--line-margin", "25"]].concat(),
        &["set", "between 4975 and 5125 cm-1"],
    );
    b.cross_section(&[&good[..], &["--broadener", "he"]].concat(), &["set", "He"]);
    b.cross_section(&[&good[..], &["--isotopologue", "2"]].concat(), &["isotopologue: given 2", "12C-16O"]);
    b.write("file", "x");
    b.cross_section(&["--format", "exomol", "--lines", "file"], &["file: a file: an ExoMol data set is a folder"]);
    b.cross_section(
        &["--format", "exomol", "--lines", "set", "--lines", "file"],
        &["given 2 paths, required one folder"],
    );
}

#[test]
fn ranges_temperatures_and_grids() {
    let b = Bench::new();
    let builtin =
        |options: &[&str], parts: &[&str]| b.cross_section(&[&["--format", "builtin"], options].concat(), parts);
    builtin(
        &["--range", "10:20"],
        &[
            "wavenumber range: given 10 to 20 cm-1, where no list has a line",
            "if 10 to 20 are micrometres, give 500.0000 to 1000.0000 cm-1",
        ],
    );
    builtin(&["--range", "10:20", "--line-margin", "5"], &["between 5 and 25 cm-1; if 10 to 20 are micrometres"]);
    builtin(&["--at", "90000:1"], &["90000", "7000"]);
    builtin(
        &["--at", "500:1", "--temperature-range", "600:900"],
        &["--at: given 500:1", "--temperature-range 600:900"],
    );
    builtin(&["--points", "2"], &["grid resolution", "given", "required 100 to"]);
    builtin(&["--range", "2000:2000.0000001", "--points", "10000000"], &["grid resolution", "required 100 to"]);
    builtin(&["--isotopologue", "9"], &["isotopologue: given 9, required HITRAN's number, 1 to 6"]);
    b.write("q.txt", "100 20\n200 40\n150 30\n");
    builtin(&["--partition", "q.txt"], &["q.txt, line 3: temperatures must ascend"]);
    b.write("q.txt", "280 100\n400 150\n");
    builtin(&["--partition", "q.txt"], &["500", "280 to 400"]);
    b.write("q.txt", "");
    builtin(&["--partition", "q.txt"], &["q.txt: the file is empty"]);
}

const CONFIG: &str = r#"[grid]
range_cm = [2000.0, 2100.0]
points = 20000
[atmosphere]
layers = 20
pressure_top_bar = 1e-5
pressure_bottom_bar = 10.0
gravity_cgs = 2500.0
[atmosphere.temperature]
kind = "isothermal"
temperature_k = 900.0
[[species]]
format = "builtin"
mass_mixing_ratio = 1e-4
"#;

/// The configuration with one piece replaced.
fn with(from: &str, to: &str) -> String {
    assert!(CONFIG.contains(from), "{from}");
    CONFIG.replace(from, to)
}

#[test]
fn configurations() {
    let b = Bench::new();
    for (from, to, parts) in [
        (
            "layers = 20",
            "layer = 20",
            &["c.toml: key `atmosphere.layer`: line 5: unknown key; did you mean `layers`?"][..],
        ),
        ("layers = 20", "layers = 1", &["key `atmosphere.layers`: line 5", "from 2 to 10000"]),
        ("points = 20000", "points = 2", &["c.toml: key `grid`", "grid resolution"]),
        ("points = 20000", "resolution = nan", &["key `grid.resolution`: line 3: given `nan`"]),
        ("[2000.0, 2100.0]", "[2100.0, 2000.0]", &["key `grid.range_cm`: line 2"]),
        ("[2000.0, 2100.0]", "[-5.0, 2000.0]", &["key `grid.range_cm`: line 2"]),
        (
            "[2000.0, 2100.0]",
            "[2.2, 2.4]",
            &[
                "key `grid.range_cm`",
                "no list has a line",
                "if 2.2 to 2.4 are micrometres, give 4166.6667 to 4545.4545 cm-1",
            ],
        ),
        ("temperature_k = 900.0", "temperature_k = -900.0", &["key `atmosphere.temperature.temperature_k`: line 11"]),
        ("temperature_k = 900.0", "temperature_k = 9e4", &["90000", "7000"]),
        ("mass_mixing_ratio = 1e-4", "mass_mixing_ratio = 1.5", &["key `species[0].mass_mixing_ratio`: line 14"]),
        ("mass_mixing_ratio = 1e-4", "mass_mixing_ratio = nan", &["key `species[0].mass_mixing_ratio`: line 14"]),
        (
            "mass_mixing_ratio = 1e-4",
            "mass_mixing_ratio = \"x.txt\"",
            &["key `species[0].mass_mixing_ratio`", "no file or folder x.txt"],
        ),
        ("gravity_cgs = 2500.0", "gravity_cgs = 0", &["key `atmosphere.gravity_cgs`: line 8"]),
        (
            "gravity_cgs = 2500.0",
            "mass_jupiter = 0.01\nradius_jupiter = 3.0",
            &["key `atmosphere`", "bound to the planet"],
        ),
        ("format = \"builtin\"", "format = \"builtin\"\nisotopologue = 9", &["key `species[0]`", "given 9"]),
        (
            "format = \"builtin\"",
            "format = \"builtin\"\nbroadener = \"self\"",
            &["key `species[0]`", "broadener: given self"],
        ),
    ] {
        b.spectrum(&with(from, to), parts);
    }
    b.spectrum("[grid\n", &["c.toml, line 1: not valid TOML"]);
    b.spectrum("", &["c.toml: key `grid`: missing"]);
    let method = |text: &str| format!("{CONFIG}[method]\n{text}\n");
    b.spectrum(&method("temperature_range_k = [300, 800]"), &["key `atmosphere.temperature`", "300 to 800"]);
    b.spectrum(&method("method = \"direct-sum\""), &["key `method.method`", "required auto, lines, density or table"]);
    b.refused(&["spectrum", "c.toml/x", "--out", "out"], 3, &["cannot read c.toml/x"]);
}

#[test]
fn profiles_and_continua() {
    let b = Bench::new();
    let table = with("kind = \"isothermal\"\ntemperature_k = 900.0", "kind = \"table\"\nfile = \"t.txt\"");
    for (text, parts) in [
        ("", &["t.txt: the file is empty"][..]),
        ("1e-6 500\n", &["t.txt: at least two rows of P [bar] and T [K]"]),
        ("1e-6 500\n1 x\n", &["t.txt, line 2: two numbers, P [bar] and T [K]", "found \"1 x\""]),
        ("1e-6 500\n100 -1\n", &["t.txt, line 2: T [K] above 0"]),
        ("1e-6 500\n100 900\n1 700\n", &["t.txt, line 3: pressures must rise or fall"]),
        ("1e-6 500\n1 900\n", &["key `atmosphere.temperature`", "0.000001 to 1 bar"]),
    ] {
        b.write("t.txt", text);
        b.spectrum(&table, parts);
    }
    b.write("x.txt", "1e-6 0.1\n100 7\n");
    b.spectrum(&with("= 1e-4", "= \"x.txt\""), &["x.txt, line 2: mixing ratio from 0 to 1"]);

    let continuum =
        format!("{CONFIG}[[cia]]\nfile = \"p.cia\"\npair = [\"H2\", \"He\"]\nvolume_mixing_ratios = [0.8, 0.2]\n");
    b.spectrum(&continuum, &["key `cia[0].file`", "no file or folder p.cia"]);
    let header = |pair: &str, rows: usize, t: f64| {
        format!(
            "{pair:>20}{:10.3}{:10.3}{rows:7}{t:7.1}{:>10}{:>6}{:27}{:>3}\n",
            1900.0, 2200.0, "1.0E-45", "-.999", "", 1
        )
    };
    let block = |pair: &str, t: f64| header(pair, 2, t) + " 1900.0 1e-45\n 2200.0 1e-45\n";
    for (text, parts) in [
        (String::new(), &["p.cia: the file is empty"][..]),
        ("some text\n".into(), &["p.cia, line 1", "a header"]),
        (header("H2-He", 3, 300.0) + " 1900.0 1e-45\n", &["p.cia", "the file ends after 1 of the 3 rows"]),
        (header("H2-He", 2, 300.0) + " 1900.0 1e-45\n 2200.0 nan\n", &["p.cia, line 3"]),
        (header("H2-He", 2, 300.0) + " 1900.0 1e-45\n 1800.0 1e-45\n", &["p.cia, line 3", "ascend"]),
        (block("H2-H2", 300.0) + &block("H2-H2", 2000.0), &["key `cia[0].pair`", "holds H2-H2"]),
        (block("H2-He", 300.0) + &block("H2-He", 400.0), &["900", "300", "400"]),
    ] {
        b.write("p.cia", text);
        b.spectrum(&continuum, parts);
    }
}

/// Told with the key, before lists are opened, by plans as by spectra.
#[test]
fn compositions_and_clouds_that_cannot_be() {
    let b = Bench::new();
    b.write("bad.par", "no list");
    let base = "[grid]\nrange_cm = [2000.0, 2100.0]\npoints = 200\n\
                [atmosphere]\nlayers = 10\npressure_top_bar = 1e-5\npressure_bottom_bar = 1.0\ngravity_cgs = 2500.0\n\
                [atmosphere.temperature]\nkind = \"isothermal\"\ntemperature_k = 900.0\n\
                [[species]]\nname = \"CO\"\nformat = \"hitran\"\nlines = \"bad.par\"\n";
    let species = |name: &str, unit: &str, ratio: f64| {
        format!("[[species]]\nname = \"{name}\"\n{unit}_mixing_ratio = {ratio:?}\n")
    };
    let (few, much) = ("volume_mixing_ratio = 1e-4\n", "mass_mixing_ratio = 0.9\n");
    let deck = |bar: f64| format!("[[cloud]]\nkind = \"deck\"\npressure_bar = {bar:?}\n");
    for (text, parts) in [
        (format!("{few}[continua]\nrayleigh = [\"H2\"]\n"), &["key `continua.rayleigh`", "a mixing ratio of H2"][..]),
        (format!("{few}[continua]\nh_minus = true\n"), &["key `continua.h_minus`", "a mixing ratio of H"]),
        (
            format!("{few}{}[continua]\nh_minus = true\n", species("H", "volume", 1e-3)),
            &["key `continua.h_minus`", "a mixing ratio of e-"],
        ),
        (
            format!("{few}{}{}", species("H2", "volume", 0.9), species("He", "volume", 0.2)),
            &["key `species`", "sum of volume mixing ratios, layer 0", "H2 0.9, He 0.2"],
        ),
        (
            format!("{much}{}", species("CO2", "volume", 1.0)),
            &["key `species`", "sum of volume mixing ratios", "(CO 0.07", "CO2 1)"],
        ),
        (format!("{few}{}", deck(200.0)), &["key `cloud[0].pressure_bar`", "given 200", "where there are layers"]),
        (format!("{few}{}", deck(1e-9)), &["key `cloud[0].pressure_bar`", "where there are layers"]),
    ] {
        b.spectrum(&format!("{base}{text}"), parts);
        b.refused(&["plan", "c.toml"], 3, parts);
    }
}

#[test]
fn places_that_cannot_be_written() {
    let b = Bench::new();
    b.write("file", "x").write("c.toml", CONFIG);
    let builtin =
        ["cross-section", "--format", "builtin", "--range", "2000:2100", "--points", "20000", "--at", "500:1"];
    for (out, part) in [
        ("no/such/xs.npy", "cannot write no/such/xs.npy: there is no folder no/such"),
        ("file/xs.npy", "cannot write file/xs.npy"),
    ] {
        b.refused(&[&builtin[..], &["--device", "cpu", "--out", out]].concat(), 5, &[part]);
    }
    std::fs::create_dir_all(b.path("taken/flux.npy")).expect("a folder");
    b.refused(&["spectrum", "c.toml", "--out", "taken"], 5, &["cannot write taken/flux.npy: it is a folder"]);
    b.refused(&["spectrum", "c.toml", "--out", "file"], 5, &["cannot create folder file"]);
}

#[test]
fn devices_that_do_not_exist() {
    let b = Bench::new();
    b.write("c.toml", CONFIG);
    std::fs::create_dir(b.path("out")).expect("a folder");
    // With a driver the name is wrong; without one the device is missing.
    let arguments = ["spectrum", "c.toml", "--out", "out", "--device", "no such adapter"];
    b.refused(&arguments, 4, &["error: device: ", "hint: `photosphere devices` lists what can be used"]);
}

/// A result of an earlier run stays whole when a later run fails.
#[test]
fn earlier_results_survive_a_failed_run() {
    let b = Bench::new();
    b.write("c.toml", CONFIG).write("out/flux.npy", "earlier").write("out/report.json", "{}");
    b.spectrum(&with("temperature_k = 900.0", "temperature_k = 9e4"), &["90000"]);
    assert_eq!(std::fs::read(b.path("out/flux.npy")).expect("still there"), b"earlier");
}
