using System.Text.Json;

namespace Wharf.Scanner.Indexing.Languages;

/// <summary>
/// <c>APP.deps.json</c>, by which .NET finds an application's assemblies
/// (https://github.com/dotnet/sdk/blob/main/documentation/specs/runtime-configuration-file.md). The shared framework has one of itself, in which it is a package
/// too; a self-contained application names it as a runtime pack.
/// </summary>
internal static class DotnetDeps
{
    private const string RuntimePack = "runtimepack.";
    private static readonly string[] s_assets = ["runtime", "runtimeTargets", "native", "resources"];

    /// <exception cref="InvalidDataException">It is no JSON.</exception>
    public static void Read(ReadOnlyMemory<byte> content, FileReport report)
    {
        using var json = Json.Parse(content);
        var (named, deployed) = Targets(json.RootElement.Get("targets"));
        foreach (var (key, library) in json.RootElement.Get("libraries").Properties())
        {
            var slash = key.IndexOf('/');
            if (slash <= 0 || library.Text("type") is not ("package" or "runtimepack")) continue;
            // Packages that bring nothing (the framework has it in a newer version) are listed too, but are not there.
            if (deployed.Count > 0 && named.Contains(key) && !deployed.Contains(key)) continue;
            var name = key.StartsWith(RuntimePack, StringComparison.Ordinal) ? key[RuntimePack.Length..slash] : key[..slash];
            report.Add(new Package { Type = PackageType.NuGet, Name = name, Version = key[(slash + 1)..] });
        }
    }

    private static (HashSet<string> Named, HashSet<string> Deployed) Targets(JsonElement? targets)
    {
        HashSet<string> named = [], deployed = [];
        foreach (var (_, target) in targets.Properties())
        {
            foreach (var (key, library) in ((JsonElement?)target).Properties())
            {
                named.Add(key);
                if (s_assets.Any(asset => library.Get(asset).Properties().Any())) deployed.Add(key);
            }
        }
        return (named, deployed);
    }
}
