//! Tabs side by side: what stands in any column is in view.

use super::*;

fn side_by_side() -> Desk {
    let mut desk = Desk::new(&["home", "local", "public"]);
    desk.send(Msg::Resized(120, 36));
    for id in 10..13 {
        desk.post(&["local"], &id.to_string());
        desk.post(&["public"], &id.to_string());
    }
    desk.key("|");
    assert_eq!(desk.state.columns(), 0..2);
    desk.send(Msg::Tick(desk.state.now));
    desk
}

#[test]
fn what_stands_in_another_column_is_seen_and_what_has_none_is_not() {
    let mut desk = side_by_side();
    assert_eq!((desk.tab("local").unseen.len(), desk.tab("public").unseen.len()), (0, 3));
    desk.post(&["local"], "13");
    assert!(desk.tab("local").unseen.is_empty(), "it came into view");
    desk.event(&["local"], Payload::Delete(sid("11")));
    assert_eq!(desk.rows("local").len(), 4, "a tombstone stands where it was in view");
    assert_eq!(desk.rows("public").len(), 2, "and none where it was not");
    desk.key("|");
    assert_eq!(desk.state.columns(), 0..1, "120 columns have room for two");
}

#[test]
fn a_click_in_another_column_opens_its_tab_at_the_row() {
    let mut desk = side_by_side();
    let row = desk.measured.beside[0].visible[1].clone();
    desk.send(Msg::Mouse(Mouse::Click, 83, row.y));
    assert_eq!(desk.state.tabs.active_index(), 1);
    assert_eq!(desk.tab("local").cursor, Some(row.key));
    assert_eq!(desk.state.columns(), 0..2, "the window stays");
    desk.key("1");
    let before = desk.measured.beside[0].visible.clone();
    desk.post(&["local"], "20");
    assert_eq!(desk.measured.beside[0].visible, before, "each column keeps its place");
    assert_eq!(desk.tab("local").unseen.len(), 1, "what comes above it is out of view");
}

#[test]
fn the_window_moves_no_further_than_the_open_tab_needs() {
    let mut desk = side_by_side();
    desk.key("3");
    assert_eq!(desk.state.columns(), 1..3);
    desk.key("2");
    assert_eq!(desk.state.columns(), 1..3, "it is in it already");
    desk.send(Msg::Resized(80, 24));
    assert_eq!(desk.state.columns(), 1..2, "no room");
    desk.send(Msg::Resized(200, 60));
    assert_eq!(desk.state.columns().len(), 2, "they come back");
    desk.key("|");
    assert_eq!(desk.state.columns(), 0..3);
}

#[test]
fn the_file_says_how_many_columns_there_are_and_a_key_another_number_until_it_changes() {
    let read = |text: &str| Settings::from(&Config::parse(std::path::Path::new("c.toml"), text).unwrap().config);
    let mut state = State::new(read("columns = 2"), Timestamp::from_second(1_800_000_000).unwrap(), Vec::new());
    for spec in ["home", "local", "public"] {
        state.open(sources(spec));
    }
    state.size = (200, 60);
    let mut desk = Desk { state, lines: 5, measured: Measured::default(), open: Vec::new() };
    assert_eq!(desk.state.columns(), 0..2);
    desk.key("|");
    desk.send(Msg::Reloaded(read("columns = 2\ntitle = false"), Vec::new()));
    assert_eq!(desk.state.columns(), 0..3, "the file says what it said before");
    desk.send(Msg::Reloaded(read("columns = 1"), Vec::new()));
    assert_eq!(desk.state.columns(), 0..1);
    let wrong = Config::parse(std::path::Path::new("c.toml"), "columns = 4").unwrap_err().to_string();
    assert!(wrong.contains("`columns` must be a whole number from 1 to 3, not 4"), "{wrong}");
}
