//! Kernels: WGSL composed by concatenation, and what naga says about their interface.
//!
//! A kernel is one entry point `main` with parameters at `@group(0) @binding(0) var<uniform> params: Params` and storage
//! buffers at bindings 1, 2, ... without gaps. Declare it as a `static` and list it in [`crate::kernels`]:
//!
//! ```ignore
//! host_struct! { struct Params { n: u32, scale: f32 } }
//! static CONVOLVE: Kernel = Kernel::new(
//!     "cross_section/convolve",
//!     &[include_str!("../../shaders/lib/math.wgsl"), include_str!("../../shaders/cross_section/convolve.wgsl")],
//!     &Params::LAYOUT,
//! );
//! ```

use std::sync::{Arc, OnceLock};

use naga::valid::{Capabilities, GlobalUse, ModuleInfo, ValidationFlags, Validator};

use super::Limits;
use super::layout::Layout;
use crate::{Error, Result};

/// A compute shader, composed but not compiled. Knows no device.
#[derive(Debug)]
pub struct Kernel {
    /// Unique name: stage and file, `cross_section/convolve`.
    pub name: &'static str,
    /// WGSL fragments, concatenated in this order; the last holds the entry point.
    pub fragments: &'static [&'static str],
    /// The host's idea of the struct at binding 0.
    pub params: &'static Layout,
    /// And of the structs that storage buffers hold; each that occurs must be here, others may be.
    pub structs: &'static [&'static Layout],
    interface: OnceLock<Result<Arc<Interface>, String>>,
}

/// How a kernel uses one of its storage buffers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Name of the shader's variable.
    pub name: String,
    /// Declared `read` (as opposed to `read_write`).
    pub read_only: bool,
    /// The code reads it.
    pub reads: bool,
    /// The code writes it.
    pub writes: bool,
    /// Smallest legal binding \[bytes\].
    pub min_bytes: u64,
    /// A binding must be a multiple of this: the stride, if the variable is a runtime-sized array, else 4 \[bytes\].
    pub stride: u64,
}

/// The interface of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Size of the parameters, rounded up to 16 \[bytes\].
    pub params_bytes: u64,
    /// Storage buffers; the first is at binding 1.
    pub storage: Vec<Storage>,
    /// Invocations per workgroup in x, y, z.
    pub workgroup_size: [u32; 3],
    /// Workgroup memory \[bytes\].
    pub workgroup_bytes: u64,
}

impl Interface {
    /// Refuses what `limits` do not allow.
    pub fn check(&self, kernel: &str, limits: &Limits) -> Result<()> {
        let invalid =
            |given: String, required: String| Err(Error::invalid(format!("kernel `{kernel}`"), given, required));
        let [x, y, z] = self.workgroup_size;
        let too_wide = self.workgroup_size.iter().zip(&limits.workgroup_size).any(|(n, limit)| n > limit);
        if too_wide || u64::from(x) * u64::from(y) * u64::from(z) > u64::from(limits.invocations) {
            let required = format!("at most {:?}, {} in all", limits.workgroup_size, limits.invocations);
            return invalid(format!("a workgroup of {x} x {y} x {z}"), required);
        }
        if self.storage.len() > limits.storage_buffers as usize {
            return invalid(
                format!("{} storage buffers", self.storage.len()),
                format!("at most {}", limits.storage_buffers),
            );
        }
        if self.workgroup_bytes > u64::from(limits.workgroup_bytes) {
            let required = format!("at most {}", limits.workgroup_bytes);
            return invalid(format!("{} bytes of workgroup memory", self.workgroup_bytes), required);
        }
        if self.params_bytes > limits.uniform_binding_bytes {
            return invalid(
                format!("{} bytes of params", self.params_bytes),
                format!("at most {}", limits.uniform_binding_bytes),
            );
        }
        Ok(())
    }
}

impl Kernel {
    /// A kernel from its fragments; `params` is `&P::LAYOUT` of the struct it is dispatched with.
    pub const fn new(name: &'static str, fragments: &'static [&'static str], params: &'static Layout) -> Self {
        Self { name, fragments, params, structs: &[], interface: OnceLock::new() }
    }

    /// The same kernel, its storage buffers holding some of `structs`.
    pub const fn with_structs(mut self, structs: &'static [&'static Layout]) -> Self {
        self.structs = structs;
        self
    }

    /// The composed WGSL.
    pub fn source(&self) -> String {
        self.fragments.join("\n")
    }

    /// Parses and validates. Error: [`Error::Rejected`] with naga's message and the place in the composed source.
    pub fn validate(&self) -> Result<(naga::Module, ModuleInfo)> {
        self.checked_module().map_err(|message| self.error(&message))
    }

