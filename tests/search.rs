//! Searching on the server and reading threads of it: keys in, real questions to the built-in server, states out.
#![cfg(test)]

#[path = "common/demo.rs"]
mod demo;

use demo::{Demo, demo};
use jiff::SignedDuration;
use trunkline::command::Command;
use trunkline::demo::{Draft, HttpRefusal};
use trunkline::effects::Effects;
use trunkline::mastodon::{Access, Client, Token};
use trunkline::model::*;
use trunkline::state::search::FoundOne;
use trunkline::state::*;
use trunkline::text::Plain;
use trunkline::update::{Effect, Msg, Question, Reply, update};

/// The reader's side: a state whose questions about searches, threads and profiles are asked of the server.
struct Desk {
    demo: Demo,
    effects: Effects,
    state: State,
    asked: Vec<Question>,
}

impl Desk {
    async fn new() -> Self {
        let demo = demo().await;
        let client = Client::new(Access::new(&demo.url, Token::new("token").unwrap()).unwrap()).unwrap();
        let (server, _) = client.instance().await.unwrap();
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let mut state = State::new(Settings::default(), now, vec![Spec::Stream(Stream::User)]);
        state.server = Some(server);
        Self { demo, effects: Effects::new(client), state, asked: Vec::new() }
    }

    /// Sends a message, and the answers to all that it asks and that is meant.
    async fn send(&mut self, msg: Msg) {
        let mut waiting = vec![msg];
        while let Some(msg) = waiting.pop() {
            let said = format!("{msg:?}");
            let effects = update(&mut self.state, msg, &Measured::default());
            self.state.check().unwrap_or_else(|broken| panic!("{broken}\nafter {said}"));
            for effect in effects {
                let Effect::Ask(question) = effect else { continue };
                if !matches!(question, Question::Search { .. } | Question::Thread { .. } | Question::Profile(_)) {
                    continue;
                }
                self.asked.push(question.clone());
                self.effects.ask(question);
                let reply = tokio::time::timeout(std::time::Duration::from_secs(20), self.effects.next()).await;
                waiting.push(Msg::Reply(reply.expect("an answer within 20 s").unwrap()));
            }
        }
    }

    async fn key(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            self.send(Msg::Key(key.parse().unwrap())).await;
        }
    }

    /// Opens the prompt anew, types and presses enter.
    async fn search(&mut self, words: &str) {
        self.state.overlays.clear();
        self.key("S").await;
        self.send(Msg::Paste(words.to_owned())).await;
        self.key("enter").await;
    }

    /// What is offered, in short.
    fn results(&self) -> Vec<String> {
        let Some(Overlay::Picker(picker)) = self.state.overlays.last() else { return Vec::new() };
        let results = self.state.search.results(picker.prompt.text()).into_iter();
        let name = |id: &AccountId| self.state.store.account(id).map_or_else(String::new, |account| account.acct.to_string());
        results
            .map(|found| match found {
                FoundOne::Account(id) => format!("@{}", name(&id)),
                FoundOne::Tag(tag) => format!("#{}", tag.spelling()),
                FoundOne::Post(id) => self.state.store.shown(&id).map(|entry| entry.rich().text().trim().to_owned()).unwrap_or_default(),
            })
            .collect()
    }

    fn open_post(&self) -> Option<String> {
        if let Some(Overlay::Detail(detail)) = self.state.overlays.last() { Some(detail.status.to_string()) } else { None }
    }

    fn failure(&self) -> Option<FailureKind> {
        if let Answer::Failed(failure) = &self.state.search.answer { Some(failure.kind) } else { None }
    }

    fn draft(author: &str, text: &str, reply_to: Option<&str>) -> Draft {
        Draft { reply_to: reply_to.map(str::to_owned), ..Draft::new(author, text) }
    }
}

