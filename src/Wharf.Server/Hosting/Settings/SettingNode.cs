namespace Wharf.Server.Hosting.Settings;

/// <summary>One value of the configuration as written, and where it stands: a scalar, a list or a mapping.</summary>
/// <param name="source">What to name in an error: <c>wharf.yaml:12</c> or <c>environment variable WHARF__Server__PublicUrl</c>.</param>
internal sealed class SettingNode(string source)
{
    public string Source { get; } = source;

    public bool FromEnvironment { get; init; }

    /// <summary>The text of a scalar; null for an empty value (<c>Key:</c>), which leaves the default.</summary>
    public string? Scalar { get; init; }

    public List<SettingNode>? Items { get; init; }

    /// <summary>The keys of a mapping, in any case.</summary>
    public Dictionary<string, SettingNode>? Keys { get; init; }

    public static SettingNode Mapping(string source, bool fromEnvironment = false) =>
        new(source) { Keys = new(StringComparer.OrdinalIgnoreCase), FromEnvironment = fromEnvironment };
}
