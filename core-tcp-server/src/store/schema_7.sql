-- Version 7: what people say about themselves.

ALTER TABLE users ADD COLUMN status TEXT NOT NULL DEFAULT '';
