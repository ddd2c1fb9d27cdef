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
