using System.Text.Json;

namespace Wharf.Scanner.Indexing.Languages;

/// <summary><c>vendor/composer/installed.json</c>: a list of packages, which Composer 2 puts in an object.</summary>
internal static class Composer
{
    /// <exception cref="InvalidDataException">It is no JSON.</exception>
    public static void Read(ReadOnlyMemory<byte> content, FileReport report)
    {
        using var json = Json.Parse(content);
        JsonElement? packages = json.RootElement.Get("packages") ?? json.RootElement;
        foreach (var package in packages.Items())
        {
            if (package.Text("name") is { Length: > 0 } name && package.Text("version") is { Length: > 0 } version)
                report.Add(new Package { Type = PackageType.Composer, Name = name, Version = version });
        }
    }
}
