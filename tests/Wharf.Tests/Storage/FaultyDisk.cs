using Microsoft.Win32.SafeHandles;
using Wharf.Storage.Local;

namespace Wharf.Tests.Storage;

/// <summary>A disk that keeps only what it was told to sync, and that can be made to fail a sync.</summary>
internal sealed class FaultyDisk : LocalDisk
{
    private const int InputOutput = 5;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, byte[]> _bytes = []; // by file name without slashes, which a rename within the driver keeps
    private readonly Dictionary<string, HashSet<string>> _names = [];
    private volatile bool _off;

    /// <summary>The errno that the next sync of a file's bytes fails with.</summary>
    public int? FailNextFile { get; set; }

    /// <summary>The errno that the next sync of a directory fails with.</summary>
    public int? FailNextDirectory { get; set; }

    public override void SyncData(SafeFileHandle file, string path)
    {
        Fail(FailNextFile, path);
        lock (_gate)
        {
            // Before the sync: what comes during it need not be kept.
            var bytes = File.ReadAllBytes(path);
            base.SyncData(file, path);
            _bytes[Identity(path)] = bytes;
        }
    }

    public override void SyncFile(SafeFileHandle file, string path)
    {
        Fail(FailNextFile, path);
        lock (_gate)
        {
            // Before the sync: what comes during it need not be kept.
            var bytes = File.ReadAllBytes(path);
            base.SyncFile(file, path);
            _bytes[Identity(path)] = bytes;
        }
    }

    public override void SyncDirectory(string path)
    {
        Fail(FailNextDirectory, path);
        lock (_gate)
        {
            HashSet<string> names = [.. Directory.GetFileSystemEntries(path).Select(Path.GetFileName).OfType<string>()];
            base.SyncDirectory(path);
            _names[path] = names;
        }
    }

    /// <summary>From now on nothing more becomes durable, until <see cref="LosePower"/>.</summary>
    public void PowerOff() => _off = true;

    /// <summary>What a loss of power leaves at the worst: no name and no byte that was not synced.</summary>
    public void LosePower(string root)
    {
        _off = false;
        foreach (var directory in Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories).Prepend(root).ToArray())
        {
            var kept = _names.GetValueOrDefault(directory, []);
            foreach (var entry in Directory.Exists(directory) ? Directory.GetFileSystemEntries(directory) : [])
            {
                if (kept.Contains(Path.GetFileName(entry)))
                {
                    if (File.Exists(entry)) File.WriteAllBytes(entry, _bytes.GetValueOrDefault(Identity(entry), []));
                }
                else if (Directory.Exists(entry)) Directory.Delete(entry, recursive: true);
                else File.Delete(entry);
            }
        }
    }

    private static string Identity(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path); // an unfinished one ends in its process's number
        return name.Length == 38 ? Path.GetFileName(Path.GetDirectoryName(path)) + name : name;
    }

    private void Fail(int? errno, string path)
    {
        if (_off) throw new IOException($"{path}: the power is off", InputOutput);
        if (errno is not { } code) return;
        FailNextFile = FailNextDirectory = null;
        throw new IOException($"{path}: made to fail", code);
    }
}
