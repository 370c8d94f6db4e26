//! Cross sections at given temperatures and pressures, on any backend: the public way in.

use super::cpu;
use super::device::Pairs;
use super::direct_sum::direct_sum;
use super::prepared::{Prepared, check_pressure, table_needs_a_model};
use super::remarks::{self, Seen, contributes_nothing, neglected_shift};
use super::report::{CrossSectionReport, ListReport, PairReport};
use crate::backend::Backend;
use crate::density::grid_lines::GridLines;
use crate::grid::Grid;
use crate::lines::{LineList, LineSource, LoadReport};
use crate::output::Values;
use crate::settings::{Method, Settings};
use crate::stage::Stage;
use crate::timing::Stages;
use crate::{Error, Note, Progress, Resources, Result, interrupt};

/// A job: lists, grid, pairs and settings, set up once.
///
/// ```
/// use photosphere::cross_section::CrossSections;
/// use photosphere::prelude::*;
///
/// let co = carbon_monoxide::line_list(Isotopologue::C12O16, Broadener::Hydrogen, None, 1e-24)?;
/// let at = [(800.0, 1e-3), (1500.0, 1.0)]; // K, bar
/// let grid = Grid::with_resolution(4300.0, 4310.0, 1e5)?;
/// let settings = Settings { temperature_range: TemperatureRange::new(500.0, 2000.0)?, ..Settings::default() };
/// let job = CrossSections::new(grid, &[co], &at, settings, &())?;
/// let (values, report) = job.compute(&Backend::Cpu, &())?; // [pair][nu] cm2 molecule-1
/// assert_eq!(values.to_f64().len(), 2 * grid.len());
/// println!("{} of lines took {:.3} s", report.lists[0].lines, report.seconds.total());
/// # Ok::<(), photosphere::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CrossSections {
    grid: Grid,
    at: Vec<(f64, f64)>,
    settings: Settings,
    lists: Vec<LineList>,
    prepared: Vec<Prepared>,
    records: Vec<Option<LoadReport>>,
    notes: Vec<Note>,
    seconds: Stages,
}

impl CrossSections {
    /// Sets up cross sections of `lists` (isotopologues; their cross sections add up) at the pairs `at` of (temperature \[K\], pressure
    /// \[bar\]), without a cache.
    ///
    /// # Errors
    /// No list or pair; a temperature outside `settings.temperature_range`; what [`Prepared::new`] refuses. A list without lines in range is
    /// left out if another has some.
    pub fn new(
        grid: Grid,
        lists: &[LineList],
        at: &[(f64, f64)],
        settings: Settings,
        progress: &dyn Progress,
    ) -> Result<Self> {
        Self::from_sources(grid, lists, at, settings, &Resources::new(progress))
    }

