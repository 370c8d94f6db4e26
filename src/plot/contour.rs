//! Lines of equal value on a grid (marching squares).

use std::collections::HashMap;

/// Lines where `value` (`side` x `side`, rows slow) equals `level`, as points (column, row) in units of nodes; values at least
/// `level` count as inside. Beyond the edge lies nothing, so that all lines are closed.
pub(super) fn contour(value: &[f64], side: usize, level: f64) -> Vec<Vec<(f64, f64)>> {
    // A frame of zeros around the grid.
    let n = side + 2;
    let at = |i: usize, j: usize| {
        let inside = (1..=side).contains(&i) && (1..=side).contains(&j);
        if inside { value[(j - 1) * side + i - 1] } else { 0.0 }
    };
    // An edge is known by its first node and its direction; each crossed edge has the two cells beside it as neighbours.
    let mut next: HashMap<usize, usize> = HashMap::new();
    let edge = |i: usize, j: usize, upward: bool| 2 * (j * n + i) + usize::from(upward);
    for j in 0..n - 1 {
        for i in 0..n - 1 {
            let corners = [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)];
            let edges = [edge(i, j, false), edge(i + 1, j, true), edge(i, j + 1, false), edge(i, j, true)];
            let inside = corners.map(|v| v >= level);
            let mut ins = Vec::new();
            let mut outs = Vec::new();
            for k in 0..4 {
                match (inside[k], inside[(k + 1) % 4]) {
                    (true, false) => outs.push(edges[k]),
                    (false, true) => ins.push(edges[k]),
                    _ => {}
                }
            }
            // Walking round the cell, a line begins where the inside is left and ends where it is entered next.
            let middle = corners.iter().sum::<f64>() / 4.0 >= level;
            if ins.len() == 2 && middle != inside[0] {
                ins.reverse();
            }
            next.extend(outs.into_iter().zip(ins));
        }
    }
    let place = |e: usize| {
        let (i, j, upward) = (e / 2 % n, e / 2 / n, e % 2 == 1);
        let (a, b) = (at(i, j), if upward { at(i, j + 1) } else { at(i + 1, j) });
        let t = (level - a) / (b - a);
        let (x, y) = if upward { (i as f64, j as f64 + t) } else { (i as f64 + t, j as f64) };
        (x - 1.0, y - 1.0)
    };
    let mut lines = Vec::new();
    let mut starts: Vec<usize> = next.keys().copied().collect();
    starts.sort_unstable();
    for start in starts {
        let mut line = Vec::new();
        let mut e = start;
        while let Some(following) = next.remove(&e) {
            line.push(place(e));
            e = following;
        }
        if let Some(first) = line.first().copied() {
            line.push(first);
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hill_gives_a_circle_and_two_hills_two() {
        let hill = |x: f64, y: f64, r: f64| (r * r - x * x - y * y).max(-50.0);
        let grid = |f: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
            (0..1600).map(|k| f(f64::from(k % 40) - 19.5, f64::from(k / 40) - 19.5)).collect()
        };
        let one = contour(&grid(&|x, y| hill(x, y, 12.0) + 200.0), 40, 200.0);
        assert_eq!(one.len(), 1);
        assert!(one[0].iter().all(|(x, y)| ((x - 19.5).hypot(y - 19.5) - 12.0).abs() < 0.05));
        assert_eq!(one[0].first(), one[0].last());
        let two = contour(&grid(&|x, y| hill(x - 9.0, y, 6.0).max(hill(x + 9.0, y, 6.0)) + 200.0), 40, 200.0);
        assert_eq!(two.len(), 2);
        // Cut by the edge, the line follows it.
        let cut = contour(&grid(&|x, y| hill(x - 19.5, y, 12.0) + 200.0), 40, 200.0);
        assert!(cut.len() == 1 && cut[0].iter().any(|p| p.0 >= 39.0));
        // A checkerboard is all saddles: every line is closed.
        let board = contour(&grid(&|x, y| f64::from(u8::from((x + y).floor() as i64 % 2 == 0))), 40, 0.5);
        assert!(!board.is_empty() && board.iter().all(|l| l.len() > 3 && l.first() == l.last()));
    }
}
