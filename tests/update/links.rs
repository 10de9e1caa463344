//! The links of a post: what `o`, `y` and `Y` offer, open and copy.

use super::*;

/// A post with a link that pretends, two honest ones to one page, and one that is not of the web.
fn linking(id: &str) -> Status {
    let html = "<p>See <a href=\"https://evil.example/login\">bank.example</a> or <a href=\"https://tide.example/a\">tide.example/a</a>, \
        <a href=\"https://tide.example/a\">tide.example/a</a>, <a href=\"magnet:?xt=urn:btih:abc\">magnet</a></p>";
    Status { url: Some(Plain::line(&format!("https://tide.example/@x/{id}"))), ..status(id, html) }
}

fn list(desk: &Desk) -> &LinkList {
    match desk.state.overlays.last() {
        Some(Overlay::Links(list)) => list,
        other => panic!("no links are shown, but {other:?}"),
    }
}

fn opened(effects: &[Effect]) -> Option<&str> {
    effects.iter().find_map(|effect| if let Effect::Open(address) = effect { Some(address.as_str()) } else { None })
}

fn copied(effects: &[Effect]) -> Option<&str> {
    effects.iter().find_map(|effect| if let Effect::Copy { text, .. } = effect { Some(text.as_str()) } else { None })
}

#[test]
fn links_are_those_of_the_post_that_was_drawn_and_are_shown_before_they_are_opened() {
    let mut desk = Desk::new(&["home"]);
    desk.event(&["home"], Payload::Update(bundle(vec![linking("100")])));
    // What came after the last drawing stands under the cursor by now, but was not what the key was pressed for.
    let drawn = desk.measured.clone();
    desk.post(&["home"], "200");
    desk.measured = drawn;
    let effects = desk.key("o");
    assert_eq!(opened(&effects), None, "nothing is opened unseen");
    let shown: Vec<&str> = list(&desk).links.iter().map(|link| link.address.shown().as_str()).collect();
    assert_eq!(shown, ["https://evil.example/login", "https://tide.example/a", "magnet:?xt=urn:btih:abc", "https://tide.example/@x/100"]);
    assert!(matches!(list(&desk).links[0].address.doubts(), [trunkline::text::Doubt::Elsewhere(said)] if said.as_str() == "bank.example"));
    // Meanwhile the post goes; the list stays what it was.
    desk.event(&["home"], Payload::Delete(sid("100")));
    assert_eq!(opened(&desk.key("2")), Some("https://tide.example/a"));
    assert!(desk.state.overlays.is_empty());
}

#[test]
fn what_is_not_of_the_web_is_copied_and_never_opened() {
    let mut desk = Desk::new(&["home", "local"]);
    desk.event(&["home"], Payload::Update(bundle(vec![linking("100")])));
    desk.key("o j j");
    assert_eq!(opened(&desk.key("enter")), None);
    assert_eq!(copied(&desk.key("y")), Some("magnet:?xt=urn:btih:abc"));
    assert_eq!(opened(&desk.key("3")), None);
    assert_eq!(opened(&desk.key("9")), None, "there are four");
    assert_eq!(list(&desk).chosen, 2);
    desk.key("o");
    assert!(desk.state.overlays.is_empty());
    assert_eq!(desk.key("2"), [], "a tab again");
    assert_eq!(desk.state.tabs.active_index(), 1);
}

#[test]
fn a_folded_post_offers_and_gives_away_nothing_of_its_words() {
    let mut desk = Desk::new(&["home"]);
    desk.event(&["home"], Payload::Update(bundle(vec![Status { spoiler_text: Plain::line("episode 4"), ..linking("100") }])));
    desk.key("o");
    assert!(list(&desk).folded);
    assert_eq!(list(&desk).links.iter().map(|link| link.what).collect::<Vec<_>>(), ["the post"]);
    desk.key("esc");
    assert_eq!(copied(&desk.key("Y")), Some("episode 4"));
    desk.key("space");
    assert_eq!(
        copied(&desk.key("Y")),
        Some(
            "episode 4\n\nSee bank.example (https://evil.example/login) or https://tide.example/a, https://tide.example/a, magnet:?xt=urn:btih:abc"
        )
    );
}

#[test]
fn the_address_of_a_boost_is_that_of_the_boosted_post() {
    let mut desk = Desk::new(&["home"]);
    desk.event(&["home"], Payload::Update(bundle(vec![linking("50"), Status { reblog: Some(sid("50")), ..status("100", "") }])));
    assert_eq!(copied(&desk.key("y")), Some("https://tide.example/@x/50"));
    desk.post(&["home"], "200");
    desk.key("g");
    assert_eq!(copied(&desk.key("y")), None);
    assert!(desk.state.notices.shown().is_some_and(|notice| notice.text.as_str().contains("no address")));
}

#[test]
fn a_click_on_a_link_shows_it_and_another_opens_it() {
    let mut desk = Desk::new(&["home"]);
    desk.event(&["home"], Payload::Update(bundle(vec![linking("100")])));
    let target = trunkline::text::WebAddress::read("https://tide.example/a").unwrap();
    desk.measured.links = vec![LinkSpan { y: 2, from: 5, to: 9, target, number: 1 }];
    assert_eq!(desk.send(Msg::Mouse(Mouse::Click, 9, 2)), [], "beside it");
    assert!(desk.state.overlays.is_empty());
    desk.send(Msg::Mouse(Mouse::Click, 8, 2));
    assert_eq!(list(&desk).chosen, 1);
    desk.measured.choices = vec![(4, 6, 0), (7, 9, 1)];
    assert_eq!(opened(&desk.send(Msg::Mouse(Mouse::Click, 8, 5))), None, "chosen only");
    assert_eq!(list(&desk).chosen, 0);
    assert_eq!(desk.send(Msg::Mouse(Mouse::Click, 8, 6)), [], "between them");
    assert_eq!(opened(&desk.send(Msg::Mouse(Mouse::Click, 8, 4))), Some("https://evil.example/login"));
}
