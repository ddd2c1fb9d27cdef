using System.Data.Common;
using Wharf.Server.Data;

namespace Wharf.Tests.Server.Replicas;

/// <summary>The schema of the first release, and how a SQLite database gets back to it: what the migrations after it have made is taken away.</summary>
internal static class FirstSchema
{
    /// <summary>The migrations of a program of the first release.</summary>
    public static IReadOnlyList<Migration> Migrations { get; } = [.. Migration.All().Take(1)];

    public static int Newest { get; } = Migration.All()[^1].Version;

    public static Task RestoreAsync(DbConnection connection) => ExecuteAsync(connection, """
        ALTER TABLE account DROP COLUMN given_name;
        ALTER TABLE account DROP COLUMN family_name;
        ALTER TABLE account DROP COLUMN company;
        ALTER TABLE account DROP COLUMN location;
        ALTER TABLE manifest_link DROP COLUMN platform;
        DROP INDEX tag_name;
        DROP TABLE repository_day;
        DROP TABLE legal_hold;
        ALTER TABLE storage_garbage DROP COLUMN locked_until_ms;
        DROP TABLE pull_exclusion;
        DROP TABLE scan;
        DROP TABLE scan_position;
        DROP TABLE layer_index;
        DROP TABLE component;
        DROP TABLE component_name;
        DROP TABLE manifest_component;
        DROP TABLE finding;
        DROP TABLE finding_change;
        DROP TABLE finding_news;
        DROP TABLE vulnerability_alias;
        DROP TABLE feed;
        DROP TABLE feed_problem;
        DROP TABLE security_trend;
        DROP TABLE pull_count;
        DROP TABLE immutability_version;
        DROP TABLE immutability_policy;
        ALTER TABLE manifest_link DROP COLUMN immutable;
        CREATE INDEX repository_blob_digest ON repository_blob (digest);
        DROP INDEX repository_blob_holders;
        DROP INDEX tag_immutable;
        DROP TABLE prune_run;
        DROP TABLE prune_policy;
        DROP TABLE usage_day;
        DROP TABLE usage;
        DROP TABLE usage_delta;
        DROP TABLE usage_blob;
        DROP TABLE quota_limit;
        DROP TABLE quota;
        ALTER TABLE upload DROP COLUMN namespace_id;
        ALTER TABLE tag DROP COLUMN immutable;
        DROP INDEX tag_ended;
        DROP TABLE scrub_finding;
        DROP TABLE scrub_run;
        DROP TABLE journal_state;
        DROP INDEX tag_history;
        DROP INDEX tag_live_history;
        DROP INDEX tag_expiry;
        DROP INDEX tag_dead;
        DROP INDEX tag_collected;
        DROP INDEX manifest_link_digest;
        DROP INDEX manifest_link_referrers;
        DROP INDEX blob_condemned;
        DROP TABLE label;
        DROP TABLE digest_lease;
        DROP TABLE gc_day;
        DROP TABLE gc_review;
        ALTER TABLE tag DROP COLUMN started_by;
        ALTER TABLE tag DROP COLUMN reversion;
        ALTER TABLE manifest_link DROP COLUMN pinned_ms;
        ALTER TABLE manifest_link DROP COLUMN released_ms;
        ALTER TABLE manifest_link DROP COLUMN expires_after_ms;
        ALTER TABLE repository_blob DROP COLUMN released_ms;
        ALTER TABLE repository_blob DROP COLUMN deleted_ms;
        ALTER TABLE storage_garbage DROP COLUMN digest;
        ALTER TABLE storage_garbage DROP COLUMN size;
        ALTER TABLE storage_garbage DROP COLUMN attempts;
        DROP TRIGGER namespace_history_insert;
        DROP TRIGGER namespace_history_update;
        DROP TRIGGER namespace_history_delete;
        DROP TABLE namespace_history;
        DROP TRIGGER account_history_insert;
        DROP TRIGGER account_history_update;
        DROP TRIGGER account_history_delete;
        DROP TABLE account_history;
        DROP TRIGGER robot_history_insert;
        DROP TRIGGER robot_history_update;
        DROP TRIGGER robot_history_delete;
        DROP TABLE robot_history;
        DROP TRIGGER team_history_insert;
        DROP TRIGGER team_history_update;
        DROP TRIGGER team_history_delete;
        DROP TABLE team_history;
        DROP TRIGGER team_member_history_insert;
        DROP TRIGGER team_member_history_delete;
        DROP TABLE team_member_history;
        DROP TRIGGER repository_history_insert;
        DROP TRIGGER repository_history_update;
        DROP TRIGGER repository_history_delete;
        DROP TABLE repository_history;
        DROP TRIGGER account_grant_history_insert;
        DROP TRIGGER account_grant_history_update;
        DROP TRIGGER account_grant_history_delete;
        DROP TABLE account_grant_history;
        DROP TRIGGER team_grant_history_insert;
        DROP TRIGGER team_grant_history_update;
        DROP TRIGGER team_grant_history_delete;
        DROP TABLE team_grant_history;
        DROP TABLE registry_size;
        DROP TABLE global_message;
        DROP TABLE service_key;
        DROP TABLE repository_email;
        DROP INDEX team_invite_email;
        DROP TABLE mail_code;
        DROP TABLE recovery_request;
        DROP TABLE mail_recipient;
        DROP TABLE mail;
        ALTER TABLE account DROP COLUMN verified;
        DROP INDEX blob_placement_key;
        DROP INDEX upload_key;
        DROP INDEX repository_namespace;
        DROP INDEX repository_public;
        DROP INDEX repository_deleted;
        DROP INDEX namespace_deleted;
        DROP INDEX tag_started;
        DROP TABLE log_export;
        DROP TABLE stored_file;
        ALTER TABLE event DROP COLUMN origin;
        DROP TABLE oauth_assignment;
        DROP TABLE oauth_code;
        DROP TABLE oauth_token;
        DROP TABLE oauth_application;
        DROP TABLE app_token;
        DROP TABLE mac_key;
        DROP TABLE session;
        DROP TABLE star;
        DROP TABLE prototype;
        DROP TABLE team_grant;
        DROP TABLE account_grant;
        DROP TABLE robot;
        DROP TABLE team_invite;
        ALTER TABLE repository DROP COLUMN purge_ms;
        ALTER TABLE namespace DROP COLUMN purge_ms;
        ALTER TABLE namespace DROP COLUMN email;
        ALTER TABLE namespace DROP COLUMN deleted_by;
        ALTER TABLE namespace DROP COLUMN tag_expiration_s;
        ALTER TABLE namespace DROP COLUMN robot_secrets;
        ALTER TABLE account DROP COLUMN last_used_ms;
        ALTER TABLE repository DROP COLUMN state;
        ALTER TABLE repository DROP COLUMN deleted_by;
        ALTER TABLE team DROP COLUMN description;
        DROP INDEX team_member_team;
        ALTER TABLE team_member RENAME TO later_team_member;
        CREATE TABLE team_member (
            team_id    BIGINT NOT NULL REFERENCES team (id),
            account_id BIGINT NOT NULL REFERENCES account (id),
            PRIMARY KEY (account_id, team_id)
        );
        INSERT INTO team_member SELECT team_id, account_id FROM later_team_member;
        DROP TABLE later_team_member;
        DELETE FROM schema WHERE version > 1
        """);

    public static async Task<int> VersionAsync(DbConnection connection) =>
        Convert.ToInt32(await ScalarAsync(connection, "SELECT max(version) FROM schema"), System.Globalization.CultureInfo.InvariantCulture);

    public static async Task ExecuteAsync(DbConnection connection, string sql)
    {
        await using var command = Command(connection, sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public static async Task<object?> ScalarAsync(DbConnection connection, string sql)
    {
        await using var command = Command(connection, sql);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The first column of all rows.</summary>
    public static async Task<List<string>> TextsAsync(DbConnection connection, string sql)
    {
        await using var command = Command(connection, sql);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            rows.Add(reader.GetString(0));
        return rows;
    }

    private static DbCommand Command(DbConnection connection, string sql)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // The texts are the tests' own
        command.CommandText = sql;
#pragma warning restore CA2100
        return command;
    }
}
