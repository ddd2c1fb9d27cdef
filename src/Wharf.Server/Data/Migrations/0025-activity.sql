-- How often repositories were pulled from on each day; how often they were pushed to is told by the history of their tags.
CREATE TABLE repository_day (
    namespace_id  BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    day           BIGINT NOT NULL,         -- since 1970, UTC
    pulls         BIGINT NOT NULL,
    PRIMARY KEY (namespace_id, repository_id, day)
);
CREATE INDEX repository_day_day ON repository_day (day);
