-- Rules about content: what cannot be changed, and how much room there is (docs/quota.md).

ALTER TABLE tag ADD COLUMN immutable BIGINT NOT NULL DEFAULT 0;          -- 1: it names this and nothing else until an administrator says otherwise

ALTER TABLE upload ADD COLUMN namespace_id BIGINT NOT NULL DEFAULT 0;    -- where it is counted while it is open; 0: the namespace was not there yet

-- How much a namespace may hold, or those of its repositories whose names begin with a prefix.
CREATE TABLE quota (
    id           IDENTITY,
    namespace_id BIGINT NOT NULL,
    prefix       TEXT NOT NULL,            -- of the repository's name; empty: all of them
    limit_bytes  BIGINT NOT NULL,
    warn_bytes   BIGINT,                   -- the lowest of its thresholds of each kind; null: there is none
    reject_bytes BIGINT,
    created_ms   BIGINT NOT NULL,
    UNIQUE (namespace_id, prefix)
);
CREATE TABLE quota_limit (
    id           IDENTITY,
    namespace_id BIGINT NOT NULL,
    quota_id     BIGINT NOT NULL,
    kind         TEXT NOT NULL,            -- Warning | Reject
    percent      BIGINT NOT NULL
);
CREATE INDEX quota_limit_quota ON quota_limit (quota_id);

-- Each content that a namespace holds once, however many of its repositories have it; the same for each prefix with a quota. What is
-- used is the sum of these: of those that are folded in usage, of the others here, less what went since (usage_delta).
CREATE TABLE usage_blob (
    namespace_id BIGINT NOT NULL,
    quota_id     BIGINT NOT NULL,          -- of a quota with a prefix; 0: of the namespace
    digest       BYTES NOT NULL,
    bytes        BIGINT NOT NULL,
    folded       BIGINT NOT NULL,          -- 1: usage has it
    PRIMARY KEY (namespace_id, quota_id, digest)
);
CREATE INDEX usage_blob_new ON usage_blob (namespace_id, quota_id, bytes) WHERE folded = 0;
CREATE TABLE usage_delta (
    id           IDENTITY,
    namespace_id BIGINT NOT NULL,
    quota_id     BIGINT NOT NULL,
    bytes        BIGINT NOT NULL
);
CREATE INDEX usage_delta_of ON usage_delta (namespace_id, quota_id);
CREATE TABLE usage (
    namespace_id BIGINT NOT NULL,
    quota_id     BIGINT NOT NULL,
    bytes        BIGINT NOT NULL,
    current_bytes BIGINT,                  -- of what the tags show; the rest is of the time machine
    current_ms   BIGINT,                   -- when that was looked up
    recount_ms   BIGINT,                   -- when to compare all of it with the links; null: when it is its turn
    counted_ms   BIGINT,                   -- when that was done last
    PRIMARY KEY (namespace_id, quota_id)
);
CREATE TABLE usage_day (
    namespace_id BIGINT NOT NULL,
    quota_id     BIGINT NOT NULL,
    day_ms       BIGINT NOT NULL,
    bytes        BIGINT NOT NULL,          -- at the end of that day, or now
    PRIMARY KEY (namespace_id, quota_id, day_ms)
);
INSERT INTO usage (namespace_id, quota_id, bytes, recount_ms) SELECT id, 0, 0, 0 FROM namespace WHERE kind <> 'robot';
