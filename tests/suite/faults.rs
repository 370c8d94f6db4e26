//! Kinds of faults that were found by trial, each as a test that depends on no time and no load: docs/reliability.md says what is promised and names them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use assert_cmd::Command;
use photosphere::Cache;
use photosphere::cache::{KeyHasher, Miss};

use crate::retrieval_cli::{Bench, CONFIG, DATA};

const SAMPLER: &str =
    "[retrieval.sampler]\nchains = 1\nwarmup = 12\ndraws = 12\nseed = 5\n[retrieval]\njac_chunk_size = 8\n";
/// A record of carbon monoxide.
const RECORD: &str = " 51 2108.724053 1.322E-20 2.960E+01.04570.047 3579.97510.67-.002900              2              1                    P 25      467665 5 8 2 2 1 7    98.0  102.0";

/// Files in a folder of their own.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.at(name), bytes).expect("a file");
    }

    /// Runs the program; what waits for ever is ended after a minute.
    fn run(&self, arguments: &str) -> Output {
        self.command(Command::cargo_bin("photosphere").expect("built").args(arguments.split_whitespace()))
    }

    fn command(&self, command: &mut Command) -> Output {
        let command = command.current_dir(self.0.path()).env("PHOTOSPHERE_CACHE_DIR", "");
        command.timeout(Duration::from_secs(60)).output().expect("it starts")
    }

    #[track_caller]
    fn refused(&self, arguments: &str, code: i32, parts: &[&str]) {
        let output = self.run(arguments);
        let text = text(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments}\n{text}");
        assert!(!text.contains("panicked"), "{text}");
        assert!(parts.iter().all(|part| text.contains(part)), "{parts:?} are not all in\n{text}");
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.at(folder)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const BUILTIN: &str = "cross-section --format builtin --range 2100:2110 --points 300 --at 500:1 --device cpu";
const DENSITY: &str = "cross-section --format builtin --range 2100:2110 --points 3000 --at 500:1 --method density \
                       --temperature-range 500:1500 --device cpu --cache-dir c --out x.npy";

/// 01: each number of a record that no physics has. One such record is dropped with its place; of good ones the result stays finite.
#[test]
fn records_that_no_physics_has_are_told_by_line_and_column() {
    let folder = Folder::new();
    for (columns, field, value) in [
        ((3, 15), "wavenumber", "-2108.724053"),
        ((3, 15), "wavenumber", "2108.7240e99"),
        ((15, 25), "strength", "-1.322E-20"),
        ((15, 25), "strength", "1.322E+200"),
        ((25, 35), "Einstein", "-2.96E+001"),
        ((25, 35), "Einstein", "2.960E+250"),
        ((35, 40), "half width in air", "-.045"),
        ((35, 40), "half width in air", "9.E99"),
        ((40, 45), "half width in the gas", "9.E99"),
        ((45, 55), "energy", "-3579.9751"),
        ((45, 55), "energy", "3.5799E+99"),
        ((55, 59), "exponent", " 999"),
        ((55, 59), "exponent", "-999"),
        ((59, 67), "shift", "-.002E+99"),
        ((15, 25), "strength", "       NaN"),
        ((45, 55), "energy", "       inf"),
    ] {
        let mut bad = RECORD.to_owned();
        let width = columns.1 - columns.0;
        let padded: String = format!("{value:>width$}").chars().take(width).collect();
        bad.replace_range(columns.0..columns.1, &padded);
        folder.write("bad.par", format!("{bad}\n"));
        folder.write("both.par", format!("{RECORD}\n{bad}\n"));
        let run = |name: &str| {
            format!(
                "cross-section --format hitran --lines {name} --range 2100:2110 --points 300 --at 296:0.1,1000:1 --device cpu --no-cache --out x.npy"
            )
        };
        folder.refused(&run("bad.par"), 3, &["line 1: columns", field]);
        let output = folder.run(&run("both.par"));
        assert!(output.status.success(), "{}", text(&output));
        let told = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("1 record") || told.contains("1 line"), "{value}: {told}");
        assert!(told.contains("line 2"), "{value}: {told}");
        let (_, values) = array(&folder.at("x.npy"));
        assert!(values.iter().all(|v| v.is_finite() && *v >= 0.0) && values.iter().any(|v| *v > 0.0), "{value}");
    }
}

