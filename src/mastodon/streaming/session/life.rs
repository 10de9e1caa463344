//! What every link has in common, whatever its rung: whether it lives, and how long to wait after it failed.

use crate::model::Connection;
use crate::text::Plain;
use std::time::Duration;

/// A quiet socket is pinged after this long.
const QUIET: Duration = Duration::from_secs(20);
/// After our ping, silence of this long means that the socket is dead.
const PATIENCE: Duration = Duration::from_secs(15);
/// Where we cannot ping, silence of this long means the same: Mastodon sends something every 15 s (transcript
/// `sse-heartbeat`).
const SILENCE: Duration = Duration::from_secs(75);
/// How often the round trip is measured.
const MEASURE: Duration = Duration::from_secs(60);
/// How long a link must live before it counts as healthy.
pub(super) const HEALTHY: Duration = Duration::from_secs(60);
/// A link that ends this soon without a byte was of no use.
const BRIEF: Duration = Duration::from_secs(10);
/// The longest back-off, and the pause where trying again is unlikely to help.
pub(super) const LONGEST: Duration = Duration::from_secs(60);

/// The life of an open link.
#[derive(Debug)]
pub(super) struct Life {
    /// When it began.
    pub(super) since: Duration,
    /// When anything last came.
    heard: Duration,
    has_heard: bool,
    /// When we pinged because nothing came.
    asked: Option<Duration>,
    /// When the round trip is measured next; `None` where we cannot ping.
    measure_at: Option<Duration>,
    /// Number and time of the last ping.
    ping: Option<(u64, Duration)>,
}

/// What the time has brought about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pulse {
    Nothing,
    /// A ping with this number is to be sent.
    Ping(u64),
    /// Nothing came for so long that the link is dead; in words.
    Dead(Plain),
}

impl Life {
    /// Of a socket, which can be pinged.
    pub(super) fn of_socket(now: Duration) -> Self {
        Self { since: now, heard: now, has_heard: false, asked: None, measure_at: Some(now), ping: None }
    }

    /// Of an event stream, which began with a byte.
    pub(super) fn of_events(now: Duration) -> Self {
        Self { has_heard: true, measure_at: None, ..Self::of_socket(now) }
    }

    /// Something came.
    pub(super) fn hear(&mut self, now: Duration) {
        self.heard = now;
        self.has_heard = true;
        self.asked = None;
    }

    /// A pong came; answers the round trip if it is that of the last ping.
    pub(super) fn pong(&mut self, number: u64, now: Duration) -> Option<Duration> {
        self.hear(now);
        self.ping.take_if(|(expected, _)| *expected == number).map(|(_, sent)| now.saturating_sub(sent))
    }

    pub(super) fn is_healthy(&self, now: Duration) -> bool {
        now.saturating_sub(self.since) >= HEALTHY
    }

    /// Whether it would end within seconds and without a byte.
    pub(super) fn is_brief(&self, now: Duration) -> bool {
        !self.has_heard && now.saturating_sub(self.since) < BRIEF
    }

    /// Looks at the time; `pings` counts the pings of all links.
    pub(super) fn elapse(&mut self, now: Duration, pings: &mut u64) -> Pulse {
        let dead = |silence: Duration, words: &str| {
            let silence = silence.as_secs();
            Pulse::Dead(Plain::line(&format!("nothing came for {silence} s{words}")))
        };
        let silence = now.saturating_sub(self.heard);
        let Some(measure_at) = self.measure_at else {
            return if silence >= SILENCE { dead(silence, ", not even a heartbeat") } else { Pulse::Nothing };
        };
        if self.asked.is_some_and(|asked| now >= asked + PATIENCE) {
            return dead(silence, ", not even an answer to a ping");
        }
        let quiet = self.asked.is_none() && silence >= QUIET;
        if !quiet && now < measure_at {
            return Pulse::Nothing;
        }
        *pings += 1;
        self.ping = Some((*pings, now));
        self.measure_at = Some(now + MEASURE);
        if quiet {
            self.asked = Some(now);
        }
        Pulse::Ping(*pings)
    }

    /// When to look at the time again.
    pub(super) fn due(&self) -> Duration {
        match self.measure_at {
            Some(measure_at) => self.asked.map_or(self.heard + QUIET, |asked| asked + PATIENCE).min(measure_at),
            None => self.heard + SILENCE,
        }
    }
}

/// The widest pause after this many failures in a row; the pause is drawn evenly from nothing up to it.
pub(super) fn window(failures: u32) -> Duration {
    Duration::from_millis(500_u64 << failures.min(7)).min(LONGEST)
}

/// Why a link is not there.
#[derive(Debug)]
pub(super) enum Trouble {
    Reconnecting(Plain),
    Offline(Plain),
    /// The server said when to come back.
    Asked {
        reason: Plain,
        retry_after: Duration,
    },
    /// Trying again will hardly help.
    Hopeless(Plain),
}

/// What to do about a trouble.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) retry_in: Duration,
    pub(super) why: Why,
    /// What the app is told where it is the connection as a whole.
    pub(super) said: Connection,
}

/// Why the next attempt waits.
#[derive(Debug)]
pub(super) enum Why {
    BackOff,
    /// The server said when to come back.
    Asked {
        /// In these words.
        reason: Plain,
        /// How much of the wait is our own, so that not all come back at the stated moment.
        jitter: Duration,
    },
    /// It is unlikely to help; tried again all the same.
    Hopeless,
}

impl Trouble {
    /// Without a stated time, "too many requests" is an ordinary failure.
    pub(super) fn asked(reason: Plain, retry_after: Option<Duration>) -> Self {
        match retry_after {
            Some(retry_after) => Self::Asked { reason, retry_after },
            None => Self::Reconnecting(reason),
        }
    }

    pub(super) fn reason(&self) -> &Plain {
        match self {
            Self::Reconnecting(reason) | Self::Offline(reason) | Self::Hopeless(reason) | Self::Asked { reason, .. } => reason,
        }
    }

    /// How long to wait after this many failures in a row, by a random sample from 0 up to 1.
    pub(super) fn plan(self, failures: u32, chance: f64) -> Plan {
        let jitter = window(failures).mul_f64(chance);
        let attempt = failures;
        match self {
            Self::Reconnecting(reason) => {
                Plan { retry_in: jitter, why: Why::BackOff, said: Connection::Reconnecting { reason, attempt, retry_in: jitter } }
            }
            Self::Offline(reason) => {
                Plan { retry_in: jitter, why: Why::BackOff, said: Connection::Offline { reason, attempt, retry_in: jitter } }
            }
            Self::Asked { reason, retry_after } => {
                // The jitter is added, so that those who were all told the same do not come back together.
                let retry_in = retry_after + jitter;
                Plan { retry_in, why: Why::Asked { reason: reason.clone(), jitter }, said: Connection::RateLimited { reason, retry_in } }
            }
            Self::Hopeless(reason) => {
                Plan { retry_in: LONGEST + LONGEST.mul_f64(chance / 4.0), why: Why::Hopeless, said: Connection::Failed { reason } }
            }
        }
    }
}
