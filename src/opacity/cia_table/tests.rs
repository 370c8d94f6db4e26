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

/// Of reading, or of a grid that meets the blocks of 100 cm-1.
fn error(text: impl AsRef<[u8]>) -> String {
    match read(text) {
        Ok(table) => table.resample(&[100.0, 105.0, 110.0]).unwrap_err().to_string(),
        Err(error) => error.to_string(),
    }
}

/// A block with its header's reference.
fn block(reference: &str, nu: f64, step: f64, t: f64, k: &[f64]) -> String {
    let hi = nu + step * (k.len() - 1) as f64;
    let mut text =
        format!("{:>20}{nu:10.3}{hi:10.3}{:7}{t:7.1}{:>10} -.999{:27}{reference:>3}\n", "A2-B", k.len(), "1.0E-44", "");
    k.iter().enumerate().for_each(|(i, k)| text += &format!("{:10.4} {k:10.3E}\n", nu + step * i as f64));
    text
}

/// That values are close, relative to 1e-45.
fn same(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= 1e-11 * b.max(1e-45), "value {i}: {found:?}, expected {expected:?}");
    }
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
    // Between rows: between their values, and near the geometric mean.
    let k = [1000.0, 1000.0 * 2f64.sqrt(), 2000.0].map(|t| table.coefficient(&[4160.0], t).unwrap()[0]);
    assert!((k[1] / (k[0] * k[2]).sqrt() - 1.0).abs() < 0.05 && k[0] < k[1] && k[1] < k[2], "{k:?}");
    let one = CiaTable::read(folder.join("H2-H2_sample.cia")).unwrap();
    let expected = [3.243e-45, 0.5 * (3.243e-45 + 3.232e-45)];
    same(&one.coefficient(&[4300.0, 4300.5], 200.0).unwrap(), &expected);
    assert!(one.coefficient(&[4300.0], 1234.0).unwrap_err().to_string().contains("200 K alone"));
    assert_eq!(one.temperature_range(&[4300.0]), Some((200.0, 200.0)));
    same(&one.clamped(true).coefficient(&[4300.0, 4300.5], 1234.0).unwrap(), &expected);

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
    let middle = 200.0 * 2f64.sqrt();
    // At 100, halfway in ln T: the geometric mean. At 110 one side is nothing, so is the mean with it. At 105: between the two. Outside: nothing.
    let found = t.coefficient(&[105.0, 100.0, 110.0, 99.9, 110.1], middle).unwrap();
    for (k, want) in found.iter().zip([1e-45, 2e-45, 0.0, 0.0, 0.0]) {
        assert!((k - want).abs() < 1e-7 * 1e-45, "{found:?}");
    }
    same(&t.coefficient(&[100.0, 110.0], 200.0).unwrap(), &[1e-45, 3e-45]);
    same(&t.coefficient(&[100.0, 110.0], 400.0).unwrap(), &[4e-45, 0.0]);
    for bad in [199.9, 400.1, f64::NAN, -1.0, f64::INFINITY] {
        assert!(t.coefficient(&[105.0], bad).is_err(), "{bad}");
    }
    assert!(t.coefficient(&[105.0], 500.0).unwrap_err().to_string().contains("200 to 400"));
    assert_eq!(t.coefficient(&[5000.0], 5000.0).unwrap(), [0.0], "no band, no limit");
    assert!(t.coefficient(&[f64::NAN], 300.0).is_err());
    same(&t.clone().clamped(true).coefficient(&[100.0, 105.0], 500.0).unwrap(), &[4e-45, 2e-45]);
    same(&t.clamped(true).coefficient(&[100.0], 50.0).unwrap(), &[1e-45]);
}

