using Wharf.Scanner.Indexing;
using Wharf.Scanner.Targets;
using Wharf.Scanner.Tests.Indexing;

namespace Wharf.Scanner.Tests.Targets;

public sealed class RootDirectoryTests : IDisposable
{
    private static readonly byte[] s_go = ElfTests.Elf((".go.buildinfo", ElfTests.GoInfo("go1.21.3", "path\ta\nmod\ta\tv1.0.0\n")));

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("wharf-root-");

    [Fact]
    public void A_directory_is_read_as_an_image_is()
    {
        Write("etc/os-release", "ID=debian\nVERSION_ID=12\n"u8);
        Write("app/package.json", """{"name":"left-pad","version":"1.0.0"}"""u8);
        Write("usr/bin/small", s_go, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Write("usr/bin/great", [.. s_go, .. new byte[3 << 20]], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Write("usr/bin/great.jar", new byte[3 << 20]);
        Write("usr/lib/copied", s_go);
        File.CreateSymbolicLink(Path.Join(_root.FullName, "usr/bin/link"), "small");

        var inventory = RootDirectory.Read(_root.FullName, IndexLimits.Default with { File = 1 << 20 }, TestContext.Current.CancellationToken);

        Assert.Equal("debian 12", inventory.Distro?.ToString());
        Assert.Equal(["a usr/bin/great usr/bin/small usr/lib/copied", "left-pad app/package.json", "stdlib usr/bin/great usr/bin/small usr/lib/copied"],
            inventory.Components.Select(static c => $"{c.Package.Name} {string.Join(' ', c.Locations)}").Order(StringComparer.Ordinal));
        Assert.Equal(["usr/bin/great: is larger than 1048576 bytes: only the modules of Go were looked for", "usr/bin/great.jar: is larger than 1048576 bytes"], inventory.Problems);
    }

    public void Dispose() => _root.Delete(recursive: true);

    private void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        var file = new FileInfo(Path.Join(_root.FullName, path));
        file.Directory!.Create();
        File.WriteAllBytes(file.FullName, content);
        file.UnixFileMode = mode;
    }
}
