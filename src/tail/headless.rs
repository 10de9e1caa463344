//! `Headless`: the ledger without a reader. Whatever comes goes through `update`, and what a script is to read comes out.
//!
//! Absent on purpose: clocks, tasks and the pipe, which the loop has.

use super::gaps::{Gaps, without_row};
use super::line::{Hole, Printer, Source};
use super::refill::{Before, Brought};
use super::{Error, Form, Options, Stats, matches};
use crate::mastodon::streaming::Wanted;
use crate::model::{Bundle, Connection, Event, Origin, Payload, Rung, Spec, Stream, StreamEvent, Subscription, Timestamp};
use crate::state::{Loading, Measured, RowKey, Settings, State};
use crate::text::Plain;
use crate::update::{Batch, Effect, Msg, Reply, update};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Rows kept per stream: enough for the longest walk, little enough to stay flat.
const ROWS: usize = 1_000;
/// How much is remembered that came with a page and may still come by the stream, which was about to send it.
const REMEMBERED: usize = 4_096;

/// For how long they are remembered.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_mins(1);

/// How much later than the ledger's time events may be.
const STEP: SignedDuration = SignedDuration::from_millis(100);

/// What a turn comes to.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// Lines for the output.
    pub(super) lines: String,
    /// Lines to be said beside it.
    pub(super) asides: Vec<String>,
    /// What is to be asked of the server.
    pub(super) effects: Vec<Effect>,
    /// The end, where it has come.
    pub(super) end: Option<Result<(), Error>>,
}

/// The ledger without a reader.
#[derive(Debug)]
pub(super) struct Headless<'a> {
    options: &'a Options,
    printer: Printer,
    state: State,
    /// Nothing is ever drawn.
    measured: Measured,
    /// The events of this turn.
    batch: Option<Batch>,
    streams: Vec<Stream>,
    refused: BTreeMap<Stream, Plain>,
    /// The streams of which it has been said that they are polled.
    polled: BTreeSet<Stream>,
    /// The streams whose ledgers have the page that they start from.
    started: BTreeSet<Stream>,
    gaps: Gaps,
    /// What came with a page and not by the stream yet.
    brought: HashSet<(Stream, Told)>,
    /// When the last of them came.
    brought_at: Timestamp,
    stats: Stats,
    now: Timestamp,
}

impl<'a> Headless<'a> {
    pub(super) fn new(streams: Vec<Stream>, options: &'a Options, now: Timestamp) -> Self {
        // Nobody looks at the tabs, so none is held still where much comes.
        let settings = Settings { rows: ROWS, flood: 0, ..Settings::default() };
        let specs = streams.iter().cloned().map(Spec::Stream).collect();
        let mut state = State::new(settings, now, specs);
        state.store.keep_open();
        Self {
            options,
            printer: Printer::new(options.form),
            state,
            measured: Measured::default(),
            batch: None,
            streams,
            refused: BTreeMap::new(),
            polled: BTreeSet::new(),
            started: BTreeSet::new(),
            gaps: Gaps::default(),
            brought: HashSet::new(),
            brought_at: now,
            stats: Stats::default(),
            now,
        }
    }

    /// What is wanted of the trunk.
    pub(super) fn wanted(&self) -> Wanted {
        Wanted { streams: self.streams.clone(), retry: self.state.retries, woke: self.state.wakes }
    }

