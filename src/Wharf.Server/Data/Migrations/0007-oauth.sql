-- Applications that act for people, and the tokens with which they do (docs/permissions.md).
CREATE TABLE oauth_application (
    id              IDENTITY,
    namespace_id    BIGINT NOT NULL REFERENCES namespace (id),
    client_id       TEXT NOT NULL UNIQUE,
    sealed_secret   BYTES NOT NULL,                          -- shown to the organization's admins again and again
    name            TEXT NOT NULL,
    description     TEXT NOT NULL,
    application_uri TEXT NOT NULL,
    redirect_uri    TEXT NOT NULL,
    avatar_email    TEXT,
    created_by      BIGINT NOT NULL,
    created_ms      BIGINT NOT NULL
);
CREATE INDEX oauth_application_namespace ON oauth_application (namespace_id, id);

CREATE TABLE oauth_token (
    id             IDENTITY,
    uuid           TEXT NOT NULL UNIQUE,
    application_id BIGINT NOT NULL REFERENCES oauth_application (id),
    account_id     BIGINT NOT NULL,                          -- for whom it acts
    name           TEXT,                                     -- null: an application got it with the person's consent
    scope          TEXT NOT NULL,
    token_id       TEXT NOT NULL UNIQUE,                     -- the beginning of the token, by which it is found
    token_mac      BYTES NOT NULL,                           -- keyed hash of the whole token, which is kept nowhere
    created_ms     BIGINT NOT NULL,
    expires_ms     BIGINT NOT NULL,
    last_used_ms   BIGINT,
    parent_id      BIGINT                                    -- the token that made it, and without which it is void
);
CREATE INDEX oauth_token_parent ON oauth_token (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX oauth_token_application ON oauth_token (application_id, id);
CREATE INDEX oauth_token_account ON oauth_token (account_id, id);
CREATE INDEX oauth_token_expiry ON oauth_token (expires_ms);

-- What an application exchanges for a token, once.
CREATE TABLE oauth_code (
    code_id        TEXT PRIMARY KEY,
    code_mac       BYTES NOT NULL,
    application_id BIGINT NOT NULL REFERENCES oauth_application (id),
    account_id     BIGINT NOT NULL,
    redirect_uri   TEXT NOT NULL,
    scope          TEXT NOT NULL,
    challenge      BYTES,                                    -- SHA-256 of what the application has to show (PKCE)
    expires_ms     BIGINT NOT NULL,
    token_uuid     TEXT                                      -- the token made of it: whoever comes with the code again ends it
);
CREATE INDEX oauth_code_application ON oauth_code (application_id);
CREATE INDEX oauth_code_account ON oauth_code (account_id);
CREATE INDEX oauth_code_expiry ON oauth_code (expires_ms);

-- Somebody who is no admin may let the application act for him, with these scopes, once.
CREATE TABLE oauth_assignment (
    id             IDENTITY,
    uuid           TEXT NOT NULL UNIQUE,
    application_id BIGINT NOT NULL REFERENCES oauth_application (id),
    account_id     BIGINT NOT NULL,
    redirect_uri   TEXT NOT NULL,
    scope          TEXT NOT NULL,
    response_type  TEXT NOT NULL,
    assigned_by    BIGINT NOT NULL,
    created_ms     BIGINT NOT NULL
);
CREATE INDEX oauth_assignment_application ON oauth_assignment (application_id);
CREATE INDEX oauth_assignment_account ON oauth_assignment (account_id, id);
