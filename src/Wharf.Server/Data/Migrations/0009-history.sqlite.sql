
-- What 0009-history.postgres.sql does, for SQLite. Every connection has julianday, not only this program's.

CREATE TRIGGER namespace_history_insert AFTER INSERT ON namespace BEGIN
    INSERT INTO namespace_history (id, name, kind, deleted_ms, from_ms) VALUES (NEW.id, NEW.name, NEW.kind, NEW.deleted_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER));
END;
CREATE TRIGGER namespace_history_update AFTER UPDATE OF name, kind, deleted_ms ON namespace WHEN OLD.name IS NOT NEW.name OR OLD.kind IS NOT NEW.kind OR OLD.deleted_ms IS NOT NEW.deleted_ms BEGIN
    UPDATE namespace_history SET to_ms = max(from_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)) WHERE to_ms IS NULL AND id = OLD.id;
    INSERT INTO namespace_history (id, name, kind, deleted_ms, from_ms) VALUES (NEW.id, NEW.name, NEW.kind, NEW.deleted_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER));
END;
CREATE TRIGGER namespace_history_delete AFTER DELETE ON namespace BEGIN
    UPDATE namespace_history SET to_ms = max(from_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)) WHERE to_ms IS NULL AND id = OLD.id;
END;
INSERT INTO namespace_history (id, name, kind, deleted_ms, from_ms, to_ms) SELECT id, name, kind, NULL, created_ms, deleted_ms FROM namespace;
INSERT INTO namespace_history (id, name, kind, deleted_ms, from_ms) SELECT id, name, kind, deleted_ms, deleted_ms FROM namespace WHERE deleted_ms IS NOT NULL;

CREATE TRIGGER account_history_insert AFTER INSERT ON account BEGIN
    INSERT INTO account_history (id, superuser, enabled, verified, from_ms) VALUES (NEW.id, NEW.superuser, NEW.enabled, NEW.verified, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER));
END;
CREATE TRIGGER account_history_update AFTER UPDATE OF superuser, enabled, verified ON account WHEN OLD.superuser IS NOT NEW.superuser OR OLD.enabled IS NOT NEW.enabled OR OLD.verified IS NOT NEW.verified BEGIN
    UPDATE account_history SET to_ms = max(from_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)) WHERE to_ms IS NULL AND id = OLD.id;
    INSERT INTO account_history (id, superuser, enabled, verified, from_ms) VALUES (NEW.id, NEW.superuser, NEW.enabled, NEW.verified, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER));
END;
CREATE TRIGGER account_history_delete AFTER DELETE ON account BEGIN
    UPDATE account_history SET to_ms = max(from_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)) WHERE to_ms IS NULL AND id = OLD.id;
END;
INSERT INTO account_history (id, superuser, enabled, verified, from_ms) SELECT id, superuser, enabled, verified, created_ms FROM account;

CREATE TRIGGER robot_history_insert AFTER INSERT ON robot BEGIN
    INSERT INTO robot_history (id, namespace_id, expires_ms, from_ms) VALUES (NEW.id, NEW.namespace_id, NEW.expires_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER));
END;
CREATE TRIGGER robot_history_update AFTER UPDATE OF expires_ms ON robot WHEN OLD.expires_ms IS NOT NEW.expires_ms BEGIN
    UPDATE robot_history SET to_ms = max(from_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)) WHERE to_ms IS NULL AND id = OLD.id;
    INSERT INTO robot_history (id, namespace_id, expires_ms, from_ms) VALUES (NEW.id, NEW.namespace_id, NEW.expires_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER));
END;
CREATE TRIGGER robot_history_delete AFTER DELETE ON robot BEGIN
    UPDATE robot_history SET to_ms = max(from_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)) WHERE to_ms IS NULL AND id = OLD.id;
END;
INSERT INTO robot_history (id, namespace_id, expires_ms, from_ms) SELECT id, namespace_id, expires_ms, created_ms FROM robot;

CREATE TRIGGER team_history_insert AFTER INSERT ON team BEGIN
    INSERT INTO team_history (id, namespace_id, name, role, from_ms) VALUES (NEW.id, NEW.namespace_id, NEW.name, NEW.role, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER));
END;
CREATE TRIGGER team_history_update AFTER UPDATE OF name, role ON team WHEN OLD.name IS NOT NEW.name OR OLD.role IS NOT NEW.role BEGIN
    UPDATE team_history SET to_ms = max(from_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)) WHERE to_ms IS NULL AND id = OLD.id;
    INSERT INTO team_history (id, namespace_id, name, role, from_ms) VALUES (NEW.id, NEW.namespace_id, NEW.name, NEW.role, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER));
END;
CREATE TRIGGER team_history_delete AFTER DELETE ON team BEGIN
    UPDATE team_history SET to_ms = max(from_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)) WHERE to_ms IS NULL AND id = OLD.id;
END;
INSERT INTO team_history (id, namespace_id, name, role, from_ms) SELECT id, namespace_id, name, role, 0 FROM team;

CREATE TRIGGER team_member_history_insert AFTER INSERT ON team_member BEGIN
    INSERT INTO team_member_history (team_id, account_id, from_ms) VALUES (NEW.team_id, NEW.account_id, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER));
END;
CREATE TRIGGER team_member_history_delete AFTER DELETE ON team_member BEGIN
    UPDATE team_member_history SET to_ms = max(from_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)) WHERE to_ms IS NULL AND account_id = OLD.account_id AND team_id = OLD.team_id;
