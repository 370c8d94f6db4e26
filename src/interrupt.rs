//! How a caller ends work before it is done, without the library knowing of signals.
//!
//! Long loops (chunks of files, temperatures of tables, blocks of spectra, portions of a device's program) ask between two steps whether to stop. What they ask is a
//! question that the caller has set for its own thread with [`interruptible`]; without one, nothing is asked. What was begun stays usable: models and devices go on
//! with the next spectrum.

use std::cell::RefCell;
use std::rc::Rc;

use crate::{Error, Result};

/// Whether to stop.
type Question = Rc<dyn Fn() -> bool>;

thread_local! {
    static QUESTION: RefCell<Option<Question>> = const { RefCell::new(None) };
}

/// Runs `work`, and ends it with [`Error::Interrupted`] once `stop` says true. `stop` is asked on the calling thread, as often as every few microseconds and as seldom as the
/// steps of the work are long: a few layers of a spectrum, some megabytes of a file.
///
/// ```
/// use photosphere::interrupt::interruptible;
/// use photosphere::prelude::*;
///
/// let state = State::constant(20, 1000.0, 2000.0, 2.3).with_volume_ratio("H2", 0.85);
/// let grid = Grid::with_resolution(2e4, 2.1e4, 1e4)?;
/// let model = Model::emission(grid, PressureGrid::logarithmic(1e-5, 10.0, 20)?);
/// let mut runner = model.opacity(Rayleigh::new(RayleighGas::H2)).for_state(&state).build()?.open(&Backend::Cpu)?;
/// let stopped = interruptible(|| true, || runner.spectrum(&state, &()));
/// assert!(matches!(stopped, Err(photosphere::Error::Interrupted)));
/// assert!(interruptible(|| false, || runner.spectrum(&state, &())).is_ok());
/// # Ok::<(), photosphere::Error>(())
/// ```
pub fn interruptible<T>(stop: impl Fn() -> bool + 'static, work: impl FnOnce() -> T) -> T {
    /// Puts back what was asked before, whatever becomes of the work.
    struct Before(Option<Question>);
    impl Drop for Before {
        fn drop(&mut self) {
            let before = self.0.take();
            QUESTION.with(|question| *question.borrow_mut() = before);
        }
    }
    let question: Question = Rc::new(stop);
    let _before = Before(QUESTION.with(|at| at.borrow_mut().replace(question)));
    work()
}

/// Asked between two steps of long work.
///
/// # Errors
/// [`Error::Interrupted`] if the caller wants no more.
pub(crate) fn check() -> Result<()> {
    let question = QUESTION.with(|question| question.borrow().clone());
    match question.is_some_and(|stop| stop()) {
        true => Err(Error::Interrupted),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_of_one_thread_and_of_one_piece_of_work() {
        assert!(check().is_ok());
        let inner = interruptible(
            || true,
            || {
                assert!(interruptible(|| false, check).is_ok());
                assert!(std::thread::spawn(check).join().unwrap().is_ok());
                check()
            },
        );
        assert!(matches!(inner, Err(Error::Interrupted)));
        assert!(check().is_ok());
    }
}
