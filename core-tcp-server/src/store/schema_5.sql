-- Version 5: ids come from a counter before the insert, and are never reused.

CREATE TABLE ids (of TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO ids(of, last)
    SELECT 'users', coalesce(max(id), 0) FROM users UNION ALL
    SELECT 'sessions', coalesce(max(id), 0) FROM sessions UNION ALL
    SELECT 'rooms', coalesce(max(id), 0) FROM rooms UNION ALL
    SELECT 'hooks', coalesce(max(id), 0) FROM hooks UNION ALL
    SELECT 'audit', coalesce(max(id), 0) FROM audit;

UPDATE rooms SET title = 'Company-wide room' WHERE id = 1 AND title = 'Everybody is here';
