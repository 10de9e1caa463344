//! The ladder of transports for a server as a whole: down when a rung is of no use, and back up by itself.
//!
//! From the trunk to event streams to polling; software that is known not to send event streams skips them. A higher rung is
//! tried while the lower one works, so that nothing is risked by it. Absent on purpose: a stream whose own link alone is of
//! no use (`branch`).

use super::branch::{Branch, Outcome};
use super::{Action, By, DIAL_DEADLINE, FRUITLESS, Input, Link, LinkId, Phase, REST_LONGEST, Session, Turn, give};
use crate::model::{Connection, Event, Rung, Server};
use crate::text::Plain;
use std::time::Duration;

/// The way back up from a lower rung.
#[derive(Debug)]
pub(super) struct Climb {
    /// When a higher rung is tried, unless it is tried already.
    pub(super) at: Duration,
    pub(super) trial: Option<Trial>,
}

/// A higher rung being tried while the lower one works.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at most")]
pub(super) enum Trial {
    Trunk {
        link: Link,
        since: Duration,
    },
    /// Event streams, from polling.
    Events(Branch),
}

impl Session {
    /// Yields to the next rung.
    pub(super) fn descend(&mut self, turn: &mut Turn<'_>) {
        let events = self.server.as_ref().is_some_and(Server::may_send_events);
        self.rung = match self.rung {
            Rung::Multiplexed | Rung::Socket if events => Rung::ServerSentEvents,
            Rung::Multiplexed | Rung::Socket | Rung::ServerSentEvents | Rung::Polling => Rung::Polling,
        };
        if self.climb.is_none() {
            self.plan_climb(turn);
        }
        self.settle_on_rung(turn);
        self.say_ladder(turn);
        let reason = Plain::line(&format!("moving to {}: {}", self.rung.words(), self.fault));
        turn.say(Event::Connection(Connection::Reconnecting { reason, attempt: 0, retry_in: Duration::ZERO }));
        self.dial(turn);
    }

    /// Forgets what was counted on another rung.
    pub(super) fn settle_on_rung(&mut self, turn: &mut Turn<'_>) {
        self.failures = 0;
        self.undiscovered = 0;
        self.fruitless = 0;
        self.proven = false;
        for branch in &mut self.branches {
            branch.hold(true, turn);
        }
    }

    pub(super) fn plan_climb(&mut self, turn: &Turn<'_>) {
        let at = turn.now + self.rest.mul_f64(0.75 + turn.chance / 2.0);
        self.rest = (self.rest * 2).min(REST_LONGEST);
        self.climb = Some(Climb { at, trial: None });
    }

    pub(super) fn say_ladder(&self, turn: &mut Turn<'_>) {
        let climb_in = self.climb.as_ref().map(|climb| climb.at.saturating_sub(turn.now));
        let reason = climb_in.is_some().then(|| self.fault.clone());
        turn.say(Event::Ladder { rung: self.rung, reason, climb_in });
    }

    pub(super) fn climb_at_once(&mut self, turn: &mut Turn<'_>) {
        if let Some(climb) = &mut self.climb
            && climb.trial.is_none()
        {
            climb.at = turn.now;
        }
    }

    pub(super) fn end_trial(&mut self, turn: &mut Turn<'_>) {
        let Some(climb) = &mut self.climb else { return };
        match climb.trial.take() {
            Some(Trial::Trunk { link, .. }) => turn.actions.push(Action::Close { link }),
            Some(Trial::Events(mut branch)) => branch.close(turn),
            None => {}
        }
    }

    pub(super) fn elapse_climb(&mut self, turn: &mut Turn<'_>) {
        let subprotocol = self.needs_subprotocol();
        let may_try = matches!(self.phase, Phase::Spread { .. });
        let Some(climb) = &mut self.climb else { return };
        match &mut climb.trial {
            None if may_try && turn.now >= climb.at => {
                self.trunks += 1;
                let link = Link { id: LinkId::TRUNK, life: self.trunks };
                climb.trial = Some(Trial::Trunk { link, since: turn.now });
                turn.actions.push(Action::Connect { link, by: By::Trunk, subprotocol });
            }
            Some(Trial::Trunk { link, since }) if turn.now >= *since + DIAL_DEADLINE => {
                turn.actions.push(Action::Close { link: *link });
                self.trial_failed(Plain::line("the connection was not made in time"), turn);
            }
            Some(Trial::Trunk { .. }) | None => {}
            Some(Trial::Events(branch)) => {
                let outcome = branch.elapse(false, subprotocol, &mut self.pings, turn);
                self.conclude_trial(outcome, turn);
            }
        }
    }

