using System.Globalization;
using System.Text.RegularExpressions;
using Wharf.Storage;

namespace Wharf.Server.Recovery;

/// <summary>The name of a file of the journal, <c>meta/&lt;day&gt;/&lt;number&gt;[.snapshot].jsonl.zst</c>. The number alone gives the order.</summary>
internal readonly partial record struct JournalName(string Name, long Number, bool IsSnapshot)
{
    public static JournalName Of(long number, bool isSnapshot, long atMs) => new(string.Create(CultureInfo.InvariantCulture,
        $"{StoredName.Prefix}{DateTimeOffset.FromUnixTimeMilliseconds(atMs):yyyy-MM-dd}/{number:d12}{(isSnapshot ? ".snapshot" : "")}.jsonl.zst"), number, isSnapshot);

    /// <summary>Null for a file that is none of the journal.</summary>
    public static JournalName? Parse(string name) => Form().Match(name) is { Success: true } match
        ? new JournalName(name, long.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture), match.Groups["snapshot"].Success) : null;

    /// <summary>All files of the journal that a place has, in order.</summary>
    public static async Task<List<JournalName>> ListAsync(IBlobDriver driver, CancellationToken ct)
    {
        var names = new List<JournalName>();
        await foreach (var file in driver.ListFilesAsync(ct))
            if (Parse(file.Key) is { } name)
                names.Add(name);
        names.Sort(static (a, b) => a.Number.CompareTo(b.Number));
        return names;
    }

    [GeneratedRegex(@"^meta/\d{4}-\d{2}-\d{2}/(?<number>\d{12})(?<snapshot>\.snapshot)?\.jsonl\.zst$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Form();
}
