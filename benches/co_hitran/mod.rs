//! The workload `co_hitran`: 1950 to 2250 cm-1, 8 streams, CO lines of HITRAN if `../shared/data` has them, else the built-in list.

use std::path::Path;

use photosphere::atmosphere::{Hydrostatic, PressureGrid, ReferenceLevel, TemperatureProfile};
use photosphere::cross_section::{Method, Settings};
use photosphere::gpu::Device;
use photosphere::grid::{Grid, TemperatureRange};
use photosphere::lines::carbon_monoxide::{self, Broadener, Isotopologue};
use photosphere::lines::{HitranSource, LineList};
use photosphere::spectrum::{Absorber, Model, ModelBuilder, State};

/// Points of the full size.
pub const POINTS: usize = 150_000;
/// Layers of the full size.
pub const LAYERS: usize = 200;
const RANGE: (f64, f64) = (1950.0, 2250.0);

pub fn list() -> LineList {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hitran/CO_2000-2300.par");
    if file.exists() {
        let mut source = HitranSource::new(file);
        source.isotopologue = Some('1');
        source.range = Some(RANGE);
        return source.load(&()).unwrap().0.remove(0);
    }
    eprintln!("{} not found: the built-in CO list stands in for it", file.display());
    carbon_monoxide::line_list(Isotopologue::C12O16, Broadener::Air, Some(RANGE), 1e-30).unwrap()
}

pub fn settings(method: Method) -> Settings {
    let temperature_range = TemperatureRange::new(500.0, 1500.0).unwrap();
    Settings { tolerance: 1e-3, temperature_range, method, line_margin: 0.0, ..Settings::default() }
}

fn grids(points: usize, layers: usize) -> (Grid, PressureGrid) {
    (Grid::new(RANGE.0, RANGE.1, points).unwrap(), PressureGrid::logarithmic(1e-5, 10.0, layers).unwrap())
}

fn with_lines(model: ModelBuilder<'_>) -> Model {
    model.opacity(Absorber::new("CO", list())).settings(settings(Method::Lines)).build().unwrap()
}

pub fn model(points: usize, layers: usize) -> Model {
    let (grid, pressure) = grids(points, layers);
    with_lines(Model::emission(grid, pressure))
}

/// The same layers seen against a star; states of it have radii ([`with_radii`]).
#[allow(dead_code)] // of this module's users, one has no use for it
pub fn transmission(points: usize, layers: usize) -> Model {
    let (grid, pressure) = grids(points, layers);
    with_lines(Model::transmission(grid, pressure))
}

/// Radii of the state's layers, as of a planet like Jupiter.
#[allow(dead_code)]
pub fn with_radii(model: &Model, state: State) -> State {
    let reference = ReferenceLevel { radius_cm: 7.1492e9, gravity: state.gravity[0], pressure_bar: None };
    let (t, mean) = (&state.temperature_k, &state.mean_molar_mass);
    let radii = Hydrostatic::new(&model.pressure().boundaries_bar(), t, mean, &reference).unwrap().radius_cm;
    state.with_radii(radii)
}

pub fn state(model: &Model) -> State {
    let profile = TemperatureProfile::PowerLaw { temperature_k: 900.0, exponent: 0.1 };
    let clip = Some(settings(Method::Lines).temperature_range);
    let layers = model.layers();
    let temperature = profile.at(model.pressure().pressure_bar(), clip).unwrap();
    State::new(temperature, vec![24785.7730044555; layers], vec![2.33; layers]).with_mass_ratio("CO", 1e-5)
}

/// The device that `PHOTOSPHERE_DEVICE` selects, else any.
pub fn device() -> Option<Device> {
    Device::from_env().map_err(|e| eprintln!("LEFT OUT: benches on a device: {e}")).ok()
}