#[tokio::test]
async fn accounts_hashtags_and_posts_are_found_and_opened() {
    let mut desk = Desk::new().await;
    let id = desk.demo.control.post("tram@rail.example", "Tramway on rails today #tramlines #Trams").await;
    desk.demo.control.post("other@rail.example", "nothing of that kind").await;
    desk.search("tram").await;
    assert_eq!(desk.results(), ["@tram@rail.example", "#Trams", "#tramlines", "Tramway on rails today #tramlines #Trams"]);
    assert!(matches!(&desk.asked[0], Question::Search { query, resolve: false } if query == "tram"));
    desk.key("down down down enter").await;
    assert_eq!(desk.open_post(), Some(id));
    desk.key("esc").await;
    assert_eq!(desk.results().len(), 4, "esc goes back to the results");
    desk.key("up up up enter").await;
    let Some(Overlay::Profile(view)) = desk.state.overlays.last() else { panic!("{:?}", desk.state.overlays.last()) };
    assert!(matches!(view.profile, Answer::Told(Some(_))));
    desk.key("esc down enter").await;
    let tag = Stream::Hashtag { tag: Tag::new("trams").unwrap(), local: false };
    assert_eq!(desk.state.tabs.active().unwrap().sources, tag, "a hashtag opens its tab");
    assert!(desk.state.overlays.is_empty() && desk.state.subscriptions().contains(&tag));
}

#[tokio::test]
async fn nothing_is_asked_while_one_types_and_other_words_want_enter_again() {
    let mut desk = Desk::new().await;
    desk.demo.control.post("tram@rail.example", "#trams").await;
    desk.key("S").await;
    desk.key("t r a m").await;
    assert!(desk.asked.is_empty());
    desk.key("enter").await;
    assert_eq!((desk.asked.len(), desk.results().len()), (1, 3));
    desk.key("s").await;
    assert_eq!((desk.asked.len(), desk.results().len()), (1, 0), "what was found is not for these words");
    desk.key("enter").await;
    assert_eq!((desk.asked.len(), desk.results().len()), (2, 2));
    desk.search("zzz").await;
    assert_eq!((desk.results().len(), &desk.state.search.answer), (0, &Answer::Told(Some(Found::default()))));
    desk.key("enter").await;
    assert_eq!(desk.asked.len(), 3, "the same words would find the same");
    desk.search("  ").await;
    assert_eq!(desk.asked.len(), 3);
}

