//! Searching and filtering as pictures: the line that is typed, what is said of it, and the marks.

use super::*;
use trunkline::update::{Msg, update};

fn keys(state: &mut State, keys: &str) {
    for key in keys.split_whitespace() {
        let measured = draw(state).measured;
        drop(update(state, Msg::Key(key.parse().unwrap()), &measured));
    }
}

fn paste(state: &mut State, text: &str) {
    let measured = draw(state).measured;
    drop(update(state, Msg::Paste(text.to_owned()), &measured));
}

fn assert_picture(name: &str, state: &State) {
    insta::with_settings!({ snapshot_path => "../snapshots" }, { insta::assert_snapshot!(name, picture(state)) });
}

#[test]
fn a_filter_says_what_may_be_written_what_is_wrong_and_what_it_hides() {
    for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 60)] {
        let mut state = home((width, height));
        keys(&mut state, "&");
        assert_picture(&format!("filter_{width}x{height}"), &state);
        paste(&mut state, "-is:boost has:vidoe");
        assert_picture(&format!("filter_wrong_{width}x{height}"), &state);
        keys(&mut state, "ctrl-w");
        paste(&mut state, "-from:bo");
        keys(&mut state, "enter");
        assert_picture(&format!("filtered_{width}x{height}"), &state);
    }
    let mut state = bare((80, 24));
    post(&mut state, &Stream::User, ada());
    keys(&mut state, "& z z z z enter");
    let text = rows(&draw(&state).buffer).join("\n");
    assert!(text.contains("& changes it"), "{text}");
}

#[test]
fn a_search_marks_what_it_finds_and_moves_nothing_but_the_view() {
    for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 60)] {
        let mut state = home((width, height));
        keys(&mut state, "/");
        paste(&mut state, "the");
        assert_picture(&format!("search_{width}x{height}"), &state);
        let drawn = draw(&state);
        assert_whole(&drawn.buffer);
        assert!(is_marked(&drawn.buffer), "at {width}x{height}");
        assert_eq!(drawn.cursor, Some((6, height - 1)), "where text goes");
        keys(&mut state, "z z z");
        assert_picture(&format!("search_missed_{width}x{height}"), &state);
        keys(&mut state, "esc");
        assert!(!is_marked(&draw(&state).buffer), "the search is over");
    }
    let mut state = thread((80, 24));
    keys(&mut state, "esc");
    keys(&mut state, "/");
    paste(&mut state, "ferry");
    keys(&mut state, "enter enter");
    assert!(state.detail().is_none() || is_marked(&draw(&state).buffer), "in the reader as well");
}

fn is_marked(buffer: &Buffer) -> bool {
    buffer.content.iter().any(|cell| cell.modifier.contains(Modifier::REVERSED))
}
