//! `Brake`: whether the sockets are read no faster than the app takes what came.
//!
//! Where events come faster than they are taken, the server and the kernels between can hold them as well as the outbox can,
//! and nothing is lost. But a server that is not read finds its pings unanswered, and some servers then deliver to nobody
//! else (GoToSocial). So reading waits only for an app that goes on taking, fast enough that a ping behind a full kernel
//! buffer is reached within a second; for any other it goes on, and the outbox sheds and counts. Absent on purpose: clocks
//! and the queue itself.

use std::time::Duration;

/// How long reading waits at most for an app that takes nothing.
const PATIENCE: Duration = Duration::from_millis(500);
/// What the app has to take within that time, by the outbox's weight: the largest buffer that Linux gives a socket, 6 MiB, is
/// then passed within a second also where each byte weighs twice.
const PACE: u64 = 6 * 1024 * 1024;

/// How the outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Load {
    /// Whether so much waits that reading is to wait.
    pub(crate) is_heavy: bool,
    /// The weight of all that was taken so far.
    pub(crate) taken: u64,
}

/// Whether reading waits, and since when.
#[derive(Debug, Default)]
pub(crate) struct Brake {
    /// The beginning of the time in which the app has to take enough, and what it had taken by then.
    since: Option<(Duration, u64)>,
    /// Whether it took too little in the last such time.
    is_let_go: bool,
}

impl Brake {
    /// Until when reading waits, if it does: until the load is light again or that time has come. `now` is a time since
    /// the start, never less than before.
    pub(crate) fn step(&mut self, now: Duration, load: Load) -> Option<Duration> {
        if !load.is_heavy {
            *self = Self::default();
            return None;
        }
        let (since, taken) = *self.since.get_or_insert((now, load.taken));
        if now.saturating_sub(since) < PATIENCE {
            return (!self.is_let_go).then_some(since + PATIENCE);
        }
        self.is_let_go = load.taken.saturating_sub(taken) < PACE;
        self.since = Some((now, load.taken));
        (!self.is_let_go).then_some(now + PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn heavy(taken: u64) -> Load {
        Load { is_heavy: true, taken }
    }

    #[test]
    fn reading_waits_while_the_app_takes_and_goes_on_where_it_does_not() {
        let mut brake = Brake::default();
        assert_eq!(brake.step(at(0), Load { is_heavy: false, taken: 0 }), None);
        assert_eq!(brake.step(at(100), heavy(10)), Some(at(600)));
        assert_eq!(brake.step(at(599), heavy(10)), Some(at(600)), "nothing taken yet");
        assert_eq!(brake.step(at(600), heavy(10 + PACE)), Some(at(1_100)), "enough was taken");
        assert_eq!(brake.step(at(1_100), heavy(9 + 2 * PACE)), None, "too little was taken");
        assert_eq!(brake.step(at(1_200), heavy(9 + 9 * PACE)), None, "until it is known to be enough again");
        assert_eq!(brake.step(at(1_600), heavy(9 + 9 * PACE)), Some(at(2_100)));
        assert_eq!(brake.step(at(1_700), Load { is_heavy: false, taken: 0 }), None);
        assert_eq!(brake.step(at(1_800), heavy(9 + 9 * PACE)), Some(at(2_300)), "a new load, a new chance");
    }

    #[test]
    fn an_app_that_takes_nothing_costs_one_wait() {
        let mut brake = Brake::default();
        let waits = (0..10_000).filter(|ms| brake.step(at(*ms), heavy(0)).is_some()).count();
        assert_eq!(waits, 500);
    }
}
