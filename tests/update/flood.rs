//! A followed tab in which too much comes: it stands still between turns, and nothing of it is lost.

use super::*;
use trunkline::state::flood::TURN;

/// Lets `count` posts from id `from` on come at once.
fn pour(desk: &mut Desk, from: u32, count: u32) {
    for id in from..from + count {
        desk.post(&["home"], &id.to_string());
    }
}

fn pass(desk: &mut Desk, time: SignedDuration) {
    desk.send(Msg::Tick(desk.state.now.checked_add(time).unwrap()));
}

fn top(desk: &Desk) -> String {
    let RowKey::Status(id) = &desk.measured.timeline.as_ref().unwrap().visible[0].key else { panic!("no post: {:?}", desk.top()) };
    id.to_string()
}

fn flooding() -> Desk {
    let mut desk = Desk::new(&["home", "local"]);
    desk.state.settings.rows = 10_000;
    desk.state.settings.flood = 60;
    desk
}

#[test]
fn a_view_that_follows_goes_on_now_and_then_and_counts_what_it_passed_over() {
    let mut desk = flooding();
    pour(&mut desk, 1_000, 59);
    assert_eq!((top(&desk), desk.tab("home").flood), ("1058".to_owned(), None), "below the threshold it scrolls");
    pour(&mut desk, 1_059, 1);
    assert!(desk.tab("home").flood.is_some() && desk.tab("home").follows());
    pour(&mut desk, 1_060, 40);
    assert_eq!(top(&desk), "1059", "it stands still");
    assert_eq!(desk.tab("home").unseen.len(), 40);
    let next = desk.tab("home").flood.unwrap().next;
    assert_eq!(desk.state.next_deadline(&Measured::default()).map(|at| at <= next), Some(true), "somebody wakes up for it");
    pass(&mut desk, TURN);
    assert_eq!(top(&desk), "1099");
    let flood = desk.tab("home").flood.unwrap();
    assert_eq!((flood.every, flood.passed), (8, 35), "five of forty are in view");
    assert_eq!(flood.words(), "showing 1 of 8");
    pass(&mut desk, SignedDuration::ZERO);
    assert_eq!(desk.tab("home").unseen.len(), 0, "what was passed over went by");
    assert_eq!(desk.rows("home").len(), 100, "and is there");
    pass(&mut desk, TURN);
    assert_eq!(desk.tab("home").flood.unwrap().every, 8, "nothing came, nothing changes");
}

#[test]
fn a_flood_ends_by_itself_with_the_rate_and_leaves_no_clock() {
    let mut desk = flooding();
    pour(&mut desk, 1_000, 50);
    pass(&mut desk, SignedDuration::from_secs(30));
    pour(&mut desk, 1_050, 20);
    assert!(desk.tab("home").flood.is_some());
    pour(&mut desk, 1_070, 5);
    assert_eq!(top(&desk), "1059");
    pass(&mut desk, SignedDuration::from_secs(40));
    assert_eq!((desk.tab("home").flood, top(&desk)), (None, "1074".to_owned()), "25 a minute");
    pour(&mut desk, 1_075, 1);
    assert_eq!(top(&desk), "1075", "it follows at once again");
    assert_eq!((&desk.tab("home").anchor, &desk.tab("home").cursor), (&Anchor::Top, &None));
    // Some way below the threshold it goes on: at the threshold itself it would begin and end all the time.
    let mut desk = flooding();
    pour(&mut desk, 1_000, 10);
    pass(&mut desk, SignedDuration::from_secs(30));
    pour(&mut desk, 1_010, 50);
    pass(&mut desk, SignedDuration::from_secs(40));
    assert!(desk.tab("home").flood.is_some(), "50 a minute");
}

