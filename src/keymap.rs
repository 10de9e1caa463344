//! `Keymap`: the keys of the command table with the user's changes, compiled. Knows no terminal crate, so state and tests
//! are free of it.
//!
//! A key of the user's takes it from the command that has it in the table, so that a key the table gains later breaks
//! nobody's settings. Two keys of the user's that get in each other's way are a mistake. There is no timeout: a sequence
//! goes on until it means something, or is given up. Absent on purpose: where a change was written (`config`).

pub mod key;

use crate::command::{COMMANDS, Command, Scope};
pub use key::{Key, KeyCode, KeyError, Sequence};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

/// Other keys for a command than those of the table; none at all where the list is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The command.
    pub command: Command,
    /// Its keys.
    pub keys: Vec<Sequence>,
}

/// Which key of which change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The index of the change.
    pub change: usize,
    /// The index among its keys.
    pub key: usize,
}

/// A key of the user's that cannot be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clash {
    /// Another key of the user's is the same, or begins with it, or is what it begins with.
    Taken {
        /// The later one.
        at: Spot,
        /// The earlier one.
        by: Spot,
    },
    /// It is what always ends the program.
    Fixed(Spot),
    /// It would be typed where its command counts.
    Typed(Spot),
}

/// A command that has lost all its keys of the table to keys of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The command.
    pub command: Command,
    /// Its last key.
    pub key: Sequence,
    /// What took it.
    pub to: Spot,
}

/// What keys that were pressed mean so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// This command.
    Command(Command),
    /// Nothing yet: they begin a longer sequence.
    Begun,
    /// Nothing.
    Nothing,
}

/// Keys to commands, by scope, and commands to keys. A copy costs nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    bindings: Arc<BTreeMap<(Scope, Vec<Key>), Command>>,
    keys: Arc<HashMap<Command, Vec<Sequence>>>,
}

/// The table with changes, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// What holds.
    pub keymap: Keymap,
    /// What does not.
    pub clashes: Vec<Clash>,
    /// What was lost.
    pub losses: Vec<Loss>,
}

/// A key that is to be bound.
struct Wish {
    command: Command,
    scope: Scope,
    sequence: Sequence,
    spot: Option<Spot>,
}

impl Wish {
    /// Whether only one of the two can be had.
    fn excludes(&self, other: &Self) -> bool {
        let together = self.scope == other.scope || self.scope == Scope::Always || other.scope == Scope::Always;
        let (one, two) = (self.sequence.keys(), other.sequence.keys());
        together && (one.starts_with(two) || two.starts_with(one))
    }
}

impl Default for Keymap {
    fn default() -> Self {
        static TABLE: LazyLock<Keymap> = LazyLock::new(|| Keymap::compile(&[]).keymap);
        TABLE.clone()
    }
}

impl Keymap {
    /// Compiles the table with changes. What clashes is left out.
    pub fn compile(changes: &[Change]) -> Compiled {
        let mut clashes = Vec::new();
        let mut wishes: Vec<Wish> = Vec::new();
        for (change, Change { command, keys }) in changes.iter().enumerate() {
            let Some(row) = command.row() else { continue };
            for (key, sequence) in keys.iter().enumerate() {
                let at = Spot { change, key };
                let wish = Wish { command: *command, scope: row.scope, sequence: sequence.clone(), spot: Some(at) };
                let begins = sequence.keys().first();
                let ends = matches!(command, Command::Quit | Command::QuitNow) && begins != Some(&Key::QUIT);
                let is_own = *command == Command::QuitNow && sequence.keys() == [Key::QUIT];
                if sequence.keys().contains(&Key::QUIT) && !ends && !is_own {
                    clashes.push(Clash::Fixed(at));
                } else if row.scope == Scope::Pick && begins.is_some_and(|key| key.typed().is_some()) {
                    clashes.push(Clash::Typed(at));
                } else if let Some(by) = wishes.iter().find(|other| other.excludes(&wish)).and_then(|other| other.spot) {
                    clashes.push(Clash::Taken { at, by });
                } else {
                    wishes.push(wish);
                }
            }
        }
        // Those of the table do not exclude each other.
        let (asked, mut others) = (wishes, Vec::new());
        let mut losses = Vec::new();
        for row in COMMANDS {
            let is_changed = changes.iter().any(|change| change.command == row.command);
            let table = row.keys.iter().filter_map(|text| text.parse::<Sequence>().ok());
            let mut lost = None;
            let mut kept = 0;
            for sequence in table {
                // What always ends the program is nobody's to take away.
                let stays = sequence.keys() == [Key::QUIT] && row.command == Command::QuitNow;
                let wish = Wish { command: row.command, scope: row.scope, sequence, spot: None };
                if (is_changed && !stays) || asked.iter().any(|other| other.command == row.command && other.sequence == wish.sequence) {
                    continue;
                }
                if let Some(to) = asked.iter().find(|other| other.excludes(&wish)).and_then(|other| other.spot) {
                    lost = Some(Loss { command: row.command, key: wish.sequence, to });
                } else {
                    kept += 1;
                    others.push(wish);
                }
            }
            losses.extend(lost.filter(|_| kept == 0 && !is_changed));
        }
        let mut bindings = BTreeMap::new();
        let mut keys: HashMap<Command, Vec<Sequence>> = HashMap::new();
        for Wish { command, scope, sequence, .. } in asked.into_iter().chain(others) {
            bindings.insert((scope, sequence.keys().to_vec()), command);
            keys.entry(command).or_default().push(sequence);
        }
        Compiled { keymap: Self { bindings: bindings.into(), keys: keys.into() }, clashes, losses }
    }

