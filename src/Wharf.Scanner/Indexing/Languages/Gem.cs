using System.Text;

namespace Wharf.Scanner.Indexing.Languages;

/// <summary>
/// A gemspec that RubyGems wrote when it installed a gem: Ruby, of which only the comment for it to load faster is read
/// (<c># stub: NAME VERSION PLATFORM PATHS</c>), or the assignments of older ones; else the name of the file tells.
/// </summary>
internal static class Gem
{
    public static void Read(ReadOnlySpan<byte> content, FileReport report)
    {
        string? name = null, version = null;
        foreach (var range in content.Split((byte)'\n'))
        {
            var line = content[range].Trim(" \t\r"u8);
            if (line.StartsWith("# stub: "u8) && Encoding.UTF8.GetString(line["# stub: ".Length..]).Split(' ') is [var stubName, var stubVersion, ..])
                (name, version) = (stubName, stubVersion);
            if (name is not null && version is not null) break;
            name ??= Assigned(line, ".name"u8);
            version ??= Assigned(line, ".version"u8);
        }
        if (name is null || version is null) (name, version) = FromFileName(report.Path);
        if (name is not null && version is not null) report.Add(new Package { Type = PackageType.Gem, Name = name, Version = version });
    }

    /// <summary><c>s.name = "rake".freeze</c>, <c>s.version = Gem::Version.new("1.0")</c>: the first string after the sign.</summary>
    private static string? Assigned(ReadOnlySpan<byte> line, ReadOnlySpan<byte> field)
    {
        var at = line.IndexOf(field);
        if (at is < 1 or > 20) return null;
        var rest = line[(at + field.Length)..].TrimStart((byte)' ');
        if (rest.IsEmpty || rest[0] != '=') return null;
        var start = rest.IndexOfAny((byte)'"', (byte)'\'');
        if (start < 0) return null;
        var length = rest[(start + 1)..].IndexOf(rest[start]);
        return length > 0 ? Encoding.UTF8.GetString(rest.Slice(start + 1, length)) : null;
    }

    /// <summary><c>nokogiri-1.13.3-x86_64-linux.gemspec</c></summary>
    private static (string? Name, string? Version) FromFileName(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..^".gemspec".Length];
        for (var at = name.IndexOf('-'); at > 0; at = name.IndexOf('-', at + 1))
        {
            if (at + 1 < name.Length && char.IsAsciiDigit(name[at + 1])) return (name[..at], name[(at + 1)..].Split('-')[0]);
        }
        return default;
    }
}
