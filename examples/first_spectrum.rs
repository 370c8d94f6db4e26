//! The shortest way to a spectrum: carbon monoxide and hydrogen in emission, on whatever device there is.
//!
//! ```sh
//! cargo run --release --example first_spectrum
//! ```

use photosphere::prelude::*;

fn main() -> Result<()> {
    let grid = Grid::with_resolution(4290.0, 4300.0, 1e6)?; // cm-1
    let pressure = PressureGrid::logarithmic(1e-5, 10.0, 100)?; // bar
    let temperature = TemperatureProfile::PowerLaw { temperature_k: 1200.0, exponent: 0.1 };
    let temperature = temperature.at(pressure.pressure_bar(), None)?;
    let state = State::new(temperature, vec![2500.0; 100], vec![2.33; 100]) // K, cm s-2, g mol-1
        .with_volume_ratio("H2", 0.85)
        .with_mass_ratio("CO", 5e-3);
    let co = carbon_monoxide::line_list(Isotopologue::C12O16, Broadener::Hydrogen, None, 0.0)?;
    let model = Model::emission(grid, pressure)
        .opacity(Absorber::new("CO", co))
        .opacity(Rayleigh::new(RayleighGas::H2))
        .for_state(&state)
        .build()?;
    let flux = model.open(&Backend::select("auto")?)?.spectrum(&state, &())?.to_f64();
    println!("{} points, {:.4e} erg s-1 cm-2 / cm-1 at {} cm-1", flux.len(), flux[0], grid.lo());
    Ok(())
}
