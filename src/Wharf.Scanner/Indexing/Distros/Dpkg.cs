using System.Text;

namespace Wharf.Scanner.Indexing.Distros;

/// <summary>
/// dpkg's database: stanzas of fields (https://www.debian.org/doc/debian-policy/ch-controlfields.html) in one file, or in one per package where there is no dpkg
/// (distroless), and beside it lists of the files of each package.
/// </summary>
internal static class Dpkg
{
    public static void ReadStatus(ReadOnlySpan<byte> content, FileReport report)
    {
        string? name = null, version = null, source = null, arch = null;
        var isInstalled = true;
        foreach (var range in content.Split((byte)'\n'))
        {
            var line = content[range].TrimEnd("\r"u8);
            if (line.IsEmpty)
            {
                End();
                continue;
            }
            if (line[0] is (byte)' ' or (byte)'\t') continue; // continues a field, none of ours
            if (Field(line, "Package:"u8) is { } package)
            {
                if (name is not null) End(); // the blank line before is missing
                name = package;
            }
            else if (Field(line, "Version:"u8) is { } v) version = v;
            else if (Field(line, "Source:"u8) is { } s) source = s;
            else if (Field(line, "Architecture:"u8) is { } a) arch = a;
            else if (Field(line, "Status:"u8) is { } status) isInstalled = IsInstalled(status);
        }
        End();

        void End()
        {
            if (name is not null && version is not null && isInstalled) report.Add(Package(name, version, source, arch));
            (name, version, source, arch, isInstalled) = (null, null, null, null, true);
        }
    }

    /// <summary><c>var/lib/dpkg/info/NAME[:ARCH].list</c>: a path on each line.</summary>
    public static void ReadFileList(ReadOnlySpan<byte> content, FileReport report)
    {
        var owner = Owner(report.Path, ".list");
        foreach (var range in content.Split((byte)'\n'))
            report.Own("", Encoding.UTF8.GetString(content[range].TrimEnd("\r"u8)), owner);
    }

    /// <summary><c>var/lib/dpkg/status.d/NAME.md5sums</c>: a sum, two blanks and a path on each line.</summary>
    public static void ReadSums(ReadOnlySpan<byte> content, FileReport report)
    {
        var owner = Owner(report.Path, ".md5sums");
        foreach (var range in content.Split((byte)'\n'))
        {
            var line = content[range].TrimEnd("\r"u8);
            var blank = line.IndexOf((byte)' ');
            if (blank > 0) report.Own("", Encoding.UTF8.GetString(line[blank..].TrimStart((byte)' ')), owner);
        }
    }

    private static string Owner(string path, string extension) => path[(path.LastIndexOf('/') + 1)..^extension.Length].Split(':')[0];

    // The third word is the state: https://manpages.debian.org/bookworm/dpkg/dpkg.1.en.html#Package_states
    private static bool IsInstalled(string status) =>
        !status.EndsWith(" config-files", StringComparison.Ordinal) && !status.EndsWith(" not-installed", StringComparison.Ordinal);

    /// <param name="source"><c>name</c>, or <c>name (version)</c> when the version is not the binary's.</param>
    private static Package Package(string name, string version, string? source, string? arch)
    {
        var (sourceName, sourceVersion) = (source, (string?)null);
        if (source?.IndexOf(" (", StringComparison.Ordinal) is > 0 and var at && source.EndsWith(')'))
            (sourceName, sourceVersion) = (source[..at], source[(at + 2)..^1]);
        return new Package
        {
            Type = PackageType.Deb,
            Name = name,
            Version = version,
            Source = sourceName == name ? null : sourceName,
            SourceVersion = sourceVersion == version ? null : sourceVersion,
            Arch = arch,
        };
    }

    private static string? Field(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name) =>
        line.StartsWith(name) ? Encoding.UTF8.GetString(line[name.Length..].Trim(" \t"u8)) : null;
}
