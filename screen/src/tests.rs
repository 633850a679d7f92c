//! A snapshot shows what the terminal shows, and goes on like it.

#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use wardroom_protocol::messages::TermSize;

use crate::{Reply, Screen};

fn size(cols: u16, rows: u16) -> TermSize {
    TermSize { cols, rows }
}

fn screen(cols: u16, rows: u16, output: &[u8]) -> Screen {
    let mut screen = Screen::new(size(cols, rows), 0);
    screen.feed(output, &mut Vec::new());
    screen
}

/// All cells of scrollback and primary screen with their styles, and whether each line wraps.
fn all(screen: &Screen) -> Vec<(Vec<avt::Cell>, bool)> {
    screen.terminal().primary_screen().all_lines().map(|line| (line.cells().to_vec(), line.is_wrapped())).collect()
}

/// All cells of the visible screen.
fn visible(screen: &Screen) -> Vec<Vec<avt::Cell>> {
    screen.terminal().screen().visible_lines().map(|line| line.cells().to_vec()).collect()
}

#[track_caller]
fn same(left: &Screen, right: &Screen) {
    let (left_lines, right_lines) = (all(left), all(right));
    assert_eq!(left_lines.len(), right_lines.len(), "lines of scrollback");
    for (nth, (left, right)) in left_lines.iter().zip(&right_lines).enumerate() {
        assert_eq!(left, right, "line {nth}");
    }
    assert_eq!(visible(left), visible(right));
    assert_eq!(left.terminal().cursor(), right.terminal().cursor());
    assert_eq!(left.terminal().dump(), right.terminal().dump());
    assert_eq!(left.title(), right.title());
    assert_eq!(left.snapshot(), right.snapshot());
}

/// A terminal that begins with a snapshot at this place equals one that has read everything.
#[track_caller]
fn goes_on(cols: u16, rows: u16, output: &[u8], at: usize) {
    let (before, after) = output.split_at(at);
    let mut original = screen(cols, rows, before);
    let mut late = Screen::restored(size(cols, rows), at as u64, &original.snapshot());
    same(&original, &late);
    for screen in [&mut original, &mut late] {
        screen.feed(after, &mut Vec::new());
    }
    same(&original, &late);
    for (cols, rows) in [(cols / 2 + 1, rows + 3), (cols + 5, rows / 2 + 1)] {
        original.resize(size(cols, rows));
        late.resize(size(cols, rows));
        same(&original, &late);
    }
}

#[test]
fn sessions_go_on_wherever_a_watcher_joins() {
    let long: String = (0..200).map(|n| format!("\x1b[3{}mline {n} {}\x1b[m\r\n", n % 8, "x".repeat(n))).collect();
    let colour: String = (0..3_000).map(|n| format!("\x1b[38;2;{};{};{}mw", n % 256, n / 12, n % 7)).collect();
    for output in [
        "hello\r\nworld".to_owned(),
        "漢字かな ümlaut 🙂 wide at the edge 漢漢漢漢漢漢漢漢漢漢漢漢".to_owned(),
        format!("{long}\x1b[?1049h\x1b[2J\x1b[5;5Hvim\x1b[7m status \x1b[m\x1b[?25l"),
        format!("{long}\x1b[H\x1b[2J\x1b[3Jcleared\r\n$ "),
        "\x1b]0;a title; with more\x07\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b=\x1b[4 q\x1b[>1u$ ".to_owned(),
        "\x1b[3;8r\x1b[?6h\x1b[2;2Hin the region\r\n\r\n\r\n\r\n\r\n\r\n\r\nscrolled".to_owned(),
        "\x1b[3g\x1b[5G\x1bH\x1b[20G\x1bH\r\tone\ttwo\x1b(0lqqk\x1b(B\x0eq\x0f".to_owned(),
        "ab\x1b[3\tG|\x1b]2;t\x1b[3\x08\x08;4\nHx\x1b\n[31mred".to_owned(),
        "\x1b[?7lno wrap at the edge of the screen, whatever comes here\x1b[4h\x1b[3Gins".to_owned(),
        colour,
    ] {
        for at in (0..=output.len()).step_by(1.max(output.len() / 60)) {
            goes_on(20, 6, output.as_bytes(), at);
        }
        goes_on(1, 1, output.as_bytes(), output.len() / 2);
        goes_on(2, 3, output.as_bytes(), output.len() / 3);
    }
    goes_on(1_000, 500, "wide\r\n".repeat(600).as_bytes(), 1_234);
}

#[test]
fn true_colour_without_a_newline_goes_on() {
    let colour: String = (0..5_000).map(|n| format!("\x1b[48;2;{};{};{}m ", n % 256, n % 199, n % 7)).collect();
    assert!(colour.len() > 80_000);
    for at in [0, 1, 7, 50_001, 79_998, colour.len()] {
        goes_on(80, 24, colour.as_bytes(), at);
    }
}

