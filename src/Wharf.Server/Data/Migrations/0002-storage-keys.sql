-- Which storage keys a row names is asked for each object of the store (Content/Orphans).
CREATE INDEX blob_placement_key ON blob_placement (location, storage_key);
CREATE INDEX upload_key ON upload (location, storage_key);
