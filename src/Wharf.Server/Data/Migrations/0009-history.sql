-- What the permission engine decides by, with the time at which it was so: from_ms <= T < to_ms, and to_ms is null for what still is.
-- Triggers keep it (0009-history.postgres.sql, 0009-history.sqlite.sql), so that whatever changes a table cannot forget it. A later
-- script that builds one of the tables anew has to make its triggers anew, too.

CREATE TABLE namespace_history (
    entry      IDENTITY,
    id         BIGINT NOT NULL,
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL,
    deleted_ms BIGINT,
    from_ms    BIGINT NOT NULL,
    to_ms      BIGINT
);
CREATE INDEX namespace_history_id ON namespace_history (id, from_ms);
CREATE INDEX namespace_history_name ON namespace_history (name, from_ms);

CREATE TABLE account_history (
    entry     IDENTITY,
    id        BIGINT NOT NULL,
    superuser BIGINT NOT NULL,
    enabled   BIGINT NOT NULL,
    verified  BIGINT NOT NULL,
    from_ms   BIGINT NOT NULL,
    to_ms     BIGINT
);
CREATE INDEX account_history_id ON account_history (id, from_ms);

CREATE TABLE robot_history (
    entry        IDENTITY,
    id           BIGINT NOT NULL,
    namespace_id BIGINT NOT NULL,
    expires_ms   BIGINT,
    from_ms      BIGINT NOT NULL,
    to_ms        BIGINT
);
CREATE INDEX robot_history_id ON robot_history (id, from_ms);

CREATE TABLE team_history (
    entry        IDENTITY,
    id           BIGINT NOT NULL,
    namespace_id BIGINT NOT NULL,
    name         TEXT NOT NULL,
    role         TEXT NOT NULL,
    from_ms      BIGINT NOT NULL,
    to_ms        BIGINT
);
CREATE INDEX team_history_id ON team_history (id, from_ms);

CREATE TABLE team_member_history (
    entry      IDENTITY,
    team_id    BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    from_ms    BIGINT NOT NULL,
    to_ms      BIGINT
);
CREATE INDEX team_member_history_account ON team_member_history (account_id, team_id, from_ms);

CREATE TABLE repository_history (
    entry        IDENTITY,
    id           BIGINT NOT NULL,
    namespace_id BIGINT NOT NULL,
    name         TEXT NOT NULL,
    public       BIGINT NOT NULL,
    state        TEXT NOT NULL,
    deleted_ms   BIGINT,
    from_ms      BIGINT NOT NULL,
    to_ms        BIGINT
);
CREATE INDEX repository_history_id ON repository_history (id, from_ms);
CREATE INDEX repository_history_name ON repository_history (namespace_id, name, from_ms);

CREATE TABLE account_grant_history (
    entry         IDENTITY,
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    account_id    BIGINT NOT NULL,
    role          BIGINT NOT NULL,
    granted_by    BIGINT NOT NULL,
    granted_ms    BIGINT NOT NULL,
    from_ms       BIGINT NOT NULL,
    to_ms         BIGINT
);
CREATE INDEX account_grant_history_repository ON account_grant_history (namespace_id, repository_id, account_id, from_ms);

CREATE TABLE team_grant_history (
    entry         IDENTITY,
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    team_id       BIGINT NOT NULL,
    role          BIGINT NOT NULL,
    granted_by    BIGINT NOT NULL,
    granted_ms    BIGINT NOT NULL,
    from_ms       BIGINT NOT NULL,
    to_ms         BIGINT
);
CREATE INDEX team_grant_history_repository ON team_grant_history (namespace_id, repository_id, team_id, from_ms);