    pub(super) fn take_trial(&mut self, input: Input, turn: &mut Turn<'_>) {
        let Some(Climb { trial: Some(trial), .. }) = &mut self.climb else { return };
        match trial {
            Trial::Trunk { link, .. } => {
                let link = *link;
                match input {
                    Input::Opened { .. } => self.climb_to_trunk(link, turn),
                    Input::Refused { refusal, .. } => self.trial_failed(refusal.reason, turn),
                    Input::Closed { reason, .. } => self.trial_failed(reason, turn),
                    Input::Wanted(_)
                    | Input::Slept(_)
                    | Input::Discovered { .. }
                    | Input::DiscoveryFailed { .. }
                    | Input::Message { .. }
                    | Input::Bytes { .. }
                    | Input::Pong { .. }
                    | Input::Verified { .. }
                    | Input::Timer => {}
                }
            }
            Trial::Events(branch) => {
                let outcome = match input {
                    Input::Message { .. } | Input::Bytes { .. } | Input::Pong { .. } => branch.hear(turn.now),
                    Input::Opened { .. }
                    | Input::Refused { .. }
                    | Input::Closed { .. }
                    | Input::Verified { .. }
                    | Input::Discovered { .. }
                    | Input::DiscoveryFailed { .. }
                    | Input::Wanted(_)
                    | Input::Slept(_)
                    | Input::Timer => give(branch, input, false, turn),
                };
                self.conclude_trial(outcome, turn);
            }
        }
    }

    pub(super) fn conclude_trial(&mut self, outcome: Outcome, turn: &mut Turn<'_>) {
        match outcome {
            Outcome::Nothing => {}
            Outcome::Opened => self.climb_to_events(turn),
            Outcome::Refused(words) => self.trial_failed(words, turn),
            Outcome::SignedOut(words) => self.sign_out(&words, turn),
            Outcome::Ended(end) => self.trial_failed(end.trouble.reason().clone(), turn),
        }
    }

    /// A higher rung is still of no use. From polling, event streams are tried where the trunk failed.
    pub(super) fn trial_failed(&mut self, reason: Plain, turn: &mut Turn<'_>) {
        let was_trunk = matches!(self.climb, Some(Climb { trial: Some(Trial::Trunk { .. }), .. }));
        let events = self.rung == Rung::Polling && self.server.as_ref().is_some_and(Server::may_send_events);
        self.fault = reason;
        if was_trunk
            && events
            && let Some(stream) = self.wanted.streams.first().cloned()
        {
            self.branched = if self.branched == u16::MAX { 1 } else { self.branched + 1 };
            let mut branch = Branch::new(LinkId(self.branched), stream, Rung::ServerSentEvents);
            branch.dial(self.needs_subprotocol(), turn);
            if let Some(climb) = &mut self.climb {
                climb.trial = Some(Trial::Events(branch));
            }
            return;
        }
        self.plan_climb(turn);
        self.say_ladder(turn);
    }

    /// Says that all events come another way from now on, so that what passes between is fetched.
    pub(super) fn move_up(&mut self, turn: &mut Turn<'_>) {
        self.say_ladder(turn);
        let reason = Plain::line(&format!(
            "moving back to {}",
            match self.rung {
                Rung::Multiplexed => "the multiplexed WebSocket",
                Rung::Socket | Rung::ServerSentEvents | Rung::Polling => self.rung.words(),
            }
        ));
        turn.say(Event::Connection(Connection::Reconnecting { reason, attempt: 0, retry_in: Duration::ZERO }));
    }

    pub(super) fn climb_to_trunk(&mut self, link: Link, turn: &mut Turn<'_>) {
        self.rung = Rung::Multiplexed;
        self.climb = None;
        self.settle_on_rung(turn);
        // What was of no use before has one chance, until something comes over it.
        self.fruitless = FRUITLESS - 1;
        self.move_up(turn);
        self.link = link;
        turn.link = link;
        self.phase = Phase::Dialling { since: turn.now };
        self.opened(turn);
    }

    pub(super) fn climb_to_events(&mut self, turn: &mut Turn<'_>) {
        let Some(Climb { trial: Some(Trial::Events(branch)), .. }) = self.climb.take() else { return };
        self.rung = Rung::ServerSentEvents;
        self.settle_on_rung(turn);
        self.plan_climb(turn);
        self.move_up(turn);
        self.proven = true;
        self.branches.push(branch);
        self.dial(turn);
    }
}
