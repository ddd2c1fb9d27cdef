using System.Text;

namespace Wharf.Scanner.Indexing.Java;

/// <summary>The main section of <c>META-INF/MANIFEST.MF</c>; a line that begins with a blank continues the one before (the JAR file specification).</summary>
internal static class JarManifest
{
    private const int MaxAttributes = 200;

    public static Dictionary<string, string> Parse(ReadOnlySpan<byte> content)
    {
        var attributes = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var line = new StringBuilder();
        foreach (var range in content.Split((byte)'\n'))
        {
            var part = content[range].TrimEnd("\r"u8);
            if (part is [(byte)' ', ..])
            {
                line.Append(Encoding.UTF8.GetString(part[1..]));
                continue;
            }
            Add(line.ToString(), attributes);
            if (part.IsEmpty || attributes.Count > MaxAttributes) return attributes;
            line.Clear().Append(Encoding.UTF8.GetString(part));
        }
        Add(line.ToString(), attributes);
        return attributes;
    }

    private static void Add(string line, Dictionary<string, string> attributes)
    {
        var colon = line.IndexOf(':');
        if (colon > 0) attributes.TryAdd(line[..colon], line[(colon + 1)..].Trim());
    }
}
