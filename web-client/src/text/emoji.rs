//! Emoji by name, as in `:tada:`: a small table of common ones, and the quick reactions.

/// Names and emoji, sorted by name.
pub const TABLE: &[(&str, &str)] = &[
    ("+1", "👍"),
    ("-1", "👎"),
    ("100", "💯"),
    ("alarm", "🚨"),
    ("ambulance", "🚑"),
    ("angry", "😠"),
    ("ant", "🐜"),
    ("apple", "🍎"),
    ("beer", "🍺"),
    ("beers", "🍻"),
    ("bell", "🔔"),
    ("blush", "😊"),
    ("bomb", "💣"),
    ("book", "📖"),
    ("boom", "💥"),
    ("bug", "🐛"),
    ("bulb", "💡"),
    ("cake", "🎂"),
    ("calendar", "📅"),
    ("chart", "📈"),
    ("check", "✅"),
    ("checkered_flag", "🏁"),
    ("clap", "👏"),
    ("clock", "🕒"),
    ("cloud", "☁️"),
    ("coffee", "☕"),
    ("cold_sweat", "😰"),
    ("computer", "💻"),
    ("confused", "😕"),
    ("construction", "🚧"),
    ("cool", "😎"),
    ("crossed_fingers", "🤞"),
    ("cry", "😢"),
    ("dancer", "💃"),
    ("dart", "🎯"),
    ("disappointed", "😞"),
    ("dizzy", "💫"),
    ("eyes", "👀"),
    ("facepalm", "🤦"),
    ("fire", "🔥"),
    ("fire_engine", "🚒"),
    ("flag", "🚩"),
    ("flushed", "😳"),
    ("gear", "⚙️"),
    ("ghost", "👻"),
    ("gift", "🎁"),
    ("globe", "🌍"),
    ("green_heart", "💚"),
    ("grimacing", "😬"),
    ("grin", "😁"),
    ("hammer", "🔨"),
    ("handshake", "🤝"),
    ("heart", "❤️"),
    ("heavy_check_mark", "✔️"),
    ("hourglass", "⏳"),
    ("hug", "🤗"),
    ("hundred", "💯"),
    ("idea", "💡"),
    ("innocent", "😇"),
    ("joy", "😂"),
    ("key", "🔑"),
    ("laughing", "😆"),
    ("link", "🔗"),
    ("lock", "🔒"),
    ("mag", "🔍"),
    ("mask", "😷"),
    ("medal", "🏅"),
    ("memo", "📝"),
    ("moon", "🌙"),
    ("muscle", "💪"),
    ("no_entry", "⛔"),
    ("ok", "👌"),
    ("ok_hand", "👌"),
    ("open_mouth", "😮"),
    ("package", "📦"),
    ("palm", "🌴"),
    ("panic", "😱"),
    ("party", "🥳"),
    ("penguin", "🐧"),
    ("phone", "📞"),
    ("pizza", "🍕"),
    ("point_up", "☝️"),
    ("pray", "🙏"),
    ("pushpin", "📌"),
    ("question", "❓"),
    ("rage", "😡"),
    ("rainbow", "🌈"),
    ("raised_hands", "🙌"),
    ("relieved", "😌"),
    ("repeat", "🔁"),
    ("robot", "🤖"),
    ("rocket", "🚀"),
    ("rotating_light", "🚨"),
    ("sad", "😢"),
    ("salute", "🫡"),
    ("scream", "😱"),
    ("see_no_evil", "🙈"),
    ("shield", "🛡️"),
    ("shrug", "🤷"),
    ("skull", "💀"),
    ("sleep", "😴"),
    ("smile", "😄"),
    ("snail", "🐌"),
    ("snake", "🐍"),
    ("sob", "😭"),
    ("sos", "🆘"),
    ("sparkles", "✨"),
    ("star", "⭐"),
    ("stop", "🛑"),
    ("sunglasses", "😎"),
    ("sunny", "☀️"),
    ("sweat", "😓"),
    ("sweat_smile", "😅"),
    ("tada", "🎉"),
    ("tea", "🍵"),
    ("thinking", "🤔"),
    ("thumbsdown", "👎"),
    ("thumbsup", "👍"),
    ("tired", "😫"),
    ("tools", "🛠️"),
    ("train", "🚆"),
    ("trophy", "🏆"),
    ("truck", "🚚"),
    ("turtle", "🐢"),
    ("umbrella", "☔"),
    ("unlock", "🔓"),
    ("up", "⬆️"),
    ("upside_down", "🙃"),
    ("warning", "⚠️"),
    ("wave", "👋"),
    ("whale", "🐳"),
    ("wink", "😉"),
    ("wrench", "🔧"),
    ("x", "❌"),
    ("yum", "😋"),
    ("zap", "⚡"),
    ("zzz", "💤"),
];

