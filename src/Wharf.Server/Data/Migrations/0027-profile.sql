-- What people say of themselves (Quay's user metadata); NULL where they say nothing.
ALTER TABLE account ADD COLUMN given_name TEXT;
ALTER TABLE account ADD COLUMN family_name TEXT;
ALTER TABLE account ADD COLUMN company TEXT;
ALTER TABLE account ADD COLUMN location TEXT;

-- Which entries an export has: JSON.
ALTER TABLE log_export ADD COLUMN filter TEXT NOT NULL DEFAULT '{}';
