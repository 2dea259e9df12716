internal import GRDB

/// The tables, and how those of earlier versions become today's. A migration that has been published never changes.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 sessions and audit") { db in
            try db.execute(
                sql: """
                    CREATE TABLE session (
                        number INTEGER PRIMARY KEY AUTOINCREMENT,
                        id TEXT NOT NULL UNIQUE,
                        -- The session as a whole, in JSON. The columns beside it are what rules and questions are about.
                        document TEXT NOT NULL,
                        owner TEXT NOT NULL,
                        status TEXT NOT NULL,
                        isListed INTEGER NOT NULL,
                        -- Null once the session has ended.
                        livePIN TEXT,
                        -- Null unless the session takes the technician's one active place.
                        activeTechnician TEXT
                    ) STRICT;
                    CREATE UNIQUE INDEX sessionByLivePIN ON session (livePIN) WHERE livePIN IS NOT NULL;
                    CREATE UNIQUE INDEX sessionByActiveTechnician ON session (activeTechnician)
                        WHERE activeTechnician IS NOT NULL;
                    CREATE INDEX sessionByStatus ON session (status, number);
                    CREATE INDEX listedSession ON session (number) WHERE isListed;
                    CREATE INDEX unlistedSessionByOwner ON session (owner, number) WHERE NOT isListed;
                    -- PINs that lead nowhere any more, so that a used one and an unknown one answer differently.
                    CREATE TABLE pastPIN (
                        number INTEGER PRIMARY KEY AUTOINCREMENT,
                        pin TEXT NOT NULL UNIQUE,
                        refusal TEXT NOT NULL
                    ) STRICT;
                    CREATE TABLE audit (
                        number INTEGER PRIMARY KEY,
                        at INTEGER NOT NULL,
                        actor TEXT NOT NULL,
                        step TEXT NOT NULL,
                        session TEXT,
                        details TEXT NOT NULL,
                        seal BLOB NOT NULL
                    ) STRICT;
                    CREATE INDEX auditBySession ON audit (session, number) WHERE session IS NOT NULL;
                    CREATE TRIGGER auditIsNotChanged BEFORE UPDATE ON audit BEGIN
                        SELECT RAISE(ABORT, 'the audit log is append-only');
                    END;
                    CREATE TRIGGER auditIsNotDeleted BEFORE DELETE ON audit BEGIN
                        SELECT RAISE(ABORT, 'the audit log is append-only');
                    END;
                    """)
        }
        migrator.registerMigration("2 accounts and chat") { db in
            try db.execute(
                sql: """
                    ALTER TABLE session ADD COLUMN groupID TEXT;
                    ALTER TABLE session ADD COLUMN visibility TEXT NOT NULL DEFAULT 'private';
                    CREATE INDEX listedSessionByOwner ON session (owner, status, number) WHERE isListed;
                    CREATE INDEX listedSessionByGroup ON session (groupID, visibility, status, number) WHERE isListed;
                    -- In ms; both as the document has them.
                    ALTER TABLE session ADD COLUMN waitingSince INTEGER;
                    ALTER TABLE session ADD COLUMN endedAt INTEGER;
                    UPDATE session SET waitingSince = document ->> '$.waitingSince.milliseconds',
                        endedAt = document ->> '$.endedAt.milliseconds';
                    ALTER TABLE session ADD COLUMN mailDueAt INTEGER;
                    CREATE INDEX sessionByMail ON session (mailDueAt) WHERE mailDueAt IS NOT NULL;
                    CREATE INDEX endedSession ON session (endedAt) WHERE endedAt IS NOT NULL;
                    -- Changes of status that somebody is still to be told of.
                    CREATE TABLE notice (
                        number INTEGER PRIMARY KEY AUTOINCREMENT,
                        session TEXT NOT NULL,
                        at INTEGER NOT NULL,
                        previous TEXT,
                        document TEXT NOT NULL
                    ) STRICT;
                    CREATE INDEX noticeBySession ON notice (session, number);
                    CREATE TABLE chat (
                        session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
                        number INTEGER NOT NULL,
                        at INTEGER NOT NULL,
                        side TEXT NOT NULL,
                        author TEXT NOT NULL,
                        text TEXT NOT NULL,
                        PRIMARY KEY (session, number)
                    ) STRICT, WITHOUT ROWID;
                    -- Groups, technicians and API keys, in JSON.
                    CREATE TABLE registry (
                        place TEXT PRIMARY KEY,
                        document TEXT NOT NULL
                    ) STRICT;
                    -- One row, which says whether the registry has changed.
                    CREATE TABLE registryVersion (version INTEGER NOT NULL) STRICT;
                    INSERT INTO registryVersion (version) VALUES (0);
                    CREATE TABLE login (
                        id TEXT PRIMARY KEY,
                        expiresAt INTEGER NOT NULL,
                        document TEXT NOT NULL
                    ) STRICT;
                    CREATE INDEX loginByEnd ON login (expiresAt);
                    """)
        }
        migrator.registerMigration("3 sessions by their technician") { db in
            try db.execute(
                sql: """
                    ALTER TABLE session ADD COLUMN technician TEXT;
                    UPDATE session SET technician = document ->> '$.technician.text';
                    CREATE INDEX listedSessionByTechnician ON session (technician, status, number)
                        WHERE isListed AND technician IS NOT NULL;
                    """)
        }
        migrator.registerMigration("4 photos") { db in
            try db.execute(
                sql: """
                    CREATE TABLE photo (
                        session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
                        number INTEGER NOT NULL,
                        document TEXT NOT NULL,
                        bytes BLOB NOT NULL,
                        PRIMARY KEY (session, number)
                    ) STRICT;
                    """)
        }
        migrator.registerMigration("5 lists by what is in them") { db in
            try db.execute(
                sql: """
                    CREATE INDEX listedSessionByStatus ON session (status, number) WHERE isListed;
                    CREATE INDEX unlistedSessionByStatus ON session (owner, status, number) WHERE NOT isListed;
                    DROP INDEX unlistedSessionByOwner;
                    """)
        }
        return migrator
    }
}
