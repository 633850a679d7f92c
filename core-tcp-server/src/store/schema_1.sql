-- Version 1. Times are Unix milliseconds. Secrets are stored only as hashes.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE users (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    shown    TEXT NOT NULL,
    role     TEXT NOT NULL,
    password TEXT NOT NULL,             -- PHC string; '!' where nobody can sign in
    disabled INTEGER NOT NULL DEFAULT 0,
    created  INTEGER NOT NULL
);

-- Sessions (of people, which expire) and tokens (of programs, which do not).
CREATE TABLE sessions (
    id      INTEGER PRIMARY KEY,
    hash    BLOB NOT NULL UNIQUE,
    user    INTEGER NOT NULL REFERENCES users(id),
    label   TEXT NOT NULL,
    address TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER
);
CREATE INDEX sessions_user ON sessions(user);

CREATE TABLE invites (
    hash    BLOB PRIMARY KEY,
    role    TEXT NOT NULL,
    by      TEXT NOT NULL,
    expires INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE rooms (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    title   TEXT NOT NULL,
    private INTEGER NOT NULL,
    created INTEGER NOT NULL
);

CREATE TABLE members (
    room INTEGER NOT NULL REFERENCES rooms(id),
    user INTEGER NOT NULL REFERENCES users(id),
    read INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room, user)
) WITHOUT ROWID;

-- The timelines, clustered by room and seq, so that a page is one range of one tree.
CREATE TABLE events (
    room   INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    by     INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    fields TEXT NOT NULL,
    nonce  TEXT,
    PRIMARY KEY (room, seq)
) WITHOUT ROWID;
-- Two posts of one user with one nonce are one post, however far apart they are.
CREATE UNIQUE INDEX events_nonce ON events(by, nonce) WHERE nonce IS NOT NULL;

CREATE TABLE runs (
    id        TEXT PRIMARY KEY,
    n         INTEGER NOT NULL UNIQUE,  -- people say r41
    room      INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    by        INTEGER NOT NULL,
    host      TEXT NOT NULL,
    cmd       TEXT NOT NULL,
    request   TEXT NOT NULL,            -- what the host is told to start, as JSON
    nonce     TEXT NOT NULL,
    at        INTEGER NOT NULL,
    boot      TEXT NOT NULL,            -- the start of the core's machine that it belongs to
    started   INTEGER NOT NULL DEFAULT 0, -- its host has said that it has it; noted for runs of a second and more
    exit      TEXT,                     -- JSON; NULL while it runs
    bytes     INTEGER NOT NULL DEFAULT 0,
    ms        INTEGER,
    truncated INTEGER NOT NULL DEFAULT 0,
    left      INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE UNIQUE INDEX runs_nonce ON runs(by, nonce);
CREATE INDEX runs_open ON runs(host) WHERE exit IS NULL;
CREATE INDEX runs_room ON runs(room, n);

-- The hosts that have ever connected, so that one that is away can be told from one that never existed.
CREATE TABLE hosts (name TEXT PRIMARY KEY, first_seen INTEGER NOT NULL) WITHOUT ROWID;

-- The files of rooms, as far as they were sent through the server. A digest is trusted only while size, mtime and ino
-- match the file on disk: a file added or changed by hand has none.
CREATE TABLE files (
    room   INTEGER NOT NULL,
    path   TEXT NOT NULL,
    size   INTEGER NOT NULL,
    mtime  INTEGER NOT NULL,            -- nanoseconds
    ino    INTEGER NOT NULL,
    blake3 TEXT NOT NULL,
    by     INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    PRIMARY KEY (room, path)
) WITHOUT ROWID;

CREATE TABLE uploads (
    id        TEXT PRIMARY KEY,
    room      INTEGER NOT NULL,
    by        INTEGER NOT NULL,
    path      TEXT NOT NULL,
    size      INTEGER NOT NULL,
    mtime     INTEGER,
    if_exists TEXT NOT NULL,
    nonce     TEXT NOT NULL,
    at        INTEGER NOT NULL,
    blake3    TEXT,                     -- set before the rename onto the shelf
    placed    TEXT,                     -- the path that it gets then
    seq       INTEGER                   -- set when it is over; kept for a week, so that a commit can be asked again
) WITHOUT ROWID;
CREATE UNIQUE INDEX uploads_nonce ON uploads(by, nonce);

-- Who did what, from where. Append-only.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    by      TEXT NOT NULL,
    address TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL
);

INSERT INTO users(id, name, shown, role, password, disabled, created) VALUES (0, 'system', 'Wardroom', 'admin', '!', 1, 0);
INSERT INTO rooms(id, name, title, private, created) VALUES (1, 'general', 'Everybody is here', 0, 0);
