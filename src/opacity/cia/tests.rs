use super::*;
use crate::atmosphere::number_density;
use crate::opacity::cia_table::LN_NOTHING;

/// A table whose nodes are the grid's points, all inside a band.
fn grid(temperatures: &[f64], ln_k: &[f64]) -> CiaGrid {
    let n = ln_k.len() / temperatures.len();
    let rows = ln_k.chunks(n).flat_map(|row| [&[LN_NOTHING], row, &[LN_NOTHING]].concat());
    let position = (1..=n).map(|i| i as f64).collect();
    CiaGrid::new("A-B", temperatures.to_vec(), rows.collect(), position)
}

/// A table of some temperatures whose content does not matter.
fn at(temperatures: &[f64]) -> CiaGrid {
    grid(temperatures, &vec![0.0; temperatures.len()])
}

fn pair<'a>(state: &'a [[f64; 3]; 7]) -> Pair<'a> {
    Pair {
        first: &state[0],
        second: &state[1],
        pressure_bar: &state[2],
        dpressure_bar: &state[3],
        temperature_k: &state[4],
        mean_molar_mass: &state[5],
        gravity: &state[6],
    }
}

const STATE: [[f64; 3]; 7] = [
    [0.85, 0.8, 0.0],
    [0.15, 0.1, 0.2],
    [1e-3, 10.0, 1.0],
    [1e-4, 1.0, 0.1],
    [300.0, 1000.0, 550.0],
    [2.3, 2.2, 2.3],
    [2500.0, 1000.0, 980.0],
];

#[test]
fn equals_the_formula_with_densities_and_height() {
    let table = [200.0, 400.0, 600.0, 1000.0];
    let n = 3;
    // ln k falls as a line in ln T, which the interpolation keeps.
    let ln_k: Vec<f64> =
        (0..4 * n).map(|i| -99.0 + 0.1 * (i % n) as f64 - 3.0 * (table[i / n] / 200.0f64).ln()).collect();
    let layers = pair(&STATE).layers(&at(&table)).unwrap();
    let mut dtau = vec![0.5; 3 * n];
    add_cia(&mut dtau, &grid(&table, &ln_k), &layers, 0).unwrap();
    for layer in 0..3 {
        let (p, t) = (STATE[2][layer], STATE[4][layer]);
        let density = number_density(p, t);
        let rho = density * STATE[5][layer] * ATOMIC_MASS_CGS;
        let dz = STATE[3][layer] * 1e6 / (rho * STATE[6][layer]);
        for i in 0..n {
            let k = (-99.0 + 0.1 * i as f64 - 3.0 * (t / 200.0f64).ln()).exp();
            let expected = 0.5 + k * STATE[0][layer] * density * STATE[1][layer] * density * dz;
            let found = dtau[layer * n + i];
            assert!((found / expected - 1.0).abs() < 1e-12, "layer {layer}: {found}, expected {expected}");
        }
    }
    // Not only the 0.5: the second layer is thick.
    assert!(dtau[n] > 1.0);
}

#[test]
fn absent_species_and_missing_coefficients_add_nothing() {
    let layers = pair(&STATE).layers(&at(&[100.0, 1000.0])).unwrap();
    assert_eq!(layers[2].ln_column, LN_NO_COLUMN);
    assert_eq!((layers[1].weights.lower, layers[1].weights.value), (0, [1.0, 0.0, 0.0]));
    let mut dtau = vec![0.25; 6];
    let table = grid(&[100.0, 1000.0], &[LN_NOTHING, -100.0, LN_NOTHING, -100.0]);
    add_cia(&mut dtau, &table, &layers, 0).unwrap();
    assert_eq!((dtau[0], dtau[2], dtau[4], dtau[5]), (0.25, 0.25, 0.25, 0.25));
    assert!(dtau[1] > 0.25 && dtau[3] > 0.25);
}

#[test]
fn poison_stays_where_it_is() {
    let layers = pair(&STATE).layers(&at(&[100.0, 1000.0])).unwrap();
    let mut dtau = vec![0.0; 9];
    let table = grid(&[100.0, 1000.0], &[-100.0, f64::NAN, -100.0, -99.0, -99.0, -99.0]);
    // The first point lies next to the spoilt node, but on its own.
    add_cia(&mut dtau, &CiaGrid { position: vec![0.0, 2.0, 3.0], ..table }, &layers, 0).unwrap();
    let spoilt: Vec<usize> = (0..9).filter(|i| dtau[*i].is_nan()).collect();
    assert_eq!(spoilt, [1, 4, 7]);
}