    /// As [`new`](Self::new), from any sources; see [`Prepared::from_source`].
    ///
    /// # Errors
    /// As [`new`](Self::new), and what the sources cannot read.
    pub fn from_sources<S: LineSource>(
        grid: Grid,
        lists: &[S],
        at: &[(f64, f64)],
        settings: Settings,
        resources: &Resources<'_>,
    ) -> Result<Self> {
        if at.is_empty() {
            return Err(Error::invalid("pairs of temperature and pressure", 0, "at least one"));
        }
        if lists.is_empty() {
            return Err(Error::invalid("line lists", 0, "at least one"));
        }
        settings.check()?;
        if settings.method == Method::Table {
            return Err(table_needs_a_model());
        }
        for (t, p) in at {
            settings.temperature_range.check(*t)?;
            check_pressure(*p)?;
        }
        // The result in f32, and wavenumbers: the least that any backend takes.
        require(&grid, at.len(), |n, pairs| n.saturating_mul(8 + 4 * pairs))?;
        let mut seconds = Stages::default();
        let pressures: Vec<f64> = at.iter().map(|a| a.1).collect();
        let (mut used, mut prepared, mut records) = (Vec::new(), Vec::new(), Vec::new());
        // Lists without lines here, and what to tell if all are.
        let mut empty: Vec<(String, Error)> = Vec::new();
        if settings.method == Method::DirectSum {
            for list in lists {
                match seconds.time(Stage::Load, || load(list, &grid, &settings, resources.progress))? {
                    Ok((list, report)) => {
                        used.push(list);
                        records.push(report);
                    }
                    Err(none) => empty.push((list.species()?.name, none)),
                }
            }
        } else {
            for list in lists {
                let open = || GridLines::open(grid, list, &settings, &pressures, resources);
                let lines = seconds.time(Stage::Load, open)?;
                if lines.summary.count == 0 {
                    empty.push((lines.species.name.clone(), lines.nothing_found()));
                    continue;
                }
                records.push(lines.records.clone());
                prepared.push(seconds.time(Stage::SetUp, || Prepared::of(lines, &pressures, settings))?);
            }
        }
        if used.is_empty() && prepared.is_empty() && !empty.is_empty() {
            return Err(empty.swap_remove(0).1);
        }
        let notes = empty.iter().map(|(name, error)| contributes_nothing(name, error)).collect();
        Ok(Self { grid, at: at.to_vec(), settings, lists: used, prepared, records, notes, seconds })
    }

    /// Computes \[pair\]\[nu\] on `backend`, in cm2 molecule-1: f64 from the CPU and the direct sum; f32 from a device, or f64 where the largest of them lies
    /// below 1e-30 cm2 or above 1e37. Below 1.2e-38 cm2 float32 holds fewer figures, and below 1e-45 none.
    ///
    /// # Errors
    /// The device refuses memory or is lost; a result that is negative or not finite ([`Error::Invalid`]).
    pub fn compute(&self, backend: &Backend, progress: &dyn Progress) -> Result<(Values, CrossSectionReport)> {
        let mut seconds = self.seconds.clone();
        let (mut planned, mut tracked) = (0, 0);
        let direct = self.settings.method == Method::DirectSum;
        progress.begin("cross sections", Some(self.at.len() as u64));
        let mut values = match backend {
            _ if direct => seconds.time(Stage::DirectSum, || self.direct_sum(progress)).map(Values::F64)?,
            Backend::Cpu => seconds.time(Stage::CrossSections, || self.on_cpu(progress)).map(Values::F64)?,
            Backend::Device(device) => {
                let pairs = Pairs { grid: &self.grid, at: &self.at, prepared: &self.prepared };
                let values = pairs.compute(device, progress, &mut seconds, &mut planned)?;
                tracked = device.ledger().peak();
                values
            }
        };
        progress.finish();
        check(&mut values, &self.grid, &self.at, self.settings.tolerance)?;
        let device = if direct { Backend::Cpu.info() } else { backend.info() };
        let report = CrossSectionReport {
            grid: self.grid,
            lists: self.list_reports(device.precision == "float32"),
            pairs: self.pair_reports(),
            device,
            settings: self.settings,
            planned_bytes: planned,
            tracked_bytes: tracked,
            seconds,
        };
        Ok((values, report))
    }

    /// What became of the records of the lists' files, where they have any; one for each list with lines in range.
    pub fn records(&self) -> &[Option<LoadReport>] {
        &self.records
    }

    /// What became of the records of the list of an isotopologue, if it has lines in range and was read from files.
    pub fn record_of(&self, isotopologue: &str) -> Option<&LoadReport> {
        let mut species = self.prepared.iter().map(|p| &p.species).chain(self.lists.iter().map(|l| &l.species));
        self.records.get(species.position(|s| s.name == isotopologue)?)?.as_ref()
    }

