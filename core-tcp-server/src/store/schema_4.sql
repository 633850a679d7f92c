-- Version 4: what a webhook may do.

-- 1 for one whose posts may mention people.
ALTER TABLE hooks ADD COLUMN mentions INTEGER NOT NULL DEFAULT 0;
-- The key of its signatures, as it is: an HMAC cannot be checked with a hash of it.
ALTER TABLE hooks ADD COLUMN secret TEXT;