    /// The interface, checked against the conventions above and the host's struct. Parsed once, then remembered.
    pub fn reflect(&self) -> Result<Arc<Interface>> {
        self.interface.get_or_init(|| self.derive().map(Arc::new)).clone().map_err(|message| self.error(&message))
    }

    fn error(&self, message: &str) -> Error {
        Error::Rejected(format!("shader `{}`: {message}", self.name))
    }

    fn checked_module(&self) -> Result<(naga::Module, ModuleInfo), String> {
        let source = self.source();
        let module = naga::front::wgsl::parse_str(&source).map_err(|e| e.emit_to_string(&source))?;
        let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .map_err(|e| e.emit_to_string(&source))?;
        Ok((module, info))
    }

    /// Compares the struct that a storage variable of type `ty` holds, if it does, with the host's.
    fn compare_element(&self, module: &naga::Module, ty: naga::Handle<naga::Type>) -> Result<(), String> {
        let (element, stride) = match module.types[ty].inner {
            naga::TypeInner::Array { base, stride, .. } => (base, Some(stride as usize)),
            _ => (ty, None),
        };
        let naga::Type { name, inner: naga::TypeInner::Struct { .. } } = &module.types[element] else { return Ok(()) };
        let name = name.as_deref().unwrap_or("?");
        let Some(layout) = self.structs.iter().find(|l| l.name == name) else {
            return Err(format!("struct `{name}` is not among those of the host"));
        };
        layout.compare(module, element)?;
        match stride {
            Some(stride) if stride != layout.size => {
                Err(format!("`{name}` takes {stride} bytes an element in the shader, {} on the host", layout.size))
            }
            _ => Ok(()),
        }
    }

