//! Optical depth of a layer, by cause.

pub mod cia_table;

pub use cia_table::{CiaBlock, CiaGrid, CiaTable};
