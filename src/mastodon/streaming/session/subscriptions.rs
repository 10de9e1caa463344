//! What is asked for on one socket, and what of it was granted, refused or is still doubtful.
//!
//! The server acknowledges nothing and an error frame does not name its stream (transcript `ws-subscribe-errors`). So all
//! streams are asked for at once; an error is laid to the only stream it can be about, and where several remain, the
//! doubtful ones are asked for again one at a time, which does no harm (transcript `ws-double-subscribe`). Best effort: a
//! stream that was taken for refused is open again with its first event. Absent on purpose: the socket's life.

use super::Turn;
use crate::mastodon::streaming::frame::{self, Decoded, Named};
use crate::model::{Connection, Event, Payload, Rung, Stream, StreamEvent, Subscription};
use crate::text::Plain;
use std::time::Duration;

/// An unsubscribe this soon after its subscribe is lost (transcript `ws-subscribe-then-unsubscribe-at-once`), so it waits.
const BEFORE_LEAVING: Duration = Duration::from_secs(1);
/// Without an error for this long a stream counts as open.
const ASSUMED: Duration = Duration::from_secs(2);
/// How long the errors of one question may take to come, beside the round trip.
const WINDOW: Duration = Duration::from_millis(400);
/// A slower line than this is not waited for.
const LONGEST_ROUND_TRIP: Duration = Duration::from_secs(2);
/// An error that comes later than this after a subscribe is not about it.
const LATEST: Duration = Duration::from_secs(10);
/// Posts that come this long after an unsubscribe show that it was lost.
const AFTERMATH: Duration = Duration::from_secs(2);
/// A lost unsubscribe is repeated at most this often.
const REPEAT: Duration = Duration::from_secs(5);
/// Unsubscribed streams that are remembered.
const LEFT: usize = 64;
/// Errors that are kept for attribution.
const COMPLAINTS: usize = 256;

/// The streams of one socket.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    wishes: Vec<Wish>,
    entries: Vec<Entry>,
    complaints: Vec<Complaint>,
    /// When the errors so far are taken to be all; set whenever there are errors and no probe.
    settle_at: Option<Duration>,
    probe: Option<Probe>,
    /// Whether doubtful streams have been asked for again since the errors came.
    probed: bool,
    round_trip: Duration,
}

/// A wanted stream.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) stream: Stream,
    /// The stream to subscribe to for it.
    pub(super) carrier: Stream,
}

impl Wish {
    fn rides(&self, carrier: &Stream) -> bool {
        self.carrier == *carrier
    }
}

/// A stream that was subscribed to on this socket.
#[derive(Debug)]
struct Entry {
    stream: Stream,
    wanted: bool,
    standing: Standing,
    /// When the last subscribe was sent.
    asked_at: Duration,
    /// Asked for again without an error.
    cleared: bool,
    /// When the unsubscribe was sent.
    left_at: Option<Duration>,
    repeated_at: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq)]
enum Standing {
    /// Not yet sent: a probe is in the air.
    Queued,
    /// Sent.
    Asked,
    /// Nothing spoke against it.
    Assumed,
    /// An event came on it.
    Open,
    Refused(Plain),
}

impl Standing {
    fn as_subscription(&self) -> Subscription {
        match self {
            Self::Queued | Self::Asked => Subscription::Requested,
            Self::Assumed | Self::Open => Subscription::Open,
            Self::Refused(words) => Subscription::Refused(words.clone()),
        }
    }
}

/// An error frame that is not yet laid to a stream.
#[derive(Debug)]
struct Complaint {
    class: Class,
    text: Plain,
}

#[derive(Debug)]
struct Probe {
    stream: Stream,
    until: Duration,
}

/// What an error's text says about the stream it is about (transcripts `ws-subscribe-errors` of all versions).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// About a list: not there, somebody else's, no id.
    List,
    /// About a hashtag: none given, or (before 4.3) one that made the server stumble.
    Hashtag,
    /// The server's database failed: public and hashtag streams ask it.
    Database,
    /// The token's scopes; checked before everything else, so any stream.
    Scope,
    /// An unknown stream type, or an unknown error.
    Any,
}

impl Class {
    /// From the most telling to the least.
    const ALL: [Self; 5] = [Self::List, Self::Hashtag, Self::Database, Self::Scope, Self::Any];

