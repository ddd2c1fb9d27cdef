-- Which tags cannot be changed (docs/immutability.md).

ALTER TABLE manifest_link ADD COLUMN immutable BIGINT NOT NULL DEFAULT 0; -- 1: a tag that is pointed at it is immutable (quay.immutable)

-- Tags with such names are immutable from the moment that they begin; those that there are are made so piece by piece.
CREATE TABLE immutability_policy (
    uuid            TEXT PRIMARY KEY,
    namespace_id    BIGINT NOT NULL,
    repository_id   BIGINT NOT NULL,            -- 0: all repositories of the namespace
    pattern         TEXT NOT NULL,
    matches         BIGINT NOT NULL,            -- 1: the tags that match are immutable; 0: those that do not
    created_by      BIGINT NOT NULL,
    created_ms      BIGINT NOT NULL,
    version         BIGINT NOT NULL,            -- of the namespace's policies when this one was made or changed last
    next_repository BIGINT NOT NULL,            -- how far it has come with the tags that there were
    next_tag        TEXT NOT NULL,
    applied_ms      BIGINT,                     -- when it was through; null: it is on its way
    UNIQUE (namespace_id, repository_id, pattern)
);
CREATE INDEX immutability_policy_waiting ON immutability_policy (created_ms, uuid) WHERE applied_ms IS NULL;

-- Raised by each change of a policy, in its transaction: whoever judged by older ones is told, and judges anew.
CREATE TABLE immutability_version (
    namespace_id BIGINT PRIMARY KEY,
    version      BIGINT NOT NULL
);