#[test]
fn between_temperatures_the_coefficient_is_smooth_positive_and_near_a_smooth_law() {
    let law = |t: f64| 1e-45 * (300.0 / t).powf(2.5) * (-400.0 / t).exp();
    let blocks: Vec<String> = (0..12)
        .map(|i| {
            let t = 100.0 + 40.0 * f64::from(i);
            block("1", 100.0, 10.0, t, &[law(t), law(t)])
        })
        .collect();
    let grid = read(blocks.concat()).unwrap().resample(&[105.0]).unwrap();
    let k = |t: f64| grid.coefficient(t).unwrap()[0];
    for i in 0..440 {
        let t = 100.0 + f64::from(i);
        // Steps of up to 40 % in temperature; next to the maximum at 160 K the limited slope is 0.
        let tolerance = if (120.0..200.0).contains(&t) { 2e-2 } else { 1e-2 };
        assert!((k(t) / law(t) - 1.0).abs() < tolerance, "{t} K: {} {}", k(t), law(t));
    }
    for i in 1..11 {
        let (t, h) = (100.0 + 40.0 * f64::from(i), 1e-4);
        let (below, above) = ((k(t) - k(t - h)) / h, (k(t + h) - k(t)) / h);
        assert!((below - above).abs() < 1e-4 * k(t) / 40.0, "{t} K: slopes {below} and {above}");
    }
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
    same(&t.coefficient(&[505.0], 296.0).unwrap(), &[7e-46]);
    assert!(t.coefficient(&[505.0], 300.0).unwrap_err().to_string().contains("296 K alone"));
    same(&t.coefficient(&[115.0], 300.0).unwrap(), &[2e-45]);
    same(&t.coefficient(&[115.0], 200.0).unwrap(), &[1e-45]);
    same(&t.coefficient(&[115.0, 505.0], 296.0).unwrap()[1..], &[7e-46]);
    assert!(t.coefficient(&[115.0, 505.0], 301.0).is_err());
    let t = t.clamped(true);
    same(&t.coefficient(&[510.0], 300.0).unwrap(), &[5e-46]); // where bands meet, the later
    let grid = t.resample(&[50.0, 115.0, 505.0]).unwrap();
    assert_eq!(grid.temperatures, [200.0, 300.0]);
    assert_eq!((grid.ln_coefficient[0], grid.position[0]), (LN_NOTHING, 0.0));
    same(&grid.coefficient(300.0).unwrap(), &[0.0, 2e-45, 7e-46]);
    same(&grid.coefficient(3000.0).unwrap(), &[0.0, 2e-45, 7e-46]);
    let notes = grid.clamp_notes(&[250.0, 296.0, 400.0]);
    assert_eq!(notes.len(), 2, "{notes:?}");
    let constant = t.resample(&[505.0, 515.0]).unwrap();
    assert_eq!(constant.temperatures, ANY_TEMPERATURE);
    assert_eq!(constant.coefficient(60.0).unwrap(), constant.coefficient(6000.0).unwrap());
    let nothing = t.resample(&[1.0]).unwrap();
    assert_eq!(nothing.coefficient(1e4).unwrap(), [0.0]);
    let told = nothing.told().map(|n| n.to_string()).collect::<Vec<_>>();
    assert!(
        told.len() == 1 && told[0].contains("has nothing on the grid") && told[0].contains("500 to 510 cm-1"),
        "{told:?}"
    );
}

