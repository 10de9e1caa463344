//! What is said in lines: arrivals, moves, changes, layers and counts, and that nothing is said twice or by the clock.
#![cfg(test)]

#[path = "common/least_status.rs"]
mod least_status;
#[expect(dead_code, reason = "a stage for pictures has more on it")]
#[path = "screens/stage.rs"]
mod stage;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use stage::*;
use std::time::Duration;
use trunkline::command::Command;
use trunkline::linear::Narrator;
use trunkline::model::*;
use trunkline::state::*;
use trunkline::update::{Msg, Reply, update};

/// A state and its narrator, as the loop has them.
struct Listener {
    state: State,
    narrator: Narrator,
    measured: Measured,
}

impl Listener {
    /// What is said first is not of interest.
    fn at(mut state: State) -> Self {
        state.settings.linear = true;
        for tab in state.tabs.all_mut() {
            tab.unseen.clear();
        }
        let mut listener = Self { state, narrator: Narrator::new(TimeZone::UTC), measured: Measured::default() };
        listener.hear();
        listener
    }

    fn home() -> Self {
        let mut state = bare((80, 24));
        for (id, words) in [("100", "one"), ("101", "two"), ("102", "three")] {
            post(&mut state, &Stream::User, status(id, "2", 3, &format!("<p>{words}</p>")));
        }
        Self::at(state)
    }

    fn hear(&mut self) -> Vec<String> {
        let (lines, measured) = self.narrator.tell(&self.state);
        self.measured = measured;
        lines
    }

    fn send(&mut self, msg: Msg) -> Vec<String> {
        drop(update(&mut self.state, msg, &self.measured));
        self.state.check().unwrap();
        self.hear()
    }

    fn key(&mut self, key: &str) -> Vec<String> {
        self.send(Msg::Key(key.parse().unwrap()))
    }

    fn event(&mut self, payload: Payload) -> Vec<String> {
        let event = StreamEvent { streams: vec![Stream::User], named: None, name: plain("event"), payload, raw: None };
        self.send(Msg::Event(self.state.line.origin, Event::Stream(event)))
    }

    fn arrive(&mut self, status: Status) -> Vec<String> {
        self.event(Payload::Update(Bundle { accounts: Vec::new(), statuses: vec![status] }))
    }

    fn pass(&mut self, seconds: i64) -> Vec<String> {
        self.send(Msg::Tick(self.state.now.checked_add(SignedDuration::from_secs(seconds)).unwrap()))
    }
}

#[test]
fn the_beginning_says_where_one_is_and_the_newest_post() {
    let mut listener = Listener { state: Listener::home().state, narrator: Narrator::new(TimeZone::UTC), measured: Measured::default() };
    assert_eq!(
        listener.hear(),
        [
            "Trunkline, in lines. Press question mark for the keys, q to leave.",
            "Connection: live.",
            "Home, tab 1 of 5. Complete since 14:19.",
            "Post by Bo, @bo@dune.example, 3 minutes ago, public.",
            "three",
        ]
    );
    assert!(listener.hear().is_empty(), "nothing is said twice");
}

