using System.Text;

namespace Wharf.Scanner.Indexing.Languages;

/// <summary>
/// What pip, setuptools and others leave of an installed distribution: the fields of an email's head, up to the first blank line
/// (https://packaging.python.org/en/latest/specifications/core-metadata/).
/// </summary>
internal static class Python
{
    public static void Read(ReadOnlySpan<byte> content, FileReport report)
    {
        string? name = null, version = null;
        foreach (var range in content.Split((byte)'\n'))
        {
            var line = content[range].TrimEnd("\r"u8);
            if (line.IsEmpty || (name is not null && version is not null)) break;
            name ??= Field(line, "Name:"u8);
            version ??= Field(line, "Version:"u8);
        }
        if (name is not null && version is not null) report.Add(new Package { Type = PackageType.PyPI, Name = name, Version = version });
    }

    private static string? Field(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name) =>
        line.Length > name.Length && Ascii.EqualsIgnoreCase(line[..name.Length], name) ? Encoding.UTF8.GetString(line[name.Length..].Trim(" \t"u8)) : null;
}
