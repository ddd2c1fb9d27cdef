using System.Diagnostics;

namespace Wharf.Tests.Server.Crashes;

/// <summary>A small file system of its own, in memory; mounting needs root.</summary>
internal sealed class Tmpfs : IDisposable
{
    private readonly string _filler;

    public Tmpfs(string path, int mebibytes)
    {
        Path = path;
        _filler = System.IO.Path.Join(path, "filler");
        Directory.CreateDirectory(path);
        Assert.True(Run("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m,mode=700", "none", path), "mount needs root");
    }

    public string Path { get; }

    /// <summary>Takes all room that is left.</summary>
    public void Fill()
    {
        using var filler = File.OpenHandle(_filler, FileMode.Append, FileAccess.Write);
        var (piece, at) = (new byte[4096], RandomAccess.GetLength(filler));
        try
        {
            while (true)
            {
                RandomAccess.Write(filler, piece, at);
                at += piece.Length;
            }
        }
        catch (IOException)
        {
            // Full, which is what was wanted.
        }
    }

    /// <summary>Gives the room back.</summary>
    public void Free() => File.Delete(_filler);

    /// <summary>Answers false while a file is open for writing.</summary>
    public bool TryMakeReadOnly() => Run("mount", "-o", "remount,ro", Path);

    public void MakeWritable() => Assert.True(Run("mount", "-o", "remount,rw", Path));

    // Lazily: the server may still be there.
    public void Dispose() => Run("umount", "-l", Path);

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
