//! Filters of tabs and searching, against what a naive reader would find. That each row is hidden or shown as the filter has
//! it is among what `State::check` holds after every message.

use super::*;
use trunkline::filter::{Filter, Quiet};

/// Filters that tell apart what the steps of the property bring.
pub(super) const FILTERS: &[&str] =
    &["", "-is:boost", "v1|v2", "-v3 -hello", "is:edited", "has:quote|is:boost", "-(quotes|mine)", "from:nobody", "/^(first|look)$/"];

/// Types a filter for the open tab, and keeps it or gives it up.
pub(super) fn filter(desk: &mut Desk, text: &str, kept: bool) {
    desk.key("esc esc esc &");
    if desk.state.typed().is_some() {
        desk.key("ctrl-u");
        desk.send(Msg::Paste(text.to_owned()));
        desk.key(if kept { "enter" } else { "esc" });
        assert!(desk.state.typed().is_none());
    }
}

/// Searches in the open tab, and stays or goes back.
pub(super) fn search(desk: &mut Desk, text: &str, kept: bool) {
    desk.key("esc esc esc /");
    if desk.state.typed().is_some() {
        desk.send(Msg::Paste(text.to_owned()));
        desk.key(if kept { "enter n N" } else { "esc" });
        assert!(desk.state.typed().is_none());
    }
}

/// The ids of the rows that are shown.
fn shown(desk: &Desk, spec: &str) -> Vec<String> {
    let rows = desk.timeline(spec).rows().iter();
    rows.filter(|row| desk.state.is_shown(desk.tab(spec), row)).map(|row| id_of(&row.key())).collect()
}

fn say(desk: &mut Desk, streams: &[&str], id: &str, words: &str) {
    desk.event(streams, Payload::Update(bundle(vec![status(id, words)])));
}

fn cursor(desk: &Desk) -> Option<String> {
    desk.state.cursor_row().map(|row| id_of(&row.key()))
}

fn filter_of(desk: &Desk, spec: &str) -> String {
    desk.tab(spec).sieve.filter().to_string()
}

#[test]
fn a_filter_hides_what_is_there_and_what_comes_and_follows_edits() {
    let mut desk = Desk::new(&["home", "local"]);
    for (id, words) in [("1", "rust"), ("2", "go"), ("3", "Rust and go")] {
        say(&mut desk, &["home", "local"], id, words);
    }
    filter(&mut desk, "rust", true);
    assert_eq!((shown(&desk, "home"), desk.state.hidden(desk.tab("home"))), (vec!["3".into(), "1".into()], 1));
    assert_eq!(shown(&desk, "local").len(), 3, "in this tab alone");
    say(&mut desk, &["home"], "4", "more go");
    say(&mut desk, &["home"], "5", "more rust");
    desk.event(&["home"], Payload::Update(bundle(boost("6", "2"))));
    assert_eq!(shown(&desk, "home"), ["5", "3", "1"]);
    assert_eq!(desk.tab("home").unseen.len(), 0, "what is hidden is not news");
    desk.event(&["local"], Payload::Edit(bundle(vec![edited("2", "rust after all", 20)])));
    assert_eq!(shown(&desk, "home"), ["6", "5", "3", "2", "1"], "the boost with it");
    desk.event(&["local"], Payload::Edit(bundle(vec![edited("1", "go", 20)])));
    desk.event(&["local"], Payload::Delete(sid("4")));
    assert_eq!((shown(&desk, "home").len(), desk.state.hidden(desk.tab("home"))), (4, 1));
    filter(&mut desk, "", true);
    assert_eq!((shown(&desk, "home").len(), desk.state.hidden(desk.tab("home"))), (5, 0), "nothing was lost");
}

