//! Bounds on what a user may ask for. They keep typing errors from becoming hours of work or terabytes of memory.

/// Relative tolerance of cross sections. Below the lower end the CPU's double precision is no longer met by the method's
/// interpolation; above the upper end a spectrum is not worth its time.
pub const TOLERANCE: (f64, f64) = (1e-7, 0.1);
/// Grid points.
pub const POINTS: (usize, usize) = (2, 100_000_000);
/// Pressures of layers \[bar\]: their squares and ratios are numbers.
pub const PRESSURE_BAR: (f64, f64) = (1e-100, 1e100);
/// Layers of an atmosphere.
pub const LAYERS: (usize, usize) = (2, 10_000);
/// Streams of the radiative transfer (half of them upward).
pub const STREAMS: (usize, usize) = (2, 64);
/// HITRAN's isotopologue numbers (its records write 10, 11, 12 as 0, A, B).
pub const ISOTOPOLOGUES: (u32, u32) = (1, 12);
