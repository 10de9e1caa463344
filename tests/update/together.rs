//! Messages that come together: what follows from them is done once, and nothing of it is lost.

use super::*;
use trunkline::update::Batch;

/// Events, each with the streams that it names.
pub(crate) fn events() -> impl Strategy<Value = Vec<(Vec<&'static str>, Payload)>> {
    let streams = proptest::sample::subsequence(vec!["home", "local", "federated", "#rust", "notifications", "direct"], 1..4);
    proptest::collection::vec((streams, payloads()), 1..12)
}

fn msg((streams, payload): (Vec<&'static str>, Payload)) -> Msg {
    let streams = streams.into_iter().map(stream).collect();
    Msg::Event(origin(), Event::Stream(StreamEvent { streams, named: None, name: Plain::line("event"), payload, raw: None }))
}

/// Has events come together.
pub(crate) fn send(desk: &mut Desk, events: Vec<(Vec<&'static str>, Payload)>) {
    let said = format!("{events:?}");
    let mut batch = Batch::begin(&mut desk.state, &desk.measured);
    for event in events {
        batch.take(&mut desk.state, msg(event), &desk.measured);
    }
    batch.end(&mut desk.state, &desk.measured);
    if let Err(broken) = desk.state.check() {
        panic!("{broken}\nafter {said}");
    }
    let is_held = |row: &Row| if let Row::Status(id) = row { desk.state.store.shown(id).is_some() } else { true };
    assert!(desk.state.timelines.values().flat_map(Timeline::rows).all(is_held), "a row without its post after {said}");
    desk.draw();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn events_that_come_together_end_as_those_that_come_one_by_one(
        tabs in proptest::sample::select(TABS.to_vec()),
        filter in proptest::sample::select(finding::FILTERS.to_vec()),
        events in proptest::collection::vec(events(), 1..8),
    ) {
        let [mut single, mut together] = [Desk::new(tabs), Desk::new(tabs)];
        for desk in [&mut single, &mut together] {
            desk.state.settings.rows = 12;
            finding::filter(desk, filter, true);
        }
        for events in events {
            for event in events.clone() {
                update(&mut single.state, msg(event), &single.measured);
            }
            single.draw();
            send(&mut together, events);
            for desk in [&mut single, &mut together] {
                // What has been drawn is taken in with the next message.
                desk.after(1);
            }
            for (one, other) in single.state.tabs.all().iter().zip(together.state.tabs.all()) {
                let rows = |desk: &Desk, tab: &Tab| desk.state.rows(tab).unwrap().all().clone();
                prop_assert_eq!(rows(&single, one), rows(&together, other));
                let what = |tab: &Tab| (tab.unseen.clone(), tab.hidden.clone(), tab.cursor.clone(), tab.anchor.clone());
                prop_assert_eq!(what(one), what(other));
                // Of rows that tell the same, and came together, nobody has seen the first one: any may be drawn for all.
                let told = |tab: &Tab, row: &Row| tab.folds.group(&row.key()).map(|(rows, _)| rows.clone());
                prop_assert!(rows(&single, one).iter().all(|row| told(one, row) == told(other, row)));
                prop_assert_eq!(single.state.hidden(one), together.state.hidden(other));
            }
        }
    }
}

#[test]
fn what_dropped_rows_showed_goes_with_them_and_what_others_show_stays() {
    let mut desk = Desk::new(&["home", "local", "notifications"]);
    desk.state.settings.rows = 10;
    let quoting = |id: &str, of: &str| {
        let quote = Quote { state: QuoteState::Accepted, status: Some(sid(of)) };
        Payload::Update(bundle(vec![Status { quote: Some(Box::new(quote)), ..status(id, "quotes") }]))
    };
    // Shown by a boost, by a quote, by a notification, and by a row of a ledger that does not grow.
    let update = |id: &str| Payload::Update(bundle(vec![status(id, "words")]));
    for id in ["101", "102", "103"] {
        desk.event(&["home"], update(id));
    }
    desk.event(&["home", "local"], update("104"));
    desk.event(&["local"], Payload::Update(bundle(boost("105", "101"))));
    desk.event(&["local"], quoting("106", "102"));
    desk.event(&["notifications"], Payload::Notification(notification("107", Some("103")), bundle(vec![])));
    send(&mut desk, (200..300).map(|id| (vec!["home"], Payload::Update(bundle(boost(&id.to_string(), &format!("1{id}")))))).collect());
    for id in ["101", "102", "103", "104"] {
        assert!(desk.state.store.status(&sid(id)).is_some(), "{id}");
    }
    let rows = |spec: &str| desk.rows(spec).len();
    assert_eq!((rows("home"), rows("local")), (10, 3));
    // Ten boosts with what they show, and the six above.
    assert_eq!(desk.state.store.sizes().0, 26);
    desk.key("3");
    send(&mut desk, (300..311).map(|id| (vec!["local"], update(&id.to_string()))).collect());
    assert!(["101", "102", "104", "105", "106"].iter().all(|id| desk.state.store.status(&sid(id)).is_none()));
    assert!(desk.state.store.status(&sid("103")).is_some(), "the notification is about it");
}
