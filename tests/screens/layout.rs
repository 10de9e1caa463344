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
