//! Arrays in NumPy's NPY format.

use std::path::Path;

use npyz::WriterBuilder;

use super::write_atomic;
use crate::{Error, Result};

/// Numbers an array may hold: `f32` and `f64`.
pub trait Element: npyz::AutoSerialize + Copy + sealed::Sealed {}
impl Element for f32 {}
impl Element for f64 {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// Writes an array in C order (last index fastest).
///
/// # Errors
/// [`Error::Invalid`] if `shape` does not hold exactly `data.len()` elements; [`Error::Io`] if the file cannot be written.
pub fn write_npy<T: Element>(path: &Path, shape: &[usize], data: &[T]) -> Result<()> {
    let elements = shape.iter().try_fold(1usize, |n, s| n.checked_mul(*s));
    if elements != Some(data.len()) {
        let given = format!("shape {shape:?} for {} elements", data.len());
        return Err(Error::invalid(format!("array for {}", path.display()), given, "a shape of as many elements"));
    }
    let shape: Vec<u64> = shape.iter().map(|s| *s as u64).collect();
    write_atomic(path, |w| {
        let mut npy = npyz::WriteOptions::<T>::new().default_dtype().shape(&shape).writer(w).begin_nd()?;
        npy.extend(data.iter().copied())?;
        npy.finish()
    })
}

/// Numbers in the precision they were computed in: f32 from a device, f64 from the CPU.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

impl Values {
    /// As f64; values in f64 are not copied.
    pub fn into_f64(self) -> Vec<f64> {
        match self {
            Self::F32(values) => values.into_iter().map(f64::from).collect(),
            Self::F64(values) => values,
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
        }
    }

    /// True if there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// NumPy's name of the type.
    pub fn dtype(&self) -> &'static str {
        match self {
            Self::F32(_) => "float32",
            Self::F64(_) => "float64",
        }
    }

    /// A copy in double precision.
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Self::F32(v) => v.iter().map(|v| f64::from(*v)).collect(),
            Self::F64(v) => v.clone(),
        }
    }

    /// Writes the numbers as an array, as [`write_npy`].
    ///
    /// # Errors
    /// As [`write_npy`].
    pub fn write(&self, path: &Path, shape: &[usize]) -> Result<()> {
        match self {
            Self::F32(v) => write_npy(path, shape, v),
            Self::F64(v) => write_npy(path, shape, v),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_come_back_with_type_shape_and_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        Values::F32(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).write(&path, &[2, 3]).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let npy = npyz::NpyFile::new(&bytes[..]).unwrap();
        assert_eq!((npy.shape(), npy.order()), (&[2, 3][..], npyz::Order::C));
        assert_eq!(npy.dtype().descr(), "'<f4'");
        assert_eq!(npy.into_vec::<f32>().unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);

        write_npy(&path, &[2], &[0.1f64, f64::MAX]).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let npy = npyz::NpyFile::new(&bytes[..]).unwrap();
        assert_eq!((npy.shape(), npy.dtype().descr()), (&[2][..], "'<f8'".into()));
        // The header tells readers the shape as a Python tuple, which in one dimension has a comma.
        let header = String::from_utf8_lossy(&bytes[..128]).replace(' ', "");
        assert!(header.contains("'shape':(2,)"), "{header}");
    }

    #[test]
    fn a_wrong_shape_is_refused_and_nothing_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        for shape in [&[2, 2][..], &[usize::MAX, 2], &[]] {
            let e = write_npy(&path, shape, &[1.0f64, 2.0, 3.0]).unwrap_err().to_string();
            assert!(e.contains("for 3 elements"), "{e}");
        }
        assert!(!path.exists());
    }
}
