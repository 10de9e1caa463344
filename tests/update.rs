//! The reducer: message sequences in, states and effects out, and `State::check` after every message.
#![cfg(test)]

#[path = "update/columns.rs"]
mod columns;
#[path = "update/finding.rs"]
mod finding;
#[path = "update/flood.rs"]
mod flood;
#[path = "update/hold.rs"]
mod hold;
#[path = "common/least_status.rs"]
mod least_status;
#[path = "update/links.rs"]
mod links;
#[path = "update/refused.rs"]
mod refused;
#[path = "update/together.rs"]
mod together;

use jiff::SignedDuration;
use least_status::least_status;
use proptest::prelude::*;
use std::time::Duration;
use trunkline::command::Command;
use trunkline::config::Config;
use trunkline::keymap::Keymap;
use trunkline::model::*;
use trunkline::state::refill::Stopped;
use trunkline::state::*;
use trunkline::text::{Html, Plain};
use trunkline::update::{Effect, Mouse, Msg, Question, Reply, update};

/// A state with the drawing that goes with it, so that what flows back is what a screen of `lines` rows would say.
struct Desk {
    state: State,
    lines: usize,
    measured: Measured,
    /// Questions about single rows that have not been answered.
    open: Vec<Effect>,
}

impl Desk {
    fn new(specs: &[&str]) -> Self {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let settings = Settings { rows: 100, flood: 0, ..Settings::default() };
        let mut state = State::new(settings, now, Vec::new());
        for spec in specs {
            state.open(sources(spec));
        }
        let mut desk = Self { state, lines: 5, measured: Measured::default(), open: Vec::new() };
        desk.send(Msg::Event(origin(), Event::Connection(Connection::Live)));
        desk
    }

    fn send(&mut self, msg: Msg) -> Vec<Effect> {
        let said = format!("{msg:?}");
        let effects = update(&mut self.state, msg, &self.measured);
        if let Err(broken) = self.state.check() {
            panic!("{broken}\nafter {said}");
        }
        self.draw();
        self.open.extend(
            effects.iter().filter(|effect| matches!(effect, Effect::Ask(Question::Status { .. } | Question::Notification { .. }))).cloned(),
        );
        effects
    }

    /// What a screen with one line per row, and per post of a thread, would measure.
    fn draw(&mut self) {
        self.measured.reader = self.state.detail().map(|detail| {
            let (at, places) = (i32::try_from(detail.index()).unwrap(), detail.tree.order().places());
            let height = i32::try_from(self.lines).unwrap();
            let line = detail.line.clamp(0, height - 1).min(at);
            let lines = places.iter().zip(0_i32..).map(|(place, index)| (place, index - at + line));
            let visible = lines.filter(|(_, line)| (0..height).contains(line));
            ReaderPane {
                area: Area { x: 0, y: 3, width: 80, height: u16::try_from(self.lines).unwrap() },
                status: Some(detail.cursor.clone()),
                line: (detail.line, line),
                visible: visible.map(|(place, line)| VisiblePost { id: place.id.clone(), line, height: 1 }).collect(),
                more: at - line + height < i32::try_from(places.len()).unwrap(),
            }
        });
        let active = self.state.tabs.active_index();
        self.measured.timeline = self.state.tabs.active().map(|tab| self.pane(tab, 0));
        self.measured.beside = (self.state.columns().filter(|index| *index != active).zip(1..))
            .map(|(index, place)| self.pane(&self.state.tabs.all()[index], place * 80))
            .collect();
    }

    fn pane(&self, tab: &Tab, x: u16) -> TimelinePane {
        let rows = self.state.rows(tab).unwrap();
        let shown: Vec<RowKey> = rows.all().iter().filter(|row| self.state.is_shown(tab, row)).map(Row::key).collect();
        let mut top = match &tab.anchor {
            Anchor::Top => 0,
            Anchor::Row(key, lines) => {
                let above = usize::try_from(-lines).unwrap_or(0);
                shown.iter().position(|shown| shown == key).unwrap_or(0).saturating_sub(above)
            }
        };
        if let (Anchor::Row(..), Some(cursor)) = (&tab.anchor, &tab.cursor) {
            let at = shown.iter().position(|shown| shown == cursor).unwrap_or(top);
            top = top.clamp(at.saturating_sub(self.lines - 1), at);
        }
        let visible = shown.iter().skip(top).take(self.lines).zip(0_u8..);
        let chosen = tab.cursor.as_ref().and_then(|cursor| visible.clone().find(|(key, _)| *key == cursor));
        let hold = chosen.map(|(key, y)| (key.clone(), -i32::from(y))).or_else(|| Some((shown.get(top)?.clone(), 0)));
        TimelinePane {
            area: Area { x, y: 2, width: 80, height: u16::try_from(self.lines).unwrap() },
            sources: tab.sources.clone(),
            asked: tab.anchor.clone(),
            top: shown.get(top).map(|key| (key.clone(), 0)),
            hold,
            visible: visible.map(|(key, y)| VisibleRow { key: key.clone(), y: 2 + u16::from(y), height: 1, whole: true }).collect(),
        }
    }

    fn key(&mut self, keys: &str) -> Vec<Effect> {
        keys.split_whitespace().flat_map(|key| self.send(Msg::Key(key.parse().unwrap()))).collect()
    }

    fn event(&mut self, streams: &[&str], payload: Payload) {
        let streams = streams.iter().map(|spec| stream(spec)).collect();
        let event = StreamEvent { streams, named: None, name: Plain::line("event"), payload, raw: None };
        self.send(Msg::Event(origin(), Event::Stream(event)));
    }

    fn post(&mut self, streams: &[&str], id: &str) {
        self.event(streams, Payload::Update(bundle(vec![status(id, "words")])));
    }

    fn rows(&self, spec: &str) -> Vec<String> {
        self.state
            .rows(self.tab(spec))
            .unwrap()
            .all()
            .iter()
            .map(|row| match row {
                Row::Gap(gap) => format!("gap>{}", gap.after),
                Row::Tombstone(id) => format!("x{id}"),
                Row::Status(_) | Row::Notification(_) | Row::Conversation(..) => row.place_id().to_owned(),
            })
            .collect()
    }

    fn tab(&self, spec: &str) -> &Tab {
        self.state.tabs.named(&sources(spec)).unwrap()
    }

    fn words(&self, id: &str) -> String {
        self.state.store.shown(&sid(id)).map(|entry| entry.rich().text()).unwrap_or_default()
    }

    fn top(&self) -> Option<String> {
        self.measured.timeline.as_ref()?.visible.first().map(|row| format!("{:?}", row.key))
    }

    /// Answers question `asked` with posts, newest first.
    fn newer(&mut self, spec: &str, asked: u64, ids: &[&str]) -> Vec<Effect> {
        let statuses: Vec<Status> = ids.iter().map(|id| status(id, "page")).collect();
        let items = ids.iter().map(|id| Item::Status(sid(id))).collect();
        let page = Page { items, bundle: bundle(statuses), ..Page::default() };
        self.send(Msg::Reply(Reply::Newer { stream: stream(spec), asked, result: Ok(page) }))
    }

    /// Answers a question of a look or a deep pass with posts, newest first; there are older ones.
    fn looked(&mut self, spec: &str, asked: u64, ids: &[&str]) -> Vec<Effect> {
        let statuses: Vec<Status> = ids.iter().map(|id| status(id, "page")).collect();
        let items = ids.iter().map(|id| Item::Status(sid(id))).collect();
        let older = ids.last().map(|id| Cursor::Before((*id).into()));
        let page = Page { items, bundle: bundle(statuses), older, ..Page::default() };
        self.send(Msg::Reply(Reply::Review { stream: stream(spec), asked, result: Ok(page) }))
    }

    fn look_failed(&mut self, spec: &str, asked: u64, kind: FailureKind) -> Vec<Effect> {
        self.send(Msg::Reply(Reply::Review { stream: stream(spec), asked, result: Err(failure(kind)) }))
    }

    /// Says what the server has by the id of a single post.
    fn about(&mut self, effect: &Effect, result: Result<Status, FailureKind>) -> Vec<Effect> {
        let Effect::Ask(Question::Status { id, asked }) = effect.clone() else { panic!("{effect:?}") };
        let result = result.map(|status| bundle(vec![status])).map_err(failure);
        self.send(Msg::Reply(Reply::Status { id, asked, result, raw: None }))
    }

    fn fail(&mut self, spec: &str, asked: u64, kind: FailureKind) -> Vec<Effect> {
        self.send(Msg::Reply(Reply::Newer { stream: stream(spec), asked, result: Err(failure(kind)) }))
    }

    /// Loses the connection and has it back a second later; gives what is asked then.
    fn reconnect(&mut self) -> Vec<Effect> {
        self.lose();
        self.after(1);
        self.send(Msg::Event(origin(), Event::Connection(Connection::Live)))
    }

    fn lose(&mut self) {
        self.send(Msg::Event(origin(), Event::Connection(lost())));
    }

    fn after(&mut self, seconds: i64) -> Vec<Effect> {
        let then = self.state.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        self.send(Msg::Tick(then))
    }

    fn timeline(&self, spec: &str) -> &Timeline {
        &self.state.timelines[&stream(spec)]
    }

    fn page(&mut self, spec: &str, cursor: Option<&str>, ids: &[&str], older: Option<&str>) -> Vec<Effect> {
        let statuses: Vec<Status> = ids.iter().map(|id| status(id, "page")).collect();
        let page = Page {
            items: ids.iter().map(|id| Item::Status(sid(id))).collect(),
            bundle: bundle(statuses),
            older: older.map(|id| Cursor::Before(id.into())),
            ..Page::default()
        };
        let cursor = cursor.map(|id| Cursor::Before(id.into()));
        self.send(Msg::Reply(Reply::Page { stream: stream(spec), cursor, result: Ok(page) }))
    }

    /// Has the connection back and everything that was missed, by one empty page for each tab.
    fn back(&mut self, specs: &[&str]) {
        self.reconnect();
        for spec in specs {
            let asked = self.timeline(spec).refill.as_ref().and_then(|refill| refill.asked).unwrap();
            self.newer(spec, asked, &[]);
        }
    }
}

fn id_of(key: &RowKey) -> String {
    match key {
        RowKey::Status(id) => id.to_string(),
        RowKey::Notification(id) => id.to_string(),
        RowKey::Conversation(id) => id.to_string(),
        RowKey::Gap(after) => after.to_string(),
    }
}

fn lost() -> Connection {
    Connection::Reconnecting { reason: Plain::line("reset"), attempt: 1, retry_in: Duration::from_secs(3) }
}

fn failure(kind: FailureKind) -> Failure {
    Failure { kind, reason: Plain::line("the server's words") }
}

/// The question for the newest page, to hold it against what is held.
fn look(spec: &str, asked: u64) -> Effect {
    Effect::Ask(Question::Review { stream: stream(spec), cursor: None, asked, deep: false })
}

/// As `look`, below an id.
fn look_below(spec: &str, below: &str, asked: u64) -> Effect {
    Effect::Ask(Question::Review { stream: stream(spec), cursor: Some(Cursor::Before(below.into())), asked, deep: false })
}

/// A question of a deep pass.
fn deep(spec: &str, below: Option<&str>, asked: u64) -> Effect {
    Effect::Ask(Question::Review { stream: stream(spec), cursor: below.map(|below| Cursor::Before(below.into())), asked, deep: true })
}

/// The question for what is right above an id.
fn newer(spec: &str, after: &str, asked: u64) -> Effect {
    Effect::Ask(Question::Newer { stream: stream(spec), after: after.into(), asked })
}

fn origin() -> Origin {
    Origin { account: 0, epoch: 1 }
}

fn stream(spec: &str) -> Stream {
    match spec.parse().unwrap() {
        Spec::Stream(stream) => stream,
        Spec::List(id) => Stream::List(ListId::new(id.as_str()).unwrap()),
        Spec::Merged(_) => panic!("{spec} is no single stream"),
    }
}

fn sources(spec: &str) -> Sources {
    match spec.parse().unwrap() {
        Spec::Merged(parts) => Sources::merged(parts.iter().map(|part| stream(&part.to_string()))).unwrap(),
        Spec::Stream(_) | Spec::List(_) => stream(spec).into(),
    }
}

fn sid(id: &str) -> StatusId {
    StatusId::new(id).unwrap()
}

fn account(id: &str) -> Account {
    let name = Plain::line(&format!("Account {id}"));
    Account {
        id: AccountId::new(id).unwrap(),
        acct: name.clone(),
        display_name: name,
        url: None,
        bot: false,
        locked: false,
        avatar: None,
        emojis: Vec::new(),
    }
}

fn status(id: &str, words: &str) -> Status {
    least_status(sid(id), AccountId::new("1").unwrap(), words)
}

fn edited(id: &str, words: &str, second: i64) -> Status {
    Status { edited_at: Some(Timestamp::from_second(second).unwrap()), ..status(id, words) }
}

fn boost(id: &str, of: &str) -> Vec<Status> {
    vec![status(of, "words"), Status { reblog: Some(sid(of)), ..status(id, "") }]
}

fn bundle(statuses: Vec<Status>) -> Bundle {
    Bundle { accounts: vec![account("1")], statuses }
}

fn notification(id: &str, about: Option<&str>) -> Notification {
    Notification {
        id: NotificationId::new(id).unwrap(),
        kind: NotificationKind::Favourite,
        created_at: None,
        account: AccountId::new("1"),
        status: about.map(sid),
    }
}

fn filter(context: FilterContext, action: FilterAction) -> FilterMatch {
    FilterMatch { title: Plain::line("Sports"), context: vec![context], action }
}

#[test]
fn a_tab_subscribes_first_and_then_loads_its_page() {
    let mut desk = Desk::new(&["home"]);
    desk.send(Msg::Key("a".parse().unwrap()));
    desk.send(Msg::Paste("#rust".into()));
    let effects = desk.key("enter");
    assert_eq!(effects, [], "nothing is fetched before the subscription is under way");
    assert_eq!(desk.state.subscriptions(), [stream("home"), stream("#rust")]);
    let requested = Event::Subscription { stream: stream("#rust"), standing: Subscription::Requested, rung: Rung::Multiplexed };
    let effects = desk.send(Msg::Event(origin(), requested));
    assert_eq!(effects, [Effect::Ask(Question::Page { stream: stream("#rust"), cursor: None })]);
    let effects = desk.key("x");
    assert_eq!((effects, desk.state.subscriptions()), (vec![], vec![stream("home")]));
    desk.key("u");
    assert_eq!(desk.state.subscriptions(), [stream("home"), stream("#rust")]);
}

#[test]
fn posts_stand_where_they_belong_and_count_once() {
    let mut desk = Desk::new(&["home", "federated"]);
    for id in ["10", "12", "9", "11", "10"] {
        desk.post(&["home"], id);
        desk.post(&["federated"], id);
    }
    desk.page("home", None, &["12", "11", "8"], None);
    assert_eq!(desk.rows("home"), ["12", "11", "10", "9", "8"]);
    assert_eq!(desk.tab("federated").unseen.len(), 4, "each once, though they came twice and over two streams");
    assert_eq!(desk.tab("home").unseen.len(), 0, "in view");
}

#[test]
fn an_edit_shows_everywhere_and_an_older_version_never_replaces_a_newer_one() {
    let mut desk = Desk::new(&["home", "local"]);
    desk.post(&["home", "local"], "5");
    desk.event(&["home"], Payload::Update(bundle(boost("6", "5"))));
    desk.event(&["local"], Payload::Edit(bundle(vec![edited("5", "second", 20)])));
    assert_eq!((desk.words("5"), desk.words("6")), ("second".into(), "second".into()), "in the boost as well");
    desk.event(&["home"], Payload::Edit(bundle(vec![edited("5", "first", 10)])));
    desk.event(&["home"], Payload::Update(bundle(vec![status("5", "original")])));
    assert_eq!(desk.words("5"), "second");
    desk.event(&["home"], Payload::Edit(bundle(vec![edited("5", "same moment, later frame", 20)])));
    assert_eq!(desk.words("5"), "same moment, later frame");
}

#[test]
fn an_edit_of_a_post_not_held_inserts_no_row_but_is_remembered() {
    let mut desk = Desk::new(&["home"]);
    desk.event(&["home"], Payload::Edit(bundle(vec![edited("5", "newer", 20)])));
    assert_eq!(desk.rows("home"), Vec::<String>::new());
    desk.post(&["home"], "5");
    assert_eq!((desk.rows("home"), desk.words("5")), (vec!["5".to_owned()], "newer".into()));
}

#[test]
fn a_delete_applies_everywhere_and_no_late_frame_revives() {
    let mut desk = Desk::new(&["home", "local"]);
    desk.post(&["home", "local"], "5");
    desk.post(&["home"], "4");
    desk.event(&["home"], Payload::Update(bundle(boost("6", "5"))));
    let mut quoting = status("7", "look");
    quoting.quote = Some(Box::new(Quote { state: QuoteState::Accepted, status: Some(sid("5")) }));
    desk.event(&["home"], Payload::Update(bundle(vec![status("5", "words"), quoting])));
    desk.event(&["local"], Payload::Delete(sid("5")));
    assert_eq!(desk.words("5"), "", "the words are gone at once");
    assert_eq!(desk.rows("home"), ["7", "x6", "x5", "4"], "tombstones while in view; the boost goes with its post");
    assert_eq!(desk.rows("local"), Vec::<String>::new(), "no tombstone where nobody looks");
    let quote = desk.state.store.status(&sid("7")).unwrap().status().quote.clone().unwrap();
    assert_eq!(quote.state, QuoteState::Deleted);
    desk.post(&["home", "local"], "5");
    desk.event(&["home"], Payload::Edit(bundle(vec![edited("5", "again", 20)])));
    desk.event(&["home"], Payload::Update(bundle(boost("8", "5"))));
    desk.page("home", None, &["5", "4"], None);
    assert_eq!(desk.rows("home"), ["7", "x6", "x5", "4"]);
    desk.key("2");
    desk.key("1");
    assert_eq!(desk.rows("home"), ["7", "4"], "tombstones leave with the view");
}

#[test]
fn a_delete_before_its_post_wins() {
    let mut desk = Desk::new(&["home"]);
    desk.event(&["home"], Payload::Delete(sid("5")));
    desk.event(&["home"], Payload::Edit(bundle(vec![edited("5", "edit", 20)])));
    desk.post(&["home"], "5");
    assert_eq!(desk.rows("home"), Vec::<String>::new());
}

#[test]
fn the_same_deletes_and_edits_over_several_streams_for_days_cost_nothing() {
    let mut desk = Desk::new(&["home"]);
    for turn in 0..45_000_u32 {
        let id = sid(&(turn % 7 + 1).to_string());
        desk.state.store.delete(&id);
        desk.state.store.put_edit(bundle(vec![edited(&format!("e{}", turn % 7), "words", 20)]));
    }
    assert!(desk.state.store.is_deleted(&sid("3")));
}

#[test]
fn what_an_overlay_covers_has_not_been_seen() {
    let mut desk = Desk::new(&["home", "local"]);
    desk.post(&["home"], "5");
    desk.key("?");
    desk.post(&["home"], "6");
    desk.send(Msg::Tick(desk.state.now));
    assert_eq!(desk.tab("home").unseen.len(), 1, "beneath the help");
    assert_eq!(desk.state.next_deadline(&desk.measured).map(|at| at > desk.state.now), Some(true), "nothing to wake for at once");
    desk.key("esc");
    assert!(
        desk.state.next_deadline(&desk.measured).is_some_and(|at| at <= desk.state.now),
        "the count goes without waiting for a message"
    );
    desk.send(Msg::Tick(desk.state.now));
    assert_eq!(desk.tab("home").unseen.len(), 0);
    assert!(desk.state.next_deadline(&desk.measured).is_none_or(|at| at > desk.state.now));
}

