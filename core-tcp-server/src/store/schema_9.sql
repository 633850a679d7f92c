-- Version 9: hosts have tokens of their own.

ALTER TABLE hosts ADD COLUMN token BLOB;                        -- the hash; NULL if the host uses the shared key
ALTER TABLE hosts ADD COLUMN labels TEXT NOT NULL DEFAULT '{}'; -- as JSON
ALTER TABLE hosts ADD COLUMN version TEXT;                      -- its program and version
ALTER TABLE hosts ADD COLUMN seen INTEGER;                      -- when it last came or went
