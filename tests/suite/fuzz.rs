//! Every reader on files that were changed at random, from fixed seeds: no panic, an end within seconds, and whatever is not refused gives finite numbers.
//!
//! A few hundred changes of each file of `tests/data/fuzz` belong to the tests. `scripts/fuzz COUNT` makes COUNT of each (`PHOTOSPHERE_FUZZ`); a failure names target and
//! seed, and `PHOTOSPHERE_FUZZ_SEED` begins there. Decoders of the cache have such tests beside them (`forged_...`).

use std::fs;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use photosphere::lines::exomol::ExomolSource;
use photosphere::lines::hitran::HitranSource;
use photosphere::lines::{LineList, PartitionFunction};
use photosphere::objective::{DataSet, ReadOptions};
use photosphere::opacity::CiaTable;
use photosphere::star::StellarSpectrum;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Longest that one file may take, also on a busy machine.
const LONGEST: Duration = Duration::from_secs(30);

/// Words that programs stumble over.
const WORDS: [&[u8]; 24] = [
    b"999",
    b"-1",
    b"0",
    b"-0.0",
    b"1e308",
    b"-1e308",
    b"1e-320",
    b"NaN",
    b"inf",
    b"-inf",
    b"1e999",
    b"9.9E99",
    b"",
    b"18446744073709551616",
    b"2147483648",
    b"0x10",
    b"1.234-101",
    b"1D5",
    b"'",
    b"\"",
    b"[",
    b"\x1b[2J",
    b"\xff\xfe",
    b"\0",
];

/// A change of a file that a seed decides; mostly of one number, which takes it past the first checks.
fn mutate(bytes: &mut Vec<u8>, rng: &mut StdRng) {
    for _ in 0..rng.random_range(1..=3) {
        let n = bytes.len();
        if n == 0 {
            bytes.extend(b"1 2 3\n");
            continue;
        }
        let at = rng.random_range(0..n);
        match rng.random_range(0..10) {
            // A word, its place kept or not.
            0..4 => {
                let is_end = |b: &u8| b.is_ascii_whitespace() || b",;=[]".contains(b);
                let start = bytes[..at].iter().rposition(is_end).map_or(0, |i| i + 1);
                let end = bytes[at..].iter().position(is_end).map_or(n, |i| at + i);
                let mut word = WORDS[rng.random_range(0..WORDS.len())].to_vec();
                if rng.random() && word.len() < end.max(start) - start {
                    word.splice(0..0, std::iter::repeat_n(b' ', end - start - word.len()));
                }
                bytes.splice(start..end.max(start), word);
            }
            4 => bytes[at] ^= 1 << rng.random_range(0..8),
            5 => bytes[at] = rng.random(),
            // Columns of digits.
            6 => bytes
                .iter_mut()
                .skip(at)
                .take(rng.random_range(1..12))
                .filter(|b| b.is_ascii_digit())
                .for_each(|b| *b = b'9'),
            7 => bytes.truncate(at),
            8 => {
                let end = (at + rng.random_range(1..200)).min(n);
                drop(bytes.drain(at..end));
            }
            _ => {
                let end = (at + rng.random_range(1..200)).min(n);
                let part = bytes[at..end].to_vec();
                let to = rng.random_range(0..n);
                bytes.splice(to..to, part);
            }
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/fuzz").join(name)
}

/// Changes `name` of the corpus, beside which all others lie, and hands its path to `read`, whose panics and numbers that are none are told.
fn target(name: &str, usual: u64, read: impl Fn(&Path) -> Option<bool>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = |from: &Path, to: &Path| {
        fs::create_dir_all(to).expect("a folder");
        for entry in fs::read_dir(from).expect("the corpus").flatten().filter(|e| e.path().is_file()) {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
    };
    copy(&corpus(""), folder.path());
    copy(&corpus("exomol"), &folder.path().join("exomol"));
    let path = folder.path().join(name);
    let whole = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(_) => binary(name),
    };
    fs::write(&path, &whole).expect("a file");
    assert_eq!(read(&path), Some(true), "{name} as it is");
    let (count, first) = (number("PHOTOSPHERE_FUZZ").unwrap_or(usual), number("PHOTOSPHERE_FUZZ_SEED").unwrap_or(0));
    let (mut taken, started) = (0u64, Instant::now());
    for seed in first..first + count {
        let mut bytes = whole.clone();
        mutate(&mut bytes, &mut StdRng::seed_from_u64(seed));
        fs::write(&path, &bytes).expect("a file");
        let begun = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| read(&path)));
        let fault = match outcome {
            Err(_) => "a panic",
            Ok(Some(false)) => "a result that is no number",
            Ok(_) if begun.elapsed() > LONGEST => "more than 30 s",
            Ok(result) => {
                taken += u64::from(result.is_some());
                continue;
            }
        };
        panic!("{name}, seed {seed}: {fault}\n{}", String::from_utf8_lossy(&bytes));
    }
    println!("{name}: {count} changes, {taken} taken, {:.1} s", started.elapsed().as_secs_f64());
}

