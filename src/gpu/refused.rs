//! Why a driver refused a call.

use crate::Error;

/// Why a call was refused.
#[derive(Debug)]
pub(super) enum Refused {
    /// Out of memory.
    Memory,
    /// Anything else.
    Other(Error),
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Memory => Self::Rejected("a kernel or command: the driver is out of memory".to_owned()),
            Refused::Other(error) => error,
        }
    }
}
