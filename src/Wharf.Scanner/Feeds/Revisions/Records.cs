namespace Wharf.Scanner.Feeds.Revisions;

/// <summary>How advisories, statements and enrichments look in a revision's file.</summary>
internal static class Records
{
    // Of the year 9999, in Unix time.
    private const ulong LastSecond = 253_402_300_799;

    public static void Write(RecordWriter to, Advisory advisory)
    {
        to.Text(advisory.Id);
        to.Texts(advisory.Aliases);
        to.Texts(advisory.Fixes);
        to.Byte((byte)advisory.Severity);
        to.Texts(advisory.Cvss);
        to.Text(advisory.Summary ?? "");
        to.Texts(advisory.Links);
        to.Number((ulong)Math.Max(0, advisory.Published?.ToUnixTimeSeconds() ?? 0));
    }

    public static Advisory ReadAdvisory(ReadOnlySpan<byte> bytes)
    {
        var from = new RecordReader(bytes);
        return new Advisory
        {
            Id = from.Text(),
            Aliases = from.Texts(),
            Fixes = from.Texts(),
            Severity = ReadSeverity(ref from),
            Cvss = from.Texts(),
            Summary = from.Text() is { Length: > 0 } summary ? summary : null,
            Links = from.Texts(),
            Published = from.Number() is > 0 and <= LastSecond and var at ? DateTimeOffset.FromUnixTimeSeconds((long)at) : null,
            Affected = [],
        };
    }

    public static void Write(RecordWriter to, Affected affected)
    {
        to.Byte((byte)affected.Status);
        var flags = (affected.Arch is null ? 0 : Has.Arch) | (affected.Module is null ? 0 : Has.Module) | (affected.Cpe is null ? 0 : Has.Cpe)
            | (affected.Severity is null ? 0 : Has.Severity) | (affected.Note is null ? 0 : Has.Note) | (affected.OfSource ? Has.Source : 0);
        to.Byte((byte)flags);
        Optional(to, affected.Arch);
        Optional(to, affected.Module);
        Optional(to, affected.Cpe);
        if (affected.Severity is { } severity)
            to.Byte((byte)severity);
        Optional(to, affected.Note);
        to.Number((ulong)affected.Ranges.Count);
        foreach (var range in affected.Ranges)
        {
            to.Byte((byte)((range.Introduced is null ? 0 : 1) | (range.Fixed is null ? 0 : 2) | (range.LastAffected is null ? 0 : 4)));
            Optional(to, range.Introduced);
            Optional(to, range.Fixed);
            Optional(to, range.LastAffected);
        }
        to.Texts(affected.Versions);
    }

    public static Affected ReadAffected(ref RecordReader from, string ecosystem, string name)
    {
        var status = from.Byte() is <= (byte)Status.NotAffected and var said ? (Status)said : throw new InvalidDataException("A statement of the feed's file has no known status.");
        var flags = (Has)from.Byte();
        return new Affected
        {
            Ecosystem = ecosystem,
            Name = name,
            Status = status,
            Arch = flags.HasFlag(Has.Arch) ? from.Text() : null,
            Module = flags.HasFlag(Has.Module) ? from.Text() : null,
            Cpe = flags.HasFlag(Has.Cpe) ? from.Text() : null,
            Severity = flags.HasFlag(Has.Severity) ? ReadSeverity(ref from) : null,
            Note = flags.HasFlag(Has.Note) ? from.Text() : null,
            OfSource = flags.HasFlag(Has.Source),
            Ranges = ReadRanges(ref from),
            Versions = from.Texts(),
        };
    }

    public static void Write(RecordWriter to, Enrichment enrichment)
    {
        to.Number((ulong)(enrichment.Exploited?.DayNumber ?? 0));
        to.Double(enrichment.Epss ?? -1);
        to.Double(enrichment.EpssPercentile ?? -1);
    }

    public static Enrichment ReadEnrichment(ref RecordReader from, string cve) => new(cve)
    {
        Exploited = from.Number() is > 0 and < 3_652_059 and var day ? DateOnly.FromDayNumber((int)day) : null,
        Epss = from.Double() is >= 0 and var epss ? epss : null,
        EpssPercentile = from.Double() is >= 0 and var percentile ? percentile : null,
    };

    private static Severity ReadSeverity(ref RecordReader from) =>
        from.Byte() is <= (byte)Severity.Critical and var severity ? (Severity)severity : throw new InvalidDataException("A record of the feed's file has no known severity.");

    private static VersionRange[] ReadRanges(ref RecordReader from)
    {
        var ranges = new VersionRange[from.Count()];
        for (var i = 0; i < ranges.Length; i++)
        {
            var has = from.Byte();
            ranges[i] = new VersionRange((has & 1) != 0 ? from.Text() : null, (has & 2) != 0 ? from.Text() : null, (has & 4) != 0 ? from.Text() : null);
        }
        return ranges;
    }

    private static void Optional(RecordWriter to, string? text)
    {
        if (text is not null)
            to.Text(text);
    }

    [Flags]
    private enum Has : byte
    {
        Arch = 1,
        Module = 2,
        Cpe = 4,
        Severity = 8,
        Note = 16,
        Source = 32,
    }
}
