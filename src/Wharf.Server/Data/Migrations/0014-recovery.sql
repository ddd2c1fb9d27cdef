-- The metadata journal and the scrub (docs/recovery.md).

-- How far the journal has come; one row. A database that was recovered or restored begins a life of its own, with a snapshot.
CREATE TABLE journal_state (
    one         BIGINT PRIMARY KEY CHECK (one = 1),
    life        TEXT NOT NULL,
    next_file   BIGINT NOT NULL,           -- the number of the next file, over all lives
    position    BIGINT NOT NULL,           -- the last event whose change is in a file
    snapshot_ms BIGINT                     -- when the last snapshot began; null: there is none yet
);

-- Walks through all that is stored. One that is not ended goes on from its place.
CREATE TABLE scrub_run (
    id            IDENTITY,
    started_ms    BIGINT NOT NULL,
    ended_ms      BIGINT,
    by_hand       BIGINT NOT NULL,         -- 1: wharf scrub
    hashes        BIGINT NOT NULL,         -- 1: content is read and hashed; 0: only that it is there, and its size
    phase         TEXT NOT NULL,           -- blobs | unnamed | manifests | other | done
    place         TEXT NOT NULL,           -- how far the phase has come
    blobs         BIGINT NOT NULL DEFAULT 0,
    manifests     BIGINT NOT NULL DEFAULT 0,
    bytes         BIGINT NOT NULL DEFAULT 0,
    unnamed       BIGINT NOT NULL DEFAULT 0,
    unnamed_bytes BIGINT NOT NULL DEFAULT 0,
    findings      BIGINT NOT NULL DEFAULT 0,
    repaired      BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE scrub_finding (
    id     IDENTITY,
    run_id BIGINT NOT NULL,
    kind   TEXT NOT NULL,                  -- missing | corrupt | unreadable | manifest | foreign | journal
    digest BYTES,
    name   TEXT NOT NULL,                  -- the storage key, or how the place calls it
    detail TEXT NOT NULL,
    state  TEXT NOT NULL,                  -- open | repaired | present: what became of it at once
    at_ms  BIGINT NOT NULL
);
CREATE INDEX scrub_finding_run ON scrub_finding (run_id, id);

-- A tag's former values by when they ended.
CREATE INDEX tag_ended ON tag (namespace_id, repository_id, ended_ms) WHERE ended_ms IS NOT NULL;
