//! Total internal partition sums that are built in.
//!
//! TIPS-2021 (Gamache et al. 2021, JQSRT 271, 107713) for every isotopologue that it has; TIPS-2025 (Gamache et al. 2025, JQSRT
//! 345, 109568) for the few that HITRAN added since; the levels of NIST for atomic oxygen. The published tables have 100 to 1800
//! rows each. `tips/sums.txt` holds the 20 to 40 of them (158 for CH4) from which [`PartitionFunction`]'s interpolation gives back
//! every other one to 1e-5; `scripts/tips.py` made it, and checked all 84 000 values. Below 70 K most published tables have steps of
//! 10 K only: between these Q is known to 1e-4 at 50 K, 5e-3 at 15 K and 5e-2 at 5 K.
//!
//! A row of the file is parsed when its isotopologue is asked for, which takes some microseconds.

use std::sync::Arc;

use super::fields::number;
use super::isotopologues::by_number;
use super::partition::PartitionFunction;
use crate::{Error, Result};

/// Lines of: edition, molecule, isotopologue, then T \[K\] and Q by turns; `#` begins a comment.
const SUMS: &str = include_str!("tips/sums.txt");

/// The built-in partition function of a HITRAN molecule and isotopologue (5, `'1'` is 12C-16O).
///
/// # Errors
/// An isotopologue that is not built in; the message says which of the molecule are, and how to bring one's own.
pub fn tips(molecule_id: u8, isotopologue: char) -> Result<Arc<PartitionFunction>> {
    if let Some((_, row)) = rows(SUMS).find(|(id, _)| *id == (molecule_id, isotopologue)) {
        let numbers = || row.split_ascii_whitespace().map(|word| number(word.as_bytes()).unwrap_or(f64::NAN));
        let (temperature, value) = (numbers().step_by(2).collect(), numbers().skip(1).step_by(2).collect());
        return Ok(Arc::new(PartitionFunction::new(temperature, value)?));
    }
    let of_it: Vec<&str> =
        built_in().filter(|id| id.0 == molecule_id).filter_map(|(m, i)| Some(by_number(m, i)?.slug)).collect();
    let has = match &of_it[..] {
        [] => format!("one of {} isotopologues of molecules 1 to 61 that are built in", built_in().count()),
        some => format!("one that is built in ({})", some.join(", ")),
    };
    Err(Error::invalid(
        "partition function",
        match by_number(molecule_id, isotopologue) {
            Some(i) => format!("{} isotopologue {isotopologue} ({})", i.molecule, i.slug),
            None => format!("HITRAN molecule {molecule_id} isotopologue {isotopologue}"),
        },
        format!("{has}, or a two-column file of T [K] and Q (`--partition FILE`, key `partition`)"),
    ))
}

/// HITRAN molecule and isotopologue numbers of all that [`tips`] knows.
pub fn built_in() -> impl Iterator<Item = (u8, char)> {
    rows(SUMS).map(|(id, _)| id)
}

/// Molecule and isotopologue of each line, and the text of its numbers.
fn rows(text: &str) -> impl Iterator<Item = ((u8, char), &str)> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut parts = line.splitn(4, ' ');
        let _edition = parts.next()?;
        Some(((parts.next()?.parse().ok()?, parts.next()?.chars().next()?), parts.next()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::{isotopologues, test_data};

    #[test]
    fn every_isotopologue_of_hitran_has_a_sum() {
        let ids: Vec<_> = built_in().collect();
        assert_eq!(ids.len(), 156);
        for i in isotopologues::all() {
            let q = tips(i.molecule_id, i.number).unwrap_or_else(|e| panic!("{}: {e}", i.slug));
            let (lo, hi) = q.range();
            assert!(lo <= 20.0 && hi >= 1000.0, "{}: {lo} to {hi} K", i.slug);
            assert!(q.entries().map(|e| e.1).collect::<Vec<_>>().is_sorted(), "{}", i.slug);
            assert!(q.at(296.0).is_ok() && ids.contains(&(i.molecule_id, i.number)));
        }
        assert!(ids.iter().all(|id| by_number(id.0, id.1).is_some()));
    }

    /// 30 published values of each isotopologue at temperatures that the built-in table does not have.
    #[test]
    fn published_values_come_back() {
        let mut count = 0;
        for ((molecule, number), row) in rows(include_str!("../../tests/data/tips_sample.txt")) {
            let q = tips(molecule, number).unwrap();
            let values: Vec<f64> = row.split_ascii_whitespace().map(|v| v.parse().unwrap()).collect();
            for pair in values.chunks(2) {
                let error = q.at(pair[0]).unwrap() / pair[1] - 1.0;
                assert!(error.abs() < 1.1e-5, "{molecule}/{number} at {} K: {error:e}", pair[0]);
                count += 1;
            }
        }
        assert!(count > 4500, "{count}");
    }

    #[test]
    fn the_nine_tables_in_steps_of_5_k_come_back() {
        let Some(folder) = test_data("partition") else { return };
        let mut tables = 0;
        for (molecule_id, number) in built_in() {
            let i = by_number(molecule_id, number).unwrap();
            let path = folder.join(format!("{}_{}.txt", i.molecule, i.afgl));
            if !path.exists() {
                continue;
            }
            tables += 1;
            let file = PartitionFunction::read(path).unwrap();
            let q = tips(molecule_id, number).unwrap();
            assert_eq!(q.range(), file.range(), "{}", i.slug);
            let worst = file.entries().map(|(t, value)| (q.at(t).unwrap() / value - 1.0).abs()).fold(0.0, f64::max);
            assert!(worst < 1.1e-5, "{}: {worst:e}", i.slug);
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), tables);
    }

    /// HITRAN's own Q(296 K), from its table of isotopologues (molparam.txt).
    #[test]
    fn sums_at_296_k_are_those_of_the_isotopologue_table() {
        let table = [
            (1, '1', 174.58),
            (2, '1', 286.09),
            (3, '1', 3483.7),
            (6, '1', 590.48),
            (11, '1', 1725.2),
            (34, '1', 6.72),
        ];
        for (molecule, number, q) in table {
            let ours = tips(molecule, number).unwrap().at(296.0).unwrap();
            assert!((ours / q - 1.0).abs() < 3e-3, "{molecule}/{number}: {ours}");
        }
    }

    #[test]
    fn a_missing_isotopologue_lists_what_there_is() {
        let message = tips(5, '9').unwrap_err().to_string();
        for part in ["12C-16O", "13C-18O", "--partition"] {
            assert!(message.contains(part), "{message}");
        }
        assert!(tips(99, 'x').unwrap_err().to_string().contains("molecule 99"));
    }
}
