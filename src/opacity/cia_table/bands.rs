//! Which blocks belong together, and which holds where several apply.
//!
//! **A band** is what is interpolated in temperature: blocks of one source (the reference of their headers) at several temperatures. A block
//! belongs to the band of its source with whose blocks it shares half of the shorter one's range or more; bands of different sources are
//! one if they share more than half of the wider one's range and the temperatures of one all lie below those of the other.
//!
//! **Where bands overlap**, the narrower one holds (a measurement of a single band, against a survey), of equally wide ones that which comes
//! later in the file. Within a band the same rule decides between blocks of one temperature.

use super::CiaBlock;

/// Which limit of a coefficient is meant, where a block begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Below,
    At,
    Above,
}

/// Blocks that are interpolated together.
#[derive(Clone, Debug)]
pub(super) struct Band {
    pub range: (f64, f64),
    /// Ascending in temperature.
    pub slices: Vec<Slice>,
}

/// The blocks of a band at one temperature, the one that holds where they overlap first.
#[derive(Clone, Debug)]
pub(super) struct Slice {
    pub temperature: f64,
    pub blocks: Vec<CiaBlock>,
}

impl Slice {
    /// The coefficient, if a block reaches there.
    pub fn at(&self, nu: f64, side: Side) -> Option<f64> {
        self.blocks.iter().find(|b| b.contains(nu, side)).map(|b| b.at(nu))
    }
}

impl Band {
    fn new(blocks: Vec<CiaBlock>) -> Self {
        let start = (f64::INFINITY, f64::NEG_INFINITY);
        let range = blocks.iter().map(CiaBlock::range).fold(start, |a, b| (a.0.min(b.0), a.1.max(b.1)));
        let mut slices: Vec<Slice> = Vec::new();
        for block in blocks {
            match slices.iter_mut().find(|s| s.temperature == block.temperature) {
                Some(slice) => slice.blocks.push(block),
                None => slices.push(Slice { temperature: block.temperature, blocks: vec![block] }),
            }
        }
        slices.sort_by(|a, b| a.temperature.total_cmp(&b.temperature));
        for slice in &mut slices {
            slice.blocks.sort_by(|a, b| width(a.range()).total_cmp(&width(b.range())).then(b.line.cmp(&a.line)));
        }
        Self { range, slices }
    }

    /// Lowest and highest temperature \[K\].
    pub fn temperatures(&self) -> (f64, f64) {
        (self.slices[0].temperature, self.slices[self.slices.len() - 1].temperature)
    }

    pub fn contains(&self, nu: f64) -> bool {
        (self.range.0..=self.range.1).contains(&nu)
    }

    pub fn blocks(&self) -> impl Iterator<Item = &CiaBlock> {
        self.slices.iter().flat_map(|slice| &slice.blocks)
    }

    fn last_line(&self) -> u64 {
        self.blocks().map(|b| b.line).max().unwrap_or(0)
    }

    /// `O2-O2's 15290 to 16664 cm-1 (reference 32, 4 blocks from line 57 on)` without the name.
    pub fn describe(&self) -> String {
        let mut references: Vec<&str> = self.blocks().map(|b| b.reference.as_str()).filter(|r| !r.is_empty()).collect();
        references.sort_unstable();
        references.dedup();
        let reference = match &references[..] {
            [] => String::new(),
            [one] => format!("reference {one}, "),
            several => format!("references {}, ", several.join(" and ")),
        };
        let (count, first) = (self.blocks().count(), self.blocks().map(|b| b.line).min().unwrap_or(0));
        let blocks =
            if count == 1 { format!("block of line {first}") } else { format!("{count} blocks from line {first} on") };
        format!("{} to {} cm-1 ({reference}{blocks})", self.range.0, self.range.1)
    }
}

fn width(range: (f64, f64)) -> f64 {
    range.1 - range.0
}

/// cm-1 that two ranges share, negative if they are apart.
pub(super) fn shared(a: (f64, f64), b: (f64, f64)) -> f64 {
    a.1.min(b.1) - a.0.max(b.0)
}

fn of_one_band(a: &CiaBlock, b: &CiaBlock) -> bool {
    let (a, b) = (a.range(), b.range());
    let shorter = width(a).min(width(b));
    shared(a, b) >= 0.5 * shorter
}

/// Sorts blocks into bands, in the order in which they hold: the first that contains a wavenumber.
pub(super) fn bands(blocks: Vec<CiaBlock>) -> Vec<Band> {
    let mut groups: Vec<Vec<CiaBlock>> = Vec::new();
    for block in blocks {
        let belongs = |group: &Vec<CiaBlock>| {
            group[0].reference == block.reference && group.iter().any(|b| of_one_band(b, &block))
        };
        let (mut joined, apart): (Vec<_>, Vec<_>) = groups.into_iter().partition(belongs);
        groups = apart;
        let mut group: Vec<CiaBlock> = joined.drain(..).flatten().collect();
        group.push(block);
        groups.push(group);
    }
    let mut bands: Vec<Band> = Vec::new();
    for group in groups {
        let mut band = Band::new(group);
        while let Some(i) = bands.iter().position(|other| complement(other, &band)) {
            let blocks = bands.swap_remove(i).slices.into_iter().chain(band.slices).flat_map(|s| s.blocks).collect();
            band = Band::new(blocks);
        }
        bands.push(band);
    }
    bands.sort_by(|a, b| width(a.range).total_cmp(&width(b.range)).then(b.last_line().cmp(&a.last_line())));
    bands
}

/// Whether two bands are one, measured at low and at high temperatures.
fn complement(a: &Band, b: &Band) -> bool {
    let (ta, tb) = (a.temperatures(), b.temperatures());
    shared(a.range, b.range) > 0.5 * width(a.range).max(width(b.range)) && (ta.1 < tb.0 || tb.1 < ta.0)
}
