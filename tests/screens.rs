//! Screens as pictures: states built by hand, drawn at the sizes that must be handsome or usable.
//!
//! Pictures hold text alone; styles are asserted apart.
#![cfg(test)]

#[path = "screens/finding.rs"]
mod finding;
#[path = "screens/layout.rs"]
mod layout;
#[path = "common/least_status.rs"]
mod least_status;
#[path = "screens/pictures.rs"]
mod pictures;
#[path = "screens/posts.rs"]
mod posts;
#[path = "screens/search.rs"]
mod search;
#[path = "screens/stage.rs"]
mod stage;
#[path = "common/transcripts.rs"]
mod transcripts;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use stage::*;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use trunkline::config::{self, Config, Part};
use trunkline::keymap::Sequence;
use trunkline::model::*;
use trunkline::state::*;
use trunkline::text::{Html, Plain, wrap};
use trunkline::ui::{Cards, Depth, Sheet, Theme, view};

struct Drawn {
    buffer: Buffer,
    measured: Measured,
    cursor: Option<(u16, u16)>,
}

fn theme() -> Theme {
    Theme::new(true, false, TimeZone::UTC)
}

fn draw_with(state: &State, theme: &Theme, cards: &mut Cards) -> Drawn {
    let mut sheet = Sheet::new(Rect::new(0, 0, state.size.0, state.size.1));
    let measured = view(state, theme, cards, &mut sheet);
    Drawn { buffer: sheet.cells(), measured, cursor: cards.cursor.map(|at| (at.x, at.y)) }
}

fn draw(state: &State) -> Drawn {
    draw_with(state, &theme(), &mut Cards::new())
}

/// The rows of a screen as text, without the second cells of wide glyphs.
fn rows(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    (0..area.height)
        .map(|y| {
            let mut row = String::new();
            let mut x = 0;
            while x < area.width {
                let symbol = buffer[(x, y)].symbol();
                row.push_str(symbol);
                x += u16::try_from(wrap::width(symbol)).unwrap().max(1);
            }
            row.trim_end().to_owned()
        })
        .collect()
}

fn picture(state: &State) -> String {
    let drawn = draw(state);
    assert_whole(&drawn.buffer);
    rows(&drawn.buffer).join("\n")
}

/// Every wide glyph has both its cells, and nothing else stands in the second.
fn assert_whole(buffer: &Buffer) {
    let area = buffer.area;
    for y in 0..area.height {
        for x in 0..area.width {
            if wrap::width(buffer[(x, y)].symbol()) > 1 {
                assert!(x + 1 < area.width, "half of {:?} at the right edge of row {y}", buffer[(x, y)].symbol());
                assert_eq!(buffer[(x + 1, y)].symbol(), " ", "half of {:?} at {x},{y}", buffer[(x, y)].symbol());
            }
        }
    }
}

/// Where a text begins on the screen.
fn find(buffer: &Buffer, text: &str) -> (u16, u16) {
    let area = buffer.area;
    for y in 0..area.height {
        for x in 0..area.width {
            let here: String = (x..area.width).map(|x| buffer[(x, y)].symbol()).collect();
            if here.starts_with(text) {
                return (x, y);
            }
        }
    }
    panic!("{text:?} is not on the screen:\n{}", rows(buffer).join("\n"));
}

fn key(id: &str) -> RowKey {
    RowKey::Status(sid(id))
}

fn at(state: &mut State, cursor: &str, anchor: Anchor) {
    let tab = state.tabs.active_mut().unwrap();
    tab.cursor = Some(key(cursor));
    tab.anchor = anchor;
}

#[test]
fn home_at_every_size() {
    for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 60)] {
        insta::assert_snapshot!(format!("home_{width}x{height}"), picture(&home((width, height))));
    }
}

#[test]
fn older_rows_with_gap_tombstone_and_filter() {
    let mut state = home((80, 40));
    at(&mut state, "224", Anchor::Row(key("224"), 0));
    state.tabs.active_mut().unwrap().unseen.insert(&key("240"));
    insta::assert_snapshot!("older_80x40", picture(&state));
    at(&mut state, "196", Anchor::Row(key("196"), 0));
    insta::assert_snapshot!("end_80x40", picture(&state));
}

#[test]
fn every_kind_of_notification() {
    insta::assert_snapshot!("notifications_80x110", picture(&notifications((80, 110))));
    insta::assert_snapshot!("notifications_40x12", picture(&notifications((40, 12))));
    insta::assert_snapshot!("notifications_120x36", picture(&notifications((120, 36))));
}

#[test]
fn conversations() {
    insta::assert_snapshot!("direct_80x24", picture(&direct((80, 24))));
}

#[test]
fn the_reader_beside_and_over_the_timeline() {
    insta::assert_snapshot!("thread_120x36", picture(&thread((120, 36))));
    insta::assert_snapshot!("thread_80x24", picture(&thread((80, 24))));
    insta::assert_snapshot!("thread_40x12", picture(&thread((40, 12))));
    let mut state = thread((80, 24));
    go_to(&mut state, "252", i32::MAX / 4);
    insta::assert_snapshot!("thread_end_80x24", picture(&state));
}

fn go_to(state: &mut State, id: &str, line: i32) {
    if let Some(Overlay::Detail(detail)) = state.overlays.last_mut() {
        (detail.cursor, detail.line) = (sid(id), line);
    }
}

#[test]
fn the_reader_without_a_thread() {
    let mut told = Vec::new();
    for state_of_thread in [ThreadState::Asked, ThreadState::Failed(failure("the server did not answer within 30 s"))] {
        let mut state = home((80, 32));
        let thread = state_of_thread;
        state.overlays.push(Overlay::Detail(Box::new(Detail { thread, ..Detail::new(sid("205"), &state.store) })));
        told.push(picture(&state));
    }
    let mut state = home((80, 16));
    open(&mut state, "218", Some(Thread::default()));
    told.push(picture(&state));
    insta::assert_snapshot!("thread_states", told.join("\n==========\n"));
}

#[test]
fn overlays() {
    let layers = [
        ("help", Overlay::Help { scroll: 0 }),
        ("palette", Overlay::Picker(Picker { kind: Pick::Command, prompt: typed("tab"), chosen: 1 })),
        ("subscribe", Overlay::picker(Pick::Stream, 2)),
        ("subscribe_typed", Overlay::Picker(Picker { kind: Pick::Stream, prompt: typed("#鉄道"), chosen: 0 })),
        ("announcements", Overlay::Announcements { scroll: 0 }),
        ("themes", Overlay::picker(Pick::Theme, 2)),
        ("accounts", Overlay::picker(Pick::Account, 1)),
    ];
    for (name, overlay) in layers {
        for (width, height) in [(40, 12), (80, 24), (120, 36)] {
            let mut state = home((width, height));
            announce(&mut state);
            state.accounts = ["you@trunk.example", "日本@mizu.example"].map(Plain::line).to_vec();
            state.account = Some(0);
            state.overlays.push(overlay.clone());
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), picture(&state));
        }
    }
}

