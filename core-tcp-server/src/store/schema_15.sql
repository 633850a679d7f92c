-- Version 15: rules about who may run commands where.

CREATE TABLE rules (
    n     INTEGER PRIMARY KEY,
    what  TEXT NOT NULL,                -- run, run-named, approve
    user  INTEGER NOT NULL,
    room  INTEGER NOT NULL,             -- 0: all rooms
    host  TEXT NOT NULL,                -- by its name, which may come back; '': all hosts
    by    INTEGER NOT NULL,
    at    INTEGER NOT NULL
);
CREATE UNIQUE INDEX rules_place ON rules(what, room, host, user);
INSERT INTO ids(of, last) VALUES('rules', 0);