    /// What a user must be told: lists that contribute nothing, and what became of lines that were read.
    pub fn notes(&self) -> Vec<Note> {
        let of_prepared = self.prepared.iter().map(|p| (p.species.name.clone(), Seen::of(p)));
        let seen = |l| Seen::of_list(l, &self.grid, &self.settings, &self.at);
        let of_lists = self.lists.iter().map(|l| (l.species.name.clone(), seen(l)));
        let lists = of_prepared.chain(of_lists).zip(&self.records);
        let lists: Vec<_> = lists.map(|((name, seen), record)| (name, seen, record.as_ref())).collect();
        let told = remarks::told(&lists, &self.settings);
        self.notes.iter().cloned().chain(told).collect()
    }

    fn direct_sum(&self, progress: &dyn Progress) -> Result<Vec<f64>> {
        // The result, wavenumbers, a pair's sum and a list's part of it.
        require(&self.grid, self.at.len(), |n, pairs| 8 * n.saturating_mul(pairs + 3))?;
        let nu = self.grid.wavenumbers();
        let (lo, hi) = (self.grid.lo() - self.settings.line_margin, self.grid.hi() + self.settings.line_margin);
        let mut values = Vec::with_capacity(nu.len() * self.at.len());
        for (t, p) in &self.at {
            let mut row = vec![0.0; nu.len()];
            for list in &self.lists {
                let profile = &self.settings.profile;
                let sum = direct_sum(&list.species, list.between(lo, hi), &nu, *t, *p, profile)?;
                row.iter_mut().zip(sum).for_each(|(r, s)| *r += s);
            }
            values.extend(row);
            progress.advance(1);
            interrupt::check()?;
        }
        Ok(values)
    }

    fn on_cpu(&self, progress: &dyn Progress) -> Result<Vec<f64>> {
        let n = self.grid.len();
        let threads = rayon::current_num_threads();
        let batch = 2 * threads;
        let work = |prepared: &Prepared| {
            let first = 0..batch.min(self.at.len());
            cpu::far_bytes(prepared, first.clone(), false) + cpu::batch_work(prepared, first, threads, n, false)
        };
        let work = self.prepared.iter().map(work).max().unwrap_or(0);
        require(&self.grid, self.at.len(), |n, pairs| (8 * n).saturating_mul(pairs).saturating_add(work))?;
        let mut values = vec![0.0; n * self.at.len()];
        for (b, rows) in values.chunks_mut(batch * n).enumerate() {
            let first = b * batch;
            let t: Vec<f64> = self.at[first..].iter().take(batch).map(|a| a.0).collect();
            for prepared in &self.prepared {
                cpu::add_layers(prepared, first, &t, &vec![1.0; t.len()], rows)?;
            }
            progress.advance(t.len() as u64);
            interrupt::check()?;
        }
        Ok(values)
    }

    fn list_reports(&self, single: bool) -> Vec<ListReport> {
        if self.prepared.is_empty() {
            let exact = |l: &LineList| ListReport::of_direct_sum(l, neglected_shift(l, &self.settings, &self.at));
            return self.lists.iter().map(exact).collect();
        }
        self.prepared.iter().map(|p| p.report(single)).collect()
    }

    fn pair_reports(&self) -> Vec<PairReport> {
        let each = self.at.iter().enumerate();
        each.flat_map(|(i, (t, p))| self.prepared.iter().map(move |l| PairReport::of(l, i, *t, *p))).collect()
    }
}

