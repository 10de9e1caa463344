//! Pictures among posts and in the viewer: where they stand, and that nothing moves when they arrive.

use super::stage::*;
use super::{draw, draw_with, find, picture, rows, theme};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use std::sync::Arc;
use trunkline::command::Command;
use trunkline::config::MediaMode;
use trunkline::filter::Filter;
use trunkline::media::{Graphic, Key, Picture, Raster};
use trunkline::model::*;
use trunkline::state::*;
use trunkline::ui::Cards;
use trunkline::update::{Msg, update};

const BLUR: &str = "UFBWY:8_0Jxv4mx]t8t64.%M-:IUWGWAt6M}";
const BLOCK: &str = "\u{2580}";

/// A medium at an address, of so many pixels.
fn shown(name: &str, size: (u32, u32)) -> Media {
    let address = |copy: &str| Some(plain(&format!("https://files.tide.example/{name}/{copy}.png")));
    Media { url: address("original"), preview: address("small"), blurhash: Some(plain(BLUR)), size: Some(size), ..image(name) }
}

/// A home with a post that has these media, on a terminal that shows pictures.
fn with(size: (u16, u16), media: Vec<Media>, sensitive: bool) -> State {
    let mut state = bare(size);
    (state.pictures.wanted, state.pictures.colorful) = (true, true);
    let post_of = Status { media_attachments: media, sensitive, ..status("9", "1", 3, "<p>Look at this.</p>") };
    post(&mut state, &Stream::User, post_of);
    post(&mut state, &Stream::User, status("8", "2", 5, "<p>And at these words.</p>"));
    state
}

fn cells(buffer: &Buffer, symbol: &str) -> usize {
    buffer.content().iter().filter(|cell| cell.symbol() == symbol).count()
}

/// Hangs every picture that is in view, of one colour.
fn hang(state: &State, cards: &mut Cards, measured: &Measured, form: Form) {
    for place in &measured.pictures {
        let Some(address) = place.address.clone() else { continue };
        let (width, height) = (place.columns, place.rows * 2);
        let blocks = Arc::new(Raster::new((width, height), vec![[200, 10, 10]; usize::from(width) * usize::from(height)]));
        let graphic =
            (form != Form::Blocks).then(|| Graphic { form, number: 7, width: 40, height: 40, data: b"data".to_vec() }).map(Arc::new);
        let key = Key { address, columns: place.columns, rows: place.rows, clear: place.clear };
        #[expect(clippy::disallowed_methods, reason = "the gallery asks how long ago something failed, and nothing did")]
        let now = std::time::Instant::now();
        assert!(state.canvas().is_some() && cards.gallery.lacks(&key, now));
        cards.gallery.hang(key, Ok(Picture { blocks, graphic }), now);
    }
}

/// The screen without what is drawn into pictures.
fn words_of(buffer: &Buffer) -> Vec<String> {
    rows(buffer).into_iter().map(|row| row.replace(BLOCK, " ").trim_end().to_owned()).collect()
}

#[test]
fn a_picture_has_its_room_before_it_is_here_and_nothing_moves_when_it_comes() {
    for form in [Form::Blocks, Form::Kitty, Form::Sixel(16)] {
        let mut state = with((80, 24), vec![shown("a", (960, 640)), shown("b", (640, 960))], false);
        for fact in [
            TerminalFact::Kitty(form == Form::Kitty),
            TerminalFact::Attributes { sixel: form == Form::Sixel(16) },
            TerminalFact::Cell(10, 20),
        ] {
            state.pictures.told(&fact, state.size);
        }
        assert_eq!(state.canvas(), Some(Canvas { form, cell: (10, 20) }));
        let mut cards = Cards::new();
        let before = draw_with(&state, &theme(), &mut cards);
        // Twenty-four columns and eleven, of eight rows.
        assert_eq!(cells(&before.buffer, BLOCK), (24 + 11) * 8, "{form:?}: the blurhash");
        assert_eq!(before.measured.pictures.len(), 2);
        hang(&state, &mut cards, &before.measured, form);
        let after = draw_with(&state, &theme(), &mut cards);
        assert_eq!(words_of(&before.buffer), words_of(&after.buffer), "{form:?}");
        assert_eq!(before.measured, after.measured, "{form:?}");
        let place = &after.measured.pictures[0];
        assert_eq!((place.columns, place.rows, place.shown), (24, 8, 8));
        if form == Form::Blocks {
            assert_eq!(after.buffer[(place.x, place.y)].fg, ratatui::style::Color::Rgb(200, 10, 10));
            assert!(cards.laid.is_empty());
        } else {
            assert_eq!((cells(&after.buffer, BLOCK), cards.laid.len()), (0, 2), "{form:?}: the terminal lays it");
            assert_eq!(cards.laid[0].at, (place.x, place.y));
        }
    }
}