#[test]
fn a_theme_colours_every_cell_and_none_stays_from_another() {
    let mut state = thread((120, 36));
    let plain = draw(&state);
    let mut cards = Cards::new();
    for depth in [Depth::True, Depth::Indexed, Depth::Sixteen] {
        let theme = Theme::on(depth, false, TimeZone::UTC);
        for scheme in state.settings.themes.clone() {
            state.settings.theme.clone_from(&scheme.name);
            let drawn = draw_with(&state, &theme, &mut cards);
            assert_eq!(rows(&drawn.buffer), rows(&plain.buffer), "{}: only colours differ", scheme.name);
            let is_painted = scheme.color(Part::Background) != config::Color::Default;
            let ground = drawn.buffer[(0, 0)].bg;
            assert_eq!(ground != Color::Reset, is_painted, "{}", scheme.name);
            // The other half of a wide glyph is never written.
            let halves = drawn.buffer.content.iter().map(|cell| wrap::width(cell.symbol()) > 1);
            let whole = drawn.buffer.content.iter().zip(std::iter::once(false).chain(halves)).filter(|(_, is_half)| !is_half);
            for (cell, _) in whole {
                assert_eq!(cell.bg, ground, "{} {depth:?}: {cell:?}", scheme.name);
                assert!(!is_painted || (cell.fg != Color::Reset && cell.fg != ground), "{} {depth:?}: {cell:?}", scheme.name);
                let fits = (depth == Depth::True || !matches!(cell.fg, Color::Rgb(..)))
                    && (depth == Depth::Indexed || !matches!(cell.fg, Color::Indexed(_)));
                assert!(fits, "{} {depth:?}: {cell:?}", scheme.name);
            }
        }
    }
    // Over a theme an overlay is drawn on the same ground.
    state.settings.theme = "glacier".to_owned();
    for overlay in [Overlay::Help { scroll: 0 }, Overlay::Picker(Picker { kind: Pick::Command, prompt: typed("tab"), chosen: 1 })] {
        state.overlays.push(overlay);
        let drawn = draw(&state);
        let ground = drawn.buffer[(0, 0)].bg;
        assert!(drawn.buffer.content.iter().all(|cell| cell.bg == ground && cell.fg != Color::Reset));
    }
}

#[test]
fn a_sequence_that_was_begun_is_shown_with_its_ways_on() {
    let text = "[keys]\nfirst = [\"g g\"]\nhelp = [\"g h\", \"?\"]\nlast = [\"g e\"]\nhealth = [\"g s s\"]";
    let keymap = Config::parse(std::path::Path::new("c"), text).unwrap().config.keymap;
    let mut told = Vec::new();
    for (width, pending) in [(40, "g"), (80, "g"), (120, "g"), (80, "g s")] {
        let mut state = home((width, 24));
        state.settings.keymap = keymap.clone();
        state.pending = pending.parse::<Sequence>().unwrap().keys().to_vec();
        told.push(rows(&draw(&state).buffer).pop().unwrap());
    }
    insta::assert_snapshot!("pending", told.join("\n"));
    let mut state = home((80, 24));
    state.settings.keymap = keymap;
    state.overlays.push(Overlay::Picker(Picker { kind: Pick::Command, prompt: typed("help"), chosen: 0 }));
    assert!(picture(&state).contains("g h ?"), "keys of the file are shown");
    state.overlays = vec![Overlay::Help { scroll: 0 }];
    assert!(picture(&state).contains("g g "));
}

/// Streams in every standing, with a gap, a silence and pages that failed.
fn unhealthy(size: (u16, u16)) -> State {
    let mut state = home(size);
    announce(&mut state);
    let server = state.server.as_mut().unwrap();
    server.timelines_access = TimelinesAccess { local_live: FeedAccess::Disabled, ..TimelinesAccess::default() };
    let retry = now().checked_add(SignedDuration::from_secs(20)).unwrap();
    let user = timeline(&mut state, &Stream::User);
    user.older_page = Loading::Failed(failure("503 from the server"), Some(retry));
    let notifications = timeline(&mut state, &Stream::UserNotification);
    notifications.standing = Subscription::Refused(plain("Access token does not have the required scopes"));
    notifications.live_since = None;
    notifications.last_event = None;
    timeline(&mut state, &federated()).last_event = Some(ago(12));
    let tag = timeline(&mut state, &hashtag("rust"));
    tag.standing = Subscription::Requested;
    tag.first_page = Loading::Asked;
    tag.last_event = None;
    (state.line.losses, state.line.last_live, state.malformed) = (2, Some(ago(47)), 1);
    state.line.traffic = (18_400_000, 2_345);
    state.checks = Checks {
        health: Answer::Told(Some(true)),
        health_asked: Some(ago(0)),
        scopes: Answer::Told(Some(vec![plain("read"), plain("write:favourites")])),
    };
    state.terminal = ["TERM=xterm-256color", "COLORTERM=truecolor", "UTF-8", "inside tmux", "mouse taken"].map(plain).to_vec();
    state.overlays.push(Overlay::Health { scroll: 0 });
    state
}

#[test]
fn stream_health() {
    for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 60)] {
        insta::assert_snapshot!(format!("health_{width}x{height}"), picture(&unhealthy((width, height))));
    }
    let mut state = unhealthy((40, 90));
    state.server.as_mut().unwrap().software = Software::GoToSocial;
    timeline(&mut state, &hashtag("rust")).standing = Subscription::NotStreamed;
    insta::assert_snapshot!("health_40x90", picture(&state));
    state.server = None;
    state.line.state =
        Connection::Reconnecting { reason: plain("the server closed the connection"), attempt: 3, retry_in: Duration::from_secs(4) };
    state.line.next_attempt = now().checked_add(SignedDuration::from_secs(4)).ok();
    state.timelines.values_mut().for_each(|timeline| timeline.live_since = None);
    insta::assert_snapshot!("health_away_40x90", picture(&state));
}

/// Everything that a stream can be beside those of `unhealthy`, and the rungs below the best.
#[test]
fn stream_health_on_lower_rungs() {
    let mut state = unhealthy((80, 68));
    let climbs = now().checked_add(SignedDuration::from_mins(14)).ok();
    state.line.rung = Rung::ServerSentEvents;
    state.line.below = Some((plain("a proxy answers upgrades with 403"), climbs));
    state.checks.health = Answer::Failed(failure("streaming.tide.example did not answer within 10 s"));
    state.checks.scopes = Answer::Told(None);
    for timeline in state.timelines.values_mut() {
        timeline.rung = Rung::ServerSentEvents;
    }
    let user = timeline(&mut state, &Stream::User);
    user.older_page = Loading::Done;
    let gap = Arc::clone(&user.gaps().next().unwrap().after);
    fill(user, &gap, climbs);
    timeline(&mut state, &Stream::UserNotification).standing = Subscription::Interrupted(plain("the server closed the connection"));
    let tag = timeline(&mut state, &hashtag("rust"));
    (tag.standing, tag.rung, tag.first_page) = (Subscription::Open, Rung::Polling, Loading::Done);
    let next = now().checked_add(SignedDuration::from_secs(48)).unwrap();
    let last = now().checked_sub(SignedDuration::from_secs(12)).ok();
    tag.poll = Some(Polling { last, asked: last, next, failure: Some(failure("503 from the server")) });
    state.open(Stream::Direct);
    let direct = timeline(&mut state, &Stream::Direct);
    (direct.standing, direct.first_page, direct.complete_since) = (Subscription::Open, Loading::Done, Some(ago(3)));
    insta::assert_snapshot!("health_rungs_80x68", picture(&state));
}

