-- Where the last file of the journal went: when blobs go elsewhere, the journal begins there with a snapshot.
ALTER TABLE journal_state ADD COLUMN location TEXT NOT NULL DEFAULT '';