fn array(path: &Path) -> (Vec<u64>, Vec<f64>) {
    let bytes = fs::read(path).expect("an array");
    let npy = npyz::NpyFile::new(&bytes[..]).expect("an array");
    let shape = npy.shape().to_vec();
    match npy.try_data::<f64>() {
        Ok(data) => (shape, data.map(|v| v.expect("a number")).collect()),
        Err(npy) => (shape, npy.into_vec::<f32>().expect("numbers").into_iter().map(f64::from).collect()),
    }
}

/// A header of NumPy's for a shape, and some zeros.
fn npy(shape: &str, zeros: usize) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
    header += &" ".repeat(63 - (header.len() + 10) % 64);
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + zeros, 0);
    bytes
}

fn zip(names: &[&str], content: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in names {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        archive.start_file(*name, options).expect("a member");
        archive.write_all(content).expect("written");
    }
    archive.finish().expect("an archive").into_inner()
}

/// 04: shapes whose products overflow, in data files, archives and weights.
#[test]
fn shapes_that_overflow_are_errors() {
    let bench = Bench::new(&format!("{CONFIG}{DATA}").replace("night.txt", "d.npy"));
    bench.write("z.toml", &format!("{CONFIG}{DATA}").replace("night.txt", "d.npz"));
    for shape in ["(9223372036854775808, 2)", "(4611686018427387904, 3)", "(0, 18446744073709551615, 3)", "(1e3, 3)"] {
        fs::write(bench.path("d.npy"), npy(shape, 960)).expect("a file");
        fs::write(bench.path("d.npz"), zip(&["wavenumber.npy", "value.npy", "error.npy"], &npy(shape, 960)))
            .expect("a file");
        bench.refused(&["plan", "c.toml"], &["d.npy"]);
        bench.refused(&["plan", "z.toml"], &["d.npz"]);
        bench.refused(&["jacobian", "c.toml", "--mode", "reverse", "--weights", "d.npy", "--out", "j"], &["d.npy"]);
    }
}

/// 07: the report of an earlier run is gone before the first file of another takes its place; here a limit of a file's length ends the second run.
#[cfg(unix)]
#[test]
fn an_old_report_never_lies_beside_new_arrays() {
    let bench = Bench::new(&CONFIG.replace("points = 300", "points = 60000"));
    bench.write("a.toml", CONFIG);
    for (command, report) in [("spectrum", "report.json"), ("jacobian", "parameters.json")] {
        bench.good(&[command, "a.toml", "--out", "o"]);
        let limited = format!(
            "ulimit -f 300; exec '{}' {command} c.toml --device cpu --no-cache --out o",
            env!("CARGO_BIN_EXE_photosphere")
        );
        let output = Command::new("bash").args(["-c", &limited]).current_dir(bench.path("")).output().expect("bash");
        let told = text(&output);
        assert_eq!(output.status.code(), Some(5), "{told}");
        assert!(told.contains("cannot write ") && told.contains("ulimit -f"), "{told}");
        let left: Vec<String> = names(&bench.path("o"));
        assert!(!left.contains(&report.to_owned()) && !left.iter().any(|n| n.ends_with(".tmp")), "{left:?}");
    }
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).expect("a folder").flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect()
}