/// The quick reactions: agreement, thanks, *looking*, done, celebration, trouble.
pub const REACTIONS: [&str; 8] = ["👍", "❤️", "😂", "🎉", "👀", "✅", "🙏", "🔥"];

/// The emoji with this name, without colons.
pub fn by_name(name: &str) -> Option<&'static str> {
    let at = TABLE.binary_search_by_key(&name, |(name, _)| name).ok()?;
    TABLE.get(at).map(|(_, emoji)| *emoji)
}

/// Emoji whose name starts with `part`, then those whose name contains it; at most `most`.
pub fn search_names(part: &str, most: usize) -> Vec<(&'static str, &'static str)> {
    let part = part.to_lowercase();
    let begins = TABLE.iter().filter(|(name, _)| name.starts_with(&part));
    let contains = TABLE.iter().filter(|(name, _)| !name.starts_with(&part) && name.contains(&part));
    begins.chain(contains).take(most).copied().collect()
}

/// Search results of the picker, each with its name: from the table, then from `list`, whose lines are an emoji and its
/// names. Names that start with the query come first. A typed emoji is offered as it is; the server checks it. Without
/// a query, the table.
pub fn search(list: &str, query: &str, most: usize) -> Vec<(String, String)> {
    let query = query.trim().to_lowercase();
    let mut out: Vec<(String, String)> = Vec::new();
    let mut add = |emoji: &str, name: &str| {
        if out.len() < most && !out.iter().any(|(known, _)| known == emoji) {
            out.push((emoji.to_owned(), name.to_owned()));
        }
    };
    if query.is_empty() {
        REACTIONS.into_iter().for_each(|emoji| add(emoji, emoji));
    }
    search_names(&query, most).into_iter().for_each(|(name, emoji)| add(emoji, name));
    if !query.is_empty() && !query.chars().any(|c| c.is_ascii_graphic() || c.is_alphanumeric()) {
        add(query.as_str(), query.as_str());
    }
    let lines = || list.lines().filter_map(|line| line.split_once(' '));
    let begins = |names: &str| names.starts_with(&query) || names.contains(&format!(", {query}"));
    lines().filter(|(_, names)| begins(names)).for_each(|(emoji, names)| add(emoji, first_name(names)));
    lines().filter(|(_, names)| names.contains(&query)).for_each(|(emoji, names)| add(emoji, first_name(names)));
    out
}

fn first_name(names: &str) -> &str {
    names.split(',').next().unwrap_or(names)
}

/// The emoji at the start of a text like `:name:`, and the length of the name with its colons.
pub fn short_name_at(rest: &str) -> Option<(&'static str, usize)> {
    const NAME_BYTES_MAX: usize = 20;
    let inner = rest.strip_prefix(':')?;
    let end = inner.bytes().take(NAME_BYTES_MAX + 1).position(|byte| byte == b':')?;
    Some((by_name(inner.get(..end)?)?, end.saturating_add(2)))
}

/// The text with its `:names:` replaced, where they are separate words.
pub fn replaced(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(':') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let is_word = out.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == ':');
        let (emoji, bytes) = short_name_at(from).filter(|_| !is_word).unwrap_or((":", 1));
        out.push_str(emoji);
        rest = from.get(bytes..).unwrap_or_default();
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_replaced() {
        assert_eq!(replaced("done :tada:! a:tada: 12:30:45 ::x: :"), "done 🎉! a:tada: 12:30:45 ::x: :");
    }

    #[test]
    fn names_are_in_order_and_found() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        assert!(TABLE.iter().all(|(name, _)| by_name(name).is_some()));
        assert_eq!(short_name_at(":tada: x"), Some(("🎉", 6)));
        for text in [":", "::", ":nope:", "12:30:45", &format!(":{}:", "a".repeat(50))] {
            assert_eq!(short_name_at(text), None, "{text}");
        }
    }

    #[test]
    fn any_emoji_is_found() {
        let list = include_str!("../../../static/emoji.txt");
        let first = |query: &str| search(list, query, 40).first().map(|(emoji, _)| emoji.clone());
        for (query, emoji) in [("crab", "🦀"), ("tada", "🎉"), ("flag: ger", "🇩🇪"), ("🦀", "🦀"), ("👍🏽", "👍🏽")]
        {
            assert_eq!(first(query).as_deref(), Some(emoji), "{query}");
        }
        assert_eq!(search(list, "", 200).first().map(|(emoji, _)| emoji.as_str()), Some(REACTIONS[0]));
        assert!(search(list, "no such thing at all", 40).is_empty());
        let all = search(list, "", 9_999);
        assert!(all.len() > 1_800, "{}", all.len());
    }

    #[test]
    fn those_that_begin_so_come_first() {
        assert_eq!(search_names("ro", 9).first().map(|(name, _)| *name), Some("robot"));
        assert!(search_names("eart", 9).contains(&("heart", "❤️")));
    }
}
