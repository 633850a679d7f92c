//! What teams on call write to each other, made up: addresses, hosts, tickets, stack traces, some of it Chinese. The
//! same for each run, from one seed.

/// splitmix64: numbers that are spread well, and the same every time.
pub struct Random(pub u64);

impl Random {
    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n.max(1)
    }

    /// One of these.
    pub fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words.get(usize::try_from(self.below(words.len() as u64)).unwrap_or(0)).copied().unwrap_or_default()
    }

    fn some(&mut self, words: &[&str], count: u64, between: &str) -> String {
        (0..count).map(|_| self.of(words)).collect::<Vec<_>>().join(between)
    }
}

const WORDS: &[&str] = &[
    "the",
    "a",
    "to",
    "of",
    "on",
    "in",
    "is",
    "it",
    "and",
    "for",
    "with",
    "again",
    "deploy",
    "rollback",
    "error",
    "timeout",
    "connection",
    "refused",
    "pool",
    "database",
    "replica",
    "primary",
    "failover",
    "latency",
    "restart",
    "pod",
    "node",
    "kubernetes",
    "service",
    "api",
    "gateway",
    "nginx",
    "worker",
    "queue",
    "backlog",
    "disk",
    "full",
    "memory",
    "cpu",
    "load",
    "alert",
    "resolved",
    "firing",
    "incident",
    "postmortem",
    "on-call",
    "page",
    "runbook",
    "ticket",
    "looks",
    "fine",
    "now",
    "checking",
    "will",
    "do",
    "thanks",
    "please",
    "check",
    "logs",
    "trace",
    "exception",
    "null",
    "pointer",
    "thread",
    "main",
    "retry",
    "backoff",
    "circuit",
    "breaker",
    "open",
    "closed",
    "health",
    "probe",
    "readiness",
    "build",
    "pipeline",
    "failed",
    "passed",
    "merged",
    "branch",
    "release",
    "version",
    "hotfix",
    "config",
    "secret",
    "rotated",
    "certificate",
    "expired",
    "dns",
    "lookup",
    "slow",
    "query",
    "index",
    "missing",
    "lock",
    "wait",
    "deadlock",
    "vacuum",
    "checkpoint",
    "snapshot",
    "backup",
    "restore",
    "archive",
    "bucket",
    "upload",
    "checksum",
];
const CHINESE: &[&str] = &[
    "回滚",
    "部署",
    "数据库",
    "连接",
    "超时",
    "告警",
    "恢复",
    "正在",
    "处理",
    "请",
    "检查",
    "日志",
    "服务器",
    "重启",
    "完成",
    "磁盘",
    "已满",
    "升级",
    "版本",
    "网络",
    "延迟",
    "主库",
    "从库",
    "切换",
    "发布",
    "失败",
    "成功",
    "谢谢",
    "收到",
];
const CLASSES: &[&str] = &["Pool", "Session", "Request", "Router", "Ledger", "Cursor", "Mailer", "Broker", "Cache"];

/// A host's name.
pub fn host(random: &mut Random) -> String {
    let region = random.of(&["west", "central", "north"]);
    format!("db{:02}.eu-{region}-{}.prod.example.com", random.below(60) + 1, random.below(3) + 1)
}

/// An address.
pub fn address(random: &mut Random) -> String {
    format!("10.{}.{}.{}", random.below(10), random.below(256), random.below(256))
}

/// Something that was said.
pub fn text(random: &mut Random) -> String {
    match random.below(100) {
        0..=9 => {
            let count = 2 + random.below(9);
            random.some(CHINESE, count, "")
        }
        10..=19 => {
            let why = random.of(&["Connection refused", "timed out", "No route to host"]);
            let port = random.of(&["80", "443", "3306", "5432", "6379"]);
            format!("connect to {} port {port} failed: {why}", address(random))
        }
        20..=24 => {
            let (year, number) = (18 + random.below(9), 1_000 + random.below(49_000));
            format!("CVE-20{year}-{number} affects {} on {}", random.of(WORDS), host(random))
        }
        25..=31 => format!("OPS-{} {}", 1 + random.below(60_000), random.some(WORDS, 8, " ")),
        32..=35 => trace(random),
        _ => {
            let count = 3 + random.below(22);
            random.some(WORDS, count, " ")
        }
    }
}

fn trace(random: &mut Random) -> String {
    let what = random.of(&["IllegalState", "NullPointer", "Arithmetic", "ArrayIndexOutOfBounds"]);
    let mut out = format!("java.lang.{what}Exception: {}\n", random.some(WORDS, 5, " "));
    for _ in 0..3 + random.below(12) {
        let (class, line) = (random.of(CLASSES), random.below(900));
        let (package, method) = (random.of(WORDS), random.of(WORDS));
        out.push_str(&format!("\tat com.example.{package}.{class}.{method}({class}.java:{line})\n"));
    }
    out
}

/// What somebody searches for; a filter with some of them.
pub fn query(random: &mut Random) -> serde_json::Value {
    use serde_json::json;
    let common = random.of(&["error", "the", "timeout", "deploy", "connection", "database"]);
    match random.below(20) {
        0..=2 => json!({"q": common}),
        // Not `a`, which is too short to be searched for.
        3 => json!({"q": format!("{common} {}", random.of(WORDS.get(2..).unwrap_or_default()))}),
        4..=6 => json!({"q": address(random)}),
        7 => json!({"q": host(random).split_off(2)}),
        8 => json!({"q": format!("CVE-20{}-{}", 18 + random.below(9), 1_000 + random.below(49_000))}),
        9 => json!({"q": format!("OPS-{}", 1 + random.below(60_000))}),
        10 => json!({"q": format!("\"{}.java:{}\"", random.of(CLASSES), random.below(900))}),
        11 | 12 => json!({"q": random.of(&["回滚", "主库", "数据库", "磁盘已满"])}),
        13 => {
            json!({"q": format!("{} {}", random.of(&["部署", "超时", "告警"]), random.of(&["失败", "网络", "日志"]))})
        }
        14 => json!({"q": random.of(&["db", "on", "fi", "10"])}),
        15 => json!({"q": common, "room": format!("room-{}", 10 * random.below(19) + random.below(9))}),
        16 => json!({"q": common, "by": format!("user-{}", random.below(50))}),
        17 => json!({"q": "no such words anywhere", "limit": 100}),
        18 => json!({"q": common, "kind": "output"}),
        _ => json!({"q": common, "limit": 100, "since": 1_767_225_600_000_u64, "until": 1_769_904_000_000_u64}),
    }
}