/// 08, 15: what a trace and a checkpoint cannot be written to is found before anything is sampled, and what is left of one's own trace is replaced.
#[test]
fn traces_and_checkpoints_are_checked_before_sampling() {
    let bench = Bench::new(&format!("{CONFIG}{DATA}{SAMPLER}"));
    let sample = ["sample", "c.toml", "--out", "o"];
    fs::create_dir_all(bench.path("o/trace.zarr")).expect("a folder");
    bench.write("o/trace.zarr/thesis.tex", "mine");
    bench.refused_as(5, &sample, &["trace.zarr", "no trace of an earlier run"]);
    assert!(!bench.path("o/checkpoint").exists() && bench.path("o/trace.zarr/thesis.tex").exists());
    fs::remove_file(bench.path("o/trace.zarr/thesis.tex")).expect("removed");
    fs::create_dir_all(bench.path("o/checkpoint/chain-0.log")).expect("a folder");
    bench.refused_as(5, &sample, &["chain-0.log", "it is a folder"]);
    fs::remove_dir(bench.path("o/checkpoint/chain-0.log")).expect("removed");
    bench.write("o/checkpoint/chain-0.log", "notes of mine");
    bench.refused_as(5, &sample, &["chain-0.log", "not a log of evaluations"]);
    fs::remove_file(bench.path("o/checkpoint/chain-0.log")).expect("removed");
    fs::create_dir_all(bench.path("o/trace.zarr/posterior")).expect("half a trace");
    bench.good(&sample);
    assert!(bench.path("o/trace.zarr/.zgroup").exists() && bench.path("o/summary.json").exists());
    assert!(!names(&bench.path("o")).iter().any(|n| n.ends_with(".tmp")));
}

#[cfg(unix)]
fn make_pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
}

/// 10: nothing waits for a writer, wherever a file is named.
#[cfg(unix)]
#[test]
fn pipes_and_devices_are_refused_wherever_a_file_is_named() {
    let folder = Folder::new();
    make_pipe(&folder.at("pipe"));
    folder.write("co.par", format!("{RECORD}\n"));
    folder.write("c.toml", format!("{CONFIG}{DATA}").replace("night.txt", "pipe"));
    folder.write("s.toml", CONFIG.replace("[grid]", "[star]\nradius_sun = 1.0\nspectrum = \"pipe\"\n[grid]"));
    let what = "it is no regular file";
    let hitran =
        "cross-section --format hitran --range 2100:2110 --points 300 --at 296:1 --device cpu --no-cache --out x.npy";
    for (arguments, code) in [
        (format!("{hitran} --lines pipe"), 3),
        (format!("{hitran} --lines co.par --partition pipe"), 3),
        (format!("{hitran} --lines co.par --chi pipe"), 3),
        ("plan pipe".into(), 3),
        ("plan /dev/zero".into(), 3),
        ("plan c.toml".into(), 3),
        ("spectrum s.toml --device cpu --no-cache --out o".into(), 3),
        ("jacobian c.toml --mode reverse --weights pipe --device cpu --no-cache --out o".into(), 3),
    ] {
        folder.refused(&arguments, code, &[what]);
    }
    folder.refused("plan c.toml --device-limits pipe", 3, &[what]);
    // In the cache it is as if nothing were there.
    assert!(folder.run(DENSITY).status.success());
    let whole = fs::read(folder.at("x.npy")).expect("an array");
    for name in folder.names("c") {
        let path = folder.at("c").join(name);
        fs::remove_file(&path).expect("removed");
        make_pipe(&path);
    }
    assert!(folder.run(DENSITY).status.success());
    assert!(fs::read(folder.at("x.npy")).expect("an array") == whole);
}