    /// `None` for errors that are no answer to a subscribe.
    fn of(text: &str, status: Option<u16>) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let has = |word: &str| text.contains(word);
        if has("unsubscribing") {
            None
        } else if has("scope") {
            Some(Self::Scope)
        } else if has("unknown stream") {
            Some(Self::Any)
        } else if has("list") {
            Some(Self::List)
        } else if has("tag") || has("normalize") {
            Some(Self::Hashtag)
        } else if status == Some(500) || has("unexpected error") {
            Some(Self::Database)
        } else {
            Some(Self::Any)
        }
    }

    fn may_be_about(self, stream: &Stream) -> bool {
        match self {
            Self::List => matches!(stream, Stream::List(_)),
            Self::Hashtag => matches!(stream, Stream::Hashtag { .. }),
            Self::Database => matches!(stream, Stream::Public { .. } | Stream::Hashtag { .. }),
            Self::Scope | Self::Any => true,
        }
    }
}

impl Subscriptions {
    /// Begins on a socket that has just been opened.
    pub(super) fn open(wishes: Vec<Wish>, turn: &mut Turn<'_>) -> Self {
        let mut new = Self { wishes, ..Self::default() };
        let asked = new.ask_missing(turn);
        // Said after the subscribes have left, so that whoever then asks REST asks second.
        turn.say(Event::Connection(Connection::Live));
        new.tell_newcomers(&[], &asked, turn);
        new
    }

    /// Brings the socket in line with what is wanted now.
    pub(super) fn reconcile(&mut self, wishes: Vec<Wish>, turn: &mut Turn<'_>) {
        let before = std::mem::replace(&mut self.wishes, wishes);
        for entry in &mut self.entries {
            entry.wanted = self.wishes.iter().any(|wish| wish.rides(&entry.stream));
        }
        self.entries.retain(|entry| entry.wanted || entry.standing != Standing::Queued);
        let asked = self.ask_missing(turn);
        self.tell_newcomers(&before, &asked, turn);
        self.leave(turn);
    }

    /// Asks once more for everything that was refused.
    pub(super) fn ask_refused_again(&mut self, turn: &mut Turn<'_>) {
        let refused: Vec<Stream> = self
            .entries
            .iter()
            .filter(|entry| entry.wanted && matches!(entry.standing, Standing::Refused(_)))
            .map(|entry| entry.stream.clone())
            .collect();
        for stream in refused {
            self.ask(&stream, turn);
            self.tell(&stream, &Subscription::Requested, turn);
        }
    }

    /// Takes a measured round trip, by which waiting for errors is prolonged.
    pub(super) fn measured(&mut self, round_trip: Duration) {
        self.round_trip = round_trip.min(LONGEST_ROUND_TRIP);
    }

    /// Takes an event: proves its stream, and delivers it to where it counts.
    pub(super) fn receive(&mut self, decoded: Decoded, turn: &mut Turn<'_>) {
        let Decoded { named, stream, name, payload, raw } = decoded;
        let (streams, unwanted) = match &stream {
            Named::Stream(stream) => {
                self.prove(stream, turn);
                let counts: Vec<Stream> = self
                    .wishes
                    .iter()
                    .filter(|wish| wish.stream == *stream || (wish.rides(stream) && counts_for(&payload, &wish.stream)))
                    .map(|wish| wish.stream.clone())
                    .collect();
                if counts.is_empty() && is_news(&payload) {
                    self.leave_again(stream, turn);
                }
                let unwanted = counts.is_empty();
                (counts, unwanted)
            }
            Named::Kind(kind) => {
                let of_kind = |stream: &Stream| stream.wire_name() == kind.as_str();
                let mut subscribed = self.entries.iter().filter(|entry| entry.left_at.is_none() && of_kind(&entry.stream));
                if let (Some(only), None) = (subscribed.next(), subscribed.next()) {
                    let only = only.stream.clone();
                    self.prove(&only, turn);
                }
                let counts: Vec<Stream> = self.wishes.iter().map(|wish| &wish.stream).filter(|stream| of_kind(stream)).cloned().collect();
                let unwanted = counts.is_empty();
                (counts, unwanted)
            }
            Named::Nothing => match self.wishes.as_slice() {
                [only] => (vec![only.stream.clone()], false),
                _ => (Vec::new(), false),
            },
            Named::Unknown => (Vec::new(), false),
        };
        if unwanted && !is_for_everywhere(&payload) {
            return;
        }
        turn.say(Event::Stream(StreamEvent { streams, named, name, payload, raw }));
    }