    fn derive(&self) -> Result<Interface, String> {
        let (module, info) = self.checked_module()?;
        let [entry] = module.entry_points.as_slice() else {
            return Err(format!("{} entry points; exactly one, `main`, is required", module.entry_points.len()));
        };
        if entry.name != "main" || entry.stage != naga::ShaderStage::Compute {
            return Err(format!("entry point `{}`; a compute entry point `main` is required", entry.name));
        }
        let uses = info.get_entry_point(0);
        let (mut params_bytes, mut workgroup_bytes, mut storage) = (None, 0, Vec::new());
        for (handle, variable) in module.global_variables.iter() {
            let name = variable.name.clone().unwrap_or_default();
            let inner = &module.types[variable.ty].inner;
            let bytes = u64::from(inner.size(module.to_ctx()));
            let place = variable.binding.map(|b| (b.group, b.binding));
            match (variable.space, place) {
                (naga::AddressSpace::Uniform, Some((0, 0))) => {
                    self.params.compare(&module, variable.ty)?;
                    params_bytes = Some(bytes.next_multiple_of(16));
                }
                (naga::AddressSpace::Storage { access }, Some((0, binding @ 1..))) => {
                    self.compare_element(&module, variable.ty).map_err(|e| format!("storage `{name}`: {e}"))?;
                    let used = uses[handle];
                    let atomic = used.contains(GlobalUse::ATOMIC);
                    let stride = match inner {
                        naga::TypeInner::Array { size: naga::ArraySize::Dynamic, stride, .. } => u64::from(*stride),
                        _ => 4,
                    };
                    let read_only = !access.contains(naga::StorageAccess::STORE);
                    let (reads, writes) =
                        (used.contains(GlobalUse::READ) || atomic, used.contains(GlobalUse::WRITE) || atomic);
                    storage.push((binding, Storage { name, read_only, reads, writes, min_bytes: bytes, stride }));
                }
                (naga::AddressSpace::WorkGroup, _) => workgroup_bytes += bytes.next_multiple_of(16),
                (naga::AddressSpace::Private, _) => {}
                _ => {
                    return Err(format!(
                        "variable `{name}` at {place:?}: the uniform `params` at (0, 0) and storage at (0, 1...) are allowed"
                    ));
                }
            }
        }
        storage.sort_by_key(|(binding, _)| *binding);
        if let Some((i, (binding, s))) = storage.iter().enumerate().find(|(i, (binding, _))| *binding != *i as u32 + 1)
        {
            return Err(format!(
                "`{}` is at binding {binding}; bindings without gaps or repeats put it at {}",
                s.name,
                i + 1
            ));
        }
        Ok(Interface {
            params_bytes: params_bytes.ok_or("no `@group(0) @binding(0) var<uniform> params`")?,
            storage: storage.into_iter().map(|(_, s)| s).collect(),
            workgroup_size: entry.workgroup_size,
            workgroup_bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::{HostLayout, host_struct};

    host_struct! {
        struct Params { n: u32, scale: f32 }
    }

    fn derive(source: &'static str) -> Result<Interface, String> {
        Kernel::new("test", Box::leak(Box::new([source])), &Params::LAYOUT).derive()
    }

    const HEAD: &str = "struct Params { n: u32, scale: f32 }\n@group(0) @binding(0) var<uniform> params: Params;\n";
    fn with_head(rest: &str) -> &'static str {
        Box::leak(format!("{HEAD}{rest}").into_boxed_str())
    }

    #[test]
    fn interface_tells_reads_from_writes() {
        let interface = derive(with_head(
            "@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
             @group(0) @binding(2) var<storage, read_write> b: array<f32>;
             @group(0) @binding(3) var<storage, read_write> c: array<u32>;
             var<workgroup> tile: array<f32, 64>;
             @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
                 tile[id.x % 64] = params.scale; b[id.x] = a[id.x].x * tile[0]; c[id.x] += params.n; }",
        ))
        .unwrap();
        let flags: Vec<_> = interface.storage.iter().map(|s| (s.read_only, s.reads, s.writes, s.stride)).collect();
        assert_eq!(flags, [(true, true, false, 16), (false, false, true, 4), (false, true, true, 4)]);
        assert_eq!(
            (interface.params_bytes, interface.workgroup_bytes, interface.workgroup_size),
            (16, 256, [64, 1, 1])
        );
    }

    host_struct! {
        struct Item { count: u32, weight: [f32; 4] }
    }

    #[test]
    fn structs_in_storage_are_compared() {
        let main = "@group(0) @binding(1) var<storage> items: array<Item>;
            @compute @workgroup_size(1) fn main() { _ = params.n; _ = items[0].count; }";
        let derive = |item: &str, structs| {
            let source = with_head(&format!("struct Item {{ {item} }}\n{main}"));
            Kernel::new("test", Box::leak(Box::new([source])), &Params::LAYOUT).with_structs(structs).derive()
        };
        let same = "count: u32, weight: array<f32, 4>";
        assert_eq!(derive(same, &[&Item::LAYOUT]).unwrap().storage[0].stride, 20);
        for (item, structs, expected) in [
            (same, &[][..], "not among those of the host"),
            // a vector is aligned to 16 bytes
            ("count: u32, weight: vec4<f32>", &[&Item::LAYOUT], "`weight` at byte 16"),
            ("weight: array<f32, 4>, count: u32", &[&Item::LAYOUT], "`weight` at byte 0"),
            ("count: u32, weight: array<f32, 4>, more: u32", &[&Item::LAYOUT], "3 members"),
            ("@size(8) count: u32, weight: array<f32, 4>", &[&Item::LAYOUT], "`weight` at byte 8"),
            ("count: u32, @size(20) weight: array<f32, 4>", &[&Item::LAYOUT], "24 bytes an element"),
        ] {
            let message = derive(item, structs).unwrap_err();
            assert!(message.contains("storage `items`") && message.contains(expected), "{item}: {message}");
        }
    }

    #[test]
    fn departures_from_the_convention_are_named() {
        let main = "@compute @workgroup_size(1) fn main() { _ = params.n; }";
        let cases = [
            (
                format!(
                    "struct Params {{ scale: f32, n: u32 }}\n@group(0) @binding(0) var<uniform> params: Params;\n{main}"
                ),
                "`scale` at byte 0",
            ),
            (
                format!(
                    "struct Other {{ n: u32, scale: f32 }}\n@group(0) @binding(0) var<uniform> params: Other;\n{main}"
                ),
                "`Other`",
            ),
            (format!("{HEAD}@group(0) @binding(2) var<storage> a: array<f32>;\n{main}"), "binding 2"),
            (
                format!(
                    "{HEAD}@group(0) @binding(1) var<storage> a: array<f32>;\n@group(0) @binding(1) var<storage> b: array<f32>;\n{main}"
                ),
                "binding 1",
            ),
            (format!("{HEAD}@group(1) @binding(1) var<storage> a: array<f32>;\n{main}"), "Some((1, 1))"),
            ("@compute @workgroup_size(1) fn main() {}".to_owned(), "no `@group(0) @binding(0)"),
            (format!("{HEAD}@compute @workgroup_size(1) fn other() {{ _ = params.n; }}"), "`other`"),
            (format!("{HEAD} fn main() {{ let x: f32 = 1u; }}"), "error"),
        ];
        for (source, expected) in cases {
            let message = derive(Box::leak(source.into_boxed_str())).unwrap_err();
            assert!(message.contains(expected), "{expected:?} is not in {message:?}");
        }
    }
}
