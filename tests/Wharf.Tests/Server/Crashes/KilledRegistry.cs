namespace Wharf.Tests.Server.Crashes;

/// <summary>A registry that is killed again and again; each start takes a free port.</summary>
/// <param name="database">A connection string, or null for SQLite.</param>
internal sealed class KilledRegistry(string? database) : UserRegistry
{
    protected override IReadOnlyList<string> Arguments => ["--listen", "http://127.0.0.1:0"];

    protected override IReadOnlyDictionary<string, string> Settings => database is null
        ? base.Settings
        : new Dictionary<string, string>(base.Settings) { ["Database"] = database };
}
