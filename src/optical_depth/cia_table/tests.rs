use proptest::prelude::*;

use super::*;
use crate::lines::test_data;

/// Blocks of (lowest wavenumber, temperature, coefficients in steps of 10 cm-1) as HITRAN writes them.
fn file(blocks: &[(f64, f64, &[f64])]) -> String {
    let mut text = String::new();
    for (nu, t, k) in blocks {
        let hi = nu + 10.0 * (k.len() - 1) as f64;
        text +=
            &format!("{:>20}{nu:10.3}{hi:10.3}{:7}{t:7.1}{:>10} -.999{:27}{:>3}\n", "A2-B", k.len(), "1.0E-44", "", 1);
        for (i, k) in k.iter().enumerate() {
            text += &format!("{:10.4} {k:10.3E}\n", nu + 10.0 * i as f64);
        }
    }
    text
}

fn read(text: impl AsRef<[u8]>) -> Result<CiaTable> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    CiaTable::read(file.path())
}

fn error(text: impl AsRef<[u8]>) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn samples() {
    let Some(folder) = test_data("cia") else { return };
    let table = CiaTable::read(folder.join("H2-H2_Borysow.cia")).unwrap();
    assert_eq!((table.name.as_str(), table.blocks().count(), table.negative_set_to_zero), ("H2-H2", 20, 0));
    assert_eq!(table.wavenumber_ranges().collect::<Vec<_>>(), [(20.0, 16480.0)]);
    assert_eq!(table.temperature_range(&[100.0]), Some((60.0, 7000.0)));
    // Rows of the file come back, and nothing beyond its ends.
    let at_60 = table.coefficient(&[0.0, 20.0, 40.0, 50.0, 16481.0], 60.0).unwrap();
    for (ours, want) in at_60.iter().zip([0.0, 5.372e-47, 1.325e-46, 0.5 * (1.325e-46 + 1.723e-46), 0.0]) {
        assert!((ours - want).abs() <= 1e-12 * want, "{ours:e} {want:e}");
    }
    // Halfway between 1000 K and 2000 K: the geometric mean.
    let k = [1000.0, 1500.0, 2000.0].map(|t| table.coefficient(&[4160.0], t).unwrap()[0]);
    assert!((k[1] / (k[0] * k[2]).sqrt() - 1.0).abs() < 1e-12 && k[0] > 0.0, "{k:?}");
    let one = CiaTable::read(folder.join("H2-H2_sample.cia")).unwrap();
    assert_eq!(one.coefficient(&[4300.0, 4300.5], 1234.0).unwrap(), [3.243e-45, 0.5 * (3.243e-45 + 3.232e-45)]);
    assert_eq!(one.temperature_range(&[4300.0]), None);

    let nu: Vec<f64> = (0..1000).map(|i| 10.0 + 17.0 * f64::from(i)).collect();
    let grid = table.resample(&nu).unwrap();
    // 824 rows from 20 to 16480 cm-1, both ends three times, and the two nodes outside.
    assert_eq!((grid.temperatures.len(), grid.nodes(), grid.position.len()), (20, 824 + 4 + 2, 1000));
    for t in [60.0, 333.0, 1000.0, 1500.0, 7000.0] {
        for (a, b) in grid.coefficient(t).unwrap().iter().zip(table.coefficient(&nu, t).unwrap()) {
            assert!((a - b).abs() <= 1e-11 * b, "{t} K: {a:e} {b:e}");
        }
    }
}

