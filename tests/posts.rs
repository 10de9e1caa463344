//! What is told of posts beyond their rows, message by message: rows told together, histories of edits, profiles.
#![cfg(test)]

#[path = "common/least_status.rs"]
mod least_status;

use least_status::least_status;
use proptest::prelude::*;
use std::collections::HashMap;
use trunkline::model::*;
use trunkline::state::*;
use trunkline::text::{Html, Plain};
use trunkline::update::{Effect, Msg, Question, Reply, update};

fn sid(raw: &str) -> StatusId {
    StatusId::new(raw).unwrap()
}

fn aid(raw: &str) -> AccountId {
    AccountId::new(raw).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn account(id: &str, name: &str) -> Account {
    Account {
        id: aid(id),
        acct: Plain::line(&format!("{name}@tide.example")),
        display_name: Plain::line(name),
        url: None,
        bot: false,
        locked: false,
        avatar: None,
        emojis: Vec::new(),
    }
}

fn failure(kind: FailureKind) -> Failure {
    Failure { kind, reason: Plain::line("no") }
}

struct Desk {
    state: State,
    measured: Measured,
}

impl Desk {
    fn new(streams: &[Stream]) -> Self {
        Self::keeping(streams, 100)
    }

    fn keeping(streams: &[Stream], rows: usize) -> Self {
        let state = State::new(Settings { rows, ..Settings::default() }, at(0), streams.iter().cloned().map(Spec::Stream).collect());
        let mut desk = Self { state, measured: Measured::default() };
        desk.send(Msg::Event(Origin::default(), Event::Connection(Connection::Live)));
        let people = [("1", "ada"), ("2", "bo"), ("3", "cy"), ("4", "dee")].map(|(id, name)| account(id, name));
        desk.state.store.put(Bundle { accounts: people.to_vec(), statuses: Vec::new() });
        desk.draw();
        desk
    }

    fn send(&mut self, msg: Msg) -> Vec<Effect> {
        let said = format!("{msg:?}");
        let effects = update(&mut self.state, msg, &self.measured);
        self.state.check().unwrap_or_else(|broken| panic!("{broken}\nafter {said}"));
        self.draw();
        effects
    }

    /// What a screen with one line per row would measure.
    fn draw(&mut self) {
        const LINES: usize = 5;
        self.measured.timeline = self.state.tabs.active().map(|tab| {
            let shown = self.shown(tab.sources.only().unwrap());
            let at = |key: &RowKey| shown.iter().position(|shown| shown == key);
            let mut top = match &tab.anchor {
                Anchor::Top => 0,
                Anchor::Row(key, lines) => at(key).unwrap_or(0).saturating_sub(usize::try_from(-lines).unwrap_or(0)),
            };
            let cursor = tab.cursor.as_ref().and_then(at);
            if let (Anchor::Row(..), Some(cursor)) = (&tab.anchor, cursor) {
                top = top.clamp(cursor.saturating_sub(LINES - 1), cursor);
            }
            let visible: Vec<VisibleRow> = (0..5)
                .zip(shown.iter().skip(top))
                .map(|(y, key)| VisibleRow { key: key.clone(), y: 2 + y, height: 1, whole: true })
                .collect();
            let chosen = tab.cursor.as_ref().and_then(|cursor| visible.iter().find(|row| row.key == *cursor));
            let hold = chosen.map(|row| (row.key.clone(), 2 - i32::from(row.y))).or_else(|| Some((shown.get(top)?.clone(), 0)));
            TimelinePane {
                area: Area { x: 0, y: 2, width: 80, height: 5 },
                sources: tab.sources.clone(),
                asked: tab.anchor.clone(),
                top: shown.get(top).map(|key| (key.clone(), 0)),
                hold,
                visible,
            }
        });
    }

    /// The rows of a stream's tab that are drawn.
    fn shown(&self, stream: &Stream) -> Vec<RowKey> {
        let tab = self.state.tabs.of(stream).unwrap();
        self.state.timelines[stream].rows().iter().filter(|row| self.state.is_shown(tab, row)).map(Row::key).collect()
    }

    /// Who is told of in a row.
    fn told(&self, stream: &Stream, key: &RowKey) -> Vec<&str> {
        self.state.together(self.state.tabs.of(stream).unwrap(), key).into_iter().map(AccountId::as_str).collect()
    }

    fn visible(&self) -> Vec<RowKey> {
        self.measured.timeline.iter().flat_map(|pane| &pane.visible).map(|row| row.key.clone()).collect()
    }

    fn boosted(&mut self, id: &str, by: &str, of: &str) {
        let statuses = vec![post(of, "1"), boost(id, by, of)];
        self.event(Stream::User, Payload::Update(Bundle { accounts: Vec::new(), statuses }));
    }

    fn notified(&mut self, id: &str, kind: NotificationKind, by: &str, about: &str) {
        let notification =
            Notification { id: NotificationId::new(id).unwrap(), kind, created_at: None, account: Some(aid(by)), status: Some(sid(about)) };
        let bundle = Bundle { accounts: Vec::new(), statuses: vec![post(about, "1")] };
        self.event(Stream::UserNotification, Payload::Notification(notification, bundle));
    }

    fn key(&mut self, keys: &str) -> Vec<Effect> {
        keys.split_whitespace().flat_map(|key| self.send(Msg::Key(key.parse().unwrap()))).collect()
    }

    fn event(&mut self, stream: Stream, payload: Payload) -> Vec<Effect> {
        let event = StreamEvent { streams: vec![stream], named: None, name: Plain::line("event"), payload, raw: None };
        self.send(Msg::Event(Origin::default(), Event::Stream(event)))
    }

    fn post(&mut self, status: Status) -> Vec<Effect> {
        self.event(Stream::User, Payload::Update(Bundle { accounts: Vec::new(), statuses: vec![status] }))
    }

    fn reply(&mut self, reply: Reply) -> Vec<Effect> {
        self.send(Msg::Reply(reply))
    }

    fn edits(&self) -> &Edits {
        match self.state.overlays.last() {
            Some(Overlay::Edits(edits)) => edits,
            other => panic!("{other:?}"),
        }
    }

    fn profile(&self) -> &ProfileView {
        self.state.profile_view().unwrap_or_else(|| panic!("{:?}", self.state.overlays))
    }
}

fn post(id: &str, by: &str) -> Status {
    least_status(sid(id), aid(by), "<p>words</p>")
}

fn boost(id: &str, by: &str, of: &str) -> Status {
    Status { reblog: Some(sid(of)), content: Html::default(), ..post(id, by) }
}

fn version(html: &str) -> StatusEdit {
    StatusEdit {
        created_at: None,
        spoiler_text: Plain::default(),
        content: Html::new(html),
        sensitive: false,
        poll_options: Vec::new(),
        media_attachments: Vec::new(),
        omitted: 0,
    }
}

fn asks(question: Question) -> Vec<Effect> {
    vec![Effect::Ask(question)]
}

#[test]
fn a_history_is_asked_for_when_it_is_opened_and_again_when_the_post_is_edited() {
    let mut desk = Desk::new(&[Stream::User]);
    assert!(!desk.state.can(trunkline::command::Command::Edits), "there is no post");
    desk.post(post("5", "1"));
    let history = || asks(Question::History(sid("5")));
    assert_eq!(desk.key("e"), history());
    assert_eq!(desk.key("j"), [], "asked once");
    desk.reply(Reply::History(sid("5"), Ok(vec![version("<p>old</p>"), version("<p>new</p>")])));
    let Answer::Told(Some(versions)) = &desk.edits().history else { panic!("{:?}", desk.edits()) };
    assert_eq!(versions.len(), 2);
    let edited = Status { edited_at: Some(at(9)), ..post("5", "1") };
    let edit = Payload::Edit(Bundle { accounts: Vec::new(), statuses: vec![edited] });
    assert_eq!(desk.event(Stream::User, edit), history());
    desk.reply(Reply::History(sid("5"), Err(failure(FailureKind::Retry))));
    assert!(matches!(&desk.edits().history, Answer::Told(Some(versions)) if versions.len() == 2), "what is there stays");
    desk.event(Stream::User, Payload::Delete(sid("5")));
    assert_eq!(desk.edits().history, Answer::Told(None), "its words leave with it");
    desk.key("e");
    assert!(desk.state.overlays.is_empty(), "the same key closes it");
}

#[test]
fn a_history_that_could_not_be_had_is_asked_for_when_the_reader_tries_again() {
    let mut desk = Desk::new(&[Stream::User]);
    desk.post(post("5", "1"));
    desk.key("e");
    desk.reply(Reply::History(sid("5"), Err(failure(FailureKind::Forbidden))));
    assert_eq!(desk.edits().history, Answer::Failed(failure(FailureKind::Forbidden)));
    assert_eq!(desk.key("ctrl-r"), asks(Question::History(sid("5"))));
    assert_eq!(desk.edits().history, Answer::Asked);
}

#[test]
fn a_profile_is_asked_for_in_three_parts_and_turns_to_who_boosted() {
    let mut desk = Desk::new(&[Stream::User]);
    desk.event(Stream::User, Payload::Update(Bundle { accounts: Vec::new(), statuses: vec![post("5", "1"), boost("6", "2", "5")] }));
    let parts =
        |id: &str| [Question::Profile(aid(id)), Question::ProfilePosts(aid(id)), Question::Relationship(aid(id))].map(Effect::Ask).to_vec();
    assert_eq!(desk.key("p"), parts("1"), "of the post's author first");
    assert_eq!(desk.profile().people, [aid("1"), aid("2")]);
    desk.reply(Reply::Relationship(aid("1"), Err(failure(FailureKind::Forbidden))));
    desk.reply(Reply::Relationship(aid("2"), Ok(None)));
    assert_eq!(desk.profile().relationship, Answer::Failed(failure(FailureKind::Forbidden)), "an answer about another is not taken");
    assert_eq!(desk.key("p"), parts("2"));
    assert_eq!((desk.profile().who(), &desk.profile().relationship), (Some(&aid("2")), &Answer::Asked));
    desk.key("p");
    assert_eq!(desk.profile().who(), Some(&aid("1")));
    desk.key("esc");
    assert!(desk.state.overlays.is_empty());
}

#[test]
fn nobody_asks_how_the_reader_stands_with_themselves() {
    let mut desk = Desk::new(&[Stream::User]);
    desk.state.me = Some(account("1", "ada"));
    desk.post(post("5", "1"));
    assert_eq!(desk.key("p"), [Question::Profile(aid("1")), Question::ProfilePosts(aid("1"))].map(Effect::Ask));
}

#[test]
fn a_recent_post_is_opened_and_closing_it_comes_back_to_the_profile() {
    let mut desk = Desk::new(&[Stream::User]);
    desk.post(post("5", "1"));
    desk.key("p");
    let page = Page {
        items: ["9", "8"].map(|id| Item::Status(sid(id))).to_vec(),
        bundle: Bundle { accounts: Vec::new(), statuses: vec![post("9", "1"), post("8", "1")] },
        ..Page::default()
    };
    desk.reply(Reply::ProfilePosts(aid("1"), Ok(page)));
    assert_eq!(desk.profile().shown_posts(), [sid("9"), sid("8")]);
    desk.measured.profile = Some(ProfilePane { height: 10, most: 8, posts: vec![(6, 4), (11, 4)] });
    assert_eq!(desk.key("enter"), [], "none is chosen yet");
    desk.key("j");
    assert_eq!((desk.profile().chosen, desk.profile().scroll), (Some(0), 0));
    desk.key("j");
    assert_eq!((desk.profile().chosen, desk.profile().scroll), (Some(0), 1), "the next one is not in view");
    desk.key("j j");
    assert_eq!((desk.profile().chosen, desk.profile().scroll), (Some(1), 5), "as far as shows it whole");
    let effects = desk.key("enter");
    assert!(matches!(&effects[..], [Effect::Ask(Question::Thread { id, .. })] if *id == sid("8")), "{effects:?}");
    assert!(desk.state.detail().is_some() && desk.state.is_covered() != desk.state.is_wide());
    desk.key("esc");
    assert_eq!(desk.profile().chosen, Some(1));
    desk.key("k k k k k k k k");
    assert_eq!((desk.profile().chosen, desk.profile().scroll), (Some(0), 0));
}

#[test]
fn where_an_account_moved_to_can_be_turned_to() {
    let mut desk = Desk::new(&[Stream::User]);
    desk.post(post("5", "1"));
    desk.key("p");
    let profile = Profile {
        account: account("1", "ada"),
        domain: None,
        note: Html::default(),
        fields: Vec::new(),
        counts: [None; 3],
        created_at: None,
        last_status_at: None,
        marks: vec![AccountMark::Moved(aid("4"))],
        emojis: Vec::new(),
    };
    desk.reply(Reply::Profile(aid("1"), Ok((Box::new(profile), Bundle::default()))));
    assert_eq!(desk.profile().people, [aid("1"), aid("4")]);
}

fn status_key(id: &str) -> RowKey {
    RowKey::Status(sid(id))
}

fn notification_key(id: &str) -> RowKey {
    RowKey::Notification(NotificationId::new(id).unwrap())
}

#[test]
fn boosts_of_one_post_are_one_row_where_the_last_one_came_unless_it_is_looked_at() {
    let home = Stream::User;
    let mut desk = Desk::new(std::slice::from_ref(&home));
    desk.boosted("10", "2", "1");
    desk.boosted("11", "3", "1");
    assert_eq!(desk.shown(&home), [status_key("10")], "it is in view, and stays where it is");
    assert_eq!(desk.told(&home, &status_key("10")), ["3", "2"]);
    for id in 20..26 {
        desk.post(post(&id.to_string(), "4"));
    }
    desk.key("j");
    assert!(!desk.visible().contains(&status_key("10")));
    assert_eq!(desk.shown(&home).last(), Some(&status_key("11")), "when it has left the view the newest carries them");
    desk.boosted("30", "4", "1");
    assert_eq!(desk.shown(&home).first(), Some(&status_key("30")));
    assert_eq!(desk.told(&home, &status_key("30")), ["4", "3", "2"]);
    assert_eq!(desk.state.tabs.active().unwrap().unseen.len(), 1, "the group counts once");
    desk.event(home.clone(), Payload::Delete(sid("30")));
    assert_eq!(desk.shown(&home).last(), Some(&status_key("11")), "without it the others stand where they stood");
    desk.event(home.clone(), Payload::Delete(sid("1")));
    assert!(desk.shown(&home).iter().all(|key| !["10", "11", "1"].map(status_key).contains(key)), "they go with their post");
}

#[test]
fn notifications_of_one_kind_about_one_post_are_one_row() {
    let stream = Stream::UserNotification;
    let mut desk = Desk::new(&[Stream::User, stream.clone()]);
    desk.notified("50", NotificationKind::Favourite, "2", "1");
    desk.notified("51", NotificationKind::Favourite, "3", "1");
    desk.notified("52", NotificationKind::Reblog, "2", "1");
    desk.notified("53", NotificationKind::Favourite, "2", "5");
    desk.notified("54", NotificationKind::Favourite, "3", "1");
    desk.notified("55", NotificationKind::Mention, "3", "7");
    desk.notified("56", NotificationKind::Mention, "4", "7");
    assert_eq!(desk.shown(&stream), ["56", "55", "54", "53", "52"].map(notification_key));
    assert_eq!(desk.told(&stream, &notification_key("54")), ["3", "2"], "who did it twice is told once");
    assert_eq!(desk.state.tabs.of(&stream).unwrap().unseen.len(), 5, "each group counts once");
}

#[test]
fn a_row_that_is_held_for_others_is_the_one_that_no_filter_hides() {
    let home = Stream::User;
    let mut desk = Desk::new(&[Stream::UserNotification, home.clone()]);
    desk.boosted("10", "2", "1");
    let hide = FilterMatch { title: Plain::line("x"), context: vec![FilterContext::Home], action: FilterAction::Hide };
    let hidden = Status { filtered: Some(vec![hide]), ..boost("11", "3", "1") };
    desk.event(home.clone(), Payload::Update(Bundle { accounts: Vec::new(), statuses: vec![hidden] }));
    assert_eq!(desk.shown(&home), [status_key("10")]);
    assert_eq!(desk.told(&home, &status_key("10")), ["2"], "what is filtered is not told");
    assert_eq!(desk.state.hidden(desk.state.tabs.of(&home).unwrap()), 1);
}

#[test]
fn changed_filters_have_what_is_held_asked_for_again() {
    let home = Stream::User;
    let mut desk = Desk::new(&[Stream::Direct, home.clone()]);
    let page = |filtered: Vec<FilterMatch>| Page {
        items: vec![Item::Status(sid("10"))],
        bundle: Bundle { accounts: Vec::new(), statuses: vec![Status { filtered: Some(filtered), ..post("10", "1") }] },
        ..Page::default()
    };
    desk.reply(Reply::Page { stream: home.clone(), cursor: None, result: Ok(Page::default()) });
    desk.event(home.clone(), Payload::Update(page(Vec::new()).bundle));
    assert_eq!(desk.state.tabs.of(&home).unwrap().unseen.len(), 1);
    let asked = |effects: &[Effect]| {
        let asked = effects.iter().find_map(|effect| {
            let Effect::Ask(Question::Review { stream: Stream::User, asked, deep: false, .. }) = effect else { return None };
            Some(*asked)
        });
        asked.unwrap_or_else(|| panic!("{effects:?}"))
    };
    let effects = desk.event(home.clone(), Payload::FiltersChanged);
    let hide = FilterMatch { title: Plain::line("x"), context: vec![FilterContext::Home], action: FilterAction::Hide };
    let reply = |asked, filtered| Reply::Review { stream: Stream::User, asked, result: Ok(page(filtered)) };
    desk.reply(reply(asked(&effects), vec![hide]));
    assert_eq!(desk.shown(&home), []);
    assert!(desk.state.tabs.of(&home).unwrap().unseen.is_empty(), "what is hidden is not news");
    let effects = desk.event(home.clone(), Payload::FiltersChanged);
    desk.reply(reply(asked(&effects), Vec::new()));
    assert_eq!(desk.shown(&home), [status_key("10")], "and it comes back");
}

/// What may happen.
#[derive(Debug, Clone)]
enum Happening {
    Boost { at: u32, by: u8, of: u8 },
    Favourite { at: u32, by: u8, of: u8 },
    Post { at: u32 },
    Delete { nth: usize },
    DeletePost { of: u8 },
    Page(Vec<(u32, u8, u8)>),
    Key(&'static str),
}

/// An id that nothing else has, of the same length as all others.
fn unique(at: u32, by: u8, of: u8) -> String {
    format!("{}{by}{of}", 1000 + at)
}

fn happening() -> impl Strategy<Value = Happening> {
    let id = 100_u32..160;
    prop_oneof![
        4 => (id.clone(), 1_u8..5, 1_u8..4).prop_map(|(at, by, of)| Happening::Boost { at, by, of }),
        2 => (id.clone(), 1_u8..5, 1_u8..4).prop_map(|(at, by, of)| Happening::Favourite { at, by, of }),
        2 => id.prop_map(|at| Happening::Post { at }),
        1 => (0_usize..20).prop_map(|nth| Happening::Delete { nth }),
        1 => (1_u8..4).prop_map(|of| Happening::DeletePost { of }),
        1 => prop::collection::vec((0_u32..100, 1_u8..5, 1_u8..4), 0..5).prop_map(Happening::Page),
        3 => prop::sample::select(vec!["j", "j", "j", "k", "g", "G", "space", "tab", "]"]).prop_map(Happening::Key),
    ]
}

impl Desk {
    fn happens(&mut self, what: &Happening) {
        match what {
            Happening::Boost { at, by, of } => self.boosted(&unique(*at, *by, *of), &by.to_string(), &of.to_string()),
            Happening::Favourite { at, by, of } => {
                self.notified(&unique(*at, *by, *of), NotificationKind::Favourite, &by.to_string(), &of.to_string());
            }
            Happening::Post { at } => {
                self.post(post(&unique(*at, 9, 9), "1"));
            }
            Happening::Delete { nth } => {
                let rows = self.state.timelines[&Stream::User].rows();
                let Some(Row::Status(id)) = rows.get(nth % rows.len().max(1)) else { return };
                self.event(Stream::User, Payload::Delete(id.clone()));
            }
            Happening::DeletePost { of } => {
                self.event(Stream::User, Payload::Delete(sid(&of.to_string())));
            }
            Happening::Page(boosts) => {
                let statuses = boosts
                    .iter()
                    .flat_map(|(at, by, of)| [post(&of.to_string(), "1"), boost(&unique(*at, *by, *of), &by.to_string(), &of.to_string())]);
                let bundle = Bundle { accounts: Vec::new(), statuses: statuses.collect() };
                let items = boosts.iter().map(|(at, by, of)| Item::Status(sid(&unique(*at, *by, *of)))).collect();
                let page = Page { items, bundle, ..Page::default() };
                self.reply(Reply::Page { stream: Stream::User, cursor: None, result: Ok(page) });
            }
            Happening::Key(key) => {
                self.key(key);
            }
        }
    }

    /// What must hold of a tab, worked out anew from its rows.
    fn hold_against_the_rows(&self, stream: &Stream) -> Result<(), TestCaseError> {
        let shown = self.shown(stream);
        let mut groups: HashMap<FoldKey, Vec<RowKey>> = HashMap::new();
        let mut alone: Vec<RowKey> = Vec::new();
        for row in self.state.timelines[stream].rows() {
            match FoldKey::of(&self.state.store, row) {
                Some(fold) => groups.entry(fold).or_default().push(row.key()),
                None => alone.push(row.key()),
            }
        }
        prop_assert!(alone.iter().all(|key| shown.contains(key)), "what stands alone is drawn");
        for rows in groups.values() {
            let drawn: Vec<&RowKey> = rows.iter().filter(|key| shown.contains(key)).collect();
            prop_assert_eq!(drawn.len(), 1, "one row for all of {:?}", rows);
        }
        let unseen = &self.state.tabs.of(stream).unwrap().unseen;
        let drawn = shown.iter().filter(|key| unseen.contains(key)).count();
        prop_assert!(drawn == unseen.len(), "{} are unseen, and {drawn} of {:?}, which are drawn", unseen.len(), shown);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn of_each_group_one_row_is_drawn_and_none_that_is_looked_at_moves(story in prop::collection::vec(happening(), 1..60)) {
        let streams = [Stream::User, Stream::UserNotification];
        let mut desk = Desk::new(&streams);
        for (what, now) in story.iter().zip(200..) {
            // What comes late stands among what is in view: that is another matter.
            let what = &match what.clone() {
                Happening::Boost { by, of, .. } => Happening::Boost { at: now, by, of },
                Happening::Favourite { by, of, .. } => Happening::Favourite { at: now, by, of },
                Happening::Post { .. } => Happening::Post { at: now },
                other @ (Happening::Delete { .. } | Happening::DeletePost { .. } | Happening::Page(_) | Happening::Key(_)) => other,
            };
            let tab = desk.state.tabs.active().unwrap();
            let (stream, follows, before) = (tab.sources.only().unwrap().clone(), tab.follows(), desk.visible());
            desk.happens(what);
            for stream in &streams {
                desk.hold_against_the_rows(stream)?;
            }
            if matches!(what, Happening::Key(_) | Happening::Page(_) | Happening::Delete { .. } | Happening::DeletePost { .. }) {
                continue;
            }
            let after = desk.visible();
            if follows {
                let shown = desk.shown(&stream);
                prop_assert!(before.iter().all(|key| shown.contains(key)), "{:?} left {:?} after {:?}", before, shown, what);
            } else {
                prop_assert_eq!(&after[..before.len().min(after.len())], &before[..], "after {:?}", what);
            }
        }
    }

    #[test]
    fn groups_stay_right_where_rows_are_dropped(story in prop::collection::vec(happening(), 1..90)) {
        let streams = [Stream::User, Stream::UserNotification];
        let mut desk = Desk::keeping(&streams, 6);
        for what in &story {
            desk.happens(what);
            for stream in &streams {
                desk.hold_against_the_rows(stream)?;
            }
        }
    }
}

/// What a profile of account 1 tells, with a page of its own, a verified field and a link in its words.
fn told() -> Profile {
    let field = |name: &str, value: &str, verified_at| Field { name: Plain::line(name), value: Html::new(value), verified_at };
    Profile {
        account: Account { url: Some(Plain::line("https://tide.example/@ada")), ..account("1", "ada") },
        domain: None,
        note: Html::new("<p>Lists on <a href=\"https://lists.example/ada\">lists.example/ada</a></p>"),
        fields: vec![
            field("Page", "<a href=\"https://ada.example/\">ada.example</a>", Some(at(0))),
            field("Pronouns", "she", None),
            field("Shop", "<a href=\"https://evil.example/\">bank.example</a>", None),
        ],
        counts: [None; 3],
        created_at: None,
        last_status_at: None,
        marks: Vec::new(),
        emojis: Vec::new(),
    }
}

fn copied(effects: &[Effect]) -> Vec<&str> {
    effects.iter().filter_map(|effect| if let Effect::Copy { text, .. } = effect { Some(text.as_str()) } else { None }).collect()
}

#[test]
fn keys_for_links_over_a_profile_mean_the_profile_or_the_post_chosen_in_it() {
    let mut desk = Desk::new(&[Stream::User]);
    let addressed = |id: &str| Status { url: Some(Plain::line(&format!("https://tide.example/@ada/{id}"))), ..post(id, "1") };
    desk.post(addressed("5"));
    desk.key("p");
    assert_eq!(desk.key("y"), []);
    assert!(desk.state.notices.shown().is_some_and(|notice| notice.text.as_str().contains("no address for this profile")));
    let bundle = Bundle { accounts: vec![told().account], statuses: Vec::new() };
    desk.reply(Reply::Profile(aid("1"), Ok((Box::new(told()), bundle))));
    let items = vec![Item::Status(sid("9"))];
    let bundle = Bundle { accounts: Vec::new(), statuses: vec![addressed("9")] };
    desk.reply(Reply::ProfilePosts(aid("1"), Ok(Page { items, bundle, ..Page::default() })));
    assert_eq!(copied(&desk.key("y")), ["https://tide.example/@ada"]);
    assert_eq!(desk.key("Y"), [], "its words are on the screen, and no post is chosen");
    assert_eq!(desk.key("o"), [], "nothing is opened unseen");
    let Some(Overlay::Links(list)) = desk.state.overlays.last() else { panic!("{:?}", desk.state.overlays.last()) };
    let links: Vec<(&str, &str, &str)> =
        list.links.iter().map(|link| (link.what, link.words.as_str(), link.address.shown().as_str())).collect();
    assert_eq!(
        links,
        [
            ("the profile", "ada @ada@tide.example", "https://tide.example/@ada"),
            ("verified field", "Page: ada.example", "https://ada.example/"),
            ("field", "Shop: bank.example", "https://evil.example/"),
            ("", "lists.example/ada", "https://lists.example/ada"),
        ]
    );
    assert_eq!(list.links[2].address.doubts().len(), 1, "it pretends");
    let effects = desk.key("2");
    assert!(matches!(&effects[..], [Effect::Open(web)] if web.as_str() == "https://ada.example/"), "{effects:?}");
    assert_eq!(desk.profile().who(), Some(&aid("1")), "the profile stays open");
    desk.measured.profile = Some(ProfilePane { height: 10, most: 8, posts: vec![(6, 4)] });
    desk.key("j");
    assert_eq!(copied(&desk.key("y")), ["https://tide.example/@ada/9"]);
    assert_eq!(copied(&desk.key("Y")).len(), 1);
    desk.key("o");
    let Some(Overlay::Links(list)) = desk.state.overlays.last() else { panic!("{:?}", desk.state.overlays.last()) };
    assert_eq!(list.links[0].what, "the post");
}

#[test]
fn recent_posts_of_a_profile_obey_the_filters_for_profiles_and_no_others() {
    let filtered = |id: &str, context: FilterContext, action: FilterAction| {
        let found = FilterMatch { title: Plain::line("Sports"), action, context: vec![context] };
        Status { filtered: Some(vec![found]), ..post(id, "1") }
    };
    let mut desk = Desk::new(&[Stream::User]);
    desk.post(post("5", "1"));
    desk.key("p");
    let posts = vec![
        filtered("9", FilterContext::Account, FilterAction::Hide),
        filtered("8", FilterContext::Home, FilterAction::Hide),
        filtered("7", FilterContext::Account, FilterAction::Warn),
        filtered("6", FilterContext::Home, FilterAction::Warn),
    ];
    let items = posts.iter().map(|post| Item::Status(post.id.clone())).collect();
    let bundle = Bundle { accounts: Vec::new(), statuses: posts };
    desk.reply(Reply::ProfilePosts(aid("1"), Ok(Page { items, bundle, ..Page::default() })));
    assert_eq!(desk.profile().shown_posts(), [sid("8"), sid("7"), sid("6")]);
    let shown = |desk: &Desk, id: &str| desk.state.shown(desk.state.place().unwrap(), &sid(id));
    assert_eq!(shown(&desk, "7"), Shown::Filtered(Plain::line("Sports")));
    assert_eq!((shown(&desk, "8"), shown(&desk, "6")), (Shown::Open, Shown::Open));
    desk.measured.profile = Some(ProfilePane { height: 20, most: 0, posts: vec![(6, 2), (9, 2), (12, 2)] });
    desk.key("j j space");
    assert_eq!(shown(&desk, "7"), Shown::Open, "space unfolds");
    desk.key("esc");
    assert_eq!(shown(&desk, "8"), Shown::Hidden, "in the tab those of the tab count");
}