#[test]
fn a_post_is_said_in_labelled_lines_one_fact_each() {
    let mut listener = Listener::home();
    assert_eq!(
        listener.arrive(ada()),
        [
            "Post by Ada Quill, @ada@tide.example, 2 minutes ago, public, edited just now.",
            "Shipping the new release tonight. If you have been waiting for offline drafts: this is the one. Notes at tide.example/notes…",
            "#rust #release",
            "Link 1 of 1: https://tide.example/notes/2026/the-new-release",
            "Media 1 of 2: image, alt: a ferry at night, its lights doubled in the water",
            "Media 2 of 2: image, alt: the same ferry from the pier",
            "Link preview: The new release, What changed, and why it took a year, tide.example",
            "3 replies, 12 boosts, 40 favourites, favourited by you.",
        ]
    );
    listener.pass(60);
    let polled = Status {
        poll: Some(Box::new(poll(&[("Tea", Some(3)), ("Coffee", Some(1))], Some(0), ago(-200)))),
        visibility: Visibility::Private,
        ..status("301", "5", 0, "<p>Which?</p>")
    };
    assert_eq!(
        listener.arrive(polled)[1..],
        ["Which?", "Poll: 4 votes, 3 h left.", "Option 1 of 2: Tea, 75 percent, your choice", "Option 2 of 2: Coffee, 25 percent"]
    );
    hold(&mut listener.state, status("204", "9", 90, "<p>quoted</p>"));
    hold(
        &mut listener.state,
        Status {
            quote: Some(Box::new(Quote { state: QuoteState::Accepted, status: Some(sid("204")) })),
            ..status("302", "6", 5, "<p>See:</p>")
        },
    );
    listener.pass(60);
    assert_eq!(
        listener.arrive(boost("303", "2", 1, "302"))[..4],
        [
            "Boosted by Bo, @bo@dune.example.",
            "Post by Mint Firework, @MintFirework@tram.example, 7 minutes ago, public.",
            "See:",
            "Quotes आशा नदी, @asha@nadi.example: quoted",
        ]
    );
}

#[test]
fn a_warning_stands_before_the_words_until_the_key_is_pressed() {
    let mut listener = Listener::home();
    let warned = Status { spoiler_text: plain("spoilers"), ..status("300", "7", 1, "<p>It was the gardener.</p>") };
    assert_eq!(listener.arrive(warned)[1..], ["Content warning: spoilers. Space to read."]);
    let open = listener.key("space");
    assert_eq!(open[1..], ["Content warning: spoilers.", "It was the gardener."]);
    assert_eq!(listener.key("space")[1..], ["Content warning: spoilers. Space to read."]);
}

#[test]
fn keys_move_and_every_key_is_answered() {
    let mut listener = Listener::home();
    assert_eq!(listener.key("j")[1], "two");
    assert_eq!(listener.key("j")[1], "one");
    assert_eq!(listener.key("j"), ["Nothing further down."]);
    assert_eq!(listener.key("g")[1], "three");
    assert_eq!(listener.key("k"), ["Nothing further up."]);
    assert_eq!(listener.key("Q"), ["Q does nothing here. question mark lists the keys."]);
    assert_eq!(listener.key("."), ["Not now: in a tab held still: let the next new post come."]);
    assert_eq!(listener.key("2")[0], "Notifications, tab 2 of 5. Complete since 14:19.");
    assert_eq!(listener.key("1")[..2], ["Home, tab 1 of 5. Complete since 14:19.", "Post by Bo, @bo@dune.example, 3 minutes ago, public."]);
    assert!(!listener.state.can(Command::Zen) && !listener.state.can(Command::ReaderPlace), "they are about what is drawn");
}

#[test]
fn what_arrives_while_the_newest_is_followed_is_what_keys_mean() {
    let mut listener = Listener::home();
    assert_eq!(listener.arrive(status("200", "7", 0, "<p>new</p>"))[1], "new");
    assert_eq!(listener.state.tabs.active().unwrap().unseen.len(), 1, "until the state has taken in that it was said");
    assert!(listener.pass(1).is_empty());
    assert_eq!(listener.state.unseen(), 0);
    assert_eq!(listener.key("j")[1], "three", "from what was said last");
    assert!(listener.arrive(status("201", "7", 0, "<p>newer</p>")).is_empty(), "it waits for silence");
    assert_eq!(listener.pass(10), ["1 more post in Home, g goes to the newest."]);
    assert!(listener.arrive(status("202", "7", 0, "<p>newest</p>")).is_empty(), "not so soon again");
    assert_eq!(listener.measured.next_change, listener.state.now.checked_add(SignedDuration::from_secs(30)).ok());
    assert_eq!(listener.pass(31), ["1 more post in Home, g goes to the newest."]);
    assert_eq!(listener.key("g")[1], "newest");
}

