using Wharf.Tests.Server.Data;

namespace Wharf.Tests.Server.Replicas;

/// <summary>Two servers that share everything but their process.</summary>
public class Replicas : IAsyncLifetime
{
    private readonly string _shared = Directory.CreateTempSubdirectory("wharf-shared-").FullName;
    private Replica? _one;
    private Replica? _two;
    private Account? _user;

    public string Database { get; private set; } = "";

    public Replica One => _one!;

    public Replica Two => _two!;

    public Account User => _user!;

    public string NewRepository() => $"{User.Name}/repo{Guid.NewGuid():N}";

    public async ValueTask InitializeAsync()
    {
        Database = await PostgresServer.CreateDatabaseAsync();
        var store = await NewStoreAsync();
        _one = new Replica(Database, _shared, store);
        await _one.InitializeAsync();
        _two = new Replica(Database, _shared, store);
        await _two.InitializeAsync();
        _user = await One.CreateUserAsync();
    }

    /// <summary>What the settings say of the store; nothing for a directory.</summary>
    protected virtual Task<IReadOnlyDictionary<string, string>> NewStoreAsync() => StoreUnderTest.NewAsync();

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_one is not null)
            await _one.DisposeAsync();
        if (_two is not null)
            await _two.DisposeAsync();
        Directory.Delete(_shared, recursive: true);
    }
}
