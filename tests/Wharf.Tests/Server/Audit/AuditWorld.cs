using Microsoft.Extensions.Logging.Abstractions;
using Wharf.Oci;
using Wharf.Server.Audit;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Data.Postgres;
using Wharf.Server.Data.Sqlite;
using Wharf.Server.Holds;
using Wharf.Server.Hosting;
using Wharf.Server.Work;
using Wharf.Storage.Local;
using Wharf.Tests.Server.Crashes;
using Wharf.Tests.Server.Data;

namespace Wharf.Tests.Server.Audit;

/// <summary>An audit trail with its parts and no server around it, with a clock that the test moves; on either engine.</summary>
internal sealed class AuditWorld : IAsyncDisposable
{
    private readonly MacKeys _keys;
    private readonly DataDirectory _data;
    private readonly List<IDisposable> _parts = [];

    private AuditWorld(Database metadata, Database audit, DataDirectory data, AuditOptions options)
    {
        (Metadata, Trail, _data) = (metadata, audit, data);
        Database.Open(audit, owned: false);
        Store = new AuditStore(Database);
        _keys = new MacKeys(metadata, new KeyRing(new KeysOptions(), data, Clock));
        Seals = new AuditSeals(Store, _keys, data, Clock, NullLogger<AuditSeals>.Instance);
        File = new AuditFile(Store, new StoredFiles(metadata, ContentAtRest.In(new LocalDriver(data.File("storage"))), new LifetimeOptions()), data);
        Holds = new HoldStore(metadata, Clock);
        Rotator = new AuditRotator(Store, File, Seals, options, Holds, new Leases(metadata), Clock, NullLogger<AuditRotator>.Instance);
        Verifier = new AuditVerifier(Store, File, Seals);
        Writer = NewWriter(options);
        Events = new AuditEvents(metadata, Store, Writer, Database, Clock, NullLogger<AuditEvents>.Instance);
        Erasure = new AuditErasure(metadata, Store, Writer, Events, Holds, Clock);
        Logs = new LogStore(metadata, Database, Store);
        _parts.AddRange([_keys, Seals, Rotator, Events, data]);
    }

    public MovedClock Clock { get; } = new();
    public Database Metadata { get; }
    public Database Trail { get; }
    public AuditDatabase Database { get; } = new();
    public AuditStore Store { get; }
    public AuditWriter Writer { get; }
    public AuditEvents Events { get; }
    public AuditSeals Seals { get; }
    public AuditFile File { get; }
    public HoldStore Holds { get; }
    public AuditRotator Rotator { get; }
    public AuditVerifier Verifier { get; }
    public AuditErasure Erasure { get; }
    public LogStore Logs { get; }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<AuditWorld> OpenAsync(bool postgres, AuditOptions? options = null)
    {
        options ??= new AuditOptions();
        var directory = Directory.CreateTempSubdirectory("wharf-audit-data-").FullName;
        var data = new DataDirectory(directory);
        if (postgres)
        {
            var db = await PostgresDatabase.OpenAsync(await PostgresServer.CreateDatabaseAsync(), TimeProvider.System, Ct);
            return new AuditWorld(db, db, data, options);
        }
        return new AuditWorld(
            new SqliteDatabase(data.File("wharf.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance),
            new SqliteDatabase(data.File("audit.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance, Migration.Audit(), durable: false), data, options);
    }

    /// <summary>Another process's writer on the same trail.</summary>
    public AuditWriter NewWriter(AuditOptions? options = null)
    {
        var writer = new AuditWriter(Store, options ?? new AuditOptions(), Clock, NullLogger<AuditWriter>.Instance);
        _parts.Add(writer);
        return writer;
    }

    public AuditEntry Pull(long performer, string name, long ns = 7, long repository = 70, Digest? digest = null) =>
        new("pull_repo", AuditClass.Read, Clock.GetUtcNow().ToUnixTimeMilliseconds(), ns, repository, new AuditPerson(performer, name, "192.0.2.7", "podman/5")) { Digest = digest, Metadata = """{"repo":"app","tag":"latest"}""" };

    /// <summary>One batch of three pulls, by Ann, Bob and a robot.</summary>
    public async Task WriteBatchAsync(AuditWriter? writer = null)
    {
        foreach (var (id, name) in new[] { (1L, "ann"), (2L, "bob"), (3L, "acme+ci") })
            (writer ?? Writer).Add(Pull(id, name));
        await (writer ?? Writer).FlushAsync(Ct);
    }

    /// <summary>The directory of the blob storage.</summary>
    public string Storage => _data.File("storage");

    public Task SealAsync() => Seals.SealAsync(TimeSpan.Zero, Ct);

    public async Task<IReadOnlyList<string>> FindingsAsync() => (await Verifier.VerifyAsync(null, Ct)).Findings;

    public Task<int> RunAsync(string sql, params (string Name, object? Value)[] args) => Trail.WriteAsync(tx => tx.ExecuteAsync(sql, args), Ct);

    public async ValueTask DisposeAsync()
    {
        foreach (var part in _parts)
            part.Dispose();
        await Trail.DisposeAsync();
        if (!ReferenceEquals(Trail, Metadata))
            await Metadata.DisposeAsync();
        Directory.Delete(_data.Path, recursive: true);
    }

    internal sealed class MovedClock : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => _now;

        public void Advance(TimeSpan by) => _now += by;
    }
}
