-- Version 3: conversation.

ALTER TABLE users ADD COLUMN bot INTEGER NOT NULL DEFAULT 0;

ALTER TABLE rooms ADD COLUMN topic TEXT NOT NULL DEFAULT '';
ALTER TABLE rooms ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN retention_days INTEGER NOT NULL DEFAULT 0;  -- 0: for ever
ALTER TABLE rooms ADD COLUMN first INTEGER NOT NULL DEFAULT 1;           -- the first event that retention left
ALTER TABLE rooms ADD COLUMN dm TEXT;                                    -- of a direct message: its users' ids, ascending, joined by '+'
CREATE UNIQUE INDEX rooms_dm ON rooms(dm) WHERE dm IS NOT NULL;

ALTER TABLE members ADD COLUMN role TEXT NOT NULL DEFAULT 'member';
-- The user whose join is a room's first event created it.
UPDATE members SET role = 'owner' WHERE room <> 1
    AND user = (SELECT by FROM events WHERE events.room = members.room AND seq = 1 AND kind = 'join');

-- Of an amendment: the message that it amends.
ALTER TABLE events ADD COLUMN target INTEGER;
CREATE INDEX events_target ON events(room, target) WHERE target IS NOT NULL;
-- Of an amended message: the digest of its fields as posted, which identifies a late retry.
ALTER TABLE events ADD COLUMN posted BLOB;
-- 1 for a deleted message, which no longer counts as unread.
ALTER TABLE events ADD COLUMN deleted INTEGER;

-- The users that messages mention; user 0 is @here.
CREATE TABLE mentions (
    room INTEGER NOT NULL,
    user INTEGER NOT NULL,
    seq  INTEGER NOT NULL,
    PRIMARY KEY (room, user, seq)
) WITHOUT ROWID;
CREATE INDEX mentions_place ON mentions(room, seq);

CREATE TABLE hooks (
    id      INTEGER PRIMARY KEY,
    hash    BLOB NOT NULL UNIQUE,
    room    INTEGER NOT NULL REFERENCES rooms(id),
    bot     INTEGER NOT NULL REFERENCES users(id),
    by      INTEGER NOT NULL REFERENCES users(id),
    created INTEGER NOT NULL,
    used    INTEGER
);
-- The message that counts the repeats of a key.
CREATE TABLE hook_keys (
    hook INTEGER NOT NULL REFERENCES hooks(id) ON DELETE CASCADE,
    key  TEXT NOT NULL,
    seq  INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    PRIMARY KEY (hook, key)
) WITHOUT ROWID;
