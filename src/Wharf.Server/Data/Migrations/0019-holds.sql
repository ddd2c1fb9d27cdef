-- Legal holds (docs/holds.md): nothing in them is collected, pruned, purged, rotated or erased until somebody else lifts them.
CREATE TABLE legal_hold (
    id             TEXT PRIMARY KEY,       -- in the order in which they were set
    kind           TEXT NOT NULL,          -- tag | repository | organization | person | audit
    level          TEXT NOT NULL,          -- registry | organization: who set it, and whose affair it is
    namespace_id   BIGINT NOT NULL,        -- 0 for audit
    repository_id  BIGINT NOT NULL,        -- 0 for all of the namespace
    tag            TEXT NOT NULL,          -- empty for all of the repository
    from_ms        BIGINT,                 -- of audit: from, and up to without, which time
    to_ms          BIGINT,
    reason         TEXT NOT NULL,
    case_reference TEXT NOT NULL,
    set_by         BIGINT NOT NULL,        -- 0: the operator, at the command line
    set_ms         BIGINT NOT NULL,
    lifted_by      BIGINT,
    lifted_ms      BIGINT                  -- null: it holds
);
CREATE INDEX legal_hold_holding ON legal_hold (namespace_id, repository_id) WHERE lifted_ms IS NULL;
CREATE INDEX legal_hold_namespace ON legal_hold (namespace_id, id);

ALTER TABLE storage_garbage ADD COLUMN locked_until_ms BIGINT;           -- until when the store does not let it go
