//! Which way a species' cross sections are computed: anew for every spectrum, or once for a table in temperature.
//!
//! A way has a price for the set-up and one for every spectrum. Prices are nanoseconds of one thread, measured once on the CPU (`benches/ways.rs` compares the choice with the measured
//! times of the other ways); a device is faster at all of it, about alike. The choice depends on nothing but sizes, so that it is the same on every machine.

use crate::Settings;
use crate::cross_section::Prepared;
use crate::cross_section::prepared::Tier;
use crate::opacity::table::USUAL_NODES;
use crate::opacity::way::Way;
use crate::speed::CPU_MULTIPLY_ADD;

/// From so many lines on, a list is summed at the nodes of a table in one reading, rather than taken line by line at each of them.
const SUMMED_LINES: u64 = 200_000;
/// A table must take less than this part of the time without one, for the memory it takes.
const WORTH: f64 = 0.8;

/// A line in a layer.
const LINE: f64 = 90.0;
/// A multiply-add of a ladder, or of a density's columns.
const MULTIPLY_ADD: f64 = 1e9 * CPU_MULTIPLY_ADD;
/// A point in a layer, from a table.
const FROM_TABLE: f64 = 4.0;
/// A point at a node of a layer, from the sums of a list's lines.
const FROM_SUMS: f64 = 370.0;
/// A line read from its file.
const READ: f64 = 800.0;
/// A line added to the sums at one temperature.
const SUM: f64 = 25.0;
/// Nodes computed for each that is kept: the half-way temperatures of surveyed layers, and a check in the others.
const CHECKED: f64 = 1.5;

/// What a way costs \[ns of one thread\].
#[derive(Clone, Copy, Debug)]
struct Cost {
    /// Once.
    set_up: f64,
    /// For each spectrum.
    spectrum: f64,
}

impl Cost {
    fn of(self, spectra: u32) -> f64 {
        self.set_up + self.spectrum * f64::from(spectra)
    }

    /// True if a table of this cost is worth making, for so many spectra.
    fn pays(self, without: Self, spectra: u32) -> bool {
        self.of(spectra) < WORTH * without.of(spectra)
    }
}

/// A model's layers and points.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub points: usize,
    pub layers: usize,
}

impl Size {
    fn values(self) -> f64 {
        self.points as f64 * self.layers as f64
    }

    /// Bytes of a table before it is known how many nodes it needs.
    pub fn table_bytes(self) -> u64 {
        (4 * USUAL_NODES).saturating_mul(self.points as u64).saturating_mul(self.layers as u64)
    }

    /// A table whose rows cost so much a value.
    fn table(self, row: f64) -> Cost {
        let rows = CHECKED * USUAL_NODES as f64 * self.values();
        Cost { set_up: rows * row, spectrum: FROM_TABLE * self.values() }
    }

    /// Seconds of the processor's threads.
    fn seconds(nanoseconds: f64) -> f64 {
        1e-9 * nanoseconds / rayon::current_num_threads() as f64
    }

    /// So many lines, one by one.
    fn lines(self, lines: f64) -> Cost {
        Cost { set_up: READ * lines, spectrum: LINE * lines * self.layers as f64 }
    }

    /// A table from the sums of so many lines at so many temperatures; the list is read twice, for what it holds and for its sums.
    fn summed(self, lines: f64, temperatures: usize) -> Cost {
        let table = self.table(FROM_SUMS);
        Cost { set_up: table.set_up + (2.0 * READ + SUM * temperatures as f64) * lines, ..table }
    }
}

/// True if a list has so many lines that they are summed for the nodes of a table.
pub fn is_long(lines: u64) -> bool {
    lines >= SUMMED_LINES
}

/// True if a table is worth making of a long list, whose lines are summed at so many temperatures.
pub fn sums_pay(size: Size, lines: u64, temperatures: usize, settings: &Settings) -> bool {
    let lines = lines as f64;
    size.summed(lines, temperatures).pays(size.lines(lines), settings.evaluations)
}

