using System.Reflection;

namespace Wharf.Server.Hosting;

/// <summary>What was built.</summary>
internal static class BuildInfo
{
    // The SDK writes version+commit when it builds inside a git work tree.
    private static readonly string[] s_parts =
        (typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+', 2);

    public static string Version => s_parts[0];

    public static string Commit => s_parts.Length > 1 ? s_parts[1] : "unknown";
}
