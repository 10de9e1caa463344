//! How each wanted stream comes on the present rung, and the branches that follow from it.

use super::branch::{Branch, End, Outcome};
use super::subscriptions::Wish;
use super::{Action, Input, LinkId, Phase, Session, Turn, give};
use crate::model::{Carriage, Connection, Event, Rung, Stream, Subscription};
use crate::text::Plain;

/// How a wanted stream comes on the present rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// On the trunk, by a subscription to this stream.
    Trunk(Stream),
    /// On a branch.
    Branch(Rung),
    Polling,
    Never,
}

impl Session {
    pub(super) fn route(&self, stream: &Stream) -> Route {
        let carriage = self.server.as_ref().map_or(Carriage::Frame, |server| server.carriage(stream));
        match (carriage, self.rung) {
            (Carriage::Never, _) => Route::Never,
            (Carriage::Polling, _) | (Carriage::Frame | Carriage::Within(_) | Carriage::Socket, Rung::Polling) => Route::Polling,
            (Carriage::Frame | Carriage::Within(_) | Carriage::Socket, Rung::ServerSentEvents) => Route::Branch(Rung::ServerSentEvents),
            (Carriage::Frame, Rung::Multiplexed | Rung::Socket) => Route::Trunk(stream.clone()),
            (Carriage::Within(other), Rung::Multiplexed | Rung::Socket) if self.wanted.streams.contains(&other) => Route::Trunk(other),
            (Carriage::Within(_) | Carriage::Socket, Rung::Multiplexed | Rung::Socket) => Route::Branch(Rung::Socket),
        }
    }

    /// Brings routes and branches in line with what is wanted on the present rung, and answers the routes of before.
    pub(super) fn arrange(&mut self, turn: &mut Turn<'_>) -> Vec<(Stream, Route)> {
        let mut routes: Vec<(Stream, Route)> = Vec::with_capacity(self.wanted.streams.len());
        for stream in &self.wanted.streams {
            if routes.iter().all(|(known, _)| known != stream) {
                routes.push((stream.clone(), self.route(stream)));
            }
        }
        let has = |stream: &Stream, rung: Rung| routes.iter().any(|(wanted, route)| wanted == stream && *route == Route::Branch(rung));
        self.branches.retain_mut(|branch| {
            let stays = has(&branch.stream, branch.rung);
            if !stays {
                branch.close(turn);
            }
            stays
        });
        for (stream, route) in &routes {
            if let Route::Branch(rung) = route
                && self.branches.iter().all(|branch| branch.stream != *stream)
            {
                self.branched = if self.branched == u16::MAX { 1 } else { self.branched + 1 };
                self.branches.push(Branch::new(LinkId(self.branched), stream.clone(), *rung));
            }
        }
        std::mem::replace(&mut self.routes, routes)
    }

    /// What is to be subscribed to on the trunk.
    pub(super) fn wishes(&self) -> Vec<Wish> {
        self.routes
            .iter()
            .filter_map(|(stream, route)| match route {
                Route::Trunk(carrier) => Some(Wish { stream: stream.clone(), carrier: carrier.clone() }),
                Route::Branch(_) | Route::Polling | Route::Never => None,
            })
            .collect()
    }

    /// Brings a live connection in line with what is wanted.
    pub(super) fn reconcile(&mut self, turn: &mut Turn<'_>) {
        let before = self.arrange(turn);
        for (stream, route) in &self.routes {
            let old = before.iter().find(|(known, _)| known == stream).map(|(_, route)| route);
            let is_new_way = old.is_some_and(|old| match (old, route) {
                (Route::Trunk(_), Route::Trunk(_)) => false,
                _ => old != route,
            });
            if is_new_way && matches!(route, Route::Trunk(_) | Route::Branch(_)) {
                // Between the old way and the new one something may pass unseen.
                let (standing, rung) = (Subscription::Interrupted(Plain::line("its events take another way now")), rung_of(route));
                turn.say(Event::Subscription { stream: stream.clone(), standing, rung });
            }
            if old != Some(route) {
                tell_fixed(stream, route, turn);
            }
        }
        match (&self.phase, self.needs_trunk()) {
            (Phase::Live(_), true) => {
                self.subscriptions.reconcile(self.wishes(), turn);
                self.dial_held(turn);
            }
            (Phase::Live(_), false) => {
                turn.actions.push(Action::Close { link: self.link });
                self.phase = Phase::Spread { since: turn.now };
                self.dial_held(turn);
            }
            // What is on branches goes on while the trunk is opened.
            (_, true) => {
                self.name_trunk(turn);
                self.dial(turn);
            }
            (_, false) => self.dial_held(turn),
        }
    }