/// 11: an entry whose values were changed and whose plain checksums were made right, and entries that others may write.
#[cfg(unix)]
#[test]
fn forged_entries_of_the_cache_are_not_taken() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let run = || {
        let secret = folder.at("secret");
        let output = folder.command(
            Command::cargo_bin("photosphere")
                .expect("built")
                .env("PHOTOSPHERE_CACHE_KEY", secret)
                .args(DENSITY.split_whitespace()),
        );
        assert!(output.status.success(), "{}", text(&output));
        (fs::read(folder.at("x.npy")).expect("an array"), text(&output))
    };
    let (whole, told) = run();
    assert!(told.is_empty(), "{told}");
    let entries: Vec<PathBuf> = folder.names("c").iter().map(|n| folder.at("c").join(n)).collect();
    for path in &entries {
        let mut bytes = fs::read(path).expect("an entry");
        for at in (512 + (bytes.len() - 512) / 2 / 4 * 4..bytes.len() - 3).step_by(4) {
            let v = f32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) * 2.0;
            bytes[at..at + 4].copy_from_slice(&v.to_le_bytes());
        }
        let sum = blake3::hash(&bytes[512..]);
        bytes[56..88].copy_from_slice(sum.as_bytes());
        bytes[88..120].fill(0);
        let sum = blake3::hash(&bytes[..512]);
        bytes[88..120].copy_from_slice(sum.as_bytes());
        fs::write(path, bytes).expect("written");
    }
    let (again, told) = run();
    assert!(again == whole && told.contains("its checksum is wrong; deleted"), "{told}");
    // Whoever may write an entry may change what it says.
    for path in &entries {
        fs::set_permissions(path, fs::Permissions::from_mode(0o666)).expect("permissions");
    }
    let (again, told) = run();
    assert!(again == whole && told.contains("others than its owner may write it; not used"), "{told}");
    // With another secret the entries are another user's.
    fs::remove_file(folder.at("secret")).expect("removed");
    let (again, told) = run();
    assert!(again == whole && told.contains("it was made by another user") && !told.contains("deleted"), "{told}");
}

/// 16: what has been found stays as it was, whatever becomes of its file.
#[test]
fn an_entry_outlives_the_truncation_of_its_file() {
    let folder = Folder::new();
    let cache = Cache::open(Some(&folder.at("c")));
    let key = KeyHasher::new("test").integers("n", &[1]).finish().expect("a key");
    let content: Vec<u8> = (0..3_000_000u32).map(|i| (i % 251) as u8).collect();
    cache.store("test", &key, "some bytes", &[&content]).expect("stored");
    let entry = cache.find("test", &key).expect("found");
    let [name] = &folder.names("c")[..] else { panic!("{:?}", folder.names("c")) };
    fs::File::options().write(true).open(folder.at("c").join(name)).expect("opened").set_len(0).expect("cut off");
    assert!(entry.payload() == content);
    assert!(matches!(cache.find("test", &key), Err(Miss::Damaged(_))));
}

/// 19: a signal ends the run with a message, by itself, and leaves nothing half-written; what was sampled is kept.
#[cfg(unix)]
#[test]
fn signals_end_a_run_with_a_message_and_nothing_half_written() {
    use std::os::unix::process::ExitStatusExt;
    let long = SAMPLER.replace("draws = 12", "draws = 100000");
    let bench = Bench::new(&format!("{CONFIG}{DATA}{long}"));
    for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_photosphere"))
            .args(["sample", "c.toml", "--device", "cpu", "--no-cache", "--out", "o"])
            .current_dir(bench.path(""))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("it starts");
        // A hundred thousand draws are not made before it is looked at.
        let log = bench.path("o/checkpoint/chain-0.log");
        while fs::metadata(&log).map_or(0, |m| m.len()) < 2000 {
            assert!(child.try_wait().expect("a child").is_none());
            std::thread::sleep(Duration::from_millis(2));
        }
        let sent = std::process::Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
        let output = child.wait_with_output().expect("a child");
        let told = text(&output);
        assert_eq!(output.status.signal(), Some(number), "{told}");
        assert!(told.contains(&format!("ended by SIG{name}")) && told.contains("--resume"), "{told}");
        assert!(log.exists() && names(&bench.path("o")) == ["checkpoint"], "{:?}", names(&bench.path("o")));
        fs::remove_dir_all(bench.path("o")).expect("removed");
    }
}

/// 19: what a process left that was killed goes with the next run in the folder.
#[test]
fn temporary_files_of_dead_processes_go_with_the_next_run() {
    let folder = Folder::new();
    // No process has this number.
    folder.write(".photosphere-99999999-abcdef.tmp", "half an array");
    folder.write("mine.tmp", "mine");
    assert!(folder.run(&format!("{BUILTIN} --no-cache --out x.npy")).status.success());
    assert_eq!(folder.names("."), ["mine.tmp", "x.json", "x.npy"]);
}

