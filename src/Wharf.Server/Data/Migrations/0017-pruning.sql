-- Policies that end tags (docs/pruning.md).
CREATE TABLE prune_policy (
    id            IDENTITY,
    uuid          TEXT NOT NULL UNIQUE,
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,         -- 0: of all repositories of the namespace
    policy        TEXT NOT NULL,           -- JSON, as the API takes it
    created_ms    BIGINT NOT NULL
);
CREATE INDEX prune_policy_place ON prune_policy (namespace_id, repository_id, id);

-- When the policies about a namespace were applied last, and what that did.
CREATE TABLE prune_run (
    namespace_id BIGINT PRIMARY KEY,
    started_ms   BIGINT NOT NULL,
    ended_ms     BIGINT,
    pruned       BIGINT NOT NULL,
    spared       BIGINT NOT NULL
);
CREATE INDEX prune_run_started ON prune_run (started_ms);

-- The few tags that no policy may end.
CREATE INDEX tag_immutable ON tag (namespace_id, repository_id, name) WHERE immutable = 1 AND ended_ms IS NULL;
