//! Holding a tab: what is counted meanwhile, and stepping through what is held back.

use super::*;

fn told(desk: &Desk, spec: &str) -> Option<String> {
    desk.tab(spec).since_hold.words()
}

#[test]
fn what_happens_while_a_tab_is_held_is_counted_there_alone() {
    let mut desk = Desk::new(&["home", "local"]);
    for id in ["10", "11", "12"] {
        desk.post(&["home", "local"], id);
    }
    desk.key("space");
    assert_eq!(told(&desk, "home"), None, "what came before does not count");
    for id in ["20", "21"] {
        desk.post(&["home"], id);
    }
    let edit = |desk: &mut Desk, id: &str, minute: i64| {
        let edited_at = Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_mins(minute)).ok();
        desk.event(&["home"], Payload::Edit(bundle(vec![Status { edited_at, ..status(id, &format!("anew {minute}")) }])));
    };
    edit(&mut desk, "11", 1);
    edit(&mut desk, "11", 2);
    edit(&mut desk, "77", 1);
    desk.event(&["home"], Payload::Delete(sid("12")));
    desk.event(&["home"], Payload::Delete(sid("78")));
    assert_eq!(told(&desk, "home").as_deref(), Some("2 new, 1 edited, 1 deleted"), "each post once, and none of others");
    assert_eq!(told(&desk, "local"), None, "it is not held");
    desk.key("space space");
    assert_eq!(told(&desk, "home"), None, "another hold begins anew");
}

#[test]
fn an_edit_counts_where_its_boost_stands_and_what_is_hidden_does_not_count_as_new() {
    let mut desk = Desk::new(&["home"]);
    let boosted = Status { reblog: Some(sid("5")), ..status("10", "") };
    desk.event(&["home"], Payload::Update(bundle(vec![status("5", "words"), boosted])));
    desk.key("space");
    let edited_at = Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_mins(1)).ok();
    desk.event(&["home"], Payload::Edit(bundle(vec![Status { edited_at, ..status("5", "other words") }])));
    let hide = FilterMatch { title: Plain::line("x"), context: vec![FilterContext::Home], action: FilterAction::Hide };
    desk.event(&["home"], Payload::Update(bundle(vec![Status { filtered: Some(vec![hide]), ..status("11", "hidden") }])));
    assert_eq!(told(&desk, "home").as_deref(), Some("1 edited"));
}

#[test]
fn stepping_lets_what_is_held_back_come_post_by_post_in_order() {
    let mut desk = Desk::new(&["home"]);
    desk.post(&["home"], "10");
    assert!(!desk.state.can(Command::Step), "nothing is held");
    desk.key("space");
    assert!(!desk.state.can(Command::Step), "nothing is held back");
    for id in ["11", "12", "13"] {
        desk.post(&["home"], id);
    }
    assert!(desk.top().unwrap().contains("10"));
    for id in ["11", "12"] {
        desk.key(".");
        assert!(desk.top().unwrap().contains(id), "{:?}", desk.top());
        assert_eq!(desk.state.cursor_row(), Some(&Row::Status(sid(id))));
    }
    desk.send(Msg::Tick(desk.state.now));
    assert_eq!(desk.tab("home").unseen.len(), 1, "what was stepped to has been seen");
    desk.post(&["home"], "14");
    assert!(desk.top().unwrap().contains("12"), "it stays held");
    desk.key(". . .");
    assert!(desk.top().unwrap().contains("14") && !desk.state.can(Command::Step));
    desk.post(&["home"], "15");
    assert!(desk.top().unwrap().contains("14"), "also at the newest row");
    desk.key("space");
    assert!(desk.top().unwrap().contains("15") && desk.tab("home").follows());
}