    /// Takes an error frame.
    pub(super) fn complain(&mut self, text: Plain, status: Option<u16>, turn: &mut Turn<'_>) {
        let Some(class) = Class::of(text.as_str(), status) else { return };
        if let Some(probe) = self.probe.take_if(|probe| class.may_be_about(&probe.stream)) {
            // The same stream's first error is among those that were waiting.
            if let Some(first) = self.complaints.iter().position(|complaint| complaint.class == class) {
                self.complaints.remove(first);
            }
            self.refuse(&probe.stream, text, turn);
            self.proceed(turn);
            return;
        }
        if self.complaints.len() >= COMPLAINTS {
            turn.say(Event::Malformed { what: text });
            return;
        }
        self.complaints.push(Complaint { class, text });
        if self.probe.is_none() {
            self.settle_at = Some(turn.now + self.window());
        }
        self.weigh(turn);
    }

    /// Does what the time alone brings about.
    pub(super) fn elapse(&mut self, turn: &mut Turn<'_>) {
        if let Some(probe) = self.probe.take_if(|probe| turn.now >= probe.until) {
            self.set(&probe.stream, Standing::Assumed, turn);
            if let Some(entry) = self.entry(&probe.stream) {
                entry.cleared = true;
            }
            self.proceed(turn);
        } else if self.settle_at.is_some_and(|at| turn.now >= at) {
            self.proceed(turn);
        }
        let quiet: Vec<Stream> = self
            .entries
            .iter()
            .filter(|entry| turn.now >= entry.asked_at + ASSUMED && self.may_be_assumed(entry))
            .map(|entry| entry.stream.clone())
            .collect();
        for stream in quiet {
            self.set(&stream, Standing::Assumed, turn);
        }
        self.leave(turn);
    }

    /// When something is due next.
    pub(super) fn due(&self) -> Option<Duration> {
        let probe = self.probe.as_ref().map(|probe| probe.until);
        let entries = self.entries.iter().filter_map(|entry| {
            let leaving = (!entry.wanted && entry.left_at.is_none()).then(|| entry.asked_at + BEFORE_LEAVING);
            let opening = self.may_be_assumed(entry).then(|| entry.asked_at + ASSUMED);
            [leaving, opening].into_iter().flatten().min()
        });
        entries.chain(probe).chain(self.settle_at).min()
    }

