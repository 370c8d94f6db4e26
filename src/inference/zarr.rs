//! A trace as a Zarr store, version 2 (zarr-specs.readthedocs.io), laid out as ArviZ expects (`docs/inference.md` has the recipe).
//!
//! Metadata are not consolidated; readers take them from the folders. An uncompressed array of one chunk is a file of raw numbers
//! beside two of JSON; a crate for all of Zarr would bring a hundred others along for that.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use serde_json::{Value, json};

use super::trace::Trace;
use crate::output::{UnfinishedFolder, write_atomic};
use crate::{Error, Result};

/// Writes the folder `path` with the groups `posterior` (each parameter \[chain\]\[draw\]) and `sample_stats` (`lp`, `energy`,
/// `diverging`, `tree_depth`, `reached_max_treedepth`, `n_steps`, `step_size`, `acceptance_rate`), and where the trace has it `log_likelihood` (each data set \[chain\]\[draw\]\[point\]), of which ArviZ's `loo` makes PSIS-LOO.
///
/// Parameters have their labels as attribute `long_name`.
///
/// The store is written beside its place and renamed; an older one of that name is replaced, whole or not. Parameters whose names cannot be folders (`a/b`) or collide with dimensions are refused.
///
/// # Errors
/// Names as above; those of [`check_zarr`]; files that cannot be written.
pub fn write_zarr(trace: &Trace, path: &Path) -> Result<()> {
    for name in &trace.names {
        let reserved = ["chain", "draw", ".", ".."].contains(&name.as_str());
        if reserved || name.is_empty() || name.starts_with(".z") || name.contains(['/', '\\', '\0']) {
            return Err(Error::invalid("name of a parameter in a trace", format!("`{name}`"), "a name for a folder"));
        }
    }
    check_zarr(path)?;
    let failed = |e| Error::io("write", path, e);
    let unfinished = UnfinishedFolder::beside(path).map_err(failed)?;
    write_store(trace, unfinished.path())?;
    unfinished.finish(path).map_err(failed)
}

/// Checks, before a long computation, that [`write_zarr`] will be able to write `path`: nothing is there, or a store of this program's, whole or not.
///
/// # Errors
/// [`Error::Io`] with action `"write"`: another folder, a file, a link; a place where nothing can be made.
pub fn check_zarr(path: &Path) -> Result<()> {
    let no = |kind, text: &str| Err(Error::io("write", path, io::Error::new(kind, text)));
    let other = "it is there and is no trace of an earlier run; move it, or choose another place";
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_symlink() => return no(ErrorKind::InvalidInput, "it is a link, which is not touched"),
        Ok(meta) if !meta.is_dir() => return no(ErrorKind::AlreadyExists, other),
        Ok(_) => {
            // What is left of a store whose removal was cut short has no other names.
            let entries = fs::read_dir(path).map_err(|e| Error::io("write", path, e))?;
            let own = entries.flatten().all(|e| e.file_name().to_str().is_some_and(|name| NAMES.contains(&name)));
            if !own {
                return no(ErrorKind::AlreadyExists, other);
            }
        }
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        Err(e) => return Err(Error::io("write", path, e)),
    }
    UnfinishedFolder::beside(path).map(drop).map_err(|e| Error::io("write", path, e))
}

/// What lies in a store.
const NAMES: [&str; 5] = [".zgroup", ".zattrs", "posterior", "sample_stats", "log_likelihood"];