#[test]
fn a_filter_is_tried_while_it_is_typed_and_comes_and_goes_with_its_line() {
    let mut desk = Desk::new(&["home", "local"]);
    for (id, words) in [("1", "rust"), ("2", "go"), ("3", "rust")] {
        say(&mut desk, &["home", "local"], id, words);
    }
    desk.key("2");
    let unseen = desk.tab("home").unseen.len();
    desk.key("1 j & g o");
    assert_eq!((shown(&desk, "home"), cursor(&desk)), (vec!["2".to_owned()], Some("2".into())));
    desk.send(Msg::Paste(" is:bo".into()));
    assert_eq!(shown(&desk, "home"), ["2"], "what was right last stays while this is not");
    let wrong = desk.state.typed().map(|typed| typed.what.clone());
    let Some(Purpose::Filter { wrong: Some(wrong), .. }) = wrong else { panic!("{wrong:?}") };
    assert_eq!(wrong.column, 4);
    desk.key("enter");
    assert!(desk.state.typed().is_some(), "what is wrong is not kept");
    desk.key("ctrl-w");
    desk.send(Msg::Key("q".parse().unwrap()));
    assert_eq!(desk.state.typed().map(|typed| typed.prompt.text().to_owned()), Some("go q".to_owned()), "q is text here");
    say(&mut desk, &["home"], "4", "neither");
    desk.key("esc");
    assert_eq!((shown(&desk, "home").len(), filter_of(&desk, "home").as_str()), (4, ""));
    assert_eq!(cursor(&desk), Some("2".into()), "the reader is where they were");
    assert_eq!(desk.tab("home").unseen.len(), unseen + 1, "what came meanwhile is news again");
    filter(&mut desk, "is:boost", true);
    desk.key("&");
    assert_eq!(desk.state.typed().map(|typed| typed.prompt.text().to_owned()), Some("is:boost".to_owned()));
    desk.send(Msg::Mouse(Mouse::Click, 4, 0));
    assert_eq!(desk.state.typed(), None);
}

#[test]
fn gaps_stay_in_view_and_the_cursor_moves_to_what_is_shown() {
    let mut desk = Desk::new(&["home"]);
    for id in 10..20 {
        say(&mut desk, &["home"], &id.to_string(), if id % 3 == 0 { "third" } else { "other" });
    }
    desk.event(&["home"], Payload::Other);
    desk.send(Msg::Event(origin(), Event::Lagged { shed: vec![(stream("home"), 3)] }));
    desk.key("g j j j");
    filter(&mut desk, "third", true);
    assert_eq!(shown(&desk, "home"), ["19", "18", "15", "12"], "the gap above 19, then every third");
    assert_eq!(cursor(&desk), Some("15".into()), "the next older one");
    desk.key("j");
    assert_eq!(cursor(&desk), Some("12".into()));
    desk.key("k k");
    assert_eq!(cursor(&desk), Some("18".into()));
}

#[test]
fn a_command_leaves_out_and_lets_in_again() {
    let mut desk = Desk::new(&["home"]);
    desk.event(&["home"], Payload::Update(bundle(boost("6", "5"))));
    say(&mut desk, &["home"], "7", "words");
    desk.send(Msg::Command(Command::HideBoosts));
    assert_eq!((shown(&desk, "home"), filter_of(&desk, "home").as_str()), (vec!["7".to_owned()], "-is:boost"));
    desk.send(Msg::Command(Command::HideReplies));
    desk.send(Msg::Command(Command::HideBoosts));
    assert_eq!((shown(&desk, "home").len(), filter_of(&desk, "home").as_str()), (2, "-is:reply"));
    assert!(desk.tab("home").sieve.filter().leaves_out(Quiet::Replies));
}

#[test]
fn a_tab_begins_with_the_filter_of_the_file_and_takes_over_what_changes_there() {
    let read = |text: &str| Settings::from(&Config::parse(std::path::Path::new("c.toml"), text).unwrap().config);
    let first = read("tabs = [\"home\", { stream = \"#rust\", filter = \"-is:boost\" }]");
    let mut state = State::new(first.clone(), Timestamp::from_second(1_800_000_000).unwrap(), vec!["home".parse().unwrap()]);
    state.open(stream("#rust"));
    let mut desk = Desk { state, lines: 5, measured: Measured::default(), open: Vec::new() };
    assert_eq!((filter_of(&desk, "home").as_str(), filter_of(&desk, "#rust").as_str()), ("", "-is:boost"));
    desk.key("2");
    filter(&mut desk, "mine", true);
    desk.send(Msg::Reloaded(first, Vec::new()));
    assert_eq!(filter_of(&desk, "#rust"), "mine", "the file says what it said before");
    desk.key("x u");
    assert_eq!(filter_of(&desk, "#rust"), "mine", "it comes back with its tab");
    desk.send(Msg::Reloaded(read("tabs = [{ stream = \"#rust\", filter = \"-is:reply\" }]"), Vec::new()));
    assert_eq!((filter_of(&desk, "home").as_str(), filter_of(&desk, "#rust").as_str()), ("", "-is:reply"));
}

