//! The ids of rows. They are known before the insert and never reused, not even after a deletion. `AUTOINCREMENT` would
//! assign them only at the insert, and replicas need rows that are complete.

use rusqlite::Connection;

/// A table with numbered rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Numbered {
    /// Accounts.
    Users,
    /// Sessions and tokens.
    Sessions,
    /// Rooms.
    Rooms,
    /// Webhooks.
    Hooks,
    /// Entries of the audit log.
    Audit,
    /// Runs that wait for an approval.
    Proposals,
    /// Rules about who may run commands where.
    Rules,
}

impl Numbered {
    /// Returns the statement that takes the next number. It exceeds every existing row, since somebody may have added
    /// one by hand.
    const fn sql(self) -> &'static str {
        match self {
            Numbered::Users => {
                "UPDATE ids SET last = max(last, (SELECT coalesce(max(id), 0) FROM users)) + 1 WHERE of = 'users' RETURNING last"
            }
            Numbered::Sessions => {
                "UPDATE ids SET last = max(last, (SELECT coalesce(max(id), 0) FROM sessions)) + 1 WHERE of = 'sessions' RETURNING last"
            }
            Numbered::Rooms => {
                "UPDATE ids SET last = max(last, (SELECT coalesce(max(id), 0) FROM rooms)) + 1 WHERE of = 'rooms' RETURNING last"
            }
            Numbered::Hooks => {
                "UPDATE ids SET last = max(last, (SELECT coalesce(max(id), 0) FROM hooks)) + 1 WHERE of = 'hooks' RETURNING last"
            }
            Numbered::Audit => {
                "UPDATE ids SET last = max(last, (SELECT coalesce(max(id), 0) FROM audit)) + 1 WHERE of = 'audit' RETURNING last"
            }
            Numbered::Rules => {
                "UPDATE ids SET last = max(last, (SELECT coalesce(max(n), 0) FROM rules)) + 1 WHERE of = 'rules' RETURNING last"
            }
            Numbered::Proposals => {
                "UPDATE ids SET last = max(last, (SELECT coalesce(max(n), 0) FROM proposals)) + 1 WHERE of = 'proposals' RETURNING last"
            }
        }
    }
}

/// Returns the next id of a table.
pub(super) fn next_id(conn: &Connection, of: Numbered) -> rusqlite::Result<i64> {
    conn.prepare_cached(of.sql())?.query_row([], |row| row.get(0))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::schema::open_writer;
    use super::*;

    #[test]
    fn an_id_is_never_given_out_twice() {
        let folder = tempfile::tempdir().unwrap();
        let conn = open_writer(&folder.path().join("wardroom.db")).unwrap();
        for of in [Numbered::Sessions, Numbered::Hooks, Numbered::Audit] {
            assert_eq!([next_id(&conn, of).unwrap(), next_id(&conn, of).unwrap()], [1, 2], "{of:?}");
        }
        // `general` and the system account already exist.
        assert_eq!((next_id(&conn, Numbered::Rooms).unwrap(), next_id(&conn, Numbered::Users).unwrap()), (2, 1));
        let by_hand = "INSERT INTO rooms(id, name, title, private, created) VALUES(70, 'x', '', 0, 0)";
        conn.execute(by_hand, []).unwrap();
        assert_eq!(next_id(&conn, Numbered::Rooms).unwrap(), 71);
        conn.execute("DELETE FROM rooms WHERE id = 70", []).unwrap();
        assert_eq!(next_id(&conn, Numbered::Rooms).unwrap(), 72);
    }
}
