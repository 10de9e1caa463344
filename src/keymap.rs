//! `Keymap`: the keys of the command table, compiled. Knows no terminal crate, so state and tests are free of it.

pub mod key;

use crate::command::{COMMANDS, Command, Scope};
pub use key::{Key, KeyCode, KeyError};
use std::collections::HashMap;

/// Keys to commands, by scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    bindings: HashMap<(Scope, Key), Command>,
}

/// Why a keymap cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// A key is not one.
    #[error("command {command}: {source}")]
    Key {
        /// The command's name.
        command: &'static str,
        /// What is wrong.
        source: KeyError,
    },
    /// Two commands want one key.
    #[error("key {key} is bound to both {first} and {second}")]
    Conflict {
        /// The key.
        key: Key,
        /// The command that has it.
        first: &'static str,
        /// The command that wants it too.
        second: &'static str,
    },
}

impl Keymap {
    /// Compiles the table's own keys.
    ///
    /// # Errors
    /// When the table holds a key that is not one, or one twice in scopes that are active together.
    pub fn compile() -> Result<Self, KeymapError> {
        let mut bindings: HashMap<(Scope, Key), Command> = HashMap::new();
        for row in COMMANDS {
            for text in row.keys {
                let key: Key = text.parse().map_err(|source| KeymapError::Key { command: row.name, source })?;
                for scope in [Scope::Always, Scope::Browse, Scope::Pick] {
                    let together = scope == row.scope || scope == Scope::Always || row.scope == Scope::Always;
                    if let Some(taken) = bindings.get(&(scope, key)).filter(|_| together) {
                        let first = taken.row().map_or("?", |row| row.name);
                        return Err(KeymapError::Conflict { key, first, second: row.name });
                    }
                }
                bindings.insert((row.scope, key), row.command);
            }
        }
        Ok(Self { bindings })
    }

    /// The command that a key means, asked in the order of the active scopes.
    pub fn resolve(&self, scopes: &[Scope], key: Key) -> Option<Command> {
        scopes.iter().find_map(|scope| self.bindings.get(&(*scope, key)).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_compiles_and_scopes_decide() {
        let keymap = Keymap::compile().unwrap();
        let tab: Key = "tab".parse().unwrap();
        assert_eq!(keymap.resolve(&[Scope::Browse, Scope::Always], tab), Some(Command::NextTab));
        assert_eq!(keymap.resolve(&[Scope::Pick, Scope::Always], tab), Some(Command::NextChoice));
        assert_eq!(keymap.resolve(&[Scope::Pick, Scope::Always], "x".parse().unwrap()), None);
        assert_eq!(keymap.resolve(&[Scope::Pick, Scope::Always], "ctrl-c".parse().unwrap()), Some(Command::QuitNow));
    }
}
