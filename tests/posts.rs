//! What hangs on posts, beyond their rows: histories of edits and profiles, message by message.
#![cfg(test)]

#[path = "common/least_status.rs"]
mod least_status;

use least_status::least_status;
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
        let state = State::new(Settings { rows: 100, ..Settings::default() }, at(0), streams.iter().cloned().map(Spec::Stream).collect());
        let mut desk = Self { state, measured: Measured::default() };
        desk.send(Msg::Event(Origin::default(), Event::Connection(Connection::Live)));
        let people = [("1", "ada"), ("2", "bo"), ("3", "cy"), ("4", "dee")].map(|(id, name)| account(id, name));
        desk.state.store.put(Bundle { accounts: people.to_vec(), statuses: Vec::new() });
        desk
    }

    fn send(&mut self, msg: Msg) -> Vec<Effect> {
        let said = format!("{msg:?}");
        let effects = update(&mut self.state, msg, &self.measured);
        self.state.check().unwrap_or_else(|broken| panic!("{broken}\nafter {said}"));
        effects
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
    assert!(desk.state.detail().is_some() && !desk.state.is_covered() == desk.state.is_wide());
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
