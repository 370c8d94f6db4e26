//! Covariance matrices of data sets, from files.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use nalgebra::DMatrix;

use super::DataSet;
use super::file::array;
use crate::{Error, Result, input};

/// Most points of a data set with a dense covariance: 128 MiB, and some ten seconds to factorise.
pub const MOST_POINTS: usize = 4096;
/// Longest NPY file of a matrix \[bytes\].
const MOST_BYTES: u64 = 8 * (MOST_POINTS * MOST_POINTS) as u64 + 4096;

/// Largest difference of two entries that should be equal, over the square root of their variances.
const SYMMETRY: f64 = 1e-6;

/// The covariance of the errors of a data set, in the order of the rows of its file: symmetric and positive definite.
#[derive(Clone, PartialEq)]
pub struct Covariance {
    matrix: Arc<DMatrix<f64>>,
}

impl Covariance {
    /// Of `n` points, from its rows `values` \[point\]\[point\], in the square of the unit of the data.
    ///
    /// # Errors
    /// [`Error::Invalid`]: no point, more than [`MOST_POINTS`], another number of values; one that is not finite, that differs from its mirror image, or a matrix
    /// that is not positive definite, with the first point at which that is seen.
    pub fn new(n: usize, values: &[f64]) -> Result<Self> {
        if n == 0 || n > MOST_POINTS {
            return Err(Error::invalid("points of a covariance matrix", n, format!("1 to {MOST_POINTS}")));
        }
        if values.len() != n * n {
            return Err(Error::invalid(
                "covariance matrix",
                format!("{} numbers", values.len()),
                format!("{n} times {n}"),
            ));
        }
        let entry = |i: usize, k: usize| format!("covariance of points {i} and {k}, counted from 0");
        for i in 0..n {
            for k in 0..=i {
                let (a, b) = (values[i * n + k], values[k * n + i]);
                if !(a.is_finite() && b.is_finite()) {
                    return Err(Error::invalid(entry(i, k), if a.is_finite() { b } else { a }, "a finite number"));
                }
                let scale = (values[i * n + i] * values[k * n + k]).abs().sqrt();
                if (a - b).abs() > SYMMETRY * scale {
                    return Err(Error::invalid(entry(i, k), format!("{a} and {b}"), "the same in both triangles"));
                }
            }
            if values[i * n + i] <= 0.0 {
                return Err(Error::invalid(
                    format!("variance of point {i}, counted from 0"),
                    values[i * n + i],
                    "a number above 0",
                ));
            }
        }
        let matrix = DMatrix::from_fn(n, n, |i, k| 0.5 * (values[i * n + k] + values[k * n + i]));
        if matrix.clone().cholesky().is_none() {
            // The first leading block without a factor tells where.
            let (mut sound, mut broken) = (1, n);
            while broken - sound > 1 {
                let middle = usize::midpoint(sound, broken);
                let block = matrix.view((0, 0), (middle, middle)).into_owned();
                if block.cholesky().is_some() { sound = middle } else { broken = middle }
            }
            let given = format!("one that is not: point {} follows from those before it", broken - 1);
            return Err(Error::invalid("covariance matrix", given, "a positive definite matrix"));
        }
        Ok(Self { matrix: Arc::new(matrix) })
    }

    /// Reads a `.npy` array \[point\]\[point\], or a text table of as many rows and columns, comments after `#`.
    ///
    /// # Errors
    /// A file that cannot be read or is no square of numbers; or as [`new`](Self::new).
    pub fn read(path: &Path) -> Result<Self> {
        let is_npy = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy"));
        let (rows, columns, values) = if is_npy { of_npy(path)? } else { of_text(path)? };
        if rows != columns {
            return Err(Error::parse(
                path,
                None,
                format!("{rows} rows and {columns} columns; required as many of both"),
            ));
        }
        Self::new(rows, &values).map_err(|e| match e {
            Error::Invalid { .. } => Error::parse(path, None, e.to_string()),
            other => other,
        })
    }

    /// Number of points.
    #[allow(clippy::len_without_is_empty)] // there is at least one
    pub fn len(&self) -> usize {
        self.matrix.nrows()
    }

    /// The numbers \[point\]\[point\].
    pub fn values(&self) -> &[f64] {
        self.matrix.as_slice()
    }

    /// The matrix in the order of the points of `set`, whose file had the same order of rows.
    ///
    /// # Errors
    /// [`Error::Invalid`]: another number of points.
    pub(super) fn sorted(&self, set: &DataSet) -> Result<DMatrix<f64>> {
        if self.len() != set.len() {
            let required = format!("{}, as many as there are data", set.len());
            return Err(Error::invalid("points of the covariance matrix", self.len(), required));
        }
        let order = set.order();
        Ok(DMatrix::from_fn(self.len(), self.len(), |i, k| self.matrix[(order[i], order[k])]))
    }
}

