//! Every number that bounds the host, each with its reason. Those of the wire are in `wardroom_protocol::limits`.

use wardroom_protocol::limits::{BODY_BYTES_MAX, HELLO_BYTES_MAX};

/// Simultaneous runs. Each has a shim with some 2 MiB, and the hello lists them all.
pub const RUNS_MAX: usize = 64;
/// Spools held, including those of runs that are over and not yet forgotten. The hello lists all of them, and its size
/// is bounded; a core that is away starts none, so hardly more than those of simultaneous runs are ever held.
pub const SPOOLS_MAX: usize = 80;
/// Bytes of one run in the hello: `{"run":"<26>","bytes":<10>,"ended":false,"input":<12>},`.
pub const HELLO_RUN_BYTES: usize = 91;
/// Bytes of the hello without its runs: the key (64), the name (at most 63), the ids of the process and of the spool (32
/// each), the version (at most 64), the isolation (9), the sandboxes (39), and their fields.
pub const HELLO_HEAD_BYTES: usize = 540;
/// Bytes of one run's output, whatever the core allows: it fills the host's own disk.
pub const OUTPUT_BYTES_MAX: u64 = 4 << 30;
/// Bytes of all spools together; above it, no run is started.
pub const SPOOLED_BYTES_MAX: u64 = 64 << 30;
/// Bytes of output that a run may write even on a full disk: people then run `df`, `du` and `rm -v`.
pub const OUTPUT_BYTES_ALWAYS: u64 = 1 << 20;
/// Bytes that a run leaves free on the disk of its spool, besides as many as its output has: the core, which may be on
/// the same disk, still has to write its copy. For [`RUNS_MAX`] runs that each check only every so many bytes.
pub const FREE_BYTES_MIN: u64 = RUNS_MAX as u64 * FREE_LOOK_BYTES;
/// Bytes of a run's output after which its free disk space is checked again: one system call per sixteen reads.
pub const FREE_LOOK_BYTES: u64 = 1 << 20;
/// Bytes of an order: a command with its environment, which fit a line of the wire, and the host's own variables.
pub const ORDER_BYTES_MAX: usize = 1 << 20;
/// Bytes that a shim keeps for a host that reads nothing: some notices.
pub const SHIM_BACKLOG_BYTES_MAX: usize = 65_536;
/// Bytes of output that a terminal is read ahead of the core: what the core's emulator takes in some 10 ms.
pub const AHEAD_BYTES_MAX: u64 = 4 * READ_BYTES as u64;
/// Bytes of output after which a shim is told again how far the core is.
pub const PASSED_BYTES: u64 = READ_BYTES as u64;
/// Milliseconds for which a terminal is not read while the core takes nothing: longer than a busy machine keeps it waiting.
pub const PACE_WAIT_MS: u64 = 5_000;
/// Connections to a shim that have not shown the key: the last ones count.
pub const STRANGERS_MAX: usize = 4;
/// Requests that wait for a shim: a burst of single keys. Input is bounded by its window too.
pub const SHIM_REQUESTS_MAX: usize = 4_096;
/// Milliseconds until a shim that could not keep the end of its run tries again.
pub const END_RETRY_MS: u64 = 1_000;
/// Milliseconds to wait for the lock of a spool folder: the previous host may just be ending, or one of its shims may
/// just be writing the record of a run.
pub const LOCK_WAIT_MS: u64 = 3_000;
/// Milliseconds between two attempts to get that lock.
pub const LOCK_RETRY_MS: u64 = 20;
/// Milliseconds to wait for the first message of a shim. One that is stopped, or hangs, is not waited for.
pub const SHIM_TIMEOUT_MS: u64 = 10_000;
/// Folders below a hidden one in which a probe looks for a file that it can read: keys are in the first.
pub const HIDDEN_DEPTH_MAX: usize = 4;
/// Milliseconds until a shim that could not be reached is tried again.
pub const RECONNECT_MS: u64 = 1_000;
/// Milliseconds after which a shim is woken that a command may have stopped: only then it sees that a limit is exceeded.
pub const SHIM_CONT_MS: u64 = 2_000;
/// Milliseconds between two signals that wake a shim that was told to stop its run: a command may have stopped it.
pub const WAKE_MS: u64 = 1_000;
/// Times that it is woken before it is killed: longer than the whole escalation takes.
pub const WAKES_MAX: u32 = 15;
/// Milliseconds between two looks whether all shims have told their state.
pub const KNOWN_LOOK_MS: u64 = 5;
/// Milliseconds between two looks at what the processes of a run use, if it has such limits. A run can
/// take more than its limit in that time, so this bounds mistakes, not attacks; reading `/proc` costs about 1 ms.
pub const USAGE_LOOK_MS: u64 = 50;
/// Seconds from SIGXCPU to SIGKILL for a process that exceeds its processor time.
pub const CPU_GRACE_S: u64 = 5;
/// How much rather than the server and its shims the kernel ends a command when memory runs out: proc(5), `oom_score_adj`
/// is up to 1,000.
pub const OOM_SCORE: &str = "300";
/// Tasks that the kernel lets a run have for each process of its limit, where it counts them: threads count too, and a
/// program has some. The shim ends a run with too many processes; this bounds what a fork bomb does until then.
pub const TASKS_PER_PROCESS: u64 = 16;
/// Bytes of the `/tmp` that a run has for itself, which is memory: what a build or a test leaves there.
pub const PRIVATE_TMP_BYTES_MAX: u64 = 1 << 30;
/// Cgroups below each other that commands may make in that of their run, and that are removed with it.
pub const CGROUP_DEPTH_MAX: usize = 8;
/// Times that a cgroup is killed before it counts as one that cannot be removed.
pub const CGROUP_TRIES_MAX: u32 = 25;
/// Milliseconds between two of these: the kernel takes processes out of it a moment after it has killed them.
pub const CGROUP_TRY_MS: u64 = 4;
/// Milliseconds between two looks at processes that are being ended.
pub const SWEEP_MS: u64 = 20;
/// Milliseconds between two looks at what a run with `detach` keeps: the processes that were just forked have their own
/// command lines by then, and reading `/proc` costs about 1 ms.
pub const KEPT_LOOK_MS: u64 = 1_000;
/// Command lines of processes that were ended with a run, in its end.
pub const ENDED_MAX: usize = 16;
/// Characters of each of them.
pub const ENDED_CHARS_MAX: usize = 120;
/// Bytes of a command line that are read from `/proc`: more than are shown.
pub const COMMAND_LINE_BYTES_MAX: u64 = 4_096;
/// Bytes of the file with the sizes of a terminal: 10,000 changes and more.
pub const SIZES_BYTES_MAX: u64 = 1 << 20;
/// Bytes of one read from a pipe, which is what a Linux pipe holds.
pub const READ_BYTES: usize = 65_536;
/// Bytes still read from pipes that are abandoned while other processes hold them: the content of both pipes.
pub const LAST_BYTES_MAX: usize = 2 * READ_BYTES;
/// Milliseconds within which reads of one descriptor share one record of the index: the resolution of its times.
pub const INDEX_RESOLUTION_MS: u64 = 10;
/// Milliseconds that background children may keep the pipes of a command that has exited. Long enough for a pipeline to
/// flush, short enough that `server &` does not keep a run open.
pub const DRAIN_AFTER_EXIT_MS: u64 = 2_000;
/// Milliseconds until the pipes must end once every process of the run has been killed.
pub const DRAIN_AFTER_STOP_MS: u64 = 1_000;
/// Milliseconds from TERM to KILL: enough for a service to write its state.
pub const GRACE_MS: u64 = 3_000;
/// Milliseconds for which processes are killed repeatedly; what is left then cannot be killed.
pub const KILL_MS: u64 = 5_000;
/// Milliseconds for a stage to read its spec and become the command. A folder on a dead network mount hangs.
pub const LAUNCH_TIMEOUT_MS: u64 = 10_000;
/// Bytes of a stage's message about why it failed.
pub const FAILURE_BYTES_MAX: u64 = 1_024;
/// Bytes of a process's environment that are searched for the run's marker: Linux bounds it by a quarter of the stack.
pub const ENVIRON_BYTES_MAX: u64 = 2 << 20;
/// Milliseconds to connect, and again until the welcome.
pub const CONNECT_TIMEOUT_MS: u64 = 10_000;
/// Milliseconds before the first reconnect; doubled each time.
pub const RETRY_MS_MIN: u64 = 100;
/// Milliseconds between attempts to connect.
pub const RETRY_MS_MAX: u64 = 10_000;
/// Milliseconds that a connection must have lasted for the next attempt to be made at once.
pub const STEADY_MS: u64 = 5_000;
/// Milliseconds in which a host that stops tries to deliver its spools.
pub const FAREWELL_MS: u64 = 5_000;
/// Bytes of one write to the core: four bulk frames, so that no run waits long for its turn.
pub const BATCH_BYTES: u64 = 4 * BODY_BYTES_MAX as u64;
/// Refusals that wait to be sent. The core gets only the first ones: more means that it sends faster than it reads.
pub const REFUSALS_MAX: usize = 256;
/// Bytes of a `meta.json` or `end.json` that is read.
pub const RECORD_BYTES_MAX: u64 = 65_536;

const _: () = {
    assert!(SPOOLS_MAX * HELLO_RUN_BYTES + HELLO_HEAD_BYTES <= HELLO_BYTES_MAX, "the hello is short enough to be read");
    assert!(RUNS_MAX < SPOOLS_MAX, "runs can start while others wait to be forgotten");
    assert!(READ_BYTES <= BODY_BYTES_MAX, "what was read at once fits one frame");
    assert!(RETRY_MS_MIN < RETRY_MS_MAX, "the back-off grows");
};