#[test]
fn interpolation() {
    let t = read(file(&[(100.0, 200.0, &[1e-45, 3e-45]), (100.0, 400.0, &[4e-45, 0.0])])).unwrap();
    let k = t.coefficient(&[105.0, 100.0, 110.0, 99.9, 110.1], 300.0).unwrap();
    // At 100: the geometric mean. At 110: zero on one side, the mean. At 105: between the two. Outside: nothing.
    for (k, want) in k.iter().zip([1.75e-45, 2e-45, 1.5e-45, 0.0, 0.0]) {
        assert!((k - want).abs() < 1e-12 * want.max(1e-45), "{k:e} {want:e}");
    }
    for bad in [199.9, 400.1, f64::NAN, -1.0, f64::INFINITY] {
        assert!(t.coefficient(&[105.0], bad).is_err(), "{bad}");
    }
    assert!(t.coefficient(&[105.0], 500.0).unwrap_err().to_string().contains("200 to 400"));
    assert_eq!(t.coefficient(&[5000.0], 5000.0).unwrap(), [0.0], "no band, no limit");
    assert!(t.coefficient(&[f64::NAN], 300.0).is_err());
}

#[test]
fn bands_are_independent() {
    let text = file(&[
        (500.0, 296.0, &[7e-46, 7e-46]),
        (100.0, 300.0, &[2e-45, 2e-45, 2e-45]),
        (100.0, 200.0, &[1e-45, 1e-45]),
        (110.0, 200.0, &[1e-45, 1e-45]),
        (510.0, 100.0, &[5e-46, 5e-46]),
    ]);
    let t = read(&text).unwrap();
    assert_eq!(t.wavenumber_ranges().collect::<Vec<_>>(), [(100.0, 120.0), (500.0, 510.0), (510.0, 520.0)]);
    assert_eq!(t.coefficient(&[505.0], 3000.0).unwrap(), [7e-46]);
    assert_eq!(t.coefficient(&[510.0], 300.0).unwrap(), [5e-46], "where bands meet, one of them");
    assert_eq!(t.coefficient(&[115.0], 300.0).unwrap(), [2e-45]);
    assert!((t.coefficient(&[115.0], 200.0).unwrap()[0] - 1e-45).abs() < 1e-57);
    assert!(t.coefficient(&[115.0, 505.0], 301.0).is_err());
    let grid = t.resample(&[50.0, 115.0, 505.0]).unwrap();
    assert_eq!(grid.temperatures, [200.0, 300.0]);
    assert_eq!((grid.ln_coefficient[0], grid.position[0]), (LN_NOTHING, 0.0));
    let k = grid.coefficient(300.0).unwrap();
    assert!(k[0] == 0.0 && (k[1] / 2e-45 - 1.0).abs() < 1e-12 && (k[2] / 7e-46 - 1.0).abs() < 1e-12, "{k:?}");
    assert!(grid.coefficient(301.0).unwrap_err().to_string().contains("200 to 300"));
    let constant = t.resample(&[505.0, 515.0]).unwrap();
    assert_eq!(constant.temperatures, ANY_TEMPERATURE);
    assert_eq!(constant.coefficient(60.0).unwrap(), constant.coefficient(6000.0).unwrap());
    assert_eq!(t.resample(&[1.0]).unwrap().coefficient(1e4).unwrap(), [0.0]);
}

#[test]
fn blocks_that_end_inside_a_band_jump_there() {
    // At 200 K two blocks that touch with different values and a gap, at 300 K one block with rows elsewhere.
    let text = file(&[
        (100.0, 200.0, &[1e-45, 2e-45]),
        (110.0, 200.0, &[4e-45, 5e-45]),
        (130.0, 200.0, &[6e-45, 6e-45]),
        (105.0, 300.0, &[3e-45, 3e-45, 3e-45, 3e-45]),
    ]);
    let t = read(text).unwrap();
    let nu = [100.0, 102.5, 110.0, 110.5, 120.0, 120.001, 125.0, 129.999, 130.0, 135.0, 135.001, 140.0, 140.1];
    let want = [1.0, 1.25, 2.0, 4.05, 5.0, 0.0, 0.0, 0.0, 6.0, 6.0, 6.0, 6.0, 0.0].map(|k| k * 1e-45);
    for (k, want) in t.coefficient(&nu, 200.0).unwrap().iter().zip(want) {
        assert!((k - want).abs() < 1e-57, "{k:e} {want:e}");
    }
    let want = [0.0, 0.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 0.0, 0.0, 0.0].map(|k| k * 1e-45);
    assert_eq!(t.coefficient(&nu, 300.0).unwrap(), want);
    let grid = t.resample(&nu).unwrap();
    for temperature in [200.0, 300.0] {
        for (a, b) in grid.coefficient(temperature).unwrap().iter().zip(t.coefficient(&nu, temperature).unwrap()) {
            assert!((a - b).abs() < 1e-57, "{temperature} K: {a:e} {b:e}");
        }
    }
    // A part of the grid, in any order, has the values of the whole.
    let part = [nu[9], nu[3], nu[6]];
    let (whole, part) = (t.coefficient(&nu, 250.0).unwrap(), t.coefficient(&part, 250.0).unwrap());
    assert_eq!([whole[9], whole[3], whole[6]], part[..]);
}