#[test]
fn more_than_can_be_heard_is_counted() {
    let mut listener = Listener::home();
    let long = format!("<p>{}</p>", "words ".repeat(60));
    let said: Vec<usize> = (200..220).map(|id| listener.arrive(status(&id.to_string(), "7", 0, &long)).len()).collect();
    let posts = said.iter().filter(|lines| **lines > 0).count();
    assert!((1..4).contains(&posts), "{said:?}");
    let due = listener.measured.next_change.expect("the count is due");
    let wait = due.duration_since(listener.state.now).as_secs();
    assert!(listener.pass(wait - 1).is_empty(), "not while they are still being read");
    assert_eq!(listener.pass(1), [format!("{} more posts in Home, left bracket goes through them.", 20 - posts)]);
    assert_eq!(listener.measured.next_change, None, "then the clock is quiet");
    assert_eq!(listener.state.unseen(), 20 - posts, "what was only counted has not been seen");
    assert!(listener.key("[")[0].starts_with("Post by Cy"));
}

#[test]
fn a_hold_stops_what_comes_and_steps_through_it() {
    let mut listener = Listener::home();
    assert_eq!(listener.key("space"), ["Held. New posts wait: full stop tells the next one, space lets go."]);
    assert!(listener.arrive(status("200", "7", 0, "<p>first</p>")).is_empty());
    assert!(listener.arrive(status("201", "7", 0, "<p>second</p>")).is_empty());
    assert!(listener.pass(300).is_empty(), "not even a count");
    assert_eq!(listener.key(".")[1], "first");
    assert_eq!(listener.key(".")[1], "second");
    assert_eq!(listener.key("space")[0], "Let go. While held: 2 new.");
    assert_eq!(listener.arrive(status("202", "7", 0, "<p>third</p>"))[1], "third");
}

#[test]
fn edits_and_deletions_of_what_was_said_are_said() {
    let mut listener = Listener::home();
    let edited = Status { edited_at: Some(now()), ..status("102", "2", 3, "<p>three, corrected</p>") };
    let bundle = Bundle { accounts: Vec::new(), statuses: vec![edited] };
    assert_eq!(
        listener.event(Payload::Edit(bundle)),
        ["Edited post by Bo, @bo@dune.example, 3 minutes ago, public, edited just now.", "three, corrected"]
    );
    assert_eq!(listener.event(Payload::Delete(sid("102")))[0], "A post by Bo was removed.");
    assert!(listener.event(Payload::Delete(sid("100"))).is_empty(), "it was never said");
}

#[test]
fn the_connection_is_said_once_and_not_by_the_second() {
    let mut listener = Listener::home();
    let origin = listener.state.line.origin;
    let reconnecting = Connection::Reconnecting { attempt: 1, retry_in: Duration::from_secs(9), reason: plain("the socket broke") };
    let told = listener.send(Msg::Event(origin, Event::Connection(reconnecting.clone())));
    assert_eq!(told, ["Connection: reconnecting in 9 s: the socket broke."]);
    for _ in 0..8 {
        assert!(listener.pass(1).is_empty(), "a countdown");
    }
    assert!(listener.send(Msg::Event(origin, Event::Connection(reconnecting))).is_empty(), "the same again");
    assert_eq!(listener.send(Msg::Event(origin, Event::Connection(Connection::Live)))[0], "Connection: live.");
    let refused = Event::Subscription { stream: Stream::User, standing: Subscription::Refused(plain("no")), rung: Rung::Multiplexed };
    let told = listener.send(Msg::Event(origin, refused));
    assert!(told.contains(&"Home: refused: no.".to_owned()) && told.contains(&"Error: Home was refused: no.".to_owned()), "{told:?}");
}