#[test]
fn whatever_reads_differently_counts_and_nothing_else_does() {
    let mut desk = Desk::new(&["home", "local"]);
    let revision = |desk: &mut Desk, payload: Payload| {
        let before = desk.state.revision;
        desk.event(&["home"], payload);
        desk.state.revision != before
    };
    let post = || Payload::Update(bundle(vec![status("5", "words")]));
    assert!(revision(&mut desk, post()), "a row");
    assert!(!revision(&mut desk, post()), "the same again");
    assert!(revision(&mut desk, Payload::Update(bundle(boost("6", "5")))));
    let mut counted = boost("6", "5");
    counted[0].counts.favourites = 9;
    assert!(revision(&mut desk, Payload::Update(bundle(counted.clone()))), "a post inside of a boost that is held");
    assert!(!revision(&mut desk, Payload::Update(bundle(counted))));
    let renamed = Account { display_name: Plain::line("Another"), ..account("1") };
    assert!(revision(&mut desk, Payload::Update(Bundle { accounts: vec![renamed], statuses: vec![status("5", "words")] })), "a name");
    desk.post(&["home"], "5");
    assert!(!revision(&mut desk, Payload::Edit(bundle(vec![edited("7", "unknown", 20)]))), "an edit of what is not held");
    assert!(revision(&mut desk, Payload::Delete(sid("5"))));
    assert!(!revision(&mut desk, Payload::Delete(sid("5"))), "the same deletion over another stream");
    assert!(!revision(&mut desk, Payload::Delete(sid("77"))), "what is not held");
}

#[test]
fn what_expires_sinks_or_falls_silent_leaves_the_screen_in_time() {
    let mut desk = Desk::new(&["home"]);
    desk.post(&["home"], "5");
    desk.send(Msg::Failed(Plain::line("disk full")));
    let mut seen = Vec::new();
    for _ in 0..40 {
        let Some(at) = desk.state.next_deadline(&desk.measured) else { break };
        assert!(at > desk.state.now, "a deadline in the past would spin the loop");
        let before = desk.state.revision;
        let effects = desk.send(Msg::Tick(at));
        assert!(desk.state.revision != before || !effects.is_empty(), "woken at {at} for nothing to see");
        seen.push((desk.state.notices.shown().is_some(), desk.state.meter.is_still(), desk.state.silent_minutes()));
    }
    assert!(seen.contains(&(false, false, None)) && seen.contains(&(false, true, None)), "{seen:?}");
    assert!(seen.contains(&(false, true, Some(5))) && seen.contains(&(false, true, Some(7))), "{seen:?}");
}

#[test]
fn only_an_answer_about_that_very_post_asked_later_lifts_a_delete() {
    let mut desk = Desk::new(&["home"]);
    desk.post(&["home"], "5");
    let effects = desk.key("enter");
    let Some(Effect::Ask(Question::Thread { asked: before, .. })) = effects.first().cloned() else { panic!("{effects:?}") };
    desk.event(&["home"], Payload::Delete(sid("5")));
    let answer = || Ok((bundle(vec![status("5", "back")]), Thread::default()));
    desk.send(Msg::Reply(Reply::Thread { id: sid("5"), asked: before, result: answer() }));
    assert_eq!(desk.rows("home"), ["x5"], "asked before the delete: says nothing about it");
    let later = desk.state.store.moment();
    desk.send(Msg::Reply(Reply::Thread { id: sid("5"), asked: later, result: answer() }));
    assert_eq!((desk.rows("home"), desk.words("5")), (vec!["5".to_owned()], "back".into()));
}

#[test]
fn fields_are_merged_by_their_presence() {
    let mut desk = Desk::new(&["home", "federated"]);
    let mut personal = status("5", "words");
    personal.personal.favourited = Some(true);
    personal.filtered = Some(vec![filter(FilterContext::Home, FilterAction::Warn)]);
    desk.event(&["home"], Payload::Update(bundle(vec![personal])));
    let mut anonymous = status("5", "words");
    anonymous.filtered = Some(vec![filter(FilterContext::Home, FilterAction::Blur)]);
    anonymous.counts.favourites = 3;
    desk.event(&["federated"], Payload::Update(bundle(vec![anonymous])));
    let held = desk.state.store.status(&sid("5")).unwrap().status();
    assert_eq!(held.personal.favourited, Some(true), "an anonymous copy does not erase the reader's flags");
    assert_eq!(held.counts.favourites, 3);
    assert_eq!(held.filtered.as_ref().unwrap()[0].action, FilterAction::Warn, "the personal copy's filters count first");
}

#[test]
fn server_filters_count_in_the_tabs_context_only() {
    let mut desk = Desk::new(&["home", "federated", "notifications"]);
    let mut hidden = status("5", "words");
    hidden.filtered = Some(vec![filter(FilterContext::Public, FilterAction::Hide)]);
    desk.event(&["home", "federated"], Payload::Update(bundle(vec![hidden.clone()])));
    assert_eq!(desk.state.shown(&sources("home"), &sid("5")), Shown::Open);
    assert_eq!(desk.state.shown(&sources("federated"), &sid("5")), Shown::Hidden);
    assert_eq!(desk.tab("federated").unseen.len(), 0, "what is hidden is not news");
    assert_eq!((desk.state.hidden(desk.tab("home")), desk.state.hidden(desk.tab("federated"))), (0, 1));
    let mut warned = status("6", "words");
    warned.filtered = Some(vec![filter(FilterContext::Home, FilterAction::Warn)]);
    desk.event(&["home"], Payload::Update(bundle(vec![warned])));
    assert_eq!(desk.state.shown(&sources("home"), &sid("6")), Shown::Filtered(Plain::line("Sports")));
    desk.key("g space");
    assert_eq!(desk.state.shown(&sources("home"), &sid("6")), Shown::Open, "space unfolds");
    assert!(!desk.tab("home").held);
}

#[test]
fn an_edit_that_a_filter_hides_leaves_neither_a_count_nor_the_cursor_on_it() {
    let mut desk = Desk::new(&["home", "local"]);
    for id in ["4", "5", "6", "7"] {
        desk.post(&["home", "local"], id);
    }
    desk.key("j j");
    assert_eq!(desk.state.cursor_row(), Some(&Row::Status(sid("5"))));
    assert_eq!(desk.tab("local").unseen.len(), 4);
    let hide = |id: &str, context| Status { filtered: Some(vec![filter(context, FilterAction::Hide)]), ..edited(id, "now hidden", 20) };
    for id in ["5", "6"] {
        desk.event(&["home"], Payload::Edit(bundle(vec![hide(id, FilterContext::Home)])));
        desk.event(&["home"], Payload::Edit(bundle(vec![hide(id, FilterContext::Public)])));
        desk.event(&["home"], Payload::Edit(bundle(vec![hide(id, FilterContext::Home)])));
    }
    assert_eq!(desk.tab("local").unseen.len(), 2, "what is hidden is not news any more");
    assert_eq!((desk.state.hidden(desk.tab("home")), desk.state.hidden(desk.tab("local"))), (2, 0), "the last copy's filter is for home");
    assert_eq!(desk.state.cursor_row(), Some(&Row::Status(sid("4"))), "the next one that can be seen");
    desk.key("enter");
    assert_eq!(desk.state.detail().unwrap().status, sid("4"), "what is opened is what has the bar");
    desk.key("esc k");
    assert_eq!(desk.state.cursor_row(), Some(&Row::Status(sid("7"))), "hidden ones are stepped over");
    assert!(desk.tab("home").follows(), "and the first one shown is the newest");
    desk.key("j");
    desk.post(&["home"], "8");
    desk.event(&["home"], Payload::Edit(bundle(vec![hide("8", FilterContext::Home)])));
    desk.event(&["home"], Payload::Delete(sid("4")));
    desk.key("]");
    assert!(desk.tab("home").unseen.is_empty());
    let (x, y) = (3, desk.measured.timeline.as_ref().unwrap().visible[0].y);
    desk.send(Msg::Mouse(Mouse::Click, x, y));
    assert!(desk.tab("home").follows(), "a click on the newest one that is shown follows as well");
}

#[test]
fn the_view_follows_at_the_top_and_stays_still_anywhere_else() {
    let mut desk = Desk::new(&["home"]);
    for id in 10..20 {
        desk.post(&["home"], &id.to_string());
    }
    assert!(desk.top().unwrap().contains("19"));
    desk.post(&["home"], "20");
    assert!(desk.top().unwrap().contains("20"), "follows");
    desk.key("j j");
    let here = desk.top();
    for id in 21..40 {
        desk.post(&["home"], &id.to_string());
    }
    desk.post(&["home"], "15000");
    desk.event(&["home"], Payload::Delete(sid("30")));
    assert_eq!(desk.top(), here, "stays put");
    assert_eq!(desk.tab("home").unseen.len(), 19, "counts what came, without what was deleted");
    desk.key("g");
    assert!(desk.top().unwrap().contains("15000"));
    assert!(desk.tab("home").follows() && desk.tab("home").unseen.is_empty());
}

#[test]
fn the_cursor_stays_with_its_post_while_others_come() {
    let mut desk = Desk::new(&["home"]);
    desk.post(&["home"], "10");
    desk.key("g");
    desk.post(&["home"], "11");
    assert_eq!(desk.state.cursor_row(), Some(&Row::Status(sid("10"))));
    desk.key("k");
    assert_eq!(desk.state.cursor_row(), Some(&Row::Status(sid("11"))));
}

#[test]
fn a_held_tab_freezes_fills_and_lets_go() {
    let mut desk = Desk::new(&["home"]);
    desk.post(&["home"], "10");
    desk.key("space");
    desk.post(&["home"], "11");
    assert!(desk.top().unwrap().contains("10") && desk.tab("home").held);
    assert_eq!(desk.tab("home").unseen.len(), 1);
    desk.key("space");
    assert!(desk.top().unwrap().contains("11") && desk.tab("home").follows());
    assert_eq!(desk.rows("home"), ["11", "10"]);
}

#[test]
fn a_tab_held_while_empty_stays_still_from_its_first_row_on() {
    let mut desk = Desk::new(&["home"]);
    desk.key("space");
    for id in ["10", "11", "12"] {
        desk.post(&["home"], id);
        desk.send(Msg::Tick(desk.state.now));
    }
    assert!(desk.top().unwrap().contains("10"), "{:?}", desk.top());
}

#[test]
fn a_key_means_the_post_that_was_on_screen_when_it_went_down() {
    let mut desk = Desk::new(&["home"]);
    let warned = |id: &str| Status { spoiler_text: Plain::line("CW"), ..status(id, "words") };
    desk.event(&["home"], Payload::Update(bundle(vec![warned("10")])));
    // Another post comes between the drawing and the key.
    let undrawn = |desk: &mut Desk, id: &str, key: &str| {
        let event = StreamEvent {
            streams: vec![stream("home")],
            named: None,
            name: Plain::line("update"),
            payload: Payload::Update(bundle(vec![warned(id)])),
            raw: None,
        };
        update(&mut desk.state, Msg::Event(origin(), Event::Stream(event)), &desk.measured);
        desk.key(key);
    };
    undrawn(&mut desk, "11", "space");
    assert!(desk.state.unfolded.contains(&sid("10")) && !desk.state.unfolded.contains(&sid("11")));
    undrawn(&mut desk, "12", "enter");
    assert_eq!(desk.state.detail().unwrap().status, sid("11"), "the one that was drawn at the top");
}

#[test]
fn the_chosen_entry_of_the_picker_stays_chosen_when_the_lists_come() {
    let mut desk = Desk::new(&["home"]);
    desk.key("a G");
    desk.key("ctrl-u down down down down down down");
    let chosen = |desk: &Desk| match desk.state.overlays.last() {
        Some(Overlay::Picker(Picker { kind: Pick::Stream, prompt, chosen })) => {
            desk.state.stream_choices(prompt.text())[*chosen].sources.clone()
        }
        other => panic!("{other:?}"),
    };
    let before = chosen(&desk);
    assert_eq!(before, stream("local:media"));
    let list = List { id: ListId::new("12").unwrap(), title: Plain::line("Slow mail") };
    desk.send(Msg::Reply(Reply::Offer(Ok(Offer { lists: vec![list], followed_tags: vec![Plain::line("rust")] }))));
    assert_eq!(chosen(&desk), before);
}

#[test]
fn one_key_opens_the_announcements_and_closes_them() {
    let mut desk = Desk::new(&["home"]);
    let id = AnnouncementId::new("1").unwrap();
    let announcement = Announcement { id, content: Html::new("<p>Tonight</p>"), published_at: None, reactions: vec![] };
    desk.event(&["home"], Payload::Announcement(announcement));
    desk.key("A A");
    assert!(desk.state.overlays.is_empty(), "{:?}", desk.state.overlays);
}

#[test]
fn unread_rows_are_gone_through_in_order() {
    let mut desk = Desk::new(&["home", "local"]);
    desk.key("2");
    for id in 10..30 {
        desk.post(&["home"], &id.to_string());
    }
    assert_eq!(desk.tab("home").unseen.len(), 20);
    desk.key("1");
    desk.send(Msg::Tick(desk.state.now));
    assert_eq!(desk.tab("home").unseen.len(), 15, "five are in view");
    desk.key("]");
    assert_eq!(desk.state.cursor_row(), Some(&Row::Status(sid("24"))), "the next one below what was seen");
}

#[test]
fn a_lost_connection_leaves_a_gap_row_and_what_comes_late_goes_to_its_side() {
    let mut desk = Desk::new(&["home", "list:3"]);
    desk.page("list:3", None, &[], None);
    desk.post(&["home"], "10");
    let lost = Connection::Reconnecting { reason: Plain::line("reset"), attempt: 1, retry_in: Duration::from_secs(3) };
    desk.send(Msg::Event(origin(), Event::Connection(lost.clone())));
    assert_eq!(desk.state.timelines[&stream("home")].live_since, None);
    assert!(desk.state.line.next_attempt.is_some());
    desk.send(Msg::Event(origin(), Event::Connection(lost)));
    let effects = desk.send(Msg::Event(Origin { account: 0, epoch: 2 }, Event::Connection(Connection::Live)));
    assert_eq!(
        effects,
        [Effect::Ask(Question::Page { stream: stream("list:3"), cursor: None }), newer("home", "10", 1)],
        "an empty tab has no row to hang a gap on: it asks for its page"
    );
    desk.post(&["home"], "12");
    desk.post(&["home"], "9");
    assert_eq!(desk.rows("home"), ["12", "gap>10", "10", "9"]);
}

#[test]
fn shed_updates_leave_a_counted_gap() {
    let mut desk = Desk::new(&["home"]);
    desk.post(&["home"], "10");
    desk.send(Msg::Event(origin(), Event::Lagged { shed: vec![(stream("home"), 7)] }));
    desk.post(&["home"], "20");
    assert_eq!(desk.rows("home"), ["20", "gap>10", "10"]);
    let Row::Gap(gap) = &desk.state.timelines[&stream("home")].rows()[1] else { panic!() };
    assert_eq!((gap.lost, gap.cause), (Some(7), Cause::Shed));
}

#[test]
fn older_posts_are_paged_at_the_bottom_until_there_are_none() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20", "19", "18"], Some("18"));
    let effects = desk.key("G");
    assert_eq!(effects, [Effect::Ask(Question::Page { stream: stream("home"), cursor: Some(Cursor::Before("18".into())) })]);
    assert_eq!(desk.key("G"), [], "asked once");
    desk.page("home", Some("18"), &["17", "16"], None);
    assert_eq!(desk.rows("home"), ["20", "19", "18", "17", "16"]);
    assert_eq!(desk.key("G"), [], "there is nothing older");
    assert_eq!(desk.tab("home").unseen.len(), 0, "what was asked for is not news");
}

#[test]
fn a_page_that_failed_is_asked_for_again_later_and_on_a_key() {
    let mut desk = Desk::new(&["home"]);
    let failure = Failure { kind: FailureKind::Retry, reason: Plain::line("502") };
    desk.send(Msg::Reply(Reply::Page { stream: stream("home"), cursor: None, result: Err(failure.clone()) }));
    let at = desk.state.next_deadline(&Measured::default()).unwrap();
    assert_eq!(desk.send(Msg::Tick(at)), [Effect::Ask(Question::Page { stream: stream("home"), cursor: None })]);
    let refused = Failure { kind: FailureKind::Forbidden, reason: Plain::line("no") };
    desk.send(Msg::Reply(Reply::Page { stream: stream("home"), cursor: None, result: Err(refused) }));
    let much_later = at.checked_add(SignedDuration::from_hours(5)).unwrap();
    assert_eq!(desk.send(Msg::Tick(much_later)), [], "a refusal is not asked about again by itself");
    assert_eq!(desk.key("ctrl-r"), [Effect::Ask(Question::Page { stream: stream("home"), cursor: None })]);
}

#[test]
fn an_older_page_that_failed_is_asked_for_again_as_the_screen_says() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20", "19", "18"], Some("18"));
    let older = Cursor::Before("18".into());
    let fetch = [Effect::Ask(Question::Page { stream: stream("home"), cursor: Some(older.clone()) })];
    let fail = |desk: &mut Desk, kind| {
        let failure = Failure { kind, reason: Plain::line("502") };
        desk.send(Msg::Reply(Reply::Page { stream: stream("home"), cursor: Some(older.clone()), result: Err(failure) }));
    };
    assert_eq!(desk.key("G"), fetch);
    fail(&mut desk, FailureKind::Retry);
    let at = desk.state.next_deadline(&Measured::default()).unwrap();
    assert_eq!(desk.send(Msg::Tick(at)).first(), fetch.first());
    fail(&mut desk, FailureKind::Forbidden);
    assert_eq!(desk.key("ctrl-r"), fetch);
    // A server whose clock is behind names a time that has passed.
    let past = desk.state.now.checked_sub(SignedDuration::from_mins(5)).unwrap();
    fail(&mut desk, FailureKind::RateLimited(past));
    assert!(desk.state.next_deadline(&Measured::default()).is_some_and(|at| at > desk.state.now), "or it would be asked without end");
}

#[test]
fn an_older_page_that_nobody_waits_for_any_more_leaves_no_hole() {
    let mut desk = Desk::new(&["home", "local"]);
    desk.page("home", None, &["20", "19", "18"], Some("18"));
    desk.key("G x u");
    desk.page("home", Some("18"), &["17", "16"], Some("16"));
    assert_eq!(desk.rows("home"), Vec::<String>::new(), "it belongs to the tab that was closed");
    let failure = Failure { kind: FailureKind::Retry, reason: Plain::line("502") };
    desk.send(Msg::Reply(Reply::Page { stream: stream("home"), cursor: Some(Cursor::Before("18".into())), result: Err(failure) }));
    assert_eq!(desk.state.timelines[&stream("home")].older_page, Loading::Idle);
    desk.page("home", None, &["30", "29"], Some("29"));
    assert_eq!(desk.state.timelines[&stream("home")].older, Some(Cursor::Before("29".into())));
}