#[test]
fn numbers_that_change_move_nothing_in_stream_health() {
    for size in [(40, 90), (80, 60), (120, 60), (200, 60)] {
        let mut state = unhealthy(size);
        let before = rows(&draw(&state).buffer);
        state.line.traffic = (999_999_999_999, 999_999);
        state.line.ping = Some(Duration::from_millis(2_345));
        state.line.losses = 1_234;
        for timeline in state.timelines.values_mut() {
            (0..1_234).for_each(|_| timeline.meter.count(now()));
            timeline.last_event = timeline.last_event.map(|at| if at == ago(12) { ago(59) } else { ago(4) });
        }
        (0..9_999).for_each(|_| state.meter.count(now()));
        let after = rows(&draw(&state).buffer);
        // What was in a line is there still, at its place: digits and what follows them apart.
        let first = |row: &String| {
            let inner = row.split_once('│').map_or(row.as_str(), |(_, inner)| inner);
            inner.trim_start().chars().filter(|ch| !ch.is_ascii_digit()).take(4).collect::<String>()
        };
        let bare = |rows: &[String]| rows.iter().skip(2).take(usize::from(size.1) - 4).map(first).collect::<Vec<_>>();
        assert_eq!(bare(&before), bare(&after), "{size:?}");
    }
}

#[test]
fn the_ages_of_stream_health_keep_moving() {
    let mut state = unhealthy((80, 60));
    let second = now().checked_add(SignedDuration::from_secs(1)).unwrap();
    assert_eq!(draw(&state).measured.next_change, Some(second), "the countdown of a page that is asked for again");
    timeline(&mut state, &Stream::User).older_page = Loading::Done;
    for timeline in state.timelines.values_mut() {
        timeline.last_event = Some(ago(3));
    }
    let minute = now().checked_add(SignedDuration::from_mins(1)).unwrap();
    assert_eq!(draw(&state).measured.next_change, Some(minute));
    assert!(picture(&state).contains("last event 3m ago"));
    state.now = minute;
    assert!(picture(&state).contains("last event 4m ago"));
}

#[test]
fn each_state_of_the_connection_is_told_apart() {
    let reason = plain("the server closed the connection");
    let retry_in = Duration::from_secs(4);
    let states = [
        Connection::Connecting,
        Connection::Live,
        Connection::Reconnecting { reason: reason.clone(), attempt: 3, retry_in },
        Connection::RateLimited { reason: plain("too many requests"), retry_in },
        Connection::Offline { reason: plain("tide.example does not resolve"), attempt: 1, retry_in },
        Connection::SignedOut { reason: plain("The access token was revoked; run `trunkline login tide.example`") },
        Connection::Failed { reason: plain("tide.example does not speak Mastodon's API") },
    ];
    let mut told = String::new();
    for (index, connection) in states.into_iter().enumerate() {
        for width in [40, 80, 120] {
            let mut state = bare((width, 12));
            let attempts = ![0, 1, 5, 6].contains(&index);
            state.line.next_attempt = now().checked_add(SignedDuration::from_secs(4)).ok().filter(|_| attempts);
            if connection != Connection::Live {
                timeline(&mut state, &Stream::User).first_page = Loading::Idle;
            }
            state.line.state = connection.clone();
            let drawn = draw(&state);
            let rows = rows(&drawn.buffer);
            let body = rows[2..11].iter().filter(|row| !row.is_empty()).cloned().collect::<Vec<_>>().join("\n");
            write!(told, "{}\n{body}\n{}\n\n", rows[0], rows[11]).unwrap();
            let counts_down = state.line.next_attempt.is_some();
            assert_eq!(drawn.measured.next_change.is_some(), counts_down, "{connection:?}");
        }
    }
    insta::assert_snapshot!("connection", told);
}

/// A walk that has taken three pages and waits.
fn fill(timeline: &mut Timeline, gap: &Arc<str>, retry_at: Option<Timestamp>) {
    timeline.set_fill(gap, Fill::Filling);
    timeline.refill = Some(Refill { pages: 3, retry_at, ..Refill::new(Some(Arc::clone(gap)), Arc::clone(gap), "4".into(), ago(1)) });
}

/// Adds the top, the rows and the bottom of a screen, narrow and wide.
fn tell_of(told: &mut String, name: &str, change: &dyn Fn(&mut State)) {
    for width in [60, 120] {
        let mut state = bare((width, 13));
        change(&mut state);
        let drawn = draw(&state);
        let rows = rows(&drawn.buffer);
        let body = rows[2..12].iter().filter(|row| !row.is_empty()).cloned().collect::<Vec<_>>().join("\n");
        write!(told, "-- {name}\n{}\n{body}\n{}\n\n", rows[0], rows[12]).unwrap();
    }
}

#[test]
fn each_state_of_a_stream_is_told_apart() {
    let mut told = String::new();
    let mut tell = |name: &str, change: &dyn Fn(&mut State)| tell_of(&mut told, name, change);
    let user = Stream::User;
    tell("empty", &|_| {});
    tell("loading", &|state| timeline(state, &user).first_page = Loading::Asked);
    tell("failed", &|state| {
        let at = now().checked_add(SignedDuration::from_secs(20)).unwrap();
        timeline(state, &user).first_page = Loading::Failed(failure("503 from the server"), Some(at));
    });
    tell("refused", &|state| {
        timeline(state, &user).standing = Subscription::Refused(plain("Access to this resource is not available to this token"));
    });
    tell("refused with rows", &|state| {
        post(state, &user, status("5", "2", 1, "<p>still here</p>"));
        timeline(state, &user).standing = Subscription::Refused(plain("Not authorized to access this stream"));
    });
    tell("not streamed", &|state| timeline(state, &user).standing = Subscription::NotStreamed);
    let access = TimelinesAccess { local_live: FeedAccess::Disabled, ..TimelinesAccess::default() };
    tell("switched off", &|state| {
        state.server.as_mut().unwrap().timelines_access = TimelinesAccess { remote_live: FeedAccess::Disabled, ..access };
        state.tabs.go_to(&federated().into());
    });
    tell("half switched off", &|state| {
        state.server.as_mut().unwrap().timelines_access = access;
        state.tabs.go_to(&federated().into());
    });
    tell("subscribing", &|state| timeline(state, &user).standing = Subscription::Requested);
    tell("quiet", &|state| timeline(state, &user).last_event = Some(ago(12)));
    tell("held with new", &|state| {
        for id in ["5", "6", "7"] {
            post(state, &user, status(id, "2", 1, "<p>words</p>"));
        }
        let tab = state.tabs.active_mut().unwrap();
        tab.held = true;
        tab.anchor = Anchor::Row(key("5"), 0);
        tab.cursor = Some(key("5"));
        for id in ["6", "7"] {
            tab.unseen.insert(&key(id));
        }
    });
    tell("older page asked", &|state| {
        post(state, &user, status("5", "2", 1, "<p>words</p>"));
        timeline(state, &user).older_page = Loading::Asked;
    });
    tell("older page failed", &|state| {
        post(state, &user, status("5", "2", 1, "<p>words</p>"));
        timeline(state, &user).older_page = Loading::Failed(failure("503 from the server"), None);
    });
    tell("a grave notice", &|state| state.notices.say(now(), plain("the log cannot be written: disk full"), true));
    tell("no tab", &|state| while state.close().is_some() {});
    insta::assert_snapshot!("streams", told);
}

