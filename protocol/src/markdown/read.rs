//! Turns the parser's events into blocks and inlines.

use std::ops::Range;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, OffsetIter, Options, Parser, Tag, TagEnd};

use super::mask::unmask;
use super::tree::{Align, Block, DEPTH_MAX, EVENTS_MAX, Inline, Item};
use crate::ansi;
use crate::tokens::{Kind, is_safe_link, tokens};

/// Returns the blocks of a masked text; `None` if there are too many events.
pub fn blocks(text: &str, is_masked: bool) -> Option<Vec<Block>> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(text, options).into_offset_iter();
    let mut reader =
        Reader { text, is_masked, events, left: EVENTS_MAX, held: None, task: None, prose: Prose::default() };
    let blocks = reader.blocks(0);
    (reader.left > 0).then_some(blocks)
}

/// Returns the inlines of a text without markup.
pub fn inlines_of(text: &str) -> Vec<Inline> {
    let mut out = Vec::new();
    Prose { text: text.to_owned(), ..Prose::default() }.flush(false, &mut out);
    out
}

struct Reader<'a> {
    text: &'a str,
    is_masked: bool,
    events: OffsetIter<'a>,
    /// The number of events still allowed.
    left: usize,
    /// An event that was read too early.
    held: Option<(Event<'a>, Range<usize>)>,
    /// Whether the current item is a task, and done.
    task: Option<bool>,
    prose: Prose,
}

/// Text that is collected until something else follows: the parser splits it.
#[derive(Default)]
struct Prose {
    text: String,
    /// Where the last piece ended in the source.
    source_end: usize,
    /// Positions at which no token begins or continues: after a backslash, or written as an entity.
    barred: Vec<usize>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<(Event<'a>, Range<usize>)> {
        if self.held.is_some() {
            return self.held.take();
        }
        self.left = self.left.checked_sub(1)?;
        if self.left == 0 { None } else { self.events.next() }
    }

    /// Restores what was replaced before parsing.
    fn unmask(&self, text: &str) -> String {
        if self.is_masked { unmask(text) } else { text.to_owned() }
    }

    /// Adds a piece of text.
    fn push(&mut self, piece: &str, range: Range<usize>) {
        let before = self.text.get(..range.start).unwrap_or_default();
        let is_behind_backslash = range.start > self.prose.source_end && before.ends_with('\\');
        let is_as_written = self.text.get(range.clone()) == Some(piece) || piece == "\n";
        if (is_behind_backslash || !is_as_written) && !piece.is_empty() {
            self.prose.barred.push(self.prose.text.len());
        }
        let piece = self.unmask(piece);
        self.prose.text.push_str(&piece);
        self.prose.source_end = range.end;
    }

    /// Reads blocks until the end of their container.
    fn blocks(&mut self, depth: usize) -> Vec<Block> {
        let mut out = Vec::new();
        // Containers that are nested too deeply are not opened; their ends arrive here.
        let mut flat = 0_usize;
        while let Some((event, range)) = self.next() {
            match event {
                Event::Start(Tag::BlockQuote(_) | Tag::List(_) | Tag::Item) if depth >= DEPTH_MAX => {
                    flat = flat.saturating_add(1);
                }
                Event::Start(tag) => self.block(tag, range, depth, &mut out),
                Event::End(_) if flat > 0 => flat = flat.saturating_sub(1),
                Event::End(_) => break,
                Event::Rule => out.push(Block::Rule),
                Event::TaskListMarker(is_done) => self.task = Some(is_done),
                // The text of an item without a paragraph.
                event => {
                    self.held = Some((event, range));
                    let inlines = self.inlines(0, false);
                    push_paragraph(&mut out, inlines);
                }
            }
        }
        out
    }