#[test]
fn a_gap_is_said_where_it_opens_and_where_one_comes_to_it() {
    let mut listener = Listener::home();
    timeline(&mut listener.state, &Stream::User).mark_gap(Some(ago(64)), Some(ago(47)), Cause::Disconnected, None);
    listener.state.revision += 1;
    assert_eq!(listener.hear(), ["Gap: posts missing, 14:02–14:19. Enter to fill."]);
    listener.key("k");
    assert_eq!(listener.key("k"), ["Nothing further up."]);
    timeline(&mut listener.state, &Stream::User).move_gap(&"102".into(), None);
    listener.state.tabs.active_mut().unwrap().cursor = None;
    listener.state.tabs.active_mut().unwrap().anchor = Anchor::Top;
    assert_eq!(listener.hear()[0], "A gap in Home is closed.");
}

#[test]
fn pickers_say_what_is_typed_and_what_is_chosen_and_texts_say_all_lines() {
    let mut listener = Listener::home();
    let told = listener.key("a");
    assert_eq!(told[0], "Add a stream: type to search, down and up choose, enter takes, escape leaves.");
    assert_eq!(told[1], "Home, open, 1 of 12.");
    assert_eq!(listener.key("down"), ["Notifications, open, 2 of 12."]);
    assert_eq!(listener.key("p")[0].split_once(": ").map(|(typed, _)| typed), Some("p"));
    assert_eq!(listener.send(Msg::Paste("hotography".into())), ["photography: #photography, followed, 1 of 1."]);
    assert!(listener.send(Msg::Paste("zzz".into()))[0].starts_with("photographyzzz: "));
    assert_eq!(listener.key("esc"), ["Home."]);
    let help = listener.key("?");
    assert_eq!((help[0].as_str(), help.last().unwrap().as_str()), ("Help.", "End of Help. escape closes it."));
    assert!(help.contains(&"a, add a stream".to_owned()), "{help:#?}");
    assert!(help.iter().all(|line| !line.contains(['│', '…', '╭'])), "{help:#?}");
    listener.key("?");
    let health = listener.key("i");
    assert_eq!(health[..2], ["Stream health.".to_owned(), "Connection".to_owned()]);
    assert!(health.iter().any(|line| line.starts_with("Home, subscribed, complete since 14:19")), "{health:#?}");
    assert!(listener.pass(20).is_empty(), "its numbers are not read out all the time");
    listener.key("i");
    listener.key(":");
    listener.send(Msg::Paste("stream health".into()));
    listener.send(Msg::Paste(String::new()));
}

#[test]
fn what_a_picker_opens_in_its_place_is_said() {
    let mut listener = Listener::home();
    listener.key(":");
    listener.send(Msg::Paste("health".into()));
    assert_eq!(listener.key("enter")[0], "Stream health.");
}

#[test]
fn a_thread_is_said_post_by_post() {
    let mut listener = Listener::home();
    let opened = listener.key("enter");
    assert_eq!(opened, ["Open post by Bo, @bo@dune.example, 3 minutes ago, public.", "three", "Loading replies."]);
    let reply =
        |id: &str, words: &str, to: &str| Status { in_reply_to_id: Some(sid(to)), ..status(id, "7", 1, &format!("<p>{words}</p>")) };
    let bundle = Bundle { accounts: Vec::new(), statuses: vec![reply("150", "yes", "102"), reply("151", "no", "150")] };
    let thread = Thread { ancestors: Vec::new(), descendants: vec![sid("150"), sid("151")], bundle };
    let own = Bundle { accounts: Vec::new(), statuses: vec![status("102", "2", 3, "<p>three</p>")] };
    let asked = listener.state.store.moment();
    let told = listener.send(Msg::Reply(Reply::Thread { id: sid("102"), asked, result: Ok((own, thread)) }));
    assert_eq!(told, ["Thread: 2 replies. j and k go through it, escape closes it."]);
    let first = listener.key("j");
    assert!(first[0].starts_with("Reply 1 of 2, by Cy"), "{first:?}");
    let second = listener.key("j");
    assert!(second[0].starts_with("Reply 2 of 2, level 2, by Cy"), "{second:?}");
    assert_eq!(listener.key("j"), ["Nothing further down."]);
    assert_eq!(listener.key("k")[0], first[0]);
    listener.key("ctrl-l");
    listener.narrator.again();
    assert!(listener.hear().contains(&first[0]), "once more on wish");
    assert_eq!(listener.key("esc"), ["Home."]);
}