    /// When something is to be done by itself; a time that has passed where that is now.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.state.next_deadline(&self.measured)
    }

    /// The figures so far.
    pub(super) fn into_stats(self) -> Stats {
        self.stats
    }

    /// Lets time pass, as far as an event needs it: the ledger is told in coarser steps, for that costs as much as an event.
    pub(super) fn event_at(&mut self, now: Timestamp, turn: &mut Turn) {
        self.now = now;
        let passed = now.duration_since(self.state.now);
        if passed >= STEP || passed.is_negative() {
            self.tick(now, turn);
        }
    }

    /// Lets time pass.
    pub(super) fn tick(&mut self, now: Timestamp, turn: &mut Turn) {
        self.now = now;
        self.update(Msg::Tick(now), turn);
        if !self.brought.is_empty() && now.duration_since(self.brought_at) > ON_ITS_WAY {
            self.brought.clear();
        }
    }

    /// The process was continued after a stop, or the machine woke.
    pub(super) fn resumed(&mut self, turn: &mut Turn) {
        self.update(Msg::Resumed, turn);
    }

    /// Tells the gaps that stay. To be called where nothing has come for a while.
    pub(super) fn look(&mut self, turn: &mut Turn) {
        for hole in self.gaps.news(&self.state) {
            self.tell(&hole, turn);
        }
    }

    /// Takes in what the trunk said. What follows from events that came together is done once, by [`Self::settle`].
    pub(super) fn take(&mut self, origin: Origin, event: Event, turn: &mut Turn) {
        match &event {
            Event::Stream(event) => self.live(event, turn),
            Event::Connection(connection) => self.connection(connection, turn),
            Event::Subscription { stream, standing, rung } => self.subscription(stream, standing, *rung, turn),
            Event::Lagged { shed } => self.lagged(shed, turn),
            Event::Malformed { what } => tracing::warn!(%what, "a message could not be read"),
            Event::Server(_) | Event::Ping(_) | Event::Ladder { .. } | Event::Traffic { .. } => {}
        }
        if matches!(event, Event::Connection(_) | Event::Subscription { .. } | Event::Lagged { .. }) {
            self.settle(turn);
            let rowless = self.rowless();
            self.update(Msg::Event(origin, event), turn);
            self.tell_rowless(rowless, turn);
            self.look(turn);
        } else {
            let Self { batch, state, measured, .. } = self;
            batch.get_or_insert_with(|| Batch::begin(state, measured)).take(state, Msg::Event(origin, event), measured);
        }
    }

    /// Does what follows from the events that came.
    pub(super) fn settle(&mut self, turn: &mut Turn) {
        if let Some(batch) = self.batch.take() {
            turn.effects.extend(batch.end(&mut self.state, &self.measured));
        }
    }

    /// Takes in an answer, and prints what it brought.
    pub(super) fn reply(&mut self, mut reply: Reply, turn: &mut Turn) {
        let mut is_start = false;
        let mut hole = None;
        let mut first_failed = None;
        match &reply {
            Reply::Page { stream, cursor: None, result: Ok(page) } | Reply::Review { stream, result: Ok(page), .. } => {
                is_start = self.started.insert(stream.clone());
                if !is_start && page.older.is_some() && self.is_rowless(stream) {
                    // It starts from nothing as well, but what came before it is news, too.
                    let oldest = page.items.last().map(super::refill::place_id);
                    hole = Some(Hole { before: oldest, ..without_row(stream, self.state.line.last_live, "disconnected", None) });
                }
            }
            Reply::Page { stream, cursor, result: Err(failure) } => {
                first_failed = cursor.is_none().then(|| (stream.clone(), failure.reason.clone()));
                self.gaps.failed(stream, failure);
            }
            Reply::Newer { stream, result: Err(failure), .. } | Reply::Review { stream, result: Err(failure), .. } => {
                self.gaps.failed(stream, failure);
            }
            Reply::Page { .. }
            | Reply::Newer { .. }
            | Reply::Status { .. }
            | Reply::Notification { .. }
            | Reply::Thread { .. }
            | Reply::History(..)
            | Reply::Profile(..)
            | Reply::ProfilePosts(..)
            | Reply::Relationship(..)
            | Reply::Search { .. }
            | Reply::Offer(_)
            | Reply::Account(_)
            | Reply::Markers(_)
            | Reply::Health(_)
            | Reply::Scopes(_) => {}
        }
        let before = Before::of(&mut reply, &self.state, is_start);
        self.update(Msg::Reply(reply), turn);
        for Brought { event, is_duplicate } in before.map(|before| before.brought(&self.state)).unwrap_or_default() {
            self.refilled(&event, is_duplicate, turn);
        }
        if let Some((stream, reason)) = first_failed {
            self.first_page_failed(&stream, reason, turn);
        }
        // Where there is still no row the page was one that nobody waited for any more.
        if let Some(hole) = hole.filter(|hole| !self.is_rowless(&hole.stream)) {
            self.tell(&hole, turn);
        }
        self.look(turn);
    }

    fn update(&mut self, msg: Msg, turn: &mut Turn) {
        turn.effects.extend(update(&mut self.state, msg, &self.measured));
    }

    fn live(&mut self, event: &StreamEvent, turn: &mut Turn) {
        let is_held = |bundle: &Bundle| bundle.main().is_some_and(|status| self.state.store.status(&status.id).is_some());
        let is_duplicate = matches!(&event.payload, Payload::Update(bundle) if is_held(bundle));
        if !self.brought.is_empty() && self.has_come(event) {
            self.stats.weigh(event, is_duplicate);
        } else {
            self.print(event, Source::Live, is_duplicate, turn);
        }
    }

    /// Whether an event tells only what a page brought just before, while it was on its way.
    fn has_come(&mut self, event: &StreamEvent) -> bool {
        let Some(key) = key(&event.payload) else { return false };
        let mut come = !event.streams.is_empty();
        for stream in &event.streams {
            come &= self.brought.remove(&(stream.clone(), key.clone()));
        }
        come
    }

    fn refilled(&mut self, event: &StreamEvent, is_duplicate: bool, turn: &mut Turn) {
        if turn.end.is_some() {
            return;
        }
        if let Some(key) = key(&event.payload) {
            if self.brought.len() >= REMEMBERED {
                self.brought.clear();
            }
            self.brought.extend(event.streams.iter().map(|stream| (stream.clone(), key.clone())));
            self.brought_at = self.now;
        }
        self.print(event, Source::Refill, is_duplicate, turn);
    }

    fn print(&mut self, event: &StreamEvent, source: Source, is_duplicate: bool, turn: &mut Turn) {
        self.stats.count(event, is_duplicate);
        self.printer.event(event, source, self.now, &mut turn.lines);
        let enough = self.options.count.is_some_and(|count| self.stats.events() >= count);
        if enough || self.options.until.as_ref().is_some_and(|until| matches(until, &event.payload)) {
            turn.end.get_or_insert(Ok(()));
        }
    }

    fn tell(&self, hole: &Hole, turn: &mut Turn) {
        tracing::warn!(stream = %hole.stream.spec(), reason = hole.reason, lost = ?hole.lost, "a gap stays");
        turn.lines.push_str(&self.printer.gap(hole, self.now));
    }

    fn connection(&self, connection: &Connection, turn: &mut Turn) {
        let (line, words) = self.printer.connection(connection, self.state.line.rung, self.now);
        turn.lines.push_str(&line);
        turn.asides.extend(words.filter(|_| self.options.form != Form::Json));
        match connection {
            Connection::SignedOut { reason } => turn.end = Some(Err(Error::SignedOut(reason.clone()))),
            Connection::Failed { reason } => turn.end = Some(Err(Error::Unusable(reason.clone()))),
            Connection::Connecting
            | Connection::Live
            | Connection::Reconnecting { .. }
            | Connection::RateLimited { .. }
            | Connection::Offline { .. } => {}
        }
    }

    fn subscription(&mut self, stream: &Stream, standing: &Subscription, rung: Rung, turn: &mut Turn) {
        let words = match standing {
            Subscription::Refused(words) => words.clone(),
            Subscription::NotStreamed => Plain::line("not streamed by this server"),
            Subscription::Requested | Subscription::Open | Subscription::Interrupted(_) => {
                self.refused.remove(stream);
                if rung != Rung::Polling {
                    self.polled.remove(stream);
                } else if self.polled.insert(stream.clone()) {
                    self.say_polled(stream, turn);
                }
                return;
            }
        };
        if self.options.form != Form::Json {
            turn.asides.push(format!("{}: refused: {words}", stream.spec()));
        }
        turn.lines.push_str(&self.printer.refused(stream, &words, self.now));
        self.refused.insert(stream.clone(), words);
        if self.streams.iter().all(|stream| self.refused.contains_key(stream)) {
            let why: Vec<String> = self.refused.iter().map(|(stream, words)| format!("{}: {words}", stream.spec())).collect();
            turn.end = Some(Err(Error::AllRefused(why.join("; "))));
        }
    }

    fn say_polled(&self, stream: &Stream, turn: &mut Turn) {
        if self.options.form != Form::Json {
            turn.asides.push(format!("{}: nothing streams it; its timeline is asked for again and again", stream.spec()));
        }
        turn.lines.push_str(&self.printer.polled(stream));
    }

    /// What was shed of a stream that has no row yet is told at once: no gap can stand in its ledger.
    fn lagged(&self, shed: &[(Stream, u64)], turn: &mut Turn) {
        for (stream, lost) in shed.iter().filter(|(stream, _)| self.is_rowless(stream)) {
            self.tell(&without_row(stream, None, "shed", Some(*lost)), turn);
        }
    }

    fn is_rowless(&self, stream: &Stream) -> bool {
        self.state.timelines.get(stream).is_none_or(|timeline| timeline.rows().is_empty())
    }

    /// The streams that are cut off and have neither a row nor a page to start from, each with when that began.
    fn rowless(&self) -> Vec<(Stream, Timestamp)> {
        let cut_off = self.state.timelines.iter().filter_map(|(stream, timeline)| Some((stream, timeline.broken_since?)));
        cut_off
            .filter(|(stream, _)| self.is_rowless(stream) && !self.started.contains(*stream))
            .map(|(stream, since)| (stream.clone(), since))
            .collect()
    }

    /// Tells what those of them missed that are carried again: the page that they will start from shows only what is now.
    fn tell_rowless(&self, rowless: Vec<(Stream, Timestamp)>, turn: &mut Turn) {
        for (stream, since) in rowless {
            if self.state.timelines.get(&stream).is_some_and(|timeline| timeline.broken_since.is_none()) {
                self.tell(&without_row(&stream, Some(since), "disconnected", None), turn);
            }
        }
    }

    /// Without a first page there is nothing to fill gaps from.
    fn first_page_failed(&self, stream: &Stream, reason: Plain, turn: &mut Turn) {
        let is_final = self.state.timelines.get(stream).is_some_and(|timeline| matches!(timeline.first_page, Loading::Failed(_, None)));
        if !is_final || !self.is_rowless(stream) {
            return;
        }
        if self.started.contains(stream) {
            let hole = without_row(stream, self.state.line.last_live, "disconnected", None);
            self.tell(&Hole { failure: Some(reason), ..hole }, turn);
        } else if self.options.form != Form::Json {
            turn.asides.push(format!("{}: its page cannot be read, so that what is missed cannot be filled in: {reason}", stream.spec()));
        }
    }
}