    fn entry(&mut self, stream: &Stream) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.stream == *stream)
    }

    fn window(&self) -> Duration {
        WINDOW + self.round_trip
    }

    fn may_be_assumed(&self, entry: &Entry) -> bool {
        entry.standing == Standing::Asked
            && self.complaints.iter().all(|complaint| !complaint.class.may_be_about(&entry.stream))
            && self.probe.as_ref().is_none_or(|probe| probe.stream != entry.stream)
    }

    /// Asks for every wanted stream that is not subscribed to, and answers which they were.
    fn ask_missing(&mut self, turn: &mut Turn<'_>) -> Vec<Stream> {
        let carriers: Vec<Stream> = self.wishes.iter().map(|wish| wish.carrier.clone()).collect();
        let mut asked = Vec::new();
        for carrier in carriers {
            if self.entries.iter().all(|entry| entry.stream != carrier || entry.left_at.is_some()) {
                self.ask(&carrier, turn);
                asked.push(carrier);
            }
        }
        asked
    }

    /// Tells the standing of the streams that were asked for, and of those whose carrier was subscribed to before them.
    fn tell_newcomers(&self, before: &[Wish], asked: &[Stream], turn: &mut Turn<'_>) {
        for wish in &self.wishes {
            let is_new = before.iter().all(|old| old.stream != wish.stream);
            let was_asked = asked.contains(&wish.carrier);
            let standing = if was_asked {
                Some(Subscription::Requested)
            } else {
                self.entries.iter().find(|entry| wish.rides(&entry.stream)).map(|entry| entry.standing.as_subscription())
            };
            if let Some(standing) = standing
                && (is_new || was_asked)
            {
                turn.say(Event::Subscription { stream: wish.stream.clone(), standing, rung: Rung::Multiplexed });
            }
        }
    }

    /// Sends a subscribe, or puts it off while an error that comes would be laid to another stream.
    fn ask(&mut self, stream: &Stream, turn: &mut Turn<'_>) {
        let standing = if self.probe.is_some() { Standing::Queued } else { Standing::Asked };
        if standing == Standing::Asked {
            turn.send(frame::subscribe(stream));
            if !self.complaints.is_empty() {
                self.settle_at = Some(turn.now + self.window());
            }
        }
        // A new life of the entry; what an earlier one had left behind goes.
        self.entries.retain(|entry| entry.stream != *stream);
        let (stream, asked_at) = (stream.clone(), turn.now);
        self.entries.push(Entry { stream, wanted: true, standing, asked_at, cleared: false, left_at: None, repeated_at: None });
    }

    fn tell(&self, carrier: &Stream, standing: &Subscription, turn: &mut Turn<'_>) {
        for wish in self.wishes.iter().filter(|wish| wish.rides(carrier)) {
            turn.say(Event::Subscription { stream: wish.stream.clone(), standing: standing.clone(), rung: Rung::Multiplexed });
        }
    }

    /// Changes a standing and tells it where it differs for the app.
    fn set(&mut self, stream: &Stream, standing: Standing, turn: &mut Turn<'_>) {
        let Some(entry) = self.entry(stream) else { return };
        let (before, after) = (entry.standing.as_subscription(), standing.as_subscription());
        entry.standing = standing;
        if before != after && entry.wanted {
            self.tell(stream, &after, turn);
        }
    }

    /// An event came on the stream, so it is open, whatever was thought of it.
    fn prove(&mut self, stream: &Stream, turn: &mut Turn<'_>) {
        // What comes for a stream before it is asked for (again) comes from an earlier subscription.
        let is_provable = |entry: &mut Entry| entry.left_at.is_none() && !matches!(entry.standing, Standing::Queued | Standing::Open);
        if !self.entry(stream).is_some_and(is_provable) {
            return;
        }
        self.set(stream, Standing::Open, turn);
        if self.probe.take_if(|probe| probe.stream == *stream).is_some() {
            self.proceed(turn);
        } else if !self.complaints.is_empty() {
            self.weigh(turn);
        }
    }

    fn refuse(&mut self, stream: &Stream, words: Plain, turn: &mut Turn<'_>) {
        self.set(stream, Standing::Refused(words), turn);
    }

    /// Sends the unsubscribes whose time has come.
    fn leave(&mut self, turn: &mut Turn<'_>) {
        for entry in &mut self.entries {
            if !entry.wanted && entry.left_at.is_none() && turn.now >= entry.asked_at + BEFORE_LEAVING {
                entry.left_at = Some(turn.now);
                turn.send(frame::unsubscribe(&entry.stream));
            }
        }
        let left = self.entries.iter().filter(|entry| entry.left_at.is_some()).count();
        let mut surplus = left.saturating_sub(LEFT);
        self.entries.retain(|entry| {
            let goes = surplus > 0 && entry.left_at.is_some();
            surplus -= usize::from(goes);
            !goes
        });
        if self.probe.take_if(|probe| self.entries.iter().all(|entry| entry.stream != probe.stream || !entry.wanted)).is_some() {
            self.proceed(turn);
        }
    }

    fn leave_again(&mut self, stream: &Stream, turn: &mut Turn<'_>) {
        let now = turn.now;
        let Some(entry) = self.entry(stream) else { return };
        let lost = entry.left_at.is_some_and(|left| now > left + AFTERMATH);
        if lost && entry.repeated_at.is_none_or(|repeated| now >= repeated + REPEAT) {
            entry.repeated_at = Some(now);
            turn.send(frame::unsubscribe(stream));
        }
    }

    /// Whom an error may be about: those not yet heard of or, if there are none, those only assumed to be open.
    fn candidates(&self, class: Class, now: Duration) -> Vec<&Entry> {
        let standing = |wanted: Standing| -> Vec<&Entry> {
            self.entries.iter().filter(|entry| entry.standing == wanted && !entry.cleared && class.may_be_about(&entry.stream)).collect()
        };
        let asked = standing(Standing::Asked);
        if !asked.is_empty() {
            return asked;
        }
        standing(Standing::Assumed).into_iter().filter(|entry| now.saturating_sub(entry.asked_at) < LATEST).collect()
    }

    /// Lays errors to streams where nothing is doubtful: as many errors as streams that they can be about.
    fn weigh(&mut self, turn: &mut Turn<'_>) {
        let mut classes = Class::ALL.iter();
        while let Some(&class) = classes.next() {
            let errors = self.complaints.iter().filter(|complaint| complaint.class == class).count();
            if errors == 0 {
                continue;
            }
            let candidates = self.candidates(class, turn.now);
            // What failed in the database once may have gone well the second time; there nothing follows from elimination.
            let certain = !(self.probed && class == Class::Database);
            if candidates.is_empty() || (certain && errors >= candidates.len()) {
                let streams: Vec<Stream> = candidates.iter().map(|entry| entry.stream.clone()).collect();
                let mut words = self.take_complaints(class).into_iter();
                for (stream, words) in streams.iter().zip(words.by_ref()) {
                    self.refuse(stream, words, turn);
                }
                for what in words {
                    turn.say(Event::Malformed { what });
                }
                classes = Class::ALL.iter();
            }
        }
        if self.complaints.is_empty() {
            self.settle_at = None;
            if self.probe.is_none() {
                self.probed = false;
            }
        }
    }

    fn take_complaints(&mut self, class: Class) -> Vec<Plain> {
        let (taken, kept) = std::mem::take(&mut self.complaints).into_iter().partition(|complaint: &Complaint| complaint.class == class);
        self.complaints = kept;
        let taken: Vec<Complaint> = taken;
        taken.into_iter().map(|complaint| complaint.text).collect()
    }

    /// No probe is in the air: sends what was put off, draws conclusions, and asks the next doubtful stream again.
    fn proceed(&mut self, turn: &mut Turn<'_>) {
        self.settle_at = None;
        let queued: Vec<Stream> =
            self.entries.iter().filter(|entry| entry.standing == Standing::Queued).map(|entry| entry.stream.clone()).collect();
        for stream in &queued {
            self.ask(stream, turn);
        }
        self.weigh(turn);
        if self.complaints.is_empty() {
            return;
        }
        if !queued.is_empty() {
            self.settle_at = Some(turn.now + self.window());
            return;
        }
        let scope = self.complaints.iter().any(|complaint| complaint.class == Class::Scope);
        let doubtful = self
            .complaints
            .iter()
            .flat_map(|complaint| self.candidates(complaint.class, turn.now))
            .filter(|entry| entry.wanted)
            // Notifications need another scope than all the rest, so they are the likeliest (transcript `ws-scope-read-statuses`).
            .min_by_key(|entry| !(scope && entry.stream == Stream::UserNotification))
            .map(|entry| entry.stream.clone());
        if let Some(stream) = doubtful {
            self.probed = true;
            self.probe = Some(Probe { stream: stream.clone(), until: turn.now + self.window() });
            if let Some(entry) = self.entry(&stream) {
                entry.asked_at = turn.now;
            }
            turn.send(frame::subscribe(&stream));
        } else {
            let about_unwanted = |class| !self.candidates(class, turn.now).is_empty();
            let orphans: Vec<Plain> = self
                .complaints
                .iter()
                .filter(|complaint| !about_unwanted(complaint.class))
                .map(|complaint| complaint.text.clone())
                .collect();
            self.complaints.clear();
            self.probed = false;
            for what in orphans {
                turn.say(Event::Malformed { what });
            }
        }
    }
}