#[test]
fn stream_health_opens_closes_and_scrolls_and_is_drawn_again_by_whatever_comes() {
    let mut desk = Desk::new(&["home"]);
    assert_eq!(desk.key("i"), [Effect::Ask(Question::Health), Effect::Ask(Question::Scopes)]);
    assert_eq!(desk.state.overlays, [Overlay::Health { scroll: 0 }]);
    assert_eq!(desk.state.checks.health, Answer::Asked);
    let drawn = desk.state.revision;
    desk.send(Msg::Reply(Reply::Health(Ok(Some(true)))));
    desk.send(Msg::Reply(Reply::Scopes(Ok(Some(vec![Plain::line("read")])))));
    assert!(desk.state.revision > drawn);
    assert_eq!(
        (&desk.state.checks.health, &desk.state.checks.scopes),
        (&Answer::Told(Some(true)), &Answer::Told(Some(vec![Plain::line("read")])))
    );
    assert_eq!(desk.key("i i"), [], "not twice a minute");
    desk.after(61);
    assert_eq!(desk.key("i i"), [Effect::Ask(Question::Health)], "the scopes stay");
    desk.measured.overlay = Some(OverlayPane { area: Area { height: 10, ..Area::default() }, first: (0, 0), entries: 10, most: 4 });
    desk.key("j j");
    assert_eq!(desk.state.overlays, [Overlay::Health { scroll: 2 }]);
    let drawn = desk.state.revision;
    desk.send(Msg::Event(origin(), Event::Malformed { what: Plain::line("no JSON") }));
    assert!(desk.state.revision > drawn, "a count on screen has changed");
    let drawn = desk.state.revision;
    desk.event(&["home"], Payload::Delete(sid("404")));
    assert!(desk.state.revision > drawn, "the last event is not as long ago as it was");
    desk.key("i");
    assert!(desk.state.overlays.is_empty());
    let drawn = desk.state.revision;
    desk.event(&["home"], Payload::Delete(sid("404")));
    assert_eq!(desk.state.revision, drawn, "elsewhere nobody sees it");
}

#[test]
fn a_feed_that_is_switched_off_is_told_until_a_post_of_it_comes() {
    let mut desk = Desk::new(&["home", "local", "federated"]);
    assert_eq!(desk.state.withheld(&stream("local")), None, "before the server is known");
    let timelines_access = TimelinesAccess { local_live: FeedAccess::Disabled, ..TimelinesAccess::default() };
    let word = || Plain::line("tide.example");
    let server =
        Server { domain: word(), title: word(), version: word(), software: Software::Mastodon, streaming_host: word(), timelines_access };
    desk.send(Msg::Event(origin(), Event::Server(server)));
    let told = |desk: &Desk| ["home", "local", "federated"].map(|spec| desk.state.withheld(&stream(spec)));
    assert_eq!(told(&desk), [None, Some(Withheld::Everything), Some(Withheld::Local)]);
    desk.event(&["local"], Payload::Delete(sid("4")));
    assert_eq!(told(&desk), [None, Some(Withheld::Everything), Some(Withheld::Local)], "deletions come all the same");
    desk.event(&["local", "federated"], Payload::Update(bundle(vec![status("5", "for a moderator")])));
    assert_eq!(told(&desk), [None, None, Some(Withheld::Local)], "a role that may see it gets it");
}

#[test]
fn a_tab_that_is_never_streamed_has_no_gap_where_the_connection_was_away() {
    let mut desk = Desk::new(&["home", "#rust"]);
    desk.send(Msg::Event(
        origin(),
        Event::Subscription { stream: stream("#rust"), standing: Subscription::NotStreamed, rung: Rung::Multiplexed },
    ));
    desk.page("#rust", None, &["5"], None);
    desk.page("home", None, &["5"], None);
    let lost = Connection::Reconnecting { reason: Plain::line("reset"), attempt: 1, retry_in: Duration::from_secs(3) };
    desk.send(Msg::Event(origin(), Event::Connection(lost)));
    desk.send(Msg::Event(origin(), Event::Connection(Connection::Live)));
    assert_eq!(desk.rows("home"), ["gap>5", "5"]);
    assert_eq!(desk.rows("#rust"), ["5"], "it shows its page and nothing more, away or not");
    assert_eq!(desk.state.timelines[&stream("#rust")].live_since, None);
}

#[test]
fn space_shows_media_that_a_filter_blurs() {
    let mut desk = Desk::new(&["home", "federated"]);
    let mut blurred = status("5", "words");
    blurred.filtered = Some(vec![filter(FilterContext::Home, FilterAction::Blur)]);
    desk.event(&["home"], Payload::Update(bundle(vec![blurred.clone()])));
    desk.key("space");
    assert!(desk.tab("home").held, "without media there is nothing to show");
    desk.key("space");
    blurred.media_attachments =
        vec![Media { kind: MediaKind::Image, description: None, url: None, preview: None, blurhash: None, size: None, seconds: None }];
    desk.event(&["home", "federated"], Payload::Update(bundle(vec![blurred])));
    assert!(desk.state.blurs_media(&sources("home"), &sid("5")) && !desk.state.blurs_media(&sources("federated"), &sid("5")));
    desk.key("space");
    assert!(!desk.state.blurs_media(&sources("home"), &sid("5")) && !desk.tab("home").held);
    desk.key("space");
    assert!(desk.state.blurs_media(&sources("home"), &sid("5")), "and hides them again");
    desk.state.me = Some(account("1"));
    assert!(!desk.state.blurs_media(&sources("home"), &sid("5")), "one's own are never filtered");
}

#[test]
fn the_viewer_goes_through_the_media_of_a_post() {
    let mut desk = Desk::new(&["home", "local"]);
    let mut post = status("5", "words");
    desk.event(&["home"], Payload::Update(bundle(vec![post.clone()])));
    desk.key("m");
    assert!(desk.state.overlays.is_empty(), "there is nothing to look at");
    let medium = Media { kind: MediaKind::Image, description: None, url: None, preview: None, blurhash: None, size: None, seconds: None };
    post.media_attachments = vec![medium; 3];
    post.spoiler_text = Plain::line("spiders");
    desk.event(&["home"], Payload::Edit(bundle(vec![Status { edited_at: Some(Timestamp::MAX), ..post }])));
    let viewer = |desk: &Desk| match desk.state.overlays.last() {
        Some(Overlay::Viewer(viewer)) => Some((viewer.index, viewer.words, viewer.veiled)),
        _ => None,
    };
    desk.key("m");
    assert_eq!(viewer(&desk), Some((0, true, true)), "behind its warning");
    for (keys, wanted) in [
        ("space", (0, true, false)),
        ("space", (0, false, false)),
        ("l", (1, false, false)),
        ("j", (2, false, false)),
        ("right", (2, false, false)),
        ("h", (1, false, false)),
        ("g", (0, false, false)),
        ("k", (0, false, false)),
        ("G", (2, false, false)),
    ] {
        desk.key(keys);
        assert_eq!(viewer(&desk), Some(wanted), "{keys}");
    }
    assert_eq!(desk.state.tabs.active().unwrap().sources, stream("home"), "no key went through");
    desk.event(&["home"], Payload::Delete(sid("5")));
    desk.key("j m");
    assert_eq!(viewer(&desk), None);
    assert!(desk.state.overlays.is_empty());
}

#[test]
fn rows_that_a_filter_hides_do_not_keep_older_ones_away() {
    let mut desk = Desk::new(&["home"]);
    let hidden = |id: u32| Status { filtered: Some(vec![filter(FilterContext::Home, FilterAction::Hide)]), ..status(&id.to_string(), "") };
    let page = |ids: std::ops::Range<u32>| Page {
        items: ids.clone().rev().map(|id| Item::Status(sid(&id.to_string()))).collect(),
        bundle: bundle(ids.clone().map(hidden).collect()),
        older: Some(Cursor::Before(ids.start.to_string())),
        ..Page::default()
    };
    desk.send(Msg::Reply(Reply::Page { stream: stream("home"), cursor: None, result: Ok(page(60..90)) }));
    let fetch = |id: &str| [Effect::Ask(Question::Page { stream: stream("home"), cursor: Some(Cursor::Before(id.into())) })];
    assert_eq!(desk.key("j"), fetch("60"), "nothing is shown at all");
    desk.post(&["home"], "95");
    desk.send(Msg::Reply(Reply::Page { stream: stream("home"), cursor: Some(Cursor::Before("60".into())), result: Ok(page(30..60)) }));
    assert_eq!(desk.key("G"), fetch("30"), "many hidden rows beneath the last shown one");
    assert_eq!(desk.state.hidden(desk.tab("home")), 60);
}

#[test]
fn hidden_rows_are_counted_whatever_hid_them_and_until_they_are_gone() {
    let mut desk = Desk::new(&["home", "local", "notifications"]);
    let hides = || Some(vec![filter(FilterContext::Home, FilterAction::Hide), filter(FilterContext::Notifications, FilterAction::Hide)]);
    desk.post(&["home"], "5");
    desk.event(&["home"], Payload::Update(bundle(boost("9", "5"))));
    desk.event(&["notifications"], Payload::Notification(notification("7", Some("5")), bundle(vec![status("5", "words")])));
    let counts = |desk: &Desk| ["home", "local", "notifications"].map(|spec| desk.state.hidden(desk.tab(spec)));
    assert_eq!(counts(&desk), [0, 0, 0]);
    // A page of another tab brings a copy that a filter hides: the post, its boost and its notification go.
    let page = Page { items: Vec::new(), bundle: bundle(vec![Status { filtered: hides(), ..status("5", "words") }]), ..Page::default() };
    desk.send(Msg::Reply(Reply::Page { stream: stream("local"), cursor: None, result: Ok(page) }));
    assert_eq!(counts(&desk), [2, 0, 1]);
    desk.send(Msg::Reply(Reply::Account(Ok(account("1")))));
    desk.event(&["home"], Payload::Delete(sid("9")));
    desk.event(&["home"], Payload::Delete(sid("5")));
    assert_eq!(counts(&desk), [0, 0, 0]);
}

#[test]
fn notifications_are_one_ledger_whatever_stream_brought_them() {
    let mut desk = Desk::new(&["home", "notifications"]);
    for streams in [&["home"][..], &["notifications"]] {
        desk.event(streams, Payload::Notification(notification("7", Some("5")), bundle(vec![status("5", "mine")])));
    }
    assert_eq!(desk.rows("notifications"), ["7"]);
    assert_eq!(desk.tab("notifications").unseen.len(), 1);
    desk.event(&["home"], Payload::Delete(sid("5")));
    assert_eq!(desk.rows("notifications"), ["7"], "the sentence stays, without the words");
    assert!(desk.state.store.is_deleted(&sid("5")));
}

#[test]
fn a_conversation_stands_by_its_last_message() {
    let mut desk = Desk::new(&["direct"]);
    let talk = |id: &str, last: &str| Conversation {
        id: ConversationId::new(id).unwrap(),
        accounts: vec![AccountId::new("1").unwrap()],
        unread: true,
        last_status: Some(sid(last)),
    };
    for (id, last) in [("1", "10"), ("2", "11"), ("1", "12"), ("1", "12")] {
        desk.event(&["direct"], Payload::Conversation(talk(id, last), bundle(vec![status(last, "hello")])));
    }
    assert_eq!(desk.rows("direct"), ["12", "11"]);
}

#[test]
fn a_refused_stream_says_so_in_the_servers_words() {
    let mut desk = Desk::new(&["list:13"]);
    let standing = Subscription::Refused(Plain::line("Not authorized to stream this list"));
    desk.send(Msg::Event(origin(), Event::Subscription { stream: stream("list:13"), standing: standing.clone(), rung: Rung::Multiplexed }));
    assert_eq!(desk.state.timelines[&stream("list:13")].standing, standing);
    assert!(desk.state.notices.shown().unwrap().text.as_str().contains("Not authorized to stream this list"));
}

#[test]
fn announcements_can_be_read_and_their_reactions_counted() {
    let mut desk = Desk::new(&["home"]);
    let id = AnnouncementId::new("1").unwrap();
    let announcement =
        Announcement { id: id.clone(), content: Html::new("<p>Maintenance tonight</p>"), published_at: None, reactions: vec![] };
    desk.event(&["home"], Payload::Announcement(announcement.clone()));
    desk.event(&["home"], Payload::Announcement(announcement));
    assert_eq!(desk.state.announcements.len(), 1);
    assert!(desk.state.notices.shown().unwrap().text.as_str().contains("Maintenance tonight"));
    let reaction =
        |count| Payload::AnnouncementReaction(AnnouncementReaction { announcement: id.clone(), name: Plain::line("🎉"), count });
    desk.event(&["home"], reaction(4));
    assert_eq!(desk.state.announcements[0].reactions[0].count, 4);
    desk.event(&["home"], reaction(0));
    assert!(desk.state.announcements[0].reactions.is_empty());
    desk.key("A");
    assert!(matches!(desk.state.overlays.last(), Some(Overlay::Announcements { .. })));
    desk.event(&["home"], Payload::AnnouncementDelete(id));
    assert!(desk.state.announcements.is_empty());
}

#[test]
fn lists_asked_for_by_title_open_when_the_lists_are_known() {
    let specs = ["list:slow mail", "list:friends", "home", "list:nobody", "#rust", "list:Slow Mail", "list:birds"];
    let mut desk = Desk::new(&[]);
    desk.state = State::new(Settings::default(), desk.state.now, specs.iter().map(|spec| spec.parse().unwrap()).collect());
    assert_eq!(desk.state.subscriptions(), [stream("home"), stream("#rust")]);
    assert_eq!(desk.state.tabs.active().unwrap().sources, stream("home"));
    let lists = [("12", "Slow mail"), ("3", "Friends"), ("7", "Birds")]
        .map(|(id, title)| List { id: ListId::new(id).unwrap(), title: Plain::line(title) });
    desk.send(Msg::Reply(Reply::Offer(Ok(Offer { lists: lists.to_vec(), followed_tags: vec![] }))));
    let order = ["list:12", "list:3", "home", "#rust", "list:7"];
    assert_eq!(desk.state.subscriptions(), order.map(stream), "as they were named, each once");
    assert_eq!(desk.state.tabs.active().unwrap().sources, stream("home"), "what is on screen stays on screen");
    assert!(desk.state.notices.shown().unwrap().text.as_str().contains("nobody"));
}

#[test]
fn memory_is_bounded_by_the_rows_kept() {
    let mut desk = Desk::new(&["home", "local"]);
    // All in one moment is a flood, in which the view rests; this is about what is kept.
    desk.state.settings.flood = 0;
    for id in 1000..6000 {
        desk.post(&["home", "local"], &id.to_string());
        if id == 1200 {
            desk.key("j j j");
        }
    }
    assert_eq!(desk.rows("local").len(), 100);
    let home = &desk.state.timelines[&stream("home")];
    assert!(home.rows().len() <= 230, "{} rows", home.rows().len());
    assert!(desk.state.cursor_row().is_some_and(|row| row.place_id() == "1197"), "what is read stays: {:?}", desk.state.cursor_row());
    let (statuses, accounts, _) = desk.state.store.sizes();
    assert!(statuses < 1_500 && accounts == 1, "{statuses} statuses, {accounts} accounts");
}

#[test]
fn the_palette_runs_what_it_shows_and_pasted_text_is_never_keys() {
    let mut desk = Desk::new(&["home", "local"]);
    desk.send(Msg::Paste("xq".into()));
    assert_eq!(desk.state.tabs.all().len(), 2);
    desk.key(": n e x t space t a b enter");
    assert_eq!(desk.state.tabs.active_index(), 1);
    assert!(desk.state.overlays.is_empty());
    assert_eq!(desk.key("q"), [Effect::Quit]);
}

#[test]
fn another_account_is_found_by_a_part_of_its_name_and_the_same_one_is_no_switch() {
    let mut desk = Desk::new(&["home"]);
    assert_eq!(desk.key("@"), []);
    assert!(desk.state.overlays.is_empty(), "there is none to go on with");
    desk.state.accounts = ["me@a.example", "me@b.example", "you@b.example"].map(Plain::line).to_vec();
    desk.state.account = Some(1);
    desk.key("@");
    assert!(matches!(desk.state.overlays.last(), Some(Overlay::Picker(Picker { kind: Pick::Account, chosen: 1, .. }))));
    assert_eq!(desk.key("enter"), []);
    assert!(desk.state.overlays.is_empty());
    assert_eq!(desk.key("@ y o u enter"), [Effect::SwitchAccount(2)]);
    assert_eq!(desk.key(": s w i t c h enter up enter"), [Effect::SwitchAccount(0)]);
}

#[test]
fn closing_the_last_tab_leaves_the_picker_open() {
    let mut desk = Desk::new(&["home"]);
    desk.key("x");
    assert!(desk.state.subscriptions().is_empty());
    assert!(matches!(desk.state.overlays.last(), Some(Overlay::Picker(Picker { kind: Pick::Stream, .. }))));
    desk.key("esc j k space enter ] g G 5 tab u");
    assert_eq!(desk.state.subscriptions(), [stream("home")]);
}

#[test]
fn a_gap_is_filled_from_below_it_until_nothing_is_above() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20", "18", "17"], None);
    assert_eq!(desk.reconnect(), [newer("home", "17", 1)], "with some overlap, for what came late");
    desk.post(&["home"], "40");
    assert_eq!(desk.rows("home"), ["40", "gap>20", "20", "18", "17"]);
    assert_eq!(desk.newer("home", 1, &["22", "21", "20", "19", "18"]), [newer("home", "22", 2)], "a short page proves nothing");
    assert_eq!(desk.rows("home"), ["40", "gap>22", "22", "21", "20", "19", "18", "17"], "the gap moves up with what is proven");
    assert_eq!(desk.newer("home", 2, &["40", "31"]), [newer("home", "40", 3)], "what came live just now proves nothing either");
    assert_eq!(desk.newer("home", 3, &[]), []);
    assert_eq!(desk.rows("home"), ["40", "31", "22", "21", "20", "19", "18", "17"]);
    assert_eq!(desk.newer("home", 3, &["50"]), [], "an answer that nobody waits for");
    assert_eq!(desk.rows("home").len(), 8);
}

#[test]
fn what_is_in_view_counts_as_seen_only_while_the_terminal_has_the_focus() {
    let mut desk = Desk::new(&["home", "local"]);
    desk.page("home", None, &["12", "11"], None);
    desk.post(&["home"], "20");
    desk.after(1);
    assert_eq!((desk.state.unseen(), desk.tab("home").read.as_deref()), (0, Some("20")), "never told of, it counts as there");
    desk.send(Msg::Focused(false));
    desk.post(&["home"], "21");
    desk.post(&["local"], "22");
    desk.after(1);
    assert_eq!(desk.top().as_deref(), Some(&*format!("{:?}", RowKey::Status(sid("21")))), "it is shown all the same");
    assert_eq!((desk.state.unseen(), desk.tab("home").read.as_deref()), (2, Some("20")));
    assert!(desk.state.next_deadline(&desk.measured) > Some(desk.state.now), "nothing has to be done about it");
    desk.send(Msg::Focused(true));
    assert_eq!(desk.state.next_deadline(&desk.measured), Some(desk.state.now), "the count falls at once");
    desk.after(0);
    assert_eq!((desk.state.unseen(), desk.tab("home").read.as_deref()), (1, Some("21")));
    for here in ["j", "k"] {
        desk.send(Msg::Focused(false));
        desk.key(here);
        assert!(desk.state.focused, "whoever presses a key is here");
    }
}

