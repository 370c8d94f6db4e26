//! HITRAN files made from a seed.

use std::io::{BufWriter, Write};
use std::path::Path;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Writes `count` records of 12C-16O, ascending in wavenumber within `range` \[cm-1\], strengths over ten decades.
pub fn write(path: &Path, count: usize, range: (f64, f64)) {
    let mut rng = StdRng::seed_from_u64(5);
    let mut file = BufWriter::new(std::fs::File::create(path).expect("a file"));
    let step = (range.1 - range.0) / count as f64;
    for i in 0..count {
        let nu = range.0 + step * (i as f64 + rng.random::<f64>());
        let strength = 10f64.powf(-30.0 + 10.0 * rng.random::<f64>());
        let (air, own, n) =
            (0.04 + 0.05 * rng.random::<f64>(), 0.05 + 0.05 * rng.random::<f64>(), 0.5 + 0.3 * rng.random::<f64>());
        let energy = 8000.0 * rng.random::<f64>();
        let head =
            format!(" 51{nu:12.6}{strength:10.3e}{:10.3e}{air:5.3}{own:5.3}{energy:10.4}{n:4.2}{:8.5}", 1.0, 0.0);
        writeln!(file, "{head:<146}{:7.1}{:7.1}", 1.0, 1.0).expect("written");
    }
}
