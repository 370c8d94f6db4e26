//! Buffers as a program declares them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A buffer of the program it was declared in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BufferId(pub(super) usize);

/// Who writes and who reads a buffer; this decides whether its memory may be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// The host writes it once, at set-up. Own memory, unless no pass uses it.
    Constant,
    /// The host writes it before a run (or keeps what it wrote before). Own memory.
    Input,
    /// Lives from its first write to its last use, or to its [retirement](super::ProgramBuilder::retire) and again from the next write;
    /// undefined at the start of each run. Shares memory.
    Scratch,
    /// Written by passes, read by the host after the run. Own memory.
    Output,
}

/// Type of an array's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Element {
    /// `f32`
    F32,
    /// `u32`
    U32,
    /// `i32`
    I32,
    /// `vec2<f32>`
    Vec2,
    /// `vec4<f32>`
    Vec4,
    /// `vec2<u32>`
    UVec2,
    /// `vec4<u32>`
    UVec4,
}

impl Element {
    /// Size \[bytes\].
    pub const fn bytes(self) -> u64 {
        match self {
            Self::F32 | Self::U32 | Self::I32 => 4,
            Self::Vec2 | Self::UVec2 => 8,
            Self::Vec4 | Self::UVec4 => 16,
        }
    }
}

/// A declared buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declared {
    pub name: String,
    pub element: Element,
    pub shape: Vec<u64>,
    pub bytes: u64,
    pub role: Role,
}

/// A constant buffer, and what gives its content when it is uploaded.
pub type Constant<'a> = (BufferId, Box<dyn Fn() -> Cow<'a, [u8]> + 'a>);