#[test]
fn sensitive_pictures_are_hinted_at_until_asked_for_and_nothing_of_them_is_fetched() {
    let mut state = with((80, 24), vec![shown("a", (960, 640))], true);
    let drawn = draw(&state);
    assert!(cells(&drawn.buffer, BLOCK) > 100 && drawn.measured.pictures.iter().all(|place| place.address.is_none()));
    find(&drawn.buffer, "sensitive, space shows it");
    state.unfolded.insert(sid("9"));
    let drawn = draw(&state);
    assert!(drawn.measured.pictures.iter().all(|place| place.address.is_some()));
}

#[test]
fn where_no_pictures_are_drawn_there_are_the_words() {
    let mut state = with((80, 24), vec![shown("a lichen on a wall", (960, 640))], false);
    for (mode, ascii, wanted) in [(MediaMode::Off, false, true), (MediaMode::Auto, true, true), (MediaMode::Auto, false, false)] {
        state.settings.media = mode;
        state.settings.ascii = ascii;
        state.pictures.wanted = wanted;
        let drawn = draw(&state);
        assert!(cells(&drawn.buffer, BLOCK) == 0 && drawn.measured.pictures.is_empty());
        find(&drawn.buffer, "a lichen on a wall");
    }
}

#[test]
fn what_lies_over_pictures_is_not_covered_by_them() {
    let mut state = with((80, 24), vec![shown("a", (960, 640))], false);
    state.pictures.told(&TerminalFact::Kitty(true), state.size);
    let mut cards = Cards::new();
    let drawn = draw_with(&state, &theme(), &mut cards);
    hang(&state, &mut cards, &drawn.measured, Form::Kitty);
    draw_with(&state, &theme(), &mut cards);
    assert_eq!(cards.laid.len(), 1);
    state.overlays.push(Overlay::Help { scroll: 0 });
    draw_with(&state, &theme(), &mut cards);
    assert!(cards.laid.is_empty());
}

#[test]
fn pictures_stay_while_a_line_is_typed_and_what_is_said_of_it_is_not_covered() {
    let mut cut = 0;
    for (form, above) in [Form::Kitty, Form::Sixel(16)].into_iter().flat_map(|form| (0..10).map(move |above| (form, above))) {
        let height = 14;
        let mut state = with((80, height), vec![shown("a", (960, 640))], false);
        post(&mut state, &Stream::User, status("99", "2", 1, &"<p>Above.</p>".repeat(above)));
        state.pictures.told(&TerminalFact::Kitty(form == Form::Kitty), state.size);
        state.pictures.told(&TerminalFact::Attributes { sixel: form != Form::Kitty }, state.size);
        state.pictures.told(&TerminalFact::Cell(10, 20), state.size);
        let (mut cards, theme) = (Cards::new(), theme());
        let drawn = draw_with(&state, &theme, &mut cards);
        hang(&state, &mut cards, &drawn.measured, form);
        draw_with(&state, &theme, &mut cards);
        let before = cards.laid.clone();
        let what = Purpose::Filter { before: Filter::default(), wrong: None };
        state.overlays.push(Overlay::Typed(Typed { prompt: Prompt::default(), what }));
        let drawn = draw_with(&state, &theme, &mut cards);
        let said = height - 2;
        for laid in &before {
            let (_, y) = laid.at;
            let stays = cards.laid.iter().find(|stays| stays.at == laid.at);
            if y + laid.shown <= said {
                assert_eq!(stays, Some(laid), "{form:?} {above}");
            } else {
                cut += 1;
                assert_eq!(
                    stays.map(|stays| stays.at.1 + stays.shown),
                    (form == Form::Kitty && y < said).then_some(said),
                    "{form:?} {above}"
                );
                assert_eq!(cells(&drawn.buffer, BLOCK) > 0, form != Form::Kitty && y < said, "{form:?} {above}");
            }
        }
        assert!(rows(&drawn.buffer)[usize::from(said)].contains("/regex/"), "{:?}", rows(&drawn.buffer)[usize::from(said)]);
    }
    assert!(cut > 0, "somewhere there is a picture where something is said");
}

