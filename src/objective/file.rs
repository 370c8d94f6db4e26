//! Data sets from files: text tables, NPY and NPZ arrays.

use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::text::{Column, Table};
use super::{DataSet, SpectralUnit};
use crate::{Error, Result, input};

/// How to read a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// What the spectral axis holds.
    pub unit: SpectralUnit,
    /// Spectral axis, value and error. In an NPZ file, arrays are found by name; places 0, 1, 2 stand for `wavenumber` (or `wavelength`, by the unit),
    /// `value`, `error`.
    pub columns: [Column; 3],
    /// Values are means over bins that meet half-way between neighbours (in wavenumber), not samples.
    pub binned: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { unit: SpectralUnit::default(), columns: [0, 1, 2].map(Column::Index), binned: false }
    }
}

impl DataSet {
    /// Reads a data set called `name`: `.npy` holds an array \[point\]\[column\] or \[column\]\[point\] (whichever side is the shorter counts the columns),
    /// `.npz` one array for each column, anything else is a text table with commas, semicolons or white space between columns, comments
    /// after `#`, and an optional header (a first row that is not numbers, or the comment before it).
    ///
    /// # Errors
    /// A file that cannot be read or is no such table, with line and column; columns that are not there; data refused by [`DataSet::new`].
    pub fn read(name: &str, path: &Path, options: &ReadOptions) -> Result<Self> {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
        let [spectral, value, error] = match extension.as_str() {
            "npy" => read_npy(path, options)?,
            "npz" => read_npz(path, options)?,
            _ => {
                let text = input::text(path, input::TABLE, "a table of data")?;
                Table::parse(path, &text)?.columns(path, &options.columns)?
            }
        };
        options.unit.check(&spectral)?;
        let wavenumber: Vec<f64> = spectral.into_iter().map(|x| options.unit.to_wavenumber(x)).collect();
        let set = Self::new(name, &wavenumber, &value, &error)?;
        if options.binned { set.contiguous() } else { Ok(set) }
    }
}

fn read_npy(path: &Path, options: &ReadOptions) -> Result<[Vec<f64>; 3]> {
    let (shape, data) = array(path, &input::bytes(path, input::ARRAYS, "an array of data")?)?;
    let [rows, columns] = shape[..] else {
        return Err(Error::parse(path, None, format!("an array of shape {shape:?}; required: two dimensions")));
    };
    // Points are more than columns.
    let by_row = columns <= rows;
    let (columns, points) = if by_row { (columns, rows) } else { (rows, columns) };
    let mut out = [const { Vec::new() }; 3];
    for (out, column) in out.iter_mut().zip(&options.columns) {
        let index = match column {
            Column::Index(index) if *index < columns => *index,
            _ => {
                let message = format!("no column {column}; the array has {columns} columns, counted from 0");
                return Err(Error::parse(path, None, message));
            }
        };
        *out = (0..points).map(|k| if by_row { data[k * columns + index] } else { data[index * points + k] }).collect();
    }
    Ok(out)
}

fn read_npz(path: &Path, options: &ReadOptions) -> Result<[Vec<f64>; 3]> {
    let spectral = if options.unit == SpectralUnit::WavenumberPerCm { "wavenumber" } else { "wavelength" };
    let defaults = [spectral, "value", "error"];
    let broken = |e: ZipError| Error::parse(path, None, format!("not an archive of arrays: {e}"));
    let mut archive = ZipArchive::new(BufReader::new(input::open(path)?)).map_err(broken)?;
    let mut out = [const { Vec::new() }; 3];
    for ((out, column), default) in out.iter_mut().zip(&options.columns).zip(defaults) {
        let name = match column {
            Column::Name(name) => name,
            Column::Index(_) => default,
        };
        let Some(index) = archive.index_for_name(&format!("{name}.npy")) else {
            let names = archive.file_names().filter_map(|n| Some(n.ok()?.strip_suffix(".npy")?.to_owned()));
            let mut names: Vec<String> = names.collect();
            names.sort_unstable();
            let message = format!("no array `{name}`; the file holds {}", names.join(", "));
            return Err(Error::parse(path, None, message));
        };
        let member = archive.by_index(index).map_err(broken)?;
        let (shape, data) = array(path, &unpacked(path, name, member)?)?;
        if shape.len() != 1 {
            return Err(Error::parse(
                path,
                None,
                format!("array `{name}` of shape {shape:?}; required: one dimension"),
            ));
        }
        *out = data;
    }
    Ok(out)
}

