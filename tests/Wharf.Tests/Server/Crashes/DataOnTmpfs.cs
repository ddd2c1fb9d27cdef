namespace Wharf.Tests.Server.Crashes;

/// <summary>A registry whose data directory, and so its database, is on a file system of 16 MiB; its blobs are elsewhere.</summary>
public sealed class DataOnTmpfs : UserRegistry
{
    private readonly string _storage = Directory.CreateTempSubdirectory("wharf-storage-").FullName;
    private readonly Tmpfs _disk;

    public DataOnTmpfs() => _disk = new Tmpfs(DataDirectory, 16);

    protected override bool AlwaysOnSqlite => true;

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings) { ["Storage:Directory"] = _storage };

    internal Tmpfs Disk => _disk;

    public override async ValueTask DisposeAsync()
    {
        _disk.Free();
        _disk.Dispose();
        await base.DisposeAsync();
        Directory.Delete(_storage, recursive: true);
    }
}
