//! Lists that nothing was tuned on, against the exact sum at some hundred points each.

use crate::precision::{Judge, What};
use crate::random_list::{Job, gpu, unseen};
use photosphere::Backend;
use photosphere::cross_section::Method;

/// Computes a job and judges it at sampled points, its error budget too.
pub fn judge(job: &Job, backend: &Backend, points: &[usize], exact: &[Vec<f64>], judge: &mut Judge) {
    let (values, report) = job.compute(backend);
    let budget = report.lists[0].error_budget.total();
    for (i, (t, p)) in job.at.iter().enumerate() {
        let name = format!("{}, {:?}, {t:.0} K, {p:.1e} bar", job.name, job.settings.method);
        assert!(values[i].iter().all(|v| v.is_finite() && *v > 0.0), "{name}: a value is not above 0");
        let got: Vec<f64> = points.iter().map(|&j| values[i][j]).collect();
        let errors = judge.add(&name, &got, &exact[i]);
        judge.promise(&name, errors, budget);
    }
}

fn all(seeds: std::ops::Range<u64>, backend: &Backend, what: What, tolerance: f64) {
    let mut result = Judge::new(what, tolerance);
    for seed in seeds {
        let job = unseen(seed);
        let points = job.sample(200);
        let exact = job.exact(&points);
        for method in [Method::Lines, Method::Density] {
            judge(&job.with(method, tolerance), backend, &points, &exact, &mut result);
        }
    }
    result.finish(&backend.info().name);
}

#[test]
fn unseen_lists_on_the_cpu_at_1e_3() {
    all(0..20, &Backend::Cpu, What::CpuUnseen, 1e-3);
}

#[test]
fn unseen_lists_on_the_cpu_at_1e_5() {
    all(20..32, &Backend::Cpu, What::CpuUnseen, 1e-5);
}

#[test]
fn gpu_unseen_lists_at_1e_3() {
    all(0..8, &gpu(), What::DeviceUnseen, 1e-3);
}

/// A device differs from its twin by arithmetic alone, whatever the list.
#[test]
fn gpu_unseen_lists_against_the_twin() {
    let backend = gpu();
    let mut result = Judge::new(What::UnseenAgainstTwin, 1e-3);
    for seed in 100..108 {
        for method in [Method::Lines, Method::Density] {
            let job = unseen(seed).with(method, 1e-3);
            let ((device, report), (twin, _)) = (job.compute(&backend), job.compute(&Backend::Cpu));
            for (i, (t, p)) in job.at.iter().enumerate() {
                let name = format!("{}, {method:?}, {t:.0} K, {p:.1e} bar", job.name);
                let errors = result.add(&name, &device[i], &twin[i]);
                result.promise(&name, errors, report.lists[0].error_budget.arithmetic);
            }
        }
    }
    result.finish(&backend.info().name);
}