#[test]
fn no_common_temperature() {
    let two = |nu: f64, t: f64| [(nu, t, &[1e-45, 1e-45][..]), (nu, t + 50.0, &[1e-45, 1e-45][..])];
    let t = read(file(&[two(100.0, 100.0), two(500.0, 300.0)].concat())).unwrap();
    assert!(t.resample(&[105.0, 505.0]).unwrap_err().to_string().contains("a common range of temperatures"));
    assert_eq!(t.resample(&[105.0]).unwrap().temperatures, [100.0, 150.0]);
}

#[test]
fn variants_of_the_text() {
    let plain = "! comment\r\nH2-He 20.0 30.0 2 300.0 1e-45\r\n20.0 1.0D-45 7\r\n\r\n30.0 -2e-47\r\n";
    let t = read(plain).unwrap();
    assert_eq!((t.name.as_str(), t.negative_set_to_zero), ("H2-He", 1));
    assert_eq!(t.coefficient(&[20.0, 30.0], 1.0).unwrap(), [1e-45, 0.0]);
}

#[test]
fn bad_files_name_the_line() {
    let good = file(&[(100.0, 200.0, &[1e-45, 3e-45])]);
    let lines: Vec<&str> = good.lines().collect();
    for (text, part) in [
        (String::new(), "empty"),
        ("! only a comment\n".into(), "no block"),
        (lines[..2].join("\n"), "line 1: the file ends after 1 of the 2 rows"),
        (lines[1..].join("\n"), "line 1: a header"),
        (good.replace("3.000E-45", "NaN"), "line 3"),
        (good.replace("110.0000", " 99.0000"), "line 3: wavenumbers"),
        (good.replace("200.0", "-20.0"), "line 1: a header"),
        (good.clone() + &good.replace("A2-B", "A2-C"), "line 4: a block of A2-C"),
        (good.clone() + &good, "line 4: a second block at 200 K overlaps the one of line 1"),
        ("<!DOCTYPE html>".into(), "web page"),
    ] {
        let message = error(&text);
        assert!(message.contains(part), "{text}\n{message}");
    }
    assert!(matches!(CiaTable::read("/nowhere.cia"), Err(Error::Io { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(bytes);
    }

    #[test]
    fn mutated_files_are_taken(changes in prop::collection::vec((0..240usize, any::<u8>()), 1..6), t in 50.0..900.0f64) {
        let mut text = file(&[(100.0, 200.0, &[1e-45, 3e-45]), (100.0, 400.0, &[4e-45, 0.0])]).into_bytes();
        for (at, byte) in changes {
            let at = at % text.len();
            text[at] = byte;
        }
        if let Ok(table) = read(text) {
            if let Ok(k) = table.coefficient(&[100.0, 104.0, 110.0], t) {
                prop_assert!(k.iter().all(|k| k.is_finite() && *k >= 0.0));
            }
            let _ = table.resample(&[100.0, 104.0, 110.0]);
        }
    }
}
