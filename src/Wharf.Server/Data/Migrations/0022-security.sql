-- The vulnerability scanner (docs/security-scanning.md). All of it can be made anew from the images and the feeds.

-- What became of each manifest, whatever repositories link it.
CREATE TABLE scan (
    manifest     BYTES PRIMARY KEY,
    state        TEXT NOT NULL,            -- queued | scanned | failed | too_large | unsupported
    reason       TEXT,                     -- of failed, too_large and unsupported: for people
    attempts     BIGINT NOT NULL,          -- how often it was begun since it was queued
    due_ms       BIGINT,                   -- when it is to be begun, or begun again; null: it is done
    version      BIGINT NOT NULL,          -- of the indexer that made it; 0: none yet
    distro       TEXT,
    distro_version TEXT,
    problems     TEXT,                     -- JSON: what was left out, for people
    queued_ms    BIGINT NOT NULL,
    scanned_ms   BIGINT
);
CREATE INDEX scan_due ON scan (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX scan_version ON scan (version, manifest);

-- How far the queue has read the outbox; one row, since the first start of a scanner.
CREATE TABLE scan_position (
    one      BIGINT PRIMARY KEY CHECK (one = 1),
    position BIGINT NOT NULL
);

-- What is in a layer, by the blob's digest: an image on a known base is indexed by its new layers alone.
CREATE TABLE layer_index (
    layer      BYTES NOT NULL,
    version    BIGINT NOT NULL,            -- of the indexer
    content    BYTES NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (layer, version)
);

-- A package as feeds speak of it: the same one of any number of images is matched once.
CREATE TABLE component (
    id             IDENTITY,
    identity       BYTES NOT NULL UNIQUE,  -- SHA-256 of all that matching depends on
    type           TEXT NOT NULL,
    name           TEXT NOT NULL,
    version        TEXT NOT NULL,
    source         TEXT,
    source_version TEXT,
    arch           TEXT,
    module         TEXT,
    distro         TEXT,
    distro_version TEXT,
    repositories   TEXT,                   -- JSON; of rpms
    owned          BIGINT NOT NULL         -- 1: its files are a distribution's package's
);
CREATE INDEX component_package ON component (name, id);

-- Under which names feeds speak of it: what a change of a feed reaches.
CREATE TABLE component_name (
    ecosystem    TEXT NOT NULL,
    name         TEXT NOT NULL,
    component_id BIGINT NOT NULL,
    PRIMARY KEY (ecosystem, name, component_id)
);

CREATE TABLE manifest_component (
    manifest     BYTES NOT NULL,
    component_id BIGINT NOT NULL,
    layer        BYTES NOT NULL,           -- the blob that brought it
    locations    TEXT NOT NULL,            -- JSON
    owned_by     TEXT,
    since_ms     BIGINT NOT NULL,
    PRIMARY KEY (manifest, component_id)
);
CREATE INDEX manifest_component_component ON manifest_component (component_id, manifest);

-- What a component has. One that is gone stays, with the time and the reason.
CREATE TABLE finding (
    component_id  BIGINT NOT NULL,
    vulnerability TEXT NOT NULL,
    aliases       TEXT NOT NULL,           -- JSON
    status        TEXT NOT NULL,
    severity      BIGINT NOT NULL,         -- 0 Unknown ... 5 Critical
    fixed_in      TEXT,
    feed          TEXT NOT NULL,
    exploited     TEXT,                    -- since when, YYYY-MM-DD
    epss          TEXT,                    -- 0 to 1
    detail        TEXT NOT NULL,           -- JSON: summary, links, CVSS, evidence
    reason        TEXT,                    -- null: a finding; else why it is suppressed
    first_seen_ms BIGINT NOT NULL,
    last_seen_ms  BIGINT NOT NULL,
    gone_ms       BIGINT,
    PRIMARY KEY (component_id, vulnerability)
);
CREATE INDEX finding_vulnerability ON finding (vulnerability, component_id);

-- Other names of vulnerabilities, to search by.
CREATE TABLE vulnerability_alias (
    alias         TEXT NOT NULL,
    vulnerability TEXT NOT NULL,
    PRIMARY KEY (alias, vulnerability)
);

-- The state of each feed. Findings rest on the evaluated one.
CREATE TABLE feed (
    name          TEXT PRIMARY KEY,
    revision      TEXT NOT NULL,
    date_ms       BIGINT NOT NULL,         -- when its publisher last changed it
    licence       TEXT NOT NULL,
    statements    BIGINT NOT NULL,
    ecosystems    TEXT NOT NULL,           -- JSON: what it speaks of
    storage_key   TEXT NOT NULL,           -- the compiled revision, a stored_file
    evaluated_key TEXT,                    -- the one that findings rest on; null: none yet
    files         TEXT NOT NULL,           -- JSON: what the publisher served, each a stored_file
    imported_ms   BIGINT NOT NULL,
    checked_ms    BIGINT NOT NULL,         -- when the publisher was last asked, or a directory last imported
    problem       TEXT                     -- what went wrong then; null: nothing
);

-- What a new revision of a feed changed, until all manifests that have it are told.
CREATE TABLE finding_change (
    feed          TEXT NOT NULL,
    component_id  BIGINT NOT NULL,
    vulnerability TEXT NOT NULL,
    kind          TEXT NOT NULL,           -- added | removed | changed
    severity      BIGINT NOT NULL,
    PRIMARY KEY (feed, component_id, vulnerability)
);
CREATE TABLE finding_news (
    feed     TEXT NOT NULL,
    manifest BYTES NOT NULL,
    PRIMARY KEY (feed, manifest)
);

-- How many findings a repository had at the end of each day: its manifests that tags name.
CREATE TABLE security_trend (
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    day           BIGINT NOT NULL,         -- since 1970, UTC
    counts        TEXT NOT NULL,           -- JSON: manifests, and findings by severity, and those that can be fixed
    PRIMARY KEY (namespace_id, repository_id, day)
);
