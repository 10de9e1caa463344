//! Answers of a server, spoilt in every way: whatever is wrong inside an element costs that element, and nothing costs more.
//!
//! `PROPTEST_CASES=1000000 cargo test --release mutations` goes on for longer than continuous integration does.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// Reads an answer of a kind; how many things came of it.
type Reader = fn(&[u8]) -> usize;

/// The answers that are read, as they were recorded, and all that read them.
static RECORDED: LazyLock<Vec<(&str, String, Reader)>> = LazyLock::new(|| {
    let all: [(&str, Reader); 15] = [
        ("timeline-home", |body| statuses_page(body, false).map_or(0, |page| page.items.len() + page.bundle.statuses.len())),
        ("notifications", |body| notifications_page(body, false).map_or(0, |page| page.items.len() + page.bundle.statuses.len())),
        ("conversations", |body| conversations_page(body, false).map_or(0, |page| page.items.len() + page.bundle.statuses.len())),
        ("status-context", |body| context(body).map_or(0, |thread| thread.ancestors.len() + thread.descendants.len())),
        ("status-with-media", |body| single_status(body).map_or(0, |bundle| bundle.statuses.len())),
        ("status-with-poll", |body| single_status(body).map_or(0, |bundle| bundle.statuses.len())),
        ("verify-credentials", |body| account(body).iter().count()),
        ("status-history", |body| history(body).map_or(0, |versions| versions.len())),
        ("account", |body| profile(body).iter().count()),
        ("relationships", |body| relationships(body).map_or(0, |all| all.len())),
        ("lists", |body| lists(body).map_or(0, |lists| lists.len())),
        ("followed-tags", |body| followed_tags(body).map_or(0, |tags| tags.len())),
        ("instance-v2", |body| instance_v2(body).iter().count()),
        ("instance-v1", |body| instance_v1(body).iter().count()),
        ("error-401-bad-token", |body| error_words(body).iter().count() + scopes(body).iter().count()),
    ];
    all.into_iter().map(|(name, reader)| (name, answer(name).to_string(), reader)).collect()
});

/// The answer that GoToSocial gave to a recorded request.
fn answer(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/wire-gotosocial/rest/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let mut recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    recorded["body"].take()
}

