//! The house: floors, module docs, and tables that stand in two places.
//!
//! `BLESS=1 cargo test --test tidy` rewrites the tables that derive from the command table.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use trunkline::command::{COMMANDS, Command, Group};

/// Which rooms a room may use, lowest floor first.
const FLOORS: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("opener", &["text"]),
    ("logging", &[]),
    ("private", &["logging"]),
    ("recording", &[]),
    ("command", &[]),
    ("model", &["text"]),
    ("filter", &["text", "model"]),
    ("clocks", &["model"]),
    ("keymap", &["command"]),
    ("config", &["text", "model", "command", "keymap"]),
    ("mastodon", &["model", "text", "recording"]),
    ("media", &["text", "private", "model", "mastodon"]),
    ("accounts", &["text", "private", "model", "config", "mastodon"]),
    ("state", &["text", "model", "command", "keymap", "config"]),
    ("update", &["text", "model", "command", "keymap", "config", "state"]),
    ("effects", &["model", "mastodon", "update"]),
    ("memory", &["private", "model", "config", "mastodon", "state", "update"]),
    ("ui", &["text", "media", "model", "command", "keymap", "config", "state"]),
    ("linear", &["text", "model", "command", "state", "ui"]),
    ("demo", &[]),
    ("replay", &["model"]),
    ("tail", &["text", "clocks", "model", "mastodon", "state", "update", "effects"]),
    ("doctor", &["text", "logging", "model", "config", "mastodon"]),
    ("login", &["text", "opener", "model", "mastodon", "accounts"]),
    (
        "runtime",
        &[
            "text", "opener", "logging", "model", "media", "clocks", "keymap", "config", "mastodon", "state", "update", "effects",
            "memory", "ui", "linear",
        ],
    ),
    (
        "cli",
        &[
            "text",
            "logging",
            "recording",
            "model",
            "clocks",
            "config",
            "mastodon",
            "media",
            "accounts",
            "state",
            "memory",
            "ui",
            "demo",
            "replay",
            "tail",
            "doctor",
            "login",
            "runtime",
        ],
    ),
];