#[test]
fn each_state_of_a_ledger_and_each_rung_is_told_apart() {
    let mut told = String::new();
    let mut tell = |name: &str, change: &dyn Fn(&mut State)| tell_of(&mut told, name, change);
    let user = Stream::User;
    tell("shed", &|state| {
        post(state, &user, status("5", "2", 9, "<p>words</p>"));
        timeline(state, &user).mark_gap(Some(ago(8)), Some(ago(7)), Cause::Shed, Some(1_234));
        post(state, &user, status("6", "2", 1, "<p>words</p>"));
    });
    for (name, fill) in [("gap left", Fill::Left), ("refilling", Fill::Due)] {
        tell(name, &|state| {
            post(state, &user, status("5", "2", 9, "<p>words</p>"));
            timeline(state, &user).mark_gap(Some(ago(8)), Some(ago(7)), Cause::Disconnected, None);
            timeline(state, &user).set_fill(&"5".into(), fill);
            post(state, &user, status("6", "2", 1, "<p>words</p>"));
        });
    }
    tell("refilling page by page", &|state| {
        post(state, &user, status("5", "2", 9, "<p>words</p>"));
        timeline(state, &user).mark_gap(Some(ago(8)), Some(ago(7)), Cause::Disconnected, None);
        fill(timeline(state, &user), &"5".into(), now().checked_add(SignedDuration::from_mins(3)).ok());
        post(state, &user, status("6", "2", 1, "<p>words</p>"));
    });
    tell("dropped to save memory", &|state| {
        post(state, &user, status("5", "2", 9, "<p>words</p>"));
        timeline(state, &user).mark_gap(None, None, Cause::Trimmed, None);
        post(state, &user, status("6", "2", 1, "<p>words</p>"));
    });
    tell("interrupted", &|state| {
        timeline(state, &user).standing = Subscription::Interrupted(plain("the server closed the connection"));
    });
    tell("filtered", &|state| {
        let hides = FilterMatch { title: plain("Sports"), context: vec![FilterContext::Home], action: FilterAction::Hide };
        post(state, &user, Status { filtered: Some(vec![hides]), ..status("5", "2", 9, "<p>football</p>") });
        state.tabs.active_mut().unwrap().hidden.insert(key("5"));
    });
    tell("polled", &|state| {
        state.server.as_mut().unwrap().software = Software::GoToSocial;
        state.tabs.go_to(&hashtag("rust").into());
        let timeline = timeline(state, &hashtag("rust"));
        let next = now().checked_add(SignedDuration::from_secs(18)).unwrap();
        (timeline.rung, timeline.poll) = (Rung::Polling, Some(Polling { last: Some(ago(0)), asked: Some(ago(0)), next, failure: None }));
    });
    tell("a poll that failed", &|state| {
        timeline(state, &user).rung = Rung::Polling;
        timeline(state, &user).poll = Some(Polling { failure: Some(failure("503 from the server")), ..Polling::new(now()) });
    });
    tell("not known to be complete", &|state| {
        state.open(Stream::Direct);
        state.tabs.go_to(&Stream::Direct.into());
        let direct = timeline(state, &Stream::Direct);
        (direct.standing, direct.first_page, direct.complete_since) = (Subscription::Open, Loading::Done, Some(ago(3)));
    });
    tell("by server-sent events", &|state| {
        state.line.rung = Rung::ServerSentEvents;
        state.timelines.values_mut().for_each(|timeline| timeline.rung = Rung::ServerSentEvents);
    });
    tell("all is polled", &|state| {
        state.line.rung = Rung::Polling;
        state.line.ping = None;
        let last = now().checked_sub(SignedDuration::from_secs(12)).ok();
        for timeline in state.timelines.values_mut() {
            (timeline.rung, timeline.poll) = (Rung::Polling, Some(Polling { last, ..Polling::new(now()) }));
        }
    });
    insta::assert_snapshot!("ledgers", told);
}

#[test]
fn lists_that_cannot_be_had_do_not_load_for_ever() {
    let specs = vec!["list:friends".parse().unwrap()];
    let mut state = State::new(Settings::default(), now(), specs);
    state.offer_loading = Loading::Asked;
    find(&draw(&state).buffer, "Loading…");
    state.offer_loading = Loading::Failed(failure("the token may not read lists"), None);
    let drawn = draw(&state);
    assert!(!rows(&drawn.buffer).iter().any(|row| row.contains("Loading")), "{:#?}", rows(&drawn.buffer));
    find(&drawn.buffer, "the token may not read lists · ctrl-r tries again");
}

#[test]
fn quotes_say_why_they_are_not_shown() {
    let mut state = bare((80, 60));
    let states = [
        QuoteState::Pending,
        QuoteState::Accepted,
        QuoteState::Rejected,
        QuoteState::Revoked,
        QuoteState::Deleted,
        QuoteState::Unauthorized,
        QuoteState::BlockedAccount,
        QuoteState::BlockedDomain,
        QuoteState::MutedAccount,
        QuoteState::Other(plain("sealed")),
    ];
    hold(&mut state, status("9", "6", 60, "<p>Quoted words.</p>"));
    for (index, quote) in states.into_iter().enumerate() {
        let quote = Some(Quote { state: quote, status: Some(sid("9")) });
        post(&mut state, &Stream::User, Status { quote: quote.map(Box::new), ..status(&(50 - index).to_string(), "2", 5, "<p>This.</p>") });
    }
    insta::assert_snapshot!("quotes", picture(&state));
}

#[test]
fn polls_show_choices_winners_and_hidden_counts_in_words() {
    let mut state = bare((60, 44));
    let ends = now().checked_add(SignedDuration::from_mins(90)).unwrap();
    let options = [("Tea", Some(3)), ("Coffee with a very long name that does not fit beside its bar", Some(1)), ("Neither", Some(0))];
    let hidden = [("Tea", None), ("Coffee", None)];
    let several = Poll { multiple: true, voters_count: Some(3), ..poll(&options, Some(1), ends) };
    let polls = [poll(&options, None, ends), poll(&options, Some(0), ago(5)), poll(&hidden, Some(1), ends), several];
    for (index, poll) in polls.into_iter().enumerate() {
        post(&mut state, &Stream::User, Status { poll: Some(Box::new(poll)), ..status(&(50 - index).to_string(), "2", 5, "<p>?</p>") });
    }
    insta::assert_snapshot!("polls", picture(&state));
}

