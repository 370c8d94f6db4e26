//! Rows \[row\]\[nu\] cut into blocks of neighbouring wavenumbers, so that each can be worked on by its own thread.

/// `[block][row]` slices of `rows`, blocks of `block` points (the last may be shorter).
pub(super) fn split<'a>(rows: impl IntoIterator<Item = &'a mut [f64]>, block: usize) -> Vec<Vec<&'a mut [f64]>> {
    let mut blocks: Vec<Vec<&'a mut [f64]>> = Vec::new();
    for row in rows {
        for (i, part) in row.chunks_mut(block).enumerate() {
            if i == blocks.len() {
                blocks.push(Vec::new());
            }
            blocks[i].push(part);
        }
    }
    blocks
}
