//! Numbers of their own, or in an entry.

use std::marker::PhantomData;
use std::ops::{Deref, Range};
use std::sync::Arc;

use bytemuck::Pod;

use super::Entry;

/// A slice of numbers that owns its memory, or shares that of an [`Entry`]. Cheap to clone; read it as a slice.
#[derive(Clone)]
pub struct Numbers<T>(Held<T>);

#[derive(Clone)]
enum Held<T> {
    Owned(Arc<Vec<T>>),
    /// Bytes of an entry's payload, aligned for T.
    Entry(Arc<Entry>, Range<usize>, PhantomData<T>),
}

impl<T: Pod> Numbers<T> {
    /// The bytes `range` of an entry's payload; `None` if they are outside it or no whole number of aligned values.
    pub fn of_entry(entry: &Arc<Entry>, range: Range<usize>) -> Option<Self> {
        let bytes = entry.payload().get(range.clone())?;
        bytemuck::try_cast_slice::<u8, T>(bytes).ok()?;
        Some(Self(Held::Entry(entry.clone(), range, PhantomData)))
    }
}

impl<T: Pod> Deref for Numbers<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Held::Owned(values) => values,
            Held::Entry(entry, range, _) => bytemuck::cast_slice(&entry.payload()[range.clone()]),
        }
    }
}

impl<T> From<Vec<T>> for Numbers<T> {
    fn from(values: Vec<T>) -> Self {
        Self(Held::Owned(Arc::new(values)))
    }
}

impl<T> std::fmt::Debug for Numbers<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Held::Owned(values) => write!(f, "{} numbers in memory", values.len()),
            Held::Entry(_, range, _) => write!(f, "{} bytes of an entry", range.len()),
        }
    }
}
