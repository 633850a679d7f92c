-- Version 13: runs that somebody else must approve.

ALTER TABLE rooms ADD COLUMN approve INTEGER NOT NULL DEFAULT 0; -- each run needs a second person

CREATE TABLE proposals (
    n          INTEGER PRIMARY KEY,     -- people say p3
    run        TEXT NOT NULL UNIQUE,    -- the id that the run will have
    room       INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    by         INTEGER NOT NULL,
    hosts      TEXT NOT NULL,           -- their names, as a JSON array
    cmd        TEXT NOT NULL,
    request    TEXT NOT NULL,           -- what runs if it is approved, as JSON
    command    TEXT,                    -- the named command as it was, as JSON
    digest     TEXT NOT NULL,
    nonce      TEXT NOT NULL,
    until      INTEGER NOT NULL,
    state      TEXT NOT NULL,           -- open, approved, refused, expired
    decided_by INTEGER,
    decided    INTEGER
);
CREATE UNIQUE INDEX proposals_nonce ON proposals(by, nonce);
CREATE INDEX proposals_open ON proposals(until) WHERE state = 'open';
INSERT INTO ids(of, last) VALUES('proposals', 0);
