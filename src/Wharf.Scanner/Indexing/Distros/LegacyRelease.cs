using System.Text;

namespace Wharf.Scanner.Indexing.Distros;

/// <summary>The files that named a distribution before os-release did.</summary>
internal static class LegacyRelease
{
    private static readonly (string Start, string Id)[] s_redHats =
    [
        ("Red Hat", "rhel"), ("CentOS", "centos"), ("AlmaLinux", "almalinux"), ("Rocky", "rocky"), ("Oracle", "ol"), ("Fedora", "fedora"), ("Amazon", "amzn"),
    ];

    public static void ReadLsb(ReadOnlySpan<byte> content, FileReport report)
    {
        var fields = OsRelease.Fields(content);
        if (fields.GetValueOrDefault("DISTRIB_ID") is { Length: > 0 } id)
            report.Distro = new Distro(id.ToLowerInvariant(), fields.GetValueOrDefault("DISTRIB_RELEASE", ""), fields.GetValueOrDefault("DISTRIB_DESCRIPTION"));
    }

    public static void ReadAlpine(ReadOnlySpan<byte> content, FileReport report)
    {
        if (FirstLine(content) is { Length: > 0 } version) report.Distro = new Distro("alpine", version, "Alpine Linux " + version);
    }

    /// <summary><c>12.5</c> in a release, whose number is 12; <c>trixie/sid</c> before it is one.</summary>
    public static void ReadDebian(ReadOnlySpan<byte> content, FileReport report)
    {
        if (FirstLine(content) is not { Length: > 0 } version) return;
        report.Distro = new Distro("debian", char.IsAsciiDigit(version[0]) ? version.Split('.')[0] : "", "Debian GNU/Linux " + version);
    }

    /// <summary><c>CentOS Linux release 7.9.2009 (Core)</c></summary>
    public static void ReadRedHat(ReadOnlySpan<byte> content, FileReport report)
    {
        const string Release = " release ";
        var line = FirstLine(content);
        var at = line.IndexOf(Release, StringComparison.Ordinal);
        var id = s_redHats.FirstOrDefault(known => line.StartsWith(known.Start, StringComparison.Ordinal)).Id;
        if (at < 0 || id is null) return;
        report.Distro = new Distro(id, line[(at + Release.Length)..].Split(' ')[0], line);
    }

    private static string FirstLine(ReadOnlySpan<byte> content)
    {
        var end = content.IndexOf((byte)'\n');
        var line = (end < 0 ? content : content[..end]).Trim(" \t\r"u8);
        return line.Length <= 200 ? Encoding.UTF8.GetString(line) : "";
    }
}