#[test]
fn a_snapshot_has_only_what_every_terminal_knows() {
    let screen = screen(20, 3, b"\x1b[3g\x1b[5G\x1bH\r=\x1b[9b\x1b[31m----------");
    let snapshot = String::from_utf8(screen.snapshot()).unwrap();
    assert!(snapshot.contains("==========") && snapshot.contains("----------"), "{snapshot:?}");
    assert!(snapshot.contains("\x1b[3g") && snapshot.contains("\x1bH"), "{snapshot:?}");
    let unknown = |last: char| last == 'b' || last == 'W';
    assert!(
        !snapshot
            .split("\x1b[")
            .skip(1)
            .any(|part| part.trim_start_matches(|ch: char| ch.is_ascii_digit()).starts_with(unknown))
    );
}

#[test]
fn clearing_the_scrollback_forgets_it() {
    let mut screen = screen(10, 3, "a\r\n".repeat(50).as_bytes());
    screen.feed(b"$ \x1b[3J", &mut Vec::new());
    assert_eq!(screen.terminal().primary_screen().all_lines().count(), 3);
    assert_eq!(screen.lines(), ["a", "a", "$"]);
}

#[test]
fn a_wide_terminal_keeps_fewer_lines() {
    let mut screen = screen(100, 3, "\x1b[32ma\r\n".repeat(5_000).as_bytes());
    let kept = |screen: &Screen| screen.terminal().primary_screen().all_lines().count() - 3;
    assert_eq!(kept(&screen), 2_000);
    screen.feed(b"\x1b]0;t\x07\x1b[3", &mut Vec::new());
    screen.resize(size(1_000, 3));
    assert_eq!(kept(&screen), 400);
    screen.feed(b"1mred", &mut Vec::new());
    assert_eq!((screen.lines(), screen.title()), (vec!["a".to_owned(), "a".to_owned(), "red".to_owned()], "t"));
}

#[test]
fn the_title_and_the_saved_ones_are_kept() {
    let mut screen = screen(10, 3, b"\x1b]2;shell\x07\x1b[22;0t\x1b]0;vim\x1b\\");
    assert_eq!(screen.title(), "vim");
    let mut late = Screen::restored(size(10, 3), 0, &screen.snapshot());
    for screen in [&mut screen, &mut late] {
        screen.feed(b"\x1b[23;0t", &mut Vec::new());
        assert_eq!(screen.title(), "shell");
        screen.feed("\x1b]2;\u{9}x\u{7f}y\x07\x1bc".as_bytes(), &mut Vec::new());
        assert_eq!(screen.title(), "");
    }
}

/// The answers to all queries in `output`, however it is cut.
fn answers(output: &str) -> String {
    let mut whole = Vec::new();
    Screen::new(size(80, 24), 0).feed(output.as_bytes(), &mut whole);
    for at in 0..=output.len() {
        let (left, right) = output.as_bytes().split_at(at);
        let (mut screen, mut cut) = (Screen::new(size(80, 24), 0), Vec::new());
        screen.feed(left, &mut cut);
        let mut late = Screen::restored(size(80, 24), at as u64, &screen.snapshot());
        late.feed(right, &mut cut);
        assert_eq!(cut, whole, "{output:?} cut at {at}, and restored there");
    }
    whole.into_iter().map(|reply: Reply| String::from_utf8(reply.bytes).unwrap()).collect()
}

