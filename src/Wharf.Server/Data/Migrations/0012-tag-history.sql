-- no-transaction
-- What became of the tags of a repository, the last change first.
DROP INDEX CONCURRENTLY IF EXISTS tag_history;
CREATE INDEX CONCURRENTLY tag_history ON tag (namespace_id, repository_id, started_ms DESC, name);
-- The same of those that live, with what a list has to know of each to leave it out.
DROP INDEX CONCURRENTLY IF EXISTS tag_live_history;
CREATE INDEX CONCURRENTLY tag_live_history ON tag (namespace_id, repository_id, started_ms DESC, name, expires_ms) WHERE ended_ms IS NULL;
