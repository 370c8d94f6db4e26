//! Cross sections against exact line-by-line sums of real lists: 24 cases of temperature, pressure and list.

use crate::precision::{Judge, What};
use crate::random_list::{Job, gpu, settings};
use crate::reference::{Case, case};
use photosphere::Backend;
use photosphere::cross_section::Method;

const SETS: [&str; 2] = ["co_hitran", "co_exomol"];
const TIERS: [Method; 2] = [Method::Lines, Method::Density];

impl Case {
    fn job(&self, method: Method, tolerance: f64) -> Job {
        let settings = settings((500.0, 1500.0), method, tolerance, 0.0);
        Job { name: self.name.into(), list: self.list.clone(), grid: self.grid, at: self.at.clone(), settings }
    }

    /// Judges all pairs, and that the report's error budget is kept; the reference's own error is added to it.
    fn judge(&self, judge: &mut Judge, name: &str, values: &[Vec<f64>], budget: f64) {
        for (i, (t, p)) in self.at.iter().enumerate() {
            let name = format!("{name}, {t} K, {p:.0e} bar");
            assert!(values[i].iter().all(|v| v.is_finite() && *v > 0.0), "{name}: a value is not above 0");
            let errors = judge.add(&name, &values[i][self.first..][..self.exact[i].len()], &self.exact[i]);
            judge.promise(&name, errors, budget + 1.5e-5);
        }
    }
}

/// The reference results and the library's own exact sum are the same physics; what remains comes from digits of constants.
#[test]
fn the_oracle_agrees_with_the_reference() {
    let mut judge = Judge::new(What::OracleAgainstReference, 0.0);
    for case in SETS.into_iter().filter_map(case) {
        let mut job = case.job(Method::Lines, 1e-3);
        let points: Vec<usize> = (0..case.exact[0].len()).step_by(50).collect();
        let on_grid: Vec<usize> = points.iter().map(|i| case.first + i).collect();
        // without a margin lines outside the grid are left out, as in the reference
        job.settings.line_margin = 0.0;
        for (i, got) in job.exact(&on_grid).into_iter().enumerate() {
            let exact: Vec<f64> = points.iter().map(|&j| case.exact[i][j]).collect();
            judge.add(&format!("{}, {:?}", case.name, case.at[i]), &got, &exact);
        }
    }
    judge.finish("cpu");
}

fn on_the_cpu(tolerance: f64) {
    let mut judge = Judge::new(What::CpuAgainstReference, tolerance);
    let mut tiers = Judge::new(What::DensityAgainstLines, tolerance);
    for case in SETS.into_iter().filter_map(case) {
        let [lines, density] = TIERS.map(|method| {
            let (values, report) = case.job(method, tolerance).compute(&Backend::Cpu);
            let budget = report.lists[0].error_budget.total();
            case.judge(&mut judge, &format!("{}, {method:?}", case.name), &values, budget);
            values
        });
        for (i, at) in case.at.iter().enumerate() {
            tiers.add(&format!("{}, {at:?}", case.name), &density[i], &lines[i]);
        }
    }
    judge.finish("cpu");
    tiers.finish("cpu");
}

#[test]
fn the_cpu_meets_the_reference_at_1e_3() {
    on_the_cpu(1e-3);
}

#[test]
fn the_cpu_meets_the_reference_at_1e_5() {
    on_the_cpu(1e-5);
}

/// Against the reference, the twin, and one tier against the other.
fn on_the_device(set: &'static str) {
    let (Some(case), backend) = (case(set), gpu()) else { return };
    let name = backend.info().name;
    let mut judge = Judge::new(What::DeviceAgainstReference, 1e-3);
    let mut twin = Judge::new(What::DeviceAgainstTwin, 1e-3);
    let mut tiers = Judge::new(What::DensityAgainstLines, 1e-3);
    let [lines, density] = TIERS.map(|method| {
        let job = case.job(method, 1e-3);
        let (values, report) = job.compute(&backend);
        assert_eq!(report.tracked_bytes, report.planned_bytes, "{set}, {method:?}: bytes of the device");
        let budget = report.lists[0].error_budget;
        case.judge(&mut judge, &format!("{set}, {method:?}"), &values, budget.total());
        let (f64_values, _) = job.compute(&Backend::Cpu);
        for (i, at) in case.at.iter().enumerate() {
            let name = format!("{set}, {method:?}, {at:?}");
            let errors = twin.add(&name, &values[i], &f64_values[i]);
            twin.promise(&name, errors, budget.arithmetic);
        }
        values
    });
    for (i, at) in case.at.iter().enumerate() {
        tiers.add(&format!("{set}, {at:?}"), &density[i], &lines[i]);
    }
    judge.finish(&name);
    twin.finish(&name);
    tiers.finish(&name);
}

#[test]
fn gpu_meets_the_reference_co_hitran() {
    on_the_device("co_hitran");
}

#[test]
fn gpu_meets_the_reference_co_exomol() {
    on_the_device("co_exomol");
}