#[test]
fn in_ascii_mode_only_strangers_write_anything_else() {
    let ascii = Theme::new(true, true, TimeZone::UTC);
    let drawn = draw_with(&thread((120, 36)), &ascii, &mut Cards::new());
    insta::assert_snapshot!("ascii_thread_120x36", rows(&drawn.buffer).join("\n"));
    let mut state = bare((100, 40));
    for plain_post in [ada(), status("9", "2", 2, "<blockquote><p>bars</p></blockquote><ul><li>bullets</li></ul><p>\u{1} replaced</p>")] {
        post(&mut state, &Stream::User, plain_post);
    }
    for overlay in [None, Some(Overlay::Help { scroll: 0 }), Some(Overlay::picker(Pick::Stream, 1))] {
        state.overlays = overlay.into_iter().collect();
        let rows = rows(&draw_with(&state, &ascii, &mut Cards::new()).buffer);
        for row in &rows {
            assert!(row.replace("tide.example/notes…", "").is_ascii(), "{row}");
        }
    }
}

#[test]
fn what_is_too_small_says_so() {
    for size in [(19, 12), (40, 5), (1, 1), (5, 2)] {
        let drawn = draw(&home(size));
        assert!(rows(&drawn.buffer)[0].starts_with("too small".get(..usize::from(size.0).min(9)).unwrap()), "{size:?}");
        assert_eq!(drawn.measured, Measured::default());
    }
    insta::assert_snapshot!("least_20x6", picture(&home((20, 6))));
}

#[test]
fn the_chosen_row_has_an_accent_bar_and_the_cursor() {
    let mut state = home((80, 24));
    at(&mut state, "230", Anchor::Row(key("240"), 0));
    let drawn = draw(&state);
    let (_, y) = find(&drawn.buffer, "↻ Bo boosted");
    for line in y..y + 5 {
        let cell = &drawn.buffer[(0, line)];
        assert_eq!((cell.symbol(), cell.fg), ("▌", Color::Magenta), "line {line}");
    }
    assert_eq!(drawn.buffer[(0, y - 1)].symbol(), " ");
    assert_eq!(drawn.cursor, Some((0, y)));
    // With a post open beside the timeline the accent is the reader's.
    let drawn = draw(&thread((120, 36)));
    let (_, y) = find(&drawn.buffer, "Ada Quill @ada");
    assert_eq!((drawn.buffer[(0, y)].symbol(), drawn.buffer[(0, y)].fg), ("▌", Color::DarkGray));
    assert_eq!((drawn.buffer[(110, 1)].symbol(), drawn.buffer[(110, 1)].fg), ("━", Color::Magenta));
}

#[test]
fn marks_carry_the_colours_and_words_do_not() {
    let mut state = home((120, 36));
    let tab = state.tabs.active_mut().unwrap();
    tab.unseen.insert(&key("240"));
    at(&mut state, "226", Anchor::Row(key("226"), 0));
    let buffer = draw(&state).buffer;
    let style = |text: &str, offset: u16| {
        let (x, y) = find(&buffer, text);
        (buffer[(x + offset, y)].fg, buffer[(x + offset, y)].modifier)
    };
    assert_eq!(style("Home 1", 5), (Color::Magenta, Modifier::BOLD), "what is unseen");
    assert_eq!(style("Home 1", 0).1, Modifier::BOLD);
    assert_eq!(style("▲ 1 new post", 3), (Color::Magenta, Modifier::BOLD));
    assert_eq!(style("┄┄ posts missing", 0).0, Color::Yellow);
    assert_eq!(style("posts missing", 0), (Color::Reset, Modifier::empty()), "yellow words vanish on white");
    assert_eq!(style("● live", 0).0, Color::Green);
    assert_eq!(style("Mint Firework", 0).1, Modifier::BOLD);
    let buffer = draw(&home((120, 36))).buffer;
    let (x, y) = find(&buffer, "tide.example/notes…");
    assert_eq!((buffer[(x, y)].fg, buffer[(x, y)].modifier), (Color::LightBlue, Modifier::UNDERLINED));
    let (x, y) = find(&buffer, "#rust #release");
    assert_eq!(buffer[(x, y)].fg, Color::Cyan);
}

