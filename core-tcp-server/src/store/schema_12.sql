-- Version 12: named commands.

CREATE TABLE commands (
    room    INTEGER NOT NULL,
    name    TEXT NOT NULL,
    version INTEGER NOT NULL,           -- of a removed one, too: a name that is used again continues
    spec    TEXT,                       -- the definition as JSON; NULL if it was removed
    digest  TEXT NOT NULL,
    by      INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (room, name)
) WITHOUT ROWID;

ALTER TABLE runs ADD COLUMN command TEXT; -- the named command as it was, as JSON
