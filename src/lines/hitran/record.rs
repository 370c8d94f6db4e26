//! One record of HITRAN2004 and later, and of HITEMP.

use super::layout::{AIR, Layout, Place, SELF};
use crate::lines::Cause;
use crate::lines::fields::{number, quote, unsigned};
use crate::lines::physical::{ENERGY, EXPONENT, RATE, SHIFT, STRENGTH, WAVENUMBER, WIDTH};

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
    /// Einstein coefficient of spontaneous emission \[s-1\]; 0 where it is not known.
    pub einstein_a: f64,
    /// Half width in air at 296 K \[cm-1 atm-1\]; 0 where it is not known.
    pub gamma_air: f64,
    /// Half width in the gas itself at 296 K \[cm-1 atm-1\]; 0 where it is not known.
    pub gamma_self: f64,
    /// Lower-state energy \[cm-1\]; below 0 (HITRAN writes -1) where it is not known.
    pub lower_energy: f64,
    /// Temperature exponent of the half width in air; `None` where the field is blank.
    pub n_air: Option<f64>,
    /// Pressure shift in air at 296 K \[cm-1 atm-1\]; 0 where it is not known.
    pub delta_air: f64,
    /// The whole record. Quantum numbers of a standard record are read from here (global: columns 68 to 97, local: 98 to 127).
    pub text: &'a [u8],
    pub(super) layout: &'a Layout,
}

/// What a record says of one broadening gas, as it stands there; `None` where it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PartnerValues {
    /// Half width at 296 K \[cm-1 atm-1\], positive.
    pub gamma: Option<f64>,
    /// Temperature exponent of the half width.
    pub exponent: Option<f64>,
    /// Pressure shift at 296 K \[cm-1 atm-1\].
    pub shift: Option<f64>,
}

impl HitranRecord<'_> {
    /// What the record says of a gas by its name in the header (`air`, `self`, `h2`, `he`, ...), in any letters.
    pub fn partner(&self, gas: &str) -> PartnerValues {
        let at = self.layout.gases.iter().position(|g| g.name.eq_ignore_ascii_case(gas));
        at.and_then(|i| self.gas(i).ok()).unwrap_or_default()
    }

    /// The values of a gas by its index in the layout.
    pub(super) fn gas(&self, index: usize) -> Result<PartnerValues, Fault> {
        let gas = &self.layout.gases[index];
        let read = Reader { layout: self.layout, record: self.text };
        let known = |v: f64| (v > 0.0).then_some(v);
        let (gamma, exponent) = match index {
            AIR => (known(self.gamma_air), self.n_air),
            SELF => (known(self.gamma_self), read.exponent(gas.exponent)?),
            _ => (read.width(gas.gamma, &gas.name)?.and_then(known), read.exponent(gas.exponent)?),
        };
        let shift = match index {
            AIR => Some(self.delta_air),
            _ => read.shift(gas.shift, "pressure shift [cm-1/atm]")?,
        };
        Ok(PartnerValues { gamma, exponent, shift })
    }
}

/// Why a record is dropped: the cause, and what was found and required.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub cause: Cause,
    pub message: String,
}

impl Fault {
    fn unreadable(message: String) -> Self {
        Self { cause: Cause::DroppedUnreadable, message }
    }
}

/// Molecule, isotopologue and wavenumber: all that is needed to see whether a record is wanted.
pub(super) type Head = (u8, char, f64);

/// The head of a record.
pub(super) fn parse_head(record: &[u8], layout: &Layout) -> Result<Head, Fault> {
    if record.len() < layout.shortest || (record.len() == 100 && layout.header.is_none()) {
        let hint = if record.len() == 100 { " (is this the old format of HITRAN2000? It is not read)" } else { "" };
        let (n, need) = (record.len(), layout.length);
        return Err(Fault::unreadable(format!(
            "a HITRAN record has {need} characters, this line has {n}{hint}: {}",
            quote(record)
        )));
    }
    let read = Reader { layout, record };
    let molecule = unsigned(read.text(layout.molecule)).and_then(|m| u8::try_from(m).ok()).filter(|m| *m > 0);
    let molecule = molecule.ok_or_else(|| read.wrong(layout.molecule, "molecule number", "a number from 1 to 99"))?;
    let isotopologue = isotopologue(read.text(layout.isotopologue));
    let isotopologue = isotopologue
        .ok_or_else(|| read.wrong(layout.isotopologue, "isotopologue number", "a digit or a capital letter"))?;
    let wavenumber = read.required(layout.wavenumber, "wavenumber [cm-1]")?;
    read.within(layout.wavenumber, "wavenumber [cm-1]", wavenumber, (0.0, WAVENUMBER), "")?;
    Ok((molecule, isotopologue, wavenumber))
}