END;
INSERT INTO team_member_history (team_id, account_id, from_ms) SELECT team_id, account_id, 0 FROM team_member;

CREATE TRIGGER repository_history_insert AFTER INSERT ON repository BEGIN
    INSERT INTO repository_history (id, namespace_id, name, public, state, deleted_ms, from_ms) VALUES (NEW.id, NEW.namespace_id, NEW.name, NEW.public, NEW.state, NEW.deleted_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER));
END;
CREATE TRIGGER repository_history_update AFTER UPDATE OF name, public, state, deleted_ms ON repository WHEN OLD.name IS NOT NEW.name OR OLD.public IS NOT NEW.public OR OLD.state IS NOT NEW.state OR OLD.deleted_ms IS NOT NEW.deleted_ms BEGIN
    UPDATE repository_history SET to_ms = max(from_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)) WHERE to_ms IS NULL AND id = OLD.id;
    INSERT INTO repository_history (id, namespace_id, name, public, state, deleted_ms, from_ms) VALUES (NEW.id, NEW.namespace_id, NEW.name, NEW.public, NEW.state, NEW.deleted_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER));
END;
CREATE TRIGGER repository_history_delete AFTER DELETE ON repository BEGIN
    UPDATE repository_history SET to_ms = max(from_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)) WHERE to_ms IS NULL AND id = OLD.id;
END;
INSERT INTO repository_history (id, namespace_id, name, public, state, deleted_ms, from_ms, to_ms) SELECT id, namespace_id, name, public, state, NULL, created_ms, deleted_ms FROM repository;
INSERT INTO repository_history (id, namespace_id, name, public, state, deleted_ms, from_ms) SELECT id, namespace_id, name, public, state, deleted_ms, deleted_ms FROM repository WHERE deleted_ms IS NOT NULL;

CREATE TRIGGER account_grant_history_insert AFTER INSERT ON account_grant BEGIN
    INSERT INTO account_grant_history (namespace_id, repository_id, account_id, role, granted_by, granted_ms, from_ms) VALUES (NEW.namespace_id, NEW.repository_id, NEW.account_id, NEW.role, NEW.granted_by, NEW.granted_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER));
END;
CREATE TRIGGER account_grant_history_update AFTER UPDATE OF role, granted_by, granted_ms ON account_grant WHEN OLD.role IS NOT NEW.role OR OLD.granted_by IS NOT NEW.granted_by OR OLD.granted_ms IS NOT NEW.granted_ms BEGIN
    UPDATE account_grant_history SET to_ms = max(from_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)) WHERE to_ms IS NULL AND namespace_id = OLD.namespace_id AND repository_id = OLD.repository_id AND account_id = OLD.account_id;
    INSERT INTO account_grant_history (namespace_id, repository_id, account_id, role, granted_by, granted_ms, from_ms) VALUES (NEW.namespace_id, NEW.repository_id, NEW.account_id, NEW.role, NEW.granted_by, NEW.granted_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER));
END;
CREATE TRIGGER account_grant_history_delete AFTER DELETE ON account_grant BEGIN
    UPDATE account_grant_history SET to_ms = max(from_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)) WHERE to_ms IS NULL AND namespace_id = OLD.namespace_id AND repository_id = OLD.repository_id AND account_id = OLD.account_id;
END;
INSERT INTO account_grant_history (namespace_id, repository_id, account_id, role, granted_by, granted_ms, from_ms) SELECT namespace_id, repository_id, account_id, role, granted_by, granted_ms, granted_ms FROM account_grant;

CREATE TRIGGER team_grant_history_insert AFTER INSERT ON team_grant BEGIN
    INSERT INTO team_grant_history (namespace_id, repository_id, team_id, role, granted_by, granted_ms, from_ms) VALUES (NEW.namespace_id, NEW.repository_id, NEW.team_id, NEW.role, NEW.granted_by, NEW.granted_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER));
END;
CREATE TRIGGER team_grant_history_update AFTER UPDATE OF role, granted_by, granted_ms ON team_grant WHEN OLD.role IS NOT NEW.role OR OLD.granted_by IS NOT NEW.granted_by OR OLD.granted_ms IS NOT NEW.granted_ms BEGIN
    UPDATE team_grant_history SET to_ms = max(from_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)) WHERE to_ms IS NULL AND namespace_id = OLD.namespace_id AND repository_id = OLD.repository_id AND team_id = OLD.team_id;
    INSERT INTO team_grant_history (namespace_id, repository_id, team_id, role, granted_by, granted_ms, from_ms) VALUES (NEW.namespace_id, NEW.repository_id, NEW.team_id, NEW.role, NEW.granted_by, NEW.granted_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER));
END;
CREATE TRIGGER team_grant_history_delete AFTER DELETE ON team_grant BEGIN
    UPDATE team_grant_history SET to_ms = max(from_ms, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)) WHERE to_ms IS NULL AND namespace_id = OLD.namespace_id AND repository_id = OLD.repository_id AND team_id = OLD.team_id;
END;
INSERT INTO team_grant_history (namespace_id, repository_id, team_id, role, granted_by, granted_ms, from_ms) SELECT namespace_id, repository_id, team_id, role, granted_by, granted_ms, granted_ms FROM team_grant;