/// What a room may never name, whatever else changes.
const NEVER: &[(&str, &[&str])] = &[
    ("text", &["ratatui", "tokio", "serde", "crossterm"]),
    ("model", &["ratatui", "tokio", "serde_json", "crossterm"]),
    ("command", &["ratatui", "tokio", "crossterm"]),
    ("keymap", &["ratatui", "tokio", "crossterm"]),
    ("clocks", &["ratatui", "tokio", "crossterm"]),
    ("config", &["ratatui", "tokio", "crossterm"]),
    ("mastodon", &["ratatui", "crossterm"]),
    ("media", &["ratatui", "crossterm"]),
    ("state", &["ratatui", "tokio", "crossterm"]),
    ("update", &["ratatui", "tokio", "crossterm"]),
    ("effects", &["ratatui", "crossterm"]),
    ("ui", &["tokio"]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_path_buf()];
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The room that a source file belongs to: the first part of its path under `src`.
fn room(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    inside.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The code of a file without comments and without its inline tests.
fn code(text: &str) -> String {
    let body = text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or(text);
    body.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Whether code names something of a room.
fn names(code: &str, room: &str) -> bool {
    let is_whole = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    code.split(&format!("crate::{room}")).skip(1).any(is_whole)
}

#[test]
fn every_room_uses_only_the_floors_below_it() {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for path in sources(&root().join("src")) {
        let room = room(&path);
        if matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        let Some((_, allowed)) = FLOORS.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{}: room `{room}` has no floor", path.display()));
            continue;
        };
        let code = code(&fs::read_to_string(&path).unwrap());
        for (other, _) in FLOORS.iter().filter(|(other, _)| *other != room && names(&code, other)) {
            if !allowed.contains(other) {
                wrong.push(format!("{}: `{room}` uses `{other}`", path.display()));
            }
            used.insert((room.clone(), *other));
        }
        for (_, never) in NEVER.iter().filter(|(name, _)| *name == room) {
            for library in *never {
                if code.contains(&format!("{library}::")) {
                    wrong.push(format!("{}: `{room}` names `{library}`", path.display()));
                }
            }
        }
    }
    for (room, allowed) in FLOORS {
        let unused = allowed.iter().filter(|other| !used.contains(&((*room).to_owned(), **other)));
        wrong.extend(unused.map(|other| format!("`{room}` does not use `{other}`: take it from the table")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_floor_stands_on_floors_above_it_in_the_table() {
    for (at, (room, allowed)) in FLOORS.iter().enumerate() {
        for other in *allowed {
            assert!(FLOORS[..at].iter().any(|(lower, _)| lower == other), "`{room}` uses `{other}`, which is not above it in the table");
        }
    }
}

#[test]
fn the_map_names_every_room_in_the_order_of_the_floors() {
    let map = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let on_the_map: Vec<&str> =
        map.lines().filter_map(|line| line.strip_prefix("//! - [`")?.split_once("`]: ").map(|(room, _)| room)).collect();
    let rooms: Vec<&str> = FLOORS.iter().map(|(room, _)| *room).collect();
    assert_eq!(on_the_map, rooms, "the map in src/lib.rs");
    let mut declared: Vec<&str> = map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mut rooms = rooms;
    declared.sort_unstable();
    rooms.sort_unstable();
    assert_eq!(declared, rooms, "what src/lib.rs declares");
}

#[test]
fn every_file_says_what_it_is_for() {
    for folder in ["src", "tests", "benches"] {
        let folder = root().join(folder);
        if !folder.exists() {
            continue;
        }
        for path in sources(&folder) {
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("//!"), "{} does not open with its purpose", path.display());
            assert!(!path.ends_with("mod.rs"), "{}: foo.rs beside foo/, never mod.rs", path.display());
        }
    }
}

#[test]
fn no_test_sleeps() {
    for path in sources(&root().join("tests")) {
        let text = fs::read_to_string(&path).unwrap();
        let sleeps = ["thread::", "time::"].iter().any(|module| text.contains(&format!("{module}sleep(")));
        assert!(!sleeps, "{}: wait for a condition with a deadline", path.display());
    }
}

/// The key table as Markdown.
fn key_table() -> String {
    let mut lines = vec!["| Keys | What they do |".to_owned(), "| --- | --- |".to_owned()];
    for group in Group::ALL {
        lines.push(format!("| | **{}** |", group.title()));
        for row in COMMANDS.iter().filter(|row| row.group == group) {
            if row.command == Command::SelectTab(1) {
                lines.push("| `1` … `9` | tab 1 … tab 9 |".to_owned());
            } else if !matches!(row.command, Command::SelectTab(_)) {
                let mut keys: Vec<String> = row.keys.iter().map(|key| format!("`{}`", key.replace('|', "\\|"))).collect();
                if keys.is_empty() {
                    keys.push(format!("`:` {}", row.name));
                }
                lines.push(format!("| {} | {} |", keys.join(" "), row.help));
            }
        }
    }
    lines.join("\n") + "\n"
}

/// The keys as a table of the configuration, each with what it does.
fn key_settings() -> String {
    let mut lines = Vec::new();
    for group in Group::ALL {
        lines.push(format!("# {}", group.title()));
        for row in COMMANDS.iter().filter(|row| row.group == group) {
            let keys: Vec<String> = row.keys.iter().map(|key| format!("\"{}\"", key.replace('\\', "\\\\"))).collect();
            lines.push(format!("{} = [{}]  # {}", row.name, keys.join(", "), row.help));
        }
    }
    lines.join("\n") + "\n"
}

/// Compares a part of a document with what it is made from, or rewrites it.
fn assert_made(file: &str, start: &str, end: &str, made: &str) {
    let path = root().join(file);
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(start).unwrap_or_else(|| panic!("{file} has no {start}"));
    let (table, after) = rest.split_once(end).unwrap_or_else(|| panic!("{file} has no {end}"));
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, format!("{before}{start}{made}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(table, made, "{file}: run BLESS=1 cargo test --test tidy");
}

#[test]
fn the_tables_of_keys_are_the_command_table() {
    assert_made("README.md", "<!-- keys: made from src/command.rs -->\n", "<!-- end of keys -->", &key_table());
    assert_made("config.example.toml", "# keys: made from src/command.rs\n", "# end of keys\n", &key_settings());
}
