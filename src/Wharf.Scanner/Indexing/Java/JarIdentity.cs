using System.Buffers;

namespace Wharf.Scanner.Indexing.Java;

/// <summary>What a jar is when no pom.properties says so: from the name of the file, and from a manifest in which every build writes other things.</summary>
internal static class JarIdentity
{
    private static readonly SearchValues<char> s_noWord = SearchValues.Create(" \t/:${}");

    /// <summary>Null when nothing tells a version.</summary>
    public static Package? Of(string fileName, IReadOnlyDictionary<string, string> manifest)
    {
        if (Plugin(manifest) is { } plugin) return plugin;
        var (name, fileVersion) = Split(fileName);
        var stated = Value(manifest, "Implementation-Version") ?? Value(manifest, "Bundle-Version");
        // 4.1.50.Final-linux-x86_64 of a file is 4.1.50.Final with a classifier.
        var version = fileVersion is not null && stated is not null && fileVersion.StartsWith(stated + "-", StringComparison.Ordinal)
            ? stated
            : fileVersion ?? stated ?? Value(manifest, "Specification-Version");
        if (version is null) return null;
        var artifact = fileVersion is not null ? name : Word(manifest, "Implementation-Title") ?? name;
        return Maven(Group(artifact, manifest), artifact, version.Split(' ')[0]);
    }

    public static Package Maven(string group, string artifact, string version) => new() { Type = PackageType.Maven, Name = $"{group}:{artifact}", Version = version };

    /// <summary>The name of a file before its version, and the version, which begins with a digit after a hyphen: <c>log4j-1.2-api-2.17.1.jar</c>.</summary>
    /// <remarks>A classifier stays with the version: <c>-jre</c> of guava is one that must.</remarks>
    public static (string Name, string? Version) Split(string fileName)
    {
        var name = fileName[(fileName.LastIndexOf('/') + 1)..];
        var extension = name.LastIndexOf('.');
        if (extension > 0) name = name[..extension];
        for (var at = name.IndexOf('-'); at > 0; at = name.IndexOf('-', at + 1))
        {
            if (at + 1 == name.Length || !char.IsAsciiDigit(name[at + 1])) continue;
            // A number that is followed by a word and then by another number belongs to the name.
            var next = name.IndexOf('-', at + 1);
            if (next > 0 && next + 1 < name.Length && char.IsAsciiLetter(name[next + 1]) && HasLaterVersion(name, next)) continue;
            return (name[..at], name[(at + 1)..]);
        }
        return (name, null);
    }

    private static bool HasLaterVersion(string name, int from)
    {
        for (var at = name.IndexOf('-', from); at > 0; at = name.IndexOf('-', at + 1))
        {
            // Two numbers at least: the build of a snapshot, 20230101.120000-1, is none of its own.
            if (at + 2 < name.Length && char.IsAsciiDigit(name[at + 1]) && name.IndexOf('.', at) > 0) return true;
        }
        return false;
    }

    // https://www.jenkins.io/doc/developer/plugin-development/
    private static Package? Plugin(IReadOnlyDictionary<string, string> manifest) =>
        Value(manifest, "Plugin-Version") is { } version && (Word(manifest, "Short-Name") ?? Word(manifest, "Extension-Name")) is { } name
            ? Maven(Word(manifest, "Group-Id") ?? "org.jenkins-ci.plugins", name, version.Split(' ')[0])
            : null;

    private static string Group(string artifact, IReadOnlyDictionary<string, string> manifest)
    {
        if (MavenGroups.Of(artifact) is { } known) return known;
        if (artifact.StartsWith("commons-", StringComparison.Ordinal)) return artifact; // Apache's older ones; their manifests say org.apache
        if (Word(manifest, "Implementation-Vendor-Id") is { } vendor && vendor.Contains('.')) return vendor;
        var bundle = manifest.GetValueOrDefault("Bundle-SymbolicName", "").Split(';')[0];
        if (bundle.LastIndexOf('.') is > 0 and var dot && !bundle.Contains(' ')) return bundle[..dot];
        return artifact; // as Maven 1 had it: log4j:log4j
    }

    private static string? Value(IReadOnlyDictionary<string, string> manifest, string name) =>
        manifest.GetValueOrDefault(name) is { Length: > 0 } value && char.IsAsciiLetterOrDigit(value[0]) ? value : null;

    // Titles are written for people as often as not.
    private static string? Word(IReadOnlyDictionary<string, string> manifest, string name) =>
        Value(manifest, name) is { } value && !value.AsSpan().ContainsAny(s_noWord) ? value : null;
}