/// Nothing that is not this program's is replaced: files of another kind, what a link leads to.
#[test]
fn foreign_files_and_links_are_left_alone() {
    let folder = Folder::new();
    folder.write("x.json", "{ \"my\": \"notes\" }");
    folder.refused(&format!("{BUILTIN} --out x.npy"), 5, &["x.json", "not a report of an earlier run"]);
    folder.write("y.npy", "a chapter");
    folder.refused(&format!("{BUILTIN} --out y.npy"), 5, &["y.npy", "not an array of an earlier run"]);
    #[cfg(unix)]
    {
        folder.write("thesis.tex", "mine");
        std::os::unix::fs::symlink("thesis.tex", folder.at("z.npy")).expect("a link");
        folder.refused(&format!("{BUILTIN} --out z.npy"), 5, &["z.npy", "it is a link to thesis.tex"]);
        assert_eq!(fs::read_to_string(folder.at("thesis.tex")).expect("a file"), "mine");
    }
    assert_eq!(fs::read_to_string(folder.at("x.json")).expect("a file"), "{ \"my\": \"notes\" }");
}

/// A fit removes what another fit wrote for data sets that are no more, and nothing else.
#[test]
fn files_of_data_sets_of_an_earlier_fit_go() {
    let bench = Bench::new(&format!("{CONFIG}{DATA}"));
    bench.write("day.toml", &format!("{CONFIG}{DATA}").replace("name = \"night\"", "name = \"day\""));
    bench.good(&["fit", "day.toml", "--out", "o"]);
    bench.write("o/fit-plan.svg", "mine");
    bench.good(&["fit", "c.toml", "--out", "o"]);
    let mut left = names(&bench.path("o"));
    left.sort();
    assert_eq!(left, ["fit-night.png", "fit-night.svg", "fit-plan.svg", "fit.json", "prediction-night.npy"]);
}

#[test]
fn files_of_data_sets_of_an_earlier_sampling_go() {
    let bench = Bench::new(&format!("{CONFIG}{DATA}{SAMPLER}"));
    bench.write("day.toml", &format!("{CONFIG}{DATA}{SAMPLER}").replace("name = \"night\"", "name = \"day\""));
    bench.good(&["sample", "day.toml", "--out", "o"]);
    assert!(names(&bench.path("o")).contains(&"bands-day.npy".to_owned()));
    bench.good(&["sample", "c.toml", "--out", "o"]);
    let left = names(&bench.path("o"));
    assert!(left.contains(&"bands-night.npy".to_owned()) && !left.contains(&"bands-day.npy".to_owned()), "{left:?}");
    bench.good(&["sample", "c.toml", "--set", "retrieval.predictions=0", "--out", "o"]);
    let left = names(&bench.path("o"));
    assert!(!left.iter().any(|name| name.starts_with("bands-") || name == "temperature.npy"), "{left:?}");
    // A table that is somebody's own is found before anything is drawn.
    fs::create_dir(bench.path("p")).expect("a folder");
    bench.write("p/table.tex", "my thesis");
    let output = bench.run(&["sample", "c.toml", "--out", "p"]);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output));
    assert!(!bench.path("p/checkpoint").exists() && fs::read(bench.path("p/table.tex")).expect("kept") == b"my thesis");
}

