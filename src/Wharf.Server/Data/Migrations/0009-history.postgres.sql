
-- Closes the row of what was, and opens one of what is. Arguments: the condition that finds the former, the columns, their new values.
CREATE FUNCTION keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    -- Of the row's lock and not of the statement, which may have waited for another one that changed the row in between.
    at_ms BIGINT := floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        EXECUTE format('UPDATE %I SET to_ms = greatest(from_ms, $2) WHERE to_ms IS NULL AND %s', TG_TABLE_NAME || '_history', TG_ARGV[0]) USING OLD, at_ms;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        EXECUTE format('INSERT INTO %I (%s, from_ms) SELECT %s, $2', TG_TABLE_NAME || '_history', TG_ARGV[1], TG_ARGV[2]) USING NEW, at_ms;
    END IF;
    RETURN NULL;
END $$;

-- The triggers first: they lock the table, so that nothing changes between what is copied and what they see.
DO $$
DECLARE
    t RECORD;
    found TEXT;
    given TEXT;
    changed TEXT;
BEGIN
    FOR t IN SELECT * FROM (VALUES
        ('namespace', '{id}', '{id,name,kind,deleted_ms}', 'created_ms', TRUE),
        ('account', '{id}', '{id,superuser,enabled,verified}', 'created_ms', FALSE),
        ('robot', '{id}', '{id,namespace_id,expires_ms}', 'created_ms', FALSE),
        ('team', '{id}', '{id,namespace_id,name,role}', '0', FALSE),
        ('team_member', '{account_id,team_id}', '{team_id,account_id}', '0', FALSE),
        ('repository', '{id}', '{id,namespace_id,name,public,state,deleted_ms}', 'created_ms', TRUE),
        ('account_grant', '{namespace_id,repository_id,account_id}', '{namespace_id,repository_id,account_id,role,granted_by,granted_ms}', 'granted_ms', FALSE),
        ('team_grant', '{namespace_id,repository_id,team_id}', '{namespace_id,repository_id,team_id,role,granted_by,granted_ms}', 'granted_ms', FALSE)
    ) AS v (name, keys, columns, since, is_deletable)
    LOOP
        SELECT string_agg(format('%1$I = ($1).%1$I', c), ' AND ') INTO found FROM unnest(t.keys::text[]) AS c;
        SELECT string_agg(format('($1).%I', c), ', '), string_agg(format('OLD.%1$I IS DISTINCT FROM NEW.%1$I', c), ' OR ') INTO given, changed FROM unnest(t.columns::text[]) AS c;
        EXECUTE format('CREATE TRIGGER history AFTER INSERT OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION keep_history(%L, %L, %L)',
            t.name, found, array_to_string(t.columns::text[], ', '), given);
        EXECUTE format('CREATE TRIGGER history_update AFTER UPDATE ON %I FOR EACH ROW WHEN (%s) EXECUTE FUNCTION keep_history(%L, %L, %L)',
            t.name, changed, found, array_to_string(t.columns::text[], ', '), given);
        IF t.is_deletable THEN
            EXECUTE format('INSERT INTO %I (%s, from_ms, to_ms) SELECT %s, %s, deleted_ms FROM %I', t.name || '_history', array_to_string(t.columns::text[], ', '),
                replace(array_to_string(t.columns::text[], ', '), 'deleted_ms', 'NULL'), t.since, t.name);
            EXECUTE format('INSERT INTO %I (%s, from_ms) SELECT %s, deleted_ms FROM %I WHERE deleted_ms IS NOT NULL', t.name || '_history', array_to_string(t.columns::text[], ', '),
                array_to_string(t.columns::text[], ', '), t.name);
        ELSE
            EXECUTE format('INSERT INTO %I (%s, from_ms) SELECT %s, %s FROM %I', t.name || '_history', array_to_string(t.columns::text[], ', '),
                array_to_string(t.columns::text[], ', '), t.since, t.name);
        END IF;
    END LOOP;
END $$;
