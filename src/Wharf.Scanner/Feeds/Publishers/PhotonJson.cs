using System.Globalization;
using System.Text.Json;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// Photon OS's CVEs, one file for each release, <c>cve_data_photon5.0.json</c> (https://packages.broadcom.com/photon/photon_cve_metadata/): a list of
/// <c>{"cve_id":"CVE-2020-11979","pkg":"apache-ant","cve_score":7.5,"aff_ver":"all versions before 1.10.8-2.ph1 are vulnerable","res_ver":"1.10.8-2.ph1"}</c>.
/// Packages are named by their source; <c>res_ver</c> is NA where there is no fix, <c>status</c> may say "Not Affected".
/// </summary>
public static class PhotonJson
{
    /// <exception cref="InvalidDataException">It is not JSON, or the path does not say of which release it is.</exception>
    public static IEnumerable<Advisory> Read(Stream stream, string path, Action<string>? problem = null)
    {
        var release = Words.ReleaseIn(path) ?? throw new InvalidDataException($"{path}: names no release of Photon.");
        foreach (var piece in JsonPieces.Read(stream, path, depth: 1))
        {
            foreach (var advisory in Json.Convert(piece, p => Advisories(p.Value, Ecosystem.Photon(release), path, problem), problem))
                yield return advisory;
        }
    }

    private static IEnumerable<Advisory> Advisories(JsonElement entry, string ecosystem, string path, Action<string>? problem)
    {
        var (cve, package, version) = (entry.Text("cve_id"), entry.Text("pkg"), entry.Text("res_ver"));
        if (cve is null || !Cve.Is(cve) || !Words.IsWord(package))
        {
            problem?.Invoke($"{path}: an entry without a CVE or a package");
            yield break;
        }

        var notAffected = entry.Text("status") == "Not Affected";
        yield return new Advisory
        {
            Id = cve,
            Severity = Score(entry.Member("cve_score")) is { } score ? CvssScore.SeverityOf(score) : Severity.Unknown,
            Affected =
            [
                new Affected
                {
                    Ecosystem = ecosystem,
                    Name = package!,
                    OfSource = true,
                    Status = notAffected ? Status.NotAffected : Status.Affected,
                    Ranges = notAffected || version is "NA" || !Words.IsWord(version) ? [] : [new VersionRange(null, version)],
                },
            ],
        };
    }

    private static double? Score(JsonElement? score) => score switch
    {
        { ValueKind: JsonValueKind.Number } number when number.TryGetDouble(out var value) => value,
        { ValueKind: JsonValueKind.String } text when double.TryParse(text.Text(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) => value,
        _ => null,
    };
}
