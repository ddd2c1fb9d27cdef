-- no-transaction
-- Whether a namespace still has a blob somewhere; it does what the index by digest alone did, too.
DROP INDEX CONCURRENTLY IF EXISTS repository_blob_holders;
CREATE INDEX CONCURRENTLY repository_blob_holders ON repository_blob (digest, namespace_id, repository_id);
DROP INDEX CONCURRENTLY IF EXISTS repository_blob_digest;
