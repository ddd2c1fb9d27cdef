using System.Globalization;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// CISA's catalogue of known exploited vulnerabilities (https://www.cisa.gov/known-exploited-vulnerabilities-catalog, its schema stands beside it).
/// </summary>
public static class KevCatalog
{
    /// <exception cref="InvalidDataException">It is not JSON.</exception>
    public static IEnumerable<Enrichment> Read(Stream stream, string path, Action<string>? problem = null)
    {
        foreach (var piece in JsonPieces.Read(stream, path, depth: 2))
        {
            if (piece.Parent != "vulnerabilities")
                continue;
            foreach (var exploited in Json.Convert(piece, Entry, problem))
                yield return exploited;
        }

        IEnumerable<Enrichment> Entry(JsonPiece piece)
        {
            if (piece.Value.Text("cveID") is { } cve && Cve.Is(cve)
                && DateOnly.TryParseExact(piece.Value.Text("dateAdded"), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var since))
            {
                yield return new Enrichment(cve) { Exploited = since };
            }
            else
            {
                problem?.Invoke($"{path}: an entry without a CVE or its date");
            }
        }
    }
}