/// What tells an event from others, for what may come by a page and by the stream: the row, and of an edit its time.
type Told = (RowKey, Option<Timestamp>);

fn key(payload: &Payload) -> Option<Told> {
    match payload {
        Payload::Update(bundle) => bundle.main().map(|status| (RowKey::Status(status.id.clone()), None)),
        Payload::Edit(bundle) => bundle.main().map(|status| (RowKey::Status(status.id.clone()), status.edited_at)),
        Payload::Notification(notification, _) => Some((RowKey::Notification(notification.id.clone()), None)),
        Payload::Delete(_)
        | Payload::Conversation(..)
        | Payload::Announcement(_)
        | Payload::AnnouncementReaction(_)
        | Payload::AnnouncementDelete(_)
        | Payload::FiltersChanged
        | Payload::NotificationsMerged
        | Payload::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mastodon::ingest;
    use crate::model::{Failure, FailureKind, Rung};
    use crate::update::Question;
    use serde_json::{Value, json};

    /// A tail whose server is played by the test.
    struct Desk<'a> {
        headless: Headless<'a>,
        /// What is asked and not answered yet.
        asked: Vec<Effect>,
        lines: Vec<Value>,
        end: Option<Result<(), Error>>,
        now: Timestamp,
    }

    fn json_form() -> Options {
        Options { form: Form::Json, ..Options::default() }
    }

    fn stream(spec: &str) -> Stream {
        let Spec::Stream(stream) = spec.parse().unwrap() else { panic!("{spec}") };
        stream
    }

    fn post(id: &str) -> String {
        format!("{{\"id\":\"{id}\",\"exact\":1.50,\"content\":\"<p>post {id}</p>\",\"account\":{{\"id\":\"1\",\"acct\":\"ada\"}}}}")
    }

    fn edited(id: &str, minute: u32) -> String {
        format!(
            "{{\"id\":\"{id}\",\"edited_at\":\"2026-11-25T12:{minute:02}:00.000Z\",\"content\":\"<p>better</p>\",\"account\":{{\"id\":\"1\",\"acct\":\"ada\"}}}}"
        )
    }

    fn refused() -> Failure {
        Failure { kind: FailureKind::Forbidden, reason: Plain::line("not for you") }
    }

    impl<'a> Desk<'a> {
        fn new(options: &'a Options, specs: &[&str]) -> Self {
            let now = "2026-11-25T12:00:00Z".parse().unwrap();
            let headless = Headless::new(specs.iter().map(|spec| stream(spec)).collect(), options, now);
            Self { headless, asked: Vec::new(), lines: Vec::new(), end: None, now }
        }

        /// Live, with a first page of each stream that has these posts.
        fn live(options: &'a Options, specs: &[&str], first: &[&str]) -> Self {
            let mut desk = Self::new(options, specs);
            desk.connection(Connection::Live);
            for spec in specs {
                desk.first_page(spec, Ok(first));
            }
            desk.lines.clear();
            desk
        }

        fn turn(&mut self, take: impl FnOnce(&mut Headless<'a>, &mut Turn)) {
            let mut turn = Turn::default();
            take(&mut self.headless, &mut turn);
            self.headless.state.check().unwrap();
            self.lines.extend(turn.lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
            self.asked.extend(turn.effects);
            self.end = self.end.take().or(turn.end);
        }

        fn event(&mut self, event: Event) {
            self.turn(|headless, turn| {
                headless.take(Origin::default(), event, turn);
                headless.settle(turn);
            });
        }

        fn connection(&mut self, connection: Connection) {
            self.event(Event::Connection(connection));
        }

        fn later(&mut self, seconds: i64) {
            self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
            let now = self.now;
            self.turn(|headless, turn| headless.tick(now, turn));
            self.turn(Headless::look);
        }

        fn reconnect(&mut self) {
            self.connection(Connection::Reconnecting { reason: Plain::line("cut"), attempt: 0, retry_in: std::time::Duration::ZERO });
            self.later(2);
            self.connection(Connection::Live);
        }

        fn says(&mut self, spec: &str, name: &str, entity: &str) {
            let bundle = ingest::single_status(entity.as_bytes()).unwrap();
            let payload = if name == "update" { Payload::Update(bundle) } else { Payload::Edit(bundle) };
            let named = Some(super::super::line::names(&stream(spec)).into_iter().map(Plain::line).collect());
            let name = Plain::line(name);
            self.event(Event::Stream(StreamEvent { streams: vec![stream(spec)], named, name, payload, raw: Some(entity.into()) }));
        }

        fn page(entities: &[String]) -> crate::model::Page {
            ingest::statuses_page(format!("[{}]", entities.join(",")).as_bytes(), true).unwrap()
        }

        fn first_page(&mut self, spec: &str, result: Result<&[&str], Failure>) {
            let question = Effect::Ask(Question::Page { stream: stream(spec), cursor: None });
            let place = self.asked.iter().position(|asked| *asked == question).unwrap_or_else(|| panic!("{spec}: {:?}", self.asked));
            self.asked.remove(place);
            let result = result.map(|ids| Self::page(&ids.iter().map(|id| post(id)).collect::<Vec<_>>()));
            self.turn(|headless, turn| headless.reply(Reply::Page { stream: stream(spec), cursor: None, result }, turn));
        }

        /// Answers the question for what is above an id; gives the id.
        fn newer(&mut self, spec: &str, result: Result<Vec<String>, Failure>) -> String {
            let of = |asked: &Effect| matches!(asked, Effect::Ask(Question::Newer { stream: asked, .. }) if *asked == stream(spec));
            let place = self.asked.iter().position(of).unwrap_or_else(|| panic!("{spec}: {:?}", self.asked));
            let Effect::Ask(Question::Newer { stream, after, asked }) = self.asked.remove(place) else { panic!() };
            let result = result.map(|entities| Self::page(&entities));
            self.turn(|headless, turn| headless.reply(Reply::Newer { stream, asked, result }, turn));
            after
        }

        /// Answers the question for a page to look at what is held, newest first.
        fn looks(&mut self, spec: &str, result: Result<Vec<String>, Failure>) {
            let of = |asked: &Effect| matches!(asked, Effect::Ask(Question::Review { stream: asked, .. }) if *asked == stream(spec));
            let place = self.asked.iter().position(of).unwrap_or_else(|| panic!("{spec}: {:?}", self.asked));
            let Effect::Ask(Question::Review { stream, asked, .. }) = self.asked.remove(place) else { panic!() };
            let result = result.map(|entities| Self::page(&entities));
            self.turn(|headless, turn| headless.reply(Reply::Review { stream, asked, result }, turn));
        }

        /// Answers the question about a single post: as it is now, or gone.
        fn is_now(&mut self, id: &str, entity: Option<&str>) {
            let of = |asked: &Effect| matches!(asked, Effect::Ask(Question::Status { id: asked, .. }) if asked.as_str() == id);
            let place = self.asked.iter().position(of).unwrap_or_else(|| panic!("{id}: {:?}", self.asked));
            let Effect::Ask(Question::Status { id, asked }) = self.asked.remove(place) else { panic!() };
            let gone = || Failure { kind: FailureKind::NotFound, reason: Plain::line("Record not found") };
            let result = entity.map(|entity| ingest::single_status(entity.as_bytes()).unwrap()).ok_or_else(gone);
            self.turn(|headless, turn| headless.reply(Reply::Status { id, asked, result, raw: entity.map(Into::into) }, turn));
        }

        /// The lines since the last time, each as `event source id` with the stream's first name.
        fn told(&mut self) -> Vec<String> {
            let words = |line: &Value, name: &str| line[name].as_str().unwrap_or("-").to_owned();
            let lines = std::mem::take(&mut self.lines);
            let line = |line: &Value| match words(line, "event").as_str() {
                "connection" => words(line, "state"),
                "subscription" => format!("{} {}", words(line, "state"), line["stream"][0]).replace('"', ""),
                "gap" => format!(
                    "gap {} {}..{} {} {}",
                    line["stream"][0],
                    words(line, "after"),
                    words(line, "before"),
                    words(line, "reason"),
                    line["lost"]
                )
                .replace('"', ""),
                event => format!("{event} {} {} {}", line["stream"][0], words(line, "source"), words(line, "id")).replace('"', ""),
            };
            lines.iter().map(line).collect()
        }
    }

    #[test]
    fn the_first_page_is_no_news_and_what_a_refill_brings_is_told_once_and_as_it_was_sent() {
        let options = json_form();
        let mut desk = Desk::live(&options, &["home"], &["11", "10"]);
        assert_eq!(desk.told(), [""; 0], "no backlog");
        desk.says("home", "update", &post("12"));
        assert_eq!(desk.told(), ["update user live 12"]);
        desk.reconnect();
        assert_eq!(desk.told(), ["reconnecting", "live"], "a gap that will be filled is no line");
        desk.says("home", "update", &post("16"));
        assert_eq!(desk.told(), ["update user live 16"], "live never waits");
        assert_eq!(desk.newer("home", Ok(vec![post("16"), post("15"), post("14"), post("12"), post("11")])), "10", "with some overlap");
        let line = desk.lines.first().cloned().unwrap();
        assert_eq!(desk.told(), ["update user refill 14", "update user refill 15"], "in order, and nothing that had come");
        assert_eq!((&line["stream"], &line["payload"]), (&json!(["user"]), &serde_json::from_str::<Value>(&post("14")).unwrap()));
        desk.newer("home", Ok(vec![]));
        desk.later(6);
        desk.looks("home", Ok(["17", "16", "15", "14", "13", "12", "11", "10"].map(post).to_vec()));
        assert_eq!(desk.told(), ["update user refill 13", "update user refill 17"], "the second look");
        desk.later(120);
        desk.looks("home", Ok(["17", "16", "15", "14", "13", "125", "12", "11", "10", "9"].map(post).to_vec()));
        assert_eq!(desk.told(), ["update user refill 9", "update user refill 125"], "what came very late");
    }

    #[test]
    fn a_page_that_starts_from_nothing_and_has_more_beneath_leaves_a_gap() {
        let options = json_form();
        let mut desk = Desk::live(&options, &["#rust"], &[]);
        desk.reconnect();
        let page = crate::model::Page { older: Some(crate::model::Cursor::Before("90".into())), ..Desk::page(&[post("91"), post("90")]) };
        desk.turn(|headless, turn| headless.reply(Reply::Page { stream: stream("#rust"), cursor: None, result: Ok(page) }, turn));
        assert_eq!(
            desk.told(),
            ["reconnecting", "live", "update hashtag refill 90", "update hashtag refill 91", "gap hashtag -..90 disconnected null"]
        );
    }

    #[test]
    fn what_was_on_its_way_while_a_page_brought_it_is_not_told_twice() {
        let options = json_form();
        let mut desk = Desk::live(&options, &["home", "local"], &["10"]);
        desk.reconnect();
        desk.newer("home", Ok(vec![post("11")]));
        desk.says("home", "update", &post("11"));
        desk.says("local", "update", &post("11"));
        desk.says("local", "update", &post("11"));
        assert_eq!(
            desk.told(),
            ["reconnecting", "live", "update user refill 11", "update public:local live 11", "update public:local live 11"],
            "what a server says twice is told twice"
        );
        assert_eq!(desk.headless.stats.events(), 3);
        desk.newer("home", Ok(vec![edited("12", 1)]));
        desk.newer("home", Ok(vec![]));
        desk.later(6);
        desk.looks("home", Ok(vec![edited("12", 2), post("11"), post("10")]));
        desk.says("home", "status.update", &edited("12", 2));
        desk.says("home", "status.update", &edited("12", 3));
        assert_eq!(desk.told(), ["update user refill 12", "status.update user refill 12", "status.update user live 12"]);
    }

    #[test]
    fn a_newer_version_found_by_a_refill_is_an_edit_on_every_stream_that_shows_the_post() {
        let options = json_form();
        let mut desk = Desk::live(&options, &["home", "local"], &["11", "10"]);
        desk.reconnect();
        desk.newer("home", Ok(vec![edited("11", 5)]));
        let line = desk.lines.last().cloned().unwrap();
        assert_eq!(desk.told(), ["reconnecting", "live", "status.update user refill 11", "status.update public:local refill 11"]);
        assert_eq!(line["payload"]["edited_at"], "2026-11-25T12:05:00.000Z");
        desk.newer("local", Ok(vec![edited("11", 5)]));
        assert_eq!(desk.told(), [""; 0], "once");
        let boost =
            |inner: &str| format!("{{\"id\":\"12\",\"content\":\"\",\"account\":{{\"id\":\"2\",\"acct\":\"bo\"}},\"reblog\":{inner}}}");
        desk.newer("local", Ok(vec![boost(&edited("11", 6))]));
        let payload = desk.lines.last().cloned().unwrap()["payload"].clone();
        assert_eq!(
            desk.told(),
            ["update public:local refill 12", "status.update user refill 11", "status.update public:local refill 11"],
            "a boost shows the newer version, too"
        );
        assert_eq!((&payload["id"], &payload["edited_at"]), (&"11".into(), &"2026-11-25T12:06:00.000Z".into()));
    }

    #[test]
    fn what_was_deleted_or_edited_meanwhile_is_told_on_every_stream_that_shows_it() {
        let options = json_form();
        let mut desk = Desk::live(&options, &["home", "local"], &["13", "12", "11", "10"]);
        let boost = format!("{{\"id\":\"14\",\"content\":\"\",\"account\":{{\"id\":\"2\",\"acct\":\"bo\"}},\"reblog\":{}}}", post("12"));
        desk.says("home", "update", &boost);
        desk.reconnect();
        desk.newer("home", Ok(vec![]));
        desk.newer("local", Ok(vec![]));
        desk.told();
        desk.later(6);
        desk.looks("home", Ok(vec![post("11"), post("10")]));
        desk.looks("local", Ok(vec![post("11"), post("10")]));
        assert_eq!(desk.told(), [""; 0], "a page alone does not say that a post is gone");
        desk.is_now("13", Some(&edited("13", 7)));
        let line = desk.lines.last().cloned().unwrap();
        assert_eq!(desk.told(), ["status.update user refill 13", "status.update public:local refill 13"], "it is only not listed");
        assert_eq!(line["payload"], serde_json::from_str::<Value>(&edited("13", 7)).unwrap());
        let about: Vec<String> = desk.asked.iter().map(|asked| format!("{asked:?}")).filter(|asked| asked.contains("Ask(Status")).collect();
        assert!(about.iter().any(|asked| asked.contains("StatusId(12)")), "{about:?}");
        desk.is_now("12", None);
        let line = desk.lines.first().cloned().unwrap();
        assert_eq!(desk.told(), ["delete user refill 14", "delete user refill 12", "delete public:local refill 12"], "with its boosts");
        assert_eq!(line["payload"], Value::Null);
    }

    #[test]
    fn a_gap_of_conversations_is_told_where_a_look_at_the_newest_does_not_close_it() {
        let talk = |id: &str, last: &str| format!("{{\"id\":\"{id}\",\"accounts\":[],\"last_status\":{}}}", post(last));
        let page = |talks: &[String]| ingest::conversations_page(format!("[{}]", talks.join(",")).as_bytes(), true).unwrap();
        let options = json_form();
        let mut desk = Desk::new(&options, &["direct"]);
        let look = |desk: &mut Desk<'_>, talks: &[String]| {
            let place = desk.asked.iter().position(|asked| matches!(asked, Effect::Ask(Question::Review { .. }))).unwrap();
            let Effect::Ask(Question::Review { stream, asked, .. }) = desk.asked.remove(place) else { panic!() };
            desk.turn(|headless, turn| headless.reply(Reply::Review { stream, asked, result: Ok(page(talks)) }, turn));
        };
        desk.connection(Connection::Live);
        let start = Reply::Page { stream: stream("direct"), cursor: None, result: Ok(page(&[talk("7", "10")])) };
        desk.turn(|headless, turn| headless.reply(start, turn));
        desk.reconnect();
        assert_eq!(desk.told(), ["live", "reconnecting", "live"], "not known yet");
        look(&mut desk, &[talk("8", "12"), talk("7", "10")]);
        desk.later(6);
        look(&mut desk, &[talk("8", "12"), talk("7", "10")]);
        desk.later(1);
        assert_eq!(desk.told(), ["conversation direct refill 8"], "one that has not changed closes it");
        desk.reconnect();
        look(&mut desk, &[talk("7", "16"), talk("8", "15")]);
        desk.later(6);
        look(&mut desk, &[talk("7", "16"), talk("8", "15")]);
        desk.later(1);
        let told = desk.told();
        assert_eq!(told.len(), 5, "{told:?}");
        assert_eq!(told.get(2..4).unwrap(), ["conversation direct refill 8", "conversation direct refill 7"]);
        assert_eq!(told.last().unwrap(), "gap direct 12..- disconnected null");
    }

    #[test]
    fn what_a_poll_brings_is_a_refill() {
        let options = json_form();
        let mut desk = Desk::new(&options, &["#rust"]);
        desk.connection(Connection::Live);
        for _ in 0..2 {
            desk.event(Event::Subscription { stream: stream("#rust"), standing: Subscription::Open, rung: Rung::Polling });
        }
        desk.first_page("#rust", Ok(&["10"]));
        desk.later(1);
        desk.looks("#rust", Ok(vec![post("11"), post("10")]));
        desk.later(61);
        desk.looks("#rust", Ok(vec![post("13"), post("12"), post("11"), post("10")]));
        assert_eq!(
            desk.told(),
            ["live", "polled hashtag", "update hashtag refill 11", "update hashtag refill 12", "update hashtag refill 13"]
        );
    }

    #[test]
    fn a_gap_that_cannot_be_filled_is_told_once_with_its_ends() {
        let options = json_form();
        let mut desk = Desk::live(&options, &["home", "direct"], &[]);
        desk.says("home", "update", &post("12"));
        desk.reconnect();
        desk.first_page("direct", Ok(&[]));
        assert_eq!(desk.told(), ["update user live 12", "reconnecting", "live"]);
        desk.newer("home", Err(refused()));
        let gap = desk.lines.last().cloned().unwrap();
        assert_eq!(desk.told(), ["gap user 12..- disconnected null"]);
        assert_eq!((&gap["since"], &gap["until"]), (&"2026-11-25T12:00:00.000Z".into(), &"2026-11-25T12:00:02.000Z".into()));
        desk.later(30);
        desk.says("home", "update", &post("15"));
        assert_eq!(desk.told(), ["update user live 15"]);
        desk.reconnect();
        desk.first_page("direct", Ok(&[]));
        assert_eq!(desk.newer("home", Ok(vec![post("16")])), "15");
        desk.newer("home", Ok(vec![]));
        assert_eq!(desk.told(), ["reconnecting", "live", "update user refill 16"], "once");
    }

    #[test]
    fn what_was_shed_is_filled_or_counted() {
        let options = json_form();
        let mut desk = Desk::live(&options, &["home"], &["10"]);
        desk.event(Event::Lagged { shed: vec![(stream("home"), 3)] });
        desk.says("home", "update", &post("14"));
        desk.newer("home", Ok(vec![post("13"), post("12"), post("11")]));
        desk.newer("home", Ok(vec![post("14")]));
        desk.newer("home", Ok(vec![]));
        assert_eq!(
            desk.told(),
            ["update user live 14", "update user refill 11", "update user refill 12", "update user refill 13"],
            "filled"
        );
        desk.event(Event::Lagged { shed: vec![(stream("home"), 7)] });
        desk.newer("home", Err(refused()));
        assert_eq!(desk.told(), ["gap user 14..- shed 7"]);
        let mut desk = Desk::new(&options, &["home"]);
        desk.connection(Connection::Live);
        desk.event(Event::Lagged { shed: vec![(stream("home"), 2)] });
        assert_eq!(desk.told(), ["live", "gap user -..- shed 2"], "where nothing is held yet there is nothing to fill it from");
    }

    #[test]
    fn a_gap_that_more_rows_have_pushed_out_than_are_kept_is_told() {
        let options = json_form();
        let mut desk = Desk::live(&options, &["home"], &["10"]);
        desk.event(Event::Lagged { shed: vec![(stream("home"), 3)] });
        for id in 1_000..1_000 + ROWS {
            desk.says("home", "update", &post(&id.to_string()));
        }
        desk.lines.clear();
        desk.later(1);
        assert_eq!(desk.told(), ["gap user 10..1000 shed 3"]);
        desk.newer("home", Ok(vec![post("11")]));
        desk.later(1);
        assert_eq!(desk.told(), [""; 0], "an answer that nobody waits for any more");
    }

    #[test]
    fn a_stream_without_a_row_starts_from_nothing_or_says_what_it_does_not_know() {
        let options = json_form();
        let mut desk = Desk::live(&options, &["#rust"], &[]);
        desk.reconnect();
        desk.first_page("#rust", Ok(&["12", "11"]));
        assert_eq!(desk.told(), ["reconnecting", "live", "update hashtag refill 11", "update hashtag refill 12"], "all of it is news");

        let mut desk = Desk::live(&options, &["#rust"], &[]);
        desk.reconnect();
        desk.first_page("#rust", Err(refused()));
        assert_eq!(desk.told(), ["reconnecting", "live", "gap hashtag -..- disconnected null"]);

        let mut desk = Desk::new(&options, &["#rust"]);
        desk.connection(Connection::Live);
        desk.reconnect();
        assert_eq!(desk.told(), ["live", "reconnecting", "live", "gap hashtag -..- disconnected null"], "no page yet");
        desk.first_page("#rust", Ok(&["12"]));
        assert_eq!(desk.told(), [""; 0], "that is what it starts from");
    }

    #[test]
    fn a_first_page_that_comes_after_a_loss_tells_what_is_above_the_last_that_came() {
        let options = json_form();
        let mut desk = Desk::new(&options, &["home"]);
        desk.connection(Connection::Live);
        desk.says("home", "update", &post("12"));
        desk.reconnect();
        desk.says("home", "update", &post("15"));
        desk.first_page("home", Ok(&["15", "14", "12", "11"]));
        desk.newer("home", Ok(vec![post("15"), post("14"), post("13")]));
        desk.newer("home", Ok(vec![]));
        assert_eq!(
            desk.told(),
            [
                "live",
                "update user live 12",
                "reconnecting",
                "live",
                "update user live 15",
                "update user refill 14",
                "update user refill 13"
            ]
        );
    }

    #[test]
    fn a_count_and_a_pattern_are_met_by_what_a_refill_brings() {
        let options = Options { count: Some(3), ..json_form() };
        let mut desk = Desk::live(&options, &["home"], &["10"]);
        desk.says("home", "update", &post("11"));
        desk.reconnect();
        desk.newer("home", Ok(vec![post("14"), post("13"), post("12")]));
        assert_eq!(desk.told(), ["update user live 11", "reconnecting", "live", "update user refill 12", "update user refill 13"]);
        assert!(matches!(desk.end, Some(Ok(()))), "{:?}", desk.end);
        let options = Options { until: Some(regex::Regex::new("post 12").unwrap()), ..json_form() };
        let mut desk = Desk::live(&options, &["home"], &["10"]);
        desk.reconnect();
        desk.newer("home", Ok(vec![post("13"), post("12"), post("11")]));
        assert_eq!(desk.told(), ["reconnecting", "live", "update user refill 11", "update user refill 12"]);
        assert!(matches!(desk.end, Some(Ok(()))), "{:?}", desk.end);
    }

    #[test]
    fn duplicates_are_posts_that_were_held() {
        let options = json_form();
        let mut desk = Desk::live(&options, &["home", "local"], &[]);
        desk.says("home", "update", &post("11"));
        desk.says("local", "update", &post("11"));
        desk.reconnect();
        desk.newer("home", Ok(vec![post("12")]));
        desk.newer("local", Ok(vec![post("12")]));
        let figures: Value = serde_json::from_str(&desk.headless.stats.line()).unwrap();
        assert_eq!((&figures["events"], &figures["duplicates"]), (&4.into(), &2.into()));
        assert_eq!(figures["bytes"], 4 * post("11").len());
    }

    #[test]
    fn a_pause_asks_the_trunk_to_begin_anew_and_idle_stays_idle() {
        let options = json_form();
        let mut desk = Desk::live(&options, &["home"], &["10"]);
        let before = desk.headless.wanted();
        desk.turn(Headless::resumed);
        assert_eq!(desk.headless.wanted().woke, before.woke + 1);
        desk.later(10);
        desk.looks("home", Ok(vec![post("10")]));
        assert_eq!(desk.headless.next_deadline(), None);
    }

    #[test]
    fn words_mark_what_a_refill_brought_and_say_why_a_gap_stays() {
        let options = Options::default();
        let mut headless = Headless::new(vec![stream("home")], &options, "2026-11-25T12:00:00Z".parse().unwrap());
        let mut turn = Turn::default();
        let event = StreamEvent {
            streams: vec![stream("home")],
            named: None,
            name: Plain::line("update"),
            payload: Payload::Update(ingest::single_status(post("11").as_bytes()).unwrap()),
            raw: None,
        };
        headless.refilled(&event, false, &mut turn);
        let hole = Hole {
            after: Some("11".into()),
            failure: Some(Plain::line("not for you")),
            ..without_row(&stream("home"), None, "shed", Some(3))
        };
        headless.tell(&hole, &mut turn);
        headless.subscription(&stream("home"), &Subscription::Refused(Plain::line("no")), Rung::Multiplexed, &mut turn);
        let mut lines = turn.lines.lines();
        assert!(lines.next().unwrap().ends_with("update        (refill) ada @ada: post 11"), "{}", turn.lines);
        assert!(
            lines.next().unwrap().ends_with("gap: posts may be missing (3) above 11, shed; could not be filled: not for you"),
            "{}",
            turn.lines
        );
    }
}