#[tokio::test]
async fn an_address_opens_what_it_names() {
    let mut desk = Desk::new().await;
    let id = desk.demo.control.post("ada@tide.example", "the one").await;
    desk.search(&format!("https://tide.example/@ada/{id}")).await;
    assert_eq!(desk.open_post(), Some(id));
    assert!(matches!(&desk.asked[0], Question::Search { resolve: true, .. }));
    desk.search("https://tide.example/@ada").await;
    assert!(matches!(desk.state.overlays.last(), Some(Overlay::Profile(_))));
    desk.search("@ada@tide.example").await;
    assert_eq!(desk.results()[0], "@ada@tide.example", "names are offered");
    assert!(desk.asked.iter().any(|question| matches!(question, Question::Search { query, resolve: true } if query.starts_with('@'))));
    desk.search("https://nowhere.example/@x/1").await;
    assert_eq!((desk.open_post(), desk.results().len()), (None, 0));
    let own = desk.demo.control.post("someone", "of this server").await;
    let nothing = HttpRefusal::new(200).header("content-type", "application/json").body(r#"{"accounts":[],"statuses":[],"hashtags":[]}"#);
    desk.demo.control.refuse_rest("/api/v2/search", nothing, 1).await;
    let domain = desk.state.server.as_ref().unwrap().domain.to_string();
    desk.search(&format!("https://{domain}/@someone/{own}")).await;
    assert_eq!(desk.open_post(), Some(own), "where the server's search does not know its own addresses");
}

#[tokio::test]
async fn why_nothing_can_be_found_is_told_apart() {
    let mut desk = Desk::new().await;
    desk.demo.control.set_scopes(&["read:statuses"]).await;
    desk.search("tram").await;
    assert_eq!(desk.failure(), Some(FailureKind::Forbidden));
    desk.demo.control.set_scopes(&["read"]).await;
    desk.key("enter").await;
    assert_eq!((desk.failure(), desk.asked.len()), (None, 2), "enter asks again");
    desk.demo.control.refuse_rest("/api/v2/search", HttpRefusal::new(404), 1).await;
    desk.search("tram").await;
    assert_eq!(desk.failure(), Some(FailureKind::NotFound));
    desk.demo.control.refuse_rest("/api/v2/search", HttpRefusal::new(200).body("<html>"), 1).await;
    desk.search("tram").await;
    assert_eq!(desk.failure(), Some(FailureKind::Unusable));
    desk.demo.control.refuse_rest("/api/v2/search", HttpRefusal::new(429).header("retry-after", "60"), 1).await;
    desk.search("tram").await;
    assert!(matches!(desk.failure(), Some(FailureKind::RateLimited(_))), "{:?}", desk.failure());
}

#[tokio::test]
async fn a_late_answer_to_other_words_opens_and_shows_nothing() {
    let mut desk = Desk::new().await;
    desk.key("S").await;
    desk.state.search.ask("https://a.example/@x/1");
    let found = Found { accounts: vec![AccountId::new("1").unwrap()], ..Found::default() };
    desk.send(Msg::Paste("something else".to_owned())).await;
    desk.send(Msg::Reply(Reply::Search { query: "https://a.example/@x/1".to_owned(), result: Ok(found.clone()) })).await;
    assert!(matches!(desk.state.overlays.last(), Some(Overlay::Picker(_))));
    assert!(desk.results().is_empty());
    desk.send(Msg::Reply(Reply::Search { query: "other".to_owned(), result: Ok(found) })).await;
    assert_eq!(desk.state.search.query, "https://a.example/@x/1");
}

#[tokio::test]
async fn a_thread_of_the_server_is_a_tree_and_grows() {
    let mut desk = Desk::new().await;
    let control = desk.demo.control.clone();
    let root = control.post_with(Desk::draft("ada@tide.example", "root of it", None)).await;
    let first = control.post_with(Desk::draft("bo@moor.example", "first", Some(&root))).await;
    let second = control.post_with(Desk::draft("cy@dune.example", "second", Some(&root))).await;
    let deep = control.post_with(Desk::draft("ada@tide.example", "deep", Some(&first))).await;
    desk.search("first").await;
    desk.key("enter").await;
    let order = |desk: &Desk| -> Vec<(String, u16)> {
        desk.state.detail().unwrap().tree.order().places().iter().map(|place| (place.id.to_string(), place.level)).collect()
    };
    assert_eq!(order(&desk), [(root.clone(), 0), (first.clone(), 0), (deep.clone(), 1)]);
    desk.key("P enter").await;
    assert_eq!(desk.open_post(), Some(root.clone()));
    assert_eq!(order(&desk), [(root.clone(), 0), (first.clone(), 1), (deep, 2), (second, 1)]);
    let before = order(&desk).len();
    let late = control.post_with(Desk::draft("dee@fen.example", "late", Some(&first))).await;
    desk.state.now = desk.state.now.checked_add(SignedDuration::from_secs(5)).unwrap();
    assert!(desk.state.can(Command::RetryNow));
    desk.key("ctrl-r").await;
    assert_eq!(order(&desk).len(), before + 1);
    let detail = desk.state.detail().unwrap();
    assert!(detail.unread.iter().any(|id| id.as_str() == late), "what an answer brings later is news");
    assert_eq!(detail.thread, ThreadState::Here);
    assert_eq!(Plain::line("late"), Plain::line(desk.state.store.status(&StatusId::new(&late).unwrap()).unwrap().rich().text().trim()));
}