fn write_store(trace: &Trace, path: &Path) -> Result<()> {
    let store = Store { path };
    store.group("", &json!({ "creation_library": "photosphere", "warmup": trace.warmup }))?;
    let (chains, draws) = (trace.chains.len(), trace.draws());
    for group in ["posterior", "sample_stats"] {
        let about =
            json!({ "inference_library": "photosphere", "inference_library_version": env!("CARGO_PKG_VERSION") });
        store.group(group, &about)?;
        store.array(&format!("{group}/chain"), &["chain"], &[chains], "<i8", &counting(chains))?;
        store.array(&format!("{group}/draw"), &["draw"], &[draws], "<i8", &counting(draws))?;
    }
    let plane = |name: String, kind: &str, bytes: Vec<u8>| {
        store.array(&name, &["chain", "draw"], &[chains, draws], kind, &bytes)
    };
    for (i, name) in trace.names.iter().enumerate() {
        plane(format!("posterior/{name}"), "<f8", floats(&trace.parameter(i).concat()))?;
        let about = json!({ "_ARRAY_DIMENSIONS": ["chain", "draw"], "long_name": trace.label(i) });
        store.note(&format!("posterior/{name}"), ".zattrs", &about)?;
    }
    let of = |f: &dyn Fn(&super::DrawStatistics) -> f64| trace.statistic(f).concat();
    let integers = |v: &[f64]| v.iter().flat_map(|v| (*v as i64).to_le_bytes()).collect();
    let flags = |v: &[f64]| v.iter().map(|v| *v as u8).collect();
    let flag = |b: bool| f64::from(u8::from(b));
    for (name, values) in [
        ("lp", of(&|s| s.lp)),
        ("energy", of(&|s| s.energy)),
        ("step_size", of(&|s| s.step_size)),
        ("acceptance_rate", of(&|s| s.acceptance_rate)),
    ] {
        plane(format!("sample_stats/{name}"), "<f8", floats(&values))?;
    }
    if !trace.log_likelihood.is_empty() {
        store.group("log_likelihood", &json!({ "inference_library": "photosphere" }))?;
        store.array("log_likelihood/chain", &["chain"], &[chains], "<i8", &counting(chains))?;
        store.array("log_likelihood/draw", &["draw"], &[draws], "<i8", &counting(draws))?;
        for set in &trace.log_likelihood {
            let dimension = format!("{}_point", set.name);
            let name = format!("log_likelihood/{}", set.name);
            store.array(
                &name,
                &["chain", "draw", &dimension],
                &[chains, draws, set.points],
                "<f8",
                &floats(&set.values),
            )?;
        }
    }
    plane("sample_stats/tree_depth".into(), "<i8", integers(&of(&|s| s.tree_depth as f64)))?;
    plane("sample_stats/n_steps".into(), "<i8", integers(&of(&|s| s.n_steps as f64)))?;
    plane("sample_stats/diverging".into(), "|b1", flags(&of(&|s| flag(s.diverging))))?;
    plane("sample_stats/reached_max_treedepth".into(), "|b1", flags(&of(&|s| flag(s.reached_max_depth))))?;
    Ok(())
}

fn floats(v: &[f64]) -> Vec<u8> {
    v.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// 0, 1, 2, ... as 64-bit integers.
fn counting(n: usize) -> Vec<u8> {
    (0..n as i64).flat_map(i64::to_le_bytes).collect()
}

/// A store under construction.
struct Store<'a> {
    path: &'a Path,
}

