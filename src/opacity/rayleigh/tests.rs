use super::*;

fn at_um(gas: RayleighGas, um: f64) -> f64 {
    gas.cross_section(1e4 / um)
}

/// Cross sections \[cm2\] at wavelengths \[um\], to within `off`.
fn check(gas: RayleighGas, off: f64, cases: &[(f64, f64)]) {
    for (um, expected) in cases {
        let found = at_um(gas, *um);
        assert!((found / expected - 1.0).abs() < off, "{gas:?} at {um} um: {found:e}, expected {expected:e}");
    }
}

#[test]
fn hydrogen_is_dalgarno_and_williams() {
    // Their series at five wavelengths, worked out by hand: 8.14e-13 / A^4 + 1.28e-6 / A^6 + 1.61 / A^8.
    let cases = [
        (0.3, 1.005e-26 + 1.7558e-27 + 2.4539e-28),
        (0.5, 1.3024e-27 + 8.192e-29 + 4.1216e-30),
        (0.7, 3.39026e-28 + 1.0880e-29 + 2.7928e-31),
        (1.0, 8.14e-29 + 1.28e-30 + 1.61e-32),
        (2.0, 5.0875e-30 + 2.0e-32 + 6.3e-35),
    ];
    check(RayleighGas::H2, 1e-3, &cases);
    check(RayleighGas::H2, 1e-5, &[(0.5, 1.38844e-27)]);
}

#[test]
fn helium_meets_its_measured_index() {
    // From the index of Mansfield & Peck 1969 (J. Opt. Soc. Am. 59, 199), 1e8 (n - 1) = 1475529.7 / (426.29740 - s^2) at 0 C, s in um-1, made for 0.47 to 2 um. Below, it
    // falls behind the computed one: by 0.4 % at 0.2 um.
    let cases = [(0.35, 3.80191e-28), (0.5, 8.94928e-29), (0.7, 2.30811e-29), (1.0, 5.51467e-30), (2.0, 3.43454e-31)];
    check(RayleighGas::He, 1.2e-3, &cases);
    check(RayleighGas::He, 5e-3, &[(0.2, 3.87126e-27)]);
}

#[test]
fn atomic_hydrogen_is_the_sum_over_its_states() {
    // The classical expression with all oscillator strengths of bound and free states of the non-relativistic atom, summed outside this project. Lee & Kim's series is 2e-4 below
    // it, and 1.5 % where it ends.
    let cases = [
        (0.2, 7.823973e-26),
        (0.3, 9.675532e-27),
        (0.5, 1.030086e-27),
        (0.7, 2.549761e-28),
        (1.0, 5.964025e-29),
        (2.0, 3.658876e-30),
    ];
    check(RayleighGas::H, 5e-4, &cases);
    check(RayleighGas::H, 0.02, &[(0.16, 3.729522e-25)]);
}

#[test]
fn molecules_are_their_published_indices_and_king_factors() {
    // The papers print formulae: these values are worked out from them outside this project, carbon dioxide's and oxygen's from the indices at 0 C.
    check(
        RayleighGas::N2,
        1e-4,
        &[(0.3, 5.74812e-26), (0.35, 2.99206e-26), (0.5, 6.83890e-27), (0.7, 1.74146e-27), (2.0, 2.56203e-29)],
    );
    check(
        RayleighGas::O2,
        1e-4,
        &[(0.21, 3.09597e-25), (0.25, 1.24224e-25), (0.35, 2.70073e-26), (0.5, 6.02496e-27), (1.0, 3.61909e-28)],
    );
    check(
        RayleighGas::CO2,
        2e-4,
        &[(0.2, 9.50903e-25), (0.3, 1.48439e-25), (0.5, 1.71923e-26), (1.0, 1.02121e-27), (5.0, 1.59261e-30)],
    );
    check(
        RayleighGas::CH4,
        1e-4,
        &[(0.31, 1.10576e-25), (0.4, 3.71952e-26), (0.5, 1.46861e-26), (0.7, 3.70503e-27), (1.0, 8.75102e-28)],
    );
    check(
        RayleighGas::CO,
        1e-4,
        &[(0.25, 1.70635e-25), (0.35, 3.87167e-26), (0.5, 8.78025e-27), (1.0, 5.29328e-28), (2.0, 3.28048e-29)],
    );
    check(
        RayleighGas::H2O,
        1e-4,
        &[(0.35, 2.13149e-26), (0.4, 1.20745e-26), (0.5, 4.75937e-27), (0.7, 1.19855e-27), (2.0, 1.74355e-29)],
    );
}