#[test]
fn the_viewer_shows_one_at_a_time_with_its_words() {
    let media = vec![
        shown("a lichen on a wall, with a date that somebody scratched into it", (960, 640)),
        Media { kind: MediaKind::Video, seconds: Some(83), ..shown("waves", (1920, 1080)) },
    ];
    let mut state = with((60, 20), media, false);
    let viewer = Viewer { status: sid("9"), index: 0, words: true, veiled: false };
    state.overlays.push(Overlay::Viewer(viewer.clone()));
    let drawn = draw(&state);
    let place = &drawn.measured.pictures[0];
    assert_eq!(drawn.measured.pictures.len(), 1, "what is beneath is not fetched");
    assert!(place.address.as_ref().is_some_and(|address| address.ends_with("original.png")) && place.shown == place.rows);
    for words in ["1 of 2 · image · 960×640", "a lichen on a wall", "https://files.tide.example/", "h/l previous, next · space"] {
        find(&drawn.buffer, words);
    }
    state.overlays = vec![Overlay::Viewer(Viewer { index: 1, words: false, ..viewer.clone() })];
    let drawn = draw(&state);
    find(&drawn.buffer, "2 of 2 · video · 1920×1080 · 1:23 · a still of it");
    assert!(!rows(&drawn.buffer).concat().contains("waves"));
    assert!(drawn.measured.pictures[0].address.as_ref().is_some_and(|address| address.ends_with("small.png")), "a video is no image");
    state.overlays = vec![Overlay::Viewer(Viewer { veiled: true, ..viewer })];
    assert!(draw(&state).measured.pictures.iter().all(|place| place.address.is_none()));
    state.settings.media = MediaMode::Off;
    insta::with_settings!({ snapshot_path => "../snapshots" }, {
        insta::assert_snapshot!("viewer_words_60x20", picture(&state));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn pictures_stay_in_the_timelines_room_at_any_size(
        size in (20_u16..160, 6_u16..60),
        sizes in prop::collection::vec((1_u32..5000, 1_u32..5000), 1..6),
        down in 0_i32..20,
    ) {
        let media = sizes.iter().map(|size| shown("a", *size)).collect();
        let mut state = with(size, media, false);
        state.tabs.active_mut().unwrap().anchor = Anchor::Row(RowKey::Status(sid("9")), down);
        let drawn = draw(&state);
        for place in &drawn.measured.pictures {
            prop_assert!(place.x + place.columns <= size.0 && place.y >= 2 && place.y + place.shown < size.1, "{place:?}");
            prop_assert!(place.shown > 0 && place.above + place.shown <= place.rows, "{place:?}");
        }
        let blocks: usize = drawn.measured.pictures.iter().map(|place| usize::from(place.columns) * usize::from(place.shown)).sum();
        prop_assert_eq!(cells(&drawn.buffer, BLOCK), blocks);
    }
}

/// A home with a post by somebody, both with a custom emoji in their words.
fn with_emoji(form: Form) -> State {
    let mut state = bare((80, 24));
    (state.pictures.wanted, state.pictures.colorful) = (true, true);
    state.pictures.told(&TerminalFact::Kitty(form == Form::Kitty), state.size);
    state.pictures.told(&TerminalFact::Attributes { sixel: form == Form::Sixel(16) }, state.size);
    state.pictures.told(&TerminalFact::Cell(10, 20), state.size);
    let emoji = |name: &str| Emoji { shortcode: plain(name), picture: Some(plain(&format!("https://files.tide.example/{name}.png"))) };
    let words = "<p>A :tea: for :tea: and <code>:tea:</code> at 10:30:15, :nobody:</p>";
    let post_of = Status { emojis: vec![emoji("tea")], ..status("9", "7", 3, words) };
    let author = Account { emojis: vec![emoji("crab")], ..account("7", "hal", "Hal :crab: Okafor") };
    state.store.put_account(author);
    post(&mut state, &Stream::User, post_of);
    state
}

#[test]
fn custom_emoji_take_two_columns_and_stay_where_they_are_when_they_come() {
    for form in [Form::Kitty, Form::Sixel(16)] {
        let state = with_emoji(form);
        let (mut cards, theme) = (Cards::new(), theme());
        let before = draw_with(&state, &theme, &mut cards);
        find(&before.buffer, "Hal :: Okafor @hal");
        find(&before.buffer, "A :: for :: and :tea: at 10:30:15, :nobody:");
        let places = &before.measured.pictures;
        assert!(places.len() == 3 && places.iter().all(|place| (place.columns, place.rows, place.clear) == (2, 1, true)), "{places:?}");
        let mut once = before.measured.clone();
        // One of them is there twice.
        once.pictures.dedup_by(|one, other| one.address == other.address);
        hang(&state, &mut cards, &once, form);
        let after = draw_with(&state, &theme, &mut cards);
        find(&after.buffer, "Hal    Okafor @hal");
        find(&after.buffer, "A    for    and :tea: at 10:30:15, :nobody:");
        assert_eq!(after.measured, before.measured, "{form:?}");
        let laid: Vec<_> = cards.laid.iter().map(|laid| (laid.at, laid.size)).collect();
        assert_eq!(laid, places.iter().map(|place| ((place.x, place.y), (2, 1))).collect::<Vec<_>>(), "{form:?}");
    }
}

#[test]
fn where_emoji_are_no_pictures_or_cannot_be_had_there_are_their_names() {
    let mut state = with_emoji(Form::Blocks);
    assert!(draw(&state).measured.pictures.is_empty());
    find(&draw(&state).buffer, "Hal :crab: Okafor @hal");
    state.pictures.told(&TerminalFact::Kitty(true), state.size);
    state.settings.media_emoji = false;
    find(&draw(&state).buffer, "A :tea: for :tea: and :tea:");
    state.settings.media_emoji = true;
    let (mut cards, theme) = (Cards::new(), theme());
    let drawn = draw_with(&state, &theme, &mut cards);
    let place = &drawn.measured.pictures[0];
    let key = Key { address: place.address.clone().unwrap(), columns: 2, rows: 1, clear: true };
    #[expect(clippy::disallowed_methods, reason = "some moment")]
    cards.gallery.hang(key, Err("none".to_owned()), std::time::Instant::now());
    find(&draw_with(&state, &theme, &mut cards).buffer, "Hal cr Okafor @hal");
    // What is laid out later has the name.
    state.size = (100, 24);
    find(&draw_with(&state, &theme, &mut cards).buffer, "Hal :crab: Okafor @hal");
}

#[test]
fn people_have_pictures_beside_their_words_where_the_reader_wants_them() {
    for form in [Form::Blocks, Form::Kitty, Form::Sixel(16)] {
        let mut state = with_emoji(form);
        let picture = |name: &str| Some(plain(&format!("https://files.tide.example/avatars/{name}.png")));
        state.store.put_account(Account { avatar: picture("hal"), ..account("7", "hal", "Hal Okafor") });
        post(
            &mut state,
            &Stream::User,
            Status { media_attachments: vec![shown("a", (960, 640))], ..status("8", "7", 5, "<p>And a picture.</p>") },
        );
        let theme = theme();
        let plainly = draw_with(&state, &theme, &mut Cards::new());
        let avatars = |drawn: &Measured| -> Vec<PicturePlace> {
            let of_people = |place: &&PicturePlace| place.address.as_ref().is_some_and(|address| address.contains("/avatars/"));
            drawn.pictures.iter().filter(of_people).cloned().collect()
        };
        assert_eq!(avatars(&plainly.measured), [], "not asked for");
        state.settings.avatars = true;
        let mut cards = Cards::new();
        let before = draw_with(&state, &theme, &mut cards);
        let places = avatars(&before.measured);
        assert_eq!(places.len(), 2, "{form:?}");
        for place in &places {
            assert_eq!((place.columns, place.rows, place.shown, place.clear), (4, 2, 2, true));
            let line = &rows(&before.buffer)[usize::from(place.y)];
            assert!(line.chars().skip(usize::from(place.x)).skip(5).collect::<String>().starts_with("Hal Okafor @hal"), "{line:?}");
        }
        let medium = before.measured.pictures.iter().find(|place| place.columns > 4).unwrap();
        assert_eq!(medium.x, places[0].x + 5, "what hangs on a post stands beneath its words");
        let mut once = before.measured.clone();
        once.pictures.sort_by(|one, other| one.address.cmp(&other.address));
        once.pictures.dedup_by(|one, other| one.address == other.address);
        hang(&state, &mut cards, &once, form);
        let after = draw_with(&state, &theme, &mut cards);
        assert_eq!(after.measured, before.measured);
        let lays = cards.laid.iter().filter(|laid| laid.size == (4, 2)).count();
        assert_eq!(lays, if form == Form::Blocks { 0 } else { 2 }, "{form:?}");
        state.settings.media = MediaMode::Off;
        assert!(draw(&state).measured.pictures.is_empty());
    }
}

#[test]
fn a_profile_shows_its_picture_and_nothing_lies_over_it() {
    let mut state = with_emoji(Form::Kitty);
    state.settings.avatars = true;
    let avatar = Some(plain("https://files.tide.example/avatars/hal.png"));
    state.store.put_account(Account { avatar, ..account("7", "hal", "Hal Okafor") });
    state.overlays.push(Overlay::Profile(Box::new(ProfileView::of(vec![aid("7")]))));
    let (mut cards, theme) = (Cards::new(), theme());
    let drawn = draw_with(&state, &theme, &mut cards);
    let place = drawn.measured.pictures.iter().find(|place| (place.columns, place.rows) == (8, 4)).unwrap().clone();
    let mut once = drawn.measured.clone();
    once.pictures = vec![place.clone()];
    hang(&state, &mut cards, &once, Form::Kitty);
    draw_with(&state, &theme, &mut cards);
    assert_eq!(cards.laid.iter().map(|laid| (laid.at, laid.size)).collect::<Vec<_>>(), [((place.x, place.y), (8, 4))]);
}

#[test]
fn a_command_brings_the_pictures_of_people_and_takes_them_away() {
    let mut state = with_emoji(Form::Kitty);
    let measured = draw(&state).measured;
    for shown in [true, false] {
        assert!(state.can(Command::Avatars));
        update(&mut state, Msg::Command(Command::Avatars), &measured);
        assert_eq!(draw(&state).measured.pictures.iter().any(|place| place.columns == 4), shown);
    }
    state.settings.media = MediaMode::Off;
    assert!(!state.can(Command::Avatars), "there would be nothing to see");
}

#[test]
fn the_health_screen_says_how_pictures_are_drawn() {
    for (form, words) in
        [(Form::Blocks, "half blocks, cells of 10 by 20"), (Form::Kitty, "kitty's protocol, cells"), (Form::Sixel(16), "sixels of 16")]
    {
        let mut state = with_emoji(form);
        state.size = (100, 60);
        state.overlays.push(Overlay::Health { scroll: 0 });
        find(&draw(&state).buffer, words);
    }
}
