#[test]
fn bits() {
    use super::cpu::add_layers_with_derivative;
    use super::prepared::{Prepared, Settings};
    use super::test_cases::{Case, cases};
    for Case { name, list: (grid, list), pressure, method, .. } in cases() {
        let prepared = Prepared::new(grid, &list, &[pressure; 3], Settings { method, ..Case::settings(1e-3) }).unwrap();
        let n = grid.len();
        let (mut xs, mut slopes) = (vec![0.0; 3 * n], vec![0.0; 3 * n]);
        add_layers_with_derivative(&prepared, 0, &[510.0, 801.0, 1190.0], &[1.0; 3], &mut xs, &mut slopes).unwrap();
        let hash =
            |v: &[f64]| v.iter().fold(1469598103934665603u64, |h, x| (h ^ x.to_bits()).wrapping_mul(1099511628211));
        let dev = crate::gpu::Device::from_env().unwrap();
        let job = super::CrossSections::new(
            grid,
            &[list.clone()],
            &[(510.0, pressure), (1190.0, pressure)],
            Settings { method, ..Case::settings(1e-3) },
            &(),
        )
        .unwrap();
        let (v, _) = job.compute(&crate::Backend::Device(dev), &()).unwrap();
        println!("BITS {name}: {:x} {:x} dev {:x}", hash(&xs), hash(&slopes), hash(&v.to_f64()));
    }
}