fn alerts(effects: &[Effect]) -> Vec<String> {
    effects.iter().filter_map(|effect| if let Effect::Alert { words, .. } = effect { Some(words.to_string()) } else { None }).collect()
}

#[test]
fn the_desktop_is_told_of_mentions_while_the_reader_is_elsewhere_and_not_of_every_one() {
    let mut desk = Desk::new(&["home"]);
    let mention = |desk: &mut Desk, id: &str, post: Status| {
        let held = Notification { kind: NotificationKind::Mention, ..notification(id, Some(post.id.as_str())) };
        let payload = Payload::Notification(held, bundle(vec![post]));
        let event = StreamEvent { streams: vec![stream("home")], named: None, name: Plain::line("notification"), payload, raw: None };
        alerts(&desk.send(Msg::Event(origin(), Event::Stream(event))))
    };
    assert!(mention(&mut desk, "1", status("5", "while here")).is_empty());
    desk.send(Msg::Focused(false));
    let hostile = status("6", "<p>look; \u{1b}]0;owned\u{7}\u{202e}now</p>");
    let told = mention(&mut desk, "2", hostile.clone());
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("Account 1 mentioned you: look; ") && !told[0].contains(|ch: char| ch.is_control() || ch == '\u{202e}'));
    assert!(mention(&mut desk, "2", hostile).is_empty(), "the same over another stream");
    let warned = Status { spoiler_text: Plain::line("spiders"), ..status("7", "eight legs") };
    assert!(mention(&mut desk, "3", warned).is_empty(), "not so soon again");
    assert!(mention(&mut desk, "4", status("8", "more")).is_empty());
    let due = desk.state.now.checked_add(SignedDuration::from_secs(5)).unwrap();
    assert_eq!(desk.state.alerts.due_at(), Some(due));
    assert!(desk.state.next_deadline(&desk.measured).is_some_and(|at| at <= due));
    assert!(alerts(&desk.after(4)).is_empty());
    assert_eq!(alerts(&desk.after(1)), ["Account 1 mentioned you, with a warning: spiders (and 1 more)"]);
    desk.after(60);
    let favourite = Payload::Notification(notification("9", None), bundle(vec![]));
    desk.event(&["home"], favourite);
    assert_eq!(desk.state.alerts.due_at(), None, "not wanted");
    desk.send(Msg::Command(Command::Notify));
    assert!(mention(&mut desk, "10", status("11", "off")).is_empty());
    desk.send(Msg::Command(Command::Notify));
    assert_eq!(mention(&mut desk, "12", status("13", "on")).len(), 1);
    assert!(mention(&mut desk, "14", status("15", "waits")).is_empty());
    desk.send(Msg::Focused(true));
    assert!(alerts(&desk.after(60)).is_empty(), "the reader is back and sees it");
}

#[test]
fn what_a_refill_brings_counts_as_unseen_once() {
    let mut desk = Desk::new(&["home", "local"]);
    desk.post(&["local"], "20");
    desk.reconnect();
    let before = desk.tab("local").unseen.len();
    desk.post(&["local"], "22");
    desk.newer("local", 1, &["22", "21", "20"]);
    desk.newer("local", 2, &[]);
    assert_eq!(desk.tab("local").unseen.len(), before + 2);
}

#[test]
fn the_tab_on_screen_is_filled_first_and_conversations_are_not() {
    let mut desk = Desk::new(&["direct", "home", "local", "notifications"]);
    desk.post(&["home", "local"], "20");
    desk.event(&["notifications"], Payload::Notification(notification("7", None), bundle(vec![])));
    let talk = Conversation { id: ConversationId::new("1").unwrap(), accounts: vec![], unread: false, last_status: Some(sid("9")) };
    desk.event(&["direct"], Payload::Conversation(talk, bundle(vec![status("9", "hello")])));
    desk.key("3");
    assert_eq!(desk.reconnect(), [newer("local", "20", 1), newer("home", "20", 2), newer("notifications", "7", 3)]);
    desk.key("1 g");
    assert_eq!(desk.rows("direct"), ["gap>9", "9"]);
    assert!(!desk.state.can(Command::Read), "what cannot be filled does not say that it can");
}

#[test]
fn it_looks_once_more_when_the_subscription_has_surely_taken_effect() {
    let mut desk = Desk::new(&["home"]);
    desk.post(&["home"], "20");
    desk.reconnect();
    desk.newer("home", 1, &["21"]);
    desk.newer("home", 2, &[]);
    assert_eq!(desk.after(1), []);
    desk.post(&["home"], "23");
    desk.after(2);
    desk.post(&["home"], "25");
    assert_eq!(desk.after(2), [look("home", 3)], "five seconds later, unseen");
    assert_eq!(desk.rows("home"), ["25", "23", "21", "20"], "without a row for it");
    assert_eq!(desk.looked("home", 3, &["25", "24", "23", "22", "21", "20"]), [], "one page shows it all");
    assert_eq!(desk.rows("home"), ["25", "24", "23", "22", "21", "20"]);
    assert_eq!(desk.after(30), [], "and that is all that is quick");
}

#[test]
fn a_look_that_does_not_reach_what_is_proven_goes_on_from_below() {
    let mut desk = Desk::new(&["home"]);
    desk.post(&["home"], "20");
    desk.reconnect();
    desk.newer("home", 1, &["21"]);
    desk.newer("home", 2, &[]);
    assert_eq!(desk.after(5), [look("home", 3)]);
    assert_eq!(desk.looked("home", 3, &["90", "80", "70"]), [newer("home", "20", 4)]);
    assert_eq!(desk.newer("home", 4, &["60", "50", "22", "21"]), [newer("home", "60", 5)]);
    assert_eq!(desk.newer("home", 5, &["75", "70", "65"]), [], "the newest page has shown everything from 70 on");
    assert_eq!(desk.rows("home"), ["90", "80", "75", "70", "65", "60", "50", "22", "21", "20"]);
    // What the walk cannot reach is left as a gap.
    desk.after(1);
    desk.reconnect();
    desk.newer("home", 6, &[]);
    desk.after(5);
    assert_eq!(desk.looked("home", 7, &["190", "180"]), [newer("home", "20", 8)]);
    desk.fail("home", 8, FailureKind::Forbidden);
    assert_eq!(desk.rows("home")[..4], ["190", "180", "gap>90", "90"]);
}

#[test]
fn the_first_page_is_looked_at_twice_as_well() {
    let mut desk = Desk::new(&["home", "local"]);
    desk.page("home", None, &["20", "19"], None);
    desk.page("local", None, &[], None);
    assert_eq!(desk.after(5), [look("home", 1), look("local", 2)]);
    desk.looked("home", 1, &["20", "19"]);
    desk.looked("local", 2, &["21"]);
    assert_eq!((desk.rows("local"), desk.after(60)), (vec!["21".to_owned()], vec![]));
}

#[test]
fn a_first_page_from_before_the_stream_is_looked_at_again_however_late_it_comes() {
    let mut desk = Desk::new(&[]);
    desk.lose();
    desk.state.open(stream("home"));
    assert_eq!(
        desk.send(Msg::Event(origin(), Event::Connection(lost()))),
        [Effect::Ask(Question::Page { stream: stream("home"), cursor: None })]
    );
    desk.send(Msg::Event(origin(), Event::Connection(Connection::Live)));
    assert_eq!(desk.after(9), [], "there is nothing to hold a page against");
    assert_eq!(desk.page("home", None, &["20", "19"], Some("19")), [look("home", 1)], "20 and 19 are from before the stream");
    desk.looked("home", 1, &["22", "21", "20", "19"]);
    assert_eq!(desk.rows("home"), ["22", "21", "20", "19"]);
}

#[test]
fn a_late_post_is_no_proof() {
    let mut desk = Desk::new(&["federated"]);
    desk.post(&["federated"], "20");
    desk.reconnect();
    desk.after(3);
    desk.post(&["federated"], "25");
    // 25 was written while the connection was away, and more was after it.
    assert_eq!(desk.newer("federated", 1, &["25", "22"]), [newer("federated", "25", 2)]);
    assert_eq!(desk.newer("federated", 2, &["27", "26"]), [newer("federated", "27", 3)]);
}

#[test]
fn the_anchor_survives_another_loss_and_old_answers_prove_nothing() {
    let mut desk = Desk::new(&["home"]);
    desk.post(&["home"], "20");
    desk.reconnect();
    desk.newer("home", 1, &["30", "25"]);
    desk.post(&["home"], "60");
    desk.lose();
    assert_eq!(desk.rows("home"), ["60", "gap>30", "30", "25", "20"]);
    desk.newer("home", 2, &[]);
    assert_eq!(desk.rows("home"), ["60", "gap>30", "30", "25", "20"], "asked before the loss");
    assert_eq!(desk.reconnect(), [newer("home", "20", 3)]);
    assert_eq!(desk.rows("home"), ["gap>60", "60", "gap>30", "30", "25", "20"]);
    assert_eq!(desk.newer("home", 2, &[]), []);
    desk.newer("home", 3, &["60", "40"]);
    assert_eq!(desk.rows("home"), ["gap>60", "60", "40", "30", "25", "20"], "the second gap is filled with the first");
    desk.newer("home", 4, &["61"]);
    desk.newer("home", 5, &[]);
    assert_eq!(desk.rows("home"), ["61", "60", "40", "30", "25", "20"]);
}

#[test]
fn what_was_not_looked_at_twice_before_another_loss_is_in_doubt() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20"], None);
    for id in 30..60 {
        desk.post(&["home"], &id.to_string());
    }
    assert_eq!(desk.reconnect(), [newer("home", "20", 1)], "from what the server had shown, not from what came live");
    desk.newer("home", 1, &["59", "30", "25"]);
    desk.newer("home", 2, &[]);
    assert_eq!(desk.timeline("home").gaps().count(), 0);
}

#[test]
fn a_refill_that_fails_waits_or_leaves_its_gap_and_enter_fills_it() {
    let mut desk = Desk::new(&["home"]);
    desk.post(&["home"], "20");
    desk.reconnect();
    for (asked, wait) in [(1, 5), (2, 10), (3, 20)] {
        desk.fail("home", asked, FailureKind::Retry);
        let at = desk.timeline("home").refill.as_ref().and_then(|refill| refill.retry_at);
        assert!(desk.state.next_deadline(&Measured::default()) <= at, "the loop wakes for it");
        assert_eq!(desk.after(wait - 1), []);
        assert_eq!(desk.after(1), [newer("home", "20", asked + 1)], "after {wait} s");
    }
    let until = desk.state.now.checked_add(SignedDuration::from_secs(60)).unwrap();
    desk.fail("home", 4, FailureKind::RateLimited(until));
    assert_eq!((desk.after(59), desk.after(1)), (vec![], vec![newer("home", "20", 5)]));
    desk.newer("home", 5, &["22"]);
    desk.fail("home", 6, FailureKind::Forbidden);
    assert_eq!(desk.after(3600), [], "a refusal is not asked about again by itself");
    assert_eq!(desk.rows("home"), ["gap>22", "22", "20"]);
    assert!(desk.timeline("home").gaps().all(|gap| gap.fill == Fill::Left));
    // Question 7 is a deep pass's.
    assert_eq!(desk.key("g enter"), [newer("home", "20", 8)]);
    assert_eq!(desk.key("enter"), [], "once");
    desk.newer("home", 8, &["23"]);
    desk.newer("home", 9, &[]);
    assert_eq!(desk.rows("home"), ["23", "22", "20"]);
}

#[test]
fn a_gap_costs_ten_pages_by_itself_and_all_of_them_a_budget() {
    let mut desk = Desk::new(&["home"]);
    desk.post(&["home"], "20");
    let mut asked = 0;
    let mut id = 1_000;
    let mut effects = desk.reconnect();
    for round in 0..12 {
        for page in 0..10 {
            asked += 1;
            let [Effect::Ask(Question::Newer { asked: number, after, .. })] = &effects[..] else { panic!("{round} {page}: {effects:?}") };
            assert_eq!(*number, asked);
            let from = after.parse::<u32>().unwrap().max(1_000);
            id += 1;
            let ids: Vec<String> = (from + 1..=id).rev().map(|id| id.to_string()).collect();
            effects = desk.newer("home", asked, &ids.iter().map(String::as_str).collect::<Vec<_>>());
        }
        assert_eq!(effects, [], "ten pages");
        let stopped: Vec<_> = desk.timeline("home").gaps().map(|gap| gap.stopped.clone()).collect();
        assert_eq!(stopped, [Some(Stopped::Pages)]);
        effects = desk.key("g enter");
    }
    assert_eq!(desk.timeline("home").gaps().next().unwrap().stopped, Some(Stopped::Budget));
    assert_eq!((effects, desk.state.budget.spent()), (vec![], 120));
    assert!(desk.state.notices.shown().is_some(), "and says so");
    assert!(matches!(&desk.timeline("home").rows()[0], Row::Gap(gap) if gap.fill == Fill::Left && &*gap.after == id.to_string().as_str()));
    desk.after(900);
    assert_eq!(desk.key("g enter").len(), 1);
}

#[test]
fn a_server_that_pages_otherwise_leaves_the_gap() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20", "19"], None);
    desk.reconnect();
    assert_eq!(desk.newer("home", 1, &["90", "20", "19", "18"]), [], "it begins below what was asked for");
    assert_eq!(desk.rows("home"), ["90", "gap>20", "20", "19", "18"]);
    assert_eq!(desk.timeline("home").gaps().next().unwrap().stopped, Some(Stopped::Unproven));
    desk.reconnect();
    assert_eq!(desk.timeline("home").gaps().next().unwrap().stopped, None, "another one goes");
    let page = Page { rejected: 3, ..Page::default() };
    desk.send(Msg::Reply(Reply::Newer { stream: stream("home"), asked: 2, result: Ok(page) }));
    assert!(desk.timeline("home").gaps().next().is_some(), "a page that cannot be read is not empty");
}

#[test]
fn shed_posts_are_asked_for_at_once() {
    let mut desk = Desk::new(&["home"]);
    desk.post(&["home"], "10");
    let effects = desk.send(Msg::Event(origin(), Event::Lagged { shed: vec![(stream("home"), 7)] }));
    assert_eq!(effects, [newer("home", "10", 1)]);
    desk.newer("home", 1, &["12", "11"]);
    let effects = desk.send(Msg::Event(origin(), Event::Lagged { shed: vec![(stream("home"), 1)] }));
    assert_eq!(effects, [newer("home", "10", 3)], "what is asked begins anew: the answer may be older than the loss");
    desk.newer("home", 2, &[]);
    assert_eq!(desk.timeline("home").gaps().count(), 1);
    desk.newer("home", 3, &["13"]);
    desk.newer("home", 4, &[]);
    assert_eq!(desk.rows("home"), ["13", "12", "11", "10"]);
}

#[test]
fn nothing_moves_for_a_parked_reader_while_a_gap_above_is_filled() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20", "19", "18", "17", "16", "15", "14"], None);
    desk.key("j j j j j");
    let here = desk.top();
    desk.reconnect();
    desk.newer("home", 1, &["25", "24", "23", "22", "21"]);
    desk.newer("home", 2, &[]);
    assert_eq!(desk.top(), here);
    assert_eq!(desk.state.cursor_row(), Some(&Row::Status(sid("15"))));
    assert_eq!(desk.tab("home").unseen.len(), 5);
}

#[test]
fn a_cursor_on_a_gap_stays_with_it_and_then_with_what_filled_it() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20", "19"], None);
    desk.reconnect();
    desk.post(&["home"], "40");
    desk.post(&["home"], "41");
    desk.fail("home", 1, FailureKind::Forbidden);
    desk.key("g j j");
    assert!(matches!(desk.state.cursor_row(), Some(Row::Gap(_))));
    assert_eq!(desk.key("enter"), [newer("home", "19", 2)]);
    desk.newer("home", 2, &["22", "21", "20"]);
    assert!(matches!(desk.state.cursor_row(), Some(Row::Gap(gap)) if &*gap.after == "22"));
    desk.newer("home", 3, &["41", "40"]);
    desk.newer("home", 4, &[]);
    assert_eq!(desk.timeline("home").gaps().count(), 0);
    assert!(matches!(desk.state.cursor_row(), Some(Row::Status(_))));
}

#[test]
fn rows_dropped_above_a_parked_reader_are_filled_on_enter_up_to_where_it_goes_on() {
    let mut desk = Desk::new(&["home"]);
    for id in 1000..1010 {
        desk.post(&["home"], &id.to_string());
    }
    desk.key("j j j");
    for id in 1010..1300 {
        desk.post(&["home"], &id.to_string());
    }
    let gap = desk.timeline("home").gaps().next().cloned().unwrap();
    assert_eq!((gap.cause, gap.fill), (Cause::Trimmed, Fill::Left));
    let before: u32 = gap.before.as_ref().unwrap().parse().unwrap();
    let after: u32 = gap.after.parse().unwrap();
    assert!(before > after + 1, "{before} {after}");
    let tab = desk.state.tabs.active_mut().unwrap();
    tab.cursor = Some(RowKey::Gap(gap.after));
    desk.state.settings.rows = 1_000;
    let effects = desk.key("enter");
    let [Effect::Ask(Question::Newer { after: from, .. })] = &effects[..] else { panic!("{effects:?}") };
    let from: u32 = from.parse().unwrap();
    assert!(from < after);
    let ids: Vec<String> = (from + 1..=before).rev().map(|id| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(desk.newer("home", 1, &ids), [], "no more is asked than was dropped");
    assert_eq!(desk.timeline("home").gaps().count(), 0);
    assert_eq!(desk.rows("home").len(), 300);
}

#[test]
fn a_page_of_a_refill_refreshes_what_is_held_and_revives_nothing() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20", "19"], None);
    desk.event(&["home"], Payload::Delete(sid("20")));
    desk.reconnect();
    let page = Page {
        items: ["22", "20", "19"].map(|id| Item::Status(sid(id))).to_vec(),
        bundle: bundle(vec![edited("22", "new", 20), status("20", "gone"), edited("19", "edited while away", 20)]),
        ..Page::default()
    };
    let asked = desk.state.questions;
    desk.send(Msg::Reply(Reply::Newer { stream: stream("home"), asked, result: Ok(page) }));
    assert_eq!((desk.words("19"), desk.words("20"), desk.words("22")), ("edited while away".into(), String::new(), "new".into()));
    assert!(!desk.rows("home").contains(&"20".to_owned()));
}

#[test]
fn complete_since_survives_a_refill_and_moves_up_where_a_gap_is_dropped() {
    let mut desk = Desk::new(&["home"]);
    let start = desk.state.now;
    desk.post(&["home"], "20");
    desk.after(30);
    desk.reconnect();
    desk.newer("home", 1, &[]);
    assert_eq!(desk.timeline("home").complete_since, Some(start));
    desk.after(30);
    desk.reconnect();
    let asked = desk.state.questions;
    desk.fail("home", asked, FailureKind::Forbidden);
    let back = desk.state.now;
    for id in 100..300 {
        desk.post(&["home"], &id.to_string());
    }
    assert_eq!((desk.timeline("home").gaps().count(), desk.timeline("home").complete_since), (0, Some(back)));
}