/// Whether an event that came on another stream counts for this one, which rides on it.
fn counts_for(payload: &Payload, stream: &Stream) -> bool {
    match stream {
        Stream::UserNotification => matches!(payload, Payload::Notification(..) | Payload::NotificationsMerged),
        Stream::User | Stream::Public { .. } | Stream::Hashtag { .. } | Stream::List(_) | Stream::Direct => true,
    }
}

/// Whether the words of a refusal are about one stream, not about the token as such.
pub(super) fn is_about_a_stream(words: &str) -> bool {
    match Class::of(words, Some(401)) {
        Some(Class::List | Class::Hashtag | Class::Scope) => true,
        Some(Class::Database | Class::Any) | None => false,
    }
}

/// Whether the event shows that its stream is still subscribed; deletes name streams at random on some servers.
fn is_news(payload: &Payload) -> bool {
    matches!(payload, Payload::Update(_) | Payload::Notification(..) | Payload::Conversation(..))
}

/// Whether the event matters to the whole app, not only to the tab of its stream.
pub(super) fn is_for_everywhere(payload: &Payload) -> bool {
    match payload {
        Payload::Edit(_)
        | Payload::Delete(_)
        | Payload::Announcement(_)
        | Payload::AnnouncementReaction(_)
        | Payload::AnnouncementDelete(_)
        | Payload::FiltersChanged
        | Payload::NotificationsMerged => true,
        Payload::Update(_) | Payload::Notification(..) | Payload::Conversation(..) | Payload::Other => false,
    }
}
