//! `photosphere jacobian`

use std::path::Path;

use serde_json::json;

use super::folder::ResultFolder;
use crate::cli::args::JacobianArgs;
use crate::cli::notes;
use crate::cli::table::{Table, count};
use crate::output::{write_json, write_npy};
use crate::scenario::{self, Config};
use crate::{Error, Progress, Result, input};

/// Computes derivatives of a spectrum by the parameters of a configuration, at their start values.
///
/// # Errors
/// A wrong configuration, weights of another shape and an unwritable folder, all found before anything is computed; whatever the model
/// reports.
pub fn run(args: &JacobianArgs, progress: &dyn Progress) -> Result<()> {
    super::set_quiet_for(args.run.source.json);
    let config = args.run.source.load()?;
    let weights = args.weights.as_deref().map(|path| Weights::read(path, &config)).transpose()?;
    let main = if weights.is_some() { "product.npy" } else { "jacobian.npy" };
    let names = ["wavenumber.npy", config.transfer.geometry.file(), main, "parameters.json"];
    let folder = ResultFolder::new(&args.run.out, names)?;
    let result =
        scenario::jacobian(&config, &args.run.source.device, weights.as_ref().map(|w| w.rows.as_slice()), progress)?;
    let (n, parameters) = (result.wavenumber.len(), result.names.len());
    folder.clear(&["flux.npy", "radius.npy", "jacobian.npy", "product.npy"], &names, "parameters.json")?;
    write_npy(&folder.at(names[0]), &[n], &result.wavenumber)?;
    write_npy(&folder.at(names[1]), &[n], &result.flux)?;
    match &weights {
        Some(w) if w.single => write_npy(&folder.at(main), &[parameters], &result.derivatives)?,
        Some(_) => {
            write_npy(&folder.at(main), &[result.derivatives.len() / parameters, parameters], &result.derivatives)?
        }
        None => write_npy(&folder.at(main), &[n, parameters], &transposed(&result.derivatives, n))?,
    }
    let about = json!({
        "photosphere": env!("CARGO_PKG_VERSION"),
        "configuration": config.path,
        "notes": result.notes,
        "names": result.names,
        "values": result.values,
        "wavenumbers": n,
        "unit": scenario::spectrum_unit(&config),
        "device": result.device,
        "plan": result.plan,
        "device_bytes": result.device_bytes,
        "memory": result.memory,
    });
    write_json(&folder.at("parameters.json"), &about)?;
    if args.run.source.json {
        super::print_json(&about)?;
    }
    let mut table = Table::new(&["parameter", "value"]);
    for (name, value) in result.names.iter().zip(&result.values) {
        table.row([name.clone(), value.to_string()]);
    }
    let mut more = Table::default();
    more.row(["wavenumbers".to_owned(), count(n as u64)]).row(["device", result.device.as_str()]);
    if let Some(taken) = &result.device_bytes {
        more.row(["device memory".to_owned(), taken.to_string()]);
    }
    more.row(["written".to_owned(), format!("{} in {}", names.join(", "), args.run.out.display())]);
    let notes = notes::section(&result.notes, config.method.tolerance);
    super::print(&format!("{table}{more}\n{}{notes}", super::memory_table(&result.memory)))
}

/// \[nu\]\[parameter\] from \[parameter\]\[nu\].
fn transposed(columns: &[f64], n: usize) -> Vec<f64> {
    (0..n).flat_map(|i| columns.iter().skip(i).step_by(n).copied()).collect()
}

/// Weights of reverse mode.
struct Weights {
    /// \[output\]\[nu\].
    rows: Vec<f64>,
    /// Whether the file held one row, and no axis for several.
    single: bool,
}

impl Weights {
    fn read(path: &Path, config: &Config) -> Result<Self> {
        let n = config.grid.points();
        let bytes = input::bytes(path, input::ARRAYS, "an array of weights")?;
        let wrong = |e: String| Error::parse(path, None, e);
        let input::Array { shape, fortran, values } = input::array(path, &bytes)?;
        if let Some(i) = values.iter().position(|v| !v.is_finite()) {
            return Err(wrong(format!("number {i} is {}; required finite numbers", values[i])));
        }
        // Columns of W are what W^T J has rows of; rows of the right length are taken as they are.
        let by_columns = match shape[..] {
            [a] if a == n => return Ok(Self { rows: values, single: true }),
            [a, _] if a == n => true,
            [_, b] if b == n => false,
            _ => {
                let required = format!("[{n}], [{n}][k] or [k][{n}], one number for each wavenumber of the grid");
                return Err(Error::invalid(format!("shape of {}", path.display()), format!("{shape:?}"), required));
            }
        };
        // Which of the two axes runs fastest in memory.
        let rows_in_order = by_columns == fortran;
        let k = values.len() / n.max(1);
        let rows = if rows_in_order {
            values
        } else {
            (0..k).flat_map(|c| values.iter().skip(c).step_by(k).copied()).collect()
        };
        Ok(Self { rows, single: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_come_in_rows_or_columns() {
        let text = include_str!("../../../examples/emission.toml").replace("points = 150000", "points = 3");
        let config = Config::parse(Path::new("c.toml"), &text).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.npy");
        let read = |shape: &[usize], data: &[f64]| {
            write_npy(&path, shape, data).unwrap();
            Weights::read(&path, &config).map(|w| (w.rows, w.single)).map_err(|e| e.to_string())
        };
        assert_eq!(read(&[3], &[1.0, 2.0, 3.0]), Ok((vec![1.0, 2.0, 3.0], true)));
        assert_eq!(read(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), Ok((vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], false)));
        assert_eq!(read(&[3, 2], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]), Ok((vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], false)));
        assert!(read(&[2], &[1.0, 2.0]).unwrap_err().contains("given [2], required [3], [3][k] or [k][3]"));
        assert!(read(&[3], &[1.0, f64::NAN, 3.0]).unwrap_err().contains("number 1 is NaN"));
        std::fs::write(&path, "no array").unwrap();
        assert!(Weights::read(&path, &config).is_err());
    }

    #[test]
    fn columns_become_rows() {
        assert_eq!(transposed(&[1.0, 2.0, 3.0, 10.0, 20.0, 30.0], 3), [1.0, 10.0, 2.0, 20.0, 3.0, 30.0]);
    }
}
