-- The audit trail of the embedded shape (docs/audit.md): a database of its own, so that pulls never wait for pushes. On PostgreSQL
-- the same tables are in 0006-audit.postgres.sql.

CREATE TABLE audit_entry (
    day           BIGINT NOT NULL,          -- of the batch, since 1970-01-01 UTC
    writer        BIGINT NOT NULL,          -- one for each start of each process
    n             BIGINT NOT NULL,          -- the batch, from 1
    i             BIGINT NOT NULL,          -- the place in the batch, from 0
    at_ms         BIGINT NOT NULL,
    class         BIGINT NOT NULL,          -- 0 pull or read, 1 change, 2 sign-in or failure
    kind          TEXT NOT NULL,
    namespace_id  BIGINT NOT NULL,          -- 0: the registry
    repository_id BIGINT,
    performer_id  BIGINT NOT NULL,          -- 0: nobody known
    about_id      BIGINT,                   -- whom it was done to
    digest_key    BIGINT,                   -- the first eight bytes of the digest
    line          BYTES NOT NULL,           -- the JSON that was hashed
    PRIMARY KEY (writer, n, i)
) WITHOUT ROWID;
CREATE INDEX audit_entry_time ON audit_entry (at_ms);
CREATE INDEX audit_entry_namespace ON audit_entry (namespace_id, at_ms);
CREATE INDEX audit_entry_changes ON audit_entry (namespace_id, at_ms) WHERE class = 1;
CREATE INDEX audit_entry_repository ON audit_entry (repository_id, at_ms) WHERE repository_id IS NOT NULL;
CREATE INDEX audit_entry_performer ON audit_entry (performer_id, at_ms);
CREATE INDEX audit_entry_digest ON audit_entry (digest_key, at_ms) WHERE digest_key IS NOT NULL;

-- Each batch names the one before it of the same writer.
CREATE TABLE audit_batch (
    writer  BIGINT NOT NULL,
    n       BIGINT NOT NULL,
    day     BIGINT NOT NULL,
    count   BIGINT NOT NULL,
    from_ms BIGINT NOT NULL,
    to_ms   BIGINT NOT NULL,
    prev    BYTES NOT NULL,
    root    BYTES NOT NULL,                 -- over the hashes of its lines
    hash    BYTES NOT NULL,
    PRIMARY KEY (writer, n)
) WITHOUT ROWID;
CREATE INDEX audit_batch_day ON audit_batch (day);

-- The newest batch of each writer, which is what is sealed.
CREATE TABLE audit_head (writer BIGINT PRIMARY KEY, n BIGINT NOT NULL, hash BYTES NOT NULL);

-- What names a person. A line holds ref only, the hash of salt and value: deleting this row leaves the chain whole.
CREATE TABLE audit_person (
    ref        BYTES PRIMARY KEY,
    account_id BIGINT NOT NULL,
    salt       BYTES NOT NULL,
    value      TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX audit_person_account ON audit_person (account_id);

CREATE TABLE audit_seal (
    n     BIGINT PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    heads TEXT NOT NULL,
    prev  BYTES NOT NULL,
    mac   BYTES NOT NULL
);

-- A rotated day: its batches and lines are in one compressed file of the blob storage.
CREATE TABLE audit_segment (
    id          IDENTITY,
    day         BIGINT NOT NULL UNIQUE,
    storage_key TEXT NOT NULL,
    digest      BYTES NOT NULL,
    size        BIGINT NOT NULL,
    entries     BIGINT NOT NULL,
    made_ms     BIGINT NOT NULL
);
CREATE TABLE audit_span (
    segment_id BIGINT NOT NULL REFERENCES audit_segment (id),
    writer     BIGINT NOT NULL,
    first      BIGINT NOT NULL,
    last       BIGINT NOT NULL,
    prev       BYTES NOT NULL,              -- of the batch first
    hash       BYTES NOT NULL,              -- of the batch last
    PRIMARY KEY (writer, first)
);

-- How far readers of the trail, and the trail as a reader of the outbox, have come.
CREATE TABLE audit_cursor (name TEXT PRIMARY KEY, position BIGINT NOT NULL);

-- How far each sink has come in the chain of each writer.
CREATE TABLE audit_sent (sink TEXT NOT NULL, writer BIGINT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (sink, writer));
