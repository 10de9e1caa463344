//! `tabs`: the streams to open, each with the filter that its tab begins with.

use super::quoted;
use super::source::{Source, Value};
use crate::filter::Filter;
use crate::model::Spec;
use toml::de::{DeTable, DeValue};

/// What a table in the list may hold.
const KEYS: [&str; 2] = ["stream", "filter"];

/// Reads the list; gives the streams, and the filters of those that have one.
pub(super) fn take(source: &mut Source<'_>, value: &Value<'_>) -> (Vec<Spec>, Vec<(Spec, Filter)>) {
    let (mut specs, mut filters) = (Vec::new(), Vec::new());
    let DeValue::Array(entries) = value.get_ref() else {
        source.misfit("tabs", value, "be a list of streams, as in [\"home\", \"#rust\"]");
        return (specs, filters);
    };
    for entry in entries {
        match entry.get_ref() {
            DeValue::String(_) => specs.extend(spec(source, entry)),
            DeValue::Table(table) => {
                let filter = table.get("filter").and_then(|value| filter(source, value));
                let Some(spec) = stream(source, entry, table) else { continue };
                filters.extend(filter.filter(|filter| !filter.is_empty()).map(|filter| (spec.clone(), filter)));
                specs.push(spec);
            }
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) => {
                source.misfit("tabs", entry, "hold streams, as in [\"home\", \"#rust\"]");
            }
        }
    }
    (specs, filters)
}

/// A tab as the file says it.
pub(super) fn show(spec: &Spec, filters: &[(Spec, Filter)]) -> String {
    let stream = quoted(&spec.to_string());
    match filters.iter().find(|(filtered, _)| filtered == spec) {
        Some((_, filter)) => format!("{{ stream = {stream}, filter = {} }}", quoted(&filter.to_string())),
        None => stream,
    }
}

fn stream(source: &mut Source<'_>, entry: &Value<'_>, table: &DeTable<'_>) -> Option<Spec> {
    for key in table.keys().filter(|key| !KEYS.contains(&key.get_ref().as_ref())) {
        source.stranger(key, "part of a tab", KEYS);
    }
    let Some(value) = table.get("stream") else {
        source.mistake(entry.span(), "`tabs`: a table needs its stream, as in { stream = \"home\", filter = \"-is:boost\" }");
        return None;
    };
    spec(source, value)
}

fn spec(source: &mut Source<'_>, value: &Value<'_>) -> Option<Spec> {
    let DeValue::String(text) = value.get_ref() else {
        source.misfit("tabs", value, "name a stream, as in stream = \"home\"");
        return None;
    };
    text.parse().map_err(|error| source.mistake(value.span(), format!("`tabs`: {error}"))).ok()
}

fn filter(source: &mut Source<'_>, value: &Value<'_>) -> Option<Filter> {
    let DeValue::String(text) = value.get_ref() else {
        source.misfit("filter", value, "be a filter, as in filter = \"-is:boost\"");
        return None;
    };
    text.parse().map_err(|error| source.mistake(value.span(), format!("`filter`: {error}"))).ok()
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use std::path::Path;

    fn read(text: &str) -> Result<(Config, Vec<String>), String> {
        let read = Config::parse(Path::new("c.toml"), text);
        read.map(|reading| (reading.config.clone(), reading.notices())).map_err(|error| error.to_string())
    }

    #[test]
    fn a_tab_may_have_a_filter_and_what_is_shown_reads_as_the_same() {
        let text = "tabs = [\"home\", { stream = \"#rust\", filter = '-is:boost \"two words\"' }, { stream = \"local\" }]";
        let (config, told) = read(text).unwrap();
        assert_eq!(told, Vec::<String>::new());
        assert_eq!(config.tabs.iter().map(ToString::to_string).collect::<Vec<_>>(), ["home", "#rust", "local"]);
        let filters: Vec<String> = config.filters.iter().map(|(spec, filter)| format!("{spec}: {filter}")).collect();
        assert_eq!(filters, ["#rust: -is:boost \"two words\""]);
        assert_eq!(read(&config.show(|_| "here".to_owned())).unwrap().0, config);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, said) in [
            (
                "tabs = [{ stream = \"home\", filter = \"is:bost\" }]",
                "c.toml:1:37: `filter`: column 1: there is no `is:bost`; did you mean `boost`?",
            ),
            ("tabs = [{ filter = \"a\" }]", "c.toml:1:9: `tabs`: a table needs its stream"),
            ("tabs = [{ stream = 1 }]", "c.toml:1:20: `tabs` must name a stream"),
            ("tabs = [{ stream = \"home\", filter = 2 }]", "c.toml:1:37: `filter` must be a filter"),
            ("tabs = [{ stream = \"nowhere\" }]", "c.toml:1:20: `tabs`: unknown stream `nowhere`"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(said), "{error}");
        }
        let (_, told) = read("tabs = [{ stream = \"home\", fliter = \"a\" }]").unwrap();
        assert_eq!(told, ["c.toml:1:28: `fliter` is no part of a tab; did you mean `filter`?"]);
    }
}
