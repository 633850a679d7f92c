-- Version 2. The nonce is first: clients start theirs with the time, so the simultaneous posts of many users share a
-- page of this index instead of one page per user.
DROP INDEX events_nonce;
CREATE UNIQUE INDEX events_nonce ON events(nonce, by) WHERE nonce IS NOT NULL;
