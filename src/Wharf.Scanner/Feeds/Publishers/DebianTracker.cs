using System.Text.Json;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// Debian's security tracker as one JSON object, 70 MB: source package, then CVE, then <c>releases</c> by code name
/// (https://security-tracker.debian.org/tracker/data/json; the words are explained in
/// https://security-team.debian.org/security_tracker.html). One advisory per source package and CVE.
/// </summary>
public static class DebianTracker
{
    /// <exception cref="InvalidDataException">It is not JSON.</exception>
    public static IEnumerable<Advisory> Read(Stream stream, string path, Action<string>? problem = null)
    {
        foreach (var piece in JsonPieces.Read(stream, path, depth: 2))
        {
            foreach (var advisory in Json.Convert(piece, p => Advisories(p, path, problem), problem))
                yield return advisory;
        }
    }

    private static IEnumerable<Advisory> Advisories(JsonPiece piece, string path, Action<string>? problem)
    {
        var affected = new List<Affected>();
        if (Words.IsWord(piece.Parent) && Words.IsWord(piece.Name))
        {
            foreach (var release in piece.Value.Member("releases")?.Members() ?? [])
            {
                if (Row(piece.Parent!, release) is { } row)
                    affected.Add(row);
                else
                    problem?.Invoke($"{path}: {piece.Parent} {piece.Name}: no status in {release.Name}");
            }
        }

        if (affected.Count > 0)
        {
            yield return new Advisory
            {
                Id = piece.Name!,
                Summary = Words.Summary(piece.Value.Text("description")),
                Links = [$"https://security-tracker.debian.org/tracker/{piece.Name}"],
                Affected = affected,
            };
        }
        else
        {
            problem?.Invoke($"{path}: {piece.Parent} {piece.Name}: says nothing of any release");
        }
    }

    private static Affected? Row(string package, JsonProperty release)
    {
        var said = release.Value;
        // Stars say that the urgency was derived from the NVD's score and is not Debian's own.
        var urgency = said.Text("urgency")?.TrimEnd('*') ?? "";
        var fixedVersion = said.Text("fixed_version");
        var reason = said.Text("nodsa_reason");
        Status? status = said.Text("status") switch
        {
            "resolved" when fixedVersion == "0" => Status.NotAffected,
            "resolved" when Words.IsWord(fixedVersion) => Status.Affected,
            "open" when urgency == "end-of-life" => Status.EndOfLife,
            "open" when reason == "ignored" => Status.WontFix,
            "open" => Status.Affected,
            "undetermined" => Status.UnderInvestigation,
            _ => null,
        };
        if (status is null || !Words.IsWord(release.Name))
            return null;

        return new Affected
        {
            Ecosystem = DebianRelease.Ecosystem(release.Name),
            Name = package,
            Status = status.Value,
            Ranges = status == Status.Affected && Words.IsWord(fixedVersion) ? [new VersionRange(null, fixedVersion)] : [],
            Severity = Severity(urgency),
            Note = Words.Summary(said.Text("nodsa") ?? reason),
        };
    }

    /// <summary>
    /// "unimportant" is Debian's word for what does no harm in the packages as built (in documentation, in code that is not compiled), so it is
    /// Negligible and the others are as they say. (Clair has each one step higher, so that "unimportant" is Low.) "not yet assigned" and "end-of-life" say nothing.
    /// </summary>
    private static Severity Severity(string urgency) => urgency switch
    {
        "unimportant" => Scanner.Severity.Negligible,
        "low" => Scanner.Severity.Low,
        "medium" => Scanner.Severity.Medium,
        "high" => Scanner.Severity.High,
        _ => Scanner.Severity.Unknown,
    };
}