#[test]
fn bad_input_is_refused() {
    let message = pair(&STATE).layers(&at(&[400.0, 1000.0])).unwrap_err().to_string();
    assert!(message.contains("layer 0") && message.contains("400 to 1000 K"), "{message}");
    for table in [&[300.0][..], &[500.0, 100.0], &[100.0, f64::NAN], &[0.0, 1000.0]] {
        assert!(pair(&STATE).layers(&at(table)).unwrap_err().to_string().contains("increasing"));
    }
    let mut state = STATE;
    state[6][1] = 0.0;
    assert!(pair(&state).layers(&at(&[100.0, 1000.0])).unwrap_err().to_string().contains("column of layer 1"));
    let short = Pair { gravity: &[1.0], ..pair(&STATE) };
    assert!(short.layers(&at(&[100.0, 1000.0])).unwrap_err().to_string().contains("number of gravities"));
    let layers = pair(&STATE).layers(&at(&[100.0, 1000.0])).unwrap();
    let table = grid(&[100.0, 1000.0], &[0.0; 4]);
    assert!(add_cia(&mut [0.0; 5], &table, &layers, 0).is_err());
    assert!(add_cia(&mut [0.0; 6], &table, &layers, 1).is_err());
    assert!(add_cia_with_derivative(&mut [0.0; 6], &mut [0.0; 5], &table, &layers, 0).is_err());
    let mut above = [layers[0]];
    above[0].weights.lower = 1;
    assert!(add_cia(&mut [0.0; 2], &table, &above, 0).unwrap_err().to_string().contains("at least 3"));
    assert!(pair(&STATE).ln_column_gradient(&[1.0]).is_err());
    let tangent = PairTangent { first: &[0.0; 3], second: &[0.0; 3], mean_molar_mass: &[0.0; 3], gravity: &[0.0] };
    assert!(pair(&STATE).ln_column_tangent(&tangent).is_err());
}

/// dtau of a fractured table at a state.
fn dtau(state: &[[f64; 3]; 7], with: Option<&mut [f64]>) -> Vec<f64> {
    let temperatures = [200.0, 400.0, 600.0, 1100.0];
    let ln_k: Vec<f64> = (0..20).map(|i| -107.0 + 3.0 * (1.7 * f64::from(i)).sin()).collect();
    let mut table = grid(&temperatures, &ln_k);
    table.position = vec![0.0, 1.0, 1.25, 3.5, 4.999, 5.0, 5.5, 0.0];
    let layers = pair(state).layers(&table).unwrap();
    let mut dtau = vec![0.0; 3 * 8];
    match with {
        Some(slope) => add_cia_with_derivative(&mut dtau, slope, &table, &layers, 0).unwrap(),
        None => add_cia(&mut dtau, &table, &layers, 0).unwrap(),
    }
    dtau
}

#[test]
fn derivatives_equal_differences() {
    let mut slope = vec![0.0; 3 * 8];
    let mut state = STATE;
    state[0][2] = 0.5;
    let base = dtau(&state, Some(&mut slope));
    assert_eq!(base, dtau(&state, None));
    let tangents = [[0.3, -0.1, 0.2], [0.1, 0.2, 0.0], [0.1, 0.3, -0.2], [30.0, 10.0, -20.0]];
    let [first, second, mean_molar_mass, gravity] = &tangents;
    let tangent = PairTangent { first, second, mean_molar_mass, gravity };
    let by_ln = pair(&state).ln_column_tangent(&tangent).unwrap();
    let moved = |step: f64, fields: &[(usize, [f64; 3])]| {
        let mut state = state;
        for (field, direction) in fields {
            (0..3).for_each(|i| state[*field][i] += step * direction[i]);
        }
        dtau(&state, None)
    };
    let check = |fields: &[(usize, [f64; 3])], step: f64, found: &dyn Fn(usize) -> f64| {
        let (up, down) = (moved(step, fields), moved(-step, fields));
        for i in 0..base.len() {
            let difference = (up[i] - down[i]) / (2.0 * step);
            let error = (found(i) - difference).abs();
            assert!(error <= 1e-7 * difference.abs(), "{fields:?}, value {i}: {}, {difference}", found(i));
        }
    };
    check(&[(4, [1.0; 3])], 1e-3, &|i| slope[i]);
    let fields = [(0, tangents[0]), (1, tangents[1]), (5, tangents[2]), (6, tangents[3])];
    check(&fields, 1e-5, &|i| base[i] * by_ln[i / 8]);
    // The transpose: u . (J v) = (J^T u) . v.
    let u = [0.7, -1.3, 0.4];
    let gradient = pair(&state).ln_column_gradient(&u).unwrap();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let back = dot(&gradient.first, first)
        + dot(&gradient.second, second)
        + dot(&gradient.mean_molar_mass, mean_molar_mass)
        + dot(&gradient.gravity, gravity);
    assert!((back / dot(&u, &by_ln) - 1.0).abs() < 1e-13);
}

