//! The exact results beside the checkout.

use std::path::PathBuf;

use npyz::NpyFile;
use npyz::npz::NpzArchive;
use photosphere::lines::{Line, LineList, PartitionFunction, Species};

/// The folder `shared` beside the checkout, or the parent of `PHOTOSPHERE_DATA`; `None`, said aloud, where there is none. On CI
/// it must be there.
pub fn shared() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = match std::env::var_os("PHOTOSPHERE_DATA") {
        Some(data) => PathBuf::from(data).join(".."),
        None => beside,
    };
    if folder.join("reference").is_dir() && folder.join("data").is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "reference results not found at {}: CI must have them", folder.display());
    eprintln!("LEFT OUT: no reference results at {}; set PHOTOSPHERE_DATA", folder.display());
    None
}

/// One array of an `.npz` file, flattened.
pub fn npz(path: &std::path::Path, name: &str) -> Vec<f64> {
    let mut archive = NpzArchive::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let array: NpyFile<_> = archive.by_name(name).unwrap().unwrap_or_else(|| panic!("{}: no {name}", path.display()));
    match array.dtype().descr().as_str() {
        "'<i8'" => array.into_vec::<i64>().unwrap().into_iter().map(|v| v as f64).collect(),
        _ => array.into_vec::<f64>().unwrap(),
    }
}

/// One of the two reference cases.
pub struct Case {
    pub name: &'static str,
    pub list: LineList,
    pub grid: photosphere::grid::Grid,
    /// First reference point on the grid.
    pub first: usize,
    /// (T \[K\], P \[bar\]).
    pub at: Vec<(f64, f64)>,
    /// \[at\]\[nu\]
    pub exact: Vec<Vec<f64>>,
}

/// `co_hitran` or `co_exomol`.
pub fn case(name: &'static str) -> Option<Case> {
    let shared = shared()?;
    let folder = shared.join("reference").join(name);
    let lines = folder.join("lines.npz");
    let (nu, s, e) = (npz(&lines, "nu"), npz(&lines, "S_ref"), npz(&lines, "E"));
    let (gamma, n) = (npz(&lines, "gamma_ref"), npz(&lines, "n_Texp"));
    let (t, q) = if name == "co_hitran" {
        (npz(&lines, "T_Q"), npz(&lines, "Q"))
    } else {
        let text = std::fs::read_to_string(shared.join("data/exomol/CO/12C-16O/SAMPLE/12C-16O__SAMPLE.pf")).unwrap();
        text.lines()
            .map(|l| {
                let mut c = l.split_whitespace().map(|v| v.parse::<f64>().unwrap());
                (c.next().unwrap(), c.next().unwrap())
            })
            .unzip()
    };
    let species = Species {
        name: name.into(),
        molar_mass: npz(&lines, "molmass")[0],
        partition: PartitionFunction::new(t, q).unwrap().into(),
    };
    let lines = (0..nu.len())
        .map(|i| Line {
            wavenumber: nu[i],
            strength: s[i],
            lower_energy: e[i],
            gamma_ref: gamma[i],
            temperature_exponent: n[i],
            ..Line::default()
        })
        .collect();
    let xs = folder.join("cross_section_lbl.npz");
    let at: Vec<(f64, f64)> = npz(&xs, "temperature_pressure").chunks(2).map(|c| (c[0], c[1])).collect();
    let nu = npz(&xs, "nu");
    let exact = npz(&xs, "cross_section").chunks(nu.len()).map(<[f64]>::to_vec).collect();
    let (grid, first) = if name == "co_hitran" {
        (photosphere::grid::Grid::new(1950.0, 2250.0, 150_000).unwrap(), npz(&xs, "i0")[0] as usize)
    } else {
        (photosphere::grid::Grid::new(nu[0], nu[nu.len() - 1], nu.len()).unwrap(), 0)
    };
    Some(Case { name, list: LineList::new(species, lines).unwrap(), grid, first, at, exact })
}

/// Relative errors, sorted ascending.
pub fn relative_errors(got: &[f64], exact: &[f64]) -> Vec<f64> {
    assert_eq!(got.len(), exact.len());
    let mut r: Vec<f64> = got.iter().zip(exact).map(|(g, e)| ((g - e) / e).abs()).collect();
    assert!(r.iter().all(|r| !r.is_nan()), "NaN in the result");
    r.sort_by(f64::total_cmp);
    r
}

/// Quantile of sorted values.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * q).round() as usize]
}
