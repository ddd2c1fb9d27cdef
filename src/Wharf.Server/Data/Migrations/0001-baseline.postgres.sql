
-- The database's time, in Unix milliseconds: one value for a whole statement.
CREATE FUNCTION now_ms() RETURNS BIGINT LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT (extract(epoch FROM statement_timestamp()) * 1000)::bigint $$;

-- Ends the transaction of a batch whose requirement found no row; the program knows the step by its number.
CREATE FUNCTION wharf_require(matches BIGINT, step INT) RETURNS INT LANGUAGE plpgsql AS $$
BEGIN
    IF matches = 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'WH000', MESSAGE = step::text;
    END IF;
    RETURN 1;
END $$;

-- Committed events that the sequencer has not given a position yet.
CREATE INDEX event_unsequenced ON event (id) WHERE seq IS NULL;
CREATE TABLE event_position (one INT PRIMARY KEY CHECK (one = 1), last BIGINT NOT NULL);
INSERT INTO event_position VALUES (1, 0);
