-- How often and when last something was pulled (docs/pull-statistics.md): a row for each tag and one for each manifest.
CREATE TABLE pull_count (
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    tag           TEXT NOT NULL,           -- empty: the row of a manifest, by whatever name it was pulled
    digest        BYTES NOT NULL,          -- empty: the row of a tag, whatever it named
    pulls         BIGINT NOT NULL,
    last_ms       BIGINT NOT NULL,
    PRIMARY KEY (namespace_id, repository_id, tag, digest)
);

-- Accounts whose pulls from an organization are no use of what they pull: scanners, mirrors.
CREATE TABLE pull_exclusion (
    namespace_id BIGINT NOT NULL,
    account_id   BIGINT NOT NULL,
    created_by   BIGINT NOT NULL,
    created_ms   BIGINT NOT NULL,
    PRIMARY KEY (namespace_id, account_id)
);
