//! Output that uses a terminal hard: alternate screen, wide characters, scroll regions, colours, insertion and deletion.

/// A generator of numbers that are the same in each test (xorshift, Marsaglia 2003).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// So many bytes of it, or a few more, and then a page that a program would draw: it clears the screen, scrolls, and draws in a
/// region. Emulators agree on this page, while they differ about halves of overwritten wide characters and about what moves when a
/// terminal is resized, as tmux, xterm and avt do.
pub fn garbage(bytes: usize) -> Vec<u8> {
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let mut all = String::with_capacity(bytes + 200);
    while all.len() < bytes {
        let (row, col) = (1 + numbers.below(24), 1 + numbers.below(80));
        let part = match numbers.below(24) {
            0 => format!("\x1b[{row};{col}H"),
            1 => format!("\x1b[{};{}m", 30 + numbers.below(8), 40 + numbers.below(8)),
            2 => format!("\x1b[38;2;{};{};{}m", numbers.below(256), numbers.below(256), numbers.below(256)),
            3 => "\x1b[m".to_owned(),
            4 => format!("\x1b[{}m", 1 + numbers.below(3)),
            5 => format!("\x1b[{};{}r", 1 + row / 2, 12 + row / 2),
            6 => "\x1b[r".to_owned(),
            7 => format!("\x1b[{}L", 1 + numbers.below(3)),
            8 => format!("\x1b[{}M", 1 + numbers.below(3)),
            9 => format!("\x1b[{}@", 1 + numbers.below(5)),
            10 => format!("\x1b[{}P", 1 + numbers.below(5)),
            11 => format!("\x1b[{}X", 1 + numbers.below(9)),
            12 => format!("\x1b[{}K", numbers.below(3)),
            13 if numbers.below(20) == 0 => format!("\x1b[{}J", numbers.below(3)),
            14 => "\x1bM".to_owned(),
            15 if numbers.below(50) == 0 => "\x1b[?1049h\x1b[2J".to_owned(),
            16 if numbers.below(50) == 0 => "\x1b[?1049l".to_owned(),
            17 => "你好，世界".to_owned(),
            18 => "e\u{301}".to_owned(),
            19 => "\x1b7\x1b[3;3H*\x1b8".to_owned(),
            20 | 21 => format!("{} the quick brown fox\r\n", numbers.below(1_000_000)),
            _ => format!("{:<width$}", numbers.below(100_000), width = 1 + numbers.below(30) as usize),
        };
        all.push_str(&part);
    }
    all.push_str("\x1b[m\x1b[r\x1b[?1049l\x1b[2J\x1b[H");
    for line in 0..200 {
        all.push_str(&format!("\x1b[3{}m{line} 你好，世界\x1b[m {}\r\n", line % 8, "=".repeat(line % 40)));
    }
    all.push_str(
        "\x1b[4;9r\x1b[4;1H\x1b[2L\x1b[44mblue\x1b[m\x1b[6;1H\x1b[M\x1b[r\x1b[12;30H\x1b[3P\x1b[2@\x1b[K\x1b[3;5H",
    );
    all.into_bytes()
}
