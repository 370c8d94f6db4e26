//! Total internal partition sums that are built in.
//!
//! TIPS-2021 (Gamache et al. 2021, JQSRT 271, 107713) for the main isotopologues of H2O, CO2, CO, CH4 and NH3. The published
//! tables have 700 to 1800 entries each; here stand the 26 to 54 of them from which four-point Lagrange interpolation in
//! (ln T, ln Q) gives back every other one to 5e-5. [`tips`] expands that to a table in steps of 1 K, in which linear
//! interpolation ([`PartitionFunction::at`]) adds less than 1e-5 above 50 K.

use std::sync::Arc;

use super::isotopologues::by_number;
use super::partition::PartitionFunction;
use crate::{Error, Result};

/// The built-in partition function of a HITRAN molecule and isotopologue (5, `'1'` is 12C-16O).
///
/// # Errors
/// An isotopologue that is not built in; the message lists those that are and says how to bring one's own.
pub fn tips(molecule_id: u8, isotopologue: char) -> Result<Arc<PartitionFunction>> {
    match SUMS.iter().find(|s| s.molecule_id == molecule_id && s.number == isotopologue) {
        Some(sum) => Ok(Arc::new(sum.expand()?)),
        None => Err(Error::invalid(
            "partition function",
            match by_number(molecule_id, isotopologue) {
                Some(i) => format!("{} isotopologue {isotopologue} ({})", i.molecule, i.slug),
                None => format!("HITRAN molecule {molecule_id} isotopologue {isotopologue}"),
            },
            format!(
                "one that is built in ({}), or a two-column file of T [K] and Q (`--partition FILE`, key `partition`)",
                built_in().map(|(m, i)| by_number(m, i).map_or("?", |i| i.slug)).collect::<Vec<_>>().join(", ")
            ),
        )),
    }
}

/// HITRAN molecule and isotopologue numbers of all that [`tips`] knows.
pub fn built_in() -> impl Iterator<Item = (u8, char)> {
    SUMS.iter().map(|s| (s.molecule_id, s.number))
}

/// One partition sum.
struct Sum {
    molecule_id: u8,
    number: char,
    /// (T \[K\], Q), ascending.
    knots: &'static [(u16, f64)],
}

impl Sum {
    fn expand(&self) -> Result<PartitionFunction> {
        let last = self.knots[self.knots.len() - 1].0;
        let temperature: Vec<f64> = (1..=last).map(f64::from).collect();
        let value = temperature.iter().map(|t| self.interpolate(*t)).collect();
        PartitionFunction::new(temperature, value)
    }

    /// Lagrange polynomial in (ln T, ln Q) through two knots on either side.
    fn interpolate(&self, temperature: f64) -> f64 {
        let above = self.knots.partition_point(|k| f64::from(k.0) <= temperature);
        let first = above.saturating_sub(2).min(self.knots.len() - 4);
        let near = &self.knots[first..first + 4];
        let x = |i: usize| f64::from(near[i].0).ln();
        let at = temperature.ln();
        let ln_q: f64 = (0..4)
            .map(|i| {
                let weight: f64 = (0..4).filter(|j| *j != i).map(|j| (at - x(j)) / (x(i) - x(j))).product();
                weight * near[i].1.ln()
            })
            .sum();
        ln_q.exp()
    }
}