/// HITRAN's character for an isotopologue; a separated field may have the number instead (10 is `0`, 11 is `A`).
fn isotopologue(text: &[u8]) -> Option<char> {
    match text {
        [one] if one.is_ascii_digit() || one.is_ascii_uppercase() => Some(char::from(*one)),
        [_, _] => match unsigned(text)? {
            10 => Some('0'),
            n @ 11..=36 => Some(char::from(b'A' + (n - 11) as u8)),
            _ => None,
        },
        _ => None,
    }
}

/// The strength of a record, if it can be read: that of records that are dropped is told.
pub(super) fn strength(record: &[u8], layout: &Layout) -> f64 {
    number(layout.text(record, layout.strength)).filter(|s| *s > 0.0).unwrap_or(0.0)
}

/// The rest of a record whose head has been read.
pub(super) fn parse_rest<'a>(
    record: &'a [u8],
    (molecule_id, isotopologue, wavenumber): Head,
    layout: &'a Layout,
) -> Result<HitranRecord<'a>, Fault> {
    let read = Reader { layout, record };
    let (strength_what, energy_what) = ("line strength [cm/molecule]", "lower-state energy [cm-1]");
    let strength = read.required(layout.strength, strength_what)?;
    read.within(layout.strength, strength_what, strength, (0.0, STRENGTH), "")?;
    let lower_energy = read.required(layout.lower_energy, energy_what)?;
    read.within(layout.lower_energy, energy_what, lower_energy, (-1.0, ENERGY), ", -1 for unknown")?;
    let a_what = "Einstein coefficient [1/s]";
    let einstein_a = read.optional(layout.einstein_a, a_what)?.unwrap_or(0.0);
    read.within(layout.einstein_a, a_what, einstein_a, (0.0, RATE), "")?;
    let (air, own) = (&layout.gases[AIR], &layout.gases[SELF]);
    Ok(HitranRecord {
        molecule_id,
        isotopologue,
        wavenumber,
        strength,
        einstein_a,
        gamma_air: read.width(air.gamma, "air")?.unwrap_or(0.0),
        gamma_self: read.width(own.gamma, "the gas itself")?.unwrap_or(0.0),
        lower_energy,
        n_air: read.exponent(air.exponent)?,
        delta_air: read.shift(air.shift, "pressure shift in air [cm-1/atm]")?.unwrap_or(0.0),
        text: record,
        layout,
    })
}

/// Numbers out of a record.
struct Reader<'a> {
    layout: &'a Layout,
    record: &'a [u8],
}