/// Files of the corpus that are no text.
fn binary(name: &str) -> Vec<u8> {
    let npy = |shape: &str, values: &[f64]| {
        let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
        header += &" ".repeat(63 - (header.len() + 10) % 64);
        header.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        bytes
    };
    let text = || fs::read(corpus("co.par")).expect("the corpus");
    let zip = |members: &[(&str, Vec<u8>)]| {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, content) in members {
            archive.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a member");
            archive.write_all(content).expect("written");
        }
        archive.finish().expect("an archive").into_inner()
    };
    let columns = [[2104.0, 2105.5, 2106.0, 2107.25], [1.5, 1.25, 1.0, 2.0], [0.1, 0.2, 0.1, 0.1]];
    match name {
        "night.npy" => npy("(3, 4)", columns.as_flattened()),
        "night.npz" => {
            let names = ["wavenumber.npy", "value.npy", "error.npy"];
            let members: Vec<_> = names.into_iter().zip(columns).map(|(name, c)| (name, npy("(4,)", &c))).collect();
            zip(&members)
        }
        "co.par.bz2" => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(&text()).expect("packed");
            encoder.finish().expect("packed")
        }
        "co.par.zip" => zip(&[("co.par", text())]),
        _ => panic!("no {name} in the corpus"),
    }
}

fn finite(values: &[f64]) -> bool {
    values.iter().all(|v| v.is_finite())
}

/// Cross sections of the lists, or an error: finite and not negative.
fn cross_sections(lists: &[LineList]) -> Option<bool> {
    use photosphere::cross_section::{CrossSections, Method, Settings};
    use photosphere::grid::{Grid, TemperatureRange};
    let grid = Grid::new(2100.0, 2110.0, 40).expect("a grid");
    let settings = Settings {
        temperature_range: TemperatureRange::new(296.0, 1000.0).expect("a range"),
        method: Method::Lines,
        ..Settings::default()
    };
    let job = CrossSections::new(grid, lists, &[(296.0, 0.1), (1000.0, 1.0)], settings, &()).ok()?;
    let (values, _) = job.compute(&photosphere::Backend::Cpu, &()).ok()?;
    Some(values.to_f64().iter().all(|v| v.is_finite() && *v >= 0.0))
}

#[test]
fn fuzz_hitran() {
    for (name, usual) in [("co.par", 250), ("co.par.bz2", 100), ("co.par.zip", 100)] {
        target(name, usual, |path| cross_sections(&HitranSource::new(path).load(&()).ok()?.0));
    }
}

/// The data set that a file is of.
fn of_set(path: &Path) -> Option<bool> {
    let (list, _) = ExomolSource::new(path.parent()?).load(&()).ok()?;
    cross_sections(&[list])
}

#[test]
fn fuzz_exomol() {
    for name in ["S.def", "S.pf", "S.states", "S.trans", "H2.broad"].map(|e| format!("exomol/1H-2X__{e}")) {
        target(&name, 150, of_set);
    }
}

#[test]
fn fuzz_tables() {
    target("q.txt", 300, |path| {
        let q = PartitionFunction::read(path).ok()?;
        let at: Vec<f64> = [70.0, 296.0, 500.0, 1234.5].iter().filter_map(|t| q.at(*t).ok()).collect();
        Some(finite(&at) && at.iter().all(|q| *q > 0.0))
    });
    target("pair.cia", 300, |path| {
        let table = CiaTable::read(path).ok()?.clamped(true);
        let k = table.coefficient(&[2100.0, 2105.0, 2110.0], 500.0).ok()?;
        Some(finite(&k) && k.iter().all(|k| *k >= 0.0))
    });
    target("star.txt", 300, |path| {
        let flux = StellarSpectrum::read(path).ok()?.flux(&[2100.0, 2110.0]).ok()?;
        Some(finite(&flux))
    });
}

#[test]
fn fuzz_data() {
    for name in ["night.txt", "night.npy", "night.npz"] {
        target(name, 300, |path| {
            let set = DataSet::read("night", path, &ReadOptions::default()).ok()?;
            Some(
                finite(set.wavenumber())
                    && finite(set.value())
                    && set.error().iter().all(|e| *e > 0.0 && e.is_finite()),
            )
        });
    }
}

#[cfg(feature = "scenario")]
mod configurations {
    use photosphere::scenario::source::DeviceChoice;
    use photosphere::scenario::{Config, spectrum};

    use super::*;

    /// A configuration is read; if it is small, computed.
    fn run(path: &Path) -> Option<bool> {
        let config = Config::load(path).ok()?;
        if config.grid.points() > 2000 || config.atmosphere.layers > 50 || config.check_files().is_err() {
            return Some(true);
        }
        let result = spectrum(&config, &DeviceChoice::Cpu, &()).ok()?;
        let observed = result.observed.iter().all(|o| finite(&o.values));
        Some(finite(&result.values.to_f64()) && observed && result.derived.iter().all(|d| finite(&d.values)))
    }

    #[test]
    fn fuzz_configurations() {
        target("scene.toml", 300, run);
    }

    /// The files that a configuration names.
    #[test]
    fn fuzz_profiles() {
        for name in ["tp.txt", "vmr.txt", "response.txt", "chi.txt"] {
            target(name, 25, |path| run(&path.with_file_name("scene.toml")));
        }
    }
}
