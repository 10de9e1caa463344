//! The table `[keys]`: other keys for commands.

use super::source::{Source, Value};
use crate::command::{COMMANDS, Row};
use crate::keymap::{Change, Clash, Compiled, Keymap, Sequence, Spot};
use std::ops::Range;
use toml::de::DeValue;

/// A change with where it stands.
struct Placed {
    row: &'static Row,
    name: Range<usize>,
    keys: Vec<(Sequence, Range<usize>)>,
}

/// Reads the table and compiles the keys.
pub(super) fn take(source: &mut Source<'_>, value: &Value<'_>) -> Keymap {
    let DeValue::Table(table) = value.get_ref() else {
        source.misfit("keys", value, "be a table of commands with their keys, as in [keys] and beneath it: first = [\"g g\", \"home\"]");
        return Keymap::default();
    };
    let mut placed = Vec::new();
    for (name, value) in table {
        let Some(row) = COMMANDS.iter().find(|row| row.name == name.get_ref().as_ref()) else {
            source.stranger(name, "command", COMMANDS.iter().map(|row| row.name));
            continue;
        };
        let place = source.place(name.span());
        source.set.insert(format!("keys.{}", row.name), place);
        placed.push(Placed { row, name: name.span(), keys: sequences(source, row.name, value) });
    }
    placed.sort_by_key(|placed| placed.name.start);
    let changes: Vec<Change> = placed
        .iter()
        .map(|Placed { row, keys, .. }| Change { command: row.command, keys: keys.iter().map(|(sequence, _)| sequence.clone()).collect() })
        .collect();
    let Compiled { keymap, clashes, losses } = Keymap::compile(&changes);
    let found = |spot: Spot| {
        let placed = placed.get(spot.change)?;
        let (sequence, span) = placed.keys.get(spot.key)?;
        Some((placed.row.name, sequence, span))
    };
    for clash in clashes {
        tell(source, &clash, found);
    }
    for loss in losses {
        let Some((name, key, span)) = found(loss.to) else { continue };
        let loser = loss.command.row().map_or("?", |row| row.name);
        let lost = &loss.key;
        source.warn(
            span.clone(),
            format!("`{key}` of `{name}` takes `{lost}`, the only key of `{loser}`: give that another, or write {loser} = []"),
        );
    }
    keymap
}

fn tell<'k>(source: &mut Source<'_>, clash: &Clash, found: impl Fn(Spot) -> Option<(&'static str, &'k Sequence, &'k Range<usize>)>) {
    match *clash {
        Clash::Taken { at, by } => {
            let (Some((name, key, span)), Some((other, taken, there))) = (found(at), found(by)) else { return };
            let place = source.place(there.clone());
            let where_ = format!("line {}, column {}", place.line, place.column);
            let what = if key == taken {
                format!("`keys.{name}`: `{key}` is a key of `{other}` already ({where_})")
            } else {
                format!("`keys.{name}`: `{key}` and `{taken}` of `{other}` ({where_}) exclude each other: one begins with the other")
            };
            source.mistake(span.clone(), what);
        }
        Clash::Fixed(at) => {
            let Some((name, key, span)) = found(at) else { return };
            source.mistake(span.clone(), format!("`keys.{name}`: `{key}` cannot be had: ctrl-c always ends Trunkline"));
        }
        Clash::Typed(at) => {
            let Some((name, key, span)) = found(at) else { return };
            source.mistake(
                span.clone(),
                format!("`keys.{name}`: `{key}` would be typed into the picker: take one with ctrl- or alt-, or a named one"),
            );
        }
    }
}

/// One key or a list of them.
fn sequences(source: &mut Source<'_>, command: &str, value: &Value<'_>) -> Vec<(Sequence, Range<usize>)> {
    let key = format!("keys.{command}");
    let texts: Vec<&Value<'_>> = if let DeValue::Array(entries) = value.get_ref() { entries.iter().collect() } else { vec![value] };
    let mut found = Vec::new();
    for text in texts {
        let DeValue::String(raw) = text.get_ref() else {
            source.misfit(&key, text, "be a key or a list of keys, as in [\"g g\", \"home\"]");
            continue;
        };
        match raw.parse() {
            Ok(sequence) => found.push((sequence, text.span())),
            Err(error) => source.mistake(text.span(), format!("`{key}`: {error}")),
        }
    }
    found
}
