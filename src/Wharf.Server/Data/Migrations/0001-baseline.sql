-- One text for both engines; the migrator replaces three words:
--   IDENTITY   a generated 64-bit primary key
--   BYTES      a byte string
--   EVENT_SEQ  the position of an event: on SQLite the row's own id (one writer, so ids commit in order),
--              on PostgreSQL assigned after commit by the sequencer (docs/architecture.md)
-- and orders every text by byte. Times are Unix milliseconds. Digests are raw bytes: 32 of sha256, 64 of sha512.

CREATE TABLE namespace (
    id          IDENTITY,
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL,             -- user | organization
    created_ms  BIGINT NOT NULL,
    deleted_ms  BIGINT
);
CREATE UNIQUE INDEX namespace_name ON namespace (name) WHERE deleted_ms IS NULL;

-- A person. The id is the one of the person's own namespace.
CREATE TABLE account (
    id              BIGINT PRIMARY KEY REFERENCES namespace (id),
    email           TEXT,
    sealed_password BYTES NOT NULL,
    credential      BIGINT NOT NULL,       -- grows with every change of the password; tokens name it
    superuser       BIGINT NOT NULL,
    enabled         BIGINT NOT NULL,
    created_ms      BIGINT NOT NULL
);
CREATE UNIQUE INDEX account_email ON account (email) WHERE email IS NOT NULL;

CREATE TABLE team (
    id           IDENTITY,
    namespace_id BIGINT NOT NULL REFERENCES namespace (id),
    name         TEXT NOT NULL,
    role         TEXT NOT NULL,            -- admin | creator | member
    UNIQUE (namespace_id, name)
);
CREATE TABLE team_member (
    team_id    BIGINT NOT NULL REFERENCES team (id),
    account_id BIGINT NOT NULL REFERENCES account (id),
    PRIMARY KEY (account_id, team_id)
);

CREATE TABLE repository (
    id           IDENTITY,
    namespace_id BIGINT NOT NULL REFERENCES namespace (id),
    name         TEXT NOT NULL,
    public       BIGINT NOT NULL,
    description  TEXT NOT NULL,
    created_ms   BIGINT NOT NULL,
    deleted_ms   BIGINT
);
CREATE UNIQUE INDEX repository_name ON repository (namespace_id, name) WHERE deleted_ms IS NULL;

CREATE TABLE blob (
    digest             BYTES PRIMARY KEY,
    size               BIGINT NOT NULL,
    state              TEXT NOT NULL,      -- live | condemned | deleting
    condemned_until_ms BIGINT
);
CREATE TABLE blob_placement (
    digest      BYTES NOT NULL REFERENCES blob (digest),
    location    TEXT NOT NULL,
    storage_key TEXT NOT NULL,
    state       TEXT NOT NULL,             -- present | copying | lost
    PRIMARY KEY (digest, location)
);
CREATE TABLE storage_garbage (
    location     TEXT NOT NULL,
    storage_key  TEXT NOT NULL,
    upload_state BYTES,                    -- not null: what an upload left that nobody went on with, as the driver noted it
    after_ms     BIGINT NOT NULL,
    PRIMARY KEY (location, storage_key)
);
CREATE INDEX storage_garbage_due ON storage_garbage (after_ms);

-- A repository may serve a blob only when it has a row here.
CREATE TABLE repository_blob (
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    digest        BYTES NOT NULL,
    linked_ms     BIGINT NOT NULL,
    origin        TEXT NOT NULL,           -- pushed | mounted
    PRIMARY KEY (namespace_id, repository_id, digest)
);
CREATE INDEX repository_blob_digest ON repository_blob (digest);

CREATE TABLE upload (
    id            TEXT PRIMARY KEY,
    repository    TEXT NOT NULL,
    account_id    BIGINT NOT NULL,
    location      TEXT NOT NULL,
    storage_key   TEXT NOT NULL,
    algorithm     TEXT NOT NULL,
    size          BIGINT NOT NULL,
    hash_state    BYTES,                   -- null: to be hashed again from storage at the commit
    driver_state  BYTES,                   -- null: nothing is stored yet
    generation    BIGINT NOT NULL,
    incarnation   TEXT NOT NULL,
    created_ms    BIGINT NOT NULL,
    expires_ms    BIGINT NOT NULL
);
CREATE INDEX upload_expiry ON upload (expires_ms);

CREATE TABLE manifest (
    digest  BYTES PRIMARY KEY,
    content BYTES NOT NULL
);
-- The media type belongs to the link: where the bytes do not say it, each repository keeps the one it was pushed with.
CREATE TABLE manifest_link (
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    digest        BYTES NOT NULL,
    media_type    TEXT NOT NULL,
    subject       BYTES,
    artifact_type TEXT,
    descriptor    BYTES,                   -- how a referrers list shows it, JSON; only where there is a subject
    linked_ms     BIGINT NOT NULL,
    deleted_ms    BIGINT,
    origin        TEXT NOT NULL,
    PRIMARY KEY (namespace_id, repository_id, digest)
);
CREATE INDEX manifest_link_subject ON manifest_link (namespace_id, repository_id, subject, digest) WHERE subject IS NOT NULL AND deleted_ms IS NULL;

-- What a manifest names. A descriptor only: whether the content is here is told by the link rows.
CREATE TABLE manifest_ref (
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    manifest      BYTES NOT NULL,
    digest        BYTES NOT NULL,
    size          BIGINT NOT NULL,
    kind          TEXT NOT NULL,           -- blob | child
    PRIMARY KEY (namespace_id, repository_id, manifest, digest)
);
CREATE INDEX manifest_ref_digest ON manifest_ref (namespace_id, repository_id, digest);

CREATE TABLE tag (
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    name          TEXT NOT NULL,
    digest        BYTES NOT NULL,
    started_ms    BIGINT NOT NULL,
    ended_ms      BIGINT,
    expires_ms    BIGINT,
    ended_by      BIGINT,
    collected_ms  BIGINT,
    PRIMARY KEY (namespace_id, repository_id, name, started_ms)
);
CREATE UNIQUE INDEX tag_live ON tag (namespace_id, repository_id, name) WHERE ended_ms IS NULL;
CREATE INDEX tag_digest ON tag (namespace_id, repository_id, digest) WHERE ended_ms IS NULL;

CREATE TABLE event (
    id            IDENTITY,
    seq           EVENT_SEQ,
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT,
    kind          TEXT NOT NULL,
    digest        BYTES,
    at_ms         BIGINT NOT NULL,
    payload       TEXT NOT NULL            -- JSON of at most 8 KiB
);

CREATE TABLE lease (
    name       TEXT PRIMARY KEY,
    holder     TEXT NOT NULL,
    fence      BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL
);

CREATE TABLE signing_key (
    id             TEXT PRIMARY KEY,
    public_key     BYTES NOT NULL,
    sealed_private BYTES NOT NULL,
    created_ms     BIGINT NOT NULL,
    retired_ms     BIGINT
);