/// Where the temperatures of bands differ, each band is what it is alone.
#[test]
fn bands_keep_their_own_temperatures() {
    let low = |t: f64| block("1", 100.0, 10.0, t, &[1e-45 * t, 2e-45 * t]);
    let high = |t: f64| block("1", 500.0, 10.0, t, &[1e-43 / t, 5e-44 / t]);
    let of = |all: &[String]| read(all.concat()).unwrap();
    let (a, b) = ([100.0, 250.0, 300.0, 500.0].map(low), [150.0, 190.0, 310.0, 400.0, 600.0].map(high));
    let both = of(&[
        a.clone(),
        [b[4].clone(), b[0].clone(), b[2].clone(), String::new()],
        [b[1].clone(), b[3].clone(), String::new(), String::new()],
    ]
    .concat());
    let (a, b) = (of(&a), of(&b));
    let (low, high) = ([100.0, 104.0, 110.0], [500.0, 508.0]);
    let all = [&low[..], &high[..]].concat();
    let grid = both.resample(&all).unwrap();
    assert_eq!(grid.temperatures, [100.0, 150.0, 150.0, 190.0, 250.0, 300.0, 310.0, 400.0, 500.0, 500.0, 600.0]);
    for t in [150.0, 151.0, 190.0, 222.0, 250.0, 299.0, 305.0, 310.0, 499.0, 500.0] {
        let k = grid.coefficient(t).unwrap();
        same(&k[..3], &a.coefficient(&low, t).unwrap());
        same(&k[3..], &b.coefficient(&high, t).unwrap());
    }
    for t in [100.0, 149.0, 501.0, 600.0, 90.0] {
        assert!(grid.coefficient(t).is_err(), "{t}");
        let clamped = both.clone().clamped(true).coefficient(&all, t).unwrap();
        same(&clamped[..3], &a.clone().clamped(true).coefficient(&low, t).unwrap());
        same(&clamped[3..], &b.clone().clamped(true).coefficient(&high, t).unwrap());
    }
}

#[test]
fn where_blocks_overlap_the_narrower_holds_then_the_later() {
    // A source in two bands that overlap by a little, as O2-O2 has them, and another source at one of its temperatures.
    let flat = |k: f64| vec![k; 11];
    let text = [
        block("32", 100.0, 10.0, 200.0, &flat(1e-45)),
        block("32", 100.0, 10.0, 300.0, &flat(1e-45)),
        block("32", 195.0, 20.0, 200.0, &flat(2e-45)),
        block("32", 195.0, 20.0, 300.0, &flat(2e-45)),
        block("54", 300.0, 25.0, 300.0, &flat(3e-45)),
        block("54", 300.0, 25.0, 250.0, &flat(3e-45)),
    ]
    .concat();
    let table = read(&text).unwrap();
    let nu = [100.0, 194.0, 195.0, 198.0, 200.0, 201.0, 305.0, 395.0, 396.0, 550.0, 551.0];
    let expected = [1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 0.0].map(|k| k * 1e-45);
    let grid = table.resample(&nu).unwrap();
    same(&grid.coefficient(260.0).unwrap(), &expected);
    let notes = grid.notes.join("\n");
    assert_eq!(grid.notes.len(), 3, "{notes}");
    assert!(notes.contains("no coefficients on 551.00 cm-1 of the grid"), "{notes}");
    let beside = table.resample(&[50.0, 99.0, 150.0, 600.0, 700.0]).unwrap().notes;
    assert_eq!(
        beside,
        ["the file has no coefficients on 50.00 to 99.00, 600.00 to 700.00 cm-1 of the grid, where it adds nothing"]
    );
    assert!(
        notes.contains("100 to 200 cm-1 (reference 32, 2 blocks from line 1 on) taken and not 195 to 395"),
        "{notes}"
    );
    assert!(notes.contains("taken and not 300 to 550 cm-1 (reference 54"), "{notes}");
    // Where no point is in two of them, there is nothing to tell.
    assert!(table.resample(&[150.0, 250.0]).unwrap().notes.is_empty());
    assert_eq!(table.temperature_range(&[150.0, 500.0]), Some((250.0, 300.0)));

    // One source, one temperature: the narrower; of two alike the later.
    let text = [
        block("1", 100.0, 20.0, 300.0, &flat(1e-45)),
        block("1", 150.0, 2.0, 300.0, &flat(4e-45)),
        block("1", 100.0, 20.0, 300.0, &flat(2e-45)),
    ]
    .concat();
    let grid = read(&text).unwrap().resample(&[149.0, 150.0, 160.0, 170.0, 171.0]).unwrap();
    same(&grid.coefficient(300.0).unwrap(), &[2.0, 4.0, 4.0, 4.0, 2.0].map(|k| k * 1e-45));
    assert!(
        grid.notes.iter().any(|n| n.contains("the block of line 13 (150 to 170 cm-1) was taken")),
        "{:?}",
        grid.notes
    );

    // Two sources that complete each other in temperature are one band.
    let text = [[200.0, 250.0], [300.0, 350.0]]
        .concat()
        .into_iter()
        .map(|t| block(if t < 275.0 { "7" } else { "8" }, 100.0, 10.0, t, &flat(1e-45 * t)));
    let table = read(text.collect::<String>()).unwrap();
    assert_eq!(table.temperature_range(&[150.0]), Some((200.0, 350.0)));
}

