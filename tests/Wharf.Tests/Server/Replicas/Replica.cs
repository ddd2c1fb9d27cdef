namespace Wharf.Tests.Server.Replicas;

/// <summary>One of several servers on one PostgreSQL database, one key ring and one store.</summary>
/// <param name="roles">What it does, as <c>--role</c> names it; nothing: everything but scan.</param>
public sealed class Replica(string database, string shared, IReadOnlyDictionary<string, string> store, params string[] roles) : Registry
{
    protected override IReadOnlyList<string> Arguments => [.. roles.SelectMany(static role => (string[])["--role", role])];

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["Database"] = database,
        ["Security:Enabled"] = roles.Length > 0 ? "true" : "false",
        ["Keys:File"] = Path.Join(shared, "keys.json"),
        ["Auth:PasswordRounds"] = "1000",
        // The audit trail's own round trips come between those that a test counts as seldom as can be.
        ["Audit:FlushMs"] = "1000",
    }.Concat(store.Count == 0 ? [KeyValuePair.Create("Storage:Directory", Path.Join(shared, "storage"))] : store.Select(static s => KeyValuePair.Create($"Storage:Locations:{StoreUnderTest.Name}:{s.Key}", s.Value))).ToDictionary();

    /// <summary>How many round trips to the database the server has made so far, as its metrics tell.</summary>
    public async Task<long> RoundTripsAsync()
    {
        var page = await Anonymous.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        var line = page.Split('\n').Single(static l => l.StartsWith("wharf_database_round_trips_total ", StringComparison.Ordinal));
        return long.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
