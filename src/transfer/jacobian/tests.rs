use super::*;
use rand::{Rng, SeedableRng, rngs::StdRng};

const N: usize = 2500;
const ROWS: usize = 13;

/// depth, derivative, source \[row\]\[nu\]; weight \[nu\].
fn rows() -> [Vec<f64>; 4] {
    let mut rng = StdRng::seed_from_u64(5);
    [ROWS * N, ROWS * N, ROWS * N, N].map(|length| (0..length).map(|_| rng.random_range(-1.0..1.0)).collect())
}

fn explicit(jacobian: &LayerJacobian, k: usize) -> f64 {
    match jacobian {
        LayerJacobian::Given(rows) => rows[k],
        LayerJacobian::Product { depth, derivative } => depth[k] * derivative[k],
        LayerJacobian::Temperature { depth, derivative, source } => depth[k] * derivative[k] + source[k],
    }
}

#[test]
fn products_equal_their_definition_and_each_other() {
    let [depth, derivative, source, weight] = &rows();
    let columns = 3;
    let coefficient: Vec<f64> = (0..ROWS * columns).map(|k| (k as f64).cos()).collect();
    for jacobian in [
        LayerJacobian::Given(source),
        LayerJacobian::Product { depth, derivative },
        LayerJacobian::Temperature { depth, derivative, source },
    ] {
        // Added to what is there.
        let mut forward = vec![0.5; columns * N];
        jacobian.project(&coefficient, &mut forward.chunks_mut(N).collect::<Vec<_>>()).unwrap();
        let mut reverse = vec![0.25; ROWS];
        jacobian.reduce(weight, &mut reverse).unwrap();
        for i in 0..N {
            for column in 0..columns {
                let sum: f64 =
                    (0..ROWS).map(|row| explicit(&jacobian, row * N + i) * coefficient[row * columns + column]).sum();
                assert!((forward[column * N + i] - 0.5 - sum).abs() < 1e-14 * ROWS as f64);
            }
        }
        for (row, found) in reverse.iter().enumerate() {
            let sum: f64 = (0..N).map(|i| explicit(&jacobian, row * N + i) * weight[i]).sum();
            assert!((found - 0.25 - sum).abs() < 1e-12);
        }
        // u . (J v) = (J^T u) . v for each column.
        for column in 0..columns {
            let left: f64 = (0..N).map(|i| weight[i] * (forward[column * N + i] - 0.5)).sum();
            let right: f64 = (0..ROWS).map(|row| (reverse[row] - 0.25) * coefficient[row * columns + column]).sum();
            assert!((left - right).abs() < 1e-10 * left.abs().max(1.0), "{left} {right}");
        }
    }
}

#[test]
fn columns_and_segments_give_the_same_bits() {
    let [depth, derivative, source, weight] = &rows();
    let jacobian = LayerJacobian::Temperature { depth, derivative, source };
    let coefficient: Vec<f64> = (0..ROWS * 5).map(|k| (k as f64).cos()).collect();
    let mut whole = vec![0.0; 5 * N];
    jacobian.project(&coefficient, &mut whole.chunks_mut(N).collect::<Vec<_>>()).unwrap();
    let second: Vec<f64> = coefficient.chunks(5).map(|row| row[1]).collect();
    let mut alone = vec![0.0; N];
    jacobian.project(&second, &mut [&mut alone]).unwrap();
    assert_eq!(alone, whole[N..2 * N]);
    let mut gradient = vec![0.0; ROWS];
    jacobian.reduce(weight, &mut gradient).unwrap();
    let (mut by_segments, mut projected) = (vec![0.0; ROWS], vec![0.0; 5 * N]);
    for range in [0..1024, 1024..2048, 2048..N] {
        let cut = |rows: &[f64]| rows.chunks(N).flat_map(|row| row[range.clone()].to_vec()).collect::<Vec<f64>>();
        let (depth, derivative, source) = (&cut(depth)[..], &cut(derivative)[..], &cut(source)[..]);
        let part = LayerJacobian::Temperature { depth, derivative, source };
        part.reduce(&weight[range.clone()], &mut by_segments).unwrap();
        let mut columns: Vec<&mut [f64]> = projected.chunks_mut(N).map(|column| &mut column[range.clone()]).collect();
        part.project(&coefficient, &mut columns).unwrap();
    }
    assert_eq!(by_segments, gradient);
    assert_eq!(projected, whole);
}

#[test]
fn poison_stays_in_its_row_and_point_and_wrong_shapes_are_refused() {
    let [depth, mut derivative, source, weight] = rows();
    derivative[4 * N + 100] = f64::NAN;
    let jacobian = LayerJacobian::Temperature { depth: &depth, derivative: &derivative, source: &source };
    let mut column = vec![0.0; N];
    jacobian.project(&[1.0; ROWS], &mut [&mut column]).unwrap();
    let mut gradient = [0.0; ROWS];
    jacobian.reduce(&weight, &mut gradient).unwrap();
    assert_eq!(column.iter().position(|v| v.is_nan()), Some(100));
    assert_eq!(column.iter().filter(|v| v.is_nan()).count(), 1);
    assert!(gradient.iter().enumerate().all(|(row, g)| g.is_nan() == (row == 4)));

    assert!(jacobian.project(&[1.0; ROWS + 1], &mut [&mut column]).is_err());
    assert!(jacobian.project(&[1.0; 2 * ROWS + 1], &mut [&mut vec![0.0; N], &mut column]).is_err());
    assert!(jacobian.project(&[1.0; 2 * ROWS], &mut [&mut vec![0.0; N - 1], &mut column]).is_err());
    assert!(jacobian.reduce(&weight[1..], &mut gradient).is_err());
    let short = LayerJacobian::Temperature { depth: &depth, derivative: &derivative, source: &source[1..] };
    assert!(short.reduce(&weight, &mut gradient).unwrap_err().to_string().contains("sensitivities to the source"));
    jacobian.project(&[], &mut []).unwrap();
}