#[test]
fn a_notification_is_said_also_in_another_tab() {
    let mut listener = Listener::at({
        let mut state = notifications((80, 24));
        state.tabs.go_to(&Stream::User.into());
        state
    });
    let mention = notification("950", NotificationKind::Follow, Some("2"), None, 0);
    let told = listener.event(Payload::Notification(mention, Bundle::default()));
    assert_eq!(told, ["Notification: Bo followed you, @bo@dune.example, just now."]);
    let all = listener.key("2");
    assert_eq!(all[0], "Notifications, tab 2 of 5, 1 new. Complete since 14:19.");
    let mut kinds = 0;
    while listener.key("j")[0] != "Nothing further down." {
        kinds += 1;
    }
    assert_eq!(kinds, 24, "each kind has its words");
}

#[test]
fn a_search_says_what_is_typed_what_it_comes_to_and_where_it_goes_on() {
    let mut listener = Listener::home();
    assert_eq!(
        listener.key("/"),
        ["Search in Home: type words, or a regex between slashes. down and up go to the next and the one before, enter stays there, \
             escape goes back, ctrl-t in all tabs or this one."]
    );
    assert_eq!(listener.key("t"), ["t: found."], "where it began");
    let head = "Post by Bo, @bo@dune.example, 3 minutes ago, public.";
    assert_eq!(listener.key("w"), ["tw: found.", head, "two"]);
    assert_eq!(listener.key("z"), ["twz: not found.", head, "three"], "back where it began");
    assert_eq!(listener.key("ctrl-t"), ["twz: not found, in all tabs."]);
    assert_eq!(listener.key("ctrl-t"), ["twz: not found."]);
    assert_eq!(listener.key("esc"), ["Home."]);
    listener.key("/");
    listener.send(Msg::Paste("t".into()));
    assert_eq!(listener.key("enter"), ["Home. n and N go on to what has t."]);
    let next = listener.key("n");
    assert_eq!(next.last().map(String::as_str), Some("two"));
    let around = listener.key("n");
    assert_eq!((around[0].as_str(), around.last().unwrap().as_str()), ("Notice: the search goes on from the newest post.", "three"));
    assert!(listener.pass(60).is_empty(), "nothing is said twice");
    listener.key("/");
    assert_eq!(listener.send(Msg::Paste("/(/".into())).len(), 1, "what is wrong is said once");
}

#[test]
fn a_filter_says_what_may_be_written_what_is_wrong_and_what_it_hides() {
    let mut listener = Listener::home();
    let told = listener.key("&");
    assert_eq!(told[0], "Filter of Home, none so far: type what posts must have. enter keeps it, escape gives it up.");
    assert!(told[1].starts_with("It may have: ") && told[1].contains("from:"), "{told:?}");
    assert_eq!(listener.send(Msg::Paste("t".into()))[0], "t: 1 hidden.");
    assert_eq!(listener.send(Msg::Paste(" is:bo".into()))[0].split_once(", ").map(|(start, _)| start), Some("t is:bo: not right"));
    let back = listener.key("ctrl-w");
    assert_eq!(back[0], "t: 1 hidden.");
    assert_eq!(listener.key("enter"), ["Home, filter t, 1 hidden."]);
    assert_eq!(listener.key("&")[0], "Filter of Home, so far t: type what posts must have. enter keeps it, escape gives it up.");
    listener.key("ctrl-u");
    assert_eq!(listener.key("enter"), ["Home."]);
}

