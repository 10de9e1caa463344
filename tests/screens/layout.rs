//! How much of the screen is shown and how it moves: held tabs, floods, zen, and where the reader stands.

use super::*;
use trunkline::command::Command;
use trunkline::update::{Msg, update};

/// Sends a message as the loop does: with what the last drawing measured.
fn send(state: &mut State, msg: Msg) {
    let measured = draw(state).measured;
    drop(update(state, msg, &measured));
}

fn arrive(state: &mut State, id: &str, words: &str) {
    let bundle = Bundle { accounts: Vec::new(), statuses: vec![status(id, "2", 0, words)] };
    let event =
        StreamEvent { streams: vec![Stream::User], named: None, name: plain("update"), payload: Payload::Update(bundle), raw: None };
    send(state, Msg::Event(state.line.origin, Event::Stream(event)));
}

fn assert_picture(name: &str, state: &State) {
    insta::with_settings!({ snapshot_path => "../snapshots" }, { insta::assert_snapshot!(name, picture(state)) });
}

#[test]
fn a_held_tab_stands_still_and_says_what_happened_meanwhile() {
    for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 60)] {
        let mut state = home((width, height));
        send(&mut state, Msg::Command(Command::HoldOrUnfold));
        let before = draw(&state).measured.timeline.unwrap().visible;
        for id in 500..537 {
            arrive(&mut state, &id.to_string(), "<p>Something new.</p>");
        }
        let held = draw(&state);
        assert_eq!(held.measured.timeline.unwrap().visible, before, "at {width}x{height} something moved");
        assert_picture(&format!("held_{width}x{height}"), &state);
        send(&mut state, Msg::Command(Command::Step));
        let stepped = draw(&state).measured.timeline.unwrap().visible;
        assert_eq!((&stepped[0].key, stepped[0].whole), (&key("500"), true), "at {width}x{height}");
        assert!(stepped[1..].iter().zip(&before).all(|(now, before)| now.key == before.key), "at {width}x{height}");
    }
}

#[test]
fn a_hold_shows_what_was_in_view_also_where_the_chosen_post_has_left_it() {
    let mut state = home((80, 24));
    send(&mut state, Msg::Command(Command::Down));
    send(&mut state, Msg::Command(Command::First));
    for id in 500..520 {
        arrive(&mut state, &id.to_string(), "<p>Something new.</p>");
    }
    let before = draw(&state).measured.timeline.unwrap().visible;
    send(&mut state, Msg::Command(Command::HoldOrUnfold));
    arrive(&mut state, "600", "<p>Something new.</p>");
    assert_eq!(draw(&state).measured.timeline.unwrap().visible, before);
}

#[test]
fn zen_shows_posts_alone_and_says_what_is_wrong_in_its_last_row() {
    for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 60)] {
        let mut state = home((width, height));
        state.zen = true;
        assert_picture(&format!("zen_{width}x{height}"), &state);
        let mut open = thread((width, height));
        open.zen = true;
        assert_picture(&format!("zen_reader_{width}x{height}"), &open);
        assert_eq!(draw(&open).measured.timeline, None, "the reader is alone");
    }
}

#[test]
fn zen_is_silent_while_all_is_well_and_never_else() {
    let last = |state: &State| rows(&draw(state).buffer).pop().unwrap_or_default();
    let mut calm = bare((80, 24));
    calm.zen = true;
    post(&mut calm, &Stream::User, status("5", "2", 1, "<p>words</p>"));
    assert_eq!(last(&calm), "");
    let tell = |change: &dyn Fn(&mut State)| {
        let mut state = bare((80, 24));
        state.zen = true;
        post(&mut state, &Stream::User, status("5", "2", 1, "<p>words</p>"));
        let before = rows(&draw(&state).buffer);
        change(&mut state);
        let after = rows(&draw(&state).buffer);
        assert_eq!(before[..23], after[..23], "something moved");
        last(&state)
    };
    let reconnecting = Connection::Reconnecting { attempt: 2, retry_in: Duration::from_secs(9), reason: plain("the socket broke") };
    let told = tell(&|state| {
        state.line.state = reconnecting.clone();
        state.line.next_attempt = now().checked_add(SignedDuration::from_secs(9)).ok();
    });
    assert_eq!(told, " ↻ reconnecting in 9 s: the socket broke");
    let refused = tell(&|state| timeline(state, &Stream::User).standing = Subscription::Refused(plain("not with this token")));
    assert_eq!(refused, " ✗ refused: not with this token");
    let interrupted = tell(&|state| timeline(state, &Stream::User).standing = Subscription::Interrupted(plain("it broke off")));
    assert_eq!(interrupted, " ↻ interrupted: it broke off");
    assert_eq!(tell(&|state| state.notices.say(now(), plain("the disk is full"), true)), " ✗ the disk is full");
    assert!(tell(&|state| timeline(state, &Stream::User).complete_since = None).contains("live"), "not known to be complete");
    let begun = tell(&|state| state.pending.push("g".parse().unwrap()));
    assert!(begun.contains("g …") && begun.contains("esc gives up"), "{begun}");
    let mut gap = bare((80, 24));
    gap.zen = true;
    post(&mut gap, &Stream::User, status("5", "2", 9, "<p>words</p>"));
    timeline(&mut gap, &Stream::User).mark_gap(Some(ago(8)), Some(ago(7)), Cause::Disconnected, None);
    post(&mut gap, &Stream::User, status("6", "2", 1, "<p>words</p>"));
    assert_eq!(last(&gap), " ┄ gap left, 14:58–14:59");
}

