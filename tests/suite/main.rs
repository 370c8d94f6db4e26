//! All integration tests in one binary. Tests with `gpu` in their path need a device; `scripts/test` sees to one.

mod cross_section;
mod reference;
mod shaders;
