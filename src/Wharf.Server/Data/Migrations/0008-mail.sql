-- Mail that waits to be sent, and the codes that it carries (docs/mail.md).

ALTER TABLE account ADD COLUMN verified BIGINT NOT NULL DEFAULT 1;                 -- 0: made by a newcomer whose address is not confirmed yet

CREATE TABLE mail (
    id         IDENTITY,
    kind       TEXT NOT NULL,
    sealed     BYTES NOT NULL,                               -- to whom and what: it may hold a code that is good for an account
    created_ms BIGINT NOT NULL,
    due_ms     BIGINT NOT NULL,                              -- when it is to be tried next; whoever sends it puts that off first
    attempts   BIGINT NOT NULL
);
CREATE INDEX mail_due ON mail (due_ms, id);

-- How many mails an address got in the hour that began then.
CREATE TABLE mail_recipient (
    recipient BYTES PRIMARY KEY,                             -- keyed hash of the address
    since_ms  BIGINT NOT NULL,
    count     BIGINT NOT NULL
);
CREATE INDEX mail_recipient_since ON mail_recipient (since_ms);

-- Somebody said to have forgotten a password. Whether there is such an account is looked up later, so that the answer does not tell.
CREATE TABLE recovery_request (
    id           IDENTITY,
    sealed_email BYTES NOT NULL,
    created_ms   BIGINT NOT NULL
);

-- What a mailed link is good for, once.
CREATE TABLE mail_code (
    code_id    TEXT PRIMARY KEY,                             -- the beginning of the code, by which it is found
    mac        BYTES NOT NULL,                               -- keyed hash of the whole code
    purpose    TEXT NOT NULL,                                -- recovery | confirm | email
    account_id BIGINT NOT NULL,
    credential BIGINT NOT NULL,                              -- a password that is changed meanwhile ends it
    email      TEXT NOT NULL,                                -- the address that it was sent to
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL
);
CREATE INDEX mail_code_account ON mail_code (account_id);
CREATE INDEX mail_code_expiry ON mail_code (expires_ms);

-- An invitation by mail: code is the beginning of what was mailed.
ALTER TABLE team_invite ADD COLUMN mac BYTES;
CREATE UNIQUE INDEX team_invite_email ON team_invite (team_id, email) WHERE email IS NOT NULL;

-- Addresses that a repository's notifications may go to, once whoever reads their mail has agreed.
CREATE TABLE repository_email (
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    email         TEXT NOT NULL,
    code_id       TEXT NOT NULL UNIQUE,
    mac           BYTES NOT NULL,
    requested_by  BIGINT NOT NULL,
    created_ms    BIGINT NOT NULL,
    confirmed_ms  BIGINT,
    PRIMARY KEY (namespace_id, repository_id, email)
);

-- Public keys of services that sign what they say to this registry.
CREATE TABLE service_key (
    kid            TEXT PRIMARY KEY,
    name           TEXT NOT NULL,
    service        TEXT NOT NULL,
    jwk            TEXT NOT NULL,                            -- the public key only
    metadata       TEXT NOT NULL,                            -- a JSON object
    created_ms     BIGINT NOT NULL,
    expires_ms     BIGINT,
    rotation_s     BIGINT,
    approval_type  TEXT,                                     -- null: not approved
    approved_ms    BIGINT,
    approved_by    BIGINT,
    approval_notes TEXT NOT NULL
);
CREATE INDEX service_key_service ON service_key (service, kid);

-- What superusers have to say to everybody.
CREATE TABLE global_message (
    id         IDENTITY,
    uuid       TEXT NOT NULL UNIQUE,
    severity   TEXT NOT NULL,
    media_type TEXT NOT NULL,
    content    TEXT NOT NULL,
    created_by BIGINT NOT NULL,
    created_ms BIGINT NOT NULL
);

-- How much all blobs are together, as it was counted last; one row.
CREATE TABLE registry_size (
    id           BIGINT PRIMARY KEY,
    size_bytes   BIGINT NOT NULL,
    queued_ms    BIGINT,
    started_ms   BIGINT,
    completed_ms BIGINT
);
