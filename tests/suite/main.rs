//! One test binary for everything that crosses modules.

mod cross_section;
mod reference;
