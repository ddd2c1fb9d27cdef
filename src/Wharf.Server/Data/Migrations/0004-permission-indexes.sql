-- no-transaction
-- Lists in the order of ids, each page in constant time.
DROP INDEX CONCURRENTLY IF EXISTS repository_namespace;
CREATE INDEX CONCURRENTLY repository_namespace ON repository (namespace_id, id) WHERE deleted_ms IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS repository_public;
CREATE INDEX CONCURRENTLY repository_public ON repository (id) WHERE public = 1 AND deleted_ms IS NULL;
-- What was deleted and can be had back, and the names that are kept for it.
DROP INDEX CONCURRENTLY IF EXISTS repository_deleted;
CREATE INDEX CONCURRENTLY repository_deleted ON repository (namespace_id, deleted_ms) WHERE deleted_ms IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS namespace_deleted;
CREATE INDEX CONCURRENTLY namespace_deleted ON namespace (name, deleted_ms) WHERE deleted_ms IS NOT NULL;
-- When a repository was last pushed to.
DROP INDEX CONCURRENTLY IF EXISTS tag_started;
CREATE INDEX CONCURRENTLY tag_started ON tag (namespace_id, repository_id, started_ms);