/// Files that unpack to far more than they are end with a message, soon.
#[test]
fn compressed_bombs_are_refused() {
    let folder = Folder::new();
    let blank = vec![b'\n'; 90 << 20];
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(&blank).expect("packed");
    folder.write("a.par.bz2", encoder.finish().expect("packed"));
    folder.write("b.par.zip", zip(&["b.par"], &blank));
    for name in ["a.par.bz2", "b.par.zip"] {
        let run = format!(
            "cross-section --format hitran --lines {name} --range 2100:2110 --points 300 --at 296:1 --device cpu --no-cache --out x.npy"
        );
        folder.refused(&run, 3, &["it unpacks to more than 100 times its length"]);
    }
    folder.write("d.npz", zip(&["wavenumber.npy", "value.npy", "error.npy"], &npy("(11000000,)", 88_000_000)));
    folder.write("c.toml", format!("{CONFIG}{DATA}").replace("night.txt", "d.npz"));
    folder.refused("plan c.toml", 3, &["d.npz", "unpacks to more than"]);
    folder.write("long.toml", vec![b'#'; (16 << 20) + 1]);
    folder.refused("plan long.toml", 3, &["a configuration in TOML of at most 16777216 bytes"]);
}

/// No character of a file, or of its name, does anything to the terminal that a message goes to.
#[test]
fn messages_have_no_control_characters_of_files() {
    let folder = Folder::new();
    folder.write("a.toml", "[grid]\n\"po\\u001b[2Jints\" = 3\n");
    folder.write("b.par", "\u{1b}]0;title\u{7} is no record\n");
    #[cfg(unix)]
    folder.write("c\u{1b}[31m.toml", "no = toml = here");
    let mut runs = vec!["plan a.toml".to_owned()];
    runs.push("cross-section --format hitran --lines b.par --range 2100:2110 --points 300 --at 296:1 --device cpu --no-cache --out x.npy".into());
    #[cfg(unix)]
    runs.extend(["plan c\u{1b}[31m.toml".to_owned(), "plan a.toml c\u{1b}[31m.toml".to_owned()]);
    for run in runs {
        let output = folder.run(&run);
        assert!(!output.status.success());
        let all = [output.stdout, output.stderr].concat();
        assert!(!all.iter().any(|b| *b < 32 && !b"\n\t".contains(b)), "{run:?}: {}", String::from_utf8_lossy(&all));
    }
}

/// A cap of the cache is kept.
#[test]
fn the_limit_of_the_cache_is_an_option() {
    let folder = Folder::new();
    assert!(folder.run(&format!("{DENSITY} --cache-limit 1000")).status.success());
    assert!(folder.names("c").is_empty(), "{:?}", folder.names("c"));
    assert!(folder.run(&format!("{DENSITY} --cache-limit 1GiB")).status.success());
    assert!(!folder.names("c").is_empty());
    folder.refused(&format!("{DENSITY} --cache-limit much"), 2, &["required a size such as 500MiB"]);
}

mod gpu {
    use super::*;

    /// Lists of any strength keep their values on a device: the scale is the list's.
    #[test]
    fn very_weak_and_very_strong_lists_keep_their_values() {
        let folder = Folder::new();
        let device = std::env::var("PHOTOSPHERE_DEVICE").unwrap_or_else(|_| "gpu-any".into());
        for strength in ["1.322-300", "1.322E-60", "1.322E-20", "1.322E+20"] {
            let mut record = RECORD.to_owned();
            record.replace_range(15..25, &format!("{strength:>10}"));
            folder.write("a.par", format!("{record}\n"));
            let values = ["cpu", &device].map(|device| {
                let run = format!("cross-section --format hitran --lines a.par --range 2100:2110 --points 300 --at 296:0.1,1000:1 --no-cache --out x.npy --device {device}");
                let output = folder.run(&run);
                assert!(output.status.success(), "{strength}: {}", text(&output));
                array(&folder.at("x.npy")).1
            });
            for (cpu, device) in values[0].iter().zip(&values[1]) {
                assert!(*cpu > 0.0 && (device / cpu - 1.0).abs() < 2e-3, "{strength}: {cpu} {device}");
            }
        }
    }
}

