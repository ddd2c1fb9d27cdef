using System.Buffers;
using System.Text;

namespace Wharf.Scanner.Indexing.Distros;

/// <summary>
/// What Red Hat's build system leaves in an image: the content sets (repositories) that its rpms came from, and the Dockerfile with a label of the product's CPE.
/// </summary>
internal static class RedHatBuild
{
    private static readonly SearchValues<byte> s_ends = SearchValues.Create("\"' \t\r\n\\"u8);

    /// <summary>A content manifest with its content sets, or <c>labels.json</c>, which newer builds leave instead of the Dockerfile.</summary>
    /// <exception cref="InvalidDataException">It is no JSON.</exception>
    public static void ReadManifest(ReadOnlyMemory<byte> content, FileReport report)
    {
        using var json = Json.Parse(content);
        foreach (var set in json.RootElement.Get("content_sets").Items())
        {
            if (set.Text() is { } name) report.AddRepository(name);
        }
        if (json.RootElement.Text("cpe") is { } cpe && cpe.StartsWith("cpe:", StringComparison.Ordinal)) report.AddRepository(cpe);
    }

    /// <summary><c>LABEL cpe="cpe:/a:redhat:rhel_eus:8.6::appstream"</c>, among other labels on a line or over several.</summary>
    public static void ReadDockerfile(ReadOnlySpan<byte> content, FileReport report)
    {
        while (content.IndexOf("cpe:/"u8) is >= 0 and var at)
        {
            content = content[at..];
            var end = content.IndexOfAny(s_ends);
            var cpe = end < 0 ? content : content[..end];
            if (cpe.Length <= 200) report.AddRepository(Encoding.UTF8.GetString(cpe));
            content = content[cpe.Length..];
        }
    }
}