#[test]
fn a_post_deleted_while_away_goes_as_if_its_deletion_had_been_heard() {
    let mut desk = Desk::new(&["home", "local"]);
    desk.page("home", None, &["20", "19", "18", "17"], Some("17"));
    desk.page("local", None, &["20", "19", "18", "17"], Some("17"));
    desk.event(&["home"], Payload::Update(bundle(boost("21", "18"))));
    desk.back(&["home", "local"]);
    let asked = desk.state.questions;
    assert_eq!(desk.after(5), [look("home", asked + 1), look("local", asked + 2)]);
    let effects = desk.looked("home", asked + 1, &["20", "19", "17"]);
    assert!(
        matches!(&effects[..], [Effect::Ask(Question::Status { id: first, .. }), Effect::Ask(Question::Status { id: second, .. })]
        if first.as_str() == "21" && second.as_str() == "18"),
        "{effects:?}"
    );
    assert_eq!(desk.looked("local", asked + 2, &["20", "19", "17"]), [], "18 is asked about already");
    assert_eq!(desk.rows("home"), ["21", "20", "19", "18", "17"], "until something is known it stays");
    let before = desk.state.revision;
    assert_eq!(desk.about(&effects[1], Err(FailureKind::NotFound)), []);
    assert_eq!((desk.words("18"), desk.rows("local")), (String::new(), vec!["20".to_owned(), "19".into(), "17".into()]));
    assert_eq!(desk.rows("home"), ["x21", "20", "19", "x18", "17"], "in view a tombstone stands for it; its boost goes with it");
    assert!(desk.state.revision > before);
    desk.about(&effects[0], Err(FailureKind::NotFound));
    desk.page("home", None, &["20", "18"], None);
    assert_eq!((desk.words("18"), desk.state.suspects.is_empty()), (String::new(), true), "a page that still lists it does not revive it");
}

#[test]
fn a_walk_finds_what_is_gone_from_what_it_goes_over_again() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20", "19", "18"], Some("18"));
    desk.reconnect();
    let effects = desk.newer("home", 1, &["40", "30", "20"]);
    let [Effect::Ask(Question::Newer { .. }), Effect::Ask(Question::Status { id, .. })] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(id.as_str(), "19");
    desk.about(&effects[1], Err(FailureKind::NotFound));
    assert_eq!(desk.rows("home"), ["gap>40", "40", "30", "20", "x19", "18"]);
}

#[test]
fn the_oldest_rows_are_asked_about_where_the_pages_end_above_them() {
    let mut desk = Desk::new(&["home"]);
    let ids: Vec<String> = (100..125).rev().map(|id| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    desk.page("home", None, &ids, Some("100"));
    desk.back(&["home"]);
    desk.after(5);
    let effects = desk.looked("home", 2, &ids[..24]);
    assert!(
        matches!(&effects[..], [Effect::Ask(Question::Status { id, .. })] if id.as_str() == "100"),
        "a short page and one row below: {effects:?}"
    );
    desk.about(&effects[0], Err(FailureKind::NotFound));
    assert_eq!(desk.rows("home").len(), 24);
    assert_eq!(desk.after(60), [deep("home", None, 3)]);
    assert_eq!(desk.looked("home", 3, &ids[..20]), [deep("home", Some("105"), 4)]);
    let effects = desk.looked("home", 4, &[]);
    assert_eq!(effects.len(), 2, "nothing is listed below 105: {effects:?}");
}

#[test]
fn a_row_that_the_server_only_lists_no_more_stays_in_its_newest_version() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20", "19", "18"], Some("18"));
    desk.back(&["home"]);
    desk.after(5);
    let asked = desk.state.questions;
    let effects = desk.looked("home", asked, &["20", "18"]);
    assert!(matches!(&effects[..], [Effect::Ask(Question::Status { id, .. })] if id.as_str() == "19"), "{effects:?}");
    desk.about(&effects[0], Ok(edited("19", "edited while away", 30)));
    assert_eq!((desk.rows("home"), desk.words("19")), (vec!["20".to_owned(), "19".into(), "18".into()], "edited while away".into()));
    desk.about(&effects[0], Err(FailureKind::NotFound));
    assert_eq!(desk.rows("home").len(), 3, "an answer that nobody waits for");
    desk.back(&["home"]);
    desk.after(5);
    let asked = desk.state.questions;
    assert_eq!(desk.looked("home", asked, &["20", "18"]), [], "that is known by now");
}

#[test]
fn what_the_stream_told_after_the_question_counts_more_than_the_answer() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20", "19", "18"], Some("18"));
    desk.back(&["home"]);
    desk.after(5);
    let asked = desk.state.questions;
    let effects = desk.looked("home", asked, &["18"]);
    assert_eq!(effects.len(), 2, "20 and 19 were held before the loss");
    desk.event(&["home"], Payload::Edit(bundle(vec![edited("19", "here", 30)])));
    desk.event(&["home"], Payload::Delete(sid("20")));
    desk.about(&effects[1], Err(FailureKind::NotFound));
    desk.about(&effects[0], Ok(status("20", "asked before its deletion")));
    assert_eq!((desk.rows("home"), desk.words("19")), (vec!["x20".to_owned(), "19".into(), "18".into()], "here".into()));
}

#[test]
fn a_question_about_a_row_that_settles_nothing_leaves_it() {
    let mut desk = Desk::new(&["home"]);
    let ids: Vec<String> = (100..140).rev().map(|id| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    desk.page("home", None, &ids, Some("100"));
    desk.back(&["home"]);
    desk.after(5);
    let asked = desk.state.questions;
    let mut todo = desk.looked("home", asked, &["139", "100"]);
    let mut questions = 0;
    while let Some(effect) = todo.pop() {
        assert!(desk.state.suspects.counts().1 <= 2, "few at a time");
        questions += 1;
        todo.extend(desk.about(&effect, Err([FailureKind::Retry, FailureKind::Forbidden][questions % 2])));
    }
    assert_eq!((questions, desk.rows("home").len()), (8, 40), "so many at most, and all of them stay");
    assert_eq!(desk.after(30), [], "they are asked about again by the next look, not by themselves");
}

#[test]
fn posts_edited_or_late_while_away_show_after_the_look() {
    let mut desk = Desk::new(&["home"]);
    desk.event(&["home"], Payload::Update(bundle(vec![edited("20", "third", 30)])));
    desk.page("home", None, &["20", "18"], Some("18"));
    desk.back(&["home"]);
    desk.after(5);
    let page = Page {
        items: ["20", "19", "18"].map(|id| Item::Status(sid(id))).to_vec(),
        bundle: bundle(vec![edited("20", "second", 20), status("19", "late"), edited("18", "edited", 20)]),
        older: Some(Cursor::Before("18".into())),
        ..Page::default()
    };
    let asked = desk.state.questions;
    let effects = desk.send(Msg::Reply(Reply::Review { stream: stream("home"), asked, result: Ok(page) }));
    assert_eq!(effects, []);
    assert_eq!((desk.words("20"), desk.words("19"), desk.words("18")), ("third".into(), "late".into(), "edited".into()));
    assert_eq!(desk.rows("home"), ["20", "19", "18"]);
}

#[test]
fn what_is_on_screen_below_the_newest_page_is_looked_at_as_well() {
    let mut desk = Desk::new(&["home", "local"]);
    let ids: Vec<String> = (100..140).rev().map(|id| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    desk.page("home", None, &ids, Some("100"));
    desk.key("G k k k k");
    let top: u32 = id_of(&desk.measured.timeline.as_ref().unwrap().visible[0].key).parse().unwrap();
    desk.back(&["home"]);
    desk.after(5);
    let asked = desk.timeline("home").review.as_ref().unwrap().asked.unwrap();
    let effects = desk.looked("home", asked, &ids[..25]);
    let above = (top + 1).to_string();
    assert_eq!(effects, [look_below("home", &above, desk.state.questions)]);
    let visible: Vec<String> = (100..=top).rev().filter(|id| *id != 102).map(|id| id.to_string()).collect();
    let visible: Vec<&str> = visible.iter().map(String::as_str).collect();
    let asked = desk.state.questions;
    let effects = desk.looked("home", asked, &visible);
    assert!(matches!(&effects[..], [Effect::Ask(Question::Status { id, .. })] if id.as_str() == "102"), "{effects:?}");
    desk.about(&effects[0], Err(FailureKind::NotFound));
    assert!(desk.rows("home").contains(&"x102".to_owned()));
    // Where that fails nothing waits for it.
    desk.back(&["home"]);
    desk.after(5);
    let asked = desk.timeline("home").review.as_ref().unwrap().asked.unwrap();
    assert!(matches!(&desk.looked("home", asked, &ids[..10])[..], [Effect::Ask(Question::Review { cursor: Some(_), .. })]));
    let asked = desk.state.questions;
    assert!(
        matches!(&desk.look_failed("home", asked, FailureKind::Retry)[..], [Effect::Ask(Question::Newer { .. })]),
        "the walk up to 130"
    );
    assert!(desk.state.notices.shown().is_some_and(|notice| notice.text.as_str().contains("on screen")));
}

#[test]
fn notifications_that_are_gone_go() {
    let mut desk = Desk::new(&["notifications"]);
    for id in ["5", "6", "7"] {
        desk.event(&["notifications"], Payload::Notification(notification(id, None), bundle(vec![])));
    }
    desk.back(&["notifications"]);
    desk.after(5);
    let items = ["7", "5"].map(|id| Item::Notification(notification(id, None))).to_vec();
    let page = Page { items, older: Some(Cursor::Before("5".into())), ..Page::default() };
    let asked = desk.state.questions;
    let effects = desk.send(Msg::Reply(Reply::Review { stream: stream("notifications"), asked, result: Ok(page) }));
    let [Effect::Ask(Question::Notification { id, asked })] = &effects[..] else { panic!("{effects:?}") };
    let answer = |result| Msg::Reply(Reply::Notification { id: id.clone(), asked: *asked, result });
    let mut other = Desk::new(&["notifications"]);
    other.send(answer(Err(failure(FailureKind::NotFound))));
    desk.send(answer(Err(failure(FailureKind::NotFound))));
    assert_eq!(desk.rows("notifications"), ["7", "5"]);
}

#[test]
fn notifications_about_a_deleted_post_go_with_it_if_the_server_has_them_no_more() {
    for gone in [true, false] {
        let mut desk = Desk::new(&["notifications", "home"]);
        desk.post(&["home"], "30");
        for (id, about) in [("5", "30"), ("6", "31"), ("7", "30")] {
            let payload = Payload::Notification(notification(id, Some(about)), bundle(vec![status(about, "words")]));
            desk.event(&["notifications"], payload);
        }
        desk.event(&["home"], Payload::Delete(sid("30")));
        let asked = std::mem::take(&mut desk.open);
        let [Effect::Ask(Question::Notification { id, asked })] = &asked[..] else { panic!("one question tells of all: {asked:?}") };
        // A mute is told as deletions too, and leaves notifications where they are.
        let result = if gone {
            Err(failure(FailureKind::NotFound))
        } else {
            Ok((notification(id.as_str(), Some("30")), bundle(vec![status("30", "words")])))
        };
        desk.send(Msg::Reply(Reply::Notification { id: id.clone(), asked: *asked, result }));
        assert_eq!(desk.rows("notifications"), if gone { vec!["6"] } else { vec!["7", "6", "5"] });
        // One that was overtaken by the deletion.
        desk.event(&["notifications"], Payload::Notification(notification("8", Some("30")), bundle(vec![status("30", "words")])));
        assert!(matches!(&desk.open[..], [Effect::Ask(Question::Notification { id, .. })] if id.as_str() == "8"), "{:?}", desk.open);
    }
}

#[test]
fn merged_notifications_are_looked_for_near_and_far_at_once() {
    let mut desk = Desk::new(&["notifications"]);
    for id in ["50", "60", "70"] {
        desk.event(&["notifications"], Payload::Notification(notification(id, None), bundle(vec![])));
    }
    let spec = "notifications";
    let event =
        |payload| Event::Stream(StreamEvent { streams: vec![stream(spec)], named: None, name: Plain::line("event"), payload, raw: None });
    let page = |ids: &[&str]| Page {
        items: ids.iter().map(|id| Item::Notification(notification(id, None))).collect(),
        older: ids.last().map(|id| Cursor::Before((*id).into())),
        ..Page::default()
    };
    desk.send(Msg::Reply(Reply::Page { stream: stream(spec), cursor: None, result: Ok(page(&["70", "60", "50"])) }));
    desk.after(5);
    desk.send(Msg::Reply(Reply::Review { stream: stream(spec), asked: 1, result: Ok(page(&["70", "60", "50"])) }));
    assert_eq!(desk.send(Msg::Event(origin(), event(Payload::NotificationsMerged))), [look(spec, 2)]);
    let effects = desk.send(Msg::Reply(Reply::Review { stream: stream(spec), asked: 2, result: Ok(page(&["70", "65", "60", "50"])) }));
    assert_eq!(effects, [deep(spec, None, 3)], "a walk upwards would not find old ids");
    let effects = desk.send(Msg::Reply(Reply::Review { stream: stream(spec), asked: 3, result: Ok(page(&["70", "65", "60"])) }));
    assert_eq!(effects, [deep(spec, Some("60"), 4)]);
    desk.send(Msg::Reply(Reply::Review { stream: stream(spec), asked: 4, result: Ok(page(&["55", "50", "40"])) }));
    assert_eq!(desk.rows(spec), ["70", "65", "60", "55", "50"], "down to what is held: what is below comes with its page");
    assert_eq!(desk.tab(spec).unseen.len() + desk.measured.timeline.as_ref().unwrap().visible.len(), 5);
}

#[test]
fn after_a_loss_everything_held_is_gone_through_slowly() {
    let mut desk = Desk::new(&["home", "local"]);
    // Even ids from 100 up to 200.
    let even = |from: u32, to: u32| (from..=to).rev().filter(|id| id % 2 == 0).map(|id| id.to_string()).collect::<Vec<_>>();
    let held = even(100, 200);
    let looked = |desk: &mut Desk, spec: &str, asked: u64, ids: Vec<String>| {
        desk.looked(spec, asked, &ids.iter().map(String::as_str).collect::<Vec<_>>())
    };
    desk.page("home", None, &held.iter().map(String::as_str).collect::<Vec<_>>(), Some("100"));
    desk.page("local", None, &["200", "198"], Some("198"));
    desk.back(&["home", "local"]);
    assert_eq!(desk.after(5), [look("home", 3), look("local", 4)]);
    assert_eq!(looked(&mut desk, "home", 3, even(150, 200)), []);
    assert_eq!(desk.looked("local", 4, &["200", "198"]), []);
    assert_eq!(desk.after(54), []);
    assert_eq!(desk.after(1), [deep("home", None, 5)], "one question in all, for the tab on screen first");
    assert_eq!(looked(&mut desk, "home", 5, even(150, 200)), [deep("home", Some("150"), 6)]);
    let mut late = even(120, 148);
    late.retain(|id| id != "130");
    late.insert(2, "143".to_owned());
    let effects = looked(&mut desk, "home", 6, late);
    assert!(
        matches!(&effects[..], [Effect::Ask(Question::Status { id, .. })] if id.as_str() == "130"),
        "before the next page: {effects:?}"
    );
    assert_eq!(desk.rows("home").len(), 52, "143 came hours late");
    assert_eq!(desk.about(&effects[0], Err(FailureKind::NotFound)), [deep("home", Some("120"), 7)]);
    assert!(!desk.rows("home").contains(&"130".to_owned()));
    assert_eq!(looked(&mut desk, "home", 7, even(90, 118)), [deep("local", None, 8)], "down to the oldest row");
    assert_eq!(desk.rows("home").last().map(String::as_str), Some("100"), "what is below comes with its page");
    desk.lose();
    assert_eq!(desk.looked("local", 8, &["70"]), [], "a loss ends it");
    desk.back(&["home", "local"]);
    let asked = desk.state.questions;
    assert_eq!(desk.after(5), [look("home", asked + 1), look("local", asked + 2)]);
    looked(&mut desk, "home", asked + 1, even(150, 200));
    desk.looked("local", asked + 2, &["200", "198"]);
    assert_eq!(desk.after(800), []);
    assert!(
        matches!(&desk.after(100)[..], [Effect::Ask(Question::Review { deep: true, .. })]),
        "and it begins again a quarter of an hour later"
    );
}

#[test]
fn a_deep_pass_goes_down_to_the_end_where_all_there_was_has_been_loaded() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["200", "190"], None);
    desk.back(&["home"]);
    desk.after(5);
    desk.looked("home", desk.state.questions, &["200", "190"]);
    desk.after(100);
    let asked = desk.state.questions;
    let effects = desk.looked("home", asked, &["200", "190"]);
    assert_eq!(effects, [deep("home", Some("190"), asked + 1)], "what came late may be older than all that is held");
    assert_eq!(desk.looked("home", asked + 1, &["30"]), [deep("home", Some("30"), asked + 2)]);
    assert_eq!(desk.looked("home", asked + 2, &[]), []);
    assert_eq!(desk.rows("home"), ["200", "190", "30"]);
}

#[test]
fn a_deep_pass_leaves_the_budget_to_what_is_quick() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20"], None);
    desk.back(&["home"]);
    desk.after(5);
    desk.looked("home", 2, &["20"]);
    while desk.state.budget.left(desk.state.now) > 40 {
        let now = desk.state.now;
        desk.state.budget.take(now);
    }
    assert_eq!(desk.after(100), []);
    let at = desk.state.next_deadline(&Measured::default()).unwrap();
    assert!(at > desk.state.now, "it does not spin");
    assert_eq!(desk.after(900), [deep("home", None, 3)]);
    desk.look_failed("home", 3, FailureKind::Retry);
    assert_eq!((desk.after(4), desk.after(1)), (vec![], vec![deep("home", None, 4)]));
    desk.look_failed("home", 4, FailureKind::Forbidden);
    assert_eq!((desk.after(3600), desk.timeline("home").gaps().count()), (vec![], 0));
}

#[test]
fn what_is_polled_is_gone_through_every_quarter_of_an_hour() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20", "19"], Some("19"));
    let standing = Event::Subscription { stream: stream("home"), standing: Subscription::Open, rung: Rung::Polling };
    let mut effects = desk.send(Msg::Event(origin(), standing));
    let mut passes = Vec::new();
    for second in 0..2_400 {
        while let Some(effect) = effects.pop() {
            if let Effect::Ask(Question::Review { asked, deep, .. }) = effect {
                passes.extend(deep.then_some(second));
                effects.extend(desk.looked("home", asked, &["20", "19"]));
            }
        }
        effects = desk.after(1);
    }
    let [first, second] = passes[..] else { panic!("{passes:?}") };
    assert!(second - first >= 900, "{passes:?}");
}

