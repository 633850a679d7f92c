-- Version 4: the permissions of a webhook.

-- 1 if its posts may mention people.
ALTER TABLE hooks ADD COLUMN mentions INTEGER NOT NULL DEFAULT 0;
-- The key of its signatures, in the clear: an HMAC cannot be checked with a hash of it.
ALTER TABLE hooks ADD COLUMN secret TEXT;