#[test]
fn the_derivative_is_continuous_at_a_row() {
    let mut state = STATE;
    state[0][2] = 0.5;
    let slopes = |temperature: [f64; 3]| {
        let (mut slope, mut state) = (vec![0.0; 3 * 8], state);
        state[4] = temperature;
        dtau(&state, Some(&mut slope));
        slope
    };
    let at = slopes([400.0, 600.0, 1100.0]);
    let largest = at.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    // The ends of the table are approached from inside.
    for step in [-1e-6, 1e-6] {
        let near = slopes([400.0 + step, 600.0 + step, 1100.0 - step.abs()]);
        for (i, (near, at)) in near.iter().zip(&at).enumerate() {
            assert!((near - at).abs() <= 1e-5 * at.abs().max(1e-6 * largest), "value {i}: {near} {at}");
        }
    }
}

#[test]
fn a_clamped_table_keeps_its_ends() {
    let temperatures = [400.0, 600.0, 1000.0];
    let ln_k: Vec<f64> = (0..9).map(|i| -107.0 + (1.7 * f64::from(i)).sin()).collect();
    let table = CiaGrid { clamped: true, ..grid(&temperatures, &ln_k) };
    let at = |t: f64| {
        let mut state = STATE;
        (state[4], state[0][2]) = ([t; 3], 0.5);
        let (mut dtau, mut slope) = (vec![0.0; 9], vec![0.0; 9]);
        add_cia_with_derivative(&mut dtau, &mut slope, &table, &pair(&state).layers(&table).unwrap(), 0).unwrap();
        (dtau, slope)
    };
    for (outside, end) in [(200.0, 400.0), (399.9, 400.0), (1500.0, 1000.0)] {
        let ((found, slope), (expected, _)) = (at(outside), at(end));
        for i in 0..9 {
            // The column goes as 1 / T.
            assert!((found[i] * outside / (expected[i] * end) - 1.0).abs() < 1e-13);
            assert!((slope[i] * outside / found[i] + 1.0).abs() < 1e-13);
        }
    }
    let notes = table.clamp_notes(&[300.0, 500.0, 1200.0, 700.0]);
    assert_eq!(notes.len(), 1);
    let text = notes[0].to_string();
    assert!(
        text.contains("2 of 4 layers (from layer 0 to layer 2; 300.0 to 1200.0 K)") && text.contains("400 to 1000 K"),
        "{text}"
    );
    assert!(table.clamp_notes(&[500.0]).is_empty());
    let refused = CiaGrid { clamped: false, ..table };
    assert!(refused.clamp_notes(&[300.0]).is_empty() && refused.weights(300.0).is_err());
}

#[test]
fn segments_give_the_same_bits() {
    let temperatures = [100.0, 1000.0];
    let ln_k: Vec<f64> = (0..200).map(|i| -107.0 + 3.0 * (0.7 * f64::from(i)).sin()).collect();
    let mut table = grid(&temperatures, &ln_k);
    table.position = (0..90).map(|i| if i % 30 < 10 { 0.0 } else { 1.0 + 1.1 * f64::from(i) }).collect();
    let layers = pair(&STATE).layers(&table).unwrap();
    let mut whole = vec![0.0; 3 * 90];
    add_cia(&mut whole, &table, &layers, 0).unwrap();
    for first in [0, 5, 20, 60] {
        let mut part = vec![0.0; 3 * 30];
        add_cia(&mut part, &table, &layers, first).unwrap();
        for layer in 0..3 {
            assert_eq!(part[layer * 30..][..30], whole[layer * 90 + first..][..30]);
        }
    }
    add_cia(&mut [], &table, &layers, 0).unwrap();
}