    fn block(&mut self, tag: Tag<'a>, range: Range<usize>, depth: usize, out: &mut Vec<Block>) {
        let deeper = depth.saturating_add(1);
        match tag {
            Tag::Paragraph => {
                let source = self.text.get(range).unwrap_or_default();
                let inlines = self.inlines(0, false);
                if depth == 0 && source.contains("\x1b[") {
                    out.push(Block::Coloured(ansi::lines(self.unmask(source).trim_end_matches('\n'))));
                } else {
                    push_paragraph(out, inlines);
                }
            }
            Tag::Heading { level, .. } => match self.inlines(0, false) {
                // A lone `#` is a sign, not an empty heading.
                inlines if inlines.is_empty() => {
                    let source = self.unmask(self.text.get(range).unwrap_or_default().trim());
                    push_paragraph(out, vec![Inline::Text(source)]);
                }
                inlines => out.push(Block::Heading(level as u8, inlines)),
            },
            Tag::BlockQuote(_) => out.push(Block::Quote(self.blocks(deeper))),
            Tag::CodeBlock(kind) => {
                let lang = match &kind {
                    CodeBlockKind::Fenced(info) => info.split([' ', ',']).next().unwrap_or_default(),
                    CodeBlockKind::Indented => "",
                };
                let lang = self.unmask(lang);
                let mut text = self.raw();
                if text.ends_with('\n') {
                    text.pop();
                }
                out.push(Block::Code { lang, text });
            }
            Tag::HtmlBlock => {
                let text = self.raw();
                push_paragraph(out, vec![Inline::Text(text.trim_end_matches('\n').to_owned())]);
            }
            Tag::List(first) => {
                let items = self.items(deeper);
                out.push(Block::List { first, items });
            }
            Tag::Table(columns) => {
                let align = columns.iter().map(|column| match column {
                    Alignment::None => Align::None,
                    Alignment::Left => Align::Left,
                    Alignment::Center => Align::Center,
                    Alignment::Right => Align::Right,
                });
                let (align, rows) = (align.collect(), self.rows());
                out.push(Block::Table { align, rows });
            }
            tag if is_block(&tag) => {}
            // An inline that begins here is the text of an item without a paragraph.
            tag => {
                self.held = Some((Event::Start(tag), range));
                let inlines = self.inlines(0, false);
                push_paragraph(out, inlines);
            }
        }
    }

    fn items(&mut self, depth: usize) -> Vec<Item> {
        let outer = self.task.take();
        let mut items = Vec::new();
        while let Some((Event::Start(Tag::Item), _)) = self.next() {
            let blocks = self.blocks(depth);
            items.push(Item { task: self.task.take(), blocks });
        }
        self.task = outer;
        items
    }

    /// Reads the rows of a table, its head first.
    fn rows(&mut self) -> Vec<Vec<Vec<Inline>>> {
        let mut rows = Vec::new();
        while let Some((Event::Start(Tag::TableHead | Tag::TableRow), _)) = self.next() {
            let mut cells = Vec::new();
            while let Some((Event::Start(Tag::TableCell), _)) = self.next() {
                cells.push(self.inlines(0, false));
            }
            rows.push(cells);
        }
        rows
    }

    /// Reads text without markup until its end.
    fn raw(&mut self) -> String {
        let mut out = String::new();
        while let Some((Event::Text(text) | Event::Html(text) | Event::InlineHtml(text), _)) = self.next() {
            out.push_str(&self.unmask(&text));
        }
        out
    }