/// Every place in a value, as JSON pointers.
fn places(value: &Value, here: &str, into: &mut Vec<String>) {
    let mut inner = |key: String, value: &Value| {
        let place = format!("{here}/{key}");
        into.push(place.clone());
        places(value, &place, into);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| inner(key.clone(), value)),
        Value::Array(list) => list.iter().enumerate().for_each(|(at, value)| inner(at.to_string(), value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn ids(page: &Page) -> Vec<&str> {
    let ids = page.items.iter().map(|item| match item {
        Item::Status(id) => id.as_str(),
        Item::Notification(notification) => notification.id.as_str(),
        Item::Conversation(conversation) => conversation.id.as_str(),
    });
    ids.collect()
}

type Read = fn(&[u8], bool) -> Option<Page>;

/// Holds the swift reading of pages to the lenient one: it gives the same or nothing. Says how many of the two it gives.
fn hold_to_the_lenient(body: &str) -> usize {
    let statuses = usual_page(body, true, status_item);
    if statuses.is_some() {
        assert_eq!(statuses, page(body, true, |raw, bundle| status_item(&raw.object()?, bundle)), "{body}");
    }
    let notifications = usual_page(body, true, notification_item);
    if notifications.is_some() {
        assert_eq!(notifications, page(body, true, |raw, bundle| notification_item(&raw.object()?, bundle)), "{body}");
    }
    usize::from(statuses.is_some()) + usize::from(notifications.is_some())
}

#[test]
fn pages_are_read_swiftly_as_they_were_recorded() {
    assert!(hold_to_the_lenient(&answer("timeline-home").to_string()) > 0);
    assert!(hold_to_the_lenient(&answer("notifications").to_string()) > 0);
    let escaped = answer("timeline-home").to_string().replace('<', "\\u003c").replace('/', "\\/");
    assert!(escaped.contains("\\u003cp>") && hold_to_the_lenient(&escaped) > 0);
    assert_eq!(hold_to_the_lenient("[]\n"), 2);
    assert_eq!(hold_to_the_lenient(" []"), 0);
}

#[test]
fn a_field_that_is_null_missing_or_of_another_type_costs_its_element_at_most() {
    let deep = "[".repeat(200) + &"]".repeat(200);
    let others = ["null", "-1.5", "1e999", "true", "\"\"", "[[1]]", "{\"0\":\"x\"}", "18446744073709551616", &deep];
    let pages: [(&str, Read); 3] =
        [("timeline-home", statuses_page), ("notifications", notifications_page), ("conversations", conversations_page)];
    for (name, read) in pages {
        let Value::Array(elements) = answer(name) else { panic!("{name} is no list") };
        let whole: Vec<String> = elements.iter().map(Value::to_string).collect();
        let before = read(format!("[{}]", whole.join(",")).as_bytes(), false).unwrap();
        // One is spoilt, and one of its neighbours shows that the others are not.
        let spoilt = &elements[0];
        let neighbour = whole.last().unwrap();
        let known = ids(&before);
        let (own, others_own) = (known[0], known[known.len() - 1]);
        let mut all = Vec::new();
        places(spoilt, "", &mut all);
        assert!(all.len() > 30, "{name}: {all:?}");
        for place in all {
            let (parent, key) = place.rsplit_once('/').unwrap();
            let mut variants: Vec<String> = Vec::new();
            let mut without = spoilt.clone();
            let around = without.pointer_mut(parent).unwrap();
            if let Some(map) = around.as_object_mut() {
                map.remove(key);
            } else {
                around.as_array_mut().unwrap().remove(key.parse().unwrap());
            }
            variants.push(without.to_string());
            let mut marked = spoilt.clone();
            *marked.pointer_mut(&place).unwrap() = json!("\u{1}here");
            // As text: numbers and depths that no value of ours can hold.
            let marked = marked.to_string();
            variants.extend(others.iter().map(|other| marked.replace("\"\\u0001here\"", other)));
            for variant in variants {
                hold_to_the_lenient(&format!("[{variant},{neighbour}]"));
                let page = read(format!("[{variant},{neighbour}]").as_bytes(), false).unwrap_or_else(|| panic!("{name}: {variant}"));
                let found = ids(&page);
                assert_eq!(found.len() + page.rejected, 2, "{name} {place}: {found:?}");
                assert_eq!(found.last(), Some(&others_own), "{name} {place}: {variant}");
                assert!(found.len() == 1 || found[0] == own || place == "/id", "{name} {place}: {found:?}");
            }
        }
    }
}

#[test]
fn what_is_cut_short_or_nested_without_end_is_no_answer_and_no_panic() {
    for (name, text, read) in RECORDED.iter() {
        let step = (text.len() / 500).max(1);
        for end in (0..text.len()).step_by(step) {
            assert_eq!(read(&text.as_bytes()[..end]), 0, "{name}: {end} of {} bytes", text.len());
        }
        assert!(read(text.as_bytes()) > 0 || text == "[]", "{name} whole");
    }
    for deep in [
        "[".repeat(200) + &"]".repeat(200),
        "{\"a\":".repeat(200) + "1" + &"}".repeat(200),
        "[".repeat(1_000_000),
        "{\"error\":".repeat(100_000),
    ] {
        for (name, _, read) in RECORDED.iter() {
            assert_eq!(read(deep.as_bytes()), 0, "{name}");
        }
    }
    let good = answer("timeline-home")[0].to_string();
    let deep = "[".repeat(200) + &"]".repeat(200);
    let Page { items, rejected, .. } = statuses_page(format!("[{deep},{good},{deep}]").as_bytes(), false).unwrap();
    assert_eq!((items.len(), rejected), (1, 2));
}

#[test]
fn a_page_is_bounded_whatever_it_holds() {
    let good = answer("timeline-home")[0].to_string();
    let many = format!("[{}]", vec![good; MOST_OF_A_PAGE + 500].join(","));
    let Page { items, rejected, .. } = statuses_page(many.as_bytes(), false).unwrap();
    assert_eq!((items.len(), rejected), (MOST_OF_A_PAGE, 500));
    // As much of next to nothing as an answer may hold.
    let nothing = format!("[{}0]", "0,".repeat(8_000_000));
    let Page { items, bundle, rejected, .. } = statuses_page(nothing.as_bytes(), false).unwrap();
    assert_eq!((items.len(), bundle.statuses.len(), rejected), (0, 0, 8_000_001));
}

/// A change to some bytes: put between, put in their place, or take them away.
fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, Vec<u8>)>> {
    let known = prop::sample::select(vec![
        &b"null"[..],
        b"[",
        b"]",
        b"{",
        b"}",
        b"\"",
        b"\\",
        b"\\u0000",
        b"\\ud800",
        b",",
        b":",
        b"1e999",
        b"-",
        b"\xff",
        b"\xe2\x80\xae",
        b"<p>",
        b"\0",
    ]);
    let new = prop_oneof![3 => known.prop_map(<[u8]>::to_vec), 1 => prop::collection::vec(any::<u8>(), 1..6)];
    prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, new), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_spoilt_answer_is_read_or_not_and_nobody_panics(which in any::<prop::sample::Index>(), edits in edits()) {
        let (_, text, read) = &RECORDED[which.index(RECORDED.len())];
        let mut bytes = text.clone().into_bytes();
        for (at, how, new) in edits {
            let at = at.index(bytes.len() + 1);
            let end = if how == 0 { at } else { (at + new.len()).min(bytes.len()) };
            bytes.splice(at..end, if how == 2 { Vec::new() } else { new });
        }
        // Nothing comes of it that is not in it.
        prop_assert!(read(&bytes) <= bytes.len());
        hold_to_the_lenient(&lossy(&bytes));
        // And nothing of another kind makes it fall over.
        for (_, _, other) in RECORDED.iter() {
            other(&bytes);
        }
    }
}