/// A list of a species.
#[derive(Clone, Copy, Debug)]
pub enum Known<'a> {
    /// Ready.
    Ready(&'a Prepared),
    /// So many lines, to be summed for a table at so many temperatures.
    Long(u64, usize),
}

/// What a species' lists cost without a table and with one.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    size: Size,
    has_density: bool,
    without: Cost,
    table: Cost,
}

impl Costs {
    pub fn of<'a>(size: Size, lists: impl Iterator<Item = Known<'a>>) -> Self {
        let (mut without, mut sums) = (Cost { set_up: 0.0, spectrum: 0.0 }, 0.0);
        let (mut rows, mut has_density) = (0.0, false);
        for list in lists {
            let (more, row) = match list {
                Known::Ready(part) => {
                    let spectrum = anew(size, part);
                    has_density |= !part.tier.is_lines();
                    (Cost { set_up: 0.0, spectrum }, spectrum / size.values())
                }
                Known::Long(lines, temperatures) => {
                    let summed = size.summed(lines as f64, temperatures);
                    sums += summed.set_up - size.table(FROM_SUMS).set_up;
                    (size.lines(lines as f64), FROM_SUMS)
                }
            };
            without = Cost { set_up: without.set_up + more.set_up, spectrum: without.spectrum + more.spectrum };
            rows += row;
        }
        let table = size.table(rows);
        Self { size, has_density, without, table: Cost { set_up: table.set_up + sums, ..table } }
    }

    /// True if a table is worth making for so many spectra.
    pub fn table_pays(&self, evaluations: u32) -> bool {
        self.table.pays(self.without, evaluations)
    }

    /// Both ways, for whoever chooses.
    pub fn ways(&self, species: &str, takes_table: bool) -> [Way; 2] {
        let way = |name, cost: Cost, taken, table_bytes| Way {
            species: species.to_owned(),
            name,
            taken,
            set_up_seconds: Size::seconds(cost.set_up),
            spectrum_seconds: Size::seconds(cost.spectrum),
            table_bytes,
        };
        let without = if self.has_density { "density" } else { "lines" };
        [way(without, self.without, !takes_table, 0), way("table", self.table, takes_table, self.size.table_bytes())]
    }
}

/// A spectrum of a list that is ready, without a table.
fn anew(size: Size, part: &Prepared) -> f64 {
    MULTIPLY_ADD * multiply_adds(size, part)
}

/// A spectrum of a list that is ready, without a table, in multiply-adds.
pub fn multiply_adds(size: Size, part: &Prepared) -> f64 {
    let ladders: f64 = part.layers.iter().map(|l| l.ladder.cost).sum();
    let sources = match &part.tier {
        Tier::Lines => LINE / MULTIPLY_ADD * part.table.lines.len() as f64 * size.layers as f64,
        Tier::Density { .. } => part.density_cost() * size.points as f64,
    };
    ladders * size.points as f64 + sources
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(evaluations: u32) -> Settings {
        Settings { evaluations, ..Settings::default() }
    }

    #[test]
    fn long_lists_and_many_spectra_are_worth_sums() {
        let size = Size { points: 20_000, layers: 100 };
        assert!(sums_pay(size, 10_000_000, 33, &settings(1)));
        assert!(!sums_pay(size, 200_000, 33, &settings(1)));
        assert!(sums_pay(size, 200_000, 33, &settings(50)));
        assert_eq!(size.table_bytes(), 4 * 9 * 2_000_000);
    }

    #[test]
    fn a_table_must_save_a_fifth() {
        let size = Size { points: 1000, layers: 10 };
        let without = Cost { set_up: 0.0, spectrum: 100.0 * size.values() };
        // 1.5 x 9 rows of 100 ns a value, then 4 ns, against 100 ns.
        let pays = |n| size.table(100.0).pays(without, n);
        assert!(!pays(1) && !pays(17) && pays(18));
    }
}
