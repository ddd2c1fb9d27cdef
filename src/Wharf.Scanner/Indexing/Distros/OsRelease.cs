using System.Text;

namespace Wharf.Scanner.Indexing.Distros;

/// <summary>https://www.freedesktop.org/software/systemd/man/latest/os-release.html: assignments of a shell.</summary>
internal static class OsRelease
{
    public static void Read(ReadOnlySpan<byte> content, FileReport report)
    {
        var fields = Fields(content);
        // OpenShift's nodes have a number of their own, and RHEL's packages.
        if (fields.GetValueOrDefault("ID") is "rhcos" && fields.GetValueOrDefault("RHEL_VERSION") is { Length: > 0 } rhel)
            report.Distro = new Distro("rhel", rhel, fields.GetValueOrDefault("PRETTY_NAME"));
        else if (fields.GetValueOrDefault("ID") is { Length: > 0 } id)
            report.Distro = new Distro(id.ToLowerInvariant(), fields.GetValueOrDefault("VERSION_ID", ""), fields.GetValueOrDefault("PRETTY_NAME"));
    }

    /// <summary>Assignments by name; what is no assignment, or too long to be one of use, is left out.</summary>
    public static Dictionary<string, string> Fields(ReadOnlySpan<byte> content)
    {
        const int MaxLine = 1024;
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var range in content.Split((byte)'\n'))
        {
            var line = content[range].Trim(" \t\r"u8);
            var equals = line.IndexOf((byte)'=');
            if (equals > 0 && line.Length <= MaxLine && fields.Count < 100)
                fields[Encoding.UTF8.GetString(line[..equals])] = Unquote(Encoding.UTF8.GetString(line[(equals + 1)..]));
        }
        return fields;
    }

    private static string Unquote(string value)
    {
        if (value.Length >= 2 && value[0] == value[^1] && value[0] is '"' or '\'') value = value.Length >= 2 ? value[1..^1] : "";
        return value.Contains('\\') ? value.Replace("\\", "", StringComparison.Ordinal) : value;
    }
}
