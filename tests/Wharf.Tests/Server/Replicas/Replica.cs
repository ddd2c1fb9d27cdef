namespace Wharf.Tests.Server.Replicas;

/// <summary>One of several servers on one PostgreSQL database, one key ring and one storage directory.</summary>
public sealed class Replica(string database, string shared) : Registry
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["Database"] = database,
        ["Storage:Directory"] = Path.Join(shared, "storage"),
        ["Keys:File"] = Path.Join(shared, "keys.json"),
        ["Auth:PasswordRounds"] = "1000",
        // The audit trail's own round trips come between those that a test counts as seldom as can be.
        ["Audit:FlushMs"] = "1000",
    };

    /// <summary>How many round trips to the database the server has made so far, as its metrics tell.</summary>
    public async Task<long> RoundTripsAsync()
    {
        var page = await Anonymous.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        var line = page.Split('\n').Single(static l => l.StartsWith("wharf_database_round_trips_total ", StringComparison.Ordinal));
        return long.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