#[test]
fn the_reader_stands_beside_or_over_as_the_reader_wishes() {
    let mut state = home((120, 36));
    assert!(draw(&state).measured.reader.is_some());
    send(&mut state, Msg::Command(Command::ReaderPlace));
    let over = draw(&state).measured;
    assert!(over.reader.is_none() && over.timeline.unwrap().area.width == 120);
    assert!(rows(&draw(&state).buffer).pop().unwrap().contains("to keep the reader over the timeline"));
    send(&mut state, Msg::Command(Command::Read));
    let open = draw(&state).measured;
    assert!(open.timeline.is_none() && open.reader.unwrap().area.width == 120);
    send(&mut state, Msg::Command(Command::ReaderPlace));
    let beside = draw(&state).measured;
    assert!(beside.timeline.is_some() && beside.reader.is_some(), "also while a post is open");
    let narrow = home((100, 36));
    assert!(!narrow.can(Command::ReaderPlace) && narrow.can(Command::Zen));
}

#[test]
fn a_flooded_tab_rests_between_turns_and_says_how_much_it_shows() {
    for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 60)] {
        let mut state = home((width, height));
        state.settings.flood = 100;
        for id in 500..600 {
            arrive(&mut state, &id.to_string(), &format!("<p>Post number {id} of many.</p>"));
        }
        let before = draw(&state).measured.timeline.unwrap().visible;
        assert_eq!(before[0].key, key("599"), "at {width}x{height}");
        for id in 600..680 {
            arrive(&mut state, &id.to_string(), &format!("<p>Post number {id} of many.</p>"));
        }
        assert_eq!(draw(&state).measured.timeline.unwrap().visible, before, "at {width}x{height} something moved");
        let later = now().checked_add(flood::TURN).unwrap();
        send(&mut state, Msg::Tick(later));
        assert_eq!(draw(&state).measured.timeline.unwrap().visible[0].key, key("679"), "at {width}x{height}");
        assert_picture(&format!("flood_{width}x{height}"), &state);
    }
}

#[test]
fn the_reader_waits_while_posts_come_too_fast_to_be_read() {
    let mut state = home((120, 36));
    state.settings.flood = 0;
    for id in 500..700 {
        arrive(&mut state, &id.to_string(), &format!("<p>Post number {id} of many.</p>"));
    }
    let mut cards = Cards::new();
    let mut beside = |state: &State| {
        let drawn = draw_with(state, &theme(), &mut cards);
        let from = usize::from(drawn.measured.reader.unwrap().area.x);
        let words: Vec<String> = rows(&drawn.buffer)[2..34].iter().map(|row| row.chars().skip(from).collect()).collect();
        words.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let words = "Posts come too fast to be read here. space holds the view.";
    assert_eq!([beside(&state), beside(&state)], [words; 2]);
    arrive(&mut state, "700", "<p>The last one for now.</p>");
    assert_eq!(beside(&state), words);
    send(&mut state, Msg::Tick(now().checked_add(SignedDuration::from_secs(1)).unwrap()));
    assert!(beside(&state).contains("The last one for now."), "{}", beside(&state));
}

#[test]
fn tabs_stand_side_by_side_where_there_is_room() {
    for (size, wanted, expected) in [((120, 36), 2, 2), ((200, 60), 2, 2), ((200, 60), 3, 3), ((120, 36), 3, 2), ((80, 24), 3, 1)] {
        let mut state = home(size);
        let open = state.tabs.all().len();
        state.wanted_columns = wanted;
        if (wanted, expected) != (3, 2) {
            insta::assert_snapshot!(format!("columns_{wanted}_{}x{}", size.0, size.1), picture(&state));
        }
        let drawn = draw(&state);
        let panes: Vec<_> = drawn.measured.timelines().collect();
        assert_eq!(panes.len(), expected.min(open), "{wanted} at {size:?}");
        let least = if expected == 1 { size.0 / 2 } else { 59 };
        assert!(panes.iter().all(|pane| pane.area.width >= least && pane.area.x + pane.area.width <= size.0));
        for (place, pane) in panes.iter().enumerate() {
            let next = panes.iter().skip(place + 1);
            assert!(next.clone().all(|other| other.area.x > pane.area.x || other.area.x + other.area.width < pane.area.x));
        }
        send(&mut state, Msg::Command(Command::Read));
        let reading = draw(&state).measured;
        assert!(reading.reader.is_some() && reading.beside.is_empty(), "the reader lies over all");
    }
}

#[test]
fn the_chosen_row_is_marked_quietly_while_keys_go_to_another_window() {
    let mut state = home((80, 24));
    let mark = |state: &State| {
        let buffer = draw(state).buffer;
        let cell = buffer.content.iter().find(|cell| cell.symbol() == "▌").unwrap();
        cell.style()
    };
    let here = mark(&state);
    send(&mut state, Msg::Focused(false));
    assert_ne!(mark(&state), here);
    send(&mut state, Msg::Focused(true));
    assert_eq!(mark(&state), here);
}