    /// What keys mean that were pressed one after the other, asked in the order of the active scopes. A character is text
    /// in a picker, whatever it is elsewhere.
    pub fn meaning(&self, scopes: &[Scope], pressed: &[Key]) -> Meaning {
        if scopes.contains(&Scope::Pick) && pressed.first().is_some_and(|key| key.typed().is_some()) {
            return Meaning::Nothing;
        }
        for scope in scopes {
            let from = (*scope, pressed.to_vec());
            if let Some(((found, keys), command)) = self.bindings.range(from..).next()
                && found == scope
                && keys.starts_with(pressed)
            {
                return if keys.len() == pressed.len() { Meaning::Command(*command) } else { Meaning::Begun };
            }
        }
        Meaning::Nothing
    }

    /// How sequences that were begun can go on: the keys that are missing, and what they mean then.
    pub fn continuations(&self, scopes: &[Scope], pressed: &[Key]) -> Vec<(Sequence, Command)> {
        let begun = self.bindings.iter().filter(|((scope, keys), _)| scopes.contains(scope) && keys.starts_with(pressed));
        begun.filter_map(|((_, keys), command)| Some((Sequence::new(keys.get(pressed.len()..)?.to_vec())?, *command))).collect()
    }

    /// The keys of a command, the one to name first first.
    pub fn keys(&self, command: Command) -> &[Sequence] {
        self.keys.get(&command).map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BROWSE: &[Scope] = &[Scope::Browse, Scope::Always];
    const PICK: &[Scope] = &[Scope::Pick, Scope::Always];

    fn change(command: Command, keys: &[&str]) -> Change {
        Change { command, keys: keys.iter().map(|text| text.parse().unwrap()).collect() }
    }

    fn meaning(keymap: &Keymap, scopes: &[Scope], keys: &str) -> Meaning {
        keymap.meaning(scopes, keys.parse::<Sequence>().unwrap().keys())
    }

    fn shown(keymap: &Keymap, command: Command) -> Vec<&str> {
        keymap.keys(command).iter().map(Sequence::as_str).collect()
    }

    #[test]
    fn the_table_is_sound_and_scopes_decide() {
        let Compiled { keymap, clashes, losses } = Keymap::compile(&[]);
        assert_eq!((clashes.len(), losses.len()), (0, 0));
        for row in COMMANDS {
            assert_eq!(shown(&keymap, row.command), row.keys, "{}", row.name);
        }
        assert_sound(&keymap);
        assert_eq!(meaning(&keymap, BROWSE, "tab"), Meaning::Command(Command::NextTab));
        assert_eq!(meaning(&keymap, PICK, "tab"), Meaning::Command(Command::NextChoice));
        assert_eq!(meaning(&keymap, PICK, "x"), Meaning::Nothing);
        assert_eq!(meaning(&keymap, PICK, "ctrl-c"), Meaning::Command(Command::QuitNow));
    }

    #[test]
    fn sequences_wait_for_their_end_and_take_keys_of_the_table() {
        let changes = [change(Command::First, &["g g", "home"]), change(Command::Help, &["g h", "?"]), change(Command::Quit, &["x"])];
        let Compiled { keymap, clashes, losses } = Keymap::compile(&changes);
        assert_eq!(clashes, []);
        assert_eq!(meaning(&keymap, BROWSE, "g"), Meaning::Begun);
        assert_eq!(meaning(&keymap, BROWSE, "g g"), Meaning::Command(Command::First));
        assert_eq!(meaning(&keymap, BROWSE, "g x"), Meaning::Nothing);
        assert_eq!(meaning(&keymap, BROWSE, "x"), Meaning::Command(Command::Quit));
        assert_eq!(meaning(&keymap, BROWSE, "q"), Meaning::Nothing, "other keys are instead of those of the table");
        assert_eq!(shown(&keymap, Command::First), ["g g", "home"]);
        let next: Vec<(String, Command)> = keymap
            .continuations(BROWSE, "g".parse::<Sequence>().unwrap().keys())
            .into_iter()
            .map(|(rest, command)| (rest.to_string(), command))
            .collect();
        assert_eq!(next, [("g".to_owned(), Command::First), ("h".to_owned(), Command::Help)]);
        let lost = Loss { command: Command::CloseTab, key: "x".parse().unwrap(), to: Spot { change: 2, key: 0 } };
        assert_eq!(losses, [lost]);
        let unbound = Keymap::compile(&[change(Command::CloseTab, &[]), change(Command::Quit, &["x"])]);
        assert_eq!((unbound.losses.len(), shown(&unbound.keymap, Command::CloseTab).len()), (0, 0), "told to have none");
    }

    #[test]
    fn keys_that_get_in_each_others_way_are_found_with_both_places() {
        let spot = |change, key| Spot { change, key };
        let changes = [
            change(Command::First, &["z", "home"]),
            change(Command::Last, &["end", "z"]),
            change(Command::Health, &["z s"]),
            change(Command::Back, &["z t"]),
            change(Command::Accept, &["z", "ctrl-y"]),
            change(Command::Read, &["ctrl-c"]),
            change(Command::QuitNow, &["ctrl-c", "ctrl-q"]),
            change(Command::Help, &["ctrl-x ctrl-c"]),
        ];
        let Compiled { keymap, clashes, .. } = Keymap::compile(&changes);
        assert_eq!(
            clashes,
            [
                Clash::Taken { at: spot(1, 1), by: spot(0, 0) },
                Clash::Taken { at: spot(2, 0), by: spot(0, 0) },
                Clash::Taken { at: spot(3, 0), by: spot(0, 0) },
                Clash::Typed(spot(4, 0)),
                Clash::Fixed(spot(5, 0)),
                Clash::Fixed(spot(7, 0)),
            ]
        );
        assert_eq!(shown(&keymap, Command::QuitNow), ["ctrl-c", "ctrl-q"]);
        let away = Keymap::compile(&[change(Command::QuitNow, &[])]).keymap;
        assert_eq!(shown(&away, Command::QuitNow), ["ctrl-c"], "the way out cannot be lost");
    }

    #[test]
    fn characters_are_text_in_a_picker_and_commands_elsewhere() {
        let keymap = Keymap::compile(&[change(Command::Back, &["esc", "q"]), change(Command::Quit, &["ctrl-x ctrl-c"])]).keymap;
        assert_eq!(meaning(&keymap, BROWSE, "q"), Meaning::Command(Command::Back));
        assert_eq!(meaning(&keymap, PICK, "q"), Meaning::Nothing);
        assert_eq!(meaning(&keymap, PICK, "esc"), Meaning::Command(Command::Back));
        assert_eq!(meaning(&keymap, BROWSE, "ctrl-x"), Meaning::Begun);
    }

    /// That every key means its command alone, and the way out stays.
    fn assert_sound(keymap: &Keymap) {
        for scopes in [BROWSE, PICK] {
            assert_eq!(keymap.meaning(scopes, &[Key::QUIT]), Meaning::Command(Command::QuitNow));
        }
        for row in COMMANDS {
            for sequence in keymap.keys(row.command) {
                let scopes = if row.scope == Scope::Pick { PICK } else { BROWSE };
                assert_eq!(keymap.meaning(scopes, sequence.keys()), Meaning::Command(row.command), "{sequence}");
                for length in 1..sequence.keys().len() {
                    assert_eq!(keymap.meaning(scopes, &sequence.keys()[..length]), Meaning::Begun);
                }
            }
        }
    }

    fn any_changes() -> impl Strategy<Value = Vec<Change>> {
        let key = proptest::sample::select(vec!["g", "x", "space", "ctrl-x", "tab", "ctrl-c", "q"]);
        let sequence = proptest::collection::vec(key, 1..3).prop_map(|keys| keys.join(" ").parse::<Sequence>().unwrap());
        let command = proptest::sample::select(COMMANDS.iter().map(|row| row.command).collect::<Vec<_>>());
        let change = (command, proptest::collection::vec(sequence, 0..3)).prop_map(|(command, keys)| Change { command, keys });
        proptest::collection::vec(change, 0..6)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn whatever_is_wished_no_key_means_two_things_and_the_way_out_stays(changes in any_changes()) {
            let keymap = Keymap::compile(&changes).keymap;
            assert_sound(&keymap);
        }
    }
}
