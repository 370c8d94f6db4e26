//! `photosphere example`

use super::folder::ResultFolder;
use crate::cli::args::ExampleArgs;
use crate::output::write_atomic;
use crate::{Error, Result, input};

/// The examples that the program carries: name and content.
const FILES: [(&str, &str); 4] = [
    ("retrieval.toml", include_str!("../../../examples/retrieval.toml")),
    ("retrieval-mock.txt", include_str!("../../../examples/retrieval-mock.txt")),
    ("emission.toml", include_str!("../../../examples/emission.toml")),
    ("transmission.toml", include_str!("../../../examples/transmission.toml")),
];

/// Writes the examples to a folder.
///
/// # Errors
/// A file of the same name and another content, found before anything is written; a folder that cannot be written.
pub fn run(args: &ExampleArgs) -> Result<()> {
    let folder = ResultFolder::new(&args.folder, FILES.map(|f| f.0))?;
    for (name, text) in FILES {
        let path = folder.at(name);
        if path.exists() && input::bytes(&path, input::CONFIGURATION, "a file of an example")? != text.as_bytes() {
            let given = format!("{}, which is there and is another", path.display());
            return Err(Error::invalid("file of an example", given, "a folder without files of these names"));
        }
    }
    for (name, text) in FILES {
        write_atomic(&folder.at(name), |w| w.write_all(text.as_bytes()))?;
    }
    let names = FILES.map(|f| f.0).join(", ");
    let at = args.folder.join("retrieval.toml");
    super::print(&format!(
        "{names} in {}\n\nnext:\n  photosphere fit {at} --out {fit}\n  photosphere sample {at} --out {sample}\n",
        args.folder.display(),
        at = at.display(),
        fit = args.folder.join("fit").display(),
        sample = args.folder.join("sample").display(),
    ))
}