#[test]
fn without_colour_nothing_is_lost() {
    let plain = Theme::new(false, false, TimeZone::UTC);
    let coloured = draw(&home((120, 36)));
    let drawn = draw_with(&home((120, 36)), &plain, &mut Cards::new());
    assert_eq!(rows(&drawn.buffer), rows(&coloured.buffer));
    assert!(drawn.buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert!(coloured.buffer.content.iter().all(|cell| cell.bg == Color::Reset), "no background is painted");
}

#[test]
fn what_comes_does_not_move_what_is_read() {
    let mut state = home((120, 36));
    at(&mut state, "226", Anchor::Row(key("226"), 0));
    let before = rows(&draw(&state).buffer);
    for id in ["300", "301", "302"] {
        post(&mut state, &Stream::User, status(id, "2", 0, "<p>News</p>"));
        state.tabs.active_mut().unwrap().unseen.insert(&key(id));
    }
    let after = rows(&draw(&state).buffer);
    assert!(after[2].starts_with("  ▲ 3 new posts"), "{}", after[2]);
    assert_eq!(before[3..35], after[3..35]);
}

#[test]
fn what_is_read_stays_where_it_is_when_rows_above_it_in_view_change() {
    let mut state = bare((80, 24));
    for id in 300..340 {
        post(&mut state, &Stream::User, status(&id.to_string(), "1", 9, "<p>one</p><p>two</p>"));
    }
    at(&mut state, "320", Anchor::Row(key("323"), 2));
    let mut cards = Cards::new();
    let mut look = |state: &mut State| {
        let pane = draw_with(state, &theme(), &mut cards).measured.timeline.unwrap();
        let row = pane.visible.iter().find(|row| row.key == key("320")).unwrap();
        let (y, height) = (row.y, row.height);
        let (hold, lines) = pane.hold.unwrap();
        state.tabs.active_mut().unwrap().anchor = Anchor::Row(hold, lines);
        (y, height)
    };
    let before = look(&mut state);
    assert_eq!(look(&mut state), before);
    hold(&mut state, Status { edited_at: Some(now()), ..status("323", "1", 9, "<p>only one line is left</p>") });
    assert_eq!(look(&mut state), before, "the row at the top, cut by the pane's edge, got shorter");
    hold(&mut state, Status { edited_at: Some(now()), ..status("322", "1", 9, "<p>a</p><p>b</p><p>c</p><p>d</p>") });
    assert_eq!(look(&mut state), before, "a row between got longer");
    state.store.delete(&sid("321"));
    timeline(&mut state, &Stream::User).bury(&sid("321"));
    assert_eq!(look(&mut state), before, "another was removed");
    post(&mut state, &Stream::User, status("3200", "1", 9, "<p>above</p>"));
    assert_eq!(look(&mut state), before);
    hold(&mut state, Status { edited_at: Some(now()), ..status("320", "1", 9, "<p>shorter</p>") });
    assert_eq!(look(&mut state).0, before.0, "the read one itself changed");
}

#[test]
fn at_the_top_the_view_follows() {
    let mut state = home((80, 24));
    post(&mut state, &Stream::User, status("300", "2", 0, "<p>News</p>"));
    let drawn = draw(&state);
    assert_eq!(drawn.measured.timeline.unwrap().top, Some((key("300"), 0)));
    state.tabs.active_mut().unwrap().cursor = Some(key("196"));
    let drawn = draw(&state);
    assert_eq!(drawn.measured.timeline.unwrap().top, Some((key("300"), 0)), "a cursor that scrolled off moves nothing");
    assert_eq!(drawn.cursor, None);
}

#[test]
fn what_a_new_post_pushes_down_is_moved_and_not_drawn() {
    let mut state = home((120, 36));
    let mut cards = Cards::new();
    let mut sheet = Sheet::new(Rect::new(0, 0, 120, 36));
    state.size = (120, 36);
    for number in 300..304 {
        post(&mut state, &Stream::User, status(&number.to_string(), "2", 0, "<p>News</p>"));
        view(&state, &theme(), &mut cards, &mut sheet);
    }
    let moved = sheet.moved().expect("rows have moved");
    // Where the others stand that look alike nobody can tell.
    assert_eq!((moved.top, moved.bottom, moved.by), (9, 32, 3));
    let changed: Vec<u16> = sheet.changed().iter().map(|changed| changed.y).collect();
    assert!(changed.len() < 14, "{changed:?} were drawn");
}

#[test]
fn the_reader_waits_where_every_post_is_shown_and_none_could_be_read() {
    let mut state = home((120, 36));
    let stream = Stream::User;
    let timeline = state.timelines.get_mut(&stream).unwrap();
    (0..119).for_each(|_| timeline.meter.count(now()));
    timeline.last_event = Some(now());
    assert!(!rows(&draw(&state).buffer).join(" ").contains("too fast"), "two a second can be followed");
    state.timelines.get_mut(&stream).unwrap().meter.count(now());
    let drawn = draw(&state);
    let place = drawn.measured.reader.as_ref().unwrap().area;
    let line: String = (place.x..place.x + place.width).map(|x| drawn.buffer[(x, place.y)].symbol()).collect();
    assert!(line.contains("Posts come too fast"), "{line}");
    let rested = now() + SignedDuration::from_millis(500);
    assert_eq!(drawn.measured.next_change, Some(rested), "the loop wakes up for it");
    state.now = rested;
    assert!(!rows(&draw(&state).buffer).join(" ").contains("too fast"), "the one on top stays");
    state.now = now();
    state.tabs.active_mut().unwrap().held = true;
    assert!(!rows(&draw(&state).buffer).join(" ").contains("too fast"), "the view is held");
}

#[test]
fn the_cursor_brings_the_view_as_little_as_needed() {
    let mut state = home((80, 24));
    at(&mut state, "226", Anchor::Row(key("240"), 0));
    let pane = draw(&state).measured.timeline.unwrap();
    let chosen = pane.visible.iter().find(|row| row.key == key("226")).unwrap();
    assert!(chosen.whole && chosen.y + chosen.height == pane.area.y + pane.area.height, "{pane:?}");
    at(&mut state, "240", Anchor::Row(key("226"), 0));
    let pane = draw(&state).measured.timeline.unwrap();
    assert_eq!(pane.top, Some((key("240"), 0)));
    // A top row that was cut comes down when it is chosen.
    at(&mut state, "240", Anchor::Row(key("240"), 3));
    assert_eq!(draw(&state).measured.timeline.unwrap().top, Some((key("240"), 0)));
}

#[test]
fn offsets_of_lines_become_rows() {
    let mut state = home((80, 24));
    at(&mut state, "228", Anchor::Row(key("240"), 12));
    let pane = draw(&state).measured.timeline.unwrap();
    assert_eq!(pane.top, Some((key("230"), 2)), "the first row and the line beneath it take ten");
    at(&mut state, "230", Anchor::Row(key("230"), -3));
    let pane = draw(&state).measured.timeline.unwrap();
    assert_eq!(pane.top.unwrap().0, key("240"));
    at(&mut state, "196", Anchor::Row(key("196"), i32::MAX));
    let pane = draw(&state).measured.timeline.unwrap();
    assert_eq!(pane.visible.last().unwrap().key, key("196"), "the end stays at the bottom");
}

#[test]
fn rows_that_a_filter_hides_are_skipped() {
    let mut state = home((80, 24));
    let hide = FilterMatch { title: plain("Quiet"), context: vec![FilterContext::Home], action: FilterAction::Hide };
    post(&mut state, &Stream::User, Status { filtered: Some(vec![hide]), ..status("300", "2", 0, "<p>Unwanted</p>") });
    let drawn = draw(&state);
    assert!(!rows(&drawn.buffer).iter().any(|row| row.contains("Unwanted")));
    assert_eq!(drawn.measured.timeline.unwrap().top, Some((key("240"), 0)));
}

#[test]
fn edits_and_deletions_show_at_once() {
    let mut state = thread((120, 36));
    let mut cards = Cards::new();
    draw_with(&state, &theme(), &mut cards);
    hold(&mut state, Status { edited_at: Some(now()), ..status("240", "1", 2, "<p>Other words</p>") });
    let drawn = draw_with(&state, &theme(), &mut cards);
    let changed = rows(&drawn.buffer).iter().filter(|row| row.contains("Other words")).count();
    assert_eq!(
        rows(&drawn.buffer).iter().map(|row| row.matches("Other words").count()).sum::<usize>(),
        2,
        "{changed}: timeline and reader"
    );
    state.store.delete(&sid("240"));
    timeline(&mut state, &Stream::User).bury(&sid("240"));
    let drawn = draw_with(&state, &theme(), &mut cards);
    assert_eq!(rows(&drawn.buffer).iter().map(|row| row.matches("a post by Ada Quill was removed").count()).sum::<usize>(), 2);
    state.store.put_account(account("7", "cy@dune.example", "Cyrus"));
    go_to(&mut state, "250", 0);
    let drawn = draw_with(&state, &theme(), &mut cards);
    find(&drawn.buffer, "Cyrus @cy");
}

#[test]
fn who_the_reader_is_shows_as_soon_as_it_is_known() {
    let mut state = bare((80, 24));
    let me = state.me.take();
    let answer = Status { in_reply_to_id: Some(sid("1")), in_reply_to_account_id: Some(aid("99")), ..status("5", "2", 1, "<p>yes</p>") };
    post(&mut state, &Stream::User, answer);
    let mut cards = Cards::new();
    find(&draw_with(&state, &theme(), &mut cards).buffer, "answers Wanda Reader");
    state.me = me;
    find(&draw_with(&state, &theme(), &mut cards).buffer, "answers you");
}

#[test]
fn only_what_is_in_view_is_laid_out_and_the_rest_is_forgotten() {
    let mut state = bare((120, 36));
    for id in 1_000..4_000 {
        post(&mut state, &Stream::User, status(&id.to_string(), "1", 9, "<p>words</p>"));
    }
    let mut cards = Cards::new();
    at(&mut state, "2500", Anchor::Row(key("2500"), 0));
    draw_with(&state, &theme(), &mut cards);
    assert!(cards.len() <= 3 * 36, "{} cards", cards.len());
    for id in (1_001..3_999).step_by(70) {
        at(&mut state, &id.to_string(), Anchor::Row(key(&id.to_string()), 0));
        draw_with(&state, &theme(), &mut cards);
    }
    assert!(cards.len() <= 10 * 3 * 36, "{} cards", cards.len());
    let held = cards.len();
    draw_with(&state, &Theme::new(false, false, TimeZone::UTC), &mut cards);
    assert!(cards.len() < held, "another theme begins anew");
}

#[test]
fn ages_tell_when_they_will_read_differently() {
    let mut state = bare((80, 24));
    post(&mut state, &Stream::User, Status { created_at: Some(now() - SignedDuration::from_secs(90)), ..status("5", "2", 0, "<p>a</p>") });
    post(&mut state, &Stream::User, Status { created_at: Some(now() - SignedDuration::from_hours(90)), ..status("4", "2", 0, "<p>b</p>") });
    let mut cards = Cards::new();
    let drawn = draw_with(&state, &theme(), &mut cards);
    assert_eq!(drawn.measured.next_change, now().checked_add(SignedDuration::from_secs(30)).ok());
    find(&drawn.buffer, "1m");
    state.now = drawn.measured.next_change.unwrap();
    find(&draw_with(&state, &theme(), &mut cards).buffer, "2m");
}

#[test]
fn tabs_can_be_hit_and_the_open_one_is_always_in_view() {
    let state = home((120, 36));
    let drawn = draw(&state);
    assert_eq!(drawn.measured.tabs.iter().map(|(_, _, index)| *index).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    let (x, _) = find(&drawn.buffer, "Federated");
    let (from, to, _) = drawn.measured.tabs[3];
    assert!((from..to).contains(&x));
    let mut state = home((40, 12));
    for (index, tag) in ["a", "long-tag-name", "c", "d", "e", "f", "g", "h"].iter().enumerate() {
        state.open(hashtag(tag));
        state.tabs.select(index + 5);
        let drawn = draw(&state);
        assert!(drawn.measured.tabs.iter().any(|(from, to, shown)| *shown == index + 5 && to > from), "{:?}", drawn.measured.tabs);
        assert!(rows(&drawn.buffer)[0].contains('‹'));
    }
}

#[test]
fn a_prompt_has_the_terminals_cursor_where_text_goes() {
    let mut state = home((80, 24));
    let mut prompt = typed("日本 rust");
    prompt.left();
    state.overlays.push(Overlay::Picker(Picker { kind: Pick::Stream, prompt, chosen: 0 }));
    let drawn = draw(&state);
    let (x, y) = find(&drawn.buffer, "日 本  rust");
    assert_eq!(drawn.cursor, Some((x + 8, y)));
    let pane = drawn.measured.overlay.unwrap();
    assert_eq!(pane.first.0, y + 2);
}

#[test]
fn a_long_thread_is_laid_out_as_far_as_it_is_read() {
    let mut state = thread((80, 24));
    let ids: Vec<StatusId> = (5_000..7_000).map(|id| sid(&id.to_string())).collect();
    for id in &ids {
        hold(&mut state, status(id.as_str(), "2", 1, "<p>me too</p>"));
    }
    state.overlays.clear();
    open(&mut state, "240", Some(Thread { descendants: ids.clone(), ..Thread::default() }));
    let mut cards = Cards::new();
    for at in [0, 1_000, 1_999] {
        go_to(&mut state, ids[at].as_str(), 3);
        let drawn = draw_with(&state, &theme(), &mut cards);
        assert!(cards.len() < 120, "{} cards", cards.len());
        let pane = drawn.measured.reader.unwrap();
        let seen: Vec<&str> = pane.visible.iter().map(|post| post.id.as_str()).collect();
        assert!(seen.contains(&ids[at].as_str()) && (2..20).contains(&seen.len()), "{seen:?}");
        assert_eq!(pane.more, at < 1_999);
    }
}

/// What strangers may write, after the door.
fn strange() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,60}",
        "[a-z ]{0,200}",
        "(日本|👩‍👩‍👧‍👦|🇳🇴|é|नदी|أي|w|  |\n){0,40}",
        Just("x".repeat(300)),
        "(<p>[a-z日👍🏽 ]{0,30}</p>|<ul><li>[a-z]{0,9}</li></ul>|<blockquote>[a-z ]{0,40}</blockquote>|<a href=\"https://a.example/x\">[a-z日]{1,30}</a> ){0,6}",
    ]
}

