-- Version 8: what a run left behind, and who holds its keyboard.

ALTER TABLE runs ADD COLUMN ended TEXT NOT NULL DEFAULT '[]';  -- command lines that were ended with it, as JSON
ALTER TABLE runs ADD COLUMN lease INTEGER NOT NULL DEFAULT 0;  -- 0: still the first one, which its starter holds
ALTER TABLE runs ADD COLUMN holder INTEGER;                    -- who holds it; NULL for nobody
