-- How long content lives (docs/garbage-collection.md).

ALTER TABLE tag ADD COLUMN started_by BIGINT;                            -- who pointed it here; null: not known
ALTER TABLE tag ADD COLUMN reversion BIGINT NOT NULL DEFAULT 0;          -- 1: by a restoration

ALTER TABLE manifest_link ADD COLUMN pinned_ms BIGINT;                   -- when a push without a tag last asked to keep it, for one window; 0: never; null: when it was linked
ALTER TABLE manifest_link ADD COLUMN released_ms BIGINT;                 -- since when nothing needs it; the collector takes it a grace later
ALTER TABLE manifest_link ADD COLUMN expires_after_ms BIGINT;            -- how long a tag that is pointed at it lives (quay.expires-after); null: as long as nobody ends it

ALTER TABLE repository_blob ADD COLUMN released_ms BIGINT;               -- since when no manifest of the repository names it; the link goes a grace later
ALTER TABLE repository_blob ADD COLUMN deleted_ms BIGINT;                -- when a person deleted it; it is not served, and stays for manifests of the time machine

ALTER TABLE storage_garbage ADD COLUMN digest BYTES;                     -- of what it was, where that is known
ALTER TABLE storage_garbage ADD COLUMN size BIGINT NOT NULL DEFAULT 0;
ALTER TABLE storage_garbage ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;

ALTER TABLE repository ADD COLUMN purge_ms BIGINT;                       -- when its content began to go; it cannot be restored any more
ALTER TABLE namespace ADD COLUMN purge_ms BIGINT;

-- What may have become garbage, and when to look. Whoever takes a hold away adds a row in the same transaction; a row never says that
-- something is garbage, so one too many does no harm.
CREATE TABLE gc_review (
    id            IDENTITY,
    kind          TEXT NOT NULL,           -- manifest | link | blob | content | repository | namespace
    namespace_id  BIGINT NOT NULL,         -- 0 for blob and content
    repository_id BIGINT NOT NULL,         -- 0 for blob, content and namespace
    digest        BYTES NOT NULL,          -- empty for repository and namespace
    due_ms        BIGINT NOT NULL
);
CREATE INDEX gc_review_due ON gc_review (kind, due_ms);
CREATE INDEX gc_review_digest ON gc_review (digest);

-- What the collector has removed, by day (UTC).
CREATE TABLE gc_day (
    day_ms    BIGINT PRIMARY KEY,
    manifests BIGINT NOT NULL,
    links     BIGINT NOT NULL,
    blobs     BIGINT NOT NULL,
    bytes     BIGINT NOT NULL              -- of blobs whose bytes are gone from the store
);

-- A manifest that somebody needs by its digest until a time, whatever becomes of its tags.
CREATE TABLE digest_lease (
    id            TEXT PRIMARY KEY,
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    digest        BYTES NOT NULL,
    holder        TEXT NOT NULL,           -- in the words of who asked: a cluster, a deployment
    created_by    BIGINT NOT NULL,
    created_ms    BIGINT NOT NULL,
    expires_ms    BIGINT NOT NULL
);
CREATE INDEX digest_lease_digest ON digest_lease (namespace_id, repository_id, digest, expires_ms);
CREATE INDEX digest_lease_expiry ON digest_lease (expires_ms);

-- Labels that were added to a manifest by the API. Those of the image itself are read from it.
CREATE TABLE label (
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    manifest      BYTES NOT NULL,
    id            TEXT NOT NULL,
    key           TEXT NOT NULL,
    value         TEXT NOT NULL,
    media_type    TEXT NOT NULL,
    created_by    BIGINT NOT NULL,
    created_ms    BIGINT NOT NULL,
    PRIMARY KEY (namespace_id, repository_id, manifest, id)
);
