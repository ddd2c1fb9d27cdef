-- no-transaction
-- Tags that will end by themselves.
DROP INDEX CONCURRENTLY IF EXISTS tag_expiry;
CREATE INDEX CONCURRENTLY tag_expiry ON tag (expires_ms) WHERE ended_ms IS NULL AND expires_ms IS NOT NULL;
-- Ended tags that still keep their manifest.
DROP INDEX CONCURRENTLY IF EXISTS tag_dead;
CREATE INDEX CONCURRENTLY tag_dead ON tag (namespace_id, repository_id, digest, ended_ms) WHERE ended_ms IS NOT NULL AND collected_ms IS NULL;
-- History that outlived its content.
DROP INDEX CONCURRENTLY IF EXISTS tag_collected;
CREATE INDEX CONCURRENTLY tag_collected ON tag (collected_ms) WHERE collected_ms IS NOT NULL;
-- In which repositories a manifest is.
DROP INDEX CONCURRENTLY IF EXISTS manifest_link_digest;
CREATE INDEX CONCURRENTLY manifest_link_digest ON manifest_link (digest);
-- All referrers of a subject, deleted ones too.
DROP INDEX CONCURRENTLY IF EXISTS manifest_link_referrers;
CREATE INDEX CONCURRENTLY manifest_link_referrers ON manifest_link (namespace_id, repository_id, subject) WHERE subject IS NOT NULL;
-- What the collector will free.
DROP INDEX CONCURRENTLY IF EXISTS blob_condemned;
CREATE INDEX CONCURRENTLY blob_condemned ON blob (condemned_until_ms) WHERE state = 'condemned';