#[test]
fn what_is_not_streamed_is_polled() {
    let mut desk = Desk::new(&["home", "#rust"]);
    desk.page("#rust", None, &["20", "19"], Some("19"));
    desk.page("home", None, &["1"], None);
    let standing = |standing, rung| Event::Subscription { stream: stream("#rust"), standing, rung };
    let effects = desk.send(Msg::Event(origin(), standing(Subscription::Open, Rung::Polling)));
    assert_eq!(effects, [look("#rust", 1)]);
    assert_eq!(desk.timeline("#rust").completeness(&stream("#rust")), Completeness::Unknown(Unproven::NotPolled));
    let begun = desk.state.now;
    desk.looked("#rust", 1, &["22", "21", "20", "19"]);
    assert_eq!(desk.rows("#rust"), ["22", "21", "20", "19"]);
    assert_eq!(desk.tab("#rust").unseen.len(), 2, "what a poll brings is news");
    assert_eq!(desk.timeline("#rust").completeness(&stream("#rust")), Completeness::Between(begun, begun));
    let effects = desk.after(5);
    assert_eq!(effects, [look("home", 2), look("#rust", 3)], "the second look");
    desk.looked("home", 2, &["1"]);
    desk.looked("#rust", 3, &["22", "21", "20", "19"]);
    let next = desk.timeline("#rust").poll.as_ref().unwrap().next;
    assert_eq!(next, begun.checked_add(SignedDuration::from_secs(60)).unwrap());
    assert!(desk.state.next_deadline(&Measured::default()) <= Some(next), "the loop wakes for it");
    assert_eq!((desk.after(54), desk.after(1)), (vec![], vec![look("#rust", 4)]));
    let effects = desk.looked("#rust", 4, &["90", "22", "20", "19"]);
    assert!(matches!(&effects[..], [Effect::Ask(Question::Status { id, .. })] if id.as_str() == "21"), "a deletion shows: {effects:?}");
    desk.about(&effects[0], Err(FailureKind::NotFound));
    assert_eq!(desk.rows("#rust"), ["90", "22", "20", "19"]);
    desk.key("2");
    assert_eq!((desk.after(29), desk.after(1)), (vec![], vec![look("#rust", 5)]), "on screen twice as often");
    assert_eq!(desk.looked("#rust", 5, &["190", "180"]), [newer("#rust", "19", 6)], "more came than a page holds");
    desk.newer("#rust", 6, &["185", "180", "100", "90", "22", "20"]);
    assert_eq!(desk.rows("#rust"), ["190", "185", "180", "100", "90", "22", "20", "19"]);
    assert_eq!(desk.timeline("#rust").gaps().count(), 0);
}

#[test]
fn a_poll_that_fails_says_so_and_the_next_one_finds_what_it_missed() {
    let mut desk = Desk::new(&["#rust"]);
    desk.page("#rust", None, &["20", "19"], Some("19"));
    desk.send(Msg::Event(origin(), Event::Subscription { stream: stream("#rust"), standing: Subscription::Open, rung: Rung::Polling }));
    desk.looked("#rust", 1, &["20", "19"]);
    desk.after(5);
    desk.looked("#rust", 2, &["20", "19"]);
    let good = desk.timeline("#rust").poll.clone().unwrap().last;
    assert_eq!(desk.after(25), [look("#rust", 3)]);
    desk.look_failed("#rust", 3, FailureKind::Retry);
    let poll = desk.timeline("#rust").poll.clone().unwrap();
    assert_eq!(poll.asked, Some(desk.state.now));
    assert_eq!((poll.last, poll.failure.map(|failure| failure.kind)), (good, Some(FailureKind::Retry)));
    assert!(desk.state.notices.shown().is_some_and(|notice| notice.text.as_str().contains("could not be polled")));
    assert_eq!(desk.rows("#rust"), ["20", "19"], "no gap: what is there is complete up to the last poll");
    desk.after(9);
    assert_eq!(desk.state.notices.shown(), None);
    assert_eq!(desk.after(21), [look("#rust", 4)]);
    desk.look_failed("#rust", 4, FailureKind::Forbidden);
    assert_eq!(desk.state.notices.shown(), None, "it is said once");
    desk.send(Msg::Command(Command::RetryNow));
    desk.looked("#rust", 5, &["21", "20", "19"]);
    assert_eq!((desk.timeline("#rust").poll.clone().unwrap().failure, desk.rows("#rust").len()), (None, 3));
}

#[test]
fn a_key_asks_again_for_replies_that_could_not_be_loaded() {
    let mut desk = Desk::new(&["home"]);
    desk.post(&["home"], "5");
    let asked = |effects: &[Effect]| {
        effects.iter().find_map(|effect| if let Effect::Ask(Question::Thread { asked, .. }) = effect { Some(*asked) } else { None })
    };
    let first = asked(&desk.key("enter")).unwrap();
    desk.send(Msg::Reply(Reply::Thread { id: sid("5"), asked: first, result: Err(failure(FailureKind::Retry)) }));
    assert!(matches!(desk.state.detail().unwrap().thread, ThreadState::Failed(_)));
    assert!(asked(&desk.key("ctrl-r")).is_some());
    assert_eq!(desk.state.detail().unwrap().thread, ThreadState::Asked);
    assert!(!desk.state.can(Command::RetryNow), "it is under way");
}

#[test]
fn polling_stays_within_the_budget_and_rests_without_a_connection() {
    let mut desk = Desk::new(&["#rust", "#ruby", "#zig", "#go", "#c"]);
    let specs = ["#rust", "#ruby", "#zig", "#go", "#c"];
    for spec in specs {
        desk.page(spec, None, &["20"], None);
        desk.send(Msg::Event(origin(), Event::Subscription { stream: stream(spec), standing: Subscription::Open, rung: Rung::Polling }));
    }
    let mut asked = 0;
    for _ in 0..7200 {
        let open: Vec<(Stream, u64)> =
            desk.state.timelines.iter().filter_map(|(stream, timeline)| Some((stream.clone(), timeline.review.as_ref()?.asked?))).collect();
        for (stream, number) in open {
            asked += 1;
            desk.looked(&stream.spec().to_string(), number, &["20"]);
        }
        desk.after(1);
        assert!(desk.state.budget.left(desk.state.now) >= 20, "what is quick finds some left");
    }
    assert!((300..=800).contains(&asked), "{asked} in two hours");
    assert_eq!(desk.state.silent_minutes(), None, "what is polled does not fall silent");
    desk.lose();
    assert_eq!(desk.after(3600), []);
}

#[test]
fn a_stream_that_is_carried_again_is_polled_no_more() {
    let mut desk = Desk::new(&["#rust"]);
    desk.page("#rust", None, &["20"], None);
    let standing = |rung| Event::Subscription { stream: stream("#rust"), standing: Subscription::Open, rung };
    desk.send(Msg::Event(origin(), standing(Rung::Polling)));
    desk.looked("#rust", 1, &["20"]);
    desk.after(20);
    desk.looked("#rust", 2, &["20"]);
    desk.send(Msg::Event(origin(), standing(Rung::Socket)));
    assert_eq!(desk.timeline("#rust").poll, None);
    assert_eq!((desk.after(4), desk.after(1)), (vec![], vec![look("#rust", 3)]), "what the last poll left is looked for");
    desk.looked("#rust", 3, &["21", "20"]);
    assert_eq!((desk.rows("#rust").len(), desk.after(600)), (2, vec![]));
}

#[test]
fn conversations_are_asked_for_again_and_say_that_nothing_is_proven() {
    let talk = |id: &str, last: &str| Conversation {
        id: ConversationId::new(id).unwrap(),
        accounts: vec![],
        unread: false,
        last_status: Some(sid(last)),
    };
    let page = |talks: &[(&str, &str)]| Page {
        items: talks.iter().map(|(id, last)| Item::Conversation(talk(id, last))).collect(),
        bundle: bundle(talks.iter().map(|(_, last)| status(last, "hello")).collect()),
        older: Some(Cursor::Before("1".into())),
        ..Page::default()
    };
    let mut desk = Desk::new(&["direct"]);
    let reply = |asked, talks| Msg::Reply(Reply::Review { stream: stream("direct"), asked, result: Ok(page(talks)) });
    desk.send(Msg::Reply(Reply::Page {
        stream: stream("direct"),
        cursor: None,
        result: Ok(page(&[("3", "30"), ("2", "20"), ("1", "10")])),
    }));
    assert_eq!(desk.after(5), [look("direct", 1)]);
    desk.send(reply(1, &[("3", "30"), ("2", "20"), ("1", "10")]));
    assert_eq!(desk.reconnect(), [look("direct", 2)], "at once");
    desk.send(reply(2, &[("4", "50"), ("1", "40"), ("5", "35")]));
    assert_eq!(desk.rows("direct"), ["50", "40", "35", "gap>30", "30", "20"], "moved and new; it does not meet what was held");
    assert_eq!(desk.after(5), [look("direct", 3)], "and once more");
    let newer = Payload::Conversation(talk("2", "60"), bundle(vec![status("60", "now")]));
    desk.event(&["direct"], newer);
    desk.send(reply(3, &[("4", "50"), ("1", "40"), ("5", "35"), ("6", "33"), ("3", "30"), ("2", "20")]));
    assert_eq!(desk.rows("direct"), ["60", "50", "40", "35", "33", "30"], "3 has not changed, so nothing is missing above it");
    assert_eq!(desk.timeline("direct").completeness(&stream("direct")), Completeness::Unknown(Unproven::Unordered));
    assert_eq!(desk.after(900), []);
    // One that cannot be read costs itself.
    assert_eq!(desk.reconnect(), [look("direct", 4)]);
    let page = Page { rejected: 1, ..page(&[("2", "60"), ("4", "50")]) };
    desk.send(Msg::Reply(Reply::Review { stream: stream("direct"), asked: 4, result: Ok(page) }));
    assert_eq!(desk.rows("direct")[..2], ["60", "50"]);
}

#[test]
fn a_newest_page_closes_the_gaps_that_it_covers_and_no_others() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20"], None);
    desk.reconnect();
    desk.fail("home", 1, FailureKind::Forbidden);
    for id in ["40", "41"] {
        desk.post(&["home"], id);
    }
    desk.reconnect();
    desk.newer("home", 2, &[]);
    assert_eq!(desk.rows("home"), ["41", "40", "gap>20", "20"]);
    desk.after(5);
    desk.looked("home", 3, &["41", "40", "30"]);
    assert_eq!(desk.rows("home"), ["41", "40", "30", "gap>20", "20"], "30 is not 20");
    let question = desk.open.pop().unwrap();
    desk.about(&question, Ok(status("20", "still here")));
    assert_eq!(desk.after(60), [deep("home", None, 4)]);
    desk.looked("home", 4, &["41", "40", "30"]);
    desk.looked("home", 5, &["25", "20", "15"]);
    assert_eq!(desk.rows("home"), ["41", "40", "30", "25", "20", "15"]);
}

#[test]
fn where_the_servers_list_ends_nothing_is_proven_below() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20"], None);
    desk.reconnect();
    desk.fail("home", 1, FailureKind::Forbidden);
    desk.post(&["home"], "40");
    desk.back(&["home"]);
    desk.after(5);
    desk.looked("home", 3, &["40"]);
    while let Some(question) = desk.open.pop() {
        desk.about(&question, Ok(status("20", "still here")));
    }
    assert_eq!(desk.after(60), [deep("home", None, 4)]);
    assert_eq!(desk.looked("home", 4, &["40"]), [deep("home", Some("40"), 5)]);
    assert_eq!(desk.looked("home", 5, &[]), []);
    assert_eq!(desk.rows("home"), ["40", "gap>20", "20"]);
}

#[test]
fn a_page_that_is_not_ready_is_asked_for_again() {
    // 206 is a failure of the kind that may pass (the door says so), never a page.
    let mut desk = Desk::new(&["home"]);
    desk.send(Msg::Reply(Reply::Page { stream: stream("home"), cursor: None, result: Err(failure(FailureKind::Retry)) }));
    assert_eq!((desk.after(4), desk.after(1)), (vec![], vec![Effect::Ask(Question::Page { stream: stream("home"), cursor: None })]));
    desk.page("home", None, &["20"], None);
    let asked = desk.state.questions;
    desk.look_failed("home", asked, FailureKind::Retry);
    assert_eq!(desk.timeline("home").gaps().count(), 0);
    assert_eq!((desk.after(4), desk.after(1)), (vec![], vec![look("home", asked + 1)]));
    desk.look_failed("home", asked + 1, FailureKind::Forbidden);
    assert_eq!(desk.rows("home"), ["gap>20", "20"], "what could not be looked at is not proven");
}

#[test]
fn a_look_without_a_budget_leaves_a_gap_that_enter_fills() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20", "19"], None);
    let now = desk.state.now;
    while desk.state.budget.take(now) {}
    assert_eq!(desk.after(5), []);
    assert_eq!(desk.rows("home"), ["gap>20", "20", "19"]);
    assert_eq!(desk.timeline("home").gaps().next().unwrap().stopped, Some(Stopped::Budget));
    assert!(desk.state.notices.shown().is_some_and(|notice| notice.text.as_str().contains("too many pages")));
    assert_eq!(desk.timeline("home").completeness(&stream("home")), Completeness::Gaps(1));
    desk.after(900);
    assert_eq!(desk.key("g enter"), [newer("home", "19", 1)]);
    desk.newer("home", 1, &["21", "20"]);
    desk.newer("home", 2, &[]);
    assert_eq!(desk.rows("home"), ["21", "20", "19"]);
    assert!(matches!(desk.timeline("home").completeness(&stream("home")), Completeness::Since(_)));
}

/// A reader parked among 100 to 109, with 200 to 203 above and so many rows kept; the newest page brings 300 to 305 and does not
/// reach down. Gives back the question that was answered, and what is wished then.
fn parked_below_a_hole(rows: usize) -> (Desk, u64, Vec<Effect>) {
    let mut desk = Desk::new(&["home"]);
    desk.state.settings.rows = rows;
    for id in 100..110 {
        desk.post(&["home"], &id.to_string());
    }
    desk.key("j j j j");
    desk.page("home", None, &["109"], None);
    for id in 200..204 {
        desk.post(&["home"], &id.to_string());
    }
    desk.after(5);
    let asked = desk.timeline("home").review.as_ref().unwrap().asked.unwrap();
    let ids: Vec<String> = (300..306).rev().map(|id| id.to_string()).collect();
    let effects = desk.looked("home", asked, &ids.iter().map(String::as_str).collect::<Vec<_>>());
    (desk, asked, effects)
}

#[test]
fn rows_that_are_dropped_between_a_question_and_its_answer_leave_a_gap() {
    for rows in 6..30 {
        let (mut desk, asked, _) = parked_below_a_hole(rows);
        let ids: Vec<String> = (100..110).rev().map(|id| id.to_string()).collect();
        let mut effects = desk.looked("home", asked + 1, &ids.iter().map(String::as_str).collect::<Vec<_>>());
        while let [Effect::Ask(Question::Newer { asked, after, .. })] = &effects[..] {
            let after: u32 = after.parse().unwrap();
            let ids: Vec<String> = (100..110).chain(200..306).filter(|id| *id > after).take(6).map(|id| id.to_string()).collect();
            effects = desk.newer("home", *asked, &ids.iter().rev().map(String::as_str).collect::<Vec<_>>());
        }
        let timeline = desk.timeline("home");
        assert_eq!(timeline.refill, None);
        let shown = desk.rows("home");
        for pair in shown.iter().filter_map(|row| row.parse::<u32>().ok()).collect::<Vec<_>>().windows(2) {
            let [newer, older] = pair else { continue };
            let is_beside = *newer == older + 1 || (*newer, *older) == (200, 109);
            let reaches = |gap: &Gap| gap.before.as_ref().is_none_or(|before| before.parse::<u32>().unwrap() >= *newer);
            let mut gaps = timeline.gaps().filter(|gap| gap.after.parse::<u32>().unwrap() <= *older && reaches(gap));
            assert!(is_beside || gaps.next().is_some(), "{rows} rows: nothing says what is missing below {newer}: {shown:?}");
        }
    }
}

