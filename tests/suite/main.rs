//! All integration tests in one binary. Tests with `gpu` in their path need a device; `scripts/test` sees to one.

#[cfg(feature = "cli")]
mod bad_input;
#[cfg(feature = "cli")]
mod cache;
#[cfg(feature = "cli")]
mod cases;
#[cfg(feature = "cli")]
mod cli;
mod cross_section;
mod emission;
#[cfg(feature = "cli")]
mod end_to_end;
#[cfg(feature = "plot")]
mod examples;
mod extremes;
#[cfg(feature = "cli")]
mod faults;
mod fuzz;
#[cfg(feature = "cli")]
mod host_memory;
mod isotopologues;
mod jacobian;
mod laws_of_lists;
mod memory;
#[cfg(feature = "cli")]
mod notes;
mod par_file;
mod precision;
mod quantities_cli;
mod random_list;
mod reference;
mod refused;
#[cfg(all(feature = "inference", feature = "plot"))]
mod retrieval;
#[cfg(feature = "cli")]
mod retrieval_cli;
mod retrieval_memory;
#[cfg(feature = "cli")]
mod schedules;
mod shaders;
mod simulate_cli;
mod structure;
#[cfg(feature = "cli")]
mod table_cli;
mod transmission;
mod unseen;
