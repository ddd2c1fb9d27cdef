-- From where a change was asked for: JSON with address, user agent, credential and request id; null for the server's own work.
ALTER TABLE event ADD COLUMN origin TEXT;

-- Objects of the blob storage that are no blobs: rotated audit segments, exported logs. Named here before they are written, so that the
-- search for orphans leaves them alone.
CREATE TABLE stored_file (
    location    TEXT NOT NULL,
    storage_key TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    expires_ms  BIGINT,
    PRIMARY KEY (location, storage_key)
);
CREATE INDEX stored_file_expiry ON stored_file (expires_ms) WHERE expires_ms IS NOT NULL;

-- Exports of logs that are asked for, and the links to those that are made.
CREATE TABLE log_export (
    id             TEXT PRIMARY KEY,
    namespace_id   BIGINT NOT NULL,
    repository_id  BIGINT,
    requested_by   BIGINT NOT NULL,
    from_ms        BIGINT NOT NULL,
    to_ms          BIGINT NOT NULL,
    base_url       TEXT NOT NULL,
    callback_url   TEXT,
    callback_email TEXT,
    attempts       BIGINT NOT NULL DEFAULT 0,
    due_ms         BIGINT,                 -- null: done, or given up
    storage_key    TEXT,
    link_hash      BYTES,
    expires_ms     BIGINT NOT NULL
);
CREATE INDEX log_export_due ON log_export (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX log_export_link ON log_export (link_hash) WHERE link_hash IS NOT NULL;
