//! Host structs whose bytes a shader reads: their field offsets, as data.
//!
//! `host_struct!` defines a `#[repr(C)]` struct together with a table of its fields.
//! [`Kernel::reflect`](super::Kernel::reflect) compares that table with the offsets that naga derives from the WGSL, so
//! that a field added on one side alone is an error with the field's name, not a wrong spectrum.

/// A field of a host struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name; the shader's member has the same.
    pub name: &'static str,
    /// Offset from the start of the struct \[bytes\].
    pub offset: usize,
    /// Size \[bytes\].
    pub size: usize,
}

/// The memory layout of a host struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Name of the Rust type; the shader's struct has the same.
    pub name: &'static str,
    /// Size \[bytes\], a multiple of 4.
    pub size: usize,
    /// Fields in order.
    pub fields: &'static [Field],
}

/// A plain-data struct with a known layout. Implemented by `host_struct!`.
pub trait HostLayout: bytemuck::Pod {
    /// Where the fields lie.
    const LAYOUT: Layout;
}

/// Defines a `#[repr(C)]`, `Pod` struct and its [`HostLayout`].
///
/// Fields are as visible as the struct. WGSL's rules for uniforms hold: `f32`, `u32`, `i32` at multiples of 4, `[f32; 2]` (`vec2`) at 8, `[f32; 4]` (`vec4`) at 16;
/// no `vec3`, no `array` of scalars. The size is a multiple of the largest alignment; pad by hand, with fields named the same in the shader.
macro_rules! host_struct {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$field_meta:meta])* $field:ident : $ty:ty),+ $(,)? }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
        $vis struct $name { $($(#[$field_meta])* $vis $field: $ty),+ }

        impl $crate::gpu::HostLayout for $name {
            const LAYOUT: $crate::gpu::Layout = $crate::gpu::Layout {
                name: stringify!($name),
                size: std::mem::size_of::<$name>(),
                fields: &[$($crate::gpu::Field {
                    name: stringify!($field),
                    offset: std::mem::offset_of!($name, $field),
                    size: std::mem::size_of::<$ty>(),
                }),+],
            };
        }
    };
}
pub(crate) use host_struct;

impl Layout {
    /// Compares with a shader's struct. `Err` names the first difference.
    pub(super) fn compare(&self, module: &naga::Module, ty: naga::Handle<naga::Type>) -> Result<(), String> {
        let shader = &module.types[ty];
        let naga::TypeInner::Struct { members, span } = &shader.inner else {
            return Err(format!("not a struct; `{}` is needed", self.name));
        };
        if shader.name.as_deref() != Some(self.name) {
            return Err(format!(
                "the shader has `{}`, the host `{}`",
                shader.name.as_deref().unwrap_or("?"),
                self.name
            ));
        }
        if members.len() != self.fields.len() {
            return Err(format!(
                "`{}` has {} members in the shader, {} on the host",
                self.name,
                members.len(),
                self.fields.len()
            ));
        }
        for (member, field) in members.iter().zip(self.fields) {
            let name = member.name.as_deref().unwrap_or("?");
            let size = module.types[member.ty].inner.size(module.to_ctx()) as usize;
            if name != field.name || member.offset as usize != field.offset || size != field.size {
                return Err(format!(
                    "`{}`: the shader has `{name}` at byte {} ({size} bytes), the host `{}` at byte {} ({} bytes)",
                    self.name, member.offset, field.name, field.offset, field.size
                ));
            }
        }
        match self.size.next_multiple_of(16) == span.next_multiple_of(16) as usize {
            true => Ok(()),
            false => Err(format!("`{}` is {span} bytes in the shader, {} on the host", self.name, self.size)),
        }
    }
}
