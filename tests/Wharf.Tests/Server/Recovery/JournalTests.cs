using Wharf.Server.Recovery;
using Wharf.Storage;

namespace Wharf.Tests.Server.Recovery;

public sealed class JournalTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    // What a recovery does without: secrets, what only lives for a while, and what is counted or made anew.
    private static readonly string[] s_unkept =
    [
        "app_token", "event", "event_position", "gc_day", "gc_review", "global_message", "immutability_version", "journal_state", "lease", "log_export", "mac_key", "mail", "mail_code", "mail_recipient",
        "oauth_application", "oauth_assignment", "oauth_code", "oauth_token", "prune_run", "recovery_request", "registry_size", "repository_email", "schema", "scrub_finding", "scrub_run", "service_key", "session",
        "signing_key", "star", "storage_garbage", "team_invite", "upload", "usage", "usage_blob", "usage_day", "usage_delta",
        "pull_count", "pull_exclusion", "repository_day",
        // What the scanner knows is made anew from images and feeds.
        "component", "component_name", "feed", "feed_problem", "finding", "finding_change", "finding_news", "layer_index", "manifest_component", "scan", "scan_position", "security_trend", "vulnerability_alias",
    ];

    [Fact]
    public async Task Every_table_and_column_is_journaled_or_left_out_on_purpose()
    {
        await using var database = await registry.OpenDatabaseAsync();
        await using var command = database.CreateCommand();
        command.CommandText = registry.Database is null
            ? "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
            : "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'";
        var columns = new List<(string Table, string Column)>();
        await using (var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken))
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
                columns.Add((reader.GetString(0), reader.GetString(1)));

        foreach (var table in columns.GroupBy(static c => c.Table, static c => c.Column))
            if (JournalTable.Find(table.Key) is { } kept)
                Assert.Equal(table.Order(StringComparer.Ordinal), kept.Columns.Select(static c => c.Name).Concat(kept.LeavesOut.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Order(StringComparer.Ordinal));
            else
                Assert.True(s_unkept.Contains(table.Key) || table.Key.EndsWith("_history", StringComparison.Ordinal) || table.Key.StartsWith("audit_", StringComparison.Ordinal) || table.Key.StartsWith("sqlite_", StringComparison.Ordinal),
                    $"Does a recovery need the table {table.Key}? Add it to JournalTable, or here.");
    }

    [Theory]
    [InlineData("meta/2026-11-24/000000000012.jsonl.zst", 12, false)]
    [InlineData("meta/2026-11-24/000000000013.snapshot.jsonl.zst", 13, true)]
    [InlineData("meta/2026-11-24/000000000013.jsonl", -1, false)]
    [InlineData("meta/other", -1, false)]
    public void Names_tell_number_and_kind(string name, long number, bool snapshot)
    {
        Assert.True(StoredName.IsValid(name));
        Assert.Equal(number < 0 ? null : new JournalName(name, number, snapshot), JournalName.Parse(name));
    }
}