impl<'a> Reader<'a> {
    fn text(&self, place: Place) -> &'a [u8] {
        self.layout.text(self.record, place)
    }

    fn required(&self, place: Place, what: &str) -> Result<f64, Fault> {
        number(self.text(place)).ok_or_else(|| self.wrong(place, what, "a finite number"))
    }

    /// `None` where nothing stands there.
    fn optional(&self, place: Place, what: &str) -> Result<Option<f64>, Fault> {
        if place == Place::Missing || self.text(place).is_empty() {
            return Ok(None);
        }
        number(self.text(place)).map(Some).ok_or_else(|| self.wrong(place, what, "a finite number or blanks"))
    }

    fn width(&self, place: Place, gas: &str) -> Result<Option<f64>, Fault> {
        let what = || format!("half width in {gas} [cm-1/atm]");
        match self.optional(place, "half width")? {
            Some(v) => self.within(place, &what(), v, (0.0, WIDTH), "").map(|()| Some(v)),
            None => Ok(None),
        }
    }

    fn shift(&self, place: Place, what: &str) -> Result<Option<f64>, Fault> {
        match self.optional(place, what)? {
            Some(v) => self.within(place, what, v, (-SHIFT, SHIFT), "").map(|()| Some(v)),
            None => Ok(None),
        }
    }

    /// Refuses a value outside `lo` to `hi`; `more` is said of them.
    fn within(&self, place: Place, what: &str, v: f64, (lo, hi): (f64, f64), more: &str) -> Result<(), Fault> {
        match v {
            _ if v < lo && lo == 0.0 => Err(self.unphysical(place, what, "at least 0")),
            _ if v < lo && lo == -1.0 => Err(self.unphysical(place, what, &format!("at least 0{more}"))),
            _ if v < lo || v > hi => Err(self.unphysical(place, what, &format!("{lo} to {hi:e}{more}"))),
            _ => Ok(()),
        }
    }

    fn exponent(&self, place: Place) -> Result<Option<f64>, Fault> {
        match self.optional(place, "temperature exponent")? {
            Some(n) if n.abs() > EXPONENT => {
                Err(self.unphysical(place, "temperature exponent", &format!("within {EXPONENT} of 0")))
            }
            value => Ok(value),
        }
    }

    fn wrong(&self, place: Place, what: &str, required: &str) -> Fault {
        let found = quote(self.text(place));
        Fault::unreadable(format!("{}: {required} is required, found {found}", self.layout.describe(place, what)))
    }

    fn unphysical(&self, place: Place, what: &str, required: &str) -> Fault {
        Fault { cause: Cause::DroppedUnphysical, ..self.wrong(place, what, required) }
    }
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

    fn parse(line: &[u8], mut then: impl FnMut(&HitranRecord<'_>)) -> Result<(), Fault> {
        let layout = Layout::standard();
        parse_rest(line, parse_head(line, &layout)?, &layout).map(|r| then(&r))
    }

    #[test]
    fn columns() {
        parse(RECORDS[0].as_bytes(), |r| {
            assert_eq!((r.molecule_id, r.isotopologue, r.wavenumber, r.strength), (5, '2', 2000.052539, 1.353e-29));
            assert_eq!((r.gamma_air, r.gamma_self, r.lower_energy, r.n_air), (0.0567, 0.062, 4448.3030, Some(0.74)));
            assert_eq!((r.einstein_a, r.delta_air), (44.15, -0.00275));
            assert_eq!(r.partner("Air").exponent, Some(0.74));
            assert_eq!(r.partner("self"), PartnerValues { gamma: Some(0.062), exponent: None, shift: None });
            assert_eq!(r.partner("h2"), PartnerValues::default());
        })
        .unwrap();
        // Trailing blanks stripped, and A and delta blank.
        let mut line = RECORDS[0].as_bytes()[..67].to_vec();
        line[25..35].fill(b' ');
        line[59..67].fill(b' ');
        parse(&line, |r| assert_eq!((r.einstein_a, r.delta_air, r.gamma_air), (0.0, 0.0, 0.0567))).unwrap();
        assert_eq!(
            [&b"0"[..], b"9", b"A", b"10", b"11", b"12"].map(isotopologue),
            ['0', '9', 'A', '0', 'A', 'B'].map(Some)
        );
    }

    #[test]
    fn each_bad_column_is_named() {
        let (garbled, unphysical) = (Cause::DroppedUnreadable, Cause::DroppedUnphysical);
        for (column, text, part, cause) in [
            (1, "xx", "columns 1 to 2", garbled),
            (1, " 0", "columns 1 to 2", garbled),
            (3, "?", "columns 3", garbled),
            (4, "   nan      ", "columns 4 to 15", garbled),
            (4, "-1.0", "columns 4 to 15", garbled),
            (4, "       -1.00", "columns 4 to 15", unphysical),
            (16, "-1.353E-29", "columns 16 to 25", unphysical),
            (26, " 4.415E+x1", "columns 26 to 35", garbled),
            (36, "-.057", "columns 36 to 40", unphysical),
            (41, "x", "columns 41 to 45", garbled),
            (46, "   -2.0000", "columns 46 to 55", unphysical),
            (56, "n.a.", "columns 56 to 59", garbled),
            (56, "74.0", "columns 56 to 59", unphysical),
            (60, "-.0 2750", "columns 60 to 67", garbled),
        ] {
            let mut line = RECORDS[0].as_bytes().to_vec();
            line[column - 1..column - 1 + text.len()].copy_from_slice(text.as_bytes());
            let fault = parse(&line, |_| {}).unwrap_err();
            assert!(fault.message.contains(part) && fault.cause == cause, "{fault:?}");
        }
        assert!(parse(&RECORDS[0].as_bytes()[..100], |_| {}).unwrap_err().message.contains("HITRAN2000"));
        assert!(parse(&RECORDS[0].as_bytes()[..66], |_| {}).unwrap_err().message.contains("has 66"));
        assert!(parse(format!("{},0.07", RECORDS[0]).as_bytes(), |_| {}).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes, |_| {});
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
            let _ = parse(&line, |r| {
                assert!(r.wavenumber >= 0.0 && r.strength >= 0.0 && r.gamma_air >= 0.0 && r.gamma_self >= 0.0);
                assert!(r.lower_energy >= -1.0 && r.einstein_a >= 0.0 && r.n_air.is_none_or(|n| n.abs() <= 5.0));
            });
        }
    }
}