#[test]
fn blocks_that_end_inside_a_band_leave_it_to_the_others() {
    // At 200 K two blocks that touch with different values and a gap, at 300 K one block with rows elsewhere.
    let text = file(&[
        (100.0, 200.0, &[1e-45, 2e-45]),
        (110.0, 200.0, &[4e-45, 5e-45]),
        (130.0, 200.0, &[6e-45, 6e-45]),
        (105.0, 300.0, &[3e-45, 3e-45, 3e-45, 3e-45]),
    ]);
    let t = read(text).unwrap();
    let nu = [100.0, 102.5, 110.0, 110.5, 120.0, 120.001, 125.0, 129.999, 130.0, 135.0, 135.001, 140.0, 140.1];
    let want = [1.0, 1.25, 4.0, 4.05, 5.0, 3.0, 3.0, 3.0, 6.0, 6.0, 6.0, 6.0, 0.0].map(|k| k * 1e-45);
    same(&t.coefficient(&nu, 200.0).unwrap(), &want);
    let want = [1.0, 1.25, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 6.0, 6.0, 0.0].map(|k| k * 1e-45);
    same(&t.coefficient(&nu, 300.0).unwrap(), &want);
    let grid = t.resample(&nu).unwrap();
    assert!(grid.notes.iter().any(|n| n.contains("at 200 K, 300 K do not reach all of the grid")), "{:?}", grid.notes);
    let whole = t.resample(&[106.0, 119.0, 131.0]).unwrap();
    assert!(whole.notes.is_empty(), "{:?}", whole.notes);
    // A part of the grid, in any order, has the values of the whole.
    let part = [nu[9], nu[3], nu[6]];
    let (whole, part) = (t.coefficient(&nu, 250.0).unwrap(), t.coefficient(&part, 250.0).unwrap());
    assert_eq!([whole[9], whole[3], whole[6]], part[..]);
    // A temperature in between whose block is short: the others' curve goes on.
    let short = |t: f64| {
        if t == 250.0 { block("1", 100.0, 10.0, t, &[1e-45; 3]) } else { block("1", 100.0, 10.0, t, &[4e-45; 4]) }
    };
    let table = read([200.0, 250.0, 300.0].map(short).concat()).unwrap();
    same(&table.coefficient(&[120.0, 125.0], 250.0).unwrap(), &[1e-45, 4e-45]);
}

#[test]
fn no_common_temperature() {
    let two = |nu: f64, t: f64| [(nu, t, &[1e-45, 1e-45][..]), (nu, t + 50.0, &[1e-45, 1e-45][..])];
    let t = read(file(&[two(100.0, 100.0), two(500.0, 300.0)].concat())).unwrap();
    assert!(t.resample(&[105.0, 505.0]).unwrap_err().to_string().contains("a common range of temperatures"));
    assert_eq!(t.resample(&[105.0]).unwrap().temperatures, [100.0, 150.0]);
    same(&t.clamped(true).coefficient(&[105.0, 505.0], 200.0).unwrap(), &[1e-45, 1e-45]);
}