#[test]
fn what_a_look_leaves_open_stays_marked_where_rows_are_dropped_for_a_parked_reader() {
    let (mut desk, asked, effects) = parked_below_a_hole(16);
    assert_eq!(effects, [look_below("home", "200", asked + 1)], "what is on screen first");
    let ids: Vec<String> = (100..110).rev().map(|id| id.to_string()).collect();
    let effects = desk.looked("home", asked + 1, &ids.iter().map(String::as_str).collect::<Vec<_>>());
    let [Effect::Ask(Question::Newer { asked, .. })] = &effects[..] else { panic!("{effects:?}") };
    let ids: Vec<String> = (204..210).rev().map(|id| id.to_string()).collect();
    desk.newer("home", *asked, &ids.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(desk.timeline("home").refill, None);
    let shown = ["305", "304", "303", "302", "301", "300", "gap>209", "209", "208", "gap>109", "109"];
    assert_eq!(desk.rows("home")[..11], shown, "210 to 299 are not known either");
}

#[test]
fn a_stream_that_is_polled_from_now_on_trusts_what_came_live() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20"], None);
    desk.after(5);
    desk.looked("home", 1, &["20"]);
    for id in 100..200 {
        desk.post(&["home"], &id.to_string());
    }
    let polled = Event::Subscription { stream: stream("home"), standing: Subscription::Open, rung: Rung::Polling };
    assert_eq!(desk.send(Msg::Event(origin(), polled)), [look("home", 2)]);
    let ids: Vec<String> = (161..201).rev().map(|id| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(desk.looked("home", 2, &ids), [], "everything up to 199 came");
    assert_eq!((desk.timeline("home").gaps().count(), desk.rows("home")[0].clone()), (0, "200".to_owned()));
}

#[test]
fn what_was_asked_before_posts_were_shed_proves_nothing() {
    let mut desk = Desk::new(&["home"]);
    desk.page("home", None, &["20"], None);
    assert_eq!(desk.after(5), [look("home", 1)]);
    desk.post(&["home"], "21");
    let effects = desk.send(Msg::Event(origin(), Event::Lagged { shed: vec![(stream("home"), 3)] }));
    assert_eq!(effects, [newer("home", "20", 2)]);
    desk.looked("home", 1, &["21", "20"]);
    assert_eq!(desk.rows("home"), ["gap>21", "21", "20"]);
    assert_eq!(desk.newer("home", 2, &["23", "22", "21"]), [newer("home", "23", 3)]);
    assert_eq!(desk.newer("home", 3, &[]), [look("home", 4)], "and the look begins anew");
}

fn payloads() -> impl Strategy<Value = Payload> {
    let id = (1_u32..40).prop_map(|id| id.to_string());
    prop_oneof![
        4 => (id.clone(), 0_i64..4).prop_map(|(id, second)| Payload::Update(bundle(vec![
            if second == 0 { status(&id, "first") } else { edited(&id, &format!("v{second}"), second) }
        ]))),
        2 => (id.clone(), 1_i64..6).prop_map(|(id, second)| Payload::Edit(bundle(vec![edited(&id, &format!("v{second}"), second)]))),
        2 => id.clone().prop_map(|id| Payload::Delete(sid(&id))),
        2 => (id.clone(), id.clone()).prop_map(|(id, of)| if id == of { Payload::Other } else { Payload::Update(bundle(boost(&format!("b{id}{of}"), &of))) }),
        1 => (id.clone(), id.clone()).prop_map(|(id, of)| {
            let mut quoting = status(&format!("q{id}"), "quotes");
            quoting.quote = Some(Box::new(Quote { state: QuoteState::Accepted, status: Some(sid(&of)) }));
            Payload::Update(bundle(vec![status(&of, "quoted"), quoting]))
        }),
        1 => (id.clone(), id.clone()).prop_map(|(id, of)| Payload::Notification(notification(&id, Some(&of)), bundle(vec![status(&of, "mine")]))),
        1 => (id.clone(), id).prop_map(|(id, last)| Payload::Conversation(
            Conversation { id: ConversationId::new(&id).unwrap(), accounts: vec![], unread: false, last_status: Some(sid(&last)) },
            bundle(vec![status(&last, "hello")]),
        )),
        1 => Just(Payload::NotificationsMerged),
        1 => Just(Payload::FiltersChanged),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Event(Vec<&'static str>, Box<Payload>),
    Burst(Vec<(Vec<&'static str>, Payload)>),
    Key(&'static str),
    Connection(bool),
    Lagged(u64),
    Page(&'static str, Vec<u32>),
    Older(&'static str, Vec<u32>),
    Newer(Vec<u32>, bool),
    Look(Vec<u32>, bool),
    About(u8),
    Standing(&'static str, u8),
    Seconds(i64),
    Resize(u16, u16),
    Filter(&'static str, bool),
    Search(&'static str, bool),
}

fn steps() -> impl Strategy<Value = Step> {
    let streams = proptest::sample::subsequence(vec!["home", "local", "federated", "#rust", "notifications", "direct"], 1..4);
    let key = proptest::sample::select(vec![
        "j", "k", "g", "G", "]", "space", "enter", "esc", "1", "2", "3", "tab", "x", "u", "a", "down", ":", "?", "A", "ctrl-d", "ctrl-u",
        "ctrl-r",
    ]);
    prop_oneof![
        12 => (streams, payloads()).prop_map(|(streams, payload)| Step::Event(streams, Box::new(payload))),
        3 => together::events().prop_map(Step::Burst),
        6 => key.prop_map(Step::Key),
        1 => any::<bool>().prop_map(Step::Connection),
        1 => (1_u64..9).prop_map(Step::Lagged),
        1 => (proptest::sample::select(vec!["home", "local", "#rust"]), proptest::collection::vec(1_u32..40, 0..8))
            .prop_map(|(spec, ids)| Step::Page(spec, ids)),
        2 => (proptest::sample::select(vec!["home", "local", "#rust"]), proptest::collection::vec(1_u32..40, 0..8))
            .prop_map(|(spec, ids)| Step::Older(spec, ids)),
        6 => (proptest::collection::vec(1_u32..60, 0..8), proptest::bool::weighted(0.8)).prop_map(|(ids, well)| Step::Newer(ids, well)),
        6 => (proptest::collection::vec(1_u32..60, 0..8), proptest::bool::weighted(0.8)).prop_map(|(ids, well)| Step::Look(ids, well)),
        4 => (0_u8..4).prop_map(Step::About),
        1 => (proptest::sample::select(vec!["home", "local", "#rust", "notifications", "direct"]), 0_u8..5)
            .prop_map(|(spec, standing)| Step::Standing(spec, standing)),
        2 => (0_i64..400).prop_map(Step::Seconds),
        1 => (1_u16..200, 1_u16..60).prop_map(|(columns, lines)| Step::Resize(columns, lines)),
        2 => (proptest::sample::select(finding::FILTERS.to_vec()), any::<bool>()).prop_map(|(text, kept)| Step::Filter(text, kept)),
        1 => (proptest::sample::select(vec!["v1", "first", "/v[23]/", "nowhere"]), any::<bool>())
            .prop_map(|(text, kept)| Step::Search(text, kept)),
    ]
}

/// The same streams, each in a tab of its own, and in tabs of several: `State::check` holds those against the naive merge.
const TABS: [&[&str]; 3] = [
    &["home", "local", "federated", "#rust", "notifications", "direct"],
    &["home + #rust", "local", "home", "#rust + federated + local", "notifications", "direct"],
    &["home + local + federated + #rust", "direct", "#rust + local", "notifications"],
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn any_messages_keep_the_invariants(tabs in proptest::sample::select(TABS.to_vec()), steps in proptest::collection::vec(steps(), 1..120)) {
        let mut desk = Desk::new(tabs);
        desk.state.settings.rows = 12;
        for step in steps {
            match step {
                Step::Newer(ids, well) => {
                    // Whatever is asked at present, somewhere.
                    let walks = desk.state.timelines.iter().find_map(|(stream, timeline)| {
                        let refill = timeline.refill.as_ref()?;
                        Some((stream.clone(), refill.asked?, refill.from.to_string()))
                    });
                    let Some((stream, asked, from)) = walks else { continue };
                    let mut ids: Vec<u32> = ids.into_iter().filter(|id| from.parse().is_ok_and(|from: u32| *id > from)).collect();
                    ids.sort_unstable();
                    ids.dedup();
                    ids.reverse();
                    let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
                    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                    if well && stream != Stream::UserNotification {
                        desk.newer(&stream.spec().to_string(), asked, &ids);
                    } else {
                        desk.fail(&stream.spec().to_string(), asked, if well { FailureKind::Forbidden } else { FailureKind::Retry });
                    }
                }
                Step::Look(ids, well) => {
                    let looks = desk.state.timelines.iter().find_map(|(stream, timeline)| {
                        let asked = timeline.review.iter().chain(&timeline.deep).find_map(|review| review.asked)?;
                        Some((stream.clone(), asked))
                    });
                    let Some((stream, asked)) = looks else { continue };
                    let items = ids.iter().map(u32::to_string).map(|id| match stream {
                        Stream::UserNotification => Item::Notification(notification(&id, None)),
                        Stream::Direct => Item::Conversation(Conversation {
                            id: ConversationId::new(&id).unwrap(),
                            accounts: vec![],
                            unread: false,
                            last_status: Some(sid(&id)),
                        }),
                        Stream::User | Stream::Public { .. } | Stream::Hashtag { .. } | Stream::List(_) => Item::Status(sid(&id)),
                    });
                    let page = Page {
                        items: items.collect(),
                        bundle: bundle(ids.iter().map(|id| status(&id.to_string(), "look")).collect()),
                        older: ids.iter().min().map(|id| Cursor::Before(id.to_string())),
                        rejected: ids.len() % 7 / 6,
                        ..Page::default()
                    };
                    let result = if well { Ok(page) } else { Err(failure([FailureKind::Retry, FailureKind::Forbidden][ids.len() % 2])) };
                    desk.send(Msg::Reply(Reply::Review { stream, asked, result }));
                }
                Step::About(kind) => {
                    let Some(effect) = desk.open.pop() else { continue };
                    let said = failure(if kind == 0 { FailureKind::Retry } else { FailureKind::NotFound });
                    let reply = if let Effect::Ask(Question::Status { id, asked }) = effect {
                        let result = if kind == 3 { Ok(bundle(vec![status(id.as_str(), "still here")])) } else { Err(said) };
                        Reply::Status { id, asked, result, raw: None }
                    } else if let Effect::Ask(Question::Notification { id, asked }) = effect {
                        let result = if kind == 3 { Ok((notification(id.as_str(), None), bundle(vec![]))) } else { Err(said) };
                        Reply::Notification { id, asked, result }
                    } else {
                        panic!("{effect:?}");
                    };
                    desk.send(Msg::Reply(reply));
                }
                Step::Standing(spec, standing) => {
                    let (standing, rung) = match standing {
                        0 => (Subscription::Open, Rung::Multiplexed),
                        1 | 2 => (Subscription::Open, Rung::Polling),
                        3 => (Subscription::Interrupted(Plain::line("reset")), Rung::Socket),
                        _ => (Subscription::NotStreamed, Rung::Multiplexed),
                    };
                    desk.send(Msg::Event(origin(), Event::Subscription { stream: stream(spec), standing, rung }));
                }
                Step::Event(streams, payload) => desk.event(&streams, *payload),
                Step::Burst(events) => together::send(&mut desk, events),
                Step::Key(key) => drop(desk.key(key)),
                Step::Connection(true) => drop(desk.send(Msg::Event(origin(), Event::Connection(Connection::Live)))),
                Step::Connection(false) => {
                    let gone = Connection::Offline { reason: Plain::line("gone"), attempt: 1, retry_in: Duration::from_secs(1) };
                    desk.send(Msg::Event(origin(), Event::Connection(gone)));
                }
                Step::Lagged(count) => drop(desk.send(Msg::Event(origin(), Event::Lagged { shed: vec![(stream("home"), count)] }))),
                Step::Page(spec, ids) => {
                    let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
                    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                    desk.page(spec, None, &ids, ids.last().copied());
                }
                Step::Older(spec, ids) => {
                    let Some(Some(Cursor::Before(from))) = desk.state.timelines.get(&stream(spec)).map(|timeline| timeline.older.clone()) else { continue };
                    let ids: Vec<String> = ids.into_iter().filter(|id| from.parse().is_ok_and(|from: u32| *id < from)).map(|id| id.to_string()).collect();
                    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                    desk.page(spec, Some(&from), &ids, ids.last().copied());
                }
                Step::Seconds(seconds) => {
                    let then = desk.state.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
                    desk.send(Msg::Tick(then));
                    let wakes = |timeline: &Timeline| timeline.look_at().is_none_or(|at| at > then) || timeline.refill.is_some() || timeline.review.is_some();
                    prop_assert!(desk.state.line.state != Connection::Live || desk.state.timelines.values().all(wakes));
                    prop_assert!(desk.state.deep_at().is_none_or(|at| at > then), "a deep pass is due and nothing asks");
                }
                Step::Filter(text, kept) => finding::filter(&mut desk, text, kept),
                Step::Search(text, kept) => finding::search(&mut desk, text, kept),
                Step::Resize(columns, lines) => drop(desk.send(Msg::Resized(columns, lines))),
            }
        }
    }

    #[test]
    fn the_end_does_not_depend_on_the_order(seed in proptest::collection::vec(any::<u64>(), 40), deletes in proptest::collection::vec(1_u32..12, 0..4)) {
        // Posts with their edits and some deletes, in two different orders over two streams.
        let mut events: Vec<(&str, Payload)> = Vec::new();
        for id in 1..12_u32 {
            let id = id.to_string();
            events.push(("home", Payload::Update(bundle(vec![status(&id, "first")]))));
            events.push(("local", Payload::Update(bundle(vec![status(&id, "first")]))));
            events.push(("local", Payload::Edit(bundle(vec![edited(&id, "second", 2)]))));
            events.push(("home", Payload::Edit(bundle(vec![edited(&id, "third", 3)]))));
        }
        for id in &deletes {
            events.push(("local", Payload::Delete(sid(&id.to_string()))));
        }
        let end = |order: &[usize]| {
            let mut desk = Desk::new(&["direct", "home", "local"]);
            for index in order {
                let (stream, payload) = events[*index].clone();
                desk.event(&[stream], payload);
            }
            let words: Vec<String> = (1..12).map(|id: u32| desk.words(&id.to_string())).collect();
            (desk.rows("home"), desk.rows("local"), words)
        };
        let straight: Vec<usize> = (0..events.len()).collect();
        let mut shuffled = straight.clone();
        shuffled.sort_by_key(|index| seed[index % seed.len()].rotate_left(u32::try_from(*index).unwrap()));
        prop_assert_eq!(end(&straight), end(&shuffled));
    }
}

#[test]
fn commands_that_make_no_sense_now_do_nothing() {
    let mut desk = Desk::new(&["home"]);
    for command in [Command::Read, Command::NextUnread, Command::RestoreTab, Command::Accept, Command::SelectTab(9), Command::Down] {
        assert!(!desk.state.can(command), "{command:?}");
        assert_eq!(desk.send(Msg::Command(command)), []);
    }
}

/// The keys of a configuration's table.
fn keys_of(table: &str) -> Keymap {
    Config::parse(std::path::Path::new("config.toml"), &format!("[keys]\n{table}")).unwrap().config.keymap
}

#[test]
fn a_sequence_waits_without_a_timeout_and_esc_or_anything_else_gives_it_up() {
    let mut desk = Desk::new(&["home", "local"]);
    for id in ["1", "2", "3"] {
        desk.post(&["home"], id);
    }
    desk.state.settings.keymap = keys_of("last = [\"g e\"]\nfirst = [\"g g\", \"home\"]\nnext-tab = \"space t\"\nhold = []");
    assert_eq!(desk.key("g"), []);
    assert_eq!(desk.state.pending.len(), 1);
    desk.after(3600);
    assert_eq!(desk.state.pending.len(), 1, "nothing but a key ends it");
    desk.key("e");
    assert_eq!((desk.state.pending.len(), desk.tab("home").cursor.clone()), (0, Some(RowKey::Status(sid("1")))));
    desk.key("g g");
    assert_eq!(desk.tab("home").anchor, Anchor::Top);

    desk.key("? g esc");
    assert_eq!((desk.state.pending.len(), desk.state.overlays.len()), (0, 1), "esc gives up the sequence alone");
    desk.key("esc space t");
    assert_eq!(desk.state.tabs.active().unwrap().sources, stream("local"));

    desk.key("space x");
    assert_eq!((desk.state.pending.len(), desk.state.tabs.all().len()), (0, 2), "x is part of what was given up");
    assert_eq!(desk.state.notices.shown().unwrap().text.as_str(), "space x is bound to nothing");
    desk.key("space");
    desk.send(Msg::Mouse(Mouse::WheelDown, 5, 5));
    assert_eq!(desk.state.pending, []);
    assert_eq!(desk.key("space ctrl-c"), [Effect::Quit], "the way out is never part of a sequence");
}

#[test]
fn keys_of_the_file_are_typed_where_text_is_typed() {
    let mut desk = Desk::new(&["home"]);
    desk.state.settings.keymap = keys_of("back = [\"esc\", \"q\"]\nquit = \"ctrl-x ctrl-c\"\nfirst = \"g g\"");
    desk.key(": q g");
    let Some(Overlay::Picker(Picker { kind: Pick::Command, prompt, .. })) = desk.state.overlays.last() else {
        panic!("{:?}", desk.state.overlays)
    };
    assert_eq!((prompt.text(), desk.state.pending.len()), ("qg", 0));
    desk.key("esc ? q");
    assert_eq!(desk.state.overlays, [], "q goes back where nothing is typed");
    assert_eq!(desk.key("ctrl-x ctrl-c"), [Effect::Quit]);
}

#[test]
fn unread_posts_are_met_in_both_directions() {
    let mut desk = Desk::new(&["home"]);
    for id in 1..=30 {
        desk.post(&["home"], &id.to_string());
    }
    desk.key("G");
    for id in 31..=32 {
        desk.post(&["home"], &id.to_string());
    }
    let unseen: Vec<RowKey> = ["31", "32"].map(|id| RowKey::Status(sid(id))).into();
    assert!(unseen.iter().all(|key| desk.tab("home").unseen.contains(key)));
    desk.key("[");
    assert_eq!(desk.tab("home").cursor.as_ref(), Some(&unseen[0]), "the nearest one above");
}

#[test]
fn settings_that_were_read_again_hold_at_once() {
    let mut desk = Desk::new(&["home"]);
    for id in 1..=90 {
        desk.post(&["home"], &id.to_string());
    }
    let text = "rows = 100\nkeys.help = \"f2\"";
    let mut config = Config::parse(std::path::Path::new("config.toml"), text).unwrap().config;
    config.rows = 20;
    desk.key("g");
    desk.send(Msg::Reloaded(Settings::from(&config), vec!["#rust".parse().unwrap(), "list:Friends".parse().unwrap()]));
    assert_eq!(desk.rows("home").len(), 20);
    assert_eq!(desk.state.subscriptions(), [stream("home"), stream("#rust")]);
    assert_eq!(desk.state.tabs.active().unwrap().sources, stream("home"), "nobody is taken elsewhere");
    assert_eq!(desk.state.unresolved.len(), 1, "the list waits for the lists");
    desk.key("f2");
    assert!(matches!(desk.state.overlays.last(), Some(Overlay::Help { .. })));
}

#[test]
fn themes_are_seen_as_they_are_chosen_and_esc_brings_the_old_one_back() {
    let mut desk = Desk::new(&["home"]);
    let worn = |desk: &Desk| desk.state.scheme().unwrap().name.clone();
    desk.send(Msg::Command(Command::Theme));
    assert_eq!(worn(&desk), "terminal", "it opens on the one that is worn");
    desk.key("down down");
    assert_eq!((worn(&desk).as_str(), desk.state.settings.theme.as_str()), ("tundra", "terminal"));
    desk.key("esc");
    assert_eq!(worn(&desk), "terminal");
    desk.send(Msg::Command(Command::Theme));
    desk.send(Msg::Paste("warm".into()));
    assert_eq!(worn(&desk), "ember", "words of what is said about it are found, too");
    desk.key("ctrl-n enter");
    assert_eq!((worn(&desk).as_str(), desk.state.overlays.len()), ("steppe", 0));
    assert!(desk.state.notices.shown().unwrap().text.as_str().contains("theme = \"steppe\""));
    desk.send(Msg::Command(Command::Theme));
    desk.key("up");
    desk.send(Msg::Mouse(Mouse::Click, 1, 0));
    desk.key("z z z");
    assert_eq!(worn(&desk), "steppe", "nothing matches");
    desk.key("ctrl-u esc");
    let config = Config::parse(std::path::Path::new("c"), "theme = \"mine\"\nthemes.mine.accent = \"red\"").unwrap().config;
    desk.send(Msg::Reloaded(Settings::from(&config), Vec::new()));
    assert_eq!(worn(&desk), "mine");
}

#[test]
fn the_reader_can_ask_again_for_a_refused_stream_and_for_a_better_way() {
    let mut desk = Desk::new(&["home", "#rust"]);
    let retries = |desk: &mut Desk| {
        desk.send(Msg::Command(Command::RetryNow));
        desk.state.retries
    };
    assert_eq!(retries(&mut desk), 0, "all is well");
    let reason = || Some(Plain::line("no streaming there"));
    let ladder = |rung, reason| Event::Ladder { rung, reason, climb_in: Some(Duration::from_secs(300)) };
    desk.send(Msg::Event(origin(), ladder(Rung::ServerSentEvents, reason())));
    assert_eq!(retries(&mut desk), 1);
    desk.send(Msg::Event(origin(), ladder(Rung::Multiplexed, None)));
    assert_eq!(retries(&mut desk), 1);
    let refused = Subscription::Refused(Plain::line("no"));
    desk.send(Msg::Event(origin(), Event::Subscription { stream: stream("#rust"), standing: refused, rung: Rung::Multiplexed }));
    assert_eq!(retries(&mut desk), 2);
}

#[test]
fn several_streams_in_one_tab_are_one_list_without_duplicates() {
    let mut desk = Desk::new(&["local", "home + #rust", "home"]);
    assert_eq!(desk.state.subscriptions(), [stream("local"), stream("home"), stream("#rust")], "each is subscribed to once");
    desk.post(&["home"], "1");
    desk.post(&["#rust"], "2");
    desk.post(&["home", "#rust"], "3");
    desk.post(&["home"], "4");
    desk.post(&["#rust"], "4");
    assert_eq!(desk.rows("home + #rust"), ["4", "3", "2", "1"]);
    assert_eq!((desk.rows("home"), desk.tab("home + #rust").unseen.len()), (vec!["4".into(), "3".into(), "1".into()], 4), "once a row");
    let carriers = |id: &str| desk.state.carriers(&sources("home + #rust"), &RowKey::Status(sid(id))).cloned().collect::<Vec<_>>();
    assert_eq!((carriers("2"), carriers("4")), (vec![stream("#rust")], vec![stream("home"), stream("#rust")]));
    desk.key("2");
    assert_eq!((desk.tab("home + #rust").unseen.len(), desk.tab("home + #rust").read.as_deref()), (4, None), "not drawn yet");
    desk.after(1);
    assert_eq!((desk.tab("home + #rust").unseen.len(), desk.tab("home + #rust").read.as_deref()), (0, Some("4")));
    assert_eq!(desk.state.read(), Markers::default(), "what was read in it is no word about home");
    desk.event(&["#rust"], Payload::Delete(sid("2")));
    assert_eq!(
        (desk.rows("home + #rust"), desk.rows("home")),
        (vec!["4".into(), "3".into(), "x2".into(), "1".into()], vec!["4".into(), "3".into(), "1".into()])
    );
    desk.key("1");
    desk.after(1);
    assert_eq!(desk.rows("home + #rust"), ["4", "3", "1"], "a tombstone leaves with the view");
    desk.key("2 x");
    assert_eq!(
        (desk.state.subscriptions(), desk.rows("home").len()),
        (vec![stream("local"), stream("home")], 3),
        "what another tab shows stays"
    );
    desk.key("u");
    assert_eq!(desk.rows("home + #rust"), ["4", "3", "1"], "and is there at once");
    desk.key("x");
    desk.key("2 x 1 x");
    assert!(desk.state.timelines.is_empty() && desk.state.subscriptions().is_empty());
}

#[test]
fn a_tab_over_rows_that_another_shows_already_hides_and_folds_as_that_does() {
    let mut desk = Desk::new(&["home + #rust"]);
    desk.state.settings.filters = vec![("home".parse().unwrap(), "-ferries".parse().unwrap())];
    desk.post(&["home"], "10");
    desk.event(&["home"], Payload::Update(bundle(boost("21", "11"))));
    desk.event(&["home"], Payload::Update(bundle(boost("22", "11"))));
    let hidden = Status { filtered: Some(vec![filter(FilterContext::Home, FilterAction::Hide)]), ..status("12", "") };
    desk.event(&["home"], Payload::Update(bundle(vec![hidden])));
    desk.event(&["home"], Payload::Update(bundle(vec![status("13", "two ferries")])));
    for keys in ["a", "u"] {
        desk.key(keys);
        if keys == "a" {
            desk.send(Msg::Paste("home".into()));
            desk.key("enter");
        }
        let tab = desk.tab("home");
        let shown: Vec<&str> =
            desk.state.rows(tab).unwrap().all().iter().filter(|row| desk.state.is_shown(tab, row)).map(Row::place_id).collect();
        assert_eq!((shown, desk.state.hidden(tab)), (vec!["22", "10"], 2), "{keys}");
        desk.key("x");
    }
}

#[test]
fn a_tab_of_several_ends_where_the_first_of_them_does() {
    let mut desk = Desk::new(&["home + #rust"]);
    desk.page("home", None, &["90", "50", "10"], Some("10"));
    assert_eq!(desk.rows("home + #rust"), ["90", "50", "10"], "nothing is known of the other yet");
    desk.page("#rust", None, &["80", "60"], Some("60"));
    assert_eq!(desk.rows("home + #rust"), ["90", "80", "60"], "below, posts of the other may be missing");
    let before = |id: &str| Some(Cursor::Before(id.into()));
    let asked = desk.key("G");
    assert_eq!(asked, [Effect::Ask(Question::Page { stream: stream("#rust"), cursor: before("60") })], "that one goes on");
    desk.page("#rust", Some("60"), &["40", "20"], Some("20"));
    assert_eq!(desk.rows("home + #rust"), ["90", "80", "60", "50", "40", "20"]);
    desk.post(&["home"], "95");
    desk.event(&["#rust"], Payload::Delete(sid("20")));
    assert_eq!(desk.rows("home + #rust")[..2], ["95", "90"]);
    assert_eq!(desk.state.next_older(&sources("home + #rust")), Some(&stream("#rust")), "what is gone was known");
    desk.page("#rust", Some("20"), &[], None);
    assert_eq!(desk.rows("home + #rust").last().map(String::as_str), Some("10"), "the end of one leaves the other's");
    assert_eq!(desk.state.next_older(&sources("home + #rust")), Some(&stream("home")));
}

#[test]
fn gaps_of_every_stream_stand_in_the_tab_and_one_key_fills_those_at_one_place() {
    let mut desk = Desk::new(&["home + #rust"]);
    for (streams, id) in [(vec!["home", "#rust"], "5"), (vec!["#rust"], "3")] {
        desk.post(&streams, id);
    }
    desk.event(&["home"], Payload::Other);
    desk.send(Msg::Event(origin(), Event::Lagged { shed: vec![(stream("home"), 2), (stream("#rust"), 1)] }));
    assert_eq!(desk.rows("home + #rust"), ["gap>5", "5", "3"], "one row for the place");
    let after: std::sync::Arc<str> = "5".into();
    let gaps = |desk: &Desk| {
        desk.state.gaps(&sources("home + #rust"), &after).iter().map(|(stream, gap)| ((*stream).clone(), gap.fill)).collect::<Vec<_>>()
    };
    assert_eq!(gaps(&desk), [(stream("home"), Fill::Filling), (stream("#rust"), Fill::Filling)], "asked for at once, both");
    let asked = |desk: &Desk, spec: &str| desk.state.timelines[&stream(spec)].refill.as_ref().unwrap().asked.unwrap();
    for spec in ["home", "#rust"] {
        let number = asked(&desk, spec);
        desk.fail(spec, number, FailureKind::Forbidden);
    }
    assert_eq!(gaps(&desk), [(stream("home"), Fill::Left), (stream("#rust"), Fill::Left)]);
    desk.state.tabs.active_mut().unwrap().cursor = Some(RowKey::Gap(std::sync::Arc::clone(&after)));
    let asked_for = desk.key("enter");
    assert_eq!(asked_for.len(), 2, "{asked_for:?}");
    let number = asked(&desk, "home");
    desk.newer("home", number, &["7"]);
    assert_eq!(desk.rows("home + #rust"), ["gap>7", "7", "gap>5", "5", "3"], "each moves with its own walk");
    let number = asked(&desk, "#rust");
    desk.newer("#rust", number, &[]);
    assert_eq!(desk.rows("home + #rust"), ["gap>7", "7", "5", "3"]);
}

#[test]
fn a_tab_of_several_stays_still_where_it_is_read() {
    let mut desk = Desk::new(&["home + #rust"]);
    for id in 10..20 {
        desk.post(&[if id % 2 == 0 { "home" } else { "#rust" }], &id.to_string());
    }
    desk.key("j j j");
    let (cursor, top) = (desk.tab("home + #rust").cursor.clone(), desk.top());
    assert_eq!(cursor, Some(RowKey::Status(sid("16"))));
    for id in 20..30 {
        desk.post(&["home", "#rust"], &id.to_string());
    }
    assert_eq!((desk.tab("home + #rust").cursor.clone(), desk.top()), (cursor, top));
    assert_eq!(desk.tab("home + #rust").unseen.len(), 10);
    desk.event(&["home"], Payload::Delete(sid("16")));
    assert_eq!(desk.rows("home + #rust")[13], "x16");
    desk.key("g space");
    desk.post(&["#rust"], "31");
    assert!(desk.tab("home + #rust").held && desk.tab("home + #rust").unseen.contains(&RowKey::Status(sid("31"))));
    desk.key("space");
    desk.after(1);
    assert!(desk.tab("home + #rust").unseen.is_empty(), "{:?}", desk.tab("home + #rust"));
}

#[test]
fn two_readers_of_one_ledger_keep_their_places_when_rows_are_dropped() {
    let mut desk = Desk::new(&["home", "home + #rust"]);
    desk.state.settings.rows = 20;
    for id in 100..140 {
        desk.post(&["home"], &id.to_string());
    }
    desk.key("j j j j 2 j j");
    for id in 140..400 {
        desk.post(&["home"], &id.to_string());
        desk.post(&["#rust"], &format!("{id}5"));
    }
    assert_eq!(desk.tab("home").cursor, Some(RowKey::Status(sid("135"))));
    assert_eq!(desk.tab("home + #rust").cursor, Some(RowKey::Status(sid("137"))));
    assert!(desk.rows("home").iter().any(|row| row.starts_with("gap>")), "what was dropped between is marked");
}

#[test]
fn specs_of_several_open_one_tab_and_wait_for_lists_where_they_need_them() {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let specs = ["list:Friends + home", "#rust + home", "home + #Rust"].map(|spec| spec.parse().unwrap());
    let state = State::new(Settings::default(), now, specs.to_vec());
    let mut desk = Desk { state, lines: 5, measured: Measured::default(), open: Vec::new() };
    assert_eq!((desk.state.tabs.all().len(), desk.state.unresolved.len()), (1, 1), "equal ones are one");
    desk.send(Msg::Event(origin(), Event::Connection(Connection::Live)));
    let lists = vec![List { id: ListId::new("7").unwrap(), title: Plain::line("Friends") }];
    desk.send(Msg::Reply(Reply::Offer(Ok(Offer { lists, followed_tags: Vec::new() }))));
    let titles = desk.state.tabs.all().iter().map(|tab| tab.sources.title(&desk.state.offer.lists).to_string()).collect::<Vec<_>>();
    assert_eq!(titles, ["Friends + Home", "#rust + Home"]);
    desk.key("a");
    desk.send(Msg::Paste("home + tokio".into()));
    desk.key("enter");
    assert_eq!(desk.state.tabs.active().unwrap().sources, sources("home + #tokio"));
}

/// A reply to another post.
fn reply(id: &str, to: &str) -> Status {
    Status { in_reply_to_id: Some(sid(to)), in_reply_to_account_id: Some(AccountId::new("1").unwrap()), ..status(id, "reply") }
}

fn live(desk: &mut Desk, id: &str, to: &str) {
    desk.event(&["home"], Payload::Update(bundle(vec![reply(id, to)])));
}

/// The open thread in short: ids in their order, `x` before those that are gone, `*` before those not read, `>` before the one
/// with the cursor.
fn thread(desk: &Desk) -> String {
    let detail = desk.state.detail().unwrap();
    let store = &desk.state.store;
    let mark = |id: &StatusId| {
        let marks = [("x", store.is_deleted(id)), ("*", detail.unread.contains(id)), (">", detail.cursor == *id)];
        marks.iter().filter(|(_, is)| *is).map(|(mark, _)| *mark).collect::<String>()
    };
    let places = detail.tree.order().places().iter();
    places.map(|place| format!("{}{}{}", ".".repeat(usize::from(place.level)), mark(&place.id), place.id)).collect::<Vec<_>>().join(" ")
}

fn asked_thread(effects: &[Effect]) -> Option<(String, u64)> {
    effects
        .iter()
        .find_map(|effect| if let Effect::Ask(Question::Thread { id, asked }) = effect { Some((id.to_string(), *asked)) } else { None })
}

fn answer_thread(desk: &mut Desk, effects: &[Effect], above: &[(&str, &str)], below: &[(&str, &str)]) -> Vec<Effect> {
    let (id, asked) = asked_thread(effects).unwrap();
    let ids = |posts: &[(&str, &str)]| posts.iter().map(|(id, _)| sid(id)).collect();
    let posts = above.iter().chain(below).map(|(id, to)| if to.is_empty() { status(id, "root") } else { reply(id, to) }).collect();
    let own = desk.state.store.status(&sid(&id)).map_or_else(|| status(&id, "opened"), |entry| entry.status().clone());
    let thread = Thread { ancestors: ids(above), descendants: ids(below), bundle: bundle(posts) };
    desk.send(Msg::Reply(Reply::Thread { id: sid(&id), asked, result: Ok((bundle(vec![own]), thread)) }))
}

#[test]
fn an_open_thread_takes_in_what_comes_wherever_it_comes() {
    let mut desk = Desk::new(&["home", "#rust", "notifications"]);
    desk.post(&["home"], "20");
    live(&mut desk, "21", "20");
    desk.key("j");
    let effects = desk.key("enter");
    assert_eq!(thread(&desk), ">20", "nothing gathers replies without an open thread");
    answer_thread(&mut desk, &effects, &[], &[("21", "20"), ("23", "21")]);
    assert_eq!(thread(&desk), ">20 .21 ..23", "what the first answer brings is no news");
    desk.lines = 2;
    desk.draw();
    desk.event(&["#rust"], Payload::Update(bundle(vec![reply("25", "23")])));
    live(&mut desk, "24", "21");
    live(&mut desk, "26", "99");
    desk.event(&["notifications"], Payload::Notification(notification("1", Some("27")), bundle(vec![reply("27", "20")])));
    assert_eq!(thread(&desk), ">20 .21 ..23 ...*25 ..*24 .*27");
    live(&mut desk, "99", "27");
    assert_eq!(thread(&desk), ">20 .21 ..23 ...*25 ..*24 .*27 ..*99 ...*26", "what came too early finds its place");
    desk.event(&["home"], Payload::Edit(bundle(vec![Status { in_reply_to_id: Some(sid("21")), ..edited("23", "other words", 9) }])));
    assert_eq!(desk.words("23"), "other words");
    desk.event(&["#rust"], Payload::Delete(sid("21")));
    desk.event(&["#rust"], Payload::Delete(sid("24")));
    assert_eq!(thread(&desk), ">20 .x21 ..23 ...*25 ..x24 .*27 ..*99 ...*26", "the replies of what is gone stay");
    live(&mut desk, "30", "21");
    assert_eq!(thread(&desk), ">20 .x21 ..23 ...*25 ..x24 ..*30 .*27 ..*99 ...*26");
    assert_eq!(desk.state.detail().unwrap().line, 0, "what is read stays where it is");
}

#[test]
fn replies_are_unread_until_they_have_been_in_view_and_a_key_goes_to_them() {
    let mut desk = Desk::new(&["home"]);
    desk.lines = 2;
    desk.post(&["home"], "20");
    let effects = desk.key("enter");
    answer_thread(&mut desk, &effects, &[], &[("21", "20"), ("22", "20"), ("23", "20")]);
    assert!(!desk.state.can(Command::NextUnread));
    live(&mut desk, "31", "22");
    live(&mut desk, "32", "23");
    assert_eq!(thread(&desk), ">20 .21 .22 ..*31 .23 ..*32");
    desk.send(Msg::Focused(false));
    desk.key("]");
    assert_eq!(thread(&desk), "20 .21 .22 ..>31 .23 ..*32");
    desk.key("]");
    assert_eq!(thread(&desk), "20 .21 .22 ..31 .23 ..>32");
    live(&mut desk, "33", "20");
    live(&mut desk, "34", "20");
    desk.key("G");
    desk.send(Msg::Focused(false));
    assert_eq!(thread(&desk), "20 .21 .22 ..31 .23 ..32 .33 .>34", "what has been in view is read");
    assert!(desk.state.next_deadline(&desk.measured).is_none_or(|at| at > desk.state.now));
    desk.key("g");
    assert_eq!(desk.state.detail().unwrap().index(), 0);
    desk.send(Msg::Focused(false));
    live(&mut desk, "35", "20");
    desk.lines = 20;
    desk.draw();
    desk.send(Msg::Tick(desk.state.now));
    assert!(thread(&desk).ends_with(".*35"), "nobody looks");
    desk.send(Msg::Focused(true));
    desk.send(Msg::Tick(desk.state.now));
    assert!(thread(&desk).ends_with(".35"));
}

#[test]
fn one_moves_through_a_thread_up_to_what_is_answered_and_into_a_reply_and_back() {
    let mut desk = Desk::new(&["home"]);
    desk.event(&["home"], Payload::Update(bundle(vec![status("10", "root"), reply("20", "10")])));
    let effects = desk.key("enter");
    assert_eq!(thread(&desk), "10 >20", "what is held stands above at once");
    assert_eq!(desk.state.detail().unwrap().line, 0);
    answer_thread(&mut desk, &effects, &[("5", ""), ("10", "5")], &[("21", "20"), ("22", "21")]);
    assert_eq!(thread(&desk), "5 10 >20 .21 ..22");
    assert!(!desk.state.can(Command::Read), "it is open");
    desk.key("P");
    assert_eq!(thread(&desk), "5 >10 20 .21 ..22");
    desk.key("j j j");
    assert_eq!(thread(&desk), "5 10 20 .21 ..>22");
    desk.key("R");
    assert_eq!(thread(&desk), ">5 10 20 .21 ..22");
    assert!(!desk.state.can(Command::Root) && !desk.state.can(Command::Parent));
    desk.key("j j j k j");
    let effects = desk.key("enter");
    assert_eq!(asked_thread(&effects).unwrap().0, "21");
    assert_eq!(thread(&desk), "5 10 20 >21 .22", "what is known of it is there at once");
    assert_eq!(desk.state.detail().unwrap().thread, ThreadState::Asked);
    live(&mut desk, "40", "22");
    answer_thread(&mut desk, &effects, &[("5", ""), ("10", "5"), ("20", "10")], &[("22", "21"), ("23", "22")]);
    assert_eq!(thread(&desk), "5 10 20 >21 .22 ..23 ..40");
    desk.key("esc");
    assert_eq!(thread(&desk), "5 10 20 .>21 ..22 ...23 ...40", "beneath it was live as well, and has been read");
    desk.key("esc");
    assert!(desk.state.detail().is_none());
}

#[test]
fn a_thread_is_asked_for_again_after_a_loss_and_on_a_key_and_what_it_lacks_is_asked_about() {
    let mut desk = Desk::new(&["home"]);
    desk.post(&["home"], "20");
    let effects = desk.key("enter");
    answer_thread(&mut desk, &effects, &[], &[("21", "20"), ("22", "21")]);
    desk.lose();
    assert_eq!(desk.state.detail().unwrap().thread, ThreadState::Here);
    let effects = desk.send(Msg::Event(origin(), Event::Connection(Connection::Live)));
    assert_eq!(asked_thread(&effects).unwrap().0, "20");
    assert_eq!(desk.state.detail().unwrap().thread, ThreadState::Again);
    desk.lines = 1;
    desk.draw();
    let effects = answer_thread(&mut desk, &effects, &[], &[("22", "21"), ("30", "20")]);
    assert_eq!(thread(&desk), ">20 .21 ..22 .*30", "what came meanwhile is news");
    let about: Vec<&Effect> =
        effects.iter().filter(|effect| matches!(effect, Effect::Ask(Question::Status { id, .. }) if *id == sid("21"))).collect();
    assert_eq!(about.len(), 1, "{effects:?}");
    desk.about(about[0], Err(FailureKind::NotFound));
    assert_eq!(thread(&desk), ">20 .x21 ..22 .*30");
    let effects = desk.key("ctrl-r");
    let (_, asked) = asked_thread(&effects).unwrap();
    assert!(asked_thread(&desk.key("ctrl-r")).is_none(), "it is under way");
    desk.send(Msg::Reply(Reply::Thread { id: sid("20"), asked, result: Err(failure(FailureKind::Retry)) }));
    assert!(matches!(desk.state.detail().unwrap().thread, ThreadState::Failed(_)));
    assert_eq!(thread(&desk), ">20 .x21 ..22 .*30", "what was there stays");
    desk.key("enter");
    assert!(desk.state.detail().is_some(), "enter on the open post does nothing");
}

#[test]
fn what_a_thread_shows_is_not_swept_away_and_few_are_open_at_once() {
    let mut desk = Desk::new(&["home"]);
    desk.post(&["home"], "20");
    let effects = desk.key("enter");
    answer_thread(&mut desk, &effects, &[], &[("21", "20")]);
    for id in 1_000..2_600 {
        desk.post(&["home"], &id.to_string());
    }
    assert!(desk.state.store.sizes().0 < 1_600, "it was swept");
    assert!(["20", "21"].iter().all(|id| desk.state.store.status(&sid(id)).is_some()));
    for _ in 0..40 {
        desk.key("j enter");
        desk.key("k enter");
    }
    assert!(desk.state.overlays.len() <= 16, "{}", desk.state.overlays.len());
}