#[test]
fn who_somebody_is_counts_as_soon_as_it_is_known() {
    let mut desk = Desk::new(&["home"]);
    say(&mut desk, &["home"], "1", "words");
    filter(&mut desk, "-is:bot -is:mine", true);
    assert_eq!(shown(&desk, "home"), ["1"]);
    let bot = Account { bot: true, ..account("1") };
    desk.event(&["home"], Payload::Update(Bundle { accounts: vec![bot], statuses: vec![status("2", "more")] }));
    assert_eq!(shown(&desk, "home"), Vec::<String>::new());
    filter(&mut desk, "-is:mine", true);
    assert_eq!(shown(&desk, "home"), ["2", "1"]);
    desk.send(Msg::Reply(Reply::Account(Ok(account("1")))));
    assert_eq!(shown(&desk, "home"), Vec::<String>::new(), "the reader's own");
}

#[test]
fn a_long_tab_is_looked_at_in_slices_and_asks_to_go_on() {
    let mut desk = Desk::new(&["home"]);
    desk.state.settings.rows = 10_000;
    let ids: Vec<String> = (10_000..15_000).rev().map(|id| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    desk.page("home", None, &ids, None);
    desk.key("& x");
    assert!(desk.tab("home").sieve.looked().is_some(), "not all with one key");
    let mut turns = 0;
    while desk.tab("home").sieve.looked().is_some() {
        assert!(desk.state.next_deadline(&desk.measured).is_some_and(|at| at <= desk.state.now), "it goes on at once");
        say(&mut desk, &["home"], &(20_000 + turns).to_string(), "comes meanwhile");
        turns += 1;
        assert!(turns < 50);
    }
    assert_eq!(desk.state.hidden(desk.tab("home")), 5_000 + usize::try_from(turns).unwrap());
    desk.key("esc");
    desk.after(0);
    desk.send(Msg::Event(
        origin(),
        Event::Stream(StreamEvent {
            streams: vec![stream("home")],
            named: None,
            name: Plain::line("event"),
            payload: Payload::Update(bundle(vec![status("30000", "needle")])),
            raw: None,
        }),
    ));
    desk.event(&["home"], Payload::Edit(bundle(vec![edited("10001", "needle", 20)])));
    desk.key("g / n e e d l e enter n");
    let mut turns = 0;
    while desk.state.finding.as_ref().is_some_and(|search| search.walk.is_some()) {
        assert!(desk.state.next_deadline(&desk.measured).is_some_and(|at| at <= desk.state.now));
        desk.after(0);
        turns += 1;
        assert!(turns < 50);
    }
    assert!(turns > 1, "not all with one key");
    assert_eq!(cursor(&desk), Some("10001".into()));
}

#[test]
fn a_search_goes_where_it_finds_and_back() {
    let mut desk = Desk::new(&["home", "local"]);
    for (id, words) in [("1", "ferry at night"), ("2", "words"), ("3", "a Ferry"), ("4", "words"), ("5", "words")] {
        say(&mut desk, &["home"], id, words);
    }
    say(&mut desk, &["local"], "9", "the last ferry");
    desk.key("j");
    assert!(!desk.state.can(Command::SearchNext));
    desk.key("/ f e r");
    assert_eq!(cursor(&desk), Some("3".into()), "as it is typed");
    desk.key("r y space a");
    assert_eq!(cursor(&desk), Some("1".into()));
    desk.key("backspace backspace");
    assert_eq!(cursor(&desk), Some("3".into()), "from where it began");
    desk.key("ctrl-n");
    assert_eq!(cursor(&desk), Some("1".into()));
    desk.key("z z");
    assert_eq!(cursor(&desk), Some("4".into()), "nothing has it: back");
    assert!(desk.state.finding.as_ref().is_some_and(|search| search.missed));
    desk.key("esc");
    assert_eq!((cursor(&desk), desk.state.finding.clone()), (Some("4".into()), None));
    desk.key("/ F e r r y enter");
    assert_eq!(cursor(&desk), Some("3".into()), "a capital counts");
    desk.key("n");
    assert_eq!(cursor(&desk), Some("3".into()), "the only one, all around");
    assert_eq!(desk.state.notices.shown().map(|notice| notice.text.to_string()), Some("the search goes on from the newest post".into()));
    desk.key("/ f e r r y ctrl-t enter n n");
    assert_eq!((desk.state.tabs.active_index(), cursor(&desk)), (1, Some("9".into())), "in the next tab");
    desk.key("n");
    assert_eq!((desk.state.tabs.active_index(), cursor(&desk)), (0, Some("3".into())));
    desk.key("N");
    assert_eq!(desk.state.tabs.active_index(), 1);
    desk.key("/ ( enter");
    assert!(desk.state.typed().is_none(), "a bracket is text");
    desk.key("/ / ( enter");
    assert!(desk.state.typed().is_some(), "a broken regex is not kept");
    desk.key("esc");
    while desk.state.notices.shown().is_some() {
        desk.key("esc");
    }
    assert!(desk.state.finding.is_some() && desk.state.can(Command::Back));
    desk.key("esc");
    assert_eq!(desk.state.finding, None, "esc lets go of it at last");
}

/// The place after which a naive reader comes to a row that has the word, around the tabs.
fn naive(tabs: &[Vec<(u32, bool)>], from: (usize, usize), older: bool, all: bool) -> Option<(usize, u32)> {
    let mut places: Vec<(usize, usize)> = Vec::new();
    for (tab, rows) in tabs.iter().enumerate().filter(|(tab, _)| all || *tab == from.0) {
        places.extend((0..rows.len()).map(|row| (tab, row)));
    }
    let at = places.iter().position(|place| *place == from)?;
    places.rotate_left(at);
    let mut ways = places.split_off(1);
    if !older {
        ways.reverse();
    }
    ways.extend(places);
    let (tab, row) = ways.into_iter().find(|(tab, row)| tabs[*tab][*row].1)?;
    Some((tab, tabs[tab][row].0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn the_next_found_is_the_one_that_a_naive_reader_comes_to(
        tabs in proptest::collection::vec(proptest::collection::btree_map(1_u32..200, any::<bool>(), 1..12), 3),
        moves in proptest::collection::vec(any::<bool>(), 1..8),
        all: bool,
    ) {
        let specs = ["home", "local", "federated"];
        let mut desk = Desk::new(&specs);
        let mut naive_tabs = Vec::new();
        for (index, (spec, rows)) in specs.iter().zip(&tabs).enumerate() {
            // Ids of their own, so that no post is in two tabs.
            let rows: Vec<(u32, bool)> = rows.iter().map(|(id, has)| (id * 3 + 1000 + u32::try_from(index).unwrap(), *has)).rev().collect();
            for (id, has) in &rows {
                say(&mut desk, &[spec], &id.to_string(), if *has { "a needle here" } else { "hay" });
            }
            naive_tabs.push(rows);
        }
        desk.key("g / n e e d l e");
        if all {
            desk.key("ctrl-t");
        }
        desk.key("enter");
        for older in moves {
            let tab = desk.state.tabs.active_index();
            let here: u32 = cursor(&desk).unwrap().parse().unwrap();
            let row = naive_tabs[tab].iter().position(|(id, _)| *id == here).unwrap();
            let wanted = naive(&naive_tabs, (tab, row), older, all).unwrap_or((tab, here));
            desk.key(if older { "n" } else { "N" });
            prop_assert_eq!((desk.state.tabs.active_index(), cursor(&desk)), (wanted.0, Some(wanted.1.to_string())));
        }
    }
}

#[test]
fn the_filters_of_the_property_are_filters() {
    for text in FILTERS {
        assert_eq!(text.parse::<Filter>().map(|filter| filter.to_string()), Ok((*text).to_owned()));
    }
}

/// A thread around 20 with words in it, opened; 21, 22 and 24 answer, and 22 a step further in.
fn opened() -> Desk {
    let mut desk = Desk::new(&["home", "local"]);
    for (id, words) in [("18", "a ferry elsewhere"), ("20", "nothing here")] {
        say(&mut desk, &["home"], id, words);
    }
    let effects = desk.key("enter");
    let (_, asked) = asked_thread(&effects).unwrap();
    let answers = [("21", "20", "the ferry"), ("22", "21", "words"), ("24", "20", "Ferry again")];
    let posts = answers.map(|(id, to, words)| Status { content: Html::new(words), ..reply(id, to) });
    let thread = Thread { ancestors: Vec::new(), descendants: answers.map(|(id, ..)| sid(id)).to_vec(), bundle: bundle(posts.to_vec()) };
    let own = desk.state.store.status(&sid("20")).unwrap().status().clone();
    desk.send(Msg::Reply(Reply::Thread { id: sid("20"), asked, result: Ok((bundle(vec![own]), thread)) }));
    desk
}

fn notice(desk: &Desk) -> Option<String> {
    desk.state.notices.shown().map(|notice| notice.text.to_string())
}

#[test]
fn with_a_thread_open_its_posts_are_searched_and_it_stays_open() {
    let mut desk = opened();
    assert_eq!(thread(&desk), ">20 .21 ..22 .24");
    desk.key("/ f e r r y");
    assert_eq!(thread(&desk), "20 .>21 ..22 .24", "as it is typed");
    assert!(!desk.state.can(Command::SearchAllTabs));
    desk.key("ctrl-n");
    assert_eq!(thread(&desk), "20 .21 ..22 .>24");
    desk.key("z");
    assert_eq!(thread(&desk), ">20 .21 ..22 .24", "nothing has it: back");
    desk.key("esc");
    assert_eq!((thread(&desk).as_str(), desk.state.finding.clone()), (">20 .21 ..22 .24", None));
    desk.key("/ F e r enter");
    assert_eq!(thread(&desk), "20 .21 ..22 .>24");
    desk.key("n");
    assert_eq!((thread(&desk).as_str(), notice(&desk)), ("20 .21 ..22 .>24", Some("the search goes on from the top of the thread".into())));
    desk.key("/ f e r r y enter N");
    assert_eq!(thread(&desk), "20 .>21 ..22 .24");
    // What comes takes its place in the walk.
    desk.event(&["local"], Payload::Update(bundle(vec![Status { content: Html::new("one more ferry"), ..reply("30", "21") }])));
    desk.key("n");
    assert_eq!(thread(&desk), "20 .21 ..22 ..>30 .24");
    desk.event(&["local"], Payload::Delete(sid("24")));
    desk.key("n");
    assert_eq!(thread(&desk), "20 .>21 ..22 ..30 .x24");
    desk.key("esc esc");
    assert!(desk.state.detail().is_none());
    desk.key("n");
    assert_eq!(cursor(&desk), Some("18".into()), "in the tab the same goes on among its rows");
    desk.key("enter n");
    assert_eq!((thread(&desk).as_str(), notice(&desk)), (">18", Some("the search goes on from the top of the thread".into())));
    desk.key("/ q q q enter");
    assert_eq!((thread(&desk).as_str(), notice(&desk)), (">18", Some("nothing in this thread has \"qqq\"".into())));
}

#[test]
fn a_filter_is_typed_and_kept_or_given_up_with_the_thread_open() {
    let mut desk = opened();
    desk.key("j & f e r r y");
    assert_eq!((thread(&desk).as_str(), shown(&desk, "home")), ("20 .>21 ..22 .24", vec!["18".to_owned()]));
    desk.key("esc");
    assert_eq!((thread(&desk).as_str(), shown(&desk, "home").len()), ("20 .>21 ..22 .24", 2));
    desk.key("& f e r r y enter");
    assert_eq!((thread(&desk).as_str(), shown(&desk, "home")), ("20 .>21 ..22 .24", vec!["18".to_owned()]));
    assert!(desk.state.is_covered(), "what comes into the tab beneath is not seen");
    desk.key("&");
    assert!(desk.state.is_covered(), "nor while something is typed");
}

#[test]
fn a_long_thread_is_looked_at_in_slices_and_what_was_closed_ends_the_walk() {
    let long = || {
        let mut desk = Desk::new(&["home"]);
        say(&mut desk, &["home"], "20", "nothing here");
        let effects = desk.key("enter");
        let (_, asked) = asked_thread(&effects).unwrap();
        let ids: Vec<String> = (1_000..2_000).map(|id| id.to_string()).collect();
        let posts = ids.iter().map(|id| Status { content: Html::new(if id == "1900" { "needle" } else { "hay" }), ..reply(id, "20") });
        let thread = Thread { ancestors: Vec::new(), descendants: ids.iter().map(|id| sid(id)).collect(), bundle: bundle(posts.collect()) };
        let own = desk.state.store.status(&sid("20")).unwrap().status().clone();
        desk.send(Msg::Reply(Reply::Thread { id: sid("20"), asked, result: Ok((bundle(vec![own]), thread)) }));
        desk.key("/");
        desk.send(Msg::Paste("needle".into()));
        assert!(desk.state.finding.as_ref().is_some_and(Finding::goes_on), "not all with one message");
        assert!(desk.state.next_deadline(&desk.measured).is_some_and(|at| at <= desk.state.now), "it goes on at once");
        desk
    };
    let mut desk = long();
    let mut turns = 0;
    while desk.state.finding.as_ref().is_some_and(Finding::goes_on) {
        desk.after(0);
        turns += 1;
        assert!(turns < 50);
    }
    assert_eq!(desk.state.detail().map(|detail| detail.cursor.clone()), Some(sid("1900")));
    let mut desk = long();
    desk.key("enter esc");
    assert!(desk.state.detail().is_none() && !desk.state.finding.as_ref().is_some_and(Finding::goes_on));
}
