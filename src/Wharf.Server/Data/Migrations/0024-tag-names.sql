-- no-transaction
-- Tags by name, wherever they are.
DROP INDEX CONCURRENTLY IF EXISTS tag_name;
CREATE INDEX CONCURRENTLY tag_name ON tag (name, repository_id) WHERE ended_ms IS NULL;
