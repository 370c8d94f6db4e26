//! Data sets as text tables, which [`DataSet::read`](super::DataSet::read) reads back.

use std::fmt::Write as _;

use super::text::Column;
use super::{DataSet, ReadOptions, SpectralUnit};
use crate::{Error, Result, units};

impl DataSet {
    /// The data as a text table that [`read`](Self::read) reads back with the same options: comments, a header, one row a point, in the order in which
    /// points were given. Numbers have all their digits.
    ///
    /// # Errors
    /// [`Error::Invalid`]: columns that are neither three names nor the places 0, 1 and 2; wavelengths in air below 0.2 um; bins that do not meet half-way.
    pub fn to_text(&self, comments: &[String], options: &ReadOptions) -> Result<String> {
        let (spectral, unit) = match options.unit {
            SpectralUnit::WavenumberPerCm => ("wavenumber", "cm-1"),
            SpectralUnit::Micron => ("wavelength", "um in vacuum"),
            SpectralUnit::Nanometre => ("wavelength", "nm in vacuum"),
            SpectralUnit::MicronInAir => ("wavelength", "um in air"),
            SpectralUnit::NanometreInAir => ("wavelength", "nm in air"),
        };
        let mut names = [spectral, "value", "error"].map(str::to_owned);
        let mut places = [0, 1, 2];
        let mut by_name = 0;
        for ((column, place), name) in options.columns.iter().zip(&mut places).zip(&mut names) {
            match column {
                Column::Index(index) => *place = *index,
                Column::Name(own) => (*name, by_name) = (own.clone(), by_name + 1),
            }
        }
        let mut sorted = places;
        sorted.sort_unstable();
        if sorted != [0, 1, 2] || (by_name > 0 && by_name < 3) {
            let given = options.columns.iter().map(Column::to_string).collect::<Vec<_>>().join(", ");
            return Err(Error::invalid("columns of a table to write", given, "three names, or the places 0, 1 and 2"));
        }
        let axis = |nu: f64| match options.unit {
            SpectralUnit::WavenumberPerCm => nu,
            SpectralUnit::Micron => 1e4 / nu,
            SpectralUnit::Nanometre => 1e7 / nu,
            SpectralUnit::MicronInAir => units::air_um(nu),
            SpectralUnit::NanometreInAir => units::air_um(nu) * 1e3,
        };
        let spectral: Vec<f64> = self.wavenumber().iter().map(|nu| axis(*nu)).collect();
        options.unit.check(&spectral)?;
        let mut text = String::new();
        comments.iter().for_each(|line| text += &format!("# {line}\n"));
        text += &format!("# {} in {unit}\n", names[0]);
        let row = |cells: [String; 3]| {
            let mut ordered = [const { String::new() }; 3];
            cells.into_iter().zip(places).for_each(|(cell, place)| ordered[place] = cell);
            ordered.join(" ")
        };
        let _ = writeln!(text, "# {}", row(names));
        let mut rows: Vec<(usize, [f64; 3])> =
            (0..self.len()).map(|k| (self.order()[k], [spectral[k], self.value()[k], self.error()[k]])).collect();
        // As they were given: a covariance follows the rows of its data.
        rows.sort_by_key(|(place, _)| *place);
        for (_, numbers) in rows {
            // The shortest text that is read as the same number.
            let _ = writeln!(text, "{}", row(numbers.map(|v| format!("{v:?}"))));
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.txt");
        let nu: Vec<f64> = (0..50).map(|i| 2000.0 * (f64::from(i) / 7.0e3).exp()).collect();
        let value: Vec<f64> = nu.iter().map(|nu| 1e-7 * (nu * 3.3).sin() - 1e9 / nu).collect();
        let error: Vec<f64> = (0..50).map(|i| 0.1 + f64::from(i) / 3.0).collect();
        let set = DataSet::new("d", &nu, &value, &error).unwrap();
        use SpectralUnit::{Micron, MicronInAir, Nanometre, NanometreInAir, WavenumberPerCm};
        for unit in [WavenumberPerCm, Micron, Nanometre, MicronInAir, NanometreInAir] {
            let names = ["axis", "flux", "sigma"].map(|n| Column::Name(n.into()));
            for columns in [[0, 1, 2].map(Column::Index), [2, 0, 1].map(Column::Index), names] {
                let options = ReadOptions { unit, columns, binned: unit == Micron };
                let expected = if options.binned { set.clone().contiguous().unwrap() } else { set.clone() };
                let text = expected.to_text(&["a mock".into(), "seed 1, 2, 3".into()], &options).unwrap();
                std::fs::write(&path, text).unwrap();
                let back = DataSet::read("d", &path, &options).unwrap();
                assert_eq!((back.value(), back.error()), (set.value(), set.error()));
                let apart = |(a, b): (&f64, &f64)| (a / b - 1.0).abs();
                let worst = back.wavenumber().iter().zip(&nu).map(apart).fold(0.0, f64::max);
                assert!(worst < if unit == WavenumberPerCm { 1e-300 } else { 1e-11 }, "{unit:?}: {worst}");
            }
        }
        let mixed = DataSet::new("d", &[3.0, 1.0, 2.0], &[30.0, 10.0, 20.0], &[1.0; 3]).unwrap();
        let text = mixed.to_text(&[], &ReadOptions::default()).unwrap();
        assert!(text.ends_with("3.0 30.0 1.0\n1.0 10.0 1.0\n2.0 20.0 1.0\n"), "{text}");
        std::fs::write(&path, text).unwrap();
        assert_eq!(DataSet::read("d", &path, &ReadOptions::default()).unwrap(), mixed);
        let columns = [0, 1, 3].map(Column::Index);
        let message = set.to_text(&[], &ReadOptions { columns, ..ReadOptions::default() }).unwrap_err().to_string();
        assert!(message.contains("given 0, 1, 3, required three names, or the places 0, 1 and 2"), "{message}");
    }
}
