namespace Wharf.Tests.Server.Crashes;

/// <summary>A registry whose blobs are on a file system of 8 MiB, and whose database is not.</summary>
public sealed class StorageOnTmpfs : UserRegistry
{
    private readonly string _root = Directory.CreateTempSubdirectory("wharf-tmpfs-").FullName;
    private readonly Tmpfs _disk;

    public StorageOnTmpfs() => _disk = new Tmpfs(_root, 8);

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings) { ["Storage:Directory"] = _root };

    internal Tmpfs Disk => _disk;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _disk.Dispose();
        Directory.Delete(_root);
    }
}
