-- Version 10: a run is in one spool of its host, and may be declared lost if that does not return.

ALTER TABLE runs ADD COLUMN spool TEXT;   -- the id of the spool; NULL if the host has not said one
ALTER TABLE runs ADD COLUMN away INTEGER; -- since when its host is away; NULL if it was there at the last look
