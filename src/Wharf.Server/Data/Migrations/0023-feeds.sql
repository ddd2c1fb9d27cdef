-- What went wrong with feeds that have no revision yet; those that have one have a row in feed.
CREATE TABLE feed_problem (
    name       TEXT PRIMARY KEY,
    problem    TEXT NOT NULL,
    checked_ms BIGINT NOT NULL
);

-- The revision that is being evaluated. One that was given up for a newer one has left findings that the newer one may not speak of.
ALTER TABLE feed ADD COLUMN evaluating_key TEXT;