impl Store<'_> {
    fn group(&self, name: &str, attributes: &Value) -> Result<()> {
        self.note(name, ".zgroup", &json!({ "zarr_format": 2 }))?;
        self.note(name, ".zattrs", attributes)
    }

    /// An array of one chunk in C order.
    fn array(&self, name: &str, dimensions: &[&str], shape: &[usize], kind: &str, bytes: &[u8]) -> Result<()> {
        let fill = if kind == "<f8" { json!("NaN") } else { Value::Null };
        let array = json!({
            "zarr_format": 2, "shape": shape, "chunks": shape, "dtype": kind, "order": "C",
            "compressor": null, "filters": null, "fill_value": fill,
        });
        self.note(name, ".zarray", &array)?;
        self.note(name, ".zattrs", &json!({ "_ARRAY_DIMENSIONS": dimensions }))?;
        let chunk = vec!["0"; shape.len()].join(".");
        write_atomic(&self.path.join(name).join(chunk), |w| w.write_all(bytes))
    }

    fn note(&self, name: &str, file: &str, content: &Value) -> Result<()> {
        let folder = self.path.join(name);
        fs::create_dir_all(&folder).map_err(|e| Error::io("create folder", &folder, e))?;
        write_atomic(&folder.join(file), |w| w.write_all(format!("{content:#}").as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::trace::{Chain, DrawStatistics};
    use super::*;

    /// Two chains of three draws of `T0` and `mmr`.
    fn trace() -> Trace {
        let chain = |c: u64| Chain {
            draws: (0..6).map(|i| i as f64 + 100.0 * c as f64).collect(),
            statistics: (0..3)
                .map(|i| DrawStatistics {
                    lp: -0.5 * i as f64,
                    energy: 1.5,
                    diverging: c == 1 && i == 2,
                    tree_depth: 2 + i,
                    reached_max_depth: false,
                    n_steps: 7,
                    step_size: 0.25,
                    acceptance_rate: 0.875,
                })
                .collect(),
            ..Chain::default()
        };
        Trace {
            names: vec!["T0".into(), "mmr".into()],
            labels: vec!["T0 [K]".into(), "mass mixing ratio".into()],
            chains: vec![chain(0), chain(1)],
            warmup: 10,
            log_likelihood: vec![super::super::Pointwise { name: "night".into(), points: 2, values: vec![-1.5; 12] }],
        }
    }

    #[test]
    fn the_store_has_what_the_specification_asks_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.zarr");
        for _ in 0..2 {
            // The second time it replaces the first.
            write_zarr(&trace(), &path).unwrap();
        }
        let chunk = |name: &str| std::fs::read(path.join(name)).unwrap();
        let mmr: Vec<f64> =
            chunk("posterior/mmr/0.0").chunks(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect();
        assert_eq!(mmr, [1.0, 3.0, 5.0, 101.0, 103.0, 105.0]);
        assert_eq!(chunk("sample_stats/diverging/0.0"), [0, 0, 0, 0, 0, 1]);
        assert_eq!(chunk("sample_stats/tree_depth/0.0")[8..16], 3i64.to_le_bytes());
        assert_eq!(chunk("posterior/draw/0").len(), 24);
        assert_eq!(chunk("log_likelihood/night/0.0.0").len(), 2 * 3 * 2 * 8);
        let array: Value = serde_json::from_slice(&chunk("posterior/T0/.zarray")).unwrap();
        assert_eq!((&array["shape"], &array["dtype"]), (&json!([2, 3]), &json!("<f8")));
        let attributes: Value = serde_json::from_slice(&chunk("sample_stats/lp/.zattrs")).unwrap();
        assert_eq!(attributes["_ARRAY_DIMENSIONS"], json!(["chain", "draw"]));
        let attributes: Value = serde_json::from_slice(&chunk("posterior/T0/.zattrs")).unwrap();
        assert_eq!(attributes, json!({ "_ARRAY_DIMENSIONS": ["chain", "draw"], "long_name": "T0 [K]" }));
    }

    #[test]
    fn other_folders_and_names_that_are_none_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("thesis.tex"), "text").unwrap();
        let message = write_zarr(&trace(), folder.path()).unwrap_err().to_string();
        assert!(message.contains("no trace of an earlier run") && folder.path().join("thesis.tex").exists());
        for (k, half) in [&[][..], &["posterior"], &[".zattrs", "sample_stats"]].into_iter().enumerate() {
            let path = folder.path().join(format!("half {k}"));
            fs::create_dir(&path).unwrap();
            half.iter().for_each(|name| fs::create_dir_all(path.join(name)).unwrap());
            check_zarr(&path).unwrap();
            write_zarr(&trace(), &path).unwrap();
            assert!(path.join("posterior/T0/0.0").exists());
        }
        for name in ["a/b", "", "draw", ".zarray"] {
            let mut t = trace();
            t.names[0] = name.into();
            assert!(write_zarr(&t, &folder.path().join("new")).is_err(), "{name}");
        }
    }
}
