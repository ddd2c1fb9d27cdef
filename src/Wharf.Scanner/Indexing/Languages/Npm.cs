namespace Wharf.Scanner.Indexing.Languages;

/// <summary><c>package.json</c> of an installed package: https://docs.npmjs.com/cli/configuring-npm/package-json</summary>
internal static class Npm
{
    /// <exception cref="InvalidDataException">It is no JSON.</exception>
    public static void Read(ReadOnlyMemory<byte> content, FileReport report)
    {
        using var json = Json.Parse(content);
        var package = json.RootElement;
        if (package.Text("name") is { Length: > 0 } name && package.Text("version") is { Length: > 0 } version)
            report.Add(new Package { Type = PackageType.Npm, Name = name, Version = version });
    }
}
