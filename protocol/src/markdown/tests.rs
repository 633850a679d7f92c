//! The parts of CommonMark and of GitHub's tables that a message may have, by small inputs of our own.

use super::Inline::{Code, Emphasis, Link, Mention, Room, Strike, Strong, Text};
use super::*;

fn t(text: &str) -> Inline {
    Text(text.to_owned())
}

fn link(url: &str, words: &str) -> Inline {
    Link(url.to_owned(), vec![t(words)])
}

fn p(inlines: impl Into<Vec<Inline>>) -> Block {
    Block::Paragraph(inlines.into())
}

fn code(lang: &str, text: &str) -> Block {
    Block::Code { lang: lang.to_owned(), text: text.to_owned() }
}

fn item(blocks: impl Into<Vec<Block>>) -> Item {
    Item { task: None, blocks: blocks.into() }
}

/// One paragraph of these.
fn is_inline(text: &str, expected: impl Into<Vec<Inline>>) {
    assert_eq!(blocks(text), [p(expected)], "{text}");
}

#[test]
fn what_people_reported() {
    is_inline("```one line```", [Code("one line".into())]);
    is_inline(r"\*no\*", [t("*no*")]);
    assert_eq!(blocks("* * *"), [Block::Rule]);
    assert_eq!(
        blocks("1. one\n   ```sh\n   ls -la\n   ```\n2. two"),
        [Block::List {
            first: Some(1),
            items: vec![item([p([t("one")]), code("sh", "ls -la")]), item([p([t("two")])])]
        }]
    );
    assert_eq!(
        blocks("| a | b |\n|:--|--:|\n| `x` | @ann |"),
        [Block::Table {
            align: vec![Align::Left, Align::Right],
            rows: vec![vec![vec![t("a")], vec![t("b")]], vec![vec![Code("x".into())], vec![Mention("@ann".into())]]],
        }]
    );
}

#[test]
fn emphasis() {
    is_inline(
        "*a* _b_ **c** __d__ ~~e~~",
        [
            Emphasis(vec![t("a")]),
            t(" "),
            Emphasis(vec![t("b")]),
            t(" "),
            Strong(vec![t("c")]),
            t(" "),
            Strong(vec![t("d")]),
            t(" "),
            Strike(vec![t("e")]),
        ],
    );
    is_inline("*a **b** c*", [Emphasis(vec![t("a "), Strong(vec![t("b")]), t(" c")])]);
    is_inline("***x***", [Emphasis(vec![Strong(vec![t("x")])])]);
    for text in
        ["a * b * c", "snake_case_name", "2 * 3", "** x **", "a*", "*a", "~~ no ~~", "foo__bar__baz", "*a\u{a0}*"]
    {
        is_inline(text, [t(text)]);
    }
    // Beside scripts without spaces, where CommonMark's own rule sees no end.
    is_inline("请**注意**这里", [t("请"), Strong(vec![t("注意")]), t("这里")]);
    is_inline("**注意：**请看", [Strong(vec![t("注意：")]), t("请看")]);
    is_inline(
        "看**“引用”**。~~（旧）~~新",
        [t("看"), Strong(vec![t("“引用”")]), t("。"), Strike(vec![t("（旧）")]), t("新")],
    );
}

