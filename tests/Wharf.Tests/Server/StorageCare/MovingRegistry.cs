using Wharf.Storage;
using Wharf.Storage.Local;
using Wharf.Storage.S3;
using Wharf.Tests.Parts;

namespace Wharf.Tests.Server.StorageCare;

/// <summary>A registry with a directory and a bucket for blobs. What is deleted goes soon, and the journal is written at once. Each start takes a free port.</summary>
public sealed class MovingRegistry : UserRegistry
{
    public const string Disk = "disk";
    public const string Bucket = "bucket";

    private string _bucket = "";

    /// <summary>Which of the two gets new blobs, from the next start on.</summary>
    public string Preferred { get; set; } = Disk;

    /// <summary>A folder of the bucket for Wharf's own objects; all of it when empty.</summary>
    public string Prefix { get; set; } = "";

    public string Directory => Path.Combine(DataDirectory, "blobs-of-the-disk");

    public string BucketName => _bucket;

    /// <summary>For commands that run beside the server, or without one.</summary>
    public (string Name, string Value)[] CommandEnvironment =>
    [
        .. Settings.Select(static s => ("WHARF__" + s.Key.Replace(":", "__", StringComparison.Ordinal), s.Value)),
        .. Database is { } database ? [("WHARF__Database", database)] : Array.Empty<(string, string)>(),
    ];

    protected override IReadOnlyList<string> Arguments => ["--listen", "http://127.0.0.1:0"];

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings)
    {
        [$"Storage:Locations:{Disk}:Path"] = Directory,
        [$"Storage:Locations:{Bucket}:Kind"] = "S3",
        [$"Storage:Locations:{Bucket}:Endpoint"] = CephGateway.Endpoint.ToString(),
        [$"Storage:Locations:{Bucket}:Bucket"] = _bucket,
        [$"Storage:Locations:{Bucket}:Prefix"] = Prefix,
        [$"Storage:Locations:{Bucket}:AccessKey"] = CephGateway.AccessKey,
        [$"Storage:Locations:{Bucket}:SecretKey"] = CephGateway.SecretKey,
        [$"Storage:Locations:{Bucket}:PartSize"] = "5MiB",
        [$"Storage:Locations:{Bucket}:Redirect"] = Redirect ? "true" : "false",
        ["Storage:Prefer:0"] = Preferred,
        ["Lifetimes:Grace"] = "00:00:10",
        ["Lifetimes:Condemned"] = "00:00:02",
        ["GarbageCollection:Every"] = "00:00:00.200",
        ["Recovery:JournalEvery"] = "00:00:00.200",
    };

    public bool Redirect { get; set; }

    /// <summary>Whether it is on SQLite whatever the run's engine is.</summary>
    public bool OnSqlite { get; init; }

    protected override bool AlwaysOnSqlite => OnSqlite;

    public override async ValueTask InitializeAsync()
    {
        _bucket = await CephGateway.CreateBucketAsync();
        await base.InitializeAsync();
    }

    /// <summary>Waits until all that happened so far is in the journal; on SQLite.</summary>
    public Task SettleAsync() => Poll.UntilAsync(async () =>
    {
        await using var database = await OpenDatabaseAsync();
        await using var command = database.CreateCommand();
        command.CommandText = "SELECT count(*) FROM journal_state WHERE snapshot_ms IS NOT NULL AND position = (SELECT max(id) FROM event) AND location = @location";
        var location = command.CreateParameter();
        (location.ParameterName, location.Value) = ("location", Preferred);
        command.Parameters.Add(location);
        return Convert.ToInt64(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken), System.Globalization.CultureInfo.InvariantCulture) > 0;
    }, TimeSpan.FromSeconds(60));

    /// <summary>How many rows there are, such as <c>blob WHERE size = 0</c>.</summary>
    public async Task<long> CountAsync(string rows)
    {
        await using var database = await OpenDatabaseAsync();
        await using var command = database.CreateCommand();
#pragma warning disable CA2100 // The tests' own
        command.CommandText = $"SELECT count(*) FROM {rows}";
#pragma warning restore CA2100
        return Convert.ToInt64(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The place behind a location, opened beside the server.</summary>
    public IBlobDriver Open(string location) => location == Disk ? new LocalDriver(Directory) : new S3Driver(new S3Options
    {
        Endpoint = CephGateway.Endpoint,
        Bucket = _bucket,
        Prefix = Prefix,
        AccessKey = CephGateway.AccessKey,
        SecretKey = CephGateway.SecretKey,
        PathStyle = true,
        PartBytes = 5 << 20,
    });
}