/// A spectrum of carbon monoxide on the CPU.
const EMISSION: &str = r#"
[grid]
range_cm = [2100.0, 2110.0]
points = POINTS
[atmosphere]
layers = 27
pressure_top_bar = 1e-4
pressure_bottom_bar = 1.0
gravity_cgs = 2500.0
mean_molecular_weight = 2.33
[atmosphere.temperature]
kind = "power-law"
temperature_1bar_k = 900.0
alpha = 0.1
[[species]]
name = "CO"
format = "builtin"
isotopologue = 1
mass_mixing_ratio = 1e-4
[transfer]
streams = 4
[method]
temperature_range_k = [300.0, 1500.0]
[output]
svg = false
png = false
"#;

/// The program, started by a shell that sets limits first.
fn limited(folder: &Folder, limits: &str, arguments: &str) -> Output {
    let program = Command::cargo_bin("photosphere").expect("built").get_program().to_owned();
    let line = format!("{limits}; exec \"$0\" {arguments}");
    folder.command(Command::new("sh").arg("-c").arg(line).arg(program))
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    let folder = Folder::new();
    folder.write("c.toml", EMISSION.replace("POINTS", "3000"));
    let flux = |threads: &str| {
        let mut command = Command::cargo_bin("photosphere").expect("built");
        let arguments = ["spectrum", "c.toml", "--device", "cpu", "--no-cache", "--out", threads];
        let output = folder.command(command.env("RAYON_NUM_THREADS", threads).args(arguments));
        assert!(output.status.success(), "{}", text(&output));
        (fs::read(folder.at(&format!("{threads}/flux.npy"))).expect("a spectrum"), text(&output))
    };
    let (one, _) = flux("1");
    for threads in ["2", "3", "5", "8"] {
        assert!(flux(threads).0 == one, "{threads} threads");
    }
    // A slip of the pen makes no hundred thousand threads.
    let (many, told) = flux("100000");
    assert!(many == one && told.contains("threads instead of 100000"), "{told}");
}

#[cfg(unix)]
#[test]
fn where_no_thread_can_be_made_there_is_one_or_a_message() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let as_nobody = "setpriv --reuid=65533 --regid=65533 --clear-groups";
    let is_root = std::process::Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n");
    let can = is_root
        && std::process::Command::new("sh")
            .args(["-c", &format!("{as_nobody} true")])
            .status()
            .is_ok_and(|s| s.success());
    if is_root && !can {
        eprintln!("LEFT OUT: limits of processes do not hold for root, and there is no setpriv");
        return;
    }
    fs::set_permissions(folder.0.path(), fs::Permissions::from_mode(0o777)).expect("permissions");
    fs::copy(Command::cargo_bin("photosphere").expect("built").get_program(), folder.at("ps")).expect("a copy");
    folder.write("c.toml", EMISSION.replace("POINTS", "3000"));
    for processes in 1..6 {
        for arguments in ["devices", "spectrum c.toml --device cpu --out out"] {
            let line = format!("ulimit -u {processes}; exec ./ps {arguments}");
            let mut command = match is_root {
                true => {
                    let mut command = Command::new("setpriv");
                    command.args(as_nobody.split_whitespace().skip(1)).args(["sh", "-c", &line]);
                    command
                }
                false => {
                    let mut command = Command::new("sh");
                    command.args(["-c", &line]);
                    command
                }
            };
            let output = folder.command(&mut command);
            let said = text(&output);
            // A shell that may not run anything says so itself.
            assert!(
                matches!(output.status.code(), Some(0 | 2 | 4 | 126)),
                "{processes}, {arguments}: {:?}\n{said}",
                output.status
            );
            assert!(!said.contains("panicked"), "{said}");
        }
    }
}

#[cfg(unix)]
#[test]
fn plans_and_jobs_beyond_the_memory_end_with_what_they_need() {
    let folder = Folder::new();
    folder.write("c.toml", EMISSION.replace("POINTS", "100000000"));
    for arguments in ["plan c.toml", "spectrum c.toml --device cpu --out out"] {
        let output = limited(&folder, "ulimit -v 1500000", arguments);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(4), "{arguments}\n{said}");
        assert!(said.contains("bytes needed") && !said.contains("panicked"), "{said}");
    }
}