fn strange_status(id: usize, (name, words, extra, visibility): (String, String, u8, u8)) -> (Account, Status) {
    let author = account(&format!("7{id}"), &format!("someone{id}@x.example"), &name);
    let mut made = status(&(1_000 + id).to_string(), &format!("7{id}"), i64::from(extra) * 7, &words);
    made.visibility = if visibility == 0 { Visibility::Other(plain(&name)) } else { Visibility::Public };
    if extra % 2 == 0 {
        made.media_attachments = vec![image(&words), image("")];
    }
    if extra % 3 == 0 {
        made.poll = Some(Box::new(poll(&[(&name, Some(3)), (&words, Some(u64::MAX / 2))], Some(1), ago(-9))));
    }
    if extra % 5 == 0 {
        made.spoiler_text = plain(&words);
    }
    if extra % 7 == 0 {
        made.quote = Some(Box::new(Quote { state: QuoteState::Accepted, status: Some(sid("1000")) }));
        made.counts = counts(u64::MAX, 7, 0);
    }
    if extra % 11 == 0 {
        made.card = Some(Box::new(Card {
            url: plain(&words),
            title: plain(&words),
            description: plain(&name),
            provider_name: plain(&name),
            authors: vec![plain(&name)],
        }));
    }
    (author, made)
}

prop_compose! {
    fn any_state()(
        size in (1_u16..220, 1_u16..70),
        posts in proptest::collection::vec((strange(), strange(), any::<u8>(), 0_u8..9), 0..14),
        gap in any::<bool>(),
        anchor in proptest::option::of((any::<prop::sample::Index>(), -300_i32..300)),
        cursor in proptest::option::of(any::<prop::sample::Index>()),
        layer in 0_u8..7,
        scroll in any::<u16>(),
        tab in 0_usize..6,
        typed_text in strange(),
    ) -> State {
        let mut state = notifications(size);
        state.open(hashtag("日本語のとても長いハッシュタグ"));
        announce(&mut state);
        for (id, parts) in posts.into_iter().enumerate() {
            let (author, made) = strange_status(id, parts);
            state.store.put_account(author);
            post(&mut state, &Stream::User, made);
            if gap && id % 4 == 1 {
                timeline(&mut state, &Stream::User).mark_gap(Some(ago(900)), Some(ago(8)), Cause::Shed, Some(7));
            }
        }
        state.tabs.select(tab);
        let keys: Vec<RowKey> = state.active_rows().unwrap().all().iter().map(Row::key).collect();
        let tab = state.tabs.active_mut().unwrap();
        if !keys.is_empty() {
            tab.anchor = anchor.map_or(Anchor::Top, |(index, lines)| Anchor::Row(index.get(&keys).clone(), lines));
            tab.cursor = cursor.map(|index| index.get(&keys).clone());
            tab.unseen.clear();
            for key in keys.iter().take(2) {
                tab.unseen.insert(key);
            }
        }
        let thread = Thread { ancestors: vec![sid("1001"), sid("1")], descendants: vec![sid("1002"), sid("300")], bundle: Bundle::default() };
        match layer {
            0 => state.overlays.push(Overlay::Help { scroll }),
            1 => state.overlays.push(Overlay::Picker(Picker { kind: Pick::Command, prompt: typed(&typed_text), chosen: usize::from(scroll % 40) })),
            2 => state.overlays.push(Overlay::Picker(Picker { kind: Pick::Stream, prompt: typed(&typed_text), chosen: usize::from(scroll % 40) })),
            3 => {
                open(&mut state, "1000", Some(thread));
                let cursor = ["1000", "1001", "1002"][usize::from(scroll) % 3];
                go_to(&mut state, cursor, i32::from(scroll) - 30_000);
            }
            4 => state.overlays.push(Overlay::Announcements { scroll }),
            _ => {}
        }
        state
    }
}

