"""The tables of the job database, one script a version; `PRAGMA user_version` says which have run."""

from __future__ import annotations

MIGRATIONS = (
    """
    CREATE TABLE job (
        id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, recipe TEXT NOT NULL, root TEXT NOT NULL,
        out TEXT NOT NULL, launcher TEXT NOT NULL, gpus INTEGER NOT NULL, trainer TEXT NOT NULL, state TEXT NOT NULL,
        attempt INTEGER NOT NULL DEFAULT 0, place INTEGER NOT NULL, created REAL NOT NULL, queued REAL NOT NULL,
        started REAL NOT NULL DEFAULT 0, finished REAL NOT NULL DEFAULT 0, host TEXT NOT NULL DEFAULT '',
        device TEXT NOT NULL DEFAULT '', exit_code INTEGER, trouble TEXT NOT NULL DEFAULT '',
        notice TEXT NOT NULL DEFAULT '', data_digest TEXT NOT NULL DEFAULT '', code_version TEXT NOT NULL DEFAULT '',
        progress TEXT NOT NULL DEFAULT '{}'
    ) STRICT;
    CREATE INDEX job_by_state ON job (state, place);
    CREATE TABLE attempt (
        job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE, number INTEGER NOT NULL, state TEXT NOT NULL,
        code_version TEXT NOT NULL, created REAL NOT NULL, started REAL NOT NULL DEFAULT 0,
        finished REAL NOT NULL DEFAULT 0, host TEXT NOT NULL DEFAULT '', device TEXT NOT NULL DEFAULT '',
        exit_code INTEGER, trouble TEXT NOT NULL DEFAULT '', PRIMARY KEY (job, number)
    ) STRICT;
    """,
)