#[test]
fn queries_are_answered_where_they_stand() {
    for (output, expected) in [
        ("\x1b[c", "\x1b[?62;22c"),
        ("\x1b[>c", "\x1b[>0;277;0c"),
        ("\x1b[=c", "\x1bP!|00000000\x1b\\"),
        ("\x1b[5n", "\x1b[0n"),
        ("\x1b[6nab\r\nc\x1b[6n", "\x1b[1;1R\x1b[2;2R"),
        ("\x1b[5;80Hx\x1b[6n", "\x1b[5;80R"),
        ("\x1b[3;4H\x1b[?6n", "\x1b[?3;4;1R"),
        ("\x1b[?2004$p\x1b[?2004h\x1b[?2004$p", "\x1b[?2004;2$y\x1b[?2004;1$y"),
        ("\x1b[?7$p\x1b[?25l\x1b[?25$p\x1b[?9999$p", "\x1b[?7;1$y\x1b[?25;2$y\x1b[?9999;0$y"),
        ("\x1b[4h\x1b[4$p\x1b[99$p", "\x1b[4;1$y\x1b[99;0$y"),
        ("\x1b[?1049h\x1b[?1049$p", "\x1b[?1049;1$y"),
        ("\x1b]11;?\x07", "\x1b]11;rgb:0000/0000/0000\x07"),
        ("\x1b]11;#102030\x07\x1b]11;?\x1b\\", "\x1b]11;rgb:1010/2020/3030\x1b\\"),
        ("\x1b]10;rgb:1/22/333\x07\x1b]10;?\x07", "\x1b]10;rgb:1111/2222/3333\x07"),
        ("\x1b]10;?;?\x07", "\x1b]10;rgb:e5e5/e5e5/e5e5\x07\x1b]11;rgb:0000/0000/0000\x07"),
        ("\x1b]4;1;?;232;?\x07", "\x1b]4;1;rgb:cdcd/0000/0000\x07\x1b]4;232;rgb:0808/0808/0808\x07"),
        ("\x1b]4;21;?\x07", "\x1b]4;21;rgb:0000/0000/ffff\x07"),
        ("\x1b[14t", "\x1b[4;384;640t"),
        ("\x1b[18t", "\x1b[8;24;80t"),
        ("\x1b[21t\x1b]52;c;?\x07\x05\x1bP+q544e\x1b\\", ""),
    ] {
        // Modes that only the emulator restores are asked for at one place only.
        if output.contains("$p") {
            let mut replies = Vec::new();
            Screen::new(size(80, 24), 0).feed(output.as_bytes(), &mut replies);
            let all: Vec<u8> = replies.into_iter().flat_map(|reply| reply.bytes).collect();
            assert_eq!(String::from_utf8(all).unwrap(), expected, "{output:?}");
        } else {
            assert_eq!(answers(output), expected, "{output:?}");
        }
    }
    let version = answers("\x1b[>q");
    assert!(version.starts_with("\x1bP>|Wardroom(") && version.ends_with(")\x1b\\"), "{version:?}");
}

/// Not among them: DECOM (`CSI ?6h`). A resize may leave its cursor outside of the margins, where no sequence puts it.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let texts = [
        "text ",
        "\r\n",
        "\n",
        "漢",
        "🙂",
        "\u{301}",
        "\t",
        "\x08",
        "\x1b[m",
        "\x1b[1;44m",
        "\x1b[38;2;1;2;3m",
        "\x1b[H",
        "\x1b[2J",
        "\x1b[3J",
        "\x1b[K",
        "\x1b[1K",
        "\x1b[J",
        "\x1b[5;3H",
        "\x1b[2;4r",
        "\x1b[r",
        "\x1b[?7l",
        "\x1b[?7h",
        "\x1b[?1049h",
        "\x1b[?1049l",
        "\x1b[?1047h",
        "\x1b[?1047l",
        "\x1b7",
        "\x1b8",
        "\x1bM",
        "\x1bD",
        "\x1b[2L",
        "\x1b[2M",
        "\x1b[3@",
        "\x1b[2P",
        "\x1b[4h",
        "\x1b[4l",
        "\x1b[20h",
        "\x1b[?25l",
        "\x1b(0",
        "\x1b(B",
        "\x0e",
        "\x0f",
        "\x1bH",
        "\x1b[3g",
        "\x1b[2S",
        "\x1b[2T",
        "\x1b[9X",
        "\x1b[3b",
        "\x1bc",
        "\x1b[!p",
        "\x1b#8",
        "\x1b]0;ti",
        "tle\x07",
        "\x1b[?1h",
        "\x1b[?2004h",
        "\x1b[3",
        "\x1b",
        "\x1b[?1000h",
        "\x1b=",
        "\x1b[2 q",
    ];
    prop_oneof![
        8 => proptest::sample::select(texts.map(|text| text.as_bytes().to_vec()).to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 1..6),
        1 => (1usize..60).prop_map(|count| b"x".repeat(count)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_output_goes_on_from_a_snapshot(
        pieces in proptest::collection::vec((piece(), proptest::option::weighted(0.05, (1u16..40, 1u16..12))), 1..80),
        cols in 1u16..30,
        rows in 1u16..10,
        cut in 0usize..400,
    ) {
        let mut original = Screen::new(size(cols, rows), 0);
        let mut late: Option<Screen> = None;
        for (piece, resize) in &pieces {
            if let Some((cols, rows)) = resize {
                original.resize(size(*cols, *rows));
                late.iter_mut().for_each(|late| late.resize(size(*cols, *rows)));
            }
            let at = cut.checked_sub(usize::try_from(original.off()).unwrap()).filter(|at| *at <= piece.len());
            match (at, &mut late) {
                (Some(at), None) => {
                    let (left, right) = piece.split_at(at);
                    original.feed(left, &mut Vec::new());
                    let mut begun = Screen::restored(original.size(), original.off(), &original.snapshot());
                    same(&original, &begun);
                    original.feed(right, &mut Vec::new());
                    begun.feed(right, &mut Vec::new());
                    late = Some(begun);
                }
                (_, late) => {
                    original.feed(piece, &mut Vec::new());
                    late.iter_mut().for_each(|late| late.feed(piece, &mut Vec::new()));
                }
            }
        }
        if let Some(late) = &late {
            same(&original, late);
        }
    }
}
