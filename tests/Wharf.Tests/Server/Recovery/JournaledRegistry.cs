namespace Wharf.Tests.Server.Recovery;

/// <summary>A registry that writes its metadata journal at once.</summary>
public class JournaledRegistry : UserRegistry
{
    public string Storage => Path.Combine(DataDirectory, "storage");

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings) { ["Recovery:JournalEvery"] = "00:00:00.200" };

    /// <summary>Waits until all that happened so far is in the journal.</summary>
    public Task SettleAsync() => Poll.UntilAsync(async () =>
    {
        await using var database = await OpenDatabaseAsync();
        await using var command = database.CreateCommand();
        command.CommandText = Database is null
            ? "SELECT count(*) FROM journal_state WHERE snapshot_ms IS NOT NULL AND position = (SELECT max(id) FROM event)"
            : "SELECT count(*) FROM journal_state WHERE snapshot_ms IS NOT NULL AND position = (SELECT max(seq) FROM event) AND NOT EXISTS (SELECT 1 FROM event WHERE seq IS NULL)";
        return Convert.ToInt64(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken), System.Globalization.CultureInfo.InvariantCulture) == 1;
    });
}
