//! The 160-character record of HITRAN2004 and later, and of HITEMP.

use crate::lines::fields::{number, quote, unsigned};

/// Length of a record without its line end.
pub const RECORD_LENGTH: usize = 160;

/// One record (Rothman et al. 2005, JQSRT 96, 139, table 1). Widths are per atmosphere, as they stand there.
#[derive(Clone, Copy, Debug)]
pub struct HitranRecord<'a> {
    /// HITRAN molecule number.
    pub molecule_id: u8,
    /// HITRAN isotopologue number: `1` to `9`, `0`, `A`, `B`.
    pub isotopologue: char,
    /// Line centre in vacuum \[cm-1\].
    pub wavenumber: f64,
    /// Line strength at 296 K, terrestrial abundance contained \[cm molecule-1\].
    pub strength: f64,
    /// Half width in air at 296 K \[cm-1 atm-1\]; 0 where it is not known.
    pub gamma_air: f64,
    /// Half width in the gas itself at 296 K \[cm-1 atm-1\]; 0 where it is not known.
    pub gamma_self: f64,
    /// Lower-state energy \[cm-1\]; -1 where it is not known.
    pub lower_energy: f64,
    /// Temperature exponent of the half width in air; `None` where the field is blank.
    pub n_air: Option<f64>,
    /// The whole record: quantum numbers are read from here (global: columns 68 to 97, local: 98 to 127).
    pub text: &'a [u8],
}

/// Molecule, isotopologue and wavenumber: all that is needed to see whether a record is wanted.
pub(super) fn parse_head(line: &[u8]) -> Result<(u8, char, f64), String> {
    let body = line.trim_ascii_end();
    if line.len() < RECORD_LENGTH || body.len() > RECORD_LENGTH {
        let hint = if line.len() == 100 { " (is this the old format of HITRAN2000?)" } else { "" };
        return Err(format!(
            "a HITRAN record has {RECORD_LENGTH} characters, this line has {}{hint}: {}",
            if line.len() < RECORD_LENGTH { line.len() } else { body.len() },
            quote(line)
        ));
    }
    let molecule = unsigned(&line[..2]).and_then(|m| u8::try_from(m).ok()).filter(|m| *m > 0);
    let molecule = molecule.ok_or_else(|| wrong("1 to 2 (molecule number)", "a number from 1 to 99", &line[..2]))?;
    let isotopologue = line[2];
    if !(isotopologue.is_ascii_digit() || isotopologue.is_ascii_uppercase()) {
        return Err(wrong("3 (isotopologue number)", "a digit or a capital letter", &line[2..3]));
    }
    let wavenumber = number(&line[3..15])
        .filter(|nu| *nu >= 0.0)
        .ok_or_else(|| wrong("4 to 15 (wavenumber [cm-1])", "a finite number of at least 0", &line[3..15]))?;
    Ok((molecule, isotopologue as char, wavenumber))
}

/// The rest of a record whose head has been read.
pub(super) fn parse_rest(
    line: &[u8],
    (molecule_id, isotopologue, wavenumber): (u8, char, f64),
) -> Result<HitranRecord<'_>, String> {
    let not_negative = |from: usize, to: usize, what: &str| {
        let field = &line[from - 1..to];
        number(field)
            .filter(|v| *v >= 0.0)
            .ok_or_else(|| wrong(&format!("{from} to {to} ({what})"), "a finite number of at least 0", field))
    };
    let energy_field = &line[45..55];
    let lower_energy = number(energy_field)
        .filter(|e| *e >= 0.0 || *e == -1.0)
        .ok_or_else(|| wrong("46 to 55 (lower-state energy [cm-1])", "at least 0, or -1 for unknown", energy_field))?;
    let n_field = &line[55..59];
    let n_air = if n_field.trim_ascii().is_empty() {
        None
    } else {
        let n = number(n_field);
        Some(n.ok_or_else(|| wrong("56 to 59 (temperature exponent)", "a finite number or blanks", n_field))?)
    };
    Ok(HitranRecord {
        molecule_id,
        isotopologue,
        wavenumber,
        strength: not_negative(16, 25, "line strength [cm/molecule]")?,
        gamma_air: not_negative(36, 40, "half width in air [cm-1/atm]")?,
        gamma_self: not_negative(41, 45, "half width in the gas itself [cm-1/atm]")?,
        lower_energy,
        n_air,
        text: line,
    })
}

fn wrong(columns: &str, required: &str, field: &[u8]) -> String {
    format!("columns {columns}: {required} is required, found {}", quote(field))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Two records as HITRAN writes them.
    pub const RECORDS: [&str; 2] = [
        " 52 2000.052539 1.353E-29 4.415E+01.05670.062 4448.30300.74-.002750              3              2                    P 12      467665 5 8 2 2 1 7    46.0   50.0",
        " 51 2002.114985 1.322E-25 2.960E+01.04570.047 3579.97510.67-.002900              2              1                    P 25      467665 5 8 2 2 1 7    98.0  102.0",
    ];

    fn parse(line: &[u8]) -> Result<HitranRecord<'_>, String> {
        parse_rest(line, parse_head(line)?)
    }

    #[test]
    fn columns() {
        let r = parse(RECORDS[0].as_bytes()).unwrap();
        assert_eq!((r.molecule_id, r.isotopologue, r.wavenumber, r.strength), (5, '2', 2000.052539, 1.353e-29));
        assert_eq!((r.gamma_air, r.gamma_self, r.lower_energy, r.n_air), (0.0567, 0.062, 4448.3030, Some(0.74)));
    }

    #[test]
    fn each_bad_column_is_named() {
        for (column, text, part) in [
            (1, "xx", "columns 1 to 2"),
            (1, " 0", "columns 1 to 2"),
            (3, "?", "columns 3"),
            (4, "   nan      ", "columns 4 to 15"),
            (4, "-1.0", "columns 4 to 15"),
            (16, "-1.353E-29", "columns 16 to 25"),
            (36, "-.057", "columns 36 to 40"),
            (41, "x", "columns 41 to 45"),
            (46, "   -2.0000", "columns 46 to 55"),
            (56, "n.a.", "columns 56 to 59"),
        ] {
            let mut line = RECORDS[0].as_bytes().to_vec();
            line[column - 1..column - 1 + text.len()].copy_from_slice(text.as_bytes());
            let message = parse(&line).unwrap_err();
            assert!(message.contains(part), "{message}");
        }
        assert!(parse(&RECORDS[0].as_bytes()[..100]).unwrap_err().contains("HITRAN2000"));
        assert!(parse(format!("{}x", RECORDS[0]).as_bytes()).unwrap_err().contains("161"));
        assert!(parse(format!("{}   ", RECORDS[0]).as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn mutated_records_are_taken(
            which in 0..2usize,
            changes in prop::collection::vec((0..160usize, any::<u8>()), 0..6),
            cut in 0..200usize,
        ) {
            let mut line = RECORDS[which].as_bytes().to_vec();
            for (at, byte) in changes {
                line[at] = byte;
            }
            line.truncate(cut);
            if let Ok(r) = parse(&line) {
                prop_assert!(r.wavenumber >= 0.0 && r.strength >= 0.0 && r.gamma_air >= 0.0 && r.gamma_self >= 0.0);
                prop_assert!(r.lower_energy >= -1.0 && r.n_air.is_none_or(f64::is_finite));
            }
        }
    }
}