    pub(super) fn dial_held(&mut self, turn: &mut Turn<'_>) {
        let subprotocol = self.needs_subprotocol();
        for branch in self.branches.iter_mut().filter(|branch| branch.is_held()) {
            branch.dial(subprotocol, turn);
            branch.tell(Subscription::Requested, turn);
        }
    }

    /// The first link is open and has said so: opens the others and tells how each stream stands.
    pub(super) fn introduce(&mut self, turn: &mut Turn<'_>) {
        let subprotocol = self.needs_subprotocol();
        for (stream, route) in &self.routes {
            tell_fixed(stream, route, turn);
            if let Some(branch) = self.branches.iter_mut().find(|branch| branch.stream == *stream) {
                if branch.is_held() {
                    branch.dial(subprotocol, turn);
                }
                branch.introduce(turn);
            }
        }
    }

    /// Without the trunk: the connection stands on branches, or on nothing where nothing is needed.
    pub(super) fn spread(&mut self, turn: &mut Turn<'_>) {
        self.epoch += 1;
        turn.epoch = self.epoch;
        self.phase = Phase::Spread { since: turn.now };
        turn.say(Event::Connection(Connection::Live));
        self.introduce(turn);
    }

    pub(super) fn take_branch(&mut self, index: usize, input: Input, turn: &mut Turn<'_>) {
        let is_life = matches!(input, Input::Message { .. } | Input::Bytes { .. } | Input::Pong { .. });
        if is_life && let Some(branch) = self.branches.get_mut(index) {
            self.fruitless = 0;
            let outcome = branch.hear(turn.now);
            self.conclude(index, outcome, turn);
        }
        let proven = self.proven || matches!(self.phase, Phase::Live(_));
        let Some(branch) = self.branches.get_mut(index) else { return };
        let outcome = give(branch, input, proven, turn);
        self.conclude(index, outcome, turn);
    }

    pub(super) fn conclude(&mut self, index: usize, outcome: Outcome, turn: &mut Turn<'_>) {
        let connected = self.is_connected();
        let others = self.branches.iter().enumerate().any(|(other, branch)| other != index && branch.is_live());
        let Some(branch) = self.branches.get_mut(index) else { return };
        let is_scout = matches!(self.phase, Phase::Scouting { .. }) && branch.link == self.link;
        match outcome {
            Outcome::Nothing => {}
            Outcome::Opened => {
                self.proven = true;
                if is_scout {
                    self.spread(turn);
                } else {
                    branch.join(turn);
                }
            }
            Outcome::Refused(_) if is_scout => self.dial(turn),
            Outcome::Refused(words) => branch.tell(Subscription::Refused(words), turn),
            Outcome::SignedOut(words) => self.sign_out(&words, turn),
            Outcome::Ended(end) => {
                let is_last = matches!(self.phase, Phase::Spread { .. }) && end.was_healthy.is_some() && !others;
                if is_scout || is_last {
                    self.ended(index, end, turn);
                } else {
                    branch.fail(end, connected, turn);
                }
            }
        }
    }

    /// The link that the connection stood on, or was to stand on, is gone.
    pub(super) fn ended(&mut self, index: usize, end: End, turn: &mut Turn<'_>) {
        let End { trouble, is_fruitless, was_healthy } = end;
        self.judge(&trouble, is_fruitless);
        self.scouts = self.scouts.wrapping_add(1);
        if let Some(branch) = self.branches.get_mut(index) {
            branch.forget();
        }
        for branch in &mut self.branches {
            branch.hold(true, turn);
        }
        if was_healthy == Some(true) {
            self.failures = 0;
            self.undiscovered = 0;
            self.wait(trouble, turn);
        } else {
            self.fail(trouble, turn);
        }
    }

    pub(super) fn elapse_branches(&mut self, turn: &mut Turn<'_>) {
        let subprotocol = self.needs_subprotocol();
        for index in 0..self.branches.len() {
            let connected = self.is_connected();
            let Some(branch) = self.branches.get_mut(index) else { return };
            let outcome = branch.elapse(connected, subprotocol, &mut self.pings, turn);
            self.conclude(index, outcome, turn);
        }
    }
}

fn rung_of(route: &Route) -> Rung {
    match route {
        Route::Trunk(_) | Route::Never => Rung::Multiplexed,
        Route::Branch(rung) => *rung,
        Route::Polling => Rung::Polling,
    }
}

/// Tells of a stream for which there is no link.
pub(super) fn tell_fixed(stream: &Stream, route: &Route, turn: &mut Turn<'_>) {
    let standing = match route {
        Route::Polling => Subscription::Open,
        Route::Never => Subscription::NotStreamed,
        Route::Trunk(_) | Route::Branch(_) => return,
    };
    turn.say(Event::Subscription { stream: stream.clone(), standing, rung: rung_of(route) });
}
