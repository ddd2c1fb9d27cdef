
-- The audit trail (docs/audit.md). Embedded it is a database of its own with the same tables: audit/0001-audit.sql.
-- One day, a partition; rotation drops it. Days are those of the batch, so that no batch is torn.
CREATE TABLE audit_entry (
    day           INT NOT NULL,
    writer        BIGINT NOT NULL,
    n             BIGINT NOT NULL,
    i             INT NOT NULL,
    at_ms         BIGINT NOT NULL,
    class         SMALLINT NOT NULL,
    kind          TEXT COLLATE "C" NOT NULL,
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT,
    performer_id  BIGINT NOT NULL,
    about_id      BIGINT,
    digest_key    BIGINT,
    line          BYTEA NOT NULL,
    PRIMARY KEY (writer, n, i, day)
) PARTITION BY RANGE (day);
CREATE INDEX audit_entry_time ON audit_entry (at_ms);
CREATE INDEX audit_entry_namespace ON audit_entry (namespace_id, at_ms);
CREATE INDEX audit_entry_changes ON audit_entry (namespace_id, at_ms) WHERE class = 1;
CREATE INDEX audit_entry_repository ON audit_entry (repository_id, at_ms) WHERE repository_id IS NOT NULL;
CREATE INDEX audit_entry_performer ON audit_entry (performer_id, at_ms);
CREATE INDEX audit_entry_digest ON audit_entry (digest_key, at_ms) WHERE digest_key IS NOT NULL;

CREATE TABLE audit_batch (
    writer  BIGINT NOT NULL,
    n       BIGINT NOT NULL,
    day     INT NOT NULL,
    count   INT NOT NULL,
    from_ms BIGINT NOT NULL,
    to_ms   BIGINT NOT NULL,
    prev    BYTEA NOT NULL,
    root    BYTEA NOT NULL,
    hash    BYTEA NOT NULL,
    PRIMARY KEY (writer, n)
);
CREATE INDEX audit_batch_day ON audit_batch (day);
CREATE TABLE audit_head (writer BIGINT PRIMARY KEY, n BIGINT NOT NULL, hash BYTEA NOT NULL);
CREATE TABLE audit_person (
    ref        BYTEA PRIMARY KEY,
    account_id BIGINT NOT NULL,
    salt       BYTEA NOT NULL,
    value      TEXT COLLATE "C" NOT NULL
);
CREATE INDEX audit_person_account ON audit_person (account_id);
CREATE TABLE audit_seal (
    n     BIGINT PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    heads TEXT COLLATE "C" NOT NULL,
    prev  BYTEA NOT NULL,
    mac   BYTEA NOT NULL
);
CREATE TABLE audit_segment (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    day         INT NOT NULL UNIQUE,
    storage_key TEXT COLLATE "C" NOT NULL,
    digest      BYTEA NOT NULL,
    size        BIGINT NOT NULL,
    entries     BIGINT NOT NULL,
    made_ms     BIGINT NOT NULL
);
CREATE TABLE audit_span (
    segment_id BIGINT NOT NULL REFERENCES audit_segment (id),
    writer     BIGINT NOT NULL,
    first      BIGINT NOT NULL,
    last       BIGINT NOT NULL,
    prev       BYTEA NOT NULL,
    hash       BYTEA NOT NULL,
    PRIMARY KEY (writer, first)
);
CREATE TABLE audit_cursor (name TEXT COLLATE "C" PRIMARY KEY, position BIGINT NOT NULL);

-- How far each sink has come in the chain of each writer.
CREATE TABLE audit_sent (sink TEXT COLLATE "C" NOT NULL, writer BIGINT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (sink, writer));
