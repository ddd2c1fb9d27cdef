using System.Text;

namespace Wharf.Scanner.Indexing.Java;

/// <summary>
/// A jar and its relatives. Each pom.properties in it is an artifact, of which several are in one that was shaded; when none is the jar's own,
/// <see cref="JarIdentity"/> tells what it is. Archives in it are read in turn.
/// </summary>
/// <remarks>There is no table of digests of jars to look those up by that say nothing of themselves.</remarks>
internal sealed class JavaArchive(FileReport report)
{
    private const int MaxText = 1 << 20;
    private static readonly byte[][] s_archives = [.. new[] { ".jar", ".war", ".ear", ".par", ".sar", ".jpi", ".hpi" }.Select(Encoding.ASCII.GetBytes)];

    private long _inflated; // over all levels
    private long _held; // on this way down

    /// <exception cref="InvalidDataException">It is no zip, or it is damaged. What was found before is in the report.</exception>
    public static void Read(ReadOnlyMemory<byte> content, FileReport report)
    {
        if (content.IsEmpty) return;
        new JavaArchive(report).Read(content, content.Length, report.Path, inner: "", depth: 1);
    }

    private void Read(ReadOnlyMemory<byte> content, long outerSize, string name, string inner, int depth)
    {
        var zip = new ZipFile(content);
        var poms = new List<Package>();
        IReadOnlyDictionary<string, string> manifest = new Dictionary<string, string>();
        var nested = new List<ZipEntry>();
        foreach (var entry in zip.Entries(report.Budget.Limits.Entries))
        {
            var path = entry.Name.Span;
            if (path.SequenceEqual("META-INF/MANIFEST.MF"u8))
                manifest = JarManifest.Parse(Text(zip, entry, outerSize).Span);
            else if (path.StartsWith("META-INF/maven/"u8) && path.EndsWith("/pom.properties"u8))
                AddPom(Text(zip, entry, outerSize).Span, poms);
            else if (IsArchive(path))
                nested.Add(entry);
        }
        var own = JarIdentity.Of(name, manifest);
        foreach (var pom in poms) report.Add(pom, inner);
        if (own is not null && (poms.Count == 0 || IsApart(own, poms, name))) report.Add(own, inner);
        foreach (var entry in nested) ReadNested(zip, entry, outerSize, inner, depth + 1);
    }

    private void ReadNested(ZipFile zip, ZipEntry entry, long outerSize, string outer, int depth)
    {
        var inner = outer.Length == 0 ? entry.Path : $"{outer}!/{entry.Path}";
        if (depth > report.Budget.Limits.ArchiveDepth || inner.Length > report.Budget.Limits.PathLength)
        {
            report.Problem($"archives are nested deeper than {report.Budget.Limits.ArchiveDepth}");
            return;
        }
        report.Budget.CheckTime();
        _held += entry.Size;
        try
        {
            Count(entry, outerSize);
            // Levels lie in memory over one another. A stored entry costs nothing, but is counted as well.
            if (_held > report.Budget.Limits.File / 2) throw new InvalidDataException($"is nested and unpacks to more than {report.Budget.Limits.File / 2} bytes");
            Read(zip.Read(entry), outerSize, entry.Path, inner, depth);
        }
        catch (InvalidDataException e)
        {
            report.Problem($"{inner}: {e.Message}"); // the others may be whole
        }
        finally
        {
            _held -= entry.Size;
        }
    }

    private ReadOnlyMemory<byte> Text(ZipFile zip, ZipEntry entry, long outerSize)
    {
        if (entry.Size > MaxText) return default;
        Count(entry, outerSize);
        return zip.Read(entry);
    }

    // Entries may share their bytes, so that a small archive holds a great one many times over.
    private void Count(ZipEntry entry, long outerSize)
    {
        var limits = report.Budget.Limits;
        _inflated += Math.Max(0, entry.Size);
        if (_inflated > limits.RatioAfter && _inflated / limits.ArchiveRatio > outerSize)
            throw new InvalidDataException($"unpacks to more than {limits.ArchiveRatio} times its size");
    }

    private static void AddPom(ReadOnlySpan<byte> content, List<Package> poms)
    {
        string? group = null, artifact = null, version = null;
        foreach (var range in content.Split((byte)'\n'))
        {
            var line = content[range].Trim(" \t\r"u8);
            var equals = line.IndexOf((byte)'=');
            if (equals <= 0) continue;
            var value = line[(equals + 1)..].Trim(" \t"u8);
            switch (Encoding.UTF8.GetString(line[..equals].Trim(" \t"u8)))
            {
                case "groupId": group = Encoding.UTF8.GetString(value); break;
                case "artifactId": artifact = Encoding.UTF8.GetString(value); break;
                case "version": version = Encoding.UTF8.GetString(value); break;
            }
        }
        if (group is { Length: > 0 } && artifact is { Length: > 0 } && version is { Length: > 0 } && !version.Contains('$')) poms.Add(JarIdentity.Maven(group, artifact, version));
    }

    // Beside the artifacts that were shaded into it, a jar is one of its own when its name tells so and is none of theirs.
    private static bool IsApart(Package own, List<Package> poms, string fileName)
    {
        var (name, version) = JarIdentity.Split(fileName);
        return (version is not null || MavenGroups.Of(Artifact(own)) is not null)
            && !poms.Exists(pom => Artifact(pom) == Artifact(own) || name.StartsWith(Artifact(pom), StringComparison.Ordinal));
    }

    private static string Artifact(Package package) => package.Name[(package.Name.IndexOf(':') + 1)..];

    private static bool IsArchive(ReadOnlySpan<byte> path)
    {
        foreach (var extension in s_archives)
        {
            if (path.EndsWith(extension)) return true;
        }
        return false;
    }
}
