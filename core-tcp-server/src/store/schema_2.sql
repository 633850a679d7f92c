-- Version 2. By nonce first: clients begin theirs with the time, so that what many users post at once falls on one page
-- of this index instead of one for each user.
DROP INDEX events_nonce;
CREATE UNIQUE INDEX events_nonce ON events(nonce, by) WHERE nonce IS NOT NULL;
