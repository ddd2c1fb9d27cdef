-- no-transaction
-- Which storage keys a row names is asked for each object of the store (Content/Orphans).
DROP INDEX CONCURRENTLY IF EXISTS blob_placement_key;
CREATE INDEX CONCURRENTLY blob_placement_key ON blob_placement (location, storage_key);
DROP INDEX CONCURRENTLY IF EXISTS upload_key;
CREATE INDEX CONCURRENTLY upload_key ON upload (location, storage_key);
