using System.Text.RegularExpressions;

namespace Wharf.Scanner.Versions;

/// <summary>
/// The order in which a rebuild of CentOS is compared with Red Hat's original: 2.4.6-97.el7.centos.5 is built of 2.4.6-97.el7_9.5, and of a module's build only
/// what stands before the number that each build system counts for itself.
/// </summary>
internal sealed partial class CentosVersions : IComparer<string>
{
    public static readonly CentosVersions Instance = new();

    /// <summary>Whether a version is of a rebuild that does not have Red Hat's own.</summary>
    public static bool Is(string version) => version.Contains(".centos", StringComparison.Ordinal) || version.Contains(".module_", StringComparison.Ordinal);

    public int Compare(string? x, string? y) => RpmVersions.Instance.Compare(Common(x), Common(y));

    private static string? Common(string? version) => version is null ? null : Own().Replace(version, "");

    [GeneratedRegex(@"(?<=\.el[0-9]+)(_[0-9]+|\.centos)|\.module.*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Own();
}