    /// Reads inlines until the end of their container, or until a block begins. Links contain no tokens.
    fn inlines(&mut self, depth: usize, is_in_link: bool) -> Vec<Inline> {
        let mut out = Vec::new();
        let mut flat = 0_usize;
        while let Some((event, range)) = self.next() {
            match event {
                Event::Text(text) => self.push(&text, range),
                Event::SoftBreak | Event::HardBreak => self.push("\n", range),
                Event::Code(text) => {
                    self.prose.flush(is_in_link, &mut out);
                    out.push(Inline::Code(self.unmask(&text)));
                }
                Event::InlineHtml(text) | Event::Html(text) => {
                    self.prose.flush(is_in_link, &mut out);
                    push_text(&mut out, &self.unmask(&text));
                }
                Event::Start(tag) if is_block(&tag) => {
                    self.held = Some((Event::Start(tag), range));
                    break;
                }
                Event::Start(_) if depth >= DEPTH_MAX => flat = flat.saturating_add(1),
                Event::Start(tag) => {
                    self.prose.flush(is_in_link, &mut out);
                    self.inline(tag, depth.saturating_add(1), is_in_link, &mut out);
                }
                Event::End(_) if flat > 0 => flat = flat.saturating_sub(1),
                // The end of the item also ends its text without a paragraph.
                Event::End(end @ (TagEnd::Item | TagEnd::BlockQuote(_))) => {
                    self.held = Some((Event::End(end), range));
                    break;
                }
                Event::End(_) => break,
                Event::Rule => {
                    self.held = Some((Event::Rule, range));
                    break;
                }
                Event::TaskListMarker(is_done) => self.task = Some(is_done),
                _ => {}
            }
        }
        self.prose.flush(is_in_link, &mut out);
        out
    }

    fn inline(&mut self, tag: Tag<'a>, depth: usize, is_in_link: bool, out: &mut Vec<Inline>) {
        let url = match &tag {
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => Some(self.unmask(dest_url)),
            _ => None,
        };
        let inner = self.inlines(depth, is_in_link || url.is_some());
        match (tag, url) {
            (Tag::Strong, _) => out.push(Inline::Strong(inner)),
            (Tag::Emphasis, _) => out.push(Inline::Emphasis(inner)),
            (Tag::Strikethrough, _) => out.push(Inline::Strike(inner)),
            (_, Some(url)) => {
                // `<a@b.c>`
                let url = if url.contains(':') || !url.contains('@') { url } else { format!("mailto:{url}") };
                let is_link = is_safe_link(&url) && !is_in_link;
                let words = if inner.is_empty() { vec![Inline::Text(url.clone())] } else { inner };
                if is_link { out.push(Inline::Link(url, words)) } else { out.extend(words) }
            }
            _ => out.extend(inner),
        }
    }
}

impl Prose {
    /// Splits the collected text into tokens.
    fn flush(&mut self, is_in_link: bool, out: &mut Vec<Inline>) {
        let text = std::mem::take(&mut self.text);
        let mut barred = std::mem::take(&mut self.barred).into_iter().peekable();
        let mut from = 0;
        let all = if is_in_link { Vec::new() } else { tokens(&text) };
        for token in all {
            while barred.next_if(|at| *at < token.range.start).is_some() {}
            if barred.peek().is_some_and(|at| *at < token.range.end) {
                continue;
            }
            let (Some(plain), Some(found)) = (text.get(from..token.range.start), text.get(token.range.clone())) else {
                continue;
            };
            push_text(out, plain);
            out.push(match token.kind {
                Kind::Mention => Inline::Mention(found.to_owned()),
                Kind::Room => Inline::Room(found.to_owned()),
                Kind::Link => Inline::Link(found.to_owned(), vec![Inline::Text(found.to_owned())]),
            });
            from = token.range.end;
        }
        push_text(out, text.get(from..).unwrap_or_default());
    }
}

fn push_text(out: &mut Vec<Inline>, text: &str) {
    match out.last_mut() {
        _ if text.is_empty() => {}
        Some(Inline::Text(last)) => last.push_str(text),
        _ => out.push(Inline::Text(text.to_owned())),
    }
}

fn push_paragraph(out: &mut Vec<Block>, mut inlines: Vec<Inline>) {
    // The line end before what follows in an item.
    if let Some(Inline::Text(last)) = inlines.last_mut() {
        last.truncate(last.trim_end_matches('\n').len());
    }
    if !inlines.is_empty() {
        out.push(Block::Paragraph(inlines));
    }
}

fn is_block(tag: &Tag<'_>) -> bool {
    matches!(
        tag,
        Tag::Paragraph
            | Tag::Heading { .. }
            | Tag::BlockQuote(_)
            | Tag::CodeBlock(_)
            | Tag::HtmlBlock
            | Tag::List(_)
            | Tag::Item
            | Tag::Table(_)
    )
}
