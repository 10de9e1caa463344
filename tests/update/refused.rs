//! Keys that do nothing now, and what is said of that.

use super::*;

fn said(desk: &Desk) -> Option<String> {
    desk.state.notices.shown().map(|notice| notice.text.to_string())
}

#[test]
fn a_key_that_does_nothing_says_why() {
    let mut desk = Desk::new(&["home"]);
    desk.post(&["user"], "10");
    for (key, words) in
        [("m", "no media here"), ("u", "no tab to bring back"), ("n", "nothing is searched for"), ("A", "announces nothing")]
    {
        desk.key(key);
        assert!(said(&desk).is_some_and(|said| said.contains(words)), "{key}: {:?}", said(&desk));
    }
    desk.key("j");
    assert!(!said(&desk).is_some_and(|said| said.contains("announces nothing")), "the next key that does something ends it");
    // Where nobody would miss it, nothing is said.
    desk.state.notices = Notices::default();
    desk.key("P");
    assert_eq!(said(&desk), None);
    desk.key("?");
    desk.key("m");
    assert_eq!(said(&desk), None, "the help has no media, and nobody would think so");
}

#[test]
fn the_way_out_of_zen_is_told_no_longer_than_it_is_one() {
    let mut desk = Desk::new(&["home"]);
    desk.key("z");
    assert_eq!(said(&desk).as_deref(), Some("z brings everything back"));
    desk.key("z");
    assert_eq!(said(&desk), None);
}