/// The bytes of an archive's member. What expands more than a hundredfold is no array of measurements.
fn unpacked(path: &Path, name: &str, member: impl Read) -> Result<Vec<u8>> {
    let most = input::expanded(std::fs::metadata(path).map_or(0, |m| m.len())).min(input::ARRAYS);
    let mut bytes = Vec::new();
    let cut = |e| Error::parse(path, None, format!("array `{name}`: compressed data truncated or corrupt: {e}"));
    member.take(most + 1).read_to_end(&mut bytes).map_err(cut)?;
    if bytes.len() as u64 > most {
        return Err(Error::parse(path, None, format!("array `{name}` unpacks to more than {most} bytes")));
    }
    Ok(bytes)
}

/// Shape and numbers in C order; float32 and float64 are taken.
pub(super) fn array(path: &Path, bytes: &[u8]) -> Result<(Vec<usize>, Vec<f64>)> {
    let input::Array { shape, fortran, values } = input::array(path, bytes)?;
    if fortran && shape.len() > 1 {
        return Err(Error::parse(path, None, "an array in Fortran order; required: C order (numpy.ascontiguousarray)"));
    }
    Ok((shape, values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::write_npy;
    use npyz::WriterBuilder;
    use std::fs;

    fn file(name: &str, text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        (folder, path)
    }

    fn read(text: &str, options: &ReadOptions) -> Result<DataSet> {
        let (_folder, path) = file("data.txt", text);
        DataSet::read("d", &path, options)
    }

    fn named(names: [&str; 3]) -> ReadOptions {
        ReadOptions { columns: names.map(|n| Column::Name(n.into())), ..ReadOptions::default() }
    }

    #[test]
    fn text_tables_of_all_kinds_are_the_same_data() {
        let expected = DataSet::new("d", &[2000.0, 2001.5], &[1.5, -2.0], &[0.1, 0.2]).unwrap();
        let order = ReadOptions::default();
        let names = named(["nu", "flux", "err"]);
        for text in ["2000 1.5 0.1\n2001.5\t-2e0   0.2\n", "# a comment\n\n2000,1.5,0.1\n2001.5, -2.0 ,0.2 # x\n"] {
            assert_eq!(read(text, &order).unwrap(), expected);
        }
        assert_eq!(read("nu;flux;err\r\n2001.5;-2;0.2\r\n2000;1.5;0.1\r\n", &order).unwrap(), expected);
        for text in [
            "flux,\"nu\",junk,err\n1.5,2000,x,0.1\n-2,2001.5,nan,0.2\n",
            "# made by me\n# nu flux err\n2000 1.5 0.1\n2001.5 -2 0.2\n",
        ] {
            assert_eq!(read(text, &names).unwrap(), expected);
        }
        let microns = ReadOptions { unit: SpectralUnit::Micron, ..order.clone() };
        assert_eq!(read("5.0 1.5 0.1\n4.0 2 0.2", &microns).unwrap().wavenumber(), [2000.0, 2500.0]);
        let nanometres = ReadOptions { unit: SpectralUnit::Nanometre, binned: true, ..order };
        let set = read("5000 1.5 0.1\n4000 2 0.2", &nanometres).unwrap();
        assert_eq!(set.sampling(), crate::instrument::Sampling::Bins(vec![[1750.0, 2250.0], [2250.0, 2750.0]]));
    }

    #[test]
    fn wrong_tables_are_told_by_line_and_column() {
        let error = |text: &str, options: &ReadOptions| read(text, options).unwrap_err().to_string();
        let order = ReadOptions::default();
        assert!(error("", &order).contains("no row of numbers"));
        assert!(error("nu v e\n", &order).contains("no row of numbers"));
        let message = error("1 2 3\n# c\n4 5\n", &order);
        assert!(message.contains("data.txt, line 3: 2 columns; the first row has 3"), "{message}");
        let message = error("a,b,c\n1,2,3\n4,x,6\n", &order);
        assert!(message.contains(", line 3: column 1: `x` is not a number"), "{message}");
        assert!(error("1 2\n3 4\n", &order).contains("no column 2; the table has 2 columns, counted from 0"));
        let names = named(["nu", "flux", "err"]);
        let message = error("nu,flux,error\n1,2,3\n", &names);
        assert!(message.contains("no column `err`; the header has `nu`, `flux`, `error`"), "{message}");
        assert!(error("1,2,3\n", &names).contains("no column `nu`; the table has no header"));
        assert!(error("1 2 0\n", &order).contains("data set `d`: error 0, at 1 cm-1: given 0"));
        let missing = DataSet::read("d", Path::new("/nowhere/x.txt"), &order).unwrap_err().to_string();
        assert!(missing.starts_with("cannot read /nowhere/x.txt"), "{missing}");
    }

    #[test]
    fn arrays_are_read_either_way_round() {
        let (_folder, path) = file("a.npy", "");
        let expected = DataSet::new("d", &[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0], &[0.5; 4]).unwrap();
        let order = ReadOptions::default();
        write_npy(&path, &[3, 4], &[1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 0.5, 0.5, 0.5, 0.5]).unwrap();
        assert_eq!(DataSet::read("d", &path, &order).unwrap(), expected);
        write_npy(&path, &[4, 3], &[1.0f32, 5.0, 0.5, 2.0, 6.0, 0.5, 3.0, 7.0, 0.5, 4.0, 8.0, 0.5]).unwrap();
        assert_eq!(DataSet::read("d", &path, &order).unwrap(), expected);
        write_npy(&path, &[6, 2], &[1.0f64; 12]).unwrap();
        let message = DataSet::read("d", &path, &order).unwrap_err().to_string();
        assert!(message.contains("no column 2; the array has 2 columns"), "{message}");
        write_npy(&path, &[12], &[1.0f64; 12]).unwrap();
        assert!(DataSet::read("d", &path, &order).unwrap_err().to_string().contains("required: two dimensions"));
        fs::write(&path, "nonsense").unwrap();
        assert!(DataSet::read("d", &path, &order).unwrap_err().to_string().contains("not an NPY file"));
    }

    #[test]
    fn archives_are_read_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let mut npz = npyz::npz::NpzWriter::create(&path).unwrap();
        for (name, data) in
            [("wavenumber", [1.0, 2.0]), ("value", [5.0, 6.0]), ("error", [0.1, 0.2]), ("other", [7.0, 8.0])]
        {
            let mut array =
                npz.array::<f64>(name, Default::default()).unwrap().default_dtype().shape(&[2]).begin_nd().unwrap();
            array.extend(data).unwrap();
            array.finish().unwrap();
        }
        drop(npz);
        let set = DataSet::read("d", &path, &ReadOptions::default()).unwrap();
        assert_eq!(set, DataSet::new("d", &[1.0, 2.0], &[5.0, 6.0], &[0.1, 0.2]).unwrap());
        let other = DataSet::read("d", &path, &named(["wavenumber", "other", "error"])).unwrap();
        assert_eq!(other.value(), [7.0, 8.0]);
        let message = DataSet::read("d", &path, &named(["wavenumber", "flux", "error"])).unwrap_err().to_string();
        assert!(message.contains("no array `flux`; the file holds error, other, value, wavenumber"), "{message}");
    }
}
