//! How long a task will still take, told so that it does not leap.
//!
//! The speed is an average that forgets what lies longer ago than a third of the task so far, and at least ten seconds. What is shown runs down like a clock and drifts
//! towards the latest estimate with the same slowness: a slow step or a fast one moves it by little.

use std::time::Duration;

/// Seconds over which speeds are averaged at least.
const SHORTEST: f64 = 10.0;

/// An estimate in the making.
#[derive(Clone, Debug, Default)]
pub struct TimeLeft {
    /// Units per second.
    speed: f64,
    shown: Option<f64>,
    /// Seconds and units at the latest call.
    latest: (f64, u64),
}

impl TimeLeft {
    /// The estimate after `elapsed`, with `done` of `total` units; `None` while nothing is done.
    pub fn update(&mut self, elapsed: Duration, done: u64, total: u64) -> Option<Duration> {
        let (now, (before, had)) = (elapsed.as_secs_f64(), self.latest);
        let step = now - before;
        // Too soon for a speed, or a clock that stands.
        if step > 1e-3 && done > 0 {
            let forget = 1.0 - (-step / SHORTEST.max(now / 3.0)).exp();
            let measured = done.saturating_sub(had) as f64 / step;
            // At first all that is known is the mean.
            self.speed =
                if self.shown.is_none() { done as f64 / now } else { self.speed + forget * (measured - self.speed) };
            self.latest = (now, done);
            let estimate = total.saturating_sub(done) as f64 / self.speed.max(1e-12);
            self.shown = Some(match self.shown {
                None => estimate,
                Some(shown) => {
                    let clock = (shown - step).max(0.0);
                    clock + forget * (estimate - clock)
                }
            });
        }
        if done >= total {
            return Some(Duration::ZERO);
        }
        self.shown.map(|s| Duration::from_secs_f64(s.clamp(0.0, 1e9)))
    }
}

/// A duration as people say it: `48 s`, `12 min`, `3 h 20 min`.
pub fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    match seconds {
        0..=99 => format!("{seconds} s"),
        100..=5999 => format!("{} min", (seconds + 30) / 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(s: f64) -> Duration {
        Duration::from_secs_f64(s)
    }

    #[test]
    fn a_steady_task_ends_when_it_was_said_to() {
        let mut left = TimeLeft::default();
        assert_eq!(left.update(seconds(0.5), 0, 1000), None);
        for t in 1..100 {
            let told = left.update(seconds(f64::from(t)), 10 * t as u64, 1000).unwrap().as_secs_f64();
            assert!((told - f64::from(100 - t)).abs() < 1e-6, "{t}: {told}");
        }
        assert_eq!(left.update(seconds(100.0), 1000, 1000), Some(Duration::ZERO));
    }

    #[test]
    fn uneven_steps_do_not_make_it_leap() {
        let (mut left, mut before, mut done) = (TimeLeft::default(), None::<f64>, 0);
        for t in 1..400 {
            // Every seventh second stands still, every fifth does four times as much.
            done += match t {
                t if t % 7 == 0 => 0,
                t if t % 5 == 0 => 8,
                _ => 2,
            };
            let told = left.update(seconds(f64::from(t)), done, 2000).unwrap().as_secs_f64();
            if let Some(before) = before.filter(|_| t > 30) {
                // It may run down by its second; beyond that it moves by a tenth at most.
                assert!((told - before + 1.0).abs() < 0.1 * before + 1.0, "{t}: {before} then {told}");
            }
            before = Some(told);
        }
    }

    #[test]
    fn durations_are_said_in_few_words() {
        let words = [0.4, 99.0, 100.0, 700.0, 5999.0, 12_000.0].map(|s| in_words(seconds(s)));
        assert_eq!(words, ["0 s", "99 s", "2 min", "12 min", "100 min", "3 h 20 min"]);
    }
}