#[test]
fn code_and_escapes() {
    is_inline("``a`b``", [Code("a`b".into())]);
    is_inline("` a `", [Code("a".into())]);
    is_inline("`a\nb`", [Code("a b".into())]);
    is_inline(r"`\` x", [Code(r"\".into()), t(" x")]);
    is_inline("`open", [t("`open")]);
    is_inline(r"\# \[a\] \\ \q", [t(r"# [a] \ \q")]);
    is_inline("&lt;b&gt; &copy; &#65; &nope;", [t("<b> © A &nope;")]);
    assert_eq!(blocks("```rs\nfn a() {}\n\nx\n```\nb"), [code("rs", "fn a() {}\n\nx"), p([t("b")])]);
    assert_eq!(blocks("~~~\na\n```\n~~~"), [code("", "a\n```")]);
    assert_eq!(blocks("````\n```\n````"), [code("", "```")]);
    assert_eq!(blocks("```\nopen"), [code("", "open")]);
    assert_eq!(blocks("    a\n\n    b"), [code("", "a\n\nb")]);
    assert_eq!(blocks("```json title=x\n{}\n```"), [code("json", "{}")]);
}

#[test]
fn blocks_within_blocks() {
    assert_eq!(blocks("a\nb\n\nc"), [p([t("a\nb")]), p([t("c")])]);
    assert_eq!(blocks("a  \nb\\\nc"), [p([t("a\nb\nc")])]);
    assert_eq!(
        blocks("# a *b*\n### c ###\n#ops\n"),
        [
            Block::Heading(1, vec![t("a "), Emphasis(vec![t("b")])]),
            Block::Heading(3, vec![t("c")]),
            p([Room("#ops".into())])
        ]
    );
    assert_eq!(blocks("#"), [p([t("#")])]);
    assert_eq!(blocks("a\n==="), [Block::Heading(1, vec![t("a")])]);
    assert_eq!(
        blocks("> a\n> > b\n\nc"),
        [Block::Quote(vec![p([t("a")]), Block::Quote(vec![p([t("b")])])]), p([t("c")])]
    );
    assert_eq!(blocks("> a\nlazy"), [Block::Quote(vec![p([t("a\nlazy")])])]);
    assert_eq!(
        blocks("- a\n  more\n- b\n  - c\n"),
        [Block::List {
            first: None,
            items: vec![
                item([p([t("a\nmore")])]),
                item([p([t("b")]), Block::List { first: None, items: vec![item([p([t("c")])])] }])
            ]
        }]
    );
    assert_eq!(
        blocks("3. x\n\n4. y"),
        [Block::List { first: Some(3), items: vec![item([p([t("x")])]), item([p([t("y")])])] }]
    );
    let task = |task, text: &str| Item { task: Some(task), blocks: vec![p([t(text)])] };
    assert_eq!(
        blocks("- [x] a\n- [ ] b"),
        [Block::List { first: None, items: vec![task(true, "a"), task(false, "b")] }]
    );
    let outer = Item {
        task: Some(true),
        blocks: vec![p([t("a")]), Block::List { first: None, items: vec![task(false, "b")] }],
    };
    assert_eq!(blocks("- [x] a\n\n  - [ ] b"), [Block::List { first: None, items: vec![outer] }]);
    assert_eq!(blocks("a\n---\nb\n\n---"), [Block::Heading(2, vec![t("a")]), p([t("b")]), Block::Rule]);
}

#[test]
fn links_and_pictures() {
    is_inline("[the runbook](https://wiki/x_y_z)", [link("https://wiki/x_y_z", "the runbook")]);
    is_inline("![graph](https://h/g.png \"title\")", [link("https://h/g.png", "graph")]);
    is_inline("![](https://h/g.png)", [link("https://h/g.png", "https://h/g.png")]);
    is_inline(
        "<https://x.y/_a_> <a@b.c>",
        [link("https://x.y/_a_", "https://x.y/_a_"), t(" "), link("mailto:a@b.c", "a@b.c")],
    );
    assert_eq!(blocks("[a][1]\n\n[1]: https://x.y"), [p([link("https://x.y", "a")])]);
    is_inline("[1]: https://x.y", [t("[1]: https://x.y")]);
    is_inline(
        "see https://x.y/__init__.py?a=1&copy=2*3*4.",
        [t("see "), link("https://x.y/__init__.py?a=1&copy=2*3*4", "https://x.y/__init__.py?a=1&copy=2*3*4"), t(".")],
    );
    is_inline(
        "**https://a.b/c** _https://a.b/d_",
        [
            Strong(vec![link("https://a.b/c", "https://a.b/c")]),
            t(" "),
            Emphasis(vec![link("https://a.b/d", "https://a.b/d")]),
        ],
    );
    is_inline("见https://x.example/a", [t("见"), link("https://x.example/a", "https://x.example/a")]);
    is_inline("`https://x/a_b_c` \u{f0041}", [Code("https://x/a_b_c".into()), t(" \u{f0041}")]);
    is_inline("[@ann #ops https://x.y](https://h)", [link("https://h", "@ann #ops https://x.y")]);
}

#[test]
fn nothing_is_injected() {
    is_inline("<b>x</b> <!-- y -->", [t("<b>x</b> <!-- y -->")]);
    is_inline("<script>alert(1)</script>", [t("<script>alert(1)</script>")]);
    assert_eq!(blocks("<div>\n*a*\n</div>"), [p([t("<div>\n*a*\n</div>")])]);
    for text in ["[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](data:text/html,y)", "[x](//evil.example)"]
    {
        is_inline(text, [t("x")]);
    }
    is_inline("javascript:alert(1)", [t("javascript:alert(1)")]);
    is_inline("[x](https://a.b/\u{202e}gnp)", [t("x")]);
}

#[test]
fn colours_of_a_terminal() {
    let all = blocks("look:\n\n\x1b[31mred *x*\x1b[0m\nplain\n\n```\n\x1b[32mgreen\n```");
    let [_, Block::Coloured(lines), Block::Code { text, .. }] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((lines.len(), text.as_str()), (2, "\x1b[32mgreen"));
}

/// What begins much and ends nothing. A quadratic reading of these would take minutes.
#[test]
fn hostile_texts_are_read_and_bounded() {
    let pieces = [
        "[",
        "![",
        "[a](",
        "[a][",
        "<",
        "`",
        "``` ",
        "*",
        "**",
        "_",
        "*a ",
        "**a ",
        "_a ",
        "~~",
        "~~a ",
        "> ",
        ">",
        "- ",
        "1. ",
        "#",
        "# ",
        "@",
        "@a",
        "#a",
        "\\",
        "&",
        "&a",
        "|",
        "|-",
        "- [ ] ",
        "\t",
        "    ",
        "*a_b",
        "a**b~~",
        "<a ",
        "https://",
        "https://a.b/_*",
        "(",
        "）*",
        "[^",
        "]: ",
        "x\n===\n",
        "> - ",
        "\u{9b}",
        "\x1b[",
        "a\n- ",
        "**a *b ",
        "[a]: b\n",
        "!",
        "<!--",
        "<?",
        "<![CDATA[",
        "]",
        "*_~~`[](",
    ];
    for piece in pieces {
        let text = piece.repeat(16_384 / piece.len());
        let all = blocks(&text);
        assert!(depth(&all) <= DEPTH_MAX + 2, "{piece:?}");
        for (end, text) in [("]", format!("{text}]")), ("x", format!("{text}x")), ("\n", text.replace(' ', "\n"))] {
            assert!(depth(&blocks(&text)) <= DEPTH_MAX + 2, "{piece:?} {end:?}");
        }
    }
    let table = format!("{}\n{}\n{}", "|a".repeat(2_000), "|-".repeat(2_000), "|\n".repeat(4_000));
    let cells: usize = blocks(&table)
        .iter()
        .map(|block| if let Block::Table { rows, .. } = block { rows.iter().map(Vec::len).sum() } else { 0 })
        .sum();
    assert!(cells < EVENTS_MAX / 2, "millions of empty cells are not made, but {cells}");
}

fn depth(blocks: &[Block]) -> usize {
    let inner = blocks.iter().map(|block| match block {
        Block::Quote(blocks) => depth(blocks),
        Block::List { items, .. } => items.iter().map(|item| depth(&item.blocks)).max().unwrap_or(0),
        _ => 0,
    });
    inner.max().map_or(0, |inner| inner + 1)
}
