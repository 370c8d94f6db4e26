//! `photosphere simulate`

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::args::SimulateArgs;
use crate::cli::notes;
use crate::output::{check_file, prepare_folder, write_atomic};
use crate::scenario::{Config, Simulated, simulate};
use crate::{Error, Progress, Result, input};

/// How a table of this command begins, by which it is known as one that may be replaced.
const MARK: &str = "# photosphere simulate";

/// Makes mock data and writes them as tables that `[[data]]` reads.
///
/// # Errors
/// A wrong configuration, files that cannot be written or that are there and were not made by this command, all found before anything is computed; whatever the
/// model reports.
pub fn run(args: &SimulateArgs, progress: &dyn Progress) -> Result<()> {
    super::set_quiet_for(args.source.json);
    let config = args.source.load_for_mock()?;
    let files = files(args, &config)?;
    let mock = simulate(&config, &args.source.device, args.seed, progress)?;
    for ((set, keys), file) in mock.sets.iter().zip(&config.data).zip(&files) {
        let text = set.to_text(&comments(args, set.name(), &mock), &keys.read)?;
        write_atomic(file, |w| w.write_all(text.as_bytes()))?;
    }
    if args.source.json {
        let sets = mock.sets.iter().zip(&files);
        super::print_json(&json!({
            "photosphere": env!("CARGO_PKG_VERSION"),
            "configuration": config.path,
            "seed": args.seed,
            "truth": mock.truth.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "device": mock.device,
            "data": sets.map(|(s, file)| json!({ "name": s.name(), "file": file, "points": s.len() })).collect::<Vec<_>>(),
            "notes": mock.notes,
        }))?;
    }
    let mut text = String::new();
    for (set, file) in mock.sets.iter().zip(&files) {
        text += &format!("{}: {} points, written to {}\n", set.name(), set.len(), file.display());
    }
    super::print(&format!("{text}{}", notes::section(&mock.notes, config.method.tolerance)))
}

/// The file of each data set, each found to be free or one of this command's own.
fn files(args: &SimulateArgs, config: &Config) -> Result<Vec<PathBuf>> {
    let files: Vec<PathBuf> = match &config.data[..] {
        [_] => vec![args.out.clone()],
        several => {
            prepare_folder(&args.out)?;
            several.iter().map(|d| args.out.join(format!("{}.txt", d.name))).collect()
        }
    };
    for file in &files {
        let extension = file.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
        if matches!(extension.as_deref(), Some("npy" | "npz")) {
            return Err(Error::invalid("--out", file.display(), "a file for a text table, such as data.txt"));
        }
        if file.is_file() && !is_mock(file) {
            let given = format!("{}, which is there and was not made by `simulate`", file.display());
            return Err(Error::invalid("--out", given, "a new file, or mock data to replace"));
        }
        check_file(file)?;
    }
    Ok(files)
}

/// Whether a file begins as this command's do.
fn is_mock(file: &Path) -> bool {
    let mut first = Vec::new();
    let Ok(content) = input::open(file) else { return false };
    let read = BufReader::new(content.take(4096)).read_until(b'\n', &mut first);
    read.is_ok() && first.starts_with(MARK.as_bytes())
}

fn comments(args: &SimulateArgs, name: &str, mock: &Simulated) -> Vec<String> {
    let config = args.source.config.file_name().map_or_else(|| "-".into(), |n| n.to_string_lossy().into_owned());
    let truth: Vec<String> = mock.truth.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    vec![
        format!("{}: mock data `{name}` of {config}, seed {}", MARK.trim_start_matches("# "), args.seed),
        format!("made with {}", truth.join("; ")),
    ]
}