#[test]
fn variants_of_the_text() {
    let plain = "! comment\r\nH2-He 20.0 30.0 2 300.0 1e-45\r\n20.0 1.0D-45 7\r\n\r\n30.0 -2e-47\r\n";
    let t = read(plain).unwrap();
    assert_eq!((t.name.as_str(), t.negative_set_to_zero), ("H2-He", 1));
    let grid = t.resample(&[20.0, 30.0]).unwrap();
    same(&grid.coefficient(300.0).unwrap(), &[1e-45, 0.0]);
    assert!(
        grid.notes[0].contains("1 of 2 coefficients of 20 to 30 cm-1 (block of line 2) are below 0"),
        "{:?}",
        grid.notes
    );

    // Columns that run together, the pair in the other order, a comment with digits, a reference; fields left blank.
    let columns = |name: &str, lo: &str, hi: &str, n: &str, t: &str, end: &str| {
        format!("{name:>20}{lo:>10}{hi:>10}{n:>7}{t:>7}{end}\n10000.0000-1.000E-47\n10001.0000 2.000E-45 1.000E-47\n")
    };
    let end = " 2.000E-45 -.999  2 km path, 2019, 296 K   12";
    for text in [
        columns("He-H2", "10000.0000", "10001.0000", "2", "12000.0", end)
            + &columns("H2-He", "10000.000", "10001.000", "2", "13000.0", end),
        columns("H2-He", "", "", "", "12000.0", ""),
        columns("H2-He", "10000.000", "10001.000", "", "12000", " 2.000E-45"),
        columns("H2-He (eq)", "10000.000", "10001.000", "2", "12000.0", end),
    ] {
        let table = read(&text).unwrap();
        assert_eq!(table.coefficient(&[10000.0, 10001.0], 12000.0).unwrap()[0], 0.0, "{text}");
        same(&table.coefficient(&[10000.0, 10001.0], 12000.0).unwrap(), &[0.0, 2e-45]);
    }
    let full = format!(
        "{:>20}{:10.3}{:10.3}{:7}{:7.1}{:>10}{:>6}{:<27}{:>3}\n 20.0 1e-45\n",
        "H2-H2", 20.0, 20.0, 1, 60.0, "1E-44", "-.999", "2nd of 3, 1997", 31
    );
    assert_eq!(read(full).unwrap().blocks().next().unwrap().reference, "31");
}

/// What is wrong with a block is the matter of those who need it.
#[test]
fn only_blocks_on_the_grid_are_judged() {
    let good = block("1", 100.0, 10.0, 200.0, &[1e-45, 3e-45]);
    let other = block("1", 500.0, 10.0, 200.0, &[1e-45, 5e-45]);
    for (bad, part) in [
        (other.replace("5.000E-45", "NaN"), "line 6: row 2 of 2: wavenumber and coefficient are required"),
        (other.replace("510.0000", "490.0000"), "line 6: wavenumbers must"),
        (other.replace("A2-B", "A2-C"), "line 4: a block of A2-C in a file of A2-B"),
        (other.replace("  200.0", "   -1.0"), "line 4: a header"),
        (other.clone() + "  520.0 1e-45\n", "line 7: a row beyond the 2 that the header of line 4 declares"),
        (other.lines().take(2).collect::<Vec<_>>().join("\n"), "line 4: the file ends after 1 of the 2 rows"),
        (other.replace("5.000E-45", "********"), "line 6: row 2"),
    ] {
        let table = read(good.clone() + &bad).unwrap();
        same(&table.coefficient(&[100.0, 110.0], 200.0).unwrap(), &[1e-45, 3e-45]);
        let message = table.resample(&[105.0, 500.0]).unwrap_err().to_string();
        assert!(message.contains(part), "{bad}\n{message}");
    }
    let short = other.lines().take(2).collect::<Vec<_>>().join("\n") + "\n";
    let message = read(short + &good).unwrap().resample(&[500.0]).unwrap_err().to_string();
    assert!(message.contains("line 3: a header after 1 of the 2 rows of the block of line 1"), "{message}");
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