#[test]
fn what_the_reader_does_in_a_flood_holds_at_once() {
    let begun = || {
        let mut desk = flooding();
        pour(&mut desk, 1_000, 80);
        assert_eq!(top(&desk), "1059");
        desk
    };
    let mut desk = begun();
    desk.key("j");
    assert_eq!((desk.tab("home").flood, desk.tab("home").follows()), (None, false));
    assert_eq!(desk.state.cursor_row(), Some(&Row::Status(sid("1058"))), "from what was on screen");
    pass(&mut desk, TURN);
    assert_eq!(top(&desk), "1059", "whoever reads is left in peace");
    desk.key("g");
    assert_eq!(top(&desk), "1079");
    assert!(desk.tab("home").flood.is_some(), "and rests there again");

    let mut desk = begun();
    desk.key("space");
    pour(&mut desk, 2_000, 3);
    pass(&mut desk, TURN);
    assert_eq!((top(&desk), desk.tab("home").flood), ("1059".to_owned(), None));
    assert_eq!(desk.tab("home").since_hold.new, 3);
    desk.key("space");
    assert_eq!(top(&desk), "2002", "let go it is at the newest again");

    let mut desk = begun();
    desk.key("2 1");
    assert_eq!(top(&desk), "1079", "a tab that is opened shows the newest");

    let mut desk = begun();
    desk.key("enter");
    assert_eq!((desk.tab("home").flood, desk.state.reading()), (None, Some(sid("1059"))));
}

#[test]
fn a_threshold_of_zero_never_rests_and_deletions_in_a_flood_do_no_harm() {
    let mut desk = flooding();
    desk.state.settings.flood = 0;
    pour(&mut desk, 1_000, 200);
    assert_eq!((top(&desk), desk.tab("home").flood), ("1199".to_owned(), None));
    let mut desk = flooding();
    pour(&mut desk, 1_000, 70);
    for id in 1_000..1_070 {
        desk.event(&["home"], Payload::Delete(sid(&id.to_string())));
        pass(&mut desk, SignedDuration::from_millis(200));
    }
    pour(&mut desk, 3_000, 1);
    pass(&mut desk, TURN);
    assert_eq!(top(&desk), "3000");
}

#[test]
fn a_tab_that_is_not_in_view_counts_and_samples_and_shows_the_newest_when_it_is() {
    let mut desk = flooding();
    desk.key("2");
    pour(&mut desk, 1_000, 59);
    assert_eq!(desk.tab("home").flood, None);
    pour(&mut desk, 1_059, 31);
    assert!(desk.tab("home").flood.is_some() && desk.tab("home").follows());
    let deadline = desk.state.next_deadline(&Measured::default()).unwrap();
    assert!(deadline > desk.state.now, "nobody wakes up for what is not in view");
    pass(&mut desk, TURN);
    assert_eq!(desk.tab("home").flood.map(|flood| (flood.every, flood.passed)), Some((30, 29)), "room for one here");
    assert_eq!(desk.tab("home").unseen.len(), 90, "nobody saw them go by");
    pour(&mut desk, 1_090, 10);
    desk.key("1");
    assert_eq!(top(&desk), "1099", "at once the newest, not that of the last turn");
    let flood = desk.tab("home").flood.unwrap();
    assert_eq!(flood.passed, 38, "it goes on counting");
    pour(&mut desk, 1_100, 3);
    assert_eq!(top(&desk), "1099", "and stands still");
    desk.key("2");
    pass(&mut desk, SignedDuration::from_secs(70));
    assert_eq!(desk.tab("home").flood, None, "it ends out of view as well");
    assert_eq!((&desk.tab("home").anchor, &desk.tab("home").cursor), (&Anchor::Top, &None));
}

#[test]
fn each_column_rests_by_itself() {
    let mut desk = flooding();
    desk.send(Msg::Resized(120, 36));
    pour(&mut desk, 100, 5);
    desk.key("2 |");
    let beside = |desk: &Desk| desk.measured.beside[0].visible[0].key.clone();
    pour(&mut desk, 1_000, 60);
    let first = beside(&desk);
    assert_eq!((desk.state.columns(), desk.tab("local").flood), (0..2, None));
    assert_eq!(first, RowKey::Status(sid("1054")), "with those from before it is too much");
    pour(&mut desk, 1_060, 20);
    assert_eq!(beside(&desk), first, "it stands still beside the open one");
    let next = desk.tab("home").flood.unwrap().next;
    assert!(desk.state.next_deadline(&Measured::default()).is_some_and(|at| at <= next), "somebody wakes up for it");
    pass(&mut desk, TURN);
    assert_eq!(beside(&desk), RowKey::Status(sid("1079")));
    assert_eq!(desk.tab("home").flood.map(|flood| flood.passed), Some(20));
    pass(&mut desk, SignedDuration::ZERO);
    assert!(desk.tab("home").unseen.is_empty(), "they went by before the reader");
}