#[test]
fn media_are_told_one_by_one_with_what_their_author_says() {
    let mut listener = Listener::home();
    let media = vec![Media { size: Some((1200, 800)), ..image("a ferry at night,\nits lights doubled") }, image(""), image("")];
    listener.arrive(Status { media_attachments: media, sensitive: true, ..status("200", "2", 0, "<p>look</p>") });
    assert_eq!(
        listener.key("m"),
        [
            "Media 1 of 3.",
            "Image, sensitive, 1200 by 800 pixels.",
            "Description: a ferry at night, its lights doubled",
            "j next, k previous.",
            "End of Media 1 of 3. escape closes it."
        ]
    );
    assert_eq!(listener.key("j")[..3], ["Media 2 of 3.", "Image, sensitive, 1600 by 1200 pixels.", "No description."]);
    assert_eq!(listener.key("j")[0], "Media 3 of 3.", "though it has the same words");
    listener.key("esc");
    assert!(listener.key("m")[0].starts_with("Media 1 of 3"));
    let told = listener.event(Payload::Delete(sid("200")));
    assert!(told.contains(&"The post was removed, or its media were.".to_owned()), "{told:?}");
}

#[test]
fn links_are_told_with_what_to_know_of_them_and_chosen_one_by_one() {
    let mut listener = Listener::home();
    let html = "<p>See <a href=\"https://evil.example/login\">bank.example</a> or <a href=\"https://tide.example/a\">this page</a></p>";
    listener.arrive(status("200", "2", 0, html));
    let told = listener.key("o");
    let second = "Link 2 of 4: this page, leads to https://tide.example/a";
    assert_eq!(
        told[..3],
        [
            "Links.",
            "Link 1 of 4: bank.example, careful, the words say bank.example, but it leads to evil.example, leads to https://evil.example/login",
            second,
        ]
    );
    assert!(told[5].starts_with("Its number opens a link"), "{told:?}");
    assert_eq!(listener.key("j"), [second]);
    assert_eq!(listener.key("esc"), ["Home."]);
}

#[test]
fn boosts_that_are_told_together_name_all_who_boosted() {
    let mut listener = Listener::home();
    let told = listener.arrive(boost("200", "7", 0, "100"));
    assert_eq!(told[0], "Boosted by Cy, @cy@dune.example.");
    listener.pass(60);
    listener.arrive(boost("201", "2", 0, "100"));
    listener.key("j");
    assert_eq!(listener.key("k")[0], "Boosted by Bo and Cy.");
}

#[test]
fn a_gap_says_why_the_last_attempt_to_fill_it_stopped_and_counts_seconds_within_a_minute() {
    let mut listener = Listener::home();
    let second = |seconds: i64| now().checked_sub(SignedDuration::from_secs(3_600 - seconds)).unwrap();
    timeline(&mut listener.state, &Stream::User).mark_gap(Some(second(2)), Some(second(40)), Cause::Disconnected, None);
    let after = std::sync::Arc::clone(&timeline(&mut listener.state, &Stream::User).gaps().next().unwrap().after);
    let reasons = [
        (refill::Stopped::Pages, "Stopped after 10 pages; enter to fill."),
        (refill::Stopped::Budget, "Stopped, much was asked for lately; enter to fill."),
        (refill::Stopped::Unproven, "Stopped, the server's answer proves nothing; enter to fill."),
        (refill::Stopped::Failed(plain("403 from the server")), "Stopped: 403 from the server; enter to fill."),
    ];
    for (why, words) in reasons {
        timeline(&mut listener.state, &Stream::User).gap_mut(&after).unwrap().stopped = Some(why);
        listener.narrator.again();
        let told = listener.hear();
        let gap = told.iter().find(|line| line.starts_with("Gap: ")).unwrap_or_else(|| panic!("{told:?}"));
        assert!(gap.starts_with("Gap: posts missing, 14:06:02–14:06:40. ") && gap.ends_with(words), "{gap}");
    }
}
