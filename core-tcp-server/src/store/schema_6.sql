-- Version 6: the addresses from which people signed in outlast their sessions.

CREATE TABLE known_addresses (
    user    INTEGER NOT NULL REFERENCES users(id),
    address TEXT NOT NULL,              -- an IPv4 address, or the /64 of an IPv6 one
    last    INTEGER NOT NULL,           -- the last sign-in
    PRIMARY KEY (user, address)
) WITHOUT ROWID;
-- IPv6 addresses of older sessions are left out: they are learned at the next sign-in.
INSERT INTO known_addresses(user, address, last)
    SELECT user, address, max(created) FROM sessions
    WHERE expires IS NOT NULL AND address NOT LIKE '[%' GROUP BY user, address;