#[test]
fn dry_air_is_the_sum_of_its_gases() {
    // Bodhaine et al. 1999 (J. Atmos. Oceanic Technol. 16, 1854), eq. 29, for 360 ppm of CO2; argon from the index in Sneep & Ubachs 2005. The measured index of air and the sum of
    // its gases differ by 0.02 % at 0.4 um and 0.19 % at 0.8 um.
    for um in [0.26, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0] {
        let (nu, l2) = (1e4 / um, um * um);
        let argon = of_index((6432.135 + 286.060_21e12 / (14.4e9 - nu * nu)) * 1e-8, N_288, 1.0, nu);
        let found = 0.780_84 * at_um(RayleighGas::N2, um)
            + 0.209_46 * at_um(RayleighGas::O2, um)
            + 0.009_34 * argon
            + 0.000_36 * at_um(RayleighGas::CO2, um);
        let published = 1e-28 * (1.045_599_6 - 341.290_61 / l2 - 0.902_308_50 * l2)
            / (1.0 + 0.002_705_988_9 / l2 - 85.968_563 * l2);
        assert!((found / published - 1.0).abs() < 2.5e-3, "{um} um: {found:e}, {published:e}");
    }
}

#[test]
fn cross_sections_measured_at_532_nm_are_met() {
    // Sneep & Ubachs 2005: measured at 532.2 nm, in 1e-27 cm2, with uncertainties of 1 to 7 %; of CO they find 10 % less than the index gives, of CH4 9 % more.
    for (gas, measured, off) in [
        (RayleighGas::N2, 5.10, 0.05),
        (RayleighGas::CO, 6.19, 0.11),
        (RayleighGas::CO2, 12.4, 0.08),
        (RayleighGas::CH4, 12.47, 0.1),
    ] {
        let found = at_um(gas, 0.5322) * 1e27;
        assert!((found / measured - 1.0).abs() < off, "{gas:?}: {found}");
    }
}

#[test]
fn long_wavelengths_have_the_static_polarizabilities() {
    // sigma = 128 pi^5 / 3 alpha^2 nu^4 F with alpha in A^3 (CRC Handbook): H2 0.804, He 0.2050, N2 1.740, CO2 2.911, H2O 1.45, CH4 2.593, CO 1.95, O2 1.581,
    // H 0.6668. CO2 and H2O lose vibrational parts in the visible.
    for (gas, alpha, king, off) in [
        (RayleighGas::H2, 0.804, 1.02, 0.06),
        (RayleighGas::He, 0.2050, 1.0, 0.02),
        (RayleighGas::N2, 1.740, 1.034, 0.02),
        (RayleighGas::CO2, 2.62, 1.136, 0.04),
        (RayleighGas::H2O, 1.45, 1.0, 0.05),
        (RayleighGas::CH4, 2.593, 1.0, 0.02),
        (RayleighGas::CO, 1.95, 1.016, 0.04),
        (RayleighGas::O2, 1.581, 1.096, 0.02),
        (RayleighGas::H, 0.6668, 1.0, 0.01),
    ] {
        let nu = 2000.0f64;
        let expected = 128.0 * PI.powi(5) / 3.0 * (alpha * 1e-24f64).powi(2) * nu.powi(4) * king;
        let found = gas.cross_section(nu);
        assert!((found / expected - 1.0).abs() < off, "{gas:?}: {found:e}, {expected:e}");
    }
}

#[test]
fn all_are_smooth_positive_and_rise() {
    for gas in RayleighGas::ALL {
        let mut last = 0.0;
        for i in 0..2000 {
            let nu = 50.0 * 1000f64.powf(f64::from(i) / 1999.0);
            let found = gas.cross_section(nu);
            assert!(found.is_finite() && found > last, "{gas:?} at {nu}");
            let slope = (gas.cross_section(nu * 1.0005) / gas.cross_section(nu * 0.9995)).ln() / 0.001;
            assert!((3.7..9.0).contains(&slope), "{gas:?} at {nu}: {slope}");
            last = found;
        }
        assert_eq!(RayleighGas::from_name(gas.name()).unwrap(), gas);
    }
    assert!(RayleighGas::from_name("Ar").unwrap_err().to_string().contains("H2, He, N2"));
}

#[test]
fn pieces_meet_without_a_step() {
    let ends = RayleighGas::ALL.map(|gas| gas.range_cm()).into_iter().flat_map(|(lo, hi)| [lo, hi]);
    for nu in O2_JOINS.into_iter().chain([N2_JOIN]).chain(ends).filter(|nu| *nu > 0.0) {
        for gas in RayleighGas::ALL {
            let step = gas.cross_section(nu * (1.0 + 1e-11)) / gas.cross_section(nu * (1.0 - 1e-11)) - 1.0;
            assert!(step.abs() < 1e-9, "{gas:?} at {nu}: {step:e}");
        }
    }
}