/// The list itself and how it was read, or what to tell if it has no lines within the grid and margin.
fn load(
    source: &dyn LineSource,
    grid: &Grid,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Result<(LineList, Option<LoadReport>), Error>> {
    let range = ((grid.lo() - settings.line_margin).max(f64::MIN_POSITIVE), grid.hi() + settings.line_margin);
    let (list, report) = match source.held() {
        Some((list, report)) => (list.clone(), report.cloned()),
        None => source.load(range, progress).map(|(list, report)| (list, Some(report)))?,
    };
    match list.between(range.0, range.1).is_empty() {
        true => Ok(Err(source.nothing_found(range, &report.unwrap_or_default()))),
        false => Ok(Ok((list, report))),
    }
}

/// Refuses cross sections that need more host memory than there is: `bytes` of points and pairs.
fn require(grid: &Grid, pairs: usize, bytes: impl FnOnce(u64, u64) -> u64) -> Result<()> {
    let what = format!("cross sections of {} points and {pairs} pairs", grid.len());
    crate::host_memory::require(&what, bytes(grid.len() as u64, pairs as u64))
}

/// The check on the way out: cross sections are finite and not negative. What interpolation leaves below 0 where there is next to nothing, less than the
/// tolerance of the pair's largest value, becomes 0.
fn check(values: &mut Values, grid: &Grid, at: &[(f64, f64)], tolerance: f64) -> Result<()> {
    match values {
        Values::F32(values) => check_rows(values, grid, at, tolerance as f32, 0.0),
        Values::F64(values) => check_rows(values, grid, at, tolerance, 0.0),
    }
}

fn check_rows<T>(values: &mut [T], grid: &Grid, at: &[(f64, f64)], tolerance: T, zero: T) -> Result<()>
where
    T: Copy + PartialOrd + std::ops::Mul<Output = T> + std::ops::Neg<Output = T> + Into<f64>,
{
    for (row, (t, p)) in values.chunks_mut(grid.len().max(1)).zip(at) {
        // No exit: vector instructions. NaN is neither.
        let wrong = |v: &T| !(*v >= zero && (*v).into() < f64::INFINITY);
        if !row.iter().fold(false, |any, v| any | wrong(v)) {
            continue;
        }
        let largest = row.iter().fold(zero, |a, v| if *v > a { *v } else { a });
        let least = -(tolerance * largest);
        row.iter_mut().filter(|v| **v < zero && **v >= least).for_each(|v| *v = zero);
        if let Some(i) = row.iter().position(wrong) {
            let count = row.iter().filter(|v| wrong(v)).count();
            let what = format!("cross section at {t} K, {p} bar, {} cm-1", grid.wavenumber(i));
            let given = format!("{}, and {} points more of the kind", row[i].into(), count - 1);
            let required = "a finite number of at least 0: a line has values that no physics has, or the settings do not suit the list";
            return Err(Error::invalid(what, given, required));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::Device;
    use crate::grid::TemperatureRange;
    use crate::lines::carbon_monoxide::{Broadener, Isotopologue, line_list};

    /// More pairs than one program takes, of many kinds: each program holds what its own pairs need, and no more.
    #[test]
    fn gpu_jobs_in_portions_equal_the_cpu() {
        let grid = Grid::new(2050.0, 2070.0, 6000).unwrap();
        let list = [line_list(Isotopologue::C12O16, Broadener::Air, Some((2025.0, 2095.0)), 0.0).unwrap()];
        let at: Vec<(f64, f64)> =
            (0..40).map(|i| (600.0 + 10.0 * f64::from(i), 10f64.powf(-6.0 + 0.2 * f64::from(i)))).collect();
        let device = Backend::Device(Device::from_env().unwrap());
        for method in [Method::Lines, Method::Density] {
            let temperature_range = TemperatureRange::new(500.0, 1100.0).unwrap();
            let settings =
                Settings { tolerance: 1e-3, temperature_range, method, line_margin: 25.0, ..Settings::default() };
            let job = CrossSections::new(grid, &list, &at, settings, &()).unwrap();
            let (gpu, report) = job.compute(&device, &()).unwrap();
            let (cpu, _) = job.compute(&Backend::Cpu, &()).unwrap();
            let worst = gpu.to_f64().iter().zip(cpu.to_f64()).map(|(g, c)| (g / c - 1.0).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-3, "{method:?}: {worst:e}");
            assert!(report.planned_bytes > 0 && report.pairs.len() == 40);
        }
    }
}
