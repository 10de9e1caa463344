//! Searching on the server: what the prompt says before, meanwhile and after, and what was found.

use super::*;

fn searching(size: (u16, u16), words: &str, answer: Answer<Found>) -> State {
    let mut state = home(size);
    state.search.query = typed(words).text().trim().to_owned();
    state.search.answer = answer;
    state.overlays.push(Overlay::Picker(Picker { kind: Pick::Search, prompt: typed(words), chosen: 1 }));
    state
}

fn found() -> Answer<Found> {
    let tags = ["rust", "RustLang", "日本語"].iter().filter_map(|tag| Tag::new(tag)).collect();
    Answer::Told(Some(Found {
        accounts: vec![aid("1"), aid("4"), aid("2")],
        tags,
        statuses: vec![sid("240"), sid("205"), sid("218")],
        ..Found::default()
    }))
}

fn assert_picture(name: &str, picture: &str) {
    insta::with_settings!({ snapshot_path => "../snapshots" }, { insta::assert_snapshot!(name, picture) });
}

#[test]
fn what_was_found_stands_by_kind() {
    for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 60)] {
        assert_picture(&format!("search_{width}x{height}"), &picture(&searching((width, height), "rust", found())));
    }
}

#[test]
fn how_a_search_stands_is_told_in_words() {
    let failed = |kind, reason: &str| Answer::Failed(Failure { kind, reason: plain(reason) });
    let told: Vec<String> = [
        ("", Answer::Unasked),
        ("tram", Answer::Unasked),
        ("tram", Answer::Asked),
        ("tram\u{202e}\u{1b}[31m", Answer::Told(Some(Found::default()))),
        ("tram", failed(FailureKind::Forbidden, "This action is outside the authorized scopes")),
        ("tram", failed(FailureKind::NotFound, "Not Found")),
        ("tram", failed(FailureKind::RateLimited(ago(-5)), "Too many requests")),
        ("tram", failed(FailureKind::Retry, "tide.example did not answer within 30 s")),
    ]
    .into_iter()
    .map(|(words, answer)| {
        let all = rows(&draw(&searching((60, 20), words, answer)).buffer);
        let inside = all.iter().filter_map(|row| row.split_once("│    ")?.1.rsplit_once('│'));
        inside.map(|(row, _)| row.trim()).collect::<Vec<_>>().join(" ").trim().to_owned()
    })
    .collect();
    assert_picture("search_states", &told.join("\n"));
    assert_picture(
        "search_refused_40x12",
        &picture(&searching((40, 12), "tram", failed(FailureKind::Forbidden, "outside the authorized scopes"))),
    );
}
