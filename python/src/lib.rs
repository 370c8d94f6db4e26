//! The compiled part of the Python package `photosphere`: what its classes call.
//!
//! Everything here turns Python values into those of the library and back; what is computed, how lists are opened and what is refused are the library's. The interface
//! that people see, with its documentation, is in `python/photosphere/`. Computations run without the interpreter's lock ([`work`]).

mod arrays;
mod atmosphere;
mod callable;
mod command_line;
mod cross_sections;
mod devices;
mod errors;
mod instrument;
mod lists;
mod model;
mod parts;
mod progress;
mod retrieval;
mod settings;
mod work;

use pyo3::prelude::*;

/// The compiled part of Photosphere.
#[pymodule]
fn _photosphere(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add("DeviceError", py.get_type::<errors::DeviceError>())?;
    m.add("DeviceLostError", py.get_type::<errors::DeviceLostError>())?;
    m.add("DeviceMissingError", py.get_type::<errors::DeviceMissingError>())?;
    m.add_class::<atmosphere::Inputs>()?;
    m.add_class::<model::Model>()?;
    m.add_class::<instrument::Instrument>()?;
    m.add_class::<retrieval::Retrieval>()?;
    m.add_function(wrap_pyfunction!(settings::wavenumbers, m)?)?;
    m.add_function(wrap_pyfunction!(settings::pressures, m)?)?;
    m.add_function(wrap_pyfunction!(cross_sections::cross_sections, m)?)?;
    m.add_function(wrap_pyfunction!(devices::devices, m)?)?;
    m.add_function(wrap_pyfunction!(command_line::command_line, m)?)?;
    Ok(())
}