/// Whether a part of the screen lies in another.
fn lies_in(screen: (u16, u16), area: Area) -> bool {
    area.x + area.width <= screen.0 && area.y + area.height <= screen.1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_state_at_any_size_stays_in_its_panes(mut state in any_state(), ascii in any::<bool>()) {
        let theme = Theme::new(true, ascii, TimeZone::UTC);
        let mut cards = Cards::new();
        let drawn = draw_with(&state, &theme, &mut cards);
        assert_whole(&drawn.buffer);
        if state.size.0 < 20 || state.size.1 < 6 {
            return Ok(());
        }
        let bar = if ascii { "|" } else { "│" };
        if let (Some(pane), Some(reader)) = (&drawn.measured.timeline, &drawn.measured.reader) {
            let joint = pane.area.x + pane.area.width;
            prop_assert_eq!(joint + 1, reader.area.x);
            if drawn.measured.overlay.is_none() {
                for y in pane.area.y..pane.area.y + pane.area.height {
                    prop_assert_eq!(drawn.buffer[(joint, y)].symbol(), bar, "row {}", y);
                }
            }
        }
        for area in [drawn.measured.timeline.as_ref().map(|pane| pane.area), drawn.measured.reader.as_ref().map(|pane| pane.area), drawn.measured.overlay.as_ref().map(|pane| pane.area)].into_iter().flatten() {
            prop_assert!(lies_in(state.size, area), "{area:?}");
        }
        if let Some((x, y)) = drawn.cursor {
            prop_assert!(x < state.size.0 && y < state.size.1);
        }
        let Some(pane) = drawn.measured.timeline else { return Ok(()) };
        let mut end = pane.area.y;
        for row in &pane.visible {
            prop_assert!(row.y >= end && row.height > 0, "{pane:?}");
            end = row.y + row.height;
        }
        prop_assert!(end <= pane.area.y + pane.area.height);
        let tab = state.tabs.active().unwrap();
        let chosen = tab.cursor.clone();
        if let (Anchor::Row(..), Some(chosen)) = (&tab.anchor, chosen) {
            prop_assert!(pane.visible.iter().any(|row| row.key == chosen), "the cursor is out of view: {pane:?}");
        }
        // Where the view settled is where it stays.
        if let (Anchor::Row(..), Some((top, lines))) = (tab.anchor.clone(), pane.top.clone()) {
            state.tabs.active_mut().unwrap().anchor = Anchor::Row(top, i32::from(lines));
            let again = draw_with(&state, &theme, &mut cards);
            prop_assert_eq!(&again.buffer, &drawn.buffer);
            prop_assert_eq!(again.measured.timeline.unwrap().top, pane.top.clone());
            let (held, lines) = pane.hold.clone().unwrap();
            state.tabs.active_mut().unwrap().anchor = Anchor::Row(held, lines);
            let held = draw_with(&state, &theme, &mut cards);
            prop_assert_eq!(held.buffer, drawn.buffer);
            prop_assert_eq!(held.measured.timeline.unwrap().hold, pane.hold);
        }
    }
}

#[test]
fn strangers_html_cannot_act_on_the_screen() {
    let mut state = bare((80, 24));
    let hostile = "<p>a\u{1b}[31mred\u{202e}txet\u{7}\u{9b}2J</p>";
    state.store.put_account(Account { display_name: Plain::line("\u{1b}]0;title\u{7}N\u{202e}ame"), ..account("77", "x@x.example", "") });
    post(&mut state, &Stream::User, Status { content: Html::new(hostile), ..status("5", "77", 1, "") });
    for row in rows(&draw(&state).buffer) {
        assert!(row.chars().all(|ch| !ch.is_control() && ch != '\u{202e}'), "{row:?}");
    }
}

/// A post whose links pretend in every way.
fn pretender() -> Status {
    let link = |url: &str, words: &str| format!("<a href=\"{url}\">{words}</a> ");
    let html = [
        link(
            "https://tide.example/notes/2026/the-new-release?from=a-very-long-campaign-name-that-nobody-reads&to=the-end-of-the-line",
            "tide.example/notes/2026/the-ne…",
        ),
        link("https://evil.example/login", "https://bank.example/login"),
        link("https://аррӏе.example/login", "apple.example"),
        link("https://bank.example@evil.example:8443/", "here"),
        link("magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a", "the film\u{202e}gpj.exe"),
        link("//nowhere", "\u{1b}]8;;https://evil.example\u{7}x"),
    ];
    Status {
        media_attachments: vec![Media { url: Some(plain("https://files.tide.example/1.webp")), ..image("a ferry at night") }],
        ..status("300", "1", 1, &format!("<p>{}</p>", html.concat()))
    }
}

#[test]
fn links_say_where_they_lead_and_what_pretends() {
    for (width, height) in [(40, 12), (80, 24), (120, 36)] {
        let mut state = home((width, height));
        post(&mut state, &Stream::User, pretender());
        let mut list = state.links_of(&sid("300"));
        list.chosen = 3;
        state.overlays.push(Overlay::Links(list));
        insta::assert_snapshot!(format!("links_{width}x{height}"), picture(&state));
    }
}

#[test]
fn an_address_of_any_length_can_be_read_to_its_end() {
    let mut state = home((60, 20));
    let long = format!("https://tide.example/{}end", "a/".repeat(2000));
    post(&mut state, &Stream::User, status("300", "1", 1, &format!("<p><a href=\"{long}\">long</a></p>")));
    state.overlays.push(Overlay::Links(state.links_of(&sid("300"))));
    let drawn = draw(&state);
    find(&drawn.buffer, "https://tide.example/a/");
    let most = drawn.measured.overlay.unwrap().most;
    assert!(most > 60, "{most}");
    if let Some(Overlay::Links(list)) = state.overlays.last_mut() {
        list.scroll = most;
    }
    let drawn = draw(&state);
    let last = rows(&drawn.buffer).join("\n");
    assert!(last.contains("/@ada"), "the last link is in view: {last}");
    if let Some(Overlay::Links(list)) = state.overlays.last_mut() {
        list.scroll = most - 4;
    }
    find(&draw(&state).buffer, "a/end");
}
