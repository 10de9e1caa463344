//! `Notify` and `NotifyBy`: which notifications the desktop is told of, and by which way.

use super::source::{Source, Value};
use crate::model::NotificationKind;
use crate::text::nearest;
use toml::de::DeValue;

/// Which notifications the desktop is told of while the reader is elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Notify {
    /// None.
    Off,
    /// Mentions.
    #[default]
    Mentions,
    /// All of them.
    All,
    /// Those of these types, as the Mastodon API spells them.
    Types(Vec<String>),
}

impl Notify {
    /// Whether the desktop is told of this kind.
    pub fn includes(&self, kind: &NotificationKind) -> bool {
        match self {
            Self::Off => false,
            Self::Mentions => *kind == NotificationKind::Mention,
            Self::All => true,
            Self::Types(names) => names.iter().any(|name| name == kind.name()),
        }
    }

    /// As a file says it.
    pub(super) fn show(&self) -> String {
        match self {
            Self::Off => "\"off\"".to_owned(),
            Self::Mentions => "\"mentions\"".to_owned(),
            Self::All => "\"all\"".to_owned(),
            Self::Types(names) => format!("[{}]", names.iter().map(|name| super::quoted(name)).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// By which way the desktop is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NotifyBy {
    /// By a terminal that is known to do so, and over SSH; else by the desktop's service, where there is one.
    #[default]
    Auto,
    /// By the desktop's own service.
    Desktop,
    /// By the terminal.
    Terminal,
}

impl NotifyBy {
    /// The word for it in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Desktop => "desktop",
            Self::Terminal => "terminal",
        }
    }
}

pub(super) fn take_way(source: &mut Source<'_>, value: &Value<'_>) -> Option<NotifyBy> {
    let word = if let DeValue::String(word) = value.get_ref() { word.as_ref() } else { "" };
    let way = [NotifyBy::Auto, NotifyBy::Desktop, NotifyBy::Terminal].into_iter().find(|way| way.as_str() == word);
    if way.is_none() {
        source.misfit("notify_by", value, "be \"auto\", \"desktop\" or \"terminal\"");
    }
    way
}

pub(super) fn take(source: &mut Source<'_>, value: &Value<'_>) -> Option<Notify> {
    const MUST: &str = "be \"off\", \"mentions\", \"all\" or a list of types, as in [\"mention\", \"follow\"]";
    match value.get_ref() {
        DeValue::String(word) if word == "off" => return Some(Notify::Off),
        DeValue::String(word) if word == "mentions" => return Some(Notify::Mentions),
        DeValue::String(word) if word == "all" => return Some(Notify::All),
        DeValue::Array(entries) => {
            let mut names = Vec::new();
            for entry in entries {
                match entry.get_ref() {
                    DeValue::String(name) if NotificationKind::NAMES.contains(&name.as_ref()) => names.push(name.to_string()),
                    DeValue::String(name) => {
                        let near = nearest(name, NotificationKind::NAMES.iter().copied());
                        let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
                        let all = NotificationKind::NAMES.join(", ");
                        let name = name.escape_debug();
                        source.mistake(entry.span(), format!("`notify`: there is no type `{name}`; {near}there are {all}"));
                    }
                    DeValue::Integer(_)
                    | DeValue::Float(_)
                    | DeValue::Boolean(_)
                    | DeValue::Datetime(_)
                    | DeValue::Array(_)
                    | DeValue::Table(_) => source.misfit("notify", entry, "hold types, as in [\"mention\", \"follow\"]"),
                }
            }
            return Some(Notify::Types(names));
        }
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Table(_) => {}
    }
    source.misfit("notify", value, MUST);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::path::Path;

    fn read(value: &str) -> Result<Notify, String> {
        let read = Config::parse(Path::new("c.toml"), &format!("notify = {value}"));
        read.map(|reading| reading.config.notify).map_err(|error| error.to_string())
    }

    #[test]
    fn words_and_lists_are_taken_and_what_is_shown_can_be_read_again() {
        for (value, mentions, follows) in [
            ("\"off\"", false, false),
            ("\"mentions\"", true, false),
            ("\"all\"", true, true),
            ("[\"follow\", \"pending.reply\"]", false, true),
            ("[]", false, false),
        ] {
            let notify = read(value).unwrap();
            assert_eq!(notify.show(), value);
            assert_eq!(notify.includes(&NotificationKind::Mention), mentions, "{value}");
            assert_eq!(notify.includes(&NotificationKind::Follow), follows, "{value}");
        }
        assert!(read("[\"folow\"]").unwrap_err().contains("c.toml:1:11: `notify`: there is no type `folow`; did you mean `follow`?"));
        for wrong in ["true", "\"none\"", "[1]"] {
            assert!(read(wrong).unwrap_err().starts_with("c.toml:1:1"), "{wrong}");
        }
    }
}
