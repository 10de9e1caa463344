//! `Checks`: what is asked for stream health alone, and how the answers stand.
//!
//! Absent on purpose: what the connection itself tells; the state holds that already.

use crate::model::{Failure, Timestamp};
use crate::text::Plain;
use jiff::SignedDuration;

/// The streaming server is asked for its health no more often than this.
pub const HEALTH_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// How a question stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Answer<T> {
    /// Not asked.
    #[default]
    Unasked,
    /// Asked.
    Asked,
    /// Answered; `None` where this server does not tell.
    Told(Option<T>),
    /// Not answered, and why.
    Failed(Failure),
}

impl<T> Answer<T> {
    /// Takes in what came.
    pub fn take(&mut self, result: Result<Option<T>, Failure>) {
        *self = match result {
            Ok(told) => Self::Told(told),
            Err(failure) => Self::Failed(failure),
        };
    }
}

/// What is asked for stream health alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checks {
    /// Whether the streaming server calls itself healthy.
    pub health: Answer<bool>,
    /// When that was last asked.
    pub health_asked: Option<Timestamp>,
    /// The scopes of the token.
    pub scopes: Answer<Vec<Plain>>,
}

impl Checks {
    /// Whether the streaming server's health is to be asked for: not while an answer is due, and not twice a minute.
    pub fn wants_health(&self, now: Timestamp) -> bool {
        // A clock that was set back must not silence it.
        let lately = |asked: &Timestamp| now.duration_since(*asked).abs() < HEALTH_EVERY;
        self.health != Answer::Asked && !self.health_asked.as_ref().is_some_and(lately)
    }

    /// Whether the scopes are to be asked for: once, and again where that failed.
    pub fn wants_scopes(&self) -> bool {
        matches!(self.scopes, Answer::Unasked | Answer::Failed(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_is_asked_once_a_minute_at_most_and_scopes_until_they_are_told() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut checks = Checks::default();
        assert!(checks.wants_health(at(100)));
        (checks.health, checks.health_asked) = (Answer::Asked, Some(at(100)));
        assert!(!checks.wants_health(at(500)), "the answer is due");
        checks.health.take(Ok(Some(true)));
        for (second, wants) in [(100, false), (159, false), (160, true), (30, true)] {
            assert_eq!(checks.wants_health(at(second)), wants, "{second}");
        }
        let failure = Failure { kind: crate::model::FailureKind::Retry, reason: Plain::line("reset") };
        checks.scopes.take(Err(failure));
        assert!(checks.wants_scopes());
        checks.scopes.take(Ok(None));
        assert!(!checks.wants_scopes(), "not told is an answer");
    }
}