impl fmt::Debug for Covariance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Covariance of {} points", self.len())
    }
}

fn too_large(path: &Path, n: usize) -> Error {
    Error::parse(path, None, format!("a covariance of {n} points; required {MOST_POINTS} at most"))
}

fn of_npy(path: &Path) -> Result<(usize, usize, Vec<f64>)> {
    let (shape, values) = array(path, &input::bytes(path, MOST_BYTES, "a covariance matrix")?)?;
    match shape[..] {
        [rows, columns] if rows.max(columns) > MOST_POINTS => Err(too_large(path, rows.max(columns))),
        [rows, columns] => Ok((rows, columns, values)),
        _ => Err(Error::parse(path, None, format!("an array of shape {shape:?}; required: two dimensions"))),
    }
}

fn of_text(path: &Path) -> Result<(usize, usize, Vec<f64>)> {
    let text = input::text(path, 4 * MOST_BYTES, "a covariance matrix")?;
    let (mut rows, mut columns, mut values) = (0, 0, Vec::new());
    for (line, number) in text.lines().zip(1u64..) {
        let content = line.split('#').next().unwrap_or("");
        let before = values.len();
        for cell in content.split([',', ';', ' ', '\t']).map(str::trim).filter(|c| !c.is_empty()) {
            let value = cell.parse::<f64>();
            values.push(value.map_err(|_| Error::parse(path, number, format!("`{cell}` is not a number")))?);
        }
        let found = values.len() - before;
        if found == 0 {
            continue;
        }
        if rows > 0 && found != columns {
            return Err(Error::parse(path, number, format!("{found} columns; the first row has {columns}")));
        }
        (rows, columns) = (rows + 1, found);
        if columns > MOST_POINTS || rows > MOST_POINTS {
            return Err(too_large(path, columns.max(rows)));
        }
    }
    if rows == 0 {
        return Err(Error::parse(path, None, "no row of numbers"));
    }
    Ok((rows, columns, values))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn matrices_are_read_from_both_kinds_of_file_and_sorted_like_the_data() {
        let folder = tempfile::tempdir().unwrap();
        let (text, npy) = (folder.path().join("c.txt"), folder.path().join("c.npy"));
        fs::write(&text, "# three points\n4, 1, 0\n1, 9, 2\n0, 2, 16\n").unwrap();
        crate::output::write_npy(&npy, &[3, 3], &[4.0, 1.0, 0.0, 1.0, 9.0, 2.0, 0.0, 2.0, 16.0]).unwrap();
        let matrix = Covariance::read(&text).unwrap();
        assert_eq!(matrix, Covariance::read(&npy).unwrap());
        let set = DataSet::new("d", &[3.0, 1.0, 2.0], &[0.0; 3], &[1.0; 3]).unwrap();
        let sorted = matrix.sorted(&set).unwrap();
        assert_eq!(sorted.diagonal().as_slice(), [9.0, 16.0, 4.0]);
        assert_eq!((sorted[(0, 1)], sorted[(0, 2)]), (2.0, 1.0));
        let two = DataSet::new("d", &[3.0, 1.0], &[0.0; 2], &[1.0; 2]).unwrap();
        assert!(matrix.sorted(&two).unwrap_err().to_string().contains("given 3, required 2, as many"));
    }

    #[test]
    fn what_is_no_covariance_is_refused_with_its_place() {
        let error = |n: usize, values: &[f64]| Covariance::new(n, values).unwrap_err().to_string();
        assert!(error(0, &[]).contains("required 1 to 4096"));
        assert!(error(5000, &[]).contains("given 5000"));
        assert!(error(2, &[1.0; 3]).contains("given 3 numbers, required 2 times 2"));
        assert!(error(2, &[1.0, f64::NAN, 0.0, 1.0]).contains("points 1 and 0"));
        assert!(error(2, &[1.0, 0.5, 0.2, 1.0]).contains("given 0.2 and 0.5, required the same in both triangles"));
        assert!(error(2, &[1.0, 0.0, 0.0, 0.0]).contains("variance of point 1, counted from 0: given 0"));
        let message = error(3, &[1.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 2.0, 1.0]);
        assert!(
            message.contains("point 2 follows from those before it, required a positive definite matrix"),
            "{message}"
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.txt");
        for (text, words) in [
            ("1 2\n3\n", "line 2: 1 columns; the first row has 2"),
            ("1 x\n", "`x` is not a number"),
            ("1 2\n", "1 rows and 2 columns"),
            ("#\n", "no row of numbers"),
            ("1 2\n2 1\n", "c.txt: covariance matrix: given one that is not: point 1"),
        ] {
            fs::write(&path, text).unwrap();
            let message = Covariance::read(&path).unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
        }
    }
}
