-- Organizations, teams, robots and grants (docs/architecture.md). An account is a person or a robot: both have a row in namespace,
-- a robot's under the name owner+short, so that one number names whoever can be granted something.

ALTER TABLE namespace ADD COLUMN email TEXT;                                       -- an organization's; a person's is in account
ALTER TABLE namespace ADD COLUMN deleted_by BIGINT;                                -- who gets the name, or the namespace, back
ALTER TABLE namespace ADD COLUMN tag_expiration_s BIGINT NOT NULL DEFAULT 1209600; -- how long what was deleted can be had back
ALTER TABLE namespace ADD COLUMN robot_secrets TEXT NOT NULL DEFAULT 'sealed';     -- sealed | hashed

ALTER TABLE account ADD COLUMN last_used_ms BIGINT;

ALTER TABLE repository ADD COLUMN state TEXT NOT NULL DEFAULT 'normal';            -- normal | read_only
ALTER TABLE repository ADD COLUMN deleted_by BIGINT;

ALTER TABLE team ADD COLUMN description TEXT NOT NULL DEFAULT '';

-- As before, but that robots may be members.
CREATE TABLE team_member_with_robots (
    team_id    BIGINT NOT NULL REFERENCES team (id),
    account_id BIGINT NOT NULL REFERENCES namespace (id),
    PRIMARY KEY (account_id, team_id)
);
INSERT INTO team_member_with_robots (team_id, account_id) SELECT team_id, account_id FROM team_member;
DROP TABLE team_member;
ALTER TABLE team_member_with_robots RENAME TO team_member;
CREATE INDEX team_member_team ON team_member (team_id, account_id);

-- Somebody, told by user name or by mail, who may join a team and has not answered yet.
CREATE TABLE team_invite (
    code       TEXT PRIMARY KEY,
    team_id    BIGINT NOT NULL REFERENCES team (id),
    account_id BIGINT REFERENCES namespace (id),
    email      TEXT,
    invited_by BIGINT NOT NULL,
    created_ms BIGINT NOT NULL
);
CREATE INDEX team_invite_team ON team_invite (team_id);
CREATE INDEX team_invite_account ON team_invite (account_id) WHERE account_id IS NOT NULL;

CREATE TABLE robot (
    id           BIGINT PRIMARY KEY REFERENCES namespace (id),
    namespace_id BIGINT NOT NULL REFERENCES namespace (id),  -- whose robot it is
    name         TEXT NOT NULL,                              -- the part after the plus
    description  TEXT NOT NULL,
    metadata     TEXT NOT NULL,                              -- a JSON object
    token_id     TEXT NOT NULL UNIQUE,                       -- the beginning of the token, by which it is found
    token_mac    BYTES NOT NULL,                             -- keyed hash of the whole token
    sealed_token BYTES,                                      -- null where the namespace keeps hashes only
    credential   BIGINT NOT NULL,                            -- grows with every new token, as an account's
    created_by   BIGINT NOT NULL,
    created_ms   BIGINT NOT NULL,
    expires_ms   BIGINT,
    last_used_ms BIGINT,
    UNIQUE (namespace_id, name)
);

-- Roles with a repository: 1 read, 2 write, 3 admin.
CREATE TABLE account_grant (
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    account_id    BIGINT NOT NULL,
    role          BIGINT NOT NULL,
    granted_by    BIGINT NOT NULL,
    granted_ms    BIGINT NOT NULL,
    PRIMARY KEY (namespace_id, repository_id, account_id)
);
CREATE INDEX account_grant_account ON account_grant (account_id, repository_id);
CREATE TABLE team_grant (
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    team_id       BIGINT NOT NULL,
    role          BIGINT NOT NULL,
    granted_by    BIGINT NOT NULL,
    granted_ms    BIGINT NOT NULL,
    PRIMARY KEY (namespace_id, repository_id, team_id)
);
CREATE INDEX team_grant_team ON team_grant (team_id, repository_id);

-- A default permission: what is granted on a repository that the activating account, or anyone where it is null, makes in the namespace.
CREATE TABLE prototype (
    id           IDENTITY,
    uuid         TEXT NOT NULL UNIQUE,
    namespace_id BIGINT NOT NULL REFERENCES namespace (id),
    activating_id BIGINT,
    account_id   BIGINT,                                     -- to whom: either an account
    team_id      BIGINT,                                     -- or a team
    role         BIGINT NOT NULL,
    created_ms   BIGINT NOT NULL
);
CREATE INDEX prototype_namespace ON prototype (namespace_id);

CREATE TABLE star (
    account_id    BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    created_ms    BIGINT NOT NULL,
    PRIMARY KEY (account_id, repository_id)
);
CREATE INDEX star_repository ON star (repository_id);

-- A browser that is signed in. The cookie's secret is here only as a hash.
CREATE TABLE session (
    id         TEXT PRIMARY KEY,
    secret     BYTES NOT NULL,
    account_id BIGINT NOT NULL,
    credential BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    fresh_ms   BIGINT NOT NULL,                              -- when the password was last shown
    seen_ms    BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    address    TEXT NOT NULL,
    agent      TEXT NOT NULL
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expiry ON session (expires_ms);

-- Keys of keyed hashes, themselves sealed by the key ring.
CREATE TABLE mac_key (
    purpose TEXT PRIMARY KEY,
    sealed  BYTES NOT NULL
);