#[rustfmt::skip]
const SUMS: &[Sum] = &[
    Sum {
        molecule_id: 1,
        number: '1',
        knots: &[
            (1, 1.0), (5, 1.00968), (10, 1.32837), (15, 2.17212), (20, 3.34892), (25, 4.71142), (30, 6.19184),
            (35, 7.76341), (50, 12.96157), (55, 14.85143), (65, 18.86189), (80, 25.43182), (175, 79.94366),
            (215, 108.4459), (260, 143.8633), (310, 187.0777), (365, 239.0822), (420, 295.6837), (475, 356.9247),
            (585, 493.9058), (695, 651.6789), (840, 895.2437), (985, 1185.144), (1280, 1950.381), (1570, 2995.508),
            (1865, 4448.723), (2255, 7162.832), (2645, 11063.12), (3035, 16516.01), (3430, 24059.48),
            (3820, 33986.16), (4215, 47071.33), (4605, 63493.61), (5000, 84158.54),
        ],
    },
    Sum {
        molecule_id: 1,
        number: '2',
        knots: &[
            (1, 1.0), (5, 1.0098), (10, 1.33192), (15, 2.18458), (20, 3.37279), (25, 4.74746), (30, 6.24044),
            (35, 7.82506), (50, 13.0663), (55, 14.97192), (65, 19.01595), (80, 25.64104), (175, 80.61249),
            (215, 109.3557), (260, 145.0731), (310, 188.6555), (365, 241.1072), (420, 298.2024), (475, 359.9865),
            (585, 498.2168), (695, 657.4797), (840, 903.399), (985, 1196.049), (1280, 1967.124), (1570, 3014.775),
            (1865, 4459.771), (2255, 7125.817), (2645, 10898.14), (3035, 16087.43), (3430, 23154.87),
            (3820, 32331.43), (4215, 44311.39), (4605, 59273.74), (5000, 78110.24),
        ],
    },
    Sum {
        molecule_id: 2,
        number: '1',
        knots: &[
            (1, 1.1723), (5, 4.62335), (10, 9.07433), (15, 13.52666), (25, 22.43225), (65, 58.05839), (80, 71.42001),
            (95, 84.7873), (115, 102.6445), (135, 120.6083), (155, 138.7937), (175, 157.3456), (215, 196.1786),
            (260, 243.8818), (365, 379.6925), (420, 468.6683), (475, 572.7497), (585, 835.3775), (695, 1187.502),
            (840, 1827.996), (985, 2727.692), (1130, 3962.474), (1280, 5688.354), (1570, 10765.95), (1865, 19225.84),
            (2255, 37958.5), (2645, 69212.42), (3035, 118302.0), (3430, 192735.7), (3820, 297960.6), (4215, 444655.4),
            (4605, 636995.8), (5000, 887489.5),
        ],
    },
    Sum {
        molecule_id: 5,
        number: '1',
        knots: &[
            (1, 1.011872), (5, 2.182409), (10, 3.968093), (15, 5.769051), (20, 7.573516), (30, 11.18591),
            (45, 16.60751), (85, 31.07063), (125, 45.53769), (240, 87.14687), (300, 108.8684), (360, 130.6138),
            (445, 161.5344), (530, 192.7516), (705, 258.9145), (880, 329.1199), (1055, 404.6771), (1305, 523.4304),
            (1560, 658.8291), (1815, 809.369), (2070, 975.4814), (2575, 1351.47), (4560, 3458.527), (6040, 5712.444),
            (7520, 8579.847), (9000, 12082.04),
        ],
    },
    Sum {
        molecule_id: 5,
        number: '2',
        knots: &[
            (1, 2.030286), (5, 4.527034), (10, 8.267022), (15, 12.03591), (20, 15.81148), (30, 23.36923),
            (45, 34.71168), (85, 64.96905), (125, 95.2344), (240, 182.2815), (300, 227.7251), (360, 273.2257),
            (445, 337.9559), (530, 403.3732), (705, 542.3263), (880, 690.2226), (1055, 849.7977), (1305, 1101.164),
            (1560, 1388.285), (1815, 1707.915), (2070, 2060.929), (2575, 2860.744), (3085, 3806.981),
            (6040, 12159.39), (7520, 18277.12), (9000, 25743.63),
        ],
    },
    Sum {
        molecule_id: 5,
        number: '3',
        knots: &[
            (1, 1.015451), (5, 2.270568), (10, 4.147875), (15, 6.039568), (20, 7.934585), (30, 11.72791),
            (45, 17.42081), (85, 32.60727), (125, 47.79774), (240, 91.4875), (300, 114.2961), (360, 137.1337),
            (445, 169.6244), (530, 202.4629), (705, 272.2285), (880, 346.5036), (1055, 426.6612), (1305, 552.951),
            (1560, 697.226), (1815, 857.8533), (2070, 1035.271), (2575, 1437.275), (3085, 1912.91), (6040, 6111.884),
            (7520, 9187.524), (9000, 12940.98),
        ],
    },
    Sum {
        molecule_id: 5,
        number: '4',
        knots: &[
            (1, 6.081919), (5, 13.36844), (10, 24.3676), (15, 35.45556), (20, 46.56398), (30, 68.80105),
            (45, 102.1744), (85, 191.2027), (125, 280.2548), (240, 536.3805), (300, 670.0904), (360, 803.9586),
            (445, 994.3618), (530, 1186.7), (705, 1594.856), (880, 2028.704), (1055, 2496.3), (1305, 3232.162),
            (1560, 4072.038), (1815, 5006.506), (2070, 6038.177), (2575, 8374.623), (4560, 21481.59),
            (6040, 35510.82), (7520, 53359.79), (9000, 75151.43),
        ],
    },
    Sum {
        molecule_id: 6,
        number: '1',
        knots: &[
            (1, 5.000003), (5, 5.443868), (10, 7.272368), (15, 9.70842), (20, 12.73767), (25, 16.37862),
            (30, 20.59396), (40, 30.49704), (45, 36.06844), (55, 48.24301), (60, 54.79199), (70, 68.72307),
            (85, 91.52777), (115, 143.2489), (145, 202.1918), (175, 267.5872), (210, 351.3813), (250, 456.6272),
            (290, 572.2376), (330, 699.2679), (375, 858.0487), (415, 1015.919), (455, 1192.508), (540, 1645.417),
            (745, 3401.346), (850, 4871.335), (955, 6940.69), (1060, 9843.401), (1165, 13893.48), (1270, 19505.91),
            (1320, 22879.87), (1505, 40859.24), (1640, 61704.46), (1770, 90940.01), (1905, 134723.8),
            (2035, 194827.7), (2170, 282889.0), (2480, 639987.3), (2490, 656447.3), (2500, 673290.6),
            (2505, 681994.0), (2630, 936187.8), (2665, 1.021542e6), (2680, 1.060229e6), (2700, 1.114012e6),
            (2715, 1.155903e6), (2730, 1.19925e6), (2745, 1.244102e6), (2755, 1.27478e6), (2765, 1.306283e6),
            (2795, 1.404869e6), (2965, 2.104197e6), (3230, 3.842881e6), (3500, 6.870471e6),
        ],
    },
    Sum {
        molecule_id: 11,
        number: '1',
        knots: &[
            (1, 3.83409), (5, 9.97743), (10, 16.20772), (15, 25.10466), (20, 35.44986), (25, 47.08209),
            (30, 59.97985), (40, 89.33083), (45, 105.6245), (55, 141.0794), (70, 200.6201), (85, 266.9046),
            (105, 364.6523), (150, 619.0181), (170, 745.8952), (195, 915.6385), (240, 1251.567), (285, 1627.124),
            (345, 2194.444), (410, 2906.965), (470, 3670.748), (535, 4633.648), (790, 10280.84), (960, 16443.19),
            (1135, 25807.65), (1310, 39470.69), (1485, 59065.14), (1655, 85765.02), (1830, 123701.2),
            (2005, 175410.8), (2180, 244695.6), (2415, 373161.2), (2655, 557912.4), (3135, 1.147708e6),
            (3610, 2.120474e6), (4090, 3.611599e6), (4565, 5.683248e6), (5045, 8.445116e6), (5520, 1.187503e7),
            (6000, 1.605341e7),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::test_data;

    #[test]
    fn every_published_value_comes_back() {
        let Some(folder) = test_data("partition") else { return };
        for (molecule_id, number) in built_in() {
            let i = by_number(molecule_id, number).unwrap();
            let file = PartitionFunction::read(folder.join(format!("{}_{}.txt", i.molecule, i.afgl))).unwrap();
            let q = tips(molecule_id, number).unwrap();
            assert_eq!(q.range(), file.range(), "{}", i.slug);
            let worst = file.entries().map(|(t, value)| (q.at(t).unwrap() / value - 1.0).abs()).fold(0.0, f64::max);
            assert!(worst < 5e-5, "{}: {worst:e}", i.slug);
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), built_in().count());
    }

    #[test]
    fn knots_are_exact_and_ascending() {
        for s in SUMS {
            let q = tips(s.molecule_id, s.number).unwrap();
            for k in s.knots {
                assert!((q.at(f64::from(k.0)).unwrap() / k.1 - 1.0).abs() < 1e-12);
            }
            assert!(s.knots.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1));
        }
    }

    #[test]
    fn a_missing_isotopologue_lists_what_there_is() {
        let message = tips(2, '2').unwrap_err().to_string();
        for part in ["13C-16O2", "12C-16O", "14N-1H3", "--partition"] {
            assert!(message.contains(part), "{message}");
        }
        assert!(tips(99, 'x').unwrap_err().to_string().contains("molecule 99"));
    }
}
