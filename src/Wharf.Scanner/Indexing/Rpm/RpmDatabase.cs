namespace Wharf.Scanner.Indexing.Rpm;

/// <summary>rpm's databases differ only in how they keep headers: <see cref="SqliteTable"/>, <see cref="NdbFile"/>, <see cref="BerkeleyHash"/>.</summary>
internal static class RpmDatabase
{
    /// <exception cref="InvalidDataException">It is no such database. What was read before is in the report.</exception>
    public static void ReadSqlite(ReadOnlyMemory<byte> file, FileReport report) => Read(SqliteTable.Blobs(file, "Packages", column: 1), report);

    /// <inheritdoc cref="ReadSqlite"/>
    public static void ReadNdb(ReadOnlyMemory<byte> file, FileReport report) => Read(NdbFile.Blobs(file), report);

    /// <inheritdoc cref="ReadSqlite"/>
    public static void ReadBerkeley(ReadOnlyMemory<byte> file, FileReport report) => Read(BerkeleyHash.Values(file), report);

    private static void Read(IEnumerable<ReadOnlyMemory<byte>> blobs, FileReport report)
    {
        foreach (var blob in blobs)
        {
            report.Budget.CheckTime();
            try
            {
                Read(new RpmHeader(blob.Span), report);
            }
            catch (InvalidDataException e)
            {
                report.Problem(e.Message); // of one package; the others may be whole
            }
        }
    }

    private static void Read(RpmHeader header, FileReport report)
    {
        if (header.Text(RpmTag.Name) is not { } name || header.Text(RpmTag.Version) is not { } version || header.Text(RpmTag.Release) is not { } release)
            throw new InvalidDataException("A header of the rpm database has no name or version.");
        if (name == "gpg-pubkey") return; // a key that was imported, which rpm keeps as a package
        var epoch = header.Number(RpmTag.Epoch);
        var (source, sourceVersion) = Source(header.Text(RpmTag.SourceRpm));
        report.Add(new Package
        {
            Type = PackageType.Rpm,
            Name = name,
            Version = epoch is null ? $"{version}-{release}" : $"{epoch}:{version}-{release}",
            Source = source == name ? null : source,
            SourceVersion = sourceVersion == $"{version}-{release}" ? null : sourceVersion,
            Arch = header.Text(RpmTag.Arch),
            Module = Module(header.Text(RpmTag.ModularityLabel)),
        });
        Own(header, name, report);
    }

    /// <summary><c>name-version-release.src.rpm</c></summary>
    private static (string? Name, string? Version) Source(string? file)
    {
        if (file is null) return default;
        foreach (var end in (ReadOnlySpan<string>)[".src.rpm", ".nosrc.rpm"])
        {
            if (!file.EndsWith(end, StringComparison.Ordinal)) continue;
            var whole = file[..^end.Length];
            var release = whole.LastIndexOf('-');
            var version = release > 0 ? whole.LastIndexOf('-', release - 1) : -1;
            return version > 0 ? (whole[..version], whole[(version + 1)..]) : default;
        }
        return default;
    }

    /// <summary><c>name:stream:version:context[:arch]</c></summary>
    private static string Module(string? label) => label?.Split(':') is [var name, var stream, ..] ? $"{name}:{stream}" : "";

    private static void Own(RpmHeader header, string owner, FileReport report)
    {
        var directories = header.Texts(RpmTag.DirNames);
        var names = header.Texts(RpmTag.BaseNames);
        var indexes = header.Numbers(RpmTag.DirIndexes);
        for (var i = 0; i < Math.Min(names.Length, indexes.Length); i++)
        {
            if ((uint)indexes[i] < directories.Length) report.Own(directories[indexes[i]], names[i], owner);
        }
    }
}
