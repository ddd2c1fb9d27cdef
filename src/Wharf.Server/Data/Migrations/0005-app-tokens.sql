-- What stands in for a person's password in a program (docs/permissions.md).
CREATE TABLE app_token (
    id           IDENTITY,
    uuid         TEXT NOT NULL UNIQUE,
    account_id   BIGINT NOT NULL,
    title        TEXT NOT NULL,
    token_id     TEXT NOT NULL UNIQUE,                       -- the beginning of the token, by which it is found
    token_mac    BYTES NOT NULL,                             -- keyed hash of the whole token, which is kept nowhere
    created_ms   BIGINT NOT NULL,
    expires_ms   BIGINT,
    last_used_ms BIGINT
);
CREATE INDEX app_token_account ON app_token (account_id, id);
CREATE INDEX app_token_expiry ON app_token (expires_ms) WHERE expires_ms IS NOT NULL;
